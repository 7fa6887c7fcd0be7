"""Sets of characters that several expressions are made of, in the syntax of regular expressions."""

from __future__ import annotations

from typing import Final

DIGIT: Final = "[0-9]"
KANJI_DIGIT: Final = "[〇一二三四五六七八九]"
ANY_DIGIT: Final = "[0-9〇一二三四五六七八九]"
HYPHEN: Final = "[-‐‑‒–—―−─ーｰ]"
BLANK: Final = "[ 　]"
#: A digit, or what OCR reads for one.
READ_DIGIT: Final = "[0-9OoQlI]"
