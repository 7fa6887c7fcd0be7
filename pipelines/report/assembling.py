"""The numbers of report.json, from the counters of all shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from manyo.filters.rights import REASONS as RIGHTS
from manyo.pipelines.report.accounts import (
    check_accounts,
    document_count,
    fraction,
    list_notices,
    page_count,
    source_names,
    stage_counts,
)
from manyo.pipelines.report.counters import FUNNEL, LENGTH_EDGES, REMOVED, SCRIPTS, Statistics, add_up
from manyo.pipelines.report.loss_by_class import disparities, loss_tables
from manyo.pipelines.report.signal_histograms import histograms

#: Number of rows listed in report.json where a run may have millions; the HTML shows fewer.
_HOSTS_LISTED = 1000
_DECLARED_CHARSETS_LISTED = 15
_LEAKS_LISTED = 1000


#: Facts that stand next to the numbers that they belong to.
_ELSEWHERE = ("refusals", "refusals_ja", "drops", "bounds", "sources")


@dataclass(frozen=True, slots=True)
class StageTiming:
    """Time and memory of one stage.

    Attributes:
        stage: name of the stage.
        shards: number of its tasks.
        seconds: elapsed time, summed over tasks.
        wall_seconds: time from the start of the first task to the end of the last.
        bytes_read: size of the inputs.
        bytes_written: size of the outputs.
        peak_memory_bytes: largest resident size of a task.
        records: number of rows read.
        cpu_seconds: processor time, summed over tasks.
        median_seconds: median elapsed time of a task.
        slowest_seconds, slowest_shard: elapsed time and shard of the slowest task.
        tail_seconds: time from the end of nine tenths of the tasks to the end of the last task.
    """

    stage: str
    shards: int
    seconds: float
    wall_seconds: float
    bytes_read: int
    bytes_written: int
    peak_memory_bytes: int
    records: int
    cpu_seconds: float
    median_seconds: float
    slowest_seconds: float
    slowest_shard: str
    tail_seconds: float


class RunFacts(TypedDict):
    """Facts about the run, and the count that its tables are checked with.

    Keys:
        config: name of the configuration.
        out: URI of the output folder.
        started: date and time of the start, as text.
        versions: versions of manyo and of the libraries that determine its output.
        outputs: name of each table and URI of its folder.
        rules: names of the rules, in the order in which `decisions` lists them.
        bounds: of each rule, `manyo.pipelines.report.signal_histograms.rule_rows`.
        sources: of each source, its kind, profile, licence, terms and uses, as the configuration states them.
        configuration: its text, without credentials.
        commit: of the checkout that ran; "" for an installed package.
        pages: pages in the input, as extract counted them.
        earlier_runs: `already_released`, documents that repeat one of the index of an earlier run, and
            `released_again`, those that stay in place of one; None if the run has no such index.
        refusals, drops: what each reason for a refused page, and for a dropped document, means.
        refusals_ja: the same of refused pages in Japanese.
    """

    config: str
    out: str
    started: str
    versions: dict[str, str]
    outputs: dict[str, str]
    rules: list[str]
    bounds: dict[str, dict[str, Any]]
    sources: dict[str, dict[str, Any]]
    configuration: str
    commit: str
    pages: int
    earlier_runs: dict[str, int] | None
    refusals: dict[str, str]
    refusals_ja: dict[str, str]
    drops: dict[str, str]


class Samples(TypedDict):
    """Texts and addresses for a person to look at, with personal information masked.

    Keys:
        clusters: rows of `manyo.dedup.verdict.large.LARGE_CLUSTERS`, cluster by cluster, the survivor first.
        boilerplate: rows of `manyo.dedup.boilerplate.BOILERPLATE_LINES`, the most frequent first; None if the run does
            not look for boilerplate.
    """

    clusters: list[dict[str, Any]]
    boilerplate: list[dict[str, Any]] | None


def assemble(merged: Statistics, timings: Sequence[StageTiming], run: RunFacts, samples: Samples) -> dict[str, Any]:
    """The numbers of the report.

    Args:
        merged: counters of all shards and token shards.
        timings: times of the stages, in the order of the run.
        run: facts about the run.
        samples: texts that the report shows.

    Returns:
        The content of report.json. A fraction with denominator zero is None. Stages that did not run (release, tokens)
        are missing from the funnel or are None; a stage that ran and kept nothing is zero.

    Raises:
        AccountingError: documents were lost or added between two stages.
    """
    check_accounts(merged, run["pages"])
    stages = FUNNEL if merged["release_shards"] else FUNNEL[:-1]
    sources = source_names(merged)
    tokens = merged["tokens"] if merged["token_shards"] else None
    total_stages = add_up(merged["funnel"].values())
    total_tokens = add_up(tokens.values()) if tokens is not None else None
    documents = document_count(total_stages, "documents")
    return {
        "run": {name: value for name, value in run.items() if name not in _ELSEWHERE},
        "notices": list_notices(merged),
        "sources": sources,
        "totals": {
            "pages": run["pages"],
            "documents": documents,
            "final_stage": stages[-1],
            "final": stage_counts(total_stages, stages[-1]),
            "tokens": _get(total_tokens, "tokens"),
        },
        "funnel": _funnel(stages, total_stages, run["pages"], total_tokens),
        "funnel_by_source": [
            {
                "source": source,
                "stages": _funnel(
                    stages,
                    merged["funnel"].get(source, {}),
                    page_count(merged, source),
                    tokens.get(source, {}) if tokens is not None else None,
                ),
            }
            for source in sources
        ],
        "fates": [_fate(merged, source, stages[-1]) for source in sources],
        "refused": _refused(merged, run),
        "printed": _printed(merged, sources),
        "withheld": _withheld(merged, documents, run["drops"]),
        "mentions": [{"kind": kind, **counts} for kind, counts in _ranked(merged["mentions"], "documents")],
        "leaks": _leaks(merged) if merged["leak_shards"] else None,
        "rules": _rules(merged, run, documents, sources),
        "losses": loss_tables(merged["losses"]),
        "disparities": disparities(merged["losses"]),
        "preset_disparities": disparities(merged["losses"], of_presets=True),
        "licences": _licences(merged, sources, run["sources"]),
        "charsets": _charsets(merged),
        "languages": [
            {"language": language, **counts, "share": fraction(counts["documents"], documents)}
            for language, counts in _ranked(merged["languages"], "documents")
        ],
        "hosts": _hosts(merged, documents),
        "kept_japanese": _kept_japanese(merged),
        "lengths": _lengths(merged),
        "clusters": _clusters(merged, sources, samples["clusters"]),
        "boilerplate": _boilerplate(merged, sources, samples["boilerplate"]),
        "pii": _pii(merged, document_count(total_stages, "released")) if merged["release_shards"] else None,
        "scripts": _scripts(merged, sources),
        "tokens": _tokens(merged, sources) if tokens is not None else None,
        "stages": [_stage(timing) for timing in timings],
    }


def _funnel(
    stages: Sequence[str], counts: Mapping[str, Any], pages: int, tokens: Mapping[str, int] | None
) -> list[dict[str, Any]]:
    """One row per stage, pages first, with its share of the row before and of the pages."""
    rows: list[dict[str, Any]] = [
        {"stage": "pages", "documents": pages, "characters": None, "bytes": None, "tokens": None}
    ]
    rows += [{"stage": stage, **stage_counts(counts, stage), "tokens": None} for stage in stages]
    rows[-1]["tokens"] = tokens.get("tokens", 0) if tokens is not None else None
    for row, before in zip(rows, [rows[0], *rows], strict=False):
        row["of_previous"] = fraction(row["documents"], before["documents"])
        row["of_pages"] = fraction(row["documents"], pages)
    return rows


def _fate(merged: Statistics, source: str, last: str) -> dict[str, Any]:
    """Where the pages of a source ended, as parts of their number."""
    stages = merged["funnel"].get(source, {})
    documents, permitted, kept, unique = (
        document_count(stages, stage) for stage in ("documents", "permitted", "kept", "unique")
    )
    not_japanese = permitted - document_count(stages, "japanese") - merged["kept_not_japanese"].get(source, 0)
    final = document_count(stages, last)
    parts = {
        "refused": sum(merged["refused"].get(source, {}).values()),
        "not_permitted": documents - permitted,
        "not_japanese": not_japanese,
        "failed_a_rule": permitted - kept - not_japanese,
        "duplicate": kept - unique,
        "not_released": unique - final,
        "final": final,
    }
    pages = page_count(merged, source)
    return {"source": source, "pages": pages, "parts": parts, "retention": fraction(final, pages)}


def _refused(merged: Statistics, run: RunFacts) -> list[dict[str, Any]]:
    by_reason: dict[str, dict[str, int]] = {}
    for source, reasons in merged["refused"].items():
        for reason, count in reasons.items():
            by_reason.setdefault(reason, {})[source] = count
    totals = sorted(((sum(sources.values()), reason) for reason, sources in by_reason.items()), key=_most_first)
    return [
        {
            "reason": reason,
            "meaning": run["refusals"].get(reason, ""),
            "meaning_ja": run["refusals_ja"].get(reason, ""),
            "pages": count,
            "share": fraction(count, run["pages"]),
            "sources": by_reason[reason],
        }
        for count, reason in totals
    ]


def _printed(merged: Statistics, sources: Sequence[str]) -> list[dict[str, Any]]:
    """Pages of the sources that have pages: with text, to be recognised and why, and files refused and why."""
    return [
        {
            "source": source,
            **({"documents": 0, "pages": 0, "pages_with_text": 0} | merged["printed"].get(source, {})),
            "ocr_queue": dict(sorted(merged["ocr_queue"].get(source, {}).items())),
            "refused": dict(sorted(merged["refused"].get(source, {}).items())),
        }
        for source in sources
        if source in merged["printed"] or source in merged["ocr_queue"]
    ]


def _withheld(merged: Statistics, documents: int, meanings: Mapping[str, str]) -> list[dict[str, Any]]:
    """One row per reason other than quality, including reasons that withheld nothing."""
    rules = merged["rules"].items()
    rows = {reason: {source: of[reason]["fails"] for source, of in rules if reason in of} for reason in RIGHTS}
    rows |= {reason: merged[reason] for reason in ("contaminated", "taken_down")}
    return [
        {
            "reason": reason,
            "meaning": meanings.get(reason, ""),
            "documents": sum(sources.values()),
            "share": fraction(sum(sources.values()), documents),
            "sources": sources,
        }
        for reason, sources in rows.items()
    ]


def _leaks(merged: Statistics) -> dict[str, Any]:
    """Benchmark items in documents that the rules and dedup keep; `rows` has the items with most leaks."""
    items = [
        {"benchmark": benchmark, "item": item, **counts}
        for benchmark, of_items in merged["leaks"].items()
        for item, counts in of_items.items()
    ]
    items.sort(key=lambda row: (-row["leaks"], row["benchmark"], row["item"]))
    return {
        "benchmarks": [
            {"benchmark": benchmark, "items": len(of_items), "leaks": sum(one["leaks"] for one in of_items.values())}
            for benchmark, of_items in sorted(merged["leaks"].items())
        ],
        "items": len(items),
        "rows": items[:_LEAKS_LISTED],
    }


def _rules(merged: Statistics, run: RunFacts, documents: int, sources: Sequence[str]) -> list[dict[str, Any]]:
    """One row per rule in the order of the configuration, including rules that removed nothing.

    Rights are among them, which have no bounds and no histogram.
    """
    order, bounds = run["rules"], run["bounds"]
    total: Mapping[str, Mapping[str, int]] = add_up(merged["rules"].values())
    rows = []
    left = documents
    for rule in [*order, *sorted(set(total) - set(order))]:
        counts = total.get(rule, {"fails": 0, "alone": 0, "in_order": 0})
        left -= counts["in_order"]
        rows.append(
            {
                "rule": rule,
                "meaning": run["drops"].get(rule, ""),
                "bound": bounds.get(rule),
                "histograms": histograms(merged["histograms"], rule, sources, len(bounds[rule]["edges"]) + 1)
                if rule in bounds
                else {},
                **counts,
                "fails_share": fraction(counts["fails"], documents),
                "left": left,
                "sources": {source: rules[rule] for source, rules in merged["rules"].items() if rule in rules},
            }
        )
    return rows


def _licences(
    merged: Statistics, sources: Sequence[str], stated: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """What each source is and grants, and its documents by the licence of the page, or else of the source."""
    return [
        {
            "source": source,
            **({"kind": "", "profile": "", "licence": "", "terms": "", "uses": []} | dict(stated.get(source, {}))),
            "documents": [
                {"licence": licence, **counts}
                for licence, counts in _ranked(merged["licences"].get(source, {}), "documents")
            ],
        }
        for source in sources
    ]


def _charsets(merged: Statistics) -> dict[str, Any]:
    """Documents by declared charset (rows) and by the charset they were decoded with (columns)."""
    by_charset = {charset: sum(counts.values()) for charset, counts in merged["charsets"].items()}
    declared: dict[str, dict[str, int]] = {}
    for charset, by_declared in merged["charsets"].items():
        for name, count in by_declared.items():
            declared.setdefault(name, {})[charset] = count
    ranked = sorted(declared.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    rows = [
        {"declared": name, "documents": sum(counts.values()), "charsets": counts}
        for name, counts in ranked[:_DECLARED_CHARSETS_LISTED]
    ]
    lumped = add_up(counts for _, counts in ranked[_DECLARED_CHARSETS_LISTED:])
    return {
        "charsets": [charset for _, charset in sorted(((n, name) for name, n in by_charset.items()), key=_most_first)],
        "rows": rows,
        "other": {"documents": sum(lumped.values()), "charsets": lumped},
        "not_counted": merged["charsets_other"],
        "decided_by": [
            {"by": by, **counts}
            for by, counts in sorted(
                merged["charset_decisions"].items(), key=lambda item: (-item[1]["documents"], item[0])
            )
        ],
    }


def _hosts(merged: Statistics, documents: int) -> dict[str, Any]:
    ranked = _ranked(merged["hosts"], "documents")
    beyond = add_up([merged["hosts_other"], *(counts for _, counts in ranked[_HOSTS_LISTED:])])
    return {
        "named": len(ranked),
        "rows": [
            {"host": host, **counts, "share": fraction(counts["documents"], documents)}
            for host, counts in ranked[:_HOSTS_LISTED]
        ],
        "other": beyond,
        "none": merged["hosts_none"],
    }


def _kept_japanese(merged: Statistics) -> dict[str, Any]:
    """Web documents by tenths of their pages' Japanese that they keep, and the hosts with most that keep little."""
    counts = merged["kept_japanese"]
    documents = sum(counts.values())
    return {
        "rows": [
            {"from": tenth / 10, "to": (tenth + 1) / 10, "documents": count, "share": fraction(count, documents)}
            for tenth, count in ((tenth, counts.get(str(tenth), 0)) for tenth in range(10))
        ]
        if documents
        else [],
        "hosts": [
            {"host": host, **counted} for host, counted in _ranked(merged["little_kept"], "little_kept")[:_HOSTS_LISTED]
        ],
    }


