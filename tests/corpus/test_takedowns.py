"""Takedown lists: what an entry means, and that every spelling of it means the same documents."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.addresses import canonical_address
from manyo.corpus.doc_ids import document_id
from manyo.corpus.schema import TAKEN_DOWN
from manyo.corpus.takedowns import join_takedowns, parse_entry, parse_takedowns

URIS = [
    "https://example.jp/diary/1.html",
    "https://example.jp/diary/2.html",
    "https://blog.example.jp/",
    "https://notexample.jp/",
    "https://日本語.example/新聞",
    "info:ndljp/pid/1234567",
    "",
]
IDS = [document_id("test", uri) for uri in URIS]


def taken(text: str, uris: list[str] = URIS) -> list[str]:
    """URIs that a list takes down, with what it names them by."""
    ids = [document_id("test", uri) for uri in uris]
    batch = pa.record_batch({"doc_id": pa.array(ids, pa.binary(16)), "uri": pa.array(uris, pa.large_string())})
    found = parse_takedowns(text, "list.txt").finder().find(batch)
    assert found.schema.equals(TAKEN_DOWN.schema)
    by_id = dict(zip(ids, uris, strict=True))
    return [f"{row['listed_as']} {by_id[row['doc_id']]}" for row in found.to_pylist()]


@pytest.mark.parametrize(
    "entry",
    [
        "https://example.jp/diary/1.html",
        "http://www.EXAMPLE.jp:80/diary/1.html#top",
        "example.jp/diary/1.html",
        "https://example.jp/diary/%31.html",
    ],
)
def test_every_spelling_of_an_address_is_that_page_and_no_other(entry: str) -> None:
    assert taken(entry) == ["uri https://example.jp/diary/1.html"]


@pytest.mark.parametrize(
    "entry",
    ["https://xn--wgv71a119e.example/%E6%96%B0%E8%81%9E", "https://日本語.example/新聞", "xn--wgv71a119e.example"],
)
def test_international_addresses_are_found_in_either_spelling(entry: str) -> None:
    assert [line.split()[1] for line in taken(entry)] == ["https://日本語.example/新聞"]


def test_a_host_is_all_of_its_pages_and_no_other_host() -> None:
    assert taken("example.jp") == [f"host {uri}" for uri in URIS[:2]]
    assert taken("www.example.jp") == taken("example.jp")
    assert taken("blog.example.jp") == ["host https://blog.example.jp/"]


def test_a_star_and_a_host_are_its_pages_and_those_of_every_host_below_it() -> None:
    assert taken("*.example.jp") == [f"domain {uri}" for uri in URIS[:3]]
    assert taken("*.Example.JP.") == taken("https://*.example.jp/*") == taken("*.example.jp")
    assert taken("*.日本語.example") == ["domain https://日本語.example/新聞"]


def test_an_address_ended_by_a_star_is_every_page_whose_address_begins_so() -> None:
    assert taken("https://example.jp/diary/*") == [f"prefix {uri}" for uri in URIS[:2]]
    assert taken("example.jp/diary/1*") == taken("http://www.example.jp/x/../%64iary/1*") == [f"prefix {URIS[0]}"]
    assert taken("https://example.jp/*") == [f"prefix {uri}" for uri in URIS[:2]]
    assert taken("https://日本語.example/新*") == [f"prefix {URIS[4]}"]
    assert taken("https://example.jp/.*") == [], "the dot is no step to the root"


def test_a_host_with_a_port_is_what_it_serves_there() -> None:
    uris = ["http://example.jp:8080/a", "http://example.jp/a"]
    assert taken("example.jp:8080", uris) == ["prefix http://example.jp:8080/a"]
    assert taken("example.jp", uris) == [f"host {uri}" for uri in uris]


def test_one_page_of_a_wiki_in_euc_jp_is_taken_and_its_other_pages_stay() -> None:
    names = ["%C6%FC%B5%AD", "%CF%C3%C2%EA", "%C4%AB%BB%D4", "%CC%B5%CC%BE", "%CC%BE%CC%B5"]
    pages = [f"http://wiki.example/index.php?{name}" for name in names]
    for page in pages:
        assert taken(page.replace("%C", "%c"), pages) == [f"uri {page}"]


def test_documents_go_by_id_and_books_by_identifier() -> None:
    assert taken(IDS[3].hex()) == ["doc_id https://notexample.jp/"]
    assert taken("info:ndljp/pid/1234567") == ["uri info:ndljp/pid/1234567"]


def test_ids_and_hosts_are_found_in_either_spelling() -> None:
    assert taken(IDS[3].hex().upper()) == ["doc_id https://notexample.jp/"]
    assert taken("Example.JP.") == taken("example.jp")


def test_a_numeric_address_is_a_host() -> None:
    assert taken("192.0.2.1", ["http://192.0.2.1/a", "http://192.0.2.11/"]) == ["host http://192.0.2.1/a"]


def test_an_address_without_its_scheme_may_hold_another_address() -> None:
    uri = "https://example.jp/go?to=https://example.com/"
    assert taken("example.jp/go?to=https://example.com/", [uri]) == [f"uri {uri}"]


def test_a_byte_order_mark_does_not_belong_to_the_first_entry() -> None:
    assert taken("\ufeffnotexample.jp\n") == ["host https://notexample.jp/"]


def test_of_several_entries_for_a_document_its_id_counts_before_its_address_and_that_before_its_host() -> None:
    uri = URIS[3]
    assert taken(f"notexample.jp\n{uri}\n{IDS[3].hex()}") == [f"doc_id {uri}"]
    assert taken(f"notexample.jp\n{uri}") == [f"uri {uri}"]
    assert taken("*.notexample.jp\nnotexample.jp\nnotexample.jp/*") == [f"prefix {uri}"]


def test_an_entry_that_means_no_document_takes_nothing() -> None:
    assert taken("jp.\nexample.com\nhttps://example.jp/diary/\ninfo:ndljp/pid/123456\n# example.jp\n\n") == []


def test_the_day_of_the_request_goes_with_the_document_and_the_first_one_counts() -> None:
    lists = [parse_takedowns(f"{URIS[0]} {day}", "a") for day in ("2026-04-02", "2026-04-01")]
    batch = pa.record_batch({"doc_id": pa.array(IDS, pa.binary(16)), "uri": pa.array(URIS, pa.large_string())})
    assert join_takedowns(lists).finder().find(batch)["requested"].to_pylist() == [date(2026, 4, 1)]


@pytest.mark.parametrize(
    "line",
    [
        "https://example.jp/ 2026-13-01",
        "example.jp and more",
        "example.jp 1.4.2026",
        "*.jp*",
        "https://*/a",
        "blog.*.jp/",
        "*.",
        # a table as spreadsheets write it, and JSON
        "url,reason",
        "https://example.jp/a,2026-04-01",
        "山田,https://example.jp/a,2026/4/1",
        "example.jp;https://example.jp/a",
        "https://example.jp/a,me@example.jp",
        '"https://example.jp/a","x"',
        '{"url": "https://example.jp/a"}',
        '["https://example.jp/a"]',
    ],
)
def test_a_line_that_is_not_an_entry_is_named_with_what_is_valid(line: str) -> None:
    with pytest.raises(ValueError, match=r"list\.txt: line 2: .* write a URL, host, doc_id or identifier"):
        parse_takedowns(f"# ours\n{line}\n", "list.txt")


entries = st.sampled_from(
    [
        *(uri for uri in URIS if uri),
        *(one.hex() for one in IDS),
        "example.jp",
        "*.example.jp",
        "https://example.jp/d*",
        "www.blog.example.jp",
        "x.test 2026-04-01",
        "x.test 2026-04-01 letter 17, page 2",
    ]
)


@settings(max_examples=30, deadline=None)
@given(first=st.lists(entries), second=st.lists(entries))
def test_lists_join_in_any_order_and_survive_being_written_and_read(first: list[str], second: list[str]) -> None:
    one, other = (parse_takedowns("\n".join(lines), "list") for lines in (first, second))
    joined = join_takedowns([one, other])
    assert list(joined.lines()) == list(join_takedowns([other, one, one]).lines())
    assert parse_takedowns("\n".join(joined.lines()), "list") == joined
    assert set(taken("\n".join([*first, *second]))) == set(taken("\n".join(joined.lines())))


@given(st.lists(st.sampled_from(URIS[:6]), max_size=3), st.lists(st.sampled_from(URIS), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_a_list_takes_exactly_the_pages_whose_address_it_names(listed: list[str], uris: list[str]) -> None:
    uris = list(dict.fromkeys(uris))
    named = {canonical_address(uri) or uri for uri in listed}
    expected = [uri for uri in uris if (canonical_address(uri) or uri) in named]
    assert [line.split(" ", 1)[1] for line in taken("\n".join(listed), uris)] == expected


def test_every_entry_that_names_a_document_is_kept_with_it() -> None:
    batch = pa.record_batch({"doc_id": pa.array(IDS, pa.binary(16)), "uri": pa.array(URIS, pa.large_string())})
    listed = parse_takedowns("example.jp 2026-04-03\nhttps://example.jp/diary/1.html 2026-04-02 letter 17\n", "list")
    row = listed.finder().find(batch).to_pylist()[0]
    assert row["entries"] == [parse_entry(one).digest for one in ("https://www.example.jp/diary/1.html", "example.jp")]
    assert (row["requested"], row["reference"]) == (date(2026, 4, 2), "letter 17")


def test_what_another_configuration_found_is_taken_down_only_where_it_has_no_address() -> None:
    found = "".join(f"{doc_id.hex()}?\n" for doc_id in IDS)
    assert taken(found) == ["found info:ndljp/pid/1234567", "found "]
    assert taken(found + "info:ndljp/pid/1234567") == ["uri info:ndljp/pid/1234567", "found "]
    assert "".join(f"{line}\n" for line in sorted(parse_takedowns(found, "").lines())) == "".join(
        sorted(found.splitlines(keepends=True))
    )
