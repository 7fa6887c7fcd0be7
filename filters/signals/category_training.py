"""Train a model of categories, and measure it on sources that it has not seen.

A category such as `news` is known from where a document came from, so what a model must not learn is the source itself:
its name, its template, its one subject. So n-grams are chosen by their presence however often they occur, a source
weighs by the square root of its documents, and every document's figure comes from a model that was trained without its
source.

The same documents give the same model: they are ordered by the digest of their text, and sources are dealt to folds in
the order of their sizes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from manyo.corpus.doc_ids import hash_of_text
from manyo.corpus.text import Texts
from manyo.filters.signals.categories import HEAD_CHARS, TENTHS, CategoryModel, fold_table, probabilities
from manyo.filters.signals.category_kernels import LONGEST_GRAM, descend, gram_keys

#: Parts into which sources are divided; the documents of each are judged by a model of the others.
N_FOLDS = 5

#: A category needs so many sources, of which some are seen and others not.
LEAST_SOURCES = 2

#: Weights of a model, one for each n-gram and category. Twice as many raise macro-F1 by 0.006, within its interval, and
#: the file would exceed 200 kB.
MOST_WEIGHTS = 48_000

#: An n-gram that fewer documents have is not looked at.
_LEAST_DOCUMENTS = 8
_HASH_BITS = 22

#: From the least probability on that a category is named with, so many names are right.
_RIGHT_OF_KNOWN = 0.9
_LEAST_GRID = tuple(round(0.3 + 0.05 * step, 2) for step in range(14))
#: Draws of sources for an interval.
_N_DRAWS = 2_000

_N_PASSES = 12
_RATE = 0.3
_DECAY = 1e-5


@dataclass(frozen=True, slots=True)
class Examples:
    """Documents of known category, without repeats, in the order of their digests.

    Attributes:
        texts: large_string (n_docs,).
        classes: int64 (n_docs,), places in `names`.
        names: of the categories, in alphabetical order.
        sources: (n_docs,), numbers of the documents' sources.
        source_names: by number.
    """

    texts: pa.Array
    classes: np.ndarray
    names: tuple[str, ...]
    sources: np.ndarray
    source_names: tuple[str, ...]

    def importance(self, rows: np.ndarray) -> np.ndarray:
        """float64 (n_rows,), how much each document counts: all categories weigh alike.

        A source weighs by the square root of its documents: one with more of them says more, but not by so much.
        """
        pairs = self.classes[rows] * len(self.source_names) + self.sources[rows]
        found, group, sizes = np.unique(pairs, return_inverse=True, return_counts=True)
        of_class = found // len(self.source_names)
        shares = np.sqrt(sizes)
        totals = np.bincount(of_class, weights=shares, minlength=len(self.names))
        each: np.ndarray = (shares / totals[of_class] / sizes)[group]
        importance: np.ndarray = each * (len(rows) / each.sum())
        return importance


def read_examples(documents: Iterable[tuple[str, str, str]]) -> Examples:
    """Order documents and leave out what cannot be learnt from.

    Args:
        documents: category, source and text of each.

    Raises:
        ValueError: there are fewer than two categories, or one has fewer than `LEAST_SOURCES` sources.
    """
    kept: dict[int, tuple[str, str, str]] = {}
    for name, source, text in documents:
        if text.strip():
            kept.setdefault(hash_of_text(text), (name, source, text))
    chosen = [kept[digest] for digest in sorted(kept)]
    names = tuple(sorted({name for name, _, _ in chosen}))
    source_names = tuple(sorted({source for _, source, _ in chosen}))
    if len(names) < 2:
        raise ValueError("documents of two or more categories are needed")
    for name in names:
        n_sources = len({source for other, source, _ in chosen if other == name})
        if n_sources < LEAST_SOURCES:
            raise ValueError(f"{name}: {n_sources} source; with fewer than {LEAST_SOURCES} nothing says what is learnt")
    places, numbers = ({one: at for at, one in enumerate(some)} for some in (names, source_names))
    return Examples(
        pa.array([text for _, _, text in chosen], pa.large_string()),
        np.array([places[name] for name, _, _ in chosen], np.int64),
        names,
        np.array([numbers[source] for _, source, _ in chosen], np.int64),
        source_names,
    )


@dataclass(frozen=True, slots=True)
class Grams:
    """The n-grams of documents, those of each after those of the one before.

    Attributes:
        keys: uint64 (n_grams,), of the different n-grams.
        starts: int64 (n_docs + 1,), where those of each document start.
        numbers: int32, their places in `keys`.
        values: float32, the logarithm of 1 + how often each occurs.
    """

    keys: np.ndarray
    starts: np.ndarray
    numbers: np.ndarray
    values: np.ndarray


def count_all(texts: pa.Array) -> Grams:
    """The n-grams that `_LEAST_DOCUMENTS` documents or more have.

    Hashes are counted first, so that what is rare needs no memory.
    """
    points = Texts.from_arrow(texts).points
    folded = fold_table()
    longest = int(np.diff(points.offsets).max(initial=0))
    scratch = np.empty(LONGEST_GRAM * min(longest, HEAD_CHARS), np.uint64)

    def keys_of(doc: int) -> tuple[np.ndarray, np.ndarray]:
        start = int(points.offsets[doc])
        end = min(int(points.offsets[doc + 1]), start + HEAD_CHARS)
        n_keys = gram_keys(points.data[start:end], folded, scratch)
        return np.unique(scratch[:n_keys], return_counts=True)

    n_documents = np.zeros(1 << _HASH_BITS, np.int32)
    for doc in range(len(texts)):
        n_documents[np.unique(_hashes(keys_of(doc)[0]))] += 1
    found, counts = [], []
    for doc in range(len(texts)):
        keys, n_times = keys_of(doc)
        is_common = n_documents[_hashes(keys)] >= _LEAST_DOCUMENTS
        found.append(keys[is_common])
        counts.append(n_times[is_common])
    keys, numbers = np.unique(np.concatenate(found), return_inverse=True)
    starts = np.concatenate([[0], np.cumsum([len(some) for some in found])]).astype(np.int64)
    return Grams(keys, starts, numbers.astype(np.int32), np.log1p(np.concatenate(counts)).astype(np.float32))


def _hashes(keys: np.ndarray) -> np.ndarray:
    mixed: np.ndarray = (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _HASH_BITS)
    return mixed


def train(examples: Examples, grams: Grams, rows: np.ndarray) -> CategoryModel:
    """Train on some of the documents.

    Args:
        examples: all documents.
        grams: of all documents.
        rows: which documents are trained on.
    """
    n_classes = len(examples.names)
    importance = examples.importance(rows)
    chosen = _most_telling(examples, grams, rows, importance, MOST_WEIGHTS // n_classes)
    starts, numbers, values = _vectors(grams, rows, chosen)
    weights, bias = np.zeros((len(chosen), n_classes)), np.zeros(n_classes)
    steps = np.full((len(chosen) + 1, n_classes), 1e-2)
    classes = examples.classes[rows]
    for number in range(_N_PASSES):
        order = np.random.Generator(np.random.PCG64(number)).permutation(len(rows))
        descend(starts, numbers, values, classes, importance, order, _RATE, _DECAY, weights, bias, steps)
    weights -= weights.mean(axis=1, keepdims=True)
    return CategoryModel(
        examples.names, grams.keys[chosen], np.rint(weights * TENTHS) / TENTHS, np.rint(bias * TENTHS) / TENTHS
    )


def _most_telling(examples: Examples, grams: Grams, rows: np.ndarray, importance: np.ndarray, count: int) -> np.ndarray:
    """Places of the n-grams whose presence says most about the category, if all categories are as frequent.

    By mutual information, in which a document counts as `Examples.importance` says.
    """
    n_classes, n_grams = len(examples.names), len(grams.keys)
    lengths = np.diff(grams.starts)
    of_doc = np.zeros(len(lengths))
    of_doc[rows] = importance
    each = np.repeat(of_doc, lengths)
    is_read = each > 0
    places = np.repeat(examples.classes, lengths)[is_read] * n_grams + grams.numbers[is_read]
    present = np.bincount(places, weights=each[is_read], minlength=n_classes * n_grams).reshape(n_classes, n_grams)
    presence = present / np.bincount(examples.classes[rows], weights=importance, minlength=n_classes)[:, None]
    information = _entropy(presence.mean(axis=0)) - _entropy(presence).mean(axis=0)
    best = np.argsort(-information, kind="stable")[:count]
    return np.sort(best)


def _entropy(shares: np.ndarray) -> np.ndarray:
    inside = np.clip(shares, 1e-9, 1 - 1e-9)
    entropy: np.ndarray = -(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside))
    return entropy


def _vectors(grams: Grams, rows: np.ndarray, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where each row starts, the places in `chosen` of its n-grams, and what each is worth; rows have length 1."""
    place_of = np.full(len(grams.keys), -1, np.int32)
    place_of[chosen] = np.arange(len(chosen))
    starts, numbers, values = [0], [], []
    for row in rows.tolist():
        part = slice(grams.starts[row], grams.starts[row + 1])
        places = place_of[grams.numbers[part]]
        is_chosen = places >= 0
        worth = grams.values[part][is_chosen]
        numbers.append(places[is_chosen])
        values.append(worth / max(float(np.linalg.norm(worth)), 1e-9))
        starts.append(starts[-1] + len(worth))
    return np.array(starts, np.int64), np.concatenate(numbers), np.concatenate(values).astype(np.float32)


