"""Single documents of a finished run, as a person reads them: what was measured, and how the text begins.

What a page holds is shown in a terminal, so nothing that steers a terminal or turns the order of
characters around is left in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.cells import cell_len
from rich.console import Console

from manyo.corpus.tables.shards import filesystem, read_columns, read_rows, zip_whole
from manyo.corpus.takedowns import read_takedowns
from manyo.filters import rights
from manyo.filters.rules.decide import RULE_COLUMNS, Rule, columns_by_table
from manyo.filters.signals.catalogue import SIGNALS, SignalSettings
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.takedown_stage import takedowns_uri
from manyo.pipelines.run import finished_stages, record_takedowns

#: How much of a text is shown, in characters.
EXCERPT_CHARS = 400

_BLANK_LINES = re.compile(r"\n\s*\n+")


@dataclass(frozen=True, slots=True)
class MeasuredShard:
    """One `documents` shard and what was measured on it, row by row.

    Attributes:
        documents, languages, signals: URIs.
        opted_out: statements of a page that keep it in (`manyo.filters.rights`).
        takedowns: URI of the run's takedown list; None if nothing was taken down.
    """

    documents: str
    languages: str
    signals: str
    opted_out: tuple[str, ...] = ()
    takedowns: str | None = None

    def permitted(self) -> np.ndarray:
        """bool (n_docs,), documents that may be released: the others are neither counted nor shown."""
        columns = ["release_allowed", *(["robots"] if self.opted_out else [])]
        documents = read_columns(self.documents, [*columns, *(["doc_id", "uri"] if self.takedowns else [])])
        permitted: np.ndarray = np.logical_not(rights.barred(documents, self.opted_out).any(axis=1))
        if self.takedowns:
            taken = read_takedowns(self.takedowns).find(documents).column("doc_id")
            permitted &= ~pc.is_in(documents.column("doc_id"), value_set=taken).to_numpy(zero_copy_only=False)
        return permitted


@dataclass(frozen=True, slots=True)
class Value:
    """What a rule saw of a document.

    Attributes:
        rule: its name.
        signal: the column.
        value: of the document.
        minimum: of the rule.
        maximum: of the rule.
        fails: whether the rule drops the document.
    """

    rule: str
    signal: str
    value: float
    minimum: float | None
    maximum: float | None
    fails: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as it is shown: safe in a terminal, and short.

    Attributes:
        source: name of its source.
        uri: its address.
        title: its title.
        char_count: length of the whole text.
        values: what each rule of its profile saw, in the order of the rules.
        excerpt: how its text begins.
    """

    source: str
    uri: str
    title: str
    char_count: int
    values: tuple[Value, ...]
    excerpt: str


def measured_shards(config: Config, command: str) -> tuple[MeasuredShard, ...]:
    """The shards of a run that is measured, decided or not.

    Raises:
        UserError: a stage up to `measure` is not finished.
    """
    stages = finished_stages(config, ("extract", "langid", "measure"), command)
    record_takedowns(config)
    takedowns = takedowns_uri(config.run.out)
    fs, path = filesystem(takedowns)
    return tuple(
        MeasuredShard(
            stages["extract"].uri("documents", shard.name),
            stages["langid"].uri("languages", shard.name),
            stages["measure"].uri("signals", shard.name),
            config.rights.opted_out,
            takedowns if fs.exists(path) else None,
        )
        for shard in stages["extract"].shards
    )


def read_columns_of(
    shard: MeasuredShard, rules: Iterable[Rule], of_documents: Sequence[str] = (), of_signals: Sequence[str] = ()
) -> tuple[pa.RecordBatch, pa.RecordBatch, pa.RecordBatch]:
    """Read what rules decide from, a whole shard at once.

    Args:
        shard: to read.
        rules: to decide.
        of_documents: more columns of `documents`; `profile` is always among them.
        of_signals: more columns of `signals`.

    Returns:
        Documents, languages and signals, row by row; columns of `documents` that the rules look at are among the
        signals, as `manyo.filters.rules.decide.failures` expects.

    Raises:
        ShardError: a shard cannot be read.
    """
    columns = columns_by_table(rules)
    documents, languages, signals = zip_whole(
        (shard.documents, ("profile", *of_documents, *columns.documents)),
        (shard.languages, columns.languages),
        (shard.signals, (*columns.signals, *of_signals)),
    )
    for name in columns.documents:
        signals = signals.append_column(name, documents.column(name))
    return documents, languages, signals


