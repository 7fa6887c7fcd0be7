"""The forecast of a run and the actual figures: what `manyo plan` prints, keeps and compares."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass

from manyo.corpus.tables.shards import filesystem, join, publish
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.run_stage import StageShards
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.run import mark_out

#: Time that a task costs the driver on Ray, one task after another (bench/engine.py).
_DRIVER_S_PER_TASK = 0.003

#: Memory that a machine needs besides that of its tasks, for Ray and the system.
_NODE_MEMORY_BYTES = 2 << 30

_FILE = "plan.json"


@dataclass(frozen=True, slots=True)
class Cluster:
    """The machines of a run.

    Attributes:
        nodes: number of machines.
        cores: cores of each machine.
    """

    nodes: int
    cores: int

    def __post_init__(self) -> None:
        if self.nodes < 1 or self.cores < 1:
            raise ValueError("--nodes and --cores must be at least 1")

    @property
    def slots(self) -> int:
        """Number of tasks that run at the same time."""
        return self.nodes * self.cores


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices: the keys of the TOML file of `--prices`.

    Attributes:
        currency: name of the currency.
        core_hour: price of one core for an hour.
        storage_gb_month: price of 10^9 bytes stored for a month.
        egress_gb: price of 10^9 bytes read from the storage of the inputs.
    """

    currency: str
    core_hour: float = 0.0
    storage_gb_month: float = 0.0
    egress_gb: float = 0.0


@dataclass(frozen=True, slots=True)
class StageForecast:
    """The forecast of one stage.

    Attributes:
        stage: name of the stage.
        tasks: number of tasks.
        cpu_seconds: processor time, summed over tasks.
        seconds: elapsed time, summed over tasks.
        bytes_read, bytes_written: sizes of inputs and outputs.
        peak_memory_bytes: largest resident size of a task. In a stage of many tasks it is that of the sample, because
            batches bound it. In a stage of one task it grows with the run, up to the memory that the stage declares.
        is_intermediate: whether only later stages read its tables.
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
        """Time from the start of the first task to the end of the last."""
        if not self.tasks:
            return 0.0
        by_driver = self.tasks * _DRIVER_S_PER_TASK if cluster.slots > 1 else 0.0
        return max(self.seconds / min(cluster.slots, self.tasks), by_driver)


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast of a run.

    Attributes:
        stages: forecasts of the stages, in the order of the run.
        start_seconds: time in which a worker loads models and compiled kernels.
        input_bytes: size of all inputs.
        sampled_bytes: approximate size of the part of the inputs that the sample parsed.
        sampled_records, sampled_documents: number of records and documents in the sample.
        left_out: names of stages that a sample cannot predict.
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
        """Processor time, summed over all tasks."""
        return sum(stage.cpu_seconds for stage in self.stages)

    @property
    def bytes_written(self) -> int:
        """Size of everything in the output folder."""
        return sum(stage.bytes_written for stage in self.stages)

    def wall_seconds(self, cluster: Cluster) -> float:
        """Time of the run: stages follow each other, and the tasks of a stage share the cores."""
        return self.start_seconds + sum(stage.wall_seconds(cluster) for stage in self.stages)

    def core_seconds(self, cluster: Cluster) -> float:
        """Cores times the time they are reserved, including idle cores: what a cloud or a scheduler charges."""
        return cluster.slots * self.wall_seconds(cluster)


def node_memory_bytes(planned: Forecast, cluster: Cluster) -> int:
    """Memory of a node whose cores all run tasks of the stage with the largest need."""
    largest = max((stage.peak_memory_bytes * min(cluster.cores, stage.tasks) for stage in planned.stages), default=0)
    return largest + _NODE_MEMORY_BYTES


def save(planned: Forecast, cluster: Cluster, out: str) -> None:
    """Write a forecast into the output folder, to compare the run with it later."""
    mark_out(out)
    with publish(join(out, _FILE)) as path:
        path.write_text(
            json.dumps({"forecast": asdict(planned), "cluster": asdict(cluster)}, indent=1), encoding="utf-8"
        )


def load(out: str) -> tuple[Forecast, Cluster]:
    """Read the forecast that `save` wrote.

    Raises:
        UserError: there is no forecast.
    """
    fs, path = filesystem(join(out, _FILE))
    if not fs.exists(path):
        raise UserError(
            f"{join(out, _FILE)}: there is no forecast to compare the run with; manyo plan without --actual makes one"
        )
    try:
        kept = json.loads(fs.cat_file(path))
        planned = kept["forecast"] | {"stages": tuple(StageForecast(**stage) for stage in kept["forecast"]["stages"])}
        return Forecast(**planned), Cluster(**kept["cluster"])
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{join(out, _FILE)}: is no forecast of this version; manyo plan makes it again") from error


@dataclass(frozen=True, slots=True)
class Actual:
    """The actual figures of a stage; fields as in `StageForecast`, `wall_seconds` from first to last task."""

    stage: str
    tasks: int
    cpu_seconds: float
    wall_seconds: float
    bytes_written: int


def actual(config: Config) -> list[Actual]:
    """The actual figures of the stages of a finished run, from their manifests.

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
