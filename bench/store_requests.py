"""What a run asks of an object store: a model, and the count of a real run on an S3 server next to it.

    python -m bench.store_requests [N_SHARDS]     # the model against a run of so many small shards (default: 200)

The model knows what opening a file, reading a piece and publishing a file cost. How often the tasks of a stage open
their inputs is not written down here: it is counted in a small run on the local disk. `bench.crawl` uses the model.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from manyo.corpus.tables.ownership import OWNER_FILE
from manyo.corpus.tables.range_reader import END_BYTES
from manyo.corpus.tables.storage import PART_BYTES, READ_BYTES, LocalFiles
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.input_lists import read_listed
from manyo.pipelines.engine.manifest import Manifest
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import PendingTasks, TaskFailure
from manyo.pipelines.engine.stage import AnyStage, AnyTask
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.extraction import isolation
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import run
from tests.faulty_server import Request, s3_clients, s3_server

#: An object store lists this many names in one request.
LISTED_AT_ONCE = 1000

_CONFIG = """
[run]
out = "{out}"

[[source]]
name = "text"
kind = "text"
inputs = ["{folder}/in/*.txt"]
profile = "prose"
licence = "CC0"
target_shard_bytes = 1

[dedup]
parts = 4
alarms.min_documents = 1000000
{dedup}

