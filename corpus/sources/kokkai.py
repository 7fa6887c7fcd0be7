"""Minutes of the Diet as JSON of its search interface: one document per meeting, speeches in order.

All shapes of kokkai.ndl.go.jp/api.html are read: a list of speeches (`speechRecord`), a list of meetings
that hold them (`meetingRecord`), and the lists with snake_case names that scripts make of them. The first
"speech" of a meeting is its list of members and papers (会議録情報), not speech, and is left out.

The interface gives a long meeting in several answers: parts of one meeting in files that follow one another, in order
of their paths, become one document, which belongs to the file in which it begins. So name answers in the order in which
they came, with numbers of one length: `0009.json` before `0010.json`. Where a shard ends between two parts
(`target_shard_bytes`), its task reads on in the files behind it, and that of the next shard looks into the files before
its own to see what has begun there. Both look no further than a meeting is long, and not into files that are larger
than that: who makes those has put meetings together already. A part that repeats the meeting's first speech is the
meeting again: two documents of one id, which stop the run and are named, whether their files are in one shard or in
two.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from manyo.corpus.records import BrokenInput, Document, InputFile, InputShard, Outcome, Record, Refused
from manyo.corpus.sources import archives
from manyo.corpus.sources.other_formats import JSON
from manyo.corpus.sources.packing import pack_files, require_positive
from manyo.corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "broken_json": "the file is not JSON of a known shape",
    "broken_speech": "a speech, or a meeting's list of them, lacks what every one has; the others are read",
    "duplicate_speech": "an earlier speech of the file has the same id; that one is read",
    "no_text": "the meeting, or the whole file, has no speeches",
    "duplicate_file": "an earlier entry of the archive has the same path; that one is read",
    "duplicate_meeting": "the file before has all these speeches of the meeting",
    "long_meeting": "the meeting goes on in more files than are looked into behind a shard's last; its end is not read",
    "unknown_file": "an archive entry that is not a .json file",
}


#: More than a meeting has: a day of a budget committee is 800 speeches, some 450 kB of text, with fields some 1.5 MB.
_MEETING_BYTES: Final = 4 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of a Diet minutes source.

    Attributes:
        target_shard_bytes: files are packed into one shard up to this size.
        max_file_bytes: limit for one file.
    """

    target_shard_bytes: int = 64 << 20
    max_file_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


@dataclass(frozen=True, slots=True)
class Speech:
    """A speech: `id` is the meeting's id and the speech's number, `112503815X00119921209_060`."""

    id: str
    speaker: str
    text: str
    house: str
    meeting: str
    date: str
    url: str


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Pack files together up to the target size; the files around a shard, in which its meetings may go on or others
    may have begun, are its sidecars.
    """
    shards = pack_files(files, options.target_shard_bytes)
    ordered = [file for shard in shards for file in shard.files]
    planned, start = [], 0
    for shard in shards:
        stop = start + len(shard.files)
        before = _neighbours(map(ordered.__getitem__, range(start - 1, -1, -1)), ordered[start])
        after = _neighbours(map(ordered.__getitem__, range(stop, len(ordered))), ordered[stop - 1])
        planned.append(replace(shard, sidecars=(*before[::-1], *after)))
        start = stop
    return planned


def _neighbours(others: Iterable[InputFile], own: InputFile) -> list[InputFile]:
    """The next of some files to one's own that may have parts of the same meeting."""
    if own.size_bytes > _MEETING_BYTES:
        return []
    found: list[InputFile] = []
    size_bytes = 0
    for file in others:
        if size_bytes >= _MEETING_BYTES or file.size_bytes > _MEETING_BYTES:
            break
        found.append(file)
        size_bytes += file.size_bytes
    return found


def records(shard: InputShard, options: Options) -> Iterator[Record[tuple[Speech, ...]] | BrokenInput]:
    """One record per meeting that begins in a file; its key is the id of its first speech; the offset counts them."""
    own = {file.uri for file in shard.files}
    before = [file for file in shard.sidecars if file.uri < shard.files[0].uri]
    after = shard.sidecars[len(before) :]
    behind = {file.uri for file in after}
    begun: list[_Meeting] = []
    for read in _read_files(before, (*shard.files, *after), options):
        yield from (item for item in read.items if item.origin_file in own)
        begun = [meeting for meeting in read.meetings if meeting.origin_file in own]
        if read.uri in behind and not begun:
            return
    if sum(file.size_bytes for file in after) >= _MEETING_BYTES:
        for one in begun:
            where = f"{min(one.speeches)} goes on behind {after[-1].name}"
            yield BrokenInput(one.origin_file, one.number, Refused("long_meeting", where, one.origin_file))
    yield from _finished(begun)


class _ReadFile(NamedTuple):
    """A file or entry that was read: what it completed, and the meetings that the next one may go on with."""

    uri: str
    items: list[Record[tuple[Speech, ...]] | BrokenInput]
    meetings: Collection[_Meeting]


