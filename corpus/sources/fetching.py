"""Records of archives by their places: ranges are fetched ahead within a budget, and each place gives its record.

Every place has an outcome: the record that is exactly there, or a reason that says why it is not. A server that fails
on and on is no reason of a record: beyond a share of the places, reading ends with an error, and the task is run again.
"""

from __future__ import annotations

import errno
import io
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from manyo.corpus.records import Record, Refused
from manyo.corpus.sources.careful_framing import Block
from manyo.corpus.sources.ranges import RANGE_BYTES, Places, merged
from manyo.corpus.sources.warc_framing import frame
from manyo.corpus.tables.pace import Pace
from manyo.corpus.tables.retries import StorageError, status_of
from manyo.corpus.tables.storage import connect

REASONS = {
    "archive_missing": "the archive that the index names does not exist",
    "range_missing": "the archive ends before the record that the index names",
    "not_fetched": "the server did not give the record, however often it was asked",
    "not_one_record": "the bytes that the index names are not exactly one record",
}

#: Records are framed together from this many bytes on: starting a reader costs as much as some records do.
_FRAMED_BYTES = 4 << 20

#: After this many failures that asking again did not mend, the rest of an archive is not asked for.
_FAILURES_PER_ARCHIVE = 3

#: Fewer failures than this are no outage.
_FAILURES_AT_LEAST = 20


class Place(NamedTuple):
    """Where a record is.

    Attributes:
        uri: of the archive.
        start, end: its first byte and the byte behind its last.
    """

    uri: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Manners:
    """How a server is asked.

    Attributes:
        pace: the budget of requests.
        connections: requests that are under way at the same time.
        gap_bytes: neighbours up to this far apart are one request.
        contact: goes into the user agent.
        max_failed_fraction: of the places, of which no more may be `not_fetched`.
    """

    pace: Pace
    connections: int
    gap_bytes: int
    contact: str
    max_failed_fraction: float


def fetch(places: Sequence[Place], manners: Manners, max_record_bytes: int) -> Iterator[Record[Block] | Refused]:
    """The record at each place, or why there is none, in the order of the places.

    Args:
        places: in the order of archive and offset.
        manners: how the server is asked.
        max_record_bytes: larger records come without their blocks.

    Raises:
        StorageError: more places than `max_failed_fraction` could not be fetched, though the archives exist.
    """
    n_failed = 0
    framed: list[tuple[Place, bytes | Refused]] = []
    n_bytes = 0
    for place, data in _ahead(places, manners):
        framed.append((place, data))
        n_bytes += len(data) if isinstance(data, bytes) else 0
        if isinstance(data, Refused) and data.reason == "not_fetched":
            n_failed += 1
            if n_failed > max(_FAILURES_AT_LEAST, manners.max_failed_fraction * len(places)):
                raise StorageError(
                    errno.EIO,
                    f"{n_failed:,} of {len(places):,} records could not be fetched, at last because {data.detail}; "
                    "run the same command again when the server is well",
                    place.uri,
                )
        if n_bytes >= _FRAMED_BYTES:
            yield from _framed(framed, max_record_bytes)
            framed, n_bytes = [], 0
    yield from _framed(framed, max_record_bytes)


def _ahead(places: Sequence[Place], manners: Manners) -> Iterator[tuple[Place, bytes | Refused]]:
    """The bytes of each place, while those of the next ranges are on their way."""
    uris = {uri: number for number, uri in enumerate(dict.fromkeys(place.uri for place in places))}
    arrays = Places(
        np.array([uris[place.uri] for place in places], np.int64),
        np.array([place.start for place in places], np.int64),
        np.array([place.end for place in places], np.int64),
    )
    failures: dict[str, int] = {}
    ranges = (one for bounds in merged(arrays, manners.gap_bytes) for one in _in_pieces(places, *bounds))
    with ThreadPoolExecutor(manners.connections) as pool:
        under_way: deque[tuple[int, int, Future[list[bytes | Refused]]]] = deque()
        while True:
            while len(under_way) < 2 * manners.connections and (bounds := next(ranges, None)):
                some = places[bounds[0] : bounds[1]]
                under_way.append((*bounds, pool.submit(copy_context().run, _fetched, some, manners, failures)))
            if not under_way:
                return
            first, behind, future = under_way.popleft()
            yield from zip(places[first:behind], future.result(), strict=True)


def _in_pieces(places: Sequence[Place], first: int, behind: int) -> Iterator[tuple[int, int]]:
    """The numbers of neighbouring places, cut where a range would be too long."""
    start = first
    for number in range(first + 1, behind):
        if places[number].end - places[start].start > RANGE_BYTES:
            yield start, number
            start = number
    yield start, behind


def _fetched(places: Sequence[Place], manners: Manners, failures: dict[str, int]) -> list[bytes | Refused]:
    """The bytes of neighbouring places by one request, or, where that failed, by one request for each."""
    uri, start, end = places[0].uri, places[0].start, max(place.end for place in places)
    if failures.get(uri, 0) >= _FAILURES_PER_ARCHIVE:
        return [Refused("not_fetched", f"{_FAILURES_PER_ARCHIVE} other records of {uri} failed")] * len(places)
    fs, path = connect(uri, manners.contact)
    try:
        data = fs.read_range(path, start, end, manners.pace)
    except FileNotFoundError:
        return [Refused("archive_missing", uri)] * len(places)
    except StorageError as error:
        if len(places) > 1:
            return [found for place in places for found in _fetched([place], manners, failures)]
        if error.errno == errno.EINVAL or status_of(error) == 416 or status_of(error.__cause__ or error) == 416:
            return [Refused("range_missing", f"bytes {start} to {end} of {uri}")]
        failures[uri] = failures.get(uri, 0) + 1
        return [Refused("not_fetched", f"{error.strerror}")]
    if len(data) > end - start:  # a web server that does not know ranges
        data = data[start:end]
    return [data[place.start - start : place.end - start] for place in places]


def _framed(found: Sequence[tuple[Place, bytes | Refused]], max_record_bytes: int) -> Iterator[Record[Block] | Refused]:
    """The records in some members: all by one reader, or, where that finds anything odd, each by its own."""
    members = [data for _, data in found if isinstance(data, bytes)]
    starts = np.cumsum([0, *map(len, members)]).tolist()[:-1]
    items = list(frame(io.BytesIO(b"".join(members)), "", max_record_bytes)) if members else []
    records = [item for item in items if isinstance(item, Record)]
    is_sound = len(records) == len(items) and [record.origin_offset for record in records] == starts
    ahead = iter(records)
    for place, data in found:
        if isinstance(data, Refused):
            yield data
        else:
            one = next(ahead) if is_sound else _only_record(data, max_record_bytes)
            yield one if isinstance(one, Refused) else one._replace(origin_file=place.uri, origin_offset=place.start)


def _only_record(data: bytes, max_record_bytes: int) -> Record[Block] | Refused:
    items = list(frame(io.BytesIO(data), "", max_record_bytes))
    broken = [item for item in items if not isinstance(item, Record)]
    if broken:
        return Refused("not_one_record", f"{broken[0].refused.reason}: {broken[0].refused.detail}")
    if len(items) != 1:
        return Refused("not_one_record", f"{len(items)} records in {len(data)} bytes")
    only = items[0]
    return only if isinstance(only, Record) else only.refused
