"""The report: its numbers add up or it fails, and its HTML is inert whatever the web put into it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from copy import deepcopy
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from manyo.corpus.addresses import host_of
from manyo.corpus.doc_ids import document_id
from manyo.corpus.schema import BOILERPLATE
from manyo.corpus.tables.shards import write_shard
from manyo.pipelines.report.accounts import AccountingError, list_notices
from manyo.pipelines.report.assembling import RunFacts, Samples, StageTiming, assemble
from manyo.pipelines.report.counters import merge
from manyo.pipelines.report.rendering import render_report
from manyo.pipelines.report.signal_histograms import rule_rows
from manyo.pipelines.report.statistics import token_statistics
from tests.pipelines.test_statistics import (
    RULES,
    SMALL_REFUSED,
    SMALL_RUN,
    Row,
    counted_shard,
    dropped,
    duplicate,
    write_provenance,
    write_tables,
)

TIMINGS = [
    StageTiming("extract", 2, 20.0, 10.0, 100_000_000, 5_000_000, 600_000_000, 12, 18.0, 10.0, 12.0, "web/a", 2.0)
]

#: A cluster of two documents, and no look for boilerplate.
SAMPLES = Samples(
    clusters=[
        {
            "cluster": b"0",
            "cluster_size": 3,
            "source": "cc",
            "uri": f"https://example.jp/{name}",
            "similarity": similarity,
            "kept": similarity == 1,
        }
        for name, similarity in (("first", 1.0), ("second", 0.875), ("superseded", None))
    ],
    boilerplate=None,
)

#: Strings that do harm where one of `< > " & '` is not escaped.
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'><svg onload=alert(1)>", "&lt;b&gt;")


def facts(pages: int) -> RunFacts:
    return RunFacts(
        config="demo.toml",
        out="data/demo",
        started="2026-11-23 09:00 UTC",
        versions={"manyo": "0.1.0"},
        outputs={"documents": "data/demo/extract-00000000/documents"},
        rules=["not_japanese", "too_short", "too_repetitive", "never_fails"],
        bounds=rule_rows(RULES),
        sources={"cc": {"kind": "warc", "profile": "web", "licence": "by-4.0", "terms": "named", "uses": ["train"]}},
        configuration="[run]\nout = 'data/demo'\n",
        commit="0123abc",
        pages=pages,
        earlier_runs=None,
        refusals={"no_kana": "hardly any kana"},
        refusals_ja={"no_kana": "かながほとんどない"},
        drops={"too_short": "char_count is below 65"},
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("report")
    provenance = write_provenance(folder, "tokens", [("cc", 60), ("cc", 600), ("ndl", 25_000)])
    return merge([counted_shard(write_tables(folder, "0", SMALL_RUN, SMALL_REFUSED)), token_statistics(provenance)])


@pytest.fixture(scope="module")
def report(small: dict[str, Any]) -> dict[str, Any]:
    return assemble(small, TIMINGS, facts(pages=12), SAMPLES)


class _Tags(HTMLParser):
    """Every tag and attribute that a browser would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def assert_inert(html: str) -> None:
    """No script, no handler, no link but to its own sections, nothing to fetch."""
    for tag, attributes in _Tags(html).tags:
        assert tag not in {"script", "img", "iframe", "object", "embed", "link", "form", "base", "image", "use"}
        assert not [name for name in attributes if name.startswith("on") or name in {"src", "style", "xlink:href"}]
        assert attributes.get("href", "#").startswith("#")
    assert not re.search(r"url\(|@import|https?:", html)


def test_the_funnel_of_the_small_run_is_exact(report: dict[str, Any]) -> None:
    assert [(row["stage"], row["documents"]) for row in report["funnel"]] == [
        ("pages", 12),
        ("documents", 8),
        ("permitted", 8),
        ("japanese", 7),
        ("kept", 5),
        ("unique", 3),
        ("released", 3),
    ]
    assert report["funnel"][-1] == {
        "stage": "released",
        "documents": 3,
        "characters": 51_100,
        "bytes": 153_300,
        "tokens": 25_660,
        "of_previous": 1.0,
        "of_pages": 0.25,
    }


