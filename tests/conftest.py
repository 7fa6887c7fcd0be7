"""Shared by all tests: the real-data folder, and one finished run over the bundled samples."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import settings
from numba import config

from manyo.pipelines.cli import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]

pytest_plugins = ("tests.dearest_files",)

#: A file of rules that every document passes; one without a rule is a notice.
RULE_THAT_KEEPS_ALL = """
[[rule]]
name = "no_length"
profiles = ["web", "ocr", "pdf", "prose", "law", "classical", "patent", "textbook"]
signal = "char_count"
minimum = 0
source = "tests"
rejects = "nothing"
keeps = "everything"
"""

# `make check` draws the same examples every time; `make test-random` draws others and prints its seed.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", print_blob=True, deadline=None)
settings.load_profile("same")

# No test outlasts a loss of power, and waiting for the disk would take 14 ms a file; tests/pipelines/test_power_cut.py
# records the calls instead.
os.fsync = lambda _: None

if config.DISABLE_JIT:
    # Compiled arithmetic wraps around and overflows in silence; NumPy's scalars warn, and warnings are errors.
    np.seterr(all="ignore")


#: Files of which one core would wait for the other if they came last; neither needs a kernel that others compile then.
_LONG_FILES = ("test_wheel.py", "test_hostile_families.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the long files first; `--no-loadscope-reorder` keeps them there."""
    items.sort(key=lambda item: item.path.name not in _LONG_FILES)


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names bytes that are no text by their number: compressed data hold the time, and workers collect alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and not val.isascii() else None


#: Kernels that had run when all tests were collected.
KERNELS_RUN = pytest.StashKey[list[str]]()


def pytest_collection_finish(session: pytest.Session) -> None:
    """Notes which kernels ran while test files were imported, which every worker does."""
    modules = [module for name, module in list(sys.modules.items()) if name.endswith("_kernels")]
    session.config.stash[KERNELS_RUN] = [
        f"{module.__name__}.{name}"
        for module in modules
        for name, value in vars(module).items()
        if getattr(value, "nopython_signatures", [])
    ]


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A run over the samples: its configuration file and its output folder."""

    config: Path
    out: Path

    def files(self) -> dict[str, bytes]:
        """Every table and token shard by its path below `out`; no manifests and no report, which hold times."""
        return data_files(self.out)


def data_files(out: Path) -> dict[str, bytes]:
    """Bytes of every output that must be the same in every run."""
    return {
        str(path.relative_to(out)): path.read_bytes()
        for path in sorted(out.rglob("*"))
        if path.is_file() and "manifests" not in path.parts and not path.relative_to(out).parts[0].startswith("report-")
    }


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data that MANYO_DATA names; without it the test is skipped."""
    folder = os.environ.get("MANYO_DATA")
    if not folder:
        pytest.skip("MANYO_DATA is not set: no real data to test with")
    return Path(folder)


@pytest.fixture(scope="session")
def packed_samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled samples, packed as `make demo` packs them."""
    from samples.files.pack_files import pack as pack_files
    from samples.ndl.pack_ndl import pack as pack_ndl
    from samples.pack import pack

    folder = tmp_path_factory.mktemp("samples")
    pack(folder)
    pack_ndl(folder / "ndl")
    pack_files(folder / "files")
    return folder


@pytest.fixture(scope="session")
def demo_config(packed_samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """configs/demo.toml with absolute paths to the packed samples."""
    text = (ROOT / "configs" / "demo.toml").read_text(encoding="utf-8")
    for relative, absolute in (
        ("../build/samples/", f"{packed_samples}/"),
        ("../samples/ndl/", f"{ROOT}/samples/ndl/"),
        ("../samples/classical/", f"{ROOT}/samples/classical/"),
        ("../samples/aozora/", f"{ROOT}/samples/aozora/"),
        *(
            (f"../samples/{kind}/", f"{ROOT}/samples/{kind}/")
            for kind in ("egov", "kokkai", "honkoku", "pairs", "files")
        ),
    ):
        text = text.replace(f'"{relative}', f'"{absolute}')
    path = tmp_path_factory.mktemp("config") / "demo.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def demo_run(demo_config: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FinishedRun]:
    """One serial run over the samples, from pages to report."""
    out = tmp_path_factory.mktemp("demo") / "out"
    assert main(["run", "--config", str(demo_config), "--out", str(out), "--executor", "serial"]) == 0
    run = FinishedRun(demo_config, out)
    before = run.files()
    yield run
    assert run.files() == before, "a test wrote to the run that all tests share: let it copy the run first"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium, without a window; without one the test is skipped."""
    sync = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    with sync.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()
