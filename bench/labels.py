"""Precision and recall of the default rules and of every preset, on 300 pages that two readers labelled.

    python -m bench.labels DATA [--misses] [--rules FILE ...]

DATA is a folder with `web/mixed-*.warc.gz` and `web/japanese-000.warc.gz`; the labels are `bench/labels/web.tsv`,
addresses without text, made as `bench/labels/GUIDE.md` describes. A set of rules should keep the good pages. The pages
were drawn from strata of unequal size (kept or dropped by the default rules of that day, source, length), so each
represents `stands_for` pages. Figures are weighted by these, with the 90 % interval of 1,000 bootstrap samples; then
weighted by characters. One half of the first draw (`development`) was read when rules were chosen, the other
(`held_out`) less; the second draw (`fresh`) came after. `--misses` lists the pages that the rules decide differently
from the settled label, and why.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from manyo.corpus.tables.shards import read_batches, zip_batches
from manyo.filters.rules.label_scores import agreement
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.progress import watcher
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS
from manyo.pipelines.run import run

_ROOT = Path(__file__).parents[1]
_LABELS = _ROOT / "bench" / "labels" / "web.tsv"
_RULES = (
    _ROOT / "filters" / "rules" / "default.toml",
    *sorted((_ROOT / "filters" / "rules" / "presets").glob("*.toml")),
)

_INPUTS = ("web/mixed-*.warc.gz", "web/japanese-000.warc.gz")

_CONFIG = """
[run]
out = "{out}"

[[source]]
name = "web"
kind = "warc"
inputs = {inputs}
profile = "web"
licence = "third-party; for measurements only"

[filter]
rules = "{rules}"

[tokenize.train]
"""


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled page: its address, how many pages it represents, both readings and the settled label."""

    url: str
    stands_for: float
    readings: tuple[bool, bool]
    is_good: bool
    half: str


def main() -> None:
    """Run the rules on the pages, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--rules", nargs="+", type=Path, default=_RULES)
    options = parser.parse_args()
    pages = read_labels()
    agreement, kappa = agree(pages)
    n_good = sum(page.is_good for page in pages)
    print(f"{len(pages)} pages, {n_good} good; readings agree on {agreement:.3f}, kappa {kappa:.3f}")
    print(f"{'':35}{'of pages':^46}{'of characters':^20}")
    print(f"{'rules':16}{'half':>13}{'kept':>6}{'precision':>23}{'recall':>23}{'precision':>10}{'recall':>10}")
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        for path in options.rules:
            decided = decide(options.data, path, Path(folder))
            missing = [page.url for page in pages if page.url not in decided]
            if missing:
                raise SystemExit(f"not among the documents: {', '.join(missing)}")
            for half in ("", "development", "held_out", "fresh"):
                chosen = [page for page in pages if half in ("", page.half)]
                print(f"{path.stem:16}{half or 'all':>13}{figures(chosen, decided)}", flush=True)
            if options.misses:
                print_misses(pages, decided)


def read_labels() -> list[Labelled]:
    """Return the labelled pages, in the order of their addresses."""
    with _LABELS.open(encoding="utf-8", newline="") as file:
        return [
            Labelled(
                url=row["url"],
                stands_for=float(row["stands_for"]),
                readings=(row["reading_1"] == "good", row["reading_2"] == "good"),
                is_good=row["label"] == "good",
                half=row["half"],
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def agree(pages: Sequence[Labelled]) -> tuple[float, float]:
    """Return the share of pages on which both readings agree, and Cohen's kappa."""
    first, second = zip(*(page.readings for page in pages), strict=True)
    return agreement(first, second)


def decide(data: Path, rules: Path, folder: Path) -> dict[str, tuple[int, list[str]]]:
    """Return characters and reasons of every document by address; a second set of rules extracts nothing again."""
    path = folder / "labels.toml"
    path.write_text(_config(data, folder, _INPUTS, str(rules.resolve())), encoding="utf-8")
    result = run(load_config(str(path)), Serial(), watcher(), "filter")
    outputs = {one.stage.name: one.output for one in result.stages}
    return dict(_rows(outputs["extract"], outputs["decide"]))


