"""Measures whether memory stays flat for any number of OCR pages: peak of the extract stage over growing inputs.

    python -m bench.ocr_memory DATA [PAGES …]

One simulated book (`bench/ocr_noise.py`) is written as page XML repeatedly, each time as another publication, into one
ZIP, one TAR and one folder. Each is extracted by `manyo extract` in its own process; the peak is that of the parser's
process or of the driver, whichever is larger, as the manifests report it.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.ocr import items_of, prose
from bench.ocr_noise import LAYOUTS, Noise, book

_ROOT = Path(__file__).parents[1]

_CONFIG = """
[run]
out = "{folder}/out"
[filter]
rules = "default"
[tokenize.train]
[[source]]
name = "ndl"
kind = "ndl"
inputs = ["{folder}/{inputs}"]
profile = "ocr"
licence = "simulated"
"""

Files = Iterable[tuple[str, bytes]]


def files(pages: list[bytes], n_pages: int) -> Iterator[tuple[str, bytes]]:
    """Yield name and XML of `n_pages` pages, book after book."""
    for number in range(n_pages):
        pid, page = divmod(number, len(pages))
        yield f"digidepo_{9_000_000 + pid}_{page + 1:04}.xml", pages[page]


def write_zip(folder: Path, some: Files) -> str:
    """Write all pages into one ZIP; return the glob that finds it."""
    with zipfile.ZipFile(folder / "pages.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in some:
            archive.writestr(name, data)
    return "*.zip"


def write_tar(folder: Path, some: Files) -> str:
    """Write all pages into one TAR; return the glob that finds it."""
    with tarfile.open(folder / "pages.tar", "w") as archive:
        for name, data in some:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return "*.tar"


def write_folder(folder: Path, some: Files) -> str:
    """Write one file per page; return the glob that finds them."""
    (folder / "pages").mkdir()
    for name, data in some:
        (folder / "pages" / name).write_bytes(data)
    return "pages/*.xml"


def peak(write: Callable[[Path, Files], str], pages: list[bytes], n_pages: int) -> str:
    """Return documents, size and peak memory of one input."""
    with tempfile.TemporaryDirectory(prefix="manyo-pages-") as name:
        folder = Path(name)
        inputs = write(folder, files(pages, n_pages))
        config = folder / "run.toml"
        config.write_text(_CONFIG.format(folder=folder, root=_ROOT, inputs=inputs), encoding="utf-8")
        command = [sys.executable, "-m", "manyo.pipelines", "extract", "--config", str(config), "--executor", "serial"]
        subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
        manifests = [json.loads(path.read_bytes()) for path in folder.rglob("manifests/**/*.json")]
        documents = sum(manifest["counts"].get("documents", 0) for manifest in manifests)
        megabytes = max(manifest["peak_memory_bytes"] for manifest in manifests) / 1e6
        return f"{n_pages:>8,} pages  {documents:>6,} documents  {len(manifests):>4} shards  peak {megabytes:6.0f} MB"


def main() -> None:
    """Print a line for each container and number of pages."""
    data, *numbers = sys.argv[1:]
    texts = (paragraphs for path in sorted((Path(data) / "aozora").glob("*.txt")) if (paragraphs := prose(path)))
    simulated = book(next(texts), ("山と川の本",), LAYOUTS[0], Noise(), seed=0)
    pages = [item.data for item in items_of(simulated, "xml")]
    print(f"{len(pages)} pages per book, {sum(map(len, pages)) / len(pages) / 1000:.0f} kB a page")
    for write in (write_zip, write_tar, write_folder):
        for n_pages in map(int, numbers or ("10000", "100000")):
            print(f"{write.__name__.removeprefix('write_'):8}{peak(write, pages, n_pages)}", flush=True)


if __name__ == "__main__":
    main()
