"""What a document may be used for: by the terms of its source, and by what its page states, as the policy reads it.

Four uses are told apart (`USES`): to train, to search, to display passages, to redistribute the text. A source grants
uses (`[[source]] uses`). For each use a policy (`[rights.train]` and so on) may take them away again where pages state
so. Each exit of manyo needs one: token shards need `train`, the release `redistribute`, samples of reports and of
`inspect` `display`. A document that may neither train nor be redistributed is dropped, for one of `REASONS`, which come
before those of the rules in `decisions`: so it takes no part in dedup, where it could replace a copy that may.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import SequenceMatcher
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.nearest import nearest, not_one_of
from manyo.corpus.schema import DECISIONS
from manyo.corpus.settings.meant_texts import FilePath, Glob
from manyo.corpus.web.statements import DIRECTIVES, parse_stated
from manyo.filters.known_agents import KNOWN_AGENTS
from manyo.filters.permissions import USES, Evidence, Use, Verdict, decide

#: Reasons, in the order in which `decisions` lists them, and what they mean.
REASONS = {
    "release_forbidden": "the source grants neither training nor redistribution (`uses` of the [[source]])",
    "opted_out": "the page or its site opts out of a use that [rights] honours, so that it may neither train nor be "
    "redistributed",
}

#: Columns of `documents` that decide.
COLUMNS = ("uses", "robots", "statements", "uri", "fetched_at")


#: A product token as a group of robots.txt names it.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+")
#: Names no more alike than this are of two crawlers: `CTBot` is to `CCBot` as 0.8, and `GTPBot` to `GPTBot` as 0.83.
_ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class UsePolicy:
    """Which statements take a use away from a document.

    Attributes:
        agents: product tokens whose statements are honoured next to those to everyone, such as `GPTBot`.
        as_of: the day as of which dates in statements are read: `crawl` for the day of the fetch, or a day,
            `2026-04-01`.
        crawl_bans: whether a page that one of `agents` may not fetch, as of that day, loses this use too
            (`[rights] robots`).
        silence: what holds where nothing is stated: `allowed`, as the source grants it, or `denied`.
    """

    agents: tuple[str, ...] = ()
    as_of: str = "crawl"
    crawl_bans: bool = False
    silence: Literal["allowed", "denied"] = "allowed"

    def __post_init__(self) -> None:
        """Raise ValueError for a day that is none, for an agent that nobody names, and for a ban of no agents."""
        if self.crawl_bans and not self.agents:
            raise ValueError('crawl_bans: there are no agents who could be banned; name them: agents = ["GPTBot"]')
        for agent in self.agents:
            if not _TOKEN.fullmatch(agent):
                raise ValueError(f"agents: {agent!r} is no product token: letters, digits, - and _, such as GPTBot")
            if misspelt := _misspelt(agent):
                raise ValueError(f"agents: no crawler has the name {agent!r}; did you mean {misspelt!r}?")
        if self.as_of != "crawl":
            try:
                date.fromisoformat(self.as_of)
            except ValueError as error:
                raise ValueError(f"as_of: {self.as_of!r} is neither crawl nor a day such as 2026-04-01") from error

    def day(self, fetched_at: datetime | None) -> date:
        """The day as of which statements about a page are read; today for a page whose day is unknown."""
        return (fetched_at or datetime.now(UTC)).date() if self.as_of == "crawl" else date.fromisoformat(self.as_of)

    def allows(
        self,
        use: Use,
        uri: str,
        fetched_at: datetime | None,
        statements: Sequence[str],
        of_site: Collection[Verdict] = (),
    ) -> bool:
        """Whether a page may be used: no honoured agent is denied, and silence is what the policy says.

        Args:
            use: what for.
            uri: address of the page.
            fetched_at: when it was fetched.
            statements: what it states.
            of_site: what the site's robots.txt says to the honoured agents (`site_verdicts`).
        """
        evidence = Evidence(stated=[parse_stated(one) for one in statements])
        as_of = self.day(fetched_at)
        verdicts = {decide(uri, agent, use, as_of, evidence).verdict for agent in self.addressed()} | {*of_site}
        if "denied" in verdicts:
            return False
        return "allowed" in verdicts or self.silence == "allowed"

    def addressed(self) -> tuple[str, ...]:
        """Whose statements are honoured: those to everyone, and to each of `agents`."""
        return ("*", *self.agents)


@dataclass(frozen=True, slots=True)
class Rights:
    """What is not used.

    Attributes:
        opted_out: pages that state one of these are dropped: noindex, noarchive, noai, noimageai, tdm_reserved. A
            source's `refuse_opted_out` goes further: such pages do not become documents.
        train, search, display, redistribute: which statements take this use away; None for none.
        robots: globs and URIs of WARC files with captures of robots.txt, such as a crawl's `robotstxt` subset.
        takedown: path of a list of requests for takedown (`manyo.corpus.takedowns`); None for no list. Its content is
            not part of any fingerprint: it changes only the shards that it touches.
    """

    opted_out: tuple[str, ...] = ()
    train: UsePolicy | None = None
    search: UsePolicy | None = None
    display: UsePolicy | None = None
    redistribute: UsePolicy | None = None
    robots: tuple[Glob, ...] = ()
    takedown: FilePath | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown directive."""
        for directive in self.opted_out:
            if directive not in DIRECTIVES:
                raise ValueError(f"opted_out: {not_one_of(directive, DIRECTIVES)}")

    def policies(self) -> Iterator[tuple[Use, UsePolicy]]:
        """Yield the uses that a policy may take away."""
        for use in USES:
            policy: UsePolicy | None = getattr(self, use)
            if policy is not None:
                yield use, policy


