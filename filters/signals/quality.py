"""One score from many signals: trees whose every step says which signal it looked at and what that changed.

The model is a forest of extremely randomized trees, grown by `manyo train-quality` from labelled documents; the one
that ships is `quality.txt`, and `docs/log/labels.md` states its data. A document goes down each tree to a leaf, and its
score comes from the mean of its leaves' shares of good training documents: of the labelled documents like it, so many
were good.

Each node has such a share, of the documents that reached it. Each step down changes it, and the change is credited to
the signal that decided the step (Saabas 2014), so that the parts of a score and the share of the roots add up to it.

A mean of many trees is drawn to the share of all documents, so in the middle it is no probability. A model that has
scored documents of unseen sources knows how many were good at each mean: it turns the mean into that share, and scales
the parts with it.

A signal is known to the trees by its bin: the range of its values in training, without the last two in a thousand at
either end, in equal parts, of the logarithm where values are counts. So no odd value can be told from the end of the
range, and the model says the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from manyo.corpus.jit import Records
from manyo.corpus.schema import Column
from manyo.filters.signals import (
    characters,
    coherence,
    fluency,
    plausibility,
    repetition,
    segments,
    tells,
    vocabulary,
    word_axes,
)
from manyo.filters.signals.model_text import read_model
from manyo.filters.signals.quality_kernels import pick_largest, walk_trees
from manyo.filters.signals.signal import Passes, Signal, mean
from manyo.filters.signals.tree_kernels import LEAF, N_BINS, NODES

#: Contributions that are stored of each document: the largest, for or against it.
STORED_PARTS: Final = 4

#: Least number of documents of each label; with fewer, a figure means nothing.
LEAST_OF_LABEL: Final = 50

#: The signals that the model reads: one for each thing that makes a text good or bad, not every variant of each.
SCORED: Final = (
    *("char_count", "latin_fraction", "digit_fraction", "symbol_fraction", "hiragana_fraction"),
    *("hiragana_letter_fraction", "katakana_letter_fraction", "particle_fraction", "other_letter_fraction"),
    *("bigram_lift", "translation_phrase_fraction", "promotion_phrase_fraction", "adult_phrase_fraction"),
    *("policy_phrase_count", "spaced_japanese_fraction", "url_fraction", "date_fraction", "head_kana_count"),
    *("unjoined_fraction", "longest_unjoined_chars", "top_word_fraction"),
    *("statement_count", "statement_fraction"),
    *("running_char_count", "longest_passage_chars", "longest_gap_fraction", "list_fraction", "teaser_fraction"),
    *("repeated_segment_fraction", "longest_repeat_chars", "mean_full_stop_chars", "duplicate_10gram_fraction"),
    *("top_4gram_fraction", "line_end_punctuation_fraction", "mean_line_chars"),
    *("broken_off_fraction", "open_end_count", "top_ending_fraction", "hashtag_fraction"),
    *("clause_marks_per_statement", "polite_ending_fraction", "past_ending_fraction", "copula_ending_fraction"),
    *("appeal_ending_fraction", "trade_word_variety"),
    *("longest_duplicate_chars", "longest_duplicate_fraction"),
    *word_axes.NAMES,
)

#: The weight of all documents that a tree grew from. Leaves have whole parts of it.
TREE_WEIGHT: Final = 30_000

#: Parts that add up to less than this are left as they are: a quotient would be rounding.
_LEAST_CHANGE: Final = 1e-9

_HEAD: Final = "# quality model of manyo, written by train-quality: docs/log/labels.md"
_HELD_OUT: Final = "held-out-japanese"
_PROBABILITIES: Final = "probabilities"
_BELOW: Final = "<"
_SHARE: Final = "/"

#: Of each document, what contributes most to its score.
PARTS: Final = Column(
    "quality_parts",
    pa.list_(pa.struct([("signal", pa.string()), ("amount", pa.float32())])),
    f"the {STORED_PARTS} signals that change `quality_score` most, and by how much each does",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a signal become bins.

    Attributes:
        is_logarithmic: whether log(1 + value) is taken first: of counts and lengths, and of what exceeds 1.
        low, high: the range that is divided into bins, after the logarithm.
    """

    is_logarithmic: bool
    low: float
    high: float

    def bins(self, values: np.ndarray) -> np.ndarray:
        """uint8 (n_docs,), from 0 to `N_BINS` - 1."""
        raw = values.astype(np.float64)
        scaled = np.log1p(raw) if self.is_logarithmic else raw
        places = (scaled - self.low) * (N_BINS / (self.high - self.low))
        bins: np.ndarray = np.clip(places, 0, N_BINS - 1).astype(np.uint8)
        return bins


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well a model tells good Japanese documents from bad ones whose sources it was not trained on.

    Attributes:
        area: under the curve: how often a good document scores above a bad one.
        low, high: its interval of 95 % (Hanley and McNeil 1982).
        good, bad: how many documents it was measured on.
    """

    area: float
    low: float
    high: float
    good: int
    bad: int


@dataclass(frozen=True)
class QualityModel:
    """A forest that says how probable it is that a document is good.

    Attributes:
        signals: names of the signals.
        scales: of each signal.
        trees: records of `NODES` of each tree.
        held_out: how well it does on Japanese documents of other sources; None where too few were at hand to say.
        probabilities: how probable it is that a document is good, at means of its leaves' shares from 0 to 1 in equal
            steps, rising; between two in proportion. Empty where the mean is taken for it.
    """

    signals: tuple[str, ...]
    scales: tuple[Scale, ...]
    trees: tuple[Records, ...]
    held_out: HeldOut | None = None
    probabilities: tuple[float, ...] = ()

    def probability_of(self, means: np.ndarray) -> np.ndarray:
        """float64 (n_docs,), how probable it is that documents with these means are good."""
        if not self.probabilities:
            return means
        of: np.ndarray = np.interp(means, np.linspace(0, 1, len(self.probabilities)), self.probabilities)
        return of

    @cached_property
    def _nodes(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What `walk_trees` reads of the nodes of all trees, one tree after the other."""
        sizes = np.array([len(tree) for tree in self.trees], np.int64)
        roots = np.cumsum(sizes) - sizes
        nodes = np.concatenate(self.trees)
        others = nodes["others"] + np.repeat(roots, sizes)
        shares = nodes["good"] / (nodes["good"] + nodes["bad"])
        signals, bounds = nodes["signal"].astype(np.int16), nodes["bound"].astype(np.uint8)
        return roots, signals, bounds, others.astype(np.int32), shares / len(self.trees)

    @property
    def _root_mean(self) -> float:
        roots, *_, values = self._nodes
        return float(values[roots].sum())

    @property
    def base(self) -> float:
        """The score of a document of which nothing is known: that of the mean of the roots' shares."""
        return float(self.probability_of(np.array([self._root_mean]))[0])

    def contributions(self, values: np.ndarray) -> np.ndarray:
        """float64 (n_docs, n_signals), how much each signal changes the score.

        Args:
            values: float64 (n_docs, n_signals).
        """
        parts = np.zeros((len(values), len(self.signals)))
        walk_trees(bins_of(values, self.scales), *self._nodes, parts)
        if not self.probabilities:
            return parts
        changes = parts.sum(axis=1)
        moved = self.probability_of(changes + self._root_mean) - self.base
        is_moved = np.abs(changes) > _LEAST_CHANGE
        scaled: np.ndarray = parts * np.where(is_moved, moved / np.where(is_moved, changes, 1), 1)[:, None]
        return scaled


