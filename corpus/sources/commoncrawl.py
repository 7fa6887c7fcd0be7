"""Web crawls by their index: the pages that a rule selects, fetched by range, without reading the rest of the crawl.

The inputs are Parquet files of Common Crawl's columnar index, the list of those of a crawl (`cc-index-table.paths.gz`),
or the name of a crawl. `manyo.corpus.sources.index_rows` says which rows are selected, and
`manyo.corpus.sources.fetching` how their records come. Pages become documents as those of kind `warc` do, with the same
ids, so that reading the whole archives gives the same documents for the same records (docs/commoncrawl.md).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple, TypeAlias

import pyarrow as pa

from manyo.corpus.records import BrokenInput, InputFile, InputShard, Outcome, Record, Refused, Skipped, is_sampled
from manyo.corpus.settings.meant_texts import MAY_BE_EMPTY
from manyo.corpus.sources import fetching, other_formats, pdf, warc
from manyo.corpus.sources.careful_framing import Block
from manyo.corpus.sources.content_kind import HEAD_BYTES
from manyo.corpus.sources.fetching import Manners, Place
from manyo.corpus.sources.http_body import answer_of
from manyo.corpus.sources.index_rows import Rule, Selected, UnfitIndex, select
from manyo.corpus.sources.packing import require_positive, shard_per_file
from manyo.corpus.sources.ranges import Rates
from manyo.corpus.tables.pace import Pace
from manyo.corpus.tables.shards import filesystem

REASONS = {
    **pdf.REASONS,
    **warc.REASONS,
    **fetching.REASONS,
    "broken_index": "a file of the index is not Parquet, is damaged, has no rows of an index, or is a selection by "
    "another rule",
    "language_not_stated": "a file of the index does not state languages or charsets (before 2018-39): how many of its "
    "rows no other term decides",
    "bad_place": "a row of the index that names no place in an archive below paths_prefix",
    "repeated_place": "a row of the index that names the same place as the row before it",
    "other_record": "the record at the place is not the one that the index describes",
    "digest_differs": "the record's bytes do not have the digest that the index states",
}

#: A crawl by name, and where its list of index files is, below `paths_prefix`.
_CRAWL = re.compile(r"CC-MAIN-\d{4}-\d\d")
_LIST_OF_CRAWL = "crawl-data/{}/cc-index-table.paths.gz"
_PATH_LISTS = (".paths", ".paths.gz")
#: Index files of pages that were answered with 200; a list names those of redirects and of robots.txt too.
_PAGES = "/subset=warc/"


_DEFAULT = Rule()
#: How records are fetched decides nothing about them, and is in no fingerprint.
_MANNER = {"decides": False}
_PDF = "application/pdf"
#: Rows that are Python objects at once.
_BLOCK_ROWS = 1 << 16


@dataclass(frozen=True, slots=True)
class Options(warc.Options):
    """Settings of a crawl that is read by its index; how pages are read, as in `warc.Options`.

    Attributes:
        languages, charsets, tlds, unknown, mimes, statuses, truncated: as in `index_rows.Rule`.
        gap_bytes: records up to this far apart are fetched by one request; `manyo plan` says which is best.
        requests_per_second: that all tasks together may make. Common Crawl serves a few thousand to everybody.
        bytes_per_second: that arrive here from the server, measured; what `manyo plan` reckons with (1 Gb/s).
        connections: requests of a task that are under way at the same time.
        contact: an address for the operator of the server, for the user agent; a web server gets no request without.
        max_failed_fraction: a task ends with an error if the server does not give more of its records than this.
    """

    languages: Annotated[tuple[str, ...], MAY_BE_EMPTY] = _DEFAULT.languages
    charsets: Annotated[tuple[str, ...], MAY_BE_EMPTY] = _DEFAULT.charsets
    tlds: Annotated[tuple[str, ...], MAY_BE_EMPTY] = _DEFAULT.tlds
    unknown: str = _DEFAULT.unknown
    mimes: tuple[str, ...] = _DEFAULT.mimes
    statuses: tuple[int, ...] = _DEFAULT.statuses
    truncated: str = _DEFAULT.truncated
    gap_bytes: int = field(default=64 << 10, metadata=_MANNER)
    requests_per_second: float = field(default=100.0, metadata=_MANNER)
    bytes_per_second: float = field(default=125e6, metadata=_MANNER)
    connections: int = field(default=4, metadata=_MANNER)
    contact: str = field(default="", metadata=_MANNER)
    max_failed_fraction: float = field(default=0.01, metadata=_MANNER)

    def __post_init__(self) -> None:
        warc.Options.__post_init__(self)
        require_positive(self, "connections")
        if self.gap_bytes < 0:
            raise ValueError(f"gap_bytes must be at least 0, got {self.gap_bytes}")
        _ = self.rates
        if not 0 <= self.max_failed_fraction <= 1:
            raise ValueError(f"max_failed_fraction must be within 0 and 1, got {self.max_failed_fraction}")
        if self.paths_prefix.startswith(("http://", "https://")) and not self.contact:
            raise ValueError(
                f'contact is missing: {self.paths_prefix} should know whom to ask; write contact = "you@example.org"'
            )
        _ = self.rule

    @property
    def rates(self) -> Rates:
        """What fetching may take."""
        return Rates(self.bytes_per_second, self.requests_per_second)

    @property
    def rule(self) -> Rule:
        """Which rows are selected."""
        return Rule(self.languages, self.charsets, self.tlds, self.unknown, self.mimes, self.statuses, self.truncated)


def addresses(inputs: Sequence[str], options: Options) -> tuple[str, ...]:
    """The inputs, with the list of its index files in place of the name of a crawl."""
    return tuple(options.paths_prefix + _LIST_OF_CRAWL.format(one) if _CRAWL.fullmatch(one) else one for one in inputs)


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """One shard per file of the index, those that a list names among them.

    Raises:
        ValueError: a list cannot be read, or names no file of pages.
    """
    found: list[InputFile] = []
    for file in files:
        if not file.uri.endswith(_PATH_LISTS):
            found.append(file)
            continue
        pages = [one for one in warc.listed(file.uri, options.paths_prefix) if _PAGES in one.uri]
        if not pages:
            raise ValueError(f"{file.uri}: the list names no index file of pages (…{_PAGES}…)")
        found += pages
    return shard_per_file(found)


#: A page, or why there is none.
_Payload: TypeAlias = Block | Refused | Skipped


def records(shard: InputShard, options: Options) -> Iterator[Record[_Payload] | BrokenInput]:
    """One record per row that the rule selects, in the order of archive and offset.

    Raises:
        StorageError: the server fails too often (`fetching.fetch`).
    """
    warc.load_kernels()
    manners = Manners(
        Pace(options.requests_per_second * shard.budget_share),
        options.connections,
        options.gap_bytes,
        options.contact,
        options.max_failed_fraction,
    )
    for file in shard.files:
        selected = selected_of(file, options.rule)
        if isinstance(selected, BrokenInput):
            yield selected
            continue
        if n_undecided := selected.counts["undecided"]:
            detail = f"{n_undecided:,} of {selected.counts['rows']:,} rows: no column {', '.join(selected.lacks)}"
            yield BrokenInput(file.uri, 0, Refused("language_not_stated", detail, file.uri))
        yield from _fetched(file, selected.rows, options, manners, shard.sampled_fraction)


def selected_of(file: InputFile, rule: Rule) -> Selected | BrokenInput:
    """What a rule selects in a file of the index, or why the file cannot be read."""
    fs, path = filesystem(file.uri)
    with fs.open(path, "rb") as stream:
        head = stream.read(HEAD_BYTES)
        if other := other_formats.refused(file.uri, 0, head, ("parquet", "binary"), file.name):
            return other
        stream.seek(0)
        try:
            return select(stream, rule)
        except (pa.ArrowException, OSError, UnfitIndex) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk or network failed, not the data: Arrow sets no errno
            return BrokenInput(file.uri, 0, Refused("broken_index", str(error), file.uri))


class _Row(NamedTuple):
    """A row of the index as `index_rows.PLACE`, in its order."""

    archive: str | None
    offset: int | None
    length: int | None
    url: str | None
    digest: str | None
    number: int


def _fetched(
    file: InputFile, table: pa.Table, options: Options, manners: Manners, fraction: float
) -> Iterator[Record[_Payload]]:
    """The records of the selected rows of one file of the index; of a forecast, only the sampled ones are fetched."""
    last = ("", -1)
    keys: set[str] = set()
    for first in range(0, len(table), _BLOCK_ROWS):
        rows = [_Row(*values) for values in zip(*table.slice(first, _BLOCK_ROWS).to_pydict().values(), strict=True)]
        faults: list[Refused | Skipped | None] = []
        places: list[Place] = []
        for row in rows:
            fault: Refused | Skipped | None = _fault(row, last)
            if fault is None and not _is_in(row, options.paths_prefix, fraction):
                fault = Skipped("unsampled")
            faults.append(fault)
            if fault is None and row.archive and row.offset is not None and row.length:
                places.append(Place(options.paths_prefix + row.archive, row.offset, row.offset + row.length))
                if row.archive != last[0]:
                    keys.clear()
                last = (row.archive, row.offset)
        found = fetching.fetch(places, manners, options.max_record_bytes)
        for row, fault in zip(rows, faults, strict=True):
            if isinstance(fault, Skipped):
                name = f"{options.paths_prefix}{row.archive}"
                yield Record(name, row.offset or 0, f"{row.archive}:{row.offset}:0", fault)
                continue
            if fault is not None:
                place = f"{file.name}@{row.number}"
                yield Record(file.uri, row.number, place, fault._replace(uri=row.url or ""))
                continue
            yield _checked(row, next(found), options.paths_prefix, keys)


def _is_in(row: _Row, prefix: str, fraction: float) -> bool:
    return fraction >= 1 or is_sampled(f"{prefix}{row.archive}", row.offset or 0, fraction)


def _fault(row: _Row, last: tuple[str, int]) -> Refused | None:
    """Why a row names no record that can be fetched."""
    name = row.archive or ""
    if not name or "://" in name or name.startswith("/") or ".." in name.split("/") or "\\" in name or "\0" in name:
        return Refused("bad_place", f"archive {row.archive!r}")
    if row.offset is None or row.length is None or row.offset < 0 or row.length <= 0:
        return Refused("bad_place", f"offset {row.offset}, length {row.length} in {name}")
    return Refused("repeated_place", f"offset {row.offset} in {name}") if (name, row.offset) == last else None


def _checked(row: _Row, found: Record[Block] | Refused, prefix: str, keys: set[str]) -> Record[_Payload]:
    """The record that was fetched for a row, or a refusal if it is not the one that the row describes."""
    origin_file, offset = f"{prefix}{row.archive}", row.offset or 0
    place = f"{row.archive}:{offset}:0"
    if isinstance(found, Refused):
        return Record(origin_file, offset, place, found._replace(uri=row.url or ""))
    page = found.payload
    if page.record_type != "response" or page.uri != row.url:
        detail = f"a {page.record_type} of {page.uri or 'no address'}"
        return Record(origin_file, offset, place, Refused("other_record", detail, row.url or ""))
    if row.digest and page.block and (differs := _difference(page.block, row.digest)):
        return Record(origin_file, offset, place, Refused("digest_differs", differs, page.uri))
    key = found.key if found.key and found.key not in keys else place
    keys.add(key)
    return found._replace(key=key)


def _difference(block: bytes | bytearray, digest: str) -> str:
    """What the digest of a page's body is, if not the one that the index states; empty if it is."""
    body = _body(block)
    own = _sha1(body)
    # Until 2018-39 the crawler wrote a further line end before the body, which is not in its digest.
    if digest == own or (body.startswith(b"\r\n") and digest == _sha1(body[2:])):
        return ""
    return f"{own}, not {digest}"


