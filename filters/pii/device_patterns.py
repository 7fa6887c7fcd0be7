"""Patterns of what identifies a device, a vehicle, an account abroad, or the place of a home, by its own shape."""

from __future__ import annotations

import re

from manyo.filters.pii.character_sets import BLANK, DIGIT
from manyo.filters.pii.check_digits import is_iban
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.matching import HALF_WIDTH, HOLE, NAME_HOLE, Pattern

# The class number has up to three digits, since 2018 also letters; a dot stands for a missing digit of the number.
_PLATE_KANA = "[あいうえかきくけこさすせそたちつてとなにぬねのはひふほまみむめもやゆよらりるれろわを]"
_PLATE_HYPHEN = "[-－‐‑–−]"
_PLATE_SERIAL = (
    f"(?:{DIGIT}{{1,2}}{BLANK}?{DIGIT}?{_PLATE_HYPHEN}{DIGIT}{{2,3}}"
    rf"|[・･.．]{{1,3}}{BLANK}?{_PLATE_HYPHEN}?(?:{DIGIT}{_PLATE_HYPHEN})?{DIGIT}{{1,3}}{_PLATE_HYPHEN}?{DIGIT}{{0,2}})"
)
#: Places of plates are in kanji or katakana but for these.
_PLATE_PLACE = "[一-鿿ァ-ヶ]{1,4}|いわき|つくば|なにわ|とちぎ|(?<![ぁ-んァ-ヶ一-鿿])[ぁ-ん]{2,4}"
_PLATE = lazily(
    f"(?=[0-9０-９一-鿿ぁ-んァ-ヶ])(?<![一-鿿ァ-ヶ]){NOT_AFTER_MASK}(?:"
    # With its class number, the place makes a plate of four digits in a row.
    f"(?:{_PLATE_PLACE}){BLANK}{{0,2}}[1-9１-９][0-9０-９A-Z]{{1,2}}{BLANK}{{0,2}}{_PLATE_KANA}{BLANK}{{0,2}}"
    f"(?:{_PLATE_SERIAL}|[1-9１-９]{DIGIT}{{2,3}}|{DIGIT}{{1,2}}[・･]{DIGIT}{{2}})"
    # Motorcycles: one digit before the place, or none.
    f"|(?:(?<![0-9０-９])[1-9１-９]{BLANK})?[一-鿿]{{1,4}}{BLANK}{_PLATE_KANA}{BLANK}{_PLATE_SERIAL}"
    f"|[一-鿿]{{1,4}}[市区町村]{BLANK}{{0,2}}{_PLATE_KANA}{BLANK}{{0,2}}{_PLATE_SERIAL}"
    f")(?![0-9０-９年月日円人]){NOT_BEFORE_MASK}"
)
#: MAC:3C-22-… and Wi-Fi:06:5c:… follow a label, 00:3C:22:… an octet.
_NO_OCTET_BEFORE = r"(?<![0-9A-Fa-f.\-])(?<!(?<![0-9A-Za-z])[0-9A-Fa-f]{2}:)(?<![0-9A-Fa-f]{4}:)(?<!::)"
_MAC = lazily(
    rf"(?=[0-9A-Fa-f])(?:{_NO_OCTET_BEFORE}{NOT_AFTER_MASK}[0-9A-Fa-f]{{2}}(?:(?P<mark>[:-])[0-9A-Fa-f]{{2}})"
    rf"(?:(?P=mark)[0-9A-Fa-f]{{2}}){{4}}(?![0-9A-Fa-f:\-]){NOT_BEFORE_MASK}"
    rf"|{_NO_OCTET_BEFORE}{NOT_AFTER_MASK}[0-9a-f]{{4}}\.[0-9a-f]{{4}}\.[0-9a-f]{{4}}(?![0-9A-Za-z:.\-]){NOT_BEFORE_MASK})"
)
_IBAN = lazily(
    rf"(?=[A-Z])(?<![A-Za-z0-9]){NOT_AFTER_MASK}[A-Z]{{2}}[0-9]{{2}}(?:{BLANK}?[A-Z0-9]{{4}}){{2,7}}(?:{BLANK}?[A-Z0-9]{{1,4"
    rf"}})?(?![A-Za-z0-9]){NOT_BEFORE_MASK}"
)
#: Lengths by country, of the registry of SWIFT (release 99).
_IBAN_CHARS = {
    "AD": 24,
    "AE": 23,
    "AT": 20,
    "BE": 16,
    "BG": 22,
    "BR": 29,
    "CH": 21,
    "CY": 28,
    "CZ": 24,
    "DE": 22,
    "DK": 18,
    "EE": 20,
    "EG": 29,
    "ES": 24,
    "FI": 18,
    "FR": 27,
    "GB": 22,
    "GE": 22,
    "GR": 27,
    "HR": 21,
    "HU": 28,
    "IE": 22,
    "IL": 23,
    "IS": 26,
    "IT": 27,
    "KW": 30,
    "KZ": 20,
    "LI": 21,
    "LT": 20,
    "LU": 20,
    "LV": 21,
    "MC": 27,
    "MT": 31,
    "NL": 18,
    "NO": 15,
    "PK": 24,
    "PL": 28,
    "PT": 25,
    "QA": 29,
    "RO": 24,
    "RS": 22,
    "SA": 24,
    "SE": 24,
    "SI": 19,
    "SK": 24,
    "SM": 27,
    "TR": 26,
    "UA": 29,
    "VG": 24,
}


