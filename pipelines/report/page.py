"""The corpus report: what a run kept, what it refused, why, and what it cost.

`assemble` turns the sums of `manyo.pipelines.report.statistics` into the numbers of report.json, and
refuses to if they do not add up. `render` sets them as one HTML file that opens anywhere:
no scripts, no requests, light and dark, on paper too. Source names, hosts, reasons and
charsets come from the web, so the template escapes every string and links none of them.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, TypedDict

import jinja2

from manyo.filters.rights import REASONS as RIGHTS
from manyo.pipelines.report.statistics import FUNNEL, LENGTH_EDGES, REMOVED, SCRIPTS, Statistics, add_up

#: Rows of report.json where a run may have millions; the HTML shows fewer still.
_HOSTS_LISTED = 1000
_DECLARED_CHARSETS_LISTED = 15
_LEAKS_LISTED = 1000

#: A cluster this large is named in the notices: transitive clusters have swallowed whole corpora,
#: and no page is copied to one in a hundred documents of a sound crawl.
_LARGE_CLUSTER_FRACTION = 0.01

#: An address or a line is cut off after so many characters.
_ADDRESS_CHARS = 160
_LARGE_CLUSTER_DOCUMENTS = 1000


class AccountingError(Exception):
    """Counts that must be equal are not; the message names both."""


@dataclass(frozen=True, slots=True)
class StageTiming:
    """What one stage cost.

    Attributes:
        stage: its name.
        shards: tasks that it ran.
        seconds: sum over tasks.
        wall_seconds: from its first task's start to its last task's end.
        bytes_read: size of its inputs.
        bytes_written: size of its outputs.
        peak_memory_bytes: largest resident size of a task.
        records: rows that it read.
        cpu_seconds: processor time, sum over tasks.
        median_seconds: of its tasks.
        slowest_seconds, slowest_shard: of the task that took longest.
        tail_seconds: how long the stage went on after nine tenths of its tasks had ended.
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
    """What the report says about the run itself, and the counts that its tables are held against.

    Keys:
        config: name of the configuration.
        out: URI that the run writes below.
        started: date and time, to be printed.
        versions: of manyo and the libraries that decide its output.
        outputs: table name → URI of its folder.
        rules: names of the rules, in the order in which `decisions` lists them.
        pages: pages in the input, as extract counted them.
    """

    config: str
    out: str
    started: str
    versions: dict[str, str]
    outputs: dict[str, str]
    rules: list[str]
    pages: int


class Samples(TypedDict):
    """Texts and addresses for a person to look at, with personal information masked.

    Keys:
        clusters: rows of `manyo.dedup.verdict.large.LARGE_CLUSTERS`, a cluster's one after another, its survivor first.
        boilerplate: rows of `manyo.dedup.boilerplate.BOILERPLATE_LINES`, the most frequent first; None where lines of
        hosts
            were not looked for.
    """

    clusters: list[dict[str, Any]]
    boilerplate: list[dict[str, Any]] | None


