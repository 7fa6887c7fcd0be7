"""The passes that name categories: count the n-grams of documents, add up what they weigh, and learn the weights."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Float32s, Float64s, Int32s, Int64s, Uint32s, Uint64s, inlined, int64, kernel
from manyo.filters.signals.primitive_kernels import find_slot

#: A code point has 21 bits, so that three of them are one exact key.
_POINT_BITS: Final = np.uint64(21)
_TWO_POINTS: Final = np.uint64((1 << 42) - 1)
_ONE_POINT: Final = np.uint64((1 << 21) - 1)
_NOTHING: Final = np.uint64(0)

#: An n-gram has at most so many characters.
LONGEST_GRAM: Final = 3


@inlined
def _after(last: np.uint64, point: np.uint64) -> np.uint64:
    """The last three characters, as one key, when another one follows."""
    return (last << _POINT_BITS | point) & np.uint64((1 << 63) - 1)


@inlined
def _fold(point: int, folded: Uint32s) -> np.uint64:
    """What stands for a code point; `_NOTHING` for one that is left out."""
    return np.uint64(folded[point]) if point < len(folded) else np.uint64(point)


@kernel
def gram_keys(points: Uint32s, folded: Uint32s, keys: Uint64s) -> int:
    """The keys of all n-grams of one document, of one to three characters; how many there are.

    Args:
        points: of the document.
        folded: what stands for each code point below its length; 0 leaves a character out.
        keys: (3 * n_points,), gets the keys.
    """
    last, n_keys = _NOTHING, int64(0)
    for i in range(len(points)):
        point = _fold(points[i], folded)
        if point == _NOTHING:
            continue
        last = _after(last, point)
        keys[n_keys] = point
        n_keys += 1
        if last > _ONE_POINT:
            keys[n_keys] = last & _TWO_POINTS
            n_keys += 1
        if last > _TWO_POINTS:
            keys[n_keys] = last
            n_keys += 1
    return n_keys


@kernel
def fill_slots(grams: Uint64s, shift: int, keys: Uint64s, used: Int32s) -> None:
    """Enter n-grams into a table: `used` is 1 more than the n-gram's number, and 0 where a slot is free."""
    for number in range(len(grams)):
        slot = find_slot(keys, used, grams[number], shift)
        keys[slot] = grams[number]
        used[slot] = number + 1


@inlined
def _note(key: np.uint64, keys: Uint64s, used: Int32s, shift: int, counts: Int32s, seen: Int32s, n_seen: int) -> int:
    """Count an n-gram if the table has it; how many different ones were seen."""
    number = used[find_slot(keys, used, key, shift)] - 1
    if number >= 0:
        seen[n_seen] = number
        n_seen += counts[number] == 0
        counts[number] += 1
    return n_seen


@kernel
def count_grams(
    points: Uint32s,
    folded: Uint32s,
    keys: Uint64s,
    used: Int32s,
    shift: int,
    counts: Int32s,
    seen: Int32s,
) -> int:
    """Count the n-grams of a table in one document; how many different ones there are.

    Args:
        points, folded: as for `gram_keys`.
        keys, used, shift: of `fill_slots`.
        counts: zeros (n_grams,), gets how often each occurs.
        seen: (n_grams + 1,), gets the numbers of those that occur.
    """
    last, n_seen = _NOTHING, int64(0)
    for i in range(len(points)):
        point = _fold(points[i], folded)
        if point == _NOTHING:
            continue
        last = _after(last, point)
        n_seen = _note(point, keys, used, shift, counts, seen, n_seen)
        if last > _ONE_POINT:
            n_seen = _note(last & _TWO_POINTS, keys, used, shift, counts, seen, n_seen)
        if last > _TWO_POINTS:
            n_seen = _note(last, keys, used, shift, counts, seen, n_seen)
    return n_seen


@kernel
def weigh_documents(
    points: Uint32s,
    offsets: Int64s,
    head_chars: int,
    folded: Uint32s,
    keys: Uint64s,
    used: Int32s,
    shift: int,
    weights: Float64s,
    sums: Float64s,
) -> None:
    """Add up what the n-grams of each document weigh: of each the logarithm of 1 + its count, all scaled to length 1.

    Args:
        points, offsets: the documents, of each of which the first head_chars characters are read.
        folded, keys, used, shift: as for `count_grams`.
        weights: (n_grams, n_classes).
        sums: (n_docs, n_classes), are added to.
    """
    counts = np.zeros(len(weights), np.int32)
    seen = np.empty(len(weights) + 1, np.int32)
    for doc in range(len(sums)):
        end = min(offsets[doc + 1], offsets[doc] + head_chars)
        n_seen = count_grams(points[offsets[doc] : end], folded, keys, used, shift, counts, seen)
        squares = 0.0
        for place in range(n_seen):
            squares += np.log1p(counts[seen[place]]) ** 2
        for place in range(n_seen):
            number = seen[place]
            value = np.log1p(counts[number]) / np.sqrt(squares)
            for k in range(weights.shape[1]):
                sums[doc, k] += value * weights[number, k]
            counts[number] = 0


@kernel
def descend(
    starts: Int64s,
    grams: Int32s,
    values: Float32s,
    classes: Int64s,
    importance: Float64s,
    order: Int64s,
    rate: float,
    decay: float,
    weights: Float64s,
    bias: Float64s,
    steps: Float64s,
) -> None:
    """One pass of stochastic gradient descent for logistic regression, each weight with a rate of its own (AdaGrad).

    Args:
        starts: (n_docs + 1,), where the n-grams of each document start in grams and values.
        grams, values: the n-grams of all documents, and what each is worth there.
        classes: (n_docs,).
        importance: (n_docs,), how much each document counts.
        order: in which documents are read.
        rate, decay: of a step, and of the weights.
        weights, bias: (n_grams, n_classes) and (n_classes,), are moved.
        steps: (n_grams + 1, n_classes), sums of squared gradients; the last row is that of the bias.
    """
    n_classes = len(bias)
    wrong = np.empty(n_classes, np.float64)
    for at in range(len(order)):
        doc = order[at]
        wrong[:] = bias
        for i in range(starts[doc], starts[doc + 1]):
            for k in range(n_classes):
                wrong[k] += values[i] * weights[grams[i], k]
        wrong -= wrong.max()
        wrong[:] = np.exp(wrong)
        wrong /= wrong.sum()
        wrong[classes[doc]] -= 1.0
        wrong *= importance[doc]
        for i in range(starts[doc], starts[doc + 1]):
            gram = grams[i]
            for k in range(n_classes):
                slope = wrong[k] * values[i] + decay * weights[gram, k]
                steps[gram, k] += slope * slope
                weights[gram, k] -= rate * slope / np.sqrt(steps[gram, k])
        for k in range(n_classes):
            steps[-1, k] += wrong[k] * wrong[k]
            bias[k] -= rate * wrong[k] / np.sqrt(steps[-1, k])
