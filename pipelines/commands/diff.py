"""`manyo diff`: what differs between two runs, for a person and for a check that holds a corpus still."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path, PurePath
from typing import Any

from rich.console import Console

from manyo.corpus.tables.start_folder import paths_start_at
from manyo.filters.rules.decide import DOCUMENT_COLUMNS, TEMPLATE_COLUMNS
from manyo.filters.signals.measure import measured_signals
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_changes import RunChanges, changed_pages, compare_runs
from manyo.pipelines.commands.run_setup import config_of, open_console
from manyo.pipelines.commands.run_states import RunStates, read_states
from manyo.pipelines.commands.selected_documents import read_selection
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.commands.written_files import HTML, JSON_OBJECT, PAGE_LINES, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.report.quantities import format_value
from manyo.pipelines.report.rendering import page_templates
from manyo.pipelines.run import stage_of

#: The exit status when a stated bound is exceeded; 1 and 2 say that nothing was compared.
EXCEEDED = 3

_PIPE_COLUMNS = 160

#: Rows of each table in the terminal and on the page.
_ROWS_SHOWN = 20

#: What can be bounded, and what a percentage is a part of: kept documents of the first run.
_BOUNDS = ("gained", "lost", "changed", "moved")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo diff`."""
    parser.add_argument("before", metavar="RUN_A", help="the TOML file of the first run")
    parser.add_argument("after", metavar="RUN_B", help="the TOML file of the second run")
    parser.add_argument("--out-a", metavar="URI", help="the first run wrote here instead of to its [run] out")
    parser.add_argument("--out-b", metavar="URI", help="the second run wrote here instead of to its [run] out")
    parser.add_argument(
        "--by", choices=("doc_id", "uri"), default="doc_id", help="what names a document in both runs (default: doc_id)"
    )
    for name in _BOUNDS:
        parser.add_argument(
            f"--max-{name}",
            metavar="N",
            help=f"end with status {EXCEEDED} if more are {name}: a number or percentage",
        )
    arguments.add_selection(parser)
    parser.add_argument(
        "-n", type=arguments.whole(0), default=3, metavar="COUNT", help="addresses shown for each move (default: 3)"
    )
    parser.add_argument("--html", metavar="FILE", help="also write the comparison to this file, as one HTML page")
    parser.add_argument("--json", metavar="FILE", help="also write its numbers to this file")
    parser.add_argument("--pages", metavar="FILE", help="also write every page that differs, a JSON object a line")


def run(options: argparse.Namespace) -> int:
    """Compare, write what is asked for, print, and return 0, or `EXCEEDED`.

    Raises:
        UserError: an option is wrong, or the rules of a run are not applied yet.
        WorkFailed: a shard cannot be read.
    """
    for option, begins in (("html", HTML), ("json", JSON_OBJECT), ("pages", PAGE_LINES)):
        if path := getattr(options, option):
            check_place(path, f"--{option}", begins)
    limits = {name: _limit(name, getattr(options, f"max_{name}")) for name in _BOUNDS}
    configs = [config_of(options.before, options.out_a), config_of(options.after, options.out_b)]
    one, other = (_decisions_of(config) for config in configs)
    if one == other:
        raise UserError(f"diff: {options.before} and {options.after} are one run, in {one}; name another run")
    # Runs that share the folder of their documents share the texts.
    first, second = (_states(config, options, with_texts=False) for config in configs)
    if first.extracted != second.extracted:
        first, second = (_states(config, options, with_texts=True) for config in configs)
    signals = [name for name in common_signals(*configs) if name in first.columns and name in second.columns]
    changes = compare_runs(first, second, options.by, signals, options.n)
    names = [PurePath(config.path).name for config in configs]
    have_same_tokenizer = len({_tokenizer_of(config) for config in configs}) == 1
    if options.json:
        _write(options.json, "--json", json.dumps(as_json(changes, configs), ensure_ascii=False, indent=1) + "\n")
    if options.pages:
        lines = (json.dumps(page, ensure_ascii=False) + "\n" for page in changed_pages(first, second, changes))
        _write(options.pages, "--pages", "".join(lines))
    if options.html:
        page = (
            page_templates()
            .get_template("diff.html.j2")
            .render(changes=changes, names=names, plain=plain, shown=_ROWS_SHOWN, same_tokenizer=have_same_tokenizer)
        )
        _write(options.html, "--html", page)
    console = open_console(_PIPE_COLUMNS)
    _print(console, names, changes)
    if None not in (changes.before.tokens, changes.after.tokens) and not have_same_tokenizer:
        console.print("The runs have different tokenizers, so that tokens differ for the same text too.")
    return EXCEEDED if _exceeded(console, changes, limits) else 0


def _decisions_of(config: Config) -> str:
    """Where the last table lies that is compared; it is that of no other run."""
    with paths_start_at(os.path.dirname(config.path)):
        return stage_of(config, "duplicates", "diff").folder(config.run.out)


