"""Kernels that turn blocks into passages: which of them are kept, which are asked about, and how they are written.

What depends on the words of a block is decided in Python (`manyo.corpus.web.main_text`), which is asked about it.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Records, borrowing, inlined, kernel, record
from manyo.corpus.web.ascii import DIGIT_ZERO, FULL_STOP, LINE_FEED, SPACE, TAB
from manyo.corpus.web.attribute_kernels import is_heading
from manyo.corpus.web.choice_kernels import contains_line_end
from manyo.corpus.web.choice_words import Limits
from manyo.corpus.web.end_kernels import find_last_parts, find_rules, weighs_in_full, without_ends
from manyo.corpus.web.item_kernels import CELLS, find_items, find_whole_items
from manyo.corpus.web.markup import TAGS, Page

_ITEM = TAGS.index("li")

#: Line end, ten digits, full stop and space.
_MAX_NUMBER_BYTES: Final = 13


#: A block about which its words decide.
#:
#: place: index of the block in its passage.
#: number: of the list item that the block starts; 0 if it starts none.
#: start, end: first byte of the block in the page's text, and the byte after its last.
#: tag: of the box around it.
#: is_link: whether it is dropped as a link unless its words announce a section.
#: links_until: of a heading whose section is empty, or half of it links, the place where the section ends; else 0.
QUESTION: Final = record(
    *((name, "i8") for name in ("place", "number", "start", "end", "tag", "is_link", "links_until"))
)


class Passage(NamedTuple):
    """What is kept of blocks that belong together.

    Attributes:
        is_kept: of each block, whether it is kept as far as its words do not matter.
        questions: QUESTION (n,), the blocks whose words matter.
        first: place of the first block that weighs in full, after the headline; the number of blocks if none is.
        last: place of the last block that weighs in full, before buttons and notes; -1 if none is.
        apart: places of the first blocks of the last parts that stand apart from what is before them, the last first.
    """

    is_kept: Bools
    questions: Records
    first: int
    last: int
    apart: Int64s


@kernel
def _number(page: Page, items: Int64s, rows: Int64s) -> Int64s:
    """Of each block that is the first of an item in an ordered list, the item's number; else 0."""
    numbers = np.zeros(len(rows), np.int64)
    last = np.int64(-1)
    for i in range(len(rows)):
        box = np.int64(page.blocks[rows[i]].box)
        # Headings and listings begin items, too.
        item = items[box]
        if item < 0 and page.boxes[box].parent >= 0:
            item = items[np.int64(page.boxes[box].parent)]
        if item >= 0 and item != last:
            numbers[i] = page.boxes[item].ordinal if page.boxes[item].tag == _ITEM else 0
            last = item
    return numbers


@kernel
def _count_digits(number: int) -> int:
    n = 1
    while number >= 10:
        number //= 10
        n += 1
    return n


@borrowing
def _count_chars(page: Page, row: int, number: int) -> int:
    """Characters of a block and of the number before it."""
    return int(page.blocks[row].chars) + (_count_digits(number) + 2 if number else 0)


@inlined
def _ask(questions: Records, n: int, page: Page, rows: Int64s, numbers: Int64s, place: int) -> np.record:
    """Question number n, about the block at a place."""
    block = page.blocks[rows[place]]
    question: np.record = questions[n]
    question.place = place
    question.number = numbers[place]
    question.start = block.start
    question.end = block.end
    question.tag = page.boxes[block.box].tag
    return question


@kernel
def ask_about_main(page: Page, rules: Records, limits: Limits, rows: Int64s) -> Passage:
    """What is kept of the main text, whose blocks have these indices."""
    n = len(rows)
    numbers = _number(page, find_items(page), rows)
    is_after_rule = find_rules(page)
    is_full = np.zeros(n, np.bool_)
    for i in range(n):
        is_full[i] = weighs_in_full(page, rows[i])
    items = find_whole_items(page, rows, is_full)
    is_kept = without_ends(page, limits, rows, numbers, items, is_after_rule)
    begin, first, last, end = _find_edges(page, rows, is_kept)
    questions = np.zeros(n, QUESTION)
    n_questions = 0
    for i in range(n):
        if not is_kept[i]:
            continue
        block = page.blocks[rows[i]]
        tag = page.boxes[block.box].tag
        n_chars = _count_chars(page, rows[i], numbers[i])
        item = items[block.box]
        # A link in a wrapper in an item of a list is a card of a menu as often as a source.
        is_wrapped = item >= 0 and page.boxes[item].tag != _ITEM
        rule, outer = rules[tag], rules[page.boxes[item].tag if is_wrapped else tag]
        stays = i >= begin and (rule.is_item or outer.is_item if i > end else rule.is_flow or outer.is_flow)
        is_link = block.link_chars > limits.link_share * n_chars and not stays
        if is_link and not is_heading(tag):
            is_kept[i] = False
        elif i < first or i > last or is_heading(tag):
            question = _ask(questions, n_questions, page, rows, numbers, i)
            question.is_link = is_link
            if is_heading(tag):
                question.links_until = _find_end_of_links(page, rows, numbers, i)
            n_questions += 1
    return Passage(is_kept, questions[:n_questions].copy(), first, last, find_last_parts(page, rows, is_after_rule))


