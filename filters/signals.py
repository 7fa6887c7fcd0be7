"""The signals: every column that is measured on a text, in which unit, and from which pass.

A new signal is a property of the pass that sees it, one line in `SIGNALS`, and a test.
Nothing here knows a threshold; `filters.rules` decides from these columns alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from corpus.schema import Column, signals_table
from corpus.text import Texts
from filters.characters import KANA, CharacterClass, CharacterCounts, count_characters, is_katakana_prose, share
from filters.fluency import SHORT_LINE_CHARS, LineCounts, read_lines
from filters.plausibility import bigram_lift
from filters.repetition import (
    COMPRESSED_BYTES,
    COMPRESSION_LEVEL,
    DISTINCT_WINDOW_CHARS,
    MAX_CHARS,
    Repeats,
    compression_ratio,
    find_repeats,
)
from filters.tells import (
    KANA_HEAD_CHARS,
    SEPARATORS,
    STOP_CHARACTERS,
    Tells,
    count_kaomoji,
    count_urls,
    read_tells,
)
from filters.vocabulary import ERROR_PHRASES, HEAD_CHARS, TRANSLATION_PHRASES, phrase_fraction


@dataclass(frozen=True, slots=True)
class Passes:
    """A batch of texts, and what each pass over it counted."""

    column: pa.Array
    texts: Texts
    characters: CharacterCounts
    lines: LineCounts
    repeats: Repeats
    tells: Tells

    @property
    def visible_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters that are not white space."""
        visible: np.ndarray = self.characters.char_counts - self.characters.of(CharacterClass.SPACE)
        return visible


@dataclass(frozen=True, slots=True)
class Signal:
    """One measured column.

    Attributes:
        column: its name, type, meaning and unit.
        source: who measured it before, and how ours differs.
        measure: its values for a batch, (n_docs,), of the column's type; never NaN, 0 for an empty document.
    """

    column: Column
    source: str
    measure: Callable[[Passes], np.ndarray]


def _fraction(name: str, meaning: str) -> Column:
    return Column(name, pa.float32(), meaning, "fraction")


def _count(name: str, meaning: str, unit: str) -> Column:
    return Column(name, pa.int64(), meaning, unit)


def _stepped_ngram_fraction(passes: Passes, length: int) -> np.ndarray:
    return passes.repeats.stepped_ngram_fraction(length)


