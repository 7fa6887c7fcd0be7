"""Every reason for which a page is refused or a document dropped, and what it means, in one place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from manyo.corpus.sources.source_kinds import KINDS, source_kind
from manyo.filters import rights
from manyo.filters.rules.decide import Rule
from manyo.pipelines.extraction import loop
from manyo.pipelines.report.japanese import japanese

#: Why a document that rules and deduplication keep is not in the release: columns of the report, not of `decisions`.
UNRELEASED = {
    "contaminated": "the document holds an item of a benchmark, and [decontaminate] drops such documents",
    "taken_down": "a takedown list names the document, its address, its folder or its host",
}

#: How deduplication removes a document, as the report counts it.
REMOVED = {
    "same_address": "another crawl of the same address is kept, or another publication of the same patent family",
    "within_source": "a document of the same source is kept that has the same text or a similar one",
    "over_all": "a document of any source is kept that has the same text or a similar one",
}


def refusals(kinds: Collection[str] = tuple(KINDS), is_japanese: bool = False) -> dict[str, str]:
    """Each reason for which kinds of sources, or the stage itself, refuse a page → what it means.

    A reason that means different things to two kinds has both meanings, each with the kinds in parentheses.
    """
    say = japanese if is_japanese else str
    meanings: dict[str, dict[str, list[str]]] = {}
    for kind in sorted(kinds):
        for reason, meaning in source_kind(kind).REASONS.items():
            meanings.setdefault(reason, {}).setdefault(say(meaning), []).append(kind)
    own = {reason: _joined(of_kinds, is_japanese) for reason, of_kinds in meanings.items()}
    return {reason: say(meaning) for reason, meaning in loop.REASONS.items()} | own


def _joined(meanings: Mapping[str, Sequence[str]], is_japanese: bool) -> str:
    if len(meanings) == 1:
        return next(iter(meanings))
    one, between = ("{}（{}）", "；") if is_japanese else ("{} ({})", "; ")
    return between.join(one.format(meaning, ", ".join(kinds)) for meaning, kinds in meanings.items())


def rule_meaning(rule: Rule) -> str:
    """What a document that a rule drops is, as one phrase."""
    bounds = [
        f"{word} {bound:g}" for word, bound in (("below", rule.minimum), ("above", rule.maximum)) if bound is not None
    ]
    return f"{rule.signal} is {' or '.join(bounds)}"


def drops(rules: Sequence[Rule]) -> dict[str, str]:
    """Each reason for which a document is dropped → what it means: rights, the rules of a run, what is not released."""
    return rights.REASONS | {rule.name: rule_meaning(rule) for rule in rules} | UNRELEASED
