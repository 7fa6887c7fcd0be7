"""The kinds of input: a module each, all of the form that `SourceKind` states.

A new kind is a module of that form and a line in `KINDS`; another package offers one as an entry point.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from manyo.corpus.nearest import not_one_of
from manyo.corpus.own_parts import PartError, load_part, package_of, part_names
from manyo.corpus.records import BrokenInput, InputFile, InputShard, Outcome, Record
from manyo.corpus.settings.meant_texts import Glob
from manyo.corpus.sources import (
    aozora,
    commoncrawl,
    delivery,
    egov,
    honkoku,
    jsonl,
    kokkai,
    ndl,
    ocr,
    parquet,
    patent,
    pdf,
    tei,
    warc,
    wikipedia,
)
from manyo.corpus.sources import image_pairs as pairs
from manyo.corpus.sources import plain_text as text

OptionsT = TypeVar("OptionsT")
Payload = TypeVar("Payload")


class SourceKind(Protocol[OptionsT, Payload]):
    """What the module of a source kind offers; the payload is what its `records` give to its `parse`.

    Attributes:
        Options: a frozen dataclass, the kind's own keys in a [[source]] table with their defaults.
        REASONS: every reason with which the kind refuses a record, and what the reason means.
    """

    Options: type[OptionsT]
    REASONS: dict[str, str]

    def plan(self, files: Sequence[InputFile], options: OptionsT) -> list[InputShard]:
        """Group input files into shards; every file is in exactly one.

        Raises:
            ValueError: an option names something that cannot be read.
        """

    def records(self, shard: InputShard, options: OptionsT) -> Iterator[Record[Payload] | BrokenInput]:
        """Frame the files of a shard into records, in order and cheaply, without parsing them.

        Raises:
            UnfitOptions: the options do not fit the files.
        """

    def parse(self, record: Record[Payload], options: OptionsT) -> Outcome:
        """Turn one record into a document, or say why not; it may raise anything, which costs this record only."""


#: A kind whose types of options and payload are not known where it is used: the configuration chooses it.
AnySourceKind: TypeAlias = SourceKind[Any, Any]


#: What a text may be used for (docs/rights.md).
SOURCE_USES = ("train", "search", "display", "redistribute")


@dataclass(frozen=True, slots=True)
class Source:
    """One [[source]] of the configuration.

    Attributes:
        name: goes into doc_ids, folders and reports.
        kind: a key of `KINDS`.
        inputs: globs and URIs.
        profile: which set of rules decides.
        licence: as the documents carry it.
        options: an instance of the kind's `Options`.
        terms: what may be done with the text, as the documents carry it.
        uses: what its text may be used for, among train, search, display and redistribute (docs/rights.md).
    """

    name: str
    kind: str
    inputs: tuple[Glob, ...]
    profile: str
    licence: str
    options: object
    terms: str = ""
    uses: tuple[str, ...] = SOURCE_USES

    def __post_init__(self) -> None:
        """Raise ValueError for an unknown use."""
        for use in self.uses:
            if use not in SOURCE_USES:
                raise ValueError(f"uses: {not_one_of(use, SOURCE_USES)}")


def _checked(module: SourceKind[OptionsT, Payload]) -> AnySourceKind:
    """The module as it is; mypy checks here that one type of options and one of payloads fit all its functions."""
    return module


#: `kind` of a [[source]] → its module.
KINDS: dict[str, AnySourceKind] = {
    "aozora": _checked(aozora),
    "commoncrawl": _checked(commoncrawl),
    "egov": _checked(egov),
    "files": _checked(delivery),
    "honkoku": _checked(honkoku),
    "jsonl": _checked(jsonl),
    "kokkai": _checked(kokkai),
    "ndl": _checked(ndl),
    "ocr": _checked(ocr),
    "pairs": _checked(pairs),
    "parquet": _checked(parquet),
    "patent": _checked(patent),
    "pdf": _checked(pdf),
    "tei": _checked(tei),
    "text": _checked(text),
    "warc": _checked(warc),
    "wikipedia": _checked(wikipedia),
}


def kind_names() -> tuple[str, ...]:
    """Every `kind` that a [[source]] may have: those of manyo, then those of installed packages."""
    return (*KINDS, *part_names("manyo.sources"))


def source_kind(name: str) -> AnySourceKind:
    """The module of a kind.

    Raises:
        PartError: it is that of another package, and cannot be loaded or is not of the form of `SourceKind`.
    """
    if name in KINDS:
        return KINDS[name]
    module: AnySourceKind = load_part("manyo.sources", name)
    missing = [one for one in ("Options", "REASONS", "plan", "records", "parse") if not hasattr(module, one)]
    if missing:
        raise PartError(f"manyo.sources {name!r} of {package_of('manyo.sources', name)} has no {', '.join(missing)}")
    return module
