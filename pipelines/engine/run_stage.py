"""How a stage is brought to its end: find the finished shards, run the other tasks, publish a manifest for each.

`StageShards` knows which shards a stage is to make and which of them are finished;
`run_stage` makes the others with an executor.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import threading
import time
import traceback
from array import array
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import compress
from typing import Protocol

from manyo.corpus.tables.credentials import hide, remember, remembered
from manyo.corpus.tables.ownership import current_owner, writing_for
from manyo.corpus.tables.pieces import piece_at
from manyo.corpus.tables.publishing import let_read, remove_partials
from manyo.corpus.tables.seals import expecting
from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.corpus.tables.shards import FORMAT, DamagedShard, ShardError, filesystem, join, publish
from manyo.corpus.tables.start_folder import start_folder
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.input_lists import LISTS_FOLDER, NAMED_AT_MOST, ListWriter, read_listed
from manyo.pipelines.engine.manifest import (
    MANIFEST_TEMPLATE,
    Manifest,
    describe_output,
    iter_manifests,
    manifest_uri,
    unexpected_files,
    write_manifest,
)
from manyo.pipelines.engine.peak_memory import forget_peak_memory, own_peak_memory_bytes
from manyo.pipelines.engine.sealed_json import NotSealed, open_json, seal_json
from manyo.pipelines.engine.shapes import FinishedShards, StageOutput, Upstream, digest_of
from manyo.pipelines.engine.stage import AnyStage, AnyTask, Task

_log = logging.getLogger("manyo")


@dataclass(frozen=True, slots=True)
class StageResult:
    """A finished stage: its shards, tasks of earlier runs included."""

    stage: AnyStage
    output: StageOutput
    tasks_run: int
    wall_seconds: float


class Executor(Protocol):
    """Runs tasks somewhere, a limited number at a time; see `manyo.pipelines.engine.executors`."""

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """Yield each task with its manifest, or with what stopped it, in the order in which they end."""
        ...


@dataclass(frozen=True, slots=True)
class TaskFailure:
    """Why a task could not be finished, in two tries where a second one might have gone otherwise.

    Attributes:
        message: one line.
        traceback: empty where the message says everything.
        damaged: URI of the file that it could not read because it does not hold what was written; else "".
        is_users: whether the user can mend it, in the configuration or an input.
    """

    message: str
    traceback: str
    damaged: str = ""
    is_users: bool = False


class InputDamaged(WorkFailed):
    """Tasks failed only because files of earlier stages are missing or damaged.

    Attributes:
        uris: of those files.
    """

    def __init__(self, message: str, uris: Collection[str]) -> None:
        super().__init__(message)
        self.uris = uris


def open_stage(stage: AnyStage, out: str) -> str:
    """Create a stage's folder, or check that the existing one was made with the same settings.

    A description that is empty, cut, damaged or of an older format is written again, with a line that names it: the
    manifests decide what is finished.

    Raises:
        UserError: the folder was made with other settings, or by a newer version.
    """
    folder = stage.folder(out)
    uri = join(folder, "stage.json")
    description = stage.describe()
    fs, path = filesystem(uri)
    try:
        found = open_json(fs.cat_file(path))
    except FileNotFoundError:
        found = None
    except NotSealed as error:
        if error.format is not None and error.format > FORMAT:
            raise UserError(f"{uri}: {error}; use the version that wrote it, or another --out") from error
        _log.warning("%s: %s; it is written again", uri, error)
        found = None
    if found is None:
        with publish(uri) as partial:
            partial.write_text(seal_json(description), encoding="utf-8")
        remove_partials(folder, below=False)
    elif found != json.loads(json.dumps(description)):
        raise UserError(f"{uri}: was written with settings other than this configuration's; use another --out")
    return folder


class StageShards:
    """The shards that a stage is to make, and which of them are finished. Memory: 130 bytes for each and its name.

    Pieces of dealt files take 20 bytes each besides.

    Args:
        stage: the stage.
        upstream: outputs of `stage.needs`, in that order.
        out: the run's output URI.
        damaged: URIs of files that do not count as finished, whatever their manifests say.
    """

    def __init__(self, stage: AnyStage, upstream: Upstream, out: str, damaged: Collection[str] = ()) -> None:
        self.stage = stage
        self._damaged = damaged
        self.folder = stage.folder(out)
        self._units = stage.shape(upstream)
        names: list[str] = []
        self._digests = bytearray()
        self._sizes = array("q")
        for unit in self._units:
            if names and unit.name <= names[-1]:
                raise ValueError(f"{stage.name}: its shape gives {unit.name} after {names[-1]}; names must rise")
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
        """Find the shards that are finished; yields their manifests, one at a time."""
        return (
            manifest
            for manifest in iter_manifests(self.folder)
            if not self._is_damaged(manifest) and self.finish(manifest)
        )

    def _is_damaged(self, manifest: Manifest) -> bool:
        return bool(self._damaged) and any(join(self.folder, one.path) in self._damaged for one in manifest.outputs)

    def finish(self, manifest: Manifest) -> bool:
        """Record a shard as finished, unless the stage has no such shard or its inputs have changed since."""
        index = self._shards.find(manifest.shard)
        if index is None or self._digests[16 * index : 16 * (index + 1)].hex() != manifest.inputs_digest:
            return False
        pieces = tuple(bytes.fromhex(output.pieces) for output in manifest.outputs)
        if any(table.is_dealt and not packed for table, packed in zip(self.stage.tables, pieces, strict=False)):
            return False  # by a version that did not write down where the parts lie
        digest = digest_of(output.digest for output in manifest.outputs)
        seals = [output.seal for output in manifest.outputs]
        self._shards.put(index, digest, manifest.counts, manifest.bytes_written, pieces, seals)
        self._is_finished[index] = 1
        return True

    def pending(self) -> PendingTasks:
        """Returns the tasks that make the shards which are not finished now."""
        pending = bytearray(1 - is_finished for is_finished in self._is_finished)
        size_bytes = sum(compress(self._sizes, pending))
        return PendingTasks(lambda: self._tasks(pending), sum(pending), size_bytes)

    def output(self) -> StageOutput:
        """Returns the stage's output; every shard must be finished."""
        return StageOutput(self.folder, self.stage.tables, self._shards)

    def check_nothing_unexpected(self) -> None:
        """Refuse a folder that holds shards of inputs that are gone: readers of the folder would read those too.

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
        """Returns whether the stage or a task of it writes this path below the stage's folder."""
        if path.startswith(f"{LISTS_FOLDER}/"):
            return True
        for template in (*(table.path for table in self.stage.tables), MANIFEST_TEMPLATE):
            before, _, after = template.partition("{shard}")
            if path.startswith(before) and path.endswith(after):
                name = path.removeprefix(before)
                if self._shards.find(name[: len(name) - len(after)]) is not None:
                    return True
        return False

    def _tasks(self, wanted: bytearray) -> Iterator[AnyTask]:
        lists = ListWriter(self.folder)
        for unit in compress(self._units, wanted):
            is_long = {table: len(uris) > NAMED_AT_MOST for table, uris in unit.inputs.items()}
            yield Task(
                stage=self.stage.name,
                shard=unit.name,
                work=self.stage.work,
                settings=self.stage.settings,
                inputs={table: uris for table, uris in unit.inputs.items() if not is_long[table]},
                outputs={table: table.uri(self.folder, unit.name) for table in self.stage.tables},
                stage_folder=self.folder,
                inputs_digest=unit.digest,
                size_bytes=unit.size_bytes,
                part=unit.part,
                n_parts=unit.n_parts,
                pieces={
                    table: tuple(piece_at(packed, unit.part) for packed in files)
                    for table, files in unit.pieces.items()
                    if not is_long[table]
                },
                lists={
                    table: lists.list(table, uris, unit.seals.get(table, ()), unit.pieces.get(table, ()), unit.part)
                    for table, uris in unit.inputs.items()
                    if is_long[table]
                },
                seals={table: seals for table, seals in unit.seals.items() if not is_long[table]},
                input_shard=unit.input_shard,
                working_folder=start_folder(),
                owner=current_owner(),
                credentials=remembered(file.uri for file in unit.input_shard.files)
                if unit.input_shard
                else remembered(()),
            )


