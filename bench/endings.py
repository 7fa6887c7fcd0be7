"""Compares the table of endings with SudachiPy: which pieces of text that end in hiragana end in a predicate.

    python -m bench.endings DATA

DATA is a folder with `livedoor_news/`, `webmix/` and `gold/kinds/`. Texts are cut at 。！？ and line ends; of each kind
of text the first 20,000 different pieces that end in hiragana are read, without their marks. SudachiPy (C units) says
whether the last word is a verb, an adjective, an auxiliary or a final or conjunctive particle. For each kind of ending:
how many pieces have it, and the share of these that SudachiPy calls predicates; then the share of SudachiPy's
predicates that the table finds.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sudachipy import Dictionary, SplitMode

from manyo.filters.signals.endings import KINDS, ending_of

_PIECES = 20_000
_ENDS = re.compile(r"[。！？!?\n\u3000]+")
_PREDICATES = ("動詞", "形容詞", "助動詞")
_PARTICLES = ("終助詞", "接続助詞")


def main() -> None:
    """Print a line for each kind of text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    tokenizer = Dictionary().tokenizer(mode=SplitMode.C)
    names = {number: name for name, number in KINDS.items()} | {0: "none"}
    for kind, texts in _texts(data):
        found: Counter[tuple[str, bool]] = Counter()
        for piece in islice(dict.fromkeys(_pieces(texts)), _PIECES):
            words = [word.part_of_speech() for word in tokenizer.tokenize(piece[-40:])]
            is_predicate = bool(words) and (words[-1][0] in _PREDICATES or words[-1][1] in _PARTICLES)
            found[names[ending_of(piece)], is_predicate] += 1
        predicates = sum(number for (_, is_predicate), number in found.items() if is_predicate)
        claimed = [name for name in KINDS if name != "open"]
        recall = sum(found[name, True] for name in claimed) / max(predicates, 1)
        shares = (
            f"{name} {found[name, True] + found[name, False]:5} {_share(found, name):.3f}" for name in (*KINDS, "none")
        )
        print(f"{kind:10} {sum(found.values()):6} pieces   {'   '.join(shares)}   found {recall:.3f}", flush=True)


def _share(found: Counter[tuple[str, bool]], name: str) -> float:
    return found[name, True] / max(found[name, True] + found[name, False], 1)


def _pieces(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        for piece in _ENDS.split(text):
            piece = piece.strip()
            if len(piece) >= 6 and "ぁ" <= piece[-1] <= "ゖ":
                yield piece


def _texts(data: Path) -> Iterator[tuple[str, Iterable[str]]]:
    yield "news", (path.read_text(encoding="utf-8") for path in sorted((data / "livedoor_news").rglob("*-*.txt")))
    yield "web", (json.loads(row)["text"] for row in (data / "webmix/texts.jsonl").read_text("utf-8").splitlines())
    yield "kinds", (json.loads(row)["text"] for row in (data / "gold/kinds/gold.jsonl").read_text("utf-8").splitlines())


if __name__ == "__main__":
    main()
