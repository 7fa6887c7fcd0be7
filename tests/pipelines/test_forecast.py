"""A sample predicts the whole: the arithmetic is exact if costs are linear, and the sampling is fair."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_batches
from manyo.pipelines.cli import main
from manyo.pipelines.commands.forecast import Cluster, Forecast, StageForecast, actual, load
from manyo.pipelines.commands.sample_forecast import choose, line
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.extraction.loop import Extraction, extract_shard
from manyo.pipelines.graph.config import load_config
from tests.conftest import FinishedRun


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.05, 0.5), st.floats(1.5, 8))
def test_a_fixed_and_a_proportional_cost_are_separated(fixed: float, by_size: float, small: float, more: float) -> None:
    places = [small, small * more]
    costs = [fixed + by_size * place for place in places]
    assert line(places, costs, 10.0) == pytest.approx(fixed + by_size * 10.0, rel=1e-6, abs=1e-6)


@given(st.floats(0.01, 100), st.floats(0.01, 100))
def test_the_whole_costs_at_least_its_sample_and_at_most_the_sample_in_proportion(
    at_small: float, at_large: float
) -> None:
    assert at_large <= line([0.1, 0.4], [at_small, at_large], 1.0) <= at_large / 0.4 * (1 + 1e-9)


def shards(sizes: list[int]) -> list[InputShard]:
    return [InputShard(f"s/{n:04d}", (InputFile(f"{n}.gz", size, ""),)) for n, size in enumerate(sizes)]


@given(st.dictionaries(st.sampled_from(["web", "ndl", "law"]), st.lists(st.integers(1, 10**9), min_size=1), min_size=1))
def test_every_source_is_sampled_and_the_sample_is_not_larger_than_asked(sizes: dict[str, list[int]]) -> None:
    asked = 24_000_000
    chosen = choose({name: shards(some) for name, some in sizes.items()}, asked)
    assert all(chosen[name] for name in sizes)
    assert all(0 < shard.sampled_fraction <= 1 for some in chosen.values() for shard in some)
    sampled = sum(shard.size_bytes * shard.sampled_fraction for some in chosen.values() for shard in some)
    assert sampled <= asked * 1.1 + 1
    for some in chosen.values():
        opened = sum(shard.size_bytes for shard in some)
        share = sum(shard.size_bytes * shard.sampled_fraction for shard in some)
        assert share >= min(opened, asked / (10 * len(sizes))) * (1 - 1e-9), "a small source is measured too"


def test_a_few_of_many_archives_are_opened_evenly_spaced() -> None:
    chosen = choose({"cc": shards([10**9] * 90_000)}, 24_000_000)["cc"]
    assert [shard.name for shard in chosen] == ["s/22500", "s/67500"]


@pytest.fixture(scope="module")
def web_source(packed_samples: Path) -> Source:
    from manyo.corpus.sources import warc

    return Source("web", "warc", (f"{packed_samples}/web/*.warc.gz",), "web", "ours", warc.Options())


class _Nobody:
    """Progress that nobody watches."""

    def begin(self) -> None: ...
    def next_record(self) -> None: ...
    def at_file(self, index: int) -> None: ...


def sampled(source: Source, folder: Path, fraction: float) -> tuple[dict[str, int], set[bytes]]:
    """Counts, and the ids of the documents, of one shard."""
    shard = max(pack_source(source), key=lambda one: one.size_bytes)
    shard = InputShard(shard.name, shard.files, sampled_fraction=fraction)
    uris = [str(folder / f"{table}-{fraction}.parquet") for table in ("documents", "refused", "ocr_queue")]
    counts = extract_shard(Extraction(source, shard, *uris, careful=False, record_timeout_s=60), _Nobody())  # type: ignore[arg-type]
    return counts, {doc_id.as_py() for batch in read_batches(uris[0], ["doc_id"]) for doc_id in batch.column(0)}


def test_a_larger_sample_contains_the_smaller_one_and_every_record_is_counted(
    web_source: Source, tmp_path: Path
) -> None:
    samples = [sampled(web_source, tmp_path, fraction) for fraction in (0.0, 0.3, 0.7, 1.0)]
    for (_, smaller), (_, larger) in pairwise(samples):
        assert smaller <= larger
    assert not samples[0][1]
    assert len({counts["records"] for counts, _ in samples}) == 1, "records that are not sampled are counted"
    counts, found = samples[1]
    assert 0 < len(found) < len(samples[-1][1])
    assert counts["records"] == sum(counts.get(kind, 0) for kind in ("documents", "refused", "quarantined", "skipped"))
    assert "reader_microseconds" not in samples[-1][0], "nothing is timed outside of a forecast"


def test_a_stage_takes_the_time_of_its_tasks_over_the_cores_or_that_of_the_driver() -> None:
    stage = StageForecast("extract", 1000, 900.0, 1000.0, 1, 1, 1, False)
    planned = Forecast((stage,), 2.0, 1, 1, 1, 1)
    assert planned.wall_seconds(Cluster(1, 1)) == 1002
    assert planned.wall_seconds(Cluster(10, 10)) == 12
    assert planned.wall_seconds(Cluster(1000, 10)) == 5, "1000 tasks at 3 ms each, one after another"


def test_a_plan_is_kept_and_compared_with_the_run(
    demo_run: FinishedRun, packed_samples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (model,) = demo_run.out.glob("train-*/*.model")
    config, out = tmp_path / "web.toml", tmp_path / "out"
    config.write_text(
        f'[run]\nout = "{out}"\n[filter]\nrules = "default"\n[tokenize]\nmodel = "{model}"\n'
        f'[[source]]\nname = "web"\nkind = "warc"\ninputs = ["{packed_samples}/web/*.warc.gz"]\n'
        'profile = "web"\nlicence = "ours"\n',
        encoding="utf-8",
    )
    of_run = ["--config", str(config)]
    assert main(["plan", *of_run, "--actual"]) == 2
    assert "there is no forecast" in capsys.readouterr().err
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "JPY"\ncore_hour = 6\n', encoding="utf-8")
    assert main(["plan", *of_run, "--cores", "1", "--prices", str(prices)]) == 0
    assert "JPY" in capsys.readouterr().out
    planned, cluster = load(str(out))
    assert cluster == Cluster(1, 1)
    assert main(["plan", *of_run, "--actual"]) == 2
    assert "is not finished" in capsys.readouterr().err
    assert main(["run", *of_run, "--executor", "serial"]) == 0
    assert main(["plan", *of_run, "--actual"]) == 0
    actuals = actual(load_config(str(config)))
    assert [stage.stage for stage in planned.stages] == [one.stage for one in actuals]
    assert [stage.tasks for stage in planned.stages] == [one.tasks for one in actuals]
    # A sample that holds everything has the sizes of the run; the report's digits differ with the times in it.
    sizes = {stage.stage: stage.bytes_written for stage in planned.stages if stage.stage != "report"}
    assert sizes == {one.stage: one.bytes_written for one in actuals if one.stage != "report"}


def test_a_price_table_with_an_unknown_key_is_one_line(
    demo_config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text('currency = "JPY"\ngpu_hour = 6\n', encoding="utf-8")
    assert main(["plan", "--config", str(demo_config), "--prices", str(prices)]) == 2
    assert "prices.toml:2: unknown key 'gpu_hour'; known: core_hour, currency" in capsys.readouterr().err
