"""From glyphs to lines: direction, lines, ruby and emphasis dots off their base, text with spans.

The direction of writing is told by the nearest neighbours: in a line glyphs touch, lines are further apart. It is
decided for lines and not for pages, so that a page may have both. What the stream's order says is never looked at.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Uint32s
from manyo.corpus.print.glyph_kernels import (
    ANNOTATES,
    KANA,
    LEVEL,
    LINE_GAP_EMS,
    MAPPED,
    MARK,
    RUBY_RATIO,
    UPRIGHT,
    find_votes,
    join_lines,
    number_sets,
)
from manyo.corpus.print.line_text import (
    MAPPED_TO,
    LinePage,
    RawLine,
    TextLine,
    characters_of,
    written_lines,
)
from manyo.corpus.print.pdf_glyphs import Glyphs, is_full_width

#: Neighbours further away say nothing about the direction.
_FAR_EMS: Final = 3.0
#: The direction is plain if the neighbour in it is nearer by this.
_PLAIN_EMS: Final = 0.08
#: Emphasis dots, and small characters that some fonts draw them with.
_DOTS: Final = "﹅﹆•●○◎▲△・‧∙ヽ、゛⚫⚪◦･﹑◉"
#: Across a line, ruby's middle is this far from its base's, in ems of the base: 0.75 where they touch.
_RUBY_APART_EMS: Final = (0.45, 1.2)
#: Ruby reaches over its base's ends by up to two of its characters.
_RUBY_OVERHANG_EMS: Final = 1.1
#: Glyphs that stand alone and are looked at, of a page.
_MAX_ALONE: Final = 2_000


def classify(points: Uint32s) -> Bytes:
    """What the characters are: bits of `manyo.corpus.print.glyph_kernels`."""
    return _CLASSES[np.minimum(points, len(_CLASSES) - 1)]


def _class_table() -> Bytes:
    """The class of each character up to the last letter of formulas; the one after it stands for all above."""
    table = np.zeros(max(MAPPED_TO) + 2, np.uint8)
    table[0x3041:0x3100] |= KANA
    table[0xFF66:0xFFA0] |= KANA
    table[[ord(sign) for sign in "ー゛゜・･、"]] |= KANA
    table[[ord(dot) for dot in _DOTS]] |= MARK
    table[list(MAPPED_TO)] |= MAPPED
    return table


def text_lines(glyphs: Glyphs, is_artifact: Bools, places: Int64s) -> tuple[list[TextLine], int]:
    """The lines of a page, in no order, and how many glyphs were ruby or dots.

    Args:
        glyphs: of the page; spaces among them are used for spaces only.
        is_artifact: (n,), which of them are furniture.
        places: (n,), a number for the cell or frame in which each of them stands; no line leaves it.
    """
    is_space = np.isin(glyphs.points, _SPACES)
    spaces = glyphs.taken(is_space)
    glyphs, is_artifact, places = glyphs.taken(~is_space), is_artifact[~is_space], places[~is_space]
    n = len(glyphs.points)
    if not n:
        return [], 0
    x, y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    by_x, by_y = np.argsort(x, kind="stable"), np.argsort(y, kind="stable")
    classes = classify(glyphs.points)
    directions = _directions(glyphs, x, y, by_x, by_y, classes, places)
    lines: list[RawLine] = []
    for direction in (LEVEL, UPRIGHT):
        chosen = (directions == direction).astype(np.uint8)
        if not chosen.any():
            continue
        is_upright = direction == UPRIGHT
        numbers, n_lines = _joined(glyphs, x, y, by_x, by_y, classes, chosen, places, is_upright, LINE_GAP_EMS)
        along = glyphs.top if is_upright else glyphs.left
        lines += _raw_lines(glyphs, numbers, n_lines, along, is_upright, classes)
    base, ruby = _ruby_apart(lines)
    attached = _attached(base, ruby, glyphs)
    page = LinePage(
        glyphs, characters_of(glyphs.points, classes), is_full_width(glyphs.points), is_artifact, places, spaces
    )
    return written_lines(base, attached, page), sum(len(line.glyphs) for line in ruby)


_SPACES = np.array([0x20, 0xA0, 0x3000, 0x2002, 0x2003, 0x2009, 0x200B, 0xAD], np.uint32)


def _directions(
    glyphs: Glyphs, x: Float64s, y: Float64s, by_x: Int64s, by_y: Int64s, classes: Bytes, places: Int64s
) -> Int64s:
    """The direction of each glyph: that of most glyphs of the lines, of either direction, to which it might belong."""
    n = len(x)
    level, upright = np.full(n, np.inf), np.full(n, np.inf)
    find_votes(glyphs.left, glyphs.right, y, glyphs.size, by_y, level)
    find_votes(glyphs.top, glyphs.bottom, x, glyphs.size, by_x, upright)
    votes = np.zeros(n, np.float64)
    votes[(level < upright - _PLAIN_EMS) & (level < _FAR_EMS)] = 1
    votes[(upright < level - _PLAIN_EMS) & (upright < _FAR_EMS)] = -1
    votes[glyphs.turn % 2 == 1] = -1
    page = LEVEL if votes.sum() >= 0 else UPRIGHT
    if not (votes < 0 if page == LEVEL else votes > 0).any():
        return np.full(n, page)
    everything = np.ones(n, np.uint8)
    sums, is_alone = np.zeros(n, np.float64), np.ones(n, np.bool_)
    for is_upright in (False, True):
        numbers, n_sets = _joined(glyphs, x, y, by_x, by_y, classes, everything, places, is_upright, 0.5)
        sums += np.bincount(numbers, votes, n_sets)[numbers]
        is_alone &= np.bincount(numbers, minlength=n_sets)[numbers] == 1
    directions = np.where(sums > 0, LEVEL, np.where(sums < 0, UPRIGHT, page))
    if page == LEVEL and (directions == UPRIGHT).any():
        _lay_down_columns(glyphs, x, y, by_x, by_y, classes, places, directions)
    _follow_neighbours(directions, is_alone, x, y, places)
    return directions


def _follow_neighbours(directions: Int64s, is_alone: Bools, x: Float64s, y: Float64s, places: Int64s) -> None:
    """Give each glyph that stands alone, whose neighbours say nothing, the direction of the nearest line in its place.

    Such are the characters of a heading that is set wide.
    """
    lines = np.flatnonzero(~is_alone)
    if not len(lines) or (directions[lines] == directions[lines[0]]).all():
        directions[is_alone] = directions[lines[0]] if len(lines) else directions[is_alone]
        return
    for glyph in np.flatnonzero(is_alone)[:_MAX_ALONE].tolist():
        near = lines[places[lines] == places[glyph]]
        if len(near):
            directions[glyph] = directions[near[np.hypot(x[near] - x[glyph], y[near] - y[glyph]).argmin()]]


def _lay_down_columns(
    glyphs: Glyphs,
    x: Float64s,
    y: Float64s,
    by_x: Int64s,
    by_y: Int64s,
    classes: Bytes,
    places: Int64s,
    directions: Int64s,
) -> None:
    """Make level what only looks upright on a level page: single figures and signs below each other, as in a list.

    They stand each in the row of a level line. Of a vertical text's characters few do.
    """
    chosen = ((directions == UPRIGHT) & (glyphs.turn % 2 == 0)).astype(np.uint8)
    numbers, n_lines = _joined(glyphs, x, y, by_x, by_y, classes, chosen, places, True, 0.5)
    if not n_lines:
        return
    level_y = np.sort(y[directions == LEVEL])
    if not len(level_y):
        return
    at = np.clip(np.searchsorted(level_y, y), 1, max(len(level_y) - 1, 1))
    apart = np.minimum(np.abs(y - level_y[at - 1]), np.abs(y - level_y[np.minimum(at, len(level_y) - 1)]))
    is_chosen = numbers >= 0
    in_row = np.bincount(numbers[is_chosen], (apart <= 0.2 * glyphs.size)[is_chosen], n_lines)
    length = np.bincount(numbers[is_chosen], minlength=n_lines)
    lies = (in_row >= 0.8 * length) | (length < 2)
    directions[is_chosen & lies[numbers]] = LEVEL


def _joined(
    glyphs: Glyphs,
    x: Float64s,
    y: Float64s,
    by_x: Int64s,
    by_y: Int64s,
    classes: Bytes,
    chosen: Bytes,
    places: Int64s,
    is_upright: bool,
    gap_ems: float,
) -> tuple[Int64s, int]:
    """The number of each chosen glyph's line in a direction, -1 for others, and how many lines there are."""
    n = len(x)
    parents, numbers = np.arange(n), np.empty(n, np.int64)
    if is_upright:
        join_lines(glyphs.top, glyphs.bottom, x, glyphs.size, classes, chosen, places, by_x, gap_ems, parents)
    else:
        join_lines(glyphs.left, glyphs.right, y, glyphs.size, classes, chosen, places, by_y, gap_ems, parents)
    return numbers, number_sets(parents, chosen, numbers)


