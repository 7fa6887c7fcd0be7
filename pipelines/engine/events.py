"""The progress of a run for programs, one JSON object per line: `manyo run --events FILE`.

A line is written when a stage begins, when a task ends, and when the run ends. It has what the bars show, and also
the rates of the stage so far, the time left at those rates, and the slowest shards.
"""

from __future__ import annotations

import heapq
import json
import time
from types import TracebackType
from typing import IO, Any, Self

from manyo.pipelines.engine.manifest import Manifest
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import PendingTasks, TaskFailure
from manyo.pipelines.engine.stage import AnyStage, AnyTask

#: Number of slowest shards that a line names.
_SLOWEST_NAMED = 3


class Events(Watcher):
    """A watcher that writes lines and passes every event on to another watcher."""

    def __init__(self, shown: Watcher, path: str) -> None:
        self._shown = shown
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        # Append, so that a run that is continued after a stop continues its file.
        self._file = open(self._path, "a", encoding="utf-8")
        self._shown.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._write("run_ended", error=None if error is None else f"{type(error).__name__}: {error}")
        self._shown.__exit__(kind, error, trace)
        if self._file is not None:
            self._file.close()

    def on_start(self, stage: AnyStage, n_tasks: int, pending: PendingTasks) -> None:
        """See `Watcher`."""
        self._started = time.monotonic()
        self._pending, self._n_pending = pending, len(pending)
        self._n_done = self._n_failed = 0
        self._records = self._bytes_read = 0
        self._slowest: list[tuple[float, str]] = []
        self._write(
            "stage_began",
            stage=stage.name,
            shards=n_tasks,
            pending=self._n_pending,
            finished=n_tasks - self._n_pending,
        )
        self._shown.on_start(stage, n_tasks, pending)

    def on_end(self, task: AnyTask, ended: Manifest | TaskFailure) -> None:
        """See `Watcher`."""
        self._n_done += 1
        result: dict[str, Any]
        if isinstance(ended, TaskFailure):
            self._n_failed += 1
            result = {"error": ended.message}
        else:
            self._records += ended.counts.get("records", ended.counts.get("documents", 0))
            self._bytes_read += ended.bytes_read
            heapq.heappush(self._slowest, (ended.seconds, task.shard))
            if len(self._slowest) > _SLOWEST_NAMED:
                heapq.heappop(self._slowest)
            result = {
                "seconds": ended.seconds,
                "cpu_seconds": ended.cpu_seconds,
                "peak_memory_bytes": ended.peak_memory_bytes,
                "bytes_read": ended.bytes_read,
                "bytes_written": ended.bytes_written,
                "counts": dict(ended.counts),
            }
        elapsed_s = max(time.monotonic() - self._started, 1e-6)
        self._write(
            "task_failed" if isinstance(ended, TaskFailure) else "task_finished",
            stage=task.stage,
            shard=task.shard,
            **result,
            done=self._n_done,
            pending=self._n_pending - self._n_done,
            running=self._pending.n_started - self._n_done,
            failed=self._n_failed,
            records_per_second=round(self._records / elapsed_s, 3),
            bytes_per_second=round(self._bytes_read / elapsed_s, 3),
            eta_s=round(elapsed_s / self._n_done * (self._n_pending - self._n_done), 3),
            slowest=[{"shard": shard, "seconds": seconds} for seconds, shard in sorted(self._slowest, reverse=True)],
        )
        self._shown.on_end(task, ended)

    def _write(self, event: str, **values: Any) -> None:
        if self._file is not None:
            line = {"event": event, "at": round(time.time(), 3), **values}
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
            self._file.flush()
