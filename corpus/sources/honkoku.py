"""Transcriptions of みんなで翻刻 (Transcribe Together): one document per work, its pages in order.

A work is a folder of `NNN.txt`, one a page image. What the volunteers' notation adds to the text goes, by
these rules; the printed lines stay as they are:

| notation | stays |
|---|---|
| `漢字（かな）`, `｜漢字（かな）`, `《ルビ：漢字｜かな》` | 漢字 |
| `《割書：右｜左》` | （右左） |
| `《箱：見出し》`, `《？：月》` and any other `《name：text｜text》` | the texts |
| `［テ］`, `｛レ｝` (reading aids in Chinese text) | nothing |
| `【note】`, `？` (doubt) | nothing |
| `□` (unreadable), `〳〵`, old and variant characters | themselves |

The folder's `info.tsv` or `info.csv` names the status and the IIIF image of each page: pages that nobody
has finished can be left out, and a page's label is its image's address.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from corpus.pages import PagedText, fraction_of
from corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused, Skipped
from corpus.sources.archives import read_limited
from corpus.sources.plan import pack_files, require_positive
from corpus.text import tidy

REASONS = {
    "wrong_encoding": "a page is not UTF-8",
    "no_text": "no page of the work holds text, or none has a status that is read",
    "too_large": "more bytes than the configured limit",
    "unknown_file": "neither a .txt page nor info.tsv or info.csv",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a honkoku source.

    Attributes:
        statuses: pages with these statuses are read; those of folders without an info file always are.
        target_shard_bytes: works are put together in one shard up to this size.
        max_file_bytes: limit for one page or info file.
    """

    statuses: tuple[str, ...] = ("completed",)
    target_shard_bytes: int = 32 << 20
    max_file_bytes: int = 16 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


@dataclass(frozen=True, slots=True)
class Work:
    """Payload of a record: the pages as (label, bytes), in order."""

    pages: tuple[tuple[str, bytes], ...]


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Whole works together up to the target size: the files of a folder are never split."""
    return pack_files(files, options.target_shard_bytes, group=lambda file: _folder(file.uri))


def records(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]:
    """One record per folder, its key the names of the folder and the one above (`kusazoushi/13BF…`)."""
    for folder, members in groupby(shard.files, key=lambda file: _folder(file.uri)):
        pages: dict[str, bytes] = {}
        info: dict[str, tuple[str, str]] = {}
        for file in members:
            data = read_limited(file.uri, options.max_file_bytes)
            name = file.uri.rsplit("/", 1)[-1]
            if isinstance(data, BrokenInput):
                yield data
            elif name in ("info.tsv", "info.csv"):
                info = _info(data)
            elif name.endswith(".txt"):
                pages[name] = data
            else:
                yield BrokenInput(file.uri, 0, Refused("unknown_file", name, file.uri))
        chosen = [
            (info.get(name, ("", ""))[1] or name.removesuffix(".txt"), pages[name])
            for name in sorted(pages)
            if not info or info.get(name, ("", ""))[0] in options.statuses
        ]
        if pages or info:
            yield Record(folder, 0, "/".join(folder.split("/")[-2:]), Work(tuple(chosen)))


def parse(record: Record, options: Options) -> Document | Refused | Skipped:
    """The work's text with the start of every page; a page that is no UTF-8 costs the work."""
    work: Work = record.payload
    text = PagedText()
    for label, data in work.pages:
        try:
            marked = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return Refused("wrong_encoding", f"{label}: {error}", record.origin_file)
        text.start_page(label)
        if plain := plain_text(marked):
            text.add(plain + "\n")
    content, starts = text.finish()
    if not content:
        return Refused("no_text", f"{len(work.pages)} pages without text", record.origin_file)
    meta = {"page_count": len(work.pages), "unreadable_fraction": round(fraction_of(content, "□"), 6)}
    return Document(uri=record.origin_file, text=content, pages=starts, meta=meta)


_NOTE = re.compile(r"【[^【】]*】")
_READING_AID = re.compile(r"［[^［］]*］|｛[^｛｝]*｝")
_INNERMOST = re.compile(r"《([^《》：]*)：([^《》]*)》")
_KANJI = "㐀-鿿豈-﫿\U00020000-\U0003ffff々〻〆ヶ"
_READING = "（[ぁ-ゖァ-ヺー゛゜ゝゞヽヾ〳〴〵]+）"
#: Kana in brackets after kanji are their reading; in brackets elsewhere they belong to the text.
_RUBY = re.compile(rf"(?<=[{_KANJI}]){_READING}")
#: A blank before the kanji marks where the reading begins, as ｜ does.
_RUBY_START = re.compile(rf" (?=[{_KANJI}]+{_READING})")
#: What a ｜ marks the start of: a base with its reading.
_MARKED_RUBY = re.compile(r"｜([^｜（）《》\n]+)（[^（）\n]*）")


def plain_text(marked: str) -> str:
    """A page in the notation as a reader of the original reads it."""
    text = _NOTE.sub("", marked.replace("\r\n", "\n"))
    text = _READING_AID.sub("", text)
    # Marks stand within marks; each round takes off the innermost ones.
    while (inner := _INNERMOST.sub(_unmarked, text)) != text:
        text = inner
    # What stands between the matches and their one group: `sub` with a template takes ten times as long.
    text = "".join(_MARKED_RUBY.split(text))
    text = _RUBY.sub("", _RUBY_START.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", tidy(text.replace("？", "").replace("｜", "")))


def _unmarked(match: re.Match[str]) -> str:
    name, parts = match[1], match[2].split("｜")
    if name == "ルビ":
        return parts[0]
    content = "".join(parts)
    return f"（{content}）" if name == "割書" and content else content


def _info(data: bytes) -> dict[str, tuple[str, str]]:
    """Status and image by file name; a file that is no table of these gives nothing."""
    text = data.decode("utf-8-sig", "replace")
    rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text.split("\n", 1)[0] else ",")
    return {row["filename"]: (row.get("status") or "", row.get("image") or "") for row in rows if row.get("filename")}


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]
