"""The stratified sample of `manyo view`: kept, dropped by each reason, near each bound, duplicates, refused pages.

Within a stratum, documents are drawn by a digest of their id and the seed. A document that several strata draw is shown
once and names them all.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.release import survives_dedup
from manyo.corpus.tables.shards import read_columns
from manyo.corpus.takedowns import join_takedowns, read_takedowns
from manyo.filters.rules.comparison import compare, move_bound
from manyo.filters.rules.decide import Rule, failures
from manyo.pipelines.commands.bound_histograms import bounds_of
from manyo.pipelines.commands.measured_documents import MeasuredShard, read_columns_of

#: Names of strata; of refused pages, what stands before the reason.
KEPT, DUPLICATE, REFUSED = "kept", "duplicate", "refused "

#: Constants of SplitMix64, which makes of an id and a seed a number that looks random (Steele and others, 2014).
_GOLDEN, _MIX_1, _MIX_2 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many documents each stratum has at most.

    Attributes:
        kept, duplicate: kept documents, and removed duplicates.
        reason: documents that one rule drops.
        near: documents on each side of one bound.
        refused: pages refused for one reason.
    """

    kept: int
    duplicate: int
    reason: int
    near: int
    refused: int


@dataclass(slots=True)
class Sample:
    """The places of what was drawn.

    Attributes:
        documents: (number of the shard, row) → names of the strata that drew it.
        refused: (number of the shard, row) → reason.
        strata: stratum → how many documents of the run it was drawn from. Strata near a bound are drawn from the
            nearest documents of each shard (`manyo.filters.rules.comparison.NEAREST`).
    """

    documents: dict[tuple[int, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    strata: Counter[str] = field(default_factory=Counter)


def draw_order(heads: np.ndarray, seed: int) -> np.ndarray:
    """uint64 (n,), the order in which documents are drawn.

    Args:
        heads: uint64 (n,), the first bytes of their ids.
        seed: of the sample.
    """
    mixed = heads + _GOLDEN * np.uint64(seed % 2**64)
    for factor, shift in ((_MIX_1, 30), (_MIX_2, 27)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * factor
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def draw(
    shards: Sequence[MeasuredShard],
    duplicates: Sequence[str | None],
    refused: Sequence[str],
    rules: Sequence[Rule],
    sizes: Sizes,
    seed: int,
) -> Sample:
    """Draw the sample, a shard at a time.

    Args:
        shards: shards of the run.
        duplicates: for each, the URI of its shard of `duplicates`; None before dedup.
        refused: for each, the URI of its shard of `refused`.
        rules: rules of the run.
        sizes: of the strata.
        seed: of the draw.

    Raises:
        ShardError: a shard cannot be read.
    """
    sample = Sample()
    strata = _Strata(sample.strata)
    alternatives = [move_bound(rules, bound.rule.name, bound.side, bound.value) for bound in bounds_of(rules)]
    for number, (shard, duplicate, refused_uri) in enumerate(zip(shards, duplicates, refused, strict=True)):
        documents, languages, signals = read_columns_of(shard, rules, ("doc_id",))
        rows = np.flatnonzero(shard.permitted())
        documents, languages, signals = (batch.take(pa.array(rows)) for batch in (documents, languages, signals))
        order = draw_order(id_heads(documents.column("doc_id")), seed)
        strata.enter(number, rows, order)
        failed = failures(languages, signals, documents.column("profile"), rules)
        kept = ~failed.any(axis=1)
        if duplicate is not None:
            survives = survives_dedup(read_columns(duplicate, ["kept"]))[rows]
            strata.draw(DUPLICATE, np.asarray(kept & ~survives), sizes.duplicate)
            kept = np.asarray(kept & survives)
        strata.draw(KEPT, np.asarray(kept), sizes.kept)
        for place, rule in enumerate(rules):
            strata.draw(rule.name, failed[:, place], sizes.reason)
        _, changes = compare(languages, signals, documents.column("profile"), rules, alternatives)
        for alternative, change in zip(alternatives, changes, strict=True):
            for side, pile in (("inside", change.inside), ("outside", change.outside)):
                strata.add(f"{side} {alternative.label}", pile.rows, pile.distances, sizes.near)
        for reason, chosen, keys in _refused_pages(shard, refused_uri):
            strata.enter(number, np.arange(len(keys)), draw_order(keys, seed))
            strata.draw(REFUSED + reason, chosen, sizes.refused)
    for name, drawn in strata.drawn.items():
        for _, _, number, row in drawn:
            if name.startswith(REFUSED):
                sample.refused[number, row] = name.removeprefix(REFUSED)
            else:
                sample.documents[number, row].append(name)
    return sample


class _Strata:
    """What is drawn so far: for each stratum, its nearest or first documents."""

    def __init__(self, sizes: Counter[str]) -> None:
        self.drawn: dict[str, list[tuple[float, int, int, int]]] = defaultdict(list)
        self._sizes = sizes
        self._number, self._rows, self._order = 0, np.zeros(0, np.int64), np.zeros(0, np.uint64)

    def enter(self, number: int, rows: np.ndarray, order: np.ndarray) -> None:
        """Go on with another table.

        Args:
            number: of its shard.
            rows: int64 (n,), the rows of the table that may be drawn.
            order: uint64 (n,), `draw_order` of them.
        """
        self._number, self._rows, self._order = number, rows, order

    def draw(self, name: str, chosen: np.ndarray, count: int) -> None:
        """Draw from the chosen ones, bool (n,), whatever their values are."""
        of_name = np.flatnonzero(chosen)
        first = of_name[np.argsort(self._order[of_name], kind="stable")[:count]]
        self._merge(name, first, np.zeros(len(first)), count)
        self._sizes[name] += len(of_name)

    def add(self, name: str, places: np.ndarray, distances: np.ndarray, count: int) -> None:
        """Keep the nearest of some places among the rows."""
        self._merge(name, places, distances, count)
        self._sizes[name] += len(places)

    def _merge(self, name: str, places: np.ndarray, distances: np.ndarray, count: int) -> None:
        order, rows = self._order[places].tolist(), self._rows[places].tolist()
        more = zip(distances.tolist(), order, [self._number] * len(rows), rows, strict=True)
        self.drawn[name] = heapq.nsmallest(count, [*self.drawn[name], *more])


def _refused_pages(shard: MeasuredShard, uri: str) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield each reason, bool (n_pages,) which pages have it, and the first bytes of their ids.

    Pages on a takedown list, and those that are not selected, have none.
    """
    batch = read_columns(uri, ["doc_id", "uri", "source", "reason"])
    if not batch.num_rows:
        return
    taken = np.zeros(batch.num_rows, np.bool_)
    if shard.takedowns:
        found = join_takedowns(map(read_takedowns, shard.takedowns)).finder().find(batch).column("doc_id")
        taken = pc.is_in(batch.column("doc_id"), value_set=found).to_numpy(zero_copy_only=False)
    reasons = np.array(batch.column("reason").cast(pa.string()).to_pylist(), object)
    keys, selected = id_heads(batch.column("doc_id")), shard.selection.mask(batch)
    for reason in sorted(set(reasons)):
        yield reason, (reasons == reason) & ~taken & selected, keys


def rows_by_shard(places: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    """The rows to read of each shard, ascending."""
    rows: dict[int, list[int]] = defaultdict(list)
    for number, row in sorted(places):
        rows[number].append(row)
    return rows
