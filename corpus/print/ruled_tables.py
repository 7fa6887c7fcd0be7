"""Tables and frames that a page draws with rules: which parts of the page they make, and how these stand in rows.

Rules that touch make a grid. Its cells are the parts that rules enclose on all sides, so a cell may span rows and
columns. A grid of one cell is a frame around text, which is read by itself but is no table. So is a tint behind lines
that lie in it whole.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Float64s, Int64s
from manyo.corpus.print.glyph_kernels import join_touching, number_sets
from manyo.corpus.print.pdf_glyphs import Glyphs

#: Rules that are this near touch, in points; printers let them end at each other's edges.
_TOUCH_POINTS: Final = 2.5
#: Larger grids are drawings.
_MAX_LINES: Final = 400
_MAX_RULES: Final = 6_000
#: A tint that is lower or narrower lies behind a heading, a row or a column of a table.
_LEAST_TINT_EMS: Final = 5.0
_MAX_TINTS: Final = 50
#: A cell is at least as high and wide as a small character.
_LEAST_CELL_POINTS: Final = 4.0


class Grid(NamedTuple):
    """A table or frame.

    Attributes:
        left, top, right, bottom: its outer edges.
        cells: (n, 4), left, top, right, bottom of its cells, by row and then from left to right.
        rows: (n,), number of the row in which each cell begins.
    """

    left: float
    top: float
    right: float
    bottom: float
    cells: Float64s
    rows: Int64s


def grids(rules: Float64s) -> list[Grid]:
    """The grids that rules make, the smallest first."""
    if not 4 <= len(rules) <= _MAX_RULES:
        return []
    width, height = rules[:, 2] - rules[:, 0], rules[:, 3] - rules[:, 1]
    is_level = width >= height
    rules = np.unique(np.round(np.column_stack([rules, is_level]), 1), axis=0)
    is_level = rules[:, 4] > 0
    found = []
    for members in _touching(rules[:, :4]):
        levels, uprights = rules[members][is_level[members]][:, :4], rules[members][~is_level[members]][:, :4]
        if len(levels) >= 2 and len(uprights) >= 2:
            grid = _grid(levels, uprights)
            if grid is not None:
                found.append(grid)
    return sorted(found, key=lambda grid: (grid.right - grid.left) * (grid.bottom - grid.top))


def with_tints(found: list[Grid], tints: Float64s, glyphs: Glyphs, width: float, height: float) -> list[Grid]:
    """Grids together with the tints that are frames, the smallest first.

    Stripes behind rows, bars behind headings, colours of cells and the page's own colour are none.

    Args:
        found: grids of rules.
        tints: (n, 4), what is painted.
        glyphs: of the page.
        width, height: of the page.
    """
    frames: list[Grid] = []
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    for left, top, right, bottom in np.unique(np.round(tints, 1), axis=0)[:_MAX_TINTS].tolist():
        is_page = right - left > 0.9 * width and bottom - top > 0.9 * height
        if is_page or any(_cut_each_other(left, top, right, bottom, grid) for grid in found):
            continue
        inside = (x >= left) & (x <= right) & (y >= top) & (y <= bottom)
        if not inside.any():
            continue
        em = float(np.median(glyphs.size[inside]))
        slack = 0.1 * em
        is_whole = (
            (glyphs.left >= left - slack)
            & (glyphs.right <= right + slack)
            & (glyphs.top >= top - slack)
            & (glyphs.bottom <= bottom + slack)
        )
        if min(right - left, bottom - top) >= _LEAST_TINT_EMS * em and is_whole[inside].all():
            box = np.array([[left, top, right, bottom]])
            frames.append(Grid(left, top, right, bottom, box, np.zeros(1, np.int64)))
    return sorted([*found, *frames], key=lambda grid: (grid.right - grid.left) * (grid.bottom - grid.top))


def _cut_each_other(left: float, top: float, right: float, bottom: float, grid: Grid) -> bool:
    """Whether a box and a grid overlap, and the grid does not lie in the box whole."""
    slack = _TOUCH_POINTS
    is_apart = left >= grid.right or right <= grid.left or top >= grid.bottom or bottom <= grid.top
    has_whole = (
        left < grid.left - slack
        and right > grid.right + slack
        and top < grid.top - slack
        and bottom > grid.bottom + slack
    )
    return not is_apart and not has_whole


def _touching(rules: Float64s) -> list[Int64s]:
    """The sets of rules that touch each other, directly or not."""
    n = len(rules)
    order = np.argsort(rules[:, 1], kind="stable")
    parents, numbers = np.arange(n), np.empty(n, np.int64)
    join_touching(np.ascontiguousarray(rules[order]), _TOUCH_POINTS, parents)
    n_sets = number_sets(parents, np.ones(n, np.uint8), numbers)
    members = np.argsort(numbers, kind="stable")
    return [order[part] for part in np.split(members, np.searchsorted(numbers[members], np.arange(1, n_sets)))]


def _edges(places: Float64s) -> Float64s:
    """Places of rules, those that touch as one."""
    ordered = np.sort(places)
    first = np.concatenate([[True], np.diff(ordered) > _TOUCH_POINTS])
    return np.array([part.mean() for part in np.split(ordered, np.flatnonzero(first)[1:])])


def _covered(starts: Float64s, stops: Float64s, places: Float64s) -> np.ndarray:
    """Which places lie on one of some rules."""
    inside = (places[:, None] >= starts - _TOUCH_POINTS) & (places[:, None] <= stops + _TOUCH_POINTS)
    return np.asarray(inside.any(1))


def _grid(levels: Float64s, uprights: Float64s) -> Grid | None:
    """The grid of level and upright rules; None if they enclose nothing."""
    level_at, upright_at = (levels[:, 1] + levels[:, 3]) / 2, (uprights[:, 0] + uprights[:, 2]) / 2
    ys, xs = _edges(level_at), _edges(upright_at)
    n_rows, n_columns = len(ys) - 1, len(xs) - 1
    if n_rows < 1 or n_columns < 1 or n_rows > _MAX_LINES or n_columns > _MAX_LINES:
        return None
    middle_x, middle_y = (xs[1:] + xs[:-1]) / 2, (ys[1:] + ys[:-1]) / 2
    # above[r, c]: a rule is drawn along the top edge of the field in row r and column c.
    above = np.zeros((n_rows + 1, n_columns), bool)
    for row, y in enumerate(ys):
        on = np.abs(level_at - y) <= 2 * _TOUCH_POINTS
        above[row] = _covered(levels[on, 0], levels[on, 2], middle_x)
    before = np.zeros((n_rows, n_columns + 1), bool)
    for column, x in enumerate(xs):
        on = np.abs(upright_at - x) <= 2 * _TOUCH_POINTS
        before[:, column] = _covered(uprights[on, 1], uprights[on, 3], middle_y)
    label = np.full((n_rows, n_columns), -1)
    cells: list[tuple[float, float, float, float]] = []
    rows: list[int] = []
    for row in range(n_rows):
        for column in range(n_columns):
            if label[row, column] >= 0:
                continue
            fields, is_open = _flood(row, column, label, len(cells), above, before)
            first, last = fields.min(0), fields.max(0) + 1
            box = (xs[first[1]], ys[first[0]], xs[last[1]], ys[last[0]])
            if is_open or min(box[2] - box[0], box[3] - box[1]) < _LEAST_CELL_POINTS:
                continue
            cells.append(box)
            rows.append(int(first[0]))
    if not cells:
        return None
    order = sorted(range(len(cells)), key=lambda cell: (rows[cell], cells[cell][0]))
    boxes = np.array([cells[cell] for cell in order], np.float64)
    return Grid(
        float(boxes[:, 0].min()),
        float(boxes[:, 1].min()),
        float(boxes[:, 2].max()),
        float(boxes[:, 3].max()),
        boxes,
        np.array([rows[cell] for cell in order], np.int64),
    )


def _flood(
    row: int, column: int, label: Int64s, number: int, above: np.ndarray, before: np.ndarray
) -> tuple[Int64s, bool]:
    """The fields of one cell, from one of them on, and whether the cell is open to the outside."""
    n_rows, n_columns = label.shape
    label[row, column] = number
    open_fields, fields, is_open = [(row, column)], [], False
    while open_fields:
        r, c = open_fields.pop()
        fields.append((r, c))
        for next_r, next_c, wall in (
            (r - 1, c, above[r, c]),
            (r + 1, c, above[r + 1, c]),
            (r, c - 1, before[r, c]),
            (r, c + 1, before[r, c + 1]),
        ):
            if wall:
                continue
            if not (0 <= next_r < n_rows and 0 <= next_c < n_columns):
                is_open = True
            elif label[next_r, next_c] < 0:
                label[next_r, next_c] = number
                open_fields.append((next_r, next_c))
    return np.array(fields, np.int64), is_open


def cell_of(found: list[Grid], x: Float64s, y: Float64s) -> tuple[Int64s, Int64s]:
    """The smallest grid and the cell of it in which each place lies, -1 where it lies in none.

    Args:
        found: grids, the smallest first.
        x, y: (n,), places.

    Returns:
        Numbers of grids and of cells in them, (n,) each.
    """
    n = len(x)
    grid_of, cell = np.full(n, -1, np.int64), np.full(n, -1, np.int64)
    for number, grid in enumerate(found):
        inside = np.flatnonzero(
            (grid_of < 0) & (x >= grid.left) & (x <= grid.right) & (y >= grid.top) & (y <= grid.bottom)
        )
        if not len(inside):
            continue
        within = (
            (x[inside, None] >= grid.cells[:, 0])
            & (x[inside, None] <= grid.cells[:, 2])
            & (y[inside, None] >= grid.cells[:, 1])
            & (y[inside, None] <= grid.cells[:, 3])
        )
        has_cell = within.any(1)
        grid_of[inside[has_cell]] = number
        cell[inside[has_cell]] = within.argmax(1)[has_cell]
    return grid_of, cell