def _tokenizer_of(config: Config) -> str:
    """What tells the tokenizer of a run from others: how it was trained and on what, or its settings."""
    with paths_start_at(os.path.dirname(config.path)):
        stages = {stage.name: stage for stage in build_stages(config)}
    return stages["train"].fingerprint if "train" in stages else str(getattr(stages.get("encode"), "settings", ""))


def _states(config: Config, options: argparse.Namespace, with_texts: bool) -> RunStates:
    """The states of a run, whose configuration names files from its own folder."""
    with paths_start_at(os.path.dirname(config.path)):
        return read_states(config, with_texts, read_selection(options, config))


def common_signals(before: Config, after: Config) -> list[str]:
    """The columns that rules of either run test and both runs measured, with length and quality."""
    elsewhere = {column.name for column in (*DOCUMENT_COLUMNS, *TEMPLATE_COLUMNS)}
    measured = [{signal.column.name for signal in measured_signals(config.signals)} for config in (before, after)]
    languages = {"japanese_score", "han_fraction", "katakana_fraction", "hangul_fraction"}
    tested = ["char_count", "quality_score", *(rule.signal for rule in (*before.rules, *after.rules))]
    return [
        name
        for name in dict.fromkeys(tested)
        if name not in elsewhere and (name in languages or all(name in of_run for of_run in measured))
    ]


def as_json(changes: RunChanges, configs: list[Config]) -> dict[str, Any]:
    """The numbers of a comparison as JSON values, without the single pages."""
    numbers = {name: value for name, value in asdict(changes).items() if name != "lines"}
    return {"runs": [{"config": PurePath(one.path).name, "out": one.run.out} for one in configs], **numbers}


def _limit(name: str, given: str | None) -> tuple[float, bool] | None:
    """A bound, and whether it is a percentage."""
    if given is None:
        return None
    try:
        value = float(given.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UserError(f"--max-{name} {given}: give a number such as 100, or a percentage such as 0.5%")
    return value, given.endswith("%")


def _exceeded(console: Console, changes: RunChanges, limits: Mapping[str, tuple[float, bool] | None]) -> bool:
    """Whether a bound is exceeded; says which."""
    exceeded = False
    for name, limit in limits.items():
        if limit is None:
            continue
        value, is_percent = limit
        most = value * changes.before.kept / 100 if is_percent else value
        found = getattr(changes, name)
        if found > most:
            exceeded = True
            console.print(f"exceeded: {found:,} {name}, at most {most:,.0f} (--max-{name})")
    return exceeded


def _write(path: str, option: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise UserError(f"{option} {path}: {error.strerror}") from error


def _print(console: Console, names: list[str], changes: RunChanges) -> None:
    table = FittedTable("run", "pages", "kept", "characters", "bytes", "tokens", is_plain=True)
    for name, one in zip(names, (changes.before, changes.after), strict=True):
        tokens = "–" if one.tokens is None else f"{sum(one.tokens.values()):,}"
        table.add_row(name, *(f"{n:,}" for n in (one.pages, one.kept, one.characters, one.bytes)), tokens)
    console.print(table)
    console.print(
        f"Kept documents: {changes.gained:,} gained, {changes.lost:,} lost. By rules alone: {changes.rules_gained:,} "
        f"gained, {changes.rules_lost:,} lost. Texts changed: {changes.changed:,}, outcomes: {changes.moved:,}. "
        f"Only in the first run: {changes.only_before:,}, only in the second: {changes.only_after:,}."
    )
    if changes.moves:
        console.print()
        table = FittedTable("before", "after", "pages", texts=(0, 1), is_plain=True)
        for move in changes.moves[:_ROWS_SHOWN]:
            table.add_row(move.before, move.after, f"{move.pages:,}")
        console.print(table)
        if len(changes.moves) > _ROWS_SHOWN:
            console.print(f"and {len(changes.moves) - _ROWS_SHOWN:,} more moves")
        for move in changes.moves[:_ROWS_SHOWN]:
            for uri in move.samples:
                console.print(f"    {move.before} → {move.after}: {plain(uri)}", markup=False)
    for name, groups in changes.groups.items():
        if groups:
            console.print()
            table = FittedTable(name, "gained", "lost", "changed", is_plain=True)
            for group in groups[:_ROWS_SHOWN]:
                table.add_row(plain(group.name), f"{group.gained:,}", f"{group.lost:,}", f"{group.changed:,}")
            console.print(table)
    shifted = [shift for shift in changes.shifts if shift.distance]
    if shifted:
        console.print()
        table = FittedTable("signal of kept documents", "median before", "after", "distance", is_plain=True)
        for shift in shifted[:_ROWS_SHOWN]:
            table.add_row(shift.signal, format_value(shift.before), format_value(shift.after), f"{shift.distance:.3f}")
        console.print(table)
