"""Tables of texts in one file, as schools and publishers keep them: CSV, tab-separated values, JSON.

A column that holds sentences is text: its cells are paragraphs, in order. What other columns say (numbers, names of
units) labels the paragraphs and is left out, and named in the meta. Where no column holds sentences, the table itself
is the text, a line for each row with tabs between its cells.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.web.charset import decode

_SENTENCE = re.compile(r"[。！？!?]|[.．]\s|[.．]$")
#: A cell that is a sentence at most this seldom makes a column of labels.
_SENTENCE_SHARE = 0.5
#: Lines of which the delimiter is guessed.
_SAMPLE_LINES = 50


def read_table(data: bytes) -> Book:
    """The text of comma- or tab-separated values; the first row names the columns.

    Raises:
        UnreadableError: the values are not separated as they should be, or there is no text.
    """
    decoded = decode(data)
    sample = "\n".join(decoded.text.splitlines()[:_SAMPLE_LINES])
    delimiter = "\t" if sample.count("\t") > sample.count(",") else ","
    try:
        # The default limit of a field, 128 kB, is below that of a chapter.
        csv.field_size_limit(1 << 28)
        rows = [row for row in csv.reader(io.StringIO(decoded.text, newline=""), delimiter=delimiter) if any(row)]
    except csv.Error as error:
        raise UnreadableError("broken_file", f"not a table: {error}") from error
    if len(rows) < 2:
        raise UnreadableError("no_text", f"a table of {len(rows)} rows")
    book = _of_rows(rows[0], rows[1:])
    return Book(book.text, book.structure, charset=decoded.charset, meta={**book.meta, "format": "table"})


def read_json(data: bytes) -> Book:
    """The text of a JSON file, or of one with a value on each line: of the objects in it, whatever they are in.

    Raises:
        UnreadableError: it is not JSON, or there is no text.
    """
    decoded = decode(data)
    try:
        rows = _objects(_json_values(decoded.text))
    except RecursionError as error:
        raise UnreadableError("broken_file", "JSON is nested too deeply") from error
    except ValueError as error:
        raise UnreadableError("broken_file", f"not JSON: {error}") from error
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise UnreadableError("no_text", "JSON without strings")
    book = _of_rows(names, [[row.get(name, "") for name in names] for row in rows])
    return Book(book.text, book.structure, charset=decoded.charset, meta={**book.meta, "format": "json"})


def _json_values(text: str) -> object:
    """The value of a file, or the list of those on its lines.

    Raises:
        ValueError: it is neither.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2 or error.msg != "Extra data":
            raise
        return [json.loads(line) for line in lines]


def _objects(value: object) -> list[Mapping[str, str]]:
    """Each object's own strings and numbers, in the order in which the file has them."""
    found: list[Mapping[str, str]] = []
    stack = [value]
    while stack:
        at = stack.pop()
        if isinstance(at, dict):
            own = {str(name): str(one) for name, one in at.items() if isinstance(one, (str, int, float))}
            if own:
                found.append(own)
            stack += [one for one in reversed(list(at.values())) if isinstance(one, (dict, list))]
        elif isinstance(at, list):
            if texts := [one for one in at if isinstance(one, str)]:
                found += [{"": text} for text in texts]
            stack += [one for one in reversed(at) if isinstance(one, (dict, list))]
    return found


def _of_rows(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Book:
    columns = [[row[at] for row in rows if at < len(row) and row[at].strip()] for at in range(len(names))]
    prose = [at for at, cells in enumerate(columns) if cells and _holds_sentences(cells)]
    text = StructuredText()
    if prose:
        for row in rows:
            for at in prose:
                if at < len(row):
                    text.write(row[at])
                    text.break_line()
    else:
        text.open("table")
        for number, row in enumerate([names, *rows]):
            text.open("row")
            for cell in row:
                text.open("cell", "" if number else "h")
                text.flow(cell)
                text.close()
            text.close()
        text.close()
    written = text.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", f"a table of {len(rows)} rows without text")
    left_out = [name for at, name in enumerate(names) if prose and at not in prose]
    return Book(written.text, written.structure, meta={"columns_left_out": left_out} if left_out else {})


def _holds_sentences(cells: Sequence[str]) -> bool:
    return sum(_SENTENCE.search(cell) is not None for cell in cells) > _SENTENCE_SHARE * len(cells)
