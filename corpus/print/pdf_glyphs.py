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

#: Share of the em above the baseline, as Japanese fonts have it.
ASCENT: Final = 0.88
#: Glyphs of a smaller size cannot be read.
_LEAST_SIZE_POINTS: Final = 1.0
#: Above this in all three channels, of 255, a colour is white on paper.
_WHITE: Final = 247
#: A matrix is a quarter turn if it is within this of one, per em: 6 degrees.
_TURN_SLACK: Final = 0.1
#: Parts of a page that are looked at for rules and pictures; maps have millions.
_MAX_OBJECTS: Final = 20_000
_MAX_SEGMENTS: Final = 200
#: A path of this thickness is a rule, in points.
_RULE_POINTS: Final = 2.0
#: Forms within forms, which a hostile file nests without end.
_MAX_DEPTH: Final = 8
#: More glyphs than this are not a page: the densest of newspapers has 20,000.
MAX_GLYPHS: Final = 200_000

_RENDER_INVISIBLE: Final = 3
_GENERATED: Final = frozenset((0x0D, 0x0A, 0xFFFE))
#: What PDFium gives for a hyphen at the end of a line.
_HYPHEN: Final = 0x02


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

    def taken(self, chosen: Any) -> Glyphs:
        """The glyphs that a mask or an index chooses."""
        return Glyphs(*(column[chosen] for column in self))


@dataclass(slots=True)
class PdfPage:
    """What is on a page.

    Attributes:
        width, height: in points, as displayed.
        glyphs: those that are shown.
        rules: (n, 4), left, top, right, bottom of thin paths, and of the sides of rectangles.
        n_paths: how many paths there are; text that was turned into outlines has hundreds.
        image_share: the part of the page that its pictures cover.
        n_hidden: glyphs that were left out, by why: invisible, white, outside, tiny, slanted, doubled.
        n_artifacts: glyphs that the file marks as no part of the text.
    """

    width: float
    height: float
    glyphs: Glyphs
    rules: Float64s
    n_paths: int = 0
    image_share: float = 0.0
    n_hidden: dict[str, int] = field(default_factory=dict)
    is_artifact: Bools = field(default_factory=lambda: np.zeros(0, np.bool_))


class _Calls:
    """PDFium's functions as they are called once for each glyph: with addresses of arrays instead of objects."""

    def __init__(self) -> None:
        pointer, number = ctypes.c_void_p, ctypes.c_int

        def call(function: Any, result: Any, *arguments: Any) -> Any:
            address = ctypes.cast(function, pointer).value
            return ctypes.CFUNCTYPE(result, *arguments)(address or 0)

        self.unicode = call(raw.FPDFText_GetUnicode, ctypes.c_uint, pointer, number)
        self.text_object = call(raw.FPDFText_GetTextObject, pointer, pointer, number)
        self.font_size = call(raw.FPDFText_GetFontSize, ctypes.c_double, pointer, number)
        self.map_error = call(raw.FPDFText_HasUnicodeMapError, number, pointer, number)
        self.loose_box = call(raw.FPDFText_GetLooseCharBox, number, pointer, number, pointer)
        self.ink_box = call(raw.FPDFText_GetCharBox, number, pointer, number, pointer, pointer, pointer, pointer)
        self.origin = call(raw.FPDFText_GetCharOrigin, number, pointer, number, pointer, pointer)
        self.matrix = call(raw.FPDFText_GetMatrix, number, pointer, number, pointer)
        self.render_mode = call(raw.FPDFTextObj_GetTextRenderMode, number, pointer)
        self.font = call(raw.FPDFTextObj_GetFont, pointer, pointer)
        self.fill = call(raw.FPDFPageObj_GetFillColor, number, pointer, pointer, pointer, pointer, pointer)


_CALLS = _Calls()


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
    frame = _Frame.of(quarter, left, bottom, right, top)
    found = PdfPage(width, height, _NO_GLYPHS, np.zeros((0, 4)))
    fills = _read_objects(page, frame, found)
    characters = _read_characters(textpage)
    if characters is None:
        return found
    _place(characters, frame, found, fills)
    _turn_upright(found)
    return found