def is_mac(match: re.Match[str]) -> bool:
    """No address of a group, no address of nobody, none of documentation (RFC 7042, section 2.1.1), and no example."""
    octets = re.sub("[^0-9a-f]", "", match[0].lower())
    pairs = [octets[i : i + 2] for i in range(0, 12, 2)]
    # The gate counts digits.
    has_digits = len(re.findall("[0-9]", octets)) >= 3
    is_example = octets.startswith(("00005e0053", "01005e", "3333")) or len(set(pairs)) <= 2
    return (
        has_digits
        and not is_example
        and octets not in ("001122334455", "0123456789ab", "aabbccddeeff", "123456789abc", "001a2b3c4d5e")
    )


def _is_iban(match: re.Match[str]) -> bool:
    number = re.sub(BLANK, "", match[0])
    is_long = len(re.findall("[0-9]", number)) >= 12  # the gate counts digits
    return is_long and _IBAN_CHARS.get(number[:2]) == len(number) and is_iban(number)


def _is_plate(match: re.Match[str]) -> bool:
    # 徒歩10分の10-20 is none: the character before the serial number is no word of the sentence.
    return not re.search("[0-9年月日時分]の", match[0].translate(HALF_WIDTH)[:-5]) or bool(re.search(BLANK, match[0]))


# --- the position of a home ---

_DEGREES = r"[0-9]{1,2}(?:\.[0-9]+)?"
_POSITION = lazily(
    "(?=[NS北234])(?:"
    rf"(?<![0-9.]){NOT_AFTER_MASK}(?:[NS]{BLANK}?)?[234][0-9]\.[0-9]{{4,}}(?:°?[NS])?[,、/ 　]{{1,3}}(?:[EW]{BLANK}"
    rf"?)?1[234][0-9]\.[0-9]{{4,}}(?:°?[EW])?(?![0-9]){NOT_BEFORE_MASK}"
    rf"|(?<![0-9.]){NOT_AFTER_MASK}(?:北緯{BLANK}?|N{BLANK}?)?[234][0-9]{BLANK}?[°度]{BLANK}?[0-9]{{1,2}}{BLANK}?['"
    rf"′’分]{BLANK}?(?:{_DEGREES}{BLANK}?[\"″”秒]?)?{BLANK}?N?[,、 　]{{0,3}}"
    rf"(?:東経{BLANK}?|E{BLANK}?)?1[234][0-9]{BLANK}?[°度]{BLANK}?[0-9]{{1,2}}{BLANK}?['′’分]{BLANK}?(?:{_DEGREES}"
    rf"{BLANK}?[\"″”秒]?)?{BLANK}?E?{NOT_BEFORE_MASK})"
)
_DEGREES_POSITION = lazily(
    rf"(?:北緯|N){BLANK}?{NOT_AFTER_MASK}[234][0-9]\.[0-9]{{3,}}{BLANK}?[度°]?[,、 　]{{0,3}}(?:東経|E){BLANK}?1[23"
    rf"4][0-9]\.[0-9]{{3,}}{BLANK}?[度°]?{NOT_BEFORE_MASK}"
)
_HOME = lazily(
    "自宅|うち[のはへに]|実家|(?<![一-鿿])家(?![族電具])|我が家|わが家|住まい|お宅|住所|住んで|(?:彼|彼女|友人"
    "|祖父母|両親)の家"
)
#: The home of somebody who is named right before the position: 大西さん宅 35.71102, 139.80877.
_SOMEBODYS_HOME = lazily(f"(?:(?:さん|様|氏)宅|{NAME_HOLE}(?:さん|様|氏|宅)?)[^\n0-9]{{0,8}}$")
_SCENIC = lazily("山頂|剣ヶ峰|島|駅|岬|灯台|震源|城跡")

