"""From recognised lines to running text, line by line: the slow and obvious version of `manyo.corpus.print.paragraphs`.

It was the code until columns and kernels did the same at six times the speed.
"""

from __future__ import annotations

import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.recognised import Line
from tests.paragraph_oracle import (
    HANGING,
    PROSE_MIN_CHARS,
    Writer,
    char_size_of,
    is_tall,
    is_vertical_page,
    pieces,
    with_cells,
)


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a page image in reading order, and boxes of what is not text (page number, running head, ruby)."""

    label: str
    lines: tuple[Line, ...]
    furniture: tuple[Box, ...] = ()


#: Below this a table cell is often a second reading of its neighbour. Measured on a statistical
#: table of 1952: second readings 0.27 to 0.50, the cells' own up from 0.50.
_LOW_CONFIDENCE = 0.55
#: A running head stands on at least this many pages ...
_RUNNING_HEAD_PAGES = 3
#: ... is no longer than this ...
_RUNNING_HEAD_CHARS = 30
#: ... and its place differs by less than this fraction of the page's height.
_RUNNING_HEAD_SHIFT = 0.05
#: ... and, where it stands apart from the text, this fraction of its characters is read alike.
_SAME_FRACTION = 0.6
#: All of them are in print of one size, smaller than the text by a quarter or more.
_HEAD_SIZE_RATIO = 1.2
#: Apart is this far: lines of running text are half a character to one character apart.
_MARGIN_CHARS = 1.0
#: At least this many long lines say where the text is, so that a number apart from it is a page number.
_TEXT_MIN_LINES = 3
#: A misread page number is no longer than this, dashes and blanks included.
_NUMBER_CHARS = 8
#: Ruby is half the size of its text; github users of the full-text packages separate the two at 1.7.
_RUBY_RATIO = 1.7
#: Columns are two characters apart in print; hanging punctuation and crooked pages take most of it.
_COLUMN_GAP_CHARS = 0.3
#: A title over the columns has this many lines at most.
_TITLE_LINES = 3
#: From the first edge of the last column of a spread's right page to that of the left one's first.
_GUTTER_CHARS = 5.0

_DASHES = r"\s(（\[［〔〈<>〉〕］\])）\-‐‑–—―ー一─━~〜～・.．,，、…|=＝"
_PAGE_NUMBER = re.compile(rf"[{_DASHES}]*\d{{1,4}}[{_DASHES}]*")
_DASHED_KANJI_NUMBER = re.compile(r"[\-‐–—―ー─━(（]\s*[〇一二三四五六七八九十百]{1,4}\s*[\-‐–—―ー─━)）]")
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]{1,5}")
_NUMERALS = re.compile(r"[\d〇一二三四五六七八九十百\s]+")
_DIGITS = re.compile(r"\d+")
_KANA_ONLY = re.compile(r"[ぁ-ゖァ-ヺー゛゜ゝゞヽヾ〳〴〵〻〓]{1,16}")
_NOT_A_LETTER = re.compile(r"[\W_]+")


def _share_inside(box: Box, other: Box) -> float:
    """The fraction of a box's area that lies in the other one."""
    width = min(box.x + box.width, other.x + other.width) - max(box.x, other.x)
    height = min(box.y + box.height, other.y + other.height) - max(box.y, other.y)
    area = box.width * box.height
    return width * height / area if width > 0 and height > 0 and area > 0 else 0.0


def running_text(pages: Sequence[Page]) -> tuple[str, list[tuple[str, int]]]:
    """The pages as one text of paragraphs.

    A paragraph goes on over the end of a column or page. A caption, headnote or table that
    stands in its way follows after it.

    Returns:
        The text, and (label, start in characters) of every page, in order.
    """
    kept = without_running_heads([replace(page, lines=tuple(without_repeats(page))) for page in pages])
    writer = Writer([page.label for page in kept])
    for number, page in enumerate(kept):
        for piece in pieces(in_reading_order(page.lines), number):
            writer.write(piece)
    return writer.finish()


