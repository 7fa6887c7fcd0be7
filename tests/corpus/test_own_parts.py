"""Parts of another package: the example of `examples/own_parts`, installed in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.dataset as ds
import pytest

from manyo.corpus.own_parts import PartError, load_part, packages_of, part_names
from tests.conftest import ROOT

EXAMPLE = ROOT / "examples" / "own_parts"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, as pip installs it."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(EXAMPLE, folder / "source")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*install, "--target", str(folder / "site"), str(folder / "source")], check=True, timeout=120)
    return folder / "site"


def manyo(installed: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command where the package is installed."""
    return subprocess.run(
        [sys.executable, "-m", "manyo.pipelines", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )


def rows(out: Path, table: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = ds.dataset(next(out.glob(f"*/{table}")), format="parquet").to_table().to_pylist()
    return found


def test_a_run_reads_measures_decides_and_masks_by_parts_of_a_package(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "own")
    folder = tmp_path / "own"
    run = ["run", "--config", "run.toml", "--until", "scrub", "--executor", "serial"]
    done = manyo(installed, folder, *run)
    assert done.returncode == 0, done.stderr
    out = folder / "out"
    assert [row["title"] for row in rows(out, "documents")][:2] == ["松尾芭蕉", "与謝蕪村"]
    assert {json.loads(str(row["meta"]))["season"] for row in rows(out, "documents")} == {"春"}
    assert [row["reason"] for row in rows(out, "refused")] == ["empty_line"]
    assert [row["question_fraction"] for row in rows(out, "signals")] == [0, 0, 1, 0]
    assert [row["reasons"] for row in rows(out, "decisions")] == [[], [], ["only_questions"], []]
    assert "学籍番号は <学籍番号> の学生の句、花の雲" in [row["text"] for row in rows(out, "release")]
    before = {path.name for path in out.iterdir()}
    # Another version of the package is another run of what uses it; the rest of the tables stays what it is.
    (metadata,) = installed.glob("own_parts-*.dist-info/METADATA")
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))
    assert manyo(installed, folder, *run).returncode == 0
    new = {name.rpartition("-")[0] for name in {path.name for path in out.iterdir()} - before}
    assert {"extract", "measure", "decide", "scrub"} <= new


def test_a_page_is_extracted_by_the_function_of_a_package(installed: Path, tmp_path: Path) -> None:
    program = """
from manyo.corpus.web.main_text import extract
from manyo.corpus.sources.warc import Options
Options(extractor="first_article")
page = "<body><p>枠の文字です。</p><article><p>本文は川沿いの道の話です。</p><p>二段落目。</p></article></body>"
print(extract(page, "first_article").text)
"""
    environment = {**os.environ, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "PYTHONUTF8": "1"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "本文は川沿いの道の話です。\n二段落目。\n", done.stderr


def test_wrong_names_and_keys_are_a_line_each_and_status_2(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "own")
    config = tmp_path / "own" / "run.toml"
    text = config.read_text(encoding="utf-8")
    for old, new in (
        ('season  = "春"', "season  = 1"),
        ('["question_fraction"]', '["questions"]'),
        ('"student_number"]', '"studentnumber"]'),
    ):
        text = text.replace(old, new)
    text += text[text.index("[[source]]") : text.index("[filter]")].replace("poems", "more").replace("haiku", "haikku")
    config.write_text(text, encoding="utf-8")
    done = manyo(installed, tmp_path / "own", "check", "--config", "run.toml")
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    for said in (
        "season: expected a text",
        "also_measure: 'questions' is not one of",
        "unknown kind 'studentnumber' is not one of 26 names; did you mean 'student_number'?",
        "kind 'haikku' is not one of",
    ):
        assert len([line for line in lines if said in line]) == 1, done.stderr


def test_a_package_that_cannot_be_imported_is_one_line_that_names_it(installed: Path, tmp_path: Path) -> None:
    broken = tmp_path / "site"
    shutil.copytree(installed, broken)
    (broken / "own_parts" / "questions.py").write_text("import no_such_module\n")
    shutil.copytree(EXAMPLE, tmp_path / "own")
    done = manyo(broken, tmp_path / "own", "check", "--config", "run.toml")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("manyo: manyo.signals 'question_fraction' of own-parts 1.")
    assert line.endswith("cannot be loaded: No module named 'no_such_module'")


def test_without_the_package_there_are_no_parts_and_no_packages_in_fingerprints() -> None:
    assert part_names("manyo.sources") == ()
    assert packages_of("manyo.sources", ["warc", "haiku"]) == ()
    with pytest.raises(PartError, match="no installed package has a part 'haiku'"):
        load_part("manyo.sources", "haiku")
