"""Training: the same texts give the same model, the model loses nothing, and the sample is fair."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.train import (
    MAX_SENTENCE_CHARACTERS,
    TrainTokenizer,
    in_sample,
    measure,
    sample_limits,
    train,
    training_sentences,
)
from tests.tokenizer.conftest import SENTENCES, release_batch, sentences_to_train_on


def pieces_of(model_path: Path) -> list[str]:
    processor = Tokenizer.load(str(model_path))._library._processor
    return [processor.IdToPiece(token) for token in range(processor.GetPieceSize())]


@pytest.mark.parametrize("word_boundaries", ["off", "A", "C"])
def test_the_same_texts_give_the_same_bytes(tmp_path: Path, word_boundaries: str) -> None:
    options = TrainTokenizer(vocabulary_size=444, word_boundaries=word_boundaries, threads=4)
    train(sentences_to_train_on(), options, tmp_path / "1.model")
    train(sentences_to_train_on(), options, tmp_path / "2.model")
    assert (tmp_path / "1.model").read_bytes() == (tmp_path / "2.model").read_bytes()


def test_no_piece_crosses_a_word_boundary_unless_boundaries_are_off(tmp_path: Path) -> None:
    texts = sentences_to_train_on()
    words = {word for sentence in training_sentences(texts, "A") for word in sentence.split("\x1f")}
    crossing = {}
    for boundaries in ("A", "off"):
        train(texts, TrainTokenizer(vocabulary_size=444, word_boundaries=boundaries), tmp_path / "a.model")
        learnt = [piece.replace("\u2581", " ") for piece in pieces_of(tmp_path / "a.model")[260:]]
        crossing[boundaries] = [piece for piece in learnt if not any(piece in word for word in words)]
    assert crossing["A"] == []
    assert "友人は夜の港で" in crossing["off"]


def test_word_boundaries_leave_no_trace_in_the_vocabulary(tmp_path: Path) -> None:
    train(sentences_to_train_on(), TrainTokenizer(vocabulary_size=444, word_boundaries="A"), tmp_path / "a.model")
    assert not any("\x1f" in piece for piece in pieces_of(tmp_path / "a.model"))


def test_digits_stand_alone(tokenizer: Tokenizer) -> None:
    pieces = tokenizer._library._processor.encode("約78,000語、2011年", out_type=str)
    assert all(len(piece) == 1 for piece in pieces if re.search(r"\d", piece))


@settings(max_examples=40, deadline=None)
@given(text=st.text(max_size=30) | st.text("あ。！\n ", max_size=2500))
def test_training_sentences_are_the_text_without_its_newlines(text: str) -> None:
    sentences = list(training_sentences([text], "off"))
    assert "".join(sentences) == text.replace("\n", "").replace("\x1f", "")
    assert all(1 <= len(sentence) <= MAX_SENTENCE_CHARACTERS for sentence in sentences)


def test_a_line_too_long_for_sudachi_is_cut_at_sentence_ends() -> None:
    line = SENTENCES[0] * 1000
    sentences = list(training_sentences([line], "A"))
    assert "".join(sentences).replace("\x1f", "") == line
    assert all(sentence.endswith("。") for sentence in sentences)


def test_an_error_says_the_largest_possible_vocabulary(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"vocabulary_size = 900 is too large .* largest possible is (\d+)") as problem:
        train(SENTENCES, TrainTokenizer(vocabulary_size=900, word_boundaries="off"), tmp_path / "a.model")
    largest = int(str(problem.value).rsplit(" ", 1)[1])
    train(SENTENCES, TrainTokenizer(vocabulary_size=largest, word_boundaries="off"), tmp_path / "a.model")
    assert len(pieces_of(tmp_path / "a.model")) == largest


def test_an_error_says_how_many_ids_the_characters_need(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"vocabulary_size = 270 is too small; .* need \d+"):
        train(SENTENCES, TrainTokenizer(vocabulary_size=270), tmp_path / "a.model")


def test_no_text_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no text to train on"):
        train(["", "\n"], TrainTokenizer(), tmp_path / "a.model")
    assert not (tmp_path / "a.model").exists()


@pytest.mark.parametrize(
    "bad",
    [
        {"vocabulary_size": 0},
        {"max_sample_bytes": 0},
        {"seed": -1},
        {"character_coverage": 0.5},
        {"word_boundaries": "D"},
        {"threads": 0},
    ],
)
def test_settings_out_of_range_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(bad))):
        TrainTokenizer(**bad)


def corpus_of(sizes: dict[str, list[int]]) -> list[pa.RecordBatch]:
    return [release_batch(["x" * size for size in source_sizes], source) for source, source_sizes in sizes.items()]


def sampled(batches: list[pa.RecordBatch], options: TrainTokenizer) -> dict[bytes, tuple[str, int]]:
    limits = sample_limits(batches, options)
    return {
        batch["doc_id"][row].as_py(): (batch["source"][row].as_py(), len(batch["text"][row].as_py()))
        for batch in batches
        for row in np.flatnonzero(in_sample(batch, limits, options)).tolist()
    }


some_corpus = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(0, 50), min_size=1, max_size=12), min_size=1
)


@settings(max_examples=60, deadline=None)
@given(sizes=some_corpus, max_bytes=st.integers(1, 400), seed=st.integers(0, 3), cut=st.integers(0, 12))
def test_the_sample_depends_only_on_the_documents(
    sizes: dict[str, list[int]], max_bytes: int, seed: int, cut: int
) -> None:
    options = TrainTokenizer(max_sample_bytes=max_bytes, seed=seed)
    batches = corpus_of(sizes)
    in_pieces = [part for batch in reversed(batches) for part in (batch.slice(cut), batch.slice(0, cut))]
    assert sampled(in_pieces, options) == sampled(batches, options)


@settings(max_examples=60, deadline=None)
@given(sizes=some_corpus, max_bytes=st.integers(1, 400))
def test_a_source_fills_its_even_share_or_is_taken_whole(sizes: dict[str, list[int]], max_bytes: int) -> None:
    options = TrainTokenizer(max_sample_bytes=max_bytes)
    chosen = list(sampled(corpus_of(sizes), options).values())
    largest = max(max(source_sizes) for source_sizes in sizes.values())
    assert sum(size for _, size in chosen) <= max_bytes + largest * len(sizes)
    for source, source_sizes in sizes.items():
        taken = [size for name, size in chosen if name == source]
        assert len(taken) == len(source_sizes) or sum(taken) >= max_bytes // len(sizes)


def test_sources_that_exceed_their_share_do_not_reduce_the_last_one() -> None:
    options = TrainTokenizer(max_sample_bytes=293)
    sizes = {"a": [34, 50], "b": [37, 8, 50], "c": [18, 38, 39], "d": [28, 19, 48]}
    taken = [size for source, size in sampled(corpus_of(sizes), options).values() if source == "d"]
    assert sum(taken) >= 293 // 4


def test_each_seed_draws_a_different_sample() -> None:
    batches = corpus_of({"a": [10] * 40})
    samples = [set(sampled(batches, TrainTokenizer(max_sample_bytes=100, seed=seed))) for seed in range(3)]
    assert all(len(sample) == 10 for sample in samples)
    assert samples[0] != samples[1] != samples[2] != samples[0]


def test_a_source_that_was_not_sampled_has_no_document_in_the_sample() -> None:
    batch = release_batch(SENTENCES)
    assert not in_sample(batch, {"other": 2**64 - 1}, TrainTokenizer()).any()
    assert in_sample(batch, {"test": 2**64 - 1}, TrainTokenizer()).all()


def test_measure_counts_by_source(tokenizer: Tokenizer) -> None:
    batches = [release_batch(SENTENCES[:3], "b"), release_batch(["鬱\n", "▁"], "a")]
    rare, common = measure(tokenizer, batches)
    assert (rare.source, common.source) == ("a", "b")
    assert (rare.documents, rare.characters, rare.byte_tokens, rare.round_trips) == (2, 3, 3, 1)
    assert common.characters == sum(map(len, SENTENCES[:3]))
    assert common.tokens == len(tokenizer.encode_batch(SENTENCES[:3])[0]) - 3
    assert common.characters_per_token == common.characters / common.tokens > 1
    assert common.byte_fraction == 0.0
    assert (common.round_trip_fraction, rare.round_trip_fraction) == (1.0, 0.5)


def test_measures_do_not_depend_on_batches(tokenizer: Tokenizer) -> None:
    batch = release_batch(SENTENCES)
    assert measure(tokenizer, [batch]) == measure(tokenizer, [batch.slice(0, 5), batch.slice(5)])


def test_batches_without_rows_change_no_sample() -> None:
    options = TrainTokenizer(max_sample_bytes=100)
    limits = sample_limits([release_batch([]), release_batch(SENTENCES), release_batch([])], options)
    assert limits == sample_limits([release_batch(SENTENCES)], options)
    assert in_sample(release_batch([]), limits, options).tolist() == []
    assert sample_limits([], options) == {}
