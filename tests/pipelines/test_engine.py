"""A stage skips what is finished, runs the rest, and never leaves half a shard."""

import contextlib
import errno
import json
import os
import re
import subprocess
import tracemalloc
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.tables.shards import publish
from manyo.pipelines.engine import sealed_json
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.executors import RAY_PAYS_ABOVE_BYTES, Auto, Serial
from manyo.pipelines.engine.manifest import Manifest, read_manifests
from manyo.pipelines.engine.run_stage import (
    PendingTasks,
    StageResult,
    StageShards,
    TaskFailure,
    describe_failure,
    run_stage,
)
from manyo.pipelines.engine.sealed_json import NotSealed, open_json, seal_json
from manyo.pipelines.engine.shapes import Unit, Units, Upstream, digest_of
from manyo.pipelines.engine.stage import AnyStage, AnyTask, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable

WORDS = StageTable("words", "words/{shard}.txt")
DOUBLED = StageTable("doubled", "doubled/{shard}.txt")


@dataclass(frozen=True, slots=True)
class Words:
    """Settings of the test's stages."""

    words: tuple[str, ...] = ("春", "夏", "秋")


def write_word(task: Task[Words]) -> dict[str, int]:
    with publish(task.output(WORDS)) as path:
        path.write_text(task.shard.split("/")[1] * 3, encoding="utf-8")
    return {"documents": 1}


def double(task: Task[Words]) -> dict[str, int]:
    text = Path(task.input(WORDS)).read_text(encoding="utf-8")
    with publish(task.output(DOUBLED)) as path:
        path.write_text(text * 2, encoding="utf-8")
    return {"documents": 1}


def fail_on_summer(task: Task[Words]) -> dict[str, int]:
    with publish(task.output(WORDS)) as path:
        path.write_text("half", encoding="utf-8")
        if "夏" in task.shard:
            raise ValueError("summer cannot be parsed")
    return {"documents": 1}


def fill_the_disk(task: Task[Words]) -> dict[str, int]:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), task.output(WORDS))


def words_stage(
    words: Iterable[str] = ("春", "夏", "秋"), work=write_word, planned: Iterable[str] = ()
) -> Stage[Words]:
    words = tuple(words)

    def shape(_: Upstream) -> list[Unit]:
        return [Unit(f"test/{word}", {}, digest_of([word]), len(word)) for word in sorted(planned or words)]

    return Stage("words", 1, Words(words), (), (WORDS,), work, shape)


def doubled_stage(words: AnyStage) -> AnyStage:
    return Stage("doubled", 1, Words(), (words,), (DOUBLED,), double)


def run(stage: AnyStage, out: Path, upstream: Upstream = ()) -> StageResult:
    return run_stage(stage, upstream, str(out), Serial(), lambda *_: None, lambda *_: None)


def data_files(out: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "manifests" not in path.parts
    }


def test_a_second_run_makes_nothing(tmp_path: Path) -> None:
    assert run(words_stage(), tmp_path).tasks_run == 3
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    assert run(words_stage(), tmp_path).tasks_run == 0
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("lost", ["words/test/夏.txt", "manifests/test/夏.json"])
def test_losing_a_file_costs_its_task_and_gives_the_same_bytes(tmp_path: Path, lost: str) -> None:
    result = run(words_stage(), tmp_path)
    before = data_files(tmp_path)
    os.remove(os.path.join(result.output.folder, lost))
    assert run(words_stage(), tmp_path).tasks_run == 1
    assert data_files(tmp_path) == before


def test_a_truncated_output_is_made_again(tmp_path: Path) -> None:
    result = run(words_stage(), tmp_path)
    victim = Path(result.output.uri(WORDS, "test/秋"))
    victim.write_bytes(victim.read_bytes()[:4])
    assert run(words_stage(), tmp_path).tasks_run == 1
    assert victim.read_text(encoding="utf-8") == "秋秋秋"


def test_a_stage_runs_again_only_for_shards_whose_input_changed(tmp_path: Path) -> None:
    words = words_stage()
    first = run(words, tmp_path)
    assert run(doubled_stage(words), tmp_path, [first.output]).tasks_run == 3
    Path(first.output.uri(WORDS, "test/春")).unlink()
    second = run(words, tmp_path)
    assert run(doubled_stage(words), tmp_path, [second.output]).tasks_run == 0, "the same bytes came back"


