"""The expressions that read page XML give what lxml gives, or leave the file to it."""

from __future__ import annotations

import random
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.ocr import items_of
from bench.ocr_noise import LAYOUTS, Noise, book
from manyo.corpus.print.geometry_kernels import Kind
from manyo.corpus.print.recognised import Page
from manyo.corpus.sources.ndl_xml import _parsed_pages, _plain_pages, read_pages
from tests.corpus.test_simulated_books import paragraphs

LINE = (
    '<LINE TYPE="本文" X="40" Y="-3" WIDTH="30.5" HEIGHT="200" CONF="0.930" PRED_CHAR_CNT="2.000" ORDER="{}"'
    ' STRING="{}" />'
)
PICTURE = '<LINE TYPE="本文" X="1" Y="1" WIDTH="1" HEIGHT="1" STRING="図" />'
PAGE = f"""<OCRDATASET>
<PAGE IMAGENAME="a.jpg" WIDTH="800" HEIGHT="600">
  <TEXTBLOCK CONF="0.9">
    {LINE.format(2, "川の向こうに")}
    {LINE.format(1, "古い水車小屋　が")}
    <SHAPE><POLYGON POINTS="1,2,3,4" /></SHAPE>
  </TEXTBLOCK>
  <BLOCK TYPE="ノンブル" X="1" Y="2" WIDTH="3" HEIGHT="4" CONF="0.8" />
  <BLOCK TYPE="図版" X="1" Y="2" WIDTH="3" HEIGHT="4">{PICTURE}</BLOCK>
  <BLOCK TYPE="表組" X="1" Y="2" WIDTH="3" HEIGHT="4">{LINE.format(9, "12")}{LINE.format(8, "３")}</BLOCK>
  <LINE TYPE="広告文字" X="1" Y="1" WIDTH="1" HEIGHT="1" ORDER="10" STRING="広告" />
  <LINE TYPE="タイトル本文" X="1" Y="1" WIDTH="1" HEIGHT="1" STRING="題" />
</PAGE>
</OCRDATASET>
"""


def in_order(names: list[str], page: str = PAGE) -> str:
    """The page with the attributes of its lines in another order."""

    def line(match: re.Match[str]) -> str:
        values = dict(re.findall(r' ([A-Z_]+)="([^"]*)"', match[1]))
        written = "".join(f' {name}="{values[name]}"' for name in names if name in values)
        return f"<LINE{written} />"

    return re.sub("<LINE([^>]*?) ?/>", line, page)


TITLED = PAGE.replace('古い水車小屋　が"', '古い水車小屋　が" TITLE="TRUE" AUTHOR="FALSE"')
#: The same page as the tools write it: Lite, the server tool, and that where Python sorts attributes by name.
SERVER = ["TYPE", "X", "Y", "WIDTH", "HEIGHT", "CONF", "PRED_CHAR_CNT", "STRING", "ORDER", "TITLE", "AUTHOR"]
PAGES = (
    PAGE,
    "<?xml version='1.0' encoding='utf-8'?>" + in_order(SERVER, TITLED),
    "<?xml version='1.0' encoding='utf-8'?>" + in_order(sorted(SERVER), TITLED).replace(' AUTHOR="FALSE"', "", 1),
)
#: What a change may put in: pieces of markup, and characters that XML treats in ways of their own.
PIECES = [
    "<", ">", "&", '"', "'", "/", "&amp;", "&#12354;", "\n", "\t", "\0", "\ufffe", "\ufeff", "　", "e\u0301", "x",
    "1e5", "<PAGE>", "</PAGE>", "</TEXTBLOCK>", "<TEXTBLOCK>", "<BLOCK>", "<NEW/>", ' TYPE="割注"', ' X="1"',
    "<![CDATA[x]]>", "<!--x-->", "<?xml version='1.0'?>", '<?xml version="1.0" encoding="UTF-8"?>', "<OCRDATASET/>",
    LINE.format(0, "あ"),
]  # fmt: skip


def columns(pages: list[Page]) -> list[tuple[object, ...]]:
    def numbers(values: object) -> list[float]:
        return np.nan_to_num(np.array(values, float).reshape(-1), nan=-9.0).tolist()

    return [
        (page.label, [*page.texts], [*map(int, page.kinds)], [*page.blocks], [*page.furniture], numbers(page.boxes),
         numbers(page.confidences))
        for page in pages
    ]  # fmt: skip


def assert_same(data: bytes) -> bool:
    """Whether the expressions read it; if so, lxml reads the same."""
    plain = _plain_pages(data, "label")
    if plain is not None:
        assert columns(plain) == columns(_parsed_pages(data, "label"))
    return plain is not None


@pytest.mark.parametrize("text", PAGES, ids=["Lite", "server", "server, by name"])
def test_a_page_with_all_that_is_usual_is_read_by_expressions(text: str) -> None:
    assert assert_same(text.encode())
    (page,) = read_pages(text.encode(), "label")
    assert page.texts == ["古い水車小屋　が", "川の向こうに", "３", "12", "題"]
    assert page.kinds[0] == (Kind.BODY if text is PAGE else Kind.HEADING)
    assert page.kinds[1:] == [Kind.BODY, Kind.CELL, Kind.CELL, Kind.HEADING]


def test_a_line_without_text_is_left_out_in_every_order() -> None:
    for text in PAGES:
        data = text.replace(' STRING="川の向こうに"', "").encode()
        assert assert_same(data)
        assert read_pages(data, "label")[0].texts == ["古い水車小屋　が", "３", "12", "題"]


@pytest.mark.parametrize("layout", LAYOUTS[::7], ids=str)
def test_simulated_pages_are_read_by_expressions(layout) -> None:
    pages = book(paragraphs(random.Random(1), 40), ("水車の本", "渡し場"), layout, Noise(), 1)
    assert all(assert_same(item.data) for item in items_of(pages, "xml"))


def test_real_pages_are_read_by_expressions(real_data: Path) -> None:
    paths = sorted((real_data / "ndl" / "ndlocr_xml").glob("*.xml"))
    assert paths
    assert all(assert_same(path.read_bytes()) for path in paths)


@settings(max_examples=250, deadline=None)
@given(
    st.sampled_from(PAGES),
    st.lists(st.tuples(st.integers(0, len(PAGE)), st.integers(0, 3) | st.just(0), st.sampled_from(PIECES)), max_size=3),
)
def test_a_changed_page_is_read_alike_or_left_to_lxml(text: str, changes: list[tuple[int, int, str]]) -> None:
    for place, removed, piece in changes:
        text = text[:place] + piece + text[place + removed :]
    assert_same(text.encode())


@pytest.mark.parametrize(
    "data",
    [
        PAGE.replace("　", "&#x3000;").encode(),
        PAGE.encode("utf-16"),
        PAGE.replace("<OCRDATASET>", '<OCRDATASET xmlns:n="x">').encode(),
        f'<?xml version="1.0" encoding="EUC-JP"?>{PAGE}'.encode("euc_jp"),
        PAGE.replace('ORDER="1"', 'DIRECTION="縦"').encode(),
    ],
)
def test_what_is_unusual_is_left_to_lxml_and_read(data: bytes) -> None:
    assert not assert_same(data)
    assert len(read_pages(data, "label")[0].texts) == 5


@pytest.mark.parametrize(
    "data", [b"", b"<OCRDATASET><PAGE>", b"<OCRDATASET></OCRDATASET>", PAGE.encode()[:-9], PAGE.encode() * 2]
)
def test_broken_xml_and_xml_without_a_page_are_errors(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_pages(data, "label")
