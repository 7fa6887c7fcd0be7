"""In which order the parts of a page are read: columns, tiers, tables without rules, boxes, titles over all of them.

The order comes from white space alone. A region is cut where white goes all the way across it; where parts lie side by
side over several lines, a gutter between them makes columns if they hold lines of prose, and a table if they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final, NamedTuple

from manyo.corpus.print.line_text import TextLine
from manyo.corpus.print.page_parts import Block, Part, Placed, blocks_of, em_of, one_line, placed_in
from manyo.corpus.print.side_by_side import (
    are_cards,
    are_columns,
    beside_pictures,
    is_list,
    is_picture,
    is_table,
    rows_of,
)
from manyo.corpus.print.white_space import atoms_of, n_in_columns, run_from, strips_of

#: Deeper nesting than any page has.
_MAX_DEPTH: Final = 12


def in_order(parts: Sequence[Part], depth: int = 0) -> list[Block]:
    """The blocks of a region in their order.

    Args:
        parts: of the region, in any order.
        depth: how many regions are around this one.
    """
    if not parts:
        return []
    if len(parts) == 1:
        return [Block([parts[0].line])] if parts[0].line is not None else list(parts[0].blocks)
    is_upright = _is_upright(parts)
    parts = _grouped(parts, is_upright, depth)
    placed = [placed_in(part, is_upright) for part in parts]
    em = em_of(placed)
    found: list[list[Placed] | _Table] = []
    _cut(placed, em, found, depth)
    blocks: list[Block] = []
    for piece in found:
        if isinstance(piece, _Table):
            blocks.append(Block(piece.rows, is_table=True))
        else:
            blocks += blocks_of(piece)
    return blocks


def _is_upright(parts: Iterable[Part]) -> bool:
    """Whether most of the text in lines of their own is vertical."""
    balance = 0
    for part in parts:
        if part.line is not None:
            balance += len(part.line.text) * (1 if part.line.is_upright else -1)
    return balance > 0


def _grouped(parts: Sequence[Part], is_upright: bool, depth: int) -> list[Part]:
    """The parts with neighbouring lines of the other direction as one part, in their own order."""
    others = [part for part in parts if part.line is not None and part.line.is_upright != is_upright]
    if not others or depth > _MAX_DEPTH:
        return list(parts)
    rest = [part for part in parts if part.line is None or part.line.is_upright == is_upright]
    groups: list[list[Part]] = []
    for part in others:
        near = [group for group in groups if any(_are_near(part, other) for other in group)]
        merged = [part, *(other for group in near for other in group)]
        groups = [group for group in groups if not any(group is other for other in near)] + [merged]
    for group in groups:
        left, top = min(part.left for part in group), min(part.top for part in group)
        right, bottom = max(part.right for part in group), max(part.bottom for part in group)
        rest.append(Part(left, top, right, bottom, None, tuple(in_order(group, depth + 1))))
    return rest


def _are_near(one: Part, other: Part) -> bool:
    """Whether two lines of one direction may belong to one block: less than two lines of white lie between them."""
    size = max(one.line.size if one.line else 0.0, other.line.size if other.line else 0.0)
    apart_x = max(one.left, other.left) - min(one.right, other.right)
    apart_y = max(one.top, other.top) - min(one.bottom, other.bottom)
    return max(apart_x, apart_y) <= 2.0 * size


class _Table(NamedTuple):
    """Rows of a table, each a line with tabs."""

    rows: list[TextLine]


def _cut(placed: list[Placed], em: float, found: list[list[Placed] | _Table], depth: int) -> None:
    """Cut a region into its parts, in their order: runs of single lines or boxes, and tables."""
    atoms = atoms_of(placed)
    plain: list[Placed] = []

    def end_plain() -> None:
        nonlocal plain
        if plain:
            found.append(plain)
            plain = []

    at = 0
    while at < len(atoms):
        stop, gutters = run_from(atoms, at, em) if depth <= _MAX_DEPTH else (at + 1, [])
        run = atoms[at:stop]
        if any(map(is_picture, chain(*run))) and depth <= _MAX_DEPTH and len(run[0]) > 1:
            end_plain()
            for region in beside_pictures(run, gutters):
                _cut(region, em, found, depth + 1)
            at = stop
            continue
        if not gutters:
            plain.append(one_line(atoms[at]))
            at += 1
            continue
        if are_cards(run, em):
            plain += [item for atom in run for item in sorted(atom, key=lambda item: item.u0)]
            at = stop
            continue
        strips = strips_of(run, gutters)
        if are_columns(run, strips, gutters, em):
            stop = at + n_in_columns(atoms, at, stop, gutters)
            strips = strips_of(atoms[at:stop], gutters)
            end_plain()
            for strip in strips:
                if strip:
                    _cut(strip, em, found, depth + 1)
            at = stop
        elif is_table(run, strips, gutters, em) and not is_list(strips):
            end_plain()
            found.append(_Table(rows_of(run, gutters)))
            at = stop
        else:
            plain.append(one_line(atoms[at]))
            at += 1
    end_plain()
