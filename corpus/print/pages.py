"""Text that remembers where its pages start, and how pages are numbered and lines joined.

Books come page by page, but a sentence does not end where a page ends, so a document is one
text and a list of page starts. Starts count characters of the text as it is stored (NFC), so
the text of a page image is `text[start:next_start]`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

#: Digits of one number in the name of a page; Python refuses to convert numbers of thousands.
MAX_DIGITS = 18
_DIGITS = re.compile(rf"(\d{{1,{MAX_DIGITS}}})")


class PagedText:
    """Joins pieces of text, and notes the position at which each page starts.

    Pieces must be without control characters, as `manyo.corpus.text.tidy` leaves them.
    """

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._labels: list[str] = []
        self._first_pieces: list[int] = []

    def start_page(self, label: str) -> None:
        """The next piece is the first of this page; a page without pieces starts where the next one does."""
        self._labels.append(label)
        self._first_pieces.append(len(self._pieces))

    def add(self, piece: str) -> int:
        """Append a piece, as it is; returns its number."""
        self._pieces.append(piece)
        return len(self._pieces) - 1

    def drop_last_character(self) -> None:
        """Take back the last character of the last piece."""
        self._pieces[-1] = self._pieces[-1][:-1]

    def finish(self) -> tuple[str, list[tuple[str, int]]]:
        """The text in NFC without blank lines at its ends, and (label, start in characters) of each page."""
        cuts = [0, *self._first_pieces, len(self._pieces)]
        spans = ["".join(self._pieces[first:last]) for first, last in pairwise(cuts)]
        spans = [unicodedata.normalize("NFC", span) for span in spans]
        text = "".join(spans)
        if not unicodedata.is_normalized("NFC", text):
            # A page begins with a lone combining mark, which only a misreading gives.
            spans = [_without_leading_marks(span) for span in spans]
            text = "".join(spans)
        starts, position = [], 0
        for span in spans[:-1]:
            position += len(span)
            starts.append(position)
        leading = len(text) - len(text.lstrip("\n"))
        text = text.strip("\n")
        return text, [
            (label, min(max(start - leading, 0), len(text))) for label, start in zip(self._labels, starts, strict=True)
        ]

    def piece_starts(self) -> list[int]:
        """Where each piece starts in the text of `finish`, if no piece changed there: pieces in NFC rarely do."""
        starts = list(accumulate(map(len, self._pieces), initial=0))
        text = "".join(self._pieces)
        leading = len(text) - len(text.lstrip("\n"))
        return [start - leading for start in starts[:-1]]


def _without_leading_marks(span: str) -> str:
    first = next((i for i, char in enumerate(span) if not unicodedata.combining(char)), len(span))
    return span[first:]


def joined(left: str, right: str) -> str:
    """What stands between two lines of one paragraph: a space between ASCII letters, else nothing.

    Japanese lines are broken anywhere; only Latin words need the space that the line end stood
    for, and not after a hyphen. The rule is the one of the National Diet Library's own full-text indexing.
    """
    if not (left[-1:].isascii() and right[:1].isascii() and left and right):
        return ""
    is_hyphen = left[-1] == "-" and left[-2:-1].isalnum()
    return "" if is_hyphen or left[-1].isspace() or right[0].isspace() else " "


def is_broken_word(left: str, right: str) -> bool:
    """Whether a Latin word is broken over the end of a line, so that its hyphen goes: "litera-", "ture".

    A word that is written with a hyphen and broken there loses it: the two cases look the same in print.
    """
    return (
        left[-1:] in ("-", "\u2010", "\xad")
        and left[-2:-1].isascii()
        and left[-2:-1].isalpha()
        and "a" <= right[:1] <= "z"
    )


def page_order(page: str) -> tuple[tuple[int, str], ...]:
    """Sort key of a page's name, in which numbers count as numbers: `p2` comes before `p10`, 2 before 10."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(page))


def gaps(numbers: Iterable[int]) -> str:
    """The whole numbers that are missing between the least and the greatest, in words; empty if none is missing.

    >>> gaps([2, 1, 4, 8])
    '3, 5 to 7'
    """
    return ", ".join(
        str(left + 1) if right - left == 2 else f"{left + 1} to {right - 1}"
        for left, right in pairwise(sorted(set(numbers)))
        if right - left > 1
    )


def fraction_of(text: str, characters: Sequence[str] | str) -> float:
    """Share of the text's characters that are one of these; 0 for an empty text."""
    return sum(map(text.count, characters)) / len(text) if text else 0.0
