"""Edges of histograms, chosen so that a bound of a rule may stand at each of them and the counts stay exact.

A value belongs to the class of the edges at or below it. Edges have the type of the column, so that an edge is compared
with a value exactly as `Rule.fails` compares a bound with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

#: About so many edges lie between the ends of a scale: a class is then three pixels wide in a chart of a phone's width.
N_EDGES = 100

#: The ends of a scale: 2 in 1,000 values may lie beyond each.
_QUANTILES = (0.002, 0.998)

#: A scale of numbers that are not fractions is logarithmic where its end is this many times its median.
_SPREAD = 20

#: `scale_around`: classes of a linear scale, which ends at so many times a largest maximum, or minimum; a logarithmic
#: one has so many classes to a doubling, and reaches from the smallest bound divided by this number to the largest
#: times it.
N_AROUND, _REACH, _PER_DOUBLING, _SPREAD_AROUND = 30, (3, 10), 3, 32

#: Round steps within a factor of ten, for linear scales, and round numbers within a decade, for logarithmic ones.
_STEPS = (1, 2, 5, 10)
_ROUND = (1, 1.1, 1.2, 1.3, 1.5, 1.7, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9)


@dataclass(frozen=True, slots=True)
class Scale:
    """The classes of one column.

    Attributes:
        edges: float64 (n,), increasing; each is also a number of the column's type, or the shortest decimal of one.
        is_logarithmic: how a chart spaces them.
        dtype: NumPy's name of the column's type.
    """

    edges: np.ndarray
    is_logarithmic: bool
    dtype: str

    def classes(self, values: np.ndarray, side: str) -> np.ndarray:
        """int64 (n_docs,), how many edges a value reaches.

        Args:
            values: of the column.
            side: "minimum": a rule with its minimum at edge i drops the values of classes 0 to i. "maximum": a rule
                with its maximum at edge i drops the values of classes i + 1 and more.
        """
        edges = self.edges.astype(values.dtype) if np.issubdtype(values.dtype, np.floating) else self.edges
        return np.searchsorted(edges, values, side="right" if side == "minimum" else "left").astype(np.int64)


def choose_scale(values: np.ndarray, bounds: Iterable[float], is_fraction: bool) -> Scale:
    """A scale over most of the values, with every bound among its edges.

    Args:
        values: some values of the column, finite or not; without any, the bounds alone are the scale.
        bounds: of the rules on the column.
        is_fraction: whether the column is a fraction, which is never on a logarithmic scale.
    """
    finite = values[np.isfinite(values)].astype(np.float64)
    fixed = [bound for bound in bounds if math.isfinite(bound)]
    ends = np.quantile(finite, _QUANTILES) if len(finite) else np.zeros(0)
    reached = [*ends.tolist(), *fixed]
    low, high = (min(reached), max(reached)) if reached else (0.0, 1.0)
    is_whole = bool(np.issubdtype(values.dtype, np.integer))
    median = float(np.median(finite)) if len(finite) else 0.0
    is_logarithmic = not is_fraction and low >= 0 and high > _SPREAD * max(median, 1.0 if is_whole else 1e-6)
    chosen = _decades(low, high, finite) if is_logarithmic else _steps(low, high, is_whole)
    edges = np.array(sorted({*chosen, *fixed}))
    if not is_whole:
        # Two bounds that are one number of the column are one edge.
        _, first = np.unique(edges.astype(values.dtype), return_index=True)
        edges = edges[first]
    return Scale(edges, is_logarithmic, values.dtype.name)


def scale_around(bounds: Iterable[float], dtype: type, is_fraction: bool, is_minimum: bool) -> Scale:
    """A scale of about `N_AROUND` classes that follows from the bounds alone, so that every shard has the same.

    Args:
        bounds: of one rule.
        dtype: NumPy's type of the column.
        is_fraction: whether the column ends at 1; it is then on a linear scale, up to `_REACH` times its largest bound.
        is_minimum: whether the values that are kept lie above the bounds, so that there is more to see.
    """
    finite = [bound for bound in bounds if math.isfinite(bound)]
    low, high = min(finite, default=1.0), max(finite, default=1.0)
    if is_fraction:
        end = min(1.0, _REACH[is_minimum] * high) or 1.0
        steps = [float(f"{end * step / N_AROUND:.6g}") for step in range(1, N_AROUND + 1)]
    else:
        first, last = (max(bound, 1.0 if issubclass(dtype, np.integer) else 1e-6) for bound in (low, high))
        n_steps = math.ceil(math.log2(last / first * _SPREAD_AROUND**2) * _PER_DOUBLING)
        spread = (first / _SPREAD_AROUND * 2 ** (step / _PER_DOUBLING) for step in range(n_steps + 1))
        steps = [float(math.ceil(step) if issubclass(dtype, np.integer) else f"{step:.2g}") for step in spread]
    # Two numbers that are one number of the column are one edge: the bound, if it is among them.
    edges = {dtype(edge) if issubclass(dtype, np.floating) else edge: edge for edge in (*steps, *finite)}
    return Scale(np.array(sorted(edges.values())), not is_fraction, np.dtype(dtype).name)


def _steps(low: float, high: float, is_whole: bool) -> list[float]:
    """Multiples of a round step."""
    width = max(high - low, 1e-9 if not is_whole else 1.0)
    exponent = math.floor(math.log10(width / N_EDGES))
    step = next(part for part in _STEPS if width / (part * 10.0**exponent) <= N_EDGES)
    if is_whole and exponent < 0:
        step, exponent = 1, 0
    # A decimal, rounded once: 3 * 0.05 is not the number that a person writes for it.
    first, last = (math.floor(low / (step * 10.0**exponent)), math.ceil(high / (step * 10.0**exponent)))
    return [float(f"{place * step}e{exponent}") for place in range(first, last + 1)]


def _decades(low: float, high: float, finite: np.ndarray) -> list[float]:
    """Zero, and round numbers of every decade between the ends."""
    positive = finite[finite > 0]
    least = max(low, float(np.quantile(positive, _QUANTILES[0]))) if len(positive) else max(low, 1.0)
    exponents = range(math.floor(math.log10(least)), math.ceil(math.log10(max(high, 1.0))) + 1)
    numbers = [float(f"{part}e{exponent}") for exponent in exponents for part in _ROUND]
    above = next((number for number in numbers if number >= high), high)
    return [0.0, *(number for number in numbers if number <= above)]
