"""Measures which pages are listed for OCR: sound ones, scans, and pages whose text was spoilt in ways drawn by chance.

    python -m bench.ocr_queue DATA [SEED]

Pages are those of DATA/files/pdf/real with a hundred Japanese letters and more, and of made layouts on unseen
seeds. Each is measured as it is, and once for each way of spoiling it, which acts on its glyphs as a font with a
wrong table or an OCR would: the picture behind it is stated, not drawn. OCR that reads up to a tenth of the characters
wrongly is to be taken, and one that reads four tenths and more wrongly is not.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium

from bench.layouts import UNSEEN_FROM
from bench.made_layouts import LAYOUTS, made
from manyo.corpus.intervals import wilson
from manyo.corpus.jit import Uint32s
from manyo.corpus.print.page_layout import lines_of
from manyo.corpus.print.pdf_glyphs import PdfPage, page_of
from manyo.corpus.print.text_layer import why_implausible, why_ocr

_LEAST_LETTERS = 100
_SEEDS = 6
#: Of a sound and of a poor OCR, how many characters are wrong.
_GOOD_ERRORS, _POOR_ERRORS = 0.1, 0.4
_JAPANESE = re.compile("[\u3041-\u30ff\u3400-\u9fff]")


def pages(data: Path) -> Iterator[PdfPage]:
    """Sound pages of Japanese text."""
    files = [path.read_bytes() for path in sorted((data / "files" / "pdf" / "real").rglob("*.pdf"))]
    files += [made(layout, seed).data for layout in LAYOUTS for seed in range(UNSEEN_FROM, UNSEEN_FROM + _SEEDS)]
    for file in files:
        try:
            document = pdfium.PdfDocument(file)
        except pdfium.PdfiumError:
            continue
        for number in range(len(document)):
            try:
                page = page_of(document, number)
            except pdfium.PdfiumError:
                continue
            text = "".join(map(chr, page.glyphs.points.tolist()))
            if len(_JAPANESE.findall(text)) >= _LEAST_LETTERS and page.image_share < 0.5:
                yield page


# --- ways of spoiling a page -------------------------------------------------------------------------


def _with(page: PdfPage, points: Uint32s, *, is_scan: bool = False) -> PdfPage:
    glyphs = page.glyphs._replace(points=points.astype(np.uint32))
    if is_scan:
        glyphs = glyphs._replace(is_invisible=np.ones(len(points), np.bool_))
    return replace(page, glyphs=glyphs, image_share=1.0 if is_scan else page.image_share)


def scanned(page: PdfPage, rng: random.Random) -> PdfPage:
    """A picture, with a stamp of a few characters at times."""
    chosen = np.arange(len(page.glyphs.points)) < rng.choice((0, 0, 12))
    return replace(page, glyphs=page.glyphs.taken(chosen), is_artifact=page.is_artifact[chosen], image_share=1.0)


def shifted(page: PdfPage, rng: random.Random) -> PdfPage:
    """Kana and kanji are moved by a few code points each."""
    points = page.glyphs.points.astype(np.int64)
    kana, kanji = (points >= 0x3041) & (points <= 0x30F6), (points >= 0x4E00) & (points <= 0x9F00)
    points[kana] = 0x3041 + (points[kana] - 0x3041 + rng.choice((-9, -3, -2, 2, 3, 7, 20))) % 0xB6
    points[kanji] += rng.choice((-7, -1, 1, 2, 5, 13))
    return _with(page, points)


def off_by_one(page: PdfPage, rng: random.Random) -> PdfPage:
    """A table of a font is one entry off: each character stands for the next one that the page uses."""
    points = page.glyphs.points
    used = np.unique(points[points > 0x3000])
    places = np.clip(np.searchsorted(used, points), 0, len(used) - 1)
    others = np.roll(used, rng.choice((-2, -1, 1, 2)))
    return _with(page, np.where(points > 0x3000, others[places], points))


def without_kana(page: PdfPage, rng: random.Random) -> PdfPage:
    """Kana are Latin letters and signs, as where a program lost a part of a table."""
    points = page.glyphs.points.astype(np.int64)
    first = rng.choice((0x21, 0xA1, 0x100, 0x400))
    kana = (points >= 0x3001) & (points <= 0x30FF)
    points[kana] = first + (points[kana] - 0x3001) % 0x5D
    return _with(page, points)


def without_map(page: PdfPage, rng: random.Random) -> PdfPage:
    """Glyphs have numbers for characters, in the private area, among controls or among rare letters."""
    points = page.glyphs.points.astype(np.int64)
    first = rng.choice((0xE000, 0x1, 0x370, 0xA000))
    used = np.unique(points)
    mapped = _with(page, first + np.searchsorted(used, points))
    return replace(mapped, glyphs=mapped.glyphs._replace(has_map_error=np.ones(len(points), np.bool_)))


def _misread(page: PdfPage, rng: random.Random, share: float) -> PdfPage:
    """A scan whose characters an OCR took for others of their kind, as often as a share; a third of kanji for any."""
    points = page.glyphs.points.tolist()
    by_kind: dict[int, list[int]] = defaultdict(list)
    for point in points:
        by_kind[_kind(point)].append(point)
    for at, point in enumerate(points):
        if rng.random() < share:
            kind = _kind(point)
            points[at] = (
                rng.randrange(0x4E00, 0x9F00) if kind == 2 and rng.random() < 0.33 else rng.choice(by_kind[kind])
            )
    return _with(page, np.array(points), is_scan=True)


def _kind(point: int) -> int:
    """Kana, kanji, or anything else."""
    return 1 if 0x3001 <= point <= 0x30FF else 2 if 0x3400 <= point <= 0x9FFF else 0


def good_layer(page: PdfPage, rng: random.Random) -> PdfPage:
    """A scan with a sound OCR."""
    return _misread(page, rng, _GOOD_ERRORS * rng.random())


def poor_layer(page: PdfPage, rng: random.Random) -> PdfPage:
    """A scan with a poor OCR."""
    return _misread(page, rng, _POOR_ERRORS + 0.4 * rng.random())


#: For each way, whether the page needs OCR.
WAYS: dict[str, tuple[Callable[[PdfPage, random.Random], PdfPage], bool]] = {
    "born digital": (lambda page, _: page, False),
    "good layer": (good_layer, False),
    "scanned": (scanned, True),
    "shifted": (shifted, True),
    "off by one": (off_by_one, True),
    "without kana": (without_kana, True),
    "without map": (without_map, True),
    "poor layer": (poor_layer, True),
}


def is_queued(page: PdfPage) -> bool:
    """Whether the page is listed for OCR."""
    return bool(why_ocr(page) or why_implausible(lines_of(page).lines, page))


def main() -> None:
    """Print for each way how many pages are queued, then precision and recall."""
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    counts: dict[str, Counter[bool]] = defaultdict(Counter)
    for page in pages(Path(sys.argv[1])):
        for way, (spoil, _) in WAYS.items():
            counts[way][is_queued(spoil(page, rng))] += 1
    for way, (_, is_needed) in WAYS.items():
        n, right = counts[way].total(), counts[way][is_needed]
        low, high = wilson(right, n)
        print(f"{way}: {right} of {n} right ({low:.3f} to {high:.3f})")
    queued = sum(counts[way][True] for way in WAYS)
    needed = [way for way, (_, is_needed) in WAYS.items() if is_needed]
    hits, all_needed = sum(counts[way][True] for way in needed), sum(counts[way].total() for way in needed)
    for name, whole in (("precision", queued), ("recall", all_needed)):
        low, high = wilson(hits, whole)
        print(f"{name} {hits / whole:.4f} ({low:.4f} to {high:.4f})")


if __name__ == "__main__":
    main()
