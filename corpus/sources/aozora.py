"""Aozora Bunko texts: ruby and annotations out of the text, the frame around it removed, characters outside JIS kept.

This module removes the frame, header and colophon; `manyo.corpus.print.notation` resolves the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from manyo.corpus.print.notation import plain_text, read_notation
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.other_formats import TEXTS
from manyo.corpus.sources.packing import file_stem, pack_files, require_positive

REASONS = {
    **archives.REASONS,
    "wrong_encoding": "neither Shift_JIS (cp932 or JIS X 0213) nor UTF-8",
    "no_text": "nothing is left between the header and the colophon",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "unknown_file": "an archive entry that is not a text file",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an Aozora source.

    Attributes:
        target_shard_bytes: texts are packed into one shard up to this size.
        max_file_bytes: limit for one text. The longest novels have some 3 MB.
    """

    target_shard_bytes: int = 32 << 20
    max_file_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack small files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record[bytes] | BrokenInput]:
    """One record per .txt file or .txt entry of an archive; its key is the path below the input's root.

    Aozora's own packages hold one text whose name lacks the edition: `1567_ruby_4948.zip/hashire.txt`.
    """
    return archives.texts(shard.files, options.max_file_bytes, (".txt",), TEXTS)


def parse(record: Record[bytes], options: Options) -> Outcome:
    """The work without the frame around it: header and colophon go to title and meta."""
    decoded = _decode(record.payload)
    if decoded is None:
        return Refused("wrong_encoding", "neither Shift_JIS nor UTF-8", record.address)
    raw, charset = decoded
    if raw.count("\r") > raw.count("\r\n"):  # a line end of old Macintoshes, or one that was damaged
        raw = raw.replace("\r\n", "\n").replace("\r", "\n")
    parts = split_frame(raw)
    work = read_notation(parts.body)
    if not work.text.strip():
        return Refused("no_text", f"{len(raw)} characters, all of them header or colophon", record.address)
    title, credit = _title_and_credits(plain_text("\n".join(parts.header))[0].split("\n"))
    meta: dict[str, str | int | list[str]] = {**credit}
    names = (file_stem(record.origin_file), file_stem(record.entry))
    if identity := next(filter(None, (re.match(r"\d+", name) for name in names)), None):
        meta["work_id"] = identity[0]
    if parts.colophon:
        meta["colophon"] = plain_text(parts.colophon)[0]
        if base := re.search(r"^(?:翻訳の)?底本[:：]\s*(.+)$", parts.colophon, re.MULTILINE):
            meta["base_edition"] = base[1].rstrip("\r")
    if work.n_unknown:
        meta["unresolved_characters"] = work.n_unknown
    return Document(
        uri=record.address, text=work.text, title=title, charset=charset, structure=work.structure, meta=meta
    )


def _decode(data: bytes) -> tuple[str, str] | None:
    """Text and charset. UTF-8 is tried first: Shift_JIS text is never valid UTF-8 by chance."""
    for charset in ("utf-8-sig", "cp932", "shift_jis_2004"):
        try:
            return data.decode(charset), charset.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    return None


# --- the frame -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parts:
    """A text file taken apart: header lines (title, author, …), the work, and the colophon."""

    header: tuple[str, ...]
    body: str
    colophon: str


_RULE = re.compile(r"-{20,}")
#: Header and legend are searched for in this many lines; the rest is not split into lines.
_FRAME_LINES = 200
#: The legend stands between two rules right after the header; later rules belong to the work.
_LEGEND_STARTS_BEFORE_LINE = 20
#: Begins with a line end, a literal for which `re` searches at the speed of memory.
_COLOPHON = re.compile(r"\n(?:(?:翻訳の)?底本(?:の親本)?[:：]|［＃本文終わり］|(?:テキスト)?入力者?[:：])")
#: It is set off by a blank line, unlike a line of the work that begins with these words.
_COLOPHON_AFTER_BLANK = re.compile(rf"\n[ \u3000]*\r?{_COLOPHON.pattern}")
#: Where a file from before the rules has no 底本： line, its colophon is a note near the end.
_LATE_NOTE = re.compile(r"\n入力者注(?=\r?\n|$)")


def split_frame(text: str) -> Parts:
    """Cut a text with `\n` or `\r\n` line ends into header, body and colophon; what a file lacks is empty."""
    lines = text.split("\n", _FRAME_LINES)
    lines[:_FRAME_LINES] = [line.rstrip("\r") for line in lines[:_FRAME_LINES]]
    end_of_header = next((i for i, line in enumerate(lines[:_FRAME_LINES]) if not line.strip()), None)
    if end_of_header is None:
        lines = [line.rstrip("\r") for line in text.split("\n")]
        end_of_header = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    header = tuple(line.strip() for line in lines[:end_of_header] if not _RULE.fullmatch(line))
    rules = [i for i, line in enumerate(lines[:_FRAME_LINES]) if line[:1] == "-" and _RULE.fullmatch(line)]
    start = end_of_header
    if len(rules) > 1 and rules[0] < _LEGEND_STARTS_BEFORE_LINE:
        if rules[0] < end_of_header:
            header = tuple(line.strip() for line in lines[: rules[0]])
        start = rules[1] + 1
        # Some early files explain their own notation in a second legend.
        if len(rules) > 2 and any("表記について" in line for line in lines[start : min(rules[2], start + 20)]):
            start = rules[2] + 1
    elif end_of_header == 1:
        # Very old files: title, blank line, author, blank line.
        author = next((i for i in range(2, min(4, len(lines))) if lines[i].strip()), None)
        if author is not None and not lines[author].startswith("　") and not lines[author + 1 : author + 2] > [""]:
            header += (lines[author].strip(),)
            start = author + 1
    body = "\n" + "\n".join(lines[start:])
    colophon = _COLOPHON_AFTER_BLANK.search(body) or _COLOPHON.search(body)
    note = _LATE_NOTE.search(body, int(0.5 * len(body)))
    cut = min((match.start() for match in (colophon, note) if match), default=len(body))
    return Parts(
        header, body[:cut].strip("\r\n"), body[cut:].strip("\r\n").removeprefix("［＃本文終わり］").strip("\r\n")
    )


def _title_and_credits(header: list[str]) -> tuple[str, dict[str, str | list[str]]]:
    """Title, and author and contributors: the last line that names no translator or editor is the author."""
    lines = [line for line in header if line]
    if not lines:
        return "", {}
    contributors: list[str] = []
    while len(lines) > 2 and re.search(r"(?:訳|編|編集|校訂|校注|挿絵|著訳)$", lines[-1]):
        contributors.insert(0, lines.pop())
    meta: dict[str, str | list[str]] = {}
    if len(lines) > 1:
        meta["author"] = lines.pop()
    if contributors:
        meta["contributors"] = contributors
    return " ".join(lines), meta
