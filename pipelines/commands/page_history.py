"""The history of one page through the tables of a run, from its input file to its tokens.

A page is named as in a takedown list, by its address, host or `doc_id` (`manyo.corpus.takedowns`), or by the shard and
position of one of its tokens. The search reads only the columns of `documents` and `refused` that say so. From there
the row number, the name of the shard and the `doc_id` lead from table to table. Only the search for a survivor reads
the ids of the documents again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import ShardError, filesystem, join, read_columns, read_rows
from manyo.filters.permissions import USES
from manyo.filters.rules.decide import Rule, columns_by_table
from manyo.pipelines.commands.nearby_rows import NearbyRows
from manyo.pipelines.commands.selected_documents import COLUMNS as SELECTED_BY
from manyo.pipelines.commands.selected_documents import EVERYTHING, Selection, pages_named, without_addresses
from manyo.pipelines.commands.shown_documents import SCORE_COLUMNS, describe_bounds, describe_score, plain
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import FinishedShard, StageOutput
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, MENTIONS, SIGNALS
from manyo.pipelines.graph.reading import side_by_side
from manyo.pipelines.graph.release_stages import RELEASE
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN
from manyo.pipelines.graph.template_stages import TEMPLATES
from manyo.pipelines.graph.token_stages import ENCODED_ORIGINS, PROVENANCE
from manyo.pipelines.report.quantities import format_value
from manyo.tokenizer.reader import document_of_token

#: A `doc_id`, which documents without an address have too.
_DOC_ID = re.compile(r"[0-9a-fA-F]{32}")
#: A token shard, by its name or by a file in the folder of `manyo path tokens`, and a position in it.
_TOKEN = re.compile(r"(?P<shard>[a-z0-9][a-z0-9_-]*-\d{5,}?)(?:_text_document)?(?:\.bin|\.npy)?:(?P<position>\d+)")

_DOCUMENT_COLUMNS = (
    "doc_id",
    "source",
    "licence",
    "terms",
    "uses",
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

#: Text for a step whose table does not exist yet.
_NOT_RUN = "not done yet"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history of a page.

    Attributes:
        name: the command of the step, as in `manyo COMMAND`; or `doc_id`, `origin`, `survivor` or `repeats` for lines
            that identify a page.
        text: what the step did, for a person to read.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class PageHistory:
    """What happened to one page.

    Attributes:
        uri: address of the page or identifier of the work, made safe for a terminal.
        steps: lines in the order of the pipeline, up to the step that dropped the page or is not done yet.
        survivor: `doc_id` of the document that is kept instead; None if there is none.
    """

    uri: str
    steps: tuple[Step, ...]
    survivor: bytes | None = None


@dataclass(frozen=True, slots=True)
class FoundRow:
    """A row of `documents` or of `refused`."""

    table: StageTable
    shard: str
    row: int


@dataclass(frozen=True, slots=True)
class _Document:
    """What finds a document in the tables after `documents`."""

    shard: str
    row: int
    doc_id: bytes
    profile: str
    uri: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one step did to a document, and whether the document reaches the next step."""

    text: str
    continues: bool = False
    survivor: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Survivor:
    """The steps of a document that is kept in the place of others.

    Attributes:
        steps: of the document.
        instead: the document that is kept in its own place: a survivor within a source may repeat another.
    """

    steps: tuple[Step, ...]
    instead: bytes | None = None


def _chain(survivor: bytes | None, known: Mapping[bytes, _Survivor]) -> Iterator[Step]:
    """Yield the steps of a survivor and of those that are kept in its place."""
    while survivor is not None:
        yield from known[survivor].steps
        survivor = known[survivor].instead


def page_histories(config: Config, page: str) -> list[PageHistory]:
    """The history of every page that a name matches, as `found_pages` finds them."""
    tables = RunTables(config)
    return tables.whole_histories(found_pages(tables, page))


