"""PDF files, and archives of them: one document per file.

PDFium gives the glyphs of a page and their places (`manyo.corpus.print.pdf_glyphs`); everything else is told by them:
lines, columns, tables, readings, running heads, paragraphs (docs/pdf.md). The order of the file's stream is not used,
since it need not be the order of reading.

A page whose text cannot be taken is listed with the reason; a file none of whose pages can is refused. What a damaged
file has lost is repaired by qpdf (pikepdf) as far as its pages can be found.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np
import pikepdf
import pypdfium2 as pdfium

from manyo.corpus.print.declared_headings import bookmarks_of, with_headings
from manyo.corpus.print.page_layout import SetPage, arranged, lines_of, margins_of
from manyo.corpus.print.page_margins import find_margins
from manyo.corpus.print.pdf_glyphs import page_of
from manyo.corpus.print.recognised import Page
from manyo.corpus.print.set_text import ArrangedPage, set_text
from manyo.corpus.print.text_layer import is_scan, why_implausible, why_ocr
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, OcrPage, Outcome, Record, Refused
from manyo.corpus.settings.meant_texts import FolderPath
from manyo.corpus.sources import archives
from manyo.corpus.sources.ndl_pages import SHAPES, Item, by_page, read_best
from manyo.corpus.sources.packing import file_name, pack_files, require_positive
from manyo.corpus.sources.pdf_properties import properties_of
from manyo.corpus.sources.unchanged_inputs import input_file
from manyo.corpus.structure import NO_STRUCTURE, Structure, tidied
from manyo.corpus.tables.shards import filesystem

#: Why a PDF has no text.
PDF_REASONS = {
    "not_pdf": "the file does not hold %PDF- within its first kilobyte",
    "encrypted": "the file needs a password",
    "damaged": "the file cannot be opened, not even after a repair, or its pages cannot be read",
    "too_many_pages": "the file has more pages than max_pages",
    "xfa": "the file is an XFA form, whose text is drawn by programs in it",
    "needs_ocr": "no page has text that can be taken; the detail says why, and the pages are listed in ocr_queue",
    "no_text": "the file holds no text",
}
REASONS = {
    **archives.REASONS,
    **PDF_REASONS,
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is not a .pdf file",
}

_HEADER_BYTES = 1024
_ENCRYPTED = "password"
#: So many bytes of sixteen values: some 8,000 bytes of streams, among which 32 line feeds are expected.
_LEAST_BINARY = 512


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a PDF source.

    Attributes:
        target_shard_bytes: files are packed into one shard up to this size.
        max_file_bytes: limit for one file, decompressed.
        max_pages: files with more pages are refused.
        ocr_results: folder with what an OCR tool made of the pages in `ocr_queue`: of page 7 of the file with the key
            `2031/a.pdf`, `2031/a.pdf/7.xml`, in any format of `kind = "ocr"`. Empty: none.
    """

    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20
    max_pages: int = 5_000
    ocr_results: FolderPath = ""

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes", "max_pages")


