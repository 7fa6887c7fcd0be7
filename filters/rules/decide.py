"""Rules: closed intervals over measured columns, and the decisions that they make.

A document is kept if it passes every rule of its profile. All the rules that it fails are named, not only the first, so
that the effect of each is one group-by. Nothing here reads text: to move a threshold, decide again from the columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.nearest import did_you_mean
from manyo.corpus.schema import DECISIONS, DOCUMENTS, LABEL, LANGUAGES, TEMPLATES, Column
from manyo.corpus.settings.toml_tables import Faults, from_table, refuse_unknown
from manyo.corpus.settings.toml_text import Document, read_document
from manyo.corpus.tables.shards import filesystem
from manyo.filters.signals.catalogue import SIGNALS

#: The sets of rules that a source can be given.
PROFILES = ("web", "ocr", "classical", "law", "prose", "patent", "textbook", "pdf")


def _is_number(column: Column) -> bool:
    return bool(pa.types.is_floating(column.type) or pa.types.is_integer(column.type))


#: Columns of `documents` that a rule may bound: what only the source could measure.
DOCUMENT_COLUMNS = tuple(
    column for column in DOCUMENTS.columns if column.name in ("link_fraction", "kept_japanese_fraction")
)

#: Columns of `templates` that a rule may bound, in runs whose configuration has [templates].
TEMPLATE_COLUMNS = tuple(column for column in TEMPLATES.columns if _is_number(column))

#: Every column that a rule may bound: the numbers of `languages`, of `documents` and of `templates`, then the signals.
RULE_COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (*LANGUAGES.columns, *DOCUMENT_COLUMNS, *TEMPLATE_COLUMNS, *(signal.column for signal in SIGNALS))
    if _is_number(column)
}


def is_share(column: Column) -> bool:
    """Whether the values of a column end at 1, as shares and probabilities do."""
    return column.unit in ("fraction", "probability")


def possible_range(column: Column) -> tuple[float, float]:
    """The smallest and the largest value that a column can have: shares and probabilities end at 1, counts do not."""
    return 0.0, 1.0 if is_share(column) else math.inf


def _check_bound(where: str, side: str, bound: float, column: Column) -> None:
    """Refuse a bound that every value, or none, is on the same side of; an infinite one may bound nothing."""
    where = f"{where}: {side}"
    if math.isnan(bound):
        raise ValueError(f"{where} must be a number, not nan")
    if math.isinf(bound):
        if (bound < 0) == (side == "minimum"):
            return
        raise ValueError(f"{where} {bound:g} drops every document")
    lowest, highest = possible_range(column)
    if lowest <= bound <= highest:
        return
    possible = f"{column.name} is a {column.unit}, from 0 to 1" if highest == 1 else f"{column.name} is never below 0"
    percent = f"; for {bound:g} % write {bound / 100:g}" if 1 < bound <= 100 and highest == 1 else ""
    raise ValueError(f"{where} {bound:g} is impossible: {possible}{percent}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A closed interval over one measured column; a document outside it is dropped, for this reason.

    Attributes:
        name: the reason that `decisions` gives for dropped documents, snake_case.
        profiles: profiles of the documents that it decides about.
        signal: the column that it bounds, one of `RULE_COLUMNS`.
        minimum: smallest value kept; None for no lower bound.
        maximum: largest value kept; None for no upper bound.
        source: where the numbers come from.
        rejects: a text that it drops.
        keeps: a text that it keeps.
    """

    name: str
    profiles: tuple[str, ...]
    signal: str
    minimum: float | None
    maximum: float | None
    source: str
    rejects: str
    keeps: str

    def __post_init__(self) -> None:
        where = f"rule {self.name!r}"
        if not self.name.isidentifier():
            raise ValueError(f"{where}: a name consists of letters, digits and _")
        unknown = [profile for profile in self.profiles if profile not in PROFILES]
        if unknown or not self.profiles:
            raise ValueError(f"{where}: profiles {list(self.profiles)}; valid ones are {', '.join(PROFILES)}")
        if any(signal.column.name == self.signal and signal.column.type == LABEL for signal in SIGNALS):
            raise ValueError(f"{where}: {self.signal} names a category, and a rule bounds a number")
        if self.signal not in RULE_COLUMNS:
            raise ValueError(f"{where}: unknown signal {self.signal!r}; {did_you_mean(self.signal, RULE_COLUMNS)}")
        if self.minimum is None and self.maximum is None:
            raise ValueError(f"{where}: needs a minimum, a maximum or both")
        for name, bound in (("minimum", self.minimum), ("maximum", self.maximum)):
            if bound is not None:
                _check_bound(where, name, bound, RULE_COLUMNS[self.signal])
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError(f"{where}: minimum {self.minimum} is above maximum {self.maximum}")

    def fails(self, values: np.ndarray) -> np.ndarray:
        """bool (n_docs,), which values are outside the interval."""
        failed = np.zeros(len(values), np.bool_)
        if self.minimum is not None:
            failed |= values < self.minimum
        if self.maximum is not None:
            failed |= values > self.maximum
        return failed


