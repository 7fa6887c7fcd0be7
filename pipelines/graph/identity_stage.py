"""The stage that stops a run in which two documents have one id.

An id stands for one document in every table, in `trace` and in takedowns. Readers see to it within a shard; this stage
looks at the ids of all shards, once they are extracted and before anything is decided about a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.jit import Uint64s
from manyo.corpus.tables.shards import read_columns
from manyo.pipelines.engine.errors import WorkFailed
from manyo.pipelines.engine.shapes import gather
from manyo.pipelines.engine.stage import AnyStage, NoSettings, Stage, Task
from manyo.pipelines.graph.extract_stages import DOCUMENTS

#: Shards that are read at once, which hides the latency of an object store.
_READERS = 16


def identity_stage(extract: AnyStage) -> AnyStage:
    """`documents` → nothing, or an error that names two documents of one id.

    Memory: 20 bytes a document, 2.7 GB for the 135 million of one crawl.
    """
    return Stage(
        name="identity",
        version=1,
        settings=NoSettings(),
        needs=(extract,),
        tables=(),
        shape=gather("ids"),
        work=check_ids,
        memory_bytes=4 << 30,
    )


def check_ids(task: Task[NoSettings]) -> Mapping[str, int]:
    """Ids of all shards → how many there are.

    Raises:
        WorkFailed: two documents have one id; the message names the places of both.
    """
    uris = task.inputs_of(DOCUMENTS)
    heads = np.concatenate([np.zeros(0, np.uint64), *(_heads(ids) for ids in _columns(uris, ["doc_id"]))])
    n_documents = len(heads)
    heads.sort()
    repeated = heads[1:][heads[1:] == heads[:-1]]
    if len(repeated):
        _refuse_equal(uris, np.unique(repeated))
    return {"documents": n_documents}


def _heads(ids: pa.RecordBatch) -> Uint64s:
    return id_heads(ids.column("doc_id"))


def _refuse_equal(uris: Sequence[str], heads: Uint64s) -> None:
    """Refuse two documents whose whole ids are equal; halves may be, once in a thousand crawls."""
    places: dict[bytes, str] = {}
    for rows in _columns(uris, ["doc_id", "source", "origin_file", "origin_offset"]):
        for row in rows.filter(pa.array(np.isin(_heads(rows), heads))).to_pylist():
            doc_id, place = row["doc_id"], f"{row['origin_file']} at {row['origin_offset']}"
            if doc_id in places:
                one, other = sorted((places[doc_id], place))
                more = f" (and {len(heads) - 1} more ids)" if len(heads) > 1 else ""
                raise WorkFailed(
                    f"[[source]] {row['source']}: {one} and {other} give one doc_id, {doc_id.hex()}{more}, as they "
                    "state the same id of a record; leave one of them out, make the ids differ, or put the files into "
                    "two [[source]] tables"
                )
            places[doc_id] = place


def _columns(uris: Sequence[str], names: list[str]) -> Iterator[pa.RecordBatch]:
    """Yields columns of all shards, in order."""
    with ThreadPoolExecutor(_READERS) as readers:
        for start in range(0, len(uris), _READERS):
            yield from readers.map(lambda uri: read_columns(uri, names), uris[start : start + _READERS])
