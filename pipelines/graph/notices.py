"""What a run has to say at its end that nobody may miss: a source without documents, a stage that kept nothing.

A corpus that is empty, or much smaller than its inputs, looks like success to a script. So each line here ends the
command with an exit status of its own, unless the configuration or the user allows it.
"""

from __future__ import annotations

import dataclasses
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from manyo.corpus.sources.rows import SCHEME
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import read_text
from manyo.pipelines.engine.manifest import iter_manifests
from manyo.pipelines.engine.run_stage import StageResult
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.extraction.inputs import skipped_inputs
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.reasons import drops, refusals

#: Reasons that say what the pages of a crawl are, not that something is wrong with them: of a crawl of all languages,
#: 97 pages in a hundred are refused for these.
USUAL_REFUSALS = {
    "http_status",
    "content_type",
    "revisit",
    "empty",
    "no_japanese_bytes",
    "no_japanese_text",
    "kanji_only",
    "romaji",
    "older_dump",
}

#: Refusals that stand for all that a file held, or held from there on, and nobody knows how many records that was: one
#: is a notice, however many records are good. `rest_of_file` has those of kinds whose files hold many records.
_REST_OF_FILE = {
    "archive_truncated",
    "broken_archive",
    "broken_compression",
    "broken_index",
    "broken_parquet",
    "not_warc",
    "reader_crashed",
}
_OF_MANY_RECORDS = {
    "broken_xml": {"wikipedia"},
    "other_format": {"commoncrawl", "jsonl", "kokkai", "pairs", "parquet", "warc", "wikipedia"},
}

#: Kinds of sources whose files may be archives of texts.
_OF_ARCHIVES = {"aozora", "egov", "files", "kokkai", "patent", "pdf", "tei", "text"}

#: Refusals that lose a text because of what tells records apart: another text has the same id, or none is stated. One
#: is a notice; the kinds in which the reason means that are listed.
BY_IDENTITY = {
    "duplicate_file": _OF_ARCHIVES,
    "duplicate_id": {"jsonl", "parquet", "wikipedia"},
    "duplicate_page": {"ndl", "ocr", "pairs"},
    "duplicate_pid": {"ndl", "ocr"},
    "unsafe_path": _OF_ARCHIVES | {"ndl", "ocr"},
    "no_work": {"pairs"},
    "work_in_pieces": {"pairs"},
}

#: Refusals that a limit of the [[source]] decides. Where the configuration states the limit, one is a notice: the
#: defaults are above what honest files hold, and nobody knows that of a limit which somebody chose.
LIMITS = {
    "too_large": ("max_line_bytes", "max_file_bytes", "max_archive_bytes", "max_publication_bytes", "max_record_bytes"),
    "too_many_pages": ("max_pages",),
    "undecodable": ("max_replacement_fraction",),
}

#: Fields without which a record is not what the configuration says. Where it states one, a single record that lacks it
#: is a notice; of the others, such as titles, only a source of which no record has one.
_NEEDED_FIELDS = ("text_field", "id_field", f"{SCHEME} of uri_field")

#: Kinds of sources whose pages anybody wrote.
_CRAWLS = ("warc", "commoncrawl")

#: Reasons that one notice names.
_REASONS_NAMED = 3


@dataclass(frozen=True, slots=True)
class _Step:
    """A step that leaves some of the documents of a source.

    Attributes:
        stage, left: what counts those that it leaves.
        stage_before, before: what counts those that it had.
        phrase: what it does, before "none of its documents".
        use: what the source must grant so that anything can be left; None for nothing.
    """

    stage: str
    left: str
    stage_before: str
    before: str
    phrase: str
    use: str | None = None


