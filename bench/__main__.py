"""A benchmark of the components of a Japanese corpus, and its leaderboard.

    python -m bench run [TASK …]           run manyo and its peers on items drawn from a seed, and build the page
    python -m bench run --data FOLDER      the same on data of others that lie in FOLDER
    python -m bench items TASK             print the items of a task as JSON lines, gold included
    python -m bench digests                print the digest of each task's items: the same seed gives the same
    python -m bench page                   build the page from the results that are there
    python -m bench fetch FOLDER           fetch pages of others with a known text into FOLDER, for --data

Each entry runs in an environment of its own, which is made when it is first needed (venv and pip, under
OUT/environments). One that cannot be installed, or fails, is a row that says why. Results are OUT/results/*.json, the
page is OUT/leaderboard.html. docs/benchmark.md says what the tasks are and what the figures cannot say.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench.board.fetching import NotFetched, archives, fetch
from bench.board.listed import ENTRIES, TASKS
from bench.board.page import NoResults, write_page
from bench.board.running import OWN, item_set, run_all
from bench.board.task import Item, Task, digest

_OUT = Path("build/leaderboard")


def main() -> None:
    """Do what the command line says.

    Raises:
        SystemExit: status 1 with one line if manyo's entry did not answer, nobody did, there is nothing to build a page
            of, or an archive cannot be fetched.
    """
    options = _options()
    try:
        _COMMANDS[options.command](options)
    except (NoResults, NotFetched) as error:
        sys.exit(f"bench: {error}")


def _run(options: argparse.Namespace) -> None:
    tasks = [task for task in TASKS if not options.tasks or task.name in options.tasks]
    entries = [entry for entry in ENTRIES if not options.entries or entry.name in options.entries]
    items_of = partial(item_set, seed=options.seed, n_items=options.n, data=options.data)
    results = run_all(tasks, entries, items_of, options.out, _say)
    if not results:
        raise NoResults("nothing was asked: no items, or no entry of these names takes part in these tasks")
    _page(options)
    absent = [f"{one['task']}: {one['entry']}: {one['why']}" for one in results if "why" in one]
    _say(f"{len(results) - len(absent)} entries answered, {len(absent)} did not")
    # A peer that cannot be installed is a row; our own entry, or nobody at all, is a fault of this run.
    if len(absent) == len(results) or any(one["entry"] == OWN and "why" in one for one in results):
        raise NoResults("; ".join(absent))


def _page(options: argparse.Namespace) -> None:
    _say(f"page: {write_page(options.out)}")


def _items(options: argparse.Namespace) -> None:
    for task, items in _drawn(options):
        for item in items:
            print(json.dumps({"task": task.name, **item._asdict()}, ensure_ascii=False))


def _digests(options: argparse.Namespace) -> None:
    for task, items in _drawn(options):
        print(f"{task.name} seed {options.seed} items {len(items)} digest {digest(items)}")


def _drawn(options: argparse.Namespace) -> Iterator[tuple[Task, list[Item]]]:
    for task in TASKS:
        if not options.tasks or task.name in options.tasks:
            yield task, task.draw(options.seed, options.n or task.n_items)


def _fetch(options: argparse.Namespace) -> None:
    for archive in archives():
        _say(f"{archive.name}: {fetch(archive, options.folder)}")


def _say(line: str) -> None:
    print(line, flush=True)


_COMMANDS = {"run": _run, "items": _items, "digests": _digests, "page": _page, "fetch": _fetch}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    names = [task.name for task in TASKS]
    for command in ("run", "items", "digests"):
        drawing = commands.add_parser(command)
        drawing.add_argument("tasks", nargs="*", metavar="TASK", help=f"of {', '.join(names)}; all if none is named")
        drawing.add_argument("--seed", type=int, default=1, help="of the items (1); any other gives fresh ones")
        drawing.add_argument("--n", type=int, help="items of a task, instead of its own number")
        if command == "run":
            drawing.add_argument("--data", type=Path, metavar="FOLDER", help="read items of others from here instead")
            drawing.add_argument("--entries", action="append", default=[], metavar="NAME", help="only this; repeatable")
            drawing.add_argument("--out", type=Path, default=_OUT)
    commands.add_parser("page").add_argument("--out", type=Path, default=_OUT)
    commands.add_parser("fetch").add_argument("folder", type=Path)
    options = parser.parse_args()
    known_entries = sorted({entry.name for entry in ENTRIES})
    for what, chosen, known in (("task", "tasks", names), ("entry", "entries", known_entries)):
        for name in getattr(options, chosen, []):
            if name not in known:
                parser.error(f"no {what} {name!r}; there are {', '.join(known)}")
    if getattr(options, "n", None) is not None and options.n < 1:
        parser.error("--n must be at least 1")
    if getattr(options, "data", None) is not None and not options.data.is_dir():
        parser.error(f"--data {options.data}: no such folder")
    return options


if __name__ == "__main__":
    main()
