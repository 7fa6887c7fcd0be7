"""Which documents must be judged in one place: the connected components of the candidate pairs.

A component is a unit of work and no cluster: what becomes of a document depends on documents of its
component alone (`dedup.verify`), so components can be dealt to parts, and each part judged by a task
that holds nothing else. Documents without a candidate, most of a crawl, are in none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.schema import DOC_ID, PAIRS, Column, Table
from dedup.kernels import _unite
from dedup.pairs import distinct, ids_as_bytes, ids_to_arrow, rows_by_part, sorted_ids

COMPONENTS = Table(
    "components",
    "a document that has a candidate, or is one, in order of doc_id",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document"),
        Column("part", pa.int32(), "the part in which it is compared, the same for a whole component"),
    ),
)


def find_components(
    pairs: Callable[[], Iterable[pa.RecordBatch]], parts: int
) -> tuple[pa.RecordBatch, list[pa.RecordBatch]]:
    """Deal out all pairs, and their documents, so that no component is divided.

    Memory: about 60 bytes for each document in a pair and 24 for each pair that several parts found.

    Args:
        pairs: opens the batches of `corpus.schema.PAIRS`, in any order; called twice.
        parts: how many parts components are dealt to.

    Returns:
        A batch of `COMPONENTS`, and for each part a batch of `corpus.schema.PAIRS`, each pair once.
        The smallest `doc_id` of a component decides its part.
    """
    columns = [pc.unique(column) for batch in pairs() for column in batch.columns]
    doc_ids = sorted_ids(pa.chunked_array(columns, DOC_ID))
    linked = distinct(np.concatenate([np.zeros(0, np.int64), *(_number(batch, doc_ids) for batch in pairs())]))
    left, right = linked >> 32, linked & 0xFFFF_FFFF
    ids = ids_as_bytes(doc_ids)
    # Numbers follow ids, so the root, the smallest number of its component, is the smallest id.
    leading = np.ascontiguousarray(ids).view(">u8").reshape(-1, 2)[:, 0]
    part_of = (leading[roots(len(ids), left, right)] % np.uint64(parts)).astype(np.int32)
    dealt = []
    for rows in rows_by_part(part_of[left], parts):
        ends = [ids_to_arrow(ids[end[rows]]) for end in (left, right)]
        dealt.append(pa.RecordBatch.from_arrays(ends, schema=PAIRS.schema))
    components = pa.RecordBatch.from_arrays([doc_ids, pa.array(part_of)], schema=COMPONENTS.schema)
    return components, dealt


def roots(n_docs: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """int64 (n_docs,), the smallest member of each document's component, where `left[i]` and `right[i]` are linked."""
    parent = np.arange(n_docs)
    _unite(parent, left, right)
    # A parent is never greater than its child, so going up ends at the smallest.
    while True:
        above = parent[parent]
        if np.array_equal(above, parent):
            return parent
        parent = above


def _number(pairs: pa.RecordBatch, doc_ids: pa.Array) -> np.ndarray:
    """int64 (n_pairs,), both documents of each pair as their places among sorted ids, one in each half."""
    left, right = (pc.index_in(column, doc_ids).to_numpy().astype(np.int64) for column in pairs.columns)
    return distinct(left << 32 | right)
