"""What the benchmark holds: its tasks, in the order in which a stranger would run them, and their entries."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from bench.board.running import Entry
from bench.board.task import Task
from bench.tasks import charsets, extraction, language, near_duplicates, ocr_lines, pdf_layouts, personal_information

TASKS: Final[tuple[Task, ...]] = (
    language.TASK,
    charsets.TASK,
    extraction.TASK,
    near_duplicates.TASK,
    personal_information.TASK,
    ocr_lines.TASK,
    pdf_layouts.TASK,
)


def _entries() -> tuple[Entry, ...]:
    rows = tomllib.loads(Path(__file__).with_name("entries.toml").read_text("utf-8"))["entry"]
    return tuple(
        Entry(**row | {"requirements": tuple(row.get("requirements", ())), "how": tuple(row["how"])}) for row in rows
    )


ENTRIES: Final = _entries()