class _Frame(NamedTuple):
    """From user space to the displayed page: x and y are multiplied by the matrix, then moved."""

    xx: float
    xy: float
    yx: float
    yy: float
    dx: float
    dy: float

    @classmethod
    def of(cls, quarter: int, left: float, bottom: float, right: float, top: float) -> _Frame:
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
        x0, y0 = self.point(left, bottom)
        x1, y1 = self.point(right, top)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


_NONE = np.zeros(0, np.float64)
_NO_NUMBERS, _NO_FLAGS = np.zeros(0, np.int64), np.zeros(0, np.bool_)
_NO_GLYPHS = Glyphs(
    np.zeros(0, np.uint32), _NONE, _NONE, _NONE, _NONE, _NONE, _NO_NUMBERS, _NO_NUMBERS, _NO_FLAGS, _NO_FLAGS
)


class _Characters(NamedTuple):
    """What PDFium says of the characters that belong to text objects."""

    points: Uint32s
    objects: list[int]
    sizes: Float64s
    map_errors: Bools
    loose: Float64s
    ink: Float64s
    origins: Float64s
    matrices: Float64s


def _read_characters(textpage: pdfium.PdfTextPage) -> _Characters | None:
    """The characters of the page; None if there are none."""
    handle = ctypes.cast(textpage.raw, ctypes.c_void_p).value
    n_all = min(textpage.count_chars(), MAX_GLYPHS)
    calls = _CALLS
    unicode, text_object = calls.unicode, calls.text_object
    points, objects, places = [], [], []
    for place in range(n_all):
        point = unicode(handle, place)
        # Line ends and spaces that PDFium made up belong to no text object.
        if point in _GENERATED or (point == 0x20 and not text_object(handle, place)):
            continue
        owner = text_object(handle, place)
        if owner:
            points.append(point if point != _HYPHEN else 0x2D)
            objects.append(owner)
            places.append(place)
    n = len(places)
    if not n:
        return None
    loose, ink = np.zeros((n, 4), np.float32), np.zeros((n, 4), np.float64)
    origins, matrices = np.zeros((n, 2), np.float64), np.zeros((n, 6), np.float32)
    loose_at, ink_at, origin_at, matrix_at = (array.ctypes.data for array in (loose, ink, origins, matrices))
    loose_box, ink_box, origin, matrix = calls.loose_box, calls.ink_box, calls.origin, calls.matrix
    for place in places:
        loose_box(handle, place, loose_at)
        ink_box(handle, place, ink_at, ink_at + 8, ink_at + 16, ink_at + 24)
        origin(handle, place, origin_at, origin_at + 8)
        matrix(handle, place, matrix_at)
        loose_at += 16
        ink_at += 32
        origin_at += 16
        matrix_at += 24
    font_size, map_error = calls.font_size, calls.map_error
    return _Characters(
        np.array(points, np.uint32),
        objects,
        np.array([font_size(handle, place) for place in places], np.float64),
        np.array([map_error(handle, place) == 1 for place in places], np.bool_),
        loose.astype(np.float64),
        ink,
        origins,
        matrices.astype(np.float64),
    )


class _Objects(NamedTuple):
    """What is known of each text object, one value for each character."""

    font: Int64s
    is_invisible: Bools
    is_white: Bools
    is_artifact: Bools


def _object_facts(objects: list[int]) -> _Objects:
    """Font, render mode, colour and mark of the object of each character."""
    calls = _CALLS
    colour = np.zeros(4, np.uint32)
    at = colour.ctypes.data
    fonts: dict[int, int] = {}
    known: dict[int, tuple[int, bool, bool, bool]] = {}
    for owner in objects:
        if owner in known:
            continue
        font = calls.font(owner) or 0
        has_fill = calls.fill(owner, at, at + 4, at + 8, at + 12)
        mode = calls.render_mode(owner)
        known[owner] = (
            fonts.setdefault(font, len(fonts)),
            mode == _RENDER_INVISIBLE,
            bool(has_fill) and mode in (0, 4) and bool((colour[:3] >= _WHITE).all()),
            _is_artifact(owner),
        )
    columns = list(zip(*(known[owner] for owner in objects), strict=True))
    return _Objects(np.array(columns[0], np.int64), *(np.array(column, np.bool_) for column in columns[1:]))


_MARK_NAME = (ctypes.c_ushort * 16)()
_ARTIFACT = "Artifact".encode("utf-16-le")


