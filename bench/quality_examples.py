"""Writes the documents that the shipped model of `quality_score` is trained on, a file for each source and label.

    python -m bench.quality_examples DATA FOLDER --texts FILE
    manyo train-quality --positive FOLDER/good/*.jsonl --negative FOLDER/bad/*.jsonl \\
        --weight 'pages-*.labelled.jsonl' 3 --weight '*.labelled.jsonl' 6 --weight 'hosts-*' 2 --weight 'news-*' 3 \\
        --model filters/signals/quality.txt

DATA is a folder with `webmix/`, `web/`, `livedoor_news/`, `benchmarks/` and `gold/`; FILE has further texts as JSON
Lines, which labels name by a digest; `bench.label_texts` writes it. Labelled are: crawled texts on which two readers
agree (`webmix/quality_labels.tsv`, `bench/labels/crawl.tsv`), the 300 pages of `bench/labels/web.tsv`, and other
crawled texts that one reader labelled (`bench/labels/one_reader.tsv`: pages of Common Crawl with and without their
frames, which count a third as much, and whole texts of OSCAR, pages of ABEJA's Common Crawl, texts in notebooks and in
public repositories, which count little; `bench/labels/webmix_training.tsv`). Weak labels, of which only news count
much: articles of news, paragraphs of Wikipedia, gold texts of pages and other pages of the WARCs are good, except those
that another rule of `default` drops. Of news, runs of whole paragraphs are taken, of 120 characters up to 5,000, joined
by line ends, blanks or nothing as crawled texts are; of pages at most 60 a host.

A collection of texts from hundreds of sites is divided into sources by the digest of the text.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import sys
import tempfile
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import compress
from pathlib import Path

import numpy as np

from bench.filters import documents_of
from bench.json_lines import json_lines
from bench.labels import read_labels, texts_of_pages
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import failures, load_rules
from manyo.filters.signals.measure import measure

_LENGTHS = (120, 250, 400, 800, 2000, 5000)
_JOINTS = ("\n", "\n", " ", "")
#: The folder of the tables of labels.
LABELS = Path(__file__).parent / "labels"
#: Hosts of the 300 pages are divided into this many sources, so that one program's manuals are not a source by itself.
_WEB_SOURCES = 10
#: Repositories with texts of hundreds of sites each, and the sources that each is divided into.
_COLLECTIONS = ("JapaneseWarcParser", "Dataset_for_BTM", "text-filter-pipeline", "first-sight", "one-reader", "hosts")
_COLLECTION_SOURCES = 8
#: Draws that one reader labelled; each text counts as a weak one does, or of `HOSTS` a third as much as by two readers.
ONE_READER = ("oscar", "abeja", "notebooks", "repositories", "frames", "hosts")
#: Of one reader's draws those of pages of other hosts of the crawl that `framed` is from.
HOSTS = ("frames", "hosts")
_PAGES_OF_HOST = 60
_OTHER_PAGES = 300
_LEAST_KANA = 30


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text that was labelled.

    Attributes:
        draw: the draw that it is from: `webmix`, `crawl`, `unedited`, `crawl2` to `crawl5`, `whole`, `framed`,
            `sites`, `oscar`, `abeja`, `notebooks`, `repositories`, `frames`, `hosts`, `training` or
            `pages`.
        kind: of site, as the draw or its first reader has it; "" where nobody said.
        reasons: why a reader calls it bad, in a few words of each.
        label: `good`, `bad` or `disputed`.
        source: what it is from; texts of one source are alike.
    """

    draw: str
    kind: str
    reasons: str
    label: str
    source: str
    text: str


