"""XML of packaged files: parsed without fetching or expanding anything.

libxml2 is told to resolve no entity and to load nothing. Names of characters (`&nbsp;`), which XHTML of EPUB 2 takes
from a DTD that is not loaded, are replaced before; an entity that the file declares itself, and uses, refuses it.
"""

from __future__ import annotations

import re
from html.entities import html5

from lxml import etree
from lxml import html as lxml_html

from manyo.corpus.books.book import UnreadableError

#: libxml2 refuses longer texts, and its HTML parser leaves them out without a word.
_MAX_TEXT_BYTES = 10_000_000
_XML_NAMES = frozenset((b"amp", b"lt", b"gt", b"quot", b"apos"))
_NAMED = re.compile(rb"&([A-Za-z][A-Za-z0-9]{1,31});")
_CDATA_OR_NAMED = re.compile(rb"<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]{1,31});", re.DOTALL)


def xml_parser(*, remove_pis: bool = True) -> etree.XMLParser:
    """A parser for files from anywhere: it resolves no entity, fetches nothing, and keeps libxml2's limits."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=remove_pis,
    )


def parse_xml(data: bytes, name: str) -> etree._Element:
    """The root element of a part.

    Raises:
        UnreadableError: it is not well-formed, or uses an entity that it declares.
    """
    try:
        root = etree.fromstring(_without_named_characters(data), xml_parser(remove_pis=False))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError("broken_file", f"{name}: {error}") from error
    entity = next(root.iter(etree.Entity), None)
    if entity is not None:
        raise UnreadableError("entities", f"{name}: line {entity.sourceline}: {entity.text}")
    return root


def parse_xhtml(data: bytes, name: str) -> tuple[etree._Element, bool]:
    """The root element of an XHTML part, and whether it is well-formed: one that is not is read as browsers do.

    Raises:
        UnreadableError: it uses an entity that it declares, or holds no element.
    """
    try:
        return parse_xml(data, name), True
    except UnreadableError as error:
        if error.reason != "broken_file":
            raise
        if b"<!ENTITY" in data:
            # Browsers know no such declarations, and would show the references as they are written.
            raise UnreadableError("entities", str(error)) from error
        if len(data) > _MAX_TEXT_BYTES:
            raise
        fault = error
    parser = lxml_html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True)
    try:
        root = lxml_html.document_fromstring(data, parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise fault from None
    if not any(str(part).strip() for part in root.itertext()):
        raise fault
    return root, False


def local_name(element: etree._Element) -> str:
    """The element's name without its name space; empty for what is no element."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child_of(node: etree._Element | None, name: str) -> etree._Element | None:
    """The first child of this local name; None if there is none, or no node."""
    return next((child for child in node if local_name(child) == name), None) if node is not None else None


def first_within(root: etree._Element, name: str) -> etree._Element | None:
    """The first element of this local name, the root itself or below it; None if there is none."""
    return next((element for element in root.iter(etree.Element) if local_name(element) == name), None)


def attribute(element: etree._Element, name: str) -> str:
    """The value of the attribute of this local name, in whatever name space; empty if there is none."""
    value = element.get(name)
    if value is not None:
        return str(value)
    ending = "}" + name
    return next((str(value) for key, value in element.items() if str(key).endswith(ending)), "")


def words(element: etree._Element | None) -> str:
    """All text of an element on one line."""
    return " ".join("".join(str(part) for part in element.itertext()).split()) if element is not None else ""


def _without_named_characters(data: bytes) -> bytes:
    if not _NAMED.search(data):
        return data
    declared = set(re.findall(rb"<!ENTITY\s+([\w.-]+)", data[: 1 << 16])) if b"<!ENTITY" in data else set()

    def written(match: re.Match[bytes]) -> bytes:
        name = match[1]
        if name is None or name in _XML_NAMES or name in declared:
            return match[0]
        characters = html5.get(f"{name.decode()};")
        return "".join(f"&#{ord(character)};" for character in characters).encode() if characters else match[0]

    return _CDATA_OR_NAMED.sub(written, data)
