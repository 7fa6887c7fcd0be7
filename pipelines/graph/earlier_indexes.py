"""Indexes that runs write for later runs: which shards they have, and which settings the runs must share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from manyo.corpus.tables.shards import filesystem, join
from manyo.dedup.numbering import first_number
from manyo.dedup.settings import Dedup
from manyo.dedup.verdict import compared
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.sealed_json import NotSealed, open_json
from manyo.pipelines.engine.shapes import Shape, Unit, Upstream, by_name, digest_of, numbered
from manyo.pipelines.engine.stage_table import StageTable

INDEX = StageTable.parquet("index", compared.INDEX.schema)

_NO_INDEX = "{} has no index; to find one: manyo path index --config FILE"

#: An index serves runs that agree on these: they decide signatures, shingles and precedences.
INDEXED_SETTINGS = (
    "shingle_chars",
    "bands",
    "rows",
    "min_chars",
    "max_shingled_chars",
    "max_compared_shingles",
    "survivor_order",
    "source_priority",
    "survivor_signal",
    "view_profiles",
)


def indexed_shards(dedup: Dedup) -> Shape:
    """One task for each shard of the indexes of earlier runs, numbered after the shards of this run (`signatures`)."""

    def shape(upstream: Upstream) -> list[Unit]:
        units = [unit for number, folder in enumerate(dedup.against) for unit in _index_units(number, folder, dedup)]
        return numbered(by_name(units), first=len(upstream[0].shards))

    return shape


def index_starts(uris: Sequence[str], table: StageTable, n_shards: int) -> np.ndarray:
    """uint64 (n_indexes,), the number of the first document of each index.

    Args:
        uris: the shards of a table with one shard for each of `indexed_shards`, in their order.
        table: that table.
        n_shards: shards of this run, after which those of the indexes are numbered.
    """
    of_index = [uri.split(f"/{table.folder}/", 1)[1].split("/", 1)[0] for uri in uris]
    first = [shard for shard, name in enumerate(of_index) if not shard or name != of_index[shard - 1]]
    return np.array([first_number(n_shards + shard) for shard in first], np.uint64)


def check_index(folder: str, dedup: Dedup) -> str:
    """The folder of the stage that wrote an index.

    Raises:
        ValueError: there is no index, or other settings made it.
    """
    stage_folder = folder.rstrip("/").removesuffix("/index")
    fs, path = filesystem(join(stage_folder, "stage.json"))
    try:
        made_with = open_json(fs.cat_file(path))["settings"]
    except FileNotFoundError as error:
        raise ValueError(_NO_INDEX.format(folder)) from error
    except NotSealed as error:
        raise ValueError(f"{folder}: its stage.json cannot be used: {error}") from error
    for name in INDEXED_SETTINGS:
        ours = getattr(dedup, name)
        theirs = made_with.get(name)
        if theirs != (list(ours) if isinstance(ours, tuple) else ours):
            raise ValueError(f"{folder} was made with dedup.{name} = {theirs}, but here it is {ours}")
    return stage_folder


def _index_units(number: int, folder: str, dedup: Dedup) -> list[Unit]:
    """The shards of one index, as its manifests list them.

    Raises:
        UserError: there is no index, or other settings made it.
    """
    try:
        stage_folder = check_index(folder, dedup)
        manifests = read_manifests(stage_folder)
        if not manifests:
            raise ValueError(_NO_INDEX.format(folder))
    except ValueError as error:
        raise UserError(f"[dedup] against: {error}") from error
    return [
        Unit(
            name=f"{number:06d}/{shard}",
            inputs={INDEX: (INDEX.uri(stage_folder, shard),)},
            digest=digest_of(output.digest for output in manifest.outputs),
            size_bytes=manifest.bytes_written,
        )
        for shard, manifest in sorted(manifests.items())
    ]
