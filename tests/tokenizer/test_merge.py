"""A merged vocabulary holds what its languages learnt, scored by the text of all, and loses nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentencepiece import SentencePieceProcessor

from manyo.pipelines.cli import main
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from manyo.tokenizer.encode import Tokenizer
from manyo.tokenizer.merge import train_languages
from manyo.tokenizer.train import TrainLanguage, TrainTokenizer, train
from tests.conftest import RULE_THAT_KEEPS_ALL
from tests.tokenizer.conftest import sentences_to_train_on

TEXTS = {
    "news": sentences_to_train_on(),
    "code": [
        f"for {one} in {many}:\n    return {verb}_{one}({one}, {many})"
        for one in ("path", "shard", "batch", "document")
        for many in ("paths", "folders", "columns")
        for verb in ("read", "write", "count")
    ],
}
LANGUAGES = (
    TrainLanguage("ja", ("news",), vocabulary_size=460, max_piece_characters=8),
    TrainLanguage("code", ("code",), vocabulary_size=295),
)
OPTIONS = TrainTokenizer(vocabulary_size=5000, word_boundaries="off", threads=1, language=LANGUAGES)


def texts_of(sources: Sequence[str]) -> list[str]:
    return [text for source in sources for text in TEXTS[source]]


def scores(path: Path) -> dict[str, float]:
    """Learnt pieces and their scores."""
    model = SentencePieceProcessor(model_file=str(path))
    return {model.IdToPiece(token): model.GetScore(token) for token in range(260, len(model))}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("merged")
    train_languages(texts_of, OPTIONS, folder / "merged.model")
    for language in LANGUAGES:
        train(texts_of(language.sources), OPTIONS.of_language(language), folder / f"{language.name}.model")
    return {path.stem: path for path in folder.iterdir()}


def test_the_merged_pieces_are_those_of_the_languages(models: dict[str, Path]) -> None:
    merged, ja, code = (scores(models[name]) for name in ("merged", "ja", "code"))
    union = ja.keys() | code.keys()
    assert merged.keys() <= union
    # Pieces of another language may leave a piece without use.
    assert len(merged) >= 0.9 * len(union)
    assert any(len(piece) > 3 for piece in merged.keys() & code.keys())
    assert {piece for piece in union if len(piece) == 1} <= merged.keys()


def test_symbols_bytes_and_newline_come_first_as_in_every_model(models: dict[str, Path]) -> None:
    first = [
        [model.IdToPiece(token) for token in range(260)]
        for model in (SentencePieceProcessor(model_file=str(models[name])) for name in ("merged", "ja"))
    ]
    assert first[0] == first[1]


def test_scores_are_estimated_on_the_text_of_all_languages(models: dict[str, Path]) -> None:
    merged = scores(models["merged"])
    for language in ("ja", "code"):
        alone = scores(models[language])
        own = [piece for piece in alone.keys() & merged.keys() if len(piece) > 2]
        assert own
        # What the other language's text does not use is rarer in the text of both.
        assert all(merged[piece] < alone[piece] for piece in own)


def test_the_same_texts_give_the_same_bytes(models: dict[str, Path], tmp_path: Path) -> None:
    train_languages(texts_of, OPTIONS, tmp_path / "again.model")
    assert (tmp_path / "again.model").read_bytes() == models["merged"].read_bytes()


@settings(max_examples=40, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\u2581"), max_size=40))
def test_a_merged_model_returns_any_text(models: dict[str, Path], text: str) -> None:
    tokenizer = Tokenizer.load(str(models["merged"]))
    assert tokenizer.decode_batch(*tokenizer.encode_batch([text])) == [text]


def test_more_pieces_than_the_vocabulary_are_pruned_to_it(models: dict[str, Path], tmp_path: Path) -> None:
    smaller = len(scores(models["merged"])) + 260 - 10
    options = TrainTokenizer(smaller, word_boundaries="off", threads=1, language=LANGUAGES)
    train_languages(texts_of, options, tmp_path / "small.model")
    assert len(scores(tmp_path / "small.model")) + 260 == smaller


def test_an_error_names_the_language(tmp_path: Path) -> None:
    language = TrainLanguage("en", ("code",), vocabulary_size=50_000)
    options = TrainTokenizer(word_boundaries="off", threads=1, language=(language,))
    with pytest.raises(ValueError, match=r"language 'en': .*vocabulary_size = 50000 is too large"):
        train_languages(texts_of, options, tmp_path / "a.model")


CONFIG = """
[run]
out = "{folder}/out"
[[source]]
name = "news"
kind = "jsonl"
profile = "prose"
licence = "CC0"
inputs = ["{folder}/news.jsonl"]
[[source]]
name = "code"
kind = "jsonl"
profile = "prose"
licence = "CC0"
inputs = ["{folder}/code.jsonl"]
[filter]
rules = "{folder}/rules.toml"
[tokenize.train]
word_boundaries = "off"
threads = 1
[[tokenize.train.language]]
name = "ja"
sources = ["news"]
vocabulary_size = 455
[[tokenize.train.language]]
name = "code"
sources = [{code}]
vocabulary_size = 298
"""


def config_with(folder: Path, code: str) -> Path:
    """A configuration in which these sources are those of the language `code`."""
    (folder / "rules.toml").write_text(RULE_THAT_KEEPS_ALL, encoding="utf-8")
    path = folder / "config.toml"
    path.write_text(CONFIG.format(folder=folder, code=code), encoding="utf-8")
    return path


def test_the_command_trains_merges_and_measures_by_source(
    models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for source, texts in TEXTS.items():
        lines = (json.dumps({"text": f"{number}\n{text}"}) + "\n" for number, text in enumerate(texts))
        (tmp_path / f"{source}.jsonl").write_text("".join(lines), encoding="utf-8")
    path = config_with(tmp_path, '"code"')
    arguments = ["train-tokenizer", "--config", str(path), "--executor", "serial", "--beside", str(models["ja"])]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert [re.findall(rf"{source} .*?(\w+\.model)", shown) for source in TEXTS] == [
        ["tokenizer.model", "ja.model"]
    ] * 2
    trained = Path(table_folder(load_config(str(path)), "train")) / "tokenizer.model"
    learnt = " ".join(scores(trained))
    assert re.search(r"[a-z]{2}", learnt)
    assert re.search(r"[ぁ-ん一-龯]{2}", learnt)


@pytest.mark.parametrize(
    ("sources", "problem"),
    [
        ('"cod"', "no [[source]] has the name 'cod'"),
        ('"news"', "two languages have the source 'news'"),
        ("", "code: sources is empty"),
    ],
)
def test_every_source_is_in_one_language(tmp_path: Path, sources: str, problem: str) -> None:
    with pytest.raises(UserError) as error:
        load_config(str(config_with(tmp_path, sources)))
    assert problem in str(error.value)
