"""`manyo inspect`: documents that the rules keep, that one rule drops, or that stand near a threshold.

The documents are chosen by the order of their ids, which are digests: a random sample, and the same one
every time. The rules of the configuration decide anew from the measured columns, so that a threshold can
be moved in the file and looked at without running anything.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from rich.console import Console

from manyo.filters.rules.comparison import Alternative, id_keys
from manyo.filters.rules.decide import Rule, failures
from manyo.pipelines.commands.documents import MeasuredShard, Shown, print_document, print_total, read_columns_of, show
from manyo.pipelines.commands.whatif import side_title, what_if


def choose(
    shards: Sequence[MeasuredShard], rules: Sequence[Rule], reason: str | None, count: int
) -> tuple[list[Shown], int]:
    """Documents that a rule drops, or that every rule keeps.

    Args:
        shards: of the run.
        rules: of the configuration.
        reason: name of the rule; None for kept documents.
        count: how many are shown.

    Returns:
        The documents, and how many there are of the kind.

    Raises:
        ValueError: there is no such rule.
        ShardError: a shard cannot be read.
    """
    tried = [rule for rule in rules if reason in (None, rule.name)]
    if not tried and reason is not None:
        raise ValueError(f"no rule {reason!r}; there are {', '.join(rule.name for rule in rules)}")
    found: list[tuple[int, int, int]] = []
    total = 0
    for place, shard in enumerate(shards):
        documents, languages, signals = read_columns_of(shard, tried)
        fails = failures(languages, signals, documents.column("profile"), tried).any(axis=1)
        rows = np.flatnonzero((fails if reason is not None else ~fails) & shard.permitted())
        total += len(rows)
        keys = id_keys(documents.column("doc_id"))[rows]
        first = np.argsort(keys, kind="stable")[:count]
        found += [(int(keys[i]), place, int(rows[i])) for i in first]
    chosen = [(shards[place], row) for _, place, row in sorted(found)[:count]]
    return show(chosen, rules), total


def print_chosen(console: Console, documents: Sequence[Shown], total: int, kind: str) -> None:
    """Print documents for a terminal or a pipe."""
    print_total(console, f"that are {kind}", total, len(documents))
    for place, document in enumerate(documents, start=1):
        print_document(console, document, str(place))


def print_near(
    console: Console, shards: Sequence[MeasuredShard], rules: Sequence[Rule], near: Alternative, count: int
) -> None:
    """Print the documents on either side of a threshold."""
    (row,) = what_if(shards, rules, [near], count)["alternatives"]
    for side in ("inside", "outside"):
        console.print(f"{side_title(row, side)}: {len(row[side])}")
        console.print()
        for place, document in enumerate(row[side], start=1):
            print_document(console, document, str(place))
