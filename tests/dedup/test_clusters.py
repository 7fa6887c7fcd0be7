from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DUPLICATES
from manyo.dedup.candidates.components import find_components
from manyo.dedup.candidates.keys import deal_keys
from manyo.dedup.candidates.pairs import find_pairs
from manyo.dedup.numbering import first_number
from manyo.dedup.same_address import SUPERSEDED
from manyo.dedup.settings import Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.dedup.verdict.clusters import CLUSTERS, deal_clusters, duplicates, find_clusters, in_order
from manyo.dedup.verdict.compared import COMPARED, deal_compared, link, measure_compared
from manyo.dedup.verdict.order import precedence
from tests import oracles
from tests.dedup.pages import document_id, documents, edited, page, similar_texts
from tests.dedup.run import by_document, dedup

SMALL = Dedup(shingle_chars=2, bands=6, rows=2, min_similarity=0.5, min_chars=4, max_shingled_chars=9, parts=2)
corpora = st.lists(similar_texts, max_size=25)


@settings(deadline=None, max_examples=60)
@given(
    corpora,
    st.sampled_from([(), ("longest",), ("newest", "longest")]),
    st.integers(1, 12),
    st.sampled_from([None, 0.7, 1.0]),
    st.data(),
)
def test_clusters_equal_their_oracle(texts, criteria, max_shingles, min_containment, data):
    days = data.draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts)))
    usual = replace(SMALL, survivor_order=criteria, max_compared_shingles=max_shingles, min_containment=min_containment)
    batch = documents(texts, days=days)
    rows = signatures(batch, usual)
    chars = rows.column("chars").to_numpy()
    columns = [
        *(rows.column(name).to_pylist() for name in ("doc_id", "exact_hash", "chars", "minhash")),
        precedence(batch, chars, usual).tolist(),
        oracles.shingle_sets([oracles.fold(text) for text in texts], 2, 4, 9, max_shingles),
    ]
    order = (0, 4, 1, 2, 3, 5)
    given = list(zip(*(columns[i] for i in order), strict=True))
    expected = oracles.find_clusters(given, 6, 2, 0.5, 9, max_shingles, min_containment or 2)
    found = by_document(dedup([batch], usual))
    assert {i: row["cluster"] for i, row in found.items()} == {i: survivor for i, (survivor, _, _) in expected.items()}
    for i, (_, similarity, containment) in expected.items():
        assert found[i]["similarity"] == np.float32(similarity)
        assert found[i]["containment"] == np.float32(containment)


@settings(deadline=None, max_examples=40)
@given(corpora, st.randoms(), st.integers(1, 5), st.integers(0, 25), st.sampled_from([None, "newest", "longest"]))
def test_rows_do_not_depend_on_order_batches_or_parts(texts, dice, parts, cut, same_address):
    uris = [f"http://example.jp/{dice.randrange(12)}" for _ in texts]
    usual = replace(SMALL, same_address=same_address)
    batch = documents(texts, uris=uris, days=[dice.randrange(3) for _ in texts])
    shuffled = dice.sample(range(len(texts)), len(texts))
    batches = [batch.take(pa.array(rows, pa.int64())) for rows in (shuffled[:cut], shuffled[cut:])]
    assert by_document(dedup(batches, replace(usual, parts=parts))) == by_document(dedup([batch], usual))


@settings(deadline=None, max_examples=40)
@given(corpora, st.data(), st.integers(1, 5), st.integers(0, 25))
def test_sources_first_equals_two_separate_runs(texts, data, parts, cut):
    sources = data.draw(st.lists(st.sampled_from(["web", "books"]), min_size=len(texts), max_size=len(texts)))
    whole = documents(texts, sources=sources)
    found = by_document(dedup([whole[cut:], whole[:cut]], replace(SMALL, within_sources=True, parts=parts)))
    first = {}
    for name in set(sources):
        first |= by_document(dedup([whole.filter(pc.equal(whole.column("source").cast(pa.string()), name))], SMALL))
    left = pa.array([first[i]["kept"] for i in whole.column("doc_id").to_pylist()], pa.bool_())
    second = by_document(dedup([whole.filter(left)], SMALL))
    assert set(first) == set(found)
    for i, row in found.items():
        within = i not in second or second[i]["cluster_size"] == 1 < first[i]["cluster_size"]
        assert row == {**(first if within else second)[i], "within_source": within}


