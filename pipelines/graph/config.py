"""The configuration of a run: a TOML file becomes frozen settings, or a line for each fault with its place and remedy.

Structure is in Python, numbers are in TOML: every table of the file is a settings dataclass of the package that uses
it, and a key is valid if the dataclass has a field of that name (`manyo.corpus.settings`). TOML has no class names, and
a misspelt key is an error. Relative paths start at the folder of the configuration, which belongs to the thread
(`manyo.corpus.tables.start_folder`).
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from manyo.corpus.nearest import not_one_of, perhaps
from manyo.corpus.own_parts import PartError, packages_of
from manyo.corpus.records import InputShard
from manyo.corpus.schema import LABEL
from manyo.corpus.settings.meant_texts import FilePath, empty_values, named_paths
from manyo.corpus.settings.toml_lines import Path as TomlPath
from manyo.corpus.settings.toml_tables import Faults, from_table, refuse_unknown
from manyo.corpus.settings.toml_text import Document, SettingsError, read_document
from manyo.corpus.sources import commoncrawl
from manyo.corpus.sources.source_kinds import KINDS, Source, kind_names, source_kind
from manyo.corpus.tables.credentials import public, without_credentials
from manyo.corpus.tables.export import Export
from manyo.dedup.settings import Dedup
from manyo.filters.benchmarks.leaks import Decontaminate
from manyo.filters.language import LanguageSettings
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.rights import Rights
from manyo.filters.rules.decide import PROFILES, Rule, load_rules, needs_templates, shipped_rules
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.categories import load_category_model
from manyo.filters.signals.measure import measured_signals
from manyo.filters.signals.models import models_digest
from manyo.filters.signals.perplexity import check_kenlm, load_pieces
from manyo.filters.signals.quality import load_quality_model
from manyo.filters.signals.signal_settings import Models, SignalSettings, WordLists
from manyo.filters.signals.vocabulary import load_words, shipped_words
from manyo.filters.templates.counting import Templates
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.lost_paths import path_problem
from manyo.tokenizer.mixture import Mix
from manyo.tokenizer.shuffle import Shuffle
from manyo.tokenizer.train import TrainTokenizer

T = TypeVar("T")

#: Source names become folders and file names that trainers read.
_SOURCE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")

#: A path of Windows, and characters that a path gets where its backslashes are read as escapes.
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


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
        refused_share: part of a source's records, from 0 to 1; more of them refused are a notice, for one reason or for
            several together; usual reasons, such as a page that is not Japanese, do not count.
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

    advertising: FilePath | None = None
    adult: FilePath | None = None
    discrimination: FilePath | None = None
    violence: FilePath | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rules decide, and what is measured in addition to the signals that are always measured.

    Attributes:
        rules: the TOML file of the rules, or a name of `shipped_rules`.
        also_measure: signals that are measured only on request; those that the rules use are added.
        words: lists of words to count.
        models: whose scores are signals.
    """

    rules: FilePath = "default"
    also_measure: tuple[str, ...] = ()
    words: WordFiles = dataclasses.field(default_factory=WordFiles)
    models: Models = dataclasses.field(default_factory=Models)


_CATEGORIES = {signal.column.name for signal in SIGNALS if signal.column.type == LABEL}

#: Keys of [filter.models] and what looks at their files.
_MODELS: dict[str, Callable[[str], object]] = {
    "quality": load_quality_model,
    "register": load_category_model,
    "subject": load_category_model,
    "perplexity": check_kenlm,
    "pieces": load_pieces,
}

_ONE_MODEL = 'give either model = "FILE" or a [tokenize.train] table'


