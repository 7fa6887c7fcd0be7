"""Transcriptions of みんなで翻刻 (Transcribe Together): one document per work, its pages in order.

A work is a folder of `NNN.txt`, one for each page image. What the volunteers' notation adds to the text is removed
by these rules; the printed lines stay as they are:

| notation | stays |
|---|---|
| `漢字（かな）`, `｜漢字（かな）`, `《ルビ：漢字｜かな》` | 漢字, and かな as the value of a span |
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from manyo.corpus.print.pages import PagedText, fraction_of
from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import other_formats
from manyo.corpus.sources.archives import read_limited
from manyo.corpus.sources.packing import file_name, pack_files, require_positive
from manyo.corpus.structure import Span, Structure, tidied

REASONS = {
    **other_formats.REASONS,
    "broken_archive": "the compressed file is damaged or cut off",
    "wrong_encoding": "the page, or the info file, is not UTF-8",
    "no_text": "no page of the work holds text, or none has a status that is read",
    "missing_page": "the info file lists pages of a status that is read, and their files are missing",
    "unlisted_page": "the info file does not list the page, so its status is unknown",
    "too_large": "more bytes than the configured limit",
    "unknown_file": "neither a .txt page nor info.tsv or info.csv",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a honkoku source.

    Attributes:
        statuses: pages with these statuses are read; those of folders without an info file always are.
        target_shard_bytes: works are packed into one shard up to this size.
        max_file_bytes: limit for one page or info file.
    """

    statuses: tuple[str, ...] = ("completed",)
    target_shard_bytes: int = 32 << 20
    max_file_bytes: int = 16 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


@dataclass(frozen=True, slots=True)
class Work:
    """Payload of a record: the pages as (label, text in the notation), in order, and how many are left out.

    Attributes:
        pages: those that are read.
        n_unfinished: pages of other statuses.
    """

    pages: tuple[tuple[str, str], ...]
    n_unfinished: int


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack whole works together up to the target size: the files of a folder are never split."""
    return pack_files(files, options.target_shard_bytes, group=lambda file: _folder(file.uri))


def records(shard: InputShard, options: Options) -> Iterator[Record[Work] | BrokenInput]:
    """One record per folder; its key is the folder's path below the input's root, else the root's name."""
    for folder, members in groupby(shard.files, key=lambda file: _folder(file.uri)):
        pages: dict[str, str] = {}
        info: dict[str, tuple[str, str]] = {}
        is_work = False
        key = ""
        for file in members:
            key = _folder(file.name) or file_name(folder)
            name = file_name(file.uri)
            is_info = name in ("info.tsv", "info.csv")
            if not is_info and not name.endswith(".txt"):
                yield BrokenInput(file.uri, 0, Refused("unknown_file", name, file.uri))
                continue
            data = read_limited(file.uri, options.max_file_bytes)
            if isinstance(data, BrokenInput):
                yield data
                continue
            if other := other_formats.refused(file.uri, 0, data, other_formats.TEXTS, file.name):
                yield other
                continue
            try:
                text = data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                yield BrokenInput(file.uri, 0, Refused("wrong_encoding", f"{name}: {error}", file.uri))
                continue
            is_work = True
            if is_info:
                info = _info(text)
            else:
                pages[name] = text
        chosen = _chosen(pages, info, options.statuses)
        if is_work:
            n_unfinished = sum(name in info and name not in chosen for name in pages)
            labelled = tuple((info.get(name, ("", ""))[1] or name.removesuffix(".txt"), pages[name]) for name in chosen)
            yield Record(folder, 0, key, Work(labelled, n_unfinished))
        missing = [name for name in sorted(info.keys() - pages.keys()) if info[name][0] in options.statuses]
        if missing:
            yield BrokenInput(folder, 0, Refused("missing_page", f"{len(missing)}: {', '.join(missing)}"[:500], folder))
        for name in sorted(pages.keys() - info.keys()) if info else ():
            yield BrokenInput(f"{folder}/{name}", 0, Refused("unlisted_page", name, folder))


def _chosen(pages: Mapping[str, str], info: Mapping[str, tuple[str, str]], statuses: Sequence[str]) -> list[str]:
    """Names of the pages that are read, in order."""
    return [name for name in sorted(pages) if not info or (name in info and info[name][0] in statuses)]