class PendingTasks(Iterable[AnyTask]):
    """Tasks still to run, in shard order, made one by one on demand.

    Attributes:
        size_bytes: size of what all of them read.
        n_started: tasks that were taken.
    """

    def __init__(self, make: Callable[[], Iterator[AnyTask]], n_tasks: int, size_bytes: int) -> None:
        self._make = make
        self._n_tasks = n_tasks
        self.size_bytes = size_bytes
        self.n_started = 0

    def __iter__(self) -> Iterator[AnyTask]:
        for task in self._make():
            self.n_started += 1
            yield task

    def __len__(self) -> int:
        return self._n_tasks


#: What only the user may read: everything but what is released, because text and addresses name people.
_PRIVATE = 0o077


_one_task = threading.Lock()


def run_task(task: AnyTask) -> Manifest:
    """Do one task in this process on behalf of its owner, and publish its manifest last.

    A process does one task at a time, whatever its threads are: permissions, seals and measures are the process's own.
    """
    remember(task.credentials)
    with _one_task, writing_for(task.owner):
        return _run_task(task)


def _run_task(task: AnyTask) -> Manifest:
    forget_peak_memory()
    started, cpu_started = time.perf_counter(), time.process_time()
    listed = read_listed(task.lists)
    task = replace(
        task,
        inputs={**task.inputs, **listed.uris},
        seals={**task.seals, **listed.seals},
        pieces={**task.pieces, **listed.pieces},
    )
    umask = os.umask(_PRIVATE)
    try:
        with expecting(_seals_by_uri(task)):
            counts = dict(task.work(task))
    finally:
        os.umask(umask)
    for table, uri in task.outputs.items():
        if table.is_released:
            let_read(uri, task.stage_folder, umask)
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


