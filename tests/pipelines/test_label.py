"""label score: rules are scored on the documents that a file names, by id or address, as the run decided them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.corpus.addresses import canonical_address
from manyo.pipelines.cli import main
from manyo.pipelines.engine.errors import EXIT_NOTICES
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun


def rows_of(run: FinishedRun, table: str, *columns: str) -> list[dict[str, object]]:
    folder = Path(table_folder(load_config(str(run.config), str(run.out)), table))
    return [
        row
        for path in sorted(folder.rglob("*.parquet"))
        for row in pq.read_table(path, columns=list(columns), partitioning=None).to_pylist()
    ]


@pytest.fixture
def labels(demo_run: FinishedRun, tmp_path: Path) -> Path:
    """Every kept document is good but one, every dropped one is bad but two; half are named by id, half by address."""
    documents = {row["doc_id"]: row["uri"] for row in rows_of(demo_run, "documents", "doc_id", "uri")}
    decided = rows_of(demo_run, "decisions", "doc_id", "reasons")
    kept = [row["doc_id"] for row in decided if not row["reasons"]]
    dropped = [row["doc_id"] for row in decided if row["reasons"]]
    said = dict.fromkeys(kept, "keep") | dict.fromkeys(dropped, "drop")
    said[kept[0]], said[dropped[0]], said[dropped[1]] = "drop", "keep", "keep"
    uris = [canonical_address(str(uri)) for uri in documents.values()]
    lines = []
    for place, (doc_id, label) in enumerate(said.items()):
        address = canonical_address(str(documents[doc_id]))
        by_id = place % 2 or address is None or uris.count(address) > 1
        # Another spelling than that of the run: `trace` and `takedown` take any too.
        key, name = ("doc_id", doc_id.hex()) if by_id else ("uri", f"HTTP://WWW.{address}#top")  # type: ignore[attr-defined]
        lines.append({key: name, "label": label})
    lines.append({"uri": "http://elsewhere.example/", "label": "keep"})
    path = tmp_path / "labels.jsonl"
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


def command(run: FinishedRun, *options: str) -> int:
    name, *rest = options
    return main([name, *rest, "--config", str(run.config), "--out", str(run.out)])


def test_the_rules_of_the_run_are_scored_as_it_decided(
    demo_run: FinishedRun, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decided = rows_of(demo_run, "decisions", "reasons")
    n_kept = sum(not row["reasons"] for row in decided)
    assert command(demo_run, "label", "score", str(labels)) == 0
    out = capsys.readouterr().out
    assert f"{len(decided) + 1} labels, {len(decided)} of documents of this run" in out
    assert "http://elsewhere.example/" in out
    lines = [line for line in out.splitlines() if line.startswith("of the run")]
    assert f"{(n_kept - 1) / n_kept:.3f} (" in lines[0]
    assert f"{(n_kept - 1) / (n_kept + 1):.3f} (" in lines[0]
    assert [line.split()[0] for line in out.splitlines() if line.startswith(("default", "hojichar", "swallow"))]


def test_two_files_are_compared(
    demo_run: FinishedRun, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.jsonl"
    first, *rest = labels.read_text(encoding="utf-8").splitlines()
    changed = json.loads(first)
    changed["label"] = "keep" if changed["label"] == "drop" else "drop"
    other.write_text("\n".join([json.dumps(changed), *rest]), encoding="utf-8")
    assert command(demo_run, "label", "score", str(labels), "--other", str(other)) == 0
    n = len(rest) + 1
    assert f"label {n} documents: they agree on {(n - 1) / n:.3f}" in capsys.readouterr().out


def test_whatif_says_what_a_bound_does_to_the_labels(
    demo_run: FinishedRun, labels: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        command(demo_run, "whatif", "--rule", "too_short", "--minimum", "500", "-n", "0", "--labels", str(labels)) == 0
    )
    out = capsys.readouterr().out
    scores = {line.split("  ")[0]: line for line in out.splitlines() if " to " in line and "(" in line}
    assert {"of the run", "too_short: minimum 500"} <= set(scores)
    assert scores["of the run"].split()[3:] != scores["too_short: minimum 500"].split()[3:]


def test_labels_of_another_run_end_with_a_status(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"uri": "http://elsewhere.example/", "label": "keep"}\n', encoding="utf-8")
    assert command(demo_run, "label", "score", str(path)) == EXIT_NOTICES
    assert command(demo_run, "label", "score", str(tmp_path / "none.jsonl")) == 2
    assert "No such file" in capsys.readouterr().err


def test_labels_train_a_model_of_quality(
    demo_run: FinishedRun, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = demo_run.config.read_text(encoding="utf-8")
    config = demo_run.config.with_name("labelled.toml")
    config.write_text(re.sub('^out = ".*"', f'out = "{demo_run.out}"', content, flags=re.M), encoding="utf-8")
    made = tmp_path / "made.jsonl"
    made.write_text("\n".join(json.dumps({"text": f"送料無料 {number} 円 在庫あり"}) for number in range(60)), "utf-8")
    options = ["train-quality", "--negative", str(made), "--model", str(tmp_path / "quality.txt"), "--labels"]
    assert main([*options, str(labels), str(config)]) == 0
    said = [json.loads(line)["label"] for line in labels.read_text(encoding="utf-8").splitlines()][:-1]
    printed = capsys.readouterr().out
    good, bad = (int(number) for number in re.findall(r"(\d+) positive and (\d+) negative documents", printed)[0])
    assert 0.7 * said.count("keep") < good <= said.count("keep"), "samples repeat each other"
    assert 60 < bad <= 60 + said.count("drop")
    labels.write_text('{"uri": "http://elsewhere.example/", "label": "keep"}', encoding="utf-8")
    assert main([*options, str(labels), str(config)]) == 2
    assert "names no document" in capsys.readouterr().err
