"""Wikipedia as CirrusSearch dumps: the text of each article as the wiki's own search engine sees it.

A dump (dumps.wikimedia.org/other/cirrussearch) is JSON Lines in pairs: a line with the page's id, then the
page. Its `text` is rendered already: it has no markup, templates, tables or references, and no
line ends either. Redirects are not in these dumps; pages of other name spaces are skipped, and so are
disambiguation pages, which are lists of links.

Since 2026 (dumps.wikimedia.org/other/cirrus_search_index) a dump is a folder of parts in bzip2, whose names state the
index and the day: `index_name=jawiki_content/jawiki_content-20260816-00000.json.bz2`. Of several days of one index the
last one is read; parts of the others are rows of their own.

XML dumps (`…-pages-articles.xml.bz2`) are read as well, second best: the templates that make much of an article are
not in them (`manyo.corpus.books.wikitext`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from urllib.parse import quote

from lxml import etree

from manyo.corpus.books.wikitext import read_wikitext, template_names
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.sources import jsonl
from manyo.corpus.sources.compression import DAMAGE, decompressed, raise_if_storage_failed
from manyo.corpus.sources.content_kind import recognise
from manyo.corpus.sources.mediawiki_dump import pages
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.sources.rows import Row
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.text import tidy

REASONS = {
    **jsonl.REASONS,
    "no_text": "the article has no text",
    "older_dump": "the inputs hold a later dump of the same index, which is read",
    "broken_xml": "the XML dump is damaged or cut off here; the pages before were read",
    "no_title": "the page has no title: the file is not a CirrusSearch dump",
}

#: Index and day of a part of a dump.
_PART = re.compile(r"(.+)-(\d{8})-\d+\.json(?:\.\w+)?")
#: Templates that mark a disambiguation page of the Japanese Wikipedia.
_DISAMBIGUATION = {"Template:Aimai", "Template:曖昧さ回避", "Template:人名の曖昧さ回避", "Template:地名の曖昧さ回避"}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a Wikipedia source.

    Attributes:
        host: of the wiki, for the address of an article.
        max_line_bytes: limit for one page, decompressed.
        target_shard_bytes: small files are packed into one shard up to this size.
    """

    host: str = "ja.wikipedia.org"
    max_line_bytes: int = 64 << 20
    target_shard_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        require_positive(self, "max_line_bytes", "target_shard_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; a large file is a shard by itself.

    Parts of an older dump are shards whose sidecar is the part of the later one.
    """
    latest: dict[str, tuple[str, InputFile]] = {}
    for file in files:
        if part := _part(file):
            latest[part[1]] = max(latest.get(part[1], ("", file)), (part[2], file), key=itemgetter(0))
    later_of = {file: _later(file, latest) for file in files}
    shards = pack_files([file for file, later in later_of.items() if later is None], options.target_shard_bytes)
    for _, later in latest.values():
        older = [file for file, one in later_of.items() if one is later]
        if older:
            shards += [replace(shard, sidecars=(later,)) for shard in pack_files(older, options.target_shard_bytes)]
    return shards


def _later(file: InputFile, latest: dict[str, tuple[str, InputFile]]) -> InputFile | None:
    """A part of a later dump of the same index, if there is one."""
    part = _part(file)
    return latest[part[1]][1] if part and latest[part[1]][0] > part[2] else None


def _part(file: InputFile) -> re.Match[str] | None:
    return _PART.fullmatch(file.name.rpartition("/")[2])


def records(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    """One record per page; its key is the page's id from the line before it, else its title."""
    if shard.sidecars:
        for file in shard.files:
            yield BrokenInput(file.uri, 0, Refused("older_dump", f"{shard.sidecars[0].name} is later", file.uri))
        return
    seen: set[tuple[str, str]] = set()
    identity = ""
    for found in _pages(shard, options):
        if isinstance(found, BrokenInput):
            identity = ""
            yield found
            continue
        row = found.payload
        if isinstance(index := row.get("index"), dict):
            identity = str(index.get("_id", ""))
            continue
        key = identity or str(row.get("page_id") or row.get("title") or "")
        identity = ""
        # In another file, the id is a fault of the delivery that stops the run, in whatever shard that file is.
        if (found.origin_file, key) in seen:
            refused = Refused("duplicate_id", f"page {key}", found.origin_file)
            yield BrokenInput(found.origin_file, found.origin_offset, refused)
            continue
        seen.add((found.origin_file, key))
        yield Record(found.origin_file, found.origin_offset, key, row)


def _pages(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    """Lines of search dumps, and pages of XML dumps, whose offset counts pages."""
    for file in shard.files:
        if recognise(jsonl.head_of(file.uri)) == "mediawiki":
            yield from _of_xml(file)
        else:
            one = InputShard(shard.name, (file,))
            yield from jsonl.records(one, jsonl.Options(max_line_bytes=options.max_line_bytes))


def _of_xml(file: InputFile) -> Iterator[Record[Row] | BrokenInput]:
    number = 0
    fs, path = filesystem(file.uri)
    with fs.open(path, "rb") as raw, decompressed(raw) as stream:
        try:
            for number, page in enumerate(pages(stream), start=1):
                yield Record(file.uri, number - 1, f"{file.name}#{number}", page)
        except etree.XMLSyntaxError as error:
            yield BrokenInput(file.uri, number, Refused("broken_xml", f"after page {number}: {error}", file.uri))
        except DAMAGE as error:
            raise_if_storage_failed(error)
            yield BrokenInput(
                file.uri, number, Refused("broken_compression", f"after page {number}: {error}", file.uri)
            )


def parse(record: Record[Row], options: Options) -> Outcome:
    """The article's text; pages that are not articles are skipped."""
    page = record.payload
    title = page.get("title")
    if not isinstance(title, str):
        return Refused("no_title", f"the page has {', '.join(map(str, page))}", record.origin_file)
    if page.get("namespace", 0) != 0:
        return Skipped("other_namespace")
    templates = page.get("template")
    if isinstance(templates, list) and not _DISAMBIGUATION.isdisjoint(templates):
        return Skipped("disambiguation")
    if page.get("redirect"):
        return Skipped("redirect")
    uri = f"https://{options.host}/wiki/{quote(title.replace(' ', '_'))}"
    if isinstance(wikitext := page.get("wikitext"), str):
        return _article(record.key, uri, title, wikitext, page)
    text = page.get("text")
    if not isinstance(text, str) or not (content := tidy(text).strip()):
        return Refused("no_text", f"page {record.key}", uri)
    meta = {"page_id": record.key, "timestamp": page.get("timestamp"), "categories": page.get("category")}
    return Document(
        uri=uri, text=content, title=tidy(title), meta={name: value for name, value in meta.items() if value}
    )


def _article(key: str, uri: str, title: str, wikitext: str, page: Row) -> Outcome:
    """An article of an XML dump."""
    if page.get("model") != "wikitext":
        return Skipped("no_wikitext")
    disambiguation = {name.removeprefix("Template:").lower() for name in _DISAMBIGUATION}
    if not disambiguation.isdisjoint(template_names(wikitext)):
        return Skipped("disambiguation")
    written = read_wikitext(wikitext)
    if not written.text.strip():
        return Refused("no_text", f"page {key}", uri)
    meta = {"page_id": key, "timestamp": page.get("timestamp")}
    return Document(
        uri=uri,
        text=written.text,
        title=tidy(title),
        structure=written.structure,
        meta={name: value for name, value in meta.items() if value},
    )
