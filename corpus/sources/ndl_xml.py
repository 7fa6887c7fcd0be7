"""NDLOCR's page XML: lines of a kind with a box, in text blocks and blocks; furniture.

Nearly all of a file is LINE elements with the same attributes in the same order, so they are found by one regular
expression, and the tags between them by another. A file with anything unusual, and thus every file that is not
well-formed, is left to lxml. Both give the same pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import compress, pairwise
from operator import gt

import numpy as np
from lxml import etree

from manyo.corpus.books.xml_parts import local_name
from manyo.corpus.print.geometry_kernels import NO_BLOCK, Box, Kind
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.text import tidy

#: LINE types that are kept; 広告文字 (advertisements) and types of handwriting or noise are not.
LINE_KINDS = {
    "本文": Kind.BODY,
    "タイトル本文": Kind.HEADING,
    "割注": Kind.INLINE_NOTE,
    "頭注": Kind.HEADNOTE,
    # NDL古典籍OCR-Lite: notes beside the lines, and those that its detector is less sure of
    "注": Kind.HEADNOTE,
    "注（ダミー）": Kind.HEADNOTE,
    "キャプション": Kind.CAPTION,
}
#: BLOCK types that mark furniture: lines in the same place are dropped.
_FURNITURE = frozenset({"柱", "ノンブル", "ルビ"})
#: BLOCK types whose own lines are not text of the work.
_NO_TEXT_BLOCKS = _FURNITURE | {"図版", "広告"}
_LINE_BREAKS = str.maketrans("", "", "\r\n\t\ufeff")


def _heading(kind: Kind | None) -> Kind | None:
    """What a line is that the server tool takes for a title, or for the name of an author: it stands by itself."""
    return Kind.HEADING if kind is Kind.BODY else kind


def tidy_line(text: str) -> str:
    """`tidy` for a recognised line, without the line ends that some tools leave in it."""
    # Nearly every line is tidy as it comes: printable means no control characters, no line ends.
    if text.isprintable() and unicodedata.is_normalized("NFC", text):
        return text.rstrip()
    return tidy(text.translate(_LINE_BREAKS))


def tidy_lines(strings: list[str]) -> list[str]:
    """`tidy_line` of each; one check where all are tidy."""
    everything = "".join(strings)
    # What is printable and in NFC as a whole is so in each of its parts.
    if everything.isprintable() and unicodedata.is_normalized("NFC", everything):
        return [string.rstrip() for string in strings]
    return [tidy_line(string) for string in strings]


def read_pages(data: bytes, label: str) -> list[Page]:
    """The pages of a file; `label` is that of a page whose element names no image.

    Raises:
        ValueError: the XML is broken, or holds no PAGE.
    """
    pages = _plain_pages(data, label)
    return _parsed_pages(data, label) if pages is None else pages


# --- by lxml -----------------------------------------------------------------------------------------


def _parsed_pages(data: bytes, label: str) -> list[Page]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error
    elements = [element for element in root.iter(etree.Element) if local_name(element) == "PAGE"]
    if not elements:
        raise ValueError(f"no PAGE in <{local_name(root)}>")
    return [_parsed_page(element, label) for element in elements]


def _parsed_page(page: etree._Element, label: str) -> Page:
    """Lines in reading order: by ORDER where the tool wrote one, else as they stand in the file."""
    ordered: list[tuple[float, Line]] = []
    furniture: list[Box] = []
    order, block_number = -1.0, 0

    def visit(parent: etree._Element, block: int | None, in_table: bool) -> None:
        nonlocal order, block_number
        for element in parent:
            tag = local_name(element)
            if tag == "LINE":
                # A line without ORDER stands after the one before it.
                order = _number(element.get("ORDER"), order)
                kind = LINE_KINDS.get(element.get("TYPE", "本文"))
                if "TRUE" in (element.get("TITLE"), element.get("AUTHOR")):
                    kind = _heading(kind)
                if kind is not None and (text := tidy_line(element.get("STRING", ""))):
                    kind = Kind.CELL if in_table and kind is Kind.BODY else kind
                    confidence = element.get("CONF")
                    value = None if confidence is None else _number(confidence, 0.0)
                    ordered.append((order, Line(text, kind, block, _box(element.get), value)))
            elif tag == "TEXTBLOCK":
                block_number += 1
                visit(element, block_number, in_table)
            elif tag == "BLOCK":
                kind_of_block = element.get("TYPE", "")
                if kind_of_block in _FURNITURE and (box := _box(element.get)):
                    furniture.append(box)
                if kind_of_block not in _NO_TEXT_BLOCKS:
                    block_number += 1
                    # The server tool reads 欧文, 数式 and 化学式 as a whole; they stand by themselves.
                    if text := tidy_line(element.get("STRING", "")):
                        ordered.append((order, Line(text, Kind.CAPTION, block_number, _box(element.get))))
                    visit(element, block_number, in_table or kind_of_block == "表組")

    visit(page, None, False)
    ordered.sort(key=lambda pair: pair[0])
    return Page.of(page.get("IMAGENAME") or label, [line for _, line in ordered], furniture)


def _box(get: Callable[[str], str | None]) -> Box | None:
    try:
        # A missing attribute gives None, which float() refuses with a TypeError.
        return Box(float(get("X")), float(get("Y")), float(get("WIDTH")), float(get("HEIGHT")))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return None


def _number(value: str | None, default: float) -> float:
    try:
        return float(value) if value is not None else default
    except ValueError:
        return default


# --- by expressions ----------------------------------------------------------------------------------

_NUMERAL = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
#: Attribute values without references, other quotes or control characters, of which XML makes something else.
_VALUE = r'[^"<&\x00-\x1f]*'
_PLACE = rf'X="(?P<x>{_NUMERAL})" Y="(?P<y>{_NUMERAL})" WIDTH="(?P<width>{_NUMERAL})" HEIGHT="(?P<height>{_NUMERAL})"'
_CONF = rf'(?: CONF="(?P<conf>{_NUMERAL})")?'
_COUNT = rf'(?: PRED_CHAR_CNT="{_NUMERAL}")?'
_ORDER = rf'(?: ORDER="(?P<order>{_NUMERAL})")?'
_STRING = rf'(?: STRING="(?P<string>{_VALUE})")?'
_TITLE, _AUTHOR = '(?: TITLE="(?P<title>TRUE|FALSE)")?', '(?: AUTHOR="(?P<author>TRUE|FALSE)")?'
#: A line as each tool writes it.
_LINES = tuple(
    re.compile(line)
    for line in (
        # NDLOCR-Lite
        rf'<LINE TYPE="(?P<type>{_VALUE})" {_PLACE}{_CONF}{_COUNT}{_ORDER}{_STRING} ?/>',
        # the server tool, which adds to the element what it finds out, one thing after another
        rf'<LINE TYPE="(?P<type>{_VALUE})" {_PLACE}{_CONF}{_COUNT}{_STRING}{_ORDER}{_TITLE}{_AUTHOR} ?/>',
        # the same where its Python puts attributes in the order of their names
        rf'<LINE{_AUTHOR}{_CONF} HEIGHT="(?P<height>{_NUMERAL})"{_ORDER}{_COUNT}{_STRING}{_TITLE}'
        rf' TYPE="(?P<type>{_VALUE})" WIDTH="(?P<width>{_NUMERAL})" X="(?P<x>{_NUMERAL})" Y="(?P<y>{_NUMERAL})" ?/>',
    )
)
#: Shows which of them it is: a line on which nothing was recognised has no STRING.
_LINE_WITH_TEXT = re.compile("<LINE[^<>]* STRING=")
_ATTRIBUTE = re.compile(rf' ([A-Za-z_]+)="({_VALUE})"')
_TAG = re.compile(
    rf'[ \t\r\n]*<(/?)(OCRDATASET|PAGE|TEXTBLOCK|BLOCK|SHAPE|POLYGON)((?: [A-Za-z_]+="{_VALUE}")*) ?(/?)>'
)
_DECLARATION = re.compile(
    r"""<\?xml version=(?:"1\.0"|'1\.0')(?: encoding=(?:"(?:UTF|utf)-8"|'(?:UTF|utf)-8'))? ?\?>"""
)
#: libxml2 refuses longer values and deeper trees; so deep and long is unusual, and up to it.
_USUAL_BYTES = 8_000_000
_USUAL_DEPTH = 50
_NAN = float("nan")
#: Asked for once: a name of an enumeration is looked up by a Python call each time.
_BODY = Kind.BODY


#: The two outermost elements.
_FRAME = ("OCRDATASET", "PAGE")


class _UnusualError(Exception):
    """The file is for lxml to read."""


class _Tree:
    """What is open between two lines: elements, text block, table; and the pages so far."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.pages: list[_PlainPage] = []
        #: Name of each open element, block of its lines, whether they are cells, whether they are text.
        self.open: list[tuple[str, int, bool, bool]] = []
        self.is_closed = False
        self._n_blocks = 0

    def read(self, between: str) -> None:
        """Follow the tags between two lines.

        Raises:
            _UnusualError: it is anything but known tags that open and close in order.
        """
        position = 0
        while match := _TAG.match(between, position):
            position = match.end()
            is_end, name, attributes, is_empty = match.groups()
            if is_end:
                if attributes or is_empty or not self.open or self.open.pop()[0] != name:
                    raise _UnusualError
                self.is_closed = not self.open
                continue
            self._start(name, attributes)
            if is_empty:
                self.open.pop()
                self.is_closed = not self.open
        if between[position:].strip(" \t\r\n"):
            raise _UnusualError

    def add(self, first: int, last: int) -> None:
        """Give the lines from first to last to what is open.

        Raises:
            _UnusualError: they stand where no lines stand.
        """
        if first == last:
            return
        if not self.open:
            raise _UnusualError
        name, block, in_table, is_text = self.open[-1]
        if is_text:
            self.pages[-1].spans.append((first, last, block, in_table))
        elif name in ("OCRDATASET", "SHAPE", "POLYGON"):
            raise _UnusualError

    def _start(self, name: str, attributes: str) -> None:
        found = _ATTRIBUTE.findall(attributes) if attributes else []
        values = dict(found)
        depth = len(self.open)
        is_frame = name in _FRAME
        is_at_home = depth < 2 and name == _FRAME[depth] if is_frame or depth < 2 else True
        if self.is_closed or len(values) < len(found) or not is_at_home or depth > _USUAL_DEPTH:
            raise _UnusualError
        if is_frame:
            self.open.append((name, NO_BLOCK, False, name == "PAGE"))
            if name == "PAGE":
                self._n_blocks = 0
                self.pages.append(_PlainPage(values.get("IMAGENAME") or self.label))
            return
        _, block, in_table, is_text = self.open[-1]
        if name == "TEXTBLOCK" and is_text:
            self._n_blocks += 1
            block = self._n_blocks
        elif name == "BLOCK" and is_text:
            kind = values.get("TYPE", "")
            if kind in _FURNITURE and (box := _box(values.get)):
                self.pages[-1].furniture.append(box)
            is_text = kind not in _NO_TEXT_BLOCKS
            if is_text and values.get("STRING"):
                raise _UnusualError
            if is_text:
                self._n_blocks += 1
                block, in_table = self._n_blocks, in_table or kind == "表組"
        else:
            is_text = False
        self.open.append((name, block, in_table, is_text))


