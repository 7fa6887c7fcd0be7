"""Token ids to Megatron's `.bin` and `.idx` files, and the sidecar that leads each token back to its document.

The bytes are those that `megatron.core.datasets.indexed_dataset.IndexedDatasetBuilder` writes
for the same documents; FORMAT.md describes them. Ids stream through: the writer
holds 4 bytes for each document, and 20 while it writes the index.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

from corpus.schema import PROVENANCE
from corpus.text import Texts
from tokenizer.encode import Tokenizer

INDEX_MAGIC = b"MMIDIDX\0\0"
INDEX_VERSION = 1
#: magic, version, dtype code, number of sequences, number of document boundaries.
INDEX_HEADER = struct.Struct("<9sQBQQ")
#: Megatron's codes of the two types that token ids have.
DTYPE_CODES: dict[np.dtype, int] = {np.dtype("<i4"): 4, np.dtype("<u2"): 8}

#: The index stores lengths in 32 bits.
MAX_DOCUMENT_TOKENS = 2**31 - 1

#: Columns of a release shard that `tokenize_batches` reads.
RELEASE_COLUMNS = ("doc_id", "source", "uri", "text")


@dataclass(frozen=True, slots=True)
class PackedCounts:
    """What a finished token shard holds.

    Attributes:
        documents: number of documents.
        tokens: number of ids, end-of-document marks included.
        size_bytes: size of the `.bin` file.
    """

    documents: int
    tokens: int
    size_bytes: int


class TokenShardWriter:
    """Writes one token shard to two local paths: ids as they come, the index at the end.

    A context manager. The index is written when the block succeeds; if it raises, what was
    written is of no use and the caller removes it (`corpus.shards.publish` does).
    """

    def __init__(self, bin_path: Path | str, idx_path: Path | str, dtype: np.dtype) -> None:
        """Open a shard for ids of one type, uint16 or int32.

        Raises:
            ValueError: token ids have another type.
        """
        if dtype not in DTYPE_CODES:
            raise ValueError(f"token ids are stored as uint16 or int32, not {dtype}")
        self._bin_path, self._idx_path, self._dtype = bin_path, idx_path, dtype
        self._lengths: list[np.ndarray] = []
        self._documents = self._tokens = 0

    def __enter__(self) -> TokenShardWriter:
        self._bin = open(self._bin_path, "wb")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bin.close()
        if kind is None:
            self._write_index()

    @property
    def counts(self) -> PackedCounts:
        """What was added so far."""
        return PackedCounts(self._documents, self._tokens, self._tokens * self._dtype.itemsize)

    def add(self, ids: np.ndarray, lengths: np.ndarray) -> int:
        """Append documents.

        Args:
            ids: integers (n_tokens,), all documents one after another.
            lengths: integers (n_docs,), tokens of each document; they add up to n_tokens.

        Returns:
            The position in the shard of the first token added.

        Raises:
            ValueError: lengths do not fit the ids, a document is too long for the index, or an id
                does not fit the shard's type.
        """
        if int(lengths.sum()) != len(ids):
            raise ValueError(f"{self._bin_path}: lengths add up to {lengths.sum()} tokens, but {len(ids)} were given")
        if len(lengths) and (int(lengths.min()) < 0 or int(lengths.max()) > MAX_DOCUMENT_TOKENS):
            row = int(np.flatnonzero((lengths < 0) | (lengths > MAX_DOCUMENT_TOKENS))[0])
            raise ValueError(
                f"{self._bin_path}: document {self._documents + row} has {lengths[row]} tokens; "
                f"the index holds 0 to {MAX_DOCUMENT_TOKENS}, so split the document"
            )
        if ids.dtype != self._dtype and len(ids):
            limits = np.iinfo(self._dtype)
            if int(ids.min()) < 0 or int(ids.max()) > limits.max:
                raise ValueError(
                    f"{self._bin_path}: token ids run from {ids.min()} to {ids.max()}, "
                    f"but {self._dtype.name} holds 0 to {limits.max}"
                )
        first_token = self._tokens
        self._bin.write(np.ascontiguousarray(ids, self._dtype).data)
        self._lengths.append(lengths.astype("<i4"))
        self._documents += len(lengths)
        self._tokens += len(ids)
        return first_token

    def _write_index(self) -> None:
        lengths = np.concatenate([np.zeros(0, "<i4"), *self._lengths])
        ends = np.cumsum(lengths, dtype="<i8") * self._dtype.itemsize
        with open(self._idx_path, "wb") as index:
            index.write(
                INDEX_HEADER.pack(
                    INDEX_MAGIC, INDEX_VERSION, DTYPE_CODES[self._dtype], self._documents, self._documents + 1
                )
            )
            index.write(lengths.data)
            index.write((ends - lengths * np.int64(self._dtype.itemsize)).data)
            index.write(np.arange(self._documents + 1, dtype="<i8").data)


def write_token_shard(
    bin_path: Path | str,
    idx_path: Path | str,
    dtype: np.dtype,
    batches: Iterable[tuple[np.ndarray, np.ndarray]],
) -> PackedCounts:
    """Write a token shard from pairs of ids and lengths, as `Tokenizer.encode_batch` returns them.

    Where batches are cut changes nothing. Errors as in `TokenShardWriter.add`.
    """
    with TokenShardWriter(bin_path, idx_path, dtype) as shard:
        for ids, lengths in batches:
            shard.add(ids, lengths)
    return shard.counts


def tokenize_batches(
    batches: Iterable[pa.RecordBatch], tokenizer: Tokenizer, shard: TokenShardWriter
) -> Iterator[pa.RecordBatch]:
    """Encode release batches into an open shard, and yield a provenance batch for each.

    The sidecar keeps the rows and cuts of the release shard:

        with publish(bin_uri) as bin_path, publish(idx_uri) as idx_path:
            with TokenShardWriter(bin_path, idx_path, tokenizer.dtype) as shard:
                release = read_batches(release_uri, list(RELEASE_COLUMNS))
                write_shard(provenance_uri, PROVENANCE.schema, tokenize_batches(release, tokenizer, shard))

    Args:
        batches: with `RELEASE_COLUMNS`.
        tokenizer: its `dtype` is the shard's.
        shard: open for writing.
    """
    for batch in batches:
        ids, lengths = tokenizer.encode_batch(Texts.from_arrow(batch.column("text")))
        first_token = shard.add(ids, lengths)
        columns = {
            "doc_id": batch.column("doc_id"),
            "source": batch.column("source"),
            "uri": batch.column("uri"),
            "first_token": first_token + np.cumsum(lengths) - lengths,
            "token_count": lengths,
        }
        yield pa.RecordBatch.from_pydict(columns, schema=PROVENANCE.schema)
