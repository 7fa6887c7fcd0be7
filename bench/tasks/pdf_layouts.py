"""Text of PDFs whose layouts are drawn by chance, with running heads, columns, tables, readings, turned pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from typing import Final

from bench.board.task import Figure, Item, Task, by_kind, ratio
from bench.layouts import order_of, parts_of
from bench.made_layouts import LAYOUTS, made
from bench.pdf import distance

_BLANKS: Final = re.compile(r"\s+")
#: Seeds of `bench.layouts` below this one are for development, so none of them is drawn here.
FIRST_SEED: Final = 1_000_000


def draw(seed: int, n_items: int) -> list[Item]:
    """Return files, each layout as often as any other."""
    names = list(LAYOUTS)
    items = []
    for number in range(n_items):
        layout = names[number % len(names)]
        file = made(layout, FIRST_SEED + 1_000 * seed + number // len(names))
        kind = "stream in another order" if file.is_shuffled else "stream in order"
        items.append(Item(kind, base64.b64encode(file.data).decode("ascii"), parts_of(file)))
    return items


def score(items: Sequence[Item], answers: Sequence[str]) -> list[Figure]:
    """Return errors per character (Levenshtein's distance, no white space), by the order of the stream, and blocks."""
    texts = [_BLANKS.sub("", answer) for answer in answers]
    errors = [float(distance("".join(item.gold), text)) for item, text in zip(items, texts, strict=True)]
    chars = [float(sum(map(len, item.gold))) for item in items]
    orders = [order_of(item.gold, text) for item, text in zip(items, texts, strict=True)]

    def rate(kind: str, numbers: list[int]) -> Figure:
        return ratio("errors", kind, [errors[number] for number in numbers], [chars[number] for number in numbers])

    whole = [float(order.whole) for order in orders]
    in_order = [float(order.pairs - order.breaks) for order in orders]
    return [
        *by_kind(items, rate),
        ratio("whole", "", whole, [float(len(item.gold)) for item in items]),
        ratio("in order", "", in_order, [float(order.pairs) for order in orders]),
    ]


TASK: Final = Task(
    "pdf",
    ("errors", "whole", "in order"),
    draw,
    score,
    n_items=len(LAYOUTS) * 2,
    less_is_better=("errors",),
)
