"""The pass that looks up pairs of neighbouring characters, and rare kanji."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from manyo.corpus.jit import Bytes, Int64s, Records, Uint32s, int64, kernel, record

# Classes of characters that have no row of their own in the table of lifts.
OTHER: Final = 0  # digits, Latin, line ends: next to one there is no pair
KANJI: Final = 1  # every kanji without a row of its own
RARE: Final = 254  # those of them that are not common; they share the row of the others
BLANK: Final = 255  # white space between two characters, which are neighbours all the same


class LiftSum:
    """The sums of one document, a record of `LIFT_SUMS`."""

    lift: int  # of its pairs of neighbours, in steps of the table
    pairs: int
    kanji: int
    rare_kanji: int


LIFT_SUMS: Final = record(*((name, np.int64) for name in LiftSum.__annotations__))


@kernel
def sum_lifts(
    points: Uint32s, offsets: Int64s, classes: Bytes, first_kanji: int, lifts: NDArray[np.int8], sums: Records
) -> None:
    """Fill a record of `LIFT_SUMS` for each document. Classes from first_kanji on are kanji with a row of their own."""
    for doc in range(len(sums)):
        before, lift, n_pairs, n_kanji, n_rare = int64(OTHER), 0, 0, 0, 0
        for i in range(np.uint64(offsets[doc]), np.uint64(offsets[doc + 1])):
            this = int64(classes[points[i]])
            if this == BLANK:
                continue
            n_kanji += (this == KANJI) | (this >= first_kanji)
            if this == RARE:
                n_rare += 1
                this = int64(KANJI)
            if this != OTHER and before != OTHER:
                lift += int64(lifts[np.uint64(before), np.uint64(this)])
                n_pairs += 1
            before = this
        row: LiftSum = sums[doc]
        row.lift, row.pairs, row.kanji, row.rare_kanji = lift, n_pairs, n_kanji, n_rare
