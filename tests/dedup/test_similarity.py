import dataclasses

import numpy as np
import pytest

from manyo.dedup.candidates.pairs import NO_STARTS
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict.compared import Compared
from manyo.dedup.verdict.similarity import link_to_survivors, min_estimate

FOUR = Dedup(bands=1, rows=4, min_similarity=0.6)


def link(*documents, **more):
    """Survivors and similarities, as `link_and_contain` gives them."""
    return link_and_contain(*documents, **more)[:2]


def link_and_contain(minhash, candidates, settings=FOUR, exact_hash=None, chars=None, order=None, shingles=None):
    """Survivors, similarities and containments of documents with the given signatures and lists of candidates.

    Shingles are those of `as_set` if they are not given.
    """
    n_docs = len(minhash)
    long = np.array([bool(signature) for signature in minhash])
    sets = shingles or [as_set(signature) for signature in minhash]
    place = np.empty(n_docs, np.uint64)
    place[range(n_docs) if order is None else order] = np.arange(n_docs)
    compared = Compared(
        np.array([bytes([i + 1]) * 16 for i in range(n_docs)], "S16"),
        np.arange(n_docs, dtype=np.uint64),
        place,
        np.arange(n_docs, dtype=np.uint64) if exact_hash is None else np.array(exact_hash, np.uint64),
        np.full(n_docs, 1000) if chars is None else np.array(chars),
        np.array([signature or [0] * settings.permutations for signature in minhash], np.uint32),
        long,
        np.array([member for members in sets for member in members], np.uint32),
        np.cumsum([0, *map(len, sets)]),
        np.zeros(0, np.uint64),
        np.zeros(n_docs + 1, np.int64),
    )
    for field in dataclasses.fields(compared):
        getattr(compared, field.name).setflags(write=False)
    survivor, similarity, containment = link_to_survivors(
        compared,
        compared.survivor_order(NO_STARTS),
        np.cumsum([0, *map(len, candidates)]),
        np.array([candidate for row in candidates for candidate in row], np.int32),
        settings,
    )
    return survivor.tolist(), similarity.tolist(), containment.tolist()


def as_set(signature):
    """One shingle for each value at its place: of four, `e` equal ones make a similarity of `e / (8 - e)`."""
    return [100 * place + value for place, value in enumerate(signature)]


def test_a_document_that_reaches_the_threshold_joins_its_candidate():
    assert link([[1, 2, 3, 4], [1, 2, 3, 9]], [[], [0]]) == ([0, 0], pytest.approx([1.0, 0.6]))


def test_a_document_below_the_threshold_survives_its_candidate():
    assert link([[1, 2, 3, 4], [1, 2, 9, 9]], [[], [0]]) == ([0, 1], [1.0, 1.0])


def test_documents_with_equal_signatures_are_compared_by_their_shingles():
    same = [[1, 2, 3, 4], [1, 2, 3, 4]]
    assert link(same, [[], [0]], shingles=[[1, 2, 3, 4], [1, 2, 3, 5]]) == ([0, 0], pytest.approx([1.0, 0.6]))
    assert link(same, [[], [0]], shingles=[[1, 2, 3, 4], [1, 2, 5, 6]])[0] == [0, 1]


def test_a_set_that_is_cut_off_is_compared_up_to_its_largest_member():
    same = [[1, 2, 3, 4], [1, 2, 3, 4]]
    cut = Dedup(bands=1, rows=4, min_similarity=0.6, max_compared_shingles=4)
    assert link(same, [[], [0]], cut, shingles=[[1, 2, 3, 9], [1, 2, 3, 5]]) == ([0, 0], pytest.approx([1.0, 0.75]))
    assert link(same, [[], [0]], cut, shingles=[[1, 2, 3], [1, 2, 3, 5]]) == ([0, 0], pytest.approx([1.0, 0.75]))
    assert link(same, [[], [0]], cut, shingles=[[1, 2, 3, 9], [1, 2, 3]]) == ([0, 0], pytest.approx([1.0, 0.75]))


def test_sets_are_compared_from_three_deviations_below_the_threshold():
    many = Dedup(bands=25, rows=4, min_similarity=0.8)
    assert min_estimate(many) == pytest.approx(0.68)


