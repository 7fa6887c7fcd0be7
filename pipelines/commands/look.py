"""The commands that look at what a run measured: `whatif` and `inspect`, from their options to what they print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path, PurePath

from rich.console import Console

from manyo.filters.rules.comparison import Alternative, move_bound
from manyo.filters.rules.decide import Rule, load_rules
from manyo.pipelines.commands.documents import measured_shards, without_unmeasured
from manyo.pipelines.commands.inspect import choose, print_chosen, print_near
from manyo.pipelines.commands.repeats import choose_repeats, duplicates_uris, print_repeats
from manyo.pipelines.commands.whatif import print_what_if, render, what_if
from manyo.pipelines.engine.stage import UserError
from manyo.pipelines.graph.config import Config

#: Lines for a pipe or a file are not broken to fit a window.
_PIPE_COLUMNS = 160


def whatif(config: Config, options: argparse.Namespace) -> int:
    """`manyo whatif`.

    Raises:
        UserError: an option is wrong, or the run is not measured.
    """
    console = _console()
    alternatives = _alternatives(config, options, console)
    shards = measured_shards(config, "whatif")
    result = what_if(shards, config.rules, alternatives, max(0, options.n))
    if options.html:
        try:
            Path(options.html).write_text(render(result, PurePath(config.path).name), encoding="utf-8")
        except OSError as error:
            raise UserError(f"--html {options.html}: {error.strerror}") from error
    print_what_if(console, result)
    return 0


def inspect(config: Config, options: argparse.Namespace) -> int:
    """`manyo inspect`.

    Raises:
        UserError: an option is wrong, or the run is not measured.
    """
    count = max(0, options.n)
    if options.duplicates:
        near = None if options.near is None else _similarity(options.near)
        duplicates = duplicates_uris(config, "inspect")
        repeats, total = choose_repeats(measured_shards(config, "inspect"), duplicates, near, count)
        print_repeats(_console(), repeats, total)
        return 0
    if options.near is not None:
        moved = _near(config.rules, options.reason, options.near)
        shards = measured_shards(config, "inspect")
        print_near(_console(), shards, config.rules, moved, count)
        return 0
    shards = measured_shards(config, "inspect")
    try:
        documents, total = choose(shards, config.rules, options.reason, count)
    except ValueError as error:
        raise UserError(f"--reason: {error}") from error
    print_chosen(_console(), documents, total, "kept" if options.kept else f"dropped by {options.reason}")
    return 0


def _alternatives(config: Config, options: argparse.Namespace, console: Console) -> list[Alternative]:
    rules = config.rules
    values = options.minimum if options.minimum is not None else options.maximum
    if options.rules is not None:
        if values is not None:
            raise UserError("--minimum and --maximum go with --rule, not with --rules")
        try:
            others, left_out = without_unmeasured(load_rules(options.rules), config.signals)
        except FileNotFoundError as error:
            raise UserError(f"--rules {options.rules}: no such file") from error
        except ValueError as error:
            raise UserError(str(error)) from error
        for line in left_out:
            console.print(line, markup=False)
        return [Alternative(PurePath(options.rules).name, others)]
    if values is None:
        raise UserError("--rule needs --minimum or --maximum with values to try")
    bound = "minimum" if options.minimum is not None else "maximum"
    try:
        return [move_bound(rules, options.rule, bound, _bound(value)) for value in values.split(",")]
    except ValueError as error:
        raise UserError(f"--rule {options.rule} --{bound} {values}: {error}") from error


def _bound(value: str) -> float | None:
    return None if value.strip() == "off" else _number(value)


def _number(value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise ValueError(f"{value!r} is not a number") from None


def _similarity(value: str) -> float:
    try:
        similarity = _number(value)
    except ValueError as error:
        raise UserError(f"--near {value}: {error}") from error
    if not 0 <= similarity <= 1:
        raise UserError(f"--near {value}: a similarity is a number from 0 to 1")
    return similarity


def _near(rules: Sequence[Rule], name: str | None, value: str) -> Alternative:
    if name is None:
        raise UserError(f"--near {value}: near the bound of which rule? Name it: --reason RULE --near {value}")
    rule = next((rule for rule in rules if rule.name == name), None)
    bound = "maximum" if rule is not None and rule.minimum is None else "minimum"
    try:
        return move_bound(rules, name, bound, _number(value))
    except ValueError as error:
        raise UserError(f"--reason {name} --near {value}: {error}") from error


def _console() -> Console:
    """A console on standard output; if a pager closes it early, Rich ends the program without a word."""
    return Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _PIPE_COLUMNS)
