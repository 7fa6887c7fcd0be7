"""Read token shards, find the document of any token, and find the faults of a shard.

A shard is memory-mapped, so opening one reads only its index. Opening checks everything that the index and the file
sizes allow; `token_faults` and `sidecar_faults` read the rest, and `text_faults` encodes documents again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.tables.shards import ShardError, read_batches, row_count
from manyo.corpus.text import Texts
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.pack import (
    DTYPE_CODES,
    INDEX_HEADER,
    INDEX_MAGIC,
    INDEX_VERSION,
    document_bounds,
    read_npy_header,
)

#: Tokens that `token_faults` checks in one step: at most 16 MiB of ids.
_VERIFY_TOKENS = 4 << 20

_DTYPES: dict[int, np.dtype] = {code: dtype for dtype, code in DTYPE_CODES.items()}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a shard.

    Attributes:
        file: path or URI of the file.
        where: "byte N" of a `.bin`, `.idx` or `.npy` file, "row N" of a sidecar, or "file" for the whole.
        problem: what was found there and what was expected, for a person to read.
    """

    file: str
    where: str
    problem: str

    def __str__(self) -> str:
        return f"{self.file}: {self.where}: {self.problem}"


class TokenShardError(Exception):
    """A token shard cannot be read; the only argument is the `Fault`, which names file and offset."""


@dataclass(frozen=True, slots=True)
class TokenShard:
    """A token shard, memory-mapped.

    Attributes:
        path: of the file that holds the ids.
        tokens: uint16 or int32 (n_tokens,), read-only, all documents one after another.
        first_tokens: int64 (n_docs + 1,), document `i` is `tokens[first_tokens[i]:first_tokens[i + 1]]`.
        header_bytes: bytes before the ids in the file.
    """

    path: str
    tokens: np.ndarray
    first_tokens: np.ndarray
    header_bytes: int

    @classmethod
    def open(cls, prefix: Path | str) -> TokenShard:
        """Map Megatron's `prefix.bin` and `prefix.idx`, and check that they fit each other.

        Raises:
            TokenShardError: a file is missing or too short, or the index contradicts itself or the
                size of the `.bin` file.
        """
        bin_path, idx_path = Path(f"{prefix}.bin"), Path(f"{prefix}.idx")
        for path in (bin_path, idx_path):
            if not path.is_file():
                raise TokenShardError(Fault(str(path), "file", "there is no such file"))
        dtype, lengths = _read_index(idx_path)
        return cls._mapped(bin_path, dtype, document_bounds(lengths, 1), 0, "its index")

    @classmethod
    def open_npy(cls, npy_path: Path | str, provenance_uri: str) -> TokenShard:
        """Map a `.npy` shard and check that it fits its sidecar, which serves as its index.

        Raises:
            TokenShardError: a file is missing or damaged, or the sidecar does not add up to the array.
        """
        path = Path(npy_path)
        try:
            with open(path, "rb") as stream:
                dtype, tokens = read_npy_header(stream)
                header_bytes = stream.tell()
        except FileNotFoundError as error:
            raise TokenShardError(Fault(str(path), "file", "there is no such file")) from error
        except ValueError as error:
            raise TokenShardError(Fault(str(path), "byte 0", str(error))) from error
        try:
            batches = list(read_batches(provenance_uri, ["token_count"]))
        # Where metadata are damaged, Arrow raises errors that do not name the shard.
        except (ShardError, pa.ArrowException, UnicodeDecodeError) as error:
            raise TokenShardError(Fault(provenance_uri, "file", f"cannot be read ({error})")) from error
        lengths = [batch.column("token_count").to_numpy() for batch in batches]
        first_tokens = np.cumsum(np.concatenate([np.zeros(1, np.int64), *lengths]))
        if first_tokens[-1] != tokens:
            problem = f"counts {first_tokens[-1]} tokens, {path.name} has {tokens}"
            raise TokenShardError(Fault(provenance_uri, "file", problem))
        return cls._mapped(path, dtype, first_tokens, header_bytes, "its header")

    @classmethod
    def _mapped(
        cls, path: Path, dtype: np.dtype, first_tokens: np.ndarray, header_bytes: int, source: str
    ) -> TokenShard:
        n_tokens = int(first_tokens[-1])
        size, expected = path.stat().st_size, header_bytes + n_tokens * dtype.itemsize
        if size != expected:
            at = f"byte {min(size, expected)}"
            raise TokenShardError(Fault(str(path), at, f"has {size} bytes, {source} says {expected}"))
        # An empty file cannot be mapped.
        tokens = np.memmap(path, dtype, "r", header_bytes, n_tokens) if n_tokens else np.zeros(0, dtype)
        return cls(str(path), tokens, first_tokens, header_bytes)

    def byte_of(self, position: int) -> int:
        """The byte of the file at which the token at a position starts."""
        return self.header_bytes + position * self.tokens.itemsize

    def __len__(self) -> int:
        return len(self.first_tokens) - 1

    def document(self, row: int) -> np.ndarray:
        """The tokens of the document in a row, end mark included: a view of the mapped file.

        Raises:
            IndexError: the shard has no such row.
        """
        if not 0 <= row < len(self):
            raise IndexError(f"{self.path}: no document {row}; there are {len(self)}")
        return self.tokens[self.first_tokens[row] : self.first_tokens[row + 1]]

    def row_of_token(self, position: int) -> int:
        """The row, in this shard and its sidecar, of the document that holds the token at a position.

        Raises:
            IndexError: the shard has no such position.
        """
        if not 0 <= position < len(self.tokens):
            raise IndexError(f"{self.path}: no token {position}; there are {len(self.tokens)}")
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


