"""Words that tell what a page is: an error message, a machine translation, advertising, pornography, or worse.

One pass finds the words of all lists: where two characters stand that words begin with, it compares these words. A word
in katakana counts only where no katakana touches it, and one in Latin letters only where no Latin letter does: セックス
is not in エセックス. Of words that overlap the first counts, and of those that begin at one place the longest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.jit import Records
from manyo.corpus.tables.shards import read_text
from manyo.corpus.text import CodePoints, Texts
from manyo.filters.signals import vocabulary_kernels as kernels
from manyo.filters.signals.characters import JAPANESE, character_counts
from manyo.filters.signals.phrases import (
    ADULT_PHRASES,
    ERROR_PHRASES,
    MANUAL_PHRASES,
    POLICY_PHRASES,
    PROMOTION_PHRASES,
    TRADE_WORDS,
    TRANSLATION_PHRASES,
)
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, count, fraction, mean, share
from manyo.filters.signals.signal_settings import WordLists

#: Phrases of error pages and translations are looked for in this many characters from the start.
HEAD_CHARS: Final = 1_000

#: A short text is measured as if it had so many characters more, so that few phrases decide nothing.
TRANSLATION_PRIOR_CHARS: Final = 120
#: Of a phrase that manuals have as well, this much counts.
MANUAL_SHARE: Final = 1 / 3

TRADE_PRIOR_CHARS: Final = 100

#: HojiChar's pattern for message boards; its digits are those of Unicode.
BOARD_MARKS: Final = (
    r"\p{Nd}{4}[年\.\-\/][\ ]*\p{Nd}{1,2}[月\.\-\/][\ ]*\p{Nd}{1,2}[日]*"
    r"|コメント|SOLD OUT|レビュー|投稿|ページ|\([月火水木金土日]\)|質問|\p{Nd}+話|楽天市場|-"
)


#: The lists that a run can be given.
WORD_LISTS: Final = tuple(field.name for field in fields(WordLists))
#: Lists whose phrases count only at the beginning of a document.
_IN_HEAD: Final = ("error_phrases", "translation_phrases", "manual_phrases")
#: All lists, in the order in which they are counted.
_LISTS: Final = (*_IN_HEAD, "policy_phrases", "promotion_phrases", "adult_phrases", "trade_words", *WORD_LISTS)


def shipped_words() -> dict[str, Path]:
    """Name of each list of words that ships with manyo → its file."""
    return {path.stem: path for path in sorted((Path(__file__).parent / "words").glob("*.txt"))}


def load_words(uri: str) -> tuple[str, ...]:
    """Read a list of words, one a line in UTF-8; blank lines and white space around a word are ignored.

    Args:
        uri: a path or URI, or a name of `shipped_words`.

    Raises:
        ValueError: the file is not UTF-8, or has no words in it.
        OSError: it cannot be read.
    """
    lines = read_text(str(shipped_words().get(uri, uri))).split("\n")
    words = tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not words:
        raise ValueError(f"{uri}: there are no words in it")
    return words


@dataclass(frozen=True, slots=True)
class WordCounts:
    """The words of each document, by list.

    Attributes:
        counts: (n_docs, n_lists), records of `WORD_COUNTS`.
    """

    counts: Records

    def of(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), words of the list."""
        return self._column(word_list, "words")

    def chars_of(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), characters in words of the list."""
        return self._column(word_list, "chars")

    def different(self, word_list: str) -> np.ndarray:
        """int64 (n_docs,), how many different words of the list occur."""
        return self._column(word_list, "different_words")

    def _column(self, word_list: str, name: str) -> np.ndarray:
        column: np.ndarray = self.counts[:, _LISTS.index(word_list)][name]
        return column


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The words of all lists, the longest first.

    Attributes:
        words: the words.
        lists: int64 (n_words,), the list of each word.
        pairs, rows, order: how words begin, as `index_words` notes it.
    """

    words: CodePoints
    lists: np.ndarray
    pairs: np.ndarray
    rows: np.ndarray
    order: np.ndarray


@lru_cache(maxsize=4)
def _lexicon(words: WordLists) -> _Lexicon:
    of_lists = (
        ERROR_PHRASES,
        TRANSLATION_PHRASES,
        MANUAL_PHRASES,
        POLICY_PHRASES,
        PROMOTION_PHRASES,
        ADULT_PHRASES,
        TRADE_WORDS,
        *(getattr(words, name) for name in WORD_LISTS),
    )
    entries = sorted(
        ((word, number) for number, some in enumerate(of_lists) for word in some), key=lambda entry: -len(entry[0])
    )
    points = Texts.from_strings([word for word, _ in entries]).points
    pairs, rows = np.zeros(kernels.PAIR_ROWS, np.uint64), np.zeros(kernels.WORD_ROWS + 1, np.int32)
    order = np.empty(len(entries), np.int32)
    kernels.index_words(points.data, points.offsets, pairs, rows, order)
    return _Lexicon(points, np.array([number for _, number in entries], np.int64), pairs, rows, order)


