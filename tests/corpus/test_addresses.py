"""Addresses: one form for all spellings, nothing else joined, and one host for one URI and for a column of them."""

from __future__ import annotations

import json
import lzma
import re
import unicodedata
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

import pyarrow as pa
import pytest
from ada_url import URL
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from manyo.corpus.addresses import canonical_address, host_of, hosts, readable_address

PIECES = (
    "http", "HTTPS", "ftp", "s3", ":", "//", "://", "www.", "WWW.", "jp", "example.jp", "ＡＢ.jp", ".", "@", "[::1]",
    "/", "?", "#", ":80", "a", "\n", "xn--wgv71a119e.jp", "\\", "%41", " ", "_",
)  # fmt: skip
PARTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(st.one_of(PARTS, PARTS.map(lambda rest: f"http://{rest}")))
@example("http://a@b@www.example.jp/")
@example("http:\\\\example.jp\\a")
@settings(max_examples=300, deadline=None)
def test_a_column_of_uris_has_the_hosts_that_each_of_them_has(uri: str) -> None:
    assert hosts(pa.array([uri, None], pa.large_string())).to_pylist() == [host_of(uri), None]


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("http://www.Example.jp/a", "example.jp"),
        ("https://user@example.jp:443", "example.jp"),
        ("http://www2.example.jp/", "www2.example.jp"),
        ("http://www.jp/", "www.jp"),
        ("http://[::1]:80/", "[::1]"),
        ("ftp://www.example.jp/a", "example.jp"),
        ("https://日本語.example/", "xn--wgv71a119e.example"),
        ("s3://bucket/key", None),
        ("info:ndljp/pid/1", None),
    ],
)
def test_a_host_is_a_name_in_lower_case_without_www(uri: str, host: str | None) -> None:
    assert host_of(uri) == host


def test_an_address_whose_site_is_called_www_keeps_it() -> None:
    assert canonical_address("http://www.jp/a") == "www.jp/a"
    assert canonical_address("http://www.example.jp/a") == "example.jp/a"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.jp/~taro/", "https://example.jp/%7Etaro/"),
        ("https://example.jp/%e6%9c%9d", "https://example.jp/朝"),
        ("https://example.jp/a/../b/./c", "https://example.jp/b/c"),
        ("https://example.jp/a/%2e%2E/b", "https://example.jp/b"),
        ("https://example.jp/が", "https://example.jp/か\u3099"),
        ("https://example.jp/?q=%E3%81%8B%E3%82%99", "https://example.jp/?q=が"),
        ("https://日本語.example/", "https://xn--wgv71a119e.example/"),
        ("https://日本語。example/", "https://日本語.example/"),
        ("https://EXAMPLE.jp.:443", "http://www.example.jp:80/#top"),
        ("https://name:word@example.jp/a b", "https://example.jp/a%20b"),
        ("https://example.jp/?%c6%fc", "https://example.jp/?%C6%FC"),
        ("https://example.jp/%c6%fc", "https://example.jp/\udcc6\udcfc"),
    ],
)
def test_spellings_of_one_address_have_one_form(one: str, other: str) -> None:
    assert canonical_address(one) == canonical_address(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://wiki.example/index.php?%C6%FC%B5%AD", "http://wiki.example/index.php?%C4%AB%BB%D4"),
        # 無名 and 名無 in EUC-JP are combining marks in UTF-8, which NFC puts in one order.
        ("http://wiki.example/index.php?%CC%B5%CC%BE", "http://wiki.example/index.php?%CC%BE%CC%B5"),
        # 余 in EUC-JP is the Greek question mark in UTF-8, which NFC makes a semicolon.
        ("http://wiki.example/?%CD%BE", "http://wiki.example/?%3B"),
        ("https://example.jp/a", "https://example.jp/a/"),
        ("https://example.jp/a", "https://example.jp/A"),
        ("https://example.jp/a%2Fb", "https://example.jp/a/b"),
        ("https://example.jp/a%3Fb", "https://example.jp/a?b"),
        ("https://example.jp/?a%26b", "https://example.jp/?a&b"),
        ("https://example.jp/?a+b", "https://example.jp/?a%20b"),
        ("https://example.jp/%%34%31", "https://example.jp/%41"),
        ("https://example.jp/%25%34%31", "https://example.jp/%41"),
        ("https://example.jp/Ａ", "https://example.jp/A"),
        ("https://example.jp:8080/a", "https://example.jp/a"),
        ("https://m.example.jp/a", "https://example.jp/a"),
    ],
)
def test_other_addresses_have_other_forms(one: str, other: str) -> None:
    assert canonical_address(one) != canonical_address(other)


