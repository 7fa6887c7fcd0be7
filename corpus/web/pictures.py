"""Pictures of a page that stand for text: characters that no font had, formulas, pictures of emoji.

A *gaiji* is a picture of a character. Its `alt` gives the character itself (`alt="髙"`), or describes it as Aozora
texts do (`※(「口＋斗」、U+544C)`, `第3水準1-87-13`), or names its code point (`U+544C`, `u9ad9`); some pages have it in
the file's name only. Where none of these helps, the character is 〓 and is counted.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape

from manyo.corpus.print.notation import described_character

GETA = "〓"
#: Where a picture is in the page, what is written for it, and whether it is a formula.
Picture = tuple[int, int, str, bool]

_VALUE = rb"\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"']+))"
_ATTRIBUTE = re.compile(rb"\b(alt|class|src|id)" + _VALUE, re.IGNORECASE)
_GAIJI = re.compile("gaiji|外字", re.IGNORECASE)
_FORMULA = re.compile(r"\b(?:latex|tex|math|mwe-math[\w-]*|mathtex|mimetex)\b|[?&]cht=tx", re.IGNORECASE)
_CODE = re.compile(r"^[※&]?[(（#]?(?:U\+|0x|u-?|x|uni)([0-9A-Fa-f]{4,6})[)）;]?$", re.IGNORECASE)
_PLACE = re.compile(r"(?:第[34]水準)?[12]-\d{1,2}-\d{1,2}$")
_FILE_CODE = re.compile(r"(?:^|[/_-])(?:u\+?|uni|gaiji[_-]?)?([0-9A-Fa-f]{4,5})\.\w{3,4}$", re.IGNORECASE)
_FILE_PLACE = re.compile(r"(?:^|[/_-])([12]-\d{1,2}-\d{1,2})\.\w{3,4}$")
#: Characters that people name because they cannot write them.
_NAMED = {
    "はしごだか": "髙", "はしご高": "髙", "ハシゴ高": "髙", "梯子高": "髙",
    "たつさき": "﨑", "立つ崎": "﨑", "立崎": "﨑", "つちよし": "𠮷", "土吉": "𠮷",
}  # fmt: skip


def find_pictures(page: bytes, candidates: list[tuple[int, int]]) -> list[Picture]:
    """Those of a page's pictures that stand for text, given the places of the tags of those that may, in order."""
    found = []
    for start, end in candidates:
        values = {
            name.lower(): _value(quoted or single or bare)
            for name, quoted, single, bare in _ATTRIBUTE.findall(page[start:end])
        }
        alt, source = values.get(b"alt", ""), values.get(b"src", "")
        names = f"{values.get(b'class', '')} {values.get(b'id', '')} {source}"
        if meant := meaning(alt, source, names):
            found.append((start, end, *meant))
    return found


def meaning(alt: str, source: str, names: str) -> tuple[str, bool] | None:
    """What a picture stands for, and whether that is a formula; None for a picture that is one.

    Args:
        alt: its alternative text.
        source: address of the file.
        names: its class, id and address.
    """
    if alt and _FORMULA.search(names):
        return f"${' '.join(alt.split())}$", True
    written = _character(alt, source, is_gaiji=_GAIJI.search(names) is not None)
    return (written, False) if written else None


def _value(written: bytes) -> str:
    return unescape(written.decode("utf-8", "replace")).strip()


def _is_described(alt: str) -> bool:
    return alt.startswith("※") or _CODE.match(alt) is not None or _PLACE.match(alt) is not None


def _character(alt: str, source: str, *, is_gaiji: bool) -> str:
    """What a picture of a character stands for; empty where it is another picture."""
    if _is_character(alt):
        return alt
    if not (_is_described(alt) or is_gaiji):
        return ""
    if code := _CODE.match(alt):
        return _of_code(code[1])
    if character := described_character(alt.lstrip("※＃#([（［〔")):
        return character
    name = alt.strip("※＃#()[]（）［］〔〕「」 ")
    if name in _NAMED:
        return _NAMED[name]
    if place := _FILE_PLACE.search(source):
        return described_character(place[1]) or GETA
    return _of_code(code[1]) if is_gaiji and (code := _FILE_CODE.search(source)) else GETA


def _of_code(code: str) -> str:
    point = int(code, 16)
    is_character = point <= 0x10FFFF and chr(point).isprintable() and not 0xE000 <= point <= 0xF8FF
    return chr(point) if is_character and point > 0x7F else GETA


def _is_character(alt: str) -> bool:
    """Whether an `alt` is one character of Japanese text, or one emoji."""
    base = unicodedata.normalize("NFC", alt).rstrip("\ufe0e\ufe0f\U000e0100\U000e0101\U000e0102\u3099\u309a")
    if len(base) == 1:
        is_letter = unicodedata.category(base) in ("Lo", "Lm") and ord(base) >= 0x3041
        return is_letter or base == GETA or ord(base) >= 0x1F300
    # Flags, families and hands are several code points.
    return 1 < len(base) <= 8 and all(ord(part) >= 0x1F1E6 or part in "\u200d\ufe0f\u2640\u2642" for part in base)
