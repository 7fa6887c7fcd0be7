"""The command `manyo`: imports the module of one command, runs it, and turns errors into one line and a status."""

from __future__ import annotations

import argparse
import atexit
import contextlib
import importlib
import io
import os
import platform
import re
import signal
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from importlib.metadata import version
from typing import NamedTuple, NoReturn, Protocol, cast

from manyo.corpus.nearest import did_you_mean
from manyo.corpus.own_parts import PartError
from manyo.corpus.tables.credentials import hide, public
from manyo.corpus.tables.shard_errors import OwnershipLost, ShardError
from manyo.pipelines.engine import resuming
from manyo.pipelines.engine.errors import (
    EXIT_DONE,
    EXIT_USER,
    EXIT_WORK,
    ClusterLost,
    NoCluster,
    UserError,
    WorkFailed,
)
from manyo.pipelines.option_paths import path_options, start_at_configuration


class CommandModule(Protocol):
    """What each module of `manyo.pipelines.commands` that is a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of the command to its parser."""

    def run(self, options: argparse.Namespace) -> int:
        """Run the command and return the exit status."""


class Command(NamedTuple):
    """A line of `manyo --help`.

    Attributes:
        module: the module in `manyo.pipelines.commands`.
        help: what the command does.
    """

    module: str
    help: str


#: Every command. A module is imported only when its command is given: most of them load Numba and Arrow.
COMMANDS = {
    "init": Command("init", "write a commented configuration for what a folder holds"),
    "check": Command("check", "read a configuration and what it names, and parse ten records of each source"),
    "run": Command("run_all", "run every stage, from the sources to the report"),
    "extract": Command("run_stages", "read the sources: documents, and refused pages with their reasons"),
    "langid": Command("run_stages", "identify the language of every document"),
    "filter": Command("run_stages", "measure signals, then decide by rules"),
    "dedup": Command("run_stages", "find exact and near duplicates, and choose the survivors"),
    "scrub": Command("run_stages", "mask personal information and write the release"),
    "export": Command("run_stages", "write the release for other tools, as the [export] table says"),
    "train-tokenizer": Command("train_tokenizer", "train a tokenizer on the release and measure it"),
    "tokenizer": Command("tokenizer_export", "write a tokenizer as a Hugging Face folder with the same ids"),
    "tokenize": Command("run_stages", "write token shards; train the tokenizer first if the configuration says so"),
    "report": Command("run_stages", "write the statistics of every table as report.html and report.json"),
    "takedown": Command("takedown", "remove documents from the release and from the token shards that hold them"),
    "plan": Command("plan", "run a small sample and predict the time, memory, storage and cost of the whole run"),
    "select": Command(
        "select_places", "write what a crawl's rule selects of its index, packed into files of equal bytes"
    ),
    "recall": Command("recall", "read some archives of a crawl whole, and show what its rule on the index loses"),
    "status": Command("status", "show the progress of a run: shards, rates and time left of each stage"),
    "path": Command("path", "print the folder that holds a table of the run"),
    "trace": Command("trace", "show what happened to a page or the pages of a host, from records to tokens"),
    "show": Command("show", "show one document: its whole text, what was measured and decided, where its record is"),
    "verify": Command("verify", "read every token shard again and report what has changed since it was written"),
    "mix": Command("mix", "write Megatron's data arguments for the [mix] table"),
    "step": Command("step", "show the documents that one step of a Megatron training run reads"),
    "seen": Command("seen", "show the steps of a Megatron training run that read a document"),
    "cache": Command("write_cache", "write the caches of Megatron's order before a training run begins"),
    "whatif": Command("whatif", "show what a different threshold, or other rules, would change"),
    "inspect": Command("inspect", "show documents that are kept, dropped by a rule, near a threshold, or duplicates"),
    "rules": Command("rules", "print a rules file, as it is or with one bound moved, for rules of your own"),
    "view": Command("view_page", "write one HTML file to look at a run: move bounds, read samples, label documents"),
    "publish": Command("publish", "write the release as a folder for the Hub: Parquet, card, Croissant, recipe"),
    "rebuild": Command("rebuild", "fetch the pages of a corpus published without text, and prove that they give it"),
    "diff": Command("diff", "compare two runs: documents gained, lost, changed and moved between reasons"),
    "label": Command("label", "score the rules of a run, and the presets, on documents that people labelled"),
    "ablate": Command("ablate", "compare two corpora by figures that need no model, each with its interval"),
    "plan-ablation": Command("plan_ablation", "write Megatron's arguments for small models on two or more corpora"),
    "choose-tasks": Command(
        "choose_tasks", "find the tasks that tell corpora apart early, and the corpus that is ahead"
    ),
    "train-categories": Command("train_categories", "train a model of registers or subjects and measure it"),
    "train-quality": Command("train_quality", "train a quality classifier on good and bad documents and measure it"),
    "gc": Command("gc", "show the folders of an output that no configuration names, and delete them on request"),
    "warm": Command("warm", "compile now what the first run would compile"),
    "completion": Command("completion", "print the completion script of a shell"),
    "submit": Command("submit", "run a configuration as a job on the Ray cluster at RAY_ADDRESS and follow its log"),
    "stop": Command("stop", "stop the job that runs a configuration on the Ray cluster at RAY_ADDRESS"),
}


