"""Digitised books and magazines of the National Diet Library: one document per publication.

A publication has a persistent id (PID), and its OCR text travels in many shapes. All are read
into the same pages of lines (`manyo.corpus.print.recognised`):

- page XML of NDLOCR-Lite, one file a page, and XML of the NDLOCR server tool, one file a PID;
  the only shapes that say what a line is (text, heading, caption, advertisement);
- full-text packages `{pid}_fulltext.zip` with a JSON and a text file a page;
- `{pid}_fulltext.json` of the full-text interface, whose coordinates are JSON inside JSON;
- older batches: ZIP of UTF-16 text, TAR of text with a tail to be cut off, TAR of word boxes;
- TSV of single lines, the ground truth of recognisers: name of the cut-out (`1904210_0008_….jpg`), text, direction,
  address. Each line is a page of its own with the address of its cut-out, so that the pairs can be rebuilt.

Formats: github.com/ndl-lab/ndlocr_cli (ndlocr-xmlformat.md), github.com/ndl-lab/ndlocr-lite and
github.com/ndl-lab/tugidigi-web. Where a page comes in several shapes, the one that says most is
used; where a publication comes twice, the second copy is refused, not lost.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from manyo.corpus.print.geometry_kernels import Kind
from manyo.corpus.print.pages import fraction_of, gaps
from manyo.corpus.print.paragraphs import running_text
from manyo.corpus.print.recognised import Line, Page, layout_confidence
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.ndl_xml import read_pages, tidy_line, tidy_lines
from manyo.corpus.sources.packing import pack_files, require_positive
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


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an NDL source.

    Attributes:
        metadata: CSV (with a header) or JSON (a list of objects) with a column `pid`; `title` becomes the
            title, all other columns (publisher, year, ndc, …) go to the document's meta. Empty: none.
        target_shard_bytes: publications are put together in one shard up to this size.
        max_publication_bytes: limit for one publication, decompressed. The longest books have some
            3,000 pages of 30 kB each.
    """

    metadata: str = ""
    target_shard_bytes: int = 64 << 20
    max_publication_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_publication_bytes")


@dataclass(frozen=True, slots=True)
class Item:
    """A file or archive entry of a publication, not yet parsed: its name and bytes."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Publication:
    """Payload of a record: all that there is of one PID."""

    items: tuple[Item, ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Name:
    """What a file name says: `digidepo_2531162_0024.xml` is page `0024` of publication 2531162."""

    pid: str
    page: str  # empty where the file holds a whole publication


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Whole publications together up to the target size; the files of a PID are never split.

    Raises:
        ValueError: the metadata file is missing or cannot be read.
    """
    shards = pack_files(files, options.target_shard_bytes, group=lambda file: _parse_name(file.uri).pid)
    if not options.metadata:
        return shards
    _read_metadata(options.metadata)
    return [replace(shard, sidecars=(_sidecar(options.metadata),)) for shard in shards]


def _sidecar(uri: str) -> InputFile:
    fs, path = filesystem(uri)
    data: bytes = fs.cat_file(path)
    return InputFile(uri, len(data), hashlib.blake2b(data, digest_size=16).hexdigest())


def records(shard: InputShard, options: Options) -> Iterator[Record[Publication] | BrokenInput]:
    """One record per publication, its key the PID."""
    metadata = _read_metadata(options.metadata) if options.metadata else {}
    seen: dict[str, str] = {}
    for publication in _publications(shard.files, options.max_publication_bytes):
        if isinstance(publication, BrokenInput):
            yield publication
            continue
        pid, uri, offset, items = publication
        if pid in seen:
            detail = f"{pid} was already read from {seen[pid]}"
            yield BrokenInput(uri, offset, Refused("duplicate_pid", detail, _address(pid, uri)))
            continue
        seen[pid] = uri
        yield Record(uri, offset, pid, Publication(tuple(items), metadata.get(pid, {})))
        for refused in _page_faults(items, _address(pid, uri)):
            yield BrokenInput(uri, offset, refused)


def parse(record: Record[Publication], options: Options) -> Outcome:
    """The publication's text in paragraphs, with the start of every page.

    A page that cannot be read costs that page: it is listed in meta's `broken_pages`. If no page
    can be read, the publication is refused with the first page's reason.
    """
    publication = record.payload
    uri = _address(record.key, record.origin_file)
    pages: list[Page] = []
    broken: list[Refused] = []
    for candidates in _by_page(publication.items):
        read = _read_best(candidates)
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
        # Many of them: the detector found characters and no lines.
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
        title=tidy(publication.metadata.get("title", "")),
        charset="utf-16" if _is_utf16(publication.items) else "utf-8",
        pages=starts,
        meta=meta,
    )


