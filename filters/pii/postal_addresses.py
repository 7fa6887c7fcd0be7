"""Japanese postal addresses: patterns for 〒 codes and for prefecture → municipality → town → block number.

An address counts if it goes down to a block: 東京都渋谷区 is a place, 東京都渋谷区神南1-2-3 a building. Addresses of
homes, shops and town halls look alike, so all are masked: a corpus loses little by a masked shop, but a person loses
much by a published home.
"""

from __future__ import annotations

import re

from manyo.filters.pii.character_sets import BLANK, DIGIT, HYPHEN

_PREFECTURE = (
    "(?:北海道|東京都|京都府|大阪府|(?:青森|岩手|宮城|秋田|山形|福島|茨城|栃木|群馬|埼玉|千葉|神奈川|新潟|富山"
    "|石川|福井|山梨"
    "|長野|岐阜|静岡|愛知|三重|滋賀|兵庫|奈良|和歌山|鳥取|島根|岡山|広島|山口|徳島|香川|愛媛|高知|福岡|佐賀|長崎"
    "|熊本|大分|宮崎"
    "|鹿児島|沖縄)県)"
)
LETTER = "[一-鿿々〆〇ヶケヵカァ-ヴーぁ-ん]"
# A particle after the prefecture starts a sentence about it: 北海道の市町村は1-2年…
_MUNICIPALITY = f"(?![のはがをにでともへや]){LETTER}{{1,9}}?[市区町村郡]"
_TOWN = f"(?:{LETTER}|[・A-Za-zＡ-Ｚａ-ｚ]){{0,24}}?"
# 北1条西2丁目: Hokkaido counts streets as well.
_STREET = f"(?:[北南東西]{BLANK}?(?:{DIGIT}{{1,2}}|[一二三四五六七八九十]{{1,3}})(?:条|線)[一-鿿]{{0,6}}?)?"

_NUMBER = f"(?:[1-9１-９]{DIGIT}{{0,4}}|[一二三四五六七八九十百〇]{{1,7}})"
_MORE = f"(?:{BLANK}?(?:{HYPHEN}|の|ノ|番地の?|番|号)?{BLANK}?{_NUMBER})"
_DASH = f"{BLANK}?{HYPHEN}{BLANK}?"
# 2010-11-20 after a town is a date and 1-2週間 a duration, but 1-2-9 日比谷ビル and 1-2-9日本橋ビル are blocks.
_NO_UNIT = (
    f"(?!{DIGIT})(?!{HYPHEN}{DIGIT})"
    "(?!年|月|日(?![一-鿿])|時|分|秒|円|人|名|個|件|回|週|歳|度|票|点|倍|[%％]|ヶ月|か月|km|ｋｍ|m|cm)"
)
_NO_DATE = f"(?!(?:19|20){DIGIT}{{2}}{HYPHEN}(?:19|20)?{DIGIT}{{2}}(?:{HYPHEN}{DIGIT}{{2}})?(?!{DIGIT}))"
_CHOME = (
    f"{_NUMBER}{BLANK}?丁(?:目|(?=[0-9０-９一二三四五六七八九十]))"
    f"(?:{BLANK}?{_NUMBER}(?:{BLANK}?番地?)?(?:{BLANK}?(?:{HYPHEN}|の|ノ)?{BLANK}?{_NUMBER}(?:{BLANK}?号)?){{0,3}}"
    f"{_NO_UNIT})?"
)
_DASHES_TWO = f"{_NO_DATE}[1-9１-９]{DIGIT}{{0,4}}(?:{_DASH}{DIGIT}{{1,5}}){{1,4}}(?:号)?{_NO_UNIT}"
_DASHES_THREE = f"{_NO_DATE}[1-9１-９]{DIGIT}{{0,3}}(?:{_DASH}{DIGIT}{{1,4}}){{2,4}}(?:号)?{_NO_UNIT}"
_BANCHI = f"{_NUMBER}{BLANK}?番地(?:{BLANK}?(?:{HYPHEN}|の|ノ)?{BLANK}?{_NUMBER}(?:号)?)?"
# 一番町 is a town and 三番目 a rank.
_BAN = f"{_NUMBER}{BLANK}?番{BLANK}?(?:{HYPHEN}?{BLANK}?{_NUMBER}{BLANK}?号?|(?=[\\s、。,)）」』]|$))"
# Iwate counts 地割.
_CHIWARI = f"第?{_NUMBER}{BLANK}?地割(?:{BLANK}?{_NUMBER}{_MORE}{{0,3}}(?:号|番地?)?)?"
_BLOCK = f"(?:{_CHIWARI}|{_CHOME}|{_BANCHI}|{_BAN}|{_DASHES_TWO})"
_FULL_BLOCK = (
    f"(?:{_CHIWARI}|{_NUMBER}{BLANK}?丁目?{BLANK}?{_NUMBER}{_MORE}{{0,3}}(?:号|番地?)?{_NO_UNIT}"
    f"|{_BANCHI}|{_DASHES_THREE}|{_NUMBER}番{BLANK}?{_NUMBER}号)"
)
_BARE_BLOCK = f"[1-9１-９]{DIGIT}{{0,4}}{_NO_UNIT}"
# A number after prefecture, municipality and town, where the words end.
_BARE_END = f"[1-9１-９]{DIGIT}{{1,4}}{_NO_UNIT}(?=[\\s、。,)）」』/／]|$|[のにでへ](?![0-9０-９]))"
# A room completes the address of a block.
_HOUSE = (
    "(?:ビル|マンション|アパート|荘|ハイツ|コーポ|ハイム|メゾン|タワー|レジデンス|コート|パレス|ハウス|プラザ|団地"
    "|住宅|会館|寮|ヴィラ|テラス|ヒルズ)"
)
_ROOM_NUMBER = f"(?:[A-Za-zＡ-Ｚ]?{HYPHEN}?{DIGIT}{{1,4}}(?:号室|号棟|号|室|[FＦ](?![A-Za-z])|階)|[A-ZＡ-Ｚ]号?[室棟])"
_ROOM = (
    f"(?:{BLANK}{{0,2}}(?:{LETTER}|[・A-Za-zＡ-Ｚａ-ｚ]){{1,20}}?{BLANK}?(?:{_ROOM_NUMBER}"
    f"|(?<=[荘棟ビルンツポムト館寮ースみ]){DIGIT}{{1,4}}(?![0-9０-９年月日時円人名]))"
    f"{_ROOM_NUMBER}?|{BLANK}{{0,2}}(?:{LETTER}|[・A-Za-zＡ-Ｚａ-ｚ]){{0,16}}?{_HOUSE}(?:{LETTER}{{0,8}}{DIGIT}{{2,"
    f"4}}(?:号室|号)?(?![0-9０-９年月日時円人名])|(?![一-鿿ァ-ヴー])))?"
)

