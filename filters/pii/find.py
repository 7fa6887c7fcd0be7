"""Find personal information in Japanese text, without changing the text.

`find` returns spans and `manyo.corpus.release` replaces them; what counts is in `manyo.filters.pii.patterns`.

Two things make it fast. A span never crosses a line or a 。, so the texts are cut there into pieces without copying.
And one RE2 pass over all pieces (the gate) leaves the few in a hundred that can hold anything: Python's `re` reads only
those.

Masking must be a fixed point: scrubbing a scrubbed text finds nothing new. Words near a span are therefore looked for
in the text with masks, spans and undecided numbers taken out. Otherwise masking one number would bring a word nearer to
the next.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Final, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.release import SPANS
from manyo.corpus.text import Texts
from manyo.filters.pii.kinds import CONSTANT_MASK, MASK, PII_KINDS, Kind
from manyo.filters.pii.matching import UNLESS_CHARS, Pattern
from manyo.filters.pii.names import names
from manyo.filters.pii.patterns import NAME_HOLE, PATTERNS

_KINDS = {kind.name: kind for kind in PII_KINDS}
_ALL = tuple(_KINDS)

#: Profile to kinds. Statutes and classical texts name nobody who can be telephoned. Novels are full of invented or
#: historical addresses (本郷区駒込千駄木町五十七番地), but their colophons hold telephone numbers of publishers.
_DEFAULT_KINDS: dict[str, tuple[str, ...]] = {
    "web": _ALL,
    "ocr": _ALL,
    "prose": tuple(name for name in _ALL if name not in ("postal_address", "person_name", "birth_date")),
    "law": (),
    "classical": (),
}


@dataclass(frozen=True, slots=True)
class Scrub:
    """What the scrub stage masks, and how.

    Attributes:
        kinds: profile to the kinds masked in its documents; a profile that is not named keeps its default.
        mask_style: "typed" (`<電話番号>`, …), "constant" (`<個人情報>` for everything), or "pseudonym" (`<人名1>`,
            `<人名2>`, …: a value has one number throughout its document, and no other document decides which).
    """

    kinds: dict[str, tuple[str, ...]] = field(default_factory=lambda: dict(_DEFAULT_KINDS))
    mask_style: Literal["typed", "constant", "pseudonym"] = "typed"

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", _DEFAULT_KINDS | dict(self.kinds))
        for profile, kinds in self.kinds.items():
            unknown = [kind for kind in kinds if kind not in _KINDS]
            if unknown:
                raise ValueError(
                    f"scrub.kinds.{profile}: unknown kind {', '.join(unknown)}; the kinds are {', '.join(_KINDS)}"
                )
        if self.mask_style not in ("typed", "constant", "pseudonym"):
            raise ValueError(f"scrub.mask_style: {self.mask_style!r} is neither typed, constant nor pseudonym")

    @property
    def masks(self) -> dict[str, str]:
        """Mask text of each kind, in the order of `PII_KINDS`."""
        return {kind.name: CONSTANT_MASK if self.mask_style == "constant" else kind.mask for kind in PII_KINDS}


#: Stands for what is or may be masked; no word contains it.
_HOLE: Final = "\0"

#: Names are looked for next to these.
_CONTACT_KINDS: Final = frozenset({"phone", "email"})

#: Kinds that count only near a name, so that names are looked for even where they are not asked for.
_KINDS_NEAR_NAMES: Final = frozenset({"birth_date"})

#: RE2 runs nine gates as one expression at 210 MB/s on news and all fifteen at 80: its table of states grows too large.
_GATES_AT_ONCE: Final = 9

_FULL_STOP: Final = "。".encode()


class _Span(NamedTuple):
    """A match. Positions here and below are in code points."""

    start: int
    stop: int
    kind: str
    score: float
    pattern: str


class _Hole(NamedTuple):
    """What is taken out of the words around a candidate, and the character that stands for it there."""

    start: int
    stop: int
    sign: str


class _Piece(NamedTuple):
    """A sentence, and the names of the kinds whose gate it passes."""

    start: int
    stop: int
    kinds: set[str]


def find(texts: pa.Array | pa.ChunkedArray, kinds: Sequence[str]) -> pa.RecordBatch:
    """Find personal information in a column of texts.

    Args:
        texts: string or large_string, without nulls.
        kinds: names out of `PII_KINDS`; an empty sequence finds nothing. Birth dates count only near a name, which need
            not be one of the kinds.

    Returns:
        Spans as in `manyo.corpus.release.SPANS`, in the order of rows and starts; positions in code points. Spans of
        different patterns may overlap.
    """
    with_names = "person_name" in kinds or not _KINDS_NEAR_NAMES.isdisjoint(kinds)
    chosen = [kind for kind in PII_KINDS if kind.name in kinds or (with_names and kind.name == "person_name")]
    patterns = [pattern for pattern in PATTERNS if pattern.kind in kinds]
    rows: list[int] = []
    spans: list[_Span] = []
    for row, text, pieces in _gated_pieces(Texts.from_arrow(texts), chosen):
        found = sorted(span for span in _find_in(text, pieces, patterns, with_names) if span.kind in kinds)
        rows += [row] * len(found)
        spans += found
    columns = [rows, *zip(*spans, strict=True)] if spans else [[]] * len(SPANS)
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SPANS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SPANS)


def find_by_profile(texts: pa.Array | pa.ChunkedArray, profiles: Sequence[str], scrub: Scrub) -> pa.RecordBatch:
    """Find in each row the kinds that its profile masks.

    Args:
        texts: string or large_string, without nulls.
        profiles: one per row.
        scrub: settings.

    Returns:
        Spans as `find` has them.

    Raises:
        ValueError: a profile that the settings do not name.
    """
    unknown = set(profiles) - set(scrub.kinds)
    if unknown:
        raise ValueError(f"scrub.kinds: nothing for profile {sorted(unknown)[0]}; it names {', '.join(scrub.kinds)}")
    of_row = np.asarray(profiles, dtype=object)
    parts = []
    for profile in sorted(set(profiles)):
        rows = np.flatnonzero(of_row == profile)
        spans = find(texts.take(pa.array(rows)), scrub.kinds[profile])
        parts.append(
            spans.set_column(0, SPANS.field("row"), pa.array(rows[spans.column("row").to_numpy()], pa.int64()))
        )
    table = pa.Table.from_batches(parts, SPANS)
    order = pc.sort_indices(table, [("row", "ascending"), ("start", "ascending"), ("stop", "ascending")])
    return table.take(order).combine_chunks().to_batches()[0] if len(table) else find(texts, ())


def _gated_pieces(view: Texts, kinds: Sequence[Kind]) -> Iterator[tuple[int, str, list[_Piece]]]:
    """Rows with pieces that pass a gate: the row, its text, and those pieces in order."""
    first, last = int(view.offsets[0]), int(view.offsets[-1])
    if not kinds or first == last:
        return
    offsets, data = view.offsets - first, view.data[first:last]
    # A bound that occurs twice makes an empty line, which matches nothing. np.unique would cost more than the gate.
    bounds = np.sort(np.concatenate([offsets, np.flatnonzero(data == 0x0A) + 1]), kind="stable")
    lines = pa.LargeStringArray.from_buffers(len(bounds) - 1, pa.py_buffer(bounds), pa.py_buffer(data))
    groups = [kinds[first : first + _GATES_AT_ONCE] for first in range(0, len(kinds), _GATES_AT_ONCE)]
    passes = [_matching(lines, "|".join(kind.gate for kind in group)) for group in groups]
    passed = np.flatnonzero(np.logical_or.reduce(passes))
    if not len(passed):
        return
    encoded = data.tobytes()
    cuts, line_of = [], []
    for line, start, stop in zip(passed.tolist(), bounds[passed].tolist(), bounds[passed + 1].tolist(), strict=True):
        for cut in _sentences(encoded, start, stop):
            cuts.append(cut)
            line_of.append(line)
    sentences = pa.array([encoded[start:stop] for start, stop in cuts], pa.large_binary()).cast(pa.large_string())
    kinds_of = [set[str]() for _ in cuts]
    for gates, passing in zip(groups, passes, strict=True):
        chosen = np.flatnonzero(passing[line_of])
        of_group = sentences.take(pa.array(chosen))
        for kind in gates:
            for i in chosen[_matching(of_group, kind.gate)].tolist():
                kinds_of[i].add(kind.name)
    gated = [(start, stop, names) for (start, stop), names in zip(cuts, kinds_of, strict=True) if names]
    # Of the rows that start at one offset, all but the last are empty.
    row_of = np.searchsorted(offsets, [start for start, _, _ in gated], side="right") - 1
    for row, group in groupby(zip(row_of.tolist(), gated, strict=True), key=itemgetter(0)):
        position, text, pieces = int(offsets[row]), "", []
        for _, (start, stop, passed_kinds) in group:
            before, sentence = encoded[position:start].decode(), encoded[start:stop].decode()
            at = len(text) + len(before)
            pieces.append(_Piece(at, at + len(sentence), passed_kinds))
            text += before + sentence
            position = stop
        yield row, text + encoded[position : int(offsets[row + 1])].decode(), pieces


def _matching(texts: pa.Array, gate: str) -> np.ndarray:
    return np.asarray(pc.match_substring_regex(texts, gate).to_numpy(zero_copy_only=False), np.bool_)


def _sentences(encoded: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Cut UTF-8 text after every 。 into (start, stop) in bytes."""
    while (end := encoded.find(_FULL_STOP, start, stop)) >= 0:
        yield start, end + len(_FULL_STOP)
        start = end + len(_FULL_STOP)
    if start < stop:
        yield start, stop


