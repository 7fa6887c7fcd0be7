"""One score from many signals: a linear model, so that every score says what it is made of.

The model adds up what each signal contributes, and what the n-grams of a document's beginning do. It was trained on
labelled documents by `manyo train-quality`; the one that ships is `quality.txt`, and `docs/log/labels.md` states its
data. n-grams are characters and pairs of neighbours, with one sign for every digit, hashed to 8,192 weights, from
which no text can be read back.

A signal contributes weight × (value − mean) / deviation, where mean and deviation are those of the training documents,
and where a value outside of the range that training saw counts as the end of the range. So contributions are measured
from an ordinary document, and a single odd value cannot decide alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import Column
from manyo.corpus.tables.start_folder import located
from manyo.corpus.text import Texts
from manyo.filters.signals import characters, coherence, fluency, plausibility, repetition, segments, tells, vocabulary
from manyo.filters.signals.quality_kernels import GRAM_BITS, mark_grams, pick_largest, weigh_grams
from manyo.filters.signals.signal import Passes, Signal, mean

#: Characters from a document's start whose n-grams count.
GRAM_CHARS: Final = 2_000
N_GRAMS: Final = 1 << GRAM_BITS
#: A document's n-grams weigh 1 / √(their number + this), so that the few of a short one do not weigh most.
GRAM_PRIOR: Final = 30

#: Contributions that are stored of each document: the largest, for or against it.
STORED_PARTS: Final = 4

#: The signals that the model adds up: one for each thing that makes a text good or bad, not every variant of each.
SCORED: Final = (
    *("char_count", "latin_fraction", "digit_fraction", "symbol_fraction", "hiragana_fraction"),
    *("hiragana_letter_fraction", "katakana_letter_fraction", "particle_fraction", "other_letter_fraction"),
    *("bigram_lift", "translation_phrase_fraction", "promotion_phrase_fraction", "adult_phrase_fraction"),
    *("policy_phrase_count", "spaced_japanese_fraction", "url_fraction", "date_fraction", "head_kana_count"),
    *("unjoined_fraction", "longest_unjoined_chars", "top_word_fraction", "related_segment_fraction"),
    *("coherent_fraction", "labelled_segment_fraction", "statement_count", "statement_fraction"),
    *("running_char_count", "longest_passage_chars", "longest_gap_fraction", "list_fraction", "teaser_fraction"),
    *("repeated_segment_fraction", "longest_repeat_chars", "mean_full_stop_chars", "duplicate_10gram_fraction"),
    *("top_4gram_fraction", "line_end_punctuation_fraction", "mean_line_chars"),
    *("broken_off_fraction", "open_end_count", "top_ending_fraction", "hashtag_fraction"),
    *("clause_marks_per_statement", "polite_ending_fraction", "trade_word_variety"),
)

#: What n-grams contribute together is stored under this name.
GRAMS: Final = "n-grams"

_HEAD: Final = "# quality model of manyo, written by train-quality: docs/log/labels.md"

#: Of each document, what contributes most to its score.
PARTS: Final = Column(
    "quality_parts",
    pa.list_(pa.struct([("signal", pa.string()), ("amount", pa.float32())])),
    f"the {STORED_PARTS} largest contributions to the logit of `quality_score`, and the signals that they come from",
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How the values of a signal become numbers that weights apply to.

    Attributes:
        is_logarithmic: whether log(1 + value) is taken first: of counts and lengths, and of what exceeds 1.
        low, high: values beyond these count as these, after the logarithm.
        mean, deviation: of the training documents, within these bounds.
    """

    is_logarithmic: bool
    low: float
    high: float
    mean: float
    deviation: float

    def apply(self, values: np.ndarray) -> np.ndarray:
        """float64 (n_docs,), standardised values."""
        raw = values.astype(np.float64)
        scaled = np.log1p(raw) if self.is_logarithmic else raw
        standardised: np.ndarray = (np.clip(scaled, self.low, self.high) - self.mean) / self.deviation
        return standardised


