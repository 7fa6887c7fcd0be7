"""Plain text, as a publisher may hand it over: one document per file, plain or in a ZIP or TAR.

The encoding is detected as on the web (`manyo.corpus.web.charset`): by the byte order mark, else by the bytes. A file
of which too much cannot be decoded is refused, not kept as mojibake.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.other_formats import TEXTS
from manyo.corpus.sources.packing import file_stem, pack_files, require_positive
from manyo.corpus.text import tidy
from manyo.corpus.web.charset import decode

REASONS = {
    **archives.REASONS,
    "undecodable": "too large a share of the characters could not be decoded",
    "no_text": "the file holds no text",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is not a .txt file",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a plain text source.

    Attributes:
        target_shard_bytes: files are packed into one shard up to this size.
        max_file_bytes: limit for one file, decompressed.
        max_replacement_fraction: largest share of undecodable characters, per non-ASCII character, of a document.
    """

    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20
    max_replacement_fraction: float = 0.01

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")
        if not 0 <= self.max_replacement_fraction <= 1:
            raise ValueError(f"max_replacement_fraction must be within 0 and 1, got {self.max_replacement_fraction}")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per file or .txt entry of an archive; its key is the path below the input's root."""
    return archives.texts(shard.files, options.max_file_bytes, (".txt",), TEXTS)


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The file's text; its title is the file's name without ending."""
    decoded = decode(record.payload)
    if decoded.replacement_fraction > options.max_replacement_fraction:
        detail = f"{record.key}: {decoded.replacement_fraction:.0%} of the characters, as {decoded.charset}"
        return Refused("undecodable", detail, record.address)
    text = tidy(decoded.text)
    if not text.strip():
        return Refused("no_text", f"{record.key}: {len(record.payload)} bytes", record.address)
    title = tidy(file_stem(record.address))
    return Document(uri=record.address, text=text, title=title, charset=decoded.charset)
