"""A text that is written piece by piece, with the spans and pages that begin and end on the way.

Readers of formats call it in the order of the document: `open` and `close` around what a span covers, `break_line` at
the edges of blocks, `flow` for text whose white space is layout, `write` for text that is to stand as it is. A span, a
page and a line end wait for the next character, so that none of them holds white space at its edges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from manyo.corpus.print.pages import joined
from manyo.corpus.structure import Span, Structure, nested, tidied

_LAYOUT = re.compile(r"([ \t\r\n\f\v]+)")
#: What stands next to characters for emphasis; some tools set it as ruby.
_DOTS = re.compile("[﹅﹆、・•‣◦●○◎◉▲△◆◇■□★☆丶゛]+")
_LINE_LAYOUT = re.compile(r"(?<![ \t])[ \t]*\n[ \t\n]*")


class Written(NamedTuple):
    """A finished text: tidy, with its structure and the start of each page in it."""

    text: str
    structure: Structure
    pages: list[tuple[str, int]]


class _Open:
    """A span that has begun: its start is that of the first character after it was opened, None until then."""

    __slots__ = ("kind", "number", "start", "value")

    def __init__(self, kind: str, value: str, number: int) -> None:
        self.kind, self.value, self.number = kind, value, number
        self.start: int | None = None


@dataclass(slots=True)
class _Row:
    """A row that has begun, and how the text was before it."""

    n_parts: int
    n_chars: int
    last: str
    ends_line: bool
    n_cells: int = 0


class StructuredText:
    """Writes a text and its structure."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._n_chars = 0
        self._spans: list[tuple[int, Span]] = []  # by the order in which they were opened: outer ones first
        self._n_opened = 0
        self._open: list[_Open] = []
        self._n_started = 0  # open spans that have a start; they are the first ones
        self._pages: list[tuple[str, int]] = []
        self._waiting_pages: list[str] = []
        self._last = "\n"  # last character of the text
        self._gap = ""  # white space that the next character may need before it
        self._n_in_cells = 0
        self._ends_line = False
        self._rows: list[_Row] = []

    @property
    def n_chars(self) -> int:
        """Characters written so far."""
        return self._n_chars

    @property
    def is_at_line_start(self) -> bool:
        """Whether the next character is the first of its line."""
        return self._ends_line or self._last == "\n"

    def since(self, start: int) -> str:
        """What was written from a position on, on one line."""
        return " ".join("".join(self._parts)[start:].split())

    # --- text ------------------------------------------------------------------------------------------

    def flow(self, text: str) -> None:
        """Write text whose white space is layout: a run of it is one blank, and none between Japanese lines."""
        for number, part in enumerate(_LAYOUT.split(text)):
            if number % 2 == 0:
                if part:
                    self._put(part)
            elif "\n" in part or "\r" in part:
                self._gap = "\n"
            elif self._gap != "\n":
                self._gap = " "

    def flow_lines(self, text: str) -> None:
        """Write text of which only white space with a line end in it is layout; other blanks stay as they are."""
        if "\n" not in text:
            if text:
                self._put(text)
            return
        for number, part in enumerate(_LINE_LAYOUT.split(text)):
            if number:
                self._gap = "\n"
            if part:
                self._put(part)

    def write(self, text: str) -> None:
        """Write text as it is; its line ends are line ends of the text."""
        for number, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
            if number:
                self._end_line(may_be_empty=bool(self._open and self._open[-1].kind == "code"))
            if line:
                self._put(line)

    def break_line(self) -> None:
        """The edge of a block: what follows stands on a line of its own, in a cell after a blank."""
        self._end_line(may_be_empty=False)

    # --- spans and pages -------------------------------------------------------------------------------

    def open(self, kind: str, value: str = "") -> None:
        """Begin a span; cells are separated by tabs, rows are lines."""
        if kind == "cell":
            self._begin_cell()
        elif kind in ("table", "row"):
            self.break_line()
            if kind == "row":
                self._rows.append(_Row(len(self._parts), self._n_chars, self._last, self._ends_line))
        self._open.append(_Open(kind, value, self._n_opened))
        self._n_opened += 1

    def open_reading(self, reading: str) -> None:
        """Begin a base with its reading; dots in the place of one are emphasis."""
        plain = "".join(reading.split())
        self.open("emphasis" if _DOTS.fullmatch(plain) else "ruby", "" if _DOTS.fullmatch(plain) else plain)

    def close(self) -> None:
        """End the innermost span; an empty one vanishes."""
        span = self._open.pop()
        self._n_started = min(self._n_started, len(self._open))
        if span.start is not None and span.start < self._n_chars:
            self._spans.append((span.number, Span(span.start, self._n_chars, span.kind, span.value)))
        if span.kind == "cell":
            self._n_in_cells -= 1
            self._gap = ""
        elif span.kind == "row":
            self._end_row()
            self.break_line()
        elif span.kind == "table":
            self.break_line()

    def start_page(self, label: str) -> None:
        """A page begins with the next character."""
        self._waiting_pages.append(label)

    def finish(self) -> Written:
        """The text as documents store it."""
        while self._open:
            self.close()
        raw = "".join(self._parts)
        pages = self._pages + [(label, len(raw)) for label in self._waiting_pages]
        text, structure = tidied(raw, Structure.of(nested(span for _, span in sorted(self._spans))))
        if text == raw:
            return Written(text, structure, pages)
        # A page starts where its first character went, or where the next page does if that is not there any more.
        marks = {start: Span(start, start + 1, "page", str(start)) for _, start in pages}
        _, moved = tidied(raw, Structure.of(marks.values()))
        places = {int(mark.value): mark.start for mark in moved.spans()}
        next_start, starts = len(text), []
        for _, start in reversed(pages):
            next_start = places.get(start, next_start)
            starts.append(next_start)
        return Written(text, structure, [(label, start) for (label, _), start in zip(pages, starts[::-1], strict=True)])

    # --- within ----------------------------------------------------------------------------------------

    def _put(self, text: str) -> None:
        if self._ends_line:
            self._append_on_line("")
        elif gap := self._gap:
            self._gap = ""
            if gap == "\n":  # of the layout: a blank between Latin words
                gap = joined(self._last, text)
            if gap and self._last not in "\n\t":
                self._append(gap)
        if self._n_started < len(self._open):
            for span in self._open[self._n_started :]:
                if span.start is None:
                    span.start = self._n_chars
            self._n_started = len(self._open)
        if self._waiting_pages:
            self._pages += [(label, self._n_chars) for label in self._waiting_pages]
            self._waiting_pages = []
        self._parts.append(text)
        self._n_chars += len(text)
        self._last = text[-1]

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._n_chars += len(text)
        self._last = text[-1]

    def _append_on_line(self, text: str) -> None:
        """Append text after the line end that waits."""
        if self._ends_line:
            self._append("\n")
            self._ends_line = False
            self._gap = ""
        if text:
            self._append(text)

    def _end_line(self, *, may_be_empty: bool) -> None:
        if self._n_in_cells:
            if self._last not in "\n\t":
                self._gap = " "
        elif may_be_empty:
            if self._ends_line:
                self._append("\n")
            self._ends_line = True
        elif self._last != "\n":
            self._ends_line = True
        if self._ends_line:
            self._gap = ""

    def _begin_cell(self) -> None:
        self._n_in_cells += 1
        if self._n_in_cells > 1:  # a table within a cell
            self._gap = " "
            return
        if self._rows and self._rows[-1].n_cells:
            self._append_on_line("\t")
        if self._rows:
            self._rows[-1].n_cells += 1

    def _end_row(self) -> None:
        """Take back the tabs of a row in which nothing stands."""
        row = self._rows.pop()
        if self._n_in_cells or "".join(self._parts[row.n_parts :]).strip("\n\t"):
            return
        del self._parts[row.n_parts :]
        self._n_chars, self._last, self._ends_line = row.n_chars, row.last, row.ends_line
