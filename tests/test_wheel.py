"""What `pip install` gives: one package, whole, that runs from a folder which knows nothing of this one."""

from __future__ import annotations

import os
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
    """An environment that holds the wheel and what it depends on; no tool of ours."""
    folder = tmp_path_factory.mktemp("bare") / "environment"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
    install = ["install", "--quiet", "--disable-pip-version-check", "--constraint", str(ROOT / "requirements.lock")]
    done = subprocess.run(
        [folder / "bin" / "pip", *install, str(wheel)], capture_output=True, text=True, check=False, timeout=500
    )
    if "Failed to establish a new connection" in done.stderr or "Temporary failure in name resolution" in done.stderr:
        pytest.skip("no package registry is reached: the wheel's dependencies cannot be installed")
    assert done.returncode == 0, done.stderr
    return folder


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
    assert data_files(out) == demo_run.files()
    assert "report.html" in done.stdout
