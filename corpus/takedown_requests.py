"""The takedown requests that a run keeps for good: a file for each list that was ever handed in.

A list is kept below `OUT/takedowns/requests/` in a file named by its digest, which appears whole and is never written
again. So lists that arrive at the same time all arrive, on a local disk and on an object store, without a lock, and the
same list twice is one. Only a person deletes such a file.

What requests name by its address is kept next to them, by doc_id, in a list for each configuration of the sources
(`found-FOLDER.txt`). Another configuration may read the same documents without their addresses, as where its
`uri_field` is left out: it would release again what was taken down.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from manyo.corpus.tables.shards import filesystem, join, names_in, publish
from manyo.corpus.takedowns import Entry, Request, Takedowns, join_takedowns, read_takedowns

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


def remember_found(out: str, folder: str, found: Iterable[tuple[bytes, Request]]) -> None:
    """Keep which documents the requests name by address, for configurations that do not know the addresses.

    Args:
        out: folder or URI of the run.
        folder: name of the folder of the documents; what it had before is replaced.
        found: ids of the documents, each with its request.

    Raises:
        OSError: it cannot be written.
    """
    takedowns = Takedowns()
    for doc_id, request in found:
        takedowns.add(Entry("found", doc_id.hex()), request)
    uri, lines = _found(out, folder), list(takedowns.lines())
    fs, path = filesystem(uri)
    written = fs.cat_file(path) if fs.exists(path) else None
    whole = [_found_head(lines), *lines]
    # Compared as bytes: one that somebody spoilt is written again.
    if (lines or written is not None) and written != _text(whole):
        _write(uri, whole)


def found_lists(out: str, but: str = "") -> tuple[str, ...]:
    """URIs of the lists that `remember_found` keeps, in order, without that of the folder `but`."""
    folder = join(out, FOLDER)
    fs, path = filesystem(folder)
    names = sorted(name for name in names_in(fs, path) if name.startswith("found-")) if fs.exists(path) else []
    return tuple(uri for name in names if (uri := join(folder, name)) != _found(out, but))


def requests_digest(out: str) -> str:
    """A digest of the requests of a run, which changes when one is added, edited or deleted."""
    return _lists(out)[1]


def request_faults(out: str) -> Iterator[tuple[str, str]]:
    """Yield each list that was changed by hand: a request, the list that joins them, and what was found by address.

    Returns:
        URI and problem of each.
    """
    yield from _faults_of_requests(out)
    for uri in found_lists(out):
        fs, path = filesystem(uri)
        head, *lines = fs.cat_file(path).decode("utf-8", "replace").splitlines() or [""]
        if head != _found_head(lines):
            yield uri, "was changed by hand: the next run of the configuration whose folder it names writes it again"


def _faults_of_requests(out: str) -> Iterator[tuple[str, str]]:
    requests, digest = _lists(out)
    whole = []
    for uri in requests:
        try:
            takedowns = read_takedowns(uri)
        except ValueError as error:
            yield uri, f"is no list any more: {error}"
            continue
        whole.append(takedowns)
        if f"{_digest(list(takedowns.lines()))}.txt" != uri.rsplit("/", 1)[-1]:
            yield uri, "was changed by hand: it names other entries than were handed in; hand them in, and delete this"
    joined = _joined(out, digest)
    fs, path = filesystem(joined)
    if len(whole) == len(requests) > 1 and fs.exists(path):
        try:
            is_same = read_takedowns(joined) == join_takedowns(whole)
        except ValueError:
            is_same = False
        if not is_same:
            yield joined, "does not hold what the requests name; delete it, and the next command writes it again"


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


def _found(out: str, folder: str) -> str:
    return join(out, FOLDER, f"found-{folder}.txt")


def _write(uri: str, lines: Sequence[str]) -> None:
    with publish(uri) as partial:
        partial.write_bytes(_text(lines))


def _text(lines: Sequence[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _found_head(lines: Sequence[str]) -> str:
    """The first line of what was found by address, which tells a list that was changed by hand."""
    return f"# found by address, digest of the lines below: {_digest(lines)}"


def _digest(lines: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(lines).encode(), digest_size=16).hexdigest()
