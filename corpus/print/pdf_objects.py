"""What is drawn on a PDF page but for its text: rules, tints and pictures, with their places on the displayed page."""

from __future__ import annotations

import ctypes
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.jit import Float64s
from manyo.corpus.print.path_kernels import (
    FILLS,
    FORM,
    MAX_PAGE_SEGMENTS,
    MAX_SEGMENTS,
    OBJECTS,
    PATHS,
    PICTURES,
    RULES,
    TINTS,
    Drawing,
    read_drawn,
)
from manyo.corpus.print.pdfium_kernels import ADDRESSES, FORM_OBJECT, PAGE_OBJECT, list_objects

#: Parts of a page that are looked at; maps have millions.
_MAX_OBJECTS: Final = 20_000
_MAX_TEXTS: Final = 1_000_000
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
    # A segment makes two rules at most, one as it is and one where its part is closed, and a part another one.
    n_segments = MAX_PAGE_SEGMENTS + MAX_SEGMENTS
    drawing = Drawing(
        np.empty((_MAX_OBJECTS + 3 * n_segments, 4)),
        np.empty((_MAX_OBJECTS, 4)),
        np.empty((n_segments, 4)),
        np.empty((_MAX_OBJECTS, 4)),
        np.zeros(5, np.int64),
        np.array([_MAX_OBJECTS, MAX_PAGE_SEGMENTS]),
    )

    def visit(count: int, get: int, owner: Any, way: Frame, depth: int) -> None:
        handles, kinds = np.zeros(max(count, 0), np.int64), np.zeros(max(count, 0), np.int64)
        address = ctypes.cast(owner, ctypes.c_void_p).value or 0
        n = list_objects(ADDRESSES, get, address, min(len(handles), _MAX_TEXTS), handles, kinds)
        read_drawn(ADDRESSES, np.array(way, np.float64), handles, kinds, n, drawing)
        if depth == _MAX_DEPTH:
            return
        for at in np.flatnonzero(kinds[:n] == FORM)[: max(int(drawing.left[OBJECTS]), 0)].tolist():
            handle, inner = ctypes.cast(int(handles[at]), raw.FPDF_PAGEOBJECT), raw.FS_MATRIX()
            raw.FPDFPageObj_GetMatrix(handle, inner)
            visit(raw.FPDFFormObj_CountObjects(handle), FORM_OBJECT, handle, _within(way, inner), depth + 1)

    visit(raw.FPDFPage_CountObjects(page.raw), PAGE_OBJECT, page.raw, frame, 0)
    counts = drawing.counts.tolist()
    return Drawn(
        drawing.rules[: counts[RULES]].copy(),
        drawing.tints[: counts[TINTS]].copy(),
        drawing.fills[: counts[FILLS]].copy(),
        drawing.pictures[: counts[PICTURES]].copy(),
        counts[PATHS],
    )


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
