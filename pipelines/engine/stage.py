"""Stages and how one is brought to its end: plan, skip what is finished, run the rest, account for it.

`Stage` says what a stage is; `open_stage` gives it a folder that no other
settings share; `StagePlan` knows its shards and which of them are finished;
`run_stage` makes the others with an executor.
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
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import compress
from typing import Any, Protocol

from manyo.corpus.records import InputShard
from manyo.corpus.tables.shards import ShardError, filesystem, join, publish, remove_partials
from manyo.pipelines.engine.manifest import (
    MANIFEST_TEMPLATE,
    Manifest,
    describe_output,
    iter_manifests,
    manifest_uri,
    unexpected_files,
    write_manifest,
)
from manyo.pipelines.engine.shapes import FinishedShards, Plan, StageOutput, Upstream, digest_of, map_shards, table_uri

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
        plan: which task reads which shards (`manyo.pipelines.engine.shapes`).
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
class NoSettings:
    """For stages that are fixed by their code."""


def map_stage(
    name: str,
    version: int,
    settings: Any,
    needs: tuple[Stage, ...],
    table: str,
    body: Work,
    ending: str = ".parquet",
) -> Stage:
    """A stage that makes one shard of one table per shard of the stages it needs."""
    return Stage(name, version, settings, needs, {table: f"{table}/{{shard}}{ending}"}, map_shards, body)


def parquet(*tables: str) -> dict[str, str]:
    """The paths of tables in Parquet files."""
    return {table: f"{table}/{{shard}}.parquet" for table in tables}


@dataclass(frozen=True, slots=True)
class StageResult:
    """A finished stage: its shards, tasks of earlier runs included."""

    stage: Stage
    output: StageOutput
    tasks_run: int
    wall_seconds: float


class Executor(Protocol):
    """Runs tasks somewhere, at most so many at a time; see `manyo.pipelines.engine.executors`."""

    def run(self, stage: Stage, tasks: PendingTasks) -> Iterator[tuple[Task, Manifest | TaskFailure]]:
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


class StagePlan:
    """The shards that a stage is to make, and which of them are finished: some 130 bytes each beside their names.

    Args:
        stage: the stage.
        upstream: outputs of `stage.needs`, in that order.
        out: the run's output URI.
    """

    def __init__(self, stage: Stage, upstream: Upstream, out: str) -> None:
        self.stage = stage
        self.folder = stage.folder(out)
        self._units = stage.plan(upstream)
        names: list[str] = []
        self._digests = bytearray()
        self._sizes = array("q")
        for unit in self._units:
            if names and unit.name <= names[-1]:
                raise ValueError(f"{stage.name}: its plan names {unit.name} after {names[-1]}; names must rise")
            names.append(unit.name)
            self._digests += bytes.fromhex(unit.digest)
            self._sizes.append(unit.size_bytes)
        self._shards = FinishedShards(names)
        self._is_finished = bytearray(len(names))

    def __len__(self) -> int:
        return len(self._shards)

    @property
    def n_pending(self) -> int:
        """Shards that are not finished."""
        return self._is_finished.count(0)

    def read_finished(self) -> Iterator[Manifest]:
        """Look up which shards are finished, and give their manifests, one at a time."""
        return (manifest for manifest in iter_manifests(self.folder) if self.finish(manifest))

    def finish(self, manifest: Manifest) -> bool:
        """Take a shard for finished, unless it is none of the plan's or was made from other inputs than it has now."""
        index = self._shards.find(manifest.shard)
        if index is None or self._digests[16 * index : 16 * (index + 1)].hex() != manifest.inputs_digest:
            return False
        digest = digest_of(output.digest for output in manifest.outputs)
        self._shards.put(index, digest, manifest.counts, manifest.bytes_written)
        self._is_finished[index] = 1
        return True

    def pending(self) -> PendingTasks:
        """Tasks that make the shards which are not finished now."""
        pending = bytearray(1 - is_finished for is_finished in self._is_finished)
        size_bytes = sum(compress(self._sizes, pending))
        return PendingTasks(lambda: self._tasks(pending), sum(pending), size_bytes)

    def output(self) -> StageOutput:
        """The stage's output; every shard must be finished."""
        return StageOutput(self.folder, self.stage.tables, self._shards)

    def check_nothing_unexpected(self) -> None:
        """Refuse a folder that holds shards of inputs that are gone: whoever reads the folder would read them.

        Raises:
            UserError: names the first such file and the remedy.
        """
        unexpected = unexpected_files(self.folder, self._writes)
        if unexpected:
            raise UserError(
                f"{join(self.folder, unexpected[0])}: made from an input that this configuration no longer names "
                f"({len(unexpected)} such files); delete {self.folder} and run again, or use another --out"
            )

    def _writes(self, path: str) -> bool:
        """Whether a task of the plan writes this path below the stage's folder."""
        for template in (*self.stage.tables.values(), MANIFEST_TEMPLATE):
            before, _, after = template.partition("{shard}")
            if path.startswith(before) and path.endswith(after):
                name = path.removeprefix(before)
                if self._shards.find(name[: len(name) - len(after)]) is not None:
                    return True
        return False

    def _tasks(self, wanted: bytearray) -> Iterator[Task]:
        for unit in compress(self._units, wanted):
            yield Task(
                stage=self.stage.name,
                shard=unit.name,
                work=self.stage.work,
                settings=self.stage.settings,
                inputs=unit.inputs,
                outputs={
                    table: table_uri(self.folder, template, unit.name) for table, template in self.stage.tables.items()
                },
                stage_folder=self.folder,
                inputs_digest=unit.digest,
                size_bytes=unit.size_bytes,
                part=unit.part,
                input_shard=unit.input_shard,
                working_folder=os.getcwd(),
            )


