"""Which characters of a text are covered: forms of thousands of rows ask it for each pair of each row."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable


class Covered:
    """The characters in some stretches of a text; a question takes logarithmic time.

    Args:
        stretches: where each starts and stops, in any order; they may overlap.
    """

    def __init__(self, stretches: Iterable[tuple[int, int]]) -> None:
        starts: list[int] = []
        stops: list[int] = []
        for start, stop in sorted(stretches):
            if stops and start <= stops[-1]:
                stops[-1] = max(stops[-1], stop)
            else:
                starts.append(start)
                stops.append(stop)
        self._starts, self._stops = starts, stops

    def meets(self, start: int, stop: int) -> bool:
        """Whether a character of `[start, stop)` is covered."""
        at = bisect_left(self._starts, stop)
        return at > 0 and self._stops[at - 1] > start
