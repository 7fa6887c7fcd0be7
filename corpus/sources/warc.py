"""Web crawls: one document per WARC response that may hold Japanese.

`records` frames archives: WARC and ARC (`manyo.corpus.sources.warc_framing`), and WACZ (`manyo.corpus.sources.wacz`).
`parse` asks the cheap questions first (HTTP status, content type, do the bytes hold kana), and decodes and extracts
only what is left. An input may also be a list of archives, as Common Crawl publishes one for each crawl.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import numpy as np

from manyo.corpus.nearest import not_one_of
from manyo.corpus.own_parts import part_names
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.sources import other_formats, pdf
from manyo.corpus.sources.careful_framing import GZIP_MAGIC, PAGE_TYPES, REFUSED_TYPES, Block
from manyo.corpus.sources.content_kind import HEAD_BYTES
from manyo.corpus.sources.header_kernels import N_FIELDS, read_regular_header
from manyo.corpus.sources.http_body import BLANK_BYTES, Body, body_of, file_of
from manyo.corpus.sources.other_formats import refused
from manyo.corpus.sources.packing import pack_files, shard_bytes
from manyo.corpus.sources.wacz import ZIP_MAGIC, frame_wacz
from manyo.corpus.sources.warc_framing import frame
from manyo.corpus.structure import tidied
from manyo.corpus.tables.credentials import public
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import tidy
from manyo.corpus.web import kana_free, sniff
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract, plain_text
from manyo.corpus.web.statements import DIRECTIVES, Statements, read_statements

REASONS = {
    **pdf.PDF_REASONS,
    "archive_truncated": "the file ends inside a record; everything before it was read",
    "archive_damaged": "bytes between or inside records that are not WARC; reading went on after them",
    **other_formats.REASONS,
    "not_warc": "the file holds no record of WARC or ARC at all",
    "too_large": "the record, or its body once decompressed, is larger than max_record_bytes",
    "bad_http": "the response does not start with an HTTP status line",
    "http_status": "the server answered with another status than 200",
    "content_type": "neither HTML, XHTML nor plain text",
    "bad_encoding": "a transfer or content encoding that is unknown, or whose data cannot be decompressed",
    "revisit": "a revisit record: the page is stored elsewhere",
    "continuation": "a later segment of a record; records cut into segments are not put together",
    "empty": "a response without a body",
    **kana_free.REASONS,
    "no_japanese_bytes": "the bytes hold too few kana in any encoding",
    "no_japanese_text": "once decoded, the page holds too few kana",
    "opted_out": "the page opts out of a use that refuse_opted_out lists",
    "undecodable": "too large a share of the characters could not be decoded",
    "no_text": "the page holds no text",
}

#: What a file without records may be, damaged, for all that its first bytes say.
_READS = ("warc", "zip", "gzip", "binary")
_USES_OF_COMMENTS = ("export", "append", "drop")
_PATH_LISTS = (".paths", ".paths.gz")
#: What an archive of Common Crawl holds, on average (90 TB in 90,000).
_LISTED_BYTES = 1_000_000_000
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?Z?)?)?)?\Z")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a WARC source.

    Attributes:
        extractor: how the main text is found: manyo, resiliparse, trafilatura, or by another package (own-parts.md).
        max_record_bytes: largest record, and largest body once decompressed, that is read. Common
            Crawl cuts its pages at 1 MiB (5 MiB since 2025).
        max_replacement_fraction: largest share of undecodable characters, per non-ASCII character,
            that a document may have.
        paths_prefix: what stands before the paths of a `warc.paths.gz` input; `s3://commoncrawl/` inside AWS.
        comments: what becomes of readers' comments under a text: export (the column `comments`, apart from the text
            through release and export, masked as the text is), append (the end of the text) or drop.
        refuse_opted_out: pages that state one of these are refused: noindex, noarchive, noai, noimageai,
            tdm_reserved.
        pdf: whether PDF records are read too, as `manyo.corpus.sources.pdf` reads files.
    """

    extractor: str = "manyo"
    max_record_bytes: int = 16 << 20
    max_replacement_fraction: float = 0.1
    paths_prefix: str = "https://data.commoncrawl.org/"
    comments: str = "export"
    refuse_opted_out: tuple[str, ...] = ()
    pdf: bool = False

    def __post_init__(self) -> None:
        extractors = (*EXTRACTORS, *part_names("manyo.main_text"))
        if self.extractor not in extractors:
            raise ValueError(f"extractor: {not_one_of(self.extractor, extractors)}")
        if self.comments not in _USES_OF_COMMENTS:
            raise ValueError(f"comments: {not_one_of(self.comments, _USES_OF_COMMENTS)}")
        if self.max_record_bytes < 1:
            raise ValueError(f"max_record_bytes must be at least 1, got {self.max_record_bytes}")
        if not 0 <= self.max_replacement_fraction <= 1:
            raise ValueError(f"max_replacement_fraction must be within 0 and 1, got {self.max_replacement_fraction}")
        for directive in self.refuse_opted_out:
            if directive not in DIRECTIVES:
                raise ValueError(f"refuse_opted_out: {not_one_of(directive, DIRECTIVES)}")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Archives, and those that lists of paths name as Common Crawl publishes them (`warc.paths.gz`), in shards.

    Up to a thousand archives of one size are a shard each. More are packed, because every later stage has a task for
    each shard, and an exchange a piece for each shard and part: a crawl has 90,000 archives. Listed archives are not
    opened here, since none of them ever changes. Their size and version stay unknown.

    Raises:
        ValueError: a list cannot be read, or is empty.
    """
    archives: list[InputFile] = []
    for file in files:
        if file.uri.endswith(_PATH_LISTS):
            archives += listed(file.uri, options.paths_prefix)
        else:
            archives.append(file)
    return pack_files(archives, shard_bytes(sum(map(_size_of, archives))), size_of=_size_of)


def _size_of(archive: InputFile) -> int:
    return archive.size_bytes if archive.version else _LISTED_BYTES


def listed(uri: str, prefix: str) -> list[InputFile]:
    """The archives that a list of paths names, relative ones below the prefix."""
    fs, path = filesystem(uri)
    data: bytes = fs.cat_file(path)
    try:
        lines = (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8").split()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise ValueError(f"{uri}: not a list of paths: {error}") from error
    if not lines:
        raise ValueError(f"{uri}: the list of paths is empty")
    uris = [public(line if "://" in line else prefix + line, is_listed=True) for line in lines]
    names = [uri.partition("://")[2] if "://" in line else line for uri, line in zip(uris, lines, strict=True)]
    return [InputFile(uri, 0, "", name=name) for uri, name in zip(uris, names, strict=True)]


def records(shard: InputShard, options: Options) -> Generator[Record[Block] | BrokenInput, None, int]:
    """Frame the shard's archives, in order, without parsing what is in them.

    A damaged stretch yields a `BrokenInput` at the place where it starts, and framing goes on
    after it.

    Returns:
        The bytes of the files that were read as records, as blanks between them, or that a `BrokenInput` names.
    """
    load_kernels()
    n_bytes = 0
    for file in shard.files:
        fs, path = filesystem(file.uri)
        with fs.open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
            is_wacz = head.startswith(ZIP_MAGIC)
            framed = (frame_wacz if is_wacz else frame)(stream, file.uri, options.max_record_bytes)
            n_bytes += yield from _with_keys(framed, file.name, head)
    return n_bytes


def _with_keys(
    framed: Generator[Record[Block] | BrokenInput, None, int], name: str, head: bytes
) -> Generator[Record[Block] | BrokenInput, None, int]:
    """What an archive holds; a record whose key is empty, or that of an earlier one, gets one from its place.

    A file without any record is looked at again, at its first bytes, for what it is instead.
    """
    seen: set[str] = set()
    while True:
        try:
            item = next(framed)
        except StopIteration as end:
            n_bytes: int = end.value
            return n_bytes
        if isinstance(item, Record):
            if not item.key or item.key in seen:
                # Records that share a member are distinguished by their ordinal.
                item = item._replace(key=f"{name}:{item.origin_offset}:{len(seen)}")
            seen.add(item.key)
        elif item.refused.reason == "not_warc":
            item = refused(item.origin_file, item.origin_offset, _decompressed_head(head), _READS, name) or item
        yield item


def _decompressed_head(head: bytes) -> bytes:
    """The first bytes of what a file holds that may be compressed by gzip."""
    if not head.startswith(GZIP_MAGIC):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD_BYTES)
    except zlib.error:
        return head


def parse(record: Record[Block], options: Options) -> Outcome:
    """Turn one record into a document, or say why not."""
    page = record.payload
    if page.record_type not in PAGE_TYPES:
        return (
            Refused(page.record_type, uri=page.uri) if page.record_type in REFUSED_TYPES else Skipped(page.record_type)
        )
    if page.size_bytes > options.max_record_bytes:
        return Refused("too_large", f"{page.size_bytes} bytes", page.uri)
    body = body_of(page, options.max_record_bytes)
    if not isinstance(body, Body):
        is_file = options.pdf and isinstance(body, Refused) and body.reason == "content_type"
        return _pdf_document(page, body, options) if is_file else body
    # Headers are short and hold no kana: looking at them too costs less than copying the body out.
    marks = sniff.find_marks(body.block)
    if not sniff.may_be_japanese(body.block, marks):
        is_empty = not body.block[body.start : body.start + BLANK_BYTES].strip() and not body.data.strip()
        found = "empty" if is_empty else kana_free.reason_without_kana(body.block, marks.is_utf_8)
        return Refused(found or "no_japanese_bytes", uri=page.uri)
    data = body.data
    decoded = decode(data, body.charset_label)
    # Kana that were counted as UTF-8 need not be counted again.
    are_counted = decoded.charset == "utf-8" and marks.utf_8_kana >= sniff.MIN_KANA
    if not are_counted and not sniff.holds_kana(decoded.utf_8 or decoded.text):
        return Refused("no_japanese_text", f"as {decoded.charset}", page.uri)
    if decoded.replacement_fraction > options.max_replacement_fraction:
        detail = f"{decoded.replacement_fraction:.0%} of the characters, as {decoded.charset}"
        return Refused("undecodable", detail, page.uri)
    is_plain = body.media_type == "text/plain"
    main = plain_text(decoded.text) if is_plain else extract(decoded.text, options.extractor, decoded.utf_8)
    text, structure = tidied(main.text, main.structure)
    comments = "" if options.comments == "drop" else tidy(main.comments)
    if options.comments == "append":
        text, comments = "\n".join(filter(None, (text, comments))), ""
    if not text.strip():
        return Refused("no_text", f"{len(data)} bytes, as {decoded.charset}", page.uri)
    html = b"" if is_plain else decoded.utf_8 or decoded.text
    statements = read_statements(main.tags, main.json_ld, body.sent_head, html)
    if opted_out := _opted_out(statements, page.uri, options):
        return opted_out
    meta: dict[str, object] = {}
    if statements.published:
        meta["published"] = statements.published
    if decoded.foreign_bytes:
        meta["foreign_bytes"] = decoded.foreign_bytes
    if main.n_unassigned_japanese:
        meta["unassigned_japanese"] = main.n_unassigned_japanese
    if main.n_hidden_japanese:
        meta["hidden_japanese"] = main.n_hidden_japanese
    if main.n_unknown_characters:
        meta["unresolved_characters"] = main.n_unknown_characters
    if main.n_pictograms:
        meta["pictograms"] = main.n_pictograms
    return Document(
        uri=page.uri,
        text=text,
        title=tidy(main.title),
        charset=decoded.charset,
        charset_declared=decoded.declared,
        charset_decided_by=decoded.decided_by,
        undecodable_fraction=decoded.replacement_fraction,
        robots=statements.robots,
        statements=tuple(map(str, statements.stated)),
        page_licence=statements.licence or None,
        comments=comments,
        structure=structure,
        link_fraction=round(main.link_fraction, 4),
        kept_japanese_fraction=round(main.kept_japanese_fraction, 4),
        fetched_at=date_of(page.date),
        truncated_by=page.truncated_by or body.truncated_by or None,
        meta=meta,
    )


def _pdf_document(page: Block, refused: Outcome, options: Options) -> Outcome:
    """The document in a record that is no page, if it is a PDF; whatever its header says, its first bytes do."""
    body = file_of(page, options.max_record_bytes)
    if isinstance(body, Refused):
        return body
    data = body.data
    if not pdf.is_pdf(data):
        return refused
    outcome = pdf.document_of(pdf.read_pdf(data), page.uri)
    if isinstance(outcome, Refused):
        return outcome
    if not sniff.holds_kana(outcome.text):
        return Refused("no_japanese_text", "as PDF", page.uri)
    statements = read_statements((), "", body.sent_head)
    if opted_out := _opted_out(statements, page.uri, options):
        return opted_out
    outcome.robots, outcome.statements = statements.robots, tuple(map(str, statements.stated))
    outcome.fetched_at = date_of(page.date)
    outcome.truncated_by = page.truncated_by or body.truncated_by or None
    return outcome


def _opted_out(statements: Statements, uri: str, options: Options) -> Refused | None:
    """The refusal of a page that states what `refuse_opted_out` lists; None if it states nothing of it."""
    stated = [directive for directive in statements.robots if directive in options.refuse_opted_out]
    return Refused("opted_out", ", ".join(stated), uri) if stated else None


def date_of(written: str) -> datetime | None:
    """A WARC-Date, which WARC 1.1 lets end after any of its parts; None if it is not a date."""
    match = _DATE.match(written.strip())
    if not match:
        return None
    year, month, day, hour, minute, second = (int(part) if part else None for part in match.groups())
    try:
        return datetime(year or 1, month or 1, day or 1, hour or 0, minute or 0, min(second or 0, 59), tzinfo=UTC)
    except ValueError:
        return None


@cache
def load_kernels() -> None:
    """Compile or load the kernels before the first page: the time limit is for pages, and forks inherit kernels."""
    read_regular_header(np.zeros(1, np.uint8), np.zeros((N_FIELDS, 2), np.int32))
    sniff.find_marks(b"")
    sniff.count_pairs(b"")
    kana_free.reason_without_kana(b"", True)
    decode(b"\x82\xa0" * 8192)
    extract("<title>x</title><h1>x</h1>")
