"""The tables of a TOML file, or what is wrong with its text, in plain words.

What editors for Japanese put into a file without showing it (a byte order mark, Shift_JIS, full-width blanks, curly
quotation marks) and the backslashes of Windows paths are named as what they are; a parser can only say that it expected
something else.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from manyo.corpus.settings.toml_lines import Path, lines_of

#: Quotation marks that editors put in place of straight ones.
_QUOTES = {**dict.fromkeys("“”„‟〝〞〟＂″", '"'), **dict.fromkeys("‘’‚‛＇′", "'")}
#: A quoted string on one line; what is in it may be any character.
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'[^']*'")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class SettingsError(ValueError):
    """A settings file that cannot be used.

    Attributes:
        lines: one for each fault, each with the file and, where it is known, the line.
    """

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass(frozen=True, slots=True)
class Document:
    """A TOML file that could be read.

    Attributes:
        name: of the file, for messages.
        tables: what it holds.
        text: as it was written.
        lines: path of each key, table and element → its line, from 1.
        notes: sentences about what was passed over.
    """

    name: str
    tables: dict[str, Any]
    text: str = ""
    lines: dict[Path, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def line(self, path: Path) -> int | None:
        """The line of a key, or of the innermost table around it that the file has."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.lines:
                return self.lines[path[:length]]
        return None


def read_document(name: str, data: bytes) -> Document:
    """Parse the bytes of a TOML file.

    Args:
        name: of the file, for messages.
        data: its bytes.

    Raises:
        SettingsError: it is not UTF-8, or not TOML.
    """
    notes = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        notes.append(f"{name}: begins with a byte order mark (BOM), which is passed over; save it as UTF-8 without one")
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise SettingsError([_not_utf_8(name, data, error.start)]) from error
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([_not_toml(name, text, str(error))]) from error
    except RecursionError as error:
        raise SettingsError([f"{name}: its arrays or tables are nested too deeply"]) from error
    return Document(name, tables, text, lines_of(text), tuple(notes))


def _not_utf_8(name: str, data: bytes, start: int) -> str:
    line = data.count(b"\n", 0, start) + 1
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:64]:
        return f"{name}: is UTF-16, not UTF-8; save it as UTF-8"
    for encoding, said in (("euc_jp", "EUC-JP"), ("cp932", "Shift_JIS")):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _is_plausible(data.decode(encoding)):
            continue
        return f"{name}:{line}: is not UTF-8 but seems to be {said}; save it as UTF-8"
    return f"{name}:{line}: is not UTF-8 (byte 0x{data[start]:02x} at offset {start}); save it as UTF-8"


def _is_plausible(text: str) -> bool:
    """Whether nine in ten characters outside ASCII are full-width: what another encoding made is half-width and odd."""
    outside = [character for character in text if character > "\x7f"]
    return sum("\u3000" <= one <= "\u9fff" or "！" <= one <= "～" for one in outside) >= 0.9 * len(outside)


def _not_toml(name: str, text: str, said: str) -> str:
    found = _AT.search(said)
    lines = text.rstrip("\n").split("\n")
    number, column = (int(found[1]), int(found[2])) if found and found[1] else (len(lines), len(lines[-1]) + 1)
    line = lines[min(number, len(lines)) - 1]
    if "\r" in text and "\n" not in text:
        return f"{name}: its lines end in CR alone; save it with line ends of Unix (LF)"
    problem = _other_form(line) or _odd_character(line) or _backslash(line) or _unquoted(line) or _AT.sub("", said)
    return f"{name}:{number}:{column}: {problem}"


def _odd_character(line: str) -> str:
    """What is said of the first character outside strings and comments that TOML does not have there; "" if none."""
    bare = _STRING.sub(lambda found: " " * len(found[0]), line).partition("#")[0]
    odd = next((character for character in bare if character > "\x7e"), None)
    if odd is None:
        return ""
    named = f"{odd!r} (U+{ord(odd):04X}, {unicodedata.name(odd, 'a character without a name').lower()})"
    if odd in _QUOTES:
        return f"the quotation mark {named} is not a straight one; type {_QUOTES[odd]}"
    if odd.isspace() or unicodedata.category(odd) in ("Cf", "Zs"):
        kind = "full-width blank" if odd == "\u3000" else "invisible character or blank"
        return f"there is the {kind} {named}; put an ordinary space in its place"
    plain = unicodedata.normalize("NFKC", odd)
    if plain != odd and plain.isascii():
        return f"there is the full-width character {named}; type {plain}"
    return f"there is {named} outside quotation marks; put texts and names in quotation marks"


def _backslash(line: str) -> str:
    if "\\" not in line.partition("#")[0] or "'" in line.partition("\\")[0]:
        return ""
    return (
        r"in double quotation marks a \ begins an escape such as \n; write paths with /, C:/data, or in single "
        r"quotation marks, 'C:\data'"
    )


def _other_form(line: str) -> str:
    if re.match(r"\s*-?\s*[A-Za-z_][\w-]*:(\s|$)", line):
        return 'this is YAML; a configuration is TOML: [run] and below it out = "folder"'
    if re.match(r"\s*[{<]", line):
        return 'this is JSON or XML; a configuration is TOML: [run] and below it out = "folder"'
    if line.count(",") > 1 and "=" not in line and "[" not in line:
        return 'this is a table of values with commas; a configuration is TOML: [run] and below it out = "folder"'
    return ""


def _unquoted(line: str) -> str:
    if re.match(r"\s*[A-Za-z_][\w.-]*\s*=\s*[^\s\"'\[{\d#+-]", line) and not re.search(r"=\s*(true|false)\b", line):
        return 'a text is written in quotation marks: key = "text"; numbers, true and false are not'
    return ""
