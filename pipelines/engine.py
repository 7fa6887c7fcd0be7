"""Stages and how one is brought to its end: plan, skip what is finished, run the rest, account for it.

`Stage` says what a stage is; `open_stage` gives it a folder that no other
settings share; `run_stage` makes its missing shards with an executor.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from corpus.records import InputShard
from corpus.shards import ShardError, filesystem, join, publish, remove_partials
from pipelines.manifest import (
    Manifest,
    describe_output,
    manifest_uri,
    read_manifests,
    unexpected_files,
    write_manifest,
)
from pipelines.shapes import FinishedShard, Plan, StageOutput, Unit, digest_of, table_uri

#: A stage's folder ends in this many hexadecimal digits of its fingerprint.
_FINGERPRINT_DIGITS = 8


class UserError(Exception):
    """The user can mend this; the message is one line that says what and how. Exit status 2."""


class WorkFailed(Exception):
    """The work could not be finished; the message is one line that names the file. Exit status 1."""


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a stage's work: what to read, what to write, and how to tell that it is done.

    Attributes:
        stage: name of the stage.
        shard: name of the shard it makes.
        work: the stage's function.
        settings: the stage's settings.
        inputs: table name to URIs, in order.
        outputs: table name to URI.
        stage_folder: where the stage's tables lie.
        inputs_digest: of what it reads.
        size_bytes: of what it reads.
        part: which part of an exchange it combines; None elsewhere.
        input_shard: files of a source, for the stage that reads those instead of shards.
        working_folder: folder that relative paths start from.
    """

    stage: str
    shard: str
    work: Work
    settings: Any
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, str]
    stage_folder: str
    inputs_digest: str
    size_bytes: int
    part: int | None
    input_shard: InputShard | None
    working_folder: str

    def input(self, table: str) -> str:
        """The URI of a table of which the task reads one shard."""
        (uri,) = self.inputs[table]
        return uri


