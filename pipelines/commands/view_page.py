"""`manyo view`: write one HTML file in which a person looks at a run, moves its bounds, and labels documents.

The file opens from disk: it asks for nothing, and its policy lets it run one script and use one style sheet, named by
their digests. What comes from pages is data, compressed and in base64, and becomes text, never markup. It may hold
personal information, so only the user may read it.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from manyo.corpus.schema import LANGUAGES
from manyo.filters.rules.decide import DOCUMENT_COLUMNS, PROFILES, RULE_COLUMNS, TEMPLATE_COLUMNS, Rule
from manyo.filters.signals.measure import measured_signals
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.bound_histograms import GROUPS, RunCounts, count_run
from manyo.pipelines.commands.document_views import RunView, View, document_views, refused_views
from manyo.pipelines.commands.measured_documents import MeasuredShard, measured_shards
from manyo.pipelines.commands.page_history import RunTables
from manyo.pipelines.commands.run_setup import open_console, read_config
from manyo.pipelines.commands.sampled_documents import REFUSED as OF_REFUSED
from manyo.pipelines.commands.sampled_documents import Sizes, draw
from manyo.pipelines.commands.selected_documents import EVERYTHING, Selection, read_selection
from manyo.pipelines.commands.token_rates import USUAL, TokenRate, token_rate
from manyo.pipelines.commands.written_files import HTML, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.build import build_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import DUPLICATES
from manyo.pipelines.graph.extract_stages import DOCUMENTS, REFUSED
from manyo.pipelines.report.japanese import japanese
from manyo.pipelines.report.rendering import page_templates

#: Largest file that is written unless `--max-mb` says otherwise: it opens at once and can be sent by mail.
MAX_MB = 15

#: Texts and pages are cut to the first of these lengths, in characters, with which the file is small enough.
_CUTS = (40_000, 20_000, 10_000, 5_000, 2_500, 1_200, 600, 300, 0)

#: Documents of each stratum; a run of forty rules shows some thousand.
SIZES = Sizes(kept=120, duplicate=60, reason=16, near=6, refused=12)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo view`."""
    arguments.add_run(parser)
    arguments.add_selection(parser)
    parser.add_argument("--html", metavar="FILE", default="view.html", help="the file to write (default: view.html)")
    parser.add_argument(
        "--seed", type=arguments.whole(0), default=0, metavar="NUMBER", help="another sample (default: 0)"
    )
    parser.add_argument(
        "--guide", metavar="FILE", help="text that says how to label; the page shows it, labels name it"
    )
    parser.add_argument(
        "--max-mb",
        type=arguments.number,
        default=MAX_MB,
        metavar="MB",
        help=f"largest file, in megabytes (default: {MAX_MB})",
    )


def run(options: argparse.Namespace) -> int:
    """Write the page, say what it shows, and return 0.

    Raises:
        UserError: an option is wrong, the run is not measured, or the page cannot be written.
        WorkFailed: a shard cannot be read.
    """
    config = read_config(options)
    check_place(options.html, "--html", HTML)
    guide = _guide(options.guide)
    data, documents = view_data(config, options.seed, guide, read_selection(options, config))
    page, cut = render(data, documents, int(options.max_mb * 1e6))
    path = Path(options.html)
    try:
        # Texts of documents are for the user alone, as the tables are.
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(page)
    except OSError as error:
        raise UserError(f"--html {path}: {error.strerror}") from error
    shown = len(documents)
    cut_line = "" if cut == _CUTS[0] else f"; texts are cut to {cut:,} characters to stay below {options.max_mb:g} MB"
    open_console().print(
        f"{path}: {len(page.encode()) / 1e6:.1f} MB, {data['totals']['documents']:,} documents counted, "
        f"{shown:,} shown (seed {options.seed}){cut_line}",
        markup=False,
    )
    return 0


