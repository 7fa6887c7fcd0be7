"""The stages of deduplication: from signatures to the survivor of every cluster, and the alarms."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus import schema
from manyo.corpus.doc_ids import hashes_of
from manyo.corpus.release import passes_rules
from manyo.corpus.tables.shards import (
    read_batches,
    read_parts,
    write_parts,
    write_shard,
    zip_batches,
)
from manyo.dedup import same_address
from manyo.dedup.candidates import components, keys, pairs
from manyo.dedup.candidates.components import find_components
from manyo.dedup.candidates.keys import deal_keys
from manyo.dedup.candidates.pairs import NO_STARTS, find_pairs
from manyo.dedup.numbering import first_number
from manyo.dedup.parts import parts_for, shingles_at_most
from manyo.dedup.same_address import deal_addresses
from manyo.dedup.settings import Alarms, Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.dedup.verdict import alarms, clusters, compared, large, stand_ins
from manyo.dedup.verdict.alarms import add_losses, losses, raised
from manyo.dedup.verdict.clusters import deal_clusters, duplicates, find_clusters, in_order, last_word, repeats
from manyo.dedup.verdict.compared import deal_compared, deal_indexed, link, measure_compared
from manyo.dedup.verdict.order import ORDER_COLUMNS, USES_COLUMN, precedence
from manyo.dedup.verdict.stand_ins import deal_stand_ins, rows_of_stand_ins
from manyo.pipelines.engine.errors import WorkFailed
from manyo.pipelines.engine.shapes import (
    Shape,
    Upstream,
    combine_parts,
    dealing,
    gather,
    map_numbered,
    n_parts_of,
    with_gathered,
)
from manyo.pipelines.engine.stage import AnyStage, AnyTask, NoSettings, Stage, Task
from manyo.pipelines.engine.stage_table import StageTable
from manyo.pipelines.graph.earlier_indexes import INDEX, index_starts, indexed_shards
from manyo.pipelines.graph.extract_stages import DOCUMENTS
from manyo.pipelines.graph.filter_stages import DECISIONS, SIGNALS
from manyo.pipelines.graph.reading import columns_of, of_shard, parts_of, read_all
from manyo.pipelines.graph.takedown_stage import taken_down_ids

SIGNATURES = StageTable.parquet("signatures", schema.SIGNATURES.schema)
ADDRESSES = StageTable.arrow("addresses", same_address.ADDRESSES.schema)
#: Dealt to the shards of the documents that are replaced, and of those that replace them.
SUPERSEDED = StageTable.arrow("superseded", same_address.SUPERSEDED.schema)
STAND_INS = StageTable.arrow("stand_ins", stand_ins.STAND_INS.schema)
#: The second of them, dealt to the parts of the documents' components.
COMPARED_STAND_INS = StageTable.arrow("compared_stand_ins", stand_ins.STAND_INS.schema)

KEYS = StageTable.arrow("keys", keys.KEYS.schema)
PAIRS = StageTable.arrow("pairs", pairs.PAIRS.schema)
COMPONENTS = StageTable.arrow("components", components.COMPONENTS.schema)
COMPARED = StageTable.arrow("compared", compared.COMPARED.schema)

#: What the indexes of earlier runs give to a round.
INDEXED_KEYS = StageTable.arrow("indexed_keys", keys.KEYS.schema)
INDEXED = StageTable.arrow("indexed", compared.COMPARED.schema)

#: Clusters by part, and the same rows dealt to the shards of their documents and of those that these replace.
CLUSTERS = StageTable.parquet("clusters", clusters.CLUSTERS.schema)
SHARD_CLUSTERS = StageTable.arrow("shard_clusters", clusters.CLUSTERS.schema)
#: The same for the round within sources.
SOURCE_CLUSTERS = StageTable.parquet("source_clusters", clusters.CLUSTERS.schema)
SOURCE_SHARD_CLUSTERS = StageTable.arrow("source_shard_clusters", clusters.CLUSTERS.schema)

DUPLICATES = StageTable.parquet("duplicates", schema.DUPLICATES.schema)
LOSSES = StageTable.parquet("losses", alarms.LOSSES.schema)
LARGE_CLUSTERS = StageTable.parquet("large_clusters", large.LARGE_CLUSTERS.schema)
HOST_LOSSES = StageTable.parquet("host_losses", alarms.LOSSES.schema)
LARGEST_CLUSTERS = StageTable.parquet("largest_clusters", large.LARGE_CLUSTERS.schema)


def dedup_stages(
    dedup: Dedup,
    extract: AnyStage,
    decide: AnyStage,
    takedown: AnyStage,
    measure: AnyStage | None = None,
    has_families: bool = False,
) -> tuple[AnyStage, ...]:
    """From documents and decisions to `duplicates`, and the alarms that stop what follows.

    Args:
        dedup: settings of the configuration.
        extract, decide, takedown: the stages whose tables are read.
        measure: makes `signals`; needed if `survivor_signal` names one.
        has_families: whether documents may be of one family, of which one takes part.
    """
    # These settings do not change the tables below, so that a new limit of an alarm, or an index of another run, makes
    # none of them again.
    settings = replace(
        dedup, alarms=Alarms(), boilerplate=None, within_sources=False, index=False, against=(), index_stays=True
    )
    signatures_stage = Stage("signatures", 5, settings, (extract,), (SIGNATURES,), sign)
    # An index holds neither addresses nor families.
    by_address = settings.same_address or (has_families and not (dedup.index or dedup.against))
    of_addresses = _address_stages(settings, extract, signatures_stage, decide) if by_address else ()
    superseded = of_addresses[-1:]
    ordered = (measure,) if dedup.survivor_signal and measure else ()
    needs = (extract, signatures_stage, decide, *ordered)
    first_round = replace(settings, within_sources=True)
    within = _round_stages(first_round, dedup, needs, superseded) if dedup.within_sources else ()
    # The clusters within sources decide which documents take part in the second round.
    over_all = _round_stages(settings, dedup, needs, superseded, within[-1:])
    rounds = (*within[-1:], over_all[-1])
    duplicates_stage = Stage(
        name="duplicates",
        version=5,
        settings=NoSettings(),
        needs=(extract, decide, *superseded, *rounds),
        tables=(DUPLICATES, LOSSES, LARGE_CLUSTERS),
        shape=_numbered_with(len(superseded) + len(rounds)),
        work=mark_duplicates,
    )
    alarms_stage = Stage(
        name="alarms",
        version=2,
        settings=dedup.alarms,
        needs=(duplicates_stage, *rounds),
        tables=(HOST_LOSSES, LARGEST_CLUSTERS),
        shape=gather("alarms"),
        work=check_losses,
    )
    index_stage = Stage("index", 5, settings, (*needs, takedown), (INDEX,), write_index)
    return (
        signatures_stage,
        *of_addresses,
        *within,
        *over_all,
        duplicates_stage,
        alarms_stage,
        *([index_stage] if dedup.index else []),
    )


def _address_stages(
    settings: Dedup, extract: AnyStage, signed: AnyStage, decide: AnyStage
) -> tuple[AnyStage, AnyStage]:
    """From documents to those that another page of the same address replaces."""
    addresses_stage = Stage(
        name="addresses",
        version=7,
        settings=settings,
        needs=(extract, signed, decide),
        tables=(ADDRESSES,),
        shape=dealing(map_numbered, _parts_by_memory(settings)),
        work=split_by_address,
    )
    superseded_stage = Stage(
        name="superseded",
        version=4,
        settings=settings,
        needs=(addresses_stage,),
        tables=(SUPERSEDED, STAND_INS),
        shape=combine_parts,
        work=combine_addresses,
    )
    return (addresses_stage, superseded_stage)


def _round_stages(
    settings: Dedup,
    dedup: Dedup,
    needs: tuple[AnyStage, ...],
    superseded: tuple[AnyStage, ...],
    within: tuple[AnyStage, ...] = (),
) -> tuple[AnyStage, ...]:
    """From signatures to `clusters`, in one round: within each source, or over the documents of all sources.

    Args:
        settings: of these stages; `within_sources` says which round it is.
        dedup: settings of the configuration; `against` decides whether indexes take part.
        needs: extract, signatures and decide, then measure if a signal decides about survivors.
        superseded: the stage, if there is one, that says which documents take part in place of others.
        within: the last stage of the round before, if there was one, whose repeated documents take no part.
    """
    extract, signed, decide, *ordered = needs
    left_out = (*superseded, *within)
    round_of = "source_" if settings.within_sources else ""
    keys_stage = Stage(
        name=f"{round_of}keys",
        version=6,
        settings=settings,
        needs=(*needs, *left_out),
        tables=(KEYS,),
        shape=dealing(_numbered_with(len(left_out)), _parts_by_memory(settings)),
        work=split_keys,
    )
    against = indexed_shards(dedup)
    index_to_parts = dealing(against, _parts_by_memory(settings))
    # Where there is no index, it makes no difference whether one stays.
    ordering = replace(settings, index_stays=dedup.index_stays or not dedup.against)
    indexed_keys = _index_stages(INDEXED_KEYS, dedup, settings, (signed,), index_to_parts, split_indexed_keys)
    pairs_stage = Stage(
        name=f"{round_of}pairs",
        version=4,
        settings=ordering,
        needs=(keys_stage, *indexed_keys),
        tables=(PAIRS,),
        shape=combine_parts,
        work=combine_keys,
    )
    components_stage = Stage(
        name=f"{round_of}components",
        version=3,
        settings=settings,
        needs=(keys_stage, *indexed_keys, pairs_stage),
        tables=(COMPONENTS,),
        shape=dealing(gather("components"), lambda upstream: n_parts_of(upstream[0])),
        work=find_components_of_pairs,
        memory_bytes=8 << 30,
    )
    compared_stage = Stage(
        name=f"{round_of}compared",
        version=5,
        settings=settings,
        needs=(extract, signed, decide, *ordered, *superseded, pairs_stage, components_stage),
        tables=(COMPARED, COMPARED_STAND_INS) if superseded else (COMPARED,),
        shape=dealing(_numbered_with(len(superseded) + 2), _parts_of_pairs),
        work=split_compared,
    )
    indexed = _index_stages(
        INDEXED,
        dedup,
        settings,
        (signed, pairs_stage, components_stage),
        dealing(with_gathered(with_gathered(against)), _parts_of_pairs),
        split_indexed,
    )
    clusters_stage = Stage(
        name=f"{round_of}clusters",
        version=6,
        settings=ordering,
        needs=(compared_stage, *indexed),
        tables=_tables_of_round(settings),
        shape=combine_parts,
        work=cluster,
        memory_bytes=4 << 30,
    )
    return (keys_stage, *indexed_keys, pairs_stage, components_stage, compared_stage, *indexed, clusters_stage)


def _index_stages(
    table: StageTable,
    dedup: Dedup,
    settings: Dedup,
    needs: tuple[AnyStage, ...],
    shape: Shape,
    work: Callable[[Task[Dedup]], Mapping[str, int]],
) -> tuple[AnyStage, ...]:
    """A stage that deals the indexes of earlier runs to parts; empty if the configuration names no indexes."""
    stage = Stage(table.name, 2, replace(settings, against=dedup.against), needs, (table,), work, shape)
    return (stage,) if dedup.against else ()


def _numbered_with(gathered: int) -> Shape:
    """As `map_numbered`; each task also reads all shards of the last `gathered` stages."""
    shape: Shape = map_numbered
    for _ in range(gathered):
        shape = with_gathered(shape)
    return shape


def _parts_by_memory(settings: Dedup) -> Callable[[Upstream], int]:
    """Parts for the documents that the stage of `signatures` counted."""

    def parts(upstream: Upstream) -> int:
        (signed,) = (stage for stage in upstream if SIGNATURES in stage.tables)
        return parts_for(signed.count("documents"), signed.count("shingles"), settings)

    return parts


def _parts_of_pairs(upstream: Upstream) -> int:
    """As many parts as there are tasks of `pairs`, which stands before `components` at the end."""
    return len(upstream[-2].shards)


def _dealt_to(task: Task[Dedup]) -> Dedup:
    """The settings with the number of parts that the task deals to."""
    return replace(task.settings, parts=task.n_parts)


def _tables_of_round(settings: Dedup) -> tuple[StageTable, StageTable]:
    """The tables that clusters are written to, and the same dealt to shards."""
    return (SOURCE_CLUSTERS, SOURCE_SHARD_CLUSTERS) if settings.within_sources else (CLUSTERS, SHARD_CLUSTERS)


def sign(task: Task[Dedup]) -> Mapping[str, int]:
    """Documents → signatures."""
    counts: Counter[str] = Counter()

    def batches() -> Iterator[pa.RecordBatch]:
        for documents in read_batches(task.input(DOCUMENTS), ["doc_id", "profile", "text"]):
            signed = signatures(documents, task.settings)
            chars = pc.sum(signed.column("chars")).as_py() or 0
            counts["shingles"] += shingles_at_most(chars, signed.num_rows, task.settings)
            yield signed

    return {"documents": write_shard(task.output(SIGNATURES), SIGNATURES.schema, batches()), **counts}


def split_by_address(task: Task[Dedup]) -> Mapping[str, int]:
    """Addresses and families of the documents that the rules keep → their keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.n_parts)]
    first = first_number(task.part)
    for documents, signed, decisions in zip_batches(
        (task.input(DOCUMENTS), ["uri", "family", *ORDER_COLUMNS]),
        (task.input(SIGNATURES), ["chars"]),
        (task.input(DECISIONS), ["reasons"]),
    ):
        chars = signed.column("chars").to_numpy()
        dealt = deal_addresses(documents, chars, passes_rules(decisions), first, _dealt_to(task))
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
        first += documents.num_rows
    write_parts(task.output(ADDRESSES), ADDRESSES.schema, parts)
    return {}


