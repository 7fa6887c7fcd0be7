"""What clusters do to runs, done to a run over real data: `make faults`, `python -m tests.pipelines.faults [FAULT …]`.

Three Ray nodes on addresses of the loopback, each with its own raylet, workers and store, run the whole pipeline over
Common Crawl pages (MANYO_DATA) cut into small archives. Each fault is injected while tasks run; then, if the run ended,
the same command is given again, and nothing else is cleaned up. What counts is the bytes: those of an undisturbed run,
or, for records that end their parser, every other row and a row that names the record.

It takes some twenty minutes on two cores, needs Linux, and the right to mount a tmpfs for the full disk. It prints a
table.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice, pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fastwarc import ArchiveIterator

from manyo.pipelines.engine.lost_nodes import read_lost_nodes
from tests.conftest import ROOT, data_files
from tests.faulty_server import S3_KEYS, Faults, proxy, s3_server

_RAY = str(Path(sys.executable).with_name("ray"))

#: Pages of each small archive, and how many archives.
_RECORDS_PER_ARCHIVE, _ARCHIVES = 400, 12

#: The fault is injected when this many tasks have ended: the first is still in extract.
_AFTER_TASKS = (3, 20, 60)

#: A node that does not start is started again, up to so often.
_START_ATTEMPTS = 6

#: The driver gives a task this long in the faults where one hangs; six hours are the default.
_HANG_S = 20

_CONFIG = """
[run]
out = "{out}"

[[source]]
name    = "cc"
kind    = "warc"
inputs  = ["{inputs}/*.warc.gz"]
profile = "web"
licence = "see the page"

[extract]
record_timeout_s = {record_timeout_s}

[filter]
rules = "default"

[dedup]
parts = 4

[tokenize]
model = "{model}"
"""

#: Read by every Python that starts; only the process that parses records heeds it.
_POISON = """
import os, sys, time
if os.environ.get("MANYO_POISON") and "manyo.pipelines.extraction.isolation" in sys.orig_argv:
    import manyo.corpus.sources.warc as warc
    parse = warc.parse
    kind, _, uri = os.environ["MANYO_POISON"].partition(" ")
    def poisoned(record, options):
        if record.payload.uri == uri:
            os.kill(os.getpid(), 11) if kind == "segfault" else time.sleep(3600)
        return parse(record, options)
    warc.parse = poisoned
"""

_IMPATIENT = f"""
import sys
from manyo.pipelines.engine import executors
executors._HANG_S, executors._LOOK_AGAIN_S = {_HANG_S}, 2
from manyo.pipelines.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Failed(Exception):
    """A fault that a run did not survive; the message says how."""


@dataclass
class Node:
    """One `ray start --block` and all that it started."""

    process: subprocess.Popen[bytes]
    log: Path

    def pids(self) -> list[int]:
        """Its processes now."""
        return [self.process.pid, *_below(self.process.pid)]

    def kill(self) -> int:
        """SIGKILL all of them at once; gives their number."""
        pids = self.pids()
        for pid in pids:
            _kill(pid)
        self.process.wait()
        return len(pids)


def _children() -> dict[int, list[int]]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    return children


def _below(pid: int) -> list[int]:
    children = _children()
    found, left = [], [pid]
    while left:
        one = children.get(left.pop(), [])
        found += one
        left += one
    return found


def _kill(pid: int, number: int = signal.SIGKILL) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


