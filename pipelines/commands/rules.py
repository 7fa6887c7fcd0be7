"""`manyo rules`: print a rules file that ships with manyo, to copy and change one."""

from __future__ import annotations

import argparse
import sys

from manyo.filters.rules.decide import shipped_rules
from manyo.pipelines.engine.errors import EXIT_DONE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo rules`."""
    parser.add_argument(
        "name",
        nargs="?",
        default="default",
        choices=tuple(shipped_rules()),
        metavar="NAME",
        help="default, or a preset such as llmjp_v1 (default: default); manyo rules > my-rules.toml",
    )


def run(options: argparse.Namespace) -> int:
    """Print the file as it is, in UTF-8 whatever the terminal has, and return 0."""
    sys.stdout.buffer.write(shipped_rules()[options.name].read_bytes())
    return EXIT_DONE
