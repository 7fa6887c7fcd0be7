"""The folders of an output as they are described in it, for runs that another version of manyo made.

The name of a folder holds a fingerprint of a stage with its version, so a run of another version lies in folders of
other names. Each describes itself (`stage.json`) and names the stages that it read by their fingerprints.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from manyo.corpus.tables.shards import filesystem, names_in
from manyo.pipelines.engine.errors import UserError
from manyo.pipelines.engine.manifest import manifest_uris
from manyo.pipelines.engine.sealed_json import NotSealed, open_json
from manyo.pipelines.engine.stage import AnyStage

#: The last stages of a run that can be compared, the best first.
_LAST = ("duplicates", "decide")


@dataclass(frozen=True, slots=True)
class WrittenStage:
    """A folder of an output.

    Attributes:
        folder: its name.
        name, version: of the stage.
        fingerprint: of the stage with its settings.
        inputs: fingerprints of the stages that it read.
    """

    folder: str
    name: str
    version: int
    fingerprint: str
    inputs: tuple[str, ...]


def written_stages(out: str) -> dict[str, WrittenStage]:
    """Fingerprint → stage, for each folder of an output that describes itself."""
    fs, path = filesystem(out)
    found = {}
    for folder in sorted(names_in(fs, path)) if fs.exists(path) else ():
        try:
            described = open_json(fs.cat_file(f"{path.rstrip('/')}/{folder}/stage.json"))
            name, version, inputs = (described[key] for key in ("stage", "version", "inputs"))
        except (OSError, NotSealed, KeyError):
            continue  # is no stage's folder, or one whose description was lost
        fingerprint = _fingerprint(described)
        if folder == f"{name}-{fingerprint[:8]}":
            found[fingerprint] = WrittenStage(folder, name, version, fingerprint, tuple(inputs))
    return found


def _fingerprint(described: Mapping[str, Any]) -> str:
    """As `Stage.fingerprint`."""
    text = json.dumps(described, sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def by_other_versions(written: Mapping[str, WrittenStage], stages: Iterable[AnyStage]) -> set[str]:
    """Names of the folders that another version of some stage made, or of a stage that they read."""
    versions = {stage.name: stage.version for stage in stages}
    is_other: dict[str, bool] = {}

    def look(fingerprint: str) -> bool:
        if fingerprint not in is_other:
            stage = written.get(fingerprint)
            differs = stage is not None and versions.get(stage.name, stage.version) != stage.version
            is_other[fingerprint] = differs or any(look(one) for one in (stage.inputs if stage else ()))
        return is_other[fingerprint]

    return {stage.folder for fingerprint, stage in written.items() if look(fingerprint)}


def as_written(stages: Sequence[AnyStage], out: str) -> tuple[AnyStage, ...]:
    """The stages of a configuration with the folders that another version of manyo gave them, if this one made none.

    Args:
        stages: of the configuration, by this version.
        out: the output of the run.

    Returns:
        The same stages if the output has them, or no others. Otherwise those that one run of another version wrote,
        each with its fingerprint; a stage that it did not write is as it was.

    Raises:
        UserError: several runs of other versions are there, of which none is that of the configuration.
    """
    own = {stage.name: stage for stage in stages}
    if any(manifest_uris(own[name].folder(out)) for name in _LAST if name in own):
        return tuple(stages)
    written = written_stages(out)
    for name in _LAST:
        last = [stage for stage in written.values() if stage.name == name]
        if len(last) > 1:
            raise UserError(
                f"{out}: no run of this configuration by this version, and several others "
                f"({', '.join(stage.folder for stage in last)}): leave one, or copy its folders"
            )
        if last:
            fingerprints = _run_of(last[0], written)
            return tuple(_at(stage, fingerprints.get(stage.name)) for stage in stages)
    return tuple(stages)


def _run_of(last: WrittenStage, written: Mapping[str, WrittenStage]) -> dict[str, str]:
    """Stage → fingerprint, of all that a stage read, and of what was made of nothing else."""
    of_run: dict[str, str] = {}
    waiting = [last.fingerprint]
    while waiting:
        stage = written.get(waiting.pop())
        if stage is not None and stage.name not in of_run:
            of_run[stage.name] = stage.fingerprint
            waiting += stage.inputs
    is_growing = True
    while is_growing:
        known = {*of_run.values()}
        more = {
            stage.name: stage.fingerprint
            for stage in written.values()
            if stage.name not in of_run and stage.inputs and known.issuperset(stage.inputs)
        }
        of_run |= more
        is_growing = bool(more)
    return of_run


def _at(stage: AnyStage, fingerprint: str | None) -> AnyStage:
    if fingerprint is None:
        return stage
    moved = replace(stage)
    object.__setattr__(moved, "fingerprint", fingerprint)  # the stage is frozen, as it computes its own
    return moved


def refuse_unfinished(stages: Sequence[AnyStage], out: str, command: str) -> None:
    """Refuse a run of another version that decided about fewer shards than it extracted.

    Raises:
        UserError: it is not finished, or there is none.
    """
    done = {
        stage.name: len(manifest_uris(stage.folder(out))) for stage in stages if stage.name in ("extract", "decide")
    }
    if not done["extract"] or done["decide"] < done["extract"]:
        raise UserError(
            f"{command} needs decide, of which {out} has {done['decide']} of {done['extract']} shards, made by another "
            "version of manyo: finish the run with that version"
        )
