"""Statutes: the XML's parts put together as the law is printed."""

from __future__ import annotations

import json
import zipfile
from base64 import b64encode
from pathlib import Path

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused
from manyo.corpus.sources import egov

SAMPLE = Path(__file__).parents[2] / "samples" / "egov" / "906AC0000000001_20260401_000000000000000.xml"
OPTIONS = egov.Options()


def parse(body: str, key: str = "law") -> Document | Refused:
    xml = f"<Law Era='Reiwa' LawType='Act'><LawNum>令和八年法律第一号</LawNum><LawBody>{body}</LawBody></Law>"
    outcome = egov.parse(Record("a/law.xml", 0, key, xml.encode()), OPTIONS)
    assert isinstance(outcome, Document | Refused)
    return outcome


def lines(body: str) -> list[str]:
    document = parse(body)
    assert isinstance(document, Document)
    return document.text.split("\n")[1:]


def sentence(tag: str, text: str) -> str:
    return f"<{tag}><Sentence>{text}</Sentence></{tag}>"


def test_the_sample_reads_as_a_law_does() -> None:
    (record,) = egov.records(egov.plan([InputFile(str(SAMPLE), 1, "1")], OPTIONS)[0], OPTIONS)
    assert isinstance(record, Record)
    document = egov.parse(record, OPTIONS)
    assert isinstance(document, Document)
    assert document.title == "渡し船保存法"
    assert document.uri == "https://laws.e-gov.go.jp/law/906AC0000000001"
    assert document.text.split("\n")[2:6] == [
        "第一章　総則",
        "（目的）",
        "第一条　この法律は、古くからある渡し船を保存し、もって川の風景を後の世に伝えることを目的とする。",
        "（定義）",
    ]


def test_the_number_of_an_article_leads_its_first_paragraph_only() -> None:
    article = (
        "<Article><ArticleCaption>（届出）</ArticleCaption><ArticleTitle>第二条</ArticleTitle>"
        f"<Paragraph><ParagraphNum/>{sentence('ParagraphSentence', '届け出る。')}</Paragraph>"
        f"<Paragraph><ParagraphNum>２</ParagraphNum>{sentence('ParagraphSentence', '受け取る。')}"
        f"<Item><ItemTitle>一</ItemTitle>{sentence('ItemSentence', '船')}</Item></Paragraph></Article>"
    )
    assert lines(article) == ["（届出）", "第二条　届け出る。", "２　受け取る。", "一　船"]


def test_a_repealed_article_keeps_its_number() -> None:
    assert lines("<Article><ArticleTitle>第三条</ArticleTitle></Article>") == ["第三条"]


def test_columns_stand_apart() -> None:
    columns = "<Column><Sentence>渡し場</Sentence></Column><Column><Sentence>船の着く所をいう。</Sentence></Column>"
    assert lines(f"<Item><ItemTitle>一</ItemTitle><ItemSentence>{columns}</ItemSentence></Item>") == [
        "一　渡し場　船の着く所をいう。"
    ]


def test_contents_and_ruby_are_left_out() -> None:
    ruby = "<Ruby>艀<Rt>はしけ</Rt></Ruby>"
    assert lines(f"<TOC><TOCLabel>目次</TOCLabel></TOC>{sentence('ParagraphSentence', ruby + 'を含む。')}") == [
        "艀を含む。"
    ]


def test_a_file_that_is_not_a_law_is_refused_with_its_reason(tmp_path: Path) -> None:
    for data, reason in ((b"<Law>", "broken_xml"), (b"<Page/>", "not_a_law"), (b"<Law/>", "no_text")):
        outcome = egov.parse(Record("x.xml", 0, "x", data), OPTIONS)
        assert isinstance(outcome, Refused)
        assert outcome.reason == reason


def test_laws_come_out_of_a_package_one_by_one(tmp_path: Path) -> None:
    path = tmp_path / "laws.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/1.xml", "<Law/>")
        archive.writestr("b/1.xml", "<Law/>")
        archive.writestr("readme.pdf", "?")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("b/1.xml", "<Law/>")
    found = list(egov.records(egov.plan([InputFile(str(path), 1, "1")], OPTIONS)[0], OPTIONS))
    assert [item.key if isinstance(item, Record) else item.refused.reason for item in found] == [
        "laws.zip/a/1.xml",
        "laws.zip/b/1.xml",
        "unknown_file",
        "duplicate_file",
    ]
    assert {item.refused.reason for item in found if isinstance(item, BrokenInput)} <= set(egov.REASONS)


def test_a_real_statute_keeps_every_character(real_data: Path) -> None:
    from lxml import etree

    for path in (real_data / "egov").glob("*.xml"):
        document = egov.parse(Record(str(path), 0, path.stem, path.read_bytes()), OPTIONS)
        assert isinstance(document, Document)
        root = etree.parse(str(path)).getroot()
        for left_out in root.findall(".//TOC") + root.findall(".//Rt"):
            left_out.getparent().remove(left_out)
        assert sorted("".join("".join(root.itertext()).split())) == sorted("".join(document.text.split()))


def test_limits_must_be_positive() -> None:
    with pytest.raises(ValueError, match="max_file_bytes"):
        egov.Options(max_file_bytes=0)


def element(tag: str, *children: object, **attr: str) -> dict[str, object]:
    return {"tag": tag, "attr": attr, "children": list(children)}


BODY = element(
    "LawBody",
    element("LawTitle", "町の水施設法"),
    element(
        "MainProvision",
        element(
            "Paragraph",
            element("ParagraphNum"),
            element(
                "ParagraphSentence", element("Sentence", "水を", element("Ruby", "甕", element("Rt", "かめ")), "に。")
            ),
        ),
    ),
)
XML = (
    "<Law Era='Reiwa'><LawNum>一号</LawNum><LawBody><LawTitle>町の水施設法</LawTitle><MainProvision><Paragraph>"
    "<ParagraphNum/>"
    "<ParagraphSentence><Sentence>水を<Ruby>甕<Rt>かめ</Rt></Ruby>に。</Sentence></ParagraphSentence></Paragraph>"
    "</MainProvision></LawBody></Law>"
)


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps({"law_info": {"law_id": "505AC0000000099"},
                    "law_full_text": element("Law", element("LawNum", "一号"), BODY, Era="Reiwa")}),
        json.dumps({"law_info": {"law_id": "505AC0000000099"}, "law_full_text": b64encode(XML.encode()).decode()}),
        f"<law_data_response><law_info><law_id>505AC0000000099</law_id></law_info><law_full_text>{XML}</law_full_text>"
        "</law_data_response>",
        f"<DataRoot><ApplData><LawId>505AC0000000099</LawId><LawFullText>{XML}</LawFullText></ApplData></DataRoot>",
    ],
    ids=["JSON", "JSON with XML in base64", "XML of version 2", "XML of version 1"],
)  # fmt: skip
def test_an_answer_of_the_interface_is_the_law_that_it_holds(answer: str) -> None:
    outcome = egov.parse(Record("a/answer", 0, "answer", answer.encode()), OPTIONS)
    assert isinstance(outcome, Document), outcome
    assert (outcome.title, outcome.text) == ("町の水施設法", "一号\n町の水施設法\n水を甕に。")
    assert outcome.uri == "https://laws.e-gov.go.jp/law/505AC0000000099"
    assert outcome.meta["era"] == "Reiwa"
