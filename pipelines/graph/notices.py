"""What a run has to say at its end that nobody may miss: a source without documents, a stage that kept nothing.

A corpus that is empty, or much smaller than its inputs, looks like success to a script. So each line here ends the
command with an exit status of its own, unless the configuration or the user allows it.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

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
class _Counts:
    """Counts of a stage by source, those by reason included."""

    of_source: Mapping[str, Counter[str]]

    def get(self, source: str, name: str) -> int:
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
    counts = {result.stage.name: _counts(result.output) for result in results if result.stage.name in _COUNTED}
    lines = of_settings(config) if "decide" in counts else []
    if "robots" in counts and not counts["robots"].get("robots", "captures"):
        lines.append("the files of [rights] robots hold no robots.txt nor other file of a site: nothing is asked")
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


def rest_of_file(kind: str, reasons: Iterable[str]) -> list[str]:
    """Those of the reasons of a kind of source that stand for more than one record."""
    return [one for one in reasons if one in _REST_OF_FILE or kind in _OF_MANY_RECORDS.get(one, ())]


def _counts(output: StageOutput) -> _Counts:
    of_source: dict[str, Counter[str]] = {}
    for manifest in iter_manifests(output.folder):
        of_source.setdefault(manifest.shard.split("/")[0], Counter()).update(manifest.counts)
    return _Counts(of_source)


def _of_extraction(source: Source, counts: _Counts, config: Config) -> Iterator[str]:
    meanings = refusals((source.kind,))
    records = counts.get(source.name, "records") - counts.get(source.name, "skipped")
    refused = counts.most(source.name, "refused.")
    if not counts.get(source.name, "documents"):
        read = f"none of its {records:,} records became one" if records else "its files hold no record"
        look = _look(config, refused[0][0]) if refused else ""
        yield f"source {source.name}: no document; {read}{_reasons(refused, meanings)}{look}"
        return
    documents = counts.get(source.name, "documents")
    for lacking, n in counts.most(source.name, "lacks."):
        if n == documents:
            yield f"source {source.name}: none of its {documents:,} documents has {lacking}"
    lost = rest_of_file(source.kind, dict(refused))
    for reason, n in refused:
        if reason in lost:
            yield (
                f"source {source.name}: of {n:,} files not all was read: {reason} ({meanings[reason]})"
                f"{_look(config, reason)}"
            )
        elif reason not in USUAL_REFUSALS and n > config.notices.refused_share * records:
            yield (
                f"source {source.name}: {n:,} of {records:,} records are refused for {reason} "
                f"({meanings[reason]}){_look(config, reason)}"
            )


def _look(config: Config, reason: str) -> str:
    """The command that shows the pages of a reason."""
    return f"; to look at them: manyo inspect --config {shlex.quote(config.path)} --reason {reason}"


def _of_steps(source: Source, counts: Mapping[str, _Counts], meanings: Mapping[str, str]) -> Iterator[str]:
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
