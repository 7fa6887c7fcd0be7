"""The licence of a page: Creative Commons with version and port, and the terms of Japanese public bodies.

`rel="license"` is by HTML's definition about the main content of a page, and in fact often about a photo. So a link in
a figure, a caption, a gallery or a comment is left out. A mention of a licence in an article is none: the terms of
public bodies count where a footer, or a section on use, says that they apply.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import lxml.etree
import lxml.html
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import MENTIONS

#: `<meta>` of Dublin Core that may hold the address of a licence.
LICENCE_NAMES = ("dc.rights", "dc.rights.license", "dcterms.license", "dcterms.rights")


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence.

    Attributes:
        name: path of the deed of Creative Commons (`by-sa-4.0`, `by-2.1-jp`, `zero-1.0`), or `pdl-1.0`, `gov-jp-2.0`.
    """

    name: str

    @property
    def conditions(self) -> tuple[str, ...]:
        """What it asks of whoever hands the text on."""
        if self.name.startswith(("pdl-", "gov-jp-")):
            return ("attribution", "say if edited")
        if self.name.startswith("zero-"):
            return ()
        parts = self.name.split("-")
        stated = {"by": "attribution", "sa": "share alike", "nc": "not for money", "nd": "unchanged"}
        return (*(text for part, text in stated.items() if part in parts), f"licence {self.name}")

    @property
    def is_grant(self) -> bool:
        """Whether it allows anything: the public domain mark says what somebody believes, and allows nothing."""
        return not self.name.startswith("mark-")


def licence_at(address: str) -> Licence | None:
    """The licence at an address; None if the address is of another page.

    >>> licence_at("https://creativecommons.org/licenses/by-sa/2.1/jp/deed.ja").name
    'by-sa-2.1-jp'
    """
    address = address.strip().lower()
    if match := _CREATIVE_COMMONS.match(address):
        port = f"-{match['port']}" if match["port"] else ""
        return Licence(f"{match['terms']}-{match['version']}{port}")
    if match := _PDL_ADDRESS.match(address):
        return Licence(f"pdl-{match[1]}")
    return None


def page_licence(
    html: str | bytes, json_ld: str, metas: Sequence[tuple[str, str]] = (), link_fields: Sequence[str] = ()
) -> Licence | None:
    """The licence that a page states for itself; of several, the first in this order: header, head, JSON-LD, body.

    Args:
        html: the page, or the same as UTF-8.
        json_ld: content of its JSON-LD scripts.
        metas: names and contents of its `<meta>` of `LICENCE_NAMES`.
        link_fields: values of the header `Link`.
    """
    found = chain(
        (licence_at(match[1]) for value in link_fields for match in _LINK_FIELD.finditer(value)),
        (licence_at(content) for _, content in metas),
        (licence_at(address) for address in _licences_of(json_ld)),
        _in_body(html),
    )
    return next((licence for licence in found if licence is not None), None)


def rsl_licences(html: str | bytes, link_fields: Sequence[str] = ()) -> list[str]:
    """The RSL licences that a page names by address, or holds: then it is the XML itself, which begins with `<`.

    Args:
        html: the page, or the same as UTF-8.
        link_fields: values of the header `Link`.
    """
    found = [match[1] for value in link_fields for match in _RSL_FIELD.finditer(value)]
    page = _as_bytes(html)
    if _RSL_TYPE in page and (tree := _parsed(page)) is not None:
        for element in tree.iter("a", "link", "area", "script"):
            if _RSL_TYPE.decode() not in (element.get("type") or "").lower():
                continue
            if element.tag == "script":
                found.append((element.text or "").strip()[:_MAX_RSL_CHARS])
            elif "license" in (element.get("rel") or "").lower().split():
                found.append((element.get("href") or "").strip())
    return [one for one in dict.fromkeys(found) if one]


