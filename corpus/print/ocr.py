"""From recognised lines with boxes to running text.

An OCR page is a list of lines; a text is paragraphs. 86 to 92 % of the lines of a Japanese page
end in the middle of a sentence, so lines are joined unless something says that a paragraph ends:
an indent, a last line that stops short, a heading, another block. All distances are measured in
the page's own characters, so that resolution, direction and size of print do not matter.

What is no text of the work is left out: page numbers, running heads, ruby, what the layout detector
called so, and lines that were recognised twice. Where the columns of a page are plain to see, their
lines are read column by column, whatever order the tool gave them.

The geometry is worked out in `manyo.corpus.print.ocr_kernels` on columns of all lines of a publication; here is what
needs the words. `tests/ocr_oracle.py` does the same line by line.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, reduce
from itertools import accumulate, groupby, pairwise
from typing import NamedTuple

import numpy as np

from manyo.corpus.print import ocr_kernels as kernels
from manyo.corpus.print.ocr_kernels import (
    _describe,
    _drop_furniture,
    _drop_repeats,
    _find_heads,
    _find_margins,
    _mark_paragraphs,
    _share_inside,
)
from manyo.corpus.print.pages import PagedText, is_broken_word, joined


class Kind(IntEnum):
    """What a line is: only body lines run on, all others stand by themselves."""

    BODY = kernels.BODY
    HEADING = kernels.HEADING
    CAPTION = 2
    HEADNOTE = 3  # 頭注: short lines above the text
    INLINE_NOTE = 4  # 割注: two small lines within a line
    CELL = kernels.CELL  # of a table


class Box(NamedTuple):
    """A rectangle in pixels (or any unit), origin at the top left."""

    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    """A recognised line.

    Attributes:
        text: tidy, without line ends, not empty.
        kind: what it is.
        block: number of its text block on the page; None where the format knows no blocks.
        box: where it stands; None where the format does not say.
        confidence: of the layout detector, 0 to 1; None if unknown.
    """

    text: str
    kind: Kind = Kind.BODY
    block: int | None = None
    box: Box | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Lines of a page image in reading order, column by column, and boxes of what is no text.

    Attributes:
        label: name of the image or number of the frame.
        texts: of each line, tidy, without line ends, not empty.
        kinds: values of `Kind`.
        blocks: numbers of their text blocks on the page; `kernels.NO_BLOCK` where the format knows none.
        boxes: x, y, width and height, NaN where unknown; float64 (n_lines, 4) or what becomes that.
        confidences: of the layout detector, 0 to 1; NaN if unknown.
        furniture: boxes of page numbers, running heads and ruby that the layout detector saw.
    """

    label: str
    texts: Sequence[str]
    kinds: Sequence[int]
    blocks: Sequence[int]
    boxes: Sequence[Sequence[float]] | np.ndarray
    confidences: Sequence[float]
    furniture: Sequence[Box] = ()

    @classmethod
    def of(cls, label: str, lines: Sequence[Line], furniture: Sequence[Box] = ()) -> Page:
        """A page of lines."""
        return cls(
            label,
            [line.text for line in lines],
            [line.kind for line in lines],
            [kernels.NO_BLOCK if line.block is None else line.block for line in lines],
            [line.box or _NO_BOX for line in lines],
            [np.nan if line.confidence is None else line.confidence for line in lines],
            furniture,
        )

    @classmethod
    def of_texts(cls, label: str, texts: Sequence[str]) -> Page:
        """A page of lines of which nothing else is known."""
        n = len(texts)
        return cls(label, texts, [Kind.BODY] * n, [kernels.NO_BLOCK] * n, np.full((n, 4), np.nan), [np.nan] * n)

    def lines(self) -> list[Line]:
        """The lines one by one: what `of` was given."""
        boxes = [None if box[0] != box[0] else Box(*map(float, box)) for box in self.boxes]
        blocks = [None if block == kernels.NO_BLOCK else block for block in self.blocks]
        confidences = [None if value != value else float(value) for value in self.confidences]
        rows = zip(self.texts, self.kinds, blocks, boxes, confidences, strict=True)
        return [Line(text, Kind(kind), block, box, value) for text, kind, block, box, value in rows]


#: Looked up once: a name of an enumeration costs a Python call each time.
_CELL, _HEADNOTE = int(Kind.CELL), int(Kind.HEADNOTE)

