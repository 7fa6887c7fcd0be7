"""A slow, plain reading of how words are joined, for `manyo.filters.signals.coherence_kernels`."""

import re
from collections.abc import Sequence

from manyo.filters.signals import coherence_kernels as kernels
from manyo.filters.signals.primitive_kernels import MULTIPLIER

_WORD_CLASSES = (kernels.HAN, kernels.KATAKANA, kernels.LATIN)


def _row(key: int, bits: int) -> int:
    """The row of a key in a table of 2**bits rows; keys of one row are one key to the kernel."""
    return (key * int(MULTIPLIER) & (1 << 64) - 1) >> (64 - bits)


def _words(text: str, classes: Sequence[int]) -> list[str]:
    """Runs of one class of content, in their order."""
    letters = "".join(chr(ord("a") + classes[ord(character)]) for character in text)
    runs = (re.finditer(f"{chr(ord('a') + one)}+", letters) for one in _WORD_CLASSES)
    spans = sorted(run.span() for of_class in runs for run in of_class)
    return [text[start:end] for start, end in spans]


def _word_hash(word: str) -> int:
    value = 0
    for character in word:
        value = (value + ord(character)) * int(MULTIPLIER) & (1 << 64) - 1
    return value


def _top_word_chars(text: str, classes: Sequence[int]) -> int:
    owner: dict[int, str] = {}
    times: dict[str, int] = {}
    for word in _words(text, classes):
        if len(word) > 1 and owner.setdefault(_row(_word_hash(word), kernels.WORD_BITS), word) == word:
            times[word] = times.get(word, 0) + 1
    return max((count * len(word) for word, count in times.items() if count >= 3), default=0)


def count_coherence(text: str, classes: Sequence[int], unjoined_chars: int) -> dict[str, int]:
    """The counts of `COHERENCE_COUNTS`, from one text."""
    of = {character: classes[ord(character)] for character in text}
    visible = [c for c in text if of[c] != kernels.BLANK]
    joined = "".join("|" if of[c] == kernels.JOINT else "x" for c in visible)
    stretches = [len(one) for one in joined.split("|")]
    return {
        "visible": len(visible),
        "unjoined": sum(one for one in stretches if one >= unjoined_chars),
        "longest_unjoined": max(stretches),
        "top_word_chars": _top_word_chars(text, classes),
    }
