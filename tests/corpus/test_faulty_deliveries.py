"""Deliveries with faults: each reason of each source is shown by what it was made for, and nothing else is lost.

A delivery is a folder with one good file and the fault beside it. Whatever the fault, the good text comes out, and the
fault is a row with its reason. Web archives have tests of their own (`test_warc.py`).
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import tarfile
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pikepdf
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from manyo.corpus.records import BrokenInput, Document, InputFile, Record, Refused, Skipped
from manyo.corpus.sources.source_kinds import KINDS
from samples.files.pack_files import docx, epub
from samples.files.pdf_writer import level, pdf

#: Stands in every text that must not be lost.
GOOD = "峠の茶屋は朝から霧につつまれていた。"
#: Every source is asked for no file, line or publication above this.
LIMIT = 100_000
#: Their reasons are shown by tests of their own.
WEB_ARCHIVES = ("warc", "commoncrawl")
#: Files of a delivery by name.
Files = Mapping[str, bytes]


def zip_of(entries: Files) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tar_of(entries: Files) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in entries.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def damaged(archive: bytes, of: bytes) -> bytes:
    """The archive with a byte of an entry that is stored as it is turned over."""
    at = archive.index(of)
    return archive[:at] + bytes([archive[at] ^ 0xFF]) + archive[at + 1 :]


def encrypted(entries: Files) -> bytes:
    """A ZIP whose entries say that they are encrypted."""
    data = bytearray(zip_of(entries))
    for signature, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(signature)
        while place >= 0:
            data[place + at] |= 1
            place = data.find(signature, place + 1)
    return bytes(data)


def parquet_of(rows: list[dict[str, Any]], row_group_size: int = 100) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), buffer, row_group_size=row_group_size, compression="none")
    return buffer.getvalue()


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def twice_in_zip(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, data)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(name, data)
    return buffer.getvalue()


#: Reasons for which a delivery of many formats refuses what a source of one format refuses for them.
KEPT = ("broken_archive", "empty_archive", "unsafe_path", "too_large")
#: A DTBook that stands for a billion characters.
BOMB = (
    b'<!DOCTYPE dtbook [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<dtbook><book><p>&b;</p></book></dtbook>"
)

# --- what each source takes for good ---------------------------------------------------------------


def aozora(text: str = GOOD) -> bytes:
    return f"題\r\n作者\r\n\r\n　{text}\r\n\r\n底本：「本」社\r\n".encode("cp932")


def law(text: str = GOOD) -> bytes:
    sentence = (
        f"<Paragraph><ParagraphNum/><ParagraphSentence><Sentence>{text}</Sentence></ParagraphSentence></Paragraph>"
    )
    body = f"<LawBody><LawTitle>茶屋法</LawTitle><MainProvision>{sentence}</MainProvision></LawBody>" if text else ""
    return f'<?xml version="1.0" encoding="UTF-8"?><Law Era="Reiwa"><LawNum/>{body}</Law>'.encode()


def tei(text: str = GOOD) -> bytes:
    return f"<TEI><text><body><p>{text}</p></body></text></TEI>".encode()


def gazette(text: str = GOOD) -> bytes:
    description = f'<description><p num="0001">{text}</p></description>' if text else ""
    return f'<?xml version="1.0"?><jp-official-gazette>{description}</jp-official-gazette>'.encode()


def pdf_file(text: str = GOOD, n_pages: int = 1) -> bytes:
    return pdf(*[level(text, 80, 100)] * n_pages)


def changed_pdf(change: Callable[[pikepdf.Pdf], None], **saving: Any) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_file())) as opened:
        change(opened)
        opened.save(out, **saving)
    return out.getvalue()


def with_xfa(opened: pikepdf.Pdf) -> None:
    opened.Root.NeedsRendering = True
    opened.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array(), XFA=opened.make_stream(b"<xdp/>"))


def page_xml(text: str = GOOD) -> bytes:
    line = f'<LINE TYPE="本文" X="1" Y="1" WIDTH="300" HEIGHT="20" ORDER="0" STRING="{text}" />' if text else ""
    return f"<OCRDATASET><PAGE>{line}</PAGE></OCRDATASET>".encode()


def alto(text: str = GOOD) -> bytes:
    line = f'<TextBlock><TextLine><String CONTENT="{text}"/></TextLine></TextBlock>'
    return (
        f'<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page>{line}</Page></Layout></alto>'.encode()
    )


def speech(number: int = 1, meeting: str = "9" * 21, **changes: object) -> dict[str, object]:
    return {"speechID": f"{meeting}_{number:03}", "speaker": "水野", "speech": f"○水野　{GOOD}", **changes}


def row(work: str | None, page: object, text: str | None = GOOD) -> dict[str, object]:
    return {"work": work, "page": page, "image": f"https://example.org/{work}/{page}", "text": text}


def article(text: str | None = GOOD, number: int = 1, **changes: object) -> list[dict[str, object]]:
    page = {"title": f"茶屋 {number}", "namespace": 0, "text": text, **changes}
    return [{"index": {"_id": str(number)}}, {name: value for name, value in page.items() if value != "absent"}]


GOOD_FILES: dict[str, Files] = {
    "aozora": {"1_ruby_1.txt": aozora()},
    "egov": {"405AC0000000001.xml": law()},
    "files": {"good.epub": epub({"a.xhtml": f"<p>{GOOD}</p>"})},
    "honkoku": {"good/001.txt": GOOD.encode()},
    "jsonl": {"good.jsonl": lines({"id": "g", "text": GOOD})},
    "kokkai": {"good.json": json.dumps({"speechRecord": [speech(meeting="1" * 21)]}).encode()},
    "ndl": {"1000001_0001.xml": page_xml()},
    "ocr": {"good.xml": alto()},
    "pairs": {"good.jsonl": lines(row("good", 1))},
    "parquet": {"good.parquet": parquet_of([{"id": "g", "text": GOOD}])},
    "patent": {"good.xml": gazette()},
    "tei": {"good.xml": tei()},
    "pdf": {"good.pdf": pdf_file()},
    "text": {"good.txt": GOOD.encode()},
    "wikipedia": {"good.jsonl": lines(*article(number=1000))},
}
OPTIONS: dict[str, dict[str, object]] = {
    **{kind: {"max_file_bytes": LIMIT} for kind in ("aozora", "egov", "files", "honkoku", "patent", "tei", "text")},
    "kokkai": {"max_file_bytes": LIMIT, "target_shard_bytes": LIMIT},
    "jsonl": {"max_line_bytes": LIMIT, "id_field": "id"},
    "wikipedia": {"max_line_bytes": LIMIT},
    "ndl": {"max_publication_bytes": LIMIT},
    "ocr": {"max_publication_bytes": LIMIT},
    "pairs": {"max_line_bytes": LIMIT},
    "pdf": {"max_file_bytes": LIMIT, "max_pages": 2},
    "parquet": {"id_field": "id"},
}

# --- what goes wrong -------------------------------------------------------------------------------


def archive_faults(ending: str, good: bytes, name: str = "b") -> Iterator[tuple[str, Files, int]]:
    """Reason, files and number of good texts among them, for sources that read archives."""
    stored = zipfile.ZipFile(buffer := io.BytesIO(), "w")
    with stored:
        stored.writestr(f"{name}_1{ending}", good)
        stored.writestr(f"{name}x_1{ending}", b"\x01\x02\x03\x04" * 8)
    bad = {f"{name}_1{ending}": good, f"{name}x_1{ending}": b"0" * 2 * LIMIT}
    unsafe = {f"../{name}_1{ending}": good, f"/{name}_2{ending}": good, f"C:\\{name}_3{ending}": good}
    yield "broken_archive", {"b.zip": b"PK\3\4 no zip"}, 0
    yield "broken_archive", {"b.zip": damaged(buffer.getvalue(), b"\x01\x02\x03\x04")}, 1
    yield "broken_archive", {"b.tar": tar_of({f"{name}_1{ending}": good})[:520]}, 0
    yield "broken_archive", {"b.tar": tar_of({f"{name}_1{ending}": good}).rstrip(b"\0").ljust(1024, b"\0")}, 1
    two = tar_of({f"{name}_1{ending}": good, f"{name}_2{ending}": good})
    header = two.rindex(f"{name}_2{ending}".encode())
    yield "broken_archive", {"b.tar": two[: header + 100]}, 1
    yield "broken_archive", {"b.tar": damaged(two, f"{name}_2{ending}".encode())}, 1
    yield "broken_archive", {"b.tar": two[:header] + bytes(512) + two[header:]}, 1
    yield "broken_archive", {"b.tar.gz": gzip.compress(tar_of({f"{name}_1{ending}": good}) + two)}, 1
    yield "broken_archive", {"b.zip": encrypted({f"{name}_1{ending}": good})}, 0
    yield "empty_archive", {"b.zip": zip_of({})}, 0
    yield "unsafe_path", {"b.zip": zip_of({**unsafe, f"c/{name}_4{ending}": good})}, 1
    yield "unsafe_path", {"b.tar": tar_of({**unsafe, f"c/{name}_4{ending}": good})}, 1
    yield "too_large", {"b.zip": zip_of(bad)}, 1
    yield "too_large", {"b.tar": tar_of(dict(reversed(bad.items())))}, 1
    yield "too_large", {"b.tar.gz": gzip.compress(tar_of(bad))}, 1
    yield "too_large", {f"b_1{ending}": b"0" * 2 * LIMIT}, 0
    yield "unknown_file", {"b.zip": zip_of({f"{name}_1{ending}": good, "thumbs.db": b"x"})}, 1


def twice(ending: str, one: bytes, other: bytes) -> Iterator[tuple[str, Files, int]]:
    stored = zipfile.ZipFile(buffer := io.BytesIO(), "w")
    with stored, warnings.catch_warnings(action="ignore"):
        stored.writestr(f"same{ending}", one)
        stored.writestr(f"same{ending}", other)
    yield "duplicate_file", {"b.zip": buffer.getvalue()}, 1


def faults(kind: str) -> Iterator[tuple[str, Files, int]]:
    if kind == "aozora":
        yield from archive_faults(".txt", aozora())
        yield from twice(".txt", aozora(), aozora())
        yield "wrong_encoding", {"b.txt": b"\x81\xff\xfe\xff\xa0"}, 0
        yield "no_text", {"b.txt": aozora("")}, 0
    elif kind == "egov":
        yield from archive_faults(".xml", law())
        yield from twice(".xml", law(), law())
        yield "broken_xml", {"b.xml": law()[:-9]}, 0
        yield "broken_xml", {"b.xml": law().replace(b"UTF-8", b"EUC-JP")}, 0
        yield "broken_json", {"b.json": b'{"law_full_text": {'}, 0
        yield "broken_json", {"b.json": b'{"law_full_text": {"attr": {}}}'}, 0
        yield "not_a_law", {"b.xml": b"<page/>"}, 0
        yield "no_text", {"b.xml": law("")}, 0
    elif kind == "files":
        yield from ((reason, files, n) for reason, files, n in archive_faults(".txt", GOOD.encode()) if reason in KEPT)
        inner = zip_of({"c.txt": GOOD.encode(), "inner.zip": zip_of({"d.txt": GOOD.encode()})})
        yield "nested_archive", {"b.zip": zip_of({"b.txt": GOOD.encode(), "in.zip": inner})}, 2
        yield "duplicate_file", {"b.zip": twice_in_zip("b.txt", GOOD.encode())}, 1
        yield "unreadable_format", {"b.txt": b"\x89PNG\r\n\x1a\n" + b"x" * 20}, 0
        yield "unreadable_format", {"b.zip": zip_of({"a.pdf": b"PAR1", "b.txt": GOOD.encode()})}, 1
        yield "broken_file", {"b.zip": zip_of({"a.pdf": b"%PDF-1.7\n", "b.txt": GOOD.encode()})}, 1
        fixed = '<meta property="rendition:layout">pre-paginated</meta>'
        yield "needs_ocr", {"b.epub": epub({"a.xhtml": "<img src='1.png' alt=''/>"}, metadata=fixed)}, 0
        yield "encrypted", {"b.epub": epub({"a.xhtml": GOOD}, others={"META-INF/rights.xml": "<r/>"})}, 0
        yield "broken_file", {"b.epub": zip_of({"META-INF/container.xml": "<container/>"})}, 0
        yield "broken_file", {"b.xml": tei()[:-9]}, 0
        yield "broken_file", {"b.json": b'{"a": '}, 0
        yield "entities", {"c.xml": BOMB}, 0
        yield "too_large", {"b.epub": epub({"a.xhtml": "0" * 2 * LIMIT})}, 0
        yield "no_text", {"b.docx": docx("")}, 0
        yield "no_text", {"empty": b""}, 0
        yield "undecodable", {"b.txt": GOOD.encode() + b"\xff\x80" * 20}, 0
    elif kind == "honkoku":
        info = "filename\tstatus\timage\n001.txt\tcompleted\t\n002.txt\tcompleted\t\n"
        yield "wrong_encoding", {"w/001.txt": GOOD.encode(), "w/002.txt": GOOD.encode("euc_jp")}, 1
        yield "broken_archive", {"w/001.txt": GOOD.encode(), "w/002.txt": gzip.compress(GOOD.encode())[:-9]}, 1
        yield "wrong_encoding", {"w/001.txt": GOOD.encode(), "w/info.tsv": info.encode() + b"\xff"}, 1
        yield "no_text", {"w/001.txt": "【白紙】".encode()}, 0
        yield "too_large", {"w/001.txt": GOOD.encode(), "w/002.txt": b"0" * 2 * LIMIT}, 1
        yield "missing_page", {"w/001.txt": GOOD.encode(), "w/info.tsv": info.encode()}, 1
        yield (
            "unlisted_page",
            {f"w/{n}.txt": GOOD.encode() for n in ("001", "002", "003")} | {"w/info.tsv": info.encode()},
            1,
        )
        yield "unknown_file", {"w/001.txt": GOOD.encode(), "w/001.pdf": b""}, 1
    elif kind == "jsonl":
        good = {"id": "h", "text": GOOD}
        yield "broken_json", {"b.jsonl": lines(good) + b'{"id": \n' + lines({"id": "i", "text": GOOD})}, 2
        yield "broken_json", {"b.jsonl": b'{"text": "' + GOOD.encode("cp932") + b'"}\n' + lines(good)}, 1
        yield "too_large", {"b.jsonl": lines({"id": "x", "text": "0" * 2 * LIMIT}, good)}, 1
        yield "broken_compression", {"b.jsonl.gz": gzip.compress(lines(good))[:-9]}, 1
        yield "no_text", {"b.jsonl": lines({"id": "x", "text": None}, {"id": "y"}, good)}, 1
        yield "duplicate_id", {"b.jsonl": lines(good, {"id": "h", "text": "別の文。"})}, 1
    elif kind == "kokkai":
        good = {"speechRecord": [speech()]}
        yield from archive_faults(".json", json.dumps(good).encode())
        yield from twice(".json", json.dumps(good).encode(), json.dumps(good).encode())
        yield "broken_json", {"b.json": b"{"}, 0
        yield "broken_json", {"b.json": json.dumps(good, ensure_ascii=False).encode("cp932")}, 0
        yield "broken_speech", {"b.json": json.dumps([speech(), {"speechID": "1"}]).encode()}, 1
        yield "broken_speech", {"b.json": json.dumps({"meetingRecord": [{}, {"speechRecord": [speech()]}]}).encode()}, 1
        yield "duplicate_speech", {"b.json": json.dumps([speech(), speech()]).encode()}, 1
        parts = {"b.json": json.dumps([speech(), speech(2)]).encode(), "c.json": json.dumps([speech(2)]).encode()}
        yield "duplicate_meeting", parts, 1
        # Each file is a shard, and tasks look 4 MiB far.
        answers = [json.dumps([speech(number)]).encode().ljust(LIMIT) for number in range(1, 45)]
        yield "long_meeting", {f"b{number:02}.json": answer for number, answer in enumerate(answers)}, 1
        yield "no_text", {"b.json": json.dumps([speech(speaker="会議録情報")]).encode()}, 0
        yield "no_text", {"b.json": b'{"numberOfRecords": 0, "speechRecord": []}'}, 0
    elif kind in ("ndl", "ocr"):
        yield "broken_xml", {"1234567_1.xml": alto()[:-9]}, 0
        yield "broken_xml", {"1234567_1.hocr": b"<html><meta name='ocr-system' content='x'/></html>"}, 0
        yield "broken_row", {"1234567_1.csv": b"Unicode,Image,X,Y,Block ID,Char ID,Width,Height\nU+3080,a,x\n"}, 0
        yield (
            "no_text",
            {"m.json": b'{"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Canvas"}'},
            0,
        )
        yield from archive_faults(".xml", page_xml(), "1234567")
        yield "broken_xml", {"1234567_1.xml": page_xml()[:-9]}, 0
        yield "broken_xml", {"1234567_1.xml": page_xml().replace("峠".encode(), "峠".encode("cp932"))}, 0
        yield "broken_json", {"1234567_1.json": b"["}, 0
        yield "wrong_encoding", {"1234567_1.txt": GOOD.encode("cp932")}, 0
        yield "no_text", {"1234567_1.xml": page_xml("")}, 0
        rows = f"1234567_1_a.jpg\t{GOOD}\ttate\thttps://example.org/a\n1234567_2_b.jpg\n\tx\n1234567_9_c.jpg\t{GOOD}\n"
        yield "broken_row", {"lines.tsv": rows.encode()}, 1
        yield "duplicate_pid", {"1234567_1.xml": page_xml(), "1234567.zip": zip_of({"1234567_1.xml": page_xml()})}, 1
        yield "duplicate_page", {"1234567.zip": zip_of({f"{a}/1234567_1.xml": page_xml() for a in "ab"})}, 1
        yield "missing_page", {f"1234567_{n}.xml": page_xml(GOOD) for n in (1, 2, 4)}, 1
        yield "missing_page", {"1234567.tar": tar_of({f"1234567_{n}.xml": page_xml(GOOD) for n in (8, 11)})}, 1
    elif kind == "pairs":
        yield "broken_json", {"b.jsonl": lines(row("w", 1)) + b"[]\n" + lines(row("w", 2))}, 1
        yield "too_large", {"b.jsonl": lines(row("w", 1), row("w", 2, "0" * 2 * LIMIT))}, 1
        yield "broken_compression", {"b.jsonl.gz": gzip.compress(lines(row("w", 1)))[:-9]}, 1
        yield "broken_parquet", {"b.parquet": b"PAR1"}, 0
        yield "no_text", {"b.jsonl": lines(row("w", 1, ""), row("w", 2, None))}, 0
        yield "no_work", {"b.jsonl": lines(row("w", 1), row(None, 2), row("w", 2))}, 1
        yield "work_in_pieces", {"b.jsonl": lines(row("w", 1), row("v", 1), row("w", 2))}, 2
        yield "duplicate_page", {"b.jsonl": lines(row("w", 1), row("w", "1", "別の文。"), row("w", 2))}, 1
        yield "missing_page", {"b.jsonl": lines(row("w", 1), row("w", 3))}, 1
    elif kind == "parquet":
        rows = [{"id": str(number), "text": GOOD} for number in range(3)]
        three = parquet_of(rows, row_group_size=1)
        first = three.index(GOOD.encode())
        yield "broken_parquet", {"b.parquet": three[: len(three) // 2]}, 0
        yield "broken_parquet", {"b.parquet": three[: first - 40] + b"\xff" * 40 + three[first:]}, 2
        yield "no_text", {"b.parquet": parquet_of([{"id": "x", "text": None}, *rows])}, 3
        yield "duplicate_id", {"b.parquet": parquet_of([*rows, {"id": "2", "text": "別の文。"}])}, 3
    elif kind == "patent":
        yield from archive_faults(".xml", gazette())
        yield from twice(".xml", gazette(), gazette())
        yield "broken_xml", {"b.xml": gazette()[:-9]}, 0
        yield "not_patent", {"b.xml": b"<page/>"}, 0
        yield "undecodable", {"b.xml": gazette().replace(GOOD.encode(), GOOD.encode() + b"\xff\x80" * 20)}, 0
        yield "no_text", {"b.xml": gazette("")}, 0
    elif kind == "pdf":
        yield from archive_faults(".pdf", pdf_file())
        yield from twice(".pdf", pdf_file(), pdf_file())
        yield "not_pdf", {"b.pdf": b"\x01\x02\x03\x04" * 300}, 0
        locked = pikepdf.Encryption(owner="o", user="secret")
        yield "encrypted", {"b.pdf": changed_pdf(lambda _: None, encryption=locked)}, 0
        yield "damaged", {"b.pdf": pdf_file()[:200]}, 0
        yield "too_many_pages", {"b.pdf": pdf_file(n_pages=3)}, 0
        yield "xfa", {"b.pdf": changed_pdf(with_xfa)}, 0
        scan = b"q 595 0 0 842 0 0 cm BI /W 8 /H 8 /BPC 1 /CS /G ID \0\0\0\0\0\0\0\0 EI Q"
        yield "needs_ocr", {"b.pdf": pdf([scan])}, 0
        yield "no_text", {"b.pdf": pdf([])}, 0
    elif kind == "tei":
        yield "broken_xml", {"b.xml": tei()[:-9]}, 0
        yield "broken_xml", {"b.xml": tei(GOOD + "&nbsp;")}, 0
        yield "broken_xml", {"b.xml": GOOD.encode("cp932").join((b"<TEI><text>", b"</text></TEI>"))}, 0
        yield "not_tei", {"b.xml": b"<page/>"}, 0
        yield "no_text", {"b.xml": tei("")}, 0
        yield from archive_faults(".xml", tei())
        yield from twice(".xml", tei(), tei())
    elif kind == "text":
        yield from archive_faults(".txt", GOOD.encode())
        yield from twice(".txt", GOOD.encode(), GOOD.encode())
        yield "undecodable", {"b.txt": GOOD.encode() + b"\xff\x80" * 20}, 0
        yield "no_text", {"b.txt": b" \n"}, 0
    elif kind == "wikipedia":
        yield "broken_json", {"b.jsonl": lines(*article()) + b"{\n" + lines(*article(number=2))}, 2
        yield "too_large", {"b.jsonl": lines(*article("0" * 2 * LIMIT), *article(number=2))}, 1
        yield "broken_compression", {"b.jsonl.gz": gzip.compress(lines(*article()))[:-9]}, 1
        yield "no_text", {"b.jsonl": lines(*article(None), *article(number=2))}, 1
        parts = {f"wiki-{day}-00000.json.bz2": bz2.compress(lines(*article())) for day in ("20260816", "20260823")}
        yield "older_dump", parts, 1
        yield "broken_xml", {"b.xml": b'<mediawiki version="0.11"><page><title>a</title><ns>0'}, 0
        yield "no_title", {"b.jsonl": lines(*article(title="absent"), *article(number=2))}, 1
        yield "duplicate_id", {"b.jsonl": lines(*article(), *article())}, 1


def other_formats(kind: str) -> Iterator[tuple[str, Files, int]]:
    """Files that are something else than their names say; a delivery of files takes them all."""
    if kind == "files":
        return
    (name,) = GOOD_FILES[kind]
    name = name.replace("good", "b").replace("1_ruby", "2_ruby").replace("405AC", "406AC").replace("10000", "12345")
    if kind != "pdf":
        yield "other_format", {name: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<</Type/Catalog>>\nendobj\n"}, 0
    yield "other_format", {name: b"OTTO\0\1" + bytes(range(256))}, 0
    yield "other_format", {name: zip_of({"mimetype": b"application/epub+zip", "OEBPS/a.xhtml": b"<html/>"})}, 0


CASES = [(kind, *fault) for kind in GOOD_FILES for fault in (*faults(kind), *other_formats(kind))]


def read(folder: Path, kind: str) -> tuple[list[Document], list[Refused]]:
    """All that becomes of a folder's files, as the extract stage sees it."""
    source = KINDS[kind]
    options = source.Options(**OPTIONS[kind])
    files = [InputFile(str(path), path.stat().st_size, "1") for path in sorted(folder.rglob("*")) if path.is_file()]
    documents: list[Document] = []
    refused: list[Refused] = []
    for shard in source.plan(files, options):
        for record in source.records(shard, options):
            outcome = record.refused if isinstance(record, BrokenInput) else source.parse(record, options)
            assert not isinstance(outcome, Skipped)
            assert isinstance(record, Record | BrokenInput)
            (refused if isinstance(outcome, Refused) else documents).append(outcome)
    return documents, refused


