"""`manyo trace`: what happened to one page, from the file it came in to the tokens it became.

A page is named by its address, by its `doc_id`, or by a token that it may have become: shard and position.
Documents and refused pages are searched by their narrow columns alone; from there on a row's place, its shard's name
and its `doc_id` lead from table to table, so that nothing else is scanned but the documents' ids, for survivors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from manyo.corpus.addresses import normal_address
from manyo.corpus.schema import DOC_ID, DOC_ID_BYTES, LANGUAGES
from manyo.corpus.tables.shards import ShardError, filesystem, join, read_columns, read_rows
from manyo.filters.rules.decide import Rule
from manyo.pipelines.commands.documents import number, plain
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import FinishedShard, StageOutput, table_uri
from manyo.pipelines.engine.stage import Stage, UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.tokenizer.reader import document_of_token, tokens_of_document

#: Shards are read by so many threads, which hides the latency of an object store; Arrow decodes without Python's lock.
_READERS = 16

_DOC_ID = re.compile(rf"[0-9a-fA-F]{{{2 * DOC_ID_BYTES}}}")
#: A token shard, as `manyo path tokens` has it, and a position in it.
_TOKEN = re.compile(r"(?P<shard>[a-z0-9][a-z0-9_-]*-\d{5,}?)(?:_text_document)?(?:\.bin|\.npy)?:(?P<position>\d+)")

_DOCUMENT_COLUMNS = (
    "doc_id",
    "source",
    "licence",
    "terms",
    "release_allowed",
    "profile",
    "uri",
    "fetched_at",
    "origin_file",
    "origin_offset",
    "charset",
    "charset_declared",
    "robots",
    "page_licence",
    "title",
)
_REFUSED_COLUMNS = ("doc_id", "source", "uri", "origin_file", "origin_offset", "reason", "detail")

#: What is said of a step whose table is not there.
_NOT_RUN = "not done yet"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a page's history.

    Attributes:
        name: the command that did it, as `manyo COMMAND`; `doc_id`, `origin` and `stays` say which page it is.
        said: what it did, for a person to read.
    """

    name: str
    said: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What happened to one page.

    Attributes:
        uri: its address, or the identifier of the work, as a terminal may show it.
        steps: in the order of the pipeline, up to the one that dropped it or is not done.
        survivor: `doc_id` of the document that stays in its place; None where none does.
    """

    uri: str
    steps: tuple[Step, ...]
    survivor: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Found:
    """A row of `documents` or of `refused`."""

    table: str
    shard: str
    row: int


@dataclass(frozen=True, slots=True)
class _Document:
    """A document, as the tables after `documents` know it."""

    shard: str
    row: int
    doc_id: bytes
    profile: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one step did to a document, and whether it goes on from there."""

    said: str
    goes_on: bool = False
    survivor: bytes | None = None


def trace(config: Config, page: str) -> list[Trace]:
    """Follow every page that a name fits: one address may have been fetched twice, or have two sources.

    Memory: the ids and addresses of `_READERS` shards.

    Args:
        config: of the run.
        page: an address in any spelling that leads to the same page (`manyo.corpus.addresses.normal_address`), an
        identifier
            of a work as it stands in `uri`, a `doc_id` in hexadecimal, or `SHARD:POSITION` of a token.

    Raises:
        UserError: nothing is extracted yet, no page fits, or there is no such token.
        ShardError: a shard cannot be read.
    """
    tables = _Tables(config)
    matches = _matcher(tables, page)
    found = list(tables.search(("documents", "refused"), ("doc_id", "uri"), matches))
    if not found:
        raise UserError(
            f"{page}: neither a document nor a refused page of this run ({len(tables.shards)} shards were searched)"
        )
    traces = [tables.refusal(one) if one.table == "refused" else tables.history(one) for one in found]
    return [replace(one, steps=(*one.steps, *tables.stays(one.survivor))) for one in traces]


def print_traces(console: Console, traces: Sequence[Trace]) -> None:
    """Print histories for a terminal or a pipe."""
    for one in traces:
        console.print(one.uri, style="bold", markup=False)
        for step in one.steps:
            console.print(f"  {step.name:<9} {step.said}", markup=False)
        console.print()


