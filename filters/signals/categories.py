"""What kind of text a document is, and what it is about: categories by the n-grams of its characters.

A model is a text file that `manyo train-categories` writes: n-grams of one to three characters, and what each weighs
for each category. The logarithms of 1 + their counts, scaled to length 1 for a document, are multiplied with the
weights and added up; divided by a temperature they are the logits of probabilities, which come true on documents of
sources that the model did not see. Where no category is probable enough the answer is `unknown`.

Digits of all kinds are one, letters are small, and white space is left out, so that a text says the same however its
lines were joined.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from manyo.corpus.schema import LABEL, Column
from manyo.corpus.text import Texts
from manyo.filters.signals import characters
from manyo.filters.signals.category_kernels import fill_slots, weigh_documents
from manyo.filters.signals.model_text import read_model
from manyo.filters.signals.primitive_kernels import table_shift
from manyo.filters.signals.signal import ALSO_MEASURE, Passes, Signal, mean

#: Characters from a document's start that are read.
HEAD_CHARS: Final = 6_000

#: The answer where no category is probable enough.
UNKNOWN: Final = "unknown"

#: Weights are written as tenths.
TENTHS: Final = 10

_HEAD: Final = "# category model of manyo, written by train-categories: docs/categories.md"
_POINT_BITS: Final = 21


@cache
def fold_table() -> np.ndarray:
    """uint32 (65,536,), what stands for each character: one digit for all, small letters, nothing for white space."""
    folded = np.arange(1 << 16, dtype=np.uint32)
    folded[[0x09, 0x0A, 0x0D, 0x20, 0xA0, 0x3000]] = 0
    for first in (0x30, 0xFF10):
        folded[first : first + 10] = ord("0")
    for first in (0x41, 0xFF21, 0xFF41):
        folded[first : first + 26] = np.arange(0x61, 0x61 + 26)
    return folded


@dataclass(frozen=True)
class CategoryModel:
    """A linear model over n-grams.

    Attributes:
        names: of the categories.
        keys: uint64 (n_grams,), of the n-grams.
        weights: float64 (n_grams, n_categories).
        bias: float64 (n_categories,).
        temperature: what sums are divided by.
        least: the lowest probability that a category is named with.
    """

    names: tuple[str, ...]
    keys: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    temperature: float = 1.0
    least: float = 0.5

    @cached_property
    def _slots(self) -> tuple[np.ndarray, np.ndarray, int]:
        shift = table_shift(2 * len(self.keys))
        keys, used = np.zeros(1 << (64 - shift), np.uint64), np.zeros(1 << (64 - shift), np.int32)
        fill_slots(self.keys, shift, keys, used)
        return keys, used, shift

    def sums(self, texts: Texts) -> np.ndarray:
        """float64 (n_docs, n_categories), what the n-grams of each document weigh."""
        keys, used, shift = self._slots
        points = texts.points
        sums = np.tile(self.bias, (len(texts), 1))
        weigh_documents(points.data, points.offsets, HEAD_CHARS, fold_table(), keys, used, shift, self.weights, sums)
        return sums


def probabilities(logits: np.ndarray) -> np.ndarray:
    """float64 (n_docs, n_categories), each row of which adds up to 1."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


@dataclass(frozen=True, slots=True)
class Named:
    """The categories of a batch.

    Attributes:
        names: LABEL (n_docs,), `unknown` where none is probable enough, and for a blank document.
        scores: float32 (n_docs,), the probability of the most probable category; 0 for a blank document.
    """

    names: pa.DictionaryArray
    scores: np.ndarray


def name_categories(passes: Passes, model: CategoryModel) -> Named:
    """Name the category of each document of a batch."""
    shares = probabilities(model.sums(passes.texts) / model.temperature)
    is_blank = passes.of(characters.character_counts).visible_chars == 0
    scores = np.where(is_blank, 0, shares.max(axis=1)).astype(np.float32)
    places = np.where(scores < model.least, len(model.names), shares.argmax(axis=1)).astype(np.int32)
    names = pa.DictionaryArray.from_arrays(pa.array(places), pa.array([*model.names, UNKNOWN]))
    return Named(names.cast(LABEL), scores)


