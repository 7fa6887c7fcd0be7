"""The files by which a site states uses, and which capture of each was in force on a day.

Four kinds are read: `robots.txt`, `tdmrep.json` and `ai.txt` at their places on the page's scheme, host and port, and
the RSL licences that robots.txt or the page names. A capture is one fetch of such a file; captures after a day do not
exist yet on it, and of the others the last one counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

from manyo.corpus.web.robots_txt import RobotsTxt, parse_robots_txt
from manyo.corpus.web.statements import Stated

#: Where a site keeps each file.
ROBOTS_TXT, TDMREP, AI_TXT = "/robots.txt", "/.well-known/tdmrep.json", "/ai.txt"

#: What the paths of captures end with; a redirect may lead to a file of the same name in another folder.
_NAMES = ("/robots.txt", "/tdmrep.json", "/ai.txt")

#: What the root of an RSL file is called; whatever stands before it fits in this many bytes.
_RSL_ROOT, _ROOT_BYTES = b"<rsl", 1024

#: Redirects that are followed from one file to another (RFC 9309, 2.3.1.2).
_MAX_REDIRECTS = 5

#: Files that are kept parsed: pages of one host come together.
_KEPT_FILES = 4096


class Capture(NamedTuple):
    """One fetch of a file of a site.

    Attributes:
        url: its address.
        fetched: the day; `date.min` for a file that was given without one, which holds until the first dated capture.
        status: of the answer; 0 if there was none.
        body: of the answer.
        location: where the answer leads to, if it is a redirect.
    """

    url: str
    fetched: date
    status: int
    body: bytes | str = ""
    location: str = ""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body if isinstance(self.body, str) else self.body.decode("utf-8-sig", "replace")


@dataclass(frozen=True, slots=True)
class Site:
    """The robots.txt that is in force for a page, parsed; None where it cannot be known."""

    rules: RobotsTxt | None
    everything: bool | None = field(default=None)

    def allows(self, agent: str, url: str) -> bool | None:
        """Whether the agent may fetch the page; None if nothing is known of the site."""
        return self.everything if self.rules is None else self.rules.allows(agent, url)


class SiteFiles(NamedTuple):
    """The captures in force for one page on a day; None for a file of which nothing is known, or that is not there.

    Attributes:
        robots: of robots.txt, whatever the answer was.
        tdmrep, ai_txt: of these files.
        rsl: of the licences that robots.txt or the page names.
        rsl_missing: addresses of named licences that were not captured.
    """

    robots: Capture | None
    tdmrep: Capture | None
    ai_txt: Capture | None
    rsl: tuple[Capture, ...]
    rsl_missing: tuple[str, ...]

    def of_source(self, source: str) -> Capture | None:
        """The capture that a source of an answer speaks of (`manyo.filters.permissions.Answer`)."""
        kind, _, address = source.partition(" ")
        if kind == "rsl":
            return next((one for one in self.rsl if one.url == address), None)
        return {"robots.txt": self.robots, "tdmrep.json": self.tdmrep, "ai.txt": self.ai_txt}.get(kind)


def is_site_file(url: str, body: bytes = b"") -> bool:
    """Whether an answer from an address, with such a beginning, may be a file of a site that states uses."""
    return urlsplit(url).path.endswith(_NAMES) or _RSL_ROOT in body[:_ROOT_BYTES]


def given_addresses(path: str) -> tuple[str, ...]:
    """The addresses of a file that is given by itself, in the folder of its host as `wget -x` stores it.

    >>> given_addresses("terms/kiri.example/.well-known/tdmrep.json")
    ('https://kiri.example/.well-known/tdmrep.json', 'http://kiri.example/.well-known/tdmrep.json')

    Returns:
        One for each scheme; none if the file is no such file, but an archive.

    Raises:
        ValueError: no folder has the name of a host.
    """
    if not f"/{path}".endswith((*_NAMES, ".xml")):
        return ()
    folders = path.split("/")
    host = next((at for at in reversed(range(len(folders) - 1)) if "." in folders[at].strip(".")), None)
    if host is None:
        raise ValueError(f"{path}: put it into a folder with the name of its host, as HOST/robots.txt")
    return tuple(f"{scheme}://{'/'.join(folders[host:])}" for scheme in ("https", "http"))


def in_force(captures: Sequence[Capture], place: str, as_of: date) -> Capture | None:
    """The last capture of an address up to a day, or of what it redirects to; None if that is not known.

    A chain of more than `_MAX_REDIRECTS` counts as a file that is not there (RFC 9309, 2.3.1.3).
    """
    for _ in range(_MAX_REDIRECTS + 1):
        known = [one for one in captures if one.fetched <= as_of and _is_same(one.url, place)]
        if not known:
            return None
        last = max(known, key=lambda one: one.fetched)
        if not 300 <= last.status < 400:
            return last
        if not last.location:
            return None
        place = urljoin(last.url, last.location)
    return Capture(place, as_of, 404)


def site_of(captures: Sequence[Capture], url: str, as_of: date) -> Site:
    """The robots.txt in force: the last that was fetched from the page's scheme, host and port, not after a day.

    4xx is no restriction, 5xx and no answer at all are a complete ban (RFC 9309, 2.3.1). Redirects are followed, and
    what they lead to counts for the first host; one that leads nowhere leaves nothing known.
    """
    robots = in_force(captures, urljoin(url, ROBOTS_TXT), as_of)
    if robots is None:
        return Site(None)
    if _is_there(robots):
        return Site(parsed_robots(robots.body))
    return Site(None, everything=400 <= robots.status < 500)


@lru_cache(_KEPT_FILES)
def parsed_robots(body: bytes | str) -> RobotsTxt:
    """A file in the syntax of robots.txt, parsed once for all pages of its host."""
    return parse_robots_txt(body)


def site_files(captures: Sequence[Capture], stated: Sequence[Stated], url: str, as_of: date) -> SiteFiles:
    """The files in force for a page.

    Args:
        captures: of any files, hosts and days.
        stated: what the page and its header state: they may name licences.
        url: address of the page.
        as_of: the day.
    """
    robots = in_force(captures, urljoin(url, ROBOTS_TXT), as_of)
    tdmrep, ai_txt = (in_force(captures, urljoin(url, place), as_of) for place in (TDMREP, AI_TXT))
    in_robots = parsed_robots(robots.body).licences if robots is not None and _is_there(robots) else ()
    in_page = (one.value for one in stated if one.source == "rsl" and not one.value.startswith("<"))
    named = dict.fromkeys(urljoin(url, address) for address in (*in_robots, *in_page))
    licences: list[Capture] = []
    missing: list[str] = []
    for address in named:
        found = in_force(captures, address, as_of)
        if found is not None and _is_there(found):
            licences.append(found)
        else:
            missing.append(address)
    return SiteFiles(robots, _if_there(tdmrep), _if_there(ai_txt), tuple(licences), tuple(missing))


def _is_there(capture: Capture) -> bool:
    return 200 <= capture.status < 300


def _if_there(capture: Capture | None) -> Capture | None:
    return capture if capture is not None and _is_there(capture) else None


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses are of one file: scheme, host, port, path and query."""
    if one == other:
        return True
    with suppress(ValueError):  # a port that is no number
        a, b = urlsplit(one), urlsplit(other)
        ports = {"http": 80, "https": 443}
        return (a.scheme, a.hostname, a.port or ports.get(a.scheme), a.path, a.query) == (
            b.scheme,
            b.hostname,
            b.port or ports.get(b.scheme),
            b.path,
            b.query,
        )
    return False