@settings(deadline=None, max_examples=40)
@given(corpora, st.data(), st.sampled_from([(), ("longest",), ("oldest",), ("newest", "longest")]))
def test_dedup_against_an_index_equals_one_big_run(texts, data, criteria):
    cut = data.draw(st.integers(0, len(texts)))
    usual = replace(SMALL, survivor_order=criteria, index_stays=False)
    days = sorted(data.draw(st.lists(st.integers(0, 3), min_size=len(texts), max_size=len(texts))))
    whole = documents(texts, days=days)
    earlier, later = whole[:cut], whole[cut:]
    index = measure_compared(earlier, signatures(earlier, usual), usual)
    big = by_document(dedup([whole], usual))
    found = by_document(dedup([later], usual, index=[index]))
    assert found == {doc_id: big[doc_id] for doc_id in found}


@settings(deadline=None, max_examples=30)
@given(corpora, st.lists(st.integers(1, 25), max_size=3))
def test_runs_one_after_another_keep_what_one_big_run_keeps(texts, cuts):
    """The oldest documents precede the others by their dates or, whatever their order, because an index stays."""
    by_age = replace(SMALL, survivor_order=("oldest", "longest"), index_stays=False)
    big = one_after_another(texts, cuts, by_age, None)
    for usual in (by_age, replace(SMALL, survivor_order=("longest",))):
        assert one_after_another(texts, cuts, by_age, usual) == big


def one_after_another(texts, cuts, by_age, usual):
    """Which documents of runs one after another stay, and their clusters; with no settings, of one big run."""
    crawl = [sum(cut <= i for cut in cuts) for i in range(len(texts))]
    whole = documents(texts, days=crawl)
    marked = dedup([whole], by_age) if usual is None else []
    indexes = []
    for number in range(len(cuts) + 1 if usual else 0):
        own = whole.filter(pa.array([one == number for one in crawl], pa.bool_()))
        marked += dedup([own], usual, index=indexes)
        indexes.append(measure_compared(own, signatures(own, usual), usual))
    return {i: (row["kept"], row["cluster"]) for i, row in by_document(marked).items()}


@settings(deadline=None, max_examples=40)
@given(corpora, st.data(), st.sampled_from([(), ("longest",), ("uses", "longest")]))
def test_documents_of_an_index_stay_whatever_their_place_in_survivor_order(texts, data, criteria):
    cut = data.draw(st.integers(0, len(texts)))
    usual = replace(SMALL, survivor_order=criteria)
    whole = documents(texts, days=[int(i >= cut) for i in range(len(texts))])
    earlier, later = whole[:cut], whole[cut:]
    index = measure_compared(earlier, signatures(earlier, usual), usual)
    found = by_document(dedup([later], usual, index=[index]))
    in_order_of_runs = by_document(dedup([whole], replace(usual, survivor_order=("oldest", *criteria))))
    assert found == {doc_id: in_order_of_runs[doc_id] for doc_id in found}
    for text, row in zip(texts[cut:], found.values(), strict=True):
        assert not (row["kept"] and text in texts[:cut]), "an equal text is released again"


@settings(deadline=None, max_examples=20)
@given(corpora)
def test_a_document_whose_id_and_text_an_index_holds_goes(texts):
    whole = documents(texts)
    index = measure_compared(whole, signatures(whole, SMALL), SMALL)
    again = by_document(dedup([whole], SMALL, index=[index]))
    assert not any(row["kept"] for row in again.values())
    first = by_document(dedup([whole], SMALL))
    assert {i: row["cluster"] for i, row in again.items()} == {i: row["cluster"] for i, row in first.items()}


