"""What happens to files and owners without a sound, done to real runs.

`python -m tests.pipelines.quiet_faults [FAULT …]`; `make faults` runs it after the faults of clusters. Each fault ends
in the bytes of an undisturbed run, or in one line that names the file or the owner. A table is printed. It needs Linux
and MANYO_DATA and takes some ten minutes on two idle cores.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manyo.corpus.tables.ownership import OWNER_FILE
from manyo.corpus.tables.pieces import PACKED_BYTES, piece_at
from manyo.corpus.tables.shards import DamagedShard, read_batches, read_columns, read_parts
from manyo.pipelines.engine.manifest import OutputFile, read_again, read_manifests
from manyo.pipelines.engine.sealed_json import NotSealed, open_json
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from manyo.tokenizer.pack import NpyStream
from tests.conftest import ROOT, data_files
from tests.faulty_server import S3_KEYS, s3_server
from tests.pipelines.faults import cut_archives

#: Flips of one bit in each table.
_FLIPS = 200

#: Pages of each of the three archives: every table has rows, and a run takes seconds.
_RECORDS = 120

_CONFIG = """
[run]
out = "{out}"

[[source]]
name = "cc"
kind = "warc"
inputs = ["{inputs}/*.warc.gz"]
profile = "web"
licence = "see the page"

[dedup]
within_sources = true
parts = 2
boilerplate = {{}}

[decontaminate]
[[decontaminate.benchmark]]
name = "b"
files = ["{benchmark}"]
fields = ["q"]

[tokenize]
model = "{model}"
shuffle = {{ seed = 1, parts = 2 }}
"""

#: The last task of a stage stops its own process before it writes, so that something can be done meanwhile.
_STOPPING = """
import os, signal, sys
from manyo.pipelines.engine import run_stage
work = run_stage._run_task
seen = set()
def stopping(task):
    if task.stage == {stage!r} and task.shard not in seen:
        seen.add(task.shard)
        os.kill(os.getpid(), signal.SIGSTOP)
    return work(task)
run_stage._run_task = stopping
from manyo.pipelines.cli import main
sys.exit(main(sys.argv[1:]))
"""


class Failed(Exception):
    """A fault that was not noticed; the message says how."""


@dataclass
class Bench:
    """A finished run over real pages, what it read, and a folder for each fault."""

    folder: Path
    undisturbed: dict[str, bytes]

    def config(self, name: str, out: str = "") -> Path:
        """Write a configuration with its own inputs, model and benchmark, which a fault may change."""
        own = self.folder / name
        if not own.exists():
            own.mkdir()
            for file in ("a.model", "b.jsonl"):
                shutil.copy2(self.folder / file, own / file)
        path = own / "config.toml"
        # The archives are named in the tables: every run reads them at the same place.
        values = {"out": out or own / "out", "inputs": self.folder / "crawl"}
        path.write_text(_CONFIG.format(**values, model=own / "a.model", benchmark=own / "b.jsonl"), encoding="utf-8")
        return path

    def copy(self, name: str) -> tuple[Path, Path]:
        """Configuration and output of a copy of the undisturbed run."""
        config = self.config(name)
        out = Path(shutil.copytree(self.folder / "undisturbed" / "out", self.folder / name / "out"))
        return config, out

    def same(self, out: Path) -> str:
        """Compare an output with that of the undisturbed run."""
        made = without_settings(data_files(out))
        if made != self.undisturbed:
            differ = sorted(
                name for name in made.keys() | self.undisturbed.keys() if made.get(name) != self.undisturbed.get(name)
            )
            raise Failed(f"{len(differ)} files differ, the first is {differ[0]}")
        if left := list(out.rglob(".partial")):
            raise Failed(f"{left[0]} was left behind")
        return "same bytes"


def without_settings(files: dict[str, bytes]) -> dict[str, bytes]:
    """Files by stage and path: settings name the paths of models, and fingerprints follow from them."""
    found = {}
    for name, content in files.items():
        stage, _, path = name.partition("/")
        if path != "stage.json" and not name.startswith("takedowns/"):
            found[f"{stage.rpartition('-')[0]}/{path}"] = content
    return found


def manyo(config: Path, *arguments: str, program: str = "", **variables: str) -> subprocess.Popen[str]:
    """Start a command, serial where it runs stages."""
    start = ["-c", program] if program else ["-m", "manyo.pipelines"]
    stages = ["--executor", "serial"] if arguments[0] in ("run", "takedown") else []
    return subprocess.Popen(
        [sys.executable, *start, *arguments, "--config", str(config), *stages],
        cwd=ROOT,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Exit status and the last line of what a command said on standard error."""
    try:
        _, said = process.communicate(timeout=600)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise Failed("it stands still") from error
    if "Traceback" in said:
        raise Failed(f"a traceback: {said.strip().splitlines()[-1]}")
    return process.returncode, said.strip().splitlines()[-1] if said.strip() else ""


