"""What the compiler refuses in a kernel that only borrows arrays, and who compiles."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba.core import config
from numba.core.errors import NumbaError, TypingError

from manyo.corpus.jit import Bytes, borrowing
from tests.conftest import KERNELS_RUN, ROOT

pytestmark = pytest.mark.skipif(bool(config.DISABLE_JIT), reason="without the compiler nothing is counted")


@borrowing
def _makes_an_array(data: Bytes) -> int:
    return len(np.empty(len(data), np.uint8))


@borrowing
def _returns_a_part(data: Bytes) -> Bytes:
    return data[1:]


def test_what_borrows_cannot_make_an_array() -> None:
    with pytest.raises((NumbaError, RuntimeError)):
        _makes_an_array(np.zeros(3, np.uint8))


def test_what_borrows_cannot_return_a_part_of_an_array() -> None:
    with pytest.raises(TypingError, match="returning of array"):
        _returns_a_part(np.zeros(3, np.uint8))


#: Runs a kernel that calls another one, and prints how often this process compiled each.
PROGRAM = """
import numpy as np
from manyo.corpus.utf8_kernels import code_point, decode
data = np.frombuffer("春の道".encode(), np.uint8)
assert decode(data, np.array([0, len(data)]), np.zeros(9, np.uint32), np.zeros(2, np.int64)) == 3
print(*(len(one.stats.cache_misses) for one in (code_point, decode)))
"""


def start(place: Path, cache: Path, change: str = "") -> subprocess.Popen[str]:
    """Run the program with a copy of the two files that it needs."""
    corpus = place / "manyo" / "corpus"
    corpus.mkdir(parents=True)
    for name in ("jit.py", "utf8_kernels.py"):
        shutil.copy(ROOT / "corpus" / name, corpus)
    with (corpus / "jit.py").open("a") as file:
        file.write(change)
    surroundings = {**os.environ, "PYTHONPATH": str(place), "XDG_CACHE_HOME": str(cache)}
    surroundings.pop("NUMBA_CACHE_DIR", None)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=place, env=surroundings, stdout=subprocess.PIPE, text=True
    )


def compiled_by(*started: subprocess.Popen[str]) -> list[int]:
    """How often each of the two kernels was compiled by all these processes."""
    answers = [process.communicate()[0].split() for process in started]
    return [sum(map(int, of_kernel)) for of_kernel in zip(*answers, strict=True)]


def test_the_same_code_in_two_places_is_compiled_once_though_both_begin_at_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert compiled_by(start(tmp_path / "a", cache), start(tmp_path / "b", cache)) == [1, 1]


def test_a_change_in_a_file_that_kernels_import_from_compiles_them_again(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert compiled_by(start(tmp_path / "a", cache)) == [1, 1]
    assert compiled_by(start(tmp_path / "b", cache, change="_CHANGED = 1\n")) == [1, 1]


def test_no_kernel_runs_while_tests_are_collected(pytestconfig: pytest.Config) -> None:
    """Every worker imports every test file: what runs at its top is compiled, or loaded, and run in each of them."""
    assert pytestconfig.stash[KERNELS_RUN] == []
