"""Which evaluation tasks tell corpora apart early, while small models are trained on them.

The four criteria of FineTasks (Kydlíček et al. 2024), which chose tasks for nine languages, Japanese not among them: a
task is of use if its score rises with training, varies little between seeds, leaves chance behind, and puts the corpora
in the same order at one checkpoint after another.
"""

from __future__ import annotations

import csv
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import NamedTuple

#: Bounds of FineTasks: least mean rank correlation of score and tokens, mean over standard deviation of seeds, and
#: distance from chance in standard deviations.
LEAST_MONOTONICITY, LEAST_SIGNAL_TO_NOISE, LEAST_ABOVE_CHANCE = 0.5, 20.0, 3.0

#: FineTasks names no bound for the order of corpora. This is ours: orders drawn at random have a tau of 0 on average.
ORDER_OF_CHANCE = 0.0

#: The order of corpora is compared from this many tokens on.
ORDER_FROM_TOKENS = 15e9

COLUMNS = ("corpus", "seed", "tokens", "task", "score")

#: Names the score that guessing has; 0 where the column or the value is missing.
CHANCE = "chance"


class Score(NamedTuple):
    """A row: the score of a model that was trained on so many tokens of a corpus."""

    corpus: str
    seed: str
    tokens: float
    task: str
    score: float
    chance: float


@dataclass(frozen=True, slots=True)
class TaskChoice:
    """The criteria of one task; None where the rows do not say.

    Attributes:
        task: its name.
        monotonicity: Spearman's rank correlation of tokens and score, mean over corpora.
        signal_to_noise: mean over seeds by their standard deviation, mean over checkpoints and corpora.
        above_chance: largest distance of a checkpoint's mean from chance, in standard deviations of its seeds.
        order: Kendall's tau of the corpora's scores at neighbouring checkpoints, mean.
    """

    task: str
    monotonicity: float | None
    signal_to_noise: float | None
    above_chance: float | None
    order: float | None

    @property
    def faults(self) -> list[str]:
        """The bounds that the task misses; a criterion that is unknown is missed, unless it is the order of corpora."""
        bounds = (
            ("monotonicity", self.monotonicity, LEAST_MONOTONICITY),
            ("signal to noise", self.signal_to_noise, LEAST_SIGNAL_TO_NOISE),
            ("above chance", self.above_chance, LEAST_ABOVE_CHANCE),
        )
        missed = [name for name, value, least in bounds if value is None or value < least]
        return missed + ["order"] * (self.order is not None and self.order <= ORDER_OF_CHANCE)


def read_scores(lines: Iterable[str]) -> list[Score]:
    """Read CSV with the columns `COLUMNS` and, if it is there, `CHANCE`.

    Raises:
        ValueError: a column or a number is missing; names the line.
    """
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise ValueError(f"no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}")
    scores = []
    for row in reader:
        try:
            chance = float(row.get(CHANCE) or 0)
            scores.append(
                Score(row["corpus"], row["seed"], float(row["tokens"]), row["task"], float(row["score"]), chance)
            )
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {reader.line_num}: tokens, score and chance must be numbers") from error
    return scores


def choose_tasks(scores: Iterable[Score], order_from_tokens: float = ORDER_FROM_TOKENS) -> list[TaskChoice]:
    """Returns the criteria of each task, by its name."""
    by_task: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        by_task[score.task].append(score)
    return [_criteria(task, of_task, order_from_tokens) for task, of_task in sorted(by_task.items())]


def _criteria(task: str, scores: Sequence[Score], order_from_tokens: float) -> TaskChoice:
    curves: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in scores:
        curves[one.corpus][one.tokens].append(one.score)
    chance = max(one.chance for one in scores)
    rises, signals, distances = [], [], []
    for curve in curves.values():
        steps = sorted(curve)
        means = [statistics.mean(curve[step]) for step in steps]
        if len(steps) > 1:
            rises.append(_correlation(_ranks(steps), _ranks(means)))
        for step, mean in zip(steps, means, strict=True):
            noise = statistics.stdev(curve[step]) if len(curve[step]) > 1 else 0.0
            if noise:
                signals.append(mean / noise)
                distances.append((mean - chance) / noise)
    return TaskChoice(
        task,
        _mean(rises),
        _mean(signals),
        max(distances, default=None),
        _order(curves, order_from_tokens),
    )


def _order(curves: Mapping[str, Mapping[float, Sequence[float]]], from_tokens: float) -> float | None:
    """Kendall's tau-a between the scores of all corpora at each checkpoint and the next that all of them have."""
    steps = sorted(set.intersection(*(set(curve) for curve in curves.values())))
    compared = []
    for before, after in pairwise(step for step in steps if step >= from_tokens):
        signs = []
        for one, other in combinations(sorted(curves), 2):
            was, now = (
                statistics.mean(curves[one][step]) - statistics.mean(curves[other][step]) for step in (before, after)
            )
            signs.append((was * now > 0) - (was * now < 0))
        compared += [statistics.mean(signs)] if signs else []
    return _mean(compared)


def _mean(values: Sequence[float]) -> float | None:
    return statistics.mean(values) if values else None


def _ranks(values: Sequence[float]) -> list[float]:
    """Ranks from 1; equal values share the mean of theirs."""
    order = sorted(values)
    first = {value: order.index(value) + 1 for value in set(values)}
    return [first[value] + (order.count(value) - 1) / 2 for value in values]


def _correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Pearson's; 0 where one side does not vary."""
    return statistics.correlation(a, b) if len(set(a)) > 1 and len(set(b)) > 1 else 0.0
