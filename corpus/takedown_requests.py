"""The takedown requests that a run keeps for good: a file for each list that was ever handed in.

A list is kept below `OUT/takedowns/requests/` in a file named by its digest, which appears whole and is never written
again. So lists that arrive at the same time all arrive, on a local disk and on an object store, without a lock, and the
same list twice is one. Only a person deletes such a file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from manyo.corpus.tables.shards import filesystem, join, publish
from manyo.corpus.takedowns import Takedowns, join_takedowns, read_takedowns

#: Folder of a run's takedowns in its `OUT`.
FOLDER = "takedowns"


def record_requests(out: str, takedowns: Takedowns) -> bool:
    """Add a list to the requests of a run.

    Args:
        out: folder or URI of the run.
        takedowns: the list.

    Returns:
        Whether the run did not have exactly this list yet.

    Raises:
        OSError: it cannot be written.
    """
    lines = list(takedowns.lines())
    uri = join(out, FOLDER, "requests", f"{_digest(lines)}.txt")
    fs, path = filesystem(uri)
    if not lines or fs.exists(path):
        return False
    _write(uri, [f"# recorded {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", *lines])
    return True


def recorded_lists(out: str) -> tuple[str, ...]:
    """URIs of lists that together hold every request of a run: one that joins them, or else the lists themselves.

    A list that a task reads is one file, however many requests there are, except for those that arrived since
    `join_requests`.
    """
    requests, digest = _lists(out)
    joined = _joined(out, digest)
    fs, path = filesystem(joined)
    return (joined,) if requests and fs.exists(path) else requests


def requests_digest(out: str) -> str:
    """A digest of the requests of a run, which changes when one is added, edited or deleted."""
    return _lists(out)[1]


def join_requests(out: str) -> None:
    """Write the list that joins all requests, unless it is there; its name is the digest of the requests' names.

    Raises:
        OSError: it cannot be written, or a request cannot be read.
        ValueError: a person has edited a request so that it is no list any more.
    """
    requests, digest = _lists(out)
    joined = _joined(out, digest)
    fs, path = filesystem(joined)
    if len(requests) > 1 and not fs.exists(path):
        _write(joined, list(join_takedowns(map(read_takedowns, requests)).lines()))


def _lists(out: str) -> tuple[tuple[str, ...], str]:
    """URIs of the requests, in order, and a digest of exactly these."""
    folder = join(out, FOLDER, "requests")
    fs, path = filesystem(folder)
    files = {name.rsplit("/", 1)[-1]: info for name, info in fs.find(path).items() if "/.partial/" not in name}
    requests = tuple(join(folder, name) for name in sorted(files) if name.endswith(".txt"))
    # A person may have edited or deleted one: sizes count too.
    sizes = [f"{name} {files[name]['size']}" for name in sorted(files)]
    return requests, _digest(sizes)


def _joined(out: str, digest: str) -> str:
    """URI of the list that joins the requests of a digest."""
    return join(out, FOLDER, f"joined-{digest}.txt")


def _write(uri: str, lines: Sequence[str]) -> None:
    with publish(uri) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _digest(lines: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()
