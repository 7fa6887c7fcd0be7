"""Seals: which of all sound files a task is to read.

Checksums inside a file say that it holds what somebody wrote. Two sound files that have changed places, or an older one
put back from a copy, pass them. So the manifest of a task keeps the seal of each file, four bytes that follow from all
of its checksums, and whoever reads the file for a later task compares it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import BinaryIO

from manyo.corpus.tables.checksums import CheckedFile, Damaged

#: Of a file without checksums, such as one of tokens.
NO_SEAL = -1

#: What the files that the task of this process reads must have, by URI.
_expected: dict[str, int] = {}


@contextmanager
def expecting(seals: Mapping[str, int]) -> Iterator[None]:
    """Files opened within the block must have these seals, where they are named here by their URI."""
    before = dict(_expected)
    _expected.update(seals)
    try:
        yield
    finally:
        _expected.clear()
        _expected.update(before)


def compare_seal(uri: str, found: int) -> None:
    """Compare the seal of an open file with the one that is expected, if one is.

    Raises:
        Damaged: the file is another one.
    """
    if _expected.get(uri, found) not in (found, NO_SEAL):
        raise Damaged("it is sound, but not the file that its manifest describes")


def read_seal(stream: BinaryIO) -> int:
    """The seal at the end of a file; `NO_SEAL` if it has none.

    Args:
        stream: of the whole file; it is closed.

    Raises:
        OSError: it cannot be read.
    """
    try:
        with CheckedFile(stream) as file:
            return file.seal
    except Damaged:
        return NO_SEAL
