"""How a TOML table becomes a settings dataclass: names and types are checked, a mistake is one line."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from manyo.pipelines.engine.errors import UserError

T = TypeVar("T")


def from_table(cls: type[T], table: Any, where: str, given: Mapping[str, Any] | None = None) -> T:
    """Build a settings dataclass from a TOML table, and check names and types.

    Args:
        cls: a dataclass, whose field types decide what is valid.
        table: the value from tomllib.
        where: file and table, for messages.
        given: values of fields that do not come from the table.

    Raises:
        UserError: unknown key, missing key, wrong type, or a value that the dataclass refuses.
    """
    if not isinstance(table, dict):
        raise UserError(f"{where}: expected a table, got {table!r}")
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]
    refuse_unknown(where, table, [field.name for field in fields])
    values = {
        key: _convert(hints[key], value, f"{where}: {key}") for key, value in table.items() if key not in (given or {})
    }
    values |= given or {}
    for field in fields:
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and field.name not in values:
            raise UserError(f"{where}: key {field.name!r} is missing")
    try:
        return cls(**values)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from error


def _convert(hint: Any, value: Any, where: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = [argument for argument in arguments if argument is not type(None)]
        return _convert(inner, value, where)
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(arguments[0], item, where) for item in value)
    if origin in (dict, Mapping) and isinstance(value, dict):
        return {key: _convert(arguments[1], item, f"{where}.{key}") for key, item in value.items()}
    if origin is typing.Literal:
        if value not in arguments:
            raise UserError(f"{where}: {value!r} is not one of {', '.join(map(str, arguments))}")
        return value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_table(hint, value, where)
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is not hint:
        expected = getattr(hint, "__name__", str(hint)) if origin is None else str(hint)
        raise UserError(f"{where}: expected {expected}, got {value!r}")
    return value


def refuse_unknown(where: str, table: Mapping[str, Any], known: typing.Iterable[str]) -> None:
    """Raise UserError for the first key of a table that is not known."""
    known = list(known)
    for key in table:
        if key not in known:
            raise UserError(f"{where}: unknown key {key!r}; known: {', '.join(known)}")
