"""From recognised lines with boxes to running text.

An OCR page is a list of lines; a text is paragraphs. 86 to 92 % of the lines of a Japanese page
end in the middle of a sentence, so lines are joined unless something says that a paragraph ends:
an indent, a last line that stops short, a heading, another block. All distances are measured in
the page's own characters, so that resolution, direction and size of print do not matter.

What is not text of the work is left out (`manyo.corpus.print.furniture`). Where the columns of a page are plain to
see, their lines are read column by column, whatever order the tool gave them.

The geometry is compiled (`manyo.corpus.print.paragraph_kernels`); here is what needs the words.
`tests/ocr_oracle.py` and `tests/paragraph_oracle.py` do the same line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import groupby
from typing import Final

import numpy as np

from manyo.corpus.jit import Int64s
from manyo.corpus.print.furniture import drop_heads_and_numbers, drop_ruby_and_repeats
from manyo.corpus.print.geometry_kernels import FIRST_ASCII, Box, Boxes, Kind, Lines
from manyo.corpus.print.pages import PagedText, is_broken_word, joined
from manyo.corpus.print.paragraph_kernels import Paragraphs, find_paragraphs
from manyo.corpus.print.recognised import Line, Page, columns, offsets, pages_of

#: Two pieces of one printed line start at heights that differ by at most this many widths of the line.
_SAME_PLACE = 0.5
#: Their middles are at most this far apart: half the distance of two lines that are set tightly.
_SAME_LINE = 0.6
#: A page of more lines is read as several, because lines of one page are compared with each other. A page of a
#: newspaper, 15 columns of 130 lines, has half as many.
MAX_LINES: Final = 4096
#: A cell that is higher than this many others spans several rows.
_TALL_CELL_RATIO = 1.8


def running_text(pages: Sequence[Page]) -> tuple[str, list[tuple[str, int]]]:
    """The pages as one text of paragraphs.

    A paragraph goes on over the end of a column or page. A caption, headnote or table that
    stands in its way follows after it.

    Returns:
        The text, and (label, start in characters) of every page, in order.
    """
    pieces, first_pieces = _pieces([with_notes_in_lines(page) for page in pages])
    texts, lines = columns(pieces)
    drop_ruby_and_repeats(texts, lines)
    drop_heads_and_numbers(texts, lines, [piece.furniture for piece in pieces])
    writer = _joined(texts, lines, [piece.label for piece in pieces], is_ordered=False)
    text, starts = writer.finish()
    return text, [starts[piece] for piece in first_pieces]


def ordered_text(
    pages: Sequence[Page], starts: Sequence[int] = (), goes_on: Sequence[int] = ()
) -> tuple[str, list[tuple[str, int]], list[int]]:
    """Pages whose lines are known to be text and to stand in reading order, as one text of paragraphs.

    Args:
        pages: with their lines.
        starts: lines, counted over all pages, that are known to start a paragraph.
        goes_on: lines that are known to belong to the paragraph of the line before them.

    Returns:
        The text, (label, start in characters) of every page, and where the text of each line starts; -1 for a line
        whose text is not there as it was given.
    """
    pieces, first_pieces = _pieces(pages)
    texts, lines = columns(pieces)
    writer = _joined(texts, lines, [piece.label for piece in pieces], starts, goes_on, is_ordered=True)
    text, piece_starts = writer.finish()
    return text, [piece_starts[piece] for piece in first_pieces], writer.line_starts(texts, text)


def _pieces(pages: Sequence[Page]) -> tuple[list[Page], list[int]]:
    """The pages in pieces of at most `MAX_LINES` lines, and the number of each page's first piece."""
    of_pages = [page.pieces(MAX_LINES) for page in pages]
    return [piece for pieces in of_pages for piece in pieces], offsets(map(len, of_pages))[:-1].tolist()


