"""How far a run is, told from its manifests alone: `manyo status`.

It asks nobody who works on the run, so it can be called from any machine that sees the output, at any time,
also when nothing runs any more.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.engine.stage import Stage, StagePlan
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config

#: A stage's rate is taken over the shards that ended within this time before its last one.
_RECENT_S = 600.0

_SLOWEST_NAMED = 3


@dataclass(frozen=True, slots=True)
class StageStatus:
    """How far a stage is.

    Attributes:
        stage: its name.
        done: finished shards.
        shards: shards in all; None while a stage that it needs is not finished.
        records_per_second, bytes_per_second: over its latest shards, all workers together.
        eta_s: seconds for the rest at that rate; None if nothing is left or nothing can be told.
        idle_s: seconds since its last shard ended; None if none has.
        slowest: shards and their seconds, the slowest first.
    """

    stage: str
    done: int
    shards: int | None
    records_per_second: float
    bytes_per_second: float
    eta_s: float | None
    idle_s: float | None
    slowest: tuple[tuple[str, float], ...]


def run_status(config: Config, now: float) -> list[StageStatus]:
    """How far each stage of a configuration is at a time, in seconds since 1970."""
    outputs: dict[str, StageOutput] = {}
    statuses = []
    for stage in build_stages(config):
        n_shards = None
        if all(needed.name in outputs for needed in stage.needs):
            plan = StagePlan(stage, [outputs[needed.name] for needed in stage.needs], config.run.out)
            finished = list(plan.read_finished())
            n_shards = len(plan)
            if not plan.n_pending:
                outputs[stage.name] = plan.output()
        else:
            finished = list(iter_manifests(stage.folder(config.run.out)))
        statuses.append(stage_status(stage, finished, n_shards, now))
    return statuses


def stage_status(stage: Stage, finished: Sequence[Manifest], n_shards: int | None, now: float) -> StageStatus:
    """How far a stage is by the manifests of its finished shards."""
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


def status_table(statuses: Sequence[StageStatus]) -> Table:
    """The statuses for a terminal."""
    table = Table()
    for column in ("stage", "shards", "records/s", "MB/s", "ETA", "last ended", "slowest shards"):
        table.add_column(column, justify="left" if column in ("stage", "slowest shards") else "right")
    for status in statuses:
        table.add_row(
            status.stage,
            f"{status.done:,} of {'?' if status.shards is None else f'{status.shards:,}'}",
            f"{status.records_per_second:,.0f}" if status.done else "",
            f"{status.bytes_per_second / 1e6:,.1f}" if status.done else "",
            "" if status.eta_s is None else f"{status.eta_s:,.0f} s",
            "" if status.idle_s is None else f"{status.idle_s:,.0f} s ago",
            ", ".join(f"{shard} {seconds:.1f} s" for shard, seconds in status.slowest),
        )
    return table


def current_status(config: Config) -> Table:
    """`run_status` now, as a table."""
    return status_table(run_status(config, time.time()))
