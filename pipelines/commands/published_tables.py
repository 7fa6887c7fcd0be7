"""The Parquet files of a published corpus, and every number that its card states, counted while they are written.

The release becomes one folder for each source; what the run removed becomes a configuration of its own, with all
reasons. Documents on the takedown list are in neither, not even by address. A removed document has its text, masked,
only where it may be displayed and redistributed; a duplicate has none, since its survivor may have been taken down.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from tld import get_fld

from manyo.corpus.addresses import host_of
from manyo.corpus.release import mask
from manyo.corpus.tables.shards import read_batches, read_columns, zip_batches
from manyo.corpus.takedown_requests import found_lists, recorded_lists
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.filters.pii.scrub_settings import Scrub
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.rule_changes import NO_HOST
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES
from manyo.pipelines.graph.release_stages import RELEASE, SCRUBBED
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN

#: A row of the release, flat, with FineWeb's names where it has the column.
PUBLISHED = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("title", pa.large_string()),
        ("comments", pa.large_string()),
        ("url", pa.large_string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("page_licence", pa.string()),
        ("terms", pa.string()),
        ("uses", pa.list_(pa.string())),
        ("date", pa.timestamp("s", "UTC")),
        ("language", pa.string()),
        ("language_score", pa.float32()),
    ]
)

#: A row of what was removed.
REMOVED = pa.schema(
    [
        ("id", pa.string()),
        ("url", pa.large_string()),
        ("source", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("repeats", pa.string()),
        ("text", pa.large_string()),
    ]
)

#: Reasons that are no rule's: removed as a duplicate; kept and unique, but withheld by what the release was told.
DUPLICATE, WITHHELD = "duplicate", "not_released"

#: Bytes of a row group before compression: the Hub's viewer reads a group at once, and recommends about as much.
_GROUP_BYTES = 100_000_000

#: A file is closed after so many bytes before compression; the Hub recommends files of some gigabytes at most.
_FILE_BYTES = 2_000_000_000


@dataclass(slots=True)
class Amount:
    """Documents of the release, and their size and period."""

    documents: int = 0
    characters: int = 0
    bytes: int = 0
    earliest: datetime | None = None
    latest: datetime | None = None


@dataclass(slots=True)
class Numbers:
    """What is counted over the files.

    Attributes:
        sources: source → what the release has of it.
        licences: (source, licence, licence of the page or "") → documents.
        languages: language → documents.
        domains: registrable domain → bytes of text.
        removed: reason → documents; one that fails two rules is counted for both.
        n_removed: removed documents and refused pages.
        n_removed_with_text: those whose text is published.
        files: path below the folder → (size in bytes, SHA-256, rows).
    """

    sources: dict[str, Amount] = field(default_factory=dict)
    licences: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    domains: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    n_removed: int = 0
    n_removed_with_text: int = 0
    files: dict[str, tuple[int, str, int]] = field(default_factory=dict)

    @property
    def total(self) -> Amount:
        """The release as a whole."""
        parts = list(self.sources.values())
        days = [day for one in parts for day in (one.earliest, one.latest) if day is not None]
        return Amount(
            sum(one.documents for one in parts),
            sum(one.characters for one in parts),
            sum(one.bytes for one in parts),
            min(days, default=None),
            max(days, default=None),
        )


def taken_down(tables: RunTables, names: Sequence[str]) -> set[bytes]:
    """Ids of the documents of a run that are on a takedown list."""
    # Of the whole run: a duplicate's survivor may be in another shard.
    return {
        one for name in names for one in read_columns(tables.uri(TAKEN_DOWN, name), ["doc_id"])["doc_id"].to_pylist()
    }


def write_tables(
    config: Config, tables: RunTables, names: Sequence[str], taken: Collection[bytes], folder: Path, with_text: bool
) -> Numbers:
    """Write `data/SOURCE/train-NNNNN.parquet` and `removed/removed-NNNNN.parquet`, and count.

    Args:
        config: of a run that is released.
        tables: of the run.
        names: of its shards.
        taken: ids of its documents that are on a takedown list.
        folder: where to write; it exists and is empty.
        with_text: otherwise nothing has its text, and documents that may not be redistributed count as released.

    Raises:
        ShardError: a shard cannot be read.
        OSError: a file cannot be written.
    """
    numbers = Numbers(sources={source.name: Amount() for source in config.sources})
    table = RELEASE if with_text else SCRUBBED
    with ExitStack() as stack:
        of_source = {
            source.name: stack.enter_context(TableWriter(folder, f"data/{source.name}/train", PUBLISHED))
            for source in config.sources
        }
        removed = stack.enter_context(TableWriter(folder, "removed/removed", REMOVED))
        for name in names:
            for batch in _released(tables, name, table, taken):
                _count(numbers, batch)
                if with_text:
                    of_source[batch["source"][0].as_py()].write(batch)
            for batch in _removed(tables, name, config, taken, table):
                _count_removed(numbers, batch)
                removed.write(batch)
    return numbers


def written_files(folder: Path) -> dict[str, tuple[int, str, int]]:
    """The Parquet files below a folder: path below it → size in bytes, SHA-256, rows."""
    files = {}
    for path in sorted(folder.rglob("*.parquet")):
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
        rows = pq.read_metadata(path).num_rows
        files[path.relative_to(folder).as_posix()] = (path.stat().st_size, digest.hexdigest(), rows)
    return files


class TableWriter:
    """Files of one configuration, each with row groups of about `_GROUP_BYTES`; no file without rows."""

    def __init__(self, folder: Path, stem: str, schema: pa.Schema) -> None:
        self._folder, self._stem, self._schema = folder, stem, schema
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_bytes = self._file_bytes = self._n_files = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._write_group()
        if self._writer is not None:
            self._writer.close()

    def write(self, batch: pa.RecordBatch) -> None:
        """Append a batch."""
        if batch.num_rows:
            self._waiting.append(batch)
            self._waiting_bytes += batch.nbytes
            if self._waiting_bytes >= _GROUP_BYTES:
                self._write_group()

    def _write_group(self) -> None:
        if not self._waiting:
            return
        if self._writer is None:
            path = self._folder / f"{self._stem}-{self._n_files:05d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            # A page index gives the viewer single rows; chunks cut by content are sent once, in whatever version.
            self._writer = pq.ParquetWriter(
                path, self._schema, compression="zstd", write_page_index=True, use_content_defined_chunking=True
            )
            self._n_files += 1
        group = pa.Table.from_batches(self._waiting, self._schema)
        self._writer.write_table(group, row_group_size=max(1, group.num_rows))
        self._file_bytes += self._waiting_bytes
        self._waiting, self._waiting_bytes = [], 0
        if self._file_bytes >= _FILE_BYTES:
            self._writer.close()
            self._writer, self._file_bytes = None, 0


def kept_rows(tables: RunTables, name: str, table: StageTable, taken: Collection[bytes]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a shard of `release` or `scrubbed` that are on no takedown list."""
    for batch in read_batches(tables.uri(table, name)):
        rows = batch.filter(pa.array([doc_id not in taken for doc_id in batch["doc_id"].to_pylist()], pa.bool_()))
        if rows.num_rows:
            yield rows


