"""Who takes part in place of whom, and that what is decided comes to both shards, next to plain dictionaries."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.dedup.numbering import first_number
from manyo.dedup.same_address import ADDRESSES, stand_ins
from manyo.dedup.verdict.clusters import CLUSTERS
from manyo.dedup.verdict.compared import LINKED
from manyo.dedup.verdict.stand_ins import deal_stand_ins, rows_of_stand_ins
from tests.dedup.pages import document_id

SHARDS, PARTS = 4, 3
#: Shard, address and precedence of each document; its row is its place among those of its shard.
pages = st.lists(st.tuples(st.integers(0, SHARDS - 1), st.integers(0, 6), st.integers(0, 2)), max_size=30)


def numbered(pages):
    """(number, doc_id, address, precedence) of each document."""
    rows = [0] * SHARDS
    for i, (shard, address, precedence) in enumerate(pages):
        yield first_number(shard) + rows[shard], document_id(i), address, precedence
        rows[shard] += 1


def addresses(pages):
    columns = list(zip(*((k, p, i, n) for n, i, k, p in numbered(pages)), strict=True)) or [()] * 4
    return pa.RecordBatch.from_arrays(
        [pa.array(c, f.type) for c, f in zip(columns, ADDRESSES.schema, strict=True)], schema=ADDRESSES.schema
    )


def replaced(pages):
    """Of each page that does not take part, the one that does: (number, doc_id) of both."""
    first = {}
    for number, doc_id, address, precedence in numbered(pages):
        first[address] = min(first.get(address, (9, b"", 0)), (precedence, doc_id, number))
    return {
        (number, doc_id): (first[address][2], first[address][1])
        for number, doc_id, address, _ in numbered(pages)
        if first[address][1] != doc_id
    }


@settings(deadline=None, max_examples=60)
@given(pages, st.randoms())
def test_the_first_page_of_an_address_stands_in_for_the_others_and_both_shards_are_told(pages, dice):
    batch = addresses(pages)
    superseded, taking_part = stand_ins(
        [batch.take(pa.array(dice.sample(range(len(pages)), len(pages)), pa.int64()))], SHARDS
    )
    told = [{row["doc_id"]: row["stand_in"] for row in rows.to_pylist()} for rows in superseded]
    expected = replaced(pages)
    assert told == [
        {i: stand_in for (n, i), (_, stand_in) in expected.items() if n >> 32 == shard} for shard in range(SHARDS)
    ]
    assert all(
        rows.column("doc_id").to_pylist() == sorted(of_shard) for rows, of_shard in zip(superseded, told, strict=True)
    )
    pairs = {(stand_in, n >> 32) for (n, _), (stand_in, _) in expected.items()}
    for shard, rows in enumerate(taking_part):
        own = [(row["number"], row["shard"]) for row in rows.to_pylist()]
        assert sorted(own) == sorted(pair for pair in pairs if pair[0] >> 32 == shard)


@settings(deadline=None, max_examples=60)
@given(pages, st.data())
def test_what_is_decided_about_a_stand_in_comes_to_the_shards_of_those_that_it_replaces(pages, data):
    of_shards = stand_ins([addresses(pages)], SHARDS)[1]
    everyone = list(numbered(pages))
    linked = data.draw(st.sets(st.sampled_from(everyone)) if everyone else st.just(set()))
    part_of = {n: data.draw(st.integers(0, PARTS - 1)) for n, *_ in sorted(linked)}
    dealt = [
        deal_stand_ins(
            [rows],
            pa.RecordBatch.from_pylist(
                [{"number": n, "part": part, "candidates": []} for n, part in part_of.items() if n >> 32 == shard],
                schema=LINKED.schema,
            ),
            PARTS,
        )
        for shard, rows in enumerate(of_shards)
    ]
    come = [[] for _ in range(SHARDS)]
    for part in range(PARTS):
        members = sorted((i, n) for n, i, *_ in linked if part_of[n] == part)
        clusters = pa.RecordBatch.from_pylist(
            [{"doc_id": i, "survivor": i, "cluster_size": 2} for i, _ in members], schema=CLUSTERS.schema
        )
        numbers = pa.array([n for _, n in members], pa.uint64()).to_numpy()
        found = rows_of_stand_ins([rows[part] for rows in dealt], clusters, numbers, SHARDS)
        for shard, rows in enumerate(found):
            come[shard] += rows.column("doc_id").to_pylist()
    pairs = {(stand_in, n >> 32) for (n, _), stand_in in replaced(pages).items()}
    assert [sorted(ids) for ids in come] == [
        sorted(i for (n, i), to in pairs if to == shard and n in part_of) for shard in range(SHARDS)
    ]
