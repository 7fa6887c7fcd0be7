"""The glyphs of a PDF page with their places, through PDFium: what is shown, in the order of no stream.

Coordinates are points from the top left corner of the page as it is displayed: /Rotate is applied, and so is a quarter
turn of nearly all glyphs (a table that was printed sideways). A glyph's cell is the box that its character has in a
line: as high as the font's size, 0.88 of it above the baseline, as wide as it is advanced, whatever ink is in it.

PDFium is not thread-safe, and hostile files crash it: this runs where a crash costs one record
(`manyo.pipelines.extraction.isolation`). What is not shown is not returned, but counted: glyphs in render mode 3, white
on white, outside the page, smaller than a point.
"""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.jit import Bools, Float64s, Int64s, Uint32s
from manyo.corpus.print.cell_kernels import Cells, place_characters, room_for
from manyo.corpus.print.path_kernels import WHITE
from manyo.corpus.print.pdf_fields import FieldLine, field_lines
from manyo.corpus.print.pdf_objects import Frame, read_objects, share_of_page
from manyo.corpus.print.pdf_tags import Heading, tagged_headings
from manyo.corpus.print.pdfium_kernels import ADDRESSES, Found, read_characters

#: Glyphs of a smaller size cannot be read.
_LEAST_SIZE_POINTS: Final = 1.0
#: The part of the page at each edge where furniture stands.
_EDGE_SHARE: Final = 0.2
#: More glyphs than this are not a page: the densest of newspapers has 20,000.
MAX_GLYPHS: Final = 50_000

_RENDER_INVISIBLE: Final = 3


class Glyphs(NamedTuple):
    """The glyphs of a page as columns, (n,) each.

    Attributes:
        points: code points.
        left, top, right, bottom: cells.
        size: of the font, across the line.
        turn: quarter turns clockwise; -1 for a slanted glyph.
        font: number of its font on the page.
        has_map_error: the font does not say which character the glyph is.
        is_invisible: drawn in render mode 3; these stay where they are the text of a scanned page.
        ink_width, ink_height: of what is drawn, along the glyph's line and across, in ems; 0 if it is more than two.
    """

    points: Uint32s
    left: Float64s
    top: Float64s
    right: Float64s
    bottom: Float64s
    size: Float64s
    turn: Int64s
    font: Int64s
    has_map_error: Bools
    is_invisible: Bools
    ink_width: Float64s
    ink_height: Float64s

    def taken(self, chosen: Any) -> Glyphs:
        """The glyphs that a mask or an index chooses."""
        columns: list[Any] = [column[chosen] for column in self]
        return Glyphs(*columns)


@dataclass(slots=True)
class PdfPage:
    """What is on a page.

    Attributes:
        width, height: in points, as displayed.
        glyphs: those that are shown.
        rules: (n, 4), left, top, right, bottom of thin paths, and of the sides of rectangles.
        tints: (n, 4), rectangles that are painted in a colour.
        pictures: (n, 4), their boxes.
        n_paths: how many paths there are; text that was turned into outlines has hundreds.
        image_share: the part of the page that its pictures cover.
        n_hidden: glyphs that were left out, by why: invisible, white, outside, tiny, slanted, doubled, beyond_limit.
        is_artifact: which of the glyphs the file marks as no part of the text.
        fields: lines of what the fields of a form are filled in with.
        headings: as its tags name them.
    """

    width: float
    height: float
    glyphs: Glyphs
    rules: Float64s
    tints: Float64s = field(default_factory=lambda: np.zeros((0, 4)))
    pictures: Float64s = field(default_factory=lambda: np.zeros((0, 4)))
    n_paths: int = 0
    image_share: float = 0.0
    n_hidden: dict[str, int] = field(default_factory=dict)
    is_artifact: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))
    fields: list[FieldLine] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)


def page_of(document: pdfium.PdfDocument, number: int) -> PdfPage:
    """Read a page.

    Raises:
        pypdfium2.PdfiumError: the page cannot be loaded.
    """
    page = document[number]
    try:
        textpage = page.get_textpage()
        try:
            return _read(page, textpage)
        finally:
            textpage.close()
    finally:
        page.close()


