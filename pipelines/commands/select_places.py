"""`manyo select`: write the rows that a crawl's rule selects, packed by archive into files of equal bytes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import pyarrow as pa

from manyo.corpus.sources import commoncrawl
from manyo.corpus.sources.seen_digests import SeenDigests, read_seen
from manyo.corpus.sources.selection import BrokenIndex, pack
from manyo.corpus.tables.shards import filesystem, join
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import expand, pack_source
from manyo.pipelines.report.quantities import format_size


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo select`."""
    arguments.add_run(parser)
    parser.add_argument(
        "--to", required=True, metavar="FOLDER", help="where the selection is written, a folder a source"
    )
    parser.add_argument(
        "--shard-mb",
        type=arguments.whole(1),
        default=8_000,
        metavar="MB",
        help="bytes of the records of one file (default: 8000)",
    )
    parser.add_argument(
        "--seen",
        action="append",
        default=[],
        metavar="FOLDER",
        help="selection or index of an earlier crawl: pages with the same bytes are left out (may be repeated)",
    )


def run(options: argparse.Namespace) -> int:
    """Write a selection for each source of kind commoncrawl; return 0.

    Raises:
        UserError: no source is of that kind, an input is missing, a file of the index or of `--seen` cannot be read, or
            the folder is not empty.
    """
    config = read_config(options)
    sources = [(source, source.options) for source in config.sources if isinstance(source.options, commoncrawl.Options)]
    if not sources:
        raise UserError(f'{config.path}: no [[source]] has kind = "commoncrawl"')
    seen = _read_seen(options.seen)
    for source, of_crawl in sources:
        files = [file for shard in pack_source(source) for file in shard.files]
        folder = join(options.to, source.name)
        fs, path = filesystem(folder)
        if fs.find(path):
            raise UserError(f"--to {options.to}: {folder} holds files already; name another folder, or empty it")
        try:
            packed = pack(files, of_crawl.rule, folder, options.shard_mb * 1_000_000, seen)
        except BrokenIndex as error:
            raise UserError(f"[[source]] {source.name}: {error}") from error
        terms = ", ".join(f"{name} {n:,}" for name, n in packed.counts.items() if name != "rows")
        print(f"{source.name}: {packed.counts['rows']:,} rows of {len(files):,} index files: {terms}")
        if n_undecided := packed.counts["undecided"]:
            print(f"{source.name}: {n_undecided:,} rows are of index files without languages: read those crawls whole")
        print(f"{source.name}: {len(packed.sizes):,} files, {format_size(sum(packed.sizes))} of records")
        print(f'{source.name}: now write inputs = ["{folder}"]')
    return 0


def _read_seen(folders: Sequence[str]) -> SeenDigests | None:
    if not folders:
        return None
    files = [file for folder in folders for file in expand(folder, "--seen").files if file.uri.endswith(".parquet")]
    if not files:
        raise UserError(f"--seen {' '.join(folders)}: no Parquet file is there")
    try:
        return read_seen(files)
    except (ValueError, OSError, pa.ArrowException) as error:
        raise UserError(f"--seen: {error}") from error