def _seals_by_uri(task: AnyTask) -> dict[str, int]:
    return {
        uri: seal for table, seals in task.seals.items() for uri, seal in zip(task.inputs[table], seals, strict=True)
    }


def run_stage(
    stage: AnyStage,
    upstream: Upstream,
    out: str,
    executor: Executor,
    on_start: Callable[[AnyStage, int, PendingTasks], None],
    on_end: Callable[[AnyTask, Manifest | TaskFailure], None],
    damaged: set[str] | None = None,
) -> StageResult:
    """Make the shards of a stage that are missing or out of date.

    Args:
        stage: the stage.
        upstream: outputs of `stage.needs`, in that order.
        out: the run's output URI.
        executor: where tasks run.
        on_start: called once with the stage, the number of all tasks, and the tasks still to run.
        on_end: called as each task ends.
        damaged: URIs of files to make again although their manifests say that they are finished; those that this stage
            has made are removed from it.

    Raises:
        UserError: the folder belongs to other settings or inputs, or a task found a mistake in either.
        InputDamaged: files of earlier stages are missing or damaged; the other tasks are finished.
        WorkFailed: a task could not be finished, or its counts do not add up.
    """
    started = time.perf_counter()
    open_stage(stage, out)
    damaged = set() if damaged is None else damaged
    shards = StageShards(stage, upstream, out, damaged)
    for _ in shards.read_finished():
        pass
    shards.check_nothing_unexpected()
    pending = shards.pending()
    on_start(stage, len(shards), pending)
    first: tuple[AnyTask, TaskFailure] | None = None
    unreadable: set[str] = set()
    for task, ended in executor.run(stage, pending) if len(pending) else ():
        on_end(task, ended)
        if isinstance(ended, Manifest):
            shards.finish(ended)
            damaged.difference_update(task.outputs.values())
            continue
        if ended.damaged:
            unreadable.add(ended.damaged)
        # What cannot be mended by itself is reported before what can.
        if first is None or (first[1].damaged and not ended.damaged):
            first = (task, ended)
    if len(pending):
        remove_partials(shards.folder)
    if first is not None:
        task, failure = first
        more = f" (and {shards.n_pending - 1} more)" if shards.n_pending > 1 else ""
        if failure.is_users:
            raise UserError(f"{failure.message}; finished shards are kept: mend this, and run the same command")
        message = f"{stage.name}: shard {task.shard}{more}: {failure.message}"
        raise InputDamaged(message, unreadable) if failure.damaged else WorkFailed(message)
    return StageResult(stage, shards.output(), len(pending), time.perf_counter() - started)


#: Errors whose message is written for the user: a traceback would say no more.
_EXPECTED = (OSError, ShardError, OwnershipLost, UserError, WorkFailed)


def describe_failure(error: BaseException) -> str:
    """Returns one line for a person: what failed, and what to do where that is known."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        place = error.filename or "a shard"
        if error.errno == errno.EDQUOT:
            return f"quota used up while writing {place}; free space and run the same command again"
        if _has_no_inode(error.filename):
            return f"no file can be created at {place}: the disk has space but its inode table is full; delete files"
        return f"disk full while writing {place}; free space and run the same command again"
    if isinstance(error, _EXPECTED):
        return hide(str(error))
    return hide(f"{type(error).__name__}: {error}".replace("\n", " "))


def _has_no_inode(path: str | None) -> bool:
    """Returns whether the filesystem of a path has room for bytes but for no file."""
    folder = os.path.dirname(path or "")
    while folder and not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    if not folder:
        return False
    room = os.statvfs(folder)
    return room.f_files > 0 and room.f_favail == 0 and room.f_bavail > 0


def task_failure(error: BaseException) -> TaskFailure:
    """Returns what is reported of a task that is not tried again; to be called while `error` is handled."""
    return TaskFailure(
        describe_failure(error),
        "" if isinstance(error, _EXPECTED) else hide(traceback.format_exc()),
        error.uri if isinstance(error, DamagedShard) else "",
        isinstance(error, UserError),
    )
