"""A signal: how many of a text's sentences are questions."""

from __future__ import annotations

import re

import numpy as np

from manyo.filters.signals.signal import Passes, Signal, fraction, share

_SENTENCE_END = re.compile(r"[。！？!?]")
_QUESTION_END = re.compile(r"[？?]|か[。！]")


def _measure(passes: Passes) -> np.ndarray:
    """float32 (n_docs,)."""
    texts = passes.column.to_pylist()
    n_questions = np.array([len(_QUESTION_END.findall(text)) for text in texts], np.int64)
    n_sentences = np.array([len(_SENTENCE_END.findall(text)) for text in texts], np.int64)
    return share(n_questions, n_sentences)


QUESTION_FRACTION = Signal(
    fraction("question_fraction", "sentences that end in か。, ？ or ?, per sentence"), "this example", _measure
)