def payload_digest(block: bytes) -> str:
    """SHA-1 of the body of an HTTP response in base 32, as the index states it."""
    return _sha1(_body(block))


def _body(block: bytes | bytearray) -> bytes | bytearray:
    return block.partition(b"\r\n\r\n")[2]


def _sha1(data: bytes | bytearray) -> str:
    return base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")


def parse(record: Record[_Payload], options: Options) -> Outcome:
    """Turn one record into a document, or say why not."""
    page = record.payload
    if isinstance(page, Refused | Skipped):
        return page
    if _PDF in options.mimes and page.identified_type.lower().startswith(_PDF):
        return _pdf_document(page, options)
    return warc.parse(Record(record.origin_file, record.origin_offset, record.key, page), options)


def _pdf_document(page: Block, options: Options) -> Outcome:
    if page.size_bytes > options.max_record_bytes:
        return Refused("too_large", f"{page.size_bytes} bytes", page.uri)
    answer = answer_of(page, options.max_record_bytes)
    if answer.status != 200:
        return Refused("http_status", str(answer.status), page.uri)
    found = pdf.document_of(pdf.read_pdf(answer.body), page.uri)
    if not isinstance(found, Refused):
        found.fetched_at = warc.date_of(page.date)
        found.truncated_by = page.truncated_by or None
    return found
