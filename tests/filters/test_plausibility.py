"""Lifts of neighbours and rare kanji: language is above chance and misread text is not, at every length."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ocr_noise import Noise, wrongly_read
from manyo.corpus.lift_kernels import RARE
from manyo.corpus.lifts import load_table, read_plausibility
from manyo.corpus.text import Texts
from tests import oracles
from tests.conftest import ROOT

#: Our own, in the three ways that Japanese is written.
GOOD = {
    "prose": "坂の上の古い家には、長く誰も住んでいなかった。雨戸は閉じたままで、庭の木だけが毎年花を付けた。",
    "statute": "第一条　本法ニ於テ組合ト称スルハ、共同ノ利益ヲ増進スル為ニ組合員ノ設立シタル団体ヲ謂フ。",
    "unvoiced": "むかし山さとに住むおきなありけり。春の夜の月いとあかきに、ひとり庭にいてて花をなかめける",
}


def lift(*texts: str) -> list[float]:
    return [float(value) for value in read_plausibility(Texts.from_strings(list(texts))).bigram_lift]


def rare(*texts: str) -> list[float]:
    return [float(value) for value in read_plausibility(Texts.from_strings(list(texts))).rare_kanji_fraction]


@pytest.mark.parametrize("kind", GOOD)
def test_language_is_above_chance_and_the_same_text_misread_is_lower(kind: str) -> None:
    dice = random.Random(3)
    misread = [wrongly_read(GOOD[kind] * 3, Noise(wrong=0.35, geta=0.0), dice) for _ in range(20)]
    assert min(lift(GOOD[kind])) > 1.3
    assert np.mean(lift(*misread)) < 1.2
    assert max(lift(*misread)) < min(lift(GOOD[kind]))


def test_a_text_means_the_same_twice_as_long() -> None:
    once, twice, often = lift(*("\n".join([GOOD["prose"]] * times) for times in (1, 2, 8)))
    assert once == pytest.approx(twice, abs=0.12) == pytest.approx(often, abs=0.2)


def test_a_text_without_neighbours_is_taken_for_ordinary_and_an_empty_one_measures_zero() -> None:
    assert lift("", "ABC 123", "あ\nい") == [0.0, 2.0, 2.0]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text("あいがカヶヽゝ々、。ー一人鬱𠮟ﾊa1 \u3000\n\t", max_size=30), max_size=3))
def test_lifts_are_those_of_the_oracle(texts: list[str]) -> None:
    classes, lifts = load_table()
    characters = {2: "ぁ", 1: "漢"} | {
        int(classes[point]): chr(point) for point in range(0x10000) if 1 < classes[point] < RARE and chr(point) < "ァ"
    }
    characters |= {
        int(classes[ord(kanji)]): kanji for kanji in map(chr, range(0x4E00, 0xA000)) if 1 < classes[ord(kanji)] < RARE
    }
    characters |= {int(classes[ord(mark)]): mark for mark in "ー！？（）"}
    lift_of = {first: {second: lifts[a, b] / 4 for b, second in characters.items()} for a, first in characters.items()}
    expected = [oracles.bigram_lift(text, lift_of) for text in texts]
    assert lift(*texts) == pytest.approx(expected, rel=1e-6)


def test_kanji_read_as_any_kanji_are_rare_ones_and_old_forms_are_as_common_as_new_ones() -> None:
    dice = random.Random(4)
    level_1 = [bytes((row, cell)).decode("euc_jp") for row in range(0xB0, 0xCF) for cell in range(0xA1, 0xFF)]
    for text in (GOOD["prose"], GOOD["statute"]):
        misread = ["".join(dice.choice(level_1) if dice.random() < 0.35 else c for c in text * 5) for _ in range(20)]
        assert max(rare(text)) < 0.1
        assert np.median(rare(*misread)) > 0.2
        assert min(rare(*misread)) > max(rare(text)) + 0.05
    assert rare("国会図書館で学ぶ", "國會圖書館で學ぶ", "かな", "") == [0, 0, 0, 0]


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text("あ人国國罍鬱𠮟㐂豈Aa1 \n", max_size=30), max_size=3))
def test_rare_kanji_are_those_of_the_oracle(texts: list[str]) -> None:
    common = (ROOT / "corpus" / "kanji.txt").read_text(encoding="utf-8").strip()
    assert rare(*texts) == pytest.approx([oracles.rare_kanji_fraction(text, common) for text in texts])


def test_the_table_is_figures_and_small() -> None:
    path = ROOT / "corpus" / "bigrams.txt"
    assert path.stat().st_size < 200_000
    classes, lifts = load_table()
    assert lifts.shape == (int(classes[classes < RARE].max()) + 1,) * 2
    assert np.abs(lifts).max() <= 24
