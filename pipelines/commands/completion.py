"""`manyo completion`: print the completion script of a shell."""

from __future__ import annotations

import argparse

import shtab

from manyo.pipelines.engine.errors import EXIT_DONE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo completion`."""
    parser.add_argument("shell", choices=shtab.SUPPORTED_SHELLS, help="for bash: manyo completion bash > FILE")


def run(options: argparse.Namespace) -> int:
    """Print the script, which knows every command and option, and return 0."""
    print(shtab.complete(options.whole_parser(), options.shell))
    return EXIT_DONE
