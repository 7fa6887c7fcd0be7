"""Shards: immutable Parquet files, written whole or not at all, read batch by batch.

A shard appears under its final name only when it is complete: by rename on a
local filesystem, by one upload of a finished local file on an object store.
A row group is a batch: a writer decides where batches are cut, and every reader
of the shard, and of the shards made from it, sees the same cuts.
Whatever is read has been compared with the checksums in the file (`manyo.corpus.tables.checksums`).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from manyo.corpus.tables.checksums import CheckedFile, Damaged, seal
from manyo.corpus.tables.pieces import find_pieces, remember_pieces
from manyo.corpus.tables.publishing import publish as publish
from manyo.corpus.tables.retries import StorageError
from manyo.corpus.tables.seals import compare_seal
from manyo.corpus.tables.shard_errors import DamagedShard as DamagedShard
from manyo.corpus.tables.shard_errors import ShardError as ShardError
from manyo.corpus.tables.storable import storable
from manyo.corpus.tables.storage import LocalFiles, RemoteFiles, connect

#: Number of the form in which tables, manifests and descriptions of stages are written. 1 had no checksums.
FORMAT = 2

#: Where a table has it: a key of the metadata of its schema.
FORMAT_KEY = "manyo_format"

#: A batch is closed at this many rows or text bytes, whichever comes first. Kernels reach
#: full speed at a few megabytes, and a worker holds a handful of batches at a time.
BATCH_MAX_ROWS = 4096
BATCH_MAX_TEXT_BYTES = 16 << 20

#: What opening and decoding a file raises that was not written by this version, or not whole.
_UNREADABLE = (OSError, pa.ArrowException, UnicodeDecodeError, Damaged)


def filesystem(uri: str) -> tuple[LocalFiles | RemoteFiles, str]:
    """The files that a URI or local path belongs to, and its path among them (`manyo.corpus.tables.storage`)."""
    return connect(uri)


def is_local(fs: LocalFiles | RemoteFiles) -> bool:
    """Whether files are on this machine's own filesystem, where rename publishes."""
    return isinstance(fs, LocalFiles)


def is_glob(uri: str) -> bool:
    """Whether a path or URI is a pattern of names; in an address of the web ? begins a query."""
    return bool(set("*?[") & set(uri)) and not uri.startswith(("http://", "https://"))


def join(folder: str, *names: str) -> str:
    """A URI below a folder's URI."""
    return "/".join([folder.rstrip("/"), *names])


def names_in(fs: LocalFiles | RemoteFiles, path: str) -> list[str]:
    """Names of the files and folders that a folder holds.

    Raises:
        OSError: it is missing or cannot be listed.
    """
    return [name.rstrip("/").rsplit("/", 1)[-1] for name in fs.ls(path)]


