"""What a run will take, told from a small sample of its inputs: `manyo plan`.

The sample goes through the run's own stages, one task after another, into a scratch folder. Some shards of each
source are chosen, evenly by name, and in these a share of the records, by a digest of their keys: so a sample of a
crawl holds pages of all its parts, and what a page costs is measured and not guessed.

Three passes tell apart what grows with the input from what does not. The first loads models; what it takes beyond
the second, which is the same again, is a worker's start. The third reads more records than the second. Of each stage
and source this gives two points, and what a stage takes is the line through them, at all records, times all shards.
Reading past records that are not sampled is measured by itself: every byte costs that.

What is not linear is not foreseen: duplicates are rarer in a sample than in the whole, so that what comes after
dedup is an upper bound, and the pairs of dedup grow faster than the input where pages repeat.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from numba.core import event as numba_events

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources import Source
from manyo.corpus.tables.shards import filesystem, join, publish
from manyo.dedup.settings import Alarms
from manyo.pipelines.commands.run_summary import RESULTS
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import StageShards
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.engine.stage import AnyStage, UserError
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config, Run
from manyo.pipelines.run import mark_out, run

#: Of a source's shards, at most so many are opened.
_SHARDS_AT_MOST = 8

#: Bytes of chosen shards that are read past for each byte that is parsed: finding a record costs about a tenth of
#: parsing it, so that a sample of a crawl's 1 GB archives spends about half its time on the way.
_FRAMED_PER_PARSED = 16

#: The second pass reads this part of what the third reads.
_SMALL_PART = 0.25

#: What a task costs the driver on Ray, one after another (bench/engine.py).
_DRIVER_S_PER_TASK = 0.003

#: A machine has at least this much memory besides that of its tasks, for Ray and the system.
_NODE_MEMORY_BYTES = 2 << 30

_FILE = "plan.json"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machines that a run gets.

    Attributes:
        nodes: how many.
        cores: of each.
    """

    nodes: int
    cores: int

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.cores < 1:
            raise ValueError("--nodes and --cores must be at least 1")

    @property
    def slots(self) -> int:
        """Tasks at a time."""
        return self.nodes * self.cores


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost: the keys of the price table, a TOML file.

    Attributes:
        currency: its name.
        core_hour: of one core.
        storage_gb_month: of 10^9 bytes kept for a month.
        egress_gb: of 10^9 bytes read from where the inputs lie.
    """

    currency: str
    core_hour: float = 0.0
    storage_gb_month: float = 0.0
    egress_gb: float = 0.0


@dataclass(frozen=True, slots=True)
class StageForecast:
    """What one stage will take.

    Attributes:
        stage: its name.
        tasks: how many.
        cpu_seconds: of all tasks.
        seconds: of all tasks, one after another.
        bytes_read, bytes_written: sizes of inputs and outputs.
        peak_memory_bytes: largest resident size of a task. Batches bound that of a task among many, which takes what it
            took in the sample; one task over everything grows with the run, at most to what its stage says.
        is_intermediate: whether its tables are of use to the stages after it only.
    """

    stage: str
    tasks: int
    cpu_seconds: float
    seconds: float
    bytes_read: int
    bytes_written: int
    peak_memory_bytes: int
    is_intermediate: bool

    def wall_seconds(self, cluster: Cluster) -> float:
        """From its first task to its last."""
        if not self.tasks:
            return 0.0
        by_driver = self.tasks * _DRIVER_S_PER_TASK if cluster.slots > 1 else 0.0
        return max(self.seconds / min(cluster.slots, self.tasks), by_driver)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take.

    Attributes:
        stages: in order.
        start_seconds: of each worker: loading libraries' models and compiled kernels.
        input_bytes: size of all inputs.
        sampled_bytes: of this, roughly what the sample parsed.
        sampled_records, sampled_documents: what the sample held.
        left_out: stages that a sample says nothing about.
    """

    stages: tuple[StageForecast, ...]
    start_seconds: float
    input_bytes: int
    sampled_bytes: int
    sampled_records: int
    sampled_documents: int
    left_out: tuple[str, ...] = ()

    @property
    def cpu_seconds(self) -> float:
        """Processor time of all tasks."""
        return sum(stage.cpu_seconds for stage in self.stages)

    @property
    def bytes_written(self) -> int:
        """Size of everything below the output folder."""
        return sum(stage.bytes_written for stage in self.stages)

    def wall_seconds(self, cluster: Cluster) -> float:
        """Time from the first task to the last: stages follow each other, tasks of a stage share the cores."""
        return self.start_seconds + sum(stage.wall_seconds(cluster) for stage in self.stages)

    def core_seconds(self, cluster: Cluster) -> float:
        """Cores times the time that they are held, idle ones too: what a cloud or a scheduler counts."""
        return cluster.slots * self.wall_seconds(cluster)


