"""What a document is written with: scripts, digits, punctuation, symbols and signs of damage.

Every character belongs to exactly one class, and one pass counts them all, so that every fraction is a sum of counts.
White space is left out of most fractions, because Japanese layout indents and pads with it freely.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import IntEnum, auto
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.text import Texts
from manyo.filters.signals.character_kernels import count_classes
from manyo.filters.signals.signal import Passes, Signal, count, fraction, share


class CharacterClass(IntEnum):
    """The class of a character; the order is that of the columns of `CharacterCounts.counts`."""

    SPACE = 0
    HIRAGANA = auto()
    PARTICLE = auto()  # the hiragana of `PARTICLES`
    KATAKANA = auto()
    KATAKANA_PARTICLE = auto()  # the katakana of `KATAKANA_PARTICLES`
    HALFWIDTH_KATAKANA = auto()
    HAN = auto()
    HANGUL = auto()
    LATIN = auto()
    FULLWIDTH_LATIN = auto()
    OTHER_LETTER = auto()
    DIGIT = auto()
    FULLWIDTH_DIGIT = auto()
    JAPANESE_PUNCTUATION = auto()
    SYMBOL = auto()  # Western punctuation, symbols, emoji, private use, unassigned
    REPLACEMENT = auto()
    KATAKANA_MARK = auto()  # ー and iteration marks
    CLAUSE_MARK = auto()  # the Japanese punctuation of `CLAUSE_MARKS`


#: Nine particles of one hiragana each: a fifth of running Japanese, hardly any of a list of keywords.
PARTICLES = "のにをはがとでても"

#: The same in statutes and other texts before 1946, which are written in katakana; loan words have few of these.
KATAKANA_PARTICLES = "ノニヲハ"

#: Marks that end clauses and sentences; Swallow v1 counts these, and no other punctuation, as Japanese letters.
CLAUSE_MARKS = "、，。．！？"

#: U+FFFD stands for bytes that could not be decoded, 〓 for a character that OCR or a typesetter could not render.
REPLACEMENTS = "\ufffd〓"

# Unicode scripts as ranges, first and last. Unicode's own script of ー is Common, but it is written
# in katakana words only; 々〆〇〻 are written among kanji; 〱 to 〵 repeat kana in classical texts.
_RANGES = (
    (CharacterClass.HIRAGANA, 0x3041, 0x3096),
    (CharacterClass.HIRAGANA, 0x3099, 0x309A),
    (CharacterClass.HIRAGANA, 0x309D, 0x309F),
    (CharacterClass.HIRAGANA, 0x3031, 0x3035),
    (CharacterClass.HIRAGANA, 0x1B001, 0x1B11F),  # hentaigana
    (CharacterClass.HIRAGANA, 0x1B132, 0x1B152),
    (CharacterClass.KATAKANA, 0x30A1, 0x30FA),
    (CharacterClass.KATAKANA_MARK, 0x30FC, 0x30FF),
    (CharacterClass.KATAKANA, 0x31F0, 0x31FF),
    (CharacterClass.KATAKANA, 0x1AFF0, 0x1B000),
    (CharacterClass.KATAKANA, 0x1B120, 0x1B122),
    (CharacterClass.KATAKANA, 0x1B155, 0x1B167),
    (CharacterClass.HALFWIDTH_KATAKANA, 0xFF66, 0xFF9F),
    (CharacterClass.HAN, 0x2E80, 0x2FD5),
    (CharacterClass.HAN, 0x3005, 0x3007),
    (CharacterClass.HAN, 0x303B, 0x303B),
    (CharacterClass.HAN, 0x3400, 0x4DBF),
    (CharacterClass.HAN, 0x4E00, 0x9FFF),
    (CharacterClass.HAN, 0xF900, 0xFAFF),
    (CharacterClass.HAN, 0x20000, 0x3FFFD),
    (CharacterClass.HANGUL, 0x1100, 0x11FF),
    (CharacterClass.HANGUL, 0x3131, 0x318E),
    (CharacterClass.HANGUL, 0xA960, 0xA97C),
    (CharacterClass.HANGUL, 0xAC00, 0xD7FB),
    (CharacterClass.HANGUL, 0xFFA0, 0xFFDC),
    (CharacterClass.FULLWIDTH_LATIN, 0xFF21, 0xFF3A),
    (CharacterClass.FULLWIDTH_LATIN, 0xFF41, 0xFF5A),
    (CharacterClass.FULLWIDTH_DIGIT, 0xFF10, 0xFF19),
)

#: Classes of hiragana, and of katakana.
HIRAGANA = (CharacterClass.HIRAGANA, CharacterClass.PARTICLE)
FULLWIDTH_KATAKANA = (CharacterClass.KATAKANA, CharacterClass.KATAKANA_PARTICLE, CharacterClass.KATAKANA_MARK)
KATAKANA = (*FULLWIDTH_KATAKANA, CharacterClass.HALFWIDTH_KATAKANA)
KANA = HIRAGANA + KATAKANA

#: Classes of Latin letters.
LATIN = (CharacterClass.LATIN, CharacterClass.FULLWIDTH_LATIN)

#: Classes of Japanese punctuation.
PUNCTUATION = (CharacterClass.JAPANESE_PUNCTUATION, CharacterClass.CLAUSE_MARK)

#: Classes of what Swallow v1 calls Japanese letters.
JAPANESE_LETTERS = (
    *HIRAGANA,
    CharacterClass.KATAKANA,
    CharacterClass.KATAKANA_PARTICLE,
    CharacterClass.HAN,
    CharacterClass.CLAUSE_MARK,
)

#: Classes that only Japanese is written with, or Japanese and Chinese.
JAPANESE = (*KANA, CharacterClass.HAN, *PUNCTUATION)

# Classes of the same characters in full width and in half width.
_WIDTHS = (
    ((CharacterClass.FULLWIDTH_LATIN,), (CharacterClass.LATIN,)),
    ((CharacterClass.FULLWIDTH_DIGIT,), (CharacterClass.DIGIT,)),
    (FULLWIDTH_KATAKANA, (CharacterClass.HALFWIDTH_KATAKANA,)),
)

# Hiragana and ノニヲハ per character that is not white space, ヲ per character. Of 3,548 web pages, 1,952 texts of
# news and Common Crawl and 794 books, 12 statutes, 2 works of 1900 and a children's tale in katakana lie within these
# bounds, and no other text comes near: the statutes have 0.09 to 0.18 of ノニヲハ and 0.018 to 0.056 of ヲ.
_MAX_HIRAGANA, _MIN_KATAKANA_PARTICLES, _MIN_OBJECTS = 0.08, 0.06, 0.01

_PLANES_WITH_LETTERS = 0x20000
_N_CODE_POINTS = 0x110000
_FULLWIDTH_FORMS = range(0xFF01, 0xFF66)
_CJK_PUNCTUATION = range(0x3000, 0x3040)
# Japanese punctuation in other blocks of Unicode; a novel is full of …… and ――.
_SHARED_PUNCTUATION = "・…‥―"


def class_of(character: str) -> CharacterClass:
    """The class of one character."""
    point = ord(character)
    if character in PARTICLES:
        return CharacterClass.PARTICLE
    if character in KATAKANA_PARTICLES:
        return CharacterClass.KATAKANA_PARTICLE
    if character in CLAUSE_MARKS:
        return CharacterClass.CLAUSE_MARK
    if character in REPLACEMENTS:
        return CharacterClass.REPLACEMENT
    for script, first, last in _RANGES:
        if first <= point <= last:
            return script
    if character.isspace():
        return CharacterClass.SPACE
    category = unicodedata.category(character)
    if category[0] in "LM":
        is_latin = unicodedata.name(character, "").startswith("LATIN")
        return CharacterClass.LATIN if is_latin else CharacterClass.OTHER_LETTER
    if category == "Nd":
        return CharacterClass.DIGIT
    is_japanese = point in _CJK_PUNCTUATION or point in _FULLWIDTH_FORMS or character in _SHARED_PUNCTUATION
    if category[0] == "P" and is_japanese:
        return CharacterClass.JAPANESE_PUNCTUATION
    return CharacterClass.SYMBOL


@cache
def character_classes() -> np.ndarray:
    """uint8 (0x110000,), the class of every code point; beyond plane 1 only han is distinguished."""
    classes = np.full(_N_CODE_POINTS, CharacterClass.SYMBOL, np.uint8)
    classes[:_PLANES_WITH_LETTERS] = [class_of(chr(point)) for point in range(_PLANES_WITH_LETTERS)]
    for script, first, last in _RANGES:
        if first >= _PLANES_WITH_LETTERS:
            classes[first : last + 1] = script
    classes.flags.writeable = False
    return classes


@dataclass(frozen=True, slots=True)
class CharacterCounts:
    """The characters of a batch by class.

    Attributes:
        counts: int64 (n_docs, n classes), characters by `CharacterClass`.
        sizes_bytes: int64 (n_docs,), UTF-8 size.
    """

    counts: np.ndarray
    sizes_bytes: np.ndarray

    def of(self, *classes: CharacterClass) -> np.ndarray:
        """int64 (n_docs,), characters in any of the classes."""
        totals: np.ndarray = self.counts[:, classes].sum(axis=1)
        return totals

    @property
    def char_counts(self) -> np.ndarray:
        """int64 (n_docs,), all characters, white space too."""
        totals: np.ndarray = self.counts.sum(axis=1)
        return totals

    @property
    def visible_chars(self) -> np.ndarray:
        """int64 (n_docs,), characters that are not white space."""
        visible: np.ndarray = self.char_counts - self.of(CharacterClass.SPACE)
        return visible

    def fraction(self, *classes: CharacterClass) -> np.ndarray:
        """float32 (n_docs,), characters in any of the classes per character that is not white space; 0 if none."""
        return share(self.of(*classes), self.visible_chars)

    def fraction_of_letters(self, *classes: CharacterClass) -> np.ndarray:
        """float32 (n_docs,), characters in any of the classes per character of `JAPANESE_LETTERS`; 0 if none."""
        return share(self.of(*classes), self.of(*JAPANESE_LETTERS))

    @property
    def width_mix_fraction(self) -> np.ndarray:
        """float32 (n_docs,) in [0, 0.5], the rarer width's share of Latin letters, of digits and of katakana."""
        rarer = np.zeros(len(self.counts), np.int64)
        both = np.zeros(len(self.counts), np.int64)
        for full, half in _WIDTHS:
            rarer += np.minimum(self.of(*full), self.of(*half))
            both += self.of(*full, *half)
        return share(rarer, both)