def _read(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> PdfPage:
    left, bottom, right, top = page.get_cropbox()
    quarter = page.get_rotation() // 90 % 4
    width, height = (right - left, top - bottom) if quarter % 2 == 0 else (top - bottom, right - left)
    frame = Frame.of(quarter, left, bottom, right, top)
    found = PdfPage(width, height, _NO_GLYPHS, np.zeros((0, 4)))
    drawn = read_objects(page, frame)
    found.rules, found.tints, found.pictures, found.n_paths = drawn.rules, drawn.tints, drawn.pictures, drawn.n_paths
    found.image_share = share_of_page(drawn.pictures, width, height)
    found.fields = field_lines(page, frame)
    characters = _read_characters(textpage)
    if textpage.count_chars() > MAX_GLYPHS:
        found.n_hidden["beyond_limit"] = textpage.count_chars() - MAX_GLYPHS
    if characters is None:
        return found
    if raw.FPDFCatalog_IsTagged(page.pdf.raw):
        found.headings = tagged_headings(page, characters)
    _place(characters, frame, found, np.concatenate([drawn.fills, drawn.pictures]))
    _turn_upright(found)
    return found


_NONE = np.zeros(0, np.float64)
_NO_NUMBERS, _NO_FLAGS = np.zeros(0, np.int64), np.zeros(0, np.bool_)
_NO_GLYPHS = Glyphs(
    np.zeros(0, np.uint32),
    _NONE,
    _NONE,
    _NONE,
    _NONE,
    _NONE,
    _NO_NUMBERS,
    _NO_NUMBERS,
    _NO_FLAGS,
    _NO_FLAGS,
    _NONE,
    _NONE,
)


def _read_characters(textpage: pdfium.PdfTextPage) -> Found | None:
    """The characters of the page; None if there are none."""
    n_all = min(textpage.count_chars(), MAX_GLYPHS)
    room = Found(
        np.zeros(n_all, np.uint32),
        np.zeros(n_all, np.int64),
        np.zeros(n_all, np.float64),
        np.zeros(n_all, np.bool_),
        np.zeros((n_all, 4), np.float32),
        np.zeros((n_all, 4), np.float64),
        np.zeros((n_all, 2), np.float64),
        np.zeros((n_all, 6), np.float32),
        np.zeros(n_all, np.int64),
        np.zeros(n_all, np.int64),
        np.zeros((n_all, 4), np.uint32),
        np.zeros(n_all, np.bool_),
        np.zeros(n_all, np.int64),
    )
    handle = ctypes.cast(textpage.raw, ctypes.c_void_p).value or 0
    n = read_characters(ADDRESSES, handle, n_all, room)
    return room.taken(slice(n)) if n else None


def _are_artifacts(found: Found, cells: Cells, width: float, height: float) -> Bools:
    """Which characters near the page's edges the file marks as furniture."""
    share, x, y = _EDGE_SHARE, cells.x, cells.y
    is_near = (y < share * height) | (y > (1 - share) * height) | (x < share * width) | (x > (1 - share) * width)
    are_artifacts: Bools = found.is_artifact & is_near
    return are_artifacts


def _place(characters: Found, frame: Frame, found: PdfPage, fills: Float64s) -> None:
    """Fill in the glyphs of the page, and count what is not shown."""
    characters = _joined_halves(characters)
    n = len(characters.points)
    _, font = np.unique(characters.fonts, return_inverse=True)
    font = font.astype(np.int64)
    cells = room_for(n)
    is_full = is_full_width(characters.points)
    place_characters(characters, font, is_full, np.array(frame, np.float64), cells)
    is_invisible = characters.modes == _RENDER_INVISIBLE
    is_white = (characters.modes % 4 == 0) & (characters.colours[:, :3] >= WHITE).all(1)
    glyphs = Glyphs(
        characters.points,
        cells.left,
        cells.top,
        cells.right,
        cells.bottom,
        cells.size,
        cells.turn,
        font,
        characters.map_errors,
        is_invisible,
        cells.ink_width,
        cells.ink_height,
    )
    x, y = cells.middle_x, cells.middle_y
    is_inside = (x >= 0) & (y >= 0) & (x <= found.width) & (y <= found.height)
    is_inside &= np.isfinite(cells.left + cells.top + cells.right + cells.bottom)
    is_scan = found.image_share >= 0.5
    left_out = {
        "invisible": is_invisible & (not is_scan),
        "white": is_white & ~_is_covered(x, y, fills),
        "outside": ~is_inside,
        "tiny": ~(cells.size >= _LEAST_SIZE_POINTS),
        "slanted": cells.turn < 0,
        "doubled": _doubles(glyphs, characters.objects),
    }
    kept = np.ones(n, np.bool_)
    is_space = is_blank(glyphs.points)
    for why, mask in left_out.items():
        if n := int((mask & kept & ~is_space).sum()):
            found.n_hidden[why] = n
        kept &= ~mask
    found.glyphs = glyphs.taken(kept)
    found.is_artifact = _are_artifacts(characters, cells, found.width, found.height)[kept]


def _joined_halves(characters: Found) -> Found:
    """The characters with the two halves of UTF-16 pairs as one."""
    points = characters.points
    first = (points[:-1] >= 0xD800) & (points[:-1] < 0xDC00) & (points[1:] >= 0xDC00) & (points[1:] < 0xE000)
    if not first.any():
        return characters
    at = np.flatnonzero(first)
    points = points.copy()
    points[at] = 0x10000 + ((points[at] - 0xD800) << 10) + (points[at + 1] - 0xDC00)
    kept = np.ones(len(points), np.bool_)
    kept[at + 1] = False
    return characters._replace(points=points).taken(kept)


def is_blank(points: Uint32s) -> Bools:
    """Which characters are spaces of the text: U+0020, U+00A0, U+3000."""
    blank: Bools = (points == 0x20) | (points == 0xA0) | (points == 0x3000)
    return blank


def is_full_width(points: Uint32s) -> Bools:
    """Which characters are set one em wide in fonts that are not proportional."""
    return ((points >= 0x2E80) & (points <= 0xD7AF)) | ((points >= 0xF900) & (points <= 0xFF60)) | (points >= 0x1F000)


def _is_covered(x: Float64s, y: Float64s, fills: Float64s) -> Bools:
    """Which places lie on something that is painted."""
    covered = np.zeros(len(x), np.bool_)
    for left, top, right, bottom in fills.tolist():
        covered |= (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
    return covered


def _doubles(glyphs: Glyphs, objects: Int64s) -> Bools:
    """Glyphs that repeat one of the same character within 0.15 em: bold by striking twice.

    Two characters of one object in one place are a glyph that stands for both.
    """
    n = len(glyphs.points)
    doubled = np.zeros(n, np.bool_)
    order = np.lexsort((glyphs.left, glyphs.points))
    points, left, top, size = (column[order] for column in (glyphs.points, glyphs.left, glyphs.top, glyphs.size))
    objects = objects[order]
    for step in (1, 2, 3):
        if n <= step:
            break
        same = (
            (points[step:] == points[:-step])
            & (objects[step:] != objects[:-step])
            & (left[step:] - left[:-step] <= 0.15 * size[step:])
            & (np.abs(top[step:] - top[:-step]) <= 0.15 * size[step:])
            & (np.abs(size[step:] - size[:-step]) <= 0.05 * size[step:])
        )
        doubled[np.maximum(order[step:][same], order[:-step][same])] = True
    return doubled


def _turn_upright(found: PdfPage) -> None:
    """Turn a page whose glyphs nearly all lie on one side."""
    glyphs = found.glyphs
    if not len(glyphs.turn):
        return
    counts = np.bincount(glyphs.turn, minlength=4)
    turn = int(counts.argmax())
    if not turn or counts[turn] < 0.75 * counts.sum():
        return
    width, height = found.width, found.height

    def back(left: Any, top: Any, right: Any, bottom: Any) -> tuple[Any, Any, Any, Any]:
        """A box on the page after it was turned back."""
        if turn == 1:
            return top, width - right, bottom, width - left
        if turn == 2:
            return width - right, height - bottom, width - left, height - top
        return height - bottom, left, height - top, right

    left, top, right, bottom = back(glyphs.left, glyphs.top, glyphs.right, glyphs.bottom)
    found.glyphs = glyphs._replace(left=left, top=top, right=right, bottom=bottom, turn=(glyphs.turn - turn) % 4)
    found.rules, found.tints, found.pictures = (
        np.column_stack(back(*boxes.T)) for boxes in (found.rules, found.tints, found.pictures)
    )
    found.fields = [FieldLine(line.text, *back(*line[1:5]), line.size) for line in found.fields]
    if turn != 2:
        found.width, found.height = height, width
