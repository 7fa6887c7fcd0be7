"""The compiled loop that draws the sources of a blend, in Megatron's order."""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Float64s, Int64s, kernel
from manyo.tokenizer.fused import fused_difference

#: Sources whose distances are compared at the same time; the largest of all is looked for afterwards.
_LANES: Final = 8


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
    drawn = counts.astype(np.float64)
    behind = np.full((len(weights) + _LANES - 1) // _LANES * _LANES, -np.inf)
    furthest = np.empty(_LANES, np.float64)
    for source in range(len(weights)):
        if counts[source] == sizes[source]:
            drawn[source] = np.inf
    for i in range(len(sources)):
        place = max(np.float64(first + i), 1.0)
        # In loops of their own, so that those which compute become vector instructions.
        if is_fused:
            for source in range(len(weights)):
                behind[source] = fused_difference(weights[source], place, drawn[source])
        else:
            for source in range(len(weights)):
                behind[source] = weights[source] * place - drawn[source]
        furthest[:] = -np.inf
        for begin in range(0, len(behind), _LANES):
            for lane in range(_LANES):
                furthest[lane] = behind[begin + lane] if behind[begin + lane] > furthest[lane] else furthest[lane]
        largest = furthest[0]
        for lane in range(1, _LANES):
            largest = furthest[lane] if furthest[lane] > largest else largest
        best = 0
        while behind[best] != largest:
            best += 1
        sources[i] = best
        numbers[i] = counts[best]
        counts[best] += 1
        drawn[best] = np.inf if counts[best] == sizes[best] else np.float64(counts[best])
