"""One run over inputs that once went wrong downstream (tests/cases/downstream): each is read whole, and kept apart."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from manyo.corpus.text import with_line_feeds
from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import RULE_THAT_KEEPS_ALL
from tests.filters.batches import signal_values

CASES = Path(__file__).parents[1] / "cases" / "downstream"

#: Inputs of each source below `CASES`, and its kind.
SOURCES = {
    "same": ("same/*/*.jsonl", "jsonl"),
    "same3": ("same3/*/*.jsonl", "jsonl"),
    "ids": ("ids/*.jsonl", "jsonl"),
    "pq": ("pq/*/*.parquet", "parquet"),
    "types": ("export_types/*/*.jsonl", "jsonl"),
    "odd": ("odd.jsonl", "jsonl"),
    "none": ("empty.jsonl", "jsonl"),
    "short": ("short.jsonl", "jsonl"),
    "copies": ("dedup.jsonl", "jsonl"),
    "leaky": ("decont.jsonl", "jsonl"),
}

#: Items of a benchmark, written into texts of the source `leaky` in several ways.
QUESTIONS = (
    "電子機器で使用される最も主要な電子回路基板の事をなんと言う？",
    "太陽系で一番大きい惑星は何ですか?",
)


@dataclass(frozen=True, slots=True)
class Cases:
    config: str

    def rows(self, table: str, source: str) -> list[dict[str, Any]]:
        """The rows of a table of a source, in the order of its shards."""
        paths = sorted(Path(table_folder(load_config(self.config), table), source).rglob("*.parquet"))
        return [row for path in paths for row in pq.read_table(path, partitioning=None).to_pylist()]

    def exported(self) -> Iterator[dict[str, Any]]:
        for path in sorted(Path(table_folder(load_config(self.config), "export")).rglob("*.jsonl.gz")):
            yield from map(json.loads, gzip.decompress(path.read_bytes()).decode().splitlines())


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    folder = tmp_path_factory.mktemp("cases")
    (folder / "rules.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    items = [json.dumps({"question": question}) + "\n" for question in QUESTIONS]
    (folder / "items.jsonl").write_text("".join(items), encoding="utf-8")
    tables = [
        f'[[source]]\nname = "{name}"\nkind = "{kind}"\nprofile = "prose"\nlicence = "CC0"\n'
        f'inputs = ["{CASES}/{inputs}"]\n'
        + ('id_field = "id"\nuri_field = "id"\n' if name in ("odd", "short", "copies", "types", "leaky") else "")
        for name, (inputs, kind) in SOURCES.items()
    ]
    config = folder / "config.toml"
    config.write_text(
        f'[run]\nout = "{folder}/out"\n{"".join(tables)}[filter]\nrules = "{folder}/rules.toml"\n'
        '[dedup]\nwithin_sources = true\nview_profiles = ["prose"]\n[export]\n'
        f'[decontaminate]\n[[decontaminate.benchmark]]\nname = "own"\nfiles = ["{folder}/items.jsonl"]\n'
        'fields = ["question"]\n[tokenize.train]\nvocabulary_size = 520\n',
        encoding="utf-8",
    )
    assert main(["run", "--config", str(config), "--executor", "serial", "--until", "export"]) in (0, 3)
    return Cases(str(config))


def rows_of(pattern: str) -> list[dict[str, Any]]:
    paths = sorted(CASES.glob(pattern))
    if pattern.endswith(".parquet"):
        return [row for path in paths for row in pq.read_table(path).to_pylist()]
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").split("\n") if line]


@pytest.mark.parametrize("source", SOURCES)
def test_every_row_of_files_of_one_name_is_a_document_of_its_own_or_refused(cases: Cases, source: str) -> None:
    given, documents, refused = (
        rows_of(SOURCES[source][0]),
        cases.rows("documents", source),
        cases.rows("refused", source),
    )
    assert len(documents) + len(refused) == len(given)
    assert len({row["doc_id"] for row in (*documents, *refused)}) == len(given)


def test_what_ends_a_line_ends_one_in_texts_and_signals(cases: Cases) -> None:
    given = {row["id"]: row["text"] for row in rows_of("odd.jsonl")}
    documents = {row["uri"]: row["text"] for row in cases.rows("documents", "odd")}
    for name in ("u2028", "ff", "tab"):
        assert documents[name].splitlines() == documents[name].split("\n")
        plain = with_line_feeds(given[name].replace("\r\n", "\n").replace("\r", "\n"))
        assert documents[name].split("\n") == [line.rstrip() for line in plain.rstrip("\n").split("\n")]
    assert signal_values("mean_line_chars", documents["u2028"]) == signal_values(
        "mean_line_chars", with_line_feeds(given["u2028"])
    )


def test_texts_without_letters_are_not_one_cluster(cases: Cases) -> None:
    name_of = {row["doc_id"]: row["uri"] for row in cases.rows("documents", "copies")}
    clusters: dict[str, set[str]] = {}
    for row in cases.rows("duplicates", "copies"):
        clusters.setdefault(name_of[row["cluster"]], set()).add(name_of[row["doc_id"]])
    without_letters = {"emo_a", "emo_b", "zwj_a", "zwj_b", "punct_a", "sp_only_like"}
    for members in clusters.values():
        assert not (members & without_letters and members - without_letters), members
    together = [members & without_letters for members in clusters.values() if len(members & without_letters) > 1]
    # Only those that show nothing at all are one text.
    assert together == [{"zwj_a", "zwj_b", "sp_only_like"}]
    assert {"sp_a", "sp_b"} in clusters.values(), "a text and the same with blanks between its characters"


def test_every_row_of_the_export_has_the_fields_and_types_of_the_first(cases: Cases) -> None:
    def types(value: Any) -> Any:
        return {name: types(one) for name, one in value.items()} if isinstance(value, dict) else type(value).__name__

    rows = list(cases.exported())
    assert {json.dumps(types(row)) for row in rows} == {json.dumps(types(rows[0]))}
    masked = {row["metadata"]["url"]: row["metadata"]["pii"] for row in rows if row["metadata"]["source"] == "types"}
    assert masked == {"a": "", "b": "email 1"}


def test_a_question_is_found_however_its_line_is_broken_or_spaced_and_not_where_it_is_not(cases: Cases) -> None:
    name_of = {row["doc_id"]: row["uri"] for row in cases.rows("documents", "leaky")}
    leaked = {name_of[row["doc_id"]] for row in cases.rows("leaks", "leaky")}
    assert leaked >= {"exact", "fullwidth"}
    # These two are one text to dedup, which keeps one of them.
    assert len(leaked & {"split_lines", "spaced"}) == 1
    assert not leaked & {"instr", "inside", "kana", "shortmatch", "num", "english"}
