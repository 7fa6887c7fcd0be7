"""Survivor order: which of several documents that say the same stays. The one place for this rule.

A document's precedence is one number made of its own columns, and the smaller number stays; equal
numbers are told apart by `doc_id`. So it is a pure function of the documents, never of their
arrival, and an earlier part of the corpus cannot win by being earlier.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.settings import Criterion, Dedup

#: Bits of a precedence: one source of 255, characters up to 4 billion, and hours since 1970 up to
#: the year 3883, so that all criteria fit into 64 bits in any order. Newest and oldest share theirs.
_BITS = {"source": 8, "longest": 32, "newest": 24, "oldest": 24}

#: Columns of `corpus.schema.DOCUMENTS` that `precedence` reads.
ORDER_COLUMNS = ("source", "fetched_at")


def precedence(documents: pa.RecordBatch, chars: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs,), the place of each document in survivor order; the smallest stays.

    `settings.survivor_order` says what decides, the first criterion first:

    - `source`: the source that `settings.source_priority` names first; sources that it does not name come last;
    - `longest`: the longer text, as dedup compares it;
    - `newest`, `oldest`: the page fetched later or earlier, by the hour; unknown times come last.

    Args:
        documents: a batch with `ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        settings: the criteria.
    """
    return _pack(documents, chars, settings.survivor_order, settings.source_priority)


def address_precedence(documents: pa.RecordBatch, chars: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs,), the place of each document among those of its address (`settings.same_address`).

    The newest page stays, of equally new ones the longest; or the longest, of equally long ones the newest.

    Args:
        documents: a batch with `ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        settings: which of both.
    """
    newest_first = settings.same_address == "newest"
    return _pack(documents, chars, ("newest", "longest") if newest_first else ("longest", "newest"), ())


def _pack(
    documents: pa.RecordBatch, chars: np.ndarray, criteria: Sequence[Criterion], source_priority: Sequence[str]
) -> np.ndarray:
    packed = np.zeros(len(chars), np.uint64)
    for criterion in criteria:
        bits = _BITS[criterion]
        last = (1 << bits) - 1
        if criterion == "source":
            named = pa.array(source_priority, pa.string())
            place = pc.index_in(documents.column("source").cast(pa.string()), named)
            value = place.fill_null(last).to_numpy(zero_copy_only=False)
        elif criterion == "longest":
            value = last - np.minimum(chars, last)
        else:
            hours = pc.divide(documents.column("fetched_at").cast(pa.int64()), 3600).to_numpy(zero_copy_only=False)
            known = np.clip(np.nan_to_num(hours, nan=0), 0, last - 1)
            value = np.where(np.isnan(hours), last, known if criterion == "oldest" else last - 1 - known)
        packed = packed << np.uint64(bits) | np.minimum(value, last).astype(np.uint64)
    return packed