def without_repeats(page: Page) -> list[Line]:
    """The lines of a page, table cells marked, less ruby and what was recognised twice."""
    # Tables first: a column of figures at the end of a page is no page number.
    lines = with_cells(_without_ruby(page.lines))
    best: dict[tuple[str, Box], float] = {}
    for line in lines:
        if line.box:
            key = (line.text, line.box)
            best[key] = max(best.get(key, -1.0), line.confidence or 0.0)
    once: list[Line] = []
    for line in lines:
        # `pop` keeps the first of equally confident repeats and drops all others.
        if line.box is None or best.get((line.text, line.box)) == (line.confidence or 0.0):
            once.append(line)
            if line.box:
                best.pop((line.text, line.box))
    return [line for line in once if not _is_second_reading(line, once)]


def without_running_heads(pages: Sequence[Page]) -> list[Page]:
    """The pages without furniture, running heads and page numbers.

    A line goes if the layout detector saw furniture in its place, or if it stands apart above or below the
    text, and is a number, or is much the same as on other pages, or stands where other pages have their
    number or running head. So neither a misread character nor a chapter of two pages saves it. Where
    nothing stands apart, a first or last line goes that is a number, or repeats at the same height.
    """
    margins = [_margin_lines(page) for page in pages]
    found_lines = [found for margin in margins for found in margin]
    numbers = [found for found in found_lines if found.is_number]
    seen = Counter((found.side, found.words) for found in found_lines if found.words and not found.is_number)
    repeats = [found for found in found_lines if seen[found.side, found.words] >= _RUNNING_HEAD_PAGES]
    apart = []
    for page, margin in zip(pages, margins, strict=True):
        dropped = {
            found.index
            for found in margin
            if found.is_number or _is_at_number(found, numbers) or _is_running_head(found, repeats)
        }
        lines = [
            line
            for index, line in enumerate(page.lines)
            if index not in dropped and not _is_furniture(line, page.furniture)
        ]
        apart.append(replace(page, lines=tuple(_without_page_numbers(lines))))
    repeated = _repeated_ends(apart)
    return [
        replace(page, lines=tuple(line for index, line in enumerate(page.lines) if index not in ends))
        for page, ends in zip(apart, repeated, strict=True)
    ]


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """The lines column by column where white space shows the columns plainly; else as they are.

    Plainly: every line has a box and the page's direction, no line stands across the white between two
    columns (a title over all of them may), and the lines of a column do not lie over each other. A text
    block that reaches over two columns becomes two.
    """
    as_given = list(lines)
    if any(line.box is None or line.kind not in (Kind.BODY, Kind.HEADING) for line in lines):
        return as_given
    is_vertical = is_vertical_page(as_given)
    if any(len(line.text) > 3 and line.box and is_tall(line.box) != is_vertical for line in lines):
        return as_given
    size = char_size_of(as_given)
    placed = [_Placed(line, *_axes(line.box, is_vertical)) for line in lines if line.box]
    placed.sort(key=lambda item: item.top)
    halves = _halves(placed, size) if is_vertical else [placed]
    columns: list[list[_Placed]] = []
    for half in halves:
        for n_titles in range(min(_TITLE_LINES, len(half)) + 1):
            found = _columns(half[n_titles:], size)
            if len(found) > 1 or n_titles == _TITLE_LINES:
                break
        if len(found) < 2:
            n_titles, found = 0, [half]
        columns += [[item] for item in half[:n_titles]] + found
    # A box may lean over its neighbour by a little, but where lines stand side by side nothing is plain.
    if any(b.top - a.top < 0.6 * size for column in columns for a, b in pairwise(column)):
        return as_given
    numbers: dict[tuple[int | None, int], int] = {}
    return [
        item.line
        if item.line.block is None
        else item.line._replace(block=numbers.setdefault((item.line.block, number), len(numbers)))
        for number, column in enumerate(columns)
        for item in column
    ]


def _is_furniture(line: Line, furniture: tuple[Box, ...]) -> bool:
    """Page numbers come both as a block of that type and as a body line in the same place."""
    box = line.box
    return box is not None and any(_share_inside(box, other) > 0.6 for other in furniture)


