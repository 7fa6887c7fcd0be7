"""Whether a document says the same thing again: frequent and repeated n-grams, runs, compressibility.

n-grams are of characters, not words: Japanese writes no spaces, and word segmentation would cost more than all other
signals together. White space is left out, so that indentation does not count as repetition.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals import repetition_kernels as kernels
from manyo.filters.signals.characters import CharacterClass, character_classes
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, count, fraction, share

#: n-grams are counted in at most this many characters at a time: the table of a long book would leave the processor's
#: cache, and in a whole book nearly every 5-gram comes back. Longer texts are counted in parts, in an order of their
#: lines and sentences that does not depend on theirs (`repetition_kernels.count_repeats`).
MAX_CHARS: Final = 32_768

#: Of a run of one character, this many count: a ruled line of forty hyphens is one line, not forty repeats.
MAX_RUN_CHARS: Final = 4

#: Distinct characters are counted in a window of fixed length, since their share falls as a text grows.
DISTINCT_WINDOW_CHARS: Final = 1_000

#: LZ4 compresses this much of a text, as in Uzushio.
COMPRESSED_BYTES: Final = 1 << 20

#: So many occurrences of a 4-gram say nothing about a text, however short it is.
FREE_OCCURRENCES: Final = 3

#: zlib compresses the whole text, at the level of llm-jp v1.
ZLIB_LEVEL: Final = 9


def find_repeats(texts: Texts) -> Records:
    """Find frequent and repeated n-grams in each document, in parts of at most `MAX_CHARS` characters.

    White space is left out, and so is the rest of a run of one character after `MAX_RUN_CHARS`.

    Returns:
        (n_docs,), records of `REPEAT_COUNTS`; of the n-grams, the most frequent of 4 characters and the repeated ones
        of 5 and 10 are counted.
    """
    return _find(texts, MAX_RUN_CHARS, keeps_blanks=False, counts_every=False)


def find_every_repeat(texts: Texts) -> Records:
    """As `find_repeats`, n-grams of every length."""
    return _find(texts, MAX_RUN_CHARS, keeps_blanks=False, counts_every=True)


def find_plain_repeats(texts: Texts) -> Records:
    """The same with white space except blank lines, and with runs of any length, as Swallow v1 counts."""
    return _find(texts, MAX_CHARS, keeps_blanks=True, counts_every=True)


def _find(texts: Texts, max_run_chars: int, keeps_blanks: bool, counts_every: bool) -> Records:
    counts = np.zeros(len(texts), kernels.REPEAT_COUNTS)
    classes = character_classes()
    kernels.count_repeats(
        texts.points.data,
        texts.points.offsets,
        classes,
        int(CharacterClass.SPACE),
        MAX_CHARS,
        max_run_chars,
        keeps_blanks,
        counts_every,
        DISTINCT_WINDOW_CHARS,
        np.zeros(len(classes), np.int32),
        counts,
    )
    return counts


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


def _repeats(passes: Passes) -> Records:
    return find_repeats(passes.texts)


def _every_repeat(passes: Passes) -> Records:
    return find_every_repeat(passes.texts)


def _plain_repeats(passes: Passes) -> Records:
    return find_plain_repeats(passes.texts)


def _ngram_counts(repeats: Records, length: int) -> np.ndarray:
    n_grams: np.ndarray = np.maximum(repeats["sampled_chars"] - length + 1, 0)
    return n_grams


def _top_ngram_fraction(
    passes: Passes, length: int, read: Callable[[Passes], Records], free_occurrences: int = 0
) -> np.ndarray:
    repeats = passes.of(read)
    occurrences = np.maximum(repeats["top_ngrams"][:, length - kernels.SHORTEST_TOP] - free_occurrences, 0)
    # Overlapping occurrences (ああああ) would cover more than there is, hence the minimum.
    return share(np.minimum(occurrences * length, repeats["sampled_chars"]), repeats["sampled_chars"])


def _per_character(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(_repeats)[name], passes.of(_repeats)["sampled_chars"])


def _distinct_character_fraction(passes: Passes) -> np.ndarray:
    repeats = passes.of(_repeats)
    n_parts = np.maximum(-(-repeats["sampled_chars"] // MAX_CHARS), 1)
    return share(repeats["distinct_chars"], np.minimum(repeats["sampled_chars"], n_parts * DISTINCT_WINDOW_CHARS))


def _stepped_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    # datatrove walks the text: an n-gram that it has seen counts whole and is stepped over, any other one is remembered
    # and moves it on by one character.
    repeats = passes.of(_every_repeat)
    return share(repeats["stepped_chars"][:, length - kernels.SHORTEST_REPEATED], repeats["sampled_chars"])


def _top_ngram_occurrence_fraction(passes: Passes, length: int) -> np.ndarray:
    repeats = passes.of(_plain_repeats)
    return share(repeats["top_ngrams"][:, length - kernels.SHORTEST_TOP], _ngram_counts(repeats, length))


def _repeated_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    repeats, at = passes.of(_plain_repeats), length - kernels.SHORTEST_REPEATED
    return share(repeats["repeated_ngrams"][:, at], repeats["distinct_ngrams"][:, at])


SIGNALS: tuple[Signal, ...] = (
    *(
        Signal(
            fraction(
                f"top_{length}gram_fraction",
                f"characters in the most frequent {length}-gram per character, in parts of {MAX_CHARS:,}",
            ),
            f"Gopher, FineWeb-2, Swallow v1; {length}-grams of characters",
            partial(_top_ngram_fraction, length=length, read=_every_repeat),
            setting=ALSO_MEASURE,
        )
        for length in (2, 3)
    ),
    Signal(
        fraction(
            "top_4gram_fraction",
            f"characters in the most frequent 4-gram per character, in parts of {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 4-grams of characters",
        partial(_top_ngram_fraction, length=4, read=_repeats),
    ),
    Signal(
        fraction(
            "top_4gram_excess_fraction",
            f"characters in the most frequent 4-gram per character, of its occurrences beyond {FREE_OCCURRENCES}",
        ),
        "ours: a short text says its subject, or ました。, a few times",
        partial(_top_ngram_fraction, length=4, read=_repeats, free_occurrences=FREE_OCCURRENCES),
    ),
    Signal(
        fraction(
            "duplicate_5gram_fraction",
            f"characters that stand in a 5-gram which occurred before, per character, in parts of {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1, HojiChar; 5-grams of characters, overlaps counted once",
        lambda passes: _per_character(passes, "duplicate_5gram_chars"),
    ),
    Signal(
        fraction(
            "duplicate_10gram_fraction",
            f"characters that stand in a 10-gram which occurred before, per character, in parts of {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 10-grams of characters, overlaps counted once",
        lambda passes: _per_character(passes, "duplicate_10gram_chars"),
    ),
    Signal(
        count(
            "longest_duplicate_chars",
            f"characters in the longest stretch of 10-grams that occurred before, in parts of {MAX_CHARS:,}",
            "characters",
        ),
        "ours: a title is repeated, a passage is not",
        lambda passes: passes.of(_repeats)["longest_duplicate"],
    ),
    Signal(
        fraction(
            "longest_duplicate_fraction",
            "characters in the longest stretch of 10-grams that occurred before, per character",
        ),
        "ours: a text that is there twice has half of it in one",
        lambda passes: _per_character(passes, "longest_duplicate"),
    ),
    Signal(
        count(
            "longest_run_chars",
            "longest run of one character, white space left out",
            "characters",
        ),
        "HojiChar (one character repeated)",
        lambda passes: passes.of(_repeats)["longest_run"],
    ),
    Signal(
        fraction(
            "distinct_character_fraction",
            f"distinct characters per character, among the first {DISTINCT_WINDOW_CHARS:,} that are not white space; "
            f"the mean over the parts of a text of more than {MAX_CHARS:,}",
        ),
        "ours: a type-token ratio on a window of fixed length",
        _distinct_character_fraction,
    ),
    Signal(
        fraction(
            "compression_ratio",
            f"LZ4 size per byte, of the first {COMPRESSED_BYTES:,} bytes; a short text exceeds 1",
        ),
        "Uzushio pipeline_03a keeps 0.25 to 5, then 0.40 to 0.75, then 0.50 to 0.75",
        lambda passes: lz4_ratio(passes.texts),
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction("zlib_ratio", f"zlib level {ZLIB_LEVEL} size per byte; a short text exceeds 1"),
        "llm-jp v1; it costs more than all other signals together",
        lambda passes: zlib_ratio(passes.texts),
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction(
            "frequent_5gram_fraction",
            "occurrences of the most frequent repeated 5-grams per 5-gram, of as many of them as the square root of "
            f"the number of distinct 5-grams, in parts of {MAX_CHARS:,}",
        ),
        "HojiChar and BigScience (character repetition ratio), 5-grams of characters",
        lambda passes: share(passes.of(_repeats)["frequent_5grams"], _ngram_counts(passes.of(_repeats), 5)),
    ),
    *(
        Signal(
            fraction(
                f"stepped_{length}gram_fraction",
                f"characters in {length}-grams seen before, each stepped over whole, per character, in parts of "
                f"{MAX_CHARS:,}",
            ),
            "Gopher, FineWeb-2 and Swallow v1 as datatrove counts; its words are characters here",
            partial(_stepped_ngram_fraction, length=length),
            setting=ALSO_MEASURE,
        )
        for length in range(5, 11)
    ),
    *(
        Signal(
            fraction(
                f"top_{length}gram_occurrence_fraction",
                f"occurrences of the most frequent {length}-gram per {length}-gram, white space and newlines too, in "
                f"parts of {MAX_CHARS:,}",
            ),
            "Swallow v1 0.20, 0.18 and 0.16 at most; Gopher's fraction is of characters",
            partial(_top_ngram_occurrence_fraction, length=length),
            setting=ALSO_MEASURE,
        )
        for length in range(2, 5)
    ),
    *(
        Signal(
            fraction(
                f"repeated_{length}gram_fraction",
                f"{length}-grams that occur more than once per distinct {length}-gram, white space and newlines too, "
                f"in parts of {MAX_CHARS:,}",
            ),
            "Swallow v1 0.15 to 0.10 at most; Gopher's fraction is of characters",
            partial(_repeated_ngram_fraction, length=length),
            setting=ALSO_MEASURE,
        )
        for length in range(5, 11)
    ),
)
