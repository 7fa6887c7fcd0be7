"""Options that several commands have. Nothing here loads Numba or Arrow, which `submit` does without."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable


def whole(least: int) -> Callable[[str], int]:
    """The type of an option that is a whole number of at least this size."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if value < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value

    return read


def number(text: str) -> float:
    """The type of an option that is a number above 0."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return value


def add_config(parser: argparse.ArgumentParser, is_required: bool = True) -> None:
    """Add the options that name a run: --config and --out."""
    parser.add_argument("--config", required=is_required, metavar="FILE", help="the TOML file of the run")
    parser.add_argument("--out", metavar="URI", help="write here instead of to [run] out")


def add_run(parser: argparse.ArgumentParser, is_required: bool = True) -> None:
    """Add the options of commands that read a configuration: --config, --out and --against."""
    add_config(parser, is_required)
    parser.add_argument(
        "--against",
        nargs="+",
        metavar="INDEX",
        help="also find duplicates of these indexes of earlier runs, instead of [dedup] against",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the options that select documents: --source, --host and --profile."""
    for name, metavar, what in (
        ("source", "NAME", "of these sources"),
        ("host", "HOST", "of these hosts, as a takedown list names them: blog.example.jp, *.wiki.example"),
        ("profile", "PROFILE", "of these profiles"),
    ):
        parser.add_argument(f"--{name}", nargs="+", metavar=metavar, help=f"only documents {what}")


def add_listing(parser: argparse.ArgumentParser) -> None:
    """Add the options of commands that list documents: those that select them, and --json."""
    add_selection(parser)
    parser.add_argument("--json", action="store_true", help="print a JSON object a line, for other programs")


def add_execution(parser: argparse.ArgumentParser) -> None:
    """Add the options of commands that run stages: --executor, --events and --allow-empty."""
    add_allow_empty(parser)
    parser.add_argument(
        "--executor",
        choices=("serial", "ray"),
        help="where tasks run; by default on Ray if RAY_ADDRESS is set or the work is large, else in this process",
    )
    parser.add_argument("--events", metavar="FILE", help="append events to this file, one JSON object a line")


def add_allow_empty(parser: argparse.ArgumentParser) -> None:
    """Add the option of commands that end with notices: --allow-empty."""
    parser.add_argument(
        "--allow-empty",
        action="store_true",
        help="end with status 0, not 3, if there are notices, such as a source that gave no document",
    )
