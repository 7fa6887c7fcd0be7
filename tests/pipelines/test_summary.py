"""The tables that a command names when it has finished."""

from dataclasses import replace
from pathlib import Path

from manyo.corpus.tables.export import Export
from manyo.filters.benchmarks.items import Benchmark
from manyo.filters.benchmarks.leaks import Decontaminate
from manyo.pipelines.commands.run_summary import RESULTS
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config


def test_every_result_table_is_written_by_a_stage(demo_config: Path, tmp_path: Path) -> None:
    config = load_config(str(demo_config))
    items = tmp_path / "own.jsonl"
    items.write_text('{"question": "何色ですか？"}\n', encoding="utf-8")
    everything = replace(
        config,
        dedup=replace(config.dedup, index=True),
        decontaminate=Decontaminate((Benchmark("own", (str(items),), ("question",)),)),
        export=Export(),
    )
    written = {table for stage in build_stages(everything) for table in stage.table_folders()}
    assert written >= RESULTS
