"""Laws of finding personal information."""

import re
from dataclasses import replace
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.release import mask
from manyo.corpus.text import Texts
from manyo.filters.pii.check_digits import luhn, my_number_check_digit
from manyo.filters.pii.find import _as_meant, _find_in, by_kind, find, find_by_profile
from manyo.filters.pii.gate import LABEL, PRIVATE, Piece
from manyo.filters.pii.kinds import CONSTANT_MASK, MASK, PII_KINDS
from manyo.filters.pii.normal_form import folded
from manyo.filters.pii.patterns import PATTERNS
from manyo.filters.pii.plain_form import plain_form
from manyo.filters.pii.rejoined import rejoined
from manyo.filters.pii.scrub_settings import Scrub
from manyo.filters.rules.decide import PROFILES

KINDS = [kind.name for kind in PII_KINDS]
MASKS = Scrub().masks

PLANTED = [
    "03-1234-5678",
    "０９０－１２３４－５６７８",
    "0312345678",
    "03 1234 5678",
    "(06)6123-4567",
    "〇三―一二三四―五六七八",
    "+81-90-1234-5678",
    "taro@example.jp",
    "hanako [at] example . com",
    "123456789018",
    "1234-5678-9018",
    "987654321093",
    "4111-1111-1111-1111",
    "4111111111111111",
    "8.8.8.8",
    "133.242.187.10",
    "2001:4860:4860::8888",
    "〒150-0041 東京都渋谷区神南1-2-3",
    "大阪市北区梅田1丁目2番3号",
    "150-0041",
    "1234567",
    "TR1234567",
    "ftp://user:pass@example.jp/",
    "AKIAIOSFODNN7EXAMPLE",
    "301234567890",
    "AB12345678CD",
    "1234-567890",
    "1234　番号 567",
    "12345678",
]
NAMES = ["山田太郎", "佐藤　花子", "長谷川", "ヤマダタロウ", "髙橋由紀", "けんいちろう", "ミヤザキ ケンジ"]
DATES = ["昭和五十年三月四日", "1975/03/04", "平成元年1月8日"]
NAME_WORDS = ["氏名：", "担当：", "債務者 ", "様", "さん", "まで", "です", "担当は", "お名前\n", "営業課　", "亡", "方"]
BIRTH_WORDS = ["生年月日：", "生まれ", "誕生日\n"]
WORDS = ["電話", "TEL", "マイナンバー", "個人番号", "住所", "口座番号", "旅券", "カード", "IP", "ver.", "ISBN ", "番号"]
WORDS += ["免許証番号：", "在留カード ", "基礎年金番号", "保険証 記号 ", "被保険者番号 "]
GLUE = [
    " ",
    "　",
    "\n",
    "。",
    "、",
    "-",
    "－",
    "(",
    "）",
    ":",
    "/",
    ".",
    "=",
    "円",
    "あ",
    "の",
    "東",
    "区",
    "a",
    "7",
    "０",
    "二",
    "号",
]
fragments = st.one_of(
    st.sampled_from([*PLANTED, *WORDS, *GLUE, *MASKS.values(), "<人名1>", CONSTANT_MASK, "あ" * 295, "字" * 38]),
    st.sampled_from([*NAMES, *DATES, *NAME_WORDS, *BIRTH_WORDS, "090-1234-5678", "（", "\n", "字" * 53]),
)
busy_texts = st.lists(fragments, max_size=14).map("".join)
any_texts = st.text(max_size=40)
texts_of_both_kinds = st.lists(st.one_of(busy_texts, any_texts), max_size=6)


