"""The Japanese encodings are decoded as browsers decode them: against the standard's steps, tables and test suite.

The vectors are those of web-platform-tests, folder `encoding` (BSD-3-Clause): their pages of characters encode every
character of the index tables, which `test_every_pair_of_bytes…` and its neighbours do as well; their pages of errors
and `iso-2022-jp-decoder.html` are below.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.web import legacy
from manyo.corpus.web.charset import decode
from tests.corpus.encoding_oracle import decoded, indexes

CHARSETS = legacy.ENCODINGS

EUC_JP_ERRORS = {
    "B0 3C": "\ufffd<", "B0 B5 B0 3C": "圧\ufffd<", "B0 B0 B0 3C": "旭\ufffd<", "FF": "\ufffd", "B0 B5 FF": "圧\ufffd",
    "91": "\ufffd", "B0 B5 91": "圧\ufffd", "B0 31": "\ufffd1", "B0 FF": "\ufffd", "B0 A0": "\ufffd", "A2 B9": "\ufffd",
}  # fmt: skip
SHIFT_JIS_ERRORS = {
    "FA 3C": "\ufffd<", "FA 6E FA 3C": "佖\ufffd<", "FA FA FA 3C": "洄\ufffd<", "FF": "\ufffd", "A0": "\ufffd",
    "E1 3C": "\ufffd<", "FA FA FF": "洄\ufffd", "FA FD": "\ufffd", "FA FE": "\ufffd", "81 B5": "\ufffd",
}  # fmt: skip
ISO_2022_JP_ERRORS = {
    "0E 24 42 79 56 1B 28 42 3C": "\ufffd$ByV<", "1B 28 4A 0F 1B 28 42 3C": "\ufffd<",
    "1B 28 49 65 1B 28 42 3C": "\ufffd<",
    "1B 24 42 7F 56 1B 28 42 3C": "\ufffd\ufffd<", "1B 24 42 24 74 1B 28 42 3C": "\ufffd<",
    "1B 24 42 79 7F 1B 28 42 3C": "\ufffd<", "1B 65 79 56 1B 28 42 3C": "\ufffdeyV<",
    "1B 24 65 79 56 1B 28 42 3C": "\ufffd$eyV<",
    # iso-2022-jp-decoder.html
    "1B 24": "\ufffd$", "1B 24 50": "\ufffd$P", "1B 28 42 50": "P", "1B 28 42 1B 28 42 50": "\ufffdP",
    "50 1B 28 42 50": "PP", "5C 5D 7E": "\\]~", "0D 0E 0F 10": "\r\ufffd\ufffd\x10", "1B 28 4A 5C 5D 7E": "¥]‾",
    "1B 28 4A 0D 0E 0F 10": "\r\ufffd\ufffd\x10", "1B 28 4A 1B 1B 28 49 50": "\ufffdﾐ", "1B 28 49 50": "ﾐ",
    "1B 28 49 1B 24 40 50 50": "\ufffd佩", "1B 28 49 1B 50": "\ufffdﾐ", "1B 28 49 1B 24 50": "\ufffd､ﾐ",
    "1B 28 49 50 1B 28 49 50": "ﾐﾐ", "1B 28 49 0D 0E 0F 10": "\ufffd" * 4, "1B 24 40 50 50": "佩",
    "1B 24 42 50 50": "佩",
    "1B 24 42 1B 50 50": "\ufffd佩", "1B 24 40 1B 24 40": "\ufffd", "1B 24 40 1B 24 40 50 50": "\ufffd佩",
    "1B 24 40 1B 24 42 50 50": "\ufffd佩", "1B 24 40 1B 24 50 50": "\ufffdば\ufffd",
    "1B 24 40 50 1B 24 40 50 50": "\ufffd佩", "1B 24 40 20 50": "\ufffd\ufffd", "1B 24 40 50 20": "\ufffd",
    "50 1B": "P\ufffd", "50 1B 24": "P\ufffd$", "50 1B 50": "P\ufffdP", "50 1B 28 42": "P", "50 1B 28 4A": "P",
    "50 1B 28 49": "P", "50 1B 24 40": "P", "50 1B 24 42": "P",
}  # fmt: skip
VECTORS = [
    *(("euc-jp", *pair) for pair in EUC_JP_ERRORS.items()),
    *(("shift_jis", *pair) for pair in SHIFT_JIS_ERRORS.items()),
    *(("iso-2022-jp", *pair) for pair in ISO_2022_JP_ERRORS.items()),
]


def text_of(data: bytes, charset: str) -> str:
    return legacy.decode(data, charset).utf_8.decode("utf-8")


@pytest.mark.parametrize(("charset", "written", "text"), VECTORS)
def test_errors_are_those_of_the_browsers_test_suite(charset: str, written: str, text: str) -> None:
    data = bytes.fromhex(written)
    assert decoded(data, charset) == text
    assert text_of(data, charset) == text


def test_the_index_tables_are_the_published_ones_and_the_ibm_rows() -> None:
    jis_0208, jis_0212 = indexes()
    assert legacy.jis_0208().tolist() == jis_0208
    added = {pointer: chr(point) for pointer, point in enumerate(legacy.jis_0212().tolist()) if not jis_0212[pointer]}
    assert {pointer: point for pointer, point in enumerate(legacy.jis_0212().tolist()) if jis_0212[pointer]} == {
        pointer: point for pointer, point in enumerate(jis_0212) if point
    }
    rows = {pointer // 94 + 0xA1 for pointer, character in added.items() if character != "\0"}
    assert rows == {0xF3, 0xF4}


@pytest.mark.parametrize("charset", CHARSETS)
def test_every_pair_of_bytes_is_read_as_the_standard_reads_it(charset: str) -> None:
    shift = b"\x1b$B" if charset == "iso-2022-jp" else b""
    for first in range(256):
        pairs = b"".join(shift + bytes((first, second)) + b"<\x1b(B" * bool(shift) + b"<\n" for second in range(256))
        assert text_of(pairs, charset) == decoded(pairs, charset), first


def test_every_three_bytes_of_jis_x_0212_are_read_as_the_standard_reads_them() -> None:
    for first in (*range(0x7F, 0xF3), *range(0xF5, 0x100)):
        data = b"".join(bytes((0x8F, first, second)) + b"<\n" for second in range(256))
        assert text_of(data, "euc-jp") == decoded(data, "euc-jp"), first


TELLING = bytes.fromhex("1b1b1b2428404249444a0a0d0e20215c5e7e7f808182848e8fa0a1a4b0dfe0eff0f3fafcfdff61")


@given(
    st.one_of(st.lists(st.sampled_from(TELLING), max_size=40).map(bytes), st.binary(max_size=40)),
    st.sampled_from(CHARSETS),
)
@example(b"\x1b$", "iso-2022-jp")
@settings(max_examples=400, deadline=None)
def test_any_bytes_are_read_as_the_standard_reads_them(data: bytes, charset: str) -> None:
    # What manyo adds to the standard: IBM rows and JIS X 0212 in ISO-2022-JP.
    data = data.replace(b"\x1b$(", b"").translate(None, b"\xf3\xf4" if charset == "euc-jp" else b"")
    found = legacy.decode(data, charset)
    text = found.utf_8.decode("utf-8")
    assert text == decoded(data, charset)
    assert found.lost == text.count("\ufffd")
    whole = found.utf_8[: found.whole_bytes].decode("utf-8")
    assert text.startswith(whole)
    assert whole == text or text[len(whole)] == "\ufffd"


def test_what_the_standard_lacks_is_read_as_its_writers_meant_it() -> None:
    assert text_of(b"\x8f\xf3\xf3\x8f\xf4\xab\x8f\xf4\xfe", "euc-jp") == "ⅰ㈱黑"
    assert text_of(b"\x1b$(D\x30\x21\x1b(Bc", "iso-2022-jp") == "丂c"


@pytest.mark.parametrize("charset", CHARSETS)
def test_a_decoded_page_is_what_its_encoding_says(charset: str) -> None:
    text = "朝から雨が降っていたので、傘をさして駅まで歩きました。" * 3
    data = text.encode("iso2022_jp" if charset == "iso-2022-jp" else charset)
    page = decode(data, charset)
    assert (page.text, page.utf_8) == (text, text.encode())
    assert decode(b"", charset).text == ""
