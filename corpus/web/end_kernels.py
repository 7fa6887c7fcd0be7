"""Kernels that know frame at the head and the tail of a main text, where no name tells the two apart.

Frame there is a run of links with their labels, a part that a rule or the end of a box divides from the text and that
has links or small print, and a last section of links to the same host.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Int64s, borrowing, inlined, kernel
from manyo.corpus.web.attribute_kernels import is_heading
from manyo.corpus.web.choice_words import Limits
from manyo.corpus.web.item_kernels import CELLS
from manyo.corpus.web.markup import TAGS, Page
from manyo.corpus.web.weight_kernels import has_sentence

_ITEM, _DT, _DD, _HR = (TAGS.index(name) for name in ("li", "dt", "dd", "hr"))

#: Boxes that lay out a page.
_LAYOUT = tuple(
    TAGS.index(name)
    for name in ("div", "table", "section", "center", "address", "footer", "header", "aside", "article")
)
#: Of frame at an end: two for a rule, two for small print, and one each for links, for many links, and for no sentence.
_LEAST_EVIDENCE: Final = 3
#: Parts at the end of a text that are looked at.
_LAST_PARTS: Final = 4


@kernel
def find_rules(page: Page) -> Bools:
    """Of each block, and of the end of the page, whether a rule (`<hr>`) stands before it."""
    is_after_rule = np.zeros(len(page.blocks) + 1, np.bool_)
    for i in range(len(page.boxes)):
        if page.boxes[i].tag == _HR:
            is_after_rule[min(page.boxes[i].ordinal, len(page.blocks))] = True
    return is_after_rule


@kernel
def find_last_parts(page: Page, rows: Int64s, is_after_rule: Bools) -> Int64s:
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
def without_ends(
    page: Page, limits: Limits, rows: Int64s, numbers: Int64s, items: Int64s, is_after_rule: Bools
) -> Bools:
    """Of each block, whether it is no frame at an end of the main text, where nothing else tells text and frame apart.

    Frame is what stands apart from the text and is not like it (`_find_framed_end`); menus (`_is_menu`) and lists of
    links to pages of the same host (`_find_lists_of_links`), before the first text that weighs in full and after the
    last, with the labels below them; and last sections of such links. A heading whose text is cut off goes with it, but
    those of the head stay. Of each box, `items` has the item of a list or of a row that it is in.
    """
    n = len(rows)
    is_kept = np.ones(n, np.bool_)
    cut = _find_framed_end(page, limits, rows, numbers, is_after_rule, 1)
    for i in range(cut):
        is_kept[i] = is_heading(page.boxes[page.blocks[rows[i]].box].tag)
    is_away = _find_lists_of_links(page, rows, items)
    _leave_out_first_links(page, rows, cut, is_away, is_kept)
    end = n - _find_framed_end(page, limits, rows, numbers, is_after_rule, -1)
    end = _find_last_menus(page, limits, rows, end, is_away)
    while 0 < end < n and is_heading(page.boxes[page.blocks[rows[end - 1]].box].tag):
        end -= 1
    end = _find_last_links(page, limits, rows, end)
    is_kept[end:] = False
    return is_kept


@borrowing
def _leave_out_first_links(page: Page, rows: Int64s, start: int, is_away: Bools, is_kept: Bools) -> None:
    """Leave out menus and lists of links from a place to the first text that weighs in full.

    Lists that are longer than all the rest are the text.
    """
    n_chars = n_away = np.int64(0)
    for row in rows:
        n_chars += page.blocks[row].chars
    after = start
    while after < len(rows) and not weighs_in_full(page, rows[after]):
        n_away += is_away[after] * page.blocks[rows[after]].chars
        after += 1
    for i in range(start, after):
        is_kept[i] = not (_is_menu(page, rows[i]) or (is_away[i] and 2 * n_away <= n_chars))


@borrowing
def _find_last_menus(page: Page, limits: Limits, rows: Int64s, end: int, is_away: Bools) -> int:
    """Where menus and lists of links start that a text ends with, before a place, and the labels below them.

    A list that a heading announces, or that is long beside the text, is no such list (`_find_last_links`); beside a
    short text, two lines are not long.
    """
    n_chars = n_after = np.int64(0)
    for row in rows:
        n_chars += page.blocks[row].chars
    labels = 0
    for i in range(end - 1, -1, -1):
        labels += page.weights[rows[i]]
        n_after += page.blocks[rows[i]].chars
        if weighs_in_full(page, rows[i]) or labels > limits.full_chars:
            break
        is_announced = i > 0 and is_heading(page.boxes[page.blocks[rows[i - 1]].box].tag)
        most = max(limits.last_links_share * n_chars, 2 * limits.full_chars)
        is_short = 2 * n_after <= n_chars and n_after <= most
        if _is_menu(page, rows[i]) or (is_away[i] and is_short and not is_announced):
            end = i
            labels = 0
    return end


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
        is_link = _stays_on_host(page, rows[i]) and page.weights[rows[i]] == 0
        if n_chars > most or not (is_link or (i < end - 1 and is_heading(page.boxes[block.box].tag))):
            break
        if not is_link:
            end = i
        i -= 1
    return end


@inlined
def _stays_on_host(page: Page, row: int) -> bool:
    """Whether a block has links, all of them to other pages of the host."""
    block = page.blocks[row]
    return bool(block.links > 0 and block.outer_links + block.place_links == 0)


@inlined
def weighs_in_full(page: Page, row: int) -> bool:
    """Whether a block weighs as much as it has characters outside links."""
    block = page.blocks[row]
    return bool(page.weights[row] > 0 and page.weights[row] >= block.chars - block.link_chars)


@kernel
def _find_lists_of_links(page: Page, rows: Int64s, items: Int64s) -> Bools:
    """Of each block, whether it leads to another page of the host: a link and its label, or an item among such.

    In a page without a text that weighs in full, no block is.
    """
    n = len(rows)
    is_away = np.zeros(n, np.bool_)
    n_of, n_away = np.zeros(len(page.boxes), np.int64), np.zeros(len(page.boxes), np.int64)
    is_text = False
    for i in range(n):
        is_text |= weighs_in_full(page, rows[i])
        is_away[i] = _leads_away(page, rows[i], items)
        item = items[page.blocks[rows[i]].box]
        if item >= 0:
            around = page.boxes[item].parent
            n_of[around] += 1
            n_away[around] += is_away[i]
    for i in range(n):
        item = items[page.blocks[rows[i]].box]
        if not is_text:
            is_away[i] = False
        elif item >= 0:
            around = page.boxes[item].parent
            is_list = 2 * n_away[around] >= n_of[around] + (page.boxes[item].tag in CELLS)
            is_away[i] = is_list and (is_away[i] or not weighs_in_full(page, rows[i]))
    return is_away


@borrowing
def _leads_away(page: Page, row: int, items: Int64s) -> bool:
    """Whether at least half of a block is links to other pages of the host, and the rest no sentence.

    A numbered item is a note.
    """
    block = page.blocks[row]
    box = page.boxes[block.box]
    whole = items[block.box]
    is_term = whole >= 0 and page.boxes[whole].tag == _DT
    if not _stays_on_host(page, row) or 2 * block.link_chars < block.chars or is_heading(box.tag) or is_term:
        return False
    around = box if box.tag == _ITEM or box.parent < 0 else page.boxes[box.parent]
    item = page.boxes[whole] if whole >= 0 else around
    if item.tag == _ITEM and item.ordinal > 0:
        return False
    return not has_sentence(page.text, block.start, block.end)


@inlined
def _is_menu(page: Page, row: int) -> bool:
    """Whether a block is two links or more, wherever these lead, and no item."""
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
        is_text = (block.links == 0 or _is_item(page, rows[place])) and weighs_in_full(page, rows[place])
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
