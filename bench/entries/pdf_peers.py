"""Peers in the text of PDFs: from a file, as base64, to its text."""

from __future__ import annotations

import base64
import io
import subprocess
import tempfile
from collections.abc import Iterator


def _files(given: list[str]) -> Iterator[bytes]:
    return (base64.b64decode(file) for file in given)


def pypdfium2(given: list[str]) -> list[str]:
    """PDFium's text in the order of the stream."""
    import pypdfium2

    return [
        "\n".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(file))
        for file in _files(given)
    ]


def pdfminer(given: list[str]) -> list[str]:
    """pdfminer.six with vertical lines."""
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams

    return [extract_text(io.BytesIO(file), laparams=LAParams(detect_vertical=True)) for file in _files(given)]


def pypdf(given: list[str]) -> list[str]:
    """pypdf's text."""
    from pypdf import PdfReader

    return ["\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages) for file in _files(given)]


def docling(given: list[str]) -> list[str]:
    """The lines of docling-parse."""
    from docling_parse.pdf_parser import DoclingPdfParser

    parser = DoclingPdfParser(loglevel="fatal")
    found = []
    for file in _files(given):
        document = parser.load(path_or_stream=io.BytesIO(file))
        found.append("\n".join(cell.text for _, page in document.iterate_pages() for cell in page.textline_cells))
    return found


def pdftotext(given: list[str]) -> list[str]:
    """poppler's pdftotext."""
    found = []
    for file in _files(given):
        with tempfile.NamedTemporaryFile(suffix=".pdf") as path:
            path.write(file)
            path.flush()
            done = subprocess.run(["pdftotext", "-q", path.name, "-"], capture_output=True, check=False, timeout=60)
            found.append(done.stdout.decode("utf-8", "replace"))
    return found