def test_other_settings_write_to_another_folder(tmp_path: Path) -> None:
    one, other = run(words_stage(["春"]), tmp_path), run(words_stage(["秋"]), tmp_path)
    assert one.output.folder != other.output.folder
    assert Path(one.output.uri(WORDS, "test/春")).exists()


def test_a_version_bump_and_an_upstream_change_change_the_fingerprint() -> None:
    words = words_stage()
    bumped = replace(words, version=2)
    assert words.fingerprint != bumped.fingerprint
    assert doubled_stage(words).fingerprint != doubled_stage(bumped).fingerprint


def test_a_folder_with_another_description_is_refused(tmp_path: Path) -> None:
    folder = Path(run(words_stage(), tmp_path).output.folder)
    (folder / "stage.json").write_text(seal_json({}), encoding="utf-8")
    with pytest.raises(UserError, match="settings other than"):
        run(words_stage(), tmp_path)


UNUSABLE = {
    "empty": b"",
    "of zeros": b"\0" * 300,
    "cut": None,
    "not UTF-8": b'{"format": 2, "shard": "\xff"}',
    "another value": b"[]",
    "older": json.dumps({"shard": "x", "outputs": []}).encode(),
    "newer": seal_json({}).replace('"format": 2', '"format": 3').encode(),
}


