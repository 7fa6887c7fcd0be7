"""The stages of dedup on shards: what the functions give, whatever the shards are, and alarms that stop."""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from bench.store_requests import Recording
from manyo.corpus.schema import LABEL
from manyo.corpus.tables.shards import read_parts, write_shard
from manyo.dedup.settings import Alarms, Boilerplate, Dedup
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.run_stage import Executor, run_stage
from manyo.pipelines.engine.shapes import Unit, digest_of
from manyo.pipelines.engine.stage import AnyStage, Stage, Task
from manyo.pipelines.graph.boilerplate_stages import boilerplate_stages
from manyo.pipelines.graph.dedup_stages import dedup_stages
from manyo.pipelines.graph.earlier_indexes import INDEXED_SETTINGS
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN
from tests.dedup.pages import documents, edited, page
from tests.dedup.run import by_document, dedup


@dataclass(frozen=True, slots=True)
class Corpus:
    """Settings of the stage that stands for extract and decide."""

    shards: tuple[tuple[int, ...], ...]


def corpus_batch():
    """Sixty documents: originals, edited copies and repetitions, at thirty addresses of two hosts."""
    texts = [page(i) for i in range(20)]
    texts += [edited(page(i % 7), i, 5) for i in range(20)] + [page(i % 3) for i in range(20)]
    uris = [f"http://{'ab'[i % 2]}.jp/{i % 30}" for i in range(60)]
    sources = ["web", "web", "books"] * 20
    return documents(texts, sources=sources, uris=uris, days=[i * 7 % 60 for i in range(60)])


def write_corpus(task: Task[Corpus]) -> dict[str, int]:
    batch = corpus_batch().take(pa.array(task.settings.shards[task.part]))
    rows = batch.num_rows
    batch = batch.append_column("profile", pa.array(["web"] * rows).cast(LABEL))
    columns = [
        batch.column(field.name) if field.name in batch.schema.names else pa.nulls(rows, field.type)
        for field in DOCUMENTS.schema
    ]
    write_shard(
        task.output(DOCUMENTS), DOCUMENTS.schema, [pa.RecordBatch.from_arrays(columns, schema=DOCUMENTS.schema)]
    )
    decided = [{"doc_id": doc_id, "reasons": []} for doc_id in batch.column("doc_id").to_pylist()]
    write_shard(task.output(DECISIONS), DECISIONS.schema, [pa.RecordBatch.from_pylist(decided, DECISIONS.schema)])
    write_shard(task.output(TAKEN_DOWN), TAKEN_DOWN.schema, [])
    return {}


def run(
    out: Path,
    shards: tuple[tuple[int, ...], ...],
    settings: Dedup,
    executor: Executor | None = None,
    change: Callable[[AnyStage], AnyStage] = lambda stage: stage,
):
    """Rows of `duplicates` by document, and the stages that had something to do."""

    def shape(_):
        return [Unit(f"web/{part}", {}, digest_of(map(str, rows)), 0, part=part) for part, rows in enumerate(shards)]

    corpus = Stage("corpus", 1, Corpus(shards), (), (DOCUMENTS, DECISIONS, TAKEN_DOWN), write_corpus, shape)
    decide, takedown = (Stage(name, 1, Corpus(shards), (corpus,), (), write_corpus) for name in ("decide", "takedown"))
    outputs, busy = {}, []
    stages = dedup_stages(settings, corpus, decide, takedown)
    (duplicates,) = [stage for stage in stages if stage.name == "duplicates"]
    for stage in (corpus, *stages, *boilerplate_stages(settings, corpus, decide, duplicates)):
        upstream = [outputs[needed.name] for needed in stage.needs]
        result = run_stage(change(stage), upstream, str(out), executor or Serial(), lambda *_: None, lambda *_: None)
        outputs[stage.name] = result.output
        busy += [stage.name] if result.tasks_run else []
        if stage is corpus:
            for number, (name, table) in enumerate(zip(("corpus", "decide", "takedown"), corpus.tables, strict=True)):
                shards_of_table = [replace(shard, seals=(shard.seals[number],)) for shard in result.output.shards]
                outputs[name] = replace(result.output, tables=(table,), shards=shards_of_table)
    files = sorted(Path(outputs["duplicates"].folder, "duplicates").rglob("*.parquet"))
    return by_document([batch for file in files for batch in pq.read_table(file).to_batches()]), busy


