"""Asks one entry: runs in the environment of the entry, without manyo unless the entry imports it.

    PYTHON bench/board/answering.py MODULE.py FUNCTION GIVEN.json ANSWERS.json

FUNCTION of the file MODULE.py gets the list in GIVEN.json and returns a list of answers of the same length. Before the
clock starts it is called once with the first items, so that models are loaded and kernels compiled for every kind.
Writes an object with the answers and the processor seconds, those of ended child processes included.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import sys
from pathlib import Path
from typing import Any

#: More than any task has kinds of items, which take turns.
_WARM_ITEMS = 20


def main() -> None:
    """Ask."""
    module_path, function, given_path, answers_path = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("entry", module_path)
    if spec is None or spec.loader is None:
        sys.exit(f"no module at {module_path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer: Any = getattr(module, function)
    given = json.loads(Path(given_path).read_text("utf-8"))
    answer(given[:_WARM_ITEMS])
    started = processor_seconds()
    answers = answer(given)
    seconds = processor_seconds() - started
    Path(answers_path).write_text(json.dumps({"answers": answers, "seconds": seconds}), "utf-8")


def processor_seconds() -> float:
    """Return the processor time of this process and of its ended children."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


if __name__ == "__main__":
    main()
