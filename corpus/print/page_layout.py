"""A set page as blocks in reading order: lines of glyphs, tables and frames by their rules, notes at the foot apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Float64s
from manyo.corpus.print.fractions import levelled
from manyo.corpus.print.glyph_lines import text_lines
from manyo.corpus.print.gutter_numbers import gutter_numbers
from manyo.corpus.print.line_text import TextLine, body_size, is_underline
from manyo.corpus.print.page_margins import MarginPage
from manyo.corpus.print.page_parts import Block, Part, cell_text, part_of, row_of
from manyo.corpus.print.pdf_glyphs import PdfPage
from manyo.corpus.print.pdf_tags import Heading
from manyo.corpus.print.reading_order import in_order
from manyo.corpus.print.ruled_tables import Grid, cell_of, grids, with_tints

#: Cells of a grid are numbered from here on for each grid.
_CELLS_PER_GRID: Final = 1 << 20
#: A cell of more lines is a column of text in a box, not a cell.
_CELL_LINES: Final = 12
#: Smaller pictures stand in the text's lines. Pages that are put together from more are drawings.
_LEAST_PICTURE_EMS: Final = 4.0
_MAX_PICTURES: Final = 50
#: Notes stand at most this far below their rule, in ems.
_NOTE_GAP_EMS: Final = 2.5
#: Print of notes without a rule is at most this large, of the text's.
_NOTE_RATIO: Final = 0.92
#: What a note begins with.
_NOTE_MARK = re.compile(
    r"[\s\u3000]*(?:[*＊†‡§※☆★]|注|註|[（(]?注?[\d０-９]{1,3}(?![\d０-９])[)）.．:：\s\u3000]?|[¹²³⁴-⁹]|[①-⑳])"
)

#: Without a rule above it, a number alone or in brackets is no mark.
_PLAIN_MARK = re.compile(r"[*＊†‡※]|[（(]?[注註][\d０-９]|[\d０-９]{1,3}[)）]")


class SetPage(NamedTuple):
    """Lines of a page, and what its rules make.

    Attributes:
        lines: in no order.
        grids: the smallest first.
        rules: (n, 4), as drawn.
        pictures: boxes in which there is no text, where lines are shorter beside them.
        width, height: of the page, in points.
        n_annotations: glyphs of ruby and emphasis dots.
        headings: as the page's tags name them.
    """

    lines: list[TextLine]
    grids: list[Grid]
    rules: Float64s
    pictures: list[Part]
    width: float
    height: float
    n_annotations: int
    headings: list[Heading]


def lines_of(page: PdfPage) -> SetPage:
    """The lines of a page; none reaches over the edge of a cell."""
    found = with_tints(grids(page.rules), page.tints, page.glyphs, page.width, page.height)
    line_numbers = gutter_numbers(page.glyphs)
    glyphs, is_artifact = page.glyphs, page.is_artifact
    if line_numbers.any():
        glyphs, is_artifact = glyphs.taken(~line_numbers), is_artifact[~line_numbers]
    glyphs, is_artifact, rules = levelled(glyphs, is_artifact, page.rules)
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    grid, cell = cell_of(found, x, y)
    places = np.where(grid < 0, -1, grid * _CELLS_PER_GRID + cell)
    lines, n_annotations = text_lines(glyphs, is_artifact, places)
    lines += _filled_in(page, found)
    return SetPage(lines, found, rules, _pictures(page), page.width, page.height, n_annotations, page.headings)


def _filled_in(page: PdfPage, found: list[Grid]) -> list[TextLine]:
    """What the fields of a form are filled in with, as lines of the page."""
    if not page.fields:
        return []
    boxes = np.array([line[1:5] for line in page.fields])
    grid, cell = cell_of(found, (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2)
    places = np.where(grid < 0, -1, grid * _CELLS_PER_GRID + cell).tolist()
    return [
        TextLine(line.text, *line[1:6], False, 0, (), False, place, -1)
        for line, place in zip(page.fields, places, strict=True)
    ]


def _pictures(page: PdfPage) -> list[Part]:
    """Pictures and painted boxes that are larger than a few characters, with no text in them."""
    boxes = np.concatenate([page.pictures, page.tints])
    if not len(boxes) or not len(page.glyphs.points):
        return []
    glyphs, least = page.glyphs, _LEAST_PICTURE_EMS * float(np.median(page.glyphs.size))
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    found = []
    for left, top, right, bottom in np.unique(np.round(boxes, 1), axis=0)[:_MAX_PICTURES].tolist():
        is_large = (right - left) * (bottom - top) > 0.5 * page.width * page.height
        if min(right - left, bottom - top) < least or is_large:
            continue
        if not ((x >= left) & (x <= right) & (y >= top) & (y <= bottom)).any():
            found.append(Part(left, top, right, bottom, None))
    return found


def margins_of(page: SetPage) -> MarginPage:
    """What is needed of a page to find its furniture."""
    boxes = np.array([grid[:4] for grid in page.grids], np.float64).reshape(-1, 4)
    # A frame around the page does not make its running heads text.
    boxes = boxes[(boxes[:, 3] - boxes[:, 1] < 0.9 * page.height) | (boxes[:, 2] - boxes[:, 0] < 0.8 * page.width)]
    return MarginPage(page.lines, page.rules, boxes, page.width, page.height)


def arranged(page: SetPage, dropped: set[int]) -> tuple[list[Block], list[TextLine]]:
    """The page's blocks in reading order, and its notes.

    Args:
        page: its lines.
        dropped: numbers of lines that are furniture.
    """
    lines = [line for number, line in enumerate(page.lines) if number not in dropped]
    notes = _notes(lines, page) or _notes_without_rule(lines)
    noted = {id(line) for group in notes for line in group}
    lines = [line for line in lines if id(line) not in noted]
    blocks = in_order(_boxed(lines, page.grids) + page.pictures)
    notes.sort(key=lambda group: min(line.left for line in group))
    return blocks, [note for group in notes for note in _joined_notes(in_order([part_of(line) for line in group]))]


def _boxed(lines: Sequence[TextLine], found: list[Grid]) -> list[Part]:
    """The parts of the page outside all grids, where each grid with text in it is one part."""
    inside: dict[int, list[Part]] = {}
    for line in lines:
        inside.setdefault(line.place, []).append(part_of(line))
    for number, grid in enumerate(found):
        cells = [inside.pop(number * _CELLS_PER_GRID + cell, []) for cell in range(len(grid.cells))]
        blocks = _grid_blocks(grid, cells)
        if not blocks:
            continue
        x, y = np.array([(grid.left + grid.right) / 2]), np.array([(grid.top + grid.bottom) / 2])
        outer, cell = cell_of(found[number + 1 :], x, y)
        place = -1 if outer[0] < 0 else (number + 1 + int(outer[0])) * _CELLS_PER_GRID + int(cell[0])
        inside.setdefault(place, []).append(Part(grid.left, grid.top, grid.right, grid.bottom, None, tuple(blocks)))
    return [part for parts in inside.values() for part in parts]


def _grid_blocks(grid: Grid, cells: list[list[Part]]) -> list[Block]:
    """What stands in a grid: rows of a table, or the blocks of its cells one after another."""
    contents = [in_order(parts) for parts in cells]
    filled = [blocks for blocks in contents if blocks]
    longest = max((sum(len(block.lines) for block in blocks) for blocks in filled), default=0)
    if len(filled) < 2 or longest > _CELL_LINES:
        return [block for blocks in filled for block in blocks]
    texts = [cell_text([line for block in blocks for line in block.lines]) if blocks else None for blocks in contents]
    numbers, row_of_cell = list(range(len(texts))), grid.rows
    if sum(len(text.text) * (1 if text.is_upright else -1) for text in texts if text) > 0:
        # The rows of a table of vertical text go from right to left.
        row_of_cell = np.round(-grid.cells[:, 2]).astype(np.int64)
        numbers.sort(key=lambda cell: (row_of_cell[cell], grid.cells[cell, 1]))
    rows = []
    for _, members in groupby(numbers, key=lambda cell: int(row_of_cell[cell])):
        row = [texts[cell] for cell in members]
        if any(row):
            rows.append(row_of(row))
    return [Block(rows, is_table=True)]


def _notes(lines: list[TextLine], page: SetPage) -> list[list[TextLine]]:
    """The lines of notes at the foot of the page or of each column: below a rule, and the first begins with a mark."""
    found: list[list[TextLine]] = []
    rules = page.rules
    if not len(rules) or not lines:
        return found
    is_level = (rules[:, 3] - rules[:, 1] <= 2) & (rules[:, 2] - rules[:, 0] >= 20)
    for grid in page.grids:
        is_level &= (rules[:, 3] < grid.top - 3) | (rules[:, 1] > grid.bottom + 3)
    if not any(_NOTE_MARK.match(line.text) for line in lines):
        return found
    for left, top, right, bottom in rules[is_level].tolist():
        below = [
            line
            for line in lines
            if line.top >= top - 0.3 * line.size
            and line.right > left - line.size
            and line.left >= left - 1.5 * line.size
            and (line.left <= right or line.left - left < 3 * line.size)
            and not line.is_upright
        ]
        if not below or any(line.place >= 0 for line in below) or is_underline((left, top, right, bottom), lines):
            continue
        first = min(below, key=lambda line: (round(line.top), line.left))
        if first.top - bottom <= _NOTE_GAP_EMS * first.size and _NOTE_MARK.match(first.text):
            known = {id(line) for group in found for line in group}
            found.append([line for line in below if id(line) not in known])
    return _if_few(found, lines)


def _if_few(notes: list[list[TextLine]], lines: list[TextLine]) -> list[list[TextLine]]:
    """The notes, unless they are more than half of a page."""
    n_chars = sum(len(line.text) for group in notes for line in group)
    return [group for group in notes if group] if 2 * n_chars <= sum(len(line.text) for line in lines) else []


def _notes_without_rule(lines: list[TextLine]) -> list[list[TextLine]]:
    """The lines of notes in small print at the foot of the page or its columns, below which there is nothing else."""
    if not any(_PLAIN_MARK.match(line.text) for line in lines):
        return []
    body = body_size(lines)
    level = sorted((line for line in lines if not line.is_upright), key=lambda line: line.top)
    found: list[list[TextLine]] = []
    known: set[int] = set()
    for first in level:
        if first.size > _NOTE_RATIO * body or id(first) in known or not _PLAIN_MARK.match(first.text):
            continue
        # The mark may stand apart from its text, and the column is as wide as what stands below.
        left, right = first.left, first.right + 2 * first.size
        group = []
        for line in level:
            if line.top >= first.top - 0.5 * first.size and line.left < right and line.right > left:
                group.append(line)
                left, right = min(left, line.left), max(right, line.right)
        if all(line.size <= _NOTE_RATIO * body and line.place < 0 for line in group):
            found.append([line for line in group if id(line) not in known])
            known.update(map(id, group))
    return _if_few(found, lines)


def _joined_notes(blocks: Sequence[Block]) -> list[TextLine]:
    """Each note as one line."""
    notes: list[list[TextLine]] = []
    for block in blocks:
        for line in block.lines:
            if not notes or _NOTE_MARK.match(line.text):
                notes.append([line])
            else:
                notes[-1].append(line)
    return [cell_text(note) for note in notes]
