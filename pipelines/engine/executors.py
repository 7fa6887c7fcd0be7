"""Where tasks run: in this process, or as Ray Core tasks. The only file that imports Ray.

Both give the same bytes; they differ in the failures that they survive and in
the time to start. Data moves in files; Ray moves only their names: a task and its
manifest are a few kilobytes, and nothing goes through Ray's object store.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from manyo.corpus.tables.shard_errors import OwnershipLost
from manyo.pipelines.engine.errors import ClusterLost, NoCluster, UserError, WorkFailed
from manyo.pipelines.engine.lost_nodes import note_lost_node
from manyo.pipelines.engine.manifest import Manifest
from manyo.pipelines.engine.run_stage import PendingTasks, TaskFailure, describe_failure, run_task, task_failure
from manyo.pipelines.engine.stage import AnyStage, AnyTask

#: A head that does not accept a connection for so long is not there.
_CONNECT_S = 10.0

_log = logging.getLogger("manyo")

#: Threads in a worker would compete with the other workers of its node, which already keep every core busy.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}

#: `manyo run` starts Ray for a stage only above this much pending input. Starting a local cluster
#: takes 5-15 s here and a second core saves at most half, so it pays once a stage takes 30 s in
#: one process: at extract's 6 MB/s of compressed WARC that is about 192 MB.
RAY_PAYS_ABOVE_BYTES = 192 << 20

#: A task fails when it has lost this many workers: it ran out of memory or time, or crashed its process.
_WORKERS_LOST_AT_MOST = 4

#: A lost node says little about the task; the bound only makes sure that every run ends.
_NODES_LOST_AT_MOST = 30

#: A worker is replaced after this many tasks, because native libraries leak. Starting one costs 2-4 s here
#: (Numba, Arrow), so at 500 tasks that is below 10 ms a task.
_TASKS_PER_WORKER = 500

#: Deadlines and resource requests are computed from manifests once there are this many.
_MEASURED_FROM = 8

#: A task is a straggler if it takes this many times as long per byte as the slowest finished task, and at least this
#: many seconds: it is tried once more, perhaps on a faster node.
_STRAGGLER_FACTOR, _STRAGGLER_MIN_S = 8.0, 300.0

#: A task that is not finished after this time hangs. The extract stage detects a hanging record itself, much earlier.
_HANG_S = 6 * 3600.0

#: Interval at which the driver looks for nodes that joined or left, and for tasks past their deadlines.
_LOOK_AGAIN_S = 30.0

#: Memory that is requested per measured peak, and the steps in which it is requested.
_MEMORY_MARGIN, _MEMORY_STEP_BYTES = 1.5, 512 << 20


def _attempt(task: AnyTask) -> Manifest | TaskFailure:
    """Run a task, and once more if it fails, unless the error says that it would again: that is no coincidence."""
    try:
        return run_task(task)
    except (OwnershipLost, UserError, WorkFailed) as error:
        return task_failure(error)
    except Exception as error:  # noqa: BLE001 - the isolation boundary of a task: it is run again below
        _log.warning("%s: shard %s failed and is tried once more: %s", task.stage, task.shard, describe_failure(error))
    try:
        return run_task(task)
    except Exception as error:  # noqa: BLE001 - reported as the stage's failure, with its traceback
        return task_failure(error)


class Serial:
    """Runs tasks one after another in this process."""

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """See `manyo.pipelines.engine.run_stage.Executor`."""
        for task in tasks:
            yield task, _attempt(task)

    def close(self) -> None:
        """Do nothing: no process was started."""


@dataclass(slots=True)
class Measured:
    """Costs of a stage's finished tasks, from which deadlines and resource requests are computed: five numbers."""

    n_tasks: int = 0
    peak_memory_bytes: int = 0
    slowest_s_per_byte: float = 0.0
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, manifest: Manifest) -> None:
        """Count one finished task."""
        self.n_tasks += 1
        self.peak_memory_bytes = max(self.peak_memory_bytes, manifest.peak_memory_bytes)
        self.slowest_s_per_byte = max(self.slowest_s_per_byte, manifest.seconds / max(1, manifest.bytes_read))
        self.seconds += manifest.seconds
        self.cpu_seconds += manifest.cpu_seconds

    def deadline_s(self, task: AnyTask, workers_lost: int) -> float:
        """Returns the seconds after which a task is stopped: as a straggler at its first try, as hanging later."""
        if workers_lost or self.n_tasks < _MEASURED_FROM:
            return _HANG_S
        return min(_HANG_S, max(_STRAGGLER_MIN_S, _STRAGGLER_FACTOR * self.slowest_s_per_byte * task.size_bytes))

    def memory_bytes(self, stage: AnyStage, workers_lost: int, node_bytes: int) -> int:
        """Returns the memory to request: the stage's own figure, later what was measured, doubled by each lost worker.

        A larger request puts fewer tasks on a node, which helps tasks that ran out of memory together.
        """
        ask = stage.memory_bytes
        if self.n_tasks >= _MEASURED_FROM:
            # In steps, because Ray keeps a queue for each different request.
            steps = -(-int(_MEMORY_MARGIN * self.peak_memory_bytes) // _MEMORY_STEP_BYTES)
            ask = max(1, steps) * _MEMORY_STEP_BYTES
        return min(ask << workers_lost, node_bytes)

    def cpus(self, stage: AnyStage) -> int:
        """Returns the cores to request: the stage's own figure, or more if its tasks keep more of them busy."""
        if self.n_tasks < _MEASURED_FROM or self.seconds < 60:
            return stage.cpus
        return max(stage.cpus, round(self.cpu_seconds / self.seconds))


class _Metrics:
    """The metrics of a run for Prometheus, at the endpoint that Ray has on each node (`manyo_…`, by stage)."""

    def __init__(self) -> None:
        from ray.util import metrics

        by_stage = ("stage",)
        self._ended = metrics.Counter("manyo_tasks", "tasks that ended", ("stage", "outcome"))
        self._records = metrics.Counter("manyo_records", "records or documents that tasks read", by_stage)
        self._bytes_read = metrics.Counter("manyo_bytes_read", "bytes that tasks read", by_stage)
        self._bytes_written = metrics.Counter("manyo_bytes_written", "bytes that tasks wrote", by_stage)
        self._cpu_seconds = metrics.Counter("manyo_cpu_seconds", "processor time of tasks", by_stage)
        self._running = metrics.Gauge("manyo_tasks_in_flight", "tasks that run or wait for a core", by_stage)

    def count(self, stage: str, ended: Manifest | TaskFailure | None) -> None:
        """Count a task that was finished, failed, or lost its worker and is tried again."""
        outcome = {Manifest: "finished", TaskFailure: "failed"}.get(type(ended), "tried again")
        self._ended.inc(1, {"stage": stage, "outcome": outcome})
        if isinstance(ended, Manifest):
            tags = {"stage": stage}
            # A counter cannot be increased by 0.
            for counter, amount in (
                (self._records, ended.counts.get("records", ended.counts.get("documents", 0))),
                (self._bytes_read, ended.bytes_read),
                (self._bytes_written, ended.bytes_written),
                (self._cpu_seconds, ended.cpu_seconds),
            ):
                if amount > 0:
                    counter.inc(amount, tags)

    def in_flight(self, stage: str, n_tasks: int) -> None:
        """Set the number of tasks that the cluster has."""
        self._running.set(n_tasks, {"stage": stage})


@dataclass(slots=True)
class _Try:
    """A task on the cluster, and the workers and nodes that it has lost."""

    task: AnyTask
    workers_lost: int = 0
    nodes_lost: int = 0
    give_up_at: float = 0.0
    not_before: float = 0.0


class RayTasks:
    """Runs tasks on a Ray cluster: the one at RAY_ADDRESS, or a local one that is started on first use."""

    def __init__(self) -> None:
        self._started = False

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """See `manyo.pipelines.engine.run_stage.Executor`; keeps a bounded window of tasks in flight.

        This process keeps no state of its own: if it is killed, the tasks in flight are lost, and a new run finds the
        others in their manifests.
        """
        ray = self._start()
        # Ray's own retries are off: a lost task is submitted again with more memory, which Ray would not do.
        remote = ray.remote(max_retries=0, max_calls=_TASKS_PER_WORKER)(_attempt_in_worker)
        measured, metrics = Measured(), self._metrics
        node_bytes = self._node_memory_bytes(ray)
        waiting = iter(tasks)
        again: deque[_Try] = deque()
        in_flight: dict[Any, _Try] = {}
        window, window_until = 0, 0.0
        while True:
            if time.monotonic() >= window_until:
                # Enough waiting tasks that no core is idle while the driver is busy, few enough that the scheduler's
                # queue stays small on a crawl of 90,000 files. Nodes come and go, so the window is renewed.
                cores = int(ray.cluster_resources().get("CPU", 1))
                window, window_until = 2 * max(1, cores // measured.cpus(stage)), time.monotonic() + _LOOK_AGAIN_S
            while len(in_flight) < window:
                next_task = again.popleft() if again and again[0].not_before <= time.monotonic() else None
                if next_task is None:
                    task = next(waiting, None)
                    if task is None:
                        break
                    next_task = _Try(task)
                deadline_s = measured.deadline_s(next_task.task, next_task.workers_lost)
                # The worker ends itself at its deadline. A frozen worker cannot, and is ended from here: at most one
                # other task runs on it first, and then this task has its own time.
                next_task.give_up_at = time.monotonic() + 2 * deadline_s + _LOOK_AGAIN_S
                asked = remote.options(
                    name=stage.name,
                    num_cpus=measured.cpus(stage),
                    memory=measured.memory_bytes(stage, next_task.workers_lost, node_bytes),
                )
                at_once = replace(next_task.task, n_at_once=window // 2)
                in_flight[asked.remote(at_once, deadline_s)] = next_task
            metrics.in_flight(stage.name, len(in_flight))
            if not in_flight:
                if not again:
                    return
                time.sleep(max(0.0, again[0].not_before - time.monotonic()))
                continue
            done, _ = ray.wait(list(in_flight), num_returns=1, timeout=_LOOK_AGAIN_S)
            for reference in done:
                tried = in_flight.pop(reference)
                ended = self._outcome(ray, reference, tried)
                metrics.count(stage.name, ended)
                if ended is None:
                    again.append(tried)
                    continue
                if isinstance(ended, Manifest):
                    measured.add(ended)
                yield tried.task, ended
            for reference in [one for one, tried in in_flight.items() if time.monotonic() > tried.give_up_at]:
                tried = in_flight.pop(reference)
                ray.cancel(reference, force=True)  # a frozen worker does not react, so do not wait for it
                lost = self._lost(tried, "it did not end itself at its deadline")
                metrics.count(stage.name, lost)
                if lost is None:
                    again.append(tried)
                else:
                    yield tried.task, lost

    def _outcome(self, ray: Any, reference: Any, tried: _Try) -> Manifest | TaskFailure | None:
        """Returns how a task ended; None if it is to be tried again."""
        try:
            ended: Manifest | TaskFailure = ray.get(reference)
        except ray.exceptions.LocalRayletDiedError as error:
            raise ClusterLost(
                "the Ray node that this run is attached to is lost; what is finished stays, "
                "give the same command again once the cluster is up"
            ) from error
        except ray.exceptions.NodeDiedError as error:
            tried.nodes_lost += 1
            folder = tried.task.stage_folder
            note_lost_node(folder.rpartition("/")[0], str(error), tried.task.stage, time.time())
            # Ray may need time to notice that the node is gone, and would send the task there again and again.
            tried.not_before = time.monotonic() + min(_LOOK_AGAIN_S, 2.0**tried.nodes_lost)
            if tried.nodes_lost < _NODES_LOST_AT_MOST:
                return None
            return TaskFailure(f"its node was lost {tried.nodes_lost} times", str(error))
        except ray.exceptions.RayError as error:
            return self._lost(tried, str(error))
        return ended

    @staticmethod
    def _lost(tried: _Try, error: str) -> TaskFailure | None:
        """Count a lost worker; returns the failure if the task has lost too many, else None."""
        tried.workers_lost += 1
        if tried.workers_lost < _WORKERS_LOST_AT_MOST:
            return None
        first_line = error.strip().splitlines()[0]
        return TaskFailure(
            f"its worker was lost {tried.workers_lost} times, by a crash, too much memory or too much time "
            f"(its stack is then in Ray's worker log): {first_line}",
            error,
        )

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
            on_sigterm = signal.getsignal(signal.SIGTERM)
            _check_reachable(address)
            try:
                self._init(ray, address)
            except (ConnectionError, RuntimeError) as error:
                reason = str(error).strip().splitlines()[0]
                raise NoCluster(
                    f"no Ray cluster at RAY_ADDRESS={address}, or it refused the token "
                    f"(RAY_AUTH_TOKEN, RAY_AUTH_TOKEN_PATH): {reason}"
                ) from error
            except Exception:  # noqa: BLE001 - what Ray raises, and nothing narrower, if its node starts too slowly
                # Ray waits 30 s, which a busy machine may exceed; the second time its programs are in memory.
                ray.shutdown()
                self._init(ray, address)
            # Ray installs a handler that aborts; ours stops the run in order.
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, on_sigterm)
            self._started = True
            self._metrics = _Metrics()
        return ray

    @staticmethod
    def _init(ray: Any, address: str | None) -> None:
        ray.init(
            address=address or "local",
            include_dashboard=None if address else False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            runtime_env={"env_vars": _ONE_THREAD},
        )

    @staticmethod
    def _node_memory_bytes(ray: Any) -> int:
        """Returns the memory of the smallest node that runs tasks, so that every node can serve every request.

        Waits for the first of them: a head that runs no tasks may answer before its workers have joined it.
        """
        sizes: list[float] = []
        while not sizes:
            nodes = (node["Resources"] for node in ray.nodes() if node["Alive"])
            sizes = [resources["memory"] for resources in nodes if "CPU" in resources]
            if not sizes:
                _log.warning("the Ray cluster has no node that runs tasks yet; waiting for one")
                time.sleep(_LOOK_AGAIN_S)
        return int(min(sizes))


def _check_reachable(address: str | None) -> None:
    """Raise NoCluster if nobody listens at HOST:PORT; Ray itself tries for minutes, and says so in lines of its own."""
    host, _, port = (address or "").rpartition(":")
    if host and port.isdigit() and "/" not in host:
        try:
            socket.create_connection((host, int(port)), _CONNECT_S).close()
        except OSError as error:
            raise NoCluster(f"no Ray cluster at RAY_ADDRESS={address}: {error.strerror or error}") from error


class Auto:
    """Serial for little work, Ray for much: decides for each stage by the bytes that its pending tasks read."""

    def __init__(self) -> None:
        self._serial = Serial()
        self._ray = RayTasks()

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """See `manyo.pipelines.engine.run_stage.Executor`."""
        on_a_cluster = "RAY_ADDRESS" in os.environ
        worth_it = len(tasks) > 1 and tasks.size_bytes > RAY_PAYS_ABOVE_BYTES
        executor: Serial | RayTasks = self._ray if on_a_cluster or worth_it else self._serial
        yield from executor.run(stage, tasks)

    def close(self) -> None:
        """Leave the cluster, if one was started."""
        self._ray.close()


def _attempt_in_worker(task: AnyTask, deadline_s: float) -> Manifest | TaskFailure:
    """As `_attempt`, in a Ray worker, where relative paths must mean the same as in the driver.

    At the deadline the process writes its stack to Ray's worker log and ends. The timer is faulthandler's thread in C:
    a Python timer would never run while a native function holds the interpreter's lock.
    """
    os.chdir(task.working_folder)
    faulthandler.dump_traceback_later(deadline_s, exit=True, file=2)
    try:
        return _attempt(task)
    finally:
        faulthandler.cancel_dump_traceback_later()
