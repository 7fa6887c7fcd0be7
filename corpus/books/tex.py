"""TeX and LaTeX sources: headings, paragraphs, lists, tables, formulas, notes and readings.

No macro is expanded: a command that is not known is dropped, and its arguments in braces stay, since most commands
that authors define dress text. Readings are those of `\\ruby` (okumacro, pxrubrica, luatexja-ruby), `\\kana` and
`\\furigana`. Formulas stay as they are written.
"""

from __future__ import annotations

import re
from typing import Final

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.structured_text import StructuredText
from manyo.corpus.text import tidy
from manyo.corpus.web.charset import decode

_TOKEN = re.compile(
    r"(?P<comment>%[^\n]*\n?[ \t]*)|(?P<math>\$\$.*?\$\$|\$(?:\\.|[^$\\])*\$|\\\[.*?\\\]|\\\(.*?\\\))"
    r"|\\(?P<command>[A-Za-z@]+\*?|.)[ \t]*|(?P<brace>[{}])|(?P<blank>\n[ \t]*\n[ \t\n]*)"
    r"|(?P<text>[^\\%${}\n&~]+|[\n&~])",
    re.DOTALL,
)
_HEADINGS: Final = {
    "part": "1", "chapter": "1", "section": "2", "subsection": "3", "subsubsection": "4", "paragraph": "5",
    "subparagraph": "6",
}  # fmt: skip
_EMPHASIS = frozenset(("emph", "textbf", "textgt", "kenten", "bou", "strong"))
_RUBY = frozenset(("ruby", "jruby", "gruby", "mruby", "kana", "furigana", "Ruby"))
#: Commands whose arguments are no text, with how many there are.
_NO_TEXT: Final = {
    "documentclass": 1, "documentstyle": 1, "usepackage": 1, "label": 1, "ref": 1, "pageref": 1, "cite": 1, "input": 1,
    "include": 1, "includegraphics": 1, "vspace": 1, "hspace": 1, "setlength": 2, "addtolength": 2, "setcounter": 2,
    "addtocounter": 2, "pagestyle": 1, "thispagestyle": 1, "bibliographystyle": 1, "bibliography": 1, "index": 1,
    "newcommand": 2, "renewcommand": 2, "providecommand": 2, "newenvironment": 3, "renewenvironment": 3, "color": 1,
    "textcolor": 1, "colorbox": 1, "rule": 2, "fontsize": 2, "selectfont": 0, "markboth": 2, "markright": 1,
    "hyphenation": 1, "pagenumbering": 1, "date": 1, "nocite": 1, "multicolumn": 2, "geometry": 1, "hypersetup": 1,
    "cline": 1, "bibitem": 1, "href": 1, "kanjiskip": 0, "def": 0, "linespread": 1, "theoremstyle": 1, "newtheorem": 2,
    "DeclareMathOperator": 2, "raisebox": 1, "parbox": 1, "resizebox": 2, "scalebox": 1, "rotatebox": 1, "phantom": 1,
    "vskip": 0, "captionsetup": 1, "graphicspath": 1, "lstset": 1, "tikzset": 1, "author": 0,
}  # fmt: skip
_ENVIRONMENTS_LEFT_OUT = frozenset(("tikzpicture", "picture", "comment", "filecontents", "thebibliography"))
_MATHS = frozenset(("equation", "align", "eqnarray", "gather", "displaymath", "math", "multline", "alignat", "split"))
_CODE = frozenset(("verbatim", "lstlisting", "alltt", "minted", "Verbatim"))
_LISTS = frozenset(("itemize", "enumerate", "description"))
_TABLES = frozenset(("tabular", "tabularx", "longtable", "array", "supertabular"))
#: Arguments of environments before their content.
_ARGUMENTS: Final = {
    "tabular": 1,
    "tabularx": 2,
    "longtable": 1,
    "array": 1,
    "multicols": 1,
    "minipage": 1,
    "wrapfigure": 2,
}
_SIGNS: Final = {
    "\\": "\n", "newline": "\n", "par": "\n", "%": "%", "&": "&", "$": "$", "#": "#", "_": "_", "{": "{", "}": "}",
    " ": " ", ",": "", ";": "", ":": "", "!": "", "/": "", "-": "", "quad": "　", "qquad": "　　", "ldots": "…",
    "dots": "…", "cdots": "…", "TeX": "TeX", "LaTeX": "LaTeX", "LaTeXe": "LaTeX2e", "textbackslash": "\\",
    "textasciitilde": "~", "ss": "ß", "S": "§", "P": "¶", "copyright": "©", "pounds": "£", "textregistered": "®",
    "texttrademark": "™", "textyen": "¥", "yen": "¥", "linebreak": "\n", "break": "\n", "times": "×", "degree": "°",
}  # fmt: skip
#: Groups nest no deeper in what a person wrote.
_MAX_DEPTH = 200


