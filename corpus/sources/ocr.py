"""OCR pages of any library or recogniser: one document per work, its pages in order.

ALTO, PAGE-XML, hOCR, page XML and JSON of NDLOCR and NDL古典籍OCR, IIIF manifests and annotations, CODH's tables of
characters, and plain text, Tesseract's too. They are told apart by their content and read as
`manyo.corpus.sources.ndl` reads the publications of the National Diet Library; only their addresses are their own.

A work is the files of a folder that are named by a page alone (`0001.xml`, `p0001.xml`), those whose names differ in
the page alone (`work_0001.xml`), or one file of many pages (`work.hocr`).
"""

from __future__ import annotations

from dataclasses import dataclass

from manyo.corpus.sources import ndl
from manyo.corpus.sources.ndl import parse, plan, records

__all__ = ["REASONS", "Options", "parse", "plan", "records"]

REASONS = ndl.REASONS


@dataclass(frozen=True, slots=True)
class Options(ndl.Options):
    """Settings as those of `ndl.Options`; works have the addresses of their files."""

    address: str = ""
