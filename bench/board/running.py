"""Runs entries on the items of a task, each in its own environment; one JSON file for each entry and set of items."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.board.environments import NotInstalled, interpreter, last_line, versions
from bench.board.task import Item, Task, digest
from manyo.pipelines.engine.checkout import commit

_BENCH = Path(__file__).parents[1]
#: Digits of a commit that a page shows.
_COMMIT_CHARS = 7
#: The name of our own entries.
OWN = "manyo"
#: The slowest entry takes six minutes on a busy core; one that hangs must not hold up the rest.
_ANSWER_S = 1_800


@dataclass(frozen=True, slots=True)
class Entry:
    """A system that takes part in a task.

    Attributes:
        task: name of the task.
        name: of the system in the table.
        asks: `<module>.<function>` of `bench/entries`: from a list of what items give to a list of answers. The module
            imports nothing of manyo unless it is manyo's own.
        how: what of the system is asked, and with which settings, in English and Japanese.
        requirements: of its environment, as pip reads them; none for the environment that runs the benchmark.
    """

    task: str
    name: str
    asks: str
    how: tuple[str, str]
    requirements: tuple[str, ...] = ()

    @property
    def distributions(self) -> list[str]:
        """What its versions are recorded of."""
        if self.name == OWN:
            return [OWN]
        return [re.split("[=<>]", requirement)[0] for requirement in self.requirements]


@dataclass(frozen=True, slots=True)
class ItemSet:
    """The items of a run: drawn from a seed, or read from a folder (`source`)."""

    items: list[Item]
    source: str
    seed: int | None

    @property
    def facts(self) -> dict[str, Any]:
        """What identifies them, for a result."""
        return {"source": self.source, "seed": self.seed, "n": len(self.items), "digest": digest(self.items)}


def item_set(task: Task, seed: int, n_items: int | None, data: Path | None) -> ItemSet | None:
    """Return items of own writing, or with `data` those of that folder; None if it holds none for this task."""
    if data is None:
        return ItemSet(task.draw(seed, n_items or task.n_items), "own", seed)
    found = task.read(data) if task.read else []
    return ItemSet(found, "data", None) if found else None


def result_of(task: Task, entry: Entry, given: ItemSet, environments: Path) -> dict[str, Any]:
    """Ask an entry and score its answers.

    Returns:
        The result as it is written to JSON. An entry that cannot be installed or fails has `why` and no figures.
    """
    facts: dict[str, Any] = {
        "task": task.name,
        "entry": entry.name,
        "how": entry.how,
        "requirements": entry.requirements,
        "items": given.facts,
        "machine": {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()},
    }
    try:
        python = interpreter(environments, entry.requirements)
        facts["versions"] = versions(python, entry.distributions)
        if entry.name == OWN:
            facts["versions"]["commit"] = commit()[:_COMMIT_CHARS]
        answers, seconds = ask(python, entry.asks, [item.given for item in given.items])
    except (NotInstalled, Failed) as error:
        return facts | {"why": str(error)}
    figures = [asdict(figure) for figure in task.score(given.items, answers)]
    return facts | {"seconds": round(seconds, 4), "figures": figures}


class Failed(RuntimeError):
    """An entry gave no answers; says why in one line."""


def ask(python: str, asks: str, given: Sequence[Any]) -> tuple[list[Any], float]:
    """Return the answers of an entry and the processor seconds that they took.

    Args:
        python: the interpreter that has what the entry needs.
        asks: as in `Entry`.
        given: of each item.

    Raises:
        Failed: it ended with an error, took too long, or did not give one answer for each item.
    """
    module, function = asks.split(".")
    program, source = Path(__file__).with_name("answering.py"), _BENCH / "entries" / f"{module}.py"
    # Only the interpreter of the benchmark finds manyo: peers get what they require.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if python == sys.executable:
        environment["PYTHONPATH"] = str(_BENCH.parent)
    with tempfile.TemporaryDirectory() as folder:
        given_path, answers_path = Path(folder, "given.json"), Path(folder, "answers.json")
        given_path.write_text(json.dumps(given), "utf-8")
        command = [python, str(program), str(source), function, str(given_path), str(answers_path)]
        try:
            done = subprocess.run(
                command, capture_output=True, errors="replace", check=False, timeout=_ANSWER_S, env=environment
            )
        except subprocess.TimeoutExpired:
            raise Failed(f"no answers after {_ANSWER_S} s") from None
        if done.returncode:
            raise Failed(last_line(done.stderr) or f"status {done.returncode} without a message")
        found = json.loads(answers_path.read_text("utf-8"))
    answers: list[Any] = found["answers"]
    if len(answers) != len(given):
        raise Failed(f"{len(answers)} answers to {len(given)} items")
    return answers, float(found["seconds"])


def run_all(
    tasks: Sequence[Task],
    entries: Sequence[Entry],
    items_of: Callable[[Task], ItemSet | None],
    out: Path,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Run every entry of every task, write its result to `out/results`, and return all; `say` gets a line for each."""
    (out / "results").mkdir(parents=True, exist_ok=True)
    results = []
    for task in tasks:
        given = items_of(task)
        if given is None:
            say(f"{task.name}: the folder holds nothing for it")
            continue
        say(f"{task.name}: {len(given.items)} items, {given.source}, digest {given.facts['digest']}")
        for entry in entries:
            if entry.task != task.name:
                continue
            result = result_of(task, entry, given, out / "environments")
            file_name = f"{task.name}.{given.source}.{entry.name.replace(' ', '_').replace('/', '_')}.json"
            (out / "results" / file_name).write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", "utf-8")
            results.append(result)
            say(f"  {entry.name:24} {in_words(result)}")
    return results


def in_words(result: dict[str, Any]) -> str:
    """Return the figures of all items on one line, or why there are none."""
    if "why" in result:
        return f"not run: {result['why']}"
    figures = (
        f"{f['name']} {f['value']:.4f} ({f['low']:.4f}–{f['high']:.4f})" for f in result["figures"] if not f["kind"]
    )
    return f"{', '.join(figures)}; {result['seconds']:.2f} s"
