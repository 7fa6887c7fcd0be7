"""EPUB 3 and 2: the parts of the spine in its order, one text.

What the book itself marks as contents, cover or colophon is left out of the text; the colophon (奥付) is kept in the
meta, since it says who holds the rights. A part whose marks are missing is known by its name where the template of
the Japanese publishers' association gives one (`p-toc-001.xhtml`), by its links where nearly all of it is links to
other parts, and by its first word (奥付, 目次). Parts that are not in the linear order follow after those that are.

A book under digital rights management is refused: `META-INF/encryption.xml` names an algorithm other than the two
that only disguise fonts. Standards: www.w3.org/TR/epub-33, idpf.org/epub/201.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.markup_text import COLOPHON, PARTS_LEFT_OUT, MarkupWriter, Styles, types_of
from manyo.corpus.books.package import Package, resolved
from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.books.style_sheets import read_styles
from manyo.corpus.books.xml_parts import attribute, child_of, first_within, local_name, parse_xhtml, parse_xml, words
from manyo.corpus.text import tidy

#: Algorithms that disguise fonts, by which nothing is locked (EPUB 3.3, 4.3; Adobe's own).
_FONT_OBFUSCATION = frozenset(("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"))
#: Files of META-INF that only locked books have, and whose they are.
_LOCKS = {"rights.xml": "Adobe ADEPT or another", "license.lcpl": "Readium LCP", "sinf.xml": "Apple FairPlay"}

_TEXT_TYPES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "image/svg+xml", "text/xml"))
#: Names of parts in the template of the Digital Publishers Association of Japan (www.dpfj.or.jp).
_NAME_LEFT_OUT = re.compile(r"(?:^|[/_-])p-(?:cover|titlepage|caution|toc|ad)(?:-?\d+)?\.x?html?$", re.IGNORECASE)
_COLOPHON_NAME = re.compile(r"(?:^|[/_-])(?:p-)?(?:colophon|okuduke|okuzuke)\d*\.x?html?$", re.IGNORECASE)
_COLOPHON_HEADING = re.compile(r"\s*奥\s*付")
_CONTENTS_HEADING = re.compile(r"\s*(?:目\s*次|もくじ|contents)", re.IGNORECASE)
#: Share of a part's characters in links to other parts, from which it is a list of contents.
_CONTENTS_SHARE = 0.8
_CONTENTS_LINKS = 3
_GUIDE_LEFT_OUT = frozenset(("toc", "cover", "title-page", "index", "loi", "lot"))


@dataclass(frozen=True, slots=True)
class _Item:
    """An entry of the manifest."""

    name: str
    media_type: str
    properties: frozenset[str]


def read_epub(data: bytes, max_bytes: int) -> Book:
    """The text of a book.

    Args:
        data: the file.
        max_bytes: limit for all parts that are read, decompressed.

    Raises:
        UnreadableError: the book is locked, damaged, too large, or holds no text.
    """
    package = Package(data, max_bytes)
    _refuse_locked(package)
    opf_name = _package_document(package)
    opf = parse_xml(package.read(opf_name), opf_name)
    manifest = _manifest(opf, opf_name)
    styles = _styles(package, manifest)
    left_out = _guide(opf, opf_name)
    is_fixed = _is_fixed(opf)
    text = StructuredText()
    writer = MarkupWriter(text, styles)
    n_parts, n_mended, is_vertical, faults = 0, 0, False, []
    spine = _spine(opf, manifest)
    if not spine:
        raise UnreadableError("broken_file", f"{opf_name}: the spine is empty")
    for item in spine:
        try:
            root, is_well_formed = parse_xhtml(package.read(item.name), item.name)
        except UnreadableError as error:
            if error.reason != "broken_file":
                raise
            faults.append(str(error))
            continue
        n_parts += 1
        n_mended += not is_well_formed
        is_vertical = is_vertical or _is_vertical(root, styles)
        body = first_within(root, "body")
        body = root if body is None else body
        if "nav" in item.properties or item.name in left_out or _is_left_out(item.name, body):
            continue
        if _is_colophon(item.name, body):
            writer.colophon.append(writer.read_apart(body))
            continue
        if is_fixed:
            text.start_page(item.name.rsplit("/", 1)[-1].rsplit(".", 1)[0])
        writer.write(body)
    if not n_parts:
        raise UnreadableError("broken_file", f"no part of the spine can be read: {faults[0]}")
    written = text.finish()
    if not written.text.strip():
        if is_fixed:
            raise UnreadableError("needs_ocr", f"a fixed layout of pictures; {n_parts} parts")
        raise UnreadableError("no_text", f"no characters in {n_parts} parts")
    is_vertical = is_vertical or _direction(opf) == "rtl"
    title, meta = _metadata(opf)
    meta |= {"format": "epub", "direction": "vertical" if is_vertical else "horizontal"}
    for name, value in (
        ("layout", "fixed" if is_fixed else ""),
        ("colophon", tidy("\n".join(writer.colophon))),
        ("mended_parts", n_mended),
        ("broken_parts", faults),
    ):
        if value:
            meta[name] = value
    return Book(written.text, written.structure, title, written.pages, meta=meta)


def _refuse_locked(package: Package) -> None:
    """Raise UnreadableError if the book is under digital rights management."""
    for name, owner in _LOCKS.items():
        if package.has(f"META-INF/{name}"):
            raise UnreadableError("encrypted", f"digital rights management: META-INF/{name} ({owner})")
    if not package.has("META-INF/encryption.xml"):
        return
    root = parse_xml(package.read("META-INF/encryption.xml"), "META-INF/encryption.xml")
    for entry in root.iter(etree.Element):
        if local_name(entry) != "EncryptedData":
            continue
        method = child_of(entry, "EncryptionMethod")
        algorithm = method.get("Algorithm", "") if method is not None else "no algorithm"
        if algorithm not in _FONT_OBFUSCATION:
            part = next((attribute(child, "URI") for child in entry.iter(etree.Element) if attribute(child, "URI")), "")
            raise UnreadableError("encrypted", f"digital rights management: {part} by {algorithm}")


def _package_document(package: Package) -> str:
    """The name of the package document: the first one that the container names, else the only .opf file."""
    if package.has("META-INF/container.xml"):
        root = parse_xml(package.read("META-INF/container.xml"), "META-INF/container.xml")
        for element in root.iter(etree.Element):
            if local_name(element) == "rootfile" and (path := attribute(element, "full-path")):
                return path
    found = [name for name in package.names() if name.lower().endswith(".opf")]
    if len(found) != 1:
        raise UnreadableError("broken_file", f"no META-INF/container.xml that names a package, and {len(found)} .opf")
    return found[0]


def _children(opf: etree._Element, name: str) -> list[etree._Element]:
    """The children of a child of the package, `manifest` for instance."""
    return [child for part in opf if local_name(part) == name for child in part if local_name(child)]


def _manifest(opf: etree._Element, opf_name: str) -> dict[str, _Item]:
    items = {}
    for element in _children(opf, "manifest"):
        if (identity := element.get("id")) and (name := resolved(opf_name, element.get("href", ""))):
            properties = frozenset(element.get("properties", "").split())
            items[identity] = _Item(name, element.get("media-type", ""), properties)
    return items


def _spine(opf: etree._Element, manifest: dict[str, _Item]) -> list[_Item]:
    """The parts in reading order, those outside the linear order last; each once."""
    linear: list[_Item] = []
    others: list[_Item] = []
    for element in _children(opf, "spine"):
        item = manifest.get(element.get("idref", ""))
        if item is not None and (item.media_type in _TEXT_TYPES or not item.media_type):
            (others if element.get("linear") == "no" else linear).append(item)
    return list(dict.fromkeys(linear + others))


def _guide(opf: etree._Element, opf_name: str) -> frozenset[str]:
    """Parts that the guide of EPUB 2 names as contents, cover or title page."""
    return frozenset(
        resolved(opf_name, element.get("href", ""))
        for element in _children(opf, "guide")
        if element.get("type", "").lower() in _GUIDE_LEFT_OUT and "#" not in element.get("href", "")
    )


def _is_fixed(opf: etree._Element) -> bool:
    return any(
        (element.get("property") == "rendition:layout" and words(element) == "pre-paginated")
        or (element.get("name") == "fixed-layout" and element.get("content") == "true")
        for element in _children(opf, "metadata")
    )


def _direction(opf: etree._Element) -> str:
    spine = child_of(opf, "spine")
    return attribute(spine, "page-progression-direction") if spine is not None else ""


def _styles(package: Package, manifest: dict[str, _Item]) -> Styles:
    sheets = []
    for item in manifest.values():
        if item.media_type == "text/css" and package.has(item.name):
            sheets.append(package.read(item.name).decode("utf-8", "replace"))
    return read_styles(sheets)


def _is_vertical(root: etree._Element, styles: Styles) -> bool:
    for element in (root, *root):
        name = local_name(element)
        if name in ("html", "body") and styles.vertical:
            named = element.get("class", "").split()
            if (name, "") in styles.vertical or any(
                key in styles.vertical for given in named for key in (("", given), (name, given))
            ):
                return True
    return False


def _is_left_out(name: str, body: etree._Element) -> bool:
    if types_of(body) & PARTS_LEFT_OUT or _NAME_LEFT_OUT.search(name):
        return True
    links = [
        element
        for element in body.iter(etree.Element)
        if local_name(element) == "a" and element.get("href") and "://" not in element.get("href", "")
    ]
    whole = "".join(words(body).split())
    heading = _CONTENTS_HEADING.match(whole)
    if len(links) < (1 if heading else _CONTENTS_LINKS):
        return False
    n_linked = sum(len("".join(words(link).split())) for link in links)
    return n_linked + (len(heading[0]) if heading else 0) >= _CONTENTS_SHARE * len(whole)


def _is_colophon(name: str, body: etree._Element) -> bool:
    is_named = bool(types_of(body) & COLOPHON) or _COLOPHON_NAME.search(name) is not None
    return is_named or _COLOPHON_HEADING.match(words(body)) is not None


def _metadata(opf: etree._Element) -> tuple[str, dict[str, object]]:
    """Title, and what the package says about authors, publisher, rights and source."""
    values: dict[str, list[str]] = {}
    for element in _children(opf, "metadata"):
        # EPUB 2 may wrap Dublin Core in an element of its own.
        for entry in (element, *element):
            if value := tidy(words(entry)):
                values.setdefault(local_name(entry), []).append(value)
    meta: dict[str, object] = {}
    for name, key in (
        ("creator", "author"),
        ("publisher", "publisher"),
        ("rights", "rights"),
        ("source", "original"),
        ("identifier", "identifier"),
        ("date", "date"),
        ("language", "language"),
    ):
        if found := values.get(name):
            meta[key] = found[0] if len(found) == 1 else found
    return values.get("title", [""])[0], meta
