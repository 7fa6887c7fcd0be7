"""Reads damaged files, and counts what comes of them: documents, reasons, deaths, the longest time and the most memory.

    python -m bench.damage DATA KIND FIRST LAST

KIND is pdf, epub or docx; DATA is a folder with `files/pdf`, `files/epub`, `files/docx`, whose files are damaged by one
change or many: bytes, numbers and stretches of the file or, of packages, of one part that is packed again. FIRST to
LAST are seeds, so a run can be cut in pieces and a file be made again. Files are read in children, a few hundred each.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from manyo.corpus.books.book import UnreadableError
from manyo.corpus.books.docx import read_docx
from manyo.corpus.books.epub import read_epub
from manyo.corpus.records import Refused
from manyo.corpus.sources.pdf import document_of, read_pdf

_FILES_PER_CHILD = 200
_CHILD_SECONDS = 1_800
_LARGEST_BASE = 400_000
_MAX_BYTES = 1 << 28


def read_as_pdf(data: bytes) -> str:
    """The reason for which a PDF is refused, or "document"."""
    outcome = document_of(read_pdf(data), "x.pdf")
    if isinstance(outcome, Refused):
        if " at 0x" in outcome.detail:
            raise AssertionError(f"the detail differs in each run: {outcome.detail}")
        return outcome.reason
    return "document"


def read_as(reader: Callable[[bytes, int], object]) -> Callable[[bytes], str]:
    """The same for a package."""

    def read(data: bytes) -> str:
        try:
            reader(data, _MAX_BYTES)
        except UnreadableError as error:
            return error.reason
        return "document"

    return read


KINDS: dict[str, Callable[[bytes], str]] = {
    "pdf": read_as_pdf,
    "epub": read_as(read_epub),
    "docx": read_as(read_docx),
}


def main() -> None:
    """Read the damaged files of some seeds; a death costs one file, whose seed is printed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    parser.add_argument("--child", action="store_true", help="read the files here and print a row for each")
    given = parser.parse_args()
    if given.child:
        read_in_child(given.data, given.kind, given.first, given.last)
        return
    outcomes = Counter[str]()
    slowest, memory_mb, seed = 0.0, 0.0, given.first
    while seed < given.last:
        last = min(seed + _FILES_PER_CHILD, given.last)
        child = subprocess.run(
            [sys.executable, "-m", "bench.damage", str(given.data), given.kind, str(seed), str(last), "--child"],
            capture_output=True,
            check=False,
            timeout=_CHILD_SECONDS,
        )
        rows = [json.loads(line) for line in child.stdout.decode().splitlines()]
        for row in rows:
            outcomes[row["outcome"]] += 1
            slowest, memory_mb = max(slowest, row["seconds"]), max(memory_mb, row["memory_mb"])
        seed += len(rows)
        if child.returncode:
            outcomes[f"child ended with {child.returncode}"] += 1
            print(f"seed {seed}: ended with {child.returncode}: {child.stderr.decode()[-300:]}", flush=True)
            seed += 1
    print(
        f"{given.last - given.first} files, slowest {slowest:.1f} s, {memory_mb:.0f} MB: {dict(outcomes)}", flush=True
    )


def read_in_child(data: Path, kind: str, first: int, last: int) -> None:
    """Read some damaged files and print a row for each; the time does not count what is done once."""
    bases = [path for path in sorted((data / "files" / kind).rglob(f"*.{kind}")) if path.stat().st_size > 0]
    bases = [path for path in bases if path.stat().st_size < _LARGEST_BASE]
    read = KINDS[kind]
    read(bases[0].read_bytes())
    for seed in range(first, last):
        damaged = damaged_file(random.Random(seed), bases)
        started = time.process_time()
        row = {
            "outcome": read(damaged),
            "seconds": time.process_time() - started,
            "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
        print(json.dumps(row), flush=True)


def damaged_file(rng: random.Random, bases: list[Path]) -> bytes:
    """One of the files, damaged; every other package in one of its parts."""
    whole = rng.choice(bases).read_bytes()
    if zipfile.is_zipfile(io.BytesIO(whole)) and rng.random() < 0.5:
        return with_damaged_part(whole, rng)
    return damaged_bytes(whole, rng)


def with_damaged_part(whole: bytes, rng: random.Random) -> bytes:
    """A package with one part damaged and packed again."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as package, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        names = [name for name in package.namelist() if not name.endswith("/")]
        chosen = rng.choice([name for name in names if name.endswith((".xml", ".opf", ".xhtml", ".rels"))] or names)
        for name in names:
            part = package.read(name)
            made.writestr(name, damaged_bytes(part, rng) if name == chosen else part)
    return out.getvalue()


def damaged_bytes(whole: bytes, rng: random.Random) -> bytes:
    """The bytes after one change or many."""
    data = bytearray(whole)
    for _ in range(rng.choice((1, 2, 5, 20, 100, 500))):
        damage(data, rng)
    return bytes(data)


def damage(data: bytearray, rng: random.Random) -> None:
    """Change a byte, a number, or a stretch."""
    at, size = rng.randrange(max(len(data), 1)), rng.randrange(1, 200)
    choice = rng.random()
    if choice < 0.4:
        data[at : at + 1] = bytes([rng.randrange(256)])
    elif choice < 0.6:
        digits = [place for place in range(at, min(at + 400, len(data))) if 0x30 <= data[place] <= 0x39]
        if digits:
            data[digits[0] : digits[0] + 1] = str(rng.choice((0, 1, 2, 7, 9, 99999, -1))).encode()
    elif choice < 0.75:
        del data[at : at + size]
    elif choice < 0.85:
        data[at:at] = data[at : at + size]
    elif choice < 0.95:
        other = rng.randrange(max(len(data), 1))
        data[at : at + size] = data[other : other + size]
    else:
        del data[at:]


if __name__ == "__main__":
    main()
