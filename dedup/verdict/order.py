"""Survivor order: which of several documents with the same text stays. The rule is in this file alone.

A document's precedence is one number made of its own columns. The document with the smallest number stays; among equal
numbers, that with the smallest `doc_id`. So the order is a pure function of the documents, not of their arrival, and an
earlier part of the corpus has no advantage.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.dedup.settings import Criterion, Dedup


class _Field(NamedTuple):
    """The room of a criterion in a precedence.

    Attributes:
        bits: its width.
        unit_s: seconds that count as one, for times.
    """

    bits: int
    unit_s: int = 1


_DAY_S = 24 * 3600
#: One to four uses, 255 sources, the leading half of a signal's 32-bit float, characters up to four million (as many as
#: a signature covers), and days since 1970 up to the year 2149. All criteria together fit into 64 bits in any order; of
#: two opposites only one can be used.
_FIELDS = {
    "uses": _Field(2),
    "source": _Field(8),
    "highest": _Field(16),
    "lowest": _Field(16),
    "longest": _Field(22),
    "newest": _Field(16, _DAY_S),
    "oldest": _Field(16, _DAY_S),
}
#: Among the pages of one address there are no other criteria, so times are seconds since 1970.
_ADDRESS_FIELDS = {"longest": _Field(24), "newest": _Field(40)}

#: Columns of `manyo.corpus.schema.DOCUMENTS` that `precedence` reads, besides the signal that `survivor_signal` names.
ORDER_COLUMNS = ("source", "fetched_at")

#: Uses that there are (docs/rights.md).
_MOST_USES = 4

#: The column of `manyo.corpus.schema.DECISIONS` that `precedence` reads; that of `documents` does not know what pages
#: state.
USES_COLUMN = "uses"


def precedence(documents: pa.RecordBatch, chars: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs,), the place of each document in survivor order; the smallest stays.

    The criteria of `settings.survivor_order` decide, one after another:

    - `uses`: the document that may be put to more of the four uses (docs/rights.md), because the text of the one that
      stays is all that each exit has of them;
    - `source`: the source that `settings.source_priority` names first; sources that it does not name come last;
    - `highest`, `lowest`: the document whose `settings.survivor_signal` is higher or lower. Only its leading eight
      binary digits are compared, so that the next criterion may decide between values less than a percent apart; a
      document without a value comes last;
    - `longest`: the longer text, as dedup compares it;
    - `newest`, `oldest`: the page fetched later or earlier, by the day (UTC); unknown times come last.

    Args:
        documents: a batch with `ORDER_COLUMNS` and `USES_COLUMN`, and the column `settings.survivor_signal`, where that
            is given.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        settings: the criteria.
    """
    signal = documents.column(settings.survivor_signal) if settings.survivor_signal else None
    criteria = {criterion: _FIELDS[criterion] for criterion in settings.survivor_order}
    return _pack(documents, chars, criteria, settings.source_priority, signal)


def address_precedence(documents: pa.RecordBatch, chars: np.ndarray, settings: Dedup) -> np.ndarray:
    """uint64 (n_docs,), the place of each document among those of its address (`settings.same_address`).

    Either the newest page stays, to the second, and of equally new ones the longest; or the longest, and of equally
    long ones the newest.

    Args:
        documents: a batch with `ORDER_COLUMNS`.
        chars: int64 (n_docs,), length of each text as dedup compares it.
        settings: whether the newest or the longest stays.
    """
    order: list[Criterion] = ["newest", "longest"] if settings.same_address == "newest" else ["longest", "newest"]
    return _pack(documents, chars, {criterion: _ADDRESS_FIELDS[criterion] for criterion in order}, ())


def _pack(
    documents: pa.RecordBatch,
    chars: np.ndarray,
    criteria: Mapping[Criterion, _Field],
    source_priority: Sequence[str],
    signal: pa.Array | None = None,
) -> np.ndarray:
    packed = np.zeros(len(chars), np.uint64)
    for criterion, (bits, unit_s) in criteria.items():
        last = (1 << bits) - 1
        if criterion == "uses":
            granted = pc.fill_null(pc.list_value_length(documents.column(USES_COLUMN)), 0).to_numpy()
            value = _MOST_USES - np.clip(granted, 1, _MOST_USES)  # who takes part has one at least
        elif criterion == "source":
            named = pa.array(source_priority, pa.string())
            place = pc.index_in(documents.column("source").cast(pa.string()), named)
            value = place.fill_null(last).to_numpy(zero_copy_only=False)
        elif criterion in ("highest", "lowest"):
            rising, is_known = _rising(signal)
            value = np.where(is_known, rising if criterion == "lowest" else last - rising, last)
        elif criterion == "longest":
            value = last - np.minimum(chars, last)
        else:
            seconds = documents.column("fetched_at").cast(pa.int64())
            times = pc.divide(seconds, unit_s).to_numpy(zero_copy_only=False)
            known = np.clip(np.nan_to_num(times, nan=0), 0, last - 1)
            value = np.where(np.isnan(times), last, known if criterion == "oldest" else last - 1 - known)
        packed = packed << np.uint64(bits) | np.minimum(value, last).astype(np.uint64)
    return packed


def _rising(signal: pa.Array | None) -> tuple[np.ndarray, np.ndarray]:
    """The leading half of each value as a 32-bit float.

    Returns:
        uint16 (n_docs,), numbers that sort like the values; and bool (n_docs,), which are values and not missing.
    """
    if signal is None:
        raise ValueError("the criteria highest and lowest need dedup.survivor_signal")
    # Counts beyond 2**24 may not fit a 32-bit float exactly; NumPy rounds them, Arrow refuses.
    values = signal.to_numpy(zero_copy_only=False).astype(np.float32)
    bits = values.view(np.int32) >> 16
    # Of negative floats the greater bit pattern is the smaller number.
    rising: np.ndarray = np.where(bits < 0, ~bits & 0x7FFF, bits | 0x8000).astype(np.uint16)
    return rising, ~np.isnan(values)
