"""Signals that a model gives: which models a run has, and where they are.

Each is a path on every machine that measures, as for the language model. Scores are as good as what
the model was trained on; none is measured unless its model is named.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from manyo.filters.signals.perplexity import check_kenlm, load_pieces, perplexities
from manyo.filters.signals.quality import load_quality_model, quality_scores


@dataclass(frozen=True, slots=True)
class Models:
    """Paths of the models; None measures no such signal.

    Attributes:
        quality: a classifier that `manyo train-quality` wrote.
        perplexity: a KenLM model, ARPA or binary.
        pieces: the SentencePiece model whose pieces are the words of `perplexity`; None where they are characters.
    """

    quality: str | None = None
    perplexity: str | None = None
    pieces: str | None = None

    def __post_init__(self) -> None:
        if self.pieces is not None and self.perplexity is None:
            raise ValueError("pieces is the vocabulary of a perplexity model, and none is named")

    def quality_scores(self, texts: pa.Array) -> np.ndarray:
        """As `manyo.filters.signals.quality.quality_scores`, by the model that is named."""
        return quality_scores(texts, _named(self.quality, "quality"))

    def perplexities(self, texts: pa.Array) -> np.ndarray:
        """As `manyo.filters.signals.perplexity.perplexities`, by the model that is named."""
        return perplexities(texts, _named(self.perplexity, "perplexity"), self.pieces)

    def digest(self) -> str:
        """BLAKE2b of the models' bytes, after a look at each; "" where none is named.

        Raises:
            ValueError: a model is missing or is no such model; the message begins with its path.
        """
        if self.quality is not None:
            load_quality_model(self.quality)
        if self.perplexity is not None:
            check_kenlm(self.perplexity)
        if self.pieces is not None:
            load_pieces(self.pieces)
        named = [path for path in (getattr(self, field.name) for field in fields(self)) if path is not None]
        hasher = hashlib.blake2b(digest_size=16)
        for path in named:
            with open(path, "rb") as file:
                hasher.update(hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest())
        return hasher.hexdigest() if named else ""


def _named(path: str | None, kind: str) -> str:
    if path is None:
        raise ValueError(f"no {kind} model is named")
    return path
