"""Aozora Bunko texts: ruby, annotations and the frame around the work removed, characters outside JIS kept.

The notation is the one that the texts explain in their own legends, and that the volunteers'
manual defines (www.aozora.gr.jp/annotation): ruby in 《》, its start marked with ｜, annotations in
［＃…］, characters that Shift_JIS lacks as ※［＃description、place in JIS X 0213］, iteration marks
drawn as ／＼, accents decomposed in 〔〕.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.records import BrokenInput, Document, InputFile, InputShard, Record, Refused, Skipped
from corpus.sources import archives
from corpus.sources.plan import file_stem, pack_files, require_positive
from corpus.text import tidy

REASONS = {
    **archives.REASONS,
    "wrong_encoding": "neither Shift_JIS (cp932 or JIS X 0213) nor UTF-8",
    "no_text": "nothing is left between the header and the colophon",
    "duplicate_file": "another file of the shard has the same name",
    "unknown_file": "an archive entry that is no text file",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Settings of an Aozora source.

    Attributes:
        target_shard_bytes: texts are put together in one shard up to this size.
        max_file_bytes: limit for one text. The longest novels have some 3 MB.
    """

    target_shard_bytes: int = 32 << 20
    max_file_bytes: int = 64 << 20

    def __post_init__(self) -> None:
        require_positive(self, "target_shard_bytes", "max_file_bytes")


def plan(files: Sequence[InputFile], options: Options) -> list[InputShard]:
    """Small files together up to the target size."""
    return pack_files(files, options.target_shard_bytes)


def records(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]:
    """One record per .txt file or .txt entry of a ZIP, its key the file's name (`1567_ruby_4948`)."""
    seen: set[str] = set()
    for found in _texts(shard, options):
        if isinstance(found, Record) and found.key in seen:
            yield BrokenInput(found.origin_file, found.origin_offset, Refused("duplicate_file", found.key))
            continue
        if isinstance(found, Record):
            seen.add(found.key)
        yield found


def parse(record: Record, options: Options) -> Document | Refused | Skipped:
    """The work without the frame around it: header and colophon go to title and meta."""
    decoded = _decode(record.payload)
    if decoded is None:
        return Refused("wrong_encoding", "neither Shift_JIS nor UTF-8", record.origin_file)
    raw, charset = decoded
    parts = split_frame(raw.replace("\r\n", "\n").replace("\r", "\n"))
    text, n_unknown = plain_text(parts.body)
    if not text.strip():
        return Refused("no_text", f"{len(raw)} characters, all of them header or colophon", record.origin_file)
    header = [plain_text(line)[0] for line in parts.header]
    title, credit = _title_and_credits(header)
    meta: dict[str, str | int | list[str]] = {**credit}
    if work := re.match(r"\d+", record.key):
        meta["work_id"] = work[0]
    if parts.colophon:
        meta["colophon"] = plain_text(parts.colophon)[0]
        if base := re.search(r"^(?:翻訳の)?底本[:：]\s*(.+)$", parts.colophon, re.MULTILINE):
            meta["base_edition"] = base[1]
    if n_unknown:
        meta["unresolved_characters"] = n_unknown
    return Document(uri=record.origin_file, text=text, title=title, charset=charset, meta=meta)


# --- records ---------------------------------------------------------------------------------------


def _texts(shard: InputShard, options: Options) -> Iterator[Record | BrokenInput]:
    for file in shard.files:
        if not archives.is_archive(file.uri):
            data = archives.read_limited(file.uri, options.max_file_bytes)
            yield data if isinstance(data, BrokenInput) else Record(file.uri, 0, file_stem(file.uri), data)
            continue
        for entry in archives.entries(file.uri, options.max_file_bytes):
            if isinstance(entry, BrokenInput):
                yield entry
            elif not entry.name.lower().endswith(".txt"):
                yield BrokenInput(file.uri, entry.ordinal, Refused("unknown_file", entry.name, file.uri))
            else:
                data = entry.read()
                # Aozora's own packages hold one text whose name lacks the edition: `1567_ruby_4948.zip/hashire.txt`.
                key = f"{file_stem(file.uri)}/{file_stem(entry.name)}"
                yield data if isinstance(data, BrokenInput) else Record(file.uri, entry.ordinal, key, data)


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
#: The legend stands between two rules right after the header; later rules belong to the work.
_LEGEND_STARTS_BEFORE_LINE = 20
#: Begins with the line end, a literal that `re` looks for at the speed of memory.
_COLOPHON = re.compile(r"\n(?:(?:翻訳の)?底本(?:の親本)?[:：]|［＃本文終わり］|(?:テキスト)?入力者?[:：])")
#: Where a file from before the rules has no 底本： line, its colophon is a note near the end.
_LATE_NOTE = re.compile(r"\n入力者注(?=\n|$)")