_POSTAL_CODE = (
    f"(?:〒{BLANK}?)?(?<!{DIGIT})(?<!{DIGIT}[-－]){DIGIT}{{3}}{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{4}}{BLANK}{{0,2}}"
)

#: Prefecture → municipality → town → block, with a postal code if one stands before it.
ADDRESS_PATTERN = (
    f"(?:{_POSTAL_CODE})?{_PREFECTURE}{BLANK}?{_MUNICIPALITY}{BLANK}?{_TOWN}{BLANK}?{_STREET}(?:{_BLOCK}"
    f"|{_BARE_END}){_ROOM}"
)
#: Postal code → municipality → town → number; after a postal code a bare number is enough.
POSTED_PATTERN = (
    f"{_POSTAL_CODE}(?:{_PREFECTURE}{BLANK}?)?{_MUNICIPALITY}{BLANK}?{_TOWN}{BLANK}?{_STREET}"
    f"(?:{_BLOCK}|{_BARE_BLOCK}){_ROOM}"
)
# Without a prefecture, hiragana may be a particle (今は大阪市…), except in cities that are written with it.
_CITY = (
    "(?:(?:[一-鿿々ヶケァ-ヴー]|(?<=[一-鿿])の(?=[一-鿿])){1,7}?[市区郡]"
    "|(?:あきる野|あま|あわら|いすみ|いちき串木野|いなべ|いわき|うきは|うるま|えびの|かすみがうら|かほく|さいたま"
    "|さくら|さぬき|たつの"
    "|つがる|つくば|つくばみらい|にかほ|ひたちなか|ふじみ野|みどり|みやま|みよし|むつ|東かがわ|南あわじ|南さつま)市)"
)
#: Municipality → town → block without a prefecture.
MUNICIPALITY_PATTERN = f"{_CITY}{BLANK}?{_TOWN}{BLANK}?{_STREET}{_BLOCK}{_ROOM}"
#: The same with a block number of at least three parts, which is clear without a word before it.
FULL_MUNICIPALITY_PATTERN = f"{_CITY}{BLANK}?{_TOWN}{BLANK}?{_STREET}{_FULL_BLOCK}{_ROOM}"

#: The same of a ward of a city, with a town and a block of two parts.
WARD_PATTERN = f"[一-鿿]{{1,6}}市[一-鿿]{{1,5}}区{LETTER}{{2,12}}?{_DASHES_TWO}{_ROOM}"

#: Characters that a prefecture or a postal code starts with.
ADDRESS_START = "〒0-9０-９北東京大青岩宮秋山福茨栃群埼千神新富石長岐静愛三滋兵奈和鳥島岡広徳香高佐熊鹿沖"

#: RE2 expression found in every piece of text with a postal code or one of the above.
ADDRESS_GATE = (
    f"〒|{DIGIT}{{3}}{BLANK}?{HYPHEN}{BLANK}?{DIGIT}{{4}}|郵便番号.*{DIGIT}{{7}}"
    f"|[市区町村郡].*[0-9０-９一二三四五六七八九十百〇]{BLANK}?(?:丁|番|地割|{HYPHEN})|[都道府県][^\n]{{1,12}}[市区"
    f"町村郡][^\n]{{1,24}}[0-9０-９]{{2}}"
)

_SENTENCE = re.compile(
    "[市区町村郡](?:の|[はがもで](?=[0-9０-９]))|第[0-9０-９一二三四五六七八九十]+(?:[条項号章節回位次期代巻版部]"
    "|-|－)|を|では|には|から|まで|として|という|による|における|など|および|または|とか|です|ます|した|する|ある"
    "|いる"
)


def is_place(match: re.Match[str]) -> bool:
    """Whether the words before the number name a place: no particles or verbs, and not 同区, which repeats one."""
    return not _SENTENCE.search(match[0]) and not match[0].startswith("同")
