"""Small signs that tell good Japanese from bad, which published pipelines look for one by one.

Kana at the beginning, the characters that every Japanese text has, full stops, newlines, separators of
keyword lists, and spaces between Japanese characters, which Japanese does not write but machine
translation, PDF extraction and stuffed keywords leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from manyo.corpus.text import Texts
from manyo.filters.signals import signal_kernels as kernels
from manyo.filters.signals.characters import (
    FULLWIDTH_KATAKANA,
    HIRAGANA,
    JAPANESE,
    KANA,
    CharacterClass,
    character_classes,
    share,
)
from manyo.filters.signals.signal_kernels import _read_tells

#: llm-jp v1 and HojiChar look for kana in this many characters from the start.
KANA_HEAD_CHARS = 50

#: The words that FineWeb-2's configuration for Japanese looks for; each is one character.
STOP_CHARACTERS = "のにをはたてがとで年し・月れさ"

SEPARATORS = "、，,・･/／|｜>＞"

#: Swallow v1 divides a text at these and at newlines, whatever follows them.
SEGMENT_ENDS = "。．！？!?"

# Faces, between brackets, are drawn without hiragana and kanji, with these of the katakana and none of these marks:
# (^_^) （´・ω・｀） (T_T) ヽ(°∀°)ﾉ (ノД`)
FACE_KATAKANA = "ェエワヮロノヽシツー"
NOT_IN_FACE = "()（）\n。、"


@cache
def tells() -> np.ndarray:
    """uint32 (0x110000,), what each code point tells: bits as `manyo.filters.signals.signal_kernels` names them."""
    classes = character_classes()
    table = np.zeros(len(classes), np.uint32)
    table[np.isin(classes, KANA)] |= np.uint32(1 << kernels.KANA)
    table[np.isin(classes, JAPANESE)] |= np.uint32(1 << kernels.JAPANESE)
    table[classes == CharacterClass.SPACE] |= np.uint32(1 << kernels.BLANK)
    table[ord("\n")] |= np.uint32(1 << kernels.LINE_FEED)
    table[ord("。")] |= np.uint32(1 << kernels.FULL_STOP)
    digits = (CharacterClass.DIGIT, CharacterClass.FULLWIDTH_DIGIT)
    table[np.isin(classes, digits)] |= np.uint32(1 << kernels.DIGIT)
    table[~np.isin(classes, (CharacterClass.HAN, *HIRAGANA, *FULLWIDTH_KATAKANA))] |= np.uint32(1 << kernels.IN_FACE)
    for character in FACE_KATAKANA:
        table[ord(character)] |= np.uint32(1 << kernels.IN_FACE)
    for character in NOT_IN_FACE:
        table[ord(character)] &= ~np.uint32(1 << kernels.IN_FACE)
    for characters, bit in (
        (SEPARATORS, kernels.SEPARATOR),
        (SEGMENT_ENDS, kernels.SEGMENT_END),
        ("・…", kernels.TRAILING),
        ("(（", kernels.FACE_OPENER),
        (":", kernels.COLON),
        ("{", kernels.CURLY),
    ):
        for character in characters:
            table[ord(character)] |= np.uint32(1 << bit)
    for bit, character in enumerate(STOP_CHARACTERS):
        table[ord(character)] |= np.uint32(1 << bit)
    table.flags.writeable = False
    return table


@dataclass(frozen=True, slots=True)
class Tells:
    """What one pass over the characters of a batch tells.

    Attributes:
        counts: int64 (n_docs, TELL_COLUMNS), columns as `manyo.filters.signals.signal_kernels` names them.
    """

    counts: np.ndarray

    @property
    def stop_character_count(self) -> np.ndarray:
        """int64 (n_docs,), how many of `STOP_CHARACTERS` occur."""
        return self.counts[:, kernels.STOP_CHARACTERS]

    @property
    def head_kana_count(self) -> np.ndarray:
        """int64 (n_docs,), kana among the first `KANA_HEAD_CHARS` characters."""
        return self.counts[:, kernels.HEAD_KANA]

    @property
    def newline_counts(self) -> np.ndarray:
        """int64 (n_docs,), newlines."""
        return self.counts[:, kernels.LINE_FEEDS]

    @property
    def separator_counts(self) -> np.ndarray:
        """int64 (n_docs,), characters of `SEPARATORS`."""
        return self.counts[:, kernels.SEPARATORS]

    @property
    def full_stop_counts(self) -> np.ndarray:
        """int64 (n_docs,), 。."""
        return self.counts[:, kernels.FULL_STOPS]

    @property
    def full_stop_parts(self) -> np.ndarray:
        """int64 (n_docs,), parts with anything in them that 。 divides the text into."""
        return self.counts[:, kernels.FULL_STOP_PARTS]

    @property
    def spaced_japanese_counts(self) -> np.ndarray:
        """int64 (n_docs,), spaces of ASCII, alone or last of several blanks, between two Japanese characters."""
        return self.counts[:, kernels.SPACED_JAPANESE]

    @property
    def mean_segment_chars(self) -> np.ndarray:
        """float32 (n_docs,), characters per segment, white space and the mark at its end too."""
        return share(self.counts[:, kernels.SEGMENT_CHARS], self.counts[:, kernels.SEGMENTS])

    @property
    def longest_segment_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters of the longest segment."""
        return self.counts[:, kernels.LONGEST_SEGMENT]

    @property
    def trailing_segment_fraction(self) -> np.ndarray:
        """float32 (n_docs,), segments that trail off in … or ・ per segment."""
        return share(self.counts[:, kernels.TRAILING_SEGMENTS], self.counts[:, kernels.SEGMENTS])

    @property
    def face_counts(self) -> np.ndarray:
        """int64 (n_docs,), faces drawn with characters between brackets."""
        return self.counts[:, kernels.FACES]

    @property
    def url_counts(self) -> np.ndarray:
        """int64 (n_docs,), addresses of the web that are written out in the text."""
        return self.counts[:, kernels.URLS]

    @property
    def url_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters of such addresses."""
        return self.counts[:, kernels.URL_CHARS]

    @property
    def curly_bracket_counts(self) -> np.ndarray:
        """int64 (n_docs,), {."""
        return self.counts[:, kernels.CURLY_BRACKETS]

    @property
    def date_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters in dates: 2024年1月, 2024年1月2日, 1月2日, 2024-1-2, with / or . too."""
        return self.counts[:, kernels.DATE_CHARS]


def read_tells(texts: Texts) -> Tells:
    """Count what characters tell, in one pass over the bytes."""
    counts = np.zeros((len(texts), kernels.TELL_COLUMNS), np.int64)
    _read_tells(texts.data, texts.offsets, tells(), KANA_HEAD_CHARS, counts)
    return Tells(counts)
