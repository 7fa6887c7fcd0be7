"""Train the model of quality, and measure it on documents and sources that it has not seen.

The labels are few, and the texts of one source are alike. So every source counts for at most `MOST_OF_SOURCE`
documents, and each document's score for the figures comes from a model that was trained without its source, and again
from one that was trained without the document: a crawl has sources like those that were labelled and others, so the
truth lies between. The last model is trained on everything.

A document is trained on as it is and as views of it (`quality_views`), which share its weight and its fold; figures are
of documents as they are.

The same documents give the same model: they are ordered by the digest of their text, the fold of a document or source
is a digest of its own, and the trees are drawn by a generator whose numbers are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import hash_of_text
from manyo.filters.signals import characters
from manyo.filters.signals.quality import (
    LEAST_OF_LABEL,
    SCORED,
    TREE_WEIGHT,
    HeldOut,
    QualityModel,
    Scale,
    bins_of,
    read_values,
    sum_up,
)
from manyo.filters.signals.quality_views import views
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS
from manyo.filters.signals.tree_kernels import NODES, grow_tree

#: Parts into which documents and sources are divided; each is scored by a model of the other four.
N_FOLDS = 5

#: Documents of a source that count whole; of a larger one each counts less.
MOST_OF_SOURCE = 150

#: A document with less kana than this is not Japanese prose.
_LEAST_KANA = 0.1

#: Scores at which precision and recall are reported.
THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)

#: Trees of the model. Twice as many raise the area under the curve by 0.002, and the model's size to twice as much.
N_TREES = 54

#: A leaf has at least this share of the weight of all documents. Of labelled ones that is about four.
LEAST_SHARE = 0.002

#: Divisions that are drawn at each node, of which the best is taken.
N_TRIED = 20

#: Share of a document's weight that its views have together.
VIEWS_SHARE = 0.3

#: Steps at which a model knows probabilities, and the share of the mean in them.
N_STEPS = 20
MEAN_SHARE = 0.02

#: Share of the documents whose value is beyond the range that is divided into bins, at either end.
_BEYOND = 0.002
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """What a forest grows from: documents, and views of them.

    Attributes:
        values: float64 (n_docs, n_signals), of `SCORED`.
        is_good: bool (n_docs,).
        importance: float64 (n_docs,), how much each document counts with its views, above 0.
        views: float64 (n_views, n_signals).
        viewed: int64 (n_views,), the document of each view.
    """

    values: np.ndarray
    is_good: np.ndarray
    importance: np.ndarray
    views: np.ndarray
    viewed: np.ndarray

    def grow(self, seen: np.ndarray | None = None) -> QualityModel:
        """Grow a forest.

        Args:
            seen: bool (n_docs,), the documents to grow it from; None for all of them.
        """
        seen = np.ones(len(self.values), bool) if seen is None else seen
        n_views = np.bincount(self.viewed, minlength=len(self.values))
        of_documents = self.importance * np.where(n_views > 0, 1 - VIEWS_SHARE, 1)
        of_views = (self.importance * VIEWS_SHARE / np.maximum(n_views, 1))[self.viewed]
        is_seen = seen[self.viewed]
        return grow_forest(
            np.concatenate([self.values[seen], self.views[is_seen]]),
            np.concatenate([self.is_good[seen], self.is_good[self.viewed][is_seen]]),
            np.concatenate([of_documents[seen], of_views[is_seen]]),
        )

    def unseen_scores(self, folds: np.ndarray) -> np.ndarray:
        """float64 (n_docs,), the score of each document by a model that was grown without the documents of its fold.

        Args:
            folds: (n_docs,); documents of the fold "" are in every model, and have no score (0).
        """
        scores = np.zeros(len(folds))
        for fold in np.unique(folds[folds != ""]):
            unseen = folds == fold
            model = self.grow(~unseen)
            scores[unseen] = model.contributions(self.values[unseen]).sum(axis=1) + model.base
        return scores


@dataclass(frozen=True, slots=True)
class Examples:
    """Documents of both labels, without repeats, in the order of their digests.

    Attributes:
        digests: uint64 (n_docs,), of the texts.
        values: float64 (n_docs, n_signals), of `SCORED`.
        is_good: bool (n_docs,).
        sources: names of the documents' sources.
        weights: float64 (n_docs,), how much each document counts, before sources are evened out.
        is_japanese: bool (n_docs,), which are Japanese prose, by their kana.
        views: float64 (n_views, n_signals), of views of the documents.
        viewed: int64 (n_views,), the document of each view.
        repeats: documents left out because another of the same label has the same text.
        contradictions: texts left out because documents of both labels have them.
    """

    digests: np.ndarray
    values: np.ndarray
    is_good: np.ndarray
    sources: tuple[str, ...]
    weights: np.ndarray
    is_japanese: np.ndarray
    views: np.ndarray
    viewed: np.ndarray
    repeats: int
    contradictions: int

    def counts(self) -> dict[str, tuple[int, int]]:
        """Good and bad documents of each source."""
        counts = dict.fromkeys(sorted(set(self.sources)), (0, 0))
        for source, is_good in zip(self.sources, self.is_good.tolist(), strict=True):
            good, bad = counts[source]
            counts[source] = good + is_good, bad + (not is_good)
        return counts

    def importance(self) -> np.ndarray:
        """float64 (n_docs,), how much each document counts."""
        counts = self.counts()
        sizes = np.array([sum(counts[source]) for source in self.sources])
        importance: np.ndarray = np.minimum(1.0, MOST_OF_SOURCE / sizes) * self.weights
        return importance

    def rows(self) -> Rows:
        """What a forest grows from."""
        return Rows(self.values, self.is_good, self.importance(), self.views, self.viewed)


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
    texts_of: list[dict[int, tuple[str, str, float]]] = []
    repeats = 0
    for documents in (good, bad):
        texts: dict[int, tuple[str, str, float]] = {}
        for source, text, weight in documents:
            digest = hash_of_text(text)
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
    read = [text for _, text, _ in documents]
    views_of, viewed = views_of_texts(read)
    return Examples(
        np.array([digest for digest, _ in chosen], np.uint64),
        values_of(read),
        np.array([label == 0 for _, label in chosen]),
        tuple(source for source, _, _ in documents),
        np.array([weight for _, _, weight in documents]),
        np.concatenate([_is_japanese(passes) for passes in _batches(read)]),
        values_of(views_of),
        viewed,
        repeats,
        len(both),
    )


def views_of_texts(texts: Sequence[str]) -> tuple[list[str], np.ndarray]:
    """Views of texts, and int64 (n_views,), the text of each view; each text's are drawn by its digest."""
    found = [(view, number) for number, text in enumerate(texts) for view in views(text, hash_of_text(text))]
    return [view for view, _ in found], np.array([number for _, number in found], np.int64)


