"""What a benchmark of a component is: items with gold, and a scorer."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from manyo.corpus.intervals import wilson

_RESAMPLES = 1_000


class Item(NamedTuple):
    """One thing that an entry is asked.

    Attributes:
        kind: what it tests; figures are given by kind as well.
        given: what an entry gets, as JSON; bytes as a string of base64.
        gold: what the scorer compares the answer with, as JSON. An entry never sees it.
    """

    kind: str
    given: Any
    gold: Any


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value with its interval of 95 %.

    Attributes:
        name: of the figure, as in `Task.figures`.
        kind: of the items that it is of; empty for all.
        value, low, high: a fraction.
        n: how many cases it is a share or a mean of.
    """

    name: str
    kind: str
    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark of one component. What it says and cannot say stands in `words.toml`, in two languages.

    Attributes:
        name: in commands and file names.
        figures: names; entries are ordered by the first.
        draw: items from a seed and their number, all of them own writing: the same seed gives the same items.
        score: figures of the answers of one entry, an answer for each item, in the order of the items.
        n_items: how many items are drawn if nobody says otherwise.
        less_is_better: the figures of which less is better.
        read: items from a folder of data that is not ours; None if there are none for this task.
    """

    name: str
    figures: tuple[str, ...]
    draw: Callable[[int, int], list[Item]]
    score: Callable[[Sequence[Item], Sequence[Any]], list[Figure]]
    n_items: int
    less_is_better: tuple[str, ...] = ()
    read: Callable[[Path], list[Item]] | None = None


def digest(items: Iterable[Item]) -> str:
    """Return the digest of items: who has the same one has the same items, gold included."""
    found = hashlib.blake2b(digest_size=16)
    for item in items:
        found.update(json.dumps(item, ensure_ascii=True, sort_keys=True).encode() + b"\n")
    return found.hexdigest()


def share(name: str, kind: str, hits: Sequence[bool]) -> Figure:
    """Return a share of cases with Wilson's interval."""
    return share_of(name, kind, sum(hits), len(hits))


def share_of(name: str, kind: str, part: int, whole: int) -> Figure:
    """Return a share of counts with Wilson's interval."""
    return Figure(name, kind, part / whole if whole else 0.0, *wilson(part, whole), whole)


def ratio(name: str, kind: str, parts: Sequence[float], wholes: Sequence[float]) -> Figure:
    """Return the sum of parts over the sum of wholes, such as wrong characters over characters.

    The interval is that of 1,000 bootstrap samples of the items, with a fixed seed. A mean is the ratio over ones.
    Where each item has nothing, or all, samples would not differ: then it is Wilson's of that many items.
    """
    pairs = list(zip(parts, wholes, strict=True))
    if not sum(wholes):
        return Figure(name, kind, 0.0, 0.0, 1.0, 0)
    if not any(parts) or all(part == whole for part, whole in pairs):
        full = int(any(parts))
        return Figure(name, kind, float(full), *wilson(full * len(pairs), len(pairs)), len(pairs))
    rng = random.Random(0)
    drawn = []
    for _ in range(_RESAMPLES):
        sample = rng.choices(pairs, k=len(pairs))
        drawn.append(sum(part for part, _ in sample) / (sum(whole for _, whole in sample) or 1))
    drawn.sort()
    ends = drawn[_RESAMPLES // 40], drawn[-_RESAMPLES // 40]
    return Figure(name, kind, sum(parts) / sum(wholes), *ends, len(pairs))


def by_kind(items: Sequence[Item], figure: Callable[[str, list[int]], Figure]) -> list[Figure]:
    """Return a figure of all items, then of each kind; `figure` gets a kind and the numbers of its items."""
    kinds: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        kinds.setdefault(item.kind, []).append(number)
    return [figure("", list(range(len(items)))), *(figure(kind, numbers) for kind, numbers in kinds.items())]
