"""The plan of a crawl by its index says what its fetching costs, and how it is fetched is in no fingerprint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from manyo.corpus.records import InputFile, InputShard, Record, Skipped
from manyo.corpus.sources import commoncrawl, fetching
from manyo.corpus.sources.source_kinds import Source
from manyo.pipelines.commands.fetch_plan import fetch_plan
from manyo.pipelines.commands.plan import fetch_table
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.stage import Stage
from manyo.pipelines.graph.extract_stages import ExtractSettings, extract
from tests.corpus.test_commoncrawl import crawl, options, write_index
from tests.faulty_server import Faults, proxy, web_server


def source(path: Path, settings: commoncrawl.Options) -> Source:
    return Source("crawl", "commoncrawl", (str(path),), "web", "unknown", settings)


@pytest.mark.parametrize("gap_bytes", [0, 300, 1 << 20])
def test_a_run_makes_the_requests_that_the_plan_states(tmp_path: Path, gap_bytes: int) -> None:
    path = write_index(tmp_path, crawl(tmp_path, n_pages=30, n_archives=3))
    faults = Faults()
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        settings = options(f"{url}/", gap_bytes=gap_bytes)
        planned = fetch_plan(source(path, settings), settings)
        faults.requests.clear()
        records = list(commoncrawl.records(InputShard("x", (InputFile(str(path), 1, "1"),)), settings))
    (stated,) = [one for one in planned.costs if one.gap_bytes == gap_bytes]
    assert len(faults.requests) == stated.n_requests
    spans = [wanted.removeprefix("bytes=").split("-") for _, _, wanted in faults.requests]
    assert sum(int(last) + 1 - int(first) for first, last in spans) == stated.n_bytes
    assert planned.n_records == len(records) == 20
    assert planned.counts["rows"] == 30


def test_whole_archives_are_advised_where_requests_are_rare_and_the_line_is_wide(tmp_path: Path) -> None:
    path = write_index(tmp_path, crawl(tmp_path, n_pages=30, n_archives=3))
    settings = options(f"{tmp_path}/", requests_per_second=1.0, bytes_per_second=1e12)
    by_ranges = fetch_plan(source(path, settings), settings)
    assert by_ranges.is_whole_as_fast
    table = fetch_table("crawl", by_ranges, settings.gap_bytes, None)
    assert table.rows[-1][0] == "whole archives"
    narrow = replace(settings, requests_per_second=1e9, bytes_per_second=1.0)
    by_bytes = fetch_plan(source(path, narrow), narrow)
    assert by_bytes.fastest.gap_bytes == 0
    assert not by_bytes.is_whole_as_fast


def test_a_rule_that_selects_nothing_is_one_line(tmp_path: Path) -> None:
    path = write_index(tmp_path, crawl(tmp_path))
    settings = options(f"{tmp_path}/", languages=("kor",), charsets=(), tlds=(), unknown="none")
    with pytest.raises(UserError, match="no row of 12 is selected"):
        fetch_plan(source(path, settings), settings)


def test_a_long_range_is_cut_into_pieces_that_give_the_same_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_index(tmp_path, crawl(tmp_path))
    shard = InputShard("x", (InputFile(str(path), 1, "1"),))
    settings = options(f"{tmp_path}/", gap_bytes=1 << 20)
    whole = list(commoncrawl.records(shard, settings))
    monkeypatch.setattr(fetching, "RANGE_BYTES", 700)
    assert list(commoncrawl.records(shard, settings)) == whole


def test_a_forecast_fetches_only_the_records_that_it_parses(tmp_path: Path) -> None:
    path = write_index(tmp_path, crawl(tmp_path, n_pages=90))
    faults = Faults()
    with web_server(tmp_path) as port, proxy(port, faults) as url:
        shard = InputShard("x", (InputFile(str(path), 1, "1"),), sampled_fraction=0.3)
        records = list(commoncrawl.records(shard, options(f"{url}/", gap_bytes=0)))
    fetched = [one for one in records if isinstance(one, Record) and not isinstance(one.payload, Skipped)]
    assert len(records) == 60
    assert len(faults.requests) == len(fetched)
    assert 5 < len(fetched) < 35


def test_how_records_are_fetched_changes_no_fingerprint_and_which_are_does(tmp_path: Path) -> None:
    def fingerprint(**values: object) -> str:
        settings = ExtractSettings((source(tmp_path, options("p/", **values)),), 60.0)
        return Stage("extract", 1, settings, (), (), extract).fingerprint

    same = {"gap_bytes": 9, "requests_per_second": 9.0, "connections": 9, "contact": "b@example.org"}
    assert fingerprint(**same, bytes_per_second=9.0, max_failed_fraction=0.5) == fingerprint()
    assert fingerprint(unknown="all") != fingerprint()
    assert fingerprint(max_record_bytes=9) != fingerprint()
