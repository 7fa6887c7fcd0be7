"""`manyo publish`: a folder that the Hub shows as it is, with card, Croissant, recipe and the numbers of the run.

Every number is counted over the files that are written. What no table says is a named blank, listed in `TODO.md`.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import pyarrow.parquet as pq

from manyo.corpus.tables.credentials import hide
from manyo.corpus.tables.shards import read_text
from manyo.corpus.takedown_requests import requests_digest
from manyo.filters.rules.decide import Rule, shipped_rules
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.annotations import ANNOTATIONS, INDEX_COLUMNS, annotate, annotated_sources
from manyo.pipelines.commands.croissant import MEANINGS, croissant
from manyo.pipelines.commands.hub_upload import TO_WRITE, push, repository_of
from manyo.pipelines.commands.init import NO_LICENCE
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.published_tables import (
    PUBLISHED,
    REMOVED,
    Numbers,
    TableWriter,
    taken_down,
    top_domains,
    write_tables,
    written_files,
)
from manyo.pipelines.commands.rebuild_recipe import recipe_of
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.run_states import tokens_by_source
from manyo.pipelines.engine.checkout import commit
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.report.quantities import format_size
from manyo.pipelines.report.rendering import page_templates
from manyo.pipelines.run import finished_stages, refuse_no_run

#: Sizes as the Hub names them: below so many documents.
_SIZES = (
    (10**3, "n<1K"), (10**4, "1K<n<10K"), (10**5, "10K<n<100K"), (10**6, "100K<n<1M"), (10**7, "1M<n<10M"),
    (10**8, "10M<n<100M"), (10**9, "100M<n<1B"), (10**10, "1B<n<10B"), (10**11, "10B<n<100B"), (10**12, "100B<n<1T"),
)  # fmt: skip

_LICENCE = re.compile(r"[a-z0-9][a-z0-9.+-]*")
_VERSION = re.compile(r"\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?")

#: Kinds of sources that are crawls; the others are collections that somebody delivers.
_CRAWLS = ("warc", "commoncrawl")

#: What a person must write: where, and what.
BLANKS = (
    ("README.md, README.ja.md", "name, licence of the collection as a whole, homepage, contact, citation"),
    ("README.md", "intended use, known limits and biases of the corpus, in your own words"),
    ("TRAINING_CONTENT_SUMMARY.md", "provider, authorised representative, model, date of placement on the market"),
    ("TRAINING_CONTENT_SUMMARY.md", "names, purpose and behaviour of the crawlers; measures against illegal content"),
    ("TRAINING_CONTENT_SUMMARY.md", "which sources are public, licensed, of users or synthetic"),
    ("PRIVACY.md", "contact for takedowns, and in how many days requests are answered"),
    ("croissant.json", "url, creator and licence, where the options of manyo publish did not give them"),
)

#: Says of a published folder from which run and with which options it was written.
_RECIPE = "recipe/run.json"

_PAGES = ("README.md", "README.ja.md", "TRAINING_CONTENT_SUMMARY.md", "PRIVACY.md", "TODO.md")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo publish`."""
    arguments.add_run(parser)
    parser.add_argument(
        "--to",
        required=True,
        metavar="FOLDER",
        help="new or empty folder to write; with --push also one that was written, which is sent as it is",
    )
    parser.add_argument("--name", metavar="NAME", help="name of the corpus (default: that of the configuration)")
    parser.add_argument("--license", metavar="ID", help="licence of the whole, as the Hub names it")
    parser.add_argument("--creator", metavar="WHO", help="who publishes it")
    parser.add_argument("--version", metavar="VERSION", help="of the corpus (default: 1.0.0)")
    parser.add_argument(
        "--push", metavar="HF_URI", help="hf://datasets/ORG/NAME[@BRANCH]: show what would be sent there"
    )
    parser.add_argument(
        "--without-text",
        action="store_true",
        help="publish decisions, places and digests of a crawl; manyo rebuild makes the texts",
    )
    parser.add_argument("--send", action="store_true", help="with --push: send it")


