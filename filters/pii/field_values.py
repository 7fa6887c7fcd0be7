"""What counts as a value of each kind beside its label: `value_of` says where it starts and ends.

Values are matched in the folded text, at the place that `fields.py` found. Between the digits of a number print and OCR
put blanks, and a reader takes O for 0 and l for 1; a label makes up for that. Where a number has a check digit it
decides, otherwise its shape does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from manyo.filters.pii.address_values import read_address
from manyo.filters.pii.check_digits import luhn, my_number_check_digit
from manyo.filters.pii.device_patterns import is_mac
from manyo.filters.pii.fields import Field
from manyo.filters.pii.kinds import NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.number_patterns import is_card

_LIKE_DIGITS: Final = str.maketrans("OoQlI|〇一二三四五六七八九", "000111" + "0123456789")
_DIGIT: Final = "[0-9OoQlI|]"


def _run(*sizes: int, gap: str = "[ -]{0,3}") -> str:
    """Digits in groups of these sizes, each digit with blanks before it as OCR leaves them."""
    return gap.join(f"{_DIGIT}(?: {{0,2}}{_DIGIT}){{{size - 1}}}" for size in sizes)


#: No digit, letter or unit goes on after a number.
_STOP: Final = rf"(?!{_DIGIT}*[0-9A-Za-z])(?! ?-[0-9])(?![.,][0-9]){NOT_BEFORE_MASK}"
_NO_UNIT: Final = (
    "(?! ?(?:円|株|人|件|名(?!義)|年|月|日(?!本)|個|枚|桁|回|万|千|億|台|口座|分の|%|歳|才|ポイント|ヶ月"
    "|か月|の(?:よう|ごと"
    "|形))|など)"
)


def _shape(expression: str, unit: bool = True) -> re.Pattern[str]:
    return lazily(f"(?:{expression}){_STOP}{_NO_UNIT if unit else ''}")


_ACCOUNT: Final = _shape(
    rf"{_run(5)} ?- ?[0-9](?: ?- ?[0-9]{{1,8}})|{_run(5)} ?- ?{_run(8)}|{_run(5)} ?- ?{_run(7)}|{_run(5)} ?- ?"
    rf"{_run(6)}|0{_run(4)} ?- ?[0-9] ?- ?[0-9]{{1,7}}"
    rf"|{_run(3)} ?- ?{_run(7)}|{_run(8)}|{_run(7)}|{_run(6)}|[0-9]{{9,14}}"
)
_SYMBOL: Final = _shape(rf"1{_DIGIT}{{4}}|1(?: {{1,2}}{_DIGIT}){{4}}")
_INSURED: Final = _shape(
    r"(?:[一-鿿ァ-ヴー]{1,3} ?[・-] ?)?第?(?:[0-9](?: {1,2}[0-9OIl]){1,9}|[0-9]{4} [0-9]{4}"
    r"|[0-9][0-9OIl]{0,9}(?:[-・][0-9]{1,8}){0,3})号?"
)
#: With its prefix in kanji: 水12-0458831.
_PREFIXED: Final = _shape("[一-鿿]{1,2}[0-9]{1,4} ?[-・] ?[0-9]{3,8}")
_MEMBER: Final = _shape(
    # 第415-8820937号, as policies have it.
    r"第[0-9]{1,8}(?:-[0-9]{1,10}){0,3}号"
    r"|[A-Za-z]{0,5} ?[-_.]?(?:[0-9](?: {1,2}[0-9]){3,12}|[0-9]{2,5}(?: [0-9]{2,5}){1,4}(?! ?[0-9])"
    r"|[0-9][0-9A-Za-z]{0,15}(?:[-_./][0-9A-Za-z]{1,10}){0,4})"
    r"|[A-Za-z]{1,3}(?:-[A-Za-z0-9]{1,6}){1,4}"
)

# --- dates ---

_ERA: Final = "(?:明治?|大正?|昭和?|平成?|令和?|[MTSHR][. ]?)"
_COUNT: Final = "(?:元|[0-9]{1,4}|[〇一二三四五六七八九十壱弐参拾廿]{1,4})"
_MONTH: Final = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\\.?"
#: 昭和五十年三月四日, 1975/03/04, S50.3.4, 14 MAR 1988, 19750304.
DATE: Final = (
    f"(?:{_ERA} ?{_COUNT}|(?:18|19|20) ?[0-9] ?[0-9]|[一二][〇一二三四五六七八九]{{3}}) ?(?:\\([^()]{{2,8}}\\) ?)?"
    f"(?:年 {{0,2}}{_COUNT} ?月 {{0,2}}{_COUNT} ?日|(?P<mark>[-/.]) ?[0-9]{{1,2}} ?(?P=mark) ?[0-9]{{1,2}})"
    f"|(?i:[0-9]{{1,2}}[ -]{_MONTH}[ ,-]{{1,2}}(?:18|19|20)[0-9]{{2}}|{_MONTH} [0-9]{{1,2}},? (?:18|19|20)[0-9]{{2}})"
)
#: Forms let the writer encircle the era, and OCR reads all of them: 大・㊐・平 41年6月23日.
_ERAS: Final = lazily("[明大昭平令MTSHR・㊐㍾㍽㍼㍻○◯ ,/]{2,16}(?= ?[0-9])")
_OF_AN_ERA: Final = lazily(f"[0-9]{{1,2}} ?年 ?[0-9]{{1,2}} ?月 ?[0-9]{{1,2}} ?日{NOT_BEFORE_MASK}")
_BIRTH: Final = lazily(
    f"(?:{DATE}|(?:19|20)[0-9]{{2}}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01]))(?![0-9]){NOT_BEFORE_MASK}"
)
_AGE: Final = lazily(
    r"(?:(?:男|女)性?[・/、, ]{1,2})?(?:満|数え|享年)?"
    r"(?P<age>(?:[0-9]{1,3}|[一二三四五六七八九十百〇]{1,4})(?: ?(?:[歳才]|さい))?)"
    rf"(?![0-9]|[.,][0-9]|以|未|か|から|代|〜|~|[-ー]|[一-鿿]){NOT_BEFORE_MASK}"
)

# --- secrets ---

_SECRET: Final = lazily(r"[!-~]{4,200}")
_SECRET_END: Final = lazily(r"[\"'`;,)\]}>」』】]+[;,]?$|[、。].*$|[.,;]+$")
# What stands in the place of a secret: a description, a variable, an example.
_NO_SECRET: Final = lazily(
    r"(?i)your|example|change[_-]?me|placeholder|dummy|sample|xxx|\*\*\*|\.\.\.|^<|>$|^\$|\{\{|\{[a-z_]+\}"
    r"|%[a-z_]+%|^\[|https?://|^(?:null|none|true|false|undefined|string|password|required|optional|reset|forgot"
    r"|process\.env|os\.environ|getenv|secret|token|input|text|hidden|login|username)|\(|^(.)\1+$|^[#&@/]|^(?:home|usr|etc|var|tmp|root|Users)/|^--|…"
)
_HAS_DIGIT: Final = lazily("[0-9]")
_HAS_LETTER: Final = lazily("[A-Za-z]")
_HAS_LOWER: Final = lazily("[a-z]")
_HAS_OTHER: Final = lazily("[^a-z0-9]")
_CODE_WORD: Final = lazily("[a-z]+(?:[._][a-zA-Z]+)+|[A-Z]?[a-z]+(?:[A-Z][a-z]+)*|[A-Z_]+")
#: Their secrets may be four digits.
_PIN_WORDS: Final = (
    *("暗証番号", "暗証no", "pin", "pinコード", "pin番号", "ピンコード", "passcode", "パスコード", "認証コード"),
    *("セキュリティコード", "解錠番号", "開錠番号", "解錠コード", "開錠コード", "ダイヤル番号", "ロック番号"),
    *("オートロック番号", "キーボックス番号"),
)

# --- accounts of social networks ---

_SOCIAL_URL: Final = lazily(
    r"(?:https?://)?(?:www\.|m\.|mobile\.)?(?:instagram\.com|twitter\.com|x\.com|facebook\.com|tiktok\.com"
    r"|threads\.net|line\.me/(?:ti/p|R/ti/p)|t\.me|github\.com|bsky\.app/profile|note\.com"
    r"|youtube\.com)/(?P<id>@?~?[A-Za-z0-9_.\-]{2,40})"
)
_HANDLE: Final = lazily(r"@[A-Za-z0-9_][A-Za-z0-9_.\-]{1,30}|[A-Za-z0-9_][A-Za-z0-9_.\-]{2,30}(?:#[0-9]{4})?")
_PLAIN_NUMBER: Final = lazily(r"[0-9]+(?:\.[0-9]+)?")
_SHORT_NETWORKS: Final = ("x", "ig", "tw")
_HANDLE_BY_ITSELF: Final = lazily("@[A-Za-z0-9_.]+|(?=[A-Za-z.]*[0-9_])[A-Za-z0-9_.]{6,}")
# Accounts of companies and towns are public.
_OFFICIAL: Final = lazily("公式|オフィシャル|(?i:official)|当社|弊社|番組|編集部")
_OFFICIAL_CHARS: Final = 40
_POSITION: Final = lazily(
    r"[NS]?[0-9]{2}\.[0-9]{3,8}°?[NS]?[ ,/、]{1,3}[EW]?1[0-9]{2}\.[0-9]{3,8}°?[EW]?"
    r"|(?:北緯|[NS])? ?[0-9]{2} ?[°度] ?[0-9]{1,2} ?['′分] ?(?:[0-9]{1,2}(?:\.[0-9]+)? ?(?:\"|″|秒"
    r"|'') ?)?[NS]?[ ,、]{0,3}(?:東経|[EW])? ?1[0-9]{2} ?[°度] ?[0-9]{1,2} ?['′分] ?(?:[0-9]{1,2}(?:\.[0-9]+)? ?(?:"
    r"\"|″|秒|'') ?)?[EW]?"
)
#: One of the two, beside a label of its own.
_COORDINATE: Final = lazily(
    r"(?:(?:北緯|東経|[NSEW]) ?)?(?P<value>1?[0-9]{2}(?:\.[0-9]{3,8}°?|[°度] ?[0-9]{1,2} ?['′分]"
    r"(?: ?[0-9]{1,2}(?:\.[0-9]+)? ?(?:\"|″|秒|''))?))(?![0-9.])"
)

_COORDINATE_WORDS: Final = ("緯度", "経度", "latitude", "longitude", "lat", "lon", "lng", "long")

_Span = tuple[int, int]


def _digits(value: str) -> str:
    return re.sub("[^0-9]", "", value.translate(_LIKE_DIGITS))


def _is_read_right(value: str) -> bool:
    """Whether most of what stands for digits are digits."""
    return len(re.findall("[0-9]", value)) * 2 > len(re.findall(_DIGIT, value))


def _is_sure(value: str, field: Field) -> bool:
    """Whether a value may stand apart from its label: then it has six digits at least."""
    return field.strength != "said" or len(re.findall("[0-9]", value)) >= 6


def _by(
    shape: re.Pattern[str], accept: Callable[[str], bool] = lambda digits: True
) -> Callable[[str, Field], _Span | None]:
    """A reader of values that match a shape and whose digits pass a check."""

    def read(fold: str, field: Field) -> _Span | None:
        match = shape.match(fold, field.start, field.stop)
        if match and _is_sure(match[0], field) and _is_read_right(match[0]) and accept(_digits(match[0])):
            return match.span()
        return None

    return read


def _is_my_number(digits: str) -> bool:
    return len(set(digits)) > 1 and my_number_check_digit(digits[:11]) == int(digits[11])


def _account(fold: str, field: Field) -> _Span | None:
    if field.label.word in ("記号", "番号") and (symbol := _SYMBOL.match(fold, field.start, field.stop)):
        return symbol.span()
    match = _ACCOUNT.match(fold, field.start, field.stop)
    if not match or not _is_read_right(match[0]) or not _is_sure(match[0], field):
        return None
    n_digits = len(_digits(match[0]))
    is_usual = (
        n_digits == 7
        or (n_digits == 8 and field.label.word == "番号")
        or "-" in match[0]
        or (field.strength == "firm" and n_digits >= 6)
    )
    return match.span() if is_usual else None


def _member(fold: str, field: Field) -> _Span | None:
    match = _MEMBER.match(fold, field.start, field.stop)
    n_digits = len(re.findall("[0-9]", match[0])) if match else 0
    if not match or n_digits < (5 if field.strength == "said" else 3):
        return None
    return match.span()


def _insured(fold: str, field: Field) -> _Span | None:
    match = _INSURED.match(fold, field.start, field.stop)
    if not match and field.strength == "firm" and "記号" in field.label.word:
        match = _PREFIXED.match(fold, field.start, field.stop)
    return match.span() if match and len(match[0]) > 1 and _is_sure(match[0], field) else None


def _age(fold: str, field: Field) -> _Span | None:
    match = _AGE.match(fold, field.start, field.stop)
    # One digit is an age only where a column or a key of code says so.
    is_alone = field.in_column or field.label.word in ("age", "nenrei")
    return match.span("age") if match and (len(match[0]) > 1 or is_alone) else None


def _secret(fold: str, field: Field) -> _Span | None:
    match = _SECRET.match(fold, field.start, field.stop)
    is_pin = field.label.word in _PIN_WORDS
    # 暗証番号2847で opens a door; in code a word goes on at once.
    is_next = match is not None and match.start() == field.label.stop
    if not match or (is_next and not (is_pin and field.label.word > "z" and match[0][0].isdigit())):
        return None
    value = _SECRET_END.sub("", match[0])
    quoted = fold[field.start - 1] if field.start else " "
    if quoted in "\"'`" and quoted in match[0]:
        value = match[0][: match[0].index(quoted)]
    if not (4 if is_pin else 6) <= len(value) or _NO_SECRET.search(value):
        return None
    has_digit, has_letter = bool(_HAS_DIGIT.search(value)), bool(_HAS_LETTER.search(value))
    if is_pin:
        return (match.start(), match.start() + len(value)) if has_digit else None
    if field.strength == "said" and not (has_digit and _HAS_LOWER.search(value) and _HAS_OTHER.search(value)):
        return None
    if not has_letter or (not has_digit and _CODE_WORD.fullmatch(value)):
        return None
    return match.start(), match.start() + len(value)


def _handle(fold: str, field: Field) -> _Span | None:
    if _OFFICIAL.search(fold, max(0, field.label.start - _OFFICIAL_CHARS), field.stop):
        return None
    url = _SOCIAL_URL.match(fold, field.start, field.stop)
    if url:
        return url.span("id")
    match = _HANDLE.match(fold, field.start, field.stop)
    # x="62.38" is a place in a picture, logs.map( a call.
    if not match or fold[match.end() : match.end() + 1] in ("@", "/", ":", "(") or _PLAIN_NUMBER.fullmatch(match[0]):
        return None
    stop = match.start() + len(match[0].rstrip(".-"))
    # In code x and tw are variables, too.
    if field.label.word in _SHORT_NETWORKS and not _HANDLE_BY_ITSELF.fullmatch(fold, match.start(), stop):
        return None
    is_marked = match[0].startswith("@") or bool(re.search("[0-9_.]", fold[match.start() : stop]))
    is_id = field.label.word.endswith("id") and field.strength != "said"
    return (match.start(), stop) if (is_marked or is_id) and not re.match("https?$|www", match[0]) else None


def _position(fold: str, field: Field) -> _Span | None:
    match = _POSITION.match(fold, field.start, field.stop)
    if match:
        return match.span()
    one = _COORDINATE.match(fold, field.start, field.stop) if field.label.word in _COORDINATE_WORDS else None
    return one.span("value") if one else None


def _birth(fold: str, field: Field) -> _Span | None:
    match = _BIRTH.match(fold, field.start, field.stop)
    if match:
        return match.span()
    chars, places = _squeezed(fold, field)
    apart = _BIRTH.match(chars)
    if not apart and (eras := _ERAS.match(chars)):
        apart = _OF_AN_ERA.match(chars, eras.end())
    return (places[apart.start()], places[apart.end() - 1] + 1) if apart else None


_PHONE_GAP: Final = r"(?:-\n|\n-| {0,2}[-()〈〉《》\[\]〔〕【】・･./~,] {0,2}[)〉》\]〕】]?-? ?| {1,2})?"
_PHONE: Final = lazily(
    rf"\(?(?:\+ ?81{_PHONE_GAP}\(?0?\)?{_PHONE_GAP}[1-9]|[0Oo〇])(?:{_PHONE_GAP}[0-9OoIl〇一二三四五六七八九]){{8,1"
    rf"0}}(?!"
    rf"[0-9A-Za-z]|[-.,][0-9]){NOT_BEFORE_MASK}"
)


#: A number within its area, and one with the code of the area.
_LOCAL_PHONE: Final = lazily("[1-9][0-9]{0,3} ?- ?[0-9]{4}")
_WHOLE_PHONE: Final = lazily(r"(?<![0-9-])\(?0[1-9][0-9]{0,3}[)-]{1,2}[0-9]{1,4}-[0-9]{4}(?![0-9-])")


def _phone(fold: str, field: Field) -> _Span | None:
    # OCR breaks a number at a hyphen.
    match = _PHONE.match(fold, field.start)
    if not match:
        local = _LOCAL_PHONE.fullmatch(fold, field.start, field.stop) if field.in_column else None
        table_stop = fold.find("\n\n", field.stop)
        # Lists of neighbours leave out the code of their area after the first.
        is_alike = local and _WHOLE_PHONE.search(fold, field.label.stop, table_stop if table_stop >= 0 else len(fold))
        return local.span() if local and is_alike else None
    digits = _digits(match[0])
    national = "0" + digits[2:].lstrip("0") if "+" in match[0] else digits
    is_mobile = re.match("0[25-9]0", national)
    if len(national) != (11 if is_mobile or national.startswith("0800") else 10) or national.endswith("0000000"):
        return None
    return None if re.match("00|0[0-9]{3}-?[0-9]{2}-?[0-9]{2}$", national) else match.span()


_MAC: Final = lazily("[0-9A-Fa-f]{12}(?![0-9A-Za-z])")


def _mac(fold: str, field: Field) -> _Span | None:
    match = _MAC.match(fold, field.start, field.stop)
    return match.span() if match and is_mac(match) else None


_EMAIL: Final = lazily(
    r"[A-Za-z0-9](?: ?[A-Za-z0-9._%+-]){0,60} ?(?:@|[\[(【<](?:at|アットマーク|アット)[\])】>]|★|☆|●) ?"
    rf"[A-Za-z0-9](?:[A-Za-z0-9-]{{0,60}} ?\. ?){{1,5}}[A-Za-z]{{2,12}}(?![A-Za-z0-9@]){NOT_BEFORE_MASK}"
)


def _email(fold: str, field: Field) -> _Span | None:
    match = _EMAIL.match(fold, field.start, field.stop)
    return match.span() if match else None


def _squeezed(fold: str, field: Field) -> tuple[str, list[int]]:
    """The characters of a field without blanks, and where each of them and the last one's end is."""
    places = [i for i in range(field.start, min(field.stop, field.start + 48)) if fold[i] != " "]
    return "".join(fold[i] for i in places), [*places, (places[-1] if places else field.start) + 1]


