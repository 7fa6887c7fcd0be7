"""OCR pages in JSON and tables: IIIF manifests and annotations, CODH's tables of characters.

- IIIF Presentation 2 and 3 (iiif.io/api/presentation): each canvas is a page, its label the address of its image, its
  lines the texts of the annotations on it. A manifest whose annotations lie elsewhere has pages without lines.
- CODH (codh.rois.ac.jp/char-shape): `Unicode,Image,X,Y,Block ID,Char ID,Width,Height`, a row for each character. A
  line goes on as long as characters of a block follow below one another; the next one begins higher up, or beside it.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from manyo.corpus.print.geometry_kernels import Box, Kind
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.text import tidy

_PLACE = re.compile(r"#xywh=(?:pixel:)?(-?\d+(?:\.\d+)?),(-?\d+(?:\.\d+)?),(\d+(?:\.\d+)?),(\d+(?:\.\d+)?)")
_TAG = re.compile(r"<[^<>]{1,200}>")
#: Rows of CODH's table name a code point: U+3080.
_CODE = re.compile(r"U\+([0-9A-Fa-f]{4,6})")


def read_iiif(data: bytes, label: str) -> tuple[str, list[Page]]:
    """Title and pages of a manifest, or of a list of annotations; `label` is that of a page without a name of its own.

    Raises:
        ValueError: it is not JSON, or nothing of IIIF.
    """
    try:
        value = json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError(f"{type(value).__name__} instead of an object")
    canvases = [canvas for canvas in _listed(value, "items") if _type(canvas) == "Canvas"]
    for sequence in _listed(value, "sequences"):
        canvases += _listed(sequence, "canvases")
    if _type(value) == "Canvas":
        canvases = [value]
    if canvases:
        return _words(value.get("label")), [_canvas_page(canvas, label) for canvas in canvases]
    annotations = _annotations(value)
    if not annotations:
        raise ValueError("neither canvases nor annotations")
    by_canvas: dict[str, list[Line]] = {}
    for annotation in annotations:
        canvas, lines = _annotation_lines(annotation)
        by_canvas.setdefault(canvas or label, []).extend(lines)
    return _words(value.get("label")), [Page.of(canvas, lines) for canvas, lines in by_canvas.items()]


def _canvas_page(canvas: dict[str, Any], label: str) -> Page:
    lines: list[Line] = []
    image = ""
    for page in (*_listed(canvas, "otherContent"), *_listed(canvas, "annotations"), *_listed(canvas, "items")):
        for annotation in _annotations(page):
            lines += _annotation_lines(annotation)[1]
            image = image or _image(annotation)
    for picture in _listed(canvas, "images"):
        image = image or _image(picture)
    name = image or str(canvas.get("@id") or canvas.get("id") or "") or _words(canvas.get("label")) or label
    return Page.of(name, lines)


def _annotations(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The annotations of a list, a page of them, or a collection of pages."""
    found = []
    for entry in (*_listed(value, "resources"), *_listed(value, "items"), *_listed(value, "first")):
        if _type(entry) == "AnnotationPage":
            found += _annotations(entry)
        elif _type(entry) == "Annotation":
            found.append(entry)
    return found


def _annotation_lines(annotation: dict[str, Any]) -> tuple[str, list[Line]]:
    """The canvas of an annotation, and the lines of its text; pictures have none."""
    target = annotation.get("on", annotation.get("target"))
    for entry in _any(target)[:1]:
        if isinstance(entry, dict):
            source = entry.get("full", entry.get("source", entry.get("id", "")))
            source = source.get("id", source.get("@id", "")) if isinstance(source, dict) else source
            selector = entry.get("selector")
            value = next((str(one.get("value", "")) for one in _any(selector) if isinstance(one, dict)), "")
            target = f"{source}{value if value.startswith('#') or not value else '#' + value}"
        else:
            target = entry
    place = _PLACE.search(str(target))
    box = Box(*map(float, place.groups())) if place else None
    lines = []
    for body in (*_any(annotation.get("resource")), *_any(annotation.get("body"))):
        if not isinstance(body, dict) or not isinstance(text := body.get("chars", body.get("value")), str):
            continue
        if "html" in str(body.get("format", "")) or text.lstrip().startswith("<p"):
            text = _TAG.sub("", text.replace("</p>", "\n").replace("<br", "\n<br"))
        rows = [row for row in tidy(text).split("\n") if row.strip()]
        lines += [Line(row, Kind.BODY, None, box if len(rows) == 1 else None) for row in rows]
    return str(target or "").split("#", 1)[0], lines


def _image(annotation: dict[str, Any]) -> str:
    for body in (*_any(annotation.get("resource")), *_any(annotation.get("body"))):
        if isinstance(body, dict) and _type(body) not in ("TextualBody", "ContentAsText"):
            return str(body.get("@id") or body.get("id") or "")
    return ""


def _listed(value: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [entry for entry in _any(value.get(name)) if isinstance(entry, dict)]


def _any(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _type(value: dict[str, Any]) -> str:
    """The type without its prefix: `oa:Annotation` is an Annotation."""
    stated = value.get("@type", value.get("type", ""))
    return str(_any(stated)[0] if _any(stated) else "").rpartition(":")[2]


def _words(value: Any) -> str:
    """A label: a string, or strings by language, Japanese before others."""
    if isinstance(value, dict):
        value = value.get("@value") or value.get("ja") or next(iter(value.values()), "")
    return _words(value[0]) if isinstance(value, list) and value else tidy(value) if isinstance(value, str) else ""


def read_character_boxes(data: bytes) -> list[Page]:
    """The pages of a table of characters, in the order of its rows; lines within a page likewise.

    Raises:
        ValueError: it is in no known encoding, or a row lacks a value.
    """
    pages: dict[str, list[Line]] = {}
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    except csv.Error as error:
        raise ValueError(f"not a table: {error}") from error
    for image, line in _character_lines(rows):
        pages.setdefault(image, []).append(line)
    return [Page.of(image, lines) for image, lines in pages.items()]


def _character_lines(rows: list[dict[str, str]]) -> Iterator[tuple[str, Line]]:
    text, image, block = "", "", ""
    boxes: list[Box] = []
    for number, row in enumerate(rows, start=2):
        try:
            code = _CODE.search(row["Unicode"])
            box = Box(*(float(row[name]) for name in ("X", "Y", "Width", "Height")))
            at, own_block = row["Image"], row.get("Block ID") or ""
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"row {number}: {error!r}") from error
        # Tables of the first years write the character itself.
        character = chr(min(int(code[1], 16), 0x10FFFF)) if code else row["Unicode"][:1]
        if text and ((at, own_block) != (image, block) or not _goes_on(boxes[-1], box)):
            yield image, _line(text, boxes)
            text, boxes = "", []
        text, image, block = text + character, at, own_block
        boxes.append(box)
    if text:
        yield image, _line(text, boxes)


def _goes_on(last: Box, box: Box) -> bool:
    """Whether a character stands below the last one: it begins lower, and their columns overlap by half."""
    overlap = min(last.x + last.width, box.x + box.width) - max(last.x, box.x)
    return box.y > last.y and overlap >= 0.5 * min(last.width, box.width)


def _line(text: str, boxes: list[Box]) -> Line:
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Line(tidy(text), Kind.BODY, None, Box(x, y, right - x, bottom - y))
