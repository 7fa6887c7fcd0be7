"""The kinds of personal information, and the masks that replace them.

No number that touches a mask is a match, just as none that touches a letter is: the masked neighbour may have been the
letter. Without this, masking a text twice would find more the second time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from manyo.corpus.release import BENCHMARK_MASK
from manyo.filters.pii.character_sets import ANY_DIGIT, BLANK, DIGIT, HYPHEN
from manyo.filters.pii.names import NAME_GATE
from manyo.filters.pii.postal_addresses import ADDRESS_GATE

# Every other line of news has a date, but few have a word of birth.
_BIRTH_GATE: Final = f"生年月日|誕生日|[0-9０-９日]{BLANK}?生(?:$|[^一-鿿])"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal information.

    Attributes:
        name: its name in spans, settings and counts of the release.
        mask: what replaces it in the typed style.
        meaning: what counts as one.
        gate: RE2 expression found in every piece of text with a match of any of its patterns.
    """

    name: str
    mask: str
    meaning: str
    gate: str


#: Every kind that is looked for. Of overlapping spans of equal length, the kind named first wins.
PII_KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        "credential",
        "<認証情報>",
        "user and password in an address, API key, private key",
        r"://[^/\s]*@|A(?:KI|SI)A[0-9A-Z]|gh[pousr]_|github_pat_|sk-|AIza|xox[abprs]-|eyJ|PRIVATE KEY",
    ),
    Kind(
        "email",
        "<メールアドレス>",
        "an e-mail address, also full-width, with %40, (at), or blanks from OCR",
        r"@|＠|%40|[\[(（【〔<＜](?:[aAａＡ][tTｔＴ]|アットマーク)[\])）】〕>＞]",
    ),
    Kind(
        "credit_card",
        "<カード番号>",
        "a card number of a known issuer with a correct Luhn digit",
        f"{DIGIT}(?:(?:{BLANK}|{HYPHEN})?{DIGIT}){{13}}",
    ),
    Kind(
        "my_number",
        "<個人番号>",
        "12 digits with a correct check digit, and a word for My Number within 300 characters",
        f"{DIGIT}(?:(?:{BLANK}|[.．]|{HYPHEN})?{DIGIT}){{11}}",
    ),
    Kind(
        "phone",
        "<電話番号>",
        "a Japanese telephone or fax number: landline, mobile, IP, toll-free, +81",
        f"[0０〇](?:(?:{BLANK}|[()（）.．]|{HYPHEN}){{0,6}}{ANY_DIGIT}){{8}}|(?:[+＋]|%2[Bb]|00){BLANK}?[8８][1１]",
    ),
    Kind(
        "bank_account",
        "<口座番号>",
        "seven digits after a word for bank account, in one line",
        f"(?:口座|普通|当座|[(（][普当][)）]).*{DIGIT}{{7}}",
    ),
    Kind(
        "passport",
        "<旅券番号>",
        "two letters and seven digits after a word for passport, in one line",
        f"[A-ZＡ-Ｚ]{{2}}{DIGIT}{{7}}",
    ),
    Kind(
        "ip",
        "<IPアドレス>",
        "a public IPv4 or IPv6 address",
        f"{DIGIT}[.．]{DIGIT}{{1,3}}[.．]{DIGIT}{{1,3}}[.．]{DIGIT}|[23][0-9a-fA-F]{{3}}:[0-9a-fA-F]{{0,4}}:",
    ),
    Kind(
        "driving_licence",
        "<運転免許証番号>",
        "12 digits that start with the number of a prefecture, after a word for driving licence",
        "免許|licen[cs]e",
    ),
    Kind(
        "residence_card",
        "<在留カード番号>",
        "two letters, eight digits, two letters after a word for residence card",
        f"[A-ZＡ-Ｚ]{{2}}{BLANK}?{DIGIT}{{8}}{BLANK}?[A-ZＡ-Ｚ]{{2}}",
    ),
    Kind(
        "pension_number",
        "<基礎年金番号>",
        "4 + 6 digits after a word for pension number",
        "年金番号|年金手帳|年金証書",
    ),
    Kind(
        "insurance_number",
        "<被保険者番号>",
        "the number of an insured person: health, long-term care, employment",
        "被保険者|保険証|記号",
    ),
    Kind("postal_address", "<住所>", "a postal code, or an address down to its block number", ADDRESS_GATE),
    Kind(
        "birth_date",
        "<生年月日>",
        "a date that is stated to be that of a birth, within 60 characters of a name",
        _BIRTH_GATE,
    ),
    Kind("person_name", "<人名>", "a name in a form, a notice, a letter, or next to a telephone number", NAME_GATE),
)

#: What replaces every kind in the constant style.
CONSTANT_MASK: Final = "<個人情報>"

_MASK_TEXTS = (*(kind.mask for kind in PII_KINDS), CONSTANT_MASK, BENCHMARK_MASK)


def _mask_forms() -> dict[int, list[str]]:
    """Patterns of every mask text by their length; a pseudonym has a number of up to three digits before the >."""
    forms: dict[int, list[str]] = {}
    for text in _MASK_TEXTS:
        for n_digits in range(4 if text != CONSTANT_MASK else 1):
            number = f"[1-9][0-9]{{{n_digits - 1}}}" if n_digits else ""
            forms.setdefault(len(text) + n_digits, []).append(f"{text[:-1]}{number}>")
    return forms


#: Any mask text. The < stands before the alternatives because Python looks for a first character fast.
MASK = re.compile(f"<(?:{'|'.join(pattern[1:] for patterns in _mask_forms().values() for pattern in patterns)})")
# A hyphen, dot or comma joins numbers, so it joins a number to the mask of one.
_JOINT = "[-‐‑‒–—―−─ー－ｰ.．,，]"
# The first branch is there for speed: few numbers stand after a >.
NOT_AFTER_MASK = f"(?:(?<!>)(?<!>{_JOINT})|" + (
    "".join(f"(?<!{'|'.join(patterns)})(?<!(?:{'|'.join(patterns)}){_JOINT})" for patterns in _mask_forms().values())
    + ")"
)
NOT_BEFORE_MASK = f"(?!{_JOINT}?(?:{MASK.pattern}))"
