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
from manyo.corpus.web.markup import TAGS, Page
from manyo.corpus.web.weight_kernels import has_sentence

_ITEM, _DD, _TD, _TH, _HR = (TAGS.index(name) for name in ("li", "dd", "td", "th", "hr"))

#: Boxes that lay out a page.
_LAYOUT = tuple(
    TAGS.index(name)
    for name in ("div", "table", "section", "center", "address", "footer", "header", "aside", "article")
)
#: Of frame at an end: two for a rule, two for small print, and one each for links, for many links, and for no sentence.
_LEAST_EVIDENCE: Final = 3
#: Parts at the end of a text that are looked at.
_LAST_PARTS: Final = 4
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
def _number(page: Page, rows: Int64s) -> Int64s:
    """Of each block that is the first of an item in an ordered list, the item's number; else 0."""
    numbers = np.zeros(len(rows), np.int64)
    last = np.int64(-1)
    for i in range(len(rows)):
        item = np.int64(page.blocks[rows[i]].box)
        if page.boxes[item].tag != _ITEM:
            item = np.int64(page.boxes[item].parent)
        if item >= 0 and item != last and page.boxes[item].tag == _ITEM:
            numbers[i] = page.boxes[item].ordinal
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
    numbers = _number(page, rows)
    is_after_rule = _find_rules(page)
    is_kept = _without_ends(page, limits, rows, numbers, is_after_rule)
    begin, first, last, end = _find_edges(page, rows, is_kept)
    questions = np.zeros(n, QUESTION)
    n_questions = 0
    for i in range(n):
        if not is_kept[i]:
            continue
        block = page.blocks[rows[i]]
        tag = page.boxes[block.box].tag
        n_chars = _count_chars(page, rows[i], numbers[i])
        stays = i >= begin and (rules[tag].is_item if i > end else rules[tag].is_flow)
        is_link = block.link_chars > limits.link_share * n_chars and not stays
        if is_link and not is_heading(tag):
            is_kept[i] = False
        elif i < first or i > last or is_heading(tag):
            question = _ask(questions, n_questions, page, rows, numbers, i)
            question.is_link = is_link
            if is_heading(tag):
                question.links_until = _find_end_of_links(page, rows, numbers, i)
            n_questions += 1
    return Passage(is_kept, questions[:n_questions].copy(), first, last, _find_last_parts(page, rows, is_after_rule))


@kernel
def _find_rules(page: Page) -> Bools:
    """Of each block, and of the end of the page, whether a rule (`<hr>`) stands before it."""
    is_after_rule = np.zeros(len(page.blocks) + 1, np.bool_)
    for i in range(len(page.boxes)):
        if page.boxes[i].tag == _HR:
            is_after_rule[min(page.boxes[i].ordinal, len(page.blocks))] = True
    return is_after_rule


@kernel
def _find_last_parts(page: Page, rows: Int64s, is_after_rule: Bools) -> Int64s:
    """Places of the first blocks of the last parts that stand apart from what is before them, the last first."""
    found = np.empty(_LAST_PARTS, np.int64)
    n = 0
    for place in range(len(rows) - 1, 0, -1):
        if n == _LAST_PARTS:
            break
        if _has_rule_between(rows, is_after_rule, place) or _are_apart(page, rows[place], rows[place - 1]):
            found[n] = place
            n += 1
    return found[:n].copy()


