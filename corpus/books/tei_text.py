"""The text of a TEI edition: what it prints, with readings, headings, tables and pages.

Of a choice the original reading is kept (`orig`, `sic`, `abbr`), never the regularised one; apparatus, notes, running
heads and deletions are left out. Notes that the edition prints within the line (割書, 割注) stand in brackets there.
Readings are spans, whether a file says `<ruby>`, or `<seg type="ruby">` with `type="rt"` in it. Reading aids of
Chinese text (返り点, 送り仮名) are no text, as in all sources: `<metamark>`, `<note>` and `<seg>` of these types.
Elements: www.tei-c.org/release/doc/tei-p5-doc/en/html/REF-ELEMENTS.html
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from lxml import etree

from manyo.corpus.books.structured_text import StructuredText, Written
from manyo.corpus.books.xml_parts import child_of, local_name

_ID: Final = "{http://www.w3.org/XML/1998/namespace}id"
#: Not printed by the edition's base text, or not part of the running text.
_LEFT_OUT: Final = frozenset((
    "teiHeader", "facsimile", "sourceDoc", "standOff", "listPerson", "listPlace", "listBibl", "listWit", "fw",
    "graphic", "figDesc", "index", "interp", "rdg", "corr", "reg", "expan", "rt", "rp", "del", "surplus", "metamark",
    "charDecl", "certainty", "respStmt", "mod", "path", "binaryObject",
))  # fmt: skip
#: Their start and end are line ends.
_BLOCKS: Final = frozenset((
    "front", "body", "back", "group", "floatingText", "div", "div1", "div2", "div3", "p", "ab", "trailer", "argument",
    "titlePage", "docTitle", "docAuthor", "byline", "epigraph", "opener", "closer", "salute", "signed", "sp", "speaker",
    "stage", "zone", "line", "surfaceGrp", "quote", "figure",
))  # fmt: skip
#: Types of seg, span and note that are reading aids of Chinese text.
_READING_AID = re.compile(
    r"okuri|送り?[仮が]|kaeri|返り?点|kunten|訓点|reordering|^r[pt]$|furigana|振り?仮名", re.IGNORECASE
)
#: Types of notes that the edition prints within the line.
_IN_LINE = re.compile(r"割|warichu|wari[-_]?gaki|inline-?note", re.IGNORECASE)
_DOTS = re.compile(r"傍点|圏点|emph|sesame|dots?", re.IGNORECASE)
_CODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_GETA, _UNREADABLE = "〓", "□"
#: Characters that one gap may stand for; an edition that lacks more says so in words.
_MAX_GAP = 40


class _Role(Enum):
    """What an element does to the text."""

    LEFT_OUT = "its text does not belong to the work"
    INLINE = "nothing"
    BLOCK = "its start and end are line ends"
    VERSE = "the same, but within a printed line"
    PRINTED_LINE = "a line of the edition, which the file marks by an element around it"
    LINE = "a line of the edition ends"
    PAGE = "a page begins"
    SURFACE = "a page of a transcription without text elements"
    GAP = "stands for characters that nobody can read"
    GLYPH = "stands for a character that is described elsewhere"
    RUBY = "a base with its reading"
    NOTE = "a note that is printed within the line"
    EMPHASIS = "has dots next to its characters"
    HEADING = "a heading"
    LIST = "a list"
    ITEM = "an item of it"
    TABLE = "a table"
    ROW = "a row of it"
    CELL = "a cell of it"


_ROLES: Final = {
    "pb": _Role.PAGE, "surface": _Role.SURFACE, "lb": _Role.LINE, "cb": _Role.LINE, "gap": _Role.GAP, "g": _Role.GLYPH,
    "l": _Role.VERSE, "lg": _Role.VERSE, "ruby": _Role.RUBY, "head": _Role.HEADING, "list": _Role.LIST,
    "item": _Role.ITEM, "table": _Role.TABLE, "row": _Role.ROW, "cell": _Role.CELL,
}  # fmt: skip
#: Roles that are spans: (kind, whether they are lines of their own).
_SPANS: Final = {
    _Role.RUBY: ("ruby", False), _Role.EMPHASIS: ("emphasis", False), _Role.HEADING: ("heading", True),
    _Role.LIST: ("list", True), _Role.ITEM: ("item", True), _Role.TABLE: ("table", True), _Role.ROW: ("row", True),
    _Role.CELL: ("cell", False),
}  # fmt: skip
#: Elements whose attributes say what they are.
_BY_ATTRIBUTE: Final = frozenset(("seg", "span", "note", "div", "hi", "ruby"))


class TeiWriter:
    """Walks the elements of a text in document order.

    Args:
        root: of the file, for images and characters that are described in it.
        keep_lines: whether printed lines stay lines; else those of a paragraph are joined.
        div_types: types of `<div>` that are read; empty: all.
    """

    def __init__(self, root: etree._Element, *, keep_lines: bool, div_types: frozenset[str] = frozenset()) -> None:
        self._roles: dict[object, _Role] = {}  # by tag, for the tags met so far
        self._images = _images(root)
        self._characters = _characters(root)
        self._keep_lines = keep_lines
        self._div_types = div_types
        self._text = StructuredText()
        self._ends_line = False  # whether a printed line ended, if lines are joined
        self._in_printed_line = 0
        self._in_note = 0

    def visit(self, element: etree._Element) -> None:
        """Write an element's text, in lines of its own."""
        # A stack instead of recursion: hostile files nest deeper than Python's stack allows.
        stack: list[tuple[etree._Element, _Role | None]] = [(element, None)]
        while stack:
            node, closing = stack.pop()
            if closing is None:
                role = self._roles.get(node.tag) or self._role(node)
                role = _Role.INLINE if node is element else role
                if role is not _Role.LEFT_OUT:
                    if role is not _Role.INLINE:
                        self._open(role, node)
                    if role is not _Role.GLYPH:
                        if text := node.text:
                            self._add(text)
                        if len(node):
                            stack.append((node, role))
                            stack.extend([(child, None) for child in node[::-1]])
                            continue
                    if role is not _Role.INLINE:
                        self._close(role)
            elif closing is not _Role.INLINE:
                self._close(closing)
            if node is not element and (tail := node.tail):
                self._add(tail)
        self._text.break_line()

    def finish(self) -> Written:
        """The text, its structure, and (label, start in characters) of each page."""
        return self._text.finish()

    def _role(self, node: etree._Element) -> _Role:
        name = local_name(node)
        if name in _BY_ATTRIBUTE:
            return self._role_by_attribute(node, name)
        role = (
            _Role.LEFT_OUT if name in _LEFT_OUT else _Role.BLOCK if name in _BLOCKS else _ROLES.get(name, _Role.INLINE)
        )
        self._roles[node.tag] = role
        return role

    def _role_by_attribute(self, node: etree._Element, name: str) -> _Role:
        if name == "seg" and node.keys() in ([], ["corresp"]):  # nearly every printed line
            return _Role.PRINTED_LINE
        stated = f"{node.get('type', '')} {node.get('subtype', '')} {node.get('rend', '')}".strip()
        if name == "note":
            is_printed = _IN_LINE.search(stated) or (node.get("place") == "inline" and not stated)
            return _Role.NOTE if is_printed else _Role.LEFT_OUT
        if name == "div":
            kind = node.get("type", "")
            is_left_out = bool(self._div_types) and kind != "" and kind not in self._div_types
            if not is_left_out:
                return _Role.BLOCK
            within = (inner.get("type") for inner in node.iter(etree.Element) if local_name(inner) == "div")
            return _Role.BLOCK if self._div_types.intersection(filter(None, within)) else _Role.LEFT_OUT
        if name == "hi":
            return _Role.EMPHASIS if _DOTS.search(stated) else _Role.INLINE
        if name == "ruby" or node.get("type") == "ruby":
            return _Role.RUBY if _reading(node) else _Role.INLINE
        if _READING_AID.search(stated):
            return _Role.LEFT_OUT
        return _Role.PRINTED_LINE if name == "seg" and node.get("type") != "rb" else _Role.INLINE

    def _open(self, role: _Role, node: etree._Element) -> None:
        # The most frequent first: an enumeration's member takes longer to hash than to compare.
        if role is _Role.LINE:
            self._end_printed_line()
        elif role is _Role.PRINTED_LINE:
            self._in_printed_line += 1
        elif role in _SPANS:
            kind, is_block = _SPANS[role]
            if is_block:
                self._break_paragraph()
            self._meet_line()
            if role is _Role.RUBY:
                self._text.open_reading(_reading(node))
            else:
                self._text.open(kind, _level(node) if role is _Role.HEADING else "")
        elif role is _Role.PAGE:
            self._end_printed_line()
            self._text.start_page(self._label(node))
        elif role is _Role.SURFACE:
            self._break_paragraph()
            graphic = child_of(node, "graphic")
            image = graphic.get("url") if graphic is not None else self._label(node)
            self._text.start_page(str(image or node.get(_ID) or ""))
        elif role is _Role.GAP:
            self._add(_UNREADABLE * _size(node))
        elif role is _Role.GLYPH:
            self._add(self._character(node))
        elif role is _Role.NOTE:
            self._add("（")
            self._in_note += 1
        elif role is _Role.BLOCK or not self._in_printed_line:
            # The five parts of a poem (<l>) stand on one line where the edition marks printed lines with <seg>.
            self._break_paragraph()

    def _close(self, role: _Role) -> None:
        if role is _Role.PRINTED_LINE:
            self._in_printed_line -= 1
        elif role is _Role.LINE or role is _Role.PAGE:
            pass
        elif role in _SPANS:
            self._text.close()
            if _SPANS[role][1]:
                self._break_paragraph()
        elif role is _Role.NOTE:
            self._in_note -= 1
            self._add("）")
        elif role in (_Role.BLOCK, _Role.SURFACE) or (role is _Role.VERSE and not self._in_printed_line):
            self._break_paragraph()

    def _break_paragraph(self) -> None:
        if not self._in_note:
            self._text.break_line()
            self._ends_line = False

    def _end_printed_line(self) -> None:
        """End a line of the edition; the two lines of a note within a line are one."""
        if self._in_note:
            return
        if self._keep_lines:
            self._text.break_line()
        else:
            self._ends_line = True

    def _meet_line(self) -> None:
        """Join what follows to the printed line before it."""
        if self._ends_line:
            self._text.flow("\n")
            self._ends_line = False

    def _add(self, text: str) -> None:
        """White space with a line end in it is the file's layout; other spaces, and U+3000, are the edition's."""
        if self._ends_line or self._text.is_at_line_start:
            text = text.lstrip(" \t\n")
            if not text:
                return
            if self._ends_line and text[0] == "　":  # an indented line, a poem perhaps, starts a paragraph
                self._break_paragraph()
            self._meet_line()
        self._text.flow_lines(text)

    def _label(self, page: etree._Element) -> str:
        """The page image's IRI; a pointer into <facsimile> is followed; else the page's number."""
        image = str(page.get("facs", "")).split(" ")[0]
        number = str(page.get("n", ""))
        if image.startswith("#"):
            return self._images.get(image) or number or image
        return image or number

    def _character(self, glyph: etree._Element) -> str:
        """The character that a `<g>` stands for: its content, its code, or what the file says of it; else 〓."""
        if content := "".join(str(part) for part in glyph.itertext()).strip():
            return content
        reference = str(glyph.get("ref", ""))
        if code := _CODE.search(reference):
            point = int(code[1], 16)
            return chr(point) if point <= 0x10FFFF and chr(point).isprintable() else _GETA
        return self._characters.get(reference, _GETA)


