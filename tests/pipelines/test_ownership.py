"""One writer per output folder: others wait or say who it is, and who lost the ownership writes nothing more."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from manyo.corpus.tables import ownership, publishing
from manyo.corpus.tables.ownership import OWNER_FILE, writing_for
from manyo.corpus.tables.publishing import publish, remove_partials
from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.shards import filesystem, read_columns
from manyo.pipelines.cli import main
from manyo.pipelines.engine import lease
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.lease import own
from manyo.pipelines.run import mark_out
from tests.conftest import ROOT, FinishedRun
from tests.pipelines.two_texts import run_over_two_texts


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for another owner."""
    monkeypatch.setattr(lease, "WAIT_S", 0.0)
    monkeypatch.setattr(lease, "_LOOK_AGAIN_S", 0.01)


def owner_file(out: Path) -> Path:
    return out / OWNER_FILE


def edit_owner(out: Path, **values: object) -> None:
    found = json.loads(owner_file(out).read_text(encoding="utf-8"))
    new = out / "manifests" / "new.json"
    new.write_text(json.dumps({**found, **values}), encoding="utf-8")
    os.replace(new, owner_file(out))


@pytest.mark.usefixtures("impatient")
def test_a_second_command_says_who_owns_the_output(tmp_path: Path) -> None:
    with (
        own(str(tmp_path), "run"),
        pytest.raises(
            WorkFailed, match=rf"manyo run \(process {os.getpid()} on .*\) owns this output; wait for its end"
        ),
        own(str(tmp_path), "takedown"),
    ):
        pass
    with own(str(tmp_path), "takedown"):
        pass


def test_a_second_command_waits_for_the_end_of_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    began = threading.Event()

    def first() -> None:
        with own(str(tmp_path), "run"):
            began.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    began.wait()
    with own(str(tmp_path), "takedown"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


@pytest.mark.usefixtures("impatient")
def test_the_output_of_a_killed_command_is_free_at_once_and_that_of_a_stopped_one_is_not(tmp_path: Path) -> None:
    program = f"import time\nfrom manyo.pipelines.engine.lease import own\nwith own({str(tmp_path)!r}, 'run'):\n"
    program += "    print('owned', flush=True)\n    time.sleep(600)\n"
    with subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        os.kill(holder.pid, signal.SIGSTOP)
        with pytest.raises(WorkFailed, match=f"process {holder.pid} on"), own(str(tmp_path), "run"):
            pass
        holder.kill()
        holder.wait()
        with own(str(tmp_path), "run"):
            pass


@pytest.mark.parametrize("content", [b"", b"{", b"\0" * 99, b"[]", b"\xff"])
def test_a_damaged_owner_file_names_nobody(tmp_path: Path, content: bytes) -> None:
    owner_file(tmp_path).parent.mkdir()
    owner_file(tmp_path).write_bytes(content)
    with own(str(tmp_path), "run"):
        pass


@pytest.mark.usefixtures("impatient")
def test_on_another_machine_an_owner_is_replaced_when_it_has_been_silent_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_BEAT_S", 0.05)
    with own(str(tmp_path), "run"):
        pass
    edit_owner(tmp_path, machine="another", released=False, alive_at=time.time() - lease.EXPIRES_S / 2)
    with pytest.raises(WorkFailed, match="owns this output"), own(str(tmp_path), "run"):
        pass
    edit_owner(tmp_path, alive_at=time.time() - 2 * lease.EXPIRES_S)
    with own(str(tmp_path), "run"):
        pass


@pytest.mark.usefixtures("impatient")
def test_an_owner_whose_clock_is_slow_but_who_is_not_silent_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_BEAT_S", 0.2)
    with own(str(tmp_path), "run"):
        pass
    ended, taken = threading.Event(), threading.Event()

    def beat() -> None:
        edit_owner(tmp_path, machine="another", released=False, alive_at=time.time() - 2 * lease.EXPIRES_S)

    def beat_until_the_end() -> None:
        while not ended.wait(0.02):
            beat()

    def take() -> None:
        with own(str(tmp_path), "run"):
            taken.set()

    beat()
    threads = [threading.Thread(target=work, daemon=True) for work in (beat_until_the_end, take)]
    for thread in threads:
        thread.start()
    assert not taken.wait(1.0)
    ended.set()
    assert taken.wait(30)
    for thread in threads:
        thread.join()


def test_who_lost_the_ownership_publishes_and_deletes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ownership, "_LOOK_AGAIN_S", 0.0)
    (tmp_path / "a").write_text("new")
    others = tmp_path / "x" / ".partial" / f"{'f' * 16}-0123"
    others.parent.mkdir(parents=True)
    others.write_text("half")
    with own(str(tmp_path), "run"):
        edit_owner(tmp_path, token="f" * 16, command="takedown")
        with pytest.raises(OwnershipLost, match="does not own the output any more, manyo takedown"):
            publish_text(tmp_path / "a", "old")
        with pytest.raises(OwnershipLost):
            remove_partials(str(tmp_path))
    assert (tmp_path / "a").read_text() == "new"
    assert others.exists()
    assert json.loads(owner_file(tmp_path).read_text(encoding="utf-8"))["token"] == "f" * 16


