"""The kinds of personal information, and the rules that recognise them.

A rule is a pattern, a check of what it matched, and, where the shape alone proves nothing, words that must or must not
stand near it. A check digit or a numbering plan is a check; マイナンバー is a word.

No number that touches a mask is a match, as none that touches a letter is: the masked neighbour may have been the
letter. Without this, masking a text twice would find more the second time.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from manyo.corpus.release import BENCHMARK_MASK
from manyo.filters.pii.names import NAME_GATE
from manyo.filters.pii.postal_addresses import (
    ADDRESS_GATE,
    ADDRESS_PATTERN,
    ADDRESS_START,
    BLANK,
    DIGIT,
    FULL_MUNICIPALITY_PATTERN,
    HYPHEN,
    LETTER,
    MUNICIPALITY_PATTERN,
    POSTED_PATTERN,
    is_place,
)

_KANJI_DIGIT = "[〇一二三四五六七八九]"
_ANY_DIGIT = "[0-9０-９〇一二三四五六七八九]"


#: 昭和五十年三月四日, 1975/03/04, S50.3.4.
_BIRTH_DATE = (
    f"(?:(?:明治|大正|昭和|平成|令和|[MTSHRＭＴＳＨＲ][.．]?){BLANK}?(?:元|{DIGIT}{{1,2}}|[一二三四五六七八九十〇]{{1,4}})"
    f"|(?:18|19|20|１８|１９|２０){DIGIT}{{2}})"
    f"(?:{BLANK}?年{BLANK}?(?:{DIGIT}{{1,2}}|[一二三四五六七八九十〇]{{1,3}}){BLANK}?月{BLANK}?(?:{DIGIT}{{1,2}}|[一二三四五六七八九十〇]{{1,3}}){BLANK}?日"
    f"|[-－/／.．]{DIGIT}{{1,2}}[-－/／.．]{DIGIT}{{1,2}})"
)
# Dates are in every other line of news; words of birth are not.
_BIRTH_GATE = f"生年月日|誕生日|[0-9０-９日]{BLANK}?生(?:$|[^一-鿿])"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of personal information.

    Attributes:
        name: as spans and release counts call it.
        mask: what replaces it in the typed style.
        meaning: what counts as one.
        gate: RE2 pattern found in every piece of text that holds a match of any of its rules.
    """

    name: str
    mask: str
    meaning: str
    gate: str


#: Every kind that is looked for; of overlapping spans of equal length, the kind named first wins.
PII_KINDS: tuple[Kind, ...] = (
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
        "a card number of a known issuer with a right Luhn digit",
        f"{DIGIT}(?:(?:{BLANK}|{HYPHEN})?{DIGIT}){{13}}",
    ),
    Kind(
        "my_number",
        "<個人番号>",
        "12 digits with a right check digit, and a word for My Number within 300 characters",
        f"{DIGIT}(?:(?:{BLANK}|[.．]|{HYPHEN})?{DIGIT}){{11}}",
    ),
    Kind(
        "phone",
        "<電話番号>",
        "a Japanese telephone or fax number: landline, mobile, IP, toll-free, +81",
        f"[0０〇](?:(?:{BLANK}|[()（）.．]|{HYPHEN}){{0,6}}{_ANY_DIGIT}){{8}}|(?:[+＋]|%2[Bb]|00){BLANK}?[8８][1１]",
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
    Kind("birth_date", "<生年月日>", "a date said to be that of a birth, within 60 characters of a name", _BIRTH_GATE),
    Kind("person_name", "<人名>", "a name in a form, a notice, a letter, or beside a telephone number", NAME_GATE),
)

#: What replaces every kind in the constant style.
CONSTANT_MASK = "<個人情報>"

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
_NOT_AFTER_MASK = f"(?:(?<!>)(?<!>{_JOINT})|" + (
    "".join(f"(?<!{'|'.join(patterns)})(?<!(?:{'|'.join(patterns)}){_JOINT})" for patterns in _mask_forms().values())
    + ")"
)
_NOT_BEFORE_MASK = f"(?!{_JOINT}?(?:{MASK.pattern}))"


