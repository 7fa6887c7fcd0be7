"""What needs words: parts of speech on a sample of each document, and the rules that count words.

Words are SudachiPy's short units, those of UniDic and of datatrove. Dividing text into words costs thirty to fifty
times all other signals together, so these are measured on request only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sudachipy import Dictionary, Morpheme, SplitMode, Tokenizer

from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.characters import share
from manyo.filters.signals.repetition import MAX_CHARS
from manyo.filters.signals.signal_kernels import _repeat_words
from manyo.filters.signals.tells import STOP_CHARACTERS

#: Parts of speech are told of this many characters from the start; shares hardly move after that.
SPEECH_CHARS = 2_000

#: SudachiPy takes 49,149 bytes at once, and a character has up to four.
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
        words: int64 (n_docs,), words but for punctuation and blanks.
        nouns, particles, unknown: int64 (n_docs,), of these; unknown words are in no dictionary.
        sentences: int64 (n_docs,), what 。！？ and newlines divide the words into.
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
    """Tell words by part of speech.

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
    """Words and their n-grams, in the first `MAX_CHARS` characters of each document.

    Attributes:
        chars: int64 (n_docs,), characters of the sample.
        all_words: int64 (n_docs,), words, and marks too.
        words: int64 (n_docs,), words that hold a letter or a digit.
        word_chars: int64 (n_docs,), characters in those.
        alphabetic: int64 (n_docs,), words that hold a letter, kana and kanji among them.
        stop_words: int64 (n_docs,), how many of `STOP_CHARACTERS` are words of their own.
        newlines, hashes, ellipses: int64 (n_docs,), of the sample.
        ngrams: int64 (n_docs, WORD_NGRAM_COLUMNS), columns as `manyo.filters.signals.signal_kernels` names them.
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
    ngrams: np.ndarray

    @property
    def mean_word_chars(self) -> np.ndarray:
        """float32 (n_docs,), characters per word."""
        return share(self.word_chars, self.words)

    @property
    def alphabetic_word_fraction(self) -> np.ndarray:
        """float32 (n_docs,), words that hold a letter per word or mark."""
        return share(self.alphabetic, self.all_words)

    def per_word(self, counts: np.ndarray) -> np.ndarray:
        """float32 (n_docs,), so many per word or mark."""
        return share(counts, self.all_words)

    def top_ngram_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), characters in the most frequent n-gram of words per character.

        Args:
            length: of the n-gram in words, 2 to 4.
        """
        return share(self.ngrams[:, kernels.TOP_2WORD_CHARS + length - 2], self.chars)

    @property
    def repeated_7gram_fraction(self) -> np.ndarray:
        """float32 (n_docs,), n-grams of seven words that occur more than once per such n-gram."""
        return share(self.ngrams[:, kernels.REPEATED_7WORDS], np.maximum(self.all_words - 6, 0))

    def stepped_ngram_fraction(self, length: int) -> np.ndarray:
        """float32 (n_docs,), characters in n-grams of words seen before, each stepped over whole, per character.

        Args:
            length: of the n-gram in words, 5 to 10.
        """
        return share(self.ngrams[:, kernels.STEPPED_5WORD_CHARS + length - 5], self.chars)


def read_words(texts: pa.Array) -> Words:
    """Count words and their n-grams.

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
    has_letter = _told(numbers, str.isalpha)[of]
    has_sign = _told(numbers, str.isalnum)[of]
    stop = np.array([numbers.get(character, -1) for character in STOP_CHARACTERS])
    ngrams = np.zeros((len(samples), kernels.WORD_NGRAM_COLUMNS), np.int64)
    _repeat_words(of, chars, bounds, ngrams)
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
        ngrams=ngrams,
    )


def _surfaces(text: str) -> Iterator[str]:
    for morpheme in _morphemes(text):
        word = morpheme.surface().strip()
        if word:
            yield word


def _told(words: Iterable[str], tells: Callable[[str], bool]) -> np.ndarray:
    """int64, for each word whether any of its characters tells."""
    return np.array([any(map(tells, word)) for word in words], np.int64)


def _sums(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """int64 (n_docs,), sums between the bounds."""
    totals = np.concatenate((np.zeros(1, np.int64), np.cumsum(values, dtype=np.int64)))
    sums: np.ndarray = totals[bounds[1:]] - totals[bounds[:-1]]
    return sums


def _count(texts: pa.Array, pattern: str) -> np.ndarray:
    counts: np.ndarray = pc.count_substring(texts, pattern).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts
