"""A task of an exchange is told where its pieces lie by the manifests of the tasks that dealt them."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from manyo.corpus.tables.pieces import PACKED_BYTES
from manyo.corpus.tables.publishing import Bytes
from manyo.corpus.tables.seals import NO_SEAL
from manyo.corpus.tables.shards import publish, read_parts, write_parts
from manyo.corpus.tables.storage import LocalFiles
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.run_stage import InputDamaged, StageResult, run_stage
from manyo.pipelines.engine.sealed_json import open_json, seal_json
from manyo.pipelines.engine.shapes import Unit, Upstream, combine_parts, digest_of, map_numbered, with_gathered
from manyo.pipelines.engine.stage import AnyStage, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.reading import of_shard, parts_of

SCHEMA = pa.schema([("shard", pa.int64()), ("n", pa.int64())])
DEALT = StageTable.arrow("dealt", SCHEMA)
BACK = StageTable.arrow("back", SCHEMA)
SUMS = StageTable.arrow("sums", SCHEMA)
#: What is read shard by shard next to the rows that come back, as documents are.
NAMES = StageTable("names", "names/{shard}.txt")
SHARDS, PARTS = 4, 3


def batch(rows: list[tuple[int, int]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"shard": shard, "n": n} for shard, n in rows], schema=SCHEMA)


def name(task: Task[NoSettings]) -> dict[str, int]:
    with publish(task.output(NAMES)) as path:
        path.write_text(task.shard, encoding="utf-8")
    return {}


def deal(task: Task[NoSettings]) -> dict[str, int]:
    """Shard `s` gives part `p` the rows 10·p to 10·p + s; shard 0 gives none."""
    parts = [[batch([(task.part, 10 * part + n) for n in range(task.part)])] for part in range(PARTS)]
    write_parts(task.output(DEALT), SCHEMA, parts)
    return {}


def deal_back(task: Task[NoSettings]) -> dict[str, int]:
    """Part `p` of every shard → the same rows, to the shards that they came from."""
    write_parts(task.output(BACK), SCHEMA, [[one] for one in parts_of(task, DEALT)])
    return {}


def collect(task: Task[NoSettings]) -> dict[str, int]:
    write_parts(task.output(SUMS), SCHEMA, [of_shard(task, BACK)])
    return {}


def units(_: Upstream) -> list[Unit]:
    return [Unit(f"s/{n}", {}, digest_of([str(n)]), 1, part=n) for n in range(SHARDS)]


def stages() -> tuple[AnyStage, AnyStage, AnyStage]:
    first = Stage("dealt", 1, NoSettings(), (), (DEALT,), deal, units)
    second = Stage("back", 1, NoSettings(), (first,), (BACK,), deal_back, combine_parts)
    names = Stage("names", 1, NoSettings(), (), (NAMES,), name, units)
    return first, second, Stage("sums", 1, NoSettings(), (names, second), (SUMS,), collect, with_gathered(map_numbered))


def run(stage: AnyStage, out: Path, *upstream: StageResult) -> StageResult:
    return run_stage(stage, [one.output for one in upstream], str(out), Serial(), lambda *_: None, lambda *_: None)


def run_all(out: Path) -> list[StageResult]:
    first, second, third = stages()
    names = run(third.needs[0], out)
    dealt = run(first, out)
    back = run(second, out, dealt)
    return [dealt, back, run(third, out, names, back)]


def rows_at(result: StageResult, table: StageTable, shard: str, part: int) -> list[tuple[int, int]]:
    return [tuple(row.values()) for row in list(read_parts(result.output.uri(table, shard)))[part].to_pylist()]


def test_every_row_reaches_its_part_and_comes_back_to_its_shard(tmp_path: Path) -> None:
    _, back, sums = run_all(tmp_path)
    for part in range(PARTS):
        for shard in range(SHARDS):
            expected = [(shard, 10 * part + n) for n in range(shard)]
            assert rows_at(back, BACK, f"part-{part:05d}", shard) == expected
    for shard in range(SHARDS):
        expected = [(shard, 10 * part + n) for part in range(PARTS) for n in range(shard)]
        assert rows_at(sums, SUMS, f"s/{shard}", 0) == expected


def test_a_part_costs_one_read_for_each_shard_that_gave_it_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, _ = stages()
    dealt = run(first, tmp_path)
    reads: list[tuple[str, int, int]] = []
    read_range = LocalFiles.read_range

    def counted(self: LocalFiles, path: str, start: int, end: int, pace: None = None) -> bytes:
        reads.append((path, start, end))
        return read_range(self, path, start, end, pace)

    monkeypatch.setattr(LocalFiles, "read_range", counted)
    for name in ("open", "open_from_end"):
        monkeypatch.setattr(LocalFiles, name, lambda *_: pytest.fail("a dealt file is opened whole"))
    # The manifest's digest of a file that was written reads it back.
    monkeypatch.setattr(
        "manyo.pipelines.engine.manifest._bytes_of",
        lambda uri: Bytes(os.path.getsize(uri), digest_of([uri]), NO_SEAL),
    )
    run(second, tmp_path, dealt)
    assert len(reads) == len(set(reads)) == PARTS * (SHARDS - 1)


def test_a_manifest_that_does_not_say_where_the_parts_lie_is_work_to_do(tmp_path: Path) -> None:
    dealt, *_ = run_all(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.arrow")}
    path = tmp_path / Path(dealt.output.folder).name / "manifests/s/2.json"
    values = open_json(path.read_bytes())
    for output in values["outputs"]:
        del output["pieces"]
    path.write_text(seal_json(values), encoding="utf-8")
    assert [result.tasks_run for result in run_all(tmp_path)] == [1, 0, 0]
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.arrow")} == before


def test_the_pieces_are_no_part_of_what_the_next_stage_is_made_from(tmp_path: Path) -> None:
    dealt, *_ = run_all(tmp_path)
    for manifest in read_manifests(dealt.output.folder).values():
        assert all(len(bytes.fromhex(output.pieces)) == PACKED_BYTES * PARTS for output in manifest.outputs)
        shard = next(one for one in dealt.output.shards if one.name == manifest.shard)
        assert shard.digest == digest_of(output.digest for output in manifest.outputs)


def test_a_damaged_piece_names_the_file_that_is_to_be_made_again(tmp_path: Path) -> None:
    first, second, _ = stages()
    dealt = run(first, tmp_path)
    uri = dealt.output.uri(DEALT, "s/3")
    content = bytearray(Path(uri).read_bytes())
    piece_start = content.index((10).to_bytes(8, "little") + (11).to_bytes(8, "little"))
    content[piece_start] ^= 1
    Path(uri).write_bytes(content)
    with pytest.raises(InputDamaged, match=r"s/3\.arrow.*not what was written") as caught:
        run(second, tmp_path, dealt)
    assert caught.value.uris == {uri}
