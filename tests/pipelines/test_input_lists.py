"""Tasks that read many files find their names, and where their parts lie, in a list that the driver writes once."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.tables.pieces import PACKED_BYTES, piece_at
from manyo.pipelines.engine import run_stage as running
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.input_lists import ListedFiles, ListWriter, read_listed
from manyo.pipelines.engine.run_stage import InputDamaged, StageResult, StageShards, run_stage
from manyo.pipelines.engine.shapes import FinishedShard, StageOutput, combine_parts, digest_of
from manyo.pipelines.engine.stage import NoSettings, Stage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from tests.pipelines.test_dealt_tables import BACK, DEALT, deal_back, run_all, stages

URIS = st.lists(st.text("ab/é あ", min_size=1), min_size=1, max_size=9).map(tuple)


@settings(max_examples=10)
@given(URIS, st.integers(1, 5), st.randoms(use_true_random=False))
def test_a_task_finds_the_files_and_its_part_of_each(
    tmp_path_factory: pytest.TempPathFactory, uris: tuple[str, ...], n_parts: int, draw
) -> None:
    seals = tuple(draw.randrange(1 << 32) for _ in uris)
    pieces = [draw.randbytes(n_parts * PACKED_BYTES) for _ in uris]
    lists = ListWriter(str(tmp_path_factory.mktemp("stage")))
    for part in range(n_parts):
        found = read_listed({DEALT: lists.list(DEALT, uris, seals, pieces, part)})
        assert found.uris == {DEALT: uris}
        assert found.seals == {DEALT: seals}
        assert found.pieces == {DEALT: tuple(piece_at(packed, part) for packed in pieces)}


def test_files_that_are_read_whole_have_names_and_no_places(tmp_path: Path) -> None:
    listed = ListWriter(str(tmp_path)).list(BACK, ("a", "b"), (), (), 3)
    assert read_listed({BACK: listed}) == ListedFiles({BACK: ("a", "b")}, {}, {})


def test_tasks_that_read_the_same_files_share_a_list(tmp_path: Path) -> None:
    lists, uris = ListWriter(str(tmp_path)), ("a", "b")
    first, second = (lists.list(DEALT, uris, (), [bytes(2 * PACKED_BYTES)] * 2, part) for part in (0, 1))
    assert (first.uri, first.names) == (second.uri, second.names)
    assert lists.list(DEALT, ("a", "b", "c"), (), (), 0).uri != first.uri


def test_a_run_with_lists_makes_the_same_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def files(out: Path) -> dict[str, bytes]:
        found = {str(path.relative_to(out)): path.read_bytes() for path in sorted(out.rglob("*.arrow"))}
        return {name: content for name, content in found.items() if "/lists/" not in name}

    run_all(tmp_path / "short")
    monkeypatch.setattr(running, "NAMED_AT_MOST", 1)
    results = run_all(tmp_path / "long")
    assert list((tmp_path / "long").glob("*/lists/*"))
    assert files(tmp_path / "long") == files(tmp_path / "short") != {}
    assert [result.tasks_run for result in results] == [4, 3, 4]
    assert [result.tasks_run for result in run_all(tmp_path / "long")] == [0, 0, 0]


def test_a_damaged_list_is_named_and_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "NAMED_AT_MOST", 1)
    dealt, *_ = run_all(tmp_path)
    (path,) = tmp_path.glob("back-*/lists/*")
    whole, write = path.read_bytes(), ListWriter.list

    def damaging(*arguments):
        listed = write(*arguments)
        content = bytearray(whole)
        content[listed.places.start + listed.places.size_bytes - 1] ^= 1
        path.write_bytes(content)
        return listed

    def run_again() -> StageResult:
        for manifest in tmp_path.glob("back-*/manifests/*"):
            manifest.unlink()
        return run_stage(stages()[1], [dealt.output], str(tmp_path), Serial(), lambda *_: None, lambda *_: None)

    monkeypatch.setattr(ListWriter, "list", damaging)
    with pytest.raises(InputDamaged) as caught:
        run_again()
    assert caught.value.uris == {str(path)}
    monkeypatch.setattr(ListWriter, "list", write)
    assert run_again().tasks_run == 3


def test_settings_are_small_enough_to_be_sent_with_every_task(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    source = '[[source]]\nname = "web"\nkind = "text"\ninputs = ["*.txt"]\nprofile = "web"\nlicence = "CC0"'
    config.write_text(
        f"[run]\nout = '{tmp_path}/out'\n{source}\n[tokenize.train]\nvocabulary_size = 8000\n", encoding="utf-8"
    )
    # The report is one task; it alone shows what rules say to people.
    stages = [stage for stage in build_stages(load_config(str(config))) if stage.name != "report"]
    assert max(len(pickle.dumps(stage.settings)) for stage in stages) < 20_000


def test_a_message_is_below_64_kb_however_many_shards_a_task_reads(tmp_path: Path) -> None:
    n_shards, n_parts = 3000, 4
    shards = [
        FinishedShard(f"web/{n:05d}", digest_of([str(n)]), {}, 1, (bytes(n_parts * PACKED_BYTES),))
        for n in range(n_shards)
    ]
    upstream = [StageOutput("s3://bucket/of/some/length/keys-12345678", (DEALT,), shards)]
    stage = Stage("back", 1, NoSettings(), (), (BACK,), deal_back, combine_parts)
    tasks = list(StageShards(stage, upstream, str(tmp_path)).pending())
    assert len(tasks) == n_parts
    assert max(len(pickle.dumps(task)) for task in tasks) < 4_000