def deal_sources(examples: Examples) -> np.ndarray:
    """int64 (n_docs,), the fold of each document: all of a source are in one, those of a category in many.

    The sources that hold most of a category are dealt first, each to the fold that has least of what it brings.
    """
    held = Counter(zip(examples.sources.tolist(), examples.classes.tolist(), strict=True))
    sizes = np.bincount(examples.classes, minlength=len(examples.names))
    shares = np.zeros((len(examples.source_names), len(examples.names)))
    for (source, place), count in held.items():
        shares[source, place] = count / sizes[place]
    loads = np.zeros((N_FOLDS, len(examples.names)))
    fold_of = np.zeros(len(shares), np.int64)
    for source in np.argsort(-shares.max(axis=1), kind="stable"):
        fold = int(np.argmin(loads @ shares[source] + 1e-6 * loads.sum(axis=1)))
        loads[fold] += shares[source]
        fold_of[source] = fold
    folds: np.ndarray = fold_of[examples.sources]
    return folds


def unseen_sums(examples: Examples, grams: Grams) -> np.ndarray:
    """float64 (n_docs, n_classes), of each document what a model says that was trained without its source."""
    folds = deal_sources(examples)
    sums = np.zeros((len(folds), len(examples.names)))
    for fold in np.unique(folds):
        model = train(examples, grams, np.flatnonzero(folds != fold))
        rows = np.flatnonzero(folds == fold)
        sums[rows] = model.sums(Texts.from_arrow(examples.texts.take(pa.array(rows))))
    return sums


