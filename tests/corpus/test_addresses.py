"""Hosts: one meaning for one URI and for a column of them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manyo.corpus.addresses import host_of, hosts, normal_address

PIECES = (
    "http", "HTTPS", "ftp", "s3", ":", "//", "://", "www.", "WWW.", "jp", "example.jp", "ＡＢ.jp", ".", "@", "[::1]",
    "/", "?", "#", ":80", "a", "\n", "xn--wgv71a119e.jp",
)  # fmt: skip
PARTS = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(st.one_of(PARTS, PARTS.map(lambda rest: f"http://{rest}")))
@example("http://a@b@www.example.jp/")
@settings(max_examples=300, deadline=None)
def test_a_column_of_uris_has_the_hosts_that_each_of_them_has(uri: str) -> None:
    assert hosts(pa.array([uri])).to_pylist() == [host_of(uri)]


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("http://www.Example.jp/a", "example.jp"),
        ("https://user@example.jp:443", "example.jp"),
        ("http://www2.example.jp/", "www2.example.jp"),
        ("http://www.jp/", "www.jp"),
        ("http://[::1]:80/", "[::1]"),
        ("ftp://www.example.jp/a", "example.jp"),
        ("s3://bucket/key", None),
        ("info:ndljp/pid/1", None),
    ],
)
def test_a_host_is_a_name_in_lower_case_without_www(uri: str, host: str | None) -> None:
    assert host_of(uri) == host


def test_an_address_whose_site_is_called_www_keeps_it() -> None:
    assert normal_address("http://www.jp/a") == "www.jp/a"
    assert normal_address("http://www.example.jp/a") == "example.jp/a"
