"""Weights of blocks: those of the oracle, without cliffs; kana and kanji are counted as Unicode names them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.web.main_text import extract, page_of
from manyo.corpus.web.tags import read_markup
from manyo.corpus.web.weight_kernels import count_japanese

LETTERS = st.text(st.sampled_from("雨傘朝あのア"), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("html", "is_worth_something"),
    [
        ("<h2>雨の日</h2><ul><li><a href=a>川</a><li><a href=b>橋</a></ul>", False),
        ("<div><h2>雨の日</h2></div><p><a href=a>川</a></p><h2>道</h2><p>傘をさす。</p>", False),
        ("<h2>雨の日</h2><p><a href=a>川</a></p><footer>傘をさす。</footer>", False),
        ("<h2>雨の日</h2><p><a href=a>川</a></p><p>傘をさす。</p>", True),
        ("<h2>雨の日</h2><p>傘をさす。</p>", True),
        ("<h2>雨の日</h2><h2>道</h2>", True),
        ("<h1>雨の日</h1><p><a href=a>川</a></p>", True),
    ],
)
def test_a_heading_weighs_nothing_where_only_links_are_below_it(html: str, is_worth_something: bool) -> None:
    page = page_of(read_markup(html))
    assert bool(page.weights[0] > 0) is is_worth_something


def weight_of(text: str) -> int:
    return int(page_of(read_markup(f"<p>{text}</p>")).weights.sum())


@given(LETTERS)
def test_one_more_character_never_weighs_less_and_never_more_than_two(text: str) -> None:
    assert 0 <= weight_of(text + "雨") - weight_of(text) <= 2


@given(LETTERS)
def test_a_sentence_weighs_its_characters_and_a_label_less_but_something(text: str) -> None:
    assert weight_of(text + "。") == len(text) + 1
    assert 0 < weight_of(text) <= len(text)


@given(st.text(st.one_of(st.characters(codec="utf-8"), st.characters(min_codepoint=0x2FF0, max_codepoint=0xA010))))
def test_kana_and_kanji_are_counted_by_their_ranges(text: str) -> None:
    expected = len(re.findall("[\u3040-\u30ff\u3400-\u9fff]", text))
    assert count_japanese(np.frombuffer(text.encode("utf-8"), np.uint8)) == expected


@given(st.integers(1, 80), st.integers(1, 60))
def test_lines_without_marks_are_kept_beside_a_note_however_many_and_however_long_it_is(lines: int, note: int) -> None:
    verse = "".join(f"<p>朝の霧が晴れて{i}</p>" for i in range(lines))
    html = f"<body><div class=text>{verse}</div><div class=note><p>{'雨が降った' * note}。</p></div></body>"
    kept = extract(html).text
    assert kept.count("朝の霧が晴れて") in (0, lines)
    assert "朝の霧が晴れて" in kept or len("雨が降った" * note) > lines * 8


def test_a_table_is_kept_with_the_only_sentence_below_it() -> None:
    rows = "".join(f"<tr><th>{hour}</th><td>07 09</td><td>18 21</td></tr>" for hour in range(5, 24))
    memo = "<div class=memo><p>大雨の日は休む。</p></div>"
    html = f"<title>時刻</title><article><h1>時刻</h1><table>{rows}</table>{memo}</article>"
    assert extract(html).text.startswith("5\t07 09\t18 21\n")
    assert extract(html).text.endswith("大雨の日は休む。")


def test_a_date_in_a_life_is_not_a_byline() -> None:
    life = "<p>1990年4月5日生まれ</p><p>2024年8月10日（土）19:30〜20:30</p><p>海の近くで育ち、今も暮らしています。</p>"
    assert extract(f"<article>{life}</article>").text.count("\n") == 2


def test_last_lines_that_begin_like_a_button_are_text() -> None:
    lines = "<p>記事の書き方を三つ説明します。</p><p>タグ付けの方法</p><p>広告の出し方</p><p>コメント欄の作り方</p>"
    assert extract(f"<body><article>{lines}<p>タグ: 海</p></article></body>").text.split("\n")[1:] == [
        *("タグ付けの方法", "広告の出し方", "コメント欄の作り方")
    ]


def test_a_note_amid_paragraphs_is_text_and_one_beside_them_is_not() -> None:
    prose, note = (
        "朝から雨が降っていたので、傘をさして駅まで歩きました。",
        "<aside><p>注：駅は坂の上にある。</p></aside>",
    )
    amid = f"<body><div><p>{prose * 3}</p>{note}<p>{prose * 3}</p></div></body>"
    beside = f"<body><div><div><p>{prose * 3}</p><p>{prose * 3}</p></div>{note}</div></body>"
    assert "坂の上" in extract(amid).text
    assert "坂の上" not in extract(beside).text


def test_answers_that_are_named_comments_are_the_text_after_a_shorter_question() -> None:
    answers = "".join(f"<div class=comment><p>豆は一晩水に浸して煮ます{i}</p></div>" for i in range(20))
    main = extract(f"<body><article><h1>豆の煮方</h1><p>どう煮ますか。</p>{answers}</article></body>")
    assert main.text.count("豆は一晩") == 20
