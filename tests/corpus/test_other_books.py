"""ODT, IDML, TeX, DTBook, JATS, Markdown and tables: the same text and structure from each."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.idml import read_idml
from manyo.corpus.books.markup_files import read_dtbook, read_jats, read_markdown
from manyo.corpus.books.odt import read_flat_odt, read_odt
from manyo.corpus.books.records_as_text import read_json, read_table
from manyo.corpus.books.tex import read_tex
from samples.files.pack_files import zip_of

LIMIT = 1 << 24


def spans(book: Book, kind: str) -> list[tuple[str, str]]:
    return [(book.text[span.start : span.stop], span.value) for span in book.structure.spans() if span.kind == kind]


# --- ODT ---------------------------------------------------------------------------------------------------

_NAMES = " ".join(
    f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for prefix, name in (("office", "office"), ("text", "text"), ("table", "table"), ("style", "style"), ("fo", "x"))
)


def odt(body: str, styles: str = "") -> bytes:
    content = (
        f"<office:document-content {_NAMES}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    return zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content}, stored=("mimetype",))


def test_odt_gives_what_stays_when_changes_are_accepted_with_readings_notes_and_tables() -> None:
    body = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>消した</text:p></text:deletion>"
        "</text:changed-region></text:tracked-changes>"
        '<text:h text:outline-level="2">霧の<text:ruby><text:ruby-base>峠</text:ruby-base>'
        "<text:ruby-text>とうげ</text:ruby-text></text:ruby></text:h>"
        '<text:p>朝<text:change-start text:change-id="c"/>の<text:change-end text:change-id="c"/>霧'
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>濃い。</text:p></text:note-body>"
        '</text:note>が<text:span text:style-name="T1">晴れ</text:span>た。'
        "<office:annotation><text:p>確認</text:p></office:annotation></text:p>"
        "<text:list><text:list-item><text:p>竹</text:p></text:list-item></text:list>"
        "<table:table><table:table-row><table:table-cell><text:p>日</text:p></table:table-cell>"
        "<table:covered-table-cell/>"
        "<table:table-cell><text:p>高さ</text:p></table:table-cell></table:table-row></table:table>"
    )
    style = '<style:style style:name="T1"><style:text-properties style:text-emphasize="dot above"/></style:style>'
    book = read_odt(odt(body, style), LIMIT)
    assert book.text == "霧の峠\n朝の霧が晴れた。\n竹\n日\t高さ\n濃い。"
    assert spans(book, "heading") == [("霧の峠", "2")]
    assert spans(book, "ruby") == [("峠", "とうげ")]
    assert spans(book, "emphasis") == [("晴れ", "")]
    assert spans(book, "note") == [("濃い。", "")]


def test_an_odt_with_a_password_is_refused_and_a_flat_one_is_read() -> None:
    locked = "<m:manifest xmlns:m='m'><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>"
    with pytest.raises(UnreadableError) as error:
        read_odt(zip_of({"META-INF/manifest.xml": locked, "content.xml": "x"}), LIMIT)
    assert error.value.reason == "encrypted"
    body = "<office:body><office:text><text:p>霧。</text:p></office:text></office:body>"
    assert read_flat_odt(f"<office:document {_NAMES}>{body}</office:document>".encode(), LIMIT).text == "霧。"


# --- IDML --------------------------------------------------------------------------------------------------

_PKG = 'xmlns:idPkg="http://ns.adobe.com/AdobeInDesign/idml/1.0/packaging"'


def idml(stories: dict[str, str], frames: dict[str, tuple[int, int]], binding: str = "LeftToRight") -> bytes:
    """A document of one spread; frames by story, with the place of their upper left corner."""
    spread = "".join(
        f'<TextFrame ParentStory="{story}" ItemTransform="1 0 0 1 {x} {y}"><PathPointType Anchor="0 0"/>'
        '<PathPointType Anchor="100 50"/></TextFrame>'
        for story, (x, y) in frames.items()
    )
    parts = {f"Stories/Story_{name}.xml": f'<idPkg:Story {_PKG}><Story Self="{name}">{body}</Story></idPkg:Story>'
             for name, body in stories.items()}  # fmt: skip
    design = "".join(f'<idPkg:Story src="Stories/Story_{name}.xml"/>' for name in stories)
    return zip_of(
        {
            "mimetype": "application/vnd.adobe.indesign-idml-package",
            "designmap.xml": f'<Document {_PKG}><idPkg:Preferences src="Resources/Preferences.xml"/>'
            f'<idPkg:Spread src="Spreads/Spread_s.xml"/>{design}</Document>',
            "Resources/Preferences.xml": f'<idPkg:Preferences {_PKG}><DocumentPreference PageBinding="{binding}"/>'
            "</idPkg:Preferences>",
            "Spreads/Spread_s.xml": f'<idPkg:Spread {_PKG}><Spread Self="s">{spread}</Spread></idPkg:Spread>',
            **parts,
        }
    )


def story(*ranges: str, style: str = "本文") -> str:
    return (
        f'<ParagraphStyleRange AppliedParagraphStyle="ParagraphStyle/{style}">{"".join(ranges)}</ParagraphStyleRange>'
    )


def characters(text: str, attributes: str = "") -> str:
    return f"<CharacterStyleRange {attributes}><Content>{text}</Content></CharacterStyleRange>"


@pytest.mark.parametrize(("binding", "expected"), [("RightToLeft", "右。\n左。"), ("LeftToRight", "左。\n右。")])
def test_idml_stories_follow_one_another_as_their_frames_stand(binding: str, expected: str) -> None:
    stories = {"u1": story(characters("左。")), "u2": story(characters("右。")), "u3": story(characters("柱"))}
    book = read_idml(idml(stories, {"u1": (-200, 0), "u2": (50, 0)}, binding), LIMIT)
    assert (book.text, book.meta["stories_left_out"]) == (expected, 1)


def test_idml_readings_emphasis_notes_tables_and_changes() -> None:
    cells = (("0:0", "日"), ("0:1", "一日"), ("1:0", "高さ"), ("1:1", "二段"))
    table = "".join(f'<Cell Name="{name}">{story(characters(text))}</Cell>' for name, text in cells)
    body = story(characters("霧の朝"), "<Br/>", style="大見出し1") + story(
        characters("峠", 'RubyFlag="1" RubyString="とう げ"'),
        characters("の"),
        characters("茶屋", 'KentenKind="KentenSesameDot"'),
        f'<Change ChangeType="DeletedText">{characters("消")}</Change>',
        f'<Change ChangeType="InsertedText">{characters("が")}</Change>',
        f"<CharacterStyleRange><Footnote>{story(characters('注。'))}</Footnote></CharacterStyleRange>",
        characters("ある。"),
        "<CharacterStyleRange><Br/></CharacterStyleRange>",
        f"<CharacterStyleRange><Table>{table}</Table></CharacterStyleRange>",
    )
    book = read_idml(idml({"u1": body}, {"u1": (0, 0)}), LIMIT)
    assert book.text == "霧の朝\n峠の茶屋がある。\n日\t高さ\n一日\t二段\n注。"
    assert (spans(book, "heading"), spans(book, "ruby")) == ([("霧の朝", "1")], [("峠", "とうげ")])
    assert (spans(book, "emphasis"), spans(book, "note")) == ([("茶屋", "")], [("注。", "")])


# --- TeX ---------------------------------------------------------------------------------------------------


def test_tex_gives_headings_readings_lists_tables_formulas_and_notes() -> None:
    source = r"""\documentclass{jsbook}\title{霧の本}\author{水野}
