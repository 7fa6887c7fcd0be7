"""Rules that a machine can check: which modules may import which, and what is allowed nowhere."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from manyo.corpus.jit import _imported_sources

ROOT = Path(__file__).parents[1]

#: corpus ← {filters, dedup, tokenizer} ← pipelines
MAY_IMPORT = {
    "corpus": {"corpus"},
    "filters": {"corpus", "filters"},
    "dedup": {"corpus", "dedup"},
    "tokenizer": {"corpus", "tokenizer"},
    "pipelines": {"corpus", "filters", "dedup", "tokenizer", "pipelines"},
}

#: Inside pipelines: cli → commands → run → graph → extraction → engine, graph → report, and commands → ablation.
ROOMS_MAY_IMPORT = {
    "engine": {"engine"},
    "extraction": {"engine", "extraction"},
    "report": {"report"},
    "ablation": {"ablation"},
    "graph": {"engine", "extraction", "report", "graph"},
    "run": {"engine", "graph"},
    "commands": {"ablation", "engine", "extraction", "report", "graph", "run", "commands"},
    "cli": {"engine", "graph", "run", "commands", "option_paths"},
    "__main__": {"cli"},
}
SOURCES = [path for package in MAY_IMPORT for path in sorted((ROOT / package).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    """A file as Python reads it, which takes longer than any question about it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def module_of(path: Path) -> str:
    return "manyo." + name(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module_of(path) for path in SOURCES}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_imports_point_one_way(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    ours = {module.split(".")[1] for module in imports(path) if module.startswith("manyo.")}
    assert ours <= MAY_IMPORT[package]


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines").rglob("*.py")), ids=name)
def test_imports_inside_pipelines_point_from_the_command_line_down_to_the_engine(path: Path) -> None:
    room = path.relative_to(ROOT / "pipelines").parts[0].removesuffix(".py")
    ours = {module.split(".")[2] for module in imports(path) if module.startswith("manyo.pipelines.")}
    assert ours <= ROOMS_MAY_IMPORT.get(room, set())


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_import_of_ours_goes_by_the_installed_name(path: Path) -> None:
    assert not {module.split(".")[0] for module in imports(path)} & set(MAY_IMPORT)


#: Rooms of dedup, each of which may import itself and those before it.
DEDUP_ROOMS = ("sketch", "candidates", "verdict")


@pytest.mark.parametrize("room", DEDUP_ROOMS)
def test_dedup_measures_then_finds_candidates_then_judges(room: str) -> None:
    allowed = DEDUP_ROOMS[: DEDUP_ROOMS.index(room) + 1]
    for path in sorted((ROOT / "dedup" / room).glob("*.py")):
        rooms = {module.split(".")[2] for module in imports(path) if module.startswith("manyo.dedup.")}
        assert rooms & set(DEDUP_ROOMS) <= set(allowed), name(path)


def test_only_the_executors_and_the_job_client_import_ray() -> None:
    users = {name(path) for path in SOURCES if any(module.split(".")[0] == "ray" for module in imports(path))}
    assert users == {"pipelines/engine/executors.py", "pipelines/commands/ray_jobs.py"}


def test_any_exception_is_caught_only_at_the_isolation_boundary() -> None:
    catchers = {
        name(path)
        for path in SOURCES
        if re.search(r"except\s*(BaseException|Exception)?\s*(as \w+)?\s*:", path.read_text(encoding="utf-8"))
    }
    assert catchers == {
        "pipelines/extraction/loop.py",  # a record's parser: the record becomes a refused row
        "pipelines/engine/executors.py",  # a task: it is tried again, then reported
        "pipelines/extraction/isolation.py",  # the child hands its error to the parent, which raises it
    }


def test_kernels_live_in_kernel_files() -> None:
    for path in SOURCES:
        is_kernel_file = path.name.endswith("_kernels.py")
        assert is_kernel_file or not re.search(r"^@(kernel|borrowing)", path.read_text(encoding="utf-8"), re.M), name(
            path
        )


def test_the_cache_of_compiled_code_knows_every_kernel_that_a_file_reaches() -> None:
    """A kernel is compiled into those that call it, through any number of files (`corpus/jit.py`)."""
    kernel_files = {module_of(path): path for path in SOURCES if path.name.endswith("_kernels.py")}
    for path in kernel_files.values():
        reached = {source.resolve() for source in _imported_sources(path)}
        for source in (path, *reached):
            called = {kernel_files[module] for module in imports(source) if module in kernel_files}
            assert called <= reached, name(path)


def test_one_place_says_how_kernels_are_compiled() -> None:
    users = [name(path) for path in SOURCES if re.search(r"\bnjit\b", path.read_text(encoding="utf-8"))]
    assert users == ["corpus/jit.py"]


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports inside functions count as well: a circle that only delays an import is one."""
    graph = {module_of(path): set(imported_modules(path)) & MODULES for path in SOURCES}
    TopologicalSorter(graph).prepare()


def imported_modules(path: Path) -> Iterator[str]:
    """The modules that a file imports; `from package import module` imports the module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and node.module:
            modules = {f"{node.module}.{name.name}" for name in node.names}
            yield from modules & MODULES or {node.module}


def test_no_two_modules_have_the_same_name() -> None:
    uses = Counter(path.name for path in SOURCES if path.name != "__init__.py")
    assert [name for name, count in uses.items() if count > 1] == []


#: One scan over the characters of a document; each part cut out of it would take and return eleven numbers.
LONG_FUNCTIONS = {"_read_document"}


def test_no_file_is_longer_than_700_lines_and_no_function_longer_than_80() -> None:
    others = [path for folder in ("tests", "bench", "docs", "samples") for path in (ROOT / folder).rglob("*.py")]
    for path in (*SOURCES, *others):
        assert path.read_text(encoding="utf-8").count("\n") <= 700, name(path)
    for path in SOURCES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name not in LONG_FUNCTIONS:
                assert (node.end_lineno or 0) - node.lineno < 80, f"{name(path)}: {node.name}"


def test_there_is_no_drawer_for_everything() -> None:
    assert not [path for path in SOURCES if path.stem in {"utils", "util", "helpers", "common", "misc"}]


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_every_file_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(tree(path))