def main() -> None:
    """Write the files and say how many documents each has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--texts", type=Path, help="texts that labels name by a digest, as JSON Lines")
    options = parser.parse_args()
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in labelled(options.data, options.texts):
        if one.label != "disputed":
            name = one.source if one.draw in ONE_READER else f"{one.source}.labelled"
            files[one.label, name].append(one.text)
    for source, found in weak(options.data).items():
        files["good", source] = list(compress(found, ~dropped_by_rules(found)))
    for (label, source), found in sorted(files.items()):
        path = options.folder / label / f"{source}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in found), "utf-8")
        print(f"{len(found):5} {path}")


def labelled(data: Path, more: Path | None) -> Iterator[Labelled]:
    """Yield every labelled text whose text is there, and say how many labels of each draw are without one.

    Args:
        more: JSON Lines with the texts that `crawl.tsv` and `one_reader.tsv` name by a digest; None leaves
            these out.
    """
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        of_page = texts_of_pages(data, Path(folder), ["webmix/pages-*.warc.gz"])
    texts = {url: (_host(url).replace(".", "_"), text) for url, text in of_page.items()}
    rows = json_lines(data / "webmix" / "texts.jsonl")
    texts |= {row["id"]: (_collection(row["source"], row["text"]), row["text"]) for row in rows}
    for row in json_lines(more) if more is not None else ():
        texts[digest_name(row["text"])] = (_collection("first-sight", row["text"]), row["text"])
    for row in rows_of(data / "webmix" / "quality_labels.tsv"):
        reasons = f"{row['note']} / {row['second_reason']}"
        yield Labelled("webmix", row["kind"], reasons, row["settled"], *texts[row["id"]])
    lost: Counter[str] = Counter()
    for row in rows_of(LABELS / "crawl.tsv"):
        if row["id"] in texts:
            reasons = f"{row['reason_1']} / {row['reason_2']}"
            yield Labelled(row["draw"], row["kind"], reasons, row["settled"], *texts[row["id"]])
        else:
            lost[row["draw"]] += 1
    for row in rows_of(LABELS / "one_reader.tsv"):
        if row["id"] in texts:
            text = texts[row["id"]][1]
            reasons = row["kind"] if row["label"] == "bad" else ""
            collection = _collection("hosts" if row["draw"] in HOSTS else "one-reader", text)
            yield Labelled(row["draw"], row["kind"], reasons, row["label"], collection, text)
        else:
            lost[row["draw"]] += 1
    # A model of fewer texts than meant is no error that anything else shows.
    for draw, n_lost in lost.items():
        print(f"{draw}: {n_lost} labels without a text", file=sys.stderr)
    for row in rows_of(LABELS / "webmix_training.tsv"):
        yield Labelled("training", "", "", row["label"], *texts[row["id"]])
    pages = _web_pages(data)
    for page in read_labels():
        label = "good" if page.is_good else "bad"
        yield Labelled("pages", "", "", label, _web_source(page.url), pages[page.url])


@cache
def _web_pages(data: Path) -> dict[str, str]:
    """The texts of the pages of `web/` by address: the labelled ones, and others that are taken for good."""
    with tempfile.TemporaryDirectory(prefix="manyo-bench-") as folder:
        return texts_of_pages(data, Path(folder))


def digest_name(text: str) -> str:
    """How labels name a text that has no other name."""
    return f"text-{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _collection(repository: str, text: str) -> str:
    name = repository.rpartition("/")[2].replace(".", "_")
    return f"{name}-{zlib.crc32(text.encode()) % _COLLECTION_SOURCES}" if name in _COLLECTIONS else name


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


def weak(data: Path) -> dict[str, list[str]]:
    """Return the texts of each source that nobody labelled and that are taken for good."""
    texts: dict[str, list[str]] = defaultdict(list)
    for examples in (_news(data), _pages(data), _other(data)):
        for source, text in examples:
            texts[source].append(text)
    return texts


def _pages(data: Path) -> Iterator[tuple[str, str]]:
    """Yield source and text of pages that nobody labelled."""
    texts = _web_pages(data)
    others = texts.keys() - {page.url for page in read_labels()}
    of_host: Counter[str] = Counter()
    for url in sorted(others, key=lambda url: hashlib.blake2b(url.encode()).digest()):
        kana = sum("ぁ" <= character <= "ヿ" for character in texts[url][:2000])
        if kana >= _LEAST_KANA and of_host[_host(url)] < _PAGES_OF_HOST and of_host.total() < _OTHER_PAGES:
            of_host[_host(url)] += 1
            yield _web_source(url), texts[url]


def _news(data: Path) -> Iterator[tuple[str, str]]:
    """Yield parts of every eighth article; its source is the magazine."""
    draw = random.Random(1)
    for path in sorted((data / "livedoor_news").glob("*-*.txt"))[::8]:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")[3:] if line.strip()]
        length, chosen = draw.choice(_LENGTHS), list[str]()
        for line in lines[draw.randrange(max(1, len(lines) // 2)) :]:
            chosen.append(line)
            if sum(map(len, chosen)) >= length:
                break
        yield f"news-{path.name.rsplit('-', 1)[0]}", draw.choice(_JOINTS).join(chosen)


def _other(data: Path) -> Iterator[tuple[str, str]]:
    """Yield paragraphs of Wikipedia and gold texts of pages."""
    squad = json.loads((data / "benchmarks" / "jsquad-v1.3-valid-v1.3.json").read_text(encoding="utf-8"))
    contexts = {paragraph["context"] for article in squad["data"] for paragraph in article["paragraphs"]}
    for context in sorted(contexts)[::12]:
        yield "wikipedia", context.split(" [SEP] ", 1)[-1]
    for name, key in (("kinds", "kind"), ("extraction", "set")):
        for page in json_lines(data / "gold" / name / "gold.jsonl"):
            yield f"gold-{name}" if key == "kind" else f"gold-{page[key]}", page["text"]


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a table of labels."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


if __name__ == "__main__":
    main()
