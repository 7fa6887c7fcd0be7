"""The progress of a run for people: bars on a terminal, plain lines with an ETA in a log."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from manyo.pipelines.engine.manifest import Manifest
from manyo.pipelines.engine.run_stage import PendingTasks, TaskFailure
from manyo.pipelines.engine.stage import AnyStage, AnyTask

#: Interval of the lines about a running stage, in seconds.
_LINE_EVERY_S = 10.0


class Watcher:
    """Receives the events of a run, stage by stage; this one ignores them."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The run has ended, well or not."""

    def on_start(self, stage: AnyStage, n_tasks: int, pending: PendingTasks) -> None:
        """A stage begins, with this many tasks in all and these still to run."""

    def on_end(self, task: AnyTask, ended: Manifest | TaskFailure) -> None:
        """A task has ended."""


def watcher() -> Watcher:
    """Returns bars if standard error is a terminal, else lines."""
    return Bars() if sys.stderr.isatty() else Lines()


class Bars(Watcher):
    """A progress bar per stage."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<16}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[done]}", style="dim"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._bar: TaskID | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def on_start(self, stage: AnyStage, n_tasks: int, pending: PendingTasks) -> None:
        """See `Watcher`."""
        self._tally = Tally(pending)
        finished = n_tasks - len(pending)
        self._bar = self._progress.add_task(stage.name, total=n_tasks, completed=finished, done="")

    def on_end(self, task: AnyTask, ended: Manifest | TaskFailure) -> None:
        """See `Watcher`."""
        self._tally.add(ended)
        if self._bar is not None:
            self._progress.update(self._bar, advance=1, done=str(self._tally))


class Lines(Watcher):
    """Plain lines on standard error: when a stage begins, every ten seconds, and when it ends."""

    def on_start(self, stage: AnyStage, n_tasks: int, pending: PendingTasks) -> None:
        """See `Watcher`."""
        self._n_pending = len(pending)
        self._n_done = 0
        self._started = self._last_line = time.monotonic()
        self._tally = Tally(pending)
        finished = n_tasks - len(pending)
        _say(
            f"{stage.name:<16} {len(pending)} of {n_tasks} shards to do"
            + (f", {finished} finished" if finished else "")
        )

    def on_end(self, task: AnyTask, ended: Manifest | TaskFailure) -> None:
        """See `Watcher`."""
        self._n_done += 1
        self._tally.add(ended)
        if isinstance(ended, TaskFailure):
            _say(f"{task.stage:<16} {task.shard} FAILED: {ended.message}\n{ended.traceback}".rstrip())
        now = time.monotonic()
        if self._n_done == self._n_pending or now - self._last_line >= _LINE_EVERY_S:
            self._last_line = now
            elapsed_s = now - self._started
            remaining_s = elapsed_s / self._n_done * (self._n_pending - self._n_done)
            eta = f", ETA {remaining_s:.0f} s" if self._n_done < self._n_pending else f" in {elapsed_s:.1f} s"
            _say(f"{task.stage:<16} {self._n_done}/{self._n_pending} shards, {self._tally}{eta}")


class Tally:
    """What the finished tasks of a stage have done, and how many tasks are running."""

    def __init__(self, pending: PendingTasks) -> None:
        self._pending = pending
        self._started = time.monotonic()
        self._records = self._bytes_read = 0
        self._n_ended = self._n_failed = 0

    def add(self, ended: Manifest | TaskFailure) -> None:
        """Count one task."""
        self._n_ended += 1
        if isinstance(ended, TaskFailure):
            self._n_failed += 1
        else:
            self._records += ended.counts.get("records", ended.counts.get("documents", 0))
            self._bytes_read += ended.bytes_read

    def __str__(self) -> str:
        seconds = max(time.monotonic() - self._started, 1e-6)
        n_running = self._pending.n_started - self._n_ended
        running = f", {n_running} running" if n_running else ""
        failed = f", {self._n_failed} failed" if self._n_failed else ""
        records = f", {self._records / seconds:,.0f} records/s" if self._records else ""
        return (
            f"{self._bytes_read / 1e6:.1f} MB at {self._bytes_read / 1e6 / seconds:.1f} MB/s{records}{running}{failed}"
        )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
