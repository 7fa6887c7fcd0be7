"""Two corpora are compared without training a model; damage that is planted in one of them is seen."""

from __future__ import annotations

import json
import math
import random
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.pipelines.ablation.character_model import ALPHABET, CharacterModel, runs_of
from manyo.pipelines.ablation.cohesion import FEWEST_SENTENCES, cohesion
from manyo.pipelines.ablation.drawing import Drawn, Text, draw
from manyo.pipelines.ablation.ladder import Ladder, compare
from manyo.pipelines.ablation.measured_corpus import COPIED_CHARS, measure_corpus
from manyo.pipelines.ablation.task_choice import Score, choose_tasks
from manyo.pipelines.cli import main
from tests.conftest import FinishedRun

TEXTS = st.lists(st.text("あいう。\n𠮷", max_size=12), max_size=6)


def witten_bell(counted: Sequence[str], text: str, order: int) -> float:
    """Bits per character as the definition says, one character after another."""
    followers: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in counted:
        read = "\0" + one
        for end in range(len(read)):
            for length in range(min(order, end + 1)):
                followers[f"{length}{read[end - length : end]}"][read[end]] += 1
    read, bits = "\0" + text, 0.0
    for end in range(1, len(read)):
        probability = 1 / ALPHABET
        for length in range(min(order, end + 1)):
            found = followers.get(f"{length}{read[end - length : end]}")
            if found:
                seen = found.get(read[end], 0) + len(found) * probability
                probability = seen / (sum(found.values()) + len(found))
        bits -= math.log2(probability)
    return bits / len(text) if text else math.nan


@given(TEXTS, TEXTS, st.integers(1, 4))
def test_bits_per_character_are_those_of_the_definition(counted: list[str], texts: list[str], order: int) -> None:
    found = CharacterModel(counted, order).bits(texts)
    np.testing.assert_allclose(found, [witten_bell(counted, text, order) for text in texts])


@given(TEXTS, st.integers(1, 5))
def test_runs_are_those_within_each_text(texts: list[str], length: int) -> None:
    hashes, numbers = runs_of(texts, length)
    runs = [(text[i : i + length], n) for n, text in enumerate(texts) for i in range(len(text) - length + 1)]
    assert numbers.tolist() == [n for _, n in runs]
    assert len(set(hashes.tolist())) == len({run for run, _ in runs})


def paragraphs(seed: int, count: int = 5) -> str:
    """Sentences in groups, each group about its own invented words."""
    rng = random.Random(seed)

    def word() -> str:
        return "".join(rng.choice("春夏秋冬山川花鳥風月雪空海森林田畑町村駅") for _ in range(3))

    found = []
    for _ in range(count):
        words = [word() for _ in range(3)]
        found += [f"{rng.choice(words)}は{rng.choice(words)}を{word()}と言った。" for _ in range(4)]
    return "".join(found)


def shuffled(text: str, seed: int) -> str:
    sentences = text.split("。")[:-1]
    random.Random(seed).shuffle(sentences)
    return "。".join(sentences) + "。"


def test_sentences_that_are_shuffled_lose_their_cohesion() -> None:
    before = [cohesion(paragraphs(seed)) or 0.0 for seed in range(20)]
    after = [cohesion(shuffled(paragraphs(seed), seed)) or 0.0 for seed in range(20)]
    assert min(before) > 0.03
    assert abs(float(np.mean(after))) < 0.02


def test_a_text_of_few_sentences_has_no_cohesion() -> None:
    few = "春山へ行く。" * (FEWEST_SENTENCES - 1)
    assert cohesion(few) is None
    assert cohesion(few + "春山へ行く。") == 0


def corpus(n_documents: int, first: int = 0) -> list[Text]:
    return [Text(f"d{n}", "news", paragraphs(n, 1 + n % 7)) for n in range(first, first + n_documents)]


