"""`manyo label score`: how well the rules of a run, and the presets, agree with what people said of its documents."""

from __future__ import annotations

import argparse
from pathlib import Path

from rich.console import Console

from manyo.filters.rules.decide import load_rules, shipped_rules
from manyo.filters.rules.label_scores import Label, Score, agreement, read_labels
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.labelled_documents import Scores, named, score_rules
from manyo.pipelines.commands.measured_documents import measured_shards, without_unmeasured
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES, UserError

#: Width of tables if standard output is not a terminal.
_PIPE_COLUMNS = 160

#: Documents that are in no run are named up to this many.
_MISSING_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo label`."""
    parser.add_argument("action", choices=("score",), help="score: precision and recall of rules on the labels")
    parser.add_argument("labels", metavar="FILE", help="labels as manyo view saves them, or a .tsv with uri and label")
    parser.add_argument("--other", metavar="FILE", help="another reader's labels: how far both agree")
    arguments.add_run(parser)


def run(options: argparse.Namespace) -> int:
    """Print scores of the run's rules and of the presets, and return 0; 3 if no labelled document is in the run.

    Raises:
        UserError: a file is wrong, or the run is not measured.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    labels = labels_of(options.labels)
    shards = measured_shards(config, "label")
    console = open_console(_PIPE_COLUMNS)
    sets = {"of the run": config.rules}
    for name, path in shipped_rules().items():
        rules, left_out = without_unmeasured(load_rules(str(path), with_templates=config.templates is not None), config)
        if left_out:
            console.print(
                f"{name}: {len(left_out)} of its rules are left out, whose signals this run did not measure; "
                f"manyo whatif --rules {name} lists them"
            )
        sets[name] = rules
    result = score_rules(shards, labels, list(sets.values()))
    print_found(console, labels, result)
    print_scores(console, dict(zip(sets, result.scores, strict=True)))
    if options.other is not None:
        _print_agreement(console, labels, labels_of(options.other))
    return EXIT_DONE if result.found else EXIT_NOTICES


def labels_of(path: str) -> list[Label]:
    """The labels of a file that a user named.

    Raises:
        UserError: it cannot be read, or a line is wrong.
    """
    try:
        return read_labels(Path(path))
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise UserError(str(error)) from error


def print_found(console: Console, labels: list[Label], result: Scores) -> None:
    """Print how many labels count, and which name no document of the run."""
    unsure = sum(label.is_good is None for label in result.found)
    console.print(
        f"{len(labels):,} labels, {len(result.found):,} of documents of this run, {unsure:,} of these unsure."
    )
    if result.missing:
        shown = ", ".join(result.missing[:_MISSING_SHOWN])
        console.print(f"Not among its documents: {len(result.missing):,}, such as {shown}", markup=False)


def print_scores(console: Console, scores: dict[str, Score]) -> None:
    """Print one line for each set of rules; intervals are of 95 %."""
    table = FittedTable("rules", "good", "bad", "kept", "precision", "recall", is_plain=True)
    for name, score in scores.items():
        counts = (f"{number:,}" for number in (score.good, score.bad, score.kept))
        table.add_row(name, *counts, str(score.precision), str(score.recall))
    console.print(table)


def _print_agreement(console: Console, labels: list[Label], others: list[Label]) -> None:
    of_other = {named(label.key): label.is_good for label in others}
    both = [
        (label.is_good, said)
        for label in labels
        if label.is_good is not None and (said := of_other.get(named(label.key))) is not None
    ]
    if not both:
        raise UserError("--other: no document has a sure label in both files")
    observed, kappa = agreement(*zip(*both, strict=True))
    console.print(f"Both files label {len(both):,} documents: they agree on {observed:.3f}, kappa {kappa:.3f}.")
