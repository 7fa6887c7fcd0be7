"""The command `manyo`: reads a configuration, runs it, and says in one line what a person must mend."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence

from pipelines.engine import UserError, WorkFailed, describe_failure

#: Exit statuses: the user can mend it; the work failed.
_EXIT_USER, _EXIT_WORK = 2, 1

_STAGE_COMMANDS = {
    "extract": "read the sources: documents, and refused pages with their reasons",
    "langid": "tell the language of every document",
    "filter": "measure signals, then decide by rules",
    "dedup": "find exact and near duplicates and their survivors",
    "scrub": "mask personal information: the release",
    "tokenize": "train a tokenizer where the configuration asks for one, and write token shards",
    "report": "statistics of every table as report.html and report.json",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point; returns the exit status."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _dispatch(options)
    except UserError as error:
        return _complain(str(error), _EXIT_USER)
    except (WorkFailed, OSError) as error:
        return _complain(describe_failure(error), _EXIT_WORK)
    except KeyboardInterrupt:
        return _complain("stopped; what is finished stays, run the same command to go on", _EXIT_WORK)


def _dispatch(options: argparse.Namespace) -> int:
    if options.command == "submit":
        from pipelines.submit import submit

        return submit(options.config, options.out)
    # Imported here because they load Numba and Arrow, which `--help` and `submit` can do without.
    from rich.console import Console

    from pipelines.config import load_config
    from pipelines.events import Events
    from pipelines.executors import Auto, RayTasks, Serial
    from pipelines.progress import watcher
    from pipelines.run import run, run_command, table_folder
    from pipelines.status import current_status
    from pipelines.summary import print_summary

    config = load_config(options.config, options.out)
    if options.command == "path":
        print(table_folder(config, options.table))
        return 0
    if options.command == "status":
        Console(highlight=False, soft_wrap=True).print(current_status(config))
        return 0
    shown = Events(watcher(), options.events) if options.events else watcher()
    executors: dict[str | None, type[Serial | RayTasks | Auto]] = {"serial": Serial, "ray": RayTasks, None: Auto}
    executor = executors[options.executor]()
    try:
        if options.command == "run":
            result = run(config, executor, shown, options.until)
        else:
            result = run_command(config, executor, shown, options.command)
    finally:
        executor.close()
    print_summary(config, result)
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog="manyo", description="Japanese web crawls and licensed Japanese text into explainable training data."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, meaning: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=meaning, description=meaning)
        sub.add_argument("--config", required=True, metavar="FILE", help="the run's TOML file")
        sub.add_argument("--out", metavar="URI", help="write there instead of the file's [run] out")
        return sub

    whole = command("run", "run every stage, from the sources to the report")
    whole.add_argument(
        "--until", choices=tuple(_STAGE_COMMANDS), default="report", metavar="STAGE", help="stop after this stage"
    )
    stages = [command(name, meaning) for name, meaning in _STAGE_COMMANDS.items()]
    for sub in (whole, *stages):
        sub.add_argument(
            "--executor",
            choices=("serial", "ray"),
            help="where tasks run; by default Ray where RAY_ADDRESS is set or the work is large, else this process",
        )
        sub.add_argument("--events", metavar="FILE", help="append what happens to a file, a JSON object a line")
    command("status", "how far a run is: shards, rates, time left, slowest shards, stage by stage")
    path = command("path", "print the folder that holds a table of this run")
    path.add_argument("table", metavar="TABLE", help="documents, refused, signals, release, tokens, report, ...")
    command("submit", "run a configuration as a job on the Ray cluster at RAY_ADDRESS, and follow its log")
    return top


def _complain(message: str, status: int) -> int:
    print(f"manyo: {message}", file=sys.stderr)
    return status


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
