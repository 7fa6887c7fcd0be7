"""Measures what the rules of the licensed profiles keep of good texts, and drop of misread ones.

    python -m bench.profiles DATA [--chosen | --unseen]

Good texts are the samples of each profile; of Aozora and Genji only the works from which the table of
`corpus/lifts.py` was not made. Each is taken whole, by pages of 560 characters (14 lines of 40), and
by pieces of 150, the length of a short poem. Misread texts are the same with 35 of 100 characters replaced as
`bench/ocr_noise.py` does it (kana, and kanji of similar shape), by characters of the text itself, or by any kanji of
JIS level 1. For `ocr`, pages of held-out books are typeset, read at 1.5 % and at 35 % of wrong characters, and cleaned
by the NDL source. `--chosen` measures the other half, on which thresholds are chosen. `--unseen` measures texts with
which neither the table nor a threshold was made or chosen: the NDL's lines of ground truth, paragraphs of Wikipedia
(JSQuAD), texts of Common Crawl and the gold texts of news sites and a blog.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.bigrams import documents, is_counted, works
from bench.ocr import items_of, prose, read
from bench.ocr_noise import LAYOUTS, Noise, book, wrongly_read
from manyo.corpus.schema import LABEL
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import Rule, failures, load_rules
from manyo.filters.signals.measure import measure

WRONG = 0.35
PIECES = (("whole", None), ("pages", 560), ("pieces", 150))
_BOOKS = 60
_ON_MISREADING = {"misread", "misread_kanji", "misread_statute_kanji"}
_PAGES_OF_A_TEXT = 5
_LEVEL_1 = [
    bytes((row, cell)).decode("euc_jp") for row in range(0xB0, 0xCF) for cell in range(0xA1, 0xFF)
]  # the last row of level 1 is not full


def main() -> None:
    """Print a line for each profile, length and kind of misreading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--chosen", action="store_true", help="measure on the half on which thresholds are chosen")
    parser.add_argument("--unseen", action="store_true", help="measure on texts with which nothing was chosen")
    options = parser.parse_args()
    data, rules, rng = options.data, load_rules("default"), random.Random(0)
    for profile, texts in unseen_texts(data) if options.unseen else good_texts(data, options.chosen):
        for name, chars in PIECES:
            pieces = [piece for text in texts for piece in cut(text, chars)]
            report(profile, name, "good", pieces, rules, is_good=True)
            for way, misread in WAYS.items():
                report(profile, name, way, [misread(piece[:20_000], rng) for piece in pieces], rules, is_good=False)
    for wrong in () if options.unseen else (0.015, WRONG):
        report("ocr", "book pages", f"wrong {wrong}", book_pages(data, wrong), rules, is_good=wrong < 0.3)


def good_texts(data: Path, chosen: bool) -> Iterator[tuple[str, list[str]]]:
    """Return profile and samples; of news and statutes, which are in no table, every second one."""
    held_out = [(name, text) for name, text, _ in works(data) if is_counted(name) == chosen]
    classical = [text for name, text in held_out if name.startswith("chapter")]
    classical += [text for _, text in documents("honkoku", sorted((data / "classical/honkoku").rglob("*.*")))]
    ndl = [*(data / "ndl/ndlocr_xml").glob("*.xml"), *(data / "ndl/packages").glob("*_fulltext.zip")]
    prose_texts = [text for name, text in held_out if not name.startswith("chapter")]
    prose_texts += [text for _, text in documents("kokkai", sorted((data / "kokkai").glob("*.json")))]
    news = sorted((data / "livedoor_news").rglob("*-*.txt"))[chosen::2]
    yield "ocr", [text for _, text in documents("ndl", sorted(ndl))]
    yield "classical", classical
    yield "law", [text for _, text in documents("egov", sorted((data / "egov").glob("*.xml")))]
    yield "law", statutes(data)[chosen::2]
    yield "prose", prose_texts
    yield "prose", [path.read_text(encoding="utf-8").split("\n", 3)[3] for path in news]