def write_category_model(model: CategoryModel) -> str:
    """The model as text: a line for each n-gram, which has what it weighs for each category, in tenths."""
    lines = [
        _HEAD,
        f"categories {' '.join(model.names)}",
        f"temperature {model.temperature:g}",
        f"least {model.least:g}",
        f"bias {_tenths(model.bias)}",
    ]
    lines += [f"gram {_gram(key)} {_tenths(of)}" for key, of in zip(model.keys.tolist(), model.weights, strict=True)]
    return "\n".join(lines) + "\n"


def _tenths(weights: np.ndarray) -> str:
    return " ".join(map(str, np.rint(weights * TENTHS).astype(np.int64).tolist()))


def _gram(key: int) -> str:
    points = (key >> (_POINT_BITS * place) & ((1 << _POINT_BITS) - 1) for place in (2, 1, 0))
    return "".join(chr(point) for point in points if point)


def _key(gram: str) -> int:
    key = 0
    for character in gram:
        key = key << _POINT_BITS | ord(character)
    return key


def load_category_model(path: str) -> CategoryModel:
    """The model at a local path, or that of a name in `SHIPPED`.

    Raises:
        ValueError: it is missing or damaged; the message begins with the path.
    """
    shipped = f"{path}.txt" if path in SHIPPED else None
    return read_model(path, shipped, _parse, "category model", "manyo train-categories")


def _parse(text: str) -> CategoryModel:
    head, *lines = text.split("\n")
    if head != _HEAD:
        raise ValueError("its first line is another")
    stated: dict[str, list[str]] = {}
    keys, weights = [], []
    for line in filter(None, lines):
        key, *cells = line.split(" ")
        if key != "gram":
            stated[key] = cells
        elif len(cells) != len(stated.get("categories", ())) + 1 or not 1 <= len(cells[0]) <= 3:
            raise ValueError(f"{line[:40]!r} has not one weight for each category")
        else:
            keys.append(_key(cells[0]))
            weights.append([int(cell) for cell in cells[1:]])
    if missing := {"categories", "temperature", "least", "bias"} - stated.keys():
        raise ValueError(f"it has no {min(missing)}")
    names, bias = tuple(stated["categories"]), np.array([int(cell) for cell in stated["bias"]])
    temperature, least = (float(stated[key][0]) for key in ("temperature", "least"))
    if not keys or len(bias) != len(names) or not temperature > 0:
        raise ValueError("it is not complete")
    return CategoryModel(
        names, np.array(keys, np.uint64), np.array(weights) / TENTHS, bias / TENTHS, temperature, least
    )


@lru_cache(maxsize=4)
def _model(path: str, _digest: str) -> CategoryModel:
    """A model, read once; another file at its path has another digest."""
    return load_category_model(path)


def registers(passes: Passes) -> Named:
    """What kind of text each document is, by the model of the settings or the one that ships."""
    return name_categories(passes, _model(passes.settings.models.register or "register", passes.settings.models_digest))


def subjects(passes: Passes) -> Named:
    """What each document is about, by the model of the settings or the one that ships."""
    return name_categories(passes, _model(passes.settings.models.subject or "subject", passes.settings.models_digest))


#: Models that come with manyo, by the names of their files.
SHIPPED: Final = ("register", "subject")

_SOURCE_OF_REGISTER = "CORE's registers and WebOrganizer's formats, here learnt from where Japanese texts came from"
_SOURCE_OF_SUBJECT = "the ten classes of NDC; docs/categories.md says how the model is trained"


def _signals(name: str, meaning: str, source: str, of: Callable[[Passes], Named]) -> tuple[Signal, ...]:
    score = mean(
        f"{name}_score",
        f"probability of the most probable {name}, in the first {HEAD_CHARS:,} characters",
        "probability",
    )
    return (
        Signal(
            Column(name, LABEL, f"{meaning}; `{UNKNOWN}` where none is probable enough"),
            source,
            lambda passes: passes.of(of).names,
            ALSO_MEASURE,
        ),
        Signal(score, source, lambda passes: passes.of(of).scores, ALSO_MEASURE),
    )


SIGNALS: tuple[Signal, ...] = (
    *_signals("register", "kind of text, such as `news` or `manual`", _SOURCE_OF_REGISTER, registers),
    *_signals("subject", "what the text is about", _SOURCE_OF_SUBJECT, subjects),
)
