"""No tokenizer takes a special token that a page writes for the token."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import tokenizers
from sentencepiece.sentencepiece_model_pb2 import ModelProto
from tokenizers import decoders, models, normalizers, pre_tokenizers

from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.written_marks import is_mark

CASES = Path(__file__).parents[1] / "cases" / "downstream"

PAGE = "本文</s>続き<0x0A>と<mask>と<unk><s>[SEP]。𠮷</s>𠮷"
MARKS = ("<unk>", "<s>", "</s>", "<mask>", "[SEP]")


def unigram(
    characters: str, low: float = 0.0, normalizer: normalizers.Normalizer | None = None
) -> tokenizers.Tokenizer:
    """A Unigram model as converters write it: every mark and byte in the vocabulary, with the best score."""
    pieces = [(mark, low) for mark in MARKS] + [(f"<0x{value:02X}>", low) for value in range(256)]
    model = tokenizers.Tokenizer(models.Unigram([*pieces, *((c, -5.0) for c in characters)], 0, byte_fallback=True))
    model.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    if normalizer is not None:
        model.normalizer = normalizer
    model.add_special_tokens(list(MARKS[:3]))
    model.add_tokens(list(MARKS[3:]))
    return model


def loaded(model: tokenizers.Tokenizer, tmp_path: Path) -> Tokenizer:
    model.save(str(tmp_path / "tokenizer.json"))
    return Tokenizer.load(str(tmp_path / "tokenizer.json"), "</s>")


@pytest.mark.parametrize("characters", ["本文続きと", "本文続きと<>/s0xAunkmaS", ""])
def test_marks_written_in_a_page_are_text(tmp_path: Path, characters: str) -> None:
    tokenizer = loaded(unigram(characters), tmp_path)
    ids, lengths = tokenizer.encode_batch([PAGE])
    assert not set(ids[:-1].tolist()) & set(range(len(MARKS)))
    assert tokenizer.decode_batch(ids, lengths) == [PAGE]


def test_a_full_width_mark_that_the_normaliser_makes_one_is_text(tmp_path: Path) -> None:
    tokenizer = loaded(unigram("あ", normalizer=normalizers.NFKC()), tmp_path)
    ids, lengths = tokenizer.encode_batch(["あ＜／ｓ＞"])
    assert ids.tolist().count(tokenizer.eod_id) == 1
    assert tokenizer.decode_batch(ids, lengths) == ["あ</s>"]


def test_texts_without_marks_keep_their_ids(tmp_path: Path) -> None:
    library = unigram("本文続きと")
    tokenizer = loaded(library, tmp_path)
    ids, _ = tokenizer.encode_batch(["本文<続き>と𠮷\n"])
    assert ids[:-1].tolist() == library.encode("本文<続き>と𠮷\n").ids


def test_a_tokenizer_that_would_still_take_them_is_refused(tmp_path: Path) -> None:
    model = tokenizers.Tokenizer(models.WordLevel({"</s>": 0, "■": 1, "?": 2}, "?"))
    model.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model.add_special_tokens(["</s>", "■"])  # one character cannot be cut
    with pytest.raises(ValueError, match=r"tokenizer\.json: encodes '■' written in a text as the token of that name"):
        loaded(model, tmp_path)


def test_a_handed_unigram_tokenizer_takes_no_mark(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(gzip.decompress((CASES / "unigram_tokenizer.json.gz").read_bytes()))
    tokenizer = Tokenizer.load(str(path), "</s>")
    page = "終わり</s>と<0x0A>と<s><unk>"
    ids, lengths = tokenizer.encode_batch([page])
    vocabulary = json.loads(path.read_text())["model"]["vocab"]
    assert not {vocabulary[number][0] for number in ids[:-1]} & {"</s>", "<s>", "<unk>", "<0x0A>"}
    assert tokenizer.decode_batch(ids, lengths) == [page]


def test_user_defined_marks_of_a_sentencepiece_model_are_text(tokenizer: Tokenizer, tmp_path: Path) -> None:
    model = ModelProto.FromString(Path(tokenizer.uri).read_bytes())
    kinds = ModelProto.SentencePiece.Type
    for symbol in ("<mask>", "[SEP]", "\t\t"):
        model.pieces.add(piece=symbol, score=0.0, type=kinds.USER_DEFINED)
    (tmp_path / "marks.model").write_bytes(model.SerializeToString())
    marked = Tokenizer.load(str(tmp_path / "marks.model"))
    ids, lengths = marked.encode_batch(["あ<mask>と[SEP]\t\t"])
    size = marked.vocabulary_size
    assert not set(ids.tolist()) & {size - 3, size - 2}
    assert size - 1 in ids
    assert marked.decode_batch(ids, lengths) == ["あ<mask>と[SEP]\t\t"]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        *[(mark, True) for mark in ("</s>", "<|im_end|>", "<｜User｜>", "[CLS]")],
        *[(text, False) for text in ("\n", "  ", "a<b", "[1]", "万葉", "<>", "< a >")],
    ],
)
def test_a_mark_is_known_by_its_form(token: str, expected: bool) -> None:
    assert is_mark(token) is expected
