"""Input files are those that the plan saw: compared when a task begins to read them, and again when it has read them.

A file that was cut, replaced or appended to in between would give rows of two versions, and its shard would count as
finished for ever.
"""

from __future__ import annotations

from collections.abc import Iterable

from manyo.corpus.records import InputFile
from manyo.corpus.tables.shards import filesystem
from manyo.corpus.tables.storage import FileInfo

#: What filesystems call the state of a file's bytes, the most telling first.
_VERSION_KEYS = ("ETag", "etag", "mtime", "LastModified", "last_modified")


class InputChanged(OSError):
    """An input is not the file that was planned; the message is one line that names it and the remedy."""


def input_file(uri: str, info: FileInfo, name: str = "") -> InputFile:
    """An input as its filesystem describes it now; `name` as in `InputFile`."""
    version = next((str(info[key]) for key in _VERSION_KEYS if info.get(key)), "")
    # A local file that is replaced and put back has its old modification time, but not its old time of change.
    changed_at = f"{info.get('ino', '')} {info['created']!r}" if "ino" in info else ""
    return InputFile(uri, int(info["size"] or 0), version, changed_at, name)


def look(files: Iterable[InputFile]) -> list[InputFile]:
    """The same files as they are now, each compared with what is known of it.

    Raises:
        InputChanged: one of them is missing, or has changed.
    """
    return [_look(file) for file in files]


def _look(file: InputFile) -> InputFile:
    fs, path = filesystem(file.uri)
    try:
        now = input_file(file.uri, fs.info(path), file.name)
    except FileNotFoundError as error:
        raise InputChanged(f"{file.uri}: is gone since the run began; put it back, or run again without it") from error
    # A list of addresses states no sizes, and a web server need not state a version.
    if file.size_bytes and now.size_bytes and now.size_bytes != file.size_bytes:
        problem = f"has {now.size_bytes} bytes, not {file.size_bytes} as when the run began"
    elif file.version and now.version and now.version != file.version:
        problem = "was written again since the run began"
    elif file.changed_at and now.changed_at != file.changed_at:
        problem = "was replaced or touched since the run began"
    else:
        return now
    raise InputChanged(f"{file.uri}: {problem}; run the same command again")
