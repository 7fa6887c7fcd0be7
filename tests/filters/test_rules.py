import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import LANGUAGES
from manyo.filters.language import LanguageSettings, identify
from manyo.filters.rules.decide import (
    DOCUMENT_COLUMNS,
    PROFILES,
    RULE_COLUMNS,
    Rule,
    columns_by_table,
    decide,
    failures,
    load_rules,
    possible_range,
)
from manyo.filters.signals.catalogue import SIGNALS
from manyo.filters.signals.measure import measure
from tests.filters.batches import TEXTS, documents

RULES_FILE = Path(__file__).parents[2] / "filters" / "rules" / "default.toml"
RULES = load_rules(str(RULES_FILE))

RULE = Rule(
    name="too_short",
    profiles=("web",),
    signal="char_count",
    minimum=10,
    maximum=None,
    source="a test",
    rejects="短い",
    keeps="十分に長い文章です。",
)


#: A rule in a file.
EXAMPLE = """
[[rule]]
name = "a"
profiles = ["web"]
signal = "char_count"
minimum = {minimum}
source = "a test"
rejects = ""
keeps = ""
"""


def measured(texts: list[str], profile: str = "web") -> tuple[pa.RecordBatch, pa.RecordBatch, pa.Array]:
    batch = documents(texts, profile)
    return identify(batch, LanguageSettings()), measure(batch), batch["profile"]


def reasons(text: str, profile: str = "web", rules: tuple[Rule, ...] = RULES) -> list[str]:
    return decide(*measured([text], profile), rules)["reasons"][0].as_py()


@pytest.mark.parametrize(
    ("rule", "profile"),
    [pytest.param(rule, profile, id=f"{rule.name}-{profile}") for rule in RULES for profile in rule.profiles],
)
def test_a_rule_rejects_its_first_example_and_keeps_its_second(rule, profile):
    assert failures(*measured([rule.rejects, rule.keeps], profile), [rule])[:, 0].tolist() == [True, False]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_has_rules(profile):
    assert any(profile in rule.profiles for rule in RULES)


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.data())
def test_a_row_is_decided_without_its_neighbours(texts, data):
    languages, signals, profiles = measured(["", *texts])
    cut = data.draw(st.integers(0, len(texts)))
    whole = decide(languages, signals, profiles, RULES)
    part = decide(languages.slice(cut), signals.slice(cut), profiles.slice(cut), RULES)
    assert whole.schema == part.schema
    assert part.to_pylist() == whole.slice(cut).to_pylist()


@settings(max_examples=40, deadline=None)
@given(TEXTS, st.sampled_from(RULES), st.floats(0, 1))
def test_a_stricter_rule_never_rescues_a_page(texts, rule, by):
    highest = possible_range(RULE_COLUMNS[rule.signal])[1]
    stricter = replace(
        rule,
        minimum=None if rule.minimum is None else min(rule.minimum + by, max(rule.minimum, highest)),
        maximum=None if rule.maximum is None else max(rule.maximum - by, 0),
    )
    tables = measured(texts, rule.profiles[0])
    assert (failures(*tables, [stricter]) | ~failures(*tables, [rule])).all()


def test_bounds_are_kept():
    rule = replace(RULE, minimum=2, maximum=3)
    assert failures(*measured(["一", "一二", "一二三", "一二三四"]), [rule])[:, 0].tolist() == [
        True,
        False,
        False,
        True,
    ]


def test_an_interval_of_one_value_keeps_that_value():
    rule = replace(RULE, minimum=2, maximum=2)
    assert failures(*measured(["一", "一二", "一二三"]), [rule])[:, 0].tolist() == [True, False, True]


def test_zero_is_a_bound_but_none_is_no_bound():
    zero = replace(RULE, minimum=None, maximum=0)
    assert failures(*measured(["", "字"]), [zero])[:, 0].tolist() == [False, True]
    assert failures(*measured(["", "字"]), [replace(zero, minimum=0, maximum=None)]).sum() == 0


def test_all_reasons_are_named_in_the_order_of_the_rules():
    texts = replace(RULE, name="no_kana", signal="kana_fraction", minimum=0.1)
    assert reasons("漢字", rules=(RULE, texts)) == ["too_short", "no_kana"]
    assert reasons("漢字", rules=(texts, RULE)) == ["no_kana", "too_short"]


