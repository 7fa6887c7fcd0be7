"""Whether a document reads as sentences: line ends, sentence lengths, short and cut lines.

A sentence ends at 。！？, at !?． unless a letter or digit follows at once, and at a
newline; brackets and quotes after the end stay with it. What stands in a quotation or in
brackets ends nothing: 「行こう。」と言った。 is one sentence; 「はい。」「いいえ。」 are two,
since the second quotation begins where the first ended. Lengths leave out white space.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from manyo.corpus.text import Texts
from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.characters import CharacterClass, character_classes, share
from manyo.filters.signals.signal_kernels import _read_lines

#: A line this short is a menu item, a cell or a heading. HojiChar counts lines of at most 10 characters.
SHORT_LINE_CHARS = 10

SENTENCE_ENDS = "。｡！？‼⁇⁈⁉"
WEAK_SENTENCE_ENDS = "!?．"
CLOSERS = ")]}）］｝〕〉》】〙〗”’\"'｠»"
QUOTE_CLOSERS = "」』｣"
ELLIPSES = "…‥"
#: An opener without its closer within so many characters of its line opens no quotation.
MAX_QUOTE_CHARS = 400

#: Of quotations and brackets; the closer of each is the next code point.
OPENERS = "「『（(｢"
BULLETS = "•‣●○◎■□◆◇▪▫▶►▷★☆＊*-→›>＞"
_MIDDLE_DOTS = "・･"


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
        (_MIDDLE_DOTS, kernels.MIDDLE_DOT),
        (BULLETS, kernels.BULLET),
        (OPENERS, kernels.OPENER),
    ):
        marks[[ord(character) for character in characters]] = mark
    marks.flags.writeable = False
    return marks


@dataclass(frozen=True, slots=True)
class LineCounts:
    """What one pass over the lines of a batch gives.

    Attributes:
        counts: int64 (n_docs, LINE_COLUMNS), columns as `manyo.filters.signals.signal_kernels` names them.
    """

    counts: np.ndarray

    @property
    def line_counts(self) -> np.ndarray:
        """int64 (n_docs,), lines that are not blank."""
        return self.counts[:, kernels.LINES]

    @property
    def sentence_counts(self) -> np.ndarray:
        """int64 (n_docs,), sentences."""
        return self.counts[:, kernels.SENTENCES]

    @property
    def short_line_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines of at most `SHORT_LINE_CHARS` characters per line."""
        return share(self.counts[:, kernels.SHORT_LINES], self.line_counts)

    @property
    def line_end_punctuation_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines that end a sentence, or close a quotation, per line."""
        return share(self.counts[:, kernels.ENDED_LINES], self.line_counts)

    @property
    def marked_line_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines whose last character is a mark that ends sentences per line."""
        return share(self.counts[:, kernels.MARKED_LINES], self.line_counts)

    @property
    def duplicate_paragraph_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in paragraphs that occurred before per character."""
        return share(self.counts[:, kernels.DUPLICATE_PARAGRAPH_CHARS], self.counts[:, kernels.VISIBLE_CHARS])

    @property
    def duplicate_paragraph_count_fraction(self) -> np.ndarray:
        """float32 (n_docs,), paragraphs that occurred before per paragraph."""
        return share(self.counts[:, kernels.DUPLICATE_PARAGRAPHS], self.counts[:, kernels.PARAGRAPHS])

    @property
    def ellipsis_line_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines that end in an ellipsis or in three dots per line."""
        return share(self.counts[:, kernels.ELLIPSIS_LINES], self.line_counts)

    @property
    def bullet_line_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines that start with a bullet per line."""
        return share(self.counts[:, kernels.BULLET_LINES], self.line_counts)

    @property
    def duplicate_line_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in lines that occurred before per character."""
        return share(self.counts[:, kernels.DUPLICATE_LINE_CHARS], self.counts[:, kernels.VISIBLE_CHARS])

    @property
    def mean_sentence_chars(self) -> np.ndarray:
        """float32 (n_docs,), characters per sentence."""
        return share(self.counts[:, kernels.VISIBLE_CHARS], self.counts[:, kernels.SENTENCES])

    @property
    def longest_sentence_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters of the longest sentence."""
        return self.counts[:, kernels.LONGEST_SENTENCE]

    @property
    def sentence_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in sentences that a mark ends per character."""
        return share(self.counts[:, kernels.ENDED_SENTENCE_CHARS], self.counts[:, kernels.VISIBLE_CHARS])

    @property
    def duplicate_line_count_fraction(self) -> np.ndarray:
        """float32 (n_docs,), lines that occurred before per line."""
        return share(self.counts[:, kernels.DUPLICATE_LINES], self.line_counts)

    @property
    def duplicate_sentence_fraction(self) -> np.ndarray:
        """float32 (n_docs,), characters in sentences that occurred before per character."""
        return share(self.counts[:, kernels.DUPLICATE_SENTENCE_CHARS], self.counts[:, kernels.VISIBLE_CHARS])

    @property
    def duplicate_sentence_count_fraction(self) -> np.ndarray:
        """float32 (n_docs,), sentences that occurred before per sentence."""
        return share(self.counts[:, kernels.DUPLICATE_SENTENCES], self.counts[:, kernels.SENTENCES])

    @property
    def trailing_sentence_fraction(self) -> np.ndarray:
        """float32 (n_docs,), sentences that trail off in an ellipsis, three dots or ・ per sentence."""
        return share(self.counts[:, kernels.TRAILING_SENTENCES], self.counts[:, kernels.SENTENCES])

    @property
    def mean_line_chars(self) -> np.ndarray:
        """float32 (n_docs,), characters per line."""
        return share(self.counts[:, kernels.VISIBLE_CHARS], self.line_counts)

    @property
    def longest_line_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters of the longest line."""
        return self.counts[:, kernels.LONGEST_LINE]


def read_lines(texts: Texts) -> LineCounts:
    """Count lines and sentences by their ends, in one pass over the bytes."""
    counts = np.zeros((len(texts), kernels.LINE_COLUMNS), np.int64)
    _read_lines(texts.data, texts.offsets, line_marks(), SHORT_LINE_CHARS, MAX_QUOTE_CHARS, counts)
    return LineCounts(counts)
