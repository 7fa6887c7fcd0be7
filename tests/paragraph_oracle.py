"""From the lines of a page to its paragraphs, line by line: the second half of `tests/ocr_oracle.py`."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.pages import PagedText, is_broken_word, joined
from manyo.corpus.print.recognised import Line

#: An indent is one character; boxes start up to a third of a character off.
_INDENT_CHARS = 0.6
#: A last line that ends with a full stop must leave room for one character at least.
_SHORT_CHARS = 1.0
#: A line that ends without one, but leaves this fraction of the block's width empty, stands alone:
#: items of a list, addresses, verse.
_VERY_SHORT_FRACTION = 0.3
#: A block of shorter lines only is a list or a table, not prose: newspapers set 12 and more.
PROSE_MIN_CHARS = 8
#: Nor is a block whose lines are so much shorter than the page's longest (names, addresses).
_PROSE_MIN_FRACTION = 1 / 3
#: This many of them in a row, in a format that marks no tables, are a table.
_TABLE_MIN_CELLS = 8
#: Over the edge of a column or page a paragraph goes on only from a line that is nearly full.
_FULL_FRACTION = 0.8
#: Sizes of print that differ more than this do not belong to one paragraph (footnotes).
_SIZE_RATIO = 1.35
_SENTENCE_END = tuple("。．.！!？?」』）)】〕］]…―")
_GOES_ON = tuple("、，,・「『（(")
HANGING = tuple("、。，．")


def is_tall(box: Box) -> bool:
    return box.height > box.width


@dataclass(frozen=True, slots=True)
class _Piece:
    """A line, or a row of a table, with what its place on the page says about paragraphs.

    Attributes:
        fill: its length as a fraction of the longest line of its block.
        length: in characters of the page; block_length: of the longest line of its block.
        is_indented, ends: a paragraph starts with it, ends after it.
        size: of its print, in pixels; 0 if unknown.
    """

    page: int
    block: int
    kind: Kind
    text: str
    is_indented: bool = False
    ends: bool = False
    length: float = 0.0
    block_length: float = 0.0
    size: float = 0.0
    is_vertical: bool = False


def _continues(last: _Piece, piece: _Piece) -> bool:
    """Whether a body line goes on with the paragraph of the one before it."""
    if last.ends or piece.is_indented:
        return False
    if (last.page, last.block) == (piece.page, piece.block):
        return True
    if last.is_vertical != piece.is_vertical or last.text.endswith(_SENTENCE_END):
        return False
    if last.size and piece.size and not 1 / _SIZE_RATIO < last.size / piece.size < _SIZE_RATIO:
        return False
    # Without boxes a line may be a whole page, so lengths of different pages say nothing.
    full_length = max(last.block_length, piece.block_length) if last.size else last.block_length
    return last.length >= _FULL_FRACTION * full_length or last.text.endswith(_GOES_ON)


class Writer:
    """Writes pieces as paragraphs; a caption or table that would interrupt a paragraph is written after it."""

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels
        self._n_started = 0
        self._text = PagedText()
        self._last: _Piece | None = None  # last body line of the open paragraph
        self._held: list[_Piece] = []
        self._tail = ""  # what was written last

    def write(self, piece: _Piece) -> None:
        last = self._last
        if piece.kind is Kind.BODY:
            if last is not None and _continues(last, piece):
                is_broken = is_broken_word(self._tail, piece.text)
                if is_broken:
                    self._text.drop_last_character()
                self._put(piece, "" if is_broken else joined(self._tail, piece.text))
            else:
                self._close()
                self._put(piece, "")
            self._last = piece
        elif piece.kind is Kind.INLINE_NOTE and last is not None:
            self._put(replace(piece, text=f"（{piece.text}）"), "")
        elif piece.kind is Kind.HEADING or last is None or last.ends:
            self._close()
            self._put(piece, "")
            self._text.add("\n")
        else:
            self._held.append(piece)

    def finish(self) -> tuple[str, list[tuple[str, int]]]:
        self._close()
        for label in self._labels[self._n_started :]:
            self._text.start_page(label)
        return self._text.finish()

    def _close(self) -> None:
        """End the open paragraph, and write what was held back until its end."""
        if self._last is not None:
            self._text.add("\n")
            self._last = None
        held, self._held = self._held, []
        for piece in held:
            self._put(piece, "")
            self._text.add("\n")

    def _put(self, piece: _Piece, gap: str) -> None:
        if gap:
            self._text.add(gap)
        self._tail = piece.text
        while self._n_started <= piece.page:
            self._text.start_page(self._labels[self._n_started])
            self._n_started += 1
        self._text.add(piece.text)


def pieces(lines: Sequence[Line], page: int) -> list[_Piece]:
    """The lines of a page with their paragraph marks, table cells as rows, inline notes together."""
    blocks = _block_numbers(lines)
    members: dict[int, list[int]] = defaultdict(list)
    for index, (line, block) in enumerate(zip(lines, blocks, strict=True)):
        if line.kind is Kind.BODY:
            members[block].append(index)
    body_lines = [line for line in lines if line.kind is Kind.BODY]
    char_size = char_size_of(body_lines)
    is_vertical = is_vertical_page(body_lines)
    page_longest = max((end - start for start, end in (_span(line, is_vertical) for line in body_lines)), default=0.0)
    body: dict[int, _Piece] = {}
    for block, indices in members.items():
        marked = _marked([lines[index] for index in indices], page, block, char_size, page_longest)
        body.update(zip(indices, marked, strict=True))
    pieces: list[_Piece] = []
    for (kind, block), run in groupby(range(len(lines)), key=lambda index: (lines[index].kind, blocks[index])):
        indices = list(run)
        if kind is Kind.BODY:
            pieces += [body[index] for index in indices]
        elif kind is Kind.INLINE_NOTE:
            pieces.append(_Piece(page, block, kind, "".join(lines[index].text for index in indices)))
        elif kind is Kind.HEADNOTE:
            note = lines[indices[0]].text
            for index in indices[1:]:
                note += joined(note, lines[index].text) + lines[index].text
            pieces.append(_Piece(page, block, kind, note))
        elif kind is Kind.CELL:
            pieces += [_Piece(page, block, kind, row) for row in _rows([lines[index] for index in indices])]
        else:
            pieces += [_Piece(page, block, kind, lines[index].text) for index in indices]
    return pieces


def _marked(lines: list[Line], page: int, block: int, page_char_size: float, page_longest: float) -> list[_Piece]:
    """Body lines of one block, with what their starts and ends say about paragraphs."""
    is_vertical = is_vertical_page(lines)
    spans = [_span(line, is_vertical) for line in lines]
    size = char_size_of(lines) or page_char_size or 1.0
    # 、 and 。 may hang over the edge, so lines that end with them do not say where it is.
    edges = [end for line, (_, end) in zip(lines, spans, strict=True) if not line.text.endswith(HANGING)]
    block_end = max(edges or [end for _, end in spans])
    width = block_end - min(start for start, _ in spans)
    longest = max(end - start for start, end in spans)
    indent = _INDENT_CHARS * size
    has_boxes = all(line.box for line in lines)
    pieces: list[_Piece] = []
    for i, (line, (start, end)) in enumerate(zip(lines, spans, strict=True)):
        neighbours = [
            (spans[j][0], spans[j][1] - (size if lines[j].text.endswith(HANGING) else 0.0))
            for j in (i - 1, i + 1)
            if 0 <= j < len(spans)
        ] or [(start, end)]
        left_free = start - min(span[0] for span in neighbours)
        right_free = max(span[1] for span in neighbours) - end
        stands_alone = (
            longest < PROSE_MIN_CHARS * size
            or (longest < _PROSE_MIN_FRACTION * page_longest and not _fills_column(lines, spans, block_end, size))
            # The same white on both sides: a title or caption in the middle of the column.
            or (min(left_free, right_free) >= indent and abs(left_free - right_free) < size)
            # A date or signature at the end of the line; a number in a table.
            or left_free >= _VERY_SHORT_FRACTION * width
        )
        ends_sentence = line.text.endswith(_SENTENCE_END)
        # "… said," and then speech on a line of its own is not one line that was cut short.
        speech_follows = i + 1 < len(lines) and lines[i + 1].text[0] in "「『"
        goes_on = line.text.endswith(_GOES_ON) and not speech_follows
        ends = (
            stands_alone
            or (ends_sentence and block_end - end >= _SHORT_CHARS * size)
            or (block_end - end >= _VERY_SHORT_FRACTION * width and not goes_on)
        )
        # How much deeper it starts than the lines before and after it.
        before = start - spans[i - 1][0] if i else 0.0
        after = start - spans[i + 1][0] if i + 1 < len(spans) else 0.0
        follows_end = i == 0 or pieces[-1].ends or lines[i - 1].text.endswith(_SENTENCE_END)
        # An item's second line hangs deeper than the one before it, but not than the one after.
        is_indented = (
            line.text[0] == "　"
            or stands_alone
            or (after >= indent and (i == 0 or before >= indent))
            or (follows_end and max(before, after) >= indent)
        )
        length, block_length = (end - start) / size, longest / size
        print_size = size if has_boxes else 0.0
        pieces.append(
            _Piece(page, block, line.kind, line.text, is_indented, ends, length, block_length, print_size, is_vertical)
        )
    return pieces


def _fills_column(lines: list[Line], spans: list[tuple[float, float]], block_end: float, size: float) -> bool:
    """Whether short lines are a narrow column of sentences: half of them, and two, are full within a sentence."""
    are_ended = [line.text.endswith(_SENTENCE_END) or line.text[-1].isascii() for line in lines]
    full = [
        end
        for (_, end), is_ended in zip(spans[:-1], are_ended, strict=False)
        if not is_ended and block_end - end < _SHORT_CHARS * size
    ]
    has_sentence = any(line.text.endswith(_SENTENCE_END) for line in lines)
    return has_sentence and len(full) >= max(0.5 * (len(lines) - 1), 2)


def with_cells(lines: Sequence[Line]) -> list[Line]:
    """The lines, with the tables marked that a format without types does not mark: long runs of short lines."""
    marked: list[Line] = []
    for is_short, run in groupby(lines, key=_may_be_cell):
        members = list(run)
        if is_short and len(members) >= _TABLE_MIN_CELLS:
            block = -1 - len(marked)
            members = [line._replace(kind=Kind.CELL, block=block) for line in members]
        marked += members
    return marked


def _may_be_cell(line: Line) -> bool:
    return (
        line.kind is Kind.BODY
        and line.block is None
        and line.box is not None
        and _width_chars(line.text) < PROSE_MIN_CHARS
        and not line.text.endswith(("。", "」"))
    )


def _block_numbers(lines: Sequence[Line]) -> list[int]:
    """Each line's block; where the format knows none, runs of lines that lie next to each other."""
    numbers: list[int] = []
    next_number = 1 + max((line.block for line in lines if line.block is not None), default=0)
    previous: Line | None = None
    for line in lines:
        if line.block is not None:
            numbers.append(line.block)
        elif previous is not None and previous.block is None and _lie_together(previous, line):
            numbers.append(numbers[-1])
        else:
            numbers.append(next_number)
            next_number += 1
        previous = line
    return numbers


