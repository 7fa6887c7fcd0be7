"""Boilerplate: lines that occur in many documents of a host, such as notices and addresses at the foot of every page.

Near-duplicate pages are removed before: only survivors are counted, or the lines of any page with ten copies would be
boilerplate. But what a site writes around its articles is in all that are left. Lines are counted in one exchange: a
shard adds up its own lines, a part adds up those of all shards, and every shard gets back the totals of the lines that
it holds. So memory is bounded by the number of parts, and counts are exact.

Headings occur in many documents too, and belong there. They are distinguished by their length: a line of 20 characters
or more, as dedup compares it, is not a heading (`docs/decisions/0009-boilerplate.md`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import host_of, hosts
from manyo.corpus.doc_ids import hashes_of
from manyo.corpus.schema import BOILERPLATE, DOC_ID, TEXT, Column, Table
from manyo.corpus.structure import STRUCTURE, moved, structure_of_row
from manyo.corpus.text import Texts
from manyo.dedup.numbering import deal
from manyo.dedup.settings import Boilerplate
from manyo.dedup.sketch.exact import exact_hashes, fold

#: Columns of `manyo.corpus.schema.DOCUMENTS` in which lines are found.
LINE_COLUMNS = ("profile", "uri", "text")

LINES = Table(
    "lines",
    "a line of a host, or the host itself",
    "dedup",
    (
        Column("key", pa.uint64(), "hash of the host and of the line as dedup compares it"),
        Column("documents", pa.uint32(), "documents of the host that hold it", "documents"),
    ),
)

BOILERPLATE_LINES = Table(
    "boilerplate_lines",
    "a boilerplate line of a host that documents of the shard hold",
    "dedup",
    (
        Column("doc_id", DOC_ID, "the document that the line is quoted from, the first of the shard that has it"),
        Column("host", pa.string(), "host of the documents' addresses"),
        Column("line", TEXT, "the line, as that document has it"),
        Column("documents", pa.int64(), "documents of the host that hold it, in the whole corpus", "documents"),
        Column("host_documents", pa.int64(), "documents of the host, in the whole corpus", "documents"),
    ),
)

#: Takes the place of the line's hash in the key of a host: the fraction of the golden ratio.
_NO_LINE = np.uint64(0x9E37_79B9_7F4A_7C15)


def key_lines(documents: pa.RecordBatch, unique: np.ndarray, settings: Boilerplate) -> np.ndarray:
    """The keys of a batch's lines.

    Args:
        documents: a batch with `LINE_COLUMNS`.
        unique: bool (n_docs,), which documents rules and dedup keep.
        settings: which documents take part, and from which length on a line does.

    Returns:
        uint64, one key for each distinct line of each document, and one of its host for each document.
    """
    lines = _cut(documents, unique, settings)
    long = lines.chars >= settings.min_chars
    document, key = lines.document[long], lines.key[long]
    order = np.lexsort((key, document))
    document, key = document[order], key[order]
    is_first = np.ones(len(key), bool)
    is_first[1:] = (key[1:] != key[:-1]) | (document[1:] != document[:-1])
    return np.concatenate((key[is_first], lines.host_key[lines.takes_part]))


def deal_lines(keys: Iterable[np.ndarray], parts: int) -> list[pa.RecordBatch]:
    """Add up the keys of a shard's batches; for each part a batch of `LINES`."""
    distinct, counts = np.unique(np.concatenate([np.zeros(0, np.uint64), *keys]), return_counts=True)
    counts = counts.astype(np.uint32)
    lines = pa.RecordBatch.from_arrays([pa.array(distinct), pa.array(counts)], schema=LINES.schema)
    return deal(lines, distinct % np.uint64(parts), parts)


def combine_lines(shards: Sequence[pa.RecordBatch], settings: Boilerplate) -> list[pa.RecordBatch]:
    """Add up one part of all shards.

    Memory: about 60 bytes for each row.

    Args:
        shards: one batch of `LINES` for each shard.
        settings: in how many documents a line must occur.

    Returns:
        For each shard those of its rows that reach `settings.min_documents` over all shards, with the sums of all.
    """
    table = pa.Table.from_batches(shards, LINES.schema)
    keys, at = np.unique(table.column("key").to_numpy(), return_inverse=True)
    totals = np.bincount(at, table.column("documents").to_numpy(), len(keys)).astype(np.uint32)[at]
    ends = np.cumsum([0, *(batch.num_rows for batch in shards)])
    repeated = []
    for batch, begin, end in zip(shards, ends[:-1], ends[1:], strict=True):
        total = totals[begin:end]
        summed = pa.RecordBatch.from_arrays([batch.column("key"), pa.array(total)], schema=LINES.schema)
        repeated.append(summed.filter(pa.array(total >= settings.min_documents)))
    return repeated


