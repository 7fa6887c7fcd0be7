"""A crawl published without its text: what was decided about each page, and where its record is.

A row names its record as Common Crawl's columnar index does (`warc_filename`, `warc_record_offset`), so that anybody
joins the two, and `manyo rebuild` fetches the record. What it must become is stated as a digest of the released text,
keyed by the document's id: whoever knows a text can prove that it is the same, and equal texts do not show.
Boilerplate and benchmark items, which depend on other documents, are stated as line numbers and offsets.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from manyo.corpus.records import InputShard
from manyo.corpus.sources import commoncrawl, warc
from manyo.corpus.sources.record_extents import Extent, indexed_extents, read_extents
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_columns, zip_batches
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.published_tables import kept_rows, masked_texts
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.graph.boilerplate_stages import BOILERPLATE
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES
from manyo.pipelines.graph.release_stages import LEAKS, SCRUBBED

#: A row for each document of a crawl. The first columns are those of the index.
ANNOTATIONS = pa.schema(
    [
        ("crawl", pa.string()),
        ("warc_filename", pa.string()),
        ("warc_record_offset", pa.int64()),
        ("warc_record_length", pa.int64()),
        ("url", pa.large_string()),
        ("fetch_time", pa.timestamp("s", "UTC")),
        ("content_digest", pa.string()),
        ("id", pa.string()),
        ("source", pa.string()),
        ("is_kept", pa.bool_()),
        ("reasons", pa.list_(pa.string())),
        ("repeats", pa.string()),
        ("uses", pa.list_(pa.string())),
        ("language", pa.string()),
        ("language_score", pa.float32()),
        ("boilerplate_lines", pa.list_(pa.int32())),
        ("benchmark_items", pa.list_(pa.string())),
        ("released_digest", pa.string()),
    ]
)

#: Columns that the index has too, under the same names.
INDEX_COLUMNS = (
    "crawl",
    "warc_filename",
    "warc_record_offset",
    "warc_record_length",
    "url",
    "fetch_time",
    "content_digest",
)

#: What the columns that only this table has mean.
ANNOTATION_MEANINGS = {
    "crawl": "name of the crawl, such as CC-MAIN-2026-05; empty for other archives",
    "warc_filename": "archive that holds the page, as the index names it; other archives below the input's root",
    "warc_record_offset": "where its record starts, in bytes",
    "warc_record_length": "length of the record in bytes; null if the archive was not at hand",
    "fetch_time": "when the page was fetched; null if unknown",
    "content_digest": "SHA-1 of the page's body in base 32, as the index has it; null if unknown",
    "is_kept": "whether rules and deduplication keep it",
    "boilerplate_lines": "numbers, from 0, of the lines that the release leaves out",
    "benchmark_items": "stretches that the release masks because they are items of a benchmark, as PART:START:STOP in "
    "characters of the text without those lines",
    "released_digest": "BLAKE2b of title, text and comments of the release, keyed by id; null if it is not kept",
}

_OF_CRAWL = re.compile(r"crawl-data/(CC-MAIN-\d{4}-\d\d)/")

#: Extents of pages of one shard: archive and, in the order of offsets, offset and address → extents.
_Extents = Callable[[str, Sequence[tuple[int, str]]], Iterator[Extent | None]]


def released_digest(doc_id: str, title: str, text: str, comments: str) -> str:
    """The digest by which a released text is compared: of its parts, each with its length before it."""
    digest = hashlib.blake2b(digest_size=16, key=bytes.fromhex(doc_id))
    for part in (title, text, comments):
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


def annotated_sources(config: Config) -> list[Source]:
    """The sources whose pages have records in archives."""
    return [source for source in config.sources if isinstance(source.options, warc.Options)]


def annotate(
    config: Config, tables: RunTables, names: Sequence[str], taken: Collection[bytes]
) -> Iterator[pa.RecordBatch]:
    """Yield batches of `ANNOTATIONS`, each of one source.

    Args:
        config: of a run that is released.
        tables: of the run.
        names: of its shards.
        taken: ids of documents on a takedown list, which have no row.

    Raises:
        ShardError: a shard cannot be read.
    """
    for source in annotated_sources(config):
        inputs = {shard.name: shard for shard in pack_source(source)}
        file_names = {file.uri: file.name for shard in inputs.values() for file in shard.files}
        for name in (name for name in names if name.split("/")[0] == source.name):
            yield from _of_shard(tables, name, source, inputs.get(name), file_names, config, taken)


def _of_shard(
    tables: RunTables,
    name: str,
    source: Source,
    shard: InputShard | None,
    file_names: Mapping[str, str],
    config: Config,
    taken: Collection[bytes],
) -> Iterator[pa.RecordBatch]:
    digests = _released_digests(tables, name, taken)
    leaks = _masked_leaks(tables, name, config)
    find = _finder(source, shard)
    boilerplate = [(tables.uri(BOILERPLATE, name), ("lines", "removed"))] if tables.exists(BOILERPLATE, name) else []
    for documents, languages, decisions, verdicts, *lines in zip_batches(
        (tables.uri(DOCUMENTS, name), ("profile", "uri", "fetched_at", "origin_file", "origin_offset")),
        (tables.uri(LANGUAGES, name), ("lang", "lang_score")),
        (tables.uri(DECISIONS, name), ("reasons", "uses")),
        (tables.uri(DUPLICATES, name), ("kept", "cluster")),
        *boilerplate,
    ):
        rows = documents.to_pylist()
        masked = masked_texts(documents["uri"], [row["profile"] for row in rows], config.scrub, [True] * len(rows))
        out: list[list[int]] = [[] for _ in rows]
        for batch in lines:
            out = [
                of_row if removed else []
                for of_row, removed in zip(batch["lines"].to_pylist(), batch["removed"].to_pylist(), strict=True)
            ]
        found = _extents(find, rows)
        made = []
        for at, (row, language, decision, verdict) in enumerate(
            zip(rows, languages.to_pylist(), decisions.to_pylist(), verdicts.to_pylist(), strict=True)
        ):
            if row["doc_id"] in taken:
                continue
            doc_id, extent = row["doc_id"].hex(), found[at]
            archive = _archive(row["origin_file"], source, file_names)
            of_crawl = _OF_CRAWL.match(archive)
            is_copy = not decision["reasons"] and verdict["kept"] is False
            repeats = verdict["cluster"] if is_copy and verdict["cluster"] not in taken else None
            made.append(
                {
                    "crawl": of_crawl[1] if of_crawl else "",
                    "warc_filename": archive,
                    "warc_record_offset": row["origin_offset"],
                    "warc_record_length": extent.length if extent else None,
                    # An address that holds personal information is withheld: its record is not asked for either.
                    "url": row["uri"] if masked[at] == row["uri"] else None,
                    "fetch_time": row["fetched_at"],
                    "content_digest": extent.digest if extent else None,
                    "id": doc_id,
                    "source": source.name,
                    "is_kept": doc_id in digests,
                    "reasons": decision["reasons"],
                    "repeats": repeats.hex() if repeats else None,
                    "uses": decision["uses"],
                    "language": language["lang"],
                    "language_score": language["lang_score"],
                    "boilerplate_lines": out[at],
                    "benchmark_items": leaks.get(row["doc_id"], []),
                    "released_digest": digests.get(doc_id),
                }
            )
        if made:
            yield pa.RecordBatch.from_pylist(made, ANNOTATIONS)


def _released_digests(tables: RunTables, name: str, taken: Collection[bytes]) -> dict[str, str]:
    digests = {}
    for batch in kept_rows(tables, name, SCRUBBED, taken):
        for row in batch.to_pylist():
            doc_id = row["doc_id"].hex()
            digests[doc_id] = released_digest(doc_id, row["title"], row["text"], row["comments"])
    return digests


def _masked_leaks(tables: RunTables, name: str, config: Config) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = defaultdict(list)
    if config.decontaminate is not None and config.decontaminate.action == "mask":
        for row in read_columns(tables.uri(LEAKS, name), ["doc_id", "part", "start", "stop"]).to_pylist():
            found[row["doc_id"]].append(f"{row['part']}:{row['start']}:{row['stop']}")
    return found


def _finder(source: Source, shard: InputShard | None) -> _Extents:
    """How the extents of a shard's pages are found: in its index, or else in its archives."""
    if isinstance(source.options, commoncrawl.Options):
        known = indexed_extents(shard.files, source.options) if shard else {}
        return lambda uri, places: (known.get((uri, offset)) for offset, _ in places)
    assert isinstance(source.options, warc.Options)
    max_record_bytes = source.options.max_record_bytes
    return lambda uri, places: read_extents(uri, places, max_record_bytes)


def _extents(find: _Extents, rows: Sequence[Mapping[str, Any]]) -> list[Extent | None]:
    """The extents of documents in the order of archives and offsets."""
    found: list[Extent | None] = []
    for uri, group in groupby(rows, key=lambda row: row["origin_file"]):
        found += find(uri, [(row["origin_offset"], row["uri"]) for row in group])
    return found


def _archive(origin_file: str, source: Source, file_names: Mapping[str, str]) -> str:
    """How an archive is named: from `crawl-data/` on, or below the prefix or root of the source's inputs."""
    start = origin_file.find("crawl-data/")
    if start >= 0:
        return origin_file[start:]
    if isinstance(source.options, warc.Options) and origin_file.startswith(source.options.paths_prefix):
        return origin_file[len(source.options.paths_prefix) :]
    return file_names.get(origin_file, origin_file.rpartition("/")[2])
