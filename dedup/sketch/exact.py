"""Text as dedup compares it, and its 64-bit hash.

Two pages with the same text differ in what browsers and authors do to spaces, widths and capitals: `ＡＢＣ　カナ` and
`abc ｶﾅ` are one text here. Folding maps character to character, so it is one table look-up and one pass over the bytes;
what Unicode expands to several characters (㈱, ㌔) stays as it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

import numpy as np

from manyo.corpus.jit import Int64s, Uint32s, Uint64s
from manyo.corpus.text import Texts
from manyo.dedup.sketch.exact_kernels import KANA_START, KANA_STOP, SEMIVOICED_MARK, VOICED_MARK, fold_texts, hash_texts

#: The basic plane and the plane of styled letters (𝐀, 🅰); ideographs beyond never change.
_FOLDED_CODEPOINTS = 0x20000


@dataclass(frozen=True, slots=True)
class Folded:
    """A batch of documents as dedup compares them.

    Attributes:
        characters: uint32 (n_chars,), the code points of all documents one after another.
        offsets: int64 (n_docs + 1,), document `i` is `characters[offsets[i]:offsets[i + 1]]`.
    """

    characters: Uint32s
    offsets: Int64s

    @property
    def chars(self) -> Int64s:
        """int64 (n_docs,), length of each document in characters."""
        return np.diff(self.offsets)


def fold(texts: Texts) -> Folded:
    """Drop white space and invisible characters, and fold width and case.

    A character becomes the case fold of its NFKC form if that is one character; half-width kana join the voicing mark
    that follows them.
    """
    table, voiced, semivoiced = _fold_tables()
    return Folded(*fold_texts(texts.data, texts.offsets, table, voiced, semivoiced))


def exact_hashes(folded: Folded) -> Uint64s:
    """uint64 (n_docs,), a hash of each document's folded characters and their number."""
    return hash_texts(folded.characters, folded.offsets)


def fold_character(character: str) -> str:
    """The one character that stands for `character` in a comparison, or the empty string."""
    if _is_invisible(character):
        return ""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", character).casefold())
    return folded if len(folded) == 1 else character


def _is_invisible(character: str) -> bool:
    # Cf holds zero-width spaces, joiners, soft hyphens and the byte order mark. Variation selectors choose between
    # drawings of one character.
    category = unicodedata.category(character)
    return category in ("Cc", "Cf", "Zs", "Zl", "Zp") or 0xFE00 <= ord(character) <= 0xFE0F


@cache
def _fold_tables() -> tuple[Uint32s, Uint32s, Uint32s]:
    """The tables of `fold_texts`: what each code point becomes, and each kana with either mark."""
    table = np.zeros(_FOLDED_CODEPOINTS, np.uint32)
    for point in range(_FOLDED_CODEPOINTS):
        folded = fold_character(chr(point))
        table[point] = ord(folded) if folded else 0
    return table, _kana_with(chr(VOICED_MARK)), _kana_with(chr(SEMIVOICED_MARK))


def _kana_with(mark: str) -> Uint32s:
    """uint32 (192,), each kana from U+3040 joined with a combining mark; 0 where Unicode has no such kana."""
    joined = [unicodedata.normalize("NFC", chr(point) + mark) for point in range(KANA_START, KANA_STOP)]
    return np.array([ord(kana) if len(kana) == 1 else 0 for kana in joined], np.uint32)