def _config(data: Path, folder: Path, inputs: Sequence[str], rules: str) -> str:
    archives = [str(data.resolve() / name) for name in inputs]
    return _CONFIG.format(out=folder / "out", inputs=json.dumps(archives), rules=rules)


def texts_of_pages(data: Path, folder: Path, inputs: Sequence[str] = _INPUTS) -> dict[str, str]:
    """Return the text of every document by address; `inputs` are WARC files below `data`."""
    path = folder / "labels.toml"
    path.write_text(_config(data, folder, inputs, "default"), encoding="utf-8")
    result = run(load_config(str(path)), Serial(), watcher(), "extract")
    (extract,) = (one.output for one in result.stages if one.stage.name == "extract")
    return {
        uri: text
        for shard in extract.shards
        for batch in read_batches(extract.uri(DOCUMENTS, shard.name), ["uri", "text"])
        for uri, text in zip(batch.column("uri").to_pylist(), batch.column("text").to_pylist(), strict=True)
    }


def _rows(extract: StageOutput, decide: StageOutput) -> Iterator[tuple[str, tuple[int, list[str]]]]:
    for shard in extract.shards:
        documents, decisions = extract.uri(DOCUMENTS, shard.name), decide.uri(DECISIONS, shard.name)
        for read, decided in zip_batches((documents, ["uri", "text"]), (decisions, ["reasons"])):
            chars = pc.utf8_length(read.column("text")).to_pylist()
            reasons = decided.column("reasons").to_pylist()
            yield from zip(read.column("uri").to_pylist(), zip(chars, reasons, strict=True), strict=True)


def figures(pages: Sequence[Labelled], decided: Mapping[str, tuple[int, list[str]]]) -> str:
    """Return how many pages are kept, and precision and recall.

    Both are weighted by the pages that each page represents, then by the characters of these.
    """
    kept = np.array([not decided[page.url][1] for page in pages])
    good = np.array([page.is_good for page in pages])
    stands_for = np.array([page.stands_for for page in pages])
    chars = stands_for * [decided[page.url][0] for page in pages]
    strata = [np.flatnonzero(stands_for == size) for size in np.unique(stands_for)]
    random = np.random.default_rng(0)
    drawn = []
    for _ in range(1000):
        rows = np.concatenate([random.choice(stratum, len(stratum)) for stratum in strata])
        drawn.append(_precision_recall(stands_for[rows], good[rows], kept[rows]))
    low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
    of_pages = _precision_recall(stands_for, good, kept)
    shown = [f"{of_pages[i]:.3f} ({low[i]:.3f}-{high[i]:.3f})" for i in range(2)]
    of_chars = _precision_recall(chars, good, kept)
    return f"{kept.sum():6}{shown[0]:>23}{shown[1]:>23}{of_chars[0]:>10.3f}{of_chars[1]:>10.3f}"


def _precision_recall(sizes: np.ndarray, good: np.ndarray, kept: np.ndarray) -> tuple[float, float]:
    both = sizes[good & kept].sum()
    return both / max(sizes[kept].sum(), 1e-9), both / max(sizes[good].sum(), 1e-9)


def print_misses(pages: Sequence[Labelled], decided: Mapping[str, tuple[int, list[str]]]) -> None:
    """Print the pages on which rules and readers differ."""
    for page in pages:
        reasons = decided[page.url][1]
        if page.is_good == bool(reasons):
            label, said = "good" if page.is_good else "bad", ", ".join(reasons) or "kept"
            print(f"    {label:5}{page.half:12} {page.stands_for:5.1f}  {said:40} {page.url}")


if __name__ == "__main__":
    main()
