"""Kinds of values that programs, neighbours' lists and short notes set apart; the values are invented."""

from itertools import product

import pyarrow as pa
import pytest

from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS

KINDS = [kind.name for kind in PII_KINDS]


def found(text: str) -> set[tuple[str, str]]:
    spans = find(pa.array([text], pa.large_string()), KINDS).to_pylist()
    return {(span["kind"], text[span["start"] : span["stop"]]) for span in spans}


def test_an_address_of_a_device_without_separators_is_found_in_a_column_that_says_so() -> None:
    for head, value in product(["MACアドレス", "物理アドレス", "BSSID"], ["7085c2d93e17", "9C5A440BE2D7"]):
        assert ("mac_address", value) in found(f"部屋\t{head}\t備考\n301\t{value}\tなし")
        assert found(f"部屋\t品番\t備考\n301\t{value}\tなし") == set()


def test_an_address_of_documentation_is_no_device() -> None:
    assert found("MACアドレス：001122334455") == set()


def test_a_local_number_is_found_below_one_with_the_code_of_its_area() -> None:
    rows = "班\t氏名\t電話\n1\t片山 理恵\t018-863-4402\n2\t湯浅 寛\t{}"
    for number in ("862-7713", "62-0713"):
        assert ("phone", number) in found(rows.format(number))
    without_code = "班\t氏名\t電話\n1\t片山 理恵\t863-4402\n2\t湯浅 寛\t862-7713"
    assert not any(kind == "phone" for kind, _ in found(without_code))


def test_an_age_of_one_digit_is_found_in_a_column_of_ages_and_after_a_key() -> None:
    assert ("age", "7") in found("患者\t年齢\t連絡先\n片山 理恵\t41\t03-1234-5678\n湯浅 仁奈\t7\t03-1234-5679")
    for age in ("7", "41"):
        assert ("age", age) in found(f'{{"name":"片山 理恵","age":{age},"email":"a.katayama@mail.example.jp"}}')


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("resident_code", "juki_code", "24057868526"),
        ("my_number", "kojin_bango", "960788152616"),
        ("pension_number", "kiso_nenkin", "3912-004718"),
        ("driving_licence", "menkyo_no", "668611069600"),
        ("bank_account", "kouza_no", "0339012"),
        ("phone", "denwa", "090-1234-5678"),
        ("member_id", "patient.id", "K-0041877"),
    ],
)
def test_a_key_in_latin_letters_announces_what_its_japanese_word_does(kind: str, key: str, value: str) -> None:
    for text in (f'{{"{key}": "{value}"}}', f"{key}={value}", f"{key}: {value}"):
        assert (kind, value) in found(text)


def test_a_number_that_fails_its_check_digit_is_none_after_a_key() -> None:
    assert found('{"mn": "960788152617"}') == set()


def test_the_second_number_of_a_device_is_found_in_any_grouping() -> None:
    assert {("imei", "005577487881551"), ("imei", "00-557748-788155-1")} <= found(
        "IMEIは005577487881551と00-557748-788155-1です。"
    )
    assert ("imei", "00-557748-788155-2") not in found("IMEIは005577487881551と00-557748-788155-2です。")


@pytest.mark.parametrize("position", ["35.7110, 139.8087", "N35.71102 E139.80877"])
def test_the_position_of_a_named_home_is_found_and_that_of_a_hall_is_not(position: str) -> None:
    assert ("geo_position", position) in found(f"青丸 片山さん宅 {position} 車いす")
    assert found(f"青丸 公民館 {position}") == set()


@pytest.mark.parametrize("room", ["302", "1105", "3F", "コンフォート霧野B-3"])
def test_a_room_after_a_blank_belongs_to_its_address(room: str) -> None:
    for address in ("仙台市青葉区一番町2-45-8", "京都市中京区烏丸通御池下る虎屋町577-3", "宇都宮市本町14番20号"):
        assert ("postal_address", f"{address} {room}") in found(f"寮：{address} {room}\n以上")


def test_a_number_with_a_unit_after_an_address_is_no_room() -> None:
    for rest in ("100円", "200名が参加", "TEL"):
        assert ("postal_address", "仙台市青葉区一番町2-45-8") in found(f"仙台市青葉区一番町2-45-8 {rest}\n")


@pytest.mark.parametrize("side", "左右")
def test_the_side_of_a_street_belongs_to_its_address(side: str) -> None:
    for blank in ("", " ", "\n"):
        address = f"北海道旭川市五条通8丁目{blank}{side}3号"
        assert ("postal_address", address) in found(f"{address}\n")


@pytest.mark.parametrize("name", ["シュミット絵里", "アレン百合子", "ジョージ武田"])
def test_a_name_of_two_scripts_without_a_blank_is_found_beside_its_label(name: str) -> None:
    for label in ("氏名：", "［届出人］", "契約者\t"):
        assert ("person_name", name) in found(f"{label}{name}\n電話：03-1234-5678")


def test_a_company_of_two_scripts_is_no_name() -> None:
    for word in ("ホンダ技研", "サッポロ麦酒", "カシオ計算機", "サービス和子"):
        assert not any(kind == "person_name" for kind, _ in found(f"契約者：{word}\n電話：03-1234-5678"))


def test_one_word_in_katakana_is_a_name_in_a_table_about_persons_only() -> None:
    assert ("person_name", "ダワー") in found(
        "氏名\t生年月日\t所属\n片山 理恵\tS49.2.11\t本社\nダワー\tH11.10.28\t本社"
    )
    assert not any(kind == "person_name" for kind, _ in found("名前\t攻撃\t所属\nダワー\t12\t塔\nスライム\t3\t森"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("証券番号：第415-8820931号", "第415-8820931号"),
        ("資格確認書の記号・番号\n8831・2214\n", "8831・2214"),
        ("健康保険証 記号21510番号874", "874"),
        ("被保険者証\n記号・番号：水12-0458832", "水12-0458832"),
    ],
)
def test_numbers_of_policies_and_insured_persons_are_found_as_cards_print_them(text: str, value: str) -> None:
    assert value in {found_value for _, found_value in found(text)}


def test_a_reading_is_found_in_a_longer_note_after_a_name() -> None:
    assert ("person_name", "かたやま・りえ") in found("片山 理恵さん（かたやま・りえ＝元教員）の電話は03-1234-5678。")


@pytest.mark.parametrize("name", ["片山 理恵", "轟 仁", "グエン・ティ・ホア"])
def test_who_names_himself_in_hiragana_or_leads_a_party_is_found(name: str) -> None:
    assert ("person_name", name) in found(f"はじめまして。わたしは{name}ともうします。電話は03-1234-5678です。")
    if "・" not in name:
        assert ("person_name", name) in found(f"リーダー{name}（四十七歳）、電話は03-1234-5678。")
