"""The kernels that ask PDFium are compared with the same questions from Python, one character or path at a time."""

from __future__ import annotations

import ctypes
import itertools
import math
import random
from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.made_layouts import LAYOUTS, made
from manyo.corpus.jit import Float64s
from manyo.corpus.print.cell_kernels import ASCENT, place_characters, room_for
from manyo.corpus.print.pdf_glyphs import is_full_width, page_of
from manyo.corpus.print.pdf_objects import Drawn, Frame, read_objects
from manyo.corpus.print.pdfium_kernels import Found
from samples.files.pdf_writer import Glyph, Rule, level, pdf

Box = tuple[float, float, float, float]


# --- what is drawn -----------------------------------------------------------------------------------


def outlines(handle: Any, way: Frame) -> Iterator[list[tuple[float, float]]]:
    """The points of each part of a path, the first one again where it is closed."""
    matrix, x, y = raw.FS_MATRIX(), ctypes.c_float(), ctypes.c_float()
    raw.FPDFPageObj_GetMatrix(handle, matrix)
    points: list[tuple[float, float]] = []
    for number in range(raw.FPDFPath_CountSegments(handle)):
        segment = raw.FPDFPath_GetPathSegment(handle, number)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        if raw.FPDFPathSegment_GetType(segment) != raw.FPDF_SEGMENT_LINETO:
            yield points
            points = []
        points.append(
            way.point(
                matrix.a * x.value + matrix.c * y.value + matrix.e, matrix.b * x.value + matrix.d * y.value + matrix.f
            )
        )
        if raw.FPDFPathSegment_GetClose(segment):
            yield [*points, points[0]]
            points = []
    yield points


def drawn_by_path(handle: Any, way: Frame, box: Box) -> tuple[list[Box], list[Box], list[Box]]:
    """The rules, fills and tints of a path."""
    rules: list[Box] = []
    fills: list[Box] = []
    tints: list[Box] = []
    if min(box[2] - box[0], box[3] - box[1]) <= 2:
        return [box], [], []
    mode, stroke = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(handle, mode, stroke)
    colour = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFPageObj_GetFillColor(handle, *colour)
    is_painted = bool(mode.value) and min(part.value for part in colour[:3]) < 247 and colour[3].value > 0
    if is_painted:
        fills.append(box)
    for points in outlines(handle, way):
        if stroke.value:
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                if abs(x0 - x1) <= 0.5 or abs(y0 - y1) <= 0.5:
                    rules.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        if not mode.value or len(points) < 4:
            continue
        xs, ys = zip(*points, strict=True)
        part = (min(xs), min(ys), max(xs), max(ys))
        if min(part[2] - part[0], part[3] - part[1]) <= 2:
            rules.append(part)
        elif is_painted and all(
            min(abs(x - part[0]), abs(x - part[2])) <= 0.5 and min(abs(y - part[1]), abs(y - part[3])) <= 0.5
            for x, y in points
        ):
            tints.append(part)
    return rules, fills, tints


def drawn_on(page: pdfium.PdfPage, way: Frame) -> tuple[list[Box], list[Box], list[Box]]:
    """The rules, fills and tints of a page without forms."""
    found: tuple[list[Box], list[Box], list[Box]] = ([], [], [])
    for number in range(raw.FPDFPage_CountObjects(page.raw)):
        handle = raw.FPDFPage_GetObject(page.raw, number)
        sides = [ctypes.c_float() for _ in range(4)]
        if raw.FPDFPageObj_GetType(handle) == raw.FPDF_PAGEOBJ_PATH and raw.FPDFPageObj_GetBounds(handle, *sides):
            box = way.box(*(side.value for side in sides))
            for all_of_kind, some in zip(found, drawn_by_path(handle, way, box), strict=True):
                all_of_kind += some
    return found


def paths(rng: random.Random) -> bytes:
    """Operators that draw a few paths of all kinds, in a frame of its own."""
    operators = [
        "q",
        f"1 0 0 1 {rng.randrange(40)} {rng.randrange(40)} cm",
        f"{rng.random():.2f} 0.5 {rng.random()} rg",
    ]
    for _ in range(rng.randrange(1, 8)):
        x, y, w, h = (rng.choice((0, 1, 1.5, 30, 200)) + rng.randrange(300) for _ in range(4))
        operators.append(
            rng.choice(
                (
                    f"{x} {y} {w} {rng.choice((0.5, 1, h))} re",
                    f"{x} {y} m {x + w} {y} l {x + w} {y + h} l {rng.choice(('', 'h'))}",
                    f"{x} {y} m {x + w} {y + h} l {x} {y + h} l {x} {y} l",
                    f"{x} {y} m {x} {y + h} {x + w} {y} {x + w} {y + h} c",
                )
            )
        )
        operators.append(rng.choice(("S", "s", "f", "B", "b", "n", "1 1 1 rg f")))
    return "\n".join([*operators, "Q"]).encode()