def read_text(uri: str) -> str:
    """The text of a small UTF-8 file, without its byte order mark.

    Raises:
        ValueError: it is not UTF-8.
        OSError: it cannot be read.
    """
    fs, path = filesystem(uri)
    try:
        return fs.cat_file(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{uri}: not UTF-8 at byte {error.start}; save it as UTF-8") from error


@contextmanager
def write_batches(path: Path, schema: pa.Schema) -> Iterator[Callable[[Iterable[pa.RecordBatch]], int]]:
    """Open a local Parquet file to write; yields a function that appends batches, a row group each.

    The function returns how many rows it appended.
    """
    form = _with_format(schema)
    with pq.ParquetWriter(path, form, compression="zstd", use_dictionary=_repeating(schema)) as writer:

        def append(batches: Iterable[pa.RecordBatch]) -> int:
            n_rows = 0
            for batch in batches:
                if batch.num_rows:
                    writer.write_batch(batch, row_group_size=batch.num_rows)
                    n_rows += batch.num_rows
            return n_rows

        yield append
    seal(path, has_footer=True)


def _with_format(schema: pa.Schema) -> pa.Schema:
    return schema.with_metadata({**(schema.metadata or {}), FORMAT_KEY: str(FORMAT)})


def _repeating(schema: pa.Schema) -> list[str]:
    """The columns whose values may repeat: all but lists of numbers, such as minima.

    With a dictionary for those, a shard of signatures is 1.4 times as large and takes four times as long to write.
    """

    def leaves(path: str, kind: pa.DataType, in_list: bool) -> Iterator[str]:
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            yield from leaves(f"{path}.list.element", kind.value_type, True)
        elif pa.types.is_struct(kind):
            for field in kind:
                yield from leaves(f"{path}.{field.name}", field.type, False)
        elif not (in_list and pa.types.is_integer(kind)):
            yield path

    return [leaf for field in schema for leaf in leaves(field.name, field.type, False)]


def write_shard(uri: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write one shard, a row group per non-empty batch, and publish it.

    Args:
        uri: where the shard appears.
        schema: one of `manyo.corpus.schema`; every batch must have it.
        batches: in order; an empty shard is a file without row groups.

    Returns:
        The number of rows.
    """
    with publish(uri) as path, write_batches(path, schema) as append:
        return append(batches)


@contextmanager
def open_checked(uri: str) -> Iterator[CheckedFile]:
    """Open a sealed file of a stage.

    Raises:
        DamagedShard: the file is missing, damaged, or not the one that its manifest describes; raised while the block
            reads, too.
        ShardError: the file is there and cannot be opened.
        StorageError: the storage fails.
    """
    fs, path = filesystem(uri)
    try:
        with CheckedFile(fs.open_from_end(path)) as stream:
            compare_seal(uri, stream.seal)
            yield stream
    except StorageError:
        raise
    except _UNREADABLE as error:
        if isinstance(error, OSError) and error.errno not in (None, errno.ENOENT, errno.EIO):
            raise ShardError(f"{uri}: cannot be read ({error})") from error
        raise DamagedShard(uri, str(error)) from error


@contextmanager
def _open_shard(uri: str, columns: Iterable[str] | None = ()) -> Iterator[pq.ParquetFile]:
    """Open a shard to read some of its columns; None stands for all of them."""
    with open_checked(uri) as stream, pq.ParquetFile(stream) as shard:
        _check_format(uri, shard.metadata.metadata)
        if columns is not None:
            _check_columns(uri, shard, columns)
            stream.want(_places(shard.metadata, set(columns)))
        yield shard


def _places(metadata: pq.FileMetaData, columns: Container[str]) -> Iterator[tuple[int, int]]:
    """Where some columns lie in a Parquet file: first byte and byte after the last, in each row group."""
    names = [metadata.schema.column(number).path.split(".")[0] for number in range(metadata.num_columns)]
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for chunk in (group.column(number) for number, name in enumerate(names) if name in columns):
            begin = chunk.data_page_offset
            if chunk.dictionary_page_offset is not None:
                begin = min(begin, chunk.dictionary_page_offset)
            yield begin, begin + chunk.total_compressed_size


@contextmanager
def open_parts(uri: str) -> Iterator[pa.ipc.RecordBatchFileReader]:
    """Open an Arrow file that `create_parts` wrote.

    Raises:
        DamagedShard, ShardError, StorageError: as `open_checked`.
    """
    with open_checked(uri) as stream, pa.ipc.open_file(stream) as reader:
        _check_format(uri, reader.schema.metadata)
        yield reader


def _check_format(uri: str, metadata: Mapping[bytes, bytes] | None) -> None:
    """Refuse a table that another version of manyo wrote in another form."""
    found = (metadata or {}).get(FORMAT_KEY.encode(), b"1").decode("ascii", "replace")
    if found != str(FORMAT):
        raise ShardError(f"{uri}: is written in format {found} of manyo's tables, this version reads format {FORMAT}")


def _check_columns(uri: str, shard: pq.ParquetFile, columns: Iterable[str]) -> None:
    missing = set(columns) - set(shard.schema_arrow.names)
    if missing:
        raise ShardError(f"{uri}: no column {', '.join(sorted(missing))}; it has {shard.schema_arrow.names}")


def read_batches(uri: str, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    """Read a shard, one record batch per row group, in order.

    Raises:
        ShardError: the file is missing, truncated, or lacks a column.
    """
    with _open_shard(uri, columns) as shard:
        for group in range(shard.num_row_groups):
            table = shard.read_row_group(group, columns=columns)
            yield _plain(table).to_batches(max_chunksize=None)[0]


def _plain(table: pa.Table) -> pa.Table:
    """The table in one piece, without what the file says about itself."""
    # Arrow copies what is in one piece, too.
    is_whole = all(column.num_chunks == 1 for column in table.columns)
    return (table if is_whole else table.combine_chunks()).replace_schema_metadata(None)


def row_count(uri: str) -> int:
    """Number of rows in a shard, from its footer alone.

    Raises:
        ShardError: the file is missing or truncated.
    """
    with _open_shard(uri) as shard:
        return int(shard.metadata.num_rows)


def zip_batches(*shards: tuple[str, Sequence[str]]) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """Read row-aligned shards together, and check that they are.

    Args:
        shards: pairs of URI and columns; `doc_id` is always read as well.

    Yields:
        One batch per shard, with equal `doc_id` columns.

    Raises:
        ShardError: the shards differ in their batches or their `doc_id`s.
    """
    uris = [uri for uri, _ in shards]
    readers = [read_batches(uri, list(dict.fromkeys(["doc_id", *columns]))) for uri, columns in shards]
    try:
        for batches in zip(*readers, strict=True):
            first = batches[0].column("doc_id")
            for uri, batch in zip(uris, batches, strict=True):
                if not batch.column("doc_id").equals(first):
                    raise ShardError(f"{uri}: its rows are not those of {uris[0]}; delete it and run again")
            yield batches
    except ValueError as error:
        raise ShardError(f"{', '.join(uris)}: different numbers of batches; delete the derived ones") from error


def zip_whole(*shards: tuple[str, Sequence[str]]) -> tuple[pa.RecordBatch, ...]:
    """Read narrow columns of row-aligned shards, each shard as one batch, and check that they are aligned.

    For columns of numbers and labels, which fit in memory a shard at a time; decoding a whole
    column is several times faster than decoding it row group by row group.

    Args:
        shards: pairs of URI and columns; `doc_id` is always read as well.

    Raises:
        ShardError: a shard cannot be read, or the shards differ in their `doc_id`s.
    """
    batches = []
    for uri, columns in shards:
        batches.append(read_columns(uri, list(dict.fromkeys(["doc_id", *columns]))))
        if not batches[-1].column("doc_id").equals(batches[0].column("doc_id")):
            raise ShardError(f"{uri}: its rows are not those of {shards[0][0]}; delete it and run again")
    return tuple(batches)


def read_columns(uri: str, columns: Sequence[str]) -> pa.RecordBatch:
    """Read columns of a shard as one batch.

    Raises:
        ShardError: the file is missing, truncated, or lacks a column.
    """
    with _open_shard(uri, columns) as shard:
        # pyarrow decodes labels within lists a row group at a time only, since each row group has its own dictionary.
        in_groups = [name for name in columns if _has_labels_inside(shard.schema_arrow.field(name).type)]
        if shard.num_row_groups < 2:
            in_groups = []
        table = shard.read([name for name in columns if name not in in_groups])
        groups = [shard.read_row_group(group, in_groups) for group in range(shard.num_row_groups) if in_groups]
        for name in in_groups:
            chunks = [chunk for one in groups for chunk in one[name].chunks]
            table = table.append_column(shard.schema_arrow.field(name), pa.concat_arrays(chunks))
        table = _plain(table.select(list(columns)))
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _has_labels_inside(kind: pa.DataType) -> bool:
    """Whether a type has a dictionary within a list or struct."""
    inner = [kind.field(i).type for i in range(kind.num_fields)]
    return any(pa.types.is_dictionary(one) or _has_labels_inside(one) for one in inner)


def read_rows(uri: str, rows: Sequence[int], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Read single rows of a shard, decoding only the row groups that hold them.

    Args:
        uri: of the shard.
        rows: their numbers, from 0.
        columns: of each row.

    Returns:
        The rows in the order in which they were asked for.

    Raises:
        ShardError: the file cannot be read.
    """
    found: dict[int, dict[str, Any]] = {}
    with _open_shard(uri, columns) as shard:
        start = 0
        for group in range(shard.num_row_groups):
            end = start + shard.metadata.row_group(group).num_rows
            wanted = sorted({row for row in rows if start <= row < end})
            if wanted:
                table = shard.read_row_group(group, columns=list(columns))
                picked = table.take(pa.array([row - start for row in wanted]))
                found |= dict(zip(wanted, picked.to_pylist(), strict=True))
            start = end
    return [found[row] for row in rows]


def write_parts(uri: str, schema: pa.Schema, parts: Iterable[Iterable[pa.RecordBatch]]) -> None:
    """Write one file whose record batch `p` is part `p`; tasks of the next stage read one part of many such files.

    Where the parts lie is kept for the manifest (`manyo.corpus.tables.pieces`).
    """
    with publish(uri) as path:
        with create_parts(path, schema) as append:
            written = [append(batches) for batches in parts]
        pieces = find_pieces(path, _with_format(schema), written)
    remember_pieces(uri, pieces)


@contextmanager
def create_parts(
    path: Path, schema: pa.Schema, options: pa.ipc.IpcWriteOptions | None = None
) -> Iterator[Callable[[Iterable[pa.RecordBatch]], tuple[int, int]]]:
    """Open a local Arrow file to write; yields a function that appends batches as one record batch.

    The function returns the byte after the record batch in the file, and its rows.
    """
    form = _with_format(schema)
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, form, options=options) as writer:

        def append(batches: Iterable[pa.RecordBatch]) -> tuple[int, int]:
            whole = pa.Table.from_batches(batches, schema).combine_chunks().to_batches()
            batch = whole[0] if whole else pa.RecordBatch.from_pylist([], schema=schema)
            writer.write_batch(batch)
            return sink.tell(), batch.num_rows

        yield append
    seal(path, has_footer=True)


def read_parts(uri: str) -> Iterator[pa.RecordBatch]:
    """Read all parts of a file that `write_parts` wrote, one after another.

    Raises:
        ShardError: the file is missing or truncated.
    """
    with open_parts(uri) as reader:
        for part in range(reader.num_record_batches):
            yield reader.get_batch(part).replace_schema_metadata(None)


class BatchWriter:
    """Collects rows and cuts them into batches by row count and text size.

    The cut depends on the rows alone, so the same rows always give the same shard.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows: list[Mapping[str, object]] = []
        self._text_bytes = 0

    def add(self, row: Mapping[str, object], text_bytes: int = 0) -> list[pa.RecordBatch]:
        """Add a row; returns the batch that it completes, if it completes one."""
        self._rows.append(row)
        self._text_bytes += text_bytes
        is_full = len(self._rows) >= BATCH_MAX_ROWS or self._text_bytes >= BATCH_MAX_TEXT_BYTES
        return self.flush() if is_full else []

    def flush(self) -> list[pa.RecordBatch]:
        """The rows that are in no batch yet, as one batch, their texts made storable; none if there are none."""
        if not self._rows:
            return []
        rows, self._rows, self._text_bytes = self._rows, [], 0
        try:
            batch = pa.RecordBatch.from_pylist(rows, schema=self._schema)
        except UnicodeEncodeError:  # in one batch of thousands; to look for it in each row took as long as Arrow's work
            batch = pa.RecordBatch.from_pylist(list(map(storable, rows)), schema=self._schema)
        return [batch]
