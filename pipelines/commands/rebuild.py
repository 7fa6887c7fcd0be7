"""`manyo rebuild`: fetch the pages of a corpus that was published without text, and prove that they give its texts.

The kept rows of the annotations become selections of a crawl's index, and a run of kind `commoncrawl` reads them. What
it extracts is masked as the recipe says and compared with the digests. Each kept row has one outcome: `equal`,
`other_text`, `refused: REASON` with the reasons of the run, or `not_asked` where its address or length is not stated.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from manyo.corpus.records import InputFile
from manyo.corpus.schema import DOC_ID, LEAKS
from manyo.corpus.sources import commoncrawl
from manyo.corpus.sources.index_rows import RULE_KEY
from manyo.corpus.sources.selection import pack
from manyo.corpus.tables.publishing import publish
from manyo.corpus.tables.shards import read_batches, read_columns
from manyo.dedup import boilerplate
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.annotations import released_digest
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.published_tables import OF_DOCUMENTS, PUBLISHED, TableWriter
from manyo.pipelines.commands.rebuild_recipe import configuration
from manyo.pipelines.commands.run_setup import choose_watcher, open_console, open_executor
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config, load_config
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.graph.release_stages import masked
from manyo.pipelines.run import run as run_configuration

#: The exit status where a text is not what it was: the run itself went well.
DIFFERS = 3

EQUAL, OTHER_TEXT, NOT_ASKED = "equal", "other_text", "not_asked"

#: A row for each kept row of the annotations.
OUTCOMES = pa.schema(
    [("id", pa.string()), ("source", pa.string()), ("url", pa.large_string()), ("outcome", pa.string())]
)

#: Bytes of the records of one task.
_SHARD_BYTES = 2_000_000_000

_HAS_PLACE = pc.field("url").is_valid() & pc.field("warc_record_length").is_valid()
_IS_ASKED = pc.field("is_kept") & _HAS_PLACE
_IS_NOT_ASKED = pc.field("is_kept") & ~_HAS_PLACE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo rebuild`."""
    parser.add_argument("folder", metavar="FOLDER", help="what manyo publish --without-text wrote")
    parser.add_argument("--to", required=True, metavar="FOLDER", help="new folder, or that of a rebuild to go on with")
    parser.add_argument(
        "--paths-prefix",
        metavar="URI",
        default=commoncrawl.Options(contact="nobody").paths_prefix,
        help="where the archives are: what stands before their names (default: %(default)s)",
    )
    parser.add_argument("--contact", metavar="MAIL", default="", help="for the operator of a web server")
    parser.add_argument(
        "--requests-per-second", type=arguments.number, default=100.0, metavar="N", help="of all tasks (default: 100)"
    )
    arguments.add_execution(parser)


def run(options: argparse.Namespace) -> int:
    """Fetch, extract, mask, compare; return 0 if every kept document has its text again, and 3 otherwise.

    Raises:
        UserError: an option is wrong, or the folder was not published without text.
        WorkFailed: the pages could not be fetched.
    """
    folder, to = Path(options.folder), Path(options.to)
    config = _prepare(folder, to, options)
    with open_executor(options) as executor:
        run_configuration(config, executor, choose_watcher(options), "extract")
    counts = compare(config, folder, to)
    total = counts.total()
    console = open_console()
    console.print(f"{to}: {counts[EQUAL]:,} of {total:,} documents have the published text", markup=False)
    for outcome, n in counts.most_common():
        if outcome != EQUAL:
            console.print(f"    {outcome}  {n:,}", markup=False)
    if counts[EQUAL] < total:
        console.print(f"{to / 'outcomes.parquet'} says which", markup=False)
    return 0 if counts[EQUAL] == total else DIFFERS


