"""Editions in TEI P5: one document per file, printed lines as lines, page images as page starts.

What of an edition is text is said in `manyo.corpus.books.tei_text`. An edition without `<text>` that transcribes its
pages in `<sourceDoc>` (surface, zone, line) is read from there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from manyo.corpus.books.structured_text import Written
from manyo.corpus.books.tei_text import TeiWriter
from manyo.corpus.books.xml_parts import child_of, local_name, xml_parser
from manyo.corpus.nearest import not_one_of
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.structure import NO_STRUCTURE
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_xml": "the XML is not well-formed, or holds an entity that is not resolved",
    "not_tei": "the root element is not TEI",
    "no_text": "the edition has no text",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is not an .xml file",
}


_LINES = ("keep", "join")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a TEI source.

    Attributes:
        lines: "keep" the printed lines, as image alignment needs them, or "join" the lines of a paragraph,
            as a reader needs them; verse lines are kept in both.
        div_types: types of `<div>` that are read, such as 翻刻 where 現代語訳 and 解説 stand next to it. A `<div>` of
            another type is left out, but for those of these types within it; one without a type always is read.
            Empty: all.
        target_shard_bytes: editions are packed into one shard up to this size.
        max_file_bytes: limit for one file.
    """

    lines: str = "keep"
    div_types: tuple[str, ...] = ()
    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        if self.lines not in _LINES:
            raise ValueError(f"lines: {not_one_of(self.lines, _LINES)}")
        require_positive(self, "target_shard_bytes", "max_file_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per file or .xml entry of an archive; its key is the path below the input's root."""
    return archives.texts(shard.files, options.max_file_bytes, (".xml",), ("tei", "xml", "binary"))


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The edition's text with its page starts; title, author and licence from the header."""
    uri = record.address
    try:
        root = etree.fromstring(record.payload, xml_parser())
    except etree.XMLSyntaxError as error:
        return Refused("broken_xml", str(error), uri)
    if local_name(root) not in ("TEI", "teiCorpus", "TEI.2"):
        return Refused("not_tei", f"the root is <{local_name(root)}>", uri)
    entity = next(root.iter(etree.Entity), None)
    if entity is not None:
        return Refused("broken_xml", f"line {entity.sourceline}: entity {entity.text} is not resolved", uri)
    written = Written("", NO_STRUCTURE, [])
    for name in ("text", "sourceDoc"):
        if not written.text.strip():
            writer = TeiWriter(root, keep_lines=options.lines == "keep", div_types=frozenset(options.div_types))
            for text in _texts(root, name):
                writer.visit(text)
            written = writer.finish()
    if not written.text.strip():
        return Refused("no_text", "no characters in <text> or <sourceDoc>", uri)
    header = child_of(root, "teiHeader")
    title, meta = _header(header) if header is not None else ("", {})
    return Document(
        uri=uri,
        text=written.text,
        title=title,
        charset=_charset(root),
        pages=written.pages,
        structure=written.structure,
        meta=meta,
    )


def _texts(root: etree._Element, name: str) -> Iterator[etree._Element]:
    """The elements of a name in a TEI element, or in each of a corpus; not a text within a text."""
    for child in root:
        if local_name(child) == name:
            yield child
        elif local_name(child) in ("TEI", "TEI.2", "teiCorpus"):
            yield from _texts(child, name)


#: What the empty form of a TEI header holds, which tools leave as it is.
_PLACEHOLDERS = frozenset(("Title", "Publication Information", "Information about the source"))


def _header(header: etree._Element) -> tuple[str, dict[str, str]]:
    """Title, and what the header says about author, licence and base text."""

    def first(*path: str) -> etree._Element | None:
        steps = "/".join(f"*[local-name()='{name}']" for name in path)
        found = header.xpath(f"*[local-name()='fileDesc']/{steps}")
        return found[0] if isinstance(found, list) and found else None

    meta: dict[str, str] = {}
    for key, path in (
        ("author", ("titleStmt", "author")),
        ("distributor", ("publicationStmt", "distributor")),
        ("publisher", ("publicationStmt", "publisher")),
        ("source_title", ("sourceDesc", "bibl", "title")),
        ("source_author", ("sourceDesc", "bibl", "author")),
        ("source_publisher", ("sourceDesc", "bibl", "publisher")),
    ):
        if value := _words(first(*path)):
            meta[key] = value
    availability = first("publicationStmt", "availability")
    if availability is not None:
        if value := _words(availability):
            meta["licence"] = value
        targets = [element.get("target") for element in availability.iter(etree.Element) if element.get("target")]
        if targets and targets[0]:
            meta["licence_url"] = targets[0]
    return _words(first("titleStmt", "title")), meta


def _words(element: etree._Element | None) -> str:
    words = tidy(" ".join("".join(element.itertext()).split())) if element is not None else ""
    return "" if words in _PLACEHOLDERS else words


def _charset(root: etree._Element) -> str:
    return (root.getroottree().docinfo.encoding or "utf-8").lower()
