"""Headings that the tags of a PDF page name: elements H and H1 to H6 of its structure tree, with their text."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.print.pdfium_kernels import Found

_MAX_ELEMENTS: Final = 20_000
_MAX_DEPTH: Final = 40
#: A page most of whose text is headings was tagged by a program that knows none.
_MOST_FRACTION: Final = 0.5
_H, _ZERO = ord("H"), ord("0")


class Heading(NamedTuple):
    """A heading as the file declares it: its level from 1, and its text without white space, in NFKC."""

    level: int
    text: str


def folded(text: str) -> str:
    """A text as headings are compared."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def tagged_headings(page: pdfium.PdfPage, characters: Found) -> list[Heading]:
    """The headings of a page, each with its characters in the order of the stream.

    Args:
        page: of a tagged document.
        characters: of the page.
    """
    tree = raw.FPDF_StructTree_GetForPage(page.raw)
    if not tree:
        return []
    try:
        elements = list(_heading_elements(tree))
    finally:
        raw.FPDF_StructTree_Close(tree)
    if not elements:
        return []
    found = []
    n_chars = 0
    for level, ids in elements:
        points = characters.points[np.isin(characters.contents, ids)]
        text = folded(points.astype("<u4").tobytes().decode("utf-32-le", "replace"))
        n_chars += len(text)
        if text:
            found.append(Heading(level, text))
    return found if n_chars <= _MOST_FRACTION * len(characters.points) else []


def _heading_elements(tree: Any) -> Iterator[tuple[int, list[int]]]:
    """The level and the numbers of the marked contents of each heading."""
    buffer = (ctypes.c_ushort * 32)()
    left = _MAX_ELEMENTS
    waiting = [
        (raw.FPDF_StructTree_GetChildAtIndex(tree, n), 0) for n in range(raw.FPDF_StructTree_CountChildren(tree))
    ]
    waiting.reverse()
    while waiting and left > 0:
        element, depth = waiting.pop()
        left -= 1
        if not element:
            continue
        n_units = raw.FPDF_StructElement_GetType(element, buffer, ctypes.sizeof(buffer)) // 2 - 1
        if buffer[0] == _H and (n_units == 1 or (n_units == 2 and 1 <= buffer[1] - _ZERO <= 6)):
            yield buffer[1] - _ZERO if n_units == 2 else 1, _contents(element, 0)
        elif depth < _MAX_DEPTH:
            children = range(min(raw.FPDF_StructElement_CountChildren(element), left))
            waiting += [(raw.FPDF_StructElement_GetChildAtIndex(element, n), depth + 1) for n in reversed(children)]


def _contents(element: Any, depth: int) -> list[int]:
    """The numbers of the marked contents of an element and those in it."""
    count = min(raw.FPDF_StructElement_GetMarkedContentIdCount(element), _MAX_ELEMENTS)
    ids = [raw.FPDF_StructElement_GetMarkedContentIdAtIndex(element, n) for n in range(count)]
    if depth < _MAX_DEPTH:
        for number in range(min(raw.FPDF_StructElement_CountChildren(element), 100)):
            child = raw.FPDF_StructElement_GetChildAtIndex(element, number)
            if child:
                ids += _contents(child, depth + 1)
    return [number for number in ids if number >= 0]
