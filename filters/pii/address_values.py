"""The address beside a label: 住所, 本籍, 送付先 and the like make up for what an address in a sentence must have.

It is read token by token, to its last number or room: what is cut short stays readable.
"""

from __future__ import annotations

import re
from typing import Final

from manyo.filters.pii.fields import OF_PERSONS, Field, line_of
from manyo.filters.pii.kinds import MASK
from manyo.filters.pii.lazily import lazily

_CODE: Final = lazily(
    r"〒? ?[0-9]{3} ?- ?[0-9]{4}(?![0-9-])|〒? ?[0-9]{7}(?![0-9-])|〒 ?[0-9]{3}(?:-[0-9]{2})?(?![0-9])"
)
_BARE_CODE: Final = lazily(r"〒? ?[0-9](?: ?[0-9]){2} ?-? ?[0-9](?: ?[0-9]){3}(?![0-9-])")
_CARD: Final = lazily(r"[^;\n][^\n]*[0-9][^\n]*?(?=;*(?:JP|Japan)?$)")
#: As English forms have it: 2-41-9-502 Kirino, Koto-ku, Tokyo 136-0076.
_ROMAN: Final = lazily(
    r"(?:[A-Z][A-Za-z0-9'. ]{2,30}, ?)?#?[0-9]{1,5}(?:-[0-9]{1,5}){0,4}(?:-chome)?"
    r"(?:,? [A-Z][A-Za-z'.]*(?:-[a-z]+)?|,? [0-9]{1,5}(?:-[0-9]{1,5}){0,3}){1,9}"
    r"(?:,? [0-9]{3}-[0-9]{4})?(?:,? Japan)?(?![A-Za-z0-9])"
)
_ROMAN_PLACE: Final = lazily("-(?:ku|shi|cho|machi|gun|mura|son|ken|to|fu)\\b|\\bJapan\\b")
_TOKEN: Final = lazily(r"[一-鿿々〆〇ヶヵァ-ヴーぁ-ん・A-Za-z0-9'&.\-]+")
_PLACE: Final = lazily("[都道府県市区町村郡島]|丁目|番地|大字|字")
#: 第3会議室 is a room of a hall.
_NUMBER: Final = lazily(
    "(?<![第0-9])[0-9]+|第[0-9]+(?=地割)|[〇一二三四五六七八九十百千]{1,8}(?:丁|番|号|地|の|ノ|-|$)|番外地|無番地"
)
#: A token that goes on with the block: 番地 after a blank, the block itself, the street of Hokkaido.
_BLOCK: Final = lazily(
    r"(?:第?[0-9〇一二三四五六七八九十百]+|[甲乙丙丁イロハニホヘト])(?:$|[-番丁条号地の])|番地|[0-9]+(?:-[0-9]+)+$"
)
_BUILDING: Final = lazily(
    "ビル|マンション|アパート|荘|ハイツ|コーポ|ハイム|メゾン|タワー|レジデンス|コート|パレス|ハウス|プラザ|団地"
    "|住宅|館|棟|寮|号室|階|様方|方$|グランド|ヴィラ|ガーデン|テラス|ヒルズ|センター"
    r"|[A-Za-z0-9]{1,5}(?:号室?|室|F|階)$|[ァ-ヴー一-鿿](?:[0-9]{2,4}|[A-Z]-[0-9]{1,4})$|^[0-9A-Z-]{2,6}$"
)
_NO_ADDRESS: Final = lazily(
    r"(?i)^(?:tel|fax|電話|携帯|℡|e-?mail|メール|担当|氏名|代表|https?|0[0-9]{1,4}-)|です|ます|して|ください|まで"
    r"|を|には|では"
)
_PERSON_BEFORE: Final = lazily("様方$|方$")
_CLOSE: Final = lazily("(?:です|にて|で|に|へ|から|まで|の(?![0-9]))(?=$|[^0-9]).*$")


def read_address(fold: str, field: Field) -> tuple[int, int] | None:
    """Where the address of a field starts and ends; None if there is none. OCR sets the digits of one apart."""
    if not _APART.search(fold, field.start, field.stop):
        return _read(fold, field)
    places = [
        i
        for i in range(field.start, field.stop)
        if not (fold[i] == " " and fold[i - 1] in _NUMERIC and fold[i + 1 : i + 2] in tuple(_NUMERIC))
    ]
    closed = "".join(fold[i] for i in places)
    span = _read(closed, field._replace(start=0, stop=len(closed)))
    return (places[span[0]], places[span[1] - 1] + 1) if span else None


_APART: Final = lazily("[0-9] [0-9-] [0-9-]")
_BLANKS: Final = lazily(" {0,3}(?:,(?= ))?")
_NUMERIC: Final = "0123456789-"


def _read(fold: str, field: Field) -> tuple[int, int] | None:
    """Where the address of a field starts and ends; None if there is none."""
    start = field.start
    if field.label.word.startswith(("郵便番号", "〒", "zip", "post")):
        bare = _BARE_CODE.match(fold, start, field.stop)
        is_listed = field.in_column and not OF_PERSONS.search(line_of(fold, field.label.start))
        return (
            bare.span()
            if bare and re.search("[1-9]", bare[0]) and not is_listed and not MASK.search(fold, start, field.stop)
            else None
        )
    if field.label.word == "adr":
        # vCard: box; extension; street; town; prefecture; code; country.
        card = _CARD.match(fold, start, field.stop)
        return card.span() if card and not MASK.search(fold, start, field.stop) else None
    roman = _ROMAN.match(fold, start, field.stop)
    if roman and _ROMAN_PLACE.search(roman[0]) and not MASK.search(fold, start, field.stop):
        return roman.span()
    code = _CODE.match(fold, start, field.stop)
    position = code.end() if code else start
    stop = code.end() if code else 0
    has_place = has_number = False
    while position < field.stop:
        blanks = _BLANKS.match(fold, position, field.stop)
        token = _TOKEN.match(fold, blanks.end() if blanks else position, field.stop)
        if not token:
            break
        word = token[0]
        if _NO_ADDRESS.search(word) and not has_place and not code:
            return None
        if (has_number and not (_BLOCK.match(word) or _BUILDING.search(word))) or re.match(
            "(?i)tel|fax|電話|0[0-9]{1,4}-[0-9]", word
        ):
            break
        cut = _cut(word)
        has_place = has_place or bool(_PLACE.search(cut))
        if _NUMBER.search(cut):
            has_number = True
            stop = token.start() + len(cut)
        elif has_number:
            stop = token.start() + len(cut)
        position = token.end()
        if len(cut) < len(word):
            break
    is_address = has_number and (has_place or (field.strength == "firm" and re.search("[0-9]-[0-9]", fold[start:stop])))
    if code and not is_address and not re.search("[1-9]", code[0]):
        return None
    if not (is_address or code) or _PERSON_BEFORE.search(fold[start:stop]) or MASK.search(fold, start, stop):
        return None
    if not is_address and code:
        stop = code.end()
    return start, stop


def _cut(word: str) -> str:
    """A token without the words of a sentence after its number: 1-2-3です."""
    numbers = list(_NUMBER.finditer(word))
    if not numbers:
        return word
    tail = word[numbers[-1].end() :]
    ended = re.match("(?:番地?|号室?|室|階|F|棟|丁目?|地割|条|線|地|の[0-9]+|[A-Z])*", tail)
    rest = tail[ended.end() :] if ended else tail
    if not rest or _BUILDING.search(rest):
        return word
    return word[: len(word) - len(rest)]
