"""Read token shards back, find the document of any token, and find every fault of a shard.

A shard is memory-mapped, so opening one costs its index and no more. `TokenShard.open`
checks all that can be checked from the index and the file sizes; `verify` also
reads every token and the sidecar.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.shards import ShardError, filesystem, read_batches, row_count
from corpus.text import Texts
from tokenizer.encode import Tokenizer
from tokenizer.pack import DTYPE_CODES, INDEX_HEADER, INDEX_MAGIC, INDEX_VERSION

#: Tokens that `verify` looks at in one step: 16 MiB of ids at most.
_VERIFY_TOKENS = 4 << 20

_DTYPES: dict[int, np.dtype] = {code: dtype for dtype, code in DTYPE_CODES.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a shard.

    Attributes:
        file: path or URI of the file.
        where: "byte N" of a `.bin` or `.idx` file, "row N" of a sidecar, or "file" for the whole.
        problem: what was found there and what should be, for a person to read.
    """

    file: str
    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.problem}"


class TokenShardError(Exception):
    """A token shard that cannot be read; its one argument is the `Fault`, which names file and offset."""


@dataclass(frozen=True, slots=True)
class TokenShard:
    """A token shard, memory-mapped.

    Attributes:
        prefix: path without `.bin` and `.idx`.
        tokens: uint16 or int32 (n_tokens,), read-only, all documents one after another.
        first_tokens: int64 (n_docs + 1,), document `i` is `tokens[first_tokens[i]:first_tokens[i + 1]]`.
    """

    prefix: str
    tokens: np.ndarray
    first_tokens: np.ndarray

    @classmethod
    def open(cls, prefix: Path | str) -> TokenShard:
        """Map `prefix.bin` and `prefix.idx`, and check that they fit each other.

        Raises:
            TokenShardError: a file is missing or too short, or the index contradicts itself or the
                size of the `.bin` file.
        """
        bin_path, idx_path = Path(f"{prefix}.bin"), Path(f"{prefix}.idx")
        for path in (bin_path, idx_path):
            if not path.is_file():
                raise TokenShardError(Fault(str(path), "file", "there is no such file"))
        dtype, lengths = _read_index(idx_path)
        first_tokens = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        size, expected = bin_path.stat().st_size, int(first_tokens[-1]) * dtype.itemsize
        if size != expected:
            raise TokenShardError(
                Fault(str(bin_path), f"byte {min(size, expected)}", f"has {size} bytes, its index says {expected}")
            )
        # An empty file cannot be mapped.
        tokens = np.memmap(bin_path, dtype, "r") if size else np.zeros(0, dtype)
        return cls(str(prefix), tokens, first_tokens)

    def __len__(self) -> int:
        return len(self.first_tokens) - 1

    def document(self, row: int) -> np.ndarray:
        """Tokens of a document, end-of-document mark included; a view of the mapped file."""
        if not 0 <= row < len(self):
            raise IndexError(f"{self.prefix}: no document {row}; there are {len(self)}")
        return self.tokens[self.first_tokens[row] : self.first_tokens[row + 1]]

    def row_of_token(self, position: int) -> int:
        """The document that a token belongs to, as the row of the sidecar and of the release."""
        if not 0 <= position < len(self.tokens):
            raise IndexError(f"{self.prefix}: no token {position}; there are {len(self.tokens)}")
        return int(np.searchsorted(self.first_tokens, position, "right")) - 1


def document_of_token(provenance_uri: str, position: int) -> dict[str, Any]:
    """The sidecar's row for the document that holds the token at a position of the shard.

    Raises:
        IndexError: the shard has no such position.
    """
    for batch in read_batches(provenance_uri):
        ends = pc.add(batch.column("first_token"), batch.column("token_count")).to_numpy()
        row = int(np.searchsorted(ends, position, "right"))
        if position >= 0 and row < len(ends):
            return dict(batch.slice(row, 1).to_pylist()[0])
    raise IndexError(f"{provenance_uri}: no token {position} in this shard")


def tokens_of_document(provenance_uri: str, doc_id: bytes) -> tuple[int, int]:
    """Where a document's tokens are in the shard: position of the first, and how many.

    Raises:
        KeyError: the document is not in this shard.
    """
    for batch in read_batches(provenance_uri, ["doc_id", "first_token", "token_count"]):
        row = pc.index(batch.column("doc_id"), pa.scalar(doc_id, batch.schema.field("doc_id").type)).as_py()
        if row >= 0:
            return batch.column("first_token")[row].as_py(), batch.column("token_count")[row].as_py()
    raise KeyError(f"{provenance_uri}: no document {doc_id.hex()} in this shard")


