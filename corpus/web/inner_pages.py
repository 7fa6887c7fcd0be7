"""Pages in attributes: what `<iframe srcdoc>` shows, and what pictures say in `alt` where a page has nothing else."""

from __future__ import annotations

import re
from html import unescape

from manyo.corpus.web.sniff import holds_kana

_VALUE = rb"(?:\"([^\"]*+)\"|'([^']*+)')"
_INNER_PAGE = re.compile(rb"<iframe\b[^<>]{0,1000}?\bsrcdoc\s{0,9}=\s{0,9}" + _VALUE, re.IGNORECASE)
_END = re.compile(rb"[^<>]{0,1000}>(?:[^<]{0,1000}</iframe\s{0,9}>)?", re.IGNORECASE)
_PICTURE = re.compile(rb"<img\b[^<>]{0,1000}?\salt\s{0,9}=\s{0,9}" + _VALUE + rb"[^<>]{0,1000}>", re.IGNORECASE)
#: Fewer kana in one `alt` are a label.
_LEAST_KANA = 4


def with_inner_pages(page: bytes) -> bytes:
    """The page with what `srcdoc` of its frames holds in their place, as browsers show it."""
    pieces = []
    at = 0
    for found in _INNER_PAGE.finditer(page):
        end = _END.match(page, found.end())
        if found.start() < at or end is None:
            continue
        written = unescape((found[1] or found[2] or b"").decode("utf-8", "replace"))
        pieces += [page[at : found.start()], b"<div>", written.encode("utf-8", "replace"), b"</div>"]
        at = end.end()
    return b"".join((*pieces, page[at:])) if pieces else page


def as_spoken(page: bytes) -> bytes:
    """The page with a paragraph for each picture that says a Japanese text in its `alt`; empty if none does."""
    n_texts = 0

    def spoken(found: re.Match[bytes]) -> bytes:
        nonlocal n_texts
        said = found[1] or found[2] or b""
        if not holds_kana(unescape(said.decode("utf-8", "replace")).encode("utf-8", "replace"), _LEAST_KANA):
            return found[0]
        n_texts += 1
        return b"<p>" + said.replace(b"<", b"&lt;") + b"</p>"

    with_texts = _PICTURE.sub(spoken, page)
    return with_texts if n_texts else b""
