"""`manyo seen`: the steps of a training run that read a document."""

from __future__ import annotations

import argparse
import sys

from manyo.pipelines.commands import arguments, training_run
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.page_history import token_places
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.commands.selected_documents import read_selection
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.commands.trace import PAGE_HELP
from manyo.pipelines.commands.training_run import TrainingRun


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo seen`."""
    parser.add_argument("page", metavar="PAGE", help=PAGE_HELP)
    training_run.add_arguments(parser, needs_config=True)
    arguments.add_listing(parser)


def run(options: argparse.Namespace) -> int:
    """Print the steps that read each document that the name matches, and return 0.

    Raises:
        UserError: no page matches, or the training run is not described.
    """
    config = read_config(options)
    places = token_places(config, options.page, read_selection(options, config))
    training = TrainingRun.read(options)
    found = training.steps_of([(place.provenance, place.first_token) for place in places])
    if not options.json:
        print(f"manyo: {training.description}", file=sys.stderr)
    for place, own in zip(places, found, strict=True):
        if options.json:
            print_json({"doc_id": place.doc_id, "uri": place.uri, "steps": own})
        else:
            listed = ", ".join(f"{step:,}" for step in own)
            where = f"{place.shard}:{place.first_token}" if place.shard else "has no tokens; manyo trace says why"
            print(f"{plain(place.uri)}  {place.doc_id.hex()}  {where}")
            print(f"  read in {len(own):,} steps: {listed}" if own else "  read in no step of this run")
    return 0
