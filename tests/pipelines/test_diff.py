"""diff: two runs with one threshold moved differ by the documents that whatif foretold, and bounds set the status."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from manyo.corpus.tables.shards import read_columns
from manyo.filters.rules.comparison import compare, move_bound
from manyo.pipelines.cli import main
from manyo.pipelines.commands.measured_documents import measured_shards, read_columns_of
from manyo.pipelines.commands.rule_changes import what_if
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_USER
from manyo.pipelines.graph import build, extract_stages
from manyo.pipelines.graph.config import load_config
from tests.conftest import ROOT, FinishedRun

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RULE, MINIMUM = "too_short", 400


@pytest.fixture(scope="module")
def moved_run(demo_run: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """The same inputs with one bound moved, up to dedup, in the same folder as a copy of the first run."""
    folder = tmp_path_factory.mktemp("moved")
    text = (ROOT / "filters" / "rules" / "default.toml").read_text(encoding="utf-8")
    before, rule = text.split(f'name     = "{RULE}"')
    rules = folder / "rules.toml"
    rules.write_text(f'{before}name = "{RULE}"' + re.sub(r"(?m)^minimum.*$", f"minimum = {MINIMUM}", rule, count=1))
    config = folder / "moved.toml"
    original = demo_run.config.read_text(encoding="utf-8")
    config.write_text(original.replace('rules = "default"', f'rules = "{rules}"'), encoding="utf-8")
    out = shutil.copytree(demo_run.out, folder / "out")
    arguments = ("--config", str(config), "--out", str(out), "--executor", "serial")
    assert main(["run", "--until", "dedup", *arguments]) == 0
    return FinishedRun(config, out)


def diff(first: FinishedRun, second: FinishedRun, *options: str) -> int:
    outs = ("--out-a", str(first.out), "--out-b", str(second.out))
    return main(["diff", str(first.config), str(second.config), *outs, *options])


def pages(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_one_moved_threshold_gains_and_loses_what_whatif_foretold(
    demo_run: FinishedRun, moved_run: FinishedRun, tmp_path: Path
) -> None:
    first = FinishedRun(demo_run.config, moved_run.out)
    assert diff(first, moved_run, "--json", str(tmp_path / "diff.json"), "--pages", str(tmp_path / "pages.jsonl")) == 0
    numbers = json.loads((tmp_path / "diff.json").read_text(encoding="utf-8"))
    config = load_config(str(demo_run.config), str(demo_run.out))
    shards = measured_shards(config, "whatif")
    alternative = move_bound(config.rules, RULE, "minimum", MINIMUM)
    (change,) = what_if(shards, config.rules, [alternative], 0).changes
    assert numbers["rules_gained"] == change.gained.documents
    assert numbers["rules_lost"] == change.lost.documents > 0
    foretold = set()
    for shard in shards:
        documents, languages, signals = read_columns_of(shard, (*config.rules, *alternative.rules))
        _, (of_shard,) = compare(languages, signals, documents["profile"], config.rules, [alternative])
        ids = read_columns(shard.documents, ["doc_id"])["doc_id"].to_pylist()
        foretold |= {ids[row].hex() for row in np.flatnonzero((of_shard.lost | of_shard.gained) & shard.permitted())}
    passing = ("kept", "duplicate")
    listed = pages(tmp_path / "pages.jsonl")
    assert {one["doc_id"] for one in listed if (one["before"] in passing) != (one["after"] in passing)} == foretold
    assert all(
        RULE in one["after"] for one in listed if one["after"].startswith("dropped") and one["before"] in passing
    )
    by_source = {one["name"]: one["lost"] for one in numbers["groups"]["source"]}
    assert sum(by_source.values()) == numbers["lost"]


def test_a_selection_of_no_page_passes_no_bound(
    demo_run: FinishedRun, moved_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    first = FinishedRun(demo_run.config, moved_run.out)
    assert diff(first, moved_run, "--max-lost", "0", "--host", "nobody.example") == 2
    assert "diff: no document of this run is in --host nobody.example" in capsys.readouterr().err


@pytest.mark.parametrize("by", ["doc_id", "uri"])
def test_a_run_does_not_differ_from_its_copy(demo_run: FinishedRun, tmp_path: Path, by: str) -> None:
    path = tmp_path / "diff.json"
    limits = ("--max-gained", "0", "--max-lost", "0", "--max-changed", "0", "--max-moved", "0")
    copy = FinishedRun(demo_run.config, shutil.copytree(demo_run.out, tmp_path / "copy"))
    assert diff(demo_run, copy, "--by", by, "--json", str(path), *limits) == 0
    numbers = json.loads(path.read_text(encoding="utf-8"))
    assert numbers["moves"] == []
    assert all(shift["distance"] == 0 for shift in numbers["shifts"])
    assert numbers["before"] == numbers["after"]
    assert numbers["before"]["tokens"]


def test_the_runs_exchanged_exchange_gains_and_losses(
    demo_run: FinishedRun, moved_run: FinishedRun, tmp_path: Path
) -> None:
    first = FinishedRun(demo_run.config, moved_run.out)
    there, back = tmp_path / "there.json", tmp_path / "back.json"
    assert diff(first, moved_run, "--json", str(there)) == diff(moved_run, first, "--json", str(back)) == 0
    one, other = (json.loads(path.read_text(encoding="utf-8")) for path in (there, back))
    assert (one["gained"], one["lost"], one["before"]) == (other["lost"], other["gained"], other["after"])
    moves = {(move["before"], move["after"]): move["pages"] for move in one["moves"]}
    assert moves == {(move["after"], move["before"]): move["pages"] for move in other["moves"]}


def test_a_changed_text_is_found_in_runs_of_different_folders(
    tmp_path: Path,
) -> None:
    """A document is known by its path below the root of its input, wherever that is."""
    configs = []
    for name in ("a", "b"):
        folder = tmp_path / f"aozora_{name}"
        shutil.copytree(ROOT / "samples" / "aozora", folder)
        if name == "b":
            (changed,) = folder.glob("900001*.txt")
            changed.write_bytes(changed.read_bytes().replace("灯台".encode("shift_jis"), "燈台".encode("shift_jis")))
        config = tmp_path / f"{name}.toml"
        config.write_text(
            f'[run]\nout = "{tmp_path / name}"\n[[source]]\nname = "aozora"\nkind = "aozora"\n'
            f'inputs = ["{folder}/*.txt"]\nprofile = "prose"\nlicence = "x"\n[tokenize.train]\n',
            encoding="utf-8",
        )
        assert main(["run", "--until", "filter", "--config", str(config), "--executor", "serial"]) == 0
        configs.append(config)
    path = tmp_path / "diff.json"
    arguments = ["diff", *map(str, configs), "--json", str(path)]
    assert main(arguments) == 0
    assert json.loads(path.read_text(encoding="utf-8"))["changed"] == 1
    assert main([*arguments, "--max-changed", "0"]) == 3
    assert main([*arguments, "--max-changed", "100%"]) == 0


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(("language", "heading"), [("en", "Outcomes"), ("ja", "結果の変化")])
def test_the_page_is_in_one_language_and_no_wider_than_the_window(
    browser: Browser,
    demo_run: FinishedRun,
    moved_run: FinishedRun,
    tmp_path: Path,
    width: int,
    language: str,
    heading: str,
) -> None:
    path = tmp_path / "diff.html"
    assert diff(FinishedRun(demo_run.config, moved_run.out), moved_run, "--html", str(path)) == 0
    page = browser.new_page(viewport={"width": width, "height": 900})
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.goto(path.as_uri())
    page.click(f"label[for=to-{language}]")
    assert page.locator("h2#moves").inner_text() == heading
    other = {"en": "ja", "ja": "en"}[language]
    assert page.locator(f".{other}").evaluate_all("(all) => all.filter((one) => one.getClientRects().length)") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
    assert not errors


def test_bounds_set_the_status_and_a_wrong_one_is_named(
    demo_run: FinishedRun, moved_run: FinishedRun, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = FinishedRun(demo_run.config, moved_run.out)
    page = tmp_path / "diff.html"
    assert diff(first, moved_run, "--max-lost", "0", "--html", str(page)) == 3
    assert "exceeded" in capsys.readouterr().out
    assert RULE in page.read_text(encoding="utf-8").replace("<wbr>", "")
    assert "<script" not in page.read_text(encoding="utf-8")
    assert diff(first, moved_run, "--max-lost", "many") == 2
    assert "--max-lost many: give a number" in capsys.readouterr().err


@pytest.fixture
def other_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """This version names every folder otherwise than the one that made the runs: reading pages is another step now."""
    ours = extract_stages.extract_stage
    monkeypatch.setattr(build, "extract_stage", lambda config: replace(one := ours(config), version=one.version + 1))


@pytest.mark.usefixtures("other_version")
def test_a_run_that_another_version_made_is_compared(
    demo_run: FinishedRun, moved_run: FinishedRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "old"
    for folder in ("extract", "langid", "measure", "decide", "takedown", "duplicates"):
        for found in moved_run.out.glob(f"{folder}-*"):
            shutil.copytree(found, out / found.name)
    assert diff(FinishedRun(moved_run.config, out), demo_run) == EXIT_USER
    assert "several others (duplicates-" in capsys.readouterr().err
    (own,) = {found.name for found in demo_run.out.glob("duplicates-*")}
    shutil.rmtree(out / own)
    first = FinishedRun(moved_run.config, out)
    assert diff(first, demo_run, "--json", str(tmp_path / "diff.json")) == EXIT_DONE
    numbers = json.loads((tmp_path / "diff.json").read_text(encoding="utf-8"))
    assert numbers["gained"] > 0
    assert numbers["only_before"] == numbers["only_after"] == numbers["changed"] == 0


@pytest.mark.usefixtures("other_version")
def test_gc_leaves_what_another_version_made(demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]) -> None:
    """It listed the folders of the very configuration that was to be kept."""
    command = ["gc", str(demo_run.out), "--keep", str(demo_run.config)]
    assert main(command) == EXIT_DONE
    said = capsys.readouterr().out
    assert "are of other versions of manyo and stay" in said
    assert "0 folders, 0.0 MB would be deleted" in said
    assert main([*command, "--other-versions"]) == EXIT_DONE
    assert "0 folders" not in capsys.readouterr().out
