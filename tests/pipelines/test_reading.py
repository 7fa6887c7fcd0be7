"""Reads that run at the same time give what one after another would, and hold a few results."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.pipelines.graph.reading import side_by_side


@given(st.lists(st.integers(), max_size=60))
def test_results_come_in_the_order_of_what_is_read(items: list[int]) -> None:
    assert list(side_by_side(lambda item: item + 1, items)) == [item + 1 for item in items]


def test_reads_run_at_the_same_time() -> None:
    # Each read waits for 15 others: one after another they would wait for ever.
    together = threading.Barrier(16, timeout=30)
    assert len(list(side_by_side(lambda _: together.wait(), range(32)))) == 32


def test_no_more_is_read_than_is_soon_wanted() -> None:
    read: list[int] = []
    results = side_by_side(lambda item: read.append(item) or item, range(1000))
    assert next(results) == 0
    assert len(read) <= 17
    results.close()
    assert len(read) <= 17


def test_what_a_read_raises_is_raised_where_its_result_would_be() -> None:
    results = side_by_side(lambda item: 1 // item, [1, 1, 0, 1])
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