class _PlainPage:
    """A page while it is read: which lines of the file are its own, with their block, and whether they are cells."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.furniture: list[Box] = []
        self.spans: list[tuple[int, int, int, bool]] = []


def _plain_pages(data: bytes, label: str) -> list[Page] | None:
    """The pages; None if the file is not as nearly all are, or is broken."""
    if len(data) > _USUAL_BYTES or b"\xef\xbf\xbe" in data or b"\xef\xbf\xbf" in data:
        return None  # U+FFFE and U+FFFF are not allowed in XML
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if text.startswith("<?") and (declaration := _DECLARATION.match(text)):
        text = text[declaration.end() :]
    first = _LINE_WITH_TEXT.search(text)
    patterns = (pattern for pattern in _LINES if first and pattern.match(text, first.start()))
    pattern = next(patterns, _LINES[0])
    # What stands before a line, its attributes, what stands before the next one, …
    parts = pattern.split(text)
    before = parts[:: pattern.groups + 1]
    tree = _Tree(label)
    try:
        changes = [at for at, tags in enumerate(before) if not tags.isspace()]
        if not changes or changes[0] != 0 or changes[-1] != len(before) - 1:
            return None
        for at, until in pairwise([*changes, len(before) - 1]):
            tree.read(before[at])
            tree.add(at, until)
    except _UnusualError:
        return None
    if not tree.is_closed or not tree.pages:
        return None
    columns = {name: parts[group :: pattern.groups + 1] for name, group in pattern.groupindex.items()}
    return _filled(tree.pages, columns)


def _filled(pages: list[_PlainPage], columns: dict[str, list[str]]) -> list[Page]:
    """The pages with their lines by ORDER, of the columns that one of `_LINES` gave; None is what a line lacks."""
    kinds = list(map(LINE_KINDS.get, columns["type"]))
    boxes = np.array([_numbers(columns[name]) for name in ("x", "y", "width", "height")], np.float64).T
    strings, orders, confidences = columns["string"], columns["order"], columns["conf"]
    texts = tidy_lines([string or "" for string in strings] if None in strings else strings)
    for attribute in ("title", "author"):
        if "TRUE" in (names := columns.get(attribute, [])):
            kinds = [_heading(kind) if name == "TRUE" else kind for kind, name in zip(kinds, names, strict=True)]
    are_kept = [kind is not None and text != "" for kind, text in zip(kinds, texts, strict=True)]
    trusts = _numbers(confidences)
    stated, are_stated = _numbers(orders), None not in orders
    filled = []
    for page in pages:
        lines: list[int] = []
        blocks: list[int] = []
        cells: set[int] = set()
        for first, last, block, in_table in page.spans:
            kept = compress(range(first, last), are_kept[first:last])
            lines += kept
            blocks += [block] * (len(lines) - len(blocks))
            if in_table:
                cells.update(line for line in range(first, last) if kinds[line] is Kind.BODY)
        places = stated if are_stated else _carried(stated, page)
        order = [places[line] for line in lines]
        if any(map(gt, order, order[1:])):
            turns = sorted(range(len(lines)), key=order.__getitem__)
            lines, blocks = [lines[at] for at in turns], [blocks[at] for at in turns]
        of_lines = [kinds[line] or _BODY for line in lines]
        if cells:
            of_lines = [Kind.CELL if line in cells else kind for line, kind in zip(lines, of_lines, strict=True)]
        filled.append(
            Page(
                page.label,
                [texts[line] for line in lines],
                of_lines,
                blocks,
                boxes[lines],
                [trusts[line] for line in lines],
                page.furniture,
            )
        )
    return filled


class _Floats(dict[str | None, float]):
    """The values of the numerals met so far: pages have few distinct ones, and a look-up takes a quarter of `float`."""

    def __missing__(self, numeral: str | None) -> float:
        value = _NAN if numeral is None else float(numeral)
        if len(self) < 1 << 16:
            self[numeral] = value
        return value


_FLOATS = _Floats()


def _numbers(numerals: list[str]) -> list[float]:
    """The values of numerals; NaN for None."""
    return list(map(_FLOATS.__getitem__, numerals))


def _carried(stated: list[float], page: _PlainPage) -> dict[int, float]:
    """The place of each line of a page; one that states none stands after the one before it."""
    carried: dict[int, float] = {}
    order = -1.0
    for first, last, _, _ in page.spans:
        for line in range(first, last):
            order = order if stated[line] != stated[line] else stated[line]
            carried[line] = order
    return carried
