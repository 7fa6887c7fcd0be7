"""Views of a text: what else a crawl or a cleaner may have made of the same page.

Collections of crawled text cut pages after some hundred characters, lose line ends, and put a headline before a text
that begins with it. None of this makes a good text bad, so the model of quality is trained on a text and on views of it
alike: otherwise it learns how the collections that were labelled had been cut.
"""

from __future__ import annotations

import random
import re
from typing import Final

#: A view that is cut has so many characters, at least and at most.
CUT_CHARS: Final = (200, 400)

#: A view with all line ends lost has at most so many times as many.
JOINED_CUTS: Final = 4

#: A text is so many times as long as its headline, at least.
_HEADLINES: Final = 4

_HEADLINE: Final = re.compile(r"[^。！？!?\n]{6,60}?(?=[\s。！？!?|｜:])")
_LINE_END: Final = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+")
_BLANKS: Final = (" ", " ", "")
_DIVIDERS: Final = (" ", " | ", " ： ", "\u3000")


def views(text: str, seed: int) -> list[str]:
    """Views of a text: its beginning, a piece of it, the headline again before it, and more of it in one line.

    Args:
        seed: of the random lengths, places and blanks; the same text and seed give the same views.

    Returns:
        Four texts at most, none of them blank; none where the text is blank.
    """
    draw = random.Random(seed)
    line = _LINE_END.sub(draw.choice(_BLANKS), text.strip())
    if not line:
        return []
    n_chars, place = draw.randint(*CUT_CHARS), draw.random()
    start = int(place * max(len(line) - n_chars, 0))
    found = [line[:n_chars], line[start : start + n_chars], line[: JOINED_CUTS * n_chars]]
    headline = _HEADLINE.match(line)
    if headline and _HEADLINES * len(headline[0]) <= len(line):
        found.append((headline[0] + draw.choice(_DIVIDERS) + line)[: draw.randint(*CUT_CHARS)])
    return [view for view in found if view.strip()]
