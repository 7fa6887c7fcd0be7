"""Selections: the rows that a rule selects of many index files, dealt to files of equal bytes by archive and offset.

An index file is a range of addresses, so it holds a few rows of every archive, and the few files of `.jp` hold a large
part of all Japanese rows. A selection has whole archives in each file, in their order, so that neighbours can be
fetched together and tasks are alike. It is read like an index file (`index_rows.select`), and names the rule that made
it.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from manyo.corpus.records import BrokenInput, InputFile
from manyo.corpus.sources.commoncrawl import selected_of
from manyo.corpus.sources.index_rows import PLACE, RULE_KEY, Rule
from manyo.corpus.sources.seen_digests import SeenDigests
from manyo.corpus.tables.publishing import publish
from manyo.corpus.tables.shards import join

#: Rows that are in memory at once, and again while they are sorted.
_ROWS_AT_ONCE = 4_000_000
_GROUP_ROWS = 1 << 16
_COLUMNS = [name for name in PLACE.names if name != "index_row"]


@dataclass(frozen=True, slots=True)
class Packed:
    """A selection that was written.

    Attributes:
        counts: rows of the index by outcome, as `index_rows.Selected`; of the selected ones, those `seen` before.
        sizes: bytes of the records of each file.
    """

    counts: Counter[str]
    sizes: tuple[int, ...]


class BrokenIndex(ValueError):
    """A file of the index cannot be read: a selection without it would lack its pages."""


def pack(
    files: Sequence[InputFile], rule: Rule, folder: str, target_bytes: int, seen: SeenDigests | None = None
) -> Packed:
    """Select rows of an index and write them to files below a folder, named by their numbers.

    Args:
        files: of the index.
        rule: which rows.
        folder: URI.
        target_bytes: a file is closed after the archive with which its records have this many bytes.
        seen: digests of pages to leave out, which are counted as `seen`.

    Raises:
        BrokenIndex: names the file that cannot be read, and why.
    """
    if target_bytes < 1:
        raise ValueError(f"target_bytes must be at least 1, got {target_bytes}")
    counts: Counter[str] = Counter()
    rows_of: Counter[str] = Counter()
    bytes_of: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="manyo-select-") as scratch:
        runs = []
        for number, file in enumerate(files):
            selected = selected_of(file, rule)
            if isinstance(selected, BrokenInput):
                raise BrokenIndex(f"{file.uri}: {selected.refused.detail}")
            counts += selected.counts
            rows = selected.rows.select(_COLUMNS)
            if seen is not None:
                was_seen = seen.has(rows["content_digest"])
                counts["seen"] += int(was_seen.sum())
                rows = rows.filter(pa.array(~was_seen))
            names = pc.fill_null(rows["warc_filename"], "")
            rows = rows.set_column(0, "warc_filename", names)
            by_archive = rows.group_by("warc_filename").aggregate([("warc_record_length", "sum"), ([], "count_all")])
            for name, n_bytes, n_rows in zip(
                *(by_archive[key].to_pylist() for key in ("warc_filename", "warc_record_length_sum", "count_all")),
                strict=True,
            ):
                rows_of[name] += n_rows
                bytes_of[name] += max(0, n_bytes or 0)
            runs.append(os.path.join(scratch, f"{number}.parquet"))
            pq.write_table(rows.sort_by(_ORDER), runs[-1], row_group_size=_GROUP_ROWS)
        shard_of = _dealt(bytes_of, target_bytes)
        sizes = _write(runs, shard_of, rows_of, bytes_of, folder, rule)
    return Packed(counts, sizes)


_ORDER = [("warc_filename", "ascending"), ("warc_record_offset", "ascending")]


def _dealt(bytes_of: Counter[str], target_bytes: int) -> dict[str, int]:
    """The number of each archive's file, archives in order of their names."""
    dealt: dict[str, int] = {}
    number = n_bytes = 0
    for name in sorted(bytes_of):
        dealt[name] = number
        n_bytes += bytes_of[name]
        if n_bytes >= target_bytes:
            number, n_bytes = number + 1, 0
    return dealt


def _write(
    runs: Sequence[str],
    shard_of: dict[str, int],
    rows_of: Counter[str],
    bytes_of: Counter[str],
    folder: str,
    rule: Rule,
) -> tuple[int, ...]:
    """Merge sorted runs into the files of a selection, some files at a time; the bytes of their records."""
    schema = pa.schema([PLACE.field(name) for name in _COLUMNS], metadata={RULE_KEY: rule.stated().encode()})
    sizes = []
    for first, last in _blocks(shard_of, rows_of):
        within = [("warc_filename", ">=", first), ("warc_filename", "<=", last)]
        rows = pa.concat_tables([pq.read_table(run, filters=within) for run in runs]).sort_by(_ORDER)
        numbers = np.array([shard_of[name] for name in rows["warc_filename"].to_pylist()], np.int64)
        for number in np.unique(numbers).tolist():
            some = rows.filter(pa.array(numbers == number)).cast(schema)
            with publish(join(folder, f"places-{number:05d}.parquet")) as path:
                pq.write_table(some, path, row_group_size=_GROUP_ROWS, compression="zstd")
            sizes.append(sum(bytes_of[name] for name in pc.unique(some["warc_filename"]).to_pylist()))
    return tuple(sizes)


def _blocks(shard_of: dict[str, int], rows_of: Counter[str]) -> Iterator[tuple[str, str]]:
    """First and last archive of consecutive files that are in memory together."""
    first, last, n_rows = "", "", 0
    for _, members in groupby(shard_of, key=lambda name: shard_of[name]):
        names = list(members)
        of_file = sum(rows_of[name] for name in names)
        if n_rows and n_rows + of_file > _ROWS_AT_ONCE:
            yield first, last
            n_rows = 0
        first = first if n_rows else names[0]
        last = names[-1]
        n_rows += of_file
    if n_rows:
        yield first, last
