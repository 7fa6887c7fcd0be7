"""The pass that walks the trees of the model of quality, and finds the largest parts of a score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from manyo.corpus.jit import Bytes, Float64s, Int32s, Int64s, kernel
from manyo.filters.signals.tree_kernels import LEAF


@kernel
def walk_trees(
    bins: Bytes,
    roots: Int64s,
    signals: NDArray[np.int16],
    bounds: Bytes,
    others: Int32s,
    values: Float64s,
    parts: Float64s,
) -> None:
    """Add to each document's parts, by signal, how each step down a tree changes the value of the node that it is at.

    Sums are always in the same order: the result depends neither on the processor nor on threads.

    Args:
        bins: (n_docs, n_signals), the bin of each value.
        roots: (n_trees,), the node that each tree begins with.
        signals: (n_nodes,), the signal that divides a node's documents; `LEAF` where none does.
        bounds: (n_nodes,), documents whose bin is below it go on at the next node.
        others: (n_nodes,), where the other documents go on.
        values: (n_nodes,).
        parts: (n_docs, n_signals).
    """
    for root in roots:
        for doc in range(len(bins)):  # one tree stays in the nearest cache
            node = np.uint64(root)
            value = values[node]
            while signals[node] != LEAF:
                signal = np.uint64(signals[node])
                is_below = bins[doc, signal] < bounds[node]
                node = node + np.uint64(1) if is_below else np.uint64(others[node])
                parts[doc, signal] += values[node] - value
                value = values[node]


@kernel
def pick_largest(parts: Float64s, picked: Int64s) -> None:
    """Note the columns of each row's largest amounts, for or against, the largest first and of equal ones the first.

    Args:
        parts: (n_docs, n_parts).
        picked: (n_docs, n_picked), gets the columns; not more than there are.
    """
    for doc in range(len(parts)):
        for rank in range(picked.shape[1]):
            largest = -1.0
            for column in range(parts.shape[1]):
                amount = abs(parts[doc, column])
                if amount > largest:
                    is_picked = False
                    for before in range(rank):
                        is_picked |= picked[doc, before] == column
                    if not is_picked:
                        largest = amount
                        picked[doc, rank] = column
