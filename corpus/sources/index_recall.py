"""What a rule on the index loses: the documents of whole archives against the records that the rule selects of them.

An index misses pages: those whose encoding it guessed wrong, whose type its language detector does not read, or that
are Japanese only in a corner. Only reading archives to their ends says how many (docs/commoncrawl.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.records import BrokenInput, InputFile
from manyo.corpus.sources.commoncrawl import selected_of
from manyo.corpus.sources.index_rows import Rule, placed_rows, why_not
from manyo.corpus.tables.shards import filesystem


class Place(NamedTuple):
    """Where a record lies.

    Attributes:
        archive: below `paths_prefix`, as the index names it.
        offset: of the record.
    """

    archive: str
    offset: int


@dataclass(frozen=True, slots=True)
class IndexedSample:
    """What the index says of some archives.

    Attributes:
        selected: places of the records that the rule selects.
        selected_bytes: of these records.
        missed: of the other rows, why the rule does not select them.
    """

    selected: frozenset[Place]
    selected_bytes: int
    missed: dict[Place, str]

    def outcome(self, place: Place) -> str:
        """Returns "" for a record that the rule selects, else why it does not."""
        return "" if place in self.selected else self.missed.get(place, "no_row")


@dataclass(slots=True)
class Recall:
    """Documents of whole archives, and those of them that the rule selects.

    Attributes:
        documents, found: by charset.
        lost_why: documents that are not selected, by why.
        lost_hosts: the same by host.
    """

    documents: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    lost_why: Counter[str] = field(default_factory=Counter)
    lost_hosts: Counter[str] = field(default_factory=Counter)

    def add(self, charset: str, host: str, outcome: str) -> None:
        """Count one document; `outcome` as `IndexedSample.outcome`."""
        self.documents[charset] += 1
        if outcome:
            self.lost_why[outcome] += 1
            self.lost_hosts[host] += 1
        else:
            self.found[charset] += 1


def draw_archives(files: Sequence[InputFile], n_archives: int, seed: int) -> list[str]:
    """Draw archives that an index names, each equally likely, in order; all if there are not more.

    Raises:
        ValueError: a file of the index cannot be read.
    """
    names: set[str] = set()
    for file in files:
        for rows in _rows(file, ["warc_filename"]):
            names.update(name for name in rows.column(0).unique().to_pylist() if name)
    drawn = sorted(names, key=lambda name: hashlib.blake2b(f"{seed} {name}".encode()).digest())[:n_archives]
    return sorted(drawn)


def look_up(files: Sequence[InputFile], rule: Rule, archives: Iterable[str]) -> IndexedSample:
    """Find what the index says of the records of some archives.

    Memory: some 200 bytes for each row of the archives.

    Raises:
        ValueError: a file of the index cannot be read.
    """
    wanted = set(archives)
    selected: set[Place] = set()
    selected_bytes = 0
    missed: dict[Place, str] = {}
    for file in files:
        of_file = selected_of(file, rule)
        if isinstance(of_file, BrokenInput):
            raise ValueError(f"{file.uri}: {of_file.refused.detail}")
        columns = ("warc_filename", "warc_record_offset", "warc_record_length")
        for archive, offset, length in zip(*(of_file.rows[name].to_pylist() for name in columns), strict=True):
            if archive in wanted and Place(archive, offset) not in selected:
                selected.add(Place(archive, offset))
                selected_bytes += max(0, length or 0)
        for rows in _rows(file, None):
            of_archives = pc.is_in(rows["warc_filename"], value_set=pa.array(sorted(wanted), pa.string()))
            for row in rows.filter(of_archives).to_pylist():
                missed[Place(row["warc_filename"], row["warc_record_offset"])] = why_not(row, rule)
    return IndexedSample(frozenset(selected), selected_bytes, {k: v for k, v in missed.items() if k not in selected})


def _rows(file: InputFile, columns: Sequence[str] | None) -> Iterator[pa.Table]:
    fs, path = filesystem(file.uri)
    with fs.open(path, "rb") as stream:
        yield from placed_rows(stream, columns)