def unusable(kind: str, whole: bytes) -> bytes:
    content = UNUSABLE[kind]
    return whole[: len(whole) // 2] if content is None else content


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_manifest_that_cannot_be_used_is_named_and_its_shard_made_again(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(words_stage(), tmp_path)
    before = data_files(tmp_path)
    manifest = Path(result.output.folder) / "manifests" / "test" / "秋.json"
    manifest.write_bytes(unusable(kind, manifest.read_bytes()))
    assert run(words_stage(), tmp_path).tasks_run == 1
    assert data_files(tmp_path) == before
    (said,) = caplog.messages
    assert re.fullmatch(rf"{manifest}: it .*; its shard counts as not finished", said)


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_description_that_cannot_be_used_is_written_again_or_is_of_a_newer_version(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    result = run(words_stage(), tmp_path)
    description = Path(result.output.folder) / "stage.json"
    whole = description.read_bytes()
    description.write_bytes(unusable(kind, whole))
    assert run(words_stage(), tmp_path).tasks_run == 0
    assert description.read_bytes() == whole
    (said,) = caplog.messages
    assert re.fullmatch(rf"{description}: it .*; it is written again", said)


def test_a_folder_of_a_newer_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_json, "FORMAT", 3)
    run(words_stage(), tmp_path)
    monkeypatch.undo()
    with pytest.raises(UserError, match=r"stage\.json: it is of format 3, this version reads format 2; use"):
        run(words_stage(), tmp_path)


@given(st.dictionaries(st.sampled_from("abc"), st.text() | st.integers()), st.data())
def test_a_flipped_bit_of_a_sealed_json_is_noticed(values: dict[str, object], data: st.DataObject) -> None:
    whole = seal_json(values).encode()
    assert open_json(whole) == values == {k: v for k, v in json.loads(whole).items() if k in "abc"}
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytearray(whole)
    flipped[at] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(NotSealed):
        assert open_json(bytes(flipped)) == values, "only the space at the end may differ"


def test_shards_of_an_input_that_is_gone_are_refused_by_name(tmp_path: Path) -> None:
    run(words_stage(), tmp_path)
    with pytest.raises(UserError, match=r"test/夏\.\w+: made from an input"):
        run(words_stage(planned=["春", "秋"]), tmp_path)


def test_a_task_that_fails_twice_leaves_nothing_and_the_others_finished(tmp_path: Path) -> None:
    stage = words_stage(work=fail_on_summer)
    with pytest.raises(WorkFailed, match="shard test/夏: ValueError: summer cannot be parsed"):
        run(stage, tmp_path)
    assert sorted(read_manifests(stage.folder(str(tmp_path)))) == ["test/春", "test/秋"]
    assert not list(tmp_path.rglob("*夏*"))
    assert not list(tmp_path.rglob(".partial"))


@pytest.mark.parametrize("error", [UserError, WorkFailed])
def test_an_error_that_would_come_again_is_not_tried_twice(error: type[Exception], tmp_path: Path) -> None:
    tries: list[str] = []

    def fail(task: Task[Words]) -> dict[str, int]:
        tries.append(task.shard)
        raise error(f"{task.shard}: mend it")

    with pytest.raises(error, match="test/夏: mend it"):
        run(words_stage(work=fail, planned=["夏"]), tmp_path)
    assert tries == ["test/夏"]


def test_a_full_disk_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(WorkFailed, match=r"disk full while writing .*free space and run the same command again"):
        run(words_stage(work=fill_the_disk), tmp_path)


def test_what_a_killed_worker_left_is_removed(tmp_path: Path) -> None:
    stage = words_stage()
    partial = Path(stage.folder(str(tmp_path))) / "words" / "test" / ".partial" / "春.txt-0123"
    partial.parent.mkdir(parents=True)
    partial.write_text("half", encoding="utf-8")
    run(stage, tmp_path)
    assert not list(tmp_path.rglob(".partial"))


def test_a_failure_is_reported_once_per_task(tmp_path: Path) -> None:
    ended: list[Manifest | TaskFailure] = []
    with pytest.raises(WorkFailed):
        run_stage(
            words_stage(work=fail_on_summer), (), str(tmp_path), Serial(), lambda *_: None, lambda _, e: ended.append(e)
        )
    assert [isinstance(one, TaskFailure) for one in ended] == [True, False, False], "夏 comes first in shard order"


def numbered_stage(names: Iterable[str]) -> AnyStage:
    names = list(names)
    units = Units(lambda: (Unit(name, {}, digest_of([name]), 1) for name in names))
    return Stage("words", 1, Words(), (), (WORDS,), write_word, lambda _: units)


@pytest.mark.parametrize("names", [["b", "a"], ["a", "a"]])
def test_a_shape_whose_names_do_not_rise_is_refused(names: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="names must rise"):
        StageShards(numbered_stage(names), (), str(tmp_path))


def test_the_driver_keeps_under_100_bytes_of_each_task_finished_or_not(tmp_path: Path) -> None:
    """So that a driver of 100,000 tasks needs 10 MB for them."""
    n_tasks = 20_000
    stage = numbered_stage(f"source/{number:06d}" for number in range(n_tasks))
    tracemalloc.start()
    try:
        shards = StageShards(stage, (), str(tmp_path))
        n_pending = 0
        for task in shards.pending():
            shards.finish(Manifest(task.shard, task.inputs_digest, (), {"documents": 1}, 1, 1.0, 1.0, 1, 1.0))
            n_pending += 1
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (n_pending, shards.n_pending) == (n_tasks, 0)
    assert peak_bytes / n_tasks < 100, "in addition to the name: digests, sizes, counts"


def fail_on_spring_and_summer(task: Task[Words]) -> dict[str, int]:
    if task.shard[-1] in "春夏":
        raise ValueError(f"{task.shard} cannot be parsed")
    return write_word(task)


def test_the_first_of_several_failures_is_reported_with_the_number_of_the_others(tmp_path: Path) -> None:
    # 夏 comes before 春 in shard order.
    with pytest.raises(WorkFailed, match=r"shard test/夏 \(and 1 more\): ValueError: test/夏 cannot be parsed"):
        run(words_stage(work=fail_on_spring_and_summer), tmp_path)


def test_only_the_shard_whose_input_has_other_bytes_is_made_again(tmp_path: Path) -> None:
    words = words_stage()
    first = run(words, tmp_path)
    run(doubled_stage(words), tmp_path, [first.output])
    changed = [replace(shard, digest=digest_of([shard.name])) for shard in first.output.shards]
    upstream = replace(first.output, shards=[changed[0], *first.output.shards[1:]])
    assert run(doubled_stage(words), tmp_path, [upstream]).tasks_run == 1


def count_as_another_process(task: Task[Words]) -> dict[str, int]:
    return {**write_word(task), "peak_memory_bytes": 123, "cpu_milliseconds": 4_000_000}


def test_a_manifest_has_the_costs_that_the_work_counted_for_another_process(tmp_path: Path) -> None:
    result = run(words_stage(["春"], work=count_as_another_process), tmp_path)
    (manifest,) = read_manifests(result.output.folder).values()
    assert manifest.counts == {"documents": 1}
    assert manifest.peak_memory_bytes == 123
    assert 4000 <= manifest.cpu_seconds < 4100


def take_memory_on_summer(task: Task[Words]) -> dict[str, int]:
    if "夏" in task.shard:
        len(bytearray(400 << 20))
    return write_word(task)


@pytest.mark.skipif(not os.path.exists("/proc/self/clear_refs"), reason="the system keeps one peak per process")
def test_a_small_task_does_not_report_the_memory_of_a_large_one_before_it(tmp_path: Path) -> None:
    result = run(words_stage(work=take_memory_on_summer), tmp_path)
    peaks = {shard: manifest.peak_memory_bytes for shard, manifest in read_manifests(result.output.folder).items()}
    assert min(peaks, key=lambda shard: -peaks[shard]) == "test/夏"
    assert peaks["test/夏"] - peaks["test/春"] > 200 << 20


def test_pending_tasks_have_the_size_of_what_they_read_and_count_those_that_were_taken(tmp_path: Path) -> None:
    shards = StageShards(words_stage(["ab", "c"]), (), str(tmp_path))
    assert (len(shards.pending()), shards.pending().size_bytes) == (2, 3)
    pending = shards.pending()
    task = next(iter(pending))
    assert pending.n_started == 1
    shards.finish(Manifest(task.shard, task.inputs_digest, (), {}, 1, 1.0, 1.0, 1, 1.0))
    assert (len(shards.pending()), shards.pending().size_bytes) == (1, 1)


def test_manifests_are_read_in_batches_without_losing_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manyo.pipelines.engine.manifest._READ_AT_ONCE", 2)
    result = run(words_stage(), tmp_path)
    assert sorted(read_manifests(result.output.folder)) == sorted(f"test/{word}" for word in "春夏秋")


class Recorded(Serial):
    """An executor that records the stages that it ran."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        self.stages.append(stage.name)
        return super().run(stage, tasks)


@pytest.mark.parametrize(
    ("words", "size_bytes", "address", "on_ray"),
    [
        (["春", "夏"], RAY_PAYS_ABOVE_BYTES, None, True),
        (["春", "夏"], RAY_PAYS_ABOVE_BYTES // 4, None, False),
        (["春"], 2 * RAY_PAYS_ABOVE_BYTES, None, False),
        (["春"], 1, "127.0.0.1:1", True),
    ],
)
def test_tasks_run_on_ray_if_there_is_a_cluster_or_much_to_read_in_parallel(
    words: list[str],
    size_bytes: int,
    address: str | None,
    on_ray: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if address:
        monkeypatch.setenv("RAY_ADDRESS", address)
    units = [Unit(f"test/{word}", {}, digest_of([word]), size_bytes) for word in sorted(words)]
    auto, ray = Auto(), Recorded()
    monkeypatch.setattr(auto, "_ray", ray)
    run_stage(
        Stage("words", 1, Words(), (), (WORDS,), write_word, lambda _: units),
        (),
        str(tmp_path),
        auto,
        lambda *_: None,
        lambda *_: None,
    )
    assert ray.stages == (["words"] if on_ray else [])


@pytest.fixture
def few_inodes(tmp_path: Path) -> Iterator[Path]:
    """A filesystem with room for bytes and for few files."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "nr_inodes=9,size=9m", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting needs more rights")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_inode_table_is_named_as_such(few_inodes: Path) -> None:
    with pytest.raises((WorkFailed, OSError)) as raised:
        run(words_stage(), few_inodes)
    said = describe_failure(raised.value)
    assert "its inode table is full" in said
    assert "\n" not in said


def test_only_what_is_released_is_readable_by_others(tmp_path: Path) -> None:
    words = words_stage()
    released = replace(doubled_stage(words), tables=(replace(DOUBLED, is_released=True),))
    before = os.umask(0o022)
    try:
        run(released, tmp_path, [run(words, tmp_path).output])
    finally:
        assert os.umask(before) == 0o022
    modes = {str(path.relative_to(tmp_path)): path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    tables = {name: mode for name, mode in modes.items() if "manifests" not in name and not name.endswith("stage.json")}
    for name, mode in tables.items():
        is_private = "/words" in name
        is_folder = not name.endswith(".txt")
        assert mode == (0o700 if is_folder else 0o600) if is_private else (0o755 if is_folder else 0o644), name
