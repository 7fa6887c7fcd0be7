import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.schema import PAIRS
from dedup.components import COMPONENTS, find_components, roots
from tests import oracles
from tests.dedup.pages import document_id

links = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=20)


def pair_batch(pairs):
    return pa.RecordBatch.from_pydict(
        {"doc_id": [document_id(i) for i, _ in pairs], "candidate": [document_id(j) for _, j in pairs]}, PAIRS.schema
    )


@settings(deadline=None, max_examples=150)
@given(links)
def test_roots_equal_their_oracle(links):
    left, right = (np.array([link[end] for link in links], np.int64) for end in (0, 1))
    left.setflags(write=False)
    assert roots(15, left, right).tolist() == oracles.roots(15, links)


@settings(deadline=None, max_examples=50)
@given(links, st.integers(1, 4), st.integers(0, 20))
def test_every_pair_is_dealt_once_to_the_part_of_both_its_documents_wherever_batches_are_cut(links, parts, cut):
    whole = pair_batch(links)
    components, dealt = find_components(lambda: [whole], parts)
    again = find_components(lambda: [whole[cut:], whole[:cut]], parts)
    assert (components, dealt) == again
    assert components.schema == COMPONENTS.schema
    assert components.column("doc_id").to_pylist() == sorted({document_id(i) for link in links for i in link})
    part_of = {row["doc_id"]: row["part"] for row in components.to_pylist()}
    assert len(dealt) == parts
    rows = [(part, row["doc_id"], row["candidate"]) for part, batch in enumerate(dealt) for row in batch.to_pylist()]
    assert all(part == part_of[doc_id] == part_of[candidate] for part, doc_id, candidate in rows)
    assert sorted(row[1:] for row in rows) == sorted({(document_id(i), document_id(j)) for i, j in links})