@given(st.permutations(corpus(60)), st.integers(1, 4000))
def test_a_draw_depends_on_names_alone_and_holds_its_bytes(texts: list[Text], draw_bytes: int) -> None:
    drawn, again = draw("A", texts, draw_bytes, 2), draw("B", corpus(60), draw_bytes, 2)
    assert (drawn.draws, drawn.held_out, drawn.bytes) == (again.draws, again.held_out, again.bytes)
    assert drawn.smallest_draw_bytes >= draw_bytes
    for one in drawn.draws:
        assert sum(len(text.text.encode()) for text in one[:-1]) < draw_bytes


def test_no_held_out_text_is_drawn_and_every_draw_differs() -> None:
    drawn = draw("A", corpus(200), 5000, 3)
    held_out = {text.name for texts in drawn.held_out.values() for text in texts}
    names = [tuple(text.name for text in one) for one in drawn.draws]
    assert held_out
    assert len(set(names)) == 3
    assert held_out.isdisjoint(name for one in names for name in one)


def drawn_of(texts: list[Text], name: str = "A") -> Drawn:
    return draw(name, texts, 30_000, 3)


def compared(a: Drawn, b: Drawn, news: list[str]) -> Ladder:
    return compare(*(measure_corpus(drawn, {"news": news}) for drawn in (a, b)))


def test_a_corpus_and_itself_are_not_distinguished() -> None:
    ladder = compared(drawn_of(corpus(400)), drawn_of(corpus(400), "B"), [text.text for text in corpus(20, 900)])
    assert [sign for _, sign in ladder.verdicts] == [0, 0, 0]
    assert ladder.probe is None


@pytest.mark.parametrize(
    ("damage", "seen_by"),
    [
        (lambda text: text.encode().decode("cp932", "replace"), "closer to news"),
        (lambda text: shuffled(text, 1), "sentences in order"),
        (lambda text: "送料無料でお届けします。ランキングを見る。" + text, "less said again"),
    ],
    ids=["mojibake", "order", "template"],
)
def test_each_damage_is_seen_by_the_figure_that_can_see_it(damage: object, seen_by: str) -> None:
    assert callable(damage)
    texts = corpus(600)
    copy = [one._replace(text=damage(one.text)) if n % 5 == 0 else one for n, one in enumerate(texts)]
    ladder = compared(drawn_of(texts), drawn_of(copy, "B"), [text.text for text in corpus(30, 900)])
    assert dict(ladder.verdicts)[seen_by] == 1
    assert ladder.verdict == 1
    assert ladder.cohesion is not None
    assert ladder.cohesion.is_paired


def test_held_out_texts_that_a_corpus_holds_are_left_out() -> None:
    texts = corpus(100)
    drawn = drawn_of(texts)
    long_one = next(text.text for text in drawn.draws[2] if len(text.text) > 2 * COPIED_CHARS)
    quoting = "まえがき。" + long_one[3 : 3 + COPIED_CHARS] + "あとがき。"
    ladder = compared(drawn, drawn_of(corpus(100, 100), "B"), [quoting, paragraphs(900)])
    assert ladder.copied == {"news": 1}
    assert ladder.bits["news"].documents == 1


def write(path: Path, texts: list[Text]) -> str:
    rows = (json.dumps({"id": text.name, "text": text.text}, ensure_ascii=False) for text in texts)
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(path)


def test_the_command_prints_the_figures_and_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = write(tmp_path / "a.jsonl", corpus(600))
    b = write(tmp_path / "b.jsonl", [text._replace(text=text.text[::-1]) for text in corpus(600)])
    wanted = write(tmp_path / "wanted.jsonl", corpus(30, 900))
    figures = tmp_path / "figures.json"
    arguments = ["ablate", a, b, "--held-out", "news", wanted, "--megabytes", "0.03", "--json", str(figures)]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert "closer" in printed
    assert "Does not say: which trains the better model." in printed
    found = json.loads(figures.read_text(encoding="utf-8"))
    assert found["bits"]["news"]["low"] > 0
    assert found["probe"] > 0.9
    assert set(found["cross"]) == {"A a", "B b"}


