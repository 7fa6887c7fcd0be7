"""Small models on two corpora: they are planned alike, and made results with a known answer give that answer."""

from __future__ import annotations

import json
import random
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from manyo.pipelines.ablation.corpus_ranking import Compared, rank, selected
from manyo.pipelines.ablation.model_plan import CHECKPOINTS, SIZES, length_of
from manyo.pipelines.ablation.model_results import FORM, Result, read_results, scores_by_size
from manyo.pipelines.ablation.task_choice import choose_tasks
from manyo.pipelines.cli import main
from manyo.tokenizer.train import TrainTokenizer, train
from tests.conftest import FinishedRun, data_files
from tests.tokenizer.conftest import VOCABULARY_SIZE, sentences_to_train_on

#: Arguments of Megatron-LM that a plan may use. Source: NVIDIA/Megatron-LM d98e8a6 of 2026-08-22,
#: megatron/training/arguments.py, and the configurations from which it makes arguments: TransformerConfig,
#: TrainingConfig, SchedulerConfig, CheckpointConfig, RNGConfig and TokenizerConfig.
MEGATRON = {
    "--num-layers", "--hidden-size", "--ffn-hidden-size", "--num-attention-heads", "--seq-length",
    "--max-position-embeddings", "--position-embedding-type", "--normalization", "--swiglu", "--disable-bias-linear",
    "--untie-embeddings-and-output-weights", "--attention-dropout", "--hidden-dropout", "--init-method-std",
    "--global-batch-size", "--train-iters", "--seed", "--lr", "--min-lr", "--lr-decay-style", "--lr-decay-iters",
    "--lr-warmup-iters", "--weight-decay", "--adam-beta1", "--adam-beta2", "--clip-grad", "--tokenizer-type",
    "--tokenizer-model", "--data-args-path", "--per-split-data-args-path", "--split", "--save-interval",
    "--eval-interval", "--eval-iters",
}  # fmt: skip

STEPS = range(100, 1100, 100)


def made(
    task: str, curve: Sequence[float], lead: Sequence[float], noise: float = 0.002, seeds: int = 8, chance: float = 0.25
) -> list[Result]:
    """Scores of corpora "old" and "new": `new` is `lead` above `curve`; half of the seeds are above it, half below."""
    rng = random.Random(task)

    def near(value: float, seed: int) -> float:
        return value + noise * (seed % 2 - 0.5 + rng.random() / 9)

    return [
        Result(corpus, "150M", str(seed), step, task, "acc", near(value, seed), 500, chance)
        for seed in range(seeds)
        for step, base, ahead in zip(STEPS, curve, lead, strict=True)
        for corpus, value in (("old", base), ("new", base + ahead))
    ]


RISING = [0.3 + 0.03 * n for n in range(10)]
KNOWN = [
    *made("monotone", RISING, [0.02] * 10),
    *made("noisy", RISING, [0.02] * 10, noise=0.2),
    *made("at chance", [0.25 + 1e-5 * n for n in range(10)], [1e-6] * 10, noise=0.01),
    *made("order flips", RISING, [0.01, -0.01] * 5),
]


def choose(results: Sequence[Result]) -> list[Result]:
    (scores,) = scores_by_size(results).values()
    return selected(choose_tasks(scores, 500), results)


def lines(results: Sequence[Result]) -> list[str]:
    return [json.dumps(one._asdict()) + "\n" for one in results]


def test_exactly_the_task_that_rises_quietly_in_one_order_is_selected() -> None:
    (scores,) = scores_by_size(KNOWN).values()
    faults = {one.task: one.faults for one in choose_tasks(scores, 500)}
    assert faults["monotone (acc)"] == []
    assert faults["noisy (acc)"] == ["signal to noise"]
    assert "above chance" in faults["at chance (acc)"]
    assert faults["order flips (acc)"] == ["order"]
    assert {one.task for one in choose(KNOWN)} == {"monotone"}


def test_the_corpus_that_is_ahead_is_named_with_its_lead() -> None:
    (one,) = rank(choose(KNOWN))
    assert (one.a, one.b, one.step, one.verdict) == ("new", "old", 1000, "new")
    assert one.difference.b - one.difference.a == pytest.approx(-0.02, abs=0.001)
    assert one.difference.high < 0