def test_every_page_of_a_source_has_one_fate(report: dict[str, Any]) -> None:
    assert report["fates"][0] == {
        "source": "cc",
        "pages": 10,
        "parts": {
            "refused": 3,
            "not_permitted": 0,
            "not_japanese": 1,
            "failed_a_rule": 2,
            "duplicate": 2,
            "not_released": 0,
            "final": 2,
        },
        "retention": 0.2,
    }
    for fate in report["fates"]:
        assert sum(fate["parts"].values()) == fate["pages"]


def test_rules_are_in_the_order_of_the_configuration_and_leave_the_kept_documents(report: dict[str, Any]) -> None:
    assert [(row["rule"], row["in_order"], row["left"]) for row in report["rules"]] == [
        ("not_japanese", 1, 7),
        ("too_short", 2, 5),
        ("too_repetitive", 0, 5),
        ("never_fails", 0, 5),
    ]


def test_refusals_are_listed_by_reason_and_source(report: dict[str, Any]) -> None:
    assert report["refused"][0] == {
        "reason": "no_kana",
        "meaning": "hardly any kana",
        "meaning_ja": "かながほとんどない",
        "pages": 2,
        "share": 2 / 12,
        "sources": {"cc": 2},
    }


def test_the_page_says_what_each_reason_means(report: dict[str, Any]) -> None:
    html = render_report(report)
    assert 'class="en" lang="en">hardly any kana</span>' in html
    assert 'class="ja" lang="ja">かながほとんどない</span>' in html
    text = " ".join(" ".join(_Tags(html).text).split())
    assert "char_count at least 65 characters" in text
    assert "65 文字以上" in text


def test_the_page_states_licences_terms_configuration_and_commit(report: dict[str, Any]) -> None:
    assert report["licences"][0] == {
        "source": "cc",
        "kind": "warc",
        "profile": "web",
        "licence": "by-4.0",
        "terms": "named",
        "uses": ["train"],
        "documents": [{"licence": "by-4.0", "documents": 7, "released": 2}],
    }
    text = " ".join(" ".join(_Tags(render_report(report)).text).split())
    for words in ("by-4.0", "named", "[run] out = 'data/demo'", "0123abc"):
        assert words in text


def test_clusters_are_binned_by_size_and_cover_the_kept_documents(report: dict[str, Any]) -> None:
    removed = {"same_address": 0, "within_source": 0}
    assert report["clusters"] == {
        "by_source": [
            {"source": "cc", "documents": 4, **removed, "over_all": 2, "removed": 2, "share": 0.5},
            {"source": "ndl", "documents": 1, **removed, "over_all": 0, "removed": 0, "share": 0.0},
        ],
        "rows": [
            {"from": 1, "to": 1, "kept": 2, "removed": 0},
            {"from": 3, "to": 4, "kept": 1, "removed": 2},
        ],
        "largest": 3,
        "samples": [
            {
                "size": 3,
                "documents": [
                    {"source": "cc", "uri": "https://example.jp/first", "similarity": 1.0, "kept": True},
                    {"source": "cc", "uri": "https://example.jp/second", "similarity": 0.875, "kept": False},
                    {"source": "cc", "uri": "https://example.jp/superseded", "similarity": None, "kept": False},
                ],
            }
        ],
    }


