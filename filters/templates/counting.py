"""Templates: wordings that many documents share, each with something else put in, and how much of a document they are.

A masked segment (`manyo.filters.templates.masking`) is a template if enough documents fill it differently. Documents
are counted in one exchange, before any rule decides: a shard deals each wording of each document to a part, a part
counts the documents of all shards, and every shard gets back the templates that it holds. So memory is bounded by the
number of parts, and counts are exact.

Copies are no template. A document counts with one of its fills, the smallest by hash, so that a page which was crawled
many times has one fill, whatever its addresses; and an address counts once, so that a page whose date changes is one
document. The smaller of both counts decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import canonical_address, hosts
from manyo.corpus.doc_ids import hash_of, hashes_of
from manyo.corpus.schema import TEMPLATES, Column, Table
from manyo.corpus.text import Texts
from manyo.filters.signals.signal import share
from manyo.filters.templates.masking import mask_segments

#: Columns of `manyo.corpus.schema.DOCUMENTS` in which wordings are found.
WORDING_COLUMNS = ("profile", "uri", "title", "text")

WORDINGS = Table(
    "wordings",
    "a wording of a document, with what the document puts in",
    "filter",
    (
        Column("key", pa.uint64(), "hash of the segment with one sign for each hole"),
        Column("fill", pa.uint64(), "smallest hash of the document's segments of that wording as they are"),
        Column("address", pa.uint64(), "hash of the document's address"),
        Column("host", pa.uint64(), "hash of its host"),
    ),
)

COUNTED_TEMPLATES = Table(
    "counted_templates",
    "a template that documents of a shard hold",
    "filter",
    (
        Column("key", pa.uint64(), "hash of the segment with one sign for each hole"),
        Column("documents", pa.int64(), "documents that fill it, copies counted once", "documents"),
        Column("hosts", pa.int64(), "hosts of these documents", "hosts"),
    ),
)


@dataclass(frozen=True, slots=True)
class Templates:
    """What a template is, and in which documents templates are looked for.

    Attributes:
        profiles: profiles of the documents that are counted and measured.
        min_documents: smallest number of documents that fill a wording differently (docs/log/templates.md).
        min_chars: kana and kanji that a wording has outside its holes at least.
        parts: parts that wordings are dealt to. A task holds one in memory, at about 100 bytes for each wording of
            each document of its share.
    """

    profiles: tuple[str, ...] = ("web",)
    min_documents: int = 10
    min_chars: int = 12
    parts: int = 8

    def __post_init__(self) -> None:
        for name, smallest in (("min_documents", 2), ("min_chars", 1), ("parts", 1)):
            if getattr(self, name) < smallest:
                raise ValueError(f"{name} must be at least {smallest}, not {getattr(self, name)}")


def find_wordings(documents: pa.RecordBatch, settings: Templates) -> pa.RecordBatch:
    """The wordings of a batch of documents, each once for each document.

    Args:
        documents: a batch with `WORDING_COLUMNS`.
        settings: which documents take part, and which segments.

    Returns:
        A batch of `WORDINGS`.
    """
    documents = documents.filter(_takes_part(documents, settings))
    masked, _ = _mask(documents, settings)
    order = np.lexsort((masked["exact"], masked["key"], masked["document"]))
    document, key, exact = (masked[name][order] for name in ("document", "key", "exact"))
    first = _begins_group(document, key)
    uris = documents.column("uri").to_pylist()
    addresses = np.array([hash_of(canonical_address(uri) or uri) for uri in uris], np.uint64)
    of_hosts = hashes_of(pc.fill_null(hosts(documents.column("uri")), "").dictionary_encode())
    document = document[first]
    columns = (key[first], exact[first], addresses[document], of_hosts[document])
    return pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=WORDINGS.schema)


def count_templates(shards: Sequence[pa.RecordBatch], settings: Templates) -> list[pa.RecordBatch]:
    """Count the documents of one part of all shards.

    Memory: about 100 bytes for each row.

    Args:
        shards: one batch of `WORDINGS` for each shard.
        settings: how many documents make a template.

    Returns:
        For each shard a batch of `COUNTED_TEMPLATES`, those of its wordings that are templates, in order of the key.
    """
    table = pa.Table.from_batches(shards, WORDINGS.schema)
    key = table.column("key").to_numpy()
    keys, of_key = np.unique(key, return_inverse=True)
    fills, addresses, hosts = (
        _distinct_of_each(of_key, table.column(name).to_numpy(), len(keys)) for name in ("fill", "address", "host")
    )
    documents = np.minimum(fills, addresses)
    is_template = documents >= settings.min_documents
    ends = np.cumsum([0, *(batch.num_rows for batch in shards)])
    counted = []
    for begin, end in pairwise(ends):
        here = np.unique(of_key[begin:end])
        here = here[is_template[here]]
        columns = [pa.array(column[here]) for column in (keys, documents, hosts)]
        counted.append(pa.RecordBatch.from_arrays(columns, schema=COUNTED_TEMPLATES.schema))
    return counted


def measure_templates(documents: pa.RecordBatch, counted: pa.RecordBatch, settings: Templates) -> pa.RecordBatch:
    """Measure how much of each document is in templates.

    Args:
        documents: a batch with `doc_id` and `WORDING_COLUMNS`.
        counted: a batch of `COUNTED_TEMPLATES` with all templates that the documents hold, in order of the key.
        settings: those by which they were counted.

    Returns:
        A batch of `manyo.corpus.schema.TEMPLATES`, row for row; 0 for documents that do not take part.
    """
    masked, segment_chars = _mask(documents, settings)
    known = counted.column("key").to_numpy()
    rows, at = np.zeros(0, np.int64), np.zeros(0, np.int64)
    if len(known):
        place = np.minimum(np.searchsorted(known, masked["key"]), len(known) - 1)
        takes_part = _takes_part(documents, settings).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero((known[place] == masked["key"]) & takes_part[masked["document"]])
        at = place[rows]
    document = masked["document"][rows]
    chars = np.bincount(document, masked["chars"][rows], documents.num_rows)
    most = []
    for name in ("documents", "hosts"):
        largest = np.zeros(documents.num_rows, np.int64)
        np.maximum.at(largest, document, counted.column(name).to_numpy()[at])
        most.append(pa.array(largest))
    columns = [documents.column("doc_id"), pa.array(share(chars, segment_chars)), *most]
    return pa.RecordBatch.from_arrays(columns, schema=TEMPLATES.schema)


def join_counted(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """What the parts of the exchange counted for one shard, as one batch in order of the key."""
    table = pa.Table.from_batches(batches, COUNTED_TEMPLATES.schema).sort_by("key").combine_chunks()
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], COUNTED_TEMPLATES.schema)])[0]


def _takes_part(documents: pa.RecordBatch, settings: Templates) -> pa.BooleanArray:
    return pc.is_in(documents.column("profile").cast(pa.string()), pa.array(settings.profiles, pa.string()))


def _mask(documents: pa.RecordBatch, settings: Templates) -> tuple[np.ndarray, np.ndarray]:
    texts, titles = (Texts.from_arrow(documents.column(name)) for name in ("text", "title"))
    return mask_segments(texts, titles, settings.min_chars)


def _begins_group(*columns: np.ndarray) -> np.ndarray:
    """bool (n,), where any of the columns, which are sorted, differs from the row before."""
    begins = np.ones(len(columns[0]), bool)
    begins[1:] = np.logical_or.reduce([column[1:] != column[:-1] for column in columns])
    return begins


def _distinct_of_each(group: np.ndarray, values: np.ndarray, n_groups: int) -> np.ndarray:
    """int64 (n_groups,), how many different values each group has."""
    order = np.lexsort((values, group))
    group = group[order]
    counts: np.ndarray = np.bincount(group[_begins_group(group, values[order])], minlength=n_groups)
    return counts
