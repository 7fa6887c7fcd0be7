"""Patterns of numbers whose shape is rare, so that a word of their kind anywhere near makes them.

In a form a label stands beside its value. In speech, chats and notes it does not: 在留カードの番号が変わり、前は
AB12345678CD. What is sure there is the shape; a word for the kind in the passage, before or after, says the rest.
The commoner the shape, the nearer and the plainer the word must be.
"""

from __future__ import annotations

import re
from typing import Final

from manyo.filters.pii.character_sets import DIGIT, HYPHEN
from manyo.filters.pii.check_digits import luhn, my_number_check_digit
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import Pattern, digits_of, standing_alone

_OTHER_NUMBER: Final = lazily(
    "(?:注文|予約|伝票|追跡|受付|整理|問い?合わ?せ|お?見積(?:もり)?|請求書?|商品|[型品]番|製品|管理|登録|法人|事業所|保険者|会員|ISBN|JAN|便)"
    "(?:の?(?:番号|No\\.?|ID|コード))?[^0-9０-９A-Za-z\\n。]{0,6}$"
    "|(?<!被)保険者番号[^0-9\\n]{0,4}$|[¥￥$#/@=]$|数[ 　:：は]{0,2}$",
    re.IGNORECASE,
)
_NO_UNIT: Final = "(?! ?(?:円|口|人|名|個|件|株|台|枚|ポイント|pt|万|千|億|年|月|日|時|分|回|票|歩|km|m|kg|%|％))"


def _number(core: str) -> re.Pattern[str]:
    alone = standing_alone(core, "-－_/", "-－_/")
    return lazily(alone.pattern + _NO_UNIT)


_RESIDENCE: Final = _number(f"[A-ZＡ-Ｚ]{{2}}{DIGIT}{{8}}[A-ZＡ-Ｚ]{{2}}")
_PASSPORT: Final = _number(f"[A-ZＡ-Ｚ]{{2}}{DIGIT}{{7}}")
#: Of other countries: eight or nine capitals and digits (ICAO 9303).
_FOREIGN_PASSPORT: Final = _number("(?=[A-Z]{0,3}[0-9])[A-Z0-9]{8,9}")
_LICENCE: Final = _number(f"[1-9１-９]{DIGIT}{{11}}")
_PENSION: Final = _number(f"{DIGIT}{{4}}{HYPHEN}{DIGIT}{{6}}")
#: 2023-202404 is a time.
_YEARS: Final = lazily("(?:19|20)[0-9]{2}.(?:19|20)")
_EMPLOYMENT: Final = _number(f"{DIGIT}{{4}}{HYPHEN}{DIGIT}{{6}}{HYPHEN}{DIGIT}")
_RESIDENT: Final = _number(f"[1-9１-９]{DIGIT}{{10}}")
_IMEI: Final = _number(f"{DIGIT}{{15}}")
_MY_NUMBER: Final = _number(rf"{DIGIT}{{4}}(?P<gap>[ 　]|{HYPHEN}|){DIGIT}{{4}}(?P=gap){DIGIT}{{4}}")
_ACCOUNT: Final = _number(f"{DIGIT}{{7}}")
_INSURED: Final = _number(f"{DIGIT}{{7,10}}")
#: A name of an account that no word is.
_HANDLE: Final = lazily(
    rf"(?=[a-z])(?<![A-Za-z0-9_.@＠#/:=-]){NOT_AFTER_MASK}[a-z][a-z0-9.]*_[a-z0-9._]+(?:#[0-9]{{4}})?"
    rf"(?<![._])(?![A-Za-z0-9@＠/=(-])(?!\.[a-z]){NOT_BEFORE_MASK}"
)


def _is_my_number(match: re.Match[str]) -> bool:
    digits = digits_of(match[0])
    return len(set(digits)) > 1 and my_number_check_digit(digits[:11]) == int(digits[11])


def _is_imei(match: re.Match[str]) -> bool:
    return luhn(digits_of(match[0]))


def _is_foreign_passport(match: re.Match[str]) -> bool:
    n_digits = len(re.findall("[0-9]", match[0]))
    return n_digits == len(match[0]) == 9 or 5 <= n_digits < len(match[0])


def _is_handle(match: re.Match[str]) -> bool:
    return len(match[0]) >= 6 and len(re.findall("[a-z]", match[0])) >= 4 and "official" not in match[0]


def _near(kind: str, expression: re.Pattern[str], words: str, chars: int, **more: object) -> Pattern:
    return Pattern(
        kind,
        f"near_{kind}",
        0.8,
        expression,
        needs=lazily(words),
        within_chars=chars,
        needs_after=True,
        unless=_OTHER_NUMBER,
        **more,  # type: ignore[arg-type]
    )


PATTERNS: Final = (
    _near("residence_card", _RESIDENCE, "在留|特別永住|永住者証明|外国人登録|入管|技能実習|ビザ|カード", 150),
    _near("passport", _PASSPORT, "旅券|パスポート|(?i:passport)|渡航|出入国", 120),
    _near("passport", _FOREIGN_PASSPORT, "旅券|パスポート|(?i:passport)", 60, accept=_is_foreign_passport),
    _near("driving_licence", _LICENCE, "免許", 80),
    _near("pension_number", _PENSION, "年金", 80, accept=lambda match: not _YEARS.match(match[0])),
    _near("employment_insurance", _EMPLOYMENT, "雇用保険|離職票|ハローワーク|失業", 120),
    _near("resident_code", _RESIDENT, "住民票コード", 100),
    _near("imei", _IMEI, "スマホ|スマートフォン|携帯|電話|端末|IMEI|iPhone|Android|本体", 100, accept=_is_imei),
    _near(
        "my_number",
        _MY_NUMBER,
        "マイナンバー|個人番号|通知カード|税務署|年末調整|確定申告|源泉徴収|扶養(?:控除|に入)|マイナ",
        150,
        accept=_is_my_number,
    ),
    _near("bank_account", _ACCOUNT, "振込先|口座|振り込|普通預金|普通(?:です|で、)|名義", 40),
    _near("insurance_number", _INSURED, "保険証|保険の証|被保険者|受給者証|医療証|手帳の番号|資格確認書", 24),
    _near(
        "sns_id",
        _HANDLE,
        "(?<![ァ-ヴー])ライン|LINE|ＬＩＮＥ|インスタ|ツイッター|DM|ディスコ|フレンド|フレ申請|友達追加|垢|アカウント|検索して|(?<![A-Za-z])ID|フォロー",
        24,
        accept=_is_handle,
    ),
)
