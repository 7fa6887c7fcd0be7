"""From globs and URIs of the configuration to the files that they name, and to shards of those files."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import replace

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources.source_kinds import KINDS, Source
from manyo.corpus.sources.unchanged_inputs import input_file
from manyo.corpus.tables.credentials import public
from manyo.corpus.tables.shards import filesystem, is_local
from manyo.pipelines.engine.errors import UserError

_MAGIC = frozenset("*?[")


def find_files(source: Source) -> list[InputFile]:
    """Returns the files that a source's inputs name, sorted by URI, each once.

    Raises:
        UserError: an input is missing, or a glob matches nothing.
    """
    found: dict[str, InputFile] = {}
    for pattern in source.inputs:
        for file in expand(pattern, f"[[source]] {source.name}"):
            found[file.uri] = file
    return [found[uri] for uri in sorted(found)]


def expand(pattern: str, where: str) -> list[InputFile]:
    """Returns the files that a glob, folder or URI names.

    Args:
        pattern: as the user gave it.
        where: the place of the pattern, for messages.

    Raises:
        UserError: the file is missing, or no file matches.
    """
    fs, path = filesystem(pattern)
    is_glob = bool(_MAGIC & set(pattern)) and not pattern.startswith(("http://", "https://"))
    try:
        infos = fs.glob(path) if is_glob else {path: fs.info(path)}
        if not is_glob and infos[path]["type"] == "directory":
            infos = fs.find(path)
    except FileNotFoundError as error:
        raise UserError(f"{where}: no such input: {pattern}") from error
    except OSError as error:
        raise UserError(f"{where}: {pattern} cannot be read: {error}") from error
    files = {name: info for name, info in infos.items() if info["type"] != "directory"}
    if not files:
        raise UserError(f"{where}: no file matches {pattern}")
    for name in files:
        problem = _problem(name, is_local(fs))
        if problem:
            raise UserError(f"{where}: {pattern} matches {name!r}, which {problem}; rename, move or delete it")
    return [input_file(public(_as_given(pattern, path, name, is_local(fs))), info) for name, info in files.items()]


def _problem(name: str, local: bool) -> str:
    """Returns why what a pattern matches cannot be an input; "" if it can."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return "has a name that is not UTF-8"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in name):
        return "has a control character in its name"
    if not local:
        return ""
    try:
        mode = os.stat(name).st_mode
    except FileNotFoundError:
        return "is a link to nothing"
    except OSError as error:
        return f"cannot be looked at ({error.strerror})"
    return "" if stat.S_ISREG(mode) else "is a FIFO, a socket or a device, not a file"


def _as_given(pattern: str, path: str, name: str, local: bool) -> str:
    """Returns the URI of a file in the form of its pattern: a relative path stays relative, a scheme is kept."""
    if name == path:
        return pattern
    if local:
        folder_given, folder_found = pattern.rstrip("/"), path.rstrip("/")
        depth = len(folder_found) - len(folder_given.removeprefix("file://"))
        prefix = folder_found[:depth]
        return name[len(prefix) :] if name.startswith(prefix) else name
    scheme = pattern.split("://", 1)[0]
    return f"{scheme}://{name}"


def pack_source(source: Source) -> list[InputShard]:
    """Returns the shards of a source's files, named `SOURCE/SHARD`.

    Raises:
        UserError: an input is missing, or the kind of the source refuses its files.
    """
    files: Sequence[InputFile] = find_files(source)
    try:
        shards = KINDS[source.kind].plan(files, source.options)
    except ValueError as error:
        raise UserError(f"[[source]] {source.name}: {error}") from error
    return [replace(shard, name=f"{source.name}/{shard.name}") for shard in shards]
