"""The compiled loop that draws the sources of a blend, in Megatron's order."""

from __future__ import annotations

import numpy as np

from manyo.corpus.jit import Float64s, Int64s, kernel
from manyo.tokenizer.fused import fused_difference


@kernel
def draw(
    weights: Float64s, sizes: Int64s, counts: Int64s, first: int, is_fused: bool, sources: Int64s, numbers: Int64s
) -> None:
    """Draw, for each position of a blend, the source that lies furthest behind its share; the first of equals.

    Args:
        weights: float64 (n_sources,), which add up to about 1.
        sizes: int64 (n_sources,), samples of each source; one that has none left is not drawn.
        counts: int64 (n_sources,), samples drawn of each before position `first`; those after the last on return.
        first: the position at which to begin.
        is_fused: whether share and count are multiplied and subtracted with one rounding.
        sources: int64 (n,), filled with the source of each position.
        numbers: int64 (n,), filled with the number of the sample among those of its source.
    """
    for i in range(len(sources)):
        place = max(np.float64(first + i), 1.0)
        best = 0
        largest = -np.inf
        for source in range(len(weights)):
            if counts[source] == sizes[source]:
                continue
            drawn = np.float64(counts[source])
            behind = fused_difference(weights[source], place, drawn) if is_fused else weights[source] * place - drawn
            if behind > largest:
                largest = behind
                best = source
        sources[i] = best
        numbers[i] = counts[best]
        counts[best] += 1
