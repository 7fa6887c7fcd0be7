"""The two sides of a comparison: a file that is on both would be compared with itself, which says nothing."""

from __future__ import annotations

import os
from collections.abc import Sequence

from manyo.corpus.tables.shards import filesystem, is_glob, is_local
from manyo.corpus.tables.start_folder import located
from manyo.pipelines.engine.errors import UserError


def refuse_same(first: Sequence[str], second: Sequence[str], sides: str) -> None:
    """Refuse files, globs and configurations of which one file is on both sides.

    Args:
        first, second: as they were given.
        sides: what the sides are, for the message: "--positive and --negative".

    Raises:
        UserError: a file is on both.
    """
    seen = {place for given in first for place in _places(given)}
    for given in second:
        if seen & {*_places(given)}:
            raise UserError(f"{sides}: {given} is on both sides, so that it would be compared with itself")


def _places(given: str) -> list[str]:
    """Where the files are that a path or glob names, the same for every spelling."""
    fs, path = filesystem(given)
    if not is_local(fs):
        return [given]
    return [os.path.realpath(name) for name in (fs.glob(path) if is_glob(given) else [located(path)])]
