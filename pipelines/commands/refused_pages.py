"""Pages that were refused for one reason: how many, and a sample with the place of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.tables.shards import read_batches
from manyo.pipelines.commands.selected_documents import Selection, refuse_empty
from manyo.pipelines.commands.shown_documents import plain, print_total
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.extract_stages import REFUSED
from manyo.pipelines.run import finished_stages

_COLUMNS = ["doc_id", "source", "uri", "origin_file", "origin_offset", "reason", "detail"]


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """A refused page: its source, its address ("" if it has none), where its record is, and what was found."""

    source: str
    uri: str
    origin_file: str
    origin_offset: int
    detail: str


def refused_for(config: Config, reason: str, count: int, selection: Selection) -> tuple[list[RefusedPage], int]:
    """The first `count` refused pages in the order of their ids, which are digests, and the number of all.

    Raises:
        UserError: the extract stage is not finished.
        ShardError: a shard cannot be read.
    """
    extracted = finished_stages(config, ("extract",), "inspect")["extract"]
    found: list[tuple[int, RefusedPage]] = []
    total = 0
    for shard in extracted.shards:
        for batch in read_batches(extracted.uri(REFUSED, shard.name), _COLUMNS):
            of_reason = batch.filter(pc.equal(batch.column("reason").cast("string"), reason))
            of_reason = of_reason.filter(pa.array(selection.mask(of_reason)))
            total += of_reason.num_rows
            heads = id_heads(of_reason.column("doc_id"))
            first = np.argsort(heads, kind="stable")[:count]
            rows = of_reason.take(first).to_pylist()
            found += [(int(heads[i]), _page(row)) for i, row in zip(first, rows, strict=True)]
            found = sorted(found, key=lambda one: one[0])[:count]
    if not total:
        refuse_empty(selection, (extracted.uri(REFUSED, shard.name) for shard in extracted.shards), "inspect", True)
    return [page for _, page in found], total


def _page(row: dict[str, object]) -> RefusedPage:
    return RefusedPage(
        str(row["source"]),
        plain(str(row["uri"] or "")),
        plain(str(row["origin_file"])),
        int(str(row["origin_offset"])),
        plain(str(row["detail"] or "")),
    )


def print_refused(console: Console, reason: str, pages: list[RefusedPage], total: int) -> None:
    """Print the number and the sample."""
    print_total(console, f"refused for {reason}", total, len(pages), "Pages")
    for place, page in enumerate(pages, start=1):
        console.print(f"{place} {page.uri or '(no address)'}", markup=False)
        console.print(f"    {page.source}  {page.origin_file}, byte {page.origin_offset:,}", markup=False)
        if page.detail:
            console.print(f"    {page.detail}", markup=False)
