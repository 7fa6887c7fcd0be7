"""Train the linear model of quality, and measure it on sources that it has not seen.

The labels are few, and the texts of one source are alike. So the model is strongly regularised, every source counts for
at most `MOST_OF_SOURCE` documents, and each document's score for the figures comes from a model that was trained
without its source, and again from one that was trained without the document: a crawl has sources like those that were
labelled and others, so the truth lies between. The last model is trained on everything, and calibrated by the scores of
documents that were not trained on.

The same documents give the same model: they are ordered by the digest of their text, and nothing is drawn at random.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from manyo.corpus.text import Texts
from manyo.filters.signals.quality import (
    GRAM_PRIOR,
    GRAMS,
    SCORED,
    QualityModel,
    Scale,
    read_grams,
    read_values,
)
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS

#: Parts into which the sources are divided; each is scored by a model of the other four.
N_FOLDS = 5

#: Documents of a source that count whole; of a larger one each counts less.
MOST_OF_SOURCE = 150

#: Least number of documents of each label; with fewer, precision and recall would mean nothing.
LEAST_OF_LABEL = 50

#: Scores at which precision and recall are reported.
THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9)

#: Strength of the regularisation, in documents. Between 0.3 and 4 the figures differ by less than their intervals.
PENALTY = 0.5

#: Variance of the n-grams, that of all signals together being 1.
GRAM_SHARE = 2.0

_STEPS = 30
_SMALL_STEP = 1e-6
_LEAST_CURVATURE = 1e-6
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Examples:
    """Documents of both labels, without repeats, in the order of their digests.

    Attributes:
        texts: large_string (n_docs,).
        values: float64 (n_docs, n_signals), of `SCORED`.
        is_good: bool (n_docs,).
        sources: names of the documents' sources.
        weights: float64 (n_docs,), how much each document counts, before sources are evened out.
        repeats: documents left out because another of the same label has the same text.
        contradictions: texts left out because documents of both labels have them.
    """

    texts: pa.Array
    values: np.ndarray
    is_good: np.ndarray
    sources: tuple[str, ...]
    weights: np.ndarray
    repeats: int
    contradictions: int

    def counts(self) -> dict[str, tuple[int, int]]:
        """Good and bad documents of each source."""
        names = sorted(set(self.sources))
        of = np.array([names.index(source) for source in self.sources])
        return {
            name: (int((self.is_good & (of == i)).sum()), int((~self.is_good & (of == i)).sum()))
            for i, name in enumerate(names)
        }


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Which of the documents a rule `minimum = threshold` would keep, each scored by a model that did not see it.

    Attributes:
        threshold: of the score.
        precision: good documents per kept document; 0 where none is kept.
        recall: kept documents per good document.
    """

    threshold: float
    precision: float
    recall: float


def read_examples(good: Iterable[tuple[str, str, float]], bad: Iterable[tuple[str, str, float]]) -> Examples:
    """Measure documents.

    Args:
        good, bad: source, text and weight of each document.

    Raises:
        ValueError: too few documents are left of a label.
    """
    texts_of: list[dict[bytes, tuple[str, str, float]]] = []
    repeats = 0
    for documents in (good, bad):
        texts: dict[bytes, tuple[str, str, float]] = {}
        for source, text, weight in documents:
            digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
            repeats += bool(text.strip()) and digest in texts
            if text.strip():
                texts[digest] = (source, text, weight)
        texts_of.append(texts)
    both = texts_of[0].keys() & texts_of[1].keys()
    for name, texts in zip(("positive", "negative"), texts_of, strict=True):
        if len(texts) - len(both) < LEAST_OF_LABEL:
            raise ValueError(
                f"{len(texts) - len(both)} different {name} documents are too few: give {LEAST_OF_LABEL} or more"
            )
    chosen = sorted((digest, label) for label in (0, 1) for digest in texts_of[label].keys() - both)
    documents = [texts_of[label][digest] for digest, label in chosen]
    column = pa.array([text for _, text, _ in documents], pa.large_string())
    return Examples(
        column,
        np.concatenate([_values(column.slice(start, _BATCH)) for start in range(0, len(column), _BATCH)]),
        np.array([label == 0 for _, label in chosen]),
        tuple(source for source, _, _ in documents),
        np.array([weight for _, _, weight in documents]),
        repeats,
        len(both),
    )


