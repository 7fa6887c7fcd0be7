from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyo.corpus.doc_ids import id_heads
from manyo.filters.rules.comparison import (
    NEAREST,
    Alternative,
    add_sums,
    compare,
    length_classes,
    move_bound,
    nearest,
    sums,
)
from manyo.filters.rules.decide import Rule, decide


def rule(name: str, signal: str, minimum: float | None = None, maximum: float | None = None) -> Rule:
    return Rule(name, ("web",), signal, minimum, maximum, source="a test", rejects="", keeps="")


RULES = (
    rule("short", "char_count", minimum=3),
    rule("kana", "kana_fraction", minimum=0.25, maximum=0.75),
    rule("other", "hangul_fraction", maximum=0.5),
)
FRACTION = st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.75, 0.8, 1.0])
ROWS = st.lists(st.tuples(st.integers(0, 6), FRACTION, FRACTION, st.sampled_from(["web", "law"])), max_size=20)


def tables(rows, first_id=0):
    ids = pa.array(
        [(7919 * (first_id + i) % 251).to_bytes(8, "big") + bytes(8) for i in range(len(rows))], pa.binary(16)
    )
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    languages = pa.RecordBatch.from_arrays([ids, pa.array(columns[2], pa.float32())], ["doc_id", "hangul_fraction"])
    signals = pa.RecordBatch.from_arrays(
        [ids, pa.array(columns[0], pa.int64()), pa.array(columns[1], pa.float32())],
        ["doc_id", "char_count", "kana_fraction"],
    )
    return languages, signals, pa.array(columns[3], pa.string())


def reasons(rows, rules):
    return [set(row) for row in decide(*tables(rows), rules)["reasons"].to_pylist()]


@settings(max_examples=80, deadline=None)
@given(ROWS, FRACTION)
def test_what_is_gained_and_lost_is_what_deciding_twice_gives(rows, bound):
    moved = move_bound(RULES, "kana", "minimum", min(bound, 0.75))
    kept, (change,) = compare(*tables(rows), RULES, [moved])
    before, after = reasons(rows, RULES), reasons(rows, moved.rules)
    assert kept.tolist() == [not row for row in before]
    assert change.gained.tolist() == [bool(b) and not a for b, a in zip(before, after, strict=True)]
    assert change.lost.tolist() == [not b and bool(a) for b, a in zip(before, after, strict=True)]
    assert change.fails == {name: sum(name in row for row in after) for name in ("short", "kana", "other")}
    assert change.alone == {name: sum(row == {name} for row in after) for name in ("short", "kana", "other")}
    assert change.also == {name: sum({"kana", name} <= row for row in after) for name in ("short", "other")}


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(0, 20))
def test_the_nearest_documents_do_not_depend_on_where_a_batch_is_cut(rows, cut):
    near = [move_bound(RULES, "kana", "minimum", 0.3)]
    _, (whole,) = compare(*tables(rows), RULES, near)
    _, (first,) = compare(*tables(rows[:cut]), RULES, near)
    _, (second,) = compare(*tables(rows[cut:], cut), RULES, near)
    for side in ("inside", "outside"):
        piles = [getattr(change, side) for change in (first, second)]
        together = sorted((d, k) for pile in piles for d, k in zip(pile.distances, pile.keys, strict=True))
        pile = getattr(whole, side)
        assert list(zip(pile.distances, pile.keys, strict=True)) == together[:NEAREST]


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_inside_is_kept_and_outside_is_dropped_by_the_one_rule(rows):
    near = move_bound(RULES, "kana", "minimum", 0.3)
    _, (change,) = compare(*tables(rows), RULES, [near])
    after = reasons(rows, near.rules)
    assert all(not after[row] and rows[row][3] == "web" for row in change.inside.rows)
    assert all(after[row] == {"kana"} for row in change.outside.rows)
    assert len(change.outside.rows) == sum(row == {"kana"} for row in after)


def test_a_pile_has_the_nearest_documents_and_of_equally_near_ones_the_first_keys():
    rows = [(5, 0.5 + (i % 3) / 10, 0.0, "web") for i in range(4 * NEAREST)]
    languages, signals, profiles = tables(rows)
    _, (change,) = compare(languages, signals, profiles, RULES, [move_bound(RULES, "kana", "minimum", 0.5)])
    at_bound = sorted(int(id_heads(signals["doc_id"])[i]) for i in range(len(rows)) if i % 3 == 0)
    assert change.inside.distances.max() == 0
    assert change.inside.keys.tolist() == at_bound[:NEAREST]
    assert nearest(change.inside, 2).keys.tolist() == at_bound[:2]


def test_another_set_of_rules_shows_what_it_gains_and_loses():
    rows = [(1, 0.5, 0.0, "web"), (5, 0.5, 0.0, "web"), (9, 0.5, 0.0, "web")]
    other = Alternative("other", (rule("long", "char_count", maximum=6),))
    _, (change,) = compare(*tables(rows), RULES, [other])
    assert (change.inside.rows.tolist(), change.outside.rows.tolist()) == ([0], [2])
    assert change.also == {}


def test_a_bound_that_is_off_takes_the_rule_away_or_leaves_its_other_bound():
    assert [rule.name for rule in move_bound(RULES, "short", "minimum", None).rules] == ["kana", "other"]
    assert move_bound(RULES, "kana", "minimum", None).rule == replace(RULES[1], minimum=None)


def test_a_rule_can_be_given_a_bound_that_it_did_not_have():
    moved = move_bound(RULES, "short", "maximum", 5)
    assert moved.label == "short: maximum 5"
    assert (moved.rule.minimum, moved.rule.maximum, moved.threshold) == (3, 5, 5)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("shrt", 1, "no rule 'shrt'; the rules are short, kana, other"),
        ("kana", 0.9, "minimum 0.9 is above maximum 0.75"),
    ],
)
def test_a_bound_that_cannot_be_moved_is_refused(name, value, message):
    with pytest.raises(ValueError, match=message):
        move_bound(RULES, name, "minimum", value)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 9))), st.integers(0, 9))
def test_sums_of_two_parts_add_up_to_the_sums_of_the_whole(rows, cut):
    def of(part):
        chosen, labels, lengths = (np.array([row[i] for row in part], t) for i, t in enumerate((bool, int, np.int64)))
        return sums(chosen, labels, ["a", "b", "c"], np.stack([lengths, 3 * lengths]))

    total = of(rows[:cut])
    add_sums(total, of(rows[cut:]))
    expected = {
        name: [
            sum(chosen and label == i for chosen, label, _ in rows),
            *(sum(n * times for chosen, label, n in rows if chosen and label == i) for times in (1, 3)),
        ]
        for i, name in enumerate("abc")
    }
    assert {key: list(value) for key, value in total.items()} == {k: v for k, v in expected.items() if v[0]}


def test_a_length_is_in_the_class_that_names_it():
    codes, names = length_classes(np.array([0, 199, 200, 5000, 10**7]))
    assert [names[code] for code in codes] == [
        "0 to 200",
        "0 to 200",
        "200 to 400",
        "3,000 to 10,000",
        "100,000 and more",
    ]
