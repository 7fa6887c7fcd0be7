"""The first compilation of a process is announced, once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from numba import config

from tests.conftest import ROOT

PROGRAM = """
from numba import njit
from manyo.corpus.compiling import announce_compiling
announce_compiling()
njit(lambda x: x + 1)(1)
njit(lambda x: x + 2)(1)
"""


@pytest.mark.skipif(bool(config.DISABLE_JIT), reason="nothing is compiled")
def test_the_first_compilation_is_one_line() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == "compiling for this machine, once: a minute or two; manyo warm does it beforehand\n"
