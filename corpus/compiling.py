"""Says that kernels are compiled, which takes a minute on a machine's first run, without a word from Numba."""

from __future__ import annotations

import sys

from numba.core.event import Listener, register


class _Announcement(Listener):
    """Writes one line when the first kernel is compiled that no cache holds."""

    is_made = False

    def on_start(self, event: object) -> None:
        """A kernel is about to be compiled."""
        if not _Announcement.is_made:
            _Announcement.is_made = True
            sys.stderr.write("compiling for this machine, once: a minute or two; manyo warm does it beforehand\n")

    def on_end(self, event: object) -> None:
        """A kernel was compiled."""


def announce_compiling() -> None:
    """Have this process say on standard error that it compiles, should it have to."""
    if not _Announcement.is_made:
        register("numba:compile", _Announcement())  # type: ignore[no-untyped-call]
