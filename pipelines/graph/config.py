"""The configuration of a run: a TOML file becomes frozen settings, or one line that says what is wrong with it.

Structure is in Python, numbers are in TOML: every table of the file is a settings
dataclass of the package that uses it, and a key is valid if the dataclass has
a field of that name (`manyo.pipelines.graph.toml_tables`). TOML has no class
names, and a misspelt key is an error.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from manyo.corpus.records import InputShard
from manyo.corpus.sources import commoncrawl
from manyo.corpus.sources.source_kinds import KINDS, Source
from manyo.corpus.tables.credentials import public
from manyo.corpus.tables.export import Export
from manyo.dedup.settings import Dedup
from manyo.filters.benchmarks.leaks import Decontaminate
from manyo.filters.language import LanguageSettings
from manyo.filters.pii.find import Scrub
from manyo.filters.rights import Rights
from manyo.filters.rules.decide import PROFILES, Rule, load_rules, shipped_rules
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measured_signals
from manyo.filters.signals.models import models_digest
from manyo.filters.signals.signal_settings import Models, SignalSettings, WordLists
from manyo.filters.signals.vocabulary import load_words
from manyo.filters.templates.counting import Templates
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.toml_tables import from_table, refuse_unknown
from manyo.tokenizer.mixture import Mix
from manyo.tokenizer.shuffle import Shuffle
from manyo.tokenizer.train import TrainTokenizer

T = TypeVar("T")

#: Tables of a configuration file, and those that it must have.
_TABLES = (
    "run",
    "source",
    "extract",
    "langid",
    "filter",
    "rights",
    "templates",
    "dedup",
    "decontaminate",
    "scrub",
    "export",
    "tokenize",
    "mix",
    "notices",
)
_REQUIRED_TABLES = ("run", "source", "tokenize")

#: Source names become folders and file names that trainers read.
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class Run:
    """Where the run writes.

    Attributes:
        out: folder or URI for all tables, shards and reports.
    """

    out: str


@dataclass(frozen=True, slots=True)
class Extract:
    """Limits for the parsing of one record.

    Attributes:
        record_timeout_s: seconds after which a record's parser is considered hung.
    """

    record_timeout_s: float = 60.0

    def __post_init__(self) -> None:
        if self.record_timeout_s <= 0:
            raise ValueError(f"record_timeout_s must be above 0, got {self.record_timeout_s}")


@dataclass(frozen=True, slots=True)
class Notices:
    """What ends a run with the exit status for notices: a source without documents, for one.

    Attributes:
        refused_share: part of a source's records, from 0 to 1; more of them refused for one reason are a notice, unless
            the reason is a usual one, such as a page that is not Japanese.
        allow_empty: whether a run with notices ends with status 0.
    """

    refused_share: float = 0.5
    allow_empty: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.refused_share <= 1:
            raise ValueError(f"refused_share must be from 0 to 1, got {self.refused_share}")


@dataclass(frozen=True, slots=True)
class WordFiles:
    """Files of words to count, one word per line, or names of `shipped_words`; None for no list.

    Attributes:
        advertising: of shops and advertisements.
        adult: of sexual content.
        discrimination: that demean people.
        violence: of violence and cruelty.
    """

    advertising: str | None = None
    adult: str | None = None
    discrimination: str | None = None
    violence: str | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rules decide, and what is measured in addition to the signals that are always measured.

    Attributes:
        rules: the TOML file of the rules, or a name of `shipped_rules`.
        also_measure: signals that are measured only on request; those that the rules use are added.
        words: lists of words to count.
        models: whose scores are signals.
    """

    rules: str = "default"
    also_measure: tuple[str, ...] = ()
    words: WordFiles = dataclasses.field(default_factory=WordFiles)
    models: Models = dataclasses.field(default_factory=Models)


@dataclass(frozen=True, slots=True)
class Tokenize:
    """How text becomes token shards.

    Attributes:
        model: a SentencePiece model or a Hugging Face `tokenizer.json`; None if `train` makes one.
        eod_token: the special token that ends documents, such as `<|endoftext|>`; a `tokenizer.json` needs it.
        train: how to train one on the release; None if `model` names one.
        shuffle: how to shuffle the documents of each source before they are packed; None keeps the order of the input.
        shard_tokens: tokens of a token shard, give or take one document.
        format: `megatron` for `.bin` and `.idx`, `npy` for flat arrays.
    """

    model: str | None = None
    eod_token: str | None = None
    train: TrainTokenizer | None = None
    shuffle: Shuffle | None = None
    shard_tokens: int = 1_000_000_000
    format: Literal["megatron", "npy"] = "megatron"

    def __post_init__(self) -> None:
        if (self.model is None) == (self.train is None):
            raise ValueError('give either model = "FILE" or a [tokenize.train] table')
        if self.shard_tokens < 1:
            raise ValueError(f"shard_tokens must be at least 1, got {self.shard_tokens}")


