"""In which order the parts of a page are read: columns, tiers, tables without rules, boxes, titles over all of them.

The order comes from white space alone. A region is cut where white goes all the way across it; where parts lie side by
side over several lines, a gutter between them makes columns if they hold lines of prose, and a table if they do not.
Vertical text is the same turned by a quarter: lines follow each other to the left, and tiers lie below each other.

Distances along a line are called `u`, across lines `v`. All limits are in ems of the region.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from operator import itemgetter
from statistics import median
from typing import Final, NamedTuple

from manyo.corpus.print.line_text import Mark, TextLine
from manyo.corpus.print.pages import joined
from manyo.corpus.print.pdf_glyphs import ASCENT

#: The least gutter. Columns are 2 em apart in most print, tiers of newspapers and cells of tables 1 em.
_GUTTER_EMS: Final = 0.9
#: Lines overlap by at most this part of their size, in print without white between lines.
_OVERLAP_FRACTION: Final = 0.2
#: Prose has lines of this many characters at least; newspapers set 11 and more.
_PROSE_EMS: Final = 8.0
#: A line of prose that goes on ends at most this far before the column's end.
_FULL_EMS: Final = 1.6
_FULL_FRACTION: Final = 0.5
#: From this distance of two lines on, in ems of white, they are not of one block.
_BLOCK_GAP_EMS: Final = 1.3
#: Lines of one block are in print of one size.
_BLOCK_SIZE_RATIO: Final = 1.12
#: Pieces of a line that are nearer stand without a space.
_SPACE_EMS: Final = 0.5
#: The widest gap between the characters of a heading: 「目　　　次」.
_SPACED_EMS: Final = 4.0
#: Cells of a column begin, end or are centred within this, for this part of them.
_ALIGNED_EMS: Final = 0.7
_ALIGNED_FRACTION: Final = 0.6
#: So many rows are a table where the gutter has so many ems.
_TABLE_ROWS: Final = ((2, 2.0), (3, 1.3))
_MOST_TABLE_ROWS: Final = 4
#: So many lines, and this part of them, that stand in no row of the text beside them are no cells.
_LEAST_BESIDE: Final = 3
_BESIDE_FRACTION: Final = 0.4
#: Labels of a list's items: the gap after them makes no table.
_LABEL = re.compile(
    r"(?:注|備考|資料|例|問|答|第)?[（(]?[\d０-９一二三四五六七八九十ア-ンa-zA-Zivx①-⑳㋐-㋾]{0,3}[)）.．、]?|[・●○◎◆◇■□▲△▼▽★☆※*＊†‡•–—-]+"
)
#: Deeper nesting than any page has.
_MAX_DEPTH: Final = 12


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


class _Placed(NamedTuple):
    """A part in the coordinates of its region."""

    u0: float
    u1: float
    v0: float
    v1: float
    part: Part


def part_of(line: TextLine) -> Part:
    """A line as a part."""
    return Part(line.left, line.top, line.right, line.bottom, line)


def in_order(parts: Sequence[Part], depth: int = 0) -> list[Block]:
    """The blocks of a region in their order.

    Args:
        parts: of the region, in any order.
        depth: how many regions are around this one.
    """
    if not parts:
        return []
    if len(parts) == 1:
        return [Block([parts[0].line])] if parts[0].line is not None else list(parts[0].blocks)
    is_upright = _is_upright(parts)
    parts = _grouped(parts, is_upright, depth)
    placed = [_place(part, is_upright) for part in parts]
    em = _em(placed)
    found: list[list[_Placed] | _Table] = []
    _cut(placed, em, found, depth)
    blocks: list[Block] = []
    for piece in found:
        if isinstance(piece, _Table):
            blocks.append(Block(piece.rows, is_table=True))
        else:
            blocks += _blocks(piece)
    return blocks


def _is_upright(parts: Iterable[Part]) -> bool:
    """Whether most of the text in lines of their own is vertical."""
    balance = 0
    for part in parts:
        if part.line is not None:
            balance += len(part.line.text) * (1 if part.line.is_upright else -1)
    return balance > 0


def _place(part: Part, is_upright: bool) -> _Placed:
    if is_upright:
        return _Placed(part.top, part.bottom, -part.right, -part.left, part)
    return _Placed(part.left, part.right, part.top, part.bottom, part)


def _em(placed: Sequence[_Placed]) -> float:
    """The size of most of a region's text."""
    sizes = sorted((item.part.line.size, len(item.part.line.text)) for item in placed if item.part.line is not None)
    if not sizes:
        return 10.0
    half = sum(length for _, length in sizes) / 2
    for size, length in sizes:
        half -= length
        if half <= 0:
            return size
    return sizes[-1][0]


