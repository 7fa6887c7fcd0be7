"""A folded text in whose holes no name is looked up: what is masked in it, or will be."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final

from manyo.corpus.jit import Uint32s
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import LETTER, WINDOW_CHARS, Belief, name_chars
from manyo.filters.pii.normal_form import code_points

KANJI_OR_KATAKANA: Final = "[一-鿿々〆ヶヵァ-ヴー゛゜﨑𠮷]"
#: How far before 様 or a number a name may start.
_REACH_CHARS: Final = 32
# A kanji or katakana after anything else, or a hiragana after anything but a letter.
WORD_BREAK: Final = lazily(
    f"(?!{KANJI_OR_KATAKANA}).(?={KANJI_OR_KATAKANA})|(?!{LETTER}).(?={LETTER})|[^A-Za-zÀ-ÿ'](?=[A-ZÀ-Þ])"
)


Interval = tuple[int, int]


class OpenText:
    """A folded text in whose holes, which are disjoint and in order, nothing is looked up."""

    def __init__(self, text: str, holes: Sequence[Interval]) -> None:
        self.text = text
        self.holes = holes
        self._starts = [start for start, _ in holes]
        self._limits = [*self._starts, len(text)]

    @cached_property
    def points(self) -> Uint32s:
        """(len(text),), its code points."""
        return code_points(self.text)

    def name_end(self, start: int, belief: Belief, stop: int | None = None) -> int:
        """Where the name that starts at `start` ends, 0 if there is no name."""
        if self.in_hole(start):
            return 0
        end = self.limit(start)
        n_chars = name_chars(self.text[start : end if stop is None or stop > end else stop], belief)
        return start + n_chars if n_chars else 0

    def in_hole(self, position: int) -> bool:
        """Whether a position is in a hole."""
        nearest = bisect_right(self._starts, position)
        return nearest > 0 and self.holes[nearest - 1][1] > position

    def meets_hole(self, start: int, stop: int) -> bool:
        """Whether a hole has characters of `[start, stop)`."""
        nearest = bisect_right(self._starts, stop - 1)
        return nearest > 0 and self.holes[nearest - 1][1] > start

    def limit(self, start: int) -> int:
        """How far letters from `start` on may belong to one name: to a line end, a hole or the longest name."""
        end = min(self._limits[bisect_right(self._starts, start)], start + WINDOW_CHARS)
        line = self.text.find("\n", start, end)
        return line if line >= 0 else end

    def starts_before(self, stop: int) -> Iterator[int]:
        """Where a name that ends at or before `stop` may start, in order: in the same line, and not inside a word."""
        nearest = bisect_right(self._starts, stop - 1) - 1
        line = self.text.rfind("\n", 0, stop) + 1
        hole_end = self.holes[nearest][1] if nearest >= 0 else 0
        first = max(stop - _REACH_CHARS, line, hole_end)
        # Characters up to a hole's end are not part of the name, whether it is masked already or not.
        if first < stop and first in (line, hole_end):
            yield first
        # Each break is one character.
        for word_break in WORD_BREAK.finditer(self.text, first, stop):
            yield word_break.end()

    def is_line_start(self, start: int) -> bool:
        """Whether a line starts there."""
        return start == 0 or self.text[start - 1] == "\n"
