"""Personal information in forms made by grammar, among sentences and numbers that are none."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.board.made_personal_data import FORMS, name, not_personal
from bench.board.task import Figure, Item, Task, by_kind, share_of
from bench.json_lines import json_lines
from bench.pii import coverage
from bench.typesetting import Writer

_NOTHING: Final = "none"


def _personal(kind: str, writer: Writer) -> Item:
    """A text of a few lines that holds one value of a kind, in a form or in a sentence."""
    rng = writer.rng
    value_of, labelled, told = FORMS[kind]
    value, frame = value_of(rng), rng.choice(labelled if rng.random() < 0.5 else told)
    lines = [writer.sentence(), not_personal(rng), writer.sentence()]
    rng.shuffle(lines)
    before = "".join(f"{line}\n" for line in lines[:2])
    gold: list[dict[str, Any]] = []
    if kind == "birth_date":  # a date of birth is nobody's without a name, which is not what is asked here
        person = name(rng)
        gold.append({"start": len(before) + 3, "end": len(before) + 3 + len(person), "kind": "person_name"})
        gold[0]["optional"] = True
        before += f"氏名：{person}\n"
    start = len(before) + frame.index("{}")
    text = f"{before}{frame.format(value)}\n{lines[2]}"
    return Item(kind, text, [*gold, {"start": start, "end": start + len(value), "kind": kind}])


def _nothing(writer: Writer) -> Item:
    lines = [not_personal(writer.rng) for _ in range(3)] + [writer.sentence()]
    writer.rng.shuffle(lines)
    return Item(_NOTHING, "\n".join(lines), [])


def draw(seed: int, n_items: int) -> list[Item]:
    """Return texts, each kind as often as any other, and as many without personal information as of two kinds."""
    writer = Writer(random.Random(f"personal information {seed}"))
    kinds = [*FORMS, _NOTHING, _NOTHING]
    drawn = (kinds[number % len(kinds)] for number in range(n_items))
    return [_nothing(writer) if kind == _NOTHING else _personal(kind, writer) for kind in drawn]


def read(folder: Path) -> list[Item]:
    """Return the labelled texts of `pii/*.jsonl`, by layout: rows with text, layout and spans as in `bench.pii`."""
    rows = [row for path in sorted((folder / "pii").glob("*.jsonl")) for row in json_lines(path)]
    return [Item(row["layout"], row["text"], row["spans"]) for row in rows]


def score(items: Sequence[Item], answers: Sequence[Sequence[Sequence[Any]]]) -> list[Figure]:
    """Return the share of labelled values that masks cover whole, by kind of item, and of masks that touch one."""
    counts = [
        coverage(item.given, item.gold, [(start, stop) for start, stop, *_ in answer])
        for item, answer in zip(items, answers, strict=True)
    ]

    def covered(kind: str, numbers: list[int]) -> Figure:
        return share_of("covered", kind, sum(counts[n].covered for n in numbers), sum(counts[n].gold for n in numbers))

    return [
        *(figure for figure in by_kind(items, covered) if figure.n),
        share_of("right", "", sum(one.right for one in counts), sum(one.found for one in counts)),
    ]


TASK: Final = Task(
    "pii",
    ("covered", "right"),
    draw,
    score,
    n_items=660,
    read=read,
)
