"""`manyo trace` agrees with the tables, and leads from a token to its document and back."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.filters.signals.quality import STORED_PARTS
from manyo.pipelines.cli import main
from manyo.pipelines.commands.page_history import PageHistory, page_histories
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config, load_config
from manyo.pipelines.run import table_folder
from tests.conftest import ROOT, RULE_THAT_KEEPS_ALL, FinishedRun
from tests.tokenizer.conftest import SENTENCES

#: A model this small costs a tenth of a second to train.
TRAIN = '[tokenize.train]\nvocabulary_size = 400\nword_boundaries = "off"\n'


@pytest.fixture(scope="module")
def demo(demo_run: FinishedRun) -> Config:
    return load_config(str(demo_run.config), str(demo_run.out))


def rows(config: Config, table: str, columns: list[str]) -> list[dict[str, object]]:
    paths = sorted(Path(table_folder(config, table)).rglob("*.parquet"))
    return [row for path in paths for row in pq.read_table(path, columns=columns, partitioning=None).to_pylist()]


def texts(one: PageHistory) -> dict[str, str]:
    return {step.name: step.text for step in one.steps}


def test_the_history_of_each_document_ends_at_the_step_that_the_tables_give(demo: Config) -> None:
    ends = set()
    addresses = {row["doc_id"]: row["uri"] for row in rows(demo, "documents", ["doc_id", "uri"])}
    reasons = {row["doc_id"]: row["reasons"] for row in rows(demo, "decisions", ["doc_id", "reasons"])}
    survivors = {row["doc_id"]: row["cluster"] for row in rows(demo, "duplicates", ["doc_id", "cluster"])}
    released = {row["doc_id"] for row in rows(demo, "release", ["doc_id"])}
    for doc_id, address in list(addresses.items())[::3]:
        (one,) = [one for one in page_histories(demo, str(address)) if texts(one)["doc_id"] == doc_id.hex()]
        last = one.steps[-1]
        ends.add(last.name)
        if reasons[doc_id]:
            assert last.name == "filter"
            failed, parts = last.text.split("; quality_score ")
            assert re.findall(r"(\w+) \(", failed) == reasons[doc_id]
            assert len(re.findall(r"\S+ [+-]\d+\.\d\d", parts)) == STORED_PARTS
        elif doc_id not in released:
            assert last.name == "survivor"
            assert last.text.endswith(f"{addresses[survivors[doc_id]]} ({survivors[doc_id].hex()})")
        else:
            assert last.name == "tokenize"
    assert ends == {"filter", "survivor", "tokenize"}


def test_a_token_leads_to_its_document_and_back(demo: Config) -> None:
    shards = sorted(Path(table_folder(demo, "provenance")).glob("*.parquet"))
    assert len(shards) > 3
    for shard in shards:
        for row in pq.read_table(shard).to_pylist()[:: max(1, pq.read_metadata(shard).num_rows - 1)]:
            first, count = row["first_token"], row["token_count"]
            for position in (first, first + count - 1):
                (one,) = page_histories(demo, f"{shard.stem}:{position}")
                assert texts(one)["doc_id"] == row["doc_id"].hex()
                assert texts(one)["tokenize"].startswith(f"{shard.stem}:{first}, {count:,} tokens")


def test_a_refused_page_is_shown_with_its_reason_and_its_record(demo: Config) -> None:
    for row in rows(demo, "refused", ["doc_id", "uri", "reason", "origin_file", "origin_offset"]):
        by_address = page_histories(demo, str(row["uri"])) if row["uri"] else page_histories(demo, row["doc_id"].hex())
        (one,) = [one for one in by_address if texts(one)["doc_id"] == row["doc_id"].hex()]
        assert texts(one)["extract"].startswith(f"refused: {row['reason']}")
        assert f"{row['origin_file']}, byte {row['origin_offset']:,}" in texts(one)["origin"]


@pytest.mark.parametrize(
    "spelling",
    [
        "http://www.shiomi-nippo.example/a/9125",
        "https://SHIOMI-nippo.example:443/b/../%61/9125#top",
        "https://reader@shiomi-nippo.example/a/9125",
    ],
)
def test_an_address_is_found_in_other_spellings(demo: Config, spelling: str) -> None:
    assert [one.uri for one in page_histories(demo, spelling)] == ["https://www.shiomi-nippo.example/a/9125"] * 2


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("https://shiomi-nippo.example/A/9125", "no document and no refused page of this run matches"),
        ("ff" * 16, "no document and no refused page of this run matches"),
        ("web-00099:3", "there is no such token shard"),
        ("web-00000:99999999", "no token 99999999 in this shard"),
    ],
)
def test_a_page_or_token_that_does_not_exist_is_one_line(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str], page: str, problem: str
) -> None:
    assert main(["trace", page, "--config", str(demo_run.config), "--out", str(demo_run.out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_a_history_is_printed_and_cannot_steer_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path, "")
    assert run_until(config, "langid") == 0
    capsys.readouterr()
    assert main(["trace", "work:hostile", "--config", str(config)]) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert re.search(r"langid +ja", shown)
    assert re.search(r"filter +not done yet$", shown, re.M)


@pytest.mark.parametrize("readme", ["README.md", "README.ja.md"])
def test_the_readme_shows_the_steps_of_its_page(demo: Config, readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```\n(https://\S+)\n(.*?)^```", text, re.M | re.S)
    (one,) = page_histories(demo, shown[0])
    assert re.findall(r"^  (\w+) ", shown[1], re.M) == [step.name for step in one.steps]


def test_before_a_run_the_message_names_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nothing is extracted yet; run: manyo run"):
        page_histories(load_config(str(write_config(tmp_path, ""))), "work:0")


def test_shuffled_documents_are_found_in_their_shards(tmp_path: Path) -> None:
    path = write_config(tmp_path, "[tokenize]\nshard_tokens = 100\nshuffle = { seed = 3, parts = 2 }\n")
    assert run_until(path, "tokenize") == 0
    config = load_config(str(path))
    released = rows(config, "release", ["doc_id"])
    assert len(released) > 5
    for row in released:
        (one,) = page_histories(config, row["doc_id"].hex())
        place = texts(one)["tokenize"].split(",")[0]
        assert page_histories(config, place) == [one]


def write_config(folder: Path, tokenize: str) -> Path:
    """A run over a file of sentences, whose rules keep everything."""
    lines = [{"id": f"work:{number}", "text": text} for number, text in enumerate(SENTENCES[:10])]
    lines.append({"id": "work:hostile", "title": "\x1b[31m\u202e[red]", "text": "朝の市場で魚を買いました。"})
    (folder / "texts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    (folder / "rules.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(
        f'[run]\nout = "{folder}/out"\n[[source]]\nname = "texts"\nkind = "jsonl"\nprofile = "prose"\nlicence = "CC0"\n'
        f'inputs = ["{folder}/texts.jsonl"]\nuri_field = "id"\ntitle_field = "title"\n'
        f'[filter]\nrules = "{folder}/rules.toml"\n{tokenize}{TRAIN}',
        encoding="utf-8",
    )
    return path


def run_until(config: Path, stage: str) -> int:
    return main(["run", "--config", str(config), "--executor", "serial", "--until", stage])
