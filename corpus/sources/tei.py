"""Editions in TEI P5: one document per file, printed lines as lines, page images as page starts.

The text is what the edition prints: of a choice the original reading is kept (`orig`, `sic`,
`abbr`), never the regularised one, and apparatus, notes, running heads and deletions are left out.
Elements: www.tei-c.org/release/doc/tei-p5-doc/en/html/REF-ELEMENTS.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from lxml import etree

from manyo.corpus.print.pages import PagedText, joined
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_xml": "the XML is not well-formed, or holds an entity that is not resolved",
    "not_tei": "the root element is not TEI",
    "no_text": "the edition has no text",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is not an .xml file",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a TEI source.

    Attributes:
        lines: "keep" the printed lines, as image alignment needs them, or "join" the lines of a paragraph,
            as a reader needs them; verse lines are kept in both.
        target_shard_bytes: editions are packed into one shard up to this size.
        max_file_bytes: limit for one file.
    """

    lines: str = "keep"
    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        if self.lines not in ("keep", "join"):
            raise ValueError(f"lines must be 'keep' or 'join', got {self.lines!r}")
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
    # Entities stay unresolved and nothing is fetched: a file must not read other files or servers.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(record.payload, parser)
    except etree.XMLSyntaxError as error:
        return Refused("broken_xml", str(error), uri)
    if _local_name(root) not in ("TEI", "teiCorpus", "TEI.2"):
        return Refused("not_tei", f"the root is <{_local_name(root)}>", uri)
    entity = next(root.iter(etree.Entity), None)
    if entity is not None:
        return Refused("broken_xml", f"line {entity.sourceline}: entity {entity.text} is not resolved", uri)
    writer = _Writer(_images(root), keep_lines=options.lines == "keep")
    for text in _texts(root):
        writer.visit(text)
        writer.break_line()
    content, pages = writer.finish()
    if not content.strip():
        return Refused("no_text", "no characters in <text>", uri)
    header = next((child for child in root if _local_name(child) == "teiHeader"), None)
    title, meta = _header(header) if header is not None else ("", {})
    return Document(uri=uri, text=content, title=title, charset=_charset(root), pages=pages, meta=meta)


#: Not printed by the edition's base text, or not part of the running text.
_LEFT_OUT = {
    *("teiHeader", "facsimile", "sourceDoc", "standOff", "listPerson", "listPlace", "listBibl", "listWit"),
    *("note", "fw", "graphic", "figDesc", "index", "interp"),
    *("rdg", "corr", "reg", "expan", "rt", "del", "surplus"),
}
#: Their start and end are line ends.
_BLOCKS = {
    *("front", "body", "back", "group", "floatingText", "div", "head", "p", "ab", "trailer", "argument"),
    *("list", "item", "table", "row", "titlePage", "docTitle", "docAuthor", "byline", "epigraph"),
    *("opener", "closer", "salute", "signed", "sp", "speaker", "stage"),
}


class _Role(Enum):
    """What an element does to the text."""

    LEFT_OUT = "its text does not belong to the work"
    INLINE = "nothing"
    BLOCK = "its start and end are line ends"
    VERSE = "the same, but within a printed line"
    PRINTED_LINE = "a line of the edition, which the file marks by an element around it"
    LINE = "a line of the edition ends"
    PAGE = "a page begins"
    GAP = "stands for characters that nobody can read"


_ROLES = {
    "pb": _Role.PAGE,
    **dict.fromkeys(("lb", "cb"), _Role.LINE),
    "seg": _Role.PRINTED_LINE,
    "gap": _Role.GAP,
    **dict.fromkeys(("l", "lg"), _Role.VERSE),
}
#: Roles of which the end counts too.
_CLOSED = {_Role.BLOCK, _Role.VERSE, _Role.PRINTED_LINE}
_LINE_SPACE = re.compile(r"(?<![ \t])[ \t]*\n[ \t\n]*")