#: For each kind, where the value of a field starts and ends; None if there is none.
READERS: Final[dict[str, Callable[[str, Field], _Span | None]]] = {
    "phone": _phone,
    "email": _email,
    "credit_card": _by(_shape(f"{_run(4, 4, 4, 4)}|{_run(4, 6, 5)}|{_run(4, 6, 4)}"), is_card),
    "postal_address": read_address,
    "bank_account": _account,
    "insurance_number": _insured,
    "employment_insurance": _by(_shape(_run(4, 6, 1))),
    "pension_number": _by(_shape(f"{_run(4, 6)}(?:[ -]{_run(4)})?")),
    "driving_licence": _by(_shape(_run(4, 4, 4)), lambda digits: digits[0] != "0"),
    # Other countries have eight or nine letters and digits (ICAO 9303).
    "passport": _by(
        _shape("[A-Z] ?[A-Z](?: ?[0-9OIl]){7}|[A-Z]{1,2} ?[0-9]{7,8}|[0-9]{9}|(?=[A-Z]{0,3}[0-9])[A-Z0-9]{8,9}")
    ),
    "residence_card": _by(_shape(r"[A-Z] ?[A-Z](?: {0,2}[0-9OIl]){8} ?[A-Z] ?[A-Z]")),
    "my_number": _by(_shape(f"{_run(4, 4, 4, gap='[ -]{0,3}')}"), _is_my_number),
    "resident_code": _by(_shape(f"{_run(11)}|{_run(4, 4, 3)}|{_run(5, 6)}")),
    "member_id": _member,
    "mac_address": _mac,
    "imei": _by(_shape(f"{_run(15)}|{_run(2, 6, 6, 1)}"), luhn),
    "birth_date": _birth,
    "age": _age,
    "credential": _secret,
    "sns_id": _handle,
    "geo_position": _position,
}
