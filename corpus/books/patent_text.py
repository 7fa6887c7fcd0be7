"""A patent publication as text: abstract, claims and description in the order of the gazette, as it prints them.

Headings stand on lines of their own, as 【技術分野】. Numbers of paragraphs are spans, not text; those of claims are
headings too, because other claims refer to them. A formula or table that the gazette has as a picture is the mark with
which the gazette numbers it, 【数１】; a character that it has as a picture is 〓.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from manyo.corpus.books.structured_text import StructuredText, Written

GETA = "〓"
_WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")


@dataclass(slots=True)
class Patent:
    """What a publication says.

    Attributes:
        written: text, spans and pages.
        charset: encoding that the text was decoded with.
        title: of the invention.
        number: of the publication, as the gazette states it.
        kind: of publication: A, A1 (application), B2 (grant), U (utility model) and others.
        application: number of the application, ten digits: the year and six more; empty if it is not stated so.
        dates: `published`, `filed`, `registered`, as 2099-01-11.
        classes: `ipc`, `fi`, `theme`, `fterm`, each without repetitions.
        applicants, inventors: their names.
        drawings: (number of the figure, file).
        n_pictures: formulas, tables and characters that are pictures, by what they are.
        unknown_elements: names of elements that the reader does not know, whose text it kept, and how many there are.
    """

    written: Written
    charset: str = "utf-8"
    title: str = ""
    number: str = ""
    kind: str = ""
    application: str = ""
    dates: dict[str, str] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    applicants: list[str] = field(default_factory=list)
    inventors: list[str] = field(default_factory=list)
    drawings: list[tuple[str, str]] = field(default_factory=list)
    n_pictures: dict[str, int] = field(default_factory=dict)
    unknown_elements: dict[str, int] = field(default_factory=dict)


class PatentWriter:
    """Writes the text of a publication; headings wait for the text that they stand over."""

    def __init__(self) -> None:
        self.text = StructuredText()
        self.n_pictures: dict[str, int] = {}
        self._waiting: list[tuple[int, str]] = []

    def heading(self, words: str, level: int) -> None:
        """A heading over what comes next; one of the same or a higher level takes the place of one without text."""
        self._waiting = [(above, title) for above, title in self._waiting if above < level]
        self._waiting.append((level, words))

    def end_section(self, level: int) -> None:
        """No heading of this or a lower level stands over what comes next."""
        self._waiting = [(above, title) for above, title in self._waiting if above < level]

    def write(self, text: str) -> None:
        """Text of the running block, whose white space is layout."""
        if self._waiting and text.strip():
            self._write_headings()
        self.text.flow(text)

    def picture(self, what: str, number: str = "") -> None:
        """A picture in the text: 数, 化 or 表, as the gazette marks it, or a character."""
        if what == "外字":
            self.write(GETA)
        else:
            self.write(f"【{what}{number.translate(_WIDE_DIGITS)}】")
        self.n_pictures[what] = self.n_pictures.get(what, 0) + 1

    def open_paragraph(self, number: str) -> None:
        """A paragraph begins; its number is a span."""
        self.text.break_line()
        self._open("paragraph", number)

    def open_list(self) -> None:
        """The list of claims begins, below the headings that wait."""
        self._write_headings()
        self.text.open("list")

    def open_claim(self, number: str) -> None:
        """A claim begins, under its number."""
        self.heading(f"【請求項{number.translate(_WIDE_DIGITS)}】", 3)
        self.text.break_line()
        self._open("item", number)

    def close(self) -> None:
        """The paragraph or claim ends."""
        self.text.close()
        self.text.break_line()

    def _open(self, kind: str, value: str) -> None:
        self._write_headings()
        self.text.open(kind, value)

    def _write_headings(self) -> None:
        waiting, self._waiting = self._waiting, []
        for level, words in waiting:
            self.text.break_line()
            self.text.open("heading", str(level))
            self.text.write(words)
            self.text.close()
            self.text.break_line()


_ERAS = {"明": 1867, "大": 1911, "昭": 1925, "平": 1988, "令": 2018}
_APPLICATION = re.compile(r"(?:特願|実願|意願)?\s*([明大昭平令])?(\d{1,4})\s*[-－―‐–—ー]\s*(\d{1,6})")


def application_number(stated: str) -> str:
    """The ten digits of an application number, from `2097000001` or 特願平7-3; empty if it is neither."""
    plain = "".join(stated.split())
    if re.fullmatch(r"\d{10}", plain):
        return plain
    match = _APPLICATION.search(plain)
    if not match:
        return ""
    year = int(match[2]) + (_ERAS[match[1]] if match[1] else 0)
    return f"{year}{int(match[3]):06d}" if 1880 < year < 2200 else ""


_DATE = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})")
_ERA_DATE = re.compile(r"(明治|大正|昭和|平成|令和)(\d{1,2}|元)年(?:\(\d{4}\))?(\d{1,2})月(\d{1,2})日")


def date_of(stated: str) -> str:
    """A date as 2099-01-11, from `20990111`, `2099-01-11` or 平成9年(1997)1月7日; empty if it is none."""
    plain = "".join(stated.split())
    if era := _ERA_DATE.search(plain):
        year = _ERAS[era[1][0]] + (1 if era[2] == "元" else int(era[2]))
        return f"{year:04d}-{int(era[3]):02d}-{int(era[4]):02d}"
    found = _DATE.fullmatch(plain.replace("年", "-").replace("月", "-").removesuffix("日"))
    return f"{found[1]}-{int(found[2]):02d}-{int(found[3]):02d}" if found else ""
