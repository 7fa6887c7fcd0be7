import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.order import address_precedence, precedence
from dedup.settings import Dedup
from tests.dedup.pages import documents

rows = st.lists(
    st.tuples(
        st.sampled_from(["aozora", "web", "ndl", "other"]),
        st.integers(0, 2**33),
        st.one_of(st.none(), st.integers(-10, 10**6)),
    ),
    min_size=1,
    max_size=8,
)
PRIORITY = ("ndl", "aozora")


def places(rows, *criteria):
    sources, chars, hours = (list(column) for column in zip(*rows, strict=True))
    usual = Dedup(survivor_order=criteria, source_priority=PRIORITY if "source" in criteria else ())
    return precedence(documents([""] * len(rows), sources=sources, hours=hours), np.array(chars), usual).tolist()


def claim(row, criterion):
    """What a criterion compares, in plain words; the smaller claim stays."""
    source, chars, hour = row
    if criterion == "source":
        return PRIORITY.index(source) if source in PRIORITY else 255
    if criterion == "longest":
        return -min(chars, 2**32 - 1)
    if hour is None:
        return 10**9
    return max(hour, 0) if criterion == "oldest" else -max(hour, 0)


@settings(deadline=None, max_examples=150)
@given(rows, st.permutations(["source", "longest", "newest"]), st.integers(0, 3), st.booleans())
def test_precedence_sorts_as_the_criteria_one_after_another(rows, criteria, count, oldest):
    criteria = ["oldest" if oldest and name == "newest" else name for name in criteria][:count]
    found = places(rows, *criteria)
    claims = [tuple(claim(row, criterion) for criterion in criteria) for row in rows]
    for one in range(len(rows)):
        for other in range(len(rows)):
            assert (found[one] < found[other]) == (claims[one] < claims[other])


@settings(deadline=None, max_examples=50)
@given(rows, st.integers(0, 8))
def test_cutting_a_batch_changes_no_precedence(rows, cut):
    whole = places(rows, "source", "newest", "longest")
    cut = min(cut, len(rows) - 1)
    pieces = [places(piece, "source", "newest", "longest") for piece in (rows[:cut], rows[cut:]) if piece]
    assert [place for piece in pieces for place in piece] == whole


def test_no_criteria_leave_the_choice_to_the_ids():
    assert places([("web", 1, 1), ("ndl", 2, 2)]) == [0, 0]


@pytest.mark.parametrize(("same_address", "order"), [("newest", [1, 2, 0]), ("longest", [0, 1, 2])])
def test_of_one_address_the_newest_or_the_longest_page_comes_first(same_address, order):
    batch = documents([""] * 3, hours=[10, 20, 20])
    found = address_precedence(batch, np.array([90, 60, 50]), Dedup(same_address=same_address))
    assert np.argsort(found).tolist() == order
