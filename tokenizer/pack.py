"""Write token shards for trainers, each with a sidecar that maps every token to its document.

There are two formats: Megatron's `.bin` and `.idx`, with the bytes that
`megatron.core.datasets.indexed_dataset.IndexedDatasetBuilder` writes for the same documents, and one flat `.npy` array,
which NumPy maps directly. FORMAT.md describes both.

Packing has two steps. `tokenize_batches` encodes a shard of text into a `.npy` stream and a sidecar; `cut_documents`
copies the documents of one token shard out of such streams. So tokens are counted before they are divided, token shards
have the requested size whatever the documents are, and nothing is encoded twice. Ids stream through: a writer holds 4
bytes for each document.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import PROVENANCE, RELEASE
from manyo.corpus.tables.shards import DamagedShard, ShardError, open_checked, read_batches
from manyo.corpus.text import Texts
from manyo.tokenizer.encode import Tokenizer

INDEX_MAGIC = b"MMIDIDX\0\0"
INDEX_VERSION = 1
#: Magic, version, type code, number of sequences, number of document bounds.
INDEX_HEADER = struct.Struct("<9sQBQQ")
#: Megatron's codes of the two types that token ids have.
DTYPE_CODES: dict[np.dtype, int] = {np.dtype("<i4"): 4, np.dtype("<u2"): 8}

#: The index stores lengths in 32 bits.
MAX_DOCUMENT_TOKENS = 2**31 - 1

#: Columns of the release that encoding reads.
RELEASE_COLUMNS = ("doc_id", "source", "uri", "text")

_TAKEN_DOWN = pa.field("taken_down", pa.bool_())

#: What `tokenize_batches` reads: text, and whether its document is taken down.
TEXT_SCHEMA = pa.schema([*(RELEASE.schema.field(name) for name in RELEASE_COLUMNS), _TAKEN_DOWN])

#: The sidecar that `tokenize_batches` yields. A document that is taken down keeps its row, with the number of tokens
#: that it would have but without its address, and has no ids in the stream. Token shards are cut as if its tokens were
#: there, so that a takedown changes only the shards that held the document.
ENCODED_SCHEMA = PROVENANCE.schema.append(_TAKEN_DOWN)


@dataclass(frozen=True, slots=True)
class PackedCounts:
    """What a finished token shard holds.

    Attributes:
        documents: number of documents.
        tokens: number of ids, end-of-document marks included.
        size_bytes: size of its ids.
    """

    documents: int
    tokens: int
    size_bytes: int


class TokenShardWriter(ABC):
    """Writes the ids of one token shard to a local path as they come, and the format's header and index.

    A context manager. The shard is complete when the block succeeds; if the block raises, the file is unusable and the
    caller removes it (`manyo.corpus.tables.shards.publish` does).
    """

    def __init__(self, path: Path | str, dtype: np.dtype) -> None:
        """Open a shard for ids of one type, uint16 or int32.

        Raises:
            ValueError: token ids have another type.
        """
        if dtype not in DTYPE_CODES:
            raise ValueError(f"token ids are stored as uint16 or int32, not {dtype}")
        self._path, self._dtype = path, dtype
        self._documents = self._tokens = 0

    def __enter__(self) -> TokenShardWriter:
        self._stream = open(self._path, "wb")
        self._begin(self._stream)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._stream:
            if kind is None:
                self._end(self._stream)

    @abstractmethod
    def _begin(self, stream: BinaryIO) -> None:
        """Write what comes before the ids."""

    @abstractmethod
    def _keep(self, lengths: np.ndarray) -> None:
        """Remember the lengths of documents for `_end`, if it needs them."""

    @abstractmethod
    def _end(self, stream: BinaryIO) -> None:
        """Write what is known only after the last document."""

    @property
    def counts(self) -> PackedCounts:
        """Documents, tokens and bytes added so far."""
        return PackedCounts(self._documents, self._tokens, self._tokens * self._dtype.itemsize)

    def add(self, ids: np.ndarray, lengths: np.ndarray) -> int:
        """Append documents.

        Args:
            ids: integers (n_tokens,), all documents one after another.
            lengths: integers (n_docs,), tokens of each document; they add up to n_tokens.

        Returns:
            The position in the shard of the first token added.

        Raises:
            ValueError: the lengths do not add up to the ids, a document is too long for an index, or an id does not fit
                the shard's type.
        """
        if int(lengths.sum()) != len(ids):
            raise ValueError(f"{self._path}: lengths add up to {lengths.sum()} tokens, but {len(ids)} were given")
        if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > MAX_DOCUMENT_TOKENS):
            row = int(np.flatnonzero((lengths < 0) | (lengths > MAX_DOCUMENT_TOKENS))[0])
            raise ValueError(
                f"{self._path}: document {self._documents + row} has {lengths[row]} tokens; "
                f"the index holds 0 to {MAX_DOCUMENT_TOKENS}, so split the document"
            )
        if ids.dtype != self._dtype and len(ids):
            limits = np.iinfo(self._dtype)
            if int(ids.min()) < 0 or int(ids.max()) > limits.max:
                raise ValueError(
                    f"{self._path}: token ids run from {ids.min()} to {ids.max()}, "
                    f"but {self._dtype.name} holds 0 to {limits.max}"
                )
        first_token = self._tokens
        self._stream.write(np.ascontiguousarray(ids, self._dtype).data)
        self._keep(lengths)
        self._documents += len(lengths)
        self._tokens += len(ids)
        return first_token


def document_bounds(lengths: np.ndarray, id_bytes: int) -> np.ndarray:
    """<i8 (n + 1,), where documents that lie end to end begin, in bytes, and where the last one ends.

    Args:
        lengths: integers (n,), tokens of each.
        id_bytes: bytes of a token.
    """
    bounds = np.zeros(len(lengths) + 1, "<i8")
    np.cumsum(lengths, dtype="<i8", out=bounds[1:])
    bounds *= id_bytes
    return bounds


class MegatronWriter(TokenShardWriter):
    """Writes Megatron's indexed dataset: `.bin` as ids come, `.idx` at the end."""

    def __init__(self, bin_path: Path | str, idx_path: Path | str, dtype: np.dtype) -> None:
        """Open a shard for ids of one type, uint16 or int32; ValueError for another."""
        super().__init__(bin_path, dtype)
        self._idx_path = idx_path
        self._lengths: list[np.ndarray] = []

    def _begin(self, stream: BinaryIO) -> None:
        """The `.bin` file has no header."""

    def _keep(self, lengths: np.ndarray) -> None:
        if len(lengths):
            self._lengths.append(lengths.astype("<i4"))

    def _end(self, stream: BinaryIO) -> None:
        with open(self._idx_path, "wb") as index:
            index.write(
                INDEX_HEADER.pack(
                    INDEX_MAGIC, INDEX_VERSION, DTYPE_CODES[self._dtype], self._documents, self._documents + 1
                )
            )
            for lengths in self._lengths:
                index.write(lengths.data)
            position = 0
            for lengths in self._lengths:
                bounds = position + document_bounds(lengths, self._dtype.itemsize)
                index.write(bounds[:-1].data)
                position = int(bounds[-1])
            bound = 0
            for lengths in self._lengths:
                index.write(np.arange(bound, bound + len(lengths), dtype="<i8").data)
                bound += len(lengths)
            index.write(np.array([bound], "<i8").data)


