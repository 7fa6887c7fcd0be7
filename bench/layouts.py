"""Measures how PDFs of made layouts are read: errors, order, readings, running heads, by layout.

    python -m bench.layouts [FIRST [LAST]] [--show N] [LAYOUT ...]

Seeds from FIRST (0) to LAST (30) of each layout. Those below 1000 are for development; those from 1000 on are for the
figures that count and are looked at by nobody. `--show N` prints the N worst files, of development seeds only.
"""

from __future__ import annotations

import argparse
import itertools
import re
from collections import Counter
from typing import NamedTuple

from bench.made_layouts import LAYOUTS, Made, made
from bench.pdf import distance
from manyo.corpus.records import Refused
from manyo.corpus.sources.pdf import PdfText, read_pdf

_BLANKS = re.compile(r"\s+")
#: Seeds from here on are not looked at.
UNSEEN_FROM = 1000


class Score(NamedTuple):
    """What was found in one file, as counts."""

    errors: int
    chars: int
    whole: int
    blocks: int
    breaks: int
    pairs: int
    right_readings: int
    readings: int
    found_readings: int
    heads_left: int
    heads: int
    exact_lines: int
    lines: int


def score(file: Made) -> Score:
    """Compare a file's text with its gold, without white space."""
    found = read_pdf(file.data)
    if isinstance(found, Refused):
        found = PdfText()
    text = _BLANKS.sub("", found.text)
    blocks = [block for sheet in file.sheets for block in (*sheet.blocks, *sheet.notes)]
    parts = parts_of(file)
    wanted = "".join(parts)
    order = order_of(parts, text)
    readings = Counter(reading for block in blocks for reading in block.readings)
    spans = Counter(_joined_readings(found))
    heads = [_BLANKS.sub("", head) for sheet in file.sheets for head in sheet.heads]
    lines = Counter(_BLANKS.sub("", line) for line in found.text.split("\n"))
    # A paragraph that is cut off at the end of a page goes on in the next one.
    whole_blocks = Counter(part for part in parts if part.endswith("。") or len(part) < 12)
    extra = Counter(text) - Counter(wanted)
    head_characters = Counter("".join(heads))
    return Score(
        distance(wanted, text),
        len(wanted),
        order.whole,
        len(parts),
        order.breaks,
        order.pairs,
        (readings & spans).total(),
        readings.total(),
        spans.total(),
        sum(head in text and head not in wanted for head in set(heads) if len(head) > 3)
        + (1 if (extra & head_characters).total() and not any(len(head) > 3 for head in heads) else 0),
        len(set(heads)),
        (whole_blocks & lines).total(),
        whole_blocks.total(),
    )


class Order(NamedTuple):
    """How many blocks are in a text whole, and how often one of them stands before the one that it should follow."""

    whole: int
    breaks: int
    pairs: int


def parts_of(file: Made) -> list[str]:
    """Return the text of each block in the order of reading, notes of a page after its blocks, without white space."""
    return [_BLANKS.sub("", block.text) for sheet in file.sheets for block in (*sheet.blocks, *sheet.notes)]


def order_of(parts: list[str], text: str) -> Order:
    """Search blocks in a text without white space, each after the last one, or else anywhere."""
    at, places = 0, []
    for part in parts:
        place = text.find(part, at)
        places.append(place if place >= 0 else text.find(part))
        at = max(at, place)
    here = [place for place in places if place >= 0]
    return Order(len(here), sum(after < before for before, after in itertools.pairwise(here)), max(len(here) - 1, 0))


def _joined_readings(found: PdfText) -> list[tuple[str, str]]:
    """Bases and readings of a text; those of neighbours as one, for print does not always divide them."""
    joined: list[tuple[int, int, str]] = []
    for span in found.structure.spans():
        if span.kind == "ruby":
            if joined and joined[-1][1] == span.start:
                joined[-1] = (joined[-1][0], span.stop, joined[-1][2] + span.value)
            else:
                joined.append((span.start, span.stop, span.value))
    return [(_BLANKS.sub("", found.text[start:stop]), value) for start, stop, value in joined]


def main() -> None:
    """Print a row for each layout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--last", type=int, default=30)
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("layouts", nargs="*")
    given = parser.parse_args()
    if given.show and given.last > UNSEEN_FROM:
        parser.error("unseen files are not shown")
    print("layout | CER | files right | blocks whole | order breaks | readings P R | heads left | paragraphs exact")
    worst = []
    totals = []
    for layout in given.layouts or LAYOUTS:
        scores = []
        for seed in range(given.first, given.last):
            file = made(layout, seed)
            scores.append(score(file))
            worst.append((scores[-1].errors / max(scores[-1].chars, 1), layout, seed, scores[-1]))
        print(row(layout, scores))
        totals += scores
    print(row("all", totals))
    for error, layout, seed, one in sorted(worst, reverse=True)[: given.show]:
        print(f"{layout} {seed}: {error:.4f}", one if given.show else "")


def row(name: str, scores: list[Score]) -> str:
    """The figures of some files."""
    total = Score(*map(sum, zip(*scores, strict=True)))
    right = sum(one.errors == 0 for one in scores)
    readings = (
        f"{total.right_readings / max(total.found_readings, 1):.3f} {total.right_readings / max(total.readings, 1):.3f}"
    )
    return (
        f"{name} | {total.errors / max(total.chars, 1):.4f} | {right}/{len(scores)} | "
        f"{total.whole / total.blocks:.3f} | {total.breaks / max(total.pairs, 1):.3f} | "
        f"{readings} | {total.heads_left}/{total.heads} | {total.exact_lines / max(total.lines, 1):.3f}"
    )


if __name__ == "__main__":
    main()
