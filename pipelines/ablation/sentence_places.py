"""Whether sentences stand where such sentences stand in other texts: news begin with the news, and end with links.

N-gram models hardly see the order of sentences or of columns, because it changes few n-grams. This one knows of pairs
of characters whether they stand early or late, and sees a text whose sentences do not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: Pairs of characters are counted in so many places.
PLACES = 1 << 16

#: A text with fewer sentences has no order.
FEWEST_SENTENCES = 6

_SENTENCES = re.compile(r"(?<=[。！？\n])")


class SentencePlaces:
    """What was counted in texts whose order is right.

    Args:
        texts: to learn from.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        counts = np.ones((2, PLACES))
        for text in texts:
            sentences = sentences_of(text)
            for number, sentence in enumerate(sentences):
                late = (number + 0.5) / len(sentences)
                pairs = hashed_pairs(sentence)
                np.add.at(counts[0], pairs, 1 - late)
                np.add.at(counts[1], pairs, late)
        early, late_counts = counts
        self._weights: NDArray[np.float64] = np.log(late_counts / late_counts.sum()) - np.log(early / early.sum())

    def disorder(self, text: str) -> float | None:
        """How little the order of sentences is the one expected: 1 less the correlation of their ranks, over 2.

        Returns:
            From 0, as expected, to 1, reversed; about 0.5 in any order; None for a text of fewer than
            `FEWEST_SENTENCES` sentences.
        """
        sentences = sentences_of(text)
        if len(sentences) < FEWEST_SENTENCES:
            return None
        lateness = [self._weights[hashed_pairs(sentence)].sum() for sentence in sentences]
        ranks = np.argsort(np.argsort(lateness, kind="stable"), kind="stable")
        return float(1 - np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) / 2


def sentences_of(text: str) -> list[str]:
    """The sentences and lines of a text that are not blank."""
    return [sentence for sentence in _SENTENCES.split(text) if not sentence.isspace() and sentence]


def hashed_pairs(text: str) -> NDArray[np.int64]:
    """A place below 65,536 for each pair of neighbouring characters."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    return (codes[:-1] * 7919 + codes[1:]) % PLACES