def values_of(texts: Sequence[str]) -> np.ndarray:
    """float64 (n_texts, n_signals), of `SCORED`."""
    return np.concatenate([read_values(passes, SCORED) for passes in _batches(texts)])


def _batches(texts: Sequence[str]) -> Iterator[Passes]:
    column = pa.array(texts, pa.large_string())
    for start in range(0, len(column), _BATCH):
        yield Passes(column.slice(start, _BATCH), DEFAULTS)


def _is_japanese(passes: Passes) -> np.ndarray:
    is_japanese: np.ndarray = passes.of(characters.character_counts).fraction(*characters.KANA) >= _LEAST_KANA
    return is_japanese


def train(examples: Examples) -> tuple[QualityModel, list[AtThreshold], list[AtThreshold]]:
    """Train on all examples.

    Returns:
        The model, with its figure on Japanese documents; the figures of models that did not see a document's source,
        and those of models that did not see the document.
    """
    scores = [unseen_scores(examples, by_source) for by_source in (True, False)]
    model = examples.rows().grow()
    model = replace(
        model,
        held_out=held_out(examples, scores[0], examples.is_japanese),
        probabilities=rising_probabilities(scores[0], examples.is_good, examples.importance()),
    )
    of_sources, of_documents = (_at_thresholds(examples, model.probability_of(of_fold)) for of_fold in scores)
    return model, of_sources, of_documents


def rising_probabilities(means: np.ndarray, is_good: np.ndarray, importance: np.ndarray) -> tuple[float, ...]:
    """How many documents are good at each mean, as a function that rises: isotonic regression, read at `N_STEPS` steps.

    Args:
        means: float64 (n_docs,), of documents that the model was not grown from.
        is_good: bool (n_docs,).
        importance: float64 (n_docs,), how much each document counts.
    """
    piles: list[tuple[float, float, float]] = []  # the weighted sum of means, the good weight and the weight
    for number in np.argsort(means, kind="stable").tolist():
        weight = float(importance[number])
        pile = (weight * float(means[number]), weight * bool(is_good[number]), weight)
        while piles and piles[-1][1] * pile[2] >= pile[1] * piles[-1][2]:
            before = piles.pop()
            pile = (before[0] + pile[0], before[1] + pile[1], before[2] + pile[2])
        piles.append(pile)
    weights = np.array([weight for *_, weight in piles])
    middles = np.array([total for total, *_ in piles]) / weights
    shares = np.array([good for _, good, _ in piles]) / weights
    steps = np.linspace(0, 1, N_STEPS + 1)
    # A little of the mean itself, so that of two documents the one with the larger mean has the larger score.
    rising = (1 - MEAN_SHARE) * np.interp(steps, middles, shares) + MEAN_SHARE * steps
    return tuple(float(f"{one:.4g}") for one in rising.tolist())


