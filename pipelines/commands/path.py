"""`manyo path`: print the folder that holds a table of a run."""

from __future__ import annotations

import argparse

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.run import table_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo path`."""
    arguments.add_run(parser)
    parser.add_argument(
        "table", metavar="TABLE", help="a table, such as documents, refused, signals, release, tokens or report"
    )


def run(options: argparse.Namespace) -> int:
    """Print the folder, whether it exists yet or not.

    Raises:
        UserError: the run has no such table.
    """
    print(table_folder(read_config(options), options.table))
    return 0
