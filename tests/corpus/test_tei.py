"""TEI editions: printed lines, original readings, page images, and nothing fetched."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import tei
from manyo.corpus.text import tidy

SAMPLE = Path(__file__).parents[2] / "samples" / "classical" / "tsukimachi.xml"
KEEP, JOIN = tei.Options(), tei.Options(lines="join")
TEI = '<TEI xmlns="http://www.tei-c.org/ns/1.0">{}<text><body>{}</body></text></TEI>'


def parse(xml: str | bytes, options: tei.Options = KEEP) -> Document | Refused:
    data = xml.encode() if isinstance(xml, str) else xml
    outcome = tei.parse(Record("a/b.xml", 0, "b", data), options)
    assert isinstance(outcome, Document | Refused)
    return outcome


def text_of(body: str, options: tei.Options = KEEP) -> str:
    document = parse(TEI.format("", body), options)
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
    with pytest.raises(ValueError, match="lines must be 'keep' or 'join', got 'wrap'"):
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
