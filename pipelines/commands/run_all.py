"""`manyo run`: run every stage of a configuration, or those up to one command."""

from __future__ import annotations

import argparse

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import choose_watcher, open_executor, read_config
from manyo.pipelines.commands.run_summary import print_notices, print_summary
from manyo.pipelines.graph.build import COMMANDS
from manyo.pipelines.run import run as run_configuration


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo run`."""
    arguments.add_run(parser)
    arguments.add_execution(parser)
    parser.add_argument(
        "--until",
        choices=COMMANDS,
        default="report",
        metavar="COMMAND",
        help=f"stop after the stages of this command: {', '.join(COMMANDS)} (default: report)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the stages that are not finished and print the summary and the notices; return 0, or 3 with notices.

    Raises:
        UserError: the configuration, an input or the output folder is wrong.
        WorkFailed: a stage could not be finished.
    """
    config = read_config(options)
    with open_executor(options) as executor:
        result = run_configuration(config, executor, choose_watcher(options), options.until)
    print_summary(config, result)
    return print_notices(config, result)
