"""The shapes of a stage: which task reads which shards.

- **Map**: one output shard per input shard (`map_shards`), or per range of what they hold (`cut_tokens`).
- **Exchange**: `map_shards` for its split half, `dealing` to a number of parts that follows from what there is, then
  one task per part (`combine_parts`), or per part of each source (`combine_source_parts`).
- **Gather**: all shards, streamed, into one task (`gather`).

A shape is a pure function of what the stages before it finished, so it gives the
same units on every machine and after every restart. Its units are made twice, to find
what is finished and to make the rest, and never held in memory: a crawl has 90,000
shards and a run twenty stages.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import overload

from manyo.corpus.records import InputShard
from manyo.corpus.tables.pieces import PACKED_BYTES
from manyo.pipelines.engine.manifest import Counts
from manyo.pipelines.engine.stage_table import StageTable

_DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class FinishedShard:
    """One shard that a stage finished, as the stages after it see it.

    Attributes:
        name: shard name, without table or suffix.
        digest: of the bytes of all its tables; changes when any of them does.
        counts: what the task counted, without counts that are shares of another (a dot in the name marks them).
        size_bytes: of all its tables.
        pieces: of each of its tables, where the parts of its file lie, packed; no bytes for one that is not dealt.
        seals: of the file of each of its tables (`manyo.corpus.tables.seals`).
    """

    name: str
    digest: str
    counts: Mapping[str, int]
    size_bytes: int
    pieces: tuple[bytes, ...] = ()
    seals: tuple[int, ...] = ()


class FinishedShards(Sequence[FinishedShard]):
    """Shards by name, filled in as they are finished.

    Memory: 80 bytes for each and its name, 8 for each of its files, and 20 for each piece of a dealt file.

    Args:
        names: sorted, each once.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._digests = bytearray(_DIGEST_BYTES * len(names))
        self._sizes = array("q", bytes(8 * len(names)))
        self._counts: dict[str, array[int]] = {}
        self._pieces: dict[int, tuple[bytes, ...]] = {}
        self._seals: list[array[int]] = []

    def put(
        self,
        index: int,
        digest: str,
        counts: Mapping[str, int],
        size_bytes: int,
        pieces: tuple[bytes, ...] = (),
        seals: Sequence[int] = (),
    ) -> None:
        """Record a finished shard; the shards of a stage have equally many files."""
        for number, seal in enumerate(seals):
            if number == len(self._seals):
                self._seals.append(array("q", bytes(8 * len(self._names))))
            self._seals[number][index] = seal
        if any(pieces):
            self._pieces[index] = pieces
        self._digests[_DIGEST_BYTES * index : _DIGEST_BYTES * (index + 1)] = bytes.fromhex(digest)
        self._sizes[index] = size_bytes
        for name, count in counts.items():
            if "." not in name:
                if name not in self._counts:
                    self._counts[name] = array("q", bytes(8 * len(self._names)))
                self._counts[name][index] = count

    def forget_pieces(self) -> None:
        """Free the pieces of all shards."""
        self._pieces.clear()

    def find(self, name: str) -> int | None:
        """Returns the index of a shard; None if there is none of that name."""
        index = bisect_left(self._names, name)
        return index if index < len(self._names) and self._names[index] == name else None

    def __len__(self) -> int:
        return len(self._names)

    @overload
    def __getitem__(self, index: int) -> FinishedShard: ...

    @overload
    def __getitem__(self, index: slice) -> list[FinishedShard]: ...

    def __getitem__(self, index: int | slice) -> FinishedShard | list[FinishedShard]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        return FinishedShard(
            name=self._names[index],
            digest=self._digests[_DIGEST_BYTES * index : _DIGEST_BYTES * (index + 1)].hex(),
            counts=Counts({name: column[index] for name, column in self._counts.items()}),
            size_bytes=self._sizes[index],
            pieces=self._pieces.get(index, ()),
            seals=tuple(column[index] for column in self._seals),
        )


@dataclass(frozen=True, slots=True)
class StageOutput:
    """What one stage finished.

    Attributes:
        folder: URI of the stage's folder.
        tables: tables that the stage writes.
        shards: its shards in the order of their names.
    """

    folder: str
    tables: tuple[StageTable, ...]
    shards: Sequence[FinishedShard]

    def uri(self, table: StageTable, shard: str) -> str:
        """Returns the URI of one shard of one of the stage's tables."""
        if table not in self.tables:
            raise ValueError(f"{self.folder}: its stage writes no table {table.name}")
        return table.uri(self.folder, shard)

    def forget_pieces(self) -> None:
        """Free what says where the parts of its files lie, once no other stage is to be planned from it."""
        if isinstance(self.shards, FinishedShards):
            self.shards.forget_pieces()

    def count(self, name: str) -> int:
        """Sum of a count over all shards."""
        return sum(shard.counts.get(name, 0) for shard in self.shards)


