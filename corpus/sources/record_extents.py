"""Where the records of pages end, and which bytes they hold, for archives that were read without an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO, NamedTuple

from manyo.corpus.records import BrokenInput, InputFile, Record
from manyo.corpus.sources.commoncrawl import Options, payload_digest, selected_of
from manyo.corpus.sources.warc_framing import frame
from manyo.corpus.tables.shards import filesystem

#: Most records of a crawl are shorter; a longer one is read again with four times as many bytes.
_FIRST_BYTES = 64 << 10


class Extent(NamedTuple):
    """What a range of bytes needs besides the start of its record.

    Attributes:
        length: of the record with the compression around it, in bytes.
        digest: SHA-1 of the page's body in base 32, as the index of Common Crawl has it; None if it is unknown.
    """

    length: int
    digest: str | None


def indexed_extents(files: Sequence[InputFile], options: Options) -> Mapping[tuple[str, int], Extent]:
    """The extents of all pages that a rule selects in files of an index, by archive and offset."""
    extents = {}
    for file in files:
        selected = selected_of(file, options.rule)
        if not isinstance(selected, BrokenInput):
            columns = ("warc_filename", "warc_record_offset", "warc_record_length", "content_digest")
            for archive, offset, length, digest in zip(
                *(selected.rows[name].to_pylist() for name in columns), strict=True
            ):
                if archive and offset is not None and length:
                    extents[options.paths_prefix + archive, offset] = Extent(length, digest)
    return extents


def read_extents(uri: str, places: Iterable[tuple[int, str]], max_record_bytes: int) -> Iterator[Extent | None]:
    """The extents of pages of one archive, read again from it.

    Args:
        uri: of the archive.
        places: offset and address of each page, in the order of offsets.
        max_record_bytes: a longer record has no digest; up to eight times as many bytes are read to find its end.

    Yields:
        The extent of each; None where the archive does not hold that page there any more, or cannot be read.
    """
    try:
        fs, path = filesystem(uri)
        with fs.open(path, "rb") as stream:
            for offset, address in places:
                yield _extent(stream, offset, address, max_record_bytes)
    except FileNotFoundError:
        yield from (None for _ in places)


def _extent(stream: BinaryIO, offset: int, address: str, max_record_bytes: int) -> Extent | None:
    n_bytes = _FIRST_BYTES
    while True:
        stream.seek(offset)
        data = stream.read(n_bytes)
        items = frame(BytesIO(data), "", max_record_bytes)
        first, second = next(items, None), next(items, None)
        is_whole = len(data) < n_bytes
        # Whatever follows shows where the record ends; one that is cut here is followed by nothing, or by itself.
        length = second.origin_offset if second is not None else len(data) if is_whole else 0
        if isinstance(first, Record) and length > 0:
            page = first.payload
            if page.uri != address:
                return None
            return Extent(length, payload_digest(page.block) if page.block else None)
        if is_whole or n_bytes > 2 * max_record_bytes:
            return None
        n_bytes *= 4
