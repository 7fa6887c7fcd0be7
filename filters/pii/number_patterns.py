"""Patterns of numbers with a check digit, for which a word anywhere near is enough: My Number and cards."""

from __future__ import annotations

import re

from manyo.filters.pii.character_sets import BLANK, DIGIT, HYPHEN
from manyo.filters.pii.check_digits import luhn, my_number_check_digit
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import Pattern, digits_of, grouped, standing_alone

# --- My Number ---

_MY_NUMBER = standing_alone(
    rf"{DIGIT}{{4}}(?P<gap>{BLANK}|[.．]|{HYPHEN}|){DIGIT}{{4}}(?P=gap){DIGIT}{{4}}|{DIGIT}(?:{BLANK}{DIGIT}){{11}}",
    not_before="-－_/",
    not_after="-－_",
)
_MY_NUMBER_WORD = lazily(
    r"マイ・?ナンバー|ﾏｲﾅﾝﾊﾞｰ|個人番号|共通番号|通知カード|社会保障・税番号|my[ _-]?number", re.IGNORECASE
)


def _is_my_number(match: re.Match[str]) -> bool:
    digits = digits_of(match[0])
    return len(set(digits)) > 1 and my_number_check_digit(digits[:11]) == int(digits[11])


# --- cards ---

_CARD_GAP = f"(?:{BLANK}|{HYPHEN})"
_CARD_GROUPED = standing_alone(grouped(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4)), DIGIT, _CARD_GAP), "-－_", "-－_")
_CARD_BARE = standing_alone(f"{DIGIT}{{14,16}}", "-－_/=.", "-－_/.")
_CARD_WORD = lazily(r"カード|クレジット|VISA|Master|JCB|AMEX|American Express|Diners|(?<![A-Za-z])card", re.IGNORECASE)
_ISSUER = lazily(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Visa, Mastercard
    r"|35(?:2[89]|[3-8]\d)\d{12}|3[47]\d{13}"  # JCB, American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Diners Club, Discover
)


def is_card(digits: str) -> bool:
    """Whether digits are a number of a known issuer with a correct check digit."""
    return bool(_ISSUER.fullmatch(digits)) and luhn(digits)


def _is_card(match: re.Match[str]) -> bool:
    return is_card(digits_of(match[0]))


PATTERNS: tuple[Pattern, ...] = (
    Pattern("credit_card", "card_grouped", 0.98, _CARD_GROUPED, _is_card),
    Pattern("credit_card", "card_bare", 0.9, _CARD_BARE, _is_card, needs=_CARD_WORD, within_chars=100),
    Pattern(
        "credit_card",
        "card_named_after",
        0.9,
        _CARD_BARE,
        _is_card,
        needs=_CARD_WORD,
        within_chars=12,
        needs_after=True,
    ),
    Pattern(
        "my_number",
        "my_number",
        0.95,
        _MY_NUMBER,
        _is_my_number,
        needs=_MY_NUMBER_WORD,
        within_chars=300,
        needs_after=True,
    ),
)
