"""Books in one file of markup: DTBook, JATS articles, Markdown."""

from __future__ import annotations

import re
from functools import cache

from lxml import etree
from lxml import html as lxml_html
from markdown_it import MarkdownIt
from markdown_it.token import Token

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.markup_text import MarkupWriter
from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.books.xml_parts import attribute, child_of, first_within, local_name, parse_xml, words
from manyo.corpus.text import tidy
from manyo.corpus.web.charset import decode

#: Readings as Markdown for books writes them (でんでんマークダウン, Vivliostyle): {橋|はし}.
_RUBY = re.compile(r"\{([^{}|\n`]{1,30})\|([ぁ-ゖァ-ヺー・|]{1,40})\}")


def read_dtbook(data: bytes) -> Book:
    """A DTBook (www.daisy.org/z3986/2005): front, body and rear matter of its `book`.

    Raises:
        UnreadableError: it is damaged, or holds no text.
    """
    root = parse_xml(data, "DTBook")
    book = child_of(root, "book")
    if book is None:
        raise UnreadableError("broken_file", f"<{local_name(root)}> holds no book")
    stated = {
        element.get("name", "").lower(): tidy(element.get("content", ""))
        for element in root.iter(etree.Element)
        if local_name(element) == "meta"
    }
    meta = {
        key: stated[name] for name, key in (
            ("dc:creator", "author"), ("dc:publisher", "publisher"), ("dc:rights", "rights"),
            ("dc:identifier", "identifier"), ("dc:source", "original"), ("dc:language", "language"),
        ) if stated.get(name)
    }  # fmt: skip
    return _written([book], stated.get("dc:title", ""), {**meta, "format": "dtbook"})


def read_jats(data: bytes) -> Book:
    """A journal article (jats.nlm.nih.gov): its abstract and its body, without the list of references.

    Raises:
        UnreadableError: it is damaged, or holds no text.
    """
    root = parse_xml(data, "article")
    parts = [element for element in root.iter(etree.Element) if local_name(element) == "abstract"]
    parts += [child for child in root if local_name(child) in ("body", "back")]
    meta: dict[str, object] = {"format": "jats"}
    for name, key in (("journal-title", "journal"), ("license", "rights"), ("copyright-statement", "copyright")):
        if value := tidy(words(first_within(root, name))):
            meta[key] = value
    for element in root.iter(etree.Element):
        if local_name(element) == "article-id" and attribute(element, "pub-id-type") == "doi":
            meta["identifier"] = words(element)
            break
    return _written(parts, tidy(words(first_within(root, "article-title"))), meta)


def read_markdown(data: bytes) -> Book:
    """Markdown (CommonMark with tables), with the HTML that it may hold.

    Raises:
        UnreadableError: there is no text.
    """
    decoded = decode(data)
    source = decoded.text.replace("\r\n", "\n")
    front = ""
    if source.startswith("---\n") and (stop := source.find("\n---\n", 4)) > 0:
        front, source = source[4:stop], source[stop + 5 :]
    page = _rendered(_RUBY.sub(r"<ruby>\1<rt>\2</rt></ruby>", source))
    if not page.strip():
        raise UnreadableError("no_text", f"{len(data)} bytes")
    try:
        body = lxml_html.document_fromstring(page, lxml_html.HTMLParser(no_network=True, huge_tree=False))
    except etree.ParserError as error:  # nothing but comments
        raise UnreadableError("no_text", str(error)) from error
    heading = next((element for element in body.iter("h1")), None)
    titles = [line[6:].strip(" \"'") for line in front.split("\n") if line.startswith("title:")]
    title = titles[0] if titles else tidy(words(heading))
    return _written([body], title, {"format": "markdown"}, decoded.charset)


def _written(parts: list[etree._Element], title: str, meta: dict[str, object], charset: str = "utf-8") -> Book:
    text = StructuredText()
    writer = MarkupWriter(text)
    for part in parts:
        writer.write(part)
    written = text.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", "no characters")
    if colophon := tidy("\n".join(writer.colophon)):
        meta["colophon"] = colophon
    return Book(written.text, written.structure, title, written.pages, charset, meta)


def _rendered(source: str) -> str:
    """The HTML of Markdown; the indent of a Japanese paragraph, which the parser takes for white space, stays."""
    lines = source.splitlines()
    markdown = _markdown()
    tokens = markdown.parse(source)
    for token in tokens:
        if token.type == "inline" and token.map and token.children and token.map[0] < len(lines):
            line = lines[token.map[0]]
            if indent := line[: len(line) - len(line.lstrip("\u3000"))]:
                token.children.insert(0, Token("text", "", 0, content=indent))
    rendered: str = markdown.renderer.render(tokens, markdown.options, {})
    return rendered


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])
