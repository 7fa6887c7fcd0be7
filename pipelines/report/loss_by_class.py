"""What rules and presets drop of each class of documents: of hosts, lengths, orthographies, styles and categories.

A rule that drops a third of all documents in katakana, or of all that schools publish, is found by no count over all
documents. Classes follow from measured columns and from the address; they are rough, and say so by their names. Signals
that name a category, such as `register`, are classes where the run measures them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.intervals import wilson
from manyo.filters.rules.comparison import length_classes, named_classes
from manyo.filters.rules.decide import Rule
from manyo.pipelines.report.counters import Statistics
from manyo.pipelines.report.ruled_documents import RuledDocuments

#: The name under which documents are counted that fail any rule.
ANY_RULE = "any rule"

#: How documents are told apart, in the order of the report; measured categories come after these.
GROUPINGS = ("host", "length", "orthography", "style")

#: Before the name of a preset, where a rule's name stands: the documents that fail any of its rules.
PRESET = "preset "

#: Ends of hosts, by who may register them (JPRS); ed.jp is of schools below universities.
_HOST_KINDS = {
    ".go.jp": "government (go.jp)",
    ".lg.jp": "municipality (lg.jp)",
    ".ac.jp": "university (ac.jp)",
    ".ed.jp": "school (ed.jp)",
    ".co.jp": "company (co.jp)",
    ".or.jp": "organisation (or.jp)",
    ".ne.jp": "provider (ne.jp)",
    ".gr.jp": "group (gr.jp)",
    ".jp": "other .jp",
}
_OTHER_HOST, _NO_HOST = "other domain", "no host"

_ORTHOGRAPHIES = ("hiragana prose", "katakana and kanji (before 1946)", "hardly any kana", "katakana words")
_STYLES = ("polite (です, ます)", "plain (だ, である)", "fewer than 5 statements")

#: Every class that is told apart here; those of measured categories are the names that their signals give.
CLASSES = (
    *_HOST_KINDS.values(), _OTHER_HOST, _NO_HOST, *_ORTHOGRAPHIES, *_STYLES, *length_classes(np.zeros(0, np.int64))[1],
)  # fmt: skip

#: A text is in katakana if it has more of them than hiragana, and kanji enough to be no list of names or foreign words.
_LEAST_HAN = 0.15

#: A text with less kana is no Japanese prose: kanbun, lists, other languages.
_LEAST_KANA = 0.1

#: Fewer statements say nothing about a style.
_FEWEST_STATEMENTS = 5

#: A disparity is looked for in classes of so many documents, and among so many others.
_FEWEST_DOCUMENTS = 30

#: How many disparities the report shows.
SHOWN = 10


def count_losses(documents: RuledDocuments, rules: Sequence[Rule]) -> Statistics:
    """grouping → class → rule or preset → documents that it is asked about, and those of them that fail it."""
    any_asked, any_failed = documents.asked.any(axis=1), documents.failed.any(axis=1)
    of_presets = documents.presets.values()
    asked = np.column_stack([any_asked, documents.asked, *(is_asked for is_asked, _ in of_presets)])
    failed = np.column_stack([any_failed, documents.failed, *(has_failed for _, has_failed in of_presets)])
    names = [ANY_RULE, *(rule.name for rule in rules), *(PRESET + name for name in documents.presets)]
    counted: Statistics = {}
    for grouping, (places, classes) in _classes(documents).items():
        of_grouping = counted.setdefault(grouping, {})
        for place in np.unique(places):
            rows = places == place
            n_asked, n_failed = asked[rows].sum(axis=0), failed[rows].sum(axis=0)
            of_grouping[classes[place]] = {
                name: {"documents": int(n_asked[i]), "failed": int(n_failed[i])}
                for i, name in enumerate(names)
                if n_asked[i]
            }
    return counted


def _classes(documents: RuledDocuments) -> dict[str, tuple[np.ndarray, Sequence[str]]]:
    """Of each grouping, the class of each document and the names of the classes."""
    values = documents.values
    hiragana, katakana, han = (values[f"{script}_fraction"] for script in ("hiragana", "katakana", "han"))
    orthography = np.select(
        [hiragana + katakana < _LEAST_KANA, (katakana > hiragana) & (han >= _LEAST_HAN), katakana > hiragana],
        [2, 1, 3],
        0,
    )
    style = np.where(
        values["statement_count"] < _FEWEST_STATEMENTS, 2, np.where(values["polite_ending_fraction"] >= 0.5, 0, 1)
    )
    return {
        "host": _host_kinds(documents.hosts),
        "length": length_classes(values["char_count"]),
        "orthography": (orthography, _ORTHOGRAPHIES),
        "style": (style, _STYLES),
        **{name: named_classes(of_documents) for name, of_documents in documents.categories.items()},
    }


def _groupings(merged: Mapping[str, Any]) -> tuple[str, ...]:
    """All groupings that were counted, categories last."""
    return (*GROUPINGS, *sorted(merged.keys() - set(GROUPINGS)))


def _host_kinds(hosts: pa.Array) -> tuple[np.ndarray, Sequence[str]]:
    names = [*_HOST_KINDS.values(), _OTHER_HOST, _NO_HOST]
    places = np.full(len(hosts), len(_HOST_KINDS))
    for place, end in reversed(list(enumerate(_HOST_KINDS))):
        ends = pc.fill_null(pc.ends_with(hosts, pattern=end), False).to_numpy(zero_copy_only=False)
        places[ends] = place
    places[hosts.is_null().to_numpy(zero_copy_only=False)] = len(names) - 1
    return places, names


def loss_tables(merged: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Of each grouping, its classes with the share that fails any rule, and any of each preset; the largest first."""
    tables = {}
    for grouping in _groupings(merged):
        rows = [
            {"class": name, **_share(**rules[ANY_RULE]), "presets": _of_presets(rules)}
            for name, rules in merged.get(grouping, {}).items()
            if ANY_RULE in rules
        ]
        if rows:
            tables[grouping] = sorted(rows, key=lambda row: (-row["documents"], row["class"]))
    return tables


