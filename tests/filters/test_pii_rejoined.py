"""Laws of texts that print or OCR took apart: what is found in them joined is reported where it stands."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.rejoined import rejoined

KINDS = [kind.name for kind in PII_KINDS]
APART = "氏名東京都木村良太0123456789-ーのロ力リ 　\n：。番地"
VALUES = {
    "person_name": ("氏名：", "木村良太"),
    "phone": ("電話：", "027-701-3846"),
    "postal_address": ("住所：", "東京都八王子市霧野町十二番地四"),
    "my_number": ("個人番号：", "123456789018"),
    "birth_date": ("氏名：山田 太郎\n生年月日：", "昭和50年3月4日"),
}


def found(text: str) -> list[tuple[str, str]]:
    spans = find(pa.array([text], pa.large_string()), KINDS).to_pylist()
    return [(span["kind"], text[span["start"] : span["stop"]]) for span in spans]


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from(APART), max_size=60))
def test_every_character_of_a_joined_text_leads_back_to_its_own(text: str) -> None:
    whole = rejoined(text)
    if whole is None:
        return
    assert len(whole.places) == len(whole.chars) + 1
    assert whole.places == sorted(set(whole.places))
    left = "".join(text[i] for i in sorted(set(range(len(text))) - set(whole.places)))
    assert set(left) <= set(" 　\n-ー")
    for i, char in enumerate(whole.chars):
        read = text[whole.places[i]]
        assert char == read or read in "力工二夕卜八ロカエニタトハリヘ\n"


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_is_found_with_a_blank_after_each_of_its_letters(kind: str) -> None:
    label, value = VALUES[kind]
    assert (kind, " ".join(value)) in found(label + " ".join(value))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("お届け先 電話 079-012-\n6633", "phone", "079-012-\n6633"),
        ("電話：0465-03-19\n48\nご依頼主", "phone", "0465-03-19\n48"),
        ("カード番号 4111 1111\n1111 1111", "credit_card", "4111 1111\n1111 1111"),
        ("送り先　新潟県長岡市霞川町1166番地\nの2", "postal_address", "新潟県長岡市霞川町1166番地\nの2"),
        ("大 津 市 霞 津 三 丁 目 十 二 番 四 号", "postal_address", "大 津 市 霞 津 三 丁 目 十 二 番 四 号"),
        ("依 頼 人 玉 城　か お リ\n電話 03-1234-5678", "person_name", "玉 城　か お リ"),
    ],
)
def test_a_value_that_a_line_end_or_blanks_break_is_found_whole(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize("text", ["03-1234-5678", "I am at a bus stop.", "第 1 章 は じ め に", "1-2\n3-4"])
def test_a_text_that_is_set_as_usual_stays_as_it_is(text: str) -> None:
    assert rejoined(text) is None or found(text) == []


@pytest.mark.parametrize("place", [1, 2, 4, 5])
def test_a_name_is_found_whole_with_a_variation_selector_after_any_of_its_kanji(place: int) -> None:
    name = "片山 理恵"
    chosen = f"{name[:place]}\U000e0100{name[place:]}"
    assert ("person_name", chosen) in found(f"氏名：{chosen}\n電話：03-1234-5678")