def _raw_lines(
    glyphs: Glyphs, numbers: Int64s, n_lines: int, along: Float64s, is_upright: bool, classes: Bytes
) -> list[RawLine]:
    """The lines of one direction, given the number of each glyph's line."""
    order = np.lexsort((along, numbers))
    order = order[np.searchsorted(numbers[order], 0) :]
    starts = np.searchsorted(numbers[order], np.arange(n_lines))
    stops = np.append(starts[1:], len(order))
    by_size = order[np.lexsort((glyphs.size[order], numbers[order]))]
    kinds = classes[order]
    columns = (
        np.minimum.reduceat(glyphs.left[order], starts),
        np.minimum.reduceat(glyphs.top[order], starts),
        np.maximum.reduceat(glyphs.right[order], starts),
        np.maximum.reduceat(glyphs.bottom[order], starts),
        glyphs.size[by_size[(starts + stops) // 2]],
        np.minimum.reduceat(kinds & ANNOTATES != 0, starts),
        np.minimum.reduceat(kinds & MARK != 0, starts),
    )
    rows = zip(starts.tolist(), stops.tolist(), *(column.tolist() for column in columns), strict=True)
    return [
        RawLine(order[start:stop], left, top, right, bottom, size, is_upright, is_kana, is_dots)
        for start, stop, left, top, right, bottom, size, is_kana, is_dots in rows
    ]


def _ruby_apart(lines: list[RawLine]) -> tuple[list[RawLine], list[RawLine]]:
    """The lines that are text, and those that may be ruby or dots: small kana next to a line of larger print."""
    candidates = [line for line in lines if line.is_kana]
    if not candidates:
        return lines, []
    boxes = _boxes(lines)
    ruby_ids = {id(line) for line in candidates if _base_of(line, boxes) is not None}
    return [line for line in lines if id(line) not in ruby_ids], [line for line in lines if id(line) in ruby_ids]


def _boxes(lines: list[RawLine]) -> Float64s:
    """Left, top, right, bottom, size of lines, and whether they are upright, (n, 6)."""
    return np.array([(line.left, line.top, line.right, line.bottom, line.size, line.is_upright) for line in lines])


def _base_of(line: RawLine, boxes: Float64s) -> int | None:
    """The number of the line that this one is ruby of; None if there is none.

    A line of one glyph, whose own direction is doubtful, may be ruby of a line of either.
    """
    left, top, right, bottom, size = (boxes[:, i] for i in range(5))
    is_upright = boxes[:, 5] > 0
    x, y = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    fits = line.size <= RUBY_RATIO * size
    low, high = _RUBY_APART_EMS
    # The middle of the line's part that is next to the ruby, which word processors shift.
    below = ((top + bottom) / 2 - y) / size
    level = fits & ~is_upright & (below >= low) & (below <= high)
    level &= (line.left >= left - _RUBY_OVERHANG_EMS * size) & (line.right <= right + _RUBY_OVERHANG_EMS * size)
    beside = (x - (left + right) / 2) / size
    upright = fits & is_upright & (beside >= low) & (beside <= high)
    upright &= (line.top >= top - _RUBY_OVERHANG_EMS * size) & (line.bottom <= bottom + _RUBY_OVERHANG_EMS * size)
    if len(line.glyphs) > 2:
        level &= not line.is_upright
        upright &= line.is_upright
    best = np.where(level, np.abs(below - 0.75), np.where(upright, np.abs(beside - 0.75), np.inf))
    number = int(best.argmin())
    return number if np.isfinite(best[number]) else None


def _attached(base: list[RawLine], ruby: list[RawLine], glyphs: Glyphs) -> dict[int, list[RawLine]]:
    """The ruby of each base line, by its number."""
    found: dict[int, list[RawLine]] = {}
    if not ruby:
        return found
    boxes = _boxes(base)
    for line in ruby:
        owner = _base_of(line, boxes)
        if owner is not None:
            found.setdefault(owner, []).append(line)
    return found


_CLASSES = _class_table()