def _misspelt(agent: str) -> str | None:
    """The crawler whose name was meant; None for the name of one, and for one that is like no other."""
    known = {name.casefold(): name for name in KNOWN_AGENTS}
    given = agent.casefold()
    near = nearest(agent, KNOWN_AGENTS)
    if given in known or near is None or near.casefold() in given:
        return None
    return near if SequenceMatcher(None, given, near.casefold()).ratio() > _ALIKE else None


def granted_uses(
    documents: pa.RecordBatch, rights: Rights, of_sites: Mapping[int, Mapping[str, Sequence[Verdict]]] | None = None
) -> np.ndarray:
    """bool (n_docs, 4), which of `USES` each document may be put to, by its source and by the policies.

    Args:
        documents: with `COLUMNS`.
        rights: the policies.
        of_sites: for rows whose site says something, what it says about each use.
    """
    granted = np.zeros((documents.num_rows, len(USES)), np.bool_)
    uses = documents.column("uses")
    flat, rows = pc.list_flatten(uses).cast(pa.string()), pc.list_parent_indices(uses).to_numpy()
    for column, use in enumerate(USES):
        granted[rows[pc.equal(flat, use).to_numpy(zero_copy_only=False)], column] = True
    policies = list(rights.policies())
    if policies:
        stated = documents.column("statements").to_pylist()
        uris, times = (documents.column(name).to_pylist() for name in ("uri", "fetched_at"))
        for use, policy in policies:
            column = USES.index(use)
            for row in np.flatnonzero(granted[:, column]).tolist():
                granted[row, column] = policy.allows(
                    use, uris[row], times[row], stated[row] or [], (of_sites or {}).get(row, {}).get(use, ())
                )
    return granted


def barred(documents: pa.RecordBatch, granted: np.ndarray, rights: Rights) -> np.ndarray:
    """Which documents are used for nothing that leaves manyo.

    Args:
        documents: with `COLUMNS`.
        granted: `granted_uses` of them.
        rights: the policies.

    Returns:
        bool (n_docs, 2), a column for each of `REASONS`.
    """
    leaves = [USES.index(use) for use in ("train", "redistribute")]
    by_source = granted_uses(documents, Rights())[:, leaves].any(axis=1)
    opted_out = np.asarray(by_source & ~granted[:, leaves].any(axis=1))
    if rights.opted_out:
        robots = documents.column("robots")
        stated = pc.is_in(pc.list_flatten(robots).cast(pa.string()), value_set=pa.array(rights.opted_out, pa.string()))
        opted_out[pc.list_parent_indices(robots).filter(stated).to_numpy()] = True
    return np.stack([~by_source, opted_out], axis=1)


def may_display(document: Mapping[str, Any], rights: Rights) -> bool:
    """Whether passages of one document may be shown: a row of `documents` with `COLUMNS`."""
    policy = rights.display
    if "display" not in document["uses"]:
        return False
    return policy is None or policy.allows("display", document["uri"], document["fetched_at"], document["statements"])


def uses_column(granted: np.ndarray) -> pa.Array:
    """The column `uses` of `decisions`: names in the order of `USES`."""
    type_ = DECISIONS.schema.field("uses").type
    rows = granted.tolist()
    return pa.array([[use for use, may in zip(USES, row, strict=True) if may] for row in rows], type_)


def may(uses: pa.Array, use: Use) -> pa.BooleanArray:
    """Which rows of a column `uses` name a use."""
    found = np.zeros(len(uses), np.bool_)
    named = pc.equal(pc.list_flatten(uses).cast(pa.string()), use)
    found[pc.list_parent_indices(uses).filter(named).to_numpy()] = True
    return pa.array(found)