#: Two bytes of a double-byte encoding, among them those that are UTF-8 as well.
EUC_JP = st.tuples(st.integers(0xA1, 0xFE), st.integers(0xA1, 0xFE)).map(bytes)
SHIFT_JIS = st.tuples(st.sampled_from([*range(0x81, 0xA0), *range(0xE0, 0xFD)]), st.integers(0x40, 0xFC)).map(bytes)
ASCII = st.sampled_from([b"e", b"-", b"/", b";", b"&", b"%"])


@pytest.mark.parametrize("characters", [EUC_JP, SHIFT_JIS], ids=["euc-jp", "shift-jis"])
@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_names_in_double_byte_encodings_stay_distinct(
    characters: st.SearchStrategy[bytes], data: st.DataObject
) -> None:
    names = st.lists(st.one_of(characters, ASCII), max_size=4).map(b"".join)
    one, other = data.draw(names), data.draw(names)
    assume(one != other)
    assert canonical_address(f"http://e.jp/?{quote(one)}") != canonical_address(f"http://e.jp/?{quote(other)}")


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6)


@given(NAMES, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_a_name_is_found_however_its_codes_are_written(name: str, chance: object) -> None:
    codes = quote(name, safe="")
    other = "".join(
        chance.choice(
            [f"%{byte:02X}", f"%{byte:02x}", chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}"]
        )  # type: ignore[attr-defined]
        for byte in unquote_to_bytes(codes)
    )
    assume(name not in (".", ".."))
    form = canonical_address(f"https://e.jp/{codes}/x")
    assert canonical_address(f"https://e.jp/{other}/x") == form
    assert form == canonical_address(f"http://{form}"), "a form is its own form"
    assert unquote_to_bytes(form or "") == unquote_to_bytes(f"e.jp/{codes}/x") or not unicodedata.is_normalized(
        "NFC", name
    )


@given(st.text(st.sampled_from("がパヴeéñо́й한국ệ日"), max_size=6))
@settings(max_examples=100, deadline=None)
def test_a_name_in_nfd_is_that_name_in_nfc(name: str) -> None:
    forms = {canonical_address(f"https://e.jp/{unicodedata.normalize(form, name)}/") for form in ("NFC", "NFD")}
    assert len(forms) == 1


def test_addresses_are_shown_readably() -> None:
    form = canonical_address("https://日本語.example/朝?%C6%FC")
    assert readable_address(form or "") == "日本語.example/朝?\\xc6\\xfc"


def test_the_parser_does_what_the_standards_own_cases_say() -> None:
    """`url/resources/urltestdata.json` of web-platform-tests, as of what ada-url carried in 2026; its notice is inside.

    Every case, with its base where it has one: an address is refused, or written as the case says.
    """
    packed = json.loads(lzma.decompress((Path(__file__).parent / "urltestdata.xz").read_bytes()))
    assert len(packed["cases"]) > 800
    for case in packed["cases"]:
        base = {"base": case["base"]} if case["base"] else {}
        try:
            href = URL(case["input"], **base).href
        except ValueError:
            href = None
        assert href == case["href"], case


def test_an_address_and_what_the_standard_makes_of_it_have_one_form() -> None:
    """Over those of the standard's cases that are web addresses by themselves, without the blanks around them."""
    packed = json.loads(lzma.decompress((Path(__file__).parent / "urltestdata.xz").read_bytes()))
    for case in packed["cases"]:
        written = case["input"].strip("".join(map(chr, range(0x21))))
        if not case["base"] and case["href"] and re.match("(?i)https?:", written):
            form = canonical_address(written)
            assert form == canonical_address(case["href"]), case
            assert form is not None or set(case["href"].split("/")[2]) == {"."}, "a host of dots alone is no host"
