"""Tables of tokens for papers: the numbers of the report in three forms, and names that cannot break a form."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from manyo.pipelines.graph.config import load_config
from manyo.pipelines.report.token_tables import token_tables
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun


def row(source: str, documents: int, tokens: int, share: float | None) -> dict[str, object]:
    return {"source": source, "documents": documents, "tokens": tokens, "share": share}


def test_three_forms_state_the_numbers_of_the_report(demo_run: FinishedRun) -> None:
    folder = Path(table_folder(load_config(str(demo_run.config), str(demo_run.out)), "report"))
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    tables = token_tables(report["tokens"])
    rows = list(csv.DictReader(io.StringIO(tables["CSV"])))
    assert [(one["source"], int(one["tokens"])) for one in rows[:-1]] == [
        (one["source"], one["tokens"]) for one in report["tokens"]["rows"]
    ]
    assert sum(int(one["tokens"]) for one in rows[:-1]) == int(rows[-1]["tokens"]) == report["totals"]["tokens"]
    page = (folder / "report.html").read_text(encoding="utf-8")
    for one in report["tokens"]["rows"]:
        assert f"| {one['source']} | {one['documents']:,} | {one['tokens']:,} |" in tables["Markdown"]
        assert f"{one['documents']:,} & {one['tokens']:,} &" in tables["TeX"]
        assert f"| {one['source']} | {one['documents']:,} | {one['tokens']:,} |" in page
    assert "\\begin{tabular}" in page


def test_a_name_with_an_underscore_is_text_in_tex() -> None:
    tokens = {"rows": [row("web_a-1", 1, 1000, 1.0)], "total": row("", 1, 1000, None)}
    assert r"web\_a-1 & 1 & 1,000 & 100.0 \% \\" in token_tables(tokens)["TeX"]
    assert token_tables(tokens)["CSV"].splitlines()[-1] == "All,1,1000,"
