"""Draws: one number per document, the same wherever the document lies, and different for every seed."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.tokenizer.draws import draws
from tests import oracles

ids = st.lists(st.binary(min_size=16, max_size=16), max_size=8)
seeds = st.integers(0, 2**63 - 1)


@settings(max_examples=60, deadline=None)
@given(ids=ids, seed=seeds)
def test_draws_equal_their_oracle(ids: list[bytes], seed: int) -> None:
    drawn = draws(pa.array(ids, pa.binary(16)), seed)
    assert drawn.dtype == np.uint64
    assert drawn.tolist() == [oracles.draw(doc_id, seed) for doc_id in ids]


@settings(max_examples=60, deadline=None)
@given(ids=ids, seed=seeds, cut=st.integers(0, 8))
def test_cutting_a_batch_changes_no_draw(ids: list[bytes], seed: int, cut: int) -> None:
    column = pa.array(ids, pa.binary(16))
    pieces = [draws(piece, seed).tolist() for piece in (column[:cut], column[cut:])]
    assert pieces[0] + pieces[1] == draws(column, seed).tolist()


def test_the_draws_of_a_known_document_stay_what_they_are() -> None:
    """Samples and shuffles of published runs depend on them."""
    column = pa.array([bytes(16), bytes(range(16))], pa.binary(16))
    assert draws(column, 0).tolist() == [0, 7_928_180_578_769_661_769]
    assert draws(column, 1).tolist() == [16_294_208_416_658_607_535, 9_878_745_085_730_425_091]
