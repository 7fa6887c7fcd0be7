"""What other rules would change in a measured run, computed from its columns.

Text is read only for the few samples. Documents are counted before dedup: which of several copies survives is decided
after the rules, so some of the documents that a rule would bring back are duplicates of kept ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.tables.shards import read_columns
from manyo.filters.rules.comparison import (
    NEAREST,
    Alternative,
    Change,
    Pile,
    Sums,
    add_sums,
    compare,
    length_classes,
    named_classes,
    sums,
)
from manyo.filters.rules.decide import Rule
from manyo.pipelines.commands.measured_documents import MeasuredShard, read_columns_of
from manyo.pipelines.commands.shown_documents import ShownDocument, plain, show
from manyo.pipelines.commands.token_rates import USUAL, TokenRate
from manyo.pipelines.report.quantities import format_value

#: Number of hosts listed for each alternative.
HOSTS_LISTED = 10

#: Stands for the host of a document whose address names none.
NO_HOST = "(no host)"
_NOTHING = np.zeros(3, np.int64)


@dataclass(frozen=True, slots=True)
class Amounts:
    """Numbers of documents, of their characters, and of their tokens, which are estimated."""

    documents: int
    characters: int
    tokens: int


@dataclass(frozen=True, slots=True)
class GroupChange:
    """Documents of one source, length class or host that an alternative gains and loses."""

    name: str
    gained: Amounts
    lost: Amounts


@dataclass(frozen=True, slots=True)
class RuleCount:
    """One rule of an alternative.

    Attributes:
        rule: name of the rule.
        signal: the column that it tests.
        differs: whether the run does not have this rule with the same bounds.
        fails: number of documents that fail the rule.
        alone: number of those that fail no other rule.
    """

    rule: str
    signal: str
    differs: bool
    fails: int
    alone: int


@dataclass(frozen=True, slots=True)
class MovedRule:
    """The rule whose bound an alternative moves.

    Attributes:
        rule: name of the rule.
        signal: the column that it tests.
        threshold: the new bound; None if the bound is off and the other bound of the rule stays.
        fails: number of documents that fail the rule with this bound.
        alone: number of those that fail no other rule.
        also: other rules that the others fail, with the number of documents, the largest number first.
    """

    rule: str
    signal: str
    threshold: float | None
    fails: int
    alone: int
    also: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What one alternative would change.

    Attributes:
        label: name of the alternative.
        moved: the moved rule; None for another set of rules.
        kept: documents that the alternative keeps.
        gained, lost: documents that the alternative keeps and the run drops, and the reverse.
        by_source: changes of sources that have kept documents, in the order of their names.
        by_length: changes of length classes that have kept documents, the shortest first.
        by_host: changes of the most changed hosts, at most `HOSTS_LISTED`.
        n_hosts: number of all hosts that change.
        by_category: changes of the classes of each measured category, such as `register`, in the order of their names.
        rules: the rules of the alternative.
        inside, outside: the documents nearest to the threshold: kept, and dropped by the moved rule alone.
            Without a threshold: documents gained, and documents lost.
    """

    label: str
    moved: MovedRule | None
    kept: Amounts
    gained: Amounts
    lost: Amounts
    by_source: tuple[GroupChange, ...]
    by_length: tuple[GroupChange, ...]
    by_host: tuple[GroupChange, ...]
    n_hosts: int
    by_category: Mapping[str, tuple[GroupChange, ...]]
    rules: tuple[RuleCount, ...]
    inside: tuple[ShownDocument, ...]
    outside: tuple[ShownDocument, ...]

    def side_title(self, side: str) -> str:
        """The heading for the samples of `inside` or `outside`."""
        if self.moved is None or self.moved.threshold is None:
            return "Gained, samples" if side == "inside" else "Lost, samples"
        where = f"{self.moved.signal} {format_value(self.moved.threshold)}"
        if side == "inside":
            return f"Kept, just inside {where}"
        return f"Dropped by {self.moved.rule} alone, just outside {where}"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A comparison of alternatives with the rules of a run.

    Attributes:
        documents: all measured documents that may be released.
        kept: those that the rules of the run keep.
        changes: one for each alternative.
        rate: by which tokens are estimated.
    """

    documents: Amounts
    kept: Amounts
    changes: tuple[RuleChange, ...]
    rate: TokenRate


@dataclass(slots=True)
class _Tally:
    """The changes of one alternative, summed over shards."""

    gained: dict[str, Sums]
    lost: dict[str, Sums]
    fails: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    also: Counter[str] = field(default_factory=Counter)
    inside: list[tuple[MeasuredShard, Pile]] = field(default_factory=list)
    outside: list[tuple[MeasuredShard, Pile]] = field(default_factory=list)


def what_if(
    shards: Sequence[MeasuredShard],
    rules: Sequence[Rule],
    alternatives: Sequence[Alternative],
    n_samples: int,
    categories: Sequence[str] = (),
    rate: TokenRate = USUAL,
) -> WhatIf:
    """Compare alternatives with the rules of a run.

    Memory: the columns of one shard that rules test, about 100 bytes per document, and a counter for each host that
    gains or loses a document.

    Args:
        shards: shards of the run.
        rules: rules of the run.
        alternatives: rules to compare with them.
        n_samples: number of documents shown on each side of each threshold.
        categories: measured signals that name one.
        rate: by which tokens are estimated.

    Returns:
        The comparison, with one change for each alternative.

    Raises:
        ShardError: a shard cannot be read.
    """
    tried = (*rules, *(rule for other in alternatives for rule in other.rules))
    groups = ("source", "length", *categories)
    all_documents: dict[str, Sums] = {by: {} for by in groups}
    kept_now: dict[str, Sums] = {by: {} for by in groups}
    tallies = [_Tally({by: {} for by in ("host", *groups)}, {by: {} for by in ("host", *groups)}) for _ in alternatives]
    for shard in shards:
        documents, languages, signals = read_columns_of(
            shard, tried, ["source"], ["char_count", "size_bytes", *categories]
        )
        rows = np.flatnonzero(shard.permitted())
        if len(rows) < documents.num_rows:
            documents, languages, signals = (batch.take(pa.array(rows)) for batch in (documents, languages, signals))
        kept, changes = compare(languages, signals, documents.column("profile"), rules, alternatives)
        sizes = np.stack([signals.column(name).to_numpy() for name in ("char_count", "size_bytes")])
        labels = {"source": named_classes(documents.column("source")), "length": length_classes(sizes[0])}
        labels |= {by: named_classes(signals.column(by)) for by in categories}
        for by, (codes, names) in labels.items():
            add_sums(all_documents[by], sums(np.ones(len(kept), np.bool_), codes, names, sizes))
            add_sums(kept_now[by], sums(kept, codes, names, sizes))
        if any(change.gained.any() or change.lost.any() for change in changes):
            changed = np.flatnonzero(np.logical_or.reduce([change.gained | change.lost for change in changes]))
            labels["host"] = _hosts(shard, rows, changed)
        for tally, change in zip(tallies, changes, strict=True):
            _add(tally, change, shard, rows, labels, sizes)
    return WhatIf(
        documents=_amounts(_total(all_documents), rate),
        kept=_amounts(_total(kept_now), rate),
        changes=tuple(
            _change(alternative, tally, kept_now, rules, n_samples, rate)
            for alternative, tally in zip(alternatives, tallies, strict=True)
        ),
        rate=rate,
    )


def _hosts(shard: MeasuredShard, rows: np.ndarray, changed: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Labels of the hosts of the rows that change; the other rows have the first label."""
    uris = read_columns(shard.documents, ["uri"]).column("uri").take(pa.array(rows[changed]))
    found, names = named_classes(pc.fill_null(hosts(uris), NO_HOST))
    codes = np.zeros(len(rows), np.int64)
    codes[changed] = found
    return codes, names


