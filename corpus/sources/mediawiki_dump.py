"""Pages of MediaWiki's XML dumps (`jawiki-…-pages-articles.xml.bz2`), one at a time.

Format: https://www.mediawiki.org/wiki/Help:Export. lxml reads the file as a stream, and forgets each page that it gave.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from lxml import etree

from manyo.corpus.books.xml_parts import local_name, words
from manyo.corpus.sources.rows import Row


def pages(stream: IO[bytes]) -> Iterator[Row]:
    """The pages of a dump: `page_id`, `title`, `namespace`, `redirect`, `timestamp`, `wikitext`.

    Raises:
        etree.XMLSyntaxError: the XML is cut off or damaged; what comes before was given.
        OSError, EOFError: the stream cannot be read.
    """
    for _, page in etree.iterparse(
        stream, events=("end",), tag="{*}page", resolve_entities=False, no_network=True, load_dtd=False
    ):
        fields = {local_name(child): child for child in page}
        revision = fields.get("revision")
        parts = {local_name(child): child for child in revision} if revision is not None else {}
        namespace = words(fields.get("ns"))
        yield {
            "page_id": words(fields.get("id")),
            "title": words(fields.get("title")),
            "namespace": int(namespace) if namespace.lstrip("-").isdecimal() else 0,
            "redirect": "redirect" in fields,
            "timestamp": words(parts.get("timestamp")),
            "model": words(parts.get("model")) or "wikitext",
            "wikitext": "".join(parts["text"].itertext()) if "text" in parts else "",
        }
        page.clear()
        while page.getprevious() is not None:
            del page.getparent()[0]
