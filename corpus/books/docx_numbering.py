"""Numbers of paragraphs that Word counts itself: 1. ① ア 第一条. They are nowhere in the text of a document.

Part `numbering.xml`: a paragraph names an instance and a level, the instance names a definition, and the level of the
definition has a format and a pattern (`第%1条`, `%1.%2`). Counters belong to the definition, so that two instances of
one definition count on, unless an instance states where it starts.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lxml import etree

from manyo.corpus.books.xml_parts import attribute, child_of, local_name

_PLACE = re.compile(r"%([1-9])")
_KANJI_DIGITS = "〇一二三四五六七八九"
_AIUEO = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲン"
_IROHA = "イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセスン"
_ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"),
          (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip
#: A letter of kana or kanji in a pattern: 第%1条 and 問%1 are words of the text, %1. and (%1) only count.
_WORD = re.compile("[ぁ-ゖァ-ヺ一-鿿々]")
_MAX_LEVELS = 9


class Label(NamedTuple):
    """What Word prints before a paragraph.

    Attributes:
        value: the label; empty for a bullet.
        is_text: whether it holds words, not only a number.
    """

    value: str
    is_text: bool


class _Level(NamedTuple):
    start: int
    form: str
    pattern: str


class Numbering:
    """Counts the paragraphs of a document."""

    def __init__(self) -> None:
        self._levels: dict[str, dict[int, _Level]] = {}
        self._instances: dict[str, str] = {}
        self._starts: dict[str, dict[int, int]] = {}
        self._counters: dict[str, list[int | None]] = {}

    @classmethod
    def of(cls, root: etree._Element) -> Numbering:
        """The numbering that a part defines."""
        numbering = cls()
        for element in root:
            if local_name(element) == "abstractNum":
                numbering._levels[attribute(element, "abstractNumId")] = dict(
                    _level(level) for level in element if local_name(level) == "lvl"
                )
            elif local_name(element) == "num":
                identity = attribute(element, "numId")
                numbering._instances[identity] = _value(element, "abstractNumId")
                for override in element:
                    start = _value(override, "startOverride")
                    if local_name(override) == "lvlOverride" and start:
                        numbering._starts.setdefault(identity, {})[_number(attribute(override, "ilvl"))] = _number(
                            start
                        )
        return numbering

    def label(self, place: tuple[str, str] | None) -> Label | None:
        """The label of the next paragraph with this instance and level; None if it is not numbered.

        Args:
            place: (numId, level) as the paragraph or its style states them.
        """
        if place is None or place[0] == "0" or place[0] not in self._instances:
            return None
        definition = self._instances[place[0]]
        levels = self._levels.get(definition, {})
        at = min(_number(place[1]), _MAX_LEVELS - 1)
        if at not in levels:
            return None
        # An instance that states a start of its own counts by itself.
        starts = self._starts.get(place[0], {})
        counters = self._counters.setdefault(place[0] if starts else f"={definition}", [None] * _MAX_LEVELS)
        for number in range(at + 1):
            if counters[number] is None or number == at:
                start = starts.get(number, levels[number].start if number in levels else 1)
                counters[number] = start if counters[number] is None else counters[number] + 1  # type: ignore[operator]
        counters[at + 1 :] = [None] * (_MAX_LEVELS - at - 1)
        level = levels[at]
        if level.form in ("bullet", "none") and not _PLACE.search(level.pattern):
            return Label(level.pattern if _WORD.search(level.pattern) else "", bool(_WORD.search(level.pattern)))

        def written(match: re.Match[str]) -> str:
            number = int(match[1]) - 1
            form = levels[number].form if number in levels else "decimal"
            return number_as(form, counters[number] or 0)

        return Label(_PLACE.sub(written, level.pattern), bool(_WORD.search(level.pattern)))


def number_as(form: str, number: int) -> str:
    """A number in one of Word's formats; in digits where the format is not known or has no sign for it."""
    if form == "decimalFullWidth" or form == "decimalFullWidth2":
        return str(number).translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    if form == "decimalEnclosedCircle" and 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if form == "decimalZero":
        return f"{number:02}"
    if form in ("upperLetter", "lowerLetter") and number >= 1:
        letter = chr(ord("A") + (number - 1) % 26) * ((number - 1) // 26 + 1)
        return letter if form == "upperLetter" else letter.lower()
    if form in ("upperRoman", "lowerRoman") and 1 <= number < 4000:
        return _roman(number).upper() if form == "upperRoman" else _roman(number)
    if form in ("aiueo", "aiueoFullWidth") and 1 <= number <= len(_AIUEO):
        return _AIUEO[number - 1]
    if form in ("iroha", "irohaFullWidth") and 1 <= number <= len(_IROHA):
        return _IROHA[number - 1]
    if form in ("japaneseDigitalTenThousand", "ideographDigital"):
        return "".join(_KANJI_DIGITS[int(digit)] for digit in str(number))
    if form in ("japaneseCounting", "japaneseLegal", "ideographTraditional", "chineseCounting") and number < 10_000:
        return _kanji_number(number)
    return str(number)


def _kanji_number(number: int) -> str:
    """21 is 二十一."""
    if number == 0:
        return "〇"
    written = ""
    for unit, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            written += ("" if digit == 1 and sign else _KANJI_DIGITS[digit]) + sign
    return written


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def _level(element: etree._Element) -> tuple[int, _Level]:
    start = _value(element, "start")
    level = _Level(_number(start) if start else 1, _value(element, "numFmt"), _value(element, "lvlText"))
    return _number(attribute(element, "ilvl")), level


def _value(element: etree._Element, name: str) -> str:
    child = child_of(element, name)
    return attribute(child, "val") if child is not None else ""


def _number(digits: str) -> int:
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0
