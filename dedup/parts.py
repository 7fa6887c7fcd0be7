"""How many parts dedup deals documents to: as few as memory allows, because an exchange has a piece for each part and
shard.

The tasks that hold most compare the documents of a part. Measured at a million documents of 1,000 characters
(docs/dedup-scale.md), they hold 1,130 bytes and 8 for each shingle of those that have candidates, half of all.
"""

from __future__ import annotations

from manyo.dedup.settings import Dedup

_BYTES_A_DOCUMENT, _BYTES_A_SHINGLE = 1130, 8

#: What a task that adds up lines holds (`manyo.dedup.boilerplate.combine_lines`); the number of lines is a guess.
_BYTES_A_LINE, _LINES_A_DOCUMENT = 60, 20

#: Share of documents that have candidates. Where all have, a task needs twice as much.
_WITH_CANDIDATES = 0.5

#: Memory of a task, so reckoned, its libraries not counted (260 MB). A part of 400,000 such documents was reckoned at
#: 1.8 GB and held 2.2, so this is 3.7.
_PART_BYTES = 3_000_000_000


def parts_for(n_documents: int, n_shingles: int, settings: Dedup) -> int:
    """How many parts the documents of a run are dealt to: what the settings say, or by memory.

    Args:
        n_documents: of all shards.
        n_shingles: of all documents, counted as `shingles_at_most` does.
        settings: of dedup.

    Returns:
        At least 1. Of numbers by memory only the leading four bits are not 0: they seldom change when a corpus grows.
    """
    held_bytes = _WITH_CANDIDATES * (_BYTES_A_DOCUMENT * n_documents + _BYTES_A_SHINGLE * n_shingles)
    return settings.parts or _parts(held_bytes)


def parts_for_lines(n_documents: int, settings: Dedup) -> int:
    """How many parts the lines of so many documents are dealt to, at 20 lines each; as `parts_for`."""
    return settings.parts or _parts(_LINES_A_DOCUMENT * _BYTES_A_LINE * n_documents)


def _parts(held_bytes: float) -> int:
    parts = max(1, -(-int(held_bytes) // _PART_BYTES))
    step: int = 1 << max(0, parts.bit_length() - 4)
    return -(-parts // step) * step


def shingles_at_most(chars: int, n_documents: int, settings: Dedup) -> int:
    """Bound of the distinct shingles that are compared of documents with so many characters together."""
    return min(chars, n_documents * settings.max_compared_shingles)
