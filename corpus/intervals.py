"""Intervals of shares."""

from __future__ import annotations

import math

#: Of the normal distribution, so many standard deviations on both sides of its middle hold 95 %.
_Z_95 = 1.959964


def wilson(part: int, whole: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson, 1927); (0, 1) of nothing."""
    if not whole:
        return 0.0, 1.0
    share, z2 = part / whole, _Z_95**2 / whole
    centre = (share + z2 / 2) / (1 + z2)
    half = _Z_95 / (1 + z2) * math.sqrt(share * (1 - share) / whole + z2 / (4 * whole))
    # The ends are 0 and 1 themselves where nothing, or all, is in the part, and hold the share, whatever the rounding.
    low = 0.0 if part == 0 else min(share, centre - half)
    return low, 1.0 if part == whole else max(share, centre + half)
