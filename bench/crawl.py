"""What crawls ask of the driver and of an object store: the real plans and engine, with results that are made up.

    python -m bench.crawl N_CRAWLS ...     # default: 1 10; a crawl takes some 130,000 small files and 3 GB of disk
    python -m bench.crawl --same-address 1 # with one page of each address, one document in ten replaced

Nothing is fetched: the archives are names in lists, and tasks are not done. What tasks would write has the sizes that
were measured (`docs/dedup-scale.md`), as files without contents. So planning, digests, manifests, messages, lists and
finding that nothing is left to do are those of a run, and requests are counted by the model of `bench.store_requests`.
"""

from __future__ import annotations

import gzip
import logging
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

import numpy as np

from bench.store_requests import Asked, ReadsOf, asked_by_driver, asked_by_task, count_reads
from manyo.corpus.tables.pieces import PACKED_BYTES
from manyo.pipelines.engine.manifest import Manifest, OutputFile, manifest_uri
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import PendingTasks, TaskFailure
from manyo.pipelines.engine.sealed_json import seal_json
from manyo.pipelines.engine.stage import AnyStage, AnyTask
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import run

ARCHIVES = 90_000

#: Japanese documents of an archive, and its other pages, of which a pointer stays (150 million and 2.18 thousand
#: million of one crawl).
_DOCUMENTS, _REFUSED = 1667, 24_200

#: Bytes for each document of the tables, at 1,000 characters a document: measured where docs/dedup-scale.md has them,
#: for text 1.6 kB, for decisions and the like a share of 340 bytes together (decision 0001). Others are small.
_BYTES_A_DOCUMENT = {
    "documents": 1600, "languages": 60, "signals": 230, "decisions": 50, "signatures": 374, "keys": 608, "pairs": 51,
    "components": 6, "compared": 2131, "clusters": 30, "shard_clusters": 30, "duplicates": 22, "scrubbed": 1200,
    "addresses": 40, "superseded": 4, "stand_ins": 2, "compared_stand_ins": 2,
    "release": 1200, "encoded": 1200, "encoded_origins": 30, "bin": 1200, "provenance": 30,
}  # fmt: skip
_BYTES_A_REFUSED = 100
_BYTES_A_TABLE = 4_000
_STATISTICS_BYTES = 150_000

#: List prices of S3 in USD a million requests.
_PRICES = {"GET": 0.4, "HEAD": 0.4, "PUT": 5.0, "LIST": 5.0}

#: Of each stage so many tasks are looked at closely; the others count like them.
_LOOKED_AT = 40

_SOURCE = """
[[source]]
name = "crawl{number}"
kind = "warc"
inputs = ["{folder}/{number}.warc.paths.gz"]
paths_prefix = "s3://commoncrawl/"
profile = "web"
licence = "see the page"
"""


@dataclass(slots=True)
class StageLoad:
    """What one stage comes to.

    Attributes:
        tasks, objects: that it has, and writes with its manifests and lists.
        asked: of the object store.
        message_bytes: the largest.
        pieces: parts of dealt files that are read.
    """

    tasks: int = 0
    objects: int = 0
    asked: Asked = field(default_factory=Asked)
    message_bytes: int = 0
    pieces: int = 0

    def dollars(self) -> float:
        """Price of its requests."""
        return sum(self.asked.requests[kind] * price for kind, price in _PRICES.items()) / 1e6