@dataclass(frozen=True, slots=True)
class ShardDigests:
    """BLAKE2b of a token shard's three files, 128 bits in hexadecimal."""

    bin: str
    idx: str
    provenance: str

    @classmethod
    def of(cls, prefix: Path | str, provenance_uri: str) -> ShardDigests:
        """Read the files and take their digests."""
        return cls(*(_digest(uri) for uri in (f"{prefix}.bin", f"{prefix}.idx", provenance_uri)))


def verify(
    prefix: Path | str,
    provenance_uri: str,
    vocabulary_size: int,
    eod_id: int,
    digests: ShardDigests | None,
) -> list[Fault]:
    """Re-read a shard and its sidecar, and list what is wrong; empty for a sound shard.

    Found without digests: broken headers, pointers and sizes, ids outside the vocabulary, documents that
    do not end in exactly one end-of-document mark, a sidecar whose sums are not the index's.
    A byte that turned one valid id into another, or a sidecar with the right sums and
    the wrong documents, takes the digests that were recorded when the shard was made.

    Args:
        prefix: path without `.bin` and `.idx`.
        provenance_uri: the sidecar.
        vocabulary_size: number of ids of the tokenizer.
        eod_id: its end-of-document mark.
        digests: as recorded, or None where nothing was.
    """
    bin_uri, idx_uri = f"{prefix}.bin", f"{prefix}.idx"
    faults = []
    if digests is not None:
        for uri, recorded in ((bin_uri, digests.bin), (idx_uri, digests.idx), (provenance_uri, digests.provenance)):
            faults += _digest_faults(uri, recorded)
    try:
        shard = TokenShard.open(prefix)
    except TokenShardError as error:
        return [*faults, error.args[0]]
    return [
        *faults,
        *_token_faults(shard, bin_uri, vocabulary_size, eod_id),
        *_sidecar_faults(shard, provenance_uri),
    ]


def verify_text(
    prefix: Path | str, release: Iterable[pa.RecordBatch], tokenizer: Tokenizer, stride: int, start: int
) -> list[Fault]:
    """Encode every `stride`-th document of the release again, from row `start`, and compare the tokens.

    Args:
        prefix: path of a shard that `TokenShard.open` accepts, without `.bin` and `.idx`.
        release: the batches that the shard was made from, with a `text` column.
        tokenizer: the one that it was made with.
        stride: 1 encodes everything.
        start: below `stride`; a random one makes the sample random.
    """
    shard = TokenShard.open(prefix)
    faults, first_row = [], 0
    for batch in release:
        rows = np.arange(first_row, first_row + batch.num_rows)
        rows = rows[rows % stride == start]
        ids, lengths = tokenizer.encode_batch(Texts.from_arrow(batch.column("text").take(pa.array(rows - first_row))))
        ends = np.cumsum(lengths)
        for row, start_token, end_token in zip(rows.tolist(), ends - lengths, ends, strict=True):
            if row >= len(shard) or not np.array_equal(shard.document(row), ids[start_token:end_token]):
                faults.append(Fault(f"{prefix}.bin", f"document {row}", "its tokens are not those of its text"))
        first_row += batch.num_rows
    if first_row != len(shard):
        faults.append(Fault(f"{prefix}.idx", "file", f"{len(shard)} documents, the release has {first_row}"))
    return faults


def _read_index(path: Path) -> tuple[np.dtype, np.ndarray]:
    """Type of the ids and int32 (n_docs,) lengths, from an index whose every byte was checked."""

    def check(sound: bool, offset: int, problem: str) -> None:
        if not sound:
            raise TokenShardError(Fault(str(path), f"byte {offset}", problem))

    content = path.read_bytes()
    size = len(content)
    check(size >= INDEX_HEADER.size, size, f"the file ends inside its header of {INDEX_HEADER.size} bytes")
    magic, version, code, n_documents, n_bounds = INDEX_HEADER.unpack_from(content)
    check(magic == INDEX_MAGIC, 0, f"starts with {magic!r}, not {INDEX_MAGIC!r}")
    check(version == INDEX_VERSION, 9, f"version is {version}, not {INDEX_VERSION}")
    check(code in _DTYPES, 17, f"type code is {code}, not one of {sorted(_DTYPES)}")
    check(n_bounds == n_documents + 1, 26, f"{n_bounds} document bounds, {n_documents} sequences need one more")
    expected = INDEX_HEADER.size + 12 * n_documents + 8 * n_bounds
    check(size == expected, min(size, expected), f"has {size} bytes, its header says {expected}")

    lengths_at = INDEX_HEADER.size
    pointers_at = lengths_at + 4 * n_documents
    bounds_at = pointers_at + 8 * n_documents
    lengths = np.frombuffer(content, "<i4", n_documents, lengths_at)
    pointers = np.frombuffer(content, "<i8", n_documents, pointers_at)
    bounds = np.frombuffer(content, "<i8", n_bounds, bounds_at)
    dtype = _DTYPES[code]
    row = _first_true(lengths < 0)
    if row is not None:
        check(False, lengths_at + 4 * row, f"length of document {row} is {lengths[row]}")
    wanted = np.cumsum(lengths, dtype=np.int64) * dtype.itemsize - lengths * np.int64(dtype.itemsize)
    row = _first_true(pointers != wanted)
    if row is not None:
        check(False, pointers_at + 8 * row, f"document {row} is at {pointers[row]}, its lengths say {wanted[row]}")
    row = _first_true(bounds != np.arange(n_bounds))
    if row is not None:
        check(False, bounds_at + 8 * row, f"document bound {row} is {bounds[row]}; each document is one sequence")
    return dtype, lengths


