"""Every command over sources and shards that give nothing: an empty file, a file of which no document is kept, a
source of either, and a run of nothing else. They are zeros, not errors."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from manyo.pipelines.cli import COMMANDS, main
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.dedup.pages import page
from tests.tokenizer.conftest import SENTENCES, VOCABULARY_SIZE, TrainTokenizer, sentences_to_train_on, train

#: Texts of each file of each source. `gone` loses all of its documents to a rule, `full` one.
SOURCES: dict[str, dict[str, list[str]]] = {
    "full": {"a": ["\n".join(SENTENCES), page(1), page(2)], "b": [], "c": ["短い。"]},
    "none": {"a": []},
    "gone": {"a": ["短い。", "x"]},
}

RULE = """
[[rule]]
name = "too_short"
profiles = ["web"]
signal = "char_count"
minimum = 5
source = "test"
rejects = "短い。"
keeps = "短くない文です。"
"""

#: Every stage that a configuration can ask for, but the training of a tokenizer.
STAGES = """
[notices]
allow_empty = true
[filter]
rules = "{folder}/rules.toml"
[rights]
[templates]
[dedup]
index = true
[dedup.boilerplate]
remove = ["web"]
[decontaminate]
[[decontaminate.benchmark]]
name = "own"
files = ["{folder}/items.jsonl"]
fields = ["question"]
[export]
format = "{export}"
[tokenize]
model = "{model}"
[tokenize.shuffle]
seed = 1
[mix]
target_tokens = 10_000
[mix.training]
seq_length = 16
global_batch_size = 2
train_iters = 5
split = "1,0,0"
"""

#: Commands that run stages, and take an executor.
SERIAL = {"run", "extract", "langid", "filter", "dedup", "scrub", "export", "tokenize", "report", "takedown"}

#: Commands that read no run of one configuration, or need a cluster, labels or the index of a crawl.
ELSEWHERE = {
    "ablate",
    "rebuild",
    "plan-ablation",
    "choose-tasks",
    "init",
    "gc",
    "label",
    "recall",
    "diff",
    "warm",
    "completion",
    "rules",
    "select",
    "submit",
    "stop",
    "tokenizer",
    "train-categories",
    "train-quality",
    "train-tokenizer",
}


@dataclass(frozen=True, slots=True)
class Corpus:
    """A configuration over some of `SOURCES`."""

    folder: Path
    sources: tuple[str, ...]

    @property
    def config(self) -> str:
        return str(self.folder / "config.toml")

    def write(self, model: Path, export: str) -> None:
        self.folder.mkdir()
        tables = [f'[run]\nout = "{self.folder}/out"\n']
        for name in self.sources:
            for file, texts in SOURCES[name].items():
                rows = [{"id": f"http://{name}.jp/{file}/{n}", "text": text} for n, text in enumerate(texts)]
                path = self.folder / f"{name}_{file}.jsonl"
                path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
            tables.append(
                f'[[source]]\nname = "{name}"\nkind = "jsonl"\nprofile = "web"\nlicence = "CC0"\nuri_field = "id"\n'
                f'inputs = ["{self.folder}/{name}_*.jsonl"]\n'
            )
        (self.folder / "rules.toml").write_text(RULE, encoding="utf-8")
        (self.folder / "items.jsonl").write_text('{"question": "この町で一番高い山は何ですか？"}\n', encoding="utf-8")
        tables.append(STAGES.format(folder=self.folder, model=model, export=export))
        tables += [f'[[mix.source]]\nname = "{name}"\nrepeats = 1\n' for name in self.sources]
        Path(self.config).write_text("".join(tables), encoding="utf-8")

    def call(self, command: str, *words: str) -> int:
        return main([command, *words, "--config", self.config, *(["--executor", "serial"] * (command in SERIAL))])

    def table(self, name: str) -> Path:
        return Path(table_folder(load_config(self.config), name))

    def documents(self, table: str) -> int:
        return sum(pq.read_metadata(path).num_rows for path in self.table(table).rglob("*.parquet"))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.model"
    options = TrainTokenizer(vocabulary_size=VOCABULARY_SIZE, word_boundaries="off", threads=1)
    train(sentences_to_train_on(), options, path)
    return path


def statuses(corpus: Corpus, listed: Path) -> dict[str, int]:
    """The exit status of each command over a run."""
    listed.write_text("gone.jp\n", encoding="utf-8")
    asked = f"http://{corpus.sources[-1]}.jp/a/0"
    tokenizer = listed.with_suffix(".json")
    tokenizer.write_text('{"class": "Tokenizer"}', encoding="utf-8")
    words = {
        "path": ("release",),
        "trace": (asked,),
        "show": (asked,),
        "seen": (asked,),
        "step": ("1",),
        "cache": ("--tokenizer", str(tokenizer), "--to", str(corpus.folder / "caches")),
        "whatif": ("--rule", "too_short", "--minimum", "1"),
        "inspect": ("--kept",),
        "takedown": (str(listed), "--dry-run"),
        "publish": ("--to", str(corpus.folder / "published")),
        "view": ("--html", str(corpus.folder / "view.html")),
    }
    found = {"run": corpus.call("run")}
    for command in COMMANDS.keys() - ELSEWHERE - {"run", "mix", "step", "seen", "cache"}:
        found[command] = corpus.call(command, *words.get(command, ()))
    for command in ("mix", "step", "seen", "cache"):
        found[command] = corpus.call(command, *words.get(command, ()))
    more = (["verify", "--deep"], ["verify", "--sample", "0"], ["inspect", "--duplicates"])
    more += (["inspect", "--reason", "too_short"], ["whatif", "--rules", "default"], ["plan", "--actual"])
    for command, *options in more:
        found[f"{command} {options[0]}"] = corpus.call(command, *options)
    return found


def test_sources_and_shards_that_give_nothing_pass_through_every_command(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpus = Corpus(tmp_path / "mixed", ("full", "none", "gone"))
    corpus.write(model, "parquet")
    found = statuses(corpus, tmp_path / "list")
    assert {command: status for command, status in found.items() if status} == {}
    printed = capsys.readouterr()
    assert "none has no tokens and is left out" in printed.out
    assert "has no tokens; manyo trace says why\n  read in no step of this run" in printed.out
    assert corpus.documents("release") == corpus.documents("export") == 3
    assert corpus.documents("index") == 3


def test_a_takedown_of_all_that_a_shard_held_leaves_zeros(tmp_path: Path, model: Path) -> None:
    corpus = Corpus(tmp_path / "mixed", ("full", "none"))
    corpus.write(model, "jsonl")
    assert corpus.call("run") == 0
    listed = tmp_path / "list"
    listed.write_text("full.jp\n", encoding="utf-8")
    assert corpus.call("takedown", str(listed)) == 0
    assert corpus.documents("release") == corpus.documents("index") == 0
    assert b"".join(gzip.decompress(path.read_bytes()) for path in corpus.table("export").rglob("*.gz")) == b""
    assert [corpus.call(command) for command in ("verify", "report", "run", "mix")] == [0, 0, 0, 2]


@pytest.mark.parametrize(("source", "steps"), [("none", (2, 2, 2)), ("gone", (2, 0, 2))])
def test_a_run_that_keeps_nothing_passes_through_every_command_and_says_so(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str], source: str, steps: tuple[int, int, int]
) -> None:
    corpus = Corpus(tmp_path / source, (source,))
    corpus.write(model, "jsonl")
    found = statuses(corpus, tmp_path / "list")
    # There is no page to trace where there is none, and nothing to mix, so no training run.
    asked = {command: found.pop(command) for command in ("mix", "trace", "step")}
    assert tuple(asked.values()) == steps
    assert found.pop("show") == asked["trace"]
    assert found.pop("takedown") == (0 if source == "gone" else 3), "an entry that names no page"
    assert (found.pop("seen"), found.pop("cache"), found.pop("publish")) == (2, 2, 2)
    assert {command: status for command, status in found.items() if status} == {}
    printed = capsys.readouterr().err
    assert "manyo: warning: no document is left" in printed
    assert f"there is nothing to mix: no tokens in {source}" in printed


def test_a_crawl_is_compared_with_an_index_without_rows(tmp_path: Path, model: Path) -> None:
    earlier, later = Corpus(tmp_path / "earlier", ("none", "gone")), Corpus(tmp_path / "later", ("full", "none"))
    for corpus in (earlier, later):
        corpus.write(model, "jsonl")
        assert corpus.call("run", "--until", "dedup") == 0
    for corpus, against in ((later, earlier), (earlier, later)):
        assert corpus.call("dedup", "--against", str(against.table("index"))) == 0
