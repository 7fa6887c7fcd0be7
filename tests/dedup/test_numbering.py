"""Rows are dealt to parts, each to its own and none lost."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from manyo.dedup.numbering import deal, take_rows


@given(st.lists(st.integers(0, 6), max_size=40), st.integers(1, 7))
def test_each_part_has_its_rows_in_their_order_and_rows_beyond_the_last_are_dropped(
    part_of: list[int], parts: int
) -> None:
    rows = pa.RecordBatch.from_pydict({"row": pa.array(range(len(part_of)), pa.int64())})
    dealt = deal(rows, np.array(part_of, np.int64), parts)
    expected = [[row for row, part in enumerate(part_of) if part == number] for number in range(parts)]
    assert [batch.column("row").to_pylist() for batch in dealt] == expected


def test_parts_of_no_rows_are_empty_and_have_the_schema() -> None:
    rows = pa.RecordBatch.from_pydict({"key": pa.array([], pa.uint64()), "text": pa.array([], pa.large_string())})
    dealt = deal(rows, np.zeros(0, np.uint64), 3)
    assert [(batch.num_rows, batch.schema) for batch in dealt] == [(0, rows.schema)] * 3


LISTS = st.lists(st.one_of(st.none(), st.lists(st.integers(0, 99), max_size=4)), min_size=1, max_size=9)


@given(
    LISTS, st.data(), st.sampled_from([pa.list_, pa.large_list]), st.sampled_from([pa.uint8(), pa.int32(), pa.uint64()])
)
def test_rows_are_taken_as_arrow_takes_them(lists: list, data: st.DataObject, list_of, number: pa.DataType) -> None:
    columns = {
        "perhaps_null": pa.array(lists, list_of(number)),
        "lists": pa.array([one or [] for one in lists], list_of(number)),
        "text": pa.array([str(one) for one in lists], pa.large_string()),
    }
    start = data.draw(st.integers(0, len(lists) - 1))
    batch = pa.RecordBatch.from_pydict(columns).slice(start)
    rows = pa.array(data.draw(st.lists(st.integers(0, batch.num_rows - 1), max_size=12)), pa.int64())
    taken = take_rows(batch, rows)
    assert taken == batch.take(rows)
    taken.validate(full=True)