def test_boilerplate_is_shown_by_source_with_its_lines_escaped(tmp_path: Path) -> None:
    tables = write_tables(tmp_path, "0", [Row("a"), Row("b"), Row("c")])
    marked = [(b"a", [0, 3], 60, True), (b"b", [0], 30, False), (b"c", [], 0, False)]
    rows = [dict(zip(BOILERPLATE.schema.names, row, strict=True)) for row in marked]
    for row, name in zip(rows, "abc", strict=True):
        row["doc_id"] = document_id("cc", name)
    uri = str(tmp_path / "boilerplate.parquet")
    write_shard(uri, BOILERPLATE.schema, [pa.RecordBatch.from_pylist(rows, BOILERPLATE.schema)])
    counted = merge([counted_shard(replace(tables, boilerplate=uri))])
    line = {"host": "example.jp", "line": f"{HOSTILE[0]} https://example.jp/", "documents": 9, "host_documents": 10}
    report = assemble(counted, TIMINGS, facts(pages=3), Samples(clusters=[], boilerplate=[line]))
    assert report["boilerplate"]["rows"] == [
        {
            "source": "cc",
            "documents": 2,
            "lines": 3,
            "characters": 90,
            "removed_documents": 1,
            "removed_lines": 2,
            "removed_characters": 60,
            "share": 90 / report["funnel"][4]["characters"],
        }
    ]
    html = render_report(report)
    assert_inert(html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; example.jp/" in html


def test_length_bins_are_contiguous_and_cover_every_document(report: dict[str, Any]) -> None:
    bins = report["lengths"]
    assert all(one["to"] == following["from"] for one, following in pairwise(bins))
    assert sum(row["documents"] for row in bins) == 8
    assert sum(row["unique"] for row in bins) == 3


def test_tokens_are_shown_by_source_with_share_and_rate(report: dict[str, Any]) -> None:
    assert report["tokens"]["rows"][0] == {
        "source": "cc",
        "documents": 2,
        "tokens": 660,
        "characters": 1100,
        "tokens_per_character": 0.6,
        "share": 660 / 25_660,
    }
    assert report["tokens"]["total"]["tokens"] == 25_660


def test_declared_charsets_are_tabulated_by_decoded_charset(report: dict[str, Any]) -> None:
    assert report["charsets"]["charsets"] == ["utf-8", "cp932"]
    assert report["charsets"]["rows"][-1] == {"declared": "shift_jis", "documents": 1, "charsets": {"cp932": 1}}


def test_a_stage_is_shown_with_its_rates(report: dict[str, Any]) -> None:
    assert report["stages"][0]["bytes_per_second"] == 5_000_000
    assert report["stages"][0]["records_per_second"] == 0.6
    assert report["stages"][0]["tail_share"] == 0.2


def test_quarantined_pages_are_in_the_notices(report: dict[str, Any]) -> None:
    assert report["notices"][0] == {
        "english": "Quarantined pages, whose parser crashed or exceeded its time: 1.",
        "japanese": "解析器が落ちたか時間を超えたため隔離したページが 1 件あります。",
    }
    assert 'lang="ja">解析器が落ちたか時間を超えたため隔離したページが 1 件あります。<' in render_report(report)


def test_a_source_that_lost_all_documents_is_in_the_notices(tmp_path: Path) -> None:
    rows = [Row("a"), dropped(Row("b", source="law"), "too_short")]
    merged = merge([counted_shard(write_tables(tmp_path, "0", rows))])
    notices = assemble(merged, [], facts(pages=2), SAMPLES)["notices"]
    assert [notice["english"] for notice in notices] == ["Source law: none of its documents (1) is kept."]


def test_a_cluster_of_the_whole_corpus_is_in_the_notices(tmp_path: Path) -> None:
    rows = [Row("a", cluster_size=1000), *(duplicate(Row(str(i)), 1000) for i in range(999))]
    merged = merge([counted_shard(write_tables(tmp_path, "0", rows, batch_rows=1000))])
    notices = assemble(merged, [], facts(pages=1000), SAMPLES)["notices"]
    (notice,) = notices
    assert notice["english"] == "The largest cluster has 1,000 of 1,000 documents: check its survivor."


@pytest.mark.parametrize(
    ("size", "kept", "is_noticed"),
    [(999, 1000, False), (1000, 1000, True), (1000, 100_000, True), (1000, 100_100, False), (1001, 100_100, True)],
)
def test_a_cluster_is_noticed_from_a_thousand_documents_and_one_percent_on(
    size: int, kept: int, is_noticed: bool
) -> None:
    merged = merge([])
    counts = {"documents": kept, "characters": 0, "bytes": 0}
    merged["funnel"] = {"cc": dict.fromkeys(("documents", "permitted", "kept", "unique"), counts)}
    merged["cluster_sizes"] = {"2": {"kept": 1, "removed": 1}, str(size): {"kept": 1, "removed": size - 1}}
    assert any("largest cluster" in notice["english"] for notice in list_notices(merged)) == is_noticed


def test_a_lost_page_is_an_error(small: dict[str, Any]) -> None:
    with pytest.raises(AccountingError, match="13 pages, but its tables hold 8 documents and 4 refused pages"):
        assemble(small, TIMINGS, facts(pages=13), SAMPLES)


def test_a_kept_document_without_a_row_in_dedup_is_an_error(small: dict[str, Any]) -> None:
    broken = deepcopy(small)
    broken["dedup"]["cc"]["documents"] -= 1
    with pytest.raises(AccountingError, match="kept 5 documents, but 4 took part in dedup"):
        assemble(broken, TIMINGS, facts(pages=12), SAMPLES)


def test_rules_that_remove_another_number_than_is_missing_are_an_error(small: dict[str, Any]) -> None:
    broken = deepcopy(small)
    broken["rules"]["cc"]["too_short"]["in_order"] += 1
    with pytest.raises(AccountingError, match="3 documents fail a rule, but rules removed 4"):
        assemble(broken, TIMINGS, facts(pages=12), SAMPLES)


def test_a_released_document_that_was_not_kept_is_an_error(small: dict[str, Any]) -> None:
    broken = deepcopy(small)
    broken["funnel"]["ndl"]["released"]["documents"] += 1
    with pytest.raises(AccountingError, match="source ndl: 2 released documents came from 1 unique ones"):
        assemble(broken, TIMINGS, facts(pages=12), SAMPLES)


def test_a_half_finished_release_is_an_error(small: dict[str, Any]) -> None:
    broken = deepcopy(small)
    broken["shards"] += 1
    with pytest.raises(AccountingError, match="1 of 2 shards were released"):
        assemble(broken, TIMINGS, facts(pages=12), SAMPLES)


def test_the_order_of_shards_changes_no_byte_of_the_report(tmp_path: Path) -> None:
    parts = [
        counted_shard(write_tables(tmp_path, "0", SMALL_RUN[4:], SMALL_REFUSED)),
        counted_shard(write_tables(tmp_path, "1", SMALL_RUN[:4])),
    ]
    forwards = assemble(merge(parts), TIMINGS, facts(pages=12), SAMPLES)
    backwards = assemble(merge(reversed(parts)), TIMINGS, facts(pages=12), SAMPLES)
    assert render_report(forwards) == render_report(backwards)


def test_the_report_reads_the_same_from_json(report: dict[str, Any]) -> None:
    assert render_report(json.loads(json.dumps(report))) == render_report(report)


def test_the_html_shows_the_numbers(report: dict[str, Any]) -> None:
    text = " ".join(" ".join(_Tags(render_report(report)).text).split())
    assert "Of 12 pages, 3 documents (25.0 %) are in the release" in text
    assert "25,660" in text
    assert "重複除去後" in text


def test_the_html_has_no_scripts_and_makes_no_requests(report: dict[str, Any]) -> None:
    assert_inert(render_report(report))


def test_the_security_policy_allows_only_the_style_sheet_of_the_page(report: dict[str, Any]) -> None:
    html = render_report(report)
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policies = [attributes["content"] for tag, attributes in _Tags(html).tags if "http-equiv" in attributes]
    assert policies == [f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_every_string_from_outside_is_escaped(hostile: str, tmp_path: Path) -> None:
    host = hostile.replace("/", "").replace(":", "")  # what a URI can bring into its host
    rows = [
        Row("a", source=hostile, uri=f"https://{host}/", charset=hostile, declared=hostile, lang=hostile),
        Row("b", source=hostile, pii={hostile: 1}),
        dropped(Row("c", source=hostile), hostile),
        dropped(Row("d", source="all dropped " + hostile), hostile),
    ]
    shard = counted_shard(write_tables(tmp_path, "0", rows, [(hostile, hostile)]))
    tokens = token_statistics(write_provenance(tmp_path, "tokens", [(hostile, 3)]))
    run = RunFacts(
        config=hostile,
        out=hostile,
        started=hostile,
        versions={hostile: hostile},
        outputs={hostile: hostile},
        rules=[hostile],
        bounds={hostile: {**rule_rows(RULES)["too_short"], "signal_meaning": hostile, "source": hostile}},
        sources={hostile: dict.fromkeys(("kind", "profile", "licence", "terms"), hostile) | {"uses": [hostile]}},
        configuration=hostile,
        commit=hostile,
        pages=5,
        earlier_runs={"already_released": 2, "released_again": 1},
        refusals={hostile: hostile},
        refusals_ja={hostile: hostile},
        drops={hostile: hostile},
    )
    line = {"host": hostile, "line": hostile, "documents": 9, "host_documents": 10}
    document = {**SAMPLES["clusters"][0], "source": hostile, "uri": hostile}
    samples = Samples(clusters=[document], boilerplate=[line])
    timings = [StageTiming(hostile, 2, 1.0, 1.0, 1, 1, 1, 1, 1.0, 1.0, 1.0, hostile, 0.0)]
    report = assemble(merge([shard, tokens]), timings, run, samples)
    html = render_report(report)
    assert_inert(html)
    assert hostile not in html
    text = "".join(_Tags(html).text)
    assert text.count(hostile) >= 15
    assert (host_of(f"https://{host}/") or "") in text, "a host that is none is not listed"


def test_a_source_may_have_the_name_of_a_dict_method(tmp_path: Path) -> None:
    rows = [Row("a", source="items"), dropped(Row("b", source="get"), "keys")]
    merged = merge([counted_shard(write_tables(tmp_path, "0", rows, [("items", "values")]))])
    assert_inert(render_report(assemble(merged, [], facts(pages=3), SAMPLES)))


def test_the_report_of_an_empty_run_says_so() -> None:
    report = assemble(merge([]), [], facts(pages=0), SAMPLES)
    html = render_report(report)
    assert_inert(html)
    assert "The run had no pages to read." in html
    assert report["funnel"][0]["of_pages"] is None
    assert "nan" not in html.lower()


def test_a_run_that_kept_nothing_has_zero_tokens_and_dashes_for_rates(tmp_path: Path) -> None:
    shard = counted_shard(write_tables(tmp_path, "0", [dropped(Row("a", characters=0), "too_short")]))
    tokens = token_statistics(write_provenance(tmp_path, "tokens", []))
    report = assemble(merge([shard, tokens]), [], facts(pages=1), SAMPLES)
    assert report["totals"]["tokens"] == 0
    assert report["tokens"]["total"]["tokens_per_character"] is None
    assert_inert(render_report(report))


def test_a_run_before_release_and_tokens_ends_its_funnel_at_unique_documents(tmp_path: Path) -> None:
    shard = counted_shard(write_tables(tmp_path, "0", SMALL_RUN, SMALL_REFUSED, with_release=False))
    report = assemble(merge([shard]), TIMINGS, facts(pages=12), SAMPLES)
    assert report["funnel"][-1]["stage"] == "unique"
    assert report["tokens"] is None
    assert report["pii"] is None
    html = render_report(report)
    assert "nothing is released yet" in html
    assert "Not tokenized yet." in html


@pytest.mark.parametrize(
    ("tokens", "printed"), [(999, "999"), (999_600, "1.00 M"), (12_345_678_901, "12.3 B"), (10**15, "1,000 T")]
)
def test_large_numbers_are_printed_with_three_digits(report: dict[str, Any], tokens: int, printed: str) -> None:
    changed = deepcopy(report)
    changed["totals"]["tokens"] = tokens
    assert f"<dd>{printed}<small>{tokens:,}" in render_report(changed)


def test_withheld_documents_are_listed_by_reason_with_a_fate_of_their_own(tmp_path: Path) -> None:
    rows = [
        Row("a"),
        dropped(Row("b"), "release_forbidden", "too_short"),
        dropped(Row("c", source="ndl"), "opted_out"),
        replace(Row("d"), taken_down=True, released=False),
    ]
    merged = merge([counted_shard(write_tables(tmp_path, "0", rows))])
    report = assemble(merged, TIMINGS, facts(pages=4), SAMPLES)
    assert [(row["reason"], row["documents"], row["sources"]) for row in report["withheld"]] == [
        ("release_forbidden", 1, {"cc": 1}),
        ("opted_out", 1, {"ndl": 1}),
        ("contaminated", 0, {}),
        ("taken_down", 1, {"cc": 1}),
    ]
    parts = {fate["source"]: fate["parts"] for fate in report["fates"]}
    assert (parts["cc"]["not_permitted"], parts["cc"]["not_released"], parts["cc"]["final"]) == (1, 1, 1)
    assert parts["ndl"]["not_permitted"] == 1
    for words in ("Not permitted", "release_forbidden", "on the takedown list"):
        assert words in render_report(report)
