"""The sampled documents of `manyo view` as JSON values: text, page, signals, masks, duplicate, way to the tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import numpy as np
import pyarrow as pa

from manyo.corpus.addresses import host_of
from manyo.corpus.schema import TEXT
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_rows
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.rights import Rights
from manyo.filters.rules.decide import columns_by_table
from manyo.pipelines.commands.bound_histograms import unbounded
from manyo.pipelines.commands.measured_documents import MeasuredShard
from manyo.pipelines.commands.page_history import FoundRow, RunTables
from manyo.pipelines.commands.removed_duplicates import texts_of
from manyo.pipelines.commands.rule_changes import NO_HOST
from manyo.pipelines.commands.sampled_documents import Sample, rows_by_shard
from manyo.pipelines.extraction.isolation import read_page_isolated
from manyo.pipelines.extraction.whole_pages import PagePlace, WholePage
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.reasons import refusals

_OF_DOCUMENTS = (
    "doc_id", "source", "licence", "page_licence", "profile", "uri", "fetched_at", "origin_file", "origin_offset",
    "title", "text", "comments",
)  # fmt: skip
_OF_DUPLICATES = ("doc_id", "cluster", "similarity", "containment", "kept")
_OF_REFUSED = ("doc_id", "source", "uri", "origin_file", "origin_offset", "reason", "detail")

#: Longest page whose lines are compared with those of the document, in characters.
_PAGE_CHARS = 100_000

#: A document as JSON values.
View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunView:
    """What the documents are read from.

    Attributes:
        shards: shards of the run, and `names`, their names, in the same order.
        tables: finds the tables.
        sources: the sources of the configuration, by name.
        policy: the rights of the run.
        scrub: what is masked.
        signals: the signals whose values a document shows.
        record_timeout_s: seconds after which the parser of a page is considered hung.
    """

    shards: Sequence[MeasuredShard]
    names: Sequence[str]
    tables: RunTables
    sources: Mapping[str, Source]
    policy: Rights
    scrub: Scrub
    signals: Sequence[str]
    record_timeout_s: float


def document_views(run: RunView, sample: Sample) -> list[View]:
    """Read the sampled documents, a shard at a time, in the order of shards and rows.

    Raises:
        ShardError: a shard cannot be read.
    """
    views: list[View] = []
    clusters: dict[bytes, list[View]] = {}
    for number, rows in rows_by_shard(sample.documents).items():
        for row, view, cluster in _views_of_shard(run, number, rows):
            view["strata"] = sample.documents[number, row]
            views.append(view)
            if cluster is not None:
                clusters.setdefault(cluster, []).append(view)
    survivors = texts_of(run.shards, set(clusters)) if clusters else {}
    for doc_id, copies in clusters.items():
        found = survivors.get(doc_id)
        for view in copies:
            view["survivor"] = {
                "id": doc_id.hex(),
                "uri": found["uri"] if found else None,
                "text": found["text"] if found and found["may_show"] and view["text"] is not None else None,
            }
    _mark_masks(views, run.scrub)
    return views


def _views_of_shard(run: RunView, number: int, rows: Sequence[int]) -> list[tuple[int, View, bytes | None]]:
    """Row, view and, for a removed duplicate, the id of the document that it repeats."""
    shard, name, tables = run.shards[number], run.names[number], run.tables
    columns = columns_by_table(unbounded(tuple(run.signals)))
    parts = [
        read_rows(shard.documents, rows, (*_OF_DOCUMENTS, *columns.documents)),
        read_rows(shard.languages, rows, ("doc_id", "lang", *columns.languages)),
        read_rows(shard.signals, rows, ("doc_id", *columns.signals)),
    ]
    if shard.templates is not None:
        parts.append(read_rows(shard.templates, rows, ("doc_id", *columns.templates)))
    judged: Sequence[Mapping[str, Any]] = [{}] * len(rows)
    if tables.exists(DUPLICATES, name):
        judged = read_rows(tables.uri(DUPLICATES, name), rows, _OF_DUPLICATES)
    places = [FoundRow(DOCUMENTS, name, row) for row in rows]
    tables.announce(name, places)  # or each table is opened again for each document
    found = []
    for at, (row, may_show) in enumerate(zip(rows, shard.may_display(rows), strict=True)):
        measured = {key: value for part in parts for key, value in part[at].items()}
        view = _view(run, measured, may_show)
        view["way"] = [[step.name, step.text] for step in tables.history(places[at]).steps]
        verdict = judged[at]
        is_copy = verdict.get("kept") is False
        view["duplicate"] = {key: verdict[key] for key in ("similarity", "containment")} if is_copy else None
        found.append((row, view, verdict["cluster"] if is_copy else None))
    return found


def _view(run: RunView, measured: Mapping[str, Any], may_show: bool) -> View:
    """What the tables before the rules say of one document; its texts only where they may be displayed."""
    page = None
    if may_show:
        whole = _whole_page(run, measured)
        if whole is not None:
            kept = f"{measured['text']}\n{measured['comments']}".split("\n")
            page = [[int(is_kept), line] for is_kept, line in kept_lines(whole.text[:_PAGE_CHARS], kept)]
    return {
        "id": measured["doc_id"].hex(),
        "source": measured["source"],
        "licence": measured["page_licence"] or measured["licence"],
        "profile": measured["profile"],
        "uri": measured["uri"],
        "host": host_of(measured["uri"]) or NO_HOST,
        "date": measured["fetched_at"].strftime("%Y-%m-%d") if measured["fetched_at"] else "",
        "language": measured["lang"],
        "title": measured["title"] if may_show else "",
        "text": measured["text"] if may_show else None,
        "comments": measured["comments"] if may_show else "",
        "page": page,
        "values": [_short(measured[signal]) for signal in run.signals],
    }


def _whole_page(run: RunView, row: Mapping[str, Any]) -> WholePage | None:
    """The page of a document or of a refused row, parsed in a child process; None if it cannot be shown."""
    source, reason = run.sources[row["source"]], row.get("reason", "")
    place = PagePlace(source, run.policy, row["origin_file"], row["origin_offset"], reason)
    return read_page_isolated(place, run.record_timeout_s)


def kept_lines(whole: str, kept: Sequence[str]) -> list[tuple[bool, str]]:
    """The lines of a page, each with whether it is among the lines that were kept, in their order.

    Args:
        whole: text of the page.
        kept: lines of the document and its comments.
    """
    lines = whole.split("\n")
    is_kept = [False] * len(lines)
    for match in SequenceMatcher(None, lines, list(kept), autojunk=False).get_matching_blocks():
        is_kept[match.a : match.a + match.size] = [True] * match.size
    return list(zip(is_kept, lines, strict=True))


def _short(value: float) -> float:
    """A value in as many digits as its column has."""
    return value if isinstance(value, int) else float(np.format_float_positional(np.float32(value), unique=True))


def _mark_masks(views: Sequence[View], scrub: Scrub) -> None:
    """Add what the release masks: [start, stop, kind] for each span of a text."""
    shown = [view for view in views if view["text"] is not None]
    texts = pa.array([view["text"] for view in shown], TEXT)
    spans: dict[int, list[list[Any]]] = {}
    if shown:
        from manyo.filters.pii.find import find_by_profile  # a start needs none of its rules

        for span in find_by_profile(texts, [view["profile"] for view in shown], scrub).to_pylist():
            spans.setdefault(span["row"], []).append([span["start"], span["stop"], span["kind"]])
    for at, view in enumerate(shown):
        view["masks"] = sorted(spans.get(at, []))


def refused_views(run: RunView, sample: Sample) -> list[View]:
    """Read the sampled refused pages; the page's text is read again from its record where that is possible.

    Raises:
        ShardError: a shard cannot be read.
    """
    views = []
    for number, rows in rows_by_shard(sample.refused).items():
        uri = run.tables.uri(REFUSED, run.names[number])
        for page in read_rows(uri, rows, _OF_REFUSED):
            source = run.sources[page["source"]]
            whole = _whole_page(run, page)
            may_show = whole is not None and whole.may_show and not run.policy.robots
            views.append(
                {
                    "id": page["doc_id"].hex(),
                    "source": page["source"],
                    "licence": source.licence,
                    "uri": page["uri"],
                    "host": host_of(page["uri"]) or NO_HOST,
                    "refused": page["reason"],
                    "detail": page["detail"],
                    "meaning": refusals((source.kind,)).get(page["reason"], ""),
                    "meaning_ja": refusals((source.kind,), is_japanese=True).get(page["reason"], ""),
                    "origin": f"{page['origin_file']}, byte {page['origin_offset']:,}",
                    "page": [[0, line] for line in whole.text[:_PAGE_CHARS].split("\n")]
                    if whole is not None and may_show
                    else None,
                }
            )
    return views
