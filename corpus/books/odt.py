"""OpenDocument texts (ODT, and the same in one XML file): the text as it reads when all tracked changes are accepted.

Tracked deletions stand in a list of their own, which is left out, and so are comments, hidden text and indexes.
Footnotes and endnotes follow at the end, in the order of their marks; text boxes follow the paragraph that they are
anchored in. Standard: ISO/IEC 26300 (docs.oasis-open.org/office/OpenDocument).
"""

from __future__ import annotations

from lxml import etree

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.package import Package
from manyo.corpus.books.structured_text import StructuredText, Written
from manyo.corpus.books.xml_parts import attribute, child_of, first_within, local_name, parse_xml, words
from manyo.corpus.text import tidy
from manyo.corpus.web.pictures import GETA, meaning

_LEFT_OUT = frozenset((
    "tracked-changes", "annotation", "annotation-end", "table-of-content", "illustration-index", "table-index",
    "object-index", "alphabetical-index", "user-index", "bibliography", "sequence-decls", "variable-decls",
    "user-field-decls", "forms", "note-citation", "ruby-text", "scripts", "bookmark", "covered-table-cell",
    "table-column", "title", "desc", "change", "change-start", "change-end", "hidden-paragraph", "hidden-text",
))  # fmt: skip
#: Blanks that `text:s` may stand for; a number of millions is made to fill memory.
_MAX_BLANKS = 200


class _Styles:
    """Automatic and named styles: which emphasise, hide, or are vertical."""

    def __init__(self) -> None:
        self.emphasised: set[str] = set()
        self.hidden: set[str] = set()
        self.is_vertical = False

    def read(self, root: etree._Element) -> None:
        for style in root.iter(etree.Element):
            if local_name(style) not in ("style", "page-layout"):
                continue
            name = attribute(style, "name")
            for properties in style:
                dots = attribute(properties, "text-emphasize")
                if (
                    (dots and not dots.startswith("none"))
                    or attribute(properties, "font-weight") == "bold"
                    or (attribute(properties, "font-weight-asian") == "bold")
                ):
                    self.emphasised.add(name)
                if attribute(properties, "display") == "none":
                    self.hidden.add(name)
                if attribute(properties, "writing-mode").startswith("tb"):
                    self.is_vertical = True


def read_odt(data: bytes, max_bytes: int) -> Book:
    """The text of a packaged document.

    Args:
        data: the file.
        max_bytes: limit for all parts that are read, decompressed.

    Raises:
        UnreadableError: the file is locked, damaged, too large, or holds no text.
    """
    package = Package(data, max_bytes)
    manifest = "META-INF/manifest.xml"
    if package.has(manifest):
        entries = parse_xml(package.read(manifest), manifest)
        if any(local_name(element) == "encryption-data" for element in entries.iter(etree.Element)):
            raise UnreadableError("encrypted", "the document needs a password")
    roots = [
        parse_xml(package.read(name), name) for name in ("content.xml", "styles.xml", "meta.xml") if package.has(name)
    ]
    if not package.has("content.xml"):
        raise UnreadableError("broken_file", "content.xml is missing from the package")
    return _book(roots)


def read_flat_odt(data: bytes, max_bytes: int) -> Book:
    """The text of a document in one XML file; arguments and errors as in `read_odt`."""
    if len(data) > max_bytes:
        raise UnreadableError("too_large", f"{len(data)} bytes")
    return _book([parse_xml(data, "document")])


def _book(roots: list[etree._Element]) -> Book:
    styles = _Styles()
    for root in roots:
        styles.read(root)
    content = child_of(first_within(roots[0], "body"), "text")
    if content is None:
        raise UnreadableError("broken_file", "the document holds no text body")
    writer = _Writer(styles)
    writer.children(content)
    written = writer.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", "no characters")
    values: dict[str, str] = {}
    for root in roots:
        for element in root.iter(etree.Element):
            if local_name(element) == "meta" and len(element):
                values.update({local_name(entry): tidy(words(entry)) for entry in element})
    meta: dict[str, object] = {"format": "odt", "direction": "vertical" if styles.is_vertical else "horizontal"}
    return Book(written.text, written.structure, values.get("title") or writer.first_heading, written.pages, meta=meta)


class _Writer:
    """Walks the elements of a body."""

    def __init__(self, styles: _Styles) -> None:
        self._styles = styles
        self._text = StructuredText()
        self._notes: list[etree._Element] = []
        self._boxes: list[etree._Element] = []
        self.first_heading = ""

    def finish(self) -> Written:
        """End the text with its notes."""
        for note in self._notes:  # a note may hold notes, which the list then grows by
            self._text.break_line()
            self._text.open("note")
            self.children(note)
            self._text.close()
        return self._text.finish()

    def children(self, node: etree._Element) -> None:
        """Write an element's content."""
        if node.text:
            self._text.flow(node.text)
        for child in node:
            self._visit(child, local_name(child))
            if child.tail:
                self._text.flow(child.tail)

    def _visit(self, node: etree._Element, name: str) -> None:
        style = attribute(node, "style-name")
        if not name or name in _LEFT_OUT or style in self._styles.hidden:
            return
        if name == "h":
            self._heading(node)
        elif name == "p":
            self._block(node)
        elif name == "list":
            self._span(node, "list")
        elif name in ("list-item", "list-header"):
            self._span(node, "item")
        elif name == "table":
            self._span(node, "table")
        elif name == "table-row":
            self._span(node, "row")
        elif name == "table-cell":
            self._span(node, "cell")
        elif name == "note":
            self._notes += [child for child in node if local_name(child) == "note-body"]
        elif name == "ruby":
            self._ruby(node)
        elif name == "s":
            count = attribute(node, "c")
            self._text.write(" " * (min(int(count), _MAX_BLANKS) if count.isdecimal() and len(count) < 9 else 1))
        elif name == "tab":
            self._text.write("\t")
        elif name == "line-break":
            self._text.break_line()
        elif name == "text-box":
            self._boxes.append(node)
        elif name == "frame":
            self._frame(node)
        elif name == "span" and style in self._styles.emphasised:
            self._text.open("emphasis")
            self.children(node)
            self._text.close()
        else:
            self.children(node)

    def _heading(self, node: etree._Element) -> None:
        level = attribute(node, "outline-level")
        self._text.break_line()
        start = self._text.n_chars
        self._text.open("heading", str(min(6, int(level))) if level.isdecimal() and 0 < len(level) < 4 else "1")
        self.children(node)
        self._text.close()
        if not self.first_heading:
            self.first_heading = self._text.since(start)
        self._text.break_line()
        self._write_boxes()

    def _block(self, node: etree._Element) -> None:
        self._text.break_line()
        self.children(node)
        self._text.break_line()
        self._write_boxes()

    def _write_boxes(self) -> None:
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self.children(box)

    def _span(self, node: etree._Element, kind: str) -> None:
        if kind in ("list", "item"):
            self._text.break_line()
        self._text.open(kind)
        self.children(node)
        self._text.close()
        if kind in ("list", "item"):
            self._text.break_line()

    def _ruby(self, node: etree._Element) -> None:
        reading = "".join("".join(words(child).split()) for child in node if local_name(child) == "ruby-text")
        if reading:
            self._text.open_reading(reading)
        self.children(node)
        if reading:
            self._text.close()

    def _frame(self, node: etree._Element) -> None:
        """A picture of a character is written; what else is in a frame is visited."""
        alt = next((words(child) for child in node if local_name(child) in ("desc", "title")), "")
        meant = meaning(alt, "", "")
        if meant is not None and meant[0] != GETA:
            self._text.write(meant[0])
        self.children(node)
