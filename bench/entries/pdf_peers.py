"""Peers in the text of PDFs: from a file, as base64, to its text."""

from __future__ import annotations

import base64
import io
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

#: Other readers take less than a second for the slowest of the made files.
_FILE_S = 10


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
    """pdfminer.six with vertical lines; a file that takes longer than the limit has no text."""
    from pdfminer.high_level import extract_text
    from pdfminer.layout import LAParams

    found = []
    for file in _files(given):
        with _limited() as text:
            text.append(extract_text(io.BytesIO(file), laparams=LAParams(detect_vertical=True)))
        found.append("".join(text))
    return found


@contextmanager
def _limited() -> Iterator[list[str]]:
    """A list to put a text into, for so many seconds of processor time; then the work ends and the list stays empty.

    pdfminer.six groups lines in a time that grows with the square of their number: glyphs in no order take minutes.
    """

    def end(*_: object) -> None:
        raise TimeoutError

    text: list[str] = []
    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, _FILE_S)
    try:
        with suppress(TimeoutError):
            yield text
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


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
