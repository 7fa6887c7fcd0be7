"""A deterministic shuffle of all documents of a source: deal the documents of each shard to parts, then sort each part.

The order is that of the documents' draws (`manyo.tokenizer.draws`), so it depends only on the documents and the seed.
Part `p` holds the `p`-th range of draws: the parts one after another are the whole order, and their number affects only
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import id_tails
from manyo.corpus.tables.shards import BATCH_MAX_ROWS, BATCH_MAX_TEXT_BYTES, create_parts, open_parts, publish
from manyo.corpus.text import Texts
from manyo.tokenizer.draws import draws
from manyo.tokenizer.pack import TEXT_SCHEMA

#: The table that is shuffled.
SHUFFLED_SCHEMA = TEXT_SCHEMA

#: Arrow files cannot change the dictionary of a column between batches, so sources are written as strings.
_SPLIT_SCHEMA = SHUFFLED_SCHEMA.set(1, pa.field("source", pa.string()))

#: Bytes of rows that are held before they are written, so that a part of a large shard is not many tiny batches.
_ROUND_BYTES = 128 << 20


@dataclass(frozen=True, slots=True)
class Shuffle:
    """How to shuffle documents before they are packed.

    Attributes:
        seed: each seed gives a different order.
        parts: parts of a source that are sorted one by one; sorting one takes about twice its text in memory.
    """

    seed: int = 0
    parts: int = 64

    def __post_init__(self) -> None:
        """Raise ValueError for a setting out of range."""
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed is {self.seed}, must be 0 to 2^63 - 1")
        if not 1 <= self.parts <= 2**16:
            raise ValueError(f"parts is {self.parts}, must be 1 to 65536")


def split(uri: str, batches: Iterable[pa.RecordBatch], settings: Shuffle) -> int:
    """Deal documents to parts in one Arrow file: in each round of `parts` batches, batch `p` belongs to part `p`.

    Memory: twice `_ROUND_BYTES`, whatever the size of the shard.

    Args:
        uri: of the file to write.
        batches: of `SHUFFLED_SCHEMA`.
        settings: the shuffle.

    Returns:
        The number of documents.
    """
    held: list[list[pa.RecordBatch]] = [[] for _ in range(settings.parts)]
    held_bytes = n_documents = 0
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with publish(uri) as path, create_parts(path, _SPLIT_SCHEMA, options) as append:
        for batch in batches:
            for part, rows in enumerate(_deal(batch.cast(_SPLIT_SCHEMA), settings)):
                held[part].append(rows)
            held_bytes += batch.nbytes
            n_documents += batch.num_rows
            if held_bytes >= _ROUND_BYTES:
                _write_round(append, held)
                held_bytes = 0
        _write_round(append, held)
    return n_documents


def combine(uris: Sequence[str], part: int, settings: Shuffle) -> Iterator[pa.RecordBatch]:
    """Read one part of every file that `split` wrote, in shuffled order, in batches of `SHUFFLED_SCHEMA`.

    Raises:
        ShardError: a file cannot be read.
    """
    batches = [batch for uri in uris for batch in _read_part(uri, part, settings.parts)]
    rows = pa.Table.from_batches(batches, _SPLIT_SCHEMA).combine_chunks()
    if rows.num_rows == 0:
        return
    ids = rows.column("doc_id").chunk(0)
    # Ids with the same first half draw the same number; the second half then decides.
    shuffled = rows.take(pa.array(np.lexsort((id_tails(ids), draws(ids, settings.seed)))))
    del rows, batches
    whole = shuffled.cast(SHUFFLED_SCHEMA).combine_chunks().to_batches(max_chunksize=None)[0]
    yield from _cut(whole)


def _deal(batch: pa.RecordBatch, settings: Shuffle) -> Iterator[pa.RecordBatch]:
    """The rows of a batch for each part, in turn."""
    drawn = draws(batch.column("doc_id"), settings.seed)
    parts = (drawn >> np.uint64(32)) * np.uint64(settings.parts) >> np.uint64(32)
    order = np.argsort(parts, kind="stable")
    bounds = np.searchsorted(parts[order], np.arange(settings.parts + 1, dtype=np.uint64))
    by_part = batch.take(pa.array(order))
    for low, high in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        yield by_part.slice(low, high - low)


def _write_round(append: Callable[[Iterable[pa.RecordBatch]], object], held: list[list[pa.RecordBatch]]) -> None:
    """Write one batch for each part, and empty the lists of held rows."""
    for batches in held:
        append(batches)
        batches.clear()


def _read_part(uri: str, part: int, parts: int) -> Iterator[pa.RecordBatch]:
    with open_parts(uri) as reader:
        for number in range(part, reader.num_record_batches, parts):
            yield reader.get_batch(number).replace_schema_metadata(None)


def _cut(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Batches of at most `BATCH_MAX_ROWS`, each closed by the row that fills `BATCH_MAX_TEXT_BYTES`."""
    ends = np.cumsum(Texts.from_arrow(batch.column("text")).sizes_bytes)
    low = 0
    while low < batch.num_rows:
        before = int(ends[low - 1]) if low else 0
        full = int(np.searchsorted(ends, before + BATCH_MAX_TEXT_BYTES)) + 1
        high = min(full, low + BATCH_MAX_ROWS, batch.num_rows)
        yield batch.slice(low, high - low)
        low = high