def succeeds(process: subprocess.Popen[str]) -> None:
    """Wait for a command that must succeed."""
    status, said = ended(process)
    if status:
        raise Failed(f"exit status {status}: {said}")


def stop_in(stage: str, config: Path, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    """Start a run and wait until it stands still in a stage."""
    process = manyo(config, "run", *arguments, program=_STOPPING.format(stage=stage), **variables)
    _wait_for_stop(process)
    return process


def _wait_for_stop(process: subprocess.Popen[str]) -> bool:
    """Wait until a process stops; returns False if it ended instead."""
    while process.poll() is None:
        state = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
        if state.split()[0] == "T":
            return True
        time.sleep(0.05)
    return False


def go_on(process: subprocess.Popen[str]) -> None:
    """Let a stopped run continue, through every further stop."""
    process.send_signal(signal.SIGCONT)
    time.sleep(0.2)
    while _wait_for_stop(process):
        process.send_signal(signal.SIGCONT)
        time.sleep(0.2)


def stages_of(config: Path) -> list[AnyStage]:
    """The stages of a configuration."""
    return list(build_stages(load_config(str(config))))


# The faults: each gives how often it was injected, and the outcome


def flip_bits(bench: Bench) -> tuple[str, str]:
    """200 flipped bits in every table, read by its reader or by verify"""
    config, out = bench.copy("flip_bits")
    draw = random.Random(1)
    n_tables = n_flips = 0
    for stage in stages_of(config.parent.parent / "undisturbed" / "config.toml"):
        folder = str(out / stage.folder_name)
        manifest = max(read_manifests(folder).values(), key=lambda one: one.bytes_written)
        for output in manifest.outputs:
            path = Path(folder) / output.path
            whole = path.read_bytes()
            if not whole:
                continue
            n_tables += 1
            for _ in range(_FLIPS):
                damaged = bytearray(whole)
                damaged[draw.randrange(len(whole))] ^= 1 << draw.randrange(8)
                path.write_bytes(damaged)
                if not _is_noticed(folder, output):
                    raise Failed(f"{stage.name}: a flipped bit in {output.path} is not noticed")
                n_flips += 1
            path.write_bytes(whole)
    return f"{n_flips:,} in {n_tables} tables", "each noticed, with its file"


def _is_noticed(folder: str, output: OutputFile) -> bool:
    """Whether the reader of a table refuses it; files of other formats are compared with their manifest."""
    uri = f"{folder}/{output.path}"
    try:
        if uri.endswith(".parquet"):
            list(read_batches(uri))
        elif uri.endswith(".arrow"):
            list(read_parts(uri))
        elif "/encoded/" in uri:
            with NpyStream.open(uri) as ids:
                ids.read(0, ids.tokens)
        elif "statistics/" in uri:
            open_json(Path(uri).read_bytes())
        else:
            return read_again(folder, output) is not None
    except (DamagedShard, NotSealed):
        return True
    return False


def damage_tables(bench: Bench) -> tuple[str, str]:
    """A flipped bit in each table that a later stage reads, all later stages undone, and the run again"""
    config, out = bench.copy("damage_tables")
    draw = random.Random(2)
    shutil.rmtree(bench.folder / "damage_tables" / "out")
    undisturbed = bench.folder / "undisturbed"
    stages = stages_of(undisturbed / "config.toml")
    read = {needed.name for stage in stages for needed in stage.needs}
    n_runs = 0
    for number, stage in enumerate(stages):
        if stage.name not in read:
            continue
        shutil.copytree(undisturbed / "out", out)
        for later in stages[number + 1 :]:
            shutil.rmtree(out / later.folder_name)
        for manifest in read_manifests(str(out / stage.folder_name)).values():
            for output in manifest.outputs:
                _flip_where_read(out / stage.folder_name / output.path, bytes.fromhex(output.pieces), draw)
        succeeds(manyo(undisturbed / "config.toml", "run", "--out", str(out)))
        bench.same(out)
        shutil.rmtree(out)
        n_runs += 1
    del config
    return f"every file of {n_runs} stages", "made again: same bytes"


def _flip_where_read(path: Path, packed: bytes, draw: random.Random) -> None:
    """Flip a bit anywhere in a file; in one that is dealt, in a piece that has rows, since others are not read."""
    if not packed:
        _flip(path, draw)
        return
    pieces = [piece_at(packed, part) for part in range(len(packed) // PACKED_BYTES)]
    read = [piece for piece in pieces if piece.size_bytes]
    if read:
        piece = draw.choice(read)
        content = bytearray(path.read_bytes())
        content[piece.start + draw.randrange(piece.size_bytes)] ^= 1 << draw.randrange(8)
        path.write_bytes(content)


def _flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    if content:
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(content)


def spoil_manifests(bench: Bench) -> tuple[str, str]:
    """Manifests and descriptions emptied, cut, of zeros, of an older and a newer version, not UTF-8"""
    _, out = bench.copy("spoil_manifests")
    config = bench.folder / "undisturbed" / "config.toml"
    draw = random.Random(3)
    paths = sorted(path for path in out.rglob("manifests/**/*.json") if path != out / OWNER_FILE)
    spoilt = [path for path in paths if draw.random() < 0.5] + sorted(out.glob("*/stage.json"))
    for path in spoilt:
        whole = path.read_bytes()
        older = {name: value for name, value in json.loads(whole).items() if name not in ("format", "checksum")}
        kinds = [b"", whole[: len(whole) // 2], b"\0" * len(whole), json.dumps(older).encode(), b"\xff" + whole, b"[]"]
        path.write_bytes(draw.choice(kinds))
    succeeds(manyo(config, "run", "--out", str(out)))
    return f"{len(spoilt)} files", bench.same(out)


def two_runs(bench: Bench) -> tuple[str, str]:
    """Two runs on one output at the same time, five times"""
    refused = 0
    for number in range(5):
        config = bench.config(f"two_runs_{number}")
        out = bench.folder / f"two_runs_{number}" / "out"
        for status, said in map(ended, [manyo(config, "run") for _ in range(2)]):
            if status and "owns this output" not in said:
                raise Failed(f"exit status {status}: {said}")
            refused += status != 0
        outcome = bench.same(out)
    return f"10 runs, {refused} of which were told who owns the output, the others waited", outcome


def _document_ids(out: Path) -> list[bytes]:
    return [doc_id for path in sorted(out.glob("release-*/release/**/*.parquet")) for doc_id in _ids(str(path))]


def _ids(uri: str) -> list[bytes]:
    ids: list[bytes] = read_columns(uri, ["doc_id"]).column("doc_id").to_pylist()
    return ids


def take_down_during_a_run(bench: Bench) -> tuple[str, str]:
    """A takedown while the run stands still in release (SIGSTOP), which then goes on"""
    config = bench.config("take_down_during_a_run")
    out = bench.folder / "take_down_during_a_run" / "out"
    victim = _document_ids(bench.folder / "undisturbed" / "out")[0]
    request = config.with_name("list.txt")
    request.write_text(victim.hex() + "\n", encoding="utf-8")
    run = stop_in("release", config)
    status, said = ended(manyo(config, "takedown", str(request)))
    if status != 1 or "owns this output; the requests are recorded" not in said:
        raise Failed(f"exit status {status}: {said}")
    go_on(run)
    succeeds(run)
    if victim in _document_ids(out):
        raise Failed("the document is in the release")
    return "once", f"one line ({said.rpartition(': ')[2]}); the run applied it"


def take_down_at_once(bench: Bench) -> tuple[str, str]:
    """16 takedowns at the same time"""
    _, out = bench.copy("take_down_at_once")
    config = bench.folder / "undisturbed" / "config.toml"
    victims = _document_ids(out)[:16]
    requests = []
    for number, victim in enumerate(victims):
        request = out.parent / f"{number}.txt"
        request.write_text(victim.hex() + "\n", encoding="utf-8")
        requests.append(manyo(config, "takedown", str(request), "--out", str(out)))
    ends = list(map(ended, requests))
    if wrong := [said for status, said in ends if status and "owns this output" not in said]:
        raise Failed(wrong[0])
    succeeds(manyo(config, "run", "--out", str(out)))
    if left := set(victims) & set(_document_ids(out)):
        raise Failed(f"{len(left)} of {len(victims)} documents are in the release")
    refused = sum(status != 0 for status, _ in ends)
    return f"{len(victims)} requests, {refused} told to wait", "all documents are gone"


def swap_files(bench: Bench) -> tuple[str, str]:
    """Tokenizer and benchmark replaced in the middle of their stage, then put back"""
    lines = []
    for stage, file in (("encode", "a.model"), ("decontaminate", "b.jsonl")):
        config = bench.config(f"swap_{stage}")
        path = config.with_name(file)
        whole = path.read_bytes()
        run = stop_in(stage, config)
        path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if stage == "encode" else whole + whole)
        go_on(run)
        status, said = ended(run)
        if status != 1 or str(path) not in said:
            raise Failed(f"exit status {status}: {said}")
        path.write_bytes(whole)
        succeeds(manyo(config, "run"))
        bench.same(config.with_name("out"))
        lines.append(stage)
    return f"in {' and '.join(lines)}", "one line that names the file; with the file back: same bytes"


def change_inputs(bench: Bench) -> tuple[str, str]:
    """An archive cut, grown, replaced, and put back with its old time, between plan and read"""
    victim = sorted((bench.folder / "crawl").iterdir())[0]
    whole, status_before = victim.read_bytes(), victim.stat()
    changes: dict[str, Callable[[], object]] = {
        "cut": lambda: victim.write_bytes(whole[:-1000]),
        "grown": lambda: victim.write_bytes(whole + whole[:1000]),
        "replaced": lambda: victim.write_bytes(whole),
        "put back": lambda: (
            victim.write_bytes(whole),
            os.utime(victim, ns=(status_before.st_atime_ns, status_before.st_mtime_ns)),
        ),
    }
    for name, change in changes.items():
        config = bench.config(f"change_{name}")
        run = stop_in("extract", config)
        change()
        go_on(run)
        status, said = ended(run)
        if status != 1 or str(victim) not in said:
            raise Failed(f"{name}: exit status {status}: {said}")
        victim.write_bytes(whole)
        os.utime(victim, ns=(status_before.st_atime_ns, status_before.st_mtime_ns))
        succeeds(manyo(config, "run"))
        bench.same(config.with_name("out"))
    return f"{len(changes)} ways", "one line that names the file; then the same bytes"


def take_down_during_a_run_on_s3(bench: Bench) -> tuple[str, str]:
    """The same with the output on S3, once known to live, once given up as silent on another machine"""
    import s3fs

    with s3_server() as port:
        os.environ.update(S3_KEYS | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"})
        fs = s3fs.S3FileSystem(use_listings_cache=False)
        fs.makedirs("corpus")
        victim = _document_ids(bench.folder / "undisturbed" / "out")[0]
        for name in ("lives", "silent"):
            config = bench.config(f"s3_{name}", f"s3://corpus/{name}")
            request = config.with_name("list.txt")
            request.write_text(victim.hex() + "\n", encoding="utf-8")
            run = stop_in("release", config, "--until", "scrub")
            if name == "silent":
                owner = f"corpus/{name}/{OWNER_FILE}"
                fs.pipe_file(
                    owner, json.dumps(json.loads(fs.cat_file(owner)) | {"machine": "x", "alive_at": 0}).encode()
                )
                succeeds(manyo(config, "run", "--until", "scrub"))
                succeeds(manyo(config, "takedown", str(request)))
            else:
                status, said = ended(manyo(config, "takedown", str(request)))
                if status != 1 or "owns this output" not in said:
                    raise Failed(f"exit status {status}: {said}")
            time.sleep(11)  # what a writer has seen of the owner holds for ten seconds
            go_on(run)
            status, said = ended(run)
            if (status, "does not own" in said) != ((1, True) if name == "silent" else (0, False)):
                raise Failed(f"{name}: exit status {status}: {said}")
            released = [path for path in fs.find(f"corpus/{name}") if "/release/" in path]
            if not released or victim in [doc_id for path in released for doc_id in _ids(f"s3://{path}")]:
                raise Failed(f"{name}: the document is in the release")
    return "twice", "applied by the run; or the run that woke up wrote nothing and said why"


def cut_power(_: Bench) -> tuple[str, str]:
    """Power cut after every call that reaches the disk (tests/pipelines/test_power_cut.py)"""
    tests = [sys.executable, "-m", "pytest", "-q", "tests/pipelines/test_power_cut.py"]
    done = subprocess.run(tests, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(done.stdout.strip().splitlines()[-1])
    return "at every sync and rename", "same bytes"


FAULTS: tuple[Callable[[Bench], tuple[str, str]], ...] = (
    flip_bits,
    damage_tables,
    spoil_manifests,
    two_runs,
    take_down_during_a_run,
    take_down_during_a_run_on_s3,
    take_down_at_once,
    swap_files,
    change_inputs,
    cut_power,
)


def prepare(data: Path, folder: Path) -> Bench:
    """Archives of real pages, a model and a benchmark, and an undisturbed run over them."""
    cut_archives(data, folder / "all", _RECORDS)
    (folder / "crawl").mkdir()
    for path in sorted((folder / "all").iterdir())[::4]:
        shutil.move(path, folder / "crawl" / path.name)
    shutil.rmtree(folder / "all")
    shutil.copy(data / "tokenizer" / "llm-jp-tokenizer-100k.ver3.1.model", folder / "a.model")
    item: dict[str, Any] = {"q": "京都大学の創立は何年ですか。答えは千八百九十七年である。"}
    (folder / "b.jsonl").write_text(json.dumps(item, ensure_ascii=False) + "\n", encoding="utf-8")
    bench = Bench(folder, {})
    succeeds(manyo(bench.config("undisturbed"), "run"))
    bench.undisturbed = without_settings(data_files(folder / "undisturbed" / "out"))
    return bench


def main(names: list[str]) -> int:
    """Inject the faults that are named, or all; returns the exit status."""
    data = Path(os.environ.get("MANYO_DATA") or sys.exit("MANYO_DATA is not set: no real data to run over"))
    failed = 0
    with tempfile.TemporaryDirectory(prefix="manyo-quiet-") as folder:
        bench = prepare(data, Path(folder))
        print("| fault | injected | outcome | seconds |\n|---|---|---|---|", flush=True)
        for fault in FAULTS:
            if names and fault.__name__ not in names:
                continue
            started = time.monotonic()
            try:
                injected, outcome = fault(bench)
            except Failed as error:
                failed += 1
                injected, outcome = "", f"FAILED: {error}"
            meaning = (fault.__doc__ or "").strip()
            print(f"| {meaning} | {injected} | {outcome} | {time.monotonic() - started:.0f} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