def character_counts(passes: Passes) -> CharacterCounts:
    """The characters of a batch by class."""
    return count_characters(passes.texts)


def count_characters(texts: Texts) -> CharacterCounts:
    """Count the characters of each class, in one pass."""
    counts = np.zeros((len(texts), len(CharacterClass)), np.int64)
    count_classes(texts.points.data, texts.points.offsets, character_classes(), counts)
    return CharacterCounts(counts, texts.sizes_bytes)


def is_katakana_prose(column: pa.Array, counts: CharacterCounts) -> np.ndarray:
    """bool (n_docs,): prose in kanji and katakana, as statutes were written until 1947.

    It has next to no hiragana, many ノニヲハ, and among them ヲ, which modern words in katakana never contain.

    Args:
        column: string or large_string, without nulls.
        counts: of the same texts.
    """
    found = (counts.fraction(*HIRAGANA) < _MAX_HIRAGANA) & (
        counts.fraction(CharacterClass.KATAKANA_PARTICLE) >= _MIN_KATAKANA_PARTICLES
    )
    rows = np.flatnonzero(found)
    if len(rows):
        objects = pc.count_substring(column.take(pa.array(rows)), "ヲ").to_numpy(zero_copy_only=False)
        found[rows] = share(objects, counts.char_counts[rows]) >= _MIN_OBJECTS
    return found


