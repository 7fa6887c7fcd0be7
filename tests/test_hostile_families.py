"""Kernels take time in proportion to the text, whatever it is: twice the text, at most 2.2 times the work.

What expressions do is in `test_expressions.py`, and markup has a law of its own in `corpus/test_main_text.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.conftest import ROOT
from tests.corpus.hostile_markup import FAMILIES


def test_twice_the_hostile_text_takes_no_kernel_more_than_twice_the_work() -> None:
    uncompiled = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    command = [sys.executable, "-m", "tests.hostile_work"]
    done = subprocess.run(command, cwd=ROOT, env=uncompiled, capture_output=True, text=True, check=True, timeout=600)
    found = json.loads(done.stdout)
    assert len(FAMILIES) + found["families"] >= 60
    assert len(found["kernels"]) > 100, "of some 180; those of markup, clusters and training are not in these steps"
    assert found["grown"].pop("a quadratic step: __main__.compare_all", []), "a law that sees nothing is none"
    assert found["grown"] == {}