Matches = Callable[[pa.RecordBatch], np.ndarray]


def _matcher(tables: _Tables, page: str) -> Matches:
    """From `doc_id` and `uri` of a shard to the rows that fit, as integers."""
    if token := _TOKEN.fullmatch(page):
        return _has_ids({tables.document_at(token["shard"], int(token["position"]))})
    if _DOC_ID.fullmatch(page):
        return _has_ids({bytes.fromhex(page)})
    address = normal_address(page)
    if address is None:
        return lambda batch: _true(pc.equal(batch.column("uri"), page))
    # All spellings of an address have this in common; it is looked for in Arrow, before any string becomes Python's.
    host, slash, path = address.partition("/")
    common, ignore_case = (slash + path, False) if path else (host, True)

    def rows(batch: pa.RecordBatch) -> np.ndarray:
        uris = batch.column("uri")
        likely = _true(pc.match_substring(uris, common, ignore_case=ignore_case))
        fits = [normal_address(uri) == address for uri in uris.take(likely).to_pylist()]
        return likely[np.array(fits, np.bool_)]

    return rows


def _has_ids(doc_ids: set[bytes]) -> Matches:
    wanted = pa.array(sorted(doc_ids), DOC_ID)
    return lambda batch: _true(pc.is_in(batch.column("doc_id"), wanted))


def _true(mask: pa.BooleanArray) -> np.ndarray:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


