"""Files that were read wrongly once, each as its publisher delivers such files: all give their text, or are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile
from manyo.corpus.sources.source_kinds import KINDS

CASES = Path(__file__).parents[1] / "cases" / "licensed"
RIVER = "毎朝川の水の高さをはかって記録しました。"
BRIDGE = "町の東に古い橋があり、冬は霜が白く置く。"
OLD_MAN = "むかし丹波の国に炭やく翁ありけり"
LAW = "井戸の管理を定める。"

#: Kind of the source, its files, and how the text of each document begins or what stands in it, by the file's name.
READ = [
    (
        "files",
        "textbook/*",
        {
            "quiz.json": RIVER,
            "rika5.csv": RIVER,
            "rika5.docx": RIVER,
            "rika5.html": RIVER,
            "rika5.md": RIVER,
            "rika5.pdf": RIVER,
            "rika5.tex": "川の水\n記録しました。",
            "rika5_dtbook.xml": RIVER,
            "rika5_sjis.txt": RIVER,
        },
    ),
    ("wikipedia", "wiki/**/*.bz2", {"jawiki_content-20260823-00000.json.bz2": "町の東にある石の橋である。"}),
    (
        "ocr",
        "ocrfmt/*",
        {
            "alto.xml": BRIDGE,
            "page.xml": BRIDGE,
            "book.hocr": "町の東",
            "tesseract_jpn.txt": BRIDGE + "\n第二頁の文である。",
            "iiif_manifest.json": OLD_MAN,
        },
    ),
    (
        "tei",
        "ocrfmt/*.xml",
        {
            "nijl_style.xml": "有友自遠方来（論語に見えたり）といふ。",
            "saxtei_dharma.xml": "有朋自遠方来、不亦楽乎。（京の人なり）",
        },
    ),
    ("files", "ocrfmt/jats.xml", {"jats.xml": "町の東の橋には冬に霜が置く。"}),
    ("ocr", "koten/1000001_0003.*", {"1000001_0003.xml": OLD_MAN}),
    ("tei", "koten_tei/*", {"1000001_0003_tei.xml": OLD_MAN, "1000002_0001_tei.xml": OLD_MAN}),
    ("tei", "sourcedoc/*", {"eiri.xml": "いつの頃にか、山のふもとに\n炭やく翁ありけり"}),
    ("ocr", "kuzushiji/*", {"100249371_coordinate.csv": "むかし\n丹"}),
    (
        "egov",
        "egov/*",
        {
            "505AC0000000099_20250401_000000000000000.xml": "第一条　この法律は、甕及び井戸の管理を定める。",
            "api_v1_lawdata.xml": LAW,
            "api_v2.json": LAW,
            "api_v2.xml": LAW,
        },
    ),
    (
        "kokkai",
        "kokkai/*.json",
        {
            "meeting.json": "これより会議を開きます。",
            "paged_p1.json": "これより会議を開きます。",
            "speech.json": "これより会議を開きます。",
        },
    ),
    (
        "aozora",
        "aozora/*",
        {
            "chuki.txt": "読みは古人貧交行之詩。",
            "kanbun.txt": "有朋自遠方来、不亦楽乎。",
            "kome.txt": "※明かりをともす。",
            "multi.txt": "東海道、関\n江戸へ百六里二丁",
            "nested_gaiji.txt": "門は〓れて崩れ、風が通る。",
            "noruby.txt": "新聞を読む。これは残る。",
            "teihon.txt": "底本：という言葉を彼は知らなかつた。",
            "ucs.txt": "Sitôt",
        },
    ),
]

#: Kind of the source, its files, and why each of some is not read.
REFUSED = [
    (
        "wikipedia",
        "wiki/**/*.bz2",
        {
            "jawiki_content-20260816-00000.json.bz2": "older_dump",
            "jawiki_content-20260816-00001.json.bz2": "older_dump",
        },
    ),
    (
        "ocr",
        "ocrfmt/*",
        {"jats.xml": "other_format", "nijl_style.xml": "other_format", "saxtei_dharma.xml": "other_format"},
    ),
    ("tei", "ocrfmt/*.xml", {"alto.xml": "other_format", "jats.xml": "other_format", "page.xml": "other_format"}),
    ("kokkai", "kokkai/*.json", {"error.json": "broken_json"}),
]

#: Kind of the source, and files whose names are the same: each has a text and a key of its own.
OF_ONE_NAME = [
    ("text", "samename/vol?/01.txt"),
    ("text", "samename/books.zip"),
    ("aozora", "samename/aoz/?/01.txt"),
    ("tei", "samename/tei/?/01.xml"),
    ("egov", "samename/law/?/law.xml"),
    ("ndl", "samename/pagedirs/*/0001.xml"),
]


def read(kind: str, files: str) -> tuple[list[Document], dict[str, str]]:
    """The documents of a delivery, and the reason of each file that is refused, by its name."""
    source = KINDS[kind]
    options = source.Options()
    given = [InputFile(str(path), path.stat().st_size, "1") for path in sorted(CASES.glob(files))]
    assert given
    documents, reasons = [], {}
    for shard in source.plan(given, options):
        for record in source.records(shard, options):
            if isinstance(record, BrokenInput):
                reasons[Path(record.origin_file).name] = record.refused.reason
                continue
            outcome = source.parse(record, options)
            assert isinstance(outcome, Document), outcome
            documents.append(outcome)
    return documents, reasons


@pytest.mark.parametrize(("kind", "files", "expected"), READ, ids=[f"{kind} {files}" for kind, files, _ in READ])
def test_each_file_gives_its_text(kind: str, files: str, expected: dict[str, str]) -> None:
    documents, _ = read(kind, files)
    texts = [document.text for document in documents]
    assert len(texts) == len(expected)
    for name, part in expected.items():
        assert any(part in text for text in texts), name
        texts.remove(next(text for text in texts if part in text))


@pytest.mark.parametrize(("kind", "files", "expected"), REFUSED, ids=[f"{kind} {files}" for kind, files, _ in REFUSED])
def test_what_a_source_does_not_read_is_named(kind: str, files: str, expected: dict[str, str]) -> None:
    assert read(kind, files)[1] == expected


@pytest.mark.parametrize(("kind", "files"), OF_ONE_NAME, ids=[files for _, files in OF_ONE_NAME])
def test_two_files_of_one_name_are_two_documents(kind: str, files: str) -> None:
    documents, reasons = read(kind, files)
    assert len({document.text for document in documents}) == 2
    assert not reasons


def test_parts_of_a_meeting_in_two_answers_are_one_document() -> None:
    """Speeches of `paged_p2.json` are in the document of `paged_p1.json`."""
    documents, _ = read("kokkai", "kokkai/paged_p?.json")
    (whole,) = documents
    assert whole.text == read("kokkai", "kokkai/meeting.json")[0][0].text


def test_notes_in_two_lines_are_read_where_they_stand() -> None:
    """ndlkotenocr-lite calls their lines 注 and 注（ダミー）, which were lost."""
    ((document,), _) = read("ocr", "koten/1000001_0003.*")
    assert "一本に老翁とあり" in document.text
    assert "里人也" in document.text
