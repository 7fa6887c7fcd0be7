"""Models that are text files: one is read, or one line says what is wrong with it and which command makes another."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from typing import TypeVar

from manyo.corpus.tables.start_folder import located

_Model = TypeVar("_Model")


def read_model(path: str | None, shipped: str | None, parse: Callable[[str], _Model], sort: str, maker: str) -> _Model:
    """The model in a text file.

    Args:
        path: a local path; for the message only, if one that ships is meant.
        shipped: the file next to this module that is meant; None for the one at `path`.
        parse: reads the text, and raises ValueError for what it cannot read.
        sort: what the file should be, such as "quality model".
        maker: the command that makes one.

    Raises:
        ValueError: it is missing or damaged; the message begins with the path.
    """
    try:
        if shipped is not None:
            text = (files("manyo.filters.signals") / shipped).read_text(encoding="utf-8")
        else:
            with open(located(str(path)), encoding="utf-8") as file:
                text = file.read()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a {sort}; {maker} makes one") from error
    except OSError as error:
        raise ValueError(f"{path}: not a {sort} ({error.strerror})") from error
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{path}: not a {sort} ({error}); {maker} makes one") from error
