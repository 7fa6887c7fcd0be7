"""Read benchmark items from files as benchmarks are published: JSON, JSON Lines, CSV, TSV.

A field is a path of names, `data.paragraphs.qas.question`; a list on the path stands for all of its members. An item is
named by its file and its path, `jsquad.json:data[3].paragraphs[0].qas[2].question`, so that a person finds it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass

from manyo.corpus.settings.meant_texts import Glob
from manyo.corpus.tables.shards import filesystem, is_glob, read_text


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark whose items must not be in the training text.

    Attributes:
        name: its name in tables and the report.
        files: globs and URIs of JSON, JSON Lines, CSV or TSV, by the ending of the name; a `.json` with one object a
            line is read too.
        fields: paths of the texts to look for; each field of a row is an item.
    """

    name: str
    files: tuple[Glob, ...]
    fields: tuple[str, ...]

    def __post_init__(self) -> None:
        """Raise ValueError for a benchmark without files or fields."""
        for what in ("files", "fields"):
            if not getattr(self, what):
                raise ValueError(f"benchmark {self.name!r}: {what} is empty")


@dataclass(frozen=True, slots=True)
class Item:
    """One text to look for, and the name of its place in the benchmark."""

    benchmark: str
    name: str
    text: str


def read_items(benchmark: Benchmark) -> Iterator[Item]:
    """The items of a benchmark, in the order of its files and fields.

    Raises:
        OSError: a file cannot be read, or none matches.
        ValueError: a file is not of the format that its name says, or has no such field.
    """
    for uri in file_uris(benchmark):
        rows, short = _rows(uri), uri.rsplit("/", 1)[-1]
        for field in benchmark.fields:
            items = [
                Item(benchmark.name, f"{short}:{_joined(place, way)}", value)
                for place, row in rows
                for way, value in _values(row, field.split("."))
            ]
            if not items:
                raise ValueError(f"{uri}: no {field!r} in it{_known(rows)}")
            yield from items


def file_uris(benchmark: Benchmark) -> list[str]:
    """The files of a benchmark: those that a glob matches in the order of their names.

    Raises:
        FileNotFoundError: no file matches.
    """
    found: list[str] = []
    for pattern in benchmark.files:
        if not is_glob(pattern):
            found.append(pattern)
            continue
        fs, path = filesystem(pattern)
        scheme = pattern.split("://", 1)[0] + "://" if "://" in pattern else ""
        matches = [scheme + name for name in sorted(fs.glob(path))]
        if not matches:
            raise FileNotFoundError(f"no file matches {pattern}")
        found += matches
    return found


def digest(benchmark: Benchmark) -> str:
    """A digest of the bytes of a benchmark's files, in hexadecimal.

    Raises:
        OSError: a file cannot be read, or none matches.
    """
    hasher = hashlib.blake2b(digest_size=16)
    for uri in file_uris(benchmark):
        fs, path = filesystem(uri)
        content = fs.cat_file(path)
        hasher.update(len(content).to_bytes(8, "little") + content)
    return hasher.hexdigest()


def _rows(uri: str) -> list[tuple[str, object]]:
    """The rows of a file, each with its place: "" for a whole JSON document, "[2]" for the third row."""
    text = read_text(uri)
    ending = uri.rsplit(".", 1)[-1].lower()
    if ending in ("csv", "tsv"):
        table = csv.DictReader(io.StringIO(text, newline=""), delimiter="," if ending == "csv" else "\t")
        return [(f"[{number}]", row) for number, row in enumerate(table)]
    if ending not in ("json", "jsonl"):
        raise ValueError(f"{uri}: is neither .json, .jsonl, .csv nor .tsv")
    if ending == "json":
        try:
            return [("", json.loads(text))]
        except json.JSONDecodeError as error:
            if not error.msg.startswith("Extra data"):
                raise ValueError(f"{uri}: line {error.lineno}: {error.msg}") from error
    rows = []
    for number, line in enumerate(text.split("\n")):
        if line.strip():
            try:
                rows.append((f"[{number}]", json.loads(line)))
            except json.JSONDecodeError as error:
                raise ValueError(f"{uri}: line {number + 1}: {error.msg}") from error
    return rows


def _values(row: object, path: list[str]) -> Iterator[tuple[str, str]]:
    """Texts at the end of a path, each with its full path, list positions included."""
    if isinstance(row, list):
        for number, member in enumerate(row):
            for way, value in _values(member, path):
                yield _joined(f"[{number}]", way), value
    elif not path:
        if isinstance(row, str):
            yield "", row
    elif isinstance(row, dict) and path[0] in row:
        for way, value in _values(row[path[0]], path[1:]):
            yield _joined(path[0], way), value


def _joined(first: str, second: str) -> str:
    return f"{first}{'' if second.startswith('[') or not first or not second else '.'}{second}"


def _known(rows: list[tuple[str, object]]) -> str:
    first = rows[0][1] if rows else None
    first = first[0] if isinstance(first, list) and first else first
    return f"; its rows have {', '.join(map(str, first))}" if isinstance(first, dict) and first else ""
