"""The signals: every column that is measured on a text, in which unit, and from which pass.

A new signal is a property of the pass that sees it, one line in `SIGNALS`, and a test.
Nothing here knows a threshold; `filters.rules` decides from these columns alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from corpus.schema import Column, signals_table
from corpus.text import Texts
from filters.characters import KANA, CharacterClass, CharacterCounts, count_characters
from filters.fluency import SHORT_LINE_CHARS, LineCounts, read_lines
from filters.repetition import (
    COMPRESSED_BYTES,
    COMPRESSION_LEVEL,
    DISTINCT_WINDOW_CHARS,
    MAX_CHARS,
    Repeats,
    compression_ratio,
    find_repeats,
)
from filters.vocabulary import ERROR_PHRASES, HEAD_CHARS, phrase_fraction


@dataclass(frozen=True, slots=True)
class Passes:
    """A batch of texts, and what each pass over it counted."""

    column: pa.Array
    texts: Texts
    characters: CharacterCounts
    lines: LineCounts
    repeats: Repeats


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
            "characters in sentences that a mark ends, not a bare newline, per character",
        ),
        "ours: the line rules of C4 and FineWeb-2, made independent of where lines are broken",
        lambda passes: passes.lines.sentence_fraction,
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
    passes = Passes(column, texts, count_characters(texts), read_lines(texts), find_repeats(texts))
    values = [pa.array(signal.measure(passes), signal.column.type) for signal in SIGNALS]
    return pa.RecordBatch.from_arrays([documents.column("doc_id"), *values], schema=SCHEMA)
