"""Digitised books and magazines of the National Diet Library: one document per publication.

A publication has a persistent id (PID), and its OCR text travels in many shapes. All are read
into the same pages of lines (`manyo.corpus.print.recognised`):

- page XML of NDLOCR-Lite, one file a page, and XML of the NDLOCR server tool, one file a PID;
  the only shapes that say what a line is (text, heading, caption, advertisement);
- full-text packages `{pid}_fulltext.zip` with a JSON and a text file a page;
- `{pid}_fulltext.json` of the full-text interface, whose coordinates are JSON inside JSON;
- older batches: ZIP of UTF-16 text, TAR of text with a tail to be cut off, TAR of word boxes;
- ALTO, PAGE-XML, hOCR, IIIF manifests and annotations, tables of characters (CODH), text of Tesseract
  (`manyo.corpus.print.ocr_xml`, `ocr_tables`, `ocr_words`), which `kind = "ocr"` reads for other libraries;
- TSV of single lines, the ground truth of recognisers: name of the line's image (`1904210_0008_….jpg`), text,
  direction, address. Each line is a page of its own, labelled with its image, so that the pairs can be rebuilt.

Formats: github.com/ndl-lab/ndlocr_cli (ndlocr-xmlformat.md), github.com/ndl-lab/ndlocr-lite and
github.com/ndl-lab/tugidigi-web. Where a page comes in several shapes, the one that says most is
used; if a publication comes twice, the second copy is refused.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated

from manyo.corpus.print.ocr_tables import read_iiif
from manyo.corpus.print.pages import MAX_DIGITS, fraction_of, gaps
from manyo.corpus.print.paragraphs import running_text
from manyo.corpus.print.recognised import Page, layout_confidence
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.settings.meant_texts import MAY_BE_EMPTY, FilePath
from manyo.corpus.sources import archives, other_formats
from manyo.corpus.sources.ndl_pages import (
    ROWS,
    SHAPES,
    Item,
    Name,
    are_utf16,
    by_page,
    decode_text,
    is_iiif,
    parse_name,
    read_best,
)
from manyo.corpus.sources.packing import file_name, pack_files, require_positive
from manyo.corpus.sources.unchanged_inputs import input_file
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_xml": "the XML of every page is not well-formed",
    "broken_json": "the JSON of every page is not well-formed, or has none of the known shapes",
    "wrong_encoding": "the text is neither UTF-8 nor UTF-16 with a byte order mark",
    "duplicate_pid": "another file of the shard already gave this publication",
    "duplicate_page": "another file of the publication, of the same shape, is the same page; the first is read",
    "missing_page": "the publication's page numbers have a gap; the pages that are there are read",
    "no_text": "no page holds text",
    "broken_row": "a row of a TSV lacks its text, or names no publication",
    "unknown_file": "a file or archive entry of no known shape",
}

#: Formats of the shapes; what is damaged is for their parsers.
_READS = {"xml", "alto", "page_xml", "hocr", "character_boxes", *other_formats.JSON}

#: Hangul in a Japanese book is cursive print misread.
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an NDL source.

    Attributes:
        metadata: CSV (with a header) or JSON (a list of objects) with a column `pid`; `title` becomes the
            title, all other columns (publisher, year, ndc, …) go to the document's meta. Empty: none.
        target_shard_bytes: publications are packed into one shard up to this size.
        max_publication_bytes: limit for one publication, decompressed. The longest books have some
            3,000 pages of 30 kB each.
        address: of a publication by its PID, if that is a number; empty: its file's own.
    """

    metadata: FilePath = ""
    target_shard_bytes: int = 64 << 20
    max_publication_bytes: int = 256 << 20
    address: Annotated[str, MAY_BE_EMPTY] = "https://dl.ndl.go.jp/pid/{pid}"

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_publication_bytes")


