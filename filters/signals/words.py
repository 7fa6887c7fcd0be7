"""What needs words: parts of speech in a sample of each document, and what other pipelines count in words.

Words are SudachiPy's short units, as in UniDic and datatrove. Word segmentation costs thirty to fifty times all other
signals together, so these are measured only on request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

from manyo.corpus.jit import Records
from manyo.filters.signals import word_kernels as kernels
from manyo.filters.signals.repetition import MAX_CHARS
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, count, fraction, mean, share
from manyo.filters.signals.tells import STOP_CHARACTERS

#: Parts of speech are counted in this many characters from the start; shares hardly change after them.
SPEECH_CHARS = 2_000

#: SudachiPy takes at most 49,149 bytes at once, and a character has up to four.
_CHUNK_CHARS = 12_000

_MARKS = ("補助記号", "空白")
_PREDICATES = ("動詞", "形容詞", "助動詞")
_SENTENCE_ENDS = ("。", "！", "？", "!", "?", "\n")


@cache
def _tokenizer() -> Tokenizer:
    return Dictionary().tokenizer(mode=SplitMode.A)


@cache
def _speech(part_of_speech_id: int) -> str:
    speech: str = Dictionary().pos_of(part_of_speech_id)[0]
    return speech


def _morphemes(text: str) -> Iterator[Morpheme]:
    """The words of a text, cut at a newline where it is too long for SudachiPy at once, or within a line."""
    start = 0
    while start < len(text):
        end = start + _CHUNK_CHARS
        if end < len(text):
            end = max(text.rfind("\n", start, end) + 1, start) or end
            end = end if end > start else start + _CHUNK_CHARS
        yield from _tokenizer().tokenize(text[start:end])
        start = end


@dataclass(frozen=True, slots=True)
class Speech:
    """Words by part of speech, in the first `SPEECH_CHARS` characters of each document.

    Attributes:
        words: int64 (n_docs,), words except punctuation and blanks.
        nouns, particles, unknown: int64 (n_docs,), some of these; unknown words are in no dictionary.
        sentences: int64 (n_docs,), parts with words that 。！？ and newlines divide the text into.
        predicates: int64 (n_docs,), sentences with a verb, an adjective or an auxiliary, and a particle.
    """

    words: np.ndarray
    nouns: np.ndarray
    particles: np.ndarray
    unknown: np.ndarray
    sentences: np.ndarray
    predicates: np.ndarray

    @property
    def noun_fraction(self) -> np.ndarray:
        """float32 (n_docs,), nouns per word."""
        return share(self.nouns, self.words)

    @property
    def particle_word_fraction(self) -> np.ndarray:
        """float32 (n_docs,), particles per word."""
        return share(self.particles, self.words)

    @property
    def unknown_word_fraction(self) -> np.ndarray:
        """float32 (n_docs,), words that are in no dictionary per word."""
        return share(self.unknown, self.words)

    @property
    def predicate_sentence_fraction(self) -> np.ndarray:
        """float32 (n_docs,), sentences with a predicate and a particle per sentence."""
        return share(self.predicates, self.sentences)


def read_speech(texts: pa.Array) -> Speech:
    """Count words by part of speech.

    Args:
        texts: string or large_string, without nulls.
    """
    heads = pc.utf8_slice_codeunits(texts, 0, SPEECH_CHARS).to_pylist()
    counts = np.array([_count_speech(head) for head in heads], np.int64).reshape(-1, 6)
    return Speech(*counts.T)


def _count_speech(text: str) -> tuple[int, int, int, int, int, int]:
    words = nouns = particles = unknown = sentences = predicates = 0
    has_word = has_predicate = has_particle = False
    for morpheme in _morphemes(text + "\n"):
        speech = _speech(morpheme.part_of_speech_id())
        if speech in _MARKS:
            surface = morpheme.surface()
            if has_word and any(end in surface for end in _SENTENCE_ENDS):
                sentences += 1
                predicates += has_predicate and has_particle
                has_word = has_predicate = has_particle = False
            continue
        has_word = True
        words += 1
        nouns += speech == "名詞"
        unknown += morpheme.is_oov()
        if speech == "助詞":
            particles += 1
            has_particle = True
        elif speech in _PREDICATES:
            has_predicate = True
    return words, nouns, particles, unknown, sentences, predicates


@dataclass(frozen=True, slots=True)
class Words:
    """Words and runs of words, in the first `MAX_CHARS` characters of each document.

    Attributes:
        chars: int64 (n_docs,), characters of the sample.
        all_words: int64 (n_docs,), words and marks.
        words: int64 (n_docs,), words that hold a letter or a digit.
        word_chars: int64 (n_docs,), characters in those.
        alphabetic: int64 (n_docs,), words that hold a letter, kana and kanji among them.
        stop_words: int64 (n_docs,), how many of `STOP_CHARACTERS` are words of their own.
        newlines, hashes, ellipses: int64 (n_docs,), of the sample.
        runs: (n_docs,), records of `RUN_COUNTS`.
    """

    chars: np.ndarray
    all_words: np.ndarray
    words: np.ndarray
    word_chars: np.ndarray
    alphabetic: np.ndarray
    stop_words: np.ndarray
    newlines: np.ndarray
    hashes: np.ndarray
    ellipses: np.ndarray
    runs: Records

    @property
    def mean_word_chars(self) -> np.ndarray:
        """float32 (n_docs,), characters per word."""
        return share(self.word_chars, self.words)

    @property
    def alphabetic_word_fraction(self) -> np.ndarray:
        """float32 (n_docs,), words that hold a letter per word or mark."""
        return share(self.alphabetic, self.all_words)

    def per_word(self, counts: np.ndarray) -> np.ndarray:
        """float32 (n_docs,), counts per word or mark."""
        return share(counts, self.all_words)

    def top_run_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), characters in the most frequent run of 2 to 4 words per character."""
        return share(self.runs["top_chars"][:, length - kernels.SHORTEST_TOP], self.chars)

    @property
    def repeated_7word_fraction(self) -> np.ndarray:
        """float32 (n_docs,), runs of seven words that occur more than once per such run."""
        return share(self.runs["repeated_7word_runs"], np.maximum(self.all_words - 6, 0))

    def stepped_run_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), characters in runs of 5 to 10 words seen before, stepped over whole, per character."""
        return share(self.runs["stepped_chars"][:, length - kernels.SHORTEST_STEPPED], self.chars)


def read_words(texts: pa.Array) -> Words:
    """Count words and runs of words.

    Args:
        texts: string or large_string, without nulls.
    """
    samples = pc.utf8_slice_codeunits(texts, 0, MAX_CHARS)
    numbers: dict[str, int] = {}
    words: list[int] = []
    offsets = [0]
    for text in samples.to_pylist():
        words += (numbers.setdefault(word, len(numbers)) for word in _surfaces(text))
        offsets.append(len(words))
    of = np.array(words, np.int64)
    bounds = np.array(offsets, np.int64)
    chars = np.array([len(word) for word in numbers], np.int64)[of] if words else of
    has_letter = _has_any(numbers, str.isalpha)[of]
    has_sign = _has_any(numbers, str.isalnum)[of]
    stop = np.array([numbers.get(character, -1) for character in STOP_CHARACTERS])
    runs = np.zeros(len(samples), kernels.RUN_COUNTS)
    kernels.count_runs(of, chars, bounds, runs)
    return Words(
        chars=pc.utf8_length(samples).to_numpy(zero_copy_only=False).astype(np.int64),
        all_words=np.diff(bounds),
        words=_sums(has_sign, bounds),
        word_chars=_sums(chars * has_sign, bounds),
        alphabetic=_sums(has_letter, bounds),
        stop_words=sum((_sums(of == word, bounds) > 0 for word in stop), np.zeros(len(samples), np.int64)),
        newlines=_count(samples, "\n"),
        hashes=_count(samples, "#"),
        ellipses=_count(samples, "…") + _count(samples, "..."),
        runs=runs,
    )


def _surfaces(text: str) -> Iterator[str]:
    for morpheme in _morphemes(text):
        word = morpheme.surface().strip()
        if word:
            yield word


def _has_any(words: Iterable[str], test: Callable[[str], bool]) -> np.ndarray:
    """int64 (n_words,), 1 for a word of which any character passes the test."""
    return np.array([any(map(test, word)) for word in words], np.int64)


def _sums(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """int64 (n_docs,), sums between the bounds."""
    totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)))
    sums: np.ndarray = totals[bounds[1:]] - totals[bounds[:-1]]
    return sums


def _count(texts: pa.Array, pattern: str) -> np.ndarray:
    counts: np.ndarray = pc.count_substring(texts, pattern).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts


def _words(passes: Passes) -> Words:
    return read_words(passes.column)


def _parts_of_speech(passes: Passes) -> Speech:
    return read_speech(passes.column)


def _top_run_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.of(_words).top_run_fraction(length)


def _stepped_run_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.of(_words).stepped_run_fraction(length)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        fraction("noun_fraction", f"nouns per word, punctuation left out, in the first {SPEECH_CHARS:,} characters"),
        "HojiChar 0.80, with UniDic; ours with SudachiPy's short units",
        lambda passes: passes.of(_parts_of_speech).noun_fraction,
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction("particle_word_fraction", f"particles per word, in the first {SPEECH_CHARS:,} characters"),
        "lighttransport asks for one",
        lambda passes: passes.of(_parts_of_speech).particle_word_fraction,
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction(
            "unknown_word_fraction",
            f"words that are in no dictionary per word, in the first {SPEECH_CHARS:,} characters",
        ),
        "ours: misread text and text in a wrong encoding",
        lambda passes: passes.of(_parts_of_speech).unknown_word_fraction,
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction(
            "predicate_sentence_fraction",
            "sentences with a particle and a verb, an adjective or an auxiliary per sentence, in the first "
            f"{SPEECH_CHARS:,} characters",
        ),
        "lighttransport's check of sentences",
        lambda passes: passes.of(_parts_of_speech).predicate_sentence_fraction,
        setting=ALSO_MEASURE,
    ),
    Signal(
        count("word_count", f"words with a letter or a digit in them, in the first {MAX_CHARS:,} characters", "words"),
        "Gopher and FineWeb-2 50 to 100,000; SudachiPy's short units, as in datatrove",
        lambda passes: passes.of(_words).words,
        setting=ALSO_MEASURE,
    ),
    Signal(
        mean("mean_word_chars", "mean length of the words with a letter or a digit in them", "characters"),
        "FineWeb-2 1 to 6",
        lambda passes: passes.of(_words).mean_word_chars,
        setting=ALSO_MEASURE,
    ),
    Signal(
        fraction("alphabetic_word_fraction", "words with a letter in them, kana and kanji included, per word or mark"),
        "FineWeb-2 (max_non_alpha_words_ratio) 0.759 at least",
        lambda passes: passes.of(_words).alphabetic_word_fraction,
        setting=ALSO_MEASURE,
    ),
    Signal(
        count("stop_word_count", f"how many of {STOP_CHARACTERS} are words of their own", "words"),
        "FineWeb-2 2 at least",
        lambda passes: passes.of(_words).stop_words,
        setting=ALSO_MEASURE,
    ),
    Signal(
        mean("newlines_per_word", "newlines per word or mark", "newlines"),
        "FineWeb-2 (new_line_ratio) 0.13 at most",
        lambda passes: passes.of(_words).per_word(passes.of(_words).newlines),
        setting=ALSO_MEASURE,
    ),
    Signal(
        mean("hash_signs_per_word", "# per word or mark", "signs"),
        "Gopher 0.1 at most",
        lambda passes: passes.of(_words).per_word(passes.of(_words).hashes),
        setting=ALSO_MEASURE,
    ),
    Signal(
        mean("ellipses_per_word", "… and ... per word or mark", "ellipses"),
        "Gopher 0.1 at most",
        lambda passes: passes.of(_words).per_word(passes.of(_words).ellipses),
        setting=ALSO_MEASURE,
    ),
    *(
        Signal(
            mean(
                f"top_{length}word_fraction",
                f"characters in the most frequent run of {length} words, and spaces between them, per character, in "
                f"the first {MAX_CHARS:,}; overlaps count twice",
                "characters",
            ),
            "Gopher and FineWeb-2 as datatrove counts",
            partial(_top_run_fraction, length=length),
            setting=ALSO_MEASURE,
        )
        for length in range(2, 5)
    ),
    Signal(
        fraction(
            "repeated_7word_fraction",
            f"runs of seven words that occur more than once per such run, in the first {MAX_CHARS:,} characters",
        ),
        "HojiChar (word repetition ratio) 0.40, with MeCab's words",
        lambda passes: passes.of(_words).repeated_7word_fraction,
        setting=ALSO_MEASURE,
    ),
    *(
        Signal(
            fraction(
                f"stepped_{length}word_fraction",
                f"characters in runs of {length} words seen before, each stepped over whole, per character, in the "
                f"first {MAX_CHARS:,}",
            ),
            "Gopher and FineWeb-2 as datatrove counts",
            partial(_stepped_run_fraction, length=length),
            setting=ALSO_MEASURE,
        )
        for length in range(5, 11)
    ),
)
