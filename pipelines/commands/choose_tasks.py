"""`manyo choose-tasks`: which evaluation tasks tell corpora apart early, and which corpus is ahead in them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from manyo.pipelines.ablation.corpus_ranking import FEWEST_SEEDS, Compared, rank, selected
from manyo.pipelines.ablation.model_results import FORM, Result, read_results, scores_by_size
from manyo.pipelines.ablation.task_choice import (
    CHANCE,
    COLUMNS,
    LEAST_ABOVE_CHANCE,
    LEAST_MONOTONICITY,
    LEAST_SIGNAL_TO_NOISE,
    ORDER_FROM_TOKENS,
    ORDER_OF_CHANCE,
    TaskChoice,
    choose_tasks,
    read_scores,
)
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.engine.errors import UserError

#: Width of the tables if standard output is not a terminal.
_PIPE_COLUMNS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo choose-tasks`."""
    parser.add_argument(
        "scores",
        metavar="FILE",
        help=f".jsonl with the fields {', '.join(FORM)}, or CSV with the columns {', '.join(COLUMNS)} and, if known, "
        f"{CHANCE}, of which corpora are not compared",
    )
    parser.add_argument(
        "--order-from",
        type=arguments.number,
        metavar="TOKENS",
        help="compare the order of corpora from this number of tokens, or of steps in .jsonl, on (default: "
        f"{ORDER_FROM_TOKENS:g} tokens, or half of the steps)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the criteria of each task and, of results in JSON Lines, which corpus is ahead, and return 0.

    Raises:
        UserError: the file is missing, has no scores, or has wrong ones.
    """
    console = open_console(_PIPE_COLUMNS)
    try:
        with Path(options.scores).open(encoding="utf-8-sig", newline="") as file:
            if options.scores.endswith(".jsonl"):
                _print_results(console, read_results(file), options.order_from)
            else:
                tasks = choose_tasks(read_scores(file), options.order_from or ORDER_FROM_TOKENS)
                _print_tasks(console, tasks, "Tasks that give an early signal")
    except OSError as error:
        raise UserError(f"{options.scores}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{options.scores}: {error}") from error
    console.print(
        f"Bounds of FineTasks: monotonicity {LEAST_MONOTONICITY:g}, mean by deviation of seeds "
        f"{LEAST_SIGNAL_TO_NOISE:g}, {LEAST_ABOVE_CHANCE:g} deviations above chance. It has none for the order "
        f"of corpora; ours is above {ORDER_OF_CHANCE:g}, what orders at random have. Of tasks that pass, prefer those "
        "with the most stable one."
    )
    return 0


def _print_tasks(console: Console, tasks: Sequence[TaskChoice], title: str) -> None:
    if not tasks:
        raise ValueError("has no scores")
    columns = ("task", "rises", "signal to noise", "above chance", "order", "of use?")
    table = FittedTable(*columns, texts=(0, len(columns) - 1), title=title)
    for one in tasks:
        criteria = (one.monotonicity, one.signal_to_noise, one.above_chance, one.order)
        said = f"no: {', '.join(one.faults)}" if one.faults else "yes"
        table.add_row(one.task, *("–" if value is None else f"{value:.2f}" for value in criteria), said)
    console.print(table)


def _print_results(console: Console, results: Sequence[Result], order_from: float | None) -> None:
    if not results:
        raise ValueError("has no scores")
    for size, scores in scores_by_size(results).items():
        tasks = choose_tasks(scores, order_from or max(one.tokens for one in scores) / 2)
        of_use = selected(tasks, [one for one in results if one.size == size])
        compared = rank(of_use)
        _print_tasks(console, tasks, f"Models of {size}: tasks that give an early signal")
        if not of_use:
            console.print(f"No task gives an early signal at {size}: nothing is said of the corpora.", markup=False)
        elif not compared:
            console.print(f"No two corpora have a task in common at {size}.", markup=False)
        else:
            _print_ranking(console, compared, size)


def _print_ranking(console: Console, compared: Sequence[Compared], size: str) -> None:
    columns = ("task", "corpora", "ahead", "second less first, 95 %", "scores", "seeds", "step")
    table = FittedTable(*columns, texts=(0, 1, 2), title=f"Models of {size}: which corpus is ahead")
    for one in compared:
        found = one.difference
        table.add_row(
            one.task or "mean of the tasks",
            f"{one.a}, {one.b}",
            one.verdict,
            f"{found.b - found.a:+.4f} ({found.low:+.4f} to {found.high:+.4f})",
            f"{found.a:.4f}, {found.b:.4f}",
            f"{found.documents}",
            f"{one.step:,}",
        )
    console.print(table)
    console.print(
        "Intervals by bootstrap over seeds, paired: runs of the same seed. With fewer than "
        f"{FEWEST_SEEDS} seeds they are too narrow, and say only where the seeds lean. In the mean each task is on a "
        "scale from 0, chance, to 1.\n"
        f"Says: on which corpus models of {size} score higher in these tasks after these steps. Does not say: which "
        "trains the better large or long-trained model, what other items of the tasks or other settings of the "
        "training would give, or anything of tasks that were left out."
    )
