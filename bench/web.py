"""How well the extractors find main text, and how fast, on pages with a known answer.

    python -m bench.web GOLD.jsonl [EXTRACTOR …]

Each line of GOLD.jsonl has `page` (path of the HTML file, relative to GOLD.jsonl), `set` and `text`
(what a careful person would keep). The score of a page is the F1 of the character 4-grams of
extracted and expected text, as multisets, after NFKC and with white space removed, so that neither
line breaks nor full-width letters count; the score of a set is the mean over its pages.
"""

from __future__ import annotations

import json
import sys
import time
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path
from statistics import mean

from corpus.charset import decode
from corpus.html import EXTRACTORS, extract


def four_grams(text: str) -> Counter[str]:
    """Multiset of character 4-grams, after NFKC and without white space."""
    dense = "".join(unicodedata.normalize("NFKC", text).split())
    return Counter(dense[i : i + 4] for i in range(max(1, len(dense) - 3)))


def f1(found: str, expected: str) -> tuple[float, float, float]:
    """F1, precision and recall of the 4-grams of `found` against those of `expected`."""
    found_grams, expected_grams = four_grams(found), four_grams(expected)
    common = (found_grams & expected_grams).total()
    if not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / found_grams.total(), common / expected_grams.total()
    return 2 * precision * recall / (precision + recall), precision, recall


def main(gold_path: str, *extractors: str) -> None:
    """Print F1, precision, recall and speed of each extractor on each set."""
    gold = Path(gold_path)
    rows = [json.loads(line) for line in gold.read_text("utf-8").splitlines()]
    pages = [decode((gold.parent / row["page"]).read_bytes()).text for row in rows]
    print(f"{'extractor':<12} {'set':<8} {'pages':>5} {'F1':>6} {'prec.':>6} {'recall':>6} {'pages/s':>8}")
    for extractor in extractors or EXTRACTORS:
        scores = defaultdict(list)
        seconds: dict[str, float] = defaultdict(float)
        for row, html in zip(rows, pages, strict=True):
            started = time.perf_counter()
            found = extract(html, extractor).text
            seconds[row["set"]] += time.perf_counter() - started
            scores[row["set"]].append(f1(found, row["text"]))
        for name, values in scores.items():
            f1s, precisions, recalls = (mean(column) for column in zip(*values, strict=True))
            speed = len(values) / seconds[name]
            print(
                f"{extractor:<12} {name:<8} {len(values):>5} {f1s:6.3f} {precisions:6.3f} {recalls:6.3f} {speed:8.0f}"
            )


if __name__ == "__main__":
    main(*sys.argv[1:])
