"""The model files of a run: whether they can be used, and which bytes they have."""

from __future__ import annotations

from manyo.filters.model_files import files_digest
from manyo.filters.signals.categories import load_category_model
from manyo.filters.signals.perplexity import check_kenlm, load_pieces
from manyo.filters.signals.quality import LEAST_OF_LABEL, load_quality_model
from manyo.filters.signals.signal_settings import Models


def model_paths(models: Models) -> list[str]:
    """The files that the models are in."""
    return [
        path
        for path in (models.quality, models.register, models.subject, models.perplexity, models.pieces)
        if path is not None
    ]


def models_digest(models: Models) -> str:
    """BLAKE2b of the bytes of the models, each of which is checked first; "" where none is named.

    Raises:
        ValueError: a model is missing, damaged, or unproven though it must not be; the message begins with its path.
    """
    if models.quality is not None:
        _check_quality(models.quality, models.quality_unproven)
    for path in filter(None, (models.register, models.subject)):
        load_category_model(path)
    if models.perplexity is not None:
        check_kenlm(models.perplexity)
    if models.pieces is not None:
        load_pieces(models.pieces)
    return files_digest(model_paths(models))


def _check_quality(path: str, may_be_unproven: bool) -> None:
    """Refuse a model of which nothing says that it knows good Japanese: English ones call Japanese bad."""
    if load_quality_model(path).held_out is None and not may_be_unproven:
        raise ValueError(
            f"{path}: states no figure on Japanese documents that it did not see; train it on {LEAST_OF_LABEL} or more "
            "Japanese documents of each label, or set quality_unproven = true"
        )
