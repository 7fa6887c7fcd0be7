"""Refusals of files that are of another format than their source reads, each with the kind of source that reads it.

Only what is recognised is refused: damaged files of the source's own format keep the reasons of their parser.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from manyo.corpus.records import BrokenInput, Refused
from manyo.corpus.sources.content_kind import FORMATS, recognise
from manyo.corpus.sources.packing import file_name

REASONS = {"other_format": "the file is of another format: the detail says which, and which kind of source reads it"}

#: Text without marks that only one format has: what distinguishes these is a matter of degree. None is refused here.
_TEXTS: Final = frozenset({"empty", "text", "aozora", "markdown", "tex", "table", "spaced_text", "style_sheet"})
#: Formats of a source of plain texts: binary data are refused too.
TEXTS: Final = frozenset({"text"})
#: How a file begins that Git LFS has in the place of another one.
_LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
#: JSON, whatever it holds. What is damaged, so that it looks like binary data, is for the parser.
JSON: Final = frozenset({"json", "cirrus", "egov", "iiif", "kokkai", "ndl", "binary"})


def other_format(data: bytes, reads: Collection[str], name: str = "") -> str:
    """What a file is, and the kind of source that reads it, if it is of no format that a source reads; else empty.

    Args:
        data: of the file, as `manyo.corpus.sources.content_kind.recognise` takes it.
        reads: formats of the source, keys of `FORMATS`; `text` stands for text that begins with a tag, too.
        name: path of the file.
    """
    if data.startswith(_LFS_POINTER):
        return f"{name} is a pointer of Git LFS in the place of the file: get it by git lfs pull"
    found = recognise(data, file_name(name))
    if found in reads or found in _TEXTS:
        return ""
    if found == "xml" and "text" in reads and not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml"):
        return ""
    stated = FORMATS[found]
    remedy = f'use kind = "{stated.kind}"' if stated.kind else "no kind of source reads it"
    return f"{name} is {stated.title}: {remedy}"


def refused(uri: str, ordinal: int, data: bytes, reads: Collection[str], name: str) -> BrokenInput | None:
    """The row of a file that is of another format; None if it may be of one that the source reads."""
    detail = other_format(data, reads, name)
    return BrokenInput(uri, ordinal, Refused("other_format", detail, uri)) if detail else None