def _add(
    tally: _Tally,
    change: Change,
    shard: MeasuredShard,
    rows: np.ndarray,
    labels: dict[str, tuple[np.ndarray, list[str]]],
    sizes: np.ndarray,
) -> None:
    for by, (codes, names) in labels.items():
        add_sums(tally.gained[by], sums(change.gained, codes, names, sizes))
        add_sums(tally.lost[by], sums(change.lost, codes, names, sizes))
    tally.fails.update(change.fails)
    tally.alone.update(change.alone)
    tally.also.update(change.also)
    tally.inside.append((shard, replace(change.inside, rows=rows[change.inside.rows])))
    tally.outside.append((shard, replace(change.outside, rows=rows[change.outside.rows])))


def _change(
    alternative: Alternative,
    tally: _Tally,
    kept_now: dict[str, Sums],
    rules: Sequence[Rule],
    n_samples: int,
    rate: TokenRate,
) -> RuleChange:
    gained, lost = _total(tally.gained), _total(tally.lost)
    rule = alternative.rule
    shown_rules = [rule] if rule is not None else alternative.rules
    by_host = _by_host(tally, rate)
    return RuleChange(
        label=alternative.label,
        moved=None if rule is None else _moved(alternative, rule, tally),
        kept=_amounts(_total(kept_now) + gained - lost, rate),
        gained=_amounts(gained, rate),
        lost=_amounts(lost, rate),
        by_source=_by(
            tally, kept_now, "source", sorted(kept_now["source"].keys() | tally.gained["source"].keys()), rate
        ),
        by_length=_by(tally, kept_now, "length", length_classes(np.zeros(0, np.int64))[1], rate),
        by_host=by_host[:HOSTS_LISTED],
        n_hosts=len(by_host),
        by_category={
            by: _by(tally, kept_now, by, sorted(kept_now[by].keys() | tally.gained[by].keys()), rate)
            for by in kept_now
            if by not in ("source", "length")
        },
        rules=tuple(
            RuleCount(one.name, one.signal, one not in rules, tally.fails[one.name], tally.alone[one.name])
            for one in alternative.rules
        ),
        inside=_samples(tally.inside, shown_rules, n_samples),
        outside=_samples(tally.outside, shown_rules, n_samples),
    )


