"""The command line: every command has a module, and loads only what it needs."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from manyo.pipelines.cli import COMMANDS, main, parse
from manyo.pipelines.graph.build import COMMANDS as STAGE_COMMANDS
from manyo.pipelines.graph.build import stages_by_command
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT

RUN = ("--config", "run.toml")

#: Arguments that a command needs besides a configuration.
REQUIRED = {
    "takedown": ("list.txt",),
    "path": ("documents",),
    "trace": ("https://example.jp/",),
    "whatif": ("--rule", "too_short", "--minimum", "100"),
    "inspect": ("--kept",),
}


def arguments(command: str) -> list[str]:
    if command == "train-quality":
        return [command, "--positive", "good.txt", "--negative", "bad.txt", "--model", "quality.bin"]
    return [command, *RUN, *REQUIRED.get(command, ())]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_parses_the_arguments_that_it_requires(command: str) -> None:
    assert parse(arguments(command)).command == command


@pytest.mark.parametrize("module", sorted({command.module for command in COMMANDS.values()}))
def test_each_command_module_has_the_two_functions(module: str) -> None:
    loaded = importlib.import_module(f"manyo.pipelines.commands.{module}")
    assert list(inspect.signature(loaded.add_arguments).parameters) == ["parser"]
    assert list(inspect.signature(loaded.run).parameters) == ["options"]


def test_each_file_of_the_folder_is_a_command_or_is_imported_by_one() -> None:
    folder = ROOT / "pipelines" / "commands"
    sources = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.py") if path.stem != "__init__"}
    shared = sources.keys() - {command.module for command in COMMANDS.values()}
    assert {command.module for command in COMMANDS.values()} <= sources.keys()
    for name in shared:
        imported = f"manyo.pipelines.commands.{name} import", f"manyo.pipelines.commands import {name}"
        assert any(line in source for source in sources.values() for line in imported), name


def test_each_group_of_stages_has_a_command(tmp_path: Path) -> None:
    config = tmp_path / "run.toml"
    config.write_text(
        """
        run.out = "out"
        source = [{ name = "web", kind = "text", inputs = ["*"], profile = "web", licence = "x" }]
        tokenize.train.vocabulary_size = 1000
        """
    )
    stages = stages_by_command(load_config(str(config)))
    assert tuple(stages) == STAGE_COMMANDS
    assert tuple(name for name in COMMANDS if name in STAGE_COMMANDS) == STAGE_COMMANDS


def test_until_stops_only_after_commands_that_run_stages(capsys: pytest.CaptureFixture[str]) -> None:
    for command in STAGE_COMMANDS:
        assert parse(["run", *RUN, "--until", command]).until == command
    with pytest.raises(SystemExit):
        parse(["run", *RUN, "--until", "whatif"])
    assert "invalid choice: 'whatif'" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: manyo {command} ")
    assert " ".join(COMMANDS[command].help.split()) in " ".join(shown.split())


@pytest.mark.parametrize("arguments", [["--help"], ["submit", "--help"], ["stop", "--help"]])
def test_help_and_the_commands_for_jobs_load_neither_numba_nor_arrow(arguments: list[str]) -> None:
    program = (
        "import sys; from manyo.pipelines.cli import main\n"
        f"try: main({arguments})\n"
        "except SystemExit: print({'numba', 'numpy', 'pyarrow', 'ray'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize("command", ["submit", "stop"])
def test_a_missing_configuration_is_reported_before_the_cluster_is_asked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--config", "missing.toml"]) == 2
    assert capsys.readouterr().err == "manyo: missing.toml: no such configuration file\n"
