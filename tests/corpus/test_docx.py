"""Word documents: tracked changes resolved, readings out of the base, numbers counted as Word counts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.docx import read_docx
from manyo.corpus.books.docx_numbering import number_as
from samples.files.pack_files import docx, zip_of

LIMIT = 1 << 24
INS = '<w:ins w:id="1" w:author="校閲者">{}</w:ins>'
DEL = '<w:del w:id="2" w:author="校閲者"><w:r><w:delText>{}</w:delText></w:r></w:del>'
STYLES = (
    '<w:style w:type="paragraph" w:styleId="a"><w:name w:val="heading 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="b"><w:name w:val="目次 1"/></w:style>'
    '<w:style w:type="paragraph" w:styleId="c"><w:name w:val="節題"/><w:basedOn w:val="a"/></w:style>'
)


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*content: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{''.join(content)}</w:p>"


def read(*blocks: str, **parts: str) -> Book:
    return read_docx(docx("".join(blocks), parts), LIMIT)


def reason_of(data: bytes) -> tuple[str, str]:
    """Why a file is not read, and what was found; empty for one that is."""
    try:
        return ("", "") if read_docx(data, LIMIT).text else ("empty", "")
    except UnreadableError as error:
        return error.reason, error.detail


def spans(book: Book, kind: str) -> list[tuple[str, str]]:
    return [(book.text[span.start : span.stop], span.value) for span in book.structure.spans() if span.kind == kind]


@given(
    st.lists(
        st.tuples(st.sampled_from(["kept", "inserted", "deleted", "moved"]), st.text("霧川峠", min_size=1)), min_size=1
    )
)
def test_the_text_is_what_stays_when_every_change_is_accepted(pieces: list[tuple[str, str]]) -> None:
    forms = {
        "kept": run("{}"),
        "inserted": INS.format(run("{}")),
        "deleted": DEL,
        "moved": f'<w:moveFrom w:id="3">{run("{}")}</w:moveFrom>',
    }
    body = "".join(forms[kind].replace("{}", text) for kind, text in pieces)
    expected = "".join(text for kind, text in pieces if kind in ("kept", "inserted"))
    assert read(paragraph(run("始")), paragraph(body)).text == "始\n" + expected if expected else "始"


def test_a_paragraph_whose_mark_was_deleted_goes_on_in_the_next_one() -> None:
    gone = '<w:rPr><w:del w:id="1" w:author="校閲者"/></w:rPr>'
    book = read(paragraph(run("霧が"), properties=gone), paragraph(run("晴れた。")), paragraph(run("次。")))
    assert book.text == "霧が晴れた。\n次。"


def test_what_follows_a_paragraph_that_was_deleted_whole_is_what_its_own_properties_say() -> None:
    gone = '<w:rPr><w:del w:id="1" w:author="校閲者"/></w:rPr>'
    book = read(
        paragraph(run("前。")),
        paragraph(DEL.format("消した。"), properties=gone),
        paragraph(run("題"), properties='<w:pStyle w:val="a"/>'),
        styles=STYLES,
    )
    assert (book.text, spans(book, "heading")) == ("前。\n題", [("題", "1")])


def test_a_row_that_was_deleted_and_a_cell_of_a_merged_column_are_not_there() -> None:
    cell = "<w:tc>{}</w:tc>"
    one = cell.format(paragraph(run("一")))
    merged = "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
    start = f'<w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr>{paragraph(run("縦"))}</w:tc>'
    deleted = f'<w:tr><w:trPr><w:del w:id="9"/></w:trPr>{one}{one}</w:tr>'
    book = read(f"<w:tbl><w:tr>{start}{one}</w:tr>{deleted}<w:tr>{merged}{one}</w:tr></w:tbl>")
    assert book.text == "縦\t一\n一"


def test_the_base_of_a_ruby_is_text_and_its_reading_a_span() -> None:
    ruby = f"<w:r><w:ruby><w:rt>{run('きり')}</w:rt><w:rubyBase>{run('霧')}</w:rubyBase></w:ruby></w:r>"
    book = read(paragraph(run("朝の"), ruby, run("です。")))
    assert (book.text, spans(book, "ruby")) == ("朝の霧です。", [("霧", "きり")])


def field(instruction: str, result: str = "") -> str:
    mark = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    shown = mark.format("separate") + result if result else ""
    return f"{mark.format('begin')}<w:r><w:instrText>{instruction}</w:instrText></w:r>{shown}{mark.format('end')}"


def test_fields_of_old_word_are_readings_and_others_give_their_results() -> None:
    old = field(r'EQ \* jc2 \* "Font:ＭＳ 明朝" \* hps10 \o\ad(\s\up 9(きり),霧)')
    seal = field(r"eq \o\ac(○,印)")
    book = read(paragraph(old, run("の"), seal, field(' HYPERLINK "x" ', run("頁"))))
    assert (book.text, spans(book, "ruby")) == ("霧の印頁", [("霧", "きり")])


def test_contents_comments_hidden_text_and_headers_are_left_out() -> None:
    book = read(
        paragraph(run("目次"), properties='<w:pStyle w:val="b"/>'),
        paragraph(field(" TOC \\o ", run("一……1"))),
        "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj></w:sdtPr>"
        f"<w:sdtContent>{paragraph(run('もくじ'))}</w:sdtContent></w:sdt>",
        paragraph(run("本文。"), run("隠", "<w:vanish/>"), '<w:r><w:commentReference w:id="0"/></w:r>'),
        styles=STYLES,
        comments=f'<w:comment w:id="0">{paragraph(run("注意"))}</w:comment>',
        header1=paragraph(run("柱")),
    )
    assert book.text == "本文。"


def test_notes_follow_at_the_end_in_the_order_of_their_references() -> None:
    note = '<w:footnote w:id="{}">{}</w:footnote>'
    reference = '<w:r><w:footnoteReference w:id="{}"/></w:r>'
    book = read(
        paragraph(run("霧"), reference.format(3), run("と川"), reference.format(2), run("。")),
        paragraph(run("次。")),
        footnotes=f'<w:footnote w:type="separator" w:id="0">{paragraph(run("―"))}</w:footnote>'
        + note.format(2, paragraph(run("川の注。")))
        + note.format(3, paragraph(run("霧の注。"))),
    )
    assert book.text == "霧と川。\n次。\n霧の注。\n川の注。"
    assert spans(book, "note") == [("霧の注。", ""), ("川の注。", "")]


def test_of_alternative_contents_one_is_read_and_a_text_box_follows_its_paragraph() -> None:
    box = f"<w:txbxContent>{paragraph(run('囲み。'))}</w:txbxContent>"
    mc = "http://schemas.openxmlformats.org/markup-compatibility/2006"
    both = (
        f'<w:r><m:AlternateContent xmlns:m="{mc}"><m:Choice><w:drawing>{box}</w:drawing></m:Choice>'
        f"<m:Fallback><w:pict>{box}</w:pict></m:Fallback></m:AlternateContent></w:r>"
    )
    assert read(paragraph(run("前"), both, run("後。")), paragraph(run("次。"))).text == "前後。\n囲み。\n次。"


def test_headings_come_from_styles_their_bases_and_outline_levels() -> None:
    book = read(
        paragraph(run("霧"), properties='<w:pStyle w:val="a"/>'),
        paragraph(run("川"), properties='<w:pStyle w:val="c"/>'),
        paragraph(run("峠"), properties='<w:outlineLvl w:val="2"/>'),
        paragraph(run("本文"), properties='<w:outlineLvl w:val="9"/>'),
        styles=STYLES,
    )
    assert spans(book, "heading") == [("霧", "1"), ("川", "1"), ("峠", "3")]
    assert book.title == "霧"


def test_dots_and_bold_are_emphasis() -> None:
    book = read(paragraph(run("霧", '<w:em w:val="comma"/>'), run("川", '<w:em w:val="none"/>'), run("峠", "<w:b/>")))
    assert spans(book, "emphasis") == [("霧", ""), ("峠", "")]


def test_vertical_text_is_known_by_its_section() -> None:
    assert read(paragraph(run("霧"))).meta["direction"] == "horizontal"
    section = '<w:sectPr><w:textDirection w:val="tbRl"/></w:sectPr>'
    assert read(paragraph(run("霧")), section).meta["direction"] == "vertical"


def numbered(level: str, number: str = "1") -> str:
    return f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'


NUMBERING = (
    '<w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="decimalEnclosedCircle"/><w:lvlText w:val="%1"/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="aiueo"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum>'
    '<w:abstractNum w:abstractNumId="1">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="japaneseCounting"/><w:lvlText w:val="第%1条"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
)


def test_numbers_of_a_list_are_values_of_its_items_and_start_anew_below_the_next_one() -> None:
    levels = ["0", "1", "1", "0", "1"]
    book = read(*(paragraph(run("霧"), properties=numbered(level)) for level in levels), numbering=NUMBERING)
    assert book.text == "\n".join(["霧"] * 5)
    assert [value for _, value in spans(book, "item")] == ["①", "(ア)", "(イ)", "②", "(ア)"]
    assert len(spans(book, "list")) == 1


def test_a_label_with_words_is_text() -> None:
    blocks = [paragraph(run(text), properties=numbered("0", "2")) for text in ("水を守る。", "甕を置く。")]
    assert read(*blocks, numbering=NUMBERING).text == "第一条　水を守る。\n第二条　甕を置く。"


@pytest.mark.parametrize(
    ("form", "number", "written"),
    [("decimalFullWidth", 12, "１２"), ("decimalEnclosedCircle", 21, "21"), ("iroha", 3, "ハ"),
     ("lowerRoman", 49, "xlix"),
     ("japaneseCounting", 1021, "千二十一"), ("japaneseDigitalTenThousand", 20, "二〇"), ("upperLetter", 27, "AA")],
)  # fmt: skip
def test_numbers_are_written_in_the_formats_of_word(form: str, number: int, written: str) -> None:
    assert number_as(form, number) == written


def test_a_package_without_a_document_is_broken_and_one_without_characters_has_no_text() -> None:
    for data, reason in ((zip_of({"x": "y"}), "broken_file"), (docx(""), "no_text"), (b"PK\3\4", "broken_file")):
        assert reason_of(data)[0] == reason


@given(st.integers(0, 2500), st.binary(min_size=1, max_size=30))
def test_a_damaged_document_gives_text_or_a_reason(at: int, noise: bytes) -> None:
    data = docx(paragraph(run("霧。")), {"styles": STYLES})
    at = min(at, len(data) - 1)
    reason, detail = reason_of(data[:at] + noise + data[at + len(noise) :])
    assert reason in ("", "broken_file", "encrypted", "no_text", "too_large")
    assert bool(reason) == bool(detail)
