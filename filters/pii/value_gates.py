"""Which words of labels may have a value near them: an automaton reads what follows each, before Python does.

Of the labels in news three in four announce nothing: phone in the name of a phone, メール in a sentence about mail.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from manyo.corpus.jit import Bools, Bytes, Int64s, Uint32s
from manyo.filters.pii.gate_automata import keep
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import LEAST_DIGITS, may_end_with_role
from manyo.filters.pii.screen import (
    ALONE_BIT,
    LABEL_SIGNS,
    LEAST_OF_LONG,
    NEAR_LONG_SIGN,
    NEAR_SHORT_SIGN,
    ROLE_BIT,
    Screened,
)

#: A number may stand before its label, so far as `fields.py` looks for it: 0339012が口座番号.
_BYTES_BEFORE: Final = 240
#: How far a number that ends its line may go on in the next one.
_BYTES_IN_NEXT_LINE: Final = 64
#: A role and its suffixes, with blanks between its letters.
_BYTES_OF_ROLE: Final = 72
_GAP: Final = "[\\s　().・･〜～~,:：/…|第番号\\-‐‑‒–—―−─ーｰ]"
_DIGIT: Final = "[0-9OoQlI|〇一二三四五六七八九十元壱弐参拾廿]"
_A, _Z = b"az"
_ALNUM: Final = "A-Za-z0-9"


def _digits(n_digits: int) -> str:
    return f"(?:{_DIGIT}{_GAP}*){{{n_digits}}}"


#: Expression found near every label of a kind that has a value. Kinds that are not here have values of any form.
#: Numbers of similar length share one, for an expression costs as much as a hundred values.
VALUE_GATES: Final = {
    **{kind: _digits(max(least for least in (3, 5, 8) if least <= n)) for kind, n in LEAST_DIGITS.items() if n > 2},
    "phone": f"(?:\\+[\\s　(]*8|[0OoQ〇]){_GAP}*(?:{_DIGIT}{_GAP}*){{8}}",
    "email": f"(?:[@★☆●]|[\\[(【<＜](?:[aA][tT]|アット))[^{_ALNUM}]{{0,8}}[{_ALNUM}][{_ALNUM}\\- ]*[.]",
    "geo_position": f"{_DIGIT}{{2}}[ 　]?[.°度]",
    "mac_address": "(?:[0-9A-Fa-f][:-]?){12}",
    "credential": "[!-~！-～]{4}",
    "sns_id": f"@[{_ALNUM}_]|[{_ALNUM}_.\\-]{{3}}",
}
#: Of these, only numbers stand before their labels.
_NEVER_BEFORE: Final = {gate for kind, gate in VALUE_GATES.items() if kind not in LEAST_DIGITS}


def may_have_value(data: Bytes, found: Screened, near: Uint32s) -> Bools:
    """(n_hits,), whether something that the word of a hit announces may stand near it; false if it is no label.

    Args:
        data: UTF-8 text.
        found: its stretches and hits.
        near: (n_stretches,), the signs in the text of each.
    """
    hits = found.hits
    may = np.zeros(len(hits.stops), np.bool_)
    is_label = (hits.signs & LABEL_SIGNS != 0) & ~_is_inside_word(data, hits.stops)
    of_text = near[hits.stretches]
    is_alone = hits.announced & np.uint32(ALONE_BIT) != 0
    first = found.starts[hits.stretches]
    of_gate: dict[str, Bools] = {}
    for i, kind in enumerate(PII_KINDS):
        is_short = LEAST_DIGITS.get(kind.name, 0) < LEAST_OF_LONG
        has_near = is_alone | (of_text & np.uint32(NEAR_SHORT_SIGN if is_short else NEAR_LONG_SIGN) != 0)
        is_of_kind = (hits.announced & np.uint32(1 << i) != 0) & is_label & has_near
        gate = VALUE_GATES.get(kind.name, "")
        of_gate[gate] = of_gate[gate] | is_of_kind if gate in of_gate else is_of_kind
    may |= of_gate.pop("")
    for gate, announces in of_gate.items():
        chosen = np.flatnonzero(announces & ~may)
        if len(chosen):
            starts, stops = hits.stops[chosen], hits.reaches[chosen]
            if gate not in _NEVER_BEFORE:
                starts = np.maximum(first[chosen], starts - _BYTES_BEFORE)
                stops = np.minimum(stops + _BYTES_IN_NEXT_LINE, len(data))
            passed = np.ones(len(chosen), np.bool_)
            keep(gate, data, _character_start(data, starts), _character_start(data, stops), passed)
            may[chosen] = passed
    for hit in np.flatnonzero((hits.announced & np.uint32(ROLE_BIT) != 0) & is_label & ~may).tolist():
        stop = int(hits.stops[hit])
        before = data[max(int(first[hit]), stop - _BYTES_OF_ROLE) : stop].tobytes()
        may[hit] = may_end_with_role(before.decode(errors="ignore"))
    return may


def _is_inside_word(data: Bytes, stops: Int64s) -> Bools:
    """Whether a Latin word goes on where the word of a label ends: No in Note."""
    last, following = data[stops - 1] | 0x20, data[np.minimum(stops, len(data) - 1)] | 0x20
    return (stops < len(data)) & (last >= _A) & (last <= _Z) & (following >= _A) & (following <= _Z)


def _character_start(data: Bytes, places: Int64s) -> Int64s:
    """The starts of the characters in which some places are; the end of the data is one."""
    # A character has at most three bytes after its first.
    for _ in range(3):
        places = places - ((places < len(data)) & (data[np.minimum(places, len(data) - 1)] & 0xC0 == 0x80))
    return places
