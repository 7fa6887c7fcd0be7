"""The search for what the entries of a takedown list name, and for what those that name nothing may have meant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import numpy as np
import pyarrow as pa

from manyo.corpus.addresses import canonical_address, hosts, readable_address, readable_host
from manyo.corpus.tables.shards import filesystem, read_columns
from manyo.corpus.takedowns import Entry, Finder, Takedowns
from manyo.pipelines.commands.selected_documents import EVERYTHING, Selection
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.reading import side_by_side

#: Pages shown for an entry, and candidates for one that names none.
_SHOWN = 3
#: Hosts less alike than this are other names rather than misspelt ones: one letter changed in `hatena.example` leaves
#: 0.93, one letter of five and the same domain behind it about 0.8.
_ALIKE = 0.85


@dataclass(slots=True)
class Found:
    """Pages that an entry names: how many, the addresses of the first, and the ids of all."""

    count: int = 0
    first: list[str] = field(default_factory=list)
    ids: list[bytes] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Search:
    """What a list names.

    Attributes:
        documents: for each entry that names documents, which.
        refused: for each entry that names refused pages, how many.
        nearest: for each entry that names neither, what is most like it, the likest first.
    """

    documents: dict[Entry, Found]
    refused: Counter[Entry]
    nearest: dict[Entry, list[str]]


def search_pages(extracted: StageOutput, takedowns: Takedowns, selection: Selection = EVERYTHING) -> Search:
    """Look the entries of a list up among the documents and the refused pages of a run.

    Memory: ids and addresses of 17 shards.

    Args:
        extracted: the tables of the run.
        takedowns: the list.
        selection: which pages are counted and shown; an entry that names only others names 0.

    Raises:
        ShardError: a shard cannot be read.
    """
    finder, search = takedowns.finder(), Search({}, Counter(), {})
    names = [shard.name for shard in extracted.shards]
    for table in (DOCUMENTS, REFUSED):
        columns = selection.columns(of_refused=table == REFUSED)
        for found in _read(finder, selection, columns, [extracted.uri(table, name) for name in names]):
            for entry, uri, doc_id, is_selected in found:
                if table == REFUSED:
                    search.refused[entry] += is_selected
                    continue
                of_entry = search.documents.setdefault(entry, Found())
                of_entry.count += is_selected
                of_entry.first += [uri] if is_selected and len(of_entry.first) < _SHOWN else []
                of_entry.ids += [doc_id] if is_selected else []
    missing = [entry for entry in takedowns.entries if entry not in search.documents and entry not in search.refused]
    if missing:
        search.nearest.update(
            _nearest(missing, [extracted.uri(table, name) for table in (DOCUMENTS, REFUSED) for name in names])
        )
    return search


def _read(
    finder: Finder, selection: Selection, columns: Sequence[str], uris: Sequence[str]
) -> Iterator[list[tuple[Entry, str, bytes, bool]]]:
    """Yield what the list names of each shard that exists: entry, address, id, and whether it is selected."""

    def read(uri: str) -> list[tuple[Entry, str, bytes, bool]]:
        pages = _pages(uri, columns)
        named = finder.rows(pages) if pages is not None else {}
        if pages is None or not named:
            return []
        selected, addresses, ids = selection.mask(pages), pages.column("uri"), pages.column("doc_id")
        return [
            (entry, addresses[row].as_py(), ids[row].as_py(), bool(selected[row]))
            for row, entries in named.items()
            for entry in entries
        ]

    yield from side_by_side(read, uris)


def _pages(uri: str, columns: Sequence[str] = ("doc_id", "uri")) -> pa.RecordBatch | None:
    fs, path = filesystem(uri)
    return read_columns(uri, list(columns)) if fs.exists(path) else None


def _nearest(entries: Sequence[Entry], uris: Sequence[str]) -> dict[Entry, list[str]]:
    """The pages and hosts most like each entry, over all shards."""

    def read(uri: str) -> dict[Entry, list[tuple[float, str]]]:
        pages = _pages(uri)
        if pages is None:
            return {}
        column = pages.column("uri")
        of_hosts = hosts(column).dictionary_encode()
        return {entry: _best(_candidates(entry, column, of_hosts)) for entry in entries}

    best: dict[Entry, list[tuple[float, str]]] = {entry: [] for entry in entries}
    for of_shard in side_by_side(read, uris):
        for entry, candidates in of_shard.items():
            best[entry] = _best([*best[entry], *candidates])
    return {entry: [text for _, text in candidates] for entry, candidates in best.items()}


def _best(candidates: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
    return sorted(set(candidates), key=lambda one: (-one[0], one[1]))[:_SHOWN]


def _candidates(entry: Entry, uris: pa.Array, of_hosts: pa.DictionaryArray) -> Iterator[tuple[float, str]]:
    """Yield likenesses and pages or hosts of a shard: pages of the entry's host, or hosts named much like it."""
    if entry.kind == "doc_id":
        return  # a digest is like no other
    if entry.host is None:
        for uri in uris.unique().to_pylist():
            if (likeness := _likeness(entry.value, uri)) > 0.5:
                yield likeness, uri
        return
    host, names = entry.host, of_hosts.dictionary.to_pylist()
    if host in names:
        rows = np.flatnonzero(of_hosts.indices.fill_null(-1).to_numpy() == names.index(host))
        for uri in uris.take(pa.array(rows)).to_pylist():
            # A page of the very host is nearer than any other host.
            yield (
                1
                + _likeness(
                    readable_address(canonical_address(entry.value) or ""),
                    readable_address(canonical_address(uri) or ""),
                ),
                uri,
            )
        return
    for name in names:
        if name is not None:
            is_family = name.endswith(f".{host}") or host.endswith(f".{name}")
            alike = 1.0 if is_family else SequenceMatcher(None, host, name).ratio()
            if alike >= _ALIKE:
                yield alike, readable_host(name)


def _likeness(one: str, other: str) -> float:
    """The share of the longer string that both begin and end with."""
    begin = _common(one, other)
    return (begin + _common(one[begin:][::-1], other[begin:][::-1])) / max(len(one), len(other), 1)


def _common(one: str, other: str) -> int:
    """The number of characters that both begin with."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
