"""From a step of a training run to its documents, and back."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from manyo.pipelines.cli import main
from manyo.tokenizer.reader import TokenShard
from tests.conftest import FinishedRun
from tests.tokenizer.test_megatron_cache import write_cache, write_shard

MIX = """
[mix]
target_tokens = 100_000

[[mix.source]]
name = "web"
repeats = 2

[[mix.source]]
name = "aozora"
weight = 1

[mix.training]
seq_length = 64
global_batch_size = 8
train_iters = 70
split = "1,0,0"
"""


@dataclass(frozen=True, slots=True)
class MixedRun:
    arguments: tuple[str, ...]
    out: Path


@pytest.fixture(scope="module")
def mixed(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> MixedRun:
    """A copy of the demo with a mixture, whose arguments are written."""
    folder = tmp_path_factory.mktemp("mixed")
    out = folder / "out"
    shutil.copytree(demo_run.out, out)
    config = folder / "mix.toml"
    config.write_text(demo_run.config.read_text(encoding="utf-8") + MIX, encoding="utf-8")
    arguments = ("--config", str(config), "--out", str(out))
    assert main(["mix", *arguments, "--allow-empty"]) == 0
    return MixedRun(arguments, out)


def documents_of_step(
    run: MixedRun, step: int, capsys: pytest.CaptureFixture[str], *more: str
) -> list[dict[str, object]]:
    capsys.readouterr()
    assert main(["step", str(step), *run.arguments, "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_samples_of_a_step_are_whole_and_hold_the_tokens_of_their_documents(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = documents_of_step(mixed, 3, capsys)
    assert sorted({row["sample"] for row in rows}) == list(range(16, 24))
    for sample in range(16, 24):
        # 64 tokens and the label of the last.
        assert sum(int(str(row["tokens"])) for row in rows if row["sample"] == sample) == 65
    shards = {path.name.removesuffix("_text_document.bin"): path for path in mixed.out.rglob("*_text_document.bin")}
    for row in rows:
        shard = TokenShard.open(str(shards[str(row["shard"])]).removesuffix(".bin"))
        position, first = int(str(row["position"])), int(str(row["first_token"]))
        own = shard.row_of_token(position)
        assert position - first == shard.first_tokens[own]
        assert first + int(str(row["tokens"])) <= np.diff(shard.first_tokens)[own]


def test_a_document_is_seen_in_the_steps_that_list_it_and_in_no_other(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    steps_of_document: dict[str, list[int]] = {}
    for step in range(1, 71):
        for doc_id in {str(row["doc_id"]) for row in documents_of_step(mixed, step, capsys)}:
            steps_of_document.setdefault(doc_id, []).append(step)
    for doc_id in sorted(steps_of_document)[:6]:
        assert main(["seen", doc_id, *mixed.arguments, "--json"]) == 0
        (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert found["doc_id"] == doc_id
        assert found["steps"] == steps_of_document[doc_id]


@pytest.mark.parametrize("out", ["out", "./out/", "link"])
def test_a_document_is_seen_whatever_the_output_is_called(
    mixed: MixedRun, out: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an output with a relative name, it was read in no step."""
    monkeypatch.chdir(mixed.out.parent)
    if not os.path.exists(out):
        os.symlink("out", out)
    doc_id = str(documents_of_step(mixed, 3, capsys)[0]["doc_id"])
    assert main(["seen", doc_id, "--config", "mix.toml", "--out", out, "--json", "--mix", mixture_of(mixed)]) == 0
    (found,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert 3 in found["steps"]


def mixture_of(run: MixedRun) -> str:
    (written,) = run.out.glob("mix-*/data_args.txt")
    return str(written)


def test_another_planned_length_is_another_order(mixed: MixedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert documents_of_step(mixed, 3, capsys) != documents_of_step(mixed, 3, capsys, "--train-iters", "140")


def test_the_table_names_the_order_and_its_columns(mixed: MixedRun, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["step", "1", *mixed.arguments]) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0].split("\t")[:3] == ["sample", "source", "doc_id"]
    assert (
        "order of megatron-core 0.11 to 0.19 on x86-64, planned for 560 samples of 64 tokens, seed 1234" in printed.err
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["0"], "there is no step 0: the run reads samples in steps 1 to 70"),
        (["71"], "there is no step 71"),
        (["1", "--mix", "/nowhere"], "/nowhere: cannot be read"),
        (["1", "--split", "x"], "split is three shares such as 969,30,1"),
        (["1", "--train-samples", "0"], "train_samples must be 1 or more"),
        (["1", "--train-iters", "9" * 20], "are more than 64 bits count"),
        (["1", "--seq-length", "9" * 20], "are more than 64 bits count"),
        (["1", "--train-iters", "9" * 14], "epochs of"),
    ],
)
def test_a_users_mistake_is_one_line(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], arguments: list[str], problem: str
) -> None:
    capsys.readouterr()
    assert main(["step", *arguments, *mixed.arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert problem in line


def test_a_wrong_bit_in_an_index_ends_step_and_seen_with_the_line_of_verify_and_1(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three of four samples were those of a wrong document, with status 0."""
    doc_ids = [str(row["doc_id"]) for row in documents_of_step(mixed, 1, capsys, "--source", "web")]
    (index,) = mixed.out.rglob("web-*_text_document.idx")
    sound = index.read_bytes()
    wrong = bytearray(sound)
    n_documents = int.from_bytes(sound[18:26], "little")
    wrong[34 + 4 * (n_documents - 1) + 2] ^= 1  # in the last length
    try:
        index.write_bytes(wrong)
        for command in (["step", "1"], ["seen", doc_ids[0]]):
            assert main([*command, *mixed.arguments]) == 1
            *_, line = capsys.readouterr().err.splitlines()
            assert re.search(r"_text_document\.bin: byte \d+: has \d+ bytes, its index says \d+", line)
    finally:
        index.write_bytes(sound)


def test_what_is_not_said_of_a_training_run_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["step", "1", "--mix", str(tmp_path / "a"), "--seq-length", "16"]) == 2
    assert "--global-batch-size, --train-iters or --train-samples" in capsys.readouterr().err


def test_a_shard_whose_name_no_file_can_have_is_one_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "arguments").write_bytes(b"1 a\x00b 1 c")
    options = ["--seq-length", "32", "--global-batch-size", "4", "--train-iters", "5"]
    assert main(["step", "1", "--mix", str(tmp_path / "arguments"), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be read: embedded null byte" in line


def test_a_shard_in_a_folder_with_a_space_is_read_from_a_list_of_parts(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (found,) = list(mixed.out.rglob("web-*_text_document.idx"))
    folder = tmp_path / "コーパス　2026 秋"
    folder.mkdir()
    for suffix in (".idx", ".bin"):
        shutil.copy2(found.with_suffix(suffix), folder / f"web{suffix}")
    parts = {"train": ["1", str(folder / "web")], "valid": None, "test": None}
    (tmp_path / "parts.json").write_text(json.dumps(parts, ensure_ascii=False), encoding="utf-8")
    options = ["--seq-length", "32", "--global-batch-size", "4", "--train-iters", "5", "--json"]
    assert main(["step", "1", "--mix", str(tmp_path / "parts.json"), *options]) == 0
    assert {json.loads(line)["shard"] for line in capsys.readouterr().out.splitlines()} == {"web"}


def test_shards_that_manyo_did_not_write_have_positions_alone(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (found,) = list(mixed.out.rglob("web-*_text_document.idx"))
    prefix = tmp_path / "foreign"
    shutil.copy2(found, f"{prefix}.idx")
    shutil.copy2(found.with_suffix(".bin"), f"{prefix}.bin")
    arguments = tmp_path / "arguments.txt"
    arguments.write_text(str(prefix), encoding="utf-8")
    options = ["--seq-length", "32", "--global-batch-size", "4", "--train-iters", "5", "--split", "1,0,0", "--json"]
    assert main(["step", "2", "--mix", str(arguments), *options]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(row["doc_id"], row["shard"]) for row in rows} == {(None, "foreign")}


def test_a_takedown_names_the_steps_that_read_the_document(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(mixed.out, out)
    arguments = (*mixed.arguments[:3], str(out))
    assert main(["mix", *arguments, "--allow-empty"]) == 0
    doc_id = str(documents_of_step(mixed, 3, capsys)[0]["doc_id"])
    assert main(["seen", doc_id, *arguments, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    (tmp_path / "list.txt").write_text(doc_id, encoding="utf-8")
    assert main(["takedown", str(tmp_path / "list.txt"), *arguments, "--dry-run"]) == 0
    assert f"read in training steps: {', '.join(map(str, steps))}\n" in capsys.readouterr().out
    assert main(["takedown", str(tmp_path / "list.txt"), *arguments, "--dry-run", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["steps"] == steps
    assert main(["takedown", str(tmp_path / "list.txt"), *arguments, "--executor", "serial"]) == 0
    assert f"read in training steps: {', '.join(map(str, steps))}\n" in capsys.readouterr().out


def test_cache_writes_what_training_reads_and_names_a_tokenizer_that_is_none(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "tokenizer.json").write_text('{"class": "Tokenizer"}', encoding="utf-8")
    to = ("cache", *mixed.arguments, "--to", str(tmp_path / "caches"))
    assert main([*to, "--tokenizer", str(tmp_path / "tokenizer.json")]) == 0
    written = [Path(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(written) == sorted((tmp_path / "caches").glob("*-description.txt"))
    assert "BlendedDataset" in written[-1].name
    assert main(["verify", *mixed.arguments, "--data-cache-path", str(tmp_path / "caches")]) == 0
    assert main([*to, "--tokenizer", str(written[-1])]) == 0, "the description of an earlier cache"
    assert capsys.readouterr().out.splitlines()[-len(written) :] == [str(path) for path in written]
    (tmp_path / "tokenizer.json").write_text("[1]", encoding="utf-8")
    assert main([*to, "--tokenizer", str(tmp_path / "tokenizer.json")]) == 2
    assert "is no description of a cache" in capsys.readouterr().err


def test_verify_names_a_cache_of_megatron_that_the_shard_no_longer_fits(
    mixed: MixedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(mixed.out, out)
    arguments = (*mixed.arguments[:3], str(out))
    (index,) = list(out.rglob("web-*_text_document.idx"))
    prefix = index.with_suffix("")
    lengths = np.diff(TokenShard.open(prefix).first_tokens).tolist()
    write_cache(prefix, 50, prefix / "cache" / "GPTDataset_indices")
    assert main(["verify", *arguments, "--sample", "0"]) == 0
    write_shard(tmp_path / "before", [lengths[0] + 1, *lengths[1:]])
    stale = write_cache(tmp_path / "before", 50, tmp_path / "caches")
    stale.write_text(stale.read_text(encoding="utf-8").replace(str(tmp_path / "before"), str(prefix)), encoding="utf-8")
    assert main(["verify", *arguments, "--sample", "0", "--data-cache-path", str(tmp_path / "caches")]) == 1
    assert f"{stale}: file: is a cache of {prefix} as it was before" in capsys.readouterr().out
    assert main(["verify", *arguments, "--data-cache-path", str(tmp_path / "nowhere")]) == 2
