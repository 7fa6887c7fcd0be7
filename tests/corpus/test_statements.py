"""Statements of a page about its use and date: what it states is read, what it does not state is not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract
from manyo.corpus.web.statements import DIRECTIVES, Statements, parse_stated, read_statements, read_x_robots_tag


def stated(head: str, http: bytes = b"") -> Statements:
    html = f"<html><head>{head}</head><body><p>雨の日でした。</p></body></html>"
    page = extract(html)
    return read_statements(page.tags, page.json_ld, http, html)


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
        (b"TDM-Reservation: true\n", ()),
        (b"X-Robots-Tag: noindex,\r\n  noai\r\n", ("noindex", "noai")),
    ],
)
def test_directives_are_read_from_the_http_header(http: bytes, expected: tuple[str, ...]) -> None:
    assert stated("", http).robots == expected


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


@given(st.lists(st.text(max_size=60), max_size=5), st.text(max_size=300))
@settings(max_examples=50, deadline=None)
def test_a_statement_comes_back_from_the_form_in_which_it_is_kept(tags: list[str], value: str) -> None:
    head = f"x-robots-tag: {value}".replace("\n", " ").encode("utf-8", "replace")
    for one in read_statements(tags, "", head).stated:
        assert parse_stated(str(one)) == one


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("noindex, nofollow", [("*", "noindex"), ("*", "nofollow")]),
        ("googlebot: noindex, noarchive", [("googlebot", "noindex"), ("googlebot", "noarchive")]),
        ("BadBot: noindex, CCBot: noai", [("badbot", "noindex"), ("ccbot", "noai")]),
        ("noai, googlebot: noindex", [("*", "noai"), ("googlebot", "noindex")]),
        ("max-snippet: 20, max-image-preview:large", [("*", "max-snippet:20"), ("*", "max-image-preview:large")]),
        (
            "unavailable_after: Wed, 25 Jun 2031 15:00:00 GMT, noai",
            [("*", "unavailable_after: wed, 25 jun 2031 15:00:00 gmt"), ("*", "noai")],
        ),
        ("otherbot: unavailable_after: 2031-06-25", [("otherbot", "unavailable_after: 2031-06-25")]),
    ],
)
def test_directives_belong_to_the_agent_before_them(value: str, expected: list[tuple[str, str]]) -> None:
    assert read_x_robots_tag(value) == expected


@pytest.mark.parametrize(
    "content", ["noindex noai", "noindex;noai", "noindex、noai", "ｎｏｉｎｄｅｘ，ｎｏａｉ", "noindex,,noai"]
)
def test_directives_are_read_whatever_separates_them(content: str) -> None:
    assert stated(f'<meta name="robots" content="{content}">').robots == ("noindex", "noai")


def test_a_directive_to_one_crawler_is_kept_and_not_addressed_to_everyone() -> None:
    found = stated('<meta name="GPTBot" content="noai">', b"X-Robots-Tag: googlebot: noindex, noarchive\n")
    assert found.robots == ()
    assert [str(one) for one in found.stated] == [
        "meta gptbot: noai",
        "x-robots-tag googlebot: noindex",
        "x-robots-tag googlebot: noarchive",
    ]


def test_a_reservation_in_the_page_supersedes_that_of_the_header() -> None:
    assert stated('<meta name="tdm-reservation" content="0">', b"tdm-reservation: 1\n").robots == ()
    assert stated('<meta name="tdm-reservation" content="yes">', b"tdm-reservation: 1\n").robots == ("tdm_reserved",)


def test_a_preference_in_the_header_keeps_its_letters() -> None:
    assert str(stated("", b"Content-Usage: Train-AI=n\r\n").stated[0]) == "content-usage *: Train-AI=n"