@settings(deadline=None, max_examples=40)
@given(corpora, st.data())
def test_documents_out_of_play_change_nothing_for_the_others(texts, data):
    chosen = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), bool)
    batch = documents(texts)
    found = by_document(dedup([batch], SMALL, in_play=[chosen]))
    alone = by_document(dedup([batch.filter(pa.array(chosen))], SMALL))
    assert {i: found[i] for i in alone} == alone
    for i in found.keys() - alone.keys():
        nothing = dict.fromkeys(("cluster", "similarity", "containment"))
        assert found[i] == {"doc_id": i, **nothing, "cluster_size": 0, "kept": False, "within_source": False}


@settings(deadline=None, max_examples=60)
@given(corpora)
def test_every_cluster_has_one_survivor_that_stays_and_members_that_reach_the_threshold(texts):
    found = by_document(dedup([documents(texts)], SMALL))
    for i, row in found.items():
        survivor = found[row["cluster"]]
        assert survivor["kept"]
        assert survivor["cluster"] == row["cluster"]
        assert row["kept"] == (row["cluster"] == i)
        assert row["similarity"] >= SMALL.min_similarity
        assert row["cluster_size"] == sum(other["cluster"] == row["cluster"] for other in found.values())


@settings(deadline=None, max_examples=60)
@given(corpora)
def test_at_most_one_of_equal_texts_stays(texts):
    found = by_document(dedup([documents(texts)], SMALL))
    for text in set(texts):
        rows = [found[document_id(i)] for i, other in enumerate(texts) if other == text]
        assert len({row["cluster"] for row in rows}) == 1
        assert sum(row["kept"] for row in rows) <= 1


@settings(deadline=None, max_examples=30)
@given(corpora)
def test_no_two_kept_texts_are_equal(texts):
    found = by_document(dedup([documents(texts)], SMALL))
    kept = [text for i, text in enumerate(texts) if found[document_id(i)]["kept"]]
    assert len(set(kept)) == len(kept)


def test_rows_are_in_the_order_of_the_documents():
    batch = documents([page(i % 3) for i in range(7)])
    (result,) = dedup([batch], Dedup())
    assert result.schema == DUPLICATES.schema
    assert result.column("doc_id").equals(batch.column("doc_id"))
    assert result.column("cluster_size").to_pylist() == [3, 2, 2, 3, 2, 2, 3]


def test_an_edited_page_repeats_the_original_and_another_page_does_not():
    long = page(1, sentences=40)
    rows = by_document(dedup([documents([edited(long, 1, 8), long + "追記。", page(2, sentences=40)])], Dedup()))
    assert [rows[document_id(i)]["kept"] for i in range(3)] == [False, True, True]
    assert rows[document_id(0)]["cluster"] == document_id(1)


def test_short_pages_that_differ_in_a_word_both_stay():
    texts = ["画像を上下に反転します。", "画像を左右に反転します。", "画像を左右に反転します。 "]
    rows = by_document(dedup([documents(texts)], Dedup()))
    assert rows[document_id(0)]["cluster_size"] == 1
    assert rows[document_id(1)]["cluster"] == rows[document_id(2)]["cluster"]
    assert sum(row["kept"] for row in rows.values()) == 2


def test_every_document_of_a_chain_is_similar_to_its_own_survivor():
    chain = [page(1, sentences=60)]
    for step in range(30):
        chain.append(edited(chain[-1], step, 40)[:-1])
    rows = by_document(dedup([documents(chain)], Dedup()))
    shingles = {document_id(i): oracles.shingles(oracles.fold(text), 5) for i, text in enumerate(chain)}
    for i, row in rows.items():
        ours, theirs = shingles[i], shingles[row["cluster"]]
        assert row["similarity"] == np.float32(len(ours & theirs) / len(ours | theirs))
        assert row["similarity"] >= 0.8
    assert sum(row["kept"] for row in rows.values()) > 2


