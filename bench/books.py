"""Scores how well delivered books are read, against files with a gold text, and next to other readers where installed.

    python -m bench.books DATA

DATA is a folder with `files/epub` and `files/docx`, each with a `gold.json` or `*.gold.json`. Characters are compared
without white space; lines as sets of lines with their numbers; a reading is intact if it stands on its base alone.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from manyo.corpus.books.book import Book
from manyo.corpus.books.docx import read_docx
from manyo.corpus.books.epub import read_epub
from manyo.corpus.books.odt import read_odt

_LIMIT = 1 << 28


@dataclass(frozen=True, slots=True)
class Gold:
    """A file with its true text: lines in reading order, and (base, reading) in order."""

    path: Path
    lines: Sequence[str]
    rubies: Sequence[tuple[str, str]]


def golds(data: Path) -> list[Gold]:
    """The files with a gold text; colophons, which are no text of the book, are taken out of theirs."""
    found = []
    for name, gold in json.loads((data / "files/epub/gold.json").read_text(encoding="utf-8")).items():
        lines = [line for line in gold["text"] if not line.startswith("奥付")]
        found.append(Gold(data / "files/epub" / name, lines, []))
    for path in sorted((data / "files/docx").glob("*.gold.json")):
        blocks = json.loads(path.read_text(encoding="utf-8"))["blocks"]
        lines = [line for block in blocks for line in block["text"].split("\n")]
        rubies = [
            (block["text"][mark["start"] : mark["end"]], mark["reading"])
            for block in blocks
            for mark in block.get("marks", ())
            if mark["kind"] == "ruby"
        ]
        for ending in ("docx", "odt"):
            file = path.with_name(path.name.replace("gold.json", ending))
            if file.exists():
                found.append(Gold(file, lines, rubies))
    return found


def f1(found: Counter[str], true: Counter[str]) -> float:
    """Harmonic mean of precision and recall of two bags."""
    both = (found & true).total()
    return 2 * both / max(1, found.total() + true.total())


def squeezed(text: str) -> str:
    """Text without white space."""
    return "".join(text.split())


def character_f1(found: str, true: str) -> float:
    """Characters of the longest common blocks, in order, as an F1."""
    matcher = SequenceMatcher(None, squeezed(found), squeezed(true), autojunk=False)
    return matcher.ratio()


def peers(path: Path, data: bytes) -> list[tuple[str, Callable[[], str]]]:
    """Other readers of the file's format that are installed."""
    found: list[tuple[str, Callable[[], str]]] = []
    if path.suffix == ".docx" and importlib.util.find_spec("docx"):
        found.append(("python-docx", lambda: _by_python_docx(data)))
    if path.suffix == ".docx" and importlib.util.find_spec("docx2txt"):
        found.append(("docx2txt", lambda: str(importlib.import_module("docx2txt").process(io.BytesIO(data)))))
    if path.suffix == ".docx" and importlib.util.find_spec("mammoth"):
        found.append(("mammoth", lambda: _by_mammoth(data)))
    if path.suffix == ".epub" and importlib.util.find_spec("ebooklib"):
        found.append(("ebooklib + lxml", lambda: _by_ebooklib(path)))
    return found


def _by_python_docx(data: bytes) -> str:
    document = importlib.import_module("docx").Document(io.BytesIO(data))
    parts: list[str] = []
    for part in document.iter_inner_content():
        rows = getattr(part, "rows", None)
        parts += ["\t".join(cell.text for cell in row.cells) for row in rows] if rows is not None else [part.text]
    return "\n".join(parts)


def _by_mammoth(data: bytes) -> str:
    return str(importlib.import_module("mammoth").extract_raw_text(io.BytesIO(data)).value)


def _by_ebooklib(path: Path) -> str:
    from lxml import html

    ebooklib, epub = importlib.import_module("ebooklib"), importlib.import_module("ebooklib.epub")
    book = epub.read_epub(str(path), {"ignore_ncx": True})
    texts = []
    for item in book.get_items_of_type(ebooklib.ITEM_DOCUMENT):
        body = html.document_fromstring(item.get_content()).find("body")
        texts.append(body.text_content() if body is not None else "")
    return "\n".join(texts)


def main() -> None:
    """Print the scores of each file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    readers: dict[str, Callable[[bytes, int], Book]] = {".epub": read_epub, ".docx": read_docx, ".odt": read_odt}
    print("file                      reader            characters  lines   readings intact")
    for gold in golds(options.data):
        data = gold.path.read_bytes()
        book = readers[gold.path.suffix](data, _LIMIT)
        spans = [
            (book.text[span.start : span.stop], span.value) for span in book.structure.spans() if span.kind == "ruby"
        ]
        intact = f"{f1(Counter(map(str, spans)), Counter(map(str, gold.rubies))):.3f}" if gold.rubies else "no gold"
        _report(gold, "manyo", book.text, intact)
        for name, read in peers(gold.path, data):
            _report(gold, name, read(), "")


def _report(gold: Gold, reader: str, text: str, intact: str) -> None:
    characters = character_f1(text, "\n".join(gold.lines))
    lines = f1(Counter(filter(None, map(str.strip, text.split("\n")))), Counter(map(str.strip, gold.lines)))
    print(f"{gold.path.name:25} {reader:17} {characters:10.4f} {lines:6.3f}   {intact}")


if __name__ == "__main__":
    main()
