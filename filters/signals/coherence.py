"""How a text hangs together: words joined by particles, one word over and over, segments that share words.

Menus, tables of contents, scraps and stuffed keywords are words side by side. In a sentence of Japanese, hardly twenty
characters pass without a particle or an inflection, whatever marks or line ends there are; so stretches without one are
measured in characters, not in lines. Paragraphs of one text name the same things again; scraps of many texts do not.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.jit import Records
from manyo.corpus.text import Texts
from manyo.filters.signals import coherence_kernels as kernels
from manyo.filters.signals.characters import (
    FULLWIDTH_KATAKANA,
    HIRAGANA,
    CharacterClass,
    character_classes,
    character_counts,
    is_katakana_prose,
)
from manyo.filters.signals.signal import Passes, Signal, count, fraction, share

#: Hiragana that particles, auxiliaries and inflections are made of; nouns have the others more often. お and ご, which
#: menus are full of (お知らせ, お問い合わせ), join nothing.
JOINTS: Final = "のにをはがとでてもへやかたすいしるれらくきんけなだま"

#: From this length on, a stretch without joints is not part of a sentence. Of 653 articles of news 19 in 20 have none
#: that is longer outside of names and titles.
UNJOINED_CHARS: Final = 20

#: Shorter segments are titles, names and cries, which need not be related to anything.
SEGMENT_CHARS: Final = 10

#: A segment is related if it shares a pair of characters with one of this many segments before it.
BEFORE: Final = 3

SEGMENT_ENDS: Final = "。｡！？!?…‥|｜＞>•●■◆★☆◇□○◎▼▲△▽※"
COLONS: Final = ":："


@cache
def coherence_classes() -> np.ndarray:
    """uint8 (0x110000,), what each code point is to the kernel."""
    of = character_classes()
    classes = np.full(len(of), kernels.OTHER, np.uint8)
    classes[of == CharacterClass.SPACE] = kernels.BLANK
    classes[np.isin(of, HIRAGANA)] = kernels.HIRAGANA
    classes[np.isin(of, (CharacterClass.DIGIT, CharacterClass.FULLWIDTH_DIGIT))] = kernels.DIGIT
    classes[of == CharacterClass.HAN] = kernels.HAN
    classes[np.isin(of, FULLWIDTH_KATAKANA)] = kernels.KATAKANA
    classes[np.isin(of, (CharacterClass.LATIN, CharacterClass.FULLWIDTH_LATIN))] = kernels.LATIN
    for characters, this in (
        (JOINTS, kernels.JOINT),
        (SEGMENT_ENDS, kernels.SEGMENT_END),
        (COLONS, kernels.COLON),
        ("\n", kernels.LINE_END),
    ):
        classes[[ord(character) for character in characters]] = this
    classes.flags.writeable = False
    return classes


def read_coherence(texts: Texts) -> Records:
    """Read how the words of each document are joined, in one pass.

    Returns:
        (n_docs,), records of `COHERENCE_COUNTS`.
    """
    counts, points = np.zeros(len(texts), kernels.COHERENCE_COUNTS), texts.points
    kernels.count_coherence(
        points.data, points.offsets, coherence_classes(), UNJOINED_CHARS, SEGMENT_CHARS, BEFORE, counts
    )
    return counts


def _coherence(passes: Passes) -> Records:
    return read_coherence(passes.texts)


def _unjoined_fraction(passes: Passes) -> np.ndarray:
    counts = passes.of(_coherence)
    # Statutes in kanji and katakana have their particles in katakana.
    unjoined = np.where(is_katakana_prose(passes.column, passes.of(character_counts)), 0, counts["unjoined"])
    return share(unjoined, counts["visible"])


SIGNALS: tuple[Signal, ...] = (
    Signal(
        fraction(
            "unjoined_fraction",
            f"characters in stretches of {UNJOINED_CHARS} or more without hiragana of a particle or an inflection, per "
            "character that is not white space; 0 in prose of kanji and katakana",
        ),
        "ours: menus, tables of contents, product names and foreign text, on one line or many",
        _unjoined_fraction,
    ),
    Signal(
        count(
            "longest_unjoined_chars",
            "length of the longest stretch without hiragana of a particle or an inflection",
            "characters",
        ),
        "ours",
        lambda passes: passes.of(_coherence)["longest_unjoined"],
    ),
    Signal(
        fraction(
            "top_word_fraction",
            "the run of kanji, of katakana or of Latin letters that covers most of the text, if it occurs three times "
            "or more: all its occurrences, per character that is not white space",
        ),
        "ours: keyword density, as advisers to search engine spammers compute it",
        lambda passes: share(passes.of(_coherence)["top_word_chars"], passes.of(_coherence)["visible"]),
    ),
    Signal(
        fraction(
            "related_segment_fraction",
            f"segments of {SEGMENT_CHARS} characters or more that share two neighbouring kanji, katakana or letters "
            f"with one of the {BEFORE} segments before, per such segment",
        ),
        "lexical cohesion (Hearst 1997, TextTiling), by pairs of characters",
        lambda passes: share(passes.of(_coherence)["related"], passes.of(_coherence)["segments"]),
    ),
    Signal(
        fraction(
            "coherent_fraction",
            "characters in the longest run of segments of which each but the first shares letters with one before it, "
            "per character in segments",
        ),
        "ours: scraps of many texts have no long run",
        lambda passes: share(passes.of(_coherence)["coherent_chars"], passes.of(_coherence)["segment_chars"]),
    ),
    Signal(
        fraction(
            "labelled_segment_fraction",
            f"segments that begin with a label of at most {kernels.LABEL_CHARS} characters and a colon, per segment",
        ),
        "ours: forms, profiles and tables of products",
        lambda passes: share(passes.of(_coherence)["labelled"], passes.of(_coherence)["segments"]),
    ),
)