#: Outputs of the stages that a stage needs, in the order in which it names them.
Upstream = Sequence[StageOutput]


@dataclass(frozen=True, slots=True)
class Unit:
    """What one task will read.

    Attributes:
        name: name of the shard that it writes.
        inputs: URIs to read of each table, in order.
        digest: of everything it reads; a finished shard with another digest is out of date.
        size_bytes: of what it reads.
        part: which part of its inputs it takes: the number of an exchange's part, the position of a cut's first
            token, or its shard's number; 0 where it takes everything.
        input_shard: files of a source, for the stage that reads those instead of shards.
        n_parts: how many parts it deals what it writes to; 0 if it deals nothing, or its settings say.
        pieces: of each dealt table, the packed pieces of every file to read, in the order of `inputs`.
        seals: of each table, the seal of every file to read, in the order of `inputs`.
    """

    name: str
    inputs: Mapping[StageTable, tuple[str, ...]]
    digest: str
    size_bytes: int
    part: int = 0
    n_parts: int = 0
    input_shard: InputShard | None = None
    pieces: Mapping[StageTable, tuple[bytes, ...]] = field(default_factory=dict)
    seals: Mapping[StageTable, tuple[int, ...]] = field(default_factory=dict)


class Units(Iterable[Unit]):
    """Units that are made again on each iteration."""

    def __init__(self, make: Callable[[], Iterator[Unit]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[Unit]:
        return self._make()


#: Gives a stage's units in the order of their names, each name once, and the same units on each iteration.
Shape = Callable[[Upstream], Iterable[Unit]]


def digest_of(parts: Iterable[str]) -> str:
    """Order-sensitive digest of strings, 16 bytes in hex."""
    hasher = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        hasher.update(part.encode() + b"\0")
    return hasher.hexdigest()


def _unit(name: str, upstream: Upstream, rows: Sequence[Sequence[FinishedShard]], part: int = 0) -> Unit:
    """A unit that reads, of each upstream stage, the given shards."""
    return Unit(
        name=name,
        inputs={
            table: tuple(stage.uri(table, shard.name) for shard in shards)
            for stage, shards in zip(upstream, rows, strict=True)
            for table in stage.tables
        },
        digest=digest_of(shard.digest for shards in rows for shard in shards),
        size_bytes=sum(shard.size_bytes for shards in rows for shard in shards),
        part=part,
        pieces={
            table: tuple(shard.pieces[number] for shard in shards)
            for stage, shards in zip(upstream, rows, strict=True)
            for number, table in enumerate(stage.tables)
            if shards and all(shard.pieces and shard.pieces[number] for shard in shards)
        },
        seals={
            table: tuple(shard.seals[number] for shard in shards)
            for stage, shards in zip(upstream, rows, strict=True)
            for number, table in enumerate(stage.tables)
            if all(shard.seals for shard in shards)
        },
    )


def map_shards(upstream: Upstream) -> Iterable[Unit]:
    """One task per shard; the stages it needs must have the same shards."""
    return Units(lambda: (_unit(row[0].name, upstream, [[shard] for shard in row]) for row in _aligned(upstream)))


def map_some(is_wanted: Callable[[FinishedShard], bool]) -> Shape:
    """As `map_shards`, for the shards of the first stage that are wanted."""

    def shape(upstream: Upstream) -> Iterable[Unit]:
        return Units(
            lambda: (
                _unit(row[0].name, upstream, [[shard] for shard in row])
                for row in _aligned(upstream)
                if is_wanted(row[0])
            )
        )

    return shape


def _aligned(upstream: Upstream) -> Iterator[tuple[FinishedShard, ...]]:
    if len({len(stage.shards) for stage in upstream}) > 1:
        raise ValueError(f"stages to be read together have different shards: {[stage.folder for stage in upstream]}")
    for row in zip(*(stage.shards for stage in upstream), strict=True):
        if any(shard.name != row[0].name for shard in row[1:]):
            raise ValueError(f"stages to be read together have different shards: {[shard.name for shard in row]}")
        yield row


def cut_tokens(shard_tokens: int) -> Shape:
    """One task per `shard_tokens` tokens of a source, its shards read one after another: `NAME-00000` and on.

    Tokens count with those of documents that are taken down (`token_places`), so that a takedown moves no cut.

    A task reads the shards that its range of tokens touches; its `part` is where the range begins in them.
    The source is the part of a shard's name before the slash.
    """

    def shape(upstream: Upstream) -> list[Unit]:
        units = []
        for source, shards in _by_source(shard for shard in upstream[0].shards if shard.counts["token_places"]).items():
            ends = list(accumulate(shard.counts["token_places"] for shard in shards))
            for number in range(-(-ends[-1] // shard_tokens)):
                low, high = number * shard_tokens, (number + 1) * shard_tokens
                first, last = bisect_right(ends, low), bisect_left(ends, high)
                touched = shards[first : last + 1]
                part = low - (ends[first] - shards[first].counts["token_places"])
                unit = _unit(f"{source}-{number:05d}", upstream, [touched], part)
                units.append(replace(unit, digest=digest_of([unit.digest, str(part)])))
        return by_name(units)

    return shape


def by_name(units: Iterable[Unit]) -> list[Unit]:
    """Units in the order of their names."""
    return sorted(units, key=lambda unit: unit.name)


def _by_source(shards: Iterable[FinishedShard]) -> dict[str, list[FinishedShard]]:
    sources: dict[str, list[FinishedShard]] = {}
    for shard in shards:
        sources.setdefault(shard.name.split("/")[0], []).append(shard)
    return sources


def n_parts_of(stage: StageOutput) -> int:
    """Parts that the first table of a stage is dealt to; 0 if it has no shard."""
    return len(stage.shards[0].pieces[0]) // PACKED_BYTES if len(stage.shards) else 0


def combine_parts(upstream: Upstream) -> Iterable[Unit]:
    """The second half of an exchange: task `p` reads part `p` of every shard; the first stage was dealt to as many."""
    # All of them read the same shards, whose URIs are made once; the number distinguishes the parts.
    whole = _unit("", upstream, [stage.shards for stage in upstream])
    parts = n_parts_of(upstream[0])
    return Units(lambda: (replace(whole, name=f"part-{part:05d}", part=part) for part in range(parts)))


def dealing(shape: Shape, n_parts: Callable[[Upstream], int]) -> Shape:
    """The shape, of which every task deals what it writes to a number of parts that follows from what it reads.

    The number is in the digests, so that all tasks of an exchange deal to as many; it is in no fingerprint, since what
    comes out at the end does not depend on it.
    """

    def shape_that_deals(upstream: Upstream) -> Iterable[Unit]:
        parts, units = n_parts(upstream), shape(upstream)
        return Units(
            lambda: (replace(unit, n_parts=parts, digest=digest_of([unit.digest, f"to {parts}"])) for unit in units)
        )

    return shape_that_deals


def combine_source_parts(parts: int) -> Shape:
    """The second half of an exchange within each source: `NAME/part-00000` reads part 0 of every shard of it."""

    def shape(upstream: Upstream) -> list[Unit]:
        wholes = {source: _unit("", upstream, [shards]) for source, shards in _by_source(upstream[0].shards).items()}
        return by_name(
            replace(whole, name=f"{source}/part-{part:05d}", part=part)
            for source, whole in wholes.items()
            for part in range(parts)
        )

    return shape


def numbered(units: Iterable[Unit], first: int = 0) -> list[Unit]:
    """Returns the units with their position as their part, so that documents can be named by numbers."""
    return [
        replace(unit, part=number, digest=digest_of([unit.digest, str(number)]))
        for number, unit in enumerate(units, start=first)
    ]


def map_numbered(upstream: Upstream) -> list[Unit]:
    """As `map_shards`; each task knows its shard's number."""
    return numbered(map_shards(upstream))


def gather(name: str) -> Shape:
    """One task that reads every shard of every stage it needs."""

    def shape(upstream: Upstream) -> list[Unit]:
        return [_unit(name, upstream, [stage.shards for stage in upstream])]

    return shape


def with_gathered(shape: Shape) -> Shape:
    """The shape over all stages but the last, of which every task reads all shards as well: one gathered, or parts."""

    def shape_with_gathered(upstream: Upstream) -> Iterable[Unit]:
        *mapped, gathered = upstream
        whole = _unit("", [gathered], [gathered.shards])
        units = shape(mapped)
        return Units(
            lambda: (
                replace(
                    unit,
                    inputs={**unit.inputs, **whole.inputs},
                    digest=digest_of([unit.digest, whole.digest]),
                    pieces={**unit.pieces, **whole.pieces},
                    seals={**unit.seals, **whole.seals},
                )
                for unit in units
            )
        )

    return shape_with_gathered
