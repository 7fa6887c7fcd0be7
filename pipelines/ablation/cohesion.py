"""Whether sentences stand where they belong: neighbours share more words than sentences far apart.

N-gram models hardly see the order of sentences or of columns, because it changes few n-grams.
"""

from __future__ import annotations

import re

import numpy as np

#: Sentences of a text that are compared, from its start; the work grows with their square.
MOST_SENTENCES = 40

#: A text with fewer has no cohesion.
FEWEST_SENTENCES = 6

_SENTENCES = re.compile(r"(?<=[。！？\n])")

#: Hiragana and all that is no letter: what remains are the words that carry the subject, more or less.
_BETWEEN_WORDS = re.compile(r"[ぁ-ん\W\d_]+")


def cohesion(text: str) -> float | None:
    """By how much the overlap of sentences is larger if near pairs count more.

    The overlap of two sentences is the number of pairs of characters in words that both have, per pair of the one that
    has fewer. A pair of sentences counts by the inverse of its distance, less the mean over all pairs.

    Returns:
        About 0 if sentences stand in any order; None for a text of fewer than `FEWEST_SENTENCES` sentences with words.
    """
    found = []
    for sentence in _SENTENCES.split(text):
        pairs = {word[i : i + 2] for word in _BETWEEN_WORDS.split(sentence) for i in range(len(word) - 1)}
        if pairs:
            found.append(pairs)
        if len(found) == MOST_SENTENCES:
            break
    if len(found) < FEWEST_SENTENCES:
        return None
    overlaps, weights = [], []
    for i, later in enumerate(found):
        for j, earlier in enumerate(found[:i]):
            overlaps.append(len(later & earlier) / min(len(later), len(earlier)))
            weights.append(1 / (i - j))
    return float(np.average(overlaps, weights=weights) - np.mean(overlaps))
