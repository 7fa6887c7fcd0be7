"""Whether a document says the same thing again: frequent and repeated n-grams, runs, compressibility.

n-grams are of characters, not words: Japanese writes no spaces, and word segmentation would
cost more than everything else together. White space is left out, so that indentation is no
repetition.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from manyo.corpus.text import Texts
from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.characters import share
from manyo.filters.signals.fluency import line_marks
from manyo.filters.signals.signal_kernels import _find_repeats

#: n-grams are looked for in this many characters: repetition shows at once, and the table of a
#: long book would leave the processor's cache.
MAX_CHARS = 32_768

#: Of a run of one character, this many count: a ruled line of forty hyphens is one line, not forty repeats.
MAX_RUN_CHARS = 4

#: Distinct characters are counted in a window of fixed length, since their share falls as text grows.
DISTINCT_WINDOW_CHARS = 1_000

#: LZ4 is given this much of a text, as Uzushio gives it.
COMPRESSED_BYTES = 1 << 20

#: zlib is given the whole text at the level of llm-jp v1.
ZLIB_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Repeats:
    """What one pass over the n-grams of a batch gives.

    Attributes:
        counts: int64 (n_docs, REPETITION_COLUMNS), columns as `manyo.filters.signals.signal_kernels` names them.
    """

    counts: np.ndarray

    def _top_ngram_fraction(self, length: int, column: int) -> np.ndarray:
        # Overlapping occurrences (ああああ) would cover more than there is, hence the minimum.
        covered = np.minimum(self.counts[:, column] * length, self.counts[:, kernels.SAMPLED_CHARS])
        return share(covered, self.counts[:, kernels.SAMPLED_CHARS])

    @property
    def top_2gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in the most frequent 2-gram per character."""
        return self._top_ngram_fraction(2, kernels.TOP_2GRAM)

    @property
    def top_3gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in the most frequent 3-gram per character."""
        return self._top_ngram_fraction(3, kernels.TOP_3GRAM)

    @property
    def top_4gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in the most frequent 4-gram per character."""
        return self._top_ngram_fraction(4, kernels.TOP_4GRAM)

    @property
    def duplicate_5gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters that stand in a 5-gram which occurred before per character."""
        return share(self.counts[:, kernels.DUPLICATE_5GRAM_CHARS], self.counts[:, kernels.SAMPLED_CHARS])

    @property
    def duplicate_10gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters that stand in a 10-gram which occurred before per character."""
        return share(self.counts[:, kernels.DUPLICATE_10GRAM_CHARS], self.counts[:, kernels.SAMPLED_CHARS])

    def stepped_ngram_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), characters in repeated n-grams per character, counted in steps.

        datatrove walks the text: an n-gram that it has seen counts whole and is stepped over, another one
        is remembered and moves it on by one.

        Args:
            length: of the n-gram, 5 to 10.
        """
        return share(self.counts[:, kernels.STEPPED_5GRAM_CHARS + length - 5], self.counts[:, kernels.SAMPLED_CHARS])

    @property
    def frequent_5gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), occurrences of the most frequent repeated 5-grams per 5-gram.

        As many of them as the square root of how many distinct ones there are.
        """
        return share(self.counts[:, kernels.FREQUENT_5GRAMS], self._ngram_counts(5))

    def _ngram_counts(self, length: int) -> np.ndarray:
        n_grams: np.ndarray = np.maximum(self.counts[:, kernels.SAMPLED_CHARS] - length + 1, 0)
        return n_grams

    def top_ngram_occurrence_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), occurrences of the most frequent n-gram per n-gram.

        Args:
            length: of the n-gram, 2 to 4.
        """
        return share(self.counts[:, kernels.TOP_2GRAM + length - 2], self._ngram_counts(length))

    def repeated_ngram_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), n-grams that occur more than once per distinct n-gram.

        Args:
            length: of the n-gram, 5 to 10.
        """
        repeated = self.counts[:, kernels.REPEATED_5GRAMS + length - 5]
        return share(repeated, self.counts[:, kernels.DISTINCT_5GRAMS + length - 5])

    @property
    def longest_run_chars(self) -> np.ndarray:
        """int64 (n_docs,), length of the longest run of one character."""
        return self.counts[:, kernels.LONGEST_RUN]

    @property
    def distinct_character_fraction(self) -> np.ndarray:
        """float32 (n_docs,), distinct characters per character, in the first `DISTINCT_WINDOW_CHARS`."""
        window = np.minimum(self.counts[:, kernels.SAMPLED_CHARS], DISTINCT_WINDOW_CHARS)
        return share(self.counts[:, kernels.DISTINCT_CHARS], window)


def find_repeats(texts: Texts) -> Repeats:
    """Find frequent and repeated n-grams in the first `MAX_CHARS` characters of each document.

    White space is left out, and so is what a run of one character has beyond `MAX_RUN_CHARS`.
    """
    return _repeats(texts, MAX_RUN_CHARS, False)


def find_plain_repeats(texts: Texts) -> Repeats:
    """The same with white space and runs of any length, as Swallow v1 counts; blank lines alone are left out."""
    return _repeats(texts, MAX_CHARS, True)


def _repeats(texts: Texts, max_run_chars: int, keeps_blanks: bool) -> Repeats:
    counts = np.zeros((len(texts), kernels.REPETITION_COLUMNS), np.int64)
    marks = line_marks()
    seen_in = np.zeros(len(marks), np.int32)
    _find_repeats(
        texts.data,
        texts.offsets,
        marks,
        MAX_CHARS,
        max_run_chars,
        keeps_blanks,
        DISTINCT_WINDOW_CHARS,
        seen_in,
        counts,
    )
    return Repeats(counts)


def lz4_ratio(texts: Texts) -> np.ndarray:
    """float32 (n_docs,), size of the first `COMPRESSED_BYTES` bytes as an LZ4 block over their size; 0 if empty.

    Above 1 for a text so short that nothing in it repeats.
    """
    lz4 = pa.Codec("lz4_raw")
    data = pa.py_buffer(texts.data)
    starts, sizes = texts.offsets[:-1], np.minimum(texts.sizes_bytes, COMPRESSED_BYTES)
    compressed = [
        lz4.compress(data.slice(start, size)).size if size else 0
        for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)
    ]
    return share(np.array(compressed, np.int64), sizes)


def zlib_ratio(texts: Texts) -> np.ndarray:
    """float32 (n_docs,), zlib's size of a text at level `ZLIB_LEVEL` over its size; 0 if empty.

    Above 1 for a text so short that zlib's header outweighs what it saves.
    """
    data = memoryview(texts.data)  # type: ignore[arg-type]
    compressed = [
        len(zlib.compress(data[start:end], ZLIB_LEVEL)) if start < end else 0
        for start, end in zip(texts.offsets[:-1].tolist(), texts.offsets[1:].tolist(), strict=True)
    ]
    return share(np.array(compressed, np.int64), texts.sizes_bytes)
