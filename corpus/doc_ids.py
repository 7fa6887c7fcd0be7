"""Ids of documents, hashes of names, and columns of ids as NumPy arrays that compare and sort like them."""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from manyo.corpus.jit import Bools, Int64s, Uint64s
from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES

#: Ids as fixed-width NumPy bytes, (n_docs,).
Ids: TypeAlias = NDArray[np.bytes_]


def document_id(source: str, key: str) -> bytes:
    """The id of a document: 16 bytes of BLAKE2b of the source's name and the record's natural key."""
    return hashlib.blake2b(f"{source}\0{key}".encode("utf-8", "surrogatepass"), digest_size=DOC_ID_BYTES).digest()


def hash_of(name: str) -> int:
    """64 bits of an address, a host or a source's name."""
    # Among a billion addresses two different ones share their 64 bits in one run of thirty.
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little")


def hash_of_text(text: str) -> int:
    """64 bits of a text, by which texts are ordered and drawn; a lone surrogate counts as a question mark."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())


def ids_as_bytes(column: pa.Array) -> Ids:
    """A `doc_id` column as NumPy bytes, which compare and sort like the ids; no copy."""
    data = column.buffers()[1]
    if data is None or len(column) == 0:
        return np.zeros(0, f"S{DOC_ID_BYTES}")
    return np.frombuffer(data, f"S{DOC_ID_BYTES}")[column.offset : column.offset + len(column)]


def ids_to_arrow(doc_ids: Ids) -> pa.Array:
    """The `doc_id` column of ids as `ids_as_bytes` returns them."""
    return pa.Array.from_buffers(DOC_ID, len(doc_ids), [None, pa.py_buffer(np.ascontiguousarray(doc_ids))])


def id_heads(column: pa.Array) -> Uint64s:
    """The first eight bytes of each id as numbers that sort like them. Ids are digests, so heads are random."""
    return _halves(column)[::2].astype(np.uint64)


def id_tails(column: pa.Array) -> Uint64s:
    """The last eight bytes of each id as numbers that sort like them; they decide between ids of equal heads."""
    return _halves(column)[1::2].astype(np.uint64)


def _halves(column: pa.Array) -> Uint64s:
    """Both halves of each id, one id after another, in the byte order of the ids."""
    return np.ascontiguousarray(ids_as_bytes(column)).view(">u8")


def find_ids(sorted_ids: Ids | Uint64s, ids: Ids | Uint64s) -> tuple[Int64s, Bools]:
    """Look ids, or numbers of documents, up among sorted ones.

    Returns:
        The position of each id, and whether it is there; else the position means nothing.
    """
    at = np.searchsorted(sorted_ids, ids)
    found = at < len(sorted_ids)
    found[found] = sorted_ids[at[found]] == ids[found]
    return at, found


def hashes_of(labels: pa.DictionaryArray) -> Uint64s:
    """uint64 (n,), `hash_of` of each label, which are fewer than rows."""
    of_labels = np.array([hash_of(label) for label in labels.dictionary.to_pylist()], np.uint64)
    hashes: Uint64s = of_labels[labels.indices.to_numpy()]
    return hashes
