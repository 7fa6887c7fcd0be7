"""For `manyo inspect --duplicates`: documents that dedup removed, each with its survivor, from where they differ.

They are sampled by their ids, or are those whose similarity is nearest to a value such as the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.release import survives_dedup
from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import read_columns, read_rows, zip_whole
from manyo.pipelines.commands.measured_documents import MeasuredShard
from manyo.pipelines.commands.shown_documents import NOT_SHOWN, plain, print_total
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.run import finished_stages

#: Length of the shown part of a text, and of its part before the first difference, in characters.
_SHOWN_CHARS, _BEFORE_CHARS = 160, 30


@dataclass(frozen=True, slots=True)
class Side:
    """One of two documents, safe for a terminal.

    Attributes:
        source: name of the source.
        uri: address of the document.
        char_count: length of the text, in characters.
        text: a part of the text that begins shortly before the first difference; the beginning if there is none.
    """

    source: str
    uri: str
    char_count: int
    text: str


@dataclass(frozen=True, slots=True)
class RemovedDuplicate:
    """A removed document and its survivor.

    Attributes:
        similarity, containment, within_source: as in `manyo.corpus.schema.DUPLICATES`.
        differ_at: length of the common beginning of both texts, in characters.
        removed: the removed document.
        survivor: the survivor; None if it is in an earlier run or may not be shown.
    """

    similarity: float
    containment: float
    within_source: bool
    differ_at: int
    removed: Side
    survivor: Side | None

    @property
    def is_same(self) -> bool:
        """Whether both texts are equal, character for character."""
        return self.survivor is not None and self.differ_at == self.removed.char_count == self.survivor.char_count


def duplicates_uris(config: Config, command: str) -> list[str]:
    """URIs of the `duplicates` shards of a run, in the order of the shards.

    Raises:
        UserError: dedup is not finished.
    """
    output = finished_stages(config, ("duplicates",), command)["duplicates"]
    return [output.uri(DUPLICATES, shard.name) for shard in output.shards]


def choose_duplicates(
    shards: Sequence[MeasuredShard], duplicates: Sequence[str], near: float | None, count: int
) -> tuple[list[RemovedDuplicate], int]:
    """A selection of the removed documents whose text was compared with that of the survivor.

    Memory: the ids of a shard.

    Args:
        shards: shards of the run.
        duplicates: URIs of the `duplicates` shards, in the same order.
        near: choose the documents whose similarity is nearest to this value; None for a random sample.
        count: size of the selection.

    Returns:
        The selection, and the number of all such documents.
    """
    found: list[tuple[float, bytes, int, int, dict[str, Any]]] = []
    total = 0
    for place, (shard, uri) in enumerate(zip(shards, duplicates, strict=True)):
        columns = ("cluster", "similarity", "containment", "kept", "within_source")
        documents, judged = zip_whole((shard.documents, ("doc_id",)), (uri, columns))
        removed = pc.and_not(pc.is_valid(judged.column("similarity")), pa.array(survives_dedup(judged)))
        rows = np.flatnonzero(removed.to_numpy(zero_copy_only=False) & shard.permitted())
        total += len(rows)
        similarity = judged.column("similarity").to_numpy(zero_copy_only=False)[rows]
        keys = id_heads(documents.column("doc_id"))[rows] if near is None else np.abs(similarity - near)
        for i in np.argsort(keys, kind="stable")[:count]:
            row = int(rows[i])
            doc_id = documents.column("doc_id")[row].as_py()
            found.append((float(keys[i]), doc_id, place, row, judged.slice(row, 1).to_pylist()[0]))
    chosen = sorted(found, key=lambda one: one[:2])[:count]
    texts = texts_of(shards, {judged["cluster"] for *_, judged in chosen})
    return [_compared(shards[place], row, judged, texts) for _, _, place, row, judged in chosen], total


def print_duplicates(console: Console, duplicates: Sequence[RemovedDuplicate], total: int) -> None:
    """Print pairs for a terminal or a pipe."""
    print_total(console, "removed as duplicates", total, len(duplicates))
    for place, one in enumerate(duplicates, start=1):
        within = " within its source" if one.within_source else ""
        contained = f"which contains {one.containment:.1%} of it"
        heading = f"{place} similarity {one.similarity:.3f} to the survivor{within}, {contained}"
        if one.is_same:
            heading += "; both texts are the same"
        elif one.survivor is not None:
            heading += f"; the first {one.differ_at:,} characters are the same"
        console.print(heading, style="bold")
        _print_side(console, "-", one.removed)
        if one.survivor is None:
            console.print("  + in an earlier run, or may not be shown")
        else:
            _print_side(console, "+", one.survivor)
        console.print()


def _print_side(console: Console, mark: str, side: Side) -> None:
    console.print(f"  {mark} {side.source}  {side.char_count:,} characters  {side.uri}", markup=False)
    console.print(f"    │ {side.text}", markup=False)


_Row = dict[str, Any]


def texts_of(shards: Sequence[MeasuredShard], doc_ids: set[bytes]) -> dict[bytes, _Row]:
    """The documents of this run that have one of the ids and may be shown, by id."""
    wanted = pa.array(sorted(doc_ids), DOC_ID)
    found: dict[bytes, _Row] = {}
    for shard in shards:
        is_wanted = pc.is_in(read_columns(shard.documents, ["doc_id"]).column("doc_id"), value_set=wanted)
        if is_wanted.true_count:
            rows = np.flatnonzero(is_wanted.to_numpy(zero_copy_only=False) & shard.permitted()).tolist()
            found |= {row["doc_id"]: row for row in _read(shard, rows)}
    return found


def _read(shard: MeasuredShard, rows: Sequence[int]) -> list[_Row]:
    """Rows of `documents`, each with whether it may be shown."""
    documents = read_rows(shard.documents, rows, ("doc_id", "source", "uri", "text"))
    return [{**row, "may_show": may} for row, may in zip(documents, shard.may_display(rows), strict=True)]


def _compared(shard: MeasuredShard, row: int, judged: _Row, texts: dict[bytes, _Row]) -> RemovedDuplicate:
    (removed,) = _read(shard, [row])
    # What an earlier run released may have the same id.
    survivor = texts.get(judged["cluster"]) if judged["cluster"] != removed["doc_id"] else None
    both = zip(removed["text"], survivor["text"] if survivor else "", strict=False)
    differ_at = sum(1 for _ in takewhile(lambda characters: characters[0] == characters[1], both))
    shown_at = 0 if survivor and survivor["text"] == removed["text"] else differ_at
    return RemovedDuplicate(
        judged["similarity"],
        judged["containment"],
        judged["within_source"],
        differ_at,
        _side(removed, shown_at),
        _side(survivor, shown_at) if survivor else None,
    )


def _side(document: _Row, shown_at: int) -> Side:
    text = document["text"]
    start = max(0, shown_at - _BEFORE_CHARS)
    end = start + _SHOWN_CHARS
    shown = ("…" if start else "") + plain(text[start:end]) + ("…" if end < len(text) else "")
    if not document["may_show"]:
        shown = NOT_SHOWN
    return Side(document["source"], plain(document["uri"]), len(text), shown)
