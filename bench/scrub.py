"""Measures the speed of finding and masking personal information, in MB of UTF-8 text per second of one core.

    python -m bench.scrub DATA [--hojichar PYTHON] [--show N]

DATA is a folder with `livedoor_news/`, `aozora/` and `text/common_crawl_ja_99.json`. Each figure is the best of three
runs, in processor time; *floor* is one pass of RE2 over the lines for an `@`. datatrove's PIIFormatter (e-mail and IP)
runs where it is installed, HojiChar's MaskPersonalInformation (telephone and e-mail) in the interpreter `--hojichar`.
What a peer masks and manyo does not is counted by what it is, and shown with `--show`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bench.entries import pii_peers
from manyo.corpus.release import release_batch
from manyo.corpus.schema import DOCUMENTS
from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.scrub_settings import Scrub

_RUNS = 3
_KINDS = [kind.name for kind in PII_KINDS]

#: row, start and stop in code points.
Span = tuple[int, int, int]


def news_texts(data: Path) -> list[str]:
    """Return news articles, 1,200 characters on average, many with telephone numbers of shops."""
    return [path.read_text(encoding="utf-8") for path in sorted((data / "livedoor_news").glob("*.txt"))]


def book_texts(data: Path) -> list[str]:
    """Return the first hundred books."""
    return [path.read_text("cp932", "replace") for path in sorted((data / "aozora").glob("*.txt"))[:100]]


def crawl_texts(data: Path) -> list[str]:
    """Return web pages as others extracted them."""
    pages = json.loads((data / "text" / "common_crawl_ja_99.json").read_text("utf-8"))
    return [page["text"] for group in pages.values() for page in group]


def seconds(work: Callable[[], object]) -> float:
    """Return the least processor time of a few runs."""
    times = []
    for _ in range(_RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def scrub(documents: pa.RecordBatch) -> pa.RecordBatch:
    """Find and mask in text, title, uri and comments, as the scrub stage does."""
    spans = [find(documents.column(name), _KINDS) for name in ("text", "title", "uri", "comments")]
    return release_batch(documents, *spans, Scrub().masks)


def datatrove(texts: list[str]) -> tuple[float, list[Span]]:
    """Return the seconds of PIIFormatter, and what it masks."""
    from datatrove.pipeline.formatters import PIIFormatter

    peer = PIIFormatter()
    spans = [(row, *span[:2]) for row, found in enumerate(pii_peers.datatrove(texts)) for span in found]
    return seconds(lambda: [peer.format(text) for text in texts]), spans


def hojichar(python: str, texts: list[str]) -> tuple[float, list[Span]]:
    """Return the seconds of MaskPersonalInformation in another interpreter, and what it masks."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(texts, file)
        file.flush()
        command = [python, str(Path(__file__).with_name("peer_hojichar.py")), file.name, str(_RUNS)]
        done = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return done["seconds"], [(row, start, stop) for row, start, stop in done["spans"]]


#: What only a peer masks, by what it is; the first that matches counts.
DIFFERENCES = (
    ("an @ in a path or in code", re.compile(r"['/\[].*@|@.*/|@.*\.\.")),
    ("a login or a name at a host, not an e-mail address", re.compile(r"(?:git|anonymous|root|user)@|@\d|@[\w-]+$")),
    ("a file name such as image@2x.png", re.compile(r"@.*\.(?:png|jpe?g|gif|svg|js|css)$")),
    ("a version, section or reserved IP address", re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")),
    ("digits without 0 or +81 of a telephone before them", re.compile(r"\+(?!81)")),
    ("digits that are not in Japan's numbering plan", re.compile(r"^[0-9+ -]+$")),
)


def beyond(texts: list[str], theirs: Iterable[Span], ours: Iterable[Span]) -> tuple[Counter[str], list[str]]:
    """Return what a peer masks in places where manyo masks nothing: counted by what it is, and shown in context."""
    of_row: dict[int, list[tuple[int, int]]] = {}
    for row, start, stop in ours:
        of_row.setdefault(row, []).append((start, stop))
    counts: Counter[str] = Counter()
    shown = []
    for row, start, stop in theirs:
        if not any(first < stop and start < last for first, last in of_row.get(row, ())):
            text = texts[row]
            kind = next((name for name, pattern in DIFFERENCES if pattern.search(text[start:stop])), "other")
            counts[kind] += 1
            context = text[max(0, start - 12) : start], text[start:stop], text[stop : stop + 8]
            shown.append(f"{kind}: {'⟦'.join(context[:2])}⟧{context[2]}".replace("\n", "/"))
    return counts, shown


def main() -> None:
    """Print a table of speeds, and what only peers mask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--hojichar", metavar="PYTHON", help="an interpreter that has HojiChar")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="number of differences to show for each peer")
    options = parser.parse_args()
    data = options.data
    columns = ("find MB/s", "scrub MB/s", "datatrove", "HojiChar", "floor")
    print(f"{'texts':10} {'MB':>6} {'spans':>6}", *(f"{name:>11}" for name in columns))
    differences: dict[tuple[str, str], tuple[int, Counter[str], list[str]]] = {}
    for name, texts in (("news", news_texts(data)), ("books", book_texts(data)), ("crawl", crawl_texts(data))):
        column = pa.array(texts, pa.large_string())
        megabytes = column.nbytes / 1e6
        documents = pa.RecordBatch.from_pylist(
            [
                {"doc_id": bytes(16), "title": text[:40], "uri": "https://example.jp/", "text": text, "comments": ""}
                for text in texts
            ],
            schema=DOCUMENTS.schema,
        )
        ours = [(span["row"], span["start"], span["stop"]) for span in find(column, _KINDS).to_pylist()]
        lines = pa.array("\n".join(texts).split("\n"), pa.large_string())
        cells = [
            f"{megabytes / seconds(partial(find, column, _KINDS)):.0f}",
            f"{megabytes / seconds(partial(scrub, documents)):.0f}",
        ]
        peers: list[tuple[str, Callable[[], tuple[float, list[Span]]] | None]] = [
            ("datatrove", partial(datatrove, texts) if find_spec("datatrove") else None),
            ("HojiChar", partial(hojichar, options.hojichar, texts) if options.hojichar else None),
        ]
        for peer, run in peers:
            if run is None:
                cells.append("–")
                continue
            spent, theirs = run()
            cells.append(f"{megabytes / spent:.0f}")
            differences[peer, name] = (len(theirs), *beyond(texts, theirs, ours))
        cells.append(f"{megabytes / seconds(partial(pc.match_substring_regex, lines, '@')):.0f}")
        print(f"{name:10} {megabytes:6.1f} {len(ours):6}", *(f"{cell:>11}" for cell in cells))
    for (peer, name), (n_theirs, counts, shown) in differences.items():
        print(f"\n{peer} on {name}: {n_theirs} masks, {sum(counts.values())} of them where manyo masks nothing")
        for kind, count in counts.most_common():
            print(f"  {count:5} {kind}")
        for line in shown[: options.show]:
            print(f"        {line}")


if __name__ == "__main__":
    main()
