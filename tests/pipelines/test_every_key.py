"""Every key of the configuration, by what it means: a path, a glob, a name, a list. Each kind has one law for all keys.

The keys come from the settings themselves, so that a new one is in no list until somebody says what it means here.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manyo.corpus.settings.meant_texts import MAY_BE_EMPTY, Leads, marks_of
from manyo.corpus.settings.toml_tables import inner_type
from manyo.corpus.sources.source_kinds import KINDS
from manyo.pipelines.cli import main
from manyo.pipelines.graph.config import TABLES


@dataclasses.dataclass(frozen=True)
class Key:
    """A key of a table; `path` leads to the table, with 0 for the first of several."""

    path: tuple[str | int, ...]
    kind: str
    name: str
    hint: Any
    default: Any

    @property
    def label(self) -> str:
        return ".".join(str(part) for part in (*self.path, self.name) if part != 0) + (
            f" of {self.kind}" * bool(self.kind)
        )

    @property
    def is_list(self) -> bool:
        return "tuple" in str(self.hint)

    @property
    def leads(self) -> Leads | None:
        return next((mark for mark in marks_of(self.hint) if isinstance(mark, Leads)), None)

    @property
    def is_text(self) -> bool:
        """Whether any text may be given, by the type alone."""
        return inner_type(_bare(self.hint)) is str


def _bare(hint: Any) -> Any:
    return _bare(typing.get_args(hint)[0]) if typing.get_origin(hint) is typing.Annotated else hint


def _keys(cls: Any, path: tuple[str | int, ...], kind: str = "") -> Iterator[Key]:
    with_marks, without = (typing.get_type_hints(cls, include_extras=extras) for extras in (True, False))
    for field in dataclasses.fields(cls):
        inner = inner_type(without[field.name])
        if dataclasses.is_dataclass(inner):
            is_list = typing.get_origin(without[field.name]) is tuple
            yield from _keys(inner, (*path, field.name, *([0] if is_list else [])), kind)
        elif inner is not object:
            default = field.default
            if field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            yield Key(path, kind, field.name, with_marks[field.name], default)


KEYS = [
    key
    for table, cls in TABLES.items()
    for key in _keys(cls, (table, 0) if table == "source" else (table,), "jsonl" if table == "source" else "")
]
KEYS += [key for kind, module in KINDS.items() for key in _keys(module.Options, ("source", 0), kind)]
TEXTS = [key for key in KEYS if key.is_text]

#: Keys whose texts are names, and a misspelt one: what is said must hold the right one.
NAMES = {
    "source.kind": ("jsnol", "jsonl"),
    "source.profile": ("wbe", "web"),
    "source.uses": ("trian", "train"),
    "source.extractor": ("trafilatur", "trafilatura"),
    "source.comments": ("exprot", "export"),
    "source.refuse_opted_out": ("no-ai", "noai"),
    "source.languages": ("jp", "jpn"),
    "source.charsets": ("Shift-JIZ", "Shift_JIS"),
    "source.tlds": (".jp", "jp"),
    "source.mimes": ("html", "text/html"),
    "source.unknown": ("host", "hosts"),
    "source.truncated": ("kep", "keep"),
    "source.applicants": ("organizations", "organisations"),
    "source.lines": ("joined", "join"),
    "filter.also_measure": ("board_mark_cuont", "board_mark_count"),
    "rights.opted_out": ("no-ai", "noai"),
    **{f"rights.{use}.agents": ("GTPBot", "GPTBot") for use in ("train", "search", "display", "redistribute")},
    **{f"rights.{use}.as_of": ("2026/04/01", "2026-04-01") for use in ("train", "search", "display", "redistribute")},
    "templates.profiles": ("wbe", "web"),
    "dedup.view_profiles": ("wbe", "web"),
    "dedup.boilerplate.remove": ("wbe", "web"),
    "dedup.boilerplate.flag": ("wbe", "web"),
    "dedup.source_priority": ("ccc", "cc"),
    "dedup.survivor_signal": ("qualty_score", "quality_score"),
    "scrub.kinds": ("emial", "email"),
    "export.signals": ("qualty_score", "quality_score"),
    "tokenize.train.language.sources": ("ccc", "cc"),
    "mix.source.name": ("ccc", "cc"),
    "mix.source.source": ("ccc", "cc"),
    "mix.source.signal": ("qualty_score", "quality_score"),
    "mix.training.machine": ("x86_64", "x86-64"),
    "mix.training.split": ("969;30;1;5", "969,30,1"),
}

#: Other texts: what they mean, and why no misspelling of them can be known.
FREE = {
    "run.out": "a new folder",
    "source.name": "the user's own",
    "source.licence": "the user's own",
    "source.terms": "the user's own",
    "source.contact": "an address",
    "source.paths_prefix": "an address, of which the first request says what is wrong",
    "source.host": "part of an address",
    "source.address": "an address",
    "source.div_types": "whatever the editions have",
    "source.statuses": "whatever the info files have; a work without a page is refused",
    **{
        f"source.{name}_field": "a name in the rows; a notice says if no row has it"
        for name in ("text", "id", "uri", "title", "work", "page", "image", "confidence")
    },
    "source.meta_fields": "names in the rows; a notice says if no row has one",
    "decontaminate.benchmark.name": "the user's own",
    "decontaminate.benchmark.fields": "names in the files, which are read before the run",
    "tokenize.eod_token": "a token of the model, which is loaded before the run",
    "tokenize.train.language.name": "the user's own",
    "mix.source.match": "a pattern for the lines of a table",
    "mix.source.root": "a folder put before names",
    "mix.source.named": "whatever the model of the category names; a line without tokens is a notice",
}


def _name(key: Key) -> str:
    return ".".join(str(part) for part in (*key.path, key.name) if part != 0)


def test_every_text_of_the_configuration_is_a_path_a_name_or_free() -> None:
    said = {*NAMES, *FREE}
    texts = {_name(key) for key in TEXTS if key.leads is None}
    assert texts - said == set()
    assert said - {_name(key) for key in KEYS} == set()
    assert not NAMES.keys() & FREE.keys()


class Configured:
    """A configuration in a folder with one input, and what commands say of it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        (folder / "in").mkdir()
        (folder / "in" / "a.jsonl").write_text('{"text": "川沿いを歩きました。"}\n', encoding="utf-8")

    def said(self, key: Key, value: Any, command: str = "check") -> tuple[int, str]:
        """Exit status and standard error with one key set; what its table must have besides is there."""
        tables: dict[str, Any] = {
            "run": {"out": "out"},
            "source": [
                {"name": "cc", "kind": key.kind or "jsonl", "inputs": ["in/*"], "profile": "web", "licence": "x"}
            ],
        }
        if key.kind == "commoncrawl":
            tables["source"][0]["paths_prefix"] = "s3://commoncrawl/"
        holder: Any = tables
        for part, after in zip(key.path, (*key.path[1:], None), strict=True):
            if isinstance(part, int):
                holder += [{}] if not holder else []
                holder = holder[part]
            else:
                holder = holder.setdefault(part, [] if after == 0 else {})
        for name, needed in NEEDED.get(".".join(str(part) for part in key.path), {}).items():
            holder.setdefault(name, needed)
        for name, needed in NEEDED.get(_name(key), {}).items():
            if value is not None or name not in ("survivor_order",):
                holder[name] = needed
        if _name(key).startswith("mix."):
            tables["mix"]["target_tokens"] = 100
            if "training" in key.path:
                tables["mix"]["source"] = [{"name": "cc", "weight": 1.0}]
        if _name(key).startswith("tokenize.train.language"):
            tables["tokenize"]["train"]["vocabulary_size"] = 300
        holder[key.name] = {"web": [value]} if _name(key) == "scrub.kinds" else [value] if key.is_list else value
        if value is None:
            holder[key.name] = [] if key.is_list else ""
        (self.folder / "run.toml").write_text(_toml(tables), encoding="utf-8")
        more = [] if command == "check" else ["--executor", "serial"]
        status = main([command, "--config", str(self.folder / "run.toml"), *more])
        said = self._capsys.readouterr()
        return status, said.err


