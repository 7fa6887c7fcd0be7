"""What a text is made of, beside the text: headings, items, tables, code, formulas, quotes, emphasis, readings, notes.

A document's `text` is plain. Its structure stands apart from it, as spans of it, so that one extraction serves every
reader: plain text is the text itself, Markdown and text with readings are views of text and spans, and rules can see
where tables and code are. Every source makes the same spans (`manyo.corpus.schema.DOCUMENTS`, column `structure`).

Spans lie within the text and nest: of two, one contains the other, or they do not overlap. They stand in the order of
their starts, the longer first. What changes a text moves them with it (`moved`, `tidied`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final, NamedTuple

import pyarrow as pa

from manyo.corpus.text import tidy, with_line_feeds

#: Kinds of spans, and what their value is.
KINDS: Final = {
    "heading": "level, 1 to 6",
    "paragraph": "number that the document gives it, as patents do: 0001",
    "list": "",
    "item": "number in an ordered list; empty in others",
    "table": "",
    "row": "",
    "cell": "h in the head of a row or column; else empty",
    "quote": "",
    "code": "",
    "math": "",
    "emphasis": "",
    "ruby": "the reading",
    "note": "",
}


class Span(NamedTuple):
    """A part of a text.

    Attributes:
        start, stop: its first character, and the character after its last.
        kind: one of `KINDS`.
        value: what `KINDS` says of the kind.
    """

    start: int
    stop: int
    kind: str
    value: str = ""


class Structure(NamedTuple):
    """The spans of a text, by column: for each span its `Span.start`, `stop`, `kind` and `value`."""

    start: list[int]
    stop: list[int]
    kind: list[str]
    value: list[str]

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Structure:
        """The structure that spans make."""
        columns = [list(column) for column in zip(*spans, strict=True)]
        return cls(*columns) if columns else cls([], [], [], [])

    def spans(self) -> list[Span]:
        """The spans, one by one."""
        return [Span(*row) for row in zip(*self, strict=True)]


#: Of a text of which nothing is known.
NO_STRUCTURE: Final = Structure([], [], [], [])

#: `Structure` as a column: four lists of one length. Lists of numbers are read and written several times as fast as a
#: list of records. Positions count characters (code points) of the text.
STRUCTURE: Final = pa.struct(
    [
        ("start", pa.list_(pa.int32())),
        ("stop", pa.list_(pa.int32())),
        ("kind", pa.list_(pa.string())),
        ("value", pa.list_(pa.string())),
    ]
)

#: The names of the views of a text.
VIEWS: Final = ("plain", "markdown", "ruby")


def nested(spans: Iterable[Span]) -> list[Span]:
    """The spans in their order, without empty ones and those that cross another."""
    kept: list[Span] = []
    around: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.stop)):
        while around and around[-1].stop <= span.start:
            around.pop()
        if span.start < span.stop and (not around or span.stop <= around[-1].stop):
            around.append(span)
            kept.append(span)
    return kept


def moved(structure: Structure, edits: Sequence[tuple[int, int, int]]) -> Structure:
    """The structure of a text after parts of their text were replaced.

    A span keeps what is left of it: a part that is replaced whole stays in the spans around it, one that reaches out of
    a span takes that end of the span with it. What is empty then goes, and so does a reading or a formula of which a
    part was replaced: it would say what was masked.

    Args:
        structure: of the text.
        edits: (start, stop, characters that stand there now), disjoint and in order.
    """
    if not edits or not structure.start:
        return structure
    starts = [start for start, _, _ in edits]
    shifts = [0]
    for start, stop, n_chars in edits:
        shifts.append(shifts[-1] + n_chars - (stop - start))

    def position(at: int, *, is_stop: bool) -> int:
        """Where a place is now; within an edit, its start for a span that stops there, its end for one that starts."""
        number = bisect_right(starts, at - 1 if is_stop else at) - 1
        if number < 0:
            return at
        start, stop, n_chars = edits[number]
        if at >= stop:
            return at + shifts[number + 1]
        if at == start and not is_stop:
            return at + shifts[number]
        return start + shifts[number] + (0 if is_stop else n_chars)

    def is_whole(span: Span) -> bool:
        number = bisect_right(starts, span.stop - 1) - 1
        return number < 0 or edits[number][1] <= span.start

    found = []
    for span in structure.spans():
        if span.kind not in ("ruby", "math") or is_whole(span):
            found.append(
                span._replace(start=position(span.start, is_stop=False), stop=position(span.stop, is_stop=True))
            )
    return Structure.of(nested(found))


def tidied(text: str, structure: Structure) -> tuple[str, Structure]:
    """A text as documents store it (`manyo.corpus.text.tidy`), and its structure there.

    A line that changes is tidied in the parts that spans divide it into, so that no span loses its place.
    """
    tidy_text = tidy(text)
    if tidy_text == text or not structure.start:
        return tidy_text, structure
    text = with_line_feeds(text)
    spans = structure.spans()
    lines, tidy_lines = text.split("\n"), tidy_text.split("\n")
    first = next((number for number, line in enumerate(lines) if tidy(line)), 0)
    starts, tidy_starts = _starts_of(lines), _starts_of(tidy_lines)
    places: dict[int, int] = {}
    for place in {*structure.start, *structure.stop}:
        number = bisect_right(starts, place) - 1
        row = number - first
        if not 0 <= row < len(tidy_lines):
            places[place] = 0 if row < 0 else len(tidy_text)
            continue
        head, new_line = lines[number][: place - starts[number]], tidy_lines[row]
        before = len(head) if new_line.startswith(head) else len(tidy(head + "|")) - 1
        places[place] = tidy_starts[row] + min(before, len(new_line))
    here = [Span(places[start], places[stop], kind, value) for start, stop, kind, value in spans]
    return tidy_text, Structure.of(nested(here))


def _starts_of(lines: Sequence[str]) -> list[int]:
    """Where each of some lines starts in their text."""
    return [0, *accumulate(len(line) + 1 for line in lines[:-1])]


def structure_of_row(value: Mapping[str, list[Any]] | None) -> Structure:
    """The structure of one row of a column of `STRUCTURE`."""
    return Structure(**value) if value else NO_STRUCTURE


def view_of(name: str, text: str, structure: Structure) -> str:
    """A view of a text: `plain` is the text itself.

    Raises:
        ValueError: there is no such view.
    """
    if name not in VIEWS:
        raise ValueError(f"view must be one of {', '.join(VIEWS)}, got {name!r}")
    if name == "plain" or not structure.start:
        return text
    spans = structure.spans()
    return _written(text, _readings(text, spans)) if name == "ruby" else _markdown(text, spans)


#: A place in a text, what decides between marks at one place, and what is written there.
_Mark = tuple[int, int, str]


def _written(text: str, marks: Iterable[_Mark]) -> str:
    """The text with marks before the characters at their places."""
    parts = []
    at = 0
    for place, _, mark in sorted(marks):
        parts += [text[at:place], mark]
        at = place
    return "".join((*parts, text[at:]))


def _around(number: int, span: Span, before: str, after: str) -> Iterator[_Mark]:
    """Marks around a span, given its number among all: inner spans end first, then others start."""
    yield span.start, number, before
    yield span.stop, -number - 1, after


def _readings(text: str, spans: Sequence[Span]) -> Iterator[_Mark]:
    """Readings as Aozora texts write them: ｜霧の山《きりのやま》, without ｜ for a whole run of kanji."""
    for number, span in enumerate(spans):
        if span.kind == "ruby" and span.value:
            is_run = all(map(_is_kanji, text[span.start : span.stop])) and not _is_kanji(
                text[span.start - 1 : span.start]
            )
            yield from _around(number, span, "" if is_run else "｜", f"《{span.value}》")


def _is_kanji(character: str) -> bool:
    return "\u3400" <= character <= "\u9fff" or character in ("々", "〆", "〇", "ヶ") or character >= "\U00020000"


def _markdown(text: str, spans: Sequence[Span]) -> str:
    """The text in CommonMark with tables, as far as spans say; the text itself is not escaped."""
    marks: list[_Mark] = []
    around: list[Span] = []
    for number, span in enumerate(spans):
        while around and around[-1].stop <= span.start:
            around.pop()
        within = [outer.kind for outer in around]
        around.append(span)
        part = text[span.start : span.stop]
        if "code" in within:
            continue
        if span.kind == "heading" and "table" not in within:
            marks.append((span.start, number, "#" * int(span.value or 1) + " "))
        elif span.kind == "item" and not span.value and "table" not in within:
            marks.append((span.start, number, "  " * (within.count("list") - 1) + "- "))
        elif span.kind == "quote":
            marks += [(span.start + at, number, "> ") for at in _line_starts(part)]
        elif span.kind == "code" and _is_block(text, span):
            marks += _around(number, span, "```\n", "\n```")
        elif span.kind == "code" and "\n" not in part:
            marks += _around(number, span, "`", "`")
        elif span.kind == "emphasis" and "\n" not in part and part.strip() == part and "heading" not in within:
            marks += _around(number, span, "**", "**")
        elif span.kind == "table" and _is_block(text, span):
            marks += _table(number, part, span.start)
    return _written(text, marks)


def _is_block(text: str, span: Span) -> bool:
    """Whether a span is whole lines."""
    return text[: span.start][-1:] in ("", "\n") and text[span.stop : span.stop + 1] in ("", "\n")


def _line_starts(part: str) -> Iterator[int]:
    yield 0
    for at, character in enumerate(part):
        if character == "\n":
            yield at + 1


def _table(number: int, part: str, start: int) -> Iterator[_Mark]:
    """Marks of a table whose rows are lines with a tab between their cells; none of any other table."""
    lines = part.split("\n")
    n_columns = lines[0].count("\t") + 1
    if n_columns == 1 or len(lines) == 1 or any(line.count("\t") + 1 != n_columns for line in lines):
        return
    at = start
    for line in lines:
        yield at, number, "| "
        for place, character in enumerate(line):
            if character == "\t":
                yield at + place, number, " |"
        rule = "\n|" + " --- |" * n_columns if at == start else ""
        yield at + len(line), -number - 1, " |" + rule
        at += len(line) + 1
