"""The stage that stops a run in which two documents have one id.

An id stands for one document in every table, in `trace` and in takedowns. Readers see to it within a shard; this stage
looks at the ids of all shards, once they are extracted and before anything is decided about a document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.jit import Uint64s
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.shapes import gather
from manyo.pipelines.engine.stage import AnyStage, NoSettings, Stage, Task
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.reading import columns_of

#: Ids are compared in so many ranges, so that only one of them is held twice.
_RANGES = 64


def identity_stage(extract: AnyStage) -> AnyStage:
    """`documents` → nothing, or an error that names two documents of one id.

    Memory: 9 bytes a document, 1.4 GB for the 150 million of one crawl.
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
        UserError: two documents have one id; the message names the places of both.
    """
    uris = task.inputs_of(DOCUMENTS)
    ranges = [bytearray() for _ in range(_RANGES)]
    starts = np.arange(1, _RANGES, dtype=np.uint64) << np.uint64(58)
    n_documents = 0
    for ids in columns_of(uris, ["doc_id"]):
        heads = np.sort(_heads(ids))
        n_documents += len(heads)
        for held, of_range in zip(ranges, np.split(heads, np.searchsorted(heads, starts)), strict=True):
            held += of_range.tobytes()
    repeated = [np.zeros(0, np.uint64)]
    while ranges:
        heads = np.sort(np.frombuffer(ranges.pop(), np.uint64))
        repeated.append(np.unique(heads[1:][heads[1:] == heads[:-1]]))
    if any(map(len, repeated)):
        _refuse_equal(uris, np.concatenate(repeated))
    return {"documents": n_documents}


def _heads(ids: pa.RecordBatch) -> Uint64s:
    return id_heads(ids.column("doc_id"))


def _refuse_equal(uris: Sequence[str], heads: Uint64s) -> None:
    """Refuse two documents whose whole ids are equal; halves may be, once in a thousand crawls."""
    places: dict[bytes, str] = {}
    for rows in columns_of(uris, ["doc_id", "source", "origin_file", "origin_offset"]):
        for row in rows.filter(pa.array(np.isin(_heads(rows), heads))).to_pylist():
            doc_id, place = row["doc_id"], f"{row['origin_file']} at {row['origin_offset']}"
            if doc_id in places:
                one, other = sorted((places[doc_id], place))
                more = f" (and {len(heads) - 1} more ids)" if len(heads) > 1 else ""
                raise UserError(
                    f"[[source]] {row['source']}: {one} and {other} give one doc_id, {doc_id.hex()}{more}, as they "
                    "state the same id of a record; leave one of them out, make the ids differ, or put the files into "
                    "two [[source]] tables"
                )
            places[doc_id] = place
