"""Which sentences of which texts can hold personal information of which kind.

One compiled pass over all lines notes signs (`screen.py`), and RE2 reads the few in a hundred that have them, then
their sentences: Python reads only what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.jit import Bools, Bytes, Int64s
from manyo.corpus.text import Texts
from manyo.filters.pii.kinds import Kind
from manyo.filters.pii.screen import LABEL_SIGNS, note, sign_of
from manyo.filters.pii.screen_kernels import PRIVATE_SIGN

#: Stands among the kinds of a piece for a word of a label.
LABEL: Final = "label"
#: And this for a word of letters, notes and records about private persons.
PRIVATE: Final = "private"

_FULL_STOP: Final = "。".encode()


class Piece(NamedTuple):
    """A sentence, and the names of the kinds whose gate it passes; positions in code points."""

    start: int
    stop: int
    kinds: set[str]


def gated_pieces(view: Texts, kinds: Sequence[Kind]) -> Iterator[tuple[int, str, list[Piece]]]:
    """Rows with pieces that pass a gate: the row, its text, and those pieces in order."""
    first, last = int(view.offsets[0]), int(view.offsets[-1])
    if not kinds or first == last:
        return
    offsets, data = view.offsets - first, view.data[first:last]
    # A bound that occurs twice makes an empty line, which matches nothing. np.unique would cost more than the gate.
    bounds = np.sort(np.concatenate([offsets, np.flatnonzero(data == 0x0A) + 1]), kind="stable").astype(np.int64)
    lines = pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(data))
    may_hold = _may_hold(data, bounds[:-1], bounds[1:], kinds)
    for kind, may in zip(kinds, may_hold[:-2], strict=True):
        if not kind.near_names:
            _keep_matching(lines, may, kind.gate)
    # What counts only near a name is looked for only in texts that something else may be in.
    near_names = np.array([*(kind.near_names for kind in kinds), False, False])
    rows = _rows(offsets, bounds[np.flatnonzero(may_hold[~near_names].any(axis=0))])
    if not len(rows):
        return
    for kind, may in zip(kinds, may_hold[:-2], strict=True):
        if kind.near_names:
            chosen = np.flatnonzero(may)
            may[chosen] = np.isin(_rows(offsets, bounds[chosen]), rows)
            _keep_matching(lines, may, kind.gate)
    passed = np.flatnonzero(may_hold.any(axis=0))
    cuts, line_of = [], []
    for line, start, stop in zip(passed.tolist(), bounds[passed].tolist(), bounds[passed + 1].tolist(), strict=True):
        for cut in _sentences(data[start:stop].tobytes(), start):
            cuts.append(cut)
            line_of.append(line)
    starts, stops = np.array(cuts, np.int64).T.copy()
    of_sentences = _may_hold(data, starts, stops, kinds) & may_hold[:, line_of]
    # Every other element is a sentence; between them lies what passed no gate.
    between = pa.LargeStringArray.from_buffers(
        2 * len(cuts) - 1, pa.py_buffer(np.array(cuts, np.int64).ravel()), pa.py_buffer(data)
    )
    for kind, may in zip(kinds, of_sentences[:-2], strict=True):
        _keep_matching(between, may, kind.gate, 2)
    kinds_of = [set[str]() for _ in cuts]
    for name, holds in zip([*(kind.name for kind in kinds), LABEL, PRIVATE], of_sentences, strict=True):
        for i in np.flatnonzero(holds).tolist():
            kinds_of[i].add(name)
    gated = [(start, stop, names) for (start, stop), names in zip(cuts, kinds_of, strict=True) if names]
    row_of = _rows(offsets, np.array([start for start, _, _ in gated], np.int64))
    for row, group in groupby(zip(row_of.tolist(), gated, strict=True), key=itemgetter(0)):
        first, text, pieces = int(offsets[row]), "", []
        encoded = data[first : int(offsets[row + 1])].tobytes()
        position = 0
        for _, (start, stop, passed_kinds) in group:
            before, sentence = (
                encoded[position : start - first].decode(),
                encoded[start - first : stop - first].decode(),
            )
            at = len(text) + len(before)
            pieces.append(Piece(at, at + len(sentence), passed_kinds))
            text += before + sentence
            position = stop - first
        yield row, text + encoded[position:].decode(), pieces


def _rows(offsets: Int64s, positions: Int64s) -> Int64s:
    """The rows in which positions are; of the rows that start at one offset, all but the last are empty."""
    return np.searchsorted(offsets, positions, side="right") - 1


def _may_hold(data: Bytes, starts: Int64s, stops: Int64s, kinds: Sequence[Kind]) -> Bools:
    """bool (n_kinds + 2, n_stretches), which stretches have the signs of each kind, of a label and of privacy."""
    signs, n_digits, n_in_a_row, n_marks = note(data, starts, stops)
    of_kinds = np.zeros((len(kinds) + 2, len(starts)), np.bool_)
    for kind, may in zip(kinds, of_kinds[:-2], strict=True):
        if not kind.gate:
            continue
        may[:] = signs & np.uint32(sign_of(kind.name)) != 0 if kind.signs else n_digits >= kind.n_digits
        if kind.signs and kind.n_digits:
            may &= n_digits >= kind.n_digits
        if kind.n_in_a_row:
            may &= n_in_a_row >= kind.n_in_a_row
        if kind.n_marks:
            may &= n_marks >= kind.n_marks
    of_kinds[-2] = signs & np.uint32(LABEL_SIGNS) != 0
    if any(kind.name == "person_name" for kind in kinds):
        of_kinds[-1] = signs & np.uint32(PRIVATE_SIGN) != 0
    return of_kinds


def _keep_matching(texts: pa.Array, may: Bools, gate: str, step: int = 1) -> None:
    """Clear the flags of texts in which a gate does not match; flag i belongs to text i * step."""
    chosen = np.flatnonzero(may)
    if len(chosen):
        matches = pc.match_substring_regex(texts.take(pa.array(chosen * step)), gate)
        may[chosen] = matches.to_numpy(zero_copy_only=False)


def _sentences(line: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Cut a line of UTF-8 text after every 。 into (start, stop) in bytes of the text in which it starts at `start`."""
    at = 0
    while (found := line.find(_FULL_STOP, at)) >= 0:
        yield start + at, start + found + len(_FULL_STOP)
        at = found + len(_FULL_STOP)
    if at < len(line):
        yield start + at, start + len(line)
