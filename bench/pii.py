"""Measures how well personal information is found: precision and recall by kind and layout, next to other tools.

    python -m bench.pii DATA [--misses] [--hojichar PYTHON] [--presidio PYTHON]

DATA is a folder with `pii/*.jsonl` (texts and spans by an independent writer), `livedoor_news/`, `aozora/`,
`text/common_crawl_ja_99.json`, `webmix/texts.jsonl` and the passages of JSQuAD in `benchmarks/`. A span counts as
found if it has the right kind, start and end; a found span is right if it overlaps one of its kind. Optional spans
are neither missed nor false. Intervals are Wilson's, 95 %. Then what is masked in prose, per million characters.
Peers run in interpreters that have them, on the same texts: of what they look for (telephone numbers, addresses of
mail and IP, names), the characters that they and manyo cover.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bench.board.running import ask
from bench.json_lines import json_lines
from bench.scrub import book_texts, crawl_texts, datatrove, hojichar, news_texts
from manyo.corpus import intervals
from manyo.corpus.release import resolve
from manyo.filters.pii.find import find, find_by_profile
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.scrub_settings import Scrub

_KINDS = [kind.name for kind in PII_KINDS]

#: start, stop and kind in one text.
Span = tuple[int, int, str]


@dataclass
class Score:
    """Counts of spans, and the intervals of their shares."""

    gold: int = 0
    exact: int = 0
    covered: int = 0
    found: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def __iadd__(self, other: Score) -> Score:
        for name in ("gold", "exact", "covered", "found", "right"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def wilson(n_right: int, n: int) -> str:
    """A share and its interval of Wilson's at 95 %, as text."""
    if not n:
        return "–"
    low, high = intervals.wilson(n_right, n)
    return f"{n_right / n:.3f} ({low:.2f}–{high:.2f})"


def spans_of(texts: Sequence[str], profiles: Sequence[str] | None = None) -> list[list[Span]]:
    """What would be masked in each text: all kinds, or those of its profile."""
    column = pa.array(texts, pa.large_string())
    batch = find(column, _KINDS) if profiles is None else find_by_profile(column, profiles, Scrub())
    of: list[list[Span]] = [[] for _ in texts]
    for span in batch.to_pylist():
        of[span["row"]].append((span["start"], span["stop"], span["kind"]))
    return [resolve(spans, _KINDS) for spans in of]


def score(row: dict[str, Any], spans: Sequence[Span], key: Callable[[str], str]) -> dict[str, Score]:
    """The counts of one labelled text, by what `key` makes of a kind."""
    of: dict[str, Score] = {}
    inside = {i for start, stop, _ in spans for i in range(start, stop)}
    for gold in row["spans"]:
        if gold.get("optional"):
            continue
        one = of.setdefault(key(gold["kind"]), Score())
        one.gold += 1
        is_exact = (gold["start"], gold["end"], gold["kind"]) in spans
        one.exact += is_exact
        letters = [i for i in range(gold["start"], gold["end"]) if row["text"][i].isalnum()]
        one.covered += all(i in inside for i in letters)
        if not is_exact:
            one.wrong.append(f"missed {row['id']} {gold['kind']} {gold['value']!r}")
    for start, stop, kind in spans:
        one = of.setdefault(key(kind), Score())
        over = [gold for gold in row["spans"] if gold["start"] < stop and gold["end"] > start]
        is_right = any(gold["kind"] == kind or gold.get("optional") for gold in over)
        one.found += 1
        one.right += is_right
        if not is_right:
            one.wrong.append(f"false {row['id']} {kind} {row['text'][start:stop]!r}")
    return of


def table(title: str, rows: Sequence[dict[str, Any]], found: Sequence[list[Span]], by_layout: bool) -> list[str]:
    """Print a table of scores; returns what was wrong."""
    total: dict[str, Score] = {}
    every = Score()
    wrong = []
    for row, spans in zip(rows, found, strict=True):
        key = (lambda kind, layout=row["layout"]: layout) if by_layout else (lambda kind: kind)
        for name, one in score(row, spans, key).items():
            total.setdefault(name, Score()).__iadd__(one)
            every += one
            wrong += one.wrong
    print(f"\n| {title} | spans | recall, exact | covered | found | precision |\n|---|---|---|---|---|---|")
    for name, one in [*sorted(total.items()), ("all", every)]:
        cells = (name, one.gold, wilson(one.exact, one.gold), wilson(one.covered, one.gold), one.found)
        print("|", *(f"{cell} |" for cell in cells), f"{wilson(one.right, one.found)} |")
    return wrong


def prose(name: str, texts: Sequence[str], profile: str) -> None:
    """Print what is masked in prose, per million characters."""
    counts = Counter(kind for spans in spans_of(texts, [profile] * len(texts)) for _, _, kind in spans)
    n_chars = sum(map(len, texts))
    listed = ", ".join(f"{kind} {count}" for kind, count in counts.most_common())
    print(f"| {name} | {n_chars:,} | {sum(counts.values()) / n_chars * 1e6:.1f} | {listed} |")


