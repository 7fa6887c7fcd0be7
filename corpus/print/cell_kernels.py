"""A compiled pass over the characters of a page, from what PDFium says of them to the cells in which they stand.

`manyo.corpus.print.pdf_glyphs` says what a cell is. Places are points from the top left corner of the displayed page.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Float64s, Int64s, inlined, kernel
from manyo.corpus.print.pdfium_kernels import Found

#: Share of the em above the baseline, as Japanese fonts have it.
ASCENT: Final = 0.88
#: A matrix is a quarter turn if it is within this of one, per em: 6 degrees.
_TURN_SLACK: Final = 0.1
#: A kanji's ink fills this part of its em.
_KANJI_FILLS: Final = 0.92
#: Where it fills more or less of the font's size than these, the font's own matrix scales it.
_LEAST_FILLED: Final = 0.5
_MOST_FILLED: Final = 1.5
#: The least advance that is one, and what stands for a smaller one, in ems.
_LEAST_ADVANCE_EMS: Final = 0.05
_SMALL_ADVANCE_EMS: Final = 0.25
_MOST_ADVANCE_EMS: Final = 2.0


class Cells(NamedTuple):
    """Room for the cells of a page's characters, (n,) each.

    Attributes:
        left, top, right, bottom: cells.
        size: of the font, across the line.
        turn: quarter turns clockwise; -1 for a slanted glyph.
        x, y: the left end of the baseline.
        middle_x, middle_y: of the ink.
        ink_width, ink_height: of the ink, along the line and across, in parts of the size.
    """

    left: Float64s
    top: Float64s
    right: Float64s
    bottom: Float64s
    size: Float64s
    turn: Int64s
    x: Float64s
    y: Float64s
    middle_x: Float64s
    middle_y: Float64s
    ink_width: Float64s
    ink_height: Float64s


def room_for(n: int) -> Cells:
    """Room for the cells of n characters."""
    left, top, right, bottom, size, x, y, *ink = (np.empty(n, np.float64) for _ in range(11))
    return Cells(left, top, right, bottom, size, np.empty(n, np.int64), x, y, *ink)


@inlined
def _quotient(part: float, whole: float) -> float:
    """A quotient; 0 where there is none."""
    if not whole > 0:
        return 0.0
    result = part / whole
    return result if -2.0 <= result <= 2.0 else 0.0


@kernel
def place_characters(found: Found, font: Int64s, is_full: Bools, frame: Float64s, cells: Cells) -> None:
    """Find the cells of a page's characters.

    PDFium's loose box says how far a character is advanced, but for fonts without metrics that box is the ink; then a
    full-width character is an em wide, and any other ends with its ink.

    Args:
        found: the characters.
        font: (n,), the number of each one's font.
        is_full: (n,), which of them are set an em wide.
        frame: (6,), from user space to the page, `manyo.corpus.print.pdf_objects.Frame`.
        cells: room; filled in.
    """
    n = len(found.points)
    loose, ink = np.empty((n, 4), np.float64), np.empty((n, 4), np.float64)
    for i in range(n):
        _, height = _scales(found, i, frame)
        cells.size[i] = abs(found.sizes[i]) * height
        x, y = found.origins[i, 0], found.origins[i, 1]
        cells.x[i], cells.y[i] = (
            frame[0] * x + frame[1] * y + frame[4],
            frame[2] * x + frame[3] * y + frame[5],
        )
        # PDFium gives left, top, right, bottom of the one, and left, right, bottom, top of the other.
        put_box(frame, found.loose[i, 0], found.loose[i, 3], found.loose[i, 2], found.loose[i, 1], loose[i])
        put_box(frame, found.ink[i, 0], found.ink[i, 2], found.ink[i, 1], found.ink[i, 3], ink[i])
        cells.middle_x[i] = (ink[i, 0] + ink[i, 2]) / 2
        cells.middle_y[i] = (ink[i, 1] + ink[i, 3]) / 2
    _correct_sizes(found, font, ink, cells.size)
    for i in range(n):
        _place(found, i, is_full[i], frame, loose[i], ink[i], cells)


@kernel
def put_box(frame: Float64s, left: float, bottom: float, right: float, top: float, box: Float64s) -> None:
    """Left, top, right, bottom on the page of a box in user space."""
    x0, y0 = frame[0] * left + frame[1] * bottom + frame[4], frame[2] * left + frame[3] * bottom + frame[5]
    x1, y1 = frame[0] * right + frame[1] * top + frame[4], frame[2] * right + frame[3] * top + frame[5]
    box[0], box[1], box[2], box[3] = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


@kernel
def _scales(found: Found, i: int, frame: Float64s) -> tuple[float, float]:
    """By what a character's matrix scales it along its line and across."""
    matrix = found.matrices[i]
    a, b, c, d = np.float64(matrix[0]), np.float64(matrix[1]), np.float64(matrix[2]), np.float64(matrix[3])
    return (
        math.hypot(frame[0] * a + frame[1] * b, frame[2] * a + frame[3] * b),
        math.hypot(frame[0] * c + frame[1] * d, frame[2] * c + frame[3] * d),
    )


