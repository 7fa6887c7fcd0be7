"""Laws of `Covered`, and that forms of many rows are read in steps that grow as the rows do."""

import sys
from types import FrameType
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.filters.pii.covered import Covered
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS

KINDS = [kind.name for kind in PII_KINDS]
stretches = st.tuples(st.integers(0, 30), st.integers(1, 9)).map(lambda place: (place[0], sum(place)))


@given(st.lists(stretches, max_size=9), stretches)
def test_a_stretch_is_met_if_it_shares_a_character_with_any(
    covered: list[tuple[int, int]], asked: tuple[int, int]
) -> None:
    shared = [set(range(*asked)) & set(range(*place)) for place in covered]
    assert Covered(covered).meets(*asked) == any(shared)


def executed_lines(text: str) -> int:
    """How many lines of the finder are executed for a text; loops count each time."""
    n_lines = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal n_lines
        if "pii" not in frame.f_code.co_filename:
            return None
        n_lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        find(pa.array([text], pa.large_string()), KINDS)
    finally:
        sys.settrace(before)
    return n_lines


@pytest.mark.parametrize(
    "row",
    [
        "氏名：片山 理恵、",
        "氏名：片山 理恵\n電話：03-1234-5678\n",
        "綱元：片山 理恵、電話：03-1234-5678、",
        "片山 理恵\t03-1234-5678\t島根県松江市霧水町210番地\n",
        "会員番号：AB-12345c、次はCD-12345d、",
    ],
)
def test_twice_the_rows_of_a_form_take_twice_the_steps(row: str) -> None:
    executed_lines(row * 3)  # what is cached is read now
    once, twice = (executed_lines(row * n) for n in (150, 300))
    assert twice < 2.4 * once  # the heads of tables are sought 200 rows up
