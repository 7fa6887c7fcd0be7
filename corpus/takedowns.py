"""Takedown lists: what somebody asked to be taken out, and which documents that is.

A list is a UTF-8 text file with one request per line. After the entry may stand the day of the request, and after the
day a reference, such as the number of a letter:

    # an address: that page, in every spelling of its address (`manyo.corpus.addresses`), and no other
    https://example.jp/diary/1.html    2026-04-01  letter 17
    # the beginning of addresses, ended by *: all pages whose addresses begin so
    https://example.jp/diary/*
    # a host: all of its pages, with and without www.
    blog.example.jp
    # *. and a host: all of its pages, and those of every host below it
    *.wiki.example
    # a document, by its doc_id
    0b6f1c0e9f3b4b6f8e1d2c3b4a596877
    # anything else: the document with exactly this `uri`, such as a book's identifier
    info:ndljp/pid/1234567
    # written by runs only: a doc_id and ?, the document if its address is not known (`manyo.corpus.takedown_requests`)
    0b6f1c0e9f3b4b6f8e1d2c3b4a596877?

`*.HOST` and `ADDRESS*` mean what they mean to the indexes of web archives. The page whose address itself ends with `*`
goes by its doc_id.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import canonical_address, host_of, hosts
from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES, TAKEN_DOWN
from manyo.corpus.tables.shards import read_text

_DOC_ID = re.compile(r"[0-9a-fA-F]{32}")
_FOUND = re.compile(rf"{_DOC_ID.pattern}\?")
_HOST = re.compile(r"(?!\d+(?:\.\d+)*$)[\w-]+(?:[.。．｡][\w-]+)+\.?|\d{1,3}(?:\.\d{1,3}){3}")
#: A host and a port: all pages that it serves there.
_SERVER = re.compile(rf"(?:{_HOST.pattern}):\d+/?")
#: What a cell of a table holds, and no address has behind a comma: another address, a day, an address of mail.
_CELL = re.compile(r"[a-z]+://\S+|\d{4}[-/]\d{1,2}[-/]\d{1,2}|[^\s@]+@[^\s@]+\.[a-z]+", re.IGNORECASE)
_HEADINGS = {"url", "uri", "address", "アドレス", "name", "氏名", "date", "日付", "対象url"}
_LINE = re.compile(r"(?P<entry>\S+)(?:\s+(?P<day>\d{4}-\d{2}-\d{2})(?:\s+(?P<reference>\S.*))?)?")

Kind = Literal["doc_id", "uri", "prefix", "host", "domain", "found"]
#: Kinds of entries, the most exact first: of several entries for a document the first kind is named.
KINDS: tuple[Kind, ...] = ("doc_id", "uri", "prefix", "host", "domain", "found")


class Entry(NamedTuple):
    """What one line of a list names.

    Attributes:
        kind: how it names documents.
        value: hexadecimal id, `http://` and a canonical address or its beginning, an identifier, or a host.
    """

    kind: Kind
    value: str

    def __str__(self) -> str:
        """The entry in the form of a list; all spellings of an entry give the same."""
        return {"prefix": f"{self.value}*", "domain": f"*.{self.value}", "found": f"{self.value}?"}.get(
            self.kind, self.value
        )

    @property
    def host(self) -> str | None:
        """The host whose pages it may name; None if it names no address."""
        return self.value if self.kind in ("host", "domain") else host_of(self.value)

    @property
    def digest(self) -> bytes:
        """What names the entry in tables, which must not repeat the address that was to be taken down."""
        return hashlib.blake2b(str(self).encode("utf-8", "surrogateescape"), digest_size=DOC_ID_BYTES).digest()


class Request(NamedTuple):
    """When and why an entry was requested; empty where that is unknown."""

    day: date | None = None
    reference: str = ""

    def is_before(self, other: Request) -> bool:
        """Whether it counts where both name the same entry: the first known day does."""
        return (self.day or date.max, self.reference) < (other.day or date.max, other.reference)


@dataclass(frozen=True, slots=True)
class Takedowns:
    """What is to be taken down.

    Attributes:
        entries: every entry once, with its first request.
    """

    entries: dict[Entry, Request] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries)

    def add(self, entry: Entry, request: Request) -> None:
        """Add an entry; of several requests for it the first counts."""
        known = self.entries.get(entry)
        if known is None or request.is_before(known):
            self.entries[entry] = request

    def lines(self) -> Iterator[str]:
        """The list in a fixed order and spelling: the same requests give the same lines."""
        for entry, (day, reference) in sorted(self.entries.items(), key=lambda item: str(item[0])):
            # A reference without a day cannot be written: `_LINE` reads one after a day only.
            yield " ".join([str(entry), *([str(day), reference] if day else [])]).rstrip()

    def finder(self) -> Finder:
        """The list in the form in which documents are looked up."""
        return Finder(self)


class Finder:
    """A takedown list, indexed."""

    def __init__(self, takedowns: Takedowns) -> None:
        self._requests = takedowns.entries
        of_kind: Mapping[Kind, list[Entry]] = {kind: [] for kind in KINDS}
        for entry in sorted(takedowns.entries):
            of_kind[entry.kind].append(entry)
        self._named = {entry.value: entry for kind in ("doc_id", "uri") for entry in of_kind[kind]}
        self._hosts = {entry.value: entry for entry in of_kind["host"]}
        self._domains = {entry.value: entry for entry in of_kind["domain"]}
        self._prefixes: dict[str, list[Entry]] = {}
        for entry in of_kind["prefix"]:
            self._prefixes.setdefault(entry.host or "", []).append(entry)
        self._of_hosts = {entry.host for entry in (*of_kind["uri"], *of_kind["prefix"], *of_kind["host"])}
        self._found = {entry.value: entry for entry in of_kind["found"]}
        by_id = (*of_kind["doc_id"], *of_kind["found"])
        self._doc_ids = pa.array([bytes.fromhex(entry.value) for entry in by_id], DOC_ID)
        self._uris = [entry.value for entry in of_kind["uri"]]

    def find(self, documents: pa.RecordBatch) -> pa.RecordBatch:
        """The documents of a batch that are to be taken down.

        Args:
            documents: with columns `doc_id` and `uri`.

        Returns:
            A batch of `manyo.corpus.schema.TAKEN_DOWN`, in the order of the documents.
        """
        found, ids = self.rows(documents), documents.column("doc_id")
        requests = [self._requests[entries[0]] for entries in found.values()]
        columns = {
            "doc_id": ids.take(pa.array(list(found), pa.int64())),
            "listed_as": [entries[0].kind for entries in found.values()],
            "requested": [request.day for request in requests],
            "reference": [request.reference for request in requests],
            "entries": [[entry.digest for entry in entries] for entries in found.values()],
        }
        return pa.RecordBatch.from_arrays(
            [pa.array(columns[column.name], column.type) for column in TAKEN_DOWN.schema], schema=TAKEN_DOWN.schema
        )

    def rows(self, documents: pa.RecordBatch) -> dict[int, list[Entry]]:
        """The rows of such a batch that entries name, ascending, with those entries, the most exact first."""
        found: dict[int, list[Entry]] = {}
        ids, uris = documents.column("doc_id"), documents.column("uri")
        for row in self._candidates(ids, uris) if self._requests else ():
            entries = self._entries(ids[row].as_py().hex(), uris[row].as_py())
            if entries:
                found[row] = entries
        return found

    def _candidates(self, ids: pa.Array, uris: pa.Array) -> list[int]:
        """A superset of the rows that are meant, ascending, found by comparing whole columns."""
        of_uri = hosts(uris).dictionary_encode()
        named = np.array([self._may_name(host) for host in of_uri.dictionary.to_pylist()], bool)
        is_candidate = pc.or_(
            pc.is_in(ids, value_set=self._doc_ids), pc.is_in(uris, value_set=pa.array(self._uris, uris.type))
        ).to_numpy(zero_copy_only=False)
        codes = pc.fill_null(of_uri.indices, len(named)).to_numpy(zero_copy_only=False)
        return np.flatnonzero(is_candidate | np.append(named, False)[codes]).tolist()

    def _may_name(self, host: str | None) -> bool:
        return host in self._of_hosts or any(domain in self._domains for domain in _domains(host))

    def _entries(self, doc_id: str, uri: str) -> list[Entry]:
        """The entries that name a document, in the order of `KINDS`."""
        host = host_of(uri)
        entries = [self._named.get(doc_id), self._named.get(uri)]
        if host is None:
            entries.append(self._found.get(doc_id))
        else:
            address = f"http://{canonical_address(uri) or ''}"
            entries += [self._named.get(address)] if address != uri else []
            entries += [entry for entry in self._prefixes.get(host, ()) if address.startswith(entry.value)]
            entries += [self._hosts.get(host), *(self._domains.get(domain) for domain in _domains(host))]
        return [entry for entry in entries if entry is not None]


def parse_takedowns(text: str, where: str) -> Takedowns:
    """Parse a list.

    Args:
        text: of the file.
        where: name of the file, for messages.

    Raises:
        ValueError: a line is not a request; the message names file, line and what is valid.
    """
    takedowns = Takedowns()
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        try:
            if of := _other_format(line):
                raise ValueError(of)
            if match is None:
                comment = "; a comment has a line of its own" if "#" in line else ""
                raise ValueError(f"an entry must not contain blanks{comment}")
            day = date.fromisoformat(match["day"]) if match["day"] else None
            takedowns.add(parse_entry(match["entry"]), Request(day, match["reference"] or ""))
        except ValueError as error:
            raise ValueError(
                f"{where}: line {number}: {line!r} ({error}); write a URL, host, doc_id or identifier, and after it, "
                "if known, the day of the request as 2026-04-01 and a reference"
            ) from error
    return takedowns


def _other_format(line: str) -> str:
    """What a line is that is of a table or of JSON; "" for one of a list.

    Where such a line has no blank, it would be the identifier of a document that no run has.
    """
    if line.startswith(("{", "[", "<", '"')):
        return "this is a line of JSON, XML or a table, not of a list"
    cells = [cell.strip('"') for cell in re.split("[,;]", line.split(maxsplit=1)[0])]
    if any(_CELL.fullmatch(cell) for cell in cells[1:]) or _HEADINGS & {*map(str.casefold, cells)}:
        return "this is a line of a table: write its column of addresses alone, an address a line"
    return ""


def parse_entry(written: str) -> Entry:
    """What an entry names.

    Raises:
        ValueError: a `*` stands where it means nothing.
    """
    if _DOC_ID.fullmatch(written):
        return Entry("doc_id", written.lower())
    if _FOUND.fullmatch(written):
        return Entry("found", written[:-1].lower())
    if _HOST.fullmatch(written) and (host := host_of(f"http://{written}/")):
        return Entry("host", host)
    is_server = bool(_SERVER.fullmatch(written))
    begins_with_host = _HOST.fullmatch(re.split("[/?#]", written, maxsplit=1)[0].replace("*", "x"))
    address = canonical_address(f"http://{written}" if is_server or begins_with_host else written)
    server, _, rest = (address or written).partition("/")
    if address is not None and server.startswith("*.") and "*" not in server[2:] and rest in ("", "*"):
        return Entry("domain", server[2:].removeprefix("www."))
    if "*" in server and (address is not None or written.startswith("*")):
        raise ValueError("a * stands at the end of an address, or before a dot and the name of a host: *.wiki.example")
    if address is None:
        return Entry("uri", written)
    if is_server:
        return Entry("prefix", f"http://{address}")
    return Entry("prefix", f"http://{address[:-1]}") if address.endswith("*") else Entry("uri", f"http://{address}")


def read_takedowns(uri: str) -> Takedowns:
    """Read a list.

    Raises:
        ValueError: it is not UTF-8, or a line is not a request.
        OSError: it cannot be read.
    """
    return parse_takedowns(read_text(uri), uri)


def join_takedowns(lists: Iterable[Takedowns]) -> Takedowns:
    """What any of several lists names, with the first request for it."""
    joined = Takedowns()
    for takedowns in lists:
        for entry, request in takedowns.entries.items():
            joined.add(entry, request)
    return joined


def _domains(host: str | None) -> list[str]:
    """A host and every domain above it: a.b.jp, b.jp, jp."""
    labels = host.split(".") if host else []
    return [".".join(labels[start:]) for start in range(len(labels))]
