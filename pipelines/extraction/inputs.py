"""From globs and URIs of the configuration to the files that they name, and to shards of those files."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources.source_kinds import Source, source_kind
from manyo.corpus.sources.unchanged_inputs import input_file
from manyo.corpus.tables.credentials import public
from manyo.corpus.tables.shards import filesystem, is_glob, is_local
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.lost_paths import what_is_there

_MAGIC = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Found:
    """What a pattern matches.

    Attributes:
        files: those that can be read.
        skipped: the others, and folders below the pattern that cannot be listed; each with why, in one line.
    """

    files: tuple[InputFile, ...]
    skipped: tuple[str, ...]


def skipped_inputs(source: Source) -> list[str]:
    """Returns what the inputs of a source match and cannot be read, each with why; each once.

    Only local inputs are looked at again: what a server lists is either a file, or a name that no path can have.

    Raises:
        UserError: as `find_files`.
    """
    where = f"[[source]] {source.name}"
    lines = (
        line for pattern in source.inputs if is_local(filesystem(pattern)[0]) for line in expand(pattern, where).skipped
    )
    return list(dict.fromkeys(lines))


def find_files(source: Source) -> list[InputFile]:
    """Returns the files that a source's inputs name, sorted by URI, each once and each with a name of its own.

    A file's name is its path below the root of its input (`expand`), that of the higher root where two inputs match it.
    Where files of two inputs would share a name, all files of the source are named below the folder that they share.

    Raises:
        UserError: an input is missing, or a glob matches nothing; a line for each.
    """
    found: dict[str, InputFile] = {}
    faults: list[str] = []
    for pattern in source.inputs:
        try:
            files = expand(pattern, f"[[source]] {source.name}").files
        except UserError as error:
            faults.append(str(error))
            continue
        for file in files:
            place = _place(file.uri)
            known = found.setdefault(place, file)
            found[place] = max(known, file, key=lambda one: (len(one.name), one.uri))
    if faults:
        raise UserError("\n".join(faults))
    if len({file.name for file in found.values()}) < len(found):
        shared = _shared_folder(list(found))
        found = {place: replace(file, name=place[len(shared) :]) for place, file in found.items()}
    return sorted(found.values(), key=lambda file: file.uri)


def _place(uri: str) -> str:
    """Returns where a file is: the same for all spellings of a local path."""
    fs, path = filesystem(uri)
    if not is_local(fs):
        return uri
    folder, _, name = path.rpartition("/")
    # A link to a folder is not its own parent's child: only the filesystem knows what `..` leads to.
    return f"{os.path.realpath(folder)}/{name}" if "/../" in path else path


def _shared_folder(places: Sequence[str]) -> str:
    """Returns the longest beginning that all places share and that ends with a slash."""
    shared = os.path.commonprefix(places)  # noqa: RUF071 - URIs are no paths; the cut is at a slash
    return shared[: shared.rfind("/") + 1]


def expand(pattern: str, where: str) -> Found:
    """Returns the files that a glob, folder or URI names, each named by its path below the input's root.

    The root is the folder itself, the folders of a glob before its first wildcard, or the folder of a single file.
    What a glob or folder matches beside files is skipped and named; a run that skips something says so at its end and
    has an exit status of its own. An input that names one thing names a file, or it is a mistake.

    Args:
        pattern: as the user gave it.
        where: the place of the pattern, for messages.

    Raises:
        UserError: the file is missing or cannot be read, or no file matches.
    """
    try:
        has_magic = is_glob(pattern) and not _is_there(pattern)
        pattern = _as_written(pattern, has_magic)
        fs, path = filesystem(pattern)
        infos = fs.glob(path) if has_magic else {path: fs.info(path)}
        if not has_magic and infos[path]["type"] == "directory":
            infos = fs.find(path)
    except FileNotFoundError as error:
        crawl = "; a crawl is named CC-MAIN-2026-05" if pattern.startswith("CC-MAIN") else what_is_there(pattern)
        raise UserError(f"{where}: no such input: {pattern}{crawl}") from error
    except OSError as error:
        raise UserError(f"{where}: {pattern} cannot be read: {error}") from error
    files = {name: info for name, info in infos.items() if info["type"] != "directory"}
    if not files:
        raise UserError(f"{where}: no file matches {pattern}{what_is_there(pattern)}")
    problems = {name: problem for name in files if (problem := _problem(name, is_local(fs)))}
    skipped = [f"{name!r} {problem}" for name, problem in problems.items()]
    if len(problems) == len(files):
        remedy = "let this user read it" if "may not be read" in skipped[0] else "rename, move or delete it"
        raise UserError(f"{where}: {pattern} matches {skipped[0]}; {remedy}")
    if is_local(fs) and path not in infos:
        skipped += _unlisted_folders(path, has_magic)
    is_folder = path not in infos
    root = _root(public(path), has_magic, is_folder)
    given = pattern.split("://", 1)[0] + "://" + root if not is_local(fs) else _root(pattern, has_magic, is_folder)
    return Found(
        tuple(
            # A listing describes a link, and whoever reads it the file behind it.
            input_file(
                pattern if name == path else public(given) + below,
                fs.info(name) if info.get("islink") else info,
                below,
            )
            for name, info in files.items()
            if name not in problems
            for below in (public(name)[len(root) :],)
        ),
        tuple(skipped),
    )


def _is_there(pattern: str) -> bool:
    """Whether a local path exists as it is written, such as `docs[1].jsonl`: then it is no pattern of other names."""
    fs, path = filesystem(pattern)
    return is_local(fs) and bool(fs.exists(path))


def _as_written(pattern: str, has_magic: bool) -> str:
    """Returns a local pattern in the form in which its names are on disk: macOS writes が as か and a mark."""
    forms = dict.fromkeys((pattern, *(unicodedata.normalize(form, pattern) for form in ("NFC", "NFD"))))
    for form in forms if len(forms) > 1 else ():
        fs, path = filesystem(form)
        if is_local(fs) and (fs.glob(path) if has_magic else fs.exists(path)):
            return form
    return pattern


def _unlisted_folders(path: str, has_magic: bool) -> list[str]:
    """Returns the folders that a local pattern leads through and that cannot be listed, each with why.

    fsspec passes over them in silence, with all that they hold.
    """
    root = _root(path, has_magic, is_folder=not has_magic)
    parts = path[len(root) :].split("/") if has_magic and "**" not in path else None
    unlisted: list[str] = []

    def note(error: OSError) -> None:
        unlisted.append(f"{error.filename!r} cannot be listed ({error.strerror})")

    for folder, below, _ in os.walk(root, onerror=note, followlinks=False):
        if parts is not None:
            level = len(list(filter(None, folder[len(root) :].split("/"))))
            below[:] = [name for name in below if level + 1 < len(parts) and fnmatchcase(name, parts[level])]
    return unlisted


def _root(path: str, has_magic: bool, is_folder: bool) -> str:
    """Returns the beginning of the names that a pattern matches which is fixed: folders, with the slash after them."""
    if is_folder and not has_magic:
        return path.rstrip("/") + "/"
    before = path[: min(path.find(magic) for magic in _MAGIC if magic in path)] if has_magic else path
    return before[: before.rfind("/") + 1]


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
    if stat.S_ISDIR(mode):
        return "is a link to a folder, which is not followed; name it as an input"
    if not stat.S_ISREG(mode):
        return "is a FIFO, a socket or a device, not a file"
    return "" if os.access(name, os.R_OK) else "may not be read by this user"


def pack_source(source: Source, out: str = "") -> list[InputShard]:
    """Returns the shards of a source's files, named `SOURCE/SHARD`.

    Args:
        source: the source.
        out: the folder of the run, whose files are no inputs: a second run would read what the first one wrote.

    Raises:
        UserError: an input is missing or below the output, or the kind of the source refuses its files.
    """
    files: Sequence[InputFile] = find_files(source)
    below = f"{_place(out.rstrip('/'))}/" if out else None
    if below and (own := next((file.uri for file in files if _place(file.uri).startswith(below)), None)):
        raise UserError(f"[[source]] {source.name}: {own} was written by this run, below out; name other inputs")
    try:
        shards = source_kind(source.kind).plan(files, source.options)
    except ValueError as error:
        raise UserError(f"[[source]] {source.name}: {error}") from error
    return [replace(shard, name=f"{source.name}/{shard.name}") for shard in shards]
