"""Simulates books as OCR sees them, from clean text, so that OCR cleaning can be scored.

Paragraphs are typeset (indents, hanging punctuation, one or two columns, vertical or horizontal, headings between
blank lines), photographed (boxes slightly off) and recognised (wrong characters, 〓, lines given twice, ruby,
running heads and page numbers among the lines, an order that mixes the columns). Every line carries its true role.

Source of the default noise: 1.5 wrong characters in 100 is the worst decade of print (F 0.92 to 0.99 by the National
Diet Library's own evaluation, median 0.97); 2.7 % of the lines of a full-text package occur twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import quoteattr

Role = Literal["body", "heading", "head", "number", "ruby"]


@dataclass(frozen=True, slots=True)
class Noise:
    """How badly a book is recognised; all rates are fractions.

    Attributes:
        wrong: of the characters, read as another character.
        geta: of the characters, written 〓.
        twice: of the lines, given a second time word for word.
        ruby: of the lines, with a line of small kana next to them.
        seen_furniture: of the running heads and page numbers, marked by the layout detector.
        mixed_order: of the pages with two columns, whose lines come in a wrong order.
        jitter: of a character's size, by which the edges of a box are off.
    """

    wrong: float = 0.015
    geta: float = 0.002
    twice: float = 0.027
    ruby: float = 0.05
    seen_furniture: float = 0.6
    mixed_order: float = 0.5
    jitter: float = 0.15


@dataclass(frozen=True, slots=True)
class Layout:
    """How a book is typeset: characters per line, lines per column, columns per page, sizes in pixels."""

    is_vertical: bool
    line_chars: int
    column_lines: int
    columns: int = 1
    char_px: int = 24
    speech_is_indented: bool = False
    number_style: Literal["digits", "dashed", "kanji", "with_head"] = "digits"


@dataclass(frozen=True, slots=True)
class SimLine:
    """A recognised line: its text, its box (x, y, width, height), and what it is in truth."""

    text: str
    box: tuple[float, float, float, float]
    role: Role
    starts_paragraph: bool = False
    is_seen_as_furniture: bool = False
    column: int = -1


@dataclass(frozen=True, slots=True)
class SimPage:
    """A page: lines in true reading order (furniture first), and the order in which the tool returns them."""

    lines: tuple[SimLine, ...]
    given_order: tuple[int, ...]
    is_mixed: bool
    width: float
    height: float


#: Layouts of magazines, novels, reports; characters and lines as printed books have them.
LAYOUTS = tuple(
    Layout(is_vertical, chars, lines, columns, 24, indented, style)  # type: ignore[arg-type]
    for is_vertical, chars, lines, columns in (
        (True, 40, 14, 1),
        (True, 25, 20, 2),
        (True, 21, 24, 2),
        (False, 36, 28, 1),
        (False, 22, 36, 2),
    )
    for indented, style in ((False, "digits"), (True, "dashed"), (True, "kanji"), (False, "with_head"))
)

_KANJI_DIGITS = str.maketrans("0123456789", "〇一二三四五六七八九")
_HANGING = "、。」』）"
_CONFUSED = "口ロ力カ二ニ工エ夕タ一ー八ハ未末土士日曰目自白己已巳人入大犬太天夫木本体休待侍持特時詩話語請晴情問間聞開閉"
_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわん"


def book(paragraphs: Sequence[str], headings: Sequence[str], layout: Layout, noise: Noise, seed: int) -> list[SimPage]:
    """Typeset, photograph and recognise a book.

    Args:
        paragraphs: without indents and line ends; one line each.
        headings: titles of the book (the first) and of its chapters, which also head the pages.
        layout: how it is typeset.
        noise: how badly it is recognised.
        seed: of the random numbers.
    """
    rng = random.Random(seed)
    pages: list[SimPage] = []
    setting = list(_set(paragraphs, headings[1:], layout, rng))
    per_page = layout.column_lines * layout.columns
    chapter = headings[0]
    for first in range(0, len(setting), per_page):
        slots = setting[first : first + per_page]
        chapter = next((slot.text for slot in slots if slot and slot.is_heading), chapter)
        pages.append(_page(slots, headings[0], chapter, len(pages) + 11, layout, noise, rng))
    return pages


def wrongly_read(text: str, noise: Noise, rng: random.Random) -> str:
    """Return the text with wrong characters and 〓, of the same length."""
    return "".join(
        "〓"
        if (dice := rng.random()) < noise.geta
        else rng.choice(_CONFUSED + _KANA)
        if dice < noise.geta + noise.wrong
        else char
        for char in text
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    text: str
    indent: int = 0
    starts_paragraph: bool = False
    is_heading: bool = False


def _set(
    paragraphs: Sequence[str], headings: Sequence[str], layout: Layout, rng: random.Random
) -> Iterator[_Slot | None]:
    """Return lines of type, None for blank ones. A chapter has about 60 paragraphs."""
    every = max(len(paragraphs) // (len(headings) + 1), 1)
    for number, paragraph in enumerate(paragraphs):
        if number and number % every == 0 and number // every <= len(headings):
            yield from (None, _Slot(headings[number // every - 1], 3, True, True), None)
        elif rng.random() < 0.01:
            yield None
        yield from _set_paragraph(paragraph, layout)


def _set_paragraph(paragraph: str, layout: Layout) -> Iterator[_Slot]:
    indent = int(paragraph[0] not in "「『（" or layout.speech_is_indented)
    start, is_first = 0, True
    while start < len(paragraph):
        room = layout.line_chars - (indent if is_first else 0)
        end = start + room
        if paragraph[end : end + 1] and paragraph[end] in _HANGING:
            end += 1  # punctuation hangs over the edge instead of beginning a line
        # A blank at either end of a line is not recognised.
        if text := paragraph[start:end].strip():
            yield _Slot(text, indent if is_first else 0, is_first)
        start, is_first = end, False


def _page(
    slots: Sequence[_Slot | None],
    title: str,
    chapter: str,
    number: int,
    layout: Layout,
    noise: Noise,
    rng: random.Random,
) -> SimPage:
    size, pitch = layout.char_px, 1.7 * layout.char_px
    along = layout.line_chars * size
    across = layout.column_lines * pitch
    gap = 2.0 * size
    margin = 6 * size
    if layout.is_vertical:
        width = across + 2 * margin
        height = layout.columns * along + (layout.columns - 1) * gap + 2 * margin
    else:
        width = layout.columns * along + (layout.columns - 1) * gap + 2 * margin
        height = across + 2 * margin
    dx, dy = rng.uniform(-0.5, 0.5) * size, rng.uniform(-0.5, 0.5) * size  # the book lies slightly askew

    def off() -> float:
        return rng.uniform(-noise.jitter, noise.jitter) * size

    def box_of(
        column: int, row: int, indent: float, chars: float, thickness: float, shift: float
    ) -> tuple[float, float, float, float]:
        start = margin + column * (along + gap) + indent * size + off()
        length = max(chars * size + off(), 0.5 * size)
        side = row * pitch + (pitch - size) / 2 + shift
        if layout.is_vertical:
            return (width - margin - side - thickness + dx, start + dy, thickness, length)
        return (start + dx, margin + side + dy, length, thickness)

    furniture: list[SimLine] = []
    head = wrongly_read(title if number % 2 else chapter, noise, rng)
    printed = str(number)
    if layout.number_style == "kanji":
        printed = printed.translate(_KANJI_DIGITS)
    elif layout.number_style == "dashed":
        printed = f"― {printed} ―"
    printed = wrongly_read(printed, noise, rng)
    small = 0.75 * size
    outer = margin + dx + off() if number % 2 == 0 else width - margin - len(head) * small + dx + off()
    top, bottom = margin - 3 * size + dy, height - margin + 2 * size + dy
    starts_chapter = any(slot and slot.is_heading for slot in slots)
    if layout.number_style == "with_head":
        head = f"{head}　{printed}"
    if not starts_chapter:
        furniture.append(SimLine(head, (outer, top, len(head) * small, small), "head"))
    if layout.number_style != "with_head":
        centre = (width - len(printed) * small) / 2 + dx + off()
        furniture.append(SimLine(printed, (centre, bottom + off(), len(printed) * small, small), "number"))
    lines: list[SimLine] = [
        SimLine(line.text, line.box, line.role, False, rng.random() < noise.seen_furniture) for line in furniture
    ]
    for position, slot in enumerate(slots):
        if slot is None:
            continue
        column, row = divmod(position, layout.column_lines)
        text = wrongly_read(slot.text, noise, rng)
        thickness = (1.2 if slot.is_heading else 1.0) * size
        box = box_of(column, row, slot.indent, len(text) * thickness / size, thickness, 0.0)
        role: Role = "heading" if slot.is_heading else "body"
        lines.append(SimLine(text, box, role, slot.starts_paragraph, column=column))
        if rng.random() < noise.ruby and not slot.is_heading and len(text) > 4:
            ruby = "".join(rng.choices(_KANA, k=rng.randint(2, 5)))
            at = rng.uniform(0, len(text) - 3)
            box = box_of(column, row, at, 0.5 * len(ruby), 0.45 * size, -0.5 * size)
            lines.append(SimLine(ruby, box, "ruby", column=column))
    order = list(range(len(lines)))
    is_mixed = layout.columns > 1 and max(line.column for line in lines) > 0 and rng.random() < noise.mixed_order
    if is_mixed:
        kind = rng.choice(("swapped", "across", "shuffled"))
        if kind == "swapped":
            order.sort(key=lambda i: -lines[i].column)
        elif kind == "across":
            order.sort(key=lambda i: -lines[i].box[0] if layout.is_vertical else lines[i].box[1])
        else:
            rng.shuffle(order)
    elif rng.random() < 0.5:  # running head and number after the text
        order = order[len(furniture) :] + order[: len(furniture)]
    given: list[int] = []
    for index in order:
        given += [index, index] if rng.random() < noise.twice else [index]
    return SimPage(tuple(lines), tuple(given), is_mixed, width, height)


def page_xml(page: SimPage, name: str) -> bytes:
    """Return the page as NDLOCR-Lite writes it; furniture that the layout detector marked is a BLOCK as well."""
    blocks: list[str] = []
    inside: dict[int, list[str]] = {}
    for order, index in enumerate(page.given_order):
        line = page.lines[index]
        kind = "タイトル本文" if line.role == "heading" else "本文"
        inside.setdefault(line.column, []).append(
            f'    <LINE TYPE="{kind}" {_place(line)} CONF="0.930" PRED_CHAR_CNT="2.000" ORDER="{order}"'
            f" STRING={quoteattr(line.text)} />"
        )
        if line.role == "ruby" or line.is_seen_as_furniture:
            what = {"ruby": "ルビ", "head": "柱", "number": "ノンブル"}[line.role]
            blocks.append(f'  <BLOCK TYPE="{what}" {_place(line)} CONF="0.850" />')
    texts = ["\n".join(["  <TEXTBLOCK>", *lines, "  </TEXTBLOCK>"]) for lines in inside.values()]
    content = "\n".join([*texts, *blocks])
    size = f'WIDTH="{page.width:.0f}" HEIGHT="{page.height:.0f}"'
    return f'<OCRDATASET>\n<PAGE IMAGENAME="{name}" {size}>\n{content}\n</PAGE>\n</OCRDATASET>\n'.encode()


def page_json(page: SimPage) -> bytes:
    """Return the page as in a full-text package: lines with boxes, without their roles."""
    entries = []
    for order, index in enumerate(page.given_order):
        line = page.lines[index]
        x, y, width, height = (round(value) for value in line.box)
        # A line that occurs twice has the same id.
        entries.append(
            {"id": order, "contenttext": line.text, "xmin": x, "ymin": y, "xmax": x + width, "ymax": y + height}
        )
    return json.dumps(entries, ensure_ascii=False).encode()


def _place(line: SimLine) -> str:
    x, y, width, height = (round(value) for value in line.box)
    return f'X="{x}" Y="{y}" WIDTH="{width}" HEIGHT="{height}"'
