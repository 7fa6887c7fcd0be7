"""How TOML tables become settings dataclasses: every fault is found in one go, each with its line and its remedy.

pydantic checks the types of the frozen dataclasses that the packages use anyway (decision 0035). A table with a fault
is checked again without what was wrong, so that one fault hides no other one.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import re
import types
import typing
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails

from manyo.corpus.nearest import nearest, perhaps
from manyo.corpus.settings.toml_lines import Path
from manyo.corpus.settings.toml_text import Document, SettingsError

T = TypeVar("T")

#: Checks of one table at most. Each takes out one fault of a dataclass's own check, which stops at the first.
_CHECKS = 12


class Faults:
    """The faults of one file, in the order of its lines.

    Args:
        document: the file.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._found: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, path: Path, problem: str) -> None:
        """Record a fault of a key, or of a table.

        Args:
            path: from the root of the file; its last name is a key of the table before it.
            problem: what is wrong and what would be right, as one phrase.
        """
        line = self.document.line(path)
        where = f"{self.document.name}:{line}" if line else self.document.name
        key = path[:-1] if isinstance(path[-1], int) else path
        table = table_name(key[:-1])
        place = ": ".join(part for part in (where, table) if part)
        self._found.setdefault(f"{place}: {problem}", line or 0)

    def add_lines(self, lines: Iterable[str]) -> None:
        """Record the faults of another file, which this one names."""
        for line in lines:
            self._found.setdefault(line, 0)

    def end(self) -> None:
        """Raise SettingsError if there are faults."""
        if self._found:
            last = len(self.document.lines) + max(self._found.values()) + 1
            raise SettingsError(sorted(self._found, key=lambda fault: self._found[fault] or last))


def table_name(path: Path) -> str:
    """A table as the file writes it: `[dedup.alarms]`, and `[[source]] 2` for the second of several."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return ""
    last = path[-1]
    return f"[[{'.'.join(names)}]] {last + 1}" if isinstance(last, int) else f"[{'.'.join(names)}]"


def from_table(
    cls: type[T], table: Any, path: Path, faults: Faults, known: Iterable[str] = (), hidden: Iterable[str] = ()
) -> T | None:
    """Build a settings dataclass from a table.

    Args:
        cls: a frozen dataclass, whose field types decide what is valid.
        table: the value from tomllib.
        path: of the table in the file.
        faults: to which faults are added.
        known: keys of the table that are valid besides the fields, for suggestions.
        hidden: fields that are no keys, for suggestions.

    Returns:
        The settings; None if there is a fault.
    """
    if not isinstance(table, dict):
        header = table_name(path)
        faults.add((*path, ""), f"expected a table, got {_shown(table)}; write {header} and its keys on lines below it")
        return None
    names = {field.name for field in dataclasses.fields(cls)} | set(known)  # type: ignore[arg-type]
    left = copy.deepcopy(table)
    is_first = True
    for _ in range(_CHECKS):
        try:
            made: T = _adapter(cls).validate_json(json.dumps(left, default=str))  # type: ignore[arg-type]
        except ValidationError as error:
            found = error.errors(include_url=False)
        else:
            return made if is_first else None
        if not _note(found, cls, left, path, faults, sorted(names - set(hidden)), is_first):
            return None
        is_first = False
    return None


def refuse_unknown(tables: Mapping[str, Any], known: Iterable[str], faults: Faults) -> None:
    """Record each table of a file that is not known."""
    known = list(known)
    for name in tables:
        if name in known:
            continue
        if isinstance(tables[name], dict | list):
            faults.add((name,), f"unknown table [{name}]; {_suggest(name, known)}")
        else:
            faults.add((name,), f"the key {name!r} stands before any [table]; put it below the header of its table")


@cache
def _adapter(cls: type) -> TypeAdapter[Any]:
    for one in settings_classes(cls):
        # A dataclass may be part of several settings, and is configured once.
        if "__pydantic_config__" not in vars(one):
            with_config(ConfigDict(extra="forbid", strict=True))(one)
    return TypeAdapter(cls)


def settings_classes(cls: type) -> list[type]:
    """A settings dataclass and those that its fields hold, at any depth."""
    found = [cls]
    for hint in typing.get_type_hints(cls).values():
        inner = inner_type(hint)
        if dataclasses.is_dataclass(inner) and isinstance(inner, type):
            found += settings_classes(inner)
    return found


def inner_type(hint: Any) -> Any:
    """The type of what a field holds: without None, and of the elements of a tuple or the values of a mapping."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        return inner_type(next(argument for argument in arguments if argument is not type(None)))
    if origin is tuple:
        return inner_type(arguments[0])
    if origin in (dict, Mapping):
        return inner_type(arguments[1])
    return hint