def _grouped(parts: Sequence[Part], is_upright: bool, depth: int) -> list[Part]:
    """The parts with neighbouring lines of the other direction as one part, in their own order."""
    others = [part for part in parts if part.line is not None and part.line.is_upright != is_upright]
    if not others or depth > _MAX_DEPTH:
        return list(parts)
    rest = [part for part in parts if part.line is None or part.line.is_upright == is_upright]
    groups: list[list[Part]] = []
    for part in others:
        near = [group for group in groups if any(_are_near(part, other) for other in group)]
        merged = [part, *(other for group in near for other in group)]
        groups = [group for group in groups if not any(group is other for other in near)] + [merged]
    for group in groups:
        left, top = min(part.left for part in group), min(part.top for part in group)
        right, bottom = max(part.right for part in group), max(part.bottom for part in group)
        rest.append(Part(left, top, right, bottom, None, tuple(in_order(group, depth + 1))))
    return rest


def _are_near(one: Part, other: Part) -> bool:
    """Whether two lines of one direction may belong to one block: less than two lines of white lie between them."""
    size = max(one.line.size if one.line else 0.0, other.line.size if other.line else 0.0)
    apart_x = max(one.left, other.left) - min(one.right, other.right)
    apart_y = max(one.top, other.top) - min(one.bottom, other.bottom)
    return max(apart_x, apart_y) <= 2.0 * size


# --- cutting -----------------------------------------------------------------------------------------


class _Table(NamedTuple):
    """Rows of a table, each a line with tabs."""

    rows: list[TextLine]


_Run = list[list[_Placed]]


def _cut(placed: list[_Placed], em: float, found: list[list[_Placed] | _Table], depth: int) -> None:
    """Cut a region into its parts, in their order: runs of single lines or boxes, and tables."""
    atoms = _atoms(placed)
    plain: list[_Placed] = []

    def end_plain() -> None:
        nonlocal plain
        if plain:
            found.append(plain)
            plain = []

    at = 0
    while at < len(atoms):
        stop, gutters = _run(atoms, at, em) if depth <= _MAX_DEPTH else (at + 1, [])
        run = atoms[at:stop]
        if any(map(_is_picture, chain(*run))) and depth <= _MAX_DEPTH and len(run[0]) > 1:
            end_plain()
            for region in _beside_pictures(run, gutters):
                _cut(region, em, found, depth + 1)
            at = stop
            continue
        if not gutters:
            plain.append(_one_line(atoms[at]))
            at += 1
            continue
        if _are_cards(run, em):
            plain += [item for atom in run for item in sorted(atom, key=lambda item: item.u0)]
            at = stop
            continue
        strips = _strips(run, gutters)
        if _are_columns(run, strips, gutters, em):
            stop = at + _trimmed(atoms, at, stop, gutters)
            strips = _strips(atoms[at:stop], gutters)
            end_plain()
            for strip in strips:
                if strip:
                    _cut(strip, em, found, depth + 1)
            at = stop
        elif _is_table(run, strips, gutters, em) and not _is_list(strips):
            end_plain()
            found.append(_Table(_rows(run, gutters)))
            at = stop
        else:
            plain.append(_one_line(atoms[at]))
            at += 1
    end_plain()


def _atoms(placed: list[_Placed]) -> _Run:
    """Parts that lie side by side, between white that goes all the way across the region."""
    atoms: _Run = []
    end = 0.0
    for item in sorted(placed, key=lambda item: (item.v0, item.u0)):
        slack = _OVERLAP_FRACTION * (item.part.line.size if item.part.line else 0.0)
        if atoms and item.v0 + slack < end:
            atoms[-1].append(item)
            end = max(end, item.v1 - slack)
        else:
            atoms.append([item])
            end = item.v1 - slack
    return [[_one_line(atom)] if _is_spaced_heading(atom) else atom for atom in atoms]


def _is_spaced_heading(atom: list[_Placed]) -> bool:
    """Whether an atom is a line of single characters with wide gaps, at the beginning at least."""
    items = sorted(atom, key=lambda item: item.u0)
    lines = [item.part.line for item in items if item.part.line is not None]
    gaps = [b.u0 - a.u1 for a, b in pairwise(items)]
    return len(lines) == len(items) >= 3 and _is_spaced(lines, gaps)


def _intervals(items: Iterable[_Placed]) -> list[tuple[float, float]]:
    """The stretches of u that items cover."""
    return _merged((item.u0, item.u1) for item in items)


