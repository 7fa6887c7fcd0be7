"""Labels that people gave to documents, and how well rules agree with them.

A file of labels is what `manyo view` saves (JSON Lines), or a table separated by tabs with a header. A line names its
document by `doc_id` or by `uri` (in tables also `url`) and has a `label`: keep or good, drop or bad, unsure.
`stands_for` says how many documents one that was drawn with unequal chances represents.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from manyo.corpus.intervals import wilson

#: Words of readers → whether the document should be kept; None where they would not say.
WORDS: Mapping[str, bool | None] = {"keep": True, "good": True, "drop": False, "bad": False, "unsure": None}

#: Samples of a bootstrap interval: its ends are then sure to about a hundredth of its width.
_N_BOOTSTRAP = 1000


@dataclass(frozen=True, slots=True)
class Label:
    """What one reader said of one document.

    Attributes:
        key: `doc_id` in hexadecimal, or the document's `uri`.
        is_good: whether it should be kept; None for unsure.
        stands_for: documents that it represents.
    """

    key: str
    is_good: bool | None
    stands_for: float = 1.0


@dataclass(frozen=True, slots=True)
class Rate:
    """A fraction with its 95 % interval; all None where nothing was counted."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return "–" if self.value is None else f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


@dataclass(frozen=True, slots=True)
class Score:
    """How rules decide about labelled documents.

    Attributes:
        good, bad: documents with that label.
        kept: documents that the rules keep.
        precision: good ones among those that are kept.
        recall: kept ones among those that are good.
    """

    good: int
    bad: int
    kept: int
    precision: Rate
    recall: Rate


def read_labels(path: Path) -> list[Label]:
    """Read a file of labels.

    Raises:
        ValueError: a line has no document, no label, an unknown one, or another than an earlier line gave its document;
            the message names file, line and remedy.
        OSError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 at byte {error.start}") from error
    rows = _tab_rows(text) if path.suffix == ".tsv" else _json_rows(path, text)
    labels: dict[str, Label] = {}
    lines: dict[str, int] = {}
    for number, row in rows:
        key = next((row[name] for name in ("doc_id", "uri", "url", "id") if row.get(name)), None)
        word = row.get("label")
        if not isinstance(key, str):
            raise ValueError(f"{path}:{number}: names no document; a line needs doc_id or uri")
        if not isinstance(word, str) or word not in WORDS:
            raise ValueError(f"{path}:{number}: label {word!r} is not one of {', '.join(WORDS)}")
        try:
            stands_for = float(row.get("stands_for") or 1)
        except (TypeError, ValueError):
            stands_for = -1.0
        if not 0 < stands_for < np.inf:
            raise ValueError(f"{path}:{number}: stands_for {row.get('stands_for')!r} is not a number above 0")
        label = Label(key, WORDS[word], stands_for)
        if labels.setdefault(key, label) != label:
            raise ValueError(f"{path}:{number}: {key} has another label in line {lines[key]}; keep one of the two")
        lines[key] = number
    if not labels:
        raise ValueError(f"{path}: holds no label")
    return list(labels.values())


def _json_rows(path: Path, text: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise ValueError(f"{path}:{number}: not JSON; a file of labels has one object a line") from error
        if not isinstance(row, dict):
            raise ValueError(f"{path}:{number}: not an object; a file of labels has one object a line")
        yield number, row


def _tab_rows(text: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    reader = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    for row in reader:
        yield reader.line_num, row


def score(labels: Sequence[Label], kept: Sequence[bool]) -> Score:
    """Compare decisions with labels; unsure ones count as neither.

    Args:
        labels: of the documents.
        kept: for each, whether the rules keep the document.
    """
    sure = [(label, is_kept) for label, is_kept in zip(labels, kept, strict=True) if label.is_good is not None]
    good = np.array([label.is_good for label, _ in sure], np.bool_)
    keeps = np.array([is_kept for _, is_kept in sure], np.bool_)
    sizes = np.array([label.stands_for for label, _ in sure], np.float64)
    return Score(
        int(good.sum()), int((~good).sum()), int(keeps.sum()), rate(good, keeps, sizes), rate(keeps, good, sizes)
    )


def rate(part: np.ndarray, whole: np.ndarray, sizes: np.ndarray) -> Rate:
    """The share of the whole that is in the part: by Wilson, or by bootstrap within sizes where these differ.

    Args:
        part, whole: bool (n,).
        sizes: float64 (n,), documents that each represents.
    """
    both = part & whole
    if not whole.any():
        return Rate(None)
    value = float(sizes[both].sum() / sizes[whole].sum())
    if len(np.unique(sizes)) == 1:
        return Rate(value, *wilson(int(both.sum()), int(whole.sum())))
    random = np.random.default_rng(0)
    strata = [np.flatnonzero(sizes == size) for size in np.unique(sizes)]
    drawn = []
    for _ in range(_N_BOOTSTRAP):
        rows = np.concatenate([random.choice(stratum, len(stratum)) for stratum in strata])
        of_whole = sizes[rows][whole[rows]].sum()
        drawn.append(sizes[rows][both[rows]].sum() / of_whole if of_whole else value)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return Rate(value, float(low), float(high))


def agreement(first: Sequence[bool], second: Sequence[bool]) -> tuple[float, float]:
    """The share of documents on which two readers agree, and Cohen's kappa; 1 where both say the same of all."""
    readings = np.array([first, second], np.float64)
    observed = float((readings[0] == readings[1]).mean())
    one, other = readings.mean(axis=1).tolist()
    by_chance = one * other + (1 - one) * (1 - other)
    return observed, 1.0 if by_chance == 1 else (observed - by_chance) / (1 - by_chance)
