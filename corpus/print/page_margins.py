"""Running heads, page numbers and labels in the margins of set pages, whose places are exact.

A line is furniture only in the margin: apart from the text, above, below or beside it. There it goes if it is a page
number, if the file marks it as no text, if it says the same in the same place on another page, if on most pages some
short line stands in that place or two facing pages have small print in mirrored places, if a rule divides it from the
text below, or if it is small level print above vertical text. What repeats in print larger than the text is a title and
stays, unless it does on many pages.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from manyo.corpus.jit import Float64s
from manyo.corpus.print.line_text import TextLine, body_size, is_underline

#: White between the text and what stands in the margin, in ems of the text: lines are at most this far apart in it.
_APART_EMS: Final = 0.8
#: And more than between lines by this.
_APART_FROM_LINES_EMS: Final = 0.3
#: Lines of the margin are no longer than this.
_MOST_CHARS: Final = 60
#: Rows at the top and bottom that may be furniture, and the part of the page in which they stand.
_ROWS: Final = 2
_EDGE_FRACTION: Final = 0.2
#: Pieces of a row that are nearer belong together.
_PIECES_EMS: Final = 3.0
#: Places agree within this, in ems of the line.
_PLACE_EMS: Final = 0.6
#: What is larger than the text by this is a title.
_TITLE_RATIO: Final = 1.15
_SMALLER_RATIO: Final = 0.95
_FEW_PAGES: Final = 2
#: A title on this many pages is furniture; digits may differ on this many.
_MANY_PAGES: Final = 3
#: The rule below a running head has at least this part of the text's width.
_RULE_FRACTION: Final = 0.6
#: Rules that are this near to a box are its edges, in points.
_EDGE_POINTS: Final = 2.0
#: On this part of the pages, some line stands in the place of a running head.
_MOST_PAGES: Final = 0.5

_DASH: Final = r"[\s\u3000\-‐‑–—―ー－─━~〜～・.．()（）\[\]［］〔〕【】<>〈〉《》|｜]*"
_PAGE_NUMBER = re.compile(
    rf"{_DASH}(?:p(?:age|p)?\s*\.?\s*)?(?:[\d０-９]{{1,5}}|[ivxlc]{{1,7}})(?:\s*(?:頁|ページ|[/／]|of)\s*[\d０-９]{{0,5}})?"
    rf"\s*(?:頁|ページ)?{_DASH}",
    re.I,
)
_KANJI_NUMBER = re.compile(rf"{_DASH}(?:第)?[〇一二三四五六七八九十百千]{{1,5}}(?:頁|ページ)?{_DASH}")
_DIGITS = re.compile(r"[\d０-９〇一二三四五六七八九十百]+")
_FIGURES = re.compile(r"\d{1,5}")
_BLANKS = re.compile(r"\s+")


class Margins(NamedTuple):
    """What was found in the margins of a document.

    Attributes:
        dropped: for each page, the numbers of its lines that are furniture.
        n_numbers, n_heads: how many of them are page numbers and others; what stands together counts once.
    """

    dropped: list[set[int]]
    n_numbers: int
    n_heads: int


class MarginPage(NamedTuple):
    """What is needed of a page.

    Attributes:
        lines: in any order.
        rules: (n, 4).
        boxes: (n, 4), tables and frames.
        width, height: of the page.
    """

    lines: Sequence[TextLine]
    rules: Float64s
    boxes: Float64s
    width: float
    height: float


#: Sides of a page. Along the first two, lines are level; those beside the text are read upright or turned.
_ABOVE, _BELOW, _LEFT, _RIGHT = 0, 1, 2, 3


@dataclass(slots=True)
class _Unit:
    """Pieces of a row in a margin that belong together.

    Attributes:
        page: number of the page.
        lines: numbers of the pieces.
        side: of the page.
        text: without blanks.
        row: number of the row, for all units in it.
        start, stop: along the row.
        place: of the row, across it.
        size: of its print.
        is_small, is_smaller: no larger than the text, and smaller.
        is_ruled: a rule divides it from the text.
        is_artifact: the file says that it is furniture.
        is_turned: it is printed across the page's direction, outside the text.
        is_dropped: what was found.
    """

    page: int
    lines: list[int]
    side: int
    text: str
    row: int
    start: float
    stop: float
    place: float
    size: float
    is_small: bool
    is_smaller: bool
    is_ruled: bool
    is_artifact: bool
    is_turned: bool
    is_dropped: bool = False

    @property
    def masked(self) -> str:
        """The text with # for its numbers."""
        return _DIGITS.sub("#", self.text)


