"""Measures how PDF files are read: errors against gold, the pages that need OCR, and speed.

    python -m bench.pdf DATA              errors and speed, next to the readers that are installed
    python -m bench.pdf DATA --speed      pages a second over all sound files, made and real

DATA is a folder with `files/pdf`: made pages with gold (`own`), the same pages changed (`variants`), files of public
repositories (`real`). White space is not compared, nothing is taken out by hand, and characters are compared as they
are. pdfminer.six, docling-parse and poppler's pdftotext are measured where they are installed; pypdfium2 always is.

A reading counts as intact if the two characters before its base, the base, and the two after it stand together; as in
the base if they do not, and it stands among them.
"""

from __future__ import annotations

import importlib
import itertools
import json
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium

from manyo.corpus.records import Refused
from manyo.corpus.sources.pdf import read_pdf

_BLANKS = re.compile(r"\s+")
#: Files that hold no text that can be trusted, by the end of their names, and the reason that is right.
_FOR_OCR = (".scan.pdf", ".notounicode.pdf", ".lying.pdf", ".gs.pdf", ".gs14.pdf")
#: Files that are damaged or locked; their texts are not compared.
_DAMAGED = ("x07.", ".locked.pdf", ".ocrlayer.pdf")


def main() -> None:
    """Print the measurements."""
    if len(sys.argv) == 3 and sys.argv[2] == "--speed":
        print_speed(Path(sys.argv[1]) / "files" / "pdf")
        return
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1]) / "files" / "pdf"
    files = list(with_gold(folder))
    print(
        "reader | CER made | CER other orders | blocks whole | order breaks | readings intact | in the base | pages/s"
    )
    for name, reader in readers().items():
        print(name, "|", " | ".join(measured(reader, files)))
    print_margins(files)
    print_books(folder / "real" / "genji")
    print_ocr(folder)


def with_gold(folder: Path) -> Iterator[tuple[Path, dict[str, Any], bool]]:
    """Files, their gold, and whether they are changed ones."""
    for path in sorted((folder / "own").glob("*.pdf")):
        yield path, json.loads((folder / "own" / f"{path.name.split('.')[0]}.gold.json").read_text("utf-8")), False
    variants = json.loads((folder / "variants" / "variants.json").read_text("utf-8"))
    for name, variant in sorted(variants.items()):
        if not name.endswith(_FOR_OCR) and not any(part in name for part in _DAMAGED):
            base = variant["base"].split(".")[0]
            yield (
                folder / "variants" / name,
                json.loads((folder / "own" / f"{base}.gold.json").read_text("utf-8")),
                True,
            )


# --- readers -----------------------------------------------------------------------------------------


def readers() -> dict[str, Callable[[Path], str]]:
    """The readers that are installed."""
    found: dict[str, Callable[[Path], str]] = {"manyo": by_manyo, "pypdfium2": by_pdfium}
    for name, module, reader in (
        ("pdfminer.six", "pdfminer", by_pdfminer),
        ("docling-parse", "docling_parse", by_docling),
    ):
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        found[name] = reader
    if shutil.which("pdftotext"):
        found["pdftotext"] = by_pdftotext
    return found


def by_manyo(path: Path) -> str:
    """Our own text."""
    found = read_pdf(path.read_bytes())
    return "" if isinstance(found, Refused) else found.text


def by_pdfium(path: Path) -> str:
    """PDFium's text in the order of the stream, and a box for each character, which is not used."""
    document = pdfium.PdfDocument(path)
    parts = []
    for page in document:
        textpage = page.get_textpage()
        parts.append(textpage.get_text_range())
        for number in range(textpage.count_chars()):
            textpage.get_charbox(number)
    return "\n".join(parts)


def by_pdfminer(path: Path) -> str:
    """The text of pdfminer.six with vertical lines."""
    high_level, layout = importlib.import_module("pdfminer.high_level"), importlib.import_module("pdfminer.layout")
    text: str = high_level.extract_text(str(path), laparams=layout.LAParams(detect_vertical=True))
    return text


def by_docling(path: Path) -> str:
    """The lines of docling-parse."""
    parser = importlib.import_module("docling_parse.pdf_parser").DoclingPdfParser(loglevel="fatal")
    document = parser.load(path_or_stream=str(path))
    return "\n".join(cell.text for _, page in document.iterate_pages() for cell in page.textline_cells)


def by_pdftotext(path: Path) -> str:
    """The text of poppler's pdftotext."""
    done = subprocess.run(["pdftotext", "-q", str(path), "-"], capture_output=True, check=False, timeout=60)
    return done.stdout.decode("utf-8", "replace")


# --- errors ------------------------------------------------------------------------------------------


def measured(reader: Callable[[Path], str], files: list[tuple[Path, dict[str, Any], bool]]) -> list[str]:
    """The figures of one reader."""
    errors, chars = Counter[bool](), Counter[bool]()
    whole = blocks = breaks = pairs = intact = inside = readings = n_pages = 0
    reader(files[0][0])
    seconds = 0.0
    for path, gold, is_changed in files:
        n_pages += len(pdfium.PdfDocument(path))
        started = time.process_time()
        text = _BLANKS.sub("", reader(path))
        seconds += time.process_time() - started
        parts = [_BLANKS.sub("", block["text"]) for block in gold["blocks"]]
        wanted = "".join(parts)
        errors[is_changed] += distance(wanted, text)
        chars[is_changed] += len(wanted)
        places = [text.find(part) for part in parts]
        whole += sum(place >= 0 for place in places)
        blocks += len(parts)
        found = [place for place in places if place >= 0]
        breaks += sum(after < before for before, after in itertools.pairwise(found))
        pairs += max(len(found) - 1, 0)
        for context, base, reading in gold_readings(gold):
            readings += 1
            intact += context in text
            inside += context not in text and (base + reading in text or reading + base in text)
    return [
        f"{errors[False] / chars[False]:.4f}",
        f"{errors[True] / max(chars[True], 1):.4f}",
        f"{whole / blocks:.3f}",
        f"{breaks / max(pairs, 1):.3f}",
        f"{intact / max(readings, 1):.3f}",
        f"{inside / max(readings, 1):.3f}",
        f"{n_pages / seconds:.0f}",
    ]