class _Tables:
    """The tables of a run, found by their shards' names."""

    def __init__(self, config: Config) -> None:
        self._out = config.run.out
        self._min_similarity = config.dedup.min_similarity
        self._rules: Mapping[str, Rule] = {rule.name: rule for rule in config.rules}
        self._stages = {stage.name: stage for stage in build_stages(config)}
        self._stage_of = {table: stage for stage in self._stages.values() for table in stage.tables}
        self.shards = self._extracted(config.path)

    def _extracted(self, config_path: str) -> list[str]:
        """Names of the shards of pages that there are, finished or not: what is there is whole."""
        extract = self._stages["extract"]
        folder = join(extract.folder(self._out), "documents")
        fs, path = filesystem(folder)
        prefix = path.rstrip("/") + "/"
        names = fs.find(path) if fs.exists(path) else ()
        shards = sorted(
            name.removeprefix(prefix).removesuffix(".parquet") for name in names if "/.partial/" not in f"/{name}"
        )
        if not shards:
            raise UserError(f"{folder}: nothing is extracted yet; run: manyo run --config {config_path}")
        return shards

    def uri(self, table: str, shard: str) -> str:
        """Where a shard of a table lies, or would."""
        stage = self._stage_of[table]
        return table_uri(stage.folder(self._out), stage.tables[table], shard)

    def _there(self, table: str, shard: str) -> bool:
        fs, path = filesystem(self.uri(table, shard))
        return bool(fs.exists(path))

    def search(self, tables: Sequence[str], columns: Sequence[str], matches: Matches) -> Iterator[_Found]:
        """The rows that fit, in the order of shards and tables."""

        def of_shard(shard: str) -> list[_Found]:
            return [
                _Found(table, shard, row)
                for table in tables
                if self._there(table, shard)
                for row in matches(read_columns(self.uri(table, shard), columns)).tolist()
            ]

        with ThreadPoolExecutor(_READERS) as readers:
            for found in readers.map(of_shard, self.shards):
                yield from found

    def stays(self, survivor: bytes | None) -> Iterator[Step]:
        """The document that stays in another's place; one that stays for its source alone may repeat one in turn."""
        while survivor is not None:
            found = next(self.search(("documents",), ("doc_id",), _has_ids({survivor})), None)
            if found is None:
                # An index of an earlier run gives ids alone.
                yield Step("stays", f"a document of an earlier run, by its index ({survivor.hex()})")
                return
            (row,) = read_rows(self.uri("documents", found.shard), [found.row], ("uri", "profile"))
            outcome = self._duplicate(_Document(found.shard, found.row, survivor, row["profile"]))
            yield Step("stays" if outcome.goes_on else "repeats", f"{plain(row['uri'])} ({survivor.hex()})")
            if not outcome.goes_on:
                yield Step("dedup", outcome.said)
            survivor = outcome.survivor

    def document_at(self, shard: str, position: int) -> bytes:
        """The document that a token belongs to."""
        if not self._there("provenance", shard):
            raise UserError(f"{self.uri('provenance', shard)}: there is no token shard of this name")
        try:
            doc_id: bytes = document_of_token(self.uri("provenance", shard), position)["doc_id"]
        except IndexError as error:
            raise UserError(str(error)) from error
        return doc_id

    def refusal(self, found: _Found) -> Trace:
        """What is known of a page that became no document."""
        (row,) = read_rows(self.uri("refused", found.shard), [found.row], _REFUSED_COLUMNS)
        detail = f": {plain(row['detail'])}" if row["detail"] else ""
        steps = (
            Step("doc_id", row["doc_id"].hex()),
            Step("origin", f"source {row['source']}; {_place(row)}"),
            Step("extract", f"refused, {row['reason']}{detail}"),
        )
        return Trace(plain(row["uri"]) or "(no address)", steps)

    def history(self, found: _Found) -> Trace:
        """What happened to a document."""
        (row,) = read_rows(self.uri("documents", found.shard), [found.row], _DOCUMENT_COLUMNS)
        document = _Document(found.shard, found.row, row["doc_id"], row["profile"])
        steps = [
            Step("doc_id", document.doc_id.hex()),
            Step("origin", f"source {row['source']}, {_licence(row)}; {_place(row)}{_fetched(row)}"),
            Step("extract", f"document {plain(row['title']) or '(no title)'!r}, {_encoding(row)}{_stated(row)}"),
        ]
        outcome = _Outcome("", goes_on=True)
        for name, table, follow in (
            ("langid", "languages", self._language),
            ("filter", "decisions", self._decision),
            ("dedup", "duplicates", self._duplicate),
            ("scrub", "release", self._release),
            ("tokenize", "provenance", self._tokens),
        ):
            if not outcome.goes_on:
                break
            # Token shards have names of their own.
            done = table == "provenance" or self._there(table, document.shard)
            outcome = follow(document) if done else _Outcome(_NOT_RUN)
            steps.append(Step(name, outcome.said))
        return Trace(plain(row["uri"]), tuple(steps), outcome.survivor)

    def _language(self, document: _Document) -> _Outcome:
        row = self._row("languages", document, ("lang", "lang_score", "lang_decided_by"))
        return _Outcome(f"{row['lang']}, {row['lang_score']:.2f} sure, by {row['lang_decided_by']}", goes_on=True)

    def _decision(self, document: _Document) -> _Outcome:
        reasons = self._row("decisions", document, ("reasons",))["reasons"]
        if reasons:
            return _Outcome("dropped by " + ", ".join(self._reason(reason, document) for reason in reasons))
        return _Outcome(f"kept by every rule of profile {document.profile}", goes_on=True)

    def _duplicate(self, document: _Document) -> _Outcome:
        columns = ("cluster", "cluster_size", "similarity", "containment", "kept", "within_source")
        row = self._row("duplicates", document, columns)
        if row["kept"]:
            others = row["cluster_size"] - 1
            return _Outcome(f"kept, of a cluster of {others + 1:,}" if others else "kept, it is unique", goes_on=True)
        if row["similarity"] is None:
            return _Outcome("dropped, another page of its address stays", survivor=row["cluster"])
        of_source = " of its source" if row["within_source"] else ""
        said = f"dropped, similarity {row['similarity']:.3f} to the one that stays{of_source}"
        if row["similarity"] < self._min_similarity:
            said += f", which holds {row['containment']:.1%} of it"
        return _Outcome(said, survivor=row["cluster"])

    def _reason(self, reason: str, document: _Document) -> str:
        """A failed rule with what it saw, where it is a rule of the configuration."""
        rule = self._rules.get(reason)
        if rule is None:
            return reason
        table = "languages" if rule.signal in LANGUAGES.schema.names else "signals"
        value = self._row(table, document, (rule.signal,))[rule.signal]
        bounds = [
            f"{side} {number(bound)}"
            for side, bound in (("at least", rule.minimum), ("at most", rule.maximum))
            if bound is not None
        ]
        return f"{reason} ({rule.signal} {number(value)}, {', '.join(bounds)})"

    def _release(self, document: _Document) -> _Outcome:
        uri = self.uri("release", document.shard)
        rows = _has_ids({document.doc_id})(read_columns(uri, ["doc_id"])).tolist()
        if not rows:
            return _Outcome(self._withheld(document))
        (row,) = read_rows(uri, rows, ("text", "pii"))
        masked = ", ".join(f"{one['kind']} {one['count']}" for one in row["pii"]) or "nothing"
        return _Outcome(f"released, {len(row['text']):,} characters; masked: {masked}", goes_on=True)

    def _withheld(self, document: _Document) -> str:
        """Why a document that rules and dedup keep is not in the release."""
        uri = self.uri("taken_down", document.shard)
        for row in read_columns(uri, ["doc_id", "listed_as", "requested"]).to_pylist():
            if row["doc_id"] == document.doc_id:
                asked = f", asked for on {row['requested']}" if row["requested"] else ""
                return f"taken down by its {row['listed_as']}{asked}"
        return "not released"

    def _tokens(self, document: _Document) -> _Outcome:
        """Which token shard holds a document: one of those whose plan reads the shard that it was encoded in."""
        encoded = self._encoded_shard(document)
        if encoded is not None:
            tokenize = self._stages["tokenize"]
            origins = self.uri("encoded_origins", encoded)
            for unit in tokenize.plan([self._encoded(self._stages["encode"])]):
                if origins in unit.inputs["encoded_origins"] and self._there("provenance", unit.name):
                    with suppress(KeyError):
                        first, count = tokens_of_document(self.uri("provenance", unit.name), document.doc_id)
                        ids = self.uri(next(iter(tokenize.tables)), unit.name)
                        return _Outcome(f"{unit.name}:{first}, {count:,} tokens from there on in {ids}")
        return _Outcome(_NOT_RUN)

    def _encoded_shard(self, document: _Document) -> str | None:
        """The shard that a document was encoded in: that of its release, or a part of its source's shuffle."""
        if "shuffled" not in self._stage_of:
            return document.shard if self._there("encoded_origins", document.shard) else None
        source = document.shard.split("/")[0]
        parts = self._stages["shuffle"].settings.parts
        for name in (f"{source}/part-{part:05d}" for part in range(parts)):
            if self._there("encoded_origins", name):
                ids = read_columns(self.uri("encoded_origins", name), ["doc_id"])
                if len(_has_ids({document.doc_id})(ids)):
                    return name
        return None

    def _encoded(self, encode: Stage) -> StageOutput:
        """What is encoded, as the plan of token shards reads it."""
        folder = encode.folder(self._out)
        finished = (
            FinishedShard(name, "", manifest.counts, manifest.bytes_written)
            for name, manifest in sorted(read_manifests(folder).items())
        )
        return StageOutput(folder, encode.tables, tuple(finished))

    def _row(self, table: str, document: _Document, columns: Sequence[str]) -> dict[str, Any]:
        """A document's row of a side table, after a look at whose it is."""
        uri = self.uri(table, document.shard)
        (row,) = read_rows(uri, [document.row], ("doc_id", *columns))
        if row["doc_id"] != document.doc_id:
            raise ShardError(f"{uri}: its rows are not those of the documents; delete it and run again")
        return row


def _licence(row: Mapping[str, Any]) -> str:
    """What the configuration says of the source's use."""
    terms = f", terms {row['terms']!r}" if row["terms"] else ""
    return f"licence {row['licence']!r}{terms}{'' if row['release_allowed'] else ', may not be released'}"


def _fetched(row: Mapping[str, Any]) -> str:
    return f", fetched {row['fetched_at']:%Y-%m-%d %H:%M:%S}" if row["fetched_at"] else ""


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['origin_file']}, byte {row['origin_offset']:,}"


def _encoding(row: Mapping[str, Any]) -> str:
    declared = row["charset_declared"]
    return f"read as {row['charset']}" + ("" if declared in (None, row["charset"]) else f", declared {declared}")


def _stated(row: Mapping[str, Any]) -> str:
    """What the page states of its use."""
    stated = [*(row["robots"] or ()), *([f"licence {row['page_licence']}"] if row["page_licence"] else ())]
    return f"; the page states {', '.join(stated)}" if stated else ""
