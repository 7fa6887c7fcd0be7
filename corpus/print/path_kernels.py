"""Compiled passes over the paths and pictures of a page, which PDFium is asked about by the addresses of its functions.

`manyo.corpus.print.pdf_objects` says what for. A budget of a council has 5,000 paths on a page, each of five segments.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.foreign import foreign
from manyo.corpus.jit import Float32s, Float64s, Int64s, Uint32s, kernel
from manyo.corpus.print.cell_kernels import put_box
from manyo.corpus.print.pdfium_kernels import (
    BOUNDS,
    DRAW_MODE,
    FILL,
    N_SEGMENTS,
    OBJECT_MATRIX,
    SEGMENT,
    SEGMENT_CLOSES,
    SEGMENT_KIND,
    SEGMENT_POINT,
)

_object_at = foreign("pointer", 2)
_object_number = foreign("int", 1)
_object_write_1 = foreign("int", 2)
_object_write_2 = foreign("int", 3)
_object_write_4 = foreign("int", 5)

#: Above this in all three channels, of 255, a colour is white on paper.
WHITE: Final = 247
#: Kinds of objects and segments.
PATH: Final = 2
IMAGE: Final = 3
FORM: Final = 5
_LINE_TO: Final = 0
#: A path of this thickness is a rule, in points.
_RULE_POINTS: Final = 2.0
#: Sides that are level or upright are so within this, in points.
_STRAIGHT_POINTS: Final = 0.5
#: Segments of a path that are looked at, and of a page; maps have millions.
MAX_SEGMENTS: Final = 2_000
MAX_PAGE_SEGMENTS: Final = 20_000


class Drawing(NamedTuple):
    """Room for what is drawn on a page: boxes as left, top, right, bottom, (n, 4) each.

    Attributes:
        rules, fills, tints, pictures: as in `manyo.corpus.print.pdf_objects.Drawn`.
        counts: (5,), how many there are of each of them, and how many paths.
        left: (2,), how many objects and how many segments may still be looked at.
    """

    rules: Float64s
    fills: Float64s
    tints: Float64s
    pictures: Float64s
    counts: Int64s
    left: Int64s


# Places in `Drawing.counts` and `Drawing.left`.
RULES: Final = 0
FILLS: Final = 1
TINTS: Final = 2
PICTURES: Final = 3
PATHS: Final = 4
OBJECTS: Final = 0
SEGMENTS: Final = 1


@kernel
def read_drawn(calls: Int64s, way: Float64s, handles: Int64s, kinds: Int64s, n: int, drawing: Drawing) -> None:
    """Add the paths and pictures among objects to a drawing.

    Args:
        calls: addresses of PDFium's functions.
        way: (6,), the frame of the objects, `manyo.corpus.print.pdf_objects.Frame`.
        handles, kinds: addresses of the objects, and what they are.
        n: how many of them there are.
        drawing: with room for all that may still be looked at; added to.
    """
    floats, numbers = np.zeros(6, np.float32), np.zeros(4, np.uint32)
    box = np.zeros(4, np.float64)
    counts, left = drawing.counts, drawing.left
    for at in range(n):
        left[OBJECTS] -= 1
        if left[OBJECTS] < 0:
            return
        handle, kind = handles[at], kinds[at]
        if kind not in (PATH, IMAGE):
            continue
        counts[PATHS] += kind == PATH
        address = floats.ctypes.data
        if not _object_write_4(calls[BOUNDS], handle, address, address + 4, address + 8, address + 12):
            continue
        put_box(way, floats[0], floats[1], floats[2], floats[3], box)
        if kind == IMAGE:
            _add(drawing.pictures, counts, PICTURES, box)
        elif left[SEGMENTS] > 0:
            left[SEGMENTS] -= _add_path(calls, way, handle, box, floats, numbers, drawing)


@kernel
def _add(boxes: Float64s, counts: Int64s, kind: int, box: Float64s) -> None:
    """Add a box to those of its kind."""
    for side in range(4):
        boxes[counts[kind], side] = box[side]
    counts[kind] += 1


@kernel
def _add_path(
    calls: Int64s, way: Float64s, handle: int, box: Float64s, floats: Float32s, numbers: Uint32s, drawing: Drawing
) -> int:
    """Add what a path draws: its straight lines and thin rectangles to the rules, its box to the fills and its
    rectangles to the tints if it is painted in a colour.

    Args:
        calls: addresses of PDFium's functions.
        way: the frame of the path.
        handle: address of the path.
        box: of the path, on the page.
        floats: (6,), room.
        numbers: (4,), room.
        drawing: is added to.

    Returns:
        How many segments were looked at.
    """
    counts = drawing.counts
    if min(box[2] - box[0], box[3] - box[1]) <= _RULE_POINTS:
        _add(drawing.rules, counts, RULES, box)
        return 0
    address = numbers.ctypes.data
    numbers[0], numbers[1] = 0, 0
    _object_write_2(calls[DRAW_MODE], handle, address, address + 4)
    is_filled, is_stroked = numbers[0] != 0, numbers[1] != 0
    is_painted = False
    if is_filled:
        _object_write_4(calls[FILL], handle, address, address + 4, address + 8, address + 12)
        is_painted = min(numbers[0], numbers[1], numbers[2]) < WHITE and numbers[3] > 0
    if is_painted:
        _add(drawing.fills, counts, FILLS, box)
    n_segments: int = _object_number(calls[N_SEGMENTS], handle)
    if n_segments > MAX_SEGMENTS or not (is_stroked or is_filled):
        return 0
    _object_write_1(calls[OBJECT_MATRIX], handle, floats.ctypes.data)
    a, b, c, d, e, f = floats
    inner = np.empty(6, np.float64)
    inner[0], inner[2] = way[0] * a + way[1] * b, way[2] * a + way[3] * b
    inner[1], inner[3] = way[0] * c + way[1] * d, way[2] * c + way[3] * d
    inner[4], inner[5] = way[0] * e + way[1] * f + way[4], way[2] * e + way[3] * f + way[5]
    points = np.empty((max(n_segments, 0) + 1, 2), np.float64)
    n_points = 0
    address = floats.ctypes.data
    for number in range(n_segments):
        segment = _object_at(calls[SEGMENT], handle, number)
        _object_write_2(calls[SEGMENT_POINT], segment, address, address + 4)
        if _object_number(calls[SEGMENT_KIND], segment) != _LINE_TO:
            _add_outline(points, n_points, is_stroked, is_filled, is_painted, drawing)
            n_points = 0
        points[n_points, 0] = inner[0] * floats[0] + inner[1] * floats[1] + inner[4]
        points[n_points, 1] = inner[2] * floats[0] + inner[3] * floats[1] + inner[5]
        n_points += 1
        if _object_number(calls[SEGMENT_CLOSES], segment):
            points[n_points] = points[0]
            _add_outline(points, n_points + 1, is_stroked, is_filled, is_painted, drawing)
            n_points = 0
    _add_outline(points, n_points, is_stroked, is_filled, is_painted, drawing)
    return max(n_segments, 0)


@kernel
def _add_outline(
    points: Float64s, n: int, is_stroked: bool, is_filled: bool, is_painted: bool, drawing: Drawing
) -> None:
    """Add what the first n points draw, one after another: a part of a path."""
    box = np.empty(4, np.float64)
    if is_stroked:
        for at in range(1, n):
            x0, y0, x1, y1 = points[at - 1, 0], points[at - 1, 1], points[at, 0], points[at, 1]
            if min(abs(x0 - x1), abs(y0 - y1)) <= _STRAIGHT_POINTS:
                box[0], box[1], box[2], box[3] = min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
                _add(drawing.rules, drawing.counts, RULES, box)
    if not is_filled or n < 4:
        return
    box[0], box[1] = points[:n, 0].min(), points[:n, 1].min()
    box[2], box[3] = points[:n, 0].max(), points[:n, 1].max()
    if min(box[2] - box[0], box[3] - box[1]) <= _RULE_POINTS:
        _add(drawing.rules, drawing.counts, RULES, box)
        return
    if not is_painted:
        return
    for at in range(n):
        x, y = points[at, 0], points[at, 1]
        if (
            min(abs(x - box[0]), abs(x - box[2])) > _STRAIGHT_POINTS
            or min(abs(y - box[1]), abs(y - box[3])) > _STRAIGHT_POINTS
        ):
            return
    _add(drawing.tints, drawing.counts, TINTS, box)
