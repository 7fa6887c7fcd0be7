"""Statistics of a run as sums: one dict of counters per shard, and how to add two of them.

Everything the report says about documents comes from here. Each shard is
counted on its own, from columns alone and never from text, and the counters of
two shards add up key by key. So the report of a hundred thousand shards costs
one small task each and one cheap sum, in any order and any grouping.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.addresses import hosts
from manyo.corpus.release import passes_rules, survives_dedup
from manyo.corpus.schema import DOC_ID
from manyo.corpus.tables.shards import ShardError, read_batches, read_columns, zip_batches
from manyo.filters.rights import REASONS as RIGHTS

#: What is left of the documents after each step; every step but `japanese` only takes away. `permitted` is what source
#: and page let be released.
FUNNEL = ("documents", "permitted", "japanese", "kept", "unique", "released")

#: Why dedup removes a document: another page of its address stays, it repeats a document of its source (where sources
#: are compared first), or a document of any.
REMOVED = ("same_address", "within_source", "over_all")

#: Scripts that `languages` measures; the rest (digits, punctuation, symbols, other scripts) is "other".
SCRIPTS = ("hiragana", "katakana", "han", "hangul", "latin")

#: Hosts named per shard: enough to rank the hosts of a crawl, and some 150 kB of JSON.
TOP_HOSTS = 2000

#: (charset, declared charset) pairs named per shard. Pages may declare any string at all.
TOP_CHARSET_PAIRS = 500

#: Leaked benchmark items named per shard.
TOP_LEAKS = 2000

#: Lower edges of the length bins, in characters: empty texts, then five bins a decade up to 10^9.
LENGTH_EDGES = np.array([0, *sorted({round(10 ** (step / 5)) for step in range(46)})], np.int64)

#: Counters are nested dicts with int leaves; the keys of the outer level are those of `_zero`.
Statistics = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShardTables:
    """URIs of one `documents` shard and of the shards of the same name made from it.

    Attributes:
        documents: the shard itself.
        refused: pages of the same input that became no document.
        languages: row-aligned.
        signals: row-aligned; its columns `char_count` and `size_bytes` are read.
        decisions: row-aligned; each row names its reasons in the order of the rules.
        duplicates: row-aligned.
        taken_down: documents that were asked to be taken down; their hosts are not named.
        release: the documents that are kept, or None if nothing was released yet.
        leaks: benchmark items in documents that rules and dedup keep, or None if none is looked for.
        boilerplate: row-aligned; None where lines of hosts are not looked for.
    """

    documents: str
    refused: str
    languages: str
    signals: str
    decisions: str
    duplicates: str
    taken_down: str
    release: str | None
    leaks: str | None = None
    boilerplate: str | None = None


def shard_statistics(shards: ShardTables) -> Statistics:
    """Count everything that the report says about one shard.

    Memory: about 150 bytes a document for the length of the call (no text is read).

    Returns:
        Counters that `merge` adds up. Hosts beyond the `TOP_HOSTS` most frequent of the shard,
        and charset pairs beyond `TOP_CHARSET_PAIRS`, are lumped into the `*_other` counters, so a named
        host's count is a lower bound once it falls below that mark in some shard.

    Raises:
        ShardError: a shard cannot be read, or does not fit the others.
    """
    released_ids, pii = _read_release(shards.release)
    taken_ids = read_columns(shards.taken_down, ["doc_id"]).column("doc_id")
    counted_leaks, contaminated_ids = _read_leaks(shards.leaks, taken_ids)
    documents, failures = _read_documents(shards, released_ids, taken_ids, contaminated_ids)
    counted = _zero()
    counted["shards"] = 1
    counted["release_shards"] = int(shards.release is not None)
    counted["pii"] = pii
    counted["refused"] = _refused(shards.refused)
    counted["funnel"] = _funnel(documents)
    if len(released_ids) != sum(stages["released"]["documents"] for stages in counted["funnel"].values()):
        raise ShardError(f"{shards.release}: it holds documents that {shards.documents} lacks; delete it and run again")
    counted["kept_not_japanese"] = _kept_not_japanese(documents)
    counted["leak_shards"] = int(shards.leaks is not None)
    counted["leaks"] = counted_leaks
    counted["taken_down"] = _unreleased(documents, "taken_down")
    counted["contaminated"] = _unreleased(documents, "contaminated")
    counted["rules"] = _rules(failures)
    counted["languages"] = _by(documents, "lang", ["characters"])
    counted["charsets"], counted["charsets_other"] = _charsets(documents)
    counted["charset_decisions"] = _by(
        documents.filter(pc.is_valid(documents["charset_decided_by"])), "charset_decided_by", ["damaged"]
    )
    counted["hosts"], counted["hosts_other"], counted["hosts_none"] = _hosts(documents)
    unique = documents.filter(documents["unique"])
    counted["lengths"] = {"documents": _lengths(documents), "unique": _lengths(unique)}
    in_play = documents.filter(documents["in_play"])
    counted["dedup"] = _by(in_play, "source", list(REMOVED))
    counted["cluster_sizes"] = _cluster_sizes(in_play)
    counted["scripts"] = _by(unique, "source", [*SCRIPTS, "other"])
    counted["boilerplate"] = _boilerplate(shards) if shards.boilerplate else {}
    return counted


def token_statistics(provenance_uri: str) -> Statistics:
    """Documents and tokens of each source in one token shard, as counters that `merge` adds up.

    Raises:
        ShardError: the provenance shard cannot be read.
    """
    counted = _zero()
    counted["token_shards"] = 1
    for batch in read_batches(provenance_uri, ["source", "token_count"]):
        table = pa.table({"source": _strings(batch, "source"), "tokens": batch.column("token_count")})
        _add(counted["tokens"], _by(table, "source", ["tokens"]))
    return counted


def merge(statistics: Iterable[Statistics]) -> Statistics:
    """Add counters up, key by key; associative and commutative, with `merge([])` as the zero.

    Memory: the result holds each host that is among the first `TOP_HOSTS` of any shard, some
    100 bytes each; everything else is bounded by the numbers of sources, rules, languages and bins.
    """
    return add_up(chain([_zero()], statistics))


def add_up(counters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add nested counters key by key; a key that one of them lacks counts as zero there."""
    total: dict[str, Any] = {}
    for counted in counters:
        _add(total, counted)
    return total


