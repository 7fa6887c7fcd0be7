"""Numbers as the report and the commands print them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.pipelines.report.quantities import (
    format_compact,
    format_duration,
    format_number,
    format_percent,
    format_size,
    format_value,
)


@pytest.mark.parametrize(
    ("n_bytes", "printed"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (12_345, "12.3 kB"), (999_499, "999 kB"), (999_500, "1.00 MB")],
)
def test_a_size_has_three_digits_and_a_unit_of_a_power_of_a_thousand(n_bytes: int, printed: str) -> None:
    assert format_size(n_bytes) == printed


@given(st.integers(1000, 10**14))
def test_a_compact_number_has_exactly_three_digits(number: int) -> None:
    digits, unit = format_compact(number).split()
    assert len(digits.replace(".", "")) == 3
    assert abs(float(digits) * 10 ** (3 * " KMBT".index(unit)) / number - 1) <= 0.005


@pytest.mark.parametrize(
    ("seconds", "printed"),
    [
        (0, "0.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 00 min"),
        (7260, "2 h 01 min"),
    ],
)
def test_a_duration_is_printed_in_its_two_largest_units(seconds: float, printed: str) -> None:
    assert format_duration(seconds) == printed


@pytest.mark.parametrize(
    ("fraction", "printed"),
    [
        (0, "0 %"),
        (0.00004, "<0.01 %"),
        (0.0001, "0.01 %"),
        (0.0099, "0.99 %"),
        (0.01, "1.0 %"),
        (0.9994, "99.9 %"),
        (0.9996, ">99.9 %"),
        (1, "100 %"),
    ],
)
def test_a_percentage_is_0_or_100_only_if_it_is_exact(fraction: float, printed: str) -> None:
    assert format_percent(fraction) == printed


@pytest.mark.parametrize(("value", "printed"), [(150.0, "150"), (12_000, "12,000"), (0.15, "0.15"), (1 / 3, "0.3333")])
def test_a_value_has_at_most_four_digits_after_the_point(value: float, printed: str) -> None:
    assert format_value(value) == printed


def test_a_number_that_does_not_apply_is_a_dash() -> None:
    assert {format(None) for format in (format_number, format_compact, format_size, format_percent)} == {"–"}
