"""The model files of a run: whether they can be used, and which bytes they have."""

from __future__ import annotations

from manyo.filters.model_files import files_digest
from manyo.filters.signals.perplexity import check_kenlm, load_pieces
from manyo.filters.signals.quality import load_quality_model
from manyo.filters.signals.signal_settings import Models


def model_paths(models: Models) -> list[str]:
    """The files that the models are in."""
    return [path for path in (models.quality, models.perplexity, models.pieces) if path is not None]


def models_digest(models: Models) -> str:
    """BLAKE2b of the bytes of the models, each of which is checked first; "" where none is named.

    Raises:
        ValueError: a model is missing or damaged; the message begins with its path.
    """
    if models.quality is not None:
        load_quality_model(models.quality)
    if models.perplexity is not None:
        check_kenlm(models.perplexity)
    if models.pieces is not None:
        load_pieces(models.pieces)
    return files_digest(model_paths(models))