def show(places: Sequence[tuple[MeasuredShard, int]], rules: Sequence[Rule]) -> list[Shown]:
    """Read single documents: each row group that holds one is decoded once.

    Args:
        places: shard and row of each.
        rules: whose values are shown.

    Returns:
        The documents in the order of `places`.

    Raises:
        ShardError: a shard cannot be read.
    """
    rows_of: dict[MeasuredShard, list[int]] = defaultdict(list)
    for shard, row in places:
        if row not in rows_of[shard]:
            rows_of[shard].append(row)
    shown: dict[tuple[MeasuredShard, int], Shown] = {}
    columns = columns_by_table(rules)
    for shard, rows in rows_of.items():
        documents = read_rows(shard.documents, rows, ("source", "profile", "uri", "title", "text", *columns.documents))
        languages = read_rows(shard.languages, rows, ("doc_id", *columns.languages))
        signals = read_rows(shard.signals, rows, sorted({"char_count", *columns.signals}))
        for row, document, language, signal in zip(rows, documents, languages, signals, strict=True):
            measured = document | language | signal
            shown[shard, row] = Shown(
                source=document["source"],
                uri=plain(document["uri"]),
                title=plain(document["title"]),
                char_count=signal["char_count"],
                values=tuple(_value(rule, measured) for rule in rules if document["profile"] in rule.profiles),
                excerpt=_excerpt(document["text"]),
            )
    return [shown[place] for place in places]


def without_unmeasured(rules: Sequence[Rule], settings: SignalSettings) -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules that a run can decide, and one line for each that it cannot: its signal was not measured."""
    settings_of = {signal.column.name: signal.setting for signal in SIGNALS if not signal.is_measured(settings)}
    lines = tuple(
        f"{rule.name} is left out: this run did not measure {rule.signal} ([filter] {settings_of[rule.signal]})"
        for rule in rules
        if rule.signal in settings_of
    )
    return tuple(rule for rule in rules if rule.signal not in settings_of), lines


def print_document(console: Console, document: Shown, heading: str) -> None:
    """Print one document: address, what failed and what did not, how it begins."""
    console.print(f"[bold]{heading}[/bold]", end=" ")
    console.print(document.title or "(no title)", style="bold", markup=False)
    console.print(f"    {document.source}  {document.char_count:,} characters  {document.uri}", markup=False)
    name_width = max((cell_len(value.rule) for value in document.values), default=0)
    for value in document.values:
        style = "red" if value.fails else "dim"
        mark = "×" if value.fails else " "
        console.print(f"  {mark} {value.rule:<{name_width}}  {_interval(value)}", style=style, markup=False)
    for line in document.excerpt.split("\n"):
        console.print(f"    │ {line}", markup=False)
    console.print()


def print_total(console: Console, which: str, total: int, n_shown: int) -> None:
    """Print how many documents there are of a kind, and how many of them follow."""
    shown = "" if n_shown == total else f"; {n_shown:,} of them"
    console.print(f"Documents {which}: {total:,}{shown}")
    console.print()


def plain(text: str) -> str:
    """One line without control characters, and without marks that turn the order of characters around."""
    return "".join(" " if character.isspace() else character for character in _visible(text))


def number(value: float) -> str:
    """A measured value or a bound: whole numbers in full, fractions to four digits."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:.4g}"


def _visible(text: str) -> str:
    return "".join(
        character for character in text if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf")
    )


def _excerpt(text: str) -> str:
    start = _BLANK_LINES.sub("\n", _visible(text[: 2 * EXCERPT_CHARS])).strip("\n")
    return start[:EXCERPT_CHARS] + ("…" if len(text) > EXCERPT_CHARS else "")


def _value(rule: Rule, measured: Mapping[str, float]) -> Value:
    value = measured[rule.signal]
    # As an array of the column's type, so that a bound is compared as the decision compared it.
    fails = rule.fails(np.array([value], RULE_COLUMNS[rule.signal].type.to_pandas_dtype()))
    return Value(rule.name, rule.signal, value, rule.minimum, rule.maximum, bool(fails[0]))


def _interval(value: Value) -> str:
    """A value against its bounds, such as `char_count 83, at least 150`."""
    bounds = [
        f"{side} {number(bound)}"
        for side, bound in (("at least", value.minimum), ("at most", value.maximum))
        if bound is not None
    ]
    return f"{value.signal} {number(value.value)}, {', '.join(bounds)}"
