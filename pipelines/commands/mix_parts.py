"""The documents of a mixture's lines: a source, the part of it that a signal chooses, its training and validation.

A part of a token shard is an index of its own next to a link to the shard's `.bin`: Megatron reads the documents that
an index names, so no token is written twice.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.tables.shards import filesystem, is_local, join, publish, read_columns, read_text
from manyo.filters.signals.measure import measured_categories
from manyo.pipelines.engine.errors import UserError, WorkFailed
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import digest_of
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.filter_stages import SIGNALS
from manyo.pipelines.graph.token_stages import BIN, PROVENANCE
from manyo.pipelines.run import finished_stages, stage_of
from manyo.tokenizer.draws import draws
from manyo.tokenizer.mixture import Mix, MixSource
from manyo.tokenizer.training_order import DocumentIndex, OrderError

#: The parts of a training run, as Megatron's options name them.
PARTS = ("train", "valid", "test")

#: Seed of the draw that puts a document into a part: the same document is in the same part of every mixture.
_PART_SEED = 20_261_130


@dataclass(frozen=True, slots=True)
class CountedShard:
    """A token shard: its prefix as Megatron's data path has it, and its numbers of tokens and documents.

    Shards that a table counts have no number of documents.
    """

    prefix: str
    tokens: int
    documents: int | None = None


#: The shards of a line of the mixture, by part; parts without shards are left out.
LineShards = dict[str, list[CountedShard]]


def counted_shards(config: Config, mix: Mix) -> dict[str, LineShards]:
    """The token shards of each line of a mixture and each part, by name of the line.

    Raises:
        UserError: a table cannot be read, nothing matches, this run has no Megatron shards, or its shards lie where no
            link can be made to them.
    """
    own: dict[str, list[_OwnShard]] = {}
    lines: dict[str, LineShards] = {}
    for line in mix.source:
        if line.table is not None:
            lines[line.name] = {"train": table_shards(line)}
            continue
        own = own or _own_shards(config)
        # A source that released nothing has none.
        shards = own.get(line.own_source, [])
        if line.signal is None and not mix.validation and not mix.test:
            lines[line.name] = {"train": [shard.counted for shard in shards]}
        else:
            lines[line.name] = _parts(config, mix, line, shards)
    return lines


@dataclass(frozen=True, slots=True)
class _OwnShard:
    """A token shard of this run, the URI of its sidecar, and the digests of its files, which a takedown changes."""

    name: str
    counted: CountedShard
    provenance: str
    digests: tuple[str, ...]


def _own_shards(config: Config) -> dict[str, list[_OwnShard]]:
    tokenize = stage_of(config, "tokenize", "mix")
    if BIN not in tokenize.tables:
        raise UserError('[mix]: Megatron reads only format = "megatron", and [tokenize] has another')
    folder = tokenize.folder(config.run.out)
    fs, _ = filesystem(folder)
    shards: dict[str, list[_OwnShard]] = {}
    for name, manifest in sorted(read_manifests(folder).items()):
        uri = BIN.uri(folder, name)
        # Megatron may start in another folder, where a relative path would be wrong.
        prefix = (os.path.abspath(filesystem(uri)[1]) if is_local(fs) else uri).removesuffix(".bin")
        counted = CountedShard(prefix, manifest.counts["tokens"], manifest.counts["documents"])
        digests = tuple(output.digest for output in manifest.outputs)
        own = _OwnShard(name, counted, PROVENANCE.uri(folder, name), digests)
        shards.setdefault(name.rsplit("-", 1)[0], []).append(own)
    if not shards:
        finished_stages(config, ["tokenize"], "mix")
    return shards


def _parts(config: Config, mix: Mix, line: MixSource, shards: Sequence[_OwnShard]) -> LineShards:
    """Indexes of the documents that a line takes, for each part; they are written where they are not there yet."""
    fs, out = filesystem(config.run.out)
    if not is_local(fs):
        raise UserError(
            f"[mix]: {config.run.out}: validation, test and signals need links to token shards, which an object store "
            "has not; copy the token shards to a filesystem, and mix there"
        )
    stages = {stage.name: stage for stage in build_stages(config)}
    values = None if line.signal is None else DocumentValues.read(config, stages["measure"], line)
    bounds = (line.signal or "", line.minimum, line.below, *line.named)
    choice = [stages["measure"].fingerprint, *bounds, mix.validation, mix.test]
    digests = [digest for shard in shards for digest in shard.digests]
    folder = Path(os.path.abspath(out), f"mix-parts-{digest_of([*map(str, choice), *digests])[:8]}")
    found: LineShards = {}
    for shard in shards:
        documents = read_columns(shard.provenance, ["doc_id", "token_count"])
        tokens = documents.column("token_count").to_numpy()
        chosen = np.ones(len(tokens), np.bool_)
        if values is not None:
            value = values.of(documents.column("doc_id"))
            chosen = value == _IS_NAMED if line.named else (value >= line.minimum) & (value < line.below)
        part = part_of(documents.column("doc_id"), mix)
        for number, name in enumerate(PARTS):
            rows = np.flatnonzero(chosen & (part == number))
            # Megatron cannot read a shard without documents.
            if len(rows):
                prefix = folder / name / f"{shard.name}_text_document"
                _link(prefix, shard.counted.prefix, rows)
                found.setdefault(name, []).append(CountedShard(str(prefix), int(tokens[rows].sum()), len(rows)))
    return found


def part_of(doc_ids: pa.Array, mix: Mix) -> np.ndarray:
    """The part of each document, by its id alone: int64 (n_docs,), a place in `PARTS`."""
    place = draws(doc_ids, _PART_SEED) / 2.0**64
    train = 1 - mix.validation - mix.test
    return np.searchsorted([train, train + mix.validation], place, "right")


def _link(prefix: Path, shard: str, rows: np.ndarray) -> None:
    if os.path.exists(f"{prefix}.idx"):
        return
    prefix.parent.mkdir(parents=True, exist_ok=True)
    if not os.path.islink(f"{prefix}.bin"):
        os.symlink(f"{shard}.bin", f"{prefix}.bin")
    try:
        index = DocumentIndex.read(shard)
    except OrderError as error:
        raise WorkFailed(f"{error}; run manyo verify") from error
    with publish(f"{prefix}.idx") as path:
        index.write_part(path, rows)


#: The value of a document whose category is one of those that a line names.
_IS_NAMED = 1.0


@dataclass(frozen=True, slots=True)
class DocumentValues:
    """A signal of every document of a source: 16 bytes each.

    Attributes:
        heads: uint64 (n_docs,), first bytes of the ids, in ascending order.
        values: float64 (n_docs,), the signal; NaN where it is not measured. Of a category, 1 for the names that a line
            chooses and 0 for others.
    """

    heads: np.ndarray
    values: np.ndarray

    @classmethod
    def read(cls, config: Config, measure: AnyStage, line: MixSource) -> DocumentValues:
        """Read what a line with a signal looks at.

        Raises:
            UserError: the line gives names for a number, or a range for a category.
        """
        assert line.signal is not None
        source, signal, named = line.own_source, line.signal, pa.array(line.named, pa.string())
        if (signal in measured_categories(config.signals)) != bool(line.named):
            needed = "names a category: choose names with named" if not line.named else "is a number: choose a range"
            raise UserError(f"[mix] {line.name}: {signal} {needed}")
        folder = measure.folder(config.run.out)
        heads, values = [np.zeros(0, np.uint64)], [np.zeros(0)]
        for name in sorted(read_manifests(folder)):
            if name.split("/")[0] == source:
                batch = read_columns(SIGNALS.uri(folder, name), ["doc_id", signal])
                heads.append(id_heads(batch.column("doc_id")))
                column = batch.column(signal)
                if line.named:
                    column = pc.is_in(column.cast(pa.string()), value_set=named).cast(pa.int8())
                values.append(column.cast(pa.float64()).to_numpy(zero_copy_only=False))
        order = np.argsort(together := np.concatenate(heads))
        return cls(together[order], np.concatenate(values)[order])

    def of(self, doc_ids: pa.Array) -> np.ndarray:
        """The signal of documents: float64 (n,); NaN, which no bound includes, where there is none."""
        wanted = id_heads(doc_ids)
        if not len(self.heads):
            return np.full(len(wanted), np.nan)
        at = np.minimum(np.searchsorted(self.heads, wanted), len(self.heads) - 1)
        return np.where(self.heads[at] == wanted, self.values[at], np.nan)


def table_shards(source: MixSource) -> list[CountedShard]:
    """The token shards that the table of a line counts and its pattern matches; empty if it has no table.

    Raises:
        UserError: the table cannot be read, is no such table, or has no prefix that matches.
    """
    if (table := source.table) is None:
        return []
    try:
        lines = read_text(table).splitlines()
    except (OSError, ValueError) as error:
        raise UserError(f"[mix]: source {source.name!r}: table {table} cannot be read: {error}") from error
    shards = []
    for number, line in enumerate(lines[1:], start=2):
        prefix, _, tokens = line.partition("\t")
        if not prefix or not tokens.strip().isdecimal():
            raise UserError(f"{table}: line {number}: expected a prefix, a tab and a number of tokens, got {line!r}")
        if fnmatchcase(prefix, source.match):
            shards.append(CountedShard(join(source.root, prefix) if source.root else prefix, int(tokens)))
    if not shards:
        raise UserError(f"[mix]: source {source.name!r}: no prefix of {table} matches {source.match!r}")
    return shards
