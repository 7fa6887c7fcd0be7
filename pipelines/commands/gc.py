"""`manyo gc`: the folders of an output that none of some configurations names, and what they take; deletes on request.

Each setting has folders of its own (`OUT/<stage>-<8 hex>/`), so old settings leave folders that nobody reads. A version
of manyo names the folders of a configuration otherwise than another one, so what another version made stays unless
`--other-versions` asks for it.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil

from manyo.corpus.tables.shards import filesystem, is_local
from manyo.corpus.tables.start_folder import located, paths_start_at
from manyo.pipelines.commands.run_setup import config_of
from manyo.pipelines.engine.errors import EXIT_DONE, UserError
from manyo.pipelines.engine.lease import own
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.written_stages import by_other_versions, written_stages

_STAGE_FOLDER = re.compile(r"[a-z_]+-[0-9a-f]{8}")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo gc`."""
    parser.add_argument("out", metavar="OUT", help="the output folder of the runs")
    parser.add_argument("--keep", required=True, nargs="+", metavar="FILE", help="configurations whose folders stay")
    parser.add_argument(
        "--other-versions",
        action="store_true",
        help="also those of other versions of manyo, in which nobody can tell whose configuration they are of",
    )
    parser.add_argument("--delete", action="store_true", help="delete; without it, only show what would be deleted")


def run(options: argparse.Namespace) -> int:
    """Print the folders that no configuration names, delete them with --delete, and return 0.

    Raises:
        UserError: the folder is no output of manyo, a configuration is wrong, or another command works on the output.
    """
    fs, out = filesystem(options.out)
    if not is_local(fs):
        raise UserError(f"{options.out}: manyo gc reads local folders; use the lifecycle rules of the object store")
    if not os.path.isfile(os.path.join(out, "manyo.json")):
        raise UserError(f"{options.out}: was not written by manyo")
    named = {folder for config in options.keep for folder in _folders(config, out, options.delete)}
    unnamed = sorted(
        entry.name
        for entry in os.scandir(out)
        if entry.is_dir(follow_symlinks=False) and _STAGE_FOLDER.fullmatch(entry.name) and entry.name not in named
    )
    others = _others(options.keep, out).intersection(unnamed)
    if not options.other_versions:
        unnamed = [name for name in unnamed if name not in others]
    sizes = {name: _size(os.path.join(out, name)) for name in unnamed}
    for name in unnamed:
        print(f"{sizes[name] / 1e6:>12,.1f} MB  {os.path.join(options.out, name)}")
    if others and not options.other_versions:
        size_mb = sum(_size(os.path.join(out, name)) for name in others) / 1e6
        print(
            f"{len(others)} folders, {size_mb:,.1f} MB, are of other versions of manyo and stay; see --other-versions"
        )
    total = f"{len(unnamed)} folders, {sum(sizes.values()) / 1e6:,.1f} MB"
    if not options.delete:
        print(f"{total} would be deleted; add --delete to do it")
        return EXIT_DONE
    with own(out, "gc"):
        for name in unnamed:
            shutil.rmtree(os.path.join(out, name))
    print(f"{total} deleted")
    return EXIT_DONE


def _folders(config: str, out: str, is_for_deletion: bool) -> list[str]:
    """The folders that a configuration writes or reads here, which must be one of this output if others are deleted."""
    read, here = config_of(config), os.path.realpath(out)
    if is_for_deletion and os.path.realpath(filesystem(read.run.out)[1]) != here:
        raise UserError(
            f"{config}: writes to {read.run.out}, not to {out}: nothing is deleted; name configurations of this output"
        )
    with paths_start_at(os.path.dirname(read.path)):
        indexes = (located(index).rstrip("/").removesuffix("/index") for index in read.dedup.against)
        of_out = [os.path.basename(index) for index in indexes if os.path.realpath(os.path.dirname(index)) == here]
        return [*of_out, *_mixes(read, out), *(stage.folder_name for stage in build_stages(read))]


def _others(keep: list[str], out: str) -> set[str]:
    """The folders that another version of manyo made, which no configuration names under this one."""
    stages: list[AnyStage] = []
    for config in keep:
        read = config_of(config)
        with paths_start_at(os.path.dirname(read.path)):
            stages += build_stages(read)
    return by_other_versions(written_stages(out), stages)


def _mixes(config: Config, out: str) -> list[str]:
    """The folders of data arguments, if a configuration has a [mix]; training may read one from before a takedown."""
    return [entry.name for entry in os.scandir(out) if entry.name.startswith("mix-")] if config.mix else []


def _size(folder: str) -> int:
    return sum(os.lstat(os.path.join(below, name)).st_size for below, _, names in os.walk(folder) for name in names)
