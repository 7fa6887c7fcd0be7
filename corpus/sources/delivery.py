"""A delivery of a publisher or an office (`kind = "files"`): files of many formats, one document each.

Folders, ZIP and TAR archives, and archives within these. Each file is read by the reader of what it holds, whatever
it is called (`manyo.corpus.sources.content_kind`); what no reader reads is a refused row that names the format. A side
table gives terms, school grade and subject by file name (`manyo.corpus.sources.side_table`).

| format | reader |
|---|---|
| EPUB 3 and 2, DOCX, ODT, IDML, DTBook, JATS, Markdown, TeX, CSV, JSON | `manyo.corpus.books` |
| PDF | `manyo.corpus.sources.pdf` |
| HTML | `manyo.corpus.web.main_text` |
| OCR pages | `manyo.corpus.sources.ocr` |
| plain text, Aozora's notation, TEI, statutes | the sources of these names |
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import IO, Final

from manyo.corpus.books import book as books
from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.docx import read_docx
from manyo.corpus.books.epub import read_epub
from manyo.corpus.books.idml import read_idml
from manyo.corpus.books.markup_files import read_dtbook, read_jats, read_markdown
from manyo.corpus.books.odt import read_flat_odt, read_odt
from manyo.corpus.books.records_as_text import read_json, read_table
from manyo.corpus.books.tex import read_tex
from manyo.corpus.print.notation import read_notation
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.settings.meant_texts import FilePath, FolderPath
from manyo.corpus.sources import aozora, archives, egov, ndl, ocr, pdf, plain_text, tei
from manyo.corpus.sources.compression import DAMAGE, decompressed
from manyo.corpus.sources.content_kind import FORMATS, HEAD_BYTES, format_of_entries, package_of_head, recognise
from manyo.corpus.sources.ndl_pages import Item
from manyo.corpus.sources.packing import file_name, file_stem, require_positive
from manyo.corpus.sources.side_table import NO_ENTRY, Entry, SideTable, read_side_table
from manyo.corpus.sources.unchanged_inputs import input_file
from manyo.corpus.structure import tidied
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import tidy
from manyo.corpus.web.charset import decode
from manyo.corpus.web.licences import licence_at
from manyo.corpus.web.main_text import extract
from manyo.corpus.web.statements import read_statements

REASONS = {
    **{reason: archives.REASONS[reason] for reason in ("broken_archive", "empty_archive", "unsafe_path", "too_large")},
    **books.REASONS,
    "undecodable": "too large a share of the characters could not be decoded",
    "unreadable_format": "a format that no reader here reads; the detail names it, and the kind of source that does",
    "nested_archive": "an archive within an archive within an archive",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
}

#: What the sources of single formats call a reason that has another name here.
_REASON_HERE: Final = {
    "broken_xml": "broken_file", "not_a_law": "broken_file", "wrong_encoding": "undecodable",
    "broken_json": "broken_file", "broken_row": "broken_file", "damaged": "broken_file",
    "too_many_pages": "too_large", "xfa": "unreadable_format",
}  # fmt: skip
#: What frames a work of Aozora Bunko: the rules around the legend, or the line that names the base edition.
_FRAME = re.compile(r"^-{20,}\r?$|^底本[:：]", re.MULTILINE)
#: An address in what a book says of its rights.
_ADDRESS = re.compile(r"https?://[^\s<>\"'、。）)]+")
#: Archives are opened within archives, not deeper.
_MAX_DEPTH = 2
#: Files that systems and programs leave behind, by the ends and starts of their names.
_LEFTOVERS = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini", ".gitkeep")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a delivery.

    Attributes:
        metadata: CSV with a column `file` and any of `terms`, `grade`, `subject`, `title`; other columns go to the
            document's meta. Empty: none.
        target_shard_bytes: files are packed into one shard up to this size.
        max_file_bytes: limit for one file, decompressed, and for all parts of a packaged one.
        max_archive_bytes: limit for all files of one archive together, decompressed.
        max_replacement_fraction: largest share of undecodable characters, per non-ASCII character, of a document.
        ocr_results: folder with what an OCR tool made of pages of PDFs, as in `manyo.corpus.sources.pdf.Options`.
    """

    metadata: FilePath = ""
    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20
    max_archive_bytes: int = 16 << 30
    max_replacement_fraction: float = 0.01
    ocr_results: FolderPath = ""

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes", "max_archive_bytes")
        if not 0 <= self.max_replacement_fraction <= 1:
            raise ValueError(f"max_replacement_fraction must be within 0 and 1, got {self.max_replacement_fraction}")


