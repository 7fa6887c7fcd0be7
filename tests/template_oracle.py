"""A slow, plain second reading of templates: the segments of the segment oracle, masked one character at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from manyo.corpus.addresses import canonical_address, host_of
from manyo.filters.signals.characters import CharacterClass, class_of
from manyo.filters.signals.segments import DIVIDERS
from manyo.filters.templates.masking import places
from tests.segment_oracle import segments

_HOLE = "\0"
_LONGEST_PLACE = max(map(len, places()))

#: A text with its address and title.
Page = tuple[str, str, str]


def _is_filler(character: str) -> bool:
    name = class_of(character).name
    return "KATAKANA" in name or name.removeprefix("FULLWIDTH_") in ("LATIN", "DIGIT")


def _is_kanji(character: str) -> bool:
    return class_of(character) == CharacterClass.HAN


def _is_kana_or_kanji(character: str) -> bool:
    return "ぁ" <= character <= "ゖ" or _is_kanji(character)


def _one_width(text: str) -> str:
    return "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else c for c in text)


def _words_of(title: str) -> str:
    return _one_width("".join(c for c in title if not c.isspace() and c not in DIVIDERS))


def _hole_chars(text: str, i: int, title: str) -> int:
    """The length of what stands at i and is masked, 0 for nothing."""
    pieces = [text[i:stop] for stop in range(i + 1, len(text) + 1)]
    lengths = [1] if _is_filler(text[i]) else [len(one) for one in pieces[:_LONGEST_PLACE] if one in places()]
    for piece in pieces:
        if piece not in title:
            break
        if len(piece) >= 4 or (len(piece) >= 2 and all(_is_kanji(c) or _is_filler(c) for c in piece)):
            lengths.append(len(piece))
    return max(lengths, default=0)


def mask(segment: str, title: str) -> tuple[str, int]:
    """The segment with one sign for each hole, and how many kana and kanji stand outside."""
    text = _one_width(segment)
    masked = ""
    literal = i = 0
    while i < len(text):
        length = _hole_chars(text, i, title)
        if length:
            masked += "" if masked.endswith(_HOLE) else _HOLE
        else:
            masked += text[i]
            literal += _is_kana_or_kanji(text[i])
        i += max(length, 1)
    return masked, literal


def wordings(page: Page, min_chars: int) -> list[tuple[str, str, int]]:
    """The wordings of a text that have a hole and enough outside: masked, as they are, and their characters."""
    found = []
    for segment in segments(page[0])[0]:
        masked, literal = mask(segment.text, _words_of(page[2]))
        if _HOLE in masked and literal >= min_chars:
            found.append((masked, _one_width(segment.text), len(segment.text)))
    return found


def _hash(text: str) -> int:
    """The hash by which the kernel compares the fills of a document."""
    value = 0
    for character in text:
        value = (value * 0x9E3779B97F4A7C15 + ord(character)) % (1 << 64)
    return value


def measure(pages: Sequence[Page], min_documents: int, min_chars: int) -> list[tuple[float, int, int]]:
    """Fraction, documents and hosts of each page."""
    found = [wordings(page, min_chars) for page in pages]
    of_wording: dict[str, list[tuple[str, str | None, str | None]]] = defaultdict(list)
    for (_, uri, _), here in zip(pages, found, strict=True):
        for masked in {wording for wording, _, _ in here}:
            fill = min((exact for wording, exact, _ in here if wording == masked), key=_hash)
            of_wording[masked].append((fill, canonical_address(uri) or uri, host_of(uri)))
    fills, addresses, hosts = (
        {masked: len({row[place] for row in rows}) for masked, rows in of_wording.items()} for place in range(3)
    )
    measured = []
    for (text, _, _), here in zip(pages, found, strict=True):
        whole = sum(len(segment.text) for segment in segments(text)[0])
        shared = [
            (masked, chars) for masked, _, chars in here if min(fills[masked], addresses[masked]) >= min_documents
        ]
        documents = max((min(fills[masked], addresses[masked]) for masked, _ in shared), default=0)
        fraction = sum(chars for _, chars in shared) / max(whole, 1)
        measured.append((fraction, documents, max((hosts[masked] for masked, _ in shared), default=0)))
    return measured
