"""What is measured of one corpus, before it is compared with another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from manyo.pipelines.ablation.character_model import CharacterModel, find, runs_of
from manyo.pipelines.ablation.cohesion import cohesion
from manyo.pipelines.ablation.drawing import Drawn, Text

#: A held-out text that has a run of so many characters in common with a corpus may be a copy, and is left out.
COPIED_CHARS = 50

#: Runs of characters that are looked for in other documents.
_RUN_CHARS = 13


@dataclass(frozen=True, slots=True)
class MeasuredCorpus:
    """Figures of a corpus.

    Attributes:
        drawn: what they were measured on.
        model: of the first draw.
        bits: of each held-out set and text, bits per character under a model of the corpus, mean over draws.
        is_copied: of each held-out set and text, whether a draw has a long run of characters of it.
        cohesion: of each drawn document that has enough sentences, by its name.
        shared: of each document of the first draw, the share of its runs of characters that another one has too.
        compressed: of each draw, bytes of zstd per byte.
    """

    drawn: Drawn
    model: CharacterModel
    bits: Mapping[str, NDArray[np.float64]]
    is_copied: Mapping[str, NDArray[np.bool_]]
    cohesion: Mapping[str, float]
    shared: Mapping[str, float]
    compressed: list[float]


def measure_corpus(drawn: Drawn, held_out: Mapping[str, Sequence[str]]) -> MeasuredCorpus:
    """Measure a corpus.

    Args:
        drawn: what was drawn of it.
        held_out: texts of each genre that are wanted, each once.
    """
    draws = [[text.text for text in draw] for draw in drawn.draws]
    models = [CharacterModel(texts) for texts in draws]
    runs = np.unique(np.concatenate([np.zeros(1, np.uint64), *(runs_of(texts, COPIED_CHARS)[0] for texts in draws)]))
    return MeasuredCorpus(
        drawn,
        models[0],
        {name: np.mean([model.bits(texts) for model in models], axis=0) for name, texts in held_out.items()},
        {
            name: np.array([(find(runs, runs_of([text], COPIED_CHARS)[0]) >= 0).any() for text in texts], np.bool_)
            for name, texts in held_out.items()
        },
        {text.name: value for draw in drawn.draws for text in draw if (value := cohesion(text.text)) is not None},
        _shared(drawn.draws[0]),
        [_compressed(texts) for texts in draws],
    )


def _shared(draw: Sequence[Text]) -> dict[str, float]:
    """Of each document with a run of 13 characters, the share of its runs that stand in another one too."""
    runs, numbers = runs_of([text.text for text in draw], _RUN_CHARS)
    order = np.lexsort((numbers, runs))
    runs, numbers = runs[order], numbers[order]
    begins = np.flatnonzero(np.diff(runs, prepend=runs[:1] ^ np.uint64(1)))
    lasts = np.append(begins[1:], len(runs)) - 1
    is_shared = np.repeat(numbers[begins] != numbers[lasts], lasts - begins + 1)
    totals = np.bincount(numbers, minlength=len(draw))
    shared = np.bincount(numbers, is_shared, minlength=len(draw))
    return {text.name: shared[i] / totals[i] for i, text in enumerate(draw) if totals[i]}


def _compressed(texts: list[str]) -> float:
    raw = "\n".join(texts).encode("utf-8", "surrogatepass")
    return len(pa.compress(raw, codec="zstd", asbytes=True)) / max(1, len(raw))
