"""Word documents (DOCX): the text as it reads when all tracked changes are accepted.

Insertions are text, deletions and what was moved away are not, and a paragraph whose mark was deleted goes on in the
next one. Comments, headers, footers, hidden text and tables of contents are left out; footnotes and endnotes follow
at the end, in the order of their references; a text box follows the paragraph that it is anchored in. Readings come
from `w:ruby` and from the EQ fields that older Word writes.

Elements are known by their local names, which transitional and strict files share (ISO/IEC 29500-1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.docx_numbering import Numbering
from manyo.corpus.books.package import Package, resolved
from manyo.corpus.books.structured_text import StructuredText, Written
from manyo.corpus.books.xml_parts import attribute, child_of, first_within, local_name, parse_xml, words
from manyo.corpus.text import tidy
from manyo.corpus.web.pictures import GETA, meaning

#: Elements that hold nothing a reader reads: deletions, where moved text came from, comments, properties.
_LEFT_OUT = frozenset((
    "del", "moveFrom", "delText", "commentReference", "annotationRef", "footnoteRef", "endnoteRef", "pPr", "rPr",
    "tblPr", "tblGrid", "trPr", "tcPr", "sectPr", "instrText", "delInstrText", "rubyPr", "rt", "fldData", "binData",
    "sdtPr", "sdtEndPr",
))  # fmt: skip
_TRUE = ("", "1", "true", "on")
_HEADING_NAME = re.compile(r"(?:heading|見出し)\s*([1-9])$", re.IGNORECASE)
_CONTENTS_NAME = re.compile(r"(?:toc \d|toc heading|table of figures|目次(?: ?\d)?)$", re.IGNORECASE)
_CONTENTS_FIELD = re.compile(r"\s*(?:TOC|INDEX|TOA)\b")
#: EQ \* jc2 \* "Font:…" \* hps10 \o\ad(\s\up 9(よみ),漢字): a reading above, as Word 97 writes it.
_EQ_RUBY = re.compile(r"\\o\s*(?:\\a[cdlr])?\s*\(\s*\\s\s*\\up\s*\d+\s*\(([^()]*)\)\s*[,;]\s*(.*)\)\s*$", re.IGNORECASE)
#: EQ \o\ac(○,印): one character in another.
_EQ_OVER = re.compile(r"\\o\s*(?:\\a[cdlr])?\s*\(\s*([^(),]*)[,;]\s*([^(),]*)\)\s*$", re.IGNORECASE)
_EQ = re.compile(r"\s*eq\b", re.IGNORECASE)
#: Fonts of signs: a code in them is no character.
_SIGN_FONT = re.compile(r"symbol|wingdings|webdings|dingbats", re.IGNORECASE)
#: What a reader sees of signs that Word takes from fonts of signs (Wingdings, Symbol).
_SIGNS = {0xF0FE: "☑", 0xF0A8: "□", 0xF06F: "□", 0xF0FC: "✓", 0xF06C: "●", 0xF0B7: "・", 0xF0E0: "→", 0xF0D8: "➢"}
_DEFAULT_TITLE = re.compile(r"(?:Microsoft Word - |.*\.docx?$)", re.IGNORECASE)


@dataclass(slots=True)
class _Field:
    """A complex field that has begun.

    Attributes:
        instruction: so far.
        shows: whether its result has begun.
        is_left_out: whether the result is a table of contents.
    """

    instruction: str = ""
    shows: bool = False
    is_left_out: bool = False


@dataclass(slots=True)
class _Style:
    """A paragraph style: heading level or "", whether it is of a table of contents, and its numbering."""

    level: str = ""
    is_contents: bool = False
    numbering: tuple[str, str] | None = None


@dataclass(slots=True)
class _Parts:
    """What the parts beside the document say."""

    styles: dict[str, _Style] = field(default_factory=dict)
    notes: dict[tuple[str, str], etree._Element] = field(default_factory=dict)
    numbering: Numbering = field(default_factory=Numbering)


def read_docx(data: bytes, max_bytes: int) -> Book:
    """The text of a document.

    Args:
        data: the file.
        max_bytes: limit for all parts that are read, decompressed.

    Raises:
        UnreadableError: the file is damaged, too large, or holds no text.
    """
    package = Package(data, max_bytes)
    name = _main_part(package)
    root = parse_xml(package.read(name), name)
    body = child_of(root, "body")
    if body is None:
        raise UnreadableError("broken_file", f"{name}: <{local_name(root)}> holds no body")
    writer = _Writer(_parts(package, name))
    writer.write(body)
    written = writer.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", f"{name}: no characters")
    title, meta = _properties(package)
    meta["format"] = "docx"
    is_vertical = any(
        local_name(element) == "textDirection" and attribute(element, "val").startswith("tb")
        for section in root.iter(etree.Element)
        if local_name(section) == "sectPr"
        for element in section
    )
    meta["direction"] = "vertical" if is_vertical else "horizontal"
    if writer.n_unknown:
        meta["unresolved_characters"] = writer.n_unknown
    return Book(written.text, written.structure, title or writer.first_heading, written.pages, meta=meta)


class _Writer:
    """Walks the body of a document."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts
        self._text = StructuredText()
        self._fields: list[_Field] = []
        self._boxes: list[etree._Element] = []  # text boxes of the open paragraph
        self._notes: list[tuple[str, str]] = []
        self._goes_on = False  # whether the mark of the paragraph before was deleted
        self._in_list = False
        self._in_cells = 0
        self.first_heading = ""
        self.n_unknown = 0

    def write(self, parent: etree._Element) -> None:
        """Write blocks: paragraphs, tables, and what holds them."""
        for child in parent:
            name = local_name(child)
            if name == "p":
                self._paragraph(child)
            elif name == "tbl":
                self._table(child)
            elif name == "sdt":
                if not _is_contents_block(child):
                    self.write(child)
            elif name == "AlternateContent":
                self.write(_alternative(child))
            elif name not in _LEFT_OUT:
                self.write(child)

    def finish(self) -> Written:
        """End the text with its notes."""
        self._end_list()
        seen = set()
        for note in self._notes:  # a note may hold references to notes, which the list then grows by
            if note in seen or note not in self._parts.notes:
                continue
            seen.add(note)
            self._text.break_line()
            self._text.open("note")
            self.write(self._parts.notes[note])
            self._end_list()
            self._text.close()
        return self._text.finish()

    # --- blocks ----------------------------------------------------------------------------------------

    def _paragraph(self, node: etree._Element) -> None:
        properties = child_of(node, "pPr")
        style = self._parts.styles.get(_value(child_of(properties, "pStyle")), _Style())
        level = _outline_level(properties) or style.level
        if style.is_contents:
            return
        label = self._parts.numbering.label(_numbering(properties) or style.numbering)
        is_item = label is not None and not level and not self._in_cells
        goes_on = self._goes_on and not self._text.is_at_line_start
        if not goes_on:
            self._text.break_line()
            self._begin_list() if is_item else self._end_list()
        kinds = []
        if not goes_on and level:
            kinds.append(("heading", level))
        elif not goes_on and is_item and label is not None:
            kinds.append(("item", label.value))
        start = self._text.n_chars
        for kind, value in kinds:
            self._text.open(kind, value)
        if label is not None and label.is_text and not goes_on:
            self._text.write(label.value + "　")
        self._runs(node)
        for _ in kinds:
            self._text.close()
        if level == "1" and not self.first_heading:
            self.first_heading = self._text.since(start)
        mark = child_of(properties, "rPr")
        self._goes_on = child_of(mark, "del") is not None or child_of(mark, "moveFrom") is not None
        if not self._goes_on:
            self._text.break_line()
        boxes, self._boxes = self._boxes, []
        for box in boxes:
            self._goes_on = False
            self._text.break_line()
            self.write(box)

    def _begin_list(self) -> None:
        if not self._in_list:
            self._text.open("list")
            self._in_list = True

    def _end_list(self) -> None:
        if self._in_list:
            self._text.close()
            self._in_list = False

    def _table(self, node: etree._Element) -> None:
        self._end_list()
        self._goes_on = False
        self._text.open("table")
        for row in _through(node, "tr"):
            properties = child_of(row, "trPr")
            if child_of(properties, "del") is not None:
                continue
            is_head = _is_on(child_of(properties, "tblHeader"))
            self._text.open("row")
            for cell in _through(row, "tc"):
                if _is_covered(child_of(cell, "tcPr")):
                    continue
                self._text.open("cell", "h" if is_head else "")
                self._in_cells += 1
                self.write(cell)
                self._in_cells -= 1
                self._goes_on = False
                self._text.close()
            self._text.close()
        self._text.close()

    # --- runs ------------------------------------------------------------------------------------------

    def _runs(self, parent: etree._Element) -> None:
        """Write what stands in a paragraph."""
        for child in parent:
            name = local_name(child)
            if name == "r":
                self._run(child)
            elif name in ("oMath", "oMathPara"):
                if self._shows():
                    self._text.open("math")
                    self._text.write("".join(_texts(child)))
                    self._text.close()
            elif name == "AlternateContent":
                self._runs(_alternative(child))
            elif name == "fldSimple":
                if not _CONTENTS_FIELD.match(attribute(child, "instr")):
                    self._runs(child)
            elif name == "sdt":
                if not _is_contents_block(child):
                    self._runs(child)
            elif name not in _LEFT_OUT:
                self._runs(child)

    def _run(self, run: etree._Element) -> None:
        properties = child_of(run, "rPr")
        is_hidden = _is_on(child_of(properties, "vanish")) or _is_on(child_of(properties, "webHidden"))
        is_emphasised = self._shows() and not is_hidden and _is_emphasised(properties)
        if is_emphasised:
            self._text.open("emphasis")
        for child in run:
            self._part_of_run(child, local_name(child), is_hidden)
        if is_emphasised:
            self._text.close()

    def _part_of_run(self, child: etree._Element, name: str, is_hidden: bool) -> None:
        if name == "fldChar":
            self._field_mark(attribute(child, "fldCharType"))
        elif name == "instrText":
            if self._fields and not self._fields[-1].shows:
                self._fields[-1].instruction += child.text or ""
        elif is_hidden or not self._shows():
            pass
        elif name == "t":
            self._text.write((child.text or "").replace("\n", " "))
        elif name == "ruby":
            self._ruby(child)
        elif name in ("tab", "ptab"):
            self._text.write(" " if self._in_cells else "\t")
        elif name in ("br", "cr"):
            self._text.break_line()
        elif name == "noBreakHyphen":
            self._text.write("-")
        elif name == "sym":
            self._sign(child)
        elif name in ("footnoteReference", "endnoteReference"):
            self._notes.append((name.removesuffix("Reference"), attribute(child, "id")))
        elif name == "AlternateContent":
            for part in _alternative(child):
                self._part_of_run(part, local_name(part), is_hidden)
        elif name in ("drawing", "pict", "object"):
            self._drawing(child)
        elif name not in _LEFT_OUT:
            self._runs(child)

    def _ruby(self, node: etree._Element) -> None:
        reading = "".join(_texts(child_of(node, "rt")))
        base = child_of(node, "rubyBase")
        if base is None:
            return
        if reading.strip():
            self._text.open_reading(reading)
        self._runs(base)
        if reading.strip():
            self._text.close()

    def _sign(self, node: etree._Element) -> None:
        code = attribute(node, "char")
        point = int(code, 16) if re.fullmatch("[0-9A-Fa-f]{4,6}", code) else 0
        if sign := _SIGNS.get(point):
            self._text.write(sign)
        elif 0x20 < point < 0xE000 and not _SIGN_FONT.search(attribute(node, "font")):
            self._text.write(chr(point))
        else:
            self._text.write(GETA)
            self.n_unknown += 1

    def _drawing(self, node: etree._Element) -> None:
        """A picture of a character is written, text boxes wait for the end of the paragraph."""
        for element in node.iter(etree.Element):
            name = local_name(element)
            if name == "docPr":
                meant = meaning((element.get("descr") or "").strip(), "", "")
                if meant is not None and meant[0] != GETA:
                    self._text.write(meant[0])
            elif name == "txbxContent" and not any(
                local_name(around) == "Fallback" for around in element.iterancestors()
            ):
                self._boxes.append(element)

    # --- fields ----------------------------------------------------------------------------------------

    def _shows(self) -> bool:
        """Whether what stands here is seen: not within the instruction of a field, nor in a table of contents."""
        return all(field.shows and not field.is_left_out for field in self._fields)

    def _field_mark(self, kind: str) -> None:
        if kind == "begin":
            self._fields.append(_Field())
        elif not self._fields:
            return
        elif kind == "separate":
            self._fields[-1].shows = True
            self._fields[-1].is_left_out = _CONTENTS_FIELD.match(self._fields[-1].instruction) is not None
        elif kind == "end":
            ended = self._fields.pop()
            if self._shows() and _EQ.match(ended.instruction):
                self._equation(ended.instruction)

    def _equation(self, instruction: str) -> None:
        if ruby := _EQ_RUBY.search(instruction):
            self._text.open_reading(ruby[1])
            self._text.write(ruby[2].strip())
            self._text.close()
        elif over := _EQ_OVER.search(instruction):
            self._text.write(over[2].strip())
        else:
            self._text.write(GETA)
            self.n_unknown += 1


