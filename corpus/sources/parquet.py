"""Parquet files: one document per row, read batch by batch, only the columns that are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from manyo.corpus.records import BrokenInput, InputFile, InputShard, Outcome, Record, Refused, UnfitOptions
from manyo.corpus.sources import other_formats, rows
from manyo.corpus.sources.compression import raise_if_storage_failed
from manyo.corpus.sources.content_kind import HEAD_BYTES
from manyo.corpus.sources.packing import pack_files
from manyo.corpus.sources.rows import Row
from manyo.corpus.tables.shards import filesystem

REASONS = {
    **rows.REASONS,
    **other_formats.REASONS,
    "broken_parquet": "the file is not Parquet, or one of its row groups is damaged from some row on",
}

#: Rows that are held as Python objects at once; a row can be a book of some megabytes.
_BATCH_ROWS = 128


@dataclass(frozen=True, slots=True)
class Options(rows.Fields):
    """Settings of a Parquet source: fields as in `rows.Fields`, which name columns here."""


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; a large file is a shard by itself."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    """One record per row; the offset is the row's number in its file, from 0.

    Raises:
        UnfitOptions: a file lacks a column that the options name, or its text is not a string.
    """
    for file in shard.files:
        seen: set[str] = set()  # two files that state one id stop the run, whichever shards they are in
        fs, path = filesystem(file.uri)
        with fs.open(path, "rb") as stream:
            head = stream.read(HEAD_BYTES)
            if other := other_formats.refused(file.uri, 0, head, ("parquet", "binary"), file.name):
                yield other
                continue
            stream.seek(0)
            try:
                parquet = pq.ParquetFile(stream)
            except (pa.ArrowException, OSError) as error:
                yield _broken(file.uri, 0, error)
                continue
            with parquet:
                _check_columns(file.uri, parquet.schema_arrow, options)
                for number, found in _rows(file.uri, parquet, options.names):
                    if isinstance(found, BrokenInput):
                        yield found
                        continue
                    key = rows.row_key(found, options, file.name, number)
                    if key in seen:
                        yield BrokenInput(file.uri, number, Refused("duplicate_id", f"row {number}: {key}", file.uri))
                    else:
                        seen.add(key)
                        yield Record(file.uri, number, key, found)


def _rows(uri: str, parquet: pq.ParquetFile, names: list[str]) -> Iterator[tuple[int, Row | BrokenInput]]:
    """Rows with their numbers; what is damaged costs the rest of its row group."""
    end = 0
    for group in range(parquet.num_row_groups):
        number, end = end, end + parquet.metadata.row_group(group).num_rows
        try:
            for batch in parquet.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], columns=names):
                for row in batch.to_pylist():
                    yield number, row
                    number += 1
        except (pa.ArrowException, OSError) as error:
            yield number, _broken(uri, number, error, f" to {end - 1}" if end - number > 1 else "")


def _broken(uri: str, number: int, error: Exception, until: str = "") -> BrokenInput:
    raise_if_storage_failed(error)
    return BrokenInput(uri, number, Refused("broken_parquet", f"row {number}{until}: {error}", uri))


def parse(record: Record[Row], options: Options) -> Outcome:
    """The row's document."""
    return rows.row_document(record, options)


def _check_columns(uri: str, schema: pa.Schema, options: Options) -> None:
    missing = [name for name in options.names if _type(schema, name) is None]
    if missing:
        raise UnfitOptions(f"{uri}: no column {', '.join(missing)}; it has {', '.join(schema.names)}")
    type_ = _type(schema, options.text_field)
    if type_ is not None and pa.types.is_dictionary(type_):
        type_ = type_.value_type
    if not (pa.types.is_string(type_) or pa.types.is_large_string(type_) or pa.types.is_string_view(type_)):
        raise UnfitOptions(f"{uri}: column {options.text_field} holds {type_}, not text")


def _type(fields: pa.Schema | pa.StructType, name: str) -> pa.DataType | None:
    """The type of a column or, after a dot, of a field in it, as `rows.value` finds them; None if there is none."""
    if fields.get_field_index(name) >= 0:
        return fields.field(name).type
    first, _, rest = name.partition(".")
    type_ = fields.field(first).type if rest and fields.get_field_index(first) >= 0 else None
    return _type(type_, rest) if type_ is not None and pa.types.is_struct(type_) else None