def _released(tables: RunTables, name: str, table: StageTable, taken: Collection[bytes]) -> Iterator[pa.RecordBatch]:
    """Yield the released documents of one shard, each batch of one source."""
    if not read_columns(tables.uri(table, name), ["doc_id"]).num_rows:
        return
    about = pa.Table.from_batches(
        [
            documents.select(["doc_id", *OF_DOCUMENTS])
            .append_column("lang", languages["lang"])
            .append_column("lang_score", languages["lang_score"])
            for documents, languages in zip_batches(
                (tables.uri(DOCUMENTS, name), OF_DOCUMENTS), (tables.uri(LANGUAGES, name), ("lang", "lang_score"))
            )
        ]
    )
    for released in kept_rows(tables, name, table, taken):
        places = pc.index_in(released["doc_id"], value_set=about["doc_id"].combine_chunks())
        of_rows = about.take(places).combine_chunks().to_batches()[0]
        columns = {
            "id": pa.array([one.hex() for one in released["doc_id"].to_pylist()]),
            "url": released["uri"],
            "uses": pa.array(released["uses"].to_pylist(), pa.list_(pa.string())),
            "date": of_rows["fetched_at"],
            "language": of_rows["lang"],
            "language_score": of_rows["lang_score"],
            "page_licence": pc.fill_null(of_rows["page_licence"].cast(pa.string()), ""),
            "terms": pc.fill_null(of_rows["terms"].cast(pa.string()), ""),
            **{column: released[column] for column in ("text", "title", "comments", "source", "licence")},
        }
        arrays = [columns[column.name].cast(column.type) for column in PUBLISHED]
        batch = pa.RecordBatch.from_arrays(arrays, schema=PUBLISHED)
        for source in pc.unique(batch["source"]).to_pylist():
            yield batch.filter(pc.equal(batch["source"], source))


#: Columns of `documents` that a published row has besides those of the release.
OF_DOCUMENTS = ("page_licence", "terms", "fetched_at")


def _removed(
    tables: RunTables, name: str, config: Config, taken: Collection[bytes], table: StageTable
) -> Iterator[pa.RecordBatch]:
    """Yield what was removed of one shard, without what is on a takedown list; texts if the table is the release."""
    released = set(read_columns(tables.uri(table, name), ["doc_id"])["doc_id"].to_pylist())
    for documents, decisions, verdicts in zip_batches(
        (tables.uri(DOCUMENTS, name), ("source", "profile", "uri", "text")),
        (tables.uri(DECISIONS, name), ("reasons", "uses")),
        (tables.uri(DUPLICATES, name), ("kept", "cluster")),
    ):
        rows, reasons, repeats, with_text = [], [], [], []
        for row, (doc_id, named, uses, is_kept, cluster) in enumerate(
            zip(
                documents["doc_id"].to_pylist(), decisions["reasons"].to_pylist(), decisions["uses"].to_pylist(),
                verdicts["kept"].to_pylist(), verdicts["cluster"].to_pylist(), strict=True,
            )
        ):  # fmt: skip
            if doc_id in taken or doc_id in released:
                continue
            is_copy = not named and is_kept is False
            rows.append(row)
            reasons.append(named or [DUPLICATE if is_copy else WITHHELD])
            repeats.append(cluster.hex() if is_copy and cluster not in taken else None)
            with_text.append(table is RELEASE and bool(named) and {"display", "redistribute"} <= set(uses))
        chosen = documents.take(pa.array(rows, pa.int64()))
        profiles = chosen["profile"].cast(pa.string()).to_pylist()
        texts = masked_texts(chosen["text"], profiles, config.scrub, with_text)
        urls = masked_texts(chosen["uri"], profiles, config.scrub, [True] * len(rows))
        ids = [one.hex() for one in chosen["doc_id"].to_pylist()]
        yield _removed_batch(ids, urls, chosen["source"], reasons, repeats, texts)
    yield from _refused(tables, name, config)


