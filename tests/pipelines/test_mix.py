"""Mixtures: budgets add up, shards get their part by size, and too many repeats are a notice."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import DOC_ID
from manyo.pipelines.cli import main
from manyo.pipelines.commands.mix import (
    MixedSource,
    Mixture,
    data_arguments,
    notices_of,
    plan_mix,
    read_mixture,
    source_table,
    write_mix,
)
from manyo.pipelines.commands.mix_parts import PARTS, CountedShard, counted_shards, part_of
from manyo.pipelines.engine.errors import EXIT_NOTICES, UserError
from manyo.pipelines.graph.config import load_config
from manyo.tokenizer.mixture import Mix, MixSource, Training
from manyo.tokenizer.training_order import DocumentIndex
from tests.conftest import FinishedRun


def shards(*tokens: int) -> list[CountedShard]:
    return [CountedShard(f"/data/{number}", n) for number, n in enumerate(tokens)]


# From 100 tokens on, a hundredth of them, the smallest share of a line, is a token.
some_shards = st.lists(st.integers(0, 10**12), min_size=1, max_size=6).filter(lambda tokens: sum(tokens) >= 100)
some_line = st.one_of(
    st.floats(0.01, 100).map(lambda n: {"weight": n}),
    st.floats(0.01, 8).map(lambda n: {"repeats": n}),
    st.integers(1, 10**12).map(lambda n: {"tokens": n}),
)


@settings(max_examples=100, deadline=None)
@given(lines=st.lists(st.tuples(some_line, some_shards), min_size=1, max_size=5))
def test_budgets_add_up_and_every_token_of_a_source_is_seen_equally_often(
    lines: list[tuple[dict[str, float], list[int]]],
) -> None:
    sources = tuple(MixSource(f"s{n}", **line) for n, (line, _) in enumerate(lines))
    available = {f"s{n}": shards(*tokens) for n, (_, tokens) in enumerate(lines)}
    mix = Mix(sources, target_tokens=10**15)
    mixed = plan_mix(mix, available)
    for source, line, (_, tokens) in zip(mixed, sources, lines, strict=True):
        assert sum(source.shard_tokens()) == source.tokens
        assert source.available_tokens == sum(tokens)
        for shard, seen in zip(source.shards, source.shard_tokens(), strict=True):
            assert abs(seen - source.tokens * shard.tokens / source.available_tokens) <= 1 + source.tokens * 1e-12
        if line.repeats is not None:
            assert source.tokens == round(line.repeats * sum(tokens))
        if line.tokens is not None:
            assert source.tokens == line.tokens
    if any(line.weight for line in sources):
        assert abs(sum(source.tokens for source in mixed) - mix.target_tokens) <= len(mixed)


def test_weights_share_what_fixed_sources_leave() -> None:
    mix = Mix((MixSource("a", repeats=2), MixSource("b", weight=1), MixSource("c", weight=3)), target_tokens=1000)
    mixed = plan_mix(mix, {"a": shards(60, 40), "b": shards(500), "c": shards(150)})
    assert [source.tokens for source in mixed] == [200, 200, 600]
    assert data_arguments(mixed) == "120 /data/0\n80 /data/1\n200 /data/0\n600 /data/0\n"
    assert source_table(mixed).splitlines()[1] == "a\t2\t100\t2.0000\t200\t0.200000"
    assert notices_of(mix, mixed) == []


def test_too_many_repeats_and_a_missed_target_are_notices() -> None:
    mix = Mix((MixSource("a", repeats=4.5), MixSource("b", repeats=4)), target_tokens=1000)
    many, missed = notices_of(mix, plan_mix(mix, {"a": shards(100), "b": shards(100)}))
    assert many == "a is repeated 4.50 times, more than max_repeats = 4: 100 tokens for a budget of 450"
    assert missed == "the mixture has 850 tokens, 85.00% of the target"


def test_shards_without_tokens_are_left_out() -> None:
    mixed = plan_mix(Mix((MixSource("a", repeats=1),), 100), {"a": shards(0, 100)})
    assert data_arguments(mixed) == "100 /data/1\n"


def test_shards_of_which_no_token_is_seen_are_no_argument() -> None:
    mixed = plan_mix(Mix((MixSource("a", tokens=1),), 1), {"a": shards(50, 50)})
    assert data_arguments(mixed) == "1 /data/1\n"


@pytest.mark.parametrize("line", [{"repeats": 2}, {"tokens": 50}, {"weight": 9}])
def test_a_source_without_tokens_takes_no_share_and_is_named(line: dict[str, float]) -> None:
    mix = Mix((MixSource("none", **line), MixSource("b", weight=1)), target_tokens=1000)
    mixed = plan_mix(mix, {"none": shards(0), "b": shards(500)})
    assert [(source.tokens, source.repeats) for source in mixed] == [(0, 0.0), (1000, 2.0)]
    assert data_arguments(mixed) == "1000 /data/0\n"
    assert source_table(mixed).splitlines()[1] == "none\t0\t0\t0.0000\t0\t0.000000"
    assert notices_of(mix, mixed) == ["none has no tokens and is left out"]


def test_a_mixture_without_any_token_is_an_error() -> None:
    with pytest.raises(UserError, match=r"there is nothing to mix: no tokens in a"):
        plan_mix(Mix((MixSource("a", repeats=1),), 100), {"a": shards(0)})


@pytest.mark.parametrize("line", [{"repeats": 1e-6}, {"weight": 1}])
def test_amounts_that_are_all_rounded_to_nothing_are_an_error(line: dict[str, float]) -> None:
    """It ended in a division by zero."""
    mix = Mix((MixSource("a", **line), MixSource("b", **line)), target_tokens=1)
    with pytest.raises(UserError, match="no source gets a token: the amounts of a, b are all rounded to 0"):
        plan_mix(mix, {"a": shards(1000), "b": shards(1000)})


def test_a_source_whose_amount_is_rounded_to_nothing_is_named() -> None:
    mix = Mix((MixSource("a", weight=1), MixSource("b", weight=1e-9)), target_tokens=1000)
    mixed = plan_mix(mix, {"a": shards(1000), "b": shards(500)})
    assert notices_of(mix, mixed) == ["b is left out: its share is rounded to 0 of its 500 tokens"]


@pytest.mark.parametrize("white", [" ", "\u3000", "\t", "\u2028"])
def test_a_path_that_megatron_would_cut_is_an_error_in_a_line_and_whole_in_a_list(white: str) -> None:
    """A folder such as `コーパス　2026`: the file named shards that are not there."""
    prefix = f"/data/コーパス{white}2026/a"
    source = MixedSource("a", (CountedShard(prefix, 10),), 10, 20)
    with pytest.raises(UserError, match="Megatron cuts this path at its white space"):
        data_arguments([source])
    held_out = Mixture((source,), {"valid": (CountedShard(f"{prefix}_valid", 5),)})
    expected = {"train": ["20", prefix], "valid": ["5", f"{prefix}_valid"], "test": None}
    assert json.loads(held_out.arguments) == expected


def test_fixed_sources_that_take_everything_are_an_error() -> None:
    mix = Mix((MixSource("a", tokens=1000), MixSource("b", weight=1)), target_tokens=1000)
    with pytest.raises(UserError, match=r"take 1,000 of 1,000 tokens, which leaves none for b"):
        plan_mix(mix, {"a": shards(10), "b": shards(10)})


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ({}, "exactly one of weight, repeats and tokens"),
        ({"weight": 1.0, "tokens": 5}, "exactly one of weight, repeats and tokens"),
        ({"weight": 0.0}, "weight is 0.0, must be above 0"),
        ({"repeats": float("nan")}, "repeats is nan"),
        ({"weight": float("inf")}, "weight is inf"),
        ({"tokens": 5, "match": "a*"}, "match and root are for a table"),
    ],
)
def test_a_source_with_contradictory_settings_is_an_error(line: dict[str, float], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        MixSource("a", **line)


def test_an_empty_or_ambiguous_mixture_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Mix((), 100)
    with pytest.raises(ValueError, match="have the name 'a'"):
        Mix((MixSource("a", weight=1), MixSource("a", weight=1)), 100)
    with pytest.raises(ValueError, match="target_tokens must be above 0"):
        Mix((MixSource("a", weight=1),), 0)


TABLE = "filename\ttokens\nja/web_0000\t600\nja/web_0001\t400\nen/books_0000\t100\n"

MIX = """
[mix]
target_tokens = 100_000