def _is_second_reading(line: Line, lines: list[Line]) -> bool:
    """Whether a doubtful line only repeats a part of a line that covers its place."""
    if line.box is None or line.confidence is None or line.confidence >= _LOW_CONFIDENCE:
        return False
    letters = _NOT_A_LETTER.sub("", line.text)
    for other in lines:
        if other is line or other.box is None or _share_inside(line.box, other.box) < 0.5:
            continue
        other_letters = _NOT_A_LETTER.sub("", other.text)
        if letters in other_letters and (
            len(letters) < len(other_letters) or line.confidence < (other.confidence or 0.0)
        ):
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with its extent in the direction of reading, and the place of its first edge across it."""

    line: Line
    start: float
    end: float
    top: float


def _axes(box: Box, is_vertical: bool) -> tuple[float, float, float]:
    if is_vertical:
        return box.y, box.y + box.height, -box.x - box.width
    return box.x, box.x + box.width, box.y


def _halves(placed: list[_Placed], size: float) -> list[list[_Placed]]:
    """The two pages of a spread, right one first, if white divides the lines near the middle."""
    for i, (before, after) in enumerate(pairwise(placed), start=1):
        if after.top - before.top >= _GUTTER_CHARS * size and 0.3 * len(placed) <= i <= 0.7 * len(placed):
            return [placed[:i], placed[i:]]
    return [placed]


def _columns(placed: list[_Placed], size: float) -> list[list[_Placed]]:
    """Groups of lines with white between them in the direction of reading; one if they are not columns of prose."""
    columns: list[list[_Placed]] = []
    end = 0.0
    for item in sorted(placed, key=lambda item: item.start):
        if columns and item.start - end < _COLUMN_GAP_CHARS * size:
            columns[-1].append(item)
            end = max(end, item.end)
        else:
            columns.append([item])
            end = item.end
    longest = [max(item.end - item.start for item in column) for column in columns]
    # The last column of a chapter may be a short line; any other is as wide as the widest.
    if any(length < max(PROSE_MIN_CHARS * size, 0.8 * max(longest)) for length in longest[:-1]):
        return [placed]
    return [sorted(column, key=lambda item: item.top) for column in columns]


@dataclass(frozen=True, slots=True)
class _MarginLine:
    """A line apart from the text.

    Attributes:
        index: among the lines of its page.
        side: "above" or "below".
        words: its text without digits and numerals.
        is_number: nothing else, on a page with enough text to say what stands apart.
        x, y: its middle, in pixels.
        size: of its print, in pixels.
    """

    index: int
    side: str
    words: str
    is_number: bool
    n_chars: int
    x: float
    y: float
    size: float


def _margin_lines(page: Page) -> list[_MarginLine]:
    """The lines above and below the text of a page, found by the long lines of the page's direction."""
    boxed = [line for line in page.lines if line.box and line.kind is not Kind.CELL]
    is_vertical, size = is_vertical_page(boxed), char_size_of(boxed)
    extents = [max(line.box.width, line.box.height) for line in boxed if line.box and is_tall(line.box) == is_vertical]
    least = 0.5 * max(extents, default=0.0)
    long = [
        line
        for line in boxed
        if line.box
        and is_tall(line.box) == is_vertical
        and max(line.box.width, line.box.height) >= least
        and len(line.text) >= PROSE_MIN_CHARS
    ]
    text = [line.box for line in long if line.box]
    if not text or not size:
        return []
    top = min(box.y for box in text)
    # Punctuation that hangs over the foot of a vertical line is not where the text ends, even if misread.
    ends = sorted(line.box.y + line.box.height for line in long if line.box and not line.text.endswith(HANGING))
    bottom = (
        ends[-1 - (is_vertical and len(ends) > 2 * _TEXT_MIN_LINES)]
        if ends
        else max(box.y + box.height for box in text)
    )
    found = []
    for index, line in enumerate(page.lines):
        if line.box is None or line.kind not in (Kind.BODY, Kind.HEADING) or len(line.text) > _RUNNING_HEAD_CHARS:
            continue
        above, below = top - line.box.y - line.box.height, line.box.y - bottom
        if max(above, below) < _MARGIN_CHARS * size:
            continue
        side = "above" if above > below else "below"
        found.append(
            _MarginLine(
                index=index,
                side=side,
                words=_NUMERALS.sub("", line.text),
                is_number=len(text) >= _TEXT_MIN_LINES
                and bool(_is_page_number(line) or _KANJI_NUMBER.fullmatch(line.text)),
                n_chars=len(line.text),
                x=line.box.x + line.box.width / 2,
                y=line.box.y + line.box.height / 2,
                size=max(min(line.box.width, line.box.height), 1.0),
            )
        )
    return found