def _reading(ruby: etree._Element) -> str:
    """The readings of a ruby, without those on the left, which explain."""
    readings = []
    for child in ruby.iter(etree.Element):
        is_reading = local_name(child) == "rt" or (local_name(child) in ("seg", "span") and child.get("type") == "rt")
        if is_reading:
            readings.append((child.get("place", ""), "".join("".join(str(part) for part in child.itertext()).split())))
    right = [reading for place, reading in readings if place not in ("left", "below")]
    return "".join(right or [reading for _, reading in readings])


def _level(head: etree._Element) -> str:
    depth = sum(local_name(around).startswith("div") for around in head.iterancestors())
    return str(min(6, max(1, depth)))


def _size(gap: etree._Element) -> int:
    """Characters that a gap stands for: what it says of them, else one."""
    quantity, unit = gap.get("quantity") or gap.get("extent") or "", gap.get("unit") or "chars"
    is_stated = quantity.isdecimal() and len(quantity) < 5 and unit.startswith(("char", "文字", "字"))
    return min(_MAX_GAP, max(1, int(quantity))) if is_stated else 1


def _images(root: etree._Element) -> dict[str, str]:
    """Image addresses of surfaces and graphics, by `#id`."""
    images = {}
    for element in root.iter("{*}graphic"):
        if url := element.get("url"):
            surface = element.getparent()
            for owner in (element, surface):
                identity = owner.get(_ID) if owner is not None else None
                if identity:
                    images[f"#{identity}"] = url
    return images


def _characters(root: etree._Element) -> dict[str, str]:
    """What `<char>` and `<glyph>` say of the characters that they describe, by `#id`."""
    found = {}
    for element in root.iter("{*}char", "{*}glyph"):
        mappings = [child for child in element if local_name(child) == "mapping"]
        mappings.sort(key=lambda mapping: "nicode" not in mapping.get("type", ""))
        if (
            (identity := element.get(_ID))
            and mappings
            and (text := "".join(str(part) for part in mappings[0].itertext()))
        ):
            code = _CODE.search(text)
            found[f"#{identity}"] = chr(int(code[1], 16)) if code and int(code[1], 16) <= 0x10FFFF else text.strip()
    return found
