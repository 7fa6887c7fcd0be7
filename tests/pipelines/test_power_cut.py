"""Whatever a loss of power leaves, the same command gives the same bytes: a manifest outlasts only what it lists.

The calls that reach the disk are recorded. Of a file, only the bytes outlast that were there when it was last synced;
of a folder, only the names that were in it when it was last synced.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from manyo.corpus.tables.ownership import OWNER_FILE
from manyo.pipelines.engine import lease
from manyo.pipelines.engine.lease import own
from tests.pipelines.test_engine import data_files, doubled_stage, run, words_stage

_replace = os.replace


class Disk:
    """What would outlast a loss of power below a folder, after each call that changes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._bytes: dict[int, bytes] = {}
        self._names: dict[str, dict[str, int]] = {}
        self.states: list[dict[str, bytes]] = []

    def synced(self, descriptor: int) -> None:
        """A file or a folder was synced."""
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        if path.is_dir():
            self._names[str(path)] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            self._bytes[path.stat().st_ino] = path.read_bytes()
        self.states.append(self._state(self.folder))

    def renamed(self, source: str, target: str) -> None:
        """A file was renamed: the disk may have the new name at once, whatever it has of the bytes."""
        _replace(source, target)
        folder = os.path.dirname(target)
        before = self._names.get(folder)
        self._names[folder] = {entry.name: entry.inode() for entry in os.scandir(folder)}
        self.states.append(self._state(self.folder))
        self._names[folder] = before or {}

    def _state(self, folder: Path) -> dict[str, bytes]:
        found = {}
        for name, inode in self._names.get(str(folder), {}).items():
            path = folder / name
            if str(path) in self._names or path.is_dir():
                found |= self._state(path)
            elif name != ".partial":
                # A file whose bytes never reached the disk has its name and nothing else.
                found[str(path.relative_to(self.folder))] = self._bytes.get(inode, b"")
        return found

    def restore(self, state: dict[str, bytes], folder: Path) -> None:
        """Write what outlasted one loss of power into another folder."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, content in state.items():
            if name == OWNER_FILE and content:
                # The machine has started again since.
                content = json.dumps({**json.loads(content), "machine": "before", "alive_at": 0}).encode()
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A folder whose syncs are recorded."""
    folder = tmp_path / "out"
    folder.mkdir()
    disk = Disk(folder)
    monkeypatch.setattr(os, "fsync", disk.synced)
    monkeypatch.setattr(os, "replace", disk.renamed)
    return disk


@contextmanager
def without_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        patch.setattr(os, "replace", _replace)
        patch.setattr(lease, "_BEAT_S", 0.001)
        patch.setattr(lease, "_LOOK_AGAIN_S", 0.001)
        yield


def make(out: Path) -> None:
    words = words_stage()
    with own(str(out), "run"):
        run(doubled_stage(words), out, [run(words, out).output])


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="the system does not tell the path of a descriptor")
def test_after_a_loss_of_power_at_any_time_the_same_command_gives_the_same_bytes(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(disk.folder)
    wanted = data_files(disk.folder)
    states = [state for state, after in zip(disk.states, [*disk.states[1:], None], strict=True) if state != after]
    assert len(states) > 12, "six files, six manifests, two descriptions"
    cut = tmp_path / "cut"
    with without_disk(monkeypatch):
        for state in states:
            disk.restore(state, cut)
            make(cut)
            assert data_files(cut) == wanted
    assert {name for name in states[-1] if "manifests" not in name} == set(wanted), "at the end all of it is there"


@pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="the system does not tell the path of a descriptor")
def test_a_manifest_that_outlasts_a_loss_of_power_lists_only_what_does(disk: Disk) -> None:
    make(disk.folder)
    finished = 0
    for state in disk.states:
        for name in state:
            folder, _, shard = name.partition("/manifests/")
            if shard.endswith(".json") and "/" in folder + shard:
                table = "words" if folder.startswith("words") else "doubled"
                output = f"{folder}/{table}/{shard.removesuffix('.json')}.txt"
                assert state[output] == (disk.folder / output).read_bytes()
                finished += 1
    assert finished > 6
