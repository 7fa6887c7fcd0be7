"""The graph: all stages of a run, and which command runs which of them.

```
extract ─▶ langid ─▶ measure ─▶ [templates] ─▶ decide ─┐
   ├─▶ identity                         ┌───────────────┘
   │                                    ├─▶ keys ═▶ pairs ═▶ components ═▶ clusters ═▶ duplicates ─▶ alarms
   └─────▶ signatures ──────────────────┘                     (compared)                    │
                                      scrub ◀───────────────────────────────────────────────┘
                                        ├─▶ release ◀─ takedown      (release ─▶ export)
                                        ├─▶ train ──────┐
                                        └─▶ deal ═▶ shuffle ─▶ encode ─▶ tokenize        every table ─▶ report
```

Takedowns act where text leaves the run: in the release and in the token shards. The tables before those are made as if
nothing were taken down, so that a takedown changes only the shards that held the document
(`docs/decisions/0013-takedowns.md`).
"""

from __future__ import annotations

from collections.abc import Mapping

from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.boilerplate_stages import boilerplate_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import dedup_stages
from manyo.pipelines.graph.extract_stages import extract_stage
from manyo.pipelines.graph.filter_stages import filter_stages
from manyo.pipelines.graph.identity_stage import identity_stage
from manyo.pipelines.graph.release_stages import Measured, export_stages, leak_stages, release_stage, scrub_stage
from manyo.pipelines.graph.report_stages import report_stages
from manyo.pipelines.graph.robots_stages import robots_stages
from manyo.pipelines.graph.takedown_stage import takedown_stage
from manyo.pipelines.graph.template_stages import template_stages
from manyo.pipelines.graph.token_stages import token_stages

#: The commands that run stages, in the order of `manyo run`.
COMMANDS = ("extract", "langid", "filter", "dedup", "scrub", "export", "train-tokenizer", "tokenize", "report")


def stages_by_command(config: Config) -> dict[str, tuple[AnyStage, ...]]:
    """Build the stages of a configuration.

    Returns:
        The stages that each of `COMMANDS` runs, each after those it needs; empty if the configuration asks for none.
        `tokenize` also runs the stage of `train-tokenizer`.

    Raises:
        UserError: a file that the configuration names is missing or is not what it should be.
    """
    extract = extract_stage(config)
    of_sites = robots_stages(config, extract)
    of_templates = template_stages(config.templates, extract)
    langid, measure, decide = filter_stages(config, extract, of_templates[-1:], of_sites[-1:])
    has_families = any(source.kind == "patent" for source in config.sources)
    takedown = takedown_stage(config.run.out, extract)
    dedup = dedup_stages(config.dedup, extract, decide, takedown, measure, has_families)
    duplicates, alarms = (stage for stage in dedup if stage.name in ("duplicates", "alarms"))
    of_lines = boilerplate_stages(config.dedup, extract, decide, duplicates)
    boilerplate = of_lines[-1:]
    to_release = (extract, decide, duplicates, *boilerplate)
    leaks = leak_stages(config, to_release)
    scrub = scrub_stage(config, (*to_release, *leaks))
    release = release_stage(scrub, takedown)
    tokens = token_stages(config, scrub, takedown)
    stages = {
        "extract": (extract, identity_stage(extract)),
        "langid": (langid,),
        "filter": (*of_sites, *of_templates, measure, decide),
        "dedup": (takedown, *dedup, *of_lines),
        "scrub": (*leaks, scrub, release),
        "export": export_stages(config, release, Measured(extract, langid, measure, duplicates)),
        "train-tokenizer": tuple(stage for stage in tokens if stage.name == "train"),
        "tokenize": tokens,
    }
    tables = (extract, langid, *of_templates[-1:], measure, decide, duplicates)
    counted = (*tables, *leaks, takedown, release, *boilerplate)
    shown = (takedown, alarms, *boilerplate)
    stages["report"] = report_stages(config, in_order(stages), counted, tokens[-1:], shown)
    return stages


def in_order(stages: Mapping[str, tuple[AnyStage, ...]]) -> tuple[AnyStage, ...]:
    """Returns the stages of all commands, each once; a stage of two commands comes with the later one."""
    last = {stage.name: command for command, of_command in stages.items() for stage in of_command}
    return tuple(stage for command, of_command in stages.items() for stage in of_command if last[stage.name] == command)


def build_stages(config: Config) -> tuple[AnyStage, ...]:
    """Build the stages of a configuration, each after those it needs.

    Raises:
        UserError: as `stages_by_command`.
    """
    return in_order(stages_by_command(config))