def _of_presets(rules: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(PRESET): _share(**of) for name, of in rules.items() if name.startswith(PRESET)}


def disparities(merged: Mapping[str, Any], of_presets: bool = False) -> list[dict[str, Any]]:
    """Rules of the run, or presets, that drop a larger share of a class than of the other documents of its grouping.

    Ranked by what is sure of it: the lower end of the share in the class less the upper end of that elsewhere, at 95 %
    each. Classes are told apart one rule at a time, so a rule that many documents of a class fail for a good reason is
    among them: a table says where to look, not what is wrong.
    """
    found = []
    for grouping in _groupings(merged):
        classes = merged.get(grouping, {})
        counted = {rule for of_class in classes.values() for rule in of_class} - {ANY_RULE}
        for rule in sorted(rule for rule in counted if rule.startswith(PRESET) == of_presets):
            counts = {name: of_class[rule] for name, of_class in classes.items() if rule in of_class}
            whole = {key: sum(one[key] for one in counts.values()) for key in ("documents", "failed")}
            for name, one in counts.items():
                others = {key: whole[key] - one[key] for key in whole}
                if min(one["documents"], others["documents"]) < _FEWEST_DOCUMENTS:
                    continue
                here, elsewhere = _share(**one), _share(**others)
                if here["low"] > elsewhere["high"]:
                    row = {"rule": rule, "grouping": grouping, "class": name, "here": here, "elsewhere": elsewhere}
                    found.append({**row, "sure": here["low"] - elsewhere["high"]})
    return sorted(found, key=lambda row: (-row["sure"], row["rule"], row["grouping"], row["class"]))[:SHOWN]


def _share(documents: int, failed: int) -> dict[str, Any]:
    low, high = wilson(failed, documents)
    return {"documents": documents, "failed": failed, "share": failed / documents, "low": low, "high": high}
