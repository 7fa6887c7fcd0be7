"""How a text hangs together: words joined by particles, one word over and over.

Menus, tables of contents, scraps and stuffed keywords are words side by side. In a sentence of Japanese, hardly twenty
characters pass without a particle or an inflection, whatever marks or line ends there are; so stretches without one are
measured in characters, not in lines.
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


@cache
def coherence_classes() -> np.ndarray:
    """uint8 (0x110000,), what each code point is to the kernel."""
    of = character_classes()
    classes = np.full(len(of), kernels.OTHER, np.uint8)
    classes[of == CharacterClass.SPACE] = kernels.BLANK
    classes[of == CharacterClass.HAN] = kernels.HAN
    classes[np.isin(of, FULLWIDTH_KATAKANA)] = kernels.KATAKANA
    classes[np.isin(of, (CharacterClass.LATIN, CharacterClass.FULLWIDTH_LATIN))] = kernels.LATIN
    classes[[ord(character) for character in JOINTS]] = kernels.JOINT
    classes.flags.writeable = False
    return classes


def read_coherence(texts: Texts) -> Records:
    """Read how the words of each document are joined, in one pass.

    Returns:
        (n_docs,), records of `COHERENCE_COUNTS`.
    """
    counts, points = np.zeros(len(texts), kernels.COHERENCE_COUNTS), texts.points
    kernels.count_coherence(points.data, points.offsets, coherence_classes(), UNJOINED_CHARS, counts)
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
)
