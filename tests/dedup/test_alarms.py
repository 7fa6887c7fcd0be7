import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DUPLICATES
from manyo.dedup.settings import Alarms
from manyo.dedup.verdict import alarms
from manyo.dedup.verdict.alarms import LOSSES, add_losses, losses, raised
from manyo.dedup.verdict.clusters import CLUSTERS
from tests.dedup.pages import document_id, documents

TEN = Alarms(min_documents=10, max_source_loss=0.5, max_host_loss=0.5, max_cluster_share=0.5)


def lost(*rows):
    return pa.Table.from_pylist(
        [dict(zip(LOSSES.schema.names, row, strict=True)) for row in rows], schema=LOSSES.schema
    )


def clusters(size):
    row = {"doc_id": document_id(1), "survivor": document_id(1), "similarity": 1.0, "cluster_size": size}
    return [pa.RecordBatch.from_pylist([row], CLUSTERS.schema)]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 2), st.sampled_from(["out", "gone", "kept"]))), st.data()
)
def test_losses_count_documents_in_play_wherever_batches_are_cut(rows, data):
    cut = data.draw(st.integers(0, len(rows)))
    uris = [f"http://{host}.jp/" if host else "urn:x" for _, host, _ in rows]
    batch = documents([""] * len(rows), sources=[source for source, _, _ in rows], uris=uris)
    marked = pa.RecordBatch.from_pylist(
        [
            {
                "doc_id": doc_id,
                "cluster": None if fate == "out" else doc_id,
                "cluster_size": 1,
                "similarity": None,
                "kept": fate == "kept",
            }
            for doc_id, (_, _, fate) in zip(batch.column("doc_id").to_pylist(), rows, strict=True)
        ],
        DUPLICATES.schema,
    )
    whole = losses(batch, marked)
    assert add_losses([losses(batch[:cut], marked[:cut]), losses(batch[cut:], marked[cut:])]).equals(whole)
    counted = {(row["source"], row["host"]): (row["documents"], row["removed"]) for row in whole.to_pylist()}
    expected = {}
    for source, host, fate in rows:
        if fate != "out":
            key = (source, f"{host}.jp" if host else None)
            documents_, removed = expected.get(key, (0, 0))
            expected[key] = (documents_ + 1, removed + (fate == "gone"))
    assert counted == expected


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 9)), max_size=4)))
def test_losses_add_up_to_the_same_however_few_rows_are_held(tables):
    tables = [lost(*((source, host, n + 1, n) for source, host, n in rows)) for rows in tables]
    whole = add_losses(tables)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alarms, "_ROWS_AT_ONCE", 1)
        assert add_losses(tables).equals(whole)
    assert sum(table.num_rows for table in tables) == sum(
        row["documents"] - row["removed"] for row in whole.to_pylist()
    )


def test_no_losses_add_up_to_an_empty_table():
    assert add_losses([]).num_rows == 0
    assert list(raised(add_losses([]), [], Alarms())) == []


def test_an_alarm_names_the_source_its_figures_and_the_setting():
    (line,) = raised(lost(("web", "a.jp", 8, 4), ("web", None, 12, 8), ("ndl", None, 90, 10)), clusters(4), TEN)
    assert line == "source web loses 12 of 20 documents (60.0%), more than dedup.alarms.max_source_loss = 0.5"


def test_the_losses_of_a_host_are_summed_over_all_sources():
    (line,) = raised(lost(("a", "x.jp", 8, 8), ("b", "x.jp", 4, 4), ("a", None, 50, 0), ("b", None, 50, 0)), [], TEN)
    assert line == "host x.jp loses 12 of 12 documents (100.0%), more than dedup.alarms.max_host_loss = 0.5"


def test_an_alarm_names_a_cluster_by_its_survivor():
    (line,) = raised(lost(("a", None, 100, 50)), [*clusters(3), *clusters(51)], TEN)
    assert document_id(1).hex() in line
    assert "holds 51 of 100 documents (51.0%), more than dedup.alarms.max_cluster_share = 0.5" in line


@pytest.mark.parametrize(("documents_", "raises"), [(9, False), (10, True)])
@pytest.mark.parametrize("kind", ["source", "host", "cluster"])
def test_an_alarm_needs_min_documents_and_no_more(kind, documents_, raises):
    host = "x.jp" if kind == "host" else None
    rest = {"source": [], "host": [("a", None, 90, 0)], "cluster": [("a", None, 4, 0)]}[kind]
    removed = 0 if kind == "cluster" else documents_
    rows = lost(("a", host, documents_, removed), *rest)
    found = list(raised(rows, clusters(documents_ if kind == "cluster" else 1), TEN))
    assert [line.split()[0] for line in found] == (["the" if kind == "cluster" else kind] if raises else [])


@pytest.mark.parametrize("size", [9, 50])
def test_small_or_permitted_losses_raise_no_alarm(size):
    assert list(raised(lost(("a", "x.jp", 9, 9), ("a", None, 91, 41)), clusters(size), TEN)) == []


@pytest.mark.parametrize("batches", [[], [pa.RecordBatch.from_pylist([], CLUSTERS.schema)]])
def test_without_clusters_no_alarm_names_one(batches):
    strict = Alarms(min_documents=1, max_cluster_share=0)
    assert list(raised(lost(("a", None, 10, 0)), batches, strict)) == []


def test_a_limit_of_one_never_stops_a_run():
    never = Alarms(min_documents=1, max_source_loss=1, max_host_loss=1, max_cluster_share=1)
    assert list(raised(lost(("a", "x.jp", 100, 100)), clusters(100), never)) == []


def test_alarms_come_in_order_of_the_documents_lost():
    rows = lost(*((str(np.int64(i)), None, 100, 60 + i) for i in range(3)))
    assert [line.split()[1] for line in raised(rows, [], TEN)] == ["2", "1", "0"]
