"""Where tasks run: in this process, or as Ray Core tasks. The only file that imports Ray.

Both give the same bytes; they differ in what they survive and how much they
cost to start. Files move data, Ray moves names: a task and its manifest are a
few kilobytes, and nothing goes through Ray's object store.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.engine import Stage, Task, TaskFailure, UserError, describe_failure, run_task, task_failure
from pipelines.manifest import Manifest

if TYPE_CHECKING:
    pass

_log = logging.getLogger("manyo")

#: Threads inside a worker would compete with the workers beside it: shards are the parallelism.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}

#: `manyo run` starts Ray for a stage only above this much pending input. Starting a local cluster
#: takes 5-15 s here and a second core saves at most half, so it pays once a stage takes 30 s in
#: one process: at the slowest stage's 4 MB/s of compressed WARC that is about 128 MB.
RAY_PAYS_ABOVE_BYTES = 128 << 20

#: A task lost with its worker or node is started again this many times by Ray itself.
_LOST_WORKER_RETRIES = 3


def _attempt(task: Task) -> Manifest | TaskFailure:
    """Run a task, once more if it fails: what fails twice in the same way is no accident."""
    try:
        return run_task(task)
    except Exception as error:  # noqa: BLE001 - the isolation boundary of a task: it is run again below
        _log.warning("%s: shard %s failed and is tried once more: %s", task.stage, task.shard, describe_failure(error))
    try:
        return run_task(task)
    except Exception as error:  # noqa: BLE001 - reported as the stage's failure, with its traceback
        return task_failure(error)


class Serial:
    """Runs tasks one after another in this process."""

    def run(self, stage: Stage, tasks: Sequence[Task]) -> Iterator[tuple[Task, Manifest | TaskFailure]]:
        """See `pipelines.engine.Executor`."""
        for task in tasks:
            yield task, _attempt(task)

    def close(self) -> None:
        """Nothing was started."""


class RayTasks:
    """Runs tasks on a Ray cluster: the one at RAY_ADDRESS, or a local one that is started on first use."""

    def __init__(self) -> None:
        self._started = False

    def run(self, stage: Stage, tasks: Sequence[Task]) -> Iterator[tuple[Task, Manifest | TaskFailure]]:
        """See `pipelines.engine.Executor`; keeps a bounded window of tasks in flight."""
        ray = self._start()
        remote = ray.remote(_attempt_in_worker).options(
            name=stage.name,
            num_cpus=stage.cpus,
            memory=min(stage.memory_bytes, self._node_memory_bytes(ray)),
            max_retries=_LOST_WORKER_RETRIES,
        )
        # Enough waiting tasks that no core idles while the driver is busy, few enough that the
        # scheduler's queue stays small on a crawl of 90,000 files.
        window = 2 * max(1, int(ray.cluster_resources().get("CPU", 1)) // stage.cpus)
        waiting = iter(tasks)
        in_flight: dict[Any, Task] = {}
        while True:
            while len(in_flight) < window and (task := next(waiting, None)) is not None:
                in_flight[remote.remote(task)] = task
            if not in_flight:
                return
            done, _ = ray.wait(list(in_flight), num_returns=1)
            for reference in done:
                task = in_flight.pop(reference)
                try:
                    ended = ray.get(reference)
                except ray.exceptions.RayError as error:
                    first_line = str(error).strip().splitlines()[0]
                    ended = TaskFailure(
                        f"its worker was lost {_LOST_WORKER_RETRIES + 1} times: {first_line}", str(error)
                    )
                yield task, ended

    def close(self) -> None:
        """Leave the cluster; a local one ends."""
        if self._started:
            import ray

            ray.shutdown()
            self._started = False

    def _start(self) -> Any:
        import ray

        if not self._started:
            os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
            address = os.environ.get("RAY_ADDRESS")
            try:
                ray.init(
                    address=address or "local",
                    include_dashboard=None if address else False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                    runtime_env={"env_vars": _ONE_THREAD},
                )
            except (ConnectionError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[0]
                raise UserError(f"no Ray cluster at RAY_ADDRESS={address}: {reason}") from error
            self._started = True
        return ray

    @staticmethod
    def _node_memory_bytes(ray: Any) -> int:
        """Memory of the smallest node that runs tasks, so that no request is larger than every node."""
        sizes = [node["Resources"]["memory"] for node in ray.nodes() if node["Alive"] and "CPU" in node["Resources"]]
        return int(min(sizes))


class Auto:
    """Serial for little work, Ray for much: decides per stage by the bytes still to be read."""

    def __init__(self) -> None:
        self._serial = Serial()
        self._ray = RayTasks()

    def run(self, stage: Stage, tasks: Sequence[Task]) -> Iterator[tuple[Task, Manifest | TaskFailure]]:
        """See `pipelines.engine.Executor`."""
        pending_bytes = sum(task.size_bytes for task in tasks)
        on_a_cluster = "RAY_ADDRESS" in os.environ
        worth_it = len(tasks) > 1 and pending_bytes > RAY_PAYS_ABOVE_BYTES
        executor: Serial | RayTasks = self._ray if on_a_cluster or worth_it else self._serial
        yield from executor.run(stage, tasks)

    def close(self) -> None:
        """Leave the cluster, if one was started."""
        self._ray.close()


def _attempt_in_worker(task: Task) -> Manifest | TaskFailure:
    """`_attempt` in a Ray worker, where relative paths must mean what they mean to the driver."""
    os.chdir(task.working_folder)
    return _attempt(task)
