"""Pages whose text is drawn by a program: scripts, templates and `<noscript>` count if there is nothing else."""

from __future__ import annotations

import json
from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract
from manyo.corpus.web.script_text import text_in_scripts
from manyo.corpus.web.tags import read_markup
from tests.corpus.test_tags import texts_of

FIRST = "朝は霧が濃く、川向こうの山は見えませんでした。昼前に霧が晴れると、畑に出て豆の支柱を立て直しました。"
SECOND = "午後は隣町の金物屋まで歩き、釘と針金を買って帰りました。店の主人は雨が近いと言っていました。"
HTML = f"<p>{FIRST}</p><p>{SECOND}</p>"
PAGE = "<title>霧の朝</title><div id=app>読み込み中です。しばらくお待ちください。</div>{}"
NOTICE = (
    "<noscript>このサイトを見るには、ブラウザの設定でJavaScriptを有効にしてください。"
    "よろしくお願いいたします。</noscript>"
)


def script(content: str, attributes: str = "") -> str:
    return f"<script {attributes}>{content}</script>"


STATE = json.dumps(
    {"post": {"id": 7, "title": "霧の朝", "body": HTML}, "labels": {"more": "もっと見る"}}, ensure_ascii=False
)
ASCII_STATE = json.dumps({"post": {"title": "霧の朝", "body": [FIRST, SECOND]}})


@pytest.mark.parametrize(
    "held",
    [
        script(json.dumps({"@type": "NewsArticle", "articleBody": f"{FIRST}\n{SECOND}"}), "type=application/ld+json"),
        script(STATE, "id=__NEXT_DATA__ type=application/json"),
        script(ASCII_STATE, "id=__NEXT_DATA__ type=application/json"),
        script(f"window.__NUXT__={STATE};"),
        script(f'window.__NUXT__=(function(a,b){{return {{data:[{{title:"霧の朝",html:"{HTML}"}}]}}}}(1,2));'),
        script(json.dumps([{"data": 1}, "霧の朝", FIRST, SECOND]), "id=__NUXT_DATA__ type=application/json"),
        script(
            "self.__next_f.push([1," + json.dumps('3:["$","p",null,' + json.dumps({"children": HTML}) + "]\n") + "])"
        ),
        script(json.dumps({"status": 200, "body": STATE}), "type=application/json data-sveltekit-fetched"),
        script(f"var s = {{'body': '{HTML}'}};"),
        script(f"window.__STATE__ = `{HTML}`"),
        f"<div data-page='{STATE}'></div>",
        f"<noscript>{HTML}</noscript>",
        f"<my-card><template shadowrootmode=open><style>p{{}}</style>{HTML}</template></my-card>",
        NOTICE + script(STATE, "type=application/json"),
    ],
)
def test_a_page_that_has_nothing_else_gives_the_text_that_a_program_would_draw(held: str) -> None:
    page = extract(PAGE.format(held))
    assert page.title == "霧の朝"
    assert page.text.replace("\n", "").endswith(FIRST + SECOND)
    assert "もっと見る" not in page.text


def test_text_in_scripts_does_not_join_a_page_that_has_its_own() -> None:
    html = f"<article><p>{'雨が降った。' * 40}</p></article>{script(STATE)}"
    assert texts_of(html) == ["雨が降った。" * 40]


def test_the_messages_of_a_program_are_no_text() -> None:
    messages = {f"message{i}": f"読み込みに失敗しました。あとで{i}回お試しください。" for i in range(9)}
    html = PAGE.format(NOTICE + script(json.dumps(messages, ensure_ascii=False)))
    assert texts_of(html) == ["読み込み中です。しばらくお待ちください。"]


def test_a_notice_that_asks_for_scripts_is_no_text() -> None:
    assert texts_of("<div id=app></div>" + NOTICE) == []


def test_a_frame_is_not_the_text_of_a_page() -> None:
    header = f"<header><p>{'海沿いの町の便りです。' * 30}</p></header>"
    assert texts_of(header + script(STATE, "type=application/json")) == ["霧の朝", FIRST, SECOND]


def test_a_script_that_was_cut_gives_what_it_has() -> None:
    held = script(STATE).removesuffix("</script>")[:-60]
    assert texts_of(PAGE.format(held))[0] != FIRST  # a string without an end is none
    whole = f'<script>{{"a": "{FIRST}", "a": "{SECOND}", "a": "午後は'
    assert texts_of(PAGE.format(whole)) == [FIRST, SECOND]


@given(st.lists(st.sampled_from(('"', "'", "`", "\\", "雨" * 9, "{", "}", ":", "a", "\n", "<", "%22")), max_size=40))
@settings(max_examples=100, deadline=None)
def test_any_script_is_read(pieces: list[str]) -> None:
    page = f"<script>{''.join(pieces)}"
    assert isinstance(text_in_scripts(page.encode()), str)
    read_markup(page)


HOSTILE = ("a", "a" * 99 + " ", '"', "'a", "`", "\\", '"雨の日に傘を忘れたのは誰ですか。",', "<script>", "{'", "%22")


@pytest.mark.parametrize("piece", HOSTILE)
def test_reading_hostile_scripts_ends(piece: str) -> None:
    page = "<script>" + piece * (400_000 // len(piece))
    assert isinstance(text_in_scripts(page.encode()), str)  # with a square of time it would take hours


STAY = {
    "name": "川辺の離れ",
    "catch": "一日一組の宿",
    "body": [FIRST, SECOND],
    "facts": [["広さ", "八畳"], ["風呂", "薪"]],
    "access": {"text": "駅から歩いて五分です。"},
}


def test_what_surrounds_the_parts_of_an_article_comes_in_the_order_of_the_script() -> None:
    state = {"nav": ["検索", "お気に入り"], "stay": STAY, "messages": {"wait": "お待ちください", "more": "もっと見る"}}
    shown = extract(PAGE.format(script(json.dumps(state), "type=application/json"))).text
    assert shown.split("\n") == [
        "川辺の離れ",
        "一日一組の宿",
        FIRST,
        SECOND,
        "広さ\t八畳",
        "風呂\t薪",
        "駅から歩いて五分です。",
    ]


def test_of_a_text_and_its_beginning_the_longer_is_taken() -> None:
    state = {"post": {"summary": f"{(FIRST + SECOND)[:60]}…", "body": f"<p>{FIRST}{SECOND}</p>", "more": SECOND}}
    assert texts_of(PAGE.format(script(json.dumps(state)))) == [FIRST + SECOND, SECOND]


@pytest.mark.parametrize("opening", ["[", "{", '{"a":['])
def test_lists_within_lists_without_end_are_read_in_one_pass(opening: str) -> None:
    state = opening * 100_000 + f'"{FIRST}","{SECOND}"'
    assert FIRST in text_in_scripts(script(state).encode())


@given(
    st.lists(
        st.sampled_from(["&quot;", "&", "quot;", ";", '"', "lt", "&lt", "&amp;", "&#34;", "&notin", "x", " ", "#"])
    )
)
def test_quotation_marks_may_be_resolved_before_all_other_references(pieces: list[str]) -> None:
    written = "".join(pieces)
    assert unescape(written.replace("&quot;", '"')) == unescape(written)
