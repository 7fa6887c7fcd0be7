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

from manyo.filters.signals.quality import (
    GRAM_PRIOR,
    GRAMS,
    N_GRAMS,
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
PENALTY = 1.0

#: Variance of the n-grams, that of all signals together being 1.
GRAM_SHARE = 1.0

_STEPS = 30
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Examples:
    """Documents of both labels, without repeats, in the order of their digests.

    Attributes:
        values: float64 (n_docs, n_signals), of `SCORED`.
        grams: uint8 (n_docs, N_GRAMS), 1 for each n-gram that a document has.
        is_good: bool (n_docs,).
        sources: names of the documents' sources.
        repeats: documents left out because another of the same label has the same text.
        contradictions: texts left out because documents of both labels have them.
    """

    values: np.ndarray
    grams: np.ndarray
    is_good: np.ndarray
    sources: tuple[str, ...]
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


def read_examples(good: Iterable[tuple[str, str]], bad: Iterable[tuple[str, str]]) -> Examples:
    """Measure documents.

    Memory: 1 kB a document, and the texts.

    Args:
        good, bad: source and text of each document.

    Raises:
        ValueError: too few documents are left of a label.
    """
    texts_of: list[dict[bytes, tuple[str, str]]] = []
    repeats = 0
    for documents in (good, bad):
        texts: dict[bytes, tuple[str, str]] = {}
        for source, text in documents:
            digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()
            repeats += bool(text.strip()) and digest in texts
            if text.strip():
                texts[digest] = (source, text)
        texts_of.append(texts)
    both = texts_of[0].keys() & texts_of[1].keys()
    for name, texts in zip(("positive", "negative"), texts_of, strict=True):
        if len(texts) - len(both) < LEAST_OF_LABEL:
            raise ValueError(
                f"{len(texts) - len(both)} different {name} documents are too few: give {LEAST_OF_LABEL} or more"
            )
    chosen = sorted((digest, label) for label in (0, 1) for digest in texts_of[label].keys() - both)
    documents = [texts_of[label][digest] for digest, label in chosen]
    values, grams = [], []
    for start in range(0, len(documents), _BATCH):
        passes = Passes(pa.array([text for _, text in documents[start : start + _BATCH]], pa.large_string()), DEFAULTS)
        values.append(read_values(passes, SCORED))
        grams.append(read_grams(passes.texts))
    return Examples(
        np.concatenate(values),
        np.concatenate(grams),
        np.array([label == 0 for _, label in chosen]),
        tuple(source for source, _ in documents),
        repeats,
        len(both),
    )


def train(examples: Examples) -> tuple[QualityModel, list[AtThreshold], list[AtThreshold]]:
    """Train on all examples.

    Returns:
        The model, calibrated by documents that were not trained on; the figures of models that did not see a document's
        source, and those of models that did not see the document.
    """
    importance = _importance(examples)
    logits = unseen_logits(examples, by_source=False)
    # Platt 1999: a line through the logits of documents that were not trained on.
    slope, offset = _fit(logits[:, None], examples.is_good, importance, 1e-3)
    model = _calibrated(_model(examples, np.ones(len(logits), bool), importance), slope, offset)
    of_sources = unseen_logits(examples, by_source=True)
    of_documents = _at_thresholds(examples, slope * logits + offset)
    return model, _at_thresholds(examples, slope * of_sources + offset), of_documents


def _at_thresholds(examples: Examples, logits: np.ndarray) -> list[AtThreshold]:
    scores = 1 / (1 + np.exp(-logits))
    rows = []
    for threshold in THRESHOLDS:
        kept = scores >= threshold
        both = float((kept & examples.is_good).sum())
        rows.append(AtThreshold(threshold, both / max(int(kept.sum()), 1), both / int(examples.is_good.sum())))
    return rows


def unseen_logits(examples: Examples, by_source: bool) -> np.ndarray:
    """float64 (n_docs,), the logit of each document by a model that was trained without the documents of its fold."""
    importance = _importance(examples)
    fold_of = _folds(examples, by_source)
    logits = np.zeros(len(fold_of))
    for fold in range(N_FOLDS):
        held_out = fold_of == fold
        model = _model(examples, ~held_out, importance)
        parts = model.contributions(examples.values[held_out], examples.grams[held_out])
        logits[held_out] = parts.sum(axis=1) + model.bias
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
    weights: np.ndarray = np.minimum(1.0, MOST_OF_SOURCE / size)
    return weights


def _model(examples: Examples, chosen: np.ndarray, importance: np.ndarray) -> QualityModel:
    values, weight = examples.values[chosen], importance[chosen]
    grams = examples.grams[chosen].astype(np.float32)
    grams /= np.sqrt(grams.sum(axis=1, keepdims=True) + GRAM_PRIOR)
    scales = tuple(_scale(values[:, i]) for i in range(values.shape[1]))
    dense = np.stack([scale.apply(values[:, i]) for i, scale in enumerate(scales)], axis=1) / np.sqrt(len(scales))
    centre = grams.mean(axis=0)
    size = np.sqrt(((grams - centre) ** 2).sum(axis=1).mean() / GRAM_SHARE)
    columns = np.hstack([dense, (grams - centre) / max(size, 1e-9)])
    fitted = _fit(columns, examples.is_good[chosen], weight, PENALTY)
    gram_weights = fitted[len(scales) : len(scales) + N_GRAMS] / max(size, 1e-9)
    return QualityModel(
        float(fitted[-1]),
        SCORED,
        scales,
        fitted[: len(scales)] / np.sqrt(len(scales)),
        gram_weights,
        float(centre @ gram_weights),
    )


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


def _fit(columns: np.ndarray, is_good: np.ndarray, importance: np.ndarray, penalty: float) -> np.ndarray:
    """float64 (n_columns + 1,), weights and bias of a logistic regression, by Newton's method.

    Minimises Σ importance × log loss + penalty / 2 × |weights|².
    """
    # A column that never varies, as of an n-gram that no document has, gets no weight.
    varies = np.ptp(columns, axis=0) > 0
    features = np.hstack([columns[:, varies], np.ones((len(columns), 1))]).astype(np.float64)
    penalties = np.full(features.shape[1], penalty)
    penalties[-1] = 1e-6
    fitted = np.zeros(features.shape[1])
    for _ in range(_STEPS):
        logits = np.clip(features @ fitted, -30, 30)
        probability = 1 / (1 + np.exp(-logits))
        curvature = importance * probability * (1 - probability)
        gradient = features.T @ (importance * (probability - is_good)) + penalties * fitted
        step = np.linalg.solve((features * curvature[:, None]).T @ features + np.diag(penalties), gradient)
        loss = _loss(features, is_good, importance, penalties, fitted)
        while _loss(features, is_good, importance, penalties, fitted - step) > loss and np.abs(step).max() > 1e-9:
            step = step / 2
        fitted = fitted - step
        if np.abs(step).max() < 1e-6:
            break
    weights = np.zeros(columns.shape[1] + 1)
    weights[np.flatnonzero(np.append(varies, True))] = fitted
    return weights


def _loss(
    features: np.ndarray, is_good: np.ndarray, importance: np.ndarray, penalties: np.ndarray, fitted: np.ndarray
) -> float:
    logits = features @ fitted
    losses = np.logaddexp(0, np.where(is_good, -logits, logits))
    return float(importance @ losses + penalties @ fitted**2 / 2)


def importance_of_parts(model: QualityModel, examples: Examples) -> list[tuple[str, float]]:
    """Each signal and the n-grams with the deviation of their contribution, the largest first."""
    deviations = model.contributions(examples.values, examples.grams).std(axis=0)
    return sorted(zip((*model.signals, GRAMS), deviations.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
