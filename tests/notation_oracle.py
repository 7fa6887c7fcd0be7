"""The slow, obvious version of `manyo.corpus.print.notation.plain_text`: expressions over strings, one mark at a
time."""

from __future__ import annotations

import re

from manyo.corpus.print.notation import _DECOMPOSED, _REPLACES, _compose, described_character
from manyo.corpus.text import tidy

_CONTROL_CHARACTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
#: Each alternative begins with a literal, so that `re` skips ahead to one of their first characters.
#: Brackets may hold brackets: a note on a character that is itself described in a note. Two levels occur.
_INNER = r"［[^［］\n]*］"
_NESTED = rf"［(?:[^［］\n]|{_INNER})*］"
_NOTE_BODY = rf"［＃((?:[^［］\n]|{_NESTED})*)］"
#: Four of five marks, and nothing stays of them: gone in one pass, before Python sees any mark.
#: A 《 of the work itself is always written as a note.
_RUBY = re.compile(r"《[^》\n]*》|｜")
_MARKS = re.compile(
    rf"※{_NOTE_BODY}"  # 1: a character outside Shift_JIS
    rf"|{_NOTE_BODY}"  # 2: an annotation
    r"|／(″?)＼"  # 3: an iteration mark over two squares, voiced or not
    r"|〔([\x20-\x7e\u00a1-\u024f]+)〕"  # 4: Latin text with decomposed accents
)


def plain_text(marked: str) -> tuple[str, int]:
    """The result of `manyo.corpus.print.notation.plain_text`."""
    marked = marked.replace("\r\n", "\n").replace("\r", "\n")
    marked = _RUBY.sub("", _SURROGATES.sub("\ufffd", _CONTROL_CHARACTERS.sub("", marked)))
    n_unknown = 0
    pieces: list[str] = []
    position = 0
    for match in _MARKS.finditer(marked):
        pieces.append(marked[position : match.start()])
        position = match.end()
        gaiji, note, voiced, latin = match.groups()
        if gaiji is not None:
            char = described_character(gaiji)
            n_unknown += char is None
            pieces.append(char or "〓")
        elif note is not None:
            pieces.append(_annotation(note, pieces))
        elif voiced is not None:
            pieces.append("〴〵" if voiced else "〳〵")
        elif latin is not None:
            composed = _DECOMPOSED.sub(_compose, latin)
            pieces.append(composed if composed != latin else match[0])
    pieces.append(marked[position:])
    text = re.sub(r"\n{3,}", "\n\n", tidy(_without_emptied_lines(marked, "".join(pieces))))
    return text, n_unknown


def _annotation(note: str, pieces: list[str]) -> str:
    """What stays of an annotation: brackets for a note between the lines, a character that it replaces."""
    if note in ("割り注", "ここから割り注"):
        return "（"
    if note in ("割り注終わり", "ここで割り注終わり"):
        return "）"
    if note.startswith(("地から", "地付き", "地より")) and pieces and not pieces[-1][-1:].isspace():
        return "　"  # a date on the left, a signature on the right of one line
    if (match := _REPLACES.match(note)) and pieces and pieces[-1].endswith(match[1]):
        char = described_character(note)
        if char:
            pieces[-1] = pieces[-1].removesuffix(match[1])
            return char
    return ""


def _without_emptied_lines(marked: str, plain: str) -> str:
    """Drop lines that held annotations only, which were never blank lines; ［＃改ページ］ leaves one."""
    return "\n".join(
        line
        for source, line in zip(marked.split("\n"), plain.split("\n"), strict=True)
        if line.strip() or not source.strip() or source.startswith("［＃改")
    )