def without_furniture(page: Page) -> Page:
    """A recognised page without what is not text of the work."""
    page = with_notes_in_lines(page)
    texts, lines = columns([page])
    drop_ruby_and_repeats(texts, lines)
    drop_heads_and_numbers(texts, lines, [page.furniture])
    kept = lines.kept.tolist()
    return Page.of(page.label, [line for line, is_kept in zip(page.lines(), kept, strict=True) if is_kept])


def _joined(
    texts: list[str],
    lines: Lines,
    labels: list[str],
    starts: Sequence[int] = (),
    goes_on: Sequence[int] = (),
    *,
    is_ordered: bool,
) -> _Writer:
    """The lines as paragraphs."""
    n_lines = len(texts)
    found = Paragraphs(
        continues=np.zeros(n_lines, np.bool_),
        ends=np.zeros(n_lines, np.bool_),
        is_indented=np.zeros(n_lines, np.bool_),
        is_vertical=np.zeros(n_lines, np.bool_),
        chars=np.zeros(n_lines, np.float64),
        block_chars=np.zeros(n_lines, np.float64),
        size=np.zeros(n_lines, np.float64),
    )
    order = np.empty(n_lines, np.int64)
    n_ordered = find_paragraphs(lines, is_ordered, found, order)
    found.continues[list(starts)] = False
    if goes_on:
        found.continues[list(goes_on)] = True
        body = np.flatnonzero(lines.kinds == Kind.BODY)
        found.ends[body[np.maximum(np.searchsorted(body, goes_on) - 1, 0)]] = False
    return _written(texts, lines, order[:n_ordered], found, labels)