def node_memory_bytes(told: Forecast, cluster: Cluster) -> int:
    """Memory for a node all of whose cores are busy with the stage that takes most."""
    largest = max((stage.peak_memory_bytes * min(cluster.cores, stage.tasks) for stage in told.stages), default=0)
    return largest + _NODE_MEMORY_BYTES


def forecast(config: Config, sample_bytes: int) -> Forecast:
    """Run a sample of a configuration's inputs and extrapolate.

    Args:
        config: of the run.
        sample_bytes: of the inputs, roughly, that are parsed.

    Raises:
        UserError, WorkFailed: as `manyo.pipelines.run.run`.
    """
    shards = {source.name: _sized(pack_source(source)) for source in config.sources}
    chosen = choose(shards, sample_bytes)
    small = {
        name: tuple(replace(shard, sampled_fraction=shard.sampled_fraction * _SMALL_PART) for shard in some)
        for name, some in chosen.items()
    }
    until = "scrub" if config.tokenize.train is not None else "report"
    with tempfile.TemporaryDirectory(prefix="manyo-plan-") as scratch:
        compiling: list[float] = []
        with numba_events.install_timer("numba:compile", compiling.append):
            cold = _run_sample(config, small, join(scratch, "cold"), until)
        warm = _run_sample(config, small, join(scratch, "warm"), until)
        large = _run_sample(config, chosen, join(scratch, "large"), until)
        # Kernels are compiled once a machine, and loaded by every later worker.
        started = sum(one.seconds for one in cold.all()) - sum(one.seconds for one in warm.all()) - sum(compiling)
        stages = _extrapolate(cold.stages, warm, large, shards, chosen)
    extract = large.manifests["extract"]
    return Forecast(
        stages=tuple(stages),
        start_seconds=max(0.0, started),
        input_bytes=sum(shard.size_bytes for some in shards.values() for shard in some),
        sampled_bytes=sum(int(shard.size_bytes * shard.sampled_fraction) for some in chosen.values() for shard in some),
        sampled_records=sum(_sampled(one) for one in extract),
        sampled_documents=sum(one.counts["documents"] for one in extract),
        left_out=() if until == "report" else ("train", "encode", "tokenize", "report"),
    )


def _sized(shards: Sequence[InputShard]) -> list[InputShard]:
    """Shards whose sizes are known: listed archives are sized by the mean of a few that are asked for."""
    unsized = [shard for shard in shards if not shard.size_bytes]
    asked = {shard.name: tuple(map(_with_size, shard.files)) for shard in _spread(unsized, _SHARDS_AT_MOST)}
    sizes = [file.size_bytes for files in asked.values() for file in files]
    mean = sum(sizes) // max(1, len(sizes))
    return [
        shard
        if shard.size_bytes
        else replace(
            shard, files=asked.get(shard.name) or tuple(replace(file, size_bytes=mean) for file in shard.files)
        )
        for shard in shards
    ]


def _with_size(file: InputFile) -> InputFile:
    fs, path = filesystem(file.uri)
    try:
        return replace(file, size_bytes=int(fs.info(path)["size"] or 0))
    except OSError as error:
        raise UserError(f"{file.uri}: cannot be read: {error}") from error


def choose(shards: Mapping[str, Sequence[InputShard]], sample_bytes: int) -> dict[str, tuple[InputShard, ...]]:
    """Shards of each source to sample, each with the share of its records that is parsed.

    Sources share the sample by size, and none has less than a tenth of an equal share, so that a small source beside a
    crawl is measured too.
    """
    totals = {name: sum(shard.size_bytes for shard in some) for name, some in shards.items()}
    chosen = {}
    for name, some in shards.items():
        by_size = sample_bytes * totals[name] / max(1, sum(totals.values()))
        budget = max(by_size, sample_bytes / (10 * len(shards)))
        mean = totals[name] / max(1, len(some))
        n_shards = min(_SHARDS_AT_MOST, max(2, int(_FRAMED_PER_PARSED * budget / max(1.0, mean))))
        picked = _spread(some, n_shards)
        fraction = min(1.0, budget / max(1, sum(shard.size_bytes for shard in picked)))
        chosen[name] = tuple(replace(shard, sampled_fraction=fraction) for shard in picked)
    return chosen


