"""The figures that tell two corpora apart, each with its interval and with what it cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from manyo.pipelines.ablation.changed_documents import Changed
from manyo.pipelines.ablation.character_model import CharacterModel
from manyo.pipelines.ablation.drawing import Drawn
from manyo.pipelines.ablation.measured_corpus import MeasuredCorpus
from manyo.pipelines.ablation.sentence_places import PLACES, hashed_pairs

#: Draws of the bootstrap, and its seed.
_RESAMPLED, _SEED = 2000, 0

#: The probe needs so many documents of each side that the other one lacks.
_FEWEST_PROBED = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of corpus A and of corpus B.

    Attributes:
        a, b: means over documents and draws.
        low, high: 95 % of the difference of the means, b less a, by bootstrap over documents.
        documents: how many.
        is_paired: whether each document was measured under both corpora.
    """

    a: float
    b: float
    low: float
    high: float
    documents: int
    is_paired: bool = True

    @property
    def sign(self) -> int:
        """1 if b is larger, -1 if a is, 0 if the interval holds both."""
        return int(self.low > 0) - int(self.high < 0)


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is known of two corpora, A and B.

    Attributes:
        changed: documents that both corpora have with different texts; None without any.
        bits: of each held-out set, bits per character under a model of each corpus; less is closer.
        copied: of each held-out set, how many texts were left out as copies.
        cohesion: of the drawn documents themselves; None if too few have enough sentences.
        shared: of the documents of the first draws, the share of their runs of 13 characters that other ones have too.
        compressed: of each corpus and draw, bytes of zstd per byte.
        probe: how well pairs of characters tell documents that only one corpus has: area under the curve; None if
            there are too few.
        cross: bits per character of the held-out texts of each source (second) under a model of each source (first).
    """

    changed: Changed | None
    bits: Mapping[str, Difference]
    copied: Mapping[str, int]
    cohesion: Difference | None
    shared: Difference
    compressed: tuple[list[float], list[float]]
    probe: float | None
    cross: Mapping[str, Mapping[str, float]]

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        """Each figure that has an interval and a better side: its name, and 1 if A is better, -1 if B, 0 if open.

        They stand in the order in which they decide: noise may raise cohesion, and is said only once. So the verdict is
        that of the first figure that is not open.
        """
        found = [(f"closer to {name}", one.sign) for name, one in self.bits.items()]
        if self.cohesion is not None:
            found.append(("sentences in order", -self.cohesion.sign))
        return [*found, ("less said again", self.shared.sign)]

    @property
    def verdict(self) -> int:
        """1 if A is better, -1 if B, 0 if every figure leaves it open.

        Versions of the same documents decide before figures of whole corpora, in which they are few.
        """
        if self.changed is not None and self.changed.verdict:
            return self.changed.verdict
        return next((sign for _, sign in self.verdicts if sign), 0)


def compare(a: MeasuredCorpus, b: MeasuredCorpus, changed: Changed | None = None) -> Ladder:
    """Compare two corpora that were measured with the same held-out texts and equally many draws.

    Args:
        a, b: the corpora.
        changed: what is known of documents that they have with different texts.
    """
    bits, copied = {}, {}
    for name in a.bits:
        is_copied = a.is_copied[name] | b.is_copied[name]
        copied[name] = int(is_copied.sum())
        if not is_copied.all():
            bits[name] = paired(a.bits[name][~is_copied], b.bits[name][~is_copied])
    return Ladder(
        changed,
        bits,
        copied,
        _difference(a.cohesion, b.cohesion) if a.cohesion and b.cohesion else None,
        _difference(a.shared, b.shared),
        (a.compressed, b.compressed),
        _probe(a.drawn, b.drawn),
        _cross(a, b),
    )


def paired(of_a: NDArray[np.float64], of_b: NDArray[np.float64]) -> Difference:
    """The difference of two figures of the same documents, or seeds: float64 (n,) each; NaN where one is unknown."""
    known = ~(np.isnan(of_a) | np.isnan(of_b))
    of_a, of_b = of_a[known], of_b[known]
    low, high = _interval(lambda rng: (of_b - of_a)[rng.integers(0, len(of_a), len(of_a))].mean())
    return Difference(float(of_a.mean()), float(of_b.mean()), low, high, len(of_a))


def _interval(resample: Callable[[np.random.Generator], float]) -> tuple[float, float]:
    rng = np.random.default_rng(_SEED)
    low, high = np.percentile([resample(rng) for _ in range(_RESAMPLED)], [2.5, 97.5])
    return float(low), float(high)


def _difference(of_a: Mapping[str, float], of_b: Mapping[str, float]) -> Difference:
    """Of figures by document; paired if the corpora have most documents in common."""
    common = sorted(of_a.keys() & of_b.keys())
    if common and 2 * len(common) >= max(len(of_a), len(of_b)):
        return paired(*(np.array([values[name] for name in common]) for values in (of_a, of_b)))
    a, b = (np.array(list(values.values())) for values in (of_a, of_b))
    low, high = _interval(lambda rng: rng.choice(b, len(b)).mean() - rng.choice(a, len(a)).mean())
    return Difference(float(a.mean()), float(b.mean()), low, high, len(a) + len(b), is_paired=False)


def _probe(a: Drawn, b: Drawn) -> float | None:
    """Tell documents that only A has from those that only B has: naive Bayes over pairs of characters.

    It is trained on half of the documents and tried on the others.
    """
    sides = [{text.text for draw in drawn.draws for text in draw} for drawn in (a, b)]
    only = [sorted(sides[0] - sides[1]), sorted(sides[1] - sides[0])]
    if min(map(len, only)) < _FEWEST_PROBED:
        return None
    rows = [[hashed_pairs(text) for text in texts] for texts in only]
    (train_a, try_a), (train_b, try_b) = ((of_side[::2], of_side[1::2]) for of_side in rows)
    logs = [np.log(np.bincount(np.concatenate(train), minlength=PLACES) + 1.0) for train in (train_a, train_b)]
    weights = (logs[0] - np.log(np.exp(logs[0]).sum())) - (logs[1] - np.log(np.exp(logs[1]).sum()))
    scores = [np.array([weights[row].mean() for row in rows if len(row)]) for rows in (try_a, try_b)]
    ranks = np.argsort(np.argsort(np.concatenate(scores), kind="stable"), kind="stable") + 1
    n_a, n_b = map(len, scores)
    return float((ranks[:n_a].sum() - n_a * (n_a + 1) / 2) / (n_a * n_b))


def _cross(a: MeasuredCorpus, b: MeasuredCorpus) -> dict[str, dict[str, float]]:
    """Each source of each corpus under a model of each, from its first draw."""
    models: dict[str, CharacterModel] = {}
    wanted: dict[str, list[str]] = {}
    for corpus in (a, b):
        drawn = corpus.drawn
        for source, kept in drawn.held_out.items():
            name, texts = f"{drawn.name} {source}", [text.text for text in drawn.draws[0] if text.source == source]
            if texts:
                models[name] = corpus.model if len(texts) == len(drawn.draws[0]) else CharacterModel(texts)
            wanted[name] = [text.text for text in kept]
    return {
        one: {other: float(np.nanmean(model.bits(texts))) for other, texts in wanted.items()}
        for one, model in models.items()
    }
