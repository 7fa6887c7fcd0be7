import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DUPLICATES
from manyo.dedup.verdict.large import LARGE_CLUSTERS, largest, sample
from tests.dedup.pages import document_id, documents


def clusters(sizes):
    """A document after another of clusters of the given sizes, and their rows of DUPLICATES."""
    rows = []
    for size in sizes:
        survivor = document_id(len(rows))
        for i in range(size):
            rows.append(
                {
                    "doc_id": document_id(len(rows)),
                    "cluster": survivor,
                    "cluster_size": size,
                    "similarity": 1 - i / 100,
                    "kept": i == 0,
                }
            )
    batch = documents([""] * len(rows), uris=[f"http://a.jp/{i}" for i in range(len(rows))])
    return batch, pa.RecordBatch.from_pylist(rows, DUPLICATES.schema)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 9), max_size=25), st.integers(0, 100), st.randoms())
def test_the_sample_does_not_depend_on_the_order_of_documents(sizes, cut, dice):
    batch, marked = clusters(sizes)
    shuffled = pa.array(dice.sample(range(batch.num_rows), batch.num_rows), pa.int64())
    apart = [columns.take(shuffled) for columns in (batch, marked)]
    pieces = [sample(*(columns[piece] for columns in apart)) for piece in (slice(0, cut), slice(cut, None))]
    assert largest(pieces).to_pylist() == sample(batch, marked).to_pylist()


def test_twenty_clusters_are_shown_with_their_survivors_and_five_more_documents():
    batch, marked = clusters([2] * 30 + [9, 8])
    rows = sample(batch, marked)
    assert rows.schema == LARGE_CLUSTERS.schema
    assert rows.column("cluster_size").to_pylist() == [9] * 6 + [8] * 6 + [2] * 36
    assert [row["kept"] for row in rows.to_pylist()[:6]] == [True] + [False] * 5
    assert rows.column("uri")[0].as_py() == "http://a.jp/60"


def test_unique_documents_are_not_in_the_sample():
    assert sample(*clusters([1, 1, 1])).num_rows == 0
    assert largest([]).num_rows == 0