# --- elements ----------------------------------------------------------------------------------------------


def _value(node: etree._Element | None) -> str:
    return attribute(node, "val") if node is not None else ""


def _is_on(node: etree._Element | None) -> bool:
    return node is not None and _value(node).lower() in _TRUE


def _is_emphasised(properties: etree._Element | None) -> bool:
    dots = child_of(properties, "em")
    return (dots is not None and _value(dots) != "none") or _is_on(child_of(properties, "b"))


def _texts(node: etree._Element | None) -> list[str]:
    if node is None:
        return []
    return [element.text or "" for element in node.iter(etree.Element) if local_name(element) == "t"]


def _through(node: etree._Element, name: str) -> list[etree._Element]:
    """Children of a name, also those within content controls and insertions, not those that were deleted."""
    found = []
    for child in node:
        child_name = local_name(child)
        if child_name == name:
            found.append(child)
        elif child_name in ("sdt", "sdtContent", "customXml", "ins", "moveTo"):
            found += _through(child, name)
    return found


def _alternative(node: etree._Element) -> etree._Element:
    """The one content of several that is read: the first choice, which newer programs see."""
    return next((child for child in node if local_name(child) in ("Choice", "Fallback")), node)


def _is_covered(properties: etree._Element | None) -> bool:
    """Whether a cell was deleted, or belongs to the one above it or before it."""
    for name in ("vMerge", "hMerge"):
        merge = child_of(properties, name)
        if merge is not None and _value(merge) != "restart":
            return True
    return child_of(properties, "cellDel") is not None