def _zero() -> Statistics:
    return {
        "shards": 0,
        "release_shards": 0,
        "token_shards": 0,
        "funnel": {},  # source → stage of FUNNEL → documents, characters, bytes
        "refused": {},  # source → reason → pages
        "rules": {},  # source → rule → fails, alone, in_order (documents)
        "kept_not_japanese": {},  # source → documents
        "taken_down": {},  # source → documents that would have been released
        "contaminated": {},  # source → documents that are not released because of a benchmark item
        "leak_shards": 0,
        "leaks": {},  # benchmark → item → documents, leaks
        "languages": {},  # language → documents, characters
        "charsets": {},  # charset → declared charset ("" if none) → documents
        "charsets_other": 0,  # documents
        "charset_decisions": {},  # what decided it: bom, http, … → documents, damaged (of them, with undecodable bytes)
        "hosts": {},  # host → documents, kept, unique
        "hosts_other": {"documents": 0, "kept": 0, "unique": 0},
        "hosts_none": {"documents": 0, "kept": 0, "unique": 0},  # their URI names no host
        "lengths": {"documents": {}, "unique": {}},  # lower edge of the bin → documents
        "dedup": {},  # source → documents that take part; those of them that REMOVED names
        "cluster_sizes": {},  # documents in the cluster → kept, removed (documents)
        "scripts": {},  # source → script → characters of unique documents
        "boilerplate": {},  # source → documents, lines, characters; and those that were left out
        "pii": {},  # kind → documents, spans
        "tokens": {},  # source → documents, tokens
    }


