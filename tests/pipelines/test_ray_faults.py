"""Workers that are killed, hang or freeze: the other tasks finish, and the task is finished or named."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from manyo.corpus.tables.shards import publish
from manyo.dedup.settings import Boilerplate, Dedup
from manyo.pipelines.engine import executors
from manyo.pipelines.engine.errors import WorkFailed
from manyo.pipelines.engine.executors import Measured, RayTasks
from manyo.pipelines.engine.manifest import Manifest, read_manifests
from manyo.pipelines.engine.run_stage import StageResult, run_stage
from manyo.pipelines.engine.shapes import Unit, Upstream, digest_of
from manyo.pipelines.engine.stage import AnyStage, AnyTask, Stage, Task
from tests.conftest import ROOT, data_files
from tests.dedup.test_pipeline import run as dedup_corpus
from tests.pipelines.test_engine import WORDS as TABLE
from tests.pipelines.test_engine import Words

WORDS = ("春", "夏", "秋", "冬", "朝", "夜")


def trouble_on_summer(task: Task[Words], trouble: str) -> dict[str, int]:
    """Write a word; on 夏, and only once per marker, meet trouble first."""
    marker = Path(task.stage_folder).parent / f"{trouble}-was-here"
    if "夏" in task.shard and (trouble == "always" or not marker.exists()):
        marker.touch()
        if trouble == "hang":
            re.match(r"(a+)+$", "a" * 60 + "b")  # for ages, and with the interpreter's lock held
        os.kill(os.getpid(), signal.SIGSTOP if trouble == "freeze" else signal.SIGKILL)
    return calm(task)


def calm(task: Task[Words]) -> dict[str, int]:
    with publish(task.output(TABLE)) as path:
        path.write_text(task.shard.split("/")[1] * 3, encoding="utf-8")
    return {"documents": 1}


def kill(task: Task[Words]) -> dict[str, int]:
    return trouble_on_summer(task, "kill")


def hang(task: Task[Words]) -> dict[str, int]:
    return trouble_on_summer(task, "hang")


def freeze(task: Task[Words]) -> dict[str, int]:
    return trouble_on_summer(task, "freeze")


def always(task: Task[Words]) -> dict[str, int]:
    return trouble_on_summer(task, "always")


@pytest.fixture(scope="module")
def ray_tasks() -> Iterator[RayTasks]:
    """One local cluster for all tests, whose workers find this module."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PYTHONPATH", str(ROOT))
    patch.delenv("RAY_ADDRESS", raising=False)
    executor = RayTasks()
    yield executor
    executor.close()
    patch.undo()


def run(executor: RayTasks, out: Path, work) -> StageResult:
    def shape(_: Upstream) -> list[Unit]:
        return [Unit(f"test/{word}", {}, digest_of([word]), len(word)) for word in sorted(WORDS)]

    stage = Stage("words", 1, Words(WORDS), (), (TABLE,), work, shape, memory_bytes=64 << 20)
    return run_stage(stage, (), str(out), executor, lambda *_: None, lambda *_: None)


def words(result: StageResult) -> dict[str, str]:
    folder = Path(result.output.folder) / "words" / "test"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.txt")}


EXPECTED = {word: word * 3 for word in WORDS}


@pytest.mark.ray
def test_a_task_whose_worker_is_killed_runs_again(ray_tasks: RayTasks, tmp_path: Path) -> None:
    assert words(run(ray_tasks, tmp_path, kill)) == EXPECTED
    assert (tmp_path / "kill-was-here").exists()