def unseen_texts(data: Path) -> Iterator[tuple[str, list[str]]]:
    """Return profile and texts that are in no table and that nobody read to choose a threshold.

    The NDL's lines are of 1,465 books in the public domain; each forty, in the order of the books, are one text.
    """
    printed = (data / "ndl/one_line/labeldata_pdm.tsv").read_text(encoding="utf-8").splitlines()
    lines = [row.split("\t")[1] for row in sorted(printed)]
    yield "ocr", ["\n".join(lines[start : start + 40]) for start in range(0, len(lines), 40)]
    squad = json.loads((data / "benchmarks/jsquad-v1.3-valid-v1.3.json").read_text(encoding="utf-8"))
    contexts = [paragraph["context"] for article in squad["data"] for paragraph in article["paragraphs"]]
    yield "prose", [context.split(" [SEP] ", 1)[-1] for context in contexts]
    crawled = json.loads((data / "text/common_crawl_ja_99.json").read_text(encoding="utf-8"))
    yield "prose", [row["text"] for rows in crawled.values() for row in rows]
    for kind in ("news", "blog"):
        gold = (json.loads(row) for row in (data / "gold/extraction/gold.jsonl").read_text("utf-8").splitlines())
        yield "prose", [row["text"] for row in gold if row["set"] == kind]


def statutes(data: Path) -> list[str]:
    """Return statutes of the Meiji era and later, of a web sample: kanji and katakana."""
    pages = documents("warc", [data / "web/japanese-000.warc.gz"])
    return [text for address, text in pages if "law.e-gov.go.jp" in str(address)]


def cut(text: str, chars: int | None) -> list[str]:
    """Return the text, or up to five pieces of it, from all of its parts."""
    if chars is None or len(text) <= chars:
        return [text]
    step = max(chars, (len(text) - chars) // _PAGES_OF_A_TEXT + 1)
    return [text[start : start + chars] for start in range(0, len(text) - chars + 1, step)]


def book_pages(data: Path, wrong: float) -> list[str]:
    """Return pages of books of held-out works, typeset, misread and cleaned."""
    held_out = (
        path
        for path in sorted((data / "aozora").glob("*.txt"))
        if not is_counted(path.name.split("_")[0]) and prose(path)
    )
    texts = []
    for number, path in enumerate(islice(held_out, _BOOKS)):
        pages = book(prose(path), ("山と川の本", "月の出"), LAYOUTS[number % len(LAYOUTS)], Noise(wrong=wrong), number)
        texts += [read(items_of([page], "xml")) for page in pages[1 : 1 + _PAGES_OF_A_TEXT]]
    return texts


def _replaced(text: str, rng: random.Random, pool: str | list[str]) -> str:
    return "".join(
        rng.choice(pool) if not character.isspace() and rng.random() < WRONG else character for character in text
    )


WAYS: dict[str, Callable[[str, random.Random], str]] = {
    "confused": lambda text, rng: wrongly_read(text, Noise(wrong=WRONG, geta=0.0), rng),
    "own characters": lambda text, rng: _replaced(text, rng, "".join(text.split()) or "一"),
    "any kanji": lambda text, rng: _replaced(text, rng, _LEVEL_1),
}


def report(profile: str, name: str, way: str, texts: list[str], rules: tuple[Rule, ...], *, is_good: bool) -> None:
    """Print the share that is kept of good texts, or dropped of misread ones, and the spread of the signal."""
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([number.to_bytes(16, "big") for number in range(len(texts))], pa.binary(16)),
            pa.array(texts, pa.large_string()),
            pa.array([profile] * len(texts)).dictionary_encode().cast(LABEL),
        ],
        ["doc_id", "text", "profile"],
    )
    measured = measure(batch)
    on_text = _on_text(rules)
    failed = failures(identify(batch, LanguageSettings()), measured, batch["profile"], on_text)
    dropped = failed.any(axis=1)
    misread = failed[:, [rule.name in _ON_MISREADING for rule in on_text]].any(axis=1).mean()
    lift = measured["bigram_lift"].to_numpy()
    low, middle, high = np.quantile(lift, [0.05, 0.5, 0.95])
    share = f"kept {1 - dropped.mean():7.2%}" if is_good else f"dropped {dropped.mean():7.2%}"
    spread = f"lift {low:.2f} {middle:.2f} {high:.2f}"
    print(f"{profile:10}{name:11}{way:16}{len(texts):6}  {share:16} misread {misread:7.2%}  {spread}", flush=True)


def _on_text(rules: tuple[Rule, ...]) -> list[Rule]:
    """Return the rules without those on columns that only the source measures."""
    return [rule for rule in rules if rule.signal != "link_fraction"]


if __name__ == "__main__":
    main()
