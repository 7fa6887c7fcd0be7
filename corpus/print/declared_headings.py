"""Headings that a PDF declares, in its bookmarks or tags, where a page has them as lines of their own.

A bookmark may be a shorter name for a heading, and tags may be wrong: what is not found as whole lines on its page says
nothing.
"""

from __future__ import annotations

import ctypes
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.print.page_parts import Block
from manyo.corpus.print.pdf_tags import Heading, folded

_MAX_BOOKMARKS: Final = 5_000
_MAX_TITLE_BYTES: Final = 2_000
_MAX_LEVEL: Final = 6
#: Lines of one heading.
_MAX_LINES: Final = 3
_LEAST_CHARS: Final = 2
#: A number before a heading that its bookmark leaves out.
_NUMBER = re.compile(r"[第(]?[\d一二三四五六七八九十IVX]{1,4}(?:[.\-][\d]{1,3}){0,4}[)章節編部.]?|[■◆●○◇□▼▶]")


def bookmarks_of(document: pdfium.PdfDocument) -> dict[int, list[Heading]]:
    """The bookmarks of a document by the number of their page, from 0."""
    found: dict[int, list[Heading]] = defaultdict(list)
    for bookmark in islice(document.get_toc(max_depth=_MAX_LEVEL), _MAX_BOOKMARKS):
        target = bookmark.get_dest()
        page = target.get_index() if target is not None else None
        text = folded(_title(bookmark.raw))
        if page is not None and page >= 0 and len(text) >= _LEAST_CHARS:
            found[page].append(Heading(bookmark.level + 1, text))
    return found


def _title(bookmark: raw.FPDF_BOOKMARK) -> str:
    """The title of a bookmark; a half character in it is U+FFFD, which no line has."""
    size = min(raw.FPDFBookmark_GetTitle(bookmark, None, 0), _MAX_TITLE_BYTES)
    buffer = ctypes.create_string_buffer(size)
    raw.FPDFBookmark_GetTitle(bookmark, buffer, size)
    return bytes(buffer)[: max(size - 2, 0)].decode("utf-16-le", "replace")


def with_headings(blocks: Sequence[Block], declared: Sequence[Heading]) -> list[Block]:
    """The blocks with each declared heading, where its lines stand in one of them, as a block of its own."""
    if not declared:
        return list(blocks)
    levels: Mapping[str, int] = {heading.text: heading.level for heading in reversed(declared)}
    found: list[Block] = []
    for block in blocks:
        if block.is_table:
            found.append(block)
            continue
        texts = [folded(line.text) for line in block.lines]
        start = at = 0
        while at < len(texts):
            n_lines, level = _heading_at(texts, at, levels)
            if n_lines:
                if at > start:
                    found.append(block._replace(lines=block.lines[start:at]))
                found.append(Block(block.lines[at : at + n_lines], level=level))
                start = at + n_lines
            at += max(n_lines, 1)
        if start < len(texts):
            found.append(block._replace(lines=block.lines[start:]))
    return found


def _heading_at(texts: Sequence[str], at: int, levels: Mapping[str, int]) -> tuple[int, int]:
    """How many lines from one on are a declared heading, perhaps after its number, and its level; 0, 0 if none is.

    The longest of several is it.
    """
    text, found = "", (0, 0)
    for n_lines, line in enumerate(texts[at : at + _MAX_LINES], start=1):
        text += line
        level = levels.get(text, 0)
        if not level and (number := _NUMBER.match(text)):
            level = levels.get(text[number.end() :], 0)
        if level:
            found = n_lines, min(level, _MAX_LEVEL)
    return found