def combine_addresses(task: Task[Dedup]) -> Mapping[str, int]:
    """One part of every shard's addresses → who is replaced, and who takes part instead, dealt to their shards."""
    superseded, taking_part = same_address.stand_ins(parts_of(task, ADDRESSES), len(task.inputs_of(ADDRESSES)))
    write_parts(task.output(SUPERSEDED), SUPERSEDED.schema, [[batch] for batch in superseded])
    write_parts(task.output(STAND_INS), STAND_INS.schema, [[batch] for batch in taking_part])
    return {"superseded": sum(batch.num_rows for batch in superseded)}


def split_keys(task: Task[Dedup]) -> Mapping[str, int]:
    """Signatures of the documents that take part → their keys, dealt to parts.

    In the second of two rounds, documents that repeat a document of their source take no part.
    """
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.n_parts)]
    out = pa.concat_arrays([_superseded(task).column("doc_id"), repeats(of_shard(task, SOURCE_SHARD_CLUSTERS))])
    first = first_number(task.part)
    n_keys = 0
    for documents, signed, decisions, *measured in zip_batches(
        (task.input(DOCUMENTS), list(ORDER_COLUMNS)),
        (task.input(SIGNATURES), schema.SIGNATURES.schema.names),
        (task.input(DECISIONS), ["reasons", USES_COLUMN]),
        *_survivor_signal(task),
    ):
        documents = _with_criteria(documents, decisions, measured)
        is_out = pc.is_in(documents.column("doc_id"), value_set=out)
        in_play = passes_rules(decisions) & ~is_out.to_numpy(zero_copy_only=False)
        places = precedence(documents, signed.column("chars").to_numpy(), task.settings)
        apart = hashes_of(documents.column("source")) if task.settings.within_sources else None
        dealt = deal_keys(signed, places, in_play, first, task.settings, len(parts), apart)
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
            n_keys += batch.num_rows
        first += signed.num_rows
    write_parts(task.output(KEYS), KEYS.schema, parts)
    return {"keys": n_keys}


