"""A table beside a delivery: what its files do not say of themselves, by file name.

A CSV (UTF-8, or as Excel writes it in Japan) with a header. One column names the file, by its path in the delivery or
by its last part alone; others may state terms of use, school grade, subject and title. The headings are the settings'
names or Japanese ones; columns of other names go to the document's meta.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from manyo.corpus.tables.shards import filesystem
from manyo.corpus.web.charset import decode

#: Headings by what they mean. They are compared in NFKC and without case.
HEADINGS: Final = {
    "file": ("file", "filename", "file_name", "path", "ファイル", "ファイル名"),
    "terms": ("terms", "利用条件", "使用条件", "条件"),
    "grade": ("grade", "学年"),
    "subject": ("subject", "教科", "科目"),
    "title": ("title", "題名", "書名", "タイトル"),
}
_MEANINGS: Final = {heading: meaning for meaning, headings in HEADINGS.items() for heading in headings}


@dataclass(frozen=True, slots=True)
class Entry:
    """What a table says of a file; None where it says nothing.

    Attributes:
        terms: what may be done with the text.
        grade: school grade.
        subject: school subject.
        title: of the work.
        meta: all other columns.
    """

    terms: str | None = None
    grade: str | None = None
    subject: str | None = None
    title: str | None = None
    meta: Mapping[str, str] = field(default_factory=dict)


NO_ENTRY: Final = Entry()


@dataclass(frozen=True, slots=True)
class SideTable:
    """Entries by file.

    Attributes:
        entries: by path or name as the table has it, normalised.
    """

    entries: Mapping[str, Entry]

    def entry(self, path: str) -> Entry:
        """What the table says of a file: by its whole path, else by the longest end of it that the table names."""
        return self.entries.get(self._name_of(path), NO_ENTRY)

    def ambiguous(self, paths: Iterable[str]) -> tuple[str, str, str] | None:
        """A name of the table that two files have, with both; None if there is none: one may have the other's terms."""
        owners: dict[str, str] = {}
        for path in paths:
            name = self._name_of(path)
            if name and owners.setdefault(name, path) != path:
                return name, owners[name], path
        return None

    def _name_of(self, path: str) -> str:
        """The name by which the table has a file; "" if it has not."""
        parts = _normal(path).split("/")
        names = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((name for name in names if name in self.entries), "")


def read_side_table(uri: str) -> SideTable:
    """The table at a path or URI.

    Raises:
        ValueError: it cannot be read, has no column of files, or names a file twice with different values.
    """
    fs, path = filesystem(uri)
    try:
        data: bytes = fs.cat_file(path)
    except OSError as error:
        raise ValueError(f"{uri}: the side table cannot be read: {error}") from error
    decoded = decode(data)
    if decoded.replacement_fraction:
        raise ValueError(f"{uri}: the side table is in no known encoding (tried {decoded.charset})")
    try:
        rows = [row for row in csv.reader(io.StringIO(decoded.text, newline="")) if any(map(str.strip, row))]
    except csv.Error as error:
        raise ValueError(f"{uri}: the side table is no CSV: {error}") from error
    headings = [_normal(heading).strip() for heading in rows[0]] if rows else []
    meanings = [_MEANINGS.get(heading.casefold(), "") for heading in headings]
    if meanings.count("file") != 1:
        raise ValueError(
            f"{uri}: the side table needs one column {HEADINGS['file'][0]!r} (or ファイル名); it has {headings}"
            + ("; write commas between the columns" if len(headings) == 1 and {";", "\t"} & set(headings[0]) else "")
        )
    entries: dict[str, Entry] = {}
    for number, row in enumerate(rows[1:], start=2):
        values = {heading: value.strip() for heading, value in zip(headings, row, strict=False) if value.strip()}
        stated = {meaning: values.get(heading) for heading, meaning in zip(headings, meanings, strict=True) if meaning}
        name = _normal(stated.pop("file") or "").removeprefix("./")
        if not name:
            raise ValueError(f"{uri}: row {number} names no file")
        meta = {heading: values[heading] for heading, meaning in zip(headings, meanings, strict=True)
                if not meaning and heading and heading in values}  # fmt: skip
        entry = Entry(**stated, meta=meta)
        if entries.setdefault(name, entry) != entry:
            raise ValueError(f"{uri}: row {number} says of {name} what an earlier row does not")
    return SideTable(entries)


def _normal(name: str) -> str:
    """A name in one form: macOS decomposes kana in file names."""
    return unicodedata.normalize("NFC", name.replace("\\", "/"))