@kernel
def _without_ends(page: Page, limits: Limits, rows: Int64s, numbers: Int64s, is_after_rule: Bools) -> Bools:
    """Of each block, whether it is no frame at an end of the main text, where nothing else tells text and frame apart.

    Frame is what stands apart from the text and is not like it (`_find_framed_end`); lines of two links or more, before
    the first text that weighs in full and after the last, with the labels below them; and last sections of links to
    pages of the same host. A heading whose text is cut off goes with it, but those of the head stay.
    """
    n = len(rows)
    is_kept = np.ones(n, np.bool_)
    cut = _find_framed_end(page, limits, rows, numbers, is_after_rule, 1)
    for i in range(cut):
        is_kept[i] = is_heading(page.boxes[page.blocks[rows[i]].box].tag)
    for i in range(cut, n):
        if _weighs_in_full(page, rows[i]):
            break
        is_kept[i] = not _is_menu(page, rows[i])
    cut = _find_framed_end(page, limits, rows, numbers, is_after_rule, -1)
    end = n - cut
    labels = 0
    for i in range(n - cut - 1, -1, -1):
        labels += page.weights[rows[i]]
        if _weighs_in_full(page, rows[i]) or labels > limits.full_chars:
            break
        if _is_menu(page, rows[i]):
            end = i
            labels = 0
    while 0 < end < n and is_heading(page.boxes[page.blocks[rows[end - 1]].box].tag):
        end -= 1
    end = _find_last_links(page, limits, rows, end)
    is_kept[end:] = False
    return is_kept


@borrowing
def _find_last_links(page: Page, limits: Limits, rows: Int64s, end: int) -> int:
    """Where the last sections start, before a place, that are links to pages of the same host alone.

    They have a heading, and together hold a share of the text at most: other pages like this one, no sources.
    """
    most = 0.0
    for i in range(end):
        most += limits.last_links_share * page.blocks[rows[i]].chars
    n_chars = 0
    i = end - 1
    while i > 0:
        block = page.blocks[rows[i]]
        n_chars += block.chars
        is_link = block.links > 0 and block.outer_links + block.place_links == 0 and page.weights[rows[i]] == 0
        if n_chars > most or not (is_link or (i < end - 1 and is_heading(page.boxes[block.box].tag))):
            break
        if not is_link:
            end = i
        i -= 1
    return end


@inlined
def _weighs_in_full(page: Page, row: int) -> bool:
    block = page.blocks[row]
    return bool(page.weights[row] > 0 and page.weights[row] >= block.chars - block.link_chars)


@inlined
def _is_menu(page: Page, row: int) -> bool:
    return bool(page.blocks[row].links >= 2 and page.weights[row] == 0 and not _is_item(page, row))


@inlined
def _is_item(page: Page, row: int) -> bool:
    """Whether a block is an item of a list, or a part of one."""
    box = page.boxes[page.blocks[row].box]
    return bool(box.tag in (_ITEM, _DD) or (box.parent >= 0 and page.boxes[box.parent].tag in (_ITEM, _DD)))


@borrowing
def _find_framed_end(page: Page, limits: Limits, rows: Int64s, numbers: Int64s, is_after_rule: Bools, step: int) -> int:
    """How many blocks of the head (`step` 1) or of the tail (-1) are frame that stands apart from the text.

    A rule (`<hr>`) divides them from it, or an end of a box such as `<div>`. Together they have a share of the text's
    weight at most. No block in them is text: weighs in full outside links, unless it is small print without a sentence.
    There is no note (a numbered item) and, at the end, no heading.
    """
    n = len(rows)
    most = weight_of_small = 0.0
    for i in range(n):
        most += limits.end_share * page.weights[rows[i]]
        weight_of_small += page.blocks[rows[i]].is_small * page.weights[rows[i]]
    # On a page in small print, that says nothing.
    may_be_small = weight_of_small * limits.end_share < most / 2
    cut = ruled = weight = 0
    for i in range(n):
        place = i if step > 0 else n - 1 - i
        block = page.blocks[rows[place]]
        if i:
            is_ruled = _has_rule_between(rows, is_after_rule, place if step > 0 else place + 1)
            if is_ruled or _are_apart(page, rows[place - step], rows[place]):
                # A rule divides all since the rule before it, another end what is not yet known to be frame.
                first = ruled if is_ruled else cut
                part = rows[first:place] if step > 0 else rows[place + 1 : n - first]
                if _is_framed(page, limits, part, is_ruled, may_be_small):
                    cut = i
                elif is_ruled:
                    return cut
                ruled = i if is_ruled else ruled
        weight += page.weights[rows[place]]
        is_print = may_be_small and block.is_small and not has_sentence(page.text, block.start, block.end)
        is_text = (block.links == 0 or _is_item(page, rows[place])) and _weighs_in_full(page, rows[place])
        is_note = _is_item(page, rows[place]) and numbers[place] > 0
        is_section = step < 0 and is_heading(page.boxes[block.box].tag)
        if weight > most or (is_text and not is_print) or is_note or is_section:
            break
    return cut