def run(options: argparse.Namespace) -> int:
    """Write the folder, or take the one that was written; send it if that is asked for twice. Returns 0.

    Raises:
        UserError: an option is wrong, the run is not released, or nothing was released.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    if options.license and not _LICENCE.fullmatch(options.license):
        raise UserError(f"--license {options.license}: the Hub names licences in lower case, such as cc-by-4.0")
    if options.version and not _VERSION.fullmatch(options.version):
        raise UserError(f"--version {options.version}: give numbers, such as 1.0.0")
    if options.without_text and not annotated_sources(config):
        raise UserError("--without-text: no source is a crawl, whose pages others could fetch")
    for source in config.sources:
        if source.licence == NO_LICENCE and "redistribute" in source.uses:
            raise UserError(f"{config.path}: source {source.name}: state its licence, or take redistribute out of uses")
    repository = repository_of(options.push) if options.push else None
    if options.send and repository is None:
        raise UserError("--send needs --push hf://datasets/ORG/NAME")
    folder = Path(options.to)
    refuse_no_run(config, "publish")
    try:
        if folder.exists() and any(folder.iterdir()):
            _refuse_other(folder, config, options)
            if repository is None:
                raise UserError(
                    f"--to {folder}: is not empty; it was published from this run, and --push sends it as it is now; "
                    "to write it again, name a new folder or delete this one"
                )
            push(folder, *repository, is_real=options.send)
            return 0
        numbers = publish(config, folder, options, with_text=not options.without_text)
    except OSError as error:
        raise UserError(f"--to {folder}: {error.strerror or error}") from error
    console = open_console()
    total = numbers.total
    if options.without_text:
        annotated = {source.name for source in annotated_sources(config)}
        left_out = [source.name for source in config.sources if source.name not in annotated]
        if left_out:
            console.print(f"No annotations, because they are no crawls: {', '.join(left_out)}", markup=False)
    written = f"{total.documents:,} documents, {format_size(total.bytes)} of text"
    if options.without_text:
        annotations = folder.glob("annotations/*/*.parquet")
        n_annotated = sum(pq.read_metadata(path).num_rows for path in annotations)
        written = f"annotations of {n_annotated:,} documents, no text"
    console.print(
        f"{folder}: {written}, {numbers.n_removed:,} removed; TODO.md lists what a person has to write",
        markup=False,
    )
    for source in config.sources:
        if "redistribute" in source.uses and source.name in numbers.sources:
            console.print(
                f"{source.name}: licence {source.licence!r}; uses of its [[source]] let its text be redistributed",
                markup=False,
            )
    if repository is not None:
        push(folder, *repository, is_real=options.send)
    return 0


def _refuse_other(folder: Path, config: Config, options: argparse.Namespace) -> None:
    """Look whether a folder that is not empty is what this command would write, apart from what a person wrote since.

    Raises:
        UserError: it is something else, or has been overtaken; the message says by what.
    """
    try:
        recipe = json.loads((folder / _RECIPE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"--to {folder}: is not empty, and was not written by manyo publish; name a new one") from error
    stages = {stage.name: stage.fingerprint for stage in build_stages(config)}
    if recipe.get("stages") != stages:
        raise UserError(f"--to {folder}: is of another run than {config.path}; name a new folder")
    if recipe.get("takedowns") != requests_digest(config.run.out):
        raise UserError(f"--to {folder}: was written before the last takedown; name a new folder, and delete this one")
    for key, value in _card(config, options).items():
        # An option that is not given asks for nothing: the folder goes as it was written.
        if getattr(options, key) and recipe.get("card", {}).get(key) != value:
            raise UserError(
                f"--to {folder}: was written with another {key}; leave the option out, or name a new folder"
            )


def _card(config: Config, options: argparse.Namespace) -> dict[str, Any]:
    """What the options say about the corpus, by their names."""
    return {
        "name": options.name or PurePath(config.path).stem,
        "license": options.license or "other",
        "creator": options.creator or TO_WRITE,
        "version": options.version or "1.0.0",
        "without_text": options.without_text,
    }


def publish(config: Config, folder: Path, options: argparse.Namespace, with_text: bool) -> Numbers:
    """Write everything into an empty folder; without text, annotations of the crawls stand for the release.

    Raises:
        UserError: the run is not released, or nothing was released.
        ShardError: a shard cannot be read.
        OSError: a file cannot be written.
    """
    stages = finished_stages(config, ("extract", "decide", "duplicates", "takedown", "release"), "publish")
    folder.mkdir(parents=True, exist_ok=True)
    names = [shard.name for shard in stages["extract"].shards]
    tables = RunTables(config)
    taken = taken_down(tables, names)
    numbers = write_tables(config, tables, names, taken, folder, with_text)
    if not with_text:
        _annotate(config, tables, names, taken, folder)
    numbers.files = written_files(folder)
    if not numbers.total.documents:
        raise UserError("nothing is released: there is nothing to publish; see manyo report")
    tokens = tokens_by_source(config)
    card = _card(config, options)
    fingerprints = [(stage.name, stage.fingerprint) for stage in build_stages(config)]
    versions = {package: version(package) for package in ("manyo", "pyarrow", "numba", "fastwarc")}
    sources = "1 source" if len(numbers.sources) == 1 else f"{len(numbers.sources):,} sources"
    facts = {
        **card,
        "takedowns": requests_digest(config.run.out),
        "url": options.push or TO_WRITE,
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "description": f"{numbers.total.documents:,} documents of {sources}, made by manyo.",
        "commit": commit(),
        "versions": versions,
        "size": next((label for below, label in _SIZES if numbers.total.documents < below), "n>1T"),
    }
    described = croissant(card["name"], facts, numbers, fingerprints, versions)
    _write(folder / "croissant.json", json.dumps(described, ensure_ascii=False, indent=1) + "\n")
    _recipe(config, folder, facts, card, fingerprints)
    if not with_text:
        _write_rebuilding(config, folder)
    for stem, rows in _tables(config, numbers, tokens).items():
        _write(folder / "tables" / f"{stem}.csv", _csv(rows))
    context = {
        "config": config,
        "numbers": numbers,
        "total": numbers.total,
        "tokens": tokens,
        "facts": facts,
        "yaml": _yaml(numbers, facts, with_text),
        "with_text": with_text,
        "blanks": BLANKS,
        "blank": TO_WRITE,
        "sources": sources,
        "domains": top_domains(numbers.domains),
        "n_domains": len(numbers.domains),
        "columns": {"default": (PUBLISHED if with_text else ANNOTATIONS).names, "removed": REMOVED.names},
        "meanings": MEANINGS,
        "crawls": [source.name for source in config.sources if source.kind in _CRAWLS],
        "range": _range(tokens),
    }
    for page in _PAGES:
        _write(folder / page, page_templates().get_template(f"publish/{page}.j2").render(context))
    return numbers


def _annotate(config: Config, tables: RunTables, names: Sequence[str], taken: Collection[bytes], folder: Path) -> None:
    """Write `annotations/SOURCE/annotations-NNNNN.parquet`."""
    with ExitStack() as stack:
        writers = {
            source.name: stack.enter_context(TableWriter(folder, f"annotations/{source.name}/annotations", ANNOTATIONS))
            for source in annotated_sources(config)
        }
        for batch in annotate(config, tables, names, taken):
            writers[batch["source"][0].as_py()].write(batch)


def _write_rebuilding(config: Config, folder: Path) -> None:
    """Write the recipe of `manyo rebuild`, and the files with which Common Crawl's annotate.py joins its index."""
    recipe = recipe_of(config, annotated_sources(config))
    _write(folder / "recipe" / "rebuild.json", json.dumps(recipe, ensure_ascii=False, indent=1) + "\n")
    columns = [name for name in ANNOTATIONS.names if name not in INDEX_COLUMNS]
    settings: dict[str, dict[str, Any]] = {
        "left_index": {
            "table": {"web_prefix": "https://data.commoncrawl.org/", "paths": "cc-index-table.paths.gz"},
            "limits": {"grep": ["/subset=warc/"]},
        },
        "join_annotations": {
            "table": {"local": "annotations/"},
            "join_type": "INNER",
            "right_columns": columns,
            "join_columns": ["warc_filename", "warc_record_offset"],
        },
        "action_kept": {
            "sql": "SELECT {columns} FROM joined WHERE {where}",
            "columns": f"url, {', '.join(columns)}",
            "where": "is_kept",
        },
    }
    for name, values in settings.items():
        _write(folder / "join" / f"{name}.yaml", _yaml_lines(values))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _range(tokens: Mapping[str, int] | None) -> str:
    """The range of the EU's summary that the number of tokens is in."""
    if tokens is None:
        return f"{TO_WRITE} (the run is not tokenized)"
    n = sum(tokens.values())
    return "below 1 billion tokens" if n < 10**9 else "1 billion to 10 trillion tokens" if n < 10**13 else "more"


