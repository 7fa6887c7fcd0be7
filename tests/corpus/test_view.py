"""The view for comparison: two spellings of one sentence are one text in it, two sentences are two."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.view import comparison_view


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("さう云ふ譯で、學校へ行かなかつた。", "そう云う訳で学校へ行かなかった"),
        ("會ひませう。", "会いましょう"),
        ("けふは寒いでせう", "きょうは寒いでしょう"),
        ("くわうやう", "こうよう"),
        ("ゐるゑを", "いるえお"),
        ("人々、いろ〳〵、たゞ、こゝろ", "人人いろいろただこころ"),
        ("月は　出た——「さて」", "月は出たさて"),
        ("カタカナ", "かたかな"),
        ("みづから恥ぢる", "みずから恥じる"),
        ("神社", "神社"),
    ],
)
def test_both_spellings_are_one(old: str, new: str) -> None:
    assert comparison_view(old) == comparison_view(new)


@pytest.mark.parametrize(("one", "other"), [("山へ行く", "川へ行く"), ("読む", "読まない"), ("思う", "思った")])
def test_two_sentences_stay_two(one: str, other: str) -> None:
    assert comparison_view(one) != comparison_view(other)


@settings(max_examples=150, deadline=None)
@given(st.text("あかせそいうおはひふへほわゐくぐっゃょーゝゞ々〳〵、。 國国カヅaＡ", max_size=24))
def test_the_view_holds_no_marks_and_no_folded_kana(text: str) -> None:
    view = comparison_view(text)
    assert not re.search(r"[、。\sー國はひふへほゐゑをぢづっゃゅょァ-ヺ]", view)


@settings(max_examples=100, deadline=None)
@given(st.text("あかせそいうおはひふへほわゐくぐっゃょ國国カヅ", max_size=24))
def test_the_view_of_a_view_is_the_view(text: str) -> None:
    assert comparison_view(comparison_view(text)) == comparison_view(text)
