"""Pictures that stand for text: characters, described characters, emoji; other pictures stand for nothing."""

from __future__ import annotations

from html import unescape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.web.pictures import meaning
from manyo.corpus.web.tags import read_markup
from tests.corpus.test_tags import texts_of


@pytest.mark.parametrize(
    ("picture", "written"),
    [
        ('<img src="taka.gif" alt="髙" width="16" height="16">', "髙"),
        ("<img src=g2.png alt=﨑>", "﨑"),
        ('<img alt="&#39641;">', "髙"),
        ('<img class="gaiji" src="1.png" alt="※(「口＋斗」、U+544C)">', "呌"),
        ('<img class="gaiji" src="1-87-13.png" alt="※(「さんずい＋黄」、第3水準1-87-13)">', "潢"),
        ('<img alt="第3水準1-87-13">', "潢"),
        ('<img alt="U+9AD9">', "髙"),
        ('<img class="gaiji" alt="u9ad9">', "髙"),
        ('<img src="/gaiji/9ad9.gif">', "髙"),
        ('<img src="/gaiji/1-87-13.png" alt="">', "潢"),
        ('<img class="gaiji" alt="はしごだか">', "髙"),
        ('<img class="gaiji" alt="「口＋何か」">', "〓"),
        ('<img alt="〓">', "〓"),
        ('<img class="emoji" alt="😀">', "😀"),
        ('<img class="emoji" alt="👨‍👩‍👧">', "👨‍👩‍👧"),
        ('<img alt="雨の日">', ""),
        ('<img alt="→">', ""),
        ('<img alt="A">', ""),
        ('<img alt="">', ""),
    ],
)
def test_a_picture_of_a_character_is_the_character(picture: str, written: str) -> None:
    assert texts_of(f"<p>店主の{picture}橋さん。</p>") == [f"店主の{written}橋さん。"]


def test_characters_that_nobody_could_name_are_counted() -> None:
    html = "<p>雨<img class=gaiji alt=字><img class=gaiji alt=二字><img alt=〓><span hidden><img alt=〓></span></p>"
    markup = read_markup(html)
    assert markup.text_of(0) == "雨字〓〓"
    assert markup.n_unknown_characters == 2


ALTS = (
    "髙",
    "か\u3099",
    "葛\U000e0100",
    "😀",
    "👨\u200d👩",
    "U+544C",
    "u9ad9",
    "0x9AD9",
    "uni9AD9",
    "x9ad9",
    "&#x9ad9;",
    "第",
    "3水準",
)
ALTS = (
    *ALTS,
    "1-87-13",
    "※",
    "(「口＋斗」、U+544C)",
    "図",
    "photo",
    " ",
    "山の写真",
    "〓",
    "[",
    "]",
    "&#8251;",
    "latex",
    "a",
)
NAMES = (
    "gaiji",
    "GAIJI12",
    "外字",
    "latex",
    "tex-inline",
    "math/",
    "x",
    "photo",
    "/",
    "mwe-math-x",
    "?cht=tx",
    "context",
)


@given(
    st.lists(st.sampled_from(ALTS), max_size=3).map("".join),
    st.lists(st.sampled_from(NAMES), max_size=3).map("".join),
    st.sampled_from(("src", "class", "id")),
)
@settings(max_examples=300, deadline=None)
def test_the_pass_over_the_tags_finds_every_picture_that_stands_for_text(alt: str, name: str, attribute: str) -> None:
    meant = meaning(unescape(alt).strip(), name if attribute == "src" else "", name)
    shown = read_markup(f'<p>雨<img alt="{alt}" {attribute}="{name}">傘</p>').text.decode()
    assert shown == f"雨{' '.join(meant[0].split()) if meant else ''}傘"
