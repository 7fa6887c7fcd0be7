"""Near duplicates: copies of made texts with a known share of edits, among texts that only share sentences."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from bench.board.task import Figure, Item, Task, by_kind, share_of
from bench.dedup import near_pairs, removals
from bench.typesetting import Writer

#: Up to one character in 25: true similarities spread from 0.65 to 1.
_MAX_EDITS: Final = 0.04
_MARKS: Final = "。"


def _replaced(text: str, writer: Writer) -> str:
    """Single characters replaced by others."""
    characters, rng = list(text), writer.rng
    for _ in range(int(len(text) * rng.random() * _MAX_EDITS)):
        characters[rng.randrange(len(text))] = chr(rng.randrange(0x4E00, 0x9FA0))
    return "".join(characters)


def _added(text: str, writer: Writer) -> str:
    """Sentences put in, up to a fifth of the text."""
    parts = text.split(_MARKS)
    for _ in range(writer.rng.randint(1, max(1, len(parts) // 8))):
        parts.insert(writer.rng.randrange(len(parts)), writer.sentence().removesuffix(_MARKS))
    return _MARKS.join(parts)


def _cut(text: str, writer: Writer) -> str:
    """Sentences taken out, or the end."""
    parts = text.split(_MARKS)
    for _ in range(writer.rng.randint(1, max(1, len(parts) // 8))):
        del parts[writer.rng.randrange(len(parts) - 1)]
    return _MARKS.join(parts)


def _moved(text: str, writer: Writer) -> str:
    """Sentences in another order."""
    parts = text.split(_MARKS)[:-1]
    for _ in range(writer.rng.randint(1, 4)):
        parts.insert(writer.rng.randrange(len(parts)), parts.pop(writer.rng.randrange(len(parts))))
    return _MARKS.join(parts) + _MARKS


def _framed(text: str, writer: Writer) -> str:
    """Another site's lines before and after it."""
    lines = [writer.phrase(4, 14) for _ in range(writer.rng.randint(2, 6))]
    half = len(lines) // 2
    return "\n".join([*lines[:half], text, *lines[half:]])


def _broken(text: str, writer: Writer) -> str:
    """The same characters in lines of another length, with a few replaced."""
    width, text = writer.rng.randint(15, 40), _replaced(text, writer)
    return "\n".join(text[start : start + width] for start in range(0, len(text), width))


_KINDS: Final[dict[str, Callable[[str, Writer], str]]] = {
    "characters replaced": _replaced,
    "sentences added": _added,
    "sentences cut": _cut,
    "sentences moved": _moved,
    "another frame": _framed,
    "lines broken anew": _broken,
}


def draw(seed: int, n_items: int) -> list[Item]:
    """Return texts of 300 to 1,200 characters in any order: of three, one has no copy, one has one, one has two."""
    writer = Writer(random.Random(f"near duplicates {seed}"))
    kinds = list(_KINDS)
    items: list[Item] = []
    n_copies = n_texts = 0
    while len(items) < n_items:
        text = writer.prose(300, 1200)
        items.append(Item("original", text, n_texts))
        for _ in range(n_texts % 3):
            kind = kinds[n_copies % len(kinds)]
            items.append(Item(kind, _KINDS[kind](text, writer), n_texts))
            n_copies += 1
        n_texts += 1
    writer.rng.shuffle(items)
    return items[:n_items]


def score(items: Sequence[Item], answers: Sequence[bool]) -> list[Figure]:
    """Return the share of similar pairs of which not both are kept, and of removed texts with a similar kept one.

    Similar is a true Jaccard similarity of 0.8 of character 5-grams; a pair is of the kind of its copy.
    """
    kept = np.array(answers, bool)
    near = near_pairs([item.given for item in items])
    found = removals(near, kept)
    by_name = np.array([item.kind for item in items])

    def recall(kind: str, _: list[int]) -> Figure:
        of_kind = (
            (by_name[near.left] == kind) | (by_name[near.right] == kind) if kind else np.ones(len(near.left), bool)
        )
        return share_of("found", kind, int((~found.missed & of_kind).sum()), int(of_kind.sum()))

    near_equal = near.jaccard >= 0.9
    return [
        *(figure for figure in by_kind(items, recall) if figure.kind != "original"),
        share_of("found from 0.9", "", int((~found.missed & near_equal).sum()), int(near_equal.sum())),
        share_of("sound", "", found.true, found.removed),
    ]


TASK: Final = Task(
    "near-duplicates",
    ("found", "found from 0.9", "sound"),
    draw,
    score,
    n_items=600,
)
