"""`manyo train-categories`: train a model of registers or subjects on files of known category; write its card."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import combinations
from pathlib import PurePath

from manyo.corpus.intervals import wilson
from manyo.corpus.tables.shards import publish
from manyo.filters.signals.categories import CategoryModel, write_category_model
from manyo.filters.signals.category_training import Figures, read_examples, train_and_measure
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.commands.text_files import source_of, texts_of
from manyo.pipelines.commands.two_sides import refuse_same
from manyo.pipelines.commands.written_files import CATEGORY_MODEL, check_place
from manyo.pipelines.engine.errors import UserError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo train-categories`."""
    parser.add_argument(
        "--category",
        nargs="+",
        action="append",
        required=True,
        metavar=("NAME", "FILE"),
        help="a category, and its documents: .txt, .jsonl or .parquet, a file for each source",
    )
    parser.add_argument("--model", required=True, metavar="FILE", help="write the model here and its card to FILE.md")


def run(options: argparse.Namespace) -> int:
    """Train the model and measure it, write it and its card, print the measures, and return 0.

    Raises:
        UserError: an input is wrong, or there are too few categories or sources.
    """
    if "://" not in options.model:
        check_place(options.model, "--model", CATEGORY_MODEL)
    for name, *inputs in options.category:
        if not inputs or not name.isidentifier():
            raise UserError(f"--category {name}: give a name of letters, digits and _, then one or more files")
    for (name, *inputs), (other, *others) in combinations(options.category, 2):
        if name != other:
            refuse_same(inputs, others, f"--category {name} and --category {other}")
    try:
        model, figures = train_and_measure(read_examples(_documents(options.category)))
    except ValueError as error:
        raise UserError(f"train-categories: {error}") from error
    card = options.model + ".md"
    for path_to_write, content in (
        (options.model, write_category_model(model)),
        (card, category_card(PurePath(options.model).name, model, figures)),
    ):
        with publish(path_to_write) as path:
            path.write_text(content, encoding="utf-8")
    console = open_console()
    console.print(_table(figures))
    console.print(_summary(model, figures), markup=False)
    console.print(f"model  {options.model}\ncard   {card}", markup=False)
    return 0


def _documents(categories: list[list[str]]) -> Iterator[tuple[str, str, str]]:
    for name, *inputs in categories:
        for given in inputs:
            for _, text in texts_of(given, f"--category {name}"):
                if text is not None:
                    yield name, source_of(given), text


def _summary(model: CategoryModel, figures: Figures) -> str:
    return (
        f"macro-F1 {figures.macro_f1:.3f} ({figures.low:.3f} to {figures.high:.3f}) on sources not trained on; "
        f"named with a probability of {model.least:g} or more: {figures.known:.3f} of the documents, "
        f"{figures.right_of_known:.3f} of them right"
    )


def _rows(figures: Figures) -> Iterator[tuple[str, str, str, str, str]]:
    for of in figures.categories:
        low, high = wilson(of.right, of.documents)
        recall = f"{of.right / of.documents:.3f} ({low:.3f} to {high:.3f})"
        yield of.name, f"{of.documents:,}", f"{of.sources:,}", f"{of.f1:.3f}", recall


def _table(figures: Figures) -> FittedTable:
    table = FittedTable("category", "documents", "sources", "F1", "recall", texts=(0,))
    for row in _rows(figures):
        table.add_row(*row)
    return table


def category_card(model_name: str, model: CategoryModel, figures: Figures) -> str:
    """The model card in Markdown: data, measures, limits. The same documents give the same card."""
    names = [of.name for of in figures.categories]
    return "\n".join(
        [
            f"# {model_name}",
            "",
            f"A linear model over {len(model.keys):,} n-grams of one to three characters.",
            "",
            "## Measures",
            "",
            f"{_summary(model, figures)}. Intervals are of 95 %, that of macro-F1 by draws of sources.",
            "",
            "| category | documents | sources | F1 | recall |",
            "|---|---|---|---|---|",
            *(f"| {' | '.join(row)} |" for row in _rows(figures)),
            "",
            "Documents of each category (rows) by what they are called (columns):",
            "",
            f"| | {' | '.join(names)} |",
            f"|---|{'---|' * len(names)}",
            *(
                f"| {name} | {' | '.join(map(str, counts))} |"
                for name, counts in zip(names, figures.confused.tolist(), strict=True)
            ),
            "",
            "Calibration: documents whose most probable category has such a probability, and how many of them it is.",
            "",
            "| documents | mean probability | right |",
            "|---|---|---|",
            *(f"| {count:,} | {mean:.3f} | {right:.3f} |" for count, mean, right in figures.calibration),
            "",
            "## Limits",
            "",
            "The model knows only these categories: what is none of them is called `unknown`, or what it is most like.",
            "",
        ]
    )
