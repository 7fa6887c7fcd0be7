"""A model trained from files is named in the configuration, and rules test its score."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.filters.signals.quality import load_quality_model
from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.filters.test_perplexity import SENTENCES, Bigrams
from tests.filters.test_quality import menu, prose, scored

RULES = """
[[rule]]
name = "low_quality"
profiles = ["prose"]
signal = "{signal}"
{bound}
source = "ours"
rejects = "あ"
keeps = "い"
"""

CONFIG = """
[run]
out = "{folder}/out"
[[source]]
name = "pages"
kind = "jsonl"
inputs = ["{folder}/pages.jsonl"]
profile = "prose"
licence = "ours"
[filter]
rules = "{folder}/rules.toml"
{models}
[tokenize.train]
"""


def write_jsonl(path: Path, texts: list[str]) -> Path:
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model that two files were trained from, by the command."""
    folder = tmp_path_factory.mktemp("trained")
    write_jsonl(folder / "good.jsonl", [prose(number) for number in range(200)])
    write_jsonl(folder / "bad.jsonl", [menu(number) for number in range(200)] + [""])
    (folder / "one.txt").write_text(prose(500), encoding="utf-8")
    assert main([*command(folder, "good.jsonl", "one.txt"), "--negative", str(folder / "bad.jsonl")]) == 0
    return folder


def command(folder: Path, *positive: str) -> list[str]:
    files = [str(folder / name) for name in positive]
    return ["train-quality", "--model", str(folder / "model.txt"), "--positive", *files]


def filtered(folder: Path, signal: str, bound: str, models: str) -> dict[str, list[str]]:
    """The reasons of every page of a run, by its text."""
    write_jsonl(folder / "pages.jsonl", [prose(1000), menu(1000), SENTENCES[0]])
    (folder / "rules.toml").write_text(RULES.format(signal=signal, bound=bound), encoding="utf-8")
    config = folder / "run.toml"
    config.write_text(CONFIG.format(folder=folder, models=models), encoding="utf-8")
    assert main(["run", "--config", str(config), "--until", "filter", "--executor", "serial"]) == 0
    read = {
        table: pq.read_table(table_folder(load_config(str(config)), table), partitioning=None)
        for table in ("documents", "decisions")
    }
    return dict(zip(read["documents"]["text"].to_pylist(), read["decisions"]["reasons"].to_pylist(), strict=True))


def test_the_model_card_has_the_data_and_the_measures(trained: Path) -> None:
    card = (trained / "model.txt.md").read_text(encoding="utf-8")
    assert "| good | 200 | 0 |" in card
    assert "| bad | 0 | 200 |" in card
    assert "| 0.5 | 1.000, 1.000 | 1.000, 1.000 |" in card


def test_documents_of_files_whose_name_matches_count_as_given(trained: Path, tmp_path: Path) -> None:
    write_jsonl(tmp_path / "shop.weak.jsonl", [prose(number) for number in range(300, 360)])
    sides = [str(trained / "good.jsonl"), "--negative", str(trained / "bad.jsonl"), str(tmp_path / "shop.weak.jsonl")]
    models = []
    for weight in ("0.01", "1"):
        model = tmp_path / f"{weight}.txt"
        options = ["--model", str(model), "--weight", "*.weak.jsonl", weight, "--weight", "shop*", "50"]
        assert main(["train-quality", *options, "--positive", *sides]) == 0
        models.append(load_quality_model(str(model)))
    unseen = [prose(number) for number in range(1000, 1050)]
    weak, strong = (scored(unseen, model).scores.mean() for model in models)
    assert strong < weak - 0.05


