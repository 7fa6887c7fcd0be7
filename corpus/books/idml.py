"""InDesign documents (IDML): the stories of the document's pages, in the order of their frames.

A story is the text of a chain of frames. The stories follow one another as the first frame of each stands: by spread,
and on a spread from right to left where the book is bound on the right, else from left to right, then downwards.
Stories that stand on master pages only (running heads, page numbers) are left out, and so are notes to the editors,
hidden text and tracked deletions. Specification: Adobe, IDML File Format Specification (2012).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.package import Package, resolved
from manyo.corpus.books.structured_text import StructuredText, Written
from manyo.corpus.books.xml_parts import attribute, local_name, parse_xml

_LEFT_OUT = frozenset(("Note", "HiddenText", "Properties", "Preference", "InCopyExportOption", "XMLAttribute"))
_HEADING = re.compile(r"(?:見出し|heading|title|章|節|項)\D*([1-9１-９])?", re.IGNORECASE)
_LEVELS = {"章": "1", "節": "2", "項": "3"}
_NO_STYLE = re.compile(r"\[|NormalParagraphStyle")


def read_idml(data: bytes, max_bytes: int) -> Book:
    """The text of a document.

    Args:
        data: the file.
        max_bytes: limit for all parts that are read, decompressed.

    Raises:
        UnreadableError: the file is damaged, too large, or holds no text.
    """
    package = Package(data, max_bytes)
    design = parse_xml(package.read("designmap.xml"), "designmap.xml")
    stories = _stories(package, design)
    is_right_bound = _is_right_bound(package, design)
    writer = _Writer(stories)
    order = _order(package, design, is_right_bound)
    for identity in order:
        writer.story(identity)
    written = writer.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", f"no characters in {len(stories)} stories")
    is_vertical = any(
        attribute(element, "StoryOrientation") == "Vertical" for story in stories.values() for element in story
    )
    meta: dict[str, object] = {"format": "idml", "direction": "vertical" if is_vertical else "horizontal"}
    if left := len(stories.keys() - writer.seen):
        meta["stories_left_out"] = left
    return Book(written.text, written.structure, writer.first_heading, meta=meta)


def _parts(package: Package, design: etree._Element, name: str) -> Iterator[etree._Element]:
    """Roots of the parts of a kind that the design names, in its order."""
    for element in design:
        source = element.get("src", "")
        if local_name(element) == name and source:
            part = resolved("designmap.xml", source)
            yield parse_xml(package.read(part), part)


def _stories(package: Package, design: etree._Element) -> dict[str, etree._Element]:
    stories = {}
    for root in _parts(package, design, "Story"):
        for story in root.iter(etree.Element):
            if local_name(story) == "Story" and (identity := story.get("Self")):
                stories[identity] = story
    return stories


def _is_right_bound(package: Package, design: etree._Element) -> bool:
    for root in _parts(package, design, "Preferences"):
        for element in root.iter(etree.Element):
            if local_name(element) == "DocumentPreference":
                return attribute(element, "PageBinding") == "RightToLeft"
    return False


def _order(package: Package, design: etree._Element, is_right_bound: bool) -> list[str]:
    """Stories in the order of their first frames."""
    found: list[str] = []
    for root in _parts(package, design, "Spread"):
        frames = []
        for frame in root.iter(etree.Element):
            if local_name(frame) in ("TextFrame", "TextPath") and (story := frame.get("ParentStory")):
                x, y, width = _place(frame)
                frames.append(((-(x + width) if is_right_bound else x), y, story))
        found += [story for _, _, story in sorted(frames)]
    return list(dict.fromkeys(found))


def _place(frame: etree._Element) -> tuple[float, float, float]:
    """Left edge, upper edge and width of a frame on its spread, in points."""
    x, y = 0.0, 0.0
    corners: list[tuple[float, float]] = []
    for element in frame.iter(etree.Element):
        if local_name(element) == "PathPointType":
            corners.append(_pair(element.get("Anchor", "")))
    at: etree._Element | None = frame
    while at is not None and local_name(at) != "Spread":
        numbers = (at.get("ItemTransform") or "1 0 0 1 0 0").split()
        if len(numbers) == 6:
            shift = _pair(" ".join(numbers[4:]))
            x, y = x + shift[0], y + shift[1]
        at = at.getparent()
    left = min((corner[0] for corner in corners), default=0.0)
    right = max((corner[0] for corner in corners), default=0.0)
    top = min((corner[1] for corner in corners), default=0.0)
    return round(x + left, 2), round(y + top, 2), round(right - left, 2)


def _pair(numbers: str) -> tuple[float, float]:
    try:
        first, second = (float(number) for number in numbers.split())
    except ValueError:
        return 0.0, 0.0
    return first, second


class _Writer:
    """Writes stories one after another."""

    def __init__(self, stories: dict[str, etree._Element]) -> None:
        self._stories = stories
        self._text = StructuredText()
        self._anchored: list[str] = []
        self._notes: list[etree._Element] = []
        self._heading = ""  # level of the heading that is open
        self._marks = ("", False)  # reading and emphasis of the open range
        self._style = ""
        self.first_heading = ""
        self._heading_start = 0
        self.seen: set[str] = set()

    def story(self, identity: str) -> None:
        """Write a story, and those whose frames are anchored in it."""
        if identity in self.seen or identity not in self._stories:
            return
        self.seen.add(identity)
        self._text.break_line()
        self._children(self._stories[identity])
        self._end_paragraph()
        anchored, self._anchored = self._anchored, []
        for inner in anchored:
            self.story(inner)

    def finish(self) -> Written:
        """End the text with its notes."""
        for note in self._notes:
            self._text.break_line()
            self._text.open("note")
            self._children(note)
            self._end_paragraph()
            self._text.close()
        return self._text.finish()

    def _children(self, node: etree._Element) -> None:
        for child in node:
            self._visit(child, local_name(child))

    def _visit(self, node: etree._Element, name: str) -> None:
        if not name or name in _LEFT_OUT or name.endswith("Preference"):
            return
        if name == "ParagraphStyleRange":
            self._style = node.get("AppliedParagraphStyle", "")
            self._children(node)
        elif name == "CharacterStyleRange":
            self._range(node)
        elif name == "Content":
            self._content(node)
        elif name == "Br":
            self._end_paragraph()
        elif name == "Change":
            if node.get("ChangeType") != "DeletedText":
                self._children(node)
        elif name == "Footnote":
            self._notes.append(node)
        elif name == "Table":
            self._table(node)
        elif name in ("TextFrame", "TextPath"):
            if story := node.get("ParentStory"):
                self._anchored.append(story)
            self._children(node)
        else:
            self._children(node)

    def _range(self, node: etree._Element) -> None:
        around = self._marks
        reading = "".join(node.get("RubyString", "").split()) if node.get("RubyFlag") in ("1", "true") else ""
        has_dots = node.get("KentenKind", "None") not in ("None", "NoKenten", "")
        self._marks = (reading, has_dots or "bold" in node.get("FontStyle", "").lower())
        self._children(node)
        self._marks = around

    def _content(self, node: etree._Element) -> None:
        """Text with the reading and emphasis of its range; a line separator is a forced line end."""
        text = "".join(str(part) for part in node.itertext()).replace("\n", " ").replace("\u2028", "\n")
        if not text:
            return
        self._begin_heading()
        reading, is_emphasised = self._marks
        if reading:
            self._text.open_reading(reading)
        if is_emphasised:
            self._text.open("emphasis")
        self._text.write(text)
        for _ in range(bool(reading) + is_emphasised):
            self._text.close()

    def _table(self, node: etree._Element) -> None:
        """Cells stand in the file by column; their names are `column:row`."""
        rows: dict[int, dict[int, etree._Element]] = {}
        for cell in node:
            if local_name(cell) == "Cell":
                column, _, row = cell.get("Name", "").partition(":")
                if column.isdecimal() and row.isdecimal() and len(column) < 7 and len(row) < 7:
                    rows.setdefault(int(row), {})[int(column)] = cell
        self._end_paragraph()
        self._text.open("table")
        for _, cells in sorted(rows.items()):
            self._text.open("row")
            for _, cell in sorted(cells.items()):
                self._text.open("cell")
                self._children(cell)
                self._text.close()
            self._text.close()
        self._text.close()

    def _begin_heading(self) -> None:
        """Open a heading where the paragraph's style is called one; it ends with the paragraph."""
        style = self._style.rpartition("/")[2].replace("%3a", ":").rpartition(":")[2]
        match = None if self._heading or _NO_STYLE.match(style) else _HEADING.search(style)
        if match:
            level = str(int(match[1])) if match[1] else _LEVELS.get(match[0][:1], "1")
            self._heading_start = self._text.n_chars
            self._text.open("heading", str(min(6, int(level))))
            self._heading = level

    def _end_paragraph(self) -> None:
        if self._heading:
            self._text.close()
            if not self.first_heading:
                self.first_heading = self._text.since(self._heading_start)
            self._heading = ""
        self._text.break_line()