def assemble(merged: Statistics, timings: Sequence[StageTiming], run: RunFacts, samples: Samples) -> dict[str, Any]:
    """Numbers of the report, as report.json holds them.

    A fraction whose denominator is zero is None. Stages that did not run (release, tokens)
    are left out of the funnel, or None; a stage that ran and kept nothing is zero.

    Args:
        merged: counters of all shards and token shards.
        timings: in the order of the stages.
        run: facts about the run.
        samples: what the report shows of texts.

    Raises:
        AccountingError: documents were lost or made up between two stages.
    """
    _check_accounts(merged, run)
    stages = FUNNEL if merged["release_shards"] else FUNNEL[:-1]
    sources = _sources(merged)
    tokens = merged["tokens"] if merged["token_shards"] else None
    total_stages = add_up(merged["funnel"].values())
    total_tokens = add_up(tokens.values()) if tokens is not None else None
    documents = _count(total_stages, "documents")
    return {
        "run": dict(run),
        "notices": _notices(merged),
        "sources": sources,
        "totals": {
            "pages": run["pages"],
            "documents": documents,
            "final_stage": stages[-1],
            "final": _counts(total_stages, stages[-1]),
            "tokens": _get(total_tokens, "tokens"),
        },
        "funnel": _funnel(stages, total_stages, run["pages"], total_tokens),
        "funnel_by_source": [
            {
                "source": source,
                "stages": _funnel(
                    stages,
                    merged["funnel"].get(source, {}),
                    _pages(merged, source),
                    tokens.get(source, {}) if tokens is not None else None,
                ),
            }
            for source in sources
        ],
        "fates": [_fate(merged, source, stages[-1]) for source in sources],
        "refused": _refused(merged, run["pages"]),
        "withheld": _withheld(merged, documents),
        "leaks": _leaks(merged) if merged["leak_shards"] else None,
        "rules": _rules(merged, run["rules"], documents),
        "charsets": _charsets(merged),
        "languages": [
            {"language": language, **counts, "share": _fraction(counts["documents"], documents)}
            for language, counts in _ranked(merged["languages"], "documents")
        ],
        "hosts": _hosts(merged, documents),
        "lengths": _lengths(merged),
        "clusters": _clusters(merged, sources, samples["clusters"]),
        "boilerplate": _boilerplate(merged, sources, samples["boilerplate"]),
        "pii": _pii(merged, _count(total_stages, "released")) if merged["release_shards"] else None,
        "scripts": _scripts(merged, sources),
        "tokens": _tokens(merged, sources) if tokens is not None else None,
        "stages": [_stage(timing) for timing in timings],
    }


def render(report: Mapping[str, Any]) -> str:
    """The report as one HTML document, without scripts, links or references to other files.

    Args:
        report: what `assemble` returned, or what json.load read back from report.json.
    """
    return page_templates().get_template("report.html.j2").render(report=report)


