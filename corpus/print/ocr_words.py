"""Words of recognisers that write blanks between them, which Japanese print does not have.

Tesseract cuts Japanese into words of one to three characters and writes them apart, in text, hOCR and ALTO. A blank
is the page's only between two words of which neither meets the other with a Japanese character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_WIDE = (
    "\u2e80-\u2fdf\u3000-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uff9f\U00020000-\U0003ffff、。「」・ー"
)
_BLANK = re.compile(f"(?<=[{_WIDE}]) +(?=\\S)|(?<=\\S) +(?=[{_WIDE}])")
_BEFORE_STOP = re.compile(f"[{_WIDE}] +[、。，．」』）]")
_STOP = re.compile(f"[{_WIDE}] *[、。，．」』）]")
#: Share of the stops before which a writer's text never has a blank.
_SPACED_SHARE = 0.5


def joined_words(words: Iterable[str]) -> str:
    """Words as one line."""
    return unspaced(" ".join(filter(None, (word.strip() for word in words))))


def unspaced(line: str) -> str:
    """A line without the blanks beside Japanese characters; U+3000 stays."""
    return _BLANK.sub("", line)


def is_spaced(text: str) -> bool:
    """Whether blanks stand before most of the stops, as recognisers write them and people do not.

    Texts for children have blanks between phrases, but none before 、 and 。.
    """
    n_stops = len(_STOP.findall(text))
    return n_stops > 0 and len(_BEFORE_STOP.findall(text)) > _SPACED_SHARE * n_stops
