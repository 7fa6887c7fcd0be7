"""One vocabulary for several languages: train a model for each, merge their pieces, and estimate the scores again.

The recipe is that of LLM-jp's ver2. The configuration, not the amount of text, decides how many pieces each language
gets. A piece of two vocabularies is taken once. Then rounds of EM on the text of all languages give every piece the
score that it has among the others. LLM-jp wrote the EM in Python (2.5 hours for 2 GB); here SentencePiece does it: it
starts from given pieces and runs two rounds before it would prune.

The counts that it starts from are those expected by the languages' own models. Two rounds from equal counts were not
enough (4,999 pieces of two models, news: 1.614 characters per token instead of 1.650, and 59 pieces lost instead of 2).
"""

from __future__ import annotations

import math
import re
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sentencepiece import SentencePieceProcessor
from sentencepiece.sentencepiece_model_pb2 import ModelProto  # type: ignore[attr-defined]

from manyo.tokenizer.exact_scores import with_exact_scores
from manyo.tokenizer.train import NEWLINE, TrainTokenizer, train_model, training_sentences

#: SentencePiece writes spaces in pieces as this.
_SPACE_MARK = "\u2581"

#: Ids of every model that are not learnt pieces: unknown, begin, end, newline and the bytes.
_SYMBOLS = 4 + 256


def train_languages(
    texts: Callable[[Sequence[str]], Iterable[str]], settings: TrainTokenizer, model_path: Path
) -> None:
    """Train a model for each language of the settings, merge them, and write the result to a local path.

    Memory: that of `train` for the largest language, and the sample again while scores are estimated.

    Args:
        texts: returns the sampled texts of the named sources, the same each time.
        settings: with `language`.
        model_path: where the model is written.

    Raises:
        ValueError: as `train`; the message begins with the language.
    """
    expected: defaultdict[str, float] = defaultdict(float)
    for language in settings.language:
        own = settings.of_language(language)
        characters = _Characters(texts(language.sources))
        try:
            model = train_model(training_sentences(characters, own.word_boundaries), own)
        except ValueError as error:
            raise ValueError(f"language {language.name!r}: {error}") from error
        # Characters stand for tokens: EM needs only rough counts to start from.
        for piece, score in _pieces(model).items():
            expected[piece] += math.exp(score) * characters.count
    every_source = [source for language in settings.language for source in language.sources]
    model_path.write_bytes(estimate_scores(texts(every_source), expected, settings))


def estimate_scores(texts: Iterable[str], expected: Mapping[str, float], settings: TrainTokenizer) -> bytes:
    """Estimate the scores of given pieces by EM on texts.

    A piece that the texts hardly use is left out, and so are the least useful ones beyond `vocabulary_size`.

    Args:
        texts: of all languages.
        expected: about how often each piece occurs as a token of the texts.
        settings: `vocabulary_size` and `threads`.

    Returns:
        The model, as SentencePiece stores it.

    Raises:
        ValueError: as `train`.
    """
    known = {character for piece in expected for character in piece}
    if _SPACE_MARK in known:
        known.add(" ")
    largest = max(map(len, expected))
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".tsv") as seeds:
        for piece, count in sorted(expected.items()):
            # The trainer adds single characters itself. Longer pieces never contain a tab, which would break this file.
            if len(piece) > 1:
                seeds.write(f"{piece}\t{max(1, round(count))}\n")
        seeds.flush()
        model = train_model(
            _known_parts(training_sentences(texts, "off"), known),
            replace(settings, vocabulary_size=min(settings.vocabulary_size, len(expected) + _SYMBOLS)),
            seed_sentencepieces_file=seeds.name,
            # `_known_parts` removes the characters that no language has a piece for.
            character_coverage=1.0,
            max_sentencepiece_length=largest,
            hard_vocab_limit=False,
        )
    # A model records its settings; the path of this temporary file would make its bytes differ from run to run.
    stored = ModelProto.FromString(model)
    stored.trainer_spec.ClearField("seed_sentencepieces_file")
    return with_exact_scores(stored.SerializeToString(deterministic=True))


class _Characters:
    """Texts that count their characters as they are read."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            self.count += len(text)
            yield text


def _pieces(model: bytes) -> dict[str, float]:
    """The learnt pieces of a model and the logarithms of their probabilities."""
    processor = SentencePieceProcessor(model_proto=model)
    symbols = (processor.IsControl, processor.IsUnknown, processor.IsByte)
    learnt = [number for number in range(len(processor)) if not any(is_symbol(number) for is_symbol in symbols)]
    pieces = {processor.IdToPiece(number): processor.GetScore(number) for number in learnt}
    del pieces[NEWLINE]
    return pieces


def _known_parts(sentences: Iterable[str], known: set[str]) -> Iterator[str]:
    """Sentences without the characters that have no piece and will be bytes: the parts between them."""
    parts = re.compile(f"[{''.join(map(re.escape, sorted(known)))}]+")
    for sentence in sentences:
        yield from parts.findall(sentence)