@pytest.mark.ray
def test_a_task_that_hangs_in_native_code_is_ended_at_its_deadline(
    ray_tasks: RayTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_HANG_S", 3.0)
    assert words(run(ray_tasks, tmp_path, hang)) == EXPECTED
    assert (tmp_path / "hang-was-here").exists()


@pytest.mark.ray
def test_a_task_of_a_frozen_worker_runs_again(
    ray_tasks: RayTasks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "_HANG_S", 4.0)
    monkeypatch.setattr(executors, "_LOOK_AGAIN_S", 1.0)
    assert words(run(ray_tasks, tmp_path, freeze)) == EXPECTED
    assert (tmp_path / "freeze-was-here").exists()


@pytest.mark.ray
def test_a_task_that_kills_every_worker_is_named_and_the_others_are_finished(
    ray_tasks: RayTasks, tmp_path: Path
) -> None:
    with pytest.raises(WorkFailed, match="shard test/夏: its worker was lost 4 times"):
        run(ray_tasks, tmp_path, always)
    (folder,) = tmp_path.glob("words-*")
    assert sorted(read_manifests(str(folder))) == sorted(f"test/{word}" for word in WORDS if word != "夏")


@dataclass(frozen=True, slots=True)
class KilledOnce:
    """The work of a stage, whose first task to finish kills its worker before anybody knows."""

    work: Callable[[AnyTask], Mapping[str, int]]
    marker: Path

    def __call__(self, task: AnyTask) -> Mapping[str, int]:
        counts = self.work(task)
        with contextlib.suppress(FileExistsError):
            self.marker.touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return counts


@pytest.mark.ray
def test_dedup_that_loses_workers_gives_the_bytes_that_one_process_gives(ray_tasks: RayTasks, tmp_path: Path) -> None:
    # A gathering and a combining task. A lost worker costs three seconds; all stages were tested once
    # (docs/log/dedup.md).
    killed = {name: tmp_path / f"killed-{name}" for name in ("components", "clusters")}

    def killed_once(stage: AnyStage) -> AnyStage:
        stage = replace(stage, memory_bytes=64 << 20)
        return replace(stage, work=KilledOnce(stage.work, killed[stage.name])) if stage.name in killed else stage

    usual = Dedup(parts=2, boilerplate=Boilerplate(min_documents=2, min_host_fraction=0))
    shards = (tuple(range(35)), tuple(range(35, 60)))
    expected, _ = dedup_corpus(tmp_path / "serial", shards, usual)
    found, _ = dedup_corpus(tmp_path / "ray", shards, usual, ray_tasks, killed_once)
    assert found == expected
    assert all(path.exists() for path in killed.values())
    assert data_files(tmp_path / "ray") == data_files(tmp_path / "serial")


@pytest.mark.ray
def test_ray_s_endpoint_for_prometheus_counts_every_task(ray_tasks: RayTasks, tmp_path: Path) -> None:
    import ray

    run(ray_tasks, tmp_path, calm)
    (port,) = [node["MetricsExportPort"] for node in ray.nodes()]
    wanted = {f'ray_manyo_tasks_total{{outcome="{outcome}",stage="words"}}' for outcome in ("finished", "tried again")}
    deadline = time.monotonic() + 60  # Ray sends metrics every ten seconds
    found: dict[str, float] = {}
    while not wanted <= found.keys() and time.monotonic() < deadline:
        time.sleep(0.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            lines = [line for line in answer.read().decode().splitlines() if line.startswith("ray_manyo")]
        found = {named(line): float(line.rpartition(" ")[2]) for line in lines}
    assert found[min(wanted)] >= len(WORDS)
    assert found[max(wanted)] >= 1, "the killed worker's task"


def named(line: str) -> str:
    """A line of metrics by its name and our own tags, without Ray's."""
    name, _, tags = line.rpartition(" ")[0].partition("{")
    own = sorted(tag for tag in re.findall(r'[a-z]+="[^"]*"', tags) if tag.startswith(("stage=", "outcome=")))
    return f"{name}{{{','.join(own)}}}"


def manifest(seconds: float = 10.0, peak: int = 1 << 30, bytes_read: int = 100, cpu_seconds: float = 9.0) -> Manifest:
    return Manifest("test/x", "", (), {}, bytes_read, seconds, 0.0, peak, cpu_seconds)


def task_of(size_bytes: int) -> AnyTask:
    return Task("words", "test/x", calm, Words(), {}, {}, "", "", size_bytes, 0, 1, None, "")


def stage_of(memory_bytes: int) -> AnyStage:
    return Stage("words", 1, Words(), (), (), calm, lambda _: [], memory_bytes=memory_bytes)


def test_requests_come_from_the_stage_until_enough_is_measured() -> None:
    measured = Measured()
    for _ in range(7):
        measured.add(manifest())
    assert measured.memory_bytes(stage_of(3 << 30), 0, 100 << 30) == 3 << 30
    measured.add(manifest())
    assert measured.memory_bytes(stage_of(3 << 30), 0, 100 << 30) == 3 << 29


def test_a_lost_worker_doubles_the_requested_memory_up_to_that_of_the_node() -> None:
    asks = [Measured().memory_bytes(stage_of(1 << 30), lost, 3 << 30) for lost in range(4)]
    assert asks == [1 << 30, 2 << 30, 3 << 30, 3 << 30]


def test_a_straggler_is_measured_per_byte_and_has_the_longest_deadline_at_its_second_try() -> None:
    measured = Measured()
    for _ in range(8):
        measured.add(manifest(seconds=100, bytes_read=100))
    assert measured.deadline_s(task_of(1), 0) == 300
    assert measured.deadline_s(task_of(200), 0) == 8 * 200
    assert measured.deadline_s(task_of(200), 1) == 6 * 3600


def test_a_stage_that_keeps_three_cores_busy_requests_three() -> None:
    measured = Measured()
    for _ in range(8):
        measured.add(manifest(seconds=10, cpu_seconds=29))
    assert measured.cpus(stage_of(1)) == 3