def _first_true(mask: np.ndarray) -> int | None:
    return int(mask.argmax()) if mask.any() else None


def _digest(uri: str) -> str:
    fs, path = filesystem(uri)
    with fs.open(path, "rb") as stream:
        digest = hashlib.blake2b(digest_size=16)
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _digest_faults(uri: str, recorded: str) -> list[Fault]:
    try:
        found = _digest(uri)
    except OSError as error:
        return [Fault(uri, "file", f"cannot be read ({error})")]
    return [] if found == recorded else [Fault(uri, "file", f"its digest is {found}, recorded was {recorded}")]


@dataclass(slots=True)
class _Tally:
    """The first position of one kind of fault, and how many there are."""

    problem: str
    first: int = 0
    count: int = 0

    def add(self, positions: np.ndarray) -> None:
        if len(positions) and not self.count:
            self.first = int(positions[0])
        self.count += len(positions)


def _token_faults(shard: TokenShard, bin_uri: str, vocabulary_size: int, eod_id: int) -> list[Fault]:
    last_tokens = shard.first_tokens[1:] - 1
    empty = _Tally("a document has no tokens, not even its end mark")
    strange = _Tally(f"a token id is not one of 0 to {vocabulary_size - 1}")
    missing = _Tally(f"a document does not end in {eod_id}, the end-of-document mark")
    stray = _Tally(f"{eod_id}, the end-of-document mark, stands inside a document")
    empty.add(shard.first_tokens[:-1][np.diff(shard.first_tokens) == 0])
    for start in range(0, len(shard.tokens), _VERIFY_TOKENS):
        chunk = shard.tokens[start : start + _VERIFY_TOKENS]
        if int(chunk.max()) >= vocabulary_size or int(chunk.min()) < 0:
            strange.add(start + np.flatnonzero((chunk >= vocabulary_size) | (chunk < 0)))
        marks = start + np.flatnonzero(chunk == eod_id)
        low, high = np.searchsorted(last_tokens, (start, start + len(chunk)))
        wanted = last_tokens[low:high]
        if not np.array_equal(marks, wanted):
            missing.add(np.setdiff1d(wanted, marks))
            stray.add(np.setdiff1d(marks, wanted))
    return [
        Fault(bin_uri, f"byte {tally.first * shard.tokens.itemsize}", f"{tally.problem} ({tally.count} in the shard)")
        for tally in (empty, strange, missing, stray)
        if tally.count
    ]


def _sidecar_faults(shard: TokenShard, provenance_uri: str) -> list[Fault]:
    n_rows = 0
    try:
        for batch in read_batches(provenance_uri, ["first_token", "token_count"]):
            firsts, counts = (batch.column(name).to_numpy() for name in ("first_token", "token_count"))
            bounds = shard.first_tokens[n_rows : n_rows + batch.num_rows + 1]
            if len(bounds) <= batch.num_rows:
                break  # More rows than documents: counted below.
            row = _first_true((firsts != bounds[:-1]) | (counts != np.diff(bounds)))
            if row is not None:
                found = f"{counts[row]} tokens from {firsts[row]}"
                wanted = f"{bounds[row + 1] - bounds[row]} tokens from {bounds[row]}"
                return [Fault(provenance_uri, f"row {n_rows + row}", f"says {found}, the index says {wanted}")]
            n_rows += batch.num_rows
        rows = row_count(provenance_uri)
    # Damaged metadata: Arrow's own reader then fails in ways that have no shard's name in them.
    except (ShardError, pa.ArrowException, UnicodeDecodeError) as error:
        return [Fault(provenance_uri, "file", f"cannot be read ({error})")]
    return [] if rows == len(shard) else [Fault(provenance_uri, "file", f"{rows} rows, {len(shard)} documents")]