def assert_alike(one: Float64s, other: list[Box]) -> None:
    np.testing.assert_allclose(one, np.array(other).reshape(-1, 4), rtol=0, atol=1e-4)


@given(st.randoms(use_true_random=False), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_rules_fills_and_tints_are_those_of_each_path(rng: random.Random, quarter: int) -> None:
    document = pdfium.PdfDocument(pdf([paths(rng), Rule(80, 300, 200, 300)]))
    way = Frame.of(quarter, 0.0, 0.0, 595.0, 842.0)
    drawn: Drawn = read_objects(document[0], way)
    rules, fills, tints = drawn_on(document[0], way)
    assert_alike(drawn.rules, rules)
    assert_alike(drawn.fills, fills)
    assert_alike(drawn.tints, tints)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if "table" in name or "frame" in name or "tint" in name])
def test_what_made_layouts_draw_is_found(layout: str) -> None:
    document = pdfium.PdfDocument(made(layout, 7).data)
    way = Frame.of(0, 0.0, 0.0, *document[0].get_size())
    drawn = read_objects(document[0], way)
    for found, expected in zip((drawn.rules, drawn.fills, drawn.tints), drawn_on(document[0], way), strict=True):
        assert_alike(found, expected)


# --- where characters stand --------------------------------------------------------------------------


def cell(found: Found, i: int, size: float, frame: Frame) -> tuple[float, float, float, float, int]:
    """Left, top, right, bottom, and the turn of a character, by plain arithmetic."""
    a, b, c, d = (float(part) for part in found.matrices[i][:4])
    along, up = frame.way(a, b), frame.way(c, d)
    scale, height = math.hypot(*along), math.hypot(*up)
    ex, ey = (along[0] / scale, along[1] / scale) if scale else (0.0, 0.0)
    ux, uy = (up[0] / height, up[1] / height) if height else (0.0, 0.0)
    x, y = frame.point(*found.origins[i])
    loose = frame.box(*(float(found.loose[i][side]) for side in (0, 3, 2, 1)))
    ink = frame.box(*(found.ink[i][side] for side in (0, 2, 1, 3)))
    em = size * scale / max(height, 1e-9)
    far = (loose[2] if ex > 0 else loose[0], loose[3] if ey > 0 else loose[1])
    advance = (far[0] - x) * ex + (far[1] - y) * ey
    is_ink = advance <= 0.05 * em or all(abs(one - other) < 0.01 * em for one, other in zip(loose, ink, strict=True))
    if abs(ex) > abs(ey) and abs(loose[0] - (x if ex > 0 else far[0])) > 0.05 * em:
        is_ink = True
    if is_ink and is_full_width(found.points[i : i + 1])[0]:
        advance = em
    if advance <= 0:
        advance = 0.25 * em
    advance = min(advance, 2 * em)
    corners = [
        (x + share * ux * size + step * ex, y + share * uy * size + step * ey)
        for share in (ASCENT, ASCENT - 1)
        for step in (0, advance)
    ]
    xs, ys = zip(*corners, strict=True)
    turns = [ex > 0.9, ey > 0.9, ex < -0.9, ey < -0.9]
    return min(xs), min(ys), max(xs), max(ys), turns.index(True) if any(turns) else -1


def ink_of(found: Found, i: int, size: float, frame: Frame, turn: int) -> tuple[float, float]:
    """Width and height of a character's ink in ems, as its line has it; 0 for more than two, or for no number."""
    a, b, c, d = (float(part) for part in found.matrices[i][:4])
    em = size * math.hypot(*frame.way(a, b)) / max(math.hypot(*frame.way(c, d)), 1e-9)
    left, top, right, bottom = frame.box(*(found.ink[i][side] for side in (0, 2, 1, 3)))
    wide, high = (bottom - top, right - left) if turn in (1, 3) else (right - left, bottom - top)
    ems = [part / whole if whole > 0 else 0.0 for part, whole in ((wide, em), (high, size))]
    return tuple(part if abs(part) <= 2 else 0.0 for part in ems)  # type: ignore[return-value]