def shipped_rules() -> dict[str, Path]:
    """Name of each set of rules that ships with manyo → its file: `default`, then the presets."""
    folder = Path(__file__).parent
    presets = sorted((folder / "presets").glob("*.toml"))
    return {path.stem: path for path in (folder / "default.toml", *presets)}


def load_rules(uri: str, with_templates: bool = False) -> tuple[Rule, ...]:
    """Read the `[[rule]]` tables of a TOML file, in their order.

    Args:
        uri: a path or URI, or a name of `shipped_rules`.
        with_templates: keep the rules on `TEMPLATE_COLUMNS`. They need other documents, and are left out where only
            the document itself is measured: in runs without [templates], and in pipelines of other tools.

    Raises:
        FileNotFoundError: there is no such file.
        SettingsError: the file is not TOML, or a rule is wrong; a line for each fault, with file, line and remedy.
    """
    fs, path = filesystem(str(shipped_rules().get(uri, uri)))
    return parse_rules(read_document(uri, fs.cat_file(path)), with_templates)


def parse_rules(document: Document, with_templates: bool = False) -> tuple[Rule, ...]:
    """The rules of a TOML text; raises SettingsError as `load_rules`."""
    faults = Faults(document)
    refuse_unknown(document.tables, ["rule"], faults)
    tables = document.tables.get("rule", [])
    if not isinstance(tables, list):
        faults.add(("rule", ""), "write rules as [[rule]] tables")
        tables = []
    read = [_rule(table, number, faults) for number, table in enumerate(tables)]
    rules = [rule for rule in read if rule is not None]
    for number, rule in enumerate(read):
        if rule and any(other and other.name == rule.name for other in read[:number]):
            faults.add(
                ("rule", number, "name"),
                f"more than one rule has the name {rule.name}; each name is a reason of its own",
            )
    faults.end()
    return tuple(rule for rule in rules if with_templates or not needs_templates(rule))


