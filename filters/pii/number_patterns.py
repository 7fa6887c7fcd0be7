"""Patterns of numbers that an authority, a bank or an insurance gave to a person."""

from __future__ import annotations

import re

from manyo.filters.pii.character_sets import BLANK, DIGIT, HYPHEN
from manyo.filters.pii.matching import Pattern, digits_of, grouped, standing_alone

# --- My Number, cards, accounts, passports ---

_MY_NUMBER = standing_alone(
    rf"{DIGIT}{{4}}(?P<gap>{BLANK}|[.．]|{HYPHEN}|){DIGIT}{{4}}(?P=gap){DIGIT}{{4}}|{DIGIT}(?:{BLANK}{DIGIT}){{11}}",
    not_before="-－_/",
    not_after="-－_",
)
_MY_NUMBER_WORD = re.compile(
    r"マイ・?ナンバー|ﾏｲﾅﾝﾊﾞｰ|個人番号|共通番号|通知カード|社会保障・税番号|my[ _-]?number", re.IGNORECASE
)


def my_number_check_digit(digits: str) -> int:
    """The twelfth digit of a My Number from its first eleven (平成26年総務省令第85号, 第5条)."""
    total = sum(int(digit) * (n + 1 if n <= 6 else n - 5) for n, digit in enumerate(reversed(digits), 1))
    remainder = total % 11
    return 0 if remainder <= 1 else 11 - remainder


def _is_my_number(match: re.Match[str]) -> bool:
    digits = digits_of(match[0])
    return len(set(digits)) > 1 and my_number_check_digit(digits[:11]) == int(digits[11])


_CARD_GAP = f"(?:{BLANK}|{HYPHEN})"
_CARD_GROUPED = standing_alone(grouped(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4)), DIGIT, _CARD_GAP), "-－_", "-－_")
_CARD_BARE = standing_alone(f"{DIGIT}{{14,16}}", "-－_/=.", "-－_/.")
_CARD_WORD = re.compile(
    r"カード|クレジット|VISA|Master|JCB|AMEX|American Express|Diners|(?<![A-Za-z])card", re.IGNORECASE
)
_ISSUER = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Visa, Mastercard
    r"|35(?:2[89]|[3-8]\d)\d{12}|3[47]\d{13}"  # JCB, American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Diners Club, Discover
)


def luhn(digits: str) -> bool:
    """Whether the last digit is the correct check digit (ISO/IEC 7812-1, Annex B)."""
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_card(match: re.Match[str]) -> bool:
    digits = digits_of(match[0])
    return bool(_ISSUER.fullmatch(digits)) and luhn(digits)


# 口座は1000000円で開ける, 普通株式1234567株: only words of a form may stand between word and number.
_BANK_ACCOUNT = standing_alone(f"{DIGIT}{{7}}", "-－_/", "-－_/円株人件")
_BANK_WORD = re.compile(
    r"(?:口座|普通|当座|[(（][普当][)）])(?:預金|貯金|口座)?[ 　]?(?:番号は?|(?:No|NO|Ｎｏ|ＮＯ)[.．]?)?"
    r"[ 　:：・()（）/／]{0,4}$"
)
_PASSPORT = standing_alone(f"[A-ZＡ-Ｚ]{{2}}{DIGIT}{{7}}", "_-", "_-")
_PASSPORT_WORD = re.compile(r"(?:旅券|パスポート|passport)[^0-9０-９\n。]{0,16}$", re.IGNORECASE)


# --- licences, residence cards, pensions, insurance ---

# 10 is Hokkaido, 97 Okinawa.
_LICENCE = standing_alone(
    rf"[1-9１-９]{DIGIT}{{3}}(?P<gap>{BLANK}|{HYPHEN}|){DIGIT}{{4}}(?P=gap){DIGIT}{{4}}", "-－_/", "-－_/"
)
_LICENCE_WORD = re.compile(
    r"(?:免許証?|[Dd]riv(?:er|ing)\S{0,2} licen[cs]e)(?:[ 　の・（(：:→=第は№.．]|(?i:no|ｎｏ)|番号){0,8}$"
)
_RESIDENCE_CARD = standing_alone(f"[A-ZＡ-Ｚ]{{2}}{BLANK}?{DIGIT}{{8}}{BLANK}?[A-ZＡ-Ｚ]{{2}}", "_-", "_-")
_RESIDENCE_CARD_WORD = re.compile(r"在留カード|特別永住者|residence card", re.IGNORECASE)
_PENSION = standing_alone(
    rf"{DIGIT}{{4}}(?:{HYPHEN}|{BLANK}|){DIGIT}{{6}}(?:(?:{HYPHEN}|{BLANK}){DIGIT}{{4}})?", "-－_/", "-－_/円人件"
)
_PENSION_WORD = re.compile(
    r"(?:基礎年金番号(?:・年金コード)?|年金(?:手帳|証書)(?:の?(?:記号)?番号)?)[^0-9０-９\n。]{0,4}$"
)
_INSURED = standing_alone(
    f"{DIGIT}{{1,10}}(?:(?:{HYPHEN}|・){DIGIT}{{1,8}}){{0,3}}", "-－_/", "-－_/円人件年月日桁個枚"
)
_INSURED_WORD = re.compile(
    r"(?:被保険者証?等?の?(?:記号)?・?番号|保険証の?(?:記号・?)?番号|保険者証?等?[ 　]?記号[・と]番号)"
    r"[ 　:：・()（）]{0,3}(?:は|が|を)?$"
)
_INSURED_PAIR = standing_alone(
    f"{DIGIT}{{1,8}}[ 　・、]{{0,2}}番号[ 　:：]{{0,2}}{DIGIT}{{1,8}}", "-－_/", "-－_/円人件年月日桁"
)
_INSURED_PAIR_WORD = re.compile(r"(?:保険証?|被保険者証?|組合員証)の?[ 　]{0,2}(?:等)?記号[ 　:：]{0,2}$")

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
    Pattern("bank_account", "bank_account", 0.85, _BANK_ACCOUNT, needs=_BANK_WORD, within_chars=16),
    Pattern("passport", "passport", 0.85, _PASSPORT, needs=_PASSPORT_WORD, within_chars=24),
    Pattern("driving_licence", "driving_licence", 0.9, _LICENCE, needs=_LICENCE_WORD, within_chars=24),
    Pattern("residence_card", "residence_card", 0.95, _RESIDENCE_CARD, needs=_RESIDENCE_CARD_WORD, within_chars=24),
    Pattern("pension_number", "pension_number", 0.9, _PENSION, needs=_PENSION_WORD, within_chars=20),
    Pattern("insurance_number", "insured", 0.85, _INSURED, needs=_INSURED_WORD, within_chars=20),
    Pattern("insurance_number", "insured_pair", 0.85, _INSURED_PAIR, needs=_INSURED_PAIR_WORD, within_chars=20),
)
