"""The stages of deduplication: from signatures to the survivor of every cluster, and the alarms."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import passes_rules
from manyo.corpus.schema import (
    DOC_ID_BYTES,
    DUPLICATES,
    SIGNATURES,
)
from manyo.corpus.tables.shards import (
    filesystem,
    join,
    read_batches,
    read_part,
    read_parts,
    write_parts,
    write_shard,
    zip_batches,
)
from manyo.dedup.candidates.components import COMPONENTS, find_components
from manyo.dedup.candidates.keys import KEYS, deal_keys
from manyo.dedup.candidates.pairs import PAIRS, find_pairs
from manyo.dedup.numbering import first_number, ids_as_bytes
from manyo.dedup.same_address import ADDRESSES, SUPERSEDED, deal_addresses, hashes_of, stand_ins
from manyo.dedup.settings import Alarms, Dedup
from manyo.dedup.sketch.minhash import signatures
from manyo.dedup.verdict import large
from manyo.dedup.verdict.alarms import LOSSES, add_losses, losses, raised
from manyo.dedup.verdict.clusters import CLUSTERS, duplicates, find_clusters, in_order, last_word, pick, repeats
from manyo.dedup.verdict.compared import COMPARED, INDEX, deal_compared, deal_indexed, link, measure_compared
from manyo.dedup.verdict.order import ORDER_COLUMNS, precedence
from manyo.pipelines.engine.manifest import read_manifests
from manyo.pipelines.engine.shapes import (
    Plan,
    Unit,
    Upstream,
    by_name,
    combine_parts,
    digest_of,
    gather,
    map_numbered,
    map_shards,
    numbered,
    with_gathered,
)
from manyo.pipelines.engine.stage import NoSettings, Stage, Task, UserError, Work, WorkFailed, map_stage, parquet
from manyo.pipelines.graph.boilerplate_stages import boilerplate_stages
from manyo.pipelines.graph.reading import of_shard, read_all, taken_down


def dedup_stages(
    dedup: Dedup, extract: Stage, decide: Stage, takedown: Stage, measure: Stage | None = None
) -> tuple[Stage, ...]:
    """From documents and decisions to `duplicates`, and the alarms that stop what follows.

    Args:
        dedup: what the configuration asks for.
        extract, decide, takedown: whose tables are read.
        measure: what makes `signals`, where `survivor_signal` names one.
    """
    # Alarms decide nothing about documents: a moved limit makes no table again. Nor do other
    # crawls change what is measured of this one.
    settings = replace(dedup, alarms=Alarms(), boilerplate=None, within_sources=False, index=False, against=())
    signatures = map_stage("signatures", 3, settings, (extract,), "signatures", sign)
    of_addresses = _address_stages(settings, extract, signatures, decide) if settings.same_address else ()
    superseded = of_addresses[-1:]
    ordered = (measure,) if dedup.survivor_signal and measure else ()
    needs = (extract, signatures, decide, *ordered)
    first_round = replace(settings, within_sources=True)
    within = _round_stages(first_round, dedup, needs, superseded) if dedup.within_sources else ()
    # What was found within sources tells the second round who is left.
    over_all = _round_stages(settings, dedup, needs, (*superseded, *within[-1:]))
    rounds = (*within[-1:], over_all[-1])
    duplicates = Stage(
        name="duplicates",
        version=5,
        settings=NoSettings(),
        needs=(extract, decide, *superseded, *rounds),
        tables=parquet("duplicates", "losses", "large_clusters"),
        plan=_numbered_with(len(superseded) + len(rounds)),
        work=mark_duplicates,
    )
    alarms = Stage(
        name="alarms",
        version=2,
        settings=dedup.alarms,
        needs=(duplicates, *rounds),
        tables=parquet("host_losses", "largest_clusters"),
        plan=gather("alarms"),
        work=check_losses,
    )
    index = map_stage("index", 4, settings, (*needs, takedown), "index", write_index)
    return (
        signatures,
        *of_addresses,
        *within,
        *over_all,
        duplicates,
        alarms,
        *([index] if dedup.index else []),
        *(boilerplate_stages(dedup, extract, decide, duplicates) if dedup.boilerplate else ()),
    )


def _address_stages(settings: Dedup, extract: Stage, signatures: Stage, decide: Stage) -> tuple[Stage, Stage]:
    """From documents to those of which another page of the same address stays."""
    addresses = Stage(
        name="addresses",
        version=3,
        settings=settings,
        needs=(extract, signatures, decide),
        tables={"addresses": "addresses/{shard}.arrow"},
        plan=map_shards,
        work=split_by_address,
    )
    superseded = Stage(
        name="superseded",
        version=2,
        settings=settings,
        needs=(addresses,),
        tables=parquet("superseded"),
        plan=combine_parts(settings.parts),
        work=combine_addresses,
    )
    return (addresses, superseded)


def _round_stages(
    settings: Dedup, dedup: Dedup, needs: tuple[Stage, ...], left_out: tuple[Stage, ...]
) -> tuple[Stage, ...]:
    """From signatures to `clusters`: once, or once within each source and then for what is left of all.

    Args:
        settings: of these stages; `within_sources` says which of both it is.
        dedup: what the configuration asks for; its `against` decides whether indexes take part.
        needs: extract, signatures and decide, then measure where a signal decides about survivors.
        left_out: stages that say which documents take no part.
    """
    extract, signatures, _, *ordered = needs
    round_of = "source_" if settings.within_sources else ""
    keys = Stage(
        name=f"{round_of}keys",
        version=4,
        settings=settings,
        needs=(*needs, *left_out),
        tables={"keys": "keys/{shard}.arrow"},
        plan=_numbered_with(len(left_out)),
        work=split_keys,
    )
    against = _plan_indexes(dedup)
    indexed_keys = _index_stages("indexed_keys", dedup, settings, (signatures,), against, split_indexed_keys)
    pairs = Stage(
        name=f"{round_of}pairs",
        version=3,
        settings=settings,
        needs=(keys, *indexed_keys),
        tables={"pairs": "pairs/{shard}.arrow"},
        plan=combine_parts(settings.parts),
        work=combine_keys,
    )
    components = Stage(
        name=f"{round_of}components",
        version=2,
        settings=settings,
        needs=(keys, *indexed_keys, pairs),
        tables={"components": "components/{shard}.arrow"},
        plan=gather("components"),
        work=find_components_of_pairs,
        memory_bytes=8 << 30,
    )
    compared = Stage(
        name=f"{round_of}compared",
        version=3,
        settings=settings,
        needs=(extract, signatures, *ordered, pairs, components),
        tables={"compared": "compared/{shard}.arrow"},
        plan=_numbered_with(2),
        work=split_compared,
    )
    indexed = _index_stages(
        "indexed",
        dedup,
        settings,
        (signatures, pairs, components),
        with_gathered(with_gathered(against)),
        split_indexed,
    )
    tables = (f"{round_of}clusters", f"{round_of}shard_clusters")
    clusters = Stage(
        name=f"{round_of}clusters",
        version=5,
        settings=settings,
        needs=(compared, *indexed),
        tables={**parquet(tables[0]), tables[1]: f"{tables[1]}/{{shard}}.arrow"},
        plan=combine_parts(settings.parts),
        work=cluster,
        memory_bytes=4 << 30,
    )
    return (keys, *indexed_keys, pairs, components, compared, *indexed, clusters)


def _index_stages(
    name: str, dedup: Dedup, settings: Dedup, needs: tuple[Stage, ...], plan: Plan, body: Work
) -> tuple[Stage, ...]:
    """A stage that deals the indexes of earlier runs to parts, or none where there are no indexes."""
    tables = {name: f"{name}/{{shard}}.arrow"}
    stage = Stage(name, 2, replace(settings, against=dedup.against), needs, tables, plan, body)
    return (stage,) if dedup.against else ()


def _numbered_with(gathered: int) -> Plan:
    """As `map_numbered`; each task also reads all shards of the last so many stages."""
    plan: Plan = map_numbered
    for _ in range(gathered):
        plan = with_gathered(plan)
    return plan


#: An index serves runs that agree on these: they decide what signatures, shingles and precedences are.
_INDEXED_SETTINGS = (
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


def _plan_indexes(dedup: Dedup) -> Plan:
    """One task for each shard of the indexes of earlier runs, numbered after the shards of this run (`signatures`)."""

    def plan(upstream: Upstream) -> list[Unit]:
        units = [unit for number, folder in enumerate(dedup.against) for unit in _index_units(number, folder, dedup)]
        return numbered(by_name(units), first=len(upstream[0].shards))

    return plan


def _index_units(number: int, folder: str, dedup: Dedup) -> list[Unit]:
    """Reading one index, after a look at the settings it was made with; its manifests say what it holds."""
    stage_folder = folder.rstrip("/").removesuffix("/index")
    fs, path = filesystem(join(stage_folder, "stage.json"))
    manifests = read_manifests(stage_folder)
    if not fs.exists(path) or not manifests:
        raise UserError(f"[dedup] against: {folder} holds no index; its run prints it: manyo path index --config FILE")
    made_with = json.loads(fs.cat_file(path))["settings"]
    for name in _INDEXED_SETTINGS:
        ours = getattr(dedup, name)
        theirs = made_with.get(name)
        if theirs != (list(ours) if isinstance(ours, tuple) else ours):
            raise UserError(f"[dedup] against: {folder} was made with dedup.{name} = {theirs}, and here it is {ours}")
    return [
        Unit(
            name=f"{number}/{shard}",
            inputs={"index": (join(stage_folder, "index", f"{shard}.parquet"),)},
            digest=digest_of(output.digest for output in manifest.outputs),
            size_bytes=manifest.bytes_written,
        )
        for shard, manifest in sorted(manifests.items())
    ]


def sign(task: Task) -> Mapping[str, int]:
    """Documents → signatures."""
    documents = read_batches(task.input("documents"), ["doc_id", "profile", "text"])
    batches = (signatures(batch, task.settings) for batch in documents)
    return {"documents": write_shard(task.outputs["signatures"], SIGNATURES.schema, batches)}


def split_by_address(task: Task) -> Mapping[str, int]:
    """Addresses of the documents that the rules keep → their keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    for documents, signed, decisions in zip_batches(
        (task.input("documents"), ["uri", *ORDER_COLUMNS]),
        (task.input("signatures"), ["chars"]),
        (task.input("decisions"), ["reasons"]),
    ):
        chars = signed.column("chars").to_numpy()
        for part, batch in zip(
            parts, deal_addresses(documents, chars, passes_rules(decisions), task.settings), strict=True
        ):
            part.append(batch)
    write_parts(task.outputs["addresses"], ADDRESSES.schema, parts)
    return {}


