"""What another rights policy would cost a run: documents and tokens that lose or gain a use, by source and host."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from rich.console import Console

from manyo.corpus.addresses import host_of, hosts, readable_host
from manyo.corpus.tables.shards import zip_whole
from manyo.corpus.web.statements import parse_stated
from manyo.filters import rights
from manyo.filters.permissions import USES, Verdict
from manyo.filters.rights import Rights
from manyo.filters.site_files import Capture
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.commands.selected_documents import COLUMNS, EVERYTHING, Selection
from manyo.pipelines.commands.token_rates import token_rate
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.robots_stages import ask_site, captures_in, source_of

#: Hosts that are listed, those that lose most first.
_HOSTS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What changes for one use.

    Attributes:
        use: the use.
        before, after: documents that may be put to it.
        gained, lost: documents that only the other policy, or only that of the run, allows.
        tokens_lost: about how many tokens these lose.
        by_source, by_host: documents that are lost, and tokens, by source and by host.
    """

    use: str
    before: int
    after: int
    gained: int
    lost: int
    tokens_lost: int
    by_source: Mapping[str, tuple[int, int]]
    by_host: Mapping[str, tuple[int, int]]


def policy_costs(config: Config, other: Rights, selection: Selection = EVERYTHING) -> list[Cost]:
    """Compare the policy of a run with another, over all its measured documents, whatever rules and dedup decide.

    Memory: a shard's columns, and the captures of robots.txt of both policies.

    Args:
        config: of the run.
        other: the policy to compare with.
        selection: which documents count.

    Raises:
        UserError: the run is not measured, or a file of captures is missing.
        WorkFailed: a file of captures is not whole.
    """
    policies = (config.rights, other)
    rate = token_rate(config)
    captures = [_captures(policy) for policy in policies]
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    tokens_of: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for shard in measured_shards(config, "whatif", selection):
        columns = tuple(dict.fromkeys((*COLUMNS, *rights.COLUMNS)))
        documents, signals = zip_whole((shard.documents, columns), (shard.signals, ("size_bytes",)))
        listed = pa.array(selection.mask(documents))
        documents, signals = documents.filter(listed), signals.filter(listed)
        before, after = (
            rights.granted_uses(documents, policy, _of_sites(documents, policy, of_hosts))
            for policy, of_hosts in zip(policies, captures, strict=True)
        )
        tokens = (signals.column("size_bytes").to_numpy() / rate.bytes_per_token).astype(np.int64)
        names = {
            "source": documents.column("source").cast(pa.string()).to_pylist(),
            "host": [readable_host(host or "(no host)") for host in hosts(documents.column("uri")).to_pylist()],
        }
        for column, use in enumerate(USES):
            lost = np.flatnonzero(before[:, column] & ~after[:, column])
            gained = (after[:, column] & ~before[:, column]).sum()
            counts[use].update(before=int(before[:, column].sum()), after=int(after[:, column].sum()))
            counts[use].update(gained=int(gained), lost=len(lost), tokens=int(tokens[lost].sum()))
            for kind, of_rows in names.items():
                for row in lost.tolist():
                    groups[use, kind][of_rows[row]] += 1
                    tokens_of[use, kind][of_rows[row]] += int(tokens[row])

    def group(use: str, kind: str) -> dict[str, tuple[int, int]]:
        return {name: (count, tokens_of[use, kind][name]) for name, count in groups[use, kind].most_common()}

    return [
        Cost(
            use, counts[use]["before"], counts[use]["after"], counts[use]["gained"], counts[use]["lost"],
            counts[use]["tokens"], group(use, "source"), group(use, "host"),
        )
        for use in USES
    ]  # fmt: skip


def print_costs(console: Console, costs: Sequence[Cost]) -> None:
    """Print one line for each use, then where the uses that change lose documents."""
    table = FittedTable("use", "run", "policy", "gained", "lost", "tokens lost", is_plain=True)
    for cost in costs:
        numbers = (cost.before, cost.after, cost.gained, cost.lost, cost.tokens_lost)
        table.add_row(cost.use, *(f"{number:,}" for number in numbers))
    console.print(table)
    for cost in costs:
        if not cost.lost:
            continue
        console.print()
        table = FittedTable(f"{cost.use} is lost by", "", "documents", "tokens", texts=(0, 1), is_plain=True)
        for kind, of_group in (("source", cost.by_source), ("host", dict(list(cost.by_host.items())[:_HOSTS_SHOWN]))):
            for name, (documents, tokens) in of_group.items():
                table.add_row(kind, name, f"{documents:,}", f"{tokens:,}")
        console.print(table)
        if len(cost.by_host) > _HOSTS_SHOWN:
            console.print(f"and {len(cost.by_host) - _HOSTS_SHOWN:,} more hosts")


def _captures(policy: Rights) -> Mapping[str | None, Sequence[Capture]]:
    """The captures of sites' files that a policy names, by host."""
    found: dict[str | None, list[Capture]] = defaultdict(list)
    for shard in pack_source(source_of(policy.robots)) if policy.robots else ():
        for capture in captures_in(shard):
            found[host_of(capture.url)].append(capture)
    return found


def _of_sites(
    documents: pa.RecordBatch, policy: Rights, captures: Mapping[str | None, Sequence[Capture]]
) -> dict[int, dict[str, list[Verdict]]]:
    """For rows whose site says something: what it says about each use."""
    found: dict[int, dict[str, list[Verdict]]] = {}
    uris, times, stated = (documents.column(name).to_pylist() for name in ("uri", "fetched_at", "statements"))
    for row, host in enumerate(hosts(documents.column("uri")).to_pylist() if captures else ()):
        for use, of_use in policy.policies() if captures.get(host) else ():
            of_page = [parse_stated(one) for one in stated[row] or ()]
            verdicts = list(ask_site(uris[row], times[row], of_page, use, of_use, captures[host], Counter()))
            if verdicts:
                found.setdefault(row, {})[use] = verdicts
    return found
