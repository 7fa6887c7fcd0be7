import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.dedup.sketch.exact import exact_hashes, fold
from tests import oracles
from tests.dedup.pages import unicode_texts


def folded_strings(texts):
    folded = fold(Texts.from_strings(texts))
    characters = "".join(map(chr, folded.characters))
    return [characters[a:b] for a, b in zip(folded.offsets, folded.offsets[1:], strict=False)]


@settings(deadline=None, max_examples=150)
@given(st.lists(unicode_texts, max_size=5))
def test_fold_and_its_hash_equal_their_oracles(texts):
    assert folded_strings(texts) == [oracles.fold(text) for text in texts]
    hashes = exact_hashes(fold(Texts.from_strings(texts)))
    assert hashes.tolist() == oracles.exact_hashes([oracles.fold(text) for text in texts])


@settings(deadline=None, max_examples=50)
@given(st.lists(unicode_texts, max_size=5), st.integers(0, 5))
def test_cutting_a_batch_changes_no_hash(texts, cut):
    whole = exact_hashes(fold(Texts.from_strings(texts)))
    column = pa.array(texts, pa.large_string())
    pieces = [exact_hashes(fold(Texts.from_arrow(piece))) for piece in (column[:cut], column[cut:])]
    assert np.concatenate(pieces).tolist() == whole.tolist()


@settings(deadline=None, max_examples=100)
@given(unicode_texts)
def test_folding_twice_is_folding_once(text):
    once = folded_strings([text])
    assert folded_strings(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢＣ　１２３", "abc123"),
        ("ｶﾞｷﾞﾊﾟｳﾞ", "ガギパヴ"),
        ("葛\U000e0100飾\ufe00区", "葛飾区"),
        ("こん\u200bにち\nは　世界", "こんにちは世界"),
    ],
)
def test_width_case_spaces_and_variants_are_folded(one, other):
    first, second = exact_hashes(fold(Texts.from_strings([one, other])))
    assert first == second


@pytest.mark.parametrize(
    ("one", "other"), [("かな", "カナ"), ("は", "ば"), ("", "あ"), ("ああ", "あああ"), ("1", "一")]
)
def test_texts_that_a_reader_distinguishes_have_different_hashes(one, other):
    first, second = exact_hashes(fold(Texts.from_strings([one, other])))
    assert first != second