@dataclass(frozen=True, slots=True)
class Publication:
    """Payload of a record: all files of one PID, and its row of the metadata."""

    items: tuple[Item, ...]
    metadata: Mapping[str, str]


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack whole publications together up to the target size; the files of a PID are never split.

    Raises:
        ValueError: the metadata file is missing or cannot be read.
    """
    shards = pack_files(files, options.target_shard_bytes, group=lambda file: _name(file).pid)
    if not options.metadata:
        return shards
    _read_metadata(options.metadata)
    return [replace(shard, sidecars=(_sidecar(options.metadata),)) for shard in shards]


def _sidecar(uri: str) -> InputFile:
    fs, path = filesystem(uri)
    return input_file(uri, fs.info(path))


def records(shard: InputShard, options: Options) -> Iterator[Record[Publication] | BrokenInput]:
    """One record per publication; its key is the PID."""
    metadata = _read_metadata(options.metadata) if options.metadata else {}
    seen: dict[str, str] = {}
    for publication in _publications(shard.files, options.max_publication_bytes):
        if isinstance(publication, BrokenInput):
            yield publication
            continue
        pid, uri, offset, items = publication
        address = _address(pid, uri, options)
        if pid in seen:
            detail = f"{pid} was already read from {seen[pid]}"
            yield BrokenInput(uri, offset, Refused("duplicate_pid", detail, address))
            continue
        seen[pid] = uri
        yield Record(uri, offset, pid, Publication(tuple(items), metadata.get(pid) or metadata.get(file_name(pid), {})))
        for refused in _page_faults(items, address):
            yield BrokenInput(uri, offset, refused)


def parse(record: Record[Publication], options: Options) -> Outcome:
    """The publication's text in paragraphs, with the start of every page.

    A page that cannot be read costs that page: it is listed in meta's `broken_pages`. If no page
    can be read, the publication is refused with the first page's reason.
    """
    publication = record.payload
    uri = _address(record.key, record.origin_file, options)
    pages: list[Page] = []
    broken: list[Refused] = []
    for candidates in by_page(publication.items):
        read = read_best(candidates)
        if isinstance(read, Refused):
            broken.append(read)
        else:
            pages += read
    if broken and not pages:
        return Refused(broken[0].reason, broken[0].detail, uri)
    text, starts = running_text(pages)
    if not text.strip():
        return Refused("no_text", f"{len(pages)} pages without text", uri)
    confidence = layout_confidence(pages)
    meta: dict[str, object] = {
        "pid": record.key,
        "page_count": len(pages),
        # NDLOCR writes 〓 for what it cannot read; hangul is cursive print misread.
        "geta_fraction": round(fraction_of(text, "〓"), 6),
        "hangul_fraction": round(len(_HANGUL.findall(text)) / len(text), 6),
        # If there are many, the detector found characters instead of lines.
        "single_character_line_fraction": round(_single_character_line_fraction(pages), 6),
    }
    if confidence is not None:
        meta["layout_confidence"] = round(confidence, 4)
    if broken:
        meta["broken_pages"] = [f"{refused.reason}: {refused.detail}" for refused in broken]
    meta |= {name: value for name, value in publication.metadata.items() if name not in ("pid", "title")}
    return Document(
        uri=uri,
        text=text,
        title=tidy(publication.metadata.get("title", "") or _title(publication.items)),
        charset="utf-16" if are_utf16(publication.items) else "utf-8",
        pages=starts,
        meta=meta,
        lacks=(f'a row of metadata = "{options.metadata}"',) if options.metadata and not publication.metadata else (),
    )


def _title(items: Sequence[Item]) -> str:
    """The title that a IIIF manifest gives; no other shape states one."""
    first = items[0] if items else None
    return read_iiif(first.data, "")[0] if first is not None and is_iiif(first) else ""


def _single_character_line_fraction(pages: Sequence[Page]) -> float:
    chars = [len(text) for page in pages for text in page.texts]
    return chars.count(1) / max(len(chars), 1)


# --- which files make a publication ---------------------------------------------------------------

_Found = tuple[str, str, int, list[Item]]


def _publications(files: Sequence[InputFile], max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """Publications of the files in order: loose pages of a PID together, then archives."""
    for pid, members in groupby(sorted(files, key=_reading_order), key=lambda file: _name(file).pid):
        pages: list[InputFile] = []
        others: list[InputFile] = []
        for file in members:
            is_page = bool(_name(file).page) and not archives.is_archive(file.uri)
            (pages if is_page else others).append(file)
        yield from _in_files(pid, pages, max_bytes)
        for file in others:
            if archives.is_archive(file.uri):
                yield from _in_archive(file.uri, pid, max_bytes)
            elif file.uri.lower().endswith(ROWS):
                yield from _in_rows(file.uri, max_bytes)
            else:
                yield from _in_files(pid, [file], max_bytes)


def _in_files(pid: str, files: list[InputFile], max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """One publication from plain files."""
    items: list[Item] = []
    size_bytes = 0
    for file in files:
        if not file.uri.lower().endswith(SHAPES):
            yield _broken(file.uri, 0, "unknown_file", f"not {', '.join((*SHAPES, ROWS))}, .zip, .tar or .tar.gz")
            continue
        data = archives.read_limited(file.uri, max_bytes - size_bytes)
        if isinstance(data, BrokenInput):
            yield data
            continue
        if other := other_formats.refused(file.uri, 0, data, _READS, file.name):
            yield other
            continue
        size_bytes += len(data)
        items.append(Item(file.name, data))
    if items:
        yield pid, files[0].uri, 0, items


def _in_rows(uri: str, max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """The publications of a TSV of lines, each from the number of its first row."""
    data = archives.read_limited(uri, max_bytes)
    if isinstance(data, BrokenInput):
        yield data
        return
    if other := other_formats.refused(uri, 0, data, _READS, file_name(uri)):
        yield other
        return
    text = decode_text(data)
    if text is None:
        yield _broken(uri, 0, "wrong_encoding", "neither UTF-8 nor UTF-16 with a byte order mark")
        return
    pages: dict[str, dict[str, list[str]]] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        columns = row.split("\t")
        name = parse_name(columns[0])
        if len(columns) < 2 or not name.pid.isdecimal() or not name.page:
            if row.strip():
                yield _broken(uri, number, "broken_row", row[:200])
            continue
        pages.setdefault(name.pid, {}).setdefault(name.page.split("_")[0], []).append(row)
        first.setdefault(name.pid, number)
    for pid, rows in pages.items():
        yield pid, uri, first[pid], [Item(f"{pid}_{page}{ROWS}", "\n".join(of).encode()) for page, of in rows.items()]


def _name(file: InputFile) -> Name:
    """What a file's path says."""
    return parse_name(file.name, "".join(file.uri.split("/")[-2:-1]))