[tokenize.train]
vocabulary_size = 311
"""


@dataclass(slots=True)
class Reads:
    """How the tasks of a stage read a table: how often each file is opened, or read whole as a small one, or by pieces.

    Attributes:
        files: that the tasks had as inputs.
        opened, whole, pieces: calls.
    """

    files: int = 0
    opened: int = 0
    whole: int = 0
    pieces: int = 0


#: By stage and table.
ReadsOf = Mapping[tuple[str, str], Reads]


@dataclass(slots=True)
class Asked:
    """Requests and bytes, of one task or of many."""

    requests: Counter[str] = field(default_factory=Counter)
    bytes_read: int = 0
    bytes_written: int = 0

    def add(self, other: Asked) -> None:
        """Add those of another."""
        self.requests += other.requests
        self.bytes_read += other.bytes_read
        self.bytes_written += other.bytes_written

    def opened(self, size_bytes: int, times: float = 1) -> None:
        """A table is opened and read: its end, which comes with its size, and then from its start in ranges."""
        ranges = 1 if size_bytes <= END_BYTES else 1 + math.ceil(size_bytes / READ_BYTES)
        self.requests.update({"GET": ranges * times})
        self.bytes_read += round(times * (size_bytes if ranges == 1 else size_bytes + END_BYTES))

    def whole(self, size_bytes: int, times: float = 1) -> None:
        """A small file is read whole."""
        self.requests.update({"GET": times})
        self.bytes_read += round(times * size_bytes)

    def published(self, size_bytes: int) -> None:
        """A file is sent: by one request, or in parts, which one more begins and one more completes."""
        parts = 1 if size_bytes <= PART_BYTES else 2 + math.ceil(size_bytes / PART_BYTES)
        self.requests["PUT"] += parts
        self.bytes_written += size_bytes


def asked_by_task(
    task: AnyTask, written: Sequence[int], size_of: Callable[[StageTable, str], int], reads: ReadsOf
) -> Asked:
    """What one task asks for.

    Args:
        task: as its message has it.
        written: sizes of the files that it writes, its manifest last.
        size_of: size of a file of a table.
        reads: of the stages.
    """
    asked = Asked()
    inputs, pieces = dict(task.inputs), dict(task.pieces)
    for listed in task.lists.values():
        if listed.places.size_bytes:
            asked.requests["GET"] += 1
            asked.bytes_read += listed.places.size_bytes
    found = read_listed(task.lists)
    inputs |= found.uris
    pieces |= found.pieces
    for table, uris in inputs.items():
        how = reads.get((task.stage, table.name), Reads())
        if how.pieces:
            sizes = [piece.size_bytes for piece in pieces.get(table, ()) if piece.size_bytes]
            asked.requests["GET"] += len(sizes)
            asked.bytes_read += sum(sizes)
        for uri in uris if how.files and (how.opened or how.whole) else ():
            size_bytes = size_of(table, uri)
            if how.opened:
                asked.opened(size_bytes, how.opened / how.files)
            if how.whole:
                asked.whole(size_bytes, how.whole / how.files)
    for size_bytes in written:
        asked.published(size_bytes)
    # The owner's token is read before the first file appears.
    asked.whole(_OWNER_BYTES)
    if task.input_shard is not None:  # of tables that a child wrote the tag and the seal; and it looks at the owner
        asked.whole(_OWNER_BYTES)
        asked.requests.update({"HEAD": len(written) - 1})
        for size_bytes in written[:-1]:
            asked.whole(min(size_bytes, END_BYTES))
    return asked


#: Of the file that names the owner of an output (`manyo.corpus.tables.ownership`).
_OWNER_BYTES = 300


def asked_by_driver(n_files: int, manifests: Sequence[int], is_new: bool) -> Asked:
    """What the driver asks for in one stage: its description, which shards are finished, what is unexpected.

    Args:
        n_files: in the stage's folder, manifests included, when it looks.
        manifests: sizes of those that are there.
        is_new: whether it writes the stage's description first.
    """
    asked = Asked()
    asked.requests.update({"HEAD": 1, "GET": 0 if is_new else 1})
    if is_new:
        asked.published(500)
        asked.whole(_OWNER_BYTES)
    # A description that is not there is looked for as a folder, too.
    asked.requests["LIST"] += is_new + 2 * max(1, math.ceil(n_files / LISTED_AT_ONCE))
    asked.requests["GET"] += len(manifests)
    asked.bytes_read += sum(manifests)
    return asked


class Recording(Serial):
    """Runs tasks in this process, and keeps what they were given and what they wrote.

    Attributes:
        ran: each task and its manifest.
        reads: how often inputs were opened on the local disk; empty on an object store.
    """

    def __init__(self) -> None:
        self.ran: list[tuple[AnyTask, Manifest]] = []
        self.reads: defaultdict[tuple[str, str], Reads] = defaultdict(Reads)

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """See `manyo.pipelines.engine.run_stage.Executor`."""
        for task in tasks:
            inputs = {**task.inputs, **read_listed(task.lists).uris}
            tables = {uri: table.name for table, uris in inputs.items() for uri in uris}
            for table, uris in inputs.items():
                self.reads[stage.name, table.name].files += len(uris)
            with _noting(lambda path, kind, tables=tables: self._note(stage.name, tables.get(path), kind)):
                ((_, ended),) = super().run(stage, [task])  # type: ignore[arg-type]
            if isinstance(ended, Manifest):
                self.ran.append((task, ended))
            yield task, ended

    def _note(self, stage: str, table: str | None, kind: str) -> None:
        if table is not None:
            reads = self.reads[stage, table]
            setattr(reads, kind, getattr(reads, kind) + 1)


@contextmanager
def _noting(note: Callable[[str, str], None]) -> Iterator[None]:
    """Have every read of a local file noted, with what kind of read it is."""
    kinds = {"open_from_end": "opened", "cat_file": "whole", "read_range": "pieces"}
    real = {name: getattr(LocalFiles, name) for name in kinds}

    def noted(name: str) -> Callable[..., object]:
        def call(self: LocalFiles, path: str, *arguments: object) -> object:
            note(path, kinds[name])
            return real[name](self, path, *arguments)

        return call

    for name in kinds:
        setattr(LocalFiles, name, noted(name))
    try:
        yield
    finally:
        for name, method in real.items():
            setattr(LocalFiles, name, method)


def texts(folder: Path, n_files: int) -> None:
    """Write small Japanese texts, of which every third repeats another one."""
    (folder / "in").mkdir(parents=True, exist_ok=True)
    for number in range(n_files):
        places = [_PLACES[(number // 3 * 5 + at) % len(_PLACES)] for at in range(12)]
        lines = [
            f"{number // 3 * 7 + at}番目の{place}の前を、{at * 13 % 17}人の子供が歌いながら通った。"
            for at, place in enumerate(places)
        ]
        (folder / "in" / f"{number:05d}.txt").write_text("\n".join(lines), encoding="utf-8")


_PLACES = "家山川海寺店駅橋森畑町村城港島庭道池岩谷丘滝湖塔"


def count_reads(until: str, dedup: str = "") -> ReadsOf:
    """Count in a small run how often the tasks of each stage open their inputs.

    Args:
        until: the run's last stage.
        dedup: lines of the table `[dedup]`.
    """
    with tempfile.TemporaryDirectory() as folder:
        texts(Path(folder), 12)
        recording = _run(Path(folder), f"{folder}/out", until, Watcher(), dedup)
        return dict(recording.reads)


def _run(folder: Path, out: str, until: str, watcher: Watcher, dedup: str = "") -> Recording:
    config = folder / "run.toml"
    config.write_text(_CONFIG.format(out=out, folder=folder, dedup=dedup), encoding="utf-8")
    recording = Recording()
    run(load_config(str(config)), recording, watcher, until)
    return recording


def compare(n_shards: int, until: str = "dedup") -> None:
    """Print, for each stage, what the model says and what an S3 server counted."""
    import pytest

    reads = count_reads(until)
    requests: list[Request] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        pytest.MonkeyPatch.context() as patch,
        s3_server(requests) as port,
        s3_clients(f"http://127.0.0.1:{port}", patch, "corpus"),
    ):
        isolation._end_worker()  # the child of the small run knows nothing of this server
        texts(Path(folder), n_shards)
        started, cpu_started = time.perf_counter(), time.process_time()
        watcher = _Ends(requests)
        recording = _run(Path(folder), "s3://corpus/out", until, watcher)
        seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
        print(f"{n_shards} shards, {len(recording.ran)} tasks, {seconds:.0f} s, {cpu_seconds:.0f} s of processor time")
        sizes = {
            f"s3://corpus/out/{task.stage_folder.rsplit('/', 1)[-1]}/{output.path}": output.size_bytes
            for task, manifest in recording.ran
            for output in manifest.outputs
        }
        read_whole = {
            listed.uri: listed.names.size_bytes for task, _ in recording.ran for listed in task.lists.values()
        }
        read_whole[f"s3://corpus/out/{OWNER_FILE}"] = _OWNER_BYTES
        counted, bytes_counted = _counted(requests, watcher.n_requests, {**sizes, **read_whole})
        _print(_modelled(recording, sizes, reads), counted, bytes_counted)


def _modelled(recording: Recording, sizes: Mapping[str, int], reads: ReadsOf) -> dict[str, Asked]:
    modelled: defaultdict[str, Asked] = defaultdict(Asked)
    lists = set()
    for task, manifest in recording.ran:
        written = [*(output.size_bytes for output in manifest.outputs), 600]
        modelled[task.stage].add(asked_by_task(task, written, lambda _, uri: sizes[uri], reads))
        for listed in task.lists.values():
            if listed.uri not in lists:
                lists.add(listed.uri)
                names = Asked()
                names.published(listed.names.size_bytes)
                names.requests["GET"] += 1
                names.bytes_read += listed.names.size_bytes
                modelled[task.stage].add(names)
    for stage in list(modelled):
        modelled[stage].add(asked_by_driver(0, (), is_new=True))
    return modelled


def _counted(
    requests: Sequence[Request], ends: Mapping[str, int], sizes: Mapping[str, int]
) -> tuple[dict[str, Counter[str]], dict[str, int]]:
    """Requests by stage and method, and bytes that were read by stage.

    Args:
        requests: all, in order.
        ends: how many there were when the last task of each stage had ended.
        sizes: of files, by URI; what is read whole or from its end is asked for without knowing its size.
    """
    counted: defaultdict[str, Counter[str]] = defaultdict(Counter)
    bytes_counted: Counter[str] = Counter()
    begin = 0
    for stage, end in ends.items():
        for method, path, range_ in requests[begin:end]:
            kind = "LIST" if method == "GET" and "list-type" in path else "PUT" if method == "POST" else method
            counted[stage][kind] += 1
            if kind == "GET":
                size_bytes = sizes.get(f"s3:/{path.partition('?')[0]}", 0)
                first, _, last = range_.removeprefix("bytes=").partition("-")
                if first:
                    bytes_counted[stage] += int(last) - int(first) + 1
                else:
                    bytes_counted[stage] += min(int(last), size_bytes) if last else size_bytes
        begin = end
    return counted, bytes_counted


class _Ends(Watcher):
    """Notes how many requests there were when the last task of each stage ended."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.n_requests: dict[str, int] = {}
        self._requests = requests

    def on_end(self, task: AnyTask, ended: Manifest | TaskFailure) -> None:
        """See `Watcher`."""
        self.n_requests[task.stage] = len(self._requests)


