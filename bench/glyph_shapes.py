"""Measures how wide and high the ink of kana and of common kanji is, for `corpus/print/glyph_shapes.py`.

    python -m bench.glyph_shapes FONT ... > corpus/print/glyph_shapes.txt

FONT are TrueType or OpenType files, or collections whose first font is Japanese: the mean over all of them is printed.
Needs fontTools, which the extra bench brings.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from fontTools.pens.boundsPen import BoundsPen
from fontTools.ttLib import TTCollection, TTFont

from manyo.corpus.print.glyph_shapes import EMS_PER_STEP, FIRST_STEP

_KANA = "".join(map(chr, [*range(ord("ぁ"), ord("ゖ") + 1), *range(ord("ァ"), ord("ヶ") + 1)]))


def main() -> None:
    """Print the table: characters, widths, heights."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    kanji = (files("manyo.corpus") / "kanji.txt").read_text("utf-8").strip().splitlines()[-1]
    characters = _KANA + "".join(dict.fromkeys(kanji))
    means = np.mean([boxes(Path(path), characters) for path in sys.argv[1:]], axis=0)
    names = ", ".join(Path(path).stem for path in sys.argv[1:])
    print(f"# Width and height of the ink, in steps of {EMS_PER_STEP} em from {FIRST_STEP!r}: {names}.")
    print(characters)
    for column in means.T:
        steps = np.clip(np.rint(column / EMS_PER_STEP), 0, ord("~") - ord(FIRST_STEP)).astype(int)
        print("".join(chr(ord(FIRST_STEP) + step) for step in steps.tolist()))


def boxes(path: Path, characters: str) -> np.ndarray:
    """Width and height of each character's ink in ems, float64 (n, 2)."""
    font: Any = TTCollection(path).fonts[0] if path.suffix == ".ttc" else TTFont(path)
    glyphs, names, em = font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm
    found = []
    for character in characters:
        pen = BoundsPen(glyphs)
        glyphs[names[ord(character)]].draw(pen)
        left, bottom, right, top = pen.bounds
        found.append(((right - left) / em, (top - bottom) / em))
    return np.array(found)


if __name__ == "__main__":
    main()
