"""Japanese postal addresses in running text: municipality, town, block, building, room.

The anchor is a municipality of `municipalities.txt`, or something of its shape after a prefecture, as old and merged
ones have it. The town is whatever lies between the anchor and the block: towns are renamed, and 字 are in no list. The
block counts as people write it: 1-2-3, 三丁目四番五号, 第31地割88番地12, 北10条西8丁目, 12丁4番.

An address counts if it goes down to a block: 東京都渋谷区 is a place, 東京都渋谷区神南1-2-3 a building. Homes, shops
and town halls look alike, so all are masked: a corpus loses little by a masked shop, but a person loses much by a
published home. What is cut short stays readable, so an address is read to its last room.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.normal_form import mapped, table_of


class Address(NamedTuple):
    """A postal address in a text; positions in code points, `rule` says what made it one."""

    start: int
    stop: int
    rule: str


def place_names() -> tuple[frozenset[str], frozenset[str]]:
    """Prefectures, and what municipalities are called: 札幌市中央区 is 札幌市, too, and 三重郡川越町 also 川越町."""
    lines = Path(__file__).with_name("municipalities.txt").read_text("utf-8").splitlines()
    prefectures, names = set(), set()
    for line in lines:
        if line.startswith("#"):
            continue
        prefecture, *municipalities = line.split("\t")
        prefectures.add(prefecture)
        for name in municipalities:
            names |= {name, name.replace("ヶ", "ケ"), name.replace("ケ", "ヶ")}
            if ward := re.fullmatch("(.+?市)(.+区)", name):
                names.add(ward[1])
            if district := re.fullmatch("(.+?郡)(.+[町村])", name):
                names |= {district[1], district[2]}
    return frozenset(prefectures), frozenset(names)


_PREFECTURES, _MUNICIPALITIES = place_names()
_LONGEST: Final = max(map(len, _MUNICIPALITIES))
_PREFECTURE: Final = "(?:" + "|".join(sorted(_PREFECTURES)) + ")"

#: Forms before 1946, one character for one.
_OLD: Final = table_of(
    {ord(old): new for old, new in zip("縣區廣澤濱嶋國櫻龍邊當臺鹽瀧", "県区広沢浜島国桜竜辺当台塩滝", strict=True)}
)

_LETTER: Final = "[一-鿿々〆〇ヶヵァ-ヴーぁ-ん]"
_KANJI_NUMBER: Final = "[〇一二三四五六七八九十百千壱弐参拾廿]{1,8}"
#: OCR sets digits apart: 2 2 1.
_DIGITS: Final = "(?:[0-9](?: [0-9]){1,4}(?![0-9A-Za-z階室])|[0-9]{1,5})"
_N: Final = f"(?:{_DIGITS}|{_KANJI_NUMBER})"
_S: Final = " {0,2}"

_CODE: Final = lazily(
    r"(?:〒 ?)?(?<![0-9-])[0-9]{3} ?- ?[0-9]{4}(?![0-9-])[ \n]{0,2}$|〒 ?(?:[0-9] ?){3}-? ?(?:[0-9] ?){4}\n?$"
)
_SHAPE: Final = lazily(
    f"{_S}(?![のはがをにでともへや市区町村])(?:{_LETTER}{{1,7}}?郡{_S}{_LETTER}{{1,6}}?[町村]|{_LETTER}{{1,6}}?[市区郡町村])"
)
_SHAPE_BEFORE: Final = lazily("(?<![一-鿿々ァ-ヴー])(?:[一-鿿]{1,4}市(?:[一-鿿]{1,4}区)?)$")
# The first character is tested first: nearly all places fail there.
_UNIT: Final = lazily(
    f"(?=[{''.join(sorted({name[0] for name in _PREFECTURES}))}市区町村郡])(?:{_PREFECTURE}|[市区町村郡])"
)

#: What a number that is no block counts.
_COUNTED: Final = (
    "(?![0-9]|-[0-9]|[.,][0-9]|年|月|日(?![一-鿿])|時|分|秒|円|人|名|個|件|回|週|歳|度|票|点|倍|%|[ヶかカ]月|km|m|cm"
    "|世帯|戸|社|校|本|台|位|番|目|号線|キロ|万|千|億|世紀|期|種|都市|市町村|周年|つ|ヵ|箇|拠点|店舗|団体|階|行|列|区|例|議席)"
)

# The parts of a block. Hokkaido counts 条 and 線, Iwate 地割, Sakai 丁 for 丁目, old registers 番戸 and 番屋敷.
_PLOT: Final = "(?:[甲乙丙丁戊己庚辛]|[イロハニホヘトチリヌルヲワカヨタレソツ](?![ァ-ヴー]))"
_STREET: Final = (
    "(?:第?[0-9〇一二三四五六七八九十]{1,4}地割"
    f"|[東西南北]?{_N}(?:条(?:通り?)?|線)(?=[0-9東西南北 ]|{_KANJI_NUMBER}[丁番]))"
)
_CHOME: Final = f"[東西南北]?{_N}{_S}丁(?:目|(?=[0-9〇一二三四五六七八九十]))"
_GO: Final = f"(?:{_S}(?:-|の|ノ|之){_S}{_N}(?:{_S}号(?![室棟]))?|{_N}(?:{_S}号(?![室棟]))?(?![年月日時]))"
_NEXT: Final = (
    f"(?:(?<=番地) [0-9]{{1,4}}(?![0-9-]){_COUNTED}"
    f"|{_S}(?:[0-9]{{1,4}}|[0-9] [0-9])(?:{_S}-{_S}[0-9]{{1,4}}){{0,3}}{_S}号(?![室棟])"
    f"|[甲乙丙丁](?![一-鿿])|{_GO}{{0,3}})"
)
_BAN_ENDS: Final = f"(?={_S}[0-9〇一二三四五六七八九十百の-])|(?=[\\s、。,)」』;]|$)"
#: OCR puts blanks into a number: 71 2 番地.
_SPLIT: Final = "[0-9]{1,3} [0-9]{1,3}(?= {0,2}番地)"
_BANCHI: Final = f"(?:{_PLOT}?(?:{_SPLIT}|{_N}){_S}番(?:地|戸|屋敷|{_BAN_ENDS}){_NEXT}|番外地|無番地)"
_DASHES: Final = f"{_PLOT}?{_DIGITS}(?:{_S}-{_S}{_DIGITS}){{1,5}}(?:{_S}号(?![室棟]))?"
_NOS: Final = f"{_PLOT}?[0-9]{{1,5}}(?:{_S}[のノ之]{_S}[0-9]{{1,5}}){{1,3}}(?:{_S}(?:番地|号(?![室棟])))?"
#: 三丁目十二の四; in Ishikawa イの45.
_OLD_NOS: Final = f"{_KANJI_NUMBER}(?:{_S}[のノ之]{_S}{_KANJI_NUMBER}){{1,3}}(?![一-鿿])"
_LETTERED: Final = f"{_PLOT}[のノ][0-9]{{1,5}}(?:-[0-9]{{1,4}})?"
_BARE: Final = (
    f"(?:(?:{_PLOT}|字)?[0-9]{{1,5}}(?:{_S}号(?![室棟線]))?|(?<=[町通])[〇一二三四五六七八九]{{2,4}}(?![一-鿿]))"
)
_BLOCK: Final = lazily(
    f"(?P<strong>{_STREET}{_S}(?:{_CHOME}{_S})?(?:{_BANCHI}|{_DASHES}|{_NOS}|{_BARE}(?!{_S}丁){_COUNTED})"
    # Asahikawa counts the houses on each side of a street.
    f"|{_STREET}{_S}{_CHOME}(?:{_S}\n?{_S}[左右]{_S}[0-9]{{1,3}}{_S}号)?"
    f"|{_CHOME}{_S}(?:{_BANCHI}|(?:{_DASHES}|{_NOS}|{_OLD_NOS}|{_BARE}|{_KANJI_NUMBER}){_COUNTED})?"
    f"|(?:{_N}{_S}字{_S})?{_BANCHI}|{_NOS}{_COUNTED}|{_LETTERED}{_COUNTED})"
    f"|(?P<dashes>{_DASHES}){_COUNTED}"
    f"|(?P<bare>{_BARE}){_COUNTED}"
)
#: Where a block may start: kanji numbers only if a unit follows, because 三国町 is a town.
_MAY_START: Final = lazily(
    f"[0-9]|(?<=[町通])[〇一二三四五六七八九]{{2,4}}(?![一-鿿])|第[0-9]|{_PLOT}[のノ]?[0-9]|[東西南北]?{_KANJI_NUMBER}{_S}(?:丁|番|地割|条|線)|番外地|無番地|[東西南北][0-9]"
)
_FULL_DATE: Final = lazily(r"(?:1[89]|20)[0-9]{2}-[01][0-9]-[0-3][0-9](?![0-9])")
_DATE: Final = lazily(r"(?:1[89]|20)[0-9]{2} ?- ?[01]?[0-9](?: ?- ?[0-3]?[0-9])?(?![0-9])")

_HOUSE: Final = (
    "(?:ビル|マンション|アパート|荘|ハイツ|コーポ|ハイム|メゾン|タワー|レジデンス|コート|パレス|ハウス|プラザ|団地|住宅|会館|館|寮|ヴィラ"
    "|テラス|ヒルズ|ガーデン|グランド|ヒルサイド|スクエア|センター|ホーム|シャトー|カーサ|ドミール|フラット|ロイヤル|ライオンズ|ドエル)"
)
_WORD: Final = "[一-鿿々ヶヵァ-ヴーぁ-ん・A-Za-z'&]"
_ROOM_NUMBER: Final = (
    "(?:(?:地下|B)?[A-Za-z]?-?[0-9]{1,4}(?:号[室棟館]|号|室|F(?![A-Za-z])|階(?!建))|地下|B[0-9](?![0-9A-Za-z])"
    "|[A-Z][0-9]?(?:号?棟|号室|号|室)|(?<=[一-鿿ァ-ヴー])[A-Z]-[0-9]{1,4}(?![0-9A-Za-z-])|[本新東西南北別]館)"
)
_BARE_ROOM: Final = f"(?:[A-Z]-?)?[0-9]{{2,4}}{_COUNTED}(?![0-9-])"
_ROOMS: Final = f"(?:{_S}(?:{_ROOM_NUMBER}|{_BARE_ROOM}))"
_BUILDING: Final = lazily(
    f"{_S}(?:(?:第[0-9]{{1,2}})?{_WORD}{{0,20}}?{_HOUSE}{_WORD}{{0,8}}?(?:第?[0-9]{{1,2}}(?![0-9])|[ⅠⅡⅢ])?{_ROOMS}{{1,3}}"
    f"|{_WORD}{{2,20}}?{_S}{_ROOM_NUMBER}{_ROOMS}{{0,2}}"
    f"|(?:第[0-9]{{1,2}})?{_WORD}{{0,16}}?{_HOUSE}(?![一-鿿ァ-ヴー])"
    f"|{_ROOM_NUMBER}{{1,2}}"
    # A room alone: 2-45-8 302.
    "|(?<= )(?<=[0-9] |[0-9号] )[0-9]{3,4}(?=$|[\n\t、。)」]))"
)

_KYOTO: Final = lazily("上[るル]|下[るル]|[東西]入[るル]?|(?<=通)")
# Words of sentences, and words before numbers of other things: schools play 3-2, roads and fiscal years are counted.
_NO_TOWN: Final = lazily(
    "を|では|には|から|まで|として|という|による|における|など|および|または|とか|です|ます|した|する|ある|いる|こと|もの|ため|[はがもとで]$|^[のはがをにでもと]"
    "|[立校対戦杯長議署第約計全各他年月号]$|[市区町村]立|対|役所|役場|高校|学校|大学|病院|[国県府]道|線$|駅|(?:平成|昭和|令和|大正|明治)$|人口|面積|定員|電話|標高|徒歩"
    "|条例|規則|法律|TEL|Tel|tel|FAX|税|条$"
)
#: What may follow a bare number or a pair: the end of the words.
_END: Final = lazily(
    r"[ \t\n、。,)」』\]】/;:|\"'(]|$|[のにでへをなだがはもと](?![0-9])|です|まで|から|より|付近|周辺|近辺|近く"
)
#: Expression found in every piece of text with an address or a postal code.
ADDRESS_GATE: Final = (
    "〒|[0-9]{3}[ 　]?[-‐‑–—―−ー][ 　]?[0-9]{4}|郵便番号.*[0-9]{7}"
    "|[0-9OoQlI一二三四五六七八九十百][ 　]?番地"
    "|[市区町村郡區].*(?:[0-9][ 　]?(?:[丁番字条線の]|地割"
    "|[-‐‑–—―−ーノ号室]|[\\s、。,.)」』\\]】/:：;|\"'(]|$"
    "|[にでへをなだがはもと]|です|まで|から|より|付近|周辺|近[辺く])"
    "|[〇一二三四五六七八九十百千壱弐参拾廿][ 　]?(?:[丁番条線]"
    "|地割)|番外地|無番地)"
    "|丁目.*番|丁目[ 　]?[0-9]{1,3}-"
)
_TOWN_CHARS: Final = 26
_TOWN: Final = lazily(
    f"(?:{_LETTER}|[A-Za-z・ ]|(?<=[都道府県市区町村郡字])\n(?=[一-鿿ァ-ヴーぁ-ん0-9])|\n(?=大?字)"
    # OCR breaks an address anywhere; a line that starts so goes on with one.
    "|\n {0,8}(?=[0-9]{1,5} ?番)"
    "|\n(?=[一-鿿ァ-ヴー]{1,8} ?(?:[0-9〇一二三四五六七八九十] ?){1,8}(?:番|丁目|-[0-9]| |$|\n)))*"
)
_NAMED_TOWN: Final = lazily("[町丁字通台丘郷村里]$|大字|字|^[一-鿿々ヶヵァ-ヴー]{1,6}$")
#: A town, 丁目 and 番: an address without its municipality.
_TOWN_AND_BLOCK: Final = lazily(
    f"(?<![一-鿿々ヶヵァ-ヴー])(?![同当本各])(?P<town>[一-鿿々ヶヵァ-ヴー]{{2,8}}?){_CHOME}{_S}"
    f"(?:{_N}{_S}番(?:地|{_S}{_N}{_S}号){_GO}{{0,2}}|[0-9]{{1,3}}(?:-|の)[0-9]{{1,3}}(?:-[0-9]{{1,4}})?{_COUNTED})"
)


def modern(fold: str) -> str:
    """A folded text with the characters of old addresses as they are written now."""
    return mapped(fold, _OLD)


def find_addresses(text: str, start: int, stop: int) -> Iterator[Address]:
    """The addresses that start in `text[start:stop]`, in order and disjoint; one may go on in the next line.

    Args:
        text: a folded text (`manyo.filters.pii.normal_form.folded`) in modern characters.
        start, stop: where anchors may stand, in code points.

    Yields:
        Addresses from the postal code or the prefecture, if one stands before the municipality, to the last room.
    """
    reached = start
    for anchor in _anchors(text, start, stop):
        if anchor.start < reached:
            continue
        found = _read(text, anchor)
        if found:
            yield from _without_municipality(text, reached, anchor.start)
            yield found
            reached = found.stop
            if below := _building_below(text, found.stop):
                yield below
                reached = below.stop
    yield from _without_municipality(text, reached, stop)


class _Anchor(NamedTuple):
    """A municipality, with the prefecture and the postal code before it.

    `certainty` is "stated" next to a prefecture or postal code, "listed" if the municipality is in the list, and
    "shaped" if it only looks like one: 浦和市 was merged in 2001, and 東京市本郷区 in 1943.
    """

    start: int
    stop: int
    certainty: str


def _anchors(text: str, start: int, stop: int) -> Iterator[_Anchor]:
    position = start
    for match in _UNIT.finditer(text, start, stop):
        if match.start() < position:
            continue
        has_prefecture = len(match[0]) > 1
        first, last = match.span()
        certainty = "stated"
        if has_prefecture:
            last = _municipality_end(text, last)
        elif length := _name_before(text, last, position):
            first, certainty = last - length, "listed"
            last = max(last, _municipality_end(text, first))
        elif shape := _SHAPE_BEFORE.search(text, max(position, last - 9), last):
            first, certainty = shape.start(), "shaped"
        else:
            continue
        if not last:
            continue
        code = _CODE.search(text, max(start, first - 20), first)
        yield _Anchor(code.start(), last, "stated") if code else _Anchor(first, last, certainty)
        position = last


def _name_before(text: str, end: int, start: int) -> int:
    """Length of the longest municipality that ends at a position; 0 if there is none."""
    lengths = range(min(_LONGEST, end - start), 1, -1)
    return next((length for length in lengths if text[end - length : end] in _MUNICIPALITIES), 0)


def _municipality_end(text: str, at: int) -> int:
    """Where the municipality after a prefecture ends: a listed one, or something of the shape; 0 if there is none."""
    while at < len(text) and text[at] in " \n":
        at += 1
    lengths = range(min(_LONGEST, len(text) - at), 1, -1)
    listed = next((length for length in lengths if text[at : at + length] in _MUNICIPALITIES), 0)
    if listed:
        return at + listed
    shape = _SHAPE.match(text, at)
    return shape.end() if shape else 0


def _read(text: str, anchor: _Anchor) -> Address | None:
    """The address whose municipality is an anchor, if a town and a block follow."""
    reach = _TOWN.match(text, anchor.stop, anchor.stop + _TOWN_CHARS)
    assert reach is not None  # every part of it is optional
    for at in range(anchor.stop, reach.end() + 1):
        if not _MAY_START.match(text, at):
            continue
        town = text[anchor.stop : at].strip().replace("\n", "")
        block = _BLOCK.match(text, at)
        if block and not _NO_TOWN.search(_KYOTO.sub("", town)) and _completes(text, anchor.certainty, town, block):
            return Address(anchor.start, _building_end(text, block.end()), f"address_{anchor.certainty}")
    return None


def _completes(text: str, certainty: str, town: str, block: re.Match[str]) -> bool:
    """Whether a block completes an address: the less is known of its municipality, the more it must say itself."""
    if (_FULL_DATE if certainty == "stated" else _DATE).match(text, block.start()):
        return False
    if block["strong"]:
        return certainty == "stated" or not block[0].endswith(("丁目", "線"))
    if block["dashes"] and block[0].count("-") > 1:
        return True
    is_field = certainty == "stated" and "字" in town
    if not (is_field or _END.match(text, block.end()) or _BUILDING.match(text, block.end())):
        return False
    if certainty == "shaped":
        return False
    if block["dashes"]:
        return certainty == "stated" or bool(_NAMED_TOWN.search(town))
    is_town = bool(town) and not re.search("[ぁ-ん]$", town)
    return is_town and (certainty == "stated" or (len(block[0]) > 1 and bool(re.search("[町字丁]", town))))


def _building_end(text: str, block_stop: int) -> int:
    """Where the building and room after a block end; the end of the block if there are none."""
    building = _BUILDING.match(text, block_stop)
    return building.end() if building else block_stop


def _building_below(text: str, stop: int) -> Address | None:
    """The building that is all of the line after an address."""
    line = re.compile(" {0,2}\n(?P<line>[^\n]+)").match(text, stop)
    building = _BUILDING.fullmatch(line["line"].rstrip()) if line else None
    if not line or not building:
        return None
    return Address(line.start("line"), line.start("line") + building.end(), "address_building")


def _without_municipality(text: str, start: int, stop: int) -> Iterator[Address]:
    """Addresses of a town, 丁目 and 番."""
    for match in _TOWN_AND_BLOCK.finditer(text, start, stop):
        if not _NO_TOWN.search(match["town"]):
            yield Address(match.start(), _building_end(text, match.end()), "address_town")