def _note(
    found: Iterable[ErrorDetails],
    cls: type,
    left: dict[str, Any],
    path: Path,
    faults: Faults,
    known: list[str],
    is_first: bool,
) -> bool:
    """Add errors to the faults and take what they are about out of the table; whether another check can find more."""
    suggested: set[tuple[Any, ...]] = set()
    missing: dict[tuple[Any, ...], list[str]] = {}
    progress = False
    for error in sorted(found, key=lambda one: one["type"].startswith("missing")):
        at = tuple(error["loc"])
        if error["type"] == "value_error":
            key = _key_of(str(error["ctx"]["error"]), _at(left, at))
            if key is None and not is_first:
                continue  # it may be wrong only without what was taken out
            faults.add((*path, *at, key or ""), _sentence(error))
            at = (*at, key) if key else ()
        elif error["type"] == "unexpected_keyword_argument":
            names = known if len(at) == 1 else _fields(cls, at[:-1])
            suggested.add((*at[:-1], nearest(str(at[-1]), names)))
            faults.add((*path, *at), f"unknown key {str(at[-1])!r}; {_suggest(str(at[-1]), names)}")
        elif error["type"].startswith("missing"):
            if at not in suggested and is_first:
                missing.setdefault(at[:-1], []).append(repr(at[-1]))
            progress |= is_first and _put_in(left, at, cls)
            continue
        else:
            faults.add((*path, *at), f"{_key(at)}: {_sentence(error)}")
        progress |= _take_out(left, at)
    for at, keys in missing.items():
        what = f"key {keys[0]} is" if len(keys) == 1 else f"keys {', '.join(keys)} are"
        faults.add((*path, *at, ""), f"{what} missing")
    return progress


def _key_of(message: str, table: Any) -> str | None:
    """The key of a table that a message of its dataclass is about; None if it names none that the table has."""
    words = re.findall(r"\w+", message)
    named = [key for key in (table if isinstance(table, dict) else ()) if key in words]
    return min(named, key=words.index) if named else None


def _at(table: Any, path: Iterable[Any]) -> Any:
    for part in path:
        table = table[part]
    return table


def _take_out(table: Any, path: tuple[Any, ...]) -> bool:
    """Delete what is at a path, with the array that it is an element of; whether there was something."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return False
    try:
        holder = _at(table, path[:-1])
    except (KeyError, IndexError, TypeError):
        return False
    return isinstance(holder, dict) and holder.pop(path[-1], None) is not None


def _put_in(table: Any, path: tuple[Any, ...], cls: type) -> bool:
    """Put an empty text in the place of one that is missing, so that the other keys are checked; whether it is one."""
    holder = _type_at(cls, path[:-1])
    if not dataclasses.is_dataclass(holder) or typing.get_type_hints(holder).get(str(path[-1])) is not str:
        return False
    _at(table, path[:-1])[path[-1]] = ""
    return True


def _fields(cls: type, path: tuple[Any, ...]) -> list[str]:
    """Names of the fields of the dataclass at a path."""
    holder = _type_at(cls, path)
    return [field.name for field in dataclasses.fields(holder)] if dataclasses.is_dataclass(holder) else []


def _type_at(cls: Any, path: tuple[Any, ...]) -> Any:
    """The type of what is at a path below a dataclass."""
    for part in path:
        if isinstance(part, str) and dataclasses.is_dataclass(cls):
            cls = inner_type(typing.get_type_hints(cls)[part])
    return cls


def _suggest(name: str, known: Iterable[str]) -> str:
    known = list(known)
    near = nearest(name, known)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"


def _key(path: tuple[Any, ...]) -> str:
    """The key that a value belongs to, itself or in an array."""
    return str(next(part for part in reversed(path) if isinstance(part, str)))


def _shown(value: Any) -> str:
    return repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."


#: What people write behind a number: a share of a hundred, and powers of a thousand and of 1,024.
_UNITS = {"%": 0.01} | {
    f"{letter}{'i' if base == 1024 else ''}": float(base**power)
    for power, letter in enumerate("KMGT", start=1)
    for base in (1000, 1024)
}
_WITH_UNIT = re.compile(r"([0-9][0-9_,]*(?:\.[0-9]+)?) *(%|[KMGTkmgt]i?)?[Bb]?")


def _number_meant(given: str, is_whole: bool) -> str:
    """The number that a text with a unit means, as TOML writes it: `64_000_000` for "64 MB"."""
    found = _WITH_UNIT.fullmatch(unicodedata.normalize("NFKC", given).strip())
    if found is None or not found[2]:
        return "it without quotation marks"
    unit = found[2][:1].upper() + found[2][1:]
    value = float(re.sub("[_,]", "", found[1])) * _UNITS[unit]
    return f"{round(value):_}" if is_whole else f"{value:g}"


def _sentence(error: ErrorDetails) -> str:
    """What is wrong with a value and what would be right, in the words of TOML."""
    kind, given = error["type"], error["input"]
    if kind == "value_error":
        return str(error["ctx"]["error"])
    if kind == "literal_error":
        valid = [one.strip("'") for one in re.findall(r"'[^']*'|\d+", error["ctx"]["expected"])]
        return f"{_shown(given)} is not one of {', '.join(valid)}{perhaps(given, valid)}"
    expected = {
        "int_type": "a whole number such as 1_000_000_000",
        "int_from_float": "a whole number",
        "float_type": "a number",
        "string_type": "a text in quotation marks",
        "bool_type": "true or false",
        "tuple_type": "a list in brackets",
        "dict_type": "a table",
        "dataclass_type": "a table",
    }.get(kind)
    if expected is None:
        return f"{error['msg'][:1].lower()}{error['msg'][1:]}, got {_shown(given)}"
    remedy = ""
    if kind in ("int_type", "float_type") and isinstance(given, str):
        remedy = f"; write {_number_meant(given, kind == 'int_type')}"
    elif kind == "tuple_type" and not isinstance(given, dict):
        remedy = f"; write [{json.dumps(given, ensure_ascii=False)}]"
    return f"expected {expected}, got {_shown(given)}{remedy}"
