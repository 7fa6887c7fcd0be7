"""Kernels that find the items of lists and the cells of tables that blocks are in, themselves or within wrappers.

Word processors, page builders and style sheets put the content of a cell into `<p>`, `<div>` and the like.
"""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Bools, Int64s, kernel
from manyo.corpus.web.markup import TAGS, Page

CELLS = tuple(TAGS.index(name) for name in ("td", "th"))
ITEMS = (*CELLS, *(TAGS.index(name) for name in ("li", "dt", "dd")))
#: Boxes that say nothing about what they hold.
_WRAPPERS = tuple(TAGS.index(name) for name in ("p", "div", "center", "section", "article"))


@kernel
def find_items(page: Page) -> Int64s:
    """Of each box, the item or the cell that it is, or that only wrappers are between; -1 for none."""
    items = np.full(len(page.boxes), -1, np.int64)
    for i in range(len(page.boxes)):
        box = page.boxes[i]
        if box.tag in ITEMS:
            items[i] = i
        elif box.tag in _WRAPPERS and box.parent >= 0:
            items[i] = items[box.parent]
    return items


@kernel
def find_whole_items(page: Page, rows: Int64s, is_full: Bools) -> Int64s:
    """Of each box, the item or cell of its blocks, as far as it is one of a list or of a row of data; -1 for none.

    It is if it holds the block itself, or in a wrapper alone. Cells of a row of data may hold several short blocks;
    where one holds several of which one weighs in full, the row lays out the page.

    Args:
        page: the page.
        rows: the blocks that count.
        is_full: of each of them, whether it weighs in full.
    """
    boxes = page.boxes
    items = find_items(page)
    n_in = np.zeros(len(boxes), np.int64)
    holds_full = np.zeros(len(boxes), np.bool_)
    for i in range(len(rows)):
        n_in[page.blocks[rows[i]].box] += 1
        holds_full[page.blocks[rows[i]].box] |= is_full[i]
    lays_out = np.zeros(len(boxes), np.bool_)
    for i in range(len(boxes) - 1, 0, -1):
        around = boxes[i].parent
        if n_in[i] == 0:
            continue
        n_in[around] += n_in[i]
        holds_full[around] |= holds_full[i]
        if boxes[i].tag in CELLS and n_in[i] > 1 and holds_full[i]:
            lays_out[around] = True
    for i in range(len(boxes)):
        item = items[i]
        if item < 0 or item == i or n_in[item] == 1:
            continue
        if boxes[item].tag not in CELLS or lays_out[boxes[item].parent]:
            items[i] = -1
    return items