#: Every signal, in the order of its columns.
SIGNALS: tuple[Signal, ...] = (
    Signal(
        _count("char_count", "all characters, white space too", "characters"),
        "every pipeline; Uzushio and Swallow set a minimum",
        lambda passes: passes.characters.char_counts,
    ),
    Signal(
        _count("size_bytes", "UTF-8 size of the text", "bytes"),
        "every pipeline",
        lambda passes: passes.texts.sizes_bytes,
    ),
    Signal(
        _fraction("kana_fraction", "hiragana and katakana per character that is not white space"),
        "Uzushio pipeline_03a and NWJC, which count hiragana; katakana statutes and Meiji texts need both",
        lambda passes: passes.characters.fraction(*KANA),
    ),
    Signal(
        _fraction(
            "japanese_fraction",
            "kana, kanji and Japanese punctuation per character that is not white space",
        ),
        "Swallow v1, NWJC, Uzushio",
        lambda passes: passes.characters.fraction(*KANA, CharacterClass.HAN, CharacterClass.JAPANESE_PUNCTUATION),
    ),
    Signal(
        _fraction(
            "particle_fraction",
            "the particles の に を は が と で て も, and ノ ニ ヲ ハ, per character that is not white space",
        ),
        "FineWeb-2 asks for 2 of 15 such words; a share also sees a keyword list with one sentence in it",
        lambda passes: passes.characters.fraction(CharacterClass.PARTICLE, CharacterClass.KATAKANA_PARTICLE),
    ),
    Signal(
        _fraction("digit_fraction", "digits of either width per character that is not white space"),
        "C4 and FineWeb for numbers; ours by characters",
        lambda passes: passes.characters.fraction(CharacterClass.DIGIT, CharacterClass.FULLWIDTH_DIGIT),
    ),
    Signal(
        _fraction(
            "symbol_fraction",
            "symbols, emoji and Western punctuation per character that is not white space",
        ),
        "HojiChar's special characters; Japanese punctuation does not count here",
        lambda passes: passes.characters.fraction(CharacterClass.SYMBOL),
    ),
    Signal(
        _fraction("replacement_fraction", "U+FFFD and 〓 per character that is not white space"),
        "the NDL writes 〓 for what its OCR could not read; decoders write U+FFFD",
        lambda passes: passes.characters.fraction(CharacterClass.REPLACEMENT),
    ),
    Signal(
        _fraction(
            "width_mix_fraction",
            "the rarer width's share of Latin letters, of digits and of katakana together; at most 0.5",
        ),
        "ours",
        lambda passes: passes.characters.width_mix_fraction,
    ),
    Signal(
        _count("line_count", "lines that are not blank", "lines"),
        "Gopher, FineWeb",
        lambda passes: passes.lines.line_counts,
    ),
    Signal(
        _fraction("short_line_fraction", f"lines of at most {SHORT_LINE_CHARS} characters per line"),
        "HojiChar, FineWeb",
        lambda passes: passes.lines.short_line_fraction,
    ),
    Signal(
        _fraction(
            "line_end_punctuation_fraction",
            "lines that end a sentence, or close a quotation with 」 or 』, per line",
        ),
        "C4, FineWeb-2 (line_punct_thr)",
        lambda passes: passes.lines.line_end_punctuation_fraction,
    ),
    Signal(
        _fraction("ellipsis_line_fraction", "lines that end in … or in three dots per line"),
        "Gopher, HojiChar",
        lambda passes: passes.lines.ellipsis_line_fraction,
    ),
    Signal(
        _fraction("bullet_line_fraction", "lines that start with a bullet per line"),
        "Gopher, with the bullets of Japanese pages",
        lambda passes: passes.lines.bullet_line_fraction,
    ),
    Signal(
        Column(
            "mean_sentence_chars",
            pa.float32(),
            "mean length of a sentence: up to 。！？!?． or a newline, without white space",
            "characters",
        ),
        "Swallow v1, llm-jp v1, HojiChar; a 」 after the end stays with its sentence",
        lambda passes: passes.lines.mean_sentence_chars,
    ),
    Signal(
        _count("longest_sentence_chars", "length of the longest sentence, without white space", "characters"),
        "Swallow v1",
        lambda passes: passes.lines.longest_sentence_chars,
    ),
    Signal(
        _fraction(
            "sentence_fraction",
            "characters in sentences that a mark ends, not a bare newline, per character; 1 for prose in kanji and "
            "katakana, which has no such marks",
        ),
        "ours: the line rules of C4 and FineWeb-2, made independent of where lines are broken",
        lambda passes: np.where(
            is_katakana_prose(passes.column, passes.characters), np.float32(1), passes.lines.sentence_fraction
        ),
    ),
    Signal(
        _fraction("duplicate_line_fraction", "characters in lines that occurred before, per character"),
        "Gopher (Rae et al. 2021, table A1), FineWeb-2, Swallow v1",
        lambda passes: passes.lines.duplicate_line_fraction,
    ),
    Signal(
        _fraction(
            "top_2gram_fraction",
            f"characters in the most frequent 2-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 2-grams of characters",
        lambda passes: passes.repeats.top_2gram_fraction,
    ),
    Signal(
        _fraction(
            "top_3gram_fraction",
            f"characters in the most frequent 3-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 3-grams of characters",
        lambda passes: passes.repeats.top_3gram_fraction,
    ),
    Signal(
        _fraction(
            "top_4gram_fraction",
            f"characters in the most frequent 4-gram per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 4-grams of characters",
        lambda passes: passes.repeats.top_4gram_fraction,
    ),
    Signal(
        _fraction(
            "duplicate_5gram_fraction",
            f"characters that stand in a 5-gram which occurred before, per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1, HojiChar; 5-grams of characters, overlaps counted once",
        lambda passes: passes.repeats.duplicate_5gram_fraction,
    ),
    Signal(
        _fraction(
            "duplicate_10gram_fraction",
            f"characters that stand in a 10-gram which occurred before, per character, in the first {MAX_CHARS:,}",
        ),
        "Gopher, FineWeb-2, Swallow v1; 10-grams of characters, overlaps counted once",
        lambda passes: passes.repeats.duplicate_10gram_fraction,
    ),
    Signal(
        _count(
            "longest_run_chars",
            f"longest run of one character, white space left out, in the first {MAX_CHARS:,}",
            "characters",
        ),
        "HojiChar (one character repeated)",
        lambda passes: passes.repeats.longest_run_chars,
    ),
    Signal(
        _fraction(
            "distinct_character_fraction",
            f"distinct characters per character, among the first {DISTINCT_WINDOW_CHARS:,} that are not white space",
        ),
        "ours: a type-token ratio on a window of fixed length",
        lambda passes: passes.repeats.distinct_character_fraction,
    ),
    Signal(
        _fraction(
            "compression_ratio",
            f"zlib level {COMPRESSION_LEVEL} size per byte, of the first {COMPRESSED_BYTES:,} bytes; "
            "a short text exceeds 1",
        ),
        "llm-jp v1 with level 9, which gives 0.001 less; Uzushio with LZ4",
        lambda passes: compression_ratio(passes.texts),
    ),
    Signal(
        _fraction("error_phrase_fraction", f"phrases of error pages per character, in the first {HEAD_CHARS:,}"),
        "ours",
        lambda passes: phrase_fraction(passes.column, ERROR_PHRASES),
    ),
    Signal(
        _fraction(
            "translation_phrase_fraction",
            f"phrases of translations, such as することができます, per character, in the first {HEAD_CHARS:,}",
        ),
        "ours",
        lambda passes: phrase_fraction(passes.column, TRANSLATION_PHRASES),
    ),
    Signal(
        _count("japanese_char_count", "kana, kanji and Japanese punctuation", "characters"),
        "Swallow v1, which counts letters and asks for 400",
        lambda passes: passes.characters.of(*KANA, CharacterClass.HAN, CharacterClass.JAPANESE_PUNCTUATION),
    ),
    Signal(
        _fraction("punctuation_fraction", "Japanese punctuation per character that is not white space"),
        "ours: a list of keywords has little of it",
        lambda passes: passes.characters.fraction(CharacterClass.JAPANESE_PUNCTUATION),
    ),
    Signal(
        _fraction("halfwidth_katakana_fraction", "half-width katakana per character that is not white space"),
        "ours: text decoded in a wrong encoding is full of them",
        lambda passes: passes.characters.fraction(CharacterClass.HALFWIDTH_KATAKANA),
    ),
    Signal(
        _fraction(
            "other_letter_fraction",
            "letters that are neither Japanese nor Latin nor hangul per character that is not white space",
        ),
        "FineWeb-2 (max_non_alpha_words_ratio), turned to what is foreign in Japanese",
        lambda passes: passes.characters.fraction(CharacterClass.OTHER_LETTER),
    ),
    Signal(
        _count("head_kana_count", f"kana among the first {KANA_HEAD_CHARS} characters", "characters"),
        "llm-jp v1 and HojiChar ask for one",
        lambda passes: passes.tells.head_kana_count,
    ),
    Signal(
        _count("stop_character_count", f"how many of {STOP_CHARACTERS} occur", "characters"),
        "FineWeb-2, whose stop words these are; it asks for 2 as words of their own",
        lambda passes: passes.tells.stop_character_count,
    ),
    Signal(
        _fraction("newline_fraction", "newlines per character, white space too"),
        "FineWeb-2 (new_line_ratio), per word there",
        lambda passes: share(passes.tells.newline_counts, passes.characters.char_counts),
    ),
    Signal(
        _fraction("separator_fraction", f"any of {SEPARATORS} per character that is not white space"),
        "ours: stuffed keywords are separated, sentences are not",
        lambda passes: share(passes.tells.separator_counts, passes.visible_chars),
    ),
    Signal(
        _fraction(
            "spaced_japanese_fraction",
            "spaces between two Japanese characters per character that is not white space; at most 1",
        ),
        "ours: machine translation, PDF extraction and stuffed keywords leave them",
        lambda passes: share(passes.tells.spaced_japanese_counts, passes.visible_chars),
    ),
    Signal(
        Column(
            "mean_full_stop_chars",
            pa.float32(),
            "mean length of what 。 divides the text into, with white space and without 。",
            "characters",
        ),
        "llm-jp v1 (250 at most, strict 80) and HojiChar (100 at most), for which nothing else ends a sentence",
        lambda passes: share(
            passes.characters.char_counts - passes.tells.full_stop_counts, passes.tells.full_stop_parts
        ),
    ),
    Signal(
        _count("url_count", "web addresses that are written out in the text", "addresses"),
        "llm-jp v1, Dolma; links that are no text are gone with the HTML",
        lambda passes: count_urls(passes.column),
    ),
    Signal(
        _count("kaomoji_count", "faces drawn with characters between brackets, such as (^_^)", "faces"),
        "HojiChar and Uzushio remove them; blogs and message boards have them",
        lambda passes: count_kaomoji(passes.column),
    ),
    Signal(
        Column("mean_line_chars", pa.float32(), "mean length of a line, without white space", "characters"),
        "Gopher, FineWeb, HojiChar",
        lambda passes: passes.lines.mean_line_chars,
    ),
    Signal(
        _count("longest_line_chars", "length of the longest line, without white space", "characters"),
        "llm-jp v1, for code",
        lambda passes: passes.lines.longest_line_chars,
    ),
    Signal(
        _fraction("duplicate_line_count_fraction", "lines that occurred before per line"),
        "Gopher and Swallow v1 0.30, FineWeb-2 (dup_line_frac) 0.328",
        lambda passes: passes.lines.duplicate_line_count_fraction,
    ),
    Signal(
        _fraction("duplicate_sentence_fraction", "characters in sentences that occurred before per character"),
        "Swallow v1 0.20",
        lambda passes: passes.lines.duplicate_sentence_fraction,
    ),
    Signal(
        _fraction("duplicate_sentence_count_fraction", "sentences that occurred before per sentence"),
        "Swallow v1 0.30",
        lambda passes: passes.lines.duplicate_sentence_count_fraction,
    ),
    Signal(
        _fraction("trailing_sentence_fraction", "sentences that trail off in …, three dots or ・ per sentence"),
        "Swallow v1 0.20",
        lambda passes: passes.lines.trailing_sentence_fraction,
    ),
    Signal(
        _fraction(
            "frequent_5gram_fraction",
            "occurrences of the most frequent repeated 5-grams, as many as the root of how many distinct ones there "
            f"are, per 5-gram, in the first {MAX_CHARS:,}",
        ),
        "HojiChar and BigScience (character repetition ratio), 5-grams of characters",
        lambda passes: passes.repeats.frequent_5gram_fraction,
    ),
    *(
        Signal(
            _fraction(
                f"stepped_{length}gram_fraction",
                f"characters in {length}-grams seen before, each stepped over whole, per character, in the first "
                f"{MAX_CHARS:,}",
            ),
            "Gopher, FineWeb-2 and Swallow v1 as datatrove counts; its words are characters here",
            partial(_stepped_ngram_fraction, length=length),
        )
        for length in range(5, 11)
    ),
    Signal(
        Column(
            "bigram_lift",
            pa.float32(),
            "geometric mean, over all pairs of neighbouring characters, of how many times as often Japanese has the "
            "pair as chance would; a sentence of ordinary text is added, so that few pairs decide nothing",
            "times",
        ),
        "pointwise mutual information (Church and Hanks 1990), by a table of our own (`filters/plausibility.py`)",
        lambda passes: bigram_lift(passes.texts),
    ),
)

SCHEMA = signals_table(tuple(signal.column for signal in SIGNALS)).schema


def measure(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Measure every signal of a batch.

    Args:
        documents: with the columns `doc_id` and `text`; others are ignored.

    Returns:
        A batch of the schema of `corpus.schema.signals_table`, row by row.
    """
    column = documents.column("text")
    texts = Texts.from_arrow(column)
    passes = Passes(column, texts, count_characters(texts), read_lines(texts), find_repeats(texts), read_tells(texts))
    values = [pa.array(signal.measure(passes), signal.column.type) for signal in SIGNALS]
    return pa.RecordBatch.from_arrays([documents.column("doc_id"), *values], schema=SCHEMA)