_STEPS = (
    _Step("decide", "kept", "decide", "documents", "the rules keep"),
    _Step("duplicates", "survivors", "duplicates", "kept_by_rules", "deduplication keeps"),
    _Step("scrub", "documents", "duplicates", "survivors", "decontamination leaves"),
    _Step("release", "documents", "scrub", "documents", "the release has", "redistribute"),
    _Step("encode", "documents", "scrub", "documents", "the token shards have", "train"),
)
_COUNTED = {"extract", "robots", *(step.stage for step in _STEPS)}


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Counts of a stage by source, those by reason included."""

    of_source: Mapping[str, Counter[str]]

    def get(self, source: str, name: str) -> int:
        """One count of a source; 0 if it has none of that name."""
        return self.of_source.get(source, Counter())[name]

    def most(self, source: str, prefix: str) -> list[tuple[str, int]]:
        """The counts whose name begins with a prefix, without it, the largest first."""
        found = self.of_source.get(source, Counter())
        named = [(name.removeprefix(prefix), n) for name, n in found.items() if name.startswith(prefix)]
        return sorted(named, key=lambda one: (-one[1], one[0]))


def list_notices(config: Config, results: Iterable[StageResult]) -> list[str]:
    """Sentences, each about one thing that a run should not have ended with; empty if there is none.

    Args:
        config: of the run.
        results: of the stages that ran; the notices are about these.
    """
    counts = {result.stage.name: counts_of(result.output) for result in results if result.stage.name in _COUNTED}
    lines = of_settings(config) if "decide" in counts else []
    if "robots" in counts and not counts["robots"].get("robots", "captures"):
        lines.append("the files of [rights] robots hold no robots.txt nor other file of a site: nothing is asked")
    if silent := counts["robots"].get("robots", "silent") if "robots" in counts else 0:
        lines.append(
            f"[rights] robots: {silent:,} files robots.txt hold no line of one, as where they are UTF-16 or an HTML "
            "page: their sites ban nothing"
        )
    for source in config.sources:
        if "extract" in counts:
            lines += [f"source {source.name}: skipped {line}" for line in skipped_inputs(source)]
            lines += _of_extraction(source, counts["extract"], config)
        if {"train", "redistribute"} & set(source.uses):  # else every document is to be dropped
            lines += _of_steps(source, counts, drops(config.rules))
    return lines


def of_settings(config: Config) -> list[str]:
    """Notices about what the configuration asks for, which is nothing where something was surely meant."""
    lines = []
    if not config.rules:
        lines.append("the rules file has no [[rule]]: no rule drops anything")
    for source in config.sources:
        if source.kind in _CRAWLS and not config.scrub.kinds[source.profile] and source.profile != "web":
            lines.append(
                f"source {source.name}: it is a crawl, and its profile {source.profile} masks no personal information; "
                'profile = "web" does, or set [scrub] kinds'
            )
    if config.rights.takedown and not read_text(config.rights.takedown).strip():
        lines.append(f"the takedown list {config.rights.takedown} is empty: nothing is taken down by it")
    return lines


def counts_of(output: StageOutput) -> SourceCounts:
    """What the finished shards of a stage counted, added up for each source."""
    of_source: dict[str, Counter[str]] = {}
    for manifest in iter_manifests(output.folder):
        of_source.setdefault(manifest.shard.split("/")[0], Counter()).update(manifest.counts)
    return SourceCounts(of_source)


def rest_of_file(kind: str, reasons: Iterable[str]) -> list[str]:
    """Those of the reasons of a kind of source that stand for more than one record."""
    return [one for one in reasons if one in _REST_OF_FILE or kind in _OF_MANY_RECORDS.get(one, ())]


def stated_limits(source: Source, reason: str) -> str:
    """The limits behind a refusal that a source's configuration states, to follow the reason's meaning; "" if none."""
    stated = ((key, _stated(source, key)) for key in LIMITS.get(reason, ()))
    return "".join(f", {key} = {value}" for key, value in stated if value is not None)


def is_mistaken(source: Source, reason: str) -> bool:
    """Whether one refusal for a reason says that the configuration and the files of a source do not fit."""
    return source.kind in BY_IDENTITY.get(reason, ()) or bool(stated_limits(source, reason))


def _stated(source: Source, key: str) -> object:
    """The value of a key of a source's kind; None if it has no such key, or the default."""
    for field in dataclasses.fields(source.options) if dataclasses.is_dataclass(source.options) else ():
        if field.name == key and getattr(source.options, key) != field.default:
            return getattr(source.options, key)
    return None


