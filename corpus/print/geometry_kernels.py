"""Lines on a page as the compiled passes see them: boxes, direction of print, size of print, first and last characters.

The passes are `furniture_kernels` and `paragraph_kernels`; they work on columns of all lines of a publication. Loops
take the columns that they need out of `Lines` first, and small functions take columns and not `Lines`: each access to
a named tuple inside a loop, and each call with one, costs more than the arithmetic.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Uint32s, kernel


class Kind(IntEnum):
    """What a line is: body lines run on, all others stand by themselves."""

    BODY = 0
    HEADING = 1
    CAPTION = 2
    HEADNOTE = 3  # 頭注: short lines above the text
    INLINE_NOTE = 4  # 割注: two small lines within a line
    CELL = 5  # of a table


class Box(NamedTuple):
    """A rectangle in pixels (or any unit), origin at the top left."""

    x: float
    y: float
    width: float
    height: float


class Boxes(NamedTuple):
    """Boxes as columns, float64 (n,) each; all four are NaN where a line has no box."""

    x: Float64s
    y: Float64s
    width: Float64s
    height: Float64s


class Lines(NamedTuple):
    """All lines of a publication as columns, in the order of the files. Passes change `kinds`, `blocks` and `kept`.

    Attributes:
        page_offsets: (n_pages + 1,), page `p` has the lines from `page_offsets[p]` to `page_offsets[p + 1]`.
        kinds: values of `Kind`.
        blocks: number of the line's text block on its page; `NO_BLOCK` where the format knows no blocks.
        boxes: where the lines stand.
        confidences: of the layout detector, 0 to 1; NaN if unknown.
        points: code points of all lines, one line after another.
        point_offsets: (n_lines + 1,), where each line starts in `points`.
        chars: length in characters.
        widths: width in full-width characters.
        marks: what the first and last character say, and what the line is; the bits named below.
        kept: whether the line is text of the work.
    """

    page_offsets: Int64s
    kinds: Bytes
    blocks: Int64s
    boxes: Boxes
    confidences: Float64s
    points: Uint32s
    point_offsets: Int64s
    chars: Int64s
    widths: Float64s
    marks: Int64s
    kept: Bools


#: The block of a line where the format knows no blocks.
NO_BLOCK: Final = -(1 << 62)

# What a character says at the start or end of a line: bits of the `meanings` table.
ENDS_SENTENCE: Final = 1
GOES_ON: Final = 2
HANGS: Final = 4
OPENS: Final = 8
ENDS_CELL: Final = 16
KANA: Final = 32
INDENTS: Final = 64

# Bits of `marks`: what the last character says, shifted what the first one says, and what the line is.
FIRST_SHIFT: Final = 8
SHORT_KANA: Final = 1 << 16
LAST_ASCII: Final = 1 << 17
FIRST_ASCII: Final = 1 << 18

#: The first code point that is not ASCII.
_ASCII_END: Final = 0x80
#: Lines of kana up to this length may be ruby.
_RUBY_CHARS: Final = 16
#: Shorter lines say little about the size of print.
_SIZE_MIN_CHARS: Final = 5
#: A block of shorter lines only is a list or a table, not prose: newspapers set 12 characters and more.
PROSE_MIN_CHARS: Final = 8


@kernel
def describe(points: Uint32s, offsets: Int64s, meanings: Bytes, chars: Int64s, widths: Float64s, marks: Int64s) -> None:
    """Fill in `chars`, `widths` and `marks` of every line from its code points; `meanings` is a table of them all."""
    for i in range(len(offsets) - 1):
        begin, end = offsets[i], offsets[i + 1]
        n_ascii, n_kana = 0, 0
        for at in range(begin, end):
            n_ascii += points[at] < _ASCII_END
            n_kana += (meanings[points[at]] & KANA) != 0
        chars[i] = end - begin
        widths[i] = max(end - begin - 0.5 * n_ascii, 0.5)
        first, last = points[begin], points[end - 1]
        mark = np.int64(meanings[last]) | np.int64(meanings[first]) << FIRST_SHIFT
        if n_kana == end - begin and n_kana <= _RUBY_CHARS:
            mark |= SHORT_KANA
        if last < _ASCII_END:
            mark |= LAST_ASCII
        if first < _ASCII_END:
            mark |= FIRST_ASCII
        marks[i] = mark


@kernel
def median_of(values: Float64s, n: int) -> float:
    """Median of the first n values, at least one."""
    ordered = np.sort(values[:n])
    return float(ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2)


@kernel
def share_inside(a: Box, b: Box) -> float:
    """The fraction of box a's area that lies in box b."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    area = a.width * a.height
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0


@kernel
def reads_vertically(lines: Lines, chosen: Int64s, n: int) -> bool:
    """Whether the first n chosen lines are vertical, by the shapes of their boxes; longer lines count more."""
    _, _, width, height = lines.boxes
    chars = lines.chars
    balance = 0
    for at in range(n):
        i = chosen[at]
        if height[i] > width[i]:
            balance += chars[i]
        elif not np.isnan(width[i]):
            balance -= chars[i]
    return balance > 0


@kernel
def size_of_print(lines: Lines, chosen: Int64s, n: int, is_vertical: bool, scratch: Float64s) -> float:
    """Median advance of a full-width character in the first n chosen lines, in pixels; 0 where none has a box."""
    _, _, width, height = lines.boxes
    chars, widths = lines.chars, lines.widths
    found = 0
    for at in range(n):
        i = chosen[at]
        if chars[i] >= _SIZE_MIN_CHARS and not np.isnan(width[i]):
            scratch[found] = (height[i] if is_vertical else width[i]) / widths[i]
            found += 1
    if found == 0:
        for at in range(n):
            i = chosen[at]
            if not np.isnan(width[i]):
                scratch[found] = min(width[i], height[i])
                found += 1
    return median_of(scratch, found) if found else 0.0
