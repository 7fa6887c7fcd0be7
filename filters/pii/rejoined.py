"""What print and OCR took apart, put together: 東 京 都, 0 3 - 1 2 3 4, and numbers and addresses broken over lines.
Kanji with a variation selector are read without it.

The joined text is searched like any other, and what is found there is reported where it stands in the original.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np

from manyo.filters.pii.labels import labels
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.normal_form import folded

_LETTER: Final = "[一-鿿々〆〇ヶヵァ-ヴーぁ-ゖ﨑]"
_NUMERIC: Final = "[0-9OoQlI-]"
_PRINTED: Final = f"(?:{_LETTER}|{_NUMERIC})"
#: How many blanks such a stretch has at least.
_LEAST_APART: Final = 3
#: Single letters or digits with one blank between them; a wider blank separates words.
_APART: Final = lazily(
    f"(?<![^\\s:：(（)）「」、。〒])"
    f"(?:(?:{_PRINTED}{{1,2}}|[0-9]-[0-9]) (?=[^ 　\\n])){{{_LEAST_APART},60}}{_PRINTED}{{1,4}}(?![A-Za-z])"
)
#: Two of them, in a text that has longer stretches of them.
_PAIR: Final = lazily(f"(?<![^\\s:：(（]){_LETTER} (?={_LETTER}(?:[ 　\\n]|$))")
#: How far from a place where something was left out the joined text is searched.
_NEAR_CHARS: Final = 100
#: At least so much of a stretch are single letters.
_LEAST_SINGLE: Final = 0.6
#: Between letters, and between digits; a number and a word are read apart.
_BLANK: Final = lazily(f"(?<={_LETTER}) (?={_LETTER})|(?<={_NUMERIC}) (?={_NUMERIC})")
#: A line that ends or starts inside a number or an address.
_BROKEN: Final = lazily(
    "(?<=[0-9０-９OoQlI])[ 　]?[-－ー―—‐−][ 　]{0,2}(?P<after>\n[ 　]{0,4})(?=[0-9０-９OoQlI])"
    "|(?<=[0-9０-９])(?P<before>[ 　]?\n[ 　]{0,4})(?=[-－ー―—‐−][ 　]?[0-9０-９])"
    "|(?<=[0-9０-９番地号])(?P<of>\n[ 　]{0,4})(?=の[ 　]?[0-9０-９])"
    "|0[0-9]{1,4}-[0-9]{1,4}-[0-9]{1,3}(?P<inside>\n)(?=[0-9]{1,3}(?:\n|$))"
    "|(?<![0-9-])0[0-9]{1,3}-[0-9]{1,2}(?P<in_group> )(?=[0-9]{1,2}-[0-9]{4}(?![0-9]))"
    "|(?<=[都道府県市区町村郡郷])(?P<of_town>\n[ 　]{0,4})(?=(?:大字|字)[一-鿿])"
    "|(?<=丁目)(?P<of_chome>\n[ 　]{0,4})(?=[0-9０-９](?: ?[0-9０-９]){0,3}[ 　]?[番\\-－])"
    "|(?<=[0-9])(?P<of_block>\n[ 　]{0,4})(?=番地|番|号|丁目)"
    "|(?<=[A-Za-z0-9_])(?P<of_mail>\n)(?=@[A-Za-z0-9-]+\\.[a-z])|(?<=[A-Za-z0-9_]@)(?P<of_host>\n)(?=[A-Za-z0-9-]+\\.[a-z])"
)
#: Nothing is apart in a text without these, which are sought fast.
_MAY_BE_APART: Final = lazily(" [^ \\n] [^ \\n] ")
#: What stands after a line end inside a number or an address, but for blanks.
STARTS_OF_REST: Final = "-－ー―—‐−の0123456789０１２３４５６７８９OoQlI@番号丁字大"
_MAY_BE_BROKEN: Final = lazily(f"\\n[ 　]{{0,4}}[{STARTS_OF_REST}]")
_MAY_BREAK_AT_HOST: Final = lazily("@\\n")
#: And before one.
ENDS_OF_BROKEN: Final = frozenset(
    "-－ー―—‐−0123456789０１２３４５６７８９番地号目都道府県市区町村郡郷 　_"
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)
#: More than the number around a line end has.
_BROKEN_CHARS: Final = 24
#: Halves of the number of a card.
_BROKEN_CARD: Final = lazily("(?<=[0-9]{4}[ -][0-9]{4})\n(?=[0-9]{4}[ -][0-9]{4}(?![0-9]))")
#: What says which shape of a kanji is meant (Unicode Technical Standard 37).
_SELECTOR: Final = lazily("[\U000e0100-\U000e01ef]")
#: Katakana and kanji that look alike, among letters that tell which they are.
_LOOK_ALIKE: Final = (
    # Python looks for one of some characters fast where they stand first.
    (
        lazily("[力工二夕卜八](?:(?<=[ァ-ヴー].)(?=[ァ-ヴー 　\n]|$)|(?<![一-鿿ぁ-ゖ].)(?=[ァ-ヴー]))"),
        "力工二夕卜八",
        "カエニタトハ",
    ),
    (lazily("[ロカエニタトハ](?<=[一-鿿].)(?![ァ-ヴー])"), "ロカエニタトハ", "口力工二夕卜八"),
    (lazily("[リヘ](?:(?<=[ぁ-ゖ].)|(?=[ぁ-ゖ]))"), "リヘ", "りへ"),
)


@dataclass(frozen=True, slots=True)
class Rejoined:
    """A text without the blanks and line ends that took it apart.

    Attributes:
        chars: its characters.
        places: (len(chars) + 1,), where each stands in the original, then the end of that.
        stops: (len(chars),), where each stops in it, with its variation selector.
        joints: where something was left out, in it.
    """

    chars: str
    places: list[int]
    stops: list[int]
    joints: list[int]

    def is_near(self, start: int, stop: int) -> bool:
        """Whether something was left out in a stretch of it, or near it."""
        nearest = bisect_left(self.joints, start - _NEAR_CHARS)
        return nearest < len(self.joints) and self.joints[nearest] < stop + _NEAR_CHARS

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Where a stretch of it starts and stops in the original."""
        return self.places[start], self.stops[stop - 1]


