"""Patent publications: text in the order of the gazette, numbers as structure, names as the options allow."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.books.patent_text import application_number, date_of
from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused, Skipped
from manyo.corpus.sources import patent

OPTIONS = patent.Options()
SPACES = (
    'xmlns:a="http://www.jpo.go.jp/standards/XMLSchema/ST96/JPPatent" '
    'xmlns:p="http://www.wipo.int/standards/XMLSchema/ST96/Patent" '
    'xmlns:c="http://www.wipo.int/standards/XMLSchema/ST96/Common"'
)
PARTIES = (
    "<a:Applicant><c:EntityName>架空木工株式会社</c:EntityName></a:Applicant>"
    "<a:Applicant><c:Name><c:LastName>架空</c:LastName><c:FirstName>太郎</c:FirstName></c:Name></a:Applicant>"
    "<a:Inventor><c:EntityName>架空　花子</c:EntityName></a:Inventor>"
)


def st96(description: str = "", claims: str = "", abstract: str = "", parties: str = "", more: str = "") -> bytes:
    bibliography = (
        "<a:PatentPublicationIdentification><p:PublicationNumber>2099000009</p:PublicationNumber>"
        "<c:PublicationDate>2099-03-04</c:PublicationDate></a:PatentPublicationIdentification>"
        "<a:ApplicationIdentification><c:ApplicationNumberText>2097000009</c:ApplicationNumberText>"
        "<p:FilingDate>2097-01-02</p:FilingDate></a:ApplicationIdentification>"
        f"<p:InventionTitle>木の椅子</p:InventionTitle>{parties}"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><a:UnexaminedPatentPublication {SPACES}>'
        f"<a:UnexaminedPatentPublicationBibliographicData>{bibliography}"
        f"</a:UnexaminedPatentPublicationBibliographicData><a:Description>{description}</a:Description>"
        f"<p:Claims>{claims}</p:Claims><p:Abstract>{abstract}</p:Abstract>{more}</a:UnexaminedPatentPublication>"
    ).encode()


def st36(description: str, charset: str = "EUC-JP", declared: str | None = "EUC-JP") -> bytes:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    text = (
        f'{declaration}<!DOCTYPE jp-official-gazette SYSTEM "../gat-a.dtd"><jp-official-gazette kind-of-jp="A">'
        f"<description>{description}</description></jp-official-gazette>"
    )
    return text.encode(charset)


def paragraph(text: str, number: int = 1) -> str:
    return f'<c:P c:pNumber="{number:04d}">{text}</c:P>'


def read(data: bytes, options: patent.Options = OPTIONS, name: str = "a.xml") -> Document:
    outcome = patent.parse(Record(name, 0, name, data), options)
    assert isinstance(outcome, Document), outcome
    return outcome


def parts(document: Document, kind: str) -> list[tuple[str, str]]:
    """Value and text of the spans of a kind."""
    spans = document.structure.spans()
    return [(span.value, document.text[span.start : span.stop]) for span in spans if span.kind == kind]


def test_parts_stand_in_the_order_of_the_gazette_under_its_headings() -> None:
    document = read(
        st96(
            f"<p:TechnicalField>{paragraph('椅子に関する。')}</p:TechnicalField><p:InventionSummary>"
            f"<p:TechnicalProblem>{paragraph('軽くする。', 2)}</p:TechnicalProblem></p:InventionSummary>",
            "<p:Claim><p:ClaimNumber>1</p:ClaimNumber><p:ClaimText>脚を備える椅子。</p:ClaimText></p:Claim>",
            "<c:P>軽い椅子を提供する。</c:P>",
        )
    )
    assert document.text.split("\n") == [
        "【要約】", "軽い椅子を提供する。",
        "【特許請求の範囲】", "【請求項１】", "脚を備える椅子。",
        "【発明の詳細な説明】", "【技術分野】", "椅子に関する。",
        "【発明の概要】", "【発明が解決しようとする課題】", "軽くする。",
    ]  # fmt: skip
    assert parts(document, "paragraph") == [("0001", "椅子に関する。"), ("0002", "軽くする。")]
    assert parts(document, "item") == [("1", "脚を備える椅子。")]
    assert [level for level, _ in parts(document, "heading")] == ["1", "1", "3", "1", "2", "2", "3"]
    assert (document.uri, document.title, document.family) == ("JP-2099000009-A1", "木の椅子", "JP2097000009")


def test_a_heading_without_text_is_not_written() -> None:
    assert read(st96(f"<p:TechnicalField/><p:BackgroundArt>{paragraph('従来の椅子。')}</p:BackgroundArt>")).text == (
        "【発明の詳細な説明】\n【背景技術】\n従来の椅子。"
    )


def test_what_is_within_a_paragraph_keeps_its_text_and_pictures_are_marked() -> None:
    image = "<c:Image><c:FileName>1.tif</c:FileName><c:HeightMeasure>{}</c:HeightMeasure></c:Image>"
    written = (
        f"式<c:Math>{image.format(20)}</c:Math>で、Ｈ<c:Sub>２</c:Sub>Ｏの&lt;110&gt;面と{image.format(4)}形、図{image.format(90)}。"
        f"<c:Unheard>知らない要素</c:Unheard>も残る。"
    )
    document = read(st96(paragraph(written)))
    assert parts(document, "paragraph")[0][1] == "式【数】で、Ｈ２Ｏの<110>面と〓形、図。知らない要素も残る。"
    assert document.meta["pictures"] == {"数": 1, "外字": 1}
    assert document.meta["unknown_elements"] == {"unheard": 1}


def test_formulas_and_tables_that_are_text_are_text() -> None:
    written = (
        '<c:Math><m:math xmlns:m="http://www.w3.org/1998/Math/MathML"><m:mi>d</m:mi><m:mo>=</m:mo><m:mn>2</m:mn></m:math>'
        "</c:Math>とする。<c:Table><c:row><c:entry>材</c:entry><c:entry>厚さ</c:entry></c:row>"
        "<c:row><c:entry>杉</c:entry><c:entry>二</c:entry></c:row></c:Table>"
    )
    document = read(st96(paragraph(written)))
    assert parts(document, "math") == [("", "d=2")]
    assert parts(document, "row") == [("", "材\t厚さ"), ("", "杉\t二")]


def test_claims_of_amendments_and_of_earlier_publications_are_not_those_of_the_publication() -> None:
    claim = "<p:Claims><p:Claim><p:ClaimText>補正後の請求項。</p:ClaimText></p:Claim></p:Claims>"
    amended = st96(paragraph("本文。"), more=f"<a:AmendmentBag><a:A>{claim}</a:A></a:AmendmentBag>")
    assert "補正後" not in read(amended).text


def test_sequence_listings_are_left_out() -> None:
    listing = "<p:SequenceListingBag><c:P>acgtacgt</c:P></p:SequenceListingBag>"
    assert "acgt" not in read(st96(paragraph("本文。") + listing)).text


@pytest.mark.parametrize(
    ("who", "applicants", "inventors"),
    [
        ("organisations", ["架空木工株式会社"], None),
        ("all", ["架空木工株式会社", "架空 太郎"], ["架空 花子"]),
        ("none", None, None),
    ],
)
def test_names_are_kept_as_the_option_says_and_never_in_the_text(
    who: str, applicants: list[str] | None, inventors: list[str] | None
) -> None:
    document = read(st96(paragraph("本文。"), parties=PARTIES), patent.Options(applicants=who))
    assert (document.meta.get("applicants"), document.meta.get("inventors")) == (applicants, inventors)
    assert "架空" not in document.text


@pytest.mark.parametrize("charset", ["EUC-JP", "Shift_JIS", "UTF-8"])
@pytest.mark.parametrize("is_declared", [True, False])
def test_encodings_are_read_declared_or_not(charset: str, is_declared: bool) -> None:
    text = "本発明は、木で作られた椅子に関するものであり、とくにその脚の形に特徴がある。"
    data = st36(f'<p num="0001">{text}</p>', charset, charset if is_declared else None)
    assert parts(read(data), "paragraph") == [("0001", text)]


def test_a_utility_model_in_jis_and_a_grant_with_other_names_of_elements_are_read() -> None:
    in_jis = LINES.replace("－", "−").encode("iso2022_jp")
    assert parts(read(in_jis, name="a.txt"), "item")[1] == ("2", "前記板が杉である請求項１記載の椅子。")
    grant = (
        f"<a:RegisteredUtilityModelPublication {SPACES}><a:BibliographicData><a:ApplicationIdentification>"
        "<c:ApplicationNumberText>2097000009</c:ApplicationNumberText></a:ApplicationIdentification>"
        "<a:PriorityClaim><p:PatentNumber>1</p:PatentNumber></a:PriorityClaim>"
        "<a:GrantIdentification><p:PatentNumber>3999999</p:PatentNumber></a:GrantIdentification></a:BibliographicData>"
        f"<a:Body><a:Description>{paragraph('椅子である。')}</a:Description></a:Body>"
        "</a:RegisteredUtilityModelPublication>"
    )
    document = read(grant.encode(), name="P_U1/1.xml")
    assert (document.uri, document.family) == ("JP-3999999-U1", "JP2097000009")
    assert parts(document, "paragraph") == [("0001", "椅子である。")]


def test_an_entity_that_only_the_dtd_explains_is_a_character_that_cannot_be_read() -> None:
    document = read(st36('<p num="0001">木の&gaiji001;に&alpha;を塗る。</p>'))
    assert parts(document, "paragraph")[0][1] == "木の〓にαを塗る。"


def test_entities_are_not_expanded_and_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("秘密", "utf-8")
    data = (
        f'<?xml version="1.0"?><!DOCTYPE jp-official-gazette [<!ENTITY x SYSTEM "{tmp_path}/secret">]>'
        '<jp-official-gazette><description><p num="0001">前&x;後の文である。</p></description></jp-official-gazette>'
    ).encode()
    assert "秘密" not in read(data).text


LINES = """<SDO BIJ>
(11)【公開番号】特開平９－０００００９
(54)【発明の名称】木の椅子
(21)【出願番号】特願平７－９
(71)【出願人】
【氏名又は名称】架空木工株式会社
(72)【発明者】
【氏名】架空　花子
</SDO>
<SDO CLJ>
【特許請求の範囲】
【請求項１】　脚と、前記脚の間に渡した板とを備
える椅子。
【請求項２】　前記板が杉である請求項１記載の椅子。
</SDO>
<SDO DEJ>
【０００１】
【発明の属する技術分野】本発明は、椅
子に関する。
【０００２】
【数１】
により脚の太さを定める。
</SDO>
"""


def test_lines_of_the_cd_rom_years_are_joined_and_numbers_are_structure() -> None:
    document = read(LINES.encode("cp932"), name="a.txt")
    assert parts(document, "item") == [
        ("1", "脚と、前記脚の間に渡した板とを備える椅子。"),
        ("2", "前記板が杉である請求項１記載の椅子。"),
    ]
    assert parts(document, "paragraph") == [
        ("0001", "【発明の属する技術分野】本発明は、椅子に関する。"),
        ("0002", "【数１】により脚の太さを定める。"),
    ]
    assert (document.uri, document.family) == ("JP-特開平9-000009", "JP1995000009")
    assert document.meta["applicants"] == ["架空木工株式会社"]


def test_several_publications_of_one_file_are_documents_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((LINES + LINES.replace("０００００９", "０００００８")).encode("cp932"))
    (shard,) = patent.plan([InputFile(str(path), 1, "1")], OPTIONS)
    found = [item for item in patent.records(shard, OPTIONS) if isinstance(item, Record)]
    assert [item.key for item in found] == ["a.txt", "a.txt#1"]
    outcomes = [patent.parse(item, OPTIONS) for item in found]
    assert [one.uri for one in outcomes if isinstance(one, Document)] == ["JP-特開平9-000009", "JP-特開平9-000008"]


def test_a_delivery_is_read_without_its_drawings(tmp_path: Path) -> None:
    path = tmp_path / "week.zip"
    with zipfile.ZipFile(path, "w") as delivery:
        delivery.writestr("DOCUMENT/P_B1/0001/1.xml", st96(paragraph("本文。")))
        delivery.writestr("DOCUMENT/P_B1/0001/000001.tif", b"II*\0" + bytes(64))
        delivery.writestr("DOCUMENT/P_A5/0001/2.xml", f"<a:UnexaminedPatentPublicationAmendment {SPACES}/>")
        delivery.writestr("DOCUMENT/P_A1/0001/3.xml", f"<a:Index {SPACES}/>")
        delivery.writestr("DOCUMENT/P_A1/0001/4.xml", st96())
        delivery.writestr("DOCUMENT/P_A1/0001/5.xml", st96(paragraph("本文。"))[:-40])
    (shard,) = patent.plan([InputFile(str(path), 1, "1")], OPTIONS)
    outcomes = [
        item.refused if isinstance(item, BrokenInput) else patent.parse(item, OPTIONS)
        for item in patent.records(shard, OPTIONS)
    ]
    assert [one.uri for one in outcomes if isinstance(one, Document)] == ["JP-2099000009-B1"]
    assert [one.kind for one in outcomes if isinstance(one, Skipped)] == ["drawing", "amendment"]
    assert [one.reason for one in outcomes if isinstance(one, Refused)] == ["not_patent", "no_text", "broken_xml"]


WHOLE = [st96(paragraph("本文。")), st36('<p num="0001">本文。</p>'), LINES.encode("cp932")]


@given(st.binary(max_size=400), st.sampled_from(WHOLE), st.integers(0, 400))
def test_damaged_publications_are_refused_and_never_raise(noise: bytes, data: bytes, at: int) -> None:
    outcome = patent.parse(Record("a", 0, "a", data[:at] + noise + data[at + len(noise) :]), OPTIONS)
    assert isinstance(outcome, Document | Refused | Skipped)
    if isinstance(outcome, Refused):
        assert outcome.reason in patent.REASONS


@pytest.mark.parametrize(
    ("stated", "number"),
    [("2097000001", "2097000001"), ("特願平７－０００００３", "1995000003"), ("特願２００１－５", "2001000005"),
     ("特願昭63-12", "1988000012"), ("", ""), ("PCT/JP2001/000001", "")],
)  # fmt: skip
def test_application_numbers_have_one_form(stated: str, number: str) -> None:
    assert application_number(stated) == number


@pytest.mark.parametrize(
    ("stated", "day"),
    [("20990111", "2099-01-11"), ("2099-01-11", "2099-01-11"), ("平成9年(1997)1月7日", "1997-01-07"),
     ("令和元年5月1日", "2019-05-01"), ("近日", "")],
)  # fmt: skip
def test_dates_have_one_form(stated: str, day: str) -> None:
    assert date_of(stated) == day


def test_the_handed_publications_are_read_as_their_gold_says(real_data: Path) -> None:
    folder = real_data / "files" / "patent"
    gold = json.loads((folder / "gold.json").read_text("utf-8"))
    for name, expected in gold.items():
        document = read((folder / name).read_bytes(), name=name)
        claims = [text for _, text in parts(document, "item")]
        numbered = dict(parts(document, "paragraph"))
        assert document.title == expected["title"]
        assert document.meta["publication_number"] == expected["publication_number"]
        assert expected["claims"] in (claims, len(claims))
        if isinstance(paragraphs := expected.get("paragraphs"), dict):
            assert numbered == paragraphs
        elif paragraphs:
            assert list(numbered) == paragraphs
        for number, text in expected.get("description", ()):
            for mark, written in (("[math]", "【数】"), ("[chem]", "【化】"), ("[table]", "【表】")):
                text = text.replace(mark, written)
            assert numbered[number] == text
        for text in expected.get("not_in_text", ()):
            assert text not in document.text