def split_frame(text: str) -> Parts:
    """Cut a text with `\n` line ends into header, body and colophon; what a file lacks is empty."""
    lines = text.split("\n")
    end_of_header = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    header = tuple(line.strip() for line in lines[:end_of_header] if not _RULE.fullmatch(line))
    rules = [i for i, line in enumerate(lines[:200]) if _RULE.fullmatch(line)]
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
    colophon = _COLOPHON.search(body)
    note = _LATE_NOTE.search(body, int(0.5 * len(body)))
    cut = min((match.start() for match in (colophon, note) if match), default=len(body))
    return Parts(header, body[:cut].strip("\n"), body[cut:].strip("\n").removeprefix("［＃本文終わり］").strip("\n"))


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


# --- the notation ----------------------------------------------------------------------------------

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
_MEN_KU_TEN = re.compile(r"(?<![\d-])([12])-(\d{1,2})-(\d{1,2})(?![\d-])")
_CODE_POINT = re.compile(r"U\+([0-9A-Fa-f]{4,6})")
_SMALL_KANA = re.compile(r"^(?:小書き|行右小書き)の?(?:片仮名|平仮名)(.)")
_VOICED_KANA = re.compile(r"^(半?)濁点付きの?(?:片仮名|平仮名)(.)")
#: "2［＃「2」はローマ数字、1-13-22］": the note replaces the character before it.
_REPLACES = re.compile(r"^「(.{1,3})」は.*(?<![\d-])[12]-\d{1,2}-\d{1,2}$")
_DECOMPOSED = re.compile(r"AE&|ae&|OE&|oe&|s&|[AaOo]/|[Aa]&|[A-Za-z][`^~:,_]|[AEIOUYaeiouy]'|[!?]@")
_LIGATURES = {"AE&": "Æ", "ae&": "æ", "OE&": "Œ", "oe&": "œ", "s&": "ß", "A&": "Å", "a&": "å",
              "O/": "Ø", "o/": "ø", "!@": "¡", "?@": "¿"}  # fmt: skip
_ACCENTS = {"`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", ":": "\u0308", ",": "\u0327", "_": "\u0304"}
_GETA = "〓"
#: Python's codec reads JIS X 0212, another standard, in the rows that plane 2 leaves to it.
_PLANE_2_ROWS = (1, 3, 4, 5, 8, *range(12, 16), *range(78, 95))


def plain_text(marked: str) -> tuple[str, int]:
    """A marked-up text as a reader reads it.

    Args:
        marked: text in Aozora notation with `\n` line ends.

    Returns:
        The text in NFC, at most one blank line together, and the number of characters that are
        only described, for which 〓 stands.
    """
    marked = _RUBY.sub("", marked)
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
            pieces.append(char or _GETA)
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


def described_character(note: str) -> str | None:
    """The character that a ※［＃…］ note describes; None where it gives no code.

    A code is a code point (`U+5635`) or plane-row-cell of JIS X 0213 (`第3水準1-85-25`, `1-2-22`).
    Without one, small or voiced kana, which only their names describe, are still legible.
    """
    if match := _MEN_KU_TEN.search(note):
        plane, row, cell = (int(number) for number in match.groups())
        if char := jis_x_0213(plane, row, cell):
            return char
    if match := _CODE_POINT.search(note):
        code = int(match[1], 16)
        if 0x20 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            return chr(code)
    if match := _SMALL_KANA.match(note):
        return match[1]
    if match := _VOICED_KANA.match(note):
        return unicodedata.normalize("NFC", match[2] + ("\u309a" if match[1] else "\u3099"))
    return None


def jis_x_0213(plane: int, row: int, cell: int) -> str | None:
    """The character at a place of JIS X 0213 (plane 1 or 2, row and cell 1 to 94); None if there is none."""
    rows = {1: range(1, 95), 2: _PLANE_2_ROWS}.get(plane, ())
    if row not in rows or not 1 <= cell <= 94:
        return None
    encoded = bytes((0x8F,) if plane == 2 else ()) + bytes((0xA0 + row, 0xA0 + cell))
    try:
        return encoded.decode("euc_jis_2004")
    except UnicodeDecodeError:
        return None


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


def _compose(match: re.Match[str]) -> str:
    mark = match[0]
    if ligature := _LIGATURES.get(mark):
        return ligature
    composed = unicodedata.normalize("NFC", mark[0] + _ACCENTS[mark[1]])
    return composed if len(composed) == 1 else mark


def _without_emptied_lines(marked: str, plain: str) -> str:
    """Drop lines that held annotations only, which were never blank lines; ［＃改ページ］ leaves one."""
    return "\n".join(
        line
        for source, line in zip(marked.split("\n"), plain.split("\n"), strict=True)
        if line.strip() or not source.strip() or source.startswith("［＃改")
    )