def bins_of(values: np.ndarray, scales: Sequence[Scale]) -> np.ndarray:
    """uint8 (n_docs, n_signals), the bins of values of each signal."""
    bins = np.empty(values.shape, np.uint8)
    for i, scale in enumerate(scales):
        bins[:, i] = scale.bins(values[:, i])
    return bins


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a batch.

    Attributes:
        scores: float32 (n_docs,), probabilities; 0 for a document without visible characters.
        parts: of the type of `PARTS`, the largest contributions of each document, the largest first.
    """

    scores: np.ndarray
    parts: pa.ListArray


@cache
def _signals() -> dict[str, Signal]:
    topics = (characters, coherence, fluency, plausibility, repetition, segments, tells, vocabulary)
    measured = (signal for topic in topics for signal in topic.SIGNALS if not signal.setting)
    return {signal.column.name: signal for signal in (*measured, *word_axes.SIGNALS)}


def read_values(passes: Passes, names: Sequence[str]) -> np.ndarray:
    """float64 (n_docs, n_names), the signals of a batch."""
    known = _signals()
    return np.stack([passes.of(known[name].measure).astype(np.float64) for name in names], axis=1)


def score(passes: Passes, model: QualityModel) -> Scored:
    """Score a batch, and say what the scores are made of."""
    parts = model.contributions(read_values(passes, model.signals))
    is_blank = passes.of(characters.character_counts).visible_chars == 0
    scores = np.where(is_blank, 0, np.clip(parts.sum(axis=1) + model.base, 0, 1))
    largest = np.empty((len(parts), min(STORED_PARTS, parts.shape[1])), np.int64)
    pick_largest(parts, largest)
    amounts = np.take_along_axis(parts, largest, axis=1).astype(np.float32)
    names = pa.array(model.signals, pa.string()).take(pa.array(largest.ravel()))
    fields = pa.StructArray.from_arrays([names, pa.array(amounts.ravel())], ["signal", "amount"])
    offsets = pa.array(np.arange(len(parts) + 1, dtype=np.int32) * largest.shape[1])
    return Scored(scores.astype(np.float32), pa.ListArray.from_arrays(offsets, fields))


def write_quality_model(model: QualityModel) -> str:
    """The model as text: lines for its figure and its probabilities, one for each signal, and one for each tree.

    A tree's nodes are in preorder: `12<34` sends documents whose bin of signal 12 is below 34 to the next node, `18/6`
    is a leaf that good documents of a weight of 18 reached in training and bad ones of 6, where all documents together
    have a weight of `TREE_WEIGHT`.
    """
    lines = [_HEAD]
    if (held := model.held_out) is not None:
        lines.append(f"{_HELD_OUT} {held.area:.3f} {held.low:.3f} {held.high:.3f} {held.good} {held.bad}")
    if model.probabilities:
        lines.append(f"{_PROBABILITIES} {' '.join(f'{one:g}' for one in model.probabilities)}")
    for name, scale in zip(model.signals, model.scales, strict=True):
        lines.append(f"signal {name} {'log' if scale.is_logarithmic else 'as-is'} {scale.low:g} {scale.high:g}")
    for tree in model.trees:
        nodes = (
            f"{node.good:g}{_SHARE}{node.bad:g}" if node.signal == LEAF else f"{node.signal}{_BELOW}{node.bound}"
            for node in tree
        )
        lines.append(f"tree {' '.join(nodes)}")
    return "\n".join(lines) + "\n"


def load_quality_model(path: str | None) -> QualityModel:
    """The model at a local path, or with None the one that ships.

    Raises:
        ValueError: it is missing or damaged, or names a signal that there is not; the message begins with the path.
    """
    return read_model(path, "quality.txt" if path is None else None, _parse, "quality model", "manyo train-quality")


def _parse(text: str) -> QualityModel:
    head, *lines = text.split("\n")
    if head != _HEAD:
        raise ValueError("its first line is another")
    names, scales, trees, held_out = [], [], [], None
    probabilities: list[float] = []
    for line in filter(None, lines):
        key, *cells = line.split(" ")
        if key == "signal":
            name, how, low, high = cells
            if name not in _signals():
                raise ValueError(f"there is no signal {name!r}")
            names.append(name)
            scales.append(Scale(how == "log", float(low), float(high)))
        elif key == "tree":
            trees.append(_read_tree(cells, len(names)))
        elif key == _HELD_OUT:
            area, low, high, good, bad = cells
            held_out = HeldOut(float(area), float(low), float(high), int(good), int(bad))
        elif key == _PROBABILITIES:
            probabilities = [float(cell) for cell in cells]
            is_between = len(cells) > 1 and probabilities[0] >= 0 and probabilities[-1] <= 1
            if not is_between or not (np.diff(probabilities) >= 0).all():
                raise ValueError("its probabilities do not rise from 0 to 1")
        else:
            raise ValueError(f"there is no {key!r} in one")
    if not trees:
        raise ValueError("it is not complete")
    return QualityModel(tuple(names), tuple(scales), tuple(trees), held_out, tuple(probabilities))


def _read_tree(cells: Sequence[str], n_signals: int) -> Records:
    """The nodes of a tree. Read from their end, each finds what is below it read already."""
    nodes = np.zeros(len(cells), NODES)
    read: list[int] = []
    for number in range(len(cells) - 1, -1, -1):
        node, cell = nodes[number], cells[number]
        if _SHARE in cell:
            node["signal"] = LEAF
            node["good"], node["bad"] = map(float, cell.split(_SHARE))
            if not 0 < node["good"] + node["bad"] < np.inf:
                raise ValueError(f"no document is in {cell}")
        else:
            node["signal"], node["bound"] = map(int, cell.split(_BELOW))
            if len(read) < 2 or not (0 <= node["signal"] < n_signals and 0 <= node["bound"] < N_BINS):
                raise ValueError(f"{cell} divides nothing")
            node["others"] = read[-2]
            del read[-2:]
        read.append(number)
    if read != [0]:
        raise ValueError("a tree is not complete")
    sum_up(nodes)
    return nodes


def sum_up(nodes: Records) -> None:
    """Give each node that divides the weight of the leaves below it."""
    for number in range(len(nodes) - 1, -1, -1):
        if nodes["signal"][number] != LEAF:
            for weight in ("good", "bad"):
                nodes[weight][number] = nodes[weight][number + 1] + nodes[weight][nodes["others"][number]]


@lru_cache(maxsize=4)
def _model(path: str | None, _digest: str) -> QualityModel:
    """A model, read once; another file at its path has another digest."""
    return load_quality_model(path)


def scored(passes: Passes) -> Scored:
    """The scores of a batch, by the model of the settings or the one that ships."""
    return score(passes, _model(passes.settings.models.quality, passes.settings.models_digest))


SIGNALS: tuple[Signal, ...] = (
    Signal(
        mean(
            "quality_score",
            "probability that the text is worth learning from, by a forest over other signals, as documents of unseen "
            f"sources had it; `{PARTS.name}` says what it is made of",
            "probability",
        ),
        "DCLM, FineWeb-Edu and Swallow v2 have classifiers; ours reads other signals, and `manyo train-quality` trains "
        "another",
        lambda passes: passes.of(scored).scores,
    ),
)
