"""What fetching a crawl by its index costs, from single ranges to whole archives, for the rows that are selected.

All files of the index are read, and only the columns of the rule. Gaps between records are looked at in a sample of
archives, which is scaled to all: hosts are spread over the archives of a crawl, so that one is like another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from manyo.corpus.records import BrokenInput
from manyo.corpus.sources import commoncrawl
from manyo.corpus.sources.ranges import Cost, Places, Rates, best_gap, cost, cost_of_whole
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import filesystem
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import pack_source

#: Archives whose gaps are looked at, and whose sizes are asked for where they are all read whole: a crawl has 90,000.
_SAMPLED_ARCHIVES, _SIZED_ARCHIVES = 2_000, 8

#: Gaps of the table, next to the best one.
_GAPS_BYTES = (0, 4 << 10, 64 << 10, 256 << 10, 1 << 20)

#: Whole archives are advised up to this many times the shortest time.
_HARDLY_LONGER = 1.1

#: Columns of places: archive, first byte, byte behind the last.
_Columns = list[npt.NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What a source asks a crawl for.

    Attributes:
        counts: rows of the index by outcome, as `index_rows.Selected`.
        n_records, n_archives: that are selected, and in how many archives.
        rates: what the server allows and the line carries.
        costs: from single ranges to whole archives.
        best: the gap of the fastest way by ranges.
        refused: of each file of the index that cannot be read, why.
    """

    counts: Counter[str]
    n_records: int
    n_archives: int
    rates: Rates
    costs: tuple[Cost, ...]
    best: int
    refused: tuple[str, ...]

    @property
    def fastest(self) -> Cost:
        """The way that takes the shortest time; the one with fewer bytes, of equals."""
        return min(self.costs, key=lambda one: (one.seconds, one.n_bytes))

    @property
    def is_whole_as_fast(self) -> bool:
        """Whether whole archives take hardly longer, which lose nothing that the index does not know."""
        return self.costs[-1].seconds <= _HARDLY_LONGER * self.fastest.seconds


def fetch_plan(source: Source, options: commoncrawl.Options) -> FetchPlan:
    """Read the index of a source and reckon.

    Raises:
        UserError: an input is missing, or no row is selected.
    """
    counts: Counter[str] = Counter()
    refused: list[str] = []
    numbers: dict[str, int] = {}
    columns: tuple[_Columns, _Columns, _Columns] = ([], [], [])
    for shard in pack_source(source):
        for file in shard.files:
            selected = commoncrawl.selected_of(file, options.rule)
            if isinstance(selected, BrokenInput):
                refused.append(f"{file.uri}: {selected.refused.detail}")
                continue
            counts += selected.counts
            rows = selected.rows.select(["warc_filename", "warc_record_offset", "warc_record_length"]).drop_null()
            names = rows["warc_filename"].combine_chunks().dictionary_encode()
            own = [numbers.setdefault(name, len(numbers)) for name in names.dictionary.to_pylist()]
            start = rows["warc_record_offset"].to_numpy()
            columns[0].append(np.array(own, np.int64)[names.indices.to_numpy(zero_copy_only=False)])
            columns[1].append(start)
            columns[2].append(start + rows["warc_record_length"].to_numpy())
    if not numbers:
        raise UserError(
            f"[[source]] {source.name}: no row of {counts['rows']:,} is selected"
            + "".join(f"; {one}" for one in refused[:1])
        )
    every = Places(*map(np.concatenate, columns))
    sample, scale = _sample(every, list(numbers))
    best = best_gap(sample, options.rates)
    gaps = sorted({*_GAPS_BYTES, options.gap_bytes, best})
    costs = [_scaled(cost(sample, gap, options.rates), scale, options.rates) for gap in gaps]
    whole_bytes = int(_mean_size(options, list(numbers), every) * len(numbers))
    costs.append(cost_of_whole(len(numbers), whole_bytes, options.rates))
    return FetchPlan(counts, len(every.start), len(numbers), options.rates, tuple(costs), best, tuple(refused))


def _sample(every: Places, names: list[str]) -> tuple[Places, float]:
    """The records of some archives in their order, and how many times as many records all archives have."""
    ranks = np.argsort([hashlib.blake2b(name.encode(), digest_size=8).hexdigest() for name in names])
    is_chosen = np.zeros(len(names), bool)
    is_chosen[ranks[:_SAMPLED_ARCHIVES]] = True
    some = is_chosen[every.archive]
    archive, start, end = every.archive[some], every.start[some], every.end[some]
    order = np.lexsort((start, archive))
    return Places(archive[order], start[order], end[order]), len(every.start) / max(1, len(start))


def _scaled(one: Cost, scale: float, rates: Rates) -> Cost:
    n_requests, n_bytes = round(one.n_requests * scale), round(one.n_bytes * scale)
    return Cost(one.gap_bytes, n_requests, n_bytes, rates.seconds(n_requests, n_bytes))


def _mean_size(options: commoncrawl.Options, names: list[str], every: Places) -> float:
    """Bytes of an archive: the mean of a few that are asked for, or where their last selected records end."""
    sizes = []
    step = max(1, len(names) // _SIZED_ARCHIVES)
    for name in sorted(names)[::step][:_SIZED_ARCHIVES]:
        fs, path = filesystem(options.paths_prefix + name)
        try:
            sizes.append(int(fs.info(path)["size"] or 0))
        except OSError:
            continue  # the run will say of each of its records that it is missing
    if any(sizes):
        return float(np.mean([size for size in sizes if size]))
    ends = np.zeros(len(names), np.int64)
    np.maximum.at(ends, every.archive, every.end)
    return float(ends.mean())
