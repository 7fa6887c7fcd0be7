"""Peers in main text: from a page as text to its main text."""

from __future__ import annotations

import re
from html import unescape


def trafilatura(given: list[str]) -> list[str]:
    """trafilatura without comments, as most pipelines call it."""
    from trafilatura import extract

    return [extract(page, include_comments=False) or "" for page in given]


def resiliparse(given: list[str]) -> list[str]:
    """resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return [extract_plain_text(page, main_content=True) for page in given]


def turbohtml(given: list[str]) -> list[str]:
    """turbohtml's article."""
    from turbohtml import parse

    return [parse(page).article().text for page in given]


def datatrove(given: list[str]) -> list[str]:
    """datatrove's Trafilatura block as in its examples."""
    from datatrove.pipeline.extractors import Trafilatura

    block = Trafilatura(favour_precision=True)
    return [block.extract(page) or "" for page in given]


def justext(given: list[str]) -> list[str]:
    """jusText without stop words, which need blanks between words, and with 0.4 of its lengths.

    Two Japanese characters say about as much as five letters.
    """
    from justext import justext as classify

    lengths = {"length_low": 28, "length_high": 80, "stopwords_low": 0, "stopwords_high": 0}
    found = []
    for page in given:
        paragraphs = classify(page.encode(), frozenset(), encoding="utf-8", **lengths)
        found.append("\n".join(one.text for one in paragraphs if not one.is_boilerplate))
    return found


def readability(given: list[str]) -> list[str]:
    """readability-lxml's summary without its tags."""
    from readability import Document

    return [_without_tags(Document(page).summary(html_partial=True)) for page in given]


def everything(given: list[str]) -> list[str]:
    """No choice: every text node except those of script and style."""
    return [_without_tags(page) for page in given]


def _without_tags(page: str) -> str:
    return unescape(re.sub(r"(?is)<(script|style|head)\b.*?</\1\s*>|<!--.*?-->|<[^>]+>", "\n", page))
