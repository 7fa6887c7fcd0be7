"""Benchmark items in a run: they are found in kept documents, then flagged, masked, or cost the document."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun


def rows(run: FinishedRun, table: str) -> list[dict[str, object]]:
    paths = sorted(Path(table_folder(load_config(str(run.config), str(run.out)), table)).rglob("*.parquet"))
    return pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths]).to_pylist()


@pytest.fixture(scope="module")
def leaked(demo_run: FinishedRun) -> tuple[object, str]:
    """A released page, and a sentence of its text in which nothing is masked."""
    released = {row["doc_id"]: str(row["text"]) for row in rows(demo_run, "release") if row["source"] == "web"}
    everything = "\n".join(released.values())
    for row in rows(demo_run, "documents"):
        for sentence in re.findall("(?<=。)[^。\n<]{20,60}(?=。)", released.get(row["doc_id"], "")):
            if everything.count(sentence) == 1 and sentence in str(row["text"]):
                return row["doc_id"], sentence
    raise AssertionError("the samples have no such page")


def decontaminated(
    demo_run: FinishedRun, folder: Path, sentence: str, action: str, until: str = "scrub"
) -> FinishedRun:
    """The demo, with a benchmark of two questions of which one is in a page."""
    questions = [{"id": 1, "question": f"{sentence}？"}, {"id": 2, "question": "どこにもない文はなぜないのか。"}]
    (folder / "own.jsonl").write_text("".join(f"{json.dumps(one)}\n" for one in questions), encoding="utf-8")
    table = (
        f'[decontaminate]\naction = "{action}"\n[[decontaminate.benchmark]]\nname = "own"\n'
        f'files = ["{folder / "own.jsonl"}"]\nfields = ["question"]\n'
    )
    config = folder / "config.toml"
    config.write_text(demo_run.config.read_text("utf-8") + table, encoding="utf-8")
    run = FinishedRun(config, Path(shutil.copytree(demo_run.out, folder / "out")))
    command = ["run", "--config", str(config), "--out", str(run.out), "--executor", "serial", "--until", until]
    assert main(command) == 0
    return run


def test_contaminated_documents_are_withheld_and_the_report_names_the_leaked_items(
    demo_run: FinishedRun, leaked: tuple[object, str], tmp_path: Path
) -> None:
    doc_id, sentence = leaked
    run = decontaminated(demo_run, tmp_path, sentence, "drop", "report")
    (leak,) = rows(run, "leaks")
    assert (leak["doc_id"], leak["benchmark"], leak["item"]) == (doc_id, "own", "own.jsonl:[0].question")
    before, after = ({row["doc_id"] for row in rows(one, "release")} for one in (demo_run, run))
    assert after == before - {doc_id}
    assert {row["doc_id"] for row in rows(run, "provenance")} == after
    report_folder = Path(table_folder(load_config(str(run.config), str(run.out)), "report"))
    report = json.loads((report_folder / "report.json").read_text("utf-8"))
    assert [row["documents"] for row in report["withheld"] if row["reason"] == "contaminated"] == [1]
    assert report["leaks"]["rows"] == [
        {"benchmark": "own", "item": "own.jsonl:[0].question", "leaks": 1, "documents": 1}
    ]
    assert "own.jsonl:[0].question" in (report_folder / "report.html").read_text("utf-8")
    leaks_folder = Path(table_folder(load_config(str(run.config), str(run.out)), "leaks"))
    for path in (path for folder in (report_folder, leaks_folder) for path in folder.rglob("*") if path.is_file()):
        assert sentence.encode() not in path.read_bytes()


def test_masked_items_are_replaced_and_nothing_else_changes(
    demo_run: FinishedRun, leaked: tuple[object, str], tmp_path: Path
) -> None:
    doc_id, sentence = leaked
    run = decontaminated(demo_run, tmp_path, sentence, "mask")
    before, after = ({row["doc_id"]: row for row in rows(one, "release")} for one in (demo_run, run))
    assert {one for one in before if before[one] != after[one]} == {doc_id}
    assert after[doc_id]["text"] == str(before[doc_id]["text"]).replace(sentence, "<評価データ>")
    assert {"kind": "benchmark", "count": 1} in after[doc_id]["pii"]  # type: ignore[operator]


def test_flagged_items_are_in_the_table_and_the_release_is_unchanged(
    demo_run: FinishedRun, leaked: tuple[object, str], tmp_path: Path
) -> None:
    doc_id, sentence = leaked
    run = decontaminated(demo_run, tmp_path, sentence, "flag")
    assert [row["doc_id"] for row in rows(run, "leaks")] == [doc_id]
    assert rows(run, "release") == rows(demo_run, "release")


def test_a_missing_benchmark_is_one_line(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config.toml"
    table = '[[decontaminate.benchmark]]\nname = "own"\nfiles = ["nowhere.json"]\nfields = ["question"]\n'
    config.write_text(demo_run.config.read_text("utf-8") + table, encoding="utf-8")
    assert main(["run", "--config", str(config), "--out", str(tmp_path / "out"), "--executor", "serial"]) == 2
    assert re.search(
        r"\[\[decontaminate\.benchmark\]\] 1: files: no such input: nowhere\.json", capsys.readouterr().err
    )