def test_a_rule_decides_only_about_its_profiles():
    assert reasons("短い", "prose", (RULE,)) == []


def test_a_rule_may_bound_a_column_of_languages():
    assert "japanese_score" in RULE_COLUMNS
    assert "lang" not in RULE_COLUMNS


def test_a_column_that_a_rule_may_bound_is_in_one_table():
    signals = {signal.column.name for signal in SIGNALS}
    documents = {column.name for column in DOCUMENT_COLUMNS}
    languages = set(LANGUAGES.schema.names)
    assert not signals & documents
    assert not signals & languages
    assert not documents & languages


def test_an_unknown_profile_is_an_error_not_a_decision():
    languages, signals, _ = measured(["字"])
    with pytest.raises(ValueError, match="profile 'blog'; valid ones are web, ocr, classical, law, prose"):
        failures(languages, signals, pa.array(["blog"]), RULES)


def test_a_column_that_no_table_has_is_an_error():
    languages, signals, profiles = measured(["字"])
    with pytest.raises(ValueError, match="the tables have no column 'char_count'"):
        failures(languages, signals.drop_columns(["char_count"]), profiles, [RULE])


def test_the_columns_to_read_are_those_that_rules_bound_by_table_in_alphabetical_order():
    bounded = ("size_bytes", "char_count", "japanese_score", "han_fraction", "link_fraction", "char_count")
    rules = [replace(RULE, name=f"rule_{number}", signal=signal, minimum=0.5) for number, signal in enumerate(bounded)]
    columns = columns_by_table(rules)
    assert columns.documents == ("link_fraction",)
    assert columns.languages == ("han_fraction", "japanese_score")
    assert columns.signals == ("char_count", "size_bytes")


def test_without_rules_everything_is_kept():
    assert reasons("短い", rules=()) == []


@pytest.mark.parametrize("missing", [np.nan, None])
def test_missing_values_are_an_error_not_a_decision(missing):
    languages, signals, profiles = measured(["字"])
    column = signals.schema.get_field_index("kana_fraction")
    holed = signals.set_column(column, "kana_fraction", pa.array([missing], pa.float32()))
    with pytest.raises(ValueError, match="kana_fraction' has missing values"):
        decide(languages, holed, profiles, [replace(RULE, signal="kana_fraction", minimum=0.5)])


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[[rule]]\nname = "a"\nminimun = 1', r":3: \[\[rule\]\] 1: unknown key 'minimun'; did you mean 'minimum'"),
        (
            '[[rule]]\nname = "a"',
            r"1: \[\[rule\]\] 1: keys 'profiles', 'signal', 'source', 'rejects', 'keeps' are missing",
        ),
        ("[rules]", r"1: unknown table \[rules\]; did you mean 'rule'"),
        (EXAMPLE.format(minimum="'10'"), "minimum: expected a number, got '10'; write it without quotation marks"),
        (EXAMPLE.format(minimum="true"), "minimum: expected a number, got True"),
        ("[[rule]]\nminimum = true", "keys 'name', 'profiles'"),
        ("not toml", "Expected"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_the_file(tmp_path, toml, message):
    path = tmp_path / "rules.toml"
    path.write_text(toml, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as error:
        load_rules(str(path))
    assert str(error.value).startswith(str(path))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signal": "kana_ratio"}, "unknown signal 'kana_ratio'; did you mean 'kana_fraction'"),
        ({"profiles": ("blog",)}, "valid ones are web, ocr, classical, law, prose"),
        ({"profiles": ()}, "valid ones are web"),
        ({"minimum": None}, "needs a minimum, a maximum or both"),
        ({"maximum": 1}, "minimum 10 is above maximum 1"),
        ({"signal": "kana_fraction"}, "minimum 10 is impossible: kana_fraction is a fraction, from 0 to 1; for 10 %"),
        ({"signal": "kana_fraction", "minimum": None, "maximum": -0.1}, "maximum -0.1 is impossible"),
        ({"minimum": -5}, "minimum -5 is impossible: char_count is never below 0"),
        ({"minimum": float("nan")}, "nan"),
        ({"name": "too short"}, "a name consists of"),
    ],
)
def test_a_rule_that_cannot_work_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(RULE, **change)


