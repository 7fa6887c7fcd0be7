"""Categories in a run: a model trained by the command, and documents told apart by what it names."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.filters.signals.categories import load_category_model
from manyo.pipelines.cli import main
from manyo.pipelines.commands.mix_parts import DocumentValues
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.mixture import MixSource
from tests.filters.test_categories import made

CONFIG = """
[run]
out = "{folder}/out"
[[source]]
name = "pages"
kind = "jsonl"
inputs = ["{folder}/pages.jsonl"]
profile = "web"
licence = "ours"
[filter]
rules = "{folder}/rules.toml"
also_measure = ["register", "era", "school_grade"]
[filter.models]
register = "{folder}/model.txt"
[export]
signals = ["register", "school_grade"]
"""

RULES = """
[[rule]]
name = "too_short"
profiles = ["web"]
signal = "char_count"
minimum = {minimum}
source = "ours"
rejects = "あ"
keeps = "い"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model of three registers, and a run that names the registers of its pages."""
    folder = tmp_path_factory.mktemp("registers")
    options = ["train-categories", "--model", str(folder / "model.txt")]
    for kind in ("shop", "diary", "law"):
        options += ["--category", kind]
        for source in range(5):
            path = folder / f"{kind}{source}.jsonl"
            path.write_text("".join(json.dumps({"text": made(kind, source, n)}) + "\n" for n in range(5)), "utf-8")
            options.append(str(path))
    assert main(options) == 0
    pages = [made(kind, 9, n) for kind, count in (("shop", 6), ("law", 2)) for n in range(count)]
    (folder / "pages.jsonl").write_text(
        "".join(
            json.dumps({"text": f"{text}これは{number}番のことでしょう。"}) + "\n" for number, text in enumerate(pages)
        ),
        "utf-8",
    )
    for name, minimum in (("run", 10), ("strict", 10_000)):
        (folder / "rules.toml").write_text(RULES.format(minimum=10), "utf-8")
        (folder / f"{name}.toml").write_text(
            CONFIG.format(folder=folder).replace("rules.toml", f"{name}-rules.toml"), "utf-8"
        )
        (folder / f"{name}-rules.toml").write_text(RULES.format(minimum=minimum), "utf-8")
    for name in ("run", "strict"):
        assert main(["run", "--config", str(folder / f"{name}.toml"), "--executor", "serial", "--allow-empty"]) == 0
    return folder


def test_the_card_has_the_figures_on_unseen_sources(folder: Path) -> None:
    card = (folder / "model.txt.md").read_text("utf-8")
    assert "macro-F1 1.000 (1.000 to 1.000) on sources not trained on" in card
    assert "| law | 25 | 5 | 1.000 |" in card
    assert load_category_model(str(folder / "model.txt")).names == ("diary", "law", "shop")


def test_the_report_says_what_rules_and_presets_lose_of_each_register(folder: Path) -> None:
    config = load_config(str(folder / "run.toml"))
    path = Path(table_folder(config, "report")) / "report.json"
    report = json.loads(path.read_text("utf-8"))
    register = {row["class"]: row for row in report["losses"]["register"]}
    assert {name: row["documents"] for name, row in register.items()} == {"shop": 6, "law": 2}
    assert set(register["shop"]["presets"]) >= {"default", "hojichar", "swallow_v1"}
    assert sum(row["documents"] for row in report["losses"]["era"]) == 8
    html = path.with_suffix(".html").read_text("utf-8")
    assert "other sets of rules" in html


def test_whatif_and_diff_tell_documents_apart_by_register(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["whatif", "--config", str(folder / "run.toml"), "--rule", "too_short", "--minimum", "10000", "--json"]
    assert main(command) == 0
    (change,) = map(json.loads, capsys.readouterr().out.splitlines())
    lost = {group["name"]: group["lost"]["documents"] for group in change["by_category"]["register"]}
    assert lost == {"law": 2, "shop": 6}
    assert main(["diff", str(folder / "run.toml"), str(folder / "strict.toml")]) == 0
    shown = capsys.readouterr().out
    assert "register" in shown
    assert "shop" in shown


def test_an_exported_line_says_its_register(folder: Path) -> None:
    (path,) = (folder / "out").rglob("export-*/**/*.jsonl.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        signals = [json.loads(line)["metadata"]["signals"] for line in file]
    assert {one["register"] for one in signals} == {"shop", "law"}
    assert all(one["school_grade"] == 7 for one in signals)


def test_a_category_chooses_no_survivor(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "run.toml"
    dedup = '[dedup]\nsurvivor_order = ["highest", "longest"]\nsurvivor_signal = "register"\n'
    config.write_text((folder / "run.toml").read_text("utf-8") + dedup, "utf-8")
    assert main(["check", "--config", str(config)]) == 2
    assert "survivor_signal: register names a category, and no name is higher" in capsys.readouterr().err


def test_a_line_of_a_mixture_takes_the_documents_of_the_names_that_it_gives(folder: Path) -> None:
    config = load_config(str(folder / "run.toml"))
    measure = next(stage for stage in build_stages(config) if stage.name == "measure")
    (signals,) = Path(table_folder(config, "signals")).rglob("*.parquet")
    table = pq.read_table(signals, partitioning=None)

    def chosen(*named: str) -> list[bool]:
        line = MixSource("some", repeats=1, source="pages", signal="register", named=named)
        values: list[bool] = (
            DocumentValues.read(config, measure, line).of(table["doc_id"].combine_chunks()) == 1
        ).tolist()
        return values

    registers = table["register"].to_pylist()
    assert chosen("law") == [register == "law" for register in registers]
    assert chosen("law", "shop") == [True] * 8
    assert chosen("verse") == [False] * 8
    for signal, named in (("register", ()), ("char_count", ("law",))):
        line = MixSource("some", repeats=1, source="pages", signal=signal, named=named)
        with pytest.raises(UserError, match=f"some: {signal} (names a category|is a number): choose"):
            DocumentValues.read(config, measure, line)
    with pytest.raises(ValueError, match="named is for a signal that names a category"):
        MixSource("some", repeats=1, named=("law",))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--category", "one"], "give a name of letters, digits and _, then one or more files"),
        (["--category", "a-b", "x.jsonl"], "give a name of letters, digits and _, then one or more files"),
        (["--category", "one", "{folder}/law0.jsonl"], "documents of two or more categories are needed"),
        (["--category", "one", "{folder}/missing.jsonl"], "missing.jsonl"),
    ],
)
def test_what_cannot_be_trained_on_is_named(
    options: list[str], message: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [option.format(folder=folder) for option in options]
    assert main(["train-categories", *command, "--model", str(tmp_path / "new.txt")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "new.txt").exists()


def test_a_model_that_is_none_is_refused_when_the_configuration_is_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cut.txt").write_text("# category model", "utf-8")
    config = tmp_path / "run.toml"
    text = (folder / "run.toml").read_text("utf-8").replace(f"{folder}/model.txt", f"{tmp_path}/cut.txt")
    config.write_text(text, "utf-8")
    assert main(["check", "--config", str(config)]) == 2
    assert "cut.txt: not a category model (its first line is another)" in capsys.readouterr().err
