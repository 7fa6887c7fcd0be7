"""Templates: what is masked, what is counted, and that copies, order and parts change nothing."""

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.schema import LABEL, TEMPLATES
from manyo.filters.rules.decide import load_rules
from manyo.filters.templates.counting import (
    WORDINGS,
    Templates,
    count_templates,
    find_wordings,
    join_counted,
    measure_templates,
)
from manyo.filters.templates.masking import places
from tests import template_oracle
from tests.conftest import ROOT
from tests.filters.batches import TEXT

SMALL = Templates(min_documents=2, min_chars=2, parts=3)
LOAN = "でお金を借りるなら{}の窓口がいちばん便利です。"

_PIECES = st.sampled_from(
    [
        *("横浜市", "東京都", "札幌", "中央区", "いの町", "アイフル", "プロミス", "ＡＢＣ", "abc", "12", "３"),
        *(
            "でお金を借りる",
            "ならここです",
            "は便利です",
            "美肌",
            "の口コミ",
            "です。",
            "。",
            "、",
            " ",
            "\n",
            "｜",
            "w",
        ),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=14).map("".join)
_PAGES = st.lists(
    st.tuples(
        st.one_of(_TEXTS, TEXT),
        st.sampled_from(["http://a.jp/1", "http://www.a.jp/1", "http://a.jp/2", "http://b.jp/", "urn:x", "urn:y"]),
        st.lists(_PIECES, max_size=4).map("".join),
    ),
    max_size=9,
)


def batch(pages, profile="web", first=0):
    """The columns that templates are found by."""
    ids = [number.to_bytes(16, "big") for number in range(first, first + len(pages))]
    texts, uris, titles = ([page[place] for page in pages] for place in range(3))
    columns = {
        "doc_id": pa.array(ids, pa.binary(16)),
        "profile": pa.array([profile] * len(pages), pa.string()).cast(LABEL),
        "uri": pa.array(uris, pa.large_string()),
        "title": pa.array(titles, pa.large_string()),
        "text": pa.array(texts, pa.large_string()),
    }
    return pa.RecordBatch.from_pydict(columns)


def deal(wordings, parts):
    part_of = wordings.column("key").to_numpy() % np.uint64(parts)
    return [wordings.filter(pa.array(part_of == part)) for part in range(parts)]


def measure(shards, usual=SMALL):
    """Rows of TEMPLATES for each shard, by way of both halves of the exchange."""
    dealt = [deal(find_wordings(shard, usual), usual.parts) for shard in shards]
    counted = [count_templates([of_shard[part] for of_shard in dealt], usual) for part in range(usual.parts)]
    return [
        measure_templates(shard, join_counted([part[number] for part in counted]), usual)
        for number, shard in enumerate(shards)
    ]


def rows(measured):
    names = ("template_fraction", "template_documents", "template_hosts")
    return [tuple(row[name] for name in names) for shard in measured for row in shard.to_pylist()]


def pages_of(places_and_names, wording="{}" + LOAN, uri="http://h{}.jp/"):
    return [(wording.format(*one), uri.format(number), "") for number, one in enumerate(places_and_names)]


@settings(deadline=None, max_examples=150)
@given(_PAGES, st.integers(0, 9), st.integers(1, 4))
def test_templates_equal_the_oracle_for_any_division_into_shards_and_parts(pages, cut, parts):
    usual = Templates(min_documents=2, min_chars=2, parts=parts)
    measured = measure([batch(pages[:cut]), batch(pages[cut:], first=cut)], usual)
    assert all(shard.schema == TEMPLATES.schema for shard in measured)
    expected = template_oracle.measure(pages, 2, 2)
    assert rows(measured) == [(pytest.approx(fraction, abs=1e-6), *counts) for fraction, *counts in expected]


@settings(deadline=None, max_examples=40)
@given(_PAGES, st.randoms())
def test_the_order_of_documents_changes_no_value(pages, dice):
    order = list(range(len(pages)))
    dice.shuffle(order)
    plain, shuffled = rows(measure([batch(pages)])), rows(measure([batch([pages[at] for at in order])]))
    assert shuffled == [plain[at] for at in order]


@settings(deadline=None, max_examples=40)
@given(_PAGES, st.integers(1, 4))
def test_copies_of_pages_change_no_count_of_documents(pages, times):
    once, often = rows(measure([batch(pages)])), rows(measure([batch(pages * times)]))
    assert often == once * times


NAMES = [("横浜市", "アイフル"), ("札幌", "プロミス"), ("東京都新宿区", "AB銀行21"), ("いわき市", "モビット")]


def test_a_wording_with_places_and_names_put_in_is_a_template():
    (measured,) = measure([batch(pages_of(NAMES[:2] + NAMES[3:]))], Templates(min_documents=3))
    assert rows([measured]) == [(1.0, 3, 3)] * 3


def test_words_of_the_title_are_put_in():
    pages = [
        (f"{name}を使ってみた人の声を集めました。", f"http://a.jp/{name}", f"{name}の口コミ")
        for name in ("馬油", "椿油")
    ]
    assert rows(measure([batch(pages)])) == [(1.0, 2, 1)] * 2
    untitled = [(text, uri, "") for text, uri, _ in pages]
    assert rows(measure([batch(untitled)])) == [(0.0, 0, 0)] * 2


def test_one_page_on_many_addresses_is_no_template():
    assert rows(measure([batch(pages_of(NAMES[:1] * 9))])) == [(0.0, 0, 0)] * 9


def test_one_address_crawled_on_many_days_is_no_template():
    pages = pages_of([(day, "アイフル") for day in range(9)], uri="http://a.jp/")
    assert rows(measure([batch(pages)])) == [(0.0, 0, 0)] * 9


def test_a_list_within_one_document_is_no_template():
    text = "".join(page[0] for page in pages_of(NAMES))
    assert rows(measure([batch([(text, "http://a.jp/", "")])])) == [(0.0, 0, 0)]


def test_a_sentence_that_a_host_repeats_as_it_is_is_no_template():
    pages = pages_of([("一", "二")] * 4)
    assert rows(measure([batch(pages)])) == [(0.0, 0, 0)] * 4


def test_grammar_around_names_is_no_template():
    pages = pages_of([("ロンドン", "イギリス"), ("パリ", "フランス"), ("ローマ", "イタリア")], "{}は{}の首都です。")
    assert rows(measure([batch(pages)], Templates(min_documents=2))) == [(0.0, 0, 0)] * 3


def test_other_profiles_are_neither_counted_nor_measured():
    pages = pages_of(NAMES[:3])
    assert rows(measure([batch(pages, "prose"), batch(pages[:1], first=3)])) == [(0.0, 0, 0)] * 4


def test_short_names_of_places_in_hiragana_are_parts_of_words():
    assert {"いの町", "横浜", "横浜市", "東京", "中央区", "北海道"} <= places()
    assert not {"いの", "あま", "津"} & places()


def test_a_part_is_counted_in_the_memory_that_the_settings_state():
    n_rows = 400_000
    dice = np.random.default_rng(0)
    columns = [dice.integers(0, n_rows // 2, n_rows, np.uint64) for _ in WORDINGS.columns]
    shards = [pa.RecordBatch.from_arrays([pa.array(column) for column in columns], schema=WORDINGS.schema)] * 2
    tracemalloc.start()
    count_templates(shards, Templates())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 100 * 2 * n_rows


def test_the_rule_drops_its_first_example_filled_ten_times_and_keeps_its_second():
    path = str(ROOT / "filters" / "rules" / "default.toml")
    (rule,) = set(load_rules(path, with_templates=True)) - set(load_rules(path))
    towns = ["横浜", "札幌", "仙台", "広島", "神戸", "静岡", "長野", "福岡", "高知", "金沢"]
    texts = [rule.rejects.replace("横浜", town) for town in towns]
    pages = [(text, f"http://{number}.jp/", "") for number, text in enumerate([*texts, rule.keeps])]
    (measured,) = measure([batch(pages)], Templates())
    assert rule.fails(measured.column(rule.signal).to_numpy()).tolist() == [True] * 10 + [False]


@pytest.mark.parametrize(("name", "value"), [("min_documents", 1), ("min_chars", 0), ("parts", 0)])
def test_a_setting_without_meaning_is_refused(name, value):
    with pytest.raises(ValueError, match=f"{name} must be at least"):
        Templates(**{name: value})
