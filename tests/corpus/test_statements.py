"""Statements of a page about its use and date: what it states is read, what it does not state is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract
from manyo.corpus.web.statements import DIRECTIVES, Statements, licence_of, read_statements


def stated(head: str, http: bytes = b"") -> Statements:
    page = extract(f"<html><head>{head}</head><body><p>雨の日でした。</p></body></html>")
    return read_statements(page.tags, page.json_ld, http)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="robots" content="noindex,nofollow">', ("noindex",)),
        ("<META CONTENT='NOAI, noimageai' NAME='ROBOTS'>", ("noai", "noimageai")),
        ('<meta name=robots content="none">', ("noindex",)),
        ('<meta name="tdm-reservation" content="1"/>', ("tdm_reserved",)),
        ('<meta name="tdm-reservation" content="0">', ()),
        ('<meta name="robots" content="index,follow,max-snippet:-1">', ()),
        ('<meta name="description" content="noai">', ()),
        ('<!-- <meta name="robots" content="noindex"> -->', ()),
        ('<script>\'<meta name="robots" content="noindex">\'</script>', ()),
    ],
)
def test_directives_are_read_from_tags(head: str, expected: tuple[str, ...]) -> None:
    assert stated(head).robots == expected


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        (b"http/1.1 200 ok\nx-robots-tag: noai, noarchive\n", ("noarchive", "noai")),
        (b"x-robots-tag: noindex\r\nx-robots-tag: noimageai\r\n", ("noindex", "noimageai")),
        (b"x-robots-tag: googlebot: noindex\n", ()),
        (b"tdm-reservation: 1\n", ("tdm_reserved",)),
    ],
)
def test_directives_are_read_from_the_http_header(http: bytes, expected: tuple[str, ...]) -> None:
    assert stated("", http).robots == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://creativecommons.org/licenses/by-nc-nd/2.1/jp/", "by-nc-nd-2.1"),
        ("//creativecommons.org/publicdomain/zero/1.0/", "zero-1.0"),
        ("http://www.creativecommons.org/licenses/BY/4.0", "by-4.0"),
        ("https://example.org/licenses/by/4.0/", ""),
        ("https://creativecommons.org/", ""),
    ],
)
def test_licences_are_named_by_the_path_of_their_deed(address: str, expected: str) -> None:
    assert licence_of(address) == expected


def test_only_a_link_with_rel_license_states_the_licence_of_the_page() -> None:
    deed = "https://creativecommons.org/licenses/by-sa/4.0/deed.ja"
    assert stated(f'<link rel="license" href="{deed}">').licence == "by-sa-4.0"
    assert stated(f"<a href='{deed}' rel='nofollow license'>CC</a>").licence == "by-sa-4.0"
    assert stated(f'<a href="{deed}">写真の licence</a>').licence == ""


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta property="article:published_time" content="2019-04-07T08:00:00+09:00">', "2019-04-07"),
        ('<meta name="date" content="2019/4/7">', "2019-04-07"),
        ('<time itemprop="datePublished" datetime="2020-12-31">昨日</time>', "2020-12-31"),
        ('<script type="application/ld+json">{"datePublished": "2021-01-02T03:04:05Z"}</script>', "2021-01-02"),
        ('<meta name="date" content="2019-13-07">', ""),
        ('<meta name="date" content="yesterday">', ""),
        ("<p>2019年4月7日</p><time datetime='2019-04-07'></time>", ""),
    ],
)
def test_a_date_of_publication_is_read_where_it_is_stated(head: str, expected: str) -> None:
    assert stated(head).published == expected


@given(st.lists(st.text(max_size=60), max_size=5), st.text(max_size=100), st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_statement_raises(tags: list[str], json_ld: str, head: bytes) -> None:
    found = read_statements(tags, json_ld, head)
    assert [word for word in DIRECTIVES if word in found.robots] == list(found.robots)
