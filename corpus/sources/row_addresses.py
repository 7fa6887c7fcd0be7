"""Fields of a table of texts that hold addresses, found in its first rows for settings that name none.

Without an address no host, address or takedown of one names a document, and nothing else would say so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq

from manyo.corpus.sources import jsonl, rows
from manyo.corpus.sources.compression import DAMAGE, decompressed, raise_if_storage_failed
from manyo.corpus.sources.rows import Row
from manyo.corpus.tables.shards import filesystem

#: Rows that are looked at: a field that all of them have is one of the table, not of one row.
_ROWS = 10
#: No row is longer in this search; a longer one is left out.
_MAX_LINE_BYTES = 4 << 20
_ADDRESS = re.compile(r"https?://[^\s/]+\.\S+", re.IGNORECASE)


def has_no_addresses(options: object) -> bool:
    """Whether the options of a source are those of rows, and name no field with addresses."""
    return isinstance(options, rows.Fields) and not options.uri_field


def address_fields(kind: str, uri: str) -> list[str]:
    """Fields of which each of the first rows of a file has an address, as `uri_field` names them.

    Args:
        kind: jsonl or parquet; other kinds have none.
        uri: of a file. One that cannot be read has none: its reader says what is wrong with it.
    """
    read = {"jsonl": _lines, "parquet": _table_rows}.get(kind)
    if read is None:
        return []
    try:
        first = list(islice(read(uri), _ROWS))
    except (*DAMAGE, pa.ArrowException, ValueError, RecursionError) as error:
        raise_if_storage_failed(error)
        return []
    found = [dict.fromkeys(_with_addresses(row)) for row in first]
    return [name for name in found[0] if all(name in of_row for of_row in found)] if found else []


def _with_addresses(row: Row, folder: str = "") -> Iterator[str]:
    for name, value in row.items():
        if not name.isprintable():
            continue  # half of a surrogate pair or a control character, which no configuration can hold
        if isinstance(value, str) and _ADDRESS.fullmatch(value):
            yield f"{folder}{name}"
        elif isinstance(value, dict):
            yield from _with_addresses(value, f"{folder}{name}.")


def _lines(uri: str) -> Iterator[Row]:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as raw, decompressed(raw) as stream:
        for frame in jsonl.frames(stream, _MAX_LINE_BYTES):
            row = json.loads(frame.data) if frame.data is not None else None
            if isinstance(row, dict):
                yield row


def _table_rows(uri: str) -> Sequence[Row]:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream, pq.ParquetFile(stream) as table:
        batch = next(table.iter_batches(batch_size=_ROWS), None)
        return batch.to_pylist() if batch is not None else []
