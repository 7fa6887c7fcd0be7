"""Addresses are found whole: every municipality, every way of writing a block, up to the last room."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.filters.pii import postal_addresses
from manyo.filters.pii.normal_form import folded
from manyo.filters.pii.postal_addresses import find_addresses, modern

_LINES = Path(postal_addresses.__file__).with_name("municipalities.txt").read_text("utf-8").splitlines()
MUNICIPALITIES = [
    (line.split("\t")[0], name) for line in _LINES if not line.startswith("#") for name in line.split("\t")[1:]
]
TOWNS = ["霧町", "字霧野", "大字霞字上霧", "霧ヶ丘", "本霧", "東霞", "霞が台"]
BLOCKS = [
    "3丁目14番15号", "三丁目十四番十五号", "3-14-15", "３－１４－１５", "3丁目14-15", "123番地", "123番地の4",
    "百二十三番地四",    "88番地12", "12丁4番6号", "甲990番地", "88番戸", "123の4番地", "3丁目14番", "番外地",
]  # fmt: skip
BUILDINGS = [
    "",
    " 霧荘102",
    "　霞ハイム1005号",
    " 霧ビル4F",
    "　コーポ霧 203号室",
    " メゾン霞B棟302",
    " 霧マンション",
    "　霞タワー地下1階",
]
FRAMES = ["{}", "住所は{}です。", "転居先：{}", "（{}）", "昨日、{}に荷物を送りました。"]


def found(text: str) -> list[str]:
    return [text[start:stop] for start, stop, _ in find_addresses(modern(folded(text)), 0, len(text))]


def test_every_municipality_is_an_anchor_with_its_prefecture_and_without() -> None:
    missed = []
    for prefecture, name in MUNICIPALITIES:
        for address in (f"{prefecture}{name}霧町3-14-15", f"{name}霧町3丁目14番15号"):
            if found(f"昨日は{address}に送りました。") != [address]:
                missed.append(address)
    assert not missed


@given(
    st.sampled_from(MUNICIPALITIES),
    st.sampled_from(TOWNS),
    st.sampled_from(BLOCKS),
    st.sampled_from(BUILDINGS),
    st.sampled_from(["", "〒103-0099 ", "〒103-0099\n", "103-0099 "]),
    st.sampled_from(FRAMES),
)
def test_an_address_is_found_from_its_postal_code_to_its_room(
    municipality: tuple[str, str], town: str, block: str, building: str, code: str, frame: str
) -> None:
    address = code + "".join(municipality) + town + block + building
    assert found(frame.format(address)) == [address]


@pytest.mark.parametrize(
    "address",
    [
        "京都市中京区烏丸通霧小路上ル西入霞屋町998",
        "京都府京都市下京区霧小路通烏丸東入る霞鉾町688番地",
        "札幌市白石区霧郷九条北四十丁目8番99号",
        "札幌市中央区南40条西88丁目9-1 霧ビル7階",
        "北海道河東郡音更町字霧然西9線88番地",
        "岩手県盛岡市東霧山第31地割88番地12",
        "堺市西区浜霧町12丁4番6号",
        "金沢市霧野町ハ88番地",
        "新潟縣西蒲原郡霧村大字霧新田九百十番戸",
        "東京市本郷區霧坂町弐拾八番地",
        "浦和市霧砂3-15-21",
        "長野県飯山市大字霧町1110-1",
        "神奈川県足柄上郡山北町霧岸9012",
        "霧ヶ丘3丁目91番地の12",
        "札幌市白石区霧平三条五丁目2-14",
        "京都市上京区千本通霧小路上る東入霞屋町四一五",
        "新潟県上越市大字霧ノ木1305番地乙",
        "滋賀県彦根市霧橋二丁目 3 番 41 号",
        "大津市霧が丘 9 番 12-402 号",
    ],
)
def test_a_way_of_writing_addresses_is_read_to_its_end(address: str) -> None:
    assert found(f"先日、{address}に届きました。") == [address]


def test_an_address_goes_on_after_a_line_end_behind_a_unit() -> None:
    assert found("山形県西置賜郡白鷹町大字\n霧鮎10021番地5") == ["山形県西置賜郡白鷹町大字\n霧鮎10021番地5"]


def test_digits_that_ocr_set_apart_are_one_number() -> None:
    assert found("〒 8 9 1 - 0 1 9 9 鹿児島市霧山 8 - 2 2 1") == ["〒 8 9 1 - 0 1 9 9 鹿児島市霧山 8 - 2 2 1"]


@pytest.mark.parametrize(
    "text",
    [
        "横浜市の人口は3724000人で、大阪市は2-1で神戸市に勝った。",
        "川崎市立霧高校3-2霞高校",
        "東京都渋谷区は2010-11-20に発表した。",
        "長野県松本市では1-2週間で終わる。",
        "千代田区長選挙2021-3",
        "北海道の市町村は179ある。",
        "静岡市役所5階の窓口",
        "名古屋市営地下鉄2号線",
        "愛知県一宮市平成5年度3-2号議案",
        "札幌市中央区大通西4丁目",
        "全国47都道府県と1741市区町村",
        "鹿児島市の気温は12-15度だった。",
    ],
)
def test_a_place_without_a_block_is_not_an_address(text: str) -> None:
    assert not found(text)


def test_a_building_in_the_line_below_is_found_by_itself() -> None:
    assert found("岐阜市霧野町5-1190\nハイム霧 B棟 302\n岩田 光") == ["岐阜市霧野町5-1190", "ハイム霧 B棟 302"]
    assert found("岐阜市霧野町5-1190\n霧ビル前で待つ") == ["岐阜市霧野町5-1190"]
