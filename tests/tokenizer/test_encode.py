"""Encoding: one call for a batch gives what the library gives document by document, and text comes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.text import Texts
from manyo.tokenizer.encode import Tokenizer, token_dtype
from tests.tokenizer.conftest import SENTENCES

# U+2581 is SentencePiece's own mark for a space; surrogates are no text.
some_text = st.text(st.characters(codec="utf-8", exclude_characters="\u2581"), max_size=40) | st.sampled_from(SENTENCES)
some_texts = st.lists(some_text, max_size=8)

LLM_JP_MODELS = {
    "code10K_en20K_ja30K.ver2.2.model": "uint16",
    "llm-jp-tokenizer-100k.ver3.1.model": "int32",
    "llm-jp-tokenizer_ver4.0_alpha1.0.model": "int32",
}


@settings(max_examples=60, deadline=None)
@given(texts=some_texts)
def test_a_batch_is_encoded_as_the_library_encodes_each_document(tokenizer: Tokenizer, texts: list[str]) -> None:
    ids, lengths = tokenizer.encode_batch(texts)
    one_by_one = [[*tokenizer._library._processor.encode(text), tokenizer.eod_id] for text in texts]
    assert lengths.tolist() == [len(document) for document in one_by_one]
    assert ids.tolist() == [token for document in one_by_one for token in document]
    assert ids.dtype == tokenizer.dtype


@settings(max_examples=40, deadline=None)
@given(texts=some_texts, cut=st.integers(0, 8))
def test_cutting_a_batch_changes_nothing(tokenizer: Tokenizer, texts: list[str], cut: int) -> None:
    column = pa.array(texts, pa.large_string())
    whole = tokenizer.encode_batch(Texts.from_arrow(column))
    parts = [tokenizer.encode_batch(Texts.from_arrow(part)) for part in (column.slice(0, cut), column.slice(cut))]
    for array, pieces in zip(whole, zip(*parts, strict=True), strict=True):
        np.testing.assert_array_equal(array, np.concatenate(pieces))


@settings(max_examples=60, deadline=None)
@given(texts=some_texts)
def test_decoding_returns_any_text_without_the_space_mark(tokenizer: Tokenizer, texts: list[str]) -> None:
    assert tokenizer.decode_batch(*tokenizer.encode_batch(texts)) == texts


@pytest.mark.parametrize(
    "text", ["\n\n今日は\n", "  a  b ", "　　全角", "\t表\t", "が か\u3099", "\x00", "𠮷野家", " "]
)
def test_white_space_and_rare_characters_come_back(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode_batch(*tokenizer.encode_batch([text])) == [text]


def test_the_space_mark_comes_back_as_a_space(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode_batch(*tokenizer.encode_batch(["棒グラフ▁▂▃"])) == ["棒グラフ ▂▃"]


def test_the_end_mark_written_in_a_text_is_text(tokenizer: Tokenizer) -> None:
    ids, _ = tokenizer.encode_batch(["</s>終わり</s>"])
    assert np.flatnonzero(ids == tokenizer.eod_id).tolist() == [len(ids) - 1]


def test_an_empty_document_is_its_end_mark(tokenizer: Tokenizer) -> None:
    ids, lengths = tokenizer.encode_batch(["", ""])
    assert ids.tolist() == [tokenizer.eod_id] * 2
    assert lengths.tolist() == [1, 1]


def test_the_newline_is_not_a_fallback_byte(tokenizer: Tokenizer) -> None:
    ids, _ = tokenizer.encode_batch(["\n鬱"])
    assert tokenizer.byte_ids()[ids].tolist() == [False, True, True, True, False]


def test_ids_take_two_bytes_below_megatrons_limit() -> None:
    assert token_dtype(65_499) == np.uint16
    assert token_dtype(65_500) == np.int32


def test_a_missing_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"gone\.model: no such file"):
        Tokenizer.load(str(tmp_path / "gone.model"))


@pytest.mark.parametrize("keep", [0, 1, 100, -5])
def test_a_file_that_is_not_a_model_is_an_error(tokenizer: Tokenizer, tmp_path: Path, keep: int) -> None:
    path = tmp_path / "cut.model"
    path.write_bytes(Path(tokenizer.uri).read_bytes()[:keep])
    with pytest.raises(ValueError, match=r"cut\.model: is not a SentencePiece model"):
        Tokenizer.load(str(path))


@pytest.fixture(scope="module")
def hugging_face(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new byte-level `tokenizer.json`, with a template and a truncation that must not be applied to documents."""
    model = tokenizers.Tokenizer(tokenizers.models.BPE())
    model.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    model.decoder = tokenizers.decoders.ByteLevel()
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<s>", END], initial_alphabet=sorted(alphabet), show_progress=False
    )
    model.train_from_iterator(SENTENCES * 3, trainer)
    model.post_processor = tokenizers.processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 0)])
    model.enable_truncation(5)
    path = tmp_path_factory.mktemp("hugging_face") / "tokenizer.json"
    model.save(str(path))
    return path


