"""Kernels that find the structure of a written passage: spans of its text, from boxes and marks; see
`manyo.corpus.structure`."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bytes, Int32s, Records, borrowing, kernel, record
from manyo.corpus.web.markup import Page

#: A span of a written passage.
#:
#: start, stop: its first character, and the character after its last.
#: kind: index in the kinds of spans.
#: value: level of a heading, number of an item.
#: first, after: of a reading, its first byte in the page, and the byte after its last.
SPAN: Final = record(*((name, "i8") for name in ("start", "stop", "kind", "value", "first", "after")))


@kernel
def find_spans(page: Page, places: Records, marks: Records, text: Bytes, kinds: Int32s, mark_kinds: Int32s) -> Records:
    """The structure of a passage.

    Args:
        page: the page.
        places: PLACE (n,), where its blocks are written, in the order of their text.
        marks: MARK (n,).
        text: the passage, UTF-8.
        kinds: int32, by tag, the kind of the span that a box makes; -1 for none.
        mark_kinds: int32, the same by the kind of a mark.

    Returns:
        SPAN (n,), in the order of their starts, the longer first; none crosses another. A reading without a base
        follows the one whose base it shares, and is empty.
    """
    spans = np.empty(_count_boxes(page, kinds) + len(marks), SPAN)
    n = _add_boxes(page, places, kinds, spans)
    n = _add_marks(page, places, marks, mark_kinds, spans, n)
    # Outer boxes come first, and marks last: of equal spans, the outer stays first.
    keys = np.empty(n, np.int64)
    for i in range(n):
        keys[i] = spans[i].start << 31 | ((1 << 31) - 1 - spans[i].stop)
    order = np.argsort(keys, kind="mergesort")
    found = np.empty(n, SPAN)
    around = np.empty(n + 1, np.int64)
    n_found = n_around = 0
    for i in range(n):
        span = spans[order[i]]
        while n_around and around[n_around - 1] <= span.start and span.stop > span.start:
            n_around -= 1
        if n_around and span.stop > around[n_around - 1]:
            continue
        if span.stop > span.start:
            around[n_around] = span.stop
            n_around += 1
        found[n_found] = span
        n_found += 1
    _count_characters(text, found[:n_found])
    return found[:n_found]


@borrowing
def _count_boxes(page: Page, kinds: Int32s) -> int:
    n = 0
    for i in range(len(page.boxes)):
        n += kinds[page.boxes[i].tag] >= 0
    return n


@kernel
def _add_boxes(page: Page, places: Records, kinds: Int32s, spans: Records) -> int:
    """The spans of the boxes that have text in the passage, outer boxes first; their number."""
    boxes = page.boxes
    firsts = np.full(len(boxes), -1, np.int64)
    stops = np.zeros(len(boxes), np.int64)
    for i in range(len(places)):
        place = places[i]
        block = page.blocks[place.row]
        if firsts[block.box] < 0:
            firsts[block.box] = place.first
        stops[block.box] = place.start + block.end - block.start
    # A box stands before those within it.
    for i in range(len(boxes) - 1, 0, -1):
        parent = boxes[i].parent
        if firsts[i] >= 0:
            firsts[parent] = min(firsts[i], firsts[parent]) if firsts[parent] >= 0 else firsts[i]
            stops[parent] = max(stops[i], stops[parent])
    n = 0
    for i in range(1, len(boxes)):
        kind = kinds[boxes[i].tag]
        if kind >= 0 and firsts[i] >= 0:
            span = spans[n]
            span.start = firsts[i]
            span.stop = stops[i]
            span.kind = kind
            span.value = boxes[i].ordinal if boxes[i].ordinal > 0 else boxes[i].tag
            span.first = 1 if boxes[i].ordinal > 0 else 0
            span.after = 0
            n += 1
    return n


@borrowing
def _add_marks(page: Page, places: Records, marks: Records, mark_kinds: Int32s, spans: Records, n: int) -> int:
    """The spans of the marks in blocks of the passage, after the first n spans; the number of all."""
    for i in range(len(marks)):
        mark = marks[i]
        low, high = 0, len(places)
        while low < high:
            middle = (low + high) // 2
            if page.blocks[places[middle].row].start <= mark.start:
                low = middle + 1
            else:
                high = middle
        if low == 0:
            continue
        place = places[low - 1]
        block = page.blocks[place.row]
        if mark.end > block.end:
            continue
        span = spans[n]
        span.start = place.start + mark.start - block.start
        span.stop = place.start + mark.end - block.start
        span.kind = mark_kinds[mark.kind]
        span.value = 0
        span.first = mark.first
        span.after = mark.after
        n += 1
    return n


@kernel
def _count_characters(text: Bytes, spans: Records) -> None:
    """Make places of spans, which count bytes, count characters."""
    counts = np.empty(len(text) + 1, np.int32)
    n_chars = np.int32(0)
    for i in range(len(text)):
        counts[i] = n_chars
        n_chars += text[i] & 0xC0 != 0x80
    counts[len(text)] = n_chars
    for i in range(len(spans)):
        spans[i].start = counts[spans[i].start]
        spans[i].stop = counts[spans[i].stop]
