"""Every command that compares: the same file on both sides is a mistake, not a comparison without a difference."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from manyo.pipelines.cli import main
from tests.conftest import FinishedRun

#: What stands after `manyo`; the corpus is `a.jsonl`, the run `run.toml`.
COMPARED_WITH_ITSELF = {
    "ablate": "ablate a.jsonl a.jsonl",
    "ablate in another spelling": "ablate a.jsonl ./in/../a.jsonl",
    "ablate with a link": "ablate a.jsonl link.jsonl",
    "ablate held out": "ablate a.jsonl b.jsonl --held-out news b.jsonl",
    "train-quality": "train-quality --positive a.jsonl --negative a.jsonl --model m.txt",
    "train-quality by a glob": "train-quality --positive *.jsonl --negative b.jsonl --model m.txt",
    "train-categories": "train-categories --category shop a.jsonl --category news a.jsonl --model m.txt",
    "diff": "diff run.toml run.toml",
    "diff of two names of a run": "diff run.toml again.toml",
    "whatif of the rules": "whatif --config run.toml --rules default",
    "whatif of the policy": "whatif --config run.toml --policy policy.toml",
}


@pytest.fixture
def folder(demo_run: FinishedRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text('{"text": "峠の茶屋で、旅の人が茶を飲んでいた。"}\n', encoding="utf-8")
    os.symlink("a.jsonl", "link.jsonl")
    (tmp_path / "policy.toml").write_text("[rights]\n")
    for name in ("run.toml", "again.toml"):
        content = re.sub('^out = ".*"', f'out = "{demo_run.out}"', demo_run.config.read_text("utf-8"), flags=re.M)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("line", COMPARED_WITH_ITSELF.values(), ids=COMPARED_WITH_ITSELF.keys())
def test_nothing_is_compared_with_itself(line: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(line.split()) == 2
    (complaint,) = capsys.readouterr().err.splitlines()
    assert any(said in complaint for said in ("on both sides", "are one run", "of the run"))