def test_a_candidate_that_is_a_duplicate_is_replaced_by_its_survivor():
    survivor, similarity = link([[1, 2, 3, 4], [1, 2, 3, 5], [1, 2, 3, 6]], [[], [0], [1]])
    assert (survivor, similarity) == ([0, 0, 0], pytest.approx([1.0, 0.6, 0.6]))
    # The third is similar to the second, which is removed, and not to the first, which stays.
    assert link([[1, 2, 3, 4], [1, 2, 3, 5], [9, 2, 3, 5]], [[], [0], [1]])[0] == [0, 0, 2]


def test_the_most_similar_survivor_wins_and_survivor_order_breaks_ties():
    signatures = [[1, 2, 3, 4], [9, 9, 3, 5], [1, 2, 3, 5]]
    lower = Dedup(bands=1, rows=4, min_similarity=0.3)
    assert link(signatures, [[], [], [0, 1]], lower)[0] == [0, 1, 0]
    equal = [[1, 2, 8, 8], [9, 9, 3, 4], [1, 2, 3, 4]]
    assert link(equal, [[], [], [0, 1]], lower)[0] == [0, 1, 0]
    assert link(equal, [[], [], [0, 1]], lower, order=[1, 0, 2])[0] == [0, 1, 1]


def test_survivors_around_a_candidate_are_remembered_up_to_the_limit():
    signatures = [[1, 2, 3, 4], [5, 5, 5, 5], [6, 6, 6, 6], [6, 6, 6, 6], [5, 5, 5, 5]]
    candidates = [[], [0], [0], [0], [0]]
    assert link(signatures, candidates)[0] == [0, 1, 2, 2, 1]
    one = Dedup(bands=1, rows=4, min_similarity=0.6, max_survivors_per_candidate=1)
    assert link(signatures, candidates, one)[0] == [0, 1, 2, 3, 1]


def test_equal_texts_have_one_survivor_even_without_signatures():
    assert link([[], []], [[], [0]], exact_hash=[7, 7]) == ([0, 0], [1.0, 1.0])
    near = [[1, 2, 3, 4], [1, 2, 3, 9], [1, 2, 3, 9]]
    assert link(near, [[], [0], [1]], exact_hash=[1, 2, 2]) == ([0, 0, 0], pytest.approx([1.0, 0.6, 0.6]))


def test_texts_of_different_lengths_are_never_equal():
    assert link([[], []], [[], [0]], exact_hash=[7, 7], chars=[9, 8])[0] == [0, 1]


def test_a_document_contained_in_its_survivor_is_removed_but_not_one_that_contains_it():
    signatures = [[1, 2, 3, 4], [1, 2, 3, 9]]
    long, short = [*range(10)], [*range(3, 8), 20]
    held = dataclasses.replace(FOUR, min_containment=0.8)
    assert link(signatures, [[], [0]], shingles=[long, short])[0] == [0, 1]
    assert link_and_contain(signatures, [[], [0]], held, shingles=[long, short]) == (
        [0, 0],
        pytest.approx([1.0, 5 / 11]),
        pytest.approx([1.0, 5 / 6]),
    )
    assert link(signatures, [[], [0]], held, shingles=[short, long])[0] == [0, 1]


def test_a_longer_survivor_lowers_the_estimate_from_which_sets_are_compared():
    # Of 100 minima 20 are equal: enough for a set of which another holds all and four times as many, and for no half.
    many = Dedup(bands=25, rows=4, min_containment=0.95)
    signatures = [[1] * 100, [1] * 20 + [2] * 80]
    assert link(signatures, [[], [0]], many, shingles=[[*range(50)], [*range(10)]])[0] == [0, 0]
    assert link(signatures, [[], [0]], many, shingles=[[*range(20)], [*range(10)]])[0] == [0, 1]


def test_beyond_the_cap_the_ratio_of_lengths_bounds_the_similarity():
    same = [[1, 2, 3, 4], [1, 2, 3, 4]]
    capped = Dedup(bands=1, rows=4, min_similarity=0.6, max_shingled_chars=1000)
    assert link(same, [[], [0]], capped, chars=[1001, 900])[1][1] == pytest.approx(900 / 1001)
    assert link(same, [[], [0]], capped, chars=[1001, 600])[0] == [0, 1]
    assert link(same, [[], [0]], capped, chars=[1000, 700]) == ([0, 0], [1.0, 1.0])
