"""`manyo trace`: show what happened to one page, from its record to its tokens."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rich.console import Console

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.page_history import PageHistory, page_histories
from manyo.pipelines.commands.run_setup import open_console, read_config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo trace`."""
    arguments.add_run(parser)
    parser.add_argument(
        "page",
        metavar="PAGE",
        help="the address or doc_id of the page, or SHARD:POSITION of a token, such as cc-00012:345678",
    )


def run(options: argparse.Namespace) -> int:
    """Print the history of every page that the name matches, and return 0.

    Raises:
        UserError: nothing is extracted yet, no page matches, or there is no such token.
        WorkFailed: a shard cannot be read.
    """
    histories = page_histories(read_config(options), options.page)
    _print_histories(open_console(), histories)
    return 0


def _print_histories(console: Console, histories: Sequence[PageHistory]) -> None:
    for history in histories:
        console.print(history.uri, style="bold", markup=False)
        for step in history.steps:
            console.print(f"  {step.name:<9} {step.text}", markup=False)
        console.print()