#: The signals of this topic, each with the pipelines that measured it before.
SIGNALS: tuple[Signal, ...] = (
    Signal(
        count("char_count", "all characters, white space too", "characters"),
        "every pipeline; Uzushio and Swallow set a minimum",
        lambda passes: passes.of(character_counts).char_counts,
    ),
    Signal(
        count("size_bytes", "UTF-8 size of the text", "bytes"),
        "every pipeline",
        lambda passes: passes.texts.sizes_bytes,
    ),
    Signal(
        fraction("kana_fraction", "hiragana and katakana per character that is not white space"),
        "Uzushio pipeline_03a and NWJC, which count hiragana; katakana statutes and Meiji texts need both",
        lambda passes: passes.of(character_counts).fraction(*KANA),
    ),
    Signal(
        fraction("hiragana_fraction", "hiragana per character that is not white space"),
        "Uzushio pipeline_03a 0.10, then 0.15 of all characters; NWJC 0.05",
        lambda passes: passes.of(character_counts).fraction(*HIRAGANA),
    ),
    Signal(
        fraction("latin_fraction", "Latin letters of either width per character that is not white space"),
        "llm-jp v1, for code, with digits",
        lambda passes: passes.of(character_counts).fraction(*LATIN),
    ),
    Signal(
        fraction("japanese_fraction", "kana, kanji and Japanese punctuation per character that is not white space"),
        "Swallow v1, NWJC, Uzushio",
        lambda passes: passes.of(character_counts).fraction(*JAPANESE),
    ),
    Signal(
        fraction(
            "particle_fraction",
            "the particles の に を は が と で て も, and ノ ニ ヲ ハ, per character that is not white space",
        ),
        "FineWeb-2 asks for 2 of 15 such words; a share also detects a keyword list with one sentence in it",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.PARTICLE, CharacterClass.KATAKANA_PARTICLE),
    ),
    Signal(
        fraction("digit_fraction", "digits of either width per character that is not white space"),
        "C4 and FineWeb for numbers; ours counts characters",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.DIGIT, CharacterClass.FULLWIDTH_DIGIT),
    ),
    Signal(
        fraction("symbol_fraction", "symbols, emoji and Western punctuation per character that is not white space"),
        "HojiChar's special characters; Japanese punctuation does not count here",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.SYMBOL),
    ),
    Signal(
        fraction("replacement_fraction", "U+FFFD and 〓 per character that is not white space"),
        "the NDL writes 〓 for what its OCR could not read; decoders write U+FFFD",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.REPLACEMENT),
    ),
    Signal(
        fraction(
            "width_mix_fraction",
            "the rarer width's share of Latin letters, of digits and of katakana together; at most 0.5",
        ),
        "ours",
        lambda passes: passes.of(character_counts).width_mix_fraction,
    ),
    Signal(
        count("japanese_char_count", "kana, kanji and Japanese punctuation", "characters"),
        "Swallow v1, which counts letters and asks for 400",
        lambda passes: passes.of(character_counts).of(*JAPANESE),
    ),
    Signal(
        fraction("punctuation_fraction", "Japanese punctuation per character that is not white space"),
        "ours: a list of keywords has little of it",
        lambda passes: passes.of(character_counts).fraction(*PUNCTUATION),
    ),
    Signal(
        fraction("halfwidth_katakana_fraction", "half-width katakana per character that is not white space"),
        "ours: text decoded with a wrong encoding is full of them",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.HALFWIDTH_KATAKANA),
    ),
    Signal(
        fraction(
            "other_letter_fraction",
            "letters that are not Japanese, Latin or hangul per character that is not white space",
        ),
        "FineWeb-2 (max_non_alpha_words_ratio), adapted to foreign letters in Japanese",
        lambda passes: passes.of(character_counts).fraction(CharacterClass.OTHER_LETTER),
    ),
    Signal(
        count("japanese_letter_count", f"hiragana, full-width katakana except ー, kanji, {CLAUSE_MARKS}", "characters"),
        "Swallow v1 400 at least",
        lambda passes: passes.of(character_counts).of(*JAPANESE_LETTERS),
    ),
    Signal(
        fraction(
            "japanese_letter_fraction",
            "Japanese letters (hiragana, katakana, kanji and their marks) per character, white space too",
        ),
        "Swallow v1 0.5 at least",
        lambda passes: share(
            passes.of(character_counts).of(*JAPANESE_LETTERS), passes.of(character_counts).char_counts
        ),
    ),
    Signal(
        fraction("hiragana_letter_fraction", "hiragana per Japanese letter"),
        "Swallow v1 0.2 at least",
        lambda passes: passes.of(character_counts).fraction_of_letters(*HIRAGANA),
    ),
    Signal(
        fraction("katakana_letter_fraction", "full-width katakana except ー per Japanese letter"),
        "Swallow v1 0.5 at most",
        lambda passes: passes.of(character_counts).fraction_of_letters(
            CharacterClass.KATAKANA, CharacterClass.KATAKANA_PARTICLE
        ),
    ),
)