def licence_mentions(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and kind of passages that may state terms: candidates for a person, no verdicts.

    Kinds: `gov-jp`, `pdl`, `cc`, `no-ai` (a ban on training in plain words).
    """
    for match in _MENTION.finditer(text):
        yield match.start(), match.end(), str(match.lastgroup).replace("_", "-")


def mentions(documents: pa.RecordBatch) -> pa.RecordBatch:
    """The passages of a batch of documents that may state terms, as `manyo.corpus.schema.MENTIONS`.

    Args:
        documents: with columns `doc_id` and `text`.
    """
    # Arrow looks through a megabyte in milliseconds; one document in hundreds is looked at again.
    rows = np.flatnonzero(pc.match_substring_regex(documents.column("text"), _MENTION.pattern).to_numpy(False))
    ids, texts = (documents.column(name).take(pa.array(rows)).to_pylist() for name in ("doc_id", "text"))
    found = [
        {"doc_id": doc_id, "kind": kind, "start": start, "stop": stop}
        for doc_id, text in zip(ids, texts, strict=True)
        for start, stop, kind in licence_mentions(text)
    ]
    return pa.RecordBatch.from_pylist(found, schema=MENTIONS.schema)


def _may_state(html: bytes) -> bool:
    """Whether a page holds anything that states a licence, which few do: the others are not parsed a second time."""
    # An expression, or text instead of bytes, takes several times as long.
    is_named = _COMMONS in html and any(name in html for name in _COMMONS_NAMES)
    return is_named or any(mark in html for mark in _MAY_STATE)


def _in_body(html: str | bytes) -> Iterator[Licence | None]:
    page = _as_bytes(html)
    if not _may_state(page) or (tree := _parsed(page)) is None:
        return
    for element in tree.iter("a", "link", "area"):
        tokens = (element.get("rel") or "").lower().split()
        # `rel="license"` of this type leads to RSL (`rsl_licences`).
        if "license" in tokens and "rsl+xml" not in (element.get("type") or "") and not _belongs_to_item(element):
            yield licence_at(element.get("href") or "")
    # Elements around a link to a licence, or all of a page that names the terms of public bodies: to read the text of
    # each costs more than all the rest.
    around = {
        ancestor for link in tree.iter("a") if licence_at(link.get("href") or "") for ancestor in link.iterancestors()
    }
    names_terms = _TERMS.search("".join(tree.text_content().split())) is not None
    for element in tree.iter("footer", "address", "small", "p", "li", "dd", "section", "div"):
        if not (names_terms or element in around):
            continue
        text = _beginning(element)
        is_about_site = len(text) <= _STATEMENT_CHARS and bool(_ITSELF.search(text))
        if element.tag == "footer" or _is_about_use(element) or is_about_site:
            yield _public_terms(element, text)
        if is_about_site:
            # Without `rel`, but in a sentence that speaks of the site's own texts.
            links = (link for link in element.iter("a") if not _belongs_to_item(link))
            yield from (licence_at(link.get("href") or "") for link in links)


def _beginning(element: Any) -> str:
    """The beginning of an element's text, without blanks; elements lie in one another, so none is read to its end."""
    parts: list[str] = []
    left = _FOOTER_CHARS
    for part in element.itertext():
        parts.append("".join(part.split()))
        left -= len(parts[-1]) + 1
        if left < 0:
            break
    return "".join(parts)


def _as_bytes(html: str | bytes) -> bytes:
    return html.encode("utf-8", "replace") if isinstance(html, str) else html


def _parsed(page: bytes) -> Any:
    """The tree of a page, without its comments; None if it has none."""
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True)
    try:
        return lxml.html.document_fromstring(page, parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, ValueError):
        return None


def _belongs_to_item(element: Any) -> bool:
    """Whether an element stands in a figure, an item of a gallery, a comment or what the page only shows."""
    for ancestor in element.iterancestors():
        if ancestor.tag in _ITEMS or _ITEM_CLASS.search(f"{ancestor.get('class') or ''} {ancestor.get('id') or ''}"):
            return True
    return False


def _is_about_use(element: Any) -> bool:
    """Whether an element is a footer, a copyright line or a section on use, by its class or id."""
    return bool(_USE_CLASS.search(f"{element.get('class') or ''} {element.get('id') or ''}"))


def _public_terms(element: Any, text: str) -> Licence | None:
    """The terms of public bodies that an element, whose text is given without blanks, says to apply."""
    for link in element.iter("a"):
        if (licence := licence_at(link.get("href") or "")) and licence.name.startswith("pdl-"):
            return licence
    match = _APPLIES.search(text)
    if match is None:
        return None
    version = (match["version"] or "").translate(_DIGITS)
    return Licence(f"pdl-{version or '1.0'}" if match["pdl"] else f"gov-jp-{version or '2.0'}")


def _licences_of(json_ld: str) -> Iterator[str]:
    """Yield addresses of licences of the page in JSON-LD; those of its images, sounds and people are left out."""
    for written in re.split(r"\n(?=\s*[\[{])", json_ld) if json_ld else ():
        try:
            yield from _licences_in(json.loads(written, strict=False), 0)
        except (ValueError, RecursionError):
            continue


