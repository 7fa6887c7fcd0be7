"""Measures the speed of signals and language identification, in megabytes of UTF-8 text per second of one core.

    python -m bench.filters DATA [--peers PYTHON]

DATA is a folder with `livedoor_news/`, `aozora/` and `wordlists/ng_hojichar_dict/`. The kernels are manyo's own; LZ4
and zlib are library calls and have rows of their own. Each figure is the best of five runs, without compilation. The
filters of HojiChar and datatrove (`bench/peer_filters.py`) run in the interpreter `--peers`, on the
first texts of each kind.

Each peer is compared with every default signal, and with only those that the peer's filters measure, which the table
names. For datatrove there are two such sets: n-grams and fractions of characters, and those of words by the same
SudachiPy, whose segmentation takes nearly all the time on either side. The second is measured on the peer's texts.
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

from manyo.corpus.schema import LABEL
from manyo.corpus.text import Texts
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.characters import count_characters
from manyo.filters.signals.fluency import read_lines
from manyo.filters.signals.measure import measure, signals_schema
from manyo.filters.signals.repetition import find_every_repeat, find_repeats, lz4_ratio, zlib_ratio
from manyo.filters.signals.segments import read_segments
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import SignalSettings, WordLists
from manyo.filters.signals.tells import read_tells
from manyo.filters.signals.vocabulary import count_words, load_words

#: What Gopher, C4 and FineWeb measure on lines and sentences, independent of words.
_BY_LINES = (
    "bullet_line_fraction",
    "ellipsis_line_fraction",
    "duplicate_line_count_fraction",
    "duplicate_line_fraction",
    "duplicate_paragraph_count_fraction",
    "duplicate_paragraph_fraction",
    "sentence_count",
    "curly_bracket_count",
    "policy_phrase_count",
    "marked_line_fraction",
    "short_line_fraction",
)

#: What HojiChar's twelve filters measure.
AS_HOJICHAR = (
    "head_kana_count",
    "char_count",
    "mean_full_stop_chars",
    "frequent_5gram_fraction",
    "longest_run_chars",
    "short_line_fraction",
    "ellipsis_line_fraction",
    "board_mark_count",
    "advertising_word_count",
    "adult_word_count",
    "discrimination_word_count",
    "violence_word_count",
)

#: What datatrove's Gopher, C4 and FineWeb filters measure, by lines and by characters instead of words.
AS_DATATROVE = (
    *_BY_LINES,
    "char_count",
    "mean_line_chars",
    "symbol_fraction",
    "other_letter_fraction",
    "stop_character_count",
    *(f"top_{length}gram_fraction" for length in range(2, 5)),
    *(f"stepped_{length}gram_fraction" for length in range(5, 11)),
    "newline_fraction",
)

#: The same with words, segmented as datatrove segments them.
AS_DATATROVE_BY_WORDS = (
    *_BY_LINES,
    "word_count",
    "mean_word_chars",
    "hash_signs_per_word",
    "ellipses_per_word",
    "alphabetic_word_fraction",
    "stop_word_count",
    *(f"top_{length}word_fraction" for length in range(2, 5)),
    *(f"stepped_{length}word_fraction" for length in range(5, 11)),
    "newlines_per_word",
)

#: Signals that segment a sample of each document into words.
PARTS_OF_SPEECH = (
    "noun_fraction",
    "particle_word_fraction",
    "unknown_word_fraction",
    "predicate_sentence_fraction",
)

_RUNS = 5
_PEER_BYTES = 500_000
_RUBY_AND_NOTES = re.compile(r"《[^》]*》|［＃[^］]*］|｜")


def news_texts(data: Path) -> list[str]:
    """Return news articles: short documents, 1,200 characters on average."""
    return [path.read_text(encoding="utf-8") for path in sorted((data / "livedoor_news").glob("*.txt"))]


def book_texts(data: Path) -> list[str]:
    """Return Aozora texts without ruby and notes: long documents, 20,000 characters on average."""
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
    asked = SignalSettings(words=lists)
    as_preset = SignalSettings(words=lists, also_measure=("board_mark_count",))
    print(f"{'MB/s on one core':44}{'news':>8}{'books':>8}")
    batches = [documents_of(texts(data)) for texts in (news_texts, book_texts)]
    steps: dict[str, Callable[[pa.RecordBatch], object]] = {
        "characters (kernel)": lambda batch: count_characters(_texts(batch)),
        "lines (kernel)": lambda batch: read_lines(_texts(batch)),
        "repeats (kernel)": lambda batch: find_repeats(_texts(batch)),
        "tells (kernel)": lambda batch: read_tells(_texts(batch)),
        "segments (kernel)": lambda batch: read_segments(_texts(batch)),
        "the five kernels together": _all_kernels,
        "repeats of every length, on request": lambda batch: find_every_repeat(_texts(batch)),
        "compression (LZ4), on request": lambda batch: lz4_ratio(_texts(batch)),
        "compression (zlib, on request)": lambda batch: zlib_ratio(_texts(batch)),
        "words of lists (kernel)": lambda batch: count_words(_texts(batch), lists),
        f"measure: every default signal, {len(signals_schema()) - 1}": measure,
        f"measure: with the lists' words, {len(signals_schema(asked)) - 1}": lambda batch: measure(batch, asked),
        f"measure: and what its preset needs, {len(signals_schema(as_preset)) - 1}": lambda batch: measure(
            batch, as_preset
        ),
        f"what HojiChar's filters measure, {len(AS_HOJICHAR)}": lambda batch: _measure_only(AS_HOJICHAR, batch, asked),
        f"what datatrove's filters measure, {len(AS_DATATROVE)}": lambda batch: _measure_only(
            AS_DATATROVE, batch, asked
        ),
        "identify: languages": lambda batch: identify(batch, LanguageSettings()),
    }
    for name, step in steps.items():
        speeds = [_texts(batch).sizes_bytes.sum() / 1e6 / _best_seconds(step, batch) for batch in batches]
        print(f"{name:44}" + "".join(f"{speed:8.0f}" for speed in speeds))
    if arguments.peers:
        samples = [_first_texts(texts(data)) for texts in (news_texts, book_texts)]
        peers = [_peer_speeds(arguments.peers, texts) for texts in samples]
        for name in peers[0]:
            print(f"{name:44}" + "".join(f"{speeds[name]:8.2f}" for speeds in peers))
        for name, names in (
            ("what datatrove measures, by words", AS_DATATROVE_BY_WORDS),
            ("parts of speech, of 2,000 characters", PARTS_OF_SPEECH),
        ):
            speeds = [_speed_of(names, documents_of(texts), asked) for texts in samples]
            print(f"{f'{name}, {len(names)}':44}" + "".join(f"{speed:8.2f}" for speed in speeds))
    for title, names in (
        ("HojiChar", AS_HOJICHAR),
        ("datatrove", AS_DATATROVE),
        ("datatrove by words", AS_DATATROVE_BY_WORDS),
        ("parts of speech", PARTS_OF_SPEECH),
    ):
        print(f"\n{title}: {', '.join(names)}")


def _word_lists(folder: Path) -> WordLists:
    """Return the lists that HojiChar ships, so that both search for the same words."""
    named = {"advertising": "advertisement", "adult": "adult"} | {n: n for n in ("discrimination", "violence")}
    return WordLists(**{ours: load_words(str(folder / f"{theirs}_keywords_ja.txt")) for ours, theirs in named.items()})


def _measure_only(names: tuple[str, ...], batch: pa.RecordBatch, settings: SignalSettings) -> None:
    """Measure these signals, and run no pass that none of them needs."""
    passes = Passes(batch["text"], settings)
    signals = {signal.column.name: signal for signal in SIGNALS}
    for name in names:
        signals[name].measure(passes)


def _speed_of(names: tuple[str, ...], batch: pa.RecordBatch, settings: SignalSettings) -> float:
    seconds = _best_seconds(lambda texts: _measure_only(names, texts, settings), batch, 2)
    return float(_texts(batch).sizes_bytes.sum()) / 1e6 / seconds


def _first_texts(texts: list[str]) -> list[str]:
    """Return whole documents from the beginning, up to _PEER_BYTES."""
    ends = np.cumsum([len(text.encode()) for text in texts])
    return texts[: max(1, int(np.searchsorted(ends, _PEER_BYTES)))]


def _peer_speeds(python: str, texts: list[str]) -> dict[str, float]:
    """Return MB/s of each peer."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "texts.json")
        path.write_text(json.dumps(texts), "utf-8")
        command = [python, str(Path(__file__).with_name("peer_filters.py")), str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds = json.loads(done.stdout.splitlines()[-1])
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    return {name: megabytes / spent for name, spent in seconds.items()}


def documents_of(texts: list[str]) -> pa.RecordBatch:
    """Return the columns of `documents` that filters read, of profile web."""
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
    read_segments(texts)


def _best_seconds(step: Callable[[pa.RecordBatch], object], batch: pa.RecordBatch, runs: int = _RUNS) -> float:
    step(batch)
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        step(batch)
        seconds.append(time.process_time() - start)
    return min(seconds)


if __name__ == "__main__":
    main()
