"""Rows that are read together because their pages lie in one shard: a table of the shard is opened once for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import read_columns, read_rows

Row = dict[str, Any]


class NearbyRows:
    """Reads of tables for the pages of one shard after another.

    Memory: what was asked of the rows that were announced, and columns of the tables of one shard.
    """

    def __init__(self) -> None:
        self.announce("", ())

    def announce(self, shard: str, rows: Sequence[int], doc_ids: Collection[bytes] = ()) -> None:
        """Say which rows of a shard will be asked for, and with which ids; what was read of another is forgotten."""
        self._shard, self._rows, self._doc_ids = shard, rows, doc_ids
        self._read: dict[tuple[str, ...], dict[int, Row]] = {}
        self._by_id: dict[tuple[str, ...], dict[bytes, Row]] = {}
        self._columns: dict[tuple[str, ...], pa.RecordBatch] = {}

    def row(self, shard: str, uri: str, row: int, columns: Sequence[str]) -> Row:
        """One row of a table of a shard, read with all that are announced of the shard.

        Raises:
            ShardError: the file cannot be read.
        """
        if shard != self._shard:
            (alone,) = read_rows(uri, [row], columns)
            return alone
        read = self._read.setdefault((uri, *columns), {})
        if row not in read:
            rows = sorted({row, *self._rows})
            read.update(zip(rows, read_rows(uri, rows, columns), strict=True))
        return read[row]

    def row_of(self, uri: str, doc_id: bytes, columns: Sequence[str]) -> Row | None:
        """The row of a document in a table that has not every document; None if it has none.

        Raises:
            ShardError: the file cannot be read.
        """
        key = (uri, *columns)
        if key not in self._by_id or doc_id not in {*self._doc_ids, *self._by_id[key]}:
            ids = self.columns(uri, ("doc_id",)).column("doc_id")
            wanted = pa.array(sorted({doc_id, *self._doc_ids}), DOC_ID)
            rows = np.flatnonzero(pc.is_in(ids, wanted).to_numpy(zero_copy_only=False)).tolist()
            read = read_rows(uri, rows, ("doc_id", *columns))
            self._by_id[key] = {row["doc_id"]: row for row in read}
        return self._by_id[key].get(doc_id)

    def columns(self, uri: str, names: Sequence[str]) -> pa.RecordBatch:
        """Whole columns of a shard.

        Raises:
            ShardError: the file cannot be read.
        """
        key = (uri, *names)
        if key not in self._columns:
            self._columns[key] = read_columns(uri, list(names))
        return self._columns[key]
