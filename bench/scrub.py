"""How fast personal information is found and masked, in megabytes of UTF-8 text per second of one core.

    python -m bench.scrub DATA

DATA is a folder with `livedoor_news/`, `aozora/` and `text/common_crawl_ja_99.json`. Each figure is the best of five
runs, in processor time. datatrove's PIIFormatter (e-mail and IP only) runs beside it where it is installed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa

from corpus.release import release_batch
from corpus.schema import DOCUMENTS
from filters.pii import PII_KINDS, Scrub, find

_RUNS = 5
_KINDS = [kind.name for kind in PII_KINDS]


def news_texts(data: Path) -> list[str]:
    """News articles, 1,200 characters on average, many with telephone numbers of shops."""
    return [path.read_text(encoding="utf-8") for path in sorted((data / "livedoor_news").glob("*.txt"))]


def book_texts(data: Path) -> list[str]:
    """The first hundred books."""
    return [path.read_text("cp932", "replace") for path in sorted((data / "aozora").glob("*.txt"))[:100]]


def crawl_texts(data: Path) -> list[str]:
    """Web pages as others extracted them."""
    pages = json.loads((data / "text" / "common_crawl_ja_99.json").read_text("utf-8"))
    return [page["text"] for group in pages.values() for page in group]


def seconds(work: Callable[[], object]) -> float:
    """Least processor time of a few runs."""
    times = []
    for _ in range(_RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def scrub(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Find and mask in text, title and uri, as the scrub stage does."""
    spans = [find(documents.column(name), _KINDS) for name in ("text", "title", "uri")]
    return release_batch(documents, *spans, Scrub().masks)


def main() -> None:
    """Print a table of speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    print(f"{'texts':10} {'MB':>6} {'spans':>6} {'find MB/s':>10} {'scrub MB/s':>11} {'datatrove MB/s':>15}")
    for name, texts in (("news", news_texts(data)), ("books", book_texts(data)), ("crawl", crawl_texts(data))):
        column = pa.array(texts, pa.large_string())
        megabytes = column.nbytes / 1e6
        documents = pa.RecordBatch.from_pylist(
            [{"doc_id": bytes(16), "title": text[:40], "uri": "https://example.jp/", "text": text} for text in texts],
            schema=DOCUMENTS.schema,
        )
        spans = find(column, _KINDS).num_rows
        speeds = [megabytes / seconds(partial(find, column, _KINDS)), megabytes / seconds(partial(scrub, documents))]
        peer = "not installed"
        if find_spec("datatrove"):
            from datatrove.pipeline.formatters import PIIFormatter

            peer = f"{megabytes / seconds(partial(list, map(PIIFormatter().format, texts))):.0f}"
        print(f"{name:10} {megabytes:6.1f} {spans:6} {speeds[0]:10.0f} {speeds[1]:11.0f} {peer:>15}")


if __name__ == "__main__":
    main()