@dataclass(frozen=True, slots=True)
class Tokenize:
    """How text becomes token shards; without a model, and without training one, there are none.

    Attributes:
        model: a SentencePiece model or a Hugging Face `tokenizer.json`; None if `train` makes one.
        eod_token: the special token that ends documents, such as `<|endoftext|>`; a `tokenizer.json` needs it.
        train: how to train one on the release; None if `model` names one.
        shuffle: how to shuffle the documents of each source before they are packed; None keeps the order of the input.
        shard_tokens: tokens of a token shard, give or take one document.
        format: `megatron` for `.bin` and `.idx`, `npy` for flat arrays.
    """

    model: FilePath | None = None
    eod_token: str | None = None
    train: TrainTokenizer | None = None
    shuffle: Shuffle | None = None
    shard_tokens: int = 1_000_000_000
    format: Literal["megatron", "npy"] = "megatron"

    def __post_init__(self) -> None:
        if self.model is not None and self.train is not None:
            raise ValueError(_ONE_MODEL)
        if self.shard_tokens < 1:
            raise ValueError(f"shard_tokens must be at least 1, got {self.shard_tokens}")

    @property
    def makes_shards(self) -> bool:
        """Whether there is a model, or will be one."""
        return self.model is not None or self.train is not None


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
        text: of the file, without credentials.
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
    text: str = ""


#: Tables of a configuration file → their settings; `source` is a list, each of a kind with keys of its own.
TABLES: dict[str, type] = {
    "run": Run,
    "source": Source,
    "extract": Extract,
    "langid": LanguageSettings,
    "filter": Filter,
    "rights": Rights,
    "templates": Templates,
    "dedup": Dedup,
    "decontaminate": Decontaminate,
    "scrub": Scrub,
    "export": Export,
    "tokenize": Tokenize,
    "mix": Mix,
    "notices": Notices,
}
_REQUIRED_TABLES = ("run", "source")


def load_config(path: str, out: str | None = None) -> Config:
    """Read a configuration file.

    Args:
        path: the TOML file.
        out: replaces `[run] out`.

    Raises:
        UserError: the file is missing or not TOML, or it has unknown or invalid keys: a line for each.
    """
    document = _read(path)
    faults = Faults(document)
    try:
        config = _Reader(document.tables, faults).config(path, out)
        faults.end()
    except SettingsError as error:
        raise UserError(str(error)) from error
    if config is None:
        raise AssertionError(f"{path}: a configuration without faults was not built")
    return dataclasses.replace(config, text=without_credentials(document.text))


def load_rights(path: str) -> Rights:
    """Read the [rights] of a configuration, or of a file that has nothing else.

    Raises:
        UserError: the file is missing or not TOML, or has no [rights] or an invalid key in it.
    """
    return load_table(Rights, "rights", path)


def load_table(cls: type[T], name: str, path: str) -> T:
    """Read one table of a TOML file, or the whole file if the name is empty.

    Raises:
        UserError: the file is missing or not TOML, or has no such table or an invalid key in it.
    """
    document = _read(path)
    if name and name not in document.tables:
        raise UserError(f"{path}: has no [{name}]")
    faults = Faults(document)
    place: TomlPath = (name,) if name else ()
    read = from_table(cls, document.tables[name] if name else document.tables, place, faults)
    try:
        faults.end()
    except SettingsError as error:
        raise UserError(str(error)) from error
    if read is None:
        raise AssertionError(f"{path}: a table without faults was not built")
    return read


def _read(path: str) -> Document:
    """The tables of a file, in which URIs only name things (`manyo.corpus.tables.credentials`)."""
    try:
        with open(path, "rb") as stream:
            document = read_document(path, stream.read())
        tables = {name: _without_credentials(table) for name, table in document.tables.items()}
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such configuration file") from error
    except IsADirectoryError as error:
        raise UserError(f"{path}: is a folder; name the TOML file in it") from error
    except SettingsError as error:
        raise UserError(str(error)) from error
    except (OSError, ValueError) as error:  # not readable, or two credentials for one host
        raise UserError(f"{path}: {error}") from error
    for note in document.notes:
        sys.stderr.write(f"manyo: {note}\n")
    return dataclasses.replace(document, tables=tables)


