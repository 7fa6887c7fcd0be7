"""Compiled passes over the glyphs of a page: which way they are read, and which of them make a line.

`manyo.corpus.print.glyph_lines` says what for. All distances are in ems of the glyphs concerned. A glyph's place across
a line is the middle of its cell, which is the same for kanji, digits and punctuation of one size.
"""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Float64s, Int64s, kernel

#: Two glyphs of one size stand in one line if their middles are at most this far apart across it. Word processors
#: shift the base of a ruby by a quarter; half the distance of lines without white between them is 0.5.
_SAME_LINE_EMS: Final = 0.35
#: Glyphs of one line are at most this far apart: gutters start at 1 em, justified Latin words are 0.6 apart.
LINE_GAP_EMS: Final = 0.8
#: Glyphs whose sizes differ more are a note mark and its text, a digit of a power, or ruby and base.
_SAME_SIZE_RATIO: Final = 1.25
#: Sizes that differ less are one, rounded.
_ONE_SIZE_RATIO: Final = 1.04
#: A smaller glyph in a line, a note mark or a power, lies within the line with at least this part of its height.
_INSIDE_FRACTION: Final = 0.5
#: Small kana whose middle is no further from the line's than this part of its size lie inside it: notes, and no ruby.
_WITHIN_EMS: Final = 0.3
#: Ruby is at most this part of the size of its base: half in general, 0.6 in some word processors.
RUBY_RATIO: Final = 0.68

# Directions.
UNKNOWN: Final = 0
LEVEL: Final = 1
UPRIGHT: Final = 2

# What a character is, bits of `classes`: kana or a sign that stands in ruby; what may be an emphasis dot; what is
# written as another character. Those of the first two are no part of a line of larger print.
KANA: Final = 1
MARK: Final = 2
MAPPED: Final = 4
ANNOTATES: Final = KANA | MARK


@kernel
def _root(parents: Int64s, i: int) -> int:
    """The number that stands for the set of i."""
    while parents[i] != i:
        parents[i] = parents[parents[i]]
        i = parents[i]
    return i


@kernel
def find_votes(
    along0: Float64s, along1: Float64s, across: Float64s, size: Float64s, order: Int64s, nearest: Float64s
) -> None:
    """Find how far the nearest glyph of the same size before or after each glyph is, along one direction.

    Args:
        along0, along1: (n,), where each cell starts and ends in that direction.
        across: (n,), the middle of each cell across it.
        size: (n,), sizes.
        order: (n,), numbers of the glyphs by `across`.
        nearest: (n,), infinite; filled in, in ems.
    """
    n = len(order)
    for at in range(n):
        i = order[at]
        for other in range(at + 1, n):
            j = order[other]
            if across[j] - across[i] > _SAME_LINE_EMS * size[i]:
                break
            ratio = size[i] / size[j]
            if ratio > _SAME_SIZE_RATIO or ratio < 1 / _SAME_SIZE_RATIO:
                continue
            gap = max(along0[i], along0[j]) - min(along1[i], along1[j])
            # Digits that stand side by side in a vertical line overlap completely in its direction.
            if gap < -0.5 * min(along1[i] - along0[i], along1[j] - along0[j]):
                continue
            ems = abs(gap) / max(size[i], size[j])
            nearest[i] = min(nearest[i], ems)
            nearest[j] = min(nearest[j], ems)


@kernel
def join_lines(
    along0: Float64s,
    along1: Float64s,
    across: Float64s,
    size: Float64s,
    classes: Bytes,
    chosen: Bytes,
    places: Int64s,
    order: Int64s,
    gap_ems: float,
    parents: Int64s,
) -> None:
    """Join the chosen glyphs that stand in one line: sets of `parents`.

    Args:
        along0, along1, across, size, order: as in `find_votes`.
        classes: (n,), what the characters are.
        chosen: (n,), which glyphs are joined.
        places: (n,), cell of a table or frame in which each glyph stands; lines do not leave it.
        gap_ems: largest distance.
        parents: (n,), each glyph by itself; changed.
    """
    n = len(order)
    largest = 0.0
    for at in range(n):
        if chosen[order[at]]:
            largest = max(largest, size[order[at]])
    for at in range(n):
        i = order[at]
        if not chosen[i]:
            continue
        for other in range(at + 1, n):
            j = order[other]
            apart = across[j] - across[i]
            if apart > largest:
                break
            if not chosen[j] or places[i] != places[j]:
                continue
            if max(along0[i], along0[j]) - min(along1[i], along1[j]) > gap_ems * max(size[i], size[j]):
                continue
            small, large = (i, j) if size[i] < size[j] else (j, i)
            if size[large] > _SAME_SIZE_RATIO * size[small] or apart > _SAME_LINE_EMS * size[small]:
                if size[large] <= _ONE_SIZE_RATIO * size[small]:
                    continue
                # Ruby is no part of the line, even where it leans over it.
                if (
                    classes[small] & ANNOTATES
                    and size[small] <= RUBY_RATIO * size[large]
                    and apart > _WITHIN_EMS * size[large]
                ):
                    continue
                inside = (size[small] + size[large]) / 2 - apart
                if inside < _INSIDE_FRACTION * size[small]:
                    continue
                if max(along0[i], along0[j]) - min(along1[i], along1[j]) > 0.5 * size[small]:
                    continue
            a, b = _root(parents, i), _root(parents, j)
            if a != b:
                parents[max(a, b)] = min(a, b)


@kernel
def number_sets(parents: Int64s, chosen: Bytes, numbers: Int64s) -> int:
    """Number the sets of the chosen glyphs from 0 in `numbers`, -1 for others; returns how many there are."""
    n_sets = 0
    for i in range(len(parents)):
        numbers[i] = -1
    for i in range(len(parents)):
        if not chosen[i]:
            continue
        root = _root(parents, i)
        if numbers[root] < 0:
            numbers[root] = n_sets
            n_sets += 1
        numbers[i] = numbers[root]
    return n_sets


@kernel
def join_touching(boxes: Float64s, slack: float, parents: Int64s) -> None:
    """Join boxes that touch: sets of `parents`.

    Args:
        boxes: (n, 4), left, top, right, bottom, in the order of their tops.
        slack: boxes that are this near touch.
        parents: (n,), each box by itself; changed.
    """
    n = len(boxes)
    for i in range(n):
        for j in range(i + 1, n):
            if boxes[j, 1] > boxes[i, 3] + slack:
                break
            if boxes[j, 0] <= boxes[i, 2] + slack and boxes[j, 2] >= boxes[i, 0] - slack:
                a, b = _root(parents, i), _root(parents, j)
                if a != b:
                    parents[max(a, b)] = min(a, b)
