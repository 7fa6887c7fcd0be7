"""How fast signals are measured and languages named, in megabytes of UTF-8 text per second of one core.

    python -m bench.filters DATA [--peers PYTHON]

DATA is a folder with `livedoor_news/`, `aozora/` and `wordlists/ng_hojichar_dict/`. The kernels are what manyo wrote;
LZ4, zlib and Aho-Corasick are library calls, and are stated apart. Each figure is the best of five runs, compilation
left out. HojiChar's and datatrove's filters (`bench/peer_filters.py`) run in the interpreter that is named, on the
first texts of each kind.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

from corpus.schema import LABEL
from corpus.text import Texts
from filters.characters import count_characters
from filters.fluency import read_lines
from filters.language import LanguageSettings, identify
from filters.repetition import find_repeats, lz4_ratio, zlib_ratio
from filters.signals import SignalSettings, measure
from filters.tells import read_tells
from filters.vocabulary import WordLists, count_words, load_words

_RUNS = 5
_PEER_BYTES = 500_000
_RUBY_AND_NOTES = re.compile(r"《[^》]*》|［＃[^］]*］|｜")


def news_texts(data: Path) -> list[str]:
    """News articles: short documents, 1,200 characters on average."""
    return [path.read_text(encoding="utf-8") for path in sorted((data / "livedoor_news").glob("*.txt"))]


def book_texts(data: Path) -> list[str]:
    """Aozora texts without ruby and notes: long documents, 20,000 characters on average."""
    paths = sorted((data / "aozora").glob("*.txt"))[::4]
    return [_RUBY_AND_NOTES.sub("", path.read_bytes().decode("cp932", "replace")) for path in paths]


def main() -> None:
    """Print a table of speeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--peers", metavar="PYTHON", help="an interpreter that has hojichar, datatrove and spacy[ja]")
    arguments = parser.parse_args()
    data = arguments.data
    lists = _word_lists(data / "wordlists" / "ng_hojichar_dict")
    print(f"{'MB/s on one core':28}{'news':>10}{'books':>10}")
    batches = [_documents(texts(data)) for texts in (news_texts, book_texts)]
    steps: dict[str, Callable[[pa.RecordBatch], object]] = {
        "characters (kernel)": lambda batch: count_characters(_texts(batch)),
        "lines (kernel)": lambda batch: read_lines(_texts(batch)),
        "repeats (kernel)": lambda batch: find_repeats(_texts(batch)),
        "tells (kernel)": lambda batch: read_tells(_texts(batch)),
        "the four kernels together": _all_kernels,
        "compression (LZ4)": lambda batch: lz4_ratio(_texts(batch)),
        "compression (zlib, on request)": lambda batch: zlib_ratio(_texts(batch)),
        "words (Aho-Corasick)": lambda batch: count_words(_texts(batch), lists),
        "measure: every default signal": lambda batch: measure(batch, SignalSettings(words=lists)),
        "identify: languages": lambda batch: identify(batch, LanguageSettings()),
    }
    for name, step in steps.items():
        speeds = [_texts(batch).sizes_bytes.sum() / 1e6 / _best_seconds(step, batch) for batch in batches]
        print(f"{name:28}" + "".join(f"{speed:10.0f}" for speed in speeds))
    if arguments.peers:
        peers = [_peer_speeds(arguments.peers, texts(data)) for texts in (news_texts, book_texts)]
        for name in peers[0]:
            print(f"{name:28}" + "".join(f"{speeds[name]:10.2f}" for speeds in peers))


def _word_lists(folder: Path) -> WordLists:
    """The lists that HojiChar ships, so that it and we look for the same words."""
    named = {"advertising": "advertisement", "adult": "adult"} | {n: n for n in ("discrimination", "violence")}
    return WordLists(**{ours: load_words(str(folder / f"{theirs}_keywords_ja.txt")) for ours, theirs in named.items()})


def _peer_speeds(python: str, texts: list[str]) -> dict[str, float]:
    """MB/s of each peer, on the beginning of the texts: whole documents up to _PEER_BYTES."""
    ends = np.cumsum([len(text.encode()) for text in texts])
    some = texts[: max(1, int(np.searchsorted(ends, _PEER_BYTES)))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(some), "utf-8")
        command = [python, str(Path(__file__).with_name("peer_filters.py")), str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds = json.loads(done.stdout.splitlines()[-1])
    return {name: ends[len(some) - 1] / 1e6 / spent for name, spent in seconds.items()}


def _documents(texts: list[str]) -> pa.RecordBatch:
    ids = pa.array([number.to_bytes(16, "big") for number in range(len(texts))], pa.binary(16))
    profiles = pa.array(["web"] * len(texts)).dictionary_encode().cast(LABEL)
    return pa.RecordBatch.from_arrays(
        [ids, pa.array(texts, pa.large_string()), profiles], names=["doc_id", "text", "profile"]
    )


def _texts(batch: pa.RecordBatch) -> Texts:
    return Texts.from_arrow(batch["text"])


def _all_kernels(batch: pa.RecordBatch) -> None:
    texts = _texts(batch)
    count_characters(texts)
    read_lines(texts)
    find_repeats(texts)
    read_tells(texts)


def _best_seconds(step: Callable[[pa.RecordBatch], object], batch: pa.RecordBatch) -> float:
    step(batch)
    seconds = []
    for _ in range(_RUNS):
        start = time.process_time()
        step(batch)
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