_NO_BOX = Box(np.nan, np.nan, np.nan, np.nan)

#: In widths of the line: so much may two pieces of a line that begin at one height differ.
_SAME_PLACE = 0.5
#: And so far may their middles be from each other: half the distance of two lines that are set tightly.
_SAME_LINE = 0.6

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
#: So many long lines say where the text is, so that a number apart from it is a page number.
_TEXT_MIN_LINES = 3
#: A misread page number is no longer than this, dashes and blanks included.
_NUMBER_CHARS = 8

_LIMITS = np.zeros(kernels.N_LIMITS)
#: Ruby is half the size of its text; github users of the full-text packages separate the two at 1.7.
_LIMITS[kernels.RUBY_RATIO] = 1.7
_LIMITS[kernels.RUBY_CHARS] = 16
#: A block of shorter lines only is a list or a table, not prose: newspapers set 12 and more.
_LIMITS[kernels.PROSE_MIN_CHARS] = 8
#: Nor is a block whose lines are so much shorter than the page's longest (names, addresses).
_LIMITS[kernels.PROSE_MIN_FRACTION] = 1 / 3
#: An indent is one character; boxes start up to a third of a character off.
_LIMITS[kernels.INDENT_CHARS] = 0.6
#: A last line that ends with a full stop must leave room for one character at least.
_LIMITS[kernels.SHORT_CHARS] = 1.0
#: A line that ends without one, but leaves this fraction of the block's width empty, stands alone:
#: items of a list, addresses, verse.
_LIMITS[kernels.VERY_SHORT_FRACTION] = 0.3
#: Over the edge of a column or page a paragraph goes on only from a line that is nearly full.
_LIMITS[kernels.FULL_FRACTION] = 0.8
#: Sizes of print that differ more than this do not belong to one paragraph (footnotes).
_LIMITS[kernels.SIZE_RATIO] = 1.35
#: So many short lines in a row, in a format that marks no tables, are a table.
_LIMITS[kernels.TABLE_MIN_CELLS] = 8
#: Apart from the text is this far: lines of running text are half a character to one character apart.
_LIMITS[kernels.MARGIN_CHARS] = 1.0
_LIMITS[kernels.TEXT_MIN_LINES] = _TEXT_MIN_LINES
_LIMITS[kernels.HEAD_CHARS] = _RUNNING_HEAD_CHARS
#: Columns are two characters apart in print; hanging punctuation and crooked pages take most of it.
_LIMITS[kernels.COLUMN_GAP_CHARS] = 0.3
#: A title over the columns has this many lines at most.
_LIMITS[kernels.TITLE_LINES] = 3
#: From the first edge of the last column of a spread's right page to that of the left one's first.
_LIMITS[kernels.GUTTER_CHARS] = 5.0

_MEANINGS = {
    kernels.ENDS_SENTENCE: "。．.！!？?」』）)】〕］]…―",
    kernels.GOES_ON: "、，,・「『（(",
    kernels.HANGS: "、。，．",
    kernels.OPENS: "「『",
    kernels.ENDS_CELL: "。」",
    kernels.INDENTS: "　",
    kernels.KANA: "".join(map(chr, [*range(0x3041, 0x3097), *range(0x30A1, 0x30FB)])) + "ー゛゜ゝゞヽヾ〳〴〵〻〓",
}
_DASHES = r"\s(（\[［〔〈<>〉〕］\])）\-‐‑–—―ー一─━~〜～・.．,，、…|=＝"
_PAGE_NUMBER = re.compile(rf"[{_DASHES}]*\d{{1,4}}[{_DASHES}]*")
_DASHED_KANJI_NUMBER = re.compile(r"[\-‐–—―ー─━(（]\s*[〇一二三四五六七八九十百]{1,4}\s*[\-‐–—―ー─━)）]")
_KANJI_NUMBER = re.compile(r"[〇一二三四五六七八九十百千]{1,5}")
_NUMERALS = re.compile(r"[\d〇一二三四五六七八九十百\s]+")
_DIGITS = re.compile(r"\d+")
_NOT_A_LETTER = re.compile(r"[\W_]+")


@cache
def _meanings() -> np.ndarray:
    """uint8 (0x110000,), what each character says at the start or end of a line."""
    table = np.zeros(0x110000, np.uint8)
    for bit, characters in _MEANINGS.items():
        table[[ord(character) for character in characters]] |= bit
    return table