def _values(texts: pa.Array) -> np.ndarray:
    return read_values(Passes(texts, DEFAULTS), SCORED)


def train(examples: Examples) -> tuple[QualityModel, list[AtThreshold], list[AtThreshold]]:
    """Train on all examples. Memory: 16 bytes for each pair of documents, and 33 kB for each document.

    Returns:
        The model, calibrated by documents that were not trained on; the figures of models that did not see a document's
        source, and those of models that did not see the document.
    """
    columns = _columns(examples)
    likeness = columns.likeness()
    importance = _importance(examples)
    of_documents = unseen_logits(examples, likeness, by_source=False)
    slope, offset = _calibrate(of_documents, examples.is_good, importance)
    dual, bias = fit(likeness, examples.is_good, importance, PENALTY)
    model = _calibrated(columns.model(dual, bias), slope, offset)
    of_sources = unseen_logits(examples, likeness, by_source=True)
    figures = [_at_thresholds(examples, slope * logits + offset) for logits in (of_sources, of_documents)]
    return model, figures[0], figures[1]


def _at_thresholds(examples: Examples, logits: np.ndarray) -> list[AtThreshold]:
    scores = 1 / (1 + np.exp(-logits))
    rows = []
    for threshold in THRESHOLDS:
        kept = scores >= threshold
        both = float((kept & examples.is_good).sum())
        rows.append(AtThreshold(threshold, both / max(int(kept.sum()), 1), both / int(examples.is_good.sum())))
    return rows


def likeness_of(examples: Examples) -> np.ndarray:
    """float64 (n_docs, n_docs), products of the standardised columns of each two documents."""
    return _columns(examples).likeness()


def unseen_logits(examples: Examples, likeness: np.ndarray, by_source: bool) -> np.ndarray:
    """float64 (n_docs,), the logit of each document by a model that was trained without the documents of its fold.

    Columns are standardised by all documents, which takes nothing from their labels.
    """
    importance = _importance(examples)
    fold_of = _folds(examples, by_source)
    logits = np.zeros(len(fold_of))
    for fold in range(N_FOLDS):
        seen, unseen = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        dual, bias = fit(likeness[np.ix_(seen, seen)], examples.is_good[seen], importance[seen], PENALTY)
        logits[unseen] = likeness[np.ix_(unseen, seen)] @ dual + bias
    return logits


def _folds(examples: Examples, by_source: bool) -> np.ndarray:
    """int64 (n_docs,), the fold of each document.

    By source, all documents of a source are in one fold, the largest sources first and each in the smallest fold so
    far. Else, and where there are fewer sources than folds or a label would be missing outside of a fold, documents are
    divided by digest.
    """
    sizes: dict[str, int] = {}
    for source in examples.sources:
        sizes[source] = sizes.get(source, 0) + 1
    totals = np.zeros(N_FOLDS, np.int64)
    of_source: dict[str, int] = {}
    for source in sorted(sizes, key=lambda name: (-sizes[name], name)):
        of_source[source] = int(np.argmin(totals))
        totals[of_source[source]] += sizes[source]
    folds = np.array([of_source[source] for source in examples.sources])
    has_both = all(len(set(examples.is_good[folds != fold].tolist())) == 2 for fold in range(N_FOLDS))
    return folds if by_source and len(sizes) >= N_FOLDS and has_both else np.arange(len(folds)) % N_FOLDS


def _importance(examples: Examples) -> np.ndarray:
    """float64 (n_docs,), how much each document counts."""
    counts: Mapping[str, tuple[int, int]] = examples.counts()
    size = np.array([sum(counts[source]) for source in examples.sources])
    weights: np.ndarray = np.minimum(1.0, MOST_OF_SOURCE / size) * examples.weights
    return weights


@dataclass(frozen=True, slots=True)
class _Columns:
    """What the model weighs, standardised.

    Attributes:
        scales: of the signals.
        signals: float64 (n_docs, n_signals), divided by the root of their number.
        grams: float32 (n_docs, N_GRAMS), whose mean is 0 and whose variances add up to `GRAM_SHARE`.
        gram_mean, gram_size: what was subtracted from the n-grams, and what they were then divided by.
    """

    scales: tuple[Scale, ...]
    signals: np.ndarray
    grams: np.ndarray
    gram_mean: np.ndarray
    gram_size: float

    def likeness(self) -> np.ndarray:
        """float64 (n_docs, n_docs), products of the columns of each two documents."""
        likeness: np.ndarray = self.signals @ self.signals.T + self.grams @ self.grams.T
        return likeness

    def model(self, dual: np.ndarray, bias: float) -> QualityModel:
        """The model whose weights are sums of the documents' columns, each times its number in `dual`."""
        gram_weights = (self.grams.T @ dual) / self.gram_size
        weights = (self.signals.T @ dual) / np.sqrt(len(self.scales))
        return QualityModel(bias, SCORED, self.scales, weights, gram_weights, float(self.gram_mean @ gram_weights))