# --- accounts ---

_SOCIAL_HOSTS = (
    *("instagram.com/", "twitter.com/", "/x.com/", "facebook.com/", "tiktok.com/", "threads.net/", "line.me/ti/p/"),
    *("line.me/R/ti/p/", "/t.me/", "bsky.app/profile/"),
)
_SOCIAL_PAGE = lazily(
    rf"(?<=/)(?:{'|'.join(f'(?<={re.escape(host)})' for host in _SOCIAL_HOSTS)}){NOT_AFTER_MASK}"
    r"(?!(?:share|intent|home|search|hashtag|p|reel|explore|i|sharer|pages|groups|login|privacy|tos|events|watch"
    r"|plugins"
    r"|dialog|widgets|status|[A-Za-z]+\.php)(?![A-Za-z0-9_.]))"
    rf"~?@?[A-Za-z0-9_][A-Za-z0-9_.\-]{{2,40}}(?<![.\-]){NOT_BEFORE_MASK}"
)
_SOCIAL_WORD = lazily(
    r"(?i:インスタ|ツイッター|Twitter|Instagram|LINE|ライン|フェイスブック|Facebook|TikTok|DM|フォロー"
    r"|(?<![A-Za-z])X(?![A-Za-z])|アカウント|垢|SNS|スレッズ|ブルースカイ)[^\n]{0,40}$"
)
_OFFICIAL = lazily("公式|オフィシャル|official|当社|弊社|番組|編集部|当店")
#: アカウント/@yama follows a label, example.com/@yama a host.
_AT_HANDLE = lazily(
    rf"(?=@)(?<![A-Za-z0-9_.@+\-])(?<![!-~\s]/){NOT_AFTER_MASK}@[A-Za-z0-9_][A-Za-z0-9_.]{{2,30}}(?<!\.)(?![A-Za-z0-9_@])"
    rf"{NOT_BEFORE_MASK}"
)
_HANDLE_WORD = lazily(
    r"(?i:インスタ|ツイッター|Twitter|Instagram|(?<![A-Za-z])LINE(?![A-Za-z])|ライン|TikTok"
    r"|(?<![A-Za-z])X(?![A-Za-z])|アカウント|垢|スレッズ|ブルースカイ|DM|フォロー)[^\n。]{0,12}$"
)

#: ディスコードは名前#1234
_SNS_SAID = lazily(
    r"(?i:インスタ|ツイッター|Twitter|Instagram|LINE|(?<![ァ-ヴー])ライン|TikTok|ディスコード|Discord|スカイプ|Skype"
    r"|カカオ(?:トーク)?|テレグラム|Telegram)"
    "(?:の?(?:ID|ＩＤ|アカウント|垢|アカ|名))?(?:(?:は|も|なら|で)[ぁ-ゖー、わ変更]{0,10}|[:：])?[ 　「『(（]?$"
)
_SNS_NAME = lazily(
    rf"(?=[A-Za-z])(?<![A-Za-z0-9_.@＠#/-]){NOT_AFTER_MASK}(?!(?i:id|name|account):)[A-Za-z][A-Za-z0-9_.:#\-]{{3,30}}(?<![.:\-])(?![A-Za-z0-9_@＠/])"
    rf"{NOT_BEFORE_MASK}"
)
_BRACKET_AGE = lazily(
    f"(?<=[（(]){NOT_AFTER_MASK}(?:{DIGIT}{{2,3}}|[一二三四五六七八九十〇]{{2,3}})(?=[)）]){NOT_BEFORE_MASK}"
)
_NAME_BEFORE = lazily(f"{NAME_HOLE}(?:さん|様|氏|儀|くん|ちゃん|容疑者|被告)?[（(]$")


def _is_marked_handle(match: re.Match[str]) -> bool:
    return bool(re.search("[0-9_#]|[a-z][.][a-z]", match[0]))


# --- ages and licences without a label ---

