"""`manyo trace`: show what happened to the pages of an address or host, from their records to their tokens."""

from __future__ import annotations

import argparse

from rich.console import Console

from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.page_history import PageHistory, RunTables, found_pages
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.selected_documents import read_selection

#: How pages are named, for the help of every command that takes one.
PAGE_HELP = (
    "the address or doc_id of a page; as in a takedown list also a host, *.HOST, or ADDRESS*; or SHARD:POSITION of a "
    "token, such as cc-00012:345678"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo trace`."""
    arguments.add_run(parser)
    arguments.add_listing(parser)
    parser.add_argument("page", metavar="PAGE", help=PAGE_HELP)
    parser.add_argument(
        "-n", type=arguments.whole(0), default=20, metavar="COUNT", help="pages shown at most (default: 20)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the history of every page that the name matches, and return 0.

    Raises:
        UserError: nothing is extracted yet, no page matches, or there is no such token.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    tables = RunTables(config)
    found = found_pages(tables, options.page, read_selection(options, config))
    shown = found[: options.n]
    console = open_console()
    for history in tables.whole_histories(shown):
        if options.json:
            print_json({"uri": history.uri, **{step.name: step.text for step in history.steps}})
        else:
            print_history(console, history)
            console.print()
    if len(shown) < len(found):
        print_rest(console, options.json, len(found) - len(shown))
    return 0


def print_history(console: Console, history: PageHistory) -> None:
    """Print the address of a page and a line for each step."""
    console.print(history.uri, style="bold", markup=False)
    for step in history.steps:
        console.print(f"  {step.name:<9} {step.text}", markup=False)


def print_rest(console: Console, is_json: bool, n_pages: int) -> None:
    """Say how many pages match and are not shown; nothing in JSON, whose every line is a page."""
    if not is_json:
        console.print(f"and {n_pages:,} more pages; -n COUNT shows more, --host, --source and --profile select")
