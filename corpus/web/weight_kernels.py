"""Kernels that weigh a page's blocks: how much running text each of them is.

Text outside links weighs what it is long: in full where a block is long or has the mark of a sentence, else less the
shorter it is. A label weighs little, a hundred of them (a table, a song, a dialogue) weigh as much as an article.
"""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Records, borrowing, inlined, kernel
from manyo.corpus.web.ascii import COMMA, EXCLAMATION_MARK, FULL_STOP, QUESTION_MARK, SPACE
from manyo.corpus.web.attribute_kernels import is_heading, is_subheading, point_of_three
from manyo.corpus.web.choice_words import Limits
from manyo.corpus.web.markup import TAGS

_PRE = TAGS.index("pre")
_LAYOUT = tuple(
    TAGS.index(name)
    for name in ("div", "section", "article", "aside", "nav", "header", "footer", "form", "center", "table")
)


@kernel
def weigh(text: Bytes, blocks: Records, boxes: Records, limits: Limits) -> Int64s:
    """The weight of each block, in characters, rounded up; 0 if all of it is a link, or more of it than not.

    The heading of links weighs as much as these: nothing.
    """
    weights = np.zeros(len(blocks), np.int64)
    for i in range(len(blocks)):
        block = blocks[i]
        box = boxes[block.box]
        n_chars = np.int64(block.chars - block.link_chars)
        if box.tag == _PRE or (box.parent >= 0 and boxes[box.parent].tag == _PRE):
            weights[i] = block.chars  # in listings, names link to their definitions
        elif n_chars >= limits.full_chars or has_sentence(text, block.start, block.end):
            weights[i] = n_chars
        elif 2 * n_chars >= block.chars:
            weights[i] = np.ceil(
                n_chars * (limits.least_weight + (1 - limits.least_weight) * n_chars / limits.full_chars)
            )
    for i in range(len(blocks)):
        if weights[i] and is_subheading(boxes[blocks[i].box].tag) and _heads_links(blocks, boxes, weights, i):
            weights[i] = 0
    return weights


@borrowing
def _heads_links(blocks: Records, boxes: Records, weights: Int64s, heading: int) -> bool:
    """Whether what follows a heading is links alone: up to the next one, in the box around it that has anything.

    What follows these in a box that lays out the page is no longer below the heading.
    """
    around = np.int64(boxes[blocks[heading].box].parent)
    first = np.int64(-1)
    n = 0
    for i in range(heading + 1, len(blocks)):
        if is_heading(boxes[blocks[i].box].tag):
            break
        while not _is_in(boxes, blocks[i].box, int(around)) and n == 0:
            around = np.int64(boxes[around].parent)
        if not _is_in(boxes, blocks[i].box, int(around)):
            break
        child = np.int64(blocks[i].box)
        while child != around and boxes[child].parent != around:
            child = np.int64(boxes[child].parent)
        first = child if n == 0 else first
        if child not in (first, around) and boxes[child].tag in _LAYOUT:
            break
        if weights[i]:
            return False
        n += 1
    return n > 0


@inlined
def _is_in(boxes: Records, box: int, around: int) -> bool:
    """Whether a box is another, or in it; boxes are numbered as they open."""
    while box > around:
        box = boxes[box].parent
    return box == around


@borrowing
def has_sentence(text: Bytes, start: int, end: int) -> bool:
    """Whether a block has the mark of a sentence or of speech.

    These are 。．！？!?」』…♪☆, a full stop or comma before a space, and a full stop at the end.
    """
    for i in range(start, end):
        byte = text[i]
        if byte in (EXCLAMATION_MARK, QUESTION_MARK):
            return True
        if byte in (FULL_STOP, COMMA) and i + 1 < end and text[i + 1] == SPACE:
            return True
        if byte == FULL_STOP and i + 1 == end:
            return True
        if byte >= 0xE2 and i + 2 < end:
            point = point_of_three(text, i)
            if point in (0x2026, 0x2606, 0x266A, 0x3002, 0x300D, 0x300F, 0xFF01, 0xFF0E, 0xFF1F):
                return True
    return False


@borrowing
def count_japanese(text: Bytes) -> int:
    """Kana and kanji of a text in UTF-8: U+3040 to U+30FF, and U+3400 to U+9FFF."""
    return count_within(text, 0, len(text))


@kernel
def count_japanese_of(text: Bytes, blocks: Records) -> Int64s:
    """Kana and kanji of each block."""
    counts = np.empty(len(blocks), np.int64)
    for i in range(len(blocks)):
        counts[i] = count_within(text, blocks[i].start, blocks[i].end)
    return counts


@kernel
def value(japanese: Int64s, weights: Int64s, blocks: Records, least: int) -> Float64s:
    """What each block is worth: its Japanese, as far as it weighs, on a page with `least` of that; else its weight."""
    values = np.empty(len(blocks), np.float64)
    total = 0.0
    for i in range(len(blocks)):
        values[i] = japanese[i] * weights[i] / max(1, blocks[i].chars)
        total += values[i]
    return values if total >= least else weights.astype(np.float64)


@borrowing
def sum_of_kept(values: Float64s | Int64s, rows: Int64s, is_kept: Bools) -> float:
    """Sum of what the blocks of a passage that are kept have of something, given what each block of the page has."""
    total = 0.0
    for i in range(len(rows)):
        if is_kept[i]:
            total += values[rows[i]]
    return total


@inlined
def count_within(text: Bytes, start: int, end: int) -> int:
    """Kana and kanji of a part of a text in UTF-8."""
    n = 0
    # No byte within a character is one that leads another, and without branches many are looked at together.
    for i in range(start, min(end, len(text) - 1)):
        byte, second = text[i], text[i + 1]
        is_lead = (byte >= 0xE3) & (byte <= 0xE9)
        n += is_lead & ((byte > 0xE3) | ((second >= 0x81) & (second <= 0x83)) | (second >= 0x90))
    return n
