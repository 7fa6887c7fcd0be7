"""Numbers as a person reads them: counts, sizes, durations, percentages.

None stands for "does not apply" and is printed as a dash.
"""

from __future__ import annotations

import math


def format_number(value: float | None) -> str:
    """A whole number in full, another number with three decimals: `12,345`, `0.250`."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def format_value(value: float) -> str:
    """A measured value or a bound: a whole number in full, another number with four significant digits."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.4g}"


def format_compact(value: float | None) -> str:
    """Three significant digits and K, M, B or T for powers of a thousand: `1.23 M`."""
    return _scaled(value, ("", " K", " M", " B", " T"))


def format_size(n_bytes: float | None) -> str:
    """A number of bytes with three significant digits, in powers of a thousand: `1.23 MB`."""
    return _scaled(n_bytes, (" B", " kB", " MB", " GB", " TB", " PB"))


def _scaled(value: float | None, units: tuple[str, ...]) -> str:
    if value is None:
        return "–"
    for unit in units:
        if value < 999.5 or unit == units[-1]:
            break
        value /= 1000
    exact = unit == units[0] and value == int(value)
    rounded = float(f"{value:.3g}")  # 99.96 has the digits of 100
    digits = 0 if exact else max(0, 2 - int(math.log10(max(rounded, 1))))
    return f"{value:,.{digits}f}{unit}"


def format_percent(fraction: float | None) -> str:
    """A fraction in percent: one decimal, two below one percent; `0 %` and `100 %` only if exact."""
    if fraction is None:
        return "–"
    percent = 100 * fraction
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if 99.95 <= percent < 100:
        return ">99.9 %"
    if percent < 0.005:
        return "<0.01 %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2f} %"


def format_duration(seconds: float) -> str:
    """A time in its two largest units: `12.3 s`, `5 min 07 s`, `2 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // 3600:,} h {int(seconds) % 3600 // 60:02d} min"