def _find_in(text: str, pieces: list[_Piece], patterns: Sequence[Pattern], with_names: bool) -> list[_Span]:
    """Spans of one text: matches within pieces that passed the gate of the pattern's kind, and names near them."""
    gated: dict[str, list[tuple[int, int]]] = {}
    for start, stop, kinds in pieces:
        for kind in kinds:
            gated.setdefault(kind, []).append((start, stop))
    settled, pending = _matched(text, gated, patterns)
    named = gated.get("person_name", [])
    contacts = [(span.start, span.stop) for span in settled if span.kind in _CONTACT_KINDS] if with_names else []
    if not (pending or named or contacts):
        return settled
    holes = _joined(
        [_Hole(span.start, span.stop, _HOLE) for span in (*settled, *(span for _, span in pending))]
        + [_Hole(*match.span(), _HOLE) for match in MASK.finditer(text)]
    )
    # Telephone numbers without separators are in doubt until now; names next to them must not decide about them.
    contacts += [
        (span.start, span.stop)
        for pattern, span in pending
        if with_names and span.kind in _CONTACT_KINDS and _in_context(pattern, text, span, holes)
    ]
    found = names(text, named, contacts, [(hole.start, hole.stop) for hole in holes]) if with_names else []
    holes = _joined([*holes, *(_Hole(start, stop, NAME_HOLE) for start, stop, *_ in found)])
    settled += [_Span(start, stop, "person_name", score, place) for start, stop, score, place in found]
    return settled + [span for pattern, span in pending if _in_context(pattern, text, span, holes)]