def _without_credentials(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_credentials(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_credentials(one) for one in value]
    return public(value) if isinstance(value, str) else value


class _Reader:
    """Reads the tables of one file and adds to its faults; a part with a fault is None.

    Args:
        tables: of the file.
        faults: of the file.
    """

    def __init__(self, tables: Mapping[str, Any], faults: Faults) -> None:
        self._tables = tables
        self._faults = faults

    def config(self, path: str, out: str | None) -> Config | None:
        """The configuration; None if there is a fault."""
        refuse_unknown(self._tables, TABLES, self._faults)
        for name in _REQUIRED_TABLES:
            if name not in self._tables:
                self._faults.add((name, ""), "the table is missing")
        for place, text in _texts(self._tables, ()):
            self._check_text(place, text)
        sources = self._sources()
        names = [source.name for source in sources]
        run, rights = self._required(Run, "run"), self._table(Rights, "rights")
        filters, dedup = self._table(Filter, "filter"), self._table(Dedup, "dedup")
        wrong = self._wrong_files(filters) if filters else set()
        templates, tokenize = self._optional(Templates, "templates"), self._table(Tokenize, "tokenize")
        if tokenize and "tokenize" in self._tables and not tokenize.makes_shards:
            self._faults.add(("tokenize", ""), _ONE_MODEL)
        mix = self._optional(Mix, "mix")
        self._check_names(dedup, templates, tokenize, names)
        if mix:
            self._check_mix(mix, names)
        rules = self._rules(filters) if filters and "rules" not in wrong else None
        signals = None
        export = self._optional(Export, "export")
        if filters and dedup and rules is not None and not wrong:
            asked: dict[str, TomlPath] = dict.fromkeys(export.signals if export else (), ("export", "signals"))
            if dedup.survivor_signal is not None:
                asked[dedup.survivor_signal] = ("dedup", "survivor_signal")
            signals = self._signals(filters, rules, asked)
        extract, langid = self._table(Extract, "extract"), self._table(LanguageSettings, "langid")
        scrub, notices = self._table(Scrub, "scrub"), self._table(Notices, "notices")
        decontaminate = self._optional(Decontaminate, "decontaminate")
        if not (run and rights and dedup and extract and langid and scrub and notices and tokenize) or self._faults:
            return None
        if rules is None or signals is None:
            return None
        return Config(
            path=path,
            run=Run(public(out)) if out else run,
            sources=sources,
            extract=extract,
            langid=langid,
            rules=tuple(rule for rule in rules if templates is not None or not needs_templates(rule)),
            rights=rights,
            signals=signals,
            templates=templates,
            dedup=dedup,
            decontaminate=decontaminate,
            scrub=scrub,
            export=export,
            tokenize=tokenize,
            mix=mix,
            notices=notices,
        )

    def _table(self, cls: type[T], name: str) -> T | None:
        made = from_table(cls, self._tables.get(name, {}), (name,), self._faults)
        self._refuse_empty(made, (name,))
        return made

    def _refuse_empty(self, settings: object, place: TomlPath) -> None:
        """Refuse a text or list that is empty, where that means nothing."""
        for at in empty_values(settings, place) if settings is not None else ():
            key, is_one_of_list = (at[-2], True) if isinstance(at[-1], int) else (at[-1], False)
            self._faults.add(at, f"{key} holds an empty text" if is_one_of_list else f"{key} is empty")

    def _optional(self, cls: type[T], name: str) -> T | None:
        return self._table(cls, name) if name in self._tables else None

    _required = _optional

    def _check_text(self, place: TomlPath, text: str) -> None:
        if _WINDOWS_PATH.match(text):
            drive, rest = text[0].lower(), text[3:].replace("\\", "/")
            self._faults.add(
                place, f"{text!r} is a path of Windows; manyo runs on Linux, and in WSL this is /mnt/{drive}/{rest}"
            )
        elif found := _CONTROL.search(text):
            self._faults.add(
                place,
                f"{text!r} holds the control character {found[0]!r}; in double quotation marks \\t is a TAB: write "
                "paths with /, or in single quotation marks",
            )

    def _check_names(
        self, dedup: Dedup | None, templates: Templates | None, tokenize: Tokenize | None, sources: list[str]
    ) -> None:
        """Refuse names of sources and profiles that do not exist."""
        for name in dedup.source_priority if dedup else ():
            if name not in sources:
                self._faults.add(
                    ("dedup", "source_priority"),
                    f"source_priority: no [[source]] has the name {name!r}{perhaps(name, sources)}",
                )
        boilerplate = dedup.boilerplate if dedup else None
        for place, profiles in (
            (("dedup", "view_profiles"), dedup.view_profiles if dedup else ()),
            (("dedup", "boilerplate", "remove"), boilerplate.remove if boilerplate else ()),
            (("dedup", "boilerplate", "flag"), boilerplate.flag if boilerplate else ()),
            (("templates", "profiles"), templates.profiles if templates else ()),
        ):
            for profile in profiles:
                if profile not in PROFILES:
                    self._faults.add(place, f"{place[-1]}: {not_one_of(profile, PROFILES)}")
        named = [
            name for one in (tokenize.train.language if tokenize and tokenize.train else ()) for name in one.sources
        ]
        if named and sorted(named) != sorted(sources):
            wrong = [*sorted(set(named) - set(sources)), *sorted(set(sources) - set(named)), *sorted(named)][0]
            problem = (
                f"no [[source]] has the name {wrong!r}{perhaps(wrong, sources)}"
                if wrong not in sources
                else f"{wrong!r} is in no language"
            )
            if named.count(wrong) > 1:
                problem = f"{wrong!r} is in two languages"
            self._faults.add(
                ("tokenize", "train", "language"), f"language: {problem}; the sources are {', '.join(sources)}"
            )

    def _check_mix(self, mix: Mix, sources: list[str]) -> None:
        """Refuse names of sources and signals that do not exist."""
        signals = [signal.column.name for signal in SIGNALS]
        for number, line in enumerate(mix.source):
            place: TomlPath = ("mix", "source", number)
            if line.table is None and line.own_source not in sources:
                key, named = "source" if line.source else "name", not_one_of(line.own_source, sources)
                self._faults.add((*place, key), f"{key}: no such source: {named}")
            if line.signal is not None and line.signal not in signals:
                self._faults.add((*place, "signal"), f"signal: {not_one_of(line.signal, signals)}")

    def _wrong_files(self, settings: Filter) -> set[str]:
        """Record the files of [filter] that are not there or are something else; returns the keys that lead to them."""
        wrong = set()
        for place, path, leads in named_paths(settings, ("filter",)):
            shipped = {"rules": shipped_rules(), "words": shipped_words()}.get(str(place[1]), {})
            if path in shipped:
                continue
            key, problem = str(place[-1]), path_problem(path, leads)
            if problem and shipped:
                names = f"those that ship with manyo are {', '.join(shipped)}{perhaps(path, shipped)}"
                problem = f"{problem.split(';')[0]}; {names}"
            elif problem is None and key in _MODELS:
                problem = _refusal(_MODELS[key], path)
            if problem:
                self._faults.add(place, f"{key}: {problem}")
                wrong.add(str(place[1]))
        return wrong

    def _rules(self, settings: Filter) -> tuple[Rule, ...] | None:
        try:
            return load_rules(settings.rules, with_templates=True)
        except SettingsError as error:
            self._faults.add_lines(error.lines)
        except OSError as error:
            self._faults.add(("filter", "rules"), f"rules: {error}")
        return None

    def _signals(
        self, settings: Filter, rules: tuple[Rule, ...], asked: Mapping[str, TomlPath]
    ) -> SignalSettings | None:
        """The signals that the file requests, with those that its rules, dedup and exports use.

        Args:
            settings: [filter] of the file.
            rules: the rules.
            asked: names of signals that other tables use, and the keys that name them.
        """
        faults = self._faults
        names = [signal.column.name for signal in SIGNALS]
        for name, place in asked.items():
            if name not in names:
                faults.add(place, f"{place[-1]}: {not_one_of(name, names)}")
            elif place[-1] == "survivor_signal" and name in _CATEGORIES:
                faults.add(place, f"{place[-1]}: {name} names a category, and no name is higher; give a number")
        if not asked.keys() <= set(names):
            return None
        looked_at = {name: f"[{place[0]}] {place[-1]}" for name, place in asked.items()}
        looked_at |= {rule.signal: f"rule {rule.name!r}" for rule in rules if not needs_templates(rule)}
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
                packages=packages_of("manyo.signals", (*settings.also_measure, *also_measure)),
            )
            measured = measured_signals(signals)
        except (OSError, ValueError) as error:
            faults.add(("filter", ""), str(error))
            return None
        for signal in SIGNALS:
            name = signal.column.name
            if name in looked_at and signal not in measured:
                faults.add(("filter", ""), f"{looked_at[name]} looks at {name}, which needs the key {signal.setting}")
        return signals

    def _sources(self) -> tuple[Source, ...]:
        tables = self._tables.get("source", [])
        if not isinstance(tables, list) or ("source" in self._tables and not tables):
            self._faults.add(("source", ""), "write sources as [[source]] tables, at least one")
            return ()
        read = [self._source(table, ("source", place)) for place, table in enumerate(tables)]
        sources = tuple(source for source in read if source is not None)
        for place, source in enumerate(read):
            if source and any(other and other.name == source.name for other in read[:place]):
                self._faults.add(
                    ("source", place, "name"),
                    f"two [[source]] tables have the name {source.name!r}; each needs its own",
                )
        return sources

    def _source(self, table: Any, place: TomlPath) -> Source | None:
        faults = self._faults
        if not isinstance(table, dict):
            faults.add((*place, ""), "write sources as [[source]] tables, at least one")
            return None
        kind = table.get("kind")
        options_class: Any = None
        if isinstance(kind, str) and kind not in kind_names():
            faults.add((*place, "kind"), f"kind {not_one_of(kind, sorted(kind_names()))}")
        elif isinstance(kind, str):  # what is none is a fault of the table
            try:
                options_class = source_kind(kind).Options
            except PartError as error:
                faults.add((*place, "kind"), str(error))
        own = {field.name for field in dataclasses.fields(Source)} - {"options"}
        named = {field.name for field in dataclasses.fields(options_class)} if options_class else set()
        of_kind = {key: value for key, value in table.items() if key in named - own}
        options = from_table(options_class, of_kind, place, faults) if options_class else None
        rest = {key: value for key, value in table.items() if key not in of_kind}
        if options_class is None:  # what is a key of some kind is not called unknown while the kind is
            of_any = {field.name for module in KINDS.values() for field in dataclasses.fields(module.Options)}
            rest = {key: value for key, value in rest.items() if key in own or key not in of_any}
        source = from_table(Source, {**rest, "options": {}}, place, faults, known=sorted(named), hidden=("options",))
        self._check_source(table, place)
        for settings in (source, options):
            self._refuse_empty(settings, place)
        if source is None or options is None:
            return None
        source = dataclasses.replace(source, options=options)
        if isinstance(options, commoncrawl.Options):
            return dataclasses.replace(source, inputs=commoncrawl.addresses(source.inputs, options))
        return source

    def _check_source(self, table: Mapping[str, Any], place: TomlPath) -> None:
        name, profile = table.get("name"), table.get("profile")
        if isinstance(name, str) and not _SOURCE_NAME.fullmatch(name):
            self._faults.add((*place, "name"), f"name {name!r} must be lower-case letters, digits, - and _")
        if isinstance(profile, str) and profile not in PROFILES:
            self._faults.add((*place, "profile"), f"profile {not_one_of(profile, PROFILES)}")


def _texts(value: Any, place: TomlPath) -> Iterator[tuple[TomlPath, str]]:
    """Every text of some tables, with its place."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _texts(one, (*place, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, (*place, number))
    elif isinstance(value, str):
        yield place, value


def _refusal(load: Callable[[str], object], path: str) -> str | None:
    """What a function says that loads or checks a file and refuses it; None if it takes it."""
    try:
        load(path)
    except ValueError as error:
        return str(error)
    return None


def _words(files: WordFiles) -> WordLists:
    paths = {entry.name: getattr(files, entry.name) for entry in dataclasses.fields(files)}
    return WordLists(**{name: load_words(path) for name, path in paths.items() if path is not None})
