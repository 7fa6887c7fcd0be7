"""The largest resident size of this process."""

from __future__ import annotations

import contextlib
import resource
import sys


def own_peak_memory_bytes() -> int:
    """Returns the largest resident size since `forget_peak_memory`; since the start if the system has no such mark."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            (line,) = [line for line in status if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def forget_peak_memory() -> None:
    """Start a new peak, so that a small task does not report the memory of a large one before it."""
    # Linux resets the mark when a 5 is written here; elsewhere there is no such file.
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w", encoding="ascii") as marks:
        marks.write("5")