@dataclass(frozen=True, slots=True)
class Delivered:
    """Payload of a record: a file, its path in the delivery, and what the side table says of it."""

    path: str
    data: bytes
    entry: Entry = NO_ENTRY


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; the side table and OCR results are sidecars.

    Raises:
        ValueError: the side table cannot be read or names two files at once, or the folder of OCR results is missing.
    """
    shards = pdf.plan(files, pdf.Options(options.target_shard_bytes, ocr_results=options.ocr_results))
    if not options.metadata:
        return shards
    if found := read_side_table(options.metadata).ambiguous(file.name for file in files):
        name, one, other = found
        raise ValueError(f"{options.metadata}: {name} is both {one} and {other}; write the folder before it")
    fs, path = filesystem(options.metadata)
    sidecar = input_file(options.metadata, fs.info(path))
    return [replace(shard, sidecars=(*shard.sidecars, sidecar)) for shard in shards]


def records(shard: InputShard, options: Options) -> Iterator[Record[Delivered] | BrokenInput]:
    """One record per file, in archives too; its key is its path in the delivery."""
    table = read_side_table(options.metadata) if options.metadata else SideTable({})
    for file in shard.files:
        for found in _files(file, options):
            if isinstance(found, BrokenInput):
                yield found
            else:
                entry, ordinal, data = found
                path = f"{file.name}/{entry}" if entry else file.name
                yield Record(file.uri, ordinal, path, Delivered(path, data, table.entry(path)), entry)


def parse(record: Record[Delivered], options: Options) -> Outcome:
    """The file's text by the reader of its format, with what the side table says of it."""
    delivered = record.payload
    name = file_name(delivered.path)
    uri = record.address
    if delivered.path.startswith(_LEFTOVERS) or name in _LEFTOVERS or name.startswith(("~$", "._")):
        return Skipped("leftover")
    if options.metadata and record.origin_file == options.metadata:
        return Skipped("side_table")
    found = recognise(delivered.data, name)
    if found == "empty":
        return Refused("no_text", f"{delivered.path}: {len(delivered.data)} bytes", uri)
    if found == "encrypted_office":
        return Refused("encrypted", f"{delivered.path}: an Office document that needs a password", uri)
    reader = _READERS.get(found)
    if reader is None:
        stated = FORMATS[found]
        remedy = f'; kind = "{stated.kind}" reads it' if stated.kind not in ("", "files") else ""
        return Refused("unreadable_format", f"{delivered.path}: {stated.title}{remedy}", uri)
    try:
        outcome = reader(_of_bytes(record, delivered.data), options)
    except UnreadableError as error:
        return Refused(error.reason, f"{delivered.path}: {error.detail}", uri)
    if isinstance(outcome, Refused):
        reason = _REASON_HERE.get(outcome.reason, outcome.reason)
        return outcome._replace(reason=reason, detail=f"{delivered.path}: {outcome.detail}", uri=uri)
    if not isinstance(outcome, Document):
        return outcome
    outcome.uri = uri
    if options.metadata and delivered.entry is NO_ENTRY:
        outcome.lacks = (f'a row of metadata = "{options.metadata}"',)
    return _with_entry(outcome, delivered, found)


def _of_bytes(record: Record[Delivered], data: bytes) -> Record[bytes]:
    """The record of a file as the sources of single formats take it."""
    return Record(record.origin_file, record.origin_offset, record.key, data, record.entry)


def _with_entry(document: Document, delivered: Delivered, found: str) -> Document:
    entry = delivered.entry
    document.title = tidy(entry.title or document.title or file_stem(delivered.path))
    document.terms, document.grade, document.subject = entry.terms, entry.grade, entry.subject
    document.meta = {"format": found, **document.meta, **entry.meta, "path": delivered.path}
    return document