def found_pages(tables: RunTables, page: str, selection: Selection = EVERYTHING) -> list[FoundRow]:
    """Every page that a name matches: an address may be fetched twice or be in two sources, a host has many.

    Memory: the ids and addresses of 17 shards.

    Args:
        tables: of the run.
        page: what an entry of a takedown list may be: an address in any spelling, its beginning and `*`, a host, `*.`
            and a host, an identifier exactly as in `uri`, a `doc_id` in hexadecimal; or `SHARD:POSITION` of a token.
        selection: which pages are listed.

    Returns:
        At least one, in the order of shards and rows.

    Raises:
        UserError: nothing is extracted yet, no page matches, or there is no such token.
        ShardError: a shard cannot be read.
    """
    found = list(tables.search((DOCUMENTS, REFUSED), _matcher(tables, page, selection)))
    if not found:
        chosen = " and is selected" if selection else ""
        raise UserError(
            f"{page}: no document and no refused page of this run matches{chosen} "
            f"({len(tables.shards)} shards searched){'' if _DOC_ID.fullmatch(page) else tables.nameless}"
        )
    return found


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where the tokens of a document are.

    Attributes:
        doc_id: of the document.
        uri: its address or the identifier of its work.
        shard: name of the token shard; empty for a document without tokens, as one that a rule dropped.
        provenance: URI of that shard's sidecar; empty likewise.
        first_token: position in the shard of its first token.
        token_count: number of its tokens; 0 likewise.
    """

    doc_id: bytes
    uri: str
    shard: str
    provenance: str
    first_token: int
    token_count: int


def token_places(config: Config, page: str, selection: Selection = EVERYTHING) -> list[TokenPlace]:
    """Where the tokens of each document that a name matches are; also of those that have none.

    Args:
        config: configuration of the run.
        page, selection: as for `found_pages`.

    Raises:
        UserError: nothing is extracted yet, or no document matches.
    """
    tables = RunTables(config)
    found = map(tables.document, tables.search((DOCUMENTS,), _matcher(tables, page, selection)))
    places = [tables.token_place(one) or TokenPlace(one.doc_id, one.uri, "", "", 0, 0) for one in found]
    if not places:
        raise UserError(f"{page}: no document of this run matches; manyo trace says what happened to the page")
    return places


#: From columns of a shard to the numbers of the rows that match, int64.
Matches = Callable[[pa.RecordBatch], np.ndarray]


def _matcher(tables: RunTables, page: str, selection: Selection) -> Matches:
    """The function that finds the selected rows of a page in a shard."""
    if token := _TOKEN.fullmatch(page):
        return _match_ids({tables.document_at(token["shard"], int(token["position"]))})
    finder = pages_named([page], "page")

    def rows(batch: pa.RecordBatch) -> np.ndarray:
        # The path of a file, which some sources have for an address, may look like that of a host.
        is_named = pc.equal(batch.column("uri"), page).fill_null(False).to_numpy(zero_copy_only=False).copy()
        is_named[list(finder.rows(batch))] = True
        return np.flatnonzero(is_named & selection.mask(batch))

    return rows


def _match_ids(doc_ids: set[bytes]) -> Matches:
    wanted = pa.array(sorted(doc_ids), DOC_ID)
    return lambda batch: _true_rows(pc.is_in(batch.column("doc_id"), wanted))


def _true_rows(mask: pa.BooleanArray) -> np.ndarray:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))


class RunTables:
    """The tables of a run, found by the names of their shards.

    Args:
        config: of the run.
        stages: with the folders of the run, where another version made them.
    """

    def __init__(self, config: Config, stages: Sequence[AnyStage] | None = None) -> None:
        self._out = config.run.out
        self._min_similarity = config.dedup.min_similarity
        self._shuffle = config.tokenize.shuffle
        self._rules: Mapping[str, Rule] = {rule.name: rule for rule in config.rules}
        self._stages = {stage.name: stage for stage in stages or build_stages(config)}
        self._stage_of = {table: stage for stage in self._stages.values() for table in stage.tables}
        self.shards = self._extracted(config)
        self.nameless = without_addresses(config)
        self._nearby = NearbyRows()

    def _extracted(self, config: Config) -> list[str]:
        """Names of the `documents` shards that exist; each is complete, also if its task is not finished."""
        extract = self._stages["extract"]
        folder = join(extract.folder(self._out), DOCUMENTS.folder)
        fs, path = filesystem(folder)
        prefix = path.rstrip("/") + "/"
        names = fs.find(path) if fs.exists(path) else ()
        shards = sorted(
            name.removeprefix(prefix).removesuffix(".parquet") for name in names if "/.partial/" not in f"/{name}"
        )
        if not shards:
            raise UserError(
                f"{folder}: nothing is extracted yet; run: manyo run --config {config.path} --out {self._out}"
            )
        return shards

    @property
    def extracted(self) -> str:
        """Folder of the stage that wrote the documents."""
        return self._stages["extract"].folder(self._out)

    def uri(self, table: StageTable, shard: str) -> str:
        """The URI of a shard of a table, whether it exists or not."""
        stage = self._stage_of[table]
        return table.uri(stage.folder(self._out), shard)

    def exists(self, table: StageTable, shard: str) -> bool:
        """Whether a shard of a table is there; a run that does not make the table has none."""
        if table not in self._stage_of:
            return False
        fs, path = filesystem(self.uri(table, shard))
        return bool(fs.exists(path))

    def search(
        self, tables: Sequence[StageTable], matches: Matches, columns: Sequence[str] = SELECTED_BY
    ) -> Iterator[FoundRow]:
        """Yield the rows that match by some columns, in the order of shards and tables."""
        of_table = {table: [name for name in columns if table != REFUSED or name != "profile"] for table in tables}

        def of_shard(shard: str) -> list[FoundRow]:
            return [
                FoundRow(table, shard, row)
                for table in tables
                if self.exists(table, shard)
                for row in matches(read_columns(self.uri(table, shard), of_table[table])).tolist()
            ]

        for found in side_by_side(of_shard, self.shards):
            yield from found

    def whole_histories(self, found: Sequence[FoundRow]) -> list[PageHistory]:
        """The histories of pages and of the documents that are kept in their places, each shard read once for all.

        Args:
            found: pages in the order of shards.
        """
        histories: list[PageHistory] = []
        for (shard, table), rows in groupby(found, key=lambda one: (one.shard, one.table)):
            here = list(rows)
            self.announce(shard, here)
            histories += map(self.refusal if table == REFUSED else self.history, here)
        survivors = self._survivors({one.survivor for one in histories if one.survivor is not None})
        return [replace(one, steps=(*one.steps, *_chain(one.survivor, survivors))) for one in histories]

    def announce(self, shard: str, found: Sequence[FoundRow]) -> None:
        """Say which rows of one table of a shard will be read, so that they are read together."""
        table, rows = found[0].table, [one.row for one in found]
        ids = read_rows(self.uri(table, shard), rows, ("doc_id",)) if table == DOCUMENTS else ()
        self._nearby.announce(shard, rows, {one["doc_id"] for one in ids})

    def row(self, table: StageTable, found: FoundRow, columns: Sequence[str]) -> dict[str, Any]:
        """Columns of a page in a table that has a row for each."""
        return self._nearby.row(found.shard, self.uri(table, found.shard), found.row, columns)

    def _survivors(self, missing: set[bytes]) -> dict[bytes, _Survivor]:
        """The survivors of some ids, and those in whose place others are kept, by their ids."""
        known: dict[bytes, _Survivor] = {}
        while missing:
            rows: list[FoundRow] = []
            for one in self.search((DOCUMENTS,), _match_ids(missing), ("doc_id",)):
                rows.append(one)
                if len(rows) == len(missing):
                    break
            for shard, of_shard in groupby(rows, key=lambda one: one.shard):
                here = list(of_shard)
                self.announce(shard, here)
                known |= dict(map(self._survivor, here))
            # The index of an earlier run has ids only.
            known |= {
                one: _Survivor((Step("survivor", f"a document of an earlier run, from its index ({one.hex()})"),))
                for one in missing - known.keys()
            }
            missing = {one.instead for one in known.values() if one.instead is not None} - known.keys()
        return known

    def _survivor(self, found: FoundRow) -> tuple[bytes, _Survivor]:
        document = self.document(found)
        outcome = self._duplicate(document)
        name = "survivor" if outcome.continues else "repeats"
        steps = [Step(name, f"{plain(document.uri)} ({document.doc_id.hex()})")]
        steps += [] if outcome.continues else [Step("dedup", outcome.text)]
        return document.doc_id, _Survivor(tuple(steps), outcome.survivor)

    def document_at(self, shard: str, position: int) -> bytes:
        """The `doc_id` of the document that a token belongs to."""
        if not self.exists(PROVENANCE, shard):
            raise UserError(f"{self.uri(PROVENANCE, shard)}: there is no such token shard")
        try:
            doc_id: bytes = document_of_token(self.uri(PROVENANCE, shard), position)["doc_id"]
        except IndexError as error:
            raise UserError(str(error)) from error
        return doc_id

    def refusal(self, found: FoundRow) -> PageHistory:
        """The history of a page that was refused."""
        row = self.row(REFUSED, found, _REFUSED_COLUMNS)
        detail = f": {plain(row['detail'])}" if row["detail"] else ""
        steps = (
            Step("doc_id", row["doc_id"].hex()),
            Step("origin", f"source {row['source']}; {_place(row)}"),
            Step("extract", f"refused: {row['reason']}{detail}"),
        )
        return PageHistory(plain(row["uri"]) or "(no address)", steps)

    def history(self, found: FoundRow) -> PageHistory:
        """The history of a document."""
        row = self.row(DOCUMENTS, found, _DOCUMENT_COLUMNS)
        document = _Document(found.shard, found.row, row["doc_id"], row["profile"], row["uri"])
        steps = [
            Step("doc_id", document.doc_id.hex()),
            Step("origin", f"source {row['source']}, {_licence(row)}; {_place(row)}{_fetched(row)}"),
            Step("extract", f"document {plain(row['title']) or '(no title)'!r}, {_encoding(row)}{_stated(row)}"),
        ]
        outcome = _Outcome("", continues=True)
        for name, table, follow in (
            ("langid", LANGUAGES, self._language),
            ("filter", DECISIONS, self._decision),
            ("dedup", DUPLICATES, self._duplicate),
            ("scrub", RELEASE, self._release),
            ("tokenize", PROVENANCE, self._tokens),
        ):
            if not outcome.continues:
                break
            # Token shards have names of their own.
            done = table == PROVENANCE or self.exists(table, document.shard)
            outcome = follow(document) if done else _Outcome(_NOT_RUN)
            steps.append(Step(name, outcome.text))
        return PageHistory(plain(row["uri"]), tuple(steps), outcome.survivor)

    def _language(self, document: _Document) -> _Outcome:
        row = self._row(LANGUAGES, document, ("lang", "lang_score", "lang_decided_by"))
        return _Outcome(
            f"{row['lang']}, confidence {row['lang_score']:.2f}, decided by {row['lang_decided_by']}", continues=True
        )

    def _decision(self, document: _Document) -> _Outcome:
        reasons = self._row(DECISIONS, document, ("reasons",))["reasons"]
        score = describe_score(self._row(SIGNALS, document, SCORE_COLUMNS))
        score += self._mentioned(document)
        if reasons:
            named = ", ".join(self._reason(reason, document) for reason in reasons)
            return _Outcome(f"dropped by {named}; {score}")
        return _Outcome(f"kept by every rule of profile {document.profile}; {score}", continues=True)

    def _mentioned(self, document: _Document) -> str:
        """The passages that may state terms of use, with their places in the text."""
        found = self._nearby.columns(self.uri(MENTIONS, document.shard), ("doc_id", "kind", "start", "stop"))
        rows = found.take(_match_ids({document.doc_id})(found)).to_pylist()
        places = ", ".join(f"{row['kind']} at characters {row['start']:,} to {row['stop']:,}" for row in rows)
        return f"; may state terms of use: {places}" if places else ""

    def _duplicate(self, document: _Document) -> _Outcome:
        columns = ("cluster", "cluster_size", "similarity", "containment", "kept", "within_source")
        row = self._row(DUPLICATES, document, columns)
        if row["kept"]:
            others = row["cluster_size"] - 1
            return _Outcome(
                f"kept, survivor of a cluster of {others + 1:,}" if others else "kept, unique", continues=True
            )
        if row["similarity"] is None:
            return _Outcome("dropped, another page with the same address is kept", survivor=row["cluster"])
        if row["cluster"] == document.doc_id:
            return _Outcome("dropped, an earlier run released a document of this id and text")
        within = " within its source" if row["within_source"] else ""
        text = f"dropped, similarity {row['similarity']:.3f} to the survivor{within}"
        if row["similarity"] < self._min_similarity:
            text += f", which contains {row['containment']:.1%} of it"
        return _Outcome(text, survivor=row["cluster"])

    def _reason(self, reason: str, document: _Document) -> str:
        """A reason, with the measured value and the bounds if it is a rule of the configuration."""
        rule = self._rules.get(reason)
        if rule is None:
            return reason
        columns = columns_by_table([rule])
        tables = ((columns.documents, DOCUMENTS), (columns.languages, LANGUAGES), (columns.templates, TEMPLATES))
        table = next((table for names, table in tables if names), SIGNALS)
        value = self._row(table, document, (rule.signal,))[rule.signal]
        return f"{reason} ({rule.signal} {format_value(value)}, {describe_bounds(rule.minimum, rule.maximum)})"

    def _release(self, document: _Document) -> _Outcome:
        uri = self.uri(RELEASE, document.shard)
        row = self._nearby.row_of(uri, document.doc_id, ("text", "pii"))
        if row is None:
            why, uses = self._withheld(document), self._row(DECISIONS, document, ("uses",))["uses"]
            if why is None and "redistribute" not in uses:
                return _Outcome("not released: it may not be redistributed", continues="train" in uses)
            return _Outcome(why or "not released")
        masked = ", ".join(f"{one['kind']} {one['count']}" for one in row["pii"]) or "nothing"
        return _Outcome(f"released, {len(row['text']):,} characters; masked: {masked}", continues=True)

    def _withheld(self, document: _Document) -> str | None:
        """The request that took a document down; None if there is none."""
        uri = self.uri(TAKEN_DOWN, document.shard)
        row = self._nearby.row_of(uri, document.doc_id, ("listed_as", "requested", "reference"))
        if row is None:
            return None
        asked = f", requested on {row['requested']}" if row["requested"] else ""
        reference = f" ({plain(row['reference'])})" if row["reference"] else ""
        by = {"found": "the address that another configuration knows"}.get(row["listed_as"], row["listed_as"])
        return f"taken down by {by}{asked}{reference}"

    def document(self, found: FoundRow) -> _Document:
        """What finds a document in the tables after `documents`."""
        row = self.row(DOCUMENTS, found, ("doc_id", "profile", "uri"))
        return _Document(found.shard, found.row, row["doc_id"], row["profile"], row["uri"])

    def _tokens(self, document: _Document) -> _Outcome:
        place = self.token_place(document)
        if place is None:
            return _Outcome(_NOT_RUN)
        ids = self.uri(self._stages["tokenize"].tables[0], place.shard)
        return _Outcome(f"{place.shard}:{place.first_token}, {place.token_count:,} tokens, in {ids}")

    def token_place(self, document: _Document) -> TokenPlace | None:
        """Where the tokens of a document are: in one of the token shards whose plan reads its encoded shard."""
        encoded = self._encoded_shard(document) if "tokenize" in self._stages else None
        if encoded is not None:
            names = self._token_shards.get(self.uri(ENCODED_ORIGINS, encoded), ())
            for name in (name for name in names if self.exists(PROVENANCE, name)):
                provenance = self.uri(PROVENANCE, name)
                row = self._nearby.row_of(provenance, document.doc_id, ("first_token", "token_count"))
                if row is not None:
                    tokens = row["first_token"], row["token_count"]
                    return TokenPlace(document.doc_id, document.uri, name, provenance, *tokens)
        return None

    @cached_property
    def _token_shards(self) -> dict[str, list[str]]:
        """URI of each encoded shard's origins → names of the token shards whose plan reads it."""
        found: dict[str, list[str]] = {}
        for unit in self._stages["tokenize"].shape([self._encoded(self._stages["encode"])]):
            for origins in unit.inputs[ENCODED_ORIGINS]:
                found.setdefault(origins, []).append(unit.name)
        return found

    def _encoded_shard(self, document: _Document) -> str | None:
        """The shard that a document was encoded in: the shard of its release, or a shuffled part of its source."""
        if self._shuffle is None:
            return document.shard if self.exists(ENCODED_ORIGINS, document.shard) else None
        source = document.shard.split("/")[0]
        for name in (f"{source}/part-{part:05d}" for part in range(self._shuffle.parts)):
            if self.exists(ENCODED_ORIGINS, name):
                ids = self._nearby.columns(self.uri(ENCODED_ORIGINS, name), ("doc_id",))
                if len(_match_ids({document.doc_id})(ids)):
                    return name
        return None

    def _encoded(self, encode: AnyStage) -> StageOutput:
        """The encoded shards that exist, as the plan of token shards reads them."""
        folder = encode.folder(self._out)
        finished = (
            FinishedShard(name, "", manifest.counts, manifest.bytes_written)
            for name, manifest in sorted(read_manifests(folder).items())
        )
        return StageOutput(folder, encode.tables, tuple(finished))

    def _row(self, table: StageTable, document: _Document, columns: Sequence[str]) -> dict[str, Any]:
        """The row of a document in a side table, after a check of its id."""
        uri = self.uri(table, document.shard)
        row = self._nearby.row(document.shard, uri, document.row, ("doc_id", *columns))
        if row["doc_id"] != document.doc_id:
            raise ShardError(f"{uri}: its rows are not those of the documents; delete it and run again")
        return row


def _licence(row: Mapping[str, Any]) -> str:
    """The licence of the source, as the configuration states it."""
    terms = f", terms {row['terms']!r}" if row["terms"] else ""
    return f"licence {row['licence']!r}{terms}{_unpermitted(row['uses'])}"


def _unpermitted(uses: Sequence[str]) -> str:
    """The uses that the source does not grant."""
    missing = [use for use in USES if use not in uses]
    return f", not to {', '.join(missing)}" if missing else ""


def _fetched(row: Mapping[str, Any]) -> str:
    return f", fetched {row['fetched_at']:%Y-%m-%d %H:%M:%S}" if row["fetched_at"] else ""


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['origin_file']}, byte {row['origin_offset']:,}"


def _encoding(row: Mapping[str, Any]) -> str:
    declared = row["charset_declared"]
    return f"read as {row['charset']}" + ("" if declared in (None, row["charset"]) else f", declared {declared}")


def _stated(row: Mapping[str, Any]) -> str:
    """What the page states about its use."""
    stated = [*(row["robots"] or ()), *([f"licence {row['page_licence']}"] if row["page_licence"] else ())]
    return f"; the page states {', '.join(stated)}" if stated else ""