def with_notes_in_lines(page: Page) -> Page:
    """The page with each 割注 in brackets within the line in which it is printed.

    Such a line comes in pieces: text, the two half-size lines of the note, text. They become one line, since a piece
    that begins in the middle of a line would be taken for an indented one. A note without text next to it stays apart.
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
    in_note = False  # whether the piece before this one belongs to a note
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
    """Whether a piece goes on with a printed line: it lies within its width and after its beginning."""
    if piece.box is None or line.box is None:
        return False
    # The two lines of a note lie next to each other, each half as wide as the text.
    width = max(line.box[2 + across], 2 * piece.box[2 + across])
    between = abs(piece.box[across] + piece.box[2 + across] / 2 - line.box[across] - line.box[2 + across] / 2)
    is_after = piece.box[1 - across] >= line.box[1 - across] - _SAME_PLACE * width
    return between <= _SAME_LINE * width and is_after


class _Writer:
    """Writes lines as paragraphs; a caption or table that would interrupt a paragraph is written after it."""

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels
        self._n_started = 0
        self._text = PagedText()
        self._last: str | None = None  # last piece of the open paragraph
        self._ends = False  # whether the paragraph ends after it
        self._held: list[tuple[int, str, int]] = []
        self._pieces: dict[int, int] = {}  # the piece of the text that each line is

    def write_body(self, page: int, text: str, line: int, continues: bool, ends: bool, is_ascii: bool) -> None:
        """Write a line of running text; `is_ascii` says whether it begins so."""
        if self._last is not None and continues:
            is_broken = is_ascii and is_broken_word(self._last, text)
            if is_broken:
                self._text.drop_last_character()
            self._put(page, text, line, joined(self._last, text) if is_ascii and not is_broken else "")
        else:
            self.close()
            self._put(page, text, line)
        self._last, self._ends = text, ends

    def write(self, page: int, kind: int, text: str, line: int) -> None:
        """Write a line that is not running text."""
        if kind == Kind.INLINE_NOTE and self._last is not None:
            self._last = f"（{text}）"
            self._put(page, self._last, line)
        elif kind == Kind.HEADING or self._last is None or self._ends:
            self.close()
            self._put(page, text, line)
            self._text.add("\n")
        else:
            self._held.append((page, text, line))

    def finish(self) -> tuple[str, list[tuple[str, int]]]:
        """The text, and where its pages start."""
        self.close()
        for label in self._labels[self._n_started :]:
            self._text.start_page(label)
        return self._text.finish()

    def line_starts(self, texts: list[str], text: str) -> list[int]:
        """Where each line starts in the finished text; -1 for one whose text is not there as it was given."""
        piece_starts = self._text.piece_starts()
        starts = [-1] * len(texts)
        for line, piece in self._pieces.items():
            start = max(piece_starts[piece], 0)
            if text.startswith(texts[line], start):
                starts[line] = start
        return starts

    def close(self) -> None:
        """End the open paragraph, and write what was held back until its end."""
        if self._last is not None:
            self._text.add("\n")
            self._last = None
        held, self._held = self._held, []
        for page, text, line in held:
            self._put(page, text, line)
            self._text.add("\n")

    def _put(self, page: int, text: str, line: int, gap: str = "") -> None:
        if gap:
            self._text.add(gap)
        while self._n_started <= page:
            self._text.start_page(self._labels[self._n_started])
            self._n_started += 1
        self._pieces[line] = self._text.add(text)


def _in_one_line(left: str, right: str) -> str:
    return left + joined(left, right) + right


def _written(texts: list[str], lines: Lines, order: Int64s, found: Paragraphs, labels: list[str]) -> _Writer:
    """The lines in this order as paragraphs, table cells as rows, the short lines of a note together."""
    writer = _Writer(labels)
    pages = pages_of(lines, order).tolist()
    kinds, goes_on, ends = lines.kinds[order].tolist(), found.continues[order].tolist(), found.ends[order].tolist()
    numbers = order.tolist()
    ordered = [texts[line] for line in numbers]
    blocks = lines.blocks[order].tolist()
    are_ascii = (lines.marks[order] & FIRST_ASCII != 0).tolist()
    places = range(len(ordered))
    for (page, kind, _), run in groupby(places, key=lambda at: (pages[at], kinds[at], blocks[at])):
        if kind == Kind.BODY:
            for at in run:
                writer.write_body(page, ordered[at], numbers[at], goes_on[at], ends[at], are_ascii[at])
        elif kind == Kind.INLINE_NOTE:
            members = list(run)
            writer.write(page, kind, "".join(ordered[at] for at in members), numbers[members[0]])
        elif kind == Kind.HEADNOTE:
            members = list(run)
            writer.write(page, kind, reduce(_in_one_line, (ordered[at] for at in members)), numbers[members[0]])
        elif kind == Kind.CELL:
            members = [numbers[at] for at in run]
            for row in _rows(texts, lines, members):
                writer.write(page, kind, row, members[0])
        else:
            for at in run:
                writer.write(page, kind, ordered[at], numbers[at])
    return writer


def _rows(texts: list[str], lines: Lines, cells: list[int]) -> list[str]:
    """Rows of a table, top to bottom, cells left to right with a space between.

    A cell that spans several rows stands by itself before the first of them. Vertical tables,
    and cells without boxes, are left in reading order, one cell a line.
    """
    boxes = Boxes(*(column[cells] for column in lines.boxes))
    words = [texts[cell] for cell in cells]
    are_tall = boxes.height > boxes.width
    is_vertical = np.where(are_tall, lines.chars[cells], -lines.chars[cells]).sum() > 0
    if np.isnan(boxes.width).any() or is_vertical:
        return words
    height = float(np.median(boxes.height))
    rows: list[tuple[float, list[tuple[float, str]]]] = []
    placed = list(zip(boxes.x.tolist(), boxes.y.tolist(), boxes.height.tolist(), words, strict=True))
    tall = [(y, text) for _, y, h, text in placed if h > _TALL_CELL_RATIO * height]
    flat = [(y + h / 2, x, text) for x, y, h, text in placed if h <= _TALL_CELL_RATIO * height]
    for centre, x, text in sorted(flat):
        if rows and centre - rows[-1][0] < 0.5 * height:
            rows[-1][1].append((x, text))
        else:
            rows.append((centre, [(x, text)]))
    written = [(centre, " ".join(text for _, text in sorted(row))) for centre, row in rows]
    return [text for _, text in sorted([*written, *tall], key=lambda row: row[0])]