#: The body of a stage's tasks: reads `task.inputs`, publishes `task.outputs`, returns counts.
#: Counts named `peak_memory_bytes` and `cpu_milliseconds` are those of the process that did the work, where it
#: was another one.
Work = Callable[[Task], Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Stage:
    """A named step from tables to tables.

    Attributes:
        name: as it appears in paths, `NAME-<8 hex>`.
        version: counted up when the same settings and inputs give other bytes.
        settings: frozen dataclass; together with `version` and `needs` it makes the fingerprint.
        needs: stages whose tables it reads, in the order in which `plan` expects them.
        tables: tables it writes, with the template of their paths, such as `documents/{shard}.parquet`.
        plan: which task reads which shards (`pipelines.shapes`).
        work: what a task does; a top-level function, so that Ray can name it.
        cpus: cores that one task keeps busy.
        memory_bytes: what one task may need at most, for placement on a cluster.
    """

    name: str
    version: int
    settings: Any
    needs: tuple[Stage, ...]
    tables: Mapping[str, str]
    plan: Plan
    work: Work
    cpus: int = 1
    memory_bytes: int = 2 << 30
    fingerprint: str = field(init=False)

    def __post_init__(self) -> None:
        description = json.dumps(self.describe(), sort_keys=True, ensure_ascii=False)
        object.__setattr__(self, "fingerprint", hashlib.blake2b(description.encode(), digest_size=16).hexdigest())

    def describe(self) -> dict[str, Any]:
        """What the fingerprint is made of."""
        return {
            "stage": self.name,
            "version": self.version,
            "settings": asdict(self.settings),
            "inputs": [stage.fingerprint for stage in self.needs],
        }

    @property
    def folder_name(self) -> str:
        """Name of the stage's folder."""
        return f"{self.name}-{self.fingerprint[:_FINGERPRINT_DIGITS]}"

    def folder(self, out: str) -> str:
        """The stage's folder below the run's output URI."""
        return join(out, self.folder_name)

    def table_folders(self) -> dict[str, str]:
        """Name of each table's folder → its path below the output URI; a lone file goes by the stage's name."""
        return {
            name or self.name: f"{self.folder_name}/{name}".rstrip("/")
            for name in (template.rpartition("/")[0] for template in self.tables.values())
        }


@dataclass(frozen=True, slots=True)
class StageResult:
    """A finished stage: its shards, and what each task did (tasks of earlier runs included)."""

    stage: Stage
    output: StageOutput
    manifests: tuple[Manifest, ...]
    tasks_run: int
    wall_seconds: float


class Executor(Protocol):
    """Runs tasks somewhere, at most so many at a time; see `pipelines.executors`."""

    def run(self, stage: Stage, tasks: Sequence[Task]) -> Iterator[tuple[Task, Manifest | TaskFailure]]:
        """Yield each task with its manifest, or with what stopped it, in the order in which they end."""
        ...


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task could not be finished, after its second try; the traceback is empty where the message says it all."""

    message: str
    traceback: str


def open_stage(stage: Stage, out: str) -> str:
    """Create a stage's folder, or check that the one there has the same settings.

    Raises:
        UserError: the folder was made with other settings.
    """
    folder = stage.folder(out)
    uri = join(folder, "stage.json")
    description = json.dumps(stage.describe(), sort_keys=True, ensure_ascii=False, indent=1)
    fs, path = filesystem(uri)
    if fs.exists(path):
        if fs.cat_file(path).decode("utf-8") != description:
            raise UserError(f"{uri}: was written with other settings than this configuration's; use another --out")
    else:
        with publish(uri) as partial:
            partial.write_text(description, encoding="utf-8")
    return folder


def plan_tasks(stage: Stage, folder: str, units: Sequence[Unit]) -> list[Task]:
    """The stage's tasks, in shard order."""
    tasks = [
        Task(
            stage=stage.name,
            shard=unit.name,
            work=stage.work,
            settings=stage.settings,
            inputs=unit.inputs,
            outputs={table: table_uri(folder, template, unit.name) for table, template in stage.tables.items()},
            stage_folder=folder,
            inputs_digest=unit.digest,
            size_bytes=unit.size_bytes,
            part=unit.part,
            input_shard=unit.input_shard,
            working_folder=os.getcwd(),
        )
        for unit in units
    ]
    return sorted(tasks, key=lambda task: task.shard)


def finished_output(stage: Stage, folder: str, tasks: Sequence[Task], manifests: Mapping[str, Manifest]) -> StageOutput:
    """The stage's output once every task has its manifest."""
    return StageOutput(
        folder,
        stage.tables,
        tuple(
            FinishedShard(
                task.shard,
                digest_of(output.digest for output in manifests[task.shard].outputs),
                manifests[task.shard].counts,
                manifests[task.shard].bytes_written,
            )
            for task in tasks
        ),
    )


def pending_tasks(tasks: Sequence[Task], manifests: Mapping[str, Manifest]) -> list[Task]:
    """Tasks without a finished shard made from what they would read now."""
    return [
        task
        for task in tasks
        if task.shard not in manifests or manifests[task.shard].inputs_digest != task.inputs_digest
    ]


def check_nothing_unexpected(folder: str, tasks: Sequence[Task]) -> None:
    """Refuse a folder that holds shards of inputs that are gone: whoever reads the folder would read them.

    Raises:
        UserError: names the first such file and the remedy.
    """
    prefix = folder.rstrip("/") + "/"
    expected = {uri.removeprefix(prefix) for task in tasks for uri in task.outputs.values()}
    expected |= {manifest_uri(folder, task.shard).removeprefix(prefix) for task in tasks}
    unexpected = unexpected_files(folder, expected)
    if unexpected:
        raise UserError(
            f"{join(folder, unexpected[0])}: made from an input that this configuration no longer names "
            f"({len(unexpected)} such files); delete {folder} and run again, or use another --out"
        )


def run_task(task: Task) -> Manifest:
    """Do one task where this is called, and publish its manifest last."""
    forget_peak_memory()
    started, cpu_started = time.perf_counter(), time.process_time()
    counts = dict(task.work(task))
    cpu_seconds = time.process_time() - cpu_started + counts.pop("cpu_milliseconds", 0) / 1000
    peak_memory_bytes = counts.pop("peak_memory_bytes", 0) or own_peak_memory_bytes()
    manifest = Manifest(
        shard=task.shard,
        inputs_digest=task.inputs_digest,
        outputs=tuple(describe_output(task.stage_folder, uri) for uri in task.outputs.values()),
        counts=counts,
        bytes_read=task.size_bytes,
        seconds=round(time.perf_counter() - started, 6),
        finished_at=round(time.time(), 3),
        peak_memory_bytes=peak_memory_bytes,
        cpu_seconds=round(cpu_seconds, 6),
    )
    write_manifest(manifest_uri(task.stage_folder, task.shard), manifest)
    return manifest


def own_peak_memory_bytes() -> int:
    """Largest resident size of this process since `forget_peak_memory`, or since its start where no mark is kept."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            (line,) = [line for line in status if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def forget_peak_memory() -> None:
    """Begin a new peak, so that a small task does not report what a large one before it took."""
    # Linux resets the mark when a 5 is written here; elsewhere there is no such file.
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as marks:
        marks.write("5")


def run_stage(
    stage: Stage,
    upstream: Sequence[StageOutput],
    out: str,
    executor: Executor,
    on_start: Callable[[Stage, int, int], None],
    on_end: Callable[[Task, Manifest | TaskFailure], None],
) -> StageResult:
    """Make the shards of a stage that are missing or out of date.

    Args:
        stage: the stage.
        upstream: outputs of `stage.needs`, in that order.
        out: the run's output URI.
        executor: where tasks run.
        on_start: called once with the stage, all tasks, and tasks still to run.
        on_end: called as each task ends.

    Raises:
        UserError: the folder belongs to other settings or inputs.
        WorkFailed: a task failed twice, or its counts do not add up.
    """
    started = time.perf_counter()
    folder = open_stage(stage, out)
    tasks = plan_tasks(stage, folder, stage.plan(upstream))
    manifests = read_manifests(folder)
    check_nothing_unexpected(folder, tasks)
    pending = pending_tasks(tasks, manifests)
    on_start(stage, len(tasks), len(pending))
    failures: list[tuple[Task, TaskFailure]] = []
    for task, ended in executor.run(stage, pending) if pending else ():
        on_end(task, ended)
        if isinstance(ended, TaskFailure):
            failures.append((task, ended))
        else:
            manifests[task.shard] = ended
    if pending:
        remove_partials(folder)
    if failures:
        task, failure = failures[0]
        more = f" (and {len(failures) - 1} more shards)" if len(failures) > 1 else ""
        raise WorkFailed(f"{stage.name}: shard {task.shard}{more}: {failure.message}")
    return StageResult(
        stage,
        finished_output(stage, folder, tasks, manifests),
        tuple(manifests[task.shard] for task in tasks),
        len(pending),
        time.perf_counter() - started,
    )


#: Failures whose message is written for the user: no traceback would say more.
_EXPECTED = (OSError, ShardError, UserError, WorkFailed)


def describe_failure(error: BaseException) -> str:
    """One line for a person: what failed, and what to do where that is known."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"disk full while writing {error.filename or 'a shard'}; free space and run the same command again"
    if isinstance(error, _EXPECTED):
        return str(error)
    return f"{type(error).__name__}: {error}".replace("\n", " ")


def task_failure(error: BaseException) -> TaskFailure:
    """What is reported of a task that failed for good; to be called while `error` is handled."""
    return TaskFailure(describe_failure(error), "" if isinstance(error, _EXPECTED) else traceback.format_exc())
