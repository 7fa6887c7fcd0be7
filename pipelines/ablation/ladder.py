"""The figures that tell two corpora apart, each with its interval and with what it cannot say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from manyo.pipelines.ablation.character_model import CharacterModel, runs_of
from manyo.pipelines.ablation.cohesion import cohesion
from manyo.pipelines.ablation.drawing import Drawn, Text

#: Draws of the bootstrap, and its seed.
_RESAMPLED, _SEED = 2000, 0

#: A held-out text that has a run of so many characters in common with a corpus may be a copy, and is left out.
COPIED_CHARS = 50

#: Runs of characters whose repetition is counted.
_RUN_CHARS = 13

#: Pairs of characters are counted in so many places by the probe.
_PLACES = 1 << 16

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
        bits: of each held-out set, bits per character under a model of each corpus; less is closer.
        copied: of each held-out set, how many texts were left out as copies.
        cohesion: of the drawn documents themselves; None if too few have enough sentences.
        shared: of the documents of the first draws, the share of their runs of 13 characters that other ones have too.
        compressed: of each corpus and draw, bytes of zstd per byte.
        probe: how well pairs of characters tell documents that only one corpus has: area under the curve; None if
            there are too few.
        cross: bits per character of the held-out texts of each source (second) under a model of each source (first).
    """

    bits: Mapping[str, Difference]
    copied: Mapping[str, int]
    cohesion: Difference | None
    shared: Difference
    compressed: tuple[list[float], list[float]]
    probe: float | None
    cross: Mapping[str, Mapping[str, float]]

    @property
    def verdicts(self) -> list[tuple[str, int]]:
        """Each figure that has an interval and a better side: its name, and 1 if A is better, -1 if B, 0 if open."""
        found = [(f"closer to {name}", one.sign) for name, one in self.bits.items()]
        if self.cohesion is not None:
            found.append(("sentences in order", -self.cohesion.sign))
        return [*found, ("less said again", self.shared.sign)]


def compare(a: Drawn, b: Drawn, held_out: Mapping[str, Sequence[str]]) -> Ladder:
    """Compare two corpora.

    Args:
        a, b: what was drawn of them, the same number of times.
        held_out: texts of each genre that are wanted, which neither corpus should hold.
    """
    texts = {name: list(dict.fromkeys(texts)) for name, texts in held_out.items()}
    free = {name: _without_copies(of_name, (a, b)) for name, of_name in texts.items()}
    models = [[CharacterModel([text.text for text in draw]) for draw in drawn.draws] for drawn in (a, b)]
    bits = {}
    for name, kept in free.items():
        if kept:
            of_a, of_b = (np.mean([model.bits(kept) for model in of_corpus], axis=0) for of_corpus in models)
            bits[name] = _paired(of_a, of_b)
    return Ladder(
        bits,
        {name: len(of_name) - len(free[name]) for name, of_name in texts.items()},
        _cohesion(a, b),
        _difference(_shared(a.draws[0]), _shared(b.draws[0])),
        (_of_draws(a, _compressed), _of_draws(b, _compressed)),
        _probe(a, b),
        _cross(a, b),
    )


def _without_copies(texts: Sequence[str], corpora: Sequence[Drawn]) -> list[str]:
    """The texts that have no long run of characters in common with a draw of a corpus."""
    runs = [runs_of([text], COPIED_CHARS)[0] for text in texts]
    wanted = np.unique(np.concatenate(runs)) if runs else np.zeros(0, np.uint64)
    found = [
        np.intersect1d(wanted, runs_of([text.text for text in draw], COPIED_CHARS)[0])
        for drawn in corpora
        for draw in drawn.draws
    ]
    copied = np.unique(np.concatenate(found))
    return [text for text, of_text in zip(texts, runs, strict=True) if not np.isin(of_text, copied).any()]


def _paired(of_a: NDArray[np.float64], of_b: NDArray[np.float64]) -> Difference:
    known = ~(np.isnan(of_a) | np.isnan(of_b))
    of_a, of_b = of_a[known], of_b[known]
    low, high = _interval(lambda rng: (of_b - of_a)[rng.integers(0, len(of_a), len(of_a))].mean())
    return Difference(float(of_a.mean()), float(of_b.mean()), low, high, len(of_a))


def _interval(resample: Callable[[np.random.Generator], float]) -> tuple[float, float]:
    rng = np.random.default_rng(_SEED)
    low, high = np.percentile([resample(rng) for _ in range(_RESAMPLED)], [2.5, 97.5])
    return float(low), float(high)


