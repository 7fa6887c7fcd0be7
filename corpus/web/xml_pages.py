"""XML that is served as a page: feeds, editions in TEI, and other vocabularies, as HTML.

A browser shows the items of a feed as it shows a page. Of other XML, whose elements it does not know, lines are what
stands between an end tag and a start tag: `</l><l>` ends a line, `<persName>` amid a sentence does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape

_START = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*"
    rb"(?:<\?[^>]{0,500}\?>\s*|<!--[^>]{0,500}-->\s*|<!DOCTYPE[^>\[]{0,500}>\s*){0,9}"
    rb"<([A-Za-z][\w:.-]*)"
)
_FEEDS = ("rss", "feed", "rdf:rdf")
_ROOTS = (*_FEEDS, "tei", "tei:tei", "teicorpus")
_HTML = frozenset(("html", "head", "body", "title", "meta", "div", "p", "wml", "svg"))
#: Elements whose content is not text: about the file, pictures, other readings, notes of the editor, reading aids.
_LEFT_OUT = frozenset(
    [
        "teiheader",
        "facsimile",
        "standoff",
        "sourcedoc",
        "note",
        "rdg",
        "corr",
        "reg",
        "expan",
        "fw",
        "del",
        "rt",
        "rp",
        "script",
        "style",
    ]
)
_AS_HTML = {
    "head": "h2", "list": "ul", "item": "li", "table": "table", "row": "tr", "cell": "td", "quote": "blockquote",
    "p": "p", "code": "pre",
}  # fmt: skip


def as_html(page: bytes) -> bytes | None:
    """A page of XML as HTML; None if it is HTML, or no markup."""
    root = _START.match(page[:5000])
    if not root:
        return None
    name = root[1].decode().lower()
    is_declared = page[:200].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<?xml")
    if name not in _ROOTS and (not is_declared or name in _HTML):
        return None
    written = _feed(page) if name in _FEEDS else _document(page)
    return written.encode("utf-8", "replace")


def _tokens(page: bytes) -> Iterator[tuple[str, bool, bool, str]]:
    """Name, whether it is an end tag, whether it is empty, or else text: as HTML."""
    at = 0
    while at < len(page):
        if page[at] != ord("<"):
            end = page.find(b"<", at)
            end = end if end >= 0 else len(page)
            yield "", False, False, page[at:end].decode("utf-8", "replace")
        elif page.startswith(b"<![CDATA[", at):
            end = page.find(b"]]>", at)
            end = end if end >= 0 else len(page)
            yield "", False, True, page[at + 9 : end].decode("utf-8", "replace")
            end += 3
        else:
            mark = b"-->" if page.startswith(b"<!--", at) else b"?>" if page.startswith(b"<?", at) else b">"
            end = page.find(mark, at)
            if end < 0:
                return
            tag = page[at + 1 : end].decode("utf-8", "replace")
            end += len(mark)
            if tag[:1] not in ("!", "?"):
                name = re.split(r"[\s/]", tag.lstrip("/"), maxsplit=1)[0].lower()
                yield name, tag.startswith("/"), tag.endswith("/"), ""
        at = end


def _feed(page: bytes) -> str:
    """The items of a feed as articles: title, then the longest of the texts."""
    title = ""
    articles: list[str] = []
    fields: dict[str, str] | None = None
    open_name = ""
    value = ""
    for name, is_end, is_flag, text in _tokens(page):
        if name in ("item", "entry"):
            if is_end and fields is not None:
                content = max((fields.get(key, "") for key in _CONTENTS), key=len)
                articles.append(f"<article><h2>{_heading(fields.get('title', ''))}</h2>{content}</article>")
            fields = None if is_end else {}
        elif not name:
            # Content that is not CDATA is HTML whose own marks are references.
            value += text if is_flag else unescape(text)
        elif is_end and name == open_name:
            if fields is not None:
                fields.setdefault(name, value.strip())
            elif name == "title" and not title:
                title = _heading(value)
            open_name = ""
        elif not is_end and not is_flag and (name == "title" or name in _CONTENTS) and not open_name:
            open_name, value = name, ""
        elif open_name and fields is not None and name not in ("title",):
            value += f"</{name}>" if is_end else f"<{name}>"  # XHTML as it is
    return f"<title>{title}</title><main>{''.join(articles)}</main>"


_CONTENTS = ("content:encoded", "content", "description", "summary", "body")


def _heading(value: str) -> str:
    return escape(unescape(re.sub("<[^<>]*>", "", value)).strip())


def _document(page: bytes) -> str:
    """The text of any XML, in lines, as HTML."""
    out: list[str] = []
    title = ""
    left_out: list[str] = []
    in_title = False
    has_end = breaks = False
    for name, is_end, is_flag, text in _tokens(page):
        local = name.rpartition(":")[2]
        if left_out:
            in_title = local == "title" and not is_end if name else in_title
            if not name and in_title and not title:
                title = text.strip()
            if local == left_out[-1] and not is_flag:
                left_out.pop() if is_end else left_out.append(local)
        elif local in _LEFT_OUT:
            if not is_end and not is_flag:
                left_out.append(local)
        elif name:
            if local in _AS_HTML and not is_flag:
                out.append(f"</{_AS_HTML[local]}>" if is_end else f"<{_AS_HTML[local]}>")
            # An end tag, then a start tag: another line. What is empty (`<lb/>`) ends nothing.
            breaks = breaks or (has_end and not is_end and not is_flag)
            has_end = has_end or is_end
        elif text.strip():
            if breaks:
                out.append("<br>")
            out.append(escape(text) if is_flag else text)
            has_end = breaks = False
        else:
            out.append(text)
    return f"<title>{title}</title><article>{''.join(out)}</article>"
