"""EPUB: the spine's order, readings out of the base, and what is no text of the book left out."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.books.book import Book, UnreadableError
from manyo.corpus.books.epub import read_epub
from samples.files.pack_files import epub, zip_of

LIMIT = 1 << 24
OBFUSCATED = "http://www.idpf.org/2008/embedding"


def read(body: str, **parts: str) -> Book:
    return read_epub(epub({"a.xhtml": body, **parts}), LIMIT)


def reason_of(data: bytes) -> tuple[str, str]:
    """Why a file is not read, and what was found; empty for one that is."""
    try:
        return ("", "") if read_epub(data, LIMIT).text else ("empty", "")
    except UnreadableError as error:
        return error.reason, error.detail


def spans(book: Book, kind: str) -> list[tuple[str, str]]:
    return [(book.text[span.start : span.stop], span.value) for span in book.structure.spans() if span.kind == kind]


def encryption(*algorithms: str) -> dict[str, str | bytes]:
    data = "".join(
        f'<e:EncryptedData><e:EncryptionMethod Algorithm="{algorithm}"/>'
        '<e:CipherData><e:CipherReference URI="item/a.xhtml"/></e:CipherData></e:EncryptedData>'
        for algorithm in algorithms
    )
    return {"META-INF/encryption.xml": f'<encryption xmlns:e="http://www.w3.org/2001/04/xmlenc#">{data}</encryption>'}


@given(st.permutations(range(5)))
def test_the_parts_follow_one_another_as_the_spine_says_not_as_the_files_do(order: list[int]) -> None:
    parts = {f"p{number}.xhtml": f"<p>{number}番</p>" for number in range(5)}
    book = read_epub(epub(parts, order=[f"p{number}.xhtml" for number in order]), LIMIT)
    assert book.text.split("\n") == [f"{number}番" for number in order]


@given(st.lists(st.tuples(st.text("霧川峠", min_size=1, max_size=3), st.text("きりかわ", min_size=1, max_size=4))))
def test_the_base_of_a_ruby_is_text_and_its_reading_a_span_in_every_form_that_ruby_has(
    pairs: list[tuple[str, str]],
) -> None:
    forms = (
        "<ruby>{0}<rt>{1}</rt></ruby>",
        "<ruby><rb>{0}</rb><rp>（</rp><rt>{1}</rt><rp>）</rp></ruby>",
        "<ruby>\n<rb>{0}</rb>\n<rt>{1}</rt>\n</ruby>",
        "<ruby>{0}<rtc><rt>{1}</rt></rtc></ruby>",
    )
    body = "".join(forms[number % 4].format(*pair) + "と" for number, pair in enumerate(pairs))
    book = read(f"<p>始{body}</p>")
    assert book.text == "始" + "".join(f"{base}と" for base, _ in pairs)
    assert spans(book, "ruby") == pairs


@pytest.mark.parametrize(
    ("ruby", "expected"),
    [
        ("<rb>一</rb><rb>本</rb><rt>いっ</rt><rt>ぽん</rt>", [("一", "いっ"), ("本", "ぽん")]),
        ("一<rt>いっ</rt>本<rt>ぽん</rt>", [("一", "いっ"), ("本", "ぽん")]),
        ("<rb>一</rb><rb>本</rb><rt>いっぽん</rt>", [("一本", "いっぽん")]),
        ("一<span>本</span><rt>いっぽん</rt>", [("一本", "いっぽん")]),
        ("一本<rt></rt>", []),
    ],
)
def test_bases_and_readings_are_paired_one_by_one_where_there_are_as_many(
    ruby: str, expected: list[tuple[str, str]]
) -> None:
    book = read(f"<p>竹の<ruby>{ruby}</ruby>。</p>")
    assert (book.text, spans(book, "ruby")) == ("竹の一本。", expected)


@pytest.mark.parametrize(
    "part",
    [
        '<nav epub:type="toc"><ol><li><a href="a.xhtml">一</a></li></ol></nav>',
        '<section epub:type="cover"><h1>本</h1></section>',
        '<div role="doc-toc"><p>一</p></div>',
        '<p hidden="">見えない</p>',
        '<p style="display: none">見えない</p>',
        "<p><del>消した</del></p>",
        "<script>var a;</script>",
        '<svg xmlns="http://www.w3.org/2000/svg"><title>図</title><desc>説明</desc></svg>',
    ],
)
def test_what_nobody_reads_out_is_left_out(part: str) -> None:
    assert read(f"<p>本文。</p>{part}<p>終わり。</p>").text == "本文。\n終わり。"


def test_a_list_of_links_to_other_parts_is_contents_whatever_it_is_called() -> None:
    links = "".join(f'<li><a href="a.xhtml#c{number}">第{number}章　霧</a></li>' for number in range(5))
    assert read("<p>本文。</p>", **{"x.xhtml": f"<h1>もくじ</h1><ul>{links}</ul>"}).text == "本文。"


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("p-colophon.xhtml", "<p>架空書房</p>"),
        ("z.xhtml", "<h2>奥 付</h2><p>架空書房</p>"),
        ("z.xhtml", '<section epub:type="colophon"><p>架空書房</p></section>'),
    ],
)
def test_the_colophon_is_kept_beside_the_text(name: str, body: str) -> None:
    book = read("<p>本文。</p>", **{name: body})
    assert book.text == "本文。"
    assert "架空書房" in str(book.meta["colophon"])


def test_a_note_is_a_span_where_it_stands_and_its_mark_stays() -> None:
    book = read(
        '<p>竹である<a epub:type="noteref" href="#n">１</a>。</p>'
        '<aside epub:type="footnote" id="n"><p>１　鯨尺。</p></aside><p>次。</p>'
    )
    assert book.text == "竹である１。\n１　鯨尺。\n次。"
    assert spans(book, "note") == [("１　鯨尺。", "")]


def test_a_note_that_is_hidden_until_a_reader_asks_is_text() -> None:
    book = read('<p>竹である。</p><aside epub:type="footnote" hidden="hidden"><p>鯨尺。</p></aside>')
    assert book.text == "竹である。\n鯨尺。"


def test_dots_that_are_set_as_ruby_are_emphasis() -> None:
    book = read("<p><ruby>霧<rt>﹅</rt></ruby><ruby>川<rt>・</rt></ruby><ruby>峠<rt>とうげ</rt></ruby></p>")
    assert spans(book, "emphasis") == [("霧", ""), ("川", "")]
    assert spans(book, "ruby") == [("峠", "とうげ")]


def test_a_book_with_japanese_names_of_parts_is_read_without_the_flag_of_utf_8() -> None:
    data = epub({"AAA.xhtml": "<p>霧。</p>"})
    named = _with_opf(data, 'href="AAA.xhtml"', 'href="%E4%B8%80.xhtml"').replace(b"AAA.xhtml", "一.xhtml".encode())
    assert read_epub(named, LIMIT).text == "霧。"


def test_a_page_break_is_a_page_start_and_its_number_no_text() -> None:
    book = read('<p>前。</p><span epub:type="pagebreak" title="12" id="p12">12</span><p>後。</p>')
    assert (book.text, book.pages) == ("前。\n後。", [("12", 3)])


def test_dots_of_a_style_sheet_are_emphasis_and_its_hidden_classes_are_left_out() -> None:
    style = ".bouten { -epub-text-emphasis-style: sesame } span.x { display: none } .y { text-emphasis: none }"
    body = '<p><span class="bouten">霧</span><span class="x">隠</span><span class="y">川</span></p>'
    book = read_epub(epub({"a.xhtml": body}, others={"item/s.css": style}), LIMIT)
    assert (book.text, spans(book, "emphasis")) == ("霧川", [("霧", "")])


@pytest.mark.parametrize(
    ("alt", "written"),
    [("髙", "髙"), ("※［＃「口＋斗」、U+544C］", "呌"), ("※［＃「竹かんむり＋尺」］", "※［＃「竹かんむり＋尺」］")],
)
def test_a_picture_of_a_character_is_the_character_or_what_describes_it(alt: str, written: str) -> None:
    assert read(f'<p><img class="gaiji" src="g.png" alt="{alt}"/>という字。</p>').text == f"{written}という字。"


def test_a_picture_of_something_else_is_no_text() -> None:
    assert read('<p>本文。<img src="f.png" alt="川の写真"/></p>').text == "本文。"


def test_tables_lists_and_code_have_structure() -> None:
    book = read(
        "<table><tr><th>日</th><th>高さ</th></tr><tr><td>一日</td><td/></tr></table>"
        "<ol start='3'><li>竹</li><li>縄</li></ol><pre>a\n  b</pre>"
    )
    assert book.text == "日\t高さ\n一日\n竹\n縄\na\n  b"
    assert spans(book, "item") == [("竹", "3"), ("縄", "4")]
    assert [text for text, value in spans(book, "cell") if value == "h"] == ["日", "高さ"]


def test_a_part_outside_the_linear_order_follows_at_the_end() -> None:
    parts = {"n.xhtml": "<p>注。</p>", "a.xhtml": "<p>本文。</p>"}
    with_linear = _with_opf(epub(parts), '<itemref idref="i0"/>', '<itemref idref="i0" linear="no"/>')
    assert read_epub(with_linear, LIMIT).text == "本文。\n注。"


def _with_opf(data: bytes, old: str, new: str) -> bytes:
    """The book with a change of its package document."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, str | bytes] = {name: archive.read(name) for name in archive.namelist()}
    opf = bytes(parts["item/standard.opf"]).decode()  # type: ignore[arg-type]
    assert old in opf
    parts["item/standard.opf"] = opf.replace(old, new)
    return zip_of(parts)