@borrowing
def _find_edges(page: Page, rows: Int64s, is_kept: Bools) -> tuple[int, int, int, int]:
    """Where what is kept of a main text begins and ends.

    Returns:
        Places of the first block that weighs anything, of the first and the last that weigh in full, and of the last
        that weighs anything. The headline stands between the first two, and buttons between the last two; where
        no block weighs in full, all of them may.
    """
    n = len(rows)
    begin, first, last, end = n, n, -1, -1
    for i in range(n):
        if page.weights[rows[i]] and is_kept[i]:
            begin = min(begin, i)
            end = i
            if weighs_in_full(page, rows[i]):
                first = min(first, i)
                last = i
    return begin, first, last, end


@borrowing
def _find_end_of_links(page: Page, rows: Int64s, numbers: Int64s, start: int) -> int:
    """Place of the heading that ends the section of the heading at a place, if that is empty or half links; else 0.

    Sections nest six levels deep, so that those of all headings take linear time.
    """
    level = page.boxes[page.blocks[rows[start]].box].tag
    n_chars = link_chars = 0
    end = start
    while end < len(rows):
        block = page.blocks[rows[end]]
        tag = page.boxes[block.box].tag
        if end > start and is_heading(tag) and tag <= level:
            break
        n_chars += _count_chars(page, rows[end], numbers[end])
        link_chars += block.link_chars
        end += 1
    return end if end == start + 1 or 2 * link_chars >= n_chars else 0


@kernel
def ask_about_comments(page: Page, rows: Int64s) -> Passage:
    """What is kept of the comments: blocks that are not links, unless their words are those of a button."""
    numbers = _number(page, find_items(page), rows)
    is_kept = np.zeros(len(rows), np.bool_)
    questions = np.zeros(len(rows), QUESTION)
    n_questions = 0
    for i in range(len(rows)):
        if page.weights[rows[i]]:
            is_kept[i] = True
            _ask(questions, n_questions, page, rows, numbers, i)
            n_questions += 1
    return Passage(is_kept, questions[:n_questions].copy(), 0, len(rows) - 1, np.empty(0, np.int64))


# --- writing ---------------------------------------------------------------------------------


#: Where a block is written.
#:
#: row: index of the block.
#: first: its first byte, with the number of a list item before it.
#: start: its first byte, without that.
PLACE: Final = record(("row", "i8"), ("first", "i8"), ("start", "i8"))


@kernel
def write(page: Page, rows: Int64s, is_kept: Bools) -> tuple[Bytes, Records]:
    """The blocks of a passage that are kept, as lines of UTF-8, with the numbers of list items.

    The cells of a table row share a line, unless one of them has several.

    Returns:
        The text, and PLACE (n,), where each block is in it.
    """
    text, blocks = page.text, page.blocks
    items = find_items(page)
    numbers = _number(page, items, rows)
    n_bytes = 0
    for row in rows:
        n_bytes += blocks[row].end - blocks[row].start + _MAX_NUMBER_BYTES
    out = np.empty(n_bytes, np.uint8)
    places = np.empty(len(rows), PLACE)
    n_places = 0
    at = 0
    before = -1
    has_lines = _find_rows_of_lines(page, items, rows, is_kept)
    for i in range(len(rows)):
        if not is_kept[i]:
            continue
        if before >= 0:
            out[at] = TAB if _share_line(page, items, has_lines, rows[before], rows[i]) else LINE_FEED
            at += 1
        before = i
        place = places[n_places]
        n_places += 1
        place.row = rows[i]
        place.first = at
        if numbers[i]:
            at = _put_number(out, at, numbers[i])
        place.start = at
        start, end = blocks[rows[i]].start, blocks[rows[i]].end
        out[at : at + end - start] = text[start:end]
        at += end - start
    return out[:at], places[:n_places]


@kernel
def _find_rows_of_lines(page: Page, items: Int64s, rows: Int64s, is_kept: Bools) -> Bools:
    """Of each box, whether a cell in it has several lines."""
    has_lines = np.zeros(len(page.boxes), np.bool_)
    before = np.int64(-1)
    for i in range(len(rows)):
        cell = _cell_of(page, items, rows[i]) if is_kept[i] else -1
        if cell >= 0:
            if cell == before or contains_line_end(page, rows[i]):
                has_lines[page.boxes[cell].parent] = True
            before = np.int64(cell)
    return has_lines


@inlined
def _cell_of(page: Page, items: Int64s, row: int) -> int:
    """The cell that a block is in, itself or within wrappers; -1 for none."""
    item = items[page.blocks[row].box]
    return int(item) if item >= 0 and page.boxes[item].tag in CELLS else -1


@inlined
def _share_line(page: Page, items: Int64s, has_lines: Bools, one: int, other: int) -> bool:
    """Whether two blocks are cells of a table row whose cells have one line each."""
    first, second = _cell_of(page, items, one), _cell_of(page, items, other)
    if first < 0 or second < 0 or page.boxes[first].parent != page.boxes[second].parent:
        return False
    return bool(not has_lines[page.boxes[first].parent])


@borrowing
def _put_number(out: Bytes, at: int, number: int) -> int:
    """Write a number, a full stop and a space; the index of the byte after them."""
    digits = _count_digits(number)
    for place in range(digits - 1, -1, -1):
        out[at + place] = DIGIT_ZERO + number % 10
        number //= 10
    out[at + digits] = FULL_STOP
    out[at + digits + 1] = SPACE
    return at + digits + 2
