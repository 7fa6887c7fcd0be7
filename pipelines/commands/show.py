"""`manyo show`: what is known of one document: what was decided, where its record is, its text, what was measured."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from rich.console import Console

from manyo.corpus import schema as schemas
from manyo.corpus.takedown_requests import found_lists, recorded_lists
from manyo.filters.signals.measure import signals_schema
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.measured_documents import MeasuredShard
from manyo.pipelines.commands.page_history import FoundRow, PageHistory, RunTables, found_pages
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.selected_documents import read_selection
from manyo.pipelines.commands.shown_documents import NOT_SHOWN, plain, visible
from manyo.pipelines.commands.trace import PAGE_HELP, print_history, print_rest
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.filter_stages import DECISIONS, LANGUAGES, SIGNALS
from manyo.pipelines.report.quantities import format_value

#: Of a document, besides its text; what `origin_file` and `origin_offset` name is its record.
_COLUMNS = ("doc_id", "source", "profile", "uri", "title", "origin_file", "origin_offset", "meta", "pages")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo show`."""
    arguments.add_run(parser)
    arguments.add_listing(parser)
    parser.add_argument("page", metavar="PAGE", help=PAGE_HELP)
    parser.add_argument("--signals", action="store_true", help="also print all that was measured, after the text")
    parser.add_argument(
        "-n", type=arguments.whole(0), default=1, metavar="COUNT", help="documents shown at most (default: 1)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the documents and refused pages that the name matches, and return 0.

    Raises:
        UserError: nothing is extracted yet, no page matches, or there is no such token.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    tables = RunTables(config)
    found = found_pages(tables, options.page, read_selection(options, config))
    shown = found[: options.n]
    console = open_console()
    for row, page in read_whole(config, tables, shown):
        if options.json:
            steps = {step.name: step.text for step in page.history.steps}
            print_json({**page.about, "steps": steps, "signals": page.signals, "text": page.text})
        else:
            _print(console, row, page, options.signals)
    if len(shown) < len(found):
        print_rest(console, options.json, len(found) - len(shown))
    return 0


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """A document or a refused page with all that the tables know of it.

    Attributes:
        about: its columns; `images` are the addresses of the page images of a book.
        history: what happened to it.
        signals: what was measured; empty before it is.
        text: the whole text; None where it may not be displayed, and for refused pages, of which no text is kept.
    """

    about: dict[str, Any]
    history: PageHistory
    signals: dict[str, Any]
    text: str | None


def read_whole(
    config: Config, tables: RunTables, found: Sequence[FoundRow]
) -> Iterator[tuple[FoundRow, WholeDocument]]:
    """Yield documents and refused pages from all tables; a table of a shard is opened once for all of its pages.

    Args:
        config, tables: of the run.
        found: pages in the order of shards.

    Raises:
        ShardError: a shard cannot be read.
    """
    for (shard, table), rows in groupby(
        zip(found, tables.whole_histories(found), strict=True), key=lambda one: (one[0].shard, one[0].table)
    ):
        pages = list(rows)
        here = [one for one, _ in pages]
        tables.announce(shard, here)
        shown = [False] * len(here) if table == REFUSED else _may_display(config, tables, shard, here)
        for (one, history), may_display in zip(pages, shown, strict=True):
            yield one, _read_whole(config, tables, one, history, may_display)


def _read_whole(
    config: Config, tables: RunTables, found: FoundRow, history: PageHistory, may_display: bool
) -> WholeDocument:
    if found.table == REFUSED:
        columns = ("doc_id", "source", "uri", "origin_file", "origin_offset", "reason", "detail")
        refused = tables.row(REFUSED, found, columns)
        return WholeDocument(refused, history, {}, None)
    row = tables.row(DOCUMENTS, found, (*_COLUMNS, "text"))
    labels = [one["label"] for one in row["pages"] or ()]
    about = {name: row[name] for name in _COLUMNS if name != "pages"}
    about["meta"] = json.loads(row["meta"]) if row["meta"] else {}
    about["images"] = [label for label in labels if label and "://" in label]
    if tables.exists(DECISIONS, found.shard):
        about |= tables.row(DECISIONS, found, ("reasons", "uses"))
    signals: dict[str, Any] = {}
    for table, schema in ((LANGUAGES, schemas.LANGUAGES.schema), (SIGNALS, signals_schema(config.signals))):
        if tables.exists(table, found.shard):
            signals |= tables.row(table, found, [name for name in schema.names if name != "doc_id"])
    if not may_display:
        about["title"] = ""
    return WholeDocument(about, history, signals, row["text"] if may_display else None)


def _may_display(config: Config, tables: RunTables, name: str, found: Sequence[FoundRow]) -> list[bool]:
    """Whether rights and takedowns let the texts of documents of a shard be shown."""
    shard = MeasuredShard(
        tables.uri(DOCUMENTS, name),
        tables.uri(LANGUAGES, name),
        tables.uri(SIGNALS, name),
        config.rights,
        (*recorded_lists(config.run.out), *found_lists(config.run.out)),
        None,
        tables.uri(DECISIONS, name),
    )
    rows = [one.row for one in found]
    shown: list[bool] = (shard.permitted()[rows] & np.array(shard.may_display(rows), np.bool_)).tolist()
    return shown


def _print(console: Console, found: FoundRow, page: WholeDocument, with_signals: bool) -> None:
    print_history(console, page.history)
    console.print()
    about = page.about
    console.print(f"record  {plain(about['origin_file'])}, byte {about['origin_offset']:,}", markup=False)
    for image in about.get("images", ()):
        console.print(f"image   {plain(image)}", markup=False)
    for name, value in about.get("meta", {}).items():
        console.print(f"meta    {plain(name)}: {plain(str(value))}", markup=False)
    console.print()
    if page.text is None:
        console.print("(no text is kept of a refused page)" if found.table == REFUSED else NOT_SHOWN)
    else:
        console.print(visible(page.text), markup=False)
    console.print()
    if page.signals and with_signals:
        table = FittedTable("signal", "value", texts=(0, 1), is_plain=True)
        for name, value in page.signals.items():
            table.add_row(name, _shown(value))
        console.print(table)
        console.print()
    elif page.signals:
        console.print(f"{len(page.signals):,} signals were measured; --signals prints them", style="dim")


def _shown(value: Any) -> str:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return format_value(value)
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value)
    if isinstance(value, dict):
        return " ".join(_shown(one) for one in value.values())
    return plain("" if value is None else str(value))