def test_fixed_layout_has_a_page_for_each_part_and_blanks_between_words_stay() -> None:
    fixed = '<meta property="rendition:layout">pre-paginated</meta>'
    parts = {
        f"pg{number}.xhtml": f'<div style="position:absolute"><p>うみが　{number} つ。</p></div>' for number in "12"
    }
    book = read_epub(epub(parts, metadata=fixed), LIMIT)
    assert (book.text, book.pages, book.meta["layout"]) == (
        "うみが　1 つ。\nうみが　2 つ。", [("pg1", 0), ("pg2", 9)], "fixed"
    )  # fmt: skip


def test_a_fixed_layout_of_pictures_says_that_it_needs_ocr() -> None:
    fixed = '<meta property="rendition:layout">pre-paginated</meta>'
    with pytest.raises(UnreadableError, match="pictures") as error:
        read_epub(epub({"a.xhtml": '<img src="1.jpg" alt=""/>'}, metadata=fixed), LIMIT)
    assert error.value.reason == "needs_ocr"


def test_utf_16_and_names_of_characters_are_read_and_a_part_that_is_not_well_formed_is_mended() -> None:
    page = '<?xml version="1.0" encoding="UTF-16"?><html xmlns="http://www.w3.org/1999/xhtml"><body><p>霧。</p></body></html>'
    book = read_epub(
        epub(
            {"a.xhtml": "", "b.xhtml": "<p>a&nbsp;b&hellip;</p>", "c.xhtml": "<p>川。<br>峠。"},
            others={"item/a.xhtml": page.encode("utf-16")},
        ),
        LIMIT,
    )
    assert book.text == "霧。\na\xa0b…\n川。\n峠。"
    assert book.meta["mended_parts"] == 1