def combine_addresses(task: Task) -> Mapping[str, int]:
    """One part of every shard's addresses → documents in whose place another page of their address stays."""
    part = task.part or 0
    superseded = stand_ins(read_part(uri, part) for uri in task.inputs["addresses"])
    return {"superseded": write_shard(task.outputs["superseded"], SUPERSEDED.schema, _in_batches(superseded))}


def split_keys(task: Task) -> Mapping[str, int]:
    """Signatures of the documents that take part → their keys, dealt to parts.

    In the second of two rounds those that repeat a document of their source take no part.
    """
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    out = pa.concat_arrays([_superseded(task).column("doc_id"), repeats(of_shard(task, "source_shard_clusters"))])
    first = first_number(task.part or 0)
    n_keys = 0
    for documents, signed, decisions, *measured in zip_batches(
        (task.input("documents"), list(ORDER_COLUMNS)),
        (task.input("signatures"), SIGNATURES.schema.names),
        (task.input("decisions"), ["reasons"]),
        *_survivor_signal(task),
    ):
        documents = _with_signal(documents, measured)
        is_out = pc.is_in(documents.column("doc_id"), value_set=out)
        in_play = passes_rules(decisions) & ~is_out.to_numpy(zero_copy_only=False)
        places = precedence(documents, signed.column("chars").to_numpy(), task.settings)
        apart = hashes_of(documents.column("source")) if task.settings.within_sources else None
        dealt = deal_keys(signed, places, in_play, first, task.settings, len(parts), apart)
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
            n_keys += batch.num_rows
        first += signed.num_rows
    write_parts(task.outputs["keys"], KEYS.schema, parts)
    return {"keys": n_keys}


