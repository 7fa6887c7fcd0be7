"""The command `manyo`: reads a configuration, runs it, and says in one line what a person must mend."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from manyo.pipelines.engine.stage import Executor, UserError, WorkFailed, describe_failure

if TYPE_CHECKING:
    from manyo.pipelines.engine.progress import Watcher
    from manyo.pipelines.graph.config import Config
    from manyo.pipelines.run import RunResult

#: Exit statuses: the user can mend it; the work failed.
_EXIT_USER, _EXIT_WORK = 2, 1

_STAGE_COMMANDS = {
    "extract": "read the sources: documents, and refused pages with their reasons",
    "langid": "tell the language of every document",
    "filter": "measure signals, then decide by rules",
    "dedup": "find exact and near duplicates and their survivors",
    "scrub": "mask personal information: the release",
    "export": "write the release as datatrove keeps documents, where the file has an [export] table",
    "train-tokenizer": "run every stage up to a tokenizer of the release's own, and measure it",
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
    if options.command == "train-quality":
        from manyo.pipelines.commands.train_quality import train_quality

        return train_quality(options)
    if options.command == "submit":
        from manyo.pipelines.commands.submit import submit

        if options.against:
            raise UserError(
                "submit: name the indexes in the file, as [dedup] against, so that every later command sees them"
            )
        return submit(options.config, options.out)
    if options.command == "stop":
        from manyo.pipelines.commands.submit import stop

        return stop(options.config, options.out)
    # Imported here because they load Numba and Arrow, which `--help` and `submit` can do without.
    from rich.console import Console

    from manyo.pipelines.commands.status import current_status
    from manyo.pipelines.commands.summary import print_summary
    from manyo.pipelines.engine.events import Events
    from manyo.pipelines.engine.executors import Auto, RayTasks, Serial
    from manyo.pipelines.engine.progress import watcher
    from manyo.pipelines.graph.config import load_config
    from manyo.pipelines.run import run, run_command, table_folder

    config = load_config(options.config, options.out)
    if options.against:
        config = replace(config, dedup=replace(config.dedup, against=tuple(options.against)))
    if options.command in ("whatif", "inspect"):
        from manyo.pipelines.commands import look

        return look.whatif(config, options) if options.command == "whatif" else look.inspect(config, options)
    if options.command == "trace":
        return _trace(config, options.page)
    if options.command == "plan":
        from manyo.pipelines.commands.plan import plan

        return plan(config, options)
    if options.command == "path":
        print(table_folder(config, options.table))
        return 0
    if options.command == "status":
        from manyo.pipelines.commands.submit import job_lines

        Console(highlight=False, soft_wrap=True).print(current_status(config))
        for line in job_lines(options.config, options.out):
            print(line)
        return 0
    if options.command == "verify":
        return _verify(config, options.sample)
    if options.command == "mix":
        return _mix(config)
    shown = Events(watcher(), options.events) if options.events else watcher()
    executors: dict[str | None, type[Serial | RayTasks | Auto]] = {"serial": Serial, "ray": RayTasks, None: Auto}
    executor = executors[options.executor]()
    try:
        if options.command == "run":
            result = run(config, executor, shown, options.until)
        elif options.command == "takedown":
            return _take_down(config, executor, shown, options.list)
        elif options.command == "export" and config.export is None:
            raise UserError(f'{config.path}: there is no [export] table; write one, with format = "jsonl" or "parquet"')
        elif options.command == "train-tokenizer":
            result = _train_tokenizer(config, executor, shown, options.beside)
        else:
            result = run_command(config, executor, shown, options.command)
    finally:
        executor.close()
    print_summary(config, result)
    return 0


def _train_tokenizer(config: Config, executor: Executor, watcher: Watcher, beside: Sequence[str]) -> RunResult:
    from rich.console import Console

    from manyo.pipelines.commands.train_tokenizer import measure_models, measures_table
    from manyo.pipelines.run import run

    if config.tokenize.train is None:
        raise UserError(f"{config.path}: there is no [tokenize.train] table that says how to train")
    result = run(config, executor, watcher, "train-tokenizer")
    outputs = {one.stage.name: one.output for one in result.stages}
    (shard,) = outputs["train"].shards
    models = [outputs["train"].uri("model", shard.name), *beside]
    try:
        measures = measure_models(models, outputs["release"], config.tokenize.train)
    except ValueError as error:
        raise UserError(str(error)) from error
    # A pipe or a file has no width that names would have to be broken for.
    Console(width=None if sys.stdout.isatty() else 160).print(measures_table(measures))
    return result


def _trace(config: Config, page: str) -> int:
    from rich.console import Console

    from manyo.corpus.tables.shards import ShardError
    from manyo.pipelines.commands.trace import print_traces, trace

    try:
        traces = trace(config, page)
    except ShardError as error:
        raise WorkFailed(str(error)) from error
    print_traces(Console(highlight=False, soft_wrap=True), traces)
    return 0


def _take_down(config: Config, executor: Executor, watcher: Watcher, uri: str) -> int:
    from manyo.pipelines.commands.takedown import take_down

    done = take_down(config, uri, executor, watcher)
    print(f"{done.documents:,} documents of this run are on its takedown list")
    for shard, documents in done.release_shards.items():
        print(f"release {shard}: {documents:,} documents taken out")
    for shard, tokens in done.token_shards.items():
        print(f"tokens {shard}: {tokens:,} tokens left")
        for one in done.removed:
            if one.shard == shard:
                print(f"    tokens {one.first_token:,} to {one.first_token + one.token_count - 1:,} taken out")
    if not (done.release_shards or done.token_shards):
        print("no shard had to be changed")
    for named, released in done.copies:
        print(f"document {named.hex()} was no part of the release, but its text is: as document {released.hex()}")
    return 0


def _verify(config: Config, sample_documents: int) -> int:
    from manyo.corpus.tables.shards import ShardError
    from manyo.pipelines.commands.verify import verify_run

    try:
        verified = verify_run(config, sample_documents)
    except ShardError as error:
        raise WorkFailed(str(error)) from error
    for fault in verified.faults:
        print(fault)
    print(
        f"{verified.shards:,} token shards, {verified.documents:,} documents, {verified.tokens:,} tokens, "
        f"{verified.sampled_documents:,} documents encoded again: {len(verified.faults) or 'no'} faults"
    )
    return 1 if verified.faults else 0


def _mix(config: Config) -> int:
    from manyo.pipelines.commands.mix import counted_shards, plan_mix, source_table, warnings, write_mix
    from manyo.pipelines.graph.build import build_stages

    if config.mix is None:
        raise UserError(f"{config.path}: there is no [mix] table")
    (tokenize,) = [stage for stage in build_stages(config) if stage.name == "tokenize"]
    mixed = plan_mix(config.mix, counted_shards(config.mix, config.run.out, tokenize))
    print(source_table(mixed).expandtabs(24), end="")
    total = sum(source.tokens for source in mixed)
    print(f"{total:,} of {config.mix.target_tokens:,} tokens, {total / config.mix.target_tokens:.2%} of the target")
    for warning in warnings(config.mix, mixed):
        print(f"manyo: warning: {warning}", file=sys.stderr)
    print(f"--data-args-path {write_mix(mixed, config.run.out)}")
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
        sub.add_argument(
            "--against",
            nargs="+",
            metavar="INDEX",
            help="indexes of earlier runs to find duplicates in, instead of the file's [dedup] against",
        )
        return sub

    whole = command("run", "run every stage, from the sources to the report")
    whole.add_argument(
        "--until", choices=tuple(_STAGE_COMMANDS), default="report", metavar="STAGE", help="stop after this stage"
    )
    stages = {name: command(name, meaning) for name, meaning in _STAGE_COMMANDS.items()}
    stages["train-tokenizer"].add_argument(
        "--beside", nargs="+", default=(), metavar="MODEL", help="other SentencePiece models to measure as well"
    )
    takedown = command("takedown", "take documents out of the release and the token shards that hold them")
    takedown.add_argument("list", metavar="LIST", help="a file: a URL, host, doc_id or identifier a line")
    for sub in (whole, *stages.values(), takedown):
        sub.add_argument(
            "--executor",
            choices=("serial", "ray"),
            help="where tasks run; by default Ray where RAY_ADDRESS is set or the work is large, else this process",
        )
        sub.add_argument("--events", metavar="FILE", help="append what happens to a file, a JSON object a line")
    _add_plan(command)
    command("status", "how far a run is: shards, rates, time left, slowest shards, stage by stage")
    path = command("path", "print the folder that holds a table of this run")
    path.add_argument("table", metavar="TABLE", help="documents, refused, signals, release, tokens, report, ...")
    trace = command("trace", "what happened to one page, from its record to its tokens")
    trace.add_argument(
        "page", metavar="PAGE", help="its address, its doc_id, or SHARD:POSITION of a token, such as cc-00012:345678"
    )
    verify = command("verify", "re-read every token shard and name what is not as it was written")
    verify.add_argument(
        "--sample", type=int, default=1000, metavar="N", help="encode about N documents again (default: 1000)"
    )
    command("mix", "write Megatron's data arguments for the file's [mix]")
    _add_looks(command)
    meaning = "train a classifier of good text from documents of both kinds, and measure it on held-out ones"
    quality = commands.add_parser("train-quality", help=meaning, description=meaning)
    for side in ("positive", "negative"):
        quality.add_argument(
            f"--{side}", nargs="+", required=True, metavar="FILE", help=f"{side} documents: .txt, .jsonl or .parquet"
        )
    quality.add_argument("--model", required=True, metavar="FILE", help="write the model there, and FILE.md beside it")
    command("submit", "run a configuration as a job on the Ray cluster at RAY_ADDRESS, and follow its log")
    command("stop", "stop the job that runs a configuration on the Ray cluster at RAY_ADDRESS")
    return top


def _add_plan(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    plan = command("plan", "run a small sample, and tell what the whole will take: time, memory, size, cost")
    plan.add_argument("--nodes", type=int, default=1, metavar="N", help="machines that the run gets (default: 1)")
    plan.add_argument("--cores", type=int, metavar="N", help="cores of each (default: as many as this machine has)")
    plan.add_argument("--prices", metavar="FILE", help="a TOML file of prices, such as deploy/prices.toml")
    plan.add_argument(
        "--sample-mb", type=int, default=24, metavar="MB", help="how much input the sample parses (default: 24)"
    )
    plan.add_argument("--actual", action="store_true", help="hold the finished run against the plan that was made")


def _add_looks(command: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """The commands that show what a run measured, and change nothing."""
    whatif = command("whatif", "what a moved threshold, or other rules, would change")
    other = whatif.add_mutually_exclusive_group(required=True)
    other.add_argument("--rule", metavar="NAME", help="the rule whose bound is moved, with --minimum or --maximum")
    other.add_argument("--rules", metavar="FILE", help="hold the rules of this file against those of the run")
    bound = whatif.add_mutually_exclusive_group()
    for name in ("minimum", "maximum"):
        bound.add_argument(f"--{name}", metavar="VALUES", help="values to try, such as 0.10,0.15,0.20; off for none")
    whatif.add_argument("-n", type=int, default=3, metavar="COUNT", help="samples from each side of a threshold")
    whatif.add_argument("--html", metavar="FILE", help="write the comparison there as one HTML page")
    inspect = command("inspect", "documents that are kept, dropped by a rule or as duplicates, or near a threshold")
    which = inspect.add_mutually_exclusive_group(required=True)
    which.add_argument("--reason", metavar="RULE", help="documents that this rule drops")
    which.add_argument("--kept", action="store_true", help="documents that every rule keeps")
    which.add_argument("--duplicates", action="store_true", help="documents that repeat another, beside that one")
    inspect.add_argument(
        "--near",
        metavar="VALUE",
        help="with --reason: documents on either side of this value of the rule's bound; "
        "with --duplicates: those whose similarity is nearest to it",
    )
    inspect.add_argument(
        "-n", type=int, default=20, metavar="COUNT", help="how many are shown, of each side for --near"
    )


def _complain(message: str, status: int) -> int:
    print(f"manyo: {message}", file=sys.stderr)
    return status


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
