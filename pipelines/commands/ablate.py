"""`manyo ablate`: compare two corpora without training a model, and say what each figure cannot tell."""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from manyo.corpus.tables.shards import read_batches
from manyo.corpus.tables.start_folder import paths_start_at
from manyo.pipelines.ablation.changed_documents import (
    Changed,
    Fingerprints,
    Reference,
    Shared,
    compare_changed,
    pick,
    shared_names,
)
from manyo.pipelines.ablation.drawing import Drawn, Text, draw
from manyo.pipelines.ablation.ladder import Difference, Ladder, compare
from manyo.pipelines.ablation.measured_corpus import COPIED_CHARS, measure_corpus
from manyo.pipelines.commands import arguments
from manyo.pipelines.commands.fitted_tables import FittedTable
from manyo.pipelines.commands.run_setup import config_of, open_console
from manyo.pipelines.commands.text_files import source_of, texts_of
from manyo.pipelines.commands.two_sides import refuse_same
from manyo.pipelines.commands.written_files import JSON_OBJECT, check_place
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.graph.release_stages import RELEASE
from manyo.pipelines.run import finished_stages

#: Width of the tables if standard output is not a terminal.
_PIPE_COLUMNS = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `manyo ablate`."""
    for name in ("a", "b"):
        parser.add_argument(
            name,
            metavar=name.upper(),
            help="a corpus: the .toml of a finished run, whose release is read, or .jsonl or .parquet files",
        )
    parser.add_argument(
        "--held-out",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "FILE"),
        help="texts as they are wanted, of other hosts, years or authors than the corpora: a name, and files",
    )
    parser.add_argument(
        "--megabytes", type=arguments.number, default=2.0, metavar="COUNT", help="UTF-8 text of each draw (default: 2)"
    )
    parser.add_argument(
        "--draws", type=arguments.whole(1), default=3, metavar="COUNT", help="how often to draw (default: 3)"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the figures to this file")


def run(options: argparse.Namespace) -> int:
    """Compare the corpora, print the figures, and return 0.

    Raises:
        UserError: an option or an input is wrong, a run is not finished, or a corpus has less text than a draw.
        WorkFailed: a shard cannot be read.
    """
    if options.json:
        check_place(options.json, "--json", JSON_OBJECT)
    if not 1 <= options.draws <= 7:
        raise UserError(f"--draws {options.draws}: from 1 to 7")
    if not 0 < options.megabytes <= 1000:
        raise UserError(f"--megabytes {options.megabytes:g}: more than 0, up to 1000")
    held_out = {}
    for name, *files in options.held_out:
        if not files:
            raise UserError(f"--held-out {name}: give a name and then files")
        refuse_same([options.a, options.b], files, f"a corpus and --held-out {name}")
        texts = (text for file in files for _, text in texts_of(file, f"--held-out {name}"))
        held_out[name] = list(dict.fromkeys(text for text in texts if text and not text.isspace()))
        if not held_out[name]:
            raise UserError(f"--held-out {name}: no text in {', '.join(files)}")
    refuse_same([options.a], [options.b], "A and B")
    draw_bytes = int(options.megabytes * 1e6)
    fingerprints = Fingerprints(), Fingerprints()
    a, b = (
        _draw(name, given, held, draw_bytes, options.draws)
        for name, given, held in zip(("A", "B"), (options.a, options.b), fingerprints, strict=True)
    )
    changed = _changed(options, shared_names(*fingerprints))
    ladder = compare(measure_corpus(a, held_out), measure_corpus(b, held_out), changed)
    if options.json:
        try:
            Path(options.json).write_text(json.dumps(asdict(ladder), ensure_ascii=False, indent=1), encoding="utf-8")
        except OSError as error:
            raise UserError(f"--json {options.json}: {error.strerror}") from error
    _print(open_console(_PIPE_COLUMNS), ladder, (a, b), (options.a, options.b))
    return 0


def _changed(options: argparse.Namespace, shared: Shared) -> Changed | None:
    """Compare the documents that both corpora have with different texts, for which the corpora are read again."""
    if not len(shared.changed) or not len(shared.equal):
        return None
    (a, equal), (b, _) = (pick(_texts(given, name), shared) for name, given in (("A", options.a), ("B", options.b)))
    reference = Reference(equal)
    return compare_changed(reference.figures(a), reference.figures(b), len(a), len(shared.changed))


def _draw(name: str, given: str, fingerprints: Fingerprints, draw_bytes: int, n_draws: int) -> Drawn:
    drawn = draw(name, fingerprints.of(_texts(given, name)), draw_bytes, n_draws)
    if drawn.smallest_draw_bytes < draw_bytes:
        raise UserError(
            f"{given}: {drawn.bytes / 1e6:.3g} MB of text in {drawn.documents:,} documents are too little for "
            f"draws of {draw_bytes / 1e6:g} MB; give a smaller --megabytes"
        )
    return drawn


def _texts(given: str, name: str) -> Iterator[Text]:
    if not given.endswith(".toml"):
        source = source_of(given)
        return (Text(key or text, source, text) for key, text in texts_of(given, name) if text is not None)
    config = config_of(given)
    with paths_start_at(os.path.dirname(config.path)):
        release = finished_stages(config, ["release"], "ablate")["release"]
    uris = [release.uri(RELEASE, shard.name) for shard in release.shards]
    return (
        Text(row["doc_id"].hex(), row["source"], row["text"])
        for uri in uris
        for batch in read_batches(uri, ["doc_id", "source", "text"])
        for row in batch.to_pylist()
    )


def _print(console: Console, ladder: Ladder, corpora: Sequence[Drawn], given: Sequence[str]) -> None:
    for drawn, path in zip(corpora, given, strict=True):
        console.print(
            f"{drawn.name}  {path}: {drawn.documents:,} documents, {drawn.bytes / 1e6:,.1f} MB; drawn "
            f"{len(drawn.draws)} times {len(drawn.draws[0]):,} documents or so",
            markup=False,
        )
    _print_changed(console, ladder.changed)
    _print_bits(console, ladder)
    _print_order(console, ladder.cohesion)
    _print_repetition(console, ladder)
    _print_cross(console, ladder.cross)


#: What a figure of the documents that differ says of its worse side.
_WORSE = {
    "frames": "more characters in runs of 8 that only changed documents share: templates, menus, machines",
    "copied": "more characters in runs of 30 that other documents have: copies",
    "noise": "more bits, per character and in all: misread or mixed text",
    "order": "sentences stand elsewhere than in equal documents",
    "cohesion": "neighbouring sentences share fewer words",
}


def _print_changed(console: Console, changed: Changed | None) -> None:
    if changed is None:
        console.print("\nNo document is in both corpora with different texts, next to others with equal ones.")
        return
    title = f"Documents with different texts: {changed.documents:,} of {changed.of:,}"
    table = FittedTable("worse is", "better", "B is worse", "95 %", "told apart", title=title)
    for name, one in changed.figures.items():
        low, high = one.interval
        better = {1: "A", -1: "B", 0: "open"}[one.sign]
        table.add_row(_WORSE[name], better, f"{one.share:.1%}", f"{low:.1%} to {high:.1%}", f"{one.documents:,}")
    console.print(table)
    better = {1: "A", -1: "B", 0: ""}[changed.verdict]
    said = f"{better} is better where they differ, by {changed.decisive}." if better else "Which is better is open."
    console.print(
        f"{said} The clearest majority decides. Says: which versions of the same documents are damaged. Does not say: "
        "whether dropping documents was right, or whether a shorter version lost what matters."
    )


def _print_bits(console: Console, ladder: Ladder) -> None:
    if not ladder.copied:
        console.print("\nNo --held-out texts are given, so neither corpus can be closer to what is wanted.")
        return
    table = FittedTable(
        "held-out", "texts", "A", "B", "B less A, 95 %", "closer", title="Bits per character of held-out texts"
    )
    for name, copied in ladder.copied.items():
        one = ladder.bits.get(name)
        if one is None:
            table.add_row(name, f"0 ({copied:,} copies left out)", "", "", "", "")
        else:
            left_out = f" ({copied:,} copies left out)" if copied else ""
            closer = {1: "A", -1: "B", 0: "open"}[one.sign]
            table.add_row(name, f"{one.documents:,}{left_out}", f"{one.a:.4f}", f"{one.b:.4f}", _span(one), closer)
    console.print(table)
    console.print(
        f"Character 5-gram models of equal bytes; a text that has {COPIED_CHARS} characters in a row in common with a "
        "draw is left out.\nSays: which corpus is more like these texts, or has less noise per byte. "
        "Does not say: which trains the better model."
    )


def _print_order(console: Console, found: Difference | None) -> None:
    if found is None:
        console.print("\nToo few documents have six sentences: nothing is said about the order of sentences.")
        return
    table = FittedTable(
        "documents", "A", "B", "B less A, 95 %", title="Cohesion: sentences share words with their neighbours"
    )
    documents = f"{found.documents:,} {'of both' if found.is_paired else 'together'}"
    table.add_row(documents, f"{found.a:.4f}", f"{found.b:.4f}", _span(found))
    console.print(table)
    better = {1: "B", -1: "A", 0: ""}[found.sign]
    said = f"Sentences stand in better order in {better}." if better else "The order of sentences is not distinguished."
    console.print(f"{said} Lists, tables and verse have little cohesion by nature: compare like with like.")


def _print_repetition(console: Console, ladder: Ladder) -> None:
    shared = ladder.shared
    table = FittedTable("figure", "A", "B", "B less A, 95 %", title="Said again, in equal bytes")
    table.add_row("runs of 13 characters that others have", f"{shared.a:.4f}", f"{shared.b:.4f}", _span(shared))
    table.add_row("bytes of zstd per byte", *(f"{statistics.mean(one):.4f}" for one in ladder.compressed), "")
    console.print(table)
    console.print(f"{ {1: 'A', -1: 'B', 0: 'Neither'}[shared.sign] } repeats less: frames, templates and copies.")
    if ladder.probe is None:
        console.print("The corpora have too few different documents for a probe to tell them apart.")
    else:
        console.print(
            f"A probe of pairs of characters tells documents of A alone from those of B alone with an area of "
            f"{ladder.probe:.3f} under the curve; near 0.5 what distinguishes the corpora is not in the wording."
        )


def _print_cross(console: Console, cross: Mapping[str, Mapping[str, float]]) -> None:
    columns = sorted({other for row in cross.values() for other in row})
    if len(columns) < 2:
        return
    table = FittedTable("after", *columns, title="Bits per character of a source (column) after another (row)")
    for one, row in cross.items():
        table.add_row(one, *(f"{row[other]:.3f}" for other in columns))
    console.print(table)
    console.print("Rows of different sizes are not comparable with each other; within a row, less is closer.")


def _span(one: Difference) -> str:
    return f"{one.b - one.a:+.4f} ({one.low:+.4f} to {one.high:+.4f})"
