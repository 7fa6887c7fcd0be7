"""Page images and their OCR text, one row per page, as JSON Lines or Parquet: one document per work.

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

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from manyo.corpus.print.pages import PagedText, gaps, page_order
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import jsonl, parquet
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.sources.rows import Row
from manyo.corpus.text import tidy

#: What pages are put in order by.
_Place = tuple[tuple[int, str], ...]

REASONS = {
    # Rows of pairs have no ids of their own.
    **{reason: meaning for reason, meaning in (jsonl.REASONS | parquet.REASONS).items() if reason != "duplicate_id"},
    "no_text": "no page of the work holds text",
    "no_work": "the row has no work id",
    "work_in_pieces": "the work's rows are not together: these would make a second document of it",
    "duplicate_page": "an earlier row of the work has the same page; that one is read",
    "missing_page": "the work's page numbers have a gap; the pages that are there are read",
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
        max_line_bytes: limit for one line of JSON Lines, decompressed.
        target_shard_bytes: small files are packed into one shard up to this size.
    """

    work_field: str = "work"
    page_field: str = "page"
    image_field: str = "image"
    text_field: str = "text"
    confidence_field: str = ""
    title_field: str = ""
    max_line_bytes: int = 64 << 20
    target_shard_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        for name in ("work_field", "page_field", "image_field", "text_field"):
            if not getattr(self, name):
                raise ValueError(f"{name} must name a field")
        require_positive(self, "max_line_bytes", "target_shard_bytes")

    @property
    def other_fields(self) -> tuple[str, ...]:
        """All fields but the text, each once."""
        names = (self.work_field, self.page_field, self.image_field, self.confidence_field, self.title_field)
        return tuple(dict.fromkeys(name for name in names if name))


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; a large file is a shard by itself."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[Sequence[Row]] | BrokenInput]:
    """One record per run of rows with the same work, its key the work's id, its offset that of the first row.

    Raises:
        UnfitOptions: a Parquet file lacks a field that the options name.
    """
    seen: set[str] = set()
    for file in shard.files:
        pages: list[tuple[_Place, Row]] = []
        places: set[_Place] = set()
        open_work, offset = "", 0
        for found in _rows(InputShard(shard.name, (file,)), options):
            if isinstance(found, BrokenInput):
                yield found
                continue
            row = found.payload
            work = "" if row.get(options.work_field) is None else str(row[options.work_field])
            if not work:
                detail = f"field {options.work_field!r} is missing or empty"
                yield BrokenInput(file.uri, found.origin_offset, Refused("no_work", detail, file.uri))
                continue
            if work != open_work:
                yield from _work(file.uri, offset, open_work, pages, seen)
                open_work, offset, pages, places = work, found.origin_offset, [], set()
            page = row.get(options.page_field)
            place = page_order("" if page is None else str(page))
            if place in places:
                detail = f"page {page!r} of work {work}"
                yield BrokenInput(file.uri, found.origin_offset, Refused("duplicate_page", detail, file.uri))
                continue
            places.add(place)
            pages.append((place, row))
        yield from _work(file.uri, offset, open_work, pages, seen)


def parse(record: Record[Sequence[Row]], options: Options) -> Outcome:
    """The work's text in page order, a page's image as its label."""
    ordered = record.payload
    text = PagedText()
    for row in ordered:
        text.start_page(str(row.get(options.image_field) or ""))
        words = row.get(options.text_field)
        if isinstance(words, str) and (words := tidy(words)):
            text.add(words + "\n")
    content, starts = text.finish()
    if not content.strip():
        return Refused("no_text", f"{len(ordered)} pages without text", record.origin_file)
    meta: dict[str, object] = {"work": record.key, "page_count": len(ordered)}
    if options.confidence_field:
        # Page by page, as the pairs are chosen one by one.
        meta["page_confidence"] = [row.get(options.confidence_field) for row in ordered]
    title = tidy(str(ordered[0].get(options.title_field) or "")) if options.title_field else ""
    return Document(uri=record.origin_file + "#" + record.key, text=content, title=title, pages=starts, meta=meta)


def _rows(shard: InputShard, options: Options) -> Iterator[Record[Row] | BrokenInput]:
    if shard.files[0].uri.lower().endswith(".parquet"):
        return parquet.records(shard, parquet.Options(text_field=options.text_field, meta_fields=options.other_fields))
    return jsonl.records(shard, jsonl.Options(text_field=options.text_field, max_line_bytes=options.max_line_bytes))


def _work(
    uri: str, offset: int, work: str, pages: list[tuple[_Place, Row]], seen: set[str]
) -> Iterator[Record[Sequence[Row]] | BrokenInput]:
    """The work whose rows are complete, its pages in order, and what is missing of it; nothing without pages."""
    if not pages:
        return
    if work in seen:
        yield BrokenInput(uri, offset, Refused("work_in_pieces", f"{len(pages)} rows of work {work}", uri))
        return
    seen.add(work)
    yield Record(uri, offset, work, [row for _, row in sorted(pages, key=itemgetter(0))])
    numbers = [number for place, _ in pages if (number := _number(place)) is not None]
    if missing := gaps(numbers):
        detail = f"work {work}: {missing} of {min(numbers)} to {max(numbers)}"
        yield BrokenInput(uri, offset, Refused("missing_page", detail, uri))


def _number(place: _Place) -> int | None:
    """The page's number where it is nothing but one."""
    return place[1][0] if len(place) == 3 and place[0][1] == place[2][1] == "" else None
