"""How Japanese sentences end: a table of the hiragana that stand last, `endings.txt`, compiled to a trie.

The predicate ends a Japanese sentence, and its endings are few: so the last hiragana tell a sentence from a title,
whether or not a mark follows. `python -m bench.endings` compares the table with SudachiPy's parts of speech.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np

from manyo.filters.signals.segment_kernels import FINAL, HIRAGANA_CODES, LONGEST_ENDING, OPEN, POLITE, WEAK

#: Names of the file's tables.
KINDS: Final = {"polite": POLITE, "final": FINAL, "weak": WEAK, "open": OPEN}


@dataclass(frozen=True, slots=True)
class Endings:
    """A trie of endings, read from their last character.

    Attributes:
        children: int16 (n_states, HIRAGANA_CODES), the state that follows a state and a code; 0 if none does.
        kinds: uint8 (n_states,), the kind of the ending that a state stands for; 0 if it stands for none.
        polite_pairs: uint8 (2**14,), by the codes of two hiragana, 1 where a polite ending may end in them.
    """

    children: np.ndarray
    kinds: np.ndarray
    polite_pairs: np.ndarray


def code_of(hiragana: str) -> int:
    """The code of a hiragana, 1 to 86."""
    return ord(hiragana) - ord("ぁ") + 1


@cache
def listed_endings() -> dict[str, int]:
    """Every ending of the file → its kind."""
    lines = (files("manyo.filters.signals") / "endings.txt").read_text(encoding="utf-8").splitlines()
    endings: dict[str, int] = {}
    kind = 0
    for line in lines:
        if line.startswith("["):
            kind = KINDS[line.strip("[]")]
        elif not line.startswith("#"):
            endings |= dict.fromkeys(line.split(), kind)
    return endings


def ending_of(text: str) -> int:
    """The kind of the longest ending in which a text ends, 0 for none."""
    length = max((length for length in range(1, LONGEST_ENDING + 1) if text[-length:] in listed_endings()), default=0)
    return listed_endings()[text[-length:]] if length else 0


@cache
def load_endings() -> Endings:
    """The table as arrays."""
    children = [[0] * HIRAGANA_CODES]
    kinds = [0]
    for ending, kind in listed_endings().items():
        state = 0
        for hiragana in reversed(ending):
            code = code_of(hiragana)
            if not children[state][code]:
                children[state][code] = len(children)
                children.append([0] * HIRAGANA_CODES)
                kinds.append(0)
            state = children[state][code]
        kinds[state] = kind
    arrays = Endings(np.array(children, np.int16), np.array(kinds, np.uint8), _polite_pairs())
    for array in (arrays.children, arrays.kinds, arrays.polite_pairs):
        array.flags.writeable = False
    return arrays


def _polite_pairs() -> np.ndarray:
    pairs = np.zeros(1 << 14, np.uint8)
    for ending, kind in listed_endings().items():
        if kind == POLITE:
            pairs[code_of(ending[-2]) << 7 | code_of(ending[-1])] = 1
    return pairs
