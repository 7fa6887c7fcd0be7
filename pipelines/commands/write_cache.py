"""`manyo cache`: write the caches of Megatron's order before training begins."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from manyo.pipelines.commands import training_run
from manyo.pipelines.commands.training_run import TrainingRun
from manyo.pipelines.engine.errors import EXIT_DONE, UserError
from manyo.tokenizer.cache_writing import write_caches
from manyo.tokenizer.training_order import OrderError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo cache`."""
    training_run.add_arguments(parser, needs_config=False)
    parser.add_argument(
        "--tokenizer",
        metavar="FILE",
        required=True,
        help="what Megatron says of its tokenizer: a -description.txt of any cache of it, or the JSON object in one",
    )
    parser.add_argument("--to", metavar="FOLDER", required=True, help="the folder of --data-cache-path")


def run(options: argparse.Namespace) -> int:
    """Write the caches, print the description of each, and return 0.

    Raises:
        UserError: the training run or its tokenizer is not described, or the order cannot be computed.
    """
    training = TrainingRun.read(options)
    tokenizer = _tokenizer(options.tokenizer)
    print(f"manyo: {training.description}", file=sys.stderr)
    try:
        for path in write_caches(training.order, training.settings.split, tokenizer, Path(options.to)):
            print(path, flush=True)
    except OrderError as error:
        raise UserError(str(error)) from error
    return EXIT_DONE


def _tokenizer(path: str) -> dict[str, Any]:
    """What a file says of a tokenizer; of the description of a blend, what its first token shard says."""
    try:
        said = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"--tokenizer {path}: {error}") from error
    if isinstance(said, dict) and said.get("datasets"):
        said = said["datasets"][0]
    found = said.get("tokenizer", said) if isinstance(said, dict) else said
    if not isinstance(found, dict) or "class" not in found:
        raise UserError(f"--tokenizer {path}: is no description of a cache, and no object with the key class")
    return found
