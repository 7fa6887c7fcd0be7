"""Measures whether editions of one work, in old and in new spelling, find each other: raw text and comparison view.

    python -m bench.editions DATA

Prints the median true Jaccard similarity of character 5-grams over the pairs of `aozora/SAME_WORK_GROUPS.json`, and the
share of pairs that dedup's default threshold would join.
"""

from __future__ import annotations

import json
import statistics
import sys
from itertools import combinations
from pathlib import Path

from manyo.corpus.records import Document, InputFile, InputShard
from manyo.corpus.sources import aozora
from manyo.dedup.sketch.view import comparison_view

SHINGLE_CHARS = 5
JOINED_FROM = 0.8


def shingles(text: str) -> set[str]:
    """Return the text's character 5-grams."""
    return {text[i : i + SHINGLE_CHARS] for i in range(len(text) - SHINGLE_CHARS + 1)}


def jaccard(a: set[str], b: set[str]) -> float:
    """Return the Jaccard similarity of two sets."""
    return len(a & b) / max(1, len(a | b))


def texts(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the text of each file, as the pipeline extracts it."""
    options = aozora.Options()
    found = {}
    for name in names:
        file = InputFile(str(folder / name), (folder / name).stat().st_size, "")
        for record in aozora.records(InputShard(name, (file,)), options):
            document = aozora.parse(record, options)
            if isinstance(document, Document):
                found[name] = document.text
    return found


def main() -> None:
    """Print one line for raw text and one for the view."""
    folder = Path(sys.argv[1]) / "aozora"
    groups = json.loads((folder / "SAME_WORK_GROUPS.json").read_text(encoding="utf-8"))
    raw: list[float] = []
    viewed: list[float] = []
    for group in groups:
        works = texts(folder, [name for name in group if (folder / name).exists()])
        for similarities, prepare in ((raw, str), (viewed, comparison_view)):
            sets = [shingles(prepare("".join(text.split()))) for text in works.values()]
            similarities += [jaccard(a, b) for a, b in combinations(sets, 2)]
    for name, similarities in (("raw text", raw), ("comparison view", viewed)):
        joined = sum(similarity >= JOINED_FROM for similarity in similarities) / len(similarities)
        print(
            f"{name:<16} {len(similarities)} pairs, median Jaccard {statistics.median(similarities):.3f}, "
            f"{joined:.0%} at {JOINED_FROM} or more"
        )


if __name__ == "__main__":
    main()