def _guide(path: str | None) -> dict[str, str]:
    """Name, digest and text of the guide; empty without one."""
    if path is None:
        return {"name": "", "sha256": "", "text": ""}
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"--guide {path}: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error
    return {"name": PurePath(path).name, "sha256": hashlib.sha256(text.encode()).hexdigest(), "text": text}


def shown_signals(config: Config) -> list[str]:
    """The columns of a run that a rule may bound: those of its rules first, in their order, then the others."""
    measured = {signal.column.name for signal in measured_signals(config.signals)}
    measured |= {column.name for column in (*LANGUAGES.columns, *DOCUMENT_COLUMNS)}
    if config.templates is not None:
        measured |= {column.name for column in TEMPLATE_COLUMNS}
    return list(dict.fromkeys([*(rule.signal for rule in config.rules), *(n for n in RULE_COLUMNS if n in measured)]))


def view_data(
    config: Config, seed: int, guide: Mapping[str, str], selection: Selection = EVERYTHING
) -> tuple[dict[str, Any], list[View]]:
    """Everything that the page shows: its counts, and the sampled documents and refused pages, of those selected.

    Raises:
        UserError: the run is not measured.
        ShardError: a shard cannot be read.
    """
    return view_of_shards(config, measured_shards(config, "view", selection), seed, guide, str(selection))


def view_of_shards(
    config: Config, shards: Sequence[MeasuredShard], seed: int, guide: Mapping[str, str], selected: str
) -> tuple[dict[str, Any], list[View]]:
    """As `view_data`, of shards of which some documents are selected."""
    signals = shown_signals(config)
    counts = count_run(shards, config.rules, [source.name for source in config.sources], signals)
    tables = RunTables(config)
    names_of = {tables.uri(DOCUMENTS, name): name for name in tables.shards}
    names = [names_of[shard.documents] for shard in shards]
    duplicates = [tables.uri(DUPLICATES, name) if tables.exists(DUPLICATES, name) else None for name in names]
    refused = [tables.uri(REFUSED, name) for name in names]
    sample = draw(shards, duplicates, refused, config.rules, SIZES, seed)
    sources = {source.name: source for source in config.sources}
    timeout_s = config.extract.record_timeout_s
    run_view = RunView(shards, names, tables, sources, config.rights, config.scrub, signals, timeout_s)
    documents = [*document_views(run_view, sample), *refused_views(run_view, sample)]
    fingerprints = {stage.name: stage.fingerprint for stage in build_stages(config)}
    data = {
        "run": {
            "config": PurePath(config.path).name,
            "out": config.run.out,
            "selected": selected,
            "manyo": version("manyo"),
            "rules": fingerprints["decide"],
            "run": fingerprints["duplicates"],
            "written": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        },
        "guide": dict(guide),
        "seed": seed,
        "strata": dict(sample.strata),
        "refused": {
            name.removeprefix(OF_REFUSED): count
            for name, count in sample.strata.most_common()
            if name.startswith(OF_REFUSED)
        },
        **counted_json(counts, config.rules, token_rate(config)),
    }
    return data, documents


