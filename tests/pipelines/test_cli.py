"""The command line: every command has a module, and loads only what it needs."""

from __future__ import annotations

import argparse
import importlib
import inspect
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.pipelines import cli
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
    "show": ("https://example.jp/",),
    "whatif": ("--rule", "too_short", "--minimum", "100"),
    "inspect": ("--kept",),
    "step": ("120000",),
    "seen": ("https://example.jp/",),
    "select": ("--to", "selected"),
    "label": ("score", "labels.tsv"),
    "publish": ("--to", "folder"),
    "cache": ("--tokenizer", "a.model", "--to", "caches"),
}


#: Commands without --config, and their arguments.
ALONE: dict[str, tuple[str, ...]] = {
    "init": (),
    "warm": (),
    "completion": ("bash",),
    "rules": (),
    "diff": ("a.toml", "b.toml"),
    "ablate": ("a.toml", "b.jsonl"),
    "train-categories": ("--category", "news", "a.jsonl", "--model", "register.txt"),
    "plan-ablation": ("a.toml", "b.toml", "--to", "plan"),
    "choose-tasks": ("scores.csv",),
    "gc": ("out", "--keep", "run.toml"),
    "rebuild": ("published", "--to", "rebuilt"),
}


def arguments(command: str) -> list[str]:
    if command in ALONE:
        return [command, *ALONE[command]]
    if command == "train-quality":
        return [command, "--positive", "good.txt", "--negative", "bad.txt", "--model", "quality.bin"]
    if command == "tokenizer":
        return [command, "export", "a.model", "--to", "folder"]
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
    assert "there is no 'whatif'" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: manyo {command} ")
    assert " ".join(COMMANDS[command].help.split()) in " ".join(shown.split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["submit", "--help"], ["stop", "--help"]])
def test_help_and_the_commands_for_jobs_load_neither_numba_nor_arrow(arguments: list[str]) -> None:
    program = (
        "import sys; from manyo.pipelines.cli import main\n"
        f"try: main({arguments})\n"
        "except SystemExit: print({'numba', 'numpy', 'pyarrow', 'ray'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


def test_no_command_loads_a_client_of_the_network_before_it_asks_for_something() -> None:
    """Every command loaded aiohttp, a third of a second, for the names of its errors."""
    clients = {"aiohttp", "botocore", "httpx", "huggingface_hub", "ray", "requests", "s3fs"}
    program = (
        "import sys; from manyo.pipelines.cli import COMMANDS, _module_of\n"
        f"for name in COMMANDS: _module_of(name)\nprint({clients} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_no_kernel_runs_before_a_command_needs_one() -> None:
    """The first that runs loads the linear algebra of SciPy: a third of a second, in `manyo path` too."""
    program = "import sys, manyo.pipelines.run; print('numba.np.linalg' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("command", ["submit", "stop"])
def test_a_missing_configuration_is_reported_before_the_cluster_is_asked(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--config", "missing.toml"]) == 2
    assert capsys.readouterr().err == "manyo: missing.toml: no such configuration file\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_while_libraries_are_loaded_is_one_line(number: signal.Signals) -> None:
    """Each is sent a little later, so that it meets the start in many places.

    The delay counts from a first line of output: a signal before it meets the interpreter alone, which may report it.
    """
    program = "import sys; print(flush=True); sys.argv = ['manyo', 'inspect', '--kept', '--config', 'no.toml']\n"
    program += "from manyo.pipelines.cli import run_and_exit\nrun_and_exit()\n"
    for delay_s in (0.02, 0.1, 0.4, 1.0):
        command = [sys.executable, "-c", program]
        with subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(delay_s)
            process.send_signal(number)
            _, said = process.communicate()
        if process.returncode != -number:  # before the first line of manyo, the interpreter alone is there
            assert process.returncode in (1, 2), said.decode()
            assert re.fullmatch(r"manyo: .*\n", said.decode())


def test_a_process_ends_with_its_status_and_its_output_and_is_not_taken_apart() -> None:
    program = "import atexit, sys\nfrom manyo.pipelines.cli import run_and_exit\natexit.register(print, 'at exit')\n"
    program += "class Late:\n    def __del__(self):\n        print('taken apart')\nlate = Late()\n"
    program += "sys.argv = ['manyo', 'path', '--config', 'no.toml', 'release']\nrun_and_exit()\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "at exit\n")
    assert done.stderr == "manyo: no.toml: no such configuration file\n"


def test_nohup_keeps_a_run_alive() -> None:
    program = "import os, signal, sys\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\nfrom manyo.pipelines import cli\n"
    program += "cli._on_signals(cli._interrupt)\nos.kill(os.getpid(), signal.SIGHUP)\nprint('alive')\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "alive\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_no_number_on_the_command_line_is_below_its_bound(command: str) -> None:
    """A count of -5 was 0, and verify --sample -1 a traceback."""
    _, parsers = cli._parser([command])
    for action in parsers[command]._actions:
        assert action.type not in (int, float), action.dest
        if action.type is not None:
            for text in ("-1", "nan", "inf", "1e", ""):
                with pytest.raises(argparse.ArgumentTypeError):
                    action.type(text)


def test_warm_runs_each_kind_of_source_through_every_stage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PDF, OCR, readings and what compares documents were compiled by the first run, minutes after warm had ended."""
    monkeypatch.setattr(tempfile, "TemporaryDirectory", lambda **_: nullcontext(str(tmp_path)))
    monkeypatch.setenv("MANYO_SAID_THAT_IT_COMPILES", "")  # is put back after the test
    assert main(["warm"]) == 0
    assert re.fullmatch(r"compiled in [\d,]+ s, or loaded what was compiled before\n", capsys.readouterr().out)
    tables = {table: [*tmp_path.glob(f"out/*/{table}/*/*.parquet")] for table in ("documents", "refused", "release")}
    rows = {table: sum(pq.ParquetFile(path).metadata.num_rows for path in paths) for table, paths in tables.items()}
    assert {path.parent.name for path in tables["documents"]} == {"warc", "aozora", "pdf", "ocr"}
    assert (rows["documents"], rows["refused"]) == (5, 0)
    assert 0 < rows["release"] < 5, "near duplicates are compared"
    assert [*tmp_path.glob("out/tokenize-*/tokens/*.bin")]
