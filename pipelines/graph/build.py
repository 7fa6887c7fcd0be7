"""The graph: which stages there are, what each reads, and in what shape.

```
extract ─▶ langid ─▶ measure ─▶ decide ─┐
   │                                    ├─▶ keys ═▶ pairs ═▶ components ═▶ clusters ═▶ duplicates ─▶ alarms
   └─────▶ signatures ──────────────────┘                     (compared)                    │
                                      scrub ◀───────────────────────────────────────────────┘
                                        ├─▶ release ◀─ takedown      (release ─▶ export)
                                        ├─▶ train ──────┐
                                        └─▶ deal ═▶ shuffle ─▶ encode ─▶ tokenize        every table ─▶ report
```

Takedowns act where text leaves the house: in the release and in the token shards. What lies before them is made as if
nothing were taken down, so that one takedown changes only what held the document (`docs/decisions/0013-takedowns.md`).
"""

from __future__ import annotations

from collections.abc import Mapping

from manyo.pipelines.engine.stage import AnyStage
from manyo.pipelines.graph.boilerplate_stages import boilerplate_stages
from manyo.pipelines.graph.config import Config
from manyo.pipelines.graph.dedup_stages import dedup_stages
from manyo.pipelines.graph.extract_stages import extract_stage
from manyo.pipelines.graph.filter_stages import filter_stages
from manyo.pipelines.graph.release_stages import export_stages, leak_stages, release_stage, scrub_stage
from manyo.pipelines.graph.report_stages import report_stages
from manyo.pipelines.graph.takedown_stage import takedown_stage
from manyo.pipelines.graph.token_stages import token_stages

#: The command `manyo COMMAND` runs these stages.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "extract": ("extract",),
    "langid": ("langid",),
    "filter": ("measure", "decide"),
    "dedup": (
        "takedown",
        "signatures",
        "addresses",
        "superseded",
        "source_keys",
        "source_pairs",
        "source_components",
        "source_compared",
        "source_clusters",
        "keys",
        "indexed_keys",
        "pairs",
        "components",
        "compared",
        "indexed",
        "clusters",
        "duplicates",
        "alarms",
        "index",
        "lines",
        "repeated_lines",
        "boilerplate",
    ),
    "scrub": ("decontaminate", "scrub", "release"),
    "export": ("export",),
    "train-tokenizer": ("train",),
    "tokenize": ("deal", "shuffle", "train", "encode", "tokenize"),
    "report": ("statistics", "token_statistics", "report"),
}


def build_stages(config: Config) -> tuple[AnyStage, ...]:
    """The stages of a configuration, each after those it needs.

    Raises:
        UserError: the tokenizer's model is missing or no SentencePiece model.
    """
    extract = extract_stage(config)
    langid, measure, decide = filter_stages(config, extract)
    takedown = takedown_stage(config.run.out, extract)
    dedup = dedup_stages(config.dedup, extract, decide, takedown, measure)
    duplicates, alarms = (stage for stage in dedup if stage.name in ("duplicates", "alarms"))
    of_lines = boilerplate_stages(config.dedup, extract, decide, duplicates)
    boilerplate = of_lines[-1:]
    to_release = (extract, decide, duplicates, *boilerplate)
    leaks = leak_stages(config, to_release)
    scrub = scrub_stage(config, (*to_release, *leaks))
    release = release_stage(scrub, takedown)
    tokens = token_stages(config, scrub, takedown)
    timed = (
        extract,
        langid,
        measure,
        decide,
        takedown,
        *dedup,
        *of_lines,
        *leaks,
        scrub,
        release,
        *export_stages(config, release),
        *tokens,
    )
    counted = (extract, langid, measure, decide, duplicates, *leaks, takedown, release, *boilerplate)
    return (*timed, *report_stages(config, timed, counted, tokens[-1], (takedown, alarms, *boilerplate)))