# --- which files ---------------------------------------------------------------------------------------------

_Found = tuple[str, int, bytes]


def _files(file: InputFile, options: Options) -> Iterator[_Found | BrokenInput]:
    """The files that an input is or holds: path of the entry, empty for the input itself; ordinal; bytes."""
    fs, path = filesystem(file.uri)
    with fs.open(path, "rb") as stream:
        head = _head(stream)
        is_archive = _is_archive(head) and not package_of_head(head)
        if is_archive and head.startswith(b"PK"):
            stream.seek(0)
            try:
                with zipfile.ZipFile(stream) as archive:
                    is_archive = format_of_entries(archive.namelist()) == "zip"
            except archives.DAMAGE as error:
                archives.raise_if_storage_failed(error)
    if not is_archive:
        data = archives.read_limited(file.uri, options.max_file_bytes)
        yield data if isinstance(data, BrokenInput) else ("", 0, data)
        return
    with fs.open(path, "rb") as stream:
        yield from _Archive(file.uri, options).files("", stream, depth=1)


class _Archive:
    """Reads an archive and those within it, up to a number of bytes altogether."""

    def __init__(self, uri: str, options: Options) -> None:
        self._uri = uri
        self._options = options
        self._left_bytes = options.max_archive_bytes
        self._seen: set[str] = set()

    def files(self, path: str, stream: IO[bytes], depth: int) -> Iterator[_Found | BrokenInput]:
        """The files of an open archive; `path` is that of an archive within the outer one, with a slash after it."""
        for entry in archives.entries_in(self._uri, stream, self._options.max_file_bytes):
            yield from [entry] if isinstance(entry, BrokenInput) else self._file(f"{path}{entry.name}", entry, depth)

    def _file(self, path: str, entry: archives.Entry, depth: int) -> Iterator[_Found | BrokenInput]:
        if path in self._seen:
            yield self._refused(entry, "duplicate_file", path)
            return
        self._seen.add(path)
        if self._left_bytes <= 0:
            detail = f"{path}: the archive has more than {self._options.max_archive_bytes} bytes, decompressed"
            yield self._refused(entry, "too_large", detail)
            return
        data = entry.read()
        if isinstance(data, BrokenInput):
            yield data
            return
        self._left_bytes -= len(data)
        is_archive = _is_archive(_head(io.BytesIO(data))) and recognise(data) in ("zip", "tar", "gzip")
        if not is_archive:
            yield path, entry.ordinal, data
        elif depth == _MAX_DEPTH:
            yield self._refused(entry, "nested_archive", path)
        else:
            for found in self.files(f"{path}/", io.BytesIO(data), depth + 1):
                yield replace(found, origin_offset=entry.ordinal) if isinstance(found, BrokenInput) else (
                    found[0], entry.ordinal, found[2]
                )  # fmt: skip

    def _refused(self, entry: archives.Entry, reason: str, detail: str) -> BrokenInput:
        return BrokenInput(self._uri, entry.ordinal, Refused(reason, detail, self._uri))


def _head(stream: IO[bytes]) -> bytes:
    """The first bytes, decompressed; empty where not even those can be."""
    try:
        return decompressed(stream).read(HEAD_BYTES)
    except DAMAGE as error:
        archives.raise_if_storage_failed(error)
        return b""


def _is_archive(head: bytes) -> bool:
    return head.startswith((b"PK\3\4", b"PK\5\6")) or head[257:262] == b"ustar"


# --- readers -------------------------------------------------------------------------------------------------


def _of_book(read: Callable[[bytes, int], Book]) -> Callable[[Record[bytes], Options], Outcome]:
    def parse_book(record: Record[bytes], options: Options) -> Outcome:
        book = read(record.payload, options.max_file_bytes)
        stated = book.meta.get("rights")
        rights = [str(one) for one in (stated if isinstance(stated, list) else [stated]) if one]
        named = (licence_at(address) for right in rights for address in _ADDRESS.findall(right))
        return Document(
            uri="",
            text=book.text,
            title=book.title,
            charset=book.charset,
            pages=book.pages,
            structure=book.structure,
            page_licence=next((licence.name for licence in named if licence and licence.is_grant), None),
            statements=tuple(f"dc:rights: {right}" for right in rights),
            meta={name: value for name, value in book.meta.items() if name != "rights"},
        )

    return parse_book