def page_templates() -> jinja2.Environment:
    """The templates of the pages that manyo writes: every string is escaped, a missing one is an error."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("manyo.pipelines.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": _number,
        "compact": _compact,
        "percent": _percent,
        "size": _size,
        "duration": _duration,
        "sha256": _sha256,
        "address": _address,
    }
    environment.globals |= {"ticks": _ticks}
    return environment


# What the counters must satisfy


def _check_accounts(merged: Statistics, run: RunFacts) -> None:
    """Hold the tables against each other and against what extract counted."""
    refused = sum(sum(reasons.values()) for reasons in merged["refused"].values())
    stages = add_up(merged["funnel"].values())
    documents, kept = _count(stages, "documents"), _count(stages, "kept")
    if run["pages"] != documents + refused:
        raise AccountingError(
            f"extract read {run['pages']} pages, but its tables hold {documents} documents and "
            f"{refused} refused pages; delete its shards and run again"
        )
    if merged["release_shards"] not in (0, merged["shards"]):
        raise AccountingError(
            f"{merged['release_shards']} of {merged['shards']} shards were released; run release to its end first"
        )
    removed_in_order = sum(rule["in_order"] for rules in merged["rules"].values() for rule in rules.values())
    if removed_in_order != documents - kept:
        raise AccountingError(f"{documents - kept} documents fail a rule, but rules removed {removed_in_order}")
    in_dedup = sum(counts["documents"] for counts in merged["dedup"].values())
    if in_dedup != kept:
        raise AccountingError(
            f"the rules kept {kept} documents, but {in_dedup} took part in dedup; "
            "delete the shards of duplicates and run again"
        )
    for source in _sources(merged):
        counts = merged["funnel"].get(source, {})
        steps = [(stage, _count(counts, stage)) for stage in FUNNEL if stage != "japanese"]
        steps.append(("tokenized", merged["tokens"].get(source, {}).get("documents", 0)))
        for (before, n_before), (after, n_after) in pairwise(steps):
            if n_after > n_before:
                raise AccountingError(
                    f"source {source}: {n_after} {after} documents came from {n_before} {before} ones"
                )


def _notices(merged: Statistics) -> list[str]:
    """What a reader should look at first, in sentences."""
    notices = []
    refused = add_up(merged["refused"].values())
    if quarantined := refused.get("quarantined", 0):
        notices.append(f"Quarantined pages, whose parser crashed or ran out of time: {quarantined:,}.")
    last = "released" if merged["release_shards"] else "unique"
    for source in _sources(merged):
        stages = merged["funnel"].get(source, {})
        if not _count(stages, "documents"):
            notices.append(f"Source {source} gave no document.")
        elif not _count(stages, last):
            step = next(stage for stage in FUNNEL if stage != "japanese" and not _count(stages, stage))
            notices.append(f"Source {source} lost all of its documents ({_count(stages, 'documents'):,}): none {step}.")
        if not_japanese := merged["kept_not_japanese"].get(source, 0):
            notices.append(f"Source {source}: the rules kept {not_japanese:,} documents that are not Japanese.")
        tokenized = merged["tokens"].get(source, {}).get("documents", 0)
        if merged["token_shards"] and tokenized < _count(stages, "released"):
            lost = _count(stages, "released") - tokenized
            notices.append(f"Source {source}: {lost:,} released documents are in no token shard.")
    kept = _count(add_up(merged["funnel"].values()), "kept")
    largest = max(map(int, merged["cluster_sizes"]), default=0)
    if largest >= max(_LARGE_CLUSTER_DOCUMENTS, _LARGE_CLUSTER_FRACTION * kept):
        notices.append(f"The largest cluster joins {largest:,} of {kept:,} documents: look at its survivor.")
    return notices


# Sections of report.json


def _funnel(
    stages: Sequence[str], counts: Mapping[str, Any], pages: int, tokens: Mapping[str, int] | None
) -> list[dict[str, Any]]:
    """One row per stage, pages first; retention against the row before and against pages."""
    rows: list[dict[str, Any]] = [
        {"stage": "pages", "documents": pages, "characters": None, "bytes": None, "tokens": None}
    ]
    rows += [{"stage": stage, **_counts(counts, stage), "tokens": None} for stage in stages]
    rows[-1]["tokens"] = tokens.get("tokens", 0) if tokens is not None else None
    for row, before in zip(rows, [rows[0], *rows], strict=False):
        row["of_previous"] = _fraction(row["documents"], before["documents"])
        row["of_pages"] = _fraction(row["documents"], pages)
    return rows


def _fate(merged: Statistics, source: str, last: str) -> dict[str, Any]:
    """Where a source's pages ended, as parts of their number."""
    stages = merged["funnel"].get(source, {})
    documents, permitted, kept, unique = (
        _count(stages, stage) for stage in ("documents", "permitted", "kept", "unique")
    )
    not_japanese = permitted - _count(stages, "japanese") - merged["kept_not_japanese"].get(source, 0)
    final = _count(stages, last)
    parts = {
        "refused": sum(merged["refused"].get(source, {}).values()),
        "not_permitted": documents - permitted,
        "not_japanese": not_japanese,
        "failed_a_rule": permitted - kept - not_japanese,
        "duplicate": kept - unique,
        "not_released": unique - final,
        "final": final,
    }
    pages = _pages(merged, source)
    return {"source": source, "pages": pages, "parts": parts, "retention": _fraction(final, pages)}


def _refused(merged: Statistics, pages: int) -> list[dict[str, Any]]:
    by_reason: dict[str, dict[str, int]] = {}
    for source, reasons in merged["refused"].items():
        for reason, count in reasons.items():
            by_reason.setdefault(reason, {})[source] = count
    totals = sorted(((sum(sources.values()), reason) for reason, sources in by_reason.items()), key=_most_first)
    return [
        {"reason": reason, "pages": count, "share": _fraction(count, pages), "sources": by_reason[reason]}
        for count, reason in totals
    ]


