"""A run: the stages of a configuration in order, each finished before the next begins."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from manyo.corpus.tables.publishing import PARTIAL_FOLDER
from manyo.corpus.tables.shards import filesystem, is_local, join, names_in, publish
from manyo.corpus.takedown_requests import join_requests, record_requests, recorded_lists
from manyo.corpus.takedowns import Takedowns, read_takedowns
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.lease import own
from manyo.pipelines.engine.progress import Watcher
from manyo.pipelines.engine.run_stage import Executor, InputDamaged, StageResult, StageShards, run_stage
from manyo.pipelines.engine.shapes import StageOutput
from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.build import build_stages, in_order, stages_by_command
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.named_files import refuse_lost_files
from manyo.pipelines.graph.takedown_stage import TAKEN_DOWN, remember_taken_down

_log = logging.getLogger("manyo")

#: This file marks a folder as one that manyo writes to, so that no other folder is written to by accident.
_MARK = "manyo.json"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What a run did.

    Attributes:
        stages: results in order.
        tasks_run: number of shards that this run made.
    """

    stages: tuple[StageResult, ...]

    @property
    def tasks_run(self) -> int:
        """Number of shards that this run made; 0 if every shard was finished before."""
        return sum(result.tasks_run for result in self.stages)


def run(config: Config, executor: Executor, watcher: Watcher, until: str = "report") -> RunResult:
    """Run the stages of a configuration up to and including those of the command `until`.

    A file of a stage that is missing or damaged when a later stage reads it is made again, once. Takedowns that arrive
    during the run are applied before it ends.

    Raises:
        UserError: the configuration, an input or the output folder is wrong.
        WorkFailed: a stage could not be finished.
    """
    refuse_lost_files(config)
    by_command = stages_by_command(config)
    wanted = list(by_command)[: list(by_command).index(until) + 1]
    stages = in_order({command: by_command[command] for command in wanted})
    out = config.run.out
    mark_out(out)
    record_takedowns(config)
    damaged: set[str] = set()
    tried: set[str] = set()
    tasks_run: Counter[str] = Counter()
    with own(out, "run"), watcher:
        while True:
            requested = recorded_lists(out)
            try:
                results = _run_stages(stages, out, executor, watcher, damaged, tasks_run)
                if recorded_lists(out) == requested:
                    return RunResult(tuple(replace(one, tasks_run=tasks_run[one.stage.name]) for one in results))
                _log.warning("takedowns were requested meanwhile; applying them")
            except InputDamaged as error:
                if not tried.isdisjoint(error.uris) or not all(_is_below(uri, out) for uri in error.uris):
                    raise
                tried.update(error.uris)
                damaged.update(error.uris)
                _log.warning("%s; making %s again", error, "it" if len(error.uris) == 1 else "these")


def _run_stages(
    stages: Sequence[AnyStage],
    out: str,
    executor: Executor,
    watcher: Watcher,
    damaged: set[str],
    tasks_run: Counter[str],
) -> list[StageResult]:
    outputs: dict[str, StageOutput] = {}
    results = []
    last_use = {needed.name: stage.name for stage in stages for needed in stage.needs}
    for stage in stages:
        result = run_one(stage, outputs, out, executor, watcher, damaged)
        outputs[stage.name] = result.output
        for name in (name for name, last in last_use.items() if last == stage.name):
            outputs[name].forget_pieces()  # a gigabyte for each exchange at ten crawls
        tasks_run[stage.name] += result.tasks_run
        results.append(result)
    return results


def _is_below(uri: str, folder: str) -> bool:
    return uri.startswith(folder.rstrip("/") + "/")


def run_command(config: Config, executor: Executor, watcher: Watcher, command: str) -> RunResult:
    """Run only the stages of one command, on what the stages before it finished.

    Raises:
        UserError: as `run`, or a stage that it needs is not finished.
        WorkFailed: a stage could not be finished.
    """
    refuse_lost_files(config)
    by_command = stages_by_command(config)
    if not by_command[command]:
        raise UserError(f"{command}: {config.path} has no [{command}], so there is nothing to do; add the table")
    if command != next(iter(by_command)):
        refuse_no_run(config, command)
    mark_out(config.run.out)
    record_takedowns(config)
    outputs: dict[str, StageOutput] = {}
    results = []
    with own(config.run.out, command), watcher:
        names = {stage.name for stage in by_command[command]}
        for stage in in_order(by_command):
            if stage.name in names:
                result = run_one(stage, outputs, config.run.out, executor, watcher)
                outputs[stage.name] = result.output
                results.append(result)
            elif not results:
                outputs[stage.name] = finished(stage, outputs, config, command)
    return RunResult(tuple(results))


def table_folder(config: Config, table: str) -> str:
    """Returns the folder of a table of a run, whether the table has been written or not.

    Tables have the names of `manyo.corpus.schema`; `tokens`, `train` and `report` name the other outputs.

    Raises:
        UserError: the run has no such table.
    """
    folders = {
        name: join(config.run.out, folder)
        for stage in build_stages(config)
        for name, folder in stage.table_folders().items()
    }
    if table not in folders:
        raise UserError(f"no table {table!r}; there are {', '.join(sorted(folders))}")
    return folders[table]


def stage_of(config: Config, name: str, command: str) -> AnyStage:
    """Returns a stage of a configuration that a command needs.

    Raises:
        UserError: the configuration has no such stage.
    """
    for stage in build_stages(config):
        if stage.name == name:
            return stage
    table = "[tokenize]" if name in ("encode", "tokenize") else f"[{name}]"
    raise UserError(f"{command}: {config.path} has no {table}, so its runs have no stage {name}; add the table")


