"""Histograms of the signals that rules bound, as counters that add up over shards.

A shard does not know the values of the others, so the classes follow from the bounds of a rule alone
(`manyo.filters.rules.scales.scale_around`): what lies near a bound is seen, the rest is in the classes at both ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow.compute as pc

from manyo.filters.rules.decide import RULE_COLUMNS, Rule, is_share
from manyo.filters.rules.scales import Scale, scale_around
from manyo.pipelines.report.counters import Statistics, add_to
from manyo.pipelines.report.ruled_documents import RuledDocuments


def scale_of(rule: Rule) -> Scale:
    """The classes in which the signal of a rule is counted."""
    column = RULE_COLUMNS[rule.signal]
    bounds = [bound for bound in (rule.minimum, rule.maximum) if bound is not None]
    return scale_around(bounds, column.type.to_pandas_dtype(), is_share(column), rule.maximum is None)


def count_histograms(documents: RuledDocuments, rules: Sequence[Rule]) -> Statistics:
    """source → rule → `all`, `kept` (by every rule) → class → documents that the rule is asked about."""
    counted: Statistics = {}
    kept: np.ndarray = np.logical_not(documents.failed.any(axis=1))
    for source in pc.unique(documents.sources).to_pylist():
        of_source = pc.equal(documents.sources, source).to_numpy(zero_copy_only=False)
        for place, rule in enumerate(rules):
            rows = np.flatnonzero(of_source & documents.asked[:, place])
            if len(rows):
                side = "maximum" if rule.minimum is None else "minimum"
                classes = scale_of(rule).classes(documents.values[rule.signal][rows], side)
                of_rule = {"all": _counts(classes), "kept": _counts(classes[kept[rows]])}
                add_to(counted, {source: {rule.name: of_rule}})
    return counted


def _counts(classes: np.ndarray) -> dict[str, int]:
    counts = np.bincount(classes)
    return {str(one): int(counts[one]) for one in np.flatnonzero(counts)}


def rule_rows(rules: Iterable[Rule]) -> dict[str, dict[str, Any]]:
    """What the report says about each rule by itself: its bounds, their unit and source, and the edges of its classes.

    A class i holds the values from edge i-1 on and below edge i; a rule without a minimum has the edge in the class
    below.
    """
    rows = {}
    for rule in rules:
        scale = scale_of(rule)
        rows[rule.name] = {
            "signal": rule.signal,
            "signal_meaning": RULE_COLUMNS[rule.signal].meaning,
            "unit": RULE_COLUMNS[rule.signal].unit,
            "minimum": _finite(rule.minimum),
            "maximum": _finite(rule.maximum),
            "profiles": list(rule.profiles),
            "source": rule.source,
            "edges": scale.edges.tolist(),
            "is_logarithmic": scale.is_logarithmic,
            "dropped_classes": _dropped(rule, scale),
        }
    return rows


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and np.isfinite(bound) else None


def _dropped(rule: Rule, scale: Scale) -> list[int]:
    """The classes whose values the rule drops."""
    dropped = []
    for place in range(len(scale.edges) + 1):
        below = scale.edges[place - 1] if place else -np.inf
        above = scale.edges[place] if place < len(scale.edges) else np.inf
        too_small = rule.minimum is not None and above <= rule.minimum
        too_large = rule.maximum is not None and below >= rule.maximum
        if too_small or too_large:
            dropped.append(place)
    return dropped


def histograms(merged: Mapping[str, Any], rule: str, sources: Sequence[str], n_classes: int) -> dict[str, Any]:
    """The histogram of a rule over all sources (key ""), and of each source that it is asked about."""
    found: dict[str, Any] = {}
    whole = {"all": [0] * n_classes, "kept": [0] * n_classes}
    for source in sources:
        counted = merged.get(source, {}).get(rule)
        if counted is not None:
            dense = {name: [counted[name].get(str(place), 0) for place in range(n_classes)] for name in ("all", "kept")}
            found[source] = dense
            whole = {name: [a + b for a, b in zip(whole[name], dense[name], strict=True)] for name in whole}
    return {"": whole, **found}
