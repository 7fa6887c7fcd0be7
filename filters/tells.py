"""Small signs that tell good Japanese from bad, which published pipelines look for one by one.

Kana at the beginning, the characters that every Japanese text has, full stops, newlines, separators of
keyword lists, and spaces between Japanese characters, which Japanese does not write but machine
translation, PDF extraction and stuffed keywords leave behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.text import Texts
from filters import kernels
from filters.characters import KANA, CharacterClass, character_classes
from filters.kernels import _read_tells

#: llm-jp v1 and HojiChar look for kana in this many characters from the start.
KANA_HEAD_CHARS = 50

#: The words that FineWeb-2's configuration for Japanese looks for; each is one character.
STOP_CHARACTERS = "のにをはたてがとで年し・月れさ"

SEPARATORS = "、，,・･/／|｜>＞"

#: Addresses are counted by how they begin.
_URL = r"https?://[\x21-\x7e]"

# A bracket, and between it and its end two marks that faces are drawn with: (^_^) （´・ω・｀） (T_T) ヽ(°∀°)ﾉ
_FACE = r"[\^＾´`｀;；≧≦><＞＜TＴ°゜ﾟ・ω∀Д_＿￣ー⌒╥◕]"
_IN_FACE = r"[^()（）\n。、\p{Han}\p{Hiragana}]{0,3}"
_KAOMOJI = f"[(（]{_IN_FACE}{_FACE}{_IN_FACE}{_FACE}{_IN_FACE}[)）]"


@cache
def tells() -> np.ndarray:
    """uint32 (0x110000,), what each code point tells: bits as `filters.kernels` names them."""
    classes = character_classes()
    table = np.zeros(len(classes), np.uint32)
    japanese = (*KANA, CharacterClass.HAN, CharacterClass.JAPANESE_PUNCTUATION)
    table[np.isin(classes, KANA)] |= np.uint32(1 << kernels.KANA)
    table[np.isin(classes, japanese)] |= np.uint32(1 << kernels.JAPANESE)
    table[classes == CharacterClass.SPACE] |= np.uint32(1 << kernels.BLANK)
    table[ord("\n")] |= np.uint32(1 << kernels.LINE_FEED)
    table[ord("。")] |= np.uint32(1 << kernels.FULL_STOP)
    for character in SEPARATORS:
        table[ord(character)] |= np.uint32(1 << kernels.SEPARATOR)
    for bit, character in enumerate(STOP_CHARACTERS):
        table[ord(character)] |= np.uint32(1 << bit)
    table.flags.writeable = False
    return table


@dataclass(frozen=True, slots=True)
class Tells:
    """What one pass over the characters of a batch tells.

    Attributes:
        counts: int64 (n_docs, TELL_COLUMNS), columns as `filters.kernels` names them.
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


def read_tells(texts: Texts) -> Tells:
    """Count what characters tell, in one pass over the bytes."""
    counts = np.zeros((len(texts), kernels.TELL_COLUMNS), np.int64)
    _read_tells(texts.data, texts.offsets, tells(), KANA_HEAD_CHARS, counts)
    return Tells(counts)


def count_urls(texts: pa.Array) -> np.ndarray:
    """int64 (n_docs,), addresses of the web that are written out in the text."""
    return _count(texts, _URL)


def count_kaomoji(texts: pa.Array) -> np.ndarray:
    """int64 (n_docs,), faces drawn with characters between brackets."""
    return _count(texts, _KAOMOJI)


def _count(texts: pa.Array, pattern: str) -> np.ndarray:
    counts: np.ndarray = pc.count_substring_regex(texts, pattern).to_numpy(zero_copy_only=False).astype(np.int64)
    return counts