def _prepare(folder: Path, to: Path, options: argparse.Namespace) -> Config:
    """The configuration of the run, with its selections, written where they are not yet."""
    try:
        recipe = json.loads((folder / "recipe" / "rebuild.json").read_bytes())
        digest = hashlib.sha256((folder / "croissant.json").read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise UserError(
            f"{folder}: recipe/rebuild.json or croissant.json cannot be read; "
            "give what manyo publish --without-text wrote"
        ) from error
    files = {
        source["name"]: sorted((folder / "annotations" / source["name"]).glob("*.parquet"))
        for source in recipe["sources"]
    }
    recipe["sources"] = [source for source in recipe["sources"] if files[source["name"]]]
    if not recipe["sources"]:
        raise UserError(f"{folder}: names no document, so there is nothing to rebuild")
    if options.paths_prefix.startswith(("http://", "https://")) and not options.contact:
        raise UserError(f"--contact MAIL is missing: the operator of {options.paths_prefix} should know whom to ask")
    reached_by = {
        "paths_prefix": options.paths_prefix,
        "contact": options.contact,
        "requests_per_second": options.requests_per_second,
    }
    where = os.path.abspath(to)
    text = f"# of a corpus whose croissant.json has the SHA-256 {digest}\n\n" + configuration(
        recipe, f"{where}/run", f"{where}/selection", reached_by
    )
    path = to / "rebuild.toml"
    if path.exists():
        if path.read_text(encoding="utf-8").split("\n")[0] != text.split("\n")[0]:
            raise UserError(f"--to {to}: holds the rebuild of another corpus; name another folder")
    else:
        try:
            to.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"--to {to}: {error.strerror}") from error
        if any(to.iterdir()):
            raise UserError(f"--to {to}: is not empty")
        for source in recipe["sources"]:
            _select(files[source["name"]], source["mimes"], f"{where}/selection/{source['name']}")
    with publish(str(path)) as partial:
        Path(partial).write_text(text, encoding="utf-8")
    return load_config(str(path))


def _select(files: list[Path], mimes: list[str], folder: str) -> None:
    """Write the rows of annotations whose pages are asked for, as a selection."""
    rule = commoncrawl.Options(mimes=tuple(mimes), contact="nobody").rule
    columns = ["warc_filename", "warc_record_offset", "warc_record_length", "url", "content_digest"]
    with tempfile.TemporaryDirectory(prefix="manyo-rebuild-") as scratch:
        parts = []
        for number, file in enumerate(files):
            rows = ds.dataset(file).to_table(columns=columns, filter=_IS_ASKED)
            part = f"{scratch}/{number}.parquet"
            pq.write_table(rows.replace_schema_metadata({RULE_KEY: rule.stated().encode()}), part)
            parts.append(InputFile(part, os.path.getsize(part), "", name=part))
        pack(parts, rule, folder, _SHARD_BYTES)


def compare(config: Config, folder: Path, to: Path) -> Counter[str]:
    """Write `data/` and `outcomes.parquet`, and count outcomes.

    Args:
        config: of the run that extracted the pages.
        folder: with the annotations.
        to: where to write.

    Raises:
        ShardError: a shard cannot be read.
    """
    counts: Counter[str] = Counter()
    shutil.rmtree(to / "data", ignore_errors=True)
    tables = RunTables(config)
    with ExitStack() as stack:
        outcomes = stack.enter_context(pq.ParquetWriter(to / "outcomes.parquet", OUTCOMES))
        writers = {
            source.name: stack.enter_context(TableWriter(to, f"data/{source.name}/train", PUBLISHED))
            for source in config.sources
        }
        for source in config.sources:
            annotated = ds.dataset(folder / "annotations" / source.name, format="parquet")
            unasked = annotated.to_table(columns=["id", "source", "url"], filter=_IS_NOT_ASKED).to_pylist()
            _note(outcomes, counts, ({**row, "outcome": NOT_ASKED} for row in unasked))
            assert isinstance(source.options, commoncrawl.Options)
            prefix = source.options.paths_prefix
            for name in (name for name in tables.shards if name.split("/")[0] == source.name):
                rows = _asked(annotated, _archives(tables, name, prefix))
                for batch, found in _compared(tables, name, prefix, rows, config):
                    writers[source.name].write(batch)
                    _note(outcomes, counts, found)
                _note(outcomes, counts, _refused(tables, name, prefix, rows))
                _note(outcomes, counts, ({**_of(row), "outcome": "refused: not_read"} for row in rows.values()))
    return counts


_Place = tuple[str, int]


def _archives(tables: RunTables, name: str, prefix: str) -> list[str]:
    """The archives of which a shard has pages, as the annotations name them."""
    found: set[str] = set()
    for table in (DOCUMENTS, REFUSED):
        found |= set(read_columns(tables.uri(table, name), ["origin_file"])["origin_file"].to_pylist())
    return [uri.removeprefix(prefix) for uri in found]


