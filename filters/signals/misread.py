"""Text that was read in the wrong encoding, and characters whose meaning only their writer's font knows.

Hiragana and katakana lead to few characters when their bytes are read wrongly, and these are in no text by right:
縺 繧 繝 in Shift_JIS and 銇 銈 銉 in GBK for kana in UTF-8, ã and a control character or quotation mark in
windows-1252. What a decoder cannot read at all is `replacement_fraction`; what reads as rare kanji is measured by
`bigram_lift`.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np

from manyo.corpus.text import Texts
from manyo.filters.signals import misread_kernels as kernels
from manyo.filters.signals.characters import character_counts
from manyo.filters.signals.signal import Passes, Signal, fraction, share

#: Kana in UTF-8 read as Shift_JIS or GBK: the first two of their three bytes, E3 81 to E3 83.
MOJIBAKE: Final = "縺繧繝銇銈銉"
#: The first of the same bytes read as windows-1252 or Latin-1, and those that lead kana in EUC-JP, A4 and A5.
PAIR_STARTS: Final = "ã¤¥"
#: What follows them there: 81 to 83 as windows-1252 or Latin-1 reads them, and the second halves of kana in EUC-JP.
PAIR_ENDS: Final = "\x81\x82\x83‚ƒ" + "".join(map(chr, range(0xA6, 0xF7)))


@cache
def _meanings() -> np.ndarray:
    """uint8 (0x110000,), what each code point means to the kernel."""
    table = np.full(0x110000, kernels.NOTHING, np.uint8)
    for first, last in ((0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD)):
        table[first : last + 1] = kernels.PRIVATE_USE
    for characters, meaning in (
        (MOJIBAKE, kernels.MOJIBAKE),
        (PAIR_ENDS, kernels.PAIR_END),
        (PAIR_STARTS, kernels.PAIR_START),
    ):
        table[[ord(character) for character in characters]] = meaning
    table.flags.writeable = False
    return table


def count_misread(texts: Texts) -> np.ndarray:
    """int64 (n, 2), characters of private use and of mojibake."""
    counts = np.zeros((len(texts), 2), np.int64)
    kernels.count_misread(texts.points.data, texts.points.offsets, _meanings(), counts)
    return counts


def _counts(passes: Passes) -> np.ndarray:
    return count_misread(passes.texts)


SIGNALS: Final = (
    Signal(
        fraction("private_use_fraction", "characters of the private-use area per character that is not white space"),
        "Windows maps users' own characters of Shift_JIS there; icon fonts and i-mode pictograms are there too",
        lambda passes: share(passes.of(_counts)[:, 0], passes.of(character_counts).char_counts),
    ),
    Signal(
        fraction(
            "mojibake_fraction", "characters that kana leave in a wrong encoding, per character that is not white space"
        ),
        "ftfy, which FineWeb runs, repairs such text; here what kana in UTF-8 and EUC-JP turn into is counted",
        lambda passes: share(passes.of(_counts)[:, 1], passes.of(character_counts).char_counts),
    ),
)
