"""The kernel that grows one tree: thresholds on signals, each drawn at random, of which the best few are kept."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Float64s, Int64s, Records, Uint64s, inlined, int64, kernel, record

#: The signal of a node that is a leaf.
LEAF: Final = -1

#: Bins that the range of a signal is divided into.
N_BINS: Final = 64


class Node:
    """A node of a tree, a record of `NODES`. Nodes stand in preorder: at once after each, what is below its bound."""

    signal: int  # which one divides; `LEAF` if none does
    bound: int  # documents whose bin is below it go on at the next node
    others: int  # where the other documents go on
    good: float  # weight of the training documents that reach the node
    bad: float


NODES: Final = record(
    ("signal", np.int64), ("bound", np.int64), ("others", np.int64), ("good", np.float64), ("bad", np.float64)
)

# SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every machine.
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2: Final = np.uint64(0x94D049BB133111EB)


@inlined
def _draw(state: Uint64s, below: int) -> int:
    """A number from 0 to below - 1, at random; the state is an array of one number."""
    state[0] += _STEP
    mixed = state[0]
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    mixed ^= mixed >> np.uint64(31)
    return int64(mixed >> np.uint64(1)) % below


@inlined
def _impurity(good: float, bad: float) -> float:
    """Gini's impurity of a pile, times its weight and half."""
    return good * bad / (good + bad) if good > 0 and bad > 0 else 0.0


@kernel
def _best_division(
    bins: Bytes,
    is_good: Bools,
    weights: Float64s,
    docs: Int64s,
    least: float,
    n_tried: int,
    signals: Int64s,
    state: Uint64s,
) -> tuple[int, int]:
    """Signal and bound of the best of `n_tried` divisions drawn at random.

    Signals of which all documents have one value are passed over. The signal is `LEAF` where no division leaves enough
    on each side.
    """
    best_signal, best_bound, best_impurity = LEAF, 0, np.inf
    n_left = len(signals)
    while n_left > 0 and n_tried > 0:
        at = _draw(state, n_left)
        n_left -= 1
        signal = signals[at]
        signals[at], signals[n_left] = signals[n_left], signal
        low, high = int64(N_BINS), int64(0)
        for doc in docs:
            low, high = min(low, int64(bins[doc, signal])), max(high, int64(bins[doc, signal]))
        if low == high:
            continue
        n_tried -= 1
        bound = low + 1 + _draw(state, high - low)
        good = bad = other_good = other_bad = 0.0
        for doc in docs:
            weight = weights[doc]
            is_below = bins[doc, signal] < bound
            if is_below and is_good[doc]:
                good += weight
            elif is_below:
                bad += weight
            elif is_good[doc]:
                other_good += weight
            else:
                other_bad += weight
        impurity = _impurity(good, bad) + _impurity(other_good, other_bad)
        if good + bad >= least and other_good + other_bad >= least and impurity < best_impurity:
            best_signal, best_bound, best_impurity = signal, bound, impurity
    return best_signal, best_bound


@kernel
def grow_tree(
    bins: Bytes, is_good: Bools, weights: Float64s, least: float, n_tried: int, seed: np.uint64, nodes: Records
) -> int:
    """Grow an extremely randomized tree (Geurts, Ernst and Wehenkel 2006).

    Args:
        bins: (n_docs, n_signals), the bin of each value.
        is_good: (n_docs,).
        weights: (n_docs,), above 0.
        least: weight of the documents that each side of a division has at least.
        n_tried: divisions that are drawn at each node.
        seed: of the random numbers.
        nodes: 2 n_docs records; gets the tree.

    Returns:
        The number of nodes.
    """
    n_docs, n_signals = bins.shape
    docs, aside = np.arange(n_docs), np.empty(n_docs, np.int64)
    signals = np.arange(n_signals)
    state = np.full(1, seed, np.uint64)
    # Divisions whose other side has not been grown: the node, and where its documents are.
    waiting = np.empty((n_docs + 1, 3), np.int64)
    n_waiting, n_nodes, start, stop = 0, 0, 0, n_docs
    while True:
        node: Node = nodes[n_nodes]
        node.good = node.bad = 0.0
        for doc in docs[start:stop]:
            if is_good[doc]:
                node.good += weights[doc]
            else:
                node.bad += weights[doc]
        node.signal, node.bound, node.others = LEAF, 0, 0
        if node.good > 0 and node.bad > 0 and node.good + node.bad >= 2 * least:
            node.signal, node.bound = _best_division(
                bins, is_good, weights, docs[start:stop], least, n_tried, signals, state
            )
        n_nodes += 1
        if node.signal != LEAF:
            n_below = n_aside = 0
            for place in range(start, stop):
                doc = docs[place]
                if bins[doc, node.signal] < node.bound:
                    docs[start + n_below] = doc
                    n_below += 1
                else:
                    aside[n_aside] = doc
                    n_aside += 1
            docs[start + n_below : stop] = aside[:n_aside]
            waiting[n_waiting] = n_nodes - 1, start + n_below, stop
            n_waiting += 1
            stop = start + n_below
            continue
        if n_waiting == 0:
            return n_nodes
        n_waiting -= 1
        parent, start, stop = waiting[n_waiting]
        nodes[parent].others = n_nodes