def publish_text(path: Path, text: str) -> None:
    with publish(str(path)) as unfinished:
        unfinished.write_text(text)


def test_partial_files_carry_their_owner_and_only_it_or_a_later_owner_deletes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def partials() -> set[str]:
        return {path.name for path in tmp_path.rglob(".partial/*")}

    with own(str(tmp_path), "run") as owner, publish(f"{tmp_path}/x/a") as own_file:
        assert own_file.name.startswith(f"{owner.token}-")
        own_file.write_text("half")
        with writing_for(None):
            remove_partials(str(tmp_path))
            with publish(f"{tmp_path}/x/b") as nobodys:
                nobodys.write_text("half")
                with writing_for(owner):
                    publishing.remove_partials(str(tmp_path / "x"), below=False)
                assert partials() == {nobodys.name}, "what nobody may still be writing stays"
        own_file.write_text("whole")
    assert partials() == set()
    killed = tmp_path / "x" / ".partial" / f"{'e' * 16}-0123"
    killed.parent.mkdir(exist_ok=True)
    killed.write_text("half")
    remove_partials(str(tmp_path))
    assert killed.exists()
    with own(str(tmp_path), "run"):
        remove_partials(str(tmp_path))
    assert not killed.exists()


def test_of_many_that_replace_the_same_version_one_succeeds(tmp_path: Path) -> None:
    path = f"{tmp_path}/a/b"
    fs, _ = filesystem(path)
    for number in range(20):
        _, version = fs.read_version(path)
        contents = [f"{number} {n}".encode() for n in range(8)]
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(partial(fs.swap, path, version), contents))
        assert won.count(True) == 1
        assert fs.read_version(path)[0] == contents[won.index(True)]


