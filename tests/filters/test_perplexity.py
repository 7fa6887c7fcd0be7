"""Perplexity by KenLM, against a bigram model of our own sentences and its probabilities worked out by hand."""

import math
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings

from manyo.filters.signals.perplexity import PERPLEXITY_CHARS, as_ccnet_writes, perplexities
from tests.filters.batches import TEXTS

SENTENCES = ("今日は雨が降る。", "明日は雨が上がる。", "今日も本を読む。", "明日も雨の本を読む。")
#: log10 of the share that a word keeps for words that never followed it.
LEFT_OVER = 0.25


class Bigrams:
    """A backoff model of characters: as an ARPA file for KenLM, and as arithmetic."""

    def __init__(self) -> None:
        lines = [["<s>", *sentence, "</s>"] for sentence in SENTENCES]
        follows = Counter(pair for line in lines for pair in pairwise(line))
        starts = Counter(first for first, _ in follows.elements())
        words = Counter(word for line in lines for word in line[1:])
        total = sum(words.values()) + 1
        self.alone = {"<unk>": 1 / total} | {word: count / total for word, count in words.items()}
        self.after = {pair: (1 - LEFT_OVER) * count / starts[pair[0]] for pair, count in follows.items()}

    def log10(self, line: str) -> float:
        words = ["<s>", *(word if word in self.alone else "<unk>" for word in line), "</s>"]
        left_over = {first for first, _ in self.after}
        return sum(
            math.log10(self.after.get(pair) or self.alone[pair[1]] * (LEFT_OVER if pair[0] in left_over else 1))
            for pair in pairwise(words)
        )

    def write(self, path: Path) -> None:
        left_over = {first for first, _ in self.after}
        backoff = {word: math.log10(LEFT_OVER) if word in left_over else 0 for word in ("<s>", *self.alone)}
        alone = {"<s>": -99.0} | {word: math.log10(share) for word, share in self.alone.items()}
        path.write_text(
            "\n".join(
                [
                    "\\data\\",
                    f"ngram 1={len(alone)}",
                    f"ngram 2={len(self.after)}",
                    "",
                    "\\1-grams:",
                    *(f"{value:.7f}\t{word}\t{backoff[word]:.7f}" for word, value in alone.items()),
                    "",
                    "\\2-grams:",
                    *(f"{math.log10(share):.7f}\t{first} {second}" for (first, second), share in self.after.items()),
                    "",
                    "\\end\\",
                    "",
                ]
            ),
            encoding="utf-8",
        )


@pytest.fixture(scope="module")
def kenlm() -> None:
    pytest.importorskip("kenlm", reason="KenLM is an extra: pip install 'manyo[kenlm]' compiles it")


@pytest.fixture(scope="module")
def model(kenlm, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("kenlm") / "characters.arpa"
    Bigrams().write(path)
    return str(path)


def measured(texts: list[str], model: str, pieces: str | None = None) -> list[float]:
    return perplexities(pa.array(texts, pa.large_string()), model, pieces).tolist()


@pytest.mark.parametrize("text", [*SENTENCES, "雨が降る。\n\n今日は本を読む。\n", "空は青い", "雨 が\u3000降る。"])
def test_it_is_the_inverse_of_the_mean_probability_of_a_character_or_line_end(text, model):
    lines = ["".join(line.split()) for line in text.split("\n") if line.strip()]
    words = sum(len(line) + 1 for line in lines)
    expected = 10 ** (-sum(map(Bigrams().log10, lines)) / words)
    assert measured([text], model) == [pytest.approx(expected, rel=1e-4)]


def test_what_the_model_was_made_from_surprises_it_less_than_the_same_characters_in_disorder(model):
    known, disorder = measured([SENTENCES[0], SENTENCES[0][::-1]], model)
    assert known < disorder / 2


@pytest.mark.parametrize(
    ("text", "written"),
    [
        # The texts of CC-Net's own tests; of digits it makes 0 before it looks for marks.
        ("，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％", ',.,"""""0""""\'::?!();- - . ~\'...-<>[]%'),
        ("０２３４５６７８９ | 0123456789", "000000000 | 0000000000"),
        ("  Éがパ\n２０２６年 A。\x85", "eかハ0000年 a."),
    ],
)
def test_text_is_written_as_ccnet_writes_it(text: str, written: str) -> None:
    assert as_ccnet_writes(text) == written


def test_a_document_that_ccnet_would_write_is_one_sentence(model):
    text = "今日は\n雨が降る。"
    (found,) = perplexities(pa.array([text], pa.large_string()), model, None, "ccnet").tolist()
    written = "今日は雨か降る."
    assert found == pytest.approx(10 ** (-Bigrams().log10(written) / (len(written) + 1)), rel=1e-4)


def test_a_blank_text_has_perplexity_0(model):
    assert measured(["", " \n\u3000"], model) == [0, 0]


def test_what_stands_after_the_limit_changes_nothing(model):
    head = "今日は雨が降る。" * (PERPLEXITY_CHARS // 8)
    assert measured([head], model) == measured([head + "鬱" * 100], model)


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_it_is_a_finite_number(model, texts):
    assert all(math.isfinite(value) and value >= 0 for value in measured(texts, model))


def test_the_words_may_be_pieces_of_a_sentencepiece_model(kenlm, tmp_path: Path):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(SENTENCES * 20),
        model_prefix=str(tmp_path / "pieces"),
        vocab_size=20,
        minloglevel=2,
    )
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "pieces.model"))
    words = pieces.encode(SENTENCES[0], out_type=str)
    arpa = tmp_path / "pieces.arpa"
    alone = [f"-1.0\t{word}\t0" for word in ("<unk>", "<s>", "</s>", *dict.fromkeys(words))]
    head = ["\\data\\", f"ngram 1={len(alone)}", "ngram 2=1", ""]
    pairs = ["", "\\2-grams:", "-1.0\t</s> </s>", "", "\\end\\", ""]
    arpa.write_text("\n".join([*head, "\\1-grams:", *alone, *pairs]), encoding="utf-8")
    assert measured([SENTENCES[0]], str(arpa), str(tmp_path / "pieces.model")) == [pytest.approx(10, rel=1e-4)]


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "No such file"), (b"", "neither an ARPA file nor"), (b"\\data\\\nngram 1=2\n", "KenLM cannot load it")],
)
def test_a_file_that_is_not_a_model_is_refused_by_its_path(content, what, kenlm, tmp_path: Path):
    path = tmp_path / "no.arpa"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match=rf"/no\.arpa: .*{what}"):
        measured(["雨"], str(path))


def test_a_missing_piece_model_is_named(model):
    with pytest.raises(ValueError, match=r"^/nowhere\.model: not a SentencePiece model"):
        measured(["雨"], model, "/nowhere.model")


def test_without_kenlm_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "kenlm", None)
    with pytest.raises(ValueError, match="needs KenLM, which is not installed: pip install kenlm"):
        measured(["雨"], "/nowhere/model.arpa")