def _cohesion(a: Drawn, b: Drawn) -> Difference | None:
    """Of all drawn documents."""
    of_a, of_b = (
        {text.name: value for draw in drawn.draws for text in draw if (value := cohesion(text.text)) is not None}
        for drawn in (a, b)
    )
    return _difference(of_a, of_b) if of_a and of_b else None


def _shared(draw: Sequence[Text]) -> dict[str, float]:
    """Of each document with a run of 13 characters, the share of its runs that stand in another one too."""
    runs, numbers = runs_of([text.text for text in draw], _RUN_CHARS)
    order = np.lexsort((numbers, runs))
    runs, numbers = runs[order], numbers[order]
    begins = np.flatnonzero(np.diff(runs, prepend=runs[:1] ^ np.uint64(1)))
    lasts = np.append(begins[1:], len(runs)) - 1
    is_shared = np.repeat(numbers[begins] != numbers[lasts], lasts - begins + 1)
    totals = np.bincount(numbers, minlength=len(draw))
    shared = np.bincount(numbers, is_shared, minlength=len(draw))
    return {text.name: shared[i] / totals[i] for i, text in enumerate(draw) if totals[i]}


def _difference(of_a: Mapping[str, float], of_b: Mapping[str, float]) -> Difference:
    """Of figures by document; paired if the corpora have most documents in common."""
    common = sorted(of_a.keys() & of_b.keys())
    if common and 2 * len(common) >= max(len(of_a), len(of_b)):
        return _paired(*(np.array([values[name] for name in common]) for values in (of_a, of_b)))
    a, b = (np.array(list(values.values())) for values in (of_a, of_b))
    low, high = _interval(lambda rng: rng.choice(b, len(b)).mean() - rng.choice(a, len(a)).mean())
    return Difference(float(a.mean()), float(b.mean()), low, high, len(a) + len(b), is_paired=False)


def _of_draws(drawn: Drawn, figure: Callable[[list[str]], float]) -> list[float]:
    return [figure([text.text for text in draw]) for draw in drawn.draws]


def _compressed(texts: list[str]) -> float:
    raw = "\n".join(texts).encode("utf-8", "surrogatepass")
    return len(pa.compress(raw, codec="zstd", asbytes=True)) / max(1, len(raw))


def _probe(a: Drawn, b: Drawn) -> float | None:
    """Tell documents that only A has from those that only B has: naive Bayes over pairs of characters.

    It is trained on half of the documents and tried on the others.
    """
    sides = [{text.text for draw in drawn.draws for text in draw} for drawn in (a, b)]
    only = [sorted(sides[0] - sides[1]), sorted(sides[1] - sides[0])]
    if min(map(len, only)) < _FEWEST_PROBED:
        return None
    rows = [[_pairs(text) for text in texts] for texts in only]
    (train_a, try_a), (train_b, try_b) = ((of_side[::2], of_side[1::2]) for of_side in rows)
    logs = [np.log(np.bincount(np.concatenate(train), minlength=_PLACES) + 1.0) for train in (train_a, train_b)]
    weights = (logs[0] - np.log(np.exp(logs[0]).sum())) - (logs[1] - np.log(np.exp(logs[1]).sum()))
    scores = [np.array([weights[row].mean() for row in rows if len(row)]) for rows in (try_a, try_b)]
    ranks = np.argsort(np.argsort(np.concatenate(scores), kind="stable"), kind="stable") + 1
    n_a, n_b = map(len, scores)
    return float((ranks[:n_a].sum() - n_a * (n_a + 1) / 2) / (n_a * n_b))


def _pairs(text: str) -> NDArray[np.int64]:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    return (codes[:-1] * 7919 + codes[1:]) % _PLACES


def _cross(a: Drawn, b: Drawn) -> dict[str, dict[str, float]]:
    """Each source of each corpus under a model of each, from its first draw."""
    trained: dict[str, list[str]] = {}
    wanted: dict[str, list[str]] = {}
    for drawn in (a, b):
        for source, kept in drawn.held_out.items():
            trained[f"{drawn.name} {source}"] = _texts_of(drawn.draws[0], source)
            wanted[f"{drawn.name} {source}"] = [text.text for text in kept]
    return {
        one: {other: float(np.nanmean(model.bits(texts))) for other, texts in wanted.items()}
        for one, texts in trained.items()
        if texts
        for model in [CharacterModel(texts)]
    }


def _texts_of(draw: Sequence[Text], source: str) -> list[str]:
    return [text.text for text in draw if text.source == source]