END = "<|endoftext|>"


@settings(max_examples=40, deadline=None)
@given(texts=some_texts)
def test_a_hugging_face_tokenizer_returns_any_text(hugging_face: Path, texts: list[str]) -> None:
    model = Tokenizer.load(str(hugging_face), END)
    ids, lengths = model.encode_batch(texts)
    assert ids.dtype == model.dtype == np.uint16
    assert int(lengths.sum()) == len(ids)
    assert np.flatnonzero(ids == model.eod_id).tolist() == (np.cumsum(lengths) - 1).tolist()
    assert model.decode_batch(ids, lengths) == texts


def test_hugging_face_ids_are_those_of_its_library(hugging_face: Path) -> None:
    model, library = Tokenizer.load(str(hugging_face), END), tokenizers.Tokenizer.from_file(str(hugging_face))
    library.no_truncation()
    ids, lengths = model.encode_batch(SENTENCES)
    wanted = [[*library.encode(text, add_special_tokens=False).ids, model.eod_id] for text in SENTENCES]
    assert lengths.tolist() == [len(document) for document in wanted]
    assert ids.tolist() == [token for document in wanted for token in document]
    assert model.vocabulary_size == library.get_vocab_size()


def test_a_special_token_written_in_a_text_is_text(hugging_face: Path) -> None:
    model = Tokenizer.load(str(hugging_face), END)
    ids, lengths = model.encode_batch([f"終わり{END}<s>"])
    assert ids.tolist().count(model.eod_id) == 1
    assert model.decode_batch(ids, lengths) == [f"終わり{END}<s>"]


def test_parts_of_characters_are_fallback_bytes(hugging_face: Path) -> None:
    model = Tokenizer.load(str(hugging_face), END)
    ids, _ = model.encode_batch(["a\n鬱"])
    assert model.byte_ids()[ids].tolist() == [False, False, True, True, True, False]


def test_a_hugging_face_tokenizer_needs_a_named_end_mark(hugging_face: Path) -> None:
    for eod_token in (None, "</s>"):
        with pytest.raises(ValueError, match=r"tokenizer\.json: eod_token must name .* one of <s>, <\|endoftext\|>"):
            Tokenizer.load(str(hugging_face), eod_token)


@pytest.mark.parametrize("content", ["", "{}", "no json"])
def test_a_file_that_is_not_a_hugging_face_tokenizer_is_an_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "tokenizer.json").write_text(content)
    with pytest.raises(ValueError, match=r"tokenizer\.json: is not a Hugging Face tokenizer"):
        Tokenizer.load(str(tmp_path / "tokenizer.json"), END)


def test_a_sentencepiece_model_has_its_own_end_mark(tokenizer: Tokenizer) -> None:
    assert Tokenizer.load(tokenizer.uri, "</s>").eod_id == tokenizer.eod_id
    with pytest.raises(ValueError, match=r"eod_token is '<\|endoftext\|>', but the model's own is '</s>'"):
        Tokenizer.load(tokenizer.uri, END)


@pytest.mark.parametrize("name", LLM_JP_MODELS)
def test_llm_jp_models_return_real_texts_exactly(real_data: Path, name: str) -> None:
    model = Tokenizer.load(str(real_data / "tokenizer" / name))
    assert model.dtype == LLM_JP_MODELS[name]
    texts = [path.read_text("utf-8") for path in sorted((real_data / "livedoor_news").glob("*.txt"))[:200]]
    texts += [
        path.read_bytes().decode("cp932", "replace") for path in sorted((real_data / "aozora").glob("*.txt"))[:20]
    ]
    decoded = model.decode_batch(*model.encode_batch(texts))
    lost = [text for text, back in zip(texts, decoded, strict=True) if text != back]
    assert [text for text in lost if "\u2581" not in text] == []
