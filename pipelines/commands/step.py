"""`manyo step`: the documents that one step of a training run reads."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from manyo.corpus.schema import DOC_ID, TEXT
from manyo.pipelines.commands import arguments, training_run
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.commands.selected_documents import read_selection
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.commands.training_run import TrainingRun, documents_of
from manyo.pipelines.engine.errors import UserError
from manyo.tokenizer.training_order import OrderError

_COLUMNS = ("sample", "source", "doc_id", "first_token", "tokens", "shard", "position", "uri")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo step`."""
    parser.add_argument(
        "step", type=arguments.whole(0), metavar="STEP", help="number of the step, from 1, as Megatron's log has it"
    )
    training_run.add_arguments(parser, needs_config=False)
    arguments.add_listing(parser)


def run(options: argparse.Namespace) -> int:
    """Print a line for each document of each sample of the step, and return 0.

    Raises:
        UserError: the training run is not described, or has no such step.
    """
    training = TrainingRun.read(options)
    size = training.settings.global_batch_size
    first = (options.step - 1) * size
    if not 0 <= first < training.order.length:
        last = -(-training.order.length // size)
        raise UserError(f"there is no step {options.step:,}: the run reads samples in steps 1 to {last:,}")
    rows = sorted(_rows(training, first, first + size), key=lambda row: row["sample"])
    rows = _selected(rows, options)
    if options.json:
        for row in rows:
            print_json(row)
        return 0
    print(f"manyo: step {options.step:,}: {training.description}", file=sys.stderr)
    print("\t".join(_COLUMNS))
    for row in rows:
        print("\t".join("" if row[column] is None else plain(str(row[column])) for column in _COLUMNS))
    return 0


def _selected(rows: list[Mapping[str, Any]], options: argparse.Namespace) -> list[Mapping[str, Any]]:
    if not (options.source or options.host or options.profile):
        return rows
    if not options.config:
        raise UserError("--source, --host and --profile need --config FILE, which says what sources there are")
    columns = {
        "doc_id": pa.array([row["doc_id"] and bytes.fromhex(row["doc_id"]) for row in rows], DOC_ID),
        "uri": pa.array([row["uri"] for row in rows], TEXT),
        "source": pa.array([row["source"] for row in rows], TEXT),
    }
    mask = read_selection(options, read_config(options)).mask(pa.RecordBatch.from_pydict(columns))
    return [row for row, is_listed in zip(rows, mask, strict=True) if is_listed]


def _rows(training: TrainingRun, first: int, stop: int) -> Iterator[Mapping[str, Any]]:
    """Yield each document of each sample, the samples of one token shard after another."""
    try:
        for found in training.order.samples_at(first, stop):
            documents = documents_of(found)
            for position, pieces in found.samples.items():
                for piece in pieces:
                    document = documents[piece.document]
                    yield {
                        "sample": position,
                        "source": document["source"],
                        "doc_id": document["doc_id"].hex() if document["doc_id"] else None,
                        "first_token": piece.first_token,
                        "tokens": piece.token_count,
                        "shard": document["shard"],
                        "position": document["first_token"] + piece.first_token,
                        "uri": document["uri"],
                    }
    except OrderError as error:
        raise UserError(str(error)) from error