def _gutters(covered: list[tuple[float, float]], em: float) -> list[tuple[float, float]]:
    """The stretches between covered ones that are wide enough."""
    return [(a[1], b[0]) for a, b in pairwise(covered) if b[0] - a[1] >= _GUTTER_EMS * em]


def _run(atoms: _Run, start: int, em: float) -> tuple[int, list[tuple[float, float]]]:
    """How far a gutter goes on from an atom, and the gutters that go so far; none if the atom has none."""
    covered = _intervals(atoms[start])
    gutters = _gutters(covered, em)
    if not gutters:
        return start + 1, []
    stop = start + 1
    while stop < len(atoms):
        more = _merged((*covered, *_intervals(atoms[stop])))
        left = _gutters(more, em)
        if not left:
            break
        # Where white goes across the page and more columns begin, others end.
        white = min(item.v0 for item in atoms[stop]) - max(item.v1 for item in atoms[stop - 1])
        if white >= _BLOCK_GAP_EMS * em and _n_wide(_until_white(atoms, stop, em), em) > _n_wide(more, em):
            break
        covered, gutters = more, left
        stop += 1
    return stop, gutters


def _n_wide(covered: list[tuple[float, float]], em: float) -> int:
    """How many of some stretches may be columns: marks of lists, and figures, are narrower."""
    return sum(u1 - u0 >= _PROSE_EMS * em for u0, u1 in covered)