def combine_keys(task: Task[Dedup]) -> Mapping[str, int]:
    """One part of every shard's keys → candidate pairs, dealt to the shards of their documents."""
    n_shards = len(task.inputs_of(KEYS)) + len(task.optional_inputs_of(INDEXED_KEYS))
    candidates = find_pairs(parts_of(task, KEYS, INDEXED_KEYS), n_shards, _index_starts(task, KEYS, INDEXED_KEYS))
    write_parts(task.output(PAIRS), PAIRS.schema, [[batch] for batch in candidates])
    return {"pairs": sum(batch.num_rows for batch in candidates)}


def write_index(task: Task[Dedup]) -> Mapping[str, int]:
    """Documents that take part → what later runs need for comparisons with them, without the text."""
    taken = taken_down_ids(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, signed, decisions, *measured in zip_batches(
            (task.input(DOCUMENTS), [*ORDER_COLUMNS, "profile", "text"]),
            (task.input(SIGNATURES), schema.SIGNATURES.schema.names),
            (task.input(DECISIONS), ["reasons", USES_COLUMN]),
            *_survivor_signal(task),
        ):
            documents = _with_criteria(documents, decisions, measured)
            in_play = pc.and_not(passes_rules(decisions), pc.is_in(documents.column("doc_id"), value_set=taken))
            yield measure_compared(documents.filter(in_play), signed.filter(in_play), task.settings)

    return {"documents": write_shard(task.output(INDEX), INDEX.schema, batches())}


def split_indexed_keys(task: Task[Dedup]) -> Mapping[str, int]:
    """A shard of an earlier run's index → its keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.n_parts)]
    first = first_number(task.part)
    for indexed in read_batches(task.input(INDEX)):
        everyone = np.ones(indexed.num_rows, bool)
        places = indexed.column("precedence").to_numpy()
        dealt = deal_keys(indexed, places, everyone, first, task.settings, len(parts))
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.output(INDEXED_KEYS), INDEXED_KEYS.schema, parts)
    return {}


def split_indexed(task: Task[Dedup]) -> Mapping[str, int]:
    """A shard of an earlier run's index → its documents that have candidates, dealt to their parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.n_parts)]
    linked = _linked(task)
    first = first_number(task.part)
    for indexed in read_batches(task.input(INDEX)):
        for part, batch in zip(parts, deal_indexed(indexed, first, linked, _dealt_to(task)), strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.output(INDEXED), INDEXED.schema, parts)
    return {}


def find_components_of_pairs(task: Task[Dedup]) -> Mapping[str, int]:
    """All pairs → parts that are independent. Memory as `manyo.dedup.candidates.components.find_components`."""
    n_shards = len(task.inputs_of(KEYS)) + len(task.optional_inputs_of(INDEXED_KEYS))
    n_documents = 0

    def all_pairs() -> Iterator[pa.RecordBatch]:
        return (batch for uri in task.inputs_of(PAIRS) for batch in read_parts(uri))

    def parts() -> Iterator[list[pa.RecordBatch]]:
        nonlocal n_documents
        for batch in find_components(all_pairs, n_shards, task.n_parts):
            n_documents += batch.num_rows
            yield [batch]

    write_parts(task.output(COMPONENTS), COMPONENTS.schema, parts())
    return {"documents_with_candidates": n_documents}


def split_compared(task: Task[Dedup]) -> Mapping[str, int]:
    """Documents that have candidates → the data to compare them by, dealt to the parts of their components."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.n_parts)]
    linked = _linked(task)
    first = first_number(task.part)
    for documents, signed, decisions, *measured in zip_batches(
        (task.input(DOCUMENTS), [*ORDER_COLUMNS, "profile", "text"]),
        (task.input(SIGNATURES), schema.SIGNATURES.schema.names),
        (task.input(DECISIONS), [USES_COLUMN]),
        *_survivor_signal(task),
    ):
        documents = _with_criteria(documents, decisions, measured)
        for part, batch in zip(parts, deal_compared(documents, signed, first, linked, _dealt_to(task)), strict=True):
            part.append(batch)
        first += signed.num_rows
    write_parts(task.output(COMPARED), COMPARED.schema, parts)
    if COMPARED_STAND_INS in task.outputs:
        dealt = deal_stand_ins(of_shard(task, STAND_INS), linked, task.n_parts)
        write_parts(task.output(COMPARED_STAND_INS), COMPARED_STAND_INS.schema, [[batch] for batch in dealt])
    return {"documents_with_candidates": linked.num_rows}


def cluster(task: Task[Dedup]) -> Mapping[str, int]:
    """One part's documents → its clusters. Memory as `manyo.dedup.verdict.clusters.find_clusters`.

    `already_released` counts documents that repeat one of an index, `released_again` those that stay in place of one.
    """
    of_parts, of_shards = _tables_of_round(task.settings)
    n_shards = len(task.inputs_of(COMPARED))
    compared_rows = parts_of(task, COMPARED, INDEXED)
    found, numbers = find_clusters(compared_rows, n_shards, task.settings, _index_starts(task, COMPARED, INDEXED))
    dealt = deal_clusters(found, numbers, n_shards)
    elsewhere = rows_of_stand_ins(parts_of(task, COMPARED_STAND_INS), found, numbers, n_shards)
    write_parts(task.output(of_shards), of_shards.schema, zip(dealt, elsewhere, strict=True))
    own = pa.Table.from_batches(dealt, of_shards.schema)
    stays = pc.and_not(pc.equal(own["doc_id"], own["survivor"]), own["is_released"])
    return {
        "documents_in_clusters": write_shard(task.output(of_parts), of_parts.schema, _in_batches(found)),
        "already_released": pc.sum(own["is_released"]).as_py() or 0,
        "released_again": pc.sum(pc.and_(stays, own["has_released"])).as_py() or 0,
    }


def _index_starts(task: Task[Dedup], of_run: StageTable, of_indexes: StageTable) -> np.ndarray:
    """Returns the number of the first document of each index whose documents come before those of this run."""
    if not task.settings.index_stays:
        return NO_STARTS
    return index_starts(task.optional_inputs_of(of_indexes), of_indexes, len(task.inputs_of(of_run)))


def mark_duplicates(task: Task[NoSettings]) -> Mapping[str, int]:
    """Documents, decisions and clusters → one row per document: survivor of its cluster, or duplicate of which."""
    superseded = _superseded(task)
    # The rows of a document that is here and replaces one that is here come twice, which does no harm.
    rounds = (in_order(of_shard(task, table), clusters.CLUSTERS) for table in (SOURCE_SHARD_CLUSTERS, SHARD_CLUSTERS))
    judged = last_word(*rounds)
    counts: Counter[str] = Counter()
    lost: list[pa.Table] = []
    sampled = large.largest([])

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal sampled
        for documents, decisions in zip_batches(
            (task.input(DOCUMENTS), ["source", "uri"]), (task.input(DECISIONS), ["reasons"])
        ):
            keep = passes_rules(decisions)
            marked = duplicates(documents.column("doc_id"), keep, superseded, judged)
            lost.append(losses(documents, marked))
            sampled = large.largest([sampled, large.sample(documents, marked)])
            counts["documents"] += len(keep)
            counts["kept_by_rules"] += int(keep.sum())
            counts["survivors"] += pc.sum(marked.column("kept")).as_py() or 0
            yield marked

    write_shard(task.output(DUPLICATES), DUPLICATES.schema, batches())
    write_shard(task.output(LOSSES), LOSSES.schema, add_losses(lost).to_batches())
    write_shard(task.output(LARGE_CLUSTERS), LARGE_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    return counts


def check_losses(task: Task[Alarms]) -> Mapping[str, int]:
    """Losses of all shards → losses of every source and host; fails if they, or a cluster, raise an alarm.

    Memory: about 200 bytes for each host of a source, and 15 kB a shard for the samples of clusters.
    """
    samples = columns_of(task.inputs_of(LARGE_CLUSTERS), large.LARGE_CLUSTERS.schema.names)
    sampled = large.largest(samples)
    write_shard(task.output(LARGEST_CLUSTERS), LARGEST_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    lost = add_losses(columns_of(task.inputs_of(LOSSES), alarms.LOSSES.schema.names))
    found = read_all([*task.optional_inputs_of(SOURCE_CLUSTERS), *task.inputs_of(CLUSTERS)])
    causes = list(raised(lost, found, task.settings))
    if causes:
        more = f" (and {len(causes) - 1} more alarms)" if len(causes) > 1 else ""
        raise WorkFailed(
            f"{causes[0]}{more}; look at the largest clusters in "
            f"{task.output(LARGEST_CLUSTERS)}, or raise the limit and run again"
        )
    return {"hosts": write_shard(task.output(HOST_LOSSES), HOST_LOSSES.schema, lost.to_batches())}


def _survivor_signal(task: Task[Dedup]) -> list[tuple[str, list[str]]]:
    """Returns where to read the signal that decides about survivors; empty if none does."""
    return [(uri, [str(task.settings.survivor_signal)]) for uri in task.optional_inputs_of(SIGNALS)]


def _with_criteria(
    documents: pa.RecordBatch, decisions: pa.RecordBatch, measured: Sequence[pa.RecordBatch]
) -> pa.RecordBatch:
    """Returns a batch of documents with what decides about survivors: its uses, and its signal, if there is one."""
    documents = documents.append_column(USES_COLUMN, decisions.column(USES_COLUMN))
    for batch in measured:
        name = batch.schema.names[-1]
        documents = documents.append_column(name, batch.column(name))
    return documents


def _linked(task: AnyTask) -> pa.RecordBatch:
    """Returns what pairs and components say about the shard's documents."""
    (of_components,) = parts_of(task, COMPONENTS)
    return link(of_components, of_shard(task, PAIRS))


def _superseded(task: AnyTask) -> pa.RecordBatch:
    """Returns the shard's documents that another of their address or family replaces."""
    return in_order(of_shard(task, SUPERSEDED), same_address.SUPERSEDED)


def _in_batches(whole: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Yields slices of a batch of fixed-width rows, so that readers of the shard hold a few megabytes."""
    return (whole.slice(start, 1 << 18) for start in range(0, whole.num_rows, 1 << 18))
