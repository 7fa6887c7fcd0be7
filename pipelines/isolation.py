"""Hostile input is parsed in a child process, so that a crash costs one record, not the task.

The child (`python -m pipelines.isolation`) lives as long as the process that
uses it and extracts one shard after another at full speed. If it dies or stands
still, a new one does the same shard again in careful mode, where every record is
parsed in a fork of its own: the records that bring their fork down twice are
quarantined, all others give the same rows as before.
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
from dataclasses import replace
from typing import IO, Any

from pipelines.engine import own_peak_memory_bytes
from pipelines.extract import Extraction, Progress, extract

#: How much a parser may allocate before the system refuses it more. Legitimate pages
#: stay below 1 GB; a shard's batches and the libraries take about as much again.
WORKER_MEMORY_BYTES = 6 << 30

_FRAME = struct.Struct("<Q")


class _WorkerLost(Exception):
    """The child died or hung; the message says how."""


class _Worker:
    """A child process and the two pipes and the shared counter that tie it to this one."""

    def __init__(self) -> None:
        counter_fd = os.memfd_create("manyo-progress") if hasattr(os, "memfd_create") else _temporary_fd()
        os.ftruncate(counter_fd, mmap.PAGESIZE)
        self._counter = memoryview(mmap.mmap(counter_fd, mmap.PAGESIZE)).cast("Q")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "pipelines.isolation", str(counter_fd)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[counter_fd],
        )
        os.close(counter_fd)
        _receive(self._pipes()[1])  # the child has loaded its libraries; its time for records starts now

    def run(self, extraction: Extraction, patience_s: float) -> dict[str, int]:
        """Extract one shard in the child.

        Raises:
            _WorkerLost: the child died, or no new record began for `patience_s`.
            Exception: what the child raised.
        """
        stdin, stdout = self._pipes()
        try:
            _send(stdin, extraction)
        except BrokenPipeError as error:
            raise _WorkerLost("the parser's process had ended") from error
        seen = self._counter[0]
        while not select.select([stdout], [], [], patience_s)[0]:
            if self._counter[0] == seen:
                self.kill()
                raise _WorkerLost(f"no progress for {patience_s:g} s")
            seen = self._counter[0]
        answer = _receive(stdout)
        if answer is None:
            self.kill()
            raise _WorkerLost(f"the parser's process ended with status {self._child.returncode}")
        if isinstance(answer, BaseException):
            raise answer
        counts: dict[str, int] = answer
        return counts

    def kill(self) -> None:
        """End the child now."""
        self._child.kill()
        self._child.wait()
        for pipe in self._pipes():
            with contextlib.suppress(BrokenPipeError):
                pipe.close()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._child.stdin is None or self._child.stdout is None:
            raise RuntimeError("the child was started without pipes")
        return self._child.stdin, self._child.stdout


_worker: _Worker | None = None


def extract_isolated(extraction: Extraction) -> dict[str, int]:
    """Extract a shard in the child; after a crash once more, with every record on its own.

    Raises:
        RuntimeError: the child is lost in careful mode too, so it is not a record's parser that fails.
    """
    try:
        return _current_worker().run(extraction, extraction.record_timeout_s)
    except _WorkerLost:
        _end_worker()
    careful = replace(extraction, careful=True)
    try:
        # A record has two tries, after which its neighbour begins.
        return _current_worker().run(careful, 3 * extraction.record_timeout_s)
    except _WorkerLost as error:
        _end_worker()
        files = ", ".join(file.uri for file in extraction.shard.files)
        raise RuntimeError(f"the reader itself fails on {files}: {error}") from error


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
    """The next message, or None where the other side is gone."""
    header = stream.read(_FRAME.size)
    if len(header) < _FRAME.size:
        return None
    body = stream.read(_FRAME.unpack(header)[0])
    return pickle.loads(body)


def _serve(counter_fd: int) -> None:
    """The child: extract what arrives on standard input until it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then closes the pipe
    resource.setrlimit(resource.RLIMIT_DATA, (WORKER_MEMORY_BYTES, WORKER_MEMORY_BYTES))
    counter = memoryview(mmap.mmap(counter_fd, mmap.PAGESIZE)).cast("Q")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a library that prints must not garble the answers
    _send(answers, "ready")
    while (extraction := _receive(sys.stdin.buffer)) is not None:
        try:
            counts = extract(extraction, Progress(counter))
            counts["peak_memory_bytes"] = own_peak_memory_bytes()
            _send(answers, counts)
        except Exception as error:  # noqa: BLE001 - sent to the parent, which raises it there
            _send(answers, error)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