def _is_artifact(owner: int) -> bool:
    """Whether the file marks an object as furniture of the page."""
    handle = ctypes.cast(owner, raw.FPDF_PAGEOBJECT)
    n_marks = raw.FPDFPageObj_CountMarks(handle)
    length = ctypes.c_ulong()
    for number in range(min(n_marks, _MAX_DEPTH)):
        mark = raw.FPDFPageObj_GetMark(handle, number)
        if raw.FPDFPageObjMark_GetName(mark, _MARK_NAME, ctypes.sizeof(_MARK_NAME), length) and (
            bytes(_MARK_NAME)[: max(length.value - 2, 0)] == _ARTIFACT
        ):
            return True
    return False


def _place(characters: _Characters, frame: _Frame, found: PdfPage, fills: Float64s) -> None:
    """Fill in the glyphs of the page, and count what is not shown."""
    characters = _joined_halves(characters)
    facts = _object_facts(characters.objects)
    a, b, c, d = (characters.matrices[:, i] for i in range(4))
    along_x, along_y = frame.way(a, b)
    up_x, up_y = frame.way(c, d)
    scale = np.hypot(along_x, along_y)
    size = np.abs(characters.sizes) * np.hypot(up_x, up_y)
    x, y = frame.point(characters.origins[:, 0], characters.origins[:, 1])
    with np.errstate(all="ignore"):
        ex, ey = np.nan_to_num(along_x / scale), np.nan_to_num(along_y / scale)
        ux, uy = np.nan_to_num(up_x / np.hypot(up_x, up_y)), np.nan_to_num(up_y / np.hypot(up_x, up_y))
    loose = _boxes_on_page(characters.loose[:, [0, 3, 2, 1]], frame)  # left, top, right, bottom in PDFium's struct
    ink = _boxes_on_page(characters.ink[:, [0, 2, 1, 3]], frame)  # left, right, bottom, top
    size = _true_sizes(characters.points, facts.font, size, ink)
    advance = _advances(
        characters.points, size * scale / np.maximum(np.hypot(up_x, up_y), 1e-9), loose, ink, ex, ey, x, y
    )
    turn = np.select(
        [ex > 1 - _TURN_SLACK, ey > 1 - _TURN_SLACK, ex < _TURN_SLACK - 1, ey < _TURN_SLACK - 1], [0, 1, 2, 3], -1
    )
    corners_x = np.stack([x + ux * size * ASCENT, x - ux * size * (1 - ASCENT)])
    corners_y = np.stack([y + uy * size * ASCENT, y - uy * size * (1 - ASCENT)])
    corners_x = np.concatenate([corners_x, corners_x + ex * advance])
    corners_y = np.concatenate([corners_y, corners_y + ey * advance])
    glyphs = Glyphs(
        characters.points,
        corners_x.min(0),
        corners_y.min(0),
        corners_x.max(0),
        corners_y.max(0),
        size,
        turn,
        facts.font,
        characters.map_errors,
        facts.is_invisible,
    )
    middle_x, middle_y = (ink[:, 0] + ink[:, 2]) / 2, (ink[:, 1] + ink[:, 3]) / 2
    is_outside = (middle_x < 0) | (middle_y < 0) | (middle_x > found.width) | (middle_y > found.height)
    is_scan = found.image_share >= 0.5
    left_out = {
        "invisible": facts.is_invisible & (not is_scan),
        "white": facts.is_white & ~_is_covered(middle_x, middle_y, fills),
        "outside": is_outside,
        "tiny": ~(size >= _LEAST_SIZE_POINTS),
        "slanted": turn < 0,
        "doubled": _doubles(glyphs, np.array(characters.objects, np.int64)),
    }
    kept = np.ones(len(size), np.bool_)
    is_space = np.isin(glyphs.points, (0x20, 0xA0, 0x3000))
    for why, mask in left_out.items():
        if n := int((mask & kept & ~is_space).sum()):
            found.n_hidden[why] = n
        kept &= ~mask
    found.glyphs = glyphs.taken(kept)
    found.is_artifact = facts.is_artifact[kept]


