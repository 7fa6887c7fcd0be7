"""What a PDF states about itself: title, date, language, rights. Nothing of it is checked, and names are left out."""

from __future__ import annotations

import ctypes
import html
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from manyo.corpus.text import tidy
from manyo.corpus.web.licences import licence_at

#: Titles that programs write for want of one.
_NO_TITLE = re.compile(
    r"(?:microsoft (?:word|excel|powerpoint)\b.*|untitled.*|無題.*|.*\.(?:docx?|xlsx?|pptx?|jtdc?|pdf|indd|dvi|tex))",
    re.I,
)
_DATE = re.compile(r"D?:?(\d{4})(?:(\d\d)(?:(\d\d))?)?")
#: Statements on rights in XMP, which stands in the file as it is: an element, or an attribute of one.
_RIGHTS = re.compile(
    r"<(dc:rights|xmpRights:WebStatement|xmpRights:UsageTerms|cc:license)\b([^>]*?)(?:/>|>(.*?)</\1>)"
    r"|\b(xmpRights:WebStatement|cc:license)=\"([^\"]+)\"",
    re.S,
)
_TAGS = re.compile(r"<[^>]*>")
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")
#: A packet of XMP is a few kilobytes; pictures in a file have theirs too.
_PACKET_BYTES: Final = 1 << 20
_MAX_CHARS: Final = 500
#: Bit 5 of the permissions: text may be copied.
_MAY_COPY: Final = 1 << 4


class Properties(NamedTuple):
    """What a file states.

    Attributes:
        title: empty if none, or only the name of a file.
        licence: as of a web page (`manyo.corpus.web.licences`); empty if none.
        rights: statements on rights, each with its place.
        meta: date of creation as published, language, programs, whether copying is forbidden.
    """

    title: str
    licence: str
    rights: tuple[str, ...]
    meta: dict[str, object]


def properties_of(document: pdfium.PdfDocument, data: bytes) -> Properties:
    """Read what a file states.

    Args:
        document: the opened file.
        data: its bytes, in which its XMP is searched.
    """

    def stated(key: str) -> str:
        return _text(lambda buffer, size: raw.FPDF_GetMetaText(document.raw, key.encode(), buffer, size))

    title = stated("Title")
    rights = tuple(_rights(data))
    addresses = [address for statement in rights for address in _ADDRESS.findall(statement)]
    licences = [licence.name for licence in map(licence_at, addresses) if licence]
    meta: dict[str, object] = {}
    for name, value in (
        ("created", _date(stated("CreationDate"))),
        ("language", _text(lambda buffer, size: raw.FPDFCatalog_GetLanguage(document.raw, buffer, size))),
        ("producer", stated("Producer")),
        ("creator_tool", stated("Creator")),
    ):
        if value:
            meta[name] = value
    if raw.FPDFCatalog_IsTagged(document.raw):
        meta["is_tagged"] = True
    if not raw.FPDF_GetDocUserPermissions(document.raw) & _MAY_COPY:
        meta["copying_forbidden"] = True
    return Properties("" if _NO_TITLE.fullmatch(title) else title, licences[0] if licences else "", rights, meta)


def _text(read: Callable[[Any, int], int]) -> str:
    """A text that PDFium writes as UTF-16; damaged files have halves of characters."""
    size = read(None, 0)
    if not 2 < size < 2 * _PACKET_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(size)
    read(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    return tidy(buffer.raw[:-2].decode("utf-16-le", "replace")).replace("\n", " ").strip()


def _date(written: str) -> str:
    """A date as ISO 8601 has it, as far as it is stated; empty if it is none."""
    match = _DATE.match(written)
    if not match or not 1980 <= int(match[1]) <= 2100:
        return ""
    parts = [match[1]]
    for part, most in ((match[2], 12), (match[3], 31)):
        if not part or not 1 <= int(part) <= most:
            break
        parts.append(part)
    return "-".join(parts)


def _rights(data: bytes) -> list[str]:
    """The statements on rights in the XMP of a file, each once."""
    found: dict[str, None] = {}
    at = data.find(b"<x:xmpmeta")
    while at >= 0:
        end = data.find(b"</x:xmpmeta>", at, at + _PACKET_BYTES)
        packet = data[at : end if end >= 0 else at + _PACKET_BYTES].decode("utf-8", "replace")
        for name, attributes, inner, attribute, value in _RIGHTS.findall(packet):
            content = value or _TAGS.sub(" ", inner) or " ".join(_ADDRESS.findall(attributes))
            words = " ".join(html.unescape(content).split())[:_MAX_CHARS]
            if words:
                found[f"{(name or attribute)}: {tidy(words)}"] = None
        at = data.find(b"<x:xmpmeta", at + 1)
    return list(found)