def _lengths(merged: Statistics) -> list[dict[str, int]]:
    """Bins from the first to the last that is not empty; `from` is inclusive, `to` is exclusive."""
    before, after = merged["lengths"]["documents"], merged["lengths"]["unique"]
    edges = [int(edge) for edge in LENGTH_EDGES]
    used = [index for index, edge in enumerate(edges) if str(edge) in before]
    return [
        {
            "from": edges[index],
            "to": edges[index + 1] if index + 1 < len(edges) else edges[index] * 10,
            "documents": before.get(str(edges[index]), 0),
            "unique": after.get(str(edges[index]), 0),
        }
        for index in (range(used[0], used[-1] + 1) if used else ())
    ]


def _clusters(merged: Statistics, sources: Sequence[str], sampled: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Kept and removed documents by source and by cluster size (1, 2, 3–4, 5–8, …), and samples of large clusters."""
    by_source = [
        {"source": source, **counts, "removed": removed, "share": fraction(removed, counts["documents"])}
        for source in sources
        if (counts := merged["dedup"].get(source))
        for removed in [sum(counts[how] for how in REMOVED)]
    ]
    bins: dict[int, dict[str, int]] = {}
    for size, of_size in merged["cluster_sizes"].items():
        counts = bins.setdefault((int(size) - 1).bit_length(), {"kept": 0, "removed": 0})
        for name in counts:
            counts[name] += of_size[name]
    rows = [{"from": 2 ** (power - 1) + 1 if power else 1, "to": 2**power, **bins[power]} for power in sorted(bins)]
    samples: dict[str, dict[str, Any]] = {}
    for row in sampled:
        cluster = samples.setdefault(row["cluster"], {"size": row["cluster_size"], "documents": []})
        cluster["documents"].append({name: row[name] for name in ("source", "uri", "similarity", "kept")})
    return {
        "by_source": by_source,
        "rows": rows,
        "largest": max(map(int, merged["cluster_sizes"]), default=0),
        "samples": list(samples.values()),
    }


def _boilerplate(
    merged: Statistics, sources: Sequence[str], lines: Sequence[Mapping[str, Any]] | None
) -> dict[str, Any] | None:
    """Boilerplate in unique documents by source, and its most frequent lines."""
    if lines is None:
        return None
    counted = merged["boilerplate"]
    rows = []
    for source in sources:
        characters = stage_counts(merged["funnel"].get(source, {}), "unique")["characters"]
        if source in counted:
            share = fraction(counted[source]["characters"], characters)
            rows.append({"source": source, **counted[source], "share": share})
    shown = [{name: value for name, value in line.items() if name != "doc_id"} for line in lines]
    return {"rows": rows, "lines": shown}


def _pii(merged: Statistics, released: int) -> list[dict[str, Any]]:
    return [
        {"kind": kind, **counts, "share": fraction(counts["documents"], released)}
        for kind, counts in _ranked(merged["pii"], "spans")
    ]


def _scripts(merged: Statistics, sources: Sequence[str]) -> list[dict[str, Any]]:
    """Scripts of the characters of unique documents by source, as fractions."""
    rows = []
    for source in sources:
        counts = merged["scripts"].get(source, {})
        total = sum(counts.get(script, 0) for script in (*SCRIPTS, "other"))
        if total:
            rows.append(
                {
                    "source": source,
                    "characters": total,
                    "fractions": {script: counts[script] / total for script in (*SCRIPTS, "other")},
                }
            )
    return rows


def _tokens(merged: Statistics, sources: Sequence[str]) -> dict[str, Any]:
    """Documents and tokens by source; characters are counted in the released documents before masking."""
    total = add_up(merged["tokens"].values())
    rows = []
    for source in sources:
        counts = merged["tokens"].get(source, {"documents": 0, "tokens": 0})
        characters = stage_counts(merged["funnel"].get(source, {}), "released")["characters"]
        rows.append(_token_row(source, counts, characters, total.get("tokens", 0)))
    characters = sum(row["characters"] for row in rows)
    return {"rows": rows, "total": _token_row("", total, characters, total.get("tokens", 0))}


def _token_row(source: str, counts: Mapping[str, int], characters: int, all_tokens: int) -> dict[str, Any]:
    return {
        "source": source,
        "documents": counts.get("documents", 0),
        "tokens": counts.get("tokens", 0),
        "characters": characters,
        "tokens_per_character": fraction(counts.get("tokens", 0), characters),
        "share": fraction(counts.get("tokens", 0), all_tokens),
    }


def _stage(timing: StageTiming) -> dict[str, Any]:
    return {
        **asdict(timing),
        "bytes_per_second": fraction(timing.bytes_read, timing.seconds),
        "records_per_second": fraction(timing.records, timing.seconds),
        "tail_share": fraction(timing.tail_seconds, timing.wall_seconds),
    }


def _get(counts: Mapping[str, int] | None, name: str) -> int | None:
    return counts.get(name, 0) if counts is not None else None


def _ranked(counters: Mapping[str, dict[str, int]], by: str) -> list[tuple[str, dict[str, int]]]:
    return sorted(counters.items(), key=lambda item: (-item[1][by], item[0]))


def _most_first(counted: tuple[int, str]) -> tuple[int, str]:
    count, name = counted
    return -count, name