def mixed_texts(data: Path) -> list[str]:
    """Return texts of shops, companies, blogs and towns, in whose contacts digits are replaced by zeros."""
    return [row["text"] for row in json_lines(data / "webmix" / "texts.jsonl")]


def encyclopedia_texts(data: Path) -> list[str]:
    """Return the different passages of JSQuAD, from Wikipedia, as one text for an article."""
    squad = json.loads((data / "benchmarks" / "jsquad-v1.3-valid-v1.3.json").read_text("utf-8"))
    return ["\n".join({one["context"]: None for one in article["paragraphs"]}) for article in squad["data"]]


#: What each peer looks for, in our kinds.
PEER_KINDS = {
    "HojiChar": ("phone", "email"),
    "datatrove": ("email", "ip"),
    "Presidio": ("phone", "email", "ip", "credit_card", "iban", "person_name", "postal_address"),
}


class Coverage(NamedTuple):
    """What masks do to one text: labelled values, those covered whole, masks, and those that touch a label."""

    gold: int
    covered: int
    found: int
    right: int


def coverage(
    text: str, gold: Sequence[dict[str, Any]], masks: Sequence[tuple[int, int]], kinds: Container[str] | None = None
) -> Coverage:
    """Count for labelled values of some kinds, or of all; optional ones need not be covered, but may be touched."""
    inside = {i for start, stop in masks for i in range(start, stop)}
    wanted = [one for one in gold if (kinds is None or one["kind"] in kinds) and not one.get("optional")]
    covered = sum(all(i in inside for i in range(one["start"], one["end"]) if text[i].isalnum()) for one in wanted)
    right = sum(any(one["start"] < stop and one["end"] > start for one in gold) for start, stop in masks)
    return Coverage(len(wanted), covered, len(masks), right)


def beside(name: str, rows: Sequence[dict[str, Any]], theirs: Iterable[tuple[int, int, int]]) -> None:
    """Print how much of what a peer looks for it covers, and how much of what it covers is personal."""
    kinds = PEER_KINDS[name]
    of: list[list[tuple[int, int]]] = [[] for _ in rows]
    for row, start, stop in theirs:
        of[row].append((start, stop))
    spans = spans_of([row["text"] for row in rows])
    ours = [[(start, stop) for start, stop, kind in found if kind in kinds] for found in spans]
    for who, found in ((name, of), ("manyo", ours)):
        counts = [coverage(row["text"], row["spans"], masks, kinds) for row, masks in zip(rows, found, strict=True)]
        total = Coverage(*map(sum, zip(*counts, strict=True)))
        print(
            f"| {who} | {', '.join(kinds)} | {total.gold} | {wilson(total.covered, total.gold)} "
            f"| {wilson(total.right, total.found)} |"
        )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--misses", action="store_true", help="list what is missed and what is false")
    parser.add_argument("--hojichar", metavar="PYTHON", help="an interpreter that has HojiChar")
    parser.add_argument("--presidio", metavar="PYTHON", help="an interpreter that has Presidio and ja_ginza")
    options = parser.parse_args()
    sets = sorted((options.data / "pii").glob("*.jsonl"))
    for path in sets:
        rows = json_lines(path)
        texts = [row["text"] for row in rows]
        print(f"\n{path.name}: {len(rows)} texts, {sum(bool(row['spans']) for row in rows)} with labelled spans")
        for title, found in (
            ("all kinds", spans_of(texts)),
            ("kinds of the profile", spans_of(texts, [row["profile"] for row in rows])),
        ):
            wrong = table(title, rows, found, by_layout=False)
            table(f"{title}, by layout", rows, found, by_layout=True)
            if options.misses:
                print(*wrong, sep="\n")
    rows = json_lines(sets[0])
    texts = [row["text"] for row in rows]
    print("\n| | kinds | spans | covered | masks that touch a span |\n|---|---|---|---|---|")
    if find_spec("datatrove"):
        beside("datatrove", rows, datatrove(texts)[1])
    if options.hojichar:
        beside("HojiChar", rows, hojichar(options.hojichar, texts)[1])
    if options.presidio:
        found, _ = ask(options.presidio, "pii_peers.presidio", texts)
        beside("Presidio", rows, ((row, *span[:2]) for row, spans in enumerate(found) for span in spans))
    print("\n| prose | characters | masks per million | of kind |\n|---|---|---|---|")
    prose("news", news_texts(options.data), "web")
    prose("books", book_texts(options.data), "prose")
    prose("crawled pages", crawl_texts(options.data), "web")
    prose("mixed pages", mixed_texts(options.data), "web")
    prose("encyclopedia", encyclopedia_texts(options.data), "web")


if __name__ == "__main__":
    main()
