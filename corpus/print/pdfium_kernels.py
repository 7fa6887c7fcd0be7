"""Compiled loops over PDFium's functions, which are asked ten times for each glyph of a page.

The functions are called by their addresses with addresses of array rows to write to. From Python, the calls alone would
take longer than PDFium's work.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2.raw as raw

from manyo.corpus.foreign import foreign
from manyo.corpus.jit import Bools, Float32s, Float64s, Int64s, Uint16s, Uint32s, Uint64s, kernel

_number_of = foreign("unsigned", 2)
_flag_of = foreign("int", 2)
_double_of = foreign("double", 2)
_pointer_of = foreign("pointer", 2)
_write_1 = foreign("int", 3)
_write_2 = foreign("int", 4)
_write_4 = foreign("int", 6)
_object_pointer = foreign("pointer", 1)
_object_at = foreign("pointer", 2)
_object_number = foreign("int", 1)
_object_write_4 = foreign("int", 5)
_write_mark = foreign("int", 4)

#: Line ends that PDFium makes up, and what it gives for a hyphen at the end of a line.
_CARRIAGE_RETURN: Final = 0x0D
_LINE_FEED: Final = 0x0A
_NO_CHARACTER: Final = 0xFFFE
_HYPHEN: Final = 0x02

# Places of the functions' addresses in an array.
UNICODE: Final = 0
TEXT_OBJECT: Final = 1
FONT_SIZE: Final = 2
MAP_ERROR: Final = 3
LOOSE_BOX: Final = 4
INK_BOX: Final = 5
ORIGIN: Final = 6
MATRIX: Final = 7
RENDER_MODE: Final = 8
FONT: Final = 9
FILL: Final = 10
N_MARKS: Final = 11
PAGE_OBJECT: Final = 12
FORM_OBJECT: Final = 13
OBJECT_KIND: Final = 14
MARK: Final = 15
MARK_NAME: Final = 16
CONTENT: Final = 17
BOUNDS: Final = 18
DRAW_MODE: Final = 19
OBJECT_MATRIX: Final = 20
N_SEGMENTS: Final = 21
SEGMENT: Final = 22
SEGMENT_POINT: Final = 23
SEGMENT_KIND: Final = 24
SEGMENT_CLOSES: Final = 25
N_CALLS: Final = 26


def _addresses() -> Int64s:
    """The functions that kernels call."""
    functions = {
        UNICODE: raw.FPDFText_GetUnicode,
        TEXT_OBJECT: raw.FPDFText_GetTextObject,
        FONT_SIZE: raw.FPDFText_GetFontSize,
        MAP_ERROR: raw.FPDFText_HasUnicodeMapError,
        LOOSE_BOX: raw.FPDFText_GetLooseCharBox,
        INK_BOX: raw.FPDFText_GetCharBox,
        ORIGIN: raw.FPDFText_GetCharOrigin,
        MATRIX: raw.FPDFText_GetMatrix,
        RENDER_MODE: raw.FPDFTextObj_GetTextRenderMode,
        FONT: raw.FPDFTextObj_GetFont,
        FILL: raw.FPDFPageObj_GetFillColor,
        N_MARKS: raw.FPDFPageObj_CountMarks,
        PAGE_OBJECT: raw.FPDFPage_GetObject,
        FORM_OBJECT: raw.FPDFFormObj_GetObject,
        OBJECT_KIND: raw.FPDFPageObj_GetType,
        MARK: raw.FPDFPageObj_GetMark,
        MARK_NAME: raw.FPDFPageObjMark_GetName,
        CONTENT: raw.FPDFPageObj_GetMarkedContentID,
        BOUNDS: raw.FPDFPageObj_GetBounds,
        DRAW_MODE: raw.FPDFPath_GetDrawMode,
        OBJECT_MATRIX: raw.FPDFPageObj_GetMatrix,
        N_SEGMENTS: raw.FPDFPath_CountSegments,
        SEGMENT: raw.FPDFPath_GetPathSegment,
        SEGMENT_POINT: raw.FPDFPathSegment_GetPoint,
        SEGMENT_KIND: raw.FPDFPathSegment_GetType,
        SEGMENT_CLOSES: raw.FPDFPathSegment_GetClose,
    }
    addresses = np.zeros(N_CALLS, np.int64)
    for place, function in functions.items():
        addresses[place] = ctypes.cast(function, ctypes.c_void_p).value or 0
    return addresses


ADDRESSES = _addresses()

#: The kind of text objects.
_TEXT: Final = 1
#: Marks of an object that are looked at, and room for the name of one.
_MAX_MARKS: Final = 8
_NAME_UNITS: Final = 16
#: The name of marks around furniture.
_ARTIFACT: Final = tuple(map(ord, "Artifact"))


class Found(NamedTuple):
    """Room for what PDFium says of the characters of a page that belong to text objects, (n, …) each.

    Attributes:
        points: code points, or halves of UTF-16 pairs.
        objects: addresses of their text objects.
        sizes: of their fonts, before the matrix.
        map_errors: whether the font does not name the character.
        loose: (n, 4), left, top, right, bottom of the box that the character is advanced by.
        ink: (n, 4), left, right, bottom, top of what is drawn.
        origins: (n, 2), x and y of the left end of the baseline.
        matrices: (n, 6), of the text.
        fonts: addresses of the fonts.
        modes: how the text is drawn.
        colours: (n, 4), red, green, blue and opacity of its fill.
        is_artifact: whether the file marks the object as furniture of the page.
        contents: number of the marked content to which the object belongs; -1 for none.
    """

    points: Uint32s
    objects: Int64s
    sizes: Float64s
    map_errors: Bools
    loose: Float32s
    ink: Float64s
    origins: Float64s
    matrices: Float32s
    fonts: Int64s
    modes: Int64s
    colours: Uint32s
    is_artifact: Bools
    contents: Int64s

    def taken(self, chosen: Any) -> Found:
        """The characters that a mask or a slice chooses."""
        columns: list[Any] = [column[chosen] for column in self]
        return Found(*columns)


@kernel
def read_characters(calls: Int64s, textpage: int, n_characters: int, found: Found) -> int:
    """Read the characters of a page that belong to text objects.

    Args:
        calls: addresses of PDFium's functions.
        textpage: address of the page.
        n_characters: how many characters the page has, with those that PDFium made up.
        found: room for as many; filled in.

    Returns:
        How many belong to text objects.
    """
    points, objects, sizes, map_errors, loose, ink, origins, matrices, fonts, modes, colours, is_artifact, contents = (
        found
    )
    loose_at, ink_at, origin_at, matrix_at = (
        loose.ctypes.data,
        ink.ctypes.data,
        origins.ctypes.data,
        matrices.ctypes.data,
    )
    colour_at = colours.ctypes.data
    name, name_bytes = np.zeros(_NAME_UNITS, np.uint16), np.zeros(1, np.uint64)
    n = 0
    for place in range(n_characters):
        point = _number_of(calls[UNICODE], textpage, place)
        if point in (_CARRIAGE_RETURN, _LINE_FEED, _NO_CHARACTER):
            continue
        owner = _pointer_of(calls[TEXT_OBJECT], textpage, place)
        if owner == 0:
            continue
        points[n] = point if point != _HYPHEN else 0x2D
        objects[n] = owner
        sizes[n] = _double_of(calls[FONT_SIZE], textpage, place)
        map_errors[n] = _flag_of(calls[MAP_ERROR], textpage, place) == 1
        _write_1(calls[LOOSE_BOX], textpage, place, loose_at + 16 * n)
        at = ink_at + 32 * n
        _write_4(calls[INK_BOX], textpage, place, at, at + 8, at + 16, at + 24)
        _write_2(calls[ORIGIN], textpage, place, origin_at + 16 * n, origin_at + 16 * n + 8)
        _write_1(calls[MATRIX], textpage, place, matrix_at + 24 * n)
        if n and objects[n - 1] == owner:
            fonts[n], modes[n], colours[n] = fonts[n - 1], modes[n - 1], colours[n - 1]
            is_artifact[n], contents[n] = is_artifact[n - 1], contents[n - 1]
        else:
            fonts[n] = _object_pointer(calls[FONT], owner)
            modes[n] = _object_number(calls[RENDER_MODE], owner)
            is_artifact[n] = _is_artifact(calls, owner, name, name_bytes)
            contents[n] = _object_number(calls[CONTENT], owner)
            at = colour_at + 16 * n
            _object_write_4(calls[FILL], owner, at, at + 4, at + 8, at + 12)
        n += 1
    return n


@kernel
def _is_artifact(calls: Int64s, owner: int, name: Uint16s, name_bytes: Uint64s) -> bool:
    """Whether the file marks an object as furniture of the page; the names of marks are written to `name`."""
    for number in range(min(_object_number(calls[N_MARKS], owner), _MAX_MARKS)):
        mark = _object_at(calls[MARK], owner, number)
        if not mark or not _write_mark(
            calls[MARK_NAME], mark, name.ctypes.data, 2 * _NAME_UNITS, name_bytes.ctypes.data
        ):
            continue
        is_artifact = name_bytes[0] == 2 * (len(_ARTIFACT) + 1)
        for at, unit in enumerate(_ARTIFACT):
            is_artifact &= name[at] == unit
        if is_artifact:
            return True
    return False


@kernel
def list_objects(calls: Int64s, get: int, owner: int, n_objects: int, handles: Int64s, kinds: Int64s) -> int:
    """List what a page or form consists of, but for text.

    Args:
        calls: addresses of PDFium's functions.
        get: which of them gives an object of the owner, `PAGE_OBJECT` or `FORM_OBJECT`.
        owner: address of the page or form.
        n_objects: how many objects it has.
        handles, kinds: (n,), room for addresses and kinds; filled in.

    Returns:
        How many objects are listed.
    """
    n = 0
    for number in range(n_objects):
        handle = _object_at(calls[get], owner, number)
        kind = _object_number(calls[OBJECT_KIND], handle) if handle else _TEXT
        if kind != _TEXT:
            handles[n], kinds[n] = handle, kind
            n += 1
    return n
