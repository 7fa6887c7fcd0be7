"""The compiled loop that finds the words of labels in the normal form of a text (`manyo.filters.pii.labels`)."""

from __future__ import annotations

from typing import Final

from manyo.corpus.jit import Bytes, Int32s, Int64s, Uint32s, borrowing

_BEYOND: Final = 0x10000


@borrowing
def longest_words(chars: Uint32s, classes: Int32s, children: Int32s, ends_word: Bytes, found: Int64s) -> int:
    """Note the longest word that starts at each place where one does.

    Args:
        chars: a text as code points.
        classes: (65536,), the class of each character; 0 if it is in no word.
        children: (n_states * n_classes,), the state after each state and class, times n_classes; 0 if no word goes on.
        ends_word: (n_states,), whether a word ends there.
        found: (len(chars), 2), filled with where words start and stop.

    Returns:
        How many places there are.
    """
    n_classes = len(children) // len(ends_word)
    n = 0
    for start in range(len(chars)):
        state, stop, i = 0, 0, start
        while i < len(chars) and chars[i] < _BEYOND:
            state = children[state + classes[chars[i]]]
            if state == 0:
                break
            i += 1
            if ends_word[state // n_classes]:
                stop = i
        if stop:
            found[n, 0], found[n, 1] = start, stop
            n += 1
    return n