@pytest.mark.parametrize("weight", ["0", "-1", "nan", "much", "101"])
def test_a_weight_that_is_none_is_refused(weight: str, trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--weight", "*", weight, "--negative", str(trained / "bad.jsonl")]
    assert main([*command(trained, "good.jsonl"), *options]) != 0
    assert f"--weight: {weight} is no number above 0, up to 100" in capsys.readouterr().err


def test_a_rule_on_the_score_keeps_the_positive_documents(trained: Path, tmp_path: Path) -> None:
    models = f'[filter.models]\nquality = "{trained}/model.txt"'
    reasons = filtered(tmp_path, "quality_score", "minimum = 0.5", models)
    assert (reasons[prose(1000)], reasons[menu(1000)]) == ([], ["low_quality"])


def test_a_changed_model_with_the_same_name_is_measured_again(trained: Path, tmp_path: Path) -> None:
    model = tmp_path / "model.txt"
    model.write_bytes((trained / "model.txt").read_bytes())
    models = f'[filter.models]\nquality = "{model}"'
    filtered(tmp_path, "quality_score", "minimum = 0.5", models)
    before = table_folder(load_config(str(tmp_path / "run.toml")), "signals")
    swapped = ["train-quality", "--model", str(model), "--positive", str(trained / "bad.jsonl")]
    assert main([*swapped, "--negative", str(trained / "good.jsonl")]) == 0
    assert table_folder(load_config(str(tmp_path / "run.toml")), "signals") != before
    assert filtered(tmp_path, "quality_score", "minimum = 0.5", models)[prose(1000)] == ["low_quality"]


def test_a_model_without_a_figure_on_japanese_is_refused_unless_it_is_forced(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (trained / "model.txt").read_text(encoding="utf-8").splitlines(keepends=True)
    (tmp_path / "unproven.txt").write_text("".join(line for line in lines if "japanese" not in line), encoding="utf-8")
    models = f'[filter.models]\nquality = "{tmp_path}/unproven.txt"'
    with pytest.raises(AssertionError):
        filtered(tmp_path, "quality_score", "minimum = 0.5", models)
    assert "unproven.txt: states no figure on Japanese documents that it did not see" in capsys.readouterr().err
    reasons = filtered(tmp_path, "quality_score", "minimum = 0.5", models + "\nquality_unproven = true")
    assert (reasons[prose(1000)], reasons[menu(1000)]) == ([], ["low_quality"])


def test_a_rule_on_perplexity_keeps_the_documents_of_lowest_perplexity(tmp_path: Path) -> None:
    pytest.importorskip("kenlm", reason="KenLM is an extra: pip install 'manyo[kenlm]' compiles it")
    Bigrams().write(tmp_path / "model.arpa")
    models = f'[filter.models]\nperplexity = "{tmp_path}/model.arpa"'
    reasons = filtered(tmp_path, "perplexity", "maximum = 10", models)
    assert reasons[SENTENCES[0]] == []
    assert reasons[menu(1000)] == ["low_quality"]


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (
            '[filter.models]\nquality = "{folder}/cut.txt"',
            "cut.txt: not a quality model (its first line is another)",
        ),
        (
            '[filter.models]\nquality = "{folder}/none.txt"',
            "[filter.models]: quality: no such file: ",
        ),
        (
            '[filter.models]\npieces = "x.model"',
            "pieces is the vocabulary of a perplexity model, but perplexity names no model",
        ),
        (
            '[filter.models]\nfluency = "x"',
            "unknown key 'fluency'; known: quality, quality_unproven, register, subject, perplexity, pieces",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_one_line(
    models: str, message: str, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cut.txt").write_bytes((trained / "model.txt").read_bytes()[:50])
    (tmp_path / "rules.toml").write_text(RULES.format(signal="quality_score", bound="minimum = 0.5"), encoding="utf-8")
    config = tmp_path / "run.toml"
    config.write_text(CONFIG.format(folder=tmp_path, models=models.format(folder=tmp_path)), encoding="utf-8")
    capsys.readouterr()
    assert main(["run", "--config", str(config)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.jsonl", "--positive: no such input:"),
        ("missing.txt", "missing.txt: No such file or directory"),
        (
            "page.html",
            "page.html: give a .txt file (one document) or .jsonl, .jsonl.gz, .jsonl.zst or .parquet files",
        ),
        ("latin.txt", "latin.txt: not UTF-8 at byte 1"),
        ("one.txt", "train-quality: 1 different positive documents are too few"),
    ],
)
def test_a_wrong_input_of_the_training_is_one_line(
    name: str, message: str, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (trained / "latin.txt").write_bytes(b"a\xe9")
    capsys.readouterr()
    assert main([*command(trained, name), "--negative", str(trained / "bad.jsonl")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