@borrowing
def _is_framed(page: Page, limits: Limits, rows: Int64s, is_ruled: bool, may_be_small: bool) -> bool:
    """Whether blocks at an end that stand apart are frame, by links or small print and what else speaks for it.

    A heading speaks for a section of the text, where no rule divides it from that.
    """
    n_chars = link_chars = links = other_links = 0
    is_small, has_mark = may_be_small, False
    for row in rows:
        block = page.blocks[row]
        n_chars += block.chars
        link_chars += block.link_chars
        links += block.links
        # Contents of the text lead to its places; sources, where no rule is, to other hosts.
        other_links += block.place_links + (0 if is_ruled else block.outer_links)
        is_small &= block.is_small != 0
        has_mark |= has_sentence(page.text, block.start, block.end)
        if is_heading(page.boxes[block.box].tag) and not is_ruled:
            return False
    has_links = 2 * other_links < links and link_chars >= limits.end_share * n_chars
    is_linked = has_links and (links > 1 or 2 * link_chars >= n_chars)
    evidence = 2 * is_ruled + 2 * is_small + has_links + is_linked + (not has_mark)
    return bool((has_links or is_small) and evidence >= _LEAST_EVIDENCE)


@borrowing
def _are_apart(page: Page, one: int, other: int) -> bool:
    """Whether a block, at an end, stands apart from another: in a box that lays out the page, and not around both."""
    first, second = np.int64(page.blocks[one].box), np.int64(page.blocks[other].box)
    outermost = np.int64(0)
    # Boxes are numbered as they open, so the one with the higher number is not around the other.
    while first != second:
        if first > second:
            outermost = first
            first = np.int64(page.boxes[first].parent)
        else:
            second = np.int64(page.boxes[second].parent)
    return page.boxes[outermost].tag in _LAYOUT


@inlined
def _has_rule_between(rows: Int64s, is_after_rule: Bools, place: int) -> bool:
    """Whether a rule stands between the block at a place and the one before it."""
    for row in range(rows[place - 1] + 1, rows[place] + 1):  # noqa: SIM110  # kernels have no generators
        if is_after_rule[row]:
            return True
    return False


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
            if _weighs_in_full(page, rows[i]):
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
    numbers = _number(page, rows)
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
    numbers = _number(page, rows)
    n_bytes = 0
    for row in rows:
        n_bytes += blocks[row].end - blocks[row].start + _MAX_NUMBER_BYTES
    out = np.empty(n_bytes, np.uint8)
    places = np.empty(len(rows), PLACE)
    n_places = 0
    at = 0
    before = -1
    has_lines = _find_rows_of_lines(page, rows, is_kept)
    for i in range(len(rows)):
        if not is_kept[i]:
            continue
        if before >= 0:
            out[at] = TAB if _share_line(page, has_lines, rows[before], rows[i]) else LINE_FEED
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
def _find_rows_of_lines(page: Page, rows: Int64s, is_kept: Bools) -> Bools:
    """Of each box, whether a cell in it has several lines."""
    has_lines = np.zeros(len(page.boxes), np.bool_)
    before = np.int64(-1)
    for i in range(len(rows)):
        block = page.blocks[rows[i]]
        box = page.boxes[block.box]
        if is_kept[i] and box.tag in (_TD, _TH):
            if block.box == before or contains_line_end(page, rows[i]):
                has_lines[box.parent] = True
            before = np.int64(block.box)
    return has_lines


@inlined
def _share_line(page: Page, has_lines: Bools, one: int, other: int) -> bool:
    """Whether two blocks are cells of a table row whose cells have one line each."""
    first, second = page.boxes[page.blocks[one].box], page.boxes[page.blocks[other].box]
    are_cells = first.tag in (_TD, _TH) and second.tag in (_TD, _TH) and first.parent == second.parent
    return bool(are_cells and not has_lines[first.parent])


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