def _print(
    modelled: Mapping[str, Asked], counted: Mapping[str, Mapping[str, int]], bytes_counted: Mapping[str, int]
) -> None:
    kinds = ("GET", "HEAD", "PUT", "LIST")
    head = " ".join(f"{kind:>15}" for kind in kinds)
    print(f"{'stage':14} {head} {'bytes read':>25}   model / counted")
    total: Counter[str] = Counter()
    for stage, asked in [*modelled.items(), ("all", None)]:
        cells = []
        for kind in kinds:
            model, real = (
                (asked.requests[kind], counted.get(stage, {}).get(kind, 0))
                if asked
                else (total[f"model {kind}"], total[kind])
            )
            total.update({f"model {kind}": model, kind: real} if asked else {})
            cells.append(f"{model:7.0f}/{real:<7d}")
        model, real = (
            (asked.bytes_read, bytes_counted.get(stage, 0)) if asked else (total["model bytes"], total["bytes"])
        )
        total.update({"model bytes": model, "bytes": real} if asked else {})
        print(f"{stage:14} {' '.join(cells)} {model:12,d}/{real:<12,d}")
    print(json.dumps(total))


if __name__ == "__main__":
    logging.getLogger("manyo").setLevel(logging.ERROR)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    compare(int(sys.argv[1]) if sys.argv[1:] else 200)
