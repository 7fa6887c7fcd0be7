"""Checks of the summed counters, notices for the reader, and small sums that the sections share."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from manyo.pipelines.report.counters import FUNNEL, Statistics, add_up
from manyo.pipelines.report.japanese import japanese

#: The sentence of each notice, with the values that it names; a source may lose its last document at any step.
NOTICES = {
    "quarantined": "Quarantined pages, whose parser crashed or exceeded its time: {pages:,}.",
    "no_document": "Source {source}: no page became a document.",
    **{
        step: f"Source {{source}}: none of its documents ({{documents:,}}) is {step}."
        for step in FUNNEL
        if step not in ("documents", "japanese")
    },
    "not_japanese": "Source {source}: the rules kept {documents:,} documents that are not Japanese.",
    "not_tokenized": "Source {source}: {documents:,} released documents are in no token shard.",
    "large_cluster": "The largest cluster has {largest:,} of {kept:,} documents: check its survivor.",
}

#: A cluster this large is named in the notices: transitive clusters have swallowed whole corpora, and in a sound crawl
#: no page is copied to one in a hundred documents.
_LARGE_CLUSTER_FRACTION = 0.01
_LARGE_CLUSTER_DOCUMENTS = 1000


class AccountingError(Exception):
    """Two counts that must be equal differ; the message names both."""


def check_accounts(merged: Statistics, pages: int) -> None:
    """Compare the counts of the tables with each other and with the pages that extract counted.

    Args:
        merged: counters of all shards.
        pages: pages in the input, as extract counted them.

    Raises:
        AccountingError: documents were lost or added between two stages.
    """
    refused = sum(sum(reasons.values()) for reasons in merged["refused"].values())
    stages = add_up(merged["funnel"].values())
    documents, kept = document_count(stages, "documents"), document_count(stages, "kept")
    if pages != documents + refused:
        raise AccountingError(
            f"extract read {pages} pages, but its tables hold {documents} documents and "
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
    for source in source_names(merged):
        counts = merged["funnel"].get(source, {})
        steps = [(stage, document_count(counts, stage)) for stage in FUNNEL if stage != "japanese"]
        steps.append(("tokenized", merged["tokens"].get(source, {}).get("documents", 0)))
        for (before, n_before), (after, n_after) in pairwise(steps):
            if n_after > n_before:
                raise AccountingError(
                    f"source {source}: {n_after} {after} documents came from {n_before} {before} ones"
                )


def list_notices(merged: Statistics) -> list[dict[str, str]]:
    """Sentences about what a reader should look at first, each in `english` and `japanese`."""
    notices = []
    refused = add_up(merged["refused"].values())
    if quarantined := refused.get("quarantined", 0):
        notices.append(_notice("quarantined", pages=quarantined))
    last = "released" if merged["release_shards"] else "unique"
    for source in source_names(merged):
        stages = merged["funnel"].get(source, {})
        if not document_count(stages, "documents"):
            notices.append(_notice("no_document", source=source))
        elif not document_count(stages, last):
            step = next(stage for stage in FUNNEL if stage != "japanese" and not document_count(stages, stage))
            notices.append(_notice(step, source=source, documents=document_count(stages, "documents")))
        if not_japanese := merged["kept_not_japanese"].get(source, 0):
            notices.append(_notice("not_japanese", source=source, documents=not_japanese))
        tokenized = merged["tokens"].get(source, {}).get("documents", 0)
        if merged["token_shards"] and tokenized < document_count(stages, "released"):
            lost = document_count(stages, "released") - tokenized
            notices.append(_notice("not_tokenized", source=source, documents=lost))
    kept = document_count(add_up(merged["funnel"].values()), "kept")
    largest = max(map(int, merged["cluster_sizes"]), default=0)
    if largest >= max(_LARGE_CLUSTER_DOCUMENTS, _LARGE_CLUSTER_FRACTION * kept):
        notices.append(_notice("large_cluster", largest=largest, kept=kept))
    return notices


def _notice(name: str, **values: str | int) -> dict[str, str]:
    """A notice in both languages, filled from the same values."""
    sentence = NOTICES[name]
    return {"english": sentence.format(**values), "japanese": japanese(sentence).format(**values)}


def source_names(merged: Statistics) -> list[str]:
    """Names of all sources, the one with the most pages first."""
    names = {*merged["funnel"], *merged["refused"], *merged["tokens"]}
    return sorted(names, key=lambda source: (-page_count(merged, source), source))


def page_count(merged: Statistics, source: str) -> int:
    """Pages of a source: documents and refused pages."""
    refused: Mapping[str, int] = merged["refused"].get(source, {})
    return document_count(merged["funnel"].get(source, {}), "documents") + sum(refused.values())


def stage_counts(stages: Mapping[str, Any], stage: str) -> dict[str, int]:
    """Documents, characters and bytes of a stage of the funnel; zeros if it is missing."""
    counts: dict[str, int] = stages.get(stage, {"documents": 0, "characters": 0, "bytes": 0})
    return counts


def document_count(stages: Mapping[str, Any], stage: str) -> int:
    """Documents of a stage of the funnel; zero if it is missing."""
    return stage_counts(stages, stage)["documents"]


def fraction(part: float, whole: float) -> float | None:
    """The part divided by the whole; None if the whole is zero."""
    return part / whole if whole else None