\newcommand{\x}{y}
\begin{document}\maketitle
\chapter{峠\label{c}}
　\ruby{茶屋}{ちや|や}は\emph{霧}の中\footnote{濃い。}。% 注
式は$a_1 < b$である\cite{k}。

\begin{itemize}\item 竹
\item[い] 縄\end{itemize}
\begin{tabular}{ll}日 & 高さ \\ 一日 & 二段 \\ \end{tabular}
\begin{verbatim}
a % b
\end{verbatim}
\end{document}
"""
    book = read_tex(source.encode())
    assert book.title == "霧の本"
    assert book.text == ("峠\n　茶屋は霧の中。式は$a_1 < b$である。\n竹\nい　縄\n日\t高さ\n一日\t二段\na % b\n濃い。")
    assert spans(book, "ruby") == [("茶屋", "ちやや")]
    assert [kind for kind in ("math", "emphasis", "code", "note", "item") for _ in spans(book, kind)] == [
        "math", "emphasis", "code", "note", "item", "item",
    ]  # fmt: skip


@given(st.text("霧a\\{}[]$%&~ \nbegin", max_size=60))
def test_any_tex_gives_text_or_a_reason(source: str) -> None:
    assert _reason(lambda: read_tex(source.encode())) in ("", "no_text", "broken_file")


def test_groups_that_nest_without_end_are_refused() -> None:
    for source in (b"\\emph{" * 100_000, b"\\emph{" * 100_000 + b"}" * 100_000, b"\\begin{quote}" * 100_000):
        assert _reason(lambda source=source: read_tex(source)) == "broken_file"


def _reason(read: object) -> str:
    try:
        read()  # type: ignore[operator]
    except UnreadableError as error:
        return error.reason
    return ""


# --- markup ------------------------------------------------------------------------------------------------


def test_a_dtbook_gives_its_levels_page_numbers_and_notes() -> None:
    book = read_dtbook(
        b'<dtbook xmlns="http://www.daisy.org/z3986/2005/dtbook/"><head><meta name="dc:Title" content="T"/></head>'
        b"<book><frontmatter>"
        + '<doctitle>川の本</doctitle></frontmatter><bodymatter><level1><h1>川</h1><pagenum id="p3">3</pagenum>'
        '<p>水<noteref idref="#n">1</noteref>。</p><note id="n"><p>真水。</p></note>'
        '<list type="ol"><li>竹</li></list>'
        '<imggroup><img alt="川の図" src="a.png"/><prodnote>図の説明</prodnote></imggroup>'
        "</level1></bodymatter></book></dtbook>".encode()
    )
    assert book.text == "川の本\n川\n水1。\n真水。\n竹"
    assert (book.title, book.pages) == ("T", [("3", 6)])
    assert spans(book, "item") == [("竹", "1")]


def test_an_article_gives_abstract_and_body_without_references() -> None:
    book = read_jats(
        "<article><front><article-meta><title-group><article-title>霜の研究</article-title></title-group>"
        "<abstract><p>霜を調べた。</p></abstract></article-meta></front><body><sec><title>はじめに</title>"
        '<p>霜が置く<xref ref-type="bibr">1)</xref>。<xref ref-type="fig">図1</xref></p>'
        "<sec><title>方法</title></sec></sec></body><back><ref-list><ref><mixed-citation>山田</mixed-citation></ref></ref-list></back></article>".encode()
    )
    assert (book.title, book.text) == ("霜の研究", "霜を調べた。\nはじめに\n霜が置く。図1\n方法")
    assert spans(book, "heading") == [("はじめに", "1"), ("方法", "2")]


def test_markdown_gives_its_structure_and_keeps_the_indent_of_paragraphs() -> None:
    book = read_markdown(
        "---\ntitle: 霧の本\n---\n# 霧\n\n　朝の<ruby>霧<rt>きり</rt></ruby>は**濃い**。\n{続|つづ}き。\n\n- 竹\n\n"
        "| 日 | 高さ |\n|---|---|\n| 一 | 二 |\n".encode()
    )
    assert book.text == "霧\n　朝の霧は濃い。続き。\n竹\n日\t高さ\n一\t二"
    assert (book.title, spans(book, "ruby"), spans(book, "emphasis")) == (
        "霧の本", [("霧", "きり"), ("続", "つづ")], [("濃い", "")]
    )  # fmt: skip


# --- tables ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_columns_of_sentences_are_paragraphs_and_others_are_named(delimiter: str) -> None:
    rows = (("章", "本文", "問い"), ("1", "　霧が出た。", "なぜか。"), ("2", "川\nは。", "　"))
    lines = [delimiter.join(f'"{cell}"' for cell in row) for row in rows]
    book = read_table("\r\n".join(lines).encode("cp932"))
    assert (book.text, book.meta["columns_left_out"]) == ("　霧が出た。\nなぜか。\n川\nは。", ["章"])


def test_a_table_without_sentences_is_a_table() -> None:
    book = read_table("日,高さ\n一日,二段\n".encode())
    assert book.text == "日\t高さ\n一日\t二段"
    assert [text for text, value in spans(book, "cell") if value] == ["日", "高さ"]


def test_json_gives_the_texts_of_its_objects_in_order() -> None:
    book = read_json('{"unit": "川", "items": [{"q": "なぜか。"}, {"q": "どうか。", "n": 3}]}'.encode())
    assert (book.text, book.meta["columns_left_out"]) == ("なぜか。\nどうか。", ["unit", "n"])


def test_json_lines_are_one_text() -> None:
    book = read_json('{"q": "なぜか。"}\n\n{"q": "どうか。"}\n'.encode())
    assert book.text == "なぜか。\nどうか。"


@pytest.mark.parametrize("data", [b'{"a": 1}\n{', b"{", b"[1, 2]", b'{"a": ' + b"[" * 100_000])
def test_json_without_text_is_refused(data: bytes) -> None:
    assert _reason(lambda: read_json(data)) in ("broken_file", "no_text")