def _columns(examples: Examples) -> _Columns:
    grams = read_grams(Texts.from_arrow(examples.texts)).astype(np.float32)
    grams /= np.sqrt(grams.sum(axis=1, keepdims=True) + GRAM_PRIOR)
    gram_mean = grams.mean(axis=0)
    grams -= gram_mean
    gram_size = max(float(np.sqrt((grams**2).sum(axis=1).mean() / GRAM_SHARE)), 1e-9)
    values = examples.values
    scales = tuple(_scale(values[:, i]) for i in range(values.shape[1]))
    signals = np.stack([scale.apply(values[:, i]) for i, scale in enumerate(scales)], axis=1) / np.sqrt(len(scales))
    return _Columns(scales, signals, grams / np.float32(gram_size), gram_mean, gram_size)


def _scale(values: np.ndarray) -> Scale:
    is_logarithmic = bool(values.max(initial=0) > 1.5)
    scaled = np.log1p(values) if is_logarithmic else values
    low, high = np.quantile(scaled, (0.01, 0.99))
    inside = np.clip(scaled, low, high)
    deviation = float(inside.std())
    return Scale(is_logarithmic, float(low), float(high), float(inside.mean()), deviation if deviation > 1e-6 else 1.0)


def _calibrated(model: QualityModel, slope: float, offset: float) -> QualityModel:
    return replace(
        model,
        bias=model.bias * slope + offset,
        weights=model.weights * slope,
        gram_weights=model.gram_weights * slope,
        gram_mean=model.gram_mean * slope,
    )


def fit(likeness: np.ndarray, is_good: np.ndarray, importance: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """The logistic regression that minimises Σ importance × log loss + penalty / 2 × |weights|², by Newton's method.

    There are more weights than documents, so it is solved in the documents: weights are Σ dual × columns.

    Args:
        likeness: (n_docs, n_docs), products of the columns of each two documents.

    Returns:
        float64 (n_docs,), what each document adds to the weights, and the bias.
    """
    dual, bias = np.zeros(len(is_good)), 0.0
    for _ in range(_STEPS):
        logits = likeness @ dual + bias
        probability = 1 / (1 + np.exp(-np.clip(logits, -30, 30)))
        curvature = np.maximum(importance * probability * (1 - probability), _LEAST_CURVATURE)
        target = logits + importance * (is_good - probability) / curvature
        system = likeness + np.diag(penalty / curvature)
        of_target, of_ones = np.linalg.solve(system, np.stack([target, np.ones(len(target))], axis=1)).T
        next_bias = of_target.sum() / of_ones.sum()
        step = of_target - next_bias * of_ones - dual
        dual, bias = dual + step, float(next_bias)
        if np.abs(step).max() < _SMALL_STEP:
            break
    return dual, bias


def _calibrate(logits: np.ndarray, is_good: np.ndarray, importance: np.ndarray) -> tuple[float, float]:
    """Slope and offset of a line through the logits of documents that were not trained on (Platt 1999)."""
    columns = np.stack([logits, np.ones(len(logits))], axis=1)
    line = np.array([1.0, 0.0])
    for _ in range(_STEPS):
        probability = 1 / (1 + np.exp(-np.clip(columns @ line, -30, 30)))
        curvature = np.maximum(importance * probability * (1 - probability), _LEAST_CURVATURE)
        line += np.linalg.solve(
            (columns * curvature[:, None]).T @ columns, columns.T @ (importance * (is_good - probability))
        )
    return float(line[0]), float(line[1])


def importance_of_parts(model: QualityModel, examples: Examples) -> list[tuple[str, float]]:
    """Each signal and the n-grams with the deviation of their contribution, the largest first."""
    deviations = model.contributions(examples.values, Texts.from_arrow(examples.texts)).std(axis=0)
    return sorted(zip((*model.signals, GRAMS), deviations.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