def combine_keys(task: Task) -> Mapping[str, int]:
    """One part of every shard's keys → candidate pairs, dealt to the shards of their documents."""
    part = task.part or 0
    uris = [*task.inputs["keys"], *task.inputs.get("indexed_keys", ())]
    pairs = find_pairs((read_part(uri, part) for uri in uris), len(uris))
    write_parts(task.outputs["pairs"], PAIRS.schema, [[batch] for batch in pairs])
    return {"pairs": sum(batch.num_rows for batch in pairs)}


def write_index(task: Task) -> Mapping[str, int]:
    """Documents that take part → what later runs need to compare theirs with them, without the text."""
    taken = taken_down(task)

    def batches() -> Iterator[pa.RecordBatch]:
        for documents, signed, decisions, *measured in zip_batches(
            (task.input("documents"), [*ORDER_COLUMNS, "profile", "text"]),
            (task.input("signatures"), SIGNATURES.schema.names),
            (task.input("decisions"), ["reasons"]),
            *_survivor_signal(task),
        ):
            documents = _with_signal(documents, measured)
            in_play = pc.and_not(passes_rules(decisions), pc.is_in(documents.column("doc_id"), value_set=taken))
            yield measure_compared(documents.filter(in_play), signed.filter(in_play), task.settings)

    return {"documents": write_shard(task.outputs["index"], INDEX.schema, batches())}


