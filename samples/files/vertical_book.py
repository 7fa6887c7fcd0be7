"""A part of a vertical reader as PDF, as a publisher delivers it: readings, emphasis dots, 縦中横, running heads.

The story was written for this project. In `STORY`, ｜base《reading》 is a base with its reading, ［text］ has dots, and
two digits stand side by side.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from samples.files.pdf_writer import Glyph, level, pdf, ruby_beside, upright

TITLE: Final = "灯台のかぎ"
STORY: Final = (
    "　｜岬《みさき》の灯台には、番人がいない。明かりは日がくれるとひとりでにともり、夜が明けるとひとりでに消える。"
    "それでも｜扉《とびら》のかぎだけは、今も港の｜雑貨屋《ざっかや》が預かっていた。",
    "　四年生の夏、ぼくはそのかぎを借りに行った。自由研究で、灯台の明かりが何秒ごとに光るかを調べたかったのだ。"
    "店のおばさんは帳面を開いて、「前に借りた人は12年前だね」と言った。",
    "「なくしたら、どうなりますか」",
    "「なくした人は、まだいないよ。みんな、返しに来たときの方が｜重《おも》そうに持ってくるんだ」",
    "　坂を上りながら、ぼくはかぎの重さを手の中ではかってみた。台所の｜包丁《ほうちょう》より軽く、"
    "筆箱よりは少し重い。｜潮風《しおかぜ》にさらされた鉄は、にぎると手のひらに赤い粉を残した。",
    "　階段は全部で86段あった。｜途中《とちゅう》の小さな窓から、｜網《あみ》を引く船が見えた。"
    "いちばん上の部屋で、ぼくは時計を見ながら光を数えた。八秒に一度、部屋じゅうの｜壁《かべ》が白くなる。"
    "数えているうちに、光のあいだの暗さの方が［ずっと長い］ことに気がついた。",
    "　次の日、かぎを返しに行くと、おばさんは何も言わずに手を出した。その手にかぎをのせたとき、"
    "ぼくにも分かった。重くなったのは、かぎではなかった。",
    "　帳面のぼくの名前の横に、おばさんは返した日づけを書き、それから小さな字で「八秒」と書きそえた。"
    "何のことかたずねると、「借りた人が見てきたものを、一つずつ書いておくのさ」と笑った。"
    "前の人の横には「渡り鳥、三十羽」、その前の人の横には「流れ星」とあった。",
)
_PAPER: Final = (420.0, 595.0)
_SIZE, _PITCH = 12.0, 22.0
_TOP, _RIGHT, _LEFT = 76.0, 372.0, 48.0
_CHARS: Final = 36
_PIECE = re.compile(r"｜([^《]+)《([^》]+)》|［([^］]+)］|([0-9]{2})|(.)")
#: Marks that begin no line.
_CLOSING: Final = "。、」』）"


class _Cell(NamedTuple):
    """What takes an em of a line, and the whole reading of the base that starts here, with the base's length."""

    text: str
    reading: str = ""
    base_ems: int = 1
    has_dot: bool = False


def _cells(paragraph: str) -> list[_Cell]:
    cells: list[_Cell] = []
    for base, reading, dotted, digits, plain in _PIECE.findall(paragraph):
        if base:
            cells += [_Cell(base[0], reading, len(base)), *map(_Cell, base[1:])]
        elif dotted:
            cells += [_Cell(char, has_dot=True) for char in dotted]
        else:
            cells.append(_Cell(digits or plain))
    return cells


def _lines(paragraph: str) -> list[list[_Cell]]:
    """The lines of a paragraph: no base is broken, and marks hang."""
    lines: list[list[_Cell]] = [[]]
    for number, cell in enumerate(cells := _cells(paragraph)):
        needed = cell.base_ems if cell.reading else 1
        if len(lines[-1]) + needed > _CHARS and cells[number].text not in _CLOSING:
            lines.append([])
        lines[-1].append(cell)
    return lines


def vertical_pdf() -> bytes:
    """The story on vertical pages, right pages and left pages with their heads at the outer edge."""
    lines = [line for paragraph in STORY for line in _lines(paragraph)]
    x, pages = _RIGHT - 3 * _PITCH, [upright(TITLE, _RIGHT - 1.5 * _SIZE, _TOP + 2 * _SIZE, 1.5 * _SIZE)]
    for line in lines:
        if x < _LEFT:
            pages.append([])
            x = _RIGHT
        pages[-1] += _line(line, x - _SIZE)
        x -= _PITCH
    for number, page in enumerate(pages, start=40):
        head, left = ("みさき国語四年", 300.0) if number % 2 == 0 else (TITLE, 60.0)
        page += level(head, left, 36.0, 8.0) + level(str(number), 366.0 if number % 2 == 0 else 46.0, 552.0, 8.0)
    return pdf(*pages, paper=_PAPER, info="/Title <FEFF706F53F0306E304B304E>", is_compressed=True)


def _line(cells: list[_Cell], x: float) -> list[Glyph]:
    glyphs: list[Glyph] = []
    for number, cell in enumerate(cells):
        y = _TOP + number * _SIZE
        glyphs += level(cell.text, x, y, _SIZE) if len(cell.text) > 1 else upright(cell.text, x, y, _SIZE)
        if cell.reading:
            glyphs += ruby_beside(cell.reading, x, y, cell.base_ems, _SIZE)
        if cell.has_dot:
            glyphs += ruby_beside("﹅", x, y, 1, _SIZE)
    return glyphs
