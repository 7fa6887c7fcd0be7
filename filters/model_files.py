"""The bytes of model files: a model is named by its digest, and whoever loads it compares.

A file that is replaced during a run would otherwise give two halves of one table, scored by two models.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache

from manyo.corpus.tables.start_folder import located


class ModelChanged(Exception):
    """A model file is not the one that the run began with; the message is one line that names it."""


def files_digest(paths: Sequence[str]) -> str:
    """BLAKE2b of the bytes of local files, each read once per process unless it changes; "" for no files.

    Raises:
        OSError: a file cannot be read.
    """
    hasher = hashlib.blake2b(digest_size=16)
    for path in map(located, paths):
        status = os.stat(path)
        hasher.update(_digest(path, status.st_ino, status.st_size, status.st_mtime_ns))
    return hasher.hexdigest() if paths else ""


@lru_cache(maxsize=64)
def _digest(path: str, inode: int, size_bytes: int, modified_ns: int) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()


def check_unchanged(paths: Sequence[str], digest: str) -> None:
    """Compare files with the digest that they had when the run began.

    Raises:
        ModelChanged: they are others now.
    """
    names = ", ".join(paths)
    try:
        found = files_digest(paths)
    except OSError as error:
        raise ModelChanged(f"{names}: cannot be read since the run began ({error.strerror})") from error
    if found != digest:
        raise ModelChanged(f"{names}: changed since the run began; put the file back, or run again with the new one")