def find_boilerplate(
    documents: pa.RecordBatch, unique: np.ndarray, repeated: pa.RecordBatch, settings: Boilerplate
) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Find the lines of a batch of documents that are boilerplate.

    Args:
        documents: a batch with `doc_id` and `LINE_COLUMNS`.
        unique: bool (n_docs,), which documents rules and dedup keep.
        repeated: a batch of `LINES` with the totals of the lines and hosts that occur in it, sorted by key.
        settings: what makes a line boilerplate.

    Returns:
        A batch of `manyo.corpus.schema.BOILERPLATE`, row for row, and one of `BOILERPLATE_LINES`, a line of a host
        once.
    """
    lines = _cut(documents, unique, settings)
    in_line = _totals(repeated, lines.key)
    on_host = _totals(repeated, lines.host_key)[lines.document]
    rows = np.flatnonzero(
        (lines.chars >= settings.min_chars)
        & (in_line >= settings.min_documents)
        & (in_line >= settings.min_host_fraction * on_host)
        & (on_host > 0)
    )
    document = lines.document[rows]
    counts = np.bincount(document, minlength=documents.num_rows)
    chars = np.bincount(document, lines.chars[rows], documents.num_rows).astype(np.int64)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int32)
    to_remove = pc.is_in(documents.column("profile").cast(pa.string()), pa.array(settings.remove, pa.string()))
    removed = to_remove.to_numpy(zero_copy_only=False) & (counts > 0)
    marked = pa.RecordBatch.from_arrays(
        [
            documents.column("doc_id"),
            pa.ListArray.from_arrays(pa.array(offsets), pa.array(lines.number[rows])),
            pa.array(chars),
            pa.array(removed),
        ],
        schema=BOILERPLATE.schema,
    )
    first = rows[np.sort(np.unique(lines.key[rows], return_index=True)[1])]
    uris, doc_ids = (documents.column(name).to_pylist() for name in ("uri", "doc_id"))
    found = [
        {
            "doc_id": doc_ids[lines.document[row]],
            "host": host_of(uris[lines.document[row]]),
            "line": bytes(lines.texts.data[lines.texts.offsets[row] : lines.texts.offsets[row + 1]]).decode().strip(),
            "documents": int(in_line[row]),
            "host_documents": int(on_host[row]),
        }
        for row in first
    ]
    return marked, pa.RecordBatch.from_pylist(found, schema=BOILERPLATE_LINES.schema)


def without_boilerplate(documents: pa.RecordBatch, boilerplate: pa.RecordBatch) -> pa.RecordBatch:
    """The documents without the lines to remove, and without documents that consist of such lines alone.

    Args:
        documents: a batch with column `text`.
        boilerplate: its rows of `manyo.corpus.schema.BOILERPLATE`.
    """
    removed = boilerplate.column("removed").to_numpy(zero_copy_only=False)
    if not removed.any():
        return documents
    texts = documents.column("text").to_pylist()
    has_structure = "structure" in documents.schema.names
    structures = documents.column("structure").to_pylist() if has_structure else []
    stays = np.ones(len(texts), bool)
    for row in np.flatnonzero(removed):
        out = set(boilerplate.column("lines")[row].as_py())
        lines = texts[row].split("\n")
        if has_structure:
            structures[row] = moved(structure_of_row(structures[row]), _edits(lines, out))._asdict()
        left = [line for number, line in enumerate(lines) if number not in out]
        texts[row] = "\n".join(left).strip("\n")
        stays[row] = bool(texts[row].strip())
    at = documents.schema.get_field_index("text")
    documents = documents.set_column(at, documents.schema.field("text"), pa.array(texts, TEXT))
    if has_structure:
        at = documents.schema.get_field_index("structure")
        documents = documents.set_column(at, "structure", pa.array(structures, STRUCTURE))
    return documents.filter(pa.array(stays))


def _edits(lines: list[str], out: set[int]) -> list[tuple[int, int, int]]:
    """What is replaced in a text from which lines are taken: each with its line end, and blank lines at both ends."""
    is_out = [number in out for number in range(len(lines))]
    for numbers in (range(len(lines)), range(len(lines) - 1, -1, -1)):
        for number in numbers:
            if not is_out[number] and lines[number]:
                break
            is_out[number] = True
    last = max((number for number, gone in enumerate(is_out) if not gone), default=-1)
    edits = []
    at = 0
    for number, line in enumerate(lines):
        # The line end before what goes at the end goes too.
        start, stop = (at, at + len(line) + 1) if number < last else (at - 1, at + len(line))
        if is_out[number]:
            edits.append((max(0, start), stop, 0))
        at += len(line) + 1
    return edits


def most_frequent(
    batches: Iterable[pa.RecordBatch], n_lines: int, taken_down: pa.Array | pa.ChunkedArray
) -> list[dict[str, Any]]:
    """The rows of `BOILERPLATE_LINES` that occur in most documents, those first; each line of a host once.

    Memory: a batch, and `n_lines` rows.

    Args:
        batches: of `BOILERPLATE_LINES`.
        n_lines: how many rows are returned at most.
        taken_down: ids of documents from which nothing is quoted.
    """
    most: dict[tuple[str, str], dict[str, Any]] = {}
    for batch in batches:
        is_taken = pc.is_in(batch.column("doc_id"), value_set=taken_down)
        for row in batch.filter(pc.invert(is_taken)).to_pylist():
            # Shards may have one line with different spaces; its count is the same in all.
            most.setdefault((row["host"], "".join(row["line"].split())), row)
        ordered = sorted(most.items(), key=lambda item: (-item[1]["documents"], item[0]))
        most = dict(ordered[:n_lines])
    return list(most.values())


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a batch of documents, one after another.

    Attributes:
        texts: UTF-8 of each line, with the line feed that ends it.
        document: int64 (n_lines,), the document that has it.
        number: int32 (n_lines,), its place in the document, from 0.
        chars: int64 (n_lines,), its length as dedup compares it; 0 in documents that do not take part.
        key: uint64 (n_lines,), of host and line.
        host_key: uint64 (n_docs,), of the host alone.
        takes_part: bool (n_docs,).
    """

    texts: Texts
    document: np.ndarray
    number: np.ndarray
    chars: np.ndarray
    key: np.ndarray
    host_key: np.ndarray
    takes_part: np.ndarray


