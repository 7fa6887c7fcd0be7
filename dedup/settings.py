"""The dials of deduplication, one frozen dataclass.

Where the defaults come from, and what other values do to Japanese text:
`docs/decisions/0002-minhash-parameters.md`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Dedup:
    """Settings of every dedup stage; all lengths count characters of the text as dedup compares it.

    Attributes:
        shingle_chars: length of a shingle, in characters.
        bands: band keys of a document; two documents that share one are candidates.
        rows: permutations in a band; a signature has `bands * rows` of them.
        min_similarity: estimated Jaccard similarity from which two documents are the same text.
        min_chars: a shorter document has no signature and repeats another only if both are
            equal, because in so few shingles one changed word decides.
        max_shingled_chars: characters of a document that the signature sees. Beyond it the ratio
            of lengths bounds the similarity, so that two books do not become one by a common
            beginning.
        max_survivors_per_candidate: how many survivors are remembered around one candidate to
            compare later documents with; bounds the work on pages of one template.
        parts: parts that band keys are dealt to; one holds about `16 * 40` bytes a document of its share in memory.
    """

    shingle_chars: int = 5
    bands: int = 18
    rows: int = 7
    min_similarity: float = 0.8
    min_chars: int = 200
    max_shingled_chars: int = 4_000_000
    max_survivors_per_candidate: int = 64
    parts: int = 8

    def __post_init__(self) -> None:
        for name in ("shingle_chars", "bands", "rows", "max_survivors_per_candidate", "parts"):
            if getattr(self, name) < 1:
                raise ValueError(f"dedup.{name} must be at least 1, not {getattr(self, name)}")
        if not 0 < self.min_similarity <= 1:
            raise ValueError(f"dedup.min_similarity must be above 0 and at most 1, not {self.min_similarity}")
        if self.min_chars < self.shingle_chars:
            raise ValueError(
                f"dedup.min_chars ({self.min_chars}) must be at least dedup.shingle_chars ({self.shingle_chars}): "
                "a shorter document has no shingle"
            )
        if self.max_shingled_chars < self.min_chars:
            raise ValueError(
                f"dedup.max_shingled_chars ({self.max_shingled_chars}) must be at least "
                f"dedup.min_chars ({self.min_chars})"
            )

    @property
    def permutations(self) -> int:
        """Values in a signature."""
        return self.bands * self.rows