def of_lacking(source: Source, counts: Mapping[str, int], documents: int, which: str = "") -> Iterator[str]:
    """Notices about fields and rows of side tables that the configuration names and records do not have.

    Args:
        source: of the records.
        counts: how many records lack what, by what the configuration states, such as `id_field = "doc"`.
        documents: records that became documents.
        which: follows "of its", for records that are the first of several.
    """
    for lacking, n in counts.items():
        key = lacking.partition(" = ")[0]
        if key == "text_field":
            if _stated(source, key) is not None:
                yield f"source {source.name}: {n:,} of its {which}records have no {lacking}"
        elif documents and n == documents:
            yield f"source {source.name}: none of its {which}{documents:,} documents has {lacking}"
        elif key in _NEEDED_FIELDS:
            yield f"source {source.name}: {n:,} of its {which}{documents:,} documents have no {lacking}"


def _of_extraction(source: Source, counts: SourceCounts, config: Config) -> Iterator[str]:
    meanings = refusals((source.kind,))
    records = counts.get(source.name, "records") - counts.get(source.name, "skipped")
    refused = counts.most(source.name, "refused.")
    if not counts.get(source.name, "documents"):
        read = f"none of its {records:,} records became one" if records else "its files hold no record"
        look = _look(config, refused[0][0]) if refused else ""
        yield f"source {source.name}: no document; {read}{_reasons(refused, meanings)}{look}"
        return
    yield from of_lacking(source, dict(counts.most(source.name, "lacks.")), counts.get(source.name, "documents"))
    lost = rest_of_file(source.kind, dict(refused))
    unusual = [(reason, n) for reason, n in refused if reason not in USUAL_REFUSALS]
    n_unusual = sum(n for _, n in unusual)
    share = config.notices.refused_share * records
    if n_unusual > share and len(unusual) > 1 and all(n <= share for _, n in unusual):
        yield f"source {source.name}: {n_unusual:,} of {records:,} records are refused{_reasons(unusual, meanings)}"
    for reason, n in refused:
        if reason in lost:
            yield (
                f"source {source.name}: of {n:,} files not all was read: {reason} ({meanings[reason]})"
                f"{_look(config, reason)}"
            )
        elif is_mistaken(source, reason) or (reason not in USUAL_REFUSALS and n > share):
            yield (
                f"source {source.name}: {n:,} of {records:,} records are refused for {reason} "
                f"({meanings[reason]}{stated_limits(source, reason)}){_look(config, reason)}"
            )


def _look(config: Config, reason: str) -> str:
    """The command that shows the pages of a reason."""
    return f"; to look at them: manyo inspect --config {shlex.quote(config.path)} --reason {reason}"


def _of_steps(source: Source, counts: Mapping[str, SourceCounts], meanings: Mapping[str, str]) -> Iterator[str]:
    for step in _STEPS:
        if not {step.stage, step.stage_before} <= counts.keys() or not {step.use} <= {None, *source.uses}:
            continue
        had = counts[step.stage_before].get(source.name, step.before)
        if had and not counts[step.stage].get(source.name, step.left):
            why = _reasons(counts[step.stage].most(source.name, "reason."), meanings)
            yield f"source {source.name}: {step.phrase} none of its {had:,} documents{why}"


def _reasons(counted: Sequence[tuple[str, int]], meanings: Mapping[str, str]) -> str:
    """The most frequent reasons, with numbers and meanings, to follow a sentence; empty if there are none."""
    named = [f"{reason} {n:,} ({meanings[reason]})" for reason, n in counted[:_REASONS_NAMED]]
    return ": " + "; ".join(named) if named else ""
