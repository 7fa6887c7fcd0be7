"""What the texts of a configuration mean: which lead to files, and which may be empty, stated in the type of a key.

So one walk over the settings finds every path that leads to nothing (`manyo.pipelines.graph.named_files`, and for
`[filter]` `manyo.pipelines.graph.config`), and every text and list that is empty where that means nothing.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Annotated, Any, NamedTuple

from manyo.corpus.settings.toml_lines import Path


class Leads(Enum):
    """What a path must lead to when the run begins."""

    FILE = "a file"
    FOLDER = "a folder"
    FILES = "files"


class _MayBeEmpty(Enum):
    YES = "the meaning of the key says what an empty value does"


MAY_BE_EMPTY = _MayBeEmpty.YES

#: Types of keys. A key that may be left out is `FilePath | None`, or has "" for its default.
FilePath = Annotated[str, Leads.FILE]
FolderPath = Annotated[str, Leads.FOLDER]
Glob = Annotated[str, Leads.FILES]


class Value(NamedTuple):
    """A value of a settings dataclass.

    Attributes:
        place: of its key in the file; of one of a list, with its number.
        value: the value.
        marks: what the type of its key is annotated with.
        default: of its key; `dataclasses.MISSING` for one that must be given.
    """

    place: Path
    value: Any
    marks: tuple[Any, ...]
    default: Any


class NamedPath(NamedTuple):
    """A path that settings name, the place of its key in the file, and what it must lead to."""

    place: Path
    path: str
    leads: Leads


def values(settings: Any, place: Path) -> Iterator[Value]:
    """Every value of a settings dataclass and of those that it holds, lists before their elements.

    Args:
        settings: an instance.
        place: of its table in the file.
    """
    hints = _hints(type(settings))  # type: ignore[arg-type]
    for field in dataclasses.fields(settings):
        at, value, hint = (*place, field.name), getattr(settings, field.name), hints[field.name]
        is_list = isinstance(value, tuple)
        default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
        yield Value(at, value, marks_of(hint), default)
        for where, part in [((*at, number), one) for number, one in enumerate(value)] if is_list else [(at, value)]:
            if dataclasses.is_dataclass(part) and hint is not object:
                yield from values(part, where)
            elif is_list:
                yield Value(where, part, marks_of(hint), dataclasses.MISSING)


def named_paths(settings: Any, place: Path) -> Iterator[NamedPath]:
    """Every path that settings name and that is not a default, in the order of the fields; arguments as of `values`."""
    for one in values(settings, place):
        if isinstance(one.value, str) and one.value != one.default:
            for leads in (mark for mark in one.marks if isinstance(mark, Leads)):
                yield NamedPath(one.place, one.value, leads)


def empty_values(settings: Any, place: Path) -> Iterator[Path]:
    """The place of every text and list that is empty, where neither the default is nor the key allows it."""
    for one in values(settings, place):
        is_empty = one.value == () or (isinstance(one.value, str) and not one.value.strip())
        if is_empty and one.value != one.default and MAY_BE_EMPTY not in one.marks:
            yield one.place


def marks_of(hint: Any) -> tuple[Any, ...]:
    """What a type is annotated with, and the types in it."""
    own = tuple(one for one in typing.get_args(hint) if isinstance(one, Leads | _MayBeEmpty))
    return own + tuple(mark for one in typing.get_args(hint) if one not in own for mark in marks_of(one))


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls, include_extras=True)
