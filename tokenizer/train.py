"""Train a SentencePiece model on a balanced sample, and measure any model.

The recipe is that of LLM-jp's tokenizers: a unigram model with byte fallback, split digits and unnormalised text. For
training only, a morphological analyser (here SudachiPy) marks words, so that no piece crosses a word boundary; the
trained model reads raw text. It loses nothing: newlines, tabs, runs of spaces and ideographic spaces come back from the
ids. The one exception is U+2581, with which SentencePiece marks spaces.

Languages may have separate vocabularies, which `manyo.tokenizer.merge` merges.

Scores are rounded so that every reader of the model finds the same ids, and the characters of written marks have pieces
(`manyo.tokenizer.exact_scores`). The same texts and settings give the same bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
from sentencepiece import SentencePieceTrainer
from sudachipy import Dictionary, SplitMode

from manyo.corpus.text import Texts
from manyo.tokenizer.draws import draws
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.exact_scores import MARK_CHARACTERS, with_exact_scores

#: Characters of the longest training sentence. SentencePiece silently skips longer input, and SudachiPy refuses more
#: than 49,149 bytes, which this many characters never have.
MAX_SENTENCE_CHARACTERS = 1024

#: A whole line if it fits, else up to a sentence end, else as much as fits.
_SENTENCES = re.compile(
    rf".{{1,{MAX_SENTENCE_CHARACTERS}}}$|.{{1,{MAX_SENTENCE_CHARACTERS - 1}}}[。！？]|.{{1,{MAX_SENTENCE_CHARACTERS}}}",
    re.MULTILINE,
)

#: Marks word boundaries in training text: a control character, which `manyo.corpus.text.tidy` removes from documents.
#: SentencePiece removes the marks before it looks for pieces, but counts them as covered characters. So of the others a
#: little less than character_coverage is covered (0.9992 at 0.9995, with 6 boundaries for 10 characters).
_WORD_BOUNDARY = "\x1f"

#: The one user-defined symbol while the model is trained; it is not learnt.
NEWLINE = "\n"

#: A character has at most four bytes, and a boundary of one byte after it.
_MAX_SENTENCE_BYTES = 5 * MAX_SENTENCE_CHARACTERS


#: Smaller vocabularies, which are for tests and samples, have no room for characters that their text may not hold.
_MARKS_FROM = 1_000

#: Values that SentencePiece's trainer takes.
TrainerOption: TypeAlias = str | int | float | list[str]


@dataclass(frozen=True, slots=True)
class TrainLanguage:
    """Sources that get a separate vocabulary, which is merged with those of other languages (`manyo.tokenizer.merge`).

    Attributes:
        name: used in messages.
        sources: names of the sources in this language; code counts as a language.
        vocabulary_size: ids of its model. LLM-jp's ver2.2 has 60,000 for Japanese, 40,000 for English, 20,000 for code.
        max_piece_characters: longest piece; None takes that of `[tokenize.train]`. In ver2 8 for Japanese, else 16.
        word_boundaries: as in `[tokenize.train]`; None takes the value there.
    """

    name: str
    sources: tuple[str, ...]
    vocabulary_size: int
    max_piece_characters: int | None = None
    word_boundaries: Literal["A", "B", "C", "off"] | None = None

    def __post_init__(self) -> None:
        """Raise ValueError for a language without sources."""
        if not self.sources:
            raise ValueError(f"{self.name}: sources is empty")


@dataclass(frozen=True, slots=True)
class TrainTokenizer:
    """Settings of training and of the sample that is trained on.

    Attributes:
        vocabulary_size: ids, control symbols and the 256 bytes included; below 65,500 an id takes two bytes on disk.
            With languages, their merged vocabulary may be smaller; if it is larger, it is pruned to this size.
        max_sample_bytes: UTF-8 bytes of text to train on, shared evenly among the sources. LLM-jp took 1 GB a language.
        seed: each seed draws a different sample.
        character_coverage: share of the sample's characters that get an id; the rest become bytes. SentencePiece
            recommends 0.9995 for Japanese.
        max_piece_characters: length of the longest piece; 16 as in LLM-jp's ver3.
        word_boundaries: SudachiPy mode whose boundaries no piece may cross: A (shortest words, as in ver3), B, C (whole
            named entities), or off.
        threads: threads of the trainer. Each adds up its own part of the scores, so a different number changes their
            last digits.
        language: if given, each gets a separate vocabulary, and these are merged; every source must be in one.
    """

    vocabulary_size: int = 64_000
    max_sample_bytes: int = 1_000_000_000
    seed: int = 0
    character_coverage: float = 0.9995
    max_piece_characters: int = 16
    word_boundaries: Literal["A", "B", "C", "off"] = "A"
    threads: int = 8
    language: tuple[TrainLanguage, ...] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a setting out of range."""
        for name in ("vocabulary_size", "max_sample_bytes", "max_piece_characters", "threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at least 1")
        if not 0 <= self.seed < 2**63:
            raise ValueError(f"seed is {self.seed}, must be 0 to 2^63 - 1")
        if not 0.98 <= self.character_coverage <= 1:
            raise ValueError(f"character_coverage is {self.character_coverage}, must be 0.98 to 1")
        if self.word_boundaries not in ("A", "B", "C", "off"):
            raise ValueError(f"word_boundaries is {self.word_boundaries!r}, must be A, B, C or off")
        for field, values in (
            ("name", [language.name for language in self.language]),
            ("source", [source for language in self.language for source in language.sources]),
        ):
            for value in values:
                if values.count(value) > 1:
                    raise ValueError(f"two languages have the {field} {value!r}")
        # Check the settings of each language; a message names the language.
        for language in self.language:
            try:
                self.of_language(language)
            except ValueError as error:
                raise ValueError(f"language {language.name!r}: {error}") from error

    def of_language(self, language: TrainLanguage) -> TrainTokenizer:
        """The settings with which the model of one language is trained."""
        return replace(
            self,
            language=(),
            vocabulary_size=language.vocabulary_size,
            max_piece_characters=language.max_piece_characters or self.max_piece_characters,
            word_boundaries=language.word_boundaries or self.word_boundaries,
        )


