"""`manyo seen`: the steps of a training run that read a document."""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from manyo.pipelines.commands import training_run
from manyo.pipelines.commands.page_history import TokenPlace, token_places
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.commands.training_run import TokenSource, TrainingRun
from manyo.pipelines.engine.errors import UserError
from manyo.tokenizer.training_order import DocumentIndex, OrderError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo seen`."""
    parser.add_argument("page", metavar="PAGE", help="the address or doc_id of the page, as for manyo trace")
    training_run.add_arguments(parser, needs_config=True)


def run(options: argparse.Namespace) -> int:
    """Print the steps that read each document that the name matches, and return 0.

    Raises:
        UserError: no page matches, or the training run is not described.
    """
    places = token_places(read_config(options), options.page)
    training = TrainingRun.read(options)
    try:
        steps = {place: steps_of(training, place) for place in places}
    except OrderError as error:
        raise UserError(str(error)) from error
    if not options.json:
        print(f"manyo: {training.description}", file=sys.stderr)
    for place, own in steps.items():
        if options.json:
            print(json.dumps({"doc_id": place.doc_id.hex(), "uri": place.uri, "steps": own}, ensure_ascii=False))
        else:
            listed = ", ".join(f"{step:,}" for step in own)
            print(f"{plain(place.uri)}  {place.doc_id.hex()}  {place.shard}:{place.first_token}")
            print(f"  read in {len(own):,} steps: {listed}" if own else "  read in no step of this run")
    return 0


def steps_of(training: TrainingRun, place: TokenPlace) -> list[int]:
    """The steps, in ascending order, that read a token of a document.

    Raises:
        OrderError: an index cannot be read.
    """
    wanted: dict[int, np.ndarray] = {}
    for number, prefix in enumerate(training.order.data.prefixes):
        source = TokenSource.of(prefix)
        if source is None or source.name != place.shard or source.provenance != place.provenance:
            continue
        index = DocumentIndex.read(prefix)
        for row in np.flatnonzero((index.first_tokens == place.first_token) & (index.lengths > 0)).tolist():
            wanted[number] = training.order.prefix_order(number, index.lengths).samples_of(row)
    positions = training.order.positions_of(wanted)
    size = training.settings.global_batch_size
    return sorted({int(at) // size + 1 for own in positions.values() for at in own})
