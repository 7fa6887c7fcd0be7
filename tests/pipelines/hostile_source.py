"""A source whose records kill, hang or exhaust the process that parses them; for test_isolation."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from manyo.corpus.records import Document, InputFile, InputShard, Outcome, Record, Refused


@dataclass(frozen=True, slots=True)
class Options:
    """None."""


REASONS = {"empty": "the line is empty"}


def plan(files: list[InputFile], options: Options) -> list[InputShard]:
    return [InputShard(Path(file.uri).stem, (file,)) for file in files]


def records(shard: InputShard, options: Options) -> Iterator[Record]:
    for file in shard.files:
        lines = Path(file.uri).read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if line == "the reader segfaults":
                os.kill(os.getpid(), signal.SIGSEGV)
            if line == "the reader hangs":
                time.sleep(3600)
            yield Record(file.uri, number, f"{Path(file.uri).stem}:{number}", line)


def parse(record: Record, options: Options) -> Outcome:
    match record.payload:
        case "":
            return Refused("empty")
        case "segfault":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "hang":
            time.sleep(3600)
        case "exhaust memory":
            blocks = []
            while True:
                blocks.append(bytearray(1 << 30))
        case "raise":
            raise ValueError("this record cannot be parsed")
    return Document(uri=f"line:{record.origin_offset}", text=record.payload)
