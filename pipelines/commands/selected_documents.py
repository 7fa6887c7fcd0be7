"""`--source`, `--host` and `--profile`: which documents a command lists, the same in every command that lists some."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.nearest import did_you_mean, nearest
from manyo.corpus.sources.row_addresses import has_no_addresses
from manyo.corpus.tables.shards import read_columns
from manyo.corpus.takedowns import Finder, Request, Takedowns, parse_entry
from manyo.filters.rules.decide import PROFILES
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config

#: Columns that a selection looks at; where there is no `profile`, that of the source counts.
COLUMNS = ("doc_id", "uri", "source", "profile")


#: Hosts among which a misspelt one is looked for.
_HOSTS_SEEN = 20_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Which documents are listed: those that every part names, where a part that names nothing leaves out nothing.

    Attributes:
        sources: names of sources.
        profiles: of documents.
        hosts: finds the pages of hosts, as takedown lists name them; None for all.
        named: the hosts as they were named.
        profile_of: source → the profile of its documents.
    """

    sources: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    hosts: Finder | None = None
    profile_of: Mapping[str, str] = field(default_factory=dict, hash=False)
    named: tuple[str, ...] = ()
    nameless: str = ""

    def __str__(self) -> str:
        """The options that state it; "" for everything."""
        parts = (("--source", self.sources), ("--host", self.named), ("--profile", self.profiles))
        return " ".join(" ".join((option, *names)) for option, names in parts if names)

    def __bool__(self) -> bool:
        return bool(self.sources or self.profiles or self.hosts)

    def columns(self, of_refused: bool = False) -> list[str]:
        """Columns of `documents` that decide, with those that name a page; `refused` has no profile."""
        return [name for name in (COLUMNS if self else ("doc_id", "uri")) if name != "profile" or not of_refused]

    def mask(self, documents: pa.RecordBatch) -> np.ndarray:
        """bool (n_docs,), which rows of a batch with `COLUMNS` are listed."""
        listed = np.ones(documents.num_rows, np.bool_)
        if self.sources:
            listed &= _is_in(documents.column("source"), self.sources)
        if self.profiles and "profile" in documents.schema.names:
            listed &= _is_in(documents.column("profile"), self.profiles)
        elif self.profiles:
            fitting = [source for source, profile in self.profile_of.items() if profile in self.profiles]
            listed &= _is_in(documents.column("source"), fitting)
        if self.hosts is not None:
            of_hosts = np.zeros(documents.num_rows, np.bool_)
            of_hosts[list(self.hosts.rows(documents))] = True
            listed &= of_hosts
        return listed


EVERYTHING = Selection()


def read_selection(options: argparse.Namespace, config: Config) -> Selection:
    """The selection that the options of `arguments.add_selection` state.

    Raises:
        UserError: the configuration has no such source, or there is no such profile or host.
    """
    profile_of = {source.name: source.profile for source in config.sources}
    for name in options.source or ():
        if name not in profile_of:
            raise UserError(f"--source: {config.path} has no source {name!r}; {did_you_mean(name, profile_of)}")
    for name in options.profile or ():
        if name not in PROFILES:
            raise UserError(f"--profile: no profile {name!r}; {did_you_mean(name, PROFILES)}")
    hosts = None
    if options.host:
        hosts = pages_named(options.host, "--host")
    named = tuple(options.host or ())
    nameless = without_addresses(config) if named else ""
    return Selection(tuple(options.source or ()), tuple(options.profile or ()), hosts, profile_of, named, nameless)


def refuse_empty(selection: Selection, shards: Iterable[str], command: str, of_refused: bool = False) -> None:
    """Refuse a selection that no page of some shards is in: a misspelt host would pass every bound.

    Args:
        selection: the selection.
        shards: URIs of shards of `documents`, which are read until one has a page.
        command: for the message.
        of_refused: the shards are of `refused`, which has no profile.

    Raises:
        UserError: no page is selected.
        ShardError: a shard cannot be read.
    """
    seen: set[str] = set()
    for uri in shards if selection else ():
        pages = read_columns(uri, selection.columns(of_refused))
        if selection.mask(pages).any():
            return
        if len(seen) < _HOSTS_SEEN:
            seen.update(host for host in hosts(pages.column("uri")).unique().to_pylist() if host)
    if selection:
        near = dict.fromkeys(filter(None, (nearest(host, seen) for host in selection.named)))
        meant = f"; the run has {', '.join(near)}" if near else ""
        raise UserError(f"{command}: no document of this run is in {selection}{meant or selection.nameless}")


def without_addresses(config: Config) -> str:
    """The sources whose documents have no addresses since no `uri_field` is stated, to end a message; "" if none."""
    names = [source.name for source in config.sources if has_no_addresses(source.options)]
    if not names:
        return ""
    which = f"source {names[0]}" if len(names) == 1 else f"sources {', '.join(names)}"
    return f"; {which}: without uri_field no document has an address, only its doc_id names it"


def pages_named(names: Sequence[str], where: str) -> Finder:
    """What finds the pages that names of a takedown list name: an address, its beginning and `*`, a host, `*.` a host.

    Raises:
        UserError: a `*` stands where it means nothing.
    """
    takedowns = Takedowns()
    for name in names:
        try:
            takedowns.add(parse_entry(name), Request())
        except ValueError as error:
            raise UserError(f"{where}: {name!r}: {error}") from error
    return takedowns.finder()


def _is_in(column: pa.Array, values: Sequence[str]) -> np.ndarray:
    found = pc.is_in(column.cast(pa.string()), value_set=pa.array(values, pa.string()))
    mask: np.ndarray = found.to_numpy(zero_copy_only=False)
    return mask
