"""The folder in which a command works: that of its configuration, where the relative paths of that file start.

So a configuration means the same wherever it is named from, with the same fingerprints and the same names in tables.
What the user types on the command line starts at the user's folder and is made absolute before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Iterator

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


@contextlib.contextmanager
def working_folder(options: argparse.Namespace) -> Iterator[None]:
    """Work in the folder of `options.config` for the block, and have all paths of the options still mean the same.

    Nothing changes if that is the user's folder, or there is no such folder: then the message names what was typed.
    """
    config = getattr(options, "config", None)
    options.is_elsewhere = False
    folder = os.path.dirname(config) if config and "://" not in config else ""
    if config is None or not folder or not os.path.isdir(folder) or os.path.samefile(folder, "."):
        yield
        return
    for name, may_be_name in options.path_options.items():
        given = getattr(options, name)
        setattr(options, name, [_absolute(one, may_be_name) for one in given] if isinstance(given, list) else given)
        if isinstance(given, str):
            setattr(options, name, _absolute(given, may_be_name))
    options.config = os.path.abspath(config)
    options.is_elsewhere = True
    with contextlib.chdir(folder):
        yield


def _absolute(path: str, may_be_name: bool) -> str:
    if "://" in path or path.startswith("~") or (may_be_name and not os.path.exists(path)):
        return path
    return os.path.abspath(path)
