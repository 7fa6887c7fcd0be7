"""`manyo choose-tasks`: which evaluation tasks tell corpora apart early, from the scores of small models."""

from __future__ import annotations

import argparse
from pathlib import Path

from manyo.pipelines.ablation.task_choice import (
    CHANCE,
    COLUMNS,
    LEAST_ABOVE_CHANCE,
    LEAST_MONOTONICITY,
    LEAST_SIGNAL_TO_NOISE,
    ORDER_FROM_TOKENS,
    choose_tasks,
    read_scores,
)
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.engine.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo choose-tasks`."""
    parser.add_argument(
        "scores", metavar="FILE", help=f"CSV with the columns {', '.join(COLUMNS)} and, if known, {CHANCE}"
    )
    parser.add_argument(
        "--order-from",
        type=arguments.number,
        default=ORDER_FROM_TOKENS,
        metavar="TOKENS",
        help=f"compare the order of corpora from this number of tokens on (default: {ORDER_FROM_TOKENS:g})",
    )


def run(options: argparse.Namespace) -> int:
    """Print the criteria of each task, and return 0.

    Raises:
        UserError: the file is missing or has no scores.
    """
    try:
        with Path(options.scores).open(encoding="utf-8-sig", newline="") as file:
            tasks = choose_tasks(read_scores(file), options.order_from)
    except OSError as error:
        raise UserError(f"{options.scores}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{options.scores}: {error}") from error
    if not tasks:
        raise UserError(f"{options.scores}: has no scores")
    console = open_console(120)
    columns = ("task", "rises", "signal to noise", "above chance", "order", "of use?")
    table = FittedTable(*columns, texts=(0, len(columns) - 1), title="Tasks that give an early signal")
    for one in tasks:
        criteria = (one.monotonicity, one.signal_to_noise, one.above_chance, one.order)
        said = f"no: {', '.join(one.faults)}" if one.faults else "yes"
        table.add_row(one.task, *("–" if value is None else f"{value:.2f}" for value in criteria), said)
    console.print(table)
    console.print(
        f"Bounds of FineTasks: monotonicity {LEAST_MONOTONICITY:g}, mean by deviation of seeds "
        f"{LEAST_SIGNAL_TO_NOISE:g}, {LEAST_ABOVE_CHANCE:g} deviations above chance. It has none for the order "
        "of corpora: of tasks that pass, prefer those with the most stable one."
    )
    return 0
