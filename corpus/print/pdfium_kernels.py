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
from manyo.corpus.jit import Bools, Float32s, Float64s, Int64s, Uint32s, kernel

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
N_CALLS: Final = 15


def _addresses() -> Int64s:
    """The functions that `read_characters` calls."""
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
    }
    addresses = np.zeros(N_CALLS, np.int64)
    for place, function in functions.items():
        addresses[place] = ctypes.cast(function, ctypes.c_void_p).value or 0
    return addresses


ADDRESSES = _addresses()

#: The kind of text objects.
_TEXT: Final = 1


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
        n_marks: how many marks the object has.
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
    n_marks: Int64s

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
    points, objects, sizes, map_errors, loose, ink, origins, matrices, fonts, modes, colours, n_marks = found
    loose_at, ink_at, origin_at, matrix_at = (
        loose.ctypes.data,
        ink.ctypes.data,
        origins.ctypes.data,
        matrices.ctypes.data,
    )
    colour_at = colours.ctypes.data
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
            fonts[n], modes[n], n_marks[n] = fonts[n - 1], modes[n - 1], n_marks[n - 1]
            colours[n] = colours[n - 1]
        else:
            fonts[n] = _object_pointer(calls[FONT], owner)
            modes[n] = _object_number(calls[RENDER_MODE], owner)
            n_marks[n] = _object_number(calls[N_MARKS], owner)
            at = colour_at + 16 * n
            _object_write_4(calls[FILL], owner, at, at + 4, at + 8, at + 12)
        n += 1
    return n


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
