import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.dedup.candidates.keys import KEYS, band_keys, deal_keys, minhash_matrix
from manyo.dedup.candidates.pairs import find_pairs
from manyo.dedup.numbering import first_number
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from tests import oracles
from tests.dedup.pages import document_id, documents, page, similar_texts

SMALL = Dedup(shingle_chars=2, bands=4, rows=2, min_similarity=0.6, min_chars=4)


def keys_of(texts, parts=1, ids=None, first=0):
    signed = signatures(documents(texts, ids), SMALL)
    return deal_keys(signed, places_of(signed), np.ones(len(texts), bool), first, SMALL, parts)


def places_of(signed):
    """Longer texts first."""
    return (1000 - signed.column("chars").to_numpy()).astype(np.uint64)


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
    (keys,) = deal_keys(signed, places_of(signed), np.array([False, True]), first_number(2), SMALL, 1)
    assert {row["number"] for row in keys.to_pylist()} == {first_number(2) + 1}


@settings(deadline=None, max_examples=30)
@given(st.lists(similar_texts, max_size=12), st.integers(1, 5), st.integers(0, 12))
def test_all_rows_of_a_key_are_in_one_part_wherever_batches_are_cut(texts, parts, cut):
    ids = [document_id(i) for i in range(len(texts))]
    whole = keys_of(texts, parts, ids)
    pieces = [keys_of(texts[:cut], parts, ids[:cut]), keys_of(texts[cut:], parts, ids[cut:], min(cut, len(texts)))]
    for part in range(parts):
        split_rows = [row for piece in pieces for row in piece[part].to_pylist()]
        as_set = {(row["key"], row["number"]) for row in split_rows}
        assert as_set == {(row["key"], row["number"]) for row in whole[part].to_pylist()}
        assert len(split_rows) == whole[part].num_rows
        assert find_pairs([piece[part] for piece in pieces], 1) == find_pairs([whole[part]], 1)
    seen = [set(batch.column("key").to_pylist()) for batch in whole]
    assert sum(map(len, seen)) == len(set().union(*seen))


def test_signatures_of_other_settings_are_an_error():
    signed = signatures(documents([page(1)]), SMALL)
    with pytest.raises(ValueError, match="8 permutations"):
        minhash_matrix(signed.column("minhash"), Dedup(bands=5, rows=2))


def test_a_row_goes_to_the_part_of_its_key():
    for part, batch in enumerate(keys_of([f"あいうえお{i}" for i in range(8)], parts=3)):
        assert {key % 3 for key in batch.column("key").to_pylist()} == {part}


def test_the_key_of_the_exact_text_is_its_hash_in_a_space_of_its_own():
    texts = ["短", "い"]
    (keys,) = keys_of(texts)
    exact = signatures(documents(texts), SMALL).column("exact_hash").to_pylist()
    assert keys.column("key").to_pylist() == [one ^ 0x243F6A8885A308D3 for one in exact]


def test_documents_that_are_kept_apart_have_keys_changed_by_their_hashes():
    signed = signatures(documents(["あいうえおか", "短"]), SMALL)
    everyone = np.ones(2, bool)
    plain, apart = (
        deal_keys(signed, places_of(signed), everyone, 0, SMALL, 1, hashes)[0].column("key").to_numpy()
        for hashes in (None, np.full(2, 2**64 - 1, np.uint64))
    )
    assert (apart == ~plain).all()
