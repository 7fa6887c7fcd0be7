"""Half-width katakana: whether they spell Japanese, or are another language read in the wrong encoding.

Cyrillic in KOI8-R and Korean in EUC-KR consist of half-width katakana when they are read as Shift_JIS. Only Japanese
writes the voicing marks ﾞ and ﾟ, which are characters of their own there, behind the kana that can be voiced, and
writes them often: every tenth character of katakana text is one.
"""

from __future__ import annotations

import re
from typing import Final

#: Voicing marks below which nothing is proved.
_LEAST_MARKS: Final = 4
#: Least voicing marks per half-width katakana. In KOI8-R they are ч and ъ, 1.5 % of Russian letters.
_LEAST_MARK_SHARE: Final = 0.03
#: Least share of the marks that stand behind a kana that can be voiced; in Korean, two of three do by accident.
_LEAST_VOICED_SHARE: Final = 0.95

_HALF_WIDTH = re.compile("[ｦ-ﾟ]")
_VOICED = re.compile("[ｳｶ-ﾄﾊ-ﾎ]ﾞ|[ﾊ-ﾎ]ﾟ")


def spells_japanese(text: str) -> bool:
    """Whether the half-width katakana of a text are Japanese."""
    marks = text.count("ﾞ") + text.count("ﾟ")
    if marks < _LEAST_MARKS or marks < _LEAST_MARK_SHARE * len(_HALF_WIDTH.findall(text)):
        return False
    return len(_VOICED.findall(text)) >= _LEAST_VOICED_SHARE * marks
