"""What small models scored, as JSON Lines: a row for each model, checkpoint, task and metric."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from manyo.pipelines.ablation.task_choice import Score

#: The form of the file: each field of a row, and what it says. `manyo plan-ablation` writes it into its plan.
FORM: Mapping[str, str] = {
    "corpus": "name of the corpus in the plan",
    "size": "name of the model's size in the plan",
    "seed": "seed of the run; runs of equal seed are compared with each other",
    "step": "training step of the checkpoint",
    "task": "name of the task",
    "metric": "name of the metric; more is better",
    "value": "score, from 0 to 1",
    "n_items": "items of the task that were scored",
    "chance": "score of guessing: one divided by the number of choices, 0 where an answer is written",
}


class Result(NamedTuple):
    """A row: the score of one checkpoint in one metric of one task; the fields are those of `FORM`."""

    corpus: str
    size: str
    seed: str
    step: int
    task: str
    metric: str
    value: float
    n_items: int
    chance: float

    @property
    def measure(self) -> tuple[str, str, str]:
        """Size, task and metric: what scores of different corpora are compared in."""
        return self.size, self.task, self.metric


def read_results(lines: Iterable[str]) -> list[Result]:
    """Read rows, whose order does not matter.

    Raises:
        ValueError: a row is not of the form `FORM`, is there twice, or was scored on other items than others of its
            task; names the line.
    """
    results: list[Result] = []
    seen: dict[Sequence[object], int] = {}
    scales: dict[tuple[str, str, str], tuple[int, float]] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            one = _result(line)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        before = seen.setdefault(one[:6], number)
        if before != number:
            raise ValueError(f"line {number}: the score of line {before} again: {', '.join(map(str, one[:6]))}")
        n_items, chance = scales.setdefault(one.measure, (one.n_items, one.chance))
        if (one.n_items, one.chance) != (n_items, chance):
            raise ValueError(
                f"line {number}: {one.task} {one.metric} has {one.n_items:,} items and chance {one.chance:g}, rows "
                f"above have {n_items:,} and {chance:g}: scores of different items are not comparable"
            )
        results.append(one)
    return results


def scores_by_size(results: Iterable[Result]) -> dict[str, list[Score]]:
    """The scores of each size for the choice of tasks: a task's name has its metric, and steps stand for tokens."""
    found: dict[str, list[Score]] = defaultdict(list)
    for one in results:
        score = Score(one.corpus, one.seed, one.step, named(one.task, one.metric), one.value, one.chance)
        found[one.size].append(score)
    return dict(sorted(found.items()))


def named(task: str, metric: str) -> str:
    """A task and its metric in one name."""
    return f"{task} ({metric})"


def _result(line: str) -> Result:
    try:
        row = json.loads(line)
    except ValueError:
        raise ValueError("is not JSON") from None
    if not isinstance(row, dict):
        raise ValueError("is not a JSON object")
    if missing := [name for name in FORM if name not in row]:
        raise ValueError(f"has no {', '.join(missing)}; needed are {', '.join(FORM)}")
    value, chance = (_share(row, name) for name in ("value", "chance"))
    if chance == 1:
        raise ValueError("chance is 1: guessing cannot be right always")
    step, n_items = (_count(row, name) for name in ("step", "n_items"))
    corpus, size, seed, task, metric = (_name(row, name) for name in ("corpus", "size", "seed", "task", "metric"))
    return Result(corpus, size, seed, step, task, metric, value, n_items, chance)


def _share(row: Mapping[str, object], name: str) -> float:
    value = row[name]
    # NaN is in no range.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{name} must be a number from 0 to 1, got {value!r}; divide points by their largest number")
    return float(value)


def _count(row: Mapping[str, object], name: str) -> int:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{name} must be a whole number above 0, got {value!r}")
    return value


def _name(row: Mapping[str, object], name: str) -> str:
    value = row[name]
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise ValueError(f"{name} must be a name or a whole number, got {value!r}")
    return str(value)