def counted_json(counts: RunCounts, rules: Sequence[Rule], rate: TokenRate = USUAL) -> dict[str, Any]:
    """The counts as JSON values; `pipelines/report/templates/view.js.j2` reads them."""
    assert counts.uniform is not None
    uniform = counts.uniform
    documents = int(counts.documents["source"][:, 0].sum())
    return {
        "bytes_per_token": rate.bytes_per_token,
        "rate_source": rate.source,
        "profiles": list(PROFILES),
        "names": counts.names,
        "totals": {
            "documents": documents,
            "all": {group: counts.documents[group].tolist() for group in GROUPS},
            "kept": {group: counts.kept[group].tolist() for group in GROUPS},
        },
        "signals": [
            {
                "name": name,
                "meaning": RULE_COLUMNS[name].meaning.replace("`", ""),
                "meaning_ja": japanese(RULE_COLUMNS[name].meaning).replace("`", ""),
                "unit": RULE_COLUMNS[name].unit,
                "unit_ja": japanese(RULE_COLUMNS[name].unit),
                "edges": counts.scales[name].edges.tolist(),
                "log": counts.scales[name].is_logarithmic,
                "float32": counts.scales[name].dtype == "float32",
                "all": _sparse(counts.by_class[name][0][..., None]),
                "kept": _sparse(counts.by_class[name][1][..., None]),
            }
            for name in counts.signals
        ],
        "rules": [
            {
                "name": rule.name,
                "signal": rule.signal,
                "profiles": rule.profiles,
                "minimum": _finite(rule.minimum),
                "maximum": _finite(rule.maximum),
                "source": rule.source,
                "fails": counts.fails[rule.name],
                "alone": counts.alone[rule.name],
            }
            for rule in rules
        ],
        "bounds": [
            {
                "rule": next(i for i, rule in enumerate(rules) if rule is bound.rule),
                "side": bound.side,
                **{group: _sparse(by_bound[group]) for group in GROUPS},
            }
            for bound, by_bound in zip(counts.bounds, counts.by_bound, strict=True)
        ],
        "uniform": {
            "n": len(uniform.profiles),
            "profiles": _packed(uniform.profiles, "u1"),
            "sources": _packed(uniform.sources, "<u2"),
            "lengths": _packed(uniform.lengths, "u1"),
            "characters": _packed(uniform.sizes[0], "<f8"),
            "bytes": _packed(uniform.sizes[1], "<f8"),
            "values": {
                name: _packed(column, "<f4" if column.dtype == np.float32 else "<f8")
                for name, column in uniform.values.items()
            },
        },
    }


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and np.isfinite(bound) else None


def _sparse(counts: np.ndarray) -> list[int]:
    """Class, name and amounts of each pair that has a document, one after another."""
    classes, names = np.nonzero(counts[..., 0])
    flat: list[int] = (
        np.concatenate([classes[:, None], names[:, None], counts[classes, names]], axis=1).ravel().tolist()
    )
    return flat


def _packed(column: np.ndarray, dtype: str) -> str:
    return base64.b64encode(column.astype(dtype).tobytes()).decode("ascii")


def render(data: Mapping[str, Any], documents: Sequence[View], max_bytes: int) -> tuple[str, int]:
    """The page, and the length to which its texts had to be cut so that it is no larger than it may be.

    Raises:
        UserError: it is larger without any text.
    """
    page = ""
    for cut in _CUTS:
        packed = json.dumps(
            {**data, "cut": cut, "documents": [_cut(document, cut) for document in documents]},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        # No time in the header, so that one sample gives one file.
        block = base64.b64encode(gzip.compress(packed.encode("utf-8", "surrogatepass"), 6, mtime=0)).decode("ascii")
        page = page_templates().get_template("view.html.j2").render(config=data["run"]["config"], block=block)
        if len(page.encode()) <= max_bytes:
            return page, cut
    raise UserError(f"--max-mb: without any text the page has {len(page.encode()) / 1e6:.1f} MB")


def _cut(document: View, chars: int) -> View:
    """A document with its texts cut to a length; `cut` says how long the longest was."""
    shorter = dict(document)
    for name in ("text", "comments"):
        if document.get(name):
            shorter[name] = document[name][:chars]
    if document.get("survivor", {}).get("text"):
        shorter["survivor"] = {**document["survivor"], "text": document["survivor"]["text"][:chars]}
    if document.get("page"):
        lines, left = [], chars
        for is_kept, line in document["page"]:
            if left <= 0:
                break
            lines.append([is_kept, line[:left]])
            left -= len(line) + 1
        shorter["page"] = lines
    whole = len(document["text"] or "") if "text" in document else 0
    if whole > chars:
        shorter["whole_chars"] = whole
    return shorter
