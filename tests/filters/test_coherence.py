import pytest
from hypothesis import example, given, settings

from manyo.filters.signals.coherence import UNJOINED_CHARS, coherence_classes, read_coherence
from tests import coherence_oracle
from tests.filters.batches import TEXTS, signal_values, sliced

MENU = "ホーム 会社概要 事業内容 採用情報 製品一覧 技術資料 交通案内 個人情報保護方針"
PROSE = "朝から降り続いた雨は、昼を過ぎてようやく小降りになった。傘をたたんで川沿いの道を歩くと、水かさが増していた。"


@settings(max_examples=80, deadline=None)
@given(TEXTS)
@example(["岩手中古車買取。青森中古車買取の店。秋田中古車買取と日本語の店。", "日本語の店を日本語で日本語に"])
@example(["品名：\n会社名：株式会社日本語の店です。\n日本語 漢字abcXYZ abcXYZ abcXYZ"])
def test_counts_are_those_of_the_oracle(texts):
    counts = read_coherence(sliced(texts))
    classes = coherence_classes()
    for row, text in zip(counts, texts, strict=True):
        expected = coherence_oracle.count_coherence(text, classes, UNJOINED_CHARS)
        assert {name: row[name] for name in expected} == expected, text


def test_a_menu_is_unjoined_on_one_line_or_many_and_prose_is_not():
    on_lines = MENU.replace(" ", "\n")
    assert signal_values("unjoined_fraction", MENU, on_lines, PROSE) == [1, 1, 0]


def test_a_statute_in_katakana_is_joined():
    statute = "第一条　此ノ法律ニ於テ組合ト称スルハ、共同ノ利益ヲ増進スル為、組合員ノ設立シタル団体ヲ謂フ。"
    assert signal_values("unjoined_fraction", statute) == [0]


def test_one_word_over_and_over_is_counted_with_all_its_occurrences():
    stuffed = "中古車買取の店。中古車買取なら安い。中古車買取を探す。"
    assert signal_values("top_word_fraction", stuffed, PROSE) == pytest.approx([15 / 27, 0])
