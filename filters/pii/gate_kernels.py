"""The compiled loop that runs the automaton of a gate over stretches of text (`manyo.filters.pii.gate_automata`)."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bools, Bytes, Int32s, Int64s, Uint16s, borrowing
from manyo.corpus.utf8_kernels import code_point

#: The state in which an expression has matched.
MATCHED: Final = 1
#: The class of the characters beyond the basic plane, in the array of classes.
BEYOND: Final = 0x10000
_LINE_FEED: Final = 0x0A


@borrowing
def keep_matching(
    data: Bytes,
    starts: Int64s,
    stops: Int64s,
    classes: Uint16s,
    transitions: Int32s,
    matches_at_end: Bools,
    may: Bools,
) -> None:
    """Clear the flags of stretches in which an automaton does not match.

    Args:
        data: UTF-8.
        starts, stops: (n,), where stretches start and stop, in bytes.
        classes: (65537,), the class of each character.
        transitions: (n_states * n_classes,), the state after each state and class, times n_classes.
        matches_at_end: (n_states,), whether the expression matches if the text ends there.
        may: (n,), which stretches are read.
    """
    n_classes = len(transitions) // len(matches_at_end)
    matched = MATCHED * n_classes
    for n in range(len(starts)):
        if not may[n]:
            continue
        i, stop = starts[n], stops[n]
        state, is_at_end = 0, False
        while i < stop and state != matched:
            point, i = code_point(data, i)
            # As in Python, the end is also before a last line end.
            if i == stop and point == _LINE_FEED and matches_at_end[state // n_classes]:
                is_at_end = True
            state = transitions[state + classes[min(point, BEYOND)]]
        may[n] = is_at_end or state == matched or matches_at_end[state // n_classes]
