"""`manyo plan`: what a run will take, and after the run, what was foreseen beside what came."""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from manyo.corpus.tables.shards import filesystem, is_local
from manyo.pipelines.commands.forecast import (
    Actual,
    Cluster,
    Forecast,
    Prices,
    actual,
    forecast,
    load,
    node_memory_bytes,
    save,
)
from manyo.pipelines.engine.stage import UserError
from manyo.pipelines.graph.config import Config, from_table

#: A sample of fewer documents than this says little: the spread of ten sizes is about a third of their sum.
_FEW_DOCUMENTS = 100

#: Width where standard output is no terminal.
_PIPE_COLUMNS = 120


def plan(config: Config, options: argparse.Namespace) -> int:
    """Print a forecast and keep it, or hold the run against the one that was kept; returns the exit status."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
    if options.actual:
        told, cluster = load(config.run.out)
        console.print(comparison_table(told, cluster, actual(config)))
        return 0
    try:
        cluster = Cluster(options.nodes, options.cores or os.cpu_count() or 1)
    except ValueError as error:
        raise UserError(str(error)) from error
    prices = _load_prices(options.prices) if options.prices else None
    told = forecast(config, options.sample_mb * 1_000_000)
    save(told, cluster, config.run.out)
    console.print(stage_table(told, cluster))
    for line in _lines(config, told, cluster, prices):
        console.print(line, markup=False)
    return 0


def _load_prices(path: str) -> Prices:
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"--prices {path}: {error}") from error
    return from_table(Prices, table, path)


def stage_table(told: Forecast, cluster: Cluster) -> Table:
    """A forecast, stage by stage."""
    table = _table("stage", "tasks", "CPU", "wall", "read", "written", "memory a task")
    for stage in told.stages:
        table.add_row(
            stage.stage,
            f"{stage.tasks:,}",
            duration(stage.cpu_seconds),
            duration(stage.wall_seconds(cluster)),
            size(stage.bytes_read),
            size(stage.bytes_written),
            size(stage.peak_memory_bytes),
        )
    return table


def comparison_table(told: Forecast, cluster: Cluster, came: Sequence[Actual]) -> Table:
    """What was foreseen, what came, and the second by the first."""
    table = _table(
        "stage", "CPU s planned", "CPU s", "", "wall s planned", "wall s", "", "written planned", "written", ""
    )
    by_stage = {one.stage: one for one in came}
    rows = [
        (stage.stage, stage.cpu_seconds, stage.wall_seconds(cluster), stage.bytes_written, by_stage[stage.stage])
        for stage in told.stages
        if stage.stage in by_stage
    ]
    starts = min(cluster.slots, max((stage.tasks for stage in told.stages), default=1)) * told.start_seconds
    totals = (
        "all",
        sum(row[1] for row in rows) + starts,
        sum(row[2] for row in rows) + told.start_seconds,
        sum(row[3] for row in rows),
        Actual(
            "all",
            0,
            sum(row[4].cpu_seconds for row in rows),
            sum(row[4].wall_seconds for row in rows),
            sum(row[4].bytes_written for row in rows),
        ),
    )
    for name, cpu_seconds, wall_seconds, bytes_written, one in (*rows, totals):
        table.add_row(
            name,
            f"{cpu_seconds:,.2f}",
            f"{one.cpu_seconds:,.2f}",
            _ratio(one.cpu_seconds, cpu_seconds),
            f"{wall_seconds:,.2f}",
            f"{one.wall_seconds:,.2f}",
            _ratio(one.wall_seconds, wall_seconds),
            size(bytes_written),
            size(one.bytes_written),
            _ratio(one.bytes_written, bytes_written),
        )
    return table


def _lines(config: Config, told: Forecast, cluster: Cluster, prices: Prices | None) -> list[str]:
    """The whole run in words."""
    core_hours = told.core_seconds(cluster) / 3600
    scratch, output = _scratch_and_kept(told)
    egress = told.input_bytes if _is_remote(config) else 0
    lines = [
        f"sample    {told.sampled_records:,} records of some {size(told.sampled_bytes)} "
        f"out of {size(told.input_bytes)}, {told.sampled_documents:,} documents",
        f"CPU       {told.cpu_seconds / 3600:,.4f} hours",
        f"wall      {duration(told.wall_seconds(cluster))} on {cluster.nodes:,} x {cluster.cores} cores, "
        f"of which {duration(told.start_seconds)} start",
        f"memory    {size(node_memory_bytes(told, cluster))} a node",
        f"out       {size(output)} of documents, signals, release and tokens, {size(scratch)} of intermediate tables",
        f"egress    {size(egress)}" + ("" if egress else ": every input is on this machine"),
    ]
    if prices is not None:
        parts = {
            "cores": core_hours * prices.core_hour,
            "a month of storage": (output + scratch) / 1e9 * prices.storage_gb_month,
            "egress": egress / 1e9 * prices.egress_gb,
        }
        named = ", ".join(f"{name} {cost:,.2f}" for name, cost in parts.items())
        lines.append(f"cost      {sum(parts.values()):,.2f} {prices.currency}: {named}")
    if told.left_out:
        lines.append(f"left out  {', '.join(told.left_out)}: a model trained on a sample tells nothing")
    if told.sampled_documents < _FEW_DOCUMENTS and told.sampled_bytes < told.input_bytes:
        lines.append(f"warning   {told.sampled_documents:,} documents are few; a larger --sample-mb tells more")
    return lines


def _scratch_and_kept(told: Forecast) -> tuple[int, int]:
    """Bytes of intermediate tables, and of the others."""
    scratch = sum(stage.bytes_written for stage in told.stages if stage.is_intermediate)
    return scratch, told.bytes_written - scratch


def _is_remote(config: Config) -> bool:
    return any(not is_local(filesystem(pattern)[0]) for source in config.sources for pattern in source.inputs)


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column, justify="left" if column == "stage" else "right")
    return table


def _ratio(came: float, told: float) -> str:
    return f"{came / told:.2f}" if told else ""


def duration(seconds: float) -> str:
    """A time for people: 3.2 s, 5 min, 7.5 h."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"


def size(n_bytes: float) -> str:
    """A size for people, in powers of a thousand."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if n_bytes < 1000 or unit == "TB":
            return f"{n_bytes:,.0f} {unit}" if unit == "B" else f"{n_bytes:,.1f} {unit}"
        n_bytes /= 1000
    raise AssertionError("the last unit takes everything")
