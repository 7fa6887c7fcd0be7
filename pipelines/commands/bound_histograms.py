"""Counts over a whole run from which the effect of any one bound can be read, and a sample for several at once.

For each bound of each rule, the documents that pass every other rule are counted by class of the rule's signal
(`manyo.filters.rules.scales`), and by source, length and host. What a moved bound gains or loses is a sum of classes,
and equals what `manyo whatif` counts. For several bounds the page decides about a uniform sample, which has the values
of all signals that rules test.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.doc_ids import id_heads
from manyo.filters.rules.comparison import length_classes
from manyo.filters.rules.decide import PROFILES, RULE_COLUMNS, Rule, asked, failures, is_share
from manyo.filters.rules.scales import Scale, choose_scale
from manyo.pipelines.commands.measured_documents import MeasuredShard, read_columns_of
from manyo.pipelines.commands.rule_changes import NO_HOST

#: Hosts that are counted one by one; the others are counted together.
N_HOSTS = 200

#: Documents of the uniform sample: the 95 % interval of a fraction is then 0.7 percentage points at most on each side.
N_UNIFORM = 20_000

#: Scales, and the hosts that are counted one by one, are chosen from at most so many shards.
_SHARDS_LOOKED_AT = 32

#: Scales are chosen from about so many values: an end of a scale, which 2 in 1,000 lie beyond, is then sure to a tenth.
_VALUES_LOOKED_AT = 200_000

#: Name of the hosts that are counted together; no host has it.
OTHER_HOSTS = "(other hosts)"

#: By what the counts are split.
GROUPS = ("source", "length", "host")


@dataclass(frozen=True, slots=True)
class Bound:
    """One bound of one rule: what the page can move.

    Attributes:
        rule: the rule.
        side: "minimum" or "maximum".
    """

    rule: Rule
    side: str

    @property
    def value(self) -> float:
        """Where the bound is."""
        value = self.rule.minimum if self.side == "minimum" else self.rule.maximum
        assert value is not None
        return value

    def passes_other(self, values: np.ndarray) -> np.ndarray:
        """bool (n_docs,), which values pass the other bound of the rule, if it has one."""
        if self.side == "minimum":
            return np.ones(len(values), np.bool_) if self.rule.maximum is None else values <= self.rule.maximum
        return np.ones(len(values), np.bool_) if self.rule.minimum is None else values >= self.rule.minimum


def bounds_of(rules: Sequence[Rule]) -> list[Bound]:
    """Every bound that could be moved, in the order of the rules."""
    return [
        Bound(rule, side)
        for rule in rules
        for side in ("minimum", "maximum")
        if getattr(rule, side) is not None and np.isfinite(getattr(rule, side))
    ]


@dataclass(frozen=True, slots=True)
class Uniform:
    """Documents drawn with equal chances: the first by their ids, which are digests.

    Attributes:
        values: signal → (n,), of the column's type.
        profiles, sources, lengths: int64 (n,), indices into `PROFILES`, and into the names of the counts.
        sizes: int64 (2, n), characters and bytes.
    """

    values: Mapping[str, np.ndarray]
    profiles: np.ndarray
    sources: np.ndarray
    lengths: np.ndarray
    sizes: np.ndarray


@dataclass(slots=True)
class RunCounts:
    """What is counted over all measured documents that may be released.

    Attributes:
        signals: the numeric columns of the run, in the order of `RULE_COLUMNS`.
        scales: the scale of each signal.
        bounds: every bound, in the order of the rules.
        names: the names that `GROUPS` are split into.
        documents, kept: group → int64 (n_names, 3), documents, characters and bytes.
        by_class: signal → int64 (2, n_classes, n_sources), all documents and kept ones.
        by_bound: for each bound, group → int64 (n_classes, n_names, 3), the documents that pass every other rule.
        fails, alone: documents that each rule drops, and that it drops alone.
        uniform: the sample.
    """

    signals: tuple[str, ...]
    scales: dict[str, Scale]
    bounds: list[Bound]
    names: dict[str, list[str]]
    documents: dict[str, np.ndarray]
    kept: dict[str, np.ndarray]
    by_class: dict[str, np.ndarray]
    by_bound: list[dict[str, np.ndarray]]
    fails: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    uniform: Uniform | None = None


@cache
def unbounded(signals: tuple[str, ...]) -> tuple[Rule, ...]:
    """A rule for each signal that every document passes, to read the signal as those of rules are read."""
    return tuple(Rule(name, PROFILES, name, -math.inf, None, "", "", "") for name in signals)


class _Batch:
    """The documents of one shard that may be released, with the columns that are counted."""

    def __init__(self, shard: MeasuredShard, rules: Sequence[Rule], signals: Sequence[str]) -> None:
        documents, languages, measured = read_columns_of(
            shard, (*rules, *unbounded(tuple(signals))), ("doc_id", "source", "uri"), ("char_count", "size_bytes")
        )
        rows = pa.array(np.flatnonzero(shard.permitted()))
        if len(rows) < documents.num_rows:
            documents, languages, measured = (batch.take(rows) for batch in (documents, languages, measured))
        self.documents, self.languages, self.signals = documents, languages, measured
        sizes = [measured.column(name).to_numpy() for name in ("char_count", "size_bytes")]
        self.sizes = np.stack([np.ones(len(sizes[0]), np.int64), *sizes])
        self.keys = id_heads(documents.column("doc_id"))

    @cached_property
    def hosts(self) -> pa.Array:
        """The host of each document, or `NO_HOST`."""
        return pc.fill_null(hosts(self.documents.column("uri")), NO_HOST)

    def values(self, signal: str) -> np.ndarray:
        """The values of one column."""
        batch = self.languages if signal in self.languages.schema.names else self.signals
        values: np.ndarray = batch.column(signal).to_numpy(zero_copy_only=False)
        return values

    def codes(self, names: Mapping[str, Sequence[str]]) -> dict[str, np.ndarray]:
        """For each group, the place of each document among its names."""
        return {
            "source": _places(self.documents.column("source"), names["source"]),
            "length": length_classes(self.sizes[1])[0],
            "host": _places(self.hosts, names["host"]),
        }


def _places(column: pa.Array, names: Sequence[str]) -> np.ndarray:
    """int64 (n,), the place of each value among the names; the last place for one that is not among them."""
    found = pc.fill_null(pc.index_in(column.cast(pa.string()), value_set=pa.array(names, pa.string())), len(names) - 1)
    places: np.ndarray = found.to_numpy(zero_copy_only=False).astype(np.int64)
    return places


def count_run(
    shards: Sequence[MeasuredShard], rules: Sequence[Rule], sources: Sequence[str], signals: Sequence[str]
) -> RunCounts:
    """Count a whole run, a shard at a time.

    Memory: the columns of one shard, and about 700 kB for each bound.

    Args:
        shards: shards of the run.
        rules: rules of the run.
        sources: names of all sources, in the order in which they are shown.
        signals: the columns that have histograms; those that rules test are among them.

    Raises:
        ShardError: a shard cannot be read.
    """
    counts = _nothing(shards, bounds_of(rules), sources, signals)
    tested = sorted({rule.signal for rule in rules})
    drawn = _no_sample(counts, tested)
    for shard in shards:
        batch = _Batch(shard, rules, signals)
        codes = batch.codes(counts.names)
        _add(counts, batch, codes, rules)
        drawn = _first(drawn, _sample(batch, codes, tested))
    counts.uniform = Uniform(
        {name: drawn[name] for name in tested},
        drawn["#profile"],
        drawn["#source"],
        drawn["#length"],
        np.stack([drawn["#characters"], drawn["#bytes"]]),
    )
    return counts


def _nothing(
    shards: Sequence[MeasuredShard], bounds: Sequence[Bound], sources: Sequence[str], signals: Sequence[str]
) -> RunCounts:
    """Counts of no document, with the scales and the hosts that fit the run."""
    looked_at = shards[:: max(1, math.ceil(len(shards) / _SHARDS_LOOKED_AT))]
    values: dict[str, list[np.ndarray]] = {name: [] for name in signals}
    of_hosts: Counter[str] = Counter()
    for shard in looked_at:
        batch = _Batch(shard, (), signals)
        every = max(1, len(batch.keys) * len(looked_at) // _VALUES_LOOKED_AT)
        for name in signals:
            values[name].append(batch.values(name)[::every])
        found = pc.value_counts(batch.hosts)
        of_hosts.update(dict(zip(found.field("values").to_pylist(), found.field("counts").to_pylist(), strict=True)))
    names = {
        "source": list(sources),
        "length": length_classes(np.zeros(0, np.int64))[1],
        "host": [*(host for host, _ in of_hosts.most_common(N_HOSTS)), OTHER_HOSTS],
    }
    scales = {}
    for name in signals:
        limits = [bound.value for bound in bounds if bound.rule.signal == name]
        column = RULE_COLUMNS[name]
        seen = np.concatenate(values[name]) if values[name] else np.zeros(0, column.type.to_pandas_dtype())
        scales[name] = choose_scale(seen, limits, is_share(column))

    def empty(signal: str, *more: int) -> np.ndarray:
        return np.zeros((len(scales[signal].edges) + 1, *more), np.int64)

    return RunCounts(
        signals=tuple(signals),
        scales=scales,
        bounds=list(bounds),
        names=names,
        documents={group: np.zeros((len(names[group]), 3), np.int64) for group in GROUPS},
        kept={group: np.zeros((len(names[group]), 3), np.int64) for group in GROUPS},
        by_class={name: np.stack([empty(name, len(sources))] * 2) for name in signals},
        by_bound=[{group: empty(bound.rule.signal, len(names[group]), 3) for group in GROUPS} for bound in bounds],
    )


def _add(counts: RunCounts, batch: _Batch, codes: Mapping[str, np.ndarray], rules: Sequence[Rule]) -> None:
    """Count one shard."""
    failed = failures(batch.languages, batch.signals, batch.documents.column("profile"), rules)
    n_failed = failed.sum(axis=1)
    kept = n_failed == 0
    for place, rule in enumerate(rules):
        counts.fails[rule.name] += int(failed[:, place].sum())
        counts.alone[rule.name] += int((failed[:, place] & (n_failed == 1)).sum())
    for group in GROUPS:
        n_names = len(counts.names[group])
        counts.documents[group] += _sums(codes[group], batch.sizes, n_names)
        counts.kept[group] += _sums(codes[group][kept], batch.sizes[:, kept], n_names)
    n_sources = len(counts.names["source"])
    classes_of = {name: counts.scales[name].classes(batch.values(name), "minimum") for name in counts.signals}
    for name, classes in classes_of.items():
        by_class = counts.by_class[name]
        of = classes * n_sources + codes["source"]
        for chosen, total in zip((of, of[kept]), by_class, strict=True):
            total += np.bincount(chosen, minlength=total.size).reshape(total.shape)
    of_profile = asked(batch.documents.column("profile"), rules)
    for bound, total in zip(counts.bounds, counts.by_bound, strict=True):
        place = next(i for i, rule in enumerate(rules) if rule is bound.rule)
        values = batch.values(bound.rule.signal)
        passes = bound.passes_other(values)
        rows = np.flatnonzero((n_failed == failed[:, place]) & of_profile[place] & passes)
        if bound.side == "minimum":
            classes = classes_of[bound.rule.signal][rows]
        else:
            classes = counts.scales[bound.rule.signal].classes(values[rows], bound.side)
        for group in GROUPS:
            n_names = len(counts.names[group])
            amounts = _sums(classes * n_names + codes[group][rows], batch.sizes[:, rows], total[group].size // 3)
            total[group] += amounts.reshape(total[group].shape)


def _sums(codes: np.ndarray, sizes: np.ndarray, n_codes: int) -> np.ndarray:
    """int64 (n_codes, 3), documents, characters and bytes by code; sums of float64 are exact up to 2**53."""
    documents = np.bincount(codes, minlength=n_codes)  # each counts as one
    amounts = (np.bincount(codes, weights=row, minlength=n_codes) for row in sizes[1:])
    return np.stack([documents, *amounts], axis=1).astype(np.int64)


#: Columns of a sample: "#key" and the others with #, then signals.
_Sample = dict[str, np.ndarray]


def _no_sample(counts: RunCounts, tested: Sequence[str]) -> _Sample:
    of_signals = {name: np.zeros(0, counts.scales[name].dtype) for name in tested}
    others = ("#profile", "#source", "#length", "#characters", "#bytes")
    return {"#key": np.zeros(0, np.uint64), **{name: np.zeros(0, np.int64) for name in others}, **of_signals}


def _sample(batch: _Batch, codes: Mapping[str, np.ndarray], tested: Sequence[str]) -> _Sample:
    """The first documents of one shard by their ids."""
    rows = np.argsort(batch.keys, kind="stable")[:N_UNIFORM]
    return {
        "#key": batch.keys[rows],
        "#profile": _places(batch.documents.column("profile"), PROFILES)[rows],
        "#source": codes["source"][rows],
        "#length": codes["length"][rows],
        "#characters": batch.sizes[1][rows],
        "#bytes": batch.sizes[2][rows],
        **{name: batch.values(name)[rows] for name in tested},
    }


def _first(one: _Sample, other: _Sample) -> _Sample:
    """The first documents of two samples."""
    joined = {name: np.concatenate([column, other[name]]) for name, column in one.items()}
    rows = np.argsort(joined["#key"], kind="stable")[:N_UNIFORM]
    return {name: column[rows] for name, column in joined.items()}
