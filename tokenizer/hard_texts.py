"""Texts on which two forms of a tokenizer part if they ever do: every character, written marks, close calls, length.

They are the same for the same pieces, and have no meaning: pieces in random order, so that many paths are nearly equal,
the characters of every script, marks among characters that the model does not know, and runs of spaces and newlines.
"""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Iterator, Sequence

#: With those of every script there are more than 10,000.
_TEXTS_OF_PIECES = 8_000

#: Characters of the long texts, one of each kind: beyond the length up to which sums of usual scores are exact.
_LONG_CHARACTERS = 120_000

_CHARACTERS_OF_A_TEXT = 40

_SPACES = (" ", "  ", "\n", "\n\n", "\t", "\u3000", "\r\n", "\u2581", "\u00a0", "\u2028", "\v", "\x00", "\ufeff")


def hard_texts(pieces: Sequence[str], seed: int = 0) -> Iterator[str]:
    """Yield more than 10,000 texts, some of them longer than 100,000 characters.

    Args:
        pieces: of the vocabulary, marks such as `</s>` and `<0x0A>` included.
        seed: another seed gives other texts of pieces.
    """
    drawn = random.Random(seed)
    yield from _SPACES
    every = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in _NO_TEXT]
    scripts = [every[start : start + _CHARACTERS_OF_A_TEXT] for start in range(0, len(every), _CHARACTERS_OF_A_TEXT)]
    yield from map("".join, scripts)
    shown = [piece.replace("\u2581", " ") for piece in pieces]
    marks = [piece for piece in shown if len(piece) > 2 and piece[0] in "<[" and piece[-1] in ">]"]
    for mark in marks:
        around = drawn.choice(every)
        yield f"{around}{mark}{around}{mark[:-1]}{mark}\n{mark}"
    # Short pieces can be cut in the most ways, with the most nearly equal sums.
    short = [piece for piece in shown if len(piece) <= 2] or shown
    kinds = (
        shown,
        short,
        [*shown[:2_000], *_SPACES],
        [*marks, *_SPACES, *drawn.sample(every, 50), *drawn.sample(shown, min(50, len(shown)))],
    )
    for number in range(_TEXTS_OF_PIECES):
        yield "".join(drawn.choices(kinds[number % len(kinds)], k=drawn.randint(1, _CHARACTERS_OF_A_TEXT)))
    for kind in (shown, short, short[:2_000], [*short, "\n"], [*drawn.sample(every, 1_000), *shown[:9_000]]):
        yield "".join(drawn.choices(kind, k=_LONG_CHARACTERS))[:_LONG_CHARACTERS]


#: Unassigned, private and surrogate code points.
_NO_TEXT = frozenset({"Cn", "Co", "Cs"})