[[mix.source]]
name = "web"
repeats = 1.5

[[mix.source]]
name = "elsewhere"
table = "{table}"
match = "ja/*"
root = "/corpus"
weight = 1
"""


@pytest.fixture
def config(demo_run: FinishedRun, tmp_path: Path) -> Path:
    """The demo's configuration with a mixture of its own source and of shards that a table lists."""
    (tmp_path / "counted.tsv").write_text(TABLE, encoding="utf-8")
    path = tmp_path / "mix.toml"
    mix = MIX.replace("{table}", str(tmp_path / "counted.tsv"))
    path.write_text(demo_run.config.read_text(encoding="utf-8") + mix, encoding="utf-8")
    return path


def test_the_arguments_name_shards_of_this_run_and_of_a_table(
    demo_run: FinishedRun, config: Path, tmp_path: Path
) -> None:
    settings = load_config(str(config), str(demo_run.out))
    assert settings.mix is not None
    mixture = read_mixture(settings)
    arguments = [line.split() for line in mixture.arguments.splitlines()]
    (web,) = [prefix for _, prefix in arguments if not prefix.startswith("/corpus/")]
    tokens = Path(web + ".bin").stat().st_size // 2
    assert int(arguments[0][0]) == round(1.5 * tokens)
    assert [prefix for _, prefix in arguments[1:]] == ["/corpus/ja/web_0000", "/corpus/ja/web_0001"]
    assert sum(int(weight) for weight, _ in arguments) == 100_000
    assert Path(write_mix(mixture, str(tmp_path / "out"))).read_text("utf-8") == mixture.arguments


