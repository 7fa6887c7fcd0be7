"""What may be released at all: by the terms of the source, and by what a page asks for itself.

These reasons come before those of the rules in `decisions`. So a document that may not be released takes no part in
dedup, where it could otherwise replace a copy that may be released.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from manyo.corpus.web.statements import DIRECTIVES

#: Reasons, in the order in which `decisions` lists them.
REASONS = ("release_forbidden", "opted_out")

#: Columns of `documents` that decide.
COLUMNS = ("release_allowed", "robots")


@dataclass(frozen=True, slots=True)
class Rights:
    """What is not released.

    Attributes:
        opted_out: pages that state one of these are not released: noindex, noarchive, noai, noimageai, tdm_reserved.
            A source's `refuse_opted_out` goes further: such pages do not become documents.
        takedown: path of a list of requests for takedown (`manyo.corpus.takedowns`); None for no list. Its content is
            not part of any fingerprint: it changes only the shards that it touches.
    """

    opted_out: tuple[str, ...] = ()
    takedown: str | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown directive."""
        for directive in self.opted_out:
            if directive not in DIRECTIVES:
                raise ValueError(f"opted_out: {directive!r} is not one of {', '.join(DIRECTIVES)}")


def barred(documents: pa.RecordBatch, opted_out: Sequence[str]) -> np.ndarray:
    """Which documents may not be released.

    Args:
        documents: with `COLUMNS`; `robots` is not needed where `opted_out` is empty.
        opted_out: statements of a page that forbid its release.

    Returns:
        bool (n_docs, 2), a column for each of `REASONS`.
    """
    barred = np.zeros((documents.num_rows, len(REASONS)), np.bool_)
    barred[:, REASONS.index("release_forbidden")] = ~documents.column("release_allowed").to_numpy(zero_copy_only=False)
    if not opted_out:
        return barred
    robots = documents.column("robots")
    stated = pc.is_in(pc.list_flatten(robots).cast(pa.string()), value_set=pa.array(opted_out, pa.string()))
    barred[pc.list_parent_indices(robots).filter(stated).to_numpy(), REASONS.index("opted_out")] = True
    return barred