#: What a table, or a key, needs beside it to be valid.
NEEDED: dict[str, dict[str, Any]] = {
    "decontaminate.benchmark.0": {"name": "b", "files": ["in/*.jsonl"], "fields": ["text"]},
    "mix.source.0": {"name": "cc", "weight": 1.0},
    "mix.training": {"seq_length": 8, "global_batch_size": 1, "train_iters": 1},
    "tokenize.train.language.0": {"name": "ja", "sources": ["cc"], "vocabulary_size": 300},
    "dedup.source_priority": {"survivor_order": ["source"]},
    "dedup.survivor_signal": {"survivor_order": ["highest"]},
    "dedup.boilerplate.remove": {"flag": ["ocr"]},
    "filter.models.pieces": {"perplexity": "in/a.jsonl"},
    "mix.source.match": {"table": "in/a.jsonl"},
    "mix.source.root": {"table": "in/a.jsonl"},
}


def _toml(value: Any) -> str:
    """TOML with every table inline: JSON is TOML but for its colons."""
    if isinstance(value, dict):
        return "\n".join(f"{name} = {_inline(one)}" for name, one in value.items()) + "\n"
    raise TypeError(value)


def _inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_inline(one)}" for name, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@pytest.fixture
def configured(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Configured:
    monkeypatch.chdir(tmp_path)
    return Configured(tmp_path, capsys)


PATHS = [key for key in KEYS if key.leads is not None]


@pytest.mark.parametrize("key", PATHS, ids=lambda key: key.label)
def test_a_path_that_leads_to_nothing_is_a_mistake_that_names_the_path(key: Key, configured: Configured) -> None:
    lost = "nowhere/*.x" if key.leads is Leads.FILES else "nowhere/b.x"
    status, said = configured.said(key, lost)
    assert status == 2
    assert lost in said
    assert key.name in said or "[[source]] cc" in said
    assert "Errno" not in said


@pytest.mark.parametrize("key", [key for key in PATHS if key.path[0] != "mix"], ids=lambda key: key.label)
def test_a_run_says_so_before_it_writes_anything(key: Key, configured: Configured) -> None:
    if key.path[0] == "source":
        pytest.skip("extraction looks at the inputs; the folder of the run is marked before")
    status, said = configured.said(key, "nowhere/b.x", "extract")
    assert (status, "nowhere/b.x" in said) == (2, True)
    assert not (configured.folder / "out").exists()


@pytest.mark.parametrize("key", [key for key in PATHS if key.leads is not Leads.FILES], ids=lambda key: key.label)
def test_a_folder_in_the_place_of_a_file_is_a_mistake_and_the_other_way_round(key: Key, configured: Configured) -> None:
    other = "in" if key.leads is Leads.FILE else "in/a.jsonl"
    status, said = configured.said(key, other)
    assert status == 2
    assert f"{other} is a " in said or f"{other}: " in said
    assert "Errno" not in said


@pytest.mark.parametrize("key", [key for key in KEYS if _name(key) in NAMES], ids=lambda key: key.label)
def test_a_name_that_nothing_knows_is_a_mistake_that_says_which_one_was_meant(key: Key, configured: Configured) -> None:
    given, meant = NAMES[_name(key)]
    status, said = configured.said(key, given)
    assert status == 2
    assert repr(given) in said or given in said
    assert re.search(rf"(?<![\w.]){re.escape(meant)}(?!\w)", said.replace(repr(given), ""))


@pytest.mark.parametrize(
    "key", [key for key in KEYS if (key.is_text or key.is_list) and key.name != "kinds"], ids=lambda key: key.label
)
def test_an_empty_text_or_list_is_a_mistake_unless_it_is_the_default_or_has_a_meaning(
    key: Key, configured: Configured
) -> None:
    status, said = configured.said(key, None)
    is_allowed = key.default in ((), "") or MAY_BE_EMPTY in marks_of(key.hint)
    assert (status == 2 and key.name in said) != is_allowed, said


@pytest.mark.parametrize(
    "key", [key for key in TEXTS if key.is_list and key.name != "kinds"], ids=lambda key: key.label
)
def test_an_empty_text_in_a_list_is_a_mistake(key: Key, configured: Configured) -> None:
    status, said = configured.said(key, "")
    assert (status, key.name in said) == (2, True)


@pytest.mark.parametrize(
    "key",
    [key for key in PATHS if key.leads is not Leads.FOLDER and key.path != ("filter", "words")],
    ids=lambda key: key.label,
)
def test_a_file_of_another_kind_is_a_mistake_that_names_it(key: Key, configured: Configured) -> None:
    """A list of words may be any text."""
    if key.name == "inputs":
        pytest.skip("of the inputs, the notices say what they are")
    (configured.folder / "other.json").write_text("{", encoding="utf-8")
    status, said = configured.said(key, "other.json")
    assert (status, "other.json" in said) == (2, True)