def _until_white(atoms: _Run, start: int, em: float) -> list[tuple[float, float]]:
    """What is covered from an atom to the next white that goes across the region and is wider than a line's."""
    covered = _intervals(atoms[start])
    for before, atom in pairwise(atoms[start:]):
        if min(item.v0 for item in atom) - max(item.v1 for item in before) >= _BLOCK_GAP_EMS * em:
            break
        more = _merged((*covered, *_intervals(atom)))
        if len(more) < 2 <= len(covered):
            break
        covered = more
    return covered


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches in order, those that touch or overlap as one."""
    merged: list[tuple[float, float]] = []
    for u0, u1 in sorted(stretches):
        if merged and u0 <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], u1))
        else:
            merged.append((u0, u1))
    return merged


def _strips(run: _Run, gutters: list[tuple[float, float]]) -> list[list[_Placed]]:
    """The parts of a run between its gutters."""
    strips: list[list[_Placed]] = [[] for _ in range(len(gutters) + 1)]
    for atom in run:
        for item in atom:
            strips[_strip_of(item, gutters)].append(item)
    return strips


def _strip_of(item: _Placed, gutters: list[tuple[float, float]]) -> int:
    return bisect_left(gutters, (item.u0 + item.u1) / 2, key=itemgetter(0))


_NO_PROSE, _FEW_LINES, _PROSE = 0, 1, 2


def _prose(strip: list[_Placed], em: float) -> int:
    """Whether a strip holds lines that go on: long ones, most of which end at its end. A box of some height may.

    Two lines of which the first is full may be prose.
    """
    if any(item.part.line is None and item.v1 - item.v0 >= 3 * em for item in strip):
        return _PROSE
    lines = sorted(strip, key=lambda item: item.v0)
    if len(lines) < 2:
        return _NO_PROSE
    em = min(em, _em(lines))
    start, end = min(item.u0 for item in lines), max(item.u1 for item in lines)
    if end - start < _PROSE_EMS * em:
        return _NO_PROSE
    is_full = [end - item.u1 <= _FULL_EMS * em for item in lines]
    if len(lines) == 2:
        return _FEW_LINES if is_full[0] else _NO_PROSE
    lengths = [item.u1 - item.u0 for item in lines]
    full = [length for length, full in zip(lengths, is_full, strict=True) if full and length >= 0.5 * (end - start)]
    return _PROSE if len(full) >= 2 and sum(full) >= _FULL_FRACTION * (sum(lengths) - lengths[-1]) else _NO_PROSE


def _are_columns(run: _Run, strips: list[list[_Placed]], gutters: list[tuple[float, float]], em: float) -> bool:
    """Whether the strips of a run are read one after the other."""
    prose = [_prose(strip, em) for strip in strips]
    if prose.count(_PROSE) >= 2 or (_PROSE in prose and (_NO_PROSE not in prose or _are_beside(strips, prose))):
        return True
    # Lines that do not stand in rows are not cells.
    n_lines = sum(len(strip) for strip in strips)
    n_rows = _n_rows(run, gutters)
    crowded = sum(_is_crowded(atom, em) for atom in run)
    return n_lines >= 6 and min(len(strip) for strip in strips) >= 3 and crowded > 0.5 * n_rows and any(prose)


def _beside_pictures(run: _Run, gutters: list[tuple[float, float]]) -> Iterator[list[_Placed]]:
    """The texts of a run on each side of strips that hold pictures, and captions below them; all if none does."""
    region: list[_Placed] = []
    for strip in _strips(run, gutters):
        texts = [item for item in strip if not _is_picture(item)]
        if len(texts) < len(strip) and (not texts or _are_captions(strip)):
            if region:
                yield region
            if texts:
                yield texts
            region = []
        else:
            region += texts
    if region:
        yield region


def _are_captions(strip: list[_Placed]) -> bool:
    """Whether the texts of a strip stand above or below its pictures, as wide as they are."""
    pictures = [item for item in strip if _is_picture(item)]
    return all(
        any(
            (item.v0 >= picture.v1 or item.v1 <= picture.v0) and item.u0 < picture.u1 and item.u1 > picture.u0
            for picture in pictures
        )
        for item in strip
        if not _is_picture(item)
    )


def _is_picture(item: _Placed) -> bool:
    return item.part.line is None and not item.part.blocks


def _are_cards(run: _Run, em: float) -> bool:
    """Whether a level run is two or more rows of boxes that begin and end together: they are read row by row."""
    if len(run) < 2 or run[0][0].v0 < 0:
        return False
    return all(
        len(atom) == len(run[0])
        and all(item.part.line is None and item.part.blocks for item in atom)
        and max(item.v0 for item in atom) - min(item.v0 for item in atom) <= em
        and max(item.v1 for item in atom) - min(item.v1 for item in atom) <= em
        for atom in run
    )


def _are_beside(strips: list[list[_Placed]], prose: list[int]) -> bool:
    """Whether lines beside prose stand in rows of their own: notes at its side. Cells stand in the rows of the text."""
    rows = sorted(_row_of(item) for strip, kind in zip(strips, prose, strict=True) if kind == _PROSE for item in strip)
    others = [item for strip, kind in zip(strips, prose, strict=True) if kind != _PROSE for item in strip]
    n_alone = 0
    for item in others:
        row, size = _row_of(item), item.part.line.size if item.part.line else 0.0
        at = bisect_left(rows, row)
        n_alone += min((abs(row - near) for near in rows[max(at - 1, 0) : at + 1]), default=size) > 0.25 * size
    return len(others) >= _LEAST_BESIDE and n_alone >= _BESIDE_FRACTION * len(others)


def _row_of(item: _Placed) -> float:
    """Where the baseline of a level line is, and the middle of an upright one."""
    line = item.part.line
    return item.v1 - (1 - ASCENT) * line.size if line and not line.is_upright else (item.v0 + item.v1) / 2


def _is_crowded(atom: list[_Placed], em: float) -> bool:
    """Whether an atom holds lines that do not stand side by side."""
    return max(item.v0 for item in atom) - min(item.v0 for item in atom) > 0.6 * em


def _n_rows(run: _Run, gutters: list[tuple[float, float]]) -> int:
    """How many atoms of a run have something in two strips."""
    return sum(len({_strip_of(item, gutters) for item in atom}) > 1 for atom in run)


def _is_table(run: _Run, strips: list[list[_Placed]], gutters: list[tuple[float, float]], em: float) -> bool:
    """Whether the atoms of a run are rows of cells, with something in two strips.

    Two lines may have spaces below each other by chance, and more lines wide ones hardly.
    """
    if any(item.part.line is None for atom in run for item in atom):
        return False
    n_aligned = sum(_is_aligned(strip) for strip in strips)
    gutter_ems = min(b - a for a, b in gutters) / em
    n_needed = next((rows for rows, ems in _TABLE_ROWS if gutter_ems >= ems), _MOST_TABLE_ROWS)
    return _n_rows(run, gutters) >= n_needed and n_aligned >= 2 and 2 * n_aligned >= len(strips)


def _is_list(strips: list[list[_Placed]]) -> bool:
    """Whether a run is a list: labels before the texts of its items."""
    return len(strips) == 2 and all(
        item.part.line is not None and _LABEL.fullmatch(item.part.line.text) for item in strips[0]
    )


def _is_aligned(strip: list[_Placed]) -> bool:
    """Whether most of two or more cells begin, end, or have their middles at one place."""
    if len(strip) < 2:
        return False
    size = max(item.part.line.size for item in strip if item.part.line is not None)
    starts, ends = [item.u0 for item in strip], [item.u1 for item in strip]
    for places in (starts, ends, [(start + end) / 2 for start, end in zip(starts, ends, strict=True)]):
        usual = median(places)
        if sum(abs(at - usual) <= _ALIGNED_EMS * size for at in places) >= max(2, _ALIGNED_FRACTION * len(places)):
            return True
    return False


def _trimmed(atoms: _Run, start: int, stop: int, gutters: list[tuple[float, float]]) -> int:
    """How many atoms belong to columns: short lines of the first column may belong to what follows instead.

    Where text across all columns follows, the run ends at the widest white after the last atom with two columns.
    """
    if stop == len(atoms):
        return stop - start
    last = stop - 1
    while last > start and all(_strip_of(item, gutters) == 0 for item in atoms[last]):
        last -= 1
    if last == stop - 1:
        return stop - start
    whites = []
    for at in range(last, stop):
        end = max(item.v1 for item in atoms[at])
        whites.append((min(item.v0 for item in atoms[at + 1]) - end, -at))
    return -max(whites)[1] + 1 - start


# --- lines and rows ----------------------------------------------------------------------------------


def _one_line(atom: list[_Placed]) -> _Placed:
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
    if len(lines) == len(items) and all(a.u1 <= b.u0 + 0.5 for a, b in pairwise(items)):
        return _Placed(u0, u1, v0, v1, part._replace(line=_joined(lines, [b.u0 - a.u1 for a, b in pairwise(items)])))
    blocks: list[Block] = []
    for item in sorted(items, key=lambda item: (item.v0, item.u0)):
        blocks += [Block([item.part.line])] if item.part.line is not None else item.part.blocks
    return _Placed(u0, u1, v0, v1, part._replace(blocks=tuple(blocks)))


def _joined(lines: Sequence[TextLine], gaps: Sequence[float]) -> TextLine:
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


def _rows(run: _Run, gutters: list[tuple[float, float]]) -> list[TextLine]:
    """The atoms of a run as rows: a cell for each strip, empty ones too.

    An atom without a first cell goes on with the row before it in strips of prose whose lines above it are full.
    """
    columns = _strips(run, gutters)
    em = _em([item for strip in columns for item in strip])
    ends = [max(item.u1 for item in strip) if _prose(strip, em) == _PROSE else None for strip in columns]
    rows: list[list[list[_Placed]]] = []
    for atom in run:
        strips = [sorted(strip, key=lambda item: (item.u0, item.v0)) for strip in _strips([atom], gutters)]
        filled = [number for number, strip in enumerate(strips) if strip]
        if rows and rows[-1][0] and not strips[0] and all(_goes_on(rows[-1][n], ends[n], em) for n in filled):
            for number in filled:
                rows[-1][number] += strips[number]
        else:
            rows.append(strips)
    cells = [[[item.part.line for item in strip if item.part.line] for strip in strips] for strips in rows]
    return [row_of([cell_text(lines) if lines else None for lines in row]) for row in cells]


def _goes_on(cell: list[_Placed], end: float | None, em: float) -> bool:
    """Whether the text of a cell, in a column of prose that ends there, fills its last line and goes on."""
    if not cell or end is None or cell[-1].part.line is None:
        return False
    last = cell[-1].part.line.text[-1]
    return end - cell[-1].u1 <= _FULL_EMS * em and last > "\u3000" and last not in "。．"


def cell_text(lines: Sequence[TextLine]) -> TextLine:
    """The lines of a cell as one."""
    return _concatenated(lines, [joined(a.text, b.text) for a, b in pairwise(lines)])


def row_of(cells: Sequence[TextLine | None]) -> TextLine:
    """Cells as one line with tabs; at least one of them is not empty."""
    first = next(cell for cell in cells if cell is not None)
    empty = first._replace(text="", marks=())
    return _concatenated([cell or empty for cell in cells], ["\t"] * (len(cells) - 1))


def _blocks(items: Sequence[_Placed]) -> list[Block]:
    """Lines and boxes in their order as blocks: a block ends at white and where the size of print changes."""
    blocks: list[Block] = []
    whites = [b.v0 - a.v1 for a, b in pairwise(items) if a.part.line is not None and b.part.line is not None]
    usual = median(whites) if whites else 0.0
    last: _Placed | None = None
    for item in items:
        line = item.part.line
        if line is None:
            blocks += item.part.blocks
            last = None
            continue
        if last is not None and last.part.line is not None:
            size = max(line.size, last.part.line.size)
            is_near = item.v0 - last.v1 <= max(usual + 0.5 * size, min(_BLOCK_GAP_EMS * size, usual + 0.6 * size))
            ratio = line.size / last.part.line.size
            if is_near and 1 / _BLOCK_SIZE_RATIO < ratio < _BLOCK_SIZE_RATIO:
                blocks[-1].lines.append(line)
                last = item
                continue
        blocks.append(Block([line]))
        last = item
    return blocks
