"""The summary that a command prints after it has run stages: the funnel and the folders of the tables."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

from manyo.corpus.tables.shards import DamagedShard, filesystem, join
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import open_console
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES
from manyo.pipelines.engine.manifest import manifest_uri, read_again, read_manifest
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.notices import list_notices
from manyo.pipelines.graph.report_stages import REPORT_HTML, REPORT_JSON
from manyo.pipelines.run import RunResult

#: Tables that people and other programs read. The others are read by later stages only; `manyo path` finds them too.
RESULTS = {
    "documents",
    "refused",
    "ocr_queue",
    "languages",
    "signals",
    "decisions",
    "duplicates",
    "index",
    "boilerplate",
    "leaks",
    "release",
    "export",
    "train",
    "tokens",
    "provenance",
    "report",
}


def print_summary(config: Config, result: RunResult) -> None:
    """Print the funnel, if the report was written, and the folders of the tables; also if nothing had to be done."""
    console = open_console()
    if result.tasks_run == 0:
        console.print("nothing to do: every shard is finished")
    last = result.stages[-1]
    if last.stage.name == "report":
        (shard,) = last.output.shards
        uri = last.output.uri(REPORT_JSON, shard.name)
        for output in read_manifest(manifest_uri(last.output.folder, shard.name)).outputs:
            if problem := read_again(last.output.folder, output):
                raise DamagedShard(join(last.output.folder, output.path), problem)
        fs, path = filesystem(uri)
        funnel = json.loads(fs.cat_file(path))["funnel"]
        console.print(funnel_table(funnel))
        if not funnel[-1]["documents"]:
            print("manyo: warning: no document is left; the table says which step took the last ones", file=sys.stderr)
    for stage in result.stages:
        if stage.stage.name == "clusters" and config.dedup.against:
            already, again = (
                sum(shard.counts.get(name, 0) for shard in stage.output.shards)
                for name in ("already_released", "released_again")
            )
            console.print(
                f"{'earlier runs':<17} {already:,} documents repeat what these released, {again:,} are released again"
            )
    for stage in result.stages:
        for table, folder in stage.stage.table_folders().items():
            if table not in RESULTS and len(result.stages) > 1:
                continue
            console.print(f"{table:<17} {join(config.run.out, folder)}", markup=False)
    if last.stage.name == "report":
        console.print(f"{'open':<17} {last.output.uri(REPORT_HTML, shard.name)}", markup=False)


def print_notices(config: Config, result: RunResult) -> int:
    """Print what the run should not have ended with, if anything, and return the exit status of the command."""
    return end_with(list_notices(config, result.stages), config.notices.allow_empty)


def end_with(notices: Sequence[str], are_allowed: bool) -> int:
    """Print notices, if there are any, and return the exit status of a command that is done."""
    if not notices:
        return EXIT_DONE
    print("Notices")
    for line in notices:
        print(f"  {line}")
    if are_allowed:
        return EXIT_DONE
    print(
        f"exit status {EXIT_NOTICES}: all is done, and there are notices; "
        "with --allow-empty, or allow_empty = true in [notices], it is 0"
    )
    return EXIT_NOTICES


def funnel_table(funnel: list[dict[str, Any]]) -> FittedTable:
    """The funnel of the report as a table: what is left after each step."""
    columns = ("", "documents", "of pages", "characters", "UTF-8 bytes", "tokens")
    table = FittedTable(*columns, title="Documents left after each step")
    for row in funnel:
        counts = [row["characters"], row["bytes"], row["tokens"]]
        share = "" if row["of_pages"] is None else f"{row['of_pages']:.1%}"
        table.add_row(row["stage"], f"{row['documents']:,}", share, *("" if n is None else f"{n:,}" for n in counts))
    return table