class _Lines:
    """All lines of a publication as columns; `kept` says which of them are text.

    Attributes:
        texts: of each line.
        page_offsets: int64 (n_pages + 1,), page `p` has the lines from `page_offsets[p]` to the next.
        points, point_offsets: uint32 and int64, the code points of all lines one after another.
        chars, widths, marks: length, width in full-width characters, and what the kernels know of the words.
    """

    def __init__(self, pages: Sequence[Page]) -> None:
        self.texts = [text for page in pages for text in page.texts]
        n = len(self.texts)
        self.page_offsets = _offsets(len(page.texts) for page in pages)
        self.kinds = np.array([kind for page in pages for kind in page.kinds], np.uint8)
        self.blocks = np.array([block for page in pages for block in page.blocks], np.int64)
        boxes = [np.asarray(page.boxes, np.float64).reshape(-1, 4) for page in pages]
        self.boxes = np.concatenate(boxes) if boxes else np.zeros((0, 4))
        self.confidences = np.array([value for page in pages for value in page.confidences], np.float64)
        self.points, self.point_offsets = _code_points(self.texts)
        self.chars, self.widths, self.marks = np.empty(n, np.int64), np.empty(n, np.float64), np.empty(n, np.int64)
        _describe(self.points, self.point_offsets, _meanings(), _LIMITS, self.chars, self.widths, self.marks)
        self.kept = np.ones(n, np.bool_)


def _offsets(sizes: Iterable[int]) -> np.ndarray:
    return np.array([0, *accumulate(sizes)], np.int64)


