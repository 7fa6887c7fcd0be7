"""`manyo whatif`: what a moved threshold, or another set of rules, would change, before it is changed.

Everything comes from the columns that a run measured; text is read for the few samples only. Documents
are counted before dedup: which of several copies survives is decided after the rules, so of the
documents that a rule brings back some will be duplicates of what is kept already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from manyo.corpus.addresses import hosts
from manyo.corpus.tables.shards import read_columns
from manyo.filters.rules.comparison import (
    NEAREST,
    Alternative,
    Change,
    Pile,
    Sums,
    add_sums,
    compare,
    length_classes,
    sums,
)
from manyo.filters.rules.decide import Rule
from manyo.pipelines.commands.documents import (
    MeasuredShard,
    Shown,
    number,
    plain,
    print_document,
    read_columns_of,
    show,
)
from manyo.pipelines.report.page import page_templates

#: llm-jp's models give about one token per six bytes of Japanese.
BYTES_PER_TOKEN = 6

#: Hosts listed for each alternative.
HOSTS_LISTED = 10

_NO_HOST = "(no host)"
_NOTHING = np.zeros(3, np.int64)


@dataclass(slots=True)
class _Tally:
    """One alternative's changes, added up shard by shard."""

    gained: dict[str, Sums] = field(default_factory=lambda: {"source": {}, "host": {}, "length": {}})
    lost: dict[str, Sums] = field(default_factory=lambda: {"source": {}, "host": {}, "length": {}})
    fails: Counter[str] = field(default_factory=Counter)
    alone: Counter[str] = field(default_factory=Counter)
    also: Counter[str] = field(default_factory=Counter)
    inside: list[tuple[MeasuredShard, Pile]] = field(default_factory=list)
    outside: list[tuple[MeasuredShard, Pile]] = field(default_factory=list)


def what_if(
    shards: Sequence[MeasuredShard], rules: Sequence[Rule], alternatives: Sequence[Alternative], n_samples: int
) -> dict[str, Any]:
    """Hold alternatives against the rules of a run.

    Memory: the columns of one shard that rules look at, some 100 bytes a document, and a counter per
    host that gains or loses a document.

    Args:
        shards: of the run.
        rules: of the run.
        alternatives: to compare with them.
        n_samples: documents shown from each side of each threshold.

    Returns:
        What `print_what_if` and `render` show; `Shown` documents aside, numbers and strings that JSON can hold.

    Raises:
        ShardError: a shard cannot be read.
    """
    tried = (*rules, *(rule for other in alternatives for rule in other.rules))
    all_documents: dict[str, Sums] = {"source": {}, "length": {}}
    kept_now: dict[str, Sums] = {"source": {}, "length": {}}
    tallies = [_Tally() for _ in alternatives]
    for shard in shards:
        documents, languages, signals = read_columns_of(shard, tried, ["source"], ["char_count", "size_bytes"])
        rows = np.flatnonzero(shard.permitted())
        if len(rows) < documents.num_rows:
            documents, languages, signals = (batch.take(pa.array(rows)) for batch in (documents, languages, signals))
        kept, changes = compare(languages, signals, documents.column("profile"), rules, alternatives)
        sizes = np.stack([signals.column(name).to_numpy() for name in ("char_count", "size_bytes")])
        labels = {"source": _labels(documents.column("source")), "length": length_classes(sizes[0])}
        for by, (codes, names) in labels.items():
            add_sums(all_documents[by], sums(np.ones(len(kept), np.bool_), codes, names, sizes))
            add_sums(kept_now[by], sums(kept, codes, names, sizes))
        if any(change.gained.any() or change.lost.any() for change in changes):
            changed = np.flatnonzero(np.logical_or.reduce([change.gained | change.lost for change in changes]))
            labels["host"] = _hosts(shard, rows, changed)
        for tally, change in zip(tallies, changes, strict=True):
            _add(tally, change, shard, rows, labels, sizes)
    total = _total(all_documents)
    return {
        "documents": _amounts(total),
        "kept": _amounts(_total(kept_now)),
        "rules": [rule.name for rule in rules],
        "alternatives": [
            _assemble(alternative, tally, kept_now, rules, n_samples)
            for alternative, tally in zip(alternatives, tallies, strict=True)
        ],
    }


def _labels(column: pa.Array) -> tuple[np.ndarray, list[str]]:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return encoded.indices.to_numpy(zero_copy_only=False), encoded.dictionary.to_pylist()


