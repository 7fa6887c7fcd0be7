"""Paths of the command line, which start at the user's folder, beside those of a configuration, which start at its own.

The relative paths of a configuration start at its folder (`manyo.corpus.tables.start_folder`), so what the user types
is made absolute where that is another one.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager

from manyo.corpus.tables.start_folder import located, paths_start_at

#: Options with these metavars take paths; those with the last one take names as well.
_PATHS = ("FILE", "FOLDER", "URI", "LIST", "INDEX", "MODEL")
_PATHS_OR_NAMES = ("RULES",)


def path_options(parser: argparse.ArgumentParser) -> dict[str, bool]:
    """Options of a command that take paths, by their names; whether they take names of other things as well."""
    return {
        action.dest: action.metavar in _PATHS_OR_NAMES
        for action in parser._actions
        if action.metavar in (*_PATHS, *_PATHS_OR_NAMES) and action.dest != "config"
    }


@contextmanager
def start_at_configuration(options: argparse.Namespace) -> Iterator[None]:
    """Have relative paths start at the folder of `options.config` for the block, those of the options at the user's.

    Nothing changes if that is the user's folder, if there is no such file, whose message names what was typed, or if it
    is a pipe, which is in no folder.
    """
    config = getattr(options, "config", None)
    folder = os.path.dirname(config) if config and "://" not in config else ""
    if config is None or not folder or not os.path.isfile(config) or os.path.samefile(folder, "."):
        yield
        return
    for name, may_be_name in options.path_options.items():
        given = getattr(options, name)
        if isinstance(given, list):
            setattr(options, name, [_absolute(one, may_be_name) for one in given])
        elif isinstance(given, str):
            setattr(options, name, _absolute(given, may_be_name))
    options.config = os.path.abspath(config)
    with paths_start_at(folder):
        yield


def _absolute(path: str, may_be_name: bool) -> str:
    return path if may_be_name and not os.path.exists(path) else located(path)