def _licences_in(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _licences_in(one, depth)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        names = {kinds} if isinstance(kinds, str) else set(filter(lambda one: isinstance(one, str), kinds or ()))
        if "license" in value and not names & _NOT_PAGES:
            stated = value["license"]
            stated = stated.get("@id") or stated.get("url") if isinstance(stated, dict) else stated
            yield from (one for one in (stated if isinstance(stated, list) else [stated]) if isinstance(one, str))
        if depth == 0 and isinstance(value.get("@graph"), list):
            yield from _licences_in(value["@graph"], 1)


_NOT_PAGES = frozenset(("ImageObject", "AudioObject", "VideoObject", "Person", "Organization", "SoftwareApplication"))
_ITEMS = frozenset(("figure", "figcaption", "picture", "template", "textarea", "noscript", "blockquote"))
_ITEM_CLASS = re.compile(r"(?i)\b(?:gallery|caption|comments?|photo|image|credit|thumb|theme)")
_USE_CLASS = re.compile(r"(?i)\b(?:footer|copyright|licen[sc]e|terms|rights)")
#: A statement further behind in a footer is not found.
_FOOTER_CHARS = 3000
#: A longer element is more than a statement about use.
_STATEMENT_CHARS = 400
#: What a statement about a site's own texts speaks of.
_ITSELF = re.compile(
    r"(?:(?:当|本|この)(?:ウェブ)?(?:サイト|ホームページ|ページ|ブログ|データ|資料|記事|文書)"
    r"|コンテンツ|特に(?:断り|明示|記載)の?ない限り)[^。]{0,60}(?:規約|ライセンス|CCBY|CC-BY|クリエイティブ)"
)
#: The media type of RSL, and how much of a licence in a page is kept.
_RSL_TYPE, _MAX_RSL_CHARS = b"rsl+xml", 4096
#: What only pages with a statement hold, one of them.
_COMMONS = b"ommons.org/"
_COMMONS_NAMES = (b"creativecommons.org/", b"CreativeCommons.org/")
_MAY_STATE = tuple(mark.encode() for mark in ("公共データ利用規約", "政府標準利用規約", "public_data_license"))
_CREATIVE_COMMONS = re.compile(
    r"(?:https?:)?//(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/(?P<terms>[a-z+-]{2,20})/"
    r"(?P<version>[0-9]\.[0-9])(?![0-9])(?:/(?P<port>[a-z]{2}|scotland|igo)(?![a-z.]))?"
)
_PDL_ADDRESS = re.compile(r"https?://(?:www\.)?digital\.go\.jp/.*public_data_license_v?([0-9]\.[0-9])")
_LICENCE_LINK = r"<([^<>]*)>(?=[^<]*;\s*rel\s*=\s*\"?[^\";<]*\blicense\b)"
_LINK_FIELD = re.compile(rf"{_LICENCE_LINK}(?![^<]*rsl\+xml)", re.IGNORECASE)
_RSL_FIELD = re.compile(rf"{_LICENCE_LINK}(?=[^<]*rsl\+xml)", re.IGNORECASE)
_VERSION = r"(?:[（(]?第?(?P<version>[0-9０-９][.．][0-9０-９])版?[）)]?)?"
_TERMS = re.compile("公共データ利用規約|政府標準利用規約")
_APPLIES = re.compile(
    rf"(?:(?P<pdl>公共データ利用規約)|政府標準利用規約){_VERSION}[」』】）]*(?:[（(][^（()）]{{0,30}}[）)])?"
    r".{0,12}?(?:に従|にしたが|に基づ|に基づき|により|による|に準拠|準拠し|を適用|が適用|の下|に準じ|に沿|に則|のもと|を採用|で提供|と互換|の定め)"
)
_DIGITS = str.maketrans("０１２３４５６７８９．", "0123456789.")
_MENTION = re.compile(
    r"(?P<gov_jp>政府標準利用規約)|(?P<pdl>公共データ利用規約|PDL\s?1\.0)"
    r"|(?P<cc>クリエイティブ・?コモンズ|CC[ -]BY(?:-[A-Z]{2})*)"
    r"|(?P<no_ai>(?:(?:生成)?ＡＩ|(?:生成)?AI|人工知能|機械学習)[^。\n]{0,20}(?:学習|訓練|トレーニング|利用|使用)?"
    r"[^。\n]{0,12}(?:禁止|禁じ|お断り|ご遠慮|認めません|許可しません|許諾しません))"
)