@kernel
def _correct_sizes(found: Found, font: Int64s, ink: Float64s, size: Float64s) -> None:
    """Correct the sizes of glyphs of fonts whose own matrix scales them: there the ink of kanji does not fit."""
    order = np.argsort(font, kind="mergesort")
    n = len(order)
    ratios = np.empty(n, np.float64)
    first = 0
    while first < n:
        last, n_ratios = first, 0
        while last < n and font[order[last]] == font[order[first]]:
            i = order[last]
            if 0x4E00 <= found.points[i] <= 0x9FFF and size[i] > 0:
                ratio = max(ink[i, 2] - ink[i, 0], ink[i, 3] - ink[i, 1]) / size[i]
                if math.isfinite(ratio):
                    ratios[n_ratios] = ratio
                    n_ratios += 1
            last += 1
        if n_ratios:
            usual = np.median(ratios[:n_ratios])
            if usual > _MOST_FILLED or 0 < usual < _LEAST_FILLED:
                for at in range(first, last):
                    size[order[at]] *= usual / _KANJI_FILLS
        first = last


@kernel
def _place(found: Found, i: int, is_full: bool, frame: Float64s, loose: Float64s, ink: Float64s, cells: Cells) -> None:
    """Fill in the cell of a character whose size is known."""
    matrix = found.matrices[i]
    a, b, c, d = np.float64(matrix[0]), np.float64(matrix[1]), np.float64(matrix[2]), np.float64(matrix[3])
    scale, height = _scales(found, i, frame)
    # Unit vectors along the line and up.
    ex, ey = _quotient(frame[0] * a + frame[1] * b, scale), _quotient(frame[2] * a + frame[3] * b, scale)
    ux, uy = _quotient(frame[0] * c + frame[1] * d, height), _quotient(frame[2] * c + frame[3] * d, height)
    size, x, y = cells.size[i], cells.x[i], cells.y[i]
    em = size * scale / max(height, 1e-9)
    far_x, far_y = loose[2] if ex > 0 else loose[0], loose[3] if ey > 0 else loose[1]
    advance = (far_x - x) * ex + (far_y - y) * ey
    is_ink = not advance > _LEAST_ADVANCE_EMS * em
    if not is_ink:
        is_ink = True
        for side in range(4):
            is_ink &= abs(loose[side] - ink[side]) < 0.01 * em
        if abs(ex) > abs(ey):
            is_ink |= abs(loose[0] - (x if ex > 0 else far_x)) > _LEAST_ADVANCE_EMS * em
    if is_ink and is_full:
        advance = em
    if not advance > 0:
        advance = _SMALL_ADVANCE_EMS * em
    advance = min(advance, _MOST_ADVANCE_EMS * em)
    turn = -1
    if ex > 1 - _TURN_SLACK:
        turn = 0
    elif ey > 1 - _TURN_SLACK:
        turn = 1
    elif ex < _TURN_SLACK - 1:
        turn = 2
    elif ey < _TURN_SLACK - 1:
        turn = 3
    cells.turn[i] = turn
    ink_x, ink_y = ink[2] - ink[0], ink[3] - ink[1]
    if turn in (1, 3):
        ink_x, ink_y = ink_y, ink_x
    cells.ink_width[i], cells.ink_height[i] = _quotient(ink_x, em), _quotient(ink_y, size)
    x0, y0 = x + ux * size * ASCENT, y + uy * size * ASCENT
    x1, y1 = x - ux * size * (1 - ASCENT), y - uy * size * (1 - ASCENT)
    cells.left[i] = min(x0, x1, x0 + ex * advance, x1 + ex * advance)
    cells.right[i] = max(x0, x1, x0 + ex * advance, x1 + ex * advance)
    cells.top[i] = min(y0, y1, y0 + ey * advance, y1 + ey * advance)
    cells.bottom[i] = max(y0, y1, y0 + ey * advance, y1 + ey * advance)
