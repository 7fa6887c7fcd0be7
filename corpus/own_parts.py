"""Parts of other packages that a configuration names: signals, sources, kinds of personal information, extractors.

A package offers them by entry points (docs/own-parts.md). Nothing of a package is loaded before a name of it is used,
and its name and version are part of the fingerprint of the stage that uses it: another version is another run.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Any, Literal

Group = Literal["manyo.signals", "manyo.sources", "manyo.pii", "manyo.main_text"]


class PartError(ValueError):
    """A part of another package that cannot be used; the message is one line that names the package."""


@cache
def part_names(group: Group) -> tuple[str, ...]:
    """The names of the installed parts of a group, sorted."""
    return tuple(sorted({one.name for one in _points(group)}))


@cache
def load_part(group: Group, name: str) -> Any:
    """The object that a part is.

    Raises:
        PartError: it cannot be imported, or two packages have a part of this name.
    """
    point = _point(group, name)
    try:
        return point.load()
    except (ImportError, AttributeError, SyntaxError, ValueError, TypeError, NameError) as error:
        said = " ".join(str(error).split())
        raise PartError(f"{group} {name!r} of {package_of(group, name)} cannot be loaded: {said}") from error


def package_of(group: Group, name: str) -> str:
    """The package of a part, with its version: `own-parts 1.2`."""
    package = _point(group, name).dist
    return f"{package.name} {package.version}" if package else "a package without a name"


def packages_of(group: Group, names: Iterable[str]) -> tuple[str, ...]:
    """The packages of those names that are parts of packages, each once, sorted."""
    return tuple(sorted({package_of(group, name) for name in names if name in part_names(group)}))


def _points(group: Group) -> EntryPoints:
    points: EntryPoints = _installed().select(group=group)
    return points


@cache
def _installed() -> Any:
    """All entry points, looked for once: a file of every installed package is read, whichever group is asked for."""
    return entry_points()


def _point(group: Group, name: str) -> EntryPoint:
    points = [one for one in _points(group) if one.name == name]
    if len(points) != 1:
        packages = sorted(one.dist.name for one in points if one.dist)
        raise PartError(
            f"{group}: {', '.join(packages)} all have a part {name!r}; uninstall all but one"
            if points
            else f"{group}: no installed package has a part {name!r}"
        )
    return points[0]
