"""Segments with holes: what a template puts in is replaced by one sign.

A template is a text into which names are put: 〈place〉でお金を借りるなら〈name〉がおすすめです. Digits, runs of
katakana, Latin words, the places of `filters/pii/municipalities.txt` and words of the document's own title become
holes; holes that touch are one. What is left of a segment, its kana and kanji, must be long enough to be a wording:
〈〉は〈〉です is grammar.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.pii.postal_addresses import place_names
from manyo.filters.signals.characters import FULLWIDTH_KATAKANA, CharacterClass, character_classes
from manyo.filters.signals.endings import load_endings
from manyo.filters.signals.primitive_kernels import MULTIPLIER, find_slot, table_shift
from manyo.filters.signals.segments import particle_marks, segment_marks
from manyo.filters.templates import template_kernels as kernels

_FILLERS: Final = (
    *FULLWIDTH_KATAKANA,
    CharacterClass.HALFWIDTH_KATAKANA,
    CharacterClass.LATIN,
    CharacterClass.FULLWIDTH_LATIN,
    CharacterClass.DIGIT,
    CharacterClass.FULLWIDTH_DIGIT,
)
#: What people leave off a place: 東京 is 東京都, 仙台 is 仙台市.
_SUFFIX: Final = re.compile("[都府県市区町村]$")
#: いの町 without its suffix is a part of many words.
_HIRAGANA: Final = re.compile("[ぁ-ん]")


@dataclass(frozen=True, slots=True)
class _Places:
    """Places as `kernels.mask_segments` reads them."""

    starts: np.ndarray
    keys: np.ndarray
    used: np.ndarray
    shift: int


@cache
def places() -> frozenset[str]:
    """Prefectures, cities, wards, towns and villages, from two characters on; without a suffix where in kanji."""
    prefectures, municipalities = place_names()
    names = {*prefectures, *municipalities, "北海道"}
    wards = {ward for name in municipalities if "市" in name and (ward := name.rpartition("市")[2])}
    short = {name for name in (_SUFFIX.sub("", name) for name in names) if not _HIRAGANA.search(name)}
    return frozenset(name for name in names | wards | short if len(name) > 1)


@cache
def _place_table() -> _Places:
    names = sorted(places())
    kinds = {name[:length]: kernels.BEGINS_PLACE for name in names for length in range(1, len(name))}
    kinds |= dict.fromkeys(names, kernels.PLACE)
    shift = int(table_shift(2 * len(kinds)))
    starts = np.zeros(0x110000, np.uint8)
    keys, used = np.zeros(1 << (64 - shift), np.uint64), np.zeros(1 << (64 - shift), np.int32)
    for name in names:
        starts[ord(name[0])] = max(starts[ord(name[0])], len(name))
    for beginning, kind in kinds.items():
        key = 0
        for character in beginning:
            key = (key * int(MULTIPLIER) + ord(character)) % (1 << 64)
        slot = int(find_slot(keys, used, np.uint64(key), shift))
        keys[slot], used[slot] = key, kind
    for array in (starts, keys, used):
        array.flags.writeable = False
    return _Places(starts, keys, used, shift)


@cache
def _fillers() -> np.ndarray:
    """uint8 (0x110000,), 1 for digits, katakana and Latin letters."""
    table = np.isin(character_classes(), _FILLERS).astype(np.uint8)
    table.flags.writeable = False
    return table


def mask_segments(texts: Texts, titles: Texts, min_chars: int) -> tuple[Records, np.ndarray]:
    """Mask what a template puts into segments.

    Args:
        texts: the documents.
        titles: their titles, empty where there is none.
        min_chars: kana and kanji that a segment has outside its holes at least.

    Returns:
        The segments that have a hole and as many characters, records of `MASKED_SEGMENTS` in the order of the
        documents; and int64 (n_docs,), the characters in segments of each document.
    """
    endings, table = load_endings(), _place_table()
    segment_chars = np.zeros(len(texts), np.int64)
    # A kana or kanji has three bytes. The last record is for a segment that turns out not to count.
    masked = np.zeros(int(texts.offsets[-1] - texts.offsets[0]) // (3 * min_chars) + 1, kernels.MASKED_SEGMENTS)
    n_masked = kernels.mask_segments(
        texts.points.data,
        texts.points.offsets,
        titles.points.data,
        titles.points.offsets,
        segment_marks(),
        endings.polite_pairs,
        endings.children,
        endings.kinds,
        particle_marks(),
        _fillers(),
        table.starts,
        table.keys,
        table.used,
        table.shift,
        min_chars,
        masked,
        segment_chars,
    )
    return masked[:n_masked], segment_chars