def test_the_command_prints_the_table_the_total_the_notices_and_the_argument(
    demo_run: FinishedRun, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(demo_run.out, tmp_path / "out")
    assert main(["mix", "--config", str(config), "--out", str(out)]) == EXIT_NOTICES
    printed = capsys.readouterr().out
    assert "100,000 of 100,000 tokens, 100.00% of the target" in printed
    assert "Notices\n  elsewhere is repeated" in printed
    assert main(["mix", "--config", str(config), "--out", str(out), "--allow-empty"]) == 0
    file = Path(printed.splitlines()[-1].removeprefix("--data-args-path "))
    assert file.is_relative_to(out)
    assert file.read_text("utf-8").count("\n") == 3


def test_gc_keeps_the_data_arguments_where_a_kept_configuration_has_a_mix(
    demo_run: FinishedRun, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What training reads was listed, and deleted on request."""
    out = shutil.copytree(demo_run.out, tmp_path / "out")
    text = re.sub(r"(?m)^out = .*", f'out = "{out}"', config.read_text("utf-8"), count=1)
    config.write_text(text, encoding="utf-8")
    without = config.with_name("without.toml")
    without.write_text(text.split("[mix]")[0], encoding="utf-8")
    assert main(["mix", "--config", str(config)]) == EXIT_NOTICES
    capsys.readouterr()
    for kept, is_listed in ((config, False), (without, True)):
        assert main(["gc", str(out), "--keep", str(kept)]) == 0
        assert (str(out / "mix-") in capsys.readouterr().out) == is_listed


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            'name = "web"\nrepeats',
            'name = "news"\nrepeats',
            r"\[\[mix.source\]\] 1: name: no such source: 'news' is not one of web, ndl,",
        ),
        ('match = "ja/*"', 'match = "zh/*"', r"no prefix of .*counted\.tsv matches 'zh/\*'"),
        ("counted.tsv", "gone.tsv", r"source 'elsewhere': table .*gone\.tsv cannot be read"),
        ("weight = 1", "wait = 1", r"unknown key 'wait'"),
    ],
)
def test_a_users_mistake_is_one_line(
    demo_run: FinishedRun, config: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, problem: str
) -> None:
    text = config.read_text("utf-8")
    head, mix = text.split("[mix]")
    config.write_text(head + "[mix]" + mix.replace(old, new), encoding="utf-8")
    assert main(["mix", "--config", str(config), "--out", str(demo_run.out)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(problem, line)


def test_a_damaged_table_is_reported_with_its_line(tmp_path: Path, config: Path, demo_run: FinishedRun) -> None:
    (tmp_path / "counted.tsv").write_text("filename\ttokens\nja/web\tmany\n", encoding="utf-8")
    settings = load_config(str(config), str(demo_run.out))
    assert settings.mix is not None
    with pytest.raises(UserError, match=r"counted\.tsv: line 2: expected a prefix, a tab and a number"):
        counted_shards(settings, settings.mix)


def test_the_counts_of_a_real_corpus_make_a_mixture_of_ten_trillion(real_data: Path) -> None:
    table = str(real_data / "reference" / "llmjp_v4_num_tokens.tsv")
    lines = [
        MixSource("japanese", table=table, match="corpus/tokenized/ja/*", repeats=2),
        MixSource("code", table=table, match="corpus/tokenized/code/*", repeats=1),
        MixSource("english", table=table, match="corpus/tokenized/en/*", weight=1),
    ]
    mix = Mix(tuple(lines), target_tokens=10 * 10**12)
    # No source is this run's own, so no configuration is asked.
    counted = {name: parts["train"] for name, parts in counted_shards(None, mix).items()}  # type: ignore[arg-type]
    mixed = plan_mix(mix, counted)
    listed = [line.split("\t") for line in Path(table).read_text("utf-8").splitlines()[1:]]
    japanese = sum(int(tokens) for name, tokens in listed if name.startswith("corpus/tokenized/ja/"))
    assert mixed[0].tokens == 2 * japanese
    assert sum(source.tokens for source in mixed) == mix.target_tokens
    assert len(data_arguments(mixed).splitlines()) == sum(len(source.shards) for source in mixed)


HELD_OUT = """
[mix]
target_tokens = 200_000
validation = 0.2
test = 0.1

[[mix.source]]
name = "more"
source = "web"
signal = "hiragana_fraction"
minimum = 0.5
repeats = 2

[[mix.source]]
name = "less"
source = "web"
signal = "hiragana_fraction"
below = 0.5
repeats = 1

[mix.training]
seq_length = 32
global_batch_size = 4
train_iters = 10
"""


@given(
    ids=st.lists(st.binary(min_size=16, max_size=16), min_size=1, max_size=50, unique=True),
    validation=st.floats(0, 0.5),
    test=st.floats(0, 0.4),
)
def test_a_document_that_is_held_out_stays_so_in_any_company_and_with_a_larger_share(
    ids: list[bytes], validation: float, test: float
) -> None:
    def mix_of(validation: float) -> Mix:
        return Mix((MixSource("a", weight=1),), 1, validation=validation, test=test)

    parts = part_of(pa.array(ids, DOC_ID), mix_of(validation))
    assert [part_of(pa.array([one], DOC_ID), mix_of(validation))[0] for one in ids] == parts.tolist()
    larger = part_of(pa.array(ids, DOC_ID), mix_of(min(0.55, validation + 0.05)))
    assert np.all(larger[parts > 0] > 0)


@pytest.fixture(scope="module")
def held_out(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """The arguments of a copy of the demo with documents held out, and the file that Megatron reads."""
    folder = tmp_path_factory.mktemp("held_out")
    shutil.copytree(demo_run.out, folder / "out")
    config = folder / "mix.toml"
    config.write_text(demo_run.config.read_text(encoding="utf-8") + HELD_OUT, encoding="utf-8")
    arguments = ["--config", str(config), "--out", str(folder / "out")]
    assert main(["mix", *arguments, "--allow-empty"]) == 0
    (written,) = (folder / "out").glob("mix-*/per_split_data_args.json")
    return arguments, written


def test_parts_and_bins_hold_every_document_of_a_source_once(
    demo_run: FinishedRun, held_out: tuple[list[str], Path]
) -> None:
    found: list[tuple[int, int]] = []
    paths = json.loads(held_out[1].read_text("utf-8"))
    assert set(paths) == set(PARTS)
    for words in paths.values():
        for weight, prefix in zip(words[::2], words[1::2], strict=True):
            index = DocumentIndex.read(prefix)
            found += zip(index.first_tokens.tolist(), index.lengths.tolist(), strict=True)
            assert int(weight) % int(index.lengths.sum()) == 0
    (whole,) = [path for path in demo_run.out.rglob("web-*_text_document.idx") if "mix" not in str(path)]
    index = DocumentIndex.read(str(whole).removesuffix(".idx"))
    assert sorted(found) == list(zip(index.first_tokens.tolist(), index.lengths.tolist(), strict=True))


def test_no_step_of_training_reads_a_document_that_is_held_out(
    held_out: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, _ = held_out
    seen = set()
    for step in range(1, 11):
        capsys.readouterr()
        assert main(["step", str(step), *arguments, "--json"]) == 0
        seen |= {json.loads(line)["doc_id"] for line in capsys.readouterr().out.splitlines()}
    settings = load_config(arguments[1], arguments[3])
    assert settings.mix is not None
    parts = part_of(pa.array([bytes.fromhex(one) for one in sorted(seen)], DOC_ID), settings.mix)
    assert seen
    assert not parts.any()


def test_a_split_that_leaves_a_shard_without_documents_is_a_notice() -> None:
    mix = Mix((MixSource("a", repeats=1),), 200, training=Training(16, 4, train_iters=2, split="999,1,0"))
    mixed = plan_mix(mix, {"a": [CountedShard("/data/a", 100, 56), CountedShard("/data/b", 100, 5600)]})
    (notice,) = notices_of(mix, mixed)
    assert "leaves a part of 1 token shards without a document" in notice
    assert "/data/a" in notice


def test_an_unknown_signal_is_a_line_each(held_out: tuple[list[str], Path], capsys: pytest.CaptureFixture[str]) -> None:
    arguments, _ = held_out
    path = Path(arguments[1])
    wrong = path.with_name("wrong.toml")
    wrong.write_text(path.read_text("utf-8").replace('"hiragana_fraction"', '"beauty"'), encoding="utf-8")
    capsys.readouterr()
    assert main(["mix", "--config", str(wrong), *arguments[2:]]) == 2
    for number, line in enumerate(capsys.readouterr().err.splitlines(), start=1):
        assert f"[[mix.source]] {number}: signal: 'beauty' is not one of char_count," in line
