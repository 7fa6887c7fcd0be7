"""Page images and their OCR text, a row a page, as JSON Lines or Parquet: one document per work.

The form (names of the fields are settings; these are the defaults):

| field | type | meaning |
|---|---|---|
| `work` | string | id of the work; all rows of a work stand together in one file |
| `page` | integer or string | place in the work; numbers in strings count as numbers |
| `image` | string | IRI of the page image, IIIF for instance |
| `text` | string | text of the page, a line end after each printed line |
| `confidence` | number, optional | of the recogniser, 0 to 1 |
| `title` | string, optional | title of the work, from its first page |

A work is the text of its pages in order. The documents table keeps the image of every page and where its
text starts, so that the pairs can be cut out of the document again: page `i` is
`text[start[i]:start[i + 1]]` less the line end between two pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from corpus.pages import PagedText
from corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused, Skipped
from corpus.sources import jsonl, parquet
from corpus.sources.plan import pack_files
from corpus.text import tidy

REASONS = {
    **jsonl.REASONS,
    **parquet.REASONS,
    "no_text": "no page of the work holds text",
    "no_work": "the row has no work id",
    "work_in_pieces": "rows of the work stood together before: these would make a second document of it",
    "duplicate_page": "another row of the work has the same page",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a source of image-text pairs. Empty names: the rows have no such field.

    Attributes:
        work_field: id of the work.
        page_field: place of the page in the work.
        image_field: IRI of the page image.
        text_field: text of the page.
        confidence_field: of the recogniser, 0 to 1.
        title_field: title of the work.
        target_shard_bytes: small files are put together in one shard up to this size.
    """

    work_field: str = "work"
    page_field: str = "page"
    image_field: str = "image"
    text_field: str = "text"
    confidence_field: str = ""
    title_field: str = ""
    target_shard_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        for name in ("work_field", "page_field", "image_field", "text_field"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name a field")
        if self.target_shard_bytes < 1:
            raise ValueError(f"target_shard_bytes must be at least 1, got {self.target_shard_bytes}")

    @property
    def other_fields(self) -> tuple[str, ...]:
        """All fields but the text, each once."""
        names = (self.work_field, self.page_field, self.image_field, self.confidence_field, self.title_field)
        return tuple(dict.fromkeys(name for name in names if name))


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Small files together up to the target size; a large one by itself."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]:
    """One record per run of rows with the same work, its key the work's id, its offset that of the first row.

    Raises:
        ValueError: a Parquet file lacks a field that the options name.
    """
    seen: set[str] = set()
    for file in shard.files:
        pages: list[Mapping[str, Any]] = []
        open_work, offset = "", 0
        for found in _rows(InputShard(shard.name, (file,)), options):
            if isinstance(found, BrokenInput):
                yield found
                continue
            row: Mapping[str, Any] = found.payload
            work = "" if row.get(options.work_field) is None else str(row[options.work_field])
            if not work:
                detail = f"field {options.work_field!r} is missing or empty"
                yield BrokenInput(file.uri, found.origin_offset, Refused("no_work", detail, file.uri))
                continue
            if work != open_work:
                if pages:
                    yield _work(file.uri, offset, open_work, pages, seen)
                open_work, offset, pages = work, found.origin_offset, []
            pages.append(row)
        if pages:
            yield _work(file.uri, offset, open_work, pages, seen)


def parse(record: Record, options: Options) -> Document | Refused | Skipped:
    """The work's text in page order, a page's image as its label."""
    rows: Sequence[Mapping[str, Any]] = record.payload
    ordered = sorted(rows, key=lambda row: _page_order(row.get(options.page_field)))
    places = [_page_order(row.get(options.page_field)) for row in ordered]
    if len(set(places)) < len(places):
        repeated = next(
            row[options.page_field] for row, a, b in zip(ordered[1:], places, places[1:], strict=False) if a == b
        )
        return Refused("duplicate_page", f"page {repeated!r} of work {record.key}", record.origin_file)
    text = PagedText()
    for row in ordered:
        text.start_page(str(row.get(options.image_field) or ""))
        words = row.get(options.text_field)
        if isinstance(words, str) and (words := tidy(words)):
            text.add(words + "\n")
    content, starts = text.finish()
    if not content.strip():
        return Refused("no_text", f"{len(rows)} pages without text", record.origin_file)
    meta: dict[str, Any] = {"work": record.key, "page_count": len(rows)}
    if options.confidence_field:
        # Page by page, as the pairs are chosen one by one.
        meta["page_confidence"] = [row.get(options.confidence_field) for row in ordered]
    title = tidy(str(ordered[0].get(options.title_field) or "")) if options.title_field else ""
    return Document(uri=record.origin_file + "#" + record.key, text=content, title=title, pages=starts, meta=meta)


def _rows(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]:
    if shard.files[0].uri.lower().endswith(".parquet"):
        return parquet.records(shard, parquet.Options(text_field=options.text_field, meta_fields=options.other_fields))
    return jsonl.records(shard, jsonl.Options(text_field=options.text_field))


def _work(uri: str, offset: int, work: str, pages: list[Mapping[str, Any]], seen: set[str]) -> Record | BrokenInput:
    if work in seen:
        return BrokenInput(uri, offset, Refused("work_in_pieces", f"{len(pages)} rows of work {work}", uri))
    seen.add(work)
    return Record(uri, offset, work, pages)


def _page_order(page: Any) -> tuple[tuple[int, str], ...]:
    """`p2` before `p10`, 2 before 10; rows without a page first."""
    parts = re.split(r"(\d+)", "" if page is None else str(page))
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)
