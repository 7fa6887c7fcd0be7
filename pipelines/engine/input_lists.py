"""Lists of what many tasks read: written once for a stage, so that a task's message names the list and not the files.

The second half of an exchange reads a part of every shard. With 3,000 shards, names and places of these parts are half
a megabyte, in each of hundreds of messages. A list is itself a dealt file (`manyo.corpus.tables.pieces`): its first
part holds names and seals, which a worker reads once, and one part for each part of the exchange says where that lies
in every file.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa

from manyo.corpus.tables.pieces import EMPTY, PACKED_BYTES, Piece, piece_at, read_piece, written_pieces
from manyo.corpus.tables.shards import join, write_parts
from manyo.pipelines.engine.stage_table import StageTable

#: The folder of lists below a stage's folder. No table has this name.
LISTS_FOLDER = "lists"

#: So many files of a table a message names itself: 10 kB.
NAMED_AT_MOST = 64

_SCHEMA = pa.schema([("packed", pa.large_binary())])


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a task finds the files of a table that it reads.

    Attributes:
        uri: of the list.
        names: where it has the names and seals of the files.
        places: where it says where the task's part of each file lies; EMPTY for files that are read whole.
    """

    uri: str
    names: Piece
    places: Piece


class ListWriter:
    """Writes the lists of a stage's tasks, each once.

    Args:
        stage_folder: URI of the stage's folder.
    """

    def __init__(self, stage_folder: str) -> None:
        self._folder = join(stage_folder, LISTS_FOLDER)
        self._written: dict[int, tuple[Sequence[str], str, bytes]] = {}

    def list(
        self, table: StageTable, uris: Sequence[str], seals: Sequence[int], pieces: Sequence[bytes], part: int
    ) -> Listed:
        """Returns the entry of one part in the list of these files.

        Args:
            table: of which they are; names the list.
            uris: of the files. Tasks that share a list give the same object.
            seals: of the files; empty if they are not known.
            pieces: of each file, packed; empty for files that are not dealt.
            part: which of the pieces the task reads.
        """
        # The files are held, so that no other object has their id.
        if id(uris) not in self._written:
            uri = join(self._folder, f"{table.name}-{len(self._written):05d}.arrow")
            self._written[id(uris)] = (uris, uri, _write(uri, uris, seals, pieces))
        _, uri, packed = self._written[id(uris)]
        return Listed(uri, piece_at(packed, 0), piece_at(packed, 1 + part) if pieces else EMPTY)


def _write(uri: str, uris: Sequence[str], seals: Sequence[int], pieces: Sequence[bytes]) -> bytes:
    """Write a list; returns where its parts lie, packed. Memory: its largest part."""
    n_parts = len(pieces[0]) // PACKED_BYTES if pieces else 0

    def packed_parts() -> Iterator[list[bytes]]:
        yield ["\n".join(uris).encode(), array("q", seals).tobytes()]
        for start in range(0, n_parts * PACKED_BYTES, PACKED_BYTES):
            yield [b"".join(of_file[start : start + PACKED_BYTES] for of_file in pieces)]

    write_parts(uri, _SCHEMA, ([pa.RecordBatch.from_pydict({"packed": part}, _SCHEMA)] for part in packed_parts()))
    return written_pieces(uri)


@dataclass(frozen=True, slots=True)
class ListedFiles:
    """What lists say about the files that a task reads, by table.

    Attributes:
        uris: of the files.
        seals: of the files (`manyo.corpus.tables.seals`), where they are known.
        pieces: where the task's part of each dealt file lies.
    """

    uris: Mapping[StageTable, tuple[str, ...]]
    seals: Mapping[StageTable, tuple[int, ...]]
    pieces: Mapping[StageTable, tuple[Piece, ...]]


def read_listed(lists: Mapping[StageTable, Listed]) -> ListedFiles:
    """Look a task's files up in its lists.

    Raises:
        DamagedShard: a list is missing or damaged; the driver writes it again with the tasks that it makes again.
    """
    named = {table: _names(listed.uri, listed.names) for table, listed in lists.items()}
    pieces = {}
    for table, listed in lists.items():
        if listed.places != EMPTY:
            (packed,) = _packed(listed.uri, listed.places)
            pieces[table] = tuple(piece_at(packed, number) for number in range(len(packed) // PACKED_BYTES))
    uris = {table: uris for table, (uris, _) in named.items()}
    return ListedFiles(uris, {table: seals for table, (_, seals) in named.items() if seals}, pieces)


@lru_cache(maxsize=8)
def _names(uri: str, piece: Piece) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names of a list and their seals, which all tasks of a worker read."""
    names, seals = _packed(uri, piece)
    return tuple(names.decode().split("\n")), tuple(array("q", seals))


def _packed(uri: str, piece: Piece) -> list[bytes]:
    packed: list[bytes] = read_piece(uri, piece, _SCHEMA).column("packed").to_pylist()
    return packed
