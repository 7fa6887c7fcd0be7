"""Japanese without kana is refused by reasons of its own."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.records import Refused
from manyo.corpus.sources import warc
from manyo.corpus.web.kana_free import REASONS, reason_without_kana
from manyo.corpus.web.sniff_kernels import count_signs
from tests.corpus.test_warc import http, reason

HEADLINES = (
    "<li>県立図書館新館開館式典挙行<li>市営駐車場料金改定検討開始<li>国際空港発着便数増加<li>台風被害復旧作業完了"
    "<li>駅前広場整備計画発表<li>全国高校駅伝県代表決定<li>水道料金値上延期<li>気象庁観測史上最高気温記録"
)
KANBUN = (
    "<p>学而第一。子曰、学而時習之、不亦説乎。有朋自遠方来、不亦楽乎。人不知而不慍、不亦君子乎。</p>"
    "<p>白文、返点省略。底本江戸後期刊本。</p>"
)
KAERITEN = "<p>有㆑朋自㆓遠方㆒来。不㆓亦楽㆒乎。</p>"
ROMAJI = (
    "<p>Kinou wa tomodachi to umi ni ikimashita. Mizu ga tottemo tsumetakatta desu. Obentou o tabete kara, kai o "
    "hirotte asobimashita. Kaeri no densha de wa minna nete imashita. Mata ikitai desu.</p>"
)
SIMPLIFIED = (
    "<p>昨天我们去了图书馆，那里的书很多。这座建筑是木造的，孩子们放假的时候都会来。东京的朋友说这里很安静。</p>" * 3
)
TRADITIONAL = (
    "<p>昨天我們去了圖書館，那裡的書很多。這座建築是木造的，孩子們放假的時候都會來。東京的朋友說這裡很安靜。</p>" * 3
)
ENGLISH = "<p>The new library stands by the river. Desu and masu are endings of Japanese verbs, no more to it.</p>" * 3
FILIPINO = "<p>Ang bata ay pumunta sa dagat kasama ang kanyang ina. No masu ni Ana ang desu.</p>" * 9


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (HEADLINES, "kanji_only"),
        (KANBUN, "kanji_only"),
        (KAERITEN, "kanji_only"),
        (ROMAJI, "romaji"),
        (SIMPLIFIED, ""),
        (TRADITIONAL, ""),
        (ENGLISH, ""),
        (FILIPINO, ""),
        ("", ""),
    ],
)
def test_only_japanese_without_kana_has_a_reason_of_its_own(page: str, expected: str) -> None:
    assert reason_without_kana(page.encode(), is_utf_8=True) == expected


def test_the_reasons_are_those_of_refused_pages() -> None:
    assert reason(http(HEADLINES.encode())) == "kanji_only"
    assert reason(http(ROMAJI.encode())) == "romaji"
    assert reason(http(SIMPLIFIED.encode())) == "no_japanese_bytes"
    assert set(REASONS) <= set(warc.REASONS)
    assert Refused("kanji_only").reason in warc.REASONS


@given(
    st.lists(st.sampled_from([b"desu", b"masu", b"de", b"su", b"\xe3\x86", b"\x90", "㆑漢𠮷é".encode(), b"\xe4", b"a"]))
)
def test_signs_are_counted_as_expressions_count_them(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    expected = tuple(
        len(re.findall(one, data)) for one in (rb"[\xe4-\xe9]", rb"\xe3\x86[\x90-\x9f]", rb"[dm](?:(?<=d)e|(?<=m)a)su")
    )
    assert count_signs(np.frombuffer(data, np.uint8)) == expected
