"""Takedown lists: what somebody asked to be taken out, and which documents that is.

A list is a UTF-8 text file with one entry per line; after it may stand the day of the request:

    # an address: that page, by http or https, with or without www., whatever stands after #
    https://example.jp/diary/1.html    2026-04-01
    # a host: all of its pages, and those of every host below it
    blog.example.jp
    # a document, by its doc_id
    0b6f1c0e9f3b4b6f8e1d2c3b4a596877
    # anything else: the document with exactly this `uri`, such as a book's identifier
    info:ndljp/pid/1234567
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import decoded_address, host_of, hosts, readable_host
from manyo.corpus.schema import DOC_ID, TAKEN_DOWN
from manyo.corpus.tables.shards import read_text

_DOC_ID = re.compile(r"[0-9a-fA-F]{32}")
_HOST = re.compile(r"(?!\d+(?:\.\d+)*$)[\w-]+(?:\.[\w-]+)+\.?|\d{1,3}(?:\.\d{1,3}){3}")
_LINE = re.compile(r"(?P<entry>\S+)(?:\s+(?P<date>\d{4}-\d{2}-\d{2}))?")


@dataclass(frozen=True, slots=True)
class Takedowns:
    """What is to be taken down, with the day of each request; None if the day is unknown.

    Attributes:
        doc_ids: ids of documents.
        hosts: host names, in lower case.
        uris: addresses and identifiers, as written.
    """

    doc_ids: dict[bytes, date | None]
    hosts: dict[str, date | None]
    uris: dict[str, date | None]

    def __bool__(self) -> bool:
        return bool(self.doc_ids or self.hosts or self.uris)

    def lines(self) -> Iterator[str]:
        """The list in a fixed order and spelling: the same requests give the same lines."""
        entries = [*((doc_id.hex(), day) for doc_id, day in self.doc_ids.items()), *self.hosts.items()]
        for entry, day in sorted([*entries, *self.uris.items()]):
            yield f"{entry} {day}" if day else entry

    def find(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """The documents of a batch that are to be taken down.

        Args:
            documents: with columns `doc_id` and `uri`.

        Returns:
            A batch of `manyo.corpus.schema.TAKEN_DOWN`, in the order of the documents.
        """
        found: dict[int, tuple[str, date | None]] = {}
        if self:
            ids, uris = documents.column("doc_id"), documents.column("uri")
            addresses = {address: day for uri, day in self.uris.items() if (address := decoded_address(uri))}
            for row in self._candidates(ids, uris, addresses):
                why = self._why(ids[row].as_py(), uris[row].as_py(), addresses)
                if why:
                    found[row] = why
        reasons = list(found.values())
        return pa.RecordBatch.from_arrays(
            [
                documents.column("doc_id").take(pa.array(list(found), pa.int64())),
                pa.array([kind for kind, _ in reasons], TAKEN_DOWN.schema.field("listed_as").type),
                pa.array([day for _, day in reasons], pa.date32()),
            ],
            schema=TAKEN_DOWN.schema,
        )

    def _candidates(self, ids: pa.Array, uris: pa.Array, addresses: Iterable[str]) -> list[int]:
        """A superset of the rows that are meant, ascending, found by comparing whole columns."""
        of_uri = hosts(uris).dictionary_encode()
        wanted = {*self.hosts, *(bare for host in self.hosts if (bare := host.removeprefix("www.")) != host)}
        wanted |= {re.split("[/:?]", address, maxsplit=1)[0] for address in addresses}
        named = np.array([bool(wanted.intersection(_domains(host))) for host in of_uri.dictionary.to_pylist()], bool)
        is_candidate = pc.or_(
            pc.is_in(ids, value_set=pa.array(self.doc_ids, DOC_ID)),
            pc.is_in(uris, value_set=pa.array(self.uris, uris.type)),
        ).to_numpy(zero_copy_only=False)
        codes = pc.fill_null(of_uri.indices, len(named)).to_numpy(zero_copy_only=False)
        return np.flatnonzero(is_candidate | np.append(named, False)[codes]).tolist()

    def _why(self, doc_id: bytes, uri: str, addresses: dict[str, date | None]) -> tuple[str, date | None] | None:
        """What kind of entry names a document, and the day of that request; None if no entry does."""
        if doc_id in self.doc_ids:
            return "doc_id", self.doc_ids[doc_id]
        if uri in self.uris:
            return "uri", self.uris[uri]
        address = decoded_address(uri)
        if address in addresses:
            return "uri", addresses[address]
        host = readable_host(host_of(uri) or "")
        for domain in [*_domains(host), f"www.{host}"]:
            if domain in self.hosts:
                return "host", self.hosts[domain]
        return None


def parse_takedowns(text: str, where: str) -> Takedowns:
    """Parse a list.

    Args:
        text: of the file.
        where: name of the file, for messages.

    Raises:
        ValueError: a line is not an entry; the message names file, line and what is valid.
    """
    takedowns = Takedowns({}, {}, {})
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        try:
            if match is None:
                raise ValueError("an entry must not contain blanks")
            day = date.fromisoformat(match["date"]) if match["date"] else None
        except ValueError as error:
            raise ValueError(
                f"{where}: line {number}: {line!r} ({error}); write a URL, host, doc_id or identifier, "
                "and after it, if known, the day of the request as 2026-04-01"
            ) from error
        _add(takedowns, match["entry"], day)
    return takedowns


def read_takedowns(uri: str) -> Takedowns:
    """Read a list.

    Raises:
        ValueError: it is not UTF-8, or a line is not an entry.
        OSError: it cannot be read.
    """
    return parse_takedowns(read_text(uri), uri)


def join_takedowns(lists: Iterable[Takedowns]) -> Takedowns:
    """What any of several lists names, with the first day on which it was requested."""
    joined = Takedowns({}, {}, {})
    for takedowns in lists:
        for name in ("doc_ids", "hosts", "uris"):
            for entry, day in getattr(takedowns, name).items():
                _put(getattr(joined, name), entry, day)
    return joined


def _add(takedowns: Takedowns, entry: str, day: date | None) -> None:
    if _DOC_ID.fullmatch(entry):
        _put(takedowns.doc_ids, bytes.fromhex(entry), day)
    elif _HOST.fullmatch(entry):
        _put(takedowns.hosts, readable_host(entry), day)
    elif _HOST.fullmatch(entry.partition("/")[0]):
        _put(takedowns.uris, f"http://{entry}", day)
    else:
        _put(takedowns.uris, entry, day)


def _put(entries: dict[str, date | None] | dict[bytes, date | None], entry: str | bytes, day: date | None) -> None:
    known = entries.get(entry)  # type: ignore[arg-type]
    entries[entry] = min(known, day) if known and day else known or day  # type: ignore[index]


def _domains(host: str | None) -> list[str]:
    """A host and every domain above it, in both spellings: a.b.jp, b.jp, jp."""
    if not host:
        return []
    labels = readable_host(host).split(".")
    return [".".join(labels[start:]) for start in range(len(labels))]