def sizes(found: Found, fonts: list[int], frame: Frame) -> list[float]:
    """The sizes of characters, those of fonts that scale themselves by the ink of their kanji."""
    plain, filled = [], []
    for i in range(len(found.points)):
        plain.append(abs(found.sizes[i]) * math.hypot(*frame.way(*(float(part) for part in found.matrices[i][2:4]))))
        ink = frame.box(*(found.ink[i][side] for side in (0, 2, 1, 3)))
        extent = max(ink[2] - ink[0], ink[3] - ink[1])
        is_kanji = 0x4E00 <= found.points[i] <= 0x9FFF and plain[i] > 0
        filled.append(extent / plain[i] if is_kanji else None)
    corrected = []
    for size, font in zip(plain, fonts, strict=True):
        of_font = [part for part, other in zip(filled, fonts, strict=True) if part is not None and other == font]
        usual = median(of_font) if of_font else 1.0
        corrected.append(size * usual / 0.92 if usual > 1.5 or 0 < usual < 0.5 else size)
    return corrected


@given(st.integers(0, 2**32), st.integers(0, 30), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_cells_are_those_of_plain_arithmetic(seed: int, n: int, quarter: int) -> None:
    """Characters of any matrix, with boxes of any size, in a few fonts."""
    rng = np.random.default_rng(seed)
    angle = rng.choice([0, 0.5, 1, 1.5, 0.1, 0.7], n) * np.pi
    scale = rng.choice([0, 0.5, 1, 12], (n, 2))
    matrices = np.column_stack(
        [np.cos(angle) * scale[:, 0], np.sin(angle) * scale[:, 0], -np.sin(angle) * scale[:, 1],
         np.cos(angle) * scale[:, 1], np.zeros(n), np.zeros(n)]
    )  # fmt: skip
    origins = rng.uniform(0, 500, (n, 2))
    around = np.column_stack([origins[:, 0], origins[:, 0], origins[:, 1], origins[:, 1]])
    ink = around + rng.uniform(-1, 14, (n, 4))
    other = around[:, [0, 2, 1, 3]] + rng.uniform(-1, 14, (n, 4))
    loose = np.where(rng.random((n, 1)) < 0.5, other, ink[:, [0, 3, 1, 2]])
    found = Found(
        rng.choice([ord("山"), ord("あ"), ord("a"), 0x20B9F], n).astype(np.uint32),
        np.arange(n),
        rng.choice([-1.0, 1.0, 10.5], n),
        np.zeros(n, np.bool_),
        loose.astype(np.float32),
        ink,
        origins,
        matrices.astype(np.float32),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
        np.zeros((n, 4), np.uint32),
        np.zeros(n, np.bool_),
        np.zeros(n, np.int64),
    )
    frame, fonts = Frame.of(quarter, 0.0, 0.0, 595.0, 842.0), rng.integers(0, 3, n)
    cells = room_for(n)
    place_characters(found, fonts, is_full_width(found.points), np.array(frame, np.float64), cells)
    expected_sizes = sizes(found, fonts.tolist(), frame)
    np.testing.assert_allclose(cells.size, expected_sizes)
    for i, size in enumerate(expected_sizes):
        here = cells.left[i], cells.top[i], cells.right[i], cells.bottom[i], cells.turn[i]
        np.testing.assert_allclose(here, cell(found, i, size, frame), atol=1e-6)
        own = cells.ink_width[i], cells.ink_height[i]
        np.testing.assert_allclose(own, ink_of(found, i, size, frame, int(cells.turn[i])), atol=1e-6)


# --- what the file says of its characters ------------------------------------------------------------


def test_furniture_and_marked_contents_are_those_that_the_file_names() -> None:
    def marked(tag: str, glyphs: list[Glyph]) -> list[Glyph | bytes]:
        return [tag.encode(), *glyphs, b"EMC"]

    page = page_of(
        pdfium.PdfDocument(
            pdf(
                [
                    *marked("/Artifact BMC", level("上の欄外", 80, 20)),
                    *marked("/P << /MCID 3 >> BDC", level("本文の行", 80, 40)),
                    *marked("/ArtifactOfMine BMC", level("別の印", 80, 60)),
                    *level("印のない行", 80, 90),
                ]
            )
        ),
        0,
    )
    furniture = page.glyphs.taken(page.is_artifact).points
    assert "".join(map(chr, furniture.tolist())) == "上の欄外"


def test_a_glyph_whose_place_is_no_number_is_outside_the_page() -> None:
    huge = b"BT /H 10 Tf 1e38 0 0 1e38 1e38 1e38 Tm <5C71> Tj ET"
    page = page_of(pdfium.PdfDocument(pdf([*level("山川空海", 80, 40), huge])), 0)
    assert np.isfinite([page.glyphs.left, page.glyphs.top, page.glyphs.right, page.glyphs.bottom]).all()
