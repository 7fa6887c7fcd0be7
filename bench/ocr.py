"""Scores how well OCR lines become running text, over simulated books with known truth.

    python -m bench.ocr DATA [BOOKS]

DATA is a folder with `aozora/`. Each book is made from one of its texts (`bench/ocr_noise.py`), in every layout in
turn, and read back through the NDL source, as page XML and as the JSON of a full-text package.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from bench.ocr_noise import LAYOUTS, Noise, SimPage, book, page_json, page_xml
from manyo.corpus.records import Document, Record
from manyo.corpus.sources import aozora, ndl
from manyo.corpus.sources.ndl_pages import Item
from manyo.pipelines.extraction.loop import rare_collections

#: Characters of text in a simulated book.
_BOOK_CHARS = 40_000
_CHAPTERS = ("月の出", "峠をこえて", "古い手紙", "川べりの家")


def main() -> None:
    """Print the scores of both formats, and of the worst layouts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("books", type=int, nargs="?", default=200)
    options = parser.parse_args()
    texts = [paragraphs for path in sorted((options.data / "aozora").glob("*.txt")) if (paragraphs := prose(path))]
    if not texts:
        sys.exit(f"{options.data}/aozora holds no texts to make books of")
    for shape in ("xml", "json"):
        total, seconds, n_bytes = Counter[str](), 0.0, 0
        by_layout: dict[str, Counter[str]] = {}
        for number in range(options.books):
            layout = LAYOUTS[number % len(LAYOUTS)]
            pages = book(texts[number % len(texts)], ("山と川の本", *_CHAPTERS), layout, Noise(), seed=number)
            items = items_of(pages, shape)
            n_bytes += sum(len(item.data) for item in items)
            if not number:
                read(items)  # loads the kernels, once per process
            with rare_collections():  # as the extract stage does
                started = time.process_time()
                text = read(items)
                seconds += time.process_time() - started
            counts = score(pages, text)
            total += counts
            name = f"{'vertical' if layout.is_vertical else 'horizontal'} {layout.columns} {layout.number_style}"
            by_layout.setdefault(name, Counter()).update(counts)
        print(f"{shape}: {options.books} books, {n_bytes / 1e6:.0f} MB, {n_bytes / 1e6 / seconds:.1f} MB/s")
        for name, counts in [("all", total), *sorted(by_layout.items())]:
            print(f"  {name:28}" + "  ".join(f"{key} {value:.4f}" for key, value in measures(counts).items()))


def prose(path: Path) -> list[str]:
    """Return paragraphs of an Aozora text up to the length of a book: lines with one indent, and speech."""
    record = Record(str(path), 0, path.stem, path.read_bytes())
    document = aozora.parse(record, aozora.Options())
    if not isinstance(document, Document):
        return []
    paragraphs: list[str] = []
    for line in document.text.split("\n"):
        body = line.removeprefix("　")
        if body and body[0] != "　" and (line != body or body[0] in "「『（"):
            paragraphs.append(body)
        if sum(map(len, paragraphs)) > _BOOK_CHARS:
            break
    return paragraphs if sum(map(len, paragraphs)) > _BOOK_CHARS / 2 else []


def items_of(pages: Sequence[SimPage], shape: str) -> tuple[Item, ...]:
    """Return the book's pages as files of the NDL source."""
    return tuple(
        Item(f"digidepo_9990001_{number:04}.xml", page_xml(page, f"{number:04}.jpg"))
        if shape == "xml"
        else Item(f"9990001_{number:07}.json", page_json(page))
        for number, page in enumerate(pages, start=1)
    )


def read(items: tuple[Item, ...]) -> str:
    """Return the running text of a publication."""
    record = Record("simulated", 0, "9990001", ndl.Publication(items, {}))
    document = ndl.parse(record, ndl.Options())
    return document.text if isinstance(document, Document) else ""


