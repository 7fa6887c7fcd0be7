"""What a run measures beyond the signals that are always measured."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from manyo.corpus.settings.meant_texts import FilePath


@dataclass(frozen=True, slots=True)
class WordLists:
    """Words to count; a list that is empty is not counted.

    Attributes:
        advertising: words of shops and advertisements.
        adult: words of sexual content.
        discrimination: words that demean people.
        violence: words of violence and cruelty.
    """

    advertising: tuple[str, ...] = ()
    adult: tuple[str, ...] = ()
    discrimination: tuple[str, ...] = ()
    violence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Models:
    """Paths of models whose scores are signals, on every machine that measures; perplexity is not measured without one.

    Attributes:
        quality: a model that `manyo train-quality` wrote; None for the one that ships.
        quality_unproven: use `quality` although it states no figure on Japanese documents of sources that it had not
            seen: it was trained on other languages, or on too few documents to say.
        register: a model of registers that `manyo train-categories` wrote; None for the one that ships.
        subject: one of subjects; None for the one that ships.
        perplexity: a KenLM model, ARPA or binary.
        pieces: the SentencePiece model whose pieces are the words of `perplexity`; None where they are characters.
        perplexity_text: how a text is written for `perplexity`: `plain` as it is, each line a sentence; `ccnet` as the
            models of CC-Net expect it (`manyo.filters.signals.perplexity.as_ccnet_writes`), the document one sentence.
    """

    quality: FilePath | None = None
    quality_unproven: bool = False
    register: FilePath | None = None
    subject: FilePath | None = None
    perplexity: FilePath | None = None
    pieces: FilePath | None = None
    perplexity_text: Literal["plain", "ccnet"] = "plain"

    def __post_init__(self) -> None:
        if self.pieces is not None and self.perplexity is None:
            raise ValueError("pieces is the vocabulary of a perplexity model, but perplexity names no model")


@dataclass(frozen=True, slots=True)
class SignalSettings:
    """What is measured beyond the signals that are always measured.

    Attributes:
        also_measure: names of signals that cost too much to be measured in every run.
        words: lists of words to count.
        models: models whose scores are signals.
        models_digest: digest of their bytes, so that another model at the same path is another setting.
        packages: other packages whose signals are measured, with their versions.
    """

    also_measure: tuple[str, ...] = ()
    words: WordLists = field(default_factory=WordLists)
    models: Models = field(default_factory=Models)
    models_digest: str = ""
    packages: tuple[str, ...] = field(default=(), metadata={"decides": "if given"})


#: A run that asks for nothing.
DEFAULTS = SignalSettings()
