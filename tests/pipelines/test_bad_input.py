"""What a user gets wrong is one clear line and exit status 2; nothing half-written is left looking finished."""

import subprocess
import sys
from pathlib import Path

import pytest

from manyo.pipelines.cli import main

GOOD = """
[run]
out = "{folder}/out"

[[source]]
name = "notes"
kind = "jsonl"
inputs = ["{folder}/*.jsonl"]
profile = "prose"
licence = "ours"

[filter]
rules = "{folder}/rules.toml"

[tokenize.train]
vocabulary_size = 300
"""

RULES = """
[[rule]]
name = "too_short"
profiles = ["prose"]
signal = "char_count"
minimum = 5
source = "this test"
rejects = "短い"
keeps = "これは十分に長い文章です。"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    (tmp_path / "notes.jsonl").write_text(
        '{"text": "川沿いを歩くと、桜の花びらが水面を流れていました。"}\n', encoding="utf-8"
    )
    write_config(tmp_path, GOOD)
    return tmp_path


def write_config(folder: Path, text: str) -> None:
    (folder / "run.toml").write_text(text.replace("{folder}", str(folder)), encoding="utf-8")


def complaint(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit status and the last line on standard error."""
    status = main(["run", "--config", str(folder / "run.toml"), *arguments])
    return status, capsys.readouterr().err.strip().splitlines()[-1]


def test_a_rule_on_words_without_a_list(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.toml").write_text(RULES.replace("char_count", "adult_word_count"), encoding="utf-8")
    status, line = complaint(folder, capsys)
    assert status == 2
    assert line.endswith("rule 'too_short' looks at adult_word_count, which needs the key words.adult")


def test_a_missing_configuration_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert complaint(tmp_path, capsys) == (2, f"manyo: {tmp_path}/run.toml: no such configuration file")


def test_a_file_that_is_not_toml(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(folder, "[run\n")
    status, line = complaint(folder, capsys)
    assert status == 2
    assert "run.toml" in line
    assert "run.toml:1:5: Expected" in line


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ("[run]", "[run]\nouts = 1", "run.toml:3: [run]: unknown key 'outs'; did you mean 'out'?"),
        (
            'name = "notes"',
            'name = "notes"\ntextfield = "x"',
            "[[source]] 1: unknown key 'textfield'; did you mean 'text_field'?",
        ),
        ('kind = "jsonl"', 'kind = "web"', "kind 'web' is not one of aozora, commoncrawl, egov,"),
        ('profile = "prose"', 'profile = "novel"', "profile 'novel' is not one of"),
        (
            "[filter]",
            '[filter]\nalso_measure = ["char_count"]',
            "also_measure: 'char_count' is measured in every run; leave it out here",
        ),
        (
            "[tokenize.train]",
            '[filter.words]\nadult = "none.txt"\n[tokenize.train]',
            "[filter.words]: adult: no such file: none.txt",
        ),
        ('name = "notes"', 'name = "My Notes"', "name 'My Notes' must be lower-case"),
        (
            "vocabulary_size = 300",
            'vocabulary_size = "many"',
            "[tokenize.train]: vocabulary_size: expected a whole number such as 1_000_000_000, got 'many'",
        ),
        ("[tokenize.train]\nvocabulary_size = 300", "[tokenize]", 'give either model = "FILE" or a [tokenize.train]'),
        ("[run]", "[running]", "[run]: the table is missing"),
        ("*.jsonl", "*.json", "no file matches"),
        ("*.jsonl", "missing.jsonl", "no such input"),
        ("rules.toml", "missing.toml", "[filter]: rules: no such file:"),
        ("[filter]", "[dedup]\nmin_similarity = 1.5\n[filter]", "min_similarity"),
        ("[filter]", '[dedup]\nview_profiles = ["novel"]\n[filter]', "view_profiles: 'novel' is not one of web, ocr,"),
        ("[filter]", "[extra]\n[filter]", "unknown table [extra]; did you mean 'extract'?"),
    ],
)
def test_a_mistake_in_the_configuration(
    folder: Path, capsys: pytest.CaptureFixture[str], good: str, bad: str, message: str
) -> None:
    write_config(folder, GOOD.replace(good, bad))
    status, line = complaint(folder, capsys)
    assert status == 2
    assert message in line
    assert line.startswith("manyo: ")


def test_a_rule_on_an_unknown_signal_names_the_known_ones(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rules.toml").write_text(RULES.replace("char_count", "charcount"), encoding="utf-8")
    status, line = complaint(folder, capsys)
    assert status == 2
    assert "charcount" in line
    assert "char_count" in line


def test_a_model_that_is_not_a_sentencepiece_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.model").write_text("not a model", encoding="utf-8")
    write_config(
        folder, GOOD.replace("[tokenize.train]\nvocabulary_size = 300", '[tokenize]\nmodel = "{folder}/bad.model"')
    )
    status, line = complaint(folder, capsys)
    assert status == 2
    assert "bad.model: is not a SentencePiece model" in line


def test_a_model_that_is_missing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(
        folder, GOOD.replace("[tokenize.train]\nvocabulary_size = 300", '[tokenize]\nmodel = "{folder}/no.model"')
    )
    status, line = complaint(folder, capsys)
    assert status == 2
    assert "[tokenize]: model: no such file: " in line


def test_an_output_folder_with_something_else_in_it(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "photos").mkdir()
    (folder / "photos" / "cat.jpg").touch()
    status, line = complaint(folder, capsys, "--out", str(folder / "photos"))
    assert status == 2
    assert "was not written by manyo" in line


def test_an_output_folder_that_cannot_be_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, line = complaint(folder, capsys, "--out", str(folder / "notes.jsonl" / "out"))
    assert status == 2
    assert "cannot be written" in line


def test_a_stage_whose_inputs_are_not_finished_says_which_command_to_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["filter", "--config", str(folder / "run.toml")])
    assert status == 2
    assert "filter needs extract, and nothing has run in " in (said := capsys.readouterr().err)
    assert "run: manyo run --config" in said


def test_an_unknown_table_lists_the_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["path", "--config", str(folder / "run.toml"), "tables"]) == 2
    assert "no table 'tables'; there are " in capsys.readouterr().err


def test_an_input_that_is_gone_is_named_with_its_remedy(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = folder / "more.jsonl"
    extra.write_text('{"text": "古い橋のたもとに、小さな茶店がありました。"}\n', encoding="utf-8")
    assert main(["extract", "--config", str(folder / "run.toml")]) == 0
    extra.unlink()
    write_config(folder, GOOD)
    capsys.readouterr()
    status = main(["extract", "--config", str(folder / "run.toml")])
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert (status, "made from an input that this configuration no longer names" in line) == (2, True)


def test_the_command_line_explains_itself() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "manyo.pipelines", "--help"], capture_output=True, text=True, check=True
    )
    for command in ("run", "extract", "langid", "filter", "dedup", "scrub", "tokenize", "report", "path", "submit"):
        assert command in shown.stdout
