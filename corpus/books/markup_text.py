"""XHTML, DTBook (the DAISY consortium's talking books) and JATS (journal articles) as text with structure.

The three vocabularies share most of their names, and where a name is in one of them only it means the same to a
reader: a block, a heading, a list, a table, a note, a page number. What a book does not read out is left out: scripts,
deletions, contents, covers and colophons that are marked as such. Readings are taken out of the base in every form
that ruby has: one base with one reading, several of both, with or without `rb`.

`PARTS_LEFT_OUT` are values of `epub:type` and of ARIA roles (www.w3.org/TR/epub-ssv-11), without `doc-`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from lxml import etree

from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.books.xml_parts import attribute, local_name, words
from manyo.corpus.web.formulas import find_formulas
from manyo.corpus.web.pictures import GETA, meaning

_XHTML_BLOCKS = (
    "address article aside body center dd details dialog div dl dt fieldset figcaption figure footer form header "
    "hgroup hr legend main nav optgroup option p section summary noscript"
)
_DTBOOK_BLOCKS = (
    "author bookmatter bodymatter bridgehead byline caption covertitle dateline docauthor doctitle epigraph "
    "frontmatter imggroup level level1 level2 level3 level4 level5 level6 lic line linegroup poem rearmatter sidebar "
    "stanza book"
)
_JATS_BLOCKS = (
    "abstract ack app app-group attrib back boxed-text disp-formula fig front kwd license-p p sec speech statement "
    "supplementary-material table-wrap table-wrap-foot verse-group verse-line def term"
)
_BLOCKS: Final = frozenset(f"{_XHTML_BLOCKS} {_DTBOOK_BLOCKS} {_JATS_BLOCKS}".split())
_HEADINGS: Final = {**{f"h{level}": str(level) for level in range(1, 7)}, "hd": "2"}
_LEFT_OUT: Final = frozenset((
    "head", "script", "style", "template", "iframe", "audio", "video", "canvas", "map", "datalist", "select",
    "button", "input", "textarea", "del", "rp", "rt", "rtc", "linenum", "prodnote", "article-meta", "journal-meta",
    "ref-list", "alternatives", "metadata", "processing-meta",
))  # fmt: skip
_EMPHASIS: Final = frozenset(("em", "strong", "b", "bold"))
_LISTS: Final = frozenset(("ul", "ol", "list", "menu", "dir", "def-list"))
_ITEMS: Final = frozenset(("li", "list-item"))
_TABLE_PARTS: Final = {"table": "table", "tr": "row", "td": "cell", "th": "cell"}

PARTS_LEFT_OUT: Final = frozenset((
    "toc", "landmarks", "page-list", "loi", "lot", "loa", "lov", "toc-brief", "cover", "titlepage", "halftitlepage",
    "index", "backlink",
))  # fmt: skip
#: The imprint of a Japanese book: kept apart, as it is evidence of rights.
COLOPHON: Final = frozenset(("colophon", "copyright-page", "imprint"))
_NOTES: Final = frozenset(("footnote", "endnote", "rearnote", "note"))


class Styles(NamedTuple):
    """What style sheets say of classes; `("", name)` is the class on any element.

    Attributes:
        emphasised: (element, class) with dots or sesame marks beside the characters.
        hidden: (element, class) that are not shown.
        vertical: (element, class) that are set in vertical lines.
    """

    emphasised: frozenset[tuple[str, str]] = frozenset()
    hidden: frozenset[tuple[str, str]] = frozenset()
    vertical: frozenset[tuple[str, str]] = frozenset()


class MarkupWriter:
    """Writes elements into a text.

    Args:
        text: receives what the elements hold.
        styles: of the document.

    Attributes:
        colophon: the text of parts that are marked as colophon.
    """

    def __init__(self, text: StructuredText, styles: Styles = Styles()) -> None:  # noqa: B008 - immutable
        self._text = text
        self._styles = styles
        self._depth = 0  # of sections, which gives the level of JATS headings
        self.colophon: list[str] = []

    def write(self, element: etree._Element) -> None:
        """Write an element's content, in lines of its own."""
        self._text.break_line()
        self._visit(element)
        self._text.break_line()

    def read_apart(self, element: etree._Element) -> str:
        """The text of an element that is not to stand in the text."""
        text, self._text = self._text, StructuredText()
        self._children(element)
        apart = self._text.finish().text
        self._text = text
        return apart

    # --- elements --------------------------------------------------------------------------------------

    def _visit(self, node: etree._Element) -> None:
        name = local_name(node)
        if not name or name in _LEFT_OUT:
            return
        types = types_of(node)
        if not types & _NOTES and self._is_hidden(node, name):  # notes are hidden until a reader asks for them
            return
        if types & PARTS_LEFT_OUT:
            return
        if types & COLOPHON:
            self.colophon.append(self.read_apart(node))
            return
        if types & {"pagebreak"} or name == "pagenum":
            self._text.start_page(
                attribute(node, "title") or node.get("aria-label") or words(node) or node.get("id", "")
            )
        elif types & _NOTES or name in ("note", "fn", "annotation"):
            self._block(node, "note", "")
        elif name in _HEADINGS:
            self._block(node, "heading", _HEADINGS[name])
        elif name == "title" and not _in_svg(node):
            self._block(node, "heading", str(min(6, max(1, self._depth))))
        elif name in _TABLE_PARTS:
            self._table_part(node, name)
        elif name in _LISTS:
            self._list(node, name)
        elif name in ("pre", "code", "samp", "kbd", "preformat"):
            self._code(node, is_block=name in ("pre", "preformat"))
        elif name in ("blockquote", "disp-quote"):
            self._block(node, "quote", "")
        elif name == "ruby":
            self._ruby(node)
        elif name == "math":
            self._formula(node)
        elif name in _EMPHASIS or self._has(self._styles.emphasised, node, name):
            self._inline(node, "emphasis")
        elif not self._empty_element(node, name):
            self._other(node, name)

    def _other(self, node: etree._Element, name: str) -> None:
        """An element that is a block, or nothing but its content."""
        is_section = name == "sec"
        is_block = name in _BLOCKS or (name == "text" and _in_svg(node)) or is_positioned(node)
        self._depth += is_section
        if is_block:
            self._text.break_line()
        if name == "switch":  # of EPUB 3.0: the last child is for readers that know no extension
            self._children(node[-1]) if len(node) else None
        else:
            self._children(node)
        if is_block:
            self._text.break_line()
        self._depth -= is_section

    def _empty_element(self, node: etree._Element, name: str) -> bool:
        """Whether the element has no content, and is written here: line ends and pictures of characters."""
        if name in ("br", "break", "hr"):
            self._text.write("\n")
        elif name in ("img", "image", "inline-graphic"):
            self._picture(node)
        elif name in ("desc", "title") and _in_svg(node):
            pass
        elif name == "xref":  # the mark of a reference to the list of references, which is left out
            if attribute(node, "ref-type") != "bibr":
                self._children(node)
        else:
            return False
        return True

    def _children(self, node: etree._Element) -> None:
        if node.text:
            self._text.flow(node.text)
        for child in node:
            self._visit(child)
            if child.tail:
                self._text.flow(child.tail)

    def _block(self, node: etree._Element, kind: str, value: str) -> None:
        self._text.break_line()
        self._text.open(kind, value)
        self._children(node)
        self._text.close()
        self._text.break_line()

    def _inline(self, node: etree._Element, kind: str) -> None:
        self._text.open(kind)
        self._children(node)
        self._text.close()

    def _table_part(self, node: etree._Element, name: str) -> None:
        self._text.open(_TABLE_PARTS[name], "h" if name == "th" else "")
        self._children(node)
        self._text.close()

    def _list(self, node: etree._Element, name: str) -> None:
        is_ordered = name == "ol" or attribute(node, "type") == "ol" or attribute(node, "list-type") == "order"
        number = int(start) if (start := node.get("start", "")).isdecimal() and len(start) < 9 else 1
        self._text.break_line()
        self._text.open("list")
        for child in node:
            if local_name(child) in _ITEMS:
                self._block(child, "item", str(number) if is_ordered else "")
                number += 1
            else:
                self._visit(child)
        self._text.close()
        self._text.break_line()

    def _code(self, node: etree._Element, *, is_block: bool) -> None:
        if not is_block:
            self._inline(node, "code")
            return
        self._text.break_line()
        self._text.open("code")
        self._text.write("".join(str(part) for part in node.itertext()).strip("\r\n"))
        self._text.close()
        self._text.break_line()

    def _picture(self, node: etree._Element) -> None:
        """A picture of a character or formula; its `alt` as it is where that describes a character without a code."""
        alt, source = attribute(node, "alt").strip(), attribute(node, "src")
        meant = meaning(alt, source, f"{node.get('class', '')} {node.get('id', '')} {source}")
        if meant is None:
            return
        written, is_formula = meant
        if is_formula:
            self._text.open("math")
        self._text.flow(alt if written == GETA and alt else written)
        if is_formula:
            self._text.close()

    def _formula(self, node: etree._Element) -> None:
        found = find_formulas(etree.tostring(node, with_tail=False))
        self._text.open("math")
        self._text.flow(found[0][2] if found else words(node))
        self._text.close()

    # --- ruby ------------------------------------------------------------------------------------------

    def _ruby(self, node: etree._Element) -> None:
        bases: list[list[str | etree._Element]] = []
        readings: list[str] = []
        for kind, piece in _ruby_pieces(node):
            if kind == "reading":
                readings.append(str(piece))
                continue
            if readings:
                self._bases_with_readings(bases, readings)
                bases, readings = [], []
            if kind == "base" or not bases:
                bases.append([piece])
            else:
                bases[-1].append(piece)
        self._bases_with_readings(bases, readings)

    def _bases_with_readings(self, bases: list[list[str | etree._Element]], readings: list[str]) -> None:
        if len(bases) != len(readings):
            bases, readings = [[piece for base in bases for piece in base]], ["".join(readings)]
        for base, reading in zip(bases, readings, strict=True):
            if written := "".join(reading.split()):
                self._text.open_reading(written)
            for piece in base:
                if isinstance(piece, str):
                    self._text.flow(piece)
                elif local_name(piece) == "rb":
                    self._children(piece)
                else:
                    self._visit(piece)
            if written:
                self._text.close()

    # --- styles ----------------------------------------------------------------------------------------

    def _is_hidden(self, node: etree._Element, name: str) -> bool:
        if node.get("hidden") is not None or "display:none" in node.get("style", "").replace(" ", ""):
            return True
        return self._has(self._styles.hidden, node, name)

    def _has(self, styles: frozenset[tuple[str, str]], node: etree._Element, name: str) -> bool:
        if not styles:
            return False
        return any(("", given) in styles or (name, given) in styles for given in node.get("class", "").split() or ("",))


