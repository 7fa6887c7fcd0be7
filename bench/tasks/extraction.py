"""Main text of pages: made frames around sentences of our own, or pages of others with a known text."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.articles import articles_of
from bench.board.made_pages import KINDS
from bench.board.task import Figure, Item, Task, by_kind, ratio
from bench.json_lines import json_lines
from bench.typesetting import Writer
from bench.web import f1
from manyo.corpus.web.charset import decode


def draw(seed: int, n_items: int) -> list[Item]:
    """Return pages, each kind as often as any other."""
    writer = Writer(random.Random(f"extraction {seed}"))
    names = list(KINDS)
    kinds = [names[number % len(names)] for number in range(n_items)]
    pages = [KINDS[kind](writer) for kind in kinds]
    return [Item(kind, page.html, "\n".join(page.lines)) for kind, page in zip(kinds, pages, strict=True)]


def read(folder: Path) -> list[Item]:
    """Return the pages of `gold/extraction/gold.jsonl` (page, set, text), or the archives of `bench.articles`.

    Pages are decoded by manyo for all entries, for encodings are a task of their own.
    """
    gold = folder / "gold" / "extraction" / "gold.jsonl"
    if not gold.is_file():
        return [Item(name, page, text) for name, page, text in articles_of(folder)]
    return [
        Item(row["set"], decode((gold.parent / row["page"]).read_bytes()).text, row["text"]) for row in json_lines(gold)
    ]


def score(items: Sequence[Item], answers: Sequence[str]) -> list[Figure]:
    """Return the means of F1, precision and recall of 4-grams (`bench.web.f1`) over pages, F1 also by kind."""
    found = [f1(answer, item.gold) for item, answer in zip(items, answers, strict=True)]

    def mean(name: str, column: int, kind: str, numbers: list[int]) -> Figure:
        return ratio(name, kind, [found[number][column] for number in numbers], [1.0] * len(numbers))

    every = list(range(len(items)))
    return [
        *by_kind(items, lambda kind, numbers: mean("F1", 0, kind, numbers)),
        mean("precision", 1, "", every),
        mean("recall", 2, "", every),
    ]


TASK: Final = Task(
    "extraction",
    ("F1", "precision", "recall"),
    draw,
    score,
    n_items=320,
    read=read,
)