def sample_limits(batches: Iterable[pa.RecordBatch], settings: TrainTokenizer) -> dict[str, int]:
    """Decide which documents to train on: for each source, the highest draw that is in the sample.

    Every document draws a number from its id and the seed. A source contributes the documents with its lowest draws, up
    to the one that fills an even share of `max_sample_bytes`. What a small source leaves of its share goes to the
    others. So the sample may exceed `max_sample_bytes` by one document of each source. The result does not depend on
    the order of documents and batches.

    Memory: 16 bytes for each document that could still be in the sample.

    Args:
        batches: with `doc_id`, `source`, `text`; all documents, in any order.
        settings: `max_sample_bytes` and `seed`.

    Returns:
        The highest draw in the sample, by source, for `in_sample`.
    """
    candidates: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for batch in batches:
        drawn = draws(batch.column("doc_id"), settings.seed)
        sizes = Texts.from_arrow(batch.column("text")).sizes_bytes
        sources = np.asarray(batch.column("source").to_pylist(), dtype=object)
        for source in dict.fromkeys(sources):
            rows = sources == source
            old_draws, old_sizes = candidates.get(source, (np.zeros(0, np.uint64), np.zeros(0, np.int64)))
            candidates[source] = _lowest(
                np.concatenate([old_draws, drawn[rows]]),
                np.concatenate([old_sizes, sizes[rows]]),
                settings.max_sample_bytes,
            )
    limits = {}
    bytes_left = settings.max_sample_bytes
    # Smallest source first: what it leaves of its share is known when the next share is computed.
    by_size = sorted(candidates, key=lambda source: (int(candidates[source][1].sum()), source))
    for n_done, source in enumerate(by_size):
        share_bytes = bytes_left // (len(by_size) - n_done)
        drawn, sizes = _lowest(*candidates[source], share_bytes)
        limits[source] = int(drawn[-1])
        # The last document may exceed the share. If the others' shares paid for that, the last source would lose most.
        bytes_left -= min(int(sizes.sum()), share_bytes)
    return limits


def in_sample(batch: pa.RecordBatch, limits: Mapping[str, int], settings: TrainTokenizer) -> np.ndarray:
    """Choose the documents of a batch to train on.

    Args:
        batch: with `doc_id` and `source`.
        limits: as `sample_limits` returns them; a source without a limit has no document in the sample.
        settings: with the `seed` of the limits.

    Returns:
        bool (n_docs,), which are in the sample.
    """
    sources = batch.column("source").to_pylist()
    known = np.array([source in limits for source in sources], np.bool_)
    highest = np.array([limits.get(source, 0) for source in sources], np.uint64)
    return known & (draws(batch.column("doc_id"), settings.seed) <= highest)


def train(texts: Iterable[str], settings: TrainTokenizer, model_path: Path) -> None:
    """Train a unigram model on sampled texts and write it to a local path.

    Memory: SentencePiece holds the sample and, while it looks for pieces, about 20 bytes for each of its characters.

    Raises:
        ValueError: the texts are too few for the vocabulary, or the vocabulary is too small for their characters; the
            message says which sizes are possible.
    """
    model = train_model(training_sentences(texts, settings.word_boundaries), settings)
    model_path.write_bytes(with_exact_scores(model))


def train_model(sentences: Iterable[str], settings: TrainTokenizer, **options: TrainerOption) -> bytes:
    """Train a unigram model on sentences with marked word boundaries; raises as `train` does.

    Args:
        sentences: as `training_sentences` makes them.
        settings: of training.
        options: of SentencePiece's trainer; they replace those of the settings and the recipe.
    """
    model = io.BytesIO()
    recipe: dict[str, Any] = {
        "model_type": "unigram",
        "vocab_size": settings.vocabulary_size,
        "character_coverage": settings.character_coverage,
        "max_sentencepiece_length": settings.max_piece_characters,
        "max_sentence_length": _MAX_SENTENCE_BYTES,
        "num_threads": settings.threads,
        "byte_fallback": True,
        "split_digits": True,
        # Training sentences have no newlines; as in LLM-jp's ver2, the newline has an id of its own.
        "user_defined_symbols": [NEWLINE],
        "required_chars": MARK_CHARACTERS if settings.vocabulary_size >= _MARKS_FROM else "",
        "pretokenization_delimiter": _WORD_BOUNDARY,
        # Lossless: no normalisation, all spaces kept, runs of spaces learnt, no space put before the text.
        "normalization_rule_name": "identity",
        "remove_extra_whitespaces": False,
        "allow_whitespace_only_pieces": True,
        "add_dummy_prefix": False,
        "minloglevel": 2,
    }
    try:
        SentencePieceTrainer.train(sentence_iterator=iter(sentences), model_writer=model, **(recipe | options))
    except RuntimeError as error:
        raise ValueError(_training_problem(str(error), settings)) from error
    return model.getvalue()


