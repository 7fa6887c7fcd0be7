"""TEI editions: printed lines, original readings, page images, and nothing fetched."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import tei
from manyo.corpus.text import tidy

SAMPLE = Path(__file__).parents[2] / "samples" / "classical" / "tsukimachi.xml"
KEEP, JOIN = tei.Options(), tei.Options(lines="join")
CHARACTERS = '<charDecl><char xml:id="c1"><mapping type="Unicode">U+5CE0</mapping></char></charDecl>'
TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0">{}<text><body>{}</body></text></TEI>'


def parse(xml: str | bytes, options: tei.Options = KEEP) -> Document | Refused:
    data = xml.encode() if isinstance(xml, str) else xml
    outcome = tei.parse(Record("a/b.xml", 0, "b", data), options)
    assert isinstance(outcome, Document | Refused)
    return outcome


def text_of(body: str, options: tei.Options = KEEP) -> str:
    document = parse(TEI.format(f"<teiHeader>{CHARACTERS}</teiHeader>", body), options)
    assert isinstance(document, Document), document
    return document.text


@pytest.mark.parametrize(
    ("body", "kept", "joined"),
    [
        ("<p><lb/>月の<lb/>水</p>", "月の\n水", "月の水"),
        ("<p>\n  <lb/>\n  <seg>月の</seg>\n  <lb/>\n  <seg>水</seg>\n</p>", "月の\n水", "月の水"),
        ("<p>月の</p><p>水</p>", "月の\n水", "月の\n水"),
        ("<lg><l>いろは</l><l>ちりぬる</l></lg>", "いろは\nちりぬる", "いろは\nちりぬる"),
        ("<p><lb/><seg>　　<lg><l>いろは</l><l>ちり</l></lg>と</seg></p>", "　　いろはちりと", "　　いろはちりと"),
        ("<p><lb/>といひて<lb/>　　うたふ</p>", "といひて\n　　うたふ", "といひて\n　　うたふ"),
        ("<p>月の\n   出る\n\tころ</p>", "月の出るころ", "月の出るころ"),
        ("<p>The\n  moon</p>", "The moon", "The moon"),
        ("<p><lb/>The<lb/>moon</p>", "The\nmoon", "The moon"),
        ("<p><choice><orig>ゐる</orig><reg>いる</reg></choice>。</p>", "ゐる。", "ゐる。"),
        ("<p><choice><sic>月</sic><corr>日</corr></choice>が</p>", "月が", "月が"),
        ("<p><app><lem>山</lem><rdg>川</rdg></app>と</p>", "山と", "山と"),
        ("<p>月<note>注</note>が<fw>柱</fw>出<del>消</del>る</p>", "月が出る", "月が出る"),
        ("<p><ruby><rb>月</rb><rt>つき</rt></ruby>が</p>", "月が", "月が"),
        ("<p>虫<gap/>の</p>", "虫□の", "虫□の"),
        ('<p>虫<gap quantity="3" unit="chars"/>の</p>', "虫□□□の", "虫□□□の"),
        ('<p>虫<gap quantity="2" unit="lines"/>の</p>', "虫□の", "虫□の"),
        ('<p>橋<g ref="#c1"/>と<g>霜</g>と<g ref="#x"/></p>', "橋峠と霜と〓", "橋峠と霜と〓"),
        ('<p>翁<note type="割書">論語に<lb/>見ゆ</note>と</p>', "翁（論語に見ゆ）と", "翁（論語に見ゆ）と"),
        (
            '<p>翁<note place="inline">論語</note>と<note type="注" place="inline">異本</note></p>',
            "翁（論語）と",
            "翁（論語）と",
        ),
        ('<p>有<metamark function="kunten">レ</metamark>朋<seg type="okurigana">ヲ</seg></p>', "有朋", "有朋"),
        ('<p>有<note type="送り仮名">ル</note>朋<note type="kaeriten">一</note></p>', "有朋", "有朋"),
        (
            "<table><row><cell>一</cell><cell>二</cell></row><row><cell/><cell>四</cell></row></table>",
            "一\t二\n\t四",
            "一\t二\n\t四",
        ),
        ("<p>月<!-- 注 -->が<?x y?>出る</p>", "月が出る", "月が出る"),
    ],
)
def test_the_text_is_what_the_edition_prints(body: str, kept: str, joined: str) -> None:
    assert text_of(body, KEEP) == kept
    assert text_of(body, JOIN) == joined


@pytest.mark.parametrize("options", [KEEP, JOIN])
def test_pages_are_labelled_with_their_images(options: tei.Options) -> None:
    facsimile = '<facsimile><surface xml:id="f1"><graphic url="https://example.org/1.jpg"/></surface></facsimile>'
    body = (
        '<p><pb facs="#f1"/><lb/>一の<pb facs="https://example.org/2.jpg" n="2"/><lb/>二の'
        '<pb n="三"/><lb/>三の</p><pb n="四"/>'
    )
    document = parse(TEI.format(facsimile, body), options)
    assert isinstance(document, Document)
    assert [label for label, _ in document.pages] == [
        "https://example.org/1.jpg",
        "https://example.org/2.jpg",
        "三",
        "四",
    ]
    assert [document.text[start : start + 2] for _, start in document.pages] == ["一の", "二の", "三の", ""]


def test_title_author_and_licence_come_from_the_header() -> None:
    header = """<teiHeader><fileDesc><titleStmt><title>月の\n  物語</title><author>なにがし</author></titleStmt>
      <publicationStmt><availability><licence target="https://example.org/by">CC BY</licence></availability>
      </publicationStmt><sourceDesc><bibl><title>写本</title></bibl></sourceDesc></fileDesc></teiHeader>"""
    document = parse(TEI.format(header, "<p>月</p>"))
    assert isinstance(document, Document)
    assert document.title == "月の 物語"
    assert document.meta == {
        "author": "なにがし",
        "licence": "CC BY",
        "licence_url": "https://example.org/by",
        "source_title": "写本",
    }


def test_a_corpus_is_the_texts_of_its_members() -> None:
    member = TEI.format("", "<p>{}</p>")
    document = parse(
        f'<teiCorpus xmlns="http://www.tei-c.org/ns/1.0">{member.format("一")}{member.format("二")}</teiCorpus>'
    )
    assert isinstance(document, Document)
    assert document.text == "一\n二"


@pytest.mark.parametrize(
    ("xml", "reason", "detail"),
    [
        ("<TEI>\n<text>", "broken_xml", "line 2"),
        (TEI.format("", "<p>&kanji;</p>"), "broken_xml", "line 1"),
        ("<html><body>404</body></html>", "not_tei", "<html>"),
        (TEI.format("", "<p> \n </p>"), "no_text", ""),
        ("<TEI/>", "no_text", ""),
        (b"", "broken_xml", ""),
    ],
)
def test_a_file_that_is_not_an_edition_is_refused(xml: str | bytes, reason: str, detail: str) -> None:
    outcome = parse(xml)
    assert isinstance(outcome, Refused)
    assert outcome.reason == reason
    assert reason in tei.REASONS
    assert detail in outcome.detail


def test_entities_neither_read_files_nor_expand(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("ひみつ", encoding="utf-8")
    external = f'<!DOCTYPE TEI [<!ENTITY e SYSTEM "{secret.as_uri()}">]>' + TEI.format("", "<p>月&e;</p>")
    entities = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    bomb = f'<!DOCTYPE TEI [<!ENTITY e0 "は">{entities}]>' + TEI.format("", "<p>&e11;</p>")
    for xml in (external, bomb):
        outcome = parse(xml)
        assert isinstance(outcome, Refused)
        assert outcome.reason == "broken_xml"


def test_deep_nesting_is_read_or_refused_but_never_raises() -> None:
    assert text_of("<ab>" * 200 + "月" + "</ab>" * 200) == "月"
    assert isinstance(parse(TEI.format("", "<ab>" * 5000 + "月" + "</ab>" * 5000)), Refused)


@settings(max_examples=100, deadline=None)
@example(['<pb n="1"/>', "　", '<pb n="1"/>', "月"])
@given(
    st.lists(st.sampled_from(["月", "の", " ", "\n", "　", "<lb/>", '<pb n="1"/>', "<seg>水</seg>", "<l>山</l>", "a"]))
)
def test_joining_lines_changes_white_space_only(parts: list[str]) -> None:
    outcomes = [parse(TEI.format("", f"<p>{''.join(parts)}</p>"), options) for options in (KEEP, JOIN)]
    letters = []
    for outcome in outcomes:
        if isinstance(outcome, Document):
            assert tidy(outcome.text) == outcome.text
            starts = [start for _, start in outcome.pages]
            assert starts == sorted(starts)
            assert all(start <= len(outcome.text) for start in starts)
            letters.append("".join(outcome.text.split()))
    assert len(set(letters)) <= 1


def test_lines_is_keep_or_join() -> None:
    with pytest.raises(ValueError, match="lines: 'wrap' is not one of keep, join"):
        tei.Options(lines="wrap")


def test_a_file_that_is_too_large_is_accounted_for(tmp_path: Path) -> None:
    options = tei.Options(max_file_bytes=100)
    path = tmp_path / "small.xml"
    path.write_text(TEI.format("", "<p>月</p>"), encoding="utf-8")
    files = [InputFile(str(path), 90, "1")]
    big = tmp_path / "big.xml"
    big.write_text(TEI.format("", "<p>月</p>") + " " * 100, encoding="utf-8")
    files.append(InputFile(str(big), 200, "1"))
    (shard,) = tei.plan(files, options)
    found = list(tei.records(shard, options))
    assert [item.refused.reason for item in found if isinstance(item, BrokenInput)] == ["too_large"]
    assert [item.key for item in found if isinstance(item, Record)] == ["small.xml"]


def test_the_sample_is_an_edition_with_page_images() -> None:
    document = parse(SAMPLE.read_bytes())
    assert isinstance(document, Document)
    assert document.title == "月待物語"
    lines = document.text.split("\n")
    assert len(lines) > 60
    assert lines[0] == "むかしみつうみのほとりに月をまつ里ありけり里"
    assert "　　あしまよりいてこし月のみをつくしふかきこゝろを水にとはゝや" in lines
    assert len(document.pages) == 6
    assert all(label.startswith("https://example.org/iiif/") for label, _ in document.pages)
    starts = [start for _, start in document.pages]
    assert all(start == 0 or document.text[start - 1] == "\n" for start in starts)
    per_page = [document.text[a:b].count("\n") for a, b in pairwise(starts)]
    assert per_page == [12] * 5


def test_every_real_chapter_becomes_a_document_with_pages(real_data: Path) -> None:
    paths = sorted((real_data / "classical" / "genji_tei").glob("*.xml"))
    (shard,) = tei.plan([InputFile(str(path), 1, "1") for path in paths], KEEP)
    found = [tei.parse(record, KEEP) for record in tei.records(shard, KEEP) if isinstance(record, Record)]
    assert len(found) == 54
    for document in found:
        assert isinstance(document, Document)
        assert document.title.startswith("校異源氏物語")
        assert document.meta["licence_url"].startswith("https://creativecommons.org/")
        assert len(document.text) > 1000
        assert document.pages[0][1] == 0
        assert all(label.startswith("https://dl.ndl.go.jp/api/iiif/") for label, _ in document.pages)


@pytest.mark.parametrize("options", [KEEP, JOIN])
@pytest.mark.parametrize(
    "ruby",
    [
        "<ruby><rb>賀</rb><rt>よろこ</rt></ruby>",
        '<ruby>賀<rt place="right">よろこ</rt><rt place="left">ガ</rt></ruby>',
        '<seg type="ruby"><seg type="rb">賀</seg><seg type="rp">（</seg><seg type="rt">よろこ</seg></seg>',
        '<span type="ruby">賀<span type="rt">よろこ</span></span>',
    ],
)
def test_a_reading_is_a_span_over_its_base(ruby: str, options: tei.Options) -> None:
    document = parse(TEI.format("", f"<div><head>祝</head><p><lb/>友を<lb/>{ruby}びけり。</p></div>"), options)
    assert isinstance(document, Document)
    lines = ["友を", "賀びけり。"] if options is KEEP else ["友を賀びけり。"]
    assert document.text.split("\n") == ["祝", *lines]
    found = [(document.text[span.start : span.stop], *span[2:]) for span in document.structure.spans()]
    assert found == [("祝", "heading", "1"), ("賀", "ruby", "よろこ")]


def test_a_transcription_without_text_elements_is_read_page_by_page() -> None:
    surface = (
        '<surface><graphic url="https://example.org/{0}.jpg"/><zone><line>{1}</line><line>{2}</line></zone></surface>'
    )
    pages = surface.format(1, "いつの頃にか", "ありけり") + surface.format(2, "ある夜", "来たりて")
    document = parse(f"<TEI><teiHeader/><sourceDoc><surfaceGrp>{pages}</surfaceGrp></sourceDoc></TEI>")
    assert isinstance(document, Document)
    assert document.text == "いつの頃にか\nありけり\nある夜\n来たりて"
    assert document.pages == [("https://example.org/1.jpg", 0), ("https://example.org/2.jpg", 12)]


PARALLEL = (
    '<div type="chapter"><div type="翻刻"><p>むかし</p><div type="section"><p>をとこ</p></div></div>'
    '<div type="現代語訳"><p>昔</p></div><div><p>無題</p></div></div><div type="解説"><p>説明</p></div>'
)


@pytest.mark.parametrize(
    ("types", "text"),
    [
        ((), "むかし\nをとこ\n昔\n無題\n説明"),
        (("翻刻", "section"), "むかし\nをとこ\n無題"),
        (("現代語訳",), "昔\n無題"),
    ],
)
def test_of_parallel_texts_those_of_the_chosen_types_are_read(types: tuple[str, ...], text: str) -> None:
    assert text_of(PARALLEL, tei.Options(div_types=types)) == text


def test_what_a_tool_leaves_in_an_empty_header_is_no_title_and_a_pointer_to_nothing_no_label() -> None:
    header = (
        "<teiHeader><fileDesc><titleStmt><title>Title</title></titleStmt><publicationStmt>"
        "<publisher>Publication Information</publisher></publicationStmt></fileDesc></teiHeader>"
    )
    document = parse(TEI.format(header, '<p><pb n="1_3.jpg" facs="#1_3.jpg"/><lb/>むかし</p>'))
    assert isinstance(document, Document)
    assert (document.title, document.meta, document.pages) == ("", {}, [("1_3.jpg", 0)])
