"""`manyo train-quality`: train a classifier on files of good and bad documents; write its measures and model card."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePath

from rich.table import Table

from manyo.corpus.records import BrokenInput, Refused, Skipped
from manyo.corpus.sources.source_kinds import KINDS
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
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import expand

#: Suffixes of files that hold documents, and the kind of source that reads each.
_KIND_OF_SUFFIX = {
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".jsonl.zst": "jsonl",
}

#: A model card names this many files of each side; a glob that the shell expanded can give thousands.
_NAMED_FILES = 5


@dataclass(slots=True)
class Reading:
    """The documents of one side, and how many were read.

    Attributes:
        inputs: files, globs and folders as given.
        documents: number of texts read.
        refused: number of rows without a text.
    """

    inputs: Sequence[str]
    documents: int = 0
    refused: int = 0

    def texts(self, name: str) -> Iterator[str]:
        """Yield the texts of every input, and count them.

        Args:
            name: the side, `positive` or `negative`, for messages.

        Raises:
            UserError: an input is missing, or is not JSON Lines, Parquet or plain text.
        """
        for given in self.inputs:
            for text in _texts(given, name):
                self.documents += text is not None
                self.refused += text is None
                if text is not None:
                    yield text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo train-quality`."""
    for side in ("positive", "negative"):
        parser.add_argument(
            f"--{side}", nargs="+", required=True, metavar="FILE", help=f"{side} documents: .txt, .jsonl or .parquet"
        )
    parser.add_argument("--model", required=True, metavar="FILE", help="write the model here and its card to FILE.md")


def run(options: argparse.Namespace) -> int:
    """Train the model and measure it, write it and its card, print the measures, and return 0.

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
    console = open_console()
    console.print(_table(examples, rows))
    console.print(
        f"left out: {examples.repeats:,} repeats, {examples.contradictions:,} texts that are on both sides, "
        f"{sum(side.refused for side in sides.values()):,} rows without a text"
    )
    console.print(f"model  {options.model}\ncard   {card}", markup=False)
    console.print(
        f'to use it, set [filter.models] quality = "{options.model}" and add a rule on quality_score', markup=False
    )
    return 0


def model_card(model_name: str, sides: dict[str, Reading], examples: Examples, rows: Sequence[AtThreshold]) -> str:
    """The model card in Markdown: data, measures, limits. The same inputs give the same card."""
    settings = ", ".join(f"{key} {value:g}" for key, value in TRAINING.items())
    return "\n".join(
        [
            f"# {model_name}",
            "",
            "A fastText classifier that distinguishes two sets of documents by their character n-grams.",
            "Its score is the probability that a document belongs to the positive set.",
            "",
            "## Data",
            "",
            "| set | files | documents | used for training | held out |",
            "|---|---|---|---|---|",
            *(_data_row(name, side, examples) for name, side in sides.items()),
            "",
            f"Left out: {examples.repeats:,} documents with the same beginning as another document of their set, and "
            f"{examples.contradictions:,} beginnings that occur in both sets. One document in {HELD_OUT} is held out, "
            "chosen by the digest of its text.",
            "",
            "## Measures on the held-out documents",
            "",
            "| score at least | precision | recall |",
            "|---|---|---|",
            *(f"| {row.threshold:g} | {row.precision:.3f} | {row.recall:.3f} |" for row in rows),
            "",
            "Precision is valid for sets of these sizes. In a crawl with more bad documents it is lower.",
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
            "## Limits",
            "",
            "The model knows only the two sets: if one is news and the other shops, it separates news from shops.",
            "Near duplicates on both sides of the split make the measures look better than they are: remove them",
            "first. Look at what a threshold drops (`manyo inspect --reason RULE --near VALUE`) before you add a rule",
            "on the score.",
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
    """Yield the texts of a file, glob or folder; None for a row without a text."""
    if given.endswith(".txt"):
        try:
            yield Path(given).read_text(encoding="utf-8")
        except OSError as error:
            raise UserError(f"--{name} {given}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"--{name} {given}: not UTF-8 at byte {error.start}") from error
        return
    kind = next((kind for suffix, kind in _KIND_OF_SUFFIX.items() if given.endswith(suffix)), None)
    if kind is None:
        raise UserError(
            f"--{name} {given}: give a .txt file (one document) or .jsonl, .jsonl.gz, .jsonl.zst or .parquet files "
            "(globs are allowed) with the text in the field or column `text`"
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