class PendingTasks(Iterable[Task]):
    """Tasks still to run, in shard order, made one by one as they are asked for.

    Attributes:
        size_bytes: of what all of them read.
        n_started: how many were asked for.
    """

    def __init__(self, make: Callable[[], Iterator[Task]], n_tasks: int, size_bytes: int) -> None:
        self._make = make
        self._n_tasks = n_tasks
        self.size_bytes = size_bytes
        self.n_started = 0

    def __iter__(self) -> Iterator[Task]:
        for task in self._make():
            self.n_started += 1
            yield task

    def __len__(self) -> int:
        return self._n_tasks


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
    upstream: Upstream,
    out: str,
    executor: Executor,
    on_start: Callable[[Stage, int, PendingTasks], None],
    on_end: Callable[[Task, Manifest | TaskFailure], None],
) -> StageResult:
    """Make the shards of a stage that are missing or out of date.

    Args:
        stage: the stage.
        upstream: outputs of `stage.needs`, in that order.
        out: the run's output URI.
        executor: where tasks run.
        on_start: called once with the stage, the number of all tasks, and the tasks still to run.
        on_end: called as each task ends.

    Raises:
        UserError: the folder belongs to other settings or inputs.
        WorkFailed: a task failed twice, or its counts do not add up.
    """
    started = time.perf_counter()
    open_stage(stage, out)
    plan = StagePlan(stage, upstream, out)
    for _ in plan.read_finished():
        pass
    plan.check_nothing_unexpected()
    pending = plan.pending()
    on_start(stage, len(plan), pending)
    first: tuple[Task, TaskFailure] | None = None
    for task, ended in executor.run(stage, pending) if len(pending) else ():
        on_end(task, ended)
        if isinstance(ended, Manifest):
            plan.finish(ended)
        elif first is None:
            first = (task, ended)
    if len(pending):
        remove_partials(plan.folder)
    if first is not None:
        task, failure = first
        more = f" (and {plan.n_pending - 1} more shards)" if plan.n_pending > 1 else ""
        raise WorkFailed(f"{stage.name}: shard {task.shard}{more}: {failure.message}")
    return StageResult(stage, plan.output(), len(pending), time.perf_counter() - started)


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
