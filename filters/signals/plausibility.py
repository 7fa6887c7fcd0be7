"""Whether characters follow each other as they do in Japanese: misread text does not, whatever its length.

Kana, particles and compression tell little of a page that OCR misread, and repeated phrases are found in
long texts only. But a character that was read wrong follows the one before it by chance. So each pair of
neighbours is looked up in a table that says how many times as often Japanese has it as chance would (its
lift, the logarithm of which is pointwise mutual information), and the mean over a text is its signal.

The table, `bigrams.txt`, holds figures that `python -m bench.bigrams` counted, of texts in the public domain:
every second work of a sample of Aozora Bunko, and every second chapter of 校異源氏物語, which is written without
voicing marks. Katakana count as hiragana, because statutes and old textbooks are written in them; kanji
that are not among the most frequent are one class.

So the table knows nothing of a kanji that was read as any other kanji. Such kanji are seldom common ones: in
running text nineteen of twenty are among the 1,500 commonest, of all kanji that a font has, few are. `kanji.txt`
holds these, counted of the same works.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import joyokanji
import numpy as np

from manyo.corpus.text import Texts
from manyo.filters.signals.signal_kernels import BLANK_CLASS as BLANK
from manyo.filters.signals.signal_kernels import KANJI_CLASS as KANJI
from manyo.filters.signals.signal_kernels import OTHER_CLASS as OTHER
from manyo.filters.signals.signal_kernels import RARE_CLASS as RARE
from manyo.filters.signals.signal_kernels import _sum_lifts

#: Kana and marks that have a row each; the most frequent kanji follow them in the table.
KANA = "".join(map(chr, range(ord("ぁ"), ord("ゖ") + 1)))
MARKS = "ー々ゝ、。「」・…―？！（）"

#: Every text is measured as if so many pairs of ordinary text stood before it, so that a short poem
#: is not condemned for five unusual pairs. 20 pairs are a sentence.
PRIOR_PAIRS = 20
#: The mean of prose is 1.1 bits, that of other good text 0.5 to 1.
PRIOR_BITS = 1.0

#: And every text's kanji as if so many common ones stood before them.
PRIOR_KANJI = 20

#: A cell of the table is one printable character: `BITS_ZERO` is 0 bits, its neighbours a quarter more or less.
BITS_ZERO = ord("H")
STEPS_PER_BIT = 4
MAX_BITS = 6


@dataclass(frozen=True, slots=True)
class Plausibility:
    """How plausible the characters of each document are.

    Attributes:
        bigram_lift: float32 (n_docs,), geometric mean of the lifts of all pairs of neighbours; 0 for an empty document.
            Two characters are neighbours over a space, not over a line end. 1 is chance.
        rare_kanji_fraction: float32 (n_docs,), kanji that are not common, per kanji.
    """

    bigram_lift: np.ndarray
    rare_kanji_fraction: np.ndarray


def read_plausibility(texts: Texts) -> Plausibility:
    """Look up the characters of each document, and their pairs."""
    classes, lifts = load_table()
    sums = np.zeros((len(texts), 4), np.int64)
    _sum_lifts(texts.data, texts.offsets, classes, KANJI + 1 + len(KANA) + len(MARKS), lifts, sums)
    steps, pairs, kanji, rare = sums.T
    bits = (steps / STEPS_PER_BIT + PRIOR_PAIRS * PRIOR_BITS) / (pairs + PRIOR_PAIRS)
    means = np.where(texts.sizes_bytes > 0, np.exp2(bits), 0.0)
    return Plausibility(means.astype(np.float32), (rare / (kanji + PRIOR_KANJI)).astype(np.float32))


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
    lines = (files("manyo.filters.signals") / "bigrams.txt").read_text(encoding="utf-8").splitlines()
    characters, *rows = [line for line in lines if not line.startswith("#")]
    lifts = np.zeros((len(rows) + 1, len(rows) + 1), np.int8)
    lifts[1:, 1:] = np.array([list(row.encode("ascii")) for row in rows]) - BITS_ZERO
    common = (files("manyo.filters.signals") / "kanji.txt").read_text(encoding="utf-8").strip()
    classes = class_table(characters, common)
    classes.flags.writeable = lifts.flags.writeable = False
    return classes, lifts