def _is_at_number(found: _MarginLine, numbers: list[_MarginLine]) -> bool:
    """Whether a short line stands where other pages have their number: a number that was misread."""
    level = sum(abs(number.x - found.x) < 2.0 * number.size and _is_level(number, found) for number in numbers)
    return found.n_chars <= _NUMBER_CHARS and level >= _RUNNING_HEAD_PAGES


def _is_running_head(found: _MarginLine, repeats: list[_MarginLine]) -> bool:
    """Whether a line stands as high as the running heads do, and says the same or is set like most of them."""
    level = [head for head in repeats if _is_level(head, found)]
    # Misread characters leave the others in their places.
    if any(
        sum(a == b for a, b in zip(found.words, head.words, strict=False))
        >= _SAME_FRACTION * max(len(found.words), len(head.words))
        for head in level
    ):
        return bool(found.words)
    alike = sum(1 / _HEAD_SIZE_RATIO < head.size / found.size < _HEAD_SIZE_RATIO for head in level)
    return alike >= max(_RUNNING_HEAD_PAGES, 0.5 * sum(head.side == found.side for head in repeats))


def _is_level(a: _MarginLine, b: _MarginLine) -> bool:
    """Whether both stand equally high on their pages, but for how the pages were laid on the scanner."""
    return a.side == b.side and abs(a.y - b.y) < 2.5 * a.size


def _repeated_ends(pages: Sequence[Page]) -> list[set[int]]:
    """For each page, which of its first and last line repeats, but for digits, at the same height."""
    seen: dict[tuple[str, int], list[float]] = defaultdict(list)
    height = max((line.box.y + line.box.height for page in pages for line in page.lines if line.box), default=0.0)

    def candidate(page: Page, end: int) -> tuple[str, int] | None:
        if len(page.lines) < 2 or (line := page.lines[end]).box is None:
            return None
        if line.kind in (Kind.CELL, Kind.HEADNOTE):
            return None
        # A novel's pages begin with 「ええ。」 more than twice, and a vertical line always at the same height.
        if line.text.endswith(("。", "」", "、")):
            return None
        words = _DIGITS.sub("", line.text).strip()
        return (words, end) if 1 < len(words) <= _RUNNING_HEAD_CHARS else None

    for page in pages:
        for end in (0, -1):
            if (key := candidate(page, end)) and (box := page.lines[end].box):
                seen[key].append(box.y)
    heads = {
        key
        for key, tops in seen.items()
        if len(tops) >= _RUNNING_HEAD_PAGES and max(tops) - min(tops) <= _RUNNING_HEAD_SHIFT * height
    }
    return [{end % len(page.lines) for end in (0, -1) if candidate(page, end) in heads} for page in pages]


def _without_ruby(lines: Sequence[Line]) -> Sequence[Line]:
    """The lines without those of small kana that stand next to a line, where the format marks no ruby.

    Small is thinner than the page's lines by the factor that separates the two sizes in old books.
    """
    sides = [min(line.box.width, line.box.height) for line in lines if line.box and len(line.text) >= PROSE_MIN_CHARS]
    if not sides:
        return lines
    thin = statistics.median(sides) / _RUBY_RATIO
    return [
        line
        for line in lines
        if line.kind is not Kind.BODY
        or line.box is None
        or min(line.box.width, line.box.height) >= thin
        or not _KANA_ONLY.fullmatch(line.text)
    ]


def _without_page_numbers(lines: list[Line]) -> list[Line]:
    """Cut up to two page numbers (a spread has two) off each end: "(30)", "― 30 ―"."""
    first, last = 0, len(lines)
    while first < min(2, last) and _is_page_number(lines[first]):
        first += 1
    while last > max(first, len(lines) - 2) and _is_page_number(lines[last - 1]):
        last -= 1
    return lines[first:last]


def _is_page_number(line: Line) -> bool:
    return line.kind is not Kind.CELL and bool(
        _PAGE_NUMBER.fullmatch(line.text) or _DASHED_KANJI_NUMBER.fullmatch(line.text)
    )