def _joined_halves(characters: _Characters) -> _Characters:
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
    return _Characters(
        points[kept],
        [owner for owner, is_kept in zip(characters.objects, kept.tolist(), strict=True) if is_kept],
        characters.sizes[kept],
        characters.map_errors[kept],
        characters.loose[kept],
        characters.ink[kept],
        characters.origins[kept],
        characters.matrices[kept],
    )


def _boxes_on_page(boxes: Float64s, frame: _Frame) -> Float64s:
    """Boxes (left, bottom, right, top) in user space as left, top, right, bottom on the page."""
    x0, y0 = frame.point(boxes[:, 0], boxes[:, 1])
    x1, y1 = frame.point(boxes[:, 2], boxes[:, 3])
    return np.column_stack([np.minimum(x0, x1), np.minimum(y0, y1), np.maximum(x0, x1), np.maximum(y0, y1)])


def _true_sizes(points: Uint32s, font: Int64s, size: Float64s, ink: Float64s) -> Float64s:
    """Sizes of glyphs, corrected for fonts whose own matrix scales them: there the ink of kanji does not fit."""
    kanji = (points >= 0x4E00) & (points <= 0x9FFF)
    if not kanji.any():
        return size
    corrected = size.copy()
    extent = np.maximum(ink[:, 2] - ink[:, 0], ink[:, 3] - ink[:, 1])
    for number in np.unique(font[kanji]):
        chosen = kanji & (font == number) & (size > 0)
        if not chosen.any():
            continue
        ratio = float(np.median(extent[chosen] / size[chosen]))
        if ratio > 1.5 or 0 < ratio < 0.5:
            corrected[font == number] *= ratio / 0.92  # a kanji's ink fills 0.92 of its em
    return corrected


def is_full_width(points: Uint32s) -> Bools:
    """Which characters are set one em wide in fonts that are not proportional."""
    return ((points >= 0x2E80) & (points <= 0xD7AF)) | ((points >= 0xF900) & (points <= 0xFF60)) | (points >= 0x1F000)


def _advances(
    points: Uint32s,
    em: Float64s,
    loose: Float64s,
    ink: Float64s,
    ex: Float64s,
    ey: Float64s,
    x: Float64s,
    y: Float64s,
) -> Float64s:
    """How far each glyph is advanced along its line.

    PDFium's loose box says it, but for fonts without metrics that box is the ink; then a full-width character is an em
    wide, and any other ends with its ink.
    """
    far_x = np.where(ex > 0, loose[:, 2], loose[:, 0])
    far_y = np.where(ey > 0, loose[:, 3], loose[:, 1])
    advance = (far_x - x) * ex + (far_y - y) * ey
    is_ink = (np.abs(loose - ink) < 0.01 * em[:, None]).all(1) | ~(advance > 0.05 * em)
    is_ink |= np.abs(np.where(np.abs(ex) > np.abs(ey), loose[:, 0] - np.where(ex > 0, x, far_x), 0)) > 0.05 * em
    advance = np.where(is_ink & is_full_width(points), em, advance)
    return np.clip(np.where(advance > 0, advance, 0.25 * em), 0.0, 2.0 * em)


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

    boxes = back(glyphs.left, glyphs.top, glyphs.right, glyphs.bottom)
    left, top, right, bottom = boxes
    found.glyphs = glyphs._replace(left=left, top=top, right=right, bottom=bottom, turn=(glyphs.turn - turn) % 4)
    found.rules = np.column_stack(back(*found.rules.T)) if len(found.rules) else found.rules
    if turn != 2:
        found.width, found.height = height, width


# --- rules and pictures ------------------------------------------------------------------------------


