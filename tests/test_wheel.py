"""What `pip install` gives: one package, whole, that runs from a folder which knows nothing of this one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.conftest import ROOT, FinishedRun, data_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the tracked files alone: `build/` of a checkout may hold modules that are gone."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout = folder / "checkout"
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        if os.path.lexists(ROOT / name):
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name, follow_symlinks=False)
    build = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(checkout)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=300)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_installs_the_package_manyo_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"manyo"}


def test_the_wheel_holds_every_module_and_data_file_of_the_checkout(wheel: Path) -> None:
    folders = ("corpus", "filters", "dedup", "tokenizer", "pipelines")
    listed = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    expected = {f"manyo/{name}" for name in listed.splitlines() if not name.endswith(".md") and (ROOT / name).exists()}
    assert expected | {"manyo/__init__.py", "manyo/py.typed"} <= set(zipfile.ZipFile(wheel).namelist())


@pytest.fixture(scope="module")
def bare_environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment made by the steps of the Dockerfile: the wheel and what it depends on, no compiler, no tool."""
    folder = tmp_path_factory.mktemp("bare")
    (folder / "wheels").mkdir()
    shutil.copy(wheel, folder / "wheels")
    shutil.copy(ROOT / "requirements.lock", folder)
    (step,) = [step for step in steps_of_the_image() if "pip install" in step]
    for place in ("/opt/manyo", "/wheels"):
        step = step.replace(place, str(folder / place.strip("/").replace("opt/manyo", "home")))
    # An image keeps no downloads, whoever runs tests does. The few modules that tests import are compiled then.
    step = step.replace("--no-cache-dir", "--no-compile")
    done = subprocess.run(
        ["bash", "-euc", step.replace("python -m venv", f"{sys.executable} -m venv")],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CC": "false", "CXX": "false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    if "Failed to establish a new connection" in done.stderr or "Temporary failure in name resolution" in done.stderr:
        pytest.skip("no package registry is reached: the wheel's dependencies cannot be installed")
    assert done.returncode == 0, done.stderr
    return folder / "home" / ".venv"


def steps_of_the_image() -> list[str]:
    """The RUN lines of the Dockerfile's last stage."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", "")
    return re.findall(r"^RUN (.*)$", text.rpartition("\nFROM ")[2], re.M)


def test_the_image_is_slim_pinned_and_runs_without_rights_or_a_compiler() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    images = re.findall(r"^FROM (\S+)", text, re.M)
    assert set(images) == {"python:3.11-slim-bookworm"}
    assert text.rpartition("\nUSER ")[2].startswith("1000\n")
    assert not re.search(r"\b(gcc|g\+\+|clang|build-essential|curl|sudo)\b", text)
    assert "--only-binary :all:" in text


def test_what_the_image_is_built_from_is_what_the_wheel_needs() -> None:
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    assert all((ROOT / name).exists() for name in kept)
    assert {"manyo", "pyproject.toml", "requirements.lock", "configs", "README.md", "LICENSE"} <= set(kept)
    linked = {
        os.readlink(ROOT / "manyo" / one).rpartition("/")[2]
        for one in os.listdir(ROOT / "manyo")
        if (ROOT / "manyo" / one).is_symlink()
    }
    assert linked <= set(kept)


def in_foreign_folder(command: list[str | Path], folder: Path) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    return subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False, timeout=500
    )


def test_the_package_is_imported_from_a_foreign_folder(bare_environment: Path, tmp_path: Path) -> None:
    program = "import manyo; print(manyo.__version__, manyo.__file__)"
    done = in_foreign_folder([bare_environment / "bin" / "python", "-c", program], tmp_path / "foreign")
    version, path = done.stdout.split()
    assert version == metadata.version("manyo")
    assert Path(path).is_relative_to(bare_environment)


def test_the_wheel_runs_the_demo_in_a_foreign_folder_with_the_bytes_of_the_checkout(
    bare_environment: Path, demo_run: FinishedRun, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run = [bare_environment / "bin" / "manyo", "run", "--config", demo_run.config, "--out", out, "--executor", "serial"]
    done = in_foreign_folder(run, tmp_path / "foreign")
    assert done.returncode == 0, done.stderr
    assert "compiling" not in done.stderr, "the machine code of the checkout, which has the same kernels, is not used"
    assert data_files(out) == demo_run.files()
    assert "report.html" in done.stdout


def test_the_examples_of_the_api_give_what_they_say_there(bare_environment: Path, tmp_path: Path) -> None:
    program = "import doctest, manyo.api; print(doctest.testmod(manyo.api, optionflags=doctest.NORMALIZE_WHITESPACE))"
    done = in_foreign_folder([bare_environment / "bin" / "python", "-c", program], tmp_path / "foreign")
    failed, attempted = map(int, re.findall(r"=(\d+)", done.stdout))
    assert failed == 0, done.stdout
    assert attempted >= 10


def test_a_package_of_ones_own_runs_there(bare_environment: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own_parts"
    shutil.copytree(ROOT / "examples" / "own_parts", folder)
    install = [bare_environment / "bin" / "pip", "install", "--quiet", "--no-deps", "."]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=200)
    run = [bare_environment / "bin" / "manyo", "run", "--config", folder / "run.toml", "--until", "scrub"]
    done = in_foreign_folder([*run, "--executor", "serial"], tmp_path / "foreign")
    assert done.returncode == 0, done.stderr
    assert list((folder / "out").glob("scrub-*/scrubbed/**/*.parquet"))


def test_a_script_of_a_user_is_strictly_typed_against_the_wheel(bare_environment: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(
        """
import manyo

text: str = manyo.extract(b"<p>x</p>", url="https://a.example/").text
spans: list[list[manyo.PersonalData]] = manyo.find_pii([text], kinds=["phone"])
stays: list[int] = manyo.duplicates([text], min_similarity=0.9)
run: manyo.Run = manyo.run("run.toml", until="filter")
print(spans, stays, run.notices)
"""
    )
    against = ["--python-executable", str(bare_environment / "bin" / "python"), "--cache-dir", str(tmp_path / "cache")]
    check = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", *against, "script.py"]
    done = in_foreign_folder([*check[:-1], tmp_path / "script.py"], tmp_path / "foreign")
    assert done.returncode == 0, done.stdout