# A span of ages, or an age that somebody has to have, is nobody's.
_NO_AGE = (
    "以上|以下|以降|未満|から|まで|より|〜|～|~|-|前後|代|児|時|向け|限定|上限|定年|超|差|違|ずつ"
    "|刻み|を(?:対象|過ぎ|超)"
)
_AGE = lazily(
    f"(?=[0-9０-９一二三四五六七八九十百])(?<![0-9０-９第.．,，〜～~一二三四五六七八九十百-]){NOT_AFTER_MASK}"
    f"(?:(?:(?<=享年)|(?<=享年[ 　]))(?:{DIGIT}{{1,3}}|[一二三四五六七八九十百〇]{{1,4}})(?:{BLANK}?(?:[歳才]|さい))?"
    f"|(?:{DIGIT}{{1,3}}|[一二三四五六七八九十百]{{1,4}}){BLANK}?(?:[歳才]|さい))(?!{BLANK}?(?:{_NO_AGE})){NOT_BEFORE_MASK}"
)
_OWN_AGE = lazily(
    f"(?=[0-9０-９一二三四五六七八九十])(?:(?:(?<=当方)|(?<=当方、)|(?<=私は)|(?<=私、)|(?<=俺は)|(?<=僕は)|(?<=わたしは)|(?<=ぼくは)|(?<=あたしは)|(?<=自分は)|(?<=こちらは)){NOT_AFTER_MASK}"
    f"(?:{DIGIT}{{2}}|[一二三四五六七八九十]{{2,3}}){BLANK}?[歳才](?!{BLANK}?(?:{_NO_AGE}|の(?:時|頃|とき|ころ)))"
    f"{NOT_BEFORE_MASK}"
    # Who asks for contact says an age, and then work or the like.
    f"|(?<=[、。！!の　 \n・/／]){NOT_AFTER_MASK}{DIGIT}{{2}}{BLANK}?[歳才]"
    f"(?=[、,・/／ 　。]{{0,2}}の?(?:♂|♀|会社員|社会人|学生|大学生|主婦|主夫|独身|既婚|フリーター|OL|ＯＬ"
    f"|公務員|看護師|自営業|無職|身長|バツ|[一二三]児|シングル|パート|アルバイト)){NOT_BEFORE_MASK})"
)
_BARE_LICENCE = lazily(
    rf"(?<=[第 　]){NOT_AFTER_MASK}[1-9１-９](?:{BLANK}?{DIGIT}){{11}}(?={BLANK}?号){NOT_BEFORE_MASK}"
)
_LICENCE_WORD = lazily("免許|公安委員会|優良|(?:種類|条件等?)[ 　]|まで有効|二・?小・?原")

_NAME_NEAR = lazily(NAME_HOLE)
#: But 柴田 and 犬飼 are people.
_PET = lazily(
    "犬(?![飼養塚丸伏童山])|猫|ネコ|オス|メス|ペット|うさぎ|インコ|♂|♀|柴(?![田山崎原本野辺垣])|茶トラ|患畜"
    "|(?<![一-鿿])[雄雌](?![一-鿿])|ヨウム|文鳥|ハムスター|アルパカ|ポニー|ヤギ"
)
_ANY_HOLE = lazily(f"[{HOLE}{NAME_HOLE}]")

PATTERNS: tuple[Pattern, ...] = (
    Pattern("licence_plate", "licence_plate", 0.9, _PLATE, _is_plate),
    Pattern("mac_address", "mac_address", 0.9, _MAC, is_mac),
    Pattern("iban", "iban", 0.98, _IBAN, _is_iban),
    Pattern(
        "geo_position", "geo_position", 0.8, _POSITION, needs=_HOME, within_chars=60, needs_after=True, unless=_SCENIC
    ),
    Pattern("geo_position", "geo_of_name", 0.8, _POSITION, needs=_SOMEBODYS_HOME, within_chars=16, unless=_SCENIC),
    Pattern(
        "geo_position",
        "geo_degrees",
        0.8,
        _DEGREES_POSITION,
        needs=_HOME,
        within_chars=60,
        needs_after=True,
        unless=_SCENIC,
    ),
    Pattern(
        "sns_id", "sns_named", 0.8, _SNS_NAME, _is_marked_handle, needs=_SNS_SAID, within_chars=20, unless=_OFFICIAL
    ),
    Pattern(
        "age",
        "age_in_brackets",
        0.8,
        _BRACKET_AGE,
        needs=_NAME_BEFORE,
        within_chars=8,
    ),
    Pattern("sns_id", "sns_page", 0.8, _SOCIAL_PAGE, needs=_SOCIAL_WORD, within_chars=60, unless=_OFFICIAL),
    Pattern("sns_id", "sns_handle", 0.8, _AT_HANDLE, needs=_HANDLE_WORD, within_chars=24, unless=_OFFICIAL),
    Pattern(
        "age",
        "age",
        0.8,
        _AGE,
        needs=_NAME_NEAR,
        within_chars=60,
        needs_after=True,
        unless=_PET,
    ),
    Pattern("age", "own_age", 0.8, _OWN_AGE, needs=_ANY_HOLE, within_chars=120, needs_after=True),
    Pattern(
        "driving_licence", "licence_bare", 0.8, _BARE_LICENCE, needs=_LICENCE_WORD, within_chars=60, needs_after=True
    ),
)
