import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DOC_ID
from manyo.dedup.candidates.pairs import (
    KEYS,
    PAIRS,
    band_keys,
    combine,
    first_number,
    id_heads,
    ids_as_bytes,
    ids_to_arrow,
    minhash_matrix,
    split,
)
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from tests import oracles
from tests.dedup.pages import document_id, documents, page, similar_texts

SMALL = Dedup(shingle_chars=2, bands=4, rows=2, min_similarity=0.6, min_chars=4)


def keys_of(texts, parts=1, ids=None, first=0):
    signed = signatures(documents(texts, ids), SMALL)
    return split(signed, places_of(signed), np.ones(len(texts), bool), first, SMALL, parts)


def places_of(signed):
    """Longer texts first."""
    return (1000 - signed.column("chars").to_numpy()).astype(np.uint64)


def key_rows(*rows):
    """Keys of documents whose number is their id."""
    columns = [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], [row[2] for row in rows]]
    return pa.RecordBatch.from_arrays([np.array(column, np.uint64) for column in columns], schema=KEYS.schema)


def pair_rows(batches):
    return [(row["number"], row["candidate"]) for batch in batches for row in batch.to_pylist()]


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
    assert [row["number"] for row in keys.to_pylist()].count(0) == 5
    assert [row["number"] for row in keys.to_pylist()].count(1) == 1
    heads = {row["number"]: row["id_head"] for row in keys.to_pylist()}
    assert heads == {i: int.from_bytes(document_id(i)[:8], "big") for i in (0, 1)}


def test_documents_out_of_play_have_no_keys():
    signed = signatures(documents([page(1), page(1)]), SMALL)
    (keys,) = split(signed, places_of(signed), np.array([False, True]), first_number(2), SMALL, 1)
    assert {row["number"] for row in keys.to_pylist()} == {first_number(2) + 1}


@settings(deadline=None, max_examples=30)
@given(st.lists(similar_texts, max_size=12), st.integers(1, 5), st.integers(0, 12))
def test_parts_hold_all_rows_of_their_keys_wherever_batches_are_cut(texts, parts, cut):
    ids = [document_id(i) for i in range(len(texts))]
    whole = keys_of(texts, parts, ids)
    pieces = [keys_of(texts[:cut], parts, ids[:cut]), keys_of(texts[cut:], parts, ids[cut:], min(cut, len(texts)))]
    for part in range(parts):
        split_rows = [row for piece in pieces for row in piece[part].to_pylist()]
        as_set = {(row["key"], row["number"]) for row in split_rows}
        assert as_set == {(row["key"], row["number"]) for row in whole[part].to_pylist()}
        assert len(split_rows) == whole[part].num_rows
        assert combine([piece[part] for piece in pieces], 1) == combine([whole[part]], 1)
    seen = [set(batch.column("key").to_pylist()) for batch in whole]
    assert sum(map(len, seen)) == len(set().union(*seen))


def test_every_document_of_a_key_is_paired_with_the_smallest_precedence_then_the_smallest_id():
    pairs = combine([key_rows((7, 10, 3), (7, 2, 5), (8, 10, 1)), key_rows((7, 2, 4), (7, 15, 1))], 1)
    assert pairs[0].schema == PAIRS.schema
    assert pair_rows(pairs) == [(1, 4), (3, 4), (5, 4)]


def test_a_pair_found_by_several_keys_is_written_once():
    assert pair_rows(combine([key_rows((1, 9, 2), (2, 9, 2), (1, 9, 3), (2, 9, 3))], 1)) == [(3, 2)]


def test_the_candidates_of_a_document_are_written_in_order_to_its_shard():
    far = first_number(1)
    rows = [(1, 9, far), (1, 3, 7), (2, 9, far), (2, 5, 6), (3, 9, far), (3, 3, 7), (4, 7, 8), (4, 1, far + 1)]
    assert [pair_rows([batch]) for batch in combine([key_rows(*rows)], 3)] == [
        [(8, far + 1)],
        [(far, 6), (far, 7)],
        [],
    ]


def test_no_key_or_no_shared_key_gives_no_pairs():
    assert pair_rows(combine([], 2)) == []
    assert pair_rows(combine([key_rows((1, 9, 2), (2, 9, 3))], 1)) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255)), unique=True, max_size=20), st.randoms())
def test_combine_does_not_see_the_order_of_rows(rows, dice):
    rows = [(key, doc % 4, doc) for key, doc in rows]
    shuffled = dice.sample(rows, len(rows))
    cut = len(rows) // 2
    assert combine([key_rows(*shuffled[:cut]), key_rows(*shuffled[cut:])], 1) == combine([key_rows(*rows)], 1)


def test_a_document_given_twice_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=document_id(0).hex()[:16]):
        combine([*keys_of([page(1)]), *keys_of([page(1)], first=first_number(1))], 2)


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
    assert id_heads(column).tolist() == [int.from_bytes(i[:8], "big") for i in column.to_pylist()]
