"""Which corpus small models do better on: differences of runs of equal seed, over tasks that give an early signal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from manyo.pipelines.ablation.ladder import Difference, paired
from manyo.pipelines.ablation.model_results import Result, named
from manyo.pipelines.ablation.task_choice import TaskChoice

#: With fewer seeds no interval over seeds is one of 95 %: two equal corpora have all differences of five seeds on one
#: side with probability 2 · 0.5⁵ = 0.06, those of six with 0.03.
FEWEST_SEEDS = 6


@dataclass(frozen=True, slots=True)
class Compared:
    """Two corpora in one task, or in the mean of all.

    Attributes:
        a, b: their names.
        task: task and metric; None for the mean over tasks, each first put on a scale from 0, chance, to 1.
        step: of the checkpoints; the last one of the tasks for the mean.
        difference: mean scores, and the interval over seeds; `documents` counts seeds.
    """

    a: str
    b: str
    task: str | None
    step: int
    difference: Difference

    @property
    def verdict(self) -> str:
        """The corpus that is ahead, "open", or towards which the seeds lean if they are too few."""
        if not self.difference.sign:
            return "open"
        ahead = self.b if self.difference.sign > 0 else self.a
        return ahead if self.difference.documents >= FEWEST_SEEDS else f"leans to {ahead}: {FEWEST_SEEDS} seeds needed"


def selected(choices: Sequence[TaskChoice], results: Sequence[Result]) -> list[Result]:
    """The results of the tasks that pass, each in one metric: that with the highest signal to noise.

    Args:
        choices: the criteria of each task and metric, named by `named`.
        results: of one size.
    """
    signals = {one.task: one.signal_to_noise or 0.0 for one in choices if not one.faults}
    best: dict[str, tuple[float, str]] = {}
    for task, metric in sorted({(one.task, one.metric) for one in results}):
        if named(task, metric) in signals:
            found = signals[named(task, metric)], metric
            best[task] = max(best.get(task, found), found)
    return [one for one in results if one.task in best and one.metric == best[one.task][1]]


def rank(results: Sequence[Result]) -> list[Compared]:
    """Compare each two corpora in each task, then in the mean of the tasks, at the last checkpoint of both.

    Args:
        results: of one size, each task in one metric.

    Raises:
        ValueError: two corpora have fewer than two seeds in common at the last checkpoint that both have of a task.
    """
    tables: dict[str, dict[str, dict[int, dict[str, float]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(dict))
    )
    chances: dict[str, float] = {}
    for one in results:
        task = named(one.task, one.metric)
        tables[task][one.corpus][one.step][one.seed] = one.value
        chances[task] = one.chance
    found = []
    for a, b in combinations(sorted({one.corpus for one in results}), 2):
        found += _compare(a, b, tables, chances)
    return found


def _compare(
    a: str,
    b: str,
    tables: Mapping[str, Mapping[str, Mapping[int, Mapping[str, float]]]],
    chances: Mapping[str, float],
) -> list[Compared]:
    found, scaled = [], []
    for task, curves in sorted(tables.items()):
        steps = curves.get(a, {}).keys() & curves.get(b, {}).keys()
        if not steps:
            continue
        of_a, of_b = curves[a][max(steps)], curves[b][max(steps)]
        seeds = sorted(of_a.keys() & of_b.keys())
        if len(seeds) < 2:
            raise ValueError(
                f"{task}, step {max(steps)}: {a} and {b} have {len(seeds)} seeds in common; two runs or more of equal "
                "seeds are needed"
            )
        values = [_of_seeds(scores, seeds) for scores in (of_a, of_b)]
        found.append(Compared(a, b, task, max(steps), paired(*values)))
        scaled.append({seed: _scaled((of_a[seed], of_b[seed]), chances[task]) for seed in seeds})
    common = sorted(set.intersection(*map(set, scaled))) if scaled else []
    if len(found) > 1 and len(common) > 1:
        means = [np.array([np.mean([task[seed][side] for task in scaled]) for seed in common]) for side in (0, 1)]
        found.append(Compared(a, b, None, max(one.step for one in found), paired(*means)))
    return found


def _of_seeds(scores: Mapping[str, float], seeds: Sequence[str]) -> NDArray[np.float64]:
    return np.array([scores[seed] for seed in seeds])


def _scaled(values: tuple[float, float], chance: float) -> tuple[float, float]:
    a, b = ((value - chance) / (1 - chance) for value in values)
    return a, b