def _spread(shards: Sequence[InputShard], n_shards: int) -> list[InputShard]:
    """So many of the shards, evenly over their order."""
    if len(shards) <= n_shards:
        return list(shards)
    return [shards[(2 * number + 1) * len(shards) // (2 * n_shards)] for number in range(n_shards)]


@dataclass(frozen=True, slots=True)
class _Pass:
    """One run over a sample: its stages and what their tasks did."""

    stages: Sequence[AnyStage]
    manifests: Mapping[str, Sequence[Manifest]]

    def all(self) -> list[Manifest]:
        return [manifest for stage in self.manifests.values() for manifest in stage]


def _run_sample(config: Config, sample: Mapping[str, Sequence[InputShard]], out: str, until: str) -> _Pass:
    def take(source: Source, _: Sequence[InputShard]) -> Sequence[InputShard]:
        return sample[source.name]

    quiet = Alarms(max_source_loss=1, max_host_loss=1, max_cluster_share=1)
    sampled = replace(config, run=Run(out), sample=take, dedup=replace(config.dedup, alarms=quiet))
    result = run(sampled, Serial(), Watcher(), until)
    stages = [one.stage for one in result.stages]
    return _Pass(stages, {one.name: list(iter_manifests(one.folder(out))) for one in stages})


#: What is measured of a task and extrapolated.
_MEASURES = ("cpu_seconds", "seconds", "bytes_written")


def _extrapolate(
    stages: Sequence[AnyStage],
    small: _Pass,
    large: _Pass,
    shards: Mapping[str, Sequence[InputShard]],
    chosen: Mapping[str, Sequence[InputShard]],
) -> list[StageForecast]:
    whole = {
        name: sum(shard.size_bytes for shard in shards[name]) / max(1, sum(shard.size_bytes for shard in some))
        for name, some in chosen.items()
    }
    fractions = [_fractions(one.manifests["extract"]) for one in (small, large)]
    written: dict[str, float] = {}
    forecasts = []
    for stage in stages:
        points = [one.manifests[stage.name] for one in (small, large)]
        by_source = [_by_source(manifests, chosen) for manifests in points]
        sums: dict[str, float] = defaultdict(float)
        n_tasks = 0.0
        sampled_bytes_read = [
            sum(manifest.bytes_written for needed in stage.needs for manifest in one.manifests[needed.name])
            for one in (small, large)
        ]
        bytes_read = sum(written[needed.name] for needed in stage.needs)
        if stage.name == "extract":
            bytes_read = sum(shard.size_bytes for some in shards.values() for shard in some)
        for source in by_source[1]:
            pair = [one[source] for one in by_source]
            places: Sequence[float]
            if source:  # a line over the share of records, at all of them, times all shards
                places, times, end = [one[source] for one in fractions], whole[source], 1.0
                n_tasks += len(pair[1]) * len(shards[source]) / max(1, len(chosen[source]))
            else:  # a line over what is read, at what will be read
                places, times, end = sampled_bytes_read, 1.0, bytes_read
                n_tasks += len(pair[1])
            for measure in _MEASURES:
                past = [sum(_read_past(one, measure) for one in few) for few in pair]
                sizes = [sum(getattr(one, measure) for one in few) - gone for few, gone in zip(pair, past, strict=True)]
                sums[measure] += times * (past[1] + line(places, sizes, end))
        written[stage.name] = sums["bytes_written"]
        forecasts.append(
            StageForecast(
                stage=stage.name,
                tasks=round(n_tasks),
                cpu_seconds=sums["cpu_seconds"],
                seconds=sums["seconds"],
                bytes_read=round(bytes_read),
                bytes_written=round(sums["bytes_written"]),
                peak_memory_bytes=_peak_memory_bytes(stage, points[1], bytes_read / max(1, sampled_bytes_read[1])),
                is_intermediate=RESULTS.isdisjoint(stage.table_folders()),
            )
        )
    return forecasts


def _peak_memory_bytes(stage: AnyStage, sampled: Sequence[Manifest], growth: float) -> int:
    peak = max((manifest.peak_memory_bytes for manifest in sampled), default=0)
    if len(sampled) > 1:
        return peak
    return max(peak, min(stage.memory_bytes, round(peak * growth)))


def _by_source(manifests: Sequence[Manifest], sources: Mapping[str, Any]) -> dict[str, list[Manifest]]:
    """Tasks by the source whose shard they made; under "" those of all sources together."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        source = manifest.shard.split("/")[0] if "/" in manifest.shard else ""
        found[source if source in sources else ""].append(manifest)
    return found


def _fractions(extract: Sequence[Manifest]) -> dict[str, float]:
    """The share of each source's records that was parsed, in the shards that were chosen."""
    records: dict[str, int] = defaultdict(int)
    parsed: dict[str, int] = defaultdict(int)
    for manifest in extract:
        source = manifest.shard.split("/")[0]
        records[source] += manifest.counts["records"]
        parsed[source] += _sampled(manifest)
    return {source: parsed[source] / records[source] if records[source] else 1.0 for source in records}


def _sampled(manifest: Manifest) -> int:
    return manifest.counts["records"] - manifest.counts.get("skipped.unsampled", 0)


def _read_past(manifest: Manifest, measure: str) -> float:
    """What finding the records took, of which a sample has no smaller share."""
    counter = {"cpu_seconds": "reader_cpu_microseconds", "seconds": "reader_microseconds"}.get(measure, "")
    return manifest.counts.get(counter, 0) / 1e6


def line(places: Sequence[float], sizes: Sequence[float], end: float) -> float:
    """The line through two points, and no part of it below zero, at a third place."""
    (small, large), (at_small, at_large) = places, sizes
    if large <= 0:
        return at_large
    slope = (at_large - at_small) / (large - small) if large > 1.2 * small else at_large / large
    slope = min(max(slope, 0.0), at_large / large)
    return at_large + slope * (end - large)


def save(told: Forecast, cluster: Cluster, out: str) -> None:
    """Keep a forecast beside the run, to hold the run against it."""
    mark_out(out)
    with publish(join(out, _FILE)) as path:
        path.write_text(json.dumps({"forecast": asdict(told), "cluster": asdict(cluster)}, indent=1), encoding="utf-8")


def load(out: str) -> tuple[Forecast, Cluster]:
    """The forecast that was kept.

    Raises:
        UserError: there is none.
    """
    fs, path = filesystem(join(out, _FILE))
    if not fs.exists(path):
        raise UserError(f"{join(out, _FILE)}: there is no forecast to hold the run against; manyo plan makes one")
    kept = json.loads(fs.cat_file(path))
    told = kept["forecast"] | {"stages": tuple(StageForecast(**stage) for stage in kept["forecast"]["stages"])}
    return Forecast(**told), Cluster(**kept["cluster"])


@dataclass(frozen=True, slots=True)
class Actual:
    """What a stage took; fields as in `StageForecast`, `wall_seconds` from its first task to its last."""

    stage: str
    tasks: int
    cpu_seconds: float
    wall_seconds: float
    bytes_written: int


def actual(config: Config) -> list[Actual]:
    """What the finished stages of a run took, told by their manifests.

    Raises:
        UserError: the run is not finished.
    """
    outputs: dict[str, StageOutput] = {}
    found = []
    for stage in build_stages(config):
        plan = StageShards(stage, [outputs[needed.name] for needed in stage.needs], config.run.out)
        cpu_seconds, began, ended, size_bytes = 0.0, math.inf, 0.0, 0
        for manifest in plan.read_finished():
            cpu_seconds += manifest.cpu_seconds
            began = min(began, manifest.finished_at - manifest.seconds)
            ended = max(ended, manifest.finished_at)
            size_bytes += manifest.bytes_written
        if plan.n_pending:
            raise UserError(f"{stage.name} is not finished: {plan.n_pending} of {len(plan)} shards are left")
        outputs[stage.name] = plan.output()
        found.append(Actual(stage.name, len(plan), cpu_seconds, max(0.0, ended - began), size_bytes))
    return found
