"""All patterns of personal information but names and addresses; those of birth dates and postal codes are here.

A pattern is an expression, a check of what it matched, and, where the shape alone proves nothing, words that must or
must not stand near it. A check digit or a numbering plan is a check; マイナンバー is a word.
"""

from __future__ import annotations

import re
from typing import Final

from manyo.filters.pii import device_patterns, number_patterns, phone_patterns, web_patterns, worded_patterns
from manyo.filters.pii.character_sets import BLANK, DIGIT, HYPHEN
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import NAME_HOLE, Pattern, digits_of, standing_alone

# --- birth dates ---

#: 昭和五十年三月四日, 1975/03/04, S50.3.4.
_BIRTH_DATE = (
    f"(?:(?:明治?|大正?|昭和?|平成?|令和?|[MTSHRＭＴＳＨＲ][.．]?){BLANK}?(?:元|{DIGIT}(?:{BLANK}?{DIGIT})?"
    f"|[一二三四五六七八九十〇壱弐参拾廿]{{1,4}})"
    f"|(?:18|19|20|１８|１９|２０){DIGIT}{{2}}|[一二][〇一二三四五六七八九]{{3}})"
    # OCR sets digits apart: 8年1 2月 2日.
    f"(?:{BLANK}?年{BLANK}?(?:{DIGIT}(?:{BLANK}?{DIGIT})?|[一二三四五六七八九十〇壱弐参拾廿]{{1,3}}){BLANK}?月{BLANK}?"
    f"(?:{DIGIT}(?:{BLANK}?{DIGIT})?|[一二三四五六七八九十〇壱弐参拾廿]{{1,3}}){BLANK}?日"
    f"|[-－/／.．]{DIGIT}{{1,2}}[-－/／.．]{DIGIT}{{1,2}})"
)
_BIRTH = lazily(
    f"(?=[明大昭平令MTSHRＭＴＳＨＲ12１２一二])(?<![0-9０-９A-Za-z一二三四五六七八九十〇]){NOT_AFTER_MASK}"
    f"{_BIRTH_DATE}(?![0-9０-９]){NOT_BEFORE_MASK}"
    "(?=[ 　]?(?:生まれ|生れ|生(?![一-鿿])|出生))"
)
_NAME_NEAR = lazily(NAME_HOLE)

# --- postal codes ---

# Until 1998 postal codes had three or five digits.
_POSTAL_CODE = lazily(
    rf"(?=[〒]){NOT_AFTER_MASK}〒{BLANK}?[:：]?{BLANK}?{DIGIT}{{3}}"
    rf"(?:{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{2,4}}|{BLANK}?{DIGIT}{{4}})?(?!{DIGIT}){NOT_BEFORE_MASK}"
)
_POSTAL_DIGITS = standing_alone(rf"{DIGIT}{{3}}{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{4}}", "-－_/", "-－_/")
_POSTAL_WORD = lazily(r"(?:〒|郵便番号|住所|所在地)[^0-9０-９A-Za-z\n\t]{0,6}$")
_POSTAL_BARE = standing_alone(f"{DIGIT}{{7}}", "-－_/", "-－_/")
_POSTAL_WORD_IN_LINE = lazily(r"郵便番号[^0-9０-９A-Za-z\n。]{0,6}$")


def _is_given_code(match: re.Match[str]) -> bool:
    """Whether a postal code is not 000-0000, which nobody has."""
    return set(digits_of(match[0])) != {"0"}


#: Every pattern. Where two find the same span, both report it.
PATTERNS: Final[tuple[Pattern, ...]] = (
    *web_patterns.PATTERNS,
    *phone_patterns.PATTERNS,
    *number_patterns.PATTERNS,
    *device_patterns.PATTERNS,
    *worded_patterns.PATTERNS,
    Pattern(
        "birth_date",
        "birth_date",
        0.85,
        _BIRTH,
        needs=_NAME_NEAR,
        within_chars=100,
        needs_after=True,
    ),
    Pattern("postal_address", "postal_code", 0.95, _POSTAL_CODE, _is_given_code),
    Pattern(
        "postal_address", "postal_digits", 0.9, _POSTAL_DIGITS, _is_given_code, needs=_POSTAL_WORD, within_chars=12
    ),
    Pattern("postal_address", "postal_bare", 0.9, _POSTAL_BARE, needs=_POSTAL_WORD_IN_LINE, within_chars=12),
)
