"""Events and status agree with the manifests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.commands.status import run_status, stage_status
from manyo.pipelines.engine.lost_nodes import name_of, note_lost_node, read_lost_nodes
from manyo.pipelines.engine.manifest import Manifest
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun


def manifest(number: int, finished_at: float, seconds: float = 1.0) -> Manifest:
    return Manifest(f"s/{number}", "", (), {"records": 10}, 1000, seconds, finished_at, 0)


def shards_of(run: FinishedRun) -> set[str]:
    """Names of the run's documents shards."""
    folder = Path(table_folder(load_config(str(run.config), str(run.out)), "documents"))
    return {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.parquet")}


def test_rates_and_time_left_come_from_the_latest_shards(demo_run: FinishedRun) -> None:
    stage = build_stages(load_config(str(demo_run.config), str(demo_run.out)))[0]
    finished = [manifest(0, 1.0, seconds=99.0), *(manifest(number, 10_000.0 + number) for number in range(1, 5))]
    status = stage_status(stage, finished, 9, now=10_010.0)
    assert (status.done, status.shards) == (5, 9)
    assert status.records_per_second == pytest.approx(10.0)
    assert status.bytes_per_second == pytest.approx(1000.0)
    assert status.eta_s == pytest.approx(4.0)
    assert status.idle_s == pytest.approx(6.0)
    assert status.slowest[0] == ("s/0", 99.0)


def test_a_lost_node_is_shown_with_its_tasks_and_a_spoilt_list_of_them_is_none(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The words of Ray 2.
    said = (
        "Task failed because the node it was running on is dead or unavailable. Node IP: 10.0.0.{}, node ID: "
        "0123456789ab{}. This can happen if the node was preempted, had a hardware failure, or its raylet crashed."
    )
    for number, stage in ((3, "keys"), (4, "keys"), (3, "keys"), (3, "pairs")):
        note_lost_node(str(tmp_path), said.format(number, number), stage, 1000.0 + number)
    assert [(one.node, one.stage, one.tasks) for one in read_lost_nodes(str(tmp_path))] == [
        ("10.0.0.4 (01234567)", "keys", 1),
        ("10.0.0.3 (01234567)", "keys", 2),
        ("10.0.0.3 (01234567)", "pairs", 1),
    ]
    command = ["status", "--config", str(demo_run.config), "--out", str(tmp_path)]
    assert main(command) == 0
    assert "lost node 10.0.0.3 (01234567)" in capsys.readouterr().out
    (tmp_path / "manifests/lost_nodes.json").write_text('{"half', encoding="utf-8")
    assert main(command) == 0
    assert "lost node" not in capsys.readouterr().out


@pytest.mark.parametrize("message", ["", "\n", "it is gone\nand more"])
def test_a_node_that_ray_does_not_name_has_its_words(message: str) -> None:
    assert name_of(message) == (message.splitlines() or [""])[0] or name_of(message) == "unknown"


def test_a_finished_run_has_nothing_left(demo_run: FinishedRun) -> None:
    statuses = run_status(load_config(str(demo_run.config), str(demo_run.out)), now=0.0)
    assert all(status.done == status.shards and status.eta_s is None for status in statuses)


def test_a_run_that_has_not_begun_shows_only_the_number_of_its_inputs(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    n_shards = len(shards_of(demo_run))
    statuses = run_status(load_config(str(demo_run.config), str(tmp_path)), now=0.0)
    assert [(status.done, status.shards) for status in statuses[:2]] == [(0, n_shards), (0, None)]
    assert main(["status", "--config", str(demo_run.config), "--out", str(tmp_path)]) == 0
    assert f"0 of {n_shards}" in capsys.readouterr().out
    assert not list(tmp_path.iterdir()), "asking writes nothing"


def test_events_name_every_task_once_and_continue_in_the_same_file(demo_run: FinishedRun, tmp_path: Path) -> None:
    out, events = tmp_path / "out", tmp_path / "events.jsonl"
    shutil.copytree(demo_run.out, out)
    for lost in out.glob("langid-*/manifests/**/*.json"):
        lost.unlink()
    command = ["run", "--config", str(demo_run.config), "--out", str(out), "--until", "langid", "--events", str(events)]
    assert main([*command, "--executor", "serial"]) == 0
    lines = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    ended = [line for line in lines if line["event"] == "task_finished"]
    assert [line["done"] for line in ended] == list(range(1, len(shards_of(demo_run)) + 1))
    assert {line["stage"] for line in ended} == {"langid"}
    assert {line["shard"] for line in ended} == shards_of(demo_run)
    assert ended[-1]["eta_s"] == 0
    assert ended[-1]["slowest"][0]["seconds"] == max(line["seconds"] for line in ended)
    assert lines[-1] == {"event": "run_ended", "at": lines[-1]["at"], "error": None}
    assert main([*command, "--executor", "serial"]) == 0
    assert len(events.read_text(encoding="utf-8").splitlines()) > len(lines)