def test_a_corpus_against_itself_is_open() -> None:
    twins = made("t", RISING, [0.0] * 10)
    swapped = [
        one._replace(value=one.value + 0.001 * (-1) ** (int(one.seed) // 2)) for one in twins if one.corpus == "new"
    ]
    (one,) = rank([*swapped, *(one for one in twins if one.corpus == "old")])
    assert one.verdict == "open"


def test_the_order_of_rows_does_not_matter() -> None:
    rows = lines(KNOWN)
    shuffled = random.Random(1).sample(rows, len(rows))
    assert rank(choose(read_results(shuffled))) == rank(choose(read_results(rows)))


def test_more_seeds_narrow_the_interval_and_two_only_lean() -> None:
    def compared(seeds: int) -> Compared:
        (one,) = rank(made("t", RISING, [0.02] * 10, noise=0.01, seeds=seeds))
        return one

    few, many = compared(8), compared(64)
    assert 0 < many.difference.high - many.difference.low < few.difference.high - few.difference.low
    assert compared(2).verdict == "leans to new: 6 seeds needed"


def test_the_mean_counts_each_task_once_and_on_one_scale() -> None:
    """A task is counted in the metric with the clearest signal; 0.02 above chance 0.25 are 0.02 / 0.75."""
    other_metric = [one._replace(metric="f1", value=one.value * 0.9) for one in made("one", RISING, [0.2] * 10, 0.02)]
    results = [*made("one", RISING, [0.02] * 10), *other_metric, *made("two", RISING, [0.02] * 10, chance=0.0)]
    compared = rank(choose(results))
    assert [one.task for one in compared] == ["one (acc)", "two (acc)", None]
    lead = compared[-1].difference.a - compared[-1].difference.b
    assert lead == pytest.approx((0.02 / 0.75 + 0.02) / 2, abs=1e-3)


def test_the_choice_and_the_ranking_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text("".join(lines(KNOWN)), encoding="utf-8")
    assert main(["choose-tasks", str(path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "no: order" in printed
    assert "Does not say: which trains the better large or long-trained model" in printed
    path.write_text("".join(lines(made("noisy", RISING, [0.02] * 10, noise=0.2))), encoding="utf-8")
    assert main(["choose-tasks", str(path)]) == 0
    assert "nothing is said of the corpora" in capsys.readouterr().out


ROW = KNOWN[0]._asdict()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "has no scores"),
        ("{", "line 1: is not JSON"),
        ("[]", "line 1: is not a JSON object"),
        ('{"corpus": "a"}', "line 1: has no size, seed, step"),
        (json.dumps(ROW | {"value": 31.5}), "line 1: value must be a number from 0 to 1, got 31.5; divide"),
        (json.dumps(ROW | {"value": float("nan")}), "line 1: value must be a number from 0 to 1, got nan"),
        (json.dumps(ROW | {"step": "100"}), "line 1: step must be a whole number above 0, got '100'"),
        (json.dumps(ROW | {"task": None}), "line 1: task must be a name or a whole number, got None"),
        (json.dumps(ROW) + "\n" + json.dumps(ROW), "line 2: the score of line 1 again"),
        (json.dumps(ROW) + "\n" + json.dumps(ROW | {"step": 7, "n_items": 9}), "line 2: monotone acc has 9 items"),
        (
            "".join(lines([one._replace(seed=one.seed + one.corpus) for one in KNOWN])),
            "monotone (acc), step 1000: new and old have 0 seeds in common",
        ),
        (None, "No such file or directory"),
    ],
)
def test_wrong_results_are_one_line(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert main(["choose-tasks", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"manyo: {path}: {said}")


@pytest.fixture
def corpora(demo_run: FinishedRun, tmp_path: Path) -> tuple[Path, Path]:
    """Two runs with the demo's tokenizer, whose mixtures are shards that tables count: 9 and 14 billion tokens."""
    text = re.sub(r"(?m)^out = .*", f'out = "{demo_run.out}"', demo_run.config.read_text("utf-8"), count=1)
    for name, tokens in (("old", 9_000_000_000), ("new", 14_000_000_000)):
        table = tmp_path / f"{name}.tsv"
        table.write_text(f"filename\ttokens\n/{name}/one\t{tokens - 1000}\n/{name}/two\t1000\n", encoding="utf-8")
        mix = f'\n[mix]\ntarget_tokens = {tokens}\n[[mix.source]]\nname = "all"\ntable = "{table}"\nrepeats = 1\n'
        (tmp_path / f"{name}.toml").write_text(text + mix, encoding="utf-8")
    return tmp_path / "old.toml", tmp_path / "new.toml"


def arguments_of(file: Path) -> dict[str, str]:
    words = shlex.split(file.read_text("utf-8"))
    names = [place for place, word in enumerate(words) if word.startswith("--")]
    return {words[at]: " ".join(words[at + 1 : end]) for at, end in zip(names, [*names[1:], len(words)], strict=True)}


def test_models_of_all_corpora_are_planned_alike_but_for_the_corpus(corpora: tuple[Path, Path], tmp_path: Path) -> None:
    to = tmp_path / "plan"
    call = ["plan-ablation", *map(str, corpora), "--to", str(to), "--seeds", "2"]
    assert main(call) == 0
    plan = json.loads((to / "plan.json").read_text("utf-8"))
    assert len(plan["models"]) == len([*to.glob("*.args")]) == 2 * len(SIZES) * 2
    assert plan["results"]["fields"] == FORM
    for name, size in plan["sizes"].items():
        old, new = (arguments_of(to / f"{corpus}-{name}-seed1.args") for corpus in ("old", "new"))
        assert old.keys() <= MEGATRON
        assert {key for key in old if old[key] != new[key]} == {"--data-args-path"}
        assert Path(new["--data-args-path"]).read_text("utf-8").split()[::2] == ["13999999000", "1000"]
        assert Path(old["--tokenizer-model"]).is_file()
        tokens = int(old["--train-iters"]) * int(old["--global-batch-size"]) * int(old["--seq-length"])
        assert tokens == size["tokens"] <= min(9_000_000_000, SIZES[name].tokens)
        assert plan["corpora"]["new"]["passes"][name] == pytest.approx(tokens / 14e9, abs=1e-4)
        assert len(size["checkpoint_steps"]) >= CHECKPOINTS
        assert size["checkpoint_steps"][-1] == int(old["--train-iters"])
        assert {step % int(old["--save-interval"]) for step in size["checkpoint_steps"]} == {0}
        assert arguments_of(to / f"old-{name}-seed2.args") == old | {"--seed": "2"}
    before = data_files(to)
    assert main(call) == 0
    assert data_files(to) == before


def test_of_large_corpora_each_size_reads_what_it_does_in_its_source() -> None:
    for one in SIZES.values():
        length = length_of(one, {"a": 10**12, "b": 10**13}, 1.0)
        assert 0.98 * one.tokens < length.train_iters * one.step_tokens <= one.tokens


def test_the_largest_size_has_the_parameters_of_its_name() -> None:
    """Embeddings once, since they are tied, and of each layer three matrices of the inner width and four of the width.

    The vocabulary, Gemma's and some room, and the formula are those of FineWeb2's `launch_exp.py`.
    """
    one = SIZES["1.46B"]
    layer = 3 * one.hidden_size * one.ffn_hidden_size + 4 * one.hidden_size**2
    assert one.is_tied
    assert f"{(256_008 * one.hidden_size + one.num_layers * layer) / 1e9:.2f}B" == one.name


def test_heads_divide_the_width_of_every_size() -> None:
    assert [size.name for size in SIZES.values() if size.hidden_size % size.num_attention_heads] == []


def test_runs_that_cannot_be_compared_are_one_line(
    corpora: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = corpora
    to = tmp_path / "plan"
    own = tmp_path / "own.toml"
    own.write_text(old.read_text("utf-8").split("\n[mix]")[0], encoding="utf-8")
    empty = tmp_path / "empty.toml"
    (tmp_path / "empty.tsv").write_text("filename\ttokens\n/none\t0\n", encoding="utf-8")
    empty.write_text(old.read_text("utf-8").replace("old.tsv", "empty.tsv"), encoding="utf-8")
    (tmp_path / "again").mkdir()
    again = tmp_path / "again" / "new.toml"
    again.write_text(new.read_text("utf-8"), encoding="utf-8")
    other = tmp_path / "other.toml"
    options = TrainTokenizer(vocabulary_size=VOCABULARY_SIZE, word_boundaries="off", threads=1)
    train(sentences_to_train_on(), options, tmp_path / "other.model")
    table = f'[tokenize]\nmodel = "{tmp_path}/other.model"\n'
    other.write_text(re.sub(r"\[tokenize\.train\]\n.*\n", table, new.read_text("utf-8")), encoding="utf-8")
    cases = [
        ([old, other], "has another tokenizer than"),
        ([old], "name two or more runs"),
        ([old, old], "is on both sides"),
        ([old, own], "name a smaller --size, more --passes or a larger corpus"),
        ([old, empty], "there is nothing to mix: no tokens in all"),
        ([new, again], "another run is named new too"),
        ([old, tmp_path / "none.toml"], "none.toml"),
    ]
    for runs, said in cases:
        assert main(["plan-ablation", *map(str, runs), "--to", str(to)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert said in line
    assert main(["plan-ablation", str(old), str(new), "--to", str(to), "--passes", "5"]) == 2
    assert not to.exists()
    to.mkdir()
    (to / "plan.json").write_text("mine", encoding="utf-8")
    assert main(["plan-ablation", str(old), str(new), "--to", str(to)]) == 2
    assert (to / "plan.json").read_text("utf-8") == "mine"