def _read_objects(page: pdfium.PdfPage, frame: _Frame, found: PdfPage) -> Float64s:
    """Fill in rules and pictures, and return the boxes of what is painted in a colour."""
    rules: list[tuple[float, float, float, float]] = []
    fills: list[tuple[float, float, float, float]] = []
    pictures: list[tuple[float, float, float, float]] = []
    box = [ctypes.c_float() for _ in range(4)]
    colour = [ctypes.c_uint() for _ in range(4)]
    left_objects = _MAX_OBJECTS

    def bounds(handle: Any) -> tuple[float, float, float, float] | None:
        if not raw.FPDFPageObj_GetBounds(handle, *box):
            return None
        return box[0].value, box[1].value, box[2].value, box[3].value

    def visit(count: Any, get: Any, owner: Any, way: _Frame, depth: int) -> None:
        nonlocal left_objects
        for number in range(count(owner)):
            left_objects -= 1
            if left_objects < 0:
                return
            handle = get(owner, number)
            kind = raw.FPDFPageObj_GetType(handle)
            if kind == raw.FPDF_PAGEOBJ_IMAGE:
                placed = bounds(handle)
                if placed:
                    pictures.append(way.box(*placed))
            elif kind == raw.FPDF_PAGEOBJ_PATH:
                found.n_paths += 1
                placed = bounds(handle)
                if placed:
                    _add_path(handle, way, placed, rules, fills, colour)
            elif kind == raw.FPDF_PAGEOBJ_FORM and depth < _MAX_DEPTH:
                inner = raw.FS_MATRIX()
                raw.FPDFPageObj_GetMatrix(handle, inner)
                visit(
                    raw.FPDFFormObj_CountObjects,
                    raw.FPDFFormObj_GetObject,
                    handle,
                    _within(way, inner),
                    depth + 1,
                )

    visit(raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject, page.raw, frame, 0)
    found.rules = np.array(rules, np.float64).reshape(-1, 4)
    found.image_share = _share(pictures, found)
    fills += pictures
    return np.array(fills, np.float64).reshape(-1, 4)


def _within(way: _Frame, inner: Any) -> _Frame:
    """The frame of what stands in a form, given the form's matrix."""
    xx, yx = way.way(inner.a, inner.b)
    xy, yy = way.way(inner.c, inner.d)
    dx, dy = way.point(inner.e, inner.f)
    return _Frame(xx, xy, yx, yy, dx, dy)


#: Fields a side in which it is counted what pictures cover: scans come as hundreds of strips.
_FIELDS: Final = 40


def _share(boxes: list[tuple[float, float, float, float]], found: PdfPage) -> float:
    """The part of the page that boxes cover together."""
    if not boxes or found.width <= 0 or found.height <= 0:
        return 0.0
    covered = np.zeros((_FIELDS, _FIELDS), np.bool_)
    scale = np.array([found.width, found.height, found.width, found.height]) / _FIELDS
    fields = np.clip(np.round(np.array(boxes) / scale), 0, _FIELDS).astype(np.int64)
    for left, top, right, bottom in np.unique(fields, axis=0).tolist():
        covered[top:bottom, left:right] = True
    return float(covered.mean())


def _add_path(
    handle: Any,
    way: _Frame,
    placed: tuple[float, float, float, float],
    rules: list[tuple[float, float, float, float]],
    fills: list[tuple[float, float, float, float]],
    colour: list[Any],
) -> None:
    """Add the straight lines of a path to the rules, and its box to the fills if it is painted in a colour."""
    on_page = way.box(*placed)
    left, top, right, bottom = on_page
    if min(right - left, bottom - top) <= _RULE_POINTS:
        rules.append(on_page)
        return
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(handle, mode, stroke)
    if mode.value:
        raw.FPDFPageObj_GetFillColor(handle, *colour)
        if min(part.value for part in colour[:3]) < _WHITE and colour[3].value:
            fills.append(on_page)
    if not stroke.value and not mode.value:
        return
    n_segments = raw.FPDFPath_CountSegments(handle)
    if n_segments > _MAX_SEGMENTS:
        return
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(handle, matrix)
    frame = _within(way, matrix)
    x, y = ctypes.c_float(), ctypes.c_float()
    last: tuple[float, float] | None = None
    start = last
    for number in range(n_segments):
        segment = raw.FPDFPath_GetPathSegment(handle, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        at = frame.point(x.value, y.value)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            start = at
        elif kind == raw.FPDF_SEGMENT_LINETO and last and stroke.value:
            _add_line(rules, last, at)
        if raw.FPDFPathSegment_GetClose(segment) and start and stroke.value:
            _add_line(rules, at, start)
        last = at


def _add_line(
    rules: list[tuple[float, float, float, float]], one: tuple[float, float], other: tuple[float, float]
) -> None:
    """Add a line if it is level or upright."""
    if min(abs(one[0] - other[0]), abs(one[1] - other[1])) <= 0.5:
        rules.append((min(one[0], other[0]), min(one[1], other[1]), max(one[0], other[0]), max(one[1], other[1])))
