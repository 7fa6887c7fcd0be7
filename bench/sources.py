"""Measures how fast each text source is read, next to the time of reading and decoding, or parsing, alone.

    python -m bench.sources DATA [SOURCE …]

DATA is a folder with `aozora/`, `egov/` and `classical/`. The texts of Aozora are written in every format of plain
text; statutes and classical works are read as they are, in as many copies as make a measurable input. Both columns are
process time of one core over files that the system has in memory: `ours` from the files to documents, `floor` the
library's part alone. MB are those of the input. Parsing a WARC, OCR and images are measured elsewhere (`bench.web`,
`bench.ocr`).
"""

from __future__ import annotations

import argparse
import io
import json
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from lxml import etree

from manyo.corpus.records import Document, InputFile, Record
from manyo.corpus.sources import aozora
from manyo.corpus.sources.source_kinds import KINDS
from manyo.pipelines.extraction.loop import rare_collections

_ROUNDS = 3
_INPUT_BYTES = 20_000_000
#: Length at which texts are cut into pages and speeches.
_PAGE_CHARS = 600

Write = Callable[[Path, Path, list[Document]], None]


def main() -> None:
    """Write each source's input to a temporary folder, read it, and print a line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("sources", nargs="*", default=list(SOURCES), help=", ".join(SOURCES))
    options = parser.parse_args()
    unknown = set(options.sources) - set(SOURCES)
    if unknown:
        sys.exit(f"no source {', '.join(sorted(unknown))}; there are {', '.join(SOURCES)}")
    documents = texts(options.data / "aozora")
    print(f"{'source':12} {'MB':>6} {'documents':>9} {'ours MB/s':>9} {'floor MB/s':>10} {'of floor':>8}")
    for name in options.sources:
        print(f"{name:12} {line(name, options.data, documents)}", flush=True)


def line(name: str, data: Path, documents: list[Document]) -> str:
    """Return size, documents, and the two speeds of a source."""
    kind, write, floor = SOURCES[name]
    with tempfile.TemporaryDirectory(prefix="manyo-sources-") as folder:
        write(data, Path(folder), documents)
        paths = sorted(path for path in Path(folder).rglob("*") if path.is_file())
        size = sum(path.stat().st_size for path in paths) / 1e6
        n_documents = read(kind, paths)
        rounds = [(seconds(lambda: read(kind, paths)), seconds(lambda: floor_of(floor, paths))) for _ in range(_ROUNDS)]
    ours, bare = (min(times) for times in zip(*rounds, strict=True))
    return f"{size:6.1f} {n_documents:9} {size / ours:9.1f} {size / bare:10.1f} {bare / ours:8.2f}"


def texts(folder: Path) -> list[Document]:
    """Return the works of a folder of Aozora texts, up to the size of the input."""
    found: list[Document] = []
    n_bytes = 0
    for path in sorted(folder.glob("*.txt")):
        document = aozora.parse(Record(str(path), 0, path.stem, path.read_bytes()), aozora.Options())
        if isinstance(document, Document):
            found.append(document)
            n_bytes += len(document.text.encode())
        if n_bytes > _INPUT_BYTES:
            return found
    if not found:
        sys.exit(f"{folder} holds no texts")
    return found


def read(kind: str, paths: list[Path]) -> int:
    """Read files as the extract stage does; return the number of documents."""
    source = KINDS[kind]
    options = source.Options()
    files = [InputFile(str(path), path.stat().st_size, "1") for path in paths]
    n_documents = 0
    for shard in source.plan(files, options):
        for record in source.records(shard, options):
            n_documents += isinstance(record, Record) and isinstance(source.parse(record, options), Document)
    return n_documents


def floor_of(floor: Callable[[bytes], Any], paths: list[Path]) -> None:
    """Read and decode or parse only, and make nothing of it."""
    for path in paths:
        floor(path.read_bytes())


def seconds(work: Callable[[], Any]) -> float:
    """Return the process time of a call."""
    with rare_collections():  # as the extract stage does
        started = time.process_time()
        work()
    return time.process_time() - started


# --- inputs ----------------------------------------------------------------------------------------


def pages(document: Document) -> Iterator[str]:
    """Return the text in pieces of whole lines."""
    piece: list[str] = []
    for line in document.text.split("\n"):
        piece.append(line)
        if sum(map(len, piece)) > _PAGE_CHARS:
            yield "\n".join(piece)
            piece = []
    yield "\n".join(piece)


def write_aozora(data: Path, folder: Path, documents: list[Document]) -> None:
    """Write the files unchanged."""
    for path in sorted((data / "aozora").glob("*.txt")):
        shutil.copy(path, folder)


def write_text(encoding: str) -> Write:
    """Write one file per work."""

    def write(data: Path, folder: Path, documents: list[Document]) -> None:
        for number, document in enumerate(documents):
            (folder / f"{number:04}.txt").write_bytes(document.text.encode(encoding, "replace"))

    return write


def write_rows(rows: Callable[[int, Document], Iterator[dict[str, Any]]]) -> Write:
    """Write JSON Lines of the rows that `rows` makes of each work."""

    def write(data: Path, folder: Path, documents: list[Document]) -> None:
        with (folder / "works.jsonl").open("w", encoding="utf-8") as file:
            for number, document in enumerate(documents):
                for row in rows(number, document):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")

    return write


def work_row(number: int, document: Document) -> Iterator[dict[str, Any]]:
    """Yield one row per work."""
    yield {"text": document.text, "title": document.title}


def page_rows(number: int, document: Document) -> Iterator[dict[str, Any]]:
    """Yield one row per page, each with an image."""
    for page, text in enumerate(pages(document)):
        yield {"work": f"w{number}", "page": page, "image": f"https://example.org/iiif/{number}/{page}", "text": text}


def article_rows(number: int, document: Document) -> Iterator[dict[str, Any]]:
    """Yield the two lines of an article in a CirrusSearch dump."""
    yield {"index": {"_type": "page", "_id": str(number)}}
    yield {"namespace": 0, "title": f"{document.title} {number}", "text": document.text.replace("\n", " ")}


def write_ndl(data: Path, folder: Path, documents: list[Document]) -> None:
    """Write each work as a batch of the NDL: an archive of pages in plain text."""
    for number, document in enumerate(documents):
        with zipfile.ZipFile(folder / f"{1_000_000 + number}.zip", "w") as archive:
            for page, text in enumerate(pages(document), start=1):
                archive.writestr(f"R{page:07}_pp.txt", text)


def load_archive(data: bytes) -> None:
    """Decode each entry of a ZIP."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            archive.read(name).decode()