def held_out(examples: Examples, scores: np.ndarray, chosen: np.ndarray) -> HeldOut | None:
    """How well scores tell the chosen documents apart; None where they are fewer than `LEAST_OF_LABEL` of a label.

    Args:
        examples: all documents.
        scores: (n_docs,), by models that did not see a document's source.
        chosen: bool (n_docs,).
    """
    good, bad = scores[chosen & examples.is_good], scores[chosen & ~examples.is_good]
    if min(len(good), len(bad)) < LEAST_OF_LABEL:
        return None
    bad = np.sort(bad)
    below, not_above = bad.searchsorted(good, "left").mean(), bad.searchsorted(good, "right").mean()
    area = float(below + not_above) / 2 / len(bad)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    others = (len(good) - 1) * (q1 - area**2) + (len(bad) - 1) * (q2 - area**2)
    error = 1.96 * float(np.sqrt((area * (1 - area) + others) / (len(good) * len(bad))))
    return HeldOut(area, max(area - error, 0.0), min(area + error, 1.0), len(good), len(bad))


def grow_forest(values: np.ndarray, is_good: np.ndarray, importance: np.ndarray) -> QualityModel:
    """Grow a forest.

    Args:
        values: float64 (n_docs, n_signals), of `SCORED`.
        is_good: bool (n_docs,).
        importance: float64 (n_docs,), how much each document counts, above 0.
    """
    scales = tuple(_scale(values[:, i]) for i in range(values.shape[1]))
    bins = bins_of(values, scales)
    nodes = np.zeros(2 * len(values), NODES)
    weights = importance * (TREE_WEIGHT / float(importance.sum()))
    least = LEAST_SHARE * TREE_WEIGHT
    trees = []
    for number in range(N_TREES):
        n_nodes = grow_tree(bins, is_good, weights, least, N_TRIED, np.uint64(number), nodes)
        tree = nodes[:n_nodes].copy()
        for weight in ("good", "bad"):
            tree[weight] = np.rint(tree[weight])
        sum_up(tree)
        trees.append(tree)
    return QualityModel(SCORED, scales, tuple(trees))


def _scale(values: np.ndarray) -> Scale:
    is_logarithmic = bool(values.max(initial=0) > 1.5)
    scaled = np.log1p(values) if is_logarithmic else values
    low, high = (float(f"{end:g}") for end in np.quantile(scaled, (_BEYOND, 1 - _BEYOND)))
    return Scale(is_logarithmic, low, high if high > low else low + 1)


def _at_thresholds(examples: Examples, scores: np.ndarray) -> list[AtThreshold]:
    rows = []
    for threshold in THRESHOLDS:
        kept = scores >= threshold
        both = float((kept & examples.is_good).sum())
        rows.append(AtThreshold(threshold, both / max(int(kept.sum()), 1), both / int(examples.is_good.sum())))
    return rows


def unseen_scores(examples: Examples, by_source: bool) -> np.ndarray:
    """float64 (n_docs,), the score of each document by a model that was trained without the documents of its fold."""
    return examples.rows().unseen_scores(_folds(examples, by_source).astype(str))


def _folds(examples: Examples, by_source: bool) -> np.ndarray:
    """int64 (n_docs,), the fold of each document, by a digest of its text or of its source's name.

    By document too where a label would be missing outside of a fold of sources.
    """
    by_document: np.ndarray = (examples.digests % np.uint64(N_FOLDS)).astype(np.int64)
    if not by_source:
        return by_document
    folds = np.array([hash_of_text(source) % N_FOLDS for source in examples.sources])
    has_both = all(len(set(examples.is_good[folds != fold].tolist())) == 2 for fold in np.unique(folds))
    return folds if has_both else by_document


def importance_of_parts(model: QualityModel, examples: Examples) -> list[tuple[str, float]]:
    """Each signal with the deviation of its contribution, the largest first."""
    deviations = model.contributions(examples.values).std(axis=0)
    return sorted(zip(model.signals, deviations.tolist(), strict=True), key=lambda item: (-item[1], item[0]))
