"""The compiled loop over the characters of any text (`manyo.corpus.text`)."""

from __future__ import annotations

from manyo.corpus.jit import Uint32s, kernel


@kernel
def lies_within(points: Uint32s, blocks: Uint32s) -> bool:
    """Whether every character lies within one of the blocks.

    Args:
        points: code points of the text.
        blocks: (n_blocks, 2), first and last code point of each block; blocks do not overlap.
    """
    # A block at a time and without a branch inside, so that LLVM compares eight characters at once.
    n_inside = 0
    for block in range(len(blocks)):
        first, last = blocks[block, 0], blocks[block, 1]
        for i in range(len(points)):
            n_inside += (points[i] >= first) & (points[i] <= last)
        if n_inside == len(points):
            return True
    return False