def test_duplicates_that_are_unlike_the_first_document_of_their_key_are_found():
    # Three documents share a key. The last two are equal to each other and different from the first, which is longer.
    usual = Dedup(bands=1, rows=4, min_similarity=0.75, min_chars=5)
    ids = [document_id(i) for i in range(3)]
    columns = {
        "doc_id": ids,
        "precedence": [1, 2, 3],
        "exact_hash": [1, 2, 3],
        "chars": [30, 20, 10],
        "minhash": [[1, 2, 3, 4], [1, 9, 9, 9], [1, 9, 9, 9]],
        "shingles": [[1, 2, 3, 4], [1, 9, 10, 11], [1, 9, 10, 11]],
        "number": [5, 7, 6],
        "candidates": [[], [5], [5]],
    }
    compared = pa.RecordBatch.from_pydict(columns, COMPARED.schema)
    clusters, _ = find_clusters([compared], 1, usual)
    rows = {row["doc_id"]: row["survivor"] for row in clusters.to_pylist()}
    assert rows == {ids[1]: ids[1], ids[2]: ids[1]}


def test_a_repetition_within_a_source_is_removed_even_if_the_original_is_removed_later():
    # Each is similar to the one before, and the last is not similar to the first.
    original = page(1).replace("\n", "")
    once = edited(original, 2, 20)
    twice = edited(once, 3, 20)
    batch = documents([original + "。。", once + "。", twice], sources=["books", "web", "web"])
    kept = {
        within: [row["kept"] for row in dedup([batch], Dedup(within_sources=within))[0].to_pylist()]
        for within in (False, True)
    }
    assert kept == {False: [True, False, True], True: [True, False, False]}


def test_books_with_a_common_beginning_beyond_the_cap_both_stay():
    capped = Dedup(max_shingled_chars=500)
    book = page(1, sentences=100)
    rows = by_document(dedup([documents([book, book[: len(book) // 2], book[:-20]])], capped))
    assert [rows[document_id(i)]["kept"] for i in range(3)] == [True, True, False]


def compared_pages(texts):
    """What comparing the texts takes, in one part; the second half of them is in a second shard."""
    usual = Dedup(parts=1)
    half = len(texts) // 2
    whole = documents(texts)
    batches = [whole[:half], whole[half:]]
    signed = [signatures(batch, usual) for batch in batches]
    keys = []
    for shard, (batch, rows) in enumerate(zip(batches, signed, strict=True)):
        places = precedence(batch, rows.column("chars").to_numpy(), usual)
        keys += deal_keys(rows, places, np.ones(batch.num_rows, bool), first_number(shard), usual, 1)
    pairs = find_pairs(keys, 2)
    components = list(find_components(lambda: pairs, 2, 1))
    return [
        deal_compared(batch, rows, first_number(shard), link(components[shard], [pairs[shard]]), usual)[0]
        for shard, (batch, rows) in enumerate(zip(batches, signed, strict=True))
    ]


def test_clusters_are_sorted_omit_unique_documents_and_are_dealt_to_shards():
    clusters, numbers = find_clusters(compared_pages([page(i % 5) for i in range(9)]), 2, Dedup())
    of_shards = deal_clusters(clusters, numbers, 2)
    assert clusters.schema == CLUSTERS.schema
    ids = clusters.column("doc_id").to_pylist()
    assert ids == sorted(ids)
    assert document_id(4) not in ids
    assert len(ids) == 8
    assert [{*rows.column("doc_id").to_pylist()} for rows in of_shards] == [
        {document_id(i) for i in range(4)},
        {document_id(i) for i in range(5, 9)},
    ]


def test_no_pairs_make_every_document_its_own_survivor():
    clusters, _ = find_clusters([], 1, SMALL)
    none = in_order([], SUPERSEDED)
    result = duplicates(documents(["あ"]).column("doc_id"), np.array([True]), none, clusters)
    itself = {"doc_id": document_id(0), "cluster": document_id(0), "cluster_size": 1, "similarity": 1.0, "kept": True}
    assert result.to_pylist() == [{**itself, "containment": 1.0, "within_source": False}]


def test_a_missing_candidate_or_repeated_document_is_an_error():
    one, other = compared_pages([page(1), page(1)])
    for alone in (one, other):
        if alone.column("candidates").value_lengths()[0].as_py():
            with pytest.raises(ValueError, match="of different runs"):
                find_clusters([alone], 2, Dedup())
    with pytest.raises(ValueError, match="given twice"):
        find_clusters([one, other, other], 2, Dedup())