def rejoined(text: str) -> Rejoined | None:
    """A text put together; None if nothing in it is apart."""
    dropped: set[int] = set()
    for match in _apart(text):
        words = match[0].split(" ")
        if sum(len(word) == 1 for word in words) >= _LEAST_SINGLE * len(words):
            dropped.update(_blanks(text, *match.span()))
    if dropped:
        dropped.update(match.end() - 1 for match in _PAIR.finditer(text))
    joins: set[int] = set()
    # One expression for both would have no first character that can be sought alone.
    for line in chain(_MAY_BE_BROKEN.finditer(text), _MAY_BREAK_AT_HOST.finditer(text)):
        if text[line.start() - 1] in ENDS_OF_BROKEN:
            around = max(0, line.start() - _BROKEN_CHARS), line.end() + _BROKEN_CHARS
            for match in _BROKEN.finditer(text, *around):
                dropped.update(range(*match.span(str(match.lastgroup))))
            joins.update(match.start() for match in _BROKEN_CARD.finditer(text, *around))
    selectors = {match.start() for match in _SELECTOR.finditer(text)}
    dropped |= selectors
    if not (dropped or joins):
        return None
    parts, position = [], 0
    for i in sorted(dropped | joins):
        parts += [text[position:i], "" if i in dropped else " "]
        position = i + 1
    chars = "".join([*parts, text[position:]])
    for expression, read, meant in _LOOK_ALIKE:
        table = str.maketrans(read, meant)
        chars = expression.sub(lambda match, table=table: match[0].translate(table), chars)  # type: ignore[misc]
    is_dropped, is_join = np.zeros(len(text), np.bool_), np.zeros(len(text), np.bool_)
    is_dropped[list(dropped)] = is_join[list(joins)] = True
    places = np.flatnonzero(~is_dropped)
    is_joint = (np.diff(places) > 1) | is_join[places[:-1]]
    is_selector = np.zeros(len(text) + 1, np.int64)
    is_selector[list(selectors)] = 1
    stops = places + 1 + is_selector[places + 1]
    return Rejoined(chars, [*places.tolist(), len(text)], stops.tolist(), (np.flatnonzero(is_joint) + 1).tolist())


def _apart(text: str) -> Iterator[re.Match[str]]:
    """Single letters with a blank between them; lines without enough blanks have none."""
    if not _MAY_BE_APART.search(text):
        return
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        if text.count(" ", start, stop) >= _LEAST_APART:
            yield from _APART.finditer(text, start, stop)
        start = stop + 1


def _blanks(text: str, start: int, stop: int) -> list[int]:
    """The blanks within a stretch but for those after a label: 氏 名 木 村 良 太."""
    places = [i for i in range(start, stop) if text[i] != " "]
    joined = folded("".join(text[i] for i in places))
    kept = {places[label.stop - 1] + 1 for label in labels(joined, 0, len(joined))}
    return [match.start() for match in _BLANK.finditer(text, start, stop) if match.start() not in kept]