@dataclass(frozen=True, slots=True)
class QualityModel:
    """A linear model of the probability that a document is good.

    Attributes:
        bias: the logit of an ordinary document.
        signals: names of the signals.
        scales: of each signal.
        weights: float64 (n_signals,).
        gram_weights: float64 (N_GRAMS,).
        gram_mean: mean contribution of the n-grams of the training documents, which is subtracted.
    """

    bias: float
    signals: tuple[str, ...]
    scales: tuple[Scale, ...]
    weights: np.ndarray
    gram_weights: np.ndarray
    gram_mean: float

    def contributions(self, values: np.ndarray, texts: Texts) -> np.ndarray:
        """float64 (n_docs, n_signals + 1), what each signal and, last, the n-grams add to the logit.

        Args:
            values: float64 (n_docs, n_signals).
            texts: the documents.
        """
        parts = np.empty((len(values), len(self.signals) + 1))
        for i, (scale, weight) in enumerate(zip(self.scales, self.weights, strict=True)):
            parts[:, i] = scale.apply(values[:, i]) * weight
        of_grams, points = np.empty(len(values)), texts.points
        weigh_grams(points.data, points.offsets, self.gram_weights, GRAM_PRIOR, GRAM_CHARS, of_grams)
        parts[:, -1] = of_grams - self.gram_mean
        return parts


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a batch.

    Attributes:
        scores: float32 (n_docs,), probabilities; 0 for a document without visible characters.
        parts: of the type of `PARTS`, the largest contributions of each document, the largest first.
    """

    scores: np.ndarray
    parts: pa.ListArray


def read_grams(texts: Texts) -> np.ndarray:
    """uint8 (n_docs, N_GRAMS), 1 for each n-gram that a document has."""
    marks = np.zeros((len(texts), N_GRAMS), np.uint8)
    mark_grams(texts.points.data, texts.points.offsets, GRAM_CHARS, marks)
    return marks


@cache
def _signals() -> dict[str, Signal]:
    topics = (characters, coherence, fluency, plausibility, repetition, segments, tells, vocabulary)
    return {signal.column.name: signal for topic in topics for signal in topic.SIGNALS if not signal.setting}


def read_values(passes: Passes, names: Sequence[str]) -> np.ndarray:
    """float64 (n_docs, n_names), the signals of a batch."""
    known = _signals()
    return np.stack([passes.of(known[name].measure).astype(np.float64) for name in names], axis=1)


def score(passes: Passes, model: QualityModel) -> Scored:
    """Score a batch, and say what the scores are made of."""
    parts = model.contributions(read_values(passes, model.signals), passes.texts)
    logits = parts.sum(axis=1) + model.bias
    is_blank = passes.of(characters.character_counts).visible_chars == 0
    scores = np.where(is_blank, 0, 1 / (1 + np.exp(-np.clip(logits, -30, 30))))
    largest = np.empty((len(parts), min(STORED_PARTS, parts.shape[1])), np.int64)
    pick_largest(parts, largest)
    amounts = np.take_along_axis(parts, largest, axis=1).astype(np.float32)
    names = pa.array([*model.signals, GRAMS], pa.string()).take(pa.array(largest.ravel()))
    fields = pa.StructArray.from_arrays([names, pa.array(amounts.ravel())], ["signal", "amount"])
    offsets = pa.array(np.arange(len(parts) + 1, dtype=np.int32) * largest.shape[1])
    return Scored(scores.astype(np.float32), pa.ListArray.from_arrays(offsets, fields))


def write_quality_model(model: QualityModel) -> str:
    """The model as text: a line for each signal, then a line with the weights of the n-grams."""
    lines = [_HEAD, f"bias {model.bias:.4f}", f"grams {model.gram_mean:.4f}"]
    for name, scale, weight in zip(model.signals, model.scales, model.weights, strict=True):
        how = "log" if scale.is_logarithmic else "as-is"
        numbers = (scale.low, scale.high, scale.mean, scale.deviation, weight)
        lines.append(" ".join(["signal", name, how, *(f"{number:.5g}" for number in numbers)]))
    lines.append("weights " + " ".join(f"{weight:.3g}" for weight in model.gram_weights))
    return "\n".join(lines) + "\n"


def load_quality_model(path: str | None) -> QualityModel:
    """The model at a local path, or with None the one that ships.

    Raises:
        ValueError: it is missing or damaged, or names a signal that there is not; the message begins with the path.
    """
    try:
        if path is None:
            text = (files("manyo.filters.signals") / "quality.txt").read_text(encoding="utf-8")
        else:
            with open(located(path), encoding="utf-8") as file:
                text = file.read()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not a quality model; manyo train-quality makes one") from error
    except OSError as error:
        raise ValueError(f"{path}: not a quality model ({error.strerror})") from error
    try:
        return _parse(text)
    except (ValueError, KeyError) as error:
        raise ValueError(f"{path}: not a quality model ({error}); manyo train-quality makes one") from error


def _parse(text: str) -> QualityModel:
    head, *lines = text.split("\n")
    if head != _HEAD:
        raise ValueError("its first line is another")
    numbers: dict[str, list[float]] = {}
    names, scales, weights = [], [], []
    for line in filter(None, lines):
        key, *values = line.split(" ")
        if key == "signal":
            name, how, *cells = values
            low, high, centre, deviation, weight = map(float, cells)
            if name not in _signals():
                raise ValueError(f"there is no signal {name!r}")
            names.append(name)
            scales.append(Scale(how == "log", low, high, centre, deviation))
            weights.append(weight)
        else:
            numbers[key] = [float(value) for value in values]
    if len(numbers.get("weights", ())) != N_GRAMS or "bias" not in numbers or "grams" not in numbers:
        raise ValueError("it is not complete")
    return QualityModel(
        numbers["bias"][0],
        tuple(names),
        tuple(scales),
        np.array(weights),
        np.array(numbers["weights"]),
        numbers["grams"][0],
    )


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
            "probability that the text is worth learning from, by a linear model over signals and n-grams of the first "
            f"{GRAM_CHARS:,} characters; `{PARTS.name}` says what it is made of",
            "probability",
        ),
        "DCLM, FineWeb-Edu and Swallow v2 have classifiers; ours is linear and small, and `manyo train-quality` "
        "trains another",
        lambda passes: passes.of(scored).scores,
    ),
)
