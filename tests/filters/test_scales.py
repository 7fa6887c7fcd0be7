"""Scales of histograms: what a bound at an edge drops can be read from the classes, for any values and bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyo.filters.rules.decide import PROFILES, Rule
from manyo.filters.rules.scales import N_EDGES, choose_scale

NUMBERS = st.one_of(
    st.floats(0, 1, width=32),
    st.floats(0, 1e6, width=32),
    st.sampled_from([0.0, 0.1, 0.15, 0.3, 1.0, 65.0, 100.0]),
)


@pytest.mark.parametrize("dtype", [np.float32, np.int64])
@pytest.mark.parametrize("side", ["minimum", "maximum"])
@given(values=st.lists(NUMBERS, max_size=60), bounds=st.lists(NUMBERS, max_size=3), is_fraction=st.booleans())
def test_classes_say_what_a_bound_at_an_edge_drops(
    side: str, dtype: type, values: list[float], bounds: list[float], is_fraction: bool
) -> None:
    column = np.array(values).astype(dtype)
    scale = choose_scale(column, bounds, is_fraction)
    classes = scale.classes(column, side)
    for place, edge in enumerate(scale.edges.tolist()):
        minimum, maximum = (edge, None) if side == "minimum" else (None, edge)
        rule = Rule("some", PROFILES, "char_count", minimum, maximum, "", "", "")
        dropped = classes <= place if side == "minimum" else classes > place
        np.testing.assert_array_equal(dropped, rule.fails(column))


@given(values=st.lists(NUMBERS, max_size=60), bounds=st.lists(NUMBERS, max_size=3), is_fraction=st.booleans())
def test_every_bound_is_an_edge_and_edges_increase(values: list[float], bounds: list[float], is_fraction: bool) -> None:
    scale = choose_scale(np.array(values, np.float32), bounds, is_fraction)
    assert (np.diff(scale.edges.astype(np.float32)) > 0).all()
    assert {float(np.float32(bound)) for bound in bounds} <= set(scale.edges.astype(np.float32).tolist())


def test_edges_are_numbers_that_a_person_writes() -> None:
    scale = choose_scale(np.linspace(0, 1, 1000, dtype=np.float32), [0.37], True)
    assert 0.15 in scale.edges
    assert 0.3 in scale.edges
    assert 0.37 in scale.edges


def test_lengths_have_a_logarithmic_scale_of_round_numbers() -> None:
    lengths = np.exp(np.random.default_rng(0).normal(6, 2, 10_000)).astype(np.int64)
    scale = choose_scale(lengths, [], False)
    assert scale.is_logarithmic
    assert {100, 1000, 10_000} <= set(scale.edges.tolist())
    assert len(scale.edges) <= 2 * N_EDGES
