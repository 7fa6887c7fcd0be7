"""Wikipedia as CirrusSearch dumps: the text of each article as the wiki's own search engine sees it.

A dump (dumps.wikimedia.org/other/cirrussearch) is JSON Lines in pairs: a line with the page's id, then the
page. Its `text` is rendered already: it has no markup, templates, tables or references, and no
line ends either. Redirects are not in these dumps; pages of other name spaces are skipped, and so are
disambiguation pages, which are lists of links.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused, Skipped
from manyo.corpus.sources import jsonl
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.sources.rows import Row
from manyo.corpus.text import tidy

REASONS = {
    **jsonl.REASONS,
    "no_text": "the article has no text",
    "no_title": "the page has no title: the file is not a CirrusSearch dump",
}

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
    """Pack small files together up to the target size; a large file is a shard by itself."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    """One record per page; its key is the page's id from the line before it, else its title."""
    seen: set[str] = set()
    identity = ""
    for found in jsonl.records(shard, jsonl.Options(max_line_bytes=options.max_line_bytes)):
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
        if key in seen:
            refused = Refused("duplicate_id", f"page {key}", found.origin_file)
            yield BrokenInput(found.origin_file, found.origin_offset, refused)
            continue
        seen.add(key)
        yield Record(found.origin_file, found.origin_offset, key, row)


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
    uri = f"https://{options.host}/wiki/{quote(title.replace(' ', '_'))}"
    text = page.get("text")
    if not isinstance(text, str) or not (content := tidy(text).strip()):
        return Refused("no_text", f"page {record.key}", uri)
    meta = {"page_id": record.key, "timestamp": page.get("timestamp"), "categories": page.get("category")}
    return Document(
        uri=uri, text=content, title=tidy(title), meta={name: value for name, value in meta.items() if value}
    )
