"""`manyo whatif`: show what a different threshold, or other rules, would change before it is changed."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path, PurePath

from rich.console import Console

from manyo.filters.rules.comparison import Alternative, move_bound
from manyo.filters.rules.decide import load_rules
from manyo.filters.signals.measure import measured_categories
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.label import labels_of, print_found, print_scores
from manyo.pipelines.commands.labelled_documents import score_rules
from manyo.pipelines.commands.measured_documents import measured_shards, without_unmeasured
from manyo.pipelines.commands.policy_changes import policy_costs, print_costs
from manyo.pipelines.commands.rule_changes import RuleChange, WhatIf, what_if
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.selected_documents import read_selection
from manyo.pipelines.commands.shown_documents import parse_number, print_document
from manyo.pipelines.commands.token_rates import token_rate
from manyo.pipelines.commands.written_files import HTML, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config, load_rights
from manyo.pipelines.report.rendering import page_templates

#: Width of the tables if standard output is not a terminal: lines are not broken to fit a window.
_PIPE_COLUMNS = 160

#: Documents on each side of a threshold that are shown where nothing else is said.
_SHOWN = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo whatif`."""
    arguments.add_run(parser)
    arguments.add_listing(parser)
    other = parser.add_mutually_exclusive_group(required=True)
    other.add_argument("--rule", metavar="NAME", help="move a bound of this rule, with --minimum or --maximum")
    other.add_argument("--policy", metavar="FILE", help="compare the [rights] of this file with those of the run")
    other.add_argument("--rules", metavar="RULES", help="compare the rules of this file with those of the run")
    bound = parser.add_mutually_exclusive_group()
    for name in ("minimum", "maximum"):
        bound.add_argument(
            f"--{name}", metavar="VALUES", help="values to try, such as 0.10,0.15,0.20; off removes the bound"
        )
    parser.add_argument(
        "-n",
        type=arguments.whole(0),
        metavar="COUNT",
        help=f"documents shown on each side of each threshold (default: {_SHOWN}, none of several thresholds)",
    )
    parser.add_argument("--labels", metavar="FILE", help="labels of documents: also print precision and recall on them")
    parser.add_argument("--html", metavar="FILE", help="also write the comparison to this file, as one HTML page")


