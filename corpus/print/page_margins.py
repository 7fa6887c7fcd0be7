"""Running heads, page numbers and labels in the margins of set pages, whose places are exact.

A line is furniture only in the margin: apart from the text, above, below or beside it. There it goes if it is a page
number, if the file marks it as no text, if it says the same in the same place on another page, if on most pages some
short line stands in that place, or if a rule divides it from the text below. What repeats in print larger than the
text is a title and stays, unless it does on many pages.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

from manyo.corpus.jit import Float64s
from manyo.corpus.print.glyph_lines import TextLine

#: White between the text and what stands in the margin, in ems of the text: lines are at most this far apart in it.
_APART_EMS: Final = 0.8
#: And more than between lines by this.
_APART_FROM_LINES_EMS: Final = 0.3
#: Lines of the margin are no longer than this.
_MOST_CHARS: Final = 60
#: Rows at the top and bottom that may be furniture.
_ROWS: Final = 2
#: Places agree within this, in ems of the line.
_PLACE_EMS: Final = 0.6
#: What is larger than the text by this is a title.
_TITLE_RATIO: Final = 1.15
#: A title on this many pages is furniture; digits may differ on this many.
_MANY_PAGES: Final = 3
#: The rule below a running head has at least this part of the text's width.
_RULE_FRACTION: Final = 0.6
#: On this part of the pages, some line stands in the place of a running head.
_MOST_PAGES: Final = 0.6

_DASH: Final = r"[\s\u3000\-‐‑–—―ー－─━~〜～・.．()（）\[\]［］〔〕【】<>〈〉《》|｜]*"
_PAGE_NUMBER = re.compile(
    rf"{_DASH}(?:p(?:age|p)?\s*\.?\s*)?(?:[\d０-９]{{1,5}}|[ivxlc]{{1,7}})(?:\s*(?:頁|ページ|[/／]|of)\s*[\d０-９]{{0,5}})?"
    rf"\s*(?:頁|ページ)?{_DASH}",
    re.I,
)
_KANJI_NUMBER = re.compile(rf"{_DASH}(?:第)?[〇一二三四五六七八九十百千]{{1,5}}(?:頁|ページ)?{_DASH}")
_DIGITS = re.compile(r"[\d０-９〇一二三四五六七八九十百]+")
_BLANKS = re.compile(r"\s+")


class Margins(NamedTuple):
    """What was found in the margins of a document.

    Attributes:
        dropped: for each page, the numbers of its lines that are furniture.
        n_numbers, n_heads: how many of them are page numbers and others.
    """

    dropped: list[set[int]]
    n_numbers: int
    n_heads: int


class _Candidate(NamedTuple):
    page: int
    line: int
    side: int
    text: str
    x: float
    y: float
    size: float
    is_number: bool
    is_small: bool
    is_ruled: bool
    is_artifact: bool


def find_margins(pages: Sequence[Sequence[TextLine]], rules: Sequence[Float64s]) -> Margins:
    """The lines of each page that are furniture.

    Args:
        pages: lines of each page, in any order.
        rules: of each page, (n, 4).
    """
    candidates = [
        candidate
        for number, (lines, drawn) in enumerate(zip(pages, rules, strict=True))
        for candidate in _candidates(number, lines, drawn)
    ]
    same: dict[tuple[int, str], list[_Candidate]] = defaultdict(list)
    masked: dict[tuple[int, str], list[_Candidate]] = defaultdict(list)
    for candidate in candidates:
        same[candidate.side, candidate.text].append(candidate)
        masked[candidate.side, _DIGITS.sub("#", candidate.text)].append(candidate)
    n_filled = sum(bool(lines) for lines in pages)
    dropped: list[set[int]] = [set() for _ in pages]
    n_numbers = n_heads = 0
    for candidate in candidates:
        is_head = (
            candidate.is_artifact
            or candidate.side == _BESIDE
            or (candidate.is_ruled and candidate.is_small)
            or _repeats(candidate, same[candidate.side, candidate.text], 2 if candidate.is_small else _MANY_PAGES + 1)
            or _repeats(
                candidate,
                masked[candidate.side, _DIGITS.sub("#", candidate.text)],
                _MANY_PAGES if candidate.is_small else _MANY_PAGES + 1,
            )
        )
        if candidate.is_number or is_head:
            dropped[candidate.page].add(candidate.line)
            n_numbers += candidate.is_number
            n_heads += not candidate.is_number
    for candidate in _in_their_place(candidates, dropped, n_filled):
        dropped[candidate.page].add(candidate.line)
        n_heads += 1
    return Margins(dropped, n_numbers, n_heads)


_ABOVE, _BELOW, _BESIDE, _EDGE = 0, 1, 2, 3


def _repeats(candidate: _Candidate, alike: list[_Candidate], least: int) -> bool:
    """Whether lines that say the same stand in this place, or in its mirror image, on so many pages."""
    near = {
        other.page
        for other in alike
        if abs(other.y - candidate.y) <= _PLACE_EMS * candidate.size and 0.9 < other.size / candidate.size < 1.11
    }
    return len(near) >= least


def _in_their_place(candidates: list[_Candidate], dropped: list[set[int]], n_pages: int) -> list[_Candidate]:
    """The lines that stand where, on most pages, running heads were found: heads of short chapters."""
    found = []
    for side in (_ABOVE, _BELOW):
        heads = [c for c in candidates if c.side == side and c.line in dropped[c.page] and not c.is_number]
        places = Counter(round(c.y) for c in heads)
        for candidate in candidates:
            if candidate.side != side or candidate.line in dropped[candidate.page] or not candidate.is_small:
                continue
            n_near = sum(n for y, n in places.items() if abs(y - candidate.y) <= 1.5)
            if n_near >= max(_MANY_PAGES, _MOST_PAGES * n_pages / 2):
                found.append(candidate)
    return found


def _candidates(page: int, lines: Sequence[TextLine], rules: Float64s) -> list[_Candidate]:
    """The short lines in the margins of a page."""
    if not lines:
        return []
    sizes = sorted(line.size for line in lines for _ in line.text)
    body = sizes[len(sizes) // 2]
    found = []
    rows = _rows(lines)
    apart = max(_APART_EMS * body, _usual_white(lines, rows) + _APART_FROM_LINES_EMS * body)
    upright = sum(len(line.text) * (1 if line.is_upright else -1) for line in lines) > 0
    left = min((line.left for line in lines if line.turn % 2 == 0), default=0.0)
    right = max((line.right for line in lines if line.turn % 2 == 0), default=0.0)
    for side, ordered in ((_ABOVE, rows), (_BELOW, rows[::-1])):
        for depth, row in enumerate(ordered[:_ROWS]):
            rest = ordered[depth + 1] if depth + 1 < len(ordered) else None
            if not all(_is_short(lines[number], body) and lines[number].place < 0 for number in row):
                break
            if rest is None:
                # A page of one row: only a number may be furniture.
                white = apart
            elif side == _ABOVE:
                white = min(lines[n].top for n in rest) - max(lines[n].bottom for n in row)
            else:
                white = min(lines[n].top for n in row) - max(lines[n].bottom for n in rest)
            inner = max(lines[n].bottom for n in row) if side == _ABOVE else 0.0
            outer = min(lines[n].top for n in rest) if rest and side == _ABOVE else 0.0
            is_ruled = side == _ABOVE and _has_rule(rules, inner, outer, left, right, body)
            if white < apart and not is_ruled and not any(lines[n].is_artifact for n in row):
                continue
            found += [
                _candidate(page, number, side, lines[number], body, is_ruled=is_ruled, is_alone=len(row) <= 3)
                for number in row
            ]
    if not upright:
        found += [
            _candidate(page, number, _BESIDE, line, body, is_ruled=False, is_alone=True)
            for number, line in enumerate(lines)
            if line.turn % 2 == 1 and (line.right <= left + 0.5 * body or line.left >= right - 0.5 * body)
        ]
    return found


def _is_short(line: TextLine, body: float) -> bool:
    return len(line.text) <= _MOST_CHARS and line.bottom - line.top <= max(2.2 * line.size, 2 * body)


def _candidate(
    page: int, number: int, side: int, line: TextLine, body: float, *, is_ruled: bool, is_alone: bool
) -> _Candidate:
    text = _BLANKS.sub("", line.text)
    is_number = bool(_PAGE_NUMBER.fullmatch(text)) or (is_alone and bool(_KANJI_NUMBER.fullmatch(text)))
    return _Candidate(
        page,
        number,
        side,
        text,
        (line.left + line.right) / 2,
        (line.top + line.bottom) / 2,
        line.size,
        is_number and line.size <= _TITLE_RATIO * body,
        line.size <= _TITLE_RATIO * body,
        is_ruled,
        line.is_artifact,
    )


def _rows(lines: Sequence[TextLine]) -> list[list[int]]:
    """Numbers of lines by row, from the top: rows are divided by white across the page."""
    rows: list[list[int]] = []
    end = 0.0
    for number in sorted(range(len(lines)), key=lambda number: lines[number].top):
        line = lines[number]
        if rows and line.top + 0.2 * line.size < end:
            rows[-1].append(number)
            end = max(end, line.bottom)
        else:
            rows.append([number])
            end = line.bottom
    return rows


def _usual_white(lines: Sequence[TextLine], rows: Sequence[Sequence[int]]) -> float:
    """The white between most of the rows of a page."""
    ends = [(min(lines[n].top for n in row), max(lines[n].bottom for n in row)) for row in rows]
    whites = [after[0] - before[1] for before, after in pairwise(ends)]
    return median(whites) if len(whites) > 3 else 0.0


def _has_rule(rules: Float64s, top: float, bottom: float, left: float, right: float, size: float) -> bool:
    """Whether a level rule as wide as most of the text divides two rows."""
    if not len(rules) or bottom <= top:
        return False
    width = rules[:, 2] - rules[:, 0]
    middle = (rules[:, 1] + rules[:, 3]) / 2
    is_level = (rules[:, 3] - rules[:, 1] <= 0.3 * size) & (width >= _RULE_FRACTION * (right - left))
    return bool((is_level & (middle >= top - 0.3 * size) & (middle <= bottom + 0.1 * size)).any())
