"""Peers in encodings. A detector's answer is decoded as Python decodes its name, with U+FFFD for what says nothing."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any


def _decoded(given: list[dict[str, Any]], name_of: Callable[[bytes], str | None]) -> list[str]:
    pages = [base64.b64decode(page["bytes"]) for page in given]
    return [page.decode(name_of(page) or "utf-8", "replace") for page in pages]


def declared(given: list[dict[str, Any]]) -> list[str]:
    """No detection: the label of the header, else of the page, else UTF-8, by Python's codecs."""
    found = []
    for page in given:
        data = base64.b64decode(page["bytes"])
        meta = re.search(rb"charset=[\"']?([\w-]+)", data[:1024])
        label = page["http"] or (meta[1].decode("ascii", "replace") if meta else "utf-8")
        try:
            found.append(data.decode(label, "replace"))
        except LookupError:
            found.append(data.decode("utf-8", "replace"))
    return found


def charset_normalizer(given: list[dict[str, Any]]) -> list[str]:
    """The best match of charset-normalizer."""
    from charset_normalizer import from_bytes

    pages = (base64.b64decode(page["bytes"]) for page in given)
    best = ((page, from_bytes(page).best()) for page in pages)
    return [str(match) if match else data.decode("utf-8", "replace") for data, match in best]


def chardet(given: list[dict[str, Any]]) -> list[str]:
    """chardet's detect."""
    from chardet import detect

    return _decoded(given, lambda data: detect(data)["encoding"])


def cchardet(given: list[dict[str, Any]]) -> list[str]:
    """faust-cchardet's detect."""
    from cchardet import detect

    return _decoded(given, lambda data: detect(data)["encoding"])


def resiliparse(given: list[dict[str, Any]]) -> list[str]:
    """resiliparse's detection and its own decoder, as its documentation joins them."""
    from resiliparse.parse.encoding import bytes_to_str, detect_encoding

    pages = (base64.b64decode(page["bytes"]) for page in given)
    return [bytes_to_str(page, detect_encoding(page)) for page in pages]


def turbohtml(given: list[dict[str, Any]]) -> list[str]:
    """turbohtml's detect, by the codec that it names."""
    from turbohtml.detect import detect

    return _decoded(given, lambda data: detect(data).codec)