def gold_readings(gold: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The base of each reading with its surroundings, the base, and the reading."""
    for block in gold["blocks"]:
        for mark in block.get("marks", []):
            if mark.get("kind", mark.get("type")) == "ruby":
                start, stop = mark["start"], mark["end"] if "end" in mark else mark["stop"]
                context = _BLANKS.sub("", block["text"][max(start - 2, 0) : stop + 2])
                yield context, block["text"][start:stop], mark.get("reading", mark.get("value", ""))


def distance(one: str, other: str) -> int:
    """Edit distance, by bits of whole numbers (Hyyrö 2003)."""
    if not one or not other:
        return max(len(one), len(other))
    places: dict[str, int] = {}
    for place, character in enumerate(one):
        places[character] = places.get(character, 0) | 1 << place
    mask, last = (1 << len(one)) - 1, 1 << (len(one) - 1)
    plus, minus, score = mask, 0, len(one)
    for character in other:
        equal = places.get(character, 0)
        diagonal = (((equal & plus) + plus) ^ plus) | equal | minus
        up = minus | (~(diagonal | plus) & mask)
        down = plus & diagonal
        score += bool(up & last) - bool(down & last)
        up = (up << 1 | 1) & mask
        plus = (down << 1 & mask) | (~(diagonal | up) & mask)
        minus = up & diagonal
    return score


def print_margins(files: list[tuple[Path, dict[str, Any], bool]]) -> None:
    """Print how many running heads of the gold are left in the text, and how much of the gold was taken for one."""
    left = heads = 0
    for path, gold, _ in files:
        text = _BLANKS.sub("", by_manyo(path))
        wanted = _BLANKS.sub("", "".join(block["text"] for block in gold["blocks"]))
        for head in (_BLANKS.sub("", head) for head in gold.get("running_heads", [])):
            heads += 1
            left += text.count(head) > wanted.count(head)
    print(f"running heads left in the text: {left} of {heads}")


def print_books(folder: Path) -> None:
    """Print the errors in real vertical books whose text is known: the title that is printed, and what follows it."""
    golds = json.loads((folder / "genji_text.json").read_text("utf-8"))
    books = [(path, golds[path.stem[-2:]]) for path in sorted(folder.glob("*.pdf"))]
    wanted = {path: _BLANKS.sub("", gold["title"] + gold["text"]) for path, gold in books}
    n_chars = sum(map(len, wanted.values()))
    for name, reader in readers().items():
        errors = sum(distance(text, _BLANKS.sub("", reader(path))) for path, text in wanted.items())
        print(f"real books, {name}: {errors} of {n_chars} characters wrong ({errors / n_chars:.5f})")


def print_ocr(folder: Path) -> None:
    """Print the decision on pages that need OCR, over the made pages and their variants."""
    right = Counter[tuple[bool, bool]]()
    for path in sorted([*(folder / "own").glob("*.pdf"), *(folder / "variants").glob("*.pdf")]):
        found = read_pdf(path.read_bytes())
        if any(part in path.name for part in _DAMAGED) or isinstance(found, Refused):
            continue
        queued = {number for number, _ in found.ocr}
        for number in range(1, len(found.pages) + 1):
            right[path.name.endswith(_FOR_OCR), number in queued] += 1
    print(
        f"pages queued of those that need OCR: {right[True, True]} of {right[True, True] + right[True, False]}; "
        f"of others: {right[False, True]} of {right[False, True] + right[False, False]}"
    )


# --- speed -------------------------------------------------------------------------------------------

_ROUNDS = 3
_RESAMPLES = 2_000
#: Files that were made to break readers.
_BUG_REPORTS = ("pdfjs",)


def print_speed(folder: Path) -> None:
    """Print pages a second of processor time: the least of some rounds, in which readers take turns, for each file.

    Intervals are 95 % of the ratio over files drawn again with replacement.
    """
    files = [path for path, _, _ in with_gold(folder)]
    files += [path for path in sorted((folder / "real").rglob("*.pdf")) if path.parent.name not in _BUG_REPORTS]
    pages = sum(len(pdfium.PdfDocument(path)) for path in files)
    names = readers()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for path in files:
        least = dict.fromkeys(names, float("inf"))
        for name in [*names] * _ROUNDS:
            started = processor_seconds()
            names[name](path)
            least[name] = min(least[name], processor_seconds() - started)
        for name, time_taken in least.items():
            seconds[name].append(time_taken)
    print(f"{len(files)} files, {pages} pages")
    rng = random.Random(1)
    for name, taken in seconds.items():
        ratios = []
        for _ in range(_RESAMPLES):
            drawn = rng.choices(range(len(files)), k=len(files))
            ratios.append(sum(taken[n] for n in drawn) / sum(seconds["manyo"][n] for n in drawn))
        ratios.sort()
        between = f"{ratios[_RESAMPLES // 40]:.2f} to {ratios[-_RESAMPLES // 40]:.2f}"
        print(f"{name} | {pages / sum(taken):.0f} | manyo {sum(taken) / sum(seconds['manyo']):.2f} ({between}) as fast")


def processor_seconds() -> float:
    """Processor time of this process and of its children that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main()
