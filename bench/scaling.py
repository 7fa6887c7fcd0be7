"""Measures what a second worker gains: each stage on one core of a local Ray cluster, and on two.

    MANYO_DATA=… python -m bench.scaling [STAGE …]

`extract` reads archives cut from a crawl of Japanese pages, the other stages books of Aozora Bunko, in as many copies
as keep one worker busy for some seconds. The cluster is the same in both cases; for one core, each task requests two.
Workers are warm. Each case runs three times, alternating; the result is the ratio of the medians. The driver and Ray's
own processes share the two cores, as they do on a laptop. The floor is the same ratio for tasks that only count, in
the same rounds: what the machine could give.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

from fastwarc import ArchiveIterator

from manyo.pipelines.engine.executors import RayTasks, Serial
from manyo.pipelines.engine.run_stage import run_stage
from manyo.pipelines.engine.shapes import StageOutput, Unit, Units, digest_of
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config, load_config

_ROOT = Path(__file__).parents[1]

#: Copies of the books that each stage reads: about ten seconds of one worker.
_COPIES = {"measure": 12, "signatures": 36, "encode": 4}

_ARCHIVES, _RECORDS_PER_ARCHIVE, _ARCHIVE_COPIES, _ROUNDS = 8, 410, 8, 3

#: Tasks of the floor: their number, and how far each counts, which takes a third of a second.
_FLOOR_TASKS, _FLOOR_COUNT = 16, 10_000_000

_CONFIG = """
[run]
out = "{out}"
[filter]
rules = "default"
[tokenize]
model = "{data}/tokenizer/llm-jp-tokenizer-100k.ver3.1.model"
[[source]]
name = "web"
kind = "warc"
inputs = ["{crawl}/*.warc.gz"]
profile = "web"
licence = "see the page"
"""

_BOOKS = """
[[source]]
name = "books"
kind = "aozora"
inputs = ["{data}/aozora/*.txt"]
profile = "prose"
licence = "public domain"
target_shard_bytes = 2000000
"""


def configuration(data: Path, folder: Path, stage_name: str) -> Config:
    """Return the run of which one stage is measured, in its own folder, with its own copies of the inputs."""
    text = _CONFIG.format(out=folder / f"out-{stage_name}", root=_ROOT, data=data, crawl=folder / "crawl")
    if stage_name != "extract":
        text = text[: text.index("[[source]]")] + _BOOKS.format(data=data)
    path = folder / f"{stage_name}.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(str(path))


def cut_archives(path: Path, folder: Path) -> None:
    """Cut a large archive into small ones."""
    folder.mkdir()
    with path.open("rb") as stream:
        starts = [record.stream_pos for record in ArchiveIterator(stream, parse_http=False)]
    whole = path.read_bytes()
    for number, (start, end) in enumerate(islice(pairwise(starts[::_RECORDS_PER_ARCHIVE]), _ARCHIVES)):
        for copy in range(_ARCHIVE_COPIES):
            (folder / f"{number:02d}-{copy}.warc.gz").write_bytes(whole[start:end])


def count(_: AnyTask) -> dict[str, int]:
    """Count: the work of the floor."""
    n = 0
    while n < _FLOOR_COUNT:
        n += 1
    return {}


def floor_stage() -> AnyStage:
    """Return a stage whose tasks only count."""
    names = [f"floor/{number:03d}" for number in range(_FLOOR_TASKS)]
    units = Units(lambda: (Unit(name, {}, digest_of([name]), 1) for name in names))
    return Stage("floor", 1, NoSettings(), (), (), count, lambda _: units, memory_bytes=64 << 20)


def copied(output: StageOutput, copies: int) -> StageOutput:
    """Return a stage's output with its shards repeated; an output of one shard for all sources stays one."""
    if not all("/" in shard.name for shard in output.shards):
        return output
    shards = []
    for shard in output.shards:
        for number in range(copies):
            name = f"{shard.name}-{number:02d}"
            for table in output.tables:
                target = Path(output.uri(table, name))
                if number and not target.exists():
                    os.link(output.uri(table, f"{shard.name}-00"), target)
                elif not target.exists():
                    os.link(output.uri(table, shard.name), target)
            shards.append(replace(shard, name=name))
    return replace(output, shards=tuple(shards))


def outputs_of(config: Config, wanted: set[str]) -> tuple[dict[str, AnyStage], dict[str, StageOutput]]:
    """Return the stages of a run, and the outputs that the wanted stages need."""
    stages = {stage.name: stage for stage in build_stages(config)}
    outputs: dict[str, StageOutput] = {}
    needed = {name for stage in wanted for name in _ancestors(stages[stage])}
    for stage in stages.values():
        if stage.name in needed:
            upstream = [outputs[one.name] for one in stage.needs]
            result = run_stage(stage, upstream, config.run.out, Serial(), lambda *_: None, lambda *_: None)
            outputs[stage.name] = result.output
    return stages, outputs


def _ancestors(stage: AnyStage) -> set[str]:
    return {name for needed in stage.needs for name in (needed.name, *_ancestors(needed))}


def timed(stage: AnyStage, upstream: list[StageOutput], executor: RayTasks, out: Path) -> float:
    """Return the seconds of a stage from its start to its last manifest."""
    started = time.perf_counter()
    run_stage(stage, upstream, str(out), executor, lambda *_: None, lambda *_: None)
    seconds = time.perf_counter() - started
    shutil.rmtree(out)
    return seconds


def measure(stage: AnyStage, upstream: list[StageOutput], executor: RayTasks, folder: Path) -> str:
    """Return a line: seconds on one core and on two, their ratio, and that of the floor."""
    works = {stage.name: (stage, upstream), "floor": (floor_stage(), [])}
    seconds: dict[tuple[str, int], list[float]] = defaultdict(list)
    for number in range(_ROUNDS + 1):
        for workers in (2, 1) if number % 2 else (1, 2):
            for name, (work, inputs) in works.items():
                took = timed(replace(work, cpus=3 - workers), inputs, executor, folder / f"{name}-{number}-{workers}")
                if number:  # the first round warms the workers up
                    seconds[name, workers].append(took)
    medians = {key: statistics.median(times) for key, times in seconds.items()}
    one, two = medians[stage.name, 1], medians[stage.name, 2]
    floor = medians["floor", 1] / medians["floor", 2]
    return f"{stage.name:<11} 1 worker {one:6.2f} s  2 workers {two:6.2f} s  {one / two:.2f}x  floor {floor:.2f}x"


def main(arguments: list[str]) -> None:
    """Print a line for each stage."""
    data = Path(os.environ.get("MANYO_DATA") or sys.exit("MANYO_DATA is not set: no pages and books to read"))
    wanted = arguments or ["extract", *_COPIES]
    executor = RayTasks()
    with tempfile.TemporaryDirectory(prefix="manyo-scaling-") as name:
        folder = Path(name)
        cut_archives(data / "web" / "japanese-000.warc.gz", folder / "crawl")
        for stage_name in wanted:
            stages, outputs = outputs_of(configuration(data, folder, stage_name), {stage_name})
            stage = stages[stage_name]
            upstream = [copied(outputs[needed.name], _COPIES[stage_name]) for needed in stage.needs]
            print(measure(stage, upstream, executor, folder), flush=True)
    executor.close()


if __name__ == "__main__":
    main(sys.argv[1:])
