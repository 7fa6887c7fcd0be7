"""What the report says about rules: histograms with the bound at an edge, and what rules lose of each class."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.corpus.intervals import wilson
from manyo.filters.rules.decide import Rule, load_rules
from manyo.pipelines.report.counters import add_up
from manyo.pipelines.report.loss_by_class import ANY_RULE, disparities, loss_tables
from manyo.pipelines.report.signal_histograms import histograms, rule_rows, scale_of
from tests.pipelines.test_statistics import RULES, Row, counted_shard, dropped, write_tables


@pytest.mark.parametrize("rule", load_rules("default"), ids=lambda rule: rule.name)
@given(values=st.lists(st.floats(0, 1e6, width=32), min_size=1), at=st.integers(0, 10))
def test_a_class_lies_wholly_on_one_side_of_the_bound(rule: Rule, values: list[float], at: int) -> None:
    scale, row = scale_of(rule), rule_rows([rule])[rule.name]
    bounds = [bound for bound in (rule.minimum, rule.maximum) if bound is not None]
    dtype = np.dtype(scale.dtype)
    near = [bounds[at % len(bounds)], *(np.nextafter(dtype.type(bounds[0]), dtype.type(far)) for far in (0, 1))]
    column = np.array([*values, *(near if dtype.kind == "f" else bounds)]).astype(dtype)
    classes = scale.classes(column, "maximum" if rule.minimum is None else "minimum")
    assert classes.max() <= len(row["edges"])
    if len(bounds) == 1:
        assert np.isin(classes, row["dropped_classes"]).tolist() == rule.fails(column).tolist()


def test_every_bound_of_the_default_rules_is_an_edge_among_enough_others() -> None:
    for rule, row in zip(load_rules("default"), rule_rows(load_rules("default")).values(), strict=True):
        assert {bound for bound in (rule.minimum, rule.maximum) if bound is not None} <= set(row["edges"])
        assert 15 <= len(row["edges"]) <= 60


def test_a_histogram_holds_every_document_that_the_rule_is_asked_about_and_those_that_are_kept(tmp_path: Path) -> None:
    rows = [Row(str(n), characters=n) for n in (10, 64, 65, 66, 5000)]
    rows[0] = dropped(rows[0], "too_short")
    rows[1] = dropped(rows[1], "too_short", "too_repetitive")
    rows += [dropped(Row("other", source="ndl", characters=100), "too_repetitive")]
    rows += [dropped(Row("barred", characters=100), "opted_out")]
    counted = counted_shard(write_tables(tmp_path, "0", rows))
    n_classes = len(rule_rows(RULES)["too_short"]["edges"]) + 1
    found = histograms(counted["histograms"], "too_short", ["cc", "ndl"], n_classes)
    dropped_classes = rule_rows(RULES)["too_short"]["dropped_classes"]
    assert [sum(found[source]["all"]) for source in ("", "cc", "ndl")] == [6, 5, 1], "a barred page is not asked"
    assert [sum(found[source]["kept"]) for source in ("", "cc", "ndl")] == [3, 3, 0]
    assert sum(found["cc"]["all"][place] for place in dropped_classes) == 2
    assert "never_fails" not in counted["histograms"]["cc"], "no document has its profile"


def test_documents_are_told_apart_by_host_length_orthography_and_style(tmp_path: Path) -> None:
    rows = [
        Row("a", uri="https://www.city.example.lg.jp/", characters=100, statements=1),
        Row("b", uri="https://example.co.jp/", characters=500, polite=0.9),
        Row("c", uri="urn:work", hiragana=0.01, katakana=0.4, han=0.4),
        dropped(Row("d", uri="https://lg.jp.example.com/", hiragana=0.01, katakana=0.02), "too_short"),
    ]
    losses = counted_shard(write_tables(tmp_path, "0", rows))["losses"]
    assert {name: sorted(classes) for name, classes in losses.items()} == {
        "host": ["company (co.jp)", "municipality (lg.jp)", "no host", "other domain"],
        "length": ["0 to 200", "400 to 1,000"],
        "orthography": ["hardly any kana", "hiragana prose", "katakana and kanji (before 1946)"],
        "style": ["fewer than 5 statements", "plain (だ, である)", "polite (です, ます)"],
    }
    assert losses["host"]["other domain"]["too_short"] == {"documents": 1, "failed": 1}
    assert losses["style"]["plain (だ, である)"][ANY_RULE] == {"documents": 2, "failed": 1}
    for classes in losses.values():
        assert sum(of_class[ANY_RULE]["documents"] for of_class in classes.values()) == 4


def test_presets_and_categories_are_counted_like_rules_and_classes(tmp_path: Path) -> None:
    rows = [Row(str(n), characters=100 * n, register="news" if n < 4 else "verse") for n in range(1, 7)]
    rows[0] = dropped(rows[0], "too_repetitive")
    longer = replace(RULES[0], name="longer", minimum=350)
    presets = [("strict", (longer, RULES[2])), ("of other profiles", (RULES[2],))]
    tables = write_tables(tmp_path, "0", rows)
    losses = counted_shard(tables, presets, ["register"])["losses"]
    assert losses["register"] == {
        "news": {"too_short": counts(3, 0), "preset strict": counts(3, 3), ANY_RULE: counts(3, 1)}
        | {"too_repetitive": counts(3, 1)},
        "verse": {"too_short": counts(3, 0), "preset strict": counts(3, 0), ANY_RULE: counts(3, 0)}
        | {"too_repetitive": counts(3, 0)},
    }
    without = counted_shard(tables)["losses"]
    assert "register" not in without
    for grouping, classes in without.items():
        for name, rules in classes.items():
            assert rules.items() <= losses[grouping][name].items(), "presets change no count of a rule"
    (news, verse) = loss_tables(losses)["register"]
    assert news["presets"]["strict"]["share"] == 1
    assert (verse["share"], verse["presets"]["strict"]["failed"]) == (0, 0)


def counts(documents: int, failed: int) -> dict[str, int]:
    return {"documents": documents, "failed": failed}


def test_a_rule_that_drops_more_of_a_class_is_a_disparity_and_chance_is_none() -> None:
    losses = {
        "register": {
            "polite": {ANY_RULE: counts(1000, 120), "harsh": counts(1000, 100), "fair": counts(1000, 20)},
            "plain": {ANY_RULE: counts(1000, 30), "harsh": counts(1000, 10), "fair": counts(1000, 22)},
            "rare": {ANY_RULE: counts(20, 20), "harsh": counts(20, 20), "fair": counts(20, 0)},
        }
    }
    (found,) = disparities(losses)
    assert (found["rule"], found["class"]) == ("harsh", "polite"), "20 documents are too few to say"
    assert (found["here"]["share"], found["elsewhere"]["share"]) == (0.1, 30 / 1020)
    assert found["sure"] == wilson(100, 1000)[0] - wilson(30, 1020)[1]
    assert [row["class"] for row in loss_tables(losses)["register"]] == ["plain", "polite", "rare"]


def test_disparities_of_presets_are_ranked_by_themselves() -> None:
    classes = {name: {"harsh": one, "preset other": one} for name, one in (("a", counts(99, 90)), ("b", counts(99, 1)))}
    for of_presets, name in ((False, "harsh"), (True, "preset other")):
        found = disparities({"register": classes}, of_presets)
        assert [(row["rule"], row["class"]) for row in found] == [(name, "a")]


_losses = st.tuples(st.integers(1, 500), st.integers(0, 500)).map(lambda one: counts(one[0], min(one)))


@given(st.dictionaries(st.sampled_from("abcde"), _losses, min_size=1))
def test_disparities_are_those_of_the_definition(classes: dict[str, dict[str, int]]) -> None:
    losses: dict[str, Any] = {"host": {name: {"rule": one, ANY_RULE: one} for name, one in classes.items()}}
    expected = []
    for name, one in classes.items():
        others = add_up([{"documents": 0, "failed": 0}, *(two for other, two in classes.items() if other != name)])
        if one["documents"] >= 30 and others["documents"] >= 30:
            low, high = wilson(one["failed"], one["documents"])[0], wilson(others["failed"], others["documents"])[1]
            expected += [name] if low > high else []
    assert sorted(row["class"] for row in disparities(losses)) == sorted(expected)


def test_licences_are_counted_by_that_of_the_page_or_else_of_the_source(tmp_path: Path) -> None:
    rows = [Row("a"), Row("b", page_licence="by-sa-4.0"), replace(Row("c", page_licence="by-sa-4.0"), released=False)]
    rows += [Row("d", source="ndl", licence="")]
    assert counted_shard(write_tables(tmp_path, "0", rows))["licences"] == {
        "cc": {"by-4.0": counts_of(1, 1), "by-sa-4.0": counts_of(2, 1)},
        "ndl": {"": counts_of(1, 1)},
    }


def counts_of(documents: int, released: int) -> dict[str, int]:
    return {"documents": documents, "released": released}
