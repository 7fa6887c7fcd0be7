"""White space that divides a region: gutters between parts side by side, and how far down they go."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from operator import itemgetter
from typing import Final

from manyo.corpus.print.page_parts import BLOCK_GAP_EMS, Placed, is_spaced_heading, one_line

#: The least gutter. Columns are 2 em apart in most print, tiers of newspapers and cells of tables 1 em.
_GUTTER_EMS: Final = 0.9
#: Lines overlap by at most this part of their size, in print without white between lines.
_OVERLAP_FRACTION: Final = 0.2
#: Prose has lines of this many characters at least; newspapers set 11 and more.
PROSE_EMS: Final = 8.0

#: Parts by the atom in which they stand, one after another across the lines.
Run = list[list[Placed]]


def atoms_of(placed: list[Placed]) -> Run:
    """Parts that lie side by side, between white that goes all the way across the region."""
    atoms: Run = []
    end = 0.0
    for item in sorted(placed, key=lambda item: (item.v0, item.u0)):
        slack = _OVERLAP_FRACTION * (item.part.line.size if item.part.line else 0.0)
        if atoms and item.v0 + slack < end:
            atoms[-1].append(item)
            end = max(end, item.v1 - slack)
        else:
            atoms.append([item])
            end = item.v1 - slack
    return [[one_line(atom)] if is_spaced_heading(atom) else atom for atom in atoms]


def run_from(atoms: Run, start: int, em: float) -> tuple[int, list[tuple[float, float]]]:
    """How far a gutter goes on from an atom, and the gutters that go so far; none if the atom has none."""
    covered = _intervals(atoms[start])
    gutters = _gutters(covered, em)
    if not gutters:
        return start + 1, []
    stop = start + 1
    while stop < len(atoms):
        more = _merged((*covered, *_intervals(atoms[stop])))
        left = _gutters(more, em)
        if not left:
            break
        # Where white goes across the page and more columns begin, others end.
        white = min(item.v0 for item in atoms[stop]) - max(item.v1 for item in atoms[stop - 1])
        if white >= BLOCK_GAP_EMS * em and _n_wide(_until_white(atoms, stop, em), em) > _n_wide(more, em):
            break
        covered, gutters = more, left
        stop += 1
    return stop, gutters


def _intervals(items: Iterable[Placed]) -> list[tuple[float, float]]:
    """The stretches of u that items cover."""
    return _merged((item.u0, item.u1) for item in items)


def _gutters(covered: list[tuple[float, float]], em: float) -> list[tuple[float, float]]:
    """The stretches between covered ones that are wide enough."""
    return [(a[1], b[0]) for a, b in pairwise(covered) if b[0] - a[1] >= _GUTTER_EMS * em]


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The stretches in order, those that touch or overlap as one."""
    merged: list[tuple[float, float]] = []
    for u0, u1 in sorted(stretches):
        if merged and u0 <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], u1))
        else:
            merged.append((u0, u1))
    return merged


def _n_wide(covered: list[tuple[float, float]], em: float) -> int:
    """How many of some stretches may be columns: marks of lists, and figures, are narrower."""
    return sum(u1 - u0 >= PROSE_EMS * em for u0, u1 in covered)


def _until_white(atoms: Run, start: int, em: float) -> list[tuple[float, float]]:
    """What is covered from an atom to the next white that goes across the region and is wider than a line's."""
    covered = _intervals(atoms[start])
    for before, atom in pairwise(atoms[start:]):
        if min(item.v0 for item in atom) - max(item.v1 for item in before) >= BLOCK_GAP_EMS * em:
            break
        more = _merged((*covered, *_intervals(atom)))
        if len(more) < 2 <= len(covered):
            break
        covered = more
    return covered


def n_in_columns(atoms: Run, start: int, stop: int, gutters: list[tuple[float, float]]) -> int:
    """How many atoms belong to columns: short lines of the first column may belong to what follows instead.

    Where text across all columns follows, the run ends at the widest white after the last atom with two columns.
    """
    if stop == len(atoms):
        return stop - start
    last = stop - 1
    while last > start and all(strip_of(item, gutters) == 0 for item in atoms[last]):
        last -= 1
    if last == stop - 1:
        return stop - start
    whites = []
    for at in range(last, stop):
        end = max(item.v1 for item in atoms[at])
        whites.append((min(item.v0 for item in atoms[at + 1]) - end, -at))
    return -max(whites)[1] + 1 - start


def strips_of(run: Run, gutters: list[tuple[float, float]]) -> list[list[Placed]]:
    """The parts of a run between its gutters."""
    strips: list[list[Placed]] = [[] for _ in range(len(gutters) + 1)]
    for atom in run:
        for item in atom:
            strips[strip_of(item, gutters)].append(item)
    return strips


def strip_of(item: Placed, gutters: list[tuple[float, float]]) -> int:
    """The number of the strip in which the middle of a part lies."""
    return bisect_left(gutters, (item.u0 + item.u1) / 2, key=itemgetter(0))