@dataclass(slots=True)
class PdfText:
    """What a PDF says.

    Attributes:
        text: its paragraphs.
        pages: (label, start in characters) of every page.
        structure: spans of the text.
        title, licence, rights: as the file states them; empty if it states none.
        ocr: (number of the page from 1, why) of each page that needs OCR.
        broken: (number of the page from 1, fault) of each page that cannot be read.
        meta: page count, dates, language, what was left out.
    """

    text: str = ""
    pages: list[tuple[str, int]] = field(default_factory=list)
    structure: Structure = NO_STRUCTURE
    title: str = ""
    licence: str = ""
    rights: tuple[str, ...] = ()
    ocr: list[tuple[int, str]] = field(default_factory=list)
    broken: list[tuple[int, str]] = field(default_factory=list)
    meta: dict[str, object] = field(default_factory=dict)


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size; the OCR results of a shard's files are its sidecars.

    Raises:
        ValueError: the folder of OCR results is empty, or holds those of other files.
    """
    shards = pack_files(files, options.target_shard_bytes)
    if not options.ocr_results:
        return shards
    fs, root = filesystem(options.ocr_results)
    found = sorted(fs.find(root).items())
    if not found:
        raise ValueError(f"ocr_results: no file in {options.ocr_results}")
    results: dict[str, list[InputFile]] = {}
    names = {file.name for file in files}
    for path, info in found:
        relative = path.removeprefix(root.rstrip("/")).lstrip("/")
        folders = relative.split("/")
        owner = next((name for n in range(1, len(folders)) if (name := "/".join(folders[:n])) in names), "")
        results.setdefault(owner, []).append(input_file(f"{options.ocr_results.rstrip('/')}/{relative}", info))
    if results.keys() == {""}:
        example = f"{options.ocr_results.rstrip('/')}/{files[0].name}/1.xml" if files else ""
        raise ValueError(f"ocr_results: none of its {len(found):,} files is of a page of an input, such as {example}")
    return [
        replace(shard, sidecars=tuple(result for file in shard.files for result in results.get(file.name, ())))
        for shard in shards
    ]


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per file or .pdf entry of an archive; its key is the path below the input's root."""
    return archives.texts(shard.files, options.max_file_bytes, (".pdf",), ("pdf", "binary"))


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The text of a PDF."""
    recognised = _recognised(options.ocr_results, record.key) if options.ocr_results else {}
    return document_of(read_pdf(record.payload, options.max_pages, recognised), record.address)


def _recognised(folder: str, key: str) -> dict[int, Page]:
    """The pages of a file that an OCR tool has read, by their numbers; what cannot be read is left out."""
    fs, root = filesystem(folder)
    path = f"{root.rstrip('/')}/{key}"
    try:
        names = list(fs.find(path))
    except FileNotFoundError:
        return {}
    items = [Item(file_name(name), fs.cat_file(name)) for name in sorted(names) if name.lower().endswith(SHAPES)]
    pages: dict[int, Page] = {}
    for candidates in by_page(items):
        number = _DIGITS.findall(candidates[0].name) if candidates else []
        read = read_best(candidates) if number else Refused("no_text")
        if not isinstance(read, Refused) and read:
            pages[int(number[-1])] = read[0]
    return pages


_DIGITS = re.compile(r"\d{1,9}")


def document_of(found: PdfText | Refused, uri: str) -> Document | Refused:
    """What `read_pdf` found as an outcome for an address."""
    if isinstance(found, Refused):
        return found._replace(uri=uri)
    if not found.text.strip():
        if found.ocr:
            whys = Counter(why for _, why in found.ocr)
            detail = "; ".join(f"{why}: {_ranges(found.ocr, why)}" for why in whys)
            return Refused("needs_ocr", detail, uri, _queue(found))
        if found.broken:
            number, fault = found.broken[0]
            return Refused("damaged", f"page {number}: {fault}", uri)
        return Refused("no_text", f"{found.meta.get('page_count', 0)} pages without text", uri)
    meta = dict(found.meta)
    if found.ocr:
        meta["ocr_pages"] = [f"{why}: {_ranges(found.ocr, why)}" for why in Counter(why for _, why in found.ocr)]
    if found.broken:
        meta["broken_pages"] = [f"{number}: {fault}" for number, fault in found.broken]
    return Document(
        uri=uri,
        text=found.text,
        title=found.title,
        page_licence=found.licence or None,
        statements=found.rights,
        pages=found.pages,
        structure=found.structure,
        meta=meta,
        ocr_pages=_queue(found),
    )


def _queue(found: PdfText) -> tuple[OcrPage, ...]:
    return tuple(OcrPage(*page) for page in found.ocr)


def _ranges(pages: Sequence[tuple[int, str]], why: str) -> str:
    """The pages of one reason in words."""
    return _in_words([number for number, found in pages if found == why])


def _in_words(numbers: Sequence[int]) -> str:
    """Numbers with runs of them as such: 1-3, 7."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][1] + 1:
            parts[-1][1] = number
        else:
            parts.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)


def is_pdf(data: bytes) -> bool:
    """Whether the first bytes say PDF; junk may stand before."""
    return data.find(b"%PDF-", 0, _HEADER_BYTES) >= 0


def is_text_copy(data: bytes) -> bool:
    """Whether a program that took the file for text changed its line ends to CR LF, those within its streams too.

    Of the bytes of compressed streams one in 256 is LF, and hardly any of these follows a CR.
    """
    n_line_feeds = data.count(b"\n")
    if not n_line_feeds or data.count(b"\r\n") < n_line_feeds:
        return False
    n_binary = sum(data.count(bytes([byte])) for byte in range(0x80, 0x100, 8))
    return n_binary >= _LEAST_BINARY


def read_pdf(
    data: bytes, max_pages: int = 5_000, recognised: Mapping[int, Page] = MappingProxyType({})
) -> PdfText | Refused:
    """Read a PDF, page by page.

    Args:
        data: the file.
        max_pages: files with more are refused.
        recognised: what OCR made of pages, by their numbers from 1; used for those that need it.

    Returns:
        Its text, or why there is none: a key of `REASONS`.
    """
    if not is_pdf(data):
        return Refused("not_pdf", f"{len(data)} bytes, the first are {data[:8]!r}")
    if is_text_copy(data):
        return Refused("damaged", "a copy as text put CR before each LF, which broke its streams: copy it as bytes")
    opened = _opened(data)
    if isinstance(opened, Refused):
        return opened
    try:
        return _read(opened, data, max_pages, recognised)
    finally:
        opened.close()


