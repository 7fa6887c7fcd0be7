"""Measures the default rules and their score on labelled texts that the score was not trained on.

    python -m bench.quality_sets DATA --texts FILE [--errors] [--presets]

DATA and FILE are those of `bench.quality_examples`. Each text is scored twice: by a model of all other draws (`webmix`,
`crawl` with `unedited`, `crawl2`, `crawl3`, `crawl4`, `crawl5` with `whole`, `framed` with `sites`, two
sets that one reader labelled, `pages`), which of all that labelled texts allow is nearest to a first sight, and by a
model of the other nine of ten folds, where texts that share a passage are in one.
Printed are precision and recall with Wilson's 95 % intervals, each text counted once, of rules alone, of rules and
score and of presets; then how many bad texts are kept by what is wrong with them, and good ones by kind of site.
`--errors` prints the texts that are decided wrongly where their draw was left out. `--curve` prints precision and
recall from each score on, also of cuts and whole pages apart and with the same weight, the likelihood ratio from which
precision follows at any share of good texts, and how many texts of about one score are good.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import tempfile
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from bench.quality_examples import HOSTS, ONE_READER, Labelled, dropped_by_rules, labelled, weak
from manyo.corpus.intervals import wilson
from manyo.corpus.tables.shards import zip_batches
from manyo.filters.rules.decide import load_rules
from manyo.filters.signals.quality import load_quality_model
from manyo.filters.signals.quality_training import Rows, values_of, views_of_texts
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.progress import watcher
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS
from manyo.pipelines.run import run

#: The sets that are left out, and the draws in each.
SETS = {
    "webmix": "webmix",
    "crawl": "sight 1",
    "unedited": "sight 1",
    "crawl2": "sight 2",
    "crawl3": "sight 3",
    "crawl4": "sight 4",
    "crawl5": "sight 5",
    "whole": "sight 5",
    **dict.fromkeys(("framed", "sites"), "sight 7"),
    **dict.fromkeys(ONE_READER, "one reader"),
    **dict.fromkeys(HOSTS, "hosts"),
}
#: Scores of the curve, and bounds of the bins in which good texts are counted.
_CURVE = np.arange(0.40, 0.81, 0.02)
_BINS = (0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
_PAGES = "pages"
#: The draws of whole pages; the others hold cuts, answers and pages alike.
_WHOLE = ("whole", "framed")
_FOLDS = 10
#: How much a document counts in training: labelled crawl texts, pages by two readers, pages of hosts, news, others, as
#: `bench.quality_examples` says.
_LABELLED, _OF_PAGES, _OF_HOSTS, _NEWS, _OTHERS = 6.0, 3.0, 2.0, 3.0, 1.0

#: Texts share a passage if so many letters at one of two places of either are in the other.
_SHARED_CHARS = 20

#: What is wrong with a text, by the first of these words in what its readers wrote.
_WRONG = {
    "spam": ("spam", "spun", "stuffed", "affiliate", "fraud"),
    "translation": ("translat",),
    "template": ("template",),
    "adult": ("adult",),
    "cut or teasers": ("cut", "teaser"),
    "stub": ("stub", "only"),
    "repeated": ("twice", "same ", "repeat"),
    "list or navigation": ("list", "navigation", "menu", "title", "link", "categor", "table", "form"),
}
_PRESETS = ("fineweb2_ja", "llmjp_v1", "hojichar", "swallow_v1")
_CONFIG = """
[run]
out = "{folder}/out"
[[source]]
name = "texts"
kind = "jsonl"
inputs = ["{folder}/texts.jsonl"]
profile = "web"
licence = "third-party; for measurements only"
[filter]
rules = "{rules}"
[tokenize.train]
"""

Mask: TypeAlias = np.ndarray


@dataclass(frozen=True, slots=True)
class Texts:
    """Labelled texts, and after them weak ones.

    Attributes:
        labelled: the labelled ones, without disputed ones.
        rows: what models grow from.
        dropped: bool (n_labelled,), those that a rule on another signal drops.
        sets: (n_labelled,), the set of each labelled text.
    """

    labelled: Sequence[Labelled]
    rows: Rows
    dropped: Mask
    sets: np.ndarray

    def scores(self, folds: Sequence[object]) -> np.ndarray:
        """float64 (n_labelled,), the score of each labelled text by a model of other folds and of weak texts.

        Means become probabilities as in the model that ships.
        """
        n_weak = len(self.rows.values) - len(self.labelled)
        means = self.rows.unseen_scores(np.array([*map(str, folds), *[""] * n_weak]))[: len(self.labelled)]
        return load_quality_model(None).probability_of(means)


def read(data: Path, more: Path) -> Texts:
    """Read and measure the texts that the shipped model is trained on."""
    known = [one for one in labelled(data, more) if one.label != "disputed"]
    others = [(source, text) for source, texts in weak(data).items() for text in texts]
    others = list(itertools.compress(others, ~dropped_by_rules([text for _, text in others])))
    texts = [*(one.text for one in known), *(text for _, text in others)]
    weights = [_weight_of(one.draw) for one in known]
    weights += [_NEWS if source.startswith("news-") else _OTHERS for source, _ in others]
    views, viewed = views_of_texts(texts)
    return Texts(
        known,
        Rows(
            values_of(texts),
            np.array([*(one.label == "good" for one in known), *[True] * len(others)]),
            np.array(weights),
            values_of(views),
            viewed,
        ),
        dropped_by_rules([one.text for one in known]),
        np.array([SETS.get(one.draw, one.draw) for one in known]),
    )


def _weight_of(draw: str) -> float:
    if draw == _PAGES:
        return _OF_PAGES
    if draw in HOSTS:
        return _OF_HOSTS
    return _OTHERS if draw in ONE_READER else _LABELLED


def folds_of(texts: Sequence[str]) -> list[int]:
    """The fold of each text; texts that share a passage are in one, by the digest of the least of them."""
    letters = [re.sub(r"[\W\d_]+", "", unicodedata.normalize("NFKC", text)) for text in texts]
    at = defaultdict(list)
    for number, some in enumerate(letters):
        for start in range(max(len(some) - _SHARED_CHARS + 1, 1)):
            at[some[start : start + _SHARED_CHARS]].append(number)
    group = list(range(len(texts)))

    def first(number: int) -> int:
        while group[number] != number:
            number = group[number]
        return number

    for number, some in enumerate(letters):
        for start in (5 if len(some) >= 30 else 0, len(some) // 2):
            passage = some[start : start + _SHARED_CHARS]
            for other in at[passage] if 2 * len(passage) > _SHARED_CHARS else ():
                group[max(first(number), first(other))] = min(first(number), first(other))
    return [sum(letters[first(number)].encode()) % _FOLDS for number in range(len(texts))]


def rate(part: int, whole: int) -> str:
    """A fraction and its interval, as text."""
    if not whole:
        return "–"
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} ({low:.3f}-{high:.3f})"


def figures(kept: Mask, is_good: Mask) -> str:
    """Precision and recall, as text."""
    both = int((kept & is_good).sum())
    return f"{rate(both, int(kept.sum()))} / {rate(both, int(is_good.sum()))}"


def wrong_with(one: Labelled) -> str:
    """What is wrong with a bad text, in a word."""
    said = one.reasons.lower()
    places = [(said.find(word), kind) for kind, words in _WRONG.items() for word in words if word in said]
    return min(places)[1] if places else "other"


def kept_by(rules: str, texts: Sequence[str]) -> Mask:
    """bool (n_texts,), the texts that a run with these rules keeps."""
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
        Path(folder, "texts.jsonl").write_text("".join(lines), encoding="utf-8")
        starts = np.cumsum([0, *(len(line.encode()) for line in lines)])[:-1].tolist()
        config = Path(folder, "run.toml")
        config.write_text(_CONFIG.format(folder=folder, rules=rules), encoding="utf-8")
        outputs = {
            one.stage.name: one.output for one in run(load_config(str(config)), Serial(), watcher(), "filter").stages
        }
        extract, decide = outputs["extract"], outputs["decide"]
        kept = {
            offset
            for shard in extract.shards
            for documents, decided in zip_batches(
                (extract.uri(DOCUMENTS, shard.name), ["origin_offset"]),
                (decide.uri(DECISIONS, shard.name), ["reasons"]),
            )
            for offset, reasons in zip(
                documents.column("origin_offset").to_pylist(), decided.column("reasons").to_pylist(), strict=True
            )
            if not reasons
        }
    return np.array([start in kept for start in starts])


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--texts", type=Path, required=True)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--presets", action="store_true")
    parser.add_argument("--curve", action="store_true")
    options = parser.parse_args()
    texts = read(options.data, options.texts)
    n_labelled = len(texts.labelled)
    is_good, by_rules = texts.rows.is_good[:n_labelled], ~texts.dropped
    (least,) = (rule.minimum for rule in load_rules("default") if rule.signal == "quality_score")
    of_sets = texts.scores(texts.sets)
    of_folds = texts.scores(folds_of([one.text for one in texts.labelled]))
    rows = {
        "keeping everything": np.ones(n_labelled, bool),
        "rules alone": by_rules,
        f"rules and score, {least:g}, set unseen": by_rules & (of_sets >= least),
        f"rules and score, {least:g}, text unseen": by_rules & (of_folds >= least),
        f"score alone, {least:g}, set unseen": of_sets >= least,
    }
    if options.presets:
        rows |= {name: kept_by(name, [one.text for one in texts.labelled]) for name in _PRESETS}
    sets = [*dict.fromkeys(SETS.values()), _PAGES]
    crawl = np.isin(texts.sets, [name for name in sets if name not in ("one reader", "hosts", _PAGES)])
    print("|", *(f"| {name} ({(texts.sets == name).sum()})" for name in sets), f"| all crawl ({crawl.sum()}) |")
    print("|---" * (len(sets) + 2) + "|")
    for name, kept in rows.items():
        cells = [figures(kept[chosen], is_good[chosen]) for chosen in (*(texts.sets == one for one in sets), crawl)]
        print(f"| {name} | {' | '.join(cells)} |")
    for title, kept in list(rows.items())[1:4]:
        print(f"\nbad kept, {title}: {_shares(texts, crawl & ~is_good, kept, wrong_with)}")
        print(f"good kept, {title}: {_shares(texts, crawl & is_good, kept, lambda one: one.kind)}")
    is_whole = np.array([one.draw in _WHOLE for one in texts.labelled])
    if options.curve:
        for line in _curve(of_sets[crawl], is_good[crawl], by_rules[crawl], is_whole[crawl]):
            print(line)
    if options.errors:
        for line in _errors(texts, crawl & (is_good != rows[f"rules and score, {least:g}, set unseen"]), of_sets):
            print(line)


def likelihood_ratio(kept: Mask, is_good: Mask) -> str:
    """How many times as often a good text is kept as a bad one, with its 95 % interval (Simel 1991).

    A corpus with g good texts for each bad one has this many times g good ones for each bad one among those kept.
    """
    good, bad = int((kept & is_good).sum()), int((kept & ~is_good).sum())
    if not good or not bad:
        return "–"
    ratio = good / int(is_good.sum()) / (bad / int((~is_good).sum()))
    error = 1.96 * np.sqrt(1 / good - 1 / int(is_good.sum()) + 1 / bad - 1 / int((~is_good).sum()))
    return f"{ratio:.1f} ({ratio * np.exp(-error):.1f}-{ratio * np.exp(error):.1f})"


def _in_halves(kept: Mask, is_good: Mask, is_whole: Mask) -> str:
    """Precision and recall where cuts and whole pages have a weight of a half each, as text."""
    weights = np.where(is_whole, 0.5 / max(int(is_whole.sum()), 1), 0.5 / max(int((~is_whole).sum()), 1))
    both = weights[kept & is_good].sum()
    return f"{both / max(weights[kept].sum(), 1e-9):.3f} / {both / max(weights[is_good].sum(), 1e-9):.3f}"


def _shares(texts: Texts, chosen: Mask, kept: Mask, kind_of: Callable[[Labelled], str]) -> str:
    kinds = defaultdict(list)
    for number in np.flatnonzero(chosen).tolist():
        kinds[kind_of(texts.labelled[number])].append(bool(kept[number]))
    return ", ".join(f"{kind} {sum(some)}/{len(some)}" for kind, some in sorted(kinds.items()))


def _curve(scores: np.ndarray, is_good: Mask, by_rules: Mask, is_whole: Mask) -> Iterator[str]:
    yield "\n| score at least | precision / recall, set unseen | cuts | whole pages | halves | likelihood ratio |"
    yield "|---|---|---|---|---|---|"
    for least in _CURVE.tolist():
        kept = by_rules & (scores >= least)
        cells = [figures(kept[chosen], is_good[chosen]) for chosen in (~is_whole, is_whole)]
        halves = _in_halves(kept, is_good, is_whole)
        ratio = likelihood_ratio(kept, is_good)
        yield f"| {least:.2f} | {figures(kept, is_good)} | {' | '.join(cells)} | {halves} | {ratio} |"
    yield "\n| score | good texts of those with it, set unseen |"
    yield "|---|---|"
    for low, high in itertools.pairwise(_BINS):
        some = is_good[(scores >= low) & (scores < high)]
        yield f"| {low:g}-{min(high, 1):g} | {int(some.sum())} of {len(some)}: {rate(int(some.sum()), len(some))} |"


def _errors(texts: Texts, chosen: Mask, scores: np.ndarray) -> Iterator[str]:
    for number in sorted(np.flatnonzero(chosen).tolist(), key=lambda number: float(scores[number])):
        one = texts.labelled[number]
        why = "dropped by a rule" if texts.dropped[number] else f"{scores[number]:.2f}"
        yield f"{one.label} {why} {one.draw} {one.kind} {one.reasons} {len(one.text)}: {one.text[:300]!r}"


if __name__ == "__main__":
    main()
