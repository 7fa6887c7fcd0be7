"""Pages that an earlier crawl had with the same bytes: digests of its selection, as 64-bit hashes.

Common Crawl fetches many pages again that have not changed. Their payloads have one SHA-1, which the index states, so a
later selection can leave them out before anything is fetched (docs/commoncrawl.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manyo.corpus.jit import Bools, Uint64s
from manyo.corpus.records import InputFile
from manyo.corpus.tables.shards import filesystem

#: A SHA-1 in base32, as an index writes it.
_DIGEST_CHARS = 32

_FACTORS = np.array([0x9E37_79B9_7F4A_7C15, 0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB], np.uint64)


class SeenDigests:
    """Digests that were seen. Memory: 8 bytes each, twice that while they are sorted.

    Two digests share a hash once in a thousand crawls; then one page is left out.
    """

    def __init__(self, digests: Iterable[pa.ChunkedArray]) -> None:
        self._sorted: Uint64s = np.unique(np.concatenate([np.zeros(0, np.uint64), *map(_hashes, digests)]))

    def __len__(self) -> int:
        return len(self._sorted)

    def has(self, digests: pa.ChunkedArray) -> Bools:
        """Whether each digest of a column was seen; one that is missing or no SHA-1 was not."""
        found = np.zeros(len(digests), bool)
        if len(self._sorted):
            is_digest = _are_digests(digests)
            hashes = _hashes(digests)
            at = np.minimum(np.searchsorted(self._sorted, hashes), len(self._sorted) - 1)
            found[is_digest] = self._sorted[at] == hashes
        return found


def read_seen(files: Iterable[InputFile]) -> SeenDigests:
    """Read the digests of an earlier selection, or of an index.

    Raises:
        ValueError: a file has no digests; the message names it.
        pa.ArrowException, OSError: it cannot be read.
    """

    def columns() -> Iterable[pa.ChunkedArray]:
        for file in files:
            fs, path = filesystem(file.uri)
            with fs.open(path, "rb") as stream, pq.ParquetFile(stream) as index:
                if "content_digest" not in index.schema_arrow.names:
                    raise ValueError(f"{file.uri}: has no column content_digest")
                yield index.read(["content_digest"])["content_digest"]

    return SeenDigests(columns())


def _are_digests(digests: pa.ChunkedArray) -> Bools:
    lengths = pc.fill_null(pc.binary_length(digests), 0)
    are: Bools = pc.equal(lengths, _DIGEST_CHARS).to_numpy()
    return are


def _hashes(digests: pa.ChunkedArray) -> Uint64s:
    """Of the values that are digests, in order."""
    kept = digests.filter(pa.array(_are_digests(digests))).cast(pa.binary(_DIGEST_CHARS)).combine_chunks()
    if not len(kept):
        return np.zeros(0, np.uint64)
    words = np.frombuffer(kept.buffers()[1], np.uint64)[4 * kept.offset : 4 * (kept.offset + len(kept))].reshape(-1, 4)
    hashes: Uint64s = words[:, 0].copy()
    for word, factor in zip(words[:, 1:].T, _FACTORS, strict=True):
        hashes = (hashes ^ hashes >> np.uint64(29)) * factor ^ word
    return hashes
