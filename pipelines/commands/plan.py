"""`manyo plan`: print a forecast of a run, and after the run compare the forecast with what the run took."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from manyo.corpus.sources import commoncrawl
from manyo.corpus.tables.shards import filesystem, is_local
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fetch_plan import FetchPlan, fetch_plan
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.forecast import (
    Actual,
    Cluster,
    Forecast,
    Prices,
    actual,
    load,
    node_memory_bytes,
    save,
)
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.sample_forecast import predict
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config, load_table
from manyo.pipelines.report.quantities import format_duration, format_size

#: With fewer sampled documents than this there is a warning: the spread of ten sizes is about a third of their sum.
_FEW_DOCUMENTS = 100

#: Width of the tables if standard output is not a terminal.
_PIPE_COLUMNS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo plan`."""
    arguments.add_run(parser)
    parser.add_argument(
        "--nodes", type=arguments.whole(1), default=1, metavar="N", help="number of machines (default: 1)"
    )
    parser.add_argument(
        "--cores", type=arguments.whole(1), metavar="N", help="cores of each machine (default: those of this one)"
    )
    parser.add_argument("--prices", metavar="FILE", help="a TOML file of prices, such as deploy/prices.toml")
    parser.add_argument(
        "--sample-mb",
        type=arguments.whole(1),
        default=24,
        metavar="MB",
        help="how much input the sample parses (default: 24)",
    )
    parser.add_argument("--actual", action="store_true", help="compare the finished run with the plan made before it")


def run(options: argparse.Namespace) -> int:
    """Print a forecast and keep it, or compare the run with the kept forecast; return 0.

    Raises:
        UserError: an option or the configuration is wrong; with `--actual`, there is no forecast or the run is not
            finished.
        WorkFailed: a stage could not be finished on the sample.
    """
    config = read_config(options)
    console = open_console(_PIPE_COLUMNS)
    if options.actual:
        planned, cluster = load(config.run.out)
        console.print(comparison_table(planned, cluster, actual(config)))
        return 0
    try:
        cluster = Cluster(options.nodes, options.cores or os.cpu_count() or 1)
    except ValueError as error:
        raise UserError(str(error)) from error
    prices = _load_prices(options.prices) if options.prices else None
    for source in config.sources:
        if isinstance(source.options, commoncrawl.Options):
            fetched = fetch_plan(source, source.options)
            console.print(fetch_table(source.name, fetched, source.options.gap_bytes, prices))
            for line in _lines_of_fetching(fetched, source.options.gap_bytes):
                console.print(line, markup=False)
    planned = predict(config, options.sample_mb * 1_000_000)
    save(planned, cluster, config.run.out)
    console.print(stage_table(planned, cluster))
    for line in _lines(config, planned, cluster, prices):
        console.print(line, markup=False)
    return 0


def _load_prices(path: str) -> Prices:
    return load_table(Prices, "", path)


def stage_table(planned: Forecast, cluster: Cluster) -> FittedTable:
    """The forecast as a table, a row for each stage."""
    table = FittedTable("stage", "tasks", "CPU", "wall", "read", "written", "memory per task")
    for stage in planned.stages:
        table.add_row(
            stage.stage,
            f"{stage.tasks:,}",
            format_duration(stage.cpu_seconds),
            format_duration(stage.wall_seconds(cluster)),
            format_size(stage.bytes_read),
            format_size(stage.bytes_written),
            format_size(stage.peak_memory_bytes),
        )
    return table


def fetch_table(name: str, planned: FetchPlan, gap_bytes: int, prices: Prices | None) -> FittedTable:
    """What fetching a crawl by its index costs, a row for each gap and one for whole archives."""
    costs = [f"egress, {prices.currency}"] if prices else []
    table = FittedTable("gap", "requests", "bytes", "time", *costs, title=name)
    for one in planned.costs:
        marks = [
            word
            for word, holds in (
                ("configured", one.gap_bytes == gap_bytes),
                ("best", one.gap_bytes == planned.best),
                ("fastest", one is planned.fastest),
            )
            if holds
        ]
        gap = "whole archives" if one.gap_bytes is None else f"{one.gap_bytes:,} B" if one.gap_bytes else "none"
        cells = (f"{one.n_requests:,}", format_size(one.n_bytes), format_duration(one.seconds))
        cost = [f"{one.n_bytes / 1e9 * prices.egress_gb:,.2f}"] if prices else []
        table.add_row(f"{gap} ({', '.join(marks)})" if marks else gap, *cells, *cost)
    return table