class _Writer:
    """Walks the elements of a text in document order."""

    def __init__(self, images: dict[str, str], keep_lines: bool) -> None:
        self._roles: dict[object, _Role] = {}  # by tag, for the tags met so far
        self._images = images
        self._keep_lines = keep_lines
        self._text = PagedText()
        self._line: list[str] = []  # the printed line so far
        self._tail = ""  # last line of an open paragraph, if lines are joined
        self._pages: list[str] = []  # labels of pages that have no line yet
        self._in_printed_line = 0

    def visit(self, element: etree._Element) -> None:
        """Write an element's text."""
        # A stack instead of recursion: hostile files nest deeper than Python's stack allows.
        stack: list[tuple[etree._Element, _Role | None]] = [(element, None)]
        while stack:
            node, closing = stack.pop()
            if closing is None:
                role = self._roles.get(node.tag) or self._role(node)
                if role is not _Role.LEFT_OUT:
                    if role is not _Role.INLINE:
                        self._open(role, node)
                    if text := node.text:
                        self._add(text)
                    if len(node):
                        stack.append((node, role))
                        stack.extend([(child, None) for child in node[::-1]])
                        continue
                    if role in _CLOSED:
                        self._close(role)
            elif closing in _CLOSED:
                self._close(closing)
            if node is not element and (tail := node.tail):
                self._add(tail)

    def break_line(self) -> None:
        """End the printed line and the paragraph."""
        self._end_line()
        if self._tail:
            self._text.add("\n")
            self._tail = ""

    def finish(self) -> tuple[str, list[tuple[str, int]]]:
        """The text, and (label, start in characters) of each page."""
        self.break_line()
        for label in self._pages:
            self._text.start_page(label)
        return self._text.finish()

    def _role(self, node: etree._Element) -> _Role:
        name = _local_name(node)
        role = (
            _Role.LEFT_OUT if name in _LEFT_OUT else _Role.BLOCK if name in _BLOCKS else _ROLES.get(name, _Role.INLINE)
        )
        self._roles[node.tag] = role
        return role

    def _open(self, role: _Role, node: etree._Element) -> None:
        if role is _Role.PAGE:
            self._end_line()
            self._pages.append(self._label(node))
        elif role is _Role.LINE:
            self._end_line()
        elif role is _Role.PRINTED_LINE:
            self._in_printed_line += 1
        elif role is _Role.GAP:
            self._line.append("□")
        else:
            self._block_edge(role)

    def _close(self, role: _Role) -> None:
        if role is _Role.PRINTED_LINE:
            self._in_printed_line -= 1
        else:
            self._block_edge(role)

    def _block_edge(self, role: _Role) -> None:
        # The five parts of a poem (<l>) stand on one line where the edition marks printed lines with <seg>.
        if not (self._in_printed_line and role is _Role.VERSE):
            self.break_line()

    def _add(self, text: str) -> None:
        """White space with a line end in it is the file's layout; other spaces, and U+3000, are the edition's."""
        if "\n" in text:
            text = _LINE_SPACE.sub("\n", text) if text.strip(" \t\n") else "\n"
        self._line.append(text)

    def _end_line(self) -> None:
        line = _unwrapped("".join(self._line))
        self._line = []
        if not line:
            return
        if self._tail and line[0] == "　":  # an indented line, a poem perhaps, starts a paragraph
            self._text.add("\n")
        elif self._tail:
            self._text.add(joined(self._tail, line))
        for label in self._pages:
            self._text.start_page(label)
        self._pages = []
        self._text.add(line)
        if self._keep_lines:
            self._text.add("\n")
        else:
            self._tail = line

    def _label(self, page_break: etree._Element) -> str:
        """The page image's IRI; a pointer into <facsimile> is followed; else the page's number."""
        image = str(page_break.get("facs", "")).split(" ")[0]
        return self._images.get(image, image) or str(page_break.get("n", ""))


def _unwrapped(text: str) -> str:
    """A printed line from the lines of the file, joined without blanks, but with a space between Latin words."""
    text = text.strip(" \t\n")
    if "\n" in text:
        line = ""
        for part in text.split("\n"):
            line += joined(line, part) + part
        text = line
    return tidy(text)


def _local_name(element: etree._Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _texts(root: etree._Element) -> Iterator[etree._Element]:
    """The <text> of a TEI element, or of each in a corpus; not a text within a text."""
    for child in root:
        if _local_name(child) == "text":
            yield child
        elif _local_name(child) in ("TEI", "TEI.2", "teiCorpus"):
            yield from _texts(child)


def _images(root: etree._Element) -> dict[str, str]:
    """Image addresses of surfaces and graphics, by `#id`."""
    images = {}
    for element in root.iter("{*}graphic"):
        if url := element.get("url"):
            surface = element.getparent()
            for owner in (element, surface):
                identity = owner.get("{http://www.w3.org/XML/1998/namespace}id") if owner is not None else None
                if identity:
                    images[f"#{identity}"] = url
    return images


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
    return tidy(" ".join("".join(element.itertext()).split())) if element is not None else ""


def _charset(root: etree._Element) -> str:
    return (root.getroottree().docinfo.encoding or "utf-8").lower()
