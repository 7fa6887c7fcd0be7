"""Where a page has headings, for those who read what they say."""

from __future__ import annotations

from manyo.corpus.jit import Int64s, Records, borrowing
from manyo.corpus.web.attribute_kernels import is_subheading


@borrowing
def find_short_headings(blocks: Records, boxes: Records, max_bytes: int, found: Int64s) -> int:
    """Write the row, start and end of each block in an `<h2>` to `<h6>` that is not longer; how many there are.

    Args:
        blocks, boxes: of the page.
        max_bytes: of a heading.
        found: int64 (at least n_blocks, 3).
    """
    n = 0
    for row in range(len(blocks)):
        block = blocks[row]
        if is_subheading(boxes[block.box].tag) and block.end - block.start <= max_bytes:
            found[n, 0], found[n, 1], found[n, 2] = row, block.start, block.end
            n += 1
    return n