def _lines_of_fetching(planned: FetchPlan, gap_bytes: int) -> list[str]:
    """The lines about an index that follow its table."""
    terms = ", ".join(f"{name} {n:,}" for name, n in planned.counts.items() if name != "rows")
    lines = [
        f"index     {planned.counts['rows']:,} rows: {terms}",
        f"selected  {planned.n_records:,} records of {planned.n_archives:,} archives",
        f"rates     {planned.rates.requests_per_second:g} requests a second, "
        f"{format_size(planned.rates.bytes_per_second)} a second",
    ]
    if planned.is_whole_as_fast:
        lines.append("advice    whole archives are as fast, and hold what the index misses: kind = 'warc'")
    elif planned.fastest.gap_bytes != gap_bytes:
        lines.append(f"advice    gap_bytes = {planned.best} is the fastest")
    lines += [f"not read  {one}" for one in planned.refused]
    return lines


def comparison_table(planned: Forecast, cluster: Cluster, actuals: Sequence[Actual]) -> FittedTable:
    """The planned values, the actual ones, and their ratio, a row for each stage and one for all."""
    table = FittedTable(
        "stage", "CPU s planned", "CPU s", "", "wall s planned", "wall s", "", "written planned", "written", ""
    )
    by_stage = {one.stage: one for one in actuals}
    rows = [
        (stage.stage, stage.cpu_seconds, stage.wall_seconds(cluster), stage.bytes_written, by_stage[stage.stage])
        for stage in planned.stages
        if stage.stage in by_stage
    ]
    starts = min(cluster.slots, max((stage.tasks for stage in planned.stages), default=1)) * planned.start_seconds
    totals = (
        "all",
        sum(row[1] for row in rows) + starts,
        sum(row[2] for row in rows) + planned.start_seconds,
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
            format_size(bytes_written),
            format_size(one.bytes_written),
            _ratio(one.bytes_written, bytes_written),
        )
    return table


def _lines(config: Config, planned: Forecast, cluster: Cluster, prices: Prices | None) -> list[str]:
    """The lines about the whole run that follow the table."""
    core_hours = planned.core_seconds(cluster) / 3600
    scratch, output = _scratch_and_kept(planned)
    egress = planned.input_bytes if _is_remote(config) else 0
    lines = [
        f"sample    {planned.sampled_records:,} records, about {format_size(planned.sampled_bytes)} "
        f"of {format_size(planned.input_bytes)}, {planned.sampled_documents:,} documents",
        f"CPU       {planned.cpu_seconds / 3600:,.4f} hours",
        f"wall      {format_duration(planned.wall_seconds(cluster))} on {cluster.nodes:,} x {cluster.cores} cores, "
        f"including {format_duration(planned.start_seconds)} to start",
        f"memory    {format_size(node_memory_bytes(planned, cluster))} per node",
        f"output    {format_size(output)} of documents, signals, release and tokens, "
        f"{format_size(scratch)} of intermediate tables",
        f"egress    {format_size(egress)}" + ("" if egress else ": all inputs are on this machine"),
    ]
    if prices is not None:
        parts = {
            "cores": core_hours * prices.core_hour,
            "a month of storage": (output + scratch) / 1e9 * prices.storage_gb_month,
            "egress": egress / 1e9 * prices.egress_gb,
        }
        named = ", ".join(f"{name} {cost:,.2f}" for name, cost in parts.items())
        lines.append(f"cost      {sum(parts.values()):,.2f} {prices.currency}: {named}")
    if planned.left_out:
        lines.append(f"left out  {', '.join(planned.left_out)}: a model trained on a sample predicts nothing")
    if planned.sampled_documents < _FEW_DOCUMENTS and planned.sampled_bytes < planned.input_bytes:
        lines.append(f"warning   {planned.sampled_documents:,} documents are few; a larger --sample-mb predicts better")
    return lines


def _scratch_and_kept(planned: Forecast) -> tuple[int, int]:
    """Bytes of intermediate tables, and of the others."""
    scratch = sum(stage.bytes_written for stage in planned.stages if stage.is_intermediate)
    return scratch, planned.bytes_written - scratch


def _is_remote(config: Config) -> bool:
    return any(not is_local(filesystem(pattern)[0]) for source in config.sources for pattern in source.inputs)


def _ratio(actual_value: float, planned: float) -> str:
    return f"{actual_value / planned:.2f}" if planned else ""
