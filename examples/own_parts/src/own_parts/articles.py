"""An extractor: the text of a page's first <article>, for sites that mark it well."""

from __future__ import annotations

from lxml.html import HTMLParser, document_fromstring


def first_article(html: str) -> str:
    """The text, a line a paragraph; "" if the page has none, and then manyo takes the whole page."""
    if not html.strip():
        return ""
    articles = document_fromstring(html.encode(), parser=HTMLParser(encoding="utf-8")).findall(".//article")
    paragraphs = articles[0].iter("p") if articles else ()
    return "\n".join("".join(paragraph.itertext()) for paragraph in paragraphs)
