"""`manyo check`: read a configuration and all that it names, parse ten records of each source, say how it went.

Nothing is written. A mistake in the configuration is named as `manyo run` names it, all at once.
"""

from __future__ import annotations

import argparse
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice

from manyo.corpus.records import BrokenInput, Document, InputFile, Refused, UnfitOptions
from manyo.corpus.sources.row_addresses import address_fields, has_no_addresses
from manyo.corpus.sources.source_kinds import Source, source_kind
from manyo.corpus.tables.start_folder import located
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.init import NO_LICENCE
from manyo.pipelines.commands.mix_parts import table_shards
from manyo.pipelines.commands.run_setup import read_config
from manyo.pipelines.commands.run_summary import end_with
from manyo.pipelines.commands.shown_documents import plain
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.extraction.inputs import pack_source, skipped_inputs
from manyo.pipelines.extraction.loop import parse_record
from manyo.pipelines.graph.build import stages_by_command
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.named_files import file_faults, mix_paths, part_faults, run_paths, wrong_files
from manyo.pipelines.graph.notices import (
    USUAL_REFUSALS,
    is_mistaken,
    of_lacking,
    of_settings,
    rest_of_file,
    stated_limits,
)
from manyo.pipelines.graph.reasons import refusals

#: Records that are parsed of each source: enough to see that the kind of the source fits its files.
_RECORDS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo check`."""
    arguments.add_run(parser)
    arguments.add_allow_empty(parser)


def run(options: argparse.Namespace) -> int:
    """Print what the configuration names and what ten records of each source become; return 0, or 3 with notices.

    Raises:
        UserError: the configuration, an input or a model is wrong.
    """
    config = read_config(options)
    wrong = wrong_files(config, [*run_paths(config), *mix_paths(config)])
    faults = [*file_faults(config, wrong), *part_faults(config)]
    try:
        stages_by_command(config)  # reads models and lists
    except UserError as error:
        faults += [] if faults else [str(error)]
    print(f"out  {located(config.run.out)}{_free(config)}")
    notices: list[str] = []
    of_files = {place[:2] for place in wrong}
    for number, source in enumerate(config.sources):
        if ("source", number) in of_files:
            continue  # its kind would say so again
        try:
            notices += _check(source, config.run.out)
        except UserError as error:
            faults.append(str(error))
        except UnfitOptions as error:
            faults.append(f"[[source]] {source.name}: {error}")
    faults += _faults_of_mix(config) if not faults else []
    if faults:
        raise UserError("\n".join(faults))
    notices += of_settings(config)
    print(f"{config.path}: no fault")
    print(f"tokens  {_tokens(config)}")
    return end_with(notices, config.notices.allow_empty)


def _faults_of_mix(config: Config) -> Iterator[str]:
    """Yields what is wrong with the tables of token shards that [mix] names."""
    for line in config.mix.source if config.mix else ():
        try:
            table_shards(line)
        except UserError as error:
            yield str(error)


def _tokens(config: Config) -> str:
    if not config.tokenize.makes_shards:
        return "none: there is no [tokenize]"
    return located(config.tokenize.model) if config.tokenize.model else "by a model that the run trains"


def _free(config: Config) -> str:
    place = located(config.run.out)
    while "://" not in place and not os.path.isdir(place):
        place = os.path.dirname(place)
    return "" if "://" in place else f"  ({shutil.disk_usage(place).free / 1e9:,.1f} GB free)"


def _check(source: Source, out: str) -> Iterator[str]:
    """Print what a source names and gives; yields notices.

    Raises:
        UserError: an input is missing or cannot be read.
        UnfitOptions: the options do not fit a file.
    """
    shards = pack_source(source, out)
    files = [file for shard in shards for file in shard.files]
    print(f"source {source.name}  {source.kind}, profile {source.profile}, licence {source.licence!r}")
    if source.licence == NO_LICENCE:
        print("  the licence is not stated yet: state it before the text leaves your hands")
    for pattern in source.inputs[:3]:
        print(f"  {located(pattern)}")
    if len(source.inputs) > len(source.inputs[:3]):
        print(f"  and {len(source.inputs) - 3:,} more inputs")
    print(f"  {len(files):,} files, {sum(file.size_bytes for file in files) / 1e6:,.1f} MB, {len(shards):,} shards")
    yield from _without_addresses(source, files)
    kind = source_kind(source.kind)
    reasons: Counter[str] = Counter()
    details: dict[str, str] = {}
    lacking: Counter[str] = Counter()
    n_documents = 0
    records = (record for shard in shards for record in kind.records(shard, source.options))
    for record in islice(records, _RECORDS):
        outcome = record.refused if isinstance(record, BrokenInput) else parse_record(kind, record, source.options)
        if isinstance(outcome, (Document, Refused)):
            lacking.update(outcome.lacks)
        if isinstance(outcome, Document):
            n_documents += 1
            begin = plain(outcome.text[:40])
            print(f"  document  {len(outcome.text):,} characters  {plain(outcome.title) or begin}")
        elif isinstance(outcome, Refused):
            reasons[outcome.reason] += 1
            details.setdefault(outcome.reason, plain(outcome.detail))
        else:
            reasons[f"not a page ({outcome.kind})"] += 1
    meanings = refusals((source.kind,))
    for reason, n in reasons.most_common():
        print(f"  {reason} {n}" + (f": {meanings[reason]}" if reason in meanings else ""))
        if details.get(reason):
            print(f"    {details[reason]}")
    for line in skipped_inputs(source):
        yield f"source {source.name}: skipped {line}"
    yield from of_lacking(source, lacking, n_documents, "first ")
    lost = rest_of_file(source.kind, reasons)
    for reason in (one for one in reasons if one in lost or is_mistaken(source, one)):
        meaning = f"{meanings[reason]}{stated_limits(source, reason)}"
        yield f"source {source.name}: {reason} {reasons[reason]}: {meaning}"
    if not n_documents and not reasons:
        yield f"source {source.name}: its files hold no record"
    elif not n_documents and any(reason in meanings and reason not in USUAL_REFUSALS for reason in reasons):
        yield f"source {source.name}: of its first {sum(reasons.values())} records none is a document"


def _without_addresses(source: Source, files: Sequence[InputFile]) -> Iterator[str]:
    """Print that no document of a source will have an address; yields a notice if its rows hold some."""
    if not has_no_addresses(source.options) or not files:
        return
    print("  no uri_field: its documents have no address, so that no host, URL or takedown by one finds them")
    if fields := address_fields(source.kind, files[0].uri):
        yield f"source {source.name}: it has no uri_field, and its first rows have an address in {', '.join(fields)}"