def files(out: Path) -> dict[str, bytes]:
    return {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def tree(out: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(out)): (path.stat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in sorted(out.rglob("*"))
    }


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["path", "release"],
        ["verify", "--sample", "1", "--deep"],
        ["trace", "f" * 32],
        ["inspect", "--duplicates"],
        ["whatif", "--rules", "hojichar"],
    ],
)
def test_readers_change_nothing_below_the_output(
    command: list[str], demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    others = demo_run.out / ".partial"
    others.mkdir(exist_ok=True)
    (others / f"{'d' * 16}-0").write_text("half")
    try:
        before = tree(demo_run.out)
        main([command[0], *command[1:], "--config", str(demo_run.config), "--out", str(demo_run.out)])
        assert tree(demo_run.out) == before
    finally:
        (others / f"{'d' * 16}-0").unlink()
        others.rmdir()


#: A run that stops itself in `release`, after it has read which documents are taken down and before it writes.
STOPPING = """
import os, signal, sys
from manyo.corpus.tables import ownership
from manyo.pipelines.graph import release_stages
ownership._LOOK_AGAIN_S = 0.0
write_shard = release_stages.write_shard
def stopping(uri, schema, batches):
    if "/release-" in uri:
        os.kill(os.getpid(), signal.SIGSTOP)
    return write_shard(uri, schema, batches)
release_stages.write_shard = stopping
from manyo.pipelines.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def stopped(tmp_path: Path) -> Iterator[tuple[FinishedRun, subprocess.Popen[bytes]]]:
    """A run that stands still in `release`, and its process."""
    run = run_over_two_texts(tmp_path)
    arguments = ["run", "--config", str(run.config), "--executor", "serial", "--until", "scrub"]
    with subprocess.Popen(
        [sys.executable, "-c", STOPPING, *arguments], cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        yield run, process
        process.kill()


def listed_document(run: FinishedRun, folder: Path) -> tuple[bytes, Path]:
    """A document of the run, and a takedown list that names it."""
    (shard,) = run.out.glob("extract-*/documents/text/*.parquet")
    doc_id = read_columns(str(shard), ["doc_id"]).column("doc_id")[0].as_py()
    path = folder / "list.txt"
    path.write_text(f"{doc_id.hex()}\n", encoding="utf-8")
    return doc_id, path


def released(run: FinishedRun) -> list[bytes]:
    (shard,) = run.out.glob("release-*/release/text/*.parquet")
    return read_columns(str(shard), ["doc_id"]).column("doc_id").to_pylist()


@pytest.mark.usefixtures("impatient")
def test_a_takedown_during_a_run_is_applied_by_the_run_before_it_ends(
    stopped: tuple[FinishedRun, subprocess.Popen[bytes]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, process = stopped
    doc_id, path = listed_document(run, tmp_path)
    assert main(["takedown", str(path), "--config", str(run.config), "--executor", "serial"]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"manyo run (process {process.pid} on" in said
    assert "the requests are recorded" in said
    os.kill(process.pid, signal.SIGCONT)
    _, status = os.waitpid(process.pid, os.WUNTRACED)  # it stops in the second release as well
    assert os.WIFSTOPPED(status)
    os.kill(process.pid, signal.SIGCONT)
    assert process.wait() == 0
    assert doc_id not in released(run)
    assert len(released(run)) == 1


@pytest.mark.usefixtures("impatient")
def test_a_run_that_wakes_up_after_a_takedown_took_its_place_does_not_undo_it(
    stopped: tuple[FinishedRun, subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run stands on another machine, so that nobody can see whether it lives."""
    monkeypatch.setattr(lease, "_BEAT_S", 0.01)
    run, process = stopped
    doc_id, path = listed_document(run, tmp_path)
    edit_owner(run.out, machine="another", alive_at=time.time() - 2 * lease.EXPIRES_S)
    assert main(["run", "--config", str(run.config), "--executor", "serial", "--until", "scrub"]) == 0
    assert main(["takedown", str(path), "--config", str(run.config), "--executor", "serial"]) == 0
    assert doc_id not in released(run)
    before = files(run.out)
    os.kill(process.pid, signal.SIGCONT)
    _, said = process.communicate()
    assert process.returncode == 1
    assert "does not own the output any more" in said.decode().strip().splitlines()[-1]
    assert files(run.out) == before


def test_an_output_that_another_command_is_about_to_mark_is_no_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / "new" / ".partial").mkdir(parents=True)
    mark_out(str(tmp_path / "new"))
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "a.txt").touch()
    with pytest.raises(UserError, match="is not empty and was not written by manyo"):
        mark_out(str(tmp_path / "foreign"))
    with ThreadPoolExecutor(16) as commands:
        list(commands.map(mark_out, [str(tmp_path / "at once")] * 16))