def _matched(
    text: str, gated: dict[str, list[tuple[int, int]]], patterns: Sequence[Pattern]
) -> tuple[list[_Span], list[tuple[Pattern, _Span]]]:
    """Matches that need no context, and those whose context decides."""
    settled: list[_Span] = []
    pending: list[tuple[Pattern, _Span]] = []
    for pattern in patterns:
        if pattern.kind not in gated:
            continue
        for start, stop in _within(pattern, text, gated[pattern.kind]):
            for match in _matches(pattern, text, start, stop):
                span = _Span(*match.span(), pattern.kind, pattern.score, pattern.name)
                if pattern.needs or pattern.unless:
                    pending.append((pattern, span))
                else:
                    settled.append(span)
    return settled, pending


def _within(pattern: Pattern, text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where matches of a pattern may lie, given the pieces that passed its kind's gate: disjoint, in order."""
    if pattern.across_lines:
        return [(pieces[0][0], len(text))]
    if not pattern.next_line:
        return pieces
    ends = (text.find("\n", stop) for _, stop in pieces)
    reached = [_Hole(start, len(text) if end < 0 else end, _HOLE) for (start, _), end in zip(pieces, ends, strict=True)]
    return [(hole.start, hole.stop) for hole in _joined(reached)]


def _matches(pattern: Pattern, text: str, start: int, stop: int) -> Iterator[re.Match[str]]:
    """Accepted matches within a piece; a refused one does not hide another that starts inside it."""
    while match := pattern.expression.search(text, start, stop):
        if pattern.accept(match):
            yield match
            start = match.end()
        else:
            start = match.start() + 1


def _in_context(pattern: Pattern, text: str, span: _Span, holes: list[_Hole]) -> bool:
    """Whether the words that a pattern needs are near a span, and those that it forbids are not."""
    if pattern.unless and pattern.unless.search(_before(text, span.start, UNLESS_CHARS, holes)):
        return False
    if not pattern.needs or pattern.needs.search(_before(text, span.start, pattern.within_chars, holes)):
        return True
    return pattern.needs_after and bool(pattern.needs.search(_after(text, span.stop, pattern.within_chars, holes)))


def _before(text: str, position: int, chars: int, holes: list[_Hole]) -> str:
    """The last `chars` characters before a position, where each hole counts as one."""
    parts: list[str] = []
    nearest = bisect_left(holes, (position, 0, "")) - 1
    while nearest >= 0 and chars > 0 and holes[nearest].stop > position - chars:
        start, stop, sign = holes[nearest]
        parts += [text[stop:position], sign]
        chars -= max(position - stop, 0) + 1
        position = start
        nearest -= 1
    parts.append(text[max(0, position - max(chars, 0)) : position])
    return "".join(reversed(parts))


def _after(text: str, position: int, chars: int, holes: list[_Hole]) -> str:
    """The first `chars` characters after a position, where each hole counts as one."""
    parts: list[str] = []
    nearest = bisect_left(holes, (position, 0, ""))
    while nearest < len(holes) and chars > 0 and holes[nearest].start < position + chars:
        start, stop, sign = holes[nearest]
        parts += [text[position:start], sign]
        chars -= start - position + 1
        position = stop
        nearest += 1
    parts.append(text[position : position + max(chars, 0)])
    return "".join(parts)


def _joined(holes: list[_Hole]) -> list[_Hole]:
    """Disjoint holes over the same characters; those that touch become one, with a name's sign if any holds a name."""
    joined: list[_Hole] = []
    for hole in sorted(holes):
        if joined and hole.start <= joined[-1].stop:
            last = joined[-1]
            joined[-1] = _Hole(last.start, max(hole.stop, last.stop), max(hole.sign, last.sign))
        else:
            joined.append(hole)
    return joined