def count_words(texts: Texts, words: WordLists) -> WordCounts:
    """Count the phrases of errors, translations and policies and the words of the lists."""
    counts = np.zeros((len(texts), len(_LISTS)), kernels.WORD_COUNTS)
    lexicon, points = _lexicon(words), texts.points
    kernels.count_words(
        points.data,
        points.offsets,
        lexicon.pairs,
        lexicon.rows,
        lexicon.order,
        lexicon.words.data,
        lexicon.words.offsets,
        lexicon.lists,
        np.array([name in _IN_HEAD for name in _LISTS]),
        HEAD_CHARS,
        counts,
    )
    return WordCounts(counts)


def count_board_marks(column: pa.Array) -> np.ndarray:
    """int64 (n_docs,), matches of `BOARD_MARKS`.

    Args:
        column: string or large_string, without nulls.
    """
    counts: np.ndarray = pc.count_substring_regex(column, BOARD_MARKS).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts


def _words(passes: Passes) -> WordCounts:
    return count_words(passes.texts, passes.settings.words)


def _head_chars(passes: Passes) -> np.ndarray:
    chars: np.ndarray = np.minimum(passes.of(character_counts).char_counts, HEAD_CHARS)
    return chars


def _error_phrase_fraction(passes: Passes) -> np.ndarray:
    return share(passes.of(_words).chars_of("error_phrases"), _head_chars(passes))


def _translation_phrase_fraction(passes: Passes) -> np.ndarray:
    words = passes.of(_words)
    chars = words.chars_of("translation_phrases") + MANUAL_SHARE * words.chars_of("manual_phrases")
    return share(chars, _head_chars(passes) + TRANSLATION_PRIOR_CHARS)


def _word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.of(_words).of(word_list)


def _different_word_count(passes: Passes, word_list: str) -> np.ndarray:
    return passes.of(_words).different(word_list)


def _trade_word_variety(passes: Passes) -> np.ndarray:
    chars = passes.of(character_counts).of(*JAPANESE)
    variety: np.ndarray = passes.of(_words).different("trade_words") / np.sqrt(chars + TRADE_PRIOR_CHARS)
    return variety.astype(np.float32)


def _word_fraction(passes: Passes, word_list: str) -> np.ndarray:
    return share(passes.of(_words).chars_of(word_list), passes.of(character_counts).of(*JAPANESE))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        fraction("error_phrase_fraction", f"phrases of error pages per character, in the first {HEAD_CHARS:,}"),
        "ours",
        _error_phrase_fraction,
    ),
    Signal(
        fraction(
            "translation_phrase_fraction",
            f"phrases of translations, such as それは and いくつかの, per character, in the first {HEAD_CHARS:,}; "
            "those that manuals have too, such as することができます, count a third, and "
            f"{TRANSLATION_PRIOR_CHARS} characters without any are added, so that few decide nothing",
        ),
        "ours",
        _translation_phrase_fraction,
    ),
    Signal(
        count("policy_phrase_count", "phrases such as 利用規約, JavaScript, privacy policy and lorem ipsum", "phrases"),
        "C4, which drops such lines, and pages with lorem ipsum; the Japanese ones are ours",
        partial(_word_count, word_list="policy_phrases"),
    ),
    Signal(
        fraction(
            "promotion_phrase_fraction",
            "phrases of advertising and affiliates, such as はこちら and 一括査定, per Japanese character",
        ),
        "ours; llm-jp v1 and HojiChar count words of shops",
        partial(_word_fraction, word_list="promotion_phrases"),
    ),
    Signal(
        mean(
            "trade_word_variety",
            "different words of shops, offers and trades that pay for visitors, per square root of the Japanese "
            f"characters and {TRADE_PRIOR_CHARS} more: texts of any length have alike",
            "words",
        ),
        "ours; Uzushio counts different words too",
        _trade_word_variety,
    ),
    Signal(
        fraction("adult_phrase_fraction", "words of pornography per Japanese character"),
        "llm-jp v1 and HojiChar, whose lists are longer and hold words of other texts too",
        partial(_word_fraction, word_list="adult_phrases"),
    ),
    Signal(
        count(
            "board_mark_count",
            "dates, (月), -, and words such as コメント, レビュー, 投稿 and 楽天市場, by HojiChar's own pattern",
            "marks",
        ),
        "HojiChar 14 at most",
        lambda passes: count_board_marks(passes.column),
        setting=ALSO_MEASURE,
    ),
    *(
        signal
        for name in WORD_LISTS
        for signal in (
            Signal(
                count(f"{name}_word_count", f"words of the list `{name}`, whole words where in katakana", "words"),
                "llm-jp v1 and HojiChar, whose lists can be used here",
                partial(_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                count(f"different_{name}_word_count", f"how many of the words of the list `{name}` occur", "words"),
                "Uzushio pipeline_03a",
                partial(_different_word_count, word_list=name),
                setting=f"words.{name}",
            ),
            Signal(
                fraction(f"{name}_word_fraction", f"characters in words of the list `{name}` per Japanese character"),
                "Swallow v1 0.05 at most",
                partial(_word_fraction, word_list=name),
                setting=f"words.{name}",
            ),
        )
    ),
)
