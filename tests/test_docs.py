"""What the documentation says works: commands, files, programs, tables and links."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from docs.commands import options_of
from docs.configuration import keys
from docs.dedup_plan import measured, plan, with_plan
from docs.reasons import ENGLISH
from manyo.corpus.sources.source_kinds import KINDS
from manyo.pipelines.cli import COMMANDS, parse
from manyo.pipelines.engine.errors import STATUSES
from manyo.pipelines.extraction import loop as extract
from manyo.pipelines.graph.config import load_config
from manyo.pipelines.run import table_folder
from tests.conftest import ROOT, FinishedRun

README = ROOT / "README.md"
READMES = [README, ROOT / "README.ja.md"]
PAGES = sorted(
    page for folder in (".", "docs/**", "deploy", "samples", "tokenizer") for page in ROOT.glob(f"{folder}/*.md")
)
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


def commands(page: Path) -> list[str]:
    return [line for block in blocks(page, "bash") for line in block.splitlines() if line]


def name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def translated(page: str) -> dict[str, dict[str, str]]:
    """The Japanese texts of a page that is generated in both languages."""
    return tomllib.loads((ROOT / "docs" / f"{page}_ja.toml").read_text(encoding="utf-8"))


def test_every_command_option_and_status_is_on_the_page_in_both_languages() -> None:
    texts = translated("commands")
    helps = {option.help for command in COMMANDS for option in options_of(command)}
    assert texts["option"].keys() == helps
    assert texts["command"].keys() == COMMANDS.keys()
    assert texts["status"].keys() == {str(status) for status in STATUSES}


def test_every_heading_of_the_reasons_is_in_both_languages() -> None:
    assert translated("reasons")["text"].keys() == ENGLISH.keys()


def test_every_key_is_on_the_page_in_both_languages() -> None:
    assert translated("configuration")["meaning"].keys() == {key.name for key in keys()}
    assert all(key.meaning for key in keys())


@pytest.mark.parametrize("command", [line for line in commands(README) if line.startswith("make ")])
def test_make_knows_every_target_in_the_readme(command: str) -> None:
    done = subprocess.run(
        [*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [line for line in commands(README) if line.startswith("manyo ")])
def test_manyo_understands_every_command_in_the_readme(command: str) -> None:
    options = parse(command.split()[1:])
    assert options.command == "train-quality" or (ROOT / options.config).exists()


def test_both_readmes_show_the_same_commands_and_configurations() -> None:
    assert commands(READMES[0]) == commands(READMES[1])
    keys = [[tomllib.loads(block) for block in blocks(page, "toml")] for page in READMES]
    assert keys[0] == keys[1]


def test_the_configuration_in_the_readme_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (block,) = blocks(README, "toml")
    path = tmp_path / "readme.toml"
    path.write_text(block, encoding="utf-8")
    assert load_config(str(path)).sources[0].kind == "warc"


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("[!r]*.toml")), ids=name)
def test_bundled_configurations_load(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert load_config(str(path)).sources


def test_the_program_in_the_readme_says_why_a_document_was_dropped(
    demo_run: FinishedRun, capsys: pytest.CaptureFixture[str]
) -> None:
    program = blocks(README, "python")[0]
    config = load_config(str(demo_run.config), str(demo_run.out))
    for table in ("documents", "decisions"):
        program = program.replace(f'"{table.upper()}"', repr(table_folder(config, table)))
    exec(compile(program, "README.md", "exec"), {})
    shown = capsys.readouterr().out
    assert "kept" in shown
    assert "['" in shown


@pytest.mark.parametrize("page", READMES, ids=name)
def test_the_calls_in_the_readme_give_what_they_say(page: Path) -> None:
    exec(compile(blocks(page, "python")[1], page.name, "exec"), {})


@pytest.mark.parametrize("page", READMES, ids=name)
def test_the_funnel_in_the_readme_is_that_of_the_samples(page: Path, demo_run: FinishedRun) -> None:
    (report,) = demo_run.out.glob("report-*/report.json")
    funnel = json.loads(report.read_text(encoding="utf-8"))["funnel"]
    rows = [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("│")]
    shown = [[cell.strip() for cell in row.strip("│").split("│")] for row in rows]
    assert shown == [
        [
            row["stage"],
            f"{row['documents']:,}",
            f"{row['of_pages']:.1%}",
            *(f"{row[column]:,}" if row[column] else "" for column in ("characters", "bytes", "tokens")),
        ]
        for row in funnel
    ]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_files_named_in_the_documentation_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:corpus|filters|dedup|tokenizer|pipelines|configs|docs|tests|bench)/[\w./-]+\.\w+)`",
        page.read_text(encoding="utf-8"),
    )
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_decisions_are_numbered_without_gaps_and_end_with_what_was_rejected() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {page.name[:4]} "), page
        assert re.findall(r"^## (.*)", text, re.M)[-1] == "Rejected", page


@pytest.mark.parametrize("folder", ["log", "decisions"])
def test_every_page_of_a_folder_is_in_its_index(folder: str) -> None:
    pages = {page.name for page in (ROOT / "docs" / folder).glob("*.md")} - {"README.md"}
    index = (ROOT / "docs" / folder / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| \[[^\]]+\]\(([\w-]+\.md)\)", index, re.M)) == pages


def test_no_paragraph_of_the_japanese_readme_is_broken_into_lines() -> None:
    """A line break inside a paragraph is shown as a blank, which Japanese does not have between its words."""
    page = re.sub(r"^```.*?^```", "", READMES[1].read_text(encoding="utf-8"), flags=re.M | re.S)
    assert re.findall(r"^[^|\n-].*\n[^|\n-].*", page, re.M) == []


#: Literal translations and metaphors that stop a native reader, and the usual word.
UNUSUAL_WORDS = {
    r"\banew\b": "again",
    r"(?<!--)\bbeside\b": "next to",
    r"\bso many\b": "a number",
    r"\bthe house\b": "manyo",
    r"\btold apart\b": "distinguished",
    r"\bwhat (?:it|that) comes to\b": "the result",
}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_documentation_uses_the_usual_words(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    found = {match[0]: usual for word, usual in UNUSUAL_WORDS.items() for match in re.finditer(word, text)}
    assert found == {}


def test_the_plan_for_a_billion_documents_follows_from_the_table_above_it() -> None:
    page = (ROOT / "docs" / "dedup-scale.md").read_text(encoding="utf-8")
    costs = measured(page)
    assert list(costs) == [
        "signatures",
        "keys",
        "pairs",
        "components",
        "compared",
        "clusters",
        "duplicates",
        "alarms",
    ]
    one = plan(costs, 1e9, 1e6, with_candidates=0.5)
    assert one.clusters_bytes < 5.4e9
    twice = {stage: replace(cost, us=2 * cost.us) for stage, cost in costs.items()}
    assert plan(twice, 1e9, 1e6, with_candidates=0.5).processor_h == pytest.approx(2 * one.processor_h)
    row = next(line for line in page.splitlines() if line.startswith("| signatures"))
    slower = with_plan(page.replace(row, row.replace("| 8.06 |", "| 16.06 |")))
    assert [line.split("|")[1].strip() for line in slower.splitlines() if line not in page.splitlines()] == [
        "signatures",
        "**all**",
        "processor hours",
        "hours on a node of 32 cores and 128 GB",
    ]


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "docs.generate", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_package_changelog_and_citation_state_the_same_version_and_date() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    released = re.findall(r"^## ([\d.]+) - ([\d-]+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    citation = dict(re.findall(r"^([\w-]+): (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M))
    assert released[0] == (project["version"], citation["date-released"])
    assert citation["version"] == project["version"]


def test_pre_commit_runs_the_checks_of_make_lint_and_types() -> None:
    configured = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    hooks = re.findall(r"^ +entry: \.venv/bin/(.+)$", configured, re.M)
    recipes = re.search(r"^lint:.*?(?=^docs:)", MAKEFILE, re.M | re.S)
    assert recipes is not None
    assert hooks == re.findall(r"^\t\$\(BIN\)/(.+)$", recipes[0], re.M)


@pytest.mark.parametrize("page", [*READMES, ROOT / "CHANGELOG.md"], ids=name)
def test_no_page_keeps_counts_of_signals_rules_or_tests(page: Path) -> None:
    """They change with every commit; the generated pages list them."""
    counts = r"\d+ (?:signals|rules|tests|の指標|の規則)"
    assert re.findall(counts, page.read_text(encoding="utf-8")) == []


def test_every_library_that_we_depend_on_has_its_work_said() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").lower()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[\[>=<]", requirement)[0] for requirement in project["dependencies"]]
    assert [package for package in names if package not in page] == []


def test_the_architecture_lists_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    packages = [ROOT / name for name in ("corpus", "filters", "dedup", "tokenizer", "pipelines")]
    rooms = {init.parent for package in packages for init in package.rglob("__init__.py")}
    listed = re.findall(r"^\| `([\w/]+)/` \|", page, re.M)
    assert sorted(listed) == sorted(str(room.relative_to(ROOT)) for room in rooms)


def test_every_reason_for_a_refusal_says_what_it_means() -> None:
    reasons = extract.REASONS | {reason: text for kind in KINDS.values() for reason, text in kind.REASONS.items()}
    assert all(text.strip() for text in reasons.values())


def test_nothing_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in listed.splitlines():
        if (ROOT / path).is_dir():  # a link of manyo/ to a folder
            continue
        content = (ROOT / path).read_bytes()
        assert b"/work" + b"/" not in content, path
        assert path == ".ci/run" or b"../sha" + b"red" not in content, path