def _withheld(merged: Statistics, documents: int) -> list[dict[str, Any]]:
    """One row per reason that has nothing to do with quality, also where it withheld nothing."""
    rules = merged["rules"].items()
    rows = {reason: {source: of[reason]["fails"] for source, of in rules if reason in of} for reason in RIGHTS}
    rows |= {reason: merged[reason] for reason in ("contaminated", "taken_down")}
    return [
        {
            "reason": reason,
            "documents": sum(sources.values()),
            "share": _fraction(sum(sources.values()), documents),
            "sources": sources,
        }
        for reason, sources in rows.items()
    ]


def _leaks(merged: Statistics) -> dict[str, Any]:
    """Benchmark items in documents that rules and dedup keep; `rows` hold those with most leaks."""
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


def _rules(merged: Statistics, order: Sequence[str], documents: int) -> list[dict[str, Any]]:
    """One row per rule in the order of the configuration, also where it removed nothing."""
    total: Mapping[str, Mapping[str, int]] = add_up(merged["rules"].values())
    rows = []
    left = documents
    for rule in [*order, *sorted(set(total) - set(order))]:
        counts = total.get(rule, {"fails": 0, "alone": 0, "in_order": 0})
        left -= counts["in_order"]
        rows.append(
            {
                "rule": rule,
                **counts,
                "fails_share": _fraction(counts["fails"], documents),
                "left": left,
                "sources": {source: rules[rule] for source, rules in merged["rules"].items() if rule in rules},
            }
        )
    return rows


def _charsets(merged: Statistics) -> dict[str, Any]:
    """Documents by declared charset (rows) and by the one they were decoded with (columns)."""
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
            {"host": host, **counts, "share": _fraction(counts["documents"], documents)}
            for host, counts in ranked[:_HOSTS_LISTED]
        ],
        "other": beyond,
        "none": merged["hosts_none"],
    }