def split_indexed_keys(task: Task) -> Mapping[str, int]:
    """A shard of an earlier run's index → its keys, dealt to parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    first = first_number(task.part or 0)
    for indexed in read_batches(task.input("index")):
        everyone = np.ones(indexed.num_rows, bool)
        places = indexed.column("precedence").to_numpy()
        dealt = deal_keys(indexed, places, everyone, first, task.settings, len(parts))
        for part, batch in zip(parts, dealt, strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.outputs["indexed_keys"], KEYS.schema, parts)
    return {}


def split_indexed(task: Task) -> Mapping[str, int]:
    """A shard of an earlier run's index → its documents that have candidates, dealt to their parts."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    linked = _linked(task)
    first = first_number(task.part or 0)
    for indexed in read_batches(task.input("index")):
        for part, batch in zip(parts, deal_indexed(indexed, first, linked, task.settings), strict=True):
            part.append(batch)
        first += indexed.num_rows
    write_parts(task.outputs["indexed"], COMPARED.schema, parts)
    return {}


def find_components_of_pairs(task: Task) -> Mapping[str, int]:
    """All pairs → parts that can be judged apart. Memory as `manyo.dedup.candidates.components.find_components`."""
    n_shards = len(task.inputs["keys"]) + len(task.inputs.get("indexed_keys", ()))
    n_documents = 0

    def pairs() -> Iterator[pa.RecordBatch]:
        return (batch for uri in task.inputs["pairs"] for batch in read_parts(uri))

    def parts() -> Iterator[list[pa.RecordBatch]]:
        nonlocal n_documents
        for batch in find_components(pairs, n_shards, task.settings.parts):
            n_documents += batch.num_rows
            yield [batch]

    write_parts(task.outputs["components"], COMPONENTS.schema, parts())
    return {"documents_with_candidates": n_documents}


def split_compared(task: Task) -> Mapping[str, int]:
    """Documents that have candidates → what comparing them takes, dealt to the parts of their components."""
    parts: list[list[pa.RecordBatch]] = [[] for _ in range(task.settings.parts)]
    linked = _linked(task)
    first = first_number(task.part or 0)
    for documents, signed, *measured in zip_batches(
        (task.input("documents"), [*ORDER_COLUMNS, "profile", "text"]),
        (task.input("signatures"), SIGNATURES.schema.names),
        *_survivor_signal(task),
    ):
        documents = _with_signal(documents, measured)
        for part, batch in zip(parts, deal_compared(documents, signed, first, linked, task.settings), strict=True):
            part.append(batch)
        first += signed.num_rows
    write_parts(task.outputs["compared"], COMPARED.schema, parts)
    return {"documents_with_candidates": linked.num_rows}


def cluster(task: Task) -> Mapping[str, int]:
    """One part's documents → its clusters. Memory as `manyo.dedup.verdict.clusters.find_clusters`."""
    part = task.part or 0
    round_of = "source_" if task.settings.within_sources else ""
    clusters, of_shards = find_clusters(
        (read_part(uri, part) for uri in [*task.inputs["compared"], *task.inputs.get("indexed", ())]),
        len(task.inputs["compared"]),
        task.settings,
    )
    write_parts(task.outputs[f"{round_of}shard_clusters"], CLUSTERS.schema, [[batch] for batch in of_shards])
    rows = write_shard(task.outputs[f"{round_of}clusters"], CLUSTERS.schema, _in_batches(clusters))
    return {"documents_in_clusters": rows}


