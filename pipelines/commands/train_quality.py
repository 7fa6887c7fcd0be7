"""`manyo train-quality`: train the model of `quality_score` on files of good and bad documents; write its card."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath

from manyo.corpus.tables.shards import publish
from manyo.corpus.tables.start_folder import paths_start_at
from manyo.filters.signals.quality import QualityModel, write_quality_model
from manyo.filters.signals.quality_training import (
    MOST_OF_SOURCE,
    N_FOLDS,
    N_TREES,
    AtThreshold,
    Examples,
    importance_of_parts,
    read_examples,
    train,
)
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.label import labels_of
from manyo.pipelines.commands.labelled_documents import labelled_texts
from manyo.pipelines.commands.measured_documents import measured_shards
from manyo.pipelines.commands.run_setup import config_of, open_console
from manyo.pipelines.commands.text_files import source_of, texts_of
from manyo.pipelines.commands.two_sides import refuse_same
from manyo.pipelines.commands.written_files import QUALITY_MODEL, check_place
from manyo.pipelines.engine.errors import UserError

_LARGEST_WEIGHT = 100.0

#: A model card lists this many parts of the score, those that differ most between documents.
_LISTED_PARTS = 20


@dataclass(slots=True)
class Reading:
    """The documents of one side, and how many were read.

    Attributes:
        inputs: files, globs and folders as given.
        weights: patterns of file names, and what documents of such files count; 1 those of others.
        documents: number of texts read.
        refused: number of rows without a text.
        labelled: source, text and weight of documents that people labelled.
    """

    inputs: Sequence[str]
    weights: Sequence[tuple[str, float]]
    documents: int = 0
    refused: int = 0
    labelled: Sequence[tuple[str, str, float]] = ()

    def documents_of(self, name: str) -> Iterator[tuple[str, str, float]]:
        """Yield source, text and weight of every document, and count them.

        Args:
            name: the side, `positive` or `negative`, for messages.

        Raises:
            UserError: an input is missing, or is not JSON Lines, Parquet or plain text.
        """
        self.documents += len(self.labelled)
        yield from self.labelled
        for given in self.inputs:
            file = PurePath(given).name
            weight = next((weight for pattern, weight in self.weights if fnmatchcase(file, pattern)), 1.0)
            for _, text in texts_of(given, f"--{name}"):
                self.documents += text is not None
                self.refused += text is None
                if text is not None:
                    yield source_of(given), text, weight


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo train-quality`."""
    for side in ("positive", "negative"):
        parser.add_argument(
            f"--{side}", nargs="+", default=[], metavar="FILE", help=f"{side} documents: .txt, .jsonl or .parquet"
        )
    parser.add_argument(
        "--labels",
        nargs=2,
        action="append",
        default=[],
        metavar=("FILE", "CONFIG"),
        help="labels that `manyo view` saved, and the run whose documents they name",
    )
    parser.add_argument(
        "--weight",
        nargs=2,
        action="append",
        default=[],
        metavar=("PATTERN", "NUMBER"),
        help="documents of files whose name matches count as this number (1); the first pattern decides",
    )
    parser.add_argument("--model", required=True, metavar="FILE", help="write the model here and its card to FILE.md")


def run(options: argparse.Namespace) -> int:
    """Train the model and measure it, write it and its card, print the measures, and return 0.

    Raises:
        UserError: an input is wrong, or there are too few documents.
    """
    if "://" not in options.model:
        check_place(options.model, "--model", QUALITY_MODEL)
    weights = [(pattern, _weight(given)) for pattern, given in options.weight]
    sides = {"positive": Reading(options.positive, weights), "negative": Reading(options.negative, weights)}
    refuse_same(options.positive, options.negative, "--positive and --negative")
    labelled = [one for labels, config in options.labels for one in _labelled(labels, config)]
    of_labels = (
        [(source, text, 1.0) for source, text, is_good in labelled if is_good is wanted] for wanted in (True, False)
    )
    for (name, side), more in zip(sides.items(), of_labels, strict=True):
        side.labelled = more
        if not side.inputs and not more:
            raise UserError(f"train-quality: no {name} documents; give --{name} FILE, or --labels FILE CONFIG")
    try:
        examples = read_examples(*(side.documents_of(name) for name, side in sides.items()))
    except ValueError as error:
        raise UserError(f"train-quality: {error}") from error
    model, of_sources, of_documents = train(examples)
    with publish(options.model) as path:
        path.write_text(write_quality_model(model), encoding="utf-8")
    card = options.model + ".md"
    with publish(card) as path:
        path.write_text(
            model_card(PurePath(options.model).name, examples, model, of_sources, of_documents), encoding="utf-8"
        )
    console = open_console()
    console.print(_table(examples, of_sources, of_documents))
    console.print(
        f"left out: {examples.repeats:,} repeats, {examples.contradictions:,} texts that are on both sides, "
        f"{sum(side.refused for side in sides.values()):,} rows without a text"
    )
    console.print(f"model  {options.model}\ncard   {card}", markup=False)
    console.print(f'to use it, set [filter.models] quality = "{options.model}"', markup=False)
    return 0


