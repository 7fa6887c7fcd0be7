"""Patterns of telephone and fax numbers, by the numbering plan of Japan."""

from __future__ import annotations

import re

from manyo.filters.pii.character_sets import ANY_DIGIT, BLANK, DIGIT, HYPHEN, KANJI_DIGIT
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import NAME_HOLE, UNLESS_CHARS, Pattern, digit_groups, digits_of, grouped, header_of

# A Japanese keyboard gives ー for a hyphen.
_OPEN, _CLOSE = "[(（〈《［\\[〔【]", "[)）〉》］\\]〕】]"
_GAP = rf"(?:{BLANK}{{0,2}}(?:{_CLOSE}{BLANK}?{HYPHEN}?|{_OPEN}|{HYPHEN}|[.．〜～~]){BLANK}{{0,2}}|{BLANK})"
_PHONE_SHAPES = (
    *((2, 4, 4), (3, 3, 4), (4, 2, 4), (5, 1, 4), (2, 8), (3, 7), (4, 6)),  # landline
    *((3, 4, 4), (3, 8), (7, 4)),  # mobile and IP
    *((4, 3, 3), (4, 3, 4)),  # 0120, 0570, 0800
    (2, 3, 4),  # Tokyo until 1991, Osaka until 1999
)
_ABROAD_SHAPES = ((1, 4, 4), (2, 3, 4), (3, 2, 4), (4, 1, 4), (2, 4, 4), (3, 3, 3), (2, 8), (1, 8), (9,), (10,))


def _phone(core: str, not_after: str = "") -> re.Pattern[str]:
    """An expression for a telephone number, which may touch TEL, FAX, T or F before it, and letters after it."""
    return lazily(
        # The first character is tested first: most places fail there, at little cost.
        f"(?=[0０〇(（〈《［\\[〔【+＋%])(?<!{DIGIT})(?<!{DIGIT}{HYPHEN})(?<!{DIGIT}[.．]){NOT_AFTER_MASK}"
        "(?:(?<![A-Za-z_])|(?<=[Tt][Ee][Ll])|(?<=[Ff][Aa][Xx])|(?<=(?<![A-Za-z])[TF]))"
        # RF-070-1122-3344 is the number of a model, but TEL-070-1122-3344 is none.
        f"(?:(?<![A-Za-z]{HYPHEN})|(?<=[Tt][Ee][Ll]{HYPHEN})|(?<=[Ff][Aa][Xx]{HYPHEN}))"
        f"(?:{core})"
        f"(?!{HYPHEN}?{DIGIT})(?![.．]{DIGIT})(?!{HYPHEN}?[A-Za-zＡ-Ｚ](?![A-Za-zＡ-Ｚ]))(?!(?<={KANJI_DIGIT}){KANJI_DIGIT}){NOT_BEFORE_MASK}"
        + (f"(?![{not_after}])" if not_after else "")
    )


