"""`manyo recall`: read some archives of a crawl to their ends, and print what the rule on its index loses of them."""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Iterator, Sequence

from manyo.corpus.addresses import host_of
from manyo.corpus.intervals import wilson
from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources import commoncrawl, warc
from manyo.corpus.sources.index_recall import IndexedSample, Place, Recall, draw_archives, look_up
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import filesystem, read_batches
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.extraction.isolation import extract_isolated
from manyo.pipelines.extraction.loop import Extraction
from manyo.pipelines.report.quantities import format_percent, format_size

#: Hosts that lose most are named.
_HOSTS_NAMED = 15


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo recall`."""
    arguments.add_run(parser)
    parser.add_argument(
        "--archives", type=arguments.whole(1), default=50, metavar="N", help="archives to read whole (default: 50)"
    )
    parser.add_argument(
        "--seed", type=arguments.whole(0), default=1, metavar="N", help="which archives are drawn (default: 1)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the recall of each source of kind commoncrawl, and return 0.

    Raises:
        UserError: no source is of that kind, or a file of its index or an archive cannot be read.
    """
    config = read_config(options)
    sources = [(one, one.options) for one in config.sources if isinstance(one.options, commoncrawl.Options)]
    if not sources:
        raise UserError(f'{config.path}: no [[source]] has kind = "commoncrawl"')
    console = open_console()
    for source, of_crawl in sources:
        files = [file for shard in pack_source(source) for file in shard.files]
        try:
            archives = draw_archives(files, options.archives, options.seed)
            sample = look_up(files, of_crawl.rule, archives)
            found, whole_bytes = measure(source, of_crawl, archives, sample, config.extract.record_timeout_s)
        except (ValueError, OSError) as error:
            raise UserError(f"[[source]] {source.name}: {error}") from error
        for line in summary(source.name, archives, sample, found, whole_bytes):
            print(line)
        console.print(charset_table(found))
    return 0


def measure(
    source: Source, of_crawl: commoncrawl.Options, archives: Sequence[str], sample: IndexedSample, timeout_s: float
) -> tuple[Recall, int]:
    """Read archives whole, each as `manyo run` reads a WARC file, and look each document up in the index.

    Returns:
        The counts, and the bytes of the archives.
    """
    options = warc.Options(**{one.name: getattr(of_crawl, one.name) for one in dataclasses.fields(warc.Options)})
    whole = dataclasses.replace(source, kind="warc", options=options)
    recall, whole_bytes = Recall(), 0
    for archive in archives:
        uri = of_crawl.paths_prefix + archive
        fs, path = filesystem(uri)
        whole_bytes += int(fs.info(path)["size"] or 0)
        for offset, charset, uri_of_page in _documents(whole, InputFile(uri, 0, "", name=archive), timeout_s):
            recall.add(charset or "none", host_of(uri_of_page) or "none", sample.outcome(Place(archive, offset)))
    return recall, whole_bytes


def _documents(source: Source, archive: InputFile, timeout_s: float) -> Iterator[tuple[int, str | None, str]]:
    """Offset, charset and address of each document of an archive."""
    with tempfile.TemporaryDirectory(prefix="manyo-recall-") as folder:
        documents, refused, queue = (f"{folder}/{name}.parquet" for name in ("documents", "refused", "ocr_queue"))
        shard = InputShard(f"{source.name}/recall", (archive,))
        extract_isolated(
            Extraction(source, shard, documents, refused, queue, careful=False, record_timeout_s=timeout_s)
        )
        for batch in read_batches(documents, ["origin_offset", "charset", "uri"]):
            columns = (batch.column(name).to_pylist() for name in ("origin_offset", "charset", "uri"))
            yield from zip(*columns, strict=True)


def summary(name: str, archives: Sequence[str], sample: IndexedSample, found: Recall, whole_bytes: int) -> list[str]:
    """The lines before the table."""
    n, n_found = found.documents.total(), found.found.total()
    low, high = wilson(n_found, n)
    share = format_percent(sample.selected_bytes / whole_bytes if whole_bytes else None)
    return [
        f"{name}: {len(archives):,} archives of {format_size(whole_bytes)} read whole",
        f"recall    {n_found:,} of {n:,} documents, {_share(n_found, n)} (95 %: {low:.4f} to {high:.4f})",
        f"cost      {len(sample.selected):,} records of {format_size(sample.selected_bytes)}, {share} of the bytes",
        f"lost      {_counted(found.lost_why.most_common()) or 'nothing'}",
        f"hosts     {_counted(found.lost_hosts.most_common(_HOSTS_NAMED)) or 'none loses a document'}",
    ]


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} {n:,}" for name, n in counts)


def _share(n_right: int, n: int) -> str:
    return f"{n_right / n:.4f}" if n else "–"


def charset_table(found: Recall) -> FittedTable:
    """Documents and recall by charset."""
    table = FittedTable("charset", "documents", "lost", "recall", "95 %")
    for charset, n in found.documents.most_common():
        n_found = found.found[charset]
        low, high = wilson(n_found, n)
        table.add_row(charset, f"{n:,}", f"{n - n_found:,}", _share(n_found, n), f"{low:.4f} to {high:.4f}")
    return table
