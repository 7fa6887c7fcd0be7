"""A model and its `tokenizer.json` have the same ids on every text, or no folder is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor
from sentencepiece.sentencepiece_model_pb2 import ModelProto

from manyo.pipelines.cli import main
from manyo.tokenizer import hugging_face
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.exact_scores import MARK_CHARACTERS, SCORE_STEP, with_exact_scores
from manyo.tokenizer.hard_texts import hard_texts
from manyo.tokenizer.hugging_face import HuggingFaceFolder, IdsDiffer, hugging_face_folder
from manyo.tokenizer.train import TrainTokenizer, train_model
from tests.tokenizer.conftest import SENTENCES, sentences_to_train_on

MODELS = (
    "code10K_en20K_ja30K.ver2.2.model",
    "llm-jp-tokenizer-100k.ver3.1.model",
    "llm-jp-tokenizer_ver4.0_alpha1.0.model",
)
kinds = ModelProto.SentencePiece.Type


@pytest.fixture(scope="module")
def content() -> bytes:
    options = TrainTokenizer(vocabulary_size=480, word_boundaries="off", threads=1)
    return with_exact_scores(train_model(sentences_to_train_on(), options, required_chars=MARK_CHARACTERS))


@pytest.fixture(scope="module")
def folder(content: bytes) -> HuggingFaceFolder:
    return hugging_face_folder(content, hard_texts([piece.piece for piece in ModelProto.FromString(content).pieces]))


def both(folder: HuggingFaceFolder) -> tuple[SentencePieceProcessor, tokenizers.Tokenizer]:
    other = tokenizers.Tokenizer.from_buffer(folder.files["tokenizer.json"])
    other.encode_special_tokens = True
    return SentencePieceProcessor(model_proto=folder.files["tokenizer.model"]), other


def test_a_trained_model_is_exact_and_does_not_change(content: bytes, folder: HuggingFaceFolder) -> None:
    assert with_exact_scores(content) == folder.files["tokenizer.model"] == content
    scores = [piece.score for piece in ModelProto.FromString(content).pieces]
    assert all((score / SCORE_STEP).is_integer() for score in scores)
    assert folder.compared.texts >= 10_000
    assert folder.compared.changed == 0


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=60) | st.lists(st.sampled_from([*SENTENCES, "</s>", "<0x0A>", "\n", " "])).map("".join))
def test_any_text_has_the_same_ids_and_comes_back_from_both(folder: HuggingFaceFolder, text: str) -> None:
    ours, theirs = both(folder)
    ids = ours.encode(text)
    assert theirs.encode(text, add_special_tokens=False).ids == ids
    assert theirs.decode(ids) == ours.decode(ids)


def test_the_texts_have_every_script_marks_and_great_length() -> None:
    texts = list(hard_texts(["<s>", "</s>", "<0x0A>", "の", "\u2581the"]))
    assert len(texts) >= 10_000
    assert max(map(len, texts)) > 100_000
    everything = "".join(texts)
    assert all(c in everything for c in "あア亜aаαאاकกხ가𠮷😀\u2028")
    assert "</s>" in everything


def test_a_folder_is_refused_with_the_first_text_that_differs(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_a_wrong_score(model: ModelProto) -> tokenizers.Tokenizer:
        wrong = ModelProto.FromString(model.SerializeToString())
        for piece in wrong.pieces:
            if len(piece.piece) > 1 and piece.type == kinds.NORMAL:
                piece.score = -500.0
        return converted(wrong)

    converted = hugging_face.convert
    monkeypatch.setattr(hugging_face, "convert", with_a_wrong_score)
    with pytest.raises(IdsDiffer, match=r"text 1 \(\d+ characters\) has other ids from token \d+ on, near '祖母"):
        hugging_face_folder(content, ["x", "祖母は山の上の市場で友人を待っていました。"])


@pytest.mark.parametrize(
    ("setting", "value", "problem"),
    [
        ("precompiled_charsmap", b"x", "normalises text"),
        ("remove_extra_whitespaces", True, "removes extra spaces"),
        ("escape_whitespaces", False, "removes extra spaces"),
    ],
)
def test_a_model_without_an_equal_is_refused(content: bytes, setting: str, value: object, problem: str) -> None:
    model = ModelProto.FromString(content)
    setattr(model.normalizer_spec, setting, value)
    with pytest.raises(ValueError, match=problem):
        hugging_face._refuse(model)


def test_the_command_writes_the_four_files(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tiny.model").write_bytes(content)
    tokenizer = Tokenizer.load(str(tmp_path / "tiny.model"))
    (tmp_path / "news.txt").write_text("友人は夜の港で</s>" * 20_000)
    arguments = ["tokenizer", "export", tokenizer.uri, "--to", str(tmp_path / "hf"), "--texts"]
    assert main([*arguments, str(tmp_path / "news.txt")]) == 0
    assert "same ids on" in capsys.readouterr().out
    config = json.loads((tmp_path / "hf/tokenizer_config.json").read_text())
    assert config["eos_token"] == "</s>"
    assert config["split_special_tokens"] is True
    assert {path.name for path in (tmp_path / "hf").iterdir() if path.is_file()} == {
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "tokenizer.model",
    }
    written = Tokenizer.load(str(tmp_path / "hf/tokenizer.json"), "</s>").encode_batch(["a</s>\n<0x0A>"])[0]
    assert written.tolist() == tokenizer.encode_batch(["a</s>\n<0x0A>"])[0].tolist()


def test_the_command_leaves_a_folder_with_other_files_alone(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.model").write_bytes(content)
    for name in ("tokenizer.json", "README.md"):
        (tmp_path / "hf").mkdir(exist_ok=True)
        (tmp_path / "hf" / name).write_text("mine")
    assert main(["tokenizer", "export", str(tmp_path / "tiny.model"), "--to", str(tmp_path / "hf")]) == 2
    assert "holds README.md, which no export wrote" in capsys.readouterr().err
    assert (tmp_path / "hf" / "tokenizer.json").read_text() == "mine"


def test_the_command_refuses_a_file_as_its_folder(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tiny.model").write_bytes(content)
    (tmp_path / "hf").write_text("mine")
    assert main(["tokenizer", "export", str(tmp_path / "tiny.model"), "--to", str(tmp_path / "hf")]) == 2
    assert "is a file; name a folder" in capsys.readouterr().err
    assert (tmp_path / "hf").read_text() == "mine"


@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_a_part_of_a_model_is_refused_as_no_model(content: bytes, cut: int) -> None:
    """Of an empty file it was said that the model removes extra spaces."""
    with pytest.raises(ValueError, match="is not a SentencePiece model"):
        hugging_face_folder(content[: len(content) * cut // 4], [])


def changed(content: bytes, change: Callable[[ModelProto], object]) -> bytes:
    model = ModelProto.FromString(content)
    change(model)
    return bytes(model.SerializeToString())


def without_bytes(model: ModelProto) -> None:
    kept = [piece for piece in model.pieces if piece.type != kinds.BYTE]
    del model.pieces[:]
    model.pieces.extend(kept)
    model.trainer_spec.byte_fallback = False


def with_symbols(model: ModelProto) -> None:
    for symbol in ("\n\n", "夜の", "<mask>", "\u2581\u2581\u2581"):
        model.pieces.add(piece=symbol, score=0.0, type=kinds.USER_DEFINED)


def with_equal_scores(model: ModelProto) -> None:
    for piece in model.pieces:
        piece.score = 0.0


@pytest.mark.parametrize(
    "change",
    [
        without_bytes,
        with_symbols,
        with_equal_scores,
        lambda model: setattr(model.normalizer_spec, "add_dummy_prefix", True),
        lambda model: setattr(model.pieces[300], "type", kinds.UNUSED),
        lambda model: setattr(model.pieces[300], "score", -1e30),
        lambda model: setattr(model.trainer_spec, "eos_id", -1),
    ],
)
def test_an_unusual_model_has_the_same_ids(content: bytes, change: Callable[[ModelProto], object]) -> None:
    texts = ["あ</s>い", "祖母は 　 \u2581", "𠮷</s>" * 30_000, "a" * 110_000, "夜の港で\n\n" * 20_000]
    texts += ["\x00\x00", "\r\n", "", " ", "ハ゛か\u3099", "👨\u200d👩\u200d👧", "<mask>"]
    folder = hugging_face_folder(changed(content, change), texts)
    ours, theirs = both(folder)
    assert all(ours.encode(text) == theirs.encode(text, add_special_tokens=False).ids for text in texts)


def test_a_model_that_takes_a_word_for_a_control_symbol_is_refused(content: bytes) -> None:
    def with_a_word(model: ModelProto) -> None:
        model.pieces.add(piece="い", score=0.0, type=kinds.CONTROL)

    with pytest.raises(IdsDiffer, match="no folder is written"):
        hugging_face_folder(changed(content, with_a_word), ["あい"])


@pytest.mark.parametrize("bad", ["gone.model", "text.model"])
def test_the_command_refuses_what_is_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str], bad: str) -> None:
    (tmp_path / "text.model").write_text("no model")
    assert main(["tokenizer", "export", str(tmp_path / bad), "--to", str(tmp_path / "hf")]) == 2
    assert bad in capsys.readouterr().err
    assert not (tmp_path / "hf").exists()


@pytest.mark.parametrize("name", MODELS)
def test_llm_jp_models_have_the_same_ids_on_real_texts(real_data: Path, name: str) -> None:
    news = [path.read_text("utf-8") for path in sorted((real_data / "livedoor_news").glob("*.txt"))[:200]]
    long = "".join(news)[:250_000]
    assert len(long) > 100_000
    marks = ["</s>", "<0x0A>", "<mask>と<pad>", "<unk>", "\n</s>\n", " <s> "]
    compared = hugging_face_folder((real_data / "tokenizer" / name).read_bytes(), [*news, long, *marks]).compared
    assert compared.texts == 207