def sidecar_faults(shard: TokenShard, provenance_uri: str) -> list[Fault]:
    """Compare a sidecar with the shard's own index.

    Returns:
        At most one fault: the first row that differs, or a different number of rows.
    """
    n_rows = 0
    try:
        for batch in read_batches(provenance_uri, ["first_token", "token_count"]):
            firsts, counts = (batch.column(name).to_numpy() for name in ("first_token", "token_count"))
            bounds = shard.first_tokens[n_rows : n_rows + batch.num_rows + 1]
            if len(bounds) <= batch.num_rows:
                break  # more rows than documents, which the comparison of counts below reports
            row = _first_true((firsts != bounds[:-1]) | (counts != np.diff(bounds)))
            if row is not None:
                found = f"{counts[row]} tokens from {firsts[row]}"
                wanted = f"{bounds[row + 1] - bounds[row]} tokens from {bounds[row]}"
                return [Fault(provenance_uri, f"row {n_rows + row}", f"says {found}, the index says {wanted}")]
            n_rows += batch.num_rows
        rows = row_count(provenance_uri)
    # Where metadata are damaged, Arrow raises errors that do not name the shard.
    except (ShardError, pa.ArrowException, UnicodeDecodeError) as error:
        return [Fault(provenance_uri, "file", f"cannot be read ({error})")]
    return [] if rows == len(shard) else [Fault(provenance_uri, "file", f"{rows} rows, {len(shard)} documents")]


def token_faults(shard: TokenShard, vocabulary_size: int, eod_id: int) -> list[Fault]:
    """Read every token, and find ids outside the vocabulary and documents that do not end in their only end mark.

    Returns:
        At most one fault of each kind, at its first position, with the number of positions.
    """
    last_tokens = shard.first_tokens[1:] - 1
    empty = _Tally("a document has no tokens, not even its end mark")
    outside = _Tally(f"a token id is not one of 0 to {vocabulary_size - 1}")
    missing = _Tally(f"a document does not end in {eod_id}, the end-of-document mark")
    stray = _Tally(f"{eod_id}, the end-of-document mark, stands inside a document")
    empty.add(shard.first_tokens[:-1][np.diff(shard.first_tokens) == 0])
    for start in range(0, len(shard.tokens), _VERIFY_TOKENS):
        chunk = shard.tokens[start : start + _VERIFY_TOKENS]
        if int(chunk.max()) >= vocabulary_size or int(chunk.min()) < 0:
            outside.add(start + np.flatnonzero((chunk >= vocabulary_size) | (chunk < 0)))
        marks = start + np.flatnonzero(chunk == eod_id)
        low, high = np.searchsorted(last_tokens, (start, start + len(chunk)))
        wanted = last_tokens[low:high]
        if not np.array_equal(marks, wanted):
            missing.add(np.setdiff1d(wanted, marks))
            stray.add(np.setdiff1d(marks, wanted))
    return [
        Fault(shard.path, f"byte {shard.byte_of(tally.first)}", f"{tally.problem} ({tally.count} in the shard)")
        for tally in (empty, outside, missing, stray)
        if tally.count
    ]


def text_faults(shard: TokenShard, rows: np.ndarray, texts: Texts, tokenizer: Tokenizer) -> list[Fault]:
    """Encode documents again and compare their tokens with the shard's.

    Args:
        shard: a sound shard.
        rows: integers (n_docs,), which documents of the shard these are.
        texts: their texts.
        tokenizer: the one that the shard was made with.

    Returns:
        For each document that differs, its first token that does.
    """
    ids, lengths = tokenizer.encode_batch(texts)
    faults, end = [], 0
    for row, length in zip(rows.tolist(), lengths.tolist(), strict=True):
        wanted, found = ids[end : end + length], shard.document(row)
        end += length
        common = min(len(wanted), len(found))
        differs = _first_true(wanted[:common] != found[:common])
        if differs is not None or len(wanted) != len(found):
            at = int(shard.first_tokens[row]) + (common if differs is None else differs)
            faults.append(
                Fault(shard.path, f"byte {shard.byte_of(at)}", f"document {row}: its tokens are not its text's")
            )
    return faults


def _read_index(path: Path) -> tuple[np.dtype, np.ndarray]:
    """Read an index and check every byte of it.

    Returns:
        The type of the ids, and int32 (n_docs,), the length of each document.
    """

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
    wanted = document_bounds(lengths, dtype.itemsize)[:-1]
    row = _first_true(pointers != wanted)
    if row is not None:
        check(False, pointers_at + 8 * row, f"document {row} is at {pointers[row]}, its lengths say {wanted[row]}")
    row = _first_true(bounds != np.arange(n_bounds))
    if row is not None:
        check(False, bounds_at + 8 * row, f"document bound {row} is {bounds[row]}; each document is one sequence")
    return dtype, lengths


def _first_true(mask: np.ndarray) -> int | None:
    return int(mask.argmax()) if mask.any() else None


@dataclass(slots=True)
class _Tally:
    """The number of faults of one kind, and the first position."""

    problem: str
    first: int = 0
    count: int = 0

    def add(self, positions: np.ndarray) -> None:
        if len(positions) and not self.count:
            self.first = int(positions[0])
        self.count += len(positions)
