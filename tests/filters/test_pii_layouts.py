"""Every label in every layout: a planted value is found, whatever word announces it and however it is set."""

import re
from collections import defaultdict
from functools import cache
from typing import NamedTuple

import pyarrow as pa
import pytest

from manyo.filters.pii.find import find
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import label_words

KINDS = [kind.name for kind in PII_KINDS]
VALUES = {
    "person_name": "片山 理恵",
    "bank_account": "7719028",
    "driving_licence": "301234567890",
    "passport": "TK1234567",
    "residence_card": "AB12345678CD",
    "pension_number": "1234-567890",
    "insurance_number": "00418823",
    "employment_insurance": "1234-567890-1",
    "resident_code": "24057868526",
    "my_number": "123456789018",
    "member_id": "A-0023177",
    "mac_address": "7085c2d93e17",
    "imei": "005577487881551",
    "postal_address": "島根県松江市霧水町210番地",
    "phone": "03-1234-5678",
    "sns_id": "yama_neko.0812",
    "credit_card": "4111 1111 1111 1111",
    "email": "katayama@mail.example.jp",
    "credential": "Wb7#pp019x",
    "geo_position": "35.81102, 139.90877",
    "birth_date": "昭和58年3月14日",
    "age": "41歳",
}
#: What must stand in the same document.
BEFORE = {"birth_date": "氏名：山田 太郎\n", "age": "氏名：山田 太郎\n", "geo_position": "撮影場所は自宅\n"}
#: How forms, tables, lists and code set a label and its value; a short word is a label in these, too.
SET = {
    "colon": "{l}：{v}",
    "colon and blank": "{l}: {v}",
    "equals": "{l} = {v}",
    "arrow": "{l}→{v}",
    "slash": "{l}／{v}",
    "lenticular bracket": "【{l}】{v}",
    "square bracket": "［{l}］{v}",
    "tortoise shell": "〔{l}〕 {v}",
    "corner bracket": "「{l}」{v}",
    "angle bracket": "〈{l}〉{v}",
    "heading": "◆{l}◆\n{v}",
    "square": "■{l}\n{v}",
    "bold": "**{l}**: {v}",
    "bold with colon": "**{l}：** {v}",
    "tab": "{l}\t{v}",
    "line": "{l}\n{v}",
    "empty line": "{l}\n\n{v}",
    "note": "{l}（必須）：{v}",
    "round bracket": "{l}（{v}）",
    "markdown table": "| {l} | 備考 |\n|---|---|\n| {v} | なし |",
    "markdown row": "| {l} | {v} |",
    "bar": "{l} ｜ {v} ｜",
    "four cells": "備考\tなし\t{l}\t{v}",
    "column": "No\t{l}\t備考\n1\t{v}\tなし",
    "CSV": "No,{l},備考\n1,{v},なし",
    "quoted": '"{l}": "{v}",',
    "JSON": '{{"{l}": "{v}"}}',
    "YAML": '{l}: "{v}"',
    "semicolons": "{l}:{v};備考:なし",
}
#: What makes labels of longer words only.
LOOSELY_SET = {
    "heading in Markdown": "## {l}\n{v}",
    "colon and line": "{l}：\n{v}",
    "colon and indented line": "{l}：\n　{v}",
    "dots": "{l}……{v}",
    "bullet": "・{l}：{v}",
    "dash": "- {l}: {v}",
    "number": "1. {l}：{v}",
    "number and blank": "（1）{l}　{v}",
    "circled number": "① {l}　{v}",
    "wide blank": "{l}　{v}",
    "wide blanks": "{l}　　　{v}",
    "blank": "{l} {v}",
    "entries in a sentence": "受付番号12、{l}：{v}、備考なし",
    "is": "{l}は{v}です。",
    "is, with comma": "{l}は、{v}です。",
    "is, in brackets": "{l}は「{v}」です。",
    "will be": "{l}は{v}になります。",
    "new one": "新しい{l}は{v}に変わりました。",
    "hearsay": "{l}は{v}とのことです。",
    "object": "{l}「{v}」を登録しました。",
    "of": "{l}の{v}を使います。",
    "chat": "[21:04] たけ: {l}は{v}",
}
#: Sentences around a number or code.
SAID = {
    "follows": "{l}は次のとおりです。\n{v}",
    "as below": "{l}は以下の通りです。{v}",
    "also": "{l}も{v}に直してください。",
    "but": "{l}ですが、{v}です。",
    "if": "{l}なら{v}です。",
    "answered": "{l}をお願いします。→ {v}です。",
    "question and answer": "A：{l}を教えてください。\nB：{v}です。",
    "told": "{l}を控えてあって{v}でした。",
}
#: The words of a sentence between a label and these would be taken for the value.
NEXT_TO_LABEL = {"postal_address", "person_name", "age", "insurance_number"}


#: Labels of a part of a name.
OF_A_PART = {"firstname", "first name", "given name"}


class Word(NamedTuple):
    """A word of `labels.toml`, and what it needs."""

    kind: str
    text: str
    sort: str
    near: str


@cache
def words() -> list[Word]:
    return [Word(*entry) for entry in label_words() if entry[1] not in OF_A_PART]


def test_every_kind_that_a_label_announces_has_a_value_here() -> None:
    assert {word.kind for word in words()} <= set(VALUES)


