"""Statistics of one shard as counters.

Every number that the report gives about documents comes from here. Each shard is counted on its own, from columns and
never from text, and counters add up key by key (`manyo.pipelines.report.counters`). So the report of a hundred thousand
shards costs one small task each and one sum, in any order and grouping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import ShardError, read_batches, read_columns, zip_batches
from manyo.filters.rules.decide import Rule
from manyo.pipelines.report.counters import FUNNEL, LENGTH_EDGES, REMOVED, SCRIPTS, Statistics, add_to, zero
from manyo.pipelines.report.document_columns import ShardTables, label_strings, read_documents
from manyo.pipelines.report.loss_by_class import count_losses
from manyo.pipelines.report.ruled_documents import RuleSets, ruled_documents
from manyo.pipelines.report.signal_histograms import count_histograms

#: Number of hosts named per shard: enough to rank the hosts of a crawl, and about 150 kB of JSON.
TOP_HOSTS = 2000

#: Number of pairs of charset and declared charset named per shard; pages may declare any string.
TOP_CHARSET_PAIRS = 500

#: Number of pairs of source and licence named per shard.
TOP_LICENCES = 500

#: A web document that keeps a smaller fraction of its page's Japanese is one to look at. In news, menus and related
#: articles are up to two thirds of a page.
LITTLE_KEPT = 0.3

#: Number of leaked benchmark items named per shard.
TOP_LEAKS = 2000


def shard_statistics(
    shards: ShardTables, rules: Sequence[Rule], presets: RuleSets = (), categories: Sequence[str] = ()
) -> Statistics:
    """Count everything that the report says about one shard.

    Memory: about 150 bytes per document during the call; no text is read.

    Args:
        shards: the tables of the shard.
        rules: rules of the run.
        presets, categories: as for `ruled_documents`.

    Returns:
        Counters that `merge` adds up. Hosts beyond the `TOP_HOSTS` most frequent of the shard and charset pairs beyond
        `TOP_CHARSET_PAIRS` are counted together in the `*_other` counters, so the count of a named host is a lower
        bound if it is below that rank in some shard.

    Raises:
        ShardError: a shard cannot be read, or does not match the others.
    """
    released_ids, pii = _read_release(shards.release)
    taken_ids = read_columns(shards.taken_down, ["doc_id"]).column("doc_id")
    counted_leaks, contaminated_ids = _read_leaks(shards.leaks, taken_ids)
    documents, failures = read_documents(shards, released_ids, taken_ids, contaminated_ids)
    counted = zero()
    counted["shards"] = 1
    counted["release_shards"] = int(shards.release is not None)
    counted["pii"] = pii
    counted["refused"] = _refused(shards.refused)
    counted["printed"], counted["ocr_queue"] = _printed(shards.documents, shards.ocr_queue)
    counted["funnel"] = _funnel(documents)
    if len(released_ids) != sum(stages["released"]["documents"] for stages in counted["funnel"].values()):
        raise ShardError(f"{shards.release}: it holds documents that {shards.documents} lacks; delete it and run again")
    counted["kept_not_japanese"] = _kept_not_japanese(documents)
    counted["leak_shards"] = int(shards.leaks is not None)
    counted["leaks"] = counted_leaks
    counted["mentions"] = _mentions(shards.mentions, taken_ids) if shards.mentions else {}
    counted["taken_down"] = _unreleased(documents, "taken_down")
    counted["contaminated"] = _unreleased(documents, "contaminated")
    counted["rules"] = _rules(failures)
    for ruled in ruled_documents(shards, rules, presets, categories):
        add_to(counted["histograms"], count_histograms(ruled, rules))
        add_to(counted["losses"], count_losses(ruled, rules))
    counted["licences"] = _licences(documents)
    counted["languages"] = _by(documents, "lang", ["characters"])
    counted["charsets"], counted["charsets_other"] = _charsets(documents)
    counted["charset_decisions"] = _by(
        documents.filter(pc.is_valid(documents["charset_decided_by"])), "charset_decided_by", ["damaged"]
    )
    counted["hosts"], counted["hosts_other"], counted["hosts_none"] = _hosts(documents)
    counted["kept_japanese"], counted["little_kept"] = _kept_japanese(documents)
    unique = documents.filter(documents["unique"])
    counted["lengths"] = {"documents": _lengths(documents), "unique": _lengths(unique)}
    in_play = documents.filter(documents["in_play"])
    counted["dedup"] = _by(in_play, "source", list(REMOVED))
    counted["cluster_sizes"] = _cluster_sizes(in_play)
    counted["scripts"] = _by(unique, "source", [*SCRIPTS, "other"])
    counted["boilerplate"] = _boilerplate(shards) if shards.boilerplate else {}
    return counted


def token_statistics(provenance_uri: str) -> Statistics:
    """Count the documents and tokens of each source in one token shard, as counters that `merge` adds up.

    Raises:
        ShardError: the provenance shard cannot be read.
    """
    counted = zero()
    counted["token_shards"] = 1
    for batch in read_batches(provenance_uri, ["source", "token_count"]):
        table = pa.table({"source": label_strings(batch, "source"), "tokens": batch.column("token_count")})
        add_to(counted["tokens"], _by(table, "source", ["tokens"]))
    return counted


def _cluster_sizes(in_play: pa.Table) -> Statistics:
    """Kept and removed documents by the size of their cluster."""
    judged = in_play.filter(pc.equal(in_play["same_address"], 0))
    sizes: Statistics = {}
    for group in judged.group_by(["cluster_size", "unique"]).aggregate([([], "count_all")]).to_pylist():
        of_size = sizes.setdefault(str(group["cluster_size"]), {"kept": 0, "removed": 0})
        of_size["kept" if group["unique"] else "removed"] += group["count_all"]
    return sizes


def _boilerplate(shards: ShardTables) -> Statistics:
    """Documents with boilerplate, its lines and characters, by source; `removed_*` where the boilerplate is removed."""
    tables = []
    for document, boilerplate in zip_batches(
        (shards.documents, ["source"]), (str(shards.boilerplate), ["lines", "chars", "removed"])
    ):
        lines, chars = pc.list_value_length(boilerplate.column("lines")).cast(pa.int64()), boilerplate.column("chars")
        removed = boilerplate.column("removed").cast(pa.int64())
        columns = {
            "source": label_strings(document, "source"),
            "lines": lines,
            "characters": chars,
            "removed_documents": removed,
            "removed_lines": pc.multiply(removed, lines),
            "removed_characters": pc.multiply(removed, chars),
        }
        tables.append(pa.table(columns).filter(pc.greater(lines, 0)))
    if not tables:
        return {}
    counted = pa.concat_tables(tables)
    return _by(counted, "source", [name for name in counted.column_names if name != "source"])


def _read_release(uri: str | None) -> tuple[pa.Array, dict[str, dict[str, int]]]:
    """Ids of the released documents, and counters of the masked spans by kind."""
    ids: list[pa.Array] = []
    pii: dict[str, dict[str, int]] = {}
    for batch in read_batches(uri, ["doc_id", "pii"]) if uri is not None else ():
        ids.append(batch.column("doc_id"))
        masked = pc.list_flatten(batch.column("pii"))  # one entry per document and kind
        table = pa.table({"kind": pc.struct_field(masked, "kind"), "spans": pc.struct_field(masked, "count")})
        add_to(pii, _by(table, "kind", ["spans"]))
    released_ids = pa.concat_arrays(ids) if ids else pa.array([], DOC_ID)
    return released_ids, pii


def _read_leaks(uri: str | None, taken_ids: pa.Array) -> tuple[dict[str, dict[str, dict[str, int]]], pa.Array]:
    """Counters of the benchmark items found, and ids of the documents that contain one, without those taken down.

    The `TOP_LEAKS` items with most leaks are named; the rest of a benchmark is counted as one item without a name.
    """
    leaks: dict[str, dict[str, dict[str, int]]] = {}
    ids = pa.array([], DOC_ID)
    if uri is not None:
        batch = read_columns(uri, ["doc_id", "benchmark", "item"])
        batch = batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=taken_ids)))
        ids = pc.unique(batch.column("doc_id"))
        labels = [label_strings(batch, "benchmark"), batch.column("item"), batch.column("doc_id")]
        table = pa.table(labels, ["benchmark", "item", "doc_id"])
        groups = table.group_by(["benchmark", "item"]).aggregate([([], "count_all"), ("doc_id", "count_distinct")])
        ordered = groups.sort_by([("count_all", "descending"), ("benchmark", "ascending"), ("item", "ascending")])
        for place, group in enumerate(ordered.to_pylist()):
            name = group["item"] if place < TOP_LEAKS else ""
            counts = {"leaks": group["count_all"], "documents": group["doc_id_count_distinct"]}
            add_to(leaks, {group["benchmark"]: {name: counts}})
    return leaks, ids


def _mentions(uri: str, taken_ids: pa.Array) -> dict[str, dict[str, int]]:
    """Passages that may state terms of use, and documents with one, by kind, without those taken down."""
    batch = read_columns(uri, ["doc_id", "kind"])
    batch = batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=taken_ids)))
    table = pa.table({"kind": label_strings(batch, "kind"), "doc_id": batch.column("doc_id")})
    groups = table.group_by(["kind"]).aggregate([([], "count_all"), ("doc_id", "count_distinct")])
    return {
        group["kind"]: {"documents": group["doc_id_count_distinct"], "passages": group["count_all"]}
        for group in groups.to_pylist()
    }


def _refused(uri: str) -> dict[str, dict[str, int]]:
    refused: dict[str, dict[str, int]] = {}
    for batch in read_batches(uri, ["source", "reason"]):
        table = pa.table({"source": label_strings(batch, "source"), "reason": label_strings(batch, "reason")})
        for group in table.group_by(["source", "reason"]).aggregate([([], "count_all")]).to_pylist():
            add_to(refused, {group["source"]: {group["reason"]: group["count_all"]}})
    return refused


def _printed(documents: str, ocr_queue: str | None) -> tuple[dict[str, Statistics], dict[str, dict[str, int]]]:
    """Pages of documents that have any, by source, and pages that need OCR, by source and reason."""
    queue: dict[str, dict[str, int]] = {}
    waiting: Counter[bytes] = Counter()
    for batch in read_batches(ocr_queue, ["doc_id", "source", "why"]) if ocr_queue else ():
        waiting.update(batch.column("doc_id").to_pylist())
        table = pa.table({"source": label_strings(batch, "source"), "why": label_strings(batch, "why")})
        for group in table.group_by(["source", "why"]).aggregate([([], "count_all")]).to_pylist():
            add_to(queue, {group["source"]: {group["why"]: group["count_all"]}})
    printed: dict[str, Statistics] = {}
    for batch in read_batches(documents, ["doc_id", "source", "pages"]):
        pages = pc.fill_null(pc.list_value_length(batch.column("pages")), 0).cast(pa.int64())
        without = [waiting[doc_id] for doc_id in batch.column("doc_id").to_pylist()] if waiting else [0] * len(pages)
        columns = {
            "source": label_strings(batch, "source"),
            "pages": pages,
            "pages_with_text": pc.subtract(pages, pa.array(without, pa.int64())),
        }
        add_to(printed, _by(pa.table(columns).filter(pc.greater(pages, 0)), "source", ["pages", "pages_with_text"]))
    return printed, queue


def _funnel(documents: pa.Table) -> dict[str, dict[str, dict[str, int]]]:
    nothing = {"documents": 0, "characters": 0, "bytes": 0}
    sources = pc.unique(documents["source"]).to_pylist()
    funnel = {source: {stage: dict(nothing) for stage in FUNNEL} for source in sources}
    for stage in FUNNEL:
        left = _by(documents.filter(documents[stage]), "source", ["characters", "bytes"])
        for source, counts in left.items():
            funnel[source][stage] = counts
    return funnel


def _kept_not_japanese(documents: pa.Table) -> dict[str, int]:
    kept = documents.filter(pc.and_not(documents["kept"], documents["japanese"]))
    return {source: counts["documents"] for source, counts in _by(kept, "source", []).items()}


def _unreleased(documents: pa.Table, reason: str) -> dict[str, int]:
    """Unique documents of each source that were not released, for the reason named by a column."""
    lost = documents.filter(pc.and_(pc.and_not(documents["unique"], documents["released"]), documents[reason]))
    return {source: counts["documents"] for source, counts in _by(lost, "source", []).items()}


def _rules(failures: pa.Table) -> dict[str, dict[str, dict[str, int]]]:
    groups = failures.group_by(["source", "rule"]).aggregate([([], "count_all"), ("alone", "sum"), ("in_order", "sum")])
    rules: dict[str, dict[str, dict[str, int]]] = {}
    for group in groups.to_pylist():
        rules.setdefault(group["source"], {})[group["rule"]] = {
            "fails": group["count_all"],
            "alone": group["alone_sum"],
            "in_order": group["in_order_sum"],
        }
    return rules


def _licences(documents: pa.Table) -> dict[str, dict[str, dict[str, int]]]:
    """Documents by source and licence; those beyond the `TOP_LICENCES` most frequent pairs count as one licence, ""."""
    groups = documents.group_by(["source", "licence"]).aggregate([([], "count_all"), ("released", "sum")])
    groups = groups.sort_by([("count_all", "descending"), ("source", "ascending"), ("licence", "ascending")])
    licences: dict[str, dict[str, dict[str, int]]] = {}
    for place, group in enumerate(groups.to_pylist()):
        name = group["licence"] or "" if place < TOP_LICENCES else ""
        counts = {"documents": group["count_all"], "released": group["released_sum"]}
        add_to(licences, {group["source"]: {name: counts}})
    return licences


def _charsets(documents: pa.Table) -> tuple[dict[str, dict[str, int]], int]:
    # Books, statutes and databases are in one charset, which nothing declares and nobody had to find out.
    of_bytes = documents.filter(
        pc.or_(pc.is_valid(documents["charset_declared"]), pc.is_valid(documents["charset_decided_by"]))
    )
    table = of_bytes.set_column(
        of_bytes.schema.get_field_index("charset_declared"),
        "charset_declared",
        pc.fill_null(of_bytes["charset_declared"], ""),
    )
    groups = table.group_by(["charset", "charset_declared"]).aggregate([([], "count_all")])
    groups = groups.sort_by([("count_all", "descending"), ("charset", "ascending"), ("charset_declared", "ascending")])
    named: dict[str, dict[str, int]] = {}
    for group in groups.slice(0, TOP_CHARSET_PAIRS).to_pylist():
        named.setdefault(group["charset"], {})[group["charset_declared"]] = group["count_all"]
    return named, pc.sum(groups.slice(TOP_CHARSET_PAIRS)["count_all"]).as_py() or 0


def _hosts(documents: pa.Table) -> tuple[dict[str, dict[str, int]], dict[str, int], dict[str, int]]:
    """Counters of the most frequent hosts by name, of the other hosts together, and of documents without a host."""
    groups = documents.group_by(["host"]).aggregate([([], "count_all"), ("kept", "sum"), ("unique", "sum")])
    groups = groups.rename_columns({"count_all": "documents", "kept_sum": "kept", "unique_sum": "unique"})
    nameless = groups.filter(pc.is_null(groups["host"]))
    groups = groups.filter(pc.is_valid(groups["host"]))
    groups = groups.sort_by([("documents", "descending"), ("host", "ascending")])
    counters = ("documents", "kept", "unique")
    named = {
        group["host"]: {name: group[name] for name in counters} for group in groups.slice(0, TOP_HOSTS).to_pylist()
    }
    others = groups.slice(TOP_HOSTS)
    return (
        named,
        {name: pc.sum(others[name]).as_py() or 0 for name in counters},
        {name: pc.sum(nameless[name]).as_py() or 0 for name in counters},
    )


def _kept_japanese(documents: pa.Table) -> tuple[dict[str, int], dict[str, dict[str, int]]]:
    """Web documents by tenths of the Japanese of their pages that they keep, and the hosts that keep little of most."""
    pages = documents.filter(pc.is_valid(documents["charset_decided_by"]))
    tenths = np.minimum(9, (10 * pages["kept_japanese"].to_numpy()).astype(np.int64))
    counts = {str(tenth): int(count) for tenth, count in enumerate(np.bincount(tenths, minlength=10)) if count}
    little = pc.less(pages["kept_japanese"], LITTLE_KEPT).cast(pa.int64())
    hosts = pages.append_column("little", little).filter(pc.is_valid(pages["host"])).group_by("host")
    groups = hosts.aggregate([([], "count_all"), ("little", "sum")]).filter(pc.field("little_sum") > 0)
    groups = groups.sort_by([("little_sum", "descending"), ("host", "ascending")]).slice(0, TOP_HOSTS)
    worst = {
        group["host"]: {"documents": group["count_all"], "little_kept": group["little_sum"]}
        for group in groups.to_pylist()
    }
    return counts, worst


def _lengths(documents: pa.Table) -> dict[str, int]:
    lengths = documents["characters"].to_numpy()
    counts = np.bincount(np.searchsorted(LENGTH_EDGES, lengths, side="right") - 1, minlength=len(LENGTH_EDGES))
    return {str(edge): int(count) for edge, count in zip(LENGTH_EDGES, counts, strict=True) if count}


def _by(table: pa.Table, label: str, summed: list[str]) -> dict[str, dict[str, int]]:
    """Number of rows and sums of columns for each value of a label column."""
    groups = table.group_by([label]).aggregate([([], "count_all"), *((column, "sum") for column in summed)])
    return {
        group[label]: {"documents": group["count_all"], **{column: group[f"{column}_sum"] for column in summed}}
        for group in groups.to_pylist()
    }
