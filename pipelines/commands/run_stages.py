"""`manyo extract`, `langid`, `filter`, `dedup`, `scrub`, `export`, `tokenize` and `report`: run their stages."""

from __future__ import annotations

import argparse

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import choose_watcher, open_executor, read_config
from manyo.pipelines.commands.run_summary import print_notices, print_summary
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.run import run_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that these commands share."""
    arguments.add_run(parser)
    arguments.add_execution(parser)


def run(options: argparse.Namespace) -> int:
    """Run the stages of the command on what earlier commands have finished; print the summary and the notices.

    Returns:
        0, or 3 if there are notices.

    Raises:
        UserError: the configuration or an input is wrong, or an earlier stage is not finished.
        WorkFailed: a stage could not be finished.
    """
    config = read_config(options)
    if options.command == "export" and config.export is None:
        raise UserError(f'{config.path}: there is no [export] table; add one with format = "jsonl" or "parquet"')
    with open_executor(options) as executor:
        result = run_command(config, executor, choose_watcher(options), options.command)
    print_summary(config, result)
    return print_notices(config, result)