def _refused(tables: RunTables, name: str, config: Config) -> Iterator[pa.RecordBatch]:
    """Yield the refused pages of one shard that are on no takedown list."""
    refused = read_columns(tables.uri(REFUSED, name), ["doc_id", "uri", "source", "reason"])
    lists = (*recorded_lists(config.run.out), *found_lists(config.run.out))
    if lists and refused.num_rows:
        found = join_takedowns(map(read_takedowns, lists)).finder().find(refused)["doc_id"]
        refused = refused.filter(pc.invert(pc.is_in(refused["doc_id"], value_set=found)))
    n = refused.num_rows
    profile_of = {source.name: source.profile for source in config.sources}
    profiles = [profile_of[name] for name in refused["source"].to_pylist()]
    yield _removed_batch(
        [one.hex() for one in refused["doc_id"].to_pylist()],
        masked_texts(refused["uri"], profiles, config.scrub, [True] * n),
        refused["source"],
        [[f"refused: {reason}"] for reason in refused["reason"].to_pylist()],
        [None] * n,
        [None] * n,
    )


def _removed_batch(
    ids: Sequence[str],
    urls: Sequence[str | None],
    sources: pa.Array,
    reasons: Sequence[Sequence[str]],
    repeats: Sequence[str | None],
    texts: Sequence[str | None],
) -> pa.RecordBatch:
    columns = (ids, urls, sources.cast(pa.string()).to_pylist(), reasons, repeats, texts)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, REMOVED, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=REMOVED)


def masked_texts(texts: pa.Array, profiles: Sequence[str], scrub: Scrub, wanted: Sequence[bool]) -> list[str | None]:
    """The wanted texts, masked as the release is; None for the others."""
    rows = np.flatnonzero(np.array(wanted, np.bool_)).tolist()
    result: list[str | None] = [None] * len(wanted)
    if not rows:
        return result
    from manyo.filters.pii.find import find_by_profile  # a start needs none of its rules

    chosen = texts.take(pa.array(rows, pa.int64()))
    spans: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for span in find_by_profile(chosen, [profiles[row] for row in rows], scrub).to_pylist():
        spans[span["row"]].append((span["start"], span["stop"], span["kind"]))
    for place, (row, text) in enumerate(zip(rows, chosen.to_pylist(), strict=True)):
        result[row] = mask(text, spans.get(place, ()), scrub.masks)
    return result


def _count(numbers: Numbers, batch: pa.RecordBatch) -> None:
    amount = numbers.sources[batch["source"][0].as_py()]
    sizes = pc.binary_length(batch["text"]).to_pylist()
    amount.documents += batch.num_rows
    amount.characters += pc.sum(pc.utf8_length(batch["text"])).as_py()
    amount.bytes += sum(sizes)
    days = [day for day in batch["date"].to_pylist() if day is not None]
    if days:
        amount.earliest = min([*days, *([amount.earliest] if amount.earliest else [])])
        amount.latest = max([*days, *([amount.latest] if amount.latest else [])])
    numbers.languages.update(batch["language"].to_pylist())
    named = (batch[name].to_pylist() for name in ("source", "licence", "page_licence"))
    numbers.licences.update(zip(*named, strict=True))
    for url, size in zip(batch["url"].to_pylist(), sizes, strict=True):
        numbers.domains[registrable_domain(url)] += size


def _count_removed(numbers: Numbers, batch: pa.RecordBatch) -> None:
    numbers.n_removed += batch.num_rows
    numbers.n_removed_with_text += batch.num_rows - batch["text"].null_count
    numbers.removed.update(pc.list_flatten(batch["reasons"]).to_pylist())


def registrable_domain(url: str) -> str:
    """The domain that somebody registered, by the Public Suffix List; the host where the list knows none."""
    host = host_of(url)
    if host is None:
        return NO_HOST
    found: str | None = get_fld(f"http://{host}/", fail_silently=True)
    return found or host


def top_domains(domains: Mapping[str, int], share: float = 0.1) -> list[tuple[str, int]]:
    """The domains with most bytes: a share of their number, at least one; addresses without a host are none."""
    named = [(name, size) for name, size in domains.items() if name != NO_HOST]
    return sorted(named, key=lambda one: (-one[1], one[0]))[: math.ceil(len(named) * share)]
