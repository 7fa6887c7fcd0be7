"""`manyo status`: the progress of a run, read from its manifests.

It asks no process that works on the run, so it works on any machine that can read the output, at any time, also after
the run has ended.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.ray_jobs import job_lines
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.engine.lost_nodes import read_lost_nodes
from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.run_stage import StageShards
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.report.quantities import format_duration

#: The rate of a stage covers the shards that ended within this time before its last one.
_RECENT_S = 600.0

_SLOWEST_NAMED = 3


@dataclass(frozen=True, slots=True)
class StageStatus:
    """The progress of a stage.

    Attributes:
        stage: name of the stage.
        done: number of finished shards.
        shards: number of all shards; None while a stage that it needs is not finished.
        records_per_second, bytes_per_second: rates over the latest shards, all workers together.
        eta_s: seconds for the remaining shards at that rate; None if nothing is left or the rate is not known.
        idle_s: seconds since the last shard ended; None if no shard has ended.
        slowest: names of shards and their seconds, the slowest first.
    """

    stage: str
    done: int
    shards: int | None
    records_per_second: float
    bytes_per_second: float
    eta_s: float | None
    idle_s: float | None
    slowest: tuple[tuple[str, float], ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo status`."""
    arguments.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print the progress of each stage, the nodes that it lost and the jobs of the run, and return 0.

    Raises:
        UserError: the configuration or an input is wrong, or RAY_ADDRESS names a job server that does not answer.
    """
    config = read_config(options)
    open_console().print(status_table(run_status(config, time.time())))
    for node in read_lost_nodes(config.run.out):
        ago = format_duration(max(0.0, time.time() - node.lost_at))
        print(f"lost node {node.node}, {ago} ago, with {node.tasks:,} tasks of {node.stage}, which are run again")
    for line in job_lines(options.config, options.out):
        print(line)
    return 0


def run_status(config: Config, now: float) -> list[StageStatus]:
    """The progress of each stage of a configuration.

    Args:
        config: configuration of the run.
        now: the current time, in seconds since 1970.
    """
    outputs: dict[str, StageOutput] = {}
    statuses = []
    for stage in build_stages(config):
        n_shards = None
        if all(needed.name in outputs for needed in stage.needs):
            plan = StageShards(stage, [outputs[needed.name] for needed in stage.needs], config.run.out)
            finished = list(plan.read_finished())
            n_shards = len(plan)
            if not plan.n_pending:
                outputs[stage.name] = plan.output()
        else:
            finished = list(iter_manifests(stage.folder(config.run.out)))
        statuses.append(stage_status(stage, finished, n_shards, now))
    return statuses


def stage_status(stage: AnyStage, finished: Sequence[Manifest], n_shards: int | None, now: float) -> StageStatus:
    """The progress of a stage, from the manifests of its finished shards."""
    last = max((manifest.finished_at for manifest in finished), default=0.0)
    recent = [manifest for manifest in finished if manifest.finished_at > last - _RECENT_S]
    began = min((manifest.finished_at - manifest.seconds for manifest in recent), default=0.0)
    span_s = max(last - began, 1e-3)
    left = None if n_shards is None else n_shards - len(finished)
    slowest = sorted(finished, key=lambda manifest: (-manifest.seconds, manifest.shard))[:_SLOWEST_NAMED]
    return StageStatus(
        stage=stage.name,
        done=len(finished),
        shards=n_shards,
        records_per_second=sum(m.counts.get("records", m.counts.get("documents", 0)) for m in recent) / span_s,
        bytes_per_second=sum(manifest.bytes_read for manifest in recent) / span_s,
        eta_s=left * span_s / len(recent) if left and recent else None,
        idle_s=now - last if finished else None,
        slowest=tuple((manifest.shard, manifest.seconds) for manifest in slowest),
    )


def status_table(statuses: Sequence[StageStatus]) -> FittedTable:
    """The progress of all stages as a table, a row for each stage."""
    columns = ("stage", "shards", "records/s", "MB/s", "ETA", "last ended", "slowest shards")
    table = FittedTable(*columns, texts=(0, len(columns) - 1))
    for status in statuses:
        table.add_row(
            status.stage,
            f"{status.done:,} of {'?' if status.shards is None else f'{status.shards:,}'}",
            f"{status.records_per_second:,.0f}" if status.done else "",
            f"{status.bytes_per_second / 1e6:,.1f}" if status.done else "",
            "" if status.eta_s is None else format_duration(status.eta_s),
            "" if status.idle_s is None else f"{format_duration(status.idle_s)} ago",
            ", ".join(f"{shard} {format_duration(seconds)}" for shard, seconds in status.slowest),
        )
    return table
