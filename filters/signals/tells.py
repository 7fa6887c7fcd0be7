"""Small signs of good and bad Japanese, which published pipelines look for one by one.

Kana at the beginning, the characters that every Japanese text has, full stops, newlines, separators of keyword lists,
and spaces between Japanese characters: Japanese has none, but machine translation, PDF extraction and stuffed keywords
leave them.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals import tell_kernels as kernels
from manyo.filters.signals.characters import (
    FULLWIDTH_KATAKANA,
    HIRAGANA,
    JAPANESE,
    KANA,
    CharacterClass,
    character_classes,
    character_counts,
)
from manyo.filters.signals.signal import Passes, Signal, count, fraction, mean, share

#: llm-jp v1 and HojiChar look for kana in this many characters from the start.
KANA_HEAD_CHARS: Final = 50

#: The words that FineWeb-2's configuration for Japanese looks for; each is one character.
STOP_CHARACTERS: Final = "のにをはたてがとで年し・月れさ"

SEPARATORS: Final = "、，,・･/／|｜>＞"

#: Swallow v1 divides a text at these and at newlines, whatever follows them.
SEGMENT_ENDS: Final = "。．！？!?"

# Faces, between brackets, are drawn without hiragana, kanji and these marks, and of the katakana only with these:
# (^_^) （´・ω・｀） (T_T) ヽ(°∀°)ﾉ (ノД`)
FACE_KATAKANA: Final = "ェエワヮロノヽシツー"
NOT_IN_FACE: Final = "()（）\n。、"


@cache
def tells() -> np.ndarray:
    """uint32 (0x110000,), what each code point means to the kernel, as bits that it names."""
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
        ("#＃", kernels.HASH),
    ):
        for character in characters:
            table[ord(character)] |= np.uint32(1 << bit)
    for bit, character in enumerate(STOP_CHARACTERS):
        table[ord(character)] |= np.uint32(1 << bit)
    table.flags.writeable = False
    return table


def read_tells(texts: Texts) -> Records:
    """Count the signs, in one pass.

    Returns:
        (n_docs,), records of `TELL_COUNTS`.
    """
    counts, points = np.zeros(len(texts), kernels.TELL_COUNTS), texts.points
    kernels.count_tells(points.data, points.offsets, tells(), KANA_HEAD_CHARS, counts)
    return counts


def tell_counts(passes: Passes) -> Records:
    """The signs of a batch."""
    return read_tells(passes.texts)


def _per_character(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(tell_counts)[name], passes.of(character_counts).char_counts)


def _per_visible_character(passes: Passes, name: str) -> np.ndarray:
    return share(passes.of(tell_counts)[name], passes.of(character_counts).visible_chars)


def _mean_full_stop_chars(passes: Passes) -> np.ndarray:
    counts = passes.of(tell_counts)
    return share(passes.of(character_counts).char_counts - counts["full_stops"], counts["full_stop_parts"])


SIGNALS: tuple[Signal, ...] = (
    Signal(
        count("head_kana_count", f"kana among the first {KANA_HEAD_CHARS} characters", "characters"),
        "llm-jp v1 and HojiChar ask for one",
        lambda passes: passes.of(tell_counts)["head_kana"],
    ),
    Signal(
        count("stop_character_count", f"how many of {STOP_CHARACTERS} occur", "characters"),
        "FineWeb-2, whose stop words these are; it asks for 2 as words of their own",
        lambda passes: passes.of(tell_counts)["stop_characters"],
    ),
    Signal(
        fraction("newline_fraction", "newlines per character, white space too"),
        "FineWeb-2 (new_line_ratio), per word there",
        lambda passes: _per_character(passes, "line_feeds"),
    ),
    Signal(
        fraction("separator_fraction", f"any of {SEPARATORS} per character that is not white space"),
        "ours: stuffed keywords are separated, sentences are not",
        lambda passes: _per_visible_character(passes, "separators"),
    ),
    Signal(
        fraction(
            "spaced_japanese_fraction",
            "spaces between two Japanese characters per character that is not white space; at most 1",
        ),
        "ours: machine translation, PDF extraction and stuffed keywords leave them",
        lambda passes: _per_visible_character(passes, "spaced_japanese"),
    ),
    Signal(
        mean(
            "mean_full_stop_chars",
            "mean length of the parts that 。 divides the text into, with white space and without 。",
            "characters",
        ),
        "llm-jp v1 (250 at most, strict 80) and HojiChar (100 at most), where no other mark ends a sentence",
        _mean_full_stop_chars,
    ),
    Signal(
        count("url_count", "web addresses that are written out in the text", "addresses"),
        "llm-jp v1, Dolma; links whose address is not text are gone with the HTML",
        lambda passes: passes.of(tell_counts)["urls"],
    ),
    Signal(
        fraction("url_fraction", "characters in web addresses per character, white space too"),
        "ours: lists of addresses; text in links of the HTML is `link_fraction` of the documents, as Uzushio counts",
        lambda passes: _per_character(passes, "url_chars"),
    ),
    Signal(
        count("curly_bracket_count", "{, which code has and prose does not", "characters"),
        "C4 drops a page with one",
        lambda passes: passes.of(tell_counts)["curly_brackets"],
    ),
    Signal(
        count("kaomoji_count", "faces drawn with characters between brackets, such as (^_^)", "faces"),
        "HojiChar and Uzushio remove them; blogs and message boards have them",
        lambda passes: passes.of(tell_counts)["faces"],
    ),
    Signal(
        fraction("date_fraction", "characters in dates such as 2024年1月2日, 1月2日 and 2024/1/2 per character"),
        "ours, from HojiChar's signs of message boards: lists of entries are full of them",
        lambda passes: _per_visible_character(passes, "date_chars"),
    ),
    Signal(
        mean(
            "mean_segment_chars",
            f"mean length of the segments that {SEGMENT_ENDS} and newlines end, with white space and the mark",
            "characters",
        ),
        "Swallow v1 20 to 90, which calls these sentences; 」 after a 。 begins the next",
        lambda passes: share(passes.of(tell_counts)["segment_chars"], passes.of(tell_counts)["segments"]),
    ),
    Signal(
        count("longest_segment_chars", "length of the longest segment that a mark or a newline ends", "characters"),
        "Swallow v1 200 at most",
        lambda passes: passes.of(tell_counts)["longest_segment"],
    ),
    Signal(
        fraction(
            "trailing_segment_fraction", "segments that trail off in … or ・ per segment that a mark or a newline ends"
        ),
        "Swallow v1 0.20 at most",
        lambda passes: share(passes.of(tell_counts)["trailing_segments"], passes.of(tell_counts)["segments"]),
    ),
    Signal(
        fraction(
            "hashtag_fraction",
            "# with a character at once after it that is neither white space nor #, per character that is not white "
            "space",
        ),
        "ours: posts of tags; Gopher counts every # per word, headings of Markdown too",
        lambda passes: _per_visible_character(passes, "hash_tags"),
    ),
)