def without_texts(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules without what only people read, some kilobytes each: for tasks, each of which is sent its rules."""
    return tuple(replace(rule, source="", rejects="", keeps="") for rule in rules)


def needs_templates(rule: Rule) -> bool:
    """Whether a rule bounds a column of the table `templates`."""
    return any(rule.signal == column.name for column in TEMPLATE_COLUMNS)


def _rule(table: Any, number: int, faults: Faults) -> Rule | None:
    no_bounds = {"minimum": None, "maximum": None}
    rule = from_table(Rule, no_bounds | table if isinstance(table, dict) else table, ("rule", number), faults)
    # A whole number stays one: decisions have the fingerprint of the bounds as they are written.
    return rule and replace(rule, minimum=table.get("minimum"), maximum=table.get("maximum"))


@dataclass(frozen=True, slots=True)
class RuleColumns:
    """The columns that rules bound, by table, each in alphabetical order."""

    documents: tuple[str, ...]
    languages: tuple[str, ...]
    templates: tuple[str, ...]
    signals: tuple[str, ...]


def columns_by_table(rules: Iterable[Rule]) -> RuleColumns:
    """The columns that must be read so that rules can decide."""
    names = {rule.signal for rule in rules}
    documents = names & {column.name for column in DOCUMENT_COLUMNS}
    languages = names & set(LANGUAGES.schema.names)
    templates = names & {column.name for column in TEMPLATE_COLUMNS}
    signals = names - documents - languages - templates
    return RuleColumns(*(tuple(sorted(some)) for some in (documents, languages, templates, signals)))


def with_columns(signals: pa.RecordBatch, batch: pa.RecordBatch, names: Iterable[str]) -> pa.RecordBatch:
    """The signals with columns of another table, row by row, as `failures` expects them."""
    for name in names:
        signals = signals.append_column(name, batch.column(name))
    return signals


def failures(
    languages: pa.RecordBatch, signals: pa.RecordBatch, profiles: pa.Array, rules: Sequence[Rule]
) -> np.ndarray:
    """Which document fails which rule.

    Args:
        languages: of `manyo.corpus.schema.LANGUAGES`, or at least the columns that the rules name.
        signals: of the schema that `manyo.filters.signals.measure.measure` gives, and
            `DOCUMENT_COLUMNS` and `TEMPLATE_COLUMNS`, likewise.
        profiles: the documents' profiles, strings or dictionary.
        rules: in the order of the result's columns.

    Returns:
        bool (n_docs, n_rules); False where the rule is not one for the document's profile.

    Raises:
        ValueError: a column is missing or holds a null or NaN, or a profile is not one of `PROFILES`.
    """
    profile_names = profiles.cast(pa.string())
    unknown = set(pc.unique(profile_names).to_pylist()) - set(PROFILES)
    if unknown:
        raise ValueError(f"profile {', '.join(map(repr, unknown))}; valid ones are {', '.join(PROFILES)}")
    failed = np.zeros((signals.num_rows, len(rules)), np.bool_)
    for column, (rule, applies) in enumerate(zip(rules, asked(profile_names, rules), strict=True)):
        failed[:, column] = applies & rule.fails(_values(languages, signals, rule))
    return failed


def asked(profiles: pa.Array, rules: Sequence[Rule]) -> list[np.ndarray]:
    """For each rule bool (n_docs,), whether it is one for the document's profile; strings or dictionary."""
    names = profiles.cast(pa.string())
    has_profile = {profile: pc.equal(names, profile).to_numpy(zero_copy_only=False) for profile in PROFILES}
    return [np.logical_or.reduce([has_profile[profile] for profile in rule.profiles]) for rule in rules]


def _values(languages: pa.RecordBatch, signals: pa.RecordBatch, rule: Rule) -> np.ndarray:
    for batch in (languages, signals):
        if rule.signal in batch.schema.names:
            values: np.ndarray = batch.column(rule.signal).to_numpy(zero_copy_only=False)
            if np.isnan(values).any():
                raise ValueError(f"rule {rule.name!r}: column {rule.signal!r} has missing values")
            return values
    raise ValueError(f"rule {rule.name!r}: the tables have no column {rule.signal!r}")


def decide(
    languages: pa.RecordBatch, signals: pa.RecordBatch, profiles: pa.Array, rules: Sequence[Rule]
) -> pa.RecordBatch:
    """Name every rule that each document fails, in the order of the rules.

    Args:
        languages, signals, profiles, rules: as for `failures`, the batches with the same `doc_id`s.

    Returns:
        The columns `doc_id` and `reasons` of `manyo.corpus.schema.DECISIONS`, row by row; a document without a reason
        is kept.

    Raises:
        ValueError: as `failures`.
    """
    failed = failures(languages, signals, profiles, rules)
    return name_reasons(signals.column("doc_id"), failed, [rule.name for rule in rules])


_REASONS = pa.schema([DECISIONS.schema.field(name) for name in ("doc_id", "reasons")])


def name_reasons(doc_ids: pa.Array, failed: np.ndarray, names: Sequence[str]) -> pa.RecordBatch:
    """Give each document the names of its reasons.

    Args:
        doc_ids: of the documents.
        failed: bool (n_docs, n_reasons).
        names: of the reasons.

    Returns:
        The columns `doc_id` and `reasons` of `manyo.corpus.schema.DECISIONS`.
    """
    offsets = np.zeros(len(failed) + 1, np.int32)
    np.cumsum(failed.sum(axis=1), out=offsets[1:])
    _, reason_numbers = np.nonzero(failed)
    labels = pa.DictionaryArray.from_arrays(pa.array(reason_numbers, pa.int32()), pa.array(names, pa.string()))
    reasons = pa.ListArray.from_arrays(pa.array(offsets), labels, type=pa.list_(LABEL))
    return pa.RecordBatch.from_arrays([doc_ids, reasons], schema=_REASONS)
