"""The folder where relative paths start: that of the configuration that names them, else the process's own.

So a configuration means the same wherever it is named from, with the same fingerprints and the same names in tables,
which keep the paths as it states them. The folder belongs to the thread of a block, not to the process: a notebook
stays in its folder, and two threads may run two configurations.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_folder: ContextVar[str | None] = ContextVar("manyo_start_folder", default=None)


@contextmanager
def paths_start_at(folder: str) -> Iterator[None]:
    """Have relative paths start at a folder during the block, in this thread."""
    before = _folder.set(os.path.realpath(folder))
    try:
        yield
    finally:
        _folder.reset(before)


def start_folder() -> str:
    """The absolute path of the folder where relative paths start."""
    return _folder.get() or os.getcwd()


def located(path: str) -> str:
    """The absolute path of a local file or folder; a URI as it is."""
    return path if "://" in path else os.path.abspath(os.path.join(start_folder(), os.path.expanduser(path)))
