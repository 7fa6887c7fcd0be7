"""Which sentences of which texts can hold personal information of which kind.

One compiled pass over all texts notes the sentences that have signs (`screen.py`), and automata of the gates read
those, and what follows each word of a label: Python reads only what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Uint32s
from manyo.corpus.text import Texts
from manyo.filters.pii.gate_automata import keep
from manyo.filters.pii.kinds import PII_KINDS, Kind
from manyo.filters.pii.name_evidence import PRIVATE_CHARS
from manyo.filters.pii.opened import Opened, opened
from manyo.filters.pii.screen import ALONE_BIT, Screened, screened, sign_of, sign_of_words, word_sign_of
from manyo.filters.pii.screen_kernels import PRIVATE_SIGN
from manyo.filters.pii.value_gates import may_have_value

#: Stands among the kinds of a piece for a word of a label.
LABEL: Final = "label"
#: And this for a word of letters, notes and records about private persons.
PRIVATE: Final = "private"

#: Two words of privacy that make a stretch private are no farther apart, in bytes.
_PRIVATE_BYTES: Final = 4 * PRIVATE_CHARS
#: In `Hits.announced`, of labels whose values count only near others.
_NEAR_NAMES_BITS: Final = sum(1 << i for i, kind in enumerate(PII_KINDS) if kind.near_names)


#: Kinds that any sentence with some digits may hold, and hardly one does: one automaton asks for all of them first.
_RARE: Final = frozenset({"ip", "licence_plate", "mac_address", "geo_position"})


class Piece(NamedTuple):
    """A sentence, and the names of the kinds whose gate it passes; positions in code points."""

    start: int
    stop: int
    kinds: set[str]


class Gated(NamedTuple):
    """A text with pieces that pass a gate, in order; `row` says which of the batch it is."""

    row: int
    text: Opened
    pieces: list[Piece]


def gated_texts(view: Texts, kinds: Sequence[Kind]) -> Iterator[Gated]:
    """The texts with pieces that pass a gate."""
    first, last = int(view.offsets[0]), int(view.offsets[-1])
    if not kinds or first == last:
        return
    offsets, data = view.offsets - first, view.data[first:last]
    found = screened(view)
    if not len(found.starts):
        return
    rows = np.searchsorted(offsets, found.starts, side="right") - 1
    passed = _passed_of_kinds(data, offsets, found, rows, kinds)
    chosen = np.flatnonzero(np.any(list(passed.values()), axis=0))
    kinds_of: list[set[str]] = [set() for _ in chosen]
    for name, may in passed.items():
        for i in np.flatnonzero(may[chosen]).tolist():
            kinds_of[i].add(name)
    of_text, counts = np.unique(rows[chosen], return_counts=True)
    bounds = np.stack([offsets[of_text], offsets[of_text + 1]], axis=1)
    pieces = np.stack([found.starts[chosen], found.stops[chosen]], axis=1)
    passing = iter(kinds_of)
    for row, text in zip(of_text.tolist(), opened(data, bounds, pieces, counts), strict=True):
        yield Gated(row, text, [Piece(*place, next(passing)) for place in text.pieces])


def _passed_of_kinds(
    data: Bytes, offsets: Int64s, found: Screened, rows: Int64s, kinds: Sequence[Kind]
) -> dict[str, Bools]:
    """(n_stretches,) for each kind that has a gate, and for `LABEL` and `PRIVATE`: which stretches pass it.

    Args:
        data, offsets: UTF-8 texts.
        found: their stretches.
        rows: (n_stretches,), the text of each.
        kinds: those that are looked for.
    """
    signs_of_text = np.zeros(len(offsets) - 1, np.uint32)
    np.bitwise_or.at(signs_of_text, rows, found.signs)
    passed = {kind.name: _passed(found, kind, signs_of_text[rows]) for kind in kinds if kind.gate or kind.gates}
    may_have = may_have_value(data, found, signs_of_text[rows])
    is_near_name = found.hits.announced & ~np.uint32(ALONE_BIT | _NEAR_NAMES_BITS) == 0
    passed[LABEL] = found.is_question.copy()
    passed[LABEL][found.hits.stretches[may_have & ~is_near_name]] = True
    if any(kind.name == "person_name" for kind in kinds):
        passed[PRIVATE] = _private(found, rows)
    near_names = [kind for kind in kinds if kind.near_names]
    rare = [kind for kind in kinds if kind.name in _RARE]
    if rare:
        may_be_rare = np.any([passed[kind.name] for kind in rare], axis=0)
        keep("|".join(f"(?:{kind.gate})" for kind in rare), data, found.starts, found.stops, may_be_rare)
        for kind in rare:
            passed[kind.name] &= may_be_rare
    for kind in kinds:
        if not kind.near_names and kind.name in passed:
            _keep_matching(data, passed[kind.name], found, kind)
    # What counts only near a name is looked for only in texts that something else may be in.
    others = [may for name, may in passed.items() if name not in {kind.name for kind in near_names}]
    has_other = np.zeros(len(offsets) - 1, np.bool_)
    has_other[rows[np.any(others, axis=0)]] = True
    for kind in near_names:
        passed[kind.name] &= has_other[rows]
        _keep_matching(data, passed[kind.name], found, kind)
    of_label = found.hits.stretches[may_have & is_near_name]
    for row in np.unique(rows[of_label]).tolist():
        # A mask stands for what is near, too.
        has_other[row] |= b"<" in data[offsets[row] : offsets[row + 1]].tobytes()
    passed[LABEL][of_label[has_other[rows[of_label]]]] = True
    return passed


def _passed(found: Screened, kind: Kind, of_text: Uint32s) -> Bools:
    """(n_stretches,), which have the signs of a kind; `of_text` has those in the text of each."""
    sign = np.uint32(sign_of(kind.name))
    may = (found.signs & sign != 0) if kind.signs else np.ones(len(found.signs), np.bool_)
    for least, counts in (
        (kind.n_digits, found.n_digits),
        (kind.n_in_a_row, found.n_in_a_row),
        (kind.n_in_number, found.n_in_number),
        (kind.n_marks, found.n_marks),
    ):
        if least:
            may &= counts >= least
    if kind.words:
        may &= of_text & np.uint32(sign_of_words(kind.name)) != 0
    return may


def _private(found: Screened, rows: Int64s) -> Bools:
    """(n_stretches,), which have one of two different words of privacy near each other in their text."""
    may = np.zeros(len(found.signs), np.bool_)
    words = found.hits.of(PRIVATE_SIGN)
    of_word = rows[words.stretches]
    is_near = (np.diff(words.stops) <= _PRIVATE_BYTES) & (np.diff(words.states) != 0) & (np.diff(of_word) == 0)
    may[words.stretches[1:][is_near]] = True
    return may


def _keep_matching(data: Bytes, may: Bools, found: Screened, kind: Kind) -> None:
    """Clear the flags of stretches in which no gate of a kind matches."""
    if kind.gate:
        keep(kind.gate, data, found.starts, found.stops, may)
        return
    signed, may[:] = may.copy(), False
    for sign, gate in kind.gates.items():
        passed = signed & (found.signs & np.uint32(sign or word_sign_of(kind.name)) != 0)
        keep(gate, data, found.starts, found.stops, passed)
        may |= passed


#: Gates that hold for one sentence; an address goes on in the next line.
_OF_SENTENCE: Final = frozenset(kind.name for kind in PII_KINDS if kind.gate) - {"postal_address"}


def kinds_that_pass(sentences: Sequence[str], kinds: Sequence[Kind]) -> list[set[str]]:
    """The kinds whose gate each sentence passes that no screen has seen."""
    encoded = [sentence.encode("utf-8", "replace") for sentence in sentences]
    bounds = np.cumsum([0, *map(len, encoded)])
    data = np.frombuffer(b"".join(encoded), np.uint8)
    passed: list[set[str]] = [set() for _ in sentences]
    for kind in kinds:
        may = np.ones(len(sentences), np.bool_)
        if kind.name in _OF_SENTENCE:
            keep(kind.gate, data, bounds[:-1], bounds[1:], may)
        for i in np.flatnonzero(may).tolist():
            passed[i].add(kind.name)
    return passed
