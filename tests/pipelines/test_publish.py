"""publish: the folder holds the release and what was removed, and every stated number is that of its files."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tld import get_fld

from manyo.corpus.addresses import host_of
from manyo.pipelines.cli import main
from manyo.pipelines.commands.published_tables import top_domains
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.report.rendering import page_templates
from manyo.pipelines.run import table_folder
from tests.conftest import FinishedRun

Rows = list[dict[str, Any]]


def publish(run: FinishedRun, folder: Path, *options: str) -> int:
    arguments = ("--config", str(run.config), "--out", str(run.out), "--to", str(folder))
    return main(["publish", *arguments, *options])


@pytest.fixture(scope="module")
def folder(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "corpus"
    assert publish(demo_run, folder, "--creator", "Some | <b>body</b>", "--license", "apache-2.0") == 0
    return folder


def published(folder: Path, glob: str) -> Rows:
    return [row for path in sorted(folder.glob(glob)) for row in pq.read_table(path, partitioning=None).to_pylist()]


def of_run(run: FinishedRun, table: str) -> Rows:
    base = Path(table_folder(load_config(str(run.config), str(run.out)), table))
    return [
        row for path in sorted(base.rglob("*.parquet")) for row in pq.read_table(path, partitioning=None).to_pylist()
    ]


def table(folder: Path, name: str) -> Rows:
    with (folder / "tables" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_release_is_published_whole_and_as_it_is(demo_run: FinishedRun, folder: Path) -> None:
    rows = {row["id"]: row for row in published(folder, "data/*/*.parquet")}
    released = of_run(demo_run, "release")
    assert set(rows) == {row["doc_id"].hex() for row in released}
    for row in released:
        one = rows[row["doc_id"].hex()]
        assert (one["text"], one["title"], one["url"]) == (row["text"], row["title"], row["uri"])
        assert (one["source"], one["licence"], one["uses"]) == (row["source"], row["licence"], row["uses"])
    dates = {row["doc_id"].hex(): row["fetched_at"] for row in of_run(demo_run, "documents")}
    assert all(row["date"] == dates[row["id"]] for row in rows.values())


def test_every_page_is_released_or_removed_for_a_reason(demo_run: FinishedRun, folder: Path) -> None:
    kept, removed = published(folder, "data/*/*.parquet"), published(folder, "removed/*.parquet")
    pages = of_run(demo_run, "documents") + of_run(demo_run, "refused")
    assert Counter(row["id"] for row in kept + removed) == Counter(row["doc_id"].hex() for row in pages)
    assert all(row["reasons"] for row in removed)
    reasons = {row["doc_id"].hex(): row["reasons"] for row in of_run(demo_run, "decisions")}
    for row in removed:
        if reasons.get(row["id"]):
            assert row["reasons"] == reasons[row["id"]]
            assert row["text"]
        elif row["reasons"] == ["duplicate"]:
            assert row["repeats"] in {one["id"] for one in kept}
            assert row["text"] is None
        else:
            assert row["reasons"][0].startswith("refused: ")


def test_every_stated_number_is_counted_again_from_the_files(folder: Path) -> None:
    kept, removed = published(folder, "data/*/*.parquet"), published(folder, "removed/*.parquet")
    for row in table(folder, "sources"):
        own = [one for one in kept if one["source"] == row["source"]]
        assert int(row["documents"]) == len(own)
        assert int(row["characters"]) == sum(len(one["text"]) for one in own)
        assert int(row["bytes"]) == sum(len(one["text"].encode()) for one in own)
        days = [f"{one['date']:%Y-%m-%d}" for one in own if one["date"]]
        assert (row["earliest"], row["latest"]) == ((min(days), max(days)) if days else ("", ""))
    sizes: Counter[str] = Counter()
    for one in kept:
        host = host_of(one["url"])
        sizes[(get_fld(f"http://{host}/", fail_silently=True) or host) if host else "(no host)"] += len(
            one["text"].encode()
        )
    assert {row["domain"]: int(row["bytes"]) for row in table(folder, "domains")} == sizes
    reasons = Counter(reason for one in removed for reason in one["reasons"])
    assert {row["reason"]: int(row["pages"]) for row in table(folder, "removed")} == reasons
    languages = Counter(one["language"] for one in kept)
    assert {row["language"]: int(row["documents"]) for row in table(folder, "languages")} == languages
    card = (folder / "README.md").read_text(encoding="utf-8")
    characters = sum(len(one["text"]) for one in kept)
    assert f"{len(kept):,} documents, {characters:,} characters" in card
    assert f"{len(removed):,} pages were removed" in card
    summary = (folder / "TRAINING_CONTENT_SUMMARY.md").read_text(encoding="utf-8")
    named = re.findall(r"^\| ([\w.-]+) \| ([\d,]+) \|$", summary.split("registrable domains")[1], re.M)
    of_hosts = {name: size for name, size in sizes.items() if name != "(no host)"}
    most = sorted(of_hosts.items(), key=lambda one: (-one[1], one[0]))[: -(-len(of_hosts) // 10)]
    assert [(name, int(size.replace(",", ""))) for name, size in named] == most


def test_tokens_are_those_of_the_token_shards(demo_run: FinishedRun, folder: Path) -> None:
    tokens: Counter[str] = Counter()
    for row in of_run(demo_run, "provenance"):
        tokens[row["source"]] += row["token_count"]
    assert {row["source"]: int(row["tokens"]) for row in table(folder, "sources")} == dict(tokens)


def test_the_card_parses_and_its_values_are_the_hubs(folder: Path) -> None:
    head = (folder / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    card = yaml.safe_load(head)
    assert card["license"] == "apache-2.0"
    assert card["size_categories"] == ["n<1K"]
    assert card["configs"][0]["config_name"] == "default"
    for one in card["configs"]:
        for files in one["data_files"]:
            assert list(folder.glob(files["path"])), files
    hub = pytest.importorskip("huggingface_hub", reason="huggingface_hub is not installed")
    assert hub.DatasetCard((folder / "README.md").read_text(encoding="utf-8")).data.to_dict()["license"] == "apache-2.0"


def test_names_are_text_in_the_pages_and_blanks_are_named(folder: Path) -> None:
    for path in folder.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert "<b>body</b>" not in text
        assert path.name == "README.ja.md" or "[to be written]" in text or path.name == "TODO.md"
    cell = page_templates().filters["cell"]
    assert cell("a|b\n# c") == "a&#124;b # c"
    assert "<" not in cell("<img src=x>")


def test_croissant_lists_every_file_with_its_digest_and_every_stage(folder: Path, demo_run: FinishedRun) -> None:
    described = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    files = {one["@id"]: one for one in described["distribution"] if one["@type"] == "cr:FileObject"}
    assert set(files) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet")}
    for path, one in files.items():
        data = (folder / path).read_bytes()
        assert one["sha256"] == hashlib.sha256(data).hexdigest()
        assert one["contentSize"] == f"{len(data)} B"
    stages = {one["name"] for one in described["prov:wasGeneratedBy"]}
    assert {"extract", "decide", "release"} <= stages
    columns = {one["@id"]: {field["name"] for field in one["field"]} for one in described["recordSet"]}
    assert columns["train"] == set(pq.read_schema(next(folder.glob("data/*/*.parquet"))).names)
    assert columns["removed"] == set(pq.read_schema(next(folder.glob("removed/*.parquet"))).names)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # mlcroissant's use of rdflib
def test_mlcroissant_loads_the_rows_of_the_files(folder: Path) -> None:
    mlc = pytest.importorskip("mlcroissant", reason="mlcroissant is not installed")
    dataset = mlc.Dataset(jsonld=str(folder / "croissant.json"))
    for table, glob in (("train", "data/*/*.parquet"), ("removed", "removed/*.parquet")):
        texts = [record[f"{table}/id"].decode() for record in dataset.records(table)]
        assert sorted(texts) == sorted(row["id"] for row in published(folder, glob))


def test_datasets_streams_every_configuration(folder: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="datasets is not installed")
    card = yaml.safe_load((folder / "README.md").read_text(encoding="utf-8").split("---\n")[1])
    for one in card["configs"]:
        rows = datasets.load_dataset(
            str(folder), one["config_name"], split="train", streaming=True, cache_dir=str(tmp_path)
        )
        expected = published(folder, one["data_files"][0]["path"])
        assert [row["id"] for row in rows] == [row["id"] for row in expected]


def test_a_document_that_was_taken_down_is_nowhere_in_the_folder(demo_run: FinishedRun, tmp_path: Path) -> None:
    out = shutil.copytree(demo_run.out, tmp_path / "out")
    victim = next(row for row in of_run(demo_run, "release") if row["source"] == "web")
    requests = tmp_path / "requests.txt"
    requests.write_text(victim["doc_id"].hex() + "\n", encoding="utf-8")
    copy = FinishedRun(demo_run.config, out)
    assert main(["takedown", "--config", str(copy.config), "--out", str(out), str(requests)]) == 0
    assert publish(copy, tmp_path / "corpus") == 0
    rows = published(tmp_path / "corpus", "data/*/*.parquet") + published(tmp_path / "corpus", "removed/*.parquet")
    assert victim["doc_id"].hex() not in {row["id"] for row in rows} | {row.get("repeats") for row in rows}
    assert victim["text"] not in {row["text"] for row in rows}


def test_a_push_is_only_described_until_it_is_sent(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(demo_run, tmp_path / "corpus", "--push", "hf://datasets/some/corpus@v1") == 0
    said = capsys.readouterr().out
    assert "Would send" in said
    assert "datasets/some/corpus, branch v1" in said
    assert "croissant.json" in said
    assert publish(demo_run, tmp_path / "corpus") == 2
    assert "is not empty" in capsys.readouterr().err
    assert publish(demo_run, tmp_path / "other", "--push", "https://huggingface.co/some/corpus") == 2
    assert not (tmp_path / "other").exists()


def test_a_hub_that_cannot_be_reached_is_one_line_and_the_folder_stays(
    demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    constants = pytest.importorskip("huggingface_hub.constants", reason="huggingface_hub is not installed")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert publish(demo_run, tmp_path / "corpus", "--push", "hf://datasets/some/corpus", "--send") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "--push datasets/some/corpus: the Hub did not take it" in line
    assert f"{tmp_path}/corpus is complete, and the same command sends it" in line
    assert (tmp_path / "corpus" / "README.md").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--license", "CC BY 4.0"), "--license CC BY 4.0: the Hub names licences in lower case, such as cc-by-4.0"),
        (("--version", "latest"), "--version latest: give numbers, such as 1.0.0"),
    ],
)
def test_an_option_that_the_hub_would_not_read_is_refused_before_anything_is_written(
    options: tuple[str, ...], said: str, demo_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert publish(demo_run, tmp_path / "corpus", *options) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "corpus").exists()


@given(st.dictionaries(st.text("abc", min_size=1, max_size=4), st.integers(0, 99), max_size=40))
def test_the_top_tenth_of_domains_has_the_largest(domains: dict[str, int]) -> None:
    top = top_domains(domains)
    assert len(top) == -(-len(domains) // 10)
    rest = set(domains) - {name for name, _ in top}
    assert all(size >= domains[name] for _, size in top for name in rest)