def fit_temperature(sums: np.ndarray, classes: np.ndarray, importance: np.ndarray) -> float:
    """What sums are divided by so that probabilities come true on documents of unseen sources: of a grid, the best."""
    candidates = np.round(np.geomspace(0.3, 6, 61), 2)
    losses = [
        -float(importance @ np.log(np.maximum(probabilities(sums / one)[np.arange(len(sums)), classes], 1e-12)))
        for one in candidates
    ]
    return float(candidates[int(np.argmin(losses))])


@dataclass(frozen=True, slots=True)
class OfCategory:
    """How well documents of one category are known from models that did not see their source.

    Attributes:
        name: of the category.
        documents, sources: how many there are.
        right: documents of it that are named so.
        named: documents of any category that are named so.
    """

    name: str
    documents: int
    sources: int
    right: int
    named: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(self.documents + self.named, 1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What models say of documents whose source they did not see.

    Attributes:
        categories: in the order of the names, without `unknown`: every document has its most probable one.
        macro_f1, low, high: the mean of their F1, and its interval of 95 % (2,000 draws of sources with replacement).
        confused: int64 (n_categories, n_categories), documents by category and by what they are called.
        calibration: of each tenth of the probabilities, documents, mean probability and share that is right.
        known: share of the documents that are named, not `unknown`.
        right_of_known: share of those that are named right.
    """

    categories: tuple[OfCategory, ...]
    macro_f1: float
    low: float
    high: float
    confused: np.ndarray
    calibration: tuple[tuple[int, float, float], ...]
    known: float
    right_of_known: float


def train_and_measure(examples: Examples) -> tuple[CategoryModel, Figures]:
    """Train on all examples, and measure models of parts of them on the rest."""
    grams = count_all(examples.texts)
    sums = unseen_sums(examples, grams)
    everything = np.arange(len(examples.classes))
    importance = examples.importance(everything)
    temperature = fit_temperature(sums, examples.classes, importance)
    shares = probabilities(sums / temperature)
    least = _least_probability(shares, examples.classes, importance)
    model = train(examples, grams, everything)
    return replace(model, temperature=temperature, least=least), _figures(examples, shares, least)


def _least_probability(shares: np.ndarray, classes: np.ndarray, importance: np.ndarray) -> float:
    """The lowest of a grid of probabilities from which on nine of ten names are right, all categories alike."""
    best, is_right = shares.max(axis=1), shares.argmax(axis=1) == classes
    for least in _LEAST_GRID:
        known = best >= least
        if known.any() and importance[known & is_right].sum() >= _RIGHT_OF_KNOWN * importance[known].sum():
            return least
    return _LEAST_GRID[-1]


def _figures(examples: Examples, shares: np.ndarray, least: float) -> Figures:
    called, best = shares.argmax(axis=1), shares.max(axis=1)
    categories, figure, (low, high) = figures_of(examples, called)
    tenth = np.minimum((best * 10).astype(np.int64), 9)
    is_right, known = called == examples.classes, best >= least
    calibration = tuple(
        (int((tenth == one).sum()), float(best[tenth == one].mean()), float(is_right[tenth == one].mean()))
        for one in np.unique(tenth)
    )
    right_of_known = float(is_right[known].mean()) if known.any() else 0.0
    confused = _confused(examples.classes, called, len(examples.names))
    return Figures(categories, figure, low, high, confused, calibration, float(known.mean()), right_of_known)


def figures_of(examples: Examples, called: np.ndarray) -> tuple[tuple[OfCategory, ...], float, tuple[float, float]]:
    """Of each category how well it is known; macro-F1, and its interval of 95 % by draws of sources.

    Args:
        examples: the documents.
        called: int64 (n_docs,), what each is called, as a place in the names.
    """
    confused = _confused(examples.classes, called, len(examples.names))
    categories = tuple(
        OfCategory(
            name,
            int(confused[place].sum()),
            len(np.unique(examples.sources[examples.classes == place])),
            int(confused[place, place]),
            int(confused[:, place].sum()),
        )
        for place, name in enumerate(examples.names)
    )
    low, high = np.quantile(_draws(examples, called), (0.025, 0.975)).tolist()
    return categories, _macro_f1(confused), (low, high)


def _draws(examples: Examples, called: np.ndarray) -> list[float]:
    """The macro-F1 of draws of as many sources of each category as it has, with replacement."""
    n_classes, n_sources = len(examples.names), len(examples.source_names)
    rows_of = np.zeros((n_sources, n_classes, n_classes), np.int64)
    np.add.at(rows_of, (examples.sources, examples.classes, called), 1)
    random = np.random.Generator(np.random.PCG64(0))
    confused = np.zeros((_N_DRAWS, n_classes, n_classes), np.int64)
    for place in range(n_classes):
        rows = rows_of[:, place][rows_of[:, place].any(axis=1)]
        confused[:, place] = random.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), _N_DRAWS) @ rows
    return [_macro_f1(one) for one in confused]


def _confused(classes: np.ndarray, called: np.ndarray, n_classes: int) -> np.ndarray:
    counts = np.bincount(classes * n_classes + called, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes)


def _macro_f1(confused: np.ndarray) -> float:
    both = confused.sum(axis=0) + confused.sum(axis=1)
    return float((2 * np.diag(confused) / np.maximum(both, 1)).mean())