def test_two_rules_with_one_name_are_refused(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text(RULES_FILE.read_text(encoding="utf-8").replace("too_many_digits", "too_short"), encoding="utf-8")
    with pytest.raises(ValueError, match="more than one rule has the name too_short"):
        load_rules(str(path))


ARTICLE = """
駅前の広場に新しい図書館ができた。木の香りがする二階建ての建物で、窓からは川がよく見える。
開館の日には朝から大勢の人が並び、用意された座席はすぐにいっぱいになったという。
館長の話では、本の数は前の建物の二倍になり、子ども向けの棚は床から手が届く高さにそろえた。
休みの日には読み聞かせの会も開かれる。参加に申し込みは要らず、だれでも自由に聞くことができる。
川に面した席では飲み物も飲めるので、散歩の途中に立ち寄る人も多い。夜は八時まで開いている。
"""
CITIES = ("札幌", "仙台", "東京", "横浜", "名古屋", "京都", "大阪", "神戸", "広島", "福岡", "那覇", "金沢")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (
            "\n".join(f"{city}の{what}" for city in CITIES for what in ("求人情報", "賃貸物件", "中古車")),
            "too_few_sentences",
        ),
        ("".join(f"{city}の激安ホテル予約なら激安ホテル比較。" for city in CITIES), "one_word_over_and_over"),
        ("、".join(f"{city}格安航空券最安値予約" for city in CITIES * 3) + "。", "too_few_particles"),
        (
            "お探しのページは見つかりませんでした。" + "URLをご確認のうえ、左の目次からお探しください。" * 7,
            "error_page",
        ),
        ("このページは準備中です。", "too_short"),
        ("图书馆位于河边，是一座新建的两层建筑，从窗户可以看到河流。开馆当天早上就有很多人排队。" * 6, "not_japanese"),
    ],
    ids=["link farm", "stuffed with a phrase", "stuffed with keywords", "error page", "almost empty", "Chinese"],
)
def test_the_web_profile_drops_a_bad_page(page, reason):
    assert reason in reasons(page)


def test_the_web_profile_keeps_an_article():
    assert reasons(ARTICLE) == []


def test_the_classical_profile_keeps_text_without_a_full_stop():
    poem = "春過ぎて夏来るらし白妙の衣干したり天の香具山\n"
    assert reasons(poem * 3, "classical") == []


def test_good_real_text_is_kept(real_data):
    news = sorted((real_data / "livedoor_news").glob("*-*.txt"))[::10]
    texts = [path.read_text(encoding="utf-8").split("\n", 2)[2] for path in news]
    crawl = json.loads((real_data / "text" / "common_crawl_ja_99.json").read_text(encoding="utf-8"))
    pages = [sample["text"] for samples in crawl.values() for sample in samples]
    for batch, profile in ((texts, "web"), (texts, "prose"), (pages, "web")):
        dropped = failures(*measured(batch, profile), RULES).any(axis=1).mean()
        assert dropped <= 0.05, profile


def test_a_meaning_is_read_without_those_of_other_signals() -> None:
    """The report shows one by itself: "the same per character" said nothing there."""
    for name, column in RULE_COLUMNS.items():
        assert not re.match(r"(the same (per|of)|such|these|those)\b", column.meaning), name
        for found in re.finditer(r"\bsuch (?!as\b)(\w{3})", column.meaning):
            assert found[1] in column.meaning[: found.start()], f"{name}: such {found[1]}… is what?"


@pytest.mark.parametrize(("side", "bound"), [("minimum", math.inf), ("maximum", -math.inf)])
def test_an_infinite_bound_that_drops_every_document_is_refused_and_one_that_drops_none_is_not(
    side: str, bound: float
) -> None:
    rule = load_rules("default")[0]
    assert replace(rule, **{"minimum": None, "maximum": None, side: -bound}).fails(np.array([0.0, 1.0])).sum() == 0
    with pytest.raises(ValueError, match=f"{side} {bound:g} drops every document"):
        replace(rule, **{"minimum": None, "maximum": None, side: bound})