@pytest.mark.parametrize("name", ["META-INF/rights.xml", "META-INF/license.lcpl", "META-INF/sinf.xml"])
def test_a_locked_book_is_refused_and_the_lock_named(name: str) -> None:
    with pytest.raises(UnreadableError, match=name) as error:
        read_epub(epub({"a.xhtml": "<p>霧。</p>"}, others={name: "<x/>"}), LIMIT)
    assert error.value.reason == "encrypted"


def test_fonts_that_are_disguised_lock_nothing_and_any_other_algorithm_does() -> None:
    fonts = encryption(OBFUSCATED, "http://ns.adobe.com/pdf/enc#RC")
    assert read_epub(epub({"a.xhtml": "<p>霧。</p>"}, others=fonts), LIMIT).text == "霧。"
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    with pytest.raises(UnreadableError, match=aes) as error:
        read_epub(epub({"a.xhtml": "<p>霧。</p>"}, others=encryption(OBFUSCATED, aes)), LIMIT)
    assert error.value.reason == "encrypted"


@pytest.mark.parametrize(
    ("entity", "reason"),
    [
        ('<!ENTITY x SYSTEM "file:///etc/passwd">', "entities"),
        ('<!ENTITY y "霧霧"><!ENTITY x "&y;&y;&y;">', "entities"),
        ('<!ENTITY y "霧霧"><!ENTITY x "&y;&y;&y;"> <p>', "entities"),
    ],
)
def test_an_entity_of_its_own_is_never_expanded(entity: str, reason: str) -> None:
    page = f"<!DOCTYPE html [{entity}]><html><body><p>&x;</p></body></html>"
    with pytest.raises(UnreadableError) as error:
        read_epub(epub({"a.xhtml": ""}, others={"item/a.xhtml": page}), LIMIT)
    assert error.value.reason == reason


def test_a_text_beyond_the_limit_of_the_parser_is_a_fault_not_an_empty_book() -> None:
    with pytest.raises(UnreadableError) as error:
        read_epub(epub({"a.xhtml": f"<p>{'0' * 11_000_000}</p>"}), LIMIT)
    assert error.value.reason == "broken_file"


def test_parts_that_are_too_large_together_are_refused() -> None:
    parts = {f"p{number}.xhtml": f"<p>{'0' * 1000}</p>" for number in range(20)}
    with pytest.raises(UnreadableError, match="may have 9000") as error:
        read_epub(epub(parts), 9000)
    assert error.value.reason == "too_large"


@given(st.binary(max_size=40), st.integers(0, 3000), st.integers(1, 200))
def test_a_damaged_book_gives_text_or_a_reason(noise: bytes, at: int, length: int) -> None:
    data = epub({"a.xhtml": "<p>霧。</p>"})
    at = min(at, len(data))
    reason, detail = reason_of(data[:at] + noise + data[at + length :])
    assert reason in ("", "broken_file", "encrypted", "no_text", "too_large")
    assert bool(reason) == bool(detail)