def _always(match: re.Match[str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to recognise a kind.

    Attributes:
        kind: name of the kind.
        name: as the span reports it.
        score: how sure a match is, 0 to 1; judged, not fitted.
        pattern: the span is its whole match.
        accept: whether a match is one, judged from its own characters.
        needs: must be found in the `within_chars` characters before the match.
        within_chars: reach of `needs`.
        needs_after: `needs` may stand after the match as well, as far away.
        unless: must not be found in the 24 characters before the match.
        across_lines: matches may hold line ends; others never do.
        next_line: a match may lie in the line after the piece that passed its kind's gate.
    """

    kind: str
    name: str
    score: float
    pattern: re.Pattern[str]
    accept: Callable[[re.Match[str]], bool] = _always
    needs: re.Pattern[str] | None = None
    within_chars: int = 0
    needs_after: bool = False
    unless: re.Pattern[str] | None = None
    across_lines: bool = False
    next_line: bool = False


_HALF_WIDTH = {
    **{ord("０") + i: str(i) for i in range(10)},
    **{ord(digit): str(i) for i, digit in enumerate("〇一二三四五六七八九")},
    **{ord("Ａ") + i: chr(ord("A") + i) for i in range(26)},
    **{ord("ａ") + i: chr(ord("a") + i) for i in range(26)},
    ord("．"): ".",
}


def _digit_groups(text: str) -> list[str]:
    return re.findall("[0-9]+", text.translate(_HALF_WIDTH))


def _digits(text: str) -> str:
    return "".join(_digit_groups(text))


def _standing_alone(core: str, not_before: str = "", not_after: str = "") -> re.Pattern[str]:
    """A pattern for `core`, which starts with a digit or capital, where it touches no digit, Latin letter, mask, or
    decimal part, nor the characters given.
    """
    return re.compile(
        f"(?=[0-9０-９A-ZＡ-Ｚ])(?<![0-9０-９A-Za-z{not_before}])(?<!{DIGIT}[.．,，]){_NOT_AFTER_MASK}(?:{core})"
        f"{_NOT_BEFORE_MASK}(?![0-9０-９A-Za-z{not_after}])(?![.．,，]{DIGIT})"
    )


# --- credentials ----------------------------------------------------------------------------------

_USERINFO = re.compile(r"(?<=://)[^\s/:@<>「」（）()]{1,64}:[^\s/@<>「」（）()]{1,64}@[A-Za-z0-9.\-]+")
_API_KEY = re.compile(
    rf"(?<![A-Za-z0-9_]){_NOT_AFTER_MASK}(?:"
    r"A(?:KI|SI)A[0-9A-Z]{16}"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,}"
    r"|sk-(?:proj-|ant-)?[A-Za-z0-9_-]{20,}"  # OpenAI, Anthropic
    r"|AIza[0-9A-Za-z_-]{35}"  # Google
    r"|xox[abprs]-[0-9A-Za-z-]{10,}"  # Slack
    r"|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"  # JSON Web Token
    rf")(?![A-Za-z0-9_]){_NOT_BEFORE_MASK}"
)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----"
    r"[A-Za-z0-9+/=\s:,-]{1,16384}?"
    r"-----END (?:[A-Z]{1,16} ){0,3}PRIVATE KEY-----"
)


def _is_key(match: re.Match[str]) -> bool:
    # sk-learn-and-its-many-friends is a slug; the other prefixes are no words.
    return not match[0].startswith("sk-") or any(char.isdigit() for char in match[0])


# --- e-mail ---------------------------------------------------------------------------------------

_ALNUM = "A-Za-z0-9Ａ-Ｚａ-ｚ０-９"
# Dots may stand anywhere: Japanese mobile carriers gave out such addresses until 2009.
_LOCAL = rf"[{_ALNUM}._%+\-．＿＋－]"
_DOMAIN_LABEL = rf"[{_ALNUM}](?:[{_ALNUM}\-－]{{0,62}}[{_ALNUM}])?"
_DOMAIN_END = rf"(?![{_ALNUM}])(?![-－][{_ALNUM}]){_NOT_BEFORE_MASK}"
_TOP_LEVEL = "[A-Za-zＡ-Ｚａ-ｚ]{2,24}"
# With blanks in the domain, "see @ foo. It" would be an address, if any word were a top-level domain.
_COMMON_TOP_LEVEL = "(?:jp|com|net|org|edu|gov|info|biz|io|tv|cc|uk|de|fr|cn|kr|tw|ru)"
_AT = "(?:@|＠|%40)"
_WRITTEN_AT = rf"{BLANK}?[\[(（【〔<＜](?:at|At|AT|ａｔ|ＡＴ|アットマーク)[\])）】〕>＞]{BLANK}?"
_DOT = rf"(?:{BLANK}?[.．]{BLANK}?|{BLANK}?[\[(（](?:dot|ドット)[\])）]{BLANK}?)"
_EMAIL_START = rf"(?={_LOCAL})(?<!{_LOCAL}){_NOT_AFTER_MASK}(?:[{_ALNUM}]{{1,20}}')?{_LOCAL}{{1,64}}"

_EMAIL = re.compile(rf"{_EMAIL_START}{_AT}(?:{_DOMAIN_LABEL}[.．]){{1,6}}{_TOP_LEVEL}{_DOMAIN_END}")
_EMAIL_WRITTEN = re.compile(rf"{_EMAIL_START}{_WRITTEN_AT}(?:{_DOMAIN_LABEL}{_DOT}){{1,6}}{_TOP_LEVEL}{_DOMAIN_END}")
_EMAIL_SPACED = re.compile(
    rf"{_EMAIL_START}{BLANK}?{_AT}{BLANK}?(?:{_DOMAIN_LABEL}{BLANK}?[.．]{BLANK}?){{1,6}}{_COMMON_TOP_LEVEL}{_DOMAIN_END}"
)
_FILE_ENDINGS = frozenset({"png", "jpg", "jpeg", "gif", "webp", "svg", "bmp", "css", "js", "html", "php", "pdf", "zip"})


def _is_email(match: re.Match[str]) -> bool:
    # icon@2x.png is a picture for fine screens, git@github.com:name/repository a place, anonymous@ftp anyone's login.
    address = match[0].translate(_HALF_WIDTH).lower()
    return address.rsplit(".", 1)[-1] not in _FILE_ENDINGS and not address.startswith(("git@", "anonymous@"))


def _has_blank(match: re.Match[str]) -> bool:
    return bool(re.search(BLANK, match[0]))


# --- telephone ------------------------------------------------------------------------------------

# ー is what a Japanese keyboard gives for a hyphen.
_GAP = rf"(?:{BLANK}{{0,2}}(?:[)）]{BLANK}?{HYPHEN}?|[(（]|{HYPHEN}|[.．]){BLANK}{{0,2}}|{BLANK})"


def _grouped(shapes: tuple[tuple[int, ...], ...], digit: str, gap: str) -> str:
    """Alternatives for groups of so many digits each, with a gap between them."""
    return "|".join(gap.join(f"{digit}{{{size}}}" for size in shape) for shape in shapes)


_PHONE_SHAPES = (
    *((2, 4, 4), (3, 3, 4), (4, 2, 4), (5, 1, 4), (2, 8), (3, 7), (4, 6)),  # landline
    *((3, 4, 4), (3, 8), (7, 4)),  # mobile and IP
    *((4, 3, 3), (4, 3, 4)),  # 0120, 0570, 0800
    (2, 3, 4),  # Tokyo until 1991, Osaka until 1999
)
_ABROAD_SHAPES = ((1, 4, 4), (2, 3, 4), (3, 2, 4), (4, 1, 4), (2, 4, 4), (3, 3, 3), (2, 8), (1, 8), (9,), (10,))


def _phone(core: str, not_after: str = "") -> re.Pattern[str]:
    """A pattern for a telephone number: it may touch TEL, FAX, T or F before it, and by default letters after it."""
    return re.compile(
        # The first character is looked at first: most places fail there, and cheaply.
        f"(?=[0０〇(（+＋%])(?<!{DIGIT})(?<!{DIGIT}{HYPHEN})(?<!{DIGIT}[.．,，]){_NOT_AFTER_MASK}"
        "(?:(?<![A-Za-z_])|(?<=[Tt][Ee][Ll])|(?<=[Ff][Aa][Xx])|(?<=(?<![A-Za-z])[TF]))"
        f"(?:{core})"
        f"(?!{HYPHEN}?{DIGIT})(?![.．,，]{DIGIT})(?!(?<={_KANJI_DIGIT}){_KANJI_DIGIT}){_NOT_BEFORE_MASK}"
        + (f"(?![{not_after}])" if not_after else "")
    )


_PHONE_GROUPED = _phone(
    rf"(?:[(（](?={_ANY_DIGIT}{{2,6}}[)）]))?(?=[0０]|(?<!{_KANJI_DIGIT})〇)"
    rf"(?:{_grouped(_PHONE_SHAPES, _ANY_DIGIT, _GAP)})"
)
_PHONE_SPACED = _phone(
    rf"[0０](?:{BLANK}{DIGIT}){{1,4}}(?:{BLANK}?{HYPHEN}{BLANK}?{DIGIT}(?:{BLANK}{DIGIT}){{0,3}}){{2}}"
)
_PHONE_BARE = _phone(f"[0０]{DIGIT}{{9,10}}", not_after="A-Za-z_/")
_PHONE_ABROAD = _phone(
    rf"(?:[+＋]|%2[Bb]|00){BLANK}?[8８][1１]{_GAP}?(?:[(（]?[0０][)）]?{_GAP}?)?"
    rf"(?:{_grouped(_ABROAD_SHAPES, DIGIT, _GAP)})"
)

_PHONE_WORD = re.compile(
    r"電話|でんわ|(?<![A-Za-z])(?:tel|phone|telephone|fax|mobile)(?![A-Za-z])|ＴＥＬ|Ｔｅｌ|ＦＡＸ|Ｆａｘ|℡|☎|✆|📞|📱"
    r"|テレホン|ファックス|ファクス|フリーダイヤル|フリーコール|ナビダイヤル|携帯|ケータイ|連絡先|お?問い?合わ?せ",
    re.IGNORECASE,
)
#: Before a bare number, these say that it is something else.
_OTHER_NUMBER = re.compile(
    r"(?:ISBN|ISSN|ASIN|JAN|(?<!電話)(?<!携帯)(?<!連絡先)番号|品番|型番|記号|コード|ＩＤ|(?<![A-Za-z])(?:ID|No\.?)|№|/dp/)"
    r"[^0-9０-９\n]{0,4}$",
    re.IGNORECASE,
)
# Area codes as of 総務省's list: 012, 013, 014 and 016 exist only as starts of longer ones.
_AREA_CODE_OF_2 = frozenset({"03", "04", "06"})
_AREA_CODE_OF_3 = re.compile("01[15789]|02[2-9]|04[2-9]|05[2-9]|07[2-9]|08[2-9]|09[2-9]")
_LONGER_AREA_CODE = re.compile("0[1-9][1-9]")
_SERVICE = re.compile("0120|0570|0800|0990|0180|0170")
_MOBILE_OR_IP = re.compile("0[56789]0[1-9]")
_MOBILE_OR_IP_PREFIX = re.compile("0[56789]0")


def _is_phone(number: str) -> bool:
    """Whether grouped digits fit the Japanese numbering plan."""
    groups = _digit_groups(number)
    digits = "".join(groups)
    scripts = sum(bool(re.search(script, number)) for script in ("[0-9]", "[０-９]", _KANJI_DIGIT))
    # 090-〇〇〇〇-〇〇〇〇 is a blank to fill in, and 03-0000-0000 an example.
    if scripts > 1 or digits.endswith("0000000"):
        return False
    first = groups[0]
    if len(digits) == 11:
        # No number starts with 090-0, but a reader takes 090-0000-4321 for one, and so does whoever collects them.
        is_written_as_mobile = tuple(map(len, groups)) == (3, 4, 4) and _MOBILE_OR_IP_PREFIX.match(digits)
        return bool(is_written_as_mobile or _MOBILE_OR_IP.match(digits)) or (first == "0800" and len(groups) == 3)
    if len(digits) != 10 or _MOBILE_OR_IP.match(digits):
        return False
    if _SERVICE.match(digits):
        return len(first) == 4
    if len(first) == 2:
        return first in _AREA_CODE_OF_2
    if len(first) == 3:
        return bool(_AREA_CODE_OF_3.match(digits))
    return bool(_LONGER_AREA_CODE.match(digits)) and len(groups[-1]) == 4


def _has_only_blanks(number: str) -> bool:
    """Whether nothing but blanks groups it: 03 1234 5678 may be a row of a table, 090 1234 5678 is clear enough."""
    return not re.search(rf"{HYPHEN}|[()（）.．]", number) and not _MOBILE_OR_IP.match(_digits(number))


def _is_grouped_phone(match: re.Match[str]) -> bool:
    return not _has_only_blanks(match[0]) and _is_phone(match[0])


def _is_blank_phone(match: re.Match[str]) -> bool:
    return _has_only_blanks(match[0]) and _is_phone(match[0])


def _is_spaced_phone(match: re.Match[str]) -> bool:
    return _is_phone(re.sub(BLANK, "", match[0]))


def _is_old_phone(match: re.Match[str]) -> bool:
    groups = _digit_groups(match[0])
    return groups[0] in ("03", "06") and tuple(map(len, groups)) == (2, 3, 4)


def _is_bare_phone(match: re.Match[str]) -> bool:
    digits = _digits(match[0])
    if len(digits) == 11:
        return bool(_MOBILE_OR_IP.match(digits)) or digits.startswith("0800")
    landline = digits[:2] in ("03", "06") or _LONGER_AREA_CODE.match(digits) or _SERVICE.match(digits)
    return bool(landline) and not digits.endswith("0000000")


# --- My Number, cards, accounts -------------------------------------------------------------------

_MY_NUMBER = _standing_alone(
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
    digits = _digits(match[0])
    return len(set(digits)) > 1 and my_number_check_digit(digits[:11]) == int(digits[11])


_CARD_GAP = f"(?:{BLANK}|{HYPHEN})"
_CARD_GROUPED = _standing_alone(_grouped(((4, 4, 4, 4), (4, 6, 5), (4, 6, 4)), DIGIT, _CARD_GAP), "-－_", "-－_")
_CARD_BARE = _standing_alone(f"{DIGIT}{{14,16}}", "-－_/=.", "-－_/.")
_CARD_WORD = re.compile(
    r"カード|クレジット|VISA|Master|JCB|AMEX|American Express|Diners|(?<![A-Za-z])card", re.IGNORECASE
)
_ISSUER = re.compile(
    r"4\d{15}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Visa, Mastercard
    r"|35(?:2[89]|[3-8]\d)\d{12}|3[47]\d{13}"  # JCB, American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}"  # Diners Club, Discover
)


def luhn(digits: str) -> bool:
    """Whether the last digit is the right check digit (ISO/IEC 7812-1, Annex B)."""
    doubled = [int(digit) * (1 + i % 2) for i, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _is_card(match: re.Match[str]) -> bool:
    digits = _digits(match[0])
    return bool(_ISSUER.fullmatch(digits)) and luhn(digits)


# 口座は1000000円で開ける, 普通株式1234567株: nothing but the words of a form may stand between.
_BANK_ACCOUNT = _standing_alone(f"{DIGIT}{{7}}", "-－_/", "-－_/円株人件")
_BANK_WORD = re.compile(
    r"(?:口座|普通|当座|[(（][普当][)）])(?:預金|貯金|口座)?[ 　]?(?:番号は?|(?:No|NO|Ｎｏ|ＮＯ)[.．]?)?"
    r"[ 　:：・()（）/／]{0,4}$"
)
_PASSPORT = _standing_alone(f"[A-ZＡ-Ｚ]{{2}}{DIGIT}{{7}}", "_-", "_-")
_PASSPORT_WORD = re.compile(r"(?:旅券|パスポート|passport)[^0-9０-９\n。]{0,16}$", re.IGNORECASE)


# --- licences, residence cards, pensions, insurance -----------------------------------------------

# 10 is Hokkaido, 97 Okinawa.
_LICENCE = _standing_alone(
    rf"[1-9１-９]{DIGIT}{{3}}(?P<gap>{BLANK}|{HYPHEN}|){DIGIT}{{4}}(?P=gap){DIGIT}{{4}}", "-－_/", "-－_/"
)
_LICENCE_WORD = re.compile(
    r"(?:免許証?|[Dd]riv(?:er|ing)\S{0,2} licen[cs]e)(?:[ 　の・（(：:→=第は№.．]|(?i:no|ｎｏ)|番号){0,8}$"
)
_RESIDENCE_CARD = _standing_alone(f"[A-ZＡ-Ｚ]{{2}}{BLANK}?{DIGIT}{{8}}{BLANK}?[A-ZＡ-Ｚ]{{2}}", "_-", "_-")
_RESIDENCE_CARD_WORD = re.compile(r"在留カード|特別永住者|residence card", re.IGNORECASE)
_PENSION = _standing_alone(
    rf"{DIGIT}{{4}}(?:{HYPHEN}|{BLANK}|){DIGIT}{{6}}(?:(?:{HYPHEN}|{BLANK}){DIGIT}{{4}})?", "-－_/", "-－_/円人件"
)
_PENSION_WORD = re.compile(
    r"(?:基礎年金番号(?:・年金コード)?|年金(?:手帳|証書)(?:の?(?:記号)?番号)?)[^0-9０-９\n。]{0,4}$"
)
_INSURED = _standing_alone(
    f"{DIGIT}{{1,10}}(?:(?:{HYPHEN}|・){DIGIT}{{1,8}}){{0,3}}", "-－_/", "-－_/円人件年月日桁個枚"
)
_INSURED_WORD = re.compile(
    r"(?:被保険者証?等?の?(?:記号)?・?番号|保険証の?(?:記号・?)?番号|保険者証?等?[ 　]?記号[・と]番号)"
    r"[ 　:：・()（）]{0,3}(?:は|が|を)?$"
)
_INSURED_PAIR = _standing_alone(
    f"{DIGIT}{{1,8}}[ 　・、]{{0,2}}番号[ 　:：]{{0,2}}{DIGIT}{{1,8}}", "-－_/", "-－_/円人件年月日桁"
)
_INSURED_PAIR_WORD = re.compile(r"(?:保険証?|被保険者証?|組合員証)の?[ 　]{0,2}(?:等)?記号[ 　:：]{0,2}$")

_BIRTH = re.compile(
    f"(?=[明大昭平令MTSHRＭＴＳＨＲ12１２])(?<![0-9０-９A-Za-z一二三四五六七八九十〇]){_NOT_AFTER_MASK}{_BIRTH_DATE}(?![0-9０-９]){_NOT_BEFORE_MASK}"
)
_BEFORE_BIRTH = re.compile(r"(?:生年月日|誕生日)[\]】）)]?[ 　]{0,2}(?:[:：／/|は]|\n)?[ 　]{0,2}[(（]?$")
_AFTER_BIRTH = re.compile("[ 　]?(?:生まれ|生れ|生(?![一-鿿]))")


def _is_birth(match: re.Match[str]) -> bool:
    text = match.string
    before = text[max(0, match.start() - 14) : match.start()]
    return bool(_BEFORE_BIRTH.search(before) or _AFTER_BIRTH.match(text, match.end()))


#: What stands for a name in the words around a candidate.
NAME_HOLE = "\1"
_NAME_NEAR = re.compile(NAME_HOLE)

# --- IP addresses ---------------------------------------------------------------------------------

_IPV4 = _standing_alone(rf"{DIGIT}{{1,3}}(?:[.．]{DIGIT}{{1,3}}){{3}}", "._-", "_-")
_IPV6 = re.compile(
    rf"(?<![0-9A-Za-z:.]){_NOT_AFTER_MASK}[23][0-9a-fA-F]{{3}}(?::[0-9a-fA-F]{{0,4}}){{2,7}}(?![0-9A-Za-z:]){_NOT_BEFORE_MASK}"
)
_IP_WORD = re.compile(
    r"(?<![A-Za-z])IP|ＩＰ|アドレス|address|ホスト|host|サーバ|server|DNS|ping|接続|アクセス|remote|client|from",
    re.IGNORECASE,
)
#: 1.2.3.4 may be a version or a section.
_VERSION_WORD = re.compile(
    r"(?:ver(?:sion|\.)?|(?<![A-Za-z])v|rev(?:ision|\.)?|release|build|バージョン|版|リリース|[A-Za-z]/|第|§|節|章)"
    r"[ 　:：]?$",
    re.IGNORECASE,
)


def _is_public_ip(match: re.Match[str]) -> bool:
    try:
        return ipaddress.ip_address(match[0].translate(_HALF_WIDTH)).is_global
    except ValueError:
        return False


def _is_plain_ip(match: re.Match[str]) -> bool:
    # Versions and sections have small numbers, with at most one large one (1.2.107.6 of an editor). So has 8.8.8.8,
    # which needs a word therefore.
    return _is_public_ip(match) and sum(int(group) >= 20 for group in _digit_groups(match[0])) >= 2


def _is_small_ip(match: re.Match[str]) -> bool:
    return _is_public_ip(match) and not _is_plain_ip(match)


# --- addresses ------------------------------------------------------------------------------------

_ADDRESS = re.compile(f"(?=[{ADDRESS_START}]){_NOT_AFTER_MASK}{ADDRESS_PATTERN}")
_ADDRESS_AFTER_CODE = re.compile(f"(?=[〒0-9０-９]){_NOT_AFTER_MASK}{POSTED_PATTERN}")
_NOT_AFTER_LETTER = rf"(?={LETTER})(?<![一-鿿々ヶケヵカァ-ヴーA-Za-z]){_NOT_AFTER_MASK}"
_FULL_MUNICIPALITY = re.compile(_NOT_AFTER_LETTER + FULL_MUNICIPALITY_PATTERN)
_MUNICIPALITY = re.compile(_NOT_AFTER_LETTER + MUNICIPALITY_PATTERN)
_ADDRESS_WORD = re.compile(r"(?:〒|住所|所在地|本籍|居所)[^\n]{0,8}$")
# Until 1998 postal codes had three or five digits.
_POSTAL_CODE = re.compile(
    rf"{_NOT_AFTER_MASK}〒{BLANK}?[:：]?{BLANK}?{DIGIT}{{3}}"
    rf"(?:{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{2,4}}|{BLANK}?{DIGIT}{{4}})?(?!{DIGIT}){_NOT_BEFORE_MASK}"
)
_POSTAL_DIGITS = _standing_alone(rf"{DIGIT}{{3}}{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{4}}", "-－_/", "-－_/")
_POSTAL_WORD = re.compile(r"(?:〒|郵便番号|住所|所在地)[^0-9０-９A-Za-z]{0,6}$")
_POSTAL_BARE = _standing_alone(f"{DIGIT}{{7}}", "-－_/", "-－_/")
_POSTAL_WORD_IN_LINE = re.compile(r"郵便番号[^0-9０-９A-Za-z\n。]{0,6}$")

# --- the rules ------------------------------------------------------------------------------------

#: Every rule. Where two find the same span, both report it.
RULES: tuple[Rule, ...] = (
    Rule("credential", "userinfo", 0.95, _USERINFO),
    Rule("credential", "api_key", 0.95, _API_KEY, _is_key),
    Rule("credential", "private_key", 0.99, _PRIVATE_KEY, across_lines=True),
    Rule("email", "email", 0.98, _EMAIL, _is_email),
    Rule("email", "email_written_at", 0.9, _EMAIL_WRITTEN, _is_email),
    Rule("email", "email_spaced", 0.85, _EMAIL_SPACED, _has_blank),
    Rule("credit_card", "card_grouped", 0.98, _CARD_GROUPED, _is_card),
    Rule("credit_card", "card_bare", 0.9, _CARD_BARE, _is_card, needs=_CARD_WORD, within_chars=100),
    Rule(
        "credit_card",
        "card_named_after",
        0.9,
        _CARD_BARE,
        _is_card,
        needs=_CARD_WORD,
        within_chars=12,
        needs_after=True,
    ),
    Rule(
        "my_number",
        "my_number",
        0.95,
        _MY_NUMBER,
        _is_my_number,
        needs=_MY_NUMBER_WORD,
        within_chars=300,
        needs_after=True,
    ),
    Rule("phone", "phone_grouped", 0.95, _PHONE_GROUPED, _is_grouped_phone),
    Rule("phone", "phone_blanks", 0.85, _PHONE_GROUPED, _is_blank_phone, needs=_PHONE_WORD, within_chars=40),
    Rule("phone", "phone_old", 0.85, _PHONE_GROUPED, _is_old_phone, needs=_PHONE_WORD, within_chars=40),
    Rule("phone", "phone_spaced", 0.85, _PHONE_SPACED, _is_spaced_phone),
    Rule("phone", "phone_bare", 0.8, _PHONE_BARE, _is_bare_phone, unless=_OTHER_NUMBER),
    Rule("phone", "phone_abroad", 0.95, _PHONE_ABROAD),
    Rule("bank_account", "bank_account", 0.85, _BANK_ACCOUNT, needs=_BANK_WORD, within_chars=16),
    Rule("passport", "passport", 0.85, _PASSPORT, needs=_PASSPORT_WORD, within_chars=24),
    Rule("driving_licence", "driving_licence", 0.9, _LICENCE, needs=_LICENCE_WORD, within_chars=24),
    Rule("residence_card", "residence_card", 0.95, _RESIDENCE_CARD, needs=_RESIDENCE_CARD_WORD, within_chars=24),
    Rule("pension_number", "pension_number", 0.9, _PENSION, needs=_PENSION_WORD, within_chars=20),
    Rule("insurance_number", "insured", 0.85, _INSURED, needs=_INSURED_WORD, within_chars=20),
    Rule("insurance_number", "insured_pair", 0.85, _INSURED_PAIR, needs=_INSURED_PAIR_WORD, within_chars=20),
    Rule(
        "birth_date",
        "birth_date",
        0.85,
        _BIRTH,
        _is_birth,
        needs=_NAME_NEAR,
        within_chars=60,
        needs_after=True,
        next_line=True,
    ),
    Rule("ip", "ipv4", 0.9, _IPV4, _is_plain_ip, unless=_VERSION_WORD),
    Rule("ip", "ipv4_small", 0.8, _IPV4, _is_small_ip, needs=_IP_WORD, within_chars=30, unless=_VERSION_WORD),
    Rule("ip", "ipv6", 0.95, _IPV6, _is_public_ip),
    Rule("postal_address", "address", 0.95, _ADDRESS, is_place),
    Rule("postal_address", "address_after_code", 0.95, _ADDRESS_AFTER_CODE, is_place),
    Rule("postal_address", "municipality_full", 0.85, _FULL_MUNICIPALITY, is_place),
    Rule("postal_address", "municipality", 0.85, _MUNICIPALITY, is_place, needs=_ADDRESS_WORD, within_chars=16),
    Rule("postal_address", "postal_code", 0.95, _POSTAL_CODE),
    Rule("postal_address", "postal_digits", 0.9, _POSTAL_DIGITS, needs=_POSTAL_WORD, within_chars=12),
    Rule("postal_address", "postal_bare", 0.9, _POSTAL_BARE, needs=_POSTAL_WORD_IN_LINE, within_chars=12),
)
