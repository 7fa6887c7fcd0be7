"""The test of bytes for Japanese: it refuses nothing Japanese, and accepts little else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.jit import Kernel
from manyo.corpus.web import sniff_kernels
from manyo.corpus.web.sniff import MIN_KANA, count_pairs, find_marks, holds_kana, may_be_japanese
from tests import oracles

CODECS = ("utf-8", "cp932", "euc_jp", "iso2022_jp", "utf-16-le", "utf-16-be")
TAIL = "<footer>Copyright 2020 Example Inc. All rights reserved.</footer>"

hiragana = st.text(st.characters(min_codepoint=0x3041, max_codepoint=0x3093), min_size=MIN_KANA, max_size=200)
katakana = st.text(st.characters(min_codepoint=0x30A1, max_codepoint=0x30F6), min_size=MIN_KANA, max_size=200)
half_width = st.text(st.characters(min_codepoint=0xFF71, max_codepoint=0xFF9D), min_size=2 * MIN_KANA, max_size=200)


@given(st.one_of(hiragana, katakana), st.sampled_from(CODECS))
@settings(max_examples=200, deadline=None)
def test_text_in_kana_passes_in_every_encoding(text: str, codec: str) -> None:
    assert may_be_japanese(f"<html><p>{text}</p>{TAIL}".encode(codec))


@given(half_width, st.sampled_from(("utf-8", "cp932", "euc_jp", "iso2022_jp_ext", "utf-16-le")))
@settings(max_examples=100, deadline=None)
def test_half_width_katakana_pass_in_every_encoding(text: str, codec: str) -> None:
    assert may_be_japanese(f"<html><p>{text}</p>{TAIL}".encode(codec))


@given(st.one_of(hiragana, katakana), st.sampled_from(("&#{};", "&#0{};", "&#x{:x};", "&#X{:X};", "&#x0{:04X};")))
@settings(max_examples=100, deadline=None)
def test_kana_as_numeric_references_pass(text: str, form: str) -> None:
    html = "".join(form.format(ord(character)) for character in text)
    assert may_be_japanese(html.encode("ascii"))
    assert holds_kana(html)


@given(st.one_of(hiragana, katakana), st.sampled_from(("utf-8", "cp932", "euc_jp")), st.integers(1, 30))
@settings(max_examples=100, deadline=None)
def test_kana_among_kanji_and_markup_pass(text: str, codec: str, gap: int) -> None:
    mixed = "".join(f"<b>{'漢字' * gap}{character}</b>\n" for character in text)
    assert may_be_japanese(mixed.encode(codec))


def test_a_statute_in_kanji_and_katakana_passes() -> None:
    text = "第一条　本法ハ官報ヲ以テ公布シタル日ヨリ之ヲ施行ス但シ別ニ定ムルモノハ此ノ限ニ在ラス"
    assert all(may_be_japanese(text.encode(codec)) for codec in CODECS)


@pytest.mark.parametrize(
    "text",
    [
        "Only plain English here, with an apostrophe&#39;s entity. " * 100,
        "Übergrößen für Bären, ça déjà vu; naïve señor. " * 100,
        "Сегодня хорошая погода, Фёдор Фёдорович идёт гулять. " * 100,
        "今天天气很好，我们一起去公园散步吧。" * 100,
        "한국어로 쓴 글입니다. 오늘은 날씨가 좋습니다. " * 100,
        "สวัสดีครับ วันนี้อากาศดีมาก " * 100,
        "",
    ],
)
def test_other_languages_in_utf_8_are_refused(text: str) -> None:
    assert not may_be_japanese(text.encode("utf-8"))
    assert not holds_kana(text)


def test_latin_text_in_one_byte_encodings_is_refused() -> None:
    text = "Übergrößen für Bären, ça déjà vu; naïve señor, à l'été. " * 200
    assert not may_be_japanese(text.encode("cp1252"))


def test_kanji_alone_and_a_language_menu_are_refused() -> None:
    assert not may_be_japanese("東京都渋谷区役所 日本語 中文".encode())
    assert not may_be_japanese("<a>Deutsch</a><a>日本語</a><a>ページ</a>".encode())


def test_foreign_text_whose_last_character_is_cut_is_refused() -> None:
    data = ("今天天气很好。" * 100).encode()
    assert not may_be_japanese(data[:-1])
    assert not may_be_japanese(data[:-2])


def test_the_unassigned_code_point_before_hiragana_is_not_a_kana() -> None:
    assert find_marks("\u3040\u3041".encode()).utf_8_kana == 1


MARKED = st.lists(
    st.one_of(
        st.binary(max_size=3),
        st.sampled_from("éก雨𠀋").map(str.encode),
        st.sampled_from(
            (
                *("&#12354;", "&#x3042;", "&#65393", "&", "&#", "\x1b", "\0", "あ", "ｱ"),
                *("plain text " * 9, "longer than what is examined at once " * 14),
            )
        ).map(str.encode),
        st.sampled_from((b"\xa4\xa2", b"\xa5\xa2", b"\x8e\xb1", b"\x8f\xb0\xa4", b"\x82\xa0", b"\xb1\xb2", b"\x80")),
    ),
    max_size=40,
).map(b"".join)


@pytest.mark.parametrize("kana", ["あ", "ー", "ｱ", "&#12354;", "&#x3042;"])
def test_kana_are_counted_up_to_the_requested_number(kana: str) -> None:
    html = "<p>\ud800 rain " + 30 * kana
    assert holds_kana(html, 30)
    assert not holds_kana(html, 31)


@given(MARKED)
@settings(max_examples=200, deadline=None)
@np.errstate(over="ignore")  # without the compiler, unsigned words warn where they wrap around
def test_the_kernel_finds_the_marks_that_the_oracle_finds(data: bytes) -> None:
    fast, slow = find_marks(data)._asdict(), oracles.find_marks(data)
    if max(slow["utf_8_kana"], slow["reference_kana"]) >= MIN_KANA:
        assert max(fast["utf_8_kana"], fast["reference_kana"]) >= MIN_KANA  # the search ends there
        return
    assert fast == slow


def plain(kernel: Kernel) -> Kernel:
    """The Python function of a kernel, compiled or not."""
    return getattr(kernel, "py_func", kernel)


def test_no_byte_after_the_end_of_the_page_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    # Compiled code would read whatever memory follows; Python raises.
    for name in ("_look", "_look_at_edge", "_count_kana"):
        monkeypatch.setattr(sniff_kernels, name, plain(getattr(sniff_kernels, name)))
    for n_bytes in (0, 1, 7, 8, 9, 10, 16, 17, 519, 520, 521, 522, 527, 528, 529):
        data = np.frombuffer(b"x" * (n_bytes - 1) + b"&" * (n_bytes > 0), np.uint8)
        with np.errstate(over="ignore"):
            assert plain(sniff_kernels.find_marks)(data, MIN_KANA) == tuple(find_marks(data.tobytes()))


@given(MARKED)
@settings(max_examples=100, deadline=None)
def test_the_kernel_counts_the_pairs_that_the_oracle_counts(data: bytes) -> None:
    assert count_pairs(data)._asdict() == oracles.count_pairs(data)


def test_korean_and_chinese_contain_no_pairs_that_are_kana() -> None:
    korean = "한국어로 쓴 글입니다. 오늘은 날씨가 좋습니다. 가나다라마바사아자차카타파하 갸거겨고교구규그기개"
    chinese = "今天天气很好，我们一起去公园散步吧。人民日报社论员文章的主要内容"
    assert count_pairs(korean.encode("euc_kr")).euc_jp_kana == 0
    assert count_pairs(chinese.encode("gbk")).euc_jp_kana == 0


@given(st.binary(max_size=2000))
@settings(max_examples=100, deadline=None)
def test_no_bytes_raise(data: bytes) -> None:
    assert may_be_japanese(data) in (True, False)


@pytest.mark.parametrize(("top_bytes", "passes"), [(8, True), (9, False)])
def test_bytes_of_which_more_than_8_percent_lead_rare_kanji_are_not_half_width_katakana(
    top_bytes: int, passes: bool
) -> None:
    assert may_be_japanese(b"\xb1" * (100 - top_bytes) + b"\xe0" * top_bytes) == passes