def _is_contents_block(node: etree._Element) -> bool:
    return _value(first_within(node, "docPartGallery")) == "Table of Contents"


def _outline_level(properties: etree._Element | None) -> str:
    level = _value(child_of(properties, "outlineLvl"))
    return str(min(6, int(level) + 1)) if level in tuple("012345678") else ""


def _numbering(properties: etree._Element | None) -> tuple[str, str] | None:
    """(numId, level) of a paragraph or style."""
    numbered = child_of(properties, "numPr")
    if numbered is None or child_of(numbered, "numId") is None:
        return None
    return _value(child_of(numbered, "numId")), _value(child_of(numbered, "ilvl")) or "0"


# --- parts -------------------------------------------------------------------------------------------------


def _main_part(package: Package) -> str:
    """The name of the document's main part, as the package's relationships give it."""
    for target, kind in _relationships(package, ""):
        if kind.endswith("/officeDocument"):
            return target
    if package.has("word/document.xml"):
        return "word/document.xml"
    raise UnreadableError("broken_file", "the package names no document")


def _relationships(package: Package, part: str) -> list[tuple[str, str]]:
    """(target, type) of what a part refers to."""
    folder, _, base = part.rpartition("/")
    name = f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels"
    if not package.has(name):
        return []
    root = parse_xml(package.read(name), name)
    return [
        (resolved(part, element.get("Target", "")), element.get("Type", ""))
        for element in root
        if local_name(element) == "Relationship" and element.get("TargetMode") != "External"
    ]