def _opened(data: bytes) -> pdfium.PdfDocument | Refused:
    """The document, repaired if need be."""
    try:
        document = pdfium.PdfDocument(data)
        if len(document):
            return document
        document.close()
        fault = "no pages"
    except pdfium.PdfiumError as error:
        fault = str(error)
        if _ENCRYPTED in fault.lower():
            return Refused("encrypted", "a password is needed")
    try:
        with pikepdf.open(io.BytesIO(_with_trailer(data)), suppress_warnings=True) as repaired:
            out = io.BytesIO()
            repaired.save(out)
        document = pdfium.PdfDocument(out.getvalue())
        if len(document):
            return document
        document.close()
    except pikepdf.PasswordError:
        return Refused("encrypted", "a password is needed")
    except (pikepdf.PdfError, pdfium.PdfiumError, RuntimeError, ValueError) as error:
        return Refused("damaged", f"{fault}; repair: {_STREAM.sub('file', str(error))}".replace("\n", " ")[:300])
    return Refused("damaged", fault)


def _with_trailer(data: bytes) -> bytes:
    """The file with a trailer that names its catalogue, if a cut took all trailers: without one qpdf finds no pages."""
    catalogue = None if b"trailer" in data or b"/XRef" in data else _CATALOGUE.search(data)
    return data + b"\ntrailer\n<< /Root %b R >>\n%%%%EOF\n" % catalogue[1] if catalogue else data


#: How qpdf names what it reads, with an address in memory that is another one in each run.
_STREAM = re.compile("stream <[^>]*>")
_CATALOGUE = re.compile(rb"(\d{1,9} \d{1,5}) obj\s*<<[^<>]{0,500}/Type\s*/Catalog\b")


def _read(
    document: pdfium.PdfDocument, data: bytes, max_pages: int, recognised: Mapping[int, Page]
) -> PdfText | Refused:
    n_pages = len(document)
    if n_pages > max_pages:
        return Refused("too_many_pages", f"{n_pages} pages")
    if document.get_formtype() == pdfium.raw.FORMTYPE_XFA_FULL:
        return Refused("xfa", f"{n_pages} pages")
    if document.get_formtype() != pdfium.raw.FORMTYPE_NONE:
        document.init_forms()
    found = PdfText()
    pages: list[SetPage] = []
    hidden: Counter[str] = Counter()
    layers: list[int] = []
    ocr_pages: dict[int, Page] = {}
    for number in range(n_pages):
        try:
            page = page_of(document, number)
        except pdfium.PdfiumError as error:
            found.broken.append((number + 1, str(error)))
            pages.append(_EMPTY_PAGE)
            continue
        hidden.update(page.n_hidden)
        why = why_ocr(page)
        lines = _EMPTY_PAGE if why else lines_of(page)
        is_layer = is_scan(page)
        why = why or why_implausible(lines.lines, page)
        if why and number + 1 in recognised:
            ocr_pages[number + 1] = recognised[number + 1]
        elif why:
            found.ocr.append((number + 1, why))
        elif is_layer:
            layers.append(number + 1)
        pages.append(_EMPTY_PAGE if why else lines)
    margins = find_margins([margins_of(page) for page in pages])
    declared = bookmarks_of(document)
    arranged_pages = []
    for number, (set_page, dropped) in enumerate(zip(pages, margins.dropped, strict=True), start=1):
        blocks, notes = arranged(set_page, dropped)
        blocks = with_headings(blocks, [*declared.get(number - 1, ()), *set_page.headings])
        arranged_pages.append(ArrangedPage(str(number), blocks, notes, ocr_pages.get(number)))
    text, starts, structure = set_text(arranged_pages)
    found.text, found.structure = tidied(text, structure)
    found.pages = starts
    properties = properties_of(document, data)
    found.title, found.licence, found.rights = properties.title, properties.licence, properties.rights
    found.meta = {
        "page_count": n_pages,
        **({"ocr_layer_pages": _in_words(layers)} if layers else {}),
        **({"ocr_result_pages": _in_words(sorted(ocr_pages))} if ocr_pages else {}),
        "page_numbers_removed": margins.n_numbers,
        "running_heads_removed": margins.n_heads,
        "ruby_characters": sum(page.n_annotations for page in pages),
        **{f"{why}_characters": n for why, n in sorted(hidden.items())},
        **properties.meta,
    }
    return found


_EMPTY_PAGE = SetPage([], [], np.zeros((0, 4)), [], 0.0, 0.0, 0, [])
