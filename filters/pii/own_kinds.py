"""Kinds of personal information that other packages look for, by entry points of the group `manyo.pii`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from manyo.corpus.own_parts import PartError, load_part, package_of, part_names


@dataclass(frozen=True, slots=True)
class OwnKind:
    """A kind of another package, whose entry point has its name.

    Attributes:
        mask: what replaces it in the typed style, such as `<学籍番号>`.
        find: from a text to the places of the kind: from which code point to before which.
    """

    mask: str
    find: Callable[[str], Iterable[tuple[int, int]]]


def own_kind_names() -> tuple[str, ...]:
    """The names of the kinds of installed packages."""
    return part_names("manyo.pii")


def own_kind(name: str) -> OwnKind:
    """A kind by its name.

    Raises:
        PartError: there is none, or it cannot be loaded.
    """
    kind = load_part("manyo.pii", name)
    if not isinstance(kind, OwnKind):
        raise PartError(f"manyo.pii {name!r} of {package_of('manyo.pii', name)} is not an OwnKind")
    return kind


def find_own(texts: Sequence[str], names: Sequence[str]) -> Iterator[tuple[int, int, int, str]]:
    """Yield row, start, stop and kind of each place that kinds of other packages find."""
    kinds = {name: own_kind(name) for name in names}
    for row, text in enumerate(texts if kinds else ()):
        for name, kind in kinds.items():
            for start, stop in kind.find(text):
                if not 0 <= start < stop <= len(text):
                    raise PartError(f"manyo.pii {name!r} found {start} to {stop} in a text of {len(text)} characters")
                yield row, start, stop, name
