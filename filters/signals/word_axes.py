"""What kinds of words a text begins with, as its mean place on a few axes of word vectors.

Counts of marks, endings and lengths do not see what words say. Word vectors do: words that occur in like contexts have
like vectors, so a few hundred labelled texts teach about thousands of words. `word_axes.txt` has the most frequent
words of crawled texts, and of each its place, in eight steps, on the axes along which texts differ most. It is made
from the vectors of chiVe (Works Applications, Apache-2.0), as the package `ja-ginza` (MIT) ships them, by `python -m
bench.word_axes`, which sees no label; what an axis is worth is learned by the trees of the score.

Words are found without a dictionary of the language: from left to right the longest that the table has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals.primitive_kernels import table_shift
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, fraction
from manyo.filters.signals.word_axis_kernels import WORD_NODES, fill_nodes, sum_codes

#: Characters from a document's start that are read.
HEAD_CHARS: Final = 400

#: A word's place on an axis is a digit below this.
STEPS: Final = 8

#: So many words in the middle of each axis are added, so that few words decide nothing.
PRIOR_WORDS: Final = 5

#: A word begins with this character or one below it.
LAST_FIRST: Final = "\uffff"


#: Codes are added up four in a number, each in so many bits.
_CODES_OF_LANE: Final = 4


@dataclass(frozen=True, slots=True)
class WordTable:
    """Words and their places.

    Attributes:
        words: in the order of the file.
        codes: uint16 (n_words, n_axes), below `STEPS`.
        lanes: uint64 (n_words, n_lanes), the same, four in each.
        firsts, keys, used, shift, nodes: the tree of their beginnings, as `fill_nodes` fills it.
    """

    words: tuple[str, ...]
    codes: np.ndarray
    lanes: np.ndarray
    firsts: np.ndarray
    keys: np.ndarray
    used: np.ndarray
    shift: int
    nodes: Records

    @classmethod
    def of(cls, words: Sequence[str], codes: np.ndarray) -> WordTable:
        """Build the tree of words that are not empty and begin with `LAST_FIRST` or a character below it."""
        points = Texts.from_strings(words).points
        n_nodes = len(points.data) + 1
        shift = table_shift(n_nodes)
        firsts = np.zeros(ord(LAST_FIRST) + 1, np.int32)
        keys, used = np.zeros(1 << (64 - shift), np.uint64), np.zeros(1 << (64 - shift), np.int32)
        nodes = np.zeros(n_nodes, WORD_NODES)
        nodes["word"] = -1
        fill_nodes(points.data, points.offsets, shift, firsts, keys, used, nodes)
        padded = np.zeros((len(words), -(-codes.shape[1] // _CODES_OF_LANE) * _CODES_OF_LANE), np.uint16)
        padded[:, : codes.shape[1]] = codes
        return cls(tuple(words), codes, padded.view(np.uint64), firsts, keys, used, shift, nodes)

    def sums(self, texts: Texts) -> tuple[np.ndarray, np.ndarray]:
        """uint16 (n_docs, n_axes), the sums of the codes of each document's words; (n_docs,), how many words it has."""
        points = texts.points
        sums = np.zeros((len(texts), self.lanes.shape[1]), np.uint64)
        counts = np.zeros(len(texts), np.int64)
        tree = (self.firsts, self.keys, self.used, self.shift, self.nodes)
        sum_codes(points.data, points.offsets, HEAD_CHARS, *tree, self.lanes, sums, counts)
        return sums.view(np.uint16)[:, : self.codes.shape[1]], counts

    def places(self, texts: Texts) -> np.ndarray:
        """float32 (n_docs, n_axes), the mean place of each document's words, from 0 to 1; 0 for an empty document."""
        sums, counts = self.sums(texts)
        middle = (STEPS - 1) / 2
        means = (sums + PRIOR_WORDS * middle) / ((counts + PRIOR_WORDS)[:, None] * (STEPS - 1))
        places: np.ndarray = np.where((texts.sizes_bytes == 0)[:, None], 0, means).astype(np.float32)
        return places


@cache
def load_word_table() -> WordTable:
    """The table that ships."""
    text = (files("manyo.filters.signals") / "word_axes.txt").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.split("\n") if line and not line.startswith("# ")]
    codes = np.array([[int(digit) for digit in digits] for _, digits in rows], np.uint16)
    return WordTable.of([word for word, _ in rows], codes)


#: Axes of the table that ships.
N_AXES: Final = 24

#: The name of each axis's signal.
NAMES: Final = tuple(f"word_axis_{axis + 1}" for axis in range(N_AXES))


def _places(passes: Passes) -> np.ndarray:
    return load_word_table().places(passes.texts)


def _signal(axis: int) -> Signal:
    return Signal(
        fraction(
            NAMES[axis],
            f"mean place, on the axis of word vectors with this number, of the words among the first {HEAD_CHARS} "
            f"characters, from 0 at one end to 1; {PRIOR_WORDS} words in the middle are added",
        ),
        "ours, by vectors of chiVe (`filters/signals/word_axes.txt`)",
        lambda passes: np.ascontiguousarray(passes.of(_places)[:, axis]),
        ALSO_MEASURE,
    )


SIGNALS: Final = tuple(_signal(axis) for axis in range(N_AXES))