def types_of(node: etree._Element) -> frozenset[str]:
    """What the element is for, by `epub:type` or its ARIA role."""
    stated = f"{attribute(node, 'type') if _has_epub_type(node) else ''} {node.get('role', '')}"
    return frozenset(part.removeprefix("doc-") for part in stated.split())


def _has_epub_type(node: etree._Element) -> bool:
    return node.get("{http://www.idpf.org/2007/ops}type") is not None


def is_positioned(node: etree._Element) -> bool:
    """Whether the element's own style puts it at a place of the page, as pages of fixed layout do with each line."""
    style = node.get("style", "").replace(" ", "")
    return "position:absolute" in style or "position:fixed" in style


def _in_svg(node: etree._Element) -> bool:
    return str(node.tag).startswith("{http://www.w3.org/2000/svg}")


def _ruby_pieces(node: etree._Element) -> Iterator[tuple[str, str | etree._Element]]:
    """What stands in a ruby: readings, bases in `rb`, and pieces of bases without one."""
    has_rt = any(local_name(child) == "rt" for child in node)
    if node.text and node.text.strip():
        yield "piece", node.text
    for child in node:
        name = local_name(child)
        if name == "rt":
            yield "reading", _reading(child)
        elif name == "rtc":
            if not has_rt:
                inner = [_reading(part) for part in child if local_name(part) == "rt"]
                yield from (("reading", reading) for reading in inner or [_reading(child)])
        elif name == "rb":
            yield "base", child
        elif name and name != "rp":
            yield "piece", child
        if child.tail and child.tail.strip():
            yield "piece", child.tail


def _reading(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())
