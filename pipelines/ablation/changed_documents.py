"""Documents that two corpora have with different texts: which version is worse, document by document.

What both corpora have says nothing about which is better, and hides what does: with one document in a hundred damaged,
equal draws hold a handful of damaged ones. So the documents that differ are compared by themselves, each with its other
version, by figures that each see one kind of damage. A figure is the share of documents of which B's version is the
worse one: it has no unit, so that figures can be compared, whether a hundred or a million documents differ.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manyo.corpus.intervals import wilson
from manyo.pipelines.ablation.character_model import CharacterModel, find, runs_of
from manyo.pipelines.ablation.cohesion import cohesion
from manyo.pipelines.ablation.drawing import Text
from manyo.pipelines.ablation.sentence_places import SentencePlaces

#: Documents that are compared at most: with 200, a majority of 60 % is beyond doubt.
MOST_CHANGED = 200

#: UTF-8 bytes of equal documents in which runs of characters are looked for, and of which the models learn.
_SEARCHED_BYTES, _LEARNT_BYTES = 16_000_000, 2_000_000

#: A run of so many characters that another document has is copied; names of series and of places are shorter.
_COPIED_CHARS = 30

#: A run of so many characters that `_FRAMED_DOCUMENTS` of the compared documents have, and no equal one, is of a frame:
#: of a template, of a menu, or of a machine that says the same again.
_FRAME_CHARS, _FRAMED_DOCUMENTS = 8, 3

#: A text of which a larger share is copied has few bits because the model has read it, and says nothing about noise.
_MOST_COPIED = 0.5

#: The figures, and differences up to which two versions are equal. Of figures that are equally clear the first decides.
_RESOLUTIONS = {"frames": 0.002, "copied": 0.02, "noise": 0.002, "order": 0.01, "cohesion": 0.001}

#: Bits of a whole text: `noise` counts only where they differ in the same direction.
_ALL_BITS = "bits"

#: A majority counts if it is so many standard deviations from a half: 99 %, as five figures are looked at.
_SURE = 2.576


@dataclass(frozen=True, slots=True)
class Majority:
    """Of one figure: the documents that it tells apart, and those of which B's version is the worse one."""

    documents: int
    b_worse: int

    @property
    def share(self) -> float:
        """Of the documents told apart, those whose version in B is worse; a half of none."""
        return self.b_worse / self.documents if self.documents else 0.5

    @property
    def interval(self) -> tuple[float, float]:
        """95 % (Wilson)."""
        return wilson(self.b_worse, self.documents)

    @property
    def deviations(self) -> float:
        """Distance of the share from a half, in standard deviations of a coin; above 0 if A is better."""
        return float((2 * self.b_worse - self.documents) / np.sqrt(self.documents)) if self.documents else 0.0

    @property
    def sign(self) -> int:
        """1 if A is better, -1 if B, 0 if that is open."""
        return int(self.deviations >= _SURE) - int(self.deviations <= -_SURE)


@dataclass(frozen=True, slots=True)
class Changed:
    """What is known of the documents that two corpora have with different texts.

    Attributes:
        documents: how many were compared.
        of: how many there are.
        figures: of each figure, its majority.
    """

    documents: int
    of: int
    figures: Mapping[str, Majority]

    @property
    def decisive(self) -> str | None:
        """The figure with the clearest majority; None if none is beyond doubt."""
        name = max(self.figures, key=lambda one: abs(self.figures[one].deviations))
        return name if self.figures[name].sign else None

    @property
    def verdict(self) -> int:
        """1 if A is better, -1 if B, 0 if that is open."""
        return 0 if self.decisive is None else self.figures[self.decisive].sign