def column(texts: list[str]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def found(text: str) -> list[dict[str, object]]:
    return find(column([text]), KINDS).to_pylist()


def scrubbed(text: str, style: str = "typed") -> str:
    spans = [(span["start"], span["stop"], span["kind"]) for span in found(text)]
    return mask(text, spans, Scrub(mask_style=style).masks, {} if style == "pseudonym" else None)  # type: ignore[arg-type]


@settings(max_examples=100, deadline=None)
@given(busy_texts, st.sampled_from(["typed", "constant", "pseudonym"]))
def test_scrubbing_a_scrubbed_text_finds_nothing(text: str, style: str) -> None:
    once = scrubbed(text, style)
    assert found(once) == []


def in_plain_form(text: str) -> str:
    return plain_form(Texts.from_strings([text])).texts.data.tobytes().decode()


@settings(max_examples=100, deadline=None)
@given(texts_of_both_kinds)
def test_the_gate_hides_no_match_of_any_pattern(texts: list[str]) -> None:
    # Patterns read the plain form. A text that is also searched joined is searched there without a gate.
    texts = [text for text in map(in_plain_form, texts) if rejoined(text) is None]
    expected = []
    for row, text in enumerate(texts):
        cuts = [0, *(match.end() for match in re.finditer("[\n。]", text)), len(text)]
        pieces = [Piece(start, stop, {*KINDS, LABEL, PRIVATE}) for start, stop in pairwise(cuts)]
        meant = _as_meant(text, pairwise(cuts))
        expected += [
            (row, span.start, span.stop, span.kind, span.pattern)
            for span in sorted(_find_in(meant, folded(meant), pieces, by_kind(KINDS), True))
        ]
    spans = find(column(texts), KINDS).to_pylist()
    assert [(s["row"], s["start"], s["stop"], s["kind"], s["rule"]) for s in spans] == expected


@settings(max_examples=60, deadline=None)
@given(texts_of_both_kinds, st.data())
def test_cutting_a_batch_anywhere_changes_nothing(texts: list[str], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(texts)))
    whole = column(texts)
    parts = [find(whole.slice(0, cut), KINDS).to_pylist(), find(whole.slice(cut), KINDS).to_pylist()]
    for span in parts[1]:
        span["row"] += cut
    assert parts[0] + parts[1] == find(whole, KINDS).to_pylist()
    assert find(pa.chunked_array([whole.slice(0, cut), whole.slice(cut)]), KINDS).equals(find(whole, KINDS))


quiet_characters = st.characters(
    exclude_categories=["Cs", "Nd", "Nl", "No", "Lu", "Ll", "Lo", "Ps", "Pe"],
    exclude_characters="@＠%-－ー+＋:/.．,，<>〇〒",
)


@settings(max_examples=100, deadline=None)
@given(
    st.text(quiet_characters, max_size=30),
    st.sampled_from(PLANTED[:2] + PLANTED[6:8]),
    st.text(quiet_characters, max_size=30),
)
def test_offsets_are_exact_in_any_surroundings(before: str, value: str, after: str) -> None:
    text = f"{before}\n{value}\n{after}"
    spans = {(span["start"], span["stop"]) for span in found(text)}
    assert spans == {(len(before) + 1, len(before) + 1 + len(value))}
    masked = scrubbed(text)
    assert masked.startswith(before + "\n<")
    assert masked.endswith(">\n" + after)


def test_characters_outside_the_basic_plane_count_as_one() -> None:
    assert [(span["start"], span["stop"]) for span in found("𠮷野家😀é 03-1234-5678")] == [(6, 18)]


@pytest.mark.parametrize("value", PLANTED)
def test_no_planted_value_survives_after_its_word(value: str) -> None:
    words = "電話 マイナンバー カード IP 口座番号 旅券 住所 免許証番号 在留カード 基礎年金番号 保険証記号 被保険者番号"
    for word in words.split():
        if found(f"{word} {value}"):
            break
    else:
        pytest.fail(f"{value} is found after no word")
    masked = scrubbed(f"前の文。{word} {value}\n後の文。")
    assert value not in masked
    assert masked.startswith("前の文。")
    assert masked.endswith("\n後の文。")


def test_a_word_for_my_number_reaches_300_characters_and_no_further() -> None:
    assert found("マイナンバー" + "あ" * 293 + " 123456789018")
    assert found("123456789018 " + "あ" * 293 + "マイナンバー")
    assert not found("マイナンバー" + "あ" * 294 + " 123456789018")
    assert not found("123456789018 " + "あ" * 294 + "マイナンバー")


def test_a_word_in_a_later_line_decides_too() -> None:
    assert found("123456789018\n次の行\nマイナンバー")
    assert not found("123456789018\n次の行")


def test_masking_one_number_does_not_bring_a_word_nearer_to_the_next() -> None:
    text = "マイナンバー" + "あ" * 280 + " taro.yamada.long.name@mail.example.co.jp 123456789018"
    assert found(scrubbed(text)) == []


def test_a_refused_match_does_not_hide_the_number_that_starts_inside_it() -> None:
    assert scrubbed("010 03-1234-5678") == "010 <電話番号>"


def test_names_are_found_without_any_other_kind() -> None:
    spans = find(column(["氏名：山田太郎 生年月日：1975/03/04"]), ["person_name"]).to_pylist()
    assert [(span["kind"], span["start"], span["stop"]) for span in spans] == [("person_name", 3, 7)]


def test_only_the_kinds_asked_for_are_found() -> None:
    text = column(["taro@example.jp 03-1234-5678"])
    assert set(find(text, ["phone"]).column("kind").to_pylist()) == {"phone"}
    assert find(text, []).num_rows == 0