def _single_character_line_fraction(pages: Sequence[Page]) -> float:
    chars = [len(text) for page in pages for text in page.texts]
    return chars.count(1) / max(len(chars), 1)


# --- which files make a publication ---------------------------------------------------------------

_Found = tuple[str, str, int, list[Item]]

_PID_AND_PAGE = re.compile(r"(?:digidepo_)?(\d{4,})(?:_(.+))?")
_STEM_AND_PAGE = re.compile(r"(.+)_(\d{3,7})")
#: Of a number in a name; of thousands, Python makes none.
_MAX_DIGITS = 18
_DIGITS = re.compile(rf"(\d{{1,{_MAX_DIGITS}}})")
_FRAME = re.compile(r"R(\d{7})(?=_|\b)")
_HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")

#: Endings that name a shape, not a page.
_WHOLE = ("_fulltext", "_utf16", "_words", ".sorted")

#: Which shape of the same page says most.
_RICHNESS = (".xml", ".json", ".jsonl", ".txt")
#: A shape of single lines, of which a publication has some.
_ROWS = ".tsv"


def _parse_name(path: str) -> _Name:
    """PID and page of a file or archive entry; without digits to go by, the stem is the PID."""
    stem = path.rsplit("/", 1)[-1]
    for ending in (".tar.gz", ".tgz", ".tar", ".zip", *_RICHNESS):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    for ending in _WHOLE:
        stem = stem.removesuffix(ending)
    if match := _PID_AND_PAGE.fullmatch(stem):
        return _Name(match[1], match[2] or "")
    if match := _STEM_AND_PAGE.fullmatch(stem):
        return _Name(match[1], match[2])
    return _Name(stem, "")


