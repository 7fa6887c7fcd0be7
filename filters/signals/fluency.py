"""Whether a document reads as sentences: line ends, sentence lengths, short and cut lines.

A sentence ends at 。！？, at !?． unless a letter or digit follows at once, and at a newline; brackets and quotes after
the end stay with it. A mark in a quotation or in brackets ends no sentence: 「行こう。」と言った。 is one sentence;
「はい。」「いいえ。」 are two, since the second quotation begins where the first ended. Lengths leave out white space.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals import line_kernels as kernels
from manyo.filters.signals.characters import CharacterClass, character_classes, character_counts, is_katakana_prose
from manyo.filters.signals.signal import Passes, Signal, count, fraction, mean, share

#: A line this short is a menu item, a cell or a heading. HojiChar counts lines of at most 10 characters.
SHORT_LINE_CHARS: Final = 10

SENTENCE_ENDS: Final = "。｡！？‼⁇⁈⁉"
WEAK_SENTENCE_ENDS: Final = "!?．"
CLOSERS: Final = ")]}）］｝〕〉》】〙〗”’\"'｠»"
QUOTE_CLOSERS: Final = "」』｣"
ELLIPSES: Final = "…‥"
#: An opener whose closer is farther away than this opens no quotation.
MAX_QUOTE_CHARS: Final = 400

#: Of quotations and brackets; the closer of each is the next code point.
OPENERS: Final = "「『（(｢"
BULLETS: Final = "•‣●○◎■□◆◇▪▫▶►▷★☆＊*-→›>＞"
MIDDLE_DOTS: Final = "・･"


@cache
def line_marks() -> np.ndarray:
    """uint8 (0x110000,), what each code point means to the line kernel."""
    classes = character_classes()
    marks = np.full(len(classes), kernels.PLAIN, np.uint8)
    marks[classes == CharacterClass.SPACE] = kernels.SPACE
    alphanumeric = (
        CharacterClass.LATIN,
        CharacterClass.FULLWIDTH_LATIN,
        CharacterClass.DIGIT,
        CharacterClass.FULLWIDTH_DIGIT,
    )
    marks[np.isin(classes, alphanumeric)] = kernels.ALPHANUMERIC
    for characters, mark in (
        ("\n", kernels.NEWLINE),
        (SENTENCE_ENDS, kernels.SENTENCE_END),
        (WEAK_SENTENCE_ENDS, kernels.WEAK_SENTENCE_END),
        (CLOSERS, kernels.CLOSER),
        (QUOTE_CLOSERS, kernels.QUOTE_CLOSER),
        (ELLIPSES, kernels.ELLIPSIS),
        (".", kernels.DOT),
        (MIDDLE_DOTS, kernels.MIDDLE_DOT),
        (BULLETS, kernels.BULLET),
        (OPENERS, kernels.OPENER),
    ):
        marks[[ord(character) for character in characters]] = mark
    marks.flags.writeable = False
    return marks


def read_lines(texts: Texts) -> Records:
    """Count lines, sentences and paragraphs, in one pass.

    Returns:
        (n_docs,), records of `LINE_COUNTS`.
    """
    counts, points = np.zeros(len(texts), kernels.LINE_COUNTS), texts.points
    kernels.count_lines(points.data, points.offsets, line_marks(), SHORT_LINE_CHARS, MAX_QUOTE_CHARS, counts)
    return counts


def _lines(passes: Passes) -> Records:
    return read_lines(passes.texts)


def _per_line(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(_lines)[name], passes.of(_lines)["lines"])


def _per_sentence(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(_lines)[name], passes.of(_lines)["sentences"])


def _per_character(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(_lines)[name], passes.of(_lines)["visible_chars"])


def _sentence_fraction(passes: Passes) -> np.ndarray:
    is_prose = is_katakana_prose(passes.column, passes.of(character_counts))
    return np.where(is_prose, np.float32(1), _per_character(passes, "ended_sentence_chars"))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        count("line_count", "lines that are not blank", "lines"),
        "Gopher, FineWeb",
        lambda passes: passes.of(_lines)["lines"],
    ),
    Signal(
        fraction("short_line_fraction", f"lines of at most {SHORT_LINE_CHARS} characters per line"),
        "HojiChar, FineWeb",
        lambda passes: _per_line(passes, "short_lines"),
    ),
    Signal(
        fraction(
            "line_end_punctuation_fraction",
            "lines that end a sentence, or close a quotation with 」 or 』, per line",
        ),
        "C4, FineWeb-2 (line_punct_thr)",
        lambda passes: _per_line(passes, "ended_lines"),
    ),
    Signal(
        fraction("ellipsis_line_fraction", "lines that end in … or in three dots per line"),
        "Gopher, HojiChar",
        lambda passes: _per_line(passes, "ellipsis_lines"),
    ),
    Signal(
        fraction("bullet_line_fraction", "lines that start with a bullet per line"),
        "Gopher, with the bullets of Japanese pages",
        lambda passes: _per_line(passes, "bullet_lines"),
    ),
    Signal(
        count("sentence_count", "sentences, each up to 。！？!?． or a newline", "sentences"),
        "C4 5 at least; NWJC counts them too",
        lambda passes: passes.of(_lines)["sentences"],
    ),
    Signal(
        mean(
            "mean_sentence_chars",
            "mean length of a sentence: up to 。！？!?． or a newline, without white space",
            "characters",
        ),
        "Swallow v1, llm-jp v1, HojiChar; a 」 after the end stays with its sentence",
        lambda passes: _per_sentence(passes, "visible_chars"),
    ),
    Signal(
        count("longest_sentence_chars", "length of the longest sentence, without white space", "characters"),
        "Swallow v1",
        lambda passes: passes.of(_lines)["longest_sentence"],
    ),
    Signal(
        fraction(
            "sentence_fraction",
            "characters in sentences that end in a mark, not in a bare newline, per character; 1 for prose in kanji "
            "and katakana, which has no such marks",
        ),
        "ours: the line rules of C4 and FineWeb-2, made independent of where lines are broken",
        _sentence_fraction,
    ),
    Signal(
        fraction("duplicate_line_fraction", "characters in lines that occurred before, per character"),
        "Gopher (Rae et al. 2021, table A1), FineWeb-2, Swallow v1",
        lambda passes: _per_character(passes, "duplicate_line_chars"),
    ),
    Signal(
        mean("mean_line_chars", "mean length of a line, without white space", "characters"),
        "Gopher, FineWeb, HojiChar",
        lambda passes: _per_line(passes, "visible_chars"),
    ),
    Signal(
        count("longest_line_chars", "length of the longest line, without white space", "characters"),
        "llm-jp v1, for code",
        lambda passes: passes.of(_lines)["longest_line"],
    ),
    Signal(
        fraction("duplicate_line_count_fraction", "lines that occurred before per line"),
        "Gopher and Swallow v1 0.30, FineWeb-2 (dup_line_frac) 0.328",
        lambda passes: _per_line(passes, "duplicate_lines"),
    ),
    Signal(
        fraction("duplicate_sentence_fraction", "characters in sentences that occurred before per character"),
        "Swallow v1 0.20",
        lambda passes: _per_character(passes, "duplicate_sentence_chars"),
    ),
    Signal(
        fraction("duplicate_sentence_count_fraction", "sentences that occurred before per sentence"),
        "Swallow v1 0.30",
        lambda passes: _per_sentence(passes, "duplicate_sentences"),
    ),
    Signal(
        fraction("trailing_sentence_fraction", "sentences that trail off in …, three dots or ・ per sentence"),
        "Swallow v1 0.20",
        lambda passes: _per_sentence(passes, "trailing_sentences"),
    ),
    Signal(
        fraction("marked_line_fraction", "lines whose last character is one of 。．！？!?. per line"),
        "FineWeb-2 (line_punct_thr 0.096), for which 」 and ） do not end a line",
        lambda passes: _per_line(passes, "marked_lines"),
    ),
    Signal(
        fraction(
            "duplicate_paragraph_fraction",
            "characters in paragraphs that occurred before per character; blank lines divide paragraphs",
        ),
        "Gopher 0.20",
        lambda passes: _per_character(passes, "duplicate_paragraph_chars"),
    ),
    Signal(
        fraction("duplicate_paragraph_count_fraction", "paragraphs that occurred before per paragraph"),
        "Gopher 0.30",
        lambda passes: share(passes.of(_lines)["duplicate_paragraphs"], passes.of(_lines)["paragraphs"]),
    ),
)
