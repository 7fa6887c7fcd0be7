"""Forecast a run from a small sample of its inputs.

The sample runs through the stages of the run, one task after another, into a scratch folder. It has some shards of each
source, evenly spaced in the order of names, and of these a share of the records, chosen by a digest of their places. So
a sample of a crawl has pages from all parts, and the cost of a page is measured and not guessed.

Three passes separate what grows with the input from what does not. The first pass loads models; the second is the same
again, so that the difference is the start of a worker. The third reads more records than the second. For each stage and
source this gives two points; the forecast is the line through them, at all records, times all shards. The cost of
reading past records that are not in the sample is measured separately: it applies to every byte.

What is not linear is not predicted. Duplicates are rarer in a sample than in the whole, so that the forecast after
dedup is an upper bound; and the pairs of dedup grow faster than the input if pages repeat.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from numba.core import event as numba_events

from manyo.corpus.records import InputFile, InputShard
from manyo.corpus.sources.source_kinds import Source
from manyo.corpus.tables.shards import filesystem, join
from manyo.dedup.settings import Alarms
from manyo.pipelines.commands.forecast import Forecast, StageForecast
from manyo.pipelines.commands.run_summary import RESULTS
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.executors import Serial
from manyo.pipelines.engine.manifest import Manifest, iter_manifests
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.extraction.inputs import pack_source
from manyo.pipelines.graph.config import Config, Run
from manyo.pipelines.run import run

#: At most this many shards of a source are opened.
_SHARDS_AT_MOST = 8

#: Bytes of chosen shards that are read past for each byte that is parsed. Finding a record costs about a tenth of
#: parsing it, so that a sample of a crawl's 1 GB archives spends about half its time on the way.
_FRAMED_PER_PARSED = 16

#: The second pass reads this part of the records that the third reads.
_SMALL_PART = 0.25


def predict(config: Config, sample_bytes: int) -> Forecast:
    """Run a sample of the inputs and extrapolate.

    Args:
        config: configuration of the run.
        sample_bytes: approximate size of the part of the inputs that is parsed.

    Returns:
        The forecast of the whole run.

    Raises:
        UserError, WorkFailed: as `manyo.pipelines.run.run`.
    """
    shards = {source.name: _sized(pack_source(source)) for source in config.sources}
    chosen = choose(shards, sample_bytes)
    small = {
        name: tuple(replace(shard, sampled_fraction=shard.sampled_fraction * _SMALL_PART) for shard in some)
        for name, some in chosen.items()
    }
    until = "scrub" if config.tokenize.train is not None else "report"
    with tempfile.TemporaryDirectory(prefix="manyo-plan-") as scratch:
        compiling: list[float] = []
        with numba_events.install_timer("numba:compile", compiling.append):
            cold = _run_sample(config, small, join(scratch, "cold"), until)
        warm = _run_sample(config, small, join(scratch, "warm"), until)
        large = _run_sample(config, chosen, join(scratch, "large"), until)
        # Kernels are compiled once per machine, and every later worker loads them.
        started = sum(one.seconds for one in cold.all()) - sum(one.seconds for one in warm.all()) - sum(compiling)
        stages = _extrapolate(cold.stages, warm, large, shards, chosen)
    extract = large.manifests["extract"]
    return Forecast(
        stages=tuple(stages),
        start_seconds=max(0.0, started),
        input_bytes=sum(shard.size_bytes for some in shards.values() for shard in some),
        sampled_bytes=sum(int(shard.size_bytes * shard.sampled_fraction) for some in chosen.values() for shard in some),
        sampled_records=sum(_sampled(one) for one in extract),
        sampled_documents=sum(one.counts["documents"] for one in extract),
        left_out=() if until == "report" else ("train", "encode", "tokenize", "report"),
    )


def _sized(shards: Sequence[InputShard]) -> list[InputShard]:
    """The shards with sizes; shards of a list without sizes get the mean size of a few that are looked up."""
    unsized = [shard for shard in shards if not shard.size_bytes]
    asked = {shard.name: tuple(map(_with_size, shard.files)) for shard in _spread(unsized, _SHARDS_AT_MOST)}
    sizes = [file.size_bytes for files in asked.values() for file in files]
    mean = sum(sizes) // max(1, len(sizes))
    return [
        shard
        if shard.size_bytes
        else replace(
            shard, files=asked.get(shard.name) or tuple(replace(file, size_bytes=mean) for file in shard.files)
        )
        for shard in shards
    ]


def _with_size(file: InputFile) -> InputFile:
    fs, path = filesystem(file.uri)
    try:
        return replace(file, size_bytes=int(fs.info(path)["size"] or 0))
    except OSError as error:
        raise UserError(f"{file.uri}: cannot be read: {error}") from error


def choose(shards: Mapping[str, Sequence[InputShard]], sample_bytes: int) -> dict[str, tuple[InputShard, ...]]:
    """Choose the shards of each source to sample.

    Sources share the sample in proportion to their size, but each gets at least a tenth of an equal share, so that a
    small source next to a crawl is measured too.

    Returns:
        The chosen shards by source, each with the fraction of its records to parse.
    """
    totals = {name: sum(shard.size_bytes for shard in some) for name, some in shards.items()}
    chosen = {}
    for name, some in shards.items():
        by_size = sample_bytes * totals[name] / max(1, sum(totals.values()))
        budget = max(by_size, sample_bytes / (10 * len(shards)))
        mean = totals[name] / max(1, len(some))
        n_shards = min(_SHARDS_AT_MOST, max(2, int(_FRAMED_PER_PARSED * budget / max(1.0, mean))))
        picked = _spread(some, n_shards)
        fraction = min(1.0, budget / max(1, sum(shard.size_bytes for shard in picked)))
        chosen[name] = tuple(replace(shard, sampled_fraction=fraction) for shard in picked)
    return chosen


def _spread(shards: Sequence[InputShard], n_shards: int) -> list[InputShard]:
    """At most `n_shards` of the shards, evenly spaced."""
    if len(shards) <= n_shards:
        return list(shards)
    return [shards[(2 * number + 1) * len(shards) // (2 * n_shards)] for number in range(n_shards)]


@dataclass(frozen=True, slots=True)
class _Pass:
    """One run over a sample: its stages, and the manifests of their tasks by stage."""

    stages: Sequence[AnyStage]
    manifests: Mapping[str, Sequence[Manifest]]

    def all(self) -> list[Manifest]:
        return [manifest for stage in self.manifests.values() for manifest in stage]


def _run_sample(config: Config, sample: Mapping[str, Sequence[InputShard]], out: str, until: str) -> _Pass:
    def take(source: Source, _: Sequence[InputShard]) -> Sequence[InputShard]:
        return sample[source.name]

    quiet = Alarms(max_source_loss=1, max_host_loss=1, max_cluster_share=1)
    sampled = replace(config, run=Run(out), sample=take, dedup=replace(config.dedup, alarms=quiet))
    result = run(sampled, Serial(), Watcher(), until)
    stages = [one.stage for one in result.stages]
    return _Pass(stages, {one.name: list(iter_manifests(one.folder(out))) for one in stages})


#: The measures of a task that are extrapolated.
_MEASURES = ("cpu_seconds", "seconds", "bytes_written")


def _extrapolate(
    stages: Sequence[AnyStage],
    small: _Pass,
    large: _Pass,
    shards: Mapping[str, Sequence[InputShard]],
    chosen: Mapping[str, Sequence[InputShard]],
) -> list[StageForecast]:
    whole = {
        name: sum(shard.size_bytes for shard in shards[name]) / max(1, sum(shard.size_bytes for shard in some))
        for name, some in chosen.items()
    }
    fractions = [_fractions(one.manifests["extract"]) for one in (small, large)]
    written: dict[str, float] = {}
    forecasts = []
    for stage in stages:
        points = [one.manifests[stage.name] for one in (small, large)]
        by_source = [_by_source(manifests, chosen) for manifests in points]
        sums: dict[str, float] = defaultdict(float)
        n_tasks = 0.0
        sampled_bytes_read = [
            sum(manifest.bytes_written for needed in stage.needs for manifest in one.manifests[needed.name])
            for one in (small, large)
        ]
        bytes_read = sum(written[needed.name] for needed in stage.needs)
        if stage.name == "extract":
            bytes_read = sum(shard.size_bytes for some in shards.values() for shard in some)
        for source in by_source[1]:
            pair = [one[source] for one in by_source]
            places: Sequence[float]
            if source:  # a line over the share of records, extended to all records, times all shards
                places, times, end = [one[source] for one in fractions], whole[source], 1.0
                n_tasks += len(pair[1]) * len(shards[source]) / max(1, len(chosen[source]))
            else:  # a line over the bytes read, extended to those of the run
                places, times, end = sampled_bytes_read, 1.0, bytes_read
                n_tasks += len(pair[1])
            for measure in _MEASURES:
                past = [sum(_read_past(one, measure) for one in few) for few in pair]
                sizes = [sum(getattr(one, measure) for one in few) - gone for few, gone in zip(pair, past, strict=True)]
                sums[measure] += times * (past[1] + line(places, sizes, end))
        written[stage.name] = sums["bytes_written"]
        forecasts.append(
            StageForecast(
                stage=stage.name,
                tasks=round(n_tasks),
                cpu_seconds=sums["cpu_seconds"],
                seconds=sums["seconds"],
                bytes_read=round(bytes_read),
                bytes_written=round(sums["bytes_written"]),
                peak_memory_bytes=_peak_memory_bytes(stage, points[1], bytes_read / max(1, sampled_bytes_read[1])),
                is_intermediate=RESULTS.isdisjoint(stage.table_folders()),
            )
        )
    return forecasts


def _peak_memory_bytes(stage: AnyStage, sampled: Sequence[Manifest], growth: float) -> int:
    peak = max((manifest.peak_memory_bytes for manifest in sampled), default=0)
    if len(sampled) > 1:
        return peak
    return max(peak, min(stage.memory_bytes, round(peak * growth)))


def _by_source(manifests: Sequence[Manifest], sources: Collection[str]) -> dict[str, list[Manifest]]:
    """Tasks by the source of their shard; under "" those that read all sources."""
    found: dict[str, list[Manifest]] = defaultdict(list)
    for manifest in manifests:
        source = manifest.shard.split("/")[0] if "/" in manifest.shard else ""
        found[source if source in sources else ""].append(manifest)
    return found


def _fractions(extract: Sequence[Manifest]) -> dict[str, float]:
    """The fraction of the records that was parsed, in the chosen shards of each source."""
    records: dict[str, int] = defaultdict(int)
    parsed: dict[str, int] = defaultdict(int)
    for manifest in extract:
        source = manifest.shard.split("/")[0]
        records[source] += manifest.counts["records"]
        parsed[source] += _sampled(manifest)
    return {source: parsed[source] / records[source] if records[source] else 1.0 for source in records}


def _sampled(manifest: Manifest) -> int:
    return manifest.counts["records"] - manifest.counts.get("skipped.unsampled", 0)


def _read_past(manifest: Manifest, measure: str) -> float:
    """Time to find the records, which a sample does not reduce."""
    counter = {"cpu_seconds": "reader_cpu_microseconds", "seconds": "reader_microseconds"}.get(measure, "")
    return manifest.counts.get(counter, 0) / 1e6


def line(places: Sequence[float], sizes: Sequence[float], end: float) -> float:
    """Extend the line through two points, with its slope and its value at zero kept non-negative.

    Args:
        places: the places of the two points, the smaller first.
        sizes: the values at these places.
        end: the place to extend the line to.

    Returns:
        The value at `end`.
    """
    (small, large), (at_small, at_large) = places, sizes
    if large <= 0:
        return at_large
    slope = (at_large - at_small) / (large - small) if large > 1.2 * small else at_large / large
    slope = min(max(slope, 0.0), at_large / large)
    return at_large + slope * (end - large)
