import numpy as np
import pytest

from manyo.corpus.addresses import canonical_address, host_of
from manyo.dedup.settings import Dedup
from tests.dedup.pages import document_id, documents, page
from tests.dedup.run import by_document, dedup


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.jp/a",
        "https://example.jp/b/../a",
        "HTTP://WWW.Example.JP:80/a#top",
        "https://name@example.jp:443/a",
    ],
)
def test_spellings_of_one_address_are_normalised(uri):
    assert canonical_address(uri) == "example.jp/a"
    assert host_of(uri) == "example.jp"


@pytest.mark.parametrize(
    "uri",
    [
        "http://example.jp/A",
        "http://example.jp/a?b",
        "http://example.jp:8080/a",
        "http://m.example.jp/a",
        "http://example.jp/a/",
    ],
)
def test_other_pages_have_other_addresses(uri):
    assert canonical_address(uri) != "example.jp/a"


@pytest.mark.parametrize("uri", ["", "urn:isbn:4000000000", "info:ndljp/pid/1", "s3://bucket/a", "http:///"])
def test_a_string_that_is_not_a_web_address_has_no_host(uri):
    assert canonical_address(uri) is None
    assert host_of(uri) is None


def crawls(same_address, texts, uris, days, **other):
    return by_document(dedup([documents(texts, uris=uris, days=days)], Dedup(same_address=same_address, **other)))


def test_both_pages_of_one_address_stay_by_default():
    rows = crawls(None, [page(1), page(2)], ["http://example.jp/"] * 2, [1, 2])
    assert all(row["kept"] for row in rows.values())


@pytest.mark.parametrize(("same_address", "stays"), [("newest", 1), ("longest", 0)])
def test_one_page_of_an_address_stays_whatever_the_texts_are(same_address, stays):
    texts = [page(1, sentences=40), page(2), page(3)]
    uris = ["http://example.jp/", "https://www.example.jp", "http://example.jp/other"]
    rows = crawls(same_address, texts, uris, [1, 2, 3])
    assert [rows[document_id(i)]["kept"] for i in range(3)] == [stays == 0, stays == 1, True]
    gone = rows[document_id(1 - stays)]
    assert gone["cluster"] == document_id(stays)
    assert gone["similarity"] is None


def test_a_replaced_page_gets_the_survivor_of_its_stand_in_and_removes_nothing():
    # The older page is similar to the third, which therefore stays; the newer one repeats the fourth, which is longer.
    texts = [page(1, sentences=31), page(2), page(1, sentences=30), page(2) + "追記。"]
    uris = ["http://example.jp/", "http://example.jp/", "http://example.jp/3", "http://example.jp/4"]
    rows = crawls("newest", texts, uris, [1, 2, 3, 4])
    assert [rows[document_id(i)]["kept"] for i in range(4)] == [False, False, True, True]
    assert rows[document_id(0)]["cluster"] == rows[document_id(1)]["cluster"] == document_id(3)
    assert rows[document_id(1)]["similarity"] > 0.8


def test_documents_out_of_play_take_no_address():
    batch = documents([page(1), page(2)], uris=["http://example.jp/"] * 2, days=[1, 2])
    rows = by_document(dedup([batch], Dedup(same_address="newest"), in_play=[np.array([True, False])]))
    assert rows[document_id(0)]["kept"]
    assert not rows[document_id(1)]["kept"]


@pytest.mark.parametrize("same_address", [None, "newest"])
def test_one_publication_of_a_family_stays_however_different_the_others_are(same_address):
    families = ["JP2097000001", "JP2097000001", "JP2097000002", None, None]
    batch = documents([page(n, sentences=20 + 10 * (n == 1)) for n in range(5)], families=families)
    rows = by_document(dedup([batch], Dedup(same_address=same_address)))
    assert [rows[document_id(i)]["kept"] for i in range(5)] == [False, True, True, True, True]
    assert rows[document_id(0)]["cluster"] == document_id(1)


def test_a_family_is_not_an_address():
    batch = documents([page(1), page(2)], families=["example.jp/a", None], uris=["", "http://example.jp/a"])
    assert all(row["kept"] for row in by_document(dedup([batch], Dedup(same_address="newest"))).values())