def _read_files(before: Sequence[InputFile], files: Sequence[InputFile], options: Options) -> Iterator[_ReadFile]:
    meetings: dict[str, _Meeting] = {}
    of_others = {file.uri for file in before}
    large = {file.uri for file in files if file.size_bytes > _MEETING_BYTES}
    for found in archives.texts((*before, *files), options.max_file_bytes, (".json",), JSON):
        if found.origin_file in large:
            # The task that has the beginning does not read on into such a file: what is here begins a meeting again.
            meetings = {key: one for key, one in meetings.items() if one.origin_file not in of_others}
        if isinstance(found, BrokenInput):
            yield _ReadFile(found.origin_file, [found], meetings.values())
            continue
        try:
            read, faults = _meetings(json.loads(found.payload))
        except (RecursionError, ValueError, TypeError, KeyError, AttributeError) as error:
            detail = "nested too deeply" if isinstance(error, RecursionError) else repr(error)
            yield _ReadFile(found.origin_file, [_broken(found, "broken_json", detail)], meetings.values())
            continue
        items: list[Record[tuple[Speech, ...]] | BrokenInput] = []
        if not read and not faults:
            items.append(_broken(found, "no_text", "no speeches in the file"))
        ended = {key for key, one in meetings.items() if key not in read or min(one.speeches) in read[key]}
        items += _finished(meetings.pop(key) for key in list(meetings) if key in ended)
        earlier, meetings = meetings, {}
        for number, (identity, speeches) in enumerate(read.items()):
            meeting = earlier.get(identity) or _Meeting(found.origin_file, number, found.entry, {})
            repeated = meeting.speeches.keys() & speeches.keys()
            if len(repeated) == len(speeches):
                items.append(_broken(found, "duplicate_meeting", min(speeches)))
            else:
                items += [_broken(found, "duplicate_speech", speech) for speech in sorted(repeated)]
            meeting.speeches.update({key: one for key, one in speeches.items() if key not in repeated})
            meetings[identity] = meeting
        items += [_broken(found, reason, detail) for reason, detail in faults]
        yield _ReadFile(found.origin_file, items, meetings.values())


@dataclass(slots=True)
class _Meeting:
    """A meeting as far as it was read: the file and place of its first part, and its speeches by id."""

    origin_file: str
    number: int
    entry: str
    speeches: dict[str, Speech]


def _finished(meetings: Iterable[_Meeting]) -> Iterator[Record[tuple[Speech, ...]]]:
    """Meetings as records, in the order in which they began."""
    for meeting in meetings:
        speeches = tuple(meeting.speeches[identity] for identity in sorted(meeting.speeches))
        yield Record(meeting.origin_file, meeting.number, speeches[0].id, speeches, meeting.entry)


def parse(record: Record[tuple[Speech, ...]], options: Options) -> Outcome:
    """The speeches, each from the line that names its speaker; paragraphs are lines."""
    speeches = record.payload
    first = speeches[0]
    said = [speech for speech in speeches if speech.speaker != "会議録情報"]
    # The records indent a paragraph with one ideographic space, as print does.
    text = tidy("\n".join(tidy(speech.text) for speech in said if speech.text.strip()))
    if not text:
        return Refused("no_text", f"{len(speeches)} entries without speech", first.url)
    title = " ".join(part for part in (first.house, first.meeting, first.date) if part)
    meta = {"meeting_id": first.id.split("_", 1)[0], "date": first.date, "speech_count": len(said)}
    return Document(uri=first.url or record.origin_file, text=text, title=title, meta=meta)


def _meetings(value: Any) -> tuple[dict[str, dict[str, Speech]], list[tuple[str, str]]]:
    """The speeches of each meeting by their ids, by the meeting's id; and what cannot be read, as reason and detail.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: the value has none of the known shapes.
    """
    faults: list[tuple[str, str]] = []
    entries: list[tuple[Any, Mapping[str, Any]]] = []
    if isinstance(value, dict) and "meetingRecord" in value:
        for meeting in value["meetingRecord"]:
            if isinstance(meeting, dict) and isinstance(meeting.get("speechRecord"), list):
                entries += [(speech, meeting) for speech in meeting["speechRecord"]]
            else:
                faults.append(("broken_speech", f"a meeting without speechRecord: {str(meeting)[:200]}"))
    elif isinstance(value, dict) and "message" in value:
        raise ValueError(f"an answer without speeches: {value['message']} {value.get('details', '')}")
    elif isinstance(value, dict):
        speeches = value["speechRecord"] if "speechRecord" in value else value["speeches"]
        entries = [(speech, {}) for speech in speeches]
    else:
        entries = [(speech, {}) for speech in value]
    by_meeting: dict[str, dict[str, Speech]] = {}
    for entry, meeting in entries:
        read = _speech(entry, meeting) if isinstance(entry, dict) else None
        if read is None:
            faults.append(("broken_speech", f"a speech needs speechID and speech; found {str(entry)[:200]}"))
        elif by_meeting.setdefault(read.id.split("_", 1)[0], {}).setdefault(read.id, read) is not read:
            faults.append(("duplicate_speech", read.id))
    return by_meeting, faults


def _speech(entry: Mapping[str, Any], meeting: Mapping[str, Any]) -> Speech | None:
    def field(*names: str) -> str:
        values = (source[name] for source in (entry, meeting) for name in names if source.get(name) is not None)
        return str(next(values, ""))

    identity = field("speechID", "speech_id")
    if not identity or not isinstance(entry.get("speech", entry.get("speech_text")), str):
        return None
    return Speech(
        id=identity,
        speaker=field("speaker"),
        text=field("speech", "speech_text"),
        house=field("nameOfHouse", "house_name"),
        meeting=field("nameOfMeeting", "meeting_name"),
        date=field("date"),
        url=field("speechURL", "speech_url"),
    )


def _broken(record: Record[bytes], reason: str, detail: str) -> BrokenInput:
    return BrokenInput(record.origin_file, record.origin_offset, Refused(reason, detail, record.origin_file))
