"""What parts that stand side by side are: columns of prose, rows of a table, cards, a list, text next to pictures."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from statistics import median
from typing import Final

from manyo.corpus.print.cell_kernels import ASCENT
from manyo.corpus.print.line_text import TextLine
from manyo.corpus.print.page_parts import Placed, cell_text, em_of, row_of
from manyo.corpus.print.white_space import PROSE_EMS, Run, strip_of, strips_of

#: A line of prose that goes on ends at most this far before the column's end.
_FULL_EMS: Final = 1.6
_FULL_FRACTION: Final = 0.5
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

_NO_PROSE, _FEW_LINES, _PROSE = 0, 1, 2


def are_columns(run: Run, strips: list[list[Placed]], gutters: list[tuple[float, float]], em: float) -> bool:
    """Whether the strips of a run are read one after the other."""
    prose = [_prose(strip, em) for strip in strips]
    if prose.count(_PROSE) >= 2 or (_PROSE in prose and (_NO_PROSE not in prose or _are_beside(strips, prose))):
        return True
    # Lines that do not stand in rows are not cells.
    n_lines = sum(len(strip) for strip in strips)
    n_rows = _n_rows(run, gutters)
    crowded = sum(_is_crowded(atom, em) for atom in run)
    return n_lines >= 6 and min(len(strip) for strip in strips) >= 3 and crowded > 0.5 * n_rows and any(prose)


def _prose(strip: list[Placed], em: float) -> int:
    """Whether a strip holds lines that go on: long ones, most of which end at its end. A box of some height may.

    Two lines of which the first is full may be prose.
    """
    if any(item.part.line is None and item.v1 - item.v0 >= 3 * em for item in strip):
        return _PROSE
    lines = sorted(strip, key=lambda item: item.v0)
    if len(lines) < 2:
        return _NO_PROSE
    em = min(em, em_of(lines))
    start, end = min(item.u0 for item in lines), max(item.u1 for item in lines)
    if end - start < PROSE_EMS * em:
        return _NO_PROSE
    is_full = [end - item.u1 <= _FULL_EMS * em for item in lines]
    if len(lines) == 2:
        return _FEW_LINES if is_full[0] else _NO_PROSE
    lengths = [item.u1 - item.u0 for item in lines]
    full = [length for length, full in zip(lengths, is_full, strict=True) if full and length >= 0.5 * (end - start)]
    return _PROSE if len(full) >= 2 and sum(full) >= _FULL_FRACTION * (sum(lengths) - lengths[-1]) else _NO_PROSE


def _are_beside(strips: list[list[Placed]], prose: list[int]) -> bool:
    """Whether lines beside prose stand in rows of their own: notes at its side. Cells stand in the rows of the text."""
    rows = sorted(_row_of(item) for strip, kind in zip(strips, prose, strict=True) if kind == _PROSE for item in strip)
    others = [item for strip, kind in zip(strips, prose, strict=True) if kind != _PROSE for item in strip]
    n_alone = 0
    for item in others:
        row, size = _row_of(item), item.part.line.size if item.part.line else 0.0
        at = bisect_left(rows, row)
        n_alone += min((abs(row - near) for near in rows[max(at - 1, 0) : at + 1]), default=size) > 0.25 * size
    return len(others) >= _LEAST_BESIDE and n_alone >= _BESIDE_FRACTION * len(others)


def _row_of(item: Placed) -> float:
    """Where the baseline of a level line is, and the middle of an upright one."""
    line = item.part.line
    return item.v1 - (1 - ASCENT) * line.size if line and not line.is_upright else (item.v0 + item.v1) / 2


def _is_crowded(atom: list[Placed], em: float) -> bool:
    """Whether an atom holds lines that do not stand side by side."""
    return max(item.v0 for item in atom) - min(item.v0 for item in atom) > 0.6 * em


def is_picture(item: Placed) -> bool:
    """Whether a part is a picture: a box with nothing in it."""
    return item.part.line is None and not item.part.blocks


def beside_pictures(run: Run, gutters: list[tuple[float, float]]) -> Iterator[list[Placed]]:
    """The texts of a run on each side of strips that hold pictures, and captions below them; all if none does."""
    region: list[Placed] = []
    for strip in strips_of(run, gutters):
        texts = [item for item in strip if not is_picture(item)]
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


def _are_captions(strip: list[Placed]) -> bool:
    """Whether the texts of a strip stand above or below its pictures, as wide as they are."""
    pictures = [item for item in strip if is_picture(item)]
    return all(
        any(
            (item.v0 >= picture.v1 or item.v1 <= picture.v0) and item.u0 < picture.u1 and item.u1 > picture.u0
            for picture in pictures
        )
        for item in strip
        if not is_picture(item)
    )


def are_cards(run: Run, em: float) -> bool:
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


def is_table(run: Run, strips: list[list[Placed]], gutters: list[tuple[float, float]], em: float) -> bool:
    """Whether the atoms of a run are rows of cells, with something in two strips.

    Two lines may have spaces below each other by chance, and more lines wide ones hardly.
    """
    if any(item.part.line is None for atom in run for item in atom):
        return False
    n_aligned = sum(_is_aligned(strip) for strip in strips)
    gutter_ems = min(b - a for a, b in gutters) / em
    n_needed = next((rows for rows, ems in _TABLE_ROWS if gutter_ems >= ems), _MOST_TABLE_ROWS)
    return _n_rows(run, gutters) >= n_needed and n_aligned >= 2 and 2 * n_aligned >= len(strips)


def _n_rows(run: Run, gutters: list[tuple[float, float]]) -> int:
    """How many atoms of a run have something in two strips."""
    return sum(len({strip_of(item, gutters) for item in atom}) > 1 for atom in run)


def is_list(strips: list[list[Placed]]) -> bool:
    """Whether a run is a list: labels before the texts of its items."""
    return len(strips) == 2 and all(
        item.part.line is not None and _LABEL.fullmatch(item.part.line.text) for item in strips[0]
    )


def _is_aligned(strip: list[Placed]) -> bool:
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


def rows_of(run: Run, gutters: list[tuple[float, float]]) -> list[TextLine]:
    """The atoms of a run as rows: a cell for each strip, empty ones too.

    An atom without a first cell goes on with the row before it in strips of prose whose lines above it are full.
    """
    columns = strips_of(run, gutters)
    em = em_of([item for strip in columns for item in strip])
    ends = [max(item.u1 for item in strip) if _prose(strip, em) == _PROSE else None for strip in columns]
    rows: list[list[list[Placed]]] = []
    for atom in run:
        strips = [sorted(strip, key=lambda item: (item.u0, item.v0)) for strip in strips_of([atom], gutters)]
        filled = [number for number, strip in enumerate(strips) if strip]
        if rows and rows[-1][0] and not strips[0] and all(_goes_on(rows[-1][n], ends[n], em) for n in filled):
            for number in filled:
                rows[-1][number] += strips[number]
        else:
            rows.append(strips)
    cells = [[[item.part.line for item in strip if item.part.line] for strip in strips] for strips in rows]
    return [row_of([cell_text(lines) if lines else None for lines in row]) for row in cells]


def _goes_on(cell: list[Placed], end: float | None, em: float) -> bool:
    """Whether the text of a cell, in a column of prose that ends there, fills its last line and goes on."""
    if not cell or end is None or cell[-1].part.line is None:
        return False
    last = cell[-1].part.line.text[-1]
    return end - cell[-1].u1 <= _FULL_EMS * em and last > "\u3000" and last not in "。．"