def _labelled(labels: str, config: str) -> list[tuple[str, str, bool]]:
    """Source and text of the labelled documents of a run, and whether they are good; unsure ones are left out."""
    read, run_config = labels_of(labels), config_of(config)
    with paths_start_at(os.path.dirname(run_config.path)):
        found = list(labelled_texts(measured_shards(run_config, "train-quality"), read))
    if not found:
        raise UserError(f"--labels {labels}: names no document of {config} that may be used; give its own run")
    return [(source, text, label.is_good) for source, text, label in found if label.is_good is not None]


def _weight(given: str) -> float:
    try:
        weight = float(given)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= _LARGEST_WEIGHT:
        raise UserError(f"--weight: {given} is no number above 0, up to {_LARGEST_WEIGHT:g}")
    return weight


def model_card(
    model_name: str,
    examples: Examples,
    model: QualityModel,
    of_sources: Sequence[AtThreshold],
    of_documents: Sequence[AtThreshold],
) -> str:
    """The model card in Markdown: data, measures, limits. The same documents give the same card."""
    listed = importance_of_parts(model, examples)[:_LISTED_PARTS]
    return "\n".join(
        [
            f"# {model_name}",
            "",
            f"A forest of {N_TREES} trees over signals. Its score is the probability that a document is positive, in",
            "sets of these sizes and weights.",
            "",
            "## Data",
            "",
            "| source | positive | negative |",
            "|---|---|---|",
            *(f"| {source} | {good:,} | {bad:,} |" for source, (good, bad) in examples.counts().items()),
            "",
            f"Left out: {examples.repeats:,} documents with the same text as another of their set, and "
            f"{examples.contradictions:,} texts that are in both sets. A source of more than {MOST_OF_SOURCE} "
            "documents counts as that many.",
            "",
            "## Measures",
            "",
            f"Each document is scored by models that did not see its source, and that did not see it, in {N_FOLDS}",
            "folds. Where the sources of a label are all in one fold, both are the latter.",
            "",
            "| score at least | precision, recall, unseen sources | precision, recall, unseen documents |",
            "|---|---|---|",
            *(
                f"| {one.threshold:g} | {one.precision:.3f}, {one.recall:.3f} | {two.precision:.3f}, {two.recall:.3f} |"
                for one, two in zip(of_sources, of_documents, strict=True)
            ),
            "",
            "## Parts of the score",
            "",
            "How much each signal changes the score: the deviation over these documents.",
            "",
            "| signal | deviation |",
            "|---|---|",
            *(f"| {name} | {deviation:.3f} |" for name, deviation in listed),
            "",
            "## Limits",
            "",
            "The model knows only these sets: if one is news and the other shops, it separates news from shops. Look",
            "at what a threshold drops (`manyo inspect --reason RULE --near VALUE`) before you move one.",
            "",
        ]
    )


def _table(examples: Examples, of_sources: Sequence[AtThreshold], of_documents: Sequence[AtThreshold]) -> FittedTable:
    good, bad = int(examples.is_good.sum()), int((~examples.is_good).sum())
    columns = ("score at least", "precision, unseen sources", "recall", "precision, unseen documents", "recall")
    table = FittedTable(*columns, texts=(), title=f"{good:,} positive and {bad:,} negative documents")
    for one, two in zip(of_sources, of_documents, strict=True):
        figures = (one.precision, one.recall, two.precision, two.recall)
        table.add_row(f"{one.threshold:g}", *(f"{figure:.3f}" for figure in figures))
    return table
