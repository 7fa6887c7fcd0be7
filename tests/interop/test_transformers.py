"""transformers loads the folder that manyo writes, with SentencePiece's ids."""

from __future__ import annotations

from pathlib import Path

import pytest
from sentencepiece import SentencePieceProcessor

from manyo.pipelines.commands.tokenizer_export import export_model
from manyo.tokenizer.exact_scores import MARK_CHARACTERS, with_exact_scores
from manyo.tokenizer.hard_texts import hard_texts
from manyo.tokenizer.train import TrainTokenizer, train_model
from tests.tokenizer.conftest import SENTENCES, sentences_to_train_on

transformers = pytest.importorskip("transformers")


def test_auto_tokenizer_gives_the_ids_of_sentencepiece(tmp_path: Path) -> None:
    options = TrainTokenizer(vocabulary_size=480, word_boundaries="off", threads=1)
    model = with_exact_scores(train_model(sentences_to_train_on(), options, required_chars=MARK_CHARACTERS))
    export_model(model, str(tmp_path / "hf"), SENTENCES)
    loaded = transformers.AutoTokenizer.from_pretrained(str(tmp_path / "hf"))
    ours = SentencePieceProcessor(model_file=str(tmp_path / "hf" / "tokenizer.model"))
    for number, text in enumerate([*SENTENCES, "a</s>b<0x0A>c<unk><s>", *hard_texts(["</s>", "<0x0A>"])]):
        if number % 10 == 0 or number < 20 or len(text) > 10_000:
            ids = ours.encode(text)
            assert loaded(text, add_special_tokens=True)["input_ids"] == ids
    assert loaded.eos_token_id == ours.eos_id()
    assert loaded.decode(ours.encode("祖母は  \n</s>")) == "祖母は  \n</s>"
