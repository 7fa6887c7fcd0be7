"""Mistakes that people make with a command over a run, or over none: one line each, status 2, and nothing lost."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from manyo.pipelines.cli import COMMANDS, main
from manyo.pipelines.commands.run_states import tokens_by_source
from manyo.pipelines.graph.config import load_config
from tests.pipelines.test_cli import ALONE, arguments
from tests.pipelines.test_mistakes import BASE as WITH_MODEL

#: A configuration that trains on nothing.
BASE = WITH_MODEL.split("[tokenize]")[0]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_text('{"text": "川沿いを歩きました。"}\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_gc_keeps_the_index_that_a_kept_configuration_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "out" / "index-0a1b2c3d").mkdir(parents=True)
    (folder / "out" / "decide-0a1b2c3d").mkdir()
    (folder / "out" / "manyo.json").write_text("{}")
    text = BASE + '[dedup]\nagainst = ["out/index-0a1b2c3d/index"]\n'
    (folder / "run.toml").write_text(text)
    assert main(["gc", "out", "--keep", "run.toml", "--delete"]) == 0
    assert [path.name for path in (folder / "out").glob("*-*")] == ["index-0a1b2c3d"]


def test_gc_deletes_nothing_for_a_configuration_of_another_output(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out" / "decide-0123abcd").mkdir(parents=True)
    (folder / "out" / "manyo.json").write_text('{"format": 1}')
    (folder / "run.toml").write_text(BASE.replace('"out"', '"elsewhere"'))
    assert main(["gc", "out", "--keep", "run.toml", "--delete"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"manyo: run.toml: writes to {folder}/elsewhere, not to {folder}/out: nothing is deleted")
    assert (folder / "out" / "decide-0123abcd").exists()
    assert main(["gc", "out", "--keep", "run.toml"]) == 0


def test_label_says_first_that_nothing_is_measured(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "run.toml").write_text(BASE)
    (folder / "labels.tsv").write_text("uri\tlabel\nhttps://a.example/\tgood\n")
    assert main(["label", "score", "labels.tsv", "--config", "run.toml"]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("manyo: label needs extract")


def test_a_working_folder_that_is_gone_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was `No such file or directory`, as if of the configuration."""
    (folder / "run.toml").write_text(BASE)
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    assert main(["check", "--config", str(folder / "run.toml")]) == 2
    assert capsys.readouterr().err == "manyo: the folder in which this was started is gone; cd to another one\n"
    os.chdir(folder)


#: Commands that begin a run, read none, or need more than one to say so.
NEED_NO_RUN = {
    "run", "extract", "plan", "check", "submit", "stop", "status", "train-quality", "tokenizer", "train-tokenizer",
    "select", "recall", "path", "mix", "step", "cache",
}  # fmt: skip


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - ALONE.keys() - NEED_NO_RUN))
def test_a_misspelt_output_is_named_and_nothing_is_written_there(
    command: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`takedown` left a folder of that name, with the request in it."""
    (folder / "run.toml").write_text(BASE + "[tokenize.train]\n[export]\n")
    (folder / "list.txt").write_text("https://a.example/\n")
    (folder / "labels.tsv").write_text("uri\tlabel\nhttps://a.example/\tgood\n")
    before = sorted(folder.rglob("*"))
    assert main([*arguments(command), "--out", "otu"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "otu" in line
    assert line.endswith("run: manyo run --config run.toml --out otu")
    assert sorted(folder.rglob("*")) == before


def test_a_run_of_other_settings_is_named_where_one_of_these_is_missing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "out" / "extract-0123abcd").mkdir(parents=True)
    (folder / "run.toml").write_text(BASE)
    assert main(["inspect", "--config", "run.toml", "--kept"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "not finished (out has extract-0123abcd, made with other settings); run: manyo run --until filter" in line


def test_a_run_without_tokens_is_published_and_compared_without_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both ended in a KeyError."""
    (folder / "run.toml").write_text(BASE)
    assert main(["publish", "--config", "run.toml", "--to", "hub"]) == 2
    assert capsys.readouterr().err.startswith("manyo: publish needs extract")
    assert tokens_by_source(load_config("run.toml")) is None


@pytest.mark.parametrize(
    "line",
    [
        "whatif --config run.toml --rule too_short --minimum 10 --html FILE",
        "view --config run.toml --html FILE",
        "diff run.toml run.toml --json FILE",
        "diff run.toml run.toml --pages FILE",
        "diff run.toml run.toml --html FILE",
        "ablate run.toml run.toml --json FILE",
        "train-quality --positive in/a.jsonl --negative in/a.jsonl --model FILE",
        "train-categories --category one in/a.jsonl --model FILE",
        "extract --config run.toml --executor serial --events FILE",
    ],
)
@pytest.mark.parametrize("file", ["run.toml", "in/a.jsonl"])
def test_no_command_writes_over_a_file_of_another_kind(
    file: str, line: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--html run.toml` replaced the configuration, and `--html data.jsonl` the data, with status 0."""
    (folder / "run.toml").write_text(BASE)
    before = (folder / file).read_bytes()
    assert main(line.replace("FILE", file).split()) == 2
    assert f"{file}: is another file, which would be lost" in capsys.readouterr().err
    assert (folder / file).read_bytes() == before


def test_an_address_as_a_takedown_list_is_refused_and_its_site_is_not_asked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was downloaded as a list, from the site that had asked to be removed."""
    (folder / "run.toml").write_text(BASE)
    with socket.socket() as site:
        site.bind(("127.0.0.1", 0))
        site.listen()
        site.setblocking(False)
        address = f"HTTP://127.0.0.1:{site.getsockname()[1]}/page"
        assert main(["takedown", address, "--config", "run.toml", "--dry-run"]) == 2
        with pytest.raises(BlockingIOError):
            site.accept()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"manyo: takedown: {address} is an address, not a list: write it into a file, and name the file"