def find_margins(pages: Sequence[MarginPage]) -> Margins:
    """The lines of each page that are furniture."""
    units = [unit for number, page in enumerate(pages) for unit in _units(number, page)]
    same: dict[tuple[int, str], list[_Unit]] = defaultdict(list)
    masked: dict[tuple[int, str], list[_Unit]] = defaultdict(list)
    for unit in units:
        same[unit.side, unit.text].append(unit)
        masked[unit.side, unit.masked].append(unit)
    for unit in units:
        unit.is_dropped = (
            unit.is_artifact
            or unit.is_turned
            or (unit.is_ruled and unit.is_small)
            or _n_pages(unit, same[unit.side, unit.text]) >= (2 if unit.is_small else _MANY_PAGES + 1)
            or _n_pages(unit, masked[unit.side, unit.masked]) >= (_MANY_PAGES if unit.is_small else _MANY_PAGES + 1)
        )
    for unit in [*_in_their_place(units, pages), *_facing(units, pages)]:
        unit.is_dropped = True
    rows: dict[tuple[int, int, int], list[_Unit]] = defaultdict(list)
    for unit in units:
        rows[unit.page, unit.side, unit.row].append(unit)
    counting = _counting(units)
    n_numbers = 0
    dropped: list[set[int]] = [set() for _ in pages]
    for unit in units:
        row = rows[unit.page, unit.side, unit.row]
        is_number = unit.is_small and _is_number(unit.text)
        # A bare number in a row with other words is a figure of theirs; if it counts the pages, they are a head.
        if is_number and all(other is unit or other.is_dropped or _is_number(other.text) for other in row):
            unit.is_dropped = True
        if unit.is_smaller and any(id(other) in counting for other in row):
            unit.is_dropped = True
        if unit.is_dropped:
            n_numbers += is_number
            dropped[unit.page].update(unit.lines)
    return Margins(dropped, n_numbers, sum(unit.is_dropped for unit in units) - n_numbers)


def _is_number(text: str) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(text) or _KANJI_NUMBER.fullmatch(text))


def _counting(units: list[_Unit]) -> set[int]:
    """The ids of the numbers that grow as the pages do, in one row of print or its mirror image."""
    found: set[int] = set()
    firsts: dict[tuple[int, int, int], list[_Unit]] = defaultdict(list)
    for unit in units:
        if unit.is_smaller and _PAGE_NUMBER.fullmatch(unit.text) and (digits := _FIGURES.search(unit.text)):
            firsts[unit.side, round(unit.place / unit.size), int(digits[0]) - unit.page].append(unit)
    for alike in firsts.values():
        if len({unit.page for unit in alike}) >= _FEW_PAGES:
            found.update(map(id, alike))
    return found


def _n_pages(unit: _Unit, alike: list[_Unit]) -> int:
    """On how many pages a unit of the same words and size stands in this place, or in its mirror image."""
    return len(
        {
            other.page
            for other in alike
            if abs(other.place - unit.place) <= _PLACE_EMS * unit.size and 0.9 < other.size / unit.size < 1.11
        }
    )


def _in_their_place(units: list[_Unit], pages: Sequence[MarginPage]) -> list[_Unit]:
    """The units that stand where, on most other pages, running heads were found: heads of short chapters.

    Left and right pages are each other's mirror images.
    """
    n_others = sum(bool(page.lines) for page in pages) - 1
    found = []
    for side in (_ABOVE, _BELOW, _LEFT, _RIGHT):
        heads = [unit for unit in units if unit.side == side and unit.is_dropped and not _is_number(unit.text)]
        for unit in units:
            if unit.side != side or unit.is_dropped or not unit.is_small:
                continue
            extent = pages[unit.page].height if side in (_LEFT, _RIGHT) else pages[unit.page].width
            near = {
                head.page
                for head in heads
                if abs(head.place - unit.place) <= 0.2 * unit.size
                and 0.95 < head.size / unit.size < 1.05
                and min(
                    abs(head.start - unit.start),
                    abs(head.stop - unit.stop),
                    abs(head.start - (extent - unit.stop)),
                    abs(head.stop - (extent - unit.start)),
                )
                <= 2 * unit.size
            }
            if len(near) >= (_FEW_PAGES if unit.is_smaller else _MANY_PAGES) and len(near) >= _MOST_PAGES * n_others:
                found.append(unit)
    return found