def parse(record: Record[Work], options: Options) -> Outcome:
    """The work's text with the start of every page."""
    work = record.payload
    text, structures = PagedText(), []
    for label, marked in work.pages:
        text.start_page(label)
        plain, structure = read_page(marked)
        if plain:
            text.add(plain + "\n")
            structures.append(structure)
    content, starts = text.finish()
    if not content:
        detail = f"{len(work.pages)} pages without text, {work.n_unfinished} unfinished"
        return Refused("no_text", detail, record.origin_file)
    meta = {"page_count": len(work.pages), "unreadable_fraction": round(fraction_of(content, "□"), 6)}
    if work.n_unfinished:
        meta["unfinished_page_count"] = work.n_unfinished
    spans = [
        span._replace(start=span.start + start, stop=span.stop + start)
        for start, structure in zip(text.piece_starts(), structures, strict=True)
        for span in structure.spans()
    ]
    structure = Structure.of([span for span in spans if 0 <= span.start < span.stop <= len(content)])
    return Document(uri=record.origin_file, text=content, pages=starts, structure=structure, meta=meta)


_NOTE = re.compile(r"【[^【】]*】")
_READING_AID = re.compile(r"［[^［］]*］|｛[^｛｝]*｝")
_INNERMOST = re.compile(r"《([^《》：]*)：([^《》]*)》")
_KANJI = "㐀-鿿豈-﫿\U00020000-\U0003ffff々〻〆ヶ"
_READING = "（([ぁ-ゖァ-ヺー゛゜ゝゞヽヾ〳〴〵]+)）"
#: Kana in brackets after kanji are their reading; in brackets elsewhere they belong to the text.
_RUBY = re.compile(rf"(?<![{_KANJI}])([{_KANJI}]++){_READING}")
#: A blank before the kanji marks where the reading begins, as ｜ does.
_RUBY_START = re.compile(rf" (?=[{_KANJI}]+{_READING})")
#: What a ｜ marks the start of: a base with its reading.
_MARKED_RUBY = re.compile(r"｜([^｜（）《》\n]+)（([^（）\n]*)）")


#: Stand around a base and its reading until the notation is resolved: noncharacters, which no text has.
_BASE, _READ, _END = "\ufdd0", "\ufdd1", "\ufdd2"
_HELD = re.compile(f"{_BASE}([^{_BASE}{_END}]*){_READ}([^{_BASE}{_END}]*){_END}")
_NO_MARKS = str.maketrans("", "", _BASE + _READ + _END)
#: A reading in brackets after a base that has one already.
_SECOND_RUBY = re.compile(f"([{_KANJI}]{_READ}[^{_END}]*{_END}){_READING}")


def read_page(marked: str) -> tuple[str, Structure]:
    """A page in the notation as a reader of the original reads it, and its readings."""
    text = _NOTE.sub("", marked.translate(_NO_MARKS).replace("\r\n", "\n"))
    text = _READING_AID.sub("", text)
    # Marks stand within marks; each round takes off the innermost ones.
    while (inner := _INNERMOST.sub(_unmarked, text)) != text:
        text = inner
    text = _MARKED_RUBY.sub(_held, text)
    text = _SECOND_RUBY.sub(r"\1", text)
    text = _RUBY.sub(_held, _RUBY_START.sub("", text))
    text = text.replace("？", "").replace("｜", "")
    text = re.sub(r"\n{3,}", "\n\n", "\n".join([line.rstrip() for line in text.split("\n")]))
    return tidied(*_spans(text))


def _spans(text: str) -> tuple[str, Structure]:
    """The text without what is held, and the readings as spans."""
    pieces, spans, length = [], [], 0
    parts = _HELD.split(text)
    for at in range(0, len(parts), 3):
        between = parts[at].translate(_NO_MARKS)
        base, reading = parts[at + 1 : at + 3] or ("", "")
        pieces += [between, base]
        length += len(between)
        if base and reading:
            spans.append(Span(length, length + len(base), "ruby", reading))
        length += len(base)
    return "".join(pieces), Structure.of(spans)


def _held(match: re.Match[str]) -> str:
    """A base and its reading, which may stand in brackets, marked as such."""
    base, reading = match[1].translate(_NO_MARKS), match[2].translate(_NO_MARKS)
    return f"{_BASE}{base}{_READ}{reading}{_END}"


def _unmarked(match: re.Match[str]) -> str:
    name, parts = match[1], match[2].split("｜")
    if name == "ルビ":
        reading = "".join(parts[1:]).translate(_NO_MARKS)
        return f"{_BASE}{parts[0].translate(_NO_MARKS)}{_READ}{reading}{_END}"
    content = "".join(parts)
    return f"（{content}）" if name == "割書" and content else content


def _info(text: str) -> dict[str, tuple[str, str]]:
    """Status and image by file name; empty if the file is not a table of these."""
    rows = csv.DictReader(text.splitlines(), delimiter="\t" if "\t" in text.split("\n", 1)[0] else ",")
    return {row["filename"]: (row.get("status") or "", row.get("image") or "") for row in rows if row.get("filename")}


def _folder(uri: str) -> str:
    return uri.rpartition("/")[0]