def finished_stages(config: Config, names: Sequence[str], command: str) -> dict[str, StageOutput]:
    """Returns the outputs of stages that an earlier run finished, for a command that only reads them.

    Args:
        config: of that run; thresholds may differ if they do not change the stages that are needed.
        names: names of the stages, the last one last; the stages that they need are added.
        command: for the message.

    Raises:
        UserError: one of them is not finished, or the configuration has no such stage.
    """
    refuse_no_run(config, command)
    stages = build_stages(config)
    for name in set(names) - {stage.name for stage in stages}:
        stage_of(config, name, command)
    needed = set(names)
    for stage in reversed(stages):
        if stage.name in needed:
            needed.update(need.name for need in stage.needs)
    outputs: dict[str, StageOutput] = {}
    for stage in stages:
        if stage.name in needed:
            outputs[stage.name] = finished(stage, outputs, config, command, until=names[-1])
    return outputs


def refuse_no_run(config: Config, command: str) -> None:
    """Look, before anything is written, whether there is a run for a command that goes on with one.

    Raises:
        UserError: the output is empty or not there, as where `--out` is misspelt.
    """
    out = config.run.out
    fs, path = filesystem(out)
    if not fs.exists(path) or not names_in(fs, path):
        raise UserError(
            f"{command} needs extract, and nothing has run in {out}; name the output of the run, "
            f"or run: manyo run --config {config.path} --out {out}"
        )


def mark_out(out: str) -> None:
    """Mark a folder as one that manyo writes to, if it is new, empty or already marked.

    Raises:
        UserError: the folder has other contents, or cannot be written.
    """
    mark = join(out, _MARK)
    fs, path = filesystem(mark)
    try:
        if fs.exists(path):
            return
        if is_local(fs) and os.path.isfile(os.path.dirname(path)):
            raise UserError(f"{out}: is a file, not a folder; use an empty or new folder as out")
        parent = path.rsplit("/", 1)[0]
        others = [name for name in names_in(fs, parent) if name != PARTIAL_FOLDER]
        # Another command may be writing the same mark, or have written it since we looked.
        if others and not fs.exists(path):
            raise UserError(f"{out}: is not empty and was not written by manyo; use an empty or new folder as --out")
        with publish(mark) as partial:
            partial.write_text(json.dumps({"format": 1}) + "\n", encoding="utf-8")
    except OSError as error:
        raise UserError(f"{out}: cannot be written: {error}") from error


def record_takedowns(config: Config, *more: Takedowns) -> None:
    """Add the configuration's takedown list and other lists to the requests of the run, which keeps them for good.

    Raises:
        UserError: the configuration's list is missing or wrong, or somebody has spoilt a request of the run.
        OSError: a request cannot be written.
    """
    listed, out = config.rights.takedown, config.run.out
    try:
        lists = [*([read_takedowns(listed)] if listed else []), *more]
    except (OSError, ValueError) as error:
        raise UserError(f"{config.path}: [rights] takedown: {error}") from error
    for takedowns in lists:
        record_requests(out, takedowns)
    try:
        join_requests(out)
    except ValueError as error:
        raise UserError(f"a request that the run keeps was changed by hand: {error}") from error


def run_one(
    stage: AnyStage,
    outputs: Mapping[str, StageOutput],
    out: str,
    executor: Executor,
    watcher: Watcher,
    damaged: set[str] | None = None,
) -> StageResult:
    """Run one stage; `outputs` has those of the stages that it needs, `damaged` files to make again (`run_stage`)."""
    upstream = [outputs[needed.name] for needed in stage.needs]
    result = run_stage(stage, upstream, out, executor, watcher.on_start, watcher.on_end, damaged)
    if TAKEN_DOWN in stage.tables:
        remember_taken_down(out, stage.needs[0], result.output)
    return result


def _made_by_others(stage: AnyStage, out: str) -> str:
    """Which folders of a stage an output has from other settings, to follow a message; "" if there are none."""
    fs, path = filesystem(out)
    names = os.listdir(path) if is_local(fs) and os.path.isdir(path) else []
    others = sorted(name for name in names if name.rpartition("-")[0] == stage.name and name != stage.folder_name)
    return f" ({out} has {', '.join(others[:3])}, made with other settings)" if others else ""


def finished(
    stage: AnyStage, outputs: Mapping[str, StageOutput], config: Config, command: str, until: str = ""
) -> StageOutput:
    """Returns the output of a stage that an earlier command must have finished.

    Args:
        stage: the stage.
        outputs: outputs of the stages that it needs.
        config: of the run.
        command: for the message, which says how to make what is missing.
        until: the last stage that the command needs, if it needs others too.

    Raises:
        UserError: the stage is not finished.
    """
    shards = StageShards(stage, [outputs[needed.name] for needed in stage.needs], config.run.out)
    for _ in shards.read_finished():
        pass
    if shards.n_pending:
        missing = until or stage.name
        owner, *_ = (name for name, own in stages_by_command(config).items() if missing in [one.name for one in own])
        raise UserError(
            f"{command} needs {stage.name}, of which {shards.n_pending} of {len(shards)} shards are not finished"
            f"{_made_by_others(stage, config.run.out)}; "
            f"run: manyo run --until {owner} --config {config.path} --out {config.run.out}"
        )
    return shards.output()
