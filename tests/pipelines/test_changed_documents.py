"""Documents that two corpora have with different texts: each damage is seen by its figure, whichever side has it."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.pipelines.ablation import changed_documents
from manyo.pipelines.ablation.changed_documents import (
    Changed,
    Fingerprints,
    Majority,
    Reference,
    compare_changed,
    pick,
    shared_names,
)
from manyo.pipelines.ablation.character_model import CharacterModel
from manyo.pipelines.ablation.drawing import Text
from manyo.pipelines.ablation.sentence_places import FEWEST_SENTENCES, SentencePlaces
from manyo.pipelines.cli import main
from tests.pipelines.test_ablation import paragraphs, shuffled

TEXTS = st.lists(st.text("あい。", max_size=9), min_size=1, max_size=5)


def article(seed: int) -> str:
    """A beginning, invented sentences, an end, as news have them."""
    rng = random.Random(seed)
    place = "".join(rng.choice("東西南北中山川") for _ in range(2))
    return f"{place}市は{seed % 28 + 1}日、催しを開くと発表した。{paragraphs(seed, 3)}詳しくは市の案内で見られる。"


CORPUS = [Text(f"d{n}", "news", article(n)) for n in range(240)]


def compared(a: list[Text], b: list[Text]) -> Changed:
    held = Fingerprints(), Fingerprints()
    for one, texts in zip(held, (a, b), strict=True):
        assert list(one.of(texts)) == texts
    shared = shared_names(*held)
    (of_a, equal), (of_b, same) = (pick(texts, shared) for texts in (a, b))
    assert equal == same
    reference = Reference(equal)
    return compare_changed(reference.figures(of_a), reference.figures(of_b), len(of_a), len(shared.changed))


def read_across(text: str) -> str:
    lines = [text[i : i + 9] for i in range(0, len(text), 9)]
    half = len(lines) // 2
    return "".join(left + right for left, right in zip(lines[:half], lines[half:], strict=False))


@pytest.mark.parametrize(
    ("damage", "seen_by"),
    [
        (lambda text, _: text.encode().decode("cp932", "replace"), "noise"),
        (lambda text, _: read_across(text), "noise"),
        (lambda text, seed: shuffled(text, seed), "order"),
        (lambda text, seed: CORPUS[(7 * seed) % 12 * 20 + 1].text, "copied"),
        (lambda text, _: "送料無料でお届けします。" + text, "frames"),
    ],
    ids=["mojibake", "columns", "order", "copies", "template"],
)
@pytest.mark.parametrize("one_in", [20, 5])
def test_each_damage_is_seen_by_its_figure_whichever_corpus_has_it(
    damage: Callable[[str, int], str], seen_by: str, one_in: int
) -> None:
    copy = [text._replace(text=damage(text.text, n)) if n % one_in == 0 else text for n, text in enumerate(CORPUS)]
    changed = compared(CORPUS, copy)
    assert changed.documents == changed.of == len(CORPUS) // one_in
    assert changed.verdict == 1
    if one_in == 5:
        assert changed.figures[seen_by].sign == 1, "a dozen documents leave some figures open"
    assert compared(copy, CORPUS).verdict == -1


def test_another_text_of_the_same_kind_leaves_it_open() -> None:
    copy = [text._replace(text=article(1000 + n)) if n % 8 == 0 else text for n, text in enumerate(CORPUS)]
    assert compared(CORPUS, copy).verdict == 0


@given(TEXTS, TEXTS)
def test_copied_and_framed_characters_are_those_of_the_definition(equal: list[str], texts: list[str]) -> None:
    def covered(text: str, length: int, is_wanted: Callable[[str], bool]) -> float:
        begins = [i for i in range(len(text) - length + 1) if is_wanted(text[i : i + length])]
        return len({place for i in begins for place in range(i, i + length)}) / max(len(text), 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(changed_documents, "_COPIED_CHARS", 3)
        patch.setattr(changed_documents, "_FRAME_CHARS", 2)
        found = Reference(equal).figures(texts)
    for number, text in enumerate(texts):

        def of_reference(run: str) -> bool:
            return any(run in other for other in equal)

        def n_documents(run: str) -> int:
            return sum(run in other for other in texts)

        copied = covered(text, 3, lambda run: of_reference(run) or n_documents(run) >= 2)
        framed = covered(text, 2, lambda run: not of_reference(run) and n_documents(run) >= 3)
        assert (found["copied"][number], found["frames"][number]) == (copied, framed)


@given(TEXTS, TEXTS)
def test_bits_of_characters_add_up_to_those_of_the_text(counted: list[str], texts: list[str]) -> None:
    model = CharacterModel(counted, 3)
    of_characters = np.split(model.character_bits(texts), np.cumsum([len(text) for text in texts])[:-1])
    for bits, mean, text in zip(of_characters, model.bits(texts), texts, strict=True):
        assert len(bits) == len(text)
        if text:
            assert bits.mean() == pytest.approx(mean)


@given(st.lists(st.tuples(st.text("ab", max_size=2), st.text("あい", max_size=2)), max_size=9))
def test_names_are_shared_with_equal_or_with_different_texts(rows: list[tuple[str, str]]) -> None:
    a = dict(rows)
    b = {name: "あ" for name, _ in rows[::2]}
    held = Fingerprints(), Fingerprints()
    for one, texts in zip(held, (a, b), strict=True):
        list(one.of(Text(name, "s", text) for name, text in texts.items()))
    shared = shared_names(*held)
    both = a.keys() & b.keys()
    assert len(shared.changed) == sum(a[name] != b[name] for name in both)
    assert len(shared.equal) == sum(a[name] == b[name] for name in both)


def test_a_reversed_text_is_in_disorder_and_a_short_one_in_none() -> None:
    places = SentencePlaces(text.text for text in CORPUS[:200])
    right = [places.disorder(text.text) or 0.0 for text in CORPUS[200:]]
    backwards = [places.disorder("。".join(text.text.split("。")[-2::-1]) + "。") or 0.0 for text in CORPUS[200:]]
    assert np.mean(right) < 0.45 < 0.55 < np.mean(backwards)
    assert places.disorder("雨。" * (FEWEST_SENTENCES - 1)) is None


@pytest.mark.parametrize(
    ("documents", "b_worse", "sign"),
    [(0, 0, 0), (6, 6, 0), (7, 7, 1), (7, 0, -1), (17, 13, 0), (17, 14, 1), (300, 172, 0)],
)
def test_a_majority_counts_if_a_coin_would_hardly_give_it(documents: int, b_worse: int, sign: int) -> None:
    assert Majority(documents, b_worse).sign == sign


def test_the_command_says_which_versions_are_worse_and_by_what(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = []
    for name, damage in (("a", ""), ("b", "送料無料でお届けします。")):
        rows = [{"id": text.name, "text": damage * (n % 9 == 0) + text.text} for n, text in enumerate(CORPUS)]
        paths.append(str(tmp_path / f"{name}.jsonl"))
        Path(paths[-1]).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    figures = tmp_path / "figures.json"
    assert main(["ablate", *paths, "--megabytes", "0.02", "--json", str(figures)]) == 0
    printed = capsys.readouterr().out
    assert "Documents with different texts: 27 of 27" in printed
    assert "A is better where they differ, by frames." in printed
    assert json.loads(figures.read_text("utf-8"))["changed"]["figures"]["frames"] == {"documents": 27, "b_worse": 27}