def test_a_finished_run_is_a_corpus(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    content = demo_run.config.read_text(encoding="utf-8")
    config = demo_run.config.with_name("ablated.toml")
    config.write_text(re.sub('^out = ".*"', f'out = "{demo_run.out}"', content, flags=re.M), encoding="utf-8")
    again = shutil.copy(config, config.with_name("again.toml"))
    assert main(["ablate", str(config), str(again), "--megabytes", "0.001"]) == 0
    assert "No --held-out texts are given" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--megabytes", "9"], "are too little for draws of 9 MB; give a smaller --megabytes"),
        (["--held-out", "news"], "--held-out news: give a name and then files"),
        (["--held-out", "news", "no.jsonl"], "no such input: no.jsonl"),
        (["--held-out", "news", "no.csv"], "give a .txt file"),
        (["--megabytes", "0.01", "--json", "no/such/folder.json"], "--json no/such/folder.json: No such file"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b = (write(tmp_path / f"{name}.jsonl", corpus(300)) for name in "ab")
    assert main(["ablate", a, b, *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--megabytes", "0"], "argument --megabytes: 0 is not a number above 0"),
        (["--draws", "0"], "argument --draws: 0 is less than 1"),
    ],
)
def test_an_option_out_of_its_range_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["ablate", "a.jsonl", "b.jsonl", *arguments])
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def scores(task: str, curve: dict[str, list[float]], noise: float = 0.005) -> list[Score]:
    """Scores of corpora at 10, 20, … billion tokens, of two seeds on each side of the curve."""
    return [
        Score(corpus, seed, 1e10 * number, task, value + side * noise, 0.25)
        for corpus, values in curve.items()
        for number, value in enumerate(values, start=1)
        for seed, side in (("1", -1), ("2", 1))
    ]


RISING = {"web": [0.3, 0.4, 0.5, 0.6], "books": [0.31, 0.42, 0.55, 0.7]}


@pytest.mark.parametrize(
    ("given", "faults"),
    [
        (scores("t", RISING), []),
        (scores("t", {name: values[::-1] for name, values in RISING.items()}), ["monotonicity"]),
        (scores("t", RISING, noise=0.05), ["signal to noise"]),
        (scores("t", {"web": [0.25, 0.2501, 0.2502, 0.2503]}, noise=0.004), ["above chance"]),
        (scores("t", RISING)[::2], ["signal to noise", "above chance"]),
    ],
    ids=["good", "falls", "noisy", "chance", "one seed"],
)
def test_a_task_that_misses_a_criterion_is_named_with_it(given: list[Score], faults: list[str]) -> None:
    (choice,) = choose_tasks(given)
    assert choice.faults == faults


def test_the_order_of_corpora_is_compared_between_neighbouring_checkpoints() -> None:
    steady, swapping = (
        choose_tasks(scores("t", {"a": a, "b": [0.5, 0.5, 0.5, 0.5]}))[0].order
        for a in ([0.9, 0.6, 0.7, 0.8], [0.6, 0.4, 0.6, 0.4])
    )
    assert (steady, swapping) == (1, -1)
    assert choose_tasks(scores("t", RISING), order_from_tokens=4e10)[0].order is None


def test_the_choice_of_tasks_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [*scores("jcommonsenseqa", RISING), *scores("jnli", {"web": [0.3, 0.3, 0.3, 0.3]}, 0.1)]
    path = tmp_path / "scores.csv"
    path.write_text(
        "corpus,seed,tokens,task,score,chance\n" + "".join(",".join(map(str, row)) + "\n" for row in rows), "utf-8"
    )
    assert main(["choose-tasks", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "yes" in printed
    assert "no: monotonicity, signal to noise, above chance" in printed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("corpus,seed\n", "no column tokens, task, score"),
        ("corpus,seed,tokens,task,score\nweb,1,10B,t,0.3\n", "line 2: tokens, score and chance must be numbers"),
        ("corpus,seed,tokens,task,score\n", "has no scores"),
        (None, "No such file"),
    ],
)
def test_wrong_scores_are_one_line(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scores.csv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["choose-tasks", str(path)]) == 2
    assert (
        capsys.readouterr().err
        == f"manyo: {path}: {said}"
        + ("; needed are corpus, seed, tokens, task, score" if "column" in said else "")
        + (" or directory" if "such" in said else "")
        + "\n"
    )
