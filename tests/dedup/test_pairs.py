import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.schema import DOC_ID, PAIRS
from dedup.minhash import signatures
from dedup.pairs import KEYS, band_keys, combine, ids_as_bytes, ids_to_arrow, minhash_matrix, split
from dedup.settings import Dedup
from tests import oracles
from tests.dedup.pages import document_id, documents, page, similar_texts

SMALL = Dedup(shingle_chars=2, bands=4, rows=2, min_similarity=0.6, min_chars=4)


def keys_of(texts, parts=1, ids=None):
    signed = signatures(documents(texts, ids), SMALL)
    return split(signed, places_of(signed), np.ones(len(texts), bool), SMALL, parts)


def places_of(signed):
    """Longer texts first."""
    return (1000 - signed.column("chars").to_numpy()).astype(np.uint64)


def key_rows(*rows):
    return pa.RecordBatch.from_pylist(
        [{"key": key, "precedence": place, "doc_id": bytes([doc] * 16)} for key, place, doc in rows], KEYS.schema
    )


def pair_rows(batch):
    return [(row["doc_id"][0], row["candidate"][0]) for row in batch.to_pylist()]


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=8, max_size=8), max_size=4))
def test_band_keys_equal_their_oracle(minhash):
    matrix = np.array(minhash, np.uint32).reshape(-1, 8)
    matrix.setflags(write=False)
    assert band_keys(matrix, SMALL).tolist() == oracles.band_keys(minhash, 4, 2)


def test_equal_bands_at_different_places_have_different_keys():
    assert len(set(band_keys(np.ones((1, 8), np.uint32), SMALL)[0].tolist())) == 4


def test_a_document_has_a_key_for_each_band_and_one_for_its_exact_text():
    (keys,) = keys_of(["あいうえおか", "短"])
    assert keys.schema == KEYS.schema
    assert [row["doc_id"] for row in keys.to_pylist()].count(document_id(0)) == 5
    assert [row["doc_id"] for row in keys.to_pylist()].count(document_id(1)) == 1


def test_documents_out_of_play_have_no_keys():
    signed = signatures(documents([page(1), page(1)]), SMALL)
    (keys,) = split(signed, places_of(signed), np.array([False, True]), SMALL, 1)
    assert {row["doc_id"] for row in keys.to_pylist()} == {document_id(1)}


@settings(deadline=None, max_examples=30)
@given(st.lists(similar_texts, max_size=12), st.integers(1, 5), st.integers(0, 12))
def test_parts_hold_all_rows_of_their_keys_wherever_batches_are_cut(texts, parts, cut):
    ids = [document_id(i) for i in range(len(texts))]
    whole = keys_of(texts, parts, ids)
    pieces = [keys_of(texts[:cut], parts, ids[:cut]), keys_of(texts[cut:], parts, ids[cut:])]
    for part in range(parts):
        split_rows = [row for piece in pieces for row in piece[part].to_pylist()]
        as_set = {(row["key"], row["doc_id"]) for row in split_rows}
        assert as_set == {(row["key"], row["doc_id"]) for row in whole[part].to_pylist()}
        assert len(split_rows) == whole[part].num_rows
        assert combine([piece[part] for piece in pieces]).equals(combine([whole[part]]))
    seen = [set(batch.column("key").to_pylist()) for batch in whole]
    assert sum(map(len, seen)) == len(set().union(*seen))


def test_every_document_of_a_key_is_paired_with_the_smallest_precedence_then_the_smallest_id():
    pairs = combine([key_rows((7, 10, 3), (7, 2, 5), (8, 10, 1)), key_rows((7, 2, 4), (7, 15, 1))])
    assert pairs.schema == PAIRS.schema
    assert pair_rows(pairs) == [(5, 4), (3, 4), (1, 4)]


def test_a_pair_found_by_several_keys_is_written_once():
    assert pair_rows(combine([key_rows((1, 9, 2), (2, 9, 2), (1, 9, 3), (2, 9, 3))])) == [(3, 2)]


def test_no_key_or_no_shared_key_gives_no_pairs():
    assert combine([]).num_rows == 0
    assert combine([key_rows((1, 9, 2), (2, 9, 3))]).num_rows == 0


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255)), unique=True, max_size=20), st.randoms())
def test_combine_does_not_see_the_order_of_rows(rows, dice):
    rows = [(key, doc % 4, doc) for key, doc in rows]
    shuffled = dice.sample(rows, len(rows))
    cut = len(rows) // 2
    assert combine([key_rows(*shuffled[:cut]), key_rows(*shuffled[cut:])]).equals(combine([key_rows(*rows)]))


def test_a_document_given_twice_is_an_error_that_names_it():
    keys = keys_of([page(1)])
    with pytest.raises(ValueError, match=document_id(0).hex()):
        combine([keys[0], keys[0]])


def test_signatures_of_other_settings_are_an_error():
    signed = signatures(documents([page(1)]), SMALL)
    with pytest.raises(ValueError, match="8 permutations"):
        minhash_matrix(signed.column("minhash"), Dedup(bands=5, rows=2))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(min_size=16, max_size=16)), st.integers(0, 3))
def test_ids_go_to_numpy_and_back_and_sort_alike(ids, cut):
    ids = [*ids, bytes(16), bytes(15) + b"\x01", b"\xff" + bytes(15)]
    column = pa.array(ids, DOC_ID)[cut:]
    assert ids_to_arrow(ids_as_bytes(column)).equals(column)
    assert ids_to_arrow(np.sort(ids_as_bytes(column))).to_pylist() == sorted(ids[cut:])
