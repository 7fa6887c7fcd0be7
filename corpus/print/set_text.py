"""Pages of blocks as one text with its structure: headings, tables with rows and cells, readings, emphasis."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final, NamedTuple

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.line_text import TextLine, body_size
from manyo.corpus.print.page_parts import Block, cell_text
from manyo.corpus.print.paragraphs import ordered_text, without_furniture
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.structure import Span, Structure, nested
from manyo.corpus.text import tidy

#: Headings are larger than most of the text by this.
_HEADING_RATIO: Final = 1.15
#: They have this many lines and characters at most.
_HEADING_LINES: Final = 3
_HEADING_CHARS: Final = 60
_MAX_LEVEL: Final = 6


class ArrangedPage(NamedTuple):
    """A page in reading order.

    Attributes:
        label: of the page.
        blocks: in their order.
        notes: one line each.
        recognised: what OCR made of the page, in place of them.
    """

    label: str
    blocks: list[Block]
    notes: list[TextLine]
    recognised: Page | None = None


def set_text(pages: Sequence[ArrangedPage]) -> tuple[str, list[tuple[str, int]], Structure]:
    """The text of the pages, where each page starts in it, and its structure.

    Notes follow the page on which they stand, a paragraph that goes on over the page's end goes on.
    """
    levels = _heading_levels(pages)
    sources: list[tuple[TextLine, int, bool] | None] = []
    made = []
    items = _Items()
    for page in pages:
        items.end_page(page.blocks)
        if page.recognised is not None:
            made.append(replace(without_furniture(page.recognised), label=page.label))
            sources += [None] * len(made[-1].texts)
            continue
        lines = []
        for line, kind, block, level, is_row in _page_lines(page, levels):
            # Empty cells at the end of a row would be taken off later, and places in the text would not fit.
            text = line.text.rstrip() if is_row else tidy(line.text)
            if not text.strip():
                continue
            lines.append(
                Line(text, kind, block, Box(line.left, line.top, line.right - line.left, line.bottom - line.top))
            )
            if kind is Kind.BODY:
                items.add(line, block, len(sources))
            elif is_row:
                items.pass_table()
            sources.append((line._replace(text=text), level, is_row))
        made.append(Page.of(page.label, lines))
    text, starts, line_starts = ordered_text(made, items.starts, items.goes_on)
    return text, starts, Structure.of(nested(_spans(sources, line_starts)))


class _Items:
    """Finds the items of lists among lines: where they start, and which lines hang below their first.

    An item starts with a number or sign and a gap, or is a line in brackets. Its further lines are deeper than its
    mark, and follow a line that is full. Of a block whose paragraphs hang, the first lines are the least deep ones.
    A paragraph goes on in the next block if its line is full and the next line not indented; after a table only then.
    """

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.goes_on: list[int] = []
        self._ends: dict[int, float] = {}
        self._hangs: dict[int, tuple[float, float]] = {}
        self._edges: dict[int, tuple[float, float]] = {}
        self._mark: float | None = None
        self._last: TextLine | None = None
        self._block = 0
        self._is_contents = False
        self._is_full = self._is_after_table = False

    def pass_table(self) -> None:
        """Pass a row of a table: only a line that fills its column goes on after it."""
        self._is_after_table = True

    def end_page(self, blocks: Sequence[Block]) -> None:
        """Begin a page with these blocks, whose numbers count from 1."""
        plain = [(number, block.lines) for number, block in enumerate(blocks, start=1) if not block.is_table]
        self._ends = {number: max(map(_end, lines)) for number, lines in plain}
        self._edges = {number: (min(map(_start, lines)), edge) for number, lines in plain if (edge := _edge(lines))}
        self._hangs = {number: hang for number, lines in plain if (hang := _hanging(lines)) is not None}
        self._mark = self._last = None

    def add(self, line: TextLine, block: int, number: int) -> None:
        """Look at the next line of running text, which has this number."""
        start, last = _start(line), self._last
        is_same = last is not None and block == self._block and last.is_upright == line.is_upright
        first, rest = self._hangs.get(block, (0.0, 0.0))
        was_contents, self._is_contents = self._is_contents, _LEADERS.search(line.text) is not None
        if self._is_contents or was_contents:
            self.starts.append(number)
            self._mark = None
        elif _ITEM.match(line.text) or (_IN_BRACKETS.fullmatch(line.text) and self._is_short(line, block)):
            self.starts.append(number)
            self._mark = start
        elif is_same and last is not None and self._mark is not None and start >= self._mark + 0.6 * line.size:
            if not self._is_short(last, block):
                self.goes_on.append(number)
            else:
                self._mark = None
        elif is_same and last is not None and block in self._hangs and not self._is_short(last, block):
            self._mark = None
            if abs(start - rest) <= _PLACE_EMS * line.size:
                self.goes_on.append(number)
            elif abs(start - first) <= _PLACE_EMS * line.size:
                self.starts.append(number)
        else:
            self._mark = None
            if last is not None and self._goes_over(last, line, block):
                self.goes_on.append(number)
            elif self._is_after_table and not self._is_full:
                self.starts.append(number)
        self._is_after_table = False
        self._is_full = block in self._edges and self._edges[block][1] - _end(line) <= _FULL_EMS * line.size
        self._last, self._block = line, block

    def _goes_over(self, last: TextLine, line: TextLine, block: int) -> bool:
        """Whether a paragraph goes on from the end of a block to the start of another, whose lines may be longer."""
        before = self._block
        return (
            before != block
            and before in self._edges
            and block in self._edges
            and last.is_upright == line.is_upright
            and 1 / _ONE_SIZE_RATIO < last.size / line.size < _ONE_SIZE_RATIO
            and not last.text.endswith(_SENTENCE_ENDS)
            and self._edges[before][1] - _end(last) <= _FULL_EMS * last.size
            and _start(line) - self._edges[block][0] <= _PLACE_EMS * line.size
        )

    def _is_short(self, line: TextLine, block: int) -> bool:
        return _end(line) < self._ends.get(block, 0.0) - _FULL_EMS * line.size


def _edge(lines: Sequence[TextLine]) -> float | None:
    """Where most lines of a block end, marks that hang apart; None where hardly two end at one place."""
    size, ends = lines[0].size, [_end(line) for line in lines]
    most, edge = max((sum(abs(end - other) <= _PLACE_EMS * size for other in ends), end) for end in set(ends))
    return edge if most >= max(_FEW_LINES, 0.3 * len(lines)) else None


def _hanging(lines: Sequence[TextLine]) -> tuple[float, float] | None:
    """Where the first and the other lines of a block's paragraphs begin if they hang; None if they do not.

    A line after one that ends short, at the end of a sentence, is a first line; one after a full one is not.
    """
    size, edge = lines[0].size, _edge(lines)
    least = min(map(_start, lines))
    deeper = [_start(line) for line in lines if _start(line) - least > _PLACE_EMS * size]
    if edge is None or not deeper:
        return None
    n_first, n_hanging, n_against = 0, 0, 0
    for before, line in pairwise(lines):
        is_least, is_ended = _start(line) - least <= _PLACE_EMS * size, before.text.endswith(_SENTENCE_ENDS)
        is_full = edge - _end(before) <= _PLACE_EMS * size
        n_first += is_least and is_ended and not is_full
        n_hanging += not is_least and is_full and not is_ended
        n_against += is_least and is_full and not is_ended
    return (least, min(deeper)) if n_hanging > 1 and n_first > _FIRST_RATIO * n_against else None


#: Lines begin or end at one place within this, in ems.
_PLACE_EMS: Final = 0.4
#: First lines of paragraphs that hang, for each line that speaks against it: the line after a date at the right does.
_FIRST_RATIO: Final = 4
#: Blocks of fewer lines do not show where their lines begin.
_FEW_LINES: Final = 3
#: Sizes that differ less are one.
_ONE_SIZE_RATIO: Final = 1.05
_SENTENCE_ENDS: Final = ("。", "．", "」", "』", "）", "？", "！", "…", "―")
#: A line that goes on ends at most this far before its block's end.
_FULL_EMS: Final = 1.6
_NUMBER: Final = r"[\d０-９〇一二三四五六七八九十百]{1,4}"
_ITEM = re.compile(
    rf"(?:[（(][\d０-９一二三四五六七八九十ア-ンa-zA-Z]{{1,3}}[)）]|[①-⑳]|[ア-ン]|(?:問題?|例題?|設問|注)?{_NUMBER}[.．、)）]?"
    rf"|第{_NUMBER}[条項章節款編]"
    rf"(?:の{_NUMBER})?|[・●○◎■□◆◇▶※＊•])[\u3000 ]|【[\d０-９]{{4}}】"
)
#: A row of a table of contents.
_LEADERS = re.compile(r"[.．…‥・･](?: ?[.．…‥・･]){3}[ \u3000]*[\d０-９ivxlc]{1,5}$")
_IN_BRACKETS = re.compile(r"[（〔【][^（）〔〕【】]{1,30}[）〕】]")


def _start(line: TextLine) -> float:
    return line.top if line.is_upright else line.left


def _end(line: TextLine) -> float:
    return line.bottom if line.is_upright else line.right


def _heading_levels(pages: Sequence[ArrangedPage]) -> dict[float, int]:
    """The level of headings in each size of print; sizes that are not larger than the text are not among them."""
    blocks = [block for page in pages for block in page.blocks]
    body = body_size(line for block in blocks for line in block.lines)
    headings = {
        round(block.lines[0].size, 1)
        for block in blocks
        if _may_be_heading(block) and block.lines[0].size >= _HEADING_RATIO * body
    }
    return {size: min(level, _MAX_LEVEL) for level, size in enumerate(sorted(headings, reverse=True), start=1)}


def _may_be_heading(block: Block) -> bool:
    return (
        not block.is_table
        and len(block.lines) <= _HEADING_LINES
        and sum(len(line.text) for line in block.lines) <= _HEADING_CHARS
        and not block.lines[-1].text.endswith(("。", "、"))
    )


def _is_caption(block: Block) -> bool:
    """Whether a block names a figure: it must not interrupt a paragraph beside it."""
    return (
        not block.is_table
        and len(block.lines) <= _HEADING_LINES
        and _CAPTION.match(block.lines[0].text) is not None
        and not any("。" in line.text for line in block.lines)
    )


_CAPTION = re.compile(r"(?:図表?|表|写真|グラフ|[Ff]ig(?:ure)?\.?|[Tt]able)[ \u3000]?[\d０-９一二三四五六七八九十]")


def _page_lines(page: ArrangedPage, levels: dict[float, int]) -> Iterator[tuple[TextLine, Kind, int, int, bool]]:
    """Each line of a page with its kind, block, level as a heading (0 for none), and whether it is a row."""
    number = 0
    for block in page.blocks:
        number += 1
        level = block.level or (levels.get(round(block.lines[0].size, 1), 0) if _may_be_heading(block) else 0)
        if level:
            yield cell_text(block.lines), Kind.HEADING, number, level, False
        else:
            is_caption = _is_caption(block)
            kind = Kind.CAPTION if block.is_table or is_caption else Kind.BODY
            for line in [cell_text(block.lines)] if is_caption else block.lines:
                yield line, kind, number, 0, block.is_table
    for note in page.notes:
        number += 1
        yield note, Kind.CAPTION, number, 0, False


def _spans(sources: Sequence[tuple[TextLine, int, bool] | None], line_starts: Sequence[int]) -> Iterator[Span]:
    """Spans of the lines that are in the text."""
    table: list[tuple[int, int]] = []
    for source, start in zip(sources, line_starts, strict=True):
        if source is None or start < 0:
            continue
        line, level, is_row = source
        stop = start + len(line.text)
        if is_row:
            if table and start != table[-1][1] + 1:
                yield Span(table[0][0], table[-1][1], "table")
                table = []
            table.append((start, stop))
            yield Span(start, stop, "row")
            at = start
            for cell in line.text.split("\t"):
                yield Span(at, at + len(cell), "cell")
                at += len(cell) + 1
        elif level:
            yield Span(start, stop, "heading", str(level))
        for mark in line.marks:
            if mark.stop <= len(line.text):
                yield Span(start + mark.start, start + mark.stop, mark.kind, mark.value)
    if table:
        yield Span(table[0][0], table[-1][1], "table")
