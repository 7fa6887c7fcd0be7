"""The files of a publication of the National Diet Library: which page a name says, and how its bytes become lines.

`manyo.corpus.sources.ndl` names the shapes. Of a page in several shapes, the one that says most is read.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from manyo.corpus.print.geometry_kernels import Kind
from manyo.corpus.print.ocr_tables import read_character_boxes, read_iiif
from manyo.corpus.print.ocr_words import is_spaced, unspaced
from manyo.corpus.print.ocr_xml import read_alto, read_hocr, read_page_xml
from manyo.corpus.print.pages import page_order
from manyo.corpus.print.recognised import Line, Page
from manyo.corpus.records import Refused
from manyo.corpus.sources.content_kind import HEAD_BYTES, recognise
from manyo.corpus.sources.ndl_xml import read_pages, tidy_line, tidy_lines
from manyo.corpus.sources.packing import file_name
from manyo.corpus.text import tidy

_PID_AND_PAGE = re.compile(r"(?:digidepo_)?(\d{4,})(?:_(.+))?")
_STEM_AND_PAGE = re.compile(r"(.+)_(\d{3,7})")
#: The frame number (コマ) in a name that does not name its publication.
_FRAME = re.compile(r"R(\d{7})(?=_|\b)")
#: A name that only says which page it is: `p0001`, `page_12`, `img003`, `コマ24`.
_PAGE_WORD = re.compile(r"(?:p|page|img|image|frame|koma|コマ|頁)[_-]?(\d{1,7})", re.IGNORECASE)
#: A folder of one publication; those of years have four digits.
_PID_FOLDER = re.compile(r"(?:digidepo_)?([1-9]\d{4,})(?:_.+)?")
#: In such a folder, shorter numbers are pages.
_PID_MIN_DIGITS = 5

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

#: Endings that name a shape, not a page.
_WHOLE = ("_fulltext", "_utf16", "_words", "_coordinate", ".sorted")

#: Which shape of the same page says most.
SHAPES = (".xml", ".hocr", ".html", ".json", ".jsonl", ".csv", ".txt")
#: A shape of single lines, of which a publication has some.
ROWS = ".tsv"


@dataclass(frozen=True, slots=True)
class Item:
    """A file or archive entry of a publication, not yet parsed: its name and bytes."""

    name: str
    data: bytes

    @property
    def ending(self) -> str:
        """What the name ends with, such as `.xml`: the shape of the file."""
        return "." + self.name.rsplit(".", 1)[-1].lower()


@dataclass(frozen=True, slots=True)
class Name:
    """What a path says: `digidepo_2531162_0024.xml` is page `0024` of publication 2531162.

    Attributes:
        pid: the persistent id, digits; if the path has none, the path of what is taken for a publication.
        page: empty where the file holds a whole publication.
    """

    pid: str
    page: str


# --- names -----------------------------------------------------------------------------------------


def parse_name(path: str, root: str = "") -> Name:
    """PID and page of a file or archive entry.

    The PID stands in the file's name, else in that of the nearest folder (`2531162/R0000024.xml`). Without any, a
    publication is the folder of files that are named by a page alone, else the path without the page.

    Args:
        path: below the root of the input; of an entry, with the archive's PID as its first folder.
        root: name of the root's folder, for files that stand in none below it.
    """
    stem = _stem(path)
    folders = path.split("/")[:-1]
    named = (match[1] for folder in reversed(folders or [root]) if (match := _PID_FOLDER.fullmatch(folder)))
    pid_above = next(named, "")
    folder = pid_above or "/".join(folders) or root
    if frame := _FRAME.match(stem):
        return Name(folder, frame[1])
    if match := _PID_AND_PAGE.fullmatch(stem):
        is_pid = len(match[1]) >= _PID_MIN_DIGITS if pid_above else not match[1].startswith("0")
        return Name(match[1], match[2] or "") if is_pid else Name(folder, stem)
    if stem.isdecimal():
        return Name(folder, stem)
    if word := _PAGE_WORD.fullmatch(stem):
        return Name(folder, word[1])
    if match := _STEM_AND_PAGE.fullmatch(stem):
        return Name(pid_above, stem) if pid_above else Name("/".join((*folders, match[1])), match[2])
    return Name("/".join((*folders, stem)), "")


def _stem(path: str) -> str:
    """The last part of a path without the endings that say which shape it is."""
    stem = file_name(path)
    for ending in (".tar.gz", ".tgz", ".tar", ".zip", *SHAPES):
        if stem.lower().endswith(ending):
            stem = stem[: -len(ending)]
            break
    for ending in _WHOLE:
        stem = stem.removesuffix(ending)
    return stem


def by_page(items: Iterable[Item]) -> list[list[Item]]:
    """The items of each page, richest shape first, pages in order.

    Files that hold the whole publication (`{pid}.txt` next to its pages) count only where there are no pages.
    """
    pages: dict[str, list[Item]] = {}
    wholes: list[Item] = []
    for item in items:
        if page := parse_name(item.name).page:
            pages.setdefault(page, []).append(item)
        else:
            wholes.append(item)
    groups = [pages[page] for page in sorted(pages, key=page_order)] or [wholes]
    return [sorted(group, key=lambda item: (*SHAPES, ROWS).index(item.ending)) for group in groups]


# --- bytes -----------------------------------------------------------------------------------------

_NO_BOX = (np.nan,) * 4
#: What follows is a second copy of the text in the old batches (github.com/ndl-lab/tugidigi-web).
_TAIL = "\0#-#-##-#-#\0"
#: A page number that was glued to the last sentence of a text page: "…投入する。(30)".
_GLUED_PAGE_NUMBER = re.compile(r"(?<=[。」』])\s*[(（―—\-]\s*\d{1,4}\s*[)）―—\-]$")
#: A glued page number is looked for in the last characters of the page.
_GLUED_CHARS = 20


def read_best(candidates: list[Item]) -> list[Page] | Refused:
    """The pages of the first candidate that can be read."""
    refused = Refused("no_text", "no files")
    for index, item in enumerate(candidates):
        read = _READERS[item.ending](item)
        if not isinstance(read, Refused):
            return read
        refused = read if index == 0 else refused
    return refused


def _read_xml(item: Item) -> list[Page] | Refused:
    """The pages of NDLOCR, or of the format that the root element names."""
    head = item.data[:_ROOT_BYTES]
    reader = read_pages if b"<OCRDATASET" in head or b"<PAGE" in head else _XML_READERS.get(recognise(item.data))
    try:
        return (reader or read_pages)(item.data, _label(item.name))
    except ValueError as error:
        return Refused("broken_xml", f"{item.name}: {error}")


def _read_characters(item: Item) -> list[Page] | Refused:
    try:
        return read_character_boxes(item.data)
    except ValueError as error:
        return Refused("wrong_encoding" if isinstance(error, UnicodeError) else "broken_row", f"{item.name}: {error}")


def _read_json(item: Item) -> list[Page] | Refused:
    """The pages of any of the JSON shapes: page entries, interface pages, words, NDLOCR-Lite contents.

    JSON Lines hold an interface page a line.
    """
    text = decode_text(item.data)
    if text is None:
        return Refused("wrong_encoding", item.name)
    try:
        if is_iiif(item):
            return read_iiif(item.data, _label(item.name))[1]
        if item.ending == ".jsonl":
            return _json_pages([json.loads(line) for line in text.splitlines() if line.strip()], item.name)
        return _json_pages(json.loads(text), item.name)
    except RecursionError:
        return Refused("broken_json", f"{item.name}: nested too deeply")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        return Refused("broken_json", f"{item.name}: {error!r}")


def is_iiif(item: Item) -> bool:
    """Whether a file is a manifest or annotations of IIIF."""
    return item.ending == ".json" and b"iiif.io/api" in item.data[:HEAD_BYTES] and recognise(item.data) == "iiif"


def _json_pages(value: Any, name: str) -> list[Page]:
    if isinstance(value, dict) and "list" in value:
        value = value["list"]
    if isinstance(value, dict) and "words" in value:
        words = [word for word in value["words"] if word.get("isTextline", "true") != "false"]
        return [_json_page(_label(name), words)]
    if isinstance(value, dict) and "imginfo" in value:
        label = value["imginfo"].get("img_name") or _label(name)
        return [_json_page(label, [entry for part in value["contents"] for entry in part])]
    if isinstance(value, dict):
        value = [value]
    if any("contents" in entry or "coordjson" in entry for entry in value):
        return [_interface_page(entry) for entry in sorted(value, key=lambda entry: entry.get("page", 0))]
    return [_json_page(_label(name), value)]


def _interface_page(entry: dict[str, Any]) -> Page:
    """A page of the full-text interface: running text, and its lines as JSON in a string."""
    label = str(entry.get("page", entry.get("id", "")))
    if coordinates := entry.get("coordjson"):
        page = _json_page(label, json.loads(coordinates))
        if page.texts:
            return page
    return _text_page(label, entry.get("contents") or "")


def _json_page(label: str, entries: list[dict[str, Any]]) -> Page:
    """Entries are lines; in some books they are single characters, which have no geometry of their own."""
    texts = tidy_lines([str(entry.get("contenttext", entry.get("text", ""))) for entry in entries])
    if len(texts) > 1 and max(map(len, texts)) <= 1:
        whole = "".join(texts)
        return Page.of_texts(label, [whole] if whole else [])
    if "" in texts:
        entries = [entry for text, entry in zip(texts, entries, strict=True) if text]
        texts = [text for text in texts if text]
    boxes = np.array([_json_box(entry) for entry in entries], np.float64).reshape(-1, 4)
    # The tools write 0 for an unknown confidence.
    confidences = [float(entry.get("confidence") or 0.0) or np.nan for entry in entries]
    return replace(Page.of_texts(label, texts), boxes=boxes, confidences=confidences)


def _json_box(entry: dict[str, Any]) -> tuple[float, float, float, float]:
    if "xmin" in entry:
        x, y = float(entry["xmin"]), float(entry["ymin"])
        return x, y, float(entry["xmax"]) - x, float(entry["ymax"]) - y
    if corners := entry.get("boundingBox"):
        xs, ys = [float(corner[0]) for corner in corners], [float(corner[1]) for corner in corners]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)
    return _NO_BOX


def _read_text(item: Item) -> list[Page] | Refused:
    text = decode_text(item.data)
    if text is None:
        return Refused("wrong_encoding", f"{item.name}: neither UTF-8 nor UTF-16 with a byte order mark")
    text = text.split(_TAIL, 1)[0]
    if " " in text and is_spaced(text):
        # Tesseract ends a page with a form feed, and a paragraph with an empty line.
        pages = text.rstrip("\f\n ").split("\f")
        label = _label(item.name)
        return [_spaced_page(label if len(pages) == 1 else str(n), page) for n, page in enumerate(pages, start=1)]
    return [_text_page(_label(item.name), text)]


def _spaced_page(label: str, text: str) -> Page:
    paragraphs = re.split(r"\n[ \t]*\n", text)
    return Page.of(
        label,
        [
            Line(line, Kind.BODY, number)
            for number, paragraph in enumerate(paragraphs)
            for row in paragraph.split("\n")
            if (line := tidy_line(unspaced(row.strip(" "))))
        ],
    )


def _read_rows(item: Item) -> list[Page] | Refused:
    """One page per row: a line that is cut out does not go on in the next row."""
    rows = [row.split("\t") for row in item.data.decode().split("\n")]
    lines = [(row[3] if len(row) > 3 and row[3] else row[0], tidy_line(row[1])) for row in rows]
    return [Page.of(label, [Line(text, Kind.HEADING)] if text else []) for label, text in lines]


def _text_page(label: str, text: str) -> Page:
    text = tidy(text.replace("\t", ""))
    end = max(len(text) - _GLUED_CHARS, 0)
    text = text[:end] + _GLUED_PAGE_NUMBER.sub("", text[end:])
    return Page.of_texts(label, [line for line in text.split("\n") if line.strip()])


def decode_text(data: bytes) -> str | None:
    """The text of a file in UTF-16 with a byte order mark, or else in UTF-8; None if it is neither."""
    encoding = "utf-16" if data[:2] in _UTF_16_MARKS else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def are_utf16(items: tuple[Item, ...]) -> bool:
    """Whether all files of a publication have the byte order mark of UTF-16."""
    return bool(items) and all(item.data[:2] in _UTF_16_MARKS for item in items)


def _label(name: str) -> str:
    """The frame number (コマ) without leading zeros where the name has one, else the page as the name has it."""
    page = parse_name(name).page
    return (page.lstrip("0") or "0") if page.isdecimal() else page


#: Bytes at the start of an XML file in which its root element stands.
_ROOT_BYTES = 500
_XML_READERS: dict[str, Callable[[bytes, str], list[Page]]] = {
    "alto": read_alto, "page_xml": read_page_xml, "hocr": read_hocr,
}  # fmt: skip
_READERS: dict[str, Callable[[Item], list[Page] | Refused]] = {
    ".xml": _read_xml,
    ".hocr": _read_xml,
    ".html": _read_xml,
    ".csv": _read_characters,
    ".json": _read_json,
    ".jsonl": _read_json,
    ".txt": _read_text,
    ROWS: _read_rows,
}