def _parts(package: Package, main: str) -> _Parts:
    parts = _Parts()
    for target, kind in _relationships(package, main):
        role = kind.rpartition("/")[2]
        if role not in ("styles", "footnotes", "endnotes", "numbering") or not package.has(target):
            continue
        root = parse_xml(package.read(target), target)
        if role == "styles":
            parts.styles = _styles(root)
        elif role == "numbering":
            parts.numbering = Numbering.of(root)
        else:
            for note in root:
                if not attribute(note, "type").lower().endswith(("separator", "notice")):
                    parts.notes[role.removesuffix("s"), attribute(note, "id")] = note
    return parts


def _styles(root: etree._Element) -> dict[str, _Style]:
    """Paragraph styles by id; what a style does not say, the one that it is based on says."""
    elements = {attribute(style, "styleId"): style for style in root if local_name(style) == "style"}
    styles: dict[str, _Style] = {}
    for identity in elements:
        style, seen, at = _Style(), set(), identity
        while at in elements and at not in seen:
            seen.add(at)
            element = elements[at]
            name = _value(child_of(element, "name"))
            properties = child_of(element, "pPr")
            named = _HEADING_NAME.match(name)
            style.level = style.level or (str(min(6, int(named[1]))) if named else _outline_level(properties))
            style.is_contents = style.is_contents or _CONTENTS_NAME.match(name) is not None
            style.numbering = style.numbering or _numbering(properties)
            at = _value(child_of(element, "basedOn"))
        styles[identity] = style
    return styles


def _properties(package: Package) -> tuple[str, dict[str, object]]:
    """Title, and what the core properties say; the name of a file is not a title, and who typed it is left out."""
    target = next((name for name, kind in _relationships(package, "") if kind.endswith("/core-properties")), "")
    if not target or not package.has(target):
        return "", {}
    values = {local_name(element): tidy(words(element)) for element in parse_xml(package.read(target), target)}
    meta: dict[str, object] = {
        name: values[name] for name in ("rights", "language") if values.get(name)
    }  # fmt: skip
    title = values.get("title", "")
    return "" if _DEFAULT_TITLE.match(title) else title, meta
