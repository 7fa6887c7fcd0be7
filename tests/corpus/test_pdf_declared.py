"""What a PDF declares besides its text: bookmarks, tags, values of form fields. The page must bear it out."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String

from manyo.corpus.print.declared_headings import with_headings
from manyo.corpus.print.line_text import TextLine
from manyo.corpus.print.page_parts import Block
from manyo.corpus.print.pdf_tags import Heading
from manyo.corpus.sources.pdf import PdfText, read_pdf
from samples.files.pdf_writer import Glyph, Rule, level, pdf

BODY = [
    "秋の日は釣瓶落としと申しますが、この村では日の暮れるのがこと",
    "さらに早い。山が西にあって、三時を過ぎると家々は影に沈む。",
]
PAGE: list[Glyph | Rule | bytes] = [
    b"/H2 <</MCID 0>> BDC",
    *level("里道の排水", 80, 70),
    b"EMC",
    *[glyph for n, line in enumerate(BODY) for glyph in level(line, 80, 100 + 18 * n)],
]


def changed(data: bytes, change: Callable[[Pdf], None]) -> PdfText:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(data)) as opened:
        change(opened)
        opened.save(out)
    found = read_pdf(out.getvalue())
    assert isinstance(found, PdfText)
    return found


def headings(found: PdfText) -> list[tuple[str, str]]:
    return [
        (found.text[span.start : span.stop], span.value) for span in found.structure.spans() if span.kind == "heading"
    ]


def bookmarked(*titles: str) -> Callable[[Pdf], None]:
    def change(opened: Pdf) -> None:
        with opened.open_outline() as outline:
            outline.root += [OutlineItem(title, 0) for title in titles]

    return change


def test_a_bookmark_makes_the_line_that_it_names_a_heading() -> None:
    assert headings(changed(pdf(PAGE), lambda _: None)) == []
    found = changed(pdf(PAGE), bookmarked("里道の 排水"))
    assert headings(found) == [("里道の排水", "1")]
    assert found.text.split("\n")[0] == "里道の排水"


def test_a_bookmark_that_no_line_of_its_page_says_makes_no_heading() -> None:
    assert headings(changed(pdf(PAGE), bookmarked("里道", "家々は影に沈む", "別の章"))) == []


@pytest.mark.parametrize("title", [b"\xfe\xff\x91\xcc\x90", b"\xfe\xff\xd8\x42\x91\xcc", b"\xfe\xff", b""])
def test_bookmarks_in_half_characters_cost_nothing(title: bytes) -> None:
    def change(opened: Pdf) -> None:
        bookmarked("x")(opened)
        opened.Root.Outlines.First.Title = String(title)

    assert headings(changed(pdf(PAGE), change)) == []


def tagged(opened: Pdf) -> None:
    page = opened.pages[0]
    root = opened.make_indirect(Dictionary(Type=Name.StructTreeRoot))
    element = opened.make_indirect(Dictionary(Type=Name.StructElem, S=Name.H2, P=root, Pg=page.obj, K=0))
    root.K = Array([element])
    root.ParentTree = opened.make_indirect(Dictionary(Nums=Array([0, Array([element])])))
    page.obj.StructParents = 0
    opened.Root.StructTreeRoot = root
    opened.Root.MarkInfo = Dictionary(Marked=True)


def test_a_tag_makes_the_line_that_it_marks_a_heading() -> None:
    assert headings(changed(pdf(PAGE), tagged)) == [("里道の排水", "2")]


def test_tags_that_call_most_of_a_page_a_heading_say_nothing() -> None:
    everything = [b"/H2 <</MCID 0>> BDC", *PAGE[1:6], *PAGE[7:], b"EMC"]
    assert headings(changed(pdf(everything), tagged)) == []


def with_fields(*fields: Dictionary) -> Callable[[Pdf], None]:
    def change(opened: Pdf) -> None:
        annotations = [opened.make_indirect(field) for field in fields]
        opened.pages[0].obj.Annots = Array(annotations)
        opened.Root.AcroForm = opened.make_indirect(Dictionary(Fields=Array(annotations)))

    return change


def field(kind: Name, value: object, left: float, top: float, **more: object) -> Dictionary:
    """A field of 100 by 18 points, its place from the top left corner."""
    rect = Array([left, 842 - top - 18, left + 100, 842 - top])
    given_name = String(f"f{left}{top}")
    return Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=kind, T=given_name, V=value, Rect=rect, F=4, **more)


FORM: list[Glyph | Rule | bytes] = [
    *[glyph for n, line in enumerate(BODY) for glyph in level(line, 80, 100 + 18 * n)],
    *[Rule(80, y, 320, y) for y in (200, 220, 240)],
    *[Rule(x, 200, x, 240) for x in (80, 200, 320)],
    *level("地区", 85, 205),
    *level("同意", 85, 225),
]


def test_values_of_fields_stand_in_the_cells_of_a_form() -> None:
    check = field(Name.Btn, Name.Yes, 205, 221, AS=Name.Yes, AP=Dictionary(N=Dictionary(Yes=Dictionary())))
    found = changed(pdf(FORM), with_fields(field(Name.Tx, String("北町"), 205, 201), check))
    assert "地区\t北町\n同意\t" in found.text


@pytest.mark.parametrize("more", [{"Ff": 1 << 13}, {"F": 2}])
def test_passwords_and_hidden_fields_are_no_text(more: dict[str, int]) -> None:
    hidden = field(Name.Tx, String("秘密の値"), 205, 201)
    for key, value in more.items():
        hidden[f"/{key}"] = value
    assert "秘密" not in changed(pdf(FORM), with_fields(hidden)).text


@given(st.lists(st.text("山川空海", min_size=1, max_size=3), min_size=1, max_size=12), st.data())
def test_taking_out_headings_keeps_all_lines_in_order(texts: list[str], data: st.DataObject) -> None:
    lines = [TextLine(text, 0, 12 * n, 30, 12 * n + 10, 10, False, 0, (), False, -1, 0) for n, text in enumerate(texts)]
    declared = [
        Heading(1, data.draw(st.sampled_from(texts)) + extra) for extra in ("", data.draw(st.sampled_from(texts)))
    ]
    blocks = with_headings([Block(lines)], declared)
    assert [line for block in blocks for line in block.lines] == lines
    wanted = {heading.text for heading in declared}
    assert all("".join(line.text for line in block.lines) in wanted for block in blocks if block.level)


def test_rows_of_a_table_of_contents_are_lines_of_their_own() -> None:
    rows = [
        f"{words}{'…' * (30 - len(words))}{page}"
        for words, page in (("はじめに", "1"), ("里道の排水", "12"), ("水車", "30"))
    ]
    found = read_pdf(pdf([glyph for n, row in enumerate(rows) for glyph in level(row, 80, 100 + 18 * n)]))
    assert isinstance(found, PdfText)
    assert found.text.split("\n") == rows
