from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.exact import fold
from manyo.dedup.sketch.shingles import shingle_sets
from tests import oracles
from tests.dedup.pages import edited, page, unicode_texts


@settings(deadline=None, max_examples=100)
@given(st.lists(unicode_texts, max_size=5), st.integers(1, 8))
def test_shingle_sets_equal_their_oracle(texts, most):
    small = Dedup(shingle_chars=3, min_chars=4, max_shingled_chars=9, max_compared_shingles=most)
    expected = oracles.shingle_sets([oracles.fold(text) for text in texts], 3, 4, 9, most)
    assert shingle_sets(fold(Texts.from_strings(texts)), small).to_pylist() == expected


def test_there_is_one_hash_for_each_distinct_shingle():
    text = page(1, sentences=100) * 2
    (hashes,) = shingle_sets(fold(Texts.from_strings([text])), Dedup()).to_pylist()
    assert len(hashes) == len(oracles.shingles(oracles.fold(text), 5))


def test_the_smallest_hashes_of_long_documents_estimate_their_similarity():
    texts = [page(1, sentences=400), edited(page(1, sentences=400), 1, 300)]
    whole = shingle_sets(fold(Texts.from_strings(texts)), Dedup()).to_pylist()
    cut = shingle_sets(fold(Texts.from_strings(texts)), Dedup(max_compared_shingles=4000)).to_pylist()
    assert min(map(len, whole)) > 2 * 4000
    assert abs(oracles.jaccard(*whole, 10**6) - oracles.jaccard(*cut, 4000)) < 0.02
