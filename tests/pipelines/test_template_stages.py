"""Templates in a run: counted over shards, bounded by a rule, and shown like other columns."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.pipelines.cli import main
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests import template_oracle

TOWNS = ["横浜", "札幌", "仙台", "広島", "神戸", "静岡"]
LOAN = "{}でお金を借りるなら、来店しなくてもよい窓口が便利です。{}の駅前には契約機もあり、夜でも申し込めます。"
WALK = "朝の港で開かれる市に行ってきました。魚を買うつもりが、勧められた花の苗まで抱えて帰ることになりました。"
TABLE = "[templates]\nmin_documents = 5\nparts = 2\n"


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two shards with a page of one template for each town, copies of one of them, and a page of its own."""
    folder = tmp_path_factory.mktemp("crawl")
    pages = [(f"http://t{n}.jp/", LOAN.format(town, town)) for n, town in enumerate(TOWNS)]
    pages += [(f"http://copy{n}.jp/", LOAN.format(TOWNS[0], TOWNS[0])) for n in range(3)]
    pages += [("http://walk.jp/", WALK)]
    for shard in (0, 1):
        lines = [json.dumps({"uri": uri, "text": text}, ensure_ascii=False) for uri, text in pages[shard::2]]
        (folder / f"in{shard}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def configured(crawl: Path, tables: str = TABLE) -> Path:
    config = crawl / "config.toml"
    sources = "".join(
        f'[[source]]\nname = "s{shard}"\nkind = "jsonl"\ninputs = ["{crawl}/in{shard}.jsonl"]\nuri_field = "uri"\n'
        'profile = "web"\nlicence = "x"\n\n'
        for shard in (0, 1)
    )
    config.write_text(
        f'[run]\nout = "{crawl / "out"}"\n\n{sources}{tables}\n[tokenize.train]\nvocabulary_size = 300\n',
        encoding="utf-8",
    )
    return config


def run(crawl: Path, tables: str = TABLE, until: str = "filter") -> Path:
    config = configured(crawl, tables)
    assert main(["run", "--until", until, "--config", str(config), "--executor", "serial", "--allow-empty"]) == 0
    return config


def rows(config: Path, table: str) -> list[dict[str, object]]:
    folder = Path(table_folder(load_config(str(config)), table))
    return [
        row for path in sorted(folder.rglob("*.parquet")) for row in pq.read_table(path, partitioning=None).to_pylist()
    ]


def test_templates_are_counted_over_shards_and_copies_once(crawl: Path) -> None:
    config = run(crawl)
    documents, templates = rows(config, "documents"), rows(config, "templates")
    assert [row["doc_id"] for row in templates] == [row["doc_id"] for row in documents]
    pages = [(str(row["text"]), str(row["uri"]), "") for row in documents]
    expected = template_oracle.measure(pages, 5, 12)
    assert {documents for _, documents, _ in expected} == {0, len(TOWNS)}
    measured = [(row["template_fraction"], row["template_documents"], row["template_hosts"]) for row in templates]
    assert measured == [(pytest.approx(fraction), *counts) for fraction, *counts in expected]
    dropped = [("template" in row["reasons"]) for row in rows(config, "decisions")]  # type: ignore[operator]
    assert dropped == [bool(documents) for _, documents, _ in expected]


def test_the_number_of_parts_changes_no_value(crawl: Path) -> None:
    two = rows(run(crawl), "templates")
    assert rows(run(crawl, TABLE.replace("parts = 2", "parts = 5")), "templates") == two


def test_without_the_table_the_rule_on_templates_decides_nothing(crawl: Path) -> None:
    config = run(crawl, "")
    assert not any("template" in row["reasons"] for row in rows(config, "decisions"))  # type: ignore[operator]
    with pytest.raises(UserError, match="templates"):
        table_folder(load_config(str(config)), "templates")


def test_inspect_whatif_and_trace_show_the_columns(crawl: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(run(crawl))
    look = ["--config", config]
    capsys.readouterr()
    assert main(["inspect", *look, "--reason", "template", "-n", "1"]) == 0
    assert "template_fraction 1" in capsys.readouterr().out
    assert main(["whatif", *look, "--rule", "template", "--maximum", "0.3,off"]) == 0
    assert "9 documents fail template here" in capsys.readouterr().out
    assert main(["trace", *look, "http://t1.jp/"]) == 0
    assert "template (template_fraction 1" in capsys.readouterr().out


def test_whatif_names_a_rule_on_templates_that_a_run_cannot_decide(
    crawl: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(run(crawl, ""))
    rules = crawl / "rules.toml"
    rules.write_text(
        '[[rule]]\nname = "shared"\nprofiles = ["web"]\nsignal = "template_documents"\nmaximum = 9\n'
        'source = ""\nrejects = ""\nkeeps = ""\n',
        encoding="utf-8",
    )
    capsys.readouterr()
    assert main(["whatif", "--config", config, "--rules", str(rules)]) == 0
    assert "shared is left out: this run did not measure template_documents ([templates])" in capsys.readouterr().out


def test_an_unknown_profile_is_refused(crawl: Path) -> None:
    config = configured(crawl, '[templates]\nprofiles = ["blog"]\n')
    with pytest.raises(UserError, match=r"\[templates\]: profiles: 'blog' is not one of web"):
        load_config(str(config))