_PHONE_GROUPED = _phone(
    rf"(?:{_OPEN}(?={ANY_DIGIT}{{2,6}}{_CLOSE}))?(?=[0０]|(?<!{KANJI_DIGIT})〇)"
    rf"(?:{grouped(_PHONE_SHAPES, ANY_DIGIT, _GAP)})"
)
_PHONE_MARKED = _phone(
    rf"[0０][789７８９][0０](?P<mark>[・･/／,，、の]){DIGIT}{{4}}(?P=mark){DIGIT}{{4}}"
    # Other area codes, where no date or fraction is written so: a fifth digit is no year's.
    rf"|[0０](?:{DIGIT}(?P<two>[・･/／の]){DIGIT}{{4}}(?P=two)|{DIGIT}{{2}}(?P<three>[・･/／の]){DIGIT}{{3}}(?P=three)"
    rf"|{DIGIT}{{3}}(?P<four>[・･/／の]){DIGIT}{{2}}(?P=four)|{DIGIT}{{4}}(?P<five>[・･/／の]){DIGIT}(?P=five)){DIGIT}{{4}}"
)
#: OCR takes O for 0 and l for 1; only hyphens between the groups make sure that it is a number.
_OCR_DIGIT = "[0-9０-９OoQlI|]"
_PHONE_READ = lazily(
    rf"(?=[0OoQ])(?<![0-9０-９A-Za-z.-]){NOT_AFTER_MASK}(?:[0OoQ]{_OCR_DIGIT}{HYPHEN}{_OCR_DIGIT}{{4}}"
    rf"|[0OoQ]{_OCR_DIGIT}{{2}}{HYPHEN}{_OCR_DIGIT}{{3,4}}|[0OoQ]{_OCR_DIGIT}{{3}}{HYPHEN}{_OCR_DIGIT}{{2,3}}"
    rf"|[0OoQ]{_OCR_DIGIT}{{4}}{HYPHEN}{_OCR_DIGIT}){HYPHEN}{_OCR_DIGIT}{{3,4}}(?![0-9０-９A-Za-z])(?!{HYPHEN}[0-9A-Za-z]){NOT_BEFORE_MASK}"
)
_OF_OCR = str.maketrans("OoQlI|", "000111")
_PHONE_SPACED = _phone(
    rf"[0０](?:{BLANK}{DIGIT}){{1,4}}(?:{BLANK}?{HYPHEN}{BLANK}?{DIGIT}(?:{BLANK}{DIGIT}){{0,3}}){{2}}"
)
_PHONE_BARE = _phone(f"[0０]{DIGIT}{{9,10}}", not_after="A-Za-z_/")
_PHONE_ABROAD = _phone(
    rf"(?:[+＋]|%2[Bb]|00){BLANK}?[8８][1１]{_GAP}?(?:[(（]?[0０][)）]?{_GAP}?)?"
    rf"(?:{grouped(_ABROAD_SHAPES, DIGIT, _GAP)})"
)

_PHONE_WORD = lazily(
    r"電話|でんわ|(?<![A-Za-z])(?:tel|phone|telephone|fax|mobile)(?![A-Za-z])|ＴＥＬ|Ｔｅｌ|ＦＡＸ|Ｆａｘ|℡|☎|✆|📞|📱"
    r"|テレホン|ショートメール|SMS|ファックス|ファクス|フリーダイヤル|フリーコール|ナビダイヤル|携帯|ケータイ|連絡先|お?問い?合わ?せ|折り?返し先",
    re.IGNORECASE,
)
_OTHER_WORD = (
    "ISBN|ISSN|ASIN|JAN|(?<!電話)(?<!携帯)(?<!連絡先)(?<!ファックス)(?<!ファクス)(?<!FAX)(?<!ＦＡＸ)番号|[品型]番|記号|コード|ＩＤ"
    r"|(?<![A-Za-z])(?:ID|No\.?)|№|/dp/"
)
#: What has a number of its own, which may look like that of a telephone.
_THING = (
    "[型品部]番|型式|形式|型名|機種|旧型|製番|製造(?:番号|No|記号)|製品(?:番号|コード)|商品(?:番号|コード)|部品番号"
    "|ロット(?:番号|No)?|シリアル(?:番号|ナンバー|No)?|図番|図面番号|管理番号|注文番号|伝票番号|受付番号|追跡番号|文書番号|整理番号|登録番号"
    "|所蔵番号|識別番号|許可番号|事件番号|申請番号|見積番号|請求書番号|発注番号|在庫番号|ビルド(?:番号)?|バージョン|号機|便名"
    "|(?<![A-Za-z0-9@._/-])(?i:serial(?: ?(?:no|number))?|s/n|p/n|build|lot|model(?: ?(?:no|number))?"
    "|part[ _]?(?:no|number)"
    "|version|ver|rev|sku|(?:item|order|case|ticket|invoice) ?(?:no|number|#))"
)
_NAME_BEFORE = lazily(f"{NAME_HOLE}[ 　]{{0,2}}$")
# Nothing that may be masked stands between, so that masking decides nothing.
_MARKS = "[ 　\t:：=＝()（）\\[\\]【】「」\"'#＃はのが、・/|*.…_-]"
_BETWEEN = f"{_MARKS}{{0,6}}\n?{_MARKS}{{0,3}}"
#: Before a bare number, these mean that it is something else.
_OTHER_NUMBER = lazily(rf"(?:{_OTHER_WORD})[^0-9０-９\n]{{0,4}}$", re.IGNORECASE)
_THING_BEFORE = lazily(rf"(?:{_THING}){_BETWEEN}$")
#: The last letter of any of them, from the end of a text on.
_END_OF_THING = lazily(rf"\n?{_MARKS}{{0,3}}\n?{_MARKS}{{0,6}}[番式名種型号機ドルトンーA-Za-z#]")


