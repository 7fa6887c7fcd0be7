"""Writes small PDFs: each glyph at its place, in a font that need not be embedded.

The font is a composite one with a predefined CMap (UniJIS-UTF16-H), so that a page needs no font file and any Japanese
text can be set. Kanji and kana are an em wide, Latin letters and half-width katakana half an em. Places are points from
the top left corner of the page. The same parts give the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

WIDTH, HEIGHT = 595.0, 842.0
#: Share of the em above the baseline.
ASCENT: Final = 0.88


class Glyph(NamedTuple):
    """A character with the left end of its baseline; with font V, which is for upright lines, the left top of its cell.

    Attributes:
        turn: quarters by which it is turned clockwise.
    """

    text: str
    x: float
    y: float
    size: float = 10.0
    turn: int = 0
    font: str = "H"


class Rule(NamedTuple):
    """A line."""

    x0: float
    y0: float
    x1: float
    y1: float


def advance_ems(character: str) -> float:
    """How wide a character is."""
    return 0.5 if character < "\u0080" or "｡" <= character <= "ﾟ" else 1.0


def level(text: str, x: float, y: float, size: float = 10.0) -> list[Glyph]:
    """A line of glyphs from left to right, the top of their cells at y."""
    glyphs = []
    for char in text:
        glyphs.append(Glyph(char, x, y + ASCENT * size, size))
        x += advance_ems(char) * size
    return glyphs


def upright(text: str, x: float, y: float, size: float = 10.0) -> list[Glyph]:
    """A line of glyphs from top to bottom, an em each, the left of their cells at x."""
    return [Glyph(char, x, y + i * size + ASCENT * size, size) for i, char in enumerate(text)]


def ruby_over(reading: str, x: float, y: float, base_ems: float, size: float = 10.0) -> list[Glyph]:
    """Ruby of half the size above a base of some ems at x, y, in its middle."""
    left = x + (base_ems * size - len(reading) * size / 2) / 2
    return level(reading, left, y - 0.55 * size, size / 2)


def ruby_beside(reading: str, x: float, y: float, base_ems: float, size: float = 10.0) -> list[Glyph]:
    """Ruby to the right of an upright base at x, y."""
    top = y + (base_ems * size - len(reading) * size / 2) / 2
    return upright(reading, x + 1.05 * size, top, size / 2)


def pdf(
    *pages: Sequence[Glyph | Rule | bytes],
    info: str = "",
    extra: Sequence[bytes] = (),
    paper: tuple[float, float] = (WIDTH, HEIGHT),
    is_compressed: bool = False,
) -> bytes:
    """A PDF of pages; bytes among their parts are operators as they stand.

    Args:
        pages: what is drawn on each, in this order.
        info: entries of the information dictionary.
        extra: further entries of each page's dictionary.
        paper: width and height of the pages.
        is_compressed: whether the pages are deflated.
    """
    width, height = paper
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-H /DescendantFonts [4 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000 /W [1 94 500 231 632 500] "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 6 >> /FontDescriptor 5 0 R >>",
        b"<< /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 6 /FontBBox [0 -120 1000 880] /Ascent 880 "
        b"/Descent -120 /CapHeight 700 /ItalicAngle 0 /StemV 80 >>",
        b"<< " + info.encode("ascii") + b" >>",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3 /Encoding /UniJIS-UTF16-V /DescendantFonts [4 0 R] >>",
    ]
    kids = []
    for parts in pages:
        stream = b"\n".join(_drawn(part, height) for part in parts)
        packed = b""
        if is_compressed:
            stream, packed = zlib.compress(stream, 9), b" /Filter /FlateDecode"
        objects.append(b"<< /Length %d%b >>\nstream\n%b\nendstream" % (len(stream), packed, stream))
        kids.append(b"%d 0 R" % (len(objects) + 1))
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Resources << /Font << /H 3 0 R /V 7 0 R >> >> "
            b"/Contents %d 0 R %b >>" % (width, height, len(objects), b" ".join(extra))
        )
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    out, offsets = bytearray(b"%PDF-1.6\n"), []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


#: The upper left part of the text matrix for each quarter turn clockwise.
_TURNS = (b"1 0 0 1", b"0 -1 1 0", b"-1 0 0 -1", b"0 1 -1 0")


def _drawn(part: Glyph | Rule | bytes, height: float) -> bytes:
    if isinstance(part, bytes):
        return part
    if isinstance(part, Rule):
        return b"0.5 w %g %g m %g %g l S" % (part.x0, height - part.y0, part.x1, height - part.y1)
    code = part.text.encode("utf-16-be").hex().encode()
    # Glyphs of upright fonts hang from the middle of their cell's top.
    x = part.x + part.size / 2 if part.font == "V" else part.x
    start = (part.font.encode(), part.size, _TURNS[part.turn], x, height - part.y)
    return b"BT /%b %g Tf %b %g %g Tm <%b> Tj ET" % (*start, code)
