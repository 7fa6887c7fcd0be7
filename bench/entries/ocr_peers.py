"""Rules of thumb for OCR lines: from the lines of each page in the given order to running text."""

from __future__ import annotations

from typing import Any

_ENDS = "。」』）"


def joined(given: list[dict[str, Any]]) -> list[str]:
    """All lines as one."""
    return ["".join(line for page in book["lines"] for line in page) for book in given]


def lines(given: list[dict[str, Any]]) -> list[str]:
    """A line for each."""
    return ["\n".join(line for page in book["lines"] for line in page) for book in given]


def to_full_stops(given: list[dict[str, Any]]) -> list[str]:
    """Lines joined until one ends as a sentence does."""
    return [
        "".join(line + ("\n" if line.endswith(tuple(_ENDS)) else "") for page in book["lines"] for line in page)
        for book in given
    ]
