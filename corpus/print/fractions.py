"""Fractions that are set in two storeys within a line, as one storey: (a+b)/2.

A bar with a row of characters right above and one right below it, both in its middle and hardly shorter than it, that a
character next to it has at half its height, is a fraction: a rule of a table or below a heading is at no character's
half height, and the line below an underline goes on to both sides. The glyphs of both parts and a stroke are moved to
the place of the bar on the line, so that all later steps see characters in a row. Parts of more than one term are put
in brackets, which print does not need.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Float64s, Int64s
from manyo.corpus.print.pdf_glyphs import Glyphs, is_blank

#: Bars are thinner than this, in points, and no longer than this, in ems of the text next to them.
_BAR_POINTS: Final = 2.0
_BAR_EMS: Final = 15.0
#: More bars that touch no other rule are a drawing.
_MAX_BARS: Final = 200
#: Cells of characters end or begin this near the bar, in ems of their own.
_NEAR_EMS: Final = 0.45
#: How much of powers and indices stands above or below a part's other characters.
_STOREY_EMS: Final = 1.25
#: Parts stand in the middle of the bar, which is hardly longer than the longer one.
_CENTRE_EMS: Final = 0.4
_LONGER_EMS: Final = 1.6
#: The next character of the line is this near, and has the bar at half its height.
_NEXT_EMS: Final = 2.5
_MIDDLE_EMS: Final = 0.35
#: A part ends where a gap of this width is; other lines go on.
_GAP_EMS: Final = 0.5
#: Rules that end on each other.
_TOUCH_POINTS: Final = 1.0
#: Between terms.
_SIGNS: Final = [ord(sign) for sign in "+-±∓=<>＋－−＝"]


class _Fraction(NamedTuple):
    """A bar, the numbers of the glyphs above and below it from left to right, and of the one next to it in the line."""

    bar: int
    above: Int64s
    below: Int64s
    beside: int


def levelled(glyphs: Glyphs, is_artifact: Bools, rules: Float64s) -> tuple[Glyphs, Bools, Float64s]:
    """Set the fractions of a page in one storey.

    Args:
        glyphs, is_artifact: of the page, (n,) each.
        rules: (n, 4), left, top, right, bottom.

    Returns:
        All glyphs, strokes and brackets among them; which are furniture; the rules that are no bars.
    """
    found: list[_Fraction] = []
    taken: set[int] = set()
    for bar in _free_bars(rules):
        fraction = _fraction_at(glyphs, rules, bar)
        if fraction and taken.isdisjoint(parts := [*fraction.above.tolist(), *fraction.below.tolist()]):
            found.append(fraction)
            taken.update(parts)
    if not found:
        return glyphs, is_artifact, rules
    columns: list[Any] = [np.array(column) for column in glyphs]
    added = [_set_level(Glyphs(*columns), one, rules[one.bar]) for one in found]
    sources = np.concatenate([signs.like for signs in added])
    points, left, top, right, bottom = (np.concatenate(column) for column in list(zip(*added, strict=True))[1:])
    more = glyphs.taken(sources)._replace(
        points=points.astype(np.uint32), left=left, top=top, right=right, bottom=bottom
    )
    further: list[Any] = list(more)
    pairs: list[Any] = [np.concatenate(pair) for pair in zip(columns, further, strict=True)]
    joined = Glyphs(*pairs)
    kept = np.ones(len(rules), np.bool_)
    kept[[one.bar for one in found]] = False
    return joined, np.concatenate([is_artifact, is_artifact[sources]]), rules[kept]


def _free_bars(rules: Float64s) -> list[int]:
    """The numbers of level rules that touch no other one; none if there are very many."""
    left, top, right, bottom = rules.T
    is_level = (bottom - top <= _BAR_POINTS) & (right - left > bottom - top)
    bars = np.flatnonzero(is_level)
    # Parts of one long rule lie end to end; sides of boxes end on each other.
    free = []
    for bar in bars.tolist() if len(bars) <= 20 * _MAX_BARS else []:
        near = (left <= right[bar] + _TOUCH_POINTS) & (right >= left[bar] - _TOUCH_POINTS)
        near &= (top <= bottom[bar] + _TOUCH_POINTS) & (bottom >= top[bar] - _TOUCH_POINTS)
        if near.sum() == 1:
            free.append(bar)
    return free if len(free) <= _MAX_BARS else []


def _fraction_at(glyphs: Glyphs, rules: Float64s, bar: int) -> _Fraction | None:
    left, top, right, bottom = rules[bar].tolist()
    y = (top + bottom) / 2
    size = glyphs.size
    centre_x, centre_y = (glyphs.left + glyphs.right) / 2, (glyphs.top + glyphs.bottom) / 2
    is_mark = (glyphs.turn == 0) & ~is_blank(glyphs.points)
    inside = is_mark & (centre_x > left) & (centre_x < right)
    parts = []
    for edge, way in ((glyphs.bottom, -1), (glyphs.top, 1)):
        core = inside & (np.abs(edge - y) <= _NEAR_EMS * size) & (way * (centre_y - y) > 0)
        if not core.any():
            return None
        em = float(size[core].max())
        part = inside & (way * (centre_y - y) > 0) & (way * (centre_y - y) < _STOREY_EMS * em)
        if not _fits(glyphs, part, left, right, em) or _goes_on(glyphs, is_mark & ~part, part, core, em):
            return None
        parts.append((np.flatnonzero(part), em))
    (above, em_above), (below, em_below) = parts
    em = max(em_above, em_below)
    longest = max(float(glyphs.right[part].max() - glyphs.left[part].min()) for part in (above, below))
    if right - left > min(longest + _LONGER_EMS * em, _BAR_EMS * em):
        return None
    apart = np.maximum(glyphs.left - right, left - glyphs.right)
    beside = is_mark & (np.abs(centre_y - y) <= _MIDDLE_EMS * size) & (size >= 0.95 * em)
    beside &= (apart > -0.3 * em) & (apart <= _NEXT_EMS * size)
    if not beside.any():
        return None
    nearest = int(np.flatnonzero(beside)[np.argmin(apart[beside])])
    in_order = [part[np.argsort(glyphs.left[part], kind="stable")] for part in (above, below)]
    return _Fraction(bar, in_order[0], in_order[1], nearest)


def _fits(glyphs: Glyphs, part: Bools, left: float, right: float, em: float) -> bool:
    """Whether a part stands in the middle of its bar and does not reach over its ends."""
    first, last = float(glyphs.left[part].min()), float(glyphs.right[part].max())
    is_central = abs((first + last) - (left + right)) / 2 <= _CENTRE_EMS * em
    return is_central and first >= left - 0.5 * em and last <= right + 0.5 * em


def _goes_on(glyphs: Glyphs, others: Bools, part: Bools, core: Bools, em: float) -> bool:
    """Whether other characters follow or precede a part in its own row: then it belongs to a line above or below."""
    first, last = float(glyphs.left[part].min()), float(glyphs.right[part].max())
    middle = float(np.median((glyphs.top[core] + glyphs.bottom[core]) / 2))
    in_row = others & (np.abs((glyphs.top + glyphs.bottom) / 2 - middle) <= 0.2 * em)
    in_row &= (glyphs.size <= 1.2 * em) & (glyphs.right > first - _GAP_EMS * em) & (glyphs.left < last + _GAP_EMS * em)
    return bool(in_row.any())


class _Signs(NamedTuple):
    """Signs that are added: like which glyph each of them is, characters and cells."""

    like: Int64s
    points: Int64s
    left: Float64s
    top: Float64s
    right: Float64s
    bottom: Float64s


def _set_level(glyphs: Glyphs, found: _Fraction, bar: Float64s) -> _Signs:
    """Move the glyphs of a fraction, in place, and say which signs stand between them."""
    middle = float(glyphs.top[found.beside] + glyphs.bottom[found.beside]) / 2
    row: list[tuple[int, int]] = []  # glyph, or the one that a sign is like; the sign's character
    for part in (found.above, found.below):
        tallest = part[glyphs.size[part] >= 0.85 * glyphs.size[part].max()]
        rise = middle - float(np.median((glyphs.top[tallest] + glyphs.bottom[tallest]) / 2))
        glyphs.top[part] += rise
        glyphs.bottom[part] += rise
        like, has_terms = int(tallest[0]), bool(np.isin(glyphs.points[part[1:]], _SIGNS).any())
        row += [(like, ord("/"))] if row else []
        row += [(like, ord("("))] if has_terms else []
        row += [(glyph, 0) for glyph in part.tolist()]
        row += [(like, ord(")"))] if has_terms else []
    widths = np.array([0.3 * glyphs.size[at] if sign else glyphs.right[at] - glyphs.left[at] for at, sign in row])
    ends = float(bar[0]) + np.cumsum(widths) * (float(bar[2] - bar[0]) / float(widths.sum()))
    starts = np.concatenate([[float(bar[0])], ends[:-1]])
    is_sign = np.array([sign > 0 for _, sign in row])
    places = np.array([at for at, _ in row])
    like = places[is_sign]
    signs = np.array([sign for _, sign in row if sign])
    cells = _Signs(like, signs, starts[is_sign], glyphs.top[like], ends[is_sign], glyphs.bottom[like])
    glyphs.left[places[~is_sign]], glyphs.right[places[~is_sign]] = starts[~is_sign], ends[~is_sign]
    return cells