class Cluster:
    """A head and two workers, one core each."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.folder = folder
        self.port = 20000 + random.randrange(10000)
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("RAY_")},
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": secrets.token_hex(32),
            "RAY_USAGE_STATS_ENABLED": "0",
            "PYTHONPATH": f"{folder / 'site'}:{ROOT}",
            # A lost head is given up after ten seconds instead of sixty.
            "RAY_gcs_rpc_server_reconnect_timeout_s": "10",
            "RAY_ADDRESS": f"127.0.0.2:{self.port}",
            **variables,
        }
        self.nodes: dict[str, Node] = {}

    def start(self) -> None:
        """Start what is not running."""
        for number, name in enumerate(("head", "left", "right"), start=2):
            if name not in self.nodes:
                self.nodes[name] = self._start(name, f"127.0.0.{number}")

    def _start(self, name: str, address: str) -> Node:
        command = [_RAY, "start", "--block", "--num-cpus=1", "--object-store-memory=100000000"]
        command += [f"--node-ip-address={address}", "--min-worker-port=0", "--max-worker-port=0"]
        if name == "head":
            command += ["--head", f"--port={self.port}", "--include-dashboard=false"]
            command += [f"--temp-dir=/tmp/manyo-{self.port}", f"--ray-client-server-port={self.port + 1}"]
        else:
            command += [f"--address=127.0.0.2:{self.port}"]
        for attempt in count(1):
            log = self.folder / f"{name}-{time.monotonic_ns()}.log"
            with log.open("wb") as stream:
                process = subprocess.Popen(
                    command, env=self.environment, stdout=stream, stderr=stream, start_new_session=True
                )
            deadline = time.monotonic() + 120
            while time.monotonic() < deadline and process.poll() is None:
                if "Ray runtime started" in log.read_text(encoding="utf-8", errors="replace"):
                    return Node(process, log)
                time.sleep(0.3)
            Node(process, log).kill()
            if attempt == _START_ATTEMPTS:
                raise Failed(f"the node {name} did not start: {log.read_text(encoding='utf-8')[-500:]}")
            # Until the raylets of a killed head's workers give it up, its address counts as taken.
            time.sleep(5)
        raise AssertionError

    def kill(self, name: str) -> int:
        """SIGKILL a whole node."""
        return self.nodes.pop(name).kill()

    def workers(self) -> list[int]:
        """Processes that run tasks now: Ray names them after the stage, and its own processes in capitals."""
        pids = [pid for node in self.nodes.values() for pid in node.pids()]
        return [pid for pid in pids if re.fullmatch("ray::[a-z_]+", _command(pid).strip("\0"))]

    def stop(self) -> None:
        """End everything."""
        for name in list(self.nodes):
            self.kill(name)
        shutil.rmtree(f"/tmp/manyo-{self.port}", ignore_errors=True)


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""


@dataclass
class Bench:
    """Where everything lies: the archives, the undisturbed run, the folder of the fault at work."""

    folder: Path
    model: Path
    undisturbed: dict[str, bytes] = field(default_factory=dict)

    def config(self, name: str, out: str, inputs: str | None = None, record_timeout_s: float = 60.0) -> Path:
        """Write a configuration."""
        path = self.folder / f"{name}.toml"
        path.write_text(
            _CONFIG.format(
                out=out,
                inputs=inputs or self.folder / "crawl",
                root=ROOT,
                model=self.model,
                record_timeout_s=record_timeout_s,
            ),
            encoding="utf-8",
        )
        return path


class Driver:
    """A run in a process of its own, whose events are read as they come."""

    def __init__(self, cluster: Cluster, config: Path, *arguments: str, impatient: bool = False) -> None:
        self.events = config.with_suffix(f".{time.monotonic_ns()}.jsonl")
        self.log = self.events.with_suffix(".log")
        program = ["-c", _IMPATIENT] if impatient else ["-m", "manyo.pipelines"]
        command = [sys.executable, *program, "run", "--executor", "ray", "--config", str(config)]
        command += ["--events", str(self.events), *arguments]
        with self.log.open("wb") as stream:
            self.process = subprocess.Popen(
                command, env=cluster.environment, cwd=ROOT, stdout=stream, stderr=stream, start_new_session=True
            )

    def wait_for(self, n_tasks: int) -> bool:
        """Wait until `n_tasks` tasks have ended; returns False if the run ended before."""
        while self.process.poll() is None:
            if self.events.exists() and self.events.read_bytes().count(b'"task_') >= n_tasks:
                return True
            time.sleep(0.1)
        return False

    def finish(self, timeout_s: float = 900) -> int:
        """Exit status of the run."""
        try:
            return self.process.wait(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            raise Failed(f"the run stood still for {timeout_s:.0f} s: {self.said()}") from error

    def said(self) -> str:
        """The last line that it printed."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


