"""What on the pages of a book is not text of the work: ruby, repeated readings, running heads, page numbers.

The geometry is compiled (`manyo.corpus.print.furniture_kernels`); here is what needs the words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from manyo.corpus.jit import Float64s, Int64s
from manyo.corpus.print.furniture_kernels import (
    RUNNING_HEAD_CHARS,
    RUNNING_HEAD_PAGES,
    TEXT_MIN_LINES,
    drop_furniture,
    drop_repeats,
    find_heads,
    find_margins,
)
from manyo.corpus.print.geometry_kernels import Box, Boxes, Kind, Lines, share_inside
from manyo.corpus.print.recognised import code_points, offsets, pages_of

#: Looked up once: a name of an enumeration costs a Python call each time.
_CELL, _HEADNOTE = int(Kind.CELL), int(Kind.HEADNOTE)

#: Below this a table cell is often a second reading of its neighbour. Measured on a statistical
#: table of 1952: second readings 0.27 to 0.50, the cells' own up from 0.50.
_LOW_CONFIDENCE = 0.55
#: A second reading lies in the first one's place with at least this fraction of its area.
_SAME_PLACE_FRACTION = 0.5
#: The place of a running head differs by less than this fraction of the page's height.
_RUNNING_HEAD_SHIFT = 0.05

_DASHES = r"\s(（\[［〔〈<>〉〕］\])）\-‐‑–—―ー一─━~〜～・.．,，、…|=＝"
_PAGE_NUMBER = re.compile(rf"[{_DASHES}]*\d{{1,4}}[{_DASHES}]*")
_DASHED_KANJI_NUMBER = re.compile(r"[\-‐–—―ー─━(（]\s*[〇一二三四五六七八九十百]{1,4}\s*[\-‐–—―ー─━)）]")
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]{1,5}")
_NUMERALS = re.compile(r"[\d〇一二三四五六七八九十百\s]+")
_DIGITS = re.compile(r"\d+")
_NOT_A_LETTER = re.compile(r"[\W_]+")


#: Lines in margins that are compared with each other: two of each page of a book of 4,000 pages.
MAX_COMPARED: Final = 8192


def drop_ruby_and_repeats(texts: list[str], lines: Lines) -> None:
    """Mark table cells, and drop ruby and what was recognised twice.

    This comes before `drop_heads_and_numbers`, for which a column of figures at the end of a page must be a table.
    """
    confidences = np.nan_to_num(lines.confidences)
    drop_repeats(lines, confidences)
    have_boxes = ~np.isnan(lines.boxes.width)
    doubtful = np.flatnonzero(lines.kept & have_boxes & (lines.confidences < _LOW_CONFIDENCE))
    pages = pages_of(lines, doubtful)
    second = [
        line
        for line, page in zip(doubtful.tolist(), pages.tolist(), strict=True)
        if _is_second_reading(line, page, texts, lines, confidences)
    ]
    lines.kept[second] = False


def _is_second_reading(line: int, page: int, texts: list[str], lines: Lines, confidences: Float64s) -> bool:
    """Whether a doubtful line only repeats a part of a line that covers its place."""
    letters = _NOT_A_LETTER.sub("", texts[line])
    for other in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
        if other == line or not lines.kept[other] or np.isnan(lines.boxes.width[other]):
            continue
        if share_inside(_box(lines, line), _box(lines, other)) < _SAME_PLACE_FRACTION:
            continue
        other_letters = _NOT_A_LETTER.sub("", texts[other])
        if letters in other_letters and (len(letters) < len(other_letters) or confidences[line] < confidences[other]):
            return True
    return False


def _box(lines: Lines, line: int) -> Box:
    boxes = lines.boxes
    return Box(boxes.x[line], boxes.y[line], boxes.width[line], boxes.height[line])


def drop_heads_and_numbers(texts: list[str], lines: Lines, furniture: Sequence[Sequence[Box]]) -> None:
    """Drop furniture, running heads and page numbers.

    A line goes if the layout detector saw furniture in its place, or if it stands apart above or below the
    text, and is a number, or is much the same as on other pages, or stands where other pages have their
    number or running head. So neither a misread character nor a chapter of two pages saves it. Where
    nothing stands apart, a first or last line goes that is a number, or repeats at the same height.

    Args:
        texts: of the lines.
        lines: `kept` is changed.
        furniture: boxes of what the layout detector saw on each page.
    """
    in_margins = _in_margins(texts, lines)
    if boxes := [box for page in furniture for box in page]:
        drop_furniture(lines, offsets(map(len, furniture)), np.array(boxes, np.float64))
    lines.kept[in_margins] = False
    _drop_page_numbers(texts, lines)
    _drop_repeated_ends(texts, lines)


def _in_margins(texts: list[str], lines: Lines) -> Int64s:
    """The lines apart from the text that are numbers or running heads."""
    sides = np.zeros(len(texts), np.uint8)
    n_text = np.zeros(len(lines.page_offsets) - 1, np.int64)
    find_margins(lines, sides, n_text)
    found = np.flatnonzero(sides)
    if not len(found):
        return found
    knows_text = (n_text[pages_of(lines, found)] >= TEXT_MIN_LINES).tolist()
    texts_found = [texts[line] for line in found.tolist()]
    are_numbers = [
        knows and bool(_is_page_number(text) or _KANJI_NUMBER.fullmatch(text))
        for text, knows in zip(texts_found, knows_text, strict=True)
    ]
    words = [_NUMERALS.sub("", text) for text in texts_found]
    sides_found = sides[found].tolist()
    seen = Counter(
        (side, word) for side, word, number in zip(sides_found, words, are_numbers, strict=True) if word and not number
    )
    repeat = [
        not number and bool(word) and seen[side, word] >= RUNNING_HEAD_PAGES
        for side, word, number in zip(sides_found, words, are_numbers, strict=True)
    ]
    boxes = Boxes(*(column[found] for column in lines.boxes))
    middles = np.column_stack([boxes.x + boxes.width / 2, boxes.y + boxes.height / 2])
    sizes = np.maximum(np.minimum(boxes.width, boxes.height), 1.0)
    dropped = np.zeros(len(found), np.bool_)
    for at in range(0, len(found), MAX_COMPARED):
        some = slice(at, at + MAX_COMPARED)
        find_heads(
            sides[found[some]],
            middles[some],
            sizes[some],
            lines.chars[found[some]],
            np.array(are_numbers[some], np.bool_),
            np.array(repeat[some], np.bool_),
            *code_points(words[some]),
            dropped[some],
        )
    return found[dropped]


def _is_page_number(text: str) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(text) or _DASHED_KANJI_NUMBER.fullmatch(text))


def _kept_by_page(lines: Lines) -> list[list[int]]:
    """The lines that are kept, page by page."""
    kept = np.flatnonzero(lines.kept)
    cuts = np.searchsorted(kept, lines.page_offsets).tolist()
    numbers = kept.tolist()
    return [numbers[first:last] for first, last in pairwise(cuts)]


def _drop_page_numbers(texts: list[str], lines: Lines) -> None:
    """Drop up to two page numbers (a spread has two) at each end of a page: "(30)", "― 30 ―"."""

    def is_number(line: int) -> bool:
        return _is_page_number(texts[line]) and lines.kinds[line] != Kind.CELL

    dropped: list[int] = []
    for numbers in _kept_by_page(lines):
        first, last = 0, len(numbers)
        while first < min(2, last) and is_number(numbers[first]):
            first += 1
        while last > max(first, len(numbers) - 2) and is_number(numbers[last - 1]):
            last -= 1
        dropped += numbers[:first] + numbers[last:]
    lines.kept[dropped] = False


def _drop_repeated_ends(texts: list[str], lines: Lines) -> None:
    """Drop the first and last line of pages that repeat, but for digits, at the same height."""
    pages = _kept_by_page(lines)
    kept = lines.kept
    bottoms = lines.boxes.y[kept] + lines.boxes.height[kept]
    height = float(np.nanmax(bottoms)) if (~np.isnan(bottoms)).any() else 0.0
    places: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for numbers in pages:
        if len(numbers) < 2:
            continue
        for end in (0, -1):
            line = numbers[end]
            text = texts[line]
            # A novel's pages begin with 「ええ。」 more than twice, and a vertical line always at the same height.
            if text.endswith(("。", "」", "、")) or lines.kinds[line] in (_CELL, _HEADNOTE):
                continue
            words = _DIGITS.sub("", text).strip()
            top = float(lines.boxes.y[line])
            if 1 < len(words) <= RUNNING_HEAD_CHARS and top == top:
                places[words, end].append((top, line))
    for found in places.values():
        tops = [top for top, _ in found]
        if len(found) >= RUNNING_HEAD_PAGES and max(tops) - min(tops) <= _RUNNING_HEAD_SHIFT * height:
            lines.kept[[line for _, line in found]] = False