#: Chooses shards of a source, and how much of each is read.
Sample = Callable[[Source, Sequence[InputShard]], Sequence[InputShard]]


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a run.

    Attributes:
        path: the file that was read.
        sources: in the file's order.
        rules: the rules that `filter.rules` names.
        signals: which signals are measured.
        templates: what a template is; None if the file has no [templates], which leaves out the rules on them.
        decontaminate: benchmarks to search for; None if the file has no [decontaminate].
        export: how the release is written for other tools; None if the file has no [export].
        mix: the mixture of a training run; None if the file has no [mix].
        notices: which notices there are, and whether they have an exit status.
        sample: the part of the inputs that a forecast reads; None for all inputs.
    """

    path: str
    run: Run
    sources: tuple[Source, ...]
    extract: Extract
    langid: LanguageSettings
    rules: tuple[Rule, ...]
    rights: Rights
    signals: SignalSettings
    templates: Templates | None
    dedup: Dedup
    decontaminate: Decontaminate | None
    scrub: Scrub
    export: Export | None
    tokenize: Tokenize
    mix: Mix | None
    notices: Notices = Notices()
    sample: Sample | None = None


def load_config(path: str, out: str | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: the TOML file.
        out: replaces `[run] out`.

    Raises:
        UserError: the file is missing or not TOML, or it has an unknown or invalid key.
    """
    tables = _read_tables(path)

    def settings(cls: type[T], table: str) -> T:
        return from_table(cls, tables.get(table, {}), f"{path}: [{table}]")

    run = settings(Run, "run")
    filter_settings = settings(Filter, "filter")
    templates = settings(Templates, "templates") if "templates" in tables else None
    rules = _rules(path, filter_settings.rules, templates is not None)
    dedup = settings(Dedup, "dedup")
    export = settings(Export, "export") if "export" in tables else None
    asked = dict.fromkeys(export.signals if export else (), "[export] signals")
    if dedup.survivor_signal is not None:
        asked[dedup.survivor_signal] = "[dedup] survivor_signal"
    signals = _signals(path, filter_settings, rules, asked)
    sources = _sources(path, tables["source"])
    _check_dedup(path, dedup, [source.name for source in sources])
    _check_profiles(path, dedup, templates)
    tokenize = settings(Tokenize, "tokenize")
    _check_languages(path, tokenize, [source.name for source in sources])
    return Config(
        path=path,
        run=Run(public(out)) if out else run,
        sources=sources,
        extract=settings(Extract, "extract"),
        langid=settings(LanguageSettings, "langid"),
        rules=rules,
        rights=settings(Rights, "rights"),
        signals=signals,
        templates=templates,
        dedup=dedup,
        decontaminate=settings(Decontaminate, "decontaminate") if "decontaminate" in tables else None,
        scrub=settings(Scrub, "scrub"),
        export=export,
        tokenize=tokenize,
        mix=settings(Mix, "mix") if "mix" in tables else None,
        notices=settings(Notices, "notices"),
    )


def load_rights(path: str) -> Rights:
    """Read the [rights] of a configuration, or of a file that has nothing else.

    Raises:
        UserError: the file is missing or not TOML, or has no [rights] or an invalid key in it.
    """
    tables = _read_toml(path)
    if "rights" not in tables:
        raise UserError(f"{path}: has no [rights]")
    return from_table(Rights, tables["rights"], f"{path}: [rights]")


def _read_tables(path: str) -> dict[str, Any]:
    """Returns the tables of a configuration file; the names are checked, the contents are not."""
    tables = _read_toml(path)
    refuse_unknown(path, tables, _TABLES)
    for table in _REQUIRED_TABLES:
        if table not in tables:
            raise UserError(f"{path}: table [{table}] is missing")
    return tables


def _read_toml(path: str) -> dict[str, Any]:
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return {name: _without_credentials(table) for name, table in tables.items()}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such configuration file") from error
    except (OSError, ValueError) as error:  # not UTF-8, not TOML, or two credentials for one host
        raise UserError(f"{path}: {error}") from error


