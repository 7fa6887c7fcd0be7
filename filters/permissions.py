"""Whether a page may be used: by whom, for what, and as of which day.

Two questions are kept apart. *May it be fetched* is answered by the robots.txt that was in force, for the agent that
fetches. *May it be used*, to train, search, display or redistribute, is answered by everything else that the site and
the page state. There are three answers: allowed, denied and unknown; what unknown means is a policy. Of several
statements the most restrictive holds, except where a specification orders them (TDMRep: page over header over file).
`docs/rights.md` lists what each directive says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from manyo.corpus.web import opt_outs
from manyo.corpus.web.licences import Licence
from manyo.corpus.web.statements import Stated
from manyo.filters.site_files import Capture, Site, SiteFiles, parsed_robots, site_of

Use = Literal["crawl", "train", "search", "redistribute", "display"]
Verdict = Literal["allowed", "denied", "unknown"]

#: Uses other than fetching, in the order in which they are listed.
USES: tuple[Use, ...] = ("train", "search", "display", "redistribute")

#: Agents whose ban from a site says that its pages are not for training: what they fetch is for that alone, or they are
#: controls without a crawler.
TRAINING_AGENTS = frozenset(("gptbot", "claudebot", "google-extended", "applebot-extended"))
#: Agents that read `noarchive` and `nocache` as a ban on training, by their own documentation.
_NO_ARCHIVE_NO_TRAINING = frozenset(("bingbot", "msnbot", "amazonbot"))
#: What each directive denies; the others say nothing about these uses.
_DENIES: dict[str, tuple[Use, ...]] = {
    "noindex": ("search",),
    "none": ("search",),
    "noarchive": ("display",),
    "nocache": ("display",),
    "nosnippet": ("display",),
    "max-snippet:0": ("display",),
    "noai": ("train",),
    "noml": ("train",),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a page.

    Attributes:
        robots: captures of robots.txt, of any hosts and days; other captures among them are left alone.
        stated: what the page and its header state (`manyo.corpus.web.statements`).
        tdmrep: text of the site's `tdmrep.json`; None if there is none.
        rsl: text of each licence that robots.txt or the page names, by its address.
        ai_txt: text of the site's `ai.txt`; None if there is none.
    """

    robots: Sequence[Capture] = ()
    stated: Sequence[Stated] = ()
    tdmrep: str | None = None
    rsl: Mapping[str, str] = field(default_factory=dict)
    ai_txt: str | None = None


class Answer(NamedTuple):
    """A verdict with what it rests on.

    Attributes:
        verdict: allowed, denied or unknown.
        sources: the statements that lead to it, as `robots.txt`, `meta noai`.
        conditions: what a licence asks.
    """

    verdict: Verdict
    sources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


class _Said(NamedTuple):
    """One source's answer."""

    source: str
    allowed: bool


def evidence_of(captures: Sequence[Capture], stated: Sequence[Stated], files: SiteFiles) -> Evidence:
    """What is known about a page from captures of files, what it states, and the files in force for it."""
    return Evidence(
        captures,
        stated,
        tdmrep=files.tdmrep.text if files.tdmrep is not None else None,
        rsl={one.url: one.text for one in files.rsl},
        ai_txt=files.ai_txt.text if files.ai_txt is not None else None,
    )


def decide(url: str, agent: str, use: Use, as_of: date, evidence: Evidence) -> Answer:
    """Whether a page may be used.

    Args:
        url: its address.
        agent: product token under which it is fetched, or which the statement is asked for.
        use: what for.
        as_of: the day; captures after it do not exist yet, dates up to it have come.
        evidence: what is known.
    """
    site = site_of(evidence.robots, url, as_of)
    may_fetch = site.allows(agent, url)
    if use == "crawl":
        return _answer([_Said("robots.txt", may_fetch)] if may_fetch is not None else [])
    said = [*_by_site(site, url, agent, use, evidence), *_by_page(url, agent, use, as_of, evidence.stated)]
    if use == "train":
        said += _by_reservation(url, evidence)
        if may_fetch is False and site.rules is not None and agent.lower() in TRAINING_AGENTS:
            said.append(_Said("robots.txt", False))
    if use == "redistribute":
        licences = [Licence(one.value) for one in evidence.stated if one.source == "licence"]
        granted = [licence for licence in licences if licence.is_grant]
        said += [_Said(f"licence {licence.name}", True) for licence in granted]
        return _answer(said, granted[0].conditions if granted else ())
    return _answer(said)


