"""The annotations join Common Crawl's columnar index as the files of `join/` say, row for row."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from manyo.pipelines.cli import main
from tests.conftest import FinishedRun


def test_each_annotation_finds_its_row_of_the_index_and_no_other(demo_run: FinishedRun, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    folder = tmp_path / "corpus"
    run = ("--config", str(demo_run.config), "--out", str(demo_run.out))
    assert main(["publish", *run, "--to", str(folder), "--without-text"]) == 0
    paths = sorted((folder / "annotations").rglob("*.parquet"))
    rows = [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]
    index = [
        {
            "url": row["url"],
            "warc_filename": row["warc_filename"],
            "warc_record_offset": row["warc_record_offset"] + shift,
        }
        for row in rows
        for shift in (0, 1)  # each record has a neighbour that nothing is said about
    ]
    pq.write_table(pa.Table.from_pylist(index), tmp_path / "index.parquet")
    settings = {path.stem: yaml.safe_load(path.read_text("utf-8")) for path in (folder / "join").glob("*.yaml")}
    join, action = settings["join_annotations"], settings["action_kept"]
    # The statements that annotate.py makes of such files.
    on = " AND ".join(f"left_db.{name} = right_db.{name}" for name in join["join_columns"])
    table = duckdb.connect()
    table.sql(f"CREATE VIEW left_db AS SELECT * FROM '{tmp_path}/index.parquet'")
    table.sql(f"CREATE VIEW right_db AS SELECT * FROM '{folder}/{join['table']['local']}*/*.parquet'")
    columns = ", ".join(f"right_db.{name}" for name in join["right_columns"])
    table.sql(f"CREATE VIEW joined AS SELECT left_db.*, {columns} FROM left_db INNER JOIN right_db ON ({on})")
    found = table.sql(action["sql"].format(columns=action["columns"], where=action["where"])).fetchall()
    kept = {row["id"]: row for row in rows if row["is_kept"]}
    names = [name.strip() for name in action["columns"].split(",")]
    joined = [dict(zip(names, row, strict=True)) for row in found]
    assert sorted(row["id"] for row in joined) == sorted(kept)
    assert all(row["released_digest"] == kept[row["id"]]["released_digest"] for row in joined)
