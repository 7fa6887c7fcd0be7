"""`manyo train-quality`: from files of good and of bad documents to a classifier, its figures and its model card."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePath

from rich.console import Console
from rich.table import Table

from manyo.corpus.records import BrokenInput, Refused, Skipped
from manyo.corpus.sources import KINDS
from manyo.corpus.tables.shards import publish
from manyo.filters.signals.quality import (
    HELD_OUT,
    QUALITY_CHARS,
    TRAINING,
    AtThreshold,
    Examples,
    divide,
    evaluate,
    train,
)
from manyo.pipelines.engine.stage import UserError
from manyo.pipelines.extraction.inputs import expand

#: Endings of the files that hold documents, and the kind of source that reads them.
_KIND_OF_ENDING = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".jsonl.zst": "jsonl",
}

#: A model card names this many files of each pile; a glob that the shell expanded can be thousands.
_NAMED_FILES = 5


@dataclass(slots=True)
class Reading:
    """What was read for one side.

    Attributes:
        inputs: as given.
        documents: texts read.
        refused: rows that hold no text.
    """

    inputs: Sequence[str]
    documents: int = 0
    refused: int = 0

    def texts(self, name: str) -> Iterator[str]:
        """The texts of every input.

        Raises:
            UserError: an input is missing, or is neither JSON Lines nor Parquet nor plain text.
        """
        for given in self.inputs:
            for text in _texts(given, name):
                self.documents += text is not None
                self.refused += text is None
                if text is not None:
                    yield text


def train_quality(options: argparse.Namespace) -> int:
    """Train, measure, write the model and its card, print the figures.

    Raises:
        UserError: an input is wrong, or there are too few documents.
    """
    sides = {"positive": Reading(options.positive), "negative": Reading(options.negative)}
    try:
        examples = divide(*(side.texts(name) for name, side in sides.items()))
    except ValueError as error:
        raise UserError(f"train-quality: {error}") from error
    with publish(options.model) as path:
        train(examples, path)
        rows = evaluate(examples, path)
    card = options.model + ".md"
    with publish(card) as path:
        path.write_text(model_card(PurePath(options.model).name, sides, examples, rows), encoding="utf-8")
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(examples, rows))
    console.print(
        f"{examples.repeats:,} repeats and {examples.contradictions:,} texts of both kinds left out; "
        f"{sum(side.refused for side in sides.values()):,} rows without a text"
    )
    console.print(f"model  {options.model}\ncard   {card}", markup=False)
    console.print(f'to use it: [filter.models] quality = "{options.model}", and rules on quality_score', markup=False)
    return 0


def model_card(model_name: str, sides: dict[str, Reading], examples: Examples, rows: Sequence[AtThreshold]) -> str:
    """The model's card: what it was made from, how well it does, what it is not. The same inputs give the same card."""
    settings = ", ".join(f"{key} {value:g}" for key, value in TRAINING.items())
    return "\n".join(
        [
            f"# {model_name}",
            "",
            "A fastText classifier that tells two piles of documents apart by the characters they are written with.",
            "Its score is the probability that a document belongs to the positive pile.",
            "",
            "## Data",
            "",
            "| pile | files | documents | trained on | held out |",
            "|---|---|---|---|---|",
            *(_data_row(name, side, examples) for name, side in sides.items()),
            "",
            f"Left out: {examples.repeats:,} documents that begin as another of their pile does, and "
            f"{examples.contradictions:,} beginnings that both piles have. One document in {HELD_OUT} is held out, "
            "by the digest of its text.",
            "",
            "## Figures on the held-out documents",
            "",
            "| score at least | precision | recall |",
            "|---|---|---|",
            *(f"| {row.threshold:g} | {row.precision:.3f} | {row.recall:.3f} |" for row in rows),
            "",
            "Precision holds for piles of these sizes. In a crawl with more bad documents it is lower.",
            "",
            "## Model",
            "",
            f"Character n-grams of the first {QUALITY_CHARS:,} characters; {settings}; one thread; "
            f"fasttext-community {version('fasttext-community')}, manyo {version('manyo')}.",
            "",
            "```toml",
            "[filter.models]",
            f'quality = "{model_name}"',
            "```",
            "",
            "## What it is not",
            "",
            "It knows the two piles and nothing else: if one is news and the other shops, it tells news from shops.",
            "Near duplicates on both sides of the division make the figures look better than they are: remove them",
            "first. Look at what a threshold drops (`manyo inspect --reason RULE --near VALUE`) before a rule depends",
            "on it.",
            "",
        ]
    )


def _data_row(name: str, side: Reading, examples: Examples) -> str:
    label = f"__label__{name}"
    files = ", ".join(f"`{given}`" for given in side.inputs[:_NAMED_FILES])
    more = f" and {len(side.inputs) - _NAMED_FILES:,} more" if len(side.inputs) > _NAMED_FILES else ""
    return (
        f"| {name} | {files}{more} | {side.documents:,} | {len(examples.trained[label]):,} "
        f"| {len(examples.held_out[label]):,} |"
    )


def _texts(given: str, name: str) -> Iterator[str | None]:
    """The texts of a file, glob or folder; None for a row that has none."""
    if given.endswith(".txt"):
        try:
            yield Path(given).read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"--{name} {given}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"--{name} {given}: not UTF-8 at byte {error.start}") from error
        return
    kind = next((kind for ending, kind in _KIND_OF_ENDING.items() if given.endswith(ending)), None)
    if kind is None:
        raise UserError(
            f"--{name} {given}: a .txt file (one document), .jsonl, .jsonl.gz, .jsonl.zst or .parquet file is wanted "
            "(the last four may be globs), with the text in the field or column `text`"
        )
    source, settings = KINDS[kind], KINDS[kind].Options()
    for shard in source.plan(expand(given, f"--{name}"), settings):
        try:
            for record in source.records(shard, settings):
                outcome = record if isinstance(record, BrokenInput) else source.parse(record, settings)
                yield None if isinstance(outcome, BrokenInput | Refused | Skipped) else outcome.text
        except ValueError as error:
            raise UserError(f"--{name}: {error}") from error


def _table(examples: Examples, rows: Sequence[AtThreshold]) -> Table:
    counted = " and ".join(
        f"{len(examples.held_out[label]):,} {label.removeprefix('__label__')}" for label in examples.held_out
    )
    table = Table(title=f"Held out: {counted} documents", title_justify="left")
    for column in ("score at least", "precision", "recall"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(f"{row.threshold:g}", f"{row.precision:.3f}", f"{row.recall:.3f}")
    return table