def score(pages: Sequence[SimPage], text: str) -> Counter[str]:
    """Count what was joined, dropped, kept and moved, by searching for each true line in the text.

    Lines are searched in reading order from the end of the last one. A line that is found only elsewhere is out of
    order; one that is found nowhere is lost.
    """
    counts: Counter[str] = Counter()
    position, has_last = 0, False
    for page in pages:
        left_over: list[str] = []
        is_in_order = True
        if counts["moved_lines"]:  # search from the start of this page
            starts = [text.find(line.text) for line in page.lines if line.role == "body" and len(line.text) > 15]
            position, has_last = min([start for start in starts if start >= 0], default=position), False
        for line in page.lines:
            if line.role not in ("body", "heading"):
                continue
            counts["lines"] += 1
            counts["chars"] += len(line.text)
            found = text.find(line.text, position, position + len(line.text) + _SEARCH_CHARS)
            if found < 0:
                elsewhere = text.find(line.text)
                is_elsewhere = elsewhere >= 0
                is_in_order = is_in_order and not is_elsewhere
                counts["moved_lines" if is_elsewhere else "lost_lines"] += 1
                counts["lost_chars"] += 0 if is_elsewhere else len(line.text)
                if not is_elsewhere:
                    has_last = False
                continue
            between = text[position:found]
            if has_last:
                counts["joins"] += 1
                is_broken = "\n" in between
                counts["right_joins"] += is_broken == line.starts_paragraph
                counts["true_breaks"] += line.starts_paragraph
                counts["right_breaks"] += is_broken and line.starts_paragraph
                counts["breaks"] += is_broken
            if between.strip():
                left_over.append(between)
            position, has_last = found + len(line.text), True
        # Furniture may follow the last line of the page.
        rest = text[position : position + _SEARCH_CHARS]
        left_over.append(rest.split("\n", 2)[1] if rest.startswith("\n") and "\n" in rest[1:] else "")
        kept = "\n".join(left_over)
        for line in page.lines:
            if line.role in ("head", "number"):
                counts["furniture"] += 1
                counts["kept_furniture"] += any(line.text == part for part in kept.split("\n"))
            elif line.role == "ruby":
                counts["ruby"] += 1
                counts["kept_ruby"] += line.text in "".join(left_over[:-1])
        if page.is_mixed:
            counts["mixed_pages"] += 1
            counts["right_pages"] += is_in_order
        counts["intruding_chars"] += sum(len(part.strip()) for part in left_over[:-1])
    return counts


#: How far a line may be from its expected place.
_SEARCH_CHARS = 150


#: Each rate of a score as the counts whose sums it divides; all are fractions, best 1, except `loss`, `moved` and
#: `intruding`, best 0.
RATES: Final[dict[str, Callable[[Counter[str]], tuple[int, int]]]] = {
    "join": lambda counts: (counts["right_joins"], counts["joins"]),
    "break_precision": lambda counts: (counts["right_breaks"], counts["breaks"]),
    "break_recall": lambda counts: (counts["right_breaks"], counts["true_breaks"]),
    "furniture_precision": lambda counts: (_removed(counts), _removed(counts) + counts["lost_lines"]),
    "furniture_recall": lambda counts: (_removed(counts), counts["furniture"]),
    "ruby_removed": lambda counts: (counts["ruby"] - counts["kept_ruby"], counts["ruby"]),
    "loss": lambda counts: (counts["lost_chars"], counts["chars"]),
    "moved": lambda counts: (counts["moved_lines"], counts["lines"]),
    "order": lambda counts: (counts["right_pages"], counts["mixed_pages"]),
    "intruding": lambda counts: (counts["intruding_chars"], counts["chars"]),
}


def _removed(counts: Counter[str]) -> int:
    return counts["furniture"] - counts["kept_furniture"]


def measures(counts: Counter[str]) -> dict[str, float]:
    """Return the rates of a score. A book without ruby has lost none of it."""
    found = {}
    for name, rate in RATES.items():
        part, whole = rate(counts)
        found[name] = part / whole if whole else float(name == "ruby_removed")
    return found


if __name__ == "__main__":
    main()
