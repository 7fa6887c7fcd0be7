"""`manyo path`: print the folder that holds a table of a run."""

from __future__ import annotations

import argparse
import shlex
import sys

from manyo.corpus.tables.shards import filesystem
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES
from manyo.pipelines.run import table_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo path`."""
    arguments.add_run(parser)
    parser.add_argument(
        "table", metavar="TABLE", help="a table, such as documents, refused, signals, release, tokens or report"
    )


def run(options: argparse.Namespace) -> int:
    """Print the folder; return 0, or 3 if it is not there yet, which standard error says.

    Raises:
        UserError: the run has no such table.
    """
    config = read_config(options)
    folder = table_folder(config, options.table)
    print(folder)
    fs, path = filesystem(folder)
    if fs.exists(path):
        return EXIT_DONE
    command = f"manyo run --config {shlex.quote(config.path)}"
    print(f"manyo: {folder}: is not there yet; to write it: {command}", file=sys.stderr)
    return EXIT_NOTICES
