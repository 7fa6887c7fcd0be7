"""Forms whose labels no list has: what is certain by its letters is found beside them, and in other tables nothing."""

from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.filters.pii.find import find
from manyo.filters.pii.forms import Pair, pairs
from manyo.filters.pii.kinds import PII_KINDS
from manyo.filters.pii.labels import labels
from manyo.filters.pii.normal_form import folded

KINDS = [kind.name for kind in PII_KINDS]

Rows = list[tuple[str, str]]
#: How people set labels and values that belong together.
LAYOUTS: dict[str, Callable[[Rows], str]] = {
    "lenticular brackets": lambda rows: "\n".join(f"【{label}】{value}" for label, value in rows),
    "square brackets in one line": lambda rows: "".join(f"［{label}］{value}" for label, value in rows),
    "tortoise shells": lambda rows: "\n".join(f"〔{label}〕 {value}" for label, value in rows),
    "round brackets": lambda rows: "\n".join(f"（{label}）{value}" for label, value in rows),
    "colons": lambda rows: "\n".join(f"{label}：{value}" for label, value in rows),
    "colons in one line": lambda rows: "　".join(f"{label}：{value}" for label, value in rows),
    "bullets": lambda rows: "\n".join(f"・{label}: {value}" for label, value in rows),
    "arrows": lambda rows: "\n".join(f"{label}→{value}" for label, value in rows),
    "cells": lambda rows: "\n".join(f"{label}\t{value}" for label, value in rows),
    "wide blanks": lambda rows: "\n".join(f"{label}　　{value}" for label, value in rows),
    "table": lambda rows: "\t".join(label for label, _ in rows) + "\n" + "\t".join(value for _, value in rows),
    "JSON": lambda rows: "{" + ", ".join(f'"{label}": "{value}"' for label, value in rows) + "}",
}
KNOWN = [("電話番号", "0852-20-4418"), ("住所", "島根県松江市殿町210番地"), ("メール", "hama_rie@mail.example.jp")]
#: Surnames that are also places need a given name that the dictionary knows.
SURNAMES = ["木村", "佐々木", "渡辺", "長谷川"]
GIVEN_NAMES = ["健太", "由美子", "あかり", "恵子", "浩二", "美咲"]
#: No word of a list, no role, and nothing that tells what is public.
INVENTED = st.text(st.sampled_from("鍵鐘梅舟灯窯縄鶴亀橋ふえとまやわ"), min_size=2, max_size=5).filter(
    lambda word: not list(labels(word, 0, len(word)))
)
THINGS = {
    "specification": [
        ("重さ", "1.2kg"),
        ("型番", "SK-2045"),
        ("電源", "AC100V"),
        ("画面", "6.1インチ"),
        ("色", "紺色と金色"),
    ],
    "recipe": [("下ごしらえ", "10分"), ("だし", "昆布 10g"), ("具", "人参 一本"), ("仕上げ", "三つ葉 少々")],
    "timetable": [("のぼり", "6:12 7:04 8:31"), ("くだり", "6:40 7:55"), ("急行", "新宿 高尾"), ("各停", "立川 青梅")],
    "statute": [("第一条", "目的 定義"), ("第二条", "届出の期限 十四日"), ("附則", "平成十年四月一日から施行する")],
    "geography": [("北", "青森 八戸"), ("南", "福島 郡山"), ("人口", "28,401"), ("面積", "312.5")],
}


def found(text: str) -> list[tuple[str, str]]:
    spans = find(pa.array([text], pa.large_string()), KINDS).to_pylist()
    return [(span["kind"], text[span["start"] : span["stop"]]) for span in spans]


@pytest.mark.parametrize("layout", LAYOUTS)
@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(KNOWN),
    st.sampled_from(SURNAMES),
    st.sampled_from(GIVEN_NAMES),
    st.lists(INVENTED, min_size=3, max_size=3, unique=True),
    st.sampled_from([" ", ""]),
)
def test_a_name_is_found_beside_an_invented_label_in_a_form(
    layout: str, known: tuple[str, str], surname: str, given_name: str, invented: list[str], gap: str
) -> None:
    name = surname + gap + given_name
    rows = [(invented[0], name), known, (invented[1], "まだ決めていません"), (invented[2], "3番")]
    text = LAYOUTS[layout](rows)
    assert ("person_name", name) in found(text), text
    # What tells nothing by its letters stays.
    assert not any("決めて" in value for _, value in found(text))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("thing", THINGS)
def test_nothing_is_found_in_other_tables_of_the_same_layouts(thing: str, layout: str) -> None:
    assert found(LAYOUTS[layout](THINGS[thing])) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("thing", THINGS)
def test_a_telephone_number_among_things_makes_no_persons_of_them(thing: str, layout: str) -> None:
    rows = [*THINGS[thing], ("電話番号", "0852-20-4418")]
    assert {kind for kind, _ in found(LAYOUTS[layout](rows))} <= {"phone"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("【名】Vasquez 真弓【住】沖縄県石垣市字登野城1741-3【齢】四十七歳", ("age", "四十七歳")),
        ("［名前］オコンクォ・千歳\n［とし］六十二", ("age", "六十二")),
        ("受講者：林 楓\n受講番号：FL-3071", ("member_id", "FL-3071")),
        ("［１］鬼頭 ふみ［電話］0852-20-4418\n［２］原［電話］0852-20-4419", ("person_name", "原")),
        ("一番撞き：法月　電話：0852-20-4418\n二番撞き：鹿討 みのり　電話：0852-20-4419", ("person_name", "法月")),
        ("［綱元］帷子 甚五（かたびら）\n［連絡］0852-20-4418", ("person_name", "帷子 甚五")),
    ],
)
def test_values_of_short_forms(text: str, value: tuple[str, str]) -> None:
    assert value in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "作品：月の庭\n監督：木村 健太\n電話：0852-20-4418",
        "代表取締役：木村 健太\n電話：0852-20-4418",
        "首相\t在任期間\n伊藤 博文\t明治十八年\n黒田 清隆\t明治二十一年",
        "記入例\n鐘つき：木村 健太\n電話：0852-20-4418",
    ],
)
def test_people_who_are_public_or_invented_are_left_in_forms(text: str) -> None:
    assert "person_name" not in {kind for kind, _ in found(text)}


@given(st.text(st.sampled_from('【】［］（）名住ふ：\t\n　 、12|,"→…'), max_size=60))
def test_a_label_stands_before_its_value_and_neither_is_blank(text: str) -> None:
    fold = folded(text)
    for block in pairs(fold, 0, len(fold)):
        assert len(block) > 1
        assert len({pair.layout for pair in block}) == 1
        for pair in block:
            assert isinstance(pair, Pair)
            assert 0 <= pair.label[0] < pair.label[1] <= pair.value[0] < pair.value[1] <= len(fold)
            assert fold[slice(*pair.label)].strip()
            assert fold[slice(*pair.value)].strip()
