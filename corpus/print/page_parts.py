"""Parts of a page in the coordinates of a region, and what they become: lines, rows of a table, blocks.

Distances along a line are called `u`, across lines `v`. Vertical text is the same turned by a quarter: lines follow
each other to the left, and tiers lie below each other. All limits are in ems.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from manyo.corpus.print.line_text import Mark, TextLine, body_size
from manyo.corpus.print.pages import joined

#: From this distance of two lines on, in ems of white, they are not of one block.
BLOCK_GAP_EMS: Final = 1.3
#: Lines of one block are in print of one size.
_BLOCK_SIZE_RATIO: Final = 1.12
#: Pieces of a line that are nearer stand without a space.
_SPACE_EMS: Final = 0.5
#: The widest gap between the characters of a heading: 「目　　　次」.
_SPACED_EMS: Final = 4.0
#: The em of a region without text of its own, in points.
_NO_TEXT_EM: Final = 10.0


class Block(NamedTuple):
    """Lines that are read one after another.

    Attributes:
        lines: in their order.
        is_table: each line is a row, its cells separated by tabs.
        level: of the heading that the block is, as the file declares it; 0 if it declares none.
    """

    lines: list[TextLine]
    is_table: bool = False
    level: int = 0


class Part(NamedTuple):
    """A part of a page that is read as a whole: a line, or blocks that stand in a box of their own.

    Attributes:
        left, top, right, bottom: its box.
        line: the line; None for a box.
        blocks: what is in the box, in its order; nothing in a picture.
    """

    left: float
    top: float
    right: float
    bottom: float
    line: TextLine | None
    blocks: tuple[Block, ...] = ()


class Placed(NamedTuple):
    """A part in the coordinates of its region."""

    u0: float
    u1: float
    v0: float
    v1: float
    part: Part


def part_of(line: TextLine) -> Part:
    """A line as a part."""
    return Part(line.left, line.top, line.right, line.bottom, line)


def placed_in(part: Part, is_upright: bool) -> Placed:
    """A part in the coordinates of a region, whose text is upright or level."""
    if is_upright:
        return Placed(part.top, part.bottom, -part.right, -part.left, part)
    return Placed(part.left, part.right, part.top, part.bottom, part)


def em_of(placed: Sequence[Placed]) -> float:
    """The size of most of a region's text, in points."""
    return body_size(item.part.line for item in placed if item.part.line is not None) or _NO_TEXT_EM


def is_spaced_heading(atom: list[Placed]) -> bool:
    """Whether an atom is a line of single characters with wide gaps, at the beginning at least."""
    items = sorted(atom, key=lambda item: item.u0)
    lines = [item.part.line for item in items if item.part.line is not None]
    gaps = [b.u0 - a.u1 for a, b in pairwise(items)]
    return len(lines) == len(items) >= 3 and _is_spaced(lines, gaps)


def one_line(atom: list[Placed]) -> Placed:
    """The parts of an atom as one part: pieces of one line as that line, anything else as blocks."""
    if len(atom) == 1:
        return atom[0]
    items = sorted(atom, key=lambda item: (item.u0, item.v0))
    lines = [item.part.line for item in items if item.part.line is not None]
    u0, u1 = min(item.u0 for item in items), max(item.u1 for item in items)
    v0, v1 = min(item.v0 for item in items), max(item.v1 for item in items)
    part = Part(
        min(item.part.left for item in items),
        min(item.part.top for item in items),
        max(item.part.right for item in items),
        max(item.part.bottom for item in items),
        None,
    )
    gaps = [b.u0 - a.u1 for a, b in pairwise(items)]
    if len(lines) == len(items) and min(gaps) >= -0.5:
        return Placed(u0, u1, v0, v1, part._replace(line=_joined_pieces(lines, gaps)))
    blocks: list[Block] = []
    for item in sorted(items, key=lambda item: (item.v0, item.u0)):
        blocks += [Block([item.part.line])] if item.part.line is not None else item.part.blocks
    return Placed(u0, u1, v0, v1, part._replace(blocks=tuple(blocks)))


def _joined_pieces(lines: Sequence[TextLine], gaps: Sequence[float]) -> TextLine:
    """Pieces of one line as one: with spaces between them, but for a heading that is set with wide gaps."""
    size = max(line.size for line in lines)
    is_spaced = _is_spaced(lines, gaps)
    return _concatenated(lines, ["" if is_spaced or gap < _SPACE_EMS * size else "\u3000" for gap in gaps])


def _is_spaced(lines: Sequence[TextLine], gaps: Sequence[float]) -> bool:
    """Whether pieces of a line are the characters of a word that is set with wide, equal gaps."""
    size = max(line.size for line in lines)
    if max(gaps) > _SPACED_EMS * size:
        return False
    if not all(len(line.text) == 1 for line in lines[:-1]) or not all(line.text[0] > "\u3000" for line in lines):
        return False
    if len(lines) == 2:
        return len(lines[1].text) == 1
    return max(gaps) - min(gaps) < 0.3 * size


def _concatenated(lines: Sequence[TextLine], between: Sequence[str]) -> TextLine:
    """Lines as one, with something between them."""
    if len(lines) == 1:
        return lines[0]
    text, marks = lines[0].text, list(lines[0].marks)
    for line, gap in zip(lines[1:], between, strict=True):
        at = len(text) + len(gap)
        text += gap + line.text
        marks += [Mark(mark.start + at, mark.stop + at, mark.kind, mark.value) for mark in line.marks]
    return lines[0]._replace(
        text=text,
        marks=tuple(marks),
        left=min(line.left for line in lines),
        top=min(line.top for line in lines),
        right=max(line.right for line in lines),
        bottom=max(line.bottom for line in lines),
        size=max(line.size for line in lines),
    )


def cell_text(lines: Sequence[TextLine]) -> TextLine:
    """The lines of a cell as one."""
    return _concatenated(lines, [joined(a.text, b.text) for a, b in pairwise(lines)])


def row_of(cells: Sequence[TextLine | None]) -> TextLine:
    """Cells as one line with tabs; at least one of them is not empty."""
    first = next(cell for cell in cells if cell is not None)
    empty = first._replace(text="", marks=())
    return _concatenated([cell or empty for cell in cells], ["\t"] * (len(cells) - 1))


def blocks_of(items: Sequence[Placed]) -> list[Block]:
    """Lines and boxes in their order as blocks: a block ends at white and where the size of print changes."""
    blocks: list[Block] = []
    whites = [b.v0 - a.v1 for a, b in pairwise(items) if a.part.line is not None and b.part.line is not None]
    usual = median(whites) if whites else 0.0
    last: Placed | None = None
    for item in items:
        line = item.part.line
        if line is None:
            blocks += item.part.blocks
            last = None
            continue
        if last is not None and last.part.line is not None:
            size = max(line.size, last.part.line.size)
            is_near = item.v0 - last.v1 <= max(usual + 0.5 * size, min(BLOCK_GAP_EMS * size, usual + 0.6 * size))
            ratio = line.size / last.part.line.size
            if is_near and 1 / _BLOCK_SIZE_RATIO < ratio < _BLOCK_SIZE_RATIO:
                blocks[-1].lines.append(line)
                last = item
                continue
        blocks.append(Block([line]))
        last = item
    return blocks