def missed(layout: str, chosen: list[Word]) -> list[str]:
    """The words whose value is not covered in a layout."""
    texts, places = [], []
    for word in chosen:
        before = BEFORE.get(word.kind, "") + (f"{word.near}\n" if word.near else "")
        text = before + layout.format(l=word.text, v=VALUES[word.kind])
        texts.append(text)
        places.append(text.rindex(VALUES[word.kind]))
    inside: dict[int, set[int]] = defaultdict(set)
    for span in find(pa.array(texts, pa.large_string()), KINDS).to_pylist():
        inside[span["row"]].update(range(span["start"], span["stop"]))
    return [
        f"{word.kind} {word.text}"
        for row, (word, text, place) in enumerate(zip(chosen, texts, places, strict=True))
        if any(text[i].isalnum() and i not in inside[row] for i in range(place, place + len(VALUES[word.kind])))
    ]


@pytest.mark.parametrize("layout", SET)
def test_a_value_is_found_in_every_layout_after_every_label(layout: str) -> None:
    chosen = [word for word in words() if word.sort != "bare"]
    assert missed(SET[layout], chosen) == []


@pytest.mark.parametrize("layout", LOOSELY_SET)
def test_a_value_is_found_in_every_layout_after_every_long_label(layout: str) -> None:
    chosen = [word for word in words() if word.sort in ("plain", "loose")]
    assert missed(LOOSELY_SET[layout], chosen) == []


@pytest.mark.parametrize("layout", SAID)
def test_a_number_is_found_in_every_sentence_after_every_label(layout: str) -> None:
    chosen = [word for word in words() if word.sort == "loose" and word.kind not in NEXT_TO_LABEL]
    assert missed(SAID[layout], chosen) == []


THINGS = [
    "型番",
    "型式",
    "製造番号",
    "シリアル番号",
    "ロット番号",
    "部品番号",
    "商品番号",
    "build",
    "S/N",
    "Model No",
    "管理番号",
    "伝票番号",
]
THING_LAYOUTS = [
    "{l}：{v}",
    "{l}\t{v}",
    "{l}\n{v}",
    "{l} {v}",
    "{l}は{v}です。",
    "【{l}】{v}",
    "No\t{l}\n1\t{v}",
    "| {l} |\n|---|\n| {v} |",
]


@pytest.mark.parametrize("thing", THINGS)
def test_the_number_of_a_thing_is_no_telephone_number(thing: str) -> None:
    texts = [layout.format(l=thing, v="080-1417-0926") for layout in THING_LAYOUTS]
    assert find(pa.array(texts, pa.large_string()), ["phone"]).num_rows == 0
    # Other words of the same shape are labels of telephones.
    texts = [layout.format(l="電話", v="080-1417-0926") for layout in THING_LAYOUTS]
    rows = find(pa.array(texts, pa.large_string()), ["phone"]).column("row").to_pylist()
    assert set(rows) == set(range(len(texts)))


def test_a_number_that_touches_a_letter_is_that_of_a_model() -> None:
    texts = ["RF-070-1122-3344", "080-0321-4409B", "080-1321-4409-A"]
    assert find(pa.array(texts, pa.large_string()), ["phone"]).num_rows == 0
    texts = ["TEL03-1234-5678FAX03-1234-5679", "TEL-070-1122-3344", "Tel:03-1234-5678(代表)"]
    assert find(pa.array(texts, pa.large_string()), ["phone"]).num_rows == 5


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("はじめまして、片山 理恵と申します。", ["片山 理恵"]),
        ("はじめまして、Annika Vogelsangと申します。", ["Annika Vogelsang"]),
        ("父の片山 国夫が昨日から戻りません。", ["片山 国夫"]),
        ("上の階の片山 国夫という人です。", ["片山 国夫"]),
        ("先日お電話いたしました林です。電話は090-1234-5678です。", ["林"]),
        ("娘の担任の日下部先生へ。連絡は090-1234-5678へ。", ["日下部"]),
        ("片山ひより（2年3組）の母です。連絡は090-1234-5678へ。", ["片山ひより"]),
        ("折り返しは090-1234-5678へお願いします。片山千秋", ["片山千秋"]),
        ("見かけた方は関（090-1234-5678）まで。", ["関"]),
        (
            "・片山 理恵（卵アレルギー）\n・Emily Harrington\n・田中 聡子 090-1234-5678",
            ["片山 理恵", "Emily Harrington", "田中 聡子"],
        ),
        ("片山 理恵様、片山様のお宅は島根県松江市霧水町210番地です。", ["片山 理恵", "片山"]),
    ],
)
def test_names_that_their_passage_makes_private(text: str, names: list[str]) -> None:
    spans = [
        span for span in find(pa.array([text], pa.large_string()), KINDS).to_pylist() if span["kind"] == "person_name"
    ]
    assert sorted({(span["start"], text[span["start"] : span["stop"]]) for span in spans}) == sorted(
        (match.start(), name) for name, match in zip(names, placed(text, names), strict=True)
    )


def placed(text: str, names: list[str]) -> list[re.Match[str]]:
    """Where names stand in a text, one after the other."""
    found, at = [], 0
    for name in names:
        match = re.compile(re.escape(name)).search(text, at)
        assert match
        found.append(match)
        at = match.end()
    return found


@pytest.mark.parametrize(
    "text",
    [
        "俳優の片山 国夫さんが来場します。お問い合わせは03-1234-5678へ。",
        "資　本　金　1,000万円\n電話　03-1234-5678",
        "第5章 多様性のシンフォニー\n電話 03-1234-5678",
        "記入例\n氏名：山田 太郎\n電話：03-1234-5678",
        "やがて彼女はチン・グクと出会う。",
    ],
)
def test_what_is_no_private_name_even_next_to_a_telephone_number(text: str) -> None:
    assert "person_name" not in find(pa.array([text], pa.large_string()), KINDS).column("kind").to_pylist()