def _facing(units: list[_Unit], pages: Sequence[MarginPage]) -> Iterator[_Unit]:
    """The units of small print in mirrored places of right and left pages: heads of a document of few pages.

    At the top, they may stand in the middle of both.
    """
    small = [unit for unit in units if unit.side in (_ABOVE, _BELOW) and unit.is_smaller and not _is_number(unit.text)]
    for unit in small:
        width = pages[unit.page].width
        for other in small:
            if (
                (other.page - unit.page) % 2
                and other.side == unit.side
                and abs(other.place - unit.place) <= 0.2 * unit.size
                and 0.95 < other.size / unit.size < 1.05
                and (abs(other.start - unit.start) > 2 * unit.size or _are_in_the_middle(unit, other, pages))
                and (
                    min(abs(other.start - (width - unit.stop)), abs(other.stop - (width - unit.start))) <= unit.size
                    or _are_in_the_middle(unit, other, pages)
                )
            ):
                yield unit
                break


def _are_in_the_middle(one: _Unit, other: _Unit, pages: Sequence[MarginPage]) -> bool:
    """Whether two units stand in the middle of the top of their pages."""
    return all(
        unit.side == _ABOVE and abs(unit.start + unit.stop - pages[unit.page].width) <= unit.size
        for unit in (one, other)
    )


def _units(number: int, page: MarginPage) -> list[_Unit]:
    """The units in the margins of a page."""
    lines = page.lines
    if not lines:
        return []
    body = body_size(lines)
    is_upright = sum(len(line.text) * (1 if line.is_upright else -1) for line in lines) > 0
    found = _at_edges(number, page, body, (_ABOVE, _BELOW), are_lines=not is_upright)
    beside = _at_edges(number, page, body, (_LEFT, _RIGHT), are_lines=is_upright)
    found += [unit for unit in beside if is_upright or unit.is_turned]
    if is_upright:
        for unit in found:
            is_across = not any(lines[n].is_upright for n in unit.lines) and len(unit.text) > 1
            unit.is_turned = unit.side == _ABOVE and unit.is_smaller and is_across
    return found


class _Row(NamedTuple):
    """Lines side by side, or boxes: from `begin` to `end` across the rows."""

    lines: list[int]
    begin: float
    end: float
    has_box: bool


def _at_edges(number: int, page: MarginPage, body: float, sides: tuple[int, int], *, are_lines: bool) -> list[_Unit]:
    """The units at two opposite edges of a page, between which there are rows of lines, or of tiers."""
    lines, is_beside = page.lines, sides[0] == _LEFT
    extent = page.width if is_beside else page.height
    rows = _rows(page, is_beside)
    whites = [after.begin - before.end for before, after in pairwise(rows)]
    usual = median(whites) if are_lines and len(whites) > 2 else 0.0
    apart = max(_APART_EMS * body, usual + _APART_FROM_LINES_EMS * body)
    text = [line for line in lines if line.turn % 2 == 0] or list(lines)
    left, right = min(line.left for line in text), max(line.right for line in text)
    found = []
    for side, ordered in zip(sides, (rows, rows[::-1]), strict=True):
        is_first = side in (_ABOVE, _LEFT)
        for depth, row in enumerate(ordered[:_ROWS]):
            members = [lines[n] for n in row.lines]
            is_outside = row.end <= _EDGE_FRACTION * extent if is_first else row.begin >= (1 - _EDGE_FRACTION) * extent
            if row.has_box or not is_outside or not all(_is_short(line, body, is_beside) for line in members):
                break
            following = ordered[depth + 1] if depth + 1 < len(ordered) else None
            white = apart
            is_ruled = False
            if following is not None:
                white = following.begin - row.end if is_first else row.begin - following.end
                is_ruled = side == _ABOVE and _has_rule(page, members, row.end, following.begin, left, right, body)
            if white >= apart or is_ruled or any(line.is_artifact for line in members):
                found += [
                    _unit(number, side, depth, pieces, lines, body, is_ruled=is_ruled)
                    for pieces in _pieces(row.lines, lines, is_beside)
                ]
    return found


