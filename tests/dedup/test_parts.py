"""As few parts as memory allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.dedup.parts import parts_for, parts_for_lines, shingles_at_most
from manyo.dedup.settings import Dedup

DOCUMENTS = st.integers(0, 10**11)


@given(DOCUMENTS, st.integers(0, 5000))
def test_a_part_whose_documents_have_candidates_as_measured_needs_less_than_4_gb(n_documents: int, chars: int) -> None:
    parts = parts_for(n_documents, n_documents * chars, Dedup())
    assert parts >= 1
    assert n_documents / parts * 0.5 * (1130 + 8 * chars) <= 3e9 + 1


@given(DOCUMENTS, DOCUMENTS)
def test_more_documents_never_need_fewer_parts(one: int, other: int) -> None:
    fewer, more = sorted((one, other))
    assert parts_for(fewer, 1000 * fewer, Dedup()) <= parts_for(more, 1000 * more, Dedup())
    assert parts_for_lines(fewer, Dedup()) <= parts_for_lines(more, Dedup())


@given(st.integers(10**7, 10**10))
def test_parts_are_at_most_an_eighth_more_than_memory_needs(n_documents: int) -> None:
    needed = 0.5 * 9130 * n_documents / 3e9
    assert needed <= parts_for(n_documents, 1000 * n_documents, Dedup()) < 1 + (needed + 1) * 9 / 8


def test_the_settings_have_the_last_word() -> None:
    assert parts_for(10**9, 10**12, Dedup(parts=7)) == parts_for_lines(10**9, Dedup(parts=7)) == 7


def test_a_book_counts_as_the_sample_that_is_compared() -> None:
    settings = Dedup(max_compared_shingles=1000)
    assert shingles_at_most(10**6, 3, settings) == 3000
    assert shingles_at_most(500, 3, settings) == 500


def test_less_than_no_part_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"dedup\.parts must be at least 1"):
        Dedup(parts=-1)
