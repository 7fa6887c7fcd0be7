"""Simulated books come back as they were set: the scores of `bench/ocr.py`, held on a few books of our own text."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from bench.ocr import items_of, measures, read, score
from bench.ocr_noise import LAYOUTS, Layout, Noise, book, wrongly_read

SENTENCES = (
    "川の向こうに古い水車小屋があつて、いまでは誰も粉をひかない。",
    "朝の霧が晴れると、渡し場には三人の客が待つてゐた。",
    "船頭は何も言はずに綱を解き、ゆつくりと竿をさした。",
    "その年の夏は雨が少なく、畑の豆はみな枯れてしまつたといふ。",
    "手紙には、来月の半ばには帰ると書いてあつたが、名前はなかつた。",
    "橋の上で子どもが二人、流れて来る木の葉を数へてゐる。",
)
SPEECH = ("「もう船は出ないさうだ。」", "「それなら歩いて行かう。」と兄が言つた。")


def paragraphs(rng: random.Random, n: int = 220) -> list[str]:
    """Paragraphs of one to six sentences; one in five is speech."""
    return [
        rng.choice(SPEECH) if rng.random() < 0.2 else "".join(rng.choices(SENTENCES, k=rng.randint(1, 6)))
        for _ in range(n)
    ]


def simulated(layout: Layout, noise: Noise, shape: str, seed: int) -> Counter[str]:
    pages = book(paragraphs(random.Random(seed)), ("水車の本", "渡し場", "枯れた豆"), layout, noise, seed)
    return score(pages, read(items_of(pages, shape)))


@pytest.mark.parametrize("shape", ["xml", "json"])
def test_simulated_books_are_joined_and_cleaned(shape: str) -> None:
    counts: Counter[str] = Counter()
    for seed, layout in enumerate(LAYOUTS):
        counts += simulated(layout, Noise(), shape, seed)
    scores = measures(counts)
    assert scores["join"] >= 0.98, scores
    assert scores["furniture_precision"] >= 0.98, scores
    assert scores["furniture_recall"] >= 0.98, scores
    assert scores["ruby_removed"] >= 0.98, scores
    assert scores["loss"] <= 0.005, scores


@pytest.mark.parametrize(
    "layout", [layout for layout in LAYOUTS if layout.is_vertical and layout.columns == 2], ids=str
)
def test_two_vertical_columns_are_read_in_order_whatever_order_they_came_in(layout: Layout) -> None:
    scores = measures(simulated(layout, Noise(mixed_order=1.0), "json", 7))
    assert scores["order"] == 1.0
    assert scores["moved"] == 0.0


def test_noise_is_as_much_as_it_says_and_keeps_every_place() -> None:
    clean = "".join(SENTENCES) * 200
    noisy = wrongly_read(clean, Noise(wrong=0.1, geta=0.02), random.Random(0))
    assert len(noisy) == len(clean)
    assert 0.105 < sum(a != b for a, b in zip(clean, noisy, strict=True)) / len(clean) < 0.125
    assert noisy.count("〓") / len(noisy) == pytest.approx(0.02, abs=0.004)
