"""A delivery of many formats: each file is read by what it holds, with what a side table says of it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import re
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Outcome, Refused
from manyo.corpus.sources import delivery
from samples.files.pack_files import docx, epub, pack, zip_of
from samples.files.vertical_book import STORY, TITLE

SENTENCE = "橋のたもとに住む子どもたちは、毎朝川の水の高さをはかって記録しました。"
PARAGRAPH = f'<w:p><w:r><w:t xml:space="preserve">　{SENTENCE}</w:t></w:r></w:p>'
DTBOOK = (
    '<?xml version="1.0" encoding="utf-8"?><dtbook xmlns="http://www.daisy.org/z3986/2005/dtbook/" version="2005-3">'
    '<head><meta name="dc:Title" content="川の学習"/></head><book><bodymatter><level1><h1>川の水</h1>'
    f"<p>　{SENTENCE}</p></level1></bodymatter></book></dtbook>"
)
#: A textbook in eleven formats.
TEXTBOOK: dict[str, bytes] = {
    "quiz.json": json.dumps([{"id": 1, "unit": "川の水", "body": f"　{SENTENCE}"}], ensure_ascii=False).encode(),
    "rika.csv": f"\ufeff章,節,本文\n1,0,　{SENTENCE}\n".encode(),
    "rika.docx": docx(PARAGRAPH),
    "rika.epub": epub({"a.xhtml": f"<p>　{SENTENCE}</p>"}),
    "rika.html": f"<html><head><title>川</title></head><body><h1>川の水</h1><p>　{SENTENCE}</p></body></html>".encode(),
    "rika.md": f"# 川の水\n\n　{SENTENCE}\n\n| 日 | 水位 |\n|---|---|\n| 一日 | 二段目 |\n".encode(),
    "rika.tex": f"\\section{{川の水}}\n\n　\\ruby{{橋}}{{はし}}{SENTENCE[1:]}\n".encode(),
    "rika.xml": DTBOOK.encode(),
    "rika_sjis.txt": f"　{SENTENCE}\r\n".encode("cp932"),
    "rika_aozora.txt": f"題\n作者\n\n　橋《はし》{SENTENCE[1:]}\n\n底本：「本」社\n".encode("cp932"),
    "rika_tei.xml": f"<TEI><text><body><p>　{SENTENCE}</p></body></text></TEI>".encode(),
}
SIDE = "ファイル名,学年,教科,利用条件,版元\n" + "".join(f"{name},小学5年,理科,研究のみ,架空書房\n" for name in TEXTBOOK)


def outcomes(folder: Path, **options: object) -> dict[str, Outcome]:
    """What becomes of each file, by its path."""
    settings = delivery.Options(**options)  # type: ignore[arg-type]
    files = [InputFile(str(path), path.stat().st_size, "1") for path in sorted(folder.rglob("*")) if path.is_file()]
    found: dict[str, Outcome] = {}
    for shard in delivery.plan(files, settings):
        for record in delivery.records(shard, settings):
            if isinstance(record, BrokenInput):
                found[f"{record.refused.reason} {record.refused.detail}"] = record.refused
            else:
                found[record.key] = delivery.parse(record, settings)
    return found


def texts(found: dict[str, Outcome]) -> dict[str, str]:
    return {key: outcome.text for key, outcome in found.items() if isinstance(outcome, Document)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "delivery"
    folder.mkdir()
    for name, data in TEXTBOOK.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-8-sig"])
def test_a_textbook_in_eleven_formats_becomes_one_corpus_with_grade_subject_and_terms(
    folder: Path, tmp_path: Path, encoding: str
) -> None:
    (tmp_path / "side.csv").write_text(SIDE, encoding=encoding)
    found = outcomes(folder, metadata=str(tmp_path / "side.csv"))
    assert set(found) == set(TEXTBOOK)
    for document in found.values():
        assert isinstance(document, Document)
        assert f"　{SENTENCE}" in document.text.split("\n")
        assert (document.grade, document.subject, document.terms) == ("小学5年", "理科", "研究のみ")
        assert document.meta["版元"] == "架空書房"


def test_names_say_nothing_of_a_format(folder: Path) -> None:
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / f"{number:02}.dat")
    assert len(texts(outcomes(folder))) == len(TEXTBOOK)


@pytest.mark.parametrize("form", ["zip", "tar", "tar.gz", "zip in zip"])
def test_an_archive_is_read_as_its_files_are(tmp_path: Path, form: str) -> None:
    if form == "zip in zip":
        data = zip_of({"vol.zip": zip_of(TEXTBOOK)})
    elif form == "zip":
        data = zip_of(TEXTBOOK)
    else:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz" if form == "tar.gz" else "w") as archive:
            for name, content in TEXTBOOK.items():
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        data = buffer.getvalue()
    (tmp_path / "all").write_bytes(data)
    found = texts(outcomes(tmp_path))
    inside = "all/vol.zip/" if form == "zip in zip" else "all/"
    assert set(found) == {inside + name for name in TEXTBOOK}
    assert all(SENTENCE in text for text in found.values())


def test_what_no_reader_reads_is_a_row_that_names_the_format_and_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.epub").write_bytes(b"PAR1")
    (tmp_path / "b.docx").write_bytes(b"\x89PNG\r\n\x1a\n")
    (tmp_path / "c.txt").write_text('{"speechRecord": []}', encoding="utf-8")
    details = {key: outcome.detail for key, outcome in outcomes(tmp_path).items() if isinstance(outcome, Refused)}
    assert details == {
        "a.epub": 'a.epub: a Parquet file; kind = "parquet" reads it',
        "b.docx": "b.docx: a PNG picture",
        "c.txt": 'c.txt: minutes of the Diet; kind = "kokkai" reads it',
    }


@pytest.mark.parametrize(("placeholder", "encoding"), [("AAAA.txt", "cp932"), ("AAAAAA.txt", "utf-8")])
def test_names_of_a_zip_without_a_flag_are_utf_8_or_cp932(tmp_path: Path, placeholder: str, encoding: str) -> None:
    data = zip_of({placeholder: SENTENCE}).replace(placeholder.encode(), "理科.txt".encode(encoding))
    (tmp_path / "a.zip").write_bytes(data)
    assert list(texts(outcomes(tmp_path))) == ["a.zip/理科.txt"]


def test_files_that_systems_leave_behind_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({"__MACOSX/._a.txt": b"\0\5", "~$a.docx": "x", "a.txt": SENTENCE}))
    (tmp_path / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    found = outcomes(tmp_path)
    assert list(texts(found)) == ["a.zip/a.txt"]
    assert not [outcome for outcome in found.values() if isinstance(outcome, Refused)]


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_a_compressed_file_is_read_as_what_it_holds(tmp_path: Path, compress: Callable[[bytes], bytes]) -> None:
    (tmp_path / "a.epub").write_bytes(compress(TEXTBOOK["rika.epub"]))
    (tmp_path / "b.txt").write_bytes(compress(TEXTBOOK["rika_sjis.txt"]))
    assert {key: SENTENCE in text for key, text in texts(outcomes(tmp_path)).items()} == {"a.epub": True, "b.txt": True}


def test_an_archive_stops_at_its_limit_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({f"{number}.txt": SENTENCE for number in range(9)}))
    found = outcomes(tmp_path, max_archive_bytes=len(SENTENCE.encode()) * 3)
    assert len(texts(found)) == 3
    assert sum(key.startswith("too_large") for key in found) == 6


def test_a_text_that_only_uses_aozoras_notation_keeps_its_first_lines(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("はじめの行。\n\n　｜私《わたくし》は見た。\n", encoding="utf-8")
    assert texts(outcomes(tmp_path)) == {"a.txt": "はじめの行。\n\n　私は見た。"}


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("学年\n5\n", "needs one column 'file'"),
        ("file,grade\na.txt,5\na.txt,6\n", "says of a.txt what an earlier row does not"),
        ("file,grade\n,5\n", "row 2 names no file"),
        ("", "needs one column"),
    ],
)
def test_a_side_table_that_cannot_be_used_is_one_line(tmp_path: Path, table: str, message: str) -> None:
    (tmp_path / "side.csv").write_text(table, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        outcomes(tmp_path, metadata=str(tmp_path / "side.csv"))


def test_a_row_of_the_side_table_fits_the_longest_end_of_a_path(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({"v1/01.txt": SENTENCE, "v2/01.txt": SENTENCE}))
    (tmp_path / "side.csv").write_text("file,grade\n01.txt,4\nv2/01.txt,5\n", encoding="utf-8")
    found = outcomes(tmp_path, metadata=str(tmp_path / "side.csv"))
    grades = {key: outcome.grade for key, outcome in found.items() if isinstance(outcome, Document)}
    assert grades == {"a.zip/v1/01.txt": "4", "a.zip/v2/01.txt": "5"}


def test_the_sample_delivery_is_read(tmp_path: Path) -> None:
    pack(tmp_path)
    found = outcomes(tmp_path)
    book, report = found["hamabe.epub"], found["shio_no_michihi.docx"]
    assert isinstance(book, Document)
    assert isinstance(report, Document)
    assert "「髙橋さんの舟より大きいくじらが出てくる」" in book.text
    assert "目次" not in book.text
    assert "三日間、記録した。" in report.text
    assert "早く" not in report.text


def test_the_vertical_pdf_of_the_samples_is_read_as_its_story_was_written(tmp_path: Path) -> None:
    pack(tmp_path)
    document = outcomes(tmp_path)["toudai_no_kagi.pdf"]
    assert isinstance(document, Document)
    story = [re.sub("｜|《.+?》|［|］", "", paragraph.lstrip("　")) for paragraph in STORY]
    assert document.text.split("\n") == [TITLE, *story]
    spans = [(span.kind, document.text[span.start : span.stop], span.value) for span in document.structure.spans()]
    written = re.findall("｜(.+?)《(.+?)》", "".join(STORY))
    assert [(base, reading) for kind, base, reading in spans if kind == "ruby"] == written
    assert ("emphasis", "ずっと長い", "") in spans


def test_a_scanned_pdf_in_an_archive_is_queued_and_its_result_comes_back(tmp_path: Path, real_data: Path) -> None:
    scan = (real_data / "files/pdf/variants/d05_gijiroku.scan.pdf").read_bytes()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.zip").write_bytes(zip_of({"v/scan.pdf": scan}))
    (refused,) = outcomes(tmp_path / "in").values()
    assert isinstance(refused, Refused)
    assert (refused.reason, refused.ocr_pages[0].number) == ("needs_ocr", 1)
    line = f'<LINE TYPE="本文" X="1" Y="1" WIDTH="9" HEIGHT="99" STRING="{SENTENCE}"/>'
    page = f"<OCRDATASET><PAGE>{line}</PAGE></OCRDATASET>"
    for number in range(1, len(refused.ocr_pages) + 1):
        result = tmp_path / f"ocr/a.zip/v/scan.pdf/{number}.xml"
        result.parent.mkdir(parents=True, exist_ok=True)
        result.write_text(page, encoding="utf-8")
    (text,) = texts(outcomes(tmp_path / "in", ocr_results=str(tmp_path / "ocr"))).values()
    assert SENTENCE in text


def test_what_a_book_says_of_its_rights_is_a_statement_and_its_licence_a_column(tmp_path: Path) -> None:
    rights = "<dc:rights>© 2031 架空書房</dc:rights><dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>"
    (tmp_path / "a.epub").write_bytes(epub({"a.xhtml": f"<p>{SENTENCE}</p>"}, metadata=rights))
    (document,) = outcomes(tmp_path).values()
    assert isinstance(document, Document)
    assert document.page_licence == "by-4.0"
    assert document.statements == (
        "dc:rights: © 2031 架空書房",
        "dc:rights: http://creativecommons.org/licenses/by/4.0/",
    )