def training_sentences(texts: Iterable[str], word_boundaries: Literal["A", "B", "C", "off"]) -> Iterator[str]:
    """The lines of texts, long ones cut at sentence ends, with word boundaries marked.

    Args:
        texts: the documents.
        word_boundaries: SudachiPy mode, or off for sentences without marks.
    """
    split = None
    if word_boundaries != "off":
        modes = {"A": SplitMode.A, "B": SplitMode.B, "C": SplitMode.C}
        split = Dictionary().tokenizer(mode=modes[word_boundaries], fields=set())
    for text in texts:
        for sentence in _SENTENCES.findall(text.replace(_WORD_BOUNDARY, "")):
            if split is None:
                yield sentence
            else:
                yield _WORD_BOUNDARY.join(word.surface() for word in split.tokenize(sentence))


def _training_problem(error: str, settings: TrainTokenizer) -> str:
    """A message for a person, from the trainer's own."""
    if "sentences_.empty()" in error:
        return "there is no text to train on: the release is empty; run with --until scrub to see why"
    if largest := re.search(r"size too high .*<= (\d+)", error):
        return (
            f"vocabulary_size = {settings.vocabulary_size} is too large for this text; "
            f"the largest possible is {largest[1]}"
        )
    if required := re.search(r"smaller than required_chars\. (\d+) vs (\d+)", error):
        return (
            f"vocabulary_size = {settings.vocabulary_size} is too small; "
            f"the characters of this text alone need {required[2]}, or lower character_coverage"
        )
    return f"SentencePiece failed ({error})"


def _lowest(drawn: np.ndarray, sizes: np.ndarray, max_bytes: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws and sizes of the documents with the lowest draws, up to the one that fills `max_bytes`, in order of draws.

    That one is included: a source must not lose all documents because its first is larger than its share.
    """
    order = np.argsort(drawn, kind="stable")
    drawn, sizes = drawn[order], sizes[order]
    end = int(np.searchsorted(np.cumsum(sizes), max_bytes)) + 1
    return drawn[:end], sizes[:end]


@dataclass(slots=True)
class SourceMeasure:
    """How well a tokenizer encodes the documents of one source.

    Attributes:
        source: its name.
        documents: documents measured.
        characters: of their texts.
        tokens: ids, end-of-document marks not included.
        byte_tokens: ids that are bytes of characters without an id of their own, newlines not counted.
        round_trips: documents whose text came back exactly from its ids.
    """

    source: str
    documents: int = 0
    characters: int = 0
    tokens: int = 0
    byte_tokens: int = 0
    round_trips: int = 0

    @property
    def characters_per_token(self) -> float:
        """Characters per token: the higher, the fewer tokens to train on; 0 without tokens."""
        return self.characters / self.tokens if self.tokens else 0.0

    @property
    def byte_fraction(self) -> float:
        """Byte tokens per token; 0 without tokens."""
        return self.byte_tokens / self.tokens if self.tokens else 0.0

    @property
    def round_trip_fraction(self) -> float:
        """Documents that came back exactly, per document; 0 without documents."""
        return self.round_trips / self.documents if self.documents else 0.0


def measure(tokenizer: Tokenizer, batches: Iterable[pa.RecordBatch]) -> list[SourceMeasure]:
    """Encode and decode documents, and count the results by source.

    Args:
        tokenizer: any model.
        batches: with `source` and `text`.

    Returns:
        The counts of each source, in the order of their names.
    """
    is_byte = tokenizer.byte_ids()
    measures: dict[str, SourceMeasure] = {}
    for batch in batches:
        texts = batch.column("text")
        ids, lengths = tokenizer.encode_batch(Texts.from_arrow(texts))
        ends = np.cumsum(lengths)
        bytes_before = np.concatenate([[0], np.cumsum(is_byte[ids])])
        byte_tokens = bytes_before[ends] - bytes_before[ends - lengths]
        for row, decoded in enumerate(tokenizer.decode_batch(ids, lengths)):
            source = batch.column("source")[row].as_py()
            measured = measures.setdefault(source, SourceMeasure(source))
            text = texts[row].as_py()
            measured.documents += 1
            measured.characters += len(text)
            measured.tokens += int(lengths[row]) - 1
            measured.byte_tokens += int(byte_tokens[row])
            measured.round_trips += decoded == text
    return [measures[source] for source in sorted(measures)]