@pytest.mark.parametrize(
    "settings",
    [
        Dedup(),
        Dedup(
            parts=3,
            same_address="newest",
            survivor_order=("source", "newest", "longest"),
            source_priority=("books", "web"),
        ),
        Dedup(within_sources=True),
        Dedup(parts=3, within_sources=True, same_address="longest"),
    ],
)
def test_the_stages_equal_the_functions_for_any_division_into_shards(tmp_path, settings):
    expected = by_document(dedup([corpus_batch()], settings))
    assert 5 < sum(row["kept"] for row in expected.values()) < 40
    forwards, backwards = tuple(range(60)), tuple(reversed(range(60)))
    for name, shards in (("one", (forwards,)), ("three", (backwards[:7], backwards[7:40], backwards[40:]))):
        assert run(tmp_path / name, shards, settings)[0] == expected


@pytest.mark.parametrize("settings", [Dedup(parts=2), Dedup(parts=2, within_sources=True, same_address="newest")])
def test_no_task_of_many_reads_whole_files_of_many_shards(tmp_path, settings):
    # Else a stage reads its tables once for each shard, which grows with the square of the corpus.
    recording = Recording()
    run(tmp_path, tuple(tuple(range(start, start + 15)) for start in range(0, 60, 15)), settings, recording)
    n_tasks = Counter(task.stage for task, _ in recording.ran)
    assert (n_tasks["keys"], n_tasks["clusters"]) == (4, 2)
    for (stage, table), reads in recording.reads.items():
        if n_tasks[stage] > 1 and reads.files > n_tasks[stage]:
            assert reads.opened == reads.whole == 0, f"{stage} opens {table} of other shards"


@hypothesis_settings(max_examples=8)
@given(st.permutations(range(60)), st.lists(st.integers(0, 60), max_size=4), st.integers(0, 5))
def test_no_document_s_fate_depends_on_how_documents_are_packed_or_dealt(tmp_path_factory, order, cuts, parts):
    bounds = [0, *sorted(set(cuts) - {0, 60}), 60]
    shards = tuple(tuple(order[start:stop]) for start, stop in itertools.pairwise(bounds))
    expected = by_document(dedup([corpus_batch()], Dedup()))
    assert run(tmp_path_factory.mktemp("packed"), shards, Dedup(parts=parts))[0] == expected


def keys_in(out):
    """Key, precedence and document of every row that a run dealt; which shard a number names differs between runs."""
    files = [str(path) for path in out.glob("keys-*/keys/web/*.arrow")]
    rows = [row for file in files for part in read_parts(file) for row in part.to_pylist()]
    return Counter((row["key"], row["precedence"], row["id_head"]) for row in rows)


def test_an_exchange_gives_every_row_that_it_was_given_once(tmp_path):
    run(tmp_path / "one", (tuple(range(60)),), Dedup(parts=1))
    run(tmp_path / "many", (tuple(range(7)), tuple(range(7, 60))), Dedup(parts=5))
    assert keys_in(tmp_path / "one") == keys_in(tmp_path / "many")
    assert keys_in(tmp_path / "one").total() > 60


def test_the_number_of_parts_is_in_no_fingerprint():
    corpus = Stage("corpus", 1, Corpus(()), (), (DOCUMENTS, DECISIONS, TAKEN_DOWN), write_corpus)
    named = [dedup_stages(Dedup(parts=parts, within_sources=True), corpus, corpus, corpus) for parts in (0, 3)]
    assert [stage.fingerprint for stage in named[0]] == [stage.fingerprint for stage in named[1]]


def test_another_number_of_parts_makes_the_same_duplicates_in_the_same_place(tmp_path):
    shards = (tuple(range(20)), tuple(range(20, 60)))
    run(tmp_path, shards, Dedup(parts=1))
    before = {path: path.read_bytes() for path in tmp_path.glob("duplicates-*/duplicates/web/*")}
    _, busy = run(tmp_path, shards, Dedup(parts=4))
    assert {"keys", "pairs", "compared", "clusters", "duplicates"} <= set(busy)
    assert {path: path.read_bytes() for path in tmp_path.glob("duplicates-*/duplicates/web/*")} == before != {}


def test_a_run_against_an_index_equals_one_big_run_and_reuses_what_is_measured(tmp_path):
    settings = Dedup(survivor_order=("oldest", "longest"), parts=3, index_stays=False)
    expected = by_document(dedup([corpus_batch()], settings))
    by_age = sorted(range(60), key=lambda i: i * 7 % 60)
    run(tmp_path / "first", (tuple(by_age[:30]), tuple(by_age[30:40])), replace(settings, index=True))
    (index,) = (tmp_path / "first").glob("index-*/index")
    second = (tuple(by_age[40:50]), tuple(by_age[50:]))
    run(tmp_path / "second", second, settings)
    found, busy = run(tmp_path / "second", second, replace(settings, against=(str(index),)))
    assert found == {doc_id: expected[doc_id] for doc_id in found}
    assert any(row["cluster"] not in found for row in found.values())
    assert not {"corpus", "signatures", "keys"} & set(busy)