def _code_points(texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    points = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    return points, _offsets(map(len, texts))


def running_text(pages: Sequence[Page]) -> tuple[str, list[tuple[str, int]]]:
    """The pages as one text of paragraphs.

    A paragraph goes on over the end of a column or page. A caption, headnote or table that
    stands in its way follows after it.

    Returns:
        The text, and (label, start in characters) of every page, in order.
    """
    pages = [with_notes_in_lines(page) for page in pages]
    lines = _Lines(pages)
    _without_repeats(lines)
    _without_running_heads(lines, pages)
    n_lines = len(lines.texts)
    order = np.empty(n_lines, np.int64)
    continues, ending = np.zeros(n_lines, np.bool_), np.zeros(n_lines, np.bool_)
    n_ordered = _mark_paragraphs(
        lines.page_offsets, lines.boxes, lines.chars, lines.widths, lines.marks, _LIMITS, lines.kinds, lines.blocks,
        lines.kept, order, continues, ending,
    )  # fmt: skip
    return _written(lines, order[:n_ordered], continues, ending, [page.label for page in pages])


def with_notes_in_lines(page: Page) -> Page:
    """The page with each 割注 in brackets within the line in which it is printed.

    Such a line comes in pieces: text, the two half-size lines of the note, text. They become one line, since a piece
    that begins in the middle of a line would be taken for an indented one. A note beside no text stays by itself.
    """
    if Kind.INLINE_NOTE not in page.kinds:
        return page
    lines = page.lines()
    balance = sum(
        len(line.text) * (1 if line.box.height > line.box.width else -1)
        for line in lines
        if line.box and line.kind is Kind.BODY
    )
    across = 0 if balance > 0 else 1
    merged: list[Line] = []
    in_note = False  # the piece before this one was one of a note
    for line in lines:
        last = merged[-1] if merged else None
        is_note = line.kind is Kind.INLINE_NOTE
        if last is None or not _is_in_line(line, last, across):
            merged.append(line)
        elif is_note and last.kind is Kind.BODY:
            before = last.text.removesuffix("）") if in_note else f"{last.text}（"
            merged[-1] = last._replace(text=f"{before}{line.text}）", box=_around(last, line))
        elif in_note and line.kind is Kind.BODY:
            before = f"（{last.text}）" if last.kind is Kind.INLINE_NOTE else last.text
            merged[-1] = line._replace(text=before + line.text, box=_around(last, line))
        elif is_note and in_note:
            merged[-1] = last._replace(text=last.text + line.text, box=_around(last, line))
        else:
            merged.append(line)
        in_note = is_note
    return Page.of(page.label, merged, page.furniture)


def _around(one: Line, other: Line) -> Box | None:
    if one.box is None or other.box is None:
        return None
    x, y = min(one.box.x, other.box.x), min(one.box.y, other.box.y)
    right = max(one.box.x + one.box.width, other.box.x + other.box.width)
    bottom = max(one.box.y + one.box.height, other.box.y + other.box.height)
    return Box(x, y, right - x, bottom - y)


def _is_in_line(piece: Line, line: Line, across: int) -> bool:
    """Whether a piece goes on with a printed line: it lies in its width, and behind its beginning."""
    if piece.box is None or line.box is None:
        return False
    # The two lines of a note lie beside each other, each half as wide as the text.
    width = max(line.box[2 + across], 2 * piece.box[2 + across])
    between = abs(piece.box[across] + piece.box[2 + across] / 2 - line.box[across] - line.box[2 + across] / 2)
    is_behind = piece.box[1 - across] >= line.box[1 - across] - _SAME_PLACE * width
    return between <= _SAME_LINE * width and is_behind


def layout_confidence(pages: Sequence[Page]) -> float | None:
    """Mean confidence of the layout detector over the lines that have one; it says little about characters."""
    values = np.array([value for page in pages for value in page.confidences], np.float64)
    values = values[~np.isnan(values)]
    return float(values.mean()) if len(values) else None


def _without_repeats(lines: _Lines) -> None:
    """Drop ruby, and what was recognised twice; mark table cells.

    Tables first: a column of figures at the end of a page is no page number.
    """
    confidences = np.nan_to_num(lines.confidences)
    _drop_repeats(
        lines.page_offsets, lines.points, lines.point_offsets, lines.boxes, confidences, lines.chars, lines.widths,
        lines.marks, _LIMITS, lines.kinds, lines.blocks, lines.kept,
    )  # fmt: skip
    has_box = ~np.isnan(lines.boxes[:, 2])
    doubtful = np.flatnonzero(lines.kept & has_box & (lines.confidences < _LOW_CONFIDENCE))
    pages = np.searchsorted(lines.page_offsets, doubtful, "right") - 1
    second = [
        line for line, page in zip(doubtful.tolist(), pages.tolist(), strict=True)
        if _is_second_reading(line, page, lines, has_box, confidences)
    ]  # fmt: skip
    lines.kept[second] = False


def _is_second_reading(line: int, page: int, lines: _Lines, has_box: np.ndarray, confidences: np.ndarray) -> bool:
    """Whether a doubtful line only repeats a part of a line that covers its place."""
    letters = _NOT_A_LETTER.sub("", lines.texts[line])
    for other in range(lines.page_offsets[page], lines.page_offsets[page + 1]):
        if other == line or not lines.kept[other] or not has_box[other]:
            continue
        if _share_inside(lines.boxes[line], lines.boxes[other]) < 0.5:
            continue
        other_letters = _NOT_A_LETTER.sub("", lines.texts[other])
        if letters in other_letters and (len(letters) < len(other_letters) or confidences[line] < confidences[other]):
            return True
    return False


def _without_running_heads(lines: _Lines, pages: Sequence[Page]) -> None:
    """Drop furniture, running heads and page numbers.

    A line goes if the layout detector saw furniture in its place, or if it stands apart above or below the
    text, and is a number, or is much the same as on other pages, or stands where other pages have their
    number or running head. So neither a misread character nor a chapter of two pages saves it. Where
    nothing stands apart, a first or last line goes that is a number, or repeats at the same height.
    """
    in_margins = _in_margins(lines)
    furniture = [box for page in pages for box in page.furniture]
    if furniture:
        _drop_furniture(
            lines.page_offsets,
            _offsets(len(page.furniture) for page in pages),
            np.array(furniture, np.float64),
            lines.boxes,
            lines.kept,
        )
    lines.kept[in_margins] = False
    _drop_page_numbers(lines)
    _drop_repeated_ends(lines)


def _in_margins(lines: _Lines) -> np.ndarray:
    """int64, the lines apart from the text that are numbers or running heads."""
    sides = np.zeros(len(lines.texts), np.uint8)
    n_text = np.zeros(len(lines.page_offsets) - 1, np.int64)
    _find_margins(
        lines.page_offsets, lines.boxes, lines.chars, lines.widths, lines.marks, _LIMITS, lines.kinds, lines.kept,
        sides, n_text,
    )  # fmt: skip
    found = np.flatnonzero(sides)
    if not len(found):
        return found
    page_of = np.searchsorted(lines.page_offsets, found, "right") - 1
    knows_text = (n_text[page_of] >= _TEXT_MIN_LINES).tolist()
    texts = [lines.texts[line] for line in found.tolist()]
    are_numbers = [
        knows and bool(_is_page_number(text) or _KANJI_NUMBER.fullmatch(text))
        for text, knows in zip(texts, knows_text, strict=True)
    ]
    words = [_NUMERALS.sub("", text) for text in texts]
    sides_found = sides[found].tolist()
    seen = Counter(
        (side, word) for side, word, number in zip(sides_found, words, are_numbers, strict=True) if word and not number
    )
    repeat = [
        not number and bool(word) and seen[side, word] >= _RUNNING_HEAD_PAGES
        for side, word, number in zip(sides_found, words, are_numbers, strict=True)
    ]
    boxes = lines.boxes[found]
    dropped = np.zeros(len(found), np.bool_)
    _find_heads(
        sides[found],
        boxes[:, :2] + boxes[:, 2:] / 2,
        np.maximum(boxes[:, 2:].min(axis=1), 1.0),
        lines.chars[found],
        np.array(are_numbers, np.bool_),
        np.array(repeat, np.bool_),
        *_code_points(words),
        (_RUNNING_HEAD_PAGES, _NUMBER_CHARS, _SAME_FRACTION, _HEAD_SIZE_RATIO),
        dropped,
    )
    return found[dropped]


def _is_page_number(text: str) -> bool:
    return bool(_PAGE_NUMBER.fullmatch(text) or _DASHED_KANJI_NUMBER.fullmatch(text))


def _kept_by_page(lines: _Lines) -> list[list[int]]:
    """The lines that are kept, page by page."""
    kept = np.flatnonzero(lines.kept)
    cuts = np.searchsorted(kept, lines.page_offsets).tolist()
    numbers = kept.tolist()
    return [numbers[first:last] for first, last in pairwise(cuts)]


def _drop_page_numbers(lines: _Lines) -> None:
    """Drop up to two page numbers (a spread has two) at each end of a page: "(30)", "― 30 ―"."""
    texts, kinds = lines.texts, lines.kinds

    def is_number(line: int) -> bool:
        return _is_page_number(texts[line]) and kinds[line] != Kind.CELL

    dropped: list[int] = []
    for numbers in _kept_by_page(lines):
        first, last = 0, len(numbers)
        while first < min(2, last) and is_number(numbers[first]):
            first += 1
        while last > max(first, len(numbers) - 2) and is_number(numbers[last - 1]):
            last -= 1
        dropped += numbers[:first] + numbers[last:]
    lines.kept[dropped] = False


def _drop_repeated_ends(lines: _Lines) -> None:
    """Drop the first and last line of pages that repeat, but for digits, at the same height."""
    pages = _kept_by_page(lines)
    kept = lines.kept
    bottoms = (lines.boxes[kept, 1] + lines.boxes[kept, 3]) if kept.any() else np.zeros(0)
    height = float(np.nanmax(bottoms)) if (~np.isnan(bottoms)).any() else 0.0
    places: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for numbers in pages:
        if len(numbers) < 2:
            continue
        for end in (0, -1):
            line = numbers[end]
            text = lines.texts[line]
            # A novel's pages begin with 「ええ。」 more than twice, and a vertical line always at the same height.
            if text.endswith(("。", "」", "、")) or lines.kinds[line] in (_CELL, _HEADNOTE):
                continue
            words = _DIGITS.sub("", text).strip()
            top = float(lines.boxes[line, 1])
            if 1 < len(words) <= _RUNNING_HEAD_CHARS and top == top:
                places[words, end].append((top, line))
    for found in places.values():
        tops = [top for top, _ in found]
        if len(found) >= _RUNNING_HEAD_PAGES and max(tops) - min(tops) <= _RUNNING_HEAD_SHIFT * height:
            lines.kept[[line for _, line in found]] = False


class _Writer:
    """Writes lines as paragraphs; holds back what would interrupt one."""

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels
        self._n_started = 0
        self._text = PagedText()
        self._last: str | None = None  # last piece of the open paragraph
        self._ends = False  # whether the paragraph ends after it
        self._held: list[tuple[int, str]] = []

    def write_body(self, page: int, text: str, continues: bool, ends: bool, is_ascii: bool) -> None:
        """Write a line of running text; `is_ascii` says whether it begins so."""
        if self._last is not None and continues:
            is_broken = is_ascii and is_broken_word(self._last, text)
            if is_broken:
                self._text.drop_last_character()
            self._put(page, text, joined(self._last, text) if is_ascii and not is_broken else "")
        else:
            self.close()
            self._put(page, text)
        self._last, self._ends = text, ends

    def write(self, page: int, kind: int, text: str) -> None:
        """Write what is no running text."""
        if kind == Kind.INLINE_NOTE and self._last is not None:
            self._last = f"（{text}）"
            self._put(page, self._last)
        elif kind == Kind.HEADING or self._last is None or self._ends:
            self.close()
            self._put(page, text)
            self._text.add("\n")
        else:
            self._held.append((page, text))

    def finish(self) -> tuple[str, list[tuple[str, int]]]:
        """The text, and where its pages start."""
        self.close()
        for label in self._labels[self._n_started :]:
            self._text.start_page(label)
        return self._text.finish()

    def close(self) -> None:
        """End the open paragraph, and let follow what waited for its end."""
        if self._last is not None:
            self._text.add("\n")
            self._last = None
        held, self._held = self._held, []
        for page, text in held:
            self._put(page, text)
            self._text.add("\n")

    def _put(self, page: int, text: str, gap: str = "") -> None:
        if gap:
            self._text.add(gap)
        while self._n_started <= page:
            self._text.start_page(self._labels[self._n_started])
            self._n_started += 1
        self._text.add(text)


def _in_one_line(left: str, right: str) -> str:
    return left + joined(left, right) + right


def _written(
    lines: _Lines, order: np.ndarray, continues: np.ndarray, ending: np.ndarray, labels: list[str]
) -> tuple[str, list[tuple[str, int]]]:
    """The lines in this order as paragraphs, table cells as rows, the short lines of a note together."""
    writer = _Writer(labels)
    pages = (np.searchsorted(lines.page_offsets, order, "right") - 1).tolist()
    kinds, goes_on, ends = lines.kinds[order].tolist(), continues[order].tolist(), ending[order].tolist()
    texts = [lines.texts[line] for line in order.tolist()]
    blocks = lines.blocks[order].tolist()
    are_ascii = (lines.marks[order] & kernels.FIRST_ASCII != 0).tolist()
    places = range(len(texts))
    for (page, kind, _), run in groupby(places, key=lambda at: (pages[at], kinds[at], blocks[at])):
        if kind == Kind.BODY:
            for at in run:
                writer.write_body(page, texts[at], goes_on[at], ends[at], are_ascii[at])
        elif kind == Kind.INLINE_NOTE:
            writer.write(page, kind, "".join(texts[at] for at in run))
        elif kind == Kind.HEADNOTE:
            writer.write(page, kind, reduce(_in_one_line, (texts[at] for at in run)))
        elif kind == Kind.CELL:
            for row in _rows(lines, [int(order[at]) for at in run]):
                writer.write(page, kind, row)
        else:
            for at in run:
                writer.write(page, kind, texts[at])
    return writer.finish()


def _rows(lines: _Lines, cells: list[int]) -> list[str]:
    """Rows of a table, top to bottom, cells left to right with a space between.

    A cell that spans several rows stands by itself before the first of them. Vertical tables,
    and cells without boxes, are left in reading order, one cell a line.
    """
    boxes = lines.boxes[cells]
    texts = [lines.texts[cell] for cell in cells]
    is_tall = boxes[:, 3] > boxes[:, 2]
    is_vertical = np.where(is_tall, lines.chars[cells], -lines.chars[cells]).sum() > 0
    if np.isnan(boxes[:, 2]).any() or is_vertical:
        return texts
    height = float(np.median(boxes[:, 3]))
    rows: list[tuple[float, list[tuple[float, str]]]] = []
    placed = list(zip(boxes.tolist(), texts, strict=True))
    tall = [(y, text) for (_, y, _, h), text in placed if h > 1.8 * height]
    flat = [(y + h / 2, x, text) for (x, y, _, h), text in placed if h <= 1.8 * height]
    for centre, x, text in sorted(flat):
        if rows and centre - rows[-1][0] < 0.5 * height:
            rows[-1][1].append((x, text))
        else:
            rows.append((centre, [(x, text)]))
    written = [(centre, " ".join(text for _, text in sorted(row))) for centre, row in rows]
    return [text for _, text in sorted([*written, *tall], key=lambda row: row[0])]