def _without_credentials(value: Any) -> Any:
    """Returns a table of the file in which URIs only name things (`manyo.corpus.tables.credentials`)."""
    if isinstance(value, dict):
        return {key: _without_credentials(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_credentials(one) for one in value]
    return public(value) if isinstance(value, str) else value


def _rules(path: str, name: str, with_templates: bool) -> tuple[Rule, ...]:
    try:
        return load_rules(name, with_templates)
    except FileNotFoundError as error:
        raise UserError(
            f"{path}: [filter]: no such rules file: {name}; those that ship with manyo are {', '.join(shipped_rules())}"
        ) from error
    except ValueError as error:
        raise UserError(str(error)) from error


def _check_dedup(path: str, dedup: Dedup, sources: list[str]) -> None:
    """Refuse names of sources that do not exist."""
    for name in dedup.source_priority:
        if name not in sources:
            raise UserError(f"{path}: [dedup] source_priority: no [[source]] has the name {name!r}")


def _check_profiles(path: str, dedup: Dedup, templates: Templates | None) -> None:
    """Refuse names of profiles that do not exist."""
    boilerplate = dedup.boilerplate
    for key, profiles in (
        ("[dedup] view_profiles", dedup.view_profiles),
        ("[dedup.boilerplate] remove", boilerplate.remove if boilerplate else ()),
        ("[dedup.boilerplate] flag", boilerplate.flag if boilerplate else ()),
        ("[templates] profiles", templates.profiles if templates else ()),
    ):
        for profile in profiles:
            if profile not in PROFILES:
                raise UserError(f"{path}: {key}: {profile!r} is not one of {', '.join(PROFILES)}")


def _signals(path: str, settings: Filter, rules: tuple[Rule, ...], asked: Mapping[str, str]) -> SignalSettings:
    """Returns the signals that the file requests, with those that its rules, dedup and exports use.

    Args:
        path: of the file.
        settings: its [filter].
        rules: the rules.
        asked: names of signals that other tables use, and the keys that name them.
    """
    names = [signal.column.name for signal in SIGNALS]
    for name, key in asked.items():
        if name not in names:
            raise UserError(f"{path}: {key}: {name!r} is not one of {', '.join(names)}")
    looked_at = {**asked, **{rule.signal: f"[filter] rule {rule.name!r}" for rule in rules}}
    also_measure = [
        signal.column.name
        for signal in SIGNALS
        if signal.setting == "also_measure" and signal.column.name in looked_at.keys() - set(settings.also_measure)
    ]
    try:
        signals = SignalSettings(
            also_measure=(*settings.also_measure, *also_measure),
            words=_words(settings.words),
            models=settings.models,
            models_digest=models_digest(settings.models),
        )
        measured = measured_signals(signals)
    except FileNotFoundError as error:
        raise UserError(f"{path}: [filter.words]: no such file: {error.filename or error}") from error
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: [filter] {error}") from error
    for signal in SIGNALS:
        name = signal.column.name
        if name in looked_at and signal not in measured:
            raise UserError(f"{path}: {looked_at[name]} looks at {name}, which needs the key {signal.setting}")
    return signals


def _words(files: WordFiles) -> WordLists:
    paths = {entry.name: getattr(files, entry.name) for entry in dataclasses.fields(files)}
    return WordLists(**{name: load_words(path) for name, path in paths.items() if path is not None})


def _check_languages(path: str, tokenize: Tokenize, sources: list[str]) -> None:
    """Refuse languages of a merged vocabulary unless they name every source exactly once and nothing else."""
    named = [name for language in (tokenize.train.language if tokenize.train else ()) for name in language.sources]
    if named and sorted(named) != sorted(sources):
        wrong = sorted(set(named) ^ set(sources))
        problem = f"no [[source]] has the name {wrong[0]!r}" if wrong[0] in named else f"{wrong[0]!r} is in no language"
        raise UserError(f"{path}: [tokenize.train] language: {problem}; the sources are {', '.join(sources)}")


def _sources(path: str, tables: Any) -> tuple[Source, ...]:
    if not isinstance(tables, list) or not tables:
        raise UserError(f"{path}: write sources as [[source]] tables, at least one")
    sources = tuple(_source(f"{path}: [[source]] {number}", table) for number, table in enumerate(tables, start=1))
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{path}: two [[source]] tables have the name {name!r}")
    return sources


def _source(where: str, table: Mapping[str, Any]) -> Source:
    kind = table.get("kind")
    if kind not in KINDS:
        raise UserError(f"{where}: kind {kind!r} is not one of {', '.join(sorted(KINDS))}")
    options_class = KINDS[kind].Options
    own = {field.name for field in dataclasses.fields(Source)} - {"options"}
    options = {field.name for field in dataclasses.fields(options_class)}
    refuse_unknown(where, table, sorted(own | options))
    source = from_table(
        Source,
        {key: value for key, value in table.items() if key in own} | {"options": {}},
        where,
        given={"options": from_table(options_class, {k: v for k, v in table.items() if k in options}, where)},
    )
    if not _SOURCE_NAME.fullmatch(source.name):
        raise UserError(f"{where}: name {source.name!r} must be lower-case letters, digits, - and _")
    if source.profile not in PROFILES:
        raise UserError(f"{where}: profile {source.profile!r} is not one of {', '.join(PROFILES)}")
    if not source.inputs:
        raise UserError(f"{where}: inputs is empty")
    if isinstance(source.options, commoncrawl.Options):
        return dataclasses.replace(source, inputs=commoncrawl.addresses(source.inputs, source.options))
    return source
