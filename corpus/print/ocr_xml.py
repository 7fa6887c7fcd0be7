"""OCR pages in the formats that libraries and recognisers exchange: ALTO, PAGE-XML, hOCR.

All three are pages of blocks of lines of words, with boxes. What a block is for (running head, page number, caption,
note in the margin) is stated by its type, its place in a margin, or a label, and decides the kind of its lines. Blocks
follow one another in the reading order that the file states, else as they stand. Of several readings of a line the
first is taken.

Formats: www.loc.gov/standards/alto, github.com/PRImA-Research-Lab/PAGE-XML, kba.github.io/hocr-spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from manyo.corpus.books.xml_parts import local_name
from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.ocr_words import joined_words, unspaced
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.text import tidy

#: Labels of blocks and lines that are no text of the work: types of PAGE, labels of ALTO's tags (SegmOnto), classes of
#: hOCR, and the names that Japanese layouts have.
_FURNITURE = re.compile(
    r"header|footer|page-?num|running|numbering|signature|catch-?word|stamp|seal|damage|graphic|digitization|柱|ノンブル",
    re.IGNORECASE,
)
_KINDS = (
    (re.compile(r"caption|キャプション", re.IGNORECASE), Kind.CAPTION),
    (re.compile(r"margin|foot-?note|endnote|gloss|interlinear|頭注|脚注|傍注", re.IGNORECASE), Kind.HEADNOTE),
    (re.compile(r"heading|title|見出し", re.IGNORECASE), Kind.HEADING),
    (re.compile(r"table|表", re.IGNORECASE), Kind.CELL),
)


def read_alto(data: bytes, label: str) -> list[Page]:
    """The pages of an ALTO file; `label` is that of a page without a name of its own.

    Raises:
        ValueError: the XML is broken, or holds no page.
    """
    root = _parsed(data)
    tags = {
        element.get("ID", ""): element.get("LABEL", "")
        for element in _all(root, "OtherTag", "LayoutTag", "StructureTag")
    }
    image = next((_text(element) for element in _all(root, "fileName")), "")
    order = {element.get("REF", ""): number for number, element in enumerate(_all(root, "ElementRef"))}
    pages = []
    elements = _all(root, "Page")
    if not elements:
        raise ValueError(f"no Page in <{local_name(root)}>")
    for page in elements:
        blocks = _all(page, "TextBlock")
        blocks.sort(key=lambda block: order.get(block.get("ID", ""), len(order)))
        lines: list[Line] = []
        furniture: list[Box] = []
        for number, block in enumerate(blocks, start=1):
            stated = " ".join(tags.get(reference, "") for reference in block.get("TAGREFS", "").split())
            margin = next(
                (local_name(around) for around in block.iterancestors() if local_name(around).endswith("Margin")), ""
            )
            kind = Kind.HEADNOTE if margin in ("LeftMargin", "RightMargin") else kind_of(stated)
            if margin in ("TopMargin", "BottomMargin") or kind is None:
                if box := _alto_box(block):
                    furniture.append(box)
                continue
            for line in _all(block, "TextLine"):
                of_line = " ".join(tags.get(reference, "") for reference in line.get("TAGREFS", "").split())
                line_kind = kind_of(of_line) if of_line else kind
                if line_kind is not None and (text := _alto_line(line)):
                    lines.append(
                        Line(text, line_kind, number, _alto_box(line), _mean(_confidences(line, "String", "WC")))
                    )
        name = image if len(elements) == 1 else ""
        pages.append(
            Page.of(_page_label(name) or page.get("PRINTED_IMG_NR") or page.get("ID") or label, lines, furniture)
        )
    return pages


def read_page_xml(data: bytes, label: str) -> list[Page]:
    """The pages of a PAGE-XML file; arguments and errors as in `read_alto`."""
    root = _parsed(data)
    elements = _all(root, "Page")
    if not elements:
        raise ValueError(f"no Page in <{local_name(root)}>")
    return [_page_xml_page(page, label) for page in elements]


def read_hocr(data: bytes, label: str) -> list[Page]:
    """The pages of an hOCR file; arguments and errors as in `read_alto`."""
    try:
        root = _parsed(data)
    except ValueError:
        try:
            root = lxml_html.document_fromstring(data, lxml_html.HTMLParser(no_network=True, huge_tree=False))
        except (etree.ParserError, etree.XMLSyntaxError) as error:
            raise ValueError(str(error)) from error
    by_tesseract = b"tesseract" in data[:2000]
    pages = []
    elements = [element for element in root.iter(etree.Element) if _has_class(element, "ocr_page")]
    if not elements:
        raise ValueError("no element of the class ocr_page")
    for page in elements:
        lines: list[Line] = []
        furniture: list[Box] = []
        blocks: dict[etree._Element, int] = {}
        for element in page.iter(etree.Element):
            kind = _hocr_kind(element, by_tesseract)
            if kind == "furniture":
                if box := _hocr_box(element):
                    furniture.append(box)
            elif isinstance(kind, Kind) and (text := _hocr_line(element)):
                area = next((around for around in element.iterancestors() if _has_class(around, "ocr_carea")), page)
                block = blocks.setdefault(area, len(blocks) + 1)
                confidence = _mean(_hocr_confidences(element))
                lines.append(Line(text, kind, block, _hocr_box(element), confidence))
        image = re.search(r"""\bimage\s+["']?([^"';]+)""", page.get("title", ""))
        pages.append(Page.of(_page_label(image[1] if image else "") or page.get("id") or label, lines, furniture))
    return pages


def kind_of(stated: str) -> Kind | None:
    """The kind of lines of a block that is called so; None if they are no text of the work."""
    if _FURNITURE.search(stated):
        return None
    return next((kind for pattern, kind in _KINDS if pattern.search(stated)), Kind.BODY)


# --- ALTO --------------------------------------------------------------------------------------------------


def _alto_line(line: etree._Element) -> str:
    """The words of a line; a hyphen at its end stays, as paragraphs join broken words."""
    words: list[str] = []
    for child in line:
        name = local_name(child)
        if name == "String":
            words.append(child.get("CONTENT", ""))
        elif name == "SP":
            words.append(" ")
        elif name == "HYP":
            words.append(child.get("CONTENT") or "-")
    return _tidy_line(unspaced("".join(words)))


def _alto_box(element: etree._Element) -> Box | None:
    return _box([element.get(name) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT")])


# --- PAGE-XML ----------------------------------------------------------------------------------------------


def _page_xml_page(page: etree._Element, label: str) -> Page:
    lines: list[Line] = []
    furniture: list[Box] = []
    for number, region in enumerate(_regions(page), start=1):
        kind = Kind.CELL if _in_table(region) else kind_of(region.get("type") or _custom(region, "type"))
        if kind is None:
            if box := _coords(region):
                furniture.append(box)
            continue
        own = [child for child in region if local_name(child) == "TextLine"]
        own.sort(key=lambda line: _custom_index(line, 0))
        for line in own:
            if text := _tidy_line(_reading(line)):
                lines.append(Line(text, kind, number, _coords(line), _page_confidence(line)))
        if not own and not any(local_name(child).endswith("Region") for child in region):
            lines += [Line(text, kind, number) for row in _reading(region).splitlines() if (text := _tidy_line(row))]
    return Page.of(_page_label(page.get("imageFilename") or "") or label, lines, furniture)


def _regions(page: etree._Element) -> list[etree._Element]:
    """Regions with text in reading order; those that the order does not name come after."""
    places: dict[str, int] = {}
    for group in (child for child in page if local_name(child) == "ReadingOrder"):
        for reference in _ordered(group):
            places.setdefault(reference, len(places))
    regions = [
        element
        for element in page.iter(etree.Element)
        if local_name(element) in ("TextRegion", "TableCell", "TableRegion")
    ]
    stated = [region for region in regions if _custom_index(region, -1) >= 0]

    def place(region: etree._Element) -> tuple[int, int]:
        """A region within another stands where that one does, if the order does not name it."""
        at: etree._Element | None = region
        while at is not None and at is not page:
            if at.get("id") in places:
                return places[at.get("id", "")], 0
            at = at.getparent()
        return len(places), _custom_index(region, 0) if stated and not places else 0

    return sorted(regions, key=place)


def _ordered(group: etree._Element) -> Iterator[str]:
    """References of a group of the reading order, by their index."""
    children = [child for child in group if local_name(child)]
    children.sort(key=lambda child: int(index) if (index := child.get("index", "")).isdecimal() else 0)
    for child in children:
        if reference := child.get("regionRef"):
            yield reference
        yield from _ordered(child)


def _in_table(region: etree._Element) -> bool:
    return local_name(region) == "TableCell" or any(
        local_name(around) == "TableRegion" for around in region.iterancestors()
    )


def _reading(element: etree._Element) -> str:
    """The element's own text: the reading of the least index, or what its words say."""
    readings = [child for child in element if local_name(child) == "TextEquiv"]
    if readings:
        readings.sort(key=lambda child: int(index) if (index := child.get("index", "0")).isdecimal() else 0)
        unicode = [child for child in readings[0] if local_name(child) == "Unicode"]
        return _text(unicode[0]) if unicode else ""
    return joined_words(_reading(child) for child in element if local_name(child) == "Word")


def _page_confidence(line: etree._Element) -> float | None:
    return _mean([value for child in line if local_name(child) == "TextEquiv" for value in _numbers(child.get("conf"))])


def _custom(element: etree._Element, name: str) -> str:
    """A value of the attribute `custom` of Transkribus: `structure {type:heading;}`."""
    match = re.search(rf"\b{name}:([^;}}]+)", element.get("custom", ""))
    return match[1].strip() if match else ""


def _custom_index(element: etree._Element, default: int) -> int:
    index = _custom(element, "index")
    return int(index) if index.isdecimal() and len(index) < 10 else default


def _coords(element: etree._Element) -> Box | None:
    """The box around the outline of an element."""
    coords = next((child for child in element if local_name(child) == "Coords"), None)
    if coords is None:
        return None
    points = re.findall(r"(-?\d+(?:\.\d+)?)[,\s]+(-?\d+(?:\.\d+)?)", coords.get("points", ""))
    points += [(point.get("x", ""), point.get("y", "")) for point in coords if local_name(point) == "Point"]
    try:
        xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
    except ValueError:
        return None
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)) if len(xs) > 1 else None


# --- hOCR --------------------------------------------------------------------------------------------------

_HOCR_KINDS = {"ocr_line": Kind.BODY, "ocrx_line": Kind.BODY, "ocr_textfloat": Kind.BODY, "ocr_caption": Kind.CAPTION}
_HOCR_FURNITURE = frozenset(("ocr_footer", "ocr_pageno", "ocr_header"))


def _hocr_kind(element: etree._Element, by_tesseract: bool) -> Kind | str | None:
    for name in element.get("class", "").split():
        if name == "ocr_header" and by_tesseract:
            return Kind.HEADING  # of larger print: Tesseract does not look for running heads
        if name in _HOCR_FURNITURE:
            return "furniture"
        if name in _HOCR_KINDS:
            return _HOCR_KINDS[name]
    return None


def _hocr_line(element: etree._Element) -> str:
    words = [word for word in element.iter(etree.Element) if _has_class(word, "ocrx_word")]
    return _tidy_line(
        joined_words(_text(word) for word in words) if words else unspaced(" ".join(_text(element).split()))
    )


def _hocr_box(element: etree._Element) -> Box | None:
    match = re.search(r"\bbbox\s+(-?[\d.]+)\s+(-?[\d.]+)\s+(-?[\d.]+)\s+(-?[\d.]+)", element.get("title", ""))
    if not match:
        return None
    x, y, right, bottom = (_numbers(part) for part in match.groups())
    return Box(x[0], y[0], right[0] - x[0], bottom[0] - y[0]) if x and y and right and bottom else None


def _hocr_confidences(line: etree._Element) -> list[float]:
    found = re.findall(
        r"\bx_wconf\s+([\d.]+)", " ".join(element.get("title", "") for element in line.iter(etree.Element))
    )
    return [value / 100 for part in found for value in _numbers(part)]


def _has_class(element: etree._Element, name: str) -> bool:
    return name in element.get("class", "").split()


# --- what all share ----------------------------------------------------------------------------------------


def _parsed(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(str(error)) from error


def _all(root: etree._Element, *names: str) -> list[etree._Element]:
    """All elements below with one of these local names, in the order of the file."""
    return [element for element in root.iter(etree.Element) if local_name(element) in names]


def _text(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def _tidy_line(text: str) -> str:
    return tidy(" ".join(text.split("\n"))).strip(" \t")


def _box(values: list[str | None]) -> Box | None:
    numbers = [number for value in values for number in _numbers(value)]
    return Box(*numbers) if len(numbers) == 4 else None


def _numbers(value: str | None) -> list[float]:
    try:
        return [float(value)] if value else []
    except ValueError:
        return []


def _confidences(line: etree._Element, name: str, attribute: str) -> list[float]:
    return [value for word in line if local_name(word) == name for value in _numbers(word.get(attribute))]


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _page_label(image: str) -> str:
    """The name of an image without the folders of the machine that made the file; an address stays whole."""
    image = image.strip()
    return image if "://" in image else image.replace("\\", "/").rsplit("/", 1)[-1]
