"""Measures `manyo view` from a run's tables to the written file, on a finished run whose rows are repeated.

    python -m bench.view_run CONFIG [DOCUMENTS]

Each copy of a document has an id of its own in every table, so that what the page reads of a document (its text and
record, its survivor, its way to the release) is looked up among as many rows as a large run has. Nothing is decided
again: only the tables that the page reads are repeated, in shards as long as `extract` makes them. The file is opened
in Chromium as in `bench.view`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.view import drag
from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import read_batches, write_shard
from manyo.corpus.tables.start_folder import paths_start_at
from manyo.pipelines.commands.measured_documents import MeasuredShard, measured_shards
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.view_page import MAX_MB, render, view_of_shards
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config, load_config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, MENTIONS, SIGNALS
from manyo.pipelines.graph.release_stages import RELEASE

_TABLES = (DOCUMENTS, REFUSED, LANGUAGES, SIGNALS, MENTIONS, DECISIONS, DUPLICATES, RELEASE)
_SHARD_ROWS, _BATCH_ROWS = 50_000, 4096
#: Columns that name a document.
_IDS = ("doc_id", "cluster")


def main() -> None:
    """Repeat the tables, write the page, open it, and print."""
    config = load_config(sys.argv[1])
    n_docs = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    with paths_start_at(os.path.dirname(config.path)), tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        shards, large = _repeat(config, folder, n_docs)
        clock, processors = time.perf_counter(), time.process_time()
        data, documents = view_of_shards(large, shards, 0, {"name": "", "sha256": "", "text": ""}, "")
        page, _ = render(data, documents, int(MAX_MB * 1e6))
        path = Path(folder) / "view.html"
        path.write_text(page, encoding="utf-8")
        print(f"{data['totals']['documents']:,} documents, {len(documents):,} of them shown", end=", ")
        print(f"{len(page.encode()) / 1e6:.1f} MB: written in {time.perf_counter() - clock:.1f} s", end=", ")
        print(f"{time.process_time() - processors:.1f} s of the processors")
        drag(path)


def _repeat(config: Config, folder: str, n_docs: int) -> tuple[list[MeasuredShard], Config]:
    """Write the tables of a run many times; returns the shards that are measured and the configuration of that run."""
    of_run = measured_shards(config, "view")
    names = RunTables(config).shards
    stages = {table: stage for stage in build_stages(config) for table in stage.tables}
    rows = {
        name: sum(len(batch) for batch in read_batches(one.documents, ["doc_id"]))
        for name, one in zip(names, of_run, strict=True)
    }
    n_copies = -(-n_docs // sum(rows.values()))
    for name in names:
        # As many copies in a shard as fit; a run's shards keep their order by name.
        per_shard = max(1, _SHARD_ROWS // max(rows[name], 1))
        for first in range(0, n_copies, per_shard):
            for table in _TABLES:
                stage = stages[table]
                copies = range(first, min(n_copies, first + per_shard))
                _copy(table, stage.folder(config.run.out), name, stage.folder(folder), f"{name}-{first:06d}", copies)
    large = replace(config, run=replace(config.run, out=folder))
    tables = RunTables(large)
    return [
        replace(
            of_run[0],
            documents=tables.uri(DOCUMENTS, name),
            languages=tables.uri(LANGUAGES, name),
            signals=tables.uri(SIGNALS, name),
            decisions=tables.uri(DECISIONS, name),
        )
        for name in tables.shards
    ], large


def _copy(table: StageTable, source: str, shard: str, folder: str, name: str, copies: range) -> None:
    batches = list(read_batches(table.uri(source, shard)))
    # Pages that were refused are few in what people look at; once is enough.
    wanted = copies if table is not REFUSED else copies[:1]
    write_shard(table.uri(folder, name), batches[0].schema if batches else table.schema, _copies(batches, wanted))


def _copies(batches: list[pa.RecordBatch], copies: range) -> Iterator[pa.RecordBatch]:
    """Yield the rows with other ids once for each copy, in batches about as long as `extract` makes them."""
    whole = pa.Table.from_batches(batches).combine_chunks() if batches else pa.table({})
    at_once = max(1, _BATCH_ROWS // max(len(whole), 1))
    for first in range(0, len(copies) if len(whole) else 0, at_once):
        several = copies[first : first + at_once]
        (repeated,) = pa.concat_tables([whole] * len(several)).combine_chunks().to_batches()
        columns = dict(zip(repeated.schema.names, repeated.columns, strict=True))
        columns |= {one: _renamed(columns[one], several) for one in _IDS if one in columns}
        yield pa.RecordBatch.from_arrays(list(columns.values()), schema=repeated.schema)


def _renamed(ids: pa.Array, copies: Sequence[int]) -> pa.Array:
    """The ids of some copies of a table, one after another, each made another by the number of its copy."""
    salts = np.repeat(copies, len(ids) // len(copies)).tolist()
    named = (
        None if one is None else hashlib.blake2b(one, digest_size=16, salt=salt.to_bytes(16, "little")).digest()
        for one, salt in zip(ids.to_pylist(), salts, strict=True)
    )
    return pa.array(named, DOC_ID)


if __name__ == "__main__":
    main()