def test_documents_of_an_index_stay_and_what_repeats_them_goes(tmp_path):
    """Three runs, one after another, whose documents are ever longer: each keeps what no earlier one has released."""
    settings = Dedup(survivor_order=("longest",), parts=3)
    by_age = Dedup(survivor_order=("oldest", "longest"), parts=3)
    runs = ((0, 7, 20, 27), (1, 8, 21, 40), (2, 9, 22, 28, 41, 43))
    folders, marked = [], {}
    for number, rows in enumerate(runs):
        out = tmp_path / str(number)
        found, _ = run(out, (rows[:2], rows[2:]), replace(settings, index=True, against=tuple(folders)))
        folders += [str(index) for index in out.glob("index-*/index")]
        marked |= found
    crawled = {row: number for number, rows in enumerate(runs) for row in rows}
    texts = corpus_batch().column("text").to_pylist()
    ids = corpus_batch().column("doc_id").to_pylist()
    whole = documents([texts[row] for row in crawled], [ids[row] for row in crawled], days=list(crawled.values()))
    expected = by_document(dedup([whole], by_age))
    kept = {doc_id: (row["kept"], row["cluster"]) for doc_id, row in expected.items()}
    assert {doc_id: (row["kept"], row["cluster"]) for doc_id, row in marked.items()} == kept
    assert 3 < sum(stays for stays, _ in kept.values()) < len(kept) - 3


def test_an_index_of_other_settings_or_of_nothing_is_refused(tmp_path):
    shards = (tuple(range(10)),)
    run(tmp_path / "first", shards, Dedup(index=True))
    (index,) = (tmp_path / "first").glob("index-*/index")
    with pytest.raises(UserError, match=r"made with dedup\.bands = 18, but here it is 9"):
        run(tmp_path / "second", shards, Dedup(bands=9, against=(str(index),)))
    with pytest.raises(UserError, match="has no index"):
        run(tmp_path / "third", shards, Dedup(against=(str(tmp_path / "elsewhere" / "index"),)))


def test_boilerplate_does_not_depend_on_shards_and_new_limits_rerun_only_its_stages(
    tmp_path,
):
    usual = Dedup(parts=3, boilerplate=Boilerplate(min_documents=3, min_host_fraction=0, min_chars=1))
    lines = {}
    for name, shards in (("one", (tuple(range(60)),)), ("two", (tuple(range(0, 60, 2)), tuple(range(1, 60, 2))))):
        run(tmp_path / name, shards, usual)
        tables = [pq.read_table(file) for file in (tmp_path / name).glob("boilerplate-*/boilerplate/web/*.parquet")]
        lines[name] = {row["doc_id"]: row for table in tables for row in table.to_pylist()}
    assert lines["one"] == lines["two"]
    assert len(lines["one"]) == 60
    assert not any(row["lines"] for row in lines["one"].values())
    looser = replace(usual, boilerplate=Boilerplate(min_documents=1, min_host_fraction=0, min_chars=1))
    _, busy = run(tmp_path / "two", shards, looser)
    assert busy == ["lines", "repeated_lines", "boilerplate"]


def test_an_alarm_stops_the_run_until_its_limit_is_raised(tmp_path):
    shards = (tuple(range(60)),)
    strict = Dedup(alarms=Alarms(min_documents=10, max_source_loss=0.5))
    with pytest.raises(WorkFailed, match=r"source web loses 2\d of 40 .*dedup\.alarms\.max_source_loss = 0\.5"):
        run(tmp_path, shards, strict)
    _, busy = run(
        tmp_path,
        shards,
        replace(strict, alarms=Alarms(min_documents=10, max_source_loss=1, max_host_loss=1, max_cluster_share=1)),
    )
    assert busy == ["alarms"]
    stopped, passed = (pq.read_table(file) for file in tmp_path.glob("alarms-*/largest_clusters/alarms.parquet"))
    assert stopped.equals(passed)
    assert stopped.num_rows > 0


def test_each_dedup_setting_is_compared_with_those_of_an_index_unless_it_cannot_change_one():
    cannot_change_an_index = {
        "min_similarity",
        "min_containment",
        "max_survivors_per_candidate",
        "parts",
        "same_address",
        "alarms",
        "boilerplate",
        "within_sources",
        "index",
        "against",
        "index_stays",
    }
    assert {field.name for field in fields(Dedup)} == {*INDEXED_SETTINGS} | cannot_change_an_index
    assert not {*INDEXED_SETTINGS} & cannot_change_an_index