def _without_limit(read: Callable[[bytes], Book]) -> Callable[[Record[bytes], Options], Outcome]:
    return _of_book(lambda data, _: read(data))


def _read_odt(data: bytes, max_bytes: int) -> Book:
    return read_odt(data, max_bytes) if data.startswith(b"PK") else read_flat_odt(data, max_bytes)


def _parse_html(record: Record[bytes], options: Options) -> Outcome:
    """A page by itself, as the web source reads one."""
    decoded = decode(record.payload)
    if decoded.replacement_fraction > options.max_replacement_fraction:
        return Refused("undecodable", f"{decoded.replacement_fraction:.0%} of the characters, as {decoded.charset}")
    main = extract(decoded.text, "manyo", decoded.utf_8)
    text, structure = tidied(main.text, main.structure)
    if not text.strip():
        return Refused("no_text", f"{len(record.payload)} bytes, as {decoded.charset}")
    statements = read_statements(main.tags, main.json_ld, b"", decoded.utf_8 or decoded.text)
    return Document(
        uri="",
        text=text,
        title=tidy(main.title),
        charset=decoded.charset,
        statements=tuple(map(str, statements.stated)),
        robots=statements.robots,
        page_licence=statements.licence or None,
        structure=structure,
    )


def _parse_plain(record: Record[bytes], options: Options) -> Outcome:
    return plain_text.parse(record, plain_text.Options(max_replacement_fraction=options.max_replacement_fraction))


def _parse_aozora(record: Record[bytes], options: Options) -> Outcome:
    """A text of Aozora Bunko; one that only uses its notation has no frame of title and colophon to take off."""
    decoded = decode(record.payload)
    if _FRAME.search(decoded.text):
        return aozora.parse(record, aozora.Options())
    if decoded.replacement_fraction > options.max_replacement_fraction:
        return Refused("undecodable", f"{decoded.replacement_fraction:.0%} of the characters, as {decoded.charset}")
    found = read_notation(decoded.text)
    if not found.text.strip():
        return Refused("no_text", f"{len(record.payload)} bytes, all of them notation")
    meta = {"unresolved_characters": found.n_unknown} if found.n_unknown else {}
    return Document(uri="", text=found.text, charset=decoded.charset, structure=found.structure, meta=meta)


def _ocr_reader(ending: str) -> Callable[[Record[bytes], Options], Outcome]:
    """Reads OCR pages in one file, whose name is given the ending that the source of OCR pages knows its format by."""

    def parse_ocr(record: Record[bytes], _: Options) -> Outcome:
        name = f"{file_stem(record.address)}{'.xml' if record.payload.lstrip()[:1] == b'<' else ending}"
        publication = ndl.Publication((Item(name, record.payload),), {})
        return ocr.parse(Record(record.origin_file, record.origin_offset, record.key, publication), ocr.Options())

    return parse_ocr


_READERS: Final[Mapping[str, Callable[[Record[bytes], Options], Outcome]]] = {
    "epub": _of_book(read_epub),
    "docx": _of_book(read_docx),
    "odt": _of_book(_read_odt),
    "idml": _of_book(read_idml),
    "dtbook": _without_limit(read_dtbook),
    "jats": _without_limit(read_jats),
    "markdown": _without_limit(read_markdown),
    "tex": _without_limit(read_tex),
    "table": _without_limit(read_table),
    "json": _without_limit(read_json),
    "pdf": lambda record, options: pdf.parse(record, pdf.Options(ocr_results=options.ocr_results)),
    "html": _parse_html,
    "text": _parse_plain,
    "aozora": _parse_aozora,
    **dict.fromkeys(("alto", "page_xml", "hocr", "iiif", "ndl"), _ocr_reader(".json")),
    "character_boxes": _ocr_reader(".csv"),
    "spaced_text": _ocr_reader(".txt"),
    "tei": lambda record, _: tei.parse(record, tei.Options()),
    "egov": lambda record, _: egov.parse(record, egov.Options()),
}