def _is_of_thing(match: re.Match[str]) -> bool:
    """Whether the words before a number, or the head of its column, name a thing that has it."""
    text, start = match.string, match.start()
    # 所 蔵 番 号 is printed with blanks.
    before = re.sub("[ 　](?<=[一-鿿].)(?=[一-鿿])", "", text[max(0, start - UNLESS_CHARS) : start])
    header = header_of(text, start)
    # Sought from its end, the word costs little where there is none.
    return bool(
        (_END_OF_THING.match(before[::-1]) and _THING_BEFORE.search(before))
        or (header and _THING_BEFORE.search(header))
    )


# Area codes as of 総務省's list: 012, 013, 014 and 016 exist only as starts of longer ones.
_AREA_CODE_OF_2 = frozenset({"03", "04", "06"})
_AREA_CODE_OF_3 = lazily("01[15789]|02[2-9]|04[2-9]|05[2-9]|07[2-9]|08[2-9]|09[2-9]")
_LONGER_AREA_CODE = lazily("0[1-9][1-9]")
_SERVICE = lazily("0120|0570|0800|0990|0180|0170")
_MOBILE_OR_IP = lazily("0[56789]0[1-9]")
_MOBILE_OR_IP_PREFIX = lazily("0[256789]0")


def _is_phone(number: str) -> bool:
    """Whether grouped digits fit the Japanese numbering plan."""
    groups = digit_groups(number)
    digits = "".join(groups)
    # 090-〇〇〇〇-〇〇〇〇 is a blank to be filled in, and 03-0000-0000 an example.
    is_blank = re.search("[0-9０-９]", number) and re.search(
        "(?<![一二三四五六七八九])〇+(?![一二三四五六七八九])", number
    )
    if is_blank or digits.endswith("0000000"):
        return False
    first = groups[0]
    if len(digits) == 11:
        # No number starts with 090-0, but readers, and those who collect numbers, take 090-0000-4321 for one.
        is_written_as_mobile = tuple(map(len, groups)) == (3, 4, 4) and _MOBILE_OR_IP_PREFIX.match(digits)
        return bool(is_written_as_mobile or _MOBILE_OR_IP.match(digits)) or (first == "0800" and len(groups) == 3)
    # 060-1234-567 is too short for a mobile number, but 06-0123-4567 is one of Osaka.
    if len(digits) != 10 or (_MOBILE_OR_IP.match(digits) and len(first) != 2):
        return False
    if _SERVICE.match(digits):
        return len(first) == 4
    if len(first) == 2:
        return first in _AREA_CODE_OF_2
    if len(first) == 3:
        return bool(_AREA_CODE_OF_3.match(digits))
    return bool(_LONGER_AREA_CODE.match(digits)) and len(groups[-1]) == 4


def _is_read_phone(match: re.Match[str]) -> bool:
    """Whether letters that OCR takes for digits complete a number; most of it are digits."""
    n_letters = len(re.findall("[OoQlI|]", match[0]))
    return 0 < n_letters <= 2 and _is_phone(match[0].translate(_OF_OCR)) and not _is_of_thing(match)


