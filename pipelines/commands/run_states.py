"""What became of every page of a run, as one table: the outcome of each document and of each refused page."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manyo.corpus.addresses import hosts
from manyo.corpus.release import survives_dedup
from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import filesystem, read_batches, read_columns, zip_whole
from manyo.filters.signals.measure import measured_categories
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.rule_changes import NO_HOST
from manyo.pipelines.commands.selected_documents import EVERYTHING, Selection, refuse_empty
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, SIGNALS
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN
from manyo.pipelines.graph.token_stages import PROVENANCE
from manyo.pipelines.graph.written_stages import as_written, refuse_unfinished
from manyo.pipelines.run import finished_stages

#: Outcomes of documents that pass the rules. The others are named for their reasons.
KEPT, DUPLICATE, TAKEN = "kept", "duplicate", "taken down"

_NO_DIGEST = bytes(16)

#: One page of a run. `outcome` is one of the above, `dropped: RULE + RULE` or `refused: REASON`; `text` is a digest.
STATES = pa.schema(
    [
        ("doc_id", DOC_ID),
        ("uri", pa.large_string()),
        ("outcome", pa.string()),
        ("source", pa.string()),
        ("host", pa.large_string()),
        ("profile", pa.string()),
        ("characters", pa.int64()),
        ("bytes", pa.int64()),
        ("text", pa.binary(16)),
        ("shard", pa.int32()),
        ("row", pa.int64()),
    ]
)


@dataclass(frozen=True, slots=True)
class RunStates:
    """Every page of a run.

    Attributes:
        tables: finds the tables, and `names`, the names of their shards; `shard` counts them.
        states: a table of `STATES` and of the run's categories, in the order of shards and rows, documents before
            refused pages.
        tokens: source → tokens of its token shards; None before they are written.
        extracted: folder of the documents: two runs of one folder have the same texts.
        categories: measured signals that name one, such as `register`; "" for refused pages.
        columns: what was measured.
    """

    tables: RunTables
    names: tuple[str, ...]
    states: pa.Table
    tokens: dict[str, int] | None
    extracted: str
    categories: tuple[str, ...]
    columns: Collection[str]

    def keys(self, by: str) -> pa.Array:
        """What names each page in a comparison, as bytes.

        Args:
            by: `doc_id` or `uri`; of pages with one address, the second and later ones have keys of their own.
        """
        if by == "doc_id":
            return self.states["doc_id"].combine_chunks().cast(pa.binary())
        return _numbered(self.states["uri"].to_pylist())


def read_states(config: Config, with_texts: bool, selection: Selection = EVERYTHING) -> RunStates:
    """Read what became of every page.

    Memory: about 200 bytes a page, and its address.

    Args:
        config: of the run.
        with_texts: read the texts and make a digest of each; otherwise all digests are zero.
        selection: which pages are compared; tokens are counted for all of them only.

    Raises:
        UserError: the rules of the run are not applied yet.
        ShardError: a shard cannot be read.
    """
    own = build_stages(config)
    stages = as_written(own, config.run.out)
    if stages is own:
        finished_stages(config, ("extract", "measure", "decide"), "diff")
    else:
        refuse_unfinished(stages, config.run.out, "diff")
    tables = RunTables(config, stages)
    names = tuple(tables.shards)
    columns = {name for table in (LANGUAGES, SIGNALS) for name in _columns(tables, table)}
    # Another version may not have measured what this one does.
    categories = tuple(name for name in measured_categories(config.signals) if name in columns)
    schema = pa.schema([*STATES, *((category, pa.string()) for category in categories)])
    parts = [
        part
        for number, name in enumerate(names)
        for part in _pages(tables, name, number, with_texts, selection, schema)
    ]
    tokens = None if selection else tokens_by_source(config)
    states = pa.Table.from_batches(parts, schema)
    if not len(states):
        refuse_empty(selection, (tables.uri(DOCUMENTS, name) for name in names), "diff")
    return RunStates(tables, names, states, tokens, tables.extracted, categories, columns)


def _columns(tables: RunTables, table: StageTable) -> list[str]:
    """Names of the columns of a table, which the version that wrote it decided."""
    fs, path = filesystem(tables.uri(table, tables.shards[0]))
    with fs.open(path, "rb") as stream:
        names: list[str] = pq.read_schema(stream).names
    return names


def _pages(
    tables: RunTables, name: str, number: int, with_texts: bool, selection: Selection, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """Yield the selected documents and refused pages of one shard."""
    categories = schema.names[len(STATES) :]
    documents, decisions, signals = zip_whole(
        (tables.uri(DOCUMENTS, name), ("source", "profile", "uri")),
        (tables.uri(DECISIONS, name), ("reasons",)),
        (tables.uri(SIGNALS, name), ("char_count", "size_bytes", *categories)),
    )
    outcome = np.array(
        [f"dropped: {' + '.join(named)}" if named else KEPT for named in decisions["reasons"].to_pylist()]
    )
    outcome = outcome.astype(object)
    if tables.exists(DUPLICATES, name):
        survives = survives_dedup(read_columns(tables.uri(DUPLICATES, name), ["kept"]))
        outcome[(outcome == KEPT) & ~survives] = DUPLICATE
    if tables.exists(TAKEN_DOWN, name):
        taken = read_columns(tables.uri(TAKEN_DOWN, name), ["doc_id"]).column("doc_id")
        outcome[pc.is_in(documents["doc_id"], value_set=taken).to_numpy(zero_copy_only=False)] = TAKEN
    texts = [_NO_DIGEST] * documents.num_rows
    if with_texts:
        texts = [
            hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            for batch in read_batches(tables.uri(DOCUMENTS, name), ["text"])
            for text in batch["text"].to_pylist()
        ]
    named = [signals[category].cast(pa.string()) for category in categories]
    states = _batch(documents, outcome, signals["char_count"], signals["size_bytes"], texts, number, schema, named)
    yield states.filter(pa.array(selection.mask(documents)))
    refused = read_columns(tables.uri(REFUSED, name), ["doc_id", "source", "uri", "reason"])
    if refused.num_rows:
        outcome = np.array([f"refused: {reason}" for reason in refused["reason"].to_pylist()], object)
        nothing = np.zeros(refused.num_rows, np.int64)
        unnamed = [pa.array([""] * refused.num_rows)] * len(categories)
        digests = [_NO_DIGEST] * refused.num_rows
        states = _batch(refused, outcome, nothing, nothing, digests, number, schema, unnamed)
        yield states.filter(pa.array(selection.mask(refused)))


def _batch(
    pages: pa.RecordBatch,
    outcome: np.ndarray,
    characters: Any,
    n_bytes: Any,
    texts: Sequence[bytes],
    number: int,
    schema: pa.Schema,
    categories: Sequence[pa.Array],
) -> pa.RecordBatch:
    n = pages.num_rows
    profile = pages["profile"].cast(pa.string()) if "profile" in pages.schema.names else pa.array([""] * n, pa.string())
    columns = [
        pages["doc_id"],
        pages["uri"].cast(pa.large_string()),
        pa.array(outcome, pa.string()),
        pages["source"].cast(pa.string()),
        pc.fill_null(hosts(pages["uri"]), NO_HOST).cast(pa.large_string()),
        profile,
        pa.array(characters, pa.int64()),
        pa.array(n_bytes, pa.int64()),
        pa.array(texts, pa.binary(16)),
        pa.array(np.full(n, number, np.int32)),
        pa.array(np.arange(n, dtype=np.int64)),
        *categories,
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _numbered(uris: Sequence[str]) -> pa.Array:
    """Addresses as bytes, the second and later ones of one address with their number behind a byte that none has."""
    seen: dict[str, int] = {}
    keys = []
    for uri in uris:
        seen[uri] = seen.get(uri, 0) + 1
        key = uri.encode("utf-8", "surrogatepass")
        keys.append(key if seen[uri] == 1 else key + b"\0%d" % seen[uri])
    return pa.array(keys, pa.binary())


def tokens_by_source(config: Config) -> dict[str, int] | None:
    """Tokens of each source, if the token shards are finished."""
    try:
        tokenize = finished_stages(config, ("tokenize",), "diff")["tokenize"]
    except UserError:
        return None
    total: Counter[str] = Counter()
    for shard in tokenize.shards:
        for batch in read_batches(tokenize.uri(PROVENANCE, shard.name), ["source", "token_count"]):
            sums = pa.table({"source": batch["source"].cast(pa.string()), "n": batch["token_count"]})
            for row in sums.group_by("source").aggregate([("n", "sum")]).to_pylist():
                total[row["source"]] += row["n_sum"]
    return dict(total)
