"""What other rules would do to documents that are already measured.

The run's rules and any number of alternatives decide about the same columns in one pass. What an alternative changes is
reported as sums: documents, characters and bytes gained and lost, by source, host and length. Sums of two batches add
up, so a corpus of any size is compared shard by shard.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.doc_ids import id_heads
from manyo.filters.rules.decide import Rule, failures

#: Lower edges of the length classes, in characters: Uzushio begins at 200, Swallow v1 at 400.
LENGTH_EDGES = np.array([0, 200, 400, 1_000, 3_000, 10_000, 100_000], np.int64)

#: Samples come from this many documents next to a threshold, so that a reader sees more than a single odd one.
NEAREST = 50

#: Key → int64 (3,), documents, characters and bytes.
Sums = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Rules to compare with those of the run.

    Attributes:
        label: its name in reports.
        rules: all of its rules.
        rule: the one rule whose bound was moved, as it is in `rules`; None where it is gone, or where all rules differ.
        threshold: the new value of its bound; None where it is off.
    """

    label: str
    rules: tuple[Rule, ...]
    rule: Rule | None = None
    threshold: float | None = None


@dataclass(frozen=True, slots=True)
class Pile:
    """The documents of a batch that are nearest to a threshold, or any documents where there is no threshold.

    Attributes:
        rows: int64 (n,), their rows.
        distances: float64 (n,), from the threshold, in the unit of the signal.
        keys: uint64 (n,), the first eight bytes of their ids, which order them at random.
    """

    rows: np.ndarray
    distances: np.ndarray
    keys: np.ndarray


@dataclass(frozen=True, slots=True)
class Change:
    """What one alternative changes in one batch.

    Attributes:
        gained: bool (n_docs,), dropped by the run's rules and kept by the alternative's.
        lost: bool (n_docs,), the reverse.
        fails: documents that fail each of its rules.
        alone: documents that fail this rule and no other of its rules.
        also: of the documents that fail its moved rule, how many fail each other rule too; empty without a moved rule.
        inside: kept documents just inside the moved bound; without a moved rule, gained documents.
        outside: documents just outside of it that only this rule drops; without a moved rule, lost documents.
    """

    gained: np.ndarray
    lost: np.ndarray
    fails: Mapping[str, int]
    alone: Mapping[str, int]
    also: Mapping[str, int]
    inside: Pile
    outside: Pile


def move_bound(rules: Sequence[Rule], name: str, bound: str, value: float | None) -> Alternative:
    """The same rules with one bound moved.

    Args:
        rules: of the run.
        name: of the rule.
        bound: "minimum" or "maximum".
        value: the new one; None removes the bound, and with its last bound the rule.

    Raises:
        ValueError: there is no such rule, or the new bounds exclude each other.
    """
    moved = next((rule for rule in rules if rule.name == name), None)
    if moved is None:
        raise ValueError(f"no rule {name!r}; the rules are {', '.join(rule.name for rule in rules)}")
    label = f"{name}: {bound} {'off' if value is None else format(value, 'g')}"
    other_bound = moved.maximum if bound == "minimum" else moved.minimum
    if value is None and other_bound is None:
        return Alternative(label, tuple(rule for rule in rules if rule is not moved))
    minimum, maximum = (value, moved.maximum) if bound == "minimum" else (moved.minimum, value)
    new = replace(moved, minimum=minimum, maximum=maximum)
    return Alternative(label, tuple(new if rule is moved else rule for rule in rules), new, value)