def _lie_together(line: Line, following: Line) -> bool:
    """Whether a line can be the next one of the same block: right below, or for vertical lines right to the left."""
    if line.box is None or following.box is None:
        return line.box is following.box
    a, b = line.box, following.box
    if (is_tall(a) or is_tall(b)) and not is_vertical_page([line, following]):
        return False
    if is_vertical_page([line, following]):
        a, b = Box(a.y, -a.x - a.width, a.height, a.width), Box(b.y, -b.x - b.width, b.height, b.width)
    thickness = max(a.height, b.height)
    overlap = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    # 1.5 lines of white are still line spacing; a column starts further up again.
    return (
        -0.5 * thickness <= b.y - (a.y + a.height) <= 1.5 * thickness
        and overlap >= 0.5 * min(a.width, b.width)
        and thickness < 1.8 * min(a.height, b.height)
    )


def is_vertical_page(lines: Sequence[Line]) -> bool:
    """By the shapes of the boxes, longer lines counting more: a line of one character has no direction."""
    balance = 0
    for text, _, _, box, _ in lines:
        if box is not None:
            balance += len(text) if box[3] > box[2] else -len(text)
    return balance > 0


def _span(line: Line, is_vertical: bool) -> tuple[float, float]:
    """Start and end in the direction of reading; in characters where there is no box."""
    if line.box is None:
        return 0.0, _width_chars(line.text)
    if is_vertical:
        return line.box.y, line.box.y + line.box.height
    return line.box.x, line.box.x + line.box.width


