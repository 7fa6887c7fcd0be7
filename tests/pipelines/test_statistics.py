"""Counters of shards: exact on a small run, and sums in any order and grouping."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.doc_ids import document_id
from manyo.corpus.schema import (
    DECISIONS,
    DOCUMENTS,
    DUPLICATES,
    LABEL,
    LANGUAGES,
    LEAKS,
    OCR_QUEUE,
    PROVENANCE,
    REFUSED,
    RELEASE,
    TAKEN_DOWN,
    Column,
    Table,
    signals_table,
)
from manyo.corpus.tables.shards import ShardError, write_shard
from manyo.filters.rules.decide import Rule
from manyo.pipelines.report import statistics
from manyo.pipelines.report.assembling import RunFacts, Samples, assemble
from manyo.pipelines.report.counters import Statistics, merge
from manyo.pipelines.report.document_columns import ShardTables
from manyo.pipelines.report.ruled_documents import RuleSets
from manyo.pipelines.report.statistics import TOP_CHARSET_PAIRS, TOP_HOSTS, shard_statistics, token_statistics

SIGNALS = signals_table(
    (
        Column("char_count", pa.int64(), "length"),
        Column("size_bytes", pa.int64(), "size"),
        Column("hiragana_fraction", pa.float32(), "hiragana"),
        Column("latin_fraction", pa.float32(), "Latin letters"),
        Column("statement_count", pa.int32(), "statements"),
        Column("polite_ending_fraction", pa.float32(), "polite endings"),
        Column("register", LABEL, "register"),
    )
)

#: A minimum, a maximum on a fraction, and a rule of another profile.
RULES = (
    Rule("too_short", ("web",), "char_count", 65, None, "made", "", ""),
    Rule("too_repetitive", ("web",), "hiragana_fraction", None, 0.75, "made", "", ""),
    Rule("never_fails", ("law",), "char_count", 1, None, "made", "", ""),
)


def counted_shard(tables: ShardTables, presets: RuleSets = (), categories: Sequence[str] = ()) -> Statistics:
    return shard_statistics(tables, RULES, presets, categories)


@dataclass(frozen=True)
class Row:
    """A document as all stages saw it; `cluster_size` is None where the rules dropped it."""

    key: str
    source: str = "cc"
    uri: str = "https://example.jp/"
    charset: str = "utf-8"
    declared: str | None = "utf-8"
    decided_by: str | None = None
    undecodable: float = 0.0
    kept_japanese: float = 1.0
    lang: str = "ja"
    characters: int = 100
    reasons: tuple[str, ...] = ()
    cluster_size: int | None = 1
    similarity: float | None = 1.0
    within_source: bool = False
    unique: bool = True
    released: bool = True
    taken_down: bool = False
    pii: dict[str, int] = field(default_factory=dict)
    han: float = 0.25
    pages: int = 0
    licence: str = "by-4.0"
    page_licence: str | None = None
    hiragana: float = 0.5
    katakana: float = 0.1
    statements: int = 9
    polite: float = 0.0
    register: str = "news"


def dropped(row: Row, *reasons: str) -> Row:
    return replace(row, reasons=reasons, cluster_size=None, unique=False, released=False)


def duplicate(row: Row, cluster_size: int) -> Row:
    return replace(row, cluster_size=cluster_size, unique=False, released=False)


def write_tables(
    folder: Path,
    name: str,
    rows: Sequence[Row],
    refused: Sequence[tuple[str, str]] = (),
    batch_rows: int = 3,
    with_release: bool = True,
) -> ShardTables:
    """Write one documents shard with all its tables, as the stages would; `refused` is (source, reason)."""

    def write(table: Table, table_rows: list[dict[str, Any]]) -> str:
        whole = [{**dict.fromkeys(table.schema.names), **row} for row in table_rows]
        cuts = [whole[start : start + batch_rows] for start in range(0, len(whole), batch_rows)]
        (folder / table.name).mkdir(parents=True, exist_ok=True)
        uri = str(folder / table.name / f"{name}.parquet")
        write_shard(uri, table.schema, (pa.RecordBatch.from_pylist(cut, schema=table.schema) for cut in cuts))
        return uri

    ids = [document_id(row.source, row.key) for row in rows]
    released = [(doc_id, row) for doc_id, row in zip(ids, rows, strict=True) if row.released]
    return ShardTables(
        documents=write(
            DOCUMENTS,
            [
                {
                    "doc_id": doc_id,
                    "source": row.source,
                    "licence": row.licence,
                    "page_licence": row.page_licence,
                    "profile": "web",
                    "uri": row.uri,
                    "charset": row.charset,
                    "charset_declared": row.declared,
                    "charset_decided_by": row.decided_by,
                    "undecodable_fraction": row.undecodable,
                    "kept_japanese_fraction": row.kept_japanese,
                    "text": "本文は読まれない。",
                    "pages": [{"label": str(number), "start": 0} for number in range(row.pages)],
                }
                for doc_id, row in zip(ids, rows, strict=True)
            ],
        ),
        refused=write(REFUSED, [{"source": source, "reason": reason} for source, reason in refused]),
        languages=write(
            LANGUAGES,
            [
                {
                    "doc_id": doc_id,
                    "lang": row.lang,
                    "katakana_fraction": row.katakana,
                    "han_fraction": row.han,
                    "hangul_fraction": 0.0,
                }
                for doc_id, row in zip(ids, rows, strict=True)
            ],
        ),
        signals=write(
            SIGNALS,
            [
                {
                    "doc_id": doc_id,
                    "char_count": row.characters,
                    "size_bytes": 3 * row.characters,
                    "hiragana_fraction": row.hiragana,
                    "latin_fraction": 0.05,
                    "statement_count": row.statements,
                    "polite_ending_fraction": row.polite,
                    "register": row.register,
                }
                for doc_id, row in zip(ids, rows, strict=True)
            ],
        ),
        decisions=write(
            DECISIONS,
            [{"doc_id": doc_id, "reasons": list(row.reasons)} for doc_id, row in zip(ids, rows, strict=True)],
        ),
        duplicates=write(
            DUPLICATES,
            [
                {
                    "doc_id": doc_id,
                    "cluster_size": row.cluster_size,
                    "similarity": row.similarity,
                    "kept": row.unique,
                    "within_source": row.within_source,
                }
                for doc_id, row in zip(ids, rows, strict=True)
            ],
        ),
        taken_down=write(
            TAKEN_DOWN,
            [{"doc_id": doc_id} for doc_id, row in zip(ids, rows, strict=True) if row.taken_down],
        ),
        release=write(
            RELEASE,
            [
                {
                    "doc_id": doc_id,
                    "source": row.source,
                    "pii": [{"kind": kind, "count": count} for kind, count in row.pii.items()],
                }
                for doc_id, row in released
            ],
        )
        if with_release
        else None,
    )


def write_provenance(folder: Path, name: str, documents: Sequence[tuple[str, int]]) -> str:
    """Write a provenance shard of (source, token count)."""
    rows = [{**dict.fromkeys(PROVENANCE.schema.names), "source": source, "token_count": n} for source, n in documents]
    folder.mkdir(parents=True, exist_ok=True)
    uri = str(folder / f"{name}.parquet")
    write_shard(uri, PROVENANCE.schema, [pa.RecordBatch.from_pylist(rows, schema=PROVENANCE.schema)])
    return uri


#: Eight documents of two sources: every step of the funnel takes at least one.
SMALL_RUN = (
    Row("a", uri="https://News.example.jp:443/1", pii={"mail_address": 2, "phone_number": 1}),
    duplicate(Row("b", uri="https://news.example.jp/2?x=1"), 3),
    duplicate(Row("c", uri="http://user@blog.example.jp/"), 3),
    Row("d", uri="https://blog.example.jp/", cluster_size=3, charset="cp932", declared="shift_jis", characters=1000),
    dropped(Row("e", uri="https://shop.example.com/", lang="en", declared=None), "not_japanese", "too_short"),
    dropped(Row("f", uri="https://news.example.jp/3", characters=12), "too_short"),
    dropped(Row("g", uri="https://news.example.jp/4", characters=0), "too_short", "too_repetitive"),
    Row("h", source="ndl", uri="info:ndljp/pid/1", declared=None, characters=50_000, pii={"phone_number": 4}),
)
SMALL_REFUSED = (("cc", "no_kana"), ("cc", "no_kana"), ("cc", "quarantined"), ("ndl", "empty"))


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return counted_shard(write_tables(tmp_path_factory.mktemp("small"), "0", SMALL_RUN, SMALL_REFUSED))


_rows = st.builds(
    Row,
    key=st.uuids().map(str),
    source=st.sampled_from(["cc", "ndl"]),
    uri=st.sampled_from(["https://a.example/", "https://b.example/x", "urn:work:1"]),
    declared=st.sampled_from([None, "utf-8", "<b>"]),
    lang=st.sampled_from(["ja", "en", "und"]),
    characters=st.integers(0, 10_000_000),
    reasons=st.sampled_from([(), ("one",), ("one", "two"), ("opted_out", "three")]),
    cluster_size=st.integers(1, 9),
    similarity=st.sampled_from([None, 0.9, 1.0]),
    within_source=st.booleans(),
    unique=st.booleans(),
    released=st.booleans(),
    taken_down=st.booleans(),
    pii=st.dictionaries(st.sampled_from(["mail_address", "phone_number"]), st.integers(1, 5)),
    han=st.floats(0, 1, width=32),
)


@given(rows=st.lists(_rows, max_size=12, unique_by=lambda row: row.key), data=st.data())
@settings(max_examples=15, deadline=None)
def test_splitting_a_shard_changes_nothing_but_the_number_of_shards(
    rows: list[Row], data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cut = data.draw(st.integers(0, len(rows)))
    folder = tmp_path_factory.mktemp("split")
    whole = counted_shard(write_tables(folder, "whole", rows, SMALL_REFUSED))
    parts = [
        counted_shard(write_tables(folder, "left", rows[:cut], SMALL_REFUSED[:1], batch_rows=1)),
        counted_shard(write_tables(folder, "right", rows[cut:], SMALL_REFUSED[1:])),
    ]
    expected = merge([whole])
    expected["shards"] = expected["release_shards"] = 2
    assert merge(parts) == expected


_statistics = st.fixed_dictionaries(
    {
        "shards": st.integers(0, 5),
        "languages": st.dictionaries(
            st.sampled_from(["ja", "en"]),
            st.dictionaries(st.sampled_from(["documents", "characters"]), st.integers(0, 9)),
        ),
    }
)


@given(_statistics, _statistics, _statistics)
def test_merge_is_associative_and_commutative(one: Any, two: Any, three: Any) -> None:
    together = merge([one, two, three])
    assert together == merge([merge([one, two]), three])
    assert together == merge([one, merge([two, three])])
    assert together == merge([three, two, one])


@given(_statistics)
def test_merging_nothing_is_the_zero(one: Any) -> None:
    assert merge([merge([]), one]) == merge([one])


def test_merge_does_not_change_its_arguments(counted: dict[str, Any]) -> None:
    before = json.dumps(counted, sort_keys=True)
    merge([counted, counted])
    assert json.dumps(counted, sort_keys=True) == before


def test_counters_are_the_same_after_json(counted: dict[str, Any]) -> None:
    assert json.loads(json.dumps(counted)) == counted


def test_the_funnel_counts_documents_characters_and_bytes_of_each_stage(counted: dict[str, Any]) -> None:
    assert counted["funnel"]["cc"] == {
        "documents": {"documents": 7, "characters": 1412, "bytes": 4236},
        "permitted": {"documents": 7, "characters": 1412, "bytes": 4236},
        "japanese": {"documents": 6, "characters": 1312, "bytes": 3936},
        "kept": {"documents": 4, "characters": 1300, "bytes": 3900},
        "unique": {"documents": 2, "characters": 1100, "bytes": 3300},
        "released": {"documents": 2, "characters": 1100, "bytes": 3300},
    }
    assert counted["funnel"]["ndl"]["released"] == {"documents": 1, "characters": 50_000, "bytes": 150_000}


def test_a_rule_counts_documents_that_fail_it_that_fail_it_alone_and_that_fail_it_first(
    counted: dict[str, Any],
) -> None:
    assert counted["rules"] == {
        "cc": {
            "not_japanese": {"fails": 1, "alone": 0, "in_order": 1},
            "too_short": {"fails": 3, "alone": 1, "in_order": 2},
            "too_repetitive": {"fails": 1, "alone": 0, "in_order": 0},
        }
    }


def test_hosts_are_lower_case_without_port_or_user_and_works_have_none(counted: dict[str, Any]) -> None:
    assert counted["hosts"] == {
        "news.example.jp": {"documents": 4, "kept": 2, "unique": 1},
        "blog.example.jp": {"documents": 2, "kept": 2, "unique": 1},
        "shop.example.com": {"documents": 1, "kept": 0, "unique": 0},
    }
    assert counted["hosts_none"] == {"documents": 1, "kept": 1, "unique": 1}


def test_the_other_counters_of_the_small_run_are_exact(counted: dict[str, Any]) -> None:
    assert counted["refused"] == {"cc": {"no_kana": 2, "quarantined": 1}, "ndl": {"empty": 1}}
    assert counted["charsets"] == {"utf-8": {"utf-8": 5}, "cp932": {"shift_jis": 1}}, "works have none"
    assert counted["languages"]["en"] == {"documents": 1, "characters": 100}
    assert counted["cluster_sizes"] == {"1": {"kept": 2, "removed": 0}, "3": {"kept": 1, "removed": 2}}
    assert counted["pii"] == {
        "mail_address": {"documents": 1, "spans": 2},
        "phone_number": {"documents": 2, "spans": 5},
    }
    assert counted["lengths"]["documents"] == {"0": 1, "10": 1, "100": 4, "1000": 1, "39811": 1}
    assert counted["lengths"]["unique"] == {"100": 1, "1000": 1, "39811": 1}
    assert counted["scripts"]["ndl"] == {
        "documents": 1,
        "hiragana": 25_000,
        "katakana": 5_000,
        "han": 12_500,
        "hangul": 0,
        "latin": 2_500,
        "other": 5_000,
    }


def test_web_pages_are_counted_by_what_decided_the_charset_and_by_damage(tmp_path: Path) -> None:
    rows = [Row(str(i), decided_by=by) for i, by in enumerate(["http", "http", "overruled", None])]
    rows.append(Row("damaged", decided_by="overruled", undecodable=0.01))
    counted = counted_shard(write_tables(tmp_path, "x", rows))
    assert counted["charset_decisions"] == {
        "http": {"documents": 2, "damaged": 0},
        "overruled": {"documents": 2, "damaged": 1},
    }


def test_web_pages_are_counted_by_the_japanese_that_they_keep_and_hosts_that_keep_little_are_named(
    tmp_path: Path,
) -> None:
    page = Row("a", decided_by="meta", kept_japanese=0.95)
    rows = [page, replace(page, key="b", kept_japanese=0.25), replace(page, key="c", uri="https://b.example.jp/")]
    rows += [Row("work", uri="urn:x", kept_japanese=0.0)]
    counted = counted_shard(write_tables(tmp_path, "0", rows))
    assert counted["kept_japanese"] == {"2": 1, "9": 2}
    assert counted["little_kept"] == {"example.jp": {"documents": 2, "little_kept": 1}}


def test_hosts_and_charsets_beyond_the_bound_are_counted_together(tmp_path: Path) -> None:
    rows = [Row(str(i), uri=f"https://host{i}.example/", declared=f"charset-{i}") for i in range(TOP_HOSTS + 5)]
    rows.append(replace(rows[-1], key="again"))
    counted = counted_shard(write_tables(tmp_path, "0", rows, batch_rows=1000))
    assert len(counted["hosts"]) == TOP_HOSTS
    assert counted["hosts"][f"host{TOP_HOSTS + 4}.example"]["documents"] == 2
    assert counted["hosts_other"] == {"documents": 5, "kept": 5, "unique": 5}
    assert sum(map(len, counted["charsets"].values())) == TOP_CHARSET_PAIRS
    assert counted["charsets_other"] == TOP_HOSTS + 5 - TOP_CHARSET_PAIRS


def test_documents_that_dedup_removes_are_counted_by_source_and_reason(tmp_path: Path) -> None:
    rows = [
        Row("a", cluster_size=3),
        replace(duplicate(Row("b"), 3), within_source=True),
        duplicate(Row("c"), 3),
        replace(duplicate(Row("d"), 3), similarity=None, within_source=True),
        duplicate(Row("e", source="ndl"), 2),
        dropped(Row("f"), "too_short"),
    ]
    counted = counted_shard(write_tables(tmp_path, "0", rows))
    assert counted["dedup"] == {
        "cc": {"documents": 4, "same_address": 1, "within_source": 1, "over_all": 1},
        "ndl": {"documents": 1, "same_address": 0, "within_source": 0, "over_all": 1},
    }
    assert counted["cluster_sizes"] == {"3": {"kept": 1, "removed": 2}, "2": {"kept": 0, "removed": 1}}


def with_leaks(folder: Path, tables: ShardTables, leaks: Sequence[tuple[str, str, str]]) -> ShardTables:
    """The tables with a table of leaks, each (key of a document of source `cc`, benchmark, item)."""
    rows = [
        dict.fromkeys(LEAKS.schema.names) | {"doc_id": document_id("cc", key), "benchmark": benchmark, "item": item}
        for key, benchmark, item in leaks
    ]
    uri = str(folder / "leaks.parquet")
    write_shard(uri, LEAKS.schema, [pa.RecordBatch.from_pylist(rows, schema=LEAKS.schema)])
    return replace(tables, leaks=uri)


def test_only_documents_withheld_for_a_benchmark_item_are_counted_as_contaminated(tmp_path: Path) -> None:
    rows = [Row("masked"), replace(Row("withheld"), released=False), Row("clean")]
    tables = with_leaks(tmp_path, write_tables(tmp_path, "0", rows), [("masked", "qa", "1"), ("withheld", "qa", "2")])
    counted = counted_shard(tables)
    assert counted["contaminated"] == {"cc": 1}
    assert counted["leaks"] == {"qa": {"1": {"leaks": 1, "documents": 1}, "2": {"leaks": 1, "documents": 1}}}


def test_items_beyond_the_bound_are_counted_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "TOP_LEAKS", 1)
    leaks = [("a", "qa", "1"), ("b", "qa", "1"), ("a", "qa", "2"), ("a", "qa", "3")]
    counted = counted_shard(with_leaks(tmp_path, write_tables(tmp_path, "0", [Row("a"), Row("b")]), leaks))
    assert counted["leaks"] == {"qa": {"1": {"leaks": 2, "documents": 2}, "": {"leaks": 2, "documents": 2}}}


def test_pages_with_text_and_pages_that_need_ocr_are_counted_by_source(tmp_path: Path) -> None:
    rows = [Row("book", source="pdf", pages=5), Row("scan", source="pdf", pages=2), Row("page")]
    tables = write_tables(tmp_path, "0", rows, [("pdf", "needs_ocr")])
    waiting = [("book", "poor_layer"), ("book", "scanned"), ("refused", "scanned")]
    queue = [
        dict.fromkeys(OCR_QUEUE.schema.names) | {"doc_id": document_id("pdf", key), "source": "pdf", "why": why}
        for key, why in waiting
    ]
    uri = str(tmp_path / "ocr_queue.parquet")
    write_shard(uri, OCR_QUEUE.schema, [pa.RecordBatch.from_pylist(queue, schema=OCR_QUEUE.schema)])
    counted = counted_shard(replace(tables, ocr_queue=uri))
    assert counted["printed"] == {"pdf": {"documents": 2, "pages": 7, "pages_with_text": 5}}
    assert counted["ocr_queue"] == {"pdf": {"poor_layer": 1, "scanned": 2}}
    run = RunFacts(
        config="c",
        out="o",
        started="",
        versions={},
        outputs={},
        rules=[],
        bounds={},
        sources={},
        configuration="",
        commit="",
        pages=4,
        earlier_runs=None,
        refusals={},
        refusals_ja={},
        drops={},
    )
    (printed,) = assemble(merge([counted]), [], run, Samples(clusters=[], boilerplate=None))["printed"]
    assert printed["refused"] == {"needs_ocr": 1}
    assert (printed["source"], printed["pages_with_text"]) == ("pdf", 5)


def test_kept_documents_in_another_language_are_counted(tmp_path: Path) -> None:
    counted = counted_shard(write_tables(tmp_path, "0", [Row("a", lang="zh"), Row("b")]))
    assert counted["kept_not_japanese"] == {"cc": 1}


def test_an_empty_shard_counts_nothing(tmp_path: Path) -> None:
    counted = merge([counted_shard(write_tables(tmp_path, "0", []))])
    assert counted == {**merge([]), "shards": 1, "release_shards": 1}


def test_a_run_without_a_release_counts_no_release_shard(tmp_path: Path) -> None:
    counted = counted_shard(write_tables(tmp_path, "0", [Row("a")], with_release=False))
    assert counted["release_shards"] == 0
    assert counted["funnel"]["cc"]["released"]["documents"] == 0


def test_a_release_of_other_documents_is_an_error(tmp_path: Path) -> None:
    ours = write_tables(tmp_path, "ours", [Row("a")])
    others = write_tables(tmp_path, "others", [Row("b")])
    with pytest.raises(ShardError, match="holds documents that"):
        counted_shard(replace(ours, release=others.release))


def test_tokens_are_counted_by_source(tmp_path: Path) -> None:
    uri = write_provenance(tmp_path, "0", [("cc", 10), ("ndl", 5), ("cc", 7)])
    counted = merge([token_statistics(uri), token_statistics(uri)])
    assert counted["token_shards"] == 2
    assert counted["tokens"] == {"cc": {"documents": 4, "tokens": 34}, "ndl": {"documents": 2, "tokens": 10}}


def test_withheld_documents_are_counted_by_reason_and_hosts_of_takedowns_are_not_named(tmp_path: Path) -> None:
    rows = [
        Row("a"),
        replace(Row("b", uri="https://gone.example/"), taken_down=True, released=False),
        replace(dropped(Row("c", uri="https://gone.example/2"), "too_short"), taken_down=True),
        dropped(Row("d"), "release_forbidden"),
        dropped(Row("e"), "opted_out", "too_short"),
    ]
    counted = counted_shard(write_tables(tmp_path, "0", rows))
    documents = {stage: counts["documents"] for stage, counts in counted["funnel"]["cc"].items()}
    assert documents == {"documents": 5, "permitted": 3, "japanese": 3, "kept": 2, "unique": 2, "released": 1}
    assert counted["taken_down"] == {"cc": 1}
    assert {name: counts["fails"] for name, counts in counted["rules"]["cc"].items()} == {
        "release_forbidden": 1,
        "opted_out": 1,
        "too_short": 2,
    }
    assert list(counted["hosts"]) == ["example.jp"]
    assert counted["hosts_none"]["documents"] == 2
