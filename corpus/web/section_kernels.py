"""A kernel that finds sections of a named main text outside the container that the choice found in it."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Int64s, kernel
from manyo.corpus.web.attribute_kernels import is_named_main, is_subheading
from manyo.corpus.web.markup import Page

#: A section is a heading with two blocks below it, such as the rows of a table.
_LEAST_BLOCKS: Final = 3


@kernel
def find_sections(page: Page, unassigned: Int64s) -> Bools:
    """Of each block, whether it is in a section of a named main text, given the blocks about which nothing is known.

    Such a section is a box in `<article>`, `<main>` or a box with such a name. It has a heading, and none of its blocks
    is linked, in a frame, or text already: the table below the posts of a live report.
    """
    boxes, blocks = page.boxes, page.blocks
    n = len(boxes)
    n_blocks, n_unassigned = np.zeros(n, np.int64), np.zeros(n, np.int64)
    has_heading, is_in_main, is_section = np.zeros(n, np.bool_), np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for i in range(len(blocks)):
        n_blocks[blocks[i].box] += 1
    for row in unassigned:
        box = blocks[row].box
        n_unassigned[box] += 1
        has_heading[box] |= is_subheading(boxes[box].tag)
    for i in range(n - 1, 0, -1):
        parent = boxes[i].parent
        n_blocks[parent] += n_blocks[i]
        n_unassigned[parent] += n_unassigned[i]
        has_heading[parent] |= has_heading[i]
    for i in range(1, n):
        parent = boxes[i].parent
        is_in_main[i] = is_in_main[parent] or is_named_main(boxes[i].hint, boxes[i].tag)
        is_whole = n_unassigned[i] == n_blocks[i] and n_blocks[i] >= _LEAST_BLOCKS and has_heading[i]
        is_section[i] = is_section[parent] or (is_in_main[parent] and is_whole)
    found = np.zeros(len(blocks), np.bool_)
    for i in range(len(blocks)):
        found[i] = is_section[blocks[i].box]
    return found
