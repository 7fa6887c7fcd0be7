"""OCR lines into running text: books typeset from sentences of our own and recognised with noise."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from bench.board.task import Figure, Item, Task, by_kind, ratio
from bench.ocr import RATES
from bench.ocr import score as counts_of
from bench.ocr_noise import LAYOUTS, Noise, SimLine, SimPage, book, page_xml
from bench.typesetting import Writer

_PARAGRAPHS: Final = 60


def draw(seed: int, n_items: int) -> list[Item]:
    """Return books of a few thousand characters, each layout as often as any other."""
    items = []
    for number in range(n_items):
        writer = Writer(random.Random(f"ocr {seed} {number}"))
        layout = LAYOUTS[number % len(LAYOUTS)]
        paragraphs = [writer.prose(20, 160) for _ in range(_PARAGRAPHS)]
        headings = [writer.phrase(4, 8) for _ in range(4)]
        pages = book(paragraphs, headings, layout, Noise(), writer.rng.randrange(1 << 30))
        kind = (
            f"{'vertical' if layout.is_vertical else 'horizontal'}, {layout.columns} column{'s'[: layout.columns - 1]}"
        )
        given = {
            "pages": [page_xml(page, f"{at:04}.jpg").decode() for at, page in enumerate(pages, start=1)],
            "lines": [[page.lines[index].text for index in page.given_order] for page in pages],
        }
        gold = json.loads(json.dumps([asdict(page) for page in pages]))  # lists for tuples, as a file gives them back
        items.append(Item(kind, given, gold))
    return items


def page_of(gold: dict[str, Any]) -> SimPage:
    """Return a page of an item's gold as `bench.ocr` has it."""
    lines = tuple(SimLine(**line | {"box": tuple(line["box"])}) for line in gold["lines"])
    return SimPage(**gold | {"lines": lines, "given_order": tuple(gold["given_order"])})


def score(items: Sequence[Item], answers: Sequence[str]) -> list[Figure]:
    """Return the rates of `bench.ocr`, joins also by kind; intervals are of books drawn again."""
    counts = [
        counts_of([page_of(page) for page in item.gold], answer) for item, answer in zip(items, answers, strict=True)
    ]

    def rate(name: str, kind: str, numbers: list[int]) -> Figure:
        parts = [RATES[name](Counter(counts[number])) for number in numbers]
        return ratio(name, kind, [float(part) for part, _ in parts], [float(whole) for _, whole in parts])

    every = list(range(len(items)))
    return [
        *by_kind(items, lambda kind, numbers: rate("join", kind, numbers)),
        *(rate(name, "", every) for name in list(TASK.figures)[1:]),
    ]


TASK: Final = Task(
    "ocr",
    ("join", "furniture_recall", "ruby_removed", "order", "loss"),
    draw,
    score,
    n_items=40,
    less_is_better=("loss",),
)