class NpyWriter(TokenShardWriter):
    """Writes one flat `.npy` array of uint16 or uint32, which `numpy.load(path, mmap_mode="r")` maps.

    The type is unsigned, as trainers without an index expect. No id is negative, so the bytes are those of int32.
    """

    def _begin(self, stream: BinaryIO) -> None:
        self._write_header(stream)

    def _keep(self, lengths: np.ndarray) -> None:
        """Nothing to keep: only the sidecar says where documents are."""

    def _end(self, stream: BinaryIO) -> None:
        # NumPy pads the header, so a longer shape takes the same space.
        stream.seek(0)
        self._write_header(stream)

    def _write_header(self, stream: BinaryIO) -> None:
        header = {"descr": f"<u{self._dtype.itemsize}", "fortran_order": False, "shape": (self._tokens,)}
        np.lib.format.write_array_header_1_0(stream, header)


@dataclass(frozen=True, slots=True)
class NpyStream:
    """A `.npy` file of token ids, open for reading at any position.

    Attributes:
        uri: its path or URI.
        dtype: uint16 or int32, the types that shards are written with.
        tokens: number of ids.
    """

    uri: str
    dtype: np.dtype
    tokens: int
    _stream: BinaryIO
    _header_bytes: int

    @classmethod
    @contextmanager
    def open(cls, uri: str) -> Iterator[NpyStream]:
        """Open a sealed file that `NpyWriter` wrote.

        Raises:
            DamagedShard: the file is missing or damaged, or was not written by `NpyWriter`.
        """
        with open_checked(uri) as stream:
            file = cast(BinaryIO, stream)
            try:
                dtype, tokens = read_npy_header(file)
            except ValueError as error:
                raise DamagedShard(uri, str(error)) from error
            yield cls(uri, dtype, tokens, file, file.tell())

    def read(self, first: int, count: int) -> np.ndarray:
        """Read `count` ids from the position `first` on.

        Raises:
            ShardError: the file ends before the last of them.
        """
        self._stream.seek(self._header_bytes + first * self.dtype.itemsize)
        content = self._stream.read(count * self.dtype.itemsize)
        if len(content) != count * self.dtype.itemsize:
            raise ShardError(f"{self.uri}: ends before token {first + count}; delete it and run again")
        return np.frombuffer(content, self.dtype)


