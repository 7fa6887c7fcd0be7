"""Writes the documents that the shipped model of `quality_score` is trained on, a file for each source and label.

    python -m bench.quality_examples DATA FOLDER
    manyo train-quality --positive FOLDER/good/*.jsonl --negative FOLDER/bad/*.jsonl --weight '*.labelled.jsonl' 4 \\
        --weight '*.dropped.jsonl' 0.6 --weight 'pages-*.jsonl' 3 --model filters/signals/quality.txt

DATA is a folder with `webmix/`, `web/`, `livedoor_news/`, `benchmarks/` and `gold/`. Labelled are: crawled texts on
which two readers agree (`webmix/quality_labels.tsv`, `bench/labels/crawl.tsv`), the 300 pages of
`bench/labels/web.tsv`, and other crawled texts that one reader labelled for training only
(`bench/labels/webmix_training.tsv`). Weak labels: articles of news, paragraphs of Wikipedia, gold texts of pages and
other pages of the WARCs are good. Of news, runs of whole paragraphs are taken, of 120 characters up to 5,000, joined
by line ends, blanks or nothing as crawled texts are; of pages at most 300 a host.

The score is for what rules cannot tell. So labelled documents that another rule of `default` drops are in files of
their own, which count little; other documents that one drops are left out. A collection of texts from hundreds of
sites is divided into sources by the digest of the text.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import compress
from pathlib import Path

import numpy as np

from bench.filters import documents_of
from bench.labels import read_labels, texts_of_pages
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import failures, load_rules
from manyo.filters.signals.measure import measure

_LENGTHS = (120, 250, 400, 800, 2000, 5000)
_JOINTS = ("\n", "\n", " ", "")
_TRAINING = Path(__file__).parent / "labels" / "webmix_training.tsv"
_CRAWL = Path(__file__).parent / "labels" / "crawl.tsv"
#: Hosts of the 300 pages are divided into this many sources, so that one program's manuals are not a source by itself.
_WEB_SOURCES = 10
#: Repositories with texts of hundreds of sites each, and the sources that each is divided into.
_COLLECTIONS = ("JapaneseWarcParser", "Dataset_for_BTM", "text-filter-pipeline")
_COLLECTION_SOURCES = 8
_PAGES_OF_HOST = 300
_OTHER_PAGES = 1000
_LEAST_KANA = 30


def main() -> None:
    """Write the files and say how many documents each has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for examples in (crawled(options.data), pages(options.data), news(options.data), other(options.data)):
        for label, source, text in examples:
            files[label, source].append(text)
    for (label, source), found in sorted(files.items()):
        dropped = dropped_by_rules(found)
        _write(options.folder / label / f"{source}.jsonl", compress(found, ~dropped))
        if source.endswith(".labelled"):
            _write(options.folder / label / f"{source.split('.')[0]}.dropped.jsonl", compress(found, dropped))


def _write(path: Path, texts: Iterable[str]) -> None:
    lines = [json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines):5} {path}")


def crawled(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield label, source and text of labelled texts of crawls."""
    labels = {row["id"]: row["label"] for row in _rows(_TRAINING)}
    labels |= {row["id"]: row["settled"] for row in _rows(_CRAWL)}
    labels |= {row["id"]: row["settled"] for row in _rows(data / "webmix" / "quality_labels.tsv")}
    for line in (data / "webmix" / "texts.jsonl").read_text(encoding="utf-8").splitlines():
        text = json.loads(line)
        if labels.get(text["id"]) in ("good", "bad"):
            yield labels[text["id"]], _crawl_source(text["source"], text["text"]), text["text"]
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        texts = texts_of_pages(data, Path(folder), ["webmix/pages-*.warc.gz"])
    for url in sorted(labels.keys() & texts.keys()):
        if labels[url] in ("good", "bad"):
            yield labels[url], f"{_host(url).replace('.', '_')}.labelled", texts[url]


def _crawl_source(repository: str, text: str) -> str:
    name = repository.rpartition("/")[2].replace(".", "_")
    part = f"-{zlib.crc32(text.encode()) % _COLLECTION_SOURCES}" if name in _COLLECTIONS else ""
    return f"{name}{part}.labelled"


def pages(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield label, source and text of the pages that two readers labelled, and of others, as good."""
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        texts = texts_of_pages(data, Path(folder))
    labels = {page.url: page.is_good for page in read_labels()}
    for url, is_good in labels.items():
        yield "good" if is_good else "bad", f"{_web_source(url)}.labelled", texts[url]
    others = sorted(texts.keys() - labels.keys(), key=lambda url: hashlib.blake2b(url.encode()).digest())
    of_host: Counter[str] = Counter()
    for url in others:
        kana = sum("ぁ" <= character <= "ヿ" for character in texts[url][:2000])
        if kana >= _LEAST_KANA and of_host[_host(url)] < _PAGES_OF_HOST and of_host.total() < _OTHER_PAGES:
            of_host[_host(url)] += 1
            yield "good", _web_source(url), texts[url]


def dropped_by_rules(texts: list[str]) -> np.ndarray:
    """Return bool (n_texts,), those that a rule of `default` on another signal drops."""
    documents = documents_of(texts)
    rules = [rule for rule in load_rules("default") if rule.signal != "quality_score"]
    failed = failures(identify(documents, LanguageSettings()), measure(documents), documents["profile"], rules)
    dropped: np.ndarray = failed.any(axis=1)
    return dropped


def _host(url: str) -> str:
    return url.split("/")[2]


def _web_source(url: str) -> str:
    return f"pages-{zlib.crc32(_host(url).encode()) % _WEB_SOURCES}"


def news(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield parts of every fourth article, as good; its source is the magazine."""
    draw = random.Random(1)
    for path in sorted((data / "livedoor_news").glob("*-*.txt"))[::4]:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")[3:] if line.strip()]
        length, chosen = draw.choice(_LENGTHS), list[str]()
        for line in lines[draw.randrange(max(1, len(lines) // 2)) :]:
            chosen.append(line)
            if sum(map(len, chosen)) >= length:
                break
        yield "good", f"news-{path.name.rsplit('-', 1)[0]}", draw.choice(_JOINTS).join(chosen)


def other(data: Path) -> Iterator[tuple[str, str, str]]:
    """Yield paragraphs of Wikipedia and gold texts of pages, as good."""
    squad = json.loads((data / "benchmarks" / "jsquad-v1.3-valid-v1.3.json").read_text(encoding="utf-8"))
    contexts = {paragraph["context"] for article in squad["data"] for paragraph in article["paragraphs"]}
    for context in sorted(contexts)[::6]:
        yield "good", "wikipedia", context.split(" [SEP] ", 1)[-1]
    for name, key in (("kinds", "kind"), ("extraction", "set")):
        for line in (data / "gold" / name / "gold.jsonl").read_text(encoding="utf-8").splitlines():
            page = json.loads(line)
            yield "good", f"gold-{name}" if key == "kind" else f"gold-{page[key]}", page["text"]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


if __name__ == "__main__":
    main()
