import math
import struct

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.sources.source_kinds import SOURCE_USES
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.order import address_precedence, precedence
from tests.dedup.pages import documents

rows = st.lists(
    st.tuples(
        st.sampled_from(["aozora", "web", "ndl", "other"]),
        st.integers(0, 2**33),
        st.one_of(st.none(), st.integers(-10, 60_000)),
        st.one_of(st.floats(width=32, allow_nan=False), st.sampled_from([0.5, 0.501, 0.503, 0.99, 1.0])),
        st.integers(1, 4),
    ),
    min_size=1,
    max_size=8,
)
PRIORITY = ("ndl", "aozora")


def places(rows, *criteria):
    sources, chars, days, scores, uses = (list(column) for column in zip(*rows, strict=True))
    usual = Dedup(
        survivor_order=criteria,
        source_priority=PRIORITY if "source" in criteria else (),
        survivor_signal="score" if {"highest", "lowest"} & set(criteria) else None,
    )
    batch = documents([""] * len(rows), sources=sources, days=days, uses=[list(SOURCE_USES[:n]) for n in uses])
    batch = batch.append_column("score", pa.array(scores, pa.float32()))
    return precedence(batch, np.array(chars), usual).tolist()


def claim(row, criterion):
    """What a criterion compares, in plain words; the smaller claim stays."""
    source, chars, day, score, uses = row
    if criterion == "uses":
        return -uses
    if criterion == "source":
        return PRIORITY.index(source) if source in PRIORITY else 255
    if criterion == "longest":
        return -min(chars, 2**22 - 1)
    if criterion in ("highest", "lowest"):
        return leading_half(score) if criterion == "lowest" else -leading_half(score)
    if day is None:
        return 10**9
    return max(day, 0) if criterion == "oldest" else -max(day, 0)


def leading_half(score):
    """The number of the leading half of a float, less than one part in 128 below the float."""
    (pattern,) = struct.unpack(">I", struct.pack(">f", score))
    (number,) = struct.unpack(">f", struct.pack(">I", pattern & 0xFFFF0000))
    sign_of_zero = -1e-45 if pattern & 0xFFFF0000 == 0x80000000 else 0
    return number + sign_of_zero


@settings(deadline=None, max_examples=150)
@given(rows, st.permutations(["uses", "source", "highest", "longest", "newest"]), st.integers(0, 5), st.booleans())
def test_precedence_sorts_as_the_criteria_one_after_another(rows, criteria, count, opposite):
    opposites = {"newest": "oldest", "highest": "lowest"} if opposite else {}
    criteria = [opposites.get(name, name) for name in criteria][:count]
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


def test_a_precedence_is_made_of_the_bits_of_its_criteria():
    """An index holds precedences, so later runs depend on these bits."""
    rows = [("aozora", 1000, 19_000, 0.5, 3), ("web", 2**22 + 5, None, -0.5, 4)]
    places_ = [(1, 1, 0xFFFF - 0xBF00, 2**22 - 1 - 1000, 2**16 - 2 - 19_000), (0, 255, 0xFFFF - 0x40FF, 0, 2**16 - 1)]
    expected = [
        (((n << 8 | source) << 16 | signal) << 22 | chars) << 16 | day for n, source, signal, chars, day in places_
    ]
    assert places(rows, "uses", "source", "highest", "longest", "newest") == expected


def test_by_default_the_copy_with_more_uses_stays_and_of_equal_ones_the_longer():
    batch = documents([""] * 3, uses=[["train"], ["train", "display", "redistribute"], ["train", "search", "display"]])
    assert np.argsort(precedence(batch, np.array([900, 100, 101]), Dedup())).tolist() == [2, 1, 0]


def test_the_precedence_among_pages_of_an_address_is_made_of_seconds_and_length():
    found = address_precedence(documents([""], days=[19_000]), np.array([1000]), Dedup(same_address="newest"))
    assert found.tolist() == [(2**40 - 2 - 19_000 * 86_400) << 24 | 2**24 - 1 - 1000]


def test_without_criteria_all_precedences_are_equal():
    assert places([("web", 1, 1, 0.5, 1), ("ndl", 2, 2, 0.6, 4)]) == [0, 0]


@pytest.mark.parametrize(("criterion", "order"), [("highest", [2, 1, 0, 3]), ("lowest", [1, 2, 0, 3])])
@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_a_document_without_a_signal_value_comes_last(criterion, order, kind):
    batch = documents([""] * 4).append_column("score", pa.array([math.nan, -0.5, 0.5, None], kind))
    usual = Dedup(survivor_order=(criterion,), survivor_signal="score")
    assert np.argsort(precedence(batch, np.zeros(4, np.int64), usual), kind="stable").tolist() == order


def test_counts_beyond_what_a_float_holds_exactly_are_compared():
    batch = documents([""] * 3).append_column("size_bytes", pa.array([20_000_001, 5, 2**40 + 1], pa.int64()))
    usual = Dedup(survivor_order=("highest",), survivor_signal="size_bytes")
    assert np.argsort(precedence(batch, np.zeros(3, np.int64), usual)).tolist() == [2, 0, 1]


@pytest.mark.parametrize(("same_address", "order"), [("newest", [1, 2, 0]), ("longest", [0, 1, 2])])
def test_the_newest_or_the_longest_page_of_an_address_comes_first(same_address, order):
    batch = documents([""] * 3, days=[10, 20, 20])
    found = address_precedence(batch, np.array([90, 60, 50]), Dedup(same_address=same_address))
    assert np.argsort(found).tolist() == order


def test_pages_of_one_day_are_ordered_by_the_second():
    batch = documents([""] * 4)
    seconds = pa.array([5_000_000_000, 5_000_000_001, None, 4_999_999_999], pa.timestamp("s", "UTC"))
    batch = batch.set_column(batch.schema.get_field_index("fetched_at"), "fetched_at", seconds)
    found = address_precedence(batch, np.array([90, 50, 900, 95]), Dedup(same_address="newest"))
    assert np.argsort(found).tolist() == [1, 0, 3, 2]
