"""What the shipped registers and subjects say of works of other authors, of intruders, and of texts that are cut.

    python -m bench.categories DATA FOLDER --texts FILE

FOLDER is what `bench.category_examples` wrote, DATA and FILE as there. Subjects are measured on works of Aozora Bunko
and on the rest by themselves, each document by a model that did not see its source. Intruders are crawled texts of
kinds that no register is for, as our readers noted (`bench/labels/intruders.tsv`): each that is not `unknown` is wrong,
by documents and by characters.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.json_lines import json_lines
from manyo.corpus.doc_ids import hash_of_text
from manyo.corpus.intervals import wilson
from manyo.filters.signals import category_training
from manyo.filters.signals.categories import UNKNOWN, CategoryModel, load_category_model, name_categories
from manyo.filters.signals.category_training import Examples, count_all, read_examples, unseen_sums
from manyo.filters.signals.signal import Passes
from manyo.filters.signals.signal_settings import DEFAULTS

_LABELS = Path(__file__).parent / "labels"
_CUT = 0.7


def _documents(folder: Path) -> Iterator[tuple[str, str, str]]:
    for path in sorted(folder.glob("*/*.jsonl")):
        for line in json_lines(path):
            yield path.parent.name, path.stem, line["text"]


def _names(texts: list[str], model: CategoryModel) -> list[str]:
    named: list[str] = name_categories(Passes(pa.array(texts, pa.large_string()), DEFAULTS), model).names.to_pylist()
    return named


def _print_unseen(examples: Examples) -> None:
    called = unseen_sums(examples, count_all(examples.texts)).argmax(axis=1)
    of_works = np.array([examples.source_names[source].startswith("aozora") for source in examples.sources])
    for title, chosen in (("works of Aozora Bunko", of_works), ("other texts", ~of_works)):
        rows = np.flatnonzero(chosen)
        some = replace(
            examples,
            texts=examples.texts.take(pa.array(rows)),
            classes=examples.classes[rows],
            sources=examples.sources[rows],
        )
        of_categories, macro_f1, (low, high) = category_training.figures_of(some, called[rows])
        print(f"{title}: {len(rows):,} documents, macro-F1 {macro_f1:.3f} ({low:.3f} to {high:.3f})")
        for one in of_categories:
            print(f"  {one.name:12} {one.documents:6,} documents {one.sources:4} sources  F1 {one.f1:.3f}")


def _print_intruders(data: Path, texts: Path, model: CategoryModel) -> None:
    found = {line["id"]: line["text"] for line in json_lines(data / "webmix" / "texts.jsonl")}
    found |= {f"{hash_of_text(line['text']):016x}": line["text"] for line in json_lines(texts)}
    by_kind = defaultdict(list)
    with (_LABELS / "intruders.tsv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["id"] in found:
                by_kind[row["kind"]].append(found[row["id"]])
    by_kind["all"] = [text for some in by_kind.values() for text in some]
    for kind, some in by_kind.items():
        names = _names(some, model)
        is_unknown = np.array([name == UNKNOWN for name in names])
        sizes = np.array([len(text) for text in some])
        low, high = wilson(int(is_unknown.sum()), len(some))
        common = ", ".join(f"{name} {count}" for name, count in Counter(names).most_common(4) if name != UNKNOWN)
        print(
            f"intruders, {kind}: {len(some)}, unknown {is_unknown.mean():.2f} ({low:.2f} to {high:.2f}), "
            f"by characters {sizes[is_unknown].sum() / sizes.sum():.2f}; else {common}"
        )


def _print_cut(texts: list[str], name: str, model: CategoryModel) -> None:
    whole, cut = _names(texts, model), _names([text[: int(_CUT * len(text))] for text in texts], model)
    same = float(np.mean([one == other for one, other in zip(whole, cut, strict=True)]))
    named = [(one, other) for one, other in zip(whole, cut, strict=True) if UNKNOWN not in (one, other)]
    differ = float(np.mean([one != other for one, other in named]))
    start = time.process_time()
    _names(texts, model)
    speed = sum(len(text.encode()) for text in texts) / (time.process_time() - start) / 1e6
    print(
        f"{name}, a last 30 % cut off: {same:.3f} the same, {differ:.4f} of those named twice differ; {speed:.0f} MB/s"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    options = parser.parse_args()
    subjects = read_examples(_documents(options.folder / "subject"))
    _print_unseen(subjects)
    _print_intruders(options.data, options.texts, load_category_model("register"))
    for name in ("register", "subject"):
        _print_cut(subjects.texts.to_pylist()[::7], name, load_category_model(name))


if __name__ == "__main__":
    main()
