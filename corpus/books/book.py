"""What a reader of a format gives, and how it says that a file is not readable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from manyo.corpus.structure import NO_STRUCTURE, Structure


@dataclass(frozen=True, slots=True)
class Book:
    """A file that was read.

    Attributes:
        text: tidy, lines separated by `\\n`.
        structure: its spans.
        title: as the file states it; empty if it does not.
        pages: label of each page, and where it starts in the text.
        charset: encoding that the text was decoded with.
        meta: what else the file says of itself.
    """

    text: str
    structure: Structure = NO_STRUCTURE
    title: str = ""
    pages: list[tuple[str, int]] = field(default_factory=list)
    charset: str = "utf-8"
    meta: Mapping[str, object] = field(default_factory=dict)


#: Why a file is not read, and what the reason means.
REASONS = {
    "encrypted": "the file is locked: digital rights management, or a password",
    "broken_file": "the file is damaged: a part of it is missing, cut off, or not what its format says",
    "entities": "the XML uses an entity of its own, which may stand for another file or for billions of characters",
    "too_large": "more bytes than the configured limit, perhaps a decompression bomb",
    "needs_ocr": "the file holds pictures of text",
    "no_text": "the file holds no text",
}


class UnreadableError(Exception):
    """A file that is not read.

    Args:
        reason: a key of `REASONS`.
        detail: what was found, in one line.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail
