"""Which format bytes are, by their first kilobytes: what a file is called does not say what it is.

Every source asks here before it reads a file as its own format. `recognise` gives the name of a format, `FORMATS`
says what to call it and which kind of source reads it. A packaged format (EPUB, DOCX) is a ZIP of a certain content,
so for those all bytes are looked at, or the names of the entries.

Text without any mark of its own (Markdown, TeX, tables, Aozora's notation) is told by what stands in its lines, and
only there the ending of the name decides between formats that the content allows.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from manyo.corpus.print.ocr_words import is_spaced
from manyo.corpus.web.charset import decode

#: Bytes at the start of a file that are looked at.
HEAD_BYTES: Final = 16 << 10


class Format(NamedTuple):
    """A format of files.

    Attributes:
        title: what people call it, with its article.
        kind: the `kind` of a [[source]] that reads it; empty if none does.
    """

    title: str
    kind: str = ""


FORMATS: Final = {
    # documents
    "pdf": Format("a PDF document", "pdf"),
    "epub": Format("an EPUB book", "files"),
    "docx": Format("a Word document (DOCX)", "files"),
    "odt": Format("an OpenDocument text (ODT)", "files"),
    "idml": Format("an InDesign document (IDML)", "files"),
    "html": Format("an HTML page", "files"),
    "dtbook": Format("a DTBook of the DAISY consortium", "files"),
    "jats": Format("a journal article (JATS)", "files"),
    "markdown": Format("Markdown", "files"),
    "tex": Format("TeX", "files"),
    "table": Format("a table of comma- or tab-separated values", "files"),
    "json": Format("JSON", "files"),
    "aozora": Format("a text in Aozora's notation", "aozora"),
    "text": Format("plain text", "text"),
    # what recognisers and libraries give
    "ndl": Format("pages of NDLOCR", "ndl"),
    "alto": Format("OCR pages (ALTO)", "ocr"),
    "page_xml": Format("OCR pages (PAGE-XML)", "ocr"),
    "hocr": Format("OCR pages (hOCR)", "ocr"),
    "iiif": Format("a IIIF manifest or annotations", "ocr"),
    "character_boxes": Format("a table of characters and their boxes (CODH)", "ocr"),
    "spaced_text": Format("text of Tesseract with blanks between words", "ocr"),
    "tei": Format("a TEI edition", "tei"),
    "egov": Format("a statute of the law database", "egov"),
    "kokkai": Format("minutes of the Diet", "kokkai"),
    "patent": Format("a patent publication", "patent"),
    "mediawiki": Format("a MediaWiki dump", "wikipedia"),
    "cirrus": Format("a CirrusSearch dump", "wikipedia"),
    "warc": Format("a WARC", "warc"),
    "parquet": Format("a Parquet file", "parquet"),
    # containers
    "zip": Format("a ZIP archive", "files"),
    "tar": Format("a TAR archive", "files"),
    "gzip": Format("data compressed by gzip"),
    "bzip2": Format("data compressed by bzip2"),
    "xz": Format("data compressed by xz"),
    "zstd": Format("data compressed by Zstandard"),
    "lz4": Format("data compressed by LZ4"),
    "7z": Format("a 7-Zip archive"),
    "rar": Format("a RAR archive"),
    "lzh": Format("an LZH archive"),
    # what no source reads
    "xlsx": Format("an Excel workbook"),
    "pptx": Format("a PowerPoint presentation"),
    "ods": Format("an OpenDocument spreadsheet"),
    "odp": Format("an OpenDocument presentation"),
    "encrypted_office": Format("an Office document with a password"),
    "ole": Format("an Office document of 1997 to 2003, or one of Ichitaro"),
    "rtf": Format("a rich text file (RTF)"),
    "indesign": Format("an InDesign document (INDD); export it as IDML"),
    "mobi": Format("a Kindle book (MOBI)"),
    "postscript": Format("a PostScript file"),
    "djvu": Format("a DjVu document"),
    "xml": Format("XML of an unknown vocabulary"),
    "png": Format("a PNG picture"),
    "jpeg": Format("a JPEG picture"),
    "gif": Format("a GIF picture"),
    "tiff": Format("a TIFF picture"),
    "jpeg2000": Format("a JPEG 2000 picture"),
    "webp": Format("a WebP picture"),
    "bmp": Format("a BMP picture"),
    "svg": Format("an SVG picture"),
    "photoshop": Format("a Photoshop picture"),
    "audio_or_video": Format("sound or video"),
    "font": Format("a font"),
    "style_sheet": Format("a style sheet"),
    "executable": Format("a program"),
    "sqlite": Format("an SQLite database"),
    "empty": Format("an empty file"),
    "binary": Format("binary data of an unknown format"),
}  # fmt: skip

#: (offset, bytes, format); the first that fits counts.
_MAGIC: Final = (
    (0, b"PK\x03\x04", "zip"), (0, b"PK\x05\x06", "zip"), (0, b"PK\x07\x08", "zip"),
    (0, b"\x1f\x8b", "gzip"), (0, b"BZh", "bzip2"), (0, b"\xfd7zXZ\0", "xz"), (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"\x04\x22\x4d\x18", "lz4"), (0, b"7z\xbc\xaf\x27\x1c", "7z"), (0, b"Rar!\x1a\x07", "rar"),
    (257, b"ustar", "tar"), (2, b"-lh", "lzh"), (0, b"PAR1", "parquet"), (0, b"WARC/", "warc"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"), (0, b"{\\rtf", "rtf"), (0, b"\x06\x06\xed\xf5", "indesign"),
    (60, b"BOOKMOBI", "mobi"), (60, b"TEXtREAd", "mobi"), (0, b"%!PS", "postscript"), (0, b"AT&TFORM", "djvu"),
    (0, b"\x89PNG\r\n\x1a\n", "png"), (0, b"\xff\xd8\xff", "jpeg"), (0, b"GIF8", "gif"), (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"), (0, b"\0\0\0\x0cjP  ", "jpeg2000"), (8, b"WEBP", "webp"), (0, b"8BPS", "photoshop"),
    (0, b"ID3", "audio_or_video"), (0, b"OggS", "audio_or_video"), (0, b"fLaC", "audio_or_video"),
    (0, b"RIFF", "audio_or_video"), (4, b"ftyp", "audio_or_video"), (0, b"\x1aE\xdf\xa3", "audio_or_video"),
    (0, b"OTTO", "font"), (0, b"\0\x01\0\0\0", "font"), (0, b"ttcf", "font"), (0, b"wOFF", "font"),
    (0, b"wOF2", "font"),
    (0, b"\x7fELF", "executable"), (0, b"MZ\x90", "executable"), (0, b"SQLite format 3", "sqlite"),
)  # fmt: skip
#: Media types that packaged formats state in their first entry, `mimetype`.
_PACKAGES: Final = {
    b"application/epub+zip": "epub",
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
    b"application/vnd.adobe.indesign-idml-package": "idml",
}
#: Local names of root elements.
_ROOTS: Final = {
    "html": "html", "dtbook": "dtbook", "article": "jats", "TEI": "tei", "TEI.2": "tei", "teiCorpus": "tei",
    "OCRDATASET": "ndl", "PAGE": "ndl", "alto": "alto", "PcGts": "page_xml", "Law": "egov", "DataRoot": "egov",
    "law_data_response": "egov", "mediawiki": "mediawiki", "svg": "svg", "jp-official-gazette": "patent",
    "UnexaminedPatentPublication": "patent", "RegisteredPatentPublication": "patent",
    "InternationalPatentPublication": "patent",
}  # fmt: skip
_ROOT = re.compile(r"<(?:[\w.-]+:)?([A-Za-z][\w.-]*)(?=[\s>/])")
_BEFORE_ROOT = re.compile(
    r"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[<>]*(?:\[.*?\]\s*)?>|\s)*", re.DOTALL | re.IGNORECASE
)
_HTML = re.compile(r"<!DOCTYPE\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_HOCR = re.compile(r"""class=["'][^"']*ocr_page|name=["']ocr-(?:system|capabilities)""")
_TEX = re.compile(r"\\(?:documentclass|documentstyle|begin|section|chapter|part|usepackage)\b\*?\s*[\[{]")
_STYLE_SHEET = re.compile(r"\s*(?:@charset\b|@import\b|@font-face\b|[\w.#*:,\s>-]{1,200}\{\s*[\w-]+\s*:[^{}]*\})")
#: Marks of Markdown at the start of a line or around words; a text has at least two kinds of them.
_MARKDOWN: Final = (
    re.compile(r"^#{1,6} +\S", re.MULTILINE),
    re.compile(r"^\|?(?: *:?-{3,}:? *\|)+ *(?::?-{3,}:?)? *\|?$", re.MULTILINE),
    re.compile(r"^(?:```|~~~)", re.MULTILINE),
    re.compile(r"\*\*[^*\n]+\*\*"),
    re.compile(r"\]\((?:https?:|[\w./#-]+\))"),
    re.compile(r"^(?:[*+-]|\d{1,3}\.) +\S", re.MULTILINE),
)
_AOZORA = re.compile(r"［＃[^［］\n]{1,80}］|｜[^《》｜\n]{1,30}《[^》\n]+》|^《》：ルビ|^底本[:：]「", re.MULTILINE)
#: Titles stand in 《》 too, and would be lost as readings: where nothing else is in Aozora's notation, all 《》 of a
#: text must be hiragana after kanji, and there must be some.
_BRACKETED = re.compile(r".?《[^》\n]*》")
_READING = re.compile(r"[㐀-鿿々〆ヶ]《[ぁ-ゖー]+》")
_MIN_READINGS: Final = 2
_CHARACTER_BOXES = re.compile(r"Unicode\s*,\s*Image\s*,\s*X\s*,\s*Y\b")
_JSON_LAWS = re.compile(r'"law_full_text"\s*:')
_JSON_MINUTES = re.compile(r'"(?:speechRecord|meetingRecord)"\s*:')
_JSON_NDL = re.compile(r'"(?:imginfo|coordjson|contenttext)"\s*:')
_JSON_CIRRUS = re.compile(r'\s*\{\s*"index"\s*:\s*\{')
_JSON_IIIF = re.compile(r'iiif\.io/api/presentation|"sc:Manifest"|"oa:Annotation|"AnnotationPage"|"sc:AnnotationList"')
_JSON_CONTENTS: Final = ((_JSON_IIIF, "iiif"), (_JSON_LAWS, "egov"), (_JSON_MINUTES, "kokkai"), (_JSON_NDL, "ndl"))
#: A tenth of random bytes are such control characters; text has none, but for a damaged byte.
_BINARY_SHARE: Final = 0.02
#: Formats that are text, or that begin as no text does.
_TEXTUAL: Final = ("warc", "rtf", "postscript", "parquet")
#: At the start of a file or of a line of its own: a text about PDF may name it elsewhere.
_PDF = re.compile(rb"(?:\A\s*|[\r\n])%PDF-\d(?:\.\d\s*[\r\n]|\.?\d?\s*\Z)|\A\s*%PDF-\d")
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")


def recognise(data: bytes, name: str = "") -> str:
    """The format of a file: a key of `FORMATS`.

    Args:
        data: the file, or at least its first `HEAD_BYTES`; of a ZIP all of it, else packages with an unusual order of
            entries are taken for archives.
        name: of the file; its ending decides between formats that the content allows.
    """
    head = data[:HEAD_BYTES]
    if not head.strip(b"\0 \t\r\n"):
        return "empty"
    for offset, magic, found in _MAGIC:
        # A text may begin with letters that stand for a format: `RIFF`, `GIF8`, `BZh`.
        if head.startswith(magic, offset) and (
            found in _TEXTUAL or not magic.isascii() or _BINARY.search(head) or not magic.decode().isprintable()
        ):
            return _inside(found, data)
    if _PDF.search(head[:1024]):
        return "pdf"
    decoded = decode(head)
    if decoded.charset not in ("utf-16le", "utf-16be"):
        n_control = len(_BINARY.findall(head))
        if n_control > _BINARY_SHARE * len(head) or b"\0" in head:
            return "binary"
    return _of_text(decoded.text, name.rsplit(".", 1)[-1].lower() if "." in name else "")


def format_of_entries(names: Sequence[str]) -> str:
    """The format of a ZIP by the names of its entries: that of a package, else `zip`."""
    entries = set(names)
    if "META-INF/container.xml" in entries:
        return "epub"
    if "[Content_Types].xml" in entries:
        for folder, found in (("word/", "docx"), ("xl/", "xlsx"), ("ppt/", "pptx")):
            if any(entry.startswith(folder) for entry in entries):
                return found
    if "designmap.xml" in entries:
        return "idml"
    if "content.xml" in entries and "META-INF/manifest.xml" in entries:
        return "odt"
    return "zip"


def package_of_head(head: bytes) -> str:
    """The format that the first entry of a ZIP states; empty if it states none."""
    if head[30:38] == b"mimetype" and (size := int.from_bytes(head[26:28], "little")) == 8:
        start = 30 + size + int.from_bytes(head[28:30], "little")
        return next((found for media_type, found in _PACKAGES.items() if head.startswith(media_type, start)), "")
    return ""


def _inside(found: str, data: bytes) -> str:
    """The format of what a container is used for."""
    if found == "zip":
        if stated := package_of_head(data):
            return stated
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                return format_of_entries(archive.namelist())
        except (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError, EOFError):
            return "docx" if b"word/document.xml" in data[:HEAD_BYTES] else "zip"
    if found == "ole":
        is_locked = "EncryptedPackage".encode("utf-16-le") in data
        return "encrypted_office" if is_locked else "ole"
    if found == "audio_or_video" and data[8:12] == b"WEBP":
        return "webp"
    return found


def _of_text(text: str, ending: str) -> str:
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("<"):
        return _of_markup(start)
    if start[:1] in ("{", "[") and re.match(r"[\[{]\s*(?:[\"{\[\]}]|-?\d|true|false|null)", start):
        return _of_json(start)
    if "<SDO " in start[:2000]:
        return "patent"
    if _CHARACTER_BOXES.match(start):
        return "character_boxes"
    if _TEX.search(text):
        return "tex"
    if ending == "css" and _STYLE_SHEET.match(start):
        return "style_sheet"
    if is_spaced(text):
        return "spaced_text"
    if _AOZORA.search(text) or _is_read_out(text):
        return "aozora"
    n_marks = sum(pattern.search(text) is not None for pattern in _MARKDOWN)
    if n_marks >= 2 or (ending in ("md", "markdown") and n_marks):
        return "markdown"
    if _is_table(text, ending):
        return "table"
    return "text"


def _is_read_out(text: str) -> bool:
    """Whether all that stands in 《》 are readings."""
    bracketed = _BRACKETED.findall(text)
    return len(bracketed) >= _MIN_READINGS and all(map(_READING.fullmatch, bracketed))


def _of_markup(start: str) -> str:
    if start.startswith("<SDO"):
        return "patent"
    before = _BEFORE_ROOT.match(start)
    root = _ROOT.match(start, before.end() if before else 0)
    local = root[1] if root else ""
    if local.lower() == "html" or (local not in _ROOTS and _HTML.search(start)):
        return "hocr" if _HOCR.search(start) else "html"
    if local == "document" and "opendocument" in start:
        return "odt"
    if local in _ROOTS:
        return _ROOTS[local]
    return "xml" if start.startswith("<?xml") or "xmlns" in start[:2000] or root else "text"


def _of_json(start: str) -> str:
    if _JSON_CIRRUS.match(start):
        return "cirrus"
    for pattern, found in _JSON_CONTENTS:
        if pattern.search(start):
            return found
    return "json"


def _is_table(text: str, ending: str) -> bool:
    """Whether all lines have the same number of columns, two or more; commas stand in Latin prose too."""
    lines = text.splitlines()[:50]
    lines = lines[:-1] if len(lines) > 2 else lines  # the last one may be cut
    for delimiter, least in (("\t", 2), (",", 2 if ending in ("csv", "tsv", "txt") else 3)):
        try:
            counts = {len(row) for row in csv.reader(lines, delimiter=delimiter) if row}
        except csv.Error:
            continue
        if len(lines) > 1 and len(counts) == 1 and counts.pop() >= least:
            return True
    return False
