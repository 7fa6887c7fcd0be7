"""The reference of all configuration keys, in English and Japanese."""

from __future__ import annotations

import dataclasses
import json
import tomllib
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from manyo.corpus.settings.toml_tables import inner_type
from manyo.corpus.sources.source_kinds import KINDS
from manyo.pipelines.graph.config import TABLES
from manyo.pipelines.graph.config_schema import meanings_of

_JAPANESE = Path(__file__).with_name("configuration_ja.toml")

#: Units by the last word of a key's name.
_UNITS = {
    "bytes": ("bytes", "バイト"),
    "chars": ("characters", "文字"),
    "characters": ("characters", "文字"),
    "s": ("seconds", "秒"),
    "tokens": ("tokens", "トークン"),
    "documents": ("documents", "文書"),
    "pages": ("pages", "ページ"),
    "fraction": ("fraction, 0 to 1", "割合（0〜1）"),
    "share": ("fraction, 0 to 1", "割合（0〜1）"),
    "loss": ("fraction, 0 to 1", "割合（0〜1）"),
    "similarity": ("fraction, 0 to 1", "割合（0〜1）"),
    "containment": ("fraction, 0 to 1", "割合（0〜1）"),
    "coverage": ("fraction, 0 to 1", "割合（0〜1）"),
    "edits": ("fraction, 0 to 0.4", "割合（0〜0.4）"),
    "second": ("per second", "毎秒"),
    "size": ("pieces", "語片"),
    "iters": ("steps", "ステップ"),
    "samples": ("samples", "サンプル"),
    "shingles": ("shingles", "シングル"),
}

#: Examples of keys that have no default, or an empty one, and do not say enough by their type.
_EXAMPLES = {
    "out": '"data/my-run"',
    "name": '"cc"',
    "kind": '"warc"',
    "inputs": '["crawl/*.warc.gz"]',
    "profile": '"web"',
    "licence": '"see the page"',
    "model": '"llm-jp-tokenizer.model"',
    "takedown": '"asked.txt"',
    "min_containment": "0.9",
    "same_address": '"newest"',
    "survivor_signal": '"quality_score"',
    "target_tokens": "1_000_000_000",
    "seq_length": "4096",
    "global_batch_size": "1024",
    "train_iters": "120_000",
    "train_samples": "122_880_000",
    "weight": "1.5",
    "repeats": "2",
    "tokens": "5_000_000_000",
    "eod_token": '"<|endoftext|>"',
    "against": '["data/last-run/clusters-0a1b2c3d"]',
    "source_priority": '["books", "web"]',
    "metadata": '"metadata.csv"',
}


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key of the configuration: its table and name, type, default (None if it must be given) and meaning."""

    table: str
    name: str
    type: str
    default: str | None
    meaning: str

    @property
    def unit(self) -> tuple[str, str]:
        """The unit that its name ends with, in both languages; empty if it has none."""
        return _UNITS.get(self.name.rsplit("_", 1)[-1], ("", ""))

    @property
    def example(self) -> str:
        """A line that sets it."""
        value = _EXAMPLES.get(self.name, self.default)
        if value in (None, "", '""', "[]"):
            value = '["…"]' if self.type.startswith("list") else '"…"' if "text" in self.type else "…"
        return f"{self.name} = {value}"


def keys() -> Iterator[Key]:
    """Every key of every table, in the order of the file."""
    for table, cls in TABLES.items():
        yield from _keys_of(f"[[{table}]]" if table == "source" else f"[{table}]", cls, skip=("options",))
        if table == "source":
            for kind, module in KINDS.items():
                yield from _keys_of(f'[[source]] kind = "{kind}"', module.Options)


def _keys_of(table: str, cls: Any, skip: tuple[str, ...] = ()) -> Iterator[Key]:
    meanings, hints, nested = meanings_of(cls), typing.get_type_hints(cls), []
    for field in dataclasses.fields(cls):
        if field.name in skip:
            continue
        inner = inner_type(hints[field.name])
        is_table = dataclasses.is_dataclass(inner)
        if is_table:
            is_list = typing.get_origin(hints[field.name]) is tuple
            name = f"{table.strip('[]')}.{field.name}"
            nested.append((f"[[{name}]]" if is_list else f"[{name}]", inner))
            continue
        yield Key(table, field.name, _type(hints[field.name]), _default(field), meanings.get(field.name, ""))
    for name, inner in nested:
        yield from _keys_of(name, inner)


def _type(hint: Any) -> str:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return f"list of {_type(arguments[0])}s"
    if origin is typing.Literal:
        return " or ".join(f"`{json.dumps(one)}`" for one in arguments)
    if origin is dict:
        return f"table of {_type(arguments[1])}s"
    if len(arguments) > 1 and type(None) in arguments:
        return _type(arguments[0])
    return {str: "text", int: "whole number", float: "number", bool: "true or false"}.get(hint, str(hint))


def _default(field: Any) -> str | None:
    if field.default is not dataclasses.MISSING:
        value = field.default
    elif field.default_factory is not dataclasses.MISSING:
        value = field.default_factory()
    else:
        return None
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) and abs(value) >= 10_000:
        return f"{value:_}"
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, float) else f"{value:g}"


def configuration_page(is_japanese: bool) -> str:
    """Return docs/configuration.md or docs/configuration.ja.md."""
    japanese = tomllib.loads(_JAPANESE.read_text(encoding="utf-8"))
    meanings = japanese["meaning"] if is_japanese else {}
    head = japanese["head"].strip() if is_japanese else _HEAD
    lines, table = [head], ""
    for key in keys():
        if key.table != table:
            table = key.table
            columns = (
                "| キー | 型 | 単位 | 既定値 | 例 | 意味 |"
                if is_japanese
                else "| key | type | unit | default | example | meaning |"
            )
            lines += ["", f"## {table}", "", columns, "|---|---|---|---|---|---|"]
        default = (
            ("必須" if is_japanese else "must be given") if key.default is None else key.default and f"`{key.default}`"
        )
        meaning = meanings.get(key.name) or f"{key.meaning[:1].upper()}{key.meaning[1:]}"
        cells = (f"`{key.name}`", key.type, key.unit[is_japanese], default, f"`{key.example}`", meaning)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


_HEAD = """# Configuration

[日本語](configuration.ja.md)

Generated by `python -m docs.generate` from the settings dataclasses. `manyo check --config FILE` reads a file and says
what is wrong with it, all at once.

- Relative paths start at the folder of the configuration; paths on the command line at yours.
- `rules`, word lists and quality models are names of what ships with manyo (`rules = "default"`, `"llmjp_v1"`,
  `"hojichar"`, `"fineweb2_ja"`, `"swallow_v1"`; `advertising = "advertising"`), or paths of your own files.
- Only `[run]` and one `[[source]]` must be given. Without a `[tokenize]` there are no token shards.
- An editor that knows TOML schemas (Even Better TOML, taplo) checks a file that begins with
  `#:schema ./config.schema.json`. `manyo init` writes both; the schema is also [here](config.schema.json)."""