def _reading_order(file: InputFile) -> tuple[str, bool, bool, int, str]:
    """By PID; pages first, then whole files, archives last; the richest shape first.

    Of `PID.sorted.xml` and `PID.xml`, both from the server tool, the sorted one comes first.
    """
    name = _name(file)
    lower = file.uri.lower()
    richness = next((i for i, ending in enumerate(SHAPES) if lower.endswith(ending)), len(SHAPES))
    return name.pid, archives.is_archive(lower), not name.page, richness, file.uri


def _in_archive(uri: str, archive_pid: str, max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """Publications in an archive: consecutive entries with the same PID are one.

    Entries without a PID in their paths (`R0000024_pp.txt`) belong to the one of the archive's name.
    """
    items: list[Item] = []
    open_pid, first, size_bytes = "", 0, 0
    for entry in archives.entries(uri, max_bytes):
        if isinstance(entry, BrokenInput):
            yield entry
            continue
        if not entry.name.lower().endswith(SHAPES):
            yield _broken(uri, entry.ordinal, "unknown_file", entry.name)
            continue
        name = f"{archive_pid}/{entry.name}"
        pid = parse_name(name).pid
        if pid != open_pid:
            if items:
                yield open_pid, uri, first, items
            open_pid, first, size_bytes, items = pid, entry.ordinal, 0, []
        data = entry.read()
        if isinstance(data, BrokenInput):
            yield data
            continue
        if other := other_formats.refused(uri, entry.ordinal, data, _READS, entry.name):
            yield other
            continue
        size_bytes += len(data)
        if size_bytes > max_bytes:
            yield _broken(uri, entry.ordinal, "too_large", f"{entry.name}: {pid} has more than {max_bytes} bytes")
            continue
        items.append(Item(name, data))
    if items:
        yield open_pid, uri, first, items


def _page_faults(items: Sequence[Item], address: str) -> Iterator[Refused]:
    """What is wrong with the pages of a publication, by the names of its files: gaps, and pages that come twice."""
    files = [(parse_name(item.name).page, item.ending) for item in items]
    seen: set[tuple[str, str]] = set()
    for item, file in zip(items, files, strict=True):
        if file[0] and file in seen:
            yield Refused("duplicate_page", item.name, address)
        seen.add(file)
    paged = {page for page, ending in files if ending != ROWS}
    numbers = [int(page) for page in paged if page.isdecimal() and len(page) <= MAX_DIGITS]
    if missing := gaps(numbers):
        yield Refused("missing_page", f"{missing} of {min(numbers)} to {max(numbers)}", address)


def _address(pid: str, origin_file: str, options: Options) -> str:
    """The item's page in the library's collections; a file without a PID has its own address only."""
    return options.address.format(pid=pid) if pid.isdecimal() and options.address else origin_file


def _read_metadata(uri: str) -> dict[str, dict[str, str]]:
    """Rows of the metadata file by PID.

    Raises:
        ValueError: it cannot be read as CSV or JSON, or a row has no `pid`.
    """
    fs, path = filesystem(uri)
    try:
        data: bytes = fs.cat_file(path)
    except OSError as error:
        raise ValueError(f"{uri}: metadata cannot be read: {error}") from error
    try:
        text = data.decode("utf-8-sig")
        rows = json.loads(text) if uri.lower().endswith(".json") else list(csv.DictReader(io.StringIO(text)))
        return {
            str(row["pid"]): {name: str(value) for name, value in row.items() if name and value not in (None, "")}
            for row in rows
        }
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise ValueError(
            f"{uri}: metadata must be UTF-8 CSV with a header, or a JSON list of objects, with a column pid; {error!r}"
        ) from error


def _broken(uri: str, offset: int, reason: str, detail: str) -> BrokenInput:
    return BrokenInput(uri, offset, Refused(reason, detail, uri))
