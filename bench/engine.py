"""Measures the cost of a task that does nothing: time per task, and the driver's memory.

    python -m bench.engine [serial|ray] [N_TASKS …]

Each number of tasks runs in its own process, and so with its own driver. A task writes only its manifest, no table.
Planning, scheduling and reading the manifests back in the second run are all counted.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from manyo.pipelines.engine.executors import RayTasks, Serial
from manyo.pipelines.engine.peak_memory import forget_peak_memory, own_peak_memory_bytes
from manyo.pipelines.engine.run_stage import run_stage
from manyo.pipelines.engine.shapes import Unit, Units, Upstream, digest_of
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage


def nothing(_: AnyTask) -> dict[str, int]:
    """Do nothing: the body of the task."""
    return {"documents": 0}


def stage_of(n_tasks: int) -> AnyStage:
    """Return a stage of `n_tasks`, spread over folders as the shards of a source are."""

    def shape(_: Upstream) -> Units:
        return Units(
            lambda: (Unit(f"source/{number:06d}", {}, digest_of([str(number)]), 1) for number in range(n_tasks))
        )

    return Stage("nothing", 1, NoSettings(), (), (), nothing, shape, memory_bytes=64 << 20)


def measure(executor: Serial | RayTasks, n_tasks: int, out: str) -> str:
    """Print time of the run, time to find that nothing is left to do, and peak memory of this process."""
    warm_up = stage_of(4)
    run_stage(warm_up, (), f"{out}/warm-up", executor, lambda *_: None, lambda *_: None)
    forget_peak_memory()
    stage = stage_of(n_tasks)
    started, cpu_started = time.perf_counter(), time.process_time()
    run_stage(stage, (), out, executor, lambda *_: None, lambda *_: None)
    ran, cpu = time.perf_counter(), time.process_time() - cpu_started
    run_stage(stage, (), out, executor, lambda *_: None, lambda *_: None)
    again = time.perf_counter()
    return (
        f"{n_tasks:>8,} tasks  {1000 * (ran - started) / n_tasks:7.2f} ms a task, of which the driver's processor "
        f"{1000 * cpu / n_tasks:6.2f} ms   again in {again - ran:6.1f} s   "
        f"driver's peak {own_peak_memory_bytes() / 1e6:6.0f} MB"
    )


def main(arguments: list[str]) -> None:
    """Print a line for each number of tasks."""
    kind = arguments[0] if arguments else "serial"
    for number in arguments[1:] or ["1000", "10000"]:
        subprocess.run([sys.executable, "-m", "bench.engine", "--one", kind, number], check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        executor = RayTasks() if sys.argv[2] == "ray" else Serial()
        with tempfile.TemporaryDirectory() as folder:
            print(f"{sys.argv[2]:<7}" + measure(executor, int(sys.argv[3]), folder), flush=True)
        executor.close()
    else:
        main(sys.argv[1:])