def run(options: argparse.Namespace) -> int:
    """Compare, write the page if it is asked for, print the comparison, and return 0.

    Raises:
        UserError: an option is wrong, or the run is not measured.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    if options.html:
        check_place(options.html, "--html", HTML)
    console = open_console(_PIPE_COLUMNS)
    if options.policy is not None:
        if options.html or options.labels or options.minimum or options.maximum:
            raise UserError("--policy takes none of --html, --labels, --minimum and --maximum")
        policy = load_rights(options.policy)
        if replace(policy, takedown=None) == replace(config.rights, takedown=None):
            raise UserError(f"--policy {options.policy}: says what the [rights] of the run say; name another policy")
        costs = policy_costs(config, policy, read_selection(options, config))
        if options.json:
            for cost in costs:
                print_json(cost)
        else:
            print_costs(console, costs)
        return 0
    alternatives, left_out = _alternatives(config, options)
    for line in left_out:
        print(line, file=sys.stderr if options.json else sys.stdout)
    if options.labels and options.json:
        raise UserError("--labels prints a table, and --json the comparison for other programs: use one of them")
    labels = labels_of(options.labels) if options.labels else []
    shards = measured_shards(config, "whatif", read_selection(options, config))
    n_shown = _SHOWN if options.n is None else options.n
    result = what_if(
        shards, config.rules, alternatives, n_shown, measured_categories(config.signals), token_rate(config)
    )
    if options.html:
        try:
            Path(options.html).write_text(render(result, PurePath(config.path).name), encoding="utf-8")
        except OSError as error:
            raise UserError(f"--html {options.html}: {error.strerror}") from error
    if options.json:
        for change in result.changes:
            print_json(change)
        return 0
    _print_what_if(console, result, is_brief=options.n is None and len(alternatives) > 1)
    if labels:
        scored = score_rules(shards, labels, [config.rules, *(other.rules for other in alternatives)])
        console.print()
        print_found(console, labels, scored)
        names = ["of the run", *(other.label for other in alternatives)]
        print_scores(console, dict(zip(names, scored.scores, strict=True)))
    return 0


def render(result: WhatIf, config_name: str) -> str:
    """A comparison as one HTML document, without scripts, links or references to other files.

    Args:
        result: the comparison.
        config_name: name of the configuration, for the title.
    """
    template = page_templates().get_template("whatif.html.j2")
    return template.render(result=result, config_name=config_name)


def _alternatives(config: Config, options: argparse.Namespace) -> tuple[list[Alternative], tuple[str, ...]]:
    """The rules to compare, and a line for each rule of the file that the run cannot decide."""
    values = options.minimum if options.minimum is not None else options.maximum
    if options.rules is not None:
        if values is not None:
            raise UserError("use --minimum and --maximum with --rule, not with --rules")
        try:
            others, left_out = without_unmeasured(load_rules(options.rules, with_templates=True), config)
        except FileNotFoundError as error:
            raise UserError(f"--rules {options.rules}: no such file") from error
        except ValueError as error:
            raise UserError(str(error)) from error
        if others == config.rules:
            raise UserError(f"--rules {options.rules}: these are the rules of the run; name others")
        return [Alternative(PurePath(options.rules).name, others)], left_out
    if values is None:
        raise UserError("--rule needs --minimum or --maximum with values to try")
    bound = "minimum" if options.minimum is not None else "maximum"
    try:
        return [move_bound(config.rules, options.rule, bound, _bound(value)) for value in values.split(",")], ()
    except ValueError as error:
        raise UserError(f"--rule {options.rule} --{bound} {values}: {error}") from error


def _bound(value: str) -> float | None:
    return None if value.strip() == "off" else parse_number(value)


def _print_what_if(console: Console, result: WhatIf, is_brief: bool) -> None:
    """Print the comparison; a brief one lacks lengths, categories, hosts and documents, a hundred lines a threshold."""
    documents, kept = result.documents.documents, result.kept
    console.print(
        f"{documents:,} documents are measured. The rules of the run keep {kept.documents:,} of them "
        f"({_percent(kept.documents, documents)}), about {kept.tokens:,} tokens ({result.rate}), before dedup.",
        markup=False,
    )
    console.print(_overview(result))
    for change in result.changes:
        _print_change(console, change, is_brief)
    if is_brief:
        console.print()
        console.print(
            "Of one value alone, or with -n COUNT, lengths, hosts and the documents nearest to it are shown too.",
            style="dim",
        )


def _overview(result: WhatIf) -> FittedTable:
    table = FittedTable(
        "", "kept", "documents +", "documents −", "characters +", "characters −", "tokens +", "tokens −", is_plain=True
    )
    for change in result.changes:
        amounts = (
            count
            for gained_and_lost in (
                (change.gained.documents, change.lost.documents),
                (change.gained.characters, change.lost.characters),
                (change.gained.tokens, change.lost.tokens),
            )
            for count in gained_and_lost
        )
        table.add_row(change.label, f"{change.kept.documents:,}", *(f"{count:,}" for count in amounts))
    return table


def _print_change(console: Console, change: RuleChange, is_brief: bool) -> None:
    console.print()
    console.rule(change.label, align="left", characters="─")
    _print_rules(console, change)
    further = (("characters", change.by_length), *change.by_category.items(), ("host", change.by_host))
    for title, groups in (("source", change.by_source), *(() if is_brief else further)):
        changed = [group for group in groups if group.gained.documents or group.lost.documents]
        if not changed:
            continue
        table = FittedTable(title, "documents +", "documents −", "tokens +", "tokens −", is_plain=True)
        for group in changed:
            counts = (group.gained.documents, group.lost.documents, group.gained.tokens, group.lost.tokens)
            table.add_row(group.name, *(f"{count:,}" for count in counts))
        console.print(table)
    if is_brief:
        return
    if change.n_hosts > len(change.by_host):
        console.print(f"and {change.n_hosts - len(change.by_host):,} more hosts")
    for side, documents in (("inside", change.inside), ("outside", change.outside)):
        console.print()
        console.print(change.side_title(side), style="bold")
        for place, document in enumerate(documents, start=1):
            print_document(console, document, str(place))
        if not documents:
            console.print("    none")


def _print_rules(console: Console, change: RuleChange) -> None:
    moved = change.moved
    if moved is None:
        table = FittedTable("rule", "signal", "fails", "alone", texts=(0, 1), is_plain=True)
        for rule in change.rules:
            table.add_row(rule.rule, rule.signal, f"{rule.fails:,}", f"{rule.alone:,}")
        console.print(table)
        return
    console.print(f"{moved.fails:,} documents fail {moved.rule} here; {moved.alone:,} of them fail no other rule.")
    if moved.also:
        console.print(f"The others also fail: {', '.join(f'{rule} {count:,}' for rule, count in moved.also)}.")


def _percent(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0 %"