def _add(total: dict[str, Any], counted: Mapping[str, Any]) -> None:
    for key, value in counted.items():
        if isinstance(value, dict):
            _add(total.setdefault(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value


def _read_documents(
    shards: ShardTables, released_ids: pa.Array, taken_ids: pa.Array, contaminated_ids: pa.Array
) -> tuple[pa.Table, pa.Table]:
    """Two tables of small columns: one row per document, and one row per failed rule of a document."""
    documents, failures = [_NO_DOCUMENTS], [_NO_FAILURES]
    scripts = [f"{script}_fraction" for script in SCRIPTS]
    for document, language, signal, decision, duplicate in zip_batches(
        (shards.documents, ["source", "uri", "charset", "charset_declared", "meta"]),
        (shards.languages, ["lang", *scripts]),
        (shards.signals, ["char_count", "size_bytes"]),
        (shards.decisions, ["reasons"]),
        (shards.duplicates, ["cluster_size", "similarity", "kept", "within_source"]),
    ):
        source, lang = _strings(document, "source"), _strings(language, "lang")
        reasons = decision.column("reasons")
        n_reasons = pc.list_value_length(reasons)
        characters = signal.column("char_count")
        row = pc.list_parent_indices(reasons)
        reason = pc.list_flatten(reasons).cast(pa.string())
        is_permitted = np.ones(len(source), np.bool_)
        is_permitted[row.filter(pc.is_in(reason, value_set=pa.array(RIGHTS))).to_numpy()] = False
        meta = document.column("meta")
        taken = pc.is_in(document.column("doc_id"), value_set=taken_ids)
        host = pc.if_else(taken, pa.scalar(None, pa.large_string()), hosts(document.column("uri")))
        documents.append(
            pa.table(
                [
                    source,
                    host,
                    _strings(document, "charset"),
                    _strings(document, "charset_declared"),
                    pc.struct_field(pc.extract_regex(meta, _DECIDED_BY), "by").cast(pa.string()),
                    pc.fill_null(pc.match_substring(meta, _DAMAGED), False).cast(pa.int64()),
                    lang,
                    characters,
                    signal.column("size_bytes"),
                    pa.array(np.ones(len(source), np.bool_)),
                    pa.array(is_permitted),
                    pc.and_(pc.equal(lang, "ja"), pa.array(is_permitted)),
                    pa.array(passes_rules(decision)),
                    pa.array(survives_dedup(duplicate)),
                    pc.is_in(document.column("doc_id"), value_set=released_ids),
                    taken,
                    pc.is_in(document.column("doc_id"), value_set=contaminated_ids),
                    duplicate.column("cluster_size"),
                    *_removals(duplicate),
                    *_script_characters([language.column(name) for name in scripts], characters),
                ],
                schema=_NO_DOCUMENTS.schema,
            )
        )
        is_first = np.diff(row.to_numpy(), prepend=-1) != 0
        failures.append(
            pa.table(
                [
                    source.take(row),
                    reason,
                    pc.equal(n_reasons.take(row), 1),
                    pa.array(is_first),
                ],
                schema=_NO_FAILURES.schema,
            )
        )
    return pa.concat_tables(documents), pa.concat_tables(failures)


# What web pages have in `meta`, as `manyo.corpus.sources.warc` writes it.
_DECIDED_BY = r'"charset_decided_by": "(?P<by>[a-z]+)"'
_DAMAGED = '"replacement_fraction": '

_NO_DOCUMENTS = pa.schema(
    [
        ("source", pa.string()),
        ("host", pa.large_string()),
        ("charset", pa.string()),
        ("charset_declared", pa.string()),
        ("charset_decided_by", pa.string()),
        ("damaged", pa.int64()),
        ("lang", pa.string()),
        ("characters", pa.int64()),
        ("bytes", pa.int64()),
        *((stage, pa.bool_()) for stage in FUNNEL),
        ("taken_down", pa.bool_()),
        ("contaminated", pa.bool_()),
        ("cluster_size", pa.int32()),
        ("in_play", pa.bool_()),
        *((how, pa.int64()) for how in REMOVED),
        *((script, pa.int64()) for script in (*SCRIPTS, "other")),
    ]
).empty_table()

_NO_FAILURES = pa.schema(
    [("source", pa.string()), ("rule", pa.string()), ("alone", pa.bool_()), ("in_order", pa.bool_())]
).empty_table()


def _removals(duplicate: pa.RecordBatch) -> list[pa.Array]:
    """Which documents of a batch take part in dedup, and 1 or 0 for each of `REMOVED`."""
    in_play = pc.greater(pc.fill_null(duplicate.column("cluster_size"), 0), 0)
    removed = pc.and_not(in_play, pa.array(survives_dedup(duplicate)))
    compared = pc.and_(removed, pc.is_valid(duplicate.column("similarity")))
    within_source = pc.and_(compared, pc.fill_null(duplicate.column("within_source"), False))
    how = (pc.and_not(removed, compared), within_source, pc.and_not(compared, within_source))
    return [in_play, *(which.cast(pa.int64()) for which in how)]


def _cluster_sizes(in_play: pa.Table) -> Statistics:
    """Documents that stay and go, by the size of the cluster that they are in."""
    judged = in_play.filter(pc.equal(in_play["same_address"], 0))
    sizes: Statistics = {}
    for group in judged.group_by(["cluster_size", "unique"]).aggregate([([], "count_all")]).to_pylist():
        of_size = sizes.setdefault(str(group["cluster_size"]), {"kept": 0, "removed": 0})
        of_size["kept" if group["unique"] else "removed"] += group["count_all"]
    return sizes


def _boilerplate(shards: ShardTables) -> Statistics:
    """Documents with boilerplate, its lines and characters, by source; `removed_*` of those that lose it."""
    tables = []
    for document, boilerplate in zip_batches(
        (shards.documents, ["source"]), (str(shards.boilerplate), ["lines", "chars", "removed"])
    ):
        lines, chars = pc.list_value_length(boilerplate.column("lines")).cast(pa.int64()), boilerplate.column("chars")
        removed = boilerplate.column("removed").cast(pa.int64())
        columns = {
            "source": _strings(document, "source"),
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


def _script_characters(fractions: list[pa.Array], characters: pa.Array) -> list[pa.Array]:
    """Fractions as whole characters, because sums of floats depend on their order; the last is the rest."""
    length = characters.to_numpy()
    counts = [np.rint(fraction.to_numpy().astype(np.float64) * length).astype(np.int64) for fraction in fractions]
    rest = np.maximum(length - sum(counts), 0)
    return [pa.array(count) for count in (*counts, rest)]


def _read_release(uri: str | None) -> tuple[pa.Array, dict[str, dict[str, int]]]:
    """Ids of the released documents, and what was masked in them by kind."""
    ids: list[pa.Array] = []
    pii: dict[str, dict[str, int]] = {}
    for batch in read_batches(uri, ["doc_id", "pii"]) if uri is not None else ():
        ids.append(batch.column("doc_id"))
        masked = pc.list_flatten(batch.column("pii"))  # one entry per document and kind
        table = pa.table({"kind": pc.struct_field(masked, "kind"), "spans": pc.struct_field(masked, "count")})
        _add(pii, _by(table, "kind", ["spans"]))
    released_ids = pa.concat_arrays(ids) if ids else pa.array([], DOC_ID)
    return released_ids, pii


def _read_leaks(uri: str | None, taken_ids: pa.Array) -> tuple[dict[str, dict[str, dict[str, int]]], pa.Array]:
    """Counters of the benchmark items found, and the documents that hold one, without what is taken down.

    The `TOP_LEAKS` items with most leaks are named; the rest of a benchmark is one item without a name.
    """
    leaks: dict[str, dict[str, dict[str, int]]] = {}
    ids = pa.array([], DOC_ID)
    if uri is not None:
        batch = read_columns(uri, ["doc_id", "benchmark", "item"])
        batch = batch.filter(pc.invert(pc.is_in(batch.column("doc_id"), value_set=taken_ids)))
        ids = pc.unique(batch.column("doc_id"))
        labels = [_strings(batch, "benchmark"), batch.column("item"), batch.column("doc_id")]
        table = pa.table(labels, ["benchmark", "item", "doc_id"])
        groups = table.group_by(["benchmark", "item"]).aggregate([([], "count_all"), ("doc_id", "count_distinct")])
        ordered = groups.sort_by([("count_all", "descending"), ("benchmark", "ascending"), ("item", "ascending")])
        for place, group in enumerate(ordered.to_pylist()):
            name = group["item"] if place < TOP_LEAKS else ""
            counts = {"leaks": group["count_all"], "documents": group["doc_id_count_distinct"]}
            _add(leaks, {group["benchmark"]: {name: counts}})
    return leaks, ids


def _refused(uri: str) -> dict[str, dict[str, int]]:
    refused: dict[str, dict[str, int]] = {}
    for batch in read_batches(uri, ["source", "reason"]):
        table = pa.table({"source": _strings(batch, "source"), "reason": _strings(batch, "reason")})
        for group in table.group_by(["source", "reason"]).aggregate([([], "count_all")]).to_pylist():
            _add(refused, {group["source"]: {group["reason"]: group["count_all"]}})
    return refused


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
    """Documents of each source that are unique and were not released, for a reason that a column holds."""
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


def _charsets(documents: pa.Table) -> tuple[dict[str, dict[str, int]], int]:
    table = documents.set_column(
        documents.schema.get_field_index("charset_declared"),
        "charset_declared",
        pc.fill_null(documents["charset_declared"], ""),
    )
    groups = table.group_by(["charset", "charset_declared"]).aggregate([([], "count_all")])
    groups = groups.sort_by([("count_all", "descending"), ("charset", "ascending"), ("charset_declared", "ascending")])
    named: dict[str, dict[str, int]] = {}
    for group in groups.slice(0, TOP_CHARSET_PAIRS).to_pylist():
        named.setdefault(group["charset"], {})[group["charset_declared"]] = group["count_all"]
    return named, pc.sum(groups.slice(TOP_CHARSET_PAIRS)["count_all"]).as_py() or 0


def _hosts(documents: pa.Table) -> tuple[dict[str, dict[str, int]], dict[str, int], dict[str, int]]:
    """Counters of the most frequent hosts by name, of the other hosts, and of documents without a host."""
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


def _lengths(documents: pa.Table) -> dict[str, int]:
    lengths = documents["characters"].to_numpy()
    counts = np.bincount(np.searchsorted(LENGTH_EDGES, lengths, side="right") - 1, minlength=len(LENGTH_EDGES))
    return {str(edge): int(count) for edge, count in zip(LENGTH_EDGES, counts, strict=True) if count}


def _by(table: pa.Table, label: str, summed: list[str]) -> dict[str, dict[str, int]]:
    """Rows, and sums of columns, for each value of a label column."""
    groups = table.group_by([label]).aggregate([([], "count_all"), *((column, "sum") for column in summed)])
    return {
        group[label]: {"documents": group["count_all"], **{column: group[f"{column}_sum"] for column in summed}}
        for group in groups.to_pylist()
    }


def _strings(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A label column as plain strings: each batch has its own dictionary."""
    return batch.column(name).cast(pa.string())
