"""Whether characters follow each other as they do in Japanese. In misread text they do not, whatever its length.

Kana, particles and compression tell little about a page that OCR misread, and repeated phrases are found only in long
texts. But a character that was read wrong follows the one before it by chance. So each pair of neighbours is looked up
in a table of lifts: how many times as often as by chance Japanese has the pair. (The logarithm of the lift is pointwise
mutual information.) The mean over a text is its signal.

The table, `bigrams.txt`, holds figures that `python -m bench.bigrams` counted in texts in the public domain: every
second work of a sample of Aozora Bunko, and every second chapter of 校異源氏物語, which has no voicing marks. Katakana
count as hiragana, because statutes and old textbooks are written in them. Kanji that are not among the most frequent
are one class.

So the table does not detect a kanji that was read as another kanji. But few of the wrong ones are common: in running
text nineteen of twenty kanji are among the 1,500 most frequent, and of all kanji that a font has, few are. `kanji.txt`
lists those 1,500, counted in the same works.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import joyokanji
import numpy as np

from manyo.corpus.lift_kernels import BLANK, KANJI, LIFT_SUMS, OTHER, RARE, sum_lifts
from manyo.corpus.text import Texts

#: Kana and marks with a row each; the most frequent kanji follow them in the table.
KANA = "".join(map(chr, range(ord("ぁ"), ord("ゖ") + 1)))
MARKS = "ー々ゝ、。「」・…―？！（）"

#: Every text is measured as if this many pairs of ordinary text stood before it, so that a short poem is not rejected
#: for five unusual pairs. 20 pairs are a sentence.
PRIOR_PAIRS = 20
#: The mean of prose is 1.1 bits, that of other good text 0.5 to 1.
PRIOR_BITS = 1.0

#: Likewise, every text's kanji are measured as if this many common ones stood before them.
PRIOR_KANJI = 20

#: A cell of the table is one printable character: `BITS_ZERO` is 0 bits, and each step from it a quarter of a bit.
BITS_ZERO = ord("H")
STEPS_PER_BIT = 4
MAX_BITS = 6


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How plausible the characters of each document are.

    Attributes:
        bigram_lift: float32 (n_docs,), geometric mean of the lifts of all pairs of neighbours; 0 for an empty document.
            Two characters are neighbours across a space, but not across a line end. 1 is chance.
        rare_kanji_fraction: float32 (n_docs,), kanji that are not common, per kanji.
    """

    bigram_lift: np.ndarray
    rare_kanji_fraction: np.ndarray


class PairSums(NamedTuple):
    """The sums of a text.

    Attributes:
        bits: logarithms of the lifts of its pairs of neighbours.
        n_pairs, n_kanji, n_rare_kanji: how many there are.
    """

    bits: float
    n_pairs: int
    n_kanji: int
    n_rare_kanji: int


def pair_sums(texts: Texts) -> list[PairSums]:
    """The sums of each text."""
    sums = _sums(texts)
    columns = (sums["lift"] / STEPS_PER_BIT, sums["pairs"], sums["kanji"], sums["rare_kanji"])
    return [PairSums(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _sums(texts: Texts) -> np.ndarray:
    classes, lifts = load_table()
    sums = np.zeros(len(texts), LIFT_SUMS)
    points = texts.points
    sum_lifts(points.data, points.offsets, classes, KANJI + 1 + len(KANA) + len(MARKS), lifts, sums)
    return sums


def read_plausibility(texts: Texts) -> Plausibility:
    """Look up the characters of each document, and their pairs."""
    sums = _sums(texts)
    bits = (sums["lift"] / STEPS_PER_BIT + PRIOR_PAIRS * PRIOR_BITS) / (sums["pairs"] + PRIOR_PAIRS)
    means = np.where(texts.sizes_bytes > 0, np.exp2(bits), 0.0)
    rare = sums["rare_kanji"] / (sums["kanji"] + PRIOR_KANJI)
    return Plausibility(means.astype(np.float32), rare.astype(np.float32))


def class_table(characters: str, common: str) -> np.ndarray:
    """The class of every code point.

    Args:
        characters: those with classes 2, 3, … in this order.
        common: kanji that are not rare, in new forms.

    Returns:
        uint8 (0x110000,).
    """
    classes = np.full(0x110000, OTHER, np.uint8)
    for first, last in ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFD)):
        classes[first : last + 1] = RARE
    # joyokanji gives the new form of an old one, by the jōyō kanji table; others as they are.
    unified = "".join(map(chr, range(0x4E00, 0xA000)))
    is_common = np.isin(list(joyokanji.convert(unified)), list(common))
    classes[0x4E00:0xA000][is_common] = KANJI
    for number, character in enumerate(characters, start=KANJI + 1):
        classes[ord(character)] = number
    hiragana = slice(ord("ぁ"), ord("ゖ") + 1)
    classes[ord("ァ") : ord("ヶ") + 1] = classes[hiragana]
    classes[ord("ヽ")] = classes[ord("ゝ")]
    classes[[ord(blank) for blank in " \t\u3000"]] = BLANK
    return classes


@cache
def load_table() -> tuple[np.ndarray, np.ndarray]:
    """The table as arrays.

    Returns:
        uint8 (0x110000,), the class of every code point, that of rare kanji `RARE`; int8 (n_classes, n_classes), the
        lift of each pair of classes in quarters of a bit, first character by row.
    """
    lines = (files("manyo.corpus") / "bigrams.txt").read_text(encoding="utf-8").splitlines()
    characters, *rows = [line for line in lines if not line.startswith("#")]
    lifts = np.zeros((len(rows) + 1, len(rows) + 1), np.int8)
    lifts[1:, 1:] = np.array([list(row.encode("ascii")) for row in rows]) - BITS_ZERO
    common = (files("manyo.corpus") / "kanji.txt").read_text(encoding="utf-8").strip()
    classes = class_table(characters, common)
    classes.flags.writeable = lifts.flags.writeable = False
    return classes, lifts
