"""Cues beside a place of a text: expressions that end or start there, and what each says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from manyo.corpus.jit import Bytes
from manyo.filters.pii.gate_automata import edge_chars
from manyo.filters.pii.gate_kernels import BEYOND


class Cue(NamedTuple):
    """What says that a name stands here: an expression at the edge of the name, and what it adds."""

    weight: float
    expression: re.Pattern[str]


class Cues:
    """Cues before or after places: of them those are tried that may have the character at the place at their edge."""

    def __init__(self, cues: Sequence[Cue], is_before: bool) -> None:
        self.every = tuple(cues)
        self._is_before = is_before
        self._of_char: dict[str, tuple[Cue, ...]] = {}

    def sum_before(self, text: str, first: int, place: int) -> float:
        """The weights of the cues that end at a place and start at `first` or later."""
        # To Python a text also ends before its last line end.
        cues = self._at_edge(text[place - 1]) if place and text[place - 1] != "\n" else self.every
        return sum([cue.weight for cue in cues if cue.expression.search(text, first, place)])

    def sum_after(self, text: str, place: int) -> float:
        """The weights of the cues that start at a place."""
        cues = self._at_edge(text[place]) if place < len(text) - 1 else self.every
        return sum([cue.weight for cue in cues if cue.expression.match(text, place)])

    def _at_edge(self, char: str) -> tuple[Cue, ...]:
        cues = self._of_char.get(char)
        if cues is None:
            code = min(ord(char), BEYOND)
            cues = tuple(cue for cue, edge in zip(self.every, self._edges, strict=True) if edge is None or edge[code])
            self._of_char[char] = cues
        return cues

    @cached_property
    def _edges(self) -> list[Bytes | None]:
        return [edge_chars(cue.expression.pattern, self._is_before) for cue in self.every]
