"""The leaderboard as one HTML file in two languages, without scripts or requests, from the results that are there.

Results of one task on the same items are one table; items of another seed or folder are another one, so that nothing is
ranked that was not asked the same.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from bench.board.listed import TASKS
from bench.board.task import Task
from manyo.pipelines.report.rendering import page_templates


class NoResults(ValueError):
    """There is nothing to build a page of."""


def write_page(out: Path) -> Path:
    """Write `out/leaderboard.html` from `out/results/*.json` and return its path.

    Raises:
        NoResults: no result of a task that this benchmark holds is there.
    """
    results = [json.loads(path.read_text("utf-8")) for path in sorted((out / "results").glob("*.json"))]
    tables = tables_of(results, TASKS)
    if not tables:
        raise NoResults(f"{out}/results holds no result of a task; `python -m bench run --out {out}` makes them")
    environment = page_templates()
    ours = jinja2.FileSystemLoader(Path(__file__).parent)
    environment.loader = jinja2.ChoiceLoader([ours, environment.loader] if environment.loader else [ours])
    page = out / "leaderboard.html"
    page.write_text(environment.get_template("leaderboard.html.j2").render(tables=tables), "utf-8")
    return page


def tables_of(results: Iterable[Mapping[str, Any]], tasks: Iterable[Task]) -> list[dict[str, Any]]:
    """Return a table for each task and set of items, in the order of `tasks`, own writing first.

    Rows are in the order of the task's figures, the first one first; those that were not run come last.
    """
    found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for result in results:
        found.setdefault((result["task"], result["items"]["source"], result["items"]["digest"]), []).append(result)
    words = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))
    tables = []
    for task in tasks:
        mine = sorted((key for key in found if key[0] == task.name), key=lambda key: (key[1] != "own", key[2]))
        tables += [_table(task, found[key], number, words) for number, key in enumerate(mine)]
    return tables


def _table(task: Task, results: list[Mapping[str, Any]], number: int, words: Mapping[str, Any]) -> dict[str, Any]:
    first = task.figures[0]
    more_is_better = first not in task.less_is_better
    own_seconds = next((one["seconds"] for one in results if one["entry"] == "manyo" and "seconds" in one), None)
    rows = []
    for one in results:
        figures = {(figure["name"], figure["kind"]): figure for figure in one.get("figures", [])}
        rows.append({**one, "of": figures, "times": _times(one, own_seconds)})
    run = [row for row in rows if "why" not in row]
    # Equal first figures are told apart by the next ones.
    signs = [(name, -1 if name in task.less_is_better else 1) for name in task.figures]
    run.sort(key=lambda row: [sign * row["of"][name, ""]["value"] for name, sign in signs], reverse=True)
    kinds = [kind for row in run[:1] for name, kind in row["of"] if name == first and kind]
    return {
        "id": f"{task.name}-{number}" if number else task.name,
        "task": task,
        "words": words[task.name],
        "first": first,
        "items": results[0]["items"],
        "machine": results[0]["machine"],
        "kinds": kinds,
        "best": {kind: _best(run, first, kind, more_is_better) for kind in kinds},
        "run": run,
        "not_run": [row for row in rows if "why" in row],
    }


def _times(result: Mapping[str, Any], own_seconds: float | None) -> float | None:
    """Return the seconds of an entry over those of manyo."""
    return result["seconds"] / own_seconds if own_seconds and "seconds" in result else None


def _best(rows: list[dict[str, Any]], name: str, kind: str, more_is_better: bool) -> float:
    values: list[float] = [row["of"][name, kind]["value"] for row in rows]
    return max(values) if more_is_better else min(values)
