"""Input is parsed in a child process, so that a crash costs one record, not the task.

The child (`python -m manyo.pipelines.extraction.isolation`) lives as long as its parent
and extracts one shard after another at full speed. If it dies or hangs, a new child
extracts the same shard again in careful mode, where every record is parsed in a fork
of its own: records whose fork dies or hangs twice are quarantined, all others give the
same rows as at full speed. If a child is lost in careful mode, the cause is the reader,
between two records: after two losses at the same place the file ends there, and the
shard's other files are read.

The same child reads single pages again, for people who look at a run.
"""

from __future__ import annotations

import atexit
import contextlib
import mmap
import os
import pickle
import resource
import select
import signal
import struct
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from typing import IO, Any

from manyo.corpus.compiling import announce_compiling
from manyo.corpus.tables.retries import on_request
from manyo.corpus.tables.start_folder import start_folder
from manyo.pipelines.engine.peak_memory import forget_peak_memory, own_peak_memory_bytes
from manyo.pipelines.extraction.loop import Extraction, Progress, ReaderStop, ShardTooSlow, extract_shard
from manyo.pipelines.extraction.whole_pages import PagePlace, WholePage, read_page

#: Memory that the child may allocate before the system refuses more. Legitimate pages
#: need less than 1 GB; a shard's batches and the libraries need about as much again.
WORKER_MEMORY_BYTES = 6 << 30

_FRAME = struct.Struct("<Q")

#: Numbers that `manyo.pipelines.extraction.loop.Progress` shares.
_N_NUMBERS = 3


class _WorkerLost(Exception):
    """The child died or hung; the message says how, `place` how far its reader was: records, and index of the file."""

    def __init__(self, message: str, place: tuple[int, int]) -> None:
        super().__init__(message)
        self.place = place


