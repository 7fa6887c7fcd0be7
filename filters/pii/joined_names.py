"""Names that a list in a line joins to others: 秋庭 徹、ジョナサン・ベル、土屋 フサ; 浅井亮太と塚本昇.

What stands on the other side of a comma, of と or of や is of the same sort: next to a name a surname with a given
name is one, too, and so are two words of a foreign name, where half of those in a row were found otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from manyo.filters.pii.labels import is_label_word
from manyo.filters.pii.lazily import lazily
from manyo.filters.pii.name_shapes import GAPPED, LETTER, is_common_kana
from manyo.filters.pii.open_text import Interval, OpenText
from manyo.filters.pii.private_words import HONORIFIC, Name, is_public, is_public_after

#: What may stand behind a name: a title, a bracket.
_TITLE: Final = rf"(?: ?(?:{HONORIFIC}|氏|殿))?(?: ?\([^()\n]{{1,12}}\))?"
_JOIN: Final = r" ?(?:、|,|・|&|;|/|と|や|及び|および|並びに|ならびに) ?"
_NEXT: Final = lazily(f"{_TITLE}{_JOIN}")
_LAST: Final = lazily(f"{_TITLE}{_JOIN}$")
_AFTER: Final = lazily(rf"{_TITLE}(?:{_JOIN}|ほか|他[0-9]|(?!{LETTER})|[のはがをにへも]|です|でし|から|より|まで)")
#: More than a title, a bracket and what joins have.
_LAST_CHARS: Final = 24


def joined_names(within: OpenText, known: Sequence[Name]) -> Iterator[Name]:
    """Names on the other side of a comma or the like from names that were found.

    Args:
        within: the document; no name is looked for in its holes.
        known: names that were found in it.
    """
    stops = {start: stop for start, stop, *_ in known}
    starts = {stop: start for start, stop in stops.items()}
    reached = 0
    for start, stop in sorted(stops.items()):
        if start < reached:
            continue
        row = [(start, stop)]
        while before := _before(within, row[0][0], starts):
            row.insert(0, before)
        while after := _after(within, row[-1][1], stops):
            row.append(after)
        reached = row[-1][1]
        new = [name for name in row if name not in stops.items()]
        # Of the guests of an event one may stand next to a telephone number.
        if 2 * len(new) <= len(row):
            yield from ((*name, 0.75, "name_joined") for name in new)


def _after(within: OpenText, stop: int, stops: Mapping[int, int]) -> Interval | None:
    """The name that is joined to one that stops there."""
    joint = _NEXT.match(within.text, stop)
    if not joint:
        return None
    first = joint.end()
    if first in stops:
        return first, stops[first]
    last = within.name_end(first, GAPPED)
    return (first, last) if last and _is_name(within, first, last) else None


def _before(within: OpenText, start: int, starts: Mapping[int, int]) -> Interval | None:
    """The name to which one is joined that starts there."""
    joint = _LAST.search(within.text, max(0, start - _LAST_CHARS), start)
    if not joint:
        return None
    last = joint.start()
    if last in starts:
        return starts[last], last
    for first in within.starts_before(last):
        if within.name_end(first, GAPPED, last) == last and _is_name(within, first, last):
            return first, last
    return None


def _is_name(within: OpenText, first: int, last: int) -> bool:
    """Whether a name is all that stands there, and none of a thing or of a person who is public."""
    text = within.text
    return not (
        not _AFTER.match(text, last)
        or is_public(text, first)
        or is_public_after(text, last)
        or is_label_word(text[first:last])
        or is_common_kana(re.split("[ ・＝=]", text[first:last])[0])
    )