_DESCRIPTION = """Turn Japanese web crawls and licensed Japanese text into explainable training data.

to begin:
  manyo init FOLDER                 write manyo.toml for what a folder holds
  manyo check --config manyo.toml   say what is wrong with it, and read ten records of each source
  manyo run --config manyo.toml     run every stage; ends with the path of report.html
  manyo COMMAND --help              the options of a command

exit status: 0 done, 1 the work failed, 2 a mistake of the user, 3 done with notices"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that the arguments name, by default those of the process.

    Returns:
        The exit status: 0 for success, 1 if the work failed, 2 for a mistake of the user, 3 for notices
        (`manyo.pipelines.engine.errors`).
    """
    _on_signals(_stop_at_once)
    resuming.watch_parent()
    try:
        options = parse(sys.argv[1:] if arguments is None else arguments)
        _refuse_gone_folder()
        module = _module_of(options.command)
        _on_signals(_interrupt)
        with start_at_configuration(options):
            return module.run(options)
    except (ClusterLost, NoCluster) as error:
        status = _complain(str(error), EXIT_WORK if isinstance(error, ClusterLost) else EXIT_USER)
        if resuming.is_child() and (isinstance(error, ClusterLost) or resuming.is_resumed()):
            os._exit(status)  # without saying that it ended, so it is started again
        return status
    except (UserError, PartError) as error:
        return _complain(str(error), EXIT_USER)
    except BrokenPipeError:  # whoever read the output, such as head, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_DONE
    except (WorkFailed, ShardError, OwnershipLost, OSError) as error:
        # Imported here because it loads Arrow, which `manyo --help` and `manyo submit` do not need.
        from manyo.pipelines.engine.run_stage import describe_failure

        return _complain(describe_failure(error), EXIT_WORK)
    except KeyboardInterrupt:
        return _complain("stopped; finished shards are kept, run the same command to continue", EXIT_WORK)


def _refuse_gone_folder() -> None:
    """Raise UserError if the working folder was deleted: every relative path would be missing."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UserError("the folder in which this was started is gone; cd to another one") from error


def write_anything() -> None:
    """Have a terminal of ASCII or Latin-1 show what it cannot show as \\u3042."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run_and_exit() -> NoReturn:
    """Run `main` and end the process with its status, without taking the interpreter apart.

    A thread of a native library that lets go of a Python object while that happens aborts the process (status 134):
    under load, three of 235 calls of `manyo inspect`, which reads with Arrow's threads.
    """
    write_anything()
    try:
        status = resuming.resume([sys.executable, *sys.orig_argv[1:]]) if _is_resumable() else main()
        sys.stdout.flush()
    except BrokenPipeError:
        status = EXIT_DONE
    except SystemExit as error:  # argparse has said why
        status = error.code if isinstance(error.code, int) else EXIT_WORK
    finally:
        resuming.say_ended()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    with contextlib.suppress(OSError):
        sys.stderr.flush()
    os._exit(status)


def _is_resumable() -> bool:
    """Whether this process is to start its command in another one, and again when its cluster is lost."""
    if not resuming.is_resumable(None):
        return False
    _on_signals(_stop_at_once)
    return resuming.is_resumable(getattr(parse(sys.argv[1:]), "executor", "serial"))


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; the module of its command adds the options.

    Returns:
        The options, with the name of the command as `command`.

    Raises:
        SystemExit: the command line is wrong (status 2) or asks for help (status 0).
    """
    parser, commands = _parser(arguments[:1])
    options = parser.parse_args(arguments)
    options.path_options = path_options(commands[options.command])
    options.whole_parser = lambda: _parser(COMMANDS)[0]
    for name in ("out", "against", "list"):
        given = getattr(options, name, None)
        if given:
            # From here on, URIs only name things.
            setattr(options, name, public(given) if isinstance(given, str) else [public(one) for one in given])
    return options


def _parser(whole: Collection[str]) -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The parser of the command line and those of its commands, of which only some know their options."""
    parser = _Parser(prog="manyo", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        of_command = commands.add_parser(name, help=command.help, description=command.help)
        if name in whole:
            _module_of(name).add_arguments(of_command)
    return parser, commands.choices


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line, with what was probably meant."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        if found := _INVALID_CHOICE.fullmatch(message):
            valid = re.findall(r"'([^']*)'", found["valid"])
            message = f"{found['where']}: there is no {found['given']!r}; {did_you_mean(found['given'], valid)}"
        elif message.endswith("required: --config"):
            message = "name the configuration: --config FILE"
        self.exit(EXIT_USER, f"{self.prog}: {message}; see {self.prog} --help\n")


#: What argparse says of a word that is none of several.
_INVALID_CHOICE = re.compile(r"argument (?P<where>\S+): invalid choice: '(?P<given>.*)' \(choose from (?P<valid>.*)\)")


class _Version(argparse.Action):
    """Prints the version, which is looked up only then."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and exit with 0."""
        print(f"manyo {version('manyo')}, Python {platform.python_version()}")
        parser.exit()


def _module_of(command: str) -> CommandModule:
    return cast(CommandModule, importlib.import_module(f"manyo.pipelines.commands.{COMMANDS[command].module}"))


def _complain(message: str, status: int) -> int:
    # What the system calls an error is for programs; its words are for people.
    for line in re.sub(r"\[Errno -?\d+\] ", "", hide(message)).split("\n"):
        print(f"manyo: {line}", file=sys.stderr)
    return status


def _on_signals(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup has the last one ignored
            signal.signal(number, handler)


def _stop_at_once(*_: object) -> None:
    """End while libraries are loaded: an exception would be one of theirs, and there is nothing to put in order yet."""
    os.write(2, b"manyo: stopped before it began\n")
    os._exit(EXIT_WORK)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