def _hosts(shard: MeasuredShard, rows: np.ndarray, changed: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Labels of hosts for those of the shard's rows that change; the others carry the first label."""
    uris = read_columns(shard.documents, ["uri"]).column("uri").take(pa.array(rows[changed]))
    found, names = _labels(pc.fill_null(hosts(uris), _NO_HOST))
    codes = np.zeros(len(rows), np.int64)
    codes[changed] = found
    return codes, names


def _add(
    tally: _Tally,
    change: Change,
    shard: MeasuredShard,
    rows: np.ndarray,
    labels: dict[str, tuple[np.ndarray, list[str]]],
    sizes: np.ndarray,
) -> None:
    for by, (codes, names) in labels.items():
        add_sums(tally.gained[by], sums(change.gained, codes, names, sizes))
        add_sums(tally.lost[by], sums(change.lost, codes, names, sizes))
    tally.fails.update(change.fails)
    tally.alone.update(change.alone)
    tally.also.update(change.also)
    tally.inside.append((shard, replace(change.inside, rows=rows[change.inside.rows])))
    tally.outside.append((shard, replace(change.outside, rows=rows[change.outside.rows])))


def _assemble(
    alternative: Alternative, tally: _Tally, kept_now: dict[str, Sums], rules: Sequence[Rule], n_samples: int
) -> dict[str, Any]:
    gained, lost = _total(tally.gained), _total(tally.lost)
    changed = {
        host: (tally.gained["host"].get(host, _NOTHING), tally.lost["host"].get(host, _NOTHING))
        for host in tally.gained["host"].keys() | tally.lost["host"].keys()
    }
    most = sorted(changed, key=lambda host: (-int(sum(amounts[0] for amounts in changed[host])), host))
    same = set(rules)
    rule = alternative.rule
    shown_rules = [rule] if rule is not None else alternative.rules
    return {
        "label": alternative.label,
        "rule": rule.name if rule is not None else None,
        "signal": rule.signal if rule is not None else None,
        "threshold": alternative.threshold,
        "kept": _amounts(_total(kept_now) + gained - lost),
        "gained": _amounts(gained),
        "lost": _amounts(lost),
        "by_source": _by(tally, kept_now, "source", sorted(kept_now["source"].keys() | tally.gained["source"].keys())),
        "by_length": _by(tally, kept_now, "length", length_classes(np.zeros(0, np.int64))[1]),
        "by_host": [
            {"name": plain(host), "gained": _amounts(changed[host][0]), "lost": _amounts(changed[host][1])}
            for host in most[:HOSTS_LISTED]
        ],
        "hosts": len(changed),
        "fails": tally.fails[rule.name] if rule is not None else None,
        "alone": tally.alone[rule.name] if rule is not None else None,
        "also": [{"rule": name, "documents": count} for name, count in tally.also.most_common() if count],
        "rules": [
            {
                "rule": other.name,
                "signal": other.signal,
                "differs": other not in same,
                "fails": tally.fails[other.name],
                "alone": tally.alone[other.name],
            }
            for other in alternative.rules
        ],
        "inside": _samples(tally.inside, shown_rules, n_samples),
        "outside": _samples(tally.outside, shown_rules, n_samples),
    }


def _by(tally: _Tally, kept_now: dict[str, Sums], by: str, names: Iterable[str]) -> list[dict[str, Any]]:
    rows = []
    for name in names:
        now, gained, lost = (amounts[by].get(name, _NOTHING) for amounts in (kept_now, tally.gained, tally.lost))
        if now.any() or gained.any():
            row = {"name": name, "kept": _amounts(now + gained - lost)}
            rows.append(row | {"gained": _amounts(gained), "lost": _amounts(lost)})
    return rows


def _total(by: dict[str, Sums]) -> np.ndarray:
    total: np.ndarray = sum(by["source"].values(), _NOTHING)
    return total


def _amounts(amounts: np.ndarray) -> dict[str, int]:
    documents, characters, size_bytes = (int(amount) for amount in amounts)
    return {"documents": documents, "characters": characters, "tokens": round(size_bytes / BYTES_PER_TOKEN)}


def _samples(piles: Sequence[tuple[MeasuredShard, Pile]], rules: Sequence[Rule], count: int) -> list[Shown]:
    """Of the documents nearest to the threshold in all shards, the first by key, the nearest shown first."""
    near = _join(piles, NEAREST)
    chosen = sorted(sorted(near, key=lambda one: one[1])[:count])
    return show([(shard, row) for _, _, shard, row in chosen], rules)


def _join(piles: Sequence[tuple[MeasuredShard, Pile]], count: int) -> list[tuple[float, int, MeasuredShard, int]]:
    """The nearest of several shards' piles as (distance, key, shard, row)."""
    rows = [
        (distance, key, number, row)
        for number, (_, pile) in enumerate(piles)
        for distance, key, row in zip(pile.distances.tolist(), pile.keys.tolist(), pile.rows.tolist(), strict=True)
    ]
    return [(distance, key, piles[number][0], row) for distance, key, number, row in sorted(rows)[:count]]


# How it is shown


def print_what_if(console: Console, result: dict[str, Any]) -> None:
    """Print a comparison for a terminal or a pipe."""
    documents, kept = result["documents"]["documents"], result["kept"]
    console.print(
        f"{documents:,} documents are measured; the rules of the run keep {kept['documents']:,} of them "
        f"({_percent(kept['documents'], documents)}), about {kept['tokens']:,} tokens, before dedup."
    )
    console.print(_overview(result))
    for alternative in result["alternatives"]:
        _print_alternative(console, alternative)


def _overview(result: dict[str, Any]) -> Table:
    table = _table("", "kept", "documents +", "documents −", "characters +", "characters −", "tokens +", "tokens −")
    for row in result["alternatives"]:
        gained, lost = row["gained"], row["lost"]
        cells = [f"{part[unit]:,}" for unit in ("documents", "characters", "tokens") for part in (gained, lost)]
        table.add_row(row["label"], f"{row['kept']['documents']:,}", *cells)
    return table


def _print_alternative(console: Console, row: dict[str, Any]) -> None:
    console.print()
    console.rule(row["label"], align="left", characters="─")
    if row["rule"] is not None:
        console.print(
            f"{row['fails']:,} documents fail {row['rule']} here; {row['alone']:,} of them fail nothing else."
        )
        if row["also"]:
            also = ", ".join(f"{other['rule']} {other['documents']:,}" for other in row["also"])
            console.print(f"The others fail also: {also}.")
    else:
        table = _table("rule", "signal", "fails", "alone")
        for rule in row["rules"]:
            table.add_row(rule["rule"], rule["signal"], f"{rule['fails']:,}", f"{rule['alone']:,}")
        console.print(table)
    for title, part in (("source", "by_source"), ("characters", "by_length"), ("host", "by_host")):
        changed = [line for line in row[part] if line["gained"]["documents"] or line["lost"]["documents"]]
        if not changed:
            continue
        table = _table(title, "documents +", "documents −", "tokens +", "tokens −")
        for line in changed:
            cells = [f"{line[side][unit]:,}" for unit in ("documents", "tokens") for side in ("gained", "lost")]
            table.add_row(line["name"], *cells)
        console.print(table)
    if row["hosts"] > len(row["by_host"]):
        console.print(f"and {row['hosts'] - len(row['by_host']):,} hosts more")
    for side in ("inside", "outside"):
        console.print()
        console.print(side_title(row, side), style="bold")
        for place, document in enumerate(row[side], start=1):
            print_document(console, document, str(place))
        if not row[side]:
            console.print("    none")


def side_title(row: dict[str, Any], side: str) -> str:
    """What the samples of one side are."""
    if row["rule"] is None:
        return "Gained, samples" if side == "inside" else "Lost, samples"
    where = f"{row['signal']} {number(row['threshold'])}"
    if side == "inside":
        return f"Kept, just inside {where}"
    return f"Dropped by {row['rule']} alone, just outside {where}"


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place == 0 else "right", no_wrap=True, header_style="dim")
    return table


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0 %"


def render(result: dict[str, Any], config_name: str) -> str:
    """A comparison as one HTML document, without scripts, links or references to other files.

    Args:
        result: what `what_if` returned.
        config_name: name of the configuration.
    """
    sides = [{side: side_title(row, side) for side in ("inside", "outside")} for row in result["alternatives"]]
    template = page_templates().get_template("whatif.html.j2")
    return template.render(result=result, sides=sides, config_name=config_name, bytes_per_token=BYTES_PER_TOKEN)
