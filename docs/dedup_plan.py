"""The plan for 1 and 10 billion documents in docs/dedup-scale.md, computed from the measurements on that page.

Measured costs are taken to grow in proportion to the documents; the memory of a task follows from its code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from manyo.dedup.settings import Dedup

_HEADING = "## The plan for 1 and 10 billion\n"

#: Length of a page in the plan, in characters; the table has columns for documents of this length.
_PAGE_CHARS = 1000
_BYTES_PER_CHAR = 3

#: Memory of the largest task, which determines the number of parts, and the node that tasks run on.
_TASK_BYTES = 5e9
_LIBRARIES_BYTES = 0.3e9
_NODE_CORES, _NODE_BYTES = 32, 128e9


@dataclass(frozen=True, slots=True)
class Cost:
    """A row of the table: the cost of one stage for each document.

    Attributes:
        us: processor microseconds, with ten million short documents.
        size_bytes: bytes on disk, in the same run.
        us_ratio: processor time of documents of `_PAGE_CHARS` divided by that of short ones, a million of each.
        size_ratio: the same ratio of the bytes on disk.
    """

    us: float
    size_bytes: float
    us_ratio: float
    size_ratio: float

    @property
    def page_us(self) -> float:
        """Processor microseconds for each page of `_PAGE_CHARS`."""
        return self.us * self.us_ratio

    @property
    def page_bytes(self) -> float:
        """Bytes on disk for each page of `_PAGE_CHARS`."""
        return self.size_bytes * self.size_ratio


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks, memory, disk and time of dedup for a corpus of `documents` pages."""

    documents: float
    shards: int
    parts: int
    compared_bytes: float
    pairs_bytes: float
    clusters_bytes: float
    components_bytes: float
    disk_bytes: float
    processor_h: float
    components_h: float
    node_h: float


def with_sums(page: str) -> str:
    """Return the page with the last row of its measurements, their sums, computed again."""
    rows = [_cells(line) for line in page.splitlines() if _is_measurement(line)]
    sums = [sum(float(row[column]) for row in rows) for column in range(1, 7)]
    cells = [*(f"{one:.1f}" for one in sums[:3]), *(f"{one:,.0f}" for one in sums[3:])]
    peak = max(float(row[7]) for row in rows)
    all_of_them = " | ".join(f"**{cell}**" for cell in ("all", *cells, f"{peak:.0f}"))
    return re.sub(r"^\| \*\*all\*\* \|.*$", f"| {all_of_them} |", page, flags=re.M)


def measured(page: str) -> dict[str, Cost]:
    """Return the measurements by stage.

    The columns of the table are µs at 1 M, at 10 M, and at 1 M of longer documents, then bytes at the same three.
    """
    costs = {}
    for line in filter(_is_measurement, page.splitlines()):
        stage, *numbers = _cells(line)
        us, us_most, us_long, size, size_most, size_long = map(float, numbers[:6])
        costs[stage] = Cost(us_most, size_most, us_long / us, size_long / size if size else 1.0)
    return costs


def _is_measurement(line: str) -> bool:
    """Whether a line is a row of the table of measurements: a stage and seven numbers."""
    return re.fullmatch(r"\| [a-z]+ (\| [\d.,]+ ){7}\|", line) is not None


def _cells(row: str) -> list[str]:
    return [cell.strip().replace(",", "") for cell in row.strip("|").split("|")]


def plan(costs: Mapping[str, Cost], documents: float, docs_per_shard: float, with_candidates: float) -> Plan:
    """Compute parts, memory, disk and time for a corpus of pages.

    Args:
        costs: measured costs by stage.
        documents: number of documents in the corpus.
        docs_per_shard: number of documents in a shard.
        with_candidates: share of documents that are in a pair.
    """
    settings = Dedup()
    # `manyo.dedup.verdict.compared.read_compared` and `manyo.dedup.candidates.pairs.find_pairs` say how much memory a
    # document of a part takes.
    compared_bytes = 120 + 8 * settings.permutations + 8 * (_PAGE_CHARS - settings.shingle_chars + 1)
    key_bytes = 70 * (settings.bands + 1)
    parts = 100 * math.ceil(documents * with_candidates * compared_bytes / _TASK_BYTES / 100)
    processor_h = documents * sum(cost.page_us for cost in costs.values()) / 3.6e9
    components_h = documents * costs["components"].us / 3.6e9
    at_once = min(_NODE_CORES, int(_NODE_BYTES / _TASK_BYTES))
    return Plan(
        documents=documents,
        shards=math.ceil(documents / docs_per_shard),
        parts=parts,
        compared_bytes=_LIBRARIES_BYTES + docs_per_shard * costs["compared"].page_bytes,
        pairs_bytes=_LIBRARIES_BYTES + documents / parts * key_bytes,
        clusters_bytes=_LIBRARIES_BYTES + documents * with_candidates / parts * compared_bytes,
        components_bytes=_LIBRARIES_BYTES + 8 * documents,
        disk_bytes=documents * sum(cost.page_bytes for cost in costs.values()),
        processor_h=processor_h,
        components_h=components_h,
        node_h=components_h + (processor_h - components_h) / at_once,
    )


def with_plan(page: str) -> str:
    """Return the page with its sums and the table of its last section computed again.

    Raises:
        ValueError: the page lacks that section, or the share of documents in a pair.
    """
    above, heading, below = with_sums(page).partition(_HEADING)
    share = re.search(r"(0\.\d+) of the documents are in a pair", above)
    if not heading or share is None:
        raise ValueError("docs/dedup-scale.md lacks the section of the plan, or the share of documents in a pair")
    costs = measured(above)
    plans = [plan(costs, 1e9, 1e6, float(share[1])), plan(costs, 1e10, 2e6, float(share[1]))]
    rows = {
        "text": [_size(_PAGE_CHARS * _BYTES_PER_CHAR * one.documents) for one in plans],
        "shards": [f"{one.shards:,}" for one in plans],
        "`parts`": [f"{one.parts:,}" for one in plans],
        "memory of a `compared` task": [_size(one.compared_bytes) for one in plans],
        "memory of a `pairs` task": [_size(one.pairs_bytes) for one in plans],
        "memory of a `clusters` task": [_size(one.clusters_bytes) for one in plans],
        "memory of `components`, one task": [_size(one.components_bytes) for one in plans],
        "disk in addition to the text": [_size(one.disk_bytes) for one in plans],
        "processor hours": [f"{one.processor_h:,.0f}" for one in plans],
        "of these `components`, on one core": [f"{one.components_h:.1f}" for one in plans],
        f"hours on a node of {_NODE_CORES} cores and {_size(_NODE_BYTES)}": [f"{one.node_h:.1f}" for one in plans],
        "pieces that an exchange reads": [_count(one.shards * one.parts) for one in plans],
    }
    table = ["| | 1 billion | 10 billion |", "|---|---|---|"]
    table += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    intro, _, outro = below.partition(table[0])
    _, _, after = outro.partition("\n\n")
    return above + heading + intro + "\n".join(table) + "\n\n" + after


def _size(size_bytes: float) -> str:
    """In decimal units."""
    power = min(4, int(math.log10(size_bytes)) // 3)
    value = size_bytes / 1000**power
    return f"{value:.{0 if value >= 10 else 1}f} {('B', 'kB', 'MB', 'GB', 'TB')[power]}"


def _count(number: float) -> str:
    return f"{number / 1e6:,.1f} M"