def test_each_row_is_searched_for_the_kinds_of_its_profile() -> None:
    line = "東京都渋谷区神南1-2-3 03-1234-5678"
    spans = find_by_profile(column([line] * 4), ["law", "web", "prose", "web"], Scrub())
    kinds = {row: {span["kind"] for span in spans.to_pylist() if span["row"] == row} for row in range(4)}
    assert kinds == {0: set(), 1: {"postal_address", "phone"}, 2: {"phone"}, 3: {"postal_address", "phone"}}
    assert find_by_profile(column([]), [], Scrub()).num_rows == 0


def test_a_profile_without_kinds_is_the_users_mistake() -> None:
    with pytest.raises(ValueError, match="nothing for profile poems"):
        find_by_profile(column([""]), ["poems"], Scrub())


def test_settings_name_known_kinds_and_styles_only() -> None:
    with pytest.raises(ValueError, match="unknown kind 'telephone'"):
        Scrub(kinds={"web": ("telephone",)})
    with pytest.raises(ValueError, match="neither"):
        Scrub(mask_style="short")  # type: ignore[arg-type]


def test_a_pseudonym_is_the_same_for_one_value_in_any_width_and_differs_between_values() -> None:
    text = "氏名：山田太郎\n電話 03-1234-5678、０３（１２３４）５６７８、03-1234-9999\n山田　太郎様"
    assert scrubbed(text, "pseudonym") == "氏名：<人名1>\n電話 <電話番号1>、<電話番号1>、<電話番号2>\n<人名1>様"


@pytest.mark.parametrize(
    "text",
    ["山田太郎さんは昨日の試合で勝った。", "佐藤首相は述べた。", "監督：山田洋一", "作家の鈴木一郎は東京に生まれた。"],
)
def test_names_in_prose_are_left_alone(text: str) -> None:
    assert not found(text)


def test_a_birth_date_is_one_only_within_200_characters_of_a_name() -> None:
    assert scrubbed("氏名：山田太郎、" + "あ" * 192 + "、生年月日：1975/03/04").endswith("<生年月日>")
    assert scrubbed("氏名：山田太郎、" + "あ" * 193 + "、生年月日：1975/03/04").endswith("1975/03/04")
    assert not found("生年月日：1975/03/04")


def test_birth_dates_near_a_name_are_found_where_names_are_not_asked_for() -> None:
    text = column(["氏名：山田太郎 生年月日：1975/03/04", "生年月日：1975/03/04", "氏名：山田太郎"])
    alone = find(text, ["birth_date"]).to_pylist()
    assert [(span["row"], span["kind"]) for span in alone] == [(0, "birth_date")]
    assert alone == [span for span in find(text, KINDS).to_pylist() if span["kind"] == "birth_date"]


@pytest.mark.parametrize(
    ("profile", "unmasked"),
    [("web", set()), ("ocr", set()), ("prose", {"postal_address", "person_name", "birth_date", "age"})],
)
def test_a_profile_masks_these_kinds_by_default(profile: str, unmasked: set[str]) -> None:
    assert set(Scrub().kinds[profile]) == set(KINDS) - unmasked


@pytest.mark.parametrize("profile", ["law", "classical"])
def test_statutes_and_classical_texts_are_not_masked(profile: str) -> None:
    assert Scrub().kinds[profile] == ()


def test_a_profile_that_the_settings_do_not_name_keeps_its_default() -> None:
    assert Scrub(kinds={"law": ("phone",)}).kinds == Scrub().kinds | {"law": ("phone",)}


def test_a_word_that_forbids_a_match_reaches_24_characters_and_no_further() -> None:
    (phone,) = [pattern for pattern in PATTERNS if pattern.name == "phone_bare"]
    forbidden = replace(phone, unless=re.compile("ISBN"))
    for n_between, is_found in ((20, False), (21, True)):
        text = "ISBN" + "あ" * n_between + "0312345678"
        spans = _find_in(text, text, [Piece(0, len(text), {"phone"})], {"phone": [forbidden]}, False)
        assert bool(spans) == is_found, n_between


def test_every_mask_is_recognised_as_one() -> None:
    assert all(MASK.fullmatch(f"{text[:-1]}{number}>") for text in MASKS.values() for number in (1, 20, 999))
    assert all(MASK.fullmatch(text) for text in (*MASKS.values(), *Scrub(mask_style="constant").masks.values()))


@given(st.integers(0, 10**11 - 1))
def test_a_my_number_check_digit_is_one_digit(number: int) -> None:
    assert 0 <= my_number_check_digit(f"{number:011}") <= 9


def test_check_digits_of_published_examples() -> None:
    assert [my_number_check_digit(digits) for digits in ("12345678901", "98765432109", "20261001234")] == [8, 3, 7]
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")


def test_every_profile_of_the_rules_has_a_policy() -> None:
    assert set(Scrub().kinds) == set(PROFILES)
