"""Character n-gram models: how many bits per character a text takes after another one was read.

Characters, not words, so that no tokenizer is favoured. Counts are smoothed as Witten and Bell (1991) do: after a
context that was seen `t` times before `d` different characters, one of count `c` has the probability
`(c + d·p) / (t + d)`, where `p` is its probability after the context without its first character.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Characters of the longest n-gram.
ORDER = 5

#: Characters that a text may have; those never seen share one probability.
ALPHABET = 1 << 16

#: Stands before each text, and is not predicted.
_START = 0

#: Of splitmix64, which spreads the hashes of n-grams over 64 bits.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True)
class _Grams:
    """The n-grams of one length, by the order of their hashes.

    Attributes:
        hashes: of the n-grams, sorted.
        occurrences: of each.
        totals: how often the n-gram one shorter, by its place, stands before a character.
        followers: before how many different characters it stands.
    """

    hashes: NDArray[np.uint64]
    occurrences: NDArray[np.int64]
    totals: NDArray[np.int64]
    followers: NDArray[np.int64]


class CharacterModel:
    """What was counted in texts.

    Args:
        texts: to count, each by itself.
        order: characters of the longest n-gram.
    """

    def __init__(self, texts: Sequence[str], order: int = ORDER) -> None:
        characters, ages = _joined(texts)
        self._grams = []
        # The context of all single characters is the empty n-gram, whose place is 0.
        places = np.zeros(len(characters) + 1, np.int64)
        n_contexts = 1
        for length, grams in enumerate(_hashes(characters, order), start=1):
            ends = _ends(ages, length)
            hashes, first, place_of, occurrences = np.unique(
                grams[ends], return_index=True, return_inverse=True, return_counts=True
            )
            contexts = places[ends]  # one place later than their end
            self._grams.append(
                _Grams(
                    hashes,
                    occurrences,
                    np.bincount(contexts, minlength=n_contexts),
                    np.bincount(contexts[first], minlength=n_contexts),
                )
            )
            places = np.full(len(characters) + 1, -1, np.int64)
            places[ends + 1] = place_of
            n_contexts = len(hashes)

    def bits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Bits per character of each text; NaN for an empty one.

        Returns:
            float64 (n_texts,).
        """
        bits, ages = self._bits(texts)
        starts = np.flatnonzero(ages == 0)
        lengths = np.diff(np.append(starts, len(ages))) - 1
        sums = np.add.reduceat(bits, starts) if len(starts) else np.zeros(0)
        per_character: NDArray[np.float64] = np.divide(sums, lengths, out=np.full(len(sums), np.nan), where=lengths > 0)
        return per_character

    def character_bits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Bits of each character of texts that have no `_START`, one text after another.

        Returns:
            float64 (n_chars,).
        """
        bits, ages = self._bits(texts)
        return bits[ages > 0]

    def _bits(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Bits of each character, 0 of each `_START`, and how many characters after its `_START` it stands."""
        characters, ages = _joined(texts)
        probabilities = np.full(len(characters), 1 / ALPHABET)
        places = np.zeros(len(characters) + 1, np.int64)
        known = zip(self._grams, _hashes(characters, len(self._grams)), strict=True)
        for length, (counted, grams) in enumerate(known, start=1):
            if not len(counted.hashes):  # every text that was counted is shorter
                break
            ends = _ends(ages, length)
            found = find(counted.hashes, grams[ends])
            contexts = places[ends]
            seen = (contexts >= 0) & (ages[ends] > 0)
            at, context, gram = ends[seen], contexts[seen], found[seen]
            occurrences = np.where(gram >= 0, counted.occurrences[gram], 0)
            totals, followers = counted.totals[context], counted.followers[context]
            smoothed = (occurrences + followers * probabilities[at]) / np.maximum(totals + followers, 1)
            probabilities[at] = np.where(totals > 0, smoothed, probabilities[at])
            places = np.full(len(characters) + 1, -1, np.int64)
            places[ends + 1] = found
        return np.where(ages > 0, -np.log2(probabilities), 0), ages


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The code points of texts, each after a `_START`, and how many characters after it each stands."""
    joined = "".join(chr(_START) + text.replace(chr(_START), "") for text in texts)
    characters = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    places = np.arange(len(characters))
    return characters, places - np.maximum.accumulate(np.where(characters == _START, places, 0))


def _ends(ages: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Where n-grams of a length end that lie within one text; they may begin with its `_START`."""
    return np.flatnonzero(ages >= length - 1)


def _hashes(characters: NDArray[np.uint64], order: int) -> Iterator[NDArray[np.uint64]]:
    """Of 1 to `order` characters: the hash of the n-gram that ends at each place."""
    contexts = np.zeros(len(characters), np.uint64)
    for _ in range(order):
        grams = (contexts ^ (characters + np.uint64(1))) * _FACTOR
        grams ^= grams >> _SHIFT
        yield grams
        contexts = np.concatenate([np.zeros(1, np.uint64), grams[:-1]])


def runs_of(texts: Sequence[str], length: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Every run of `length` characters within a text, in order: its hash, and the number of its text."""
    characters, ages = _joined(texts)
    *_, grams = _hashes(characters, length)
    is_whole = ages >= length
    return grams[is_whole], (np.cumsum(ages == 0) - 1)[is_whole]


def find(hashes: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The places of wanted hashes among sorted ones, of which there must be some; -1 where there is none."""
    places = np.minimum(np.searchsorted(hashes, wanted), len(hashes) - 1)
    return np.where(hashes[places] == wanted, places, -1)