def _has_only_blanks(number: str) -> bool:
    """Whether only blanks separate the groups of a number that might be a row of a table: 03 1234 5678.

    090 1234 5678 is clearly a telephone number.
    """
    if re.search(rf"{HYPHEN}|[()（）.．〜～~]", number):
        return False
    return not (_MOBILE_OR_IP_PREFIX.match(digits_of(number)) and tuple(map(len, digit_groups(number))) == (3, 4, 4))


def _is_grouped_phone(match: re.Match[str]) -> bool:
    return not _has_only_blanks(match[0]) and _is_phone(match[0]) and not _is_of_thing(match)


def _is_blank_phone(match: re.Match[str]) -> bool:
    return _has_only_blanks(match[0]) and _is_phone(match[0]) and not _is_of_thing(match)


def _is_spaced_phone(match: re.Match[str]) -> bool:
    return _is_phone(re.sub(BLANK, "", match[0]))


def _is_old_phone(match: re.Match[str]) -> bool:
    groups = digit_groups(match[0])
    return groups[0] in ("03", "06") and tuple(map(len, groups)) == (2, 3, 4)


def _is_bare_zero(match: re.Match[str]) -> bool:
    """Whether digits are a mobile number but for the 0 after its prefix, with which no number starts: 09003175528."""
    digits = digits_of(match[0])
    return len(digits) == 11 and bool(re.match("0[789]00[0-9]", digits)) and not digits.endswith("0000")


def _is_bare_phone(match: re.Match[str]) -> bool:
    digits = digits_of(match[0])
    if _is_of_thing(match):
        return False
    if len(digits) == 11:
        return bool(_MOBILE_OR_IP.match(digits)) or digits.startswith("0800")
    landline = digits[:2] in ("03", "06") or _LONGER_AREA_CODE.match(digits) or _SERVICE.match(digits)
    return bool(landline) and not digits.endswith("0000000")


#: A number abroad (ITU-T E.164): a country code and groups of digits, 15 digits at most.
_PHONE_OF_OTHERS = lazily(
    rf"(?=[+＋])(?<![0-9A-Za-z０-９+＋]){NOT_AFTER_MASK}[+＋](?!8 ?1)[1-9][0-9]{{0,2}}"
    rf"(?:[ .-]?(?:\([0-9]{{1,4}}\)|[0-9]{{2,8}})){{2,5}}"
    rf"(?![0-9A-Za-z]|[.,-][0-9]){NOT_BEFORE_MASK}"
)


def _is_of_others(match: re.Match[str]) -> bool:
    return 9 <= len(digits_of(match[0])) <= 15 and len(digit_groups(match[0])) > 2


PATTERNS: tuple[Pattern, ...] = (
    Pattern("phone", "phone_of_others", 0.85, _PHONE_OF_OTHERS, _is_of_others),
    Pattern("phone", "phone_grouped", 0.95, _PHONE_GROUPED, _is_grouped_phone),
    Pattern("phone", "phone_marked", 0.85, _PHONE_MARKED, lambda match: not _is_of_thing(match)),
    Pattern("phone", "phone_read", 0.85, _PHONE_READ, _is_read_phone),
    Pattern("phone", "phone_named", 0.8, _PHONE_GROUPED, _is_blank_phone, needs=_NAME_BEFORE, within_chars=3),
    Pattern("phone", "phone_blanks", 0.85, _PHONE_GROUPED, _is_blank_phone, needs=_PHONE_WORD, within_chars=40),
    Pattern("phone", "phone_old", 0.85, _PHONE_GROUPED, _is_old_phone, needs=_PHONE_WORD, within_chars=40),
    Pattern("phone", "phone_spaced", 0.85, _PHONE_SPACED, _is_spaced_phone),
    Pattern(
        "phone",
        "phone_zeros",
        0.8,
        _PHONE_BARE,
        _is_bare_zero,
        needs=_PHONE_WORD,
        within_chars=40,
        needs_after=True,
        unless=_OTHER_NUMBER,
    ),
    Pattern("phone", "phone_bare", 0.8, _PHONE_BARE, _is_bare_phone, unless=_OTHER_NUMBER),
    Pattern("phone", "phone_abroad", 0.95, _PHONE_ABROAD),
)
