"""The bundled web samples: packed the same on every run, readable by others, and true to their table."""

from __future__ import annotations

import gzip
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastwarc import ArchiveIterator as FastWarcIterator
from fastwarc import GzipReader
from warcio.archiveiterator import ArchiveIterator as WarcioIterator

from samples.pack import STRAY_BYTE, WEB, Response, encode, pack, page_bytes, read_table

RESPONSES = read_table()
TEXT_RESPONSES = [response for response in RESPONSES if response.encoding != "binary"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(scope="module")
def warcs(folder: Path) -> list[Path]:
    return pack(folder)


def _name(response: Response) -> str:
    return f"{response.warc}-{response.file}"


def _source(response: Response) -> str:
    return response.path.read_text(encoding="utf-8")


def _by_fastwarc(path: Path) -> list[tuple[int, str, str, bytes]]:
    """Offset, type, record id and block of each record."""
    with path.open("rb") as file:
        reader = GzipReader(file)
        return [
            (
                reader.frame_start_position() or 0,
                record.headers["WARC-Type"],
                record.headers["WARC-Record-ID"],
                record.reader.read(),
            )
            for record in FastWarcIterator(reader, parse_http=False)
        ]


def _by_warcio(path: Path) -> list[tuple[int, str, str, bytes]]:
    with path.open("rb") as file:
        archive = WarcioIterator(file, no_record_parse=True)
        found = []
        for record in archive:
            headers = record.rec_headers
            block = record.raw_stream.read()
            # warcio knows where a member starts only before it has gone on to the next one.
            offset = archive.get_record_offset()
            found.append((offset, headers.get_header("WARC-Type"), headers.get_header("WARC-Record-ID"), block))
        return found


def _decode(data: bytes, response: Response) -> str:
    """The page as others decode it: with Python's own codecs, never with the encoder under test."""
    if response.encoding == "cp51932":
        # JIS X 0213 has ① and ㈱ where NEC put them, and differs in a few signs that Windows maps its own way.
        return data.decode("euc_jis_2004").translate(str.maketrans("〜−", "～－"))
    if response.encoding in ("utf-16le", "utf-16be"):
        return data.decode("utf-16")
    return data.decode(response.encoding)


# --- the archives ------------------------------------------------------------------------------


def test_packing_twice_gives_the_same_bytes(warcs: list[Path], tmp_path: Path) -> None:
    assert [path.read_bytes() for path in pack(tmp_path)] == [path.read_bytes() for path in warcs]


def test_packing_into_the_same_folder_again_touches_nothing(warcs: list[Path], folder: Path) -> None:
    before = [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(folder.rglob("*"))]
    assert pack(folder) == warcs
    assert [(path, path.stat().st_mtime_ns, path.stat().st_ino) for path in sorted(folder.rglob("*"))] == before


def test_a_damaged_warc_is_replaced(tmp_path: Path) -> None:
    path = pack(tmp_path)[0]
    whole = path.read_bytes()
    path.write_bytes(whole[:1000])
    pack(tmp_path)
    assert path.read_bytes() == whole


def test_fastwarc_and_warcio_read_the_same_records_at_the_same_offsets(warcs: list[Path]) -> None:
    for path in warcs:
        records = _by_fastwarc(path)
        assert records == _by_warcio(path)
        assert [kind for _, kind, _, _ in records[:4]] == ["warcinfo", "request", "response", "metadata"]


def test_each_record_is_a_gzip_member_of_its_own(warcs: list[Path]) -> None:
    for path in warcs:
        data = path.read_bytes()
        offsets = [offset for offset, _, _, _ in _by_fastwarc(path)] + [len(data)]
        for start, end in pairwise(offsets):
            assert gzip.decompress(data[start:end]).startswith(b"WARC/1.0\r\n")


def test_every_digest_is_right(warcs: list[Path]) -> None:
    n_checked = 0
    for path in warcs:
        with path.open("rb") as file:
            for record in FastWarcIterator(file, parse_http=False):
                assert record.verify_block_digest()
                n_checked += 1
        with path.open("rb") as file:
            for shown in WarcioIterator(file, check_digests="raise"):
                shown.content_stream().read()
    assert n_checked == 3 * len(RESPONSES) + len(warcs)


def test_each_row_of_the_table_is_one_response_and_its_page_arrives_whole(warcs: list[Path]) -> None:
    arrived: dict[tuple[str, str], tuple[Any, bytes]] = {}
    for path in warcs:
        with path.open("rb") as file:
            for record in WarcioIterator(file):
                if record.rec_type == "response":
                    key = (
                        record.rec_headers.get_header("WARC-Target-URI"),
                        record.rec_headers.get_header("WARC-Record-ID"),
                    )
                    arrived[key] = (record, record.content_stream().read())  # undoes chunks and gzip
    assert len(arrived) == len(RESPONSES)
    for response in RESPONSES:
        record, body = arrived[response.url, response.record_id("response")]
        assert body == page_bytes(response), _name(response)
        assert record.http_headers.get_header("Content-Type") == response.content_type
        assert record.rec_headers.get_header("WARC-Identified-Payload-Type") == response.payload_type


def test_record_ids_are_unique(warcs: list[Path]) -> None:
    ids = Counter(record_id for path in warcs for _, _, record_id, _ in _by_fastwarc(path))
    assert max(ids.values()) == 1


# --- the pages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("response", TEXT_RESPONSES, ids=_name)
def test_a_page_decodes_with_its_stated_encoding_to_its_source(response: Response) -> None:
    data, source = page_bytes(response), _source(response)
    if response.cut_at_bytes is not None:
        with pytest.raises(UnicodeDecodeError, match=r"incomplete multibyte|unexpected end"):
            _decode(data, response)
        assert source.startswith(_decode(data[:-1], response))
    elif response.stray_byte_at is not None:
        with pytest.raises(UnicodeDecodeError, match="invalid start byte"):
            _decode(data, response)
        assert _decode(data.replace(STRAY_BYTE, b""), response) == source
    elif {"hex_entities", "decimal_entities"} & set(response.oddities):
        # Only numeric entities are undone: `&lt;` in the source must stay as it is.
        text = re.sub(r"&#x([0-9A-F]+);", lambda match: chr(int(match[1], 16)), data.decode("ascii"))
        assert re.sub(r"&#([0-9]+);", lambda match: chr(int(match[1])), text) == source
    else:
        assert _decode(data, response) == source


def test_euc_jp_of_windows_has_the_rows_of_nec_and_half_width_kana() -> None:
    assert encode("①㈱髙ｱあ亜", "cp51932") == b"\xad\xa1\xad\xea\xfc\xe2\x8e\xb1\xa4\xa2\xb0\xa1"


def test_euc_jp_of_windows_agrees_with_python_on_all_of_jis_x_0208() -> None:
    # Python maps a few signs of the first row to other characters than Windows does.
    rows = [row for row in range(0xA4, 0xF5) if row not in (0xA9, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF)]
    for row in rows:
        for cell in range(0xA1, 0xFF):
            character = bytes((row, cell)).decode("euc_jp", "ignore")
            if character:
                assert encode(character, "cp51932") == bytes((row, cell))


def test_euc_jp_of_windows_refuses_what_its_table_lacks() -> None:
    with pytest.raises(UnicodeEncodeError, match="beyond the 94 rows"):
        encode("外字\ue000", "cp51932")


def test_a_page_declares_the_encoding_it_has_unless_the_table_says_otherwise() -> None:
    names = {
        "utf-8": {"utf-8"},
        "utf-8-sig": {"utf-8"},
        "cp932": {"shift_jis", "x-sjis", "windows-31j"},
        "cp51932": {"euc-jp"},
        "iso-2022-jp": {"iso-2022-jp"},
        "utf-16le": {"utf-16"},
        "utf-16be": {"utf-16"},
        "gbk": {"gb2312"},
        "big5": {"big5"},
        "euc-kr": {"euc-kr"},
        "cp1252": {"iso-8859-1"},
        "cp1251": {"windows-1251"},
    }
    for response in TEXT_RESPONSES:
        header = re.search(r'charset="?([\w-]+)', response.content_type or "", re.IGNORECASE)
        meta = re.search(r'<meta[^>]*charset="?([\w-]+)', _source(response), re.IGNORECASE)
        in_header = header[1].lower() if header else None
        in_meta = meta[1].lower() if meta else None
        right = names[response.encoding]
        assert ("wrong_header" in response.oddities) == (in_header is not None and in_header not in right), response
        assert ("wrong_meta" in response.oddities) == (in_meta is not None and in_meta not in right), response
        assert ("missing_declaration" in response.oddities) == (in_header is None and in_meta is None), response


# --- the table ---------------------------------------------------------------------------------


def test_the_table_names_every_file_and_no_other() -> None:
    assert {response.file for response in RESPONSES} == {path.name for path in (WEB / "pages").iterdir()}


def test_there_are_at_least_eighty_pages_in_two_crawls() -> None:
    assert len({response.file for response in RESPONSES}) >= 80
    assert {response.warc[:7] for response in RESPONSES} == {"2026-05", "2026-30"}


def test_every_encoding_and_oddity_is_present() -> None:
    assert {response.encoding for response in RESPONSES} == {
        *("utf-8", "utf-8-sig", "cp932", "cp51932", "iso-2022-jp", "utf-16le", "utf-16be"),
        *("gbk", "big5", "euc-kr", "cp1252", "cp1251", "binary"),
    }
    assert {oddity for response in RESPONSES for oddity in response.oddities} == {
        *("missing_declaration", "wrong_meta", "wrong_header", "hex_entities", "decimal_entities"),
        *("cut", "stray_byte", "gzip", "chunked", "crawler_decoded", "no_content_type"),
    }
    undeclared = {response.encoding for response in RESPONSES if "missing_declaration" in response.oddities}
    assert undeclared >= {"cp932", "cp51932", "iso-2022-jp", "utf-8"}


def test_oddities_agree_with_the_fields_that_make_them() -> None:
    for response in RESPONSES:
        assert ("cut" in response.oddities) == (response.cut_at_bytes is not None)
        assert ("stray_byte" in response.oddities) == (response.stray_byte_at is not None)
        assert ("gzip" in response.oddities) == (response.content_encoding == "gzip")
        assert ("chunked" in response.oddities) == (response.transfer_encoding == "chunked")
        assert ("no_content_type" in response.oddities) == (response.content_type is None)


def test_expectations_are_of_the_known_kinds() -> None:
    for response in RESPONSES:
        assert response.expect in ("document", "refused")
        assert response.language in ("ja", "en", "zh", "ko", "de", "fr", "ru", "es", "und")
        assert response.note
        assert response.date.tzinfo is not None


def test_a_duplicate_repeats_a_page_that_comes_before_it() -> None:
    originals: set[str] = set()
    for response in RESPONSES:
        if response.duplicate_of is None:
            assert response.duplicate_kind is None
            assert response.file not in originals, f"{response.file} has two rows, the second is a duplicate"
            originals.add(response.file)
        else:
            assert response.duplicate_of in originals
            assert response.duplicate_kind == ("exact" if response.file == response.duplicate_of else "near")


def test_no_url_is_fetched_twice_in_one_crawl() -> None:
    assert max(Counter((response.url, response.warc[:7]) for response in RESPONSES).values()) == 1


def test_all_addresses_are_reserved_ones() -> None:
    for response in RESPONSES:
        assert re.match(r"https?://[\w.-]+\.example/", response.url)
        if response.encoding != "binary":
            source = _source(response)
            hosts = re.findall(r"(?:https?://|[@＠])([\w.-]+\.[a-z]+)", source)
            assert all(re.search(r"(\.example|example\.com|example\.jp|schema\.org)$", host) for host in hosts), hosts


def test_my_numbers_have_a_valid_check_digit() -> None:
    for file, numbers in {
        "city_mynumber.html": ["4071 9283 6509", "618304729159"],
        "tax_office_examples.html": ["９０８１ ７２６３ ５４０９", "3570-2468-1934"],
        "shop_pottery.html": ["202601140030"],  # a product number that passes by chance
    }.items():
        for number in numbers:
            assert number in (WEB / "pages" / file).read_text(encoding="utf-8")
            *digits, check = [int(digit) for digit in re.sub(r"[^\d]", "", number)]
            weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
            remainder = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
            assert check == (0 if remainder <= 1 else 11 - remainder)


def test_the_samples_are_small() -> None:
    assert sum(path.stat().st_size for path in WEB.rglob("*") if path.is_file()) < 400_000