class _Worker:
    """A child process, the two pipes to it, and the counters that it shares with this process."""

    def __init__(self) -> None:
        counter_fd = os.memfd_create("manyo-progress") if hasattr(os, "memfd_create") else _temporary_fd()
        os.ftruncate(counter_fd, mmap.PAGESIZE)
        self._counter = memoryview(mmap.mmap(counter_fd, mmap.PAGESIZE)).cast("Q")[:_N_NUMBERS]
        self._child = subprocess.Popen(
            [sys.executable, "-m", "manyo.pipelines.extraction.isolation", str(counter_fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[counter_fd],
        )
        os.close(counter_fd)
        _receive(self._pipes()[1])  # the child has loaded its libraries; the time limit for records starts now

    def run(self, order: Extraction | PagePlace, patience_s: float) -> Any:
        """Extract one shard, or read one page, in the child.

        Raises:
            _WorkerLost: the child died, or no new record began for `patience_s`.
            Exception: what the child raised.
        """
        stdin, stdout = self._pipes()
        try:
            _send(stdin, (start_folder(), order))
        except BrokenPipeError as error:
            raise _WorkerLost("the process had already ended", (0, 0)) from error
        seen = self._counter.tolist()
        while not select.select([stdout], [], [], patience_s)[0]:
            if self._counter.tolist() == seen:
                self.kill()
                raise _WorkerLost(f"no progress for {patience_s:g} s", self._place())
            seen = self._counter.tolist()
        answer = _receive(stdout)
        if answer is None:
            self.kill()
            raise _WorkerLost(f"the process ended with {_ending(self._child.returncode)}", self._place())
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def kill(self) -> None:
        """End the child now."""
        self._child.kill()
        self._child.wait()
        for pipe in self._pipes():
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _place(self) -> tuple[int, int]:
        return self._counter[0], self._counter[1]

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._child.stdin is None or self._child.stdout is None:
            raise RuntimeError("the child was started without pipes")
        return self._child.stdin, self._child.stdout


_worker: _Worker | None = None


def extract_isolated(extraction: Extraction) -> dict[str, int]:
    """Extract a shard in the child; after a crash again, with every record in a fork of its own.

    Returns:
        The counts of `manyo.pipelines.extraction.loop.extract_shard`, with the peak memory and processor time of the
        child.

    Raises:
        RuntimeError: the child is lost many times, each time at another place.
    """
    counts: dict[str, int]
    try:
        counts = _current_worker().run(extraction, extraction.record_timeout_s)
        return counts
    except _WorkerLost:
        _end_worker()
    except ShardTooSlow:
        pass  # the child is well, and stops each slow record by itself in careful mode
    careful = replace(extraction, careful=True)
    lost: Counter[tuple[int, int]] = Counter()
    # A file ends its reader at one place, which two losses confirm. More losses than these have another cause.
    for _ in range(2 * len(extraction.shard.files) + 3):
        try:
            # A record has two tries, then the next record begins.
            counts = _current_worker().run(careful, 3 * extraction.record_timeout_s)
            return counts
        except _WorkerLost as error:
            _end_worker()
            ending = str(error)
            lost[error.place] += 1
            if lost[error.place] == 2:
                n_records, file = error.place
                earlier = tuple(stop for stop in careful.stops if stop.file < file)
                careful = replace(careful, stops=(*earlier, ReaderStop(n_records, file, ending)))
    files = ", ".join(file.uri for file in extraction.shard.files)
    raise RuntimeError(f"the reader fails each time at another place in {files}: {ending}")


def read_page_isolated(place: PagePlace, timeout_s: float) -> WholePage | None:
    """Read the record of a page again, in the child.

    Returns:
        What `manyo.pipelines.extraction.whole_pages.read_page` does; None also if the parser fails, crashes, takes more
        memory than a record may, or is busy for longer than `timeout_s`.
    """
    page: WholePage | None
    try:
        (page,) = _current_worker().run(place, timeout_s)
    except _WorkerLost:
        _end_worker()
        page = None
    return page


def _ending(status: int) -> str:
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"


def _current_worker() -> _Worker:
    global _worker
    if _worker is None:
        _worker = _Worker()
    return _worker


def _end_worker() -> None:
    global _worker
    if _worker is not None:
        _worker.kill()
        _worker = None


atexit.register(_end_worker)


def _temporary_fd() -> int:
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


def _send(stream: IO[bytes], message: Any) -> None:
    body = pickle.dumps(message)
    stream.write(_FRAME.pack(len(body)) + body)
    stream.flush()


def _receive(stream: IO[bytes]) -> Any:
    """Returns the next message, or None if the other process is gone."""
    header = stream.read(_FRAME.size)
    if len(header) < _FRAME.size:
        return None
    body = stream.read(_FRAME.unpack(header)[0])
    return pickle.loads(body)


def _serve(counter_fd: int) -> None:
    """Run the child: do what arrives on standard input until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    resource.setrlimit(resource.RLIMIT_DATA, (WORKER_MEMORY_BYTES, WORKER_MEMORY_BYTES))
    announce_compiling()
    progress = Progress(memoryview(mmap.mmap(counter_fd, mmap.PAGESIZE)).cast("Q"))
    on_request(progress.request)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not corrupt the answers
    _send(answers, "ready")
    while (order := _receive(sys.stdin.buffer)) is not None:
        folder, wanted = order
        try:
            os.chdir(folder)  # relative paths start where the parent's do
            if isinstance(wanted, PagePlace):
                _send(answers, (read_page(wanted),))  # None says that this process is gone
                continue
            forget_peak_memory()
            cpu_started = _cpu_seconds()
            counts = extract_shard(wanted, progress)
            counts["peak_memory_bytes"] = own_peak_memory_bytes()
            counts["cpu_milliseconds"] = int(1000 * (_cpu_seconds() - cpu_started))
            _send(answers, counts)
        except Exception as error:  # noqa: BLE001 - sent to the parent, which raises it there; a page is not shown
            _send(answers, (None,) if isinstance(wanted, PagePlace) else error)


def _cpu_seconds() -> float:
    """Returns the processor time of this process and of its ended forks."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