def _cut(documents: pa.RecordBatch, unique: np.ndarray, settings: Boilerplate) -> _Lines:
    whole = Texts.from_arrow(documents.column("text"))
    begin, end = whole.offsets[0], whole.offsets[-1]
    feeds = np.flatnonzero(whole.data[begin:end] == ord("\n")) + begin
    n_lines = 1 + np.bincount(np.searchsorted(whole.offsets, feeds, "right") - 1, minlength=len(whole))
    # Where a text ends in a line feed, its last line is empty: both bounds are equal.
    offsets = np.sort(np.concatenate((whole.offsets, feeds + 1)))
    offsets.setflags(write=False)
    texts = Texts(whole.data, offsets)
    document = np.repeat(np.arange(len(whole)), n_lines)
    number = np.arange(len(document)) - np.repeat(np.cumsum(n_lines) - n_lines, n_lines)
    names = pa.array([*settings.remove, *settings.flag], pa.string())
    in_profile = pc.is_in(documents.column("profile").cast(pa.string()), names).to_numpy(zero_copy_only=False)
    named = hosts(documents.column("uri"))
    takes_part = unique & in_profile & named.is_valid().to_numpy(zero_copy_only=False)
    host = hashes_of(pc.fill_null(named, "").dictionary_encode())
    folded = fold(texts)
    return _Lines(
        texts,
        document,
        number.astype(np.int32),
        np.where(takes_part[document], folded.chars, 0),
        exact_hashes(folded) ^ host[document],
        host ^ _NO_LINE,
        takes_part,
    )


def _totals(repeated: pa.RecordBatch, keys: np.ndarray) -> np.ndarray:
    """uint32 (n,), in how many documents each line or host occurs, by its key; 0 where `repeated` does not have it."""
    known = repeated.column("key").to_numpy()
    if not len(known):
        return np.zeros(len(keys), np.uint32)
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    totals: np.ndarray = np.where(known[at] == keys, repeated.column("documents").to_numpy()[at], np.uint32(0))
    return totals
