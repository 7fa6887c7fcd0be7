"""The documentation as a site, and its tutorials, whose commands are run in the order in which a reader types them."""

from __future__ import annotations

import re
import shutil
import subprocess
from contextlib import chdir
from pathlib import Path

import pytest

from docs import site
from manyo.pipelines.cli import main, parse
from manyo.pipelines.engine.errors import EXIT_DONE, EXIT_NOTICES
from tests.conftest import ROOT
from tests.test_docs import blocks

TUTORIALS = sorted(path for path in (ROOT / "docs" / "tutorials").glob("*.md") if not path.name.endswith(".ja.md"))


def lines(page: Path) -> list[str]:
    return [line for block in blocks(page, "bash") for line in block.splitlines()]


def commands(page: Path) -> list[list[str]]:
    """What follows `manyo` in its commands, without where the shell writes what they print."""
    return [line.partition(" > ")[0].split()[1:] for line in lines(page) if line.startswith("manyo ")]


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_both_languages_of_a_tutorial_have_the_same_commands_which_manyo_understands(page: Path) -> None:
    other = page.with_suffix(".ja.md")
    assert lines(page) == lines(other)
    assert [re.sub(r" *#.*", "", block) for block in blocks(page, "toml")] == [
        re.sub(r" *#.*", "", block) for block in blocks(other, "toml")
    ]
    assert blocks(page, "sh") == blocks(other, "sh")
    for command in commands(page):
        parse(command)


@pytest.fixture(scope="module")
def project(packed_samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the reader has: a folder `data` with WARC files, and one of OCR."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(packed_samples / "web", folder / "data")
    shutil.copytree(ROOT / "samples" / "ndl", folder / "ndl", ignore=shutil.ignore_patterns("*.py", "metadata.csv"))
    (folder / "requests.txt").write_text("https://nowhere.example/\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("name", ["warc-to-shards", "thresholds", "publish", "ndl-ocr"])
def test_the_commands_of_a_tutorial_work_one_after_another(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = ROOT / "docs" / "tutorials" / f"{name}.md"
    if name == "ndl-ocr":
        (project / "ndl.toml").write_text(blocks(page, "toml")[0], encoding="utf-8")
    with chdir(project):
        for line in lines(page):
            if "--send" in line:
                continue
            words, _, file = line.partition(" > ")
            program, *command = words.split()
            if program != "manyo":
                subprocess.run(line, shell=True, check=True)
                continue
            more = ["--executor", "serial"] if command[0] == "run" else []
            assert main([*command, *more]) in (EXIT_DONE, EXIT_NOTICES), capsys.readouterr().err
            printed = capsys.readouterr().out
            if file:
                Path(file).write_text(printed, encoding="utf-8")


def test_links_of_pages_lead_to_pages_of_the_site_and_other_links_become_their_text() -> None:
    page, known = ROOT / "README.md", site.pages()
    text = "[a](docs/pii.md#b) [c](LICENSE) [d](https://x.example/y.md) [e](#f) [g](README.ja.md)"
    said = "[a](pii.md#b) c [d](https://x.example/y.md) [e](#f) [g](index.md)"
    assert site.with_links_of_the_site(text, page, known) == said
    with pytest.raises(FileNotFoundError, match=r"nothing[.]md leads to no file"):
        site.with_links_of_the_site("[a](docs/nothing.md)", page, known)


def test_the_site_is_built_with_every_link_in_it() -> None:
    pytest.importorskip("mkdocs", reason="MkDocs is an extra: pip install 'manyo[site]'")
    assert site.main() == 0
    built = ROOT / "build" / "site"
    assert "duplicates" in (built / "api.html").read_text(encoding="utf-8")
    assert "手元の WARC" in (built / "ja" / "tutorials" / "warc-to-shards.html").read_text(encoding="utf-8")
    assert all((built / "tutorials" / f"{page.stem}.html").exists() for page in TUTORIALS)
