import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.dedup.candidates.components import COMPONENTS, find_components
from manyo.dedup.candidates.pairs import PAIRS
from tests import oracles

#: Fifteen documents, five in each of three shards.
links = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20)


def number(i):
    return (i // 5 << 32) + i % 5


def pair_batch(pairs):
    columns = [[number(pair[end]) for pair in pairs] for end in (0, 1)]
    return pa.RecordBatch.from_arrays([np.array(column, np.uint64) for column in columns], schema=PAIRS.schema)


@settings(deadline=None, max_examples=100)
@given(links, st.integers(1, 4), st.integers(0, 20))
def test_all_documents_of_a_component_go_to_one_part(links, parts, cut):
    whole = pair_batch(links)
    dealt = list(find_components(lambda: [whole], 3, parts))
    assert dealt == list(find_components(lambda: [whole[cut:], whole[:cut]], 3, parts))
    assert [batch.schema for batch in dealt] == [COMPONENTS.schema] * 3
    rows = [(row["number"], row["part"]) for batch in dealt for row in batch.to_pylist()]
    assert [row[0] for row in rows] == sorted({number(i) for link in links for i in link})
    assert all(n >> 32 == shard for shard, batch in enumerate(dealt) for n in batch.column("number").to_pylist())
    part_of = dict(rows)
    root_of = oracles.roots(15, links)
    for one in {i for link in links for i in link}:
        assert part_of[number(one)] == part_of[number(root_of[one])]
        assert 0 <= part_of[number(one)] < parts


def test_components_spread_over_the_parts():
    alone = pair_batch([(i, i) for i in range(15)])
    assert {row for batch in find_components(lambda: [alone], 3, 3) for row in batch.column("part").to_pylist()} == {
        0,
        1,
        2,
    }


def test_no_pairs_give_no_components():
    assert [batch.num_rows for batch in find_components(list, 2, 3)] == [0, 0]
