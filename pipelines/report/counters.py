"""Counters of a run: nested dicts of integers, one per shard, and how to add them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import numpy as np

#: The documents that are left after each step. Every step except `japanese` only removes documents; `permitted` means
#: that the source and the page allow the release.
FUNNEL = ("documents", "permitted", "japanese", "kept", "unique", "released")

#: Why dedup removes a document: another page with the same address is kept, or it duplicates a document of its source
#: (if sources are compared first), or of any source.
REMOVED = ("same_address", "within_source", "over_all")

#: Scripts with a share in `languages` or `signals`; "other" stands for digits, punctuation, symbols and other scripts.
SCRIPTS = ("hiragana", "katakana", "han", "hangul", "latin")

#: Lower edges of the length bins, in characters: empty texts, then five bins a decade up to 10^9.
LENGTH_EDGES = np.array([0, *sorted({round(10 ** (step / 5)) for step in range(46)})], np.int64)

#: Nested dicts with int leaves; the keys of the outer level are those of `zero`.
Statistics = dict[str, Any]


def merge(statistics: Iterable[Statistics]) -> Statistics:
    """Add up counters key by key; associative and commutative, with `merge([])` as the zero.

    Memory: about 100 bytes for each host that is among the most frequent of any shard; the rest is bounded by the
    numbers of sources, rules, languages and bins.
    """
    return add_up(chain([zero()], statistics))


def add_up(counters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Add up nested counters key by key; a missing key counts as zero."""
    total: dict[str, Any] = {}
    for counted in counters:
        add_to(total, counted)
    return total


def zero() -> Statistics:
    """The counters of no shard."""
    return {
        "shards": 0,
        "release_shards": 0,
        "token_shards": 0,
        "funnel": {},  # source → stage of FUNNEL → documents, characters, bytes
        "refused": {},  # source → reason → pages
        "printed": {},  # source → documents (of those with pages), pages, pages_with_text
        "ocr_queue": {},  # source → why → pages
        "rules": {},  # source → rule → fails, alone, in_order (documents)
        "histograms": {},  # source → rule → all, kept → class of the rule's signal → documents
        "losses": {},  # grouping → class → rule, or any rule → documents that are asked, failed
        "licences": {},  # source → licence of page or document → documents, released
        "kept_not_japanese": {},  # source → documents
        "taken_down": {},  # source → documents that would have been released
        "contaminated": {},  # source → documents not released because of a benchmark item
        "leak_shards": 0,
        "mentions": {},  # kind → documents, passages
        "leaks": {},  # benchmark → item → documents, leaks
        "languages": {},  # language → documents, characters
        "charsets": {},  # charset → declared charset ("" if none) → documents
        "charsets_other": 0,  # documents
        "charset_decisions": {},  # what decided it: bom, http, … → documents, damaged (of them, with undecodable bytes)
        "hosts": {},  # host → documents, kept, unique
        "hosts_other": {"documents": 0, "kept": 0, "unique": 0},
        "hosts_none": {"documents": 0, "kept": 0, "unique": 0},  # documents whose URI names no host
        "kept_japanese": {},  # tenth of `kept_japanese_fraction`, 0 to 9 → web documents
        "little_kept": {},  # host → documents, little_kept (of them, those below statistics.LITTLE_KEPT)
        "lengths": {"documents": {}, "unique": {}},  # lower edge of the bin → documents
        "dedup": {},  # source → documents that take part; those of them that REMOVED names
        "cluster_sizes": {},  # documents in the cluster → kept, removed (documents)
        "scripts": {},  # source → script → characters of unique documents
        "boilerplate": {},  # source → documents, lines, characters; and those that were left out
        "pii": {},  # kind → documents, spans
        "tokens": {},  # source → documents, tokens
    }


def add_to(total: dict[str, Any], counted: Mapping[str, Any]) -> None:
    """Add nested counters to a total, in place."""
    for key, value in counted.items():
        if isinstance(value, dict):
            add_to(total.setdefault(key, {}), value)
        else:
            total[key] = total.get(key, 0) + value