def _yaml(numbers: Numbers, facts: Mapping[str, Any], with_text: bool) -> str:
    """The head of the card: keys that the Hub reads."""
    top = "data" if with_text else "annotations"
    folders = {PurePath(path).parent.name for path in numbers.files if path.startswith(f"{top}/")}
    configs: list[dict[str, Any]] = [
        {"config_name": "default", "data_files": [{"split": "train", "path": f"{top}/*/*.parquet"}], "default": True}
    ]
    configs += [
        {"config_name": source, "data_files": [{"split": "train", "path": f"{top}/{source}/*.parquet"}]}
        for source in numbers.sources
        if source in folders
    ]
    if numbers.n_removed:
        configs.append({"config_name": "removed", "data_files": [{"split": "train", "path": "removed/*.parquet"}]})
    head = {
        "language": ["ja"],
        "license": facts["license"],
        "pretty_name": facts["name"],
        "tags": ["text", "datasets", "mlcroissant", "manyo"],
        "size_categories": [facts["size"]],
        "task_categories": ["text-generation"],
        "annotations_creators": ["machine-generated"],
        "language_creators": ["found"],
        "configs": configs,
    }
    if facts["license"] == "other":
        head |= {"license_name": "see-licences", "license_link": "README.md"}
    return _yaml_lines(head)