class Fingerprints:
    """Name and text of each document of a corpus, as 16 bytes."""

    def __init__(self) -> None:
        self._names, self._texts = bytearray(), bytearray()

    def of(self, texts: Iterable[Text]) -> Iterator[Text]:
        """Yield the documents, and remember what they were."""
        for text in texts:
            self._names += _digest(text.name)
            self._texts += _digest(text.text)
            yield text

    def arrays(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Names, each once, ascending, and their texts."""
        names, first = np.unique(np.frombuffer(self._names, np.uint64), return_index=True)
        return names, np.frombuffer(self._texts, np.uint64)[first]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()


@dataclass(frozen=True, slots=True)
class Shared:
    """Names that both corpora have, as digests: with different texts, and with equal ones."""

    changed: NDArray[np.uint64]
    equal: NDArray[np.uint64]


def shared_names(a: Fingerprints, b: Fingerprints) -> Shared:
    """Compare what two corpora hold."""
    (names_a, texts_a), (names_b, texts_b) = a.arrays(), b.arrays()
    names, at_a, at_b = np.intersect1d(names_a, names_b, assume_unique=True, return_indices=True)
    differ = texts_a[at_a] != texts_b[at_b]
    return Shared(names[differ], names[~differ])


def pick(texts: Iterable[Text], shared: Shared) -> tuple[list[str], list[str]]:
    """Of one corpus, the documents that are compared, and equal ones to compare with.

    Both are those whose names have the smallest digests, in their order: random, and the same of both corpora.
    """
    chosen = set(shared.changed[:MOST_CHANGED].tolist())
    equal = set(shared.equal.tolist())
    changed: dict[int, str] = {}
    kept: list[tuple[int, str]] = []
    n_bytes = 0
    for text in texts:
        name = int.from_bytes(_digest(text.name), "little")
        if name in chosen:
            changed.setdefault(name, text.text)
        elif name in equal:
            heapq.heappush(kept, (-name, text.text))
            n_bytes += len(text.text.encode("utf-8", "surrogatepass"))
            while n_bytes > _SEARCHED_BYTES and len(kept) > 1:
                n_bytes -= len(heapq.heappop(kept)[1].encode("utf-8", "surrogatepass"))
    return [changed[name] for name in sorted(changed)], [text for _, text in sorted(kept, reverse=True)]


class Reference:
    """What documents are like that both corpora have with the same text.

    Args:
        texts: of these documents.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        learnt, n_bytes = [], 0
        for text in texts:
            if n_bytes > _LEARNT_BYTES:
                break
            learnt.append(text)
            n_bytes += len(text.encode("utf-8", "surrogatepass"))
        self._model = CharacterModel(learnt)
        self._places = SentencePlaces(learnt)
        none = np.zeros(1, np.uint64)  # so that there is one to look among
        self._runs = {
            length: np.unique(np.append(none, runs_of(texts, length)[0])) for length in (_COPIED_CHARS, _FRAME_CHARS)
        }

    def figures(self, texts: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        """Of each text how bad it is, by each figure; NaN where the figure says nothing.

        Args:
            texts: the compared documents of one corpus.
        """
        texts = [text.replace("\0", "") for text in texts]  # which begins a text for the model
        lengths = np.array([len(text) for text in texts])
        owners = np.repeat(np.arange(len(texts)), lengths)
        is_copied = self._in_runs(texts, _COPIED_CHARS, 2, in_reference=True)
        is_framed = self._in_runs(texts, _FRAME_CHARS, _FRAMED_DOCUMENTS, in_reference=False)
        bits = self._model.character_bits(texts)

        def mean(values: np.ndarray) -> NDArray[np.float64]:
            means: NDArray[np.float64] = np.bincount(owners, values, minlength=len(texts)) / np.maximum(lengths, 1)
            return means

        copied, noise = mean(is_copied), mean(bits)
        return {
            "frames": mean(is_framed),
            "copied": copied,
            "noise": np.where(copied <= _MOST_COPIED, noise, np.nan),
            _ALL_BITS: noise * lengths,
            "order": np.array([_or_nan(self._places.disorder(text)) for text in texts]),
            "cohesion": -np.array([_or_nan(cohesion(text)) for text in texts]),
        }

    def _in_runs(self, texts: Sequence[str], length: int, n_documents: int, in_reference: bool) -> NDArray[np.bool_]:
        """bool (n_chars,), which characters of the texts, one after another, stand in a run that is looked for.

        Args:
            texts: of the compared documents.
            length: of a run.
            n_documents: a run that so many of them have is one.
            in_reference: whether a run of the reference is one, or is none.
        """
        runs, numbers = runs_of(texts, length)
        order = np.lexsort((numbers, runs))
        is_first = np.ones(len(runs), np.bool_)  # of its run and document
        is_first[1:] = (np.diff(runs[order]) != 0) | (np.diff(numbers[order]) != 0)
        values, inverse = np.unique(runs, return_inverse=True)
        of_run = np.bincount(inverse[order], is_first, minlength=len(values))[inverse]
        is_known = find(self._runs[length], runs) >= 0
        is_wanted = is_known | (of_run >= n_documents) if in_reference else ~is_known & (of_run >= n_documents)
        # The runs of a text are one fewer than `length` than its characters, and begin at these.
        lengths = np.array([len(text) for text in texts])
        starts = np.cumsum(lengths) - lengths
        n_runs = np.maximum(lengths - length + 1, 0)
        begins = starts[numbers] + np.arange(len(runs)) - np.repeat(np.cumsum(n_runs) - n_runs, n_runs)
        edges = np.zeros(lengths.sum() + 1, np.int64)
        np.add.at(edges, begins[is_wanted], 1)
        np.add.at(edges, begins[is_wanted] + length, -1)
        covered: NDArray[np.bool_] = np.cumsum(edges[:-1]) > 0
        return covered


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value


def compare_changed(
    a: Mapping[str, NDArray[np.float64]], b: Mapping[str, NDArray[np.float64]], documents: int, of: int
) -> Changed:
    """Compare two versions of documents.

    Args:
        a, b: their figures, as `Reference.figures` gives them, of the same documents in the same order.
        documents: how many these are.
        of: how many documents differ.
    """
    figures = {}
    for name, resolution in _RESOLUTIONS.items():
        worse = b[name] - a[name]
        if name == "noise":
            # More characters of fewer bits each say the same at greater length, fewer of more bits leave something out.
            worse[np.sign(worse) != np.sign(b[_ALL_BITS] - a[_ALL_BITS])] = 0
        told = worse[np.abs(worse) > resolution]  # a NaN is not
        figures[name] = Majority(len(told), int((told > 0).sum()))
    return Changed(documents, of, figures)