def write(folder: Path, files: Files) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


@pytest.mark.parametrize(
    ("kind", "reason", "files", "n_good"),
    CASES,
    ids=[f"{kind}: {reason}, {'+'.join(f)}" for kind, reason, f, _ in CASES],
)
def test_a_fault_has_its_reason_and_costs_nothing_else(
    kind: str, reason: str, files: Files, n_good: int, tmp_path: Path
) -> None:
    write(tmp_path, {**GOOD_FILES[kind], **files})
    documents, refused = read(tmp_path, kind)
    assert {fault.reason for fault in refused} == {reason}
    assert all(fault.detail for fault in refused)
    assert [GOOD in document.text for document in documents] == [True] * (1 + n_good)


def test_every_documented_reason_of_every_source_is_shown() -> None:
    shown: dict[str, set[str]] = {}
    for kind, reason, *_ in CASES:
        shown.setdefault(kind, set()).add(reason)
    assert shown == {kind: set(source.REASONS) for kind, source in KINDS.items() if kind not in WEB_ARCHIVES}


@pytest.mark.parametrize("kind", GOOD_FILES)
def test_without_a_fault_no_source_refuses_anything(kind: str, tmp_path: Path) -> None:
    write(tmp_path, GOOD_FILES[kind])
    documents, refused = read(tmp_path, kind)
    assert (len(documents), refused) == (1, [])


def test_each_unsafe_name_is_a_row_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"b.zip": zip_of(dict.fromkeys(("../a.txt", "/a.txt", "a/../../b.txt", "C:\\a.txt"), b"x"))})
    assert Counter(fault.reason for fault in read(tmp_path, "text")[1]) == {"unsafe_path": 4}