def compare(
    languages: pa.RecordBatch,
    signals: pa.RecordBatch,
    profiles: pa.Array,
    rules: Sequence[Rule],
    alternatives: Sequence[Alternative],
) -> tuple[np.ndarray, list[Change]]:
    """Decide by the run's rules and by every alternative's.

    Args:
        languages, signals, profiles: as for `manyo.filters.rules.decide.failures`, the batches with the same `doc_id`s.
        rules: of the run.
        alternatives: a rule that several of them share is evaluated once.

    Returns:
        bool (n_docs,), kept by the run's rules; and the change of each alternative.

    Raises:
        ValueError: as `manyo.filters.rules.decide.failures`.
    """
    tests: dict[Rule, int] = {}
    for tried in (*rules, *(rule for alternative in alternatives for rule in alternative.rules)):
        tests.setdefault(tried, len(tests))
    # One contiguous row per rule: sums over rules are then additions of whole rows.
    failed = np.ascontiguousarray(failures(languages, signals, profiles, list(tests)).T)
    keys = id_heads(signals.column("doc_id"))
    dropped = _n_failed(failed, [tests[rule] for rule in rules]) > 0
    changes = []
    for alternative in alternatives:
        n_failed = _n_failed(failed, [tests[rule] for rule in alternative.rules])
        gained, lost = dropped & (n_failed == 0), ~dropped & (n_failed > 0)
        rows = {rule.name: failed[tests[rule]] for rule in alternative.rules}
        once = n_failed == 1
        rule, threshold = alternative.rule, alternative.threshold
        if rule is None or threshold is None:
            inside, outside = _pile(gained, np.zeros(len(gained)), keys), _pile(lost, np.zeros(len(lost)), keys)
            also = {}
        else:
            fails = failed[tests[rule]]
            batch = languages if rule.signal in languages.schema.names else signals
            distances = np.abs(batch.column(rule.signal).to_numpy(zero_copy_only=False).astype(np.float64) - threshold)
            of_profile = pc.is_in(profiles.cast(pa.string()), pa.array(rule.profiles)).to_numpy(zero_copy_only=False)
            inside = _pile((n_failed == 0) & of_profile, distances, keys)
            outside = _pile(fails & once, distances, keys)
            also = {name: int(np.count_nonzero(row & fails)) for name, row in rows.items() if name != rule.name}
        changes.append(
            Change(
                gained=gained,
                lost=lost,
                fails={name: int(np.count_nonzero(row)) for name, row in rows.items()},
                alone={name: int(np.count_nonzero(row & once)) for name, row in rows.items()},
                also=also,
                inside=inside,
                outside=outside,
            )
        )
    return ~dropped, changes


def nearest(pile: Pile, count: int) -> Pile:
    """The nearest documents of a pile; of equally near ones those with the smallest keys, in whatever row."""
    order = np.lexsort((pile.keys, pile.distances))[:count]
    return Pile(pile.rows[order], pile.distances[order], pile.keys[order])


def add_sums(total: Sums, more: Mapping[str, np.ndarray]) -> None:
    """Add sums key by key; a key that `total` lacks counts as zero there."""
    for key, amounts in more.items():
        total[key] = total[key] + amounts if key in total else amounts


def sums(chosen: np.ndarray, labels: np.ndarray, names: Sequence[str], sizes: np.ndarray) -> Sums:
    """Documents, characters and bytes of the chosen rows, by label.

    Args:
        chosen: bool (n_docs,).
        labels: int (n_docs,), indices into `names`.
        names: of the labels.
        sizes: int64 (2, n_docs), characters and bytes.

    Returns:
        The sums of each label that any chosen row has.
    """
    rows = np.flatnonzero(chosen)
    of = labels[rows]
    amounts = np.empty((3, len(names)), np.int64)
    amounts[0] = np.bincount(of, minlength=len(names))
    # Sums of float64 are exact up to 2**53, nine petabytes of text.
    for row, size in zip(amounts[1:], sizes, strict=True):
        row[:] = np.bincount(of, weights=size[rows], minlength=len(names))
    return {name: amounts[:, i] for i, name in enumerate(names) if amounts[0, i]}


def named_classes(column: pa.Array) -> tuple[np.ndarray, list[str]]:
    """The class of each document that a column of names tells apart, and the names of the classes."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def length_classes(char_counts: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The length class of each document, and the names of the classes."""
    upper = [f"{edge:,}" for edge in LENGTH_EDGES[1:]]
    names = [f"{low:,} to {high}" for low, high in zip(LENGTH_EDGES[:-1], upper, strict=True)]
    return np.searchsorted(LENGTH_EDGES, char_counts, side="right") - 1, [*names, f"{LENGTH_EDGES[-1]:,} and more"]


def _n_failed(failed: np.ndarray, rows: Sequence[int]) -> np.ndarray:
    """uint16 (n_docs,), how many of the rules each document fails."""
    n_failed = np.zeros(failed.shape[1], np.uint16)
    for row in rows:
        n_failed += failed[row]
    return n_failed


def _pile(chosen: np.ndarray, distances: np.ndarray, keys: np.ndarray) -> Pile:
    rows = np.flatnonzero(chosen)
    near = distances[rows]
    if len(rows) > NEAREST:
        # Ties at the limit stay in, so that the choice among them is by key and not by where a batch was cut.
        limit = np.partition(near, NEAREST - 1)[NEAREST - 1]
        rows, near = rows[near <= limit], near[near <= limit]
    return nearest(Pile(rows, near, keys[rows]), NEAREST)