def _answer(said: Sequence[_Said], conditions: tuple[str, ...] = ()) -> Answer:
    denied = tuple(one.source for one in said if not one.allowed)
    if denied:
        return Answer("denied", denied)
    return Answer("allowed", tuple(one.source for one in said), conditions) if said else Answer("unknown")


def _by_site(site: Site, url: str, agent: str, use: Use, evidence: Evidence) -> Iterator[_Said]:
    """Yield what the site's files say."""
    rules = site.rules
    if rules is not None:
        # Of a path that may not be fetched no preference is implied.
        if rules.allows(agent, url):
            yield from _said("robots.txt content-usage", opt_outs.usage_by_path(rules.usages(agent, url), use))
        yield from _said("robots.txt content-signal", opt_outs.signal(rules.signals(agent), use))
    for address, licence in evidence.rsl.items():
        yield from _said(f"rsl {address}", opt_outs.rsl(licence, url, use))
    if evidence.ai_txt is not None and use == "train" and not parsed_robots(evidence.ai_txt).allows(agent, url):
        yield _Said("ai.txt", False)


def _by_page(url: str, agent: str, use: Use, as_of: date, stated: Iterable[Stated]) -> Iterator[_Said]:
    """Yield what the page and its header say, but for reservations and licences."""
    usages = []
    for one in stated:
        if one.source == "content-usage":
            usages.append(one.value)
        elif one.source == "rsl" and one.value.startswith("<"):
            yield from _said("rsl in the page", opt_outs.rsl(one.value, url, use))
        elif one.source not in ("meta", "x-robots-tag") or one.agent not in ("*", agent.lower()):
            continue
        elif use in denied_uses(one.value, agent, as_of):
            yield _Said(f"{one.source} {one.value}", False)
    yield from _said("content-usage", opt_outs.usage(usages, use) if usages else None)


def denied_uses(directive: str, agent: str, as_of: date) -> tuple[Use, ...]:
    """The uses that a robots directive denies to an agent, as of a day."""
    if directive.startswith("unavailable_after"):
        day = _day(directive.partition(":")[2])
        return ("search",) if day is not None and day <= as_of else ()
    denies = _DENIES.get(directive, ())
    if directive in ("noarchive", "nocache") and agent.lower() in _NO_ARCHIVE_NO_TRAINING:
        return (*denies, "train")
    return denies


def _by_reservation(url: str, evidence: Evidence) -> Iterator[_Said]:
    """Yield the reservation of text and data mining: of the page or its header, else that of the site's file."""
    for one in evidence.stated:
        if one.source == "tdm-reservation":
            yield _Said("tdm-reservation", one.value == "0")
            return
    reserved = opt_outs.reserved_by_file(evidence.tdmrep, url) if evidence.tdmrep is not None else None
    if reserved is not None:
        yield _Said("tdmrep.json", not reserved)


def _said(source: str, verdict: bool | None) -> Iterator[_Said]:
    if verdict is not None:
        yield _Said(source, verdict)


def _day(written: str) -> date | None:
    """A date as RFC 822, RFC 850 or ISO 8601 write it, on the day that it names where it stands; None if none."""
    written = written.strip()
    if match := re.match(r"(\d{4})-(\d\d)-(\d\d)", written):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            return None
    with suppress(ValueError, TypeError, IndexError):
        return parsedate_to_datetime(re.sub(r"(\d)-([a-z]{3})-(\d)", r"\1 \2 \3", written)).date()
    if match := re.match(r"(?:[a-z]+,?\s*)?(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{4})", written):
        try:
            return datetime.strptime(f"{match[1]} {match[2]} {match[3]}", "%d %b %Y").replace(tzinfo=UTC).date()
        except ValueError:
            return None
    return None
