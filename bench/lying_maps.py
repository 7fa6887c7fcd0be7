"""Measures whether fonts that name wrong characters are found out, on files whose own ToUnicode maps are changed.

    python -m bench.lying_maps DATA [SEED]

`bench.ocr_queue` changes what PDFium says of a page; here the file is changed, so widths, boxes and all else that
follows from a map is as in a file that a program broke. Files are those of DATA/files/pdf (real and made) whose fonts
have maps. Pages are those with a hundred Japanese letters of which one in a hundred, and three, are named as others.
Fonts from which `corpus/print/glyph_shapes.txt` was measured are Noto Sans CJK and Noto Serif CJK; files with other
fonts only are printed apart.
"""

from __future__ import annotations

import io
import operator
import random
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2 as pdfium

from bench.ocr_queue import is_queued
from manyo.corpus.intervals import wilson
from manyo.corpus.print.pdf_glyphs import PdfPage, page_of

_LEAST_LETTERS = 100
_LEAST_WRONG, _LEAST_WRONG_SHARE = 3, 0.01
_PAGES_PER_FILE = 8
_JAPANESE = re.compile("[\u3001-\u30ff\u3400-\u9fff]")
_BLOCKS = re.compile(rb"begin(bfchar|bfrange)(.*?)end\1", re.DOTALL)
_STRINGS = re.compile(rb"<([0-9A-Fa-f\s]*)>|([\[\]])")
#: What names no text, or is spoilt already.
_LEFT_OUT = (".scan.", ".notounicode.", ".lying.", ".gs.", ".gs14.", ".ocrlayer.", "x07.")

Names = dict[str, str]


def names_of(stream: bytes) -> Names:
    """A map's codes, in hexadecimal digits, and their characters; ranges with lists are read too."""
    found: Names = {}
    for kind, body in _BLOCKS.findall(stream):
        parts = [bracket or re.sub(rb"\s", b"", digits) for digits, bracket in _STRINGS.findall(body)]
        at = 0
        while at < len(parts) - 1:
            if kind == b"bfchar":
                found[parts[at].decode()] = _text(parts[at + 1])
                at += 2
                continue
            if at + 2 >= len(parts):
                break
            first, last, width = int(parts[at], 16), int(parts[at + 1], 16), len(parts[at])
            if parts[at + 2] == b"[":
                stop = parts.index(b"]", at)
                texts = [_text(part) for part in parts[at + 3 : stop]]
            else:
                stop, start = at + 2, _text(parts[at + 2])
                texts = [start[:-1] + chr(ord(start[-1]) + n) for n in range(last - first + 1)] if start else []
            found |= {f"{first + n:0{width}X}": text for n, text in enumerate(texts)}
            at = stop + 1
    return found


def _text(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace") if len(digits) % 4 == 0 else ""


def stream_of(names: Names) -> bytes:
    """A map as a stream."""
    width = max(map(len, names), default=4)
    lines = [f"<{code}> <{text.encode('utf-16-be', 'surrogatepass').hex()}>" for code, text in sorted(names.items())]
    blocks = [lines[at : at + 100] for at in range(0, len(lines), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n1 begincodespacerange\n"
        f"<{'0' * width}> <{'F' * width}>\nendcodespacerange\n{body}\nendcmap end end"
    ).encode()


def one_entry_off(names: Names, rng: random.Random) -> Names:
    """Each code of a Japanese character names what one of its neighbours in the table should name."""
    codes = [code for code, text in sorted(names.items()) if _JAPANESE.fullmatch(text)]
    step = rng.choice((-2, -1, 1, 2))
    return names | {code: names[codes[(at + step) % len(codes)]] for at, code in enumerate(codes)}


def kana_lost(names: Names, rng: random.Random) -> Names:
    """Kana and marks have letters and signs of another alphabet for names."""
    first, step = rng.choice((0x21, 0xA1, 0x100, 0x180)), rng.choice((1, 3, 7))
    return names | {
        code: chr(first + (ord(text) - 0x3001) * step % 0x5D)
        for code, text in names.items()
        if "、" <= text <= "ヿ" and len(text) == 1
    }


WAYS: dict[str, Callable[[Names, random.Random], Names]] = {"one entry off": one_entry_off, "kana lost": kana_lost}


def spoilt(data: bytes, way: Callable[[Names, random.Random], Names], rng: random.Random) -> bytes | None:
    """A file with its maps changed; None if it has none that can be."""
    n_changed = 0
    out = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(data)) as file:
            for item in file.objects:
                if isinstance(item, pikepdf.Dictionary) and "/ToUnicode" in item:
                    stream: Any = item["/ToUnicode"]
                    names = names_of(stream.read_bytes())
                    if any(map(_JAPANESE.fullmatch, names.values())):
                        stream.write(stream_of(way(names, rng)))
                        n_changed += 1
            file.save(out)
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, AttributeError):
        return None
    return out.getvalue() if n_changed else None


def pages_of(data: bytes) -> Iterator[PdfPage | None]:
    """The first pages of a file; None for one that cannot be read."""
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        return
    for number in range(min(len(document), _PAGES_PER_FILE)):
        try:
            yield page_of(document, number)
        except pdfium.PdfiumError:
            yield None


def main() -> None:
    """Print for each way and group of files how many pages are listed for OCR."""
    rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    counts: dict[tuple[str, str], Counter[bool]] = {}
    for path in sorted((Path(sys.argv[1]) / "files" / "pdf").rglob("*.pdf")):
        data = path.read_bytes()
        if any(part in path.name for part in _LEFT_OUT):
            continue
        sound = list(pages_of(data))
        group = "Noto" if b"Noto" in data else "other fonts"
        measured: set[int] = set()
        for way in WAYS:
            changed = spoilt(data, WAYS[way], rng)
            for number, (page, other) in enumerate(zip(sound, pages_of(changed) if changed else (), strict=False)):
                if page is None or other is None or page.image_share >= 0.5:
                    continue
                was, now = page.glyphs.points.tolist(), other.glyphs.points.tolist()
                n_letters = len(_JAPANESE.findall("".join(map(chr, was))))
                n_wrong = sum(map(operator.ne, was, now))
                if n_letters < _LEAST_LETTERS or n_wrong < max(_LEAST_WRONG, _LEAST_WRONG_SHARE * n_letters):
                    continue
                counts.setdefault((way, group), Counter())[is_queued(other)] += 1
                # One page is one observation, though it is spoilt in several ways.
                if number not in measured:
                    measured.add(number)
                    counts.setdefault(("as it is", group), Counter())[not is_queued(page)] += 1
    for (way, group), found in sorted(counts.items()):
        low, high = wilson(found[True], found.total())
        print(f"{way}, {group}: {found[True]} of {found.total()} pages right ({low:.3f} to {high:.3f})")


if __name__ == "__main__":
    main()
