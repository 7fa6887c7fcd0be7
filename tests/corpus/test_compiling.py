"""The first compilation of a process is announced, once, and a long one says how far it is."""

from __future__ import annotations

import subprocess
import sys

import pytest
from numba import config

from tests.conftest import ROOT

FIRST = "compiling for this machine, once: a minute or two; manyo warm does it beforehand\n"
PROGRAM = """
import sys
from numba import njit
from manyo.corpus import compiling
compiling._EVERY_S = float(sys.argv[1])
compiling.announce_compiling()
njit(lambda x: x + 1)(1)
njit(lambda x: x + 2)(1)
"""


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
@pytest.mark.parametrize(
    ("every_s", "more"),
    [("3600", ""), ("0", "compiling: 1 functions so far\ncompiling: 2 functions so far\n")],
)
def test_the_first_compilation_is_one_line_and_long_ones_say_how_far_they_are(every_s: str, more: str) -> None:
    command = [sys.executable, "-c", PROGRAM, every_s]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == FIRST + more


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
def test_what_a_parent_has_said_is_not_said_again() -> None:
    """manyo warm said once for each of its processes that manyo warm does it beforehand."""
    parent = "import sys; from manyo.corpus import compiling; compiling.say_compiling('said');"
    child = f"import subprocess; subprocess.run([sys.executable, '-c', {PROGRAM!r}, '3600'], check=True)"
    done = subprocess.run([sys.executable, "-c", parent + child], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "said\n"
