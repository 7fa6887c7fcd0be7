import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from manyo.corpus.text import Texts
from manyo.filters.signals.characters import CharacterClass, class_of, count_characters, is_katakana_prose
from tests import oracles
from tests.filters.batches import TEXTS, sliced


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_counts_are_those_of_the_names_that_unicode_gives(texts):
    counts = count_characters(sliced(texts))
    for row, text in enumerate(texts):
        for name, expected in oracles.count_characters(text).items():
            slack = sum(unnamed(character) for character in text)
            assert abs(int(counts.of(CharacterClass[name])[row]) - expected) <= slack, name
        assert counts.char_counts[row] == len(text)
        assert counts.sizes_bytes[row] == len(text.encode())


def unnamed(character: str) -> bool:
    """Code points of a script's block whose names do not tell the script: radicals, iteration marks, jamo."""
    rare = {CharacterClass.HAN, CharacterClass.HANGUL, CharacterClass.HIRAGANA, CharacterClass.KATAKANA}
    return class_of(character) in rare and not oracles._script_of(character)


@pytest.mark.parametrize(
    ("characters", "expected"),
    [
        ("あゐっゞ𛀁", CharacterClass.HIRAGANA),
        ("アヷㇰ", CharacterClass.KATAKANA),
        ("ーヽヾヿ", CharacterClass.KATAKANA_MARK),
        ("ｱﾞｰ", CharacterClass.HALFWIDTH_KATAKANA),
        ("漢々〆〇龍𠮷", CharacterClass.HAN),
        ("한ㄱ", CharacterClass.HANGUL),
        ("aÉﬁ", CharacterClass.LATIN),
        ("Ａｚ", CharacterClass.FULLWIDTH_LATIN),
        ("яअ", CharacterClass.OTHER_LETTER),
        ("0٣", CharacterClass.DIGIT),
        ("０９", CharacterClass.FULLWIDTH_DIGIT),
        ("「」・（…―：", CharacterClass.JAPANESE_PUNCTUATION),
        ("、，。．！？", CharacterClass.CLAUSE_MARK),
        ("|-★①🍣\ue000", CharacterClass.SYMBOL),
        ("\ufffd〓", CharacterClass.REPLACEMENT),
        (" \u3000\n\xa0", CharacterClass.SPACE),
    ],
)
def test_a_character_has_the_class_that_a_reader_expects(characters, expected):
    assert {class_of(character) for character in characters} == {expected}


def test_fractions_leave_out_white_space():
    counts = count_characters(sliced(["あ い\n漢\u3000字", " \n", ""]))
    assert counts.fraction(CharacterClass.HIRAGANA).tolist() == [0.5, 0, 0]


def test_the_width_mix_is_the_rarer_width_of_each_kind():
    counts = count_characters(sliced(["ＡBCD", "１９95", "アイｳエ", "アイABC12", ""]))
    assert np.allclose(counts.width_mix_fraction, [0.25, 0.5, 0.25, 0, 0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第一条　本令ハ日本銀行政府有価証券取扱ニ付之ヲ適用ス　第二条　前条ノ規定ハ外国ノ証券ニ準用ス", True),
        ("第一条　この法律は、日本銀行の取扱いについて、これを適用する。", False),
        ("第一条　本令ハ日本銀行政府有価証券取扱ニ付之ヲ適用ス　この法律は、公布の日から施行する。", False),
        ("ノート　ハンカチ　ニット帽　ハーモニカ　ノコギリ　名刺　印刷　封筒", False),
        ("", False),
    ],
)
def test_prose_in_kanji_and_katakana_is_distinguished_from_words_in_katakana(text, expected):
    column = pa.array([text, "あ"], pa.large_string())
    assert is_katakana_prose(column, count_characters(Texts.from_arrow(column))).tolist() == [expected, False]