def _yaml_lines(values: Mapping[str, Any]) -> str:
    """Keys with values in JSON, which is YAML too."""
    return "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _tables(config: Config, numbers: Numbers, tokens: Mapping[str, int] | None) -> dict[str, list[tuple[object, ...]]]:
    """The tables that others paste into papers, header first."""
    about = {source.name: source for source in config.sources}
    total = numbers.total.bytes
    return {
        "sources": [
            ("source", "documents", "characters", "bytes", "share", "tokens", "licence", "terms", "earliest", "latest"),
            *(
                (
                    name, one.documents, one.characters, one.bytes, round(one.bytes / total, 6),
                    "" if tokens is None else tokens.get(name, 0), about[name].licence, about[name].terms,
                    one.earliest and one.earliest.date(), one.latest and one.latest.date(),
                )
                for name, one in numbers.sources.items()
            ),
        ],
        "licences": [
            ("source", "licence", "page_licence", "documents"),
            *((*key, count) for key, count in sorted(numbers.licences.items())),
        ],
        "removed": [("reason", "pages"), *numbers.removed.most_common()],
        "domains": [("domain", "bytes"), *sorted(numbers.domains.items(), key=lambda one: (-one[1], one[0]))],
        "languages": [("language", "documents"), *numbers.languages.most_common()],
    }  # fmt: skip


def _csv(rows: list[tuple[object, ...]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _recipe(
    config: Config, folder: Path, facts: Mapping[str, Any], card: Mapping[str, Any], stages: list[tuple[str, str]]
) -> None:
    """Configuration, rules, versions and fingerprints: what makes the same corpus of the same inputs."""
    _write(folder / "recipe" / "config.toml", hide(read_text(config.path)))
    rules = [{key: value for key, value in _rule(rule).items() if value is not None} for rule in config.rules]
    described = {
        "commit": facts["commit"],
        "versions": facts["versions"],
        "card": card,
        "takedowns": facts["takedowns"],
        "stages": dict(stages),
        "rules_shipped_with_manyo": sorted(shipped_rules()),
        "rules": rules,
    }
    _write(folder / _RECIPE, json.dumps(described, ensure_ascii=False, indent=1) + "\n")


def _rule(rule: Rule) -> dict[str, Any]:
    return {key: getattr(rule, key) for key in ("name", "profiles", "signal", "minimum", "maximum", "source")}
