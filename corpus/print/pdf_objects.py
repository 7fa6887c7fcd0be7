"""What is drawn on a PDF page but for its text: rules, tints and pictures, with their places on the displayed page."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.jit import Float64s
from manyo.corpus.print.pdfium_kernels import ADDRESSES, FORM_OBJECT, PAGE_OBJECT, list_objects

#: Above this in all three channels, of 255, a colour is white on paper.
WHITE: Final = 247
#: Parts of a page that are looked at; maps have millions.
_MAX_OBJECTS: Final = 20_000
_MAX_TEXTS: Final = 1_000_000
_MAX_SEGMENTS: Final = 2_000
_MAX_PAGE_SEGMENTS: Final = 20_000
#: A path of this thickness is a rule, in points.
_RULE_POINTS: Final = 2.0
#: Forms within forms, which a hostile file nests without end.
_MAX_DEPTH: Final = 8


class Frame(NamedTuple):
    """From user space to the displayed page: x and y are multiplied by the matrix, then moved."""

    xx: float
    xy: float
    yx: float
    yy: float
    dx: float
    dy: float

    @classmethod
    def of(cls, quarter: int, left: float, bottom: float, right: float, top: float) -> Frame:
        """Of a page that is turned by quarters clockwise, and cropped to a box."""
        return (
            cls(1, 0, 0, -1, -left, top),
            cls(0, 1, 1, 0, -bottom, -left),
            cls(-1, 0, 0, 1, right, -bottom),
            cls(0, -1, -1, 0, top, right),
        )[quarter]

    def point(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Where a place is on the page."""
        return self.xx * x + self.xy * y + self.dx, self.yx * x + self.yy * y + self.dy

    def way(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Which way a vector points on the page."""
        return self.xx * x + self.xy * y, self.yx * x + self.yy * y

    def box(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """A box as left, top, right, bottom on the page."""
        xx, xy, yx, yy, dx, dy = self
        x0, y0 = xx * left + xy * bottom + dx, yx * left + yy * bottom + dy
        x1, y1 = xx * right + xy * top + dx, yx * right + yy * top + dy
        return (x0 if x0 < x1 else x1, y0 if y0 < y1 else y1, x1 if x0 < x1 else x0, y1 if y0 < y1 else y0)


class Drawn(NamedTuple):
    """What is drawn on a page but for its text: boxes as left, top, right, bottom, (n, 4) each.

    Attributes:
        rules: thin paths, and the sides of rectangles.
        tints: rectangles that are painted in a colour.
        fills: boxes of all paths that are painted in a colour.
        pictures: boxes of pictures.
        n_paths: how many paths there are.
    """

    rules: Float64s
    tints: Float64s
    fills: Float64s
    pictures: Float64s
    n_paths: int


def read_objects(page: pdfium.PdfPage, frame: Frame) -> Drawn:
    """Find what is drawn on a page."""
    rules: list[tuple[float, float, float, float]] = []
    fills: list[tuple[float, float, float, float]] = []
    tints: list[tuple[float, float, float, float]] = []
    pictures: list[tuple[float, float, float, float]] = []
    box = [ctypes.c_float() for _ in range(4)]
    left_objects, left_segments, n_paths = _MAX_OBJECTS, _MAX_PAGE_SEGMENTS, 0

    def bounds(handle: Any) -> tuple[float, float, float, float] | None:
        if not raw.FPDFPageObj_GetBounds(handle, *box):
            return None
        return box[0].value, box[1].value, box[2].value, box[3].value

    def visit(count: int, get: int, owner: Any, way: Frame, depth: int) -> None:
        nonlocal left_objects, left_segments, n_paths
        handles, kinds = np.zeros(max(count, 0), np.int64), np.zeros(max(count, 0), np.int64)
        address = ctypes.cast(owner, ctypes.c_void_p).value or 0
        n = list_objects(ADDRESSES, get, address, min(len(handles), _MAX_TEXTS), handles, kinds)
        for at in range(n):
            left_objects -= 1
            if left_objects < 0:
                return
            handle, kind = ctypes.cast(int(handles[at]), raw.FPDF_PAGEOBJECT), kinds[at]
            placed = bounds(handle)
            if kind == raw.FPDF_PAGEOBJ_IMAGE and placed:
                pictures.append(way.box(*placed))
            elif kind == raw.FPDF_PAGEOBJ_PATH:
                n_paths += 1
                if placed and left_segments > 0:
                    left_segments -= _add_path(handle, way, placed, rules, fills, tints)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                inner = raw.FS_MATRIX()
                raw.FPDFPageObj_GetMatrix(handle, inner)
                visit(raw.FPDFFormObj_CountObjects(handle), FORM_OBJECT, handle, _within(way, inner), depth + 1)

    visit(raw.FPDFPage_CountObjects(page.raw), PAGE_OBJECT, page.raw, frame, 0)
    return Drawn(_columns(rules), _columns(tints), _columns(fills), _columns(pictures), n_paths)


def _columns(boxes: list[tuple[float, float, float, float]]) -> Float64s:
    return np.array(boxes, np.float64).reshape(-1, 4)


def _within(way: Frame, inner: Any) -> Frame:
    """The frame of what stands in a form, given the form's matrix."""
    xx, yx = way.way(inner.a, inner.b)
    xy, yy = way.way(inner.c, inner.d)
    dx, dy = way.point(inner.e, inner.f)
    return Frame(xx, xy, yx, yy, dx, dy)


#: Fields a side in which it is counted what pictures cover: scans come as hundreds of strips.
_FIELDS: Final = 40


def share_of_page(boxes: Float64s, width: float, height: float) -> float:
    """The part of a page of some width and height that boxes cover together."""
    if not len(boxes) or width <= 0 or height <= 0:
        return 0.0
    covered = np.zeros((_FIELDS, _FIELDS), np.bool_)
    scale = np.array([width, height, width, height]) / _FIELDS
    fields = np.clip(np.round(boxes / scale), 0, _FIELDS).astype(np.int64)
    for left, top, right, bottom in np.unique(fields, axis=0).tolist():
        covered[top:bottom, left:right] = True
    return float(covered.mean())


def _add_path(
    handle: Any,
    way: Frame,
    placed: tuple[float, float, float, float],
    rules: list[tuple[float, float, float, float]],
    fills: list[tuple[float, float, float, float]],
    tints: list[tuple[float, float, float, float]],
) -> int:
    """Add what a path draws: its straight lines and thin rectangles to the rules, its box to the fills and its
    rectangles to the tints if it is painted in a colour.

    Returns:
        How many segments were looked at.
    """
    on_page = way.box(*placed)
    left, top, right, bottom = on_page
    if min(right - left, bottom - top) <= _RULE_POINTS:
        rules.append(on_page)
        return 0
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(handle, mode, stroke)
    is_painted = False
    if mode.value:
        raw.FPDFPageObj_GetFillColor(handle, *_COLOUR)
        is_painted = min(part.value for part in _COLOUR[:3]) < WHITE and _COLOUR[3].value > 0
    if is_painted:
        fills.append(on_page)
    n_segments = int(raw.FPDFPath_CountSegments(handle))
    if n_segments > _MAX_SEGMENTS or not (stroke.value or mode.value):
        return 0
    for points in _outlines(handle, way, n_segments):
        if stroke.value:
            for one, other in pairwise(points):
                _add_line(rules, one, other)
        if mode.value and len(points) >= 4:
            xs, ys = [point[0] for point in points], [point[1] for point in points]
            box = min(xs), min(ys), max(xs), max(ys)
            if min(box[2] - box[0], box[3] - box[1]) <= _RULE_POINTS:
                rules.append(box)
            elif is_painted and all(
                min(abs(x - box[0]), abs(x - box[2])) <= 0.5 and min(abs(y - box[1]), abs(y - box[3])) <= 0.5
                for x, y in points
            ):
                tints.append(box)
    return n_segments


_COLOUR = [ctypes.c_uint() for _ in range(4)]


def _outlines(handle: Any, way: Frame, n_segments: int) -> Iterator[list[tuple[float, float]]]:
    """The points of each part of a path, the first one again where it is closed. Curves are left out."""
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(handle, matrix)
    frame = _within(way, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    points: list[tuple[float, float]] = []
    for number in range(n_segments):
        segment = raw.FPDFPath_GetPathSegment(handle, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        at = frame.point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind != raw.FPDF_SEGMENT_LINETO:
            if points:
                yield points
            points = []
        points.append(at)
        if raw.FPDFPathSegment_GetClose(segment):
            yield [*points, points[0]]
            points = []
    if points:
        yield points


def _add_line(
    rules: list[tuple[float, float, float, float]], one: tuple[float, float], other: tuple[float, float]
) -> None:
    """Add a line if it is level or upright."""
    if min(abs(one[0] - other[0]), abs(one[1] - other[1])) <= 0.5:
        rules.append((min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])))