def _finish(driver: Driver) -> None:
    status = driver.finish()
    if status:
        raise Failed(f"exit status {status}: {driver.said()}")


def _same(bench: Bench, out: Path) -> str:
    made = data_files(out)
    if made != bench.undisturbed:
        differ = sorted(path for path in made.keys() ^ bench.undisturbed.keys())
        differ += sorted(
            path for path in made.keys() & bench.undisturbed.keys() if made[path] != bench.undisturbed[path]
        )
        raise Failed(f"{len(differ)} files differ, the first is {differ[0]}")
    left = list(out.rglob(".partial"))
    if left:
        raise Failed(f"{left[0]} was left behind")
    return "same bytes"


# The faults: each gives how often it was injected, and the outcome


def kill_workers(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """SIGKILL of random workers."""
    out = bench.folder / "kill_workers"
    driver = Driver(cluster, bench.config("kill_workers", str(out)))
    killed = 0
    driver.wait_for(1)
    while driver.process.poll() is None and killed < 10:
        workers = cluster.workers()
        killed += bool(workers) and _kill(random.choice(workers))
        time.sleep(2)
    _finish(driver)
    return f"{killed} workers", _same(bench, out)


def kill_raylet(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """SIGKILL of a node: its raylet, its workers, its agents."""
    out = bench.folder / "kill_raylet"
    driver = Driver(cluster, bench.config("kill_raylet", str(out)))
    killed = []
    for name, n_tasks in zip(("left", "right"), _AFTER_TASKS, strict=False):
        if driver.wait_for(n_tasks):
            killed.append(cluster.kill(name))
        cluster.start()
    _finish(driver)
    named = {one.node for one in read_lost_nodes(str(out))}
    if not named or not all(re.match(r"127\.0\.0\.\d \([0-9a-f]{8}\)", one) for one in named):
        raise Failed(f"the lost nodes are named {sorted(named)}")
    found = f"status names {len(named)} of them"
    return f"{len(killed)} nodes of {' and '.join(map(str, killed))} processes; {found}", _same(bench, out)


def kill_driver(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """SIGKILL of the driver; the same command again."""
    out = bench.folder / "kill_driver"
    config = bench.config("kill_driver", str(out))
    killed = 0
    for n_tasks in _AFTER_TASKS:
        driver = Driver(cluster, config)
        if driver.wait_for(n_tasks):
            killed += _kill(driver.process.pid)
        driver.process.wait()
    _finish(Driver(cluster, config))
    return f"{killed} times", _same(bench, out)


def kill_head(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """SIGKILL of the head and the nodes that lose it; a new cluster, after a while or at once. The command goes on."""
    took = []
    for n_tasks, wait_s in zip(_AFTER_TASKS, (15.0, 0.0), strict=False):
        out = bench.folder / f"kill_head_{len(took)}"
        driver = Driver(cluster, bench.config(out.name, str(out)))
        if not driver.wait_for(n_tasks):
            raise Failed(f"the run ended before the head was killed: {driver.said()}")
        started = time.monotonic()
        for name in list(cluster.nodes):
            cluster.kill(name)
        time.sleep(wait_s)
        cluster.start()
        _finish(driver)
        took.append(f"{time.monotonic() - started:.0f} s")
        same = _same(bench, out)
    return f"{len(took)} times; the same command ended {' and '.join(took)} later with status 0", same


def fill_disk(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """A full disk; more room, and the same command again."""
    disk = bench.folder / "disk"
    disk.mkdir()
    sizes = [sum(map(len, bench.undisturbed.values())) // 4, sum(map(len, bench.undisturbed.values())) * 4]
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={sizes[0]}", "tmpfs", str(disk)], check=True)
    try:
        config = bench.config("fill_disk", str(disk / "out"))
        driver = Driver(cluster, config)
        status = driver.finish()
        if status != 1 or "disk full" not in driver.said():
            raise Failed(f"exit status {status}: {driver.said()}")
        subprocess.run(["mount", "-o", f"remount,size={sizes[1]}", str(disk)], check=True)
        _finish(Driver(cluster, config))
        return f"once; {driver.said().rpartition(': ')[2]}", _same(bench, disk / "out")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def freeze_workers(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """A task that hangs: its worker is stopped by SIGSTOP, and is never heard of again."""
    out = bench.folder / "freeze_workers"
    driver = Driver(cluster, bench.config("freeze_workers", str(out)), impatient=True)
    frozen: list[int] = []
    driver.wait_for(1)
    while driver.process.poll() is None and len(frozen) < 2:
        frozen += (
            [pid for pid in random.sample(cluster.workers(), 1) if _kill(pid, signal.SIGSTOP)]
            if cluster.workers()
            else []
        )
        time.sleep(_HANG_S)
    _finish(driver)
    gone = sum(not _command(pid) for pid in frozen)
    return f"{len(frozen)} workers, {gone} of which are gone at the end", _same(bench, out)


def segfault_record(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """A record that segfaults its parser."""
    return _poisoned(bench, cluster, "segfault")


def hang_record(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """A record on which its parser stands still."""
    return _poisoned(bench, cluster, "hang")


def _poisoned(bench: Bench, cluster: Cluster, kind: str) -> tuple[str, str]:
    name = f"{kind}_record"
    out = bench.folder / name
    before = _rows(bench.folder / "undisturbed", "documents")
    victim = sorted(before.items())[len(before) // 2][1]
    for node in list(cluster.nodes):
        cluster.kill(node)
    cluster.environment["MANYO_POISON"] = f"{kind} {victim['uri']}"
    cluster.start()
    try:
        config = bench.config(name, str(out), record_timeout_s=5.0)
        _finish(Driver(cluster, config, "--until", "extract"))
    finally:
        for node in list(cluster.nodes):
            cluster.kill(node)
        del cluster.environment["MANYO_POISON"]
        cluster.start()
    hit = {key for key, row in before.items() if row["uri"] == victim["uri"]}
    refused_before, refused = _rows(bench.folder / "undisturbed", "refused"), _rows(out, "refused")
    documents = _rows(out, "documents")
    if documents != {key: row for key, row in before.items() if key not in hit}:
        raise Failed("another document than that of the record differs")
    if {key: row for key, row in refused.items() if key not in hit} != refused_before:
        raise Failed("another refused page than that of the record differs")
    named = [refused[key] for key in hit]
    for row in named:
        if (row["reason"], row["origin_file"]) != ("quarantined", victim["origin_file"]) or row["origin_offset"] < 0:
            raise Failed(f"the record is named as {row}")
    archive = Path(named[0]["origin_file"]).name
    return (
        f"{len(hit)} record",
        f"quarantined at {archive}@{named[0]['origin_offset']}: {named[0]['detail']}; every other row the same",
    )


def _rows(out: Path, table: str) -> dict[bytes, dict[str, Any]]:
    paths = sorted(out.glob(f"extract-*/{table}/**/*.parquet"))
    rows = pa.concat_tables([pq.read_table(path) for path in paths]).to_pylist()
    return {row["doc_id"]: row for row in rows}


def fail_storage(bench: Bench, cluster: Cluster) -> tuple[str, str]:
    """Inputs and outputs on S3, of whose answers 4 % are 503 and 1 % break off."""
    import s3fs

    faults = Faults()
    with s3_server() as port, proxy(port, faults) as url:
        keys = S3_KEYS | {"AWS_ENDPOINT_URL": url}
        os.environ.update(keys)
        for node in list(cluster.nodes):
            cluster.kill(node)
        cluster.environment.update(keys)
        cluster.start()
        fs = s3fs.S3FileSystem(use_listings_cache=False)
        for bucket in ("crawl", "corpus"):
            fs.makedirs(bucket)
        for path in sorted((bench.folder / "crawl").iterdir()):
            fs.put_file(str(path), f"crawl/{path.name}")
        faults.unavailable, faults.cut = 0.04, 0.01
        _finish(Driver(cluster, bench.config("fail_storage", "s3://corpus/out", "s3://crawl"), "--until", "scrub"))
        faults.unavailable = faults.cut = 0.0
        out = bench.folder / "fail_storage"
        for path in fs.find("corpus/out"):
            target = out / path.removeprefix("corpus/out/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(fs.cat_file(path))
    # Offsets are the same, addresses of the archives are not: rows are compared without them.
    for table in ("documents", "refused"):
        here, there = _rows(bench.folder / "undisturbed", table), _rows(out, table)
        if _without_origin(here) != _without_origin(there):
            raise Failed(f"{table} differs")
    return (
        f"{sum(faults.injected.values())} of {len(faults.requests):,} requests",
        "same rows of every document and refusal",
    )


def _without_origin(rows: dict[bytes, dict[str, Any]]) -> dict[bytes, dict[str, Any]]:
    return {key: {name: value for name, value in row.items() if name != "origin_file"} for key, row in rows.items()}


FAULTS: tuple[Callable[[Bench, Cluster], tuple[str, str]], ...] = (
    kill_workers,
    kill_raylet,
    kill_driver,
    kill_head,
    fill_disk,
    freeze_workers,
    segfault_record,
    hang_record,
    fail_storage,
)


def cut_archives(data: Path, folder: Path, n_records: int = _RECORDS_PER_ARCHIVE) -> None:
    """The first pages of the mixed and the Japanese archive, as twelve archives of so many records."""
    folder.mkdir()
    names = count()
    for path in (data / "web" / "mixed-000.warc.gz", data / "web" / "japanese-000.warc.gz"):
        whole = path.read_bytes()
        with path.open("rb") as stream:
            starts = [record.stream_pos for record in ArchiveIterator(stream, parse_http=False)]
        cuts = [*starts[::n_records], len(whole)]
        for start, end in islice(pairwise(cuts), _ARCHIVES // 2):
            (folder / f"{next(names):02d}.warc.gz").write_bytes(whole[start:end])


@contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder for this bench alone."""
    with tempfile.TemporaryDirectory(prefix="manyo-faults-") as folder:
        yield Path(folder)


def main(names: list[str]) -> int:
    """Inject the faults that are named, or all; returns the exit status."""
    data = Path(os.environ.get("MANYO_DATA") or sys.exit("MANYO_DATA is not set: no real data to run over"))
    chosen = [fault for fault in FAULTS if not names or fault.__name__ in names]
    failed = 0
    with bench_folder() as folder:
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(_POISON, encoding="utf-8")
        cut_archives(data, folder / "crawl")
        bench = Bench(folder, data / "tokenizer" / "llm-jp-tokenizer-100k.ver3.1.model")
        undisturbed = bench.config("undisturbed", str(folder / "undisturbed"))
        command = [sys.executable, "-m", "manyo.pipelines", "run", "--executor", "serial", "--config", str(undisturbed)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        bench.undisturbed = data_files(folder / "undisturbed")
        print("| fault | injected | outcome | seconds |\n|---|---|---|---|", flush=True)
        cluster = Cluster(folder)
        try:
            for fault in chosen:
                started = time.monotonic()
                try:
                    cluster.start()
                    injected, outcome = fault(bench, cluster)
                except Failed as error:
                    failed += 1
                    injected, outcome = "", f"FAILED: {error}"
                seconds = time.monotonic() - started
                meaning = (fault.__doc__ or "").strip().rstrip(".")
                print(f"| {meaning} | {injected} | {outcome} | {seconds:.0f} |", flush=True)
        finally:
            cluster.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
