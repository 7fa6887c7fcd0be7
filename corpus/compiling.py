"""Says that kernels are compiled, which takes a minute on a machine's first run, without a word from Numba."""

from __future__ import annotations

import os
import sys
import time

from numba.core.event import Listener, register

#: Seconds after which a line says how far it is: long enough for few lines, short enough to show that work goes on.
_EVERY_S = 15.0

#: Set where somebody has said that kernels are compiled: the processes that it starts only say how far they are.
_SAID = "MANYO_SAID_THAT_IT_COMPILES"


class _Announcement(Listener):
    """Writes a line when the first kernel is compiled that no cache holds, and others while more are compiled."""

    is_made = False

    def __init__(self) -> None:
        self._n_compiled = 0
        self._said_at = time.monotonic()

    def on_start(self, event: object) -> None:
        """A kernel is about to be compiled."""
        if not _Announcement.is_made:
            _Announcement.is_made = True
            self._say("compiling for this machine, once: a minute or two; manyo warm does it beforehand")

    def on_end(self, event: object) -> None:
        """A kernel was compiled."""
        self._n_compiled += 1
        if time.monotonic() - self._said_at >= _EVERY_S:
            self._say(f"compiling: {self._n_compiled} functions so far")

    def _say(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        self._said_at = time.monotonic()


def announce_compiling() -> None:
    """Have this process say on standard error that it compiles, should it have to."""
    if not _Announcement.is_made:
        _Announcement.is_made = _SAID in os.environ
        register("numba:compile", _Announcement())  # type: ignore[no-untyped-call]


def say_compiling(line: str) -> None:
    """Say on standard error that kernels are compiled, in the place of the processes that this one starts."""
    os.environ[_SAID] = "1"
    sys.stderr.write(line + "\n")
