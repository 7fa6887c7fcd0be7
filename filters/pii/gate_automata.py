"""Automata of expressions: whether one matches somewhere in a text, at the same cost for any expression.

An expression in Python's syntax becomes an automaton without choices by the construction of subsets (Rabin and Scott,
1959), which `gate_kernels.py` runs over text as it lies in memory. RE2 would compile every expression anew for every
batch and read copies of what it is asked about.

Characters beyond the basic plane are one to an automaton, so that it may match where an expression has another of
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int32s, Int64s, Uint16s
from manyo.filters.pii.gate_kernels import BEYOND, MATCHED, keep_matching


class Automaton(NamedTuple):
    """What `keep_matching` reads: (65537,) classes of characters, transitions, and states that match at the end."""

    classes: Uint16s
    transitions: Int32s
    matches_at_end: Bools


#: What characters a step of an expression takes: (65537,) of flags as bytes.
_Chars = bytes

_N_CHARS: Final = BEYOND + 1
_AT_START, _AT_END, _ANYWHERE = range(3)


class _Builder:
    """The steps of an expression: a state goes on by taking a character, or for free."""

    def __init__(self) -> None:
        self.takes: list[tuple[_Chars, int] | None] = []
        self.free: list[list[int]] = []
        #: States that only the start or the end of a text lets pass.
        self.only: dict[int, int] = {}

    def state(self, takes: tuple[_Chars, int] | None = None, *free: int) -> int:
        self.takes.append(takes)
        self.free.append(list(free))
        return len(self.takes) - 1

    def sequence(self, items: Iterable[tuple[Any, Any]], then: int, flags: int) -> int:
        """The first state of some parsed items, after which `then` comes."""
        for code, of in reversed(list(items)):
            then = self.item(code, of, then, flags)
        return then

    def item(self, code: Any, of: Any, then: int, flags: int) -> int:
        if code is codes.BRANCH:
            return self.state(None, *(self.sequence(branch, then, flags) for branch in of[1]))
        if code is codes.SUBPATTERN:
            _, added, removed, items = of
            return self.sequence(items, then, (flags | added) & ~removed)
        if code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            least, most, items = of
            if most is codes.MAXREPEAT:
                loop = self.state(None, then)
                self.free[loop].append(self.sequence(items, loop, flags))
                then = loop
            else:
                for _ in range(most - least):
                    then = self.state(None, then, self.sequence(items, then, flags))
            for _ in range(least):
                then = self.sequence(items, then, flags)
            return then
        if code is codes.AT:
            place = self.state(None, then)
            self.only[place] = {codes.AT_BEGINNING: _AT_START, codes.AT_END: _AT_END}[of]
            return place
        return self.state((_chars(code, of, flags), then))

    def reached(self, state: int, place: int) -> int:
        """The states that one reaches for free at a place of a text, as bits; those that wait for its end are kept."""
        found, todo = 0, [state]
        while todo:
            state = todo.pop()
            if not found >> state & 1:
                found |= 1 << state
                if self.only.get(state, place) == place:
                    todo += self.free[state]
        return found


def _chars(code: Any, of: Any, flags: int) -> _Chars:
    """The characters that one item takes."""
    if code is codes.LITERAL and not flags & re.IGNORECASE:
        takes = bytearray(_N_CHARS)
        takes[min(of, BEYOND)] = 1
        return bytes(takes)
    if code is codes.LITERAL:
        return _class_of(f"[{re.escape(chr(of))}]", flags)
    if code is codes.NOT_LITERAL:
        return _class_of(f"[^{re.escape(chr(of))}]", flags)
    if code is codes.ANY:
        return _class_of(".", flags)
    parts = []
    for sort, what in of:
        if sort is codes.NEGATE:
            parts.append("^")
        elif sort is codes.LITERAL:
            parts.append(re.escape(chr(what)))
        elif sort is codes.RANGE:
            parts.append(f"{re.escape(chr(what[0]))}-{re.escape(chr(what[1]))}")
        else:
            parts.append({codes.CATEGORY_SPACE: r"\s", codes.CATEGORY_DIGIT: r"\d", codes.CATEGORY_WORD: r"\w"}[what])
    return _class_of(f"[{''.join(parts)}]", flags)


@cache
def _basic() -> str:
    """Every character of the basic plane."""
    return "".join(map(chr, range(BEYOND)))


@lru_cache(maxsize=1 << 10)
def _class_of(expression: str, flags: int) -> _Chars:
    """Which characters an expression for one takes, as Python says."""
    takes = np.zeros(_N_CHARS, np.uint8)
    found = re.compile(expression, flags & re.IGNORECASE)
    takes[[match.start() for match in found.finditer(_basic())]] = 1
    takes[BEYOND] = not expression.isascii() or expression.startswith("[^") or found.match("\U0001f600") is not None
    return takes.tobytes()


@lru_cache(maxsize=256)
def automaton(expression: str) -> Automaton:
    """The automaton of an expression; nothing in it looks ahead or back, or stands before ^ or after $."""
    builder = _Builder()
    accept = builder.state()
    tree = parser.parse(expression)
    first = builder.sequence(tree, accept, tree.state.flags)
    classes, members = _classes({takes[0] for takes in builder.takes if takes})
    n_classes = int(classes.max()) + 1
    begin, again = builder.reached(first, _AT_START), builder.reached(first, _ANYWHERE)
    # What each state takes, and all that is reached then.
    moves = [takes and (members[takes[0]], builder.reached(takes[1], _ANYWHERE)) for takes in builder.takes]
    matched = 1 << accept
    states = {begin: 0, matched: MATCHED}
    rows = []
    todo = [begin, matched]
    for of_state in todo:
        row = [again] * n_classes
        for state in _bits(of_state):
            kinds, after = moves[state] or ((), 0)
            for kind in kinds:
                row[kind] |= after
        for kind, after in enumerate(row):
            after = matched if (after | of_state) & matched else after
            if after not in states:
                states[after] = len(states)
                todo.append(after)
            row[kind] = states[after]
        rows.append(row)
    # States from which the end of a text leads to a match.
    ends = sum(1 << state for state in range(len(moves)) if builder.reached(state, _AT_END) & matched)
    at_end = [of_state & ends != 0 for of_state in todo]
    return Automaton(classes, np.array(rows, np.int32).ravel() * n_classes, np.array(at_end, np.bool_))


def _bits(number: int) -> Iterator[int]:
    while number:
        yield (number & -number).bit_length() - 1
        number &= number - 1


def _classes(sets: Iterable[_Chars]) -> tuple[Uint16s, dict[_Chars, list[int]]]:
    """Classes of characters that all sets take alike, and which of them each set takes."""
    weights = np.random.default_rng(0)
    signature = np.zeros(_N_CHARS, np.uint64)
    for chars in sorted(sets):
        signature += np.frombuffer(chars, np.uint8) * weights.integers(1, 1 << 62, dtype=np.uint64)
    _, first, classes = np.unique(signature, return_index=True, return_inverse=True)
    return classes.astype(np.uint16), {
        chars: [kind for kind, i in enumerate(first.tolist()) if chars[i]] for chars in sets
    }


def keep(expression: str, data: Bytes, starts: Int64s, stops: Int64s, may: Bools) -> None:
    """Clear the flags `may` of stretches of UTF-8 in which an expression does not match."""
    keep_matching(data, starts, stops, *automaton(expression), may)


def edge_chars(expression: str, is_last: bool) -> Bytes | None:
    """(65537,), whether a match inside a text may start or end with each character; None if it may be empty.

    Args:
        expression: in Python's syntax.
        is_last: whether the last character of a match is asked for.
    """
    found = np.zeros(_N_CHARS, np.uint8)
    tree = parser.parse(expression)
    return None if _may_be_empty(tree, tree.state.flags, is_last, found) else found


def _may_be_empty(items: Iterable[tuple[Any, Any]], flags: int, is_last: bool, found: Bytes) -> bool:
    """Whether parsed items may match nothing; adds the characters at their edge."""
    for code, of in reversed(list(items)) if is_last else items:
        if code is codes.BRANCH:
            are_empty = [_may_be_empty(branch, flags, is_last, found) for branch in of[1]]
            is_empty = any(are_empty)
        elif code is codes.SUBPATTERN:
            is_empty = _may_be_empty(of[3], (flags | of[1]) & ~of[2], is_last, found)
        elif code in (codes.MAX_REPEAT, codes.MIN_REPEAT):
            is_empty = _may_be_empty(of[2], flags, is_last, found) or of[0] == 0
        elif code is codes.AT:
            # Inside a text none of its ends is passed; a line end is asked for as a character.
            is_empty = (of is codes.AT_END) == is_last
        elif code in (codes.ASSERT, codes.ASSERT_NOT):
            is_empty = True
        else:
            found |= np.frombuffer(_chars(code, of, flags), np.uint8)
            is_empty = False
        if not is_empty:
            return False
    return True
