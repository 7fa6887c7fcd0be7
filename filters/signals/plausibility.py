"""Whether characters follow each other as they do in Japanese, as signals (`manyo.corpus.lifts`)."""

from __future__ import annotations

from manyo.corpus.lifts import PRIOR_KANJI, Plausibility, read_plausibility
from manyo.filters.signals.signal import Passes, Signal, fraction, mean


def _plausibility(passes: Passes) -> Plausibility:
    return read_plausibility(passes.texts)


SIGNALS: tuple[Signal, ...] = (
    Signal(
        mean(
            "bigram_lift",
            "geometric mean, over all pairs of neighbouring characters, of how many times as often as by chance "
            "Japanese has the pair; a sentence of ordinary text is added, so that few pairs decide nothing",
            "times",
        ),
        "pointwise mutual information (Church and Hanks 1990), by a table of our own (`corpus/lifts.py`)",
        lambda passes: passes.of(_plausibility).bigram_lift,
    ),
    Signal(
        fraction(
            "rare_kanji_fraction",
            "kanji that are not among the 1,500 most frequent, old forms counted as new ones, per kanji; "
            f"{PRIOR_KANJI} common ones are added, so that few kanji decide nothing",
        ),
        "ours, counted in public-domain works (`corpus/lifts.py`)",
        lambda passes: passes.of(_plausibility).rare_kanji_fraction,
    ),
)
