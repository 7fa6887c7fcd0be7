"""`manyo inspect`: show documents that are kept, dropped by a rule, near a threshold, or removed as duplicates.

Samples are the first documents in the order of their ids, which are digests: random, and the same every time. The
rules of the configuration are applied again to the measured columns, so that a threshold can be changed in the file and
its effect be looked at without running a stage.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console

from manyo.corpus.doc_ids import id_heads
from manyo.corpus.nearest import did_you_mean
from manyo.filters.rules.comparison import Alternative, move_bound
from manyo.filters.rules.decide import PROFILES, RULE_COLUMNS, Rule, failures
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.json_lines import print_json
from manyo.pipelines.commands.measured_documents import MeasuredShard, measured_shards, read_columns_of
from manyo.pipelines.commands.refused_pages import print_refused, refused_for
from manyo.pipelines.commands.removed_duplicates import choose_duplicates, duplicates_uris, print_duplicates
from manyo.pipelines.commands.rule_changes import what_if
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.selected_documents import Selection, read_selection
from manyo.pipelines.commands.shown_documents import ShownDocument, parse_number, print_document, print_total, show
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.reasons import drops, refusals, rule_meaning

#: Width if standard output is not a terminal: lines are not broken to fit a window.
_PIPE_COLUMNS = 160


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo inspect`."""
    arguments.add_run(parser)
    arguments.add_listing(parser)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--reason", metavar="REASON", help="what this rule drops, or is refused for this reason")
    which.add_argument("--kept", action="store_true", help="documents that every rule keeps")
    which.add_argument("--duplicates", action="store_true", help="removed duplicates, each with its survivor")
    parser.add_argument(
        "--near",
        metavar="VALUE",
        help="with --reason, which may then name a column (kept_japanese_fraction): documents on both sides of this "
        "value of the rule's bound; "
        "with --duplicates: those whose similarity is nearest to it",
    )
    parser.add_argument(
        "-n",
        type=arguments.whole(0),
        default=20,
        metavar="COUNT",
        help="number of documents shown, on each side with --reason and --near (default: 20)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the documents and return 0.

    Raises:
        UserError: an option is wrong, or the run is not measured.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    listing = _Listing(config, read_selection(options, config), options.n, options.json)
    if options.duplicates:
        _inspect_duplicates(listing, options.near)
    elif options.near is not None:
        _inspect_near(listing, options.reason, options.near)
    elif options.reason is not None and all(rule.name != options.reason for rule in config.rules):
        _inspect_other(listing, options.reason)
    else:
        _inspect_decided(listing, options.reason)
    return 0


@dataclass(frozen=True, slots=True)
class _Listing:
    """Of which run how many documents of which are listed, and whether as JSON."""

    config: Config
    selection: Selection
    count: int
    is_json: bool

    @property
    def shards(self) -> Sequence[MeasuredShard]:
        return measured_shards(self.config, "inspect", self.selection)


def _inspect_duplicates(listing: _Listing, near: str | None) -> None:
    similarity = None if near is None else _similarity(near)
    duplicates = duplicates_uris(listing.config, "inspect")
    chosen, total = choose_duplicates(listing.shards, duplicates, similarity, listing.count)
    if listing.is_json:
        for one in chosen:
            print_json(one)
        return
    print_duplicates(open_console(_PIPE_COLUMNS), chosen, total)


def _inspect_near(listing: _Listing, reason: str | None, near: str) -> None:
    rules = _with_column(listing.config.rules, reason)
    moved = _moved_rule(rules, reason, near)
    (change,) = what_if(listing.shards, rules, [moved], listing.count).changes
    console = open_console(_PIPE_COLUMNS)
    for side, documents in (("inside", change.inside), ("outside", change.outside)):
        if listing.is_json:
            for document in documents:
                print_json({"side": side, **asdict(document)})
            continue
        console.print(f"{change.side_title(side)}: {len(documents)}")
        console.print()
        _print_documents(console, documents)


def _inspect_other(listing: _Listing, reason: str) -> None:
    """Print what a reason means that is not the name of a rule, and the pages that were refused for it."""
    config = listing.config
    kinds = {source.kind for source in config.sources}
    refused, dropped = refusals(kinds), drops(config.rules)
    if reason not in refused.keys() | dropped.keys():
        everywhere = refusals() | dropped
        if reason not in everywhere:
            raise UserError(f"--reason: no reason {reason!r}; {did_you_mean(reason, everywhere)}")
        raise UserError(
            f"--reason {reason}: {everywhere[reason]}; no source of this configuration refuses a page for it"
        )
    if listing.is_json:
        for page in refused_for(config, reason, listing.count, listing.selection)[0] if reason in refused else ():
            print_json(page)
        return
    console = open_console(_PIPE_COLUMNS)
    for meanings in (refused, dropped):
        if reason in meanings:
            console.print(f"{reason}: {meanings[reason]}", markup=False)
    if reason in refused:
        pages, total = refused_for(config, reason, listing.count, listing.selection)
        print_refused(console, reason, pages, total)
    if reason in dropped:
        console.print("The report counts the documents that are dropped for it; their text is not shown.")


def _inspect_decided(listing: _Listing, reason: str | None) -> None:
    config = listing.config
    try:
        documents, total = choose(listing.shards, config.rules, reason, listing.count)
    except ValueError as error:
        raise UserError(f"--reason: {error}") from error
    if listing.is_json:
        for document in documents:
            print_json(document)
        return
    console = open_console(_PIPE_COLUMNS)
    for rule in config.rules:
        if rule.name == reason:
            console.print(f"{reason}: {rule_meaning(rule)}; {rule.source}", markup=False)
    print_total(console, "kept by every rule" if reason is None else f"dropped by {reason}", total, len(documents))
    _print_documents(console, documents)


def choose(
    shards: Sequence[MeasuredShard], rules: Sequence[Rule], reason: str | None, count: int
) -> tuple[list[ShownDocument], int]:
    """A sample of the documents that a rule drops, or that every rule keeps.

    Args:
        shards: shards of the run.
        rules: rules of the configuration.
        reason: name of the rule; None for kept documents.
        count: size of the sample.

    Returns:
        The sample, and the number of all such documents.

    Raises:
        ValueError: there is no such rule.
        ShardError: a shard cannot be read.
    """
    tested = [rule for rule in rules if reason in (None, rule.name)]
    if not tested and reason is not None:
        raise ValueError(f"no rule {reason!r}; there are {', '.join(rule.name for rule in rules)}")
    found: list[tuple[int, int, int]] = []
    total = 0
    for place, shard in enumerate(shards):
        documents, languages, signals = read_columns_of(shard, tested)
        fails = failures(languages, signals, documents.column("profile"), tested).any(axis=1)
        rows = np.flatnonzero((fails if reason is not None else ~fails) & shard.permitted())
        total += len(rows)
        keys = id_heads(documents.column("doc_id"))[rows]
        first = np.argsort(keys, kind="stable")[:count]
        found += [(int(keys[i]), place, int(rows[i])) for i in first]
    chosen = [(shards[place], row) for _, place, row in sorted(found)[:count]]
    return show(chosen, rules), total


def _print_documents(console: Console, documents: Sequence[ShownDocument]) -> None:
    for place, document in enumerate(documents, start=1):
        print_document(console, document, str(place))


def _similarity(value: str) -> float:
    try:
        similarity = parse_number(value)
    except ValueError as error:
        raise UserError(f"--near {value}: {error}") from error
    if not 0 <= similarity <= 1:
        raise UserError(f"--near {value}: a similarity is a number from 0 to 1")
    return similarity


def _with_column(rules: Sequence[Rule], name: str | None) -> Sequence[Rule]:
    """The rules, and one that keeps everything if the name is that of a column which no rule is named for."""
    if name not in RULE_COLUMNS or any(rule.name == name for rule in rules):
        return rules
    whole = Rule(name, PROFILES, name, -math.inf, None, "inspect", "", "")
    return [*rules, whole]


def _moved_rule(rules: Sequence[Rule], name: str | None, value: str) -> Alternative:
    """The rules with the minimum of one rule moved, or its maximum if it has no minimum."""
    if name is None:
        raise UserError(f"--near {value}: near the bound of which rule? Name it: --reason RULE --near {value}")
    rule = next((rule for rule in rules if rule.name == name), None)
    bound = "maximum" if rule is not None and rule.minimum is None else "minimum"
    try:
        return move_bound(rules, name, bound, parse_number(value))
    except ValueError as error:
        raise UserError(f"--reason {name} --near {value}: {error}") from error