class Imagined:
    """Says of every task that it was done, and leaves the files that a run would leave, empty but of their sizes."""

    def __init__(self, reads: ReadsOf) -> None:
        self.loads: defaultdict[str, StageLoad] = defaultdict(StageLoad)
        self.seconds = 0.0
        self._reads = reads
        self._documents: dict[str, int] = {}
        self._random = np.random.default_rng(7)

    def run(self, stage: AnyStage, tasks: PendingTasks) -> Iterator[tuple[AnyTask, Manifest | TaskFailure]]:
        """See `manyo.pipelines.engine.run_stage.Executor`."""
        load, step = self.loads[stage.name], max(1, len(tasks) // _LOOKED_AT)
        looked_at: list[Asked] = []
        for number, task in enumerate(tasks):
            started = time.perf_counter()
            manifest = self._done(task, len(tasks))
            load.tasks += 1
            load.objects += 1 + len(manifest.outputs)
            if number % step == 0:
                written = [*(output.size_bytes for output in manifest.outputs), 600]
                looked_at.append(asked_by_task(task, written, self._size_of, self._reads))
                load.message_bytes = max(load.message_bytes, len(pickle.dumps(task)))
            self.seconds += time.perf_counter() - started
            yield task, manifest
        for asked in looked_at:
            share = load.tasks / len(looked_at)
            load.asked.requests.update({kind: round(n * share) for kind, n in asked.requests.items()})
            load.asked.bytes_read += round(asked.bytes_read * share)
            load.asked.bytes_written += round(asked.bytes_written * share)

    def close(self) -> None:
        """Do nothing."""

    def _done(self, task: AnyTask, n_tasks: int) -> Manifest:
        if task.input_shard is not None:
            self._documents[task.shard] = _DOCUMENTS * len(task.input_shard.files)
        whole = sum(self._documents.values()) if task.shard not in self._documents else 0
        n_documents = self._documents.get(task.shard) or whole // n_tasks
        outputs = []
        for table, uri in task.outputs.items():
            pieces = ""
            if table.is_dealt:
                packed = self._pieces(table, n_documents, self._n_parts(task, table))
                pieces = packed.tobytes().hex()
            size_bytes = _size(table, n_documents)
            _leave(uri, b"", size_bytes)
            digest = self._random.bytes(16).hex()
            outputs.append(OutputFile(uri.removeprefix(task.stage_folder + "/"), size_bytes, digest, pieces, 1))
        n_counted = n_documents if task.input_shard or task.shard in self._documents else whole // n_tasks
        counts = {"documents": n_counted, "shingles": 1000 * n_counted, "survivors": n_counted, "kept": n_counted}
        counts |= {"token_places": 600 * n_counted, "tokens": 600 * n_counted, "records": n_counted}
        manifest = Manifest(task.shard, task.inputs_digest, tuple(outputs), counts, task.size_bytes, 1.0, 1.0, 1 << 30)
        # The fields of a manifest are of JSON's types; `asdict` would copy each.
        values = {one.name: getattr(manifest, one.name) for one in fields(manifest)}
        values["outputs"] = [{one.name: getattr(output, one.name) for one in fields(output)} for output in outputs]
        _leave(manifest_uri(task.stage_folder, task.shard), seal_json(values).encode())
        return manifest

    def _n_parts(self, task: AnyTask, table: StageTable) -> int:
        """Tables that are dealt back have a part for each shard, the others as many as the task was told."""
        back = table.name in ("pairs", "components", "superseded", "stand_ins") or table.name.endswith("shard_clusters")
        return len(self._documents) if back else task.n_parts

    def _pieces(self, table: StageTable, n_documents: int, n_parts: int) -> np.ndarray:
        packed = np.zeros(n_parts, np.dtype([("start", "<u8"), ("size", "<u8"), ("crc", "<u4")]))
        assert packed.itemsize == PACKED_BYTES
        mean = max(64, _BYTES_A_DOCUMENT[table.name] * n_documents // max(1, n_parts))
        packed["size"] = self._random.integers(mean // 2, 3 * mean // 2 + 1, n_parts)
        packed["start"] = np.cumsum(packed["size"]) - packed["size"]
        packed["crc"] = self._random.integers(0, 1 << 32, n_parts)
        return packed

    def _size_of(self, table: StageTable, uri: str) -> int:
        return Path(uri).stat().st_size


def _size(table: StageTable, n_documents: int) -> int:
    if table.name == "refused":
        return _BYTES_A_TABLE + n_documents * _REFUSED // _DOCUMENTS * _BYTES_A_REFUSED
    if table.name in ("statistics", "token_statistics"):
        return _STATISTICS_BYTES
    return _BYTES_A_TABLE + n_documents * _BYTES_A_DOCUMENT.get(table.name, 0)


def _leave(uri: str, content: bytes, size_bytes: int = 0) -> None:
    """Write a file, made longer by a hole."""
    folder, _, _ = uri.rpartition("/")
    if folder not in _made:
        Path(folder).mkdir(parents=True, exist_ok=True)
        _made.add(folder)
    file = os.open(uri, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.write(file, content)
    if size_bytes:
        os.ftruncate(file, size_bytes)
    os.close(file)


#: Folders that were made: making one again for each file takes as long as the file.
_made: set[str] = set()


class _Folders(Watcher):
    """Remembers the folder of each stage."""

    def __init__(self, out: str) -> None:
        self.of_stage: dict[str, Path] = {}
        self._out = out

    def on_start(self, stage: AnyStage, n_tasks: int, pending: PendingTasks) -> None:
        """See `Watcher`."""
        self.of_stage[stage.name] = Path(stage.folder(self._out))


def simulate(n_crawls: int, folder: Path, dedup: str) -> None:
    """Plan and run crawls without doing their tasks, and print what came up. A second run finds nothing to do."""
    config = folder / "run.toml"
    if not config.exists():
        for number in range(n_crawls):
            _list_archives(folder / f"{number}.warc.paths.gz", number)
        sources = "".join(_SOURCE.format(folder=folder, number=number) for number in range(n_crawls))
        tokenize = "[tokenize.train]\nvocabulary_size = 64000\n"
        config.write_text(f'[run]\nout = "{folder}/out"\n{sources}\n[dedup]\n{dedup}\n{tokenize}', encoding="utf-8")
        reads: ReadsOf = count_reads("report", dedup)
    else:
        reads = {}
    imagined, folders = Imagined(reads), _Folders(f"{folder}/out")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    run(load_config(str(config)), imagined, folders)
    seconds = time.perf_counter() - started - imagined.seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    driver = Asked()
    for stage, of_stage in folders.of_stage.items():
        files = [path for path in of_stage.rglob("*") if path.is_file()]
        manifests = [path.stat().st_size for path in files if "manifests" in path.parts]
        driver.add(asked_by_driver(len(files), manifests, is_new=False))
        if stage in imagined.loads:
            lists = [path.stat().st_size for path in files if "lists" in path.parts]
            imagined.loads[stage].objects += len(lists)
            for size_bytes in lists:
                imagined.loads[stage].asked.published(size_bytes)
    if imagined.loads:
        print(f"\n{n_crawls} crawls of {ARCHIVES:,} archives", flush=True)
        _print(imagined.loads)
    what = "planning and accounting" if imagined.loads else "nothing to do"
    print(
        f"{what}: {seconds:.0f} s, driver {before / 1e3:.0f} MB at its start and {peak / 1e3:.0f} MB at most;", end=" "
    )
    n_requests = sum(driver.requests.values())
    print(
        f"to find what is finished on S3: {n_requests:,.0f} requests, {n_requests / 1000:.0f} s at 1,000 a second, "
        f"{driver.bytes_read / 1e9:.1f} GB",
        flush=True,
    )


def _print(loads: Mapping[str, StageLoad]) -> None:
    print(
        f"{'stage':18}{'tasks':>8}{'objects':>10}{'GET':>12}{'HEAD':>11}{'PUT':>11}{'read':>10}{'written':>10}", end=""
    )
    print(f"{'message':>9}{'USD':>8}")
    total = StageLoad()
    for stage, load in [*loads.items(), ("all", total)]:
        asked = load.asked
        cells = "".join(f"{asked.requests[kind]:{width},}" for kind, width in (("GET", 12), ("HEAD", 11), ("PUT", 11)))
        print(f"{stage:18}{load.tasks:8,}{load.objects:10,}{cells}", end="")
        print(f"{asked.bytes_read / 1e9:8.0f}GB{asked.bytes_written / 1e9:8.0f}GB{load.message_bytes:9,}", end="")
        print(f"{load.dollars():8.2f}")
        total.tasks += load.tasks
        total.objects += load.objects
        total.message_bytes = max(total.message_bytes, load.message_bytes)
        total.asked.add(asked)


def _list_archives(path: Path, crawl: int) -> None:
    name = (
        f"crawl-data/CC-MAIN-2026-{crawl:02d}/segments/{{}}/warc/CC-MAIN-20260112042640-20260112072640-{{:05d}}.warc.gz"
    )
    lines = [name.format(f"17469904122{at % 100:02d}.65", at // 100) for at in range(ARCHIVES)]
    path.write_bytes(gzip.compress("\n".join(lines).encode(), 1))


_SAME_ADDRESS = "--same-address"


def main(arguments: list[str]) -> None:
    """Simulate each number of crawls, and then the same again, in processes of their own."""
    dedup = 'same_address = "newest"' if _SAME_ADDRESS in arguments else ""
    for number in [one for one in arguments if one != _SAME_ADDRESS] or ["1", "10"]:
        with tempfile.TemporaryDirectory(prefix="manyo-crawl-") as folder:
            for _ in range(2):
                subprocess.run([sys.executable, "-m", "bench.crawl", "--one", number, folder, dedup], check=True)


if __name__ == "__main__":
    logging.getLogger("manyo").setLevel(logging.ERROR)
    if sys.argv[1:2] == ["--one"]:
        simulate(int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])
    else:
        main(sys.argv[1:])
