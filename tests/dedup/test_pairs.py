import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.dedup.candidates.keys import KEYS
from manyo.dedup.candidates.pairs import PAIRS, find_pairs
from manyo.dedup.numbering import first_number
from tests.dedup.pages import document_id, page
from tests.dedup.test_keys import keys_of


def key_rows(*rows):
    """Keys of documents whose number is their id."""
    columns = [[row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], [row[2] for row in rows]]
    return pa.RecordBatch.from_arrays([np.array(column, np.uint64) for column in columns], schema=KEYS.schema)


def pair_rows(batches):
    return [(row["number"], row["candidate"]) for batch in batches for row in batch.to_pylist()]


def test_each_document_of_a_key_is_paired_with_the_first_in_survivor_order():
    pairs = find_pairs([key_rows((7, 10, 3), (7, 2, 5), (8, 10, 1)), key_rows((7, 2, 4), (7, 15, 1))], 1)
    assert pairs[0].schema == PAIRS.schema
    assert pair_rows(pairs) == [(1, 4), (3, 4), (5, 4)]


def test_a_pair_found_by_several_keys_is_written_once():
    assert pair_rows(find_pairs([key_rows((1, 9, 2), (2, 9, 2), (1, 9, 3), (2, 9, 3))], 1)) == [(3, 2)]


def test_the_candidates_of_a_document_are_written_in_order_to_its_shard():
    far = first_number(1)
    rows = [(1, 9, far), (1, 3, 7), (2, 9, far), (2, 5, 6), (3, 9, far), (3, 3, 7), (4, 7, 8), (4, 1, far + 1)]
    assert [pair_rows([batch]) for batch in find_pairs([key_rows(*rows)], 3)] == [
        [(8, far + 1)],
        [(far, 6), (far, 7)],
        [],
    ]


def test_each_shard_gets_only_its_own_pairs():
    own = [first_number(shard) + 5 for shard in range(3)]
    rows = [(shard, place, own[shard] + place) for shard in range(3) for place in (0, 1)]
    assert [pair_rows([batch]) for batch in find_pairs([key_rows(*rows)], 3)] == [[(n + 1, n)] for n in own]


def test_no_key_or_no_shared_key_gives_no_pairs():
    assert pair_rows(find_pairs([], 2)) == []
    assert pair_rows(find_pairs([key_rows((1, 9, 2), (2, 9, 3))], 1)) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 255)), unique=True, max_size=20), st.randoms())
def test_pairs_do_not_depend_on_the_order_of_rows(rows, dice):
    rows = [(key, doc % 4, doc) for key, doc in rows]
    shuffled = dice.sample(rows, len(rows))
    cut = len(rows) // 2
    assert find_pairs([key_rows(*shuffled[:cut]), key_rows(*shuffled[cut:])], 1) == find_pairs([key_rows(*rows)], 1)


def test_a_document_given_twice_is_an_error_that_names_it():
    with pytest.raises(ValueError, match=document_id(0).hex()[:16]):
        find_pairs([*keys_of([page(1)]), *keys_of([page(1)], first=first_number(1))], 2)