def _moved(alternative: Alternative, rule: Rule, tally: _Tally) -> MovedRule:
    return MovedRule(
        rule=rule.name,
        signal=rule.signal,
        threshold=alternative.threshold,
        fails=tally.fails[rule.name],
        alone=tally.alone[rule.name],
        also=tuple((name, count) for name, count in tally.also.most_common() if count),
    )


def _by(
    tally: _Tally, kept_now: dict[str, Sums], by: str, names: Iterable[str], rate: TokenRate
) -> tuple[GroupChange, ...]:
    changes = []
    for name in names:
        now, gained, lost = (amounts[by].get(name, _NOTHING) for amounts in (kept_now, tally.gained, tally.lost))
        if now.any() or gained.any():
            changes.append(GroupChange(name, _amounts(gained, rate), _amounts(lost, rate)))
    return tuple(changes)


def _by_host(tally: _Tally, rate: TokenRate) -> tuple[GroupChange, ...]:
    """The changes of all hosts, the most changed first."""
    gained, lost = tally.gained["host"], tally.lost["host"]
    changes = [
        GroupChange(plain(host), _amounts(gained.get(host, _NOTHING), rate), _amounts(lost.get(host, _NOTHING), rate))
        for host in sorted(gained.keys() | lost.keys())
    ]
    return tuple(sorted(changes, key=lambda change: -(change.gained.documents + change.lost.documents)))


def _total(by: dict[str, Sums]) -> np.ndarray:
    total: np.ndarray = sum(by["source"].values(), _NOTHING)
    return total


def _amounts(amounts: np.ndarray, rate: TokenRate) -> Amounts:
    documents, characters, size_bytes = (int(amount) for amount in amounts)
    return Amounts(documents, characters, rate.tokens(size_bytes))


def _samples(
    piles: Sequence[tuple[MeasuredShard, Pile]], rules: Sequence[Rule], count: int
) -> tuple[ShownDocument, ...]:
    """The documents nearest to the threshold in all shards, the nearest first; at most `NEAREST` of them are known."""
    near = _join(piles, min(count, NEAREST))
    return tuple(show([(shard, row) for _, _, shard, row in near], rules))


def _join(piles: Sequence[tuple[MeasuredShard, Pile]], count: int) -> list[tuple[float, int, MeasuredShard, int]]:
    """The nearest documents of the piles of several shards, as (distance, key, shard, row)."""
    rows = [
        (distance, key, number, row)
        for number, (_, pile) in enumerate(piles)
        for distance, key, row in zip(pile.distances.tolist(), pile.keys.tolist(), pile.rows.tolist(), strict=True)
    ]
    return [(distance, key, piles[number][0], row) for distance, key, number, row in sorted(rows)[:count]]
