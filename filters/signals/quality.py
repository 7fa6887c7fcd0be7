"""A fastText classifier of good text as the user defines it: trained on examples, evaluated on held-out ones, a signal.

It sees character n-grams of a document's beginning and nothing else. A run of characters between white space is a whole
sentence in Japanese, so no run becomes a word of its own (`train`): the n-grams alone decide.

The same documents give the same bytes on the same kind of machine: examples are ordered and held out by the digest of
their text, and training has one thread.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.filters.fasttext_file import load_fasttext
from manyo.filters.signals.signal import Passes, Signal, mean

#: Characters from a document's start that the model sees, in training and after.
QUALITY_CHARS = 2_000

#: One document in this many is held out.
HELD_OUT = 10

#: Least number of held-out documents of each label; with fewer, precision and recall would mean nothing.
MIN_HELD_OUT = 5

#: Scores at which precision and recall are reported.
THRESHOLDS = (0.1, 0.25, 0.5, 0.75, 0.9)

#: n-grams of 1 to 4 characters, hashed to 2^18 rows of 16 numbers: 17 MB. Five passes at fastText's usual rate for
#: short labels; with more passes the model memorises single documents.
TRAINING: Mapping[str, int | float] = {
    "minn": 1,
    "maxn": 4,
    "dim": 16,
    "bucket": 1 << 18,
    "epoch": 5,
    "lr": 0.5,
    "seed": 0,
}

POSITIVE, NEGATIVE = "__label__positive", "__label__negative"


@dataclass(frozen=True, slots=True)
class Examples:
    """Documents of both labels, cut, without repeats, divided into those to train on and those held out.

    Attributes:
        trained: for each label its texts, in the order of their digests.
        held_out: likewise.
        repeats: documents left out because another of the same label begins the same.
        contradictions: beginnings left out because documents of both labels have them.
    """

    trained: Mapping[str, tuple[str, ...]]
    held_out: Mapping[str, tuple[str, ...]]
    repeats: int
    contradictions: int


@dataclass(frozen=True, slots=True)
class AtThreshold:
    """Which of the held-out documents a rule `minimum = threshold` would keep.

    Attributes:
        threshold: of the score.
        precision: positive documents per kept document; 0 where none is kept.
        recall: kept documents per positive document.
    """

    threshold: float
    precision: float
    recall: float


def divide(positive: Iterable[str], negative: Iterable[str]) -> Examples:
    """Cut documents to what the model sees, and hold out one in `HELD_OUT`.

    Memory: the first `QUALITY_CHARS` characters of every document.

    Raises:
        ValueError: too few documents are left of a label.
    """
    lines_of: dict[str, dict[bytes, str]] = {}
    repeats = 0
    for label, texts in ((POSITIVE, positive), (NEGATIVE, negative)):
        lines_of[label] = {}
        for text in texts:
            line = _line(text)
            digest = hashlib.blake2b(line.encode("utf-8", "replace"), digest_size=16).digest()
            repeats += bool(line) and digest in lines_of[label]
            if line:
                lines_of[label][digest] = line
    both = lines_of[POSITIVE].keys() & lines_of[NEGATIVE].keys()
    trained, held_out = {}, {}
    for label, lines in lines_of.items():
        digests = sorted(lines.keys() - both)
        trained[label] = tuple(lines[digest] for digest in digests if digest[-1] % HELD_OUT)
        held_out[label] = tuple(lines[digest] for digest in digests if not digest[-1] % HELD_OUT)
        if len(held_out[label]) < MIN_HELD_OUT:
            name = label.removeprefix("__label__")
            raise ValueError(
                f"{len(digests)} different {name} documents are too few: one in {HELD_OUT} is held out, and at least "
                f"{MIN_HELD_OUT} must be held out; give a hundred or more"
            )
    return Examples(trained, held_out, repeats, len(both))


def train(examples: Examples, model_path: Path) -> None:
    """Train a model and write it to a local path."""
    labelled = [(line, label) for label, lines in examples.trained.items() for line in lines]
    # fastText reads in order and never shuffles: the order of digests mixes labels and sources.
    labelled.sort(key=lambda one: hashlib.blake2b(one[0].encode("utf-8", "replace"), digest_size=16).digest())
    with tempfile.TemporaryDirectory(prefix="manyo-") as folder:
        training = Path(folder) / "labelled.txt"
        with training.open("w", encoding="utf-8", errors="replace") as file:
            file.writelines(f"{label} {line}\n" for line, label in labelled)
        # No run of characters occurs in every document, so that with this minCount only the line's end is a word.
        model = fasttext.train_supervised(str(training), minCount=len(labelled), thread=1, verbose=0, **TRAINING)
    model.save_model(str(model_path))


def evaluate(examples: Examples, model_path: Path) -> list[AtThreshold]:
    """Precision and recall on the held-out documents, at each of `THRESHOLDS`."""
    good, bad = (
        quality_scores(pa.array(examples.held_out[label], pa.large_string()), str(model_path))
        for label in (POSITIVE, NEGATIVE)
    )
    rows = []
    for threshold in THRESHOLDS:
        kept_good, kept_bad = int((good >= threshold).sum()), int((bad >= threshold).sum())
        kept = kept_good + kept_bad
        rows.append(AtThreshold(threshold, kept_good / kept if kept else 0.0, kept_good / len(good)))
    return rows


def quality_scores(texts: pa.Array, path: str) -> np.ndarray:
    """float32 (n_docs,), the model's probability that each text is positive; 0 for a blank one.

    Args:
        texts: string or large_string, without nulls.
        path: of a model that `train` wrote.

    Raises:
        ValueError: there is no such model at the path, with which the message begins.
    """
    model = load_quality_model(path)
    lines = [_line(text) for text in pc.utf8_slice_codeunits(texts, 0, QUALITY_CHARS).to_pylist()]
    scores = np.zeros(len(lines), np.float32)
    if lines:
        labels, probabilities = model.predict(lines, k=2)
        for row, (of_text, values) in enumerate(zip(labels, probabilities, strict=True)):
            if lines[row]:
                # The library's probabilities exceed 1 by a rounding error.
                scores[row] = min(float(values[list(of_text).index(POSITIVE)]), 1.0)
    return scores


def load_quality_model(path: str) -> fasttext.FastText._FastText:
    """The classifier at a path.

    Raises:
        ValueError: it is missing, damaged, or has other labels.
    """
    model = load_fasttext(path)
    found = sorted(model.get_labels())
    if found != sorted((POSITIVE, NEGATIVE)):
        shown = ", ".join(found[:3]) + (", ..." if len(found) > 3 else "")
        raise ValueError(f"{path}: not a quality model: its labels are {shown}; manyo train-quality makes one")
    return model


def _line(text: str) -> str:
    """What fastText sees: one line, and nothing in it that fastText takes for a mark of its own."""
    return " ".join(text[:QUALITY_CHARS].split()).replace("__label__", "label").replace("</s>", "s")


def _scores(passes: Passes) -> np.ndarray:
    path = passes.settings.models.quality
    assert path is not None  # else the signal is not measured
    return quality_scores(passes.column, path)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        mean(
            "quality_score",
            f"probability that the text is positive, by a fastText classifier, from its first {QUALITY_CHARS:,} "
            "characters",
            "probability",
        ),
        "DCLM, FineWeb-Edu and Swallow v2 in spirit; the model is yours, by `manyo train-quality`",
        _scores,
        setting="models.quality",
    ),
)
