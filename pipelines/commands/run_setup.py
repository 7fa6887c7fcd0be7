"""From the options of a command to the objects it works with: configuration, executor, watcher, console."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console

from manyo.corpus.compiling import announce_compiling
from manyo.corpus.tables.start_folder import located, paths_start_at, start_folder
from manyo.pipelines.commands.written_files import EVENT_LINES, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.events import Events
from manyo.pipelines.engine.executors import Auto, RayTasks, Serial
from manyo.pipelines.engine.progress import Watcher, watcher
from manyo.pipelines.engine.run_stage import Executor
from manyo.pipelines.graph.config import Config, load_config


def read_config(options: argparse.Namespace) -> Config:
    """The configuration of `--config`, with what `--out`, `--against` and `--allow-empty` replace in it.

    Raises:
        UserError: the file is missing or wrong.
    """
    config = load_config(options.config, options.out)
    if not options.out and start_folder() != os.getcwd():
        # Commands print where things are, and the user is in another folder than the configuration.
        config = _with_located_out(config)
    if getattr(options, "allow_empty", False):
        config = replace(config, notices=replace(config.notices, allow_empty=True))
    if options.against:
        return replace(config, dedup=replace(config.dedup, against=tuple(options.against)))
    return config


def config_of(path: str, out: str | None = None) -> Config:
    """A configuration that is not that of --config: its relative paths start at its own folder, `out` at the user's.

    `config.path` is absolute. What else it names is found while `paths_start_at` its folder.

    Raises:
        UserError: the file is missing or wrong.
    """
    out = None if out is None else located(out)
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise UserError(f"{path}: no such configuration file")
    with paths_start_at(folder):
        return _with_located_out(load_config(os.path.abspath(path), out))


def _with_located_out(config: Config) -> Config:
    return replace(config, run=replace(config.run, out=located(config.run.out)))


@contextmanager
def open_executor(options: argparse.Namespace) -> Iterator[Executor]:
    """The executor of `--executor`, closed after the block."""
    announce_compiling()
    executors: dict[str | None, type[Serial | RayTasks | Auto]] = {"serial": Serial, "ray": RayTasks, None: Auto}
    executor = executors[options.executor]()
    try:
        yield executor
    finally:
        executor.close()


def choose_watcher(options: argparse.Namespace) -> Watcher:
    """Progress on standard error, and in the file of `--events` if there is one.

    Raises:
        UserError: that is a file of another kind.
    """
    if options.events:
        check_place(options.events, "--events", EVENT_LINES)
    return Events(watcher(), options.events) if options.events else watcher()


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Have `main` end the command in peace: whoever reads the output, such as head, has enough."""
        raise BrokenPipeError


def open_console(pipe_columns: int | None = None) -> Console:
    """A console on standard output, without line breaks in long lines.

    Args:
        pipe_columns: width of tables if standard output is not a terminal; None for Rich's default.
    """
    return _Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else pipe_columns)