def _lengths(merged: Statistics) -> list[dict[str, int]]:
    """Bins from the first to the last that is not empty; `to` is exclusive."""
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
    """What stays and goes by source, and by size of the cluster: 1, 2, 3–4, 5–8, …; and the largest to look at."""
    by_source = [
        {"source": source, **counts, "removed": removed, "share": _fraction(removed, counts["documents"])}
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
    """What of the unique documents is boilerplate of their hosts, by source, and the most frequent lines."""
    if lines is None:
        return None
    counted = merged["boilerplate"]
    rows = []
    for source in sources:
        characters = _counts(merged["funnel"].get(source, {}), "unique")["characters"]
        if source in counted:
            share = _fraction(counted[source]["characters"], characters)
            rows.append({"source": source, **counted[source], "share": share})
    shown = [{name: value for name, value in line.items() if name != "doc_id"} for line in lines]
    return {"rows": rows, "lines": shown}


def _pii(merged: Statistics, released: int) -> list[dict[str, Any]]:
    return [
        {"kind": kind, **counts, "share": _fraction(counts["documents"], released)}
        for kind, counts in _ranked(merged["pii"], "spans")
    ]


def _scripts(merged: Statistics, sources: Sequence[str]) -> list[dict[str, Any]]:
    """Fractions of the characters of unique documents, as `languages` measured them."""
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
    """Documents and tokens by source; characters are those of the released documents before masking."""
    total = add_up(merged["tokens"].values())
    rows = []
    for source in sources:
        counts = merged["tokens"].get(source, {"documents": 0, "tokens": 0})
        characters = _counts(merged["funnel"].get(source, {}), "released")["characters"]
        rows.append(_token_row(source, counts, characters, total.get("tokens", 0)))
    characters = sum(row["characters"] for row in rows)
    return {"rows": rows, "total": _token_row("", total, characters, total.get("tokens", 0))}


def _token_row(source: str, counts: Mapping[str, int], characters: int, all_tokens: int) -> dict[str, Any]:
    return {
        "source": source,
        "documents": counts.get("documents", 0),
        "tokens": counts.get("tokens", 0),
        "characters": characters,
        "tokens_per_character": _fraction(counts.get("tokens", 0), characters),
        "share": _fraction(counts.get("tokens", 0), all_tokens),
    }


def _stage(timing: StageTiming) -> dict[str, Any]:
    return {
        **asdict(timing),
        "bytes_per_second": _fraction(timing.bytes_read, timing.seconds),
        "records_per_second": _fraction(timing.records, timing.seconds),
        "tail_share": _fraction(timing.tail_seconds, timing.wall_seconds),
    }


# Small sums over counters


def _sources(merged: Statistics) -> list[str]:
    """All sources, the one with the most pages first."""
    names = {*merged["funnel"], *merged["refused"], *merged["tokens"]}
    return sorted(names, key=lambda source: (-_pages(merged, source), source))


def _pages(merged: Statistics, source: str) -> int:
    refused: Mapping[str, int] = merged["refused"].get(source, {})
    return _count(merged["funnel"].get(source, {}), "documents") + sum(refused.values())


def _counts(stages: Mapping[str, Any], stage: str) -> dict[str, int]:
    counts: dict[str, int] = stages.get(stage, {"documents": 0, "characters": 0, "bytes": 0})
    return counts


def _count(stages: Mapping[str, Any], stage: str) -> int:
    return _counts(stages, stage)["documents"]


def _get(counts: Mapping[str, int] | None, name: str) -> int | None:
    return counts.get(name, 0) if counts is not None else None


def _ranked(counters: Mapping[str, dict[str, int]], by: str) -> list[tuple[str, dict[str, int]]]:
    return sorted(counters.items(), key=lambda item: (-item[1][by], item[0]))


def _most_first(counted: tuple[int, str]) -> tuple[int, str]:
    count, name = counted
    return -count, name


def _fraction(part: float, whole: float) -> float | None:
    return part / whole if whole else None


# How numbers are printed; None, which is "does not apply", is a dash


def _address(text: str) -> str:
    """An address or a line as the report shows it: without schemes, so that no reader makes a link of it, and short."""
    plain = re.sub(r"https?:/*", "", text)
    return plain if len(plain) <= _ADDRESS_CHARS else plain[: _ADDRESS_CHARS - 1] + "…"


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.3f}"


def _compact(value: float | None) -> str:
    """Three significant digits and K, M, B or T."""
    return _scaled(value, ("", " K", " M", " B", " T"))


def _size(value: float | None) -> str:
    """Bytes in decimal units."""
    return _scaled(value, (" B", " kB", " MB", " GB", " TB", " PB"))


def _scaled(value: float | None, units: tuple[str, ...]) -> str:
    if value is None:
        return "–"
    for unit in units:
        if value < 999.5 or unit == units[-1]:
            break
        value /= 1000
    exact = unit == units[0] and value == int(value)
    digits = 0 if exact else max(0, 2 - int(math.log10(max(value, 1))))
    return f"{value:,.{digits}f}{unit}"


def _percent(fraction: float | None) -> str:
    """Two decimals below one percent, more only where they would all be zero."""
    if fraction is None:
        return "–"
    percent = 100 * fraction
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if 99.95 <= percent < 100:
        return ">99.9 %"
    if percent < 0.005:
        return "<0.01 %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2f} %"


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    if seconds < 3600:
        return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
    return f"{int(seconds) // 3600:,} h {int(seconds) % 3600 // 60:02d} min"


def _ticks(maximum: float) -> list[int]:
    """About four round values from 0 up to at most `maximum`, for an axis of counts."""
    if maximum < 1:
        return [0]
    step = 10 ** math.floor(math.log10(maximum))
    step = next(step * part for part in (1 / 5, 1 / 2, 1, 2) if maximum / (step * part) < 5.5)
    step = max(1, int(step))
    return list(range(0, int(maximum) + 1, step))


def _sha256(style: str) -> str:
    """The style sheet's hash as a Content-Security-Policy names it: no other style can apply."""
    return base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")
