"""What makes the texts of a published crawl again: how its pages were read and masked, as JSON and as a configuration.

The recipe is part of what `manyo publish --without-text` writes; `manyo rebuild` turns it into the configuration of a
run that fetches the pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

from manyo.corpus.sources import commoncrawl, warc
from manyo.corpus.sources.source_kinds import Source
from manyo.pipelines.graph.config import Config

#: Keys of a source that say how it is reached, which whoever rebuilds decides.
_REACHED_BY = ("paths_prefix",)


def recipe_of(config: Config, sources: list[Source]) -> dict[str, Any]:
    """How the pages of some sources become documents, and how these are masked, as JSON values."""
    return {
        "extract": asdict(config.extract),
        "scrub": asdict(config.scrub),
        "sources": [
            {
                "name": source.name,
                "profile": source.profile,
                "licence": source.licence,
                "terms": source.terms,
                **{
                    one.name: getattr(source.options, one.name)
                    for one in fields(warc.Options)
                    if one.name not in _REACHED_BY
                },
                "mimes": list(_mimes(source)),
            }
            for source in sources
        ],
    }


def _mimes(source: Source) -> tuple[str, ...]:
    """Media types that the source reads; an archive read whole has those of PDF if it is asked for."""
    if isinstance(source.options, commoncrawl.Options):
        return source.options.mimes
    of_pdf = ("application/pdf",) if isinstance(source.options, warc.Options) and source.options.pdf else ()
    return (*commoncrawl.Options(contact="nobody").mimes, *of_pdf)


def configuration(recipe: Mapping[str, Any], out: str, selections: str, reached_by: Mapping[str, Any]) -> str:
    """A configuration in TOML that fetches the pages and makes documents of them.

    Args:
        recipe: as `recipe_of` returns it.
        out: folder of the run.
        selections: folder with one selection for each source, named for it.
        reached_by: keys of `commoncrawl.Options` that say how the archives are reached.
    """
    return "\n".join(_lines(recipe, out, selections, reached_by)) + "\n"


def _lines(recipe: Mapping[str, Any], out: str, selections: str, reached_by: Mapping[str, Any]) -> Iterator[str]:
    yield from _table("[run]", {"out": out})
    yield from _table("[extract]", recipe["extract"])
    for source in recipe["sources"]:
        kind = {"kind": "commoncrawl", "inputs": [f"{selections}/{source['name']}"]}
        yield from _table("[[source]]", {**source, **kind, **reached_by})
    scrub = dict(recipe["scrub"])
    kinds = scrub.pop("kinds")
    yield from _table("[scrub]", scrub)
    yield from _table("[scrub.kinds]", kinds)


def _table(head: str, values: Mapping[str, Any]) -> Iterator[str]:
    yield head
    for key, value in values.items():
        if value is not None:
            # Texts, numbers, truths and lists of JSON are those of TOML.
            yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
    yield ""
