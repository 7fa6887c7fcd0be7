"""What a pattern of personal information is, and the parts that patterns are made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from manyo.filters.pii.character_sets import DIGIT
from manyo.filters.pii.kinds import NOT_AFTER_MASK, NOT_BEFORE_MASK
from manyo.filters.pii.lazily import lazily

#: How far before a match `Pattern.unless` is looked for, in characters: a word with its brackets and a few blanks.
UNLESS_CHARS: Final = 24

#: The character that stands for what is or may be masked; no word contains it.
HOLE: Final = "\0"
#: The character that stands for a name in the words around a candidate.
NAME_HOLE: Final = "\1"
#: And the one for an age, a date of birth, or what may be either: they say nothing of others near them.
AGE_HOLE: Final = "\2"


def _always(match: re.Match[str]) -> bool:
    return True


#: A lookahead for the first character.
_FIRST_CHARACTER: Final = lazily(r"\(\?=(\[(?:[^\]\\]|\\.)*\])\)")


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to recognise a kind of personal information.

    Attributes:
        kind: name of the kind.
        name: what the column `rule` of the spans says.
        score: how sure a match is, 0 to 1; judged, not fitted.
        expression: the span is its whole match.
        accept: checks a match by its own characters.
        needs: must be found in the `within_chars` characters before the match.
        within_chars: reach of `needs`.
        needs_after: whether `needs` may also stand after the match, as far away.
        unless: must not be found in the `UNLESS_CHARS` characters before the match.
        across_lines: whether a match may contain line ends.
        first: the first character of every match, where the expression starts with a lookahead for it.
    """

    kind: str
    name: str
    score: float
    expression: re.Pattern[str]
    accept: Callable[[re.Match[str]], bool] = _always
    needs: re.Pattern[str] | None = None
    within_chars: int = 0
    needs_after: bool = False
    unless: re.Pattern[str] | None = None
    across_lines: bool = False
    first: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        first = _FIRST_CHARACTER.match(self.expression.pattern)
        object.__setattr__(self, "first", lazily(first[1], self.expression.flags) if first else None)


#: Where more characters start no match, they stand close to each other, and a search goes on from one to the next
#: faster: all letters of an address in Latin letters may start one of mail.
_FEW_PLACES: Final = 8


def first_match(pattern: Pattern, text: str, start: int, stop: int) -> re.Match[str] | None:
    """The first match in `text[start:stop]`, accepted or not; the same for all patterns with an expression."""
    if pattern.first:
        # Python looks for one of some characters ten times as fast as it finds out that nothing matches.
        for n_places, place in enumerate(pattern.first.finditer(text, start, stop)):
            start = place.start()
            if n_places == _FEW_PLACES:
                return pattern.expression.search(text, start, stop)
            if match := pattern.expression.match(text, start, stop):
                return match
        return None
    return pattern.expression.search(text, start, stop)


def accepted(pattern: Pattern, match: re.Match[str] | None, text: str, stop: int) -> Iterator[re.Match[str]]:
    """Of a match and those after it in `text[:stop]` the accepted ones; a refused one hides none that starts in it."""
    while match:
        if pattern.accept(match):
            yield match
            start = match.end()
        else:
            start = match.start() + 1
        match = pattern.expression.search(text, start, stop)


#: For `str.translate`: letters, digits and full stops in half width, and kanji for digits as digits.
HALF_WIDTH: Final = {
    **{ord("０") + i: str(i) for i in range(10)},
    **{ord(digit): str(i) for i, digit in enumerate("〇一二三四五六七八九")},
    **{ord("Ａ") + i: chr(ord("A") + i) for i in range(26)},
    **{ord("ａ") + i: chr(ord("a") + i) for i in range(26)},
    ord("．"): ".",
}


def digit_groups(text: str) -> list[str]:
    """The runs of digits in a text, in ASCII."""
    return re.findall("[0-9]+", text.translate(HALF_WIDTH))


def digits_of(text: str) -> str:
    """The digits in a text, in ASCII."""
    return "".join(digit_groups(text))


def header_of(text: str, position: int) -> str:
    """The cell above all those above a position, in a table of tabs or bars; empty if there is none."""
    line_start = text.rfind("\n", 0, position) + 1
    line_stop = text.find("\n", position)
    line = text[line_start : line_stop if line_stop >= 0 else len(text)]
    delimiter = next((mark for mark in "\t|" if mark in line), "")
    if not delimiter:
        return ""
    column = text.count(delimiter, line_start, position)
    header = ""
    for _ in range(_MOST_ROWS):
        above = text.rfind("\n", 0, max(0, line_start - 1)) + 1
        cells = text[above : max(0, line_start - 1)].split(delimiter)
        if line_start == 0 or len(cells) <= column:
            break
        header, line_start = cells[column].strip(), above
    return header


#: How far up the head of a column is looked for.
_MOST_ROWS: Final = 200


def standing_alone(core: str, not_before: str = "", not_after: str = "") -> re.Pattern[str]:
    """An expression for a number or code, where it touches no digit, Latin letter, mask or decimal part.

    Args:
        core: expression of the number, which starts with a digit or a capital.
        not_before, not_after: more characters that it must not touch.
    """
    return lazily(
        f"(?=[0-9０-９A-ZＡ-Ｚ])(?<![0-9０-９A-Za-z{not_before}])(?<!{DIGIT}[.．,，]){NOT_AFTER_MASK}(?:{core})"
        f"{NOT_BEFORE_MASK}(?![0-9０-９A-Za-z{not_after}])(?![.．,，]{DIGIT})"
    )


def grouped(shapes: tuple[tuple[int, ...], ...], digit: str, gap: str) -> str:
    """Alternatives for groups of digits, one for each shape: the sizes of its groups, with a gap between them."""
    return "|".join(gap.join(f"{digit}{{{size}}}" for size in shape) for shape in shapes)
