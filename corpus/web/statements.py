"""What a page states about its own use and its date of publication, in its tags and its HTTP header.

Four statements are read, each from where its definition places it:

- robots directives, in `<meta name="robots">` and the `X-Robots-Tag` header (RFC 9309 leaves them to the documentation
  of search engines; `noai` and `noimageai` were introduced by DeviantArt in 2022, and others followed);
- a reservation of text and data mining, in `<meta name="tdm-reservation" content="1">` and the header of that name (W3C
  TDM Reservation Protocol; article 4 of the EU's directive 2019/790);
- the licence that `rel="license"` links to, if it is a Creative Commons licence;
- the date of publication, in JSON-LD, `<meta>` or `itemprop="datePublished"`. Dates in the text are not read.

A directive for one crawler by name (`googlebot: noindex`) is not addressed to everyone, and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape

#: Statements that are recorded, in the order in which they are listed.
DIRECTIVES = ("noindex", "noarchive", "noai", "noimageai", "tdm_reserved")


@dataclass(frozen=True, slots=True)
class Statements:
    """What a page states about itself.

    Attributes:
        robots: the `DIRECTIVES` that it states, in that order.
        licence: Creative Commons licence, named by the path of its deed (`by-sa-4.0`, `zero-1.0`); empty if the page
            states none.
        published: ISO date, `2019-04-07`; empty if the page states none.
    """

    robots: tuple[str, ...] = ()
    licence: str = ""
    published: str = ""


def read_statements(tags: Iterable[str], json_ld: str, head: bytes = b"") -> Statements:
    """The statements in a page's tags and HTTP header.

    Args:
        tags: attributes, as written, of `<meta>` of `META_NAMES`, and of elements that state a licence or a date.
        json_ld: content of the page's JSON-LD scripts.
        head: the HTTP header, lower case, lines ended by `\\n`.

    Returns:
        The statements; of several licences or dates, the first.
    """
    words: set[str] = set()
    licence = ""
    published = _date(match[1]) if (match := _JSON_LD_DATE.search(json_ld)) else ""
    for written in tags:
        attributes = {
            name.lower(): unescape(double_quoted or single_quoted or bare).strip()
            for name, double_quoted, single_quoted, bare in _ATTRIBUTE.findall(written)
        }
        name = (attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or "").lower()
        content = attributes.get("content") or attributes.get("datetime") or ""
        if name == "robots":
            words |= _directives(content.lower())
        elif name == "tdm-reservation" and content == "1":
            words.add("tdm_reserved")
        elif name in _DATE_NAMES and not published:
            published = _date(content)
        elif not licence and "license" in attributes.get("rel", "").lower().split():
            licence = licence_of(attributes.get("href", ""))
    for line in head.split(b"\n"):
        field, _, value = line.decode("latin-1").partition(":")
        if field == "x-robots-tag":
            words |= _directives(value)
        elif field == "tdm-reservation" and value.strip() == "1":
            words.add("tdm_reserved")
    return Statements(tuple(word for word in DIRECTIVES if word in words), licence, published)


def licence_of(address: str) -> str:
    """The Creative Commons licence at an address; empty if the address is of another page.

    >>> licence_of("https://creativecommons.org/licenses/by-sa/4.0/deed.ja")
    'by-sa-4.0'
    """
    match = _CREATIVE_COMMONS.match(address.lower())
    return f"{match[1]}-{match[2]}" if match else ""


def _directives(value: str) -> set[str]:
    words = {word.strip() for word in value.split(",")}
    # `none` means noindex and nofollow.
    return words | {"noindex"} if "none" in words else words


def _date(written: str) -> str:
    """The ISO date with which a date and time starts; empty if it does not start with a date."""
    match = _DATE.match(written.strip())
    if not match or not (int(match[1]) >= 1990 and 1 <= int(match[2]) <= 12 and 1 <= int(match[3]) <= 31):
        return ""
    return f"{match[1]}-{int(match[2]):02}-{int(match[3]):02}"


_DATE_NAMES = frozenset(
    (
        "article:published_time",
        "citation_publication_date",
        "date",
        "datepublished",
        "dc.date.issued",
        "dcterms.issued",
        "og:published_time",
        "pubdate",
    )
)
#: Names of the `<meta>` tags that are read; nine of ten `<meta>` tags have other names.
META_NAMES = frozenset(("robots", "tdm-reservation", *_DATE_NAMES))
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])(name|property|itemprop|content|datetime|rel|href)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE | re.ASCII,
)
_JSON_LD_DATE = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{4,40})"')
_CREATIVE_COMMONS = re.compile(
    r"(?:https?:)?//(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/([a-z+-]{2,20})/([0-9.]{3})(?![0-9])"
)
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)