def _publications(files: Sequence[InputFile], max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """Publications of the files in order: loose pages of a PID together, then archives."""
    for pid, members in groupby(sorted(files, key=_reading_order), key=lambda file: _parse_name(file.uri).pid):
        pages: list[InputFile] = []
        others: list[InputFile] = []
        for file in members:
            is_page = bool(_parse_name(file.uri).page) and not archives.is_archive(file.uri)
            (pages if is_page else others).append(file)
        yield from _in_files(pid, pages, max_bytes)
        for file in others:
            if archives.is_archive(file.uri):
                yield from _in_archive(file.uri, pid, max_bytes)
            elif file.uri.lower().endswith(_ROWS):
                yield from _in_rows(file.uri, max_bytes)
            else:
                yield from _in_files(pid, [file], max_bytes)


def _in_files(pid: str, files: list[InputFile], max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """One publication out of plain files."""
    items: list[Item] = []
    size_bytes = 0
    for file in files:
        if not file.uri.lower().endswith(_RICHNESS):
            yield _broken(file.uri, 0, "unknown_file", "not .xml, .json, .jsonl, .txt, .zip, .tar or .tar.gz")
            continue
        data = archives.read_limited(file.uri, max_bytes - size_bytes)
        if isinstance(data, BrokenInput):
            yield data
            continue
        size_bytes += len(data)
        items.append(Item(file.uri.rsplit("/", 1)[-1], data))
    if items:
        yield pid, files[0].uri, 0, items


def _in_rows(uri: str, max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """The publications of a TSV of lines, each from the number of its first row."""
    data = archives.read_limited(uri, max_bytes)
    if isinstance(data, BrokenInput):
        yield data
        return
    text = _decode(data)
    if text is None:
        yield _broken(uri, 0, "wrong_encoding", "neither UTF-8 nor UTF-16 with a byte order mark")
        return
    pages: dict[str, dict[str, list[str]]] = {}
    first: dict[str, int] = {}
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        columns = row.split("\t")
        name = _parse_name(columns[0])
        if len(columns) < 2 or not name.pid.isdecimal() or not name.page:
            if row.strip():
                yield _broken(uri, number, "broken_row", row[:200])
            continue
        pages.setdefault(name.pid, {}).setdefault(name.page.split("_")[0], []).append(row)
        first.setdefault(name.pid, number)
    for pid, rows in pages.items():
        yield pid, uri, first[pid], [Item(f"{pid}_{page}{_ROWS}", "\n".join(of).encode()) for page, of in rows.items()]


def _reading_order(file: InputFile) -> tuple[str, bool, bool, int, str]:
    """By PID; pages first, then whole files, archives last; the richest shape first.

    Of `PID.sorted.xml` and `PID.xml`, both from the server tool, the sorted one comes first.
    """
    name = _parse_name(file.uri)
    lower = file.uri.lower()
    richness = next((i for i, ending in enumerate(_RICHNESS) if lower.endswith(ending)), len(_RICHNESS))
    return name.pid, archives.is_archive(lower), not name.page, richness, file.uri


def _in_archive(uri: str, archive_pid: str, max_bytes: int) -> Iterator[_Found | BrokenInput]:
    """Publications in an archive: a run of entries with the same PID is one.

    Entries without a PID in their names (`R0000024_pp.txt`) belong to the one of the archive's name.
    """
    items: list[Item] = []
    open_pid, first, size_bytes = "", 0, 0
    for entry in archives.entries(uri, max_bytes):
        if isinstance(entry, BrokenInput):
            yield entry
            continue
        if not entry.name.lower().endswith(_RICHNESS):
            yield _broken(uri, entry.ordinal, "unknown_file", entry.name)
            continue
        pid = archive_pid if _FRAME.match(entry.name.rsplit("/", 1)[-1]) else _parse_name(entry.name).pid
        if pid != open_pid:
            if items:
                yield open_pid, uri, first, items
            open_pid, first, size_bytes, items = pid, entry.ordinal, 0, []
        data = entry.read()
        if isinstance(data, BrokenInput):
            yield data
            continue
        size_bytes += len(data)
        if size_bytes > max_bytes:
            yield _broken(uri, entry.ordinal, "too_large", f"{entry.name}: {pid} has more than {max_bytes} bytes")
            continue
        items.append(Item(entry.name, data))
    if items:
        yield open_pid, uri, first, items


def _page_faults(items: Sequence[Item], address: str) -> Iterator[Refused]:
    """What is wrong with the pages of a publication, by the names of its files: gaps, and pages that come twice."""
    files = [(_page_of(item.name), item.name.rsplit(".", 1)[-1].lower()) for item in items]
    seen: set[tuple[str, str]] = set()
    for item, file in zip(items, files, strict=True):
        if file[0] and file in seen:
            yield Refused("duplicate_page", item.name, address)
        seen.add(file)
    paged = {page for page, ending in files if f".{ending}" != _ROWS}
    numbers = [int(page) for page in paged if page.isdecimal() and len(page) <= _MAX_DIGITS]
    if missing := gaps(numbers):
        yield Refused("missing_page", f"{missing} of {min(numbers)} to {max(numbers)}", address)


def _by_page(items: Iterable[Item]) -> list[list[Item]]:
    """The items of each page, richest shape first, pages in order.

    Files that hold the whole publication (`{pid}.txt` beside its pages) count only where there are
    no pages.
    """
    pages: dict[str, list[Item]] = {}
    wholes: list[Item] = []
    for item in items:
        if page := _page_of(item.name):
            pages.setdefault(page, []).append(item)
        else:
            wholes.append(item)
    groups = [pages[page] for page in sorted(pages, key=_natural_order)] or [wholes]
    return [
        sorted(group, key=lambda item: (*_RICHNESS, _ROWS).index("." + item.name.rsplit(".", 1)[-1].lower()))
        for group in groups
    ]


def _page_of(name: str) -> str:
    base = name.rsplit("/", 1)[-1]
    if match := _FRAME.match(base):
        return match[1]
    return _parse_name(base).page


def _natural_order(page: str) -> list[tuple[int, str]]:
    """`p2` before `p10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _DIGITS.split(page)]


def _address(pid: str, origin_file: str) -> str:
    """The item's page in the Digital Collections; a file without a PID has its own address only."""
    return f"https://dl.ndl.go.jp/pid/{pid}" if pid.isdecimal() else origin_file


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


# --- from bytes to pages of lines -----------------------------------------------------------------

_NO_BOX = (np.nan,) * 4
#: What follows is a second copy of the text in the old batches (github.com/ndl-lab/tugidigi-web).
_TAIL = "\0#-#-##-#-#\0"
#: A page number that was glued to the last sentence of a text page: "…投入する。(30)".
_GLUED_PAGE_NUMBER = re.compile(r"(?<=[。」』])\s*[(（―—\-]\s*\d{1,4}\s*[)）―—\-]$")
#: It is looked for in the last characters of the page.
_GLUED_CHARS = 20


def _read_best(candidates: list[Item]) -> list[Page] | Refused:
    """The pages of the first candidate that can be read."""
    refused = Refused("no_text", "no files")
    for index, item in enumerate(candidates):
        read = _READERS[item.name.rsplit(".", 1)[-1].lower()](item)
        if not isinstance(read, Refused):
            return read
        refused = read if index == 0 else refused
    return refused


def _read_xml(item: Item) -> list[Page] | Refused:
    try:
        return read_pages(item.data, _label(item.name))
    except ValueError as error:
        return Refused("broken_xml", f"{item.name}: {error}")


def _read_json(item: Item) -> list[Page] | Refused:
    """Any of the JSON shapes: page entries, interface pages, words, NDLOCR-Lite contents."""
    text = _decode(item.data)
    if text is None:
        return Refused("wrong_encoding", item.name)
    try:
        return _json_pages(json.loads(text), item.name)
    except RecursionError:
        return Refused("broken_json", f"{item.name}: nested too deeply")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        return Refused("broken_json", f"{item.name}: {error!r}")


def _read_jsonl(item: Item) -> list[Page] | Refused:
    """One interface page a line."""
    text = _decode(item.data)
    if text is None:
        return Refused("wrong_encoding", item.name)
    try:
        return _json_pages([json.loads(line) for line in text.splitlines() if line.strip()], item.name)
    except RecursionError:
        return Refused("broken_json", f"{item.name}: nested too deeply")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        return Refused("broken_json", f"{item.name}: {error!r}")


def _json_pages(value: Any, name: str) -> list[Page]:
    if isinstance(value, dict) and "list" in value:
        value = value["list"]
    if isinstance(value, dict) and "words" in value:
        words = [word for word in value["words"] if word.get("isTextline", "true") != "false"]
        return [_json_page(_label(name), words)]
    if isinstance(value, dict) and "imginfo" in value:
        label = value["imginfo"].get("img_name") or _label(name)
        return [_json_page(label, [entry for part in value["contents"] for entry in part])]
    if isinstance(value, dict):
        value = [value]
    if any("contents" in entry or "coordjson" in entry for entry in value):
        return [_interface_page(entry) for entry in sorted(value, key=lambda entry: entry.get("page", 0))]
    return [_json_page(_label(name), value)]


def _interface_page(entry: dict[str, Any]) -> Page:
    """A page of the full-text interface: running text, and its lines as JSON in a string."""
    label = str(entry.get("page", entry.get("id", "")))
    if coordinates := entry.get("coordjson"):
        page = _json_page(label, json.loads(coordinates))
        if page.texts:
            return page
    return _text_page(label, entry.get("contents") or "")


def _json_page(label: str, entries: list[dict[str, Any]]) -> Page:
    """Entries are lines; in some books they are single characters, which have no geometry of their own."""
    texts = tidy_lines([str(entry.get("contenttext", entry.get("text", ""))) for entry in entries])
    if len(texts) > 1 and max(map(len, texts)) <= 1:
        whole = "".join(texts)
        return Page.of_texts(label, [whole] if whole else [])
    if "" in texts:
        entries = [entry for text, entry in zip(texts, entries, strict=True) if text]
        texts = [text for text in texts if text]
    boxes = np.array([_json_box(entry) for entry in entries], np.float64).reshape(-1, 4)
    # The tools write 0 where they know no confidence.
    confidences = [float(entry.get("confidence") or 0.0) or np.nan for entry in entries]
    return replace(Page.of_texts(label, texts), boxes=boxes, confidences=confidences)


def _json_box(entry: dict[str, Any]) -> tuple[float, float, float, float]:
    if "xmin" in entry:
        x, y = float(entry["xmin"]), float(entry["ymin"])
        return x, y, float(entry["xmax"]) - x, float(entry["ymax"]) - y
    if corners := entry.get("boundingBox"):
        xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    return _NO_BOX


def _read_text(item: Item) -> list[Page] | Refused:
    text = _decode(item.data)
    if text is None:
        return Refused("wrong_encoding", f"{item.name}: neither UTF-8 nor UTF-16 with a byte order mark")
    return [_text_page(_label(item.name), text.split(_TAIL, 1)[0])]


def _read_rows(item: Item) -> list[Page] | Refused:
    """A page a row: a line that is cut out does not go on in the next one."""
    rows = [row.split("\t") for row in item.data.decode().split("\n")]
    lines = [(row[3] if len(row) > 3 and row[3] else row[0], tidy_line(row[1])) for row in rows]
    return [Page.of(label, [Line(text, Kind.HEADING)] if text else []) for label, text in lines]


def _text_page(label: str, text: str) -> Page:
    text = tidy(text.replace("\t", ""))
    end = max(len(text) - _GLUED_CHARS, 0)
    text = text[:end] + _GLUED_PAGE_NUMBER.sub("", text[end:])
    return Page.of_texts(label, [line for line in text.split("\n") if line.strip()])


def _decode(data: bytes) -> str | None:
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _is_utf16(items: tuple[Item, ...]) -> bool:
    return bool(items) and all(item.data[:2] in (b"\xff\xfe", b"\xfe\xff") for item in items)


def _label(name: str) -> str:
    """The frame number (コマ) where the name has one."""
    page = _page_of(name)
    return (page.lstrip("0") or "0") if page.isdecimal() else page


_READERS = {"xml": _read_xml, "json": _read_json, "jsonl": _read_jsonl, "txt": _read_text, "tsv": _read_rows}
