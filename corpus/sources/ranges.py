"""Places in archives to ranges of bytes: which neighbours are fetched by one request, and what that costs.

A request that reads past a gap saves a request and wastes the bytes of the gap. What is better follows from two
measured numbers: bytes a second, and requests a second that the server allows. Requests and bytes run at the same time,
so the slower of the two decides, and the best gap is where neither waits for the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from manyo.corpus.tables.storage import READ_BYTES

#: Between two records of Common Crawl are the metadata of the one and the request of the other, some 1 kB compressed:
#: reading past those costs less than any request.
SMALLEST_GAP_BYTES = 1536

#: A range of several records is not longer: some of them are in memory at once.
RANGE_BYTES = 32 << 20

Int64s = npt.NDArray[np.int64]


class Places(NamedTuple):
    """Where the records of a selection are, in the order of archive and offset.

    Attributes:
        archive: number of each record's archive.
        start, end: first byte of it, and the byte behind its last.
    """

    archive: Int64s
    start: Int64s
    end: Int64s


def gaps(places: Places) -> Int64s:
    """Bytes between each record and the next; -1 where the next is in another archive, 0 where they overlap."""
    same = places.archive[1:] == places.archive[:-1]
    return np.where(same, np.maximum(places.start[1:] - _reach(places)[:-1], 0), -1)


def _reach(places: Places) -> Int64s:
    """How far each record and those before it in its archive reach: one may contain the next."""
    # Ends of an archive are lifted above those of the archives before it, so that one running maximum serves all.
    lift = places.archive * (int(places.end.max(initial=0)) + 1)
    return np.maximum.accumulate(places.end + lift) - lift


def merged(places: Places, gap_bytes: int) -> list[tuple[int, int]]:
    """Records that one request fetches: the numbers of the first, and of the one behind the last."""
    if not len(places.start):
        return []
    between = gaps(places)
    cuts = np.flatnonzero((between < 0) | (between > gap_bytes)) + 1
    bounds = [0, *cuts.tolist(), len(places.start)]
    return list(pairwise(bounds))


@dataclass(frozen=True, slots=True)
class Cost:
    """What a way to fetch a selection costs.

    Attributes:
        gap_bytes: neighbours up to this far apart are one request; None for whole archives.
        n_requests, n_bytes: in all.
        seconds: with the two rates, the slower of which decides.
    """

    gap_bytes: int | None
    n_requests: int
    n_bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Rates:
    """The two numbers that decide how to fetch.

    Attributes:
        bytes_per_second: that arrive here, measured.
        requests_per_second: that the server allows to all of this client's machines together.
    """

    bytes_per_second: float
    requests_per_second: float

    def __post_init__(self) -> None:
        if not (self.bytes_per_second > 0 and self.requests_per_second > 0):
            raise ValueError(f"rates must be above 0, got {self}")

    def seconds(self, n_requests: int, n_bytes: int) -> float:
        """How long requests and bytes take together."""
        return max(n_requests / self.requests_per_second, n_bytes / self.bytes_per_second)


def cost(places: Places, gap_bytes: int, rates: Rates) -> Cost:
    """What fetching a selection costs with one gap."""
    between = gaps(places)
    bridged = between[(between >= 0) & (between <= gap_bytes)]
    n_requests = len(places.start) - len(bridged)
    n_bytes = _record_bytes(places) + int(bridged.sum())
    n_requests += n_bytes // RANGE_BYTES
    return Cost(gap_bytes, n_requests, n_bytes, rates.seconds(n_requests, n_bytes))


def cost_of_whole(n_archives: int, n_bytes: int, rates: Rates) -> Cost:
    """What reading whole archives costs, which kind `warc` does in ranges of `READ_BYTES`."""
    n_requests = max(n_archives, -(-n_bytes // READ_BYTES))
    return Cost(None, n_requests, n_bytes, rates.seconds(n_requests, n_bytes))


def best_gap(places: Places, rates: Rates) -> int:
    """The gap of this very selection with which fetching it takes the shortest time; the smallest of them, of equals.

    With a larger gap there are fewer requests and more bytes, so one time falls and the other rises: the best is next
    to where they cross.
    """
    between = gaps(places)
    bridgeable = np.sort(between[between >= 0])
    wasted = np.cumsum(bridgeable)
    requests_s = (len(places.start) - np.arange(len(bridgeable) + 1)) / rates.requests_per_second
    bytes_s = (_record_bytes(places) + np.concatenate([[0], wasted])) / rates.bytes_per_second
    n_bridged = int(np.argmin(np.maximum(requests_s, bytes_s)))
    return max(SMALLEST_GAP_BYTES, int(bridgeable[n_bridged - 1]) if n_bridged else 0)


def _record_bytes(places: Places) -> int:
    """Bytes of the records, those of overlapping ones once."""
    reach = _reach(places)
    same = places.archive[1:] == places.archive[:-1]
    known = np.where(same, np.maximum(places.start[1:], reach[:-1]), places.start[1:])
    return int(np.maximum(places.end - np.concatenate([places.start[:1], known]), 0).sum())
