"""What a file is, is told by its bytes, whatever it is called."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.sources.content_kind import FORMATS, HEAD_BYTES, recognise
from samples.files.pack_files import docx, epub, zip_of

PROSE = "峠の茶屋は朝から霧につつまれていた。"


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return buffer.getvalue()


EPUB = epub({"a.xhtml": "<p>霧</p>"})
CASES: dict[str, bytes | str] = {
    "pdf": b"junk\n%PDF-1.7\n%\xe2\xe3",
    "epub": EPUB,
    "docx": docx("<w:p/>"),
    "odt": zip_of({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}, stored=("mimetype",)),
    "idml": zip_of({"designmap.xml": "", "Stories/Story_u1.xml": ""}),
    "xlsx": zip_of({"[Content_Types].xml": "", "xl/workbook.xml": ""}),
    "zip": zip_of({"a.txt": PROSE}),
    "tar": tar(),
    "gzip": gzip.compress(b"x"),
    "bzip2": bz2.compress(b"x"),
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "encrypted_office": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(90) + "EncryptedPackage".encode("utf-16-le"),
    "png": b"\x89PNG\r\n\x1a\n\0\0",
    "webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "html": f"<!DOCTYPE html>\n<html><body>{PROSE}",
    "hocr": "<html><head><meta name='ocr-system' content='t'/></head><body><div class='ocr_page'/></body></html>",
    "dtbook": '<?xml version="1.0"?><!DOCTYPE dtbook PUBLIC "-//NISO//DTD" "d"><dtbook xmlns="http://d/"><book/></dtbook>',
    "jats": '<?xml version="1.0"?><article xml:lang="ja"><front/></article>',
    "tei": '<!-- 版 --><TEI xmlns="http://www.tei-c.org/ns/1.0"><text/></TEI>',
    "ndl": "<OCRDATASET><PAGE/></OCRDATASET>",
    "alto": '<?xml version="1.0"?><alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"/>',
    "page_xml": '<PcGts xmlns="http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"/>',
    "egov": '{"law_info": {}, "law_full_text": {"tag": "Law"}}',
    "kokkai": '{"numberOfRecords": 1, "speechRecord": []}',
    "iiif": '{"@context": "http://iiif.io/api/presentation/3/context.json", "type": "Manifest"}',
    "cirrus": '{"index": {"_id": "12"}}\n{"title": "橋"}',
    "json": '[{"a": "霧"}]',
    "xml": '<?xml version="1.0"?><unknown/>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "character_boxes": "Unicode,Image,X,Y,Block ID,Char ID,Width,Height\nU+3080,a,1,2,B1,C1,3,4\n",
    "table": "章,節,本文\n1,2,霧\n1,3,川\n",
    "tex": "\\section{霧}\n本文。",
    "markdown": f"# 題\n\n{PROSE}\n\n- 一\n- 二\n",
    "aozora": "　私《わたくし》は峠《とうげ》を見た。",
    "spaced_text": "町 の 東 に 古い 橋 が あり 、 冬 は 霜 が 置く 。",
    "text": PROSE,
    "empty": b" \n",
    "binary": bytes(range(1, 256)) * 9,
}


@pytest.mark.parametrize(("expected", "data"), CASES.items(), ids=CASES.keys())
@pytest.mark.parametrize("name", ["", "a.txt", "a.pdf", "a.epub"])
def test_a_format_is_known_by_its_bytes_whatever_the_file_is_called(
    name: str, expected: str, data: bytes | str
) -> None:
    assert recognise(data if isinstance(data, bytes) else data.encode(), name) == expected


@pytest.mark.parametrize("encoding", ["cp932", "euc_jp", "utf-16", "iso2022_jp"])
def test_text_and_markup_are_known_in_every_encoding(encoding: str) -> None:
    assert recognise((PROSE * 3).encode(encoding)) == "text"
    assert recognise(f"<html><body>{PROSE * 3}</body></html>".encode(encoding)) == "html"
    assert recognise(CASES["aozora"].encode(encoding)) == "aozora"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    [
        "うみが ひろい。 ふねが ふたつ ある。 そらが あおい。 かぜが ふく。",  # wakachigaki: blanks between phrases
        "彼は *注意* した。番号は #3 である。",
        "東京, 大阪, 京都を訪ねた。\nそして帰った。",
        f"{PROSE}\n--------------------------------\n{PROSE}",
        "底本：と書いてある本を見た。",
        "戯曲《かもめ》と歌劇《さまよえるオランダ人》を観た。",
        "<3 という記号は心臓を表す。",
    ],
)
def test_prose_with_marks_of_other_formats_is_prose(text: str) -> None:
    assert recognise(text.encode()) == "text"


@given(st.binary(max_size=300))
def test_any_bytes_have_a_format_and_their_head_is_enough(data: bytes) -> None:
    assert recognise(data) in FORMATS
    assert recognise(data + b" " * HEAD_BYTES) in FORMATS


def test_a_package_is_known_by_its_first_entry_or_by_all_its_names() -> None:
    assert recognise(EPUB[:200]) == "epub"
    unordered = zip_of({"item/a.xhtml": "x", "META-INF/container.xml": "", "mimetype": "application/epub+zip"})
    assert recognise(unordered) == "epub"
