"""A source: collections of haiku, a poem a line, whose author may follow after a TAB."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources.packing import shard_per_file
from manyo.corpus.tables.shards import read_text
from manyo.corpus.text import tidy

REASONS = {"empty_line": "the line holds no poem", "wrong_encoding": "the file is not UTF-8"}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a haiku source.

    Attributes:
        season: goes into the metadata of every poem; empty for none.
    """

    season: str = ""


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """A shard for each file."""
    return shard_per_file(files)


def records(shard: InputShard, options: Options) -> Iterator[Record[str] | BrokenInput]:
    """A record for each line; its key is the file's name and the line's number."""
    for file in shard.files:
        try:
            lines = read_text(file.uri).splitlines()
        except ValueError as error:
            yield BrokenInput(file.uri, 0, Refused("wrong_encoding", str(error), file.uri))
            continue
        for number, line in enumerate(lines):
            yield Record(file.uri, number, f"{file.name}:{number}", line)


def parse(record: Record[str], options: Options) -> Outcome:
    """The poem; its title is its author."""
    poem, _, author = record.payload.partition("\t")
    uri = f"{record.origin_file}#{record.origin_offset + 1}"
    if not poem.strip():
        return Refused("empty_line", uri=uri)
    meta = {"season": options.season} if options.season else {}
    return Document(uri=uri, text=tidy(poem), title=tidy(author), meta=meta)
