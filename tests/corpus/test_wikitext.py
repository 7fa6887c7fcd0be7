"""XML dumps of MediaWiki: an article's words stay, its apparatus goes, and a cut dump loses what was cut."""

from __future__ import annotations

import bz2
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.books.wikitext import read_wikitext
from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused, Skipped
from manyo.corpus.sources import wikipedia

OPTIONS = wikipedia.Options()
ARTICLE = """{{Infobox 施設|名前=茶屋}}
'''茶屋'''（ちゃや、{{lang-en|tea house}}）は、[[峠]]にある[[店舗|店]]である<ref>本。</ref>。{{ruby|霧|きり}}が深い。
__NOTOC__

== 歴史 ==
[[ファイル:a.jpg|thumb|写真の説明]]
江戸時代の[https://example.jp 街道]に始まる。<!-- 注意 -->
* [[団子]]を出す
* 茶を出す
{| class="wikitable"
! 年 !! 数
|-
| 1801 || 二
|}
== 脚注 ==
{{Reflist}}
[[Category:店]]
"""


def dump(*pages: str) -> bytes:
    site = "<siteinfo><sitename>Wikipedia</sitename></siteinfo>"
    space = 'xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="ja"'
    return f"<mediawiki {space}>{site}{''.join(pages)}</mediawiki>".encode()


def page(number: int, text: str = ARTICLE, ns: int = 0, more: str = "") -> str:
    return (
        f"<page><title>茶屋 {number}</title><ns>{ns}</ns><id>{number}</id>{more}<revision><id>{number}00</id>"
        "<timestamp>2026-08-01T00:00:00Z</timestamp><contributor><username>甲</username><id>1</id></contributor>"
        f"<model>wikitext</model><text>{escape(text)}</text></revision></page>"
    )


def read(path: Path, data: bytes) -> list[Document | Refused | Skipped]:
    path.write_bytes(data)
    (shard,) = wikipedia.plan([InputFile(str(path), len(data), "1")], OPTIONS)
    return [
        item.refused if isinstance(item, BrokenInput) else wikipedia.parse(item, OPTIONS)
        for item in wikipedia.records(shard, OPTIONS)
    ]


def test_an_article_is_what_its_reader_sees() -> None:
    written = read_wikitext(ARTICLE)
    assert written.text.split("\n") == [
        "茶屋（ちゃや、tea house）は、峠にある店である。霧が深い。",
        "歴史",
        "江戸時代の街道に始まる。",
        "団子を出す",
        "茶を出す",
        "年\t数",
        "1801\t二",
    ]
    spans = {(one.kind, one.value, written.text[one.start : one.stop]) for one in written.structure.spans()}
    assert {("heading", "2", "歴史"), ("ruby", "きり", "霧"), ("item", "", "団子を出す")} <= spans


@pytest.mark.parametrize(
    ("wikitext", "text"),
    [
        ("{{読み仮名|'''茶屋'''|ちゃや}}である。", "茶屋（ちゃや）である。"),
        ("{{仮リンク|茶道具|en|Tea utensil}}を使う。", "茶道具を使う。"),
        ("{{Convert|3|km}}歩く。", "歩く。"),
        ("一行<br />二行", "一行\n二行"),
        ("[[:Category:店]]と[[Category:店|鍵]]", "Category:店と"),
        ("Ａ&amp;Ｂ<nowiki>[[字]]</nowiki>", "Ａ&Ｂ[[字]]"),
        ("", ""),
    ],
)
def test_markup_gives_the_words_that_it_shows(wikitext: str, text: str) -> None:
    assert read_wikitext(wikitext).text == text


def test_articles_of_a_dump_are_read_and_other_pages_are_skipped(tmp_path: Path) -> None:
    pages = (
        page(1),
        page(2, ns=1),
        page(3, more='<redirect title="茶屋 1"/>'),
        page(4, "{{Aimai}}\n* [[一]]"),
        page(5, "{{x}}"),
    )
    found = read(tmp_path / "jawiki-20260801-pages-articles.xml.bz2", bz2.compress(dump(*pages)))
    document, other, redirect, lists, empty = found
    assert isinstance(document, Document)
    assert (document.title, document.meta["page_id"]) == ("茶屋 1", "1")
    assert document.uri == "https://ja.wikipedia.org/wiki/%E8%8C%B6%E5%B1%8B_1"
    assert [one.kind for one in (other, redirect, lists) if isinstance(one, Skipped)] == [
        "other_namespace", "redirect", "disambiguation",
    ]  # fmt: skip
    assert isinstance(empty, Refused)
    assert empty.reason == "no_text"


def test_a_page_has_the_id_that_it_has_in_a_search_dump(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(dump(page(7)))
    (shard,) = wikipedia.plan([InputFile(str(path), 1, "1")], OPTIONS)
    assert [item.key for item in wikipedia.records(shard, OPTIONS) if isinstance(item, Record)] == ["7"]


def test_a_cut_dump_gives_the_pages_before_the_cut_and_a_row(tmp_path: Path) -> None:
    data = dump(page(1), page(2), page(3))
    cut = read(tmp_path / "a.xml", data[: data.index("茶屋 3".encode())])
    assert [type(one) for one in cut] == [Document, Document, Refused]
    assert isinstance(cut[2], Refused)
    assert cut[2].reason == "broken_xml"
    packed = read(tmp_path / "b.xml.bz2", bz2.compress(data)[:-20])
    assert [one.reason for one in packed if isinstance(one, Refused)] == ["broken_compression"]


@given(st.lists(st.sampled_from(["[[", "]]", "{{", "}}", "'''", "==", "\n", "* ", "{|", "|}", "|", "茶", "<ref>"])))
@settings(deadline=None)
def test_no_markup_raises(parts: list[str]) -> None:
    read_wikitext("".join(parts))