def write_parquet(data: Path, folder: Path, documents: list[Document]) -> None:
    """Write one row per work, uncompressed."""
    table = pa.table({"text": pa.array([document.text for document in documents], pa.large_string())})
    pq.write_table(table, folder / "works.parquet", compression="none", row_group_size=100, use_dictionary=False)


def write_kokkai(data: Path, folder: Path, documents: list[Document]) -> None:
    """Write each work as a meeting, its pages as speeches."""
    for number, document in enumerate(documents):
        speeches = [
            {
                "speechID": f"{number:021}_{order:03}",
                "speechOrder": order,
                "speaker": "議長",
                "speech": "○議長　" + text.replace("\n", "\r\n"),
                "speechURL": f"https://example.org/{number}/{order}",
            }
            for order, text in enumerate(pages(document), start=1)
        ]
        meeting = {"issueID": f"{number:021}", "nameOfHouse": "両院", "nameOfMeeting": "本会議", "date": "2026-11-25"}
        value = {"meetingRecord": [{**meeting, "speechRecord": speeches}]}
        (folder / f"{number:04}.json").write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def write_copies(pattern: str, pages_per_work: int = 1) -> Write:
    """Copy real files repeatedly: each under its own name, or as numbered pages of one folder per work."""

    def write(data: Path, folder: Path, documents: list[Document]) -> None:
        found = [path.read_bytes() for path in sorted(data.glob(pattern)) if path.is_file()]
        if not found:
            sys.exit(f"{data / pattern} finds no file")
        n_bytes, number = 0, 0
        while n_bytes < _INPUT_BYTES:
            work, page = divmod(number, pages_per_work)
            target = folder / f"{work:05}" / f"{page:03}{Path(pattern).suffix}"
            target = target if pages_per_work > 1 else folder / f"{work:05}{Path(pattern).suffix}"
            target.parent.mkdir(exist_ok=True)
            n_bytes += target.write_bytes(found[number % len(found)])
            number += 1

    return write


# --- floors ----------------------------------------------------------------------------------------


def decode(data: bytes) -> str:
    """Decode as UTF-8, else as Shift_JIS."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp932", "replace")


def load_lines(data: bytes) -> None:
    """Parse each line with the standard library."""
    for line in data.splitlines():
        json.loads(line)


def load_parquet(data: bytes) -> list[dict[str, Any]]:
    """Read all rows as Python objects."""
    return pq.read_table(pa.BufferReader(data)).to_pylist()


#: Name: kind of the source, function that writes its input, the library's part of reading one file.
SOURCES: dict[str, tuple[str, Write, Callable[[bytes], Any]]] = {
    "aozora": ("aozora", write_aozora, decode),
    "text utf-8": ("text", write_text("utf-8"), decode),
    "text cp932": ("text", write_text("cp932"), decode),
    "jsonl": ("jsonl", write_rows(work_row), load_lines),
    "parquet": ("parquet", write_parquet, load_parquet),
    "pairs": ("pairs", write_rows(page_rows), load_lines),
    "wikipedia": ("wikipedia", write_rows(article_rows), load_lines),
    "ndl text": ("ndl", write_ndl, load_archive),
    "kokkai": ("kokkai", write_kokkai, json.loads),
    "egov": ("egov", write_copies("egov/*.xml"), etree.fromstring),
    "tei": ("tei", write_copies("classical/genji_tei/*.xml"), etree.fromstring),
    "honkoku": ("honkoku", write_copies("classical/honkoku/v*/**/*.txt", pages_per_work=50), decode),
}


if __name__ == "__main__":
    main()
