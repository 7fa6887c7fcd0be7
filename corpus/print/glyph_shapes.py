"""Whether glyphs are as wide and high as the characters that their fonts name.

A font that names wrong characters still draws the right ones. 一 is flat, 口 small, り narrow, and kanji differ by
hundredths of an em in the same way in all fonts, so the ink of a page's glyphs fits the characters or it does not,
whatever the text says: lists of names and budgets, in which pairs of characters tell nothing, too. The table,
`glyph_shapes.txt`, holds figures that `python -m bench.glyph_shapes` measured in two free fonts.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Float64s, Uint32s
from manyo.corpus.print.pdf_glyphs import Glyphs

#: A cell of the table is one printable character, and each step from the first a part of an em.
EMS_PER_STEP: Final = 0.0125
FIRST_STEP: Final = "!"

#: Below this many different characters of a font nothing is compared; their sizes are set right by the median.
_LEAST_CHARACTERS: Final = 5
#: Where widths and heights differ from the usual ones by less, on average, they are not of ink but of the font's box.
_LEAST_SPREAD_EMS: Final = 0.01
#: A letter from ! to the end of the Cyrillic blocks that takes an em stands for something else, unless Japanese fonts
#: have it as wide: full-width forms of Latin letters have code points of their own. The letters named here take an em
#: in Latin fonts, or, \ and ~, where a Japanese font has ＼ and ～ in their places.
_FIRST_LETTER: Final = 0x21
_LAST_LETTER: Final = 0x52F
_WIDE_LETTERS: Final = np.array([ord(char) for char in "mMW%@&©®¼½¾ÆæŒœ\\~"], np.uint32)
_WIDE_EMS: Final = 0.9
_WIDE_INK_EMS: Final = 0.65


class Fit(NamedTuple):
    """How the ink of glyphs differs from that of the characters that they are said to be.

    Attributes:
        error: mean difference of width and height over different characters, as a part of that between the ink of any
            two of them: 0 if it fits, 1 if characters were dealt to the glyphs by chance.
        error_ems: mean difference of width and height together. Kanji alone are so alike that two fonts differ by half
            as much as two characters; then this is small.
        n_characters: how many there are.
    """

    error: float
    error_ems: float
    n_characters: int


def ink_fit(glyphs: Glyphs) -> Fit:
    """Compare the ink of visible kana and kanji with the table, each font by itself, since fonts have proportions."""
    widths, heights = load_shapes()
    points = np.minimum(glyphs.points, len(widths) - 1)
    is_known = (widths[points] > 0) & ~glyphs.is_invisible
    wrong = by_chance = 0.0
    n_characters = 0
    for font in np.unique(glyphs.font[is_known]).tolist():
        chosen = is_known & (glyphs.font == font)
        characters, places = np.unique(points[chosen], return_inverse=True)
        n = len(characters)
        if n < _LEAST_CHARACTERS:
            continue
        counts = np.bincount(places)
        differences = [
            _difference(np.bincount(places, ink[chosen]) / counts, table[characters])
            for ink, table in ((glyphs.ink_width, widths), (glyphs.ink_height, heights))
        ]
        if sum(difference.spread for difference in differences) < _LEAST_SPREAD_EMS:
            continue
        wrong += n * sum(difference.own for difference in differences)
        by_chance += n * sum(difference.by_chance for difference in differences)
        n_characters += n
    if not n_characters:
        return Fit(0.0, 0.0, 0)
    return Fit(wrong / by_chance, wrong / n_characters, n_characters)


def n_em_wide_letters(glyphs: Glyphs) -> int:
    """Count Latin, Greek and Cyrillic letters and signs that take an em of their line, if the ink of half of them does.

    Where a program lost a part of a font's table, kana are named as such letters. A font that only lacks its letters'
    widths has narrow ink in wide places.
    """
    points = glyphs.points
    is_letter = (points >= _FIRST_LETTER) & (points <= _LAST_LETTER)
    is_letter &= ~_also_japanese()[np.minimum(points, _LAST_LETTER)]
    if not is_letter.any():
        return 0
    chosen = glyphs.taken(is_letter & ~glyphs.is_invisible)
    across, down = chosen.right - chosen.left, chosen.bottom - chosen.top
    advance = np.where(chosen.turn % 2 == 1, down, across)
    is_wide = advance > _WIDE_EMS * chosen.size
    n_wide, n_filled = int(is_wide.sum()), int((is_wide & (chosen.ink_width > _WIDE_INK_EMS)).sum())
    return n_wide if 2 * n_filled >= n_wide else 0


class _Difference(NamedTuple):
    """Mean differences of ink, in ems: from what is expected of its character, of all others, and from the usual."""

    own: float
    by_chance: float
    spread: float


def _difference(ink: Float64s, expected: Float64s) -> _Difference:
    usual, wanted = float(np.median(ink)), float(np.median(expected))
    if not usual > 0:
        return _Difference(0.0, 0.0, 0.0)
    ink = ink * (wanted / usual)
    n = len(ink)
    own = float(np.abs(ink - expected).mean())
    between = float(np.abs(ink[:, None] - expected[None, :]).mean())
    return _Difference(own, (n * between - own) / (n - 1), float(np.abs(ink - wanted).mean()))


@cache
def load_shapes() -> tuple[Float64s, Float64s]:
    """Width and height of the ink in ems by code point; 0 for characters without a row in the table, and the last."""
    lines = (files("manyo.corpus.print") / "glyph_shapes.txt").read_text(encoding="utf-8").splitlines()
    characters, *columns = [line for line in lines if not line.startswith("# ")]
    points = np.array([ord(char) for char in characters])
    tables = []
    for column in columns:
        table = np.zeros(int(points.max()) + 2)
        table[points] = EMS_PER_STEP * (np.frombuffer(column.encode("ascii"), np.uint8) - float(ord(FIRST_STEP)))
        table.flags.writeable = False
        tables.append(table)
    return tables[0], tables[1]


@cache
def _also_japanese() -> Bools:
    """Which code points up to the last letter are an em wide in Japanese fonts too: × and ± are in JIS X 0208."""
    points: Uint32s = np.arange(_LAST_LETTER + 1, dtype=np.uint32)
    in_jis = [len(chr(point).encode("euc_jp", "ignore")) == 2 for point in points.tolist()]
    return np.array(in_jis, np.bool_) | np.isin(points, _WIDE_LETTERS)
