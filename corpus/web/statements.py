"""What a page states about its own use and its date of publication, in its tags and its HTTP header.

Statements are kept as they are written, with where they stand and whom they address, so that a change of policy needs
no new crawl; what they deny is decided in `manyo.filters.permissions`. Read are, each from where its definition places
it:

- robots directives, in `<meta name="robots">`, `<meta>` of a crawler's name, and the `X-Robots-Tag` header (RFC 9309
  leaves them to the documentation of search engines; `noai` and `noimageai` were introduced by DeviantArt in 2022);
- a reservation of text and data mining, in `<meta name="tdm-reservation" content="1">` and the header of that name (W3C
  TDM Reservation Protocol; article 4 of the EU's directive 2019/790); the page supersedes the header;
- preferences in the header `Content-Usage` (IETF AIPREF, drafts of 2026);
- the licence of the page, and RSL licences that it names or holds (`manyo.corpus.web.licences`);
- the date of publication, in JSON-LD, `<meta>` or `itemprop="datePublished"`. Dates in the text are not read.

A directive for one crawler by name (`googlebot: noindex`) is kept, but not addressed to everyone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import NamedTuple

from manyo.corpus.web.licences import LICENCE_NAMES, Licence, page_licence, rsl_licences

#: Statements to everyone that are recorded in `robots`, in the order in which they are listed.
DIRECTIVES = ("noindex", "noarchive", "noai", "noimageai", "tdm_reserved")

#: Crawlers and controls whose own `<meta>` is read, in lower case; the header names any.
CRAWLERS = (
    "ai2bot", "amazonbot", "anthropic-ai", "applebot", "applebot-extended", "baiduspider", "bingbot", "bytespider",
    "ccbot", "chatgpt-user", "claude-searchbot", "claude-user", "claude-web", "claudebot", "cohere-ai",
    "cohere-training-data-crawler", "diffbot", "duckassistbot", "duckduckbot", "facebookbot", "facebookexternalhit",
    "google-cloudvertexbot", "google-extended", "googlebot", "googlebot-image", "googlebot-news", "googleother",
    "gptbot", "ia_archiver", "icc-crawler", "imagesiftbot", "img2dataset", "meta-externalagent",
    "meta-externalfetcher", "mistralai-user", "mojeekbot", "msnbot", "oai-searchbot", "omgili", "omgilibot",
    "perplexity-user", "perplexitybot", "petalbot", "slurp", "timpibot", "webzio-extended", "yandex", "yandexbot",
    "youbot",
)  # fmt: skip


class Stated(NamedTuple):
    """One statement about the use of a page.

    Attributes:
        source: where it stands: `meta`, `x-robots-tag`, `tdm-reservation` (which of page and header is decided),
            `content-usage`, `licence`, `rsl` (the address of such a licence, or the licence itself).
        agent: product token of whom it addresses, in lower case; `*` for everyone.
        value: a directive in lower case, or the value as written.
    """

    source: str
    agent: str
    value: str

    def __str__(self) -> str:
        """The form in which `documents` holds it; `parse_stated` is the inverse."""
        return f"{self.source} {self.agent}: {self.value}"


def parse_stated(written: str) -> Stated:
    """The statement that `str(statement)` wrote."""
    where, _, value = written.partition(": ")
    source, _, agent = where.partition(" ")
    return Stated(source, agent, value)


@dataclass(frozen=True, slots=True)
class Statements:
    """What a page states about itself.

    Attributes:
        robots: the `DIRECTIVES` that it states to everyone, in that order.
        licence: its licence, as `Licence.name`; empty if the page states none.
        published: ISO date, `2019-04-07`; empty if the page states none.
        stated: every statement about its use, in order.
    """

    robots: tuple[str, ...] = ()
    licence: str = ""
    published: str = ""
    stated: tuple[Stated, ...] = ()


def read_statements(tags: Iterable[str], json_ld: str, head: bytes = b"", html: str | bytes = b"") -> Statements:
    """The statements in a page's tags and HTTP header.

    Args:
        tags: attributes, as written, of `<meta>` of `META_NAMES`, and of elements that state a licence or a date.
        json_ld: content of the page's JSON-LD scripts.
        head: the HTTP header as it was sent.
        html: the page, or the same as UTF-8, in which a licence's place is looked up; without it only licences in
            `json_ld` are read.

    Returns:
        The statements; of several dates, the first.
    """
    published = _date(match[1]) if (match := _JSON_LD_DATE.search(json_ld)) else ""
    in_page: list[Stated] = []
    reserved: dict[str, str] = {}
    metas: list[tuple[str, str]] = []
    for name, content in map(_name_and_content, tags):
        if name == "robots" or name in CRAWLERS:
            agent = "*" if name == "robots" else name
            in_page += [Stated("meta", agent, directive) for directive in read_directives(content)]
        elif name in _TDM_NAMES and content in ("0", "1"):
            reserved["page"] = max(content, reserved.get("page", "0"))
        elif name in LICENCE_NAMES:
            metas.append((name, content))
        elif name in _DATE_NAMES and not published:
            published = _date(content)
    links: list[str] = []
    for field, value in _fields(head):
        if field == "x-robots-tag":
            in_page += [Stated("x-robots-tag", agent, directive) for agent, directive in read_x_robots_tag(value)]
        elif field == "tdm-reservation" and value in ("0", "1"):
            reserved["header"] = max(value, reserved.get("header", "0"))
        elif field == "content-usage":
            in_page.append(Stated("content-usage", "*", value))
        elif field == "link":
            links.append(value)
    tdm = reserved.get("page", reserved.get("header"))
    in_page += [Stated("tdm-reservation", "*", tdm)] if tdm is not None else []
    licence = page_licence(html, json_ld, metas, links)
    in_page += [Stated("licence", "*", licence.name)] if licence else []
    in_page += [Stated("rsl", "*", one) for one in rsl_licences(html, links)]
    words = {one.value for one in in_page if one.agent == "*" and one.source in ("meta", "x-robots-tag")}
    # `none` means noindex and nofollow.
    words |= ({"noindex"} if "none" in words else set()) | ({"tdm_reserved"} if tdm == "1" else set())
    robots = tuple(word for word in DIRECTIVES if word in words)
    return Statements(robots, _name(licence), published, tuple(dict.fromkeys(in_page)))


def read_directives(value: str) -> list[str]:
    """The robots directives of a `<meta>`, in lower case: `max-snippet:0`, `unavailable_after: 25 jun 2031`.

    Commas separate them; blanks, semicolons and their Japanese forms do so too, as pages write them.
    """
    return [directive for _, directive in read_x_robots_tag(value, has_agents=False)]


def read_x_robots_tag(value: str, has_agents: bool = True) -> list[tuple[str, str]]:
    """Agents and directives of one `X-Robots-Tag`; after `agent:` all directives are that agent's up to the next one.

    An agent is a word before a colon that is no directive with a value.

    Args:
        value: of the field.
        has_agents: whether the field may name agents.
    """
    found: list[tuple[str, str]] = []
    agent, position = "*", 0
    text = unicodedata.normalize("NFKC", value).lower()
    while match := _DIRECTIVE.search(text, position):
        position = match.end()
        if match["date"] is not None:
            found.append((agent, f"unavailable_after: {match['date'].strip()}"))
        elif match["amount"] is not None:
            found.append((agent, re.sub(r"\s", "", match[0])))
        elif match["agent"] is not None and has_agents:
            agent = "*" if match["agent"] in ("*", "robots") else match["agent"]
        elif match["word"] is not None:
            found.append((agent, match["word"]))
    return found


def _name_and_content(written: str) -> tuple[str, str]:
    attributes = {
        name.lower(): unescape(double_quoted or single_quoted or bare).strip()
        for name, double_quoted, single_quoted, bare in reversed(_ATTRIBUTE.findall(written))
    }
    name = (attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or "").lower()
    return name, attributes.get("content") or attributes.get("datetime") or ""


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    """Yield name, in lower case, and value of the fields of a header; a line that begins with a blank goes on.

    A header without fields that are read yields nothing.
    """
    lower = head.lower()
    if not any(name in lower for name in _STATING_FIELDS):
        return
    for line in _LINE_END.split(_FOLD.sub(" ", head.decode("latin-1"))):
        name, _, value = line.partition(":")
        yield name.strip().lower(), value.strip()


def _name(licence: Licence | None) -> str:
    return licence.name if licence else ""


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
#: `tdm:reservation` is how EPUB writes it.
_TDM_NAMES = frozenset(("tdm-reservation", "tdm:reservation"))
#: Names of the `<meta>` tags that are read; nine of ten `<meta>` tags have other names.
META_NAMES = frozenset(("robots", *CRAWLERS, *_TDM_NAMES, *LICENCE_NAMES, *_DATE_NAMES))
_ATTRIBUTE = re.compile(
    r"""(?<![^\s"'/])(name|property|itemprop|content|datetime)\s*=\s*"""
    r"""(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""",
    re.IGNORECASE | re.ASCII,
)
#: Header fields that are read, as bytes that a header with one of them contains.
_STATING_FIELDS = (b"x-robots-tag", b"tdm-reservation", b"content-usage", b"link")
_FOLD = re.compile(r"\r?\n[ \t]+")
_LINE_END = re.compile(r"\r?\n")
_JSON_LD_DATE = re.compile(r'"datePublished"\s{0,9}:\s{0,9}"([^"]{4,40})"')
#: A directive with a date or an amount, an agent, or a directive without a value.
_DIRECTIVE = re.compile(
    r"unavailable_after\s*:\s*(?P<date>(?:[a-z]{3,9}\s*,\s*)?[^,;、]*)"
    r"|(?P<amount>max-(?:snippet|image-preview|video-preview)\s*:\s*-?\w+)"
    r"|(?P<agent>\*|(?<![a-z0-9_./-])[a-z0-9_][a-z0-9_./-]*+)\s*:(?!//)"
    r"|(?P<word>[a-z_][a-z0-9_-]*)"
)
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)", re.ASCII)