def _is_short(line: TextLine, body: float, is_beside: bool) -> bool:
    thickness = line.right - line.left if is_beside else line.bottom - line.top
    return len(line.text) <= _MOST_CHARS and thickness <= max(2.2 * line.size, 2 * body)


def _pieces(row: Sequence[int], lines: Sequence[TextLine], is_beside: bool) -> list[list[int]]:
    """The lines of a row in groups that stand together, in the order of reading."""
    ordered = sorted(row, key=lambda n: lines[n].top if is_beside else lines[n].left)
    groups: list[list[int]] = []
    for n in ordered:
        line = lines[n]
        if groups:
            last = lines[groups[-1][-1]]
            white = line.top - last.bottom if is_beside else line.left - last.right
            if white <= _PIECES_EMS * max(line.size, last.size):
                groups[-1].append(n)
                continue
        groups.append([n])
    return groups


def _unit(
    page: int, side: int, row: int, pieces: list[int], lines: Sequence[TextLine], body: float, *, is_ruled: bool
) -> _Unit:
    members = [lines[n] for n in pieces]
    is_beside = side in (_LEFT, _RIGHT)
    size = max(line.size for line in members)
    return _Unit(
        page,
        pieces,
        side,
        _BLANKS.sub("", "".join(line.text for line in members)),
        row,
        min(line.top if is_beside else line.left for line in members),
        max(line.bottom if is_beside else line.right for line in members),
        sum((line.left + line.right if is_beside else line.top + line.bottom) / 2 for line in members) / len(members),
        size,
        size <= _TITLE_RATIO * body,
        size <= _SMALLER_RATIO * body,
        is_ruled,
        all(line.is_artifact for line in members),
        is_beside and all(line.turn % 2 == 1 for line in members),
    )


def _rows(page: MarginPage, is_beside: bool) -> list[_Row]:
    """Lines and boxes by row, from the first edge on: rows are divided by white across the page."""
    items = [
        (line.left, line.right, 0.2 * line.size, n) if is_beside else (line.top, line.bottom, 0.2 * line.size, n)
        for n, line in enumerate(page.lines)
    ]
    first, last = (0, 2) if is_beside else (1, 3)
    items += [(float(box[first]), float(box[last]), 0.0, -1) for box in page.boxes]
    rows: list[_Row] = []
    for begin, end, slack, n in sorted(items):
        row = rows.pop() if rows and begin + slack < rows[-1].end else _Row([], begin, end, False)
        numbers = [*row.lines, n] if n >= 0 else row.lines
        rows.append(_Row(numbers, row.begin, max(row.end, end), row.has_box or n < 0))
    return rows


def _has_rule(
    page: MarginPage, row: Sequence[TextLine], top: float, bottom: float, left: float, right: float, size: float
) -> bool:
    """Whether a level rule as wide as most of the text divides a row from the next one, and does not underline it."""
    rules = page.rules
    if not len(rules) or bottom <= top:
        return False
    width = rules[:, 2] - rules[:, 0]
    middle = (rules[:, 1] + rules[:, 3]) / 2
    is_level = (rules[:, 3] - rules[:, 1] <= 0.3 * size) & (width >= _RULE_FRACTION * (right - left))
    divides = is_level & (middle >= top - 0.3 * size) & (middle <= bottom + 0.1 * size)
    for box_left, box_top, box_right, box_bottom in page.boxes.tolist():
        # The edge of a table divides nothing from it.
        is_edge = (middle >= box_top - _EDGE_POINTS) & (middle <= box_bottom + _EDGE_POINTS)
        divides &= ~(is_edge & (rules[:, 0] < box_right) & (rules[:, 2] > box_left))
    return any(not is_underline(rule, row) for rule in rules[divides].tolist())