def char_size_of(lines: list[Line]) -> float:
    """Median advance of a full-width character in pixels; 0 where no line has a box."""
    is_vertical = is_vertical_page(lines)
    advances = [
        (line.box.height if is_vertical else line.box.width) / _width_chars(line.text)
        for line in lines
        if line.box and len(line.text) >= 5
    ]
    if advances:
        return statistics.median(advances)
    return statistics.median([min(line.box.width, line.box.height) for line in lines if line.box] or [0.0])


def _width_chars(text: str) -> float:
    """Width in full-width characters; ASCII is half as wide."""
    return len(text) - 0.5 * len(text.encode("ascii", "ignore")) or 0.5


def _rows(cells: list[Line]) -> list[str]:
    """Rows of a table, top to bottom, cells left to right with a space between.

    A cell that spans several rows stands by itself before the first of them. Vertical tables,
    and cells without boxes, are left in reading order, one cell a line.
    """
    boxed = [(cell.text, cell.box) for cell in cells if cell.box]
    if len(boxed) < len(cells) or is_vertical_page(cells):
        return [cell.text for cell in cells]
    height = statistics.median(box.height for _, box in boxed)
    rows: list[tuple[float, list[tuple[float, str]]]] = []
    tall = [(box.y, text) for text, box in boxed if box.height > 1.8 * height]
    flat = [(box.y + box.height / 2, box.x, text) for text, box in boxed if box.height <= 1.8 * height]
    for centre, x, text in sorted(flat):
        if rows and centre - rows[-1][0] < 0.5 * height:
            rows[-1][1].append((x, text))
        else:
            rows.append((centre, [(x, text)]))
    texts = [(centre, " ".join(text for _, text in sorted(row))) for centre, row in rows]
    return [text for _, text in sorted([*texts, *tall], key=lambda row: row[0])]