def read_tex(data: bytes) -> Book:
    """The text of a source.

    Raises:
        UnreadableError: groups nest deeper than any text's, or there is no text.
    """
    decoded = decode(data)
    source = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    begin, end = source.find("\\begin{document}"), source.rfind("\\end{document}")
    preamble, body = (source[:begin], source[begin + 16 : end if end > begin else None]) if begin >= 0 else ("", source)
    writer = _Writer(body)
    writer.write()
    written = writer.text.finish()
    if not written.text.strip():
        raise UnreadableError("no_text", "no characters outside commands")
    title = _argument_of(preamble + body, "title") or writer.first_heading
    meta: dict[str, object] = {"format": "tex"}
    if author := _argument_of(preamble + body, "author"):
        meta["author"] = author
    return Book(written.text, written.structure, title, charset=decoded.charset, meta=meta)


class _Writer:
    """Reads tokens of a source and writes its text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at, self._stop = 0, len(source)
        self._closes = _closing_braces(source)
        self.text = StructuredText()
        self._notes: list[_Range] = []
        self._environments: list[str] = []
        self._in_base = False
        self.first_heading = ""

    def write(self) -> None:
        """Write all of the source, and its footnotes after it."""
        self._tokens(0)
        while self._environments:
            self._end(self._environments[-1])
        for note in self._notes:  # a note may hold notes, which the list then grows by
            self.text.break_line()
            self.text.open("note")
            self._argument_text(note, 0)
            self.text.close()

    def _tokens(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise UnreadableError("broken_file", f"groups nest more than {_MAX_DEPTH} deep")
        while self._at < self._stop:
            token = _TOKEN.match(self._source, self._at, self._stop)
            if token is None:  # a lone $ or backslash at the end
                self.text.flow(self._source[self._at])
                self._at += 1
                continue
            self._at = token.end()
            kind, value = token.lastgroup, token[0]
            if kind == "command":
                self._command(token["command"], depth)
            elif kind == "math":
                self.text.open("math")
                self.text.flow(value)
                self.text.close()
            elif kind == "blank":
                self.text.break_line()
            elif kind == "text":
                self._plain(value)

    def _plain(self, value: str) -> None:
        if self._in_base:  # bars divide the base as the reading
            value = value.replace("|", "")
        in_table = bool(self._environments) and self._environments[-1] in _TABLES
        if value == "&" and in_table:
            self.text.close()
            self.text.open("cell")
        elif value == "~":
            self.text.flow(" ")
        else:
            self.text.flow(value.replace("---", "—").replace("--", "–").replace("``", "“").replace("''", "”"))

    def _command(self, command: str, depth: int) -> None:
        name = command.rstrip("*")
        in_table = bool(self._environments) and self._environments[-1] in _TABLES
        if name == "begin":
            self._begin(self._words(self._argument()), depth)
        elif name == "end":
            self._end(self._words(self._argument()))
        elif name == "\\" and in_table:
            self._optional()
            self.text.close()
            self.text.close()
            self.text.open("row")
            self.text.open("cell")
        elif name in _HEADINGS:
            self._optional()
            self._heading(name, self._argument(), depth)
        elif name in _RUBY:
            self._optional()
            self._ruby(self._argument(), self._argument(), depth)
        elif name in _EMPHASIS:
            self._optional()
            self.text.open("emphasis")
            self._argument_text(self._argument(), depth)
            self.text.close()
        elif name in ("footnote", "footnotetext", "endnote", "thanks"):
            self._optional()
            self._notes.append(self._argument())
        elif name == "item":
            self._item(depth)
        elif name in ("title", "maketitle", "author"):
            if name != "maketitle":
                self._argument()
        elif name == "verb":
            mark = self._source[self._at : self._at + 1]
            stop = self._source.find(mark, self._at + 1) if mark else -1
            if stop > 0:
                self.text.open("code")
                self.text.write(self._source[self._at + 1 : stop])
                self.text.close()
                self._at = stop + 1
        elif name in _SIGNS:
            sign = _SIGNS[name]
            self.text.break_line() if sign == "\n" else self.text.flow(sign)
        elif name in _NO_TEXT:
            self._optional()
            for _ in range(_NO_TEXT[name]):
                self._argument()
        else:
            self._optional()

    def _begin(self, name: str, depth: int) -> None:
        plain = name.rstrip("*")
        self._optional()
        for _ in range(_ARGUMENTS.get(plain, 0)):
            self._argument()
        stop = self._source.find(f"\\end{{{name}}}", self._at)
        if plain in _ENVIRONMENTS_LEFT_OUT or plain in _MATHS or plain in _CODE:
            content = self._source[self._at : stop if stop >= 0 else None]
            self._at = stop + len(f"\\end{{{name}}}") if stop >= 0 else len(self._source)
            self.text.break_line()
            if plain in _MATHS:
                self.text.open("math")
                self.text.flow(f"$${' '.join(content.split())}$$")
                self.text.close()
            elif plain in _CODE:
                self.text.open("code")
                self.text.write(content.strip("\n"))
                self.text.close()
            self.text.break_line()
            return
        if len(self._environments) >= _MAX_DEPTH:
            raise UnreadableError("broken_file", f"environments nest more than {_MAX_DEPTH} deep")
        self.text.break_line()
        self._environments.append(plain)
        if plain in _TABLES:
            for kind in ("table", "row", "cell"):
                self.text.open(kind)
        elif plain in _LISTS:
            self.text.open("list")
            self.text.open("item")
        elif plain in ("quote", "quotation"):
            self.text.open("quote")

    def _end(self, name: str) -> None:
        plain = name.rstrip("*")
        if not self._environments or self._environments[-1] != plain:
            return
        self._environments.pop()
        for _ in range(3 if plain in _TABLES else 2 if plain in _LISTS else plain in ("quote", "quotation")):
            self.text.close()
        self.text.break_line()

    def _heading(self, name: str, title: _Range, depth: int) -> None:
        self.text.break_line()
        start = self.text.n_chars
        self.text.open("heading", _HEADINGS[name])
        self._argument_text(title, depth)
        self.text.close()
        if not self.first_heading:
            self.first_heading = self.text.since(start)
        self.text.break_line()

    def _item(self, depth: int) -> None:
        label = self._optional()
        if self._environments and self._environments[-1] in _LISTS:
            self.text.close()
            self.text.break_line()
            self.text.open("item")
        else:
            self.text.break_line()
        if label[0] < label[1]:
            self._argument_text(label, depth)
            self.text.flow("　")

    def _ruby(self, base: _Range, reading: _Range, depth: int) -> None:
        plain = re.sub(r"[\s|{}]|\\[A-Za-z]+", "", self._words(reading))
        if plain:
            self.text.open_reading(plain)
        around, self._in_base = self._in_base, True
        self._argument_text(base, depth)
        self._in_base = around
        if plain:
            self.text.close()

    def _argument_text(self, argument: _Range, depth: int) -> None:
        """Write the text of an argument."""
        around, environments = (self._at, self._stop), self._environments
        (self._at, self._stop), self._environments = argument, []
        self._tokens(depth + 1)
        while self._environments:
            self._end(self._environments[-1])
        (self._at, self._stop), self._environments = around, environments

    def _argument(self) -> _Range:
        """Where the group in braces that stands here begins and ends, without them; empty if none does."""
        match = _OPENING.match(self._source, self._at, self._stop)
        if not match:
            return self._at, self._at
        stop = min(self._closes.get(match.end() - 1, self._stop), self._stop)
        self._at = min(stop + 1, self._stop)
        return match.end(), stop

    def _optional(self) -> _Range:
        """Where the argument in brackets that stands here begins and ends; empty if none does."""
        match = _OPTIONAL.match(self._source, self._at, self._stop)
        if not match:
            return self._at, self._at
        self._at = match.end()
        return match.span(1)

    def _words(self, argument: _Range) -> str:
        return self._source[slice(*argument)]


#: Start and stop of a part of the source.
_Range = tuple[int, int]
_OPENING = re.compile(r"\s*\{")
_OPTIONAL = re.compile(r"[ \t]*\[([^\]\n]*)\][ \t]*")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


def _closing_braces(source: str) -> dict[int, int]:
    """Where each group ends, by where it begins; a group that does not end is not there."""
    closes: dict[int, int] = {}
    open_braces: list[int] = []
    for match in _BRACE.finditer(source):
        if match[0] == "{":
            open_braces.append(match.start())
        elif match[0] == "}" and open_braces:
            closes[open_braces.pop()] = match.start()
    return closes


#: A title or the names of authors are shorter.
_TITLE_CHARS = 2000


def _argument_of(source: str, command: str) -> str:
    """The argument of the first such command, as plain text on one line."""
    match = re.search(rf"\\{command}\s*\{{", source)
    if not match:
        return ""
    rest = source[match.end() - 1 : match.end() + _TITLE_CHARS]
    argument = rest[1 : _closing_braces(rest).get(0, len(rest))]
    return tidy(" ".join(re.sub(r"\\[A-Za-z@]+\*?|[{}\\]", " ", argument).split()))