def _asked(annotated: ds.Dataset, archives: list[str]) -> dict[_Place, dict[str, Any]]:
    """The rows whose pages were asked for in some archives, by place."""
    rows = annotated.to_table(filter=_IS_ASKED & pc.field("warc_filename").isin(archives)).to_pylist()
    return {(row["warc_filename"], row["warc_record_offset"]): row for row in rows}


_COLUMNS = [
    "source", "licence", "profile", "uri", "title", "text", "comments", "structure", "origin_file",
    "origin_offset", *OF_DOCUMENTS,
]  # fmt: skip


def _compared(
    tables: RunTables, name: str, prefix: str, rows: dict[_Place, dict[str, Any]], config: Config
) -> Iterator[tuple[pa.RecordBatch, list[dict[str, Any]]]]:
    """Yield the documents that are equal, as published, and the outcomes of all; takes them out of the rows."""
    for documents in read_batches(tables.uri(DOCUMENTS, name), _COLUMNS):
        places = zip(documents["origin_file"].to_pylist(), documents["origin_offset"].to_pylist(), strict=True)
        own = [rows.pop((uri.removeprefix(prefix), offset), None) for uri, offset in places]
        documents = documents.filter(pa.array([row is not None for row in own], pa.bool_()))
        stated = [row for row in own if row is not None]
        ids = pa.array([bytes.fromhex(row["id"]) for row in stated], DOC_ID)
        documents = documents.append_column("doc_id", ids)
        documents = documents.append_column("uses", pa.array([row["uses"] for row in stated], pa.list_(pa.string())))
        made = {row["doc_id"].hex(): row for row in _released(documents, stated, config)}
        found = []
        equal = []
        for row in stated:
            one = made.get(row["id"])
            is_equal = one is not None and row["released_digest"] == released_digest(
                row["id"], one["title"], one["text"], one["comments"]
            )
            found.append({**_of(row), "outcome": EQUAL if is_equal else OTHER_TEXT})
            if is_equal and one is not None:
                equal.append({**row, **one})
        about = {row["doc_id"].hex(): row for row in documents.select(["doc_id", *OF_DOCUMENTS]).to_pylist()}
        yield pa.RecordBatch.from_pylist([_published(row, about[row["id"]]) for row in equal], PUBLISHED), found


def _released(documents: pa.RecordBatch, stated: list[dict[str, Any]], config: Config) -> list[dict[str, Any]]:
    """The documents as the release has them: without the stated lines, masked."""
    lines = [row["boilerplate_lines"] for row in stated]
    removed = pa.RecordBatch.from_arrays(
        [pa.array(lines, pa.list_(pa.int32())), pa.array([bool(of_row) for of_row in lines], pa.bool_())],
        ["lines", "removed"],
    )
    leaks = [
        {"doc_id": bytes.fromhex(row["id"]), "part": part, "start": int(start), "stop": int(stop)}
        for row in stated
        for part, start, stop in (item.split(":") for item in row["benchmark_items"])
    ]
    released = masked(
        boilerplate.without_boilerplate(documents, removed),
        pa.Table.from_pylist(leaks, LEAKS.schema),
        config.scrub,
    )
    rows: list[dict[str, Any]] = released.select(["doc_id", "uri", "licence", "title", "text", "comments"]).to_pylist()
    return rows


def _published(row: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("id", "text", "title", "comments", "source", "licence", "uses", "language")},
        "url": row["uri"],
        "page_licence": about["page_licence"] or "",
        "terms": about["terms"] or "",
        "date": about["fetched_at"],
        "language_score": row["language_score"],
    }


def _refused(tables: RunTables, name: str, prefix: str, rows: dict[_Place, dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the outcomes of refused pages; takes them out of the rows."""
    for page in read_columns(tables.uri(REFUSED, name), ["origin_file", "origin_offset", "reason"]).to_pylist():
        row = rows.pop((page["origin_file"].removeprefix(prefix), page["origin_offset"]), None)
        if row is not None:
            yield {**_of(row), "outcome": f"refused: {page['reason']}"}


def _of(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", "source", "url")}


def _note(
    outcomes: pq.ParquetWriter, counts: Counter[str], found: Iterator[dict[str, Any]] | list[dict[str, Any]]
) -> None:
    rows = list(found)
    counts.update(row["outcome"] for row in rows)
    if rows:
        outcomes.write_table(pa.Table.from_pylist(rows, OUTCOMES))