def mark_duplicates(task: Task) -> Mapping[str, int]:
    """Documents, decisions and clusters → one row per document: survivor of its cluster, or duplicate of which."""
    superseded = _superseded(task)

    def judged_in(round_of: str) -> pa.RecordBatch:
        clusters = of_shard(task, f"{round_of}shard_clusters")
        if superseded.num_rows:
            # What takes a document's place may lie in any shard. Both may name one row, which does no harm.
            everywhere = read_all(task.inputs.get(f"{round_of}clusters", ()))
            clusters.append(pick(everywhere, ids_as_bytes(superseded.column("stand_in")), CLUSTERS))
        return in_order(clusters, CLUSTERS)

    judged = last_word(judged_in("source_"), judged_in(""))
    counts: Counter[str] = Counter()
    lost: list[pa.Table] = []
    sampled = large.largest([])

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal sampled
        for documents, decisions in zip_batches(
            (task.input("documents"), ["source", "uri"]), (task.input("decisions"), ["reasons"])
        ):
            keep = passes_rules(decisions)
            marked = duplicates(documents.column("doc_id"), keep, superseded, judged)
            lost.append(losses(documents, marked))
            sampled = large.largest([sampled, large.sample(documents, marked)])
            counts["documents"] += len(keep)
            counts["kept_by_rules"] += int(keep.sum())
            counts["survivors"] += pc.sum(marked.column("kept")).as_py() or 0
            yield marked

    write_shard(task.outputs["duplicates"], DUPLICATES.schema, batches())
    write_shard(task.outputs["losses"], LOSSES.schema, add_losses(lost).to_batches())
    write_shard(task.outputs["large_clusters"], large.LARGE_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    return counts


def check_losses(task: Task) -> Mapping[str, int]:
    """Losses of all shards → losses of every source and host; fails if they, or a cluster, raise an alarm.

    Memory: about 200 bytes for each host of a source in a shard.
    """
    sampled = large.largest(read_all(task.inputs["large_clusters"]))
    write_shard(task.outputs["largest_clusters"], large.LARGE_CLUSTERS.schema, sampled.combine_chunks().to_batches())
    lost = add_losses(read_all(task.inputs["losses"]))
    clusters = read_all([*task.inputs.get("source_clusters", ()), *task.inputs["clusters"]])
    alarms = list(raised(lost, clusters, task.settings))
    if alarms:
        more = f" (and {len(alarms) - 1} more alarms)" if len(alarms) > 1 else ""
        raise WorkFailed(
            f"{alarms[0]}{more}; look at the largest clusters in "
            f"{task.outputs['largest_clusters']}, or raise the limit and run again"
        )
    return {"hosts": write_shard(task.outputs["host_losses"], LOSSES.schema, lost.to_batches())}


def _survivor_signal(task: Task) -> list[tuple[str, list[str]]]:
    """Where the signal that decides about survivors is read from, if one does."""
    return [(uri, [task.settings.survivor_signal]) for uri in task.inputs.get("signals", ())]


def _with_signal(documents: pa.RecordBatch, measured: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    """A batch of documents with the last column of their batch of `signals`, if there is one."""
    for batch in measured:
        name = batch.schema.names[-1]
        documents = documents.append_column(name, batch.column(name))
    return documents


def _linked(task: Task) -> pa.RecordBatch:
    """What pairs and components know of the shard's documents."""
    return link(read_part(task.input("components"), task.part or 0), of_shard(task, "pairs"))


def _superseded(task: Task) -> pa.RecordBatch:
    """The shard's documents in whose place another page of their address stays; none where that is off."""
    return pick(read_all(task.inputs.get("superseded", ())), _ids(task.input("documents")), SUPERSEDED)


def _ids(uri: str) -> np.ndarray:
    """S16 (n_docs,), ids of a shard's documents."""
    return np.concatenate(
        [np.zeros(0, f"S{DOC_ID_BYTES}"), *(ids_as_bytes(batch.column(0)) for batch in read_batches(uri, ["doc_id"]))]
    )


def _in_batches(whole: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Slices of a batch of fixed-width rows, so that whoever reads the shard holds a few megabytes."""
    return (whole.slice(start, 1 << 18) for start in range(0, whole.num_rows, 1 << 18))
