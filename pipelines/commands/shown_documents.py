"""Single documents as a person reads them: title, address, values of the rules, beginning of the text.

A page may contain anything and is shown in a terminal, so control characters and characters that change the direction
of text are removed.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich.cells import cell_len, set_cell_size
from rich.console import Console

from manyo.corpus.tables.shards import read_rows
from manyo.filters.rules.decide import RULE_COLUMNS, Rule, columns_by_table
from manyo.filters.signals.quality import PARTS
from manyo.pipelines.commands.measured_documents import MeasuredShard
from manyo.pipelines.report.quantities import format_value

#: Length of the beginning of a text that is shown, in characters.
EXCERPT_CHARS = 400

#: Stands for a text that may not be displayed (docs/rights.md).
NOT_SHOWN = "(the text may not be displayed)"

#: Columns of `signals` that say what the quality score is and what it is made of.
SCORE_COLUMNS = ("quality_score", PARTS.name)

_BLANK_LINES = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True)
class RuleValue:
    """The value of a document that a rule tests.

    Attributes:
        rule: name of the rule.
        signal: the column that it tests.
        value: value of the document.
        minimum, maximum: bounds of the rule; None if there is none.
        fails: whether the document fails the rule.
    """

    rule: str
    signal: str
    value: float
    minimum: float | None
    maximum: float | None
    fails: bool


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """A document as it is shown: short and safe for a terminal.

    Attributes:
        doc_id: in hexadecimal.
        source, profile: of the document.
        uri: address of the document.
        title: title of the document.
        char_count: length of the whole text, in characters.
        values: a value for each rule of its profile, in the order of the rules.
        score: the quality score and the signals that contribute most to it.
        excerpt: beginning of the text.
    """

    doc_id: str
    source: str
    profile: str
    uri: str
    title: str
    char_count: int
    values: tuple[RuleValue, ...]
    score: str
    excerpt: str


def show(places: Sequence[tuple[MeasuredShard, int]], rules: Sequence[Rule]) -> list[ShownDocument]:
    """Read single documents; each row group that holds one is decoded once.

    Args:
        places: shard and row of each document.
        rules: rules whose values are shown.

    Returns:
        The documents, in the order of `places`.

    Raises:
        ShardError: a shard cannot be read.
    """
    rows_of: dict[MeasuredShard, list[int]] = defaultdict(list)
    for shard, row in places:
        if row not in rows_of[shard]:
            rows_of[shard].append(row)
    shown: dict[tuple[MeasuredShard, int], ShownDocument] = {}
    columns = columns_by_table(rules)
    for shard, rows in rows_of.items():
        documents = read_rows(shard.documents, rows, ("source", "profile", "uri", "title", "text", *columns.documents))
        languages = read_rows(shard.languages, rows, ("doc_id", *columns.languages))
        signals = read_rows(shard.signals, rows, sorted({"char_count", *SCORE_COLUMNS, *columns.signals}))
        templates: Sequence[Mapping[str, Any]] = [{}] * len(rows)
        if shard.templates is not None:
            templates = read_rows(shard.templates, rows, ("doc_id", *columns.templates))
        may_display = shard.may_display(rows)
        for row, document, language, signal, template, may_show in zip(
            rows, documents, languages, signals, templates, may_display, strict=True
        ):
            measured = {**document, **language, **signal, **template}
            shown[shard, row] = ShownDocument(
                doc_id=language["doc_id"].hex(),
                source=document["source"],
                profile=document["profile"],
                uri=plain(document["uri"]),
                title=plain(document["title"]) if may_show else "",
                char_count=signal["char_count"],
                values=tuple(_value(rule, measured) for rule in rules if document["profile"] in rule.profiles),
                score=describe_score(signal),
                excerpt=_excerpt(document["text"]) if may_show else NOT_SHOWN,
            )
    return [shown[place] for place in places]


def print_document(console: Console, document: ShownDocument, heading: str) -> None:
    """Print one document: title, address, value for each rule with a mark if it fails, beginning of the text."""
    console.print(f"[bold]{heading}[/bold]", end=" ")
    console.print(document.title or "(no title)", style="bold", markup=False)
    console.print(f"    {document.source}  {document.char_count:,} characters  {document.uri}", markup=False)
    name_width = max((cell_len(value.rule) for value in document.values), default=0)
    for value in document.values:
        style = "red" if value.fails else "dim"
        mark = "×" if value.fails else " "
        name = set_cell_size(value.rule, name_width)
        console.print(f"  {mark} {name}  {_interval(value)}", style=style, markup=False)
    console.print(f"    {document.score}", style="dim", markup=False)
    for line in document.excerpt.split("\n"):
        console.print(f"    │ {line}", markup=False)
    console.print()


def describe_score(signals: Mapping[str, Any]) -> str:
    """The quality score of a document and what it is made of: contributions to its logit, the largest first.

    Args:
        signals: a row with `SCORE_COLUMNS`.
    """
    parts = ", ".join(f"{part['signal']} {part['amount']:+.2f}" for part in signals[PARTS.name])
    return f"quality_score {format_value(signals['quality_score'])} ({parts})"


def print_total(console: Console, which: str, total: int, n_shown: int, things: str = "Documents") -> None:
    """Print how many documents, or other things, there are, and how many of them follow."""
    shown = "" if n_shown == total else f", of which {n_shown:,} are shown"
    console.print(f"{things} {which}: {total:,}{shown}")
    console.print()


def plain(text: str) -> str:
    """The text as one line without control characters and without marks that change its direction."""
    return "".join(" " if character.isspace() else character for character in visible(text))


def parse_number(value: str) -> float:
    """The number that a user wrote.

    Raises:
        ValueError: the text is not a number; the message says so.
    """
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None


def describe_bounds(minimum: float | None, maximum: float | None) -> str:
    """The bounds of a rule as text, such as `at least 150, at most 2,000`."""
    bounds = (("at least", minimum), ("at most", maximum))
    return ", ".join(f"{side} {format_value(bound)}" for side, bound in bounds if bound is not None)


def visible(text: str) -> str:
    """The text without control characters and without marks that change its direction."""
    return "".join(
        character for character in text if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf")
    )


def _excerpt(text: str) -> str:
    start = _BLANK_LINES.sub("\n", visible(text[: 2 * EXCERPT_CHARS])).strip("\n")
    return start[:EXCERPT_CHARS] + ("…" if len(text) > EXCERPT_CHARS else "")


def _value(rule: Rule, measured: Mapping[str, float]) -> RuleValue:
    value = measured[rule.signal]
    # As an array of the column's type, so that a bound is compared as the decision compared it.
    fails = rule.fails(np.array([value], RULE_COLUMNS[rule.signal].type.to_pandas_dtype()))
    return RuleValue(rule.name, rule.signal, value, rule.minimum, rule.maximum, bool(fails[0]))


def _interval(value: RuleValue) -> str:
    """A value and the bounds of its rule, such as `char_count 83, at least 150`."""
    return f"{value.signal} {format_value(value.value)}, {describe_bounds(value.minimum, value.maximum)}"
