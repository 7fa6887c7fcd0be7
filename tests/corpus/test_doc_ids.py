"""Columns of ids as NumPy arrays compare and sort like the ids."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.doc_ids import document_id, find_ids, id_heads, id_tails, ids_as_bytes, ids_to_arrow
from manyo.corpus.schema import DOC_ID

IDS = st.lists(st.binary(min_size=16, max_size=16))
#: NumPy cuts zeros off the end of bytes.
ODD_IDS = [bytes(16), bytes(15) + b"\x01", b"\xff" + bytes(15)]


def test_the_id_of_a_document_never_changes() -> None:
    assert document_id("web", "<urn:uuid:1>").hex() == "cb2153c8f484a26653b987f7ffa43d62"


@settings(deadline=None, max_examples=50)
@given(IDS, st.integers(0, 3))
def test_ids_go_to_numpy_and_back_and_sort_alike(ids: list[bytes], cut: int) -> None:
    ids = [*ids, *ODD_IDS]
    column = pa.array(ids, DOC_ID)[cut:]
    assert ids_to_arrow(ids_as_bytes(column)).equals(column)
    assert ids_to_arrow(np.sort(ids_as_bytes(column))).to_pylist() == sorted(ids[cut:])


@settings(deadline=None, max_examples=50)
@given(IDS, st.integers(0, 3))
def test_heads_and_tails_are_the_halves_of_the_ids_as_numbers(ids: list[bytes], cut: int) -> None:
    column = pa.array([*ids, *ODD_IDS], DOC_ID)[cut:]
    assert id_heads(column).tolist() == [int.from_bytes(i[:8], "big") for i in column.to_pylist()]
    assert id_tails(column).tolist() == [int.from_bytes(i[8:], "big") for i in column.to_pylist()]


@settings(deadline=None, max_examples=50)
@given(IDS, IDS)
def test_ids_are_found_among_sorted_ones_if_they_are_there(known: list[bytes], asked: list[bytes]) -> None:
    ordered = sorted({*known, *ODD_IDS})
    asked = [*asked, *known, ODD_IDS[0], bytes(15) + b"\x02"]
    at, found = find_ids(np.array(ordered, "S16"), np.array(asked, "S16"))
    assert found.tolist() == [identity in ordered for identity in asked]
    assert [ordered[i] for i, is_there in zip(at, found, strict=True) if is_there] == [i for i in asked if i in ordered]