def read_npy_header(stream: BinaryIO) -> tuple[np.dtype, int]:
    """Read the header of a `.npy` file; the stream is then at the first id.

    Returns:
        Type (uint16 or int32) and number of the ids.

    Raises:
        ValueError: the header is not one that `NpyWriter` writes; the message says how.
    """
    version = np.lib.format.read_magic(stream)
    if version != (1, 0):
        raise ValueError(f"version {version} of the format, not (1, 0)")
    shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.str not in ("<u2", "<u4") or len(shape) != 1:
        raise ValueError(f"holds {dtype} {shape}, not a row of uint16 or uint32")
    return np.dtype("<u2") if dtype.itemsize == 2 else np.dtype("<i4"), shape[0]


def tokenize_batches(
    batches: Iterable[pa.RecordBatch], tokenizer: Tokenizer, shard: TokenShardWriter
) -> Iterator[pa.RecordBatch]:
    """Encode batches of text into an open shard, and yield a batch of the sidecar for each.

    The sidecar has the rows and the batch cuts of the text's shard:

        with publish(ids_uri) as ids_path:
            with NpyWriter(ids_path, tokenizer.dtype) as shard:
                write_shard(sidecar_uri, ENCODED_SCHEMA, tokenize_batches(batches, tokenizer, shard))
            seal(ids_path, has_footer=False)

    Args:
        batches: of `TEXT_SCHEMA`.
        tokenizer: with the `dtype` of the shard.
        shard: open for writing.
    """
    for batch in batches:
        ids, lengths = tokenizer.encode_batch(Texts.from_arrow(batch.column("text")))
        taken = batch.column("taken_down")
        written = lengths
        if taken.true_count:
            is_taken = taken.to_numpy(zero_copy_only=False)
            ids, written = ids[np.repeat(~is_taken, lengths)], lengths[~is_taken]
            named = pc.if_else(taken, "", batch.column("uri"))
            batch = batch.set_column(batch.schema.get_field_index("uri"), "uri", named)
        yield _sidecar(batch, shard.add(ids, written), lengths)


def cut_documents(
    encoded: Sequence[tuple[str, str]], first_token: int, max_tokens: int, shard: TokenShardWriter
) -> Iterator[pa.RecordBatch]:
    """Copy the documents of one token shard out of encoded shards, and yield its provenance.

    The streams count as one, from position 0; documents that are taken down count with the tokens that they would have.
    The shard's documents are those whose last token lies in its range. So each document is whole and in exactly one of
    the shards whose ranges follow each other, and a shard has `max_tokens` give or take one document, less the
    documents that are taken down.

    Args:
        encoded: pairs of `.npy` stream and sidecar, as `tokenize_batches` made them.
        first_token: where the range begins, in tokens from the start of the first stream.
        max_tokens: size of the range.
        shard: open for writing.

    Raises:
        ShardError: a stream or sidecar cannot be read, or they do not fit each other.
    """
    position = 0
    for ids_uri, sidecar_uri in encoded:
        with NpyStream.open(ids_uri) as ids:
            for batch in read_batches(sidecar_uri):
                lengths = batch.column("token_count").to_numpy()
                last_tokens = position + np.cumsum(lengths) - 1
                low, high = np.searchsorted(last_tokens, (first_token, first_token + max_tokens)).tolist()
                position += int(lengths.sum())
                documents = batch.slice(low, high - low)
                documents = documents.filter(pc.invert(documents.column("taken_down")))
                if documents.num_rows:
                    firsts, lengths = (documents.column(name).to_numpy() for name in ("first_token", "token_count"))
                    # Documents that are taken down have no ids, so the ids of the others are contiguous.
                    copied = ids.read(int(firsts[0]), int(lengths.sum()))
                    rows = _sidecar(documents, shard.add(copied, lengths), lengths)
                    yield rows.select(PROVENANCE.schema.names)


def _sidecar(batch: pa.RecordBatch, first_token: int, lengths: np.ndarray) -> pa.RecordBatch:
    """The sidecar's rows of documents whose ids begin at a position; those that are taken down have no ids there."""
    stored = np.where(batch.column("taken_down").to_numpy(zero_copy_only=False), 0, lengths)
    columns = {
        "doc_id": batch.column("doc_id"),
        "source": batch.column("source"),
        "uri": batch.column("uri"),
        "first_token": first_token + np.cumsum(stored) - stored,
        "token_count": lengths,
        "taken_down": batch.column("taken_down"),
    }
    return pa.RecordBatch.from_pydict(columns, schema=ENCODED_SCHEMA)
