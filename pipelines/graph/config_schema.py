"""The JSON Schema of a configuration file, with the meaning of each key: editors complete and check with it."""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

from pydantic import TypeAdapter

from manyo.corpus.settings.toml_tables import settings_classes
from manyo.corpus.sources.source_kinds import KINDS, Source
from manyo.pipelines.graph.config import TABLES


def meanings_of(cls: type) -> dict[str, str]:
    """Names of a dataclass's fields → what its docstring, or that of a class above it, says of them."""
    found: dict[str, str] = {}
    for one in reversed(cls.__mro__):
        section = (inspect.cleandoc(one.__doc__ or "") + "\n").partition("\nAttributes:\n")[2]
        for names, text in re.findall(r"^ {4}([\w, ]+): ((?:.*\n)(?: {8,}.*\n)*)", section, re.M):
            for name in names.split(", "):
                found[name] = " ".join(text.split())
    return found


def schema() -> str:
    """Return the JSON Schema of a configuration file."""
    definitions: dict[str, Any] = {}
    properties = {table: _of_class(cls, definitions) for table, cls in TABLES.items() if table != "source"}
    kinds = []
    for kind, module in KINDS.items():
        of_source, options = _of_class(Source, definitions), _of_class(module.Options, definitions)
        own = {name: one for name, one in of_source["properties"].items() if name != "options"}
        kinds.append(
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {**options["properties"], **own, "kind": {"const": kind}},
                "required": ["name", "kind", "inputs", "profile", "licence"],
            }
        )
    properties["source"] = {"type": "array", "minItems": 1, "items": {"oneOf": kinds}}
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "manyo configuration",
        "type": "object",
        "additionalProperties": False,
        "required": ["run", "source"],
        "properties": {table: properties[table] for table in TABLES},
        "$defs": definitions,
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _of_class(cls: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema of one dataclass, with the meaning of each key; those that it holds go to the definitions."""
    result: dict[str, Any] = {}
    for one in settings_classes(cls):
        meanings = meanings_of(one)
        made = TypeAdapter(one).json_schema(ref_template="#/$defs/{model}")
        for name, of_class in (made.pop("$defs", {}) | {one.__name__: made}).items():
            if name == one.__name__:
                for key, value in of_class.get("properties", {}).items():
                    if key in meanings:
                        value["description"] = meanings[key]
                # pydantic says so first or not at all, by what it has read before; the page must not depend on that.
                of_class.pop("additionalProperties", None)
                of_class["additionalProperties"] = False
                of_class["description"] = inspect.cleandoc(one.__doc__ or "").split("\n\n")[0]
                if one is not cls:
                    definitions[name] = of_class
                else:
                    result = of_class
    return result
