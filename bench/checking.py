"""What checksums cost a run: processor seconds of the same run with and without them, in turn.

`python -m bench.checking DATA [ROUNDS]`: archives of real pages through all stages, in processes of their own.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.conftest import ROOT
from tests.pipelines.faults import cut_archives

_CONFIG = """
[run]
out = "{folder}/out"

[[source]]
name = "cc"
kind = "warc"
inputs = ["{folder}/crawl/*.warc.gz"]
profile = "web"
licence = "see the page"

[tokenize]
model = "{model}"
"""

#: Read by every Python that starts: files are neither sealed nor compared where the variable is set.
_UNCHECKED = """
import os
if os.environ.get("MANYO_UNCHECKED"):
    from manyo.corpus.tables import checksums

    class Unchecked:
        seal = -1

        def __init__(self, stream):
            self._stream = stream

        def __getattr__(self, name):
            return getattr(self._stream, name)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self._stream.close()

    checksums.seal = lambda path, has_footer: None
    checksums.CheckedFile = Unchecked
"""


def cpu_seconds(folder: Path, unchecked: bool) -> float:
    """Processor time of one run, its child processes included."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "manyo.pipelines", "run", "--executor", "serial", "--config", str(folder / "run.toml")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{folder}/site:{ROOT}", "MANYO_UNCHECKED": "1" if unchecked else ""},
        check=True,
        capture_output=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(data: Path, rounds: int) -> None:
    """Print the processor time of each pair of runs, and the median of their ratios."""
    with tempfile.TemporaryDirectory(prefix="manyo-checking-") as name:
        folder = Path(name)
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(_UNCHECKED, encoding="utf-8")
        cut_archives(data, folder / "crawl")
        model = data / "tokenizer" / "llm-jp-tokenizer-100k.ver3.1.model"
        (folder / "run.toml").write_text(_CONFIG.format(folder=folder, model=model), encoding="utf-8")
        cpu_seconds(folder, unchecked=False)  # kernels are compiled, files are in memory
        ratios = []
        for number in range(rounds):
            pair = {unchecked: cpu_seconds(folder, unchecked) for unchecked in (number % 2 == 0, number % 2 == 1)}
            ratios.append(pair[False] / pair[True])
            print(f"checked {pair[False]:.2f} s, unchecked {pair[True]:.2f} s: {ratios[-1]:.4f}", flush=True)
        low, high = min(ratios), max(ratios)
        print(f"median {statistics.median(ratios):.4f} ({low:.4f} to {high:.4f}) of {rounds} pairs")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6)
